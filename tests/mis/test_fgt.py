"""Measures of shortfall, held to hand-worked figures and to their laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mis.fgt import IncomeError, fgt, gini, measure_shortfall

# Four households. Each has a line of its own:
#
#   income  100   150   300   400
#   line    200   200   400   250
#   ratio   0.5   0.75  0.75  1.6     gaps 0.5, 0.25, 0.25, 0
INCOME = [100.0, 150.0, 300.0, 400.0]
LINE = [200.0, 200.0, 400.0, 250.0]


def test_four_households_worked_by_hand() -> None:
    got = measure_shortfall(INCOME, LINE)
    assert got.below == pytest.approx(3 / 4)
    assert got.gap == pytest.approx(1.0 / 4)
    assert got.severity == pytest.approx((0.25 + 0.0625 + 0.0625) / 4)
    assert got.depth == pytest.approx(1 / 3)
    assert got.watts == pytest.approx((np.log(2) + 2 * np.log(4 / 3)) / 4)
    # Gini of 0.5, 0.75, 0.75: mean absolute difference 4 × 0.25 / 9 over twice the mean 2/3.
    spread = (4 * 0.25 / 9) / (2 * 2 / 3)
    assert gini([0.5, 0.75, 0.75]) == pytest.approx(spread)
    assert got.sen == pytest.approx(3 / 4 * (1 / 3 + 2 / 3 * spread))
    assert measure_shortfall(INCOME, LINE, band=0.75).below == pytest.approx(1 / 4)


def test_people_are_counted_by_weighting_households() -> None:
    got = measure_shortfall(INCOME, LINE, weight=[1.0, 4.0, 2.0, 3.0])
    assert got.below == pytest.approx(0.7)
    assert got.gap == pytest.approx((0.5 + 1.0 + 0.5) / 10)
    repeated = np.repeat(np.arange(4), [1, 4, 2, 3])
    alone = measure_shortfall(np.array(INCOME)[repeated], np.array(LINE)[repeated])
    assert alone.sen == pytest.approx(got.sen)
    assert alone.watts == pytest.approx(got.watts)


def test_a_negative_income_counts_as_none_and_is_reported() -> None:
    got = measure_shortfall([-50.0, 0.0, 100.0, 300.0], 200.0)
    assert got.gap == pytest.approx((1 + 1 + 0.5) / 4)
    assert got.negative == pytest.approx(0.25)
    assert got.floored == pytest.approx(0.5)
    assert got.watts == pytest.approx((2 * np.log(100) + np.log(2)) / 4)


def test_nobody_below_has_no_depth_and_nobody_at_all_has_no_share() -> None:
    rich = measure_shortfall([300.0], 200.0)
    assert rich.below == rich.gap == rich.sen == 0
    assert np.isnan(rich.depth)
    none = measure_shortfall([], [])
    assert np.isnan(none.below)
    assert none.weight == 0


def test_the_income_data_of_the_package_sae(reference: Path) -> None:
    # 17,199 people of 52 provinces; the line is 0.6 of the median. The rows are not ours to carry.
    path = reference / "sae" / "incomedata.csv"
    if not path.is_file():
        pytest.skip("needs real files: incomedata.csv of the R package sae, in the folder sae of references")
    people = pd.read_csv(path)
    line = 0.6 * float(people["income"].median())
    assert line == pytest.approx(6477.484, abs=1e-3)
    plain = measure_shortfall(people["income"], line)
    assert (plain.below, plain.gap, plain.severity) == pytest.approx((0.2185592, 0.0729128, 0.0376248))
    weighted = measure_shortfall(people["income"], line, weight=people["weight"])
    assert (weighted.below, weighted.gap, weighted.severity) == pytest.approx(
        (0.2148060, 0.0723770, 0.0376715), abs=1e-7
    )


def test_the_income_survey_of_the_package_laeken(reference: Path) -> None:
    # 14,827 people of a synthetic Austrian EU-SILC: the data set `eusilc` of the R package laeken, whose
    # vignette prints the at-risk-of-poverty threshold, the rate at 0.4, 0.5 and 0.6 of the median, and the
    # relative median gap. The rows are not ours to carry.
    path = reference / "laeken" / "eusilc.csv"
    if not path.is_file():
        pytest.skip(
            "needs real files: eusilc.csv of the R package laeken, in the folder laeken of references"
        )
    people = pd.read_csv(path).sort_values("eqIncome", kind="stable")
    income, weight = people["eqIncome"].to_numpy(), people["rb050"].to_numpy()

    def median(chosen: np.ndarray) -> float:
        within = np.cumsum(weight[chosen])
        return float(income[chosen][np.searchsorted(within, within[-1] / 2)])

    middle = median(np.ones(len(income), dtype=bool))
    assert 0.6 * middle == pytest.approx(10859.24, abs=5e-3)
    for share, published in ((0.4, 4.766885), (0.5, 7.988134), (0.6, 14.44422)):
        got = measure_shortfall(income, share * middle, weight=weight)
        assert 100 * got.below == pytest.approx(published, abs=6e-6)
    line = 0.6 * middle
    assert 100 * (1 - median(income < line) / line) == pytest.approx(18.9286, abs=5e-5)


HOUSEHOLDS = st.lists(
    st.tuples(st.floats(0, 2000), st.floats(50, 900), st.floats(0.01, 9)), min_size=1, max_size=40
)


@given(HOUSEHOLDS, st.floats(0.01, 100))
@settings(deadline=None)
def test_units_of_money_and_weight_change_nothing(
    rows: list[tuple[float, float, float]], unit: float
) -> None:
    income, line, weight = (np.array(column) for column in zip(*rows, strict=True))
    near = np.abs(income / line - 1) < 1e-9
    income = np.where(near, line * 1.01, income)
    one = measure_shortfall(income, line, weight=weight)
    two = measure_shortfall(income * unit, line * unit, weight=weight * unit)
    for name in ("below", "gap", "severity", "watts", "sen"):
        assert getattr(two, name) == pytest.approx(getattr(one, name), abs=1e-9)


@given(HOUSEHOLDS)
@settings(deadline=None)
def test_measures_keep_their_order(rows: list[tuple[float, float, float]]) -> None:
    income, line, weight = (np.array(column) for column in zip(*rows, strict=True))
    got = measure_shortfall(income, line, weight=weight)
    assert 1 + 1e-12 >= got.below >= got.gap - 1e-12 >= got.severity - 2e-12 >= -3e-12
    assert got.gap - 1e-12 <= got.sen <= got.below + 1e-12
    assert fgt(income, line, alpha=1, weight=weight) == pytest.approx(got.gap)
    assert fgt(income, line, alpha=0, weight=weight) == pytest.approx(got.below)
    richer = measure_shortfall(income + 10, line, weight=weight)
    assert richer.gap <= got.gap + 1e-12


@given(HOUSEHOLDS, HOUSEHOLDS)
@settings(deadline=None)
def test_the_measure_of_a_town_is_the_weighted_mean_of_its_parts(
    here: list[tuple[float, float, float]], there: list[tuple[float, float, float]]
) -> None:
    parts = [measure_shortfall(*np.array(rows).T[:2], weight=np.array(rows).T[2]) for rows in (here, there)]
    whole = np.array(here + there).T
    both = measure_shortfall(whole[0], whole[1], weight=whole[2])
    for name in ("below", "gap", "severity", "watts"):
        mean = sum(getattr(part, name) * part.weight for part in parts) / both.weight
        assert getattr(both, name) == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize(
    ("income", "line", "message"),
    [
        ([np.nan], [200.0], "household 1 has the income nan"),
        ([1.0, 2.0], [200.0, 0.0], "household 2 has the line 0"),
    ],
)
def test_missing_incomes_and_lines_of_zero_are_refused(
    income: list[float], line: list[float], message: str
) -> None:
    with pytest.raises(IncomeError, match=message):
        measure_shortfall(income, line)
