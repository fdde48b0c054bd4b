"""Sheets of published workbooks, as the same cells of text that a delimited file gives.

Everything that is known about symbols, headers, notes and codes then holds for workbooks too.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import python_calamine

from layers.delimited import (
    Delimited,
    DelimitedError,
    HeaderError,
    describe_headers,
    match_headers,
    trim_notes,
    unique_headers,
)

_SEARCHED_ROWS = 60


def sheet_names(path: Path) -> tuple[str, ...]:
    """Names of a workbook's sheets (xlsx or ods), read from its index alone where that is possible.

    Raises
    ------
    DelimitedError
        The file is no workbook, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            if "xl/workbook.xml" in packed.namelist():
                index = packed.read("xl/workbook.xml").decode("utf-8")
                names = re.findall(r"<(?:\w+:)?sheet\b[^>]*?\bname=\"([^\"]*)\"", index)
                return tuple(_unescape(one) for one in names)
        return tuple(_open(path).sheet_names)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DelimitedError(f"{path.name} is not a workbook, or damaged; download it again") from error


def _unescape(text: str) -> str:
    for entity, letter in (("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'")):
        text = text.replace(entity, letter)
    return text


def _open(path: Path) -> python_calamine.CalamineWorkbook:
    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except FileNotFoundError as error:
        raise DelimitedError(f"{path.name} is not there; check the folder and the name") from error
    except (python_calamine.CalamineError, OSError, zipfile.BadZipFile) as error:
        raise DelimitedError(
            f"{path.name} is not a workbook, or damaged ({error}); download it again"
        ) from error


def read_rows(path: Path, sheet: str, *, limit: int | None = None) -> list[list[str]]:
    """Cells of a sheet as text, empty where there is nothing; row 1 of the sheet comes first.

    Raises
    ------
    DelimitedError
        The file is no workbook.
    HeaderError
        It has no such sheet; the message names those it has.
    """
    book = _open(path)
    if sheet not in book.sheet_names:
        raise HeaderError(
            f'{path.name} has no sheet "{sheet}"; it has {describe_headers(book.sheet_names, 8)}'
        )
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=limit)
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell)


def read_sheet(path: Path, sheet: str, *, required: Sequence[str], columns: Sequence[str] = ()) -> Delimited:
    """Table of a sheet, its header found by the columns that are needed.

    Parameters
    ----------
    path
        xlsx or ods.
    sheet
        Name of the sheet.
    required, columns
        As in `layers.delimited.read_delimited`.

    Raises
    ------
    HeaderError
        No such sheet, or no row of it holds the required columns.
    """
    rows = read_rows(path, sheet)
    where = f"{path.name} [{sheet}]"
    wanted = [*required, *columns]
    heads = [unique_headers([cell.strip() for cell in row]) for row in rows[:_SEARCHED_ROWS]]
    at = next(
        (n for n, names in enumerate(heads) if len(match_headers(names, required)) == len(required)), -1
    )
    if at < 0:
        widest = max(rows[:_SEARCHED_ROWS], key=lambda row: sum(map(bool, row)), default=[])
        held = [cell.strip() for cell in widest if cell.strip()]
        raise HeaderError(f'{where} has no column "{required[0]}"; it holds {describe_headers(held)}')
    names = heads[at]
    matched = match_headers(names, wanted)
    frame = pd.DataFrame(rows[at + 1 :] or None, columns=names, dtype="str")
    frame = frame[list(matched.values())].set_axis(list(matched), axis=1)
    lines = np.arange(len(frame), dtype=np.int64) + at + 2
    empty = (frame == "").all(axis=1).to_numpy(dtype=bool)
    frame, lines = frame.loc[~empty].reset_index(drop=True), lines[~empty]
    frame, lines, notes = trim_notes(frame, lines)
    return Delimited(where, frame, lines, ",", notes)
