"""One fault of a file: where it is, what stands there, what was needed, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from fairplace.workbooks import column_letter

#: ``fault`` must be mended before the file is used; ``review`` wants a look; ``note`` says what was done.
Level = Literal["fault", "review", "note"]


@dataclass(frozen=True)
class Fault:
    """Something about a file that a person should know.

    Parameters
    ----------
    level
        How much it matters: see `Level`.
    row, column
        Where, from 1; 0 for the whole sheet.
    header
        Header of the column, as the file spells it; may be empty.
    found, needed, mend
        What stands there, what was needed, and what to do.
    rule
        Short name of the rule, stable for programs.
    sheet
        Name of the sheet; empty for a CSV file.
    """

    level: Level
    row: int
    column: int
    header: str
    found: str
    needed: str
    mend: str
    rule: str
    sheet: str = ""

    @property
    def where(self) -> str:
        """Place in words: "row 7, column C (attended)"."""
        parts = [f'sheet "{self.sheet}"'] if self.sheet else []
        if self.row:
            parts.append(f"row {self.row}")
        if self.column:
            named = f" ({self.header})" if self.header else ""
            parts.append(f"column {column_letter(self.column)}{named}")
        return ", ".join(parts) or "the file"

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        needed = f" Needed: {self.needed}." if self.needed else ""
        return f"{self.where}: found {self.found}.{needed} Do: {self.mend}."

    def record(self) -> dict[str, Any]:
        """Give it as a mapping, for JSON."""
        return {**asdict(self), "cell": f"{column_letter(self.column)}{self.row}" if self.column else ""}
