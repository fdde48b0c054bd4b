"""Exact moments of the income distribution inside a cell, against numerical integration."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from mis.distribution import (
    WIDE,
    Widths,
    density,
    mean_factor,
    partial_moment,
    poverty_gap,
    share_below,
    squared_gap,
)

WIDTH = st.floats(0.2, 1.0)
LINE = st.floats(-1.5, 1.5)
SHARE = st.floats(0, 1)


def make_widths(lower: float, upper: float, wide: float) -> Widths:
    return Widths(np.array(lower), np.array(upper), np.array(wide))


def _normal(score: float, width: float) -> float:
    return float(np.exp(-0.5 * (score / width) ** 2) / (np.sqrt(2 * np.pi) * width))


def _density(score: float, lower: float, upper: float, wide: float) -> float:
    if score > 0:
        return _normal(score, upper)
    return (1 - wide) * _normal(score, lower) + wide * _normal(score, WIDE * lower)


def _integral(power: float, line: float, lower: float, upper: float, wide: float) -> float:
    ends = sorted({-14.0, min(line, 0.0), line})
    return sum(
        quad(
            lambda score: np.exp(power * score) * _density(score, lower, upper, wide),
            low,
            high,
            epsabs=1e-12,
            epsrel=1e-11,
            limit=200,
        )[0]
        for low, high in pairwise(ends)
    )


@pytest.mark.parametrize("power", [0, 1, 2])
@pytest.mark.parametrize(
    ("line", "lower", "upper", "wide"),
    [(-0.5, 0.6, 0.5, 0.0), (0.4, 0.4, 0.5, 0.3), (0.0, 0.3, 0.9, 1.0), (-1.2, 0.5, 0.4, 0.45)],
)
def test_partial_moments_equal_numerical_integration(
    power: int, line: float, lower: float, upper: float, wide: float
) -> None:
    exact = float(partial_moment(power, np.array(line), make_widths(lower, upper, wide)))
    assert exact == pytest.approx(_integral(power, line, lower, upper, wide), abs=1e-8)
    assert float(density(np.array(line), make_widths(lower, upper, wide))) == pytest.approx(
        _density(line, lower, upper, wide)
    )


def test_the_mean_of_a_plain_lognormal_is_the_textbook_one() -> None:
    assert float(mean_factor(make_widths(0.5, 0.5, 0.0))) == pytest.approx(np.exp(0.125))


def test_the_mean_is_the_first_moment_below_an_infinite_line() -> None:
    widths = make_widths(0.4, 0.5, 0.3)
    assert float(mean_factor(widths)) == pytest.approx(float(partial_moment(1, np.array(np.inf), widths)))


@given(LINE, WIDTH, WIDTH, SHARE, st.floats(0, 0.05))
def test_gaps_lie_between_nothing_and_the_share_below(
    line: float, lower: float, upper: float, wide: float, zero: float
) -> None:
    arguments = np.array(line), make_widths(lower, upper, wide), np.array(zero)
    share, gap, squared = share_below(*arguments), poverty_gap(*arguments), squared_gap(*arguments)
    assert zero - 1e-9 <= squared <= gap + 1e-9
    assert gap <= share + 1e-9
    assert share <= 1 + 1e-9


@given(LINE, st.floats(0, 1), WIDTH, WIDTH, SHARE)
def test_a_higher_line_never_has_fewer_below_it(
    line: float, more: float, lower: float, upper: float, wide: float
) -> None:
    widths, zero = make_widths(lower, upper, wide), np.array(0.01)
    low, high = np.array(line), np.array(line + more)
    assert share_below(low, widths, zero) <= share_below(high, widths, zero) + 1e-12
    assert poverty_gap(low, widths, zero) <= poverty_gap(high, widths, zero) + 1e-9
