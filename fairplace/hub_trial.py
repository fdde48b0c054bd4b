"""Trying hubs somewhere: what a choice of places would mean for families, at once.

Nothing is searched for and nothing proven: whoever moves a hub on a map sees who would be within reach,
beside the hubs there are (*no change*). For the best plan, the near-best and how sure they are, see
`fairplace.hubs`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from fairplace.hub_floors import hide_few, hide_second
from fairplace.hub_measures import NOTICED, weighted_mean
from fairplace.hub_models import WALKING, WAYS, sentence
from fairplace.reaching import Floats, Ground, count_near, say_fictional
from geo.errors import UserError
from geo.pairs import Pairs, measure_pairs
from geo.place import MIS_RESIDENTS, PUBLIC_RESIDENTS

#: Measures of a trial, as far as the ground has them; the first weighs minutes and counts who gains.
MEASURES = ("residents", "children_0_4", "children_below_mis")
#: Sites in one trial: a town has a few, and each is a search.
MOST_SITES = 50
NO_CHANGE, TRIED = "no_change", "tried"
_SIDES = ["nearer", "farther", "same"]
#: Said where the public does not see every number of a trial.
HIDDEN = (
    f"Not shown: counts of very few people, all of {PUBLIC_RESIDENTS} residents and fewer, what is modelled "
    f"of fewer than {MIS_RESIDENTS:,} residents, and what would give either away."
)


class HubTrialError(UserError, ValueError):
    """A trial has no hub, too many, or names one that is not there."""


@dataclass(frozen=True)
class HubTrial:
    """Two choices of hubs side by side.

    Parameters
    ----------
    hubs
        ``option`` (``no_change`` or ``tried``), ``id``, ``name``, ``change`` (``stays``, ``opens`` or
        ``closes``), ``x``, ``y`` (EPSG:27700), ``snap_metres`` (to the nearest street, walked and
        counted) and ``snap_flagged`` (over 250 m).
    people
        ``option`` and the columns of `fairplace.reaching.count_near`: who is within each limit.
    minutes
        ``option, measure, mean_minutes, farthest_minutes, no_way_share``: of people, not of places; mean
        and farthest are of those who have a way, and the share of those who have none is beside them.
    gains
        ``measure, nearer, farther, same``: people whose way is shorter or longer by a minute or more, or
        who have one now and had none; rounded as the others.
    said
        Speed, direction, ways to the street, where the data stop.
    notes
        What else must be said, a sentence each.
    """

    hubs: pd.DataFrame
    people: pd.DataFrame
    minutes: pd.DataFrame
    gains: pd.DataFrame
    said: str
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Give the trial as plain values for JSON; a missing number is None."""
        tables = {name: getattr(self, name) for name in ("hubs", "people", "minutes", "gains")}
        plain = {
            name: [
                {
                    key: None if isinstance(one, float) and not np.isfinite(one) else one
                    for key, one in row.items()
                }
                for row in table.astype(object).to_dict("records")
            ]
            for name, table in tables.items()
        }
        return {**plain, "said": self.said, "notes": list(self.notes)}


