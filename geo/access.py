"""Whom places serve: travel between people and places, the nearest, people within limits, shares of supply.

Demand is a frame of points with weights (people, children, children below the Minimum Income Standard);
places are points, with a capacity where it matters. `geo.pairs` measures every cost within a limit, and
most questions are asked of its result; `find_nearest` needs no limit. Groups are compared in
`geo.access_groups`, greenspace is judged by its entrances in `geo.greenspace`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.network import Network, Snap
from geo.pairs import AccessError, Pairs, measure_pairs, meet_streets, say_pairs
from geo.reach_parts import scale_share
from geo.shortest import search_nearest
from geo.travel import Travel, Trip, Unit, check_travel, snap_cost

#: Minutes within which people are counted unless told.
LIMITS = (5.0, 10.0, 15.0, 20.0, 30.0)

#: Weights by band of minutes: Luo and Qi (2009), their slower decay. Upper edge of band -> weight.
LUO_QI_BANDS: dict[float, float] = {10.0: 1.0, 20.0: 0.68, 30.0: 0.22}


@dataclass(frozen=True)
class AccessTable:
    """An answer about access, with what must be said beside it.

    Parameters
    ----------
    table
        The figures; columns are described by the function that made it.
    said
        Profile, speed, direction, ways to the street, and where the data stop: printed with the table.
    notes
        Sentences about what is missing or was left out, by name.
    """

    table: pd.DataFrame
    said: str
    notes: tuple[str, ...] = ()


def find_nearest(
    network: Network,
    demand: pd.DataFrame,
    places: pd.DataFrame,
    *,
    k: int = 1,
    unit: Unit = "minutes",
    profile: str = "walk",
    speed_kmh: float | None = None,
    trip: Trip = "out",
    skip_islands_below: float = 0.0,
) -> AccessTable:
    """Find the `k` nearest places of each point of demand, however far.

    Returns
    -------
    AccessTable
        ``demand``, ``rank`` (1 is nearest), ``place``, ``cost`` in the unit, and ``beyond``: the street
        data stop nearer, as the crow flies, than the place is, so that one outside may be nearer still.
        A point that can get to fewer than `k` has fewer rows; the notes name those with none.
    """
    travel = check_travel(network, profile, unit, speed_kmh, trip)
    if k < 1:
        raise AccessError(f"k is {k}; ask for one place or more")
    if trip == "return":
        pairs = measure_pairs(
            network, demand, places, unit=unit, profile=profile, speed_kmh=speed_kmh, trip=trip,
            skip_islands_below=skip_islands_below,
        )  # fmt: skip
        people, facing = pairs.demand, pairs.places
        row = pd.DataFrame(
            {
                "demand": people.index.get_indexer(pairs.table["demand"]),
                "place": facing.index.get_indexer(pairs.table["place"]),
                "cost": pairs.table["cost"],
            }
        )
    else:
        met, served = (meet_streets(network, one, profile, skip_islands_below) for one in (demand, places))
        people, facing = met.frame, served.frame
        row = _candidates(network, travel, met.snap, served.snap, k=k, inward=trip == "out")
        row = row.assign(cost=row["cost"] / (60.0 if unit == "minutes" else 1.0))
    row = row.sort_values(["demand", "cost", "place"], kind="stable")
    row = row.assign(rank=row.groupby("demand").cumcount() + 1)
    row = row[row["rank"] <= k]
    rows = row["demand"].to_numpy(int)
    metres = row["cost"].to_numpy() * (travel.speed_kmh / 0.06 if travel.speed_kmh is not None else 1.0)
    table = pd.DataFrame(
        {
            "demand": people.index.to_numpy()[rows],
            "rank": row["rank"].to_numpy(),
            "place": facing.index.to_numpy()[row["place"].to_numpy(int)],
            "cost": row["cost"].to_numpy(),
            "beyond": people["boundary_metres"].to_numpy()[rows] < metres / (2 if trip == "return" else 1),
        }
    )
    lost = people.index[~people.index.isin(table["demand"])]
    notes = [f"No way to any place from {_named(lost)}."] if len(lost) else []
    extent = network.papers.get("extent", "unknown")
    return AccessTable(table, say_pairs(travel, people, facing, network.accuracy, extent), tuple(notes))


def count_within(
    pairs: Pairs, weights: Sequence[str], *, limits: Sequence[float] = LIMITS, each: bool = False
) -> AccessTable:
    """Count people within limits of the places.

    Parameters
    ----------
    pairs
        Measured to the largest limit or further.
    weights
        Columns of the demand, such as ``["people", "children_0_15"]``.
    limits
        In the unit of the pairs.
    each
        Also one set of rows a place: who is within reach of it, whatever else they can reach.

    Returns
    -------
    AccessTable
        ``place`` (empty for any of them), ``limit``, ``weight``, ``count``, ``total``, ``share`` (0 to
        1) and ``beyond_share``: the share of `total` whose limit goes past where the street data stop
        before it comes to a place, and so might be inside after all.

    Raises
    ------
    AccessError
        A limit beyond what was measured; a weight that is not there or is negative.
    """
    most = max(limits)
    if most > pairs.limit:
        raise AccessError(
            f"the limit {most:g} is beyond the {pairs.limit:g} that was measured; measure further"
        )
    values, notes = read_weights(pairs.demand, weights)
    best = pairs.table.groupby("demand")["cost"].min().reindex(pairs.demand.index).to_numpy()
    speed = pairs.travel.speed_kmh
    scale = speed / 0.06 if speed is not None else 1.0
    legs = 2 if pairs.travel.trip == "return" else 1
    rows = []
    for limit in sorted(limits):
        near = best <= limit
        past = ~near & (pairs.demand["boundary_metres"].to_numpy() < limit * scale / legs)
        for name in weights:
            people = values[name].to_numpy()
            total, count = people.sum(), people[near].sum()
            rows.append(
                ("", limit, name, count, total, _share(count, total), _share(people[past].sum(), total))
            )
    if each:
        joined = pairs.table.join(values, on="demand")
        for limit in sorted(limits):
            inside = joined[joined["cost"] <= limit].groupby("place")[list(weights)].sum()
            inside = inside.reindex(pairs.places.index, fill_value=0.0)
            for name in weights:
                total = values[name].sum()
                rows += [
                    (place, limit, name, count, total, _share(count, total), np.nan)
                    for place, count in inside[name].items()
                ]
    columns = ["place", "limit", "weight", "count", "total", "share", "beyond_share"]
    return AccessTable(pd.DataFrame(rows, columns=columns), pairs.said, notes)


def share_supply(
    pairs: Pairs,
    weight: str,
    capacity: str,
    *,
    limit: float | None = None,
    bands: Mapping[float, float] | None = None,
    gaussian: float | None = None,
) -> AccessTable:
    """Share the supply of places among the people around them: floating catchments.

    Parameters
    ----------
    pairs
        Measured to the limit or further.
    weight, capacity
        Column of the demand (people) and of the places (such as doctors, places or hours a week).
    limit
        Who is further goes without; the measured limit if left out.
    bands
        Upper edge, in the unit of the pairs -> weight, as `LUO_QI_BANDS`: the enhanced form. A band that
        the limit falls in ends there; who is beyond the last goes without.
    gaussian
        Scale of ``exp(-(cost / scale)² / 2)``, instead of bands. Neither: all within the limit count
        alike, the plain form.

    Returns
    -------
    AccessTable
        ``demand``, ``limit``, ``weight`` and ``access``: supply for each person. Summed over people it gives
        the supply of every place that somebody can reach; the notes name the places that nobody can.

    Raises
    ------
    AccessError
        Bands and a Gaussian together; bands without any; a limit beyond what was measured; a weight or
        capacity that is not there or is negative.

    Notes
    -----
    W. Luo and F. Wang, Environment and Planning B 30 (2003); W. Luo and Y. Qi, Health & Place 15 (2009).
    """
    if bands is not None and gaussian is not None:
        raise AccessError("bands and a Gaussian were both given; choose one")
    if bands is not None and not bands:
        raise AccessError("bands are empty; give upper edges with their weights, such as 10: 1, 20: 0.68")
    most = pairs.limit if limit is None else limit
    most = most if bands is None else min(most, max(bands))
    if most > pairs.limit:
        raise AccessError(
            f"the limit {most:g} is beyond the {pairs.limit:g} that was measured; measure further"
        )
    values, notes = read_weights(pairs.demand, [weight])
    supplied, more = read_weights(pairs.places, [capacity])
    near = pairs.table[pairs.table["cost"] <= most]
    cost = near["cost"].to_numpy()
    decay = np.ones(len(cost))
    if bands is not None:
        edges = np.array(sorted(bands))
        decay = np.array([bands[one] for one in edges])[np.searchsorted(edges, cost)]
    elif gaussian is not None:
        if not gaussian > 0:
            raise AccessError(f"the Gaussian's scale is {gaussian}; give a number above nought")
        decay = np.exp(-0.5 * (cost / gaussian) ** 2)
    place = pairs.places.index.get_indexer(near["place"])
    row = pairs.demand.index.get_indexer(near["demand"])
    people, supply = values[weight].to_numpy(), supplied[capacity].to_numpy()
    asked = np.bincount(place, people[row] * decay, minlength=len(supply))
    ratio = np.divide(supply, asked, out=np.zeros(len(supply)), where=asked > 0)
    access = np.bincount(row, ratio[place] * decay, minlength=len(people))
    idle = pairs.places.index[(asked == 0) & (supply > 0)]
    if len(idle):
        lost = supply[(asked == 0) & (supply > 0)].sum()
        far = f"within {most:g} {pairs.unit}"
        notes = (*notes, f"Nobody can reach {_named(idle)} {far}, with {lost:g} of the supply.")
    table = pd.DataFrame({"demand": pairs.demand.index, "limit": most, "weight": people, "access": access})
    how = _say_decay(bands, gaussian, pairs.unit)
    said = f"{capacity} shared among {weight}{how}. {pairs.said_within(most)}"
    return AccessTable(table, said, (*notes, *more))


def count_kinds(pairs: Pairs, kind: str, *, limit: float) -> AccessTable:
    """Count how many kinds of service each point of demand has within a limit.

    Parameters
    ----------
    pairs
        Measured to the limit or further: 20 minutes there and back, or 800 metres, is what a 20-minute
        neighbourhood usually means.
    kind
        Column of the places that says what each is.
    limit
        In the unit of the pairs.

    Returns
    -------
    AccessTable
        ``demand``, ``limit``, ``kinds`` (how many), ``of`` (how many there are at all) and ``lacking``
        (their names, a tuple: a name may hold a comma).
    """
    if kind not in pairs.places:
        raise AccessError(f"places have no column {kind!r}, only {', '.join(map(str, pairs.places))}")
    if limit > pairs.limit:
        raise AccessError(
            f"the limit {limit:g} is beyond the {pairs.limit:g} that was measured; measure further"
        )
    every = sorted(pairs.places[kind].dropna().astype(str).unique())
    near = pairs.table[pairs.table["cost"] <= limit]
    of = near["place"].map(pairs.places[kind].astype("str"))
    grid = pd.crosstab(near["demand"], of).reindex(index=pairs.demand.index, columns=every, fill_value=0) > 0
    names = np.array(every, dtype=object)
    table = pd.DataFrame(
        {
            "demand": pairs.demand.index,
            "limit": limit,
            "kinds": grid.sum(axis=1).to_numpy(),
            "of": len(every),
            "lacking": [tuple(names[~row]) for row in grid.to_numpy()],
        }
    )
    return AccessTable(table, pairs.said_within(limit))


def _say_decay(bands: Mapping[float, float] | None, gaussian: float | None, unit: Unit) -> str:
    if bands is not None:
        steps = ", ".join(f"{weight:g} to {edge:g} {unit}" for edge, weight in sorted(bands.items()))
        return f" with weights {steps}"
    return "" if gaussian is None else f" with a Gaussian of {gaussian:g} {unit}"


def _candidates(
    network: Network, travel: Travel, people: Snap, served: Snap, *, k: int, inward: bool
) -> pd.DataFrame:
    """Rows of demand, place and cost that hold the k nearest of every point of demand.

    Whatever is among the k nearest of a point on a street is among the k nearest of the end by which it
    is reached, or on the same street.
    """
    along = network.along(travel.profile, travel.speed_kmh)
    along = along[:, ::-1] if inward else along  # column 0: away from a place towards a second node
    ends = np.asarray(network.ends)
    on = np.flatnonzero(served.edge >= 0)
    edge, share, extra = served.edge[on], served.share[on], snap_cost(travel, served)[on]
    seeds = ends[edge].ravel().astype(np.int32)
    begin = np.stack([scale_share(share, along[edge, 1]), scale_share(1 - share, along[edge, 0])], axis=1)
    labels, costs = search_nearest(
        network.arcs(travel.profile, travel.speed_kmh, inward=inward),
        seeds,
        (begin + extra[:, None]).ravel(),
        np.repeat(on, 2).astype(np.int32),
        k=k,
    )
    mine = np.flatnonzero(people.edge >= 0)
    street, at, walk = people.edge[mine], people.share[mine], snap_cost(travel, people)[mine]
    pieces = []
    for side, last in ((0, scale_share(at, along[street, 0])), (1, scale_share(1 - at, along[street, 1]))):
        node = ends[street, side]
        total = costs[node] + (last + walk)[:, None]
        pieces.append((np.repeat(mine, k), labels[node].ravel(), total.ravel()))
    same = pd.DataFrame({"edge": street, "demand": mine, "at": at, "walk": walk}).merge(
        pd.DataFrame({"edge": edge, "place": on, "share": share, "extra": extra}), on="edge"
    )
    ahead = same["at"].to_numpy() >= same["share"].to_numpy()
    gap = np.abs(same["at"] - same["share"]).to_numpy()
    way = np.where(ahead, along[same["edge"], 0], along[same["edge"], 1])
    total = same["walk"] + same["extra"] + scale_share(gap, way)
    pieces.append((same["demand"].to_numpy(), same["place"].to_numpy(), total.to_numpy()))
    demand, place, cost = (np.concatenate(one) for one in zip(*pieces, strict=True))
    table = pd.DataFrame({"demand": demand, "place": place, "cost": cost})
    table = table[(table["place"] >= 0) & np.isfinite(table["cost"])]
    return table.groupby(["demand", "place"], as_index=False)["cost"].min()


def read_weights(frame: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Columns as numbers, nought where they are missing, and sentences about whom that leaves out.

    Raises
    ------
    AccessError
        A column is not there, holds no number at all, or is negative somewhere.
    """
    lacking = [name for name in names if name not in frame]
    if lacking:
        raise AccessError(f"there is no column {lacking[0]!r}, only {', '.join(map(str, frame))}")
    values = frame[list(names)].apply(pd.to_numeric, errors="coerce").astype(float)
    notes = []
    for name in names:
        if len(values) and values[name].isna().all():
            raise AccessError(
                f"{name} holds no number in any of {len(values)} rows, such as {frame[name].iloc[0]!r}; "
                f"give a column of numbers"
            )
        if (values[name] < 0).any():
            row = values.index[(values[name] < 0).to_numpy()][0]
            raise AccessError(f"{name} of {row} is {values[name][row]:g}; a weight cannot be negative")
        absent = values.index[values[name].isna().to_numpy()]
        if len(absent):
            notes.append(f"{name} is missing for {_named(absent)}, left out of every count.")
    return values.fillna(0.0), tuple(notes)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _named(names: pd.Index) -> str:
    few = ", ".join(str(one) for one in names[:5])
    return f"{len(names)}: {few}" + (" and others" if len(names) > 5 else "")
