"""Every data set we know, and how its file is recognised.

The catalogue (``catalogue.toml``) holds the papers of each data set: title, publisher, edition,
period, licence and attribution, and the columns by which its file is known. A file is recognised by
what it holds; its name only decides between editions whose columns are the same.
"""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

import pyogrio

from geo.errors import UserError
from geo.source import LICENCE_CLASSES, LicenceClass, Source, hash_file
from layers.delimited import match_headers

#: What a file of a data set is: a delimited table, a workbook, shapes of areas, a raster, streets, other
#: shapes, or a document of our own.
Form = Literal["table", "workbook", "boundary", "raster", "network", "shapes", "document"]

#: How a file is told to cover an authority: by the codes of its areas, by points that lie in it, by
#: its extent, or not at all because it is national.
Cover = Literal["codes", "points", "extent", "national"]


#: Edition of a data set whose files are asked for theirs.
_IN_FILE = "as the file says"


class CatalogueError(UserError, LookupError):
    """A data set is not in the catalogue."""


@dataclass(frozen=True)
class Issue:
    """An edition that has come out since.

    Parameters
    ----------
    out
        Day on which its publisher brought it out.
    period
        What it describes, as the publisher writes it.
    what
        What it is, in words.
    """

    out: date
    period: str
    what: str


@dataclass(frozen=True)
class Dataset:
    """A published data set, with its papers and the marks of its file.

    Parameters
    ----------
    id
        Short stable name, such as ``iod2025``; becomes the id of the `Source`.
    title, publisher, edition, period
        As the publisher writes them; `period` is what the numbers describe.
    licence, licence_class, attribution, url
        The publisher's terms, and the page where it is offered.
    geography
        Key of the areas its rows are about, such as ``lsoa21``; empty for points and the like.
    code
        Header of the column of codes; empty where there is none.
    required
        Headers that every file of this data set has: its fingerprint.
    wanted
        Headers that a fuller edition has besides; of two files the one with more is taken.
    cells
        Header -> pattern that the first cells below it match, where headers alone do not decide.
    sheets
        Names of sheets that a workbook must have, or of layers a GeoPackage must.
    name
        Pattern the file's name must hold where editions share their columns; empty if none is needed.
    form, cover
        See `Form` and `Cover`.
    reader
        The function that reads it, such as ``layers.census.read_census``.
    needed
        Whether a build of an authority cannot do without it.
    next_edition
        When the publisher has said the next will come; empty if it has not.
    newer
        Editions that are known to have come out since the one that the entry describes.
    months
        Months of the year in which its publisher renews it; empty if in none that is known.
    every_months
        Months after which its publisher renews it; 0 if not known. Either is a rule by which a newer
        edition can be expected; see `fairplace.ages.newer_edition`.
    note
        A known trap, in a sentence.
    controlled
        True where the publisher applied disclosure control before publishing.
    """

    id: str
    title: str
    publisher: str
    edition: str
    period: str
    licence: str
    url: str
    reader: str
    licence_class: LicenceClass = "open"
    attribution: str = ""
    geography: str = ""
    code: str = ""
    required: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    sheets: tuple[str, ...] = ()
    name: str = ""
    form: Form = "table"
    cover: Cover = "codes"
    needed: bool = False
    next_edition: str = ""
    newer: tuple[Issue, ...] = ()
    months: tuple[int, ...] = ()
    every_months: int = 0
    note: str = ""
    controlled: bool = False


