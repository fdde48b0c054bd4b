"""Areas of overlaps of many pairs of polygons, without building the overlaps.

Under every edge of a polygon hangs a strip down to a common floor; the polygon is the sum of its
strips, those of one direction less those of the other. So the area that two polygons share is a sum,
over pairs of edges, of areas that two strips share: the integral of the lower of two straight lines.
There is nothing to node and no case to treat apart: shared edges, holes and touching corners are
all sums.
"""

from __future__ import annotations

import numba
import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def polygon_edges(shapes: NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Edges of polygons, each from west to east, with the sign of the strip under it.

    Parameters
    ----------
    shapes : array of Polygon and MultiPolygon
        Valid, in metres; rings may run either way round.

    Returns
    -------
    tuple
        Array of shape (edges, 5) with ``x1, y1, x2, y2, sign`` (upright edges left out: no strip), and
        offsets: edges of shape ``i`` are rows ``offsets[i]:offsets[i + 1]``.
    """
    multi = np.array([one if one.geom_type == "MultiPolygon" else shapely.MultiPolygon([one])
                      for one in shapes], dtype=object) if _mixed(shapes) else shapes  # fmt: skip
    if not len(shapes):
        return np.empty((0, 5)), np.zeros(1, dtype=np.int64)
    kind, xy, offsets = shapely.to_ragged_array(multi)
    rings, polygons = offsets[0], offsets[1]
    parts = offsets[2] if kind == shapely.GeometryType.MULTIPOLYGON else np.arange(len(polygons))
    begin, after = xy[:-1], xy[1:]
    ring = np.repeat(np.arange(len(rings) - 1), np.diff(rings))[:-1]
    keep = np.ones(len(begin), dtype=bool)
    keep[np.asarray(rings[1:-1], dtype=np.int64) - 1] = False
    dx = after[:, 0] - begin[:, 0]
    base = xy[np.asarray(rings[:-1], dtype=np.int64), 1][ring]
    strip = np.where(keep, dx * (begin[:, 1] + after[:, 1] - 2 * base) / 2, 0.0)
    turn = np.sign(np.bincount(ring, strip, minlength=len(rings) - 1))
    shell = np.zeros(len(rings) - 1, dtype=bool)
    shell[np.asarray(polygons[:-1], dtype=np.int64)] = True
    factor = np.where(shell, turn, -turn)
    keep &= dx != 0
    east = dx > 0
    first = np.where(east[:, None], begin, after)
    last = np.where(east[:, None], after, begin)
    sign = np.where(east, 1.0, -1.0) * factor[ring]
    of_polygon = np.repeat(np.arange(len(polygons) - 1), np.diff(polygons))
    of_shape = np.repeat(np.arange(len(parts) - 1), np.diff(parts))
    shape = of_shape[of_polygon[ring]]
    edges = np.column_stack([first, last, sign])[keep]
    count = np.bincount(shape[keep], minlength=len(shapes))
    return np.ascontiguousarray(edges), np.concatenate([[0], np.cumsum(count)]).astype(np.int64)


def _mixed(shapes: NDArray[np.object_]) -> bool:
    kinds = np.unique(shapely.get_type_id(shapes))
    return len(kinds) > 1


@numba.njit(cache=True)
def shared_areas(
    edges: Floats, offsets: Ints, other: Floats, other_offsets: Ints, row: Ints, column: Ints
) -> Floats:
    """Area that each pair shares.

    Parameters
    ----------
    edges, offsets
        Of the first shapes, from `polygon_edges`.
    other, other_offsets
        Of the second.
    row, column
        Pairs: position of the first and of the second shape.

    Returns
    -------
    array of float64, shape (pairs,)
        Square metres. Nought up to rounding (about 1e-15 of the first shape's box) where they only touch.
    """
    areas = np.zeros(len(row))
    longest = 0
    for shape in range(len(other_offsets) - 1):
        longest = max(longest, other_offsets[shape + 1] - other_offsets[shape])
    pieces = np.empty((3 * longest + 1, 5))
    for pair in range(len(row)):
        start, stop = offsets[row[pair]], offsets[row[pair] + 1]
        if start == stop:
            continue
        west, east = np.inf, -np.inf
        floor, top = np.inf, -np.inf
        for at in range(start, stop):
            west, east = min(west, edges[at, 0]), max(east, edges[at, 2])
            floor = min(floor, edges[at, 1], edges[at, 3])
            top = max(top, edges[at, 1], edges[at, 3])
        begin, end = other_offsets[column[pair]], other_offsets[column[pair] + 1]
        count = _cut(other, begin, end, west, east, floor, top, pieces)
        areas[pair] = _sum_strips(edges, start, stop, pieces, count, west, floor)
    return areas


@numba.njit(cache=True)
def _cut(
    other: Floats, begin: int, end: int, west: float, east: float, floor: float, top: float, pieces: Floats
) -> int:
    """Cut edges to a box: below its floor nothing hangs, above its top the strip is cut flat."""
    count = 0
    for at in range(begin, end):
        x1, x2 = other[at, 0], other[at, 2]
        if x2 <= west or x1 >= east:
            continue
        y1, y2, sign = other[at, 1] - floor, other[at, 3] - floor, other[at, 4]
        high = top - floor
        if y1 <= 0 and y2 <= 0:
            continue
        slope = (y2 - y1) / (x2 - x1)
        a, b = max(x1, west), min(x2, east)
        ya, yb = y1 + slope * (a - x1), y1 + slope * (b - x1)
        if b == x2:
            yb = y2
        if ya >= high and yb >= high:
            count = _keep(pieces, count, a - west, high, b - west, high, sign)
            continue
        if ya < 0 and yb < 0:
            continue
        if ya < 0:
            a, ya = min(x1 - y1 / slope, b), 0.0
        elif yb < 0:
            b, yb = max(x1 - y1 / slope, a), 0.0
        if ya > high:
            mid = min(max(x1 + (high - y1) / slope, a), b)
            count = _keep(pieces, count, a - west, high, mid - west, high, sign)
            a, ya = mid, high
        elif yb > high:
            mid = min(max(x1 + (high - y1) / slope, a), b)
            count = _keep(pieces, count, mid - west, high, b - west, high, sign)
            b, yb = mid, high
        count = _keep(pieces, count, a - west, ya, b - west, yb, sign)
    return count


@numba.njit(cache=True)
def _keep(pieces: Floats, count: int, x1: float, y1: float, x2: float, y2: float, sign: float) -> int:
    if x2 <= x1:
        return count
    pieces[count, 0], pieces[count, 1], pieces[count, 2], pieces[count, 3] = x1, y1, x2, y2
    pieces[count, 4] = sign
    return count + 1


@numba.njit(cache=True)
def _sum_strips(
    edges: Floats, start: int, stop: int, pieces: Floats, count: int, west: float, floor: float
) -> float:
    total = 0.0
    for at in range(start, stop):
        x1, x2 = edges[at, 0] - west, edges[at, 2] - west
        y1 = edges[at, 1] - floor
        slope = (edges[at, 3] - edges[at, 1]) / (x2 - x1)
        part = 0.0
        for one in range(count):
            a, b = max(x1, pieces[one, 0]), min(x2, pieces[one, 2])
            if b <= a:
                continue
            tilt = (pieces[one, 3] - pieces[one, 1]) / (pieces[one, 2] - pieces[one, 0])
            ea, eb = y1 + slope * (a - x1), y1 + slope * (b - x1)
            fa = pieces[one, 1] + tilt * (a - pieces[one, 0])
            fb = pieces[one, 1] + tilt * (b - pieces[one, 0])
            da, db = ea - fa, eb - fb
            if da <= 0 and db <= 0:
                area = (b - a) * (ea + eb) / 2
            elif da >= 0 and db >= 0:
                area = (b - a) * (fa + fb) / 2
            else:
                share = da / (da - db)
                mid = a + share * (b - a)
                ym = ea + share * (eb - ea)
                area = (mid - a) * (min(ea, fa) + ym) / 2 + (b - mid) * (ym + min(eb, fb)) / 2
            part += pieces[one, 4] * area
        total += edges[at, 4] * part
    return total
