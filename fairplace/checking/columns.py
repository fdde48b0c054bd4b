"""A table under check, and the rules of its columns and of the sheet it stands on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairplace.checking.faults import Fault, Level
from fairplace.checking.layout import Block
from fairplace.checking.mapping import Match
from layers.council.cells import Reading
from layers.council.schema import Schema
from layers.delimited import header_key

_PERSONAL = re.compile(
    r"(client|patient|tenant|resident|customer|child|parent|first|last|sur|fore|full)\s*name|surname|forename|"
    r"date of birth|\bdob\b|nhs (number|no)|national insurance|\bni (number|no)\b|e-?mail|phone|mobile|"
    r"ethnicity of|\bage of\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(
    r"comment|notes?$|free text|verbatim|quote|reason|details|remarks|feedback", re.IGNORECASE
)


@dataclass(frozen=True)
class Table:
    """A table under check: its cells read, each with where it stood.

    Parameters
    ----------
    schema, block, matches
        What it is, where it stands, and which header is which field.
    readings
        Field -> one reading a row, in order.
    """

    schema: Schema
    block: Block
    matches: Sequence[Match]
    readings: Mapping[str, Sequence[Reading]]

    @property
    def lines(self) -> list[int]:
        """Row of the sheet of each row."""
        return [number for number, _ in self.block.rows]

    def text(self, name: str) -> list[str]:
        """Cells of a field as they stand."""
        at = next(one.position for one in self.matches if one.field == name)
        return [cells[at] for _, cells in self.block.rows]

    def values(self, name: str) -> pd.Series:
        """Values of a field; NaN where there is none."""
        return pd.Series([one.value for one in self.readings[name]], dtype=object)

    def fault(
        self,
        row: int,
        name: str,
        found: str,
        mend: str,
        rule: str,
        *,
        level: Level = "fault",
        needed: str = "",
    ) -> Fault:
        """Make a fault of a cell: row of the table (from 0; -1 for the header) and name of the field."""
        match = next((one for one in self.matches if one.field == name), None)
        return Fault(
            level,
            self.lines[row] if row >= 0 else self.block.header_row,
            self.block.columns[match.position] if match else 0,
            match.header if match else "",
            found,
            needed,
            mend,
            rule,
            self.block.sheet.name,
        )


def check_columns(table: Table) -> Iterator[Fault]:
    """Columns: missing, twice, about people, free text, guessed or left out."""
    block, schema = table.block, table.schema
    known = {one.field for one in table.matches}
    taken = {one.position for one in table.matches}
    sheet = block.sheet.name
    for one in schema.fields:
        if one.required and one.name not in known:
            yield Fault(
                "fault",
                block.header_row,
                0,
                "",
                f'no column "{one.name}" ({one.about.lower()})',
                one.needed,
                f'add the column "{one.name}", or name the one that is it in the mapping file',
                "column_missing",
                sheet,
            )
    if schema.located and not known & {"uprn", "postcode", "address", "easting", "longitude"}:
        yield Fault(
            "fault",
            block.header_row,
            0,
            "",
            "no column that says where",
            "a UPRN, coordinates, an address or a postcode",
            "add a postcode column",
            "column_missing",
            sheet,
        )
    counts = Counter(header_key(one) for one in block.headers if one)
    for position, header in enumerate(block.headers):
        at = block.columns[position]
        if (
            header
            and counts[header_key(header)] > 1
            and [header_key(h) for h in block.headers].index(header_key(header)) != position
        ):
            yield Fault(
                "fault",
                block.header_row,
                at,
                header,
                f'the header "{header}" a second time',
                "each header once",
                "rename or remove one of the two columns",
                "header_twice",
                sheet,
            )
        elif position not in taken:
            yield from _unknown(table, position, header)
    for match in table.matches:
        if match.how in ("likeness", "content"):
            because = "is spelt like it" if match.how == "likeness" else "holds what it holds"
            yield Fault(
                "review",
                block.header_row,
                block.columns[match.position],
                match.header,
                f'"{match.header}" was taken for {match.field}, because it {because}',
                "",
                "if it is not, correct the mapping file",
                "column_guessed",
                sheet,
            )


def _unknown(table: Table, position: int, header: str) -> Iterator[Fault]:
    block = table.block
    cells = [cells[position] for _, cells in block.rows if cells[position]]
    at, sheet = block.columns[position], block.sheet.name
    words = [len(cell.split()) for cell in cells]
    if _PERSONAL.search(header):
        yield Fault(
            "fault",
            block.header_row,
            at,
            header,
            f'a column about people ("{header}")',
            "no names, dates of birth or contacts",
            "delete the column before the file is sent on",
            "personal_data",
            sheet,
        )
    elif cells and (float(np.mean(words)) > 6 or (_COMMENT.search(header) and float(np.mean(words)) > 2)):
        longest = int(np.argmax([len(cells_of[position].split()) for _, cells_of in block.rows]))
        yield Fault(
            "fault",
            block.rows[longest][0],
            at,
            header,
            f"free text of up to {max(words)} words",
            "coded themes only, because free text can name people",
            "code it into themes in a column of its own and delete this one",
            "free_text",
            sheet,
        )
    elif cells:
        yield Fault(
            "note",
            block.header_row,
            at,
            header or "no header",
            f'"{header or "a column without header"}"',
            "",
            "nothing: the column is not used",
            "column_unused",
            sheet,
        )


def _guessed_letters(table: Table) -> Iterator[Fault]:
    """Show the first word of a file whose letters had to be guessed; an old Mac's would come out wrong."""
    block = table.block
    for row, cells in block.rows:
        for place, cell in enumerate(cells):
            if any((letter.isalpha() and letter > "\x7f") or letter == "\ufffd" for letter in cell):
                yield Fault(
                    "review",
                    row,
                    block.columns[place],
                    block.headers[place],
                    f'"{cell[:60]}", read as Windows-1252 because the file is not in UTF-8',
                    "",
                    "look whether its letters are right; if not, save the file as CSV UTF-8",
                    "encoding",
                    block.sheet.name,
                )
                return


def check_sheet(table: Table) -> Iterator[Fault]:
    """Say what a spreadsheet hides: rows, columns, formulas without a value, merged cells."""
    sheet, rows = table.block.sheet, set(table.lines)
    if any("Windows-1252" in note for note in sheet.notes):
        yield from _guessed_letters(table)
    columns = {one: n for n, one in enumerate(table.block.columns)}
    for row in sorted(sheet.hidden_rows & rows):
        yield Fault(
            "review",
            row,
            0,
            "",
            "a hidden row",
            "",
            "unhide it: it is read like the others, or delete it",
            "hidden",
            sheet.name,
        )
    for column in sorted(sheet.hidden_columns & set(columns)):
        yield Fault(
            "review",
            table.block.header_row,
            column,
            table.block.headers[columns[column]],
            "a hidden column",
            "",
            "unhide it: it is read like the others, or delete it",
            "hidden",
            sheet.name,
        )
    for row, column in sorted(sheet.errors):
        if row in rows and column in columns:
            yield Fault(
                "fault",
                row,
                column,
                table.block.headers[columns[column]],
                "a formula whose result was not saved",
                "a value",
                "open the workbook, let it calculate, save it; or paste as values",
                "formula",
                sheet.name,
            )
    if table.block.filled:
        first = table.block.filled[0]
        yield Fault(
            "review",
            first,
            0,
            "",
            f"merged cells in {len(table.block.filled)} rows",
            "one value a cell",
            "unmerge them and fill each row; here the value was taken for every row it spans",
            "merged",
            sheet.name,
        )
