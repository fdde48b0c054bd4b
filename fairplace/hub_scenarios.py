"""How a hub plan changes with its numbers: how many hubs, whom to favour, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from fairplace.hub_floors import Door
from fairplace.hub_measures import gini, nearest_minutes, weighted_mean
from fairplace.hub_models import Case, Settled, regret_of, solve_case, value_of
from geo.siting import SitingError, UnreachableError, solve_max_cover, solve_p_median, solve_set_cover

#: Points of the curve and of the frontier at most: each is a plan solved to the end.
CURVE_POINTS = 30
FRONTIER_POINTS = 12
SPEEDS_KMH = (4.0, 4.8)
#: Who is faster rides; their scenarios are `STRETCH` slower and faster.
FASTEST_WALK_KMH = 8.0
STRETCH = 0.2
FEWEST_COLUMNS = ("choice", "each", "hubs", "sites", "proven", "left_out", "left_out_ids")


@dataclass(frozen=True)
class Scenario:
    """One way in which the numbers could have been otherwise."""

    kind: str
    label: str
    case: Case


def draw_curve(case: Case, door: Door) -> pd.DataFrame:
    """Cover of the best plan for every number of hubs.

    Parameters
    ----------
    case
        The base case. The curve ``existing kept`` (or ``existing only``, if the question is which to
        close) is about the hubs there are; ``free choice`` shows what the same number could reach from
        a clean sheet.
    door
        What may be shown: a share that may not be is NaN.

    Returns
    -------
    DataFrame
        ``curve, hubs, share, mean_minutes, proven, current, knee``; the current row is the hubs that
        exist, as they stand, on the curve ``as it stands``.
    """
    cover = replace(case, question=replace(case.question, aim="cover", capacity=False))
    curves = _choices(case)
    rows = []
    if case.existing:
        rows.append(_point("as it stands", cover, case.existing, door, proven=True, current=True))
    for name, keep, closed in curves:
        fewest, most = max(len(keep), 1), len(case.times.columns) - len(closed)
        shares: list[float] = []
        for hubs in range(fewest, min(most, fewest + CURVE_POINTS - 1) + 1):
            plan = solve_case(replace(cover, rules=Settled(p=hubs, keep=keep, close=closed)))
            shares.append(plan.objective)
            rows.append(_point(name, cover, case.ids(plan.sites), door, proven=plan.proven, current=False))
            # Further hubs add nobody: the curve is flat from here.
            if len(shares) > 3 and shares[-1] <= shares[-4] * (1 + 1e-12):
                break
    table = pd.DataFrame(rows)
    table["knee"] = False
    for _, points in table[~table["current"]].groupby("curve"):
        place = find_knee(points["hubs"].to_numpy(dtype=float), points["share"].to_numpy(dtype=float))
        if place is not None:
            table.loc[points.index[place], "knee"] = True
    return table


def find_fewest(case: Case) -> pd.DataFrame:
    """Find the fewest hubs that have everybody with need within the limit, and everybody within that of two.

    Parameters
    ----------
    case
        The base case; capacities and the number of hubs that was asked for are left aside.

    Returns
    -------
    DataFrame
        ``choice`` (as the curves are called), ``each`` (how many hubs each place has within the limit),
        ``hubs``, ``sites``, ``proven``, ``left_out`` and ``left_out_ids``: how many places with need have not
        so many candidates within the limit, whatever opens, and which. No row where that is all of them.

    Notes
    -----
    C. Toregas and others, "The location of emergency service facilities", Operations Research 19 (1971).
    """
    limit, lives = case.question.limit, case.need.to_numpy(dtype=float) > 0
    times = case.times.to_numpy(dtype=float)
    rows = []
    for name, keep, closed in _choices(case):
        may = np.setdiff1d(np.arange(times.shape[1]), closed)
        near = (times[:, may] <= limit).sum(axis=1)
        for each in (1, 2):
            can = lives & (near >= each)
            if not can.any():
                continue
            plan = solve_set_cover(
                times[can],
                limit=limit,
                backup="all" if each == 2 else "none",
                keep=keep,
                close=closed,
                time_limit=case.question.time_limit,
            )
            rows.append(
                {
                    "choice": name,
                    "each": each,
                    "hubs": len(plan.sites),
                    "sites": " ".join(case.ids(plan.sites)),
                    "proven": plan.proven,
                    "left_out": int((lives & ~can).sum()),
                    "left_out_ids": "; ".join(str(one) for one in case.times.index[lives & ~can]),
                }
            )
    return pd.DataFrame(rows, columns=list(FEWEST_COLUMNS))


def _choices(case: Case) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Name each kind of choice, with the candidates that stay open and those that are shut."""
    shut = case.columns(case.question.shut)
    existing = case.columns(case.existing)
    others = tuple(sorted({*range(len(case.times.columns))} - set(existing)))
    kept = tuple(sorted({*existing, *case.columns(case.question.keep)} - set(shut)))
    free = ("free choice", (), tuple(shut))
    if case.question.close is not None:
        return [("existing only", (), tuple(sorted({*others, *shut}))), free]
    return [("existing kept", kept, tuple(shut)), free] if kept else [free]


