"""Points, lines and streets of one authority that may be public: what maps show besides areas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from fairplace.spine import Spine
from geo.source import Source
from layers.backdrop import read_backdrop
from layers.catalogue import describe_source
from layers.holdings import Holdings
from layers.points import Points
from layers.postcodes import postcode_places, read_postcodes
from layers.services import read_libraries, read_nhs, read_schools, read_stations

#: Name in the pack -> (data set, its reader).
POINTS: dict[str, tuple[str, Callable[..., Points]]] = {
    "gp_practices": ("nhs_gp", read_nhs),
    "pharmacies": ("nhs_pharmacy", read_nhs),
    "dental_practices": ("nhs_dental", read_nhs),
    "libraries": ("libraries", read_libraries),
    "schools": ("schools", read_schools),
    "stations": ("stations", read_stations),
    "postcodes": ("codepoint_open", read_postcodes),
}
#: What a pack keeps of each point; everything else of the file stays behind.
KEPT = ("id", "name", "kind", "placed")


@dataclass(frozen=True)
class Places:
    """What of an authority lies beside its areas.

    Parameters
    ----------
    points, lines
        Name -> GeoDataFrame in EPSG:27700.
    networks
        Name -> street network.
    sources
        Papers of what was read.
    notes, missing
        What was found, and what was not held.
    """

    points: Mapping[str, gpd.GeoDataFrame]
    lines: Mapping[str, gpd.GeoDataFrame]
    networks: Mapping[str, Any]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]


def read_places(holdings: Holdings, spine: Spine) -> Places:
    """Read points and streets of an authority.

    Points that are closed, terminated or outside the district are left out, with a count.
    """
    outline = spine.boundaries["lad25"].areas.geometry.iloc[0]
    shapely.prepare(outline)
    points: dict[str, gpd.GeoDataFrame] = {}
    sources: list[Source] = []
    notes: list[str] = []
    missing: list[str] = []
    held_postcodes = holdings.look("codepoint_open", spine.authority).path
    by_postcode = postcode_places(read_postcodes(held_postcodes)) if held_postcodes else {}
    for name, (key, read) in POINTS.items():
        held = holdings.look(key, spine.authority)
        if held.path is None:
            missing.append(held.dataset.title)
            continue
        # What the NHS publishes has postcodes and no coordinates.
        found = read(held.path, places=by_postcode) if read is read_nhs else read(held.path)
        frame, note = _inside(found, outline)
        if frame.empty:
            missing.append(f"{held.dataset.title} (the file held has none in {spine.name})")
            continue
        points[name] = frame
        sources.append(found.source)
        notes.append(f"{found.source.title}: {note}")
    lines, networks = _streets(holdings, spine, sources, notes, missing)
    return Places(points, lines, networks, tuple(sources), tuple(notes), tuple(missing))


def _inside(found: Points, outline: shapely.Geometry) -> tuple[gpd.GeoDataFrame, str]:
    current = found.open.frame
    inside = shapely.contains_properly(outline, current.geometry.to_numpy()) | shapely.intersects(
        outline, current.geometry.to_numpy()
    )
    kept = current.loc[inside, [*KEPT, "geometry"]].sort_values("id", ignore_index=True)
    closed = len(found.frame) - len(current)
    note = f"{len(kept)} placed in the district"
    if closed:
        note += f"; {closed} closed or terminated"
    if len(current) - len(kept):
        note += f"; {len(current) - len(kept)} outside"
    return kept, note


def _streets(
    holdings: Holdings, spine: Spine, sources: list[Source], notes: list[str], missing: list[str]
) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, Any]]:
    held = holdings.look("osm_streets", spine.authority)
    outline = spine.boundaries["lad25"].areas.geometry.iloc[0]
    if held.path is None:
        missing.append(
            "a street network (OpenStreetMap extract) of this place, so there are no walking times"
        )
        return {}, {}
    # Imported here because reading streets needs numba, which most commands can do without.
    from geo.network_sources import read_streets

    heights = holdings.look("terrain50", spine.authority).path
    network = read_streets(held.path, elevation=heights, edition=held.dataset.edition)
    x, y = network.xy[:, 0], network.xy[:, 1]
    within = float(np.mean(shapely.contains_xy(outline, x, y)))
    if within < 0.2:
        missing.append(
            "a street network (OpenStreetMap extract) of this place, so there are no walking times"
        )
        notes.append(f"{held.path.name} holds streets of another place, so it was left out")
        return {}, {}
    source = describe_source("osm_streets", held.path)
    sources.append(source)
    notes.append(f"{source.title}: {len(network.xy):,} nodes of streets and paths")
    backdrop = (
        read_backdrop(held.path, around=spine.boundaries["lad25"].areas.geometry)
        if held.path.name.lower().endswith((".osm", ".pbf"))
        else {}
    )
    return backdrop, {"streets": network}
