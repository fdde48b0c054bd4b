"""The question of a hub plan, put to `geo.siting` by id instead of by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict

import numpy as np
import pandas as pd

from geo.errors import UserError
from geo.siting import (
    NearBest,
    Siting,
    SitingError,
    UnreachableError,
    add_to,
    close_from,
    rank_max_covers,
    rank_p_medians,
    solve_capacitated_cover,
    solve_capacitated_median,
    solve_max_cover,
    solve_p_center,
    solve_p_median,
)

Aim = Literal["cover", "median", "center"]
#: Aim -> what the plan is best at, in a reader's words.
AIMS: dict[Aim, str] = {
    "cover": "most need within the limit",
    "median": "shortest mean way, weighted by need",
    "center": "shortest way for whoever is farthest",
}
WALKING = "walking only, buses not included"
#: Profile of a network -> what its minutes are, on every page; one that is not here is walked.
WAYS: dict[str, str] = {
    "walk": WALKING,
    "wheels": "by wheelchair or with a pram only, buses not included",
    "night": "walking after dark only, buses not included",
    "cycle": "cycling only, buses not included",
    "cycle_calm": "cycling on calm streets only, buses not included",
}


class HubQuestionError(UserError, ValueError):
    """A hub plan was asked for something that its files do not hold, or two things at once."""


class Settled(TypedDict, total=False):
    """Rules as `geo.siting` takes them."""

    p: int
    budget: float
    prices: list[float]
    keep: tuple[int, ...]
    close: tuple[int, ...]


@dataclass(frozen=True)
class HubQuestion:
    """What is asked; everything that a reader must know to ask it again.

    Parameters
    ----------
    need
        Weight column -> its share of the need weight. Columns are brought to one total before they
        are blended, so that shares mean what they say.
    aim
        What a plan is best at: see `AIMS`.
    limit
        Minutes within which a hub is in reach.
    limits
        Minutes at which cover is reported.
    add, close, count, budget
        One of: hubs to add to those that exist; hubs to close of those that exist; hubs altogether,
        wherever; pounds for new hubs (their ``cost``), those that exist staying open.
    keep, shut
        Ids that are open, or shut, in every plan but *no change*.
    capacity
        Count each hub's places: nobody is sent to a hub that is full.
    load
        Weight column that says how many places each place takes; empty for the first of `need`.
    speed_kmh
        Walking speed behind the minutes; None where they are the council's own.
    mode
        What the minutes are, in words that stand on every page.
    within, most
        Near-best plans: all within this share of the best, or the first so many.
    seed, time_limit
        As in `geo.siting`; the time in seconds is for each plan.
    """

    need: Mapping[str, float]
    aim: Aim = "cover"
    limit: float = 15.0
    limits: tuple[float, ...] = (5.0, 10.0, 15.0, 20.0, 30.0)
    add: int | None = None
    close: int | None = None
    count: int | None = None
    budget: float | None = None
    keep: tuple[str, ...] = ()
    shut: tuple[str, ...] = ()
    capacity: bool = False
    load: str = ""
    speed_kmh: float | None = 4.8
    mode: str = WALKING
    within: float = 0.02
    most: int = 20
    seed: int = 0
    time_limit: float | None = None

    @property
    def loads(self) -> str:
        """Column of those who take places where capacities count."""
        return self.load or next(iter(self.need))


@dataclass(frozen=True)
class Case:
    """One question with its numbers: the base case, or a scenario made from it.

    Parameters
    ----------
    question
        What is asked.
    times
        Minutes; a row a place and a column a candidate.
    need
        People or blended need of each place.
    candidates
        As `fairplace.hub_inputs.read_candidates` gives them.
    rules
        How many hubs, and which are settled.
    loads
        People who take places, where capacities count; the need itself without.
    """

    question: HubQuestion
    times: pd.DataFrame
    need: pd.Series[float]
    candidates: pd.DataFrame
    rules: Settled = field(default_factory=Settled)
    loads: pd.Series[float] | None = None

    @property
    def existing(self) -> list[str]:
        """Ids of the hubs that exist."""
        return [str(one) for one in self.candidates.index[self.candidates["status"] == "existing"]]

    @property
    def reached(self) -> pd.Series[bool]:
        """Places that some candidate can be reached from."""
        return np.isfinite(self.times).any(axis=1)

    def ids(self, columns: Sequence[int]) -> tuple[str, ...]:
        """Candidate ids of columns."""
        return tuple(str(self.times.columns[column]) for column in columns)

    def columns(self, ids: Sequence[str]) -> tuple[int, ...]:
        """Columns of candidate ids."""
        return tuple(int(self.times.columns.get_loc(one)) for one in ids)


def sentence(words: str) -> str:
    """Begin words with a capital."""
    return words[:1].upper() + words[1:]


def blend_need(demand: pd.DataFrame, shares: Mapping[str, float]) -> pd.Series[float]:
    """Blend weight columns into one need weight.

    Each column is brought to the total of the first, then they are added by their shares: a plan's
    need then reads in people of the first column.

    Raises
    ------
    HubQuestionError
        A column is not there or adds to nothing, or the shares do not add to 1.
    """
    if not shares:
        raise HubQuestionError("no need weight is given; name one, such as children_0_4")
    if abs(sum(shares.values()) - 1) > 1e-6 or min(shares.values()) < 0:
        raise HubQuestionError(
            f"the shares of the need weight add to {sum(shares.values()):g}; give shares from 0 to 1 "
            "that add to 1"
        )
    for name in shares:
        if name not in demand:
            raise HubQuestionError(f"the demand file has no column {name}; name one of its weight columns")
        if not demand[name].sum() > 0:
            raise HubQuestionError(
                f"{name} adds to nothing, so it cannot weigh a plan; choose another column"
            )
    total = float(demand[next(iter(shares))].sum())
    parts = [demand[name] * (share * total / float(demand[name].sum())) for name, share in shares.items()]
    return sum(parts[1:], start=parts[0]).astype(float)


def settle_rules(case: Case) -> Case:
    """Turn the question's words (add, close, count, budget, keep, shut) into rules.

    Raises
    ------
    HubQuestionError
        None or several of the four are given, an id is unknown, or costs or capacities are missing.
    """
    asked = case.question
    given = [name for name in ("add", "close", "count", "budget") if getattr(asked, name) is not None]
    if len(given) != 1:
        found = " and ".join(given) if given else "none"
        raise HubQuestionError(f"{found} given of add, close, count and budget; give exactly one")
    for one in (*asked.keep, *asked.shut):
        if one not in case.times.columns:
            raise HubQuestionError(f"{one} is not in the candidates; the ids are those of the file")
    if asked.capacity and case.candidates["capacity"].isna().any():
        who = case.candidates.index[case.candidates["capacity"].isna()]
        raise HubQuestionError(
            f"{who[0]} has no capacity ({len(who)} such); fill the column, or leave capacity out"
        )
    existing = case.columns(case.existing)
    keep, shut = case.columns(asked.keep), case.columns(asked.shut)
    rules: Settled
    if asked.add is not None:
        # A building that is to open in any case is one of those that are added.
        base = add_to(sorted(set(existing) - set(shut)), asked.add)
        new = sorted(set(keep) - set(existing))
        if len(new) > asked.add:
            raise HubQuestionError(
                f"{len(new)} of the hubs to keep are new ({', '.join(case.ids(new))}), but add is "
                f"{asked.add}; add more, or keep fewer"
            )
        rules = Settled(p=base["p"], keep=tuple(sorted({*base["keep"], *keep})), close=shut)
    elif asked.close is not None:
        base = close_from(existing, asked.close, candidates=len(case.times.columns))
        rules = Settled(p=base["p"], keep=keep, close=tuple(sorted({*base["close"], *shut})))
    elif asked.count is not None:
        rules = Settled(p=asked.count, keep=keep, close=shut)
    else:
        prices = case.candidates["cost"].where(case.candidates["status"] == "candidate", 0.0)
        if prices.isna().any():
            who = case.candidates.index[prices.isna()]
            raise HubQuestionError(f"{who[0]} has no cost ({len(who)} such); fill the column to use a budget")
        stay = tuple(sorted({*existing, *keep} - set(shut)))
        rules = Settled(budget=float(asked.budget or 0.0), prices=prices.tolist(), keep=stay, close=shut)
    return replace(case, rules=rules)


def solve_case(case: Case, *, shortest: bool = True) -> Siting:
    """Solve one case for its aim.

    Places from which no candidate can be reached weigh nothing here; the plan names them. Where only
    sites and what they are worth are asked for, `shortest` False saves working out who goes where.
    """
    asked = case.question
    cost, need = _numbers(case)
    settled: dict[str, Any] = {
        **case.rules,
        "time_limit": asked.time_limit,
        "site_names": list(case.times.columns),
    }
    settled["demand_names"] = list(case.times.index)
    if asked.capacity:
        room = case.candidates["capacity"].to_numpy(dtype=float)
        taken = case.need if case.loads is None else case.loads
        settled["loads"] = taken.to_numpy(dtype=float)
        if asked.aim == "cover":
            return solve_capacitated_cover(
                cost, need, limit=asked.limit, capacities=room, shortest=shortest, **settled
            )
        if asked.aim == "median":
            return solve_capacitated_median(cost, need, capacities=room, **settled)
        raise HubQuestionError("capacity with the aim center has no model here; use cover or median")
    if asked.aim == "cover":
        return solve_max_cover(cost, need, limit=asked.limit, seed=asked.seed, **settled)
    if asked.aim == "median":
        return solve_p_median(cost, need, seed=asked.seed, **settled)
    return solve_p_center(cost, need, seed=asked.seed, **settled)


def list_plans(case: Case) -> NearBest:
    """Give the best plan of a case and the plans near it, best first."""
    asked = case.question
    best = solve_case(case)
    cost, need = _numbers(case)
    rule: dict[str, Any] = {
        **case.rules,
        "most": asked.most,
        "seed": asked.seed,
        "time_limit": asked.time_limit,
    }
    if asked.aim == "cover":
        near = rank_max_covers(cost, need, limit=asked.limit, within=asked.within, **rule)
    elif asked.aim == "median":
        near = rank_p_medians(cost, need, within=asked.within, **rule)
    else:
        # All plans that leave nobody farther than the best does, and 2 % more: covers of everybody.
        far = best.objective * (1 + asked.within)
        lives = (need > 0).astype(float)
        near = rank_max_covers(cost, lives, limit=far, within=0.0, **rule)
        plans = [solve_case(_fix(case, plan.sites)) for plan in near.plans]
        near = NearBest(tuple(sorted(plans, key=lambda one: one.objective)), asked.within, near.complete)
    if asked.capacity:
        return _within_capacity(case, best, near)
    first = [plan for plan in near.plans if plan.sites == best.sites]
    if asked.aim == "cover" and near.plans and near.plans[0].objective >= best.objective * (1 - 1e-9):
        best = replace(best, sites=near.plans[0].sites, assignment=near.plans[0].assignment)
    elif first:
        best = replace(best, sites=first[0].sites)
    others = tuple(plan for plan in near.plans if plan.sites != best.sites)
    return NearBest((best, *others[: asked.most]), asked.within, near.complete)


def value_of(case: Case, sites: Sequence[str]) -> float:
    """Say what a choice of hubs is worth under the case's aim; infinite if it leaves somebody without.

    With capacities, what it is worth when everybody goes where there is room.
    """
    asked = case.question
    if asked.capacity and len(sites):
        try:
            return solve_case(_fix(case, case.columns(sites)), shortest=False).objective
        except SitingError:
            return np.inf
    cost, need = _numbers(case)
    minutes = cost[:, list(case.columns(sites))].min(axis=1) if len(sites) else np.full(len(cost), np.inf)
    if asked.aim == "cover":
        return float(need[minutes <= asked.limit].sum())
    if asked.aim == "median":
        return float((minutes[need > 0] * need[need > 0]).sum())
    return float(minutes[need > 0].max())


def regret_of(case: Case, value: float, best: float) -> float:
    """How much worse than the best something worth `value` is, as a share of the best; never below 0."""
    if best == 0 or np.isinf(value):
        return 0.0 if value == best else 1.0
    worse = best - value if case.question.aim == "cover" else value - best
    return max(float(worse / best), 0.0)


def _numbers(case: Case) -> tuple[np.ndarray, np.ndarray]:
    need = np.where(case.reached.to_numpy(), case.need.to_numpy(dtype=float), 0.0)
    return case.times.to_numpy(dtype=float), need


def _fix(case: Case, sites: Sequence[int]) -> Case:
    return replace(case, rules=Settled(p=len(sites), keep=tuple(sites), close=()))


def _within_capacity(case: Case, best: Siting, near: NearBest) -> NearBest:
    """Of the plans near the best without capacities, those that stay near it with them."""
    plans = [best]
    for plan in near.plans:
        try:
            full = solve_case(_fix(case, plan.sites))
        except (UnreachableError, ValueError):
            continue
        worse = (
            best.objective - full.objective
            if case.question.aim == "cover"
            else full.objective - best.objective
        )
        if plan.sites != best.sites and worse <= case.question.within * best.objective:
            plans.append(full)
    sign = -1.0 if case.question.aim == "cover" else 1.0
    others = sorted(plans[1:], key=lambda one: sign * one.objective)
    return NearBest((best, *others), near.within, complete=False)
