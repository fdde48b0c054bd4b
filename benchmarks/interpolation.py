"""Area interpolation: this project beside `tobler`, England's LSOAs to its wards.

    python benchmarks/interpolation.py --data DIR

Residents of 33,755 LSOAs (Census 2021) to 6,826 wards by shared ground, in one process, both first
time over with compiled code loaded. Both scale each LSOA to its whole, since 0.1 % of the ground falls
into gaps between the two files. Answers are held against intersections by GEOS in double precision.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tobler.area_weighted import area_interpolate

from geo.boundaries import read_boundaries
from geo.geography import Geography
from geo.interpolation import interpolate, overlap_areas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("FAIRPLACE_DATA", "../shared/data")))
    args = parser.parse_args()
    folder = args.data / "boundaries"
    if not (folder / "england_lsoa21_bgc.parquet").is_file():
        sys.exit("needs boundaries/england_lsoa21_bgc.parquet under --data")
    lsoas = read_boundaries(folder / "england_lsoa21_bgc.parquet", Geography("lsoa", 2021))
    wards = read_boundaries(folder / "england_wd25_bgc.parquet", Geography("wd", 2025))
    oas = pd.read_csv(args.data / "lookups" / "oa21_lsoa21_msoa21_lad_pcon24_ew.csv.gz")
    people = oas.groupby("LSOA21CD")["census2021_usual_residents"].sum().reindex(lsoas.codes).astype(float)
    counts = people.to_frame("residents")
    left, right = lsoas.areas.geometry.to_numpy(), wards.areas.geometry.to_numpy()
    overlap_areas(left[:2], right[:2])

    ours_s, theirs_s = [], []
    source = lsoas.areas[["geometry"]].assign(residents=people)
    for _ in range(3):
        start = time.perf_counter()
        ours = interpolate(counts, lsoas, wards)["residents"]
        ours_s.append(time.perf_counter() - start)
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = area_interpolate(
                source, wards.areas[["geometry"]], extensive_variables=["residents"], n_jobs=1
            )
        theirs_s.append(time.perf_counter() - start)
    whole = interpolate(counts, lsoas, wards, whole=True)["residents"]

    # The same shares in doubles, from GEOS's intersections, for the wards where the two differ.
    row, column = shapely.STRtree(right).query(left, predicate="intersects")
    ground = shapely.area(shapely.intersection(left[row], right[column]))
    share = ground / np.bincount(row, ground, minlength=len(left))[row]
    exact = np.bincount(column, people.to_numpy()[row] * share, minlength=len(right))
    other_values = theirs["residents"].to_numpy()

    def off(values: np.ndarray, reference: np.ndarray) -> float:
        return float(np.abs(values / reference - 1).max())

    middle, other = float(np.median(ours_s)), float(np.median(theirs_s))
    print(f"{len(left):,} LSOAs to {len(right):,} wards, {people.sum():,.0f} residents")
    print(f"ours {middle:.2f} s, tobler {other:.2f} s: {other / middle:.1f} times as fast (medians of 3)")
    print(f"people lost: ours {ours.sum() - people.sum():+.6f}, whole {whole.sum() - people.sum():+.0f}")
    print(f"tobler {other_values.sum() - people.sum():+.6f}")
    print(f"largest difference of a ward from GEOS in doubles: ours {off(ours.to_numpy(), exact):.1e} of it")
    print(f"tobler {off(other_values, exact):.1e} (it keeps areas in single precision)")


if __name__ == "__main__":
    main()
