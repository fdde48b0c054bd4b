"""Forty files that councils might send, each broken on purpose: the fault is named by row and column."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from fairplace.checking.inspection import Inspection, inspect
from geo.postcodes import make_directory

Rows = list[list[Any]]

SERVICES: Rows = [
    ["Ref", "Service name", "Type", "Post code", "Open date", "Step free", "Capacity"],
    ["S1", "Chapel Family Hub", "family_hub", "HV1 1AD", "2019-04-01", "yes", 60],
    ["S2", "Foundry Food Bank", "food_bank", "HV1 1AE", "2015-09-14", "no", 40],
    ["S3", "Wharf Advice", "advice", "HV2 2LJ", "2021-11-30", "yes", 12],
    ["S4", "Kiln Youth Club", "youth_club", "HV3 1NB", "2008-01-07", "yes", 35],
    ["S5", "Tanners Clinic", "clinic", "HV2 2LL", "2012-06-01", "no", 25],
]
REFERRALS: Rows = [
    [
        "Quarter",
        "PCN code",
        "PCN name",
        "Sessions held",
        "Number of referrals",
        "Number attended",
        "New clients",
        "Gains £",
        "Status of gains",
    ],
    ["2025-Q1", "UZ991", "River PCN", 15, 19, 14, 15, 3108, "confirmed"],
    ["2025-Q1", "UZ992", "Beacon PCN", 19, 38, 18, 30, 3546, "confirmed"],
    ["2025-Q2", "UZ991", "River PCN", 20, 33, 25, 21, 4120, "confirmed"],
    ["2025-Q2", "UZ992", "Beacon PCN", 22, 41, 30, 33, 2890, "estimated"],
]
HOMES: Rows = [
    ["UPRN", "Property address", "Postcode", "Date of audit", "EPC", "Below E"],
    ["999900000031", "1 Chapel Street", "HV1 1AD", "2025-01-09", "D", "no"],
    ["999900000032", "2 Chapel Street", "HV1 1AD", "2025-01-10", "F", "yes"],
    ["999900000033", "12A Wharf Lane", "HV2 2LJ", "2025-02-03", "C", "no"],
    ["999900000034", "12 Wharf Lane", "HV2 2LJ", "2025-02-04", "E", "no"],
]
VALUES: Rows = [
    ["Indicator", "Area code", "Geography", "Year", "Value", "Count", "Base"],
    ["smoking", "E06999001", "lad25", "2022/23", 0.31, 310, 1000],
    ["smoking", "E06999001", "lad25", "2023/24", 0.30, 300, 1000],
    ["smoking", "E05999001", "wd25", "2023/24", 0.25, 25, 100],
    ["smoking", "E05999002", "wd25", "2023/24", 0.40, 40, 100],
]
SURVEY: Rows = [
    ["Estate", "LSOA", "Question", "Answer type", "Answer", "Count", "Base", "Period"],
    ["Larkfield", "E01999108", "home_warm_enough", "yes_no", "yes", 13, 31, "2025-05"],
    ["Larkfield", "E01999108", "home_warm_enough", "yes_no", "no", 18, 31, "2025-05"],
    ["Larkfield", "E01999108", "what_would_you_change", "coded_theme", "lighting", 9, 31, "2025-05"],
]
EVENTS: Rows = [
    ["Event ref", "Event name", "Event type", "Date held", "Venue postcode", "Number of people"],
    ["E1", "Pop-up at Kiln", "dental_pop_up", "2025-01-22", "HV3 1NB", 24],
    ["E2", "Pop-up at Wharf", "dental_pop_up", "2025-02-05", "HV2 2LJ", 31],
    ["E3", "Health bus", "health_bus", "2025-03-12", "HV1 1AD", 52],
]
REGISTER: Rows = [
    ["Ref", "Principle", "Indicator", "Unit", "Numerator", "Denominator", "Polarity", "Source", "Basis", "Pack indicator"],
    ["smoking", 6, "Adults who smoke", "share", "adults who smoke", "adults asked", "low", "Own survey", "survey", ""],
    ["below", 4, "People below the standard", "share", "people below", "people", "low", "fairplace", "",
     "mis_people_below_share"],
]  # fmt: skip
BASES = {
    "services": SERVICES, "referrals": REFERRALS, "homes": HOMES, "indicator_values": VALUES, "survey": SURVEY,
    "events": EVENTS, "indicators": REGISTER,
}  # fmt: skip


def rows_of(kind: str) -> Rows:
    return [list(row) for row in BASES[kind]]


def put(row: int, column: str, value: Any) -> Callable[[Rows], Rows]:
    """Put a value into a cell, as a spreadsheet names it."""

    def change(rows: Rows) -> Rows:
        rows[row - 1][ord(column) - 65] = value
        return rows

    return change


def insert(row: int, cells: Sequence[Any]) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        width = len(rows[-1])
        rows.insert(row - 1, [*cells, *[""] * (width - len(cells))])
        return rows

    return change


def drop(column: str) -> Callable[[Rows], Rows]:
    return lambda rows: [[cell for n, cell in enumerate(row) if n != ord(column) - 65] for row in rows]


def dates(*written: str) -> Callable[[Rows], Rows]:
    """Put dates into the column of days, top to bottom."""
    return lambda rows: [
        rows[0],
        *([*row[:4], day, *row[5:]] for row, day in zip(rows[1:], written, strict=True)),
    ]


def shares(*written: str) -> Callable[[Rows], Rows]:
    """Put values of one year into the register, without counts and bases that could tell their scale."""
    return lambda rows: [
        rows[0],
        *(
            ["smoking", f"E0599900{n}", "wd25", "2023/24", one, "", ""]
            for n, one in enumerate(written, start=1)
        ),
    ]


def same_home(rows: Rows) -> Rows:
    changed = [rows[0], *(["", *row[1:]] for row in rows[1:])]
    changed[2][1:3] = ["1, Chapel St.", "hv11ad"]
    return changed


def add(header: str, cells: Sequence[Any]) -> Callable[[Rows], Rows]:
    return lambda rows: [[*row, value] for row, value in zip(rows, [header, *cells], strict=True)]


def write_csv(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)
    return path


def write_xlsx(path: Path, rows: Rows, style: Callable[[Any], None] | None = None) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Q2"
    for row in rows:
        sheet.append(row)
    if style:
        style(sheet)
    book.save(path)
    return path


def hide_sheet(sheet: Any) -> None:
    sheet.parent.create_sheet("Cover").append(["Open Q2"])
    sheet.sheet_state = "hidden"
    sheet.parent.active = 1


def hide_row(sheet: Any) -> None:
    sheet.row_dimensions[3].hidden = True


def hide_column(sheet: Any) -> None:
    sheet.column_dimensions["D"].hidden = True


def merge(sheet: Any) -> None:
    sheet["I4"] = None
    sheet.merge_cells("I3:I4")


@dataclass(frozen=True)
class Case:
    """A broken file: what was done to it, and what the check must say."""

    name: str
    kind: str
    change: Callable[[Rows], Rows]
    row: int
    column: str
    rule: str
    mend: str
    style: Callable[[Any], None] | None = None
    workbook: bool = False
    level: str = "fault"


FORMULA = '=HYPERLINK("http://x.example","click")'
CASES = [
    # A cell that cannot be what its column says
    Case("a formula in a name", "services", put(3, "B", FORMULA), 3, "B", "formula", "type the text"),
    Case("a formula that a workbook would run", "services", put(3, "B", FORMULA), 3, "B", "formula", "type the text", workbook=True),
    Case("an at sign that starts a command", "services", put(4, "B", "@SUM(1+1)*cmd|' /C calc'!A0"), 4, "B", "formula", "type the text"),
    Case("HTML in a name", "services", put(2, "B", "<b onclick=alert(1)>Chapel</b>"), 2, "B", "html", 'plain text: "Chapel"'),
    Case("a letter for a digit in a postcode", "services", put(4, "D", "HV1 IAD"), 4, "D", "postcode", "HV1 1AD has the right shape"),
    Case("a postcode of another town", "services", put(5, "D", "MK9 3EJ"), 5, "D", "postcode_unknown", "check it"),
    Case("a postcode spelt wrong", "services", put(5, "D", "HV3 1NX"), 5, "D", "postcode_unknown", "did you mean HV3 1NB"),
    Case("half a postcode", "services", put(6, "D", "HV2"), 6, "D", "postcode", "full postcode"),
    Case("a date with the month first", "services", put(2, "E", "04/13/2019"), 2, "E", "date", "2019-04-13"),
    Case("a date of two-digit year", "services", put(2, "E", "01/04/19"), 2, "E", "date", "2019-04-01"),
    Case("a day that does not exist", "services", put(2, "E", "2019-02-30"), 2, "E", "date", "check the day"),
    Case("a date in another style", "services", put(4, "E", "30/11/2021"), 4, "E", "date_styles", "2021-11-30"),
    Case("a date as a serial number", "services", put(4, "E", "44530"), 4, "E", "date_styles", "2021-11-30"),
    Case("a date in words", "services", put(4, "E", "30 Nov 2021"), 4, "E", "date_styles", "2021-11-30"),
    Case("perhaps where yes or no belongs", "services", put(3, "F", "ramp at side"), 3, "F", "yes_no", "write yes or no"),
    Case("words where a number belongs", "services", put(3, "G", "about 40"), 3, "G", "whole", "write 40"),
    Case("a wide equals sign", "services", put(3, "B", "\uff1dSUM(1+1)"), 3, "B", "formula", "type the text"),
    Case("a formula behind a space that does not break", "services", put(3, "B", "\u00a0=SUM(1+1)"), 3, "B", "formula", "type the text"),
    Case("a formula behind a tab", "services", put(3, "B", "\t@SUM(1+1)"), 3, "B", "formula", "type the text"),
    Case("a formula behind a line end", "services", put(3, "B", "\r=SUM(1+1)"), 3, "B", "formula", "type the text"),
    Case("a formula behind a sign that nobody sees", "services", put(3, "B", "\u200b+SUM(1+1)"), 3, "B", "formula", "type the text"),
    Case("HTML that is never closed", "services", put(2, "B", "Chapel <img src=x onerror=alert(1)"), 2, "B", "html", 'plain text: "Chapel"'),
    Case("HTML in numbers of letters", "services", put(2, "B", "Chapel &#x3c;b&#x3e;"), 2, "B", "html", "plain text"),
    Case("a date with the year in front", "services", put(2, "E", "2019/04/01"), 2, "E", "date", "2019-04-01"),
    Case("a date of two-digit year in words", "services", put(2, "E", "1-Apr-19"), 2, "E", "date", "2019-04-01"),
    Case("a month for a day", "services", put(2, "E", "Apr-19"), 2, "E", "date", "give the day too"),
    Case("a hidden count in words", "services", put(3, "G", "<5"), 3, "G", "whole", "write [c]"),
    Case("a comma for a point", "indicator_values", put(2, "E", "31,5"), 2, "E", "number", "write 31.5"),
    Case("thousands by a letter", "referrals", put(2, "H", "£3.1k"), 2, "H", "pounds", "give pounds, without the sign"),
    Case("a share among percentages", "indicator_values", shares("31", "29", "0.25", "33"), 4, "E", "percent", "write 25%", level="review"),
    Case("31 among shares", "indicator_values", shares("0.31", "0.29", "31", "0.33"), 4, "E", "percent", "write 0.31"),
    Case("the same UPRN in wide digits", "homes", put(5, "A", "９９９９００００００３２"), 5, "A", "twice", "keep one"),
    Case("the same UPRN behind zeros", "homes", put(5, "A", "000999900000032"), 5, "A", "twice", "keep one"),
    Case("the same home, spelt otherwise", "homes", same_home, 3, "B", "address_twice", "counted twice", level="review"),
    Case("totals of one estate called so", "survey", insert(5, ["Totals", "", "home_warm_enough", "yes_no", "yes", 13, 31, "2025-05"]), 5, "", "totals", "not used", level="note"),
    Case("a total in the second column", "referrals", insert(4, ["2025-Q1", "Total", "", 34, 57, 32, 45, 6654]), 4, "", "totals", "not used", level="note"),
    Case("a subtotal that does not add up", "referrals", insert(4, ["Sub-total", "", "", 34, 58, 32, 45, 6654]), 4, "E", "total", "left out, twice"),
    Case("half a person", "services", put(3, "G", 40.5), 3, "G", "whole", "whole"),
    Case("fewer than nobody", "services", put(3, "G", -4), 3, "G", "whole", "0 or more"),
    Case("a lookup that failed", "services", put(3, "G", "#REF!"), 3, "G", "whole", "mend the formula"),
    Case("an empty reference", "services", put(5, "A", ""), 5, "A", "empty", "fill it in"),
    Case("free text as a kind", "services", put(2, "C", "they help families with all sorts of things"), 2, "C", "free_text", "code it into a theme"),
    Case("no place at all", "services", put(3, "D", ""), 3, "D", "no_place", "give a postcode"),
    # Rows against one another
    Case("the same reference twice", "services", put(6, "A", "S2"), 6, "A", "twice", "keep one"),
    Case("the same UPRN twice", "homes", put(5, "A", "999900000032"), 5, "A", "twice", "keep one"),
    Case("a UPRN in scientific notation", "homes", put(3, "A", "9.999E+11"), 3, "A", "uprn", "as text"),
    Case("an energy band that is none", "homes", put(4, "E", "H"), 4, "E", "choice", "A, B, C"),
    Case("more came than were referred", "referrals", put(3, "F", 44), 3, "F", "above_base", "check which of the two"),
    Case("a network twice in a quarter", "referrals", put(4, "A", "2025-Q1"), 4, "A", "twice", "add them together"),
    Case("a quarter of a financial year", "referrals", put(2, "A", "Q1 24/25"), 2, "A", "period", "calendar quarter"),
    Case("gains hoped for", "referrals", put(3, "I", "expected"), 3, "I", "choice", "confirmed, estimated"),
    Case("a total that does not add up", "referrals", insert(6, ["Total", "", "", 76, 150, 87, 99, 13664]), 6, "E", "total", "left out, twice"),
    Case("31 where count over base is 0.31", "indicator_values", put(2, "E", 31), 2, "E", "percent", "write 0.31, or 31%"),
    Case("a ward code under a district", "indicator_values", put(4, "C", "lad25"), 4, "B", "geography", "check the code"),
    Case("the name of a ward for its code", "indicator_values", put(5, "B", "Old Town"), 5, "B", "area", "write its code"),
    Case("a count above its base", "survey", put(2, "F", 45), 2, "F", "above_base", "check which of the two"),
    Case("yes and no above those who answered", "survey", put(3, "F", 25), 3, "F", "above_base", "counts of yes and no"),
    # Columns
    Case("no column of references", "services", drop("A"), 1, "", "column_missing", 'add the column "id"'),
    Case("one header twice", "services", add("Capacity", [1, 2, 3, 4, 5]), 1, "H", "header_twice", "rename or remove"),
    Case("a column of comments", "events", add("Comments", ["she said she was very pleased with it", "no queue", "a man asked about his own teeth at length"]), 4, "G", "free_text", "code it into themes"),
    Case("names of clients", "referrals", add("Client name", ["A", "B", "C", "D"]), 1, "J", "personal_data", "delete the column"),
    # What a workbook hides
    Case("a hidden row", "services", lambda rows: rows, 3, "", "hidden", "unhide it", hide_row, workbook=True, level="review"),
    Case("a hidden column", "services", lambda rows: rows, 1, "D", "hidden", "unhide it", hide_column, workbook=True, level="review"),
    Case("a hidden sheet", "services", lambda rows: rows, 1, "", "hidden", "unhide it", hide_sheet, workbook=True),
    Case("merged cells among the data", "referrals", lambda rows: rows, 4, "", "merged", "unmerge them", merge, workbook=True, level="review"),
    Case("a formula never calculated", "services", put(3, "G", "=G2*2"), 3, "G", "formula", "let it calculate", workbook=True),
    Case("a basis beside a figure of the pack", "indicators", put(3, "I", "counted"), 3, "I", "basis", "leave basis empty", level="review"),
    # Not a table of that kind
    Case("a header and nothing under it", "services", lambda rows: rows[:1], 1, "", "no_rows", "fill in the rows"),
    Case("headers that say nothing", "services", lambda rows: [["a", "b", "c", "d", "e", "f", "g"], *rows[1:]], 1, "", "no_header", "write the headers"),
]  # fmt: skip
# What must not be said of files that are right.
SOUND: list[tuple[str, Callable[[Rows], Rows], int]] = [
    ("services", put(2, "B", "Total Fitness"), 5),
    ("services", put(2, "A", "Total Fitness"), 5),
    ("services", put(2, "E", "2019-04-01T10:30:00"), 5),
    ("services", put(4, "D", "\uff28\uff36\uff12 2LJ"), 5),
    ("services", put(3, "B", "R&D; children <5 years"), 5),
    ("referrals", lambda rows: [*rows[:3], ["Sub-total", "", "", 34, 57, 32, 45, 6654, ""], *rows[3:],
                                ["Sub-total", "", "", 42, 74, 55, 54, 7010, ""],
                                ["Total", "", "", 76, 131, 87, 99, 13664, ""]], 4),
    ("referrals", insert(6, ["Average", "", "", 19, 32.75, 21.75, 24.75, 3416]), 4),
    ("indicator_values", shares("0.8", "1.4", "2.9", "5.2"), 4),
    ("homes", lambda rows: [*rows, ["999900000035", "1 Chapel Street", "HV1 1AD", "2025-02-04", "E", "no"]], 5),
]  # fmt: skip
CODES = sorted({str(row[3]) for row in SERVICES[1:]} | {"HV1 1AF"})
DIRECTORY = make_directory(
    pd.DataFrame({"postcode": CODES, "x": 540_000.0, "y": 260_000.0}),
    postcode="postcode",
    x="x",
    y="y",
    edition="the directory",
)


def look(case: Case, folder: Path) -> Inspection:
    rows = case.change(rows_of(case.kind))
    path = (
        write_xlsx(folder / "file.xlsx", rows, case.style)
        if case.workbook
        else write_csv(folder / "file.csv", rows)
    )
    return inspect(path, kind=case.kind, directory=DIRECTORY)


def test_there_are_at_least_forty_of_them() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fault_is_named_by_row_and_column_with_its_mend(case: Case, tmp_path: Path) -> None:
    found = look(case, tmp_path)
    hits = [one for one in found.faults if one.rule == case.rule and one.row == case.row]
    assert hits, [one.sentence for one in found.faults]
    hit = hits[0]
    assert (hit.record()["cell"].rstrip("0123456789"), hit.level) == (case.column, case.level)
    assert case.mend in hit.mend, hit.mend
    assert hit.found
    assert found.good == (case.level != "fault")
    others = [one for one in found.faults if one.level == "fault" and one.row != case.row]
    assert not others, [one.sentence for one in others]


@pytest.mark.parametrize(("kind", "change", "rows"), SOUND)
def test_what_only_looks_broken_is_left_alone(
    kind: str, change: Callable[[Rows], Rows], rows: int, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "file.csv", change(rows_of(kind)))
    found = inspect(path, kind=kind, directory=DIRECTORY if kind == "services" else None)
    assert [one.sentence for one in found.faults if one.level != "note"] == []
    assert found.rows == rows


# Columns of which several cells are wrong: every one of them is named.
@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        (
            "services",
            dates("04/13/2019", "03/04/2015", "30/11/2021", "07/01/2008", "02/02/2012"),
            [(2, "date"), (3, "date_either"), (5, "date_either")],
        ),
        (
            "services",
            dates("13/04/2019", "2015-09-14", "30 Nov 2021", "17/01/2008", "41061"),
            [(3, "date_styles"), (4, "date_styles"), (6, "date_styles")],
        ),
        (
            "services",
            dates("2019-03-04", "2015-01-12", "30/11/2021", "2008-07-01", "15/06/2012"),
            [(4, "dates_exchanged"), (4, "date_styles"), (6, "date_styles")],
        ),
        (
            "indicator_values",
            shares("31", "29", "0.25", "33", "0.30"),
            [(4, "percent"), (6, "percent")],
        ),
    ],
)
def test_every_cell_of_a_column_in_several_styles_is_named(
    kind: str, change: Callable[[Rows], Rows], expected: list[tuple[int, str]], tmp_path: Path
) -> None:
    found = inspect(write_csv(tmp_path / "file.csv", change(rows_of(kind))), kind=kind)
    assert sorted((one.row, one.rule) for one in found.faults) == sorted(expected)
    assert all(one.mend and one.column == 5 for one in found.faults)


@pytest.mark.parametrize("kind", list(BASES))
@pytest.mark.parametrize("workbook", [False, True])
def test_the_file_before_it_was_broken_has_no_fault(kind: str, workbook: bool, tmp_path: Path) -> None:
    rows = rows_of(kind)
    path = write_xlsx(tmp_path / "f.xlsx", rows) if workbook else write_csv(tmp_path / "f.csv", rows)
    found = inspect(path, kind=kind)
    assert found.good, [one.sentence for one in found.faults]
    assert found.rows == len(rows) - 1
    assert inspect(path).schema.kind == kind, "the kind is found out from the headers"


def test_dates_of_a_workbook_are_dates_whatever_they_look_like(tmp_path: Path) -> None:
    rows = rows_of("services")
    for row in rows[1:]:
        row[4] = dt.datetime.fromisoformat(row[4])
    found = inspect(write_xlsx(tmp_path / "f.xlsx", rows), kind="services")
    assert found.good
    assert found.clean()["opened"].to_list()[0] == "2019-04-01"
