"""Census 2021 tables, in the layout of Nomis's bulk files.

One reader for every topic summary: the file's headers say which table it is, ``census.toml`` gives
each category its stable id, such as ``ts054_owned_outright``. Counts only; shares are made later,
once they are on the geography they are wanted for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column
from layers.areas import Field, WrongFileError, build_table, check_rows, english_rows, paper, read_cells
from layers.catalogue import explain_columns
from layers.delimited import Delimited, describe_headers, header_key, read_headers

_CODE_HEADERS = ("geography code", "LSOA21CD", "OA21CD", "MSOA21CD")


@dataclass(frozen=True)
class CensusTable:
    """A table of the census: what it counts and its categories.

    Parameters
    ----------
    key
        Such as ``ts054``; ids of its columns begin with it.
    prefix
        Words before every category in the headers.
    unit
        ``people`` or ``households``.
    total
        Id of the total without the key: ``residents`` or ``households``.
    categories
        Id without the key -> spellings of the category, the total among them.
    """

    key: str
    prefix: str
    unit: str
    total: str
    categories: Mapping[str, tuple[str, ...]]


@cache
def load_tables() -> Mapping[str, CensusTable]:
    """Census tables that can be read, by key."""
    content = tomllib.loads(files("layers").joinpath("census.toml").read_text(encoding="utf-8"))
    result = {}
    for key, entry in content.items():
        prefix, unit, total = entry.pop("prefix"), entry.pop("unit"), entry.pop("total")
        categories = {
            total: tuple(entry.pop("totals")),
            **{name: tuple(words) for name, words in entry.items()},
        }
        result[key] = CensusTable(key, prefix, unit, total, categories)
    return result


def read_census(
    path: Path, *, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Read the counts of a Census 2021 table, whichever of the known ones the file holds.

    Parameters
    ----------
    path
        Nomis bulk layout: date, geography, geography code, then counts; CSV or gzipped.
    source
        Its papers, if not those of the catalogue.
    codes
        Areas to keep; all of England if left out.

    Returns
    -------
    AreaTable
        On ``lsoa21``, ``oa21`` or ``msoa21`` by the shape of its codes. Ids are the table's key and the
        category, such as ``ts054_owned_outright``; the total is ``ts054_households`` or
        ``ts021_residents``. Totals of different tables differ a little, because ONS perturbs each table
        by itself.

    Raises
    ------
    WrongFileError
        The file is no census table that is known.
    """
    headers = read_headers(path)
    table = _which(headers, path)
    fields_by_header = _fields(table, headers)
    code = next((one for one in _CODE_HEADERS if one in headers), _CODE_HEADERS[0])
    cells = read_cells(
        path,
        what=f"Census 2021 {table.key.upper()}",
        required=[code],
        columns=["geography", *fields_by_header],
    )
    fields = {
        key: Field(header, Column(label, table.unit, "count"))
        for header, (key, label) in fields_by_header.items()
    }
    note = (
        f"counts of Census 2021 are perturbed a little by ONS, table by table: the total of "
        f"{table.key.upper()} need not equal that of another table"
    )
    return build_table(
        cells,
        code=code,
        name="geography",
        geography=census_geography(cells, code),
        fields=fields,
        source=paper(f"census2021_{table.key}", path, source),
        codes=codes,
        notes=[note],
    )


def _which(headers: tuple[str, ...], path: Path) -> CensusTable:
    best: tuple[int, CensusTable] | None = None
    for table in load_tables().values():
        hits = len(_fields(table, headers))
        if hits > (best[0] if best else 1):
            best = (hits, table)
    if best is None:
        hint = explain_columns(headers, name=path.name)
        raise WrongFileError(
            f"{path.name} holds {describe_headers(headers)}; a table of Census 2021 was needed "
            f"({', '.join(load_tables())}){f', but {hint}' if hint else ''}"
        )
    return best[1]


def _fields(table: CensusTable, headers: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    by_key = {header_key(header): header for header in headers}
    found: dict[str, tuple[str, str]] = {}
    for name, spellings in table.categories.items():
        for words in spellings:
            header = by_key.get(header_key(f"{table.prefix}: {words}"))
            if header is not None:
                label = f"{table.prefix}: {spellings[0]}"
                found[header] = (f"{table.key}_{name}", label)
                break
    return found


def census_geography(cells: Delimited, code: str) -> Geography:
    """Tell which areas of 2021 the codes of a file are, from the first that fits.

    Raises
    ------
    GeographyError
        The first code is of no kind that the census is published for.
    """
    rows, _ = english_rows(cells, code)
    for kind in ("lsoa", "oa", "msoa", "lad"):
        geography = Geography(kind, 2021)
        if rows.frame[code].map(geography.owns).any():
            return geography
    check_rows(rows, code, Geography("lsoa", 2021))
    return Geography("lsoa", 2021)
