"""Where a raster, a street network or a layer of shapes lies, read from its header."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pyproj

from geo.crs import BNG, lonlat_to_bng
from geo.terrain import TILE, list_tiles, tile_corner

#: West, south, east and north in metres of EPSG:27700.
Box = tuple[float, float, float, float]


def extent_of(path: Path) -> Box | None:
    """Box of a raster or network in EPSG:27700, to some tens of metres; None if the file does not say.

    For a GraphML file, the box of the nodes in its first two megabytes.
    """
    name = path.name.lower()
    if name.endswith((".tif", ".tiff")):
        return _raster(path)
    if name.endswith(".zip"):
        return _tiles(path)
    if name.endswith(".parquet"):
        return _parquet(path)
    if name.endswith(".gpkg"):
        return _geopackage(path)
    if name.endswith(".graphml"):
        return _graphml(path)
    if name.endswith(".osm"):
        return _osm(path)
    return _packed_osm(path)


def _raster(path: Path) -> Box | None:
    import rasterio

    with rasterio.open(path) as raster:
        return None if raster.crs is None else _to_bng(tuple(raster.bounds), raster.crs.to_wkt())


def _tiles(path: Path) -> Box:
    corners = np.array([tile_corner(name) for name in list_tiles(path)], dtype=float)
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0) + TILE
    return float(west), float(south), float(east), float(north)


def _parquet(path: Path) -> Box | None:
    papers = json.loads((pq.read_schema(path).metadata or {}).get(b"geo", b"{}"))
    column = papers.get("columns", {}).get(papers.get("primary_column", ""), {})
    if "bbox" not in column:
        return None
    return _to_bng(tuple(column["bbox"]), json.dumps(column["crs"]) if column.get("crs") else "EPSG:4326")


def _geopackage(path: Path) -> Box | None:
    query = "SELECT min_x, min_y, max_x, max_y, srs_id FROM gpkg_contents WHERE min_x IS NOT NULL"
    with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as base:
        row = base.execute(query).fetchone()
    return None if row is None else _to_bng(tuple(row[:4]), f"EPSG:{row[4]}")


def _graphml(path: Path) -> Box | None:
    with path.open(encoding="utf-8", errors="replace") as handle:
        text = handle.read(1 << 21)
    values = {}
    for axis in ("x", "y"):
        head = next((one for one in re.findall(r"<key [^>]*>", text) if f'attr.name="{axis}"' in one), "")
        key = re.search(r'id="(\w+)"', head)
        if key is None:
            return None
        found = re.findall(rf'<data key="{key[1]}">(-?[\d.]+)</data>', text)
        values[axis] = np.array(found, dtype=float)
    if not len(values["x"]) or not len(values["y"]):
        return None
    box = values["x"].min(), values["y"].min(), values["x"].max(), values["y"].max()
    degrees = max(abs(box[0]), abs(box[2])) <= 180 and max(abs(box[1]), abs(box[3])) <= 90
    return _to_bng(box, "EPSG:4326" if degrees else BNG)


def _osm(path: Path) -> Box | None:
    with path.open(encoding="utf-8", errors="replace") as handle:
        text = handle.read(1 << 16)
    found = re.search(r"<bounds\b[^>]*>", text)
    if found is None:
        return None
    sides = dict(re.findall(r"""((?:min|max)(?:lat|lon))=["'](-?[\d.]+)""", found[0]))
    if len(sides) != 4:
        return None
    west, south, east, north = (float(sides[one]) for one in ("minlon", "minlat", "maxlon", "maxlat"))
    return _to_bng((west, south, east, north), "EPSG:4326")


def _packed_osm(path: Path) -> Box | None:
    import osmium

    box = osmium.io.Reader(str(path)).header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return _to_bng((low.lon, low.lat, high.lon, high.lat), "EPSG:4326")


def _to_bng(box: tuple[float, ...], crs: str) -> Box | None:
    # To degrees first, where no datum shift is needed for the CRSs in use, then through geo.crs.
    known = pyproj.CRS.from_user_input(crs)
    west, south, east, north = (float(one) for one in box)
    if known.to_epsg() == 27700:
        return west, south, east, north
    if known.to_epsg() not in (4326, 4258):
        transformer = pyproj.Transformer.from_crs(known, "EPSG:4326", always_xy=True)
        west, south, east, north = transformer.transform_bounds(west, south, east, north)
    x, y = lonlat_to_bng([west, west, east, east], [south, north, south, north])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())
