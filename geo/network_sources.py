"""Streets from where they are published: OpenStreetMap files, saved graphs, files of lines, or online.

Every reader ends at a `Network` in British National Grid, measured for the profiles asked for. Offline:
``.osm.pbf`` and ``.osm`` (by osmium), GraphML as OSMnx saves it, GeoPackage, GeoParquet and whatever
else holds lines. Online: a place by name, through OSMnx.
"""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ET
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import BNG, lonlat_to_bng, shift, to_bng
from geo.gradient import read_grades
from geo.network import Network, NetworkError
from geo.network_building import build_network
from geo.open_roads import PAPERS as OPEN_ROADS
from geo.open_roads import SAID as OPEN_ROADS_SAID
from geo.open_roads import is_open_roads, roads_layer, tags_of
from geo.profiles import STANDARD, measure_profiles, road_class
from geo.shortest import Floats
from geo.vector import layer_names, read_layer

if TYPE_CHECKING:
    import networkx as nx

#: What is kept of what OpenStreetMap says of a street: what the rules ask for, and its name.
TAGS = (
    "highway", "name", "ref", "surface", "smoothness", "lit", "width", "oneway", "oneway:bicycle",
    "oneway:foot", "cycleway", "cycleway:both", "cycleway:left", "cycleway:right", "footway", "sidewalk",
    "foot", "bicycle", "access", "incline", "kerb", "barrier", "crossing", "maxspeed", "lanes", "tunnel",
    "bridge", "junction", "wheelchair", "ramp:wheelchair", "segregated", "service",
)  # fmt: skip
_NODE_TAGS = ("barrier", "kerb", "crossing")
# Columns beside the tags: the source's way, and of each barrier that was a point, how much of it is here.
_WAY, _BARRIER_SHARES = "way", "barrier_shares"
_OSM = ("OpenStreetMap contributors", "ODbL 1.0", "share-alike")


def read_streets(
    path: Path,
    *,
    profiles: Iterable[str] = STANDARD,
    elevation: Path | None = None,
    extent: shapely.Geometry | None = None,
    layer: str | None = None,
    crs: str | None = None,
    edition: str = "",
) -> Network:
    """Read a street network from a file, whatever its form.

    Parameters
    ----------
    path
        ``.osm.pbf``, ``.pbf``, ``.osm``, ``.osm.gz``, ``.osm.bz2``, ``.graphml``, ``.parquet``, or lines
        in a form that GDAL reads.
    profiles
        Ways of going about to measure; see `geo.profiles`.
    elevation
        Raster of heights in EPSG:27700, for gradients; None: streets are taken as level.
    extent
        Polygon in EPSG:27700 within which the file is complete; None: the convex hull is taken and said.
    layer, crs
        Of a file of lines: which, where it holds several; what its coordinates are, where it does not say.
    edition
        Date or release, for the papers.

    Raises
    ------
    NetworkError
        The file is missing, cut short, of another kind, or holds no street.
    CrsError
        Lines without a CRS, or outside England's grid.
    """
    path = Path(path)
    if not path.is_file():
        raise NetworkError(f"{path} is not there; give a file of streets")
    name = path.name.lower()
    if name.endswith((".pbf", ".osm", ".osm.gz", ".osm.bz2")):
        network = read_osm(path, extent=extent, edition=edition)
    elif name.endswith(".graphml"):
        network = read_graphml(path, extent=extent, edition=edition)
    else:
        network = read_lines(path, extent=extent, layer=layer, crs=crs, edition=edition)
    return _measure(network, profiles, elevation)


def _measure(network: Network, profiles: Iterable[str], elevation: Path | None) -> Network:
    grades = None if elevation is None else read_grades(network, elevation)
    return measure_profiles(network, profiles, grades=grades)


def _papers(path: Path, edition: str, *, osm: bool) -> dict[str, str]:
    papers = {"source": path.name, "edition": edition}
    if osm:
        papers |= dict(zip(("publisher", "licence", "licence class"), _OSM, strict=True))
    return papers


