"""The page that officers use: one HTML page a pack, its program and style, and what its map draws.

The page is filled by the other routes; this module adds only what a map needs and they do not give:
each layer's classes, colours and words, as `fairplace map` draws them, and a light background. All
text is in ``web/words.toml``. Nothing is inline, so a strict Content-Security-Policy can stand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Any
from urllib.parse import quote

import geopandas as gpd
import jinja2
import numpy as np
import shapely
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from fairplace.disclosure import Released
from fairplace.map_page import LINE_LABELS, POINT_LABELS, PUBLIC_LAYERS, area_layer, backdrop_of
from fairplace.profile.words import load_words as profile_words
from fairplace.service.account import account_line
from fairplace.service.answers import MEDIA, deliver, encode, page_response
from fairplace.service.bounds import TRIED_SITES
from fairplace.service.designations import designation_collection, designation_table
from fairplace.service.finished import Document, finish
from fairplace.service.holding import Held
from fairplace.service.layers import attribution
from fairplace.service.parameters import PackName, examples
from fairplace.service.problems import MissingError
from fairplace.service.words import words
from geo.crs import bng_to_lonlat
from geo.geography import Geography
from maps.assets import script, style
from maps.interactive import embed_json, page_text
from maps.layer import MapLayer
from maps.patterns import TILES, uncertain_class
from maps.style import BACKDROP, MapClass
from maps.text import class_label
from maps.words import english as map_words

#: What a browser may do for the page: run our files, ask this service, and nothing else.
EXPLORE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
#: Files of the page: name in addresses -> media type.
_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
}
#: How far the background may move in simplification, in metres.
_TOLERANCE = 5.0
#: Addresses that the page uses where the service has them.
_OPTIONAL = {
    "area": "/packs/{pack}/profile",
    "reach": "/packs/{pack}/reach",
    "hubs": "/packs/{pack}/hubs/try",
    "plan": "/packs/{pack}/jobs/hubs",
    "review": "/packs/{pack}/jobs/review",
    "compare": "/packs/{pack}/compare",
    "downloads": "/packs/{pack}/downloads/",
}
GeographyQuery = Annotated[
    str, Query(max_length=20, description="Kind and vintage of areas", examples=["lsoa21"])
]


def explore_routes() -> APIRouter:
    """Make the routes of the page."""
    router = APIRouter(tags=["Page"])

    @router.get(
        "/packs/{pack}/explore",
        summary="The page for officers: find, read, draw, compare, walk, site and review",
        response_class=Response,
        responses=examples({"title": "a page"}, "text/html"),
    )
    def explore(request: Request, holding: Held, pack: PackName) -> Response:
        released = holding.pack(pack)
        content = page_content(pack, released, list(holding.own_layers[pack]), _paths(request))
        page = _template().render(
            w=words(),
            name=released.name,
            pack=pack,
            banner=words()["fictional"].format(name=released.name) if released.fictional else "",
            caveats=_caveats(released),
            credit=attribution(released),
            data=embed_json(content),
            version=version(),
            account=account_line(request, pack=pack, authority=released.authority),
        )
        answer = page_response(page, policy=EXPLORE_POLICY)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    @router.get(
        "/packs/{pack}/explore/layers",
        summary="Layers of the map: classes, colours, patterns, and the words of each area",
        responses=examples({"geography": "lsoa21", "layers": []}),
    )
    def layers(
        request: Request, holding: Held, pack: PackName, geography: GeographyQuery = "lsoa21"
    ) -> Response:
        released = holding.pack(pack)
        holding.area_layer(pack, geography)
        document = holding.finished.get(
            ("layers", pack, geography), lambda: encode(describe_layers(released, geography)), drawn=False
        )
        return deliver(request, document, media=MEDIA["json"])

    @router.get(
        "/packs/{pack}/explore/background",
        summary="Light background of the map: water, green, roads and railways, simplified",
        responses=examples({"background": []}),
    )
    def background(request: Request, holding: Held, pack: PackName) -> Response:
        released = holding.pack(pack)
        document = holding.finished.get(
            ("background", pack), lambda: encode({"background": describe_background(released)}), drawn=False
        )
        return deliver(request, document, media=MEDIA["json"])

    @router.get(
        "/web/{name}",
        summary="A file of the page: program or style",
        response_class=Response,
        responses=examples({"file": "a program"}, "text/javascript", also=["text/css"]),
    )
    def web(
        request: Request,
        name: Annotated[str, Path(max_length=40, description="Name of the file", examples=["main.js"])],
    ) -> Response:
        held = _files().get(name)
        if held is None:
            raise MissingError(f'there is no file "{name}" of the page; reload the page')
        # Every worker gives the same tag for the same bytes, so a browser may ask any of them.
        return deliver(request, held, media=_TYPES[name.rpartition(".")[2]])

    return router


def page_content(
    pack: str, released: Released, collections: Iterable[str], paths: Iterable[str]
) -> dict[str, Any]:
    """Give what the page must know to begin.

    Parameters
    ----------
    pack
        Name of the pack in addresses.
    released
        What may be shown of it.
    collections
        Ids of the collections that are served.
    paths
        Addresses that the service has; a task whose address is absent is said to be so on the page.
    """
    known, held = list(paths), list(collections)
    west, south, east, north = released.areas(released.geographies[0]).total_bounds
    lon, lat = bng_to_lonlat(np.array([west, east]), np.array([south, north]))
    geographies = [
        {"id": one, "label": Geography.parse(one).label, "areas": len(released.areas(one))}
        for one in released.geographies
    ]
    return {
        "pack": pack,
        "base": f"/packs/{quote(pack, safe='')}",
        "name": released.name,
        "authority": released.authority,
        "bounds": [float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1])],
        "geographies": geographies,
        "drawn": [one for one in released.geographies if _drawable(released, one)],
        "most_sites": TRIED_SITES,
        "overlays": _overlays(pack, released, held),
        "has": {
            name: any(
                path == address or (address.endswith("/") and path.startswith(address)) for path in known
            )
            for name, address in _OPTIONAL.items()
        },
        "streets": bool(released.held("networks")),
        "tiles": {name: list(tile) for name, tile in TILES.items()},
        "words": dict(words()),
    }


def describe_layers(released: Released, geography: str) -> dict[str, Any]:
    """Describe each layer that the pack can draw on some areas, as `fairplace map` draws it.

    Returns
    -------
    dict
        ``geography`` and ``layers``; a layer has its legend (``classes``) and ``areas``: code -> place
        in ``fills``, value, range and base as words.
    """
    made = [area_layer(released, name, geography) for name in PUBLIC_LAYERS]
    return {"geography": geography, "layers": [_described(one) for one in made if one is not None]}


def describe_background(released: Released) -> list[dict[str, Any]]:
    """Give the drawn background in degrees, in the order in which it is drawn."""
    held = backdrop_of(released)
    made = []
    for kind, (colour, width, over, filled) in BACKDROP.items():
        frame = held.get(kind)
        if frame is None or frame.empty:
            continue
        made.append(
            {
                "kind": kind,
                "colour": colour,
                "width": width,
                "over": over,
                "filled": filled,
                "geometry": json.loads(shapely.to_geojson(_degrees(frame))),
            }
        )
    return made


def _folder() -> Traversable:
    return resources.files("fairplace.service").joinpath("web")


@cache
def version() -> str:
    """Short name of the page's files as they are: a browser must not mix two versions of them."""
    whole = hashlib.sha256(b"".join(one.content for one in _files().values()))
    return whole.hexdigest()[:12]


