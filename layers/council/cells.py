"""One cell of a council's file: what it holds, or what is wrong with it and how to mend it.

The same reading serves the check, which lists every fault, and the reader, which refuses a file with
any: so a file that passes the check is read.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from layers.council.schema import Field
from layers.points import tidy_postcode
from layers.symbols import SYMBOLS

#: What a cell holds once read: text, a number, or nothing.
Value = str | float | None
#: Letters of a text cell beyond which it is taken for free text rather than a name.
LONGEST_TEXT = 200
#: Days between Excel's day 0 and 1 January 1970, and the serials taken for dates (1990 to 2050).
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_SERIALS = (32874, 54788)
_YES = {"yes", "y", "true", "1", "1.0", "t", "✓", "✔"}
_NO = {"no", "n", "false", "0", "0.0", "f", "✗", "✘"}
_NOT_KNOWN = {"not known", "unknown", "n/k", "nk", "tbc", "tba", "dk", "don't know", "?"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})" + _TIME)
_YEAR_FIRST = re.compile(r"(\d{4})([/.]?)(\d{2})\2(\d{2})")
_SLASHED = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})" + _TIME)
_WORDED = re.compile(
    r"(?:[A-Za-z]{3,9},? )?(\d{1,2})(?:st|nd|rd|th)?(?: of)?[ \-]([A-Za-z]{3,9})\.?,?[ \-](\d{4}|\d{2})"
)
_MONTH_ONLY = re.compile(r"([A-Za-z]{3,9})\.?[ \-](\d{4}|\d{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PERIODS = (
    re.compile(r"(19|20)\d{2}"),
    re.compile(r"(19|20)\d{2}/\d{2}"),
    re.compile(r"(19|20)\d{2}-(0[1-9]|1[0-2])"),
    re.compile(r"(19|20)\d{2}-Q[1-4]"),
    re.compile(r"(19|20)\d{2}-(0[1-9]|1[0-2])-\d{2}"),
    re.compile(r"FYE (19|20)\d{2}"),
    re.compile(r"(19|20)\d{2} to (19|20)\d{2}"),
)
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}")
_THEME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
# Cells that spreadsheets run when they are opened; a minus or plus before a number is only a number.
_FORMULA = re.compile(r"[=+\-@]")
# Wide letters, digits and signs, as keyboards set to Chinese or Japanese type them.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
# Nothing that can be seen, or that turns the text after it round.
_INVISIBLE = dict.fromkeys((0x200B, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_ERRORS = ("#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#N/A", "########")
_RANGES: dict[str, tuple[float, float, str]] = {
    "easting": (80_000, 660_000, "the National Grid of England runs from 80000 to 660000 east"),
    "northing": (0, 660_000, "the National Grid of England runs from 0 to 660000 north"),
    "longitude": (-6.5, 2.0, "England lies between -6.5 and 2 degrees of longitude"),
    "latitude": (49.8, 55.9, "England lies between 49.8 and 55.9 degrees of latitude"),
}


@dataclass(frozen=True)
class Reading:
    """What a cell holds.

    Parameters
    ----------
    value
        As the schema's type: text, a float, or None for nothing (see `status`).
    status
        ``ok``, ``missing``, ``suppressed`` or ``not_applicable``.
    style
        How it was written, where a column should keep to one way: of a date ``iso``, ``day first``,
        ``month first``, ``serial`` or ``words``; of a share ``percent``, ``0 to 1`` or ``0 to 100``.
    found, mend
        What is wrong and what to do about it; both empty if nothing is.
    """

    value: Value
    status: str = "ok"
    style: str = ""
    found: str = ""
    mend: str = ""

    @property
    def wrong(self) -> bool:
        """Whether the cell has a fault."""
        return bool(self.found)


def read_cell(text: str, field: Field) -> Reading:
    """Read one cell as its column's type.

    Parameters
    ----------
    text
        As it stands in the file.
    field
        The column.

    Returns
    -------
    Reading
        An empty cell is ``missing`` and only a fault where the column is required.
    """
    shown = " ".join(text.translate(_INVISIBLE).split())
    plain = shown.translate(_WIDE).strip()
    cell = " ".join(plain.split()) if field.type != "text" else shown
    if cell in _ERRORS or cell.upper().startswith("#REF"):
        return _fault(
            f'"{cell}", which is what a spreadsheet shows where a formula failed',
            "mend the formula, or type the value",
        )
    if _FORMULA.match(plain) and not _plain_number(plain):
        safe = plain.lstrip("=+-@\t\r ")
        return _fault(
            f'"{_short(cell)}", which a spreadsheet would run as a formula',
            "type the text or number itself"
            + (f", such as {_short(safe)}" if safe and "(" not in safe else ""),
        )
    if not cell or (field.type not in ("text", "address") and cell.lower() in _NOT_KNOWN):
        return _nothing(field, cell)
    if field.type in ("whole", "number", "pounds", "share", "easting", "northing", "longitude", "latitude"):
        return _numeric(cell, field)
    return _READERS[field.type](cell, field)


def _plain_number(cell: str) -> bool:
    bare = cell.replace("£", "").replace(" ", "").rstrip("%")
    return bool(_NUMBER.fullmatch(bare) or _GROUPED.fullmatch(bare)) or cell in ("-", "–", "—")


def _nothing(field: Field, cell: str) -> Reading:
    if field.required:
        return _fault(
            f'"{cell}"' if cell else "an empty cell",
            f"fill it in ({field.needed}), or take the row out",
        )
    return Reading(None, "missing")


def _fault(found: str, mend: str, style: str = "") -> Reading:
    return Reading(None, "missing", style, found, mend)


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _text(cell: str, field: Field) -> Reading:
    if field.name != "summary" and len(cell) > LONGEST_TEXT:
        return _fault(
            f'{len(cell)} letters of free text, from "{_short(cell, 40)}"',
            "free text is not taken, because it can name people: give a short name, or code it into themes",
        )
    return Reading(cell)


def _theme(cell: str, field: Field) -> Reading:
    tidy = re.sub(r"[^a-z0-9]+", "_", cell.lower()).strip("_")
    if len(cell.split()) > 6 or len(cell) > 60:
        return _fault(
            f'free text, from "{_short(cell, 40)}"',
            "free text is not taken, because it can name people: code it into a theme"
            + (f", such as {field.choices[0]}" if field.choices else ", such as damp_or_mould"),
        )
    if not _THEME.fullmatch(tidy):
        return _fault(f'"{cell}"', f"write it as a theme, such as {field.example}")
    return Reading(tidy)


def _code(cell: str, _field: Field) -> Reading:
    if re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d+", cell):
        return _fault(
            f'"{cell}", a code that a spreadsheet has turned into a number',
            "format the column as text and type the code again",
        )
    return Reading(cell.removesuffix(".0") if re.fullmatch(r"\d+\.0", cell) else cell)


def _choice(cell: str, field: Field) -> Reading:
    by_lower = {one.lower(): one for one in field.choices}
    hit = by_lower.get(cell.lower()) or by_lower.get(cell.lower().replace("_", " ").replace("-", " "))
    if hit:
        return Reading(hit)
    near = process.extractOne(cell.lower(), list(by_lower), scorer=fuzz.WRatio, score_cutoff=60)
    hint = f"; {by_lower[near[0]]} is the nearest" if near else ""
    return _fault(f'"{_short(cell)}"', f"write {field.needed}{hint}")


def _yes_no(cell: str, _field: Field) -> Reading:
    if cell.lower() in _YES:
        return Reading("yes")
    if cell.lower() in _NO:
        return Reading("no")
    return _fault(f'"{_short(cell)}"', "write yes or no, or leave it empty where it is not known")


def _numeric(cell: str, field: Field) -> Reading:
    known = SYMBOLS.get(cell.lower())
    if known is not None:
        if field.required and known[0] == "missing":
            return _nothing(field, cell)
        return Reading(None, known[0])
    percent = cell.endswith("%")
    bare = cell.replace("£", "").replace("\u2212", "-").replace(" ", "").rstrip("%")
    if not (_NUMBER.fullmatch(bare) or _GROUPED.fullmatch(bare)):
        return _fault(f'"{_short(cell)}", which is no number', f"give {field.needed}{_hint(cell, bare)}")
    value = float(bare.replace(",", ""))
    if not math.isfinite(value):
        return _fault(f'"{_short(cell)}"', f"give {field.needed}")
    if percent and field.type in ("share", "number"):
        return Reading(round(value / 100, 12), style="percent")
    if field.type == "share":
        return _share(value, cell)
    if field.type == "whole":
        return _whole(value, cell)
    if field.type in _RANGES:
        return _coordinate(value, cell, field)
    return Reading(value, style="0 to 1" if 0 <= value <= 1 else "above 1")


def _hint(cell: str, bare: str) -> str:
    """Suggest a number only where words stand around one: "<5", "3.1k" or "10-15" are none that we know."""
    if re.fullmatch(
        r"[<>≤≥].*|(?:under|over|fewer than|less than|more than|up to|at (?:most|least)) .*", cell, re.I
    ):
        return "; write [c] where the count is hidden, or the count itself"
    if re.fullmatch(r"[+-]?\d+,\d{1,2}", bare):
        return f"; write {bare.replace(',', '.')} if the comma stands for a point"
    inside = re.fullmatch(r"(?:[A-Za-z£.:~]+ ?)*(-?\d[\d,]*(?:\.\d+)?)(?: [A-Za-z.%()]+)*", cell)
    return f"; write {inside[1].replace(',', '')}" if inside else ""


def _share(value: float, cell: str) -> Reading:
    if 0 <= value <= 1:
        return Reading(value, style="0 to 1")
    if 1 < value <= 100:
        return _fault(
            f'"{cell}" where shares run from 0 to 1', f"write {value / 100:g}, or {cell}%", "0 to 100"
        )
    return _fault(f'"{cell}", which no share can be', "give a share from 0 to 1")


def _whole(value: float, cell: str) -> Reading:
    if value < 0:
        return _fault(
            f'"{cell}", below zero', "a count is 0 or more; leave the cell empty where it is not known"
        )
    if not value.is_integer():
        return _fault(
            f'"{cell}", which is no whole number', f"count whole ones: {round(value)}, or check the column"
        )
    return Reading(value)


def _coordinate(value: float, cell: str, field: Field) -> Reading:
    low, high, words = _RANGES[field.type]
    if low <= value <= high:
        return Reading(value)
    if value == 0:
        return Reading(None, "missing")
    kind = field.type
    if kind in ("easting", "northing") and -7 < value < 56:
        return _fault(
            f'"{cell}", which looks like degrees', "put degrees under longitude and latitude, or give metres"
        )
    if kind == "longitude" and 49 < value < 56:
        return _fault(f'"{cell}", which looks like a latitude', "exchange longitude and latitude")
    return _fault(f'"{cell}": {words}', "check the number, or exchange the two columns of coordinates")


def _date(cell: str, field: Field) -> Reading:
    found = _ISO.fullmatch(cell)
    if found:
        return _day(int(found[1]), int(found[2]), int(found[3]), cell, "iso")
    found = _SLASHED.fullmatch(cell)
    if found:
        if len(found[3]) == 2:
            first, second, year = int(found[1]), int(found[2]), 2000 + int(found[3])
            return _fault(
                f'"{cell}", with a year of two digits',
                f"write it as {year}-{second:02d}-{first:02d}"
                if 1 <= second <= 12
                else "write it as 2025-09-30",
                "day first",
            )
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        if second > 12 >= first:
            return _fault(
                f'"{cell}", with the month before the day',
                f"write it as {year}-{first:02d}-{second:02d}",
                "month first",
            )
        return _day(year, second, first, cell, "day first")
    found = _WORDED.fullmatch(cell)
    if found and found[2][:3].lower() in _MONTHS:
        month = _MONTHS.index(found[2][:3].lower()) + 1
        if len(found[3]) == 2:
            return _fault(
                f'"{cell}", with a year of two digits',
                f"write it as 20{found[3]}-{month:02d}-{int(found[1]):02d}",
                "words",
            )
        return _day(int(found[3]), month, int(found[1]), cell, "words")
    found = _YEAR_FIRST.fullmatch(cell)
    if found and 1 <= int(found[3]) <= 12:
        return _fault(
            f'"{cell}", a date without its hyphens', f"write it as {found[1]}-{found[3]}-{found[4]}", "iso"
        )
    found = _MONTH_ONLY.fullmatch(cell)
    if found and found[1][:3].lower() in _MONTHS:
        return _fault(f'"{cell}", a month without its day', "give the day too, such as 2025-09-30")
    if re.fullmatch(r"\d{5}(\.\d+)?", cell) and _SERIALS[0] <= float(cell) <= _SERIALS[1]:
        day = _EXCEL_EPOCH + dt.timedelta(days=int(float(cell)))
        return Reading(day.isoformat(), style="serial")
    return _fault(f'"{_short(cell)}", which is no date', f"give {field.needed}")


def _day(year: int, month: int, day: int, cell: str, style: str) -> Reading:
    try:
        when = dt.date(year, month, day)
    except ValueError:
        return _fault(
            f'"{cell}", a day that does not exist',
            "check the day and the month; write it as 2025-09-30",
            style,
        )
    if not 1900 <= year <= 2100:
        return _fault(f'"{cell}", in the year {year}', "check the year", style)
    return Reading(when.isoformat(), style=style)


def _period(cell: str, field: Field) -> Reading:
    tidy = cell.replace("–", "-")
    if any(one.fullmatch(tidy) for one in _PERIODS):
        return Reading(tidy)
    year = re.fullmatch(r"((?:19|20)\d{2})[-/ ]+(?:(?:19|20))?(\d{2})", tidy)
    if year and int(year[2]) == (int(year[1]) + 1) % 100:
        return Reading(f"{year[1]}/{year[2]}")
    quarter = re.fullmatch(
        r"(?:Q([1-4])[ \-/]*((?:19|20)\d{2})|((?:19|20)\d{2})[ \-/]*Q([1-4]))", tidy, re.IGNORECASE
    )
    if quarter:
        return Reading(f"{quarter[2] or quarter[3]}-Q{quarter[1] or quarter[4]}")
    month = re.fullmatch(r"([A-Za-z]{3,9})\.?[ \-]((?:19|20)\d{2})", tidy)
    if month and month[1][:3].lower() in _MONTHS:
        return Reading(f"{month[2]}-{_MONTHS.index(month[1][:3].lower()) + 1:02d}")
    when = _date(tidy, field)
    if not when.wrong:
        return when
    loose = re.fullmatch(r"Q([1-4])[ ]*(\d{2})[/-](\d{2})", tidy, re.IGNORECASE)
    hint = (
        f"; Q{loose[1]} of the financial year 20{loose[2]}/{loose[3]} is a calendar quarter" if loose else ""
    )
    return _fault(f'"{_short(cell)}", which is no period', f"give {field.needed}{hint}")


def _postcode(cell: str, field: Field) -> Reading:
    tidy = tidy_postcode(cell)
    if _POSTCODE.fullmatch(tidy):
        return Reading(tidy)
    # Letters and digits that look alike, in the places where only one of them can stand.
    swapped = tidy_postcode(_swap(tidy.replace(" ", "")))
    hint = f"; {swapped} has the right shape" if _POSTCODE.fullmatch(swapped) else ""
    return _fault(
        f'"{_short(cell)}", which is no postcode', f"write a full postcode, such as {field.example}{hint}"
    )


def _swap(packed: str) -> str:
    letters, digits = str.maketrans("01558", "OISSB"), str.maketrans("OISLB", "01518")
    if len(packed) < 5:
        return packed
    return packed[:-3] + packed[-3].translate(digits) + packed[-2:].translate(letters)


def _uprn(cell: str, _field: Field) -> Reading:
    digits = cell.removesuffix(".0")
    if re.fullmatch(r"\d+(\.\d+)?[eE]\+?\d+", cell):
        return _fault(
            f'"{cell}", a UPRN that a spreadsheet has shortened: its last digits are lost',
            "format the column as text and paste the UPRNs again from their source",
        )
    if re.fullmatch(r"0*\d{1,12}", digits) and int(digits) > 0:
        return Reading(str(int(digits)))
    return _fault(
        f'"{_short(cell)}", which is no UPRN',
        "give up to 12 digits, or leave it empty and give address and postcode",
    )


def _area(cell: str, field: Field) -> Reading:
    if re.fullmatch(r"[EWSN]\d{8}", cell):
        return Reading(cell)
    if re.fullmatch(r"[ewsn]\d{8}", cell):
        return Reading(cell.upper())
    if re.fullmatch(r"\d+(\.\d+)?([eE]\+?\d+)?", cell):
        return _fault(
            f'"{cell}", a code that a spreadsheet has turned into a number',
            "format the column as text and type the code again",
        )
    return _fault(
        f'"{_short(cell)}", which is no code of an area',
        f"write its code, such as {field.example or 'E01015693'}: names of wards move when wards are redrawn",
    )


def _plain(cell: str, _field: Field) -> Reading:
    return Reading(cell)


_READERS = {
    "text": _text, "address": _text, "theme": _theme, "code": _code, "choice": _choice, "yes_no": _yes_no,
    "date": _date, "period": _period, "postcode": _postcode, "uprn": _uprn, "area": _area, "shape": _plain,
}  # fmt: skip
