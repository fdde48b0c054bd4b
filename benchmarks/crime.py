"""Crime of real Luton by LSOA: this project beside `geopandas.sjoin`, in one run.

    python benchmarks/crime.py --data DIR

From the police's file (65,669 rows, gzipped) to counts by LSOA of 2021, three ways: by the LSOA that
the police give, as a build does it; by the point, with this project; by the point, with pandas and
geopandas. Areas are in memory before the clock starts and each way runs once beforehand, so that
compiled code and coordinate grids are loaded. The two ways by point must agree area by area. Prints the
medians of five turns, with the ratio; and the same for the placing alone, points already in memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

CRIME = Path("points") / "police_uk_street_crime_luton_2021-05_2024-04.csv.gz"
BOUNDARIES = Path("boundaries") / "luton_lsoa21_bgc.geojson"
RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("FAIRPLACE_DATA", "../shared/data")))
    args = parser.parse_args()
    path, shapes = args.data / CRIME, args.data / BOUNDARIES
    if not path.is_file() or not shapes.is_file():
        sys.exit(f"needs {CRIME} and {BOUNDARIES} under --data")

    import geopandas as gpd

    from geo.boundaries import read_boundaries
    from geo.geography import Geography
    from geo.points import index_areas, place
    from layers.crime import count_crime, read_crime

    areas = read_boundaries(shapes, Geography("lsoa", 2021))
    theirs = gpd.GeoDataFrame(
        {"code": areas.codes}, geometry=areas.areas.geometry.to_numpy(), crs=areas.areas.crs
    )

    def by_code() -> pd.Series:
        return count_crime(path, codes=areas.codes).values["crime_all"]

    def by_point() -> pd.Series:
        return placed(read_crime(path).frame)

    def placed(points: gpd.GeoDataFrame) -> pd.Series:
        index = index_areas(areas)
        fell = place(points.geometry.x, points.geometry.y, index).area
        counts = pd.Series(fell[fell >= 0]).value_counts()
        return counts.rename(lambda one: index.codes[one]).reindex(areas.codes, fill_value=0)

    def sjoin() -> pd.Series:
        table = pd.read_csv(path).dropna(subset=["longitude", "latitude"])
        return joined(
            gpd.GeoDataFrame(
                geometry=gpd.points_from_xy(table["longitude"], table["latitude"]), crs="EPSG:4326"
            ).to_crs(27700)
        )

    def joined(points: gpd.GeoDataFrame) -> pd.Series:
        inside = gpd.sjoin(points, theirs, predicate="within")
        return inside["code"].value_counts().reindex(areas.codes, fill_value=0)

    held = read_crime(path).frame[["geometry"]]
    ways: dict[str, Callable[[], pd.Series]] = {
        "by LSOA given": by_code, "by point, ours": by_point, "by point, sjoin": sjoin,
        "placing, ours": lambda: placed(held), "placing, sjoin": lambda: joined(held),
    }  # fmt: skip
    found = {name: way() for name, way in ways.items()}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            took[name].append(time.perf_counter() - start)
    a, b = found["by point, ours"].astype(int), found["by point, sjoin"].astype(int)
    print(f"{len(pd.read_csv(path, usecols=[0])):,} crimes, {len(areas.codes)} LSOAs")
    for name, counts in found.items():
        print(f"{name:18}{statistics.median(took[name]):7.3f} s{int(counts.sum()):9,} inside")
    print(f"areas whose counts by point differ: {int((a != b).sum())}")
    for what in ("by point", "placing"):
        ratio = statistics.median(took[f"{what}, ours"]) / statistics.median(took[f"{what}, sjoin"])
        print(f"{what}: ours / sjoin {ratio:.2f}")


if __name__ == "__main__":
    main()