def try_hubs(
    ground: Ground,
    opened: pd.DataFrame | None = None,
    *,
    closed: Collection[str] = (),
    limits: Sequence[float] = (15.0,),
    profile: str = "walk",
    speed_kmh: float | None = None,
    skip_islands_below: float = 0.0,
) -> HubTrial:
    """Set hubs somewhere and see what it means for people, beside the hubs there are.

    Parameters
    ----------
    ground
        Streets, people and existing hubs, as `fairplace.reaching.open_ground` gives them.
    opened
        New hubs: ``x`` and ``y`` (EPSG:27700), optionally ``name``, indexed by an id that no site of the
        ground that stays has. A candidate of the ground is ``ground.sites.loc[["H04"]]``. None: no new hub.
    closed
        Ids of existing hubs that would close.
    limits
        Minutes, included.
    profile, speed_kmh, skip_islands_below
        How families go about: see `geo.pairs.measure_pairs`. From home to hub, one way.

    Returns
    -------
    HubTrial
        The modelled measure with its 90 % range; small counts are NaN and say so.

    Raises
    ------
    HubTrialError
        Nobody is known to live there; no hub, or more than 50; a closed hub that does not exist.
    geo.travel.ReachError
        A limit, a speed or a place that cannot be.
    """
    measures = tuple(one for one in MEASURES if one in ground.measures) or ground.measures
    if not len(ground.people) or not measures:
        raise HubTrialError("it is not known where people live here; build the pack with its output areas")
    new, standing = _new_sites(opened), ground.sites[ground.sites["status"] == "existing"]
    lost = [one for one in closed if one not in standing.index]
    if lost:
        raise HubTrialError(
            f"{lost[0]!r} is no existing hub, so it cannot close; there are "
            f"{', '.join(standing.index) or 'none'}"
        )
    stays = standing.drop(list(closed))
    twice = [one for one in new.index if one in stays.index]
    if twice:
        raise HubTrialError(f"{twice[0]!r} is a hub already and stays; leave it out of the new ones")
    if not len(stays) + len(new):
        raise HubTrialError("no hub is left; open one, or close fewer")
    if len(standing) + len(new) > MOST_SITES:
        raise HubTrialError(
            f"{len(standing) + len(new)} hubs are too many to try at once; {MOST_SITES} will do"
        )
    if not limits or not all(np.isfinite(one) and one > 0 for one in limits):
        raise HubTrialError(f"limits are {list(limits)}; give one or more minutes above nought")
    columns = ["name", "x", "y"]
    # A new hub may have the id of one that closes: it moves.
    every = pd.concat([standing[columns], new[columns]], keys=["now", "new"])
    every.index = pd.Index([f"{kind} {one}" for kind, one in every.index])
    pairs = measure_pairs(
        ground.network, ground.people, every, profile=profile, speed_kmh=speed_kmh,
        skip_islands_below=skip_islands_below,
    )  # fmt: skip
    matrix = pairs.matrix()
    options = {
        NO_CHANGE: [f"now {one}" for one in standing.index],
        TRIED: [*(f"now {one}" for one in stays.index), *(f"new {one}" for one in new.index)],
    }
    nearest = {
        option: matrix[sites].min(axis=1).to_numpy() if sites else np.full(len(matrix), np.inf)
        for option, sites in options.items()
    }
    drawn = {name: draws for name, draws in ground.draws.items() if name in measures}
    part = replace(ground, measures=measures, draws=drawn)
    people, rows = [], []
    for option, minutes in nearest.items():
        table = count_near(part, minutes, sorted(limits))
        table.insert(0, "option", option)
        people.append(table)
        rows += [(option, one, *_minutes(part, one, minutes)) for one in measures]
    return HubTrial(
        _list_hubs(pairs, options),
        pd.concat(people, ignore_index=True),
        pd.DataFrame(rows, columns=["option", "measure", "mean_minutes", "farthest_minutes", "no_way_share"]),
        _count_changes(part, nearest),
        sentence(pairs.said),
        _say(part, pairs, nearest[TRIED], max(limits)),
    )


def for_the_public(trial: HubTrial) -> HubTrial:
    """Take out of a trial what the public may not see of so few: see `fairplace.hub_floors.hide_few`."""
    options = [hide_few(rows, public=True) for _, rows in trial.people.groupby("option", sort=False)]
    people = pd.concat(options, ignore_index=True)
    residents = trial.gains.set_index("measure").reindex(["residents"])
    modelled = set(people.loc[people["modelled"], "measure"])
    gains = trial.gains.copy()
    for side in _SIDES:
        # A count that is hidden already is a small one.
        count = float(residents[side].fillna(1.0).iloc[0])
        if 0 < count < MIS_RESIDENTS:
            gains.loc[gains["measure"].isin(modelled), side] = np.nan
        if 0 < count <= PUBLIC_RESIDENTS:
            gains[side] = np.nan
    # The three sides add up to everybody, who are known.
    gains[_SIDES] = hide_second(gains[_SIDES], across=False)
    hidden = (people["status"] == "suppressed").any() or gains[_SIDES].isna().any(axis=None)
    notes = (*trial.notes, HIDDEN) if hidden else trial.notes
    return replace(trial, people=people, gains=gains, notes=notes)


