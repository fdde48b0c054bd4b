"""Maps of all England: vector tiles in one archive, drawn by MapLibre in one page.

A page of 33,755 areas as shapes would be tens of megabytes and slow; tiles hold for each scale only
what can be seen at it. GDAL writes the archive (PMTiles, version 3), the page reads it from inside
itself, or from a server that answers byte ranges.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import jinja2
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError

from geo.crs import BNG, bng_to_lonlat, to_lonlat
from geo.errors import UserError
from maps.assets import outside_references, script, style
from maps.interactive import embed_json, packed, page_text
from maps.layer import LayerError, MapLayer, licence_lines
from maps.legend import legend_entries, origin_line
from maps.patterns import TILES, patterned, tile_svg
from maps.shapes import STEPS, middles_of, simplify
from maps.steady import steadied
from maps.text import count_text
from maps.words import Words, english

#: Name of the layer inside the archive.
LAYER = "areas"
#: Words that the program of the page says.
_SPOKEN = (
    *("figure", "range", "range_reaches", "base", "class", "period", "source", "code", "close"),
    *("search_none", "search_some", "found_place", "zoom_in", "zoom_out", "few_drawn"),
    *("no_webgl", "tiles_absent", "tiles_damaged", "map_failed"),
)


class TileError(UserError, ValueError):
    """Tiles cannot be written, or do not belong to the layer."""


def write_tiles(
    areas: gpd.GeoDataFrame, path: Path, *, tolerance: float = 50.0, zooms: tuple[int, int] = (4, 9)
) -> Path:
    """Write areas as vector tiles, each with its code, and give the path.

    Parameters
    ----------
    areas
        EPSG:27700, indexed by code.
    path
        Ends in ``.pmtiles``; replaced if it is there.
    tolerance
        Metres by which a border may move; shared borders stay shared.
    zooms
        Smallest and largest web-map zoom held; the page enlarges the last one beyond it.

    Raises
    ------
    TileError
        There is no area, the CRS is another, or the name does not end in ``.pmtiles``.
    """
    if path.suffix != ".pmtiles":
        raise TileError(f'"{path.name}" does not end in .pmtiles; give it that ending')
    if areas.crs != BNG or areas.empty:
        raise TileError(f"{len(areas)} areas in {areas.crs or 'no CRS'}; tiles are made of areas in {BNG}")
    degrees, _ = to_lonlat(simplify(areas[["geometry"]], tolerance=tolerance))
    degrees.insert(0, "code", degrees.index.astype(str))
    path.unlink(missing_ok=True)
    pyogrio.write_dataframe(
        degrees.reset_index(drop=True),
        path,
        driver="PMTiles",
        layer=LAYER,
        dataset_options={
            "MINZOOM": str(zooms[0]),
            "MAXZOOM": str(zooms[1]),
            "MAX_SIZE": "3000000",
            "MAX_FEATURES": "200000",
            "NAME": LAYER,
        },
    )
    return path


def count_held(tiles: Path) -> dict[int, int]:
    """Count the areas that an archive holds at each zoom: tiles leave out what is too small to be seen.

    Parameters
    ----------
    tiles
        From `write_tiles`.

    Returns
    -------
    dict
        Zoom -> different codes. A zoom that GDAL does not read back is left out.
    """
    with tiles.open("rb") as held:
        least, most = held.read(102)[100:]
    counted: dict[int, int] = {}
    for zoom in range(least, most + 1):
        # GDAL joins the pieces of tiles, and gives up where a simplified border crosses itself.
        with contextlib.suppress(DataLayerError):
            rows = pyogrio.read_dataframe(
                tiles, layer=LAYER, columns=["code"], read_geometry=False, ZOOM_LEVEL=str(zoom)
            )
            counted[zoom] = int(rows["code"].nunique())
    return counted


@dataclass(frozen=True)
class TileFrame:
    """What stands around a map of tiles, as `build_map` has it.

    Parameters
    ----------
    caveats
        Sentences for the whole map; the layer's own is shown inside the image.
    banner, running
        Sentences above the title, and a line of status and edition; both stand inside the image too.
    licences
        Lines that name sources beside those of the layer, such as that of the outlines.
    twin
        Name of the file beside the page in which every area's figure is a row; empty if there is none.
    places
        What search finds beside the areas: columns `name`, `kind` (such as "district"), `west`, `south`,
        `east` and `north` in metres of EPSG:27700.
    held
        Zoom -> areas that the archive holds, from `count_held`; the page says when some are not drawn.
    """

    caveats: Sequence[str] = ()
    banner: Sequence[str] = ()
    running: str = ""
    licences: Sequence[str] = ()
    twin: str = ""
    places: pd.DataFrame | None = None
    held: Mapping[int, int] | None = None


@steadied
def build_tile_map(
    layer: MapLayer,
    tiles: Path,
    *,
    title: str,
    address: str = "",
    frame: TileFrame | None = None,
    words: Words | None = None,
) -> str:
    """Give a page that draws a layer from tiles.

    Parameters
    ----------
    layer
        Of kind ``fill``; its areas may be all of England's.
    tiles
        From `write_tiles` of the same areas.
    title
        Heading and page title.
    address
        Where the page finds the archive on its own server, such as ``england.pmtiles``; written
        into the page if empty, which then opens from disk with the network cut.
    frame
        Caveats, standing, sources, table of all areas, and more to search.
    words
        Of the page; English if left out.

    Returns
    -------
    str
        HTML with the legend, a table of the classes and, on a click or a search, an area's figures.
        The table of all areas is too long for a page: publish it beside it, and name it as `twin`.

    Raises
    ------
    TileError
        The file is not a PMTiles archive of version 3, or the layer is of lines or points.
    AssetError
        MapLibre's package is not installed.
    """
    if layer.kind != "fill":
        raise TileError(f"{layer.label} is a layer of kind {layer.kind}; tiles are drawn for fill")
    archive = tiles.read_bytes()
    if archive[:8] != b"PMTiles\x03":
        raise TileError(f"{tiles.name} is not a PMTiles archive of version 3; make it with write_tiles")
    words = words or english()
    frame = frame or TileFrame()
    data = layer.data()
    page = _template().render(
        title=title,
        words=words,
        w=words.view("map"),
        layer=layer,
        frame=frame,
        # Stripes would be lost in areas of a few pixels: the key counts them, and the pop-up tells each.
        reaching=f"{int(data['uncertain'].sum()):,}" if bool(data["uncertain"].any()) else "",
        licences=licence_lines([layer.licence, *frame.licences]),
        entries=[one for one in legend_entries(layer, data, words) if one["id"] != "uncertain"],
        total=count_text(len(data), words),
        origin=origin_line(layer, words),
        accuracy=to_lonlat(layer.areas[["geometry"]].iloc[:1])[1],
        patterns="".join(
            tile_svg(one.colour, one.pattern, one.ink) for one in patterned(layer.style) if one.pattern
        ),
        sheet=page_text("page.css"),
        library_sheet=style("maplibre-gl.css"),
        library=script("maplibre-gl.js"),
        program=page_text("tiles.js"),
        data=embed_json(_data(layer, words, address, frame)),
        archive="" if address else base64.b64encode(archive).decode("ascii"),
    )
    left = outside_references(page)
    if left:
        raise TileError(f"the page would still ask for {left[0]}")
    return str(page)


def _data(layer: MapLayer, words: Words, address: str, frame: TileFrame) -> dict[str, Any]:
    held = layer.data()
    table = layer.table(words)
    classes = []
    for class_id in layer.style.count(held["class"]):
        one = layer.style.entry(class_id)
        codes = [str(code) for code in held.index[(held["class"] == class_id).to_numpy()]]
        if codes:
            classes.append({"colour": one.colour, "pattern": one.pattern, "ink": one.ink, "codes": codes})
    west, south, east, north = to_lonlat(layer.areas[["geometry"]])[0].total_bounds
    return {
        "layer": LAYER,
        "label": layer.label,
        "address": address,
        "outline": layer.style.outline,
        "classes": classes,
        "tiles": {name: list(tile) for name, tile in TILES.items()},
        "codes": [str(code) for code in held.index],
        "names": list(table["name"]),
        **{name: packed(table[name]) for name in ("value", "range", "base", "class")},
        "uncertain": [at for at, one in enumerate(held["uncertain"]) if one],
        "facts": [layer.interval_words(words), layer.period_words(), layer.source],
        "places": _places(frame.places),
        "held": {str(zoom): count for zoom, count in (frame.held or {}).items() if count < len(held)},
        "middles": middles_of(layer.areas),
        "steps": STEPS,
        "bounds": [float(np.round(one, 5)) for one in (west, south, east, north)],
        "words": {name: words.raw("map", name) for name in _SPOKEN},
        # What MapLibre says of itself, by its own keys.
        "locale": {
            "NavigationControl.ZoomIn": words("map", "zoom_in"),
            "NavigationControl.ZoomOut": words("map", "zoom_out"),
            "Popup.Close": words("map", "close"),
            "ScaleControl.Meters": words("map", "scale_metres", number="").strip(),
            "ScaleControl.Kilometers": words("map", "scale_kilometres", number="").strip(),
        },
    }


def _places(places: pd.DataFrame | None) -> list[list[Any]]:
    """Name, kind, and west, south, east and north in steps, of each place to search."""
    if places is None or places.empty:
        return []
    ends = ("west", "south", "east", "north")
    lacking = [name for name in ("name", "kind", *ends) if name not in places]
    if lacking:
        raise LayerError(f"places to search lack the column {lacking[0]}; give name, kind, {', '.join(ends)}")
    corners = [
        bng_to_lonlat(places[x].to_numpy(dtype=float), places[y].to_numpy(dtype=float))
        for x, y in (ends[:2], ends[2:])
    ]
    steps = np.rint(np.column_stack([one for pair in corners for one in pair]) * STEPS).astype(int)
    return [
        [str(name), str(kind), *box]
        for name, kind, box in zip(places["name"], places["kind"], steps.tolist(), strict=True)
    ]


def _template() -> jinja2.Template:
    frame = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return frame.from_string(page_text("tiles.html"))
