"""From a delimited file to figures keyed by area.

Every reader of an area table ends here: the codes are checked on the line where they stand, Welsh
and Scottish rows are set aside, repeated codes are refused, and the columns that the reader knows
become numbers with statuses under stable ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from geo.errors import UserError
from geo.geography import KINDS, Geography
from geo.source import Source
from geo.table import AreaTable, Column, Status, TableError
from layers.catalogue import describe_source, explain_columns
from layers.delimited import (
    Delimited,
    HeaderError,
    describe_headers,
    read_delimited,
    read_headers,
)
from layers.symbols import SYMBOLS, read_numbers

#: First letter of the GSS codes of the other nations, and of the Channel Islands and Isle of Man.
_OTHER_NATIONS = {
    "W": "Wales",
    "S": "Scotland",
    "N": "Northern Ireland",
    "L": "the Channel Islands",
    "M": "Man",
}


class WrongFileError(UserError, ValueError):
    """A file is not of the data set that was asked for; the message says what it seems to be."""


@dataclass(frozen=True)
class Field:
    """How a column of a file becomes a column of a table.

    Parameters
    ----------
    header
        As the publisher spells it.
    column
        What it holds.
    percent
        The file gives percent, which become shares from 0 to 1.
    symbols
        Symbols to which this publisher gives a meaning of its own; they go before the common ones.
    """

    header: str
    column: Column
    percent: bool = False
    symbols: Mapping[str, tuple[Status, str]] = field(default_factory=dict)


def read_cells(
    path: Path,
    *,
    what: str,
    required: Sequence[str],
    columns: Sequence[str] | None = None,
) -> Delimited:
    """Read a delimited file as `read_delimited` does, and say of another data set's file what it is.

    Parameters
    ----------
    path
        The file.
    what
        Title of the data set that was asked for, for the message.
    required, columns
        As in `read_delimited`.

    Raises
    ------
    WrongFileError
        The required columns are not there.
    """
    try:
        return read_delimited(path, required=required, columns=columns)
    except HeaderError as error:
        raise wrong_file(error, path, what) from error


def wrong_file(error: Exception, path: Path, what: str) -> WrongFileError:
    """Error that says what was needed, and which data set the file seems to be instead."""
    try:
        hint = explain_columns(read_headers(path), name=path.name)
    except UserError:
        hint = ""
    return WrongFileError(f"{error}; {what} was needed{f', but {hint}' if hint else ''}")


def build_table(
    cells: Delimited,
    *,
    code: str,
    geography: Geography,
    fields: Mapping[str, Field],
    source: Source,
    name: str = "",
    codes: Collection[str] | None = None,
    notes: Sequence[str] = (),
) -> AreaTable:
    """Figures of a file's known columns, keyed by its codes.

    Parameters
    ----------
    cells
        As read by `read_cells`.
    code, name
        Headers of the columns of codes and of names; no names if empty.
    geography
        What the codes are.
    fields
        Indicator id -> where it stands and what it is; a field whose header is absent is left out.
    source
        Papers of the file.
    codes
        Keep only these areas; every code of the file is checked all the same.
    notes
        Sentences to carry, besides those of reading.

    Raises
    ------
    GeographyError
        A code is not one of `geography`, named with its line.
    TableError
        A code stands there twice, named with both lines.
    CellError
        A cell is neither a number nor a known symbol.
    WrongFileError
        No known column is there, or no row is of England.
    """
    found = [*notes, *cells.notes]
    rows, more = english_rows(cells, code)
    found.extend(more)
    check_rows(rows, code, geography)
    if codes is not None:
        rows = rows.rows(rows.frame[code].isin(set(codes)).to_numpy(dtype=bool))
    present = {key: one for key, one in fields.items() if one.header in rows.frame.columns}
    if not present:
        raise WrongFileError(
            f"{cells.file} holds none of the columns of {source.title}; it holds "
            f"{describe_headers(cells.frame.columns.tolist())}"
        )
    values: dict[str, np.ndarray] = {}
    status: dict[str, np.ndarray] = {}
    for key, one in present.items():
        whole = one.column.measure in ("count", "rank")
        numbers = read_numbers(
            rows, one.header, whole=whole, as_share=one.percent, symbols={**SYMBOLS, **one.symbols}
        )
        values[key], status[key] = numbers.values, numbers.status
    index = pd.Index(rows.frame[code].to_numpy(dtype=object), name=geography.code_column, dtype="str")
    names = {}
    if name and name in rows.frame.columns:
        names = dict(zip(index, rows.frame[name].str.strip(), strict=True))
    return AreaTable(
        geography,
        {key: one.column for key, one in present.items()},
        pd.DataFrame(values, index=index),
        source,
        pd.DataFrame(status, index=index, dtype="str"),
        names=names,
        notes=tuple(dict.fromkeys(found)),
    )


def english_rows(cells: Delimited, code: str) -> tuple[Delimited, list[str]]:
    """Rows of England with stripped codes, and a note on the rows of other nations."""
    codes = cells.frame[code].str.strip()
    frame = cells.frame.assign(**{code: codes})
    first = codes.str[:1]
    foreign = first.isin(list(_OTHER_NATIONS)) & codes.str.fullmatch(r"[WSNLM]\d{8}")
    cells = Delimited(cells.file, frame, cells.lines, cells.delimiter, cells.notes)
    if not foreign.any():
        return cells, []
    counts = first[foreign].value_counts()
    told = ", ".join(f"{number} of {_OTHER_NATIONS[letter]}" for letter, number in counts.items())
    return cells.rows(~foreign.to_numpy(dtype=bool)), [f"rows outside England were set aside: {told}"]


def check_rows(cells: Delimited, code: str, geography: Geography) -> None:
    """Refuse codes of another shape and codes that repeat, naming the line they stand on.

    Raises
    ------
    GeographyError, TableError
    """
    codes = cells.frame[code]
    wrong = ~codes.str.fullmatch(geography_pattern(geography)).to_numpy(dtype=bool)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        geography.check_codes(
            [codes.iat[row]], where=f'{cells.file}, "{code}"', first_row=int(cells.lines[row])
        )
    repeated = codes.duplicated(keep=False).to_numpy(dtype=bool)
    if repeated.any():
        one = codes[repeated].iat[0]
        lines = cells.lines[(codes == one).to_numpy(dtype=bool)]
        raise TableError(
            f"{cells.file}: {one} stands on rows {', '.join(str(line) for line in lines)}; a table has one "
            f"row for each {geography.label}: remove the wrong one"
        )


def geography_pattern(geography: Geography) -> str:
    """Pattern of the codes of a kind of area."""
    return KINDS[geography.kind][1]


def english_pairs(cells: Delimited, code: str, geography: Geography) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Rows of a lookup for England, indexed by their line; origins may repeat.

    Raises
    ------
    GeographyError
        A code is not one of `geography`.
    """
    frame = cells.frame.apply(lambda column: column.str.strip())
    frame.index = pd.Index(cells.lines)
    foreign = frame[code].str.fullmatch(r"[WSNLM]\d{8}").to_numpy(dtype=bool)
    frame = frame.loc[~foreign]
    check_shape(frame, cells.file, code, geography)
    told = (f"{int(foreign.sum())} rows outside England were set aside",) if foreign.any() else ()
    return frame, (*cells.notes, *told)


def check_shape(frame: pd.DataFrame, file: str, column: str, geography: Geography) -> None:
    """Refuse a code that cannot be of a geography, naming the line in the frame's index.

    Raises
    ------
    GeographyError
    """
    wrong = ~frame[column].str.fullmatch(KINDS[geography.kind][1]).to_numpy(dtype=bool)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        geography.check_codes(
            [frame[column].iat[row]], where=f'{file}, "{column}"', first_row=int(frame.index[row])
        )


def paper(key: str, path: Path, source: Source | None) -> Source:
    """Papers given by the caller, else those of the catalogue with the file's name and hash."""
    return source if source is not None else describe_source(key, path)
