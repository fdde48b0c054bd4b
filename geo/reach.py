"""How far one gets along the streets from a place, or who gets to it, within a limit.

The reach set, nodes and parts of streets, is the truth; a polygon round it is only its drawing. A
place meets the network at the nearest point of a street, the way there is walked and counted, and
streets are reached in part at both ends. Where the data stop, nothing is guessed: the result says
which places could have gone on beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import BNG
from geo.network import SNAP_FLAG_METRES, Network, Snap
from geo.reach_drawing import cut_lines, draw_around
from geo.reach_parts import cut_parts, find_stretches, scale_share, sum_node_costs
from geo.shortest import Engine, Floats, Found, search_within
from geo.travel import ReachError, Travel, Trip, Unit, check_travel, say_only, snap_cost


@dataclass(frozen=True)
class Reach:
    """What is within limits of places, along the streets.

    Parameters
    ----------
    network
        The streets.
    travel
        Profile, speed and direction.
    unit
        Of the limits.
    limits
        Ascending.
    origins
        One row a place, indexed as given: ``x``, ``y``, ``edge``, ``share``, ``snap_metres`` (walked and
        counted), ``snap_flagged`` (further than 250 m from a street), ``island`` and ``island_metres``
        (metres of street of the connected piece it is on; piece 0 is the main one).
    parts
        The reach set: one row a stretch of street, with ``origin``, ``limit``, ``edge``, ``start``,
        ``end`` (shares of the segment from its first node) and ``metres``.
    nodes
        ``origin``, ``node`` (row in the network) and ``cost`` (in the unit) up to the largest limit.
    summary
        One row a place and limit: ``metres`` of street, ``nodes``, ``beyond`` (could have gone on past
        where the data stop, so the true reach may be larger) and ``beyond_share`` (share of the nodes
        reached from which what is left of the limit goes past it).
    """

    network: Network
    travel: Travel
    unit: Unit
    limits: tuple[float, ...]
    origins: pd.DataFrame
    parts: pd.DataFrame
    nodes: pd.DataFrame
    summary: pd.DataFrame

    @property
    def said(self) -> str:
        """Everything a reader must be told, in a few sentences."""
        limits = ", ".join(f"{one:g}" for one in self.limits)
        snap = self.origins["snap_metres"]
        flagged, places = int(self.origins["snap_flagged"].sum()), len(self.origins)
        beyond = int(self.summary.loc[self.summary["limit"] == self.limits[-1], "beyond"].sum())
        extent = self.network.papers.get("extent", "unknown")
        walked = f"(median {snap.median():.0f} m, longest {snap.max():.0f} m)"
        sentences = [
            f"Within {limits} {self.unit}: {self.travel.said}.",
            f"Ways to the nearest street {walked} are walked and counted;",
            f"{flagged} of {places} places are over {SNAP_FLAG_METRES:.0f} m from any.",
            f"The limit goes past where the street data stop for {beyond} of {places} places,",
            f"whose reach may be larger than shown (extent of the data: {extent}).",
            f"Coordinates: {self.network.accuracy}.",
            say_only(self.travel.profile),
        ]
        return " ".join(sentences)


def find_reach(
    network: Network,
    places: pd.DataFrame,
    *,
    limits: Sequence[float],
    unit: Unit = "minutes",
    profile: str = "walk",
    speed_kmh: float | None = None,
    trip: Trip = "out",
    skip_islands_below: float = 0.0,
    engine: Engine = "auto",
) -> Reach:
    """Work out which streets are within limits of each place.

    Parameters
    ----------
    network
        Streets with the profile.
    places
        One row a place with eastings ``x`` and northings ``y`` (EPSG:27700); its index names the places
        and must not repeat. A GeoDataFrame of points in EPSG:27700 will do too.
    limits
        One or more, in the unit.
    unit
        ``minutes`` at the speed, with gradients, surfaces and crossings as the profile has them; or
        ``metres`` of street, whatever they are like.
    profile, speed_kmh, trip
        How one goes about; see `Travel`. Without a speed it is the profile's own: 4.8 km/h on foot.
    skip_islands_below
        Do not meet the network on disconnected pieces with fewer metres of street than this.
    engine
        See `geo.shortest.Engine`.

    Returns
    -------
    Reach
        A place further from any street than the limit has an empty reach and a row that says so.

    Raises
    ------
    ReachError
        No limit, a limit that is not above nought, or two places of one name.
    """
    travel = check_travel(network, profile, unit, speed_kmh, trip)
    wanted = sorted({float(one) for one in limits})
    if not wanted or not (wanted[0] > 0 and np.isfinite(wanted[-1])):
        raise ReachError(f"limits are {list(limits)}; give one or more numbers above nought")
    xy, index = place_xy(places)
    snap = network.snap(xy, profile, skip_islands_below=skip_islands_below)
    scale = 60.0 if unit == "minutes" else 1.0
    most = wanted[-1] * scale
    steps = []
    if trip in ("out", "return"):
        steps.append(_one_way(network, travel, snap, most, inward=False, engine=engine))
    if trip in ("in", "return"):
        steps.append(_one_way(network, travel, snap, most, inward=True, engine=engine))
    nodes = sum_node_costs(steps, network.nodes, most)
    stretches = find_stretches(network, travel, snap, nodes)
    parts: list[pd.DataFrame] = []
    rows: list[dict[str, Any]] = []
    origins = len(index)
    for limit in wanted:
        piece = cut_parts(network, stretches, limit * scale)
        piece.insert(1, "limit", limit)
        parts.append(piece)
        inside = nodes[nodes["cost"].to_numpy() <= limit * scale]
        reached = np.bincount(inside["origin"], minlength=origins)
        past = _beyond(network, travel, inside, limit * scale)
        gone = np.bincount(inside["origin"], past, minlength=origins)
        rows.append(
            {
                "origin": np.arange(origins),
                "limit": np.full(origins, limit),
                "metres": np.bincount(piece["origin"], piece["metres"], minlength=origins),
                "nodes": reached,
                "beyond": gone > 0,
                "beyond_share": np.divide(gone, reached, out=np.zeros(origins), where=reached > 0),
            }
        )
    summary = pd.DataFrame({name: np.concatenate([row[name] for row in rows]) for name in rows[0]})
    table = nodes.assign(cost=nodes["cost"] / scale)[["origin", "node", "cost"]]
    return Reach(
        network,
        travel,
        unit,
        tuple(wanted),
        _origins(network, profile, xy, snap, index),
        _named(pd.concat(parts, ignore_index=True), index),
        _named(table, index),
        _named(summary, index),
    )


def place_xy(places: pd.DataFrame) -> tuple[Floats, pd.Index]:
    """Eastings and northings of places and their names.

    Raises
    ------
    ReachError
        There are none, a name repeats, or there are no coordinates in EPSG:27700.
    """
    if not len(places):
        raise ReachError("there is no place; give at least one point")
    if not places.index.is_unique:
        twice = places.index[places.index.duplicated()][0]
        raise ReachError(f"two places are called {twice!r}; give every place a name of its own")
    if isinstance(places, gpd.GeoDataFrame):
        if places.crs is None or places.crs != BNG:
            raise ReachError(
                f"places are in {places.crs or 'no CRS'}, but streets are in {BNG}; "
                f"bring them there with geo.crs.to_bng first"
            )
        odd = places.geometry.geom_type != "Point"
        if odd.any():
            name = places.index[odd.to_numpy()][0]
            raise ReachError(f"place {name!r} is a {places.geometry[name].geom_type}; give points")
        return np.column_stack([places.geometry.x, places.geometry.y]), places.index
    if not {"x", "y"} <= set(places.columns):
        raise ReachError(f"places have columns {list(places.columns)}; x and y (metres of {BNG}) are needed")
    return places[["x", "y"]].to_numpy(float), places.index


def draw_reach(
    reach: Reach, *, width: float = 25.0, lines: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Draw the reach set as polygons: the streets reached and about `width` metres to either side.

    It is a drawing, true to a few metres. Whether somebody is inside is answered by the streets, not by
    the polygon, which may cover a back garden on the far side of a railway.

    Parameters
    ----------
    reach
        What was reached.
    width
        Metres.
    lines
        Its `reach_lines`, all of them and in their order, where they are at hand.

    Returns
    -------
    GeoDataFrame
        ``origin``, ``limit`` and polygons in EPSG:27700, one row for each that reaches anything.
    """
    parts = reach.parts
    shapes = _part_lines(reach) if lines is None else lines.geometry.to_numpy()
    first = _group_starts(parts)
    ends = np.append(first, len(parts))[1:]
    drawn = [draw_around(shapes[a:b], width) for a, b in zip(first, ends, strict=True)]
    frame = parts[["origin", "limit"]].iloc[first].reset_index(drop=True)
    return gpd.GeoDataFrame(frame, geometry=np.array(drawn, dtype=object), crs=BNG)


