"""Answers about access in a few rows, for a reader: how many people, not which points."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.access import read_weights
from geo.access_groups import weighted_mean, weighted_quantile
from geo.shortest import Floats


def summarise_nearest(nearest: pd.DataFrame, people: pd.DataFrame, weight: str | None) -> pd.DataFrame:
    """Say how far people are from their nearest services.

    Parameters
    ----------
    nearest
        ``table`` of `geo.access.find_nearest`, with a column ``kind`` or without.
    people
        The demand.
    weight
        What to count; None: its points.

    Returns
    -------
    DataFrame
        A row a rank (and kind): how many have one, ``mean``, ``median`` and ``p95`` of their cost, and how
        many can get to none.
    """
    mass, name = _mass(people, weight)
    keys = [key for key in ("kind", "rank") if key in nearest]
    rows = []
    for key, part in nearest.groupby(keys, sort=True):
        cost, count = part["cost"].to_numpy(float), mass.reindex(part["demand"]).to_numpy(float)
        ends = {
            "mean": weighted_mean(cost, count),
            "median": weighted_quantile(cost, count, 0.5),
            "p95": weighted_quantile(cost, count, 0.95),
        }
        held = dict(zip(keys, key, strict=True))
        rows.append(held | {name: count.sum()} | ends | {"without": max(mass.sum() - count.sum(), 0.0)})
    return pd.DataFrame(rows, columns=[*keys, name, "mean", "median", "p95", "without"])


def summarise_supply(supply: pd.DataFrame, weight: str) -> pd.DataFrame:
    """Say how supply is spread over people: quantiles by person of the ``table`` of `share_supply`.

    Returns
    -------
    DataFrame
        One row: people, how many have none, and supply for 1,000 people: mean, and what a tenth, half and
        nine tenths of people have at most.
    """
    access, mass = (supply[name].to_numpy(float) for name in ("access", "weight"))
    row: dict[str, float] = {weight: mass.sum(), "without": mass[access == 0].sum()}
    row["mean per 1000"] = 1000 * weighted_mean(access, mass)
    for share, name in ((0.1, "p10"), (0.5, "median"), (0.9, "p90")):
        row[name] = 1000 * weighted_quantile(access, mass, share)
    return pd.DataFrame([row])


def summarise_kinds(kinds: pd.DataFrame, people: pd.DataFrame, weight: str | None) -> pd.DataFrame:
    """Say how many people have how many kinds of service at hand, and how many lack each.

    Parameters
    ----------
    kinds
        ``table`` of `geo.access.count_kinds`.
    people, weight
        As for `summarise_nearest`.

    Returns
    -------
    DataFrame
        ``what``, people, ``share`` (0 to 1): a row for each number of kinds, then one for each kind that
        somebody lacks.
    """
    mass, name = _mass(people, weight)
    count = mass.reindex(kinds["demand"]).to_numpy(float)
    rows: list[tuple[str, float]] = []
    for number in sorted(kinds["kinds"].unique(), reverse=True):
        rows.append(
            (f"{number} of {kinds['of'].iloc[0]}", count[(kinds["kinds"] == number).to_numpy()].sum())
        )
    lacking = kinds["lacking"].map(set)
    for kind in sorted({one for row in lacking for one in row}):
        rows.append((f"lack {kind}", count[np.array([kind in row for row in lacking])].sum()))
    total = count.sum()
    share = [people / total if total > 0 else np.nan for _, people in rows]
    return pd.DataFrame(rows, columns=["what", name]).assign(share=share)


def _mass(people: pd.DataFrame, weight: str | None) -> tuple[pd.Series[float], str]:
    if weight is None:
        ones: Floats = np.ones(len(people))
        return pd.Series(ones, index=people.index), "points"
    return read_weights(people, [weight])[0][weight], weight
