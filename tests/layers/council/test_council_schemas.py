"""A council's files: the schemas hold together, and a cell is read or refused with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from layers.council.cells import read_cell
from layers.council.reader import CouncilFileError, read_council_file
from layers.council.schema import Field, SchemaError, find_schema, load_schemas
from layers.delimited import header_key

DAY = Field("date", "date", "A day")
COUNT = Field("count", "whole", "A count")
SHARE = Field("value", "share", "A share")


@pytest.mark.parametrize("kind", list(load_schemas()))
def test_no_header_could_be_two_columns_of_one_schema(kind: str) -> None:
    seen: dict[str, str] = {}
    for field in find_schema(kind).fields:
        for spelling in {header_key(one) for one in (field.name, *field.also)}:
            assert seen.setdefault(spelling, field.name) == field.name, spelling


@pytest.mark.parametrize("kind", list(load_schemas()))
def test_every_example_is_read_as_its_own_column(kind: str) -> None:
    schema = find_schema(kind)
    for field in schema.fields:
        reading = read_cell(field.example, field)
        assert not reading.wrong, (field.name, reading)
        assert reading.value is not None, field.name
        assert not field.at_most or field.at_most in schema.names


def test_an_unknown_kind_lists_the_kinds_there_are() -> None:
    with pytest.raises(SchemaError, match="services, hub_candidates"):
        find_schema("servces")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-09-30", "2025-09-30"),
        ("2025-09-30 00:00:00", "2025-09-30"),
        ("30/09/2025", "2025-09-30"),
        ("3/4/2025", "2025-04-03"),  # in England the day comes first
        ("30 September 2025", "2025-09-30"),
        ("30th Sep 2025", "2025-09-30"),
        ("45930", "2025-09-30"),  # days since 30 December 1899, as Excel counts
    ],
)
def test_a_date_is_read_however_it_is_written(text: str, day: str) -> None:
    assert read_cell(text, DAY).value == day


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("09/30/2025", "2025-09-30"),
        ("30/09/25", "2025-09-30"),
        ("31/02/2025", "check the day"),
        ("soon", "give a date"),
    ],
)
def test_a_date_that_could_be_another_day_is_refused_with_its_mend(text: str, mend: str) -> None:
    reading = read_cell(text, DAY)
    assert reading.wrong
    assert mend in reading.mend


def test_thirty_one_is_no_share_until_it_has_its_sign() -> None:
    assert read_cell("0.31", SHARE).value == read_cell("31%", SHARE).value == 0.31
    assert "write 0.31, or 31%" in read_cell("31", SHARE).mend


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("x")', "@SUM(A1)", "+cmd|' /C calc'!A0", "\t=1"])
def test_what_a_spreadsheet_would_run_is_refused(text: str) -> None:
    for field in (COUNT, Field("name", "text", "A name"), Field("kind", "theme", "A kind")):
        assert "run as a formula" in read_cell(text, field).found


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", "missing"),
        ("-", "missing"),
        ("[c]", "suppressed"),
        ("*", "suppressed"),
        ("[z]", "not_applicable"),
    ],
)
def test_missing_hidden_and_not_applicable_are_told_apart(text: str, status: str) -> None:
    reading = read_cell(text, COUNT)
    assert (reading.value, reading.status, reading.wrong) == (None, status, False)


def test_a_postcode_with_a_letter_for_a_digit_is_mended_not_guessed() -> None:
    reading = read_cell("HV1 IAD", Field("postcode", "postcode", "Where", example="HV1 1AD"))
    assert reading.value is None
    assert "HV1 1AD has the right shape" in reading.mend


def test_a_uprn_that_lost_its_digits_is_not_a_number() -> None:
    uprn = Field("uprn", "uprn", "Of the home")
    assert "last digits are lost" in read_cell("9.999E+11", uprn).found
    assert read_cell("100080000001.0", uprn).value == "100080000001"


def write(folder: Path, text: str, name: str = "referrals.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


HEAD = "period,practice code,referrals,attended\n"


def test_a_known_spelling_of_a_header_is_read_under_our_name(tmp_path: Path) -> None:
    table = read_council_file(write(tmp_path, HEAD + "2025-Q2,UZ991,19,14\n"), "referrals")
    assert table.frame.loc[0, ["organisation_code", "attended"]].to_list() == ["UZ991", 14.0]
    assert table.source.period == "2025-Q2"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2025-Q2,UZ991,14,19\n", "row 2: attended is 19, above referrals, 14"),
        ("2025-Q2,UZ991,19,x9\n", 'row 2, column "attended"'),
        (
            "2025-Q2,UZ991,19,14\n2025-Q2,UZ991,19,14\n",
            "row 3: period 2025-Q2, organisation_code UZ991 has stood",
        ),
        ("Q2,UZ991,19,14\n", "which is no period"),
    ],
)
def test_a_file_with_a_fault_is_refused_by_row(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(CouncilFileError, match=message.replace("(", r"\(")):
        read_council_file(write(tmp_path, HEAD + row), "referrals")


def test_a_file_without_a_needed_column_names_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(
        CouncilFileError, match=r'no column "organisation_code".*quarter.*seen.*fairplace check'
    ):
        read_council_file(write(tmp_path, "quarter,seen\n2025-Q2,14\n"), "referrals")
