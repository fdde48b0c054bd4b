"""Changes said in words: who is meant, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mis.change_words import TENURE_WORDS, parse_change, read_changes, type_words
from mis.changes import WhatIfError
from mis.household_types import household_types

WITH_CHILDREN = {name for name, n in zip(household_types().ids, household_types().children, strict=True) if n}


def test_private_renters_with_children_at_seven_in_ten() -> None:
    got = parse_change("20 to private renters with children, uptake 0.7")
    assert (got.weekly, got.per_child, got.uptake, got.paid) == (20.0, False, 0.7, True)
    assert set(got.types) == WITH_CHILDREN
    assert got.tenures == ("private_rented",)
    assert got.label == "£20 a week more to private renters with children, taken up by 70%"


@pytest.mark.parametrize(
    ("words", "types", "tenures"),
    [
        ("everyone", set(household_types().ids), 4),
        ("lone parents", {"lone_parent_1", "lone_parent_2", "lone_parent_3"}, 4),
        ("couples with children", {"couple_1", "couple_2", "couple_3", "couple_4"}, 4),
        ("couples without children", {"couple"}, 4),
        ("single pensioners in social rent", {"single_pensioner"}, 1),
        ("lone parents and pensioners", {*type_words()["lone parents"], *type_words()["pensioners"]}, 4),
        ("social renters and private renters with children", WITH_CHILDREN, 2),
        ("pensioners with a mortgage", {"single_pensioner", "couple_pensioner"}, 1),
        ("couple_2, couple_3", {"couple_2", "couple_3"}, 4),
        ("Parents with grown-up children", {"grown_family"}, 4),
        ("renters", set(household_types().ids), 2),
    ],
)
def test_who_is_meant(words: str, types: set[str], tenures: int) -> None:
    got = parse_change(f"£10 a week to {words}")
    assert set(got.types) == types
    assert len(got.tenures) == tenures


def test_every_known_word_names_somebody() -> None:
    for word in (*type_words(), *TENURE_WORDS, *(label.lower() for label in household_types().labels)):
        gains, uptake = parse_change(f"10 to {word}").cells()
        assert gains.any()
        assert uptake.max() == 1


@pytest.mark.parametrize(
    ("text", "weekly", "child", "uptake"),
    [
        ("12.50 per child to families, uptake 70%", 12.5, True, 0.7),
        ("£5 a week for each child to lone parents", 5.0, True, 1.0),
        ("-15 to renters uptake 1", -15.0, False, 1.0),
        ("£40 per week for single pensioners, uptake 0.5", 40.0, False, 0.5),
    ],
)
def test_amounts_and_uptakes(text: str, weekly: float, child: bool, uptake: float) -> None:
    got = parse_change(text)
    assert (got.weekly, got.per_child, got.uptake) == (weekly, child, uptake)


def test_a_rise_of_rent_is_so_much_less_income_and_nobodys_cost() -> None:
    got = parse_change("15 to private renters", rent=True)
    assert (got.weekly, got.paid) == (-15.0, False)
    assert got.label == "£15 a week more rent for private renters"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("twenty to renters", '"twenty to renters" is not a change'),
        ("20 renters", "is not a change"),
        (
            "20 to council homes",
            '"council".*names no household held here; households are everyone, .*tenures',
        ),
        ("20 to lone parents and renters", "both or those who are either"),
        ("20 to renters in work", "work status, which this estimate does not hold"),
        ("20 to renters, uptake 70", "uptake is 70"),
        ("20 to single pensioners with children", "names no household"),
        ("20 to the people", "names no household"),
        ("20 per child to pensioners", "nobody of .* has children"),
    ],
)
def test_what_is_not_known_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(WhatIfError, match=message) as error:
        parse_change(text)
    assert "\n" not in str(error.value)


def test_a_file_of_changes(tmp_path: Path) -> None:
    path = tmp_path / "winter.toml"
    path.write_text(
        '[[change]]\nadd = "20 per child to families"\nlabel = "Winter help"\n'
        '[[change]]\nrent = "8 to social renters"\n'
    )
    first, second = read_changes(path)
    assert (first.label, first.weekly, first.per_child) == ("Winter help", 20.0, True)
    assert (second.weekly, second.paid) == (-8.0, False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no"),
        ("change = 3", "holds no"),
        ("[[change]]\nlabel = 'x'", "change 1: give add or rent"),
        ("[[change]]\nadd = 20", "change 1: give add or rent"),
        ("[[change]]\nadd = '20 to renters'\nwho = 'all'", "change 1: give add or rent"),
        ("[[change]\nadd", "is not TOML"),
    ],
)
def test_a_file_that_is_not_one_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(content)
    with pytest.raises(WhatIfError, match=message):
        read_changes(path)
    with pytest.raises(WhatIfError, match="cannot be read"):
        read_changes(tmp_path / "absent.toml")
