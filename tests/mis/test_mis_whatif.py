"""What-if: additive pounds, the same draws, and a difference with its own range."""

from __future__ import annotations

import numpy as np
import pytest

from geo.crosswalk import nested
from geo.geography import Geography
from mis import MisInputs, MisSettings, aggregate, estimate_shortfall
from mis.estimate import ShortfallEstimate
from mis.summary import total_of
from mis.whatif import Change, Difference, WhatIfError, summarise_difference, what_if

LSOA21, LAD25, MSOA21 = Geography("lsoa", 2021), Geography("lad", 2025), Geography("msoa", 2021)
CHILD = Change("£20 a week for each child", 20.0, per_child=True)


@pytest.fixture(scope="module")
def estimate(town: MisInputs) -> ShortfallEstimate:
    return estimate_shortfall(town, settings=MisSettings(draws=80, seed=5))


@pytest.fixture(scope="module")
def difference(estimate: ShortfallEstimate) -> Difference:
    return what_if(estimate, CHILD)


def test_a_gain_never_puts_anyone_below(difference: Difference) -> None:
    for name in ("people_below", "children_below", "shortfall", "gap", "people_below_50"):
        assert (difference.estimate.draws[name] <= 1e-4).all()
    assert (total_of(difference.estimate, "children_below") < 0).all()
    assert (difference.estimate.draws["people"] == 0).all()


def test_nothing_changes_where_nobody_gains(estimate: ShortfallEstimate) -> None:
    for change in (Change("nothing", 0.0), Change("no uptake", 50.0, uptake=0.0)):
        nothing = what_if(estimate, change)
        assert all((values == 0).all() for values in nothing.estimate.draws.values())
        assert nothing.cost.sum() == 0


def test_a_child_payment_leaves_pensioners_where_they_were(difference: Difference) -> None:
    by_type = difference.estimate.by_type["E06000900"]
    assert by_type["couple_pensioner"]["people_below"].max() == 0
    assert by_type["single_pensioner"]["people_below"].min() == 0
    assert by_type["couple_2"]["people_below"].max() < 0


def test_the_cost_is_children_times_the_payment(estimate: ShortfallEstimate, difference: Difference) -> None:
    from mis.household_types import household_types

    assert estimate.state is not None
    counts = estimate.state.plan.households.counts.sum(axis=2)
    assert difference.cost == pytest.approx(counts @ household_types().children * 20.0)
    assert (difference.cost_below > 0.3).all()
    assert (difference.cost_below < 1.0).all()


def test_no_pound_closes_more_than_a_pound_of_shortfall(difference: Difference) -> None:
    closed = -total_of(difference.estimate, "shortfall")
    assert (closed <= difference.cost.sum() * 1.15).all()  # the composition is drawn, the cost is central
    assert (closed > 0.2 * difference.cost.sum()).all()


def test_a_large_gain_for_all_leaves_nobody_below(estimate: ShortfallEstimate) -> None:
    rich = what_if(estimate, Change("£3,000 a week for everyone", 3000.0))
    assert estimate.draws["people_below"] + rich.estimate.draws["people_below"] == pytest.approx(
        0.0, abs=0.01
    )
    assert estimate.draws["shortfall"] + rich.estimate.draws["shortfall"] == pytest.approx(0.0, abs=1.0)


def test_a_rent_rise_is_a_loss_of_income(estimate: ShortfallEstimate) -> None:
    loss = what_if(estimate, Change("£15 more rent", -15.0, tenures=("private_rented",)))
    assert (total_of(loss.estimate, "people_below") > 0).all()
    assert (loss.cost < 0).all()


def test_half_the_uptake_makes_half_the_difference(estimate: ShortfallEstimate) -> None:
    whole = what_if(estimate, Change("pension credit", 40.0, types=("single_pensioner",)))
    half = what_if(estimate, Change("pension credit", 40.0, types=("single_pensioner",), uptake=0.5))
    assert half.estimate.draws["people_below"] * 2 == pytest.approx(
        whole.estimate.draws["people_below"], rel=1e-4
    )


def test_the_difference_is_known_better_than_either_level(
    estimate: ShortfallEstimate, difference: Difference
) -> None:
    to_district = nested(
        LSOA21, LAD25, {str(code): "E06000900" for code in estimate.codes}, method="invented"
    )
    figures = summarise_difference(difference, to_district).set_index("indicator")
    row = figures.loc["mis_whatif_people_below_share"]
    level = aggregate(estimate, to_district)
    share = level.draws["people_below"][0] / level.draws["people"][0]
    assert row["high"] - row["low"] < np.quantile(share, 0.95) - np.quantile(share, 0.05)
    assert row["value"] < 0
    assert row["floor"] == "wd25"
    assert row["group"] == CHILD.label


def test_differences_below_wards_are_refused(difference: Difference) -> None:
    pairs = {str(code): "E02900000" for code in difference.estimate.codes}
    with pytest.raises(WhatIfError, match="wards and districts"):
        summarise_difference(difference, nested(LSOA21, MSOA21, pairs, method="invented"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change("x", 5.0, types=("families",)), '"families" is not a household type'),
        (Change("x", 5.0, tenures=("council",)), '"council" is not a tenure'),
        (Change("x", 5.0, uptake=40.0), "uptake is 40"),
        (Change("x", float("nan")), "weekly is nan"),
    ],
)
def test_wrong_changes_are_refused_by_name(estimate: ShortfallEstimate, change: Change, message: str) -> None:
    with pytest.raises(WhatIfError, match=message):
        what_if(estimate, change)


def test_an_estimate_without_state_is_refused(town: MisInputs) -> None:
    bare = estimate_shortfall(town, settings=MisSettings(draws=5, keep_state=False))
    with pytest.raises(WhatIfError, match="keep_state=True"):
        what_if(bare, CHILD)