def draw_catchments(reach: Reach, *, width: float = 25.0) -> gpd.GeoDataFrame:
    """Draw what is within each limit of any of the places: contours of minutes around services.

    Parameters
    ----------
    reach
        Of all the places together; with `trip` ``in`` it is where people come from.
    width
        As `draw_reach` takes it.

    Returns
    -------
    GeoDataFrame
        ``limit``, ``places`` (how many have any street within it) and polygons in EPSG:27700, each
        holding those of smaller limits; largest first, so that a map draws the small ones on top.
    """
    lines, parts = _part_lines(reach), reach.parts
    limits, start, end = (parts[name].to_numpy() for name in ("limit", "start", "end"))
    rows: list[tuple[float, int]] = []
    drawn: list[shapely.Geometry] = []
    for limit in reach.limits:
        here = np.flatnonzero(limits == limit)
        if not len(here):
            continue
        # Streets that several places reach whole are drawn once.
        whole = (start[here] == 0) & (end[here] == 1)
        _, once = np.unique(parts["edge"].to_numpy()[here[whole]], return_index=True)
        shape = draw_around(lines[np.concatenate([here[whole][once], here[~whole]])], width)
        # Two drawings differ by some metres where their rasters do.
        drawn.append(shapely.union(shape, drawn[-1]) if drawn else shape)
        rows.append((limit, parts["origin"].iloc[here].nunique()))
    rows, drawn = rows[::-1], drawn[::-1]
    frame = pd.DataFrame(rows, columns=["limit", "places"])
    return gpd.GeoDataFrame(frame, geometry=np.array(drawn, dtype=object), crs=BNG)


