"""Sites laid over features: how much of each is covered, by how many, and how far the nearest is.

Features of one layer are dissolved before they are measured, so that a share never passes 1 however
often a publisher drew the same ground. A hairline touch, which two digitisers of one hedge always
leave, is told apart from an overlap. Where a layer stops at an edge, the answer says whether looking
stopped there too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import BNG, CrsError
from geo.errors import UserError
from geo.overlay_kernels import polygon_edges, shared_areas

#: An overlap below either of these is a touch of edges: share of the site, and square metres.
EDGE_SHARE = 0.005
EDGE_SQUARE_METRES = 25.0
#: Pairs of features with more pairs of edges than this are not tried for overlap beforehand: sites
#: that meet both are dissolved as if they overlapped, which is the same answer, later.
_TRY_EDGES = 4_000_000
#: Points in a piece of an outline, when the nearest is looked for.
_PIECE = 16
_POLYGONS = (3, 6)
_LINES = (1, 2, 5)
_POINTS = (0, 4)


class OverlayError(UserError, ValueError):
    """Sites or features cannot be laid over one another."""


@dataclass(frozen=True)
class Mended:
    """Shapes fit to be measured.

    Parameters
    ----------
    frame
        In EPSG:27700: valid, not empty.
    notes
        What was mended or left out, one sentence each.
    """

    frame: gpd.GeoDataFrame
    notes: tuple[str, ...]


def mend_features(frame: gpd.GeoDataFrame, *, where: str) -> Mended:
    """Make the shapes of a layer valid, and leave out rows without one.

    Parameters
    ----------
    frame
        In EPSG:27700, any kinds of shape.
    where
        File or layer, for the notes.

    Returns
    -------
    Mended
        Same columns and index, less the rows without a shape. A collection is kept as its polygons,
        or its lines, or its points: the first of these that it holds.
    """
    _check_crs(frame, where)
    shapes = frame.geometry.to_numpy()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    notes = []
    if empty.any():
        notes.append(f"{where}: {int(empty.sum())} of {len(frame)} rows have no shape and were left out")
        frame = frame[~empty]
        shapes = frame.geometry.to_numpy()
    broken = ~shapely.is_valid(shapes)
    odd = shapely.get_type_id(shapes) == 7
    if broken.any() or odd.any():
        shapes = shapes.copy()
        shapes[broken] = shapely.make_valid(shapes[broken])
        for row in np.flatnonzero(shapely.get_type_id(shapes) == 7):
            shapes[row] = _one_kind(shapes[row])
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=BNG))
        if broken.any():
            notes.append(
                f"{where}: {int(broken.sum())} of {len(frame)} outlines cross themselves and were mended"
            )
        frame = frame[~shapely.is_empty(frame.geometry.to_numpy())]
    return Mended(frame, tuple(notes))


def lay_over(
    sites: gpd.GeoDataFrame,
    features: gpd.GeoDataFrame,
    *,
    extent: Any = None,
    edge_share: float = EDGE_SHARE,
    edge_square_metres: float = EDGE_SQUARE_METRES,
    nearest: bool = True,
) -> pd.DataFrame:
    """Measure how much of each site one layer covers, by how many features, and how far the nearest is.

    Parameters
    ----------
    sites
        Valid polygons in EPSG:27700, whose index names them.
    features
        Valid polygons, lines or points in EPSG:27700 (see `mend_features`); may be none.
    extent
        Polygon in which the layer is complete; None if it goes on beyond every site.
    edge_share, edge_square_metres
        An overlap below either is ``edge``, unless the site is smaller than that itself and half of it
        is covered.
    nearest
        Look for the nearest feature of sites that meet none.

    Returns
    -------
    DataFrame
        Same index and order as `sites`: ``square_metres`` covered by the dissolved polygons; ``share`` of
        the site, 0 to 1; ``metres_inside``, length of lines inside; ``features`` that overlap it (of points
        and lines, that meet it); ``contact``: ``overlap``, ``edge`` or ``none``; ``metres`` to the nearest,
        0 where they meet, NaN where there is none or it was not looked for; ``beyond``: the nearest found
        is further off than the edge of `extent`, so one outside may be nearer; ``outside_share`` of the
        site, where `extent` says nothing.

    Raises
    ------
    CrsError
        Either is not in EPSG:27700.
    OverlayError
        A site is not a polygon, has no ground, or its name repeats.
    """
    _check_sites(sites)
    _check_crs(features, "features")
    shapes, ground = sites.geometry.to_numpy(), shapely.area(sites.geometry.to_numpy())
    kinds = shapely.get_type_id(features.geometry.to_numpy())
    every = features.geometry.to_numpy()
    area, length = np.zeros(len(sites)), np.zeros(len(sites))
    count = np.zeros(len(sites), dtype=np.int64)
    met = np.zeros(len(sites), dtype=bool)
    polygons = every[np.isin(kinds, _POLYGONS)]
    if len(polygons):
        pairs = _pairs(shapes, polygons)
        area = np.minimum(_dissolved(shapes, polygons, pairs, ground), ground)
        count += np.bincount(pairs["site"], minlength=len(sites))
    lines = every[np.isin(kinds, _LINES)]
    if len(lines):
        site, line = shapely.STRtree(lines).query(shapes, predicate="intersects")
        met[site] = True
        count += np.bincount(site, minlength=len(sites))
        length = _length_inside(shapes, lines, site, line)
    points = every[np.isin(kinds, _POINTS)]
    if len(points):
        site, _ = shapely.STRtree(points).query(shapes, predicate="intersects")
        met[site] = True
        count += np.bincount(site, minlength=len(sites))
    share = area / ground
    slight = (share < edge_share) | ((area < edge_square_metres) & (share < 0.5))
    metres = np.where(met | (area > 0), 0.0, np.nan)
    if nearest and len(every):
        far = np.flatnonzero(np.isnan(metres))
        found, distance = shapely.STRtree(_pieces(every)).query_nearest(
            shapes[far], all_matches=False, return_distance=True
        )
        metres[far[found[0]]] = distance
    contact = np.where(met | ((area > 0) & ~slight), "overlap", np.where(metres == 0, "edge", "none"))
    beyond, outside = _where_looking_stopped(shapes, ground, metres, extent)
    return pd.DataFrame(
        {
            "square_metres": area,
            "share": share,
            "metres_inside": length,
            "features": count,
            "contact": pd.array(contact.astype(object), dtype="str"),
            "metres": metres,
            "beyond": beyond,
            "outside_share": outside,
        },
        index=sites.index,
    )


def pair_up(sites: gpd.GeoDataFrame, features: gpd.GeoDataFrame) -> pd.DataFrame:
    """Name every pair of a site and a polygon that overlap, with the area they share.

    Parameters
    ----------
    sites, features
        Valid polygons in EPSG:27700.

    Returns
    -------
    DataFrame
        ``site`` and ``feature`` (from the two indices), ``square_metres``, ``site_share`` and
        ``feature_share`` (0 to 1); sorted by site, then feature, in their orders. Pairs that only touch
        have no row. Features are not dissolved: shares of one site may sum to more than 1.
    """
    _check_sites(sites)
    _check_crs(features, "features")
    shapes, others = sites.geometry.to_numpy(), features.geometry.to_numpy()
    pairs = _pairs(shapes, others)
    site, feature = pairs["site"].to_numpy(), pairs["feature"].to_numpy()
    area = pairs["area"].to_numpy()
    return pd.DataFrame(
        {
            "site": sites.index.to_numpy()[site],
            "feature": features.index.to_numpy()[feature],
            "square_metres": area,
            "site_share": np.minimum(area / shapely.area(shapes)[site], 1.0),
            "feature_share": np.minimum(area / shapely.area(others)[feature], 1.0),
        }
    )


def find_overlapping(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Find sites that lie on one another.

    Returns
    -------
    DataFrame
        ``site``, ``other``, ``square_metres``, ``share`` (of the smaller) and ``same``: they are one
        outline drawn twice. Each pair once, in the order of the sites.
    """
    pairs = pair_up(sites, sites)
    order = pd.Series(np.arange(len(sites)), index=sites.index)
    pairs = pairs[pairs["site"].map(order).to_numpy() < pairs["feature"].map(order).to_numpy()]
    share = pairs[["site_share", "feature_share"]]
    return pd.DataFrame(
        {
            "site": pairs["site"],
            "other": pairs["feature"],
            "square_metres": pairs["square_metres"],
            "share": share.max(axis=1),
            "same": (share > 1 - 1e-6).all(axis=1),
        }
    ).reset_index(drop=True)


