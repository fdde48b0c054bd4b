"""Geographies: a code means nothing without its vintage."""

from __future__ import annotations

import pytest

from geo.geography import Geography, GeographyError


@pytest.mark.parametrize("key", ["oa21", "lsoa11", "lsoa21", "msoa21", "wd22", "wd25", "lad25"])
def test_a_key_says_kind_and_vintage_and_reads_back(key: str) -> None:
    assert Geography.parse(key).key == key


def test_the_same_kind_of_another_year_is_another_geography() -> None:
    assert Geography.parse("lsoa11") != Geography.parse("lsoa21")
    assert Geography.parse("LSOA21").code_column == "LSOA21CD"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1015693", "a spreadsheet has changed it"),
        ("1.02E+07", "a spreadsheet has changed it"),
        ("W01000001", "not a code of a Lower layer Super Output Area"),
        ("E05014741", "not a code of a Lower layer Super Output Area"),
        ("E0101569", "not a code of a Lower layer Super Output Area"),
    ],
)
def test_a_code_that_cannot_be_of_the_kind_is_named_with_its_row(code: str, said: str) -> None:
    with pytest.raises(GeographyError, match=said) as error:
        Geography.parse("lsoa21").check_codes(["E01015693", code], where="income.csv")
    assert "income.csv row 2" in str(error.value)
    assert code in str(error.value)


def test_an_unknown_kind_is_refused_with_what_there_is() -> None:
    with pytest.raises(GeographyError, match='"parish" is not a kind of area; use one of oa, lsoa'):
        Geography("parish", 2021)
    with pytest.raises(GeographyError, match="write kind and year"):
        Geography.parse("wards")
