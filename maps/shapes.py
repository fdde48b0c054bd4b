"""Shapes for the browser: shared between layers, simplified without gaps, written small.

Coordinates become whole steps of a hundred-thousandth of a degree (about 1 m), each written as the
difference from the one before. Neighbours keep one and the same edge: simplification works on the
edges of a coverage, and equal corners round to equal steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geo.crs import to_lonlat

#: Steps in a degree. About 1.1 m north to south, 0.7 m west to east in England.
STEPS = 100_000


def simplify(areas: gpd.GeoDataFrame, *, tolerance: float) -> gpd.GeoDataFrame:
    """Leave out corners that move a border by less than about `tolerance` metres.

    Polygons that tile the plane keep their shared borders shared, so no gap opens between them;
    other shapes are simplified one by one. No area disappears. Not our own method: GEOS
    `coverage_simplify` (Visvalingam and Whyatt's measure on the edges of a coverage).

    Parameters
    ----------
    areas
        EPSG:27700.
    tolerance
        Metres; 0 leaves everything as it is.
    """
    shapes = areas.geometry.to_numpy()
    if tolerance <= 0 or len(shapes) == 0:
        return areas
    polygons = shapely.get_dimensions(shapes) == 2
    if polygons.all() and shapely.coverage_is_valid(shapes):
        made = shapely.coverage_simplify(shapes, tolerance)
    else:
        made = shapely.simplify(shapes, tolerance, preserve_topology=True)
    kept = np.where(shapely.is_empty(made), shapes, made)
    return areas.set_geometry(gpd.GeoSeries(kept, index=areas.index, crs=areas.crs))


def encode(shape: shapely.Geometry) -> dict[str, Any]:
    """Write one shape in degrees as nested lists of whole steps.

    Returns
    -------
    dict
        ``t``: ``a`` polygons, ``l`` lines, ``p`` points; ``c``: for polygons a list of polygons of
        rings, for lines a list of lines, for points one list. A ring, line or list of points is
        flat: longitude and latitude of the first in steps, then differences.
    """
    kind = shapely.get_dimensions(shape)
    parts = list(shapely.get_parts(shape))
    if kind == 2:
        polygons = [part for part in parts if shapely.get_dimensions(part) == 2]
        rings = [[part.exterior, *part.interiors] for part in polygons]
        return {"t": "a", "c": [[_flat(ring, closed=True) for ring in one] for one in rings]}
    if kind == 1:
        return {"t": "l", "c": [_flat(part, closed=False) for part in parts]}
    return {"t": "p", "c": _flat(shape, closed=False)}


def _flat(shape: shapely.Geometry, *, closed: bool) -> list[int]:
    steps = np.rint(shapely.get_coordinates(shape) * STEPS).astype(int)
    if closed:
        steps = steps[:-1]
    moved = np.diff(steps, axis=0, prepend=np.zeros((1, 2), dtype=int))
    kept = moved.any(axis=1)
    kept[:1] = True
    # A ring so small that it rounds to a point or a line is still drawn, by all its corners.
    if closed and kept.sum() < 3:
        kept[:] = True
    return [int(one) for one in moved[kept].ravel()]


@dataclass
class ShapeStore:
    """Sets of shapes, each kept once however many layers show it."""

    tolerance: float = 5.0
    sets: dict[str, dict[str, Any]] = field(default_factory=dict)
    accuracy: str = ""
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, areas: gpd.GeoDataFrame, names: Sequence[str]) -> str:
        """Keep a set of shapes and give its short id; the same shapes give the same id."""
        mark = _fingerprint(areas, names)
        if mark in self._known:
            return self._known[mark]
        short = f"g{len(self.sets)}"
        degrees, self.accuracy = to_lonlat(simplify(areas, tolerance=self.tolerance))
        self.sets[short] = {
            "codes": [str(code) for code in areas.index],
            "names": [str(name) for name in names],
            "shapes": [encode(shape) for shape in degrees.geometry],
            "middles": middles_of(areas),
        }
        self._known[mark] = short
        return short

    def bounds(self) -> list[float]:
        """West, south, east and north of everything kept, in degrees."""
        ends = [_extent(one) for held in self.sets.values() for one in held["shapes"] if one["c"]]
        if not ends:
            return [-6.0, 49.9, 2.0, 55.8]
        low, high = np.array(ends)[:, :2].min(axis=0), np.array(ends)[:, 2:].max(axis=0)
        return [float(one) / STEPS for one in (*low, *high)]


def middles_of(areas: gpd.GeoDataFrame) -> list[int]:
    """Give a point inside each area, longitude and latitude in steps, one after the other."""
    inside = areas.geometry.representative_point()
    degrees, _ = to_lonlat(gpd.GeoDataFrame(geometry=inside, crs=areas.crs))
    steps = np.rint(shapely.get_coordinates(degrees.geometry.to_numpy()) * STEPS).astype(int)
    return [int(one) for one in steps.ravel()]


def _extent(shape: dict[str, Any]) -> NDArray[np.int64]:
    flat = [shape["c"]] if shape["t"] == "p" else shape["c"]
    if shape["t"] == "a":
        flat = [ring for polygon in flat for ring in polygon]
    points = np.vstack([np.array(one).reshape(-1, 2).cumsum(axis=0) for one in flat])
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _fingerprint(areas: gpd.GeoDataFrame, names: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for code, name, shape in zip(areas.index, names, areas.geometry.to_wkb(), strict=True):
        digest.update(f"{code}\0{name}\0".encode())
        digest.update(shape)
    return digest.hexdigest()
