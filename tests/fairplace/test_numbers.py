"""Numbers as people read them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairplace.numbers import GAP, SIGNS, in_ten, rounded, show, show_number, show_period, two_figures

ROW = {
    "value": 0.531,
    "low": 0.479,
    "high": 0.582,
    "unit": "share",
    "basis": "modelled",
    "status": "ok",
    "interval": "90 % model",
}


def test_a_modelled_share_is_whole_percent_with_its_range() -> None:
    assert show(ROW).with_range == "53% (48% to 58%)"


def test_a_counted_share_has_one_decimal_and_no_range_of_its_own() -> None:
    assert show({**ROW, "basis": "counted", "low": np.nan, "high": np.nan}).with_range == "53.1%"


def test_a_modelled_count_has_two_figures() -> None:
    shown = show({**ROW, "unit": "people", "value": 823.0, "low": 604.0, "high": 1049.0})
    assert (shown.value, shown.range) == ("820", "600 to 1,000")


@pytest.mark.parametrize("status", ["missing", "suppressed", "not_applicable"])
def test_each_status_has_its_own_sign(status: str) -> None:
    assert show({**ROW, "status": status, "value": np.nan}).value == SIGNS[status][0]
    assert len({sign for sign, _ in SIGNS.values()}) == 3


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.125, "share", "12.5%"),
        (9_731_020.0, "GBP a week", "£9,731,020"),
        (-12.5, "GBP a week", "-£13"),
        (0.0, "people", "0"),
        (33_755.0, "rank", "33,755"),
        (-0.004, "score", "0.0"),
        (2.5, "people", "3"),
        (-0.123, f"share{GAP}", "-12.3 percentage points"),
        (4.25, f"per 1,000{GAP}", "4.3"),
    ],
)
def test_units_are_written_as_people_write_them(value: float, unit: str, text: str) -> None:
    assert show_number(value, unit) == text


def test_a_gap_between_shares_is_in_percentage_points_which_its_range_does_not_repeat() -> None:
    gap = {**ROW, "unit": f"share{GAP}", "basis": "counted", "value": -0.05, "low": -0.0915, "high": 0.02}
    assert show(gap).with_range == "-5.0 percentage points (-9.2 to 2.0)"


@given(st.floats(1e-3, 1e9))
def test_two_figures_is_within_a_twentieth(value: float) -> None:
    assert abs(two_figures(value) - value) <= 0.05 * value * (1 + 1e-9)
    assert two_figures(two_figures(value)) == two_figures(value)


def test_halves_go_away_from_zero_not_to_even() -> None:
    assert [rounded(half, 0) for half in (0.5, 1.5, 2.5, -2.5)] == ["1", "2", "3", "-3"]


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.01, "fewer than 1 in 20"),
        (0.3, "about 3 in 10"),
        (0.97, "more than 19 in 20"),
        (0.949, "about 9 in 10"),
    ],
)
def test_shares_in_words(share: float, words: str) -> None:
    assert in_ten(share) == words


def test_a_publishers_modelled_count_keeps_its_digits() -> None:
    assert show({**ROW, "unit": "households", "value": 663.0, "low": np.nan, "interval": ""}).value == "663"


def test_a_day_is_written_as_people_write_it() -> None:
    assert show_period("2021-03-21") == "21 March 2021"
    assert show_period("FYE 2025") == "FYE 2025"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "more than 99%"),
        (0.0, "less than 1%"),
        (0.934, "93%"),
        (0.5, "50%"),
        (0.9, "90%"),
        (0.895, "89%"),
        (0.1, "10%"),
        (0.104, "11%"),
    ],
)
def test_a_probability_never_claims_to_be_certain(value: float, text: str) -> None:
    assert show_number(value, "probability") == text
