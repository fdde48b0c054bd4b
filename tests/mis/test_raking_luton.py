"""Raking to real census tables of Luton, whose totals the publisher has perturbed apart."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from mis.raking import rake, reconcile_margins

TABLES = {"tenure": "ts054", "dwelling": "ts044", "rooms": "ts052", "deprivation": "ts011"}
# Headings and sub-headings stand side by side in the tenure table; these are its ends.
ENDS = ("Owns outright", "Owns with a mortgage or loan", ": Shared ownership: Shared ownership", "Authority")
MORE = ("Other social rented", "letting agency", "Other private rented", "Lives rent free")


def read_counts(real_data: Path) -> pd.DataFrame:
    parts = {}
    for name, table in TABLES.items():
        frame = pd.read_csv(real_data / "census2021" / f"luton_census2021-{table}-lsoa.csv")
        frame = frame.set_index("geography code").drop(columns=["date", "geography"])
        frame = frame.loc[:, [column for column in frame if "Total" not in column]]
        if name == "tenure":
            frame = frame.loc[:, [column for column in frame if column.endswith(ENDS + MORE)]]
        parts[name] = frame
    return pd.concat(parts, axis=1)


def test_lutons_perturbed_tables_are_reconciled_and_met_in_every_lsoa(real_data: Path) -> None:
    counts = read_counts(real_data)
    assert len(counts) == 125
    sums = counts.T.groupby(level=0, sort=False).sum().T
    apart = sums.max(axis=1) - sums.min(axis=1)
    assert (apart > 0).sum() > 60
    settled = reconcile_margins(counts, total="tenure")
    assert settled.empty == ()
    assert settled.moved["share"].abs().max() < 0.02
    assert set(settled.moved["variable"]) == {"dwelling", "rooms", "deprivation"}
    kinds = [counts[name].columns for name in TABLES]
    records = pd.DataFrame(list(product(*kinds)), columns=list(TABLES))
    seed = np.random.default_rng(1).lognormal(0, 1, len(records))
    raked = rake(records, settled.targets, seed=seed)
    assert (raked.outcome == "met").all()
    assert np.abs(raked.fitted() - settled.targets).to_numpy().max() < 0.05
