"""What cannot be right is refused in one line that names it, before anything is calculated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mis.inputs import COMPOSITION, InputsError, MisInputs, reconcile
from mis.lines import BudgetError, read_budgets
from mis.parameters import ParametersError, read_parameters
from mis.targets import TargetsError, read_facts

FIRST = "E01900000"


def _cell(table: pd.DataFrame, row: str, column: str, value: object) -> pd.DataFrame:
    table = table.astype(object)
    table.loc[row, column] = value
    return table


def _nought(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    table.loc[FIRST] = 0
    return table


def _twice(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table.iloc[:1]])


def _even(town: MisInputs) -> pd.DataFrame:
    share = np.full(len(COMPOSITION), 1 / len(COMPOSITION))
    return pd.DataFrame(
        np.outer(town.tenure.sum(axis=1), share), index=town.areas.index, columns=list(COMPOSITION)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # A second row used to shift every later area onto its neighbour's income.
        (lambda t: replace(t, income=_twice(t.income)), r"income has two rows for E02900000"),
        (lambda t: replace(t, tenure=_twice(t.tenure)), r"tenure has two rows for E01900000"),
        (
            lambda t: replace(t, tenure=_cell(t.tenure, FIRST, "social_rented", "c")),
            r'tenure: social_rented of E01900000 is "c".*NaN',
        ),
        (
            lambda t: replace(t, tenure=_cell(t.tenure, FIRST, "social_rented", np.inf)),
            r'social_rented of E01900000 is "inf"',
        ),
        (lambda t: replace(t, tenure=_cell(t.tenure, FIRST, "social_rented", np.nan)), r"is nan"),
        (
            lambda t: replace(t, income=_cell(t.income, "E02900000", "high", np.inf)),
            r'income: high of E02900000 is "inf"',
        ),
        (
            lambda t: replace(t, income=_cell(t.income, "E02900000", "mean", "..C")),
            r'income: mean of E02900000 is "..C"',
        ),
        (
            lambda t: replace(t, occupancy=_nought(t.occupancy)),
            r"occupancy of E01900000 adds up to nought, but tenure has \d+ households",
        ),
        (lambda t: replace(t, composition=_nought(_even(t))), r"composition of E01900000 adds up to nought"),
        (lambda t: replace(t, ages=_nought(t.ages)), r"ages of E01900000 adds up to nought"),
        (
            lambda t: replace(t, communal=pd.Series(9e5, index=t.areas.index)),
            r"communal of E01900000 is 900,000, but it has [\d,]+ residents",
        ),
        (lambda t: replace(t, areas=t.areas.iloc[:0]), r"areas holds no area"),
        (lambda t: replace(t, areas=t.areas.assign(msoa11=np.nan)), r"income has no row for nan"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused(
    town: MisInputs, change: Callable[[MisInputs], MisInputs], message: str
) -> None:
    with pytest.raises(InputsError, match=message):
        reconcile(change(town))


def test_a_hall_of_residence_takes_no_children_out(town: MisInputs) -> None:
    assert town.ages is not None
    communal = pd.Series(0.0, index=town.areas.index)
    communal[FIRST] = 150.0
    ages = town.ages.assign(age_0_4=town.ages["age_0_15"] / 3)
    tables = reconcile(replace(town, ages=ages, communal=communal))
    before, after = town.ages.loc[FIRST].to_numpy(), tables.ages[0]  # type: ignore[index]
    assert after[0] == before[0]
    assert tables.under_5 is not None
    assert tables.under_5[0] == pytest.approx(before[0] / 3)
    assert (before - after).sum() == pytest.approx(150)
    assert (before - after)[1] / before[1] == pytest.approx(6 * (before - after)[3] / before[3])
    assert any("children only where no adults are left" in note for note in tables.report)
    # More than there are adults: then, and only then, children.
    adults = before[1:].sum()
    communal[FIRST] = adults + 20
    most = reconcile(replace(town, ages=ages, communal=communal)).ages[0]  # type: ignore[index]
    assert most[1:] == pytest.approx(0, abs=1e-6)
    assert most[0] == pytest.approx(before[0] - 20)


def test_an_area_that_is_all_but_communal_is_kept_and_said(town: MisInputs) -> None:
    # A hall of residence: everyone but 30 people lives in the establishment.
    residents = town.ages.loc[FIRST].sum() if town.ages is not None else 0.0
    communal = pd.Series(np.where(town.areas.index == FIRST, residents - 30, 0.0), index=town.areas.index)
    tables = reconcile(replace(town, communal=communal))
    assert tables.household_residents[0] == pytest.approx(30)
    assert any(line.startswith(f"{FIRST}: fewer residents outside") for line in tables.report)


BUDGETS = (files("mis") / "budgets" / "2025.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("year = 2025\n", 'year = "twenty"\n', r"year is 'twenty'"),
        ("weekly = 304.93", "weekly = inf", r"lines.single: weekly is inf"),
        ("weekly = 304.93", "weekly = true", r"lines.single: weekly is True"),
        ("single = [75.60, ", "single = [", r"components: single needs 16 numbers.*has 15"),
        ("single = [469.67, 338.72, 304.93, 447.26]", "", r"published_totals: single needs 4 numbers"),
        ("names = [", "namen = [", r"components: names is missing"),
        ("saving_mean = 0.20\n", "", r"sharing: saving_mean is None"),
        ("saving_mean = 0.20\n", "saving_mean = 20\n", r"saving_mean is 20; expected a number from 0 to 1"),
        ("factor = 0.97823\n", "factor = 0\n", r"reference_year: factor is 0"),
        ("further = { single = 1.50 }", "further = { single = -1.5 }", r"-1.5 units of single"),
        ("first = { single = 1.0 }", "first = { grown_family = 1.0 }", r"grown_family is itself built"),
        ('title = "A Min', 'titel = "A Min', r"reference: title is missing"),
    ],
)
def test_budgets_that_cannot_be_right_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in BUDGETS
    path = tmp_path / "own.toml"
    path.write_text(BUDGETS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BudgetError, match=rf"own\.toml.*{message}"):
        read_budgets(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match=r"there is no file gone\.toml"):
        read_budgets(tmp_path / "gone.toml")
    with pytest.raises(TargetsError, match=r"there is no file gone\.toml"):
        read_facts(tmp_path / "gone.toml")
    with pytest.raises(ParametersError, match=r"there is no file gone\.json"):
        read_parameters(tmp_path / "gone.json")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_bytes(b'title = "\xa3"')
    with pytest.raises(BudgetError, match=r"other\.txt is not UTF-8"):
        read_budgets(path)
    path.write_text("hello")
    with pytest.raises(BudgetError, match=r"other\.txt is not TOML"):
        read_budgets(path)
    with pytest.raises(TargetsError, match=r"other\.txt is not TOML"):
        read_facts(path)
    with pytest.raises(ParametersError, match=r"other\.txt is not JSON"):
        read_parameters(path)
    path.write_text('release = "HBAI FYE 2025"')
    with pytest.raises(TargetsError, match=r"other\.txt lacks period"):
        read_facts(path)
