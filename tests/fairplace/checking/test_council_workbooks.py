"""Workbooks as councils have them: titles, two-line headers, totals, several tables, mappings, addresses."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairplace.checking.addresses import match_addresses, tidy_address
from fairplace.checking.inspection import KindError, inspect
from fairplace.checking.mapping import MappingError, read_mapping, write_mapping
from fairplace.checking.report import report_json, report_text, write_report
from fairplace.checking.template import write_template
from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.profile.evidence import local_evidence
from fairplace.profile.grid import csv_text
from fairplace.profile.words import load_words
from fairplace.spreadsheets import safe_cell, safe_frame
from fairplace.workbooks import WorkbookError, read_workbook
from geo.errors import UserError
from layers.council.reader import read_council_file
from layers.council.schema import find_schema, load_schemas


def workbook(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


# A quarter's return as it comes: a title, a blank row, two lines of header of which the upper is a
# group, data, a total, and a note.
RETURN = [
    ["Social prescribing return, quarter 2", None, None, None, None],
    [None, None, None, None, None],
    [None, "Practice", None, "Referrals", None],
    ["Quarter", "Practice code", "Practice name", "Number of referrals", "Number attended"],
    ["2025-Q2", "Y00001", "River Surgery", 19, 14],
    ["2025-Q2", "Y00002", "Beacon Surgery", 38, 18],
    [None, None, None, None, None],
    ["2025-Q2", "Y00003", "Castle Surgery", 12, 9],
    ["Total", None, None, 69, 41],
    ["Source: practice systems, drawn down on 1 July", None, None, None, None],
]


def test_a_return_is_read_through_its_title_groups_totals_and_notes(tmp_path: Path) -> None:
    found = inspect(workbook(tmp_path / "return.xlsx", {"Read me": [["Return"]], "Data": RETURN}))
    assert found.schema.kind == "referrals"
    assert found.good, report_text(found)
    assert found.clean()["referrals"].to_list() == [19, 38, 12]
    assert {one.rule for one in found.faults} == {"totals", "notes_row"}
    assert found.tables[0].block.sheet.name == "Data"


def test_a_header_whose_upper_line_names_the_column_is_joined(tmp_path: Path) -> None:
    rows = [
        ["Event", "Event", "Date", "Number of", None],
        ["ref", "type", "held", "people", "Postcode"],
        ["E1", "walk", "2025-01-22", 24, "HV3 1NB"],
        ["E2", "walk", "2025-02-22", 31, "HV3 1NB"],
    ]
    found = inspect(workbook(tmp_path / "events.xlsx", {"Events": rows}), kind="events")
    assert found.good, report_text(found)
    assert found.clean()["attendance"].to_list() == [24, 31]


def test_tables_under_and_beside_one_another_are_all_read(tmp_path: Path) -> None:
    head = ["Quarter", "PCN code", "Sessions held", "Number of referrals"]
    under = [
        head,
        ["2025-Q1", "UZ1", 9, 20],
        ["Total", None, 9, 20],
        [None] * 4,
        head,
        ["2025-Q2", "UZ1", 8, 22],
    ]
    found = inspect(workbook(tmp_path / "under.xlsx", {"A": under}), kind="referrals")
    assert found.clean()["referrals"].to_list() == [20, 22]
    assert sum(one.rule == "several_tables" for one in found.faults) == 2
    beside = [[*head, None, *head], ["2025-Q1", "UZ1", 9, 20, None, "2025-Q2", "UZ1", 8, 22]]
    found = inspect(workbook(tmp_path / "beside.xlsx", {"A": beside}), kind="referrals")
    assert sorted(found.clean()["referrals"]) == [20, 22]


def test_a_percentage_format_is_a_share_and_serial_dates_are_days(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "v.xlsx",
        {
            "V": [
                ["Indicator", "Area code", "Geography", "Year", "Value"],
                ["smoking", "E06999001", "lad25", "2024/25", 0.31],
            ]
        },
    )
    book = openpyxl.load_workbook(path)
    book["V"]["E2"].number_format = "0.0%"
    book.save(path)
    assert read_workbook(path)[0].rows[1][4] == "31%"
    assert inspect(path, kind="indicator_values").clean()["value"].to_list() == [0.31]


# The mapping


def test_a_mapping_is_proposed_kept_and_followed_the_next_quarter(tmp_path: Path) -> None:
    odd = [
        ["When", "Pratice code", "How many sent to us", "Turned up"],
        ["2025-Q1", "Y1", 20, 15],
        ["2025-Q2", "Y1", 22, 16],
    ]
    first = workbook(tmp_path / "q1.xlsx", {"A": odd})
    found = inspect(first, kind="referrals", kept={"period": "When", "referrals": "How many sent to us"})
    how = {one.field: (one.header, one.how) for one in found.matches}
    assert how["organisation_code"] == ("Pratice code", "likeness")
    assert how["period"] == ("When", "kept")
    assert [one.rule for one in found.faults if one.level == "review"] == ["column_guessed"]
    mapping = tmp_path / "map.toml"
    schema = find_schema("referrals")
    write_mapping(mapping, schema, found.matches)
    mapping.write_text(mapping.read_text(encoding="utf-8") + 'attended = "Turned up"\n', encoding="utf-8")
    kept = read_mapping(mapping, schema)
    again = inspect(first, kind="referrals", kept=kept)
    assert {one.how for one in again.matches} == {"kept"}
    assert again.clean()["attended"].to_list() == [15, 16]
    assert again.good
    with pytest.raises(MappingError, match='mapping of "referrals", and this is services'):
        read_mapping(mapping, find_schema("services"))


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_any_header_survives_its_mapping_file(tmp_path_factory: pytest.TempPathFactory, header: str) -> None:
    from fairplace.checking.mapping import Match

    path = tmp_path_factory.mktemp("m") / "map.toml"
    write_mapping(path, find_schema("services"), [Match("name", header, 0, "name")])
    assert read_mapping(path, find_schema("services")) == {"name": header}


def test_a_file_of_no_kind_is_told_which_kinds_there_are(tmp_path: Path) -> None:
    path = workbook(tmp_path / "x.xlsx", {"A": [["apples", "pears"], [1, 2]]})
    with pytest.raises(KindError, match=r"say which with --kind \(services, "):
        inspect(path)


def test_what_is_no_workbook_is_refused_with_what_to_do(tmp_path: Path) -> None:
    pdf = tmp_path / "a.xlsx"
    pdf.write_bytes(b"%PDF-1.7 ...")
    with pytest.raises(WorkbookError, match="is a PDF; ask for the workbook"):
        read_workbook(pdf)
    broken = tmp_path / "b.xlsx"
    broken.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(WorkbookError, match="is damaged, was not fully copied"):
        read_workbook(broken)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/worksheets/sheet1.xml", b"</sheetData>", b""),
        ("xl/styles.xml", b"<fonts", b"<fontz"),
        ("xl/worksheets/sheet1.xml", b'r="B3"', b'r="ZZZZZZ3"'),
        ("xl/workbook.xml", b"<sheets>", b"<sheats>"),
    ],
)
def test_a_workbook_with_a_broken_part_is_damaged_in_one_line(
    tmp_path: Path, part: str, old: bytes, new: bytes
) -> None:
    path = workbook(tmp_path / "r.xlsx", {"Data": RETURN})
    patch(path, part, lambda content: content.replace(old, new, 1))
    with pytest.raises(WorkbookError, match=r"r\.xlsx is damaged.*save it anew") as caught:
        read_workbook(path)
    assert "\n" not in str(caught.value)


def patch(path: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """Change one part of a workbook, as another program might have written it."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    assert change(parts[part]) != parts[part]
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)


