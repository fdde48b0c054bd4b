"""The report of a check: text for a person, JSON for a program, a workbook for whoever mends the file."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import xlsxwriter

from fairplace.checking.addresses import GRADES
from fairplace.checking.inspection import Inspection, grade_sentence
from fairplace.files import write_whole
from fairplace.spreadsheets import safe_cell

# A fixed day, so that the same file gives the same report.
_STAMP = dt.datetime(2026, 1, 1)  # noqa: DTZ001 (xlsxwriter wants a date without a zone)
_HEADINGS = {
    "fault": "To mend before the file is used",
    "review": "To look at",
    "note": "What was done with the rest",
}


def report_text(found: Inspection) -> str:
    """Write the report as plain text."""
    counts = found.counts()
    lines = [f"{found.file}: {found.schema.title} ({found.schema.kind}), {found.rows} rows"]
    if found.good:
        lines.append("It may be used as it is." + (" Look at what follows." if counts["review"] else ""))
    else:
        many = counts["fault"]
        lines.append(f"{many} thing{'s' if many != 1 else ''} to mend before it is used.")
    for level, heading in _HEADINGS.items():
        these = [one for one in found.faults if one.level == level]
        if these:
            lines += ["", f"{heading}:"]
            lines += [f"  {n}. {one.sentence}" for n, one in enumerate(these, start=1)]
    if found.matches:
        lines += ["", "Columns:"]
        lines += [f'  {one.field}: "{one.header}" ({_HOW[one.how]})' for one in found.matches]
    if found.addresses is not None:
        lines += ["", f"Places: {grade_sentence(found.addresses)}"]
    if found.schema.rules:
        lines += ["", "Keep in mind:", *(f"  - {one}" for one in found.schema.rules)]
    return "\n".join(lines)


_HOW = {
    "kept": "as kept from the last time",
    "name": "a known name",
    "likeness": "proposed: it is spelt like it",
    "content": "proposed: it holds what it holds",
}


def report_json(found: Inspection) -> str:
    """Write the report as JSON."""
    content = {
        "file": found.file,
        "kind": found.schema.kind,
        "good": found.good,
        "rows": found.rows,
        "counts": found.counts(),
        "columns": {one.field: {"header": one.header, "how": one.how} for one in found.matches},
        "faults": [one.record() for one in found.faults],
        "places": {}
        if found.addresses is None
        else {str(key): int(n) for key, n in found.addresses["grade"].value_counts().sort_index().items()},
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def write_report(found: Inspection, path: Path) -> None:
    """Write the report as a workbook: what to mend, the table with its faults marked, places to review."""
    with write_whole(path) as draft, xlsxwriter.Workbook(str(draft), {"in_memory": True}) as book:
        book.set_properties({"created": _STAMP, "title": f"Check of {found.file}"})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        marked = book.add_format({"bg_color": "#FFE0A3", "border": 1})
        _faults(book, found, head, wrap)
        for n, table in enumerate(found.tables, start=1):
            sheet = book.add_worksheet("Your table" if n == 1 else f"Your table {n}")
            columns = list(table.block.columns)
            sheet.write_row(0, 0, ["Row", *(safe_cell(one) for one in table.block.headers)], head)
            faults = {
                (one.row, one.column): one
                for one in found.faults
                if one.level != "note" and one.sheet == table.block.sheet.name
            }
            for at, (number, cells) in enumerate(table.block.rows, start=1):
                sheet.write_number(at, 0, number)
                for place, (column, cell) in enumerate(zip(columns, cells, strict=True), start=1):
                    fault = faults.get((number, column))
                    sheet.write_string(at, place, str(safe_cell(cell)), marked if fault else None)
                    if fault:
                        sheet.write_comment(at, place, f"{fault.found}. {fault.mend}"[:500])
            sheet.freeze_panes(1, 1)
        if found.addresses is not None:
            _places(book, found, head)
        columns_sheet = book.add_worksheet("Columns")
        columns_sheet.write_row(0, 0, ["Column", "Your header", "How it was found"], head)
        for at, one in enumerate(found.matches, start=1):
            columns_sheet.write_row(at, 0, [one.field, str(safe_cell(one.header)), _HOW[one.how]])
        columns_sheet.set_column(0, 2, 32)


def _faults(book: xlsxwriter.Workbook, found: Inspection, head: object, wrap: object) -> None:
    sheet = book.add_worksheet("What to do")
    sheet.write_row(
        0, 0, ["How much it matters", "Sheet", "Row", "Column", "Found", "Needed", "What to do"], head
    )
    for at, one in enumerate(found.faults, start=1):
        record = one.record()
        row = [
            _HEADINGS[one.level], one.sheet, one.row or "",
            f"{record['cell'].rstrip('0123456789')} {one.header}".strip(),
            one.found, one.needed, one.mend,
        ]  # fmt: skip
        for place, cell in enumerate(row):
            value = safe_cell(cell)
            if isinstance(value, int):
                sheet.write_number(at, place, value, wrap)
            else:
                sheet.write_string(at, place, str(value), wrap)
    sheet.set_column(0, 1, 18)
    sheet.set_column(2, 2, 6)
    sheet.set_column(3, 3, 24)
    sheet.set_column(4, 6, 48)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(found.faults)), 6)


def _places(book: xlsxwriter.Workbook, found: Inspection, head: object) -> None:
    sheet = book.add_worksheet("Places to review")
    names = [
        "Row",
        "As given",
        "Grade",
        "What the grade says",
        "Matched to",
        "UPRN",
        "Likeness of 100",
        "Right? (yes or no)",
    ]
    sheet.write_row(0, 0, names, head)
    table = found.addresses
    rows = [] if table is None else table[table["look"]].to_dict("records")
    for at, row in enumerate(rows, start=1):
        likeness = "" if row["likeness"] != row["likeness"] else f"{row['likeness']:.0f}"
        cells = [
            str(row["row"]), row["given"], row["grade"], GRADES[str(row["grade"])], row["matched"],
            row["uprn"], likeness,
        ]  # fmt: skip
        for place, cell in enumerate(cells):
            sheet.write_string(at, place, str(safe_cell(str(cell))))
    sheet.data_validation(1, 7, max(1, len(rows)), 7, {"validate": "list", "source": ["yes", "no"]})
    sheet.set_column(0, 7, 22)
