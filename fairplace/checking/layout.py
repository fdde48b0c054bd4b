"""Where the tables of a sheet are: header rows of one or two lines, totals, notes, tables side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fairplace.checking.mapping import match_score
from fairplace.workbooks import Sheet
from layers.council.schema import Schema

_SEARCHED = 400
# What a row of totals is called. "Total Fitness" is called so too: it is told by its filled cells.
_TOTAL = re.compile(
    r"(?:[\w&'.]+[ -]){0,3}(?:sub)?totals?(?: \(.*\)| (?:for|of|to|in|across|all) .*)?[ :.*]*"
    r"|all (?:areas|practices|estates|wards|homes)",
    re.IGNORECASE,
)
_TOTAL_WORD = re.compile(r"(?:grand |sub[- ]?)?totals?[ :.*]*", re.IGNORECASE)
_PERHAPS = re.compile(r"(?:totals?\b.*|sum|overall|average|mean|all)[ :]*", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """One table of a sheet.

    Parameters
    ----------
    sheet
        Where it stands.
    headers
        Text of each header, two lines joined where it needs both; empty for a column without.
    columns
        Column of the sheet of each, from 1.
    header_row
        Row on which the header ends, from 1.
    rows
        Rows of data: number of the row, and its cells.
    totals, notes
        Rows taken for totals and for notes: number, and text.
    filled
        Rows in which a merged cell above or beside gave a value, from 1.
    """

    sheet: Sheet
    headers: tuple[str, ...]
    columns: tuple[int, ...]
    header_row: int
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    totals: tuple[tuple[int, tuple[str, ...]], ...] = ()
    notes: tuple[tuple[int, str], ...] = ()
    filled: tuple[int, ...] = ()


def find_blocks(sheet: Sheet, schema: Schema, *, named: Sequence[str] = ()) -> list[Block]:
    """Find the tables of a sheet that could be of a schema, the best first.

    Parameters
    ----------
    sheet
        As read.
    schema
        What is looked for.
    named
        Headers that a kept mapping names: they count as known.
    """
    if sheet.empty:
        return []
    grid, filled = _unmerge(sheet)
    blocks: list[tuple[float, Block]] = []
    for columns in _column_groups(grid):
        found = _headers(grid, columns, schema, named)
        for position, (score, row, headers, _) in enumerate(found):
            later = found[position + 1] if position + 1 < len(found) else None
            end = later[1] - later[3] if later else len(grid)
            blocks.append((score, _block(sheet, grid, columns, row, headers, end, filled)))
    return [block for _, block in sorted(blocks, key=lambda one: (-one[0], one[1].header_row))]


def _unmerge(sheet: Sheet) -> tuple[list[list[str]], set[int]]:
    grid = [list(row) for row in sheet.rows]
    filled: set[int] = set()
    for first_row, first_column, last_row, last_column in sheet.merged:
        if first_row > len(grid) or first_column > len(grid[0]):
            continue
        text = grid[first_row - 1][first_column - 1]
        wide = last_column - first_column + 1
        if wide == len(grid[0]) or (wide > 3 and first_row == last_row):
            continue  # a title across the sheet is no header of every column
        for row in range(first_row - 1, min(last_row, len(grid))):
            for column in range(first_column - 1, min(last_column, len(grid[0]))):
                if not grid[row][column] and text:
                    grid[row][column] = text
                    filled.add(row + 1)
    return grid, filled


def _column_groups(grid: Sequence[Sequence[str]]) -> list[list[int]]:
    used = [any(row[column] for row in grid) for column in range(len(grid[0]))]
    groups: list[list[int]] = []
    for column, is_used in enumerate(used):
        if is_used and column and used[column - 1] and groups:
            groups[-1].append(column)
        elif is_used:
            groups.append([column])
    return groups


#: Score, row on which the header ends (from 1), texts, and how many lines it has.
_Found = tuple[float, int, tuple[str, ...], int]


def _headers(
    grid: Sequence[Sequence[str]], columns: Sequence[int], schema: Schema, named: Sequence[str]
) -> list[_Found]:
    scored: list[_Found] = []
    for row in range(min(len(grid), _SEARCHED)):
        own = tuple(" ".join(grid[row][column].split()) for column in columns)
        if sum(map(bool, own)) < 2 and len(columns) > 1:
            continue
        best = (match_score(own, schema, named), own, 1)
        if row:
            above = [" ".join(grid[row - 1][column].split()) for column in columns]
            # Of a header of two lines, the lower line is the column and the upper its group; where the
            # lower is empty the upper speaks.
            joined = tuple(
                low
                if low and match_score([low], schema, named)
                else (f"{up} {low}".strip() if up != low else low)
                for up, low in zip(above, own, strict=True)
            )
            both = match_score(joined, schema, named)
            if both > best[0] and any(above):
                best = (both, joined, 2)
        if best[0] >= max(2.0, 0.4 * len(schema.required)):
            scored.append((best[0], row + 1, best[1], best[2]))
    if not scored:
        return []
    top = max(score for score, *_ in scored)
    kept: list[_Found] = []
    for one in scored:
        if one[0] < max(2.0, 0.75 * top):
            continue
        if kept and one[1] - kept[-1][1] == 1:  # two lines of one header: the better of them
            if one[0] > kept[-1][0]:
                kept[-1] = one
            continue
        kept.append(one)
    return kept


def _is_total(cells: Sequence[str], usual: int) -> bool:
    first, *others = (cell.strip() for cell in cells if cell)
    if not others:
        return False
    if _TOTAL.fullmatch(first) or any(_TOTAL_WORD.fullmatch(cell) for cell in others):
        return True
    return len(others) + 1 < usual and bool(_PERHAPS.fullmatch(first))


def _block(
    sheet: Sheet,
    grid: Sequence[Sequence[str]],
    columns: Sequence[int],
    header_row: int,
    headers: tuple[str, ...],
    end: int,
    filled: set[int],
) -> Block:
    held = [
        (row + 1, cells)
        for row in range(header_row, end)
        if any(cells := tuple(grid[row][column] for column in columns)) and cells != headers
    ]
    usual = sorted(sum(map(bool, cells)) for _, cells in held)[len(held) // 2] if held else 0
    totals = [one for one in held if _is_total(one[1], usual)]
    apart = {number for number, _ in totals}
    rows = [one for one in held if one[0] not in apart]
    notes: list[tuple[int, str]] = []
    while rows and usual >= 3 and sum(map(bool, rows[-1][1])) == 1 and len(" ".join(rows[-1][1]).split()) > 1:
        number, cells = rows.pop()
        notes.insert(0, (number, next(cell for cell in cells if cell)))
    inside = {number for number, _ in rows}
    return Block(
        sheet, headers, tuple(column + 1 for column in columns), header_row, tuple(rows), tuple(totals),
        tuple(notes), tuple(sorted(filled & inside)),
    )  # fmt: skip
