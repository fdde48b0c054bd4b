"""A map of many layers in one HTML file that opens with the network cut.

`build_map` writes the whole page: the map (folium and Leaflet), a legend for each layer that comes
and goes with it, search, comparison of two areas, and every figure again as a table. Shapes stand in
the file once however many layers show them. Nothing is calculated here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import folium
import geopandas as gpd
import jinja2
import numpy as np
import pandas as pd
from branca.element import Figure, MacroElement
from folium.template import Template

from geo.crs import bng_to_lonlat
from geo.errors import UserError
from maps.assets import inline, steady_ids
from maps.faces import with_faces
from maps.layer import LayerError, MapLayer, licence_lines
from maps.legend import legend_entries, origin_line, paint
from maps.marks import DASHES, mark_of
from maps.patterns import TILES, patterned, tile_svg, uncertain_class
from maps.shapes import STEPS, ShapeStore
from maps.steady import steadied
from maps.style import BACKDROP, MapClass
from maps.words import Words, blanks_of, english

Basemap = Literal["drawn", "online"]

#: The background that a reader may switch on; never asked for before that.
ONLINE = {
    "url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
    "host": "openstreetmap.org",
    "attribution": "© OpenStreetMap contributors",
}

#: More shapes than this are drawn on a canvas, which has no element for each.
CANVAS_FROM = 1500

_LEAD = 240
#: Words that the program of the page says.
_SPOKEN = (
    *("also_here", "base", "choose", "class", "close", "code", "compare_caption", "compared"),
    *("figure", "layer_shown", "link_done"),
    *(
        "link_failed",
        "nothing_here",
        "period",
        "range",
        "scale_kilometres",
        "scale_metres",
        "search_none",
        "search_some",
        "source",
    ),
)


class MapError(UserError, ValueError):
    """A map cannot be made of what was given."""


@dataclass(frozen=True)
class _Page:
    title: str
    words: Words
    layers: Sequence[MapLayer]
    caveats: Sequence[str]
    banner: Sequence[str]
    running: str
    licences: Sequence[str]
    places: pd.DataFrame | None
    backdrop: Mapping[str, gpd.GeoDataFrame]
    basemap: Basemap | None
    shapes: ShapeStore


@steadied
def build_map(
    layers: Sequence[MapLayer],
    *,
    title: str,
    words: Words | None = None,
    caveats: Sequence[str] = (),
    banner: Sequence[str] = (),
    running: str = "",
    licences: Sequence[str] = (),
    places: pd.DataFrame | None = None,
    backdrop: Mapping[str, gpd.GeoDataFrame] | None = None,
    basemap: Basemap | None = "drawn",
    tolerance: float = 5.0,
    extra: Sequence[folium.map.Layer] = (),
) -> str:
    """Give an interactive map as one HTML page that needs no other file and no network.

    Parameters
    ----------
    layers
        In the order in which they are offered. One ``fill`` layer colours the areas at a time;
        ``line`` and ``point`` layers are switched on and off over it.
    title
        Heading and page title.
    words
        Of the page, its legends and its numbers; English if left out. Their language and direction are the
        page's.
    caveats
        Sentences for the whole map; a layer's own is shown with the layer, inside the image.
    banner, running
        Sentences above the title, and a line of status and edition; both stand inside the image too.
    licences
        Lines that name sources beside those of the layers, such as that of the backdrop.
    places
        What search finds beside the areas: columns `name`, `kind` (such as "postcode"), `east` and
        `north` in metres of EPSG:27700.
    backdrop
        The drawn background: ``water``, ``green``, ``rail``, ``road`` -> shapes in EPSG:27700.
    basemap
        ``drawn`` shows `backdrop`; ``online`` also offers a switch, off at first, for a background
        from the internet; None shows areas only.
    tolerance
        How far a border may move in simplification, in metres; neighbours keep shared borders.
    extra
        folium elements to add; one that would need the network is refused.

    Returns
    -------
    str
        HTML; the same input gives the same bytes.

    Raises
    ------
    MapError
        No layers, none to draw, or two layers of one id.
    LayerError, StyleError
        A layer does not fit its figures or its style.
    AssetError
        Something in `extra` would ask for a file from outside.
    """
    _check(layers)
    page = _Page(
        title=title,
        words=words or english(),
        layers=layers,
        caveats=caveats,
        banner=banner,
        running=running,
        licences=licences,
        places=places,
        backdrop=dict(backdrop or {}) if basemap else {},
        basemap=basemap,
        shapes=ShapeStore(tolerance=tolerance),
    )
    drawn, tables = _described(page)
    data = _data(page, drawn)
    figure = _PageFigure(page, drawn, tables, data)
    made = _PageMap(
        tiles=None,
        zoom_control=False,
        prefer_canvas=data["canvas"],
        control_scale=False,
        attributionControl=True,
        # Whole steps would leave a town in a corner of the window.
        zoom_snap=0.25,
        keyboard_pan_delta=120,
        # A fading pop-up is two pop-ups for a while, to eyes and screen readers.
        fade_animation=False,
    )
    figure.add_child(made)
    made.region_name = page.words("map", "map_name", title=title)
    made.add_child(_Drawing())
    for element in extra:
        made.add_child(element)
    html = inline(figure.render())
    return steady_ids(with_faces(html))


def _check(layers: Sequence[MapLayer]) -> None:
    if not layers:
        raise MapError("a map needs one layer or more; none was given")
    ids = [one.id for one in layers]
    repeated = [one for one in ids if ids.count(one) > 1]
    if repeated:
        raise MapError(f'two layers have the id "{repeated[0]}"; give each its own')
    if not any(len(one.areas) for one in layers):
        raise MapError("no layer has an area or a place to draw; check the authority's code and vintage")


class _PageFigure(Figure):
    """The frame of the page: language, title, headings, landmarks, legends and tables."""

    def __init__(
        self, page: _Page, drawn: list[dict[str, Any]], tables: list[dict[str, Any]], data: dict[str, Any]
    ) -> None:
        super().__init__()
        self._given = (page, drawn, tables, data)

    def render(self, **kwargs: object) -> str:
        for child in self._children.values():
            child.render(**kwargs)
        page, drawn, tables, data = self._given
        return _template().render(
            page=page,
            w=page.words.view("map"),
            drawn=drawn,
            tables=tables,
            fills=[one for one in drawn if one["kind"] == "fill"],
            overlays=[one for one in drawn if one["kind"] != "fill"],
            patterns="".join(_pattern_definitions(page.layers)),
            head=self.header.render(**kwargs),
            body=self.html.render(**kwargs),
            script=self.script.render(**kwargs),
            sheet=page_text("page.css"),
            program=page_text("canvas.js") + page_text("page.js"),
            data=embed_json(data),
            online=ONLINE if page.basemap == "online" else None,
            licences=licence_lines([*(one.licence for one in page.layers), *page.licences]),
            accuracy=page.shapes.accuracy,
        )


class _PageMap(folium.Map):
    """folium's map without links to other hosts, without the zoom lock, and with a name."""

    region_name = ""

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <div class="folium-map" id="map" role="region" tabindex="0"
            aria-label="{{ this.region_name|e }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map("map", {
            center: {{ this.location|tojson }}, crs: L.CRS.{{ this.crs }},
            ...{{ this.options|tojavascript }}});
        {% endmacro %}
        """
    )


class _Drawing(MacroElement):
    """Hands folium's map to the program of the page."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        drawMap({{ this._parent.get_name() }}, JSON.parse(document.getElementById("map-data").textContent));
        {% endmacro %}
        """
    )


def _described(page: _Page) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Describe each layer for the page, and write its table."""
    drawn, tables = [], []
    fills = [one for one in page.layers if one.kind == "fill"]
    first = next((one for one in fills if one.shown), fills[0] if fills else None)
    for layer in page.layers:
        shown = layer is first if layer.kind == "fill" else layer.shown
        data = layer.data()
        written = layer.table(page.words)
        about = {
            "id": layer.id,
            "label": layer.label,
            "kind": layer.kind,
            "shown": shown,
            "title": layer.style.title,
            "note": layer.style.note,
            "caveat": layer.caveat,
            "period": layer.period_words(),
            "source": layer.source,
            "interval": layer.interval_words(page.words),
            "origin": origin_line(layer, page.words),
            "entries": legend_entries(layer, data, page.words),
            "has_figures": layer.figures is not None,
        }
        drawn.append(about | {"data": data, "written": written, "layer": layer})
        if layer.figures is not None or layer.kind != "line" or _named(layer):
            tables.append(about | _table(written))
    return drawn, tables


