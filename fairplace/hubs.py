"""A plan for family hubs: never one answer, always what it rests on.

The plan sets *no change* beside the best plan under the stated assumptions and every plan close to
it; says who gains and who loses; and shows how the answer moves with walking speed, limit, the draws
of a modelled need, and the loss of a site. It recommends nothing: which plan is right for families
is for people who have consulted them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairplace.disclosure_policy import HIDE_UP_TO
from fairplace.hub_floors import Door, modelled_measures, round_measures, round_need
from fairplace.hub_inputs import weight_columns
from fairplace.hub_measures import (
    SIDES,
    compare_minutes,
    count_gains,
    describe_hubs,
    fifth_gap,
    gini,
    list_worst_served,
    measure_equity,
    measure_reach,
    nearest_minutes,
    nearest_site,
    weighted_mean,
    weighted_quantile,
)
from fairplace.hub_models import (
    AIMS,
    WALKING,
    Aim,
    Case,
    HubQuestion,
    HubQuestionError,
    blend_need,
    list_plans,
    settle_rules,
)
from fairplace.hub_scenarios import draw_curve, draw_frontier, find_fewest, list_scenarios, try_scenarios
from geo.siting import UNSERVED, Siting

__all__ = [
    "AIMS",
    "WALKING",
    "Aim",
    "HubOption",
    "HubPlan",
    "HubQuestion",
    "HubQuestionError",
    "plan_hubs",
]

#: Draws that are solved again where capacities count: each takes a program of its own.
CAPACITY_DRAWS = 20
NO_CHANGE = "No change"
BEST = "Best under these assumptions"
#: Columns of the need weight, by how they are rounded where it holds a modelled measure.
_SHARES = ("need_share", "no_way_share", "full_share", "fifth_gap", "share", "deprived_share", "regret")
_VALUES = ("objective", "bound", "value", "base_value")


@dataclass(frozen=True)
class HubOption:
    """One choice of hubs.

    Parameters
    ----------
    key, label
        ``0`` and *No change*; ``1`` and *Best under these assumptions*; ``2`` on, the plans near it.
    sites, opened, shut
        Ids of the hubs; those that do not exist yet; those that exist and would close.
    cost
        Pounds for the opened hubs; NaN where a cost is not known.
    minutes, hub
        For each place, minutes to its hub and which it is; infinite and empty where there is none.
    siting
        The solver's answer with bound and gap; None for *no change*.
    full
        Places that have a way to a hub, but every such hub is full; only where capacities count.
    """

    key: str
    label: str
    sites: tuple[str, ...]
    opened: tuple[str, ...]
    shut: tuple[str, ...]
    cost: float
    minutes: pd.Series[float]
    hub: pd.Series[str]
    siting: Siting | None
    full: pd.Series[bool]


@dataclass(frozen=True)
class HubPlan:
    """Everything a hub plan says; pages, files and the note draw from it and calculate nothing.

    Parameters
    ----------
    question
        As asked.
    demand, candidates
        As read; `demand` with its weights is for calculation and is not written out.
    options
        *No change*, the best, and those near it.
    complete
        True when all plans within the question's share of the best are among the options.
    hold
        True where the need weight holds a model's estimate.
    summary
        A row an option: cost, minutes, cover, gap between fifths, proof. Cover of so few that it is hidden
        is NaN, here and in the tables that follow.
    reach, equity, gains
        Long tables with a column ``option``: see `fairplace.hub_measures`.
    hubs
        ``option, id, name, status, step_free, opening, capacity, cost``, and for each weight that is no
        model's estimate the people whose hub it is: few are NaN.
    worst
        Worst-served areas before and after, for the best plan.
    changes
        Minutes before and after for every place, for the best plan.
    curve, fewest, frontier, scenarios, frequency
        See `fairplace.hub_scenarios`.
    draws_held
        Draws of the need weight that were given; with capacities only `CAPACITY_DRAWS` are scenarios.
    allocation
        ``option, id, hub, minutes, within, why_not`` (``no way``, or ``no room``: each hub there is a way to
        is full): which hub each place goes to, and its ``lsoa`` where the demand
        names it, by which `fairplace equality` reads the file. Minutes and nothing else.
    unreached, unreached_ids
        Names, and ids, of places with need from which no candidate can be reached.
    hide_up_to
        Largest count of people that is hidden.
    """

    question: HubQuestion
    demand: pd.DataFrame
    candidates: pd.DataFrame
    options: tuple[HubOption, ...]
    complete: bool
    hold: bool
    summary: pd.DataFrame
    reach: pd.DataFrame
    equity: pd.DataFrame
    gains: pd.DataFrame
    hubs: pd.DataFrame
    worst: pd.DataFrame
    changes: pd.DataFrame
    curve: pd.DataFrame
    fewest: pd.DataFrame
    frontier: pd.DataFrame
    scenarios: pd.DataFrame
    frequency: pd.DataFrame
    draws_held: int
    allocation: pd.DataFrame
    unreached: tuple[str, ...]
    unreached_ids: tuple[str, ...]
    hide_up_to: int = HIDE_UP_TO

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables to write, by file name without suffix."""
        return {
            "options": self.summary,
            "reach": self.reach,
            "equity": self.equity,
            "gains": self.gains,
            "hubs": self.hubs,
            "worst_served": self.worst,
            "changes": self.changes.rename_axis("id").reset_index(),
            "curve": self.curve,
            "fewest": self.fewest,
            "frontier": self.frontier,
            "scenarios": self.scenarios,
            "candidates": self.frequency,
            "allocation": self.allocation,
        }


