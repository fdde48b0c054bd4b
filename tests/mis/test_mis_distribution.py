"""Exact moments of the income distribution inside a cell, against numerical integration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from mis.distribution import mean_factor, partial_moment, poverty_gap, share_below, squared_gap

WIDTH = st.floats(0.2, 1.2)
LINE = st.floats(-1.5, 1.5)


def _density(log_income: float, median: float, lower: float, upper: float) -> float:
    width = lower if log_income < median else upper
    return float(np.exp(-0.5 * ((log_income - median) / width) ** 2) / (np.sqrt(2 * np.pi) * width))


def _integral(power: float, line: float, median: float, lower: float, upper: float) -> float:
    def part(log_income: float) -> float:
        return np.exp(power * log_income) * _density(log_income, median, lower, upper)

    ends = sorted({median - 10, min(line, median), line})
    return sum(quad(part, low, high, epsabs=1e-11, epsrel=1e-11)[0] for low, high in itertools.pairwise(ends))


@pytest.mark.parametrize("power", [0, 1, 2])
@pytest.mark.parametrize(("line", "lower", "upper"), [(-0.5, 0.6, 0.5), (0.4, 0.6, 0.5), (0.0, 0.3, 0.9)])
def test_partial_moments_equal_numerical_integration(
    power: int, line: float, lower: float, upper: float
) -> None:
    exact = float(partial_moment(power, np.array(line), np.array(0.1), np.array(lower), np.array(upper)))
    assert exact == pytest.approx(_integral(power, line, 0.1, lower, upper), abs=1e-8)


def test_the_mean_of_a_plain_lognormal_is_the_textbook_one() -> None:
    assert float(mean_factor(np.array(0.5), np.array(0.5))) == pytest.approx(np.exp(0.125))


@given(LINE, LINE, WIDTH, WIDTH, st.floats(0, 0.05))
def test_gaps_lie_between_nothing_and_the_share_below(
    line: float, median: float, lower: float, upper: float, zero: float
) -> None:
    arguments = [np.array(value) for value in (line, median, lower, upper, zero)]
    share, gap, squared = share_below(*arguments), poverty_gap(*arguments), squared_gap(*arguments)
    assert zero - 1e-9 <= squared <= gap + 1e-9
    assert gap <= share + 1e-9
    assert share <= 1 + 1e-9


@given(LINE, st.floats(0, 1), LINE, WIDTH, WIDTH)
def test_a_higher_line_never_has_fewer_below_it(
    line: float, more: float, median: float, lower: float, upper: float
) -> None:
    arguments = [np.array(value) for value in (median, lower, upper, 0.01)]
    assert share_below(np.array(line), *arguments) <= share_below(np.array(line + more), *arguments) + 1e-12
    assert poverty_gap(np.array(line), *arguments) <= poverty_gap(np.array(line + more), *arguments) + 1e-9