def read_osm(path: Path, *, extent: shapely.Geometry | None = None, edition: str = "") -> Network:
    """Read every way with a ``highway`` from an OpenStreetMap file, cut at junctions.

    Barriers, kerbs and crossings that are points on a way are given to the segment they lie on, or to the
    two that meet there; at a junction of three or more only a crossing, to the ways drawn as one.

    Returns
    -------
    Network
        With tags, ``way`` (its number), ``barrier_shares`` (see `geo.profiles.weigh`) and the profile
        ``plain``: measure it with `geo.profiles.measure_profiles`.

    Raises
    ------
    NetworkError
        The file is cut short or damaged, refers to points it lacks, or holds no street.
    """
    import osmium

    refs, lons, lats = array("q"), array("d"), array("d")
    lengths: list[int] = []
    rows: list[dict[str, str]] = []
    ids: list[int] = []
    points: dict[int, dict[str, str]] = {}
    lost = 0
    try:
        reader = (
            osmium.FileProcessor(str(path))
            .with_locations()
            .with_filter(osmium.filter.KeyFilter("highway", *_NODE_TAGS))
        )
        one: Any
        for one in reader:
            if one.is_node():
                points[one.id] = {key: one.tags[key] for key in _NODE_TAGS if key in one.tags}
            elif one.is_way() and "highway" in one.tags and one.tags.get("area") != "yes":
                count = 0
                for node in one.nodes:
                    if not node.location.valid():
                        lost += 1
                        continue
                    refs.append(node.ref)
                    lons.append(node.lon)
                    lats.append(node.lat)
                    count += 1
                lengths.append(count)
                ids.append(one.id)
                rows.append({key: one.tags[key] for key in TAGS if key in one.tags})
    except (RuntimeError, ValueError, OSError) as error:
        raise NetworkError(
            f"{path.name} cannot be read to its end ({error}); it is cut short or damaged: fetch it again"
        ) from error
    if not rows:
        raise NetworkError(
            f"{path.name} holds no way with a highway tag; it is no street extract, or was cut "
            "short: fetch it again"
        )
    if lost > 0.01 * max(len(refs), 1):
        raise NetworkError(
            f"{path.name} lacks {lost} of the {lost + len(refs)} points its streets are made of; it is cut "
            f"short, or was extracted without complete ways: fetch it again"
        )
    frame = _cut_at_junctions(
        np.frombuffer(refs, np.int64),
        np.column_stack(lonlat_to_bng(np.frombuffer(lons), np.frombuffer(lats))),
        np.array(lengths),
        pd.DataFrame(rows, columns=list(TAGS), dtype="str").assign(**{_WAY: ids}),
        points,
    )
    papers = _papers(path, edition, osm=True)
    if lost:
        papers["points lacking"] = str(lost)
    return build_network(frame, where=path.name, extent=extent, papers=papers, accuracy=shift().accuracy)


def _cut_at_junctions(
    refs: np.ndarray,
    xy: Floats,
    lengths: np.ndarray,
    tags: pd.DataFrame,
    points: Mapping[int, dict[str, str]],
) -> gpd.GeoDataFrame:
    """Ways as segments between the points that they share, end at, or come back to."""
    way = np.repeat(np.arange(len(lengths)), lengths)
    _, code, times = np.unique(refs, return_inverse=True, return_counts=True)
    begin = np.concatenate([[True], way[1:] != way[:-1]])
    end = np.concatenate([begin[1:], [True]])
    knot = begin | end | (times[code] > 1)
    at = np.flatnonzero(knot)
    first, last = at[:-1], at[1:]
    same = way[first] == way[last]
    first, last = first[same], last[same]
    count = last - first + 1
    offset = np.cumsum(count) - count
    segment = np.repeat(np.arange(len(first)), count)
    rows = np.arange(len(segment)) - np.repeat(offset, count) + np.repeat(first, count)
    frame = tags.iloc[way[first]].reset_index(drop=True)
    frame = frame.assign(u=refs[first], v=refs[last])
    if points:
        meeting = np.bincount(code[first], minlength=len(times)) + np.bincount(
            code[last], minlength=len(times)
        )
        frame = _with_points(frame, segment, refs[rows], meeting[code][rows], points)
    lines = shapely.linestrings(xy[rows], indices=segment)
    return gpd.GeoDataFrame(frame, geometry=lines, crs=BNG)


