"""Real Luton, read from the England-wide files: the figures that the method page quotes."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy.stats import spearmanr

from mis import MisInputs, MisSettings, estimate_shortfall, summarise
from mis.estimate import ShortfallEstimate
from mis.plan import drawn_means
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


def test_msoa_means_of_luton_are_those_of_ons(luton: MisInputs, estimate: ShortfallEstimate) -> None:
    # Identity, in the average over draws of the log: every draw keeps its own MSOA mean exactly.
    state = estimate.state
    assert state is not None
    plan = state.plan
    means = drawn_means(plan, state.members) / plan.national.mean_income[None]
    households = plan.tables.households
    for code in dict.fromkeys(plan.tables.msoa):
        inside = plan.tables.msoa == code
        drawn = np.average(means[inside], axis=0, weights=households[inside])
        relative = luton.income.loc[code, "mean"] / plan.parameters.ons_mean
        assert np.log(drawn / relative).mean() == pytest.approx(0, abs=0.02)
        assert np.log(drawn / relative).std() == pytest.approx(0.075, abs=0.02)


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