def reach_lines(reach: Reach) -> gpd.GeoDataFrame:
    """Give the reach set as lines: `Reach.parts` with the stretch of street each row is, in EPSG:27700."""
    return gpd.GeoDataFrame(reach.parts.copy(), geometry=_part_lines(reach), crs=BNG)


def _part_lines(reach: Reach) -> NDArray[np.object_]:
    parts = reach.parts
    lines = reach.network.lines()[parts["edge"].to_numpy()]
    start, end = parts["start"].to_numpy(), parts["end"].to_numpy()
    partial = np.flatnonzero((start > 0) | (end < 1))
    if len(partial):
        lines[partial] = cut_lines(lines[partial], start[partial], end[partial])
    return lines


def _group_starts(parts: pd.DataFrame) -> NDArray[np.int64]:
    """Rows at which the parts of another origin or limit begin: they stand together."""
    origin, limit = pd.factorize(parts["origin"])[0], parts["limit"].to_numpy()
    new = (np.diff(origin, prepend=-1) != 0) | (np.diff(limit, prepend=-1.0) != 0)
    return np.flatnonzero(new)


def _origins(network: Network, profile: str, xy: Floats, snap: Snap, index: pd.Index) -> pd.DataFrame:
    piece = network.islands(profile)
    sizes = network.island_sizes(profile)["metres"].to_numpy()
    on = np.where(snap.edge >= 0, piece[network.ends[snap.edge, 0]], -1)
    return pd.DataFrame(
        {
            "x": xy[:, 0],
            "y": xy[:, 1],
            "edge": snap.edge,
            "share": snap.share,
            "snap_metres": snap.metres,
            "snap_flagged": snap.flagged,
            "island": on,
            "island_metres": np.where(on >= 0, sizes[on] if len(sizes) else 0.0, 0.0),
        },
        index=index,
    )


def _named(frame: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    return frame.assign(origin=index.to_numpy()[frame["origin"].to_numpy()])


def _one_way(
    network: Network, travel: Travel, snap: Snap, most: float, *, inward: bool, engine: Engine
) -> Found:
    arcs = network.arcs(travel.profile, travel.speed_kmh, inward=inward)
    along = network.along(travel.profile, travel.speed_kmh)
    if inward:
        along = along[:, ::-1]
    there = snap.edge >= 0
    edge = snap.edge[there]
    extra = snap_cost(travel, snap)[there]
    costs = np.stack(
        [
            extra + scale_share(snap.share[there], along[edge, 1]),
            extra + scale_share(1 - snap.share[there], along[edge, 0]),
        ],
        axis=1,
    )
    first = np.concatenate([[0], np.cumsum(2 * there)]).astype(np.int64)
    seeds = np.asarray(network.ends)[edge].ravel().astype(np.int32)
    return search_within(arcs, first, seeds, costs.ravel(), limit=most, engine=engine)


def _beyond(network: Network, travel: Travel, inside: pd.DataFrame, most: float) -> np.ndarray:
    """Nodes from which what is left of the limit goes past where the data stop, as the crow flies."""
    left = most - inside["cost"].to_numpy()
    metres = left / 3.6 * travel.speed_kmh if travel.speed_kmh is not None else left
    if travel.trip == "return":
        metres = metres / 2
    return np.asarray(network.to_boundary)[inside["node"].to_numpy()] <= metres