def find_knee(hubs: np.ndarray, share: np.ndarray) -> int | None:
    """Place where a curve of diminishing returns bends most: farthest above its own chord.

    None for fewer than three points or a curve that does not rise above its chord.
    """
    if len(hubs) < 3 or share[-1] <= share[0]:
        return None
    x = (hubs - hubs[0]) / (hubs[-1] - hubs[0])
    y = (share - share[0]) / (share[-1] - share[0])
    above = y - x
    place = int(above.argmax())
    return place if above[place] > 1e-9 else None


def draw_frontier(case: Case, demand: pd.DataFrame, door: Door) -> pd.DataFrame:
    """Plans that trade efficiency for equity, none of which is better at both.

    Two trades. *Minutes*: the shortest mean way, under a stricter and stricter limit on the farthest
    (each point a p-median, so the list is complete down to the p-center unless cut at
    `FRONTIER_POINTS`). *Cover*: everybody against the most deprived fifth, by weight.

    Returns
    -------
    DataFrame
        ``trade, hubs, mean_minutes, farthest_minutes, gini, share, deprived_share, sites, names``; shares of
        need within the limit; NaN where the demand file has no fifths, and where `door` hides them.
    """
    rows = [
        *_undominated(list(_minutes_trade(case, demand)), mean_minutes=-1, farthest_minutes=-1),
        *_undominated(list(_cover_trade(case, demand)), share=1, deprived_share=1),
    ]
    table = pd.DataFrame(rows).drop(columns="_ids", errors="ignore")
    need, poorest = case.need.to_numpy(dtype=float), _deprived(case, demand)
    for row, point in enumerate(rows):
        near = nearest_minutes(case.times, point["_ids"]).to_numpy(dtype=float) <= case.question.limit
        if door.hides_need(near, need):
            table.at[row, "share"] = np.nan
        if poorest is not None and door.hides(
            near & poorest, need, modelled=door.hold, whole=poorest, key="most deprived fifth"
        ):
            table.at[row, "deprived_share"] = np.nan
    return table.drop_duplicates(["trade", "sites"], ignore_index=True) if len(table) else table