@cache
def load_catalogue() -> Mapping[str, Dataset]:
    """Every data set by its id, in the order of the catalogue.

    Raises
    ------
    CatalogueError
        An entry lacks a field or has one that is unknown.
    """
    text = files("layers").joinpath("catalogue.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    shared = cast("dict[str, dict[str, Any]]", content.pop("terms"))
    result: dict[str, Dataset] = {}
    for key, entry in content.items():
        fields = {**shared[entry.pop("terms")], **entry}
        for name in ("required", "wanted", "sheets", "months"):
            fields[name] = tuple(fields.get(name, ()))
        fields["cells"] = tuple(fields.get("cells", {}).items())
        try:
            fields["newer"] = tuple(Issue(**one) for one in fields.get("newer", ()))
            dataset = Dataset(id=key, **fields)
        except TypeError as error:
            raise CatalogueError(f"catalogue.toml [{key}]: {error}; mend the entry") from error
        if dataset.licence_class not in LICENCE_CLASSES:
            raise CatalogueError(
                f'catalogue.toml [{key}]: licence_class is "{dataset.licence_class}"; '
                f"use one of {', '.join(LICENCE_CLASSES)}"
            )
        result[key] = dataset
    return result


def dataset(key: str) -> Dataset:
    """One data set by its id.

    Raises
    ------
    CatalogueError
        There is no such id.
    """
    catalogue = load_catalogue()
    if key not in catalogue:
        near = [one for one in catalogue if one.split("_")[0] == key.split("_")[0]]
        raise CatalogueError(
            f'"{key}" is not in the catalogue of data sets; '
            f"{'did you mean ' + ', '.join(near) if near else 'see layers/catalogue.toml'}"
        )
    return catalogue[key]


def describe_source(key: str, path: Path, *, note: str = "") -> Source:
    """Papers of a file: those of its data set, with the name and hash of the file.

    Parameters
    ----------
    key
        Id of the data set.
    path
        The file, which is read once for its hash.
    note
        A known problem of this file; added to the catalogue's.
    """
    known = dataset(key)
    said = said_edition(path) if known.edition == _IN_FILE else ""
    return Source(
        id=known.id,
        title=known.title,
        publisher=known.publisher,
        edition=said or known.edition,
        period=known.period,
        licence=known.licence,
        licence_class=known.licence_class,
        attribution=known.attribution,
        url=known.url,
        file=path.name,
        sha256=hash_file(path),
        note="; ".join(one for one in (known.note, note) if one),
        controlled=known.controlled,
        level=known.geography,
        next_update=known.next_edition,
    )


def said_edition(path: Path) -> str:
    """Edition that a raster or GeoPackage states of itself, such as ``2026-04``; empty if it does not.

    What `fairplace fetch` cuts out of a product carries the product's own; a GeoPackage as Ordnance Survey
    publishes it has the month in which it was written.
    """
    name = path.name.lower()
    if name.endswith((".tif", ".tiff")):
        import rasterio

        with rasterio.open(path) as raster:
            return str(raster.tags().get("edition", ""))
    if name.endswith(".zip"):
        from geo.terrain import newest_day

        return newest_day(path)
    if not name.endswith(".gpkg"):
        return ""
    said = pyogrio.read_info(path, layer=str(pyogrio.list_layers(path)[0][0])).get("dataset_metadata") or {}
    if "edition" in said:
        return str(said["edition"])
    with closing(sqlite3.connect(f"file:{path.as_posix()}?mode=ro", uri=True)) as base:
        row = base.execute("SELECT max(last_change) FROM gpkg_contents").fetchone()
    return str(row[0] or "")[:7] if row else ""


def recognise(
    columns: Sequence[str],
    *,
    first: Mapping[str, str] | None = None,
    sheets: Iterable[str] = (),
    name: str = "",
    form: Form = "table",
) -> list[Dataset]:
    """Find the data sets whose fingerprint fits, the most specific first.

    Parameters
    ----------
    columns
        Headers found.
    first
        Header -> a cell below it; where given, patterns of cells must match.
    sheets
        Names of a workbook's sheets.
    name
        The file's name, which only decides between editions that share their columns. Empty: a
        pattern of a name rules nothing out.
    form
        What the file is.
    """
    held = set(sheets)
    found = [
        one
        for one in load_catalogue().values()
        if one.form == form
        and (one.required or one.sheets or (one.name and form not in ("table", "workbook")))
        and set(one.sheets) <= held
        and len(match_quietly(columns, one.required)) == len(one.required)
        and _cells_fit(one, columns, first)
        and (not name or not one.name or re.search(one.name, name, re.IGNORECASE))
    ]
    return sorted(found, key=lambda one: (-len(one.sheets), -bool(one.name), -len(one.required), one.id))


def match_quietly(columns: Sequence[str], wanted: Sequence[str]) -> dict[str, str]:
    """Do as `match_headers`, but take a doubtful file for one that does not match."""
    try:
        return match_headers(columns, wanted)
    except LookupError:
        return {}


def _cells_fit(known: Dataset, columns: Sequence[str], first: Mapping[str, str] | None) -> bool:
    if first is None or not known.cells:
        return True
    for header, pattern in known.cells:
        column = match_quietly(columns, [header]).get(header)
        if column is None or not re.fullmatch(pattern, first.get(column, "")):
            return False
    return True


def explain_columns(columns: Sequence[str], *, name: str = "") -> str:
    """Say in a phrase which data set a file seems to be and which function reads it; empty if none."""
    found = recognise(columns, name=name) or recognise(columns)
    if not found:
        return ""
    return f"it looks like {found[0].title}: read it with {found[0].reader}"
