"""Raster sums over areas: this project beside `rasterstats`, on real England.

    python benchmarks/zonal.py --data DIR

A made 100 m raster (6,600 by 5,800 cells, seeded) over the LSOAs of England. Both are timed in one
process, one after the other, the first time over; a sample of areas is also summed cell by cell with
shapely, to say which of the two is right. rasterstats takes a cell whole where its centre is inside,
so it differs by design; how much is printed. exactextract keeps the share of a cell in single
precision, which shows in the ninth digit of ours.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
import rasterstats
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from geo.boundaries import read_boundaries
from geo.geography import Geography
from geo.zones import read_zones

WEST, NORTH, SIZE, ROWS, COLUMNS = 80_000.0, 660_000.0, 100.0, 6_600, 5_800


def by_hand(shape: shapely.Geometry, cells: np.ndarray) -> float:
    x0, y0, x1, y1 = shape.bounds
    c0, c1 = int((x0 - WEST) // SIZE), int((x1 - WEST) // SIZE)
    r0, r1 = int((NORTH - y1) // SIZE), int((NORTH - y0) // SIZE)
    left = WEST + SIZE * np.arange(c0, c1 + 1)
    total = 0.0
    for row in range(r0, r1 + 1):
        squares = shapely.box(left, NORTH - SIZE * (row + 1), left + SIZE, NORTH - SIZE * row)
        share = shapely.area(shapely.intersection(squares, shape)) / SIZE**2
        total += float((share * cells[row, c0 : c1 + 1]).sum())
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("FAIRPLACE_DATA", "../shared/data")))
    parser.add_argument("--areas", type=int, default=33_755, help="fewer for a shorter run")
    args = parser.parse_args()
    file = args.data / "boundaries" / "england_lsoa21_bgc.parquet"
    if not file.is_file():
        sys.exit("needs boundaries/england_lsoa21_bgc.parquet under --data")
    areas = read_boundaries(file, Geography("lsoa", 2021))
    if args.areas < len(areas.codes):
        picked = np.random.default_rng(1).choice(len(areas.codes), args.areas, replace=False)
        areas = areas.only(areas.codes[picked])
    cells = np.random.default_rng(20260).random((ROWS, COLUMNS), dtype=np.float32) * 100
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "r.tif"
        grid = rasterio.transform.from_origin(WEST, NORTH, SIZE, SIZE)
        with rasterio.open(
            path, "w", driver="GTiff", height=ROWS, width=COLUMNS, count=1, dtype="float32", crs="EPSG:27700",
            transform=grid, nodata=-9999,
        ) as out:  # fmt: skip
            out.write(cells, 1)
        start = time.perf_counter()
        ours = read_zones(path, areas).values
        ours_s = time.perf_counter() - start
        shapes = list(areas.areas.geometry)
        start = time.perf_counter()
        theirs = np.array(
            [row["sum"] or 0.0 for row in rasterstats.zonal_stats(shapes, str(path), stats=["sum"])]
        )
        theirs_s = time.perf_counter() - start
    sample = np.random.default_rng(2).choice(len(shapes), min(100, len(shapes)), replace=False)
    truth = np.array([by_hand(shapes[n], cells.astype(float)) for n in sample])
    off = np.abs(ours.to_numpy()[sample] / truth - 1)
    centre = np.abs(theirs[sample] / truth - 1)
    print(f"{len(shapes):,} areas, {ROWS * COLUMNS:,} cells of 100 m")
    print(f"ours {ours_s:.1f} s, rasterstats {theirs_s:.1f} s: {theirs_s / ours_s:.1f} times as fast")
    print(f"off the sum cell by cell ({len(sample)} areas): ours at most {off.max():.1e} of it")
    print(f"rasterstats (cells by their centre): median {np.median(centre):.1%}, at most {centre.max():.1%}")


if __name__ == "__main__":
    main()
