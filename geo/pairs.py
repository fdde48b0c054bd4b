"""Travel between people and places along the streets: every cost within a limit, as pairs or a matrix.

Both meet the streets at their nearest point, and both ways there are walked and counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.errors import UserError
from geo.network import SNAP_FLAG_METRES, Network, Snap
from geo.reach import place_xy
from geo.shortest import Engine, Floats, Found, search_pairs
from geo.travel import Travel, Trip, Unit, check_travel, say_only, snap_cost


class AccessError(UserError, ValueError):
    """Weights, capacities or groups that access cannot be worked out with."""


@dataclass(frozen=True)
class Pairs:
    """Costs of travel between demand and places, as far as a limit.

    Parameters
    ----------
    travel, unit, limit
        How one goes about; unit of the costs and of the limit (which may be infinite).
    demand, places
        As given, with ``snap_metres``, ``snap_flagged``, ``island`` and, for demand, ``boundary_metres``
        (at least so far, as the crow flies, to where the street data stop).
    table
        One row a pair within the limit: ``demand``, ``place`` (names from the two indices) and ``cost``;
        sorted by place in its order, then demand in its own.
    accuracy, extent
        Of the network, in words.
    """

    travel: Travel
    unit: Unit
    limit: float
    demand: pd.DataFrame
    places: pd.DataFrame
    table: pd.DataFrame
    accuracy: str
    extent: str

    @property
    def said(self) -> str:
        """Everything a reader must be told."""
        return say_pairs(self.travel, self.demand, self.places, self.accuracy, self.extent)

    def said_within(self, limit: float) -> str:
        """Everything a reader must be told of what is within a limit, which is said first."""
        return f"Within {limit:g} {self.unit}: {self.said}"

    def matrix(self) -> pd.DataFrame:
        """Costs as a full table, a row for each demand and a column for each place.

        Returns
        -------
        DataFrame of float
            Infinite where there is no way within the limit: what `geo.siting` takes.
        """
        full = np.full((len(self.demand), len(self.places)), np.inf)
        row = self.demand.index.get_indexer(self.table["demand"])
        column = self.places.index.get_indexer(self.table["place"])
        full[row, column] = self.table["cost"].to_numpy()
        return pd.DataFrame(full, index=self.demand.index, columns=self.places.index)


def measure_pairs(
    network: Network,
    demand: pd.DataFrame,
    places: pd.DataFrame,
    *,
    limit: float = np.inf,
    unit: Unit = "minutes",
    profile: str = "walk",
    speed_kmh: float | None = None,
    trip: Trip = "out",
    skip_islands_below: float = 0.0,
    engine: Engine = "auto",
) -> Pairs:
    """Measure travel between demand and places along the streets.

    Parameters
    ----------
    network
        Streets with the profile.
    demand, places
        Points as `geo.reach.find_reach` takes them; the index names them.
    limit, unit
        Pairs costlier than this are left out.
    profile, speed_kmh
        How one goes about; without a speed the profile's own.
    trip
        ``out``: from demand to place; ``in``: from place to demand; ``return``: there and back.
    skip_islands_below
        Metres of street; see `geo.network.Network.snap`.
    engine
        See `geo.shortest.Engine`.
    """
    travel = check_travel(network, profile, unit, speed_kmh, trip)
    if not limit > 0:
        raise AccessError(f"the limit is {limit}; give a number above nought")
    scale = 60.0 if unit == "minutes" else 1.0
    people = meet_streets(network, demand, profile, skip_islands_below)
    facing = meet_streets(network, places, profile, skip_islands_below)
    tables = [
        pd.DataFrame({"place": found.origin, "demand": found.item, "cost": found.cost / scale})
        for found in _search(network, travel, people.snap, facing.snap, limit * scale, engine)
    ]
    table = tables[0]
    if len(tables) == 2:
        table = tables[0].merge(tables[1], on=["place", "demand"], suffixes=("", "_back"))
        table = table.assign(cost=table["cost"] + table["cost_back"]).drop(columns="cost_back")
        table = table[table["cost"] <= limit]
    table = table.sort_values(["place", "demand"], ignore_index=True)
    return Pairs(
        travel,
        unit,
        float(limit),
        people.frame,
        facing.frame,
        pd.DataFrame(
            {
                "demand": people.frame.index.to_numpy()[table["demand"].to_numpy(int)],
                "place": facing.frame.index.to_numpy()[table["place"].to_numpy(int)],
                "cost": table["cost"].to_numpy(),
            }
        ),
        network.accuracy,
        network.papers.get("extent", "unknown"),
    )


def measure_costs(
    network: Network,
    demand: pd.DataFrame,
    places: pd.DataFrame,
    *,
    limit: float = np.inf,
    unit: Unit = "minutes",
    profile: str = "walk",
    speed_kmh: float | None = None,
    trip: Trip = "out",
    skip_islands_below: float = 0.0,
    engine: Engine = "auto",
) -> tuple[Floats, Snap]:
    """Measure as `measure_pairs` does, for a caller in a hurry who has the tables already.

    Returns
    -------
    costs : array of float, shape (demand, places)
        Infinite where there is no way within the limit.
    snap : Snap
        Where demand meets the streets.
    """
    travel = check_travel(network, profile, unit, speed_kmh, trip)
    if not limit > 0:
        raise AccessError(f"the limit is {limit}; give a number above nought")
    scale = 60.0 if unit == "minutes" else 1.0
    people, facing = (
        network.snap(place_xy(points)[0], profile, skip_islands_below=skip_islands_below)
        for points in (demand, places)
    )
    total = np.zeros((len(demand), len(places)))
    for found in _search(network, travel, people, facing, limit * scale, engine):
        costs = np.full_like(total, np.inf)
        costs[found.item, found.origin] = found.cost / scale
        total += costs
    return np.where(total <= limit, total, np.inf), people


def _search(
    network: Network, travel: Travel, people: Snap, facing: Snap, limit: float, engine: Engine
) -> list[Found]:
    """Search each way that the trip has, from the places, which are fewer: rows of demand for each place."""
    turns: dict[Trip, list[bool]] = {"out": [True], "in": [False], "return": [True, False]}
    rows = []
    for inward in turns[travel.trip]:  # to a place is outwards on streets turned about
        along = network.along(travel.profile, travel.speed_kmh)
        rows.append(
            search_pairs(
                network.arcs(travel.profile, travel.speed_kmh, inward=inward),
                np.array(network.ends),
                np.ascontiguousarray(along[:, ::-1] if inward else along),
                _point(facing, travel),
                _point(people, travel),
                limit=limit,
                engine=engine,
            )
        )
    return rows


def check_limit(pairs: Pairs, limit: float) -> None:
    """Refuse a limit beyond what was measured.

    Raises
    ------
    AccessError
        Saying how far was measured.
    """
    if limit > pairs.limit:
        raise AccessError(
            f"the limit {limit:g} is beyond the {pairs.limit:g} that was measured: measure further"
        )


@dataclass(frozen=True)
class Met:
    """Points with where they meet the streets."""

    frame: pd.DataFrame
    snap: Snap


def meet_streets(network: Network, points: pd.DataFrame, profile: str, skip_islands_below: float) -> Met:
    """Bring points to the streets, keeping their columns; see `Pairs` for those that are added."""
    xy, index = place_xy(points)
    snap = network.snap(xy, profile, skip_islands_below=skip_islands_below)
    island = np.where(snap.edge >= 0, network.islands(profile)[network.ends[snap.edge, 0]], -1)
    # Distance changes by no more than one moves, so this is at least how far the data's edge is.
    ends = np.asarray(network.ends)[np.maximum(snap.edge, 0)]
    away = np.hypot(*(network.xy[ends] - xy[:, None, :]).transpose(2, 0, 1))
    boundary = np.maximum((np.asarray(network.to_boundary)[ends] - away).max(axis=1), 0.0)
    plain = pd.DataFrame(points.drop(columns="geometry", errors="ignore"))
    frame = plain.assign(
        snap_metres=snap.metres,
        snap_flagged=snap.flagged,
        island=island,
        boundary_metres=np.where(snap.edge >= 0, boundary, 0.0),
    )
    frame.index = index
    return Met(frame, snap)


def _point(snap: Snap, travel: Travel) -> tuple[np.ndarray, Floats, Floats]:
    return snap.edge, snap.share, np.nan_to_num(snap_cost(travel, snap), nan=np.inf)


def say_pairs(travel: Travel, demand: pd.DataFrame, places: pd.DataFrame, accuracy: str, extent: str) -> str:
    """Say how one goes about, how far people and places are from the streets, and where the data stop."""
    trip = {"out": "from people to places", "in": "from places to people", "return": "there and back"}
    flagged, lost = int(demand["snap_flagged"].sum()), int(places["snap_flagged"].sum())
    sentences = [
        f"{travel.pace}, {trip[travel.trip]}.",
        f"Ways to the nearest street are walked and counted (median {demand['snap_metres'].median():.0f} m);",
        f"over {SNAP_FLAG_METRES:.0f} m from any: {flagged} of {len(demand)} points of demand,",
        f"{lost} of {len(places)} places.",
        f"Where the street data stop: {extent}.",
        f"Coordinates: {accuracy}.",
        say_only(travel.profile),
    ]
    return " ".join(sentences)