def _with_points(
    frame: pd.DataFrame,
    segment: np.ndarray,
    refs: np.ndarray,
    meeting: np.ndarray,
    points: Mapping[int, dict[str, str]],
) -> pd.DataFrame:
    """Give what is said of points to the segments, of which `meeting` ends meet at a point (0 along one)."""
    marked = np.isin(refs, np.fromiter(points, np.int64, len(points)))
    crosses = (frame["footway"] == "crossing").to_numpy()[segment]
    extra: dict[str, dict[int, list[str]]] = {key: {} for key in _NODE_TAGS}
    shares: dict[int, list[str]] = {}
    for row, ref, ends, across in zip(
        *(column[marked].tolist() for column in (segment, refs, meeting, crosses)), strict=True
    ):
        for key, value in points[ref].items():
            # At junctions of three and more a gate would bar streets that only pass it by.
            if ends <= 2 or (key == "crossing" and across):
                extra[key].setdefault(row, []).append(value)
                if key == "barrier":
                    shares.setdefault(row, []).extend([f"{1 / max(ends, 1):g}"] * len(value.split(";")))
    for key, found in extra.items():
        unsaid = frame[key].isna()
        added = pd.Series({row: ";".join(values) for row, values in found.items()}, dtype="str")
        frame = frame.assign(**{key: frame[key].where(~unsaid, added.reindex(frame.index))})
        if key == "barrier":
            parts = pd.Series({row: ";".join(values) for row, values in shares.items()}, dtype="str")
            frame = frame.assign(**{_BARRIER_SHARES: parts.reindex(frame.index).where(unsaid)})
    return frame


def read_graphml(path: Path, *, extent: shapely.Geometry | None = None, edition: str = "") -> Network:
    """Read a GraphML file as OSMnx saves it, without OSMnx.

    The two directions of a street, which such a file holds as two rows, become one segment.

    Raises
    ------
    NetworkError
        The file is cut short, is not GraphML, its nodes have no ``x`` and ``y``, a street leads to a node
        that it does not hold, or is drawn with what is no WKT.
    """
    space = "{http://graphml.graphdrawing.org/xmlns}"
    keys: dict[str, str] = {}
    about: dict[str, str] = {}
    nodes: dict[str, tuple[float, float]] = {}
    rows: list[dict[str, str]] = []
    try:
        for _, item in ET.iterparse(path, events=("end",)):  # noqa: S314
            if item.tag == f"{space}key":
                keys[item.attrib["id"]] = item.attrib["attr.name"]
            elif item.tag == f"{space}node":
                data = {keys[one.attrib["key"]]: one.text or "" for one in item}
                nodes[item.attrib["id"]] = (float(data["x"]), float(data["y"]))
                item.clear()
            elif item.tag == f"{space}edge":
                data = {keys[one.attrib["key"]]: one.text or "" for one in item}
                rows.append(data | {"u": item.attrib["source"], "v": item.attrib["target"]})
                item.clear()
            elif item.tag == f"{space}graph":
                about = {keys[one.attrib["key"]]: one.text or "" for one in item if one.tag == f"{space}data"}
    except (ET.ParseError, KeyError, ValueError) as error:
        raise NetworkError(
            f"{path.name} cannot be read as GraphML ({type(error).__name__}: {error}); it is cut "
            "short, or its nodes have no x and y: save it again with osmnx.save_graphml"
        ) from error
    if not rows:
        raise NetworkError(f"{path.name} holds no edge; a street network needs at least one")
    frame = pd.DataFrame(rows)
    if "geometry" not in frame:
        frame = frame.assign(geometry=None)
    drawn = frame["geometry"].notna().to_numpy()
    geometry = np.empty(len(frame), dtype=object)
    try:
        geometry[drawn] = shapely.from_wkt(frame.loc[drawn, "geometry"].to_numpy())
        geometry[~drawn] = [
            shapely.LineString([nodes[u], nodes[v]])
            for u, v in zip(frame["u"][~drawn], frame["v"][~drawn], strict=True)
        ]
    except KeyError as error:
        raise NetworkError(
            f"{path.name} has a street to node {error}, which it does not hold; it is cut short, or was "
            "edited: save it again with osmnx.save_graphml"
        ) from error
    except shapely.errors.GEOSException as error:
        raise NetworkError(
            f"{path.name} has a street whose geometry is no WKT ({str(error).splitlines()[0]}); save it "
            "again with osmnx.save_graphml"
        ) from error
    return _from_directed(
        frame, geometry, about.get("crs", ""), extent=extent, papers=_papers(path, edition, osm=True)
    )


