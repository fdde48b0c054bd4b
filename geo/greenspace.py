"""Greenspace by where one gets in: entrances on the streets, and Natural England's criteria along them.

The middle of a park is nobody's way in. An entrance is what its publisher names as one; else where a
street that may be used crosses or touches the boundary; where none does, the nearest point of a street
that passes within a few metres.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.access import AccessTable, count_within
from geo.crs import BNG, CrsError
from geo.network import Network, NetworkError
from geo.pairs import measure_pairs
from geo.travel import Trip

#: A street passing this close to a boundary leads in, where none crosses it.
BESIDE_METRES = 15.0


@dataclass(frozen=True)
class Standard:
    """A size and proximity criterion: a space of so many hectares within so many metres."""

    id: str
    label: str
    hectares: float
    metres: float


def read_standards() -> tuple[Standard, ...]:
    """Natural England's size and proximity criteria, from ``greenspace.toml``."""
    table = tomllib.loads(files("geo").joinpath("greenspace.toml").read_text(encoding="utf-8"))
    return tuple(
        Standard(one["id"], one["label"], float(one["hectares"]), float(one["metres"]))
        for one in table["standard"]
    )


def find_entrances(
    network: Network,
    spaces: gpd.GeoDataFrame,
    *,
    profile: str = "walk",
    beside: float = BESIDE_METRES,
    published: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Find where one gets into spaces from the streets.

    Parameters
    ----------
    network
        Streets with the profile.
    spaces
        Polygons in EPSG:27700; the index names them. Ones that overlap stay apart: dissolve them first
        if they are one space to a visitor.
    profile
        Streets it may not use lead nowhere.
    beside
        Metres; see `BESIDE_METRES`.
    published
        Entrances that a publisher names: points in EPSG:27700 with a column ``space`` of the index of
        `spaces`. A space that has any is entered there and nowhere else; rows of other spaces count
        for nothing.

    Returns
    -------
    GeoDataFrame
        Points in EPSG:27700, one row an entrance: ``space``, ``hectares`` (of the space) and ``how``
        (``published``, ``crossed`` or ``beside``). A space that no street comes near has no row.

    Raises
    ------
    CrsError
        The spaces are not in EPSG:27700.
    NetworkError
        A space is not a polygon.
    """
    if spaces.crs is None or spaces.crs != BNG:
        raise CrsError(
            f"greenspaces are in {spaces.crs or 'no CRS'}, but streets are in {BNG}; use geo.crs.to_bng"
        )
    odd = ~spaces.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    if odd.any():
        name = spaces.index[odd.to_numpy()][0]
        raise NetworkError(f"greenspace {name!r} is a {spaces.geometry[name].geom_type}; give polygons")
    if published is not None:
        return _with_published(network, spaces, published, profile=profile, beside=beside)
    shapes = shapely.make_valid(spaces.geometry.to_numpy())
    lines = network.lines()[network.usable(profile)]
    tree = shapely.STRtree(lines)
    rings = shapely.boundary(shapes)
    of, street = tree.query(rings, predicate="intersects")
    cut = shapely.intersection(rings[of], lines[street])
    points, part = shapely.get_coordinates(cut, return_index=True)
    space, how = of[part], np.full(len(part), "crossed", dtype=object)
    without = np.setdiff1d(np.arange(len(shapes)), of)
    near, passing = tree.query(shapes[without], predicate="dwithin", distance=beside)
    link = shapely.shortest_line(lines[passing], shapes[without][near])
    touch = shapely.get_coordinates(shapely.get_point(link, 0))
    every = pd.DataFrame(
        {
            "space": np.concatenate([space, without[near]]),
            "how": np.concatenate([how, np.full(len(near), "beside", dtype=object)]),
            "x": np.round(np.concatenate([points[:, 0], touch[:, 0]]), 2),
            "y": np.round(np.concatenate([points[:, 1], touch[:, 1]]), 2),
        }
    )
    every = every.drop_duplicates().sort_values(["space", "x", "y"], ignore_index=True)
    hectares = shapely.area(shapes) / 10_000
    frame = pd.DataFrame(
        {
            "space": spaces.index.to_numpy()[every["space"]],
            "hectares": hectares[every["space"]],
            "how": every["how"].astype("str"),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(every["x"], every["y"]), crs=BNG)


def _with_published(
    network: Network, spaces: gpd.GeoDataFrame, published: gpd.GeoDataFrame, *, profile: str, beside: float
) -> gpd.GeoDataFrame:
    if published.crs is None or published.crs != BNG:
        raise CrsError(
            f"entrances are in {published.crs or 'no CRS'}, but streets are in {BNG}; use geo.crs.to_bng"
        )
    known = published[published["space"].isin(spaces.index)]
    hectares = pd.Series(
        shapely.area(shapely.make_valid(spaces.geometry.to_numpy())) / 10_000, index=spaces.index
    )
    named = gpd.GeoDataFrame(
        {
            "space": known["space"].to_numpy(),
            "hectares": hectares.reindex(known["space"]).to_numpy(),
            "how": np.full(len(known), "published"),
        },
        geometry=known.geometry.to_numpy(),
        crs=BNG,
    )
    without = spaces[~spaces.index.isin(known["space"])]
    if without.empty:
        return named
    found = find_entrances(network, without, profile=profile, beside=beside)
    return gpd.GeoDataFrame(pd.concat([named, found], ignore_index=True), crs=BNG)


def judge_greenspace(
    network: Network,
    demand: pd.DataFrame,
    spaces: gpd.GeoDataFrame,
    weights: Sequence[str],
    *,
    profile: str = "walk",
    trip: Trip = "out",
    skip_islands_below: float = 0.0,
    standards: Sequence[Standard] | None = None,
    published: gpd.GeoDataFrame | None = None,
) -> AccessTable:
    """Count people who have a greenspace of each size within its distance along the streets.

    Parameters
    ----------
    network, demand, spaces, weights
        Streets with the profile; points of people with their weights; polygons in EPSG:27700.
    profile, trip, skip_islands_below
        As for `geo.pairs.measure_pairs`. The distances are of one way: ``return`` holds there and back to
        them.
    standards
        Natural England's, or others.
    published
        Entrances that a publisher names, as for `find_entrances`.

    Returns
    -------
    AccessTable
        ``standard``, ``label``, ``hectares``, ``metres``, ``weight``, ``count``, ``total``, ``share``, and
        ``beyond_share`` as `geo.access.count_within` gives it. The notes name spaces without entrance.
    """
    entrances = find_entrances(network, spaces, profile=profile, published=published)
    rows, said = [], ""
    hectares = pd.Series(shapely.area(spaces.geometry.to_numpy()) / 10_000, index=spaces.index)
    closed = spaces.index[~spaces.index.isin(entrances["space"]) & (hectares >= 0.5).to_numpy()]
    notes = (
        [f"No street comes to {len(closed)} of {len(spaces)} spaces, half a hectare or more: not counted."]
        if len(closed)
        else []
    )
    for one in read_standards() if standards is None else standards:
        doors = entrances[entrances["hectares"] >= one.hectares].reset_index(drop=True)
        if doors.empty:
            notes.append(f"No space of {one.hectares:g} hectares has an entrance.")
            continue
        pairs = measure_pairs(
            network, demand, doors, limit=one.metres, unit="metres", profile=profile, trip=trip,
            skip_islands_below=skip_islands_below,
        )  # fmt: skip
        counted = count_within(pairs, weights, limits=[one.metres])
        said = counted.said
        part = counted.table.drop(columns=["place", "limit"])
        part.insert(0, "metres", one.metres)
        part.insert(0, "hectares", one.hectares)
        part.insert(0, "label", one.label)
        part.insert(0, "standard", one.id)
        rows.append(part)
        notes += [note for note in counted.notes if note not in notes]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
    return AccessTable(
        table, f"{said} Along the streets to an entrance, not in a straight line.", tuple(notes)
    )
