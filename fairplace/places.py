"""Points, lines and streets of one authority that may be public: what maps show besides areas."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from fairplace.disclosure import STREET_SOURCES
from fairplace.spine import Spine
from fairplace.walking import ENTRANCES
from geo.open_roads import SAID as OPEN_ROADS_SAID
from geo.source import Source
from geo.terrain import MARGIN, join_tiles, write_terrain
from layers.backdrop import read_backdrop
from layers.catalogue import describe_source
from layers.greenspace import read_greenspace
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
NO_STREETS = (
    "a street network (OpenStreetMap extract, or OS Open Roads) of this place, so there are no walking times"
)
NO_HEIGHTS = "heights (OS Terrain 50) of this place, so streets are taken as level"
NO_GREEN = "green space (OS Open Greenspace, or an OpenStreetMap extract) of this place"


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
    green = _greenspace(holdings, spine, sources, notes)
    if green is not None:
        lines = {**lines, "green": green[0]}
        if len(green[1]):
            points[ENTRANCES] = green[1]
    elif "green" not in lines:
        missing.append(NO_GREEN)
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


def _greenspace(
    holdings: Holdings, spine: Spine, sources: list[Source], notes: list[str]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame] | None:
    """Read parks and the ways into them, as a pack keeps them; None where they are not held."""
    path = holdings.look("os_open_greenspace", spine.authority).path
    if path is None:
        return None
    west, south, east, north = spine.boundaries["lad25"].areas.total_bounds
    box = (west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN)
    found = read_greenspace(path, box=box)
    sources.append(found.source)
    notes += [f"{found.source.title}: {note}" for note in found.notes]
    sites = found.sites.rename_axis("space").reset_index()[["space", "name", "geometry"]]
    doors = found.entrances.rename_axis("id").reset_index()
    doors = doors.rename(columns={"access": "kind"}).assign(
        name=doors["space"].map(found.sites["name"]).astype("str"), placed="as published"
    )
    return sites, doors[[*KEPT, "space", "geometry"]]


def _streets(
    holdings: Holdings, spine: Spine, sources: list[Source], notes: list[str], missing: list[str]
) -> tuple[dict[str, gpd.GeoDataFrame], dict[str, Any]]:
    """Read OpenStreetMap's streets, else Ordnance Survey's roads, with slopes where heights are held."""
    boundaries = spine.boundaries["lad25"].areas.geometry
    # Imported here because reading streets needs numba, which most commands can do without.
    from geo.network_sources import read_streets

    west, south, east, north = boundaries.total_bounds
    around = shapely.box(west - MARGIN, south - MARGIN, east + MARGIN, north + MARGIN)
    # An extract of OpenStreetMap is taken whole; the roads of Great Britain are cut to the place.
    for key, extent in zip(STREET_SOURCES, (None, around), strict=True):
        held = holdings.look(key, spine.authority)
        if held.path is None:
            continue
        source = describe_source(key, held.path)
        with _heights(holdings, spine, around) as heights:
            network = read_streets(held.path, elevation=heights, extent=extent, edition=source.edition)
        x, y = network.xy[:, 0], network.xy[:, 1]
        within = float(np.mean(shapely.contains_xy(boundaries.iloc[0], x, y)))
        # An extract of another town may have some streets here; a product of Great Britain is cut to here.
        if within < (0.2 if extent is None else 1e-9):
            notes.append(f"{held.path.name} holds streets of another place, so it was left out")
            continue
        sources.append(source)
        notes.append(f"{source.title}: {len(network.xy):,} nodes of streets and paths")
        if extent is not None:
            notes.append(f"{source.title}: {OPEN_ROADS_SAID}")
        terrain = holdings.look("terrain50", spine.authority).path
        if terrain is None:
            missing.append(NO_HEIGHTS)
        else:
            sources.append(describe_source("terrain50", terrain))
        backdrop = (
            read_backdrop(held.path, around=boundaries)
            if held.path.name.lower().endswith((".osm", ".pbf"))
            else {}
        )
        return backdrop, {"streets": network}
    missing.append(NO_STREETS)
    return {}, {}


@contextmanager
def _heights(holdings: Holdings, spine: Spine, around: shapely.Geometry) -> Iterator[Path | None]:
    """Give a raster of heights: the one held, or tiles as published, joined for as long as they are read."""
    path = holdings.look("terrain50", spine.authority).path
    if path is None or path.suffix.lower() != ".zip":
        yield path
        return
    west, south, east, north = (float(side) for side in around.bounds)
    with tempfile.TemporaryDirectory(prefix="fairplace-heights-") as folder:
        joined = Path(folder) / f"{path.stem}.tif"
        write_terrain(join_tiles(path, (west, south, east, north), margin=0), joined)
        yield joined