def _new_sites(opened: pd.DataFrame | None) -> pd.DataFrame:
    if opened is None or not len(opened):
        return pd.DataFrame({"name": [], "x": [], "y": []}, index=pd.Index([], dtype=object))
    if not opened.index.is_unique:
        raise HubTrialError(
            f"two new hubs are called {opened.index[opened.index.duplicated()][0]!r}; name each"
        )
    names = opened["name"] if "name" in opened else pd.Series(opened.index.astype(str), index=opened.index)
    return opened[["x", "y"]].assign(name=names).set_axis(opened.index.astype(str))


def _minutes(ground: Ground, measure: str, minutes: Floats) -> tuple[float, float, float]:
    weight = ground.people[measure].to_numpy(dtype=float)
    known = np.isfinite(minutes) & (weight > 0)
    none = float(weight[~np.isfinite(minutes)].sum() / weight.sum()) if weight.sum() > 0 else np.nan
    farthest = float(minutes[known].max()) if known.any() else np.nan
    whole = 2 if measure in ground.modelled else 4
    return round(weighted_mean(minutes, weight), 1), round(farthest, 1), round(none, whole)


def _count_changes(ground: Ground, nearest: dict[str, Floats]) -> pd.DataFrame:
    """Count by who is nearer, farther or the same, through the door for small numbers."""
    with np.errstate(invalid="ignore"):
        change = nearest[TRIED] - nearest[NO_CHANGE]
    change = np.where(np.isinf(nearest[TRIED]) & np.isinf(nearest[NO_CHANGE]), 0.0, change)
    sides = {
        "nearer": change <= -NOTICED,
        "farther": change >= NOTICED,
        "same": np.abs(change) < NOTICED,
    }
    counts = {
        side: count_near(ground, np.where(chosen, 0.0, np.inf), [1.0]).set_index("measure")["within"]
        for side, chosen in sides.items()
    }
    return pd.DataFrame(counts).reindex(list(ground.measures)).rename_axis("measure").reset_index()


def _list_hubs(pairs: Pairs, options: dict[str, list[str]]) -> pd.DataFrame:
    rows = []
    for option, sites in options.items():
        for key in sites:
            kind, site = key.split(" ", 1)
            place = pairs.places.loc[key]
            change = "opens" if kind == "new" else ("stays" if key in options[TRIED] else "closes")
            rows.append(
                (option, site, place["name"], change, float(place["x"]), float(place["y"]),
                 round(float(place["snap_metres"]), 1), bool(place["snap_flagged"]))
            )  # fmt: skip
    return pd.DataFrame(
        rows, columns=["option", "id", "name", "change", "x", "y", "snap_metres", "snap_flagged"]
    )


def _say(ground: Ground, pairs: Pairs, minutes: Floats, limit: float) -> tuple[str, ...]:
    notes = [
        *say_fictional(ground),
        "One trial, not a plan: other places may serve more people; nothing is recommended.",
        f"{sentence(WAYS.get(pairs.travel.profile, WALKING))}.",
    ]
    if ground.modelled:
        notes.append(
            "Children below the Minimum Income Standard are modelled: the 90% range stands beside the figure."
        )
    speed = pairs.travel.speed_kmh or 0.0
    past = (minutes > limit) & (pairs.demand["boundary_metres"].to_numpy() < limit * speed / 0.06)
    weight = ground.people[ground.measures[0]].to_numpy(dtype=float)
    share = weight[past].sum() / weight.sum() if weight.sum() > 0 else 0.0
    if share > 0:
        notes.append(
            f"For {share:.0%} of people {limit:g} minutes go past where the street data stop before they "
            f"come to a hub ({pairs.extent}): a hub or a shorter way outside is not counted."
        )
    return tuple(notes)
