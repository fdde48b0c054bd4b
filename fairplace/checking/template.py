"""Blank workbooks that a council fills in, made from the same schemas as the check that reads them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import xlsxwriter

from fairplace.files import write_whole
from layers.council.schema import Field, Schema

_STAMP = dt.datetime(2026, 1, 1)  # noqa: DTZ001 (xlsxwriter wants a date without a zone)
#: Rows that are made ready for filling in.
ROWS = 2000
#: Letters that a list of choices may have inside a cell's rule; a longer one stands on its own sheet.
_LONGEST_LIST = 250
_TEXT_TYPES = frozenset({"code", "uprn", "postcode", "area", "text", "address", "theme", "period", "shape"})


def write_template(schema: Schema, path: Path) -> None:
    """Write a blank workbook: notes, one sheet of data with its rules, and the lists behind them.

    Parameters
    ----------
    schema
        Which kind.
    path
        Ends in ``.xlsx``. The same schema gives the same bytes.
    """
    with write_whole(path) as draft, xlsxwriter.Workbook(str(draft), {"in_memory": True}) as book:
        book.set_properties({"created": _STAMP, "title": schema.title, "comments": schema.about})
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        needed = book.add_format({"bold": True, "valign": "top", "bottom": 1, "bg_color": "#D9E8F5"})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            "text": book.add_format({"num_format": "@"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "share": book.add_format({"num_format": "0.0%"}),
        }
        data = book.add_worksheet(schema.kind[:31])
        notes = book.add_worksheet("Notes")
        lists = book.add_worksheet("Lists")
        _notes(notes, schema, bold, wrap)
        for at, field in enumerate(schema.fields):
            data.write_string(0, at, field.name, needed if field.required else bold)
            data.write_comment(0, at, f"{field.about}. {field.needed}.", {"author": "", "x_scale": 2})
            kind = field.type if field.type in formats else "text" if field.type in _TEXT_TYPES else ""
            data.set_column(at, at, max(12, len(field.name) + 3), formats.get(kind))
            rule = _rule(field, lists, at)
            if rule:
                data.data_validation(1, at, ROWS, at, rule)
        data.freeze_panes(1, 0)
        lists.hide()
        data.activate()


def _notes(sheet: xlsxwriter.worksheet.Worksheet, schema: Schema, bold: object, wrap: object) -> None:
    lines = [
        schema.title, schema.about, f"One row is {schema.row}.",
        "Fill in the first sheet from row 2 on, without merged cells, totals, or notes under the data.",
        "Leave a cell empty where something is not known; [c] says hidden, [z] says that it does not apply.",
        *schema.rules,
    ]  # fmt: skip
    if schema.located:
        lines.append("Each row needs a UPRN, coordinates, an address or a postcode: the first that you have.")
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, bold if row == 0 else wrap)
    start = len(lines) + 1
    for at, head in enumerate(("Column", "What it is", "What it holds", "Must it be filled?", "Example")):
        sheet.write_string(start, at, head, bold)
    for row, field in enumerate(schema.fields, start=start + 1):
        must = "yes, and once only" if field.required and field.unique else "yes" if field.required else "no"
        usual = f" (usual: {', '.join(field.choices)})" if field.type == "theme" and field.choices else ""
        for at, cell in enumerate((field.name, field.about, field.needed + usual, must, field.example)):
            sheet.write_string(row, at, cell, wrap)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 2, 44)
    sheet.set_column(3, 4, 22)


def _rule(field: Field, lists: xlsxwriter.worksheet.Worksheet, at: int) -> dict[str, object]:
    message = {
        "error_title": field.name,
        "error_message": f"Needed: {field.needed}"[:250],
        "ignore_blank": True,
    }
    choices = ("yes", "no") if field.type == "yes_no" else field.choices
    if choices and field.type in ("choice", "yes_no", "theme"):
        for row, word in enumerate(choices):
            lists.write_string(row, at, word)
        letter = xlsxwriter.utility.xl_col_to_name(at)
        source: object = list(choices)
        if len(",".join(choices)) > _LONGEST_LIST:
            source = f"=Lists!${letter}$1:${letter}${len(choices)}"
        # A theme may be one of the council's own: the list is offered, not forced.
        kind = "information" if field.type == "theme" else "stop"
        return {"validate": "list", "source": source, "error_type": kind, **message}
    if field.type == "whole":
        return {"validate": "integer", "criteria": ">=", "value": 0, **message}
    if field.type == "share":
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 1, **message}
    if field.type in ("easting", "northing"):
        return {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 660_000, **message}
    if field.type == "date":
        return {"validate": "date", "criteria": ">=", "value": dt.date(1900, 1, 1), **message}
    return {}
