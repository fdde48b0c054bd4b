"""A council's file looked through: which table it holds, which column is which, and every fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from fairplace.checking.addresses import GRADES, match_addresses
from fairplace.checking.columns import Table, check_columns, check_sheet
from fairplace.checking.faults import Fault
from fairplace.checking.layout import Block, find_blocks
from fairplace.checking.mapping import Match, match_score, propose
from fairplace.checking.rules import check_cells, check_postcodes, check_rows
from fairplace.workbooks import Sheet, read_workbook
from geo.errors import UserError
from geo.postcodes import PostcodeDirectory
from layers.council.cells import read_cell
from layers.council.schema import Schema, find_schema, load_schemas

#: A sheet or table whose headers serve less well than this, against the best, is another thing.
SAME_FROM = 0.6
_PLACES = ("uprn", "address", "postcode", "easting", "northing", "longitude", "latitude")
_ORDER = {"fault": 0, "review": 1, "note": 2}


class KindError(UserError, ValueError):
    """A file could be of several kinds, or of none, and has to be told."""


@dataclass(frozen=True)
class Inspection:
    """What a file holds and what is wrong with it.

    Parameters
    ----------
    file
        Its name.
    schema
        What kind it was taken for.
    tables
        The tables found, each with its readings.
    faults
        In order: faults, things to look at, notes; by row and column.
    addresses
        Grades of rows (see `fairplace.checking.addresses.GRADES`); None where rows need no place.
    """

    file: str
    schema: Schema
    tables: tuple[Table, ...]
    faults: tuple[Fault, ...]
    addresses: pd.DataFrame | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def good(self) -> bool:
        """Whether the file may be used as it is."""
        return not any(one.level == "fault" for one in self.faults)

    @property
    def rows(self) -> int:
        """Rows of data found."""
        return sum(len(table.lines) for table in self.tables)

    @property
    def matches(self) -> Sequence[Match]:
        """Which header is which column, of the first table."""
        return self.tables[0].matches if self.tables else ()

    def counts(self) -> dict[str, int]:
        """How many faults, things to look at, and notes."""
        return {level: sum(one.level == level for one in self.faults) for level in _ORDER}

    def clean(self) -> pd.DataFrame:
        """Give the rows as our own file holds them: one column a field, cells with a fault left empty."""
        parts = []
        for table in self.tables:
            columns = {name: [_plain(one.value) for one in found] for name, found in table.readings.items()}
            parts.append(pd.DataFrame(columns))
        names = [name for name in self.schema.names if any(name in part for part in parts)]
        joined = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        return joined.reindex(columns=names).fillna("")


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else ("" if value is None else value)


def inspect(
    path: Path,
    *,
    kind: str = "",
    kept: Mapping[str, str] | None = None,
    directory: PostcodeDirectory | None = None,
    extract: pd.DataFrame | None = None,
) -> Inspection:
    """Look through a council's file.

    Parameters
    ----------
    path
        Workbook or CSV.
    kind
        Which schema; found out from the headers if left out.
    kept
        Field -> header, from the last time.
    directory
        Postcodes of the authority: others are faults. Without it, a postcode of another town than most
        is something to look at.
    extract
        The council's own addresses, for rows without a UPRN.

    Raises
    ------
    WorkbookError
        The file cannot be read at all.
    KindError
        It could be of several kinds or of none.
    """
    sheets = read_workbook(path)
    schema = find_schema(kind) if kind else guess_kind(sheets, path.name)
    named = list((kept or {}).values())
    faults: list[Fault] = []
    tables: list[Table] = []
    own = [sheet for sheet in sheets if sheet.name == schema.kind and not sheet.hidden]
    held = [(sheet, find_blocks(sheet, schema, named=named)) for sheet in own or sheets]
    best = max((match_score(b[0].headers, schema, named) for _, b in held if b), default=0.0)
    for sheet, blocks in held:
        if not blocks or match_score(blocks[0].headers, schema, named) < SAME_FROM * best:
            continue
        if sheet.hidden:
            faults.append(
                Fault(
                    "review", blocks[0].header_row, 0, "", "a hidden sheet that holds a table", "",
                    "it was not read: unhide it if it belongs here, or delete it", "hidden", sheet.name,
                )
            )  # fmt: skip
            continue
        for block in _same_kind(blocks):
            tables.append(_read(block, schema, kept))
    if not tables and faults:
        faults = [replace(one, level="fault") for one in faults]  # the one table there is is hidden
    elif not tables:
        faults.append(_nothing(sheets, schema))
    elif len(tables) > 1:
        faults += [
            Fault(
                "note", one.block.header_row, 0, "",
                f"table {n} of {len(tables)}, of {len(one.lines)} rows", "",
                "nothing: all of them were read as one", "several_tables", one.block.sheet.name,
            )
            for n, one in enumerate(tables, start=1)
        ]  # fmt: skip
    for table in tables:
        faults += _check(table, directory)
    faults += _across(tables)
    addresses = None
    if schema.located and tables:
        addresses = _grade(tables, extract, directory)
    ordered = sorted(
        dict.fromkeys(faults), key=lambda one: (_ORDER[one.level], one.sheet, one.row, one.column, one.rule)
    )
    notes = tuple(note for sheet in sheets for note in sheet.notes)
    return Inspection(path.name, schema, tuple(tables), tuple(ordered), addresses, notes)


def guess_kind(sheets: Sequence[Sheet], file: str) -> Schema:
    """Find out from the headers which schema fits a workbook best.

    Raises
    ------
    KindError
        None fits, or two fit equally well.
    """
    stem = file.lower()
    scored: list[tuple[float, Schema]] = []
    for schema in load_schemas().values():
        best = 0.0
        for sheet in sheets:
            for block in find_blocks(sheet, schema)[:1]:
                required = len(schema.required) or 1
                known = sum(one.how == "name" for one in propose(block.headers, (), schema))
                share = (
                    sum(one.field in schema.required for one in propose(block.headers, (), schema)) / required
                )
                best = max(best, share * 10 + known / max(1, sum(map(bool, block.headers))) * 5 + 0.1 * known)
        if schema.kind in stem:
            best += 3
        scored.append((best, schema))
    scored.sort(key=lambda one: -one[0])
    if scored[0][0] < 4:
        raise KindError(
            f"{file} looks like no kind of file we know; say which with --kind "
            f"({', '.join(load_schemas())}), or copy it into the blank one of `fairplace template`"
        )
    if scored[0][0] - scored[1][0] < 0.25:
        raise KindError(f"{file} could be {scored[0][1].kind} or {scored[1][1].kind}; say which with --kind")
    return scored[0][1]


def _same_kind(blocks: Sequence[Block]) -> list[Block]:
    # The best table, and every other with the same headers: quarters under one another, or side by side.
    first = {one for one in blocks[0].headers if one}
    return sorted(
        (one for one in blocks if len(first & set(one.headers)) >= 0.6 * len(first)),
        key=lambda one: (one.header_row, one.columns[0]),
    )


def _read(block: Block, schema: Schema, kept: Mapping[str, str] | None) -> Table:
    matches = propose(block.headers, [cells for _, cells in block.rows], schema, kept=kept)
    readings = {
        one.field: [read_cell(cells[one.position], schema.field(one.field)) for _, cells in block.rows]
        for one in matches
    }
    return Table(schema, block, matches, readings)


def _check(table: Table, directory: PostcodeDirectory | None) -> list[Fault]:
    found = [*check_columns(table), *check_sheet(table), *check_cells(table), *check_rows(table)]
    found += check_postcodes(table, directory)
    name = table.block.sheet.name
    if not table.lines:
        found.append(
            Fault("fault", table.block.header_row, 0, "", "a header with no rows under it", table.schema.row,
                  "fill in the rows, or send the sheet that has them", "no_rows", name)
        )  # fmt: skip
    for number, _ in table.block.totals:
        found.append(
            Fault("note", number, 0, "", "a row of totals", "", "nothing: it is not used", "totals", name)
        )
    for number, text in table.block.notes:
        found.append(
            Fault(
                "note",
                number,
                0,
                "",
                f'a note ("{text[:60]}")',
                "",
                "nothing: it is not used",
                "notes_row",
                name,
            )
        )
    return found


def _across(tables: Sequence[Table]) -> list[Fault]:
    """Find references that stand in two tables of one file."""
    found: list[Fault] = []
    seen: dict[tuple[str, object], str] = {}
    for table in tables:
        where: dict[tuple[str, object], str] = {}
        for one in table.schema.fields:
            if not one.unique or one.name not in table.readings:
                continue
            for row, value in enumerate(table.values(one.name)):
                key = (one.name, value)
                if value is not None and key in seen:
                    found.append(
                        table.fault(row, one.name, f'the {one.name} "{value}" again, after {seen[key]}',
                                    "keep one of them", "twice", needed="each once")
                    )  # fmt: skip
                where.setdefault(key, f"row {table.lines[row]} of another table")
        seen |= where
    return found


def _nothing(sheets: Sequence[Sheet], schema: Schema) -> Fault:
    held = next((sheet for sheet in sheets if not sheet.empty and not sheet.hidden), None)
    if held is None:
        return Fault("fault", 0, 0, "", "nothing: every sheet is empty or hidden", schema.row,
                     "fill it in, or unhide the sheet that has the table", "empty_file")  # fmt: skip
    best = max(range(len(held.rows)), key=lambda n: match_score(held.rows[n], schema))
    row = [cell for cell in held.rows[best] if cell]
    return Fault(
        "fault", best + 1, 0, "",
        f"no header row of {schema.title.lower()}; it holds {', '.join(row[:6])[:120]}",
        f"one row with the columns {', '.join(schema.required)}",
        f"write the headers in one row above the data, or start from `fairplace template {schema.kind}`",
        "no_header", held.name,
    )  # fmt: skip


def _grade(
    tables: Sequence[Table], extract: pd.DataFrame | None, directory: PostcodeDirectory | None
) -> pd.DataFrame | None:
    parts = []
    for table in tables:
        names = [one for one in _PLACES if one in table.readings]
        if not names:
            continue
        frame = pd.DataFrame({name: table.values(name) for name in names})
        if "easting" not in frame and "longitude" in frame:
            frame["easting"], frame["northing"] = frame["longitude"], frame["latitude"]
        graded = match_addresses(frame, extract=extract, directory=directory)
        graded.insert(0, "row", table.lines)
        graded.insert(1, "given", [_given(row) for row in frame.to_dict("records")])
        parts.append(graded)
    return pd.concat(parts, ignore_index=True) if parts else None


def _given(row: Mapping[Any, Any]) -> str:
    return ", ".join(str(row[name]) for name in ("uprn", "address", "postcode") if row.get(name))


def grade_sentence(addresses: pd.DataFrame) -> str:
    """Say how many rows have which grade."""
    counts = addresses["grade"].value_counts()
    return "; ".join(f"{counts[one]} {one} ({GRADES[one]})" for one in GRADES if one in counts.index)
