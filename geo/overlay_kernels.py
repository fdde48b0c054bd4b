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
    if not len(shapes):
        return np.empty((0, 5)), np.zeros(1, dtype=np.int64)
    kind, xy, offsets = shapely.to_ragged_array(shapes)
    rings, polygons = (np.asarray(one, dtype=np.int64) for one in offsets[:2])
    whole = kind == shapely.GeometryType.MULTIPOLYGON
    parts = np.asarray(offsets[2] if whole else np.arange(len(polygons)), dtype=np.int64)
    edges, count = _ring_edges(np.ascontiguousarray(xy), rings, polygons, parts)
    return edges, count


@numba.njit(cache=True)
def _ring_edges(xy: Floats, rings: Ints, polygons: Ints, parts: Ints) -> tuple[Floats, Ints]:
    edges = np.empty((len(xy), 5))
    offsets = np.zeros(len(parts), dtype=np.int64)
    at = 0
    for shape in range(len(parts) - 1):
        for polygon in range(parts[shape], parts[shape + 1]):
            for ring in range(polygons[polygon], polygons[polygon + 1]):
                begin, end = rings[ring], rings[ring + 1]
                twice, base = 0.0, xy[begin, 1]
                for one in range(begin, end - 1):
                    height = xy[one, 1] + xy[one + 1, 1] - 2 * base
                    twice += (xy[one + 1, 0] - xy[one, 0]) * height
                turn = 1.0 if twice > 0 else -1.0
                factor = turn if ring == polygons[polygon] else -turn
                for one in range(begin, end - 1):
                    x1, y1, x2, y2 = xy[one, 0], xy[one, 1], xy[one + 1, 0], xy[one + 1, 1]
                    if x1 < x2:
                        edges[at, 0], edges[at, 1], edges[at, 2], edges[at, 3] = x1, y1, x2, y2
                        edges[at, 4] = factor
                        at += 1
                    elif x2 < x1:
                        edges[at, 0], edges[at, 1], edges[at, 2], edges[at, 3] = x2, y2, x1, y1
                        edges[at, 4] = -factor
                        at += 1
        offsets[shape + 1] = at
    return edges[:at], offsets


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
