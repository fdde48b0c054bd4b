"""Access compared between groups, such as fifths of areas by deprivation: means, shares, and the gap."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.access import AccessTable
from geo.pairs import AccessError, Pairs
from geo.shortest import Floats


def compare_groups(pairs: Pairs, weight: str, group: str, *, limit: float) -> AccessTable:
    """Compare how near the nearest place is between groups of people.

    Parameters
    ----------
    pairs
        Measured to the limit or further; an infinite limit makes every mean complete.
    weight
        Column of the demand: how many.
    group
        Column of the demand: which group, such as the IMD fifth (1 most deprived). Rows without one
        are left out and counted in the notes.
    limit
        Share within this, in the unit of the pairs.

    Returns
    -------
    AccessTable
        Sorted by group: ``group``, ``weight`` (its name), ``limit``, ``people``, ``mean`` and ``p95`` of the
        cost to the nearest place of those who have one as far as was measured, ``unreached`` (people who
        have none), ``within`` (people), ``share``. A last row, ``gap``, is the first group less the last.
    """
    if limit > pairs.limit:
        raise AccessError(
            f"the limit {limit:g} is beyond the {pairs.limit:g} that was measured; measure further"
        )
    for column in (weight, group):
        if column not in pairs.demand:
            raise AccessError(f"demand has no column {column!r}, only {', '.join(map(str, pairs.demand))}")
    best = pairs.table.groupby("demand")["cost"].min().reindex(pairs.demand.index)
    people = pd.to_numeric(pairs.demand[weight], errors="coerce").fillna(0.0)
    known = pairs.demand[group].notna()
    rows = []
    for name, index in pairs.demand[known].groupby(group, sort=True).groups.items():
        cost, count = best.loc[index].to_numpy(), people.loc[index].to_numpy(float)
        met = np.isfinite(cost)
        within = count[met & (cost <= limit)].sum()
        total = count.sum()
        rows.append(
            {
                "group": name,
                "weight": weight,
                "limit": limit,
                "people": total,
                "mean": weighted_mean(cost[met], count[met]),
                "p95": weighted_quantile(cost[met], count[met], 0.95),
                "unreached": count[~met].sum(),
                "within": within,
                "share": within / total if total > 0 else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    if len(table) > 1:
        first, last = table.iloc[0], table.iloc[-1]
        gap: dict[str, object] = {
            "group": "gap",
            "weight": weight,
            "limit": limit,
            "people": np.nan,
            "unreached": np.nan,
            "within": np.nan,
        }
        gap |= {key: first[key] - last[key] for key in ("mean", "p95", "share")}
        table = pd.concat([table.astype({"group": object}), pd.DataFrame([gap])], ignore_index=True)
    notes = []
    if (~known).any():
        notes.append(f"{people[~known].sum():g} {weight} have no {group} and are in no group.")
    return AccessTable(table, pairs.said_within(limit), tuple(notes))


def weighted_mean(values: Floats, weights: Floats) -> float:
    """Mean by weight; NaN where there is no weight."""
    total = weights.sum()
    return float((values * weights).sum() / total) if total > 0 else float("nan")


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Smallest value at or below which that share of the weight lies; NaN where there is none."""
    if not weights.sum() > 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share - 1e-12)), len(order) - 1)])
