"""The tables of a profile as cells for a spreadsheet or a CSV: numbers as numbers, signs as text.

A number with its range becomes three columns, because a cell that holds "30% (23% to 39%)" cannot be
added up. What a spreadsheet shows of a number, by its format, is the text it has in every other form.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairplace.numbers import (
    COUNTED,
    GAP,
    SIGNS,
    is_coarse,
    is_ours,
    percent_of_draws,
    rounded,
    show_number,
    two_figures,
)
from fairplace.profile.model import Inline, Number, Table, distinct, inline_text
from fairplace.spreadsheets import safe_cell
from maps.words import Words

_ALL_SIGNS = tuple(sign for sign, _ in SIGNS.values())
#: In a cell that a figure has nothing for, such as the range of a count.
_NONE = SIGNS["not_applicable"][0]


@dataclass(frozen=True)
class Cell:
    """A cell: text, or a number with the spreadsheet format that shows it as the page does."""

    value: str | float
    format: str = ""


@dataclass(frozen=True)
class Grid:
    """A table as cells, each row as long as the head."""

    id: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


def grid(table: Table, words: Words) -> Grid:
    """Lay a table out in cells; a column of ranges becomes two, of numbers with ranges three."""
    head: list[str] = []
    columns: list[list[list[Cell]]] = []
    for at, name in enumerate(table.head):
        cells = [row[at] for row in table.rows]
        wide = _width(cells)
        ends = [words("spreadsheet", end, name=name) for end in ("low", "high")]
        head += {1: [name], 2: ends, 3: [name, *ends]}[wide]
        columns.append([_cells(cell, wide, words) for cell in cells])
    rows = [[cell for column in columns for cell in column[at]] for at in range(len(table.rows))]
    return Grid(table.id, table.caption, distinct(head), rows, table.notes)


def _width(cells: Sequence[Inline]) -> int:
    numbers = [cell for cell in cells if isinstance(cell, Number)]
    if any(cell.style == "range" for cell in numbers):
        return 2
    ranged = [
        cell for cell in numbers if cell.style == "with_range" and not math.isnan(float(cell.row["low"]))
    ]
    return 3 if ranged else 1


def _cells(cell: Inline, wide: int, words: Words) -> list[Cell]:
    if isinstance(cell, str):
        text = inline_text(cell)
        # A cell is never left blank: what has no figure has no range either.
        sign = next((one for one in _ALL_SIGNS if text.startswith(one)), _NONE)
        return [Cell(text), *([Cell(sign)] * (wide - 1))]
    if cell.column != "value":
        if math.isnan(float(cell.row[cell.column])):
            return [Cell(cell.written(words))]
        return [_number(cell, float(cell.row[cell.column]), cell.unit, words)]
    if cell.row["status"] != "ok":
        return [Cell(cell.written(words))] * wide
    names = {1: ("value",), 2: ("low", "high"), 3: ("value", "low", "high")}[wide]
    unit = str(cell.row["unit"])
    if unit == f"share{GAP}":
        # In percentage points, which are said once, after the value.
        decimals = 1 if cell.decimals is None else cell.decimals
        plain = "#,##" + _format(decimals)
        looks = dict.fromkeys(names, plain) | {"value": _around(words, "points", plain)}
        return [Cell(_snapped(100 * float(cell.row[name]), decimals), looks[name]) for name in names]
    return [_number(cell, float(cell.row[name]), unit, words) for name in names]


def _number(number: Number, value: float, unit: str, words: Words) -> Cell:
    """Give a number and a format under which a spreadsheet writes it as every page does."""
    if math.isnan(value):
        return Cell(_NONE)
    modelled = is_ours(number.row)
    whole = modelled or is_coarse(number.row)
    if unit == "probability":
        # "less than 1%" is no number, and a number in its place would say more than the draws do.
        if 0.01 <= value <= 0.99:
            return Cell(percent_of_draws(value) / 100, _around(words, "percent", "0"))
        return Cell(number.written(words))
    if unit.split(" ")[0] == "share":
        decimals = (0 if whole else 1) if number.decimals is None else number.decimals
        return Cell(_snapped(value, decimals + 2), _around(words, "percent", _format(decimals)))
    if unit.startswith("GBP"):
        shown = two_figures(value) if modelled and abs(value) >= 1000 else value
        decimals = number.decimals or 0
        plain = _around(words, "pounds", f"#,##{_format(decimals)}")
        return Cell(_snapped(shown, decimals), f"{plain};-{plain}")
    decimals = number.decimals or 0
    if unit in COUNTED:
        return Cell(_snapped(two_figures(value) if modelled else value, decimals), "#,##" + _format(decimals))
    if unit not in ("rank", "decile", "count"):
        decimals = 1 if number.decimals is None else number.decimals
    return Cell(_snapped(value, decimals), "#,##" + _format(decimals))


def _format(decimals: int) -> str:
    return "0." + "0" * decimals if decimals else "0"


def _around(words: Words, name: str, plain: str) -> str:
    """Put the words that stand around a number into a spreadsheet format."""
    text = words("numbers", name, number="\0")
    # A spreadsheet takes a share for a percentage by this sign alone.
    if name == "percent" and text.count("%") != 1:
        return plain + "%"
    before, _, after = text.partition("\0")
    return _quoted(before) + plain + _quoted(after)


def _quoted(text: str) -> str:
    return "%".join(f'"{part.replace(chr(34), chr(8221))}"' if part else "" for part in text.split("%"))


def _snapped(value: float, decimals: int) -> float:
    """Nothing, where a page would write nothing: never minus nothing."""
    return 0.0 if abs(value) < 0.5 * 10**-decimals else value


def shown(cell: Cell, words: Words) -> str:
    """Text that a spreadsheet shows for a cell."""
    if isinstance(cell.value, str):
        return cell.value
    decimals = cell.format.split(";")[0].partition("0.")[2].count("0")
    plain = "#,##" + _format(decimals)
    if cell.format == _around(words, "points", plain):
        return words("numbers", "points", number=rounded(cell.value, decimals, words=words))
    pounds = _around(words, "pounds", plain)
    shares, money = _around(words, "percent", _format(decimals)), f"{pounds};-{pounds}"
    unit = {shares: "share", money: "GBP"}.get(cell.format, "people")
    return show_number(cell.value, unit, decimals=decimals, words=words)


def csv_text(head: Sequence[str], rows: Sequence[Sequence[str | float]]) -> str:
    """Write a CSV that no spreadsheet takes for formulas; a missing number is an empty cell."""
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow([_safe(name) for name in head])
    writer.writerows([[_safe(value) for value in row] for row in rows])
    return held.getvalue()


def _safe(value: str | float) -> str | float:
    if isinstance(value, str):
        return str(safe_cell(value))
    return "" if math.isnan(value) else value
