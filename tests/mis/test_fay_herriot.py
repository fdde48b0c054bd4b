"""The area model, held to a published fit, to closed form and to simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from mis.fay_herriot import AreaModelError, fit_area_model


def test_the_milk_areas_as_published(reference: Path) -> None:
    # Milk expenditure in 43 areas, Arora and Lahiri (1997), Statistica Sinica 7: the data set `milk` of
    # the R package sae. The rows are not ours to carry; these are what its `eblupFH` gives for them.
    path = reference / "sae" / "milk.csv"
    if not path.is_file():
        pytest.skip("needs real files: milk.csv of the R package sae, in the folder sae of the references")
    milk = pd.read_csv(path)
    major = milk["MajorArea"].to_numpy()
    covariates = np.column_stack([np.ones(43)] + [(major == k).astype(float) for k in (2, 3, 4)])
    got = fit_area_model(milk["yi"], milk["SD"] ** 2, covariates)
    assert got.variance == pytest.approx(0.0185503, abs=2e-6)
    assert got.coefficients == pytest.approx([0.968189, 0.132780, 0.226946, -0.241301], abs=3e-6)
    assert got.errors == pytest.approx([0.069362, 0.103001, 0.092330, 0.081617], abs=3e-6)
    assert got.estimate[:5] == pytest.approx([1.021971, 1.047602, 1.067951, 0.760817, 0.846157], abs=3e-6)
    assert got.mse[:5] == pytest.approx([0.013460, 0.005373, 0.005702, 0.008542, 0.009580], abs=1e-6)


def test_three_regions_of_equal_precision_worked_by_hand() -> None:
    # Areas of three regions, dummies for the second and third, every sampling variance D = 1:
    #
    #   region 1:  0  2  4      mean 2, squares around it 8
    #   region 2:  5  9         mean 7,                   8
    #   region 3:  1  1  4  6   mean 3,                  18
    #
    # REML's A + D is 34 / (9 - 3) = 17/3, so A = 14/3 and an area keeps 14/17 of its distance.
    direct = np.array([0.0, 2, 4, 5, 9, 1, 1, 4, 6])
    region = np.array([1, 1, 1, 2, 2, 3, 3, 3, 3])
    covariates = np.column_stack([np.ones(9), region == 2, region == 3]).astype(float)
    got = fit_area_model(direct, np.ones(9), covariates)
    assert got.variance == pytest.approx(14 / 3, rel=1e-8)
    assert got.coefficients == pytest.approx([2.0, 5.0, 1.0])
    whole = 17 / 3
    assert got.errors**2 == pytest.approx([whole / 3, whole * (1 / 3 + 1 / 2), whole * (1 / 3 + 1 / 4)])
    mean = np.array([2, 2, 2, 7, 7, 3, 3, 3, 3])
    assert got.estimate == pytest.approx(mean + 14 / 17 * (direct - mean), rel=1e-8)
    # 14/17, the mean's own error seen through 3/17, and twice the error of A: 2 x 2/9 of 1/(A + D).
    size = np.array([3, 3, 3, 2, 2, 4, 4, 4, 4])
    assert got.mse == pytest.approx(14 / 17 + (3 / 17) ** 2 * whole / size + 4 / 9 * 3 / 17, rel=1e-8)


def test_unequal_variances_agree_with_the_likelihood_itself() -> None:
    # The same model from its definition: the restricted likelihood searched for its top, then
    # generalised least squares with whole matrices.
    random = np.random.default_rng(43)
    x = np.column_stack([np.ones(40), random.normal(size=40), random.integers(0, 2, 40)])
    d = random.uniform(0.05, 0.6, 40)
    y = x @ [1.0, 0.4, -0.5] + random.normal(0, np.sqrt(0.2), 40) + random.normal(0, np.sqrt(d))

    def gls(a: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        inverse = np.linalg.inv(np.diag(a + d))
        spread = np.linalg.inv(x.T @ inverse @ x)
        return inverse, spread, spread @ x.T @ inverse @ y

    def unlikely(a: float) -> float:
        inverse, spread, beta = gls(a)
        rest = y - x @ beta
        return float(np.log(a + d).sum() - np.linalg.slogdet(spread)[1] + rest @ inverse @ rest)

    a = float(minimize_scalar(unlikely, bounds=(1e-6, 3.0), method="bounded", options={"xatol": 1e-9}).x)
    inverse, spread, beta = gls(a)
    got = fit_area_model(y, d, x)
    assert got.variance == pytest.approx(a, abs=1e-5)
    assert got.coefficients == pytest.approx(beta, abs=1e-5)
    assert got.errors == pytest.approx(np.sqrt(np.diag(spread)), abs=1e-5)
    assert got.estimate == pytest.approx(x @ beta + a * (inverse @ (y - x @ beta)), abs=1e-5)


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