def plan_hubs(
    demand: pd.DataFrame,
    candidates: pd.DataFrame,
    times: pd.DataFrame,
    *,
    question: HubQuestion,
    draws: Mapping[str, pd.DataFrame] | None = None,
    public: bool = False,
    hide_up_to: int = HIDE_UP_TO,
) -> HubPlan:
    """Plan hubs: options, their effects on people, and how sure the choice is.

    Parameters
    ----------
    demand, candidates
        As `fairplace.hub_inputs.read_demand` and `read_candidates` give them.
    times
        Minutes; a row a demand id, a column a candidate id, infinite where there is no way.
    question
        What is asked.
    draws
        Weight column -> its draws (a row a demand id, a column a draw), such as the draws of children
        below the Minimum Income Standard. They give ranges and scenarios.
    public
        Whether the figures are for the public: see `fairplace.hub_floors.Door`.
    hide_up_to
        Largest count of people that is hidden.

    Returns
    -------
    HubPlan
        With *no change* first and the best plan second.

    Raises
    ------
    HubQuestionError, geo.siting.SitingError
        The question cannot be put; nobody can be reached; capacities cannot hold everybody.
    """
    _check_frames(demand, candidates, times)
    need = blend_need(demand, question.need)
    loads = _take_places(demand, question)
    case = settle_rules(Case(question, times, need, candidates, loads=loads))
    lost = [str(one) for one in demand.index[(need > 0) & ~case.reached]]
    unreached = [str(demand.loc[one, "name"]) for one in lost]
    if len(unreached) == int((need > 0).sum()):
        raise HubQuestionError(
            f"no place with need can reach any candidate (the first is {unreached[0]}); "
            "check the travel times"
        )
    weights = demand[weight_columns(demand)]
    modelled = modelled_measures(weights, draws or {})
    hold = any(question.need.get(name, 0) > 0 for name in modelled)
    door = Door(demand, modelled, hold=hold, public=public, hide_up_to=hide_up_to)
    near = list_plans(case)
    options = [
        _no_change(case),
        *(_option(case, place, plan) for place, plan in enumerate(near.plans, start=1)),
    ]
    chosen = options[1]
    equity = _for_each(
        options, lambda one: measure_equity(demand, one.minutes, weights, limit=question.limit, door=door)
    )
    summary = _summarise(options, case, equity, door)
    reach = _for_each(
        options, lambda one: measure_reach(one.minutes, weights, question.limits, door=door, draws=draws)
    )
    changes = {
        one.key: compare_minutes(demand, options[0].minutes, one.minutes, one.full) for one in options[1:]
    }
    gains = _for_each(options[1:], lambda one: count_gains(changes[one.key], weights, demand, door=door))
    drawn, held = _draw_need(demand, question, draws)
    scenarios = list(list_scenarios(case, drawn, chosen.sites))
    tried, frequency = try_scenarios(case, scenarios, chosen.sites, door)
    counted = weights.drop(columns=list(modelled))
    hubs = _for_each(options, lambda one: describe_hubs(candidates, one.sites, one.hub, counted, door=door))
    lives = (need > 0).astype(float) if hold else need
    return HubPlan(
        question=question,
        demand=demand,
        candidates=candidates,
        options=tuple(options),
        complete=near.complete,
        hold=hold,
        summary=round_need(summary, hold=hold, shares=_SHARES, values=_VALUES),
        reach=round_measures(reach, modelled, counts=["within", "total"], shares=["share", "low", "high"]),
        equity=round_measures(equity, modelled, counts=["total"], shares=["share"]),
        gains=round_measures(gains, modelled, counts=list(SIDES)),
        hubs=hubs,
        worst=list_worst_served(demand, lives, options[0].minutes, chosen.minutes),
        changes=changes[chosen.key],
        curve=round_need(draw_curve(case, door), hold=hold, shares=_SHARES),
        fewest=find_fewest(case),
        frontier=round_need(draw_frontier(case, demand, door), hold=hold, shares=_SHARES),
        scenarios=round_need(tried, hold=hold, shares=_SHARES, values=_VALUES),
        frequency=frequency,
        draws_held=held,
        allocation=_allocate(options, demand, question.limit),
        unreached=tuple(unreached),
        unreached_ids=tuple(lost),
        hide_up_to=hide_up_to,
    )


