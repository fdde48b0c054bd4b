"""Budgets: the published totals follow from their components, and wrong files are refused."""

from __future__ import annotations

import csv
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from mis import MisInputs, MisSettings, estimate_shortfall
from mis.household_types import household_types
from mis.lines import BudgetError, check_components, read_budgets

TEXT = (files("mis") / "budgets" / "2025.toml").read_text(encoding="utf-8")


def test_every_published_total_is_recomputed_within_3p() -> None:
    entries = tomllib.loads(TEXT)
    recomputed = check_components(entries, where="2025.toml")
    assert len(recomputed) == 4
    for household, totals in recomputed.items():
        assert totals == pytest.approx(entries["published_totals"][household], abs=0.03)


def test_the_components_are_those_of_the_publication(real_data: Path) -> None:
    with (real_data / "mis" / "mis2025_table2.csv").open(newline="") as handle:
        rows = [row for row in csv.reader(handle) if row]
    numbers = {float(cell) for row in rows for cell in row if cell.replace(".", "").isdigit()}
    entries = tomllib.loads(TEXT)["components"]
    ours = {value for name, values in entries.items() if name != "names" for value in values}
    assert {float(value) for value in ours} <= numbers | {0.0}


def test_a_published_line_is_the_budget_without_rent_childcare_council_tax_and_water() -> None:
    lines = read_budgets().lines
    assert lines["single"].weekly == 304.93
    assert lines["couple_2"].weekly == 790.20
    assert lines["lone_parent_2"].weekly == 624.24
    assert lines["couple_pensioner"].weekly == 387.36
    published = [name for name, line in lines.items() if line.status == "published"]
    assert len(published) == 4


def test_every_line_lies_above_the_low_income_line_of_its_type() -> None:
    # 0.6 of the median of FYE 2025 (623.14), by the HBAI scale: a standard below it could not be one.
    types = household_types()
    weekly = read_budgets().weekly()
    assert (weekly > 0.6 * 623.14 * types.scale).all()


def test_a_shared_household_pays_less_for_each_further_unit() -> None:
    # Sharers: one whole single line and two more less the saving.
    budgets = read_budgets()
    single = 304.93 * budgets.factor
    position = household_types().index("sharers")
    assert budgets.weekly(saving=0.2)[position] == pytest.approx(single * (1 + 2 * 0.8))
    assert budgets.weekly(saving=0.0)[position] == pytest.approx(3 * single)


def test_an_error_of_a_unit_line_enters_the_line_built_from_it() -> None:
    budgets = read_budgets()
    types = household_types()
    errors = np.zeros(len(types))
    errors[types.index("single")] = 0.1
    assert budgets.weekly(errors=errors)[types.index("sharers")] == pytest.approx(
        budgets.weekly()[types.index("sharers")] * np.exp(0.1)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("weekly = 304.93", 'weekly = "n/a"'), "single.*weekly is 'n/a'"),
        (("weekly = 304.93", "weekly = -1"), "single.*more than nothing"),
        (('status = "published"', 'status = "guessed"'), "guessed"),
        (("[lines.couple_3]", "[lines.couple_33]"), "no line for couple_3"),
        (("75.60, 8.26", "85.60, 8.26"), "components of single add up to 479.67"),
        (("year = 2025", "year ="), "not TOML"),
    ],
)
def test_a_wrong_file_of_budgets_is_refused_by_name(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(TEXT.replace(*change, 1), encoding="utf-8")
    with pytest.raises(BudgetError, match=message):
        read_budgets(path)


def test_budgets_of_another_year_need_a_stated_index(tmp_path: Path) -> None:
    path = tmp_path / "2024.toml"
    text = TEXT.replace("year = 2025", "year = 2024", 1).replace("FYE 2025", "FYE 2024")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BudgetError, match="holds budgets of 2024"):
        read_budgets(path)
    with pytest.raises(BudgetError):
        read_budgets(path, uprate=1.04)
    uprated = read_budgets(path, uprate=1.04, index="CPI all items")
    assert uprated.weekly() == pytest.approx(read_budgets().weekly() * 1.04)
    assert "CPI all items" in uprated.title
    assert uprated.reference_label == "FYE 2025"
    assert read_budgets(path, year=2024).reference_label == "FYE 2024"
    path.write_text(text.replace('"FYE 2024"', '"the year"'), encoding="utf-8")
    with pytest.raises(BudgetError, match="the year"):
        read_budgets(path, uprate=1.04, index="CPI all items")


def test_lines_of_another_year_than_incomes_are_refused(tmp_path: Path, town: MisInputs) -> None:
    path = tmp_path / "2024.toml"
    text = TEXT.replace("year = 2025", "year = 2024", 1).replace("FYE 2025", "FYE 2024")
    path.write_text(text, encoding="utf-8")
    settings = MisSettings(draws=5)
    with pytest.raises(BudgetError, match=r"2024\.toml: the lines describe FYE 2024, incomes FYE 2025"):
        estimate_shortfall(town, budgets=read_budgets(path, year=2024), settings=settings)
    uprated = read_budgets(path, uprate=1.04, index="CPI all items")
    assert estimate_shortfall(town, budgets=uprated, settings=settings).reference_year == "FYE 2025"


def test_a_line_under_the_low_income_line_of_its_type_is_refused(tmp_path: Path, town: MisInputs) -> None:
    # What an earnings example gives for single pensioners, under the 217 pounds of HBAI.
    path = tmp_path / "ours.toml"
    path.write_text(TEXT.replace("weekly = 260.00", "weekly = 205.00", 1), encoding="utf-8")
    with pytest.raises(BudgetError, match=r"single_pensioner: 200\.\d\d .* 5% under .* 216\.85"):
        estimate_shortfall(town, budgets=read_budgets(path), settings=MisSettings(draws=5))
    path.write_text(TEXT.replace("weekly = 260.00", "weekly = 215.00", 1), encoding="utf-8")
    near = estimate_shortfall(town, budgets=read_budgets(path), settings=MisSettings(draws=5))
    assert any("line of single_pensioner (210." in note and "216.85" in note for note in near.notes)
    plain = estimate_shortfall(town, settings=MisSettings(draws=5))
    assert not any("low-income line" in note for note in plain.notes)