def list_scenarios(case: Case, draws: pd.DataFrame | None, chosen: Sequence[str]) -> Iterator[Scenario]:
    """List the ways in which the numbers could have been otherwise.

    Parameters
    ----------
    case
        The base case.
    draws
        Draws of the need weight, a column each; None without any.
    chosen
        Hubs of the best plan: each is lost in turn.
    """
    asked = case.question
    if asked.speed_kmh is None:
        for factor in (1 - STRETCH, 1 + STRETCH):
            yield Scenario("speed", f"minutes {factor - 1:+.0%}", replace(case, times=case.times * factor))
    else:
        on_foot = asked.speed_kmh <= FASTEST_WALK_KMH
        speeds = SPEEDS_KMH if on_foot else tuple(asked.speed_kmh * (1 + s) for s in (-STRETCH, STRETCH))
        for speed in speeds:
            if speed != asked.speed_kmh:
                times = case.times * (asked.speed_kmh / speed)
                yield Scenario("speed", f"{speed:g} km/h", replace(case, times=times))
    for factor in (1 - STRETCH, 1 + STRETCH):
        stretched = replace(asked, limit=asked.limit * factor)
        yield Scenario("limit", f"limit {stretched.limit:g} minutes", replace(case, question=stretched))
    if draws is not None:
        for name in draws:
            if draws[name].sum() > 0:
                yield Scenario("draw", f"draw {name}", replace(case, need=draws[name].astype(float)))
    for site in chosen:
        column = case.columns([site])[0]
        rules = Settled(**case.rules)
        rules["keep"] = tuple(one for one in case.rules.get("keep", ()) if one != column)
        rules["close"] = tuple(sorted({*case.rules.get("close", ()), column}))
        yield Scenario("lost site", f"without {site}", replace(case, rules=rules))