def shape_notes(sites: gpd.GeoDataFrame, *, thin_metres: float = 5.0) -> pd.DataFrame:
    """Say which sites come in parts, and which are slivers.

    Parameters
    ----------
    sites
        Polygons in EPSG:27700.
    thin_metres
        A site whose ground, spread along half of its outline, is thinner than this is a sliver.

    Returns
    -------
    DataFrame
        Same index: ``hectares``, ``parts``, ``width`` (metres: twice the area by the length of the
        outline) and ``sliver``.
    """
    shapes = sites.geometry.to_numpy()
    area, outline = shapely.area(shapes), shapely.length(shapes)
    width = np.divide(2 * area, outline, out=np.zeros(len(shapes)), where=outline > 0)
    return pd.DataFrame(
        {
            "hectares": area / 10_000,
            "parts": shapely.get_num_geometries(shapes),
            "width": width,
            "sliver": width < thin_metres,
        },
        index=sites.index,
    )


def _pairs(shapes: NDArray[np.object_], others: NDArray[np.object_]) -> pd.DataFrame:
    """Pairs that share ground: positions ``site`` and ``feature``, and ``area``."""
    site, feature = shapely.STRtree(others).query(shapes)
    order = np.lexsort((feature, site))
    site, feature = site[order].astype(np.int64), feature[order].astype(np.int64)
    used, back = np.unique(feature, return_inverse=True)
    asked, row = np.unique(site, return_inverse=True)
    area = shared_areas(
        *polygon_edges(shapes[asked]),
        *polygon_edges(others[used]),
        row.astype(np.int64),
        back.astype(np.int64),
    )
    real = area > _noise(shapes)[site]
    return pd.DataFrame({"site": site[real], "feature": feature[real], "area": area[real]})


