"""From lines on a map to a `Network`: ends joined, doubles merged, what was dropped said.

Two lines meet where their ends meet, never where they merely cross: a bridge is not a junction.
"""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import BNG, Accuracy
from geo.network import Network, NetworkError
from geo.shortest import Floats, Ints, Longs

#: Ends of lines closer than this are the same place: a centimetre, as files round.
JOIN_METRES = 0.01


def build_network(
    lines: gpd.GeoDataFrame,
    *,
    where: str,
    directed: bool = False,
    join_within: float = JOIN_METRES,
    extent: shapely.Geometry | None = None,
    papers: Mapping[str, str] | None = None,
    accuracy: Accuracy = "no datum shift",
    effort: Mapping[str, tuple[Floats, Floats]] | None = None,
    delay: Mapping[str, Floats] | None = None,
) -> Network:
    """Make a network of lines in EPSG:27700.

    Parameters
    ----------
    lines
        LineStrings or MultiLineStrings. Columns ``u`` and ``v`` (whole numbers), where both are there,
        say which ends meet; without them ends meet where they lie within `join_within`. A column
        ``length`` (metres) replaces the length of the drawn line. Other columns are kept as tags.
    where
        File or layer, for messages.
    directed
        A line leads from ``u`` to ``v`` only, and one the other way is a row of its own, as in files of
        directed graphs; the two become one segment, and a lone one gets ``oneway = "yes"``.
    join_within
        Metres.
    extent
        Polygon within which the source is complete, in EPSG:27700. Without it the convex hull of the
        nodes is taken, and the papers say so.
    papers, accuracy
        As for `Network`.
    effort, delay
        Profile -> level metres forward and back for each row, and seconds; without them there is one
        profile, ``plain``, in which every street takes its length (and ``oneway`` is kept).

    Returns
    -------
    Network
        Nodes along a Hilbert curve, so that streets near each other lie near each other in memory.
        Segments without length are kept where they join two nodes and dropped where they do not;
        doubles (same ends, same line) are merged. The papers count both.

    Raises
    ------
    NetworkError
        There is no line, or a length is missing or negative.
    """
    frame = _single_lines(lines, where)
    xy, ends, ids = _join_ends(frame, join_within)
    tags = pd.DataFrame(frame.drop(columns="geometry")).drop(columns=["u", "v"], errors="ignore")
    geometry = frame.geometry.to_numpy()
    length = _lengths(frame, where)
    kept, both, doubles, nowhere = _merge(ends, geometry, length, directed=directed)
    if directed:
        oneway = np.where(both[kept], "no", "yes")
        tags = tags.assign(oneway=pd.Series(np.full(len(tags), "no"), dtype="str"))
        tags.iloc[kept, tags.columns.get_loc("oneway")] = oneway
    tags = tags.iloc[kept].reset_index(drop=True)
    ends, length, geometry = ends[kept], length[kept], geometry[kept]
    xy, ends, ids = _along_hilbert(xy, ends, ids)
    vertices, part = shapely.get_coordinates(geometry, return_index=True)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(part, minlength=len(geometry)))]).astype(np.int64)
    first, target, arc = compress(len(xy), ends)
    said = dict(papers or {})
    said.setdefault("source", where)
    said["doubles merged"] = str(doubles)
    said["loops without length dropped"] = str(nowhere)
    if extent is None:
        said["extent"] = "not stated, so taken as the outline round all streets"
        extent = shapely.convex_hull(shapely.multipoints(xy))
    else:
        said.setdefault("extent", "given with the source")
    efforts, delays = _efforts(effort, delay, kept, length, tags)
    return Network(
        xy=xy,
        node=ids,
        ends=ends,
        length=length,
        vertices=vertices,
        offsets=offsets,
        first=first,
        target=target,
        arc=arc,
        to_boundary=distance_to_boundary(xy, extent),
        effort=efforts,
        delay=delays,
        papers=said,
        accuracy=accuracy,
        tags=tags,
    )


def compress(nodes: int, ends: Ints) -> tuple[Longs, Ints, Ints]:
    """Segments as compressed rows: where each node's arcs begin, where they lead, which arc each is."""
    edges = len(ends)
    start = ends.ravel()  # arcs 2e and 2e + 1 leave the first and the second node of e
    order = np.argsort(start, kind="stable").astype(np.int32)
    target = ends[:, ::-1].ravel()[order].astype(np.int32)
    counts = np.bincount(start, minlength=nodes) if edges else np.zeros(nodes, int)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), target, order


def distance_to_boundary(xy: Floats, extent: shapely.Geometry) -> Floats:
    """Metres from points to where the data stop; 0 for a point outside."""
    points = shapely.points(xy)
    shapely.prepare(extent)
    boundary = extent if extent.geom_type in ("Point", "LineString") else shapely.boundary(extent)
    far = shapely.distance(points, boundary)
    return np.where(shapely.intersects(extent, points), far, 0.0)


