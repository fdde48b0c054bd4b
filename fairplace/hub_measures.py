"""What a choice of hubs means for people: who is within reach, how far they go, who gains and loses.

Shares are of people, never of places. Somebody with no way to any open hub is not within reach, is
left out of mean and percentile minutes, and is counted beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.hub_floors import FEWEST_PLACES, MEAN_PLACES, Door, hide_second
from fairplace.hub_inputs import GROUPINGS

Floats = NDArray[np.float64]

#: A way is longer or shorter when it changes by this many minutes or more.
NOTICED = 1.0
#: What happens to people -> the results of `compare_minutes` that it takes in.
SIDES = {
    "gain": ["nearer", "newly reached"],
    "lose": ["farther", "cut off", "no room"],
    "same": ["the same"],
    "not_reached": ["not reached"],
}


def nearest_minutes(times: pd.DataFrame, sites: Sequence[str]) -> pd.Series[float]:
    """Minutes from each place to the nearest of the sites; infinite where there is none."""
    if not len(sites):
        return pd.Series(np.inf, index=times.index)
    return times[list(sites)].min(axis=1)


def nearest_site(times: pd.DataFrame, sites: Sequence[str]) -> pd.Series[str]:
    """Id of the nearest site; empty where there is none."""
    if not len(sites):
        return pd.Series("", index=times.index)
    near = times[list(sites)]
    return near.idxmin(axis=1).where(np.isfinite(near.min(axis=1)), "")


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Least value that `share` of the weight does not exceed; NaN without any weight."""
    known = np.isfinite(values) & (weights > 0)
    if not known.any():
        return float("nan")
    order = np.argsort(values[known], kind="stable")
    reached = np.cumsum(weights[known][order])
    place = int(np.searchsorted(reached, share * reached[-1] * (1 - 1e-12)))
    return float(values[known][order][min(place, len(order) - 1)])


def weighted_mean(values: Floats, weights: Floats) -> float:
    """Mean of the finite values; NaN without any weight."""
    known = np.isfinite(values) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")


def gini(values: Floats, weights: Floats) -> float:
    """Gini coefficient of minutes, 0 when all walk the same; NaN without any weight.

    Half the mean absolute difference between two people, over the mean.
    """
    known = np.isfinite(values) & (weights > 0)
    if not known.any():
        return float("nan")
    order = np.argsort(values[known], kind="stable")
    minutes, people = values[known][order], weights[known][order]
    mean = np.average(minutes, weights=people)
    if mean == 0:
        return 0.0
    below = np.cumsum(people) - people
    apart = (people * (minutes * below - np.concatenate([[0.0], np.cumsum(people * minutes)[:-1]]))).sum()
    return float(apart / (people.sum() ** 2 * mean))