def _take_places(demand: pd.DataFrame, question: HubQuestion) -> pd.Series[float] | None:
    if not question.capacity:
        return None
    if question.loads not in weight_columns(demand):
        raise HubQuestionError(
            f"the demand file has no column {question.loads} of those who take places; name one of its "
            "weights"
        )
    return demand[question.loads].astype(float)


def _check_frames(demand: pd.DataFrame, candidates: pd.DataFrame, times: pd.DataFrame) -> None:
    for frame, what in ((demand, "demand"), (candidates, "candidate")):
        if not frame.index.is_unique:
            twice = frame.index[frame.index.duplicated()][0]
            raise HubQuestionError(f"{what} id {twice} is given more than once; ids must be unique")
    if list(times.index) != list(demand.index) or list(times.columns) != list(candidates.index):
        raise HubQuestionError(
            f"times have {times.shape[0]} rows and {times.shape[1]} columns in another order than the "
            f"{len(demand)} demand ids and {len(candidates)} candidate ids; "
            "use times.loc[demand.index, candidates.index]"
        )


def _no_change(case: Case) -> HubOption:
    sites = tuple(case.existing)
    minutes, hub = nearest_minutes(case.times, sites), nearest_site(case.times, sites)
    full = pd.Series(data=False, index=case.times.index)
    return HubOption("0", NO_CHANGE, sites, (), (), 0.0, minutes, hub, None, full)


def _option(case: Case, place: int, plan: Siting) -> HubOption:
    sites, existing = case.ids(plan.sites), case.existing
    opened = tuple(one for one in sites if one not in existing)
    minutes, hub = nearest_minutes(case.times, sites), nearest_site(case.times, sites)
    full = pd.Series(data=False, index=case.times.index)
    if case.question.capacity:
        # Where hubs fill up, a family's hub is the one with room for it, not always the nearest.
        columns = np.array(plan.assignment)
        hub = pd.Series(
            ["" if one == UNSERVED else str(case.times.columns[one]) for one in columns],
            index=case.times.index,
        )
        taken = case.times.to_numpy(dtype=float)[np.arange(len(columns)), np.maximum(columns, 0)]
        way = np.isfinite(minutes)
        # Who weighs nothing takes no place and is sent nowhere: the nearest is as good.
        idle = (columns == UNSERVED) & (case.need.to_numpy(dtype=float) == 0)
        full = way & (columns == UNSERVED) & ~idle
        hub = hub.where(~idle, nearest_site(case.times, sites))
        sent = pd.Series(np.where(columns == UNSERVED, np.inf, taken), index=case.times.index)
        minutes = sent.where(~idle, minutes)
    return HubOption(
        key=str(place),
        label=BEST if place == 1 else f"Near-best plan {place - 1}",
        sites=sites,
        opened=opened,
        shut=tuple(one for one in existing if one not in sites),
        cost=float(case.candidates.loc[list(opened), "cost"].sum(skipna=False)) if opened else 0.0,
        minutes=minutes,
        hub=hub,
        siting=plan,
        full=full,
    )