def _described(layer: MapLayer) -> dict[str, Any]:
    words_ = map_words()
    data, written = layer.data(), layer.table(words_)
    counts = layer.style.count(data["class"])
    fills: list[dict[str, Any]] = []
    places: dict[tuple[str, bool], int] = {}
    areas: dict[str, list[Any]] = {}
    for code, kind, striped, row in zip(
        data.index, data["class"], data["uncertain"], written.to_dict("records"), strict=True
    ):
        at = places.get((kind, bool(striped)))
        if at is None:
            at = places[kind, bool(striped)] = len(fills)
            entry = layer.style.entry(kind)
            fills.append(_fill(layer, uncertain_class(entry) if striped else entry))
        areas[str(code)] = [at, row["value"], row["range"], row["base"], row["class"]]
    classes = [
        {
            **_fill(layer, layer.style.entry(kind)),
            "label": class_label(layer.style.entry(kind), words_),
            "count": count,
        }
        for kind, count in counts.items()
    ]
    if bool(data["uncertain"].any()):
        middle = layer.style.classes[len(layer.style.classes) // 2]
        striped_fill = _fill(layer, uncertain_class(middle))
        classes.append(
            striped_fill | {"label": words_("map", "uncertain"), "count": int(data["uncertain"].sum())}
        )
    return {
        "id": layer.id,
        "label": layer.label,
        "title": layer.style.title,
        "note": layer.style.note,
        "caveat": layer.caveat,
        "period": layer.period_words(),
        "source": layer.source,
        "interval": layer.interval_words(),
        "licence": layer.licence,
        "width": layer.style.outline_width,
        "classes": classes,
        "fills": fills,
        "areas": areas,
    }


def _fill(layer: MapLayer, one: MapClass) -> dict[str, str]:
    return {
        "id": one.id,
        "colour": one.colour,
        "pattern": one.pattern,
        "ink": one.ink,
        "border": layer.style.border(one),
    }


def _drawable(released: Released, geography: str) -> bool:
    figures = released.figures
    return bool(
        ((figures["geography"] == geography) & (figures["indicator"] == "mis_people_below_share")).any()
    ) and not geography.startswith(("lad", "oa"))


def _overlays(pack: str, released: Released, collections: Iterable[str]) -> list[dict[str, str]]:
    """List the points, lines and planning layers that may be put on top: collection, kind and title."""
    made = []
    for one in collections:
        for kind, labels in (("points", POINT_LABELS), ("lines", LINE_LABELS)):
            prefix = f"{pack}-{kind}-"
            if not one.startswith(prefix):
                continue
            name = one.removeprefix(prefix).replace("-", "_")
            if name == "postcodes" or (kind == "lines" and name in BACKDROP):
                continue
            label = labels.get(name, name.replace("_", " ").capitalize())
            made.append({"id": one, "kind": kind, "title": label})
    for layer in designation_table(released):
        name = designation_collection(pack, layer["layer"])
        if name in collections:
            # That a layer is not complete must be read before its map is.
            title = f"{layer['title']} ({layer['completeness']})"
            made.append({"id": name, "kind": "areas", "title": title})
    return made


def _caveats(released: Released) -> list[str]:
    said, mis = profile_words(), released.settings.get("mis")
    if not mis:
        return [said("caveats", "imd")]
    return [
        said("required", "modelled", period=mis["period"]),
        said("required", "place"),
        said("required", "not_poverty", derived=mis["derived_budgets"], types=mis["household_types"]),
        said("caveats", "imd"),
    ]


def _degrees(frame: gpd.GeoDataFrame) -> shapely.Geometry:
    """One collection of a layer's shapes, simplified, in degrees of five decimals (a metre)."""
    whole = shapely.geometrycollections(shapely.simplify(frame.geometry.to_numpy(), _TOLERANCE))

    def turn(at: np.ndarray) -> np.ndarray:
        lon, lat = bng_to_lonlat(at[:, 0], at[:, 1])
        return np.round(np.column_stack([lon, lat]), 5)

    moved: shapely.Geometry = shapely.transform(whole, turn)
    return moved


def _paths(request: Request) -> list[str]:
    return list(request.app.openapi()["paths"])


@cache
def _files() -> dict[str, Document]:
    """Files of the page by name."""
    held = {
        "leaflet.js": script("leaflet.js").encode(),
        "leaflet.css": style("leaflet.css").encode(),
        "canvas.js": page_text("canvas.js").encode(),
    }
    for one in _folder().iterdir():
        if one.name.rpartition(".")[2] in _TYPES:
            held[one.name] = one.read_bytes()
    return {name: finish(content) for name, content in sorted(held.items())}


@cache
def _template() -> jinja2.Template:
    text = _folder().joinpath("explore.html.jinja").read_text(encoding="utf-8")
    frame = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return frame.from_string(text)