def _named(layer: MapLayer) -> bool:
    """Whether anything in a layer has a name of its own, beside its code and what the layer is called."""
    own = layer.names[layer.names != layer.areas.index.astype(str)]
    return bool((own != layer.label).any())


def _table(written: pd.DataFrame) -> dict[str, Any]:
    shown = [name for name in ("value", "range", "base", "class") if (written[name] != "").any()]
    rows = [
        (str(code), row["name"], [row[name] for name in shown])
        for code, row in zip(written.index, written.to_dict("records"), strict=True)
    ]
    return {"columns": shown, "rows": rows}


def _pattern_definitions(layers: Sequence[MapLayer]) -> list[str]:
    tiles = [
        tile_svg(one.colour, one.pattern, one.ink)
        for layer in layers
        for one in patterned(layer.style)
        if one.pattern
    ]
    return _unique(tiles)


def _data(page: _Page, drawn: list[dict[str, Any]]) -> dict[str, Any]:
    layers = []
    for about in drawn:
        layer, data, written = about["layer"], about["data"], about["written"]
        names = list(data["name"])
        each = _drawn_classes(layer, data)
        kinds = _unique(each)
        place = {one: at for at, one in enumerate(kinds)}
        layers.append(
            {
                "id": layer.id,
                "label": layer.label,
                "kind": layer.kind,
                "set": page.shapes.add(layer.areas[["geometry"]], names),
                "fills": [paint(one) for one in kinds],
                "borders": [layer.style.border(one) for one in kinds],
                "fill": [place[one] for one in each],
                "values": packed(written["value"]),
                "ranges": packed(written["range"]),
                "bases": packed(written["base"]),
                "classes": packed(written["class"]),
                "judged": layer.style.rule == "chance" or layer.said is not None,
                "line": [layer.style.outline, layer.style.outline_width],
                "dash": DASHES[layer.style.dash],
                "marks": _marks(layer, kinds),
                "labelled": layer.labelled,
                "shown": about["shown"],
                "facts": [about["interval"], about["period"], about["source"]],
                "lead": _lead(layer.caveat, page.words),
            }
        )
    backdrop = []
    for kind, (colour, width, over, filled) in BACKDROP.items():
        frame = page.backdrop.get(kind)
        if frame is None or len(frame) == 0:
            continue
        plain = frame[["geometry"]].reset_index(drop=True)
        held = ShapeStore(tolerance=page.shapes.tolerance)
        key = held.add(plain, [""] * len(plain))
        backdrop.append(
            {
                "colour": colour,
                "width": width,
                "over": over,
                "filled": filled,
                "shapes": held.sets[key]["shapes"],
            }
        )
    unknown = [kind for kind in page.backdrop if kind not in BACKDROP]
    if unknown:
        raise MapError(f'the drawn background has no kind "{unknown[0]}"; use {", ".join(BACKDROP)}')
    most = max(len(held["codes"]) for held in page.shapes.sets.values())
    return {
        "steps": STEPS,
        "canvas": most > CANVAS_FROM,
        "bounds": page.shapes.bounds(),
        "sets": page.shapes.sets,
        "layers": layers,
        "backdrop": backdrop,
        "places": _places(page.places),
        "tiles": {name: list(tile) for name, tile in TILES.items()},
        "online": ONLINE if page.basemap == "online" else None,
        "words": {name: _spoken(page.words, name) for name in _SPOKEN},
    }


