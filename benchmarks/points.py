"""Points into areas: this project beside `geopandas.sjoin`, on real England.

    python benchmarks/points.py --data DIR

Each contender runs in a process of its own, on the same files, in turn, three times over: from a
Parquet file of points to the number of points in each of the 33,755 LSOAs. Half of the points lie
within some hundred metres of an area's middle, half anywhere in the country's rectangle. Counts must
agree area by area. Prints medians and ratios of time, of peak memory, and of the peak over what the
process held once libraries and areas were loaded (what placing the points itself takes; Linux only).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

BOUNDARIES = Path("boundaries") / "england_lsoa21_bgc.parquet"
RUNS = 3


def make_points(data: Path, path: Path, number: int) -> None:
    import geopandas as gpd

    shapes = gpd.read_parquet(data / BOUNDARIES, columns=["geometry"])
    middle = shapes.geometry.representative_point()
    random = np.random.default_rng(20260)
    near, half = random.integers(0, len(middle), number // 2), number // 2
    west, south, east, north = shapes.total_bounds
    x = np.r_[
        middle.x.to_numpy()[near] + random.normal(0, 400, half), random.uniform(west, east, number - half)
    ]
    y = np.r_[
        middle.y.to_numpy()[near] + random.normal(0, 400, half), random.uniform(south, north, number - half)
    ]
    order = random.permutation(number)
    pd.DataFrame({"x": x[order], "y": y[order]}).to_parquet(path, row_group_size=250_000)


def memory(field: str) -> float:
    """VmRSS (now) or VmHWM (highest) of this process, in MB."""
    return int(re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def ours(data: Path, points: Path) -> tuple[pd.Series, dict[str, float]]:
    from geo.boundaries import read_boundaries
    from geo.geography import Geography
    from geo.points import count_points, index_areas, place, read_points

    areas = read_boundaries(data / BOUNDARIES, Geography("lsoa", 2021))
    place(
        [0.0], [0.0], index_areas(areas.only(areas.codes[:2]))
    )  # compiled code is loaded, as after a first run
    held = memory("VmRSS")
    start = time.perf_counter()
    index = index_areas(areas)
    made = count_points(read_points(points, piece=100_000), index)
    return made.counts, {"seconds": time.perf_counter() - start, "held_mb": held}


def sjoin(data: Path, points: Path) -> tuple[pd.Series, dict[str, float]]:
    import geopandas as gpd

    areas = gpd.read_parquet(data / BOUNDARIES, columns=["LSOA21CD", "geometry"])
    # The same repair as ours, so that both ask the same question.
    areas.geometry = areas.geometry.make_valid()
    held = memory("VmRSS")
    start = time.perf_counter()
    table = pd.read_parquet(points)
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(table["x"], table["y"]), crs=27700)
    joined = gpd.sjoin(frame, areas, predicate="within")
    counts = joined["LSOA21CD"].value_counts().reindex(areas["LSOA21CD"], fill_value=0).sort_index()
    return counts, {"seconds": time.perf_counter() - start, "held_mb": held}


def contend(name: str, data: Path, points: Path, out: Path) -> dict[str, float]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    command = [
        sys.executable,
        __file__,
        "--child",
        name,
        "--data",
        str(data),
        "--points",
        str(points),
        "--out",
        str(out),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return json.loads(answer.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("FAIRPLACE_DATA", "../shared/data")))
    parser.add_argument("--number", type=int, default=1_000_000)
    parser.add_argument("--child", default="")
    parser.add_argument("--points", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.child:
        counts, told = {"ours": ours, "sjoin": sjoin}[args.child](args.data, args.points)
        counts.to_frame("n").to_parquet(args.out)
        told["peak_mb"] = memory("VmHWM")
        print(json.dumps(told))
        return
    if not (args.data / BOUNDARIES).is_file():
        sys.exit(f"needs {BOUNDARIES} under --data")
    with tempfile.TemporaryDirectory() as folder:
        points = Path(folder) / "points.parquet"
        make_points(args.data, points, args.number)
        told: dict[str, list[dict[str, float]]] = {"ours": [], "sjoin": []}
        for _ in range(RUNS):
            for name, runs in told.items():
                runs.append(contend(name, args.data, points, Path(folder) / f"{name}.parquet"))
        a, b = (pd.read_parquet(Path(folder) / f"{name}.parquet")["n"].sort_index() for name in told)
        differ = int((a.to_numpy() != b.to_numpy()).sum()) if list(a.index) == list(b.index) else -1
    print(f"{args.number:,} points into {len(a):,} areas, {int(a.sum()):,} inside")
    print(f"areas whose counts differ: {differ}")
    print(f"{'':14}{'seconds':>9}{'peak MB':>9}{'of which placing':>18}")
    rows = {}
    for name, runs in told.items():
        frame = pd.DataFrame(runs)
        frame["over_mb"] = frame["peak_mb"] - frame["held_mb"]
        rows[name] = frame[["seconds", "peak_mb", "over_mb"]].median()
        print(f"{name:14}{rows[name].iloc[0]:9.2f}{rows[name].iloc[1]:9.0f}{rows[name].iloc[2]:18.0f}")
    ratio = rows["ours"] / rows["sjoin"]
    print(f"{'ours / sjoin':14}{ratio.iloc[0]:9.2f}{ratio.iloc[1]:9.2f}{ratio.iloc[2]:18.2f}")


if __name__ == "__main__":
    main()
