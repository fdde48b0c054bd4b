"""The area model, held to a published fit, to closed form and to simulation."""

from __future__ import annotations

import numpy as np
import pytest

from mis.fay_herriot import AreaModelError, fit_area_model

# Milk expenditure in 43 areas of the US Consumer Expenditure Survey 1989: direct estimate and
# standard error. Arora and Lahiri (1997), Statistica Sinica 7; also in You and Chambers (2006).
DIRECT = (
    "1.099 1.075 1.105 .628 .753 .981 1.257 1.095 1.405 1.356 .615 1.46 1.338 .854 1.176 1.111 1.257 1.43 1.278 "
    "1.292 1.002 1.183 1.044 1.267 1.193 .791 .795 .759 .796 .565 .886 .952 .807 .582 .684 .787 .44 .759 .77 .8 "
    ".756 .865 .64"
)
ERROR = (
    ".163 .08 .083 .109 .119 .141 .202 .127 .168 .178 .1 .201 .148 .143 .149 .145 .135 .172 .137 .163 .125 .247 "
    ".14 .171 .106 .121 .121 .259 .106 .089 .225 .205 .119 .067 .106 .126 .092 .132 .1 .113 .083 .121 .129"
)
MAJOR = np.repeat([1, 2, 3, 4], [7, 7, 11, 18])


def test_the_milk_areas_as_published() -> None:
    direct = np.array(DIRECT.split(), dtype=float)
    variance = np.array(ERROR.split(), dtype=float) ** 2
    covariates = np.column_stack([np.ones(43)] + [(k == MAJOR).astype(float) for k in (2, 3, 4)])
    got = fit_area_model(direct, variance, covariates)
    assert got.variance == pytest.approx(0.0185503, abs=2e-6)
    assert got.coefficients == pytest.approx([0.968189, 0.132780, 0.226946, -0.241301], abs=3e-6)
    assert got.errors == pytest.approx([0.069362, 0.103001, 0.092330, 0.081617], abs=3e-6)
    assert got.estimate[:5] == pytest.approx([1.021971, 1.047602, 1.067951, 0.760817, 0.846157], abs=3e-6)
    assert got.mse[:5] == pytest.approx([0.013460, 0.005373, 0.005702, 0.008542, 0.009580], abs=1e-6)


def test_equal_variances_give_the_textbook_closed_form() -> None:
    # With one variance D and only a mean, REML's A is the sample variance less D, and an area
    # keeps A / (A + D) of its distance from the mean.
    direct = np.array([1.0, 2.0, 4.0, 7.0, 11.0])
    got = fit_area_model(direct, np.full(5, 3.0), np.ones((5, 1)))
    a = direct.var(ddof=1) - 3.0
    assert got.variance == pytest.approx(a, rel=1e-8)
    assert got.coefficients == pytest.approx([5.0])
    assert got.estimate == pytest.approx(5 + a / (a + 3) * (direct - 5), rel=1e-8)


def test_where_sampling_error_explains_everything_the_regression_is_given() -> None:
    got = fit_area_model([1.0, 1.1, 0.9, 1.05], np.full(4, 4.0), np.ones((4, 1)))
    assert got.variance == 0
    assert got.estimate == pytest.approx([1.0125] * 4)


def test_an_area_without_records_is_predicted_from_its_covariates_with_a_wider_error() -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(60), rng.normal(size=60)])
    y = x @ [2.0, 1.0] + rng.normal(0, 0.5, 60) + rng.normal(0, 0.3, 60)
    y[7] = np.nan
    got = fit_area_model(y, np.full(60, 0.09), x)
    assert got.estimate[7] == pytest.approx(float(x[7] @ got.coefficients))
    assert got.kept[7] == 0
    assert got.mse[7] > np.delete(got.mse, 7).max()


def test_in_simulation_the_error_is_as_stated_and_less_than_the_direct_one() -> None:
    rng = np.random.default_rng(11)
    x = np.column_stack([np.ones(80), rng.normal(size=80)])
    variance = rng.uniform(0.1, 0.8, 80)
    error = np.zeros(80)
    stated = np.zeros(80)
    for _ in range(300):
        truth = x @ [1.0, 0.5] + rng.normal(0, np.sqrt(0.3), 80)
        got = fit_area_model(truth + rng.normal(0, np.sqrt(variance)), variance, x)
        error += (got.estimate - truth) ** 2 / 300
        stated += got.mse / 300
    assert stated.mean() == pytest.approx(error.mean(), rel=0.05)
    assert (error < variance).mean() > 0.95


@pytest.mark.parametrize(
    ("variance", "covariates", "message"),
    [
        ([1.0, 0.0, 1.0], np.ones((3, 1)), "area 2 has the sampling variance 0"),
        ([1.0, 1.0, 1.0], np.ones((3, 2)), "no covariate that is a sum of others"),
        ([1.0, 1.0, 1.0], np.array([[1.0], [np.nan], [1.0]]), "area 2 lacks a covariate"),
        ([1.0, 1.0], np.ones((3, 1)), "give one of each an area"),
    ],
)
def test_what_cannot_carry_a_model_is_refused(
    variance: list[float], covariates: np.ndarray, message: str
) -> None:
    with pytest.raises(AreaModelError, match=message):
        fit_area_model([1.0, 2.0, 3.0], variance, covariates)
