"""Numbers in published tables, and the symbols that stand where there is none.

A cell is a number, or one of a dozen signs with a meaning: hidden, not available, not applicable.
They are three different statuses beside the value, never numbers. What is neither is refused,
naming the file, the row, the column and the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import UserError
from geo.table import Status
from layers.delimited import SPACES, Delimited

#: Symbol in place of a number -> (status, what it means). The bracketed shorthand is the Government
#: Analysis Function's (guidance on symbols in tables); the bare ones are older usage. A bare dash is
#: ambiguous: the older convention of the Code of Practice reads it as "nil", others as "not
#: available". It is read as missing, because a missing figure can be asked for and a false zero cannot.
SYMBOLS: dict[str, tuple[Status, str]] = {
    "*": ("suppressed", "hidden to protect people"),
    "c": ("suppressed", "confidential"),
    "[c]": ("suppressed", "confidential"),
    "~": ("suppressed", "hidden to protect people"),
    "s": ("suppressed", "hidden to protect people"),
    "[s]": ("suppressed", "hidden to protect people"),
    "[u]": ("suppressed", "too unreliable to publish"),
    "": ("missing", "empty cell"),
    "-": ("missing", "dash: nil or not available, not said which"),
    "–": ("missing", "dash: nil or not available, not said which"),
    "—": ("missing", "dash: nil or not available, not said which"),
    ":": ("missing", "not available"),
    "..": ("missing", "not available"),
    "...": ("missing", "not available"),
    "[x]": ("missing", "not available"),
    "x": ("missing", "not available"),
    "[w]": ("missing", "not available: none recorded"),
    "na": ("missing", "not available"),
    "#n/a": ("missing", "not available: a spreadsheet's lookup found nothing"),
    "n/a": ("missing", "not available"),
    "nan": ("missing", "not available"),
    "null": ("missing", "not available"),
    "[z]": ("not_applicable", "not applicable"),
    "z": ("not_applicable", "not applicable"),
    ".": ("not_applicable", "not applicable"),
    "[low]": ("suppressed", "too small to be shown"),
}

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_EUROPEAN = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")


class CellError(UserError, ValueError):
    """A cell is neither a number nor a known symbol."""


@dataclass(frozen=True)
class Numbers:
    """Numbers of a column with their statuses.

    Parameters
    ----------
    values
        Floats; NaN where the status is not ``ok``.
    status
        ``ok``, ``missing``, ``suppressed`` or ``not_applicable``.
    """

    values: NDArray[np.float64]
    status: NDArray[np.str_]


def read_numbers(
    table: Delimited,
    column: str,
    *,
    whole: bool = False,
    as_share: bool = False,
    symbols: Mapping[str, tuple[Status, str]] = SYMBOLS,
) -> Numbers:
    """Numbers of one column of text, and what stands where there is none.

    Parameters
    ----------
    table
        As read by `read_delimited`.
    column
        Its header.
    whole
        The numbers are counts or ranks: a comma can only separate thousands.
    as_share
        The column is headed as percent: values are divided by 100. A percent sign in a cell divides
        by 100 whether this is set or not, once.
    symbols
        Symbol -> status and meaning.

    Raises
    ------
    CellError
        A cell is neither a number nor a symbol, or a comma could mean thousands or decimals.

    Notes
    -----
    Commas separate decimals only in files that are separated by semicolons (as spreadsheets set to a
    continental locale save them), and there only if the column or the file shows it.
    """
    text = table.frame[column]
    values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=float, copy=True)
    status = np.full(len(text), "ok", dtype="<U14")
    if as_share:
        values /= 100
    style = _comma_style(table) if table.delimiter == ";" else "thousands"
    unsure = ~np.isfinite(values)
    if style == "decimals":  # there, 1.234 is a thousand and more
        unsure |= text.str.contains(".", regex=False).to_numpy(dtype=bool)
    doubtful = np.flatnonzero(unsure)
    cells = text.to_numpy(dtype=object)
    cache: dict[str, tuple[float, str]] = {}
    for row in doubtful:
        cell = str(cells[row])
        if cell not in cache:
            where = f'{table.file} row {table.lines[row]}: "{column}"'
            cache[cell] = _read_cell(cell, where, whole, as_share, style, symbols)
        values[row], status[row] = cache[cell]
    return Numbers(values, status)


def _read_cell(
    cell: str,
    where: str,
    whole: bool,
    as_share: bool,
    style: str,
    symbols: Mapping[str, tuple[Status, str]],
) -> tuple[float, str]:
    text = cell.translate(SPACES).strip()
    known = symbols.get(text.lower())
    if known is not None:
        return float("nan"), known[0]
    percent = text.endswith("%")
    number = text.rstrip("% ").lstrip("£ ").replace("\u2212", "-").replace(" ", "").removesuffix("[r]")
    scale = 0.01 if percent or as_share else 1.0
    if style == "decimals" and _EUROPEAN.fullmatch(number):
        return float(number.replace(".", "").replace(",", ".")) * scale, "ok"
    if _PLAIN.fullmatch(number) and np.isfinite(float(number)):
        return float(number) * scale, "ok"
    if _THOUSANDS.fullmatch(number) and (whole or style != "decimals"):
        if style == "unknown" and not whole and number.count(",") == 1 and "." not in number:
            raise CellError(
                f'{where} is "{cell}", which in a file of semicolons may be thousands or decimals; '
                f"save it again with commas or tabs between the cells"
            )
        return float(number.replace(",", "")) * scale, "ok"
    if style == "unknown" and _EUROPEAN.fullmatch(number):
        return float(number.replace(".", "").replace(",", ".")) * scale, "ok"
    raise CellError(
        f'{where} is "{cell}"; expected a number, an empty cell, or a symbol such as [c] (suppressed), '
        f"[x] (missing) or [z] (not applicable)"
    )


def _comma_style(table: Delimited) -> str:
    # One file has one locale: a cell such as 12,5 shows that commas are decimals, and one such as
    # 12.5 that they are thousands, for every column.
    decimals = thousands = False
    for column in table.frame.columns:
        cells = pd.unique(table.frame[column].head(5000))
        for cell in cells:
            number = str(cell).strip().lstrip("£").rstrip("%").strip()
            if re.fullmatch(r"[+-]?\d+,(\d{1,2}|\d{4,})", number) or re.fullmatch(
                r"[+-]?\d{1,3}(\.\d{3})+,\d+", number
            ):
                decimals = True
            elif re.fullmatch(r"[+-]?(0\.\d+|\d+\.(\d{1,2}|\d{4,}))", number) or re.fullmatch(
                r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}", number
            ):
                thousands = True
    if decimals and not thousands:
        return "decimals"
    return "thousands" if thousands and not decimals else "unknown"