def try_scenarios(
    case: Case, scenarios: Sequence[Scenario], chosen: Sequence[str], door: Door
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Solve every scenario and count how often each candidate is chosen.

    Where the base plan is as good as any in a scenario, it is the one that counts.

    Returns
    -------
    scenarios : DataFrame
        ``kind, scenario, sites, value, base_value, regret, proven``: the best plan there, what the base
        plan is worth there, and how much worse that is, as a share. For a lost site the base plan is
        what remains of it.
    candidates : DataFrame
        ``id, name, status, chosen, all, <a column a kind>``: in the base plan, and the share of scenarios
        that choose it (of those in which it is not the lost site).
    """
    rows = []
    picks: list[set[str]] = []
    for one in scenarios:
        remaining = [site for site in chosen if f"without {site}" != one.label]
        try:
            plan = solve_case(one.case, shortest=False)
        except (SitingError, UnreachableError):
            rows.append((one.kind, one.label, "", np.nan, np.nan, np.nan, False))
            picks.append(set())
            continue
        base = value_of(one.case, remaining)
        regret = regret_of(one.case, base, plan.objective)
        same = one.kind != "lost site" and regret <= 1e-9
        sites = tuple(sorted(remaining)) if same else one.case.ids(plan.sites)
        value = plan.objective
        if one.case.question.aim == "cover":
            value = np.nan if _hides_cover(one.case, case.ids(plan.sites), door) else value
            base = np.nan if _hides_cover(one.case, remaining, door) else base
        rows.append((one.kind, one.label, " ".join(sites), value, base, regret, plan.proven))
        picks.append(set(sites))
    columns = ["kind", "scenario", "sites", "value", "base_value", "regret", "proven"]
    table = pd.DataFrame(rows, columns=columns)
    kinds = list(dict.fromkeys(table["kind"]))
    listed = []
    for site, row in case.candidates.iterrows():
        able = [
            (scenario.kind, str(site) in pick)
            for scenario, pick in zip(scenarios, picks, strict=True)
            if scenario.label != f"without {site}"
        ]
        shares = [_share([hit for kind, hit in able if kind == wanted]) for wanted in kinds]
        listed.append(
            (site, row["name"], row["status"], site in chosen, _share([hit for _, hit in able]), *shares)
        )
    frequency = pd.DataFrame(listed, columns=["id", "name", "status", "chosen", "all", *kinds])
    return table, frequency


def _share(hits: Sequence[bool]) -> float:
    return float(np.mean(hits)) if len(hits) else float("nan")


def _point(
    curve: str, case: Case, sites: Sequence[str], door: Door, *, proven: bool, current: bool
) -> dict[str, Any]:
    minutes = nearest_minutes(case.times, sites).to_numpy(dtype=float)
    need = case.need.to_numpy(dtype=float)
    return {
        "curve": curve,
        "hubs": len(sites),
        "share": _share_within(minutes <= case.question.limit, need, door),
        "mean_minutes": weighted_mean(minutes, need),
        "proven": proven,
        "current": current,
    }


def _hides_cover(case: Case, sites: Sequence[str], door: Door) -> bool:
    near = nearest_minutes(case.times, sites).to_numpy(dtype=float) <= case.question.limit
    return door.hides_need(near, case.need.to_numpy(dtype=float))


def _share_within(near: np.ndarray, need: np.ndarray, door: Door) -> float:
    total = float(need.sum())
    return np.nan if not total or door.hides_need(near, need) else float(need[near].sum() / total)


def _deprived(case: Case, demand: pd.DataFrame) -> np.ndarray | None:
    for grouping in ("idaci_fifth", "imd_fifth"):
        if grouping not in demand:
            continue
        poorest = (demand[grouping] == "1").to_numpy() & (case.need > 0).to_numpy()
        if poorest.any():
            return poorest
    return None


def _trade_row(trade: str, case: Case, sites: Sequence[str], poorest: np.ndarray | None) -> dict[str, Any]:
    minutes = nearest_minutes(case.times, sites).to_numpy(dtype=float)
    need = case.need.to_numpy(dtype=float)
    counted = (need > 0) & case.reached.to_numpy()
    near = minutes <= case.question.limit
    poor = np.nan if poorest is None else need[near & poorest].sum() / need[poorest].sum()
    return {
        "trade": trade,
        "hubs": len(sites),
        "mean_minutes": weighted_mean(minutes, need),
        "farthest_minutes": float(minutes[counted].max()) if counted.any() else np.nan,
        "gini": gini(minutes, need),
        "share": float(need[near].sum() / need.sum()),
        "deprived_share": float(poor),
        "sites": " ".join(sites),
        "names": ", ".join(str(case.candidates.loc[one, "name"]) for one in sites),
        "_ids": sites,
    }


def _minutes_trade(case: Case, demand: pd.DataFrame) -> Iterator[dict[str, Any]]:
    poorest = _deprived(case, demand)
    need = np.where(case.reached.to_numpy(), case.need.to_numpy(dtype=float), 0.0)
    cost, farthest = case.times.to_numpy(dtype=float), np.inf
    for _ in range(FRONTIER_POINTS):
        try:
            plan = solve_p_median(
                np.where(cost < farthest, cost, np.inf),
                need,
                time_limit=case.question.time_limit,
                **case.rules,
            )
        except UnreachableError:
            return
        row = _trade_row("minutes: mean or farthest", case, case.ids(plan.sites), poorest)
        farthest = float(str(row["farthest_minutes"]))
        yield row


def _cover_trade(case: Case, demand: pd.DataFrame) -> Iterator[dict[str, Any]]:
    poorest = _deprived(case, demand)
    if poorest is None:
        return
    need = case.need.to_numpy(dtype=float)
    cost, asked = case.times.to_numpy(dtype=float), case.question
    points = []
    for favour in (0.0, 0.25, 0.5, 0.75, 1.0):
        # A trace of everybody's need decides between plans that serve the poorest fifth alike.
        weight = (1 - favour) * need / need.sum() + favour * poorest * need / need[poorest].sum()
        weight = weight + 1e-4 * need / need.sum()
        plan = solve_max_cover(cost, weight, limit=asked.limit, time_limit=asked.time_limit, **case.rules)
        points.append(
            _trade_row("cover: everybody or most deprived fifth", case, case.ids(plan.sites), poorest)
        )
    yield from points


def _undominated(points: list[dict[str, Any]], **better: float) -> list[dict[str, Any]]:
    """Points that no other equals in all and beats in one; `better` gives the good direction of each."""
    values = np.array([[float(str(point[key])) * sign for key, sign in better.items()] for point in points])
    values = np.round(values, 9)
    return [
        point
        for point, value in zip(points, values, strict=True)
        if not ((values >= value).all(axis=1) & (values > value).any(axis=1)).any()
    ]