def _marks(layer: MapLayer, kinds: Sequence[MapClass]) -> list[dict[str, Any]]:
    """Corners of the mark of each class of places; of outlined ones the colour too."""
    if layer.kind != "point":
        return []
    found = [(one, *mark_of(layer.style, one)) for one in kinds]
    return [{"corners": [*corners], "hollow": one.colour if hollow else ""} for one, corners, hollow in found]


def packed(texts: pd.Series[str]) -> dict[str, list[Any]]:
    """Give texts as `of`, each once, and `at`, the place of each: texts that repeat are written once."""
    kinds = _unique(texts)
    place = {one: at for at, one in enumerate(kinds)}
    return {"of": kinds, "at": [place[one] for one in texts]}


def _drawn_classes(layer: MapLayer, data: pd.DataFrame) -> list[MapClass]:
    """Give the class of each area as it is drawn: striped where its range leaves the class."""
    entries = {one: layer.style.entry(one) for one in set(data["class"])}
    return [
        uncertain_class(entries[class_id]) if striped else entries[class_id]
        for class_id, striped in zip(data["class"], data["uncertain"], strict=True)
    ]


def _lead(caveat: str, words: Words) -> str:
    """As much of a caveat as fits on the map: whole, or whole sentences and where the rest is."""
    text = " ".join(caveat.split())
    if len(text) <= _LEAD:
        return text
    cut = max(text.rfind(". ", 0, _LEAD), text.rfind("; ", 0, _LEAD))
    end = cut + 1 if cut > 0 else text.rfind(" ", 0, _LEAD)
    return f"{text[: end if end > 0 else _LEAD].rstrip(' ;')} … {words('map', 'more_below')}"


def _spoken(words: Words, name: str) -> str:
    """Give a text for the program of a page, which fills its blanks itself."""
    text = str(words.raw("map", name))
    return text.format(**{blank: f"{{{blank}}}" for blank in blanks_of(text)})


def _places(places: pd.DataFrame | None) -> list[list[Any]]:
    if places is None or places.empty:
        return []
    lacking = [name for name in ("name", "kind", "east", "north") if name not in places]
    if lacking:
        raise LayerError(f"places to search lack the column {lacking[0]}; give name, kind, east and north")
    lon, lat = bng_to_lonlat(places["east"].to_numpy(dtype=float), places["north"].to_numpy(dtype=float))
    steps = np.rint(np.column_stack([lon, lat]) * STEPS).astype(int)
    kinds = _unique(places["kind"].astype(str))
    lists: list[list[Any]] = [[kind] for kind in kinds]
    for name, kind, (west, north) in zip(places["name"], places["kind"].astype(str), steps, strict=True):
        lists[kinds.index(kind)] += [str(name), int(west), int(north)]
    return lists


def embed_json(data: object) -> str:
    """JSON that may stand inside a script element whatever the names in it are."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _unique(texts: Any) -> list[Any]:
    return [one for one in dict.fromkeys(texts) if one is not None]


@cache
def _template() -> jinja2.Template:
    frame = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return frame.from_string(page_text("page.html"))


@cache
def page_text(name: str) -> str:
    """Give a text file of this package, such as a template or a style sheet."""
    return resources.files("maps").joinpath(name).read_text(encoding="utf-8")
