"""Laws of the estimate: what adds adds, order does not matter, and benchmarks hold in every draw."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geo.crosswalk import Crosswalk, CrosswalkError, UnmatchedCodeError, nested
from geo.figures import FIGURE_COLUMNS
from geo.geography import Geography
from mis import (
    MisInputs,
    MisSettings,
    aggregate,
    estimate_shortfall,
    read_budgets,
    round_public,
    stream_estimates,
    summarise,
    summarise_types,
)
from mis.by_type import types_by_area
from mis.distribution import Widths, mean_factor, poverty_gap, share_below, squared_gap
from mis.draws import Spreads
from mis.estimate import ShortfallEstimate
from mis.household_types import household_types
from mis.inputs import InputsError
from mis.parameters import read_parameters
from mis.plan import cell_arrays, composition_noise, drawn_means, make_plan
from mis.shortfall import QUANTITIES
from mis.summary import FloorError, summarise_drawn, summarise_type_totals, total_of

LSOA21, WD25, LAD25 = Geography("lsoa", 2021), Geography("wd", 2025), Geography("lad", 2025)
SETTINGS = MisSettings(draws=60, seed=11)


@pytest.fixture(scope="module")
def estimate(town: MisInputs) -> ShortfallEstimate:
    return estimate_shortfall(town, settings=SETTINGS)


def test_every_share_lies_between_nobody_and_everybody(estimate: ShortfallEstimate) -> None:
    draws = estimate.draws
    assert set(draws) == set(QUANTITIES)
    for below, base in (
        ("people_below", "people"),
        ("children_below", "children"),
        ("pensioners_below", "pensioners"),
        ("households_below", "households"),
        ("gap", "people_below"),
        ("squared_gap", "gap"),
    ):
        assert (draws[below] >= 0).all()
        assert (draws[below] <= draws[base] * 1.00001).all()
    for higher, lower in (("", "_90"), ("_90", "_75"), ("_75", "_50")):
        assert (draws[f"people_below{higher}"] >= draws[f"people_below{lower}"]).all()


def test_people_and_households_are_those_of_the_census_in_every_draw(
    town: MisInputs, estimate: ShortfallEstimate
) -> None:
    assert estimate.draws["households"] == pytest.approx(
        np.repeat(town.tenure.sum(axis=1).to_numpy()[:, None], 60, axis=1), rel=1e-5
    )
    assert town.ages is not None
    for name, counted in (
        ("people", town.ages.sum(axis=1)),
        ("children", town.ages["age_0_15"]),
        ("pensioners", town.ages["age_65_over"]),
    ):
        every = np.repeat(counted.to_numpy()[:, None], 60, axis=1)
        assert estimate.draws[name] == pytest.approx(every, rel=1e-5), name


def test_the_modelled_mean_of_every_msoa_is_the_one_drawn(estimate: ShortfallEstimate) -> None:
    # A check of identity, not evidence: from the levels and the drawn composition, households'
    # modelled mean income over an MSOA is that of the draw to one part in a thousand.
    state = estimate.state
    assert state is not None
    plan = state.plan
    arrays = cell_arrays(plan, state.members)
    shape = plan.national.shape
    wanted = drawn_means(plan, state.members)
    for draw in (0, 7, 59):
        counts = arrays["counts"] * arrays["noise"][:, draw, :, None]
        counts *= (arrays["tenure"] / counts.sum(axis=1))[:, None, :]
        factor = arrays["kappa"][0, draw] * shape.tenure_factors()
        widths = Widths(
            shape.lower[draw][:, None] * factor, np.asarray(shape.upper)[draw] * factor, shape.wide[:, None]
        )
        median = arrays["offset"][draw] + shape.follow[draw][:, None] * state.level[:, draw, None, None]
        mean = np.exp(median) * mean_factor(widths) * (1 - np.asarray(shape.zero)[draw])
        households = plan.tables.households
        for code in dict.fromkeys(plan.tables.msoa):
            inside = plan.tables.msoa == code
            modelled = (counts * mean)[inside].sum() / households[inside].sum()
            drawn = (wanted[inside, draw] * households[inside]).sum() / households[inside].sum()
            assert modelled == pytest.approx(drawn, rel=1e-3)


def test_with_nothing_drawn_msoa_means_are_those_of_ons(town: MisInputs) -> None:
    none = Spreads(**dict.fromkeys(Spreads.__dataclass_fields__, 0.0))
    quiet = estimate_shortfall(town, settings=MisSettings(draws=1, seed=1, spreads=none))
    assert quiet.state is not None
    plan = quiet.state.plan
    means = drawn_means(plan, quiet.state.members)[:, 0] / plan.parameters.mean_income
    households = plan.tables.households
    for code in dict.fromkeys(plan.tables.msoa):
        inside = plan.tables.msoa == code
        relative = np.average(means[inside], weights=households[inside])
        assert relative == pytest.approx(town.income.loc[code, "mean"] / plan.parameters.ons_mean, rel=1e-3)


def test_the_compiled_sums_are_those_of_the_plain_formulas(estimate: ShortfallEstimate) -> None:
    state = estimate.state
    assert state is not None
    plan, draw, area = state.plan, 3, 5
    arrays = cell_arrays(plan, state.members)
    shape, types = plan.national.shape, household_types()
    counts = arrays["counts"][area] * arrays["noise"][area, draw, :, None]
    counts = counts * (arrays["tenure"][area] / counts.sum(axis=0))[None, :]
    factor = arrays["kappa"][0, draw] * shape.tenure_factors()
    widths = Widths(
        shape.lower[draw][:, None] * factor, np.asarray(shape.upper)[draw] * factor, shape.wide[:, None]
    )
    median = arrays["offset"][draw] + shape.follow[draw][:, None] * state.level[area, draw]
    zero = np.asarray(shape.zero)[draw]
    distance = plan.national.log_line[draw][:, None] - median
    people = counts * types.size[:, None]
    people *= plan.tables.household_residents[area] / people.sum()

    def got(name: str) -> float:
        return float(estimate.draws[name][area, draw])

    assert got("people_below") == pytest.approx(
        (people * share_below(distance, widths, zero)).sum(), rel=1e-5
    )
    for band, suffix in ((0.75, "_75"), (0.5, "_50")):
        share = share_below(distance + np.log(band), widths, zero)
        assert got(f"people_below{suffix}") == pytest.approx((people * share).sum(), rel=1e-5)
    gap = poverty_gap(distance, widths, zero)
    assert got("gap") == pytest.approx((people * gap).sum(), rel=1e-4)
    assert got("squared_gap") == pytest.approx((people * squared_gap(distance, widths, zero)).sum(), rel=1e-4)
    weekly = plan.national.weekly[draw][:, None]
    assert got("shortfall") == pytest.approx((counts * weekly * gap).sum(), rel=1e-4)
    low = share_below(np.log(0.6) - median, widths, zero)
    assert got("people_low_income") == pytest.approx((people * low).sum(), rel=1e-5)


def test_districts_streamed_one_by_one_are_those_of_one_run(
    town: MisInputs, estimate: ShortfallEstimate
) -> None:
    split = town.areas.assign(district=["E06000900"] * 6 + ["E06000901"] * 6)
    parts = list(stream_estimates(replace(town, areas=split), settings=SETTINGS))
    assert [list(dict.fromkeys(part.parents.values())) for part in parts] == [["E06000900"], ["E06000901"]]
    assert parts[0].draws["people_below"] == pytest.approx(estimate.draws["people_below"][:6], rel=1e-5)


def test_the_order_of_areas_does_not_matter(town: MisInputs, estimate: ShortfallEstimate) -> None:
    backwards = replace(town, areas=town.areas.iloc[::-1])
    again = estimate_shortfall(backwards, settings=SETTINGS)
    for name in ("people_below", "shortfall", "children_below_75"):
        assert again.draws[name][::-1] == pytest.approx(estimate.draws[name], rel=1e-5)


def test_the_other_msoas_estimated_do_not_matter(town: MisInputs, estimate: ShortfallEstimate) -> None:
    alone = estimate_shortfall(replace(town, areas=town.areas.iloc[3:6]), settings=SETTINGS)
    assert alone.draws["people_below"] == pytest.approx(estimate.draws["people_below"][3:6], rel=1e-5)


def test_a_part_of_an_msoa_has_the_figures_it_has_in_the_whole(
    town: MisInputs, estimate: ShortfallEstimate
) -> None:
    wanted = [str(town.areas.index[at]) for at in (7, 4)]
    part = estimate_shortfall(town, settings=SETTINGS, codes=wanted)
    assert list(part.codes) == wanted
    for name in ("people_below", "shortfall"):
        assert part.draws[name] == pytest.approx(estimate.draws[name][[7, 4]], rel=1e-5)
    with pytest.raises(InputsError, match="E01999999 is not among the areas"):
        estimate_shortfall(town, settings=SETTINGS, codes=["E01999999"])


def test_an_msoa_over_two_districts_is_streamed_as_a_whole(
    town: MisInputs, estimate: ShortfallEstimate
) -> None:
    cut = town.areas.assign(district=["E06000900"] * 4 + ["E06000901"] * 8)
    settings = replace(SETTINGS, spreads=replace(Spreads(), district_drift=0.0, composition=0.0))
    together = estimate_shortfall(replace(town, areas=cut), settings=settings)
    first, second = stream_estimates(replace(town, areas=cut), settings=settings)
    streamed = np.concatenate([first.draws["people_below"], second.draws["people_below"]])
    assert streamed == pytest.approx(together.draws["people_below"], rel=1e-5)


def test_an_lsoa_given_without_its_msoa_is_said(town: MisInputs) -> None:
    lone = estimate_shortfall(replace(town, areas=town.areas.iloc[3:4]), settings=SETTINGS)
    assert any("E01900003: the only LSOA here of its MSOA" in note for note in lone.notes)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others(
    town: MisInputs, estimate: ShortfallEstimate
) -> None:
    again = estimate_shortfall(town, settings=SETTINGS)
    assert (again.draws["shortfall"] == estimate.draws["shortfall"]).all()
    other = estimate_shortfall(town, settings=replace(SETTINGS, seed=12))
    assert (other.draws["shortfall"] != estimate.draws["shortfall"]).any()


def test_higher_lines_never_leave_fewer_below(town: MisInputs, estimate: ShortfallEstimate) -> None:
    budgets = read_budgets()
    higher = estimate_shortfall(
        town, settings=SETTINGS, budgets=replace(budgets, factor=budgets.factor * 1.05)
    )
    assert (higher.draws["people_below"] > estimate.draws["people_below"]).all()
    assert (higher.draws["shortfall"] > estimate.draws["shortfall"]).all()


def test_areas_add_up_to_the_district_in_every_draw(estimate: ShortfallEstimate) -> None:
    pairs = {str(code): "E06000900" for code in estimate.codes}
    district = aggregate(estimate, nested(LSOA21, LAD25, pairs, method="invented"))
    for name in QUANTITIES:
        assert district.draws[name][0] == pytest.approx(total_of(estimate, name), rel=1e-5)


def test_wards_that_share_areas_lose_nobody(estimate: ShortfallEstimate) -> None:
    rows = []
    for position, code in enumerate(estimate.codes):
        share = 0.3 if position % 2 else 1.0
        rows.append((code, "E05000001", share))
        if share < 1:
            rows.append((code, "E05000002", 1 - share))
    wards = aggregate(
        estimate,
        Crosswalk(
            LSOA21,
            WD25,
            pd.DataFrame(rows, columns=["origin", "target", "weight"]),
            method="postcodes",
            weight_source="invented",
        ),
    )
    for name in ("people", "people_below", "shortfall", "children_below"):
        assert wards.draws[name].sum(axis=0) == pytest.approx(total_of(estimate, name), rel=1e-5)
    assert wards.parents == {"E05000001": "E06000900", "E05000002": "E06000900"}


def test_the_range_of_the_district_is_not_the_sum_of_its_areas_ranges(estimate: ShortfallEstimate) -> None:
    total = total_of(estimate, "people_below")
    widths = np.quantile(estimate.draws["people_below"], 0.95, axis=1) - np.quantile(
        estimate.draws["people_below"], 0.05, axis=1
    )
    width = np.quantile(total, 0.95) - np.quantile(total, 0.05)
    # Shared errors: wider than independent areas would give, narrower than the sum.
    assert np.sqrt((widths**2).sum()) * 1.3 < width < widths.sum()


def test_a_crosswalk_of_another_vintage_is_refused(estimate: ShortfallEstimate) -> None:
    lsoa11 = nested(Geography("lsoa", 2011), LAD25, {"E01900000": "E06000900"}, method="invented")
    with pytest.raises(CrosswalkError, match="starts from lsoa11"):
        aggregate(estimate, lsoa11)
    short = nested(LSOA21, LAD25, {"E01900000": "E06000900"}, method="invented")
    with pytest.raises(UnmatchedCodeError, match="E01900001"):
        aggregate(estimate, short)


def test_figures_have_ranges_grades_and_floors(estimate: ShortfallEstimate) -> None:
    figures = summarise(estimate, authority="E06000900")
    assert list(figures.columns) == list(FIGURE_COLUMNS)
    share = figures[figures["indicator"] == "mis_people_below_share"].set_index("code")
    assert (share["basis"] == "modelled").all()
    assert (share["interval"] == "90 % model").all()
    assert (share["period"] == "FYE 2025").all()
    assert set(share["reliability"]) <= {"B", "C"}  # without household composition never A
    assert ((share["low"] < share["value"]) & (share["value"] < share["high"])).all()
    # Areas were made poorer with their number: the ends must be told apart.
    assert share["value"].iloc[-1] > share["value"].iloc[0] + 0.2
    floors = figures.groupby("indicator")["floor"].first()
    assert floors["mis_people_below_50_share"] == "wd25"
    assert floors["mis_fgt2"] == "wd25"
    assert floors["mis_shortfall_weekly"] == "wd25"
    assert floors["mis_people_below_share"] == "lsoa21"
    worst = figures[figures["indicator"] == "mis_worst_fifth_probability"].set_index("code")["value"]
    assert worst.sum() == pytest.approx(2.0, abs=1e-9)  # a fifth of twelve areas, rounded


def test_the_chance_to_lie_above_the_district_is_counted_in_the_draws(estimate: ShortfallEstimate) -> None:
    figures = summarise(estimate, authority="E06000900").set_index(["indicator", "code"])["value"]
    for name, who in (
        ("mis_above_authority_probability", "people"),
        ("mis_children_above_authority_probability", "children"),
    ):
        below, base = (estimate.draws[one].astype(float) for one in (f"{who}_below", who))
        whole = below.sum(axis=0) / base.sum(axis=0)
        told = figures.loc[name]
        for at, code in enumerate(estimate.codes):
            assert told[code] == pytest.approx((below[at] / base[at] > whole).mean())
        assert told.min() < 0.2 < 0.8 < told.max()


def test_every_group_has_numbers_and_shares_at_every_band(estimate: ShortfallEstimate) -> None:
    figures = summarise(estimate, authority="E06000900").set_index(["indicator", "code"])
    for group in ("people", "children", "pensioners", "households"):
        for band, floor in (("", "lsoa21"), ("_90", "lsoa21"), ("_75", "lsoa21"), ("_50", "wd25")):
            number, share = (
                figures.loc[f"mis_{group}_below{band}"],
                figures.loc[f"mis_{group}_below{band}_share"],
            )
            assert (number["floor"] == floor).all()
            assert (share["floor"] == floor).all()
            assert number["value"].to_numpy() == pytest.approx(share["count"].to_numpy())
            assert (number["low"] < number["high"]).all()


def test_a_mean_in_pounds_does_not_carry_the_total(estimate: ShortfallEstimate) -> None:
    figures = summarise(estimate, authority="E06000900").set_index(["indicator", "code"])
    gap = figures.loc["mis_gap_weekly"]
    assert gap["value"].notna().all()
    assert gap["count"].isna().all()
    # Of no figure that may stand on an LSOA is the count the pounds a week of that LSOA.
    shown = figures[figures["floor"] == "lsoa21"]
    totals = np.median(estimate.draws["shortfall"], axis=1)
    for count in shown["count"].dropna():
        assert not np.isclose(totals, count, rtol=1e-4).any()


def test_each_share_is_graded_by_its_own_range(estimate: ShortfallEstimate) -> None:
    with_composition = replace(estimate, absent=())
    figures = summarise(with_composition, authority="E06000900").set_index(["code", "indicator"])
    children, people = "mis_children_below_share", "mis_people_below_share"
    differ = 0
    for code in estimate.codes:
        for name in (people, children, "mis_pensioners_below_share", "mis_households_below_share"):
            row = figures.loc[(code, name)]
            width = row["high"] - row["low"]
            assert row["reliability"] == ("A" if width <= 0.15 else "B" if width <= 0.25 else "C")
        differ += figures.loc[(code, children), "reliability"] != figures.loc[(code, people), "reliability"]
        whole = figures.loc[(code, people), "reliability"]
        assert figures.loc[(code, "mis_people_below_50_share"), "reliability"] >= whole
        assert figures.loc[(code, "mis_people_below"), "reliability"] == whole
    assert differ


def test_a_district_is_not_ranked_against_itself(estimate: ShortfallEstimate) -> None:
    pairs = {str(code): "E06000900" for code in estimate.codes}
    district = aggregate(estimate, nested(LSOA21, LAD25, pairs, method="invented"))
    figures = summarise(district, authority="E06000900")
    assert "mis_people_below_share" in set(figures["indicator"])
    assert not set(figures["unit"]) & {"rank", "probability"}


def test_an_authority_without_areas_is_named(estimate: ShortfallEstimate) -> None:
    with pytest.raises(UnmatchedCodeError, match=r"E06000032 has no area.*E06000900"):
        summarise(estimate, authority="E06000032")


def test_totals_by_household_type_add_up_to_the_people_below(estimate: ShortfallEstimate) -> None:
    by_type = estimate.by_type["E06000900"]
    below = sum(sums["people_below"].astype(float) for sums in by_type.values())
    assert below == pytest.approx(total_of(estimate, "people_below"), rel=1e-4)


def test_an_area_of_communal_residents_only_is_not_applicable(town: MisInputs) -> None:
    tenure = town.tenure.copy()
    tenure.iloc[0] = 0
    barracks = estimate_shortfall(replace(town, tenure=tenure), settings=SETTINGS)
    assert barracks.draws["people"][0].max() == 0
    figures = summarise(barracks, authority="E06000900").set_index(["code", "indicator"])
    row = figures.loc[("E01900000", "mis_people_below_share")]
    assert row["status"] == "not_applicable"
    assert np.isnan(row["value"])
    assert any("without private households" in note for note in barracks.notes)


def test_an_absent_margin_is_said_and_widens_the_ranges(town: MisInputs, estimate: ShortfallEstimate) -> None:
    bare = estimate_shortfall(
        replace(town, ages=None, occupancy=None, deprivation=None, income_rate=None),
        settings=replace(SETTINGS, draws=150),
    )
    full = estimate_shortfall(town, settings=replace(SETTINGS, draws=150))
    assert any("without ages, occupancy" in note for note in bare.notes)

    def width(one: ShortfallEstimate) -> float:
        share = one.draws["people_below"] / one.draws["people"]
        return float((np.quantile(share, 0.95, axis=1) - np.quantile(share, 0.05, axis=1)).mean())

    assert width(bare) > width(full)


@pytest.mark.parametrize("name", ["ages", "occupancy", "deprivation", "composition", "sizes"])
def test_each_margin_that_is_absent_widens_the_composition(estimate: ShortfallEstimate, name: str) -> None:
    assert estimate.state is not None
    plan, members = estimate.state.plan, estimate.state.members

    def spread(*absent: str) -> float:
        return float(np.log(composition_noise(replace(plan, absent=absent), members)).std())

    assert spread(name) > spread() * 1.03
    # As in a pack without TS003 and TS017: a further margin that is absent is felt there too.
    if name not in ("composition", "sizes"):
        assert spread("composition", "sizes", name) > spread("composition", "sizes") * 1.005


def test_a_composition_that_does_not_settle_is_said(
    town: MisInputs, estimate: ShortfallEstimate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any("still moving" in note for note in estimate.notes)
    monkeypatch.setattr("mis.composition._ITERATIONS", 1)
    stopped = estimate_shortfall(town, settings=MisSettings(draws=5))
    assert any("still moving at its last step" in note for note in stopped.notes)


def test_what_stands_in_for_the_income_rate_is_as_uncertain_as_nothing(town: MisInputs) -> None:
    quiet = Spreads(**dict.fromkeys(Spreads.__dataclass_fields__, 0.0))
    one = replace(quiet, within_msoa=0.07, within_msoa_unknown=0.12)
    settings = MisSettings(draws=400, seed=1, spreads=one)

    def spread(inputs: MisInputs) -> float:
        plan = make_plan(inputs, budgets=read_budgets(), settings=settings, parameters=read_parameters())
        means = np.log(drawn_means(plan, np.arange(len(plan.tables.codes))))
        return float((means[0] - means[1]).std())

    known, unknown = spread(town), spread(replace(town, income_rate=None))
    assert unknown == pytest.approx(known * 0.12 / 0.07, rel=0.02)
    assert spread(replace(town, income_rate=None, deprivation=None)) == pytest.approx(unknown, rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: replace(t, tenure=t.tenure.drop(columns="social_rented")),
            "tenure lacks the column social",
        ),
        (lambda t: replace(t, tenure=t.tenure.iloc[1:]), "tenure has no row for E01900000"),
        (lambda t: replace(t, tenure=-t.tenure), "expected a count of nought or more"),
        (lambda t: replace(t, income=t.income.iloc[1:]), "MSOAs of 2011 for FYE 2020"),
        (lambda t: replace(t, income=-t.income), "positive mean inside its limits"),
        (lambda t: replace(t, income_rate=t.income_rate * 100), "shares, not percentages"),
        (
            lambda t: replace(t, areas=t.areas.assign(region="W92000004")),
            "W92000004 is not a region of England",
        ),
        (lambda t: replace(t, areas=t.areas.set_index(t.areas["msoa"])), "not a code of a Lower layer"),
    ],
)
def test_wrong_inputs_are_refused_by_name(town: MisInputs, change: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        estimate_shortfall(change(town), settings=SETTINGS)  # type: ignore[operator]


def test_no_draws_are_refused(town: MisInputs) -> None:
    with pytest.raises(InputsError, match="0 draws"):
        estimate_shortfall(town, settings=MisSettings(draws=0))


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(812.4, 810.0), (1249.0, 1200.0), (7.0, 7.0), (0.0, 0.0), (9_537_123.0, 9_500_000.0)],
)
def test_public_counts_have_two_significant_figures(value: float, rounded: float) -> None:
    assert round_public(value) == rounded


def test_missing_stays_missing_when_rounded() -> None:
    assert np.isnan(round_public(float("nan")))


def test_types_of_wards_add_up_to_those_of_the_district(estimate: ShortfallEstimate) -> None:
    pairs = {str(code): f"E0500000{row % 2}" for row, code in enumerate(estimate.codes)}
    wards = types_by_area(estimate, nested(LSOA21, WD25, pairs, method="invented"))
    whole = estimate.by_type["E06000900"]
    for name in ("single", "couple_2", "several_families"):
        for quantity in ("people", "people_below", "shortfall"):
            parts = sum(ward[name][quantity].astype(float) for ward in wards.values())
            assert parts == pytest.approx(whole[name][quantity], rel=1e-4)
    figures = summarise_type_totals(wards, geography="wd25", reference_year=estimate.reference_year)
    assert set(figures["group"]) == set(household_types().ids)
    assert (figures["floor"] == "wd25").all()
    of_district = summarise_types(estimate, authority="E06000900")
    assert set(of_district["code"]) == {"E06000900"}
    with pytest.raises(UnmatchedCodeError, match="E06000032 has no totals"):
        summarise_types(estimate, authority="E06000032")


def test_a_drawn_area_is_a_sum_of_shares_above_a_floor(estimate: ShortfallEstimate) -> None:
    codes = [str(code) for code in estimate.codes[:3]]
    figures = summarise_drawn(estimate, {codes[0]: 1.0, codes[1]: 1.0, codes[2]: 0.5}, code="drawn-1")
    people = figures.set_index("indicator").loc["mis_people_below"]
    below = estimate.draws["people_below"].astype(float)
    assert people["value"] == pytest.approx(np.median(below[0] + below[1] + 0.5 * below[2]))
    assert set(figures["geography"]) == {"drawn"}
    with pytest.raises(FloorError, match="draw a larger area"):
        summarise_drawn(estimate, {codes[0]: 0.2}, code="drawn-2")
    with pytest.raises(UnmatchedCodeError, match="E01999999"):
        summarise_drawn(estimate, {"E01999999": 1.0}, code="drawn-3")