def _summarise(options: Sequence[HubOption], case: Case, equity: pd.DataFrame, door: Door) -> pd.DataFrame:
    need = case.need.to_numpy(dtype=float)
    first = next(iter(case.question.need))
    rows = []
    for one in options:
        minutes = one.minutes.to_numpy(dtype=float)
        near = minutes <= case.question.limit
        counted = (need > 0) & np.isfinite(minutes)
        full = one.full.to_numpy(dtype=bool)
        lost = ~np.isfinite(minutes) & ~full
        hidden, astray, crowded = (door.hides_need(part, need) for part in (near, lost, full))
        # What a plan for cover is best at is the need that it covers.
        value = None if hidden and case.question.aim == "cover" else one.siting
        grouping, gap = fifth_gap(equity[equity["option"] == one.key], first)
        rows.append(
            {
                "option": one.key,
                "label": one.label,
                "hubs": len(one.sites),
                "sites": " ".join(one.sites),
                "opened": " ".join(one.opened),
                "closed": " ".join(one.shut),
                "cost": one.cost,
                "need_share": np.nan if hidden else float(need[near].sum() / need.sum()),
                "mean_minutes": weighted_mean(minutes, need),
                "p95_minutes": weighted_quantile(minutes, need, 0.95),
                "farthest_minutes": float(minutes[counted].max()) if counted.any() else np.nan,
                "no_way_share": np.nan if astray else float(need[lost].sum() / need.sum()),
                "full_share": np.nan if crowded else float(need[full].sum() / need.sum()),
                "places": float(case.candidates.loc[list(one.sites), "capacity"].sum(skipna=False)),
                "gini_minutes": gini(minutes, need),
                "fifth_gap": gap,
                "fifth_gap_of": grouping,
                "objective": np.nan if value is None else value.objective,
                "bound": np.nan if value is None else value.bound,
                "gap": np.nan if one.siting is None else one.siting.gap,
                "proven_best": one.siting is not None and one.siting.proven,
                "method": "" if one.siting is None else one.siting.method,
            }
        )
    return pd.DataFrame(rows)


def _for_each(options: Sequence[HubOption], make: Callable[[HubOption], pd.DataFrame]) -> pd.DataFrame:
    parts = [make(one) for one in options]
    for part, one in zip(parts, options, strict=True):
        part.insert(0, "option", one.key)
    return pd.concat(parts, ignore_index=True)


def _draw_need(
    demand: pd.DataFrame, question: HubQuestion, draws: Mapping[str, pd.DataFrame] | None
) -> tuple[pd.DataFrame | None, int]:
    drawn = {name: frame for name, frame in (draws or {}).items() if question.need.get(name, 0) > 0}
    if not drawn:
        return None, 0
    count = min(frame.shape[1] for frame in drawn.values())
    most = min(count, CAPACITY_DRAWS) if question.capacity else count
    needs = {}
    for place in np.linspace(0, count - 1, most).round().astype(int):
        changed = {name: frame.iloc[:, place] for name, frame in drawn.items()}
        if all(column.sum() > 0 for column in changed.values()):
            needs[str(place + 1)] = blend_need(demand.assign(**changed), question.need)
    return (pd.DataFrame(needs) if needs else None), count


def _allocate(options: Sequence[HubOption], demand: pd.DataFrame, limit: float) -> pd.DataFrame:
    where = demand[[name for name in ["lsoa"] if name in demand]].reset_index(drop=True)
    parts = []
    for one in options:
        minutes = one.minutes.to_numpy(dtype=float)
        parts.append(
            pd.DataFrame(
                {
                    "option": one.key,
                    "id": one.minutes.index,
                    "hub": one.hub.to_numpy(),
                    "minutes": np.where(np.isfinite(minutes), np.round(minutes, 2), np.nan),
                    "within": minutes <= limit,
                    "why_not": np.select(
                        [one.full.to_numpy(dtype=bool), ~np.isfinite(minutes)], ["no room", "no way"], ""
                    ),
                }
            ).join(where)
        )
    return pd.concat(parts, ignore_index=True)