def _from_directed(
    frame: pd.DataFrame,
    geometry: np.ndarray,
    crs: Any,
    *,
    extent: shapely.Geometry | None,
    papers: dict[str, str],
) -> Network:
    """Make a network of directed edges (u, v, tags); lengths are measured on the National Grid."""
    kept = [key for key in TAGS if key in frame and key != "oneway"]
    tags = frame[kept].map(_flat).astype("str")
    number, _ = pd.factorize(np.concatenate([frame["u"].to_numpy(), frame["v"].to_numpy()]))
    ids = pd.to_numeric(pd.concat([frame["u"], frame["v"]]), errors="coerce").to_numpy()
    ids = ids.astype(np.int64) if np.isfinite(ids).all() else number
    table = tags.assign(u=ids[: len(frame)], v=ids[len(frame) :])
    if "osmid" in frame:
        way = frame["osmid"].map(_flat)
        table[_WAY] = pd.factorize(way.where(way != "", frame.index.astype("str")))[0]
    lines = gpd.GeoDataFrame(table, geometry=geometry, crs=crs or None)
    moved, accuracy = to_bng(lines, where=papers["source"])
    return build_network(
        moved, where=papers["source"], directed=True, extent=extent, papers=papers, accuracy=accuracy
    )


def _flat(value: object) -> str:
    """One text of a tag: the several values of ways that were drawn as one are joined by ``;``."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return str(value)
    if isinstance(value, list | tuple | set):
        return ";".join(str(one) for one in value)
    return "" if value is None or value != value else str(value)


def read_lines(
    path: Path,
    *,
    extent: shapely.Geometry | None = None,
    layer: str | None = None,
    crs: str | None = None,
    edition: str = "",
) -> Network:
    """Read lines of a GeoPackage, GeoParquet, GeoJSON, Shapefile or the like as streets.

    Columns named as OpenStreetMap's tags are heeded; OS Open Roads is told by its columns and follows the
    rules of `geo.open_roads`, with the nodes that it names. Other lines meet at their ends, and a road
    function or class as Ordnance Survey writes it becomes ``highway``.

    Raises
    ------
    LayerError, MissingLayerError
        The file or layer cannot be read.
    NetworkError
        It holds no line.
    CrsError
        It has no CRS, or lies outside England's grid.
    """
    if layer is None and path.suffix.lower() in (".gpkg", ".gml"):
        layer = roads_layer(layer_names(path))
    bounds = None if extent is None else extent.bounds
    national = layer is not None and roads_layer([layer]) is not None
    frame = read_layer(path, layer=layer, crs=crs, box=bounds if national else None)
    if frame.empty:
        raise NetworkError(f"{path.name} holds no line; a street network needs at least one")
    moved, accuracy = to_bng(frame, where=path.name)
    papers = _papers(path, edition, osm=False)
    if is_open_roads(moved.columns):
        table = gpd.GeoDataFrame(tags_of(moved), geometry=moved.geometry, crs=BNG)
        network = build_network(
            table, where=path.name, extent=extent, papers=papers | OPEN_ROADS, accuracy=accuracy
        )
        # Where answers say how far the data go, they say what is not in them.
        how_far = f"{network.papers.get('extent', 'unknown')}; {OPEN_ROADS_SAID}"
        return replace(network, papers={**network.papers, "extent": how_far})
    kept = {key: moved[key].map(_flat).astype("str") for key in TAGS if key in moved}
    if "highway" not in kept:
        lower = {str(column).lower(): column for column in moved}
        for key in ("road_function", "roadfunction", "function", "road_classification"):
            if key in lower:
                kept["highway"] = road_class(moved[lower[key]])
                break
    table = gpd.GeoDataFrame(pd.DataFrame(kept, index=moved.index), geometry=moved.geometry, crs=BNG)
    return build_network(table, where=path.name, extent=extent, papers=papers, accuracy=accuracy)


def fetch_streets(
    place: str, *, profiles: Iterable[str] = STANDARD, elevation: Path | None = None, margin: float = 2000.0
) -> Network:
    """Fetch the streets of a place by name from OpenStreetMap, online, through OSMnx.

    Parameters
    ----------
    place
        As one would search for it: "Luton, England".
    profiles, elevation
        As for `read_streets`.
    margin
        Metres of streets beyond the place's boundary, so that nobody near it is cut off.

    Raises
    ------
    NetworkError
        The place is not known, or the service cannot be reached.
    """
    import osmnx

    former = list(osmnx.settings.useful_tags_way)
    osmnx.settings.useful_tags_way = sorted({*former, *TAGS})
    try:
        outline, _ = to_bng(osmnx.geocode_to_gdf(place), where=place)
        around = outline.geometry.union_all().buffer(margin)
        degrees = gpd.GeoSeries([around], crs=BNG).to_crs("EPSG:4326").iloc[0]
        graph = osmnx.graph_from_polygon(
            degrees, network_type="all", simplify=True, retain_all=True, truncate_by_edge=True
        )
    except Exception as error:
        # What a connection raises is an OSError; its words run over lines and name no remedy.
        unreachable = isinstance(error, OSError)
        why = (
            "OpenStreetMap's service cannot be reached" if unreachable else f"{type(error).__name__}: {error}"
        )
        raise NetworkError(
            f"{place!r} could not be fetched ({why}); check the {'connection' if unreachable else 'name'}, "
            f"or read the streets from an extract of OpenStreetMap (.osm.pbf)"
        ) from error
    finally:
        osmnx.settings.useful_tags_way = former
    network = read_graph(graph, where=place, extent=around)
    return _measure(network, profiles, elevation)


def read_graph(graph: nx.MultiDiGraph, *, where: str, extent: shapely.Geometry | None = None) -> Network:
    """Take the streets of an OSMnx graph that is in memory already.

    Raises
    ------
    NetworkError
        The graph has no edge.
    """
    rows = []
    for u, v, data in graph.edges(data=True):
        line = data.get("geometry")
        if line is None:
            ends = [(graph.nodes[one]["x"], graph.nodes[one]["y"]) for one in (u, v)]
            line = shapely.LineString(ends)
        rows.append(
            {key: data[key] for key in (*TAGS, "osmid") if key in data} | {"u": u, "v": v, "geometry": line}
        )
    if not rows:
        raise NetworkError(f"{where} holds no edge; a street network needs at least one")
    frame = pd.DataFrame(rows)
    papers = {"source": where, "edition": str(graph.graph.get("created_date", ""))}
    papers |= dict(zip(("publisher", "licence", "licence class"), _OSM, strict=True))
    return _from_directed(
        frame, frame["geometry"].to_numpy(), graph.graph.get("crs", ""), extent=extent, papers=papers
    )
