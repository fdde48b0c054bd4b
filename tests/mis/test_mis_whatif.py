"""What-if: additive pounds, the same draws, and a difference with its own range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from geo.crosswalk import nested
from geo.geography import Geography
from mis import MisInputs, MisSettings, aggregate, estimate_shortfall
from mis.changes import MOST_IN_ONE_CELL, outcomes
from mis.distribution import Widths, poverty_gap, share_below
from mis.estimate import ShortfallEstimate
from mis.gains import GAIN_QUANTITIES
from mis.household_types import household_types
from mis.plan import cell_arrays
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


def test_nothing_changes_where_nobody_gains(estimate: ShortfallEstimate) -> None:
    for change in (Change("nothing", 0.0), Change("no uptake", 50.0, uptake=0.0)):
        nothing = what_if(estimate, change)
        assert all((values == 0).all() for values in nothing.estimate.draws.values())


def _after(
    measure: Callable[..., np.ndarray],
    gain: float,
    line: np.ndarray,
    scale: float,
    middle: np.ndarray,
    widths: Widths,
    zero: np.ndarray,
) -> np.ndarray:
    """A measure of what is left to the line after a gain of pounds; nobody is below where nothing is."""
    left = line - gain / scale
    found = measure(np.log(np.maximum(left, 1e-300)) - middle, widths, zero)
    return np.where(left > 0, found, 0.0)


def _slowly(estimate: ShortfallEstimate, changes: list[Change]) -> dict[str, np.ndarray]:
    """The same differences by the plain formulas, cell by cell, whoever is touched or not."""
    state = estimate.state
    assert state is not None
    plan, arrays, types = state.plan, cell_arrays(state.plan, state.members), household_types()
    median, shape = plan.parameters.median, plan.national.shape
    out = {name: np.zeros(state.level.shape) for name in (*GAIN_QUANTITIES, "cost", "cost_below")}
    sums = {name: np.zeros(state.level.shape) for name in ("people", "children", "pensioners")}
    for h in range(len(types)):
        for j in range(4):
            column = (arrays["counts"][:, None, :, j] * arrays["noise"]).sum(axis=2)
            w = arrays["counts"][:, h, j, None] * arrays["noise"][:, :, h]
            w = w * arrays["tenure"][:, j, None] / np.maximum(column, 1e-300)
            sums["people"] += w * types.size[h] * arrays["people"][:, None]
            sums["children"] += w * types.children[h]
            sums["pensioners"] += w * types.pensioners[h]
            factor = arrays["kappa"][arrays["region"]] * arrays["rho"][h, j]
            widths = Widths(arrays["lower"][:, h] * factor, arrays["upper"] * factor, arrays["wide"][h])
            middle = arrays["offset"][:, h, j] + shape.follow[:, h] * state.level
            line, zero = np.exp(arrays["line"][:, h]), arrays["zero"]
            # Who takes up one change takes up another or not, as chance has it.
            ways = [(0.0, 0.0, 1.0)]
            for one in changes:
                gain, uptake = (part[h, j] for part in one.cells())
                ways = [
                    (known + more, cost + more * one.paid, chance * part)
                    for known, cost, chance in ways
                    for more, part in ((0.0, 1 - uptake), (gain, uptake))
                ]

            held = (line, types.scale[h] * median, middle, widths, zero)
            for total, cost, chance in ways:
                out["cost"] += w * chance * cost
                out["cost_below"] += w * chance * cost * _after(share_below, 0.0, *held)
                change = {
                    share: chance
                    * (
                        _after(share_below, total, share * line, *held[1:])
                        - _after(share_below, 0.0, share * line, *held[1:])
                    )
                    for share in (1, 0.75, 0.5)
                }
                left = 1 - total / held[1] / line
                short = left * _after(poverty_gap, total, *held) - _after(poverty_gap, 0.0, *held)
                if total < 0:
                    # An income that the loss takes below nothing counts as nothing.
                    owed = -total / held[1]
                    short -= owed / line * _after(poverty_gap, 0.0, owed, *held[1:])
                short = chance * short
                people = w * types.size[h] * arrays["people"][:, None]
                out["people_below"] += people * change[1]
                out["people_below_75"] += people * change[0.75]
                out["people_below_50"] += people * change[0.5]
                out["children_below"] += w * types.children[h] * change[1]
                out["children_below_75"] += w * types.children[h] * change[0.75]
                out["pensioners_below"] += w * types.pensioners[h] * change[1]
                out["households_below"] += w * change[1]
                out["shortfall"] += w * arrays["weekly"][:, h] * short
                out["gap"] += people * short
    people, children, _, pensioners = arrays["bases"]
    out["gap"] *= people[:, None] / sums["people"]
    for name, base in (("people", people), ("children", children), ("pensioners", pensioners)):
        for key in out:
            if key.startswith(name):
                out[key] *= base[:, None] / sums[name]
    return out


@pytest.mark.parametrize(
    "changes",
    [
        [CHILD],
        [Change("pension", 40.0, types=("single_pensioner",), tenures=("social_rented",), uptake=0.5)],
        [CHILD, Change("wage", 25.0, uptake=0.6), Change("rent", -15.0, tenures=("private_rented",), paid=False)],
        [Change("much", 900.0, types=("single",)), Change("loss", -60.0, types=("couple_3",), uptake=0.3)],
    ],
)  # fmt: skip
def test_the_fast_sums_are_those_of_the_plain_formulas(
    estimate: ShortfallEstimate, changes: list[Change]
) -> None:
    got, want = what_if(estimate, changes), _slowly(estimate, changes)
    for name, values in want.items():
        # Single precision and a table of the normal: a millionth of the people there could be.
        room = 1e-6 * max(1.0, float(estimate.draws["people"].max()), float(np.abs(values).max()))
        if name == "shortfall":
            room *= 600  # pounds a week of a line
        assert got.estimate.draws[name] == pytest.approx(values, abs=room), name


def test_two_changes_at_once_are_not_the_sum_of_each(estimate: ShortfallEstimate) -> None:
    wage = Change("wage", 30.0, uptake=0.5)
    both = total_of(what_if(estimate, [CHILD, wage]).estimate, "people_below")
    alone = sum(total_of(what_if(estimate, one).estimate, "people_below") for one in (CHILD, wage))
    assert both == pytest.approx(alone, rel=0.05)
    assert np.abs(both - alone).min() > 0.05


def test_uptakes_that_meet_in_a_cell_are_independent() -> None:
    # Half get 10, a fifth get 5: 0.1 get both, 0.4 only 10, 0.1 only 5.
    found = outcomes(
        [Change("a", 10.0, types=("single",), uptake=0.5), Change("b", 5.0, types=("single",), uptake=0.2)]
    )
    assert len(found.cells) == 4
    first = slice(found.start[0], found.start[1])
    assert dict(zip(found.gain[first], found.chance[first], strict=True)) == pytest.approx(
        {15.0: 0.1, 10.0: 0.4, 5.0: 0.1}
    )
    assert found.paid == pytest.approx([6.0] * 4)
    many = [Change(str(n), 1.0 + n, uptake=0.5) for n in range(MOST_IN_ONE_CELL + 1)]
    with pytest.raises(WhatIfError, match="more than 6 changes"):
        outcomes(many)
    with pytest.raises(WhatIfError, match="no change was given"):
        outcomes([])


def test_a_payment_to_pensioners_leaves_children_where_they_were(estimate: ShortfallEstimate) -> None:
    paid = what_if(estimate, Change("x", 30.0, types=("single_pensioner", "couple_pensioner")))
    assert (paid.estimate.draws["children_below"] == 0).all()
    assert (total_of(paid.estimate, "pensioners_below") < 0).all()


def test_the_cost_is_children_times_the_payment(estimate: ShortfallEstimate, difference: Difference) -> None:
    assert estimate.state is not None
    counts = estimate.state.plan.households.counts.sum(axis=2)
    cost = difference.estimate.draws["cost"]
    # The composition is drawn, so the cost has a range around the children that there are.
    central = counts @ household_types().children * 20.0
    assert np.median(cost, axis=1) == pytest.approx(central, rel=0.15)
    assert (cost.std(axis=1) > 0.02 * central).all()
    share = total_of(difference.estimate, "cost_below") / total_of(difference.estimate, "cost")
    assert ((share > 0.3) & (share < 1.0)).all()


def test_no_pound_closes_more_than_a_pound_of_shortfall(difference: Difference) -> None:
    closed, cost = -total_of(difference.estimate, "shortfall"), total_of(difference.estimate, "cost")
    assert (closed <= cost).all()
    assert (closed > 0.2 * cost).all()


def test_a_large_gain_for_all_leaves_nobody_below(estimate: ShortfallEstimate) -> None:
    rich = what_if(estimate, Change("£3,000 a week for everyone", 3000.0))
    assert estimate.draws["people_below"] + rich.estimate.draws["people_below"] == pytest.approx(
        0.0, abs=0.01
    )
    assert estimate.draws["shortfall"] + rich.estimate.draws["shortfall"] == pytest.approx(0.0, abs=1.0)


def test_a_rent_rise_is_a_loss_of_income(estimate: ShortfallEstimate) -> None:
    loss = what_if(estimate, Change("£15 more rent", -15.0, tenures=("private_rented",)))
    assert (total_of(loss.estimate, "people_below") > 0).all()
    assert (loss.estimate.draws["cost"] < 0).all()
    free = what_if(estimate, Change("£15 more rent", -15.0, tenures=("private_rented",), paid=False))
    assert (free.estimate.draws["cost"] == 0).all()
    assert free.estimate.draws["people_below"] == pytest.approx(loss.estimate.draws["people_below"])


def test_nobody_falls_short_by_more_than_the_whole_line(estimate: ShortfallEstimate) -> None:
    everything = what_if(estimate, Change("all there is", -1e7, paid=False))
    assert estimate.state is not None
    arrays = cell_arrays(estimate.state.plan, estimate.state.members)
    people = estimate.draws["people"]
    gap = estimate.draws["gap"] + everything.estimate.draws["gap"]
    assert gap == pytest.approx(people, rel=1e-3)
    by_type = (arrays["counts"][:, None] * arrays["noise"][..., None]).sum(axis=2)
    by_type = arrays["tenure"][:, None] / by_type
    households = (arrays["counts"][:, None] * arrays["noise"][..., None] * by_type[:, :, None]).sum(axis=3)
    lines = (households * arrays["weekly"][None]).sum(axis=2)
    short = estimate.draws["shortfall"] + everything.estimate.draws["shortfall"]
    assert short == pytest.approx(lines, rel=1e-3)


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
