"""Maps of all England: vector tiles in one archive, drawn by MapLibre in one page.

A page of 33,755 areas as shapes would be tens of megabytes and slow; tiles hold for each scale only
what can be seen at it. GDAL writes the archive (PMTiles, version 3), the page reads it from inside
itself, or from a server that answers byte ranges.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import geopandas as gpd
import jinja2
import numpy as np
import pyogrio

from geo.crs import BNG, to_lonlat
from geo.errors import UserError
from maps.assets import outside_references, script, style
from maps.interactive import embed_json, page_text
from maps.layer import MapLayer
from maps.legend import legend_entries, origin_line
from maps.patterns import TILES, patterned, tile_svg
from maps.shapes import STEPS, middles_of, simplify
from maps.text import count_text
from maps.words import Words, english

#: Name of the layer inside the archive.
LAYER = "areas"


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


def build_tile_map(
    layer: MapLayer, tiles: Path, *, title: str, address: str = "", words: Words | None = None
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
    words
        Of the page; English if left out.

    Returns
    -------
    str
        HTML with the legend, a table of the classes and, on a click or a search, an area's figures.
        The table of all areas is too long for a page: publish it beside it as CSV.

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
    data = layer.data()
    page = _template().render(
        title=title,
        words=words,
        w=words.view("map"),
        layer=layer,
        # Stripes are not drawn here: what a range reaches is in the pop-up and the table of all areas.
        entries=[one for one in legend_entries(layer, data, words) if one["id"] != "uncertain"],
        total=count_text(len(data), words),
        origin=origin_line(layer, words),
        patterns="".join(
            tile_svg(one.colour, one.pattern, one.ink) for one in patterned(layer.style) if one.pattern
        ),
        sheet=page_text("page.css"),
        library_sheet=style("maplibre-gl.css"),
        library=script("maplibre-gl.js"),
        program=page_text("tiles.js"),
        data=embed_json(_data(layer, words, address)),
        archive="" if address else base64.b64encode(archive).decode("ascii"),
    )
    left = outside_references(page)
    if left:
        raise TileError(f"the page would still ask for {left[0]}")
    return str(page)


def _data(layer: MapLayer, words: Words, address: str) -> dict[str, Any]:
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
        "values": list(table["value"].where(table["value"] != "", table["class"])),
        "ranges": list(table["range"]),
        "middles": middles_of(layer.areas),
        "steps": STEPS,
        "bounds": [float(np.round(one, 5)) for one in (west, south, east, north)],
        "words": {name: words("map", name) for name in ("figure", "range", "code", "search_none")},
        # What MapLibre says of itself, by its own keys.
        "locale": {
            "Map.Title": words("map", "map_name", title=layer.label),
            "NavigationControl.ZoomIn": words("map", "zoom_in"),
            "NavigationControl.ZoomOut": words("map", "zoom_out"),
            "Popup.Close": words("map", "close"),
            "ScaleControl.Meters": words("map", "scale_metres", number="").strip(),
            "ScaleControl.Kilometers": words("map", "scale_kilometres", number="").strip(),
        },
    }


def _template() -> jinja2.Template:
    frame = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return frame.from_string(page_text("tiles.html"))
