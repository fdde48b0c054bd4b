"""Vector tiles for web maps: areas with the default modelled figure, places, lines and designations.

The shift to degrees is ours (`geo.crs`), borders that areas share stay shared at every zoom, and a tile
is made once. A designation carries the completeness of its layer into every tile.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import mapbox_vector_tile  # type: ignore[import-untyped]
import numpy as np
import shapely
from fastapi import APIRouter, Path, Request
from mapbox_vector_tile.encoder import (  # type: ignore[import-untyped]
    on_invalid_geometry_make_valid,
)
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fairplace.disclosure import Released
from fairplace.profile.gaps import CHANCES
from fairplace.service.answers import deliver, respond
from fairplace.service.features import CRS84, Layer
from fairplace.service.finished import Document
from fairplace.service.holding import Held, Holding
from fairplace.service.layers import attribution
from fairplace.service.parameters import FORM, PackName, base_url, examples
from fairplace.service.problems import MissingError
from geo.crs import to_lonlat
from maps.shapes import simplify
from maps.style import SURE

MEDIA_TILE = "application/vnd.mapbox-vector-tile"
#: Name of the layer in a tile; units of its side, and of the strip round it that is drawn but not seen.
LAYER, EXTENT, MARGIN = "areas", 4096, 64
#: Zooms that are made; maps enlarge the last one.
ZOOMS = (0, 14)
#: Units by which a border may move.
_MOVED = 6
#: Half the side of the world in the metres of web maps, and metres on the ground in England in one of them.
_HALF, _GROUND = 20_037_508.342789244, 0.61
#: Sets of shapes kept, one a geography and zoom.
_SETS = 32
_MODELLED = "People below the Minimum Income Standard: modelled, with the range beside it."
_FIGURE = "mis_people_below_share"
_CHANCE = CHANCES[_FIGURE]

TileSet = Annotated[
    str,
    Path(
        max_length=80,
        description="Kind and vintage of areas, or a collection of places, lines or designations",
        examples=["lsoa21"],
    ),
]


@dataclass(frozen=True)
class Shapes:
    """Features as they are seen at one zoom, in the metres of web maps."""

    shapes: NDArray[np.object_]
    tree: shapely.STRtree
    properties: list[dict[str, Any]]


class Sets:
    """Shapes by pack, geography and zoom, made when first asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, int], Shapes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str, int], make: Callable[[], Shapes]) -> Shapes:
        """Give what was made, or make it."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > _SETS:
                self._kept.popitem(last=False)
            return self._kept[key]


def tile_routes() -> APIRouter:
    """Make the routes of vector tiles."""
    router = APIRouter(prefix="/packs", tags=["Tiles"])
    sets = Sets()

    @router.get(
        "/{pack}/tiles/{geography}.json",
        summary="Where the tiles of areas, places, lines or designations are (TileJSON)",
        responses=FORM,
    )
    def tilejson(request: Request, holding: Held, pack: PackName, geography: TileSet) -> Response:
        layer = _layer(holding, pack, geography)
        released = holding.pack(pack)
        fields: dict[str, str] = {}
        areas = geography in released.geographies
        for row in _about(released, geography) if areas else _records(layer):
            fields |= {name: "String" if isinstance(value, str) else "Number" for name, value in row.items()}
        content = {
            "tilejson": "3.0.0",
            "name": layer.title,
            "description": _MODELLED if areas else layer.description,
            "attribution": attribution(released),
            "scheme": "xyz",
            "tiles": [f"{base_url(request)}/packs/{pack}/tiles/{geography}/{{z}}/{{x}}/{{y}}.mvt"],
            "minzoom": ZOOMS[0],
            "maxzoom": ZOOMS[1],
            "bounds": list(layer.bounds[CRS84]),
            "vector_layers": [{"id": LAYER, "fields": fields, "minzoom": ZOOMS[0], "maxzoom": ZOOMS[1]}],
        }
        return respond(request, content, title=layer.title)

    @router.get(
        "/{pack}/tiles/{geography}/{z}/{x}/{y}.mvt",
        summary="One vector tile; 204 where there is nothing in it",
        responses={
            **examples("", MEDIA_TILE),
            204: {"description": "Nothing lies in this tile"},
        },
    )
    async def tile(
        request: Request,
        holding: Held,
        pack: PackName,
        geography: TileSet,
        z: Annotated[int, Path(ge=ZOOMS[0], le=ZOOMS[1], description="Zoom", examples=[10])],
        x: Annotated[
            int, Path(ge=0, le=2 ** ZOOMS[1] - 1, description="Column from the west", examples=[512])
        ],
        y: Annotated[int, Path(ge=0, le=2 ** ZOOMS[1] - 1, description="Row from the north", examples=[337])],
    ) -> Response:
        key = ("tile", pack, geography, f"{z}/{x}/{y}")
        document: Document | None = holding.finished.held(key)
        if document is None:
            document = await run_in_threadpool(_make, holding, sets, key, z, x, y)
        if not document.content:
            return Response(status_code=204, headers={"ETag": document.tag, "Cache-Control": "no-cache"})
        return deliver(request, document, media=MEDIA_TILE)

    return router


def _make(holding: Holding, sets: Sets, key: tuple[str, ...], z: int, x: int, y: int) -> Document:
    _, pack, geography, _ = key
    layer = _layer(holding, pack, geography)
    if x >= 2**z or y >= 2**z:
        raise MissingError(f"there is no tile {z}/{x}/{y}; column and row are below {2**z} at that zoom")
    released = holding.pack(pack)
    areas = geography in released.geographies
    make = (lambda: shapes_at(released, geography, z)) if areas else (lambda: places_at(layer, z))
    at = (pack, released.edition + geography, z)
    # Shapes of a zoom take long to make: whoever waits for them is counted as waiting.
    return holding.finished.get(key, lambda: encode_tile(sets.get(at, make), z, x, y), drawn=False)


def _layer(holding: Holding, pack: str, name: str) -> Layer:
    """Layer that tiles are made of: of a geography, or of what lies on the ground."""
    released = holding.pack(pack)
    if name in released.geographies:
        return holding.area_layer(pack, name)
    layer = holding.places(pack).get(name)
    if layer is None:
        known = ", ".join([*released.geographies, *holding.places(pack)])
        raise MissingError(f'{released.name} has no tiles of "{name[:80]}"; it has {known}')
    return layer


def places_at(layer: Layer, zoom: int) -> Shapes:
    """Places, lines and designations as they are seen at a zoom; a line moves by a few units of a tile."""
    whole = shapely.transform(layer.trees[CRS84].geometries, web_metres)
    shapes = shapely.simplify(whole, 2 * _HALF / 2**zoom / EXTENT * _MOVED)
    return Shapes(shapes, shapely.STRtree(shapes), _records(layer))


def _records(layer: Layer) -> list[dict[str, Any]]:
    """Properties of each feature; what is missing is left out."""
    return [
        {"id": name, **{key: one for key, one in row.items() if one is not None and one == one}}
        for name, row in zip(layer.ids, layer.properties.to_dict("records"), strict=True)
    ]


def shapes_at(released: Released, geography: str, zoom: int) -> Shapes:
    """Areas as they are seen at a zoom.

    Parameters
    ----------
    released
        What may be shown.
    geography, zoom
        Which areas, and how near.

    Returns
    -------
    Shapes
        Borders moved by no more than `_MOVED` units of a tile; shared ones stay shared.
    """
    areas = released.areas(geography)
    unit = 2 * _HALF / 2**zoom / EXTENT
    seen = simplify(areas[["geometry"]], tolerance=unit * _MOVED * _GROUND)
    degrees, _ = to_lonlat(seen)
    shapes = shapely.transform(degrees.geometry.to_numpy(), web_metres)
    return Shapes(shapes, shapely.STRtree(shapes), _about(released, geography))


def web_metres(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bring longitudes and latitudes to the metres of web maps (spherical Mercator)."""
    lon, lat = points[:, 0], np.radians(points[:, 1])
    return np.column_stack([lon * _HALF / 180, np.log(np.tan(np.pi / 4 + lat / 2)) * _HALF / np.pi])