def test_a_sheet_formatted_to_the_bottom_holds_its_table_only(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", {"Data": RETURN})
    empty = b"".join(
        b'<row r="%d"><c r="A%d" s="0"/><c r="B%d" s="0"></c></row>' % (n, n, n)
        for n in (*range(11, 5_000), 1_048_576)
    )
    patch(
        path,
        "xl/worksheets/sheet1.xml",
        lambda content: content.replace(b"</sheetData>", empty + b"</sheetData>"),
    )
    sheet = read_workbook(path)[0]
    assert len(sheet.rows) == len(RETURN)
    assert inspect(path).clean()["referrals"].to_list() == [19, 38, 12]


def test_no_row_of_a_sheet_is_left_out_in_silence(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", {"Data": RETURN})
    far = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>2025-Q2</t></is></c></row></sheetData>'
    patch(path, "xl/worksheets/sheet1.xml", lambda content: content.replace(b"</sheetData>", far))
    with pytest.raises(
        WorkbookError, match=r'sheet "Data": cells as far as row 1,048,576.*save the table as CSV'
    ):
        read_workbook(path)


def test_a_quotation_mark_that_is_never_closed_is_found_by_its_row(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(
        'Quarter,PCN code,Number of referrals\n2025-Q1,"UZ1,20\n2025-Q1,UZ2,30\n', encoding="utf-8"
    )
    with pytest.raises(WorkbookError, match=r"r\.csv row 2: a quotation mark that is never closed"):
        inspect(path, kind="referrals")
    path.write_text(f"Quarter,PCN code\n2025-Q1,{'x' * 200_000}\n", encoding="utf-8")
    with pytest.raises(WorkbookError, match=r"r\.csv row 2: a cell of more than 131,072 letters"):
        inspect(path, kind="referrals")
    # Inches and a line break within marks are neither.
    path.write_text(
        'Quarter,PCN code,PCN name\n2025-Q1,UZ1,5" pipe\n2025-Q1,UZ2,"River,\nnorth"\n', encoding="utf-8"
    )
    assert inspect(path, kind="referrals").rows == 2


def test_letters_that_had_to_be_guessed_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    for name, encoding, looked_at in (
        ("Café", "mac-roman", True), ("Café", "cp1252", True), ("Café", "utf-8", False), ("£5 – more", "cp1252", False),
    ):  # fmt: skip
        path.write_bytes(
            f"Quarter,PCN code,PCN name,Number of referrals\n2025-Q1,UZ1,{name},20\n".encode(encoding)
        )
        found = inspect(path, kind="referrals")
        assert [one.rule for one in found.faults] == (["encoding"] if looked_at else []), name
    path.write_bytes("Quarter,PCN code\n2025-Q1,UZ1\n".encode("utf-16-le"))
    with pytest.raises(UserError, match="CSV UTF-8"):
        inspect(path, kind="referrals")


#  The least that is an OpenDocument workbook: two sheets, of which the style of the second hides it.
ODS = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" office:version="1.3"><office:automatic-styles>
 <style:style style:name="gone" style:family="table"><style:table-properties table:display="false"/></style:style>
 <style:style style:name="here" style:family="table"><style:table-properties table:display="true"/></style:style>
 </office:automatic-styles><office:body><office:spreadsheet>
 <table:table table:name="Now" table:style-name="here">{now}</table:table>
 <table:table table:name="Old" table:style-name="gone">{old}</table:table>
 </office:spreadsheet></office:body></office:document-content>"""


MANIFEST = """<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
 <manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>"""


def test_a_hidden_sheet_of_an_open_document_is_not_read(tmp_path: Path) -> None:
    def rows(code: str) -> str:
        table = [["Quarter", "PCN code", "Number of referrals"], ["2025-Q1", code, "20"]]
        cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
        return "".join(
            f"<table:table-row>{''.join(cell.format(one) for one in row)}</table:table-row>" for row in table
        )

    path = tmp_path / "r.ods"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", MANIFEST)
        packed.writestr("content.xml", ODS.format(now=rows("UZ1"), old=rows("UZ2")))
    assert [(one.name, one.hidden) for one in read_workbook(path)] == [("Now", False), ("Old", True)]
    found = inspect(path, kind="referrals")
    assert found.clean()["organisation_code"].to_list() == ["UZ1"]
    assert [(one.rule, one.sheet) for one in found.faults] == [("hidden", "Old")]


def test_a_table_without_any_place_is_told_so_and_graded_not_at_all(tmp_path: Path) -> None:
    rows = [["Ref", "Service name", "Type"], ["S1", "Chapel", "advice"]]
    found = inspect(workbook(tmp_path / "s.xlsx", {"A": rows}), kind="services")
    assert [one.found for one in found.faults] == ["no column that says where"]
    assert found.addresses is None


# Addresses

EXTRACT = pd.DataFrame(
    {
        "uprn": ["1", "2", "3", "4"],
        "address": ["12 Wharf Lane", "12A Wharf Lane", "Flat 3, Kiln House, Kiln Road", "1 Chapel Street"],
        "postcode": ["HV2 2LJ", "HV2 2LJ", "HV3 1NB", "HV1 1AD"],
        "easting": [10.0, 20.0, 30.0, 40.0],
        "northing": [1.0, 2.0, 3.0, 4.0],
    }
)


@pytest.mark.parametrize(
    ("row", "grade", "uprn", "look"),
    [
        ({"uprn": "4"}, "A", "4", False),
        ({"address": "12 wharf ln", "postcode": "HV2 2LJ"}, "B", "1", False),
        ({"address": "12a Wharf Lane", "postcode": "HV2 2LJ"}, "B", "2", False),
        ({"address": "Flt 3 Kiln Hse, Kiln Rd, Halverton", "postcode": "HV3 1NB"}, "B", "3", True),
        ({"address": "14 Wharf Lane", "postcode": "HV2 2LJ"}, "C", "", True),  # no such number there
        ({"address": "Somewhere", "postcode": "XX1 1XX"}, "D", "", True),
    ],
)
def test_an_address_is_matched_with_a_grade(row: dict[str, str], grade: str, uprn: str, look: bool) -> None:
    got = match_addresses(pd.DataFrame([row]), extract=EXTRACT).iloc[0]
    assert (got["grade"], got["uprn"], got["look"]) == (grade, uprn, look)


def test_short_words_of_an_address_are_written_in_full() -> None:
    assert tidy_address("Flt 2, 9 St. John's Rd.") == "flat 2 9 street john s road"


# Templates


@pytest.mark.parametrize("kind", list(load_schemas()))
def test_a_blank_workbook_filled_with_its_examples_passes_its_own_check(kind: str, tmp_path: Path) -> None:
    schema, path = find_schema(kind), tmp_path / f"{kind}.xlsx"
    write_template(schema, path)
    blank = inspect(path, kind=kind)
    assert {one.rule for one in blank.faults} == {"no_rows"}
    book = openpyxl.load_workbook(path)
    sheet = book[kind]
    assert [cell.value for cell in sheet[1]] == schema.names
    assert book["Lists"].sheet_state == "hidden"
    for at, field in enumerate(schema.fields, start=1):
        sheet.cell(2, at).value = field.example
    book.save(path)
    found = inspect(path, kind=kind)
    assert found.good, report_text(found)
    assert len(read_council_file(path, kind).frame) == 1


def test_the_same_schema_gives_the_same_workbook(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_template(find_schema("services"), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


# The report and the commands


def test_the_report_is_text_json_and_a_workbook_that_runs_nothing(tmp_path: Path) -> None:
    rows = [["Ref", "Service name", "Type", "Post code"], ["S1", "=cmd|' /C calc'!A0", "advice", "HV1 1AD"]]
    source = tmp_path / "services.csv"
    source.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    found = inspect(source, kind="services")
    text = report_text(found)
    assert "1 thing to mend" in text
    assert "row 2, column B (Service name): found" in text
    content = json.loads(report_json(found))
    assert content["faults"][0]["cell"] == "B2"
    assert content["good"] is False
    write_report(found, tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert book.sheetnames == ["What to do", "Your table", "Places to review", "Columns"]
    cells = [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)
    ]
    assert all(cell.data_type != "f" and not cell.value.startswith("=") for cell in cells)
    assert book["Your table"]["C2"].fill.fgColor.rgb == "FFFFE0A3", "the cell at fault is marked"


@given(st.text())
def test_no_text_written_to_a_spreadsheet_begins_a_formula(text: str) -> None:
    safe = str(safe_cell(text))
    assert not safe.lstrip().startswith(("=", "@")) or safe.startswith("'")
    assert not safe.startswith(("+", "-", "\t", "\r"))
    assert safe_cell(-0.5) == -0.5


@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\u3000", "\ufeff", "\u200b"])
@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_signs_that_some_spreadsheet_takes_for_a_formula_are_shown(before: str, sign: str) -> None:
    text = f"{before}{sign}SUM(1)"
    safe = f"'{text}".replace("\r", "\n")
    assert safe_cell(text) == safe
    head, row = csv.reader(io.StringIO(csv_text([text], [[text]]), newline=""))
    assert (head, row) == ([safe], [safe]), "a profile's tables keep the same rule"


def test_no_carriage_return_begins_a_row_of_its_own(tmp_path: Path) -> None:
    name = "Chapel\r=HYPERLINK(1)"
    frame = pd.DataFrame({"name": [name], "people": [1]})
    for written in (
        safe_frame(frame).to_csv(index=False, lineterminator="\n"),
        csv_text(["name", "people"], [[name, 1.0]]),
    ):
        assert "\r" not in written
        rows = list(csv.reader(io.StringIO(written, newline="")))
        assert [len(row) for row in rows] == [2, 2]
    rows = [["Ref", "Service name", "Type", "Post code"], ["S1", "Chapel\r\n=1+1\u202e", "advice", "HV1 1AD"]]
    found = inspect(workbook(tmp_path / "s.xlsx", {"A": rows}), kind="services")
    assert found.clean()["name"].to_list() == ["Chapel =1+1"]


def test_the_commands_make_a_template_and_check_what_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sample_data: Path
) -> None:
    assert main(["template"]) == 0
    assert "homes: Housing audits (restricted" in capsys.readouterr().out
    blank = tmp_path / "events.xlsx"
    assert main(["template", "events", "--out", str(blank)]) == 0
    assert main(["check", str(blank), "--kind", "events"]) == 1
    assert "fill in the rows" in capsys.readouterr().out
    own = sample_data / "local" / "services.csv"
    tidy, mapping = tmp_path / "services.csv", tmp_path / "services.toml"
    call = [
        "check",
        str(own),
        "--mapping",
        str(mapping),
        "--tidy",
        str(tidy),
        "--out",
        str(tmp_path / "r.xlsx"),
    ]
    assert main(call) == 0
    assert "54 rows, ready for the folder local" in capsys.readouterr().out
    assert mapping.is_file()
    pd.testing.assert_frame_equal(
        read_council_file(tidy, "services").frame, read_council_file(own, "services").frame
    )
    assert main(["check", str(own), "--kind", "servces"]) == 2
    assert "is not a kind of file" in capsys.readouterr().err


def test_html_in_a_name_is_escaped_on_the_page(sample_pack: Pack) -> None:
    from fairplace.profile.content import Place, compose
    from fairplace.profile.html import render_html

    released = release(sample_pack)
    section = local_evidence(
        load_words(), released, geography="lad25", code="E06999001", area="<script>x</script>"
    )
    profile = compose(released, Place("lad25", "E06999001", "Halverton"))
    from dataclasses import replace

    page = render_html(replace(profile, sections=[section]))
    assert "<script>x</script>" not in page
    assert "&lt;script&gt;x" in page


# Whatever is sent

CELLS = st.one_of(
    st.none(),
    st.integers(-5, 99999),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.dates(),
    st.sampled_from(
        ["Ref", "Postcode", "Total", "HV1 1AD", "yes", "Number attended", "Quarter", "=1+1", "<b>", "2025-Q1"]
    ),
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, max_size=8), max_size=12), kind=st.sampled_from(sorted(load_schemas())))
def test_no_sheet_whatsoever_is_a_fault_of_ours(tmp_path: Path, rows: list[list[Any]], kind: str) -> None:
    path = workbook(tmp_path / "any.xlsx", {"A": [list(find_schema(kind).names), *rows], "B": rows})
    found = inspect(path, kind=kind)
    assert report_text(found)
    assert json.loads(report_json(found))["kind"] == kind
    write_report(found, tmp_path / "report.xlsx")
    for one in found.faults:
        assert one.found
        assert one.mend


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Quarter;PCN code;Number of referrals\n2025-Q1;UZ1;20\n", "utf-8-sig"),
        ("Quarter\tPCN code\tNumber of referrals\n2025-Q1\tUZ1\t20\n", "utf-16"),
        ('Quarter,PCN code,"Number of\nreferrals"\n2025-Q1,UZ1,20\n', "cp1252"),
    ],
)
def test_a_csv_is_read_as_excel_saves_it_in_any_language(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(text.encode(encoding))
    found = inspect(path, kind="referrals")
    assert found.good, report_text(found)
    assert found.clean()["referrals"].to_list() == [20]


def test_without_a_directory_a_postcode_of_another_town_is_something_to_look_at(tmp_path: Path) -> None:
    rows = [["Ref", "Service name", "Type", "Post code"]]
    rows += [[f"S{n}", "Chapel", "advice", f"HV1 1A{letter}"] for n, letter in enumerate("ABDEFG")]
    rows[4][3] = "MK9 3EJ"
    found = inspect(workbook(tmp_path / "s.xlsx", {"A": rows}), kind="services")
    assert [(one.rule, one.row, one.level) for one in found.faults] == [("postcode_elsewhere", 5, "review")]
    assert found.good


def test_html_in_a_place_is_escaped_on_the_map(sample_pack: Pack) -> None:
    from fairplace.map_page import compose_map

    released = release(sample_pack)

    class Poisoned(type(released)):  # type: ignore[misc]
        def places(self, kind: str, name: str) -> Any:
            frame = super().places(kind, name).copy()
            if name == "services":
                frame.loc[0, "name"] = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"
            return frame

    page = compose_map(Poisoned(**vars(released)))
    assert "<script>alert('x')" not in page
    assert "<img src=x onerror" not in page
