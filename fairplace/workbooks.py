"""Workbooks and CSV files as councils have them: sheets of text, with what is merged, hidden or run.

Everything is read as text, as somebody would see it on the screen, so that one set of rules serves
every kind of file; dates come as ISO dates and percentages with their sign.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import python_calamine

from geo.errors import UserError
from layers.delimited import read_text

#: A workbook with cells beyond these is refused.
MOST_ROWS, MOST_COLUMNS = 200_000, 400
#: What the csv module takes for one cell, unless it is told otherwise.
_LONGEST_CELL = 131_072
_DELIMITERS = ",;\t|"
# Cells and rows of a sheet's XML that hold nothing but a style, and the size that counts them in.
_EMPTY_CELL = re.compile(rb"<c(?:\s[^>]*)?(?:/>|>\s*</c>)")
_EMPTY_ROW = re.compile(rb"<row(?:\s[^>]*)?(?:/>|>\s*</row>)")
_DIMENSION = re.compile(rb"<dimension\s[^>]*/>")
_DANGEROUS = ("HYPERLINK", "WEBSERVICE", "IMPORT", "DDE", "EXEC", "CALL(", "CMD|")


class WorkbookError(UserError, ValueError):
    """A file is no workbook and no table of text."""


@dataclass(frozen=True)
class Sheet:
    """One sheet as text.

    Parameters
    ----------
    name
        Of the sheet; empty for a CSV file.
    rows
        Text by row and column, all rows of one length; row 1 of the file comes first.
    hidden
        Whether the sheet is hidden.
    hidden_rows, hidden_columns
        Rows and columns that are hidden, from 1.
    merged
        Ranges of merged cells: first row, first column, last row, last column, from 1.
    run
        Cells (row, column) whose formula would fetch or run something.
    errors
        Cells whose formula has no value kept.
    notes
        What reading found.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()
    run: frozenset[tuple[int, int]] = frozenset()
    errors: frozenset[tuple[int, int]] = frozenset()
    notes: tuple[str, ...] = field(default=())

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything."""
        return not any(any(row) for row in self.rows)


def read_workbook(path: Path) -> list[Sheet]:
    """Read every sheet of a workbook (xlsx, xlsm, xls, ods) or a CSV file.

    Raises
    ------
    WorkbookError
        The file is not there, is damaged, is locked with a password, or is something else.
    """
    if path.is_dir():
        raise WorkbookError(f"{path} is a folder; name the file in it")
    if not path.is_file():
        raise WorkbookError(f"{path} is not there; check the folder and the name")
    head = path.read_bytes()[:8]
    if head[:4] == b"PK\x03\x04":
        with _reading(path):
            names = zipfile.ZipFile(path).namelist()
        if "xl/workbook.xml" in names:
            return _read_xlsx(path)
        return _read_other(path)
    if head[:4] == b"\xd0\xcf\x11\xe0":
        return _read_other(path)
    if head[:4] == b"%PDF":
        raise WorkbookError(
            f"{path.name} is a PDF; ask for the workbook it was made from, or copy the table into the "
            f"blank one of `fairplace template`"
        )
    return [_read_csv(path)]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say in one line what a reader of workbooks says in a dozen ways."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a style or date beyond its limits: the cell says so itself
            yield
    except UserError:
        raise
    except Exception as error:  # whatever XML or zip a damaged file holds, its reader trips over it
        hint = " (it may be locked with a password)" if "encrypt" in str(error).lower() else ""
        raise WorkbookError(
            f"{path.name} is damaged, was not fully copied, or is no workbook{hint}; copy it again, or save "
            "it anew as .xlsx without a password"
        ) from error


def _read_xlsx(path: Path) -> list[Sheet]:
    import openpyxl

    with _reading(path):
        slim = _without_empty_cells(path)
        seen = openpyxl.load_workbook(slim, data_only=True)
        made = openpyxl.load_workbook(slim, data_only=False)
    sheets = []
    for sheet in seen.worksheets:
        _check_size(path, sheet.title, sheet.max_row, sheet.max_column)
        formulas = made[sheet.title]
        merged = tuple(
            (one.min_row, one.min_col, one.max_row, one.max_col) for one in sheet.merged_cells.ranges
        )
        rows: list[list[str]] = []
        run: set[tuple[int, int]] = set()
        errors: set[tuple[int, int]] = set()
        for cells, written in zip(sheet.iter_rows(), formulas.iter_rows(), strict=True):
            row = []
            for cell, own in zip(cells, written, strict=True):
                row.append(_shown(cell.value, str(cell.number_format)))
                if isinstance(own.value, str) and own.data_type == "f":
                    at = (int(own.row), int(own.column))
                    if any(one in own.value.upper() for one in _DANGEROUS):
                        run.add(at)
                        row[-1] = own.value
                    elif cell.value is None:
                        errors.add(at)
                        row[-1] = ""
            rows.append(row)
        gone_rows = {int(n) for n, one in sheet.row_dimensions.items() if one.hidden}
        gone_columns = {
            column
            for one in sheet.column_dimensions.values()
            if one.hidden and one.min
            for column in range(int(one.min), int(one.max) + 1)
        }
        sheets.append(
            Sheet(
                str(sheet.title), _square(rows), sheet.sheet_state != "visible",
                frozenset(gone_rows), frozenset(gone_columns), merged, frozenset(run), frozenset(errors),
            )
        )  # fmt: skip
    return sheets


def _without_empty_cells(path: Path) -> io.BytesIO:
    """Give a workbook without cells that hold nothing: a sheet formatted to the bottom has millions."""
    slim = io.BytesIO()
    with zipfile.ZipFile(path) as packed, zipfile.ZipFile(slim, "w", zipfile.ZIP_STORED) as out:
        for one in packed.infolist():
            content = packed.read(one)
            if one.filename.startswith("xl/worksheets/") and one.filename.endswith(".xml"):
                content = _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", content))
                content = _DIMENSION.sub(b"", content)
            out.writestr(one.filename, content)
    slim.seek(0)
    return slim


def _check_size(path: Path, sheet: str, rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise WorkbookError(
            f'{path.name}, sheet "{sheet}": cells as far as row {rows:,} and column {columns:,}; at most '
            f"{MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns are read: delete what lies beyond the table, "
            "or save the table as CSV"
        )


def _shown(value: Any, number_format: str = "") -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float):
        number = float(value)
        if "%" in number_format:
            return f"{round(number * 100, 10):g}%"
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(value)
    return str(value).strip()


def _read_other(path: Path) -> list[Sheet]:
    sheets = []
    with _reading(path):
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        for one in book.sheets_metadata:
            held = book.get_sheet_by_name(one.name)
            _check_size(path, one.name, held.total_height, held.total_width)
            rows = [[_shown(value) for value in row] for row in held.to_python(skip_empty_area=False)]
            merged = tuple(
                (top + 1, left + 1, bottom + 1, right + 1)
                for (top, left), (bottom, right) in held.merged_cell_ranges or ()
            )
            hidden = one.visible != python_calamine.SheetVisibleEnum.Visible
            sheets.append(Sheet(str(one.name), _square(rows), hidden, merged=merged))
    return sheets


def _read_csv(path: Path) -> Sheet:
    text, notes = read_text(path)
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    found = max(
        _DELIMITERS, key=lambda one: (sum(line.count(one) for line in lines), -_DELIMITERS.index(one))
    )
    rows = [[cell.strip(" ") for cell in row] for row in _split(text, found, path.name)]
    return Sheet("", _square(rows), notes=notes)


def _split(text: str, delimiter: str, file: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    rows: list[list[str]] = []
    before = 0
    long = f"a cell of more than {_LONGEST_CELL:,} letters; look for a quotation mark that is never closed"
    try:
        for row in reader:
            rows.append(row)
            lines, before = reader.line_num - before, reader.line_num
            # The limit of the csv module is one for the whole process, and may be wider.
            if any(len(cell) > _LONGEST_CELL for cell in row):
                raise WorkbookError(f"{file} row {len(rows)}: {long}")
    except csv.Error as error:
        raise WorkbookError(f"{file} row {len(rows) + 1}: {long}") from error
    # A mark that is never closed makes one cell of all that follows, delimiters and lines alike.
    if rows and lines > 1 and delimiter in rows[-1][-1] and not text.rstrip().endswith('"'):
        raise WorkbookError(
            f"{file} row {len(rows)}: a quotation mark that is never closed, so that {lines} lines read as "
            "one row; close it, or take it out"
        )
    return rows


def _square(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    kept = list(rows)
    while kept and not any(kept[-1]):
        kept.pop()
    width = max((n for row in kept for n, cell in enumerate(row, start=1) if cell), default=0)
    return tuple((*row[:width], *[""] * (width - len(row))) for row in kept)


def column_letter(number: int) -> str:
    """Give the letters that a spreadsheet shows over a column, from 1: A, B, ..., Z, AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