def _noise(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    box = shapely.bounds(shapes)
    return 1e-9 + 1e-12 * (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1])


def _dissolved(
    shapes: NDArray[np.object_],
    others: NDArray[np.object_],
    pairs: pd.DataFrame,
    ground: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Area of each site under the union of the features that meet it."""
    total: NDArray[np.float64] = np.bincount(
        pairs["site"], pairs["area"].astype(float), minlength=len(shapes)
    ).astype(float)
    most = pairs.groupby("site")["area"].max().reindex(range(len(shapes)), fill_value=0.0).to_numpy()
    whole = most >= ground * (1 - 1e-12)
    total[whole] = ground[whole]
    several = pairs[pairs["site"].map(np.bincount(pairs["site"], minlength=len(shapes)).__getitem__) > 1]
    several = several[~whole[several["site"]]]
    for site, mine in _crossing(others, several).groupby("site"):
        cut = shapely.intersection(shapes[site], others[mine["feature"].to_numpy()])
        total[site] = shapely.union_all(cut).area
    return total


def _crossing(others: NDArray[np.object_], several: pd.DataFrame) -> pd.DataFrame:
    """Rows of those sites in which two of the features overlap one another."""
    if several.empty:
        return several
    used = np.unique(several["feature"])
    near = others[used]
    one, two = shapely.STRtree(near).query(near)
    kept = one < two
    one, two = one[kept].astype(np.int64), two[kept].astype(np.int64)
    edges, offsets = polygon_edges(near)
    size = np.diff(offsets)
    large = size[one] * size[two] > _TRY_EDGES
    area = np.full(len(one), np.inf)
    area[~large] = shared_areas(edges, offsets, edges, offsets, one[~large], two[~large])
    overlap = area > _noise(near)[one]
    crossing = pd.DataFrame({"feature": used[one[overlap]], "other": used[two[overlap]]})
    first = several[["site", "feature"]].merge(crossing, on="feature")
    both = first.merge(
        several[["site", "feature"]].rename(columns={"feature": "other"}), on=["site", "other"]
    )
    return several[several["site"].isin(both["site"])]


def _pieces(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Outlines in pieces of a few points: as far from whatever lies outside, and quicker to measure."""
    large = (shapely.get_num_coordinates(shapes) > 2 * _PIECE) & (shapely.get_dimensions(shapes) > 0)
    if not large.any():
        return shapes
    rings = shapely.boundary(shapes[large])
    rings = np.where(shapely.get_dimensions(shapes[large]) == 2, rings, shapes[large])
    xy, part = shapely.get_coordinates(shapely.get_parts(rings), return_index=True)
    start = np.flatnonzero(np.diff(part, prepend=-1))
    size = np.diff(np.append(start, len(xy)))
    place = np.arange(len(xy)) - np.repeat(start, size)
    # Neighbouring pieces share a point, so that no edge between two of them is lost.
    piece = np.repeat(np.cumsum(np.append(0, (size + _PIECE - 1) // _PIECE))[:-1], size) + place // _PIECE
    twice = (place % _PIECE == 0) & (place > 0)
    order = np.sort(np.concatenate([np.arange(len(xy)), np.flatnonzero(twice)]), kind="stable")
    again = np.concatenate([[False], order[1:] == order[:-1]])
    first = np.zeros(len(order), dtype=bool)
    first[:-1] = again[1:]
    owner = piece[order] - first
    kept = np.bincount(owner)[owner] > 1
    _, owner = np.unique(owner[kept], return_inverse=True)
    lines = shapely.linestrings(xy[order][kept], indices=owner)
    return np.concatenate([shapes[~large], lines])


def _length_inside(
    shapes: NDArray[np.object_],
    lines: NDArray[np.object_],
    site: NDArray[np.int64],
    line: NDArray[np.int64],
) -> NDArray[np.float64]:
    length = np.zeros(len(shapes))
    cut = shapely.intersection(shapes[site], lines[line])
    pieces = pd.Series(cut).groupby(site)
    for position, mine in pieces:
        length[position] = shapely.union_all(mine.to_numpy()).length
    return length


def _where_looking_stopped(
    shapes: NDArray[np.object_],
    ground: NDArray[np.float64],
    metres: NDArray[np.float64],
    extent: Any,
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    if extent is None:
        return np.zeros(len(shapes), dtype=bool), np.zeros(len(shapes))
    inside = shapely.area(shapely.intersection(shapes, extent))
    outside = np.clip(1 - inside / ground, 0.0, 1.0)
    outside[outside < 1e-9] = 0.0
    edge = np.where(outside > 0, 0.0, shapely.distance(shapes, shapely.boundary(extent)))
    return ~(metres <= edge), outside


def _one_kind(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    kinds = shapely.get_type_id(parts)
    for wanted in (_POLYGONS, _LINES, _POINTS):
        kept = parts[np.isin(kinds, wanted)]
        if len(kept):
            return shapely.union_all(kept)
    return shapely.Polygon()


def _check_sites(sites: gpd.GeoDataFrame) -> None:
    _check_crs(sites, "sites")
    shapes = sites.geometry.to_numpy()
    wrong = ~np.isin(shapely.get_type_id(shapes), _POLYGONS)
    if wrong.any():
        name = sites.index[wrong][0]
        what = shapes[wrong][0]
        raise OverlayError(
            f"site {name} is {'without a shape' if what is None else 'a ' + what.geom_type}; a site is a "
            f"Polygon or MultiPolygon: close its outline, or leave it out"
        )
    flat = ~(shapely.area(shapes) > 0)
    if flat.any():
        raise OverlayError(f"site {sites.index[flat][0]} has no ground; draw its outline, or leave it out")
    if sites.index.has_duplicates:
        name = sites.index[sites.index.duplicated()][0]
        raise OverlayError(f"two sites are called {name}; give each a reference of its own")


def _check_crs(frame: gpd.GeoDataFrame, what: str) -> None:
    if frame.crs != BNG:
        raise CrsError(
            f"{what} are in {frame.crs or 'no CRS'}, but ground is measured in metres of {BNG}; "
            f"bring them there with geo.crs.to_bng"
        )
