"""The profile as a spreadsheet: cover and notes, then one table a sheet, numbers as numbers.

No cell is merged and none can run as a formula. Words go in as text, signs such as ``[c]`` too.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Sequence

from fairplace.profile.grid import Cell, grid
from fairplace.profile.model import Bullets, Paragraph, Profile, Section
from fairplace.profile.rendering import FormError
from maps.fonts import text_width
from maps.words import Words

#: Of every file: a spreadsheet carries a day, and no clock is read.
_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
_LONGEST_NAME = 31
#: Signs that a cell holds; what is longer would be cut off without a word.
_MOST_SIGNS = 32_767
#: A4; left alone, a spreadsheet prints on the paper of the United States.
_A4 = 9
#: Letters of a cell in points, the millimetres that one of them takes of a column's width, and the height in
#: points of a line. DejaVu Sans, by which texts are measured, is wider than a spreadsheet's own letters.
_SIZE, _LETTER, _LINE = 9.0, 1.85, 15.0
#: A line ends with a word, so that not all of it is filled.
_SPARE = 1.1
#: Points that a row can be high.
_TALLEST_ROW = 409.0
#: Letters across the sheets of words: what A4 holds, upright, in any typeface.
_WORDS_WIDE = 70
#: Sections that stand on the cover; the words of all others stand on the notes sheet.
_COVER = ("summary", "contact")


def render_xlsx(profile: Profile) -> bytes:
    """Render a profile as the bytes of an XLSX file."""
    import xlsxwriter

    held, words = io.BytesIO(), profile.words
    book = xlsxwriter.Workbook(
        held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties(
        {
            "title": profile.title,
            "subject": profile.running,
            "author": profile.authority,
            "comments": profile.cite,
            "created": _DAY,
        }
    )
    formats = _Formats(book)
    sheets = _sheet_names(profile)
    cover, notes = (words("spreadsheet", name) for name in ("cover", "notes"))
    named = _sheet_name(cover)
    other = _sheet_name(notes) if _sheet_name(notes).lower() != named.lower() else f"{named[:28]} 2"
    _write_words(book, named, profile.title, _cover(profile, sheets), formats, footer=profile.running)
    _write_words(book, other, notes, _notes(profile), formats, footer=profile.running)
    for table, name in zip(profile.tables, sheets.values(), strict=True):
        laid = grid(table, words)
        sheet = book.add_worksheet(name)
        sheet.set_footer(f"&L{_footer(profile.running)}&R&P / &N")
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        _put(sheet, 0, 0, laid.caption, formats.title)
        first = 1
        for line in (*profile.banner, *laid.notes):
            for piece in _pieces(line):
                _put(sheet, first, 0, piece, None)
                first += 1
        widths = []
        for at, text in enumerate(laid.head):
            longest = max([len(text) / 2, *(len(str(row[at].value)) for row in laid.rows)], default=8)
            widest = 44 if at == 0 else 28
            widths.append(min(widest, max(11, longest + 2)))
            sheet.set_column(at, at, widths[-1])
            _put(sheet, first, at, text, formats.head)
        sheet.set_row(first, _height(zip(laid.head, widths, strict=True), bold=True))
        down = first + 1
        for row in laid.rows:
            down += _write_row(sheet, down, row, widths, formats)
        sheet.freeze_panes(first + 1, 1)
        sheet.repeat_rows(first)
    book.close()
    return held.getvalue()


class _Formats:
    def __init__(self, book: object) -> None:
        self._book = book
        self._numbers: dict[str, object] = {}
        add = book.add_format  # type: ignore[attr-defined]
        self.title = add({"bold": True, "font_size": 14})
        self.head = add({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.section = add({"bold": True, "font_size": 12})
        self.words = add({"text_wrap": True, "valign": "top"})

    def number(self, code: str) -> object:
        if code not in self._numbers:
            self._numbers[code] = self._book.add_format(  # type: ignore[attr-defined]
                # Not against the words in the next column, which stand at the left of theirs.
                {"num_format": code, "valign": "top", "align": "right", "indent": 1}
            )
        return self._numbers[code]


def _height(texts: Iterable[tuple[str, float]], *, bold: bool = False) -> float:
    """Height in points of a row of texts that are each wrapped in a column so many letters wide.

    A program that opens the file need not work it out, and some do not: lines would be cut off or lie over
    one another.
    """
    lines = [
        sum(
            max(1, math.ceil(text_width(line, _SIZE, bold=bold) * _SPARE / (wide * _LETTER)))
            for line in text.split("\n")
        )
        for text, wide in texts
        if text
    ]
    return min(_TALLEST_ROW, _LINE * max(lines, default=1))


def _write_row(
    sheet: object, down: int, row: Sequence[Cell], widths: Sequence[float], formats: _Formats
) -> int:
    """Write a row of a table, and give how many it took: a text too long for a cell goes on below it."""
    tall = 1
    texts = [
        (one.value if isinstance(one.value, str) else "", wide) for one, wide in zip(row, widths, strict=True)
    ]
    sheet.set_row(down, _height(texts))  # type: ignore[attr-defined]
    for at, cell in enumerate(row):
        if isinstance(cell.value, str):
            pieces = _pieces(cell.value) if cell.value else []
            for below, piece in enumerate(pieces):
                _put(sheet, down + below, at, piece, formats.words)
            tall = max(tall, len(pieces))
        else:
            sheet.write_number(down, at, cell.value, formats.number(cell.format))  # type: ignore[attr-defined]
    return tall


def _put(sheet: object, down: int, at: int, text: str, look: object) -> None:
    """Write a text into a cell, whole or not at all."""
    if sheet.write_string(down, at, text, look):  # type: ignore[attr-defined]
        raise FormError(
            f'row {down + 1}, column {at + 1}: a spreadsheet cannot hold "{text[:40]}…"; choose another form'
        )


def _pieces(text: str) -> list[str]:
    """Break a text between words into what cells can hold, as a spreadsheet counts signs."""
    pieces = []
    while len(text.encode("utf-16-le")) // 2 > _MOST_SIGNS:
        room = text.encode("utf-16-le")[: 2 * _MOST_SIGNS].decode("utf-16-le", errors="ignore")
        cut = room.rfind(" ")
        cut = cut if cut > 0 else len(room)
        pieces.append(text[:cut])
        text = text[cut:].lstrip(" ")
    return [*pieces, text]


def _write_words(
    book: object,
    name: str,
    title: str,
    lines: Sequence[tuple[str, str]],
    formats: _Formats,
    *,
    footer: str,
) -> None:
    sheet = book.add_worksheet(name)  # type: ignore[attr-defined]
    sheet.set_column(0, 0, _WORDS_WIDE)
    sheet.set_paper(_A4)
    sheet.set_footer(f"&L{_footer(footer)}&R&P / &N")
    sheet.fit_to_pages(1, 0)
    _put(sheet, 0, 0, title, formats.title)
    at = 1
    for role, text in lines:
        for piece in _pieces(text):
            _put(sheet, at, 0, piece, formats.section if role == "heading" else formats.words)
            sheet.set_row(at, _height([(piece, _WORDS_WIDE)], bold=role == "heading"))
            at += 1


def _footer(text: str) -> str:
    # An ampersand begins a command in a footer, and Excel holds 255 letters of one.
    return text.replace("&", "&&")[:200]


def _sheet_names(profile: Profile) -> dict[str, str]:
    """Table id -> a name that Excel takes: short, without its forbidden signs, and unlike the others."""
    names: dict[str, str] = {}
    for at, table in enumerate(profile.tables, 1):
        names[table.id] = _sheet_name(f"{at} {_called(profile.words, table.id)}")
    return names


def _called(words: Words, table: str) -> str:
    """Name a table's sheet: by its id, without the number that some have at the end."""
    plain = table.removesuffix("-table")
    kind, _, number = plain.rpartition("-")
    if number.isdigit():
        return words("sheets", kind, number=number)
    return words.called("sheets", plain, plain.replace("-", " "))


def _sheet_name(text: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", "", text)[:_LONGEST_NAME]


def _cover(profile: Profile, sheets: dict[str, str]) -> list[tuple[str, str]]:
    lines = [("text", line) for line in profile.banner]
    lines += [("text", line) for line in profile.cover_lines or [profile.cover]]
    lines.append(("text", profile.running))
    for section in profile.sections:
        if section.id in _COVER:
            lines += _section_words(section, profile.words)
    lines.append(("heading", profile.words("spreadsheet", "sheets")))
    lines += [("text", f"{sheets[table.id]}: {table.caption}") for table in profile.tables]
    return [*lines, ("text", profile.cite)]


def _notes(profile: Profile) -> list[tuple[str, str]]:
    return [
        line
        for section in profile.sections
        if section.id not in _COVER
        for line in _section_words(section, profile.words)
    ]


def _section_words(section: Section, words: Words) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for block in section.blocks:
        if isinstance(block, Paragraph):
            lines.append(("text", block.written(words)))
        elif isinstance(block, Bullets):
            lines += [("text", item.written(words)) for item in block.items]
    return [("heading", section.title), *lines] if lines else []
