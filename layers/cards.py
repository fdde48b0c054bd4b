"""What a file holds, seen from its first lines: form, columns, sheets, and the data set that fits."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geo.errors import UserError
from geo.terrain import list_tiles
from layers.catalogue import Dataset, Form, recognise
from layers.delimited import read_start
from layers.workbooks import read_rows, sheet_names

_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
_NETWORKS = (".osm.pbf", ".osm", ".graphml", ".osm.gz", ".osm.bz2")
_ODS_CODES = (
    (r"Z?F[A-Z0-9]{3,4}", "nhs_pharmacy"),
    (r"Z?V\d{4,5}", "nhs_dental"),
    (r"[A-Z]\d{5}", "nhs_gp"),
)
_KINDS = ("oa", "lsoa", "msoa", "wd", "lad")
#: First words of a file of comparators, by which it is known whatever its name.
COMPARATORS_MARK = '{"fairplace": "comparators"'


@dataclass(frozen=True)
class FileCard:
    """A file with what its beginning says about it.

    Parameters
    ----------
    path
        The file.
    form
        What it is; empty if that could not be told.
    columns
        Headers, attribute names or, for a workbook, the widest row of its first sheet.
    sheets
        Sheets of a workbook or layers of a GeoPackage.
    first
        Header -> the cell below it, for tables.
    dataset
        Id of the data set it was recognised as; empty if none.
    size
        Bytes.
    problem
        Why it could not be read; empty if it could.
    """

    path: Path
    form: Form | str
    columns: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    first: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""
    size: int = 0
    problem: str = ""


def describe_file(path: Path) -> FileCard:
    """Look at the beginning of a file and say which data set it is of.

    Never raises for what is in the file: a damaged one comes back with `problem`.
    """
    name = path.name.lower()
    size = path.stat().st_size
    columns: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    first: dict[str, str] = {}
    form: Form | str = ""
    try:
        if name.endswith(_TABLES):
            form = "table"
            columns, rows = read_start(path)
            first = dict(zip(columns, rows[0], strict=False)) if rows else {}
        elif name.endswith((".xlsx", ".xlsm", ".ods")):
            form, sheets = "workbook", sheet_names(path)
            if len(sheets) <= 3:
                widest = max(read_rows(path, sheets[0], limit=15), key=_filled, default=[])
                columns = tuple(cell for cell in widest if cell.strip())
        elif name.endswith(".parquet"):
            form, columns = _parquet(path)
        elif name.endswith((".geojson", ".json")):
            if _starts_with(path, COMPARATORS_MARK):
                form, columns = "document", ("fairplace comparators",)
            else:
                form, columns = _geojson(path)
        elif name.endswith(".gpkg"):
            form, sheets, columns = _geopackage(path)
        elif name.endswith((".tif", ".tiff")):
            form = "raster"
        elif name.endswith(".zip") and list_tiles(path):
            # Known by its tiles, whatever the zip is called.
            return FileCard(path, "raster", dataset="terrain50", size=size)
        elif name.endswith(_NETWORKS):
            form = "network"
    except (UserError, OSError, ValueError, pa.ArrowException, sqlite3.Error) as error:
        return FileCard(path, form, size=size, problem=str(error).splitlines()[0])
    found = recognise(columns, first=first or None, sheets=sheets, name=path.name, form=form) if form else []  # type: ignore[arg-type]
    if form == "boundary":
        found = _smallest(found)
    chosen = found[0].id if found else _headerless(columns)
    return FileCard(path, form, columns, sheets, first, chosen, size)


def _starts_with(path: Path, mark: str) -> bool:
    with path.open("rb") as handle:
        return handle.read(len(mark)) == mark.encode()


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell.strip())


def _headerless(columns: tuple[str, ...]) -> str:
    # As published, the NHS's files and Code-Point Open have no header: the first "headers" are data.
    if len(columns) >= 26:
        for pattern, key in _ODS_CODES:
            if re.fullmatch(pattern, columns[0]):
                return key
    if columns and len(columns) == 10 and re.fullmatch(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", columns[0]):
        return "codepoint_open"
    return ""


def _smallest(found: list[Dataset]) -> list[Dataset]:
    # A layer of LSOAs that also names their district is a layer of LSOAs.
    order = {kind: n for n, kind in enumerate(_KINDS)}
    return sorted(found, key=lambda one: (order[re.sub(r"\d", "", one.geography)], one.id))


def _parquet(path: Path) -> tuple[Form, tuple[str, ...]]:
    schema = pq.read_schema(path)
    columns = tuple(schema.names)
    if b"geo" not in (schema.metadata or {}):
        return "table", columns
    if {"u", "v"} <= set(columns):
        return "network", columns
    return "boundary", columns


def _geojson(path: Path) -> tuple[Form | str, tuple[str, ...]]:
    with path.open("rb") as handle:
        text = handle.read(1 << 17).decode("utf-8", errors="replace")
    found = re.search(r'"properties"\s*:\s*(\{)', text[text.find('"Feature"') + 1 :])
    if not found:
        return "", ()
    start = text.find('"Feature"') + 1 + found.start(1)
    properties, _ = json.JSONDecoder().raw_decode(text[start:])
    shapes = re.search(r'"type"\s*:\s*"(Multi)?(Point|LineString|Polygon)"', text)
    columns = tuple(properties)
    return ("boundary" if shapes and shapes[2] == "Polygon" else ""), columns


def _geopackage(path: Path) -> tuple[Form | str, tuple[str, ...], tuple[str, ...]]:
    with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as base:
        layers = [row[0] for row in base.execute("SELECT table_name FROM gpkg_contents ORDER BY table_name")]
        columns: list[str] = []
        for layer in layers:
            quoted = layer.replace('"', '""')
            columns += [row[1] for row in base.execute(f'PRAGMA table_info("{quoted}")')]
    form: Form | str = "boundary"
    if {"nodes", "edges"} <= set(layers) or "road_link" in layers:
        form = "network"
    elif "greenspace_site" in layers:
        form = "shapes"
    return form, tuple(layers), tuple(dict.fromkeys(columns))
