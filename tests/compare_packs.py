"""Two packs of the same inputs, made by different Pythons: the same figures to 1e-9.

Run by ``.ci/run`` as ``python tests/compare_packs.py ONE TWO``; it is no test module.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

KEY = ["code", "geography", "indicator", "group", "period", "source"]


def largest_difference(one: Path, two: Path) -> float:
    first, second = (pd.read_parquet(folder / "figures.parquet") for folder in (one, two))
    pd.testing.assert_frame_equal(first[[*KEY, "status", "basis"]], second[[*KEY, "status", "basis"]])
    worst = 0.0
    for name in ("value", "low", "high", "count", "base"):
        assert first[name].isna().equals(second[name].isna()), name
        gap = (first[name] - second[name]).abs() / first[name].abs().clip(lower=1)
        worst = max(worst, float(gap.max()))
    return worst


if __name__ == "__main__":
    found = largest_difference(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(f"largest relative difference: {found:.1e}\n")
    sys.exit(0 if found <= 1e-9 else 1)
