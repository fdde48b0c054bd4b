"""Real Luton, read from the England-wide files: the figures that the method page quotes."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from mis import MisInputs, MisSettings, estimate_shortfall, summarise
from mis.distribution import Widths, mean_factor
from mis.draws import Spreads
from mis.estimate import ShortfallEstimate
from mis.plan import cell_arrays, drawn_means
from mis.summary import total_of

ROOT = Path(__file__).resolve().parents[2]


def _benchmark(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def luton(real_data: Path) -> MisInputs:
    if not (ROOT / "benchmarks" / "calibrate_mis.py").is_file():
        pytest.skip("needs the checkout's benchmarks folder, which an installed wheel does not have")
    inputs = _benchmark("calibrate_mis").read_england(real_data)
    return replace(inputs, areas=inputs.areas[inputs.areas["district"] == "E06000032"])


@pytest.fixture(scope="module")
def estimate(luton: MisInputs) -> ShortfallEstimate:
    return estimate_shortfall(luton, settings=MisSettings(draws=250))


def test_luton_has_about_half_of_its_people_below(estimate: ShortfallEstimate) -> None:
    assert len(estimate.codes) == 125
    share = total_of(estimate, "people_below") / total_of(estimate, "people")
    low, middle, high = np.quantile(share, [0.05, 0.5, 0.95])
    assert 0.44 < low < middle < high < 0.64
    assert middle == pytest.approx(0.54, abs=0.02)
    pounds = np.median(total_of(estimate, "shortfall"))
    assert pounds == pytest.approx(9.6e6, rel=0.1)


def test_the_two_anchors_are_reported_side_by_side(estimate: ShortfallEstimate) -> None:
    share = np.median(estimate.draws["people_below"] / estimate.draws["people"], axis=1)
    assert np.corrcoef(share, estimate.anchor)[0, 1] > 0.9
    assert any("income-deprivation rate instead" in note for note in estimate.notes)


def _modelled_msoa_means(estimate: ShortfallEstimate) -> pd.DataFrame:
    """Household mean income of each MSOA in every draw, added up over cells from the levels solved.

    Nothing is taken from the solver: the plain formulas, on the composition and widths of each draw.
    """
    state = estimate.state
    assert state is not None
    plan, arrays = state.plan, cell_arrays(state.plan, state.members)
    shape = plan.national.shape
    income, households = [], plan.tables.tenure.sum(axis=1)
    for area in range(len(state.members)):
        weight = arrays["counts"][area][None] * arrays["noise"][area][:, :, None]
        drawn = np.maximum(weight.sum(axis=1), 1e-300)  # an area may have no household of a tenure
        weight = weight * (arrays["tenure"][area] / drawn)[:, None, :]
        factor = arrays["kappa"][arrays["region"][area]][:, None, None] * arrays["rho"][None]
        widths = Widths(
            arrays["lower"][:, :, None] * factor,
            arrays["upper"][:, None, None] * factor,
            arrays["wide"][None, :, None],
        )
        level = shape.follow[:, :, None] * state.level[area][:, None, None]
        mean = np.exp(arrays["offset"] + level) * mean_factor(widths) * (1 - arrays["zero"])[:, None, None]
        income.append((weight * mean).sum(axis=(1, 2)))
    sums = pd.DataFrame(income).groupby(plan.tables.msoa).sum()
    return sums.div(pd.Series(households).groupby(plan.tables.msoa).sum(), axis=0)


def test_all_21_msoa_means_of_luton_are_those_of_ons_in_every_draw(luton: MisInputs) -> None:
    # Identity, not evidence. With ONS's own errors and the drift since set to nothing, every other
    # component drawn (lines, shapes, slope, composition, levels inside MSOAs), the mean of each MSOA
    # relative to England is ONS's in every draw.
    exact = Spreads(published=0.0, msoa_drift=0.0, district_drift=0.0)
    estimate = estimate_shortfall(luton, settings=MisSettings(draws=100, seed=3, spreads=exact))
    assert estimate.state is not None
    plan = estimate.state.plan
    means = _modelled_msoa_means(estimate) / plan.national.mean_income
    assert len(means) == 21
    relative = luton.income.loc[means.index, "mean"].to_numpy() / plan.parameters.ons_mean
    assert np.abs(means.to_numpy() / relative[:, None] - 1).max() < 1e-3
    below = estimate.draws["people_below"].sum(axis=0)
    assert below.std() / below.mean() > 0.03


def test_with_ons_errors_drawn_every_draw_keeps_its_own_msoa_means(estimate: ShortfallEstimate) -> None:
    # What is drawn for an MSOA is what its cells add up to, and around ONS's figure it spreads as
    # ONS's limits and the drift say.
    assert estimate.state is not None
    plan, members = estimate.state.plan, estimate.state.members
    means = _modelled_msoa_means(estimate)
    drawn = pd.DataFrame(drawn_means(plan, members) * plan.tables.households[:, None])
    households = pd.Series(plan.tables.households).groupby(plan.tables.msoa).sum()
    drawn = drawn.groupby(plan.tables.msoa).sum().div(households, axis=0)
    assert np.abs(means / drawn - 1).to_numpy().max() < 1e-3
    published = pd.Series(plan.tables.income_mean).groupby(plan.tables.msoa).first()
    gap = np.log(drawn / plan.national.mean_income).sub(np.log(published / plan.parameters.ons_mean), axis=0)
    assert np.abs(gap.mean(axis=1)).max() < 0.025
    assert gap.std(axis=1).to_numpy() == pytest.approx(0.075, abs=0.015)


def test_the_order_of_areas_is_that_of_deprivation_without_having_seen_it(luton: MisInputs) -> None:
    blind = estimate_shortfall(replace(luton, income_rate=None), settings=MisSettings(draws=50))
    share = np.median(blind.draws["people_below"] / blind.draws["people"], axis=1)
    assert luton.income_rate is not None
    assert spearmanr(share, luton.income_rate.loc[blind.codes])[0] > 0.85


def test_every_area_of_luton_has_a_figure_with_its_range(estimate: ShortfallEstimate) -> None:
    figures = summarise(estimate, authority="E06000032")
    share = figures[figures["indicator"] == "mis_people_below_share"]
    assert len(share) == 125
    assert (share["status"] == "ok").all()
    assert (share["high"] - share["low"]).mean() == pytest.approx(0.25, abs=0.04)