def tile_box(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Give the box of a tile in the metres of web maps."""
    side = 2 * _HALF / 2**z
    west, north = x * side - _HALF, _HALF - y * side
    return west, north - side, west + side, north


def encode_tile(shapes: Shapes, z: int, x: int, y: int) -> bytes:
    """Write a tile; no bytes where there is nothing in it."""
    west, south, east, north = tile_box(z, x, y)
    more = (east - west) * MARGIN / EXTENT
    box = (west - more, south - more, east + more, north + more)
    rows = np.sort(shapes.tree.query(shapely.box(*box), predicate="intersects"))
    cut = shapely.clip_by_rect(shapes.shapes[rows], *box)
    features = [
        {"geometry": shape, "properties": shapes.properties[row], "id": int(row) + 1}
        for row, shape in zip(rows.tolist(), cut, strict=True)
        if not shape.is_empty and shapely.get_dimensions(shape) == shapely.get_dimensions(shapes.shapes[row])
    ]
    if not features:
        return b""
    made = mapbox_vector_tile.encode(
        [{"name": LAYER, "features": features}],
        default_options={
            "quantize_bounds": (west, south, east, north),
            "extents": EXTENT,
            "on_invalid_geometry": on_invalid_geometry_make_valid,
        },
    )
    return bytes(made)


def _about(released: Released, geography: str) -> list[dict[str, Any]]:
    """Properties of each area: code, name, and the modelled figure with its range and class."""
    figures = released.figures
    here = figures[(figures["geography"] == geography) & (figures["group"] == "")]
    latest = here.sort_values("period").drop_duplicates(["code", "indicator"], keep="last")
    # As the map has it: a share of 200 draws is not exact in binary.
    sure = SURE - 1e-9
    known = {name: latest[latest["indicator"] == name].set_index("code") for name in (_FIGURE, _CHANCE)}
    rows = []
    for code, name in released.areas(geography)["name"].items():
        row: dict[str, Any] = {"code": str(code), "name": str(name)}
        if code in known[_FIGURE].index:
            figure = known[_FIGURE].loc[code]
            row[f"{_FIGURE}_status"] = str(figure["status"])
            for part, column in (("", "value"), ("_low", "low"), ("_high", "high")):
                if np.isfinite(figure[column]):
                    row[f"{_FIGURE}{part}"] = float(figure[column])
        if code in known[_CHANCE].index and np.isfinite(chance := float(known[_CHANCE].at[code, "value"])):
            row["mis_class"] = "above" if chance >= sure else "below" if chance <= 1 - sure else "close"
        rows.append(row)
    return rows
