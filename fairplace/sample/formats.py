"""File formats of the publishers, written so that the same content always gives the same bytes."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import rasterio
import shapely
import xlsxwriter

from fairplace.sample.ground import Floats
from fairplace.sample.streets import Streets
from geo.crs import bng_to_lonlat

#: Said in every file that has room for it.
FICTIONAL = (
    "Fictional: Halverton is a made-up town, the sample authority of fairplace. Nothing in this file "
    "describes a real place, person, home or service."
)

_STAMP = dt.datetime(2026, 1, 1)  # noqa: DTZ001 (xlsxwriter wants a date without a zone)
_DECIMALS = 8


def write_csv(path: Path, frame: pd.DataFrame) -> Path:
    """Write a table as CSV (UTF-8, comma); gzipped where the name ends in ``.gz``."""
    text = frame.to_csv(index=False, lineterminator="\n").encode()
    path.write_bytes(gzip.compress(text, compresslevel=6, mtime=0) if path.suffix == ".gz" else text)
    return path


def write_geojson(path: Path, frame: pd.DataFrame, shapes: Sequence[Any]) -> Path:
    """Write features in longitude and latitude, as ONS and planning.data.gov.uk do.

    Parameters
    ----------
    path
        Its stem becomes the name of the collection.
    frame
        Properties, one row a feature; missing values become null.
    shapes
        Geometries in EPSG:27700, in the order of the rows.
    """
    degrees = shapely.transform(
        shapely.orient_polygons(np.asarray(shapes, dtype=object)),
        lambda points: np.round(np.column_stack(bng_to_lonlat(points[:, 0], points[:, 1])), _DECIMALS),
    )
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    features = [
        {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(shape)}
        for properties, shape in zip(records, degrees, strict=True)
    ]
    head = {
        "type": "FeatureCollection",
        "name": path.stem,
        "description": FICTIONAL,
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
    }
    lines = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features)
    start = json.dumps(head, ensure_ascii=False)[:-1]
    path.write_text(f'{start}, "features": [\n{lines}\n]}}\n', encoding="utf-8", newline="\n")
    return path


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    """Write sheets of rows as an Excel workbook whose created date is fixed."""
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        book.set_properties({"created": _STAMP, "comments": FICTIONAL})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, list(row))
    return path


def write_raster(
    path: Path, values: Floats, *, west: float, north: float, cell_size: float, tags: Mapping[str, str]
) -> Path:
    """Write a grid as a float32 GeoTIFF in EPSG:27700, nodata -9999.

    Parameters
    ----------
    values : array of float, shape (rows, columns)
        Row 0 is the northernmost; NaN means no data.
    west, north
        Top-left corner, in metres.
    cell_size
        In metres.
    """
    rows, columns = values.shape
    with rasterio.open(
        path, "w", driver="GTiff", dtype="float32", count=1, width=columns, height=rows, nodata=-9999.0,
        crs="EPSG:27700", transform=rasterio.Affine(cell_size, 0, west, 0, -cell_size, north),
        compress="deflate", tiled=True, blockxsize=256, blockysize=256,
    ) as target:  # fmt: skip
        target.write(np.where(np.isnan(values), -9999.0, values).astype("float32"), 1)
        target.update_tags(SOURCE=FICTIONAL, **tags)
    return path


def write_osm(path: Path, streets: Streets) -> Path:
    """Write the streets as OpenStreetMap XML, version 0.6."""
    nodes = streets.nodes
    lon, lat = bng_to_lonlat(nodes["east"].to_numpy(), nodes["north"].to_numpy())
    south, west, north, east = lat.min(), lon.min(), lat.max(), lon.max()
    box = f'minlat="{south:.7f}" minlon="{west:.7f}" maxlat="{north:.7f}" maxlon="{east:.7f}"'
    stamp = 'version="1" timestamp="2026-01-01T00:00:00Z" changeset="1"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<osm version="0.6" generator="fairplace sample (fictional)">',
        f"  <note>{FICTIONAL}</note>",
        f"  <bounds {box}/>",
    ]
    for node, x, y, tags in zip(nodes["id"], lon, lat, nodes["tags"], strict=True):
        start = f'  <node id="{node}" lat="{y:.7f}" lon="{x:.7f}" {stamp}'
        lines += [f"{start}>", *_tags(tags), "  </node>"] if tags else [f"{start}/>"]
    for way, chain, tags in zip(streets.ways["id"], streets.ways["nodes"], streets.ways["tags"], strict=True):
        members = [f'    <nd ref="{node}"/>' for node in chain]
        lines += [f'  <way id="{way}" {stamp}>', *members, *_tags(tags), "  </way>"]
    path.write_text("\n".join([*lines, "</osm>", ""]), encoding="utf-8", newline="\n")
    return path


def _tags(tags: Mapping[str, str]) -> list[str]:
    return [f"    <tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]


def identifier(name: str) -> str:
    """Lower-case identifier of the shape that ONS calls GlobalID, the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"halverton/{name}"))
