"""Layers of features held in memory: each feature written out once, in degrees and in National Grid.

Both sets of coordinates are kept because a shift made while answering would be made by another
library's pipeline, 2 m from ours (`geo.crs`). A feature is kept as the text it will be sent as, which
is a tenth of the memory of its coordinates as Python objects and needs no work to send.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from fairplace.service.problems import RequestError
from geo.crs import to_lonlat

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?", re.ASCII)
#: A box as west, south, east, north, in the coordinates of the CRS it goes with.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Layer:
    """Features that may be public.

    Parameters
    ----------
    id, title, description
        For the list of collections; `description` holds the attribution.
    ids
        Identifier of each feature.
    properties
        A row a feature, without geometry, in the order of `ids`.
    encoded
        CRS -> each feature as GeoJSON text.
    trees
        CRS -> index of the geometries.
    bounds
        CRS -> box around all of it.
    about
        What else the description of the collection says, such as whether a layer is complete.
    """

    id: str
    title: str
    description: str
    ids: Sequence[str]
    properties: pd.DataFrame
    encoded: Mapping[str, Sequence[bytes]]
    trees: Mapping[str, shapely.STRtree]
    bounds: Mapping[str, Box]
    about: Mapping[str, Any] = field(default_factory=dict)

    def __deepcopy__(self, memo: object) -> Layer:
        """Give itself: pygeoapi copies its settings for each page, and this is large and never changes."""
        return self

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Identifier -> row."""
        return {name: row for row, name in enumerate(self.ids)}

    @cached_property
    def fields(self) -> dict[str, str]:
        """Property -> ``string``, ``number`` or ``integer``."""
        kinds = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
        return {str(name): kinds.get(one.dtype.kind, "string") for name, one in self.properties.items()}

    @cached_property
    def shape(self) -> str:
        """What its shapes are, as the standard of queryables writes it, such as ``geometry-point``."""
        kinds = {one.geom_type.lower() for one in self.trees[CRS84].geometries}
        if len(kinds) == 1:
            return f"geometry-{kinds.pop()}"
        single = {one.removeprefix("multi") for one in kinds}
        one = single.pop() if len(single) == 1 else ""
        return f"geometry-{one}-or-multi{one}" if one else "geometry-any"

    def within(self, box: Box | None, crs: str = CRS84) -> NDArray[np.int64]:
        """Rows of the features that touch a box, in their order; all of them without one."""
        if box is None:
            return np.arange(len(self.ids))
        found = self.trees[crs].query(shapely.box(*box), predicate="intersects")
        return np.sort(found).astype(np.int64)

    def where(self, rows: NDArray[np.int64], wanted: Iterable[tuple[str, str]]) -> NDArray[np.int64]:
        """Rows of `rows` whose properties have the values asked for, written as text.

        Raises
        ------
        RequestError
            A number was needed.
        """
        for name, text in wanted:
            column = self.properties[name].iloc[rows]
            if self.fields[name] in ("number", "integer"):
                if not _NUMBER.fullmatch(text):
                    raise RequestError(f'{name} is "{text[:40]}"; give a number')
                same = column.to_numpy(dtype=float) == float(text)
            elif self.fields[name] == "boolean":
                if text not in ("true", "false"):
                    raise RequestError(f'{name} is "{text[:40]}"; give true or false')
                same = column.to_numpy(dtype=bool) == (text == "true")
            else:
                same = (column.astype("str") == text).to_numpy()
            rows = rows[same]
        return rows

    def collection(self, rows: Sequence[int], crs: str = CRS84, **members: Any) -> bytes:
        """Write a GeoJSON feature collection of some rows, with more members beside its features."""
        head = json.dumps({"type": "FeatureCollection", **members}, ensure_ascii=False, allow_nan=False)
        body = b",".join([self.encoded[crs][row] for row in rows])
        return head[:-1].encode() + b', "features": [' + body + b"]}"


def parse_box(text: str, *, grid: bool = False) -> Box:
    """Read ``west,south,east,north``, or six numbers with heights that are left out.

    Raises
    ------
    RequestError
        It is not that, or its ends are exchanged, or it lies outside the world.
    """
    pieces = text.split(",")
    try:
        numbers = [float(one) for one in pieces]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not np.isfinite(numbers).all():
        raise RequestError(f'bbox is "{text[:80]}"; give four numbers: west,south,east,north')
    west, south, east, north = numbers
    if not grid and (max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90):
        raise RequestError(
            f'bbox is "{text[:80]}", outside the world in degrees; metres of the National Grid are '
            f"asked for at /collections with bbox-crs={GRID}"
        )
    if south > north or (west > east and grid):
        raise RequestError(f'bbox is "{text[:80]}", whose ends are exchanged; give west,south,east,north')
    if west > east:
        # A box over the date line: England lies in its western part or nowhere.
        west = -180.0
    return west, south, east, north


def build_layer(
    frame: gpd.GeoDataFrame,
    *,
    layer: str,
    title: str,
    description: str,
    ids: Sequence[str],
    around: gpd.GeoDataFrame | None = None,
    about: Mapping[str, Any] | None = None,
) -> Layer:
    """Hold a frame as a layer.

    Parameters
    ----------
    frame
        In EPSG:27700, with the properties that are shown.
    layer, title, description
        Of the layer.
    ids
        Identifier of each row, each once.
    around
        Where the features were looked for, for the extent of a layer that has none.
    about
        As `Layer.about`.

    Raises
    ------
    RequestError
        An identifier stands twice.
    """
    if len(set(ids)) != len(ids):
        raise RequestError(f"{layer} names a feature twice; give each an identifier of its own")
    degrees, _ = to_lonlat(frame)
    properties = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    written = [
        json.dumps(row, ensure_ascii=False, allow_nan=False, default=_plain) for row in _records(properties)
    ]
    encoded, trees, bounds = {}, {}, {}
    extents = {CRS84: degrees, GRID: frame}
    if around is not None and frame.empty:
        extents = {CRS84: to_lonlat(around)[0], GRID: around}
    for crs, one in ((CRS84, degrees), (GRID, frame)):
        shapes = shapely.orient_polygons(one.geometry.to_numpy())
        texts = shapely.to_geojson(shapes)
        encoded[crs] = [
            f'{{"type": "Feature", "id": {json.dumps(name, ensure_ascii=False)}, '
            f'"geometry": {shape}, "properties": {record}}}'.encode()
            for name, shape, record in zip(ids, texts, written, strict=True)
        ]
        trees[crs] = shapely.STRtree(shapes)
        west, south, east, north = (float(value) for value in extents[crs].total_bounds)
        bounds[crs] = (west, south, east, north)
    return Layer(layer, title, description, list(ids), properties, encoded, trees, bounds, dict(about or {}))


def _records(properties: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            str(name): None if isinstance(value, float) and np.isnan(value) else value
            for name, value in row.items()
        }
        for row in properties.to_dict("records")
    ]


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return None if value is pd.NA or value is pd.NaT else str(value)