def _single_lines(lines: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    if lines.crs is None or lines.crs != BNG:
        raise NetworkError(
            f"{where} is in {lines.crs or 'no CRS'}, but streets are measured in metres of {BNG}; "
            f"bring it there with geo.crs.to_bng first"
        )
    kinds = lines.geometry.geom_type
    odd = kinds.notna() & ~kinds.isin(["LineString", "MultiLineString"])
    if odd.any():
        row = int(np.flatnonzero(odd)[0])
        raise NetworkError(f"{where} row {row} is a {kinds.iloc[row]}; a street network needs lines")
    frame = lines[kinds.notna() & ~lines.geometry.is_empty]
    if (frame.geometry.geom_type == "MultiLineString").any():
        merged = frame.geometry.line_merge()
        frame = frame.set_geometry(merged).explode(index_parts=False)
        if (merged.geom_type == "MultiLineString").any():
            frame = frame.drop(columns=["u", "v"], errors="ignore")
    if frame.empty:
        raise NetworkError(f"{where} holds no line; a street network needs at least one")
    return frame.reset_index(drop=True)


def _lengths(frame: gpd.GeoDataFrame, where: str) -> Floats:
    if "length" not in frame:
        return frame.geometry.length.to_numpy(float)
    length = pd.to_numeric(frame["length"], errors="coerce").to_numpy(float)
    bad = ~(length >= 0) | np.isinf(length)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise NetworkError(
            f"{where} row {row} has length {frame['length'].iloc[row]!r}; expected metres, nought or more "
            f"(leave the column out to measure the lines)"
        )
    return length


def _join_ends(frame: gpd.GeoDataFrame, within: float) -> tuple[Floats, Ints, Longs]:
    geometry = frame.geometry.to_numpy()
    begin = shapely.get_coordinates(shapely.get_point(geometry, 0))
    finish = shapely.get_coordinates(shapely.get_point(geometry, -1))
    points = np.stack([begin, finish], axis=1).reshape(-1, 2)
    if {"u", "v"} <= set(frame.columns):
        ids, place, code = np.unique(
            frame[["u", "v"]].to_numpy(np.int64).ravel(), return_index=True, return_inverse=True
        )
        return points[place], code.reshape(-1, 2).astype(np.int32), ids
    spots, code = np.unique(points, axis=0, return_inverse=True)
    code = code.ravel()
    if within > 0:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components
        from scipy.spatial import cKDTree

        near = cKDTree(spots).query_pairs(within, output_type="ndarray")
        graph = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(spots), len(spots)))
        _, group = connected_components(graph, directed=False)
        _, leader = np.unique(group, return_index=True)
        spots, code = spots[leader], group[code]
    return spots, code.reshape(-1, 2).astype(np.int32), np.arange(len(spots), dtype=np.int64)


def _merge(
    ends: Ints, geometry: np.ndarray, length: Floats, *, directed: bool
) -> tuple[Longs, np.ndarray, int, int]:
    """Rows to keep, which rows of them lead both ways, doubles merged, loops of no length dropped."""
    both = np.full(len(ends), not directed)
    loop = (ends[:, 0] == ends[:, 1]) & (length == 0)
    low, high = ends.min(axis=1).astype(np.int64), ends.max(axis=1).astype(np.int64)
    key = low * (int(high.max()) + 1) + high
    order = np.argsort(key, kind="stable")
    same = np.concatenate([key[order][1:] == key[order][:-1], [False]])
    alike = order[same | np.concatenate([[False], same[:-1]])]
    alike = alike[~loop[alike]]
    drop = loop.copy()
    # Only segments that share both ends can be doubles; two streets round a square share theirs too,
    # so the lines are compared, to the centimetre and in either direction. A stated length counts.
    seen: dict[tuple[int, bytes, float], int] = {}
    shape = shapely.to_wkb(shapely.normalize(shapely.set_precision(geometry[alike], 0.01, mode="pointwise")))
    for row, line in zip(np.sort(alike), shape[np.argsort(alike, kind="stable")], strict=True):
        name = (int(key[row]), line, round(float(length[row]), 2))
        if name in seen:
            drop[row] = True
            former = seen[name]
            if directed and (ends[former, 0] != ends[row, 0] or ends[row, 0] == ends[row, 1]):
                both[former] = True
        else:
            seen[name] = int(row)
    doubles = int((drop & ~loop).sum())
    if directed:
        doubles -= int(both[~drop].sum())
    return np.flatnonzero(~drop), both, doubles, int(loop.sum())


def _along_hilbert(xy: Floats, ends: Ints, ids: Longs) -> tuple[Floats, Ints, Longs]:
    used = np.unique(ends)
    curve = gpd.GeoSeries(gpd.points_from_xy(xy[used, 0], xy[used, 1])).hilbert_distance().to_numpy()
    order = used[np.lexsort((ids[used], curve))]
    number = np.full(len(xy), -1, np.int32)
    number[order] = np.arange(len(order))
    return np.ascontiguousarray(xy[order]), np.ascontiguousarray(number[ends]), ids[order]


def _efforts(
    effort: Mapping[str, tuple[Floats, Floats]] | None,
    delay: Mapping[str, Floats] | None,
    kept: Longs,
    length: Floats,
    tags: pd.DataFrame,
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    if effort is None:
        plain = np.stack([length, length], axis=1)
        if "oneway" in tags:
            way = tags["oneway"].astype(str).str.lower()
            plain[way.isin(["yes", "true", "1"]).to_numpy(), 1] = np.inf
            plain[(way == "-1").to_numpy(), 0] = np.inf
        return {"plain": plain}, {"plain": np.zeros(len(length))}
    efforts = {name: np.stack(pair, axis=1)[kept] for name, pair in effort.items()}
    delays = {
        name: np.zeros(len(kept)) if delay is None or name not in delay else delay[name][kept]
        for name in efforts
    }
    return efforts, delays