def measure_reach(
    minutes: pd.Series[float],
    weights: pd.DataFrame,
    limits: Sequence[float],
    *,
    door: Door,
    draws: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Count who is within each limit, as it may be shown.

    Parameters
    ----------
    minutes
        To the nearest open hub.
    weights
        A column a measure, the same index.
    limits
        Minutes, included.
    door
        What may be shown.
    draws
        Measure -> draws of it (a column a draw), for its 90 % range: the plan's draws are summed first
        and their quantiles taken after.

    Returns
    -------
    DataFrame
        ``measure, limit, within, total, share, low, high``; low and high are shares, NaN without draws.
        What is hidden is NaN but for its total.
    """
    rows = []
    for measure in weights:
        total = float(weights[measure].sum())
        for limit in limits:
            near = (minutes <= limit).to_numpy() & np.isfinite(minutes.to_numpy())
            within = float(weights.loc[near, measure].sum())
            low, high = np.nan, np.nan
            if draws is not None and measure in draws:
                each = draws[str(measure)].to_numpy()
                sums = each.sum(axis=0)
                shares = np.divide(each[near].sum(axis=0), sums, out=np.zeros_like(sums), where=sums > 0)
                low, high = np.quantile(shares, [0.05, 0.95])
            share = within / total if total else np.nan
            mass = weights[measure].to_numpy(dtype=float)
            if door.hides(near, mass, modelled=measure in door.modelled):
                within = share = low = high = np.nan
            # A range of draws about a slightly different middle still holds the middle.
            rows.append((measure, limit, within, total, share, np.fmin(low, share), np.fmax(high, share)))
    table = pd.DataFrame(rows, columns=["measure", "limit", "within", "total", "share", "low", "high"])
    if draws is None:
        return table.assign(low=np.nan, high=np.nan)
    return table.assign(
        low=table["low"].where(table["measure"].isin(list(draws))),
        high=table["high"].where(table["measure"].isin(list(draws))),
    )


def measure_equity(
    demand: pd.DataFrame, minutes: pd.Series[float], weights: pd.DataFrame, *, limit: float, door: Door
) -> pd.DataFrame:
    """Compare cover and minutes between fifths of deprivation and between wards, as it may be shown.

    Returns
    -------
    DataFrame
        ``grouping, group, measure, total, share, mean_minutes``; groups of few people, or
        of a single place, show nothing but their name, and those too small for `door` neither. A share
        of too few is NaN by itself. A place without a group is in the group ``not known``.
    """
    rows = []
    far = minutes.to_numpy(dtype=float)
    for grouping, group, whole in _list_groups(demand):
        for measure in weights:
            modelled = measure in door.modelled
            mass = weights[measure].to_numpy(dtype=float)
            total = float(mass[whole].sum())
            share = float(mass[whole & (far <= limit)].sum()) / total if total > 0 else np.nan
            mean = weighted_mean(far[whole], mass[whole])
            lone = int(whole.sum()) < FEWEST_PLACES
            if lone or door.hides(whole, mass, modelled=modelled, whole=whole, key=f"{grouping} {group}"):
                total = share = mean = np.nan
            elif door.hides(
                whole & (far <= limit), mass, modelled=modelled, whole=whole, key=f"{grouping} {group}"
            ):
                share = np.nan
            if modelled:
                mean = np.nan if int(whole.sum()) < MEAN_PLACES else float(np.round(mean))
            rows.append((grouping, group, measure, total, share, mean))
    return pd.DataFrame(rows, columns=["grouping", "group", "measure", "total", "share", "mean_minutes"])


def _list_groups(demand: pd.DataFrame) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    for grouping in [one for one in GROUPINGS if one in demand]:
        labels = demand[grouping].replace("", "not known")
        for group in sorted(labels.unique()):
            yield grouping, str(group), (labels == group).to_numpy()


def fifth_gap(equity: pd.DataFrame, measure: str) -> tuple[str, float]:
    """Cover of the most deprived fifth less that of the least, and of which index.

    Returns
    -------
    grouping, gap
        Empty and NaN where the demand file has no fifths, or not both ends.
    """
    for grouping in ("idaci_fifth", "imd_fifth"):
        rows = equity[(equity["grouping"] == grouping) & (equity["measure"] == measure)]
        ends = rows.set_index("group")["share"].reindex(["1", "5"])
        if ends.notna().all():
            return grouping, float(ends["1"] - ends["5"])
    return "", float("nan")


def compare_minutes(
    demand: pd.DataFrame,
    before: pd.Series[float],
    after: pd.Series[float],
    full: pd.Series[bool] | None = None,
) -> pd.DataFrame:
    """Minutes before and after for every place: who gains and who loses.

    Returns
    -------
    DataFrame
        Indexed by id: ``name, before, after, change, result``; no weight and no modelled figure. The
        result is ``nearer``, ``farther``, ``the same`` (less than a minute of difference), ``newly
        reached``, ``cut off``, ``no room`` (those of `full`, who have a way after, to hubs that are full) or
        ``not reached``.
    """
    was, now = before.to_numpy(dtype=float), after.to_numpy(dtype=float)
    with np.errstate(invalid="ignore"):
        change = now - was
    crowded = np.zeros(len(was), dtype=bool) if full is None else full.to_numpy(dtype=bool)
    result = np.select(
        [
            crowded & np.isfinite(was),
            np.isinf(was) & np.isinf(now),
            np.isinf(was),
            np.isinf(now),
            change <= -NOTICED,
            change >= NOTICED,
        ],
        ["no room", "not reached", "newly reached", "cut off", "nearer", "farther"],
        default="the same",
    )
    finite = np.isfinite(was) & np.isfinite(now)
    return pd.DataFrame(
        {
            "name": demand["name"].to_numpy(),
            "before": np.where(np.isfinite(was), was, np.nan),
            "after": np.where(np.isfinite(now), now, np.nan),
            "change": np.where(finite, change, np.nan),
            "result": result,
        },
        index=demand.index,
    )


def count_gains(
    compared: pd.DataFrame, weights: pd.DataFrame, demand: pd.DataFrame, *, door: Door
) -> pd.DataFrame:
    """Count people who gain and who lose, everywhere, by fifth and by ward, as it may be shown.

    Returns
    -------
    DataFrame
        ``grouping, group, measure, gain, lose, same, not_reached``; small counts, those of a group of a
        single place and of too few for `door` are NaN, and so is a second one from which, by subtraction,
        they would come back.
    """
    result = compared["result"]
    sides = {name: result.isin(words).to_numpy() for name, words in SIDES.items()}
    everyone = ("all", "all", np.ones(len(demand), dtype=bool))
    rows = []
    for grouping, group, whole in [everyone, *_list_groups(demand)]:
        key = "all" if grouping == "all" else f"{grouping} {group}"
        for measure in weights:
            mass = weights[measure].to_numpy(dtype=float)
            counts = []
            for side in sides.values():
                part = whole & side
                hidden = int(whole.sum()) < FEWEST_PLACES or door.hides(
                    part, np.where(part, mass, 0.0), modelled=measure in door.modelled, whole=whole, key=key
                )
                counts.append(np.nan if hidden else float(mass[part].sum()))
            rows.append((grouping, group, measure, *counts))
    table = pd.DataFrame(rows, columns=["grouping", "group", "measure", *sides])
    for (grouping, _), lines in table.groupby(["grouping", "measure"], sort=False):
        table.loc[lines.index, list(sides)] = hide_second(lines[list(sides)], across=grouping != "all")
    return table


def describe_hubs(
    candidates: pd.DataFrame,
    sites: Sequence[str],
    hub: pd.Series[str],
    weights: pd.DataFrame,
    *,
    door: Door,
) -> pd.DataFrame:
    """Describe the hubs of an option, with the people whose hub each is.

    Parameters
    ----------
    candidates
        As `fairplace.hub_inputs.read_candidates` gives them.
    sites
        Ids of the option's hubs.
    hub
        Which hub each place goes to.
    weights
        A column a measure that is no model's estimate, indexed as `hub`.
    door
        What may be shown.

    Returns
    -------
    DataFrame
        ``id, name, status, step_free, opening, capacity, cost`` and the measures; small counts and those of
        too few for `door` are NaN, and a second hub's where one alone would come back from the total.
    """
    columns = ["name", "status", "step_free", "opening", "capacity", "cost"]
    table = candidates.loc[list(sites), [one for one in columns if one in candidates]]
    people = weights.groupby(hub).sum().reindex(table.index).fillna(0.0)
    for site in table.index:
        going = (hub == site).to_numpy()
        for measure in weights:
            mass = np.where(going, weights[measure].to_numpy(dtype=float), 0.0)
            if door.hides(going, mass, modelled=False):
                people.loc[site, measure] = np.nan
    return table.join(hide_second(people.T, across=False).T).rename_axis("id").reset_index()


def list_worst_served(
    demand: pd.DataFrame,
    need: pd.Series[float],
    before: pd.Series[float],
    after: pd.Series[float],
    *,
    count: int = 10,
) -> pd.DataFrame:
    """List the areas that are worst served before, or after, with minutes of both.

    By LSOA where the demand file says which, else by its own places. Minutes are the mean of those
    who live there, weighted by need; the need itself is not shown. A need that holds a modelled measure is
    given here as 1 wherever it is above 0: the mean of two places would give their shares away.

    Returns
    -------
    DataFrame
        ``area, before, after, rank_before, rank_after``; an area that nobody can reach a hub from has
        NaN minutes and the first rank.
    """
    by_area = "lsoa" in demand and (demand["lsoa"] != "").any()
    area = demand["lsoa"].where(demand["lsoa"] != "", demand["name"]) if by_area else demand["name"]
    lives = need > 0
    rows = {}
    for code, places in area[lives].groupby(area[lives]).groups.items():
        mass = need.loc[places].to_numpy(dtype=float)
        rows[str(code)] = [
            weighted_mean(minutes.loc[places].to_numpy(dtype=float), mass) for minutes in (before, after)
        ]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["before", "after"])
    for side in ("before", "after"):
        table[f"rank_{side}"] = table[side].fillna(np.inf).rank(ascending=False, method="min").astype(int)
    worst = table[(table["rank_before"] <= count) | (table["rank_after"] <= count)]
    return worst.rename_axis("area").reset_index().sort_values(["rank_after", "area"], ignore_index=True)
