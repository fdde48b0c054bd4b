"""Statistics agree with published vectors to their digits, and keep the laws they promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from fairplace.statistics import (
    STANDARD_POPULATION_2013,
    Estimate,
    StatisticsError,
    TooFewEventsError,
    byars,
    compare,
    compare_draws,
    concentration_index,
    exact_binomial,
    exact_poisson,
    funnel_proportion,
    funnel_rate,
    gap,
    place_in_funnel,
    poisson,
    proportion,
    proportions,
    rate,
    ratio,
    slope_index,
    standardised_rate,
    trend,
    wilson,
)
from fairplace.statistics_inequality import DRAWS


def sheet(path: Path, name: str) -> pd.DataFrame:
    return pd.read_excel(path, sheet_name=name, engine="openpyxl").dropna(how="all")


# --- intervals -------------------------------------------------------------------------------------


# Worked figures of the project's own reading of OHID's guidance, three decimals.
@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (wilson(18, 1930), (0.0059, 0.0147)),
        (wilson(231, 333), (0.642, 0.741)),
        (byars(10), (4.787, 18.391)),
        (exact_poisson(10), (4.795, 18.390)),
        (byars(65), (50.163, 82.849)),
        (exact_poisson(5), (1.623, 11.668)),
        (exact_poisson(0), (0.0, 3.689)),
        (poisson(9), tuple(exact_poisson(9))),
        (poisson(10), tuple(byars(10))),
    ],
)
def test_intervals_are_the_published_ones(got: tuple[float, float], expected: tuple[float, float]) -> None:
    assert [float(one) for one in got] == pytest.approx(expected, abs=5e-4)


def test_every_row_of_the_sheet_of_byars_and_wilson_agrees(reference: Path) -> None:
    rows = sheet(reference / "statistics" / "testdata_Byars_Wilson.xlsx", "testdata_B_W")
    for row in rows.itertuples():
        confidence = float(row.confidence.strip("%")) / 100
        limits = (
            byars(row.x, confidence=confidence)
            if row.method == "Byars"
            else wilson(row.x, row.n, confidence=confidence)
        )
        assert [float(one) for one in limits] == pytest.approx(
            [row.lowercl, row.uppercl], abs=5e-7, nan_ok=True
        )
    assert len(rows) == 13


def test_every_row_of_the_sheets_of_proportions_agrees(reference: Path) -> None:
    path = reference / "statistics" / "testdata_Proportion.xlsx"
    rows = sheet(path, "testdata_Prop")
    for confidence, name in ((0.95, "95_0"), (0.998, "99_8")):
        got = proportions(rows["Numerator"], rows["Denominator"], confidence=confidence)
        for ours, theirs in (("value", "value"), ("low", f"lower{name}cl"), ("high", f"upper{name}cl")):
            published = rows[theirs].to_numpy(dtype=float)
            assert (got[ours] * rows["multiplier"]).to_numpy() == pytest.approx(
                published, rel=1e-9, nan_ok=True
            )
    grouped = sheet(path, "testdata_Prop_g")
    got = proportions(grouped["Numerator"], grouped["Denominator"])
    for ours, theirs in (("value", "value"), ("low", "lowercl"), ("high", "uppercl")):
        published = grouped[theirs].to_numpy(dtype=float)
        assert got[ours].to_numpy() == pytest.approx(published, rel=1e-9, nan_ok=True)


@given(st.integers(0, 400), st.integers(1, 400), st.sampled_from([0.9, 0.95, 0.998]))
def test_an_interval_holds_its_value_and_the_exact_one_is_the_wider(
    x: int, n: int, confidence: float
) -> None:
    x = min(x, n)
    low, high = wilson(x, n, confidence=confidence)
    assert -1e-12 <= low <= x / n + 1e-12
    assert x / n - 1e-12 <= high <= 1 + 1e-12
    # Seen from the other side, those who have it are those who have it not.
    other = wilson(n - x, n, confidence=confidence)
    assert 1 - other.high == pytest.approx(low, abs=1e-12)
    exact = exact_binomial(x, n, confidence=confidence)
    assert exact.low <= x / n <= exact.high


def test_exact_limits_leave_each_tail_what_they_promise() -> None:
    # 3 of 20: the low limit is the share at which 3 or more come up in 2.5 % of samples.
    from scipy.stats import binom

    low, high = exact_binomial(3, 20)
    assert binom.sf(2, 20, low) == pytest.approx(0.025)
    assert binom.cdf(3, 20, high) == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: wilson(5, 4), "count of 5 is above its base of 4.*ask for a rate"),
        (lambda: wilson(-1, 4), "count of -1 cannot be"),
        (lambda: wilson(1, 4, confidence=95), "confidence of 95"),
        (lambda: byars([1, -2]), "count of -2"),
    ],
)
def test_numbers_that_cannot_be_are_refused(call: object, said: str) -> None:
    with pytest.raises(StatisticsError, match=said):
        call()  # type: ignore[operator]


def test_nobody_to_count_among_is_missing_and_not_zero() -> None:
    assert np.isnan(proportion(0, 0).value)
    assert np.isnan(wilson(np.nan, 10).low)


# --- standardised rates ----------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), min_size=19, max_size=19), st.integers(1, 50))
def test_a_standardised_rate_of_the_standard_population_is_the_crude_rate(
    counts: list[int], times: int
) -> None:
    people = [times * one for one in STANDARD_POPULATION_2013]
    got = standardised_rate(counts, people)
    crude = rate(sum(counts), sum(people), per=100_000)
    # With weights equal to the population Dobson's limits are Byar's of the crude rate.
    assert got.value == pytest.approx(crude.value)
    assert [got.low, got.high] == pytest.approx([crude.low, crude.high])


def test_a_standardised_rate_weighs_each_age_as_the_standard_does() -> None:
    # 10 in 1,000 of the young and 40 in 1,000 of the old; the standard is three quarters young:
    # 0.75 x 1 % + 0.25 x 4 % = 1.75 %. Variance 0.75^2 x 10/1000^2 + 0.25^2 x 40/1000^2 = 8.125e-6,
    # of the count 50; so the limits lie sqrt(8.125e-6 / 50) = 0.000403113 from Byar's of 50.
    got = standardised_rate([10, 40], [1000, 1000], [75, 25], per=1)
    low, high = byars(50)
    assert got.value == pytest.approx(0.0175)
    assert got.low == pytest.approx(0.0175 + 0.000403113 * (low - 50), rel=1e-5)
    assert got.high == pytest.approx(0.0175 + 0.000403113 * (high - 50), rel=1e-5)


def test_a_standardised_rate_is_refused_under_ten_events() -> None:
    with pytest.raises(TooFewEventsError, match=r"9 events are too few.*needs 10"):
        standardised_rate([4, 5], [100, 100], [1, 1])
    assert standardised_rate([5, 5], [100, 100], [1, 1]).count == 10


def test_an_age_band_without_people_is_named() -> None:
    with pytest.raises(StatisticsError, match="age band 2 has 5 events among 0 people"):
        standardised_rate([9, 5], [100, 0], [1, 1])


# --- gaps and ratios -------------------------------------------------------------------------------


# Newcombe (1998), Statistics in Medicine 17, 873, table II, method 10.
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((56, 70), (48, 80), (0.2, 0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.6, 0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.5714, 0.0582, 0.8062)),
        ((5, 56), (0, 29), (0.0893, -0.0381, 0.1926)),
    ],
)
def test_gaps_of_proportions_are_newcombes(
    first: tuple[int, int], second: tuple[int, int], expected: tuple[float, float, float]
) -> None:
    got = gap(proportion(*first), proportion(*second))
    assert (got.value, got.low, got.high) == pytest.approx(expected, abs=5.1e-5)


def test_low_birth_weight_is_told_as_ratio_and_gap() -> None:
    # 9.0 % against 6.9 %: 1.30 times, 2.1 points.
    first, second = proportion(270, 3000), proportion(42_000, 608_696)
    assert ratio(first, second).value == pytest.approx(1.30, abs=0.005)
    assert gap(first, second).value == pytest.approx(0.021, abs=0.0005)
    assert ratio(first, second).low > 1


@given(st.integers(1, 300), st.integers(1, 300))
def test_a_ratio_turned_round_has_its_range_turned_round(x: int, y: int) -> None:
    one, two = rate(x, 1000), rate(y, 1500)
    there, back = ratio(one, two), ratio(two, one)
    assert there.low <= there.value <= there.high
    if one.interval == two.interval:
        assert 1 / back.high == pytest.approx(there.low)
        assert 1 / back.low == pytest.approx(there.high)


def test_ranges_of_two_kinds_are_never_compared() -> None:
    modelled = Estimate(0.5, 0.4, 0.6, "90 % model")
    with pytest.raises(StatisticsError, match='"95 % Wilson" and the other of "90 % model"'):
        gap(proportion(1, 2), modelled)


# --- slopes of inequality --------------------------------------------------------------------------

# OHID's test data, area 1, life expectancy by decile (mis-facts: PHEindicatormethods).
PEOPLE = [7291, 7997, 6105, 7666, 5790, 6934, 5918, 5974, 7147, 7534]
YEARS = [
    75.933459, 78.344238, 83.836063, 83.637540, 80.465503,
    81.115676, 81.693084, 84.190006, 80.595564, 86.289435,
]  # fmt: skip


def test_the_slope_of_the_published_deciles_is_the_published_one() -> None:
    got = slope_index(YEARS, PEOPLE, errors=[1.6] * 10, draws=2000)
    assert got.slope.value == pytest.approx(6.934616, abs=1e-6)
    assert got.intercept == pytest.approx(78.076631, abs=1e-6)
    assert got.relative.value == pytest.approx(1.088818, abs=1e-6)
    assert got.sentence("Life expectancy", "years").startswith(
        "Life expectancy is 6.93 years higher at the least"
    )


def _slope_cases(reference: Path) -> list[tuple[str, str, pd.DataFrame]]:
    rows = sheet(reference / "statistics" / "testdata_SII.xlsx", "testdata_SII")
    return [
        (str(about), str(area), part)
        for (about, area), part in rows.groupby(["TestDescription", "Area"], sort=False)
    ]


def test_every_slope_of_the_sheet_agrees(reference: Path) -> None:
    agreed = refused = ends = 0
    for about, area, rows in _slope_cases(reference):
        first = rows.iloc[0]
        if about.startswith("warning handling - large"):
            continue  # fifteen groups made of ten by repeating: nothing is expected of them
        options = {
            "scale": ["plain", "rate", "proportion"][int(first["ValueType"])],
            "transform": "transform" in about,
            "multiplier": 100.0
            if "(x 100)" in about
            else -100.0
            if "(x -100)" in about
            else -1.0
            if "negative multiplier" in about
            else 1.0,
        }
        values = rows["Value"]
        if options["scale"] == "proportion" and values.isna().any():
            values = rows["Count"] / rows["Population"]
        if about.startswith(("error", "warning")):
            options["scale"] = "proportion" if "proportion" in about else "plain"
            limits = {"low": rows["LowerCL"], "high": rows["UpperCL"]}
            errors = (
                {}
                if "proportion" in about or "confidence limits" in about
                else {"errors": rows["StandardError"]}
            )
            with pytest.raises(StatisticsError):
                slope_index(values, rows["Population"], **(errors or limits), **options, draws=10)
            refused += 1
            continue
        levels = [95.0, 99.0] if "c(95, 99)" in str(first["Confidence"]) else None
        if (levels is None and "multiple Cis" in about) or "95% and 98%" in about:
            levels = [95.0, 98.0]
        if levels is None:
            levels = [98.0 if "98%" in about else float(first["Confidence"])]
        for number, level in enumerate(levels, start=1):
            more: dict[str, object] = {
                # The published fits on a transformed scale were made from the limits.
                **(
                    {"low": rows["LowerCL"], "high": rows["UpperCL"]}
                    if options["transform"]
                    else {"errors": rows["StandardError"]}
                ),
                **options,
            }
            tail = 0.5 - level / 200
            slack = simulation_error(tail, int(first["Repetitions"]), DRAWS)
            got = slope_index(values, rows["Population"], draws=1, **more)  # type: ignore[arg-type]
            wide, narrow = (
                slope_index(values, rows["Population"], confidence=1 - 2 * share, **more)  # type: ignore[arg-type]
                for share in (tail - slack, tail + slack)
            )
            where = f"{about}, {area}, {level}"
            assert got.slope.value == pytest.approx(first["sii"], rel=1e-7), where
            if np.isfinite(first["rii"]):
                assert got.relative.value == pytest.approx(first["rii"], rel=1e-7), where
            if np.isfinite(first["Intercept"]):
                assert got.intercept == pytest.approx(first["Intercept"], rel=1e-7), where
            for outer, inner, stem in (
                (wide.slope, narrow.slope, "sii"),
                (wide.relative, narrow.relative, "rii"),
            ):
                low, high = (first[f"{stem}_{end}cl_{number}"] for end in ("lower", "upper"))
                if np.isfinite([low, high]).all():
                    assert outer.low <= low <= inner.low, where
                    assert inner.high <= high <= outer.high, where
                    ends += 2
            agreed += 1
    assert (agreed, refused, ends) == (50, 6, 184)


def simulation_error(tail: float, *draws: int) -> float:
    """Four standard errors of the difference between the tails that simulations leave outside an end.

    An end is an order statistic: whatever is simulated, the share beyond it has the variance
    tail x (1 - tail) / draws.
    """
    return 4 * (tail * (1 - tail) * sum(1 / each for each in draws)) ** 0.5


@pytest.mark.parametrize("scale", ["rate", "proportion"])
def test_a_line_fitted_on_the_transformed_scale_turns_about_its_middle(scale: str) -> None:
    #  On the transformed scale the slope is a sum of normal values, so its ends are known without
    #  simulating: slope +- z x its error. The ends of the line lie half a slope from its middle.
    shares = np.array([0.30, 0.22, 0.26, 0.12, 0.10])
    people = np.array([10.0, 30.0, 20.0, 25.0, 15.0])
    errors = np.array([0.30, 0.05, 0.10, 0.08, 0.12])
    forward, back = (np.log, np.exp) if scale == "rate" else (logit, expit)
    weights = people / people.sum()
    ranks = np.cumsum(weights) - weights / 2
    lean = weights * (ranks - 0.5) / (weights * (ranks - 0.5) ** 2).sum()
    slope, middle = (forward(shares) * lean).sum(), (forward(shares) * weights).sum()
    ends = slope + np.array([-1, 1]) * 1.959964 * np.sqrt(((errors * lean) ** 2).sum())
    least, most = back(middle + ends / 2), back(middle - ends / 2)

    got = slope_index(shares, people, errors=errors, scale=scale, transform=True)  # type: ignore[arg-type]

    width = np.ptp(least - most)
    assert [got.slope.low, got.slope.high] == pytest.approx(least - most, abs=0.01 * width)
    assert [got.relative.low, got.relative.high] == pytest.approx(least / most, rel=0.01)


def test_limits_do_instead_of_errors() -> None:
    errors = [1.5 + 0.1 * n for n in range(10)]
    z = 1.959963984540054
    low = [y - z * e for y, e in zip(YEARS, errors, strict=True)]
    high = [y + z * e for y, e in zip(YEARS, errors, strict=True)]
    one = slope_index(YEARS, PEOPLE, errors=errors, draws=5000)
    two = slope_index(YEARS, PEOPLE, low=low, high=high, draws=5000)
    assert (one.slope.low, one.slope.high) == pytest.approx((two.slope.low, two.slope.high))


@pytest.mark.parametrize(
    ("values", "people", "said"),
    [
        ([1.0] * 4, [1.0] * 4, "5 to 100"),
        ([1.0, 2.0, float("nan"), 3.0, 4.0], [1.0] * 5, "group 3 has a value of nan"),
        ([1.0] * 5, [1.0, 1.0, 1.0, -200.0, 1.0], "group 4 has a population of -200"),
    ],
)
def test_groups_that_cannot_be_are_named(values: list[float], people: list[float], said: str) -> None:
    with pytest.raises(StatisticsError, match=said):
        slope_index(values, people, errors=[0.1] * len(values))


def test_the_concentration_index_of_all_held_by_one_half_is_half() -> None:
    # Two halves; the more deprived has nothing: ranks 1/4 and 3/4, so 2 x (0.5 x 2 x 0.25) / 1 = 0.5.
    assert concentration_index([0, 2], [50, 50]).value == pytest.approx(0.5)
    assert concentration_index([2, 0], [50, 50]).value == pytest.approx(-0.5)
    assert concentration_index([3, 3, 3], [5, 9, 1], errors=[0.1] * 3).value == pytest.approx(0)


# --- comparison, trend, funnel ---------------------------------------------------------------------


def figure(value: float, low: float, high: float, **more: object) -> dict[str, object]:
    return {
        "indicator": "low_birth_weight",
        "group": "",
        "unit": "share",
        "period": "2024",
        "value": value,
        "low": low,
        "high": high,
        "interval": "95 % Wilson",
        "status": "ok",
        **more,
    }


NAN = float("nan")


@pytest.mark.parametrize(
    ("other", "kind", "words"),
    [
        (figure(0.069, 0.068, 0.070), "higher", "worse"),
        (figure(0.069, NAN, NAN, interval=""), "higher", "worse"),
        (figure(0.085, 0.08, 0.09), "similar", "similar"),
        (figure(0.12, 0.11, 0.13), "lower", "better"),
        (figure(0.069, 0.068, 0.070, interval="90 % model"), "not compared", "not compared"),
        (figure(0.069, 0.068, 0.070, period="2019"), "not compared", "not compared"),
        (figure(NAN, NAN, NAN, status="suppressed"), "not compared", "not compared"),
    ],
)
def test_figures_are_told_apart_only_where_their_ranges_do_not_meet(
    other: dict[str, object], kind: str, words: str
) -> None:
    ours = figure(0.09, 0.081, 0.10)
    got = compare(ours, other, polarity="lower is better")
    assert (got.kind, got.words) == (kind, words)
    assert bool(got.reason) == (kind == "not compared")
    plain = compare(ours, other)
    assert plain.words == kind


def test_modelled_areas_that_share_their_errors_are_told_apart_by_their_draws() -> None:
    shared = np.random.default_rng(1).normal(0, 0.05, 1000)
    one, two = 0.50 + shared, 0.46 + shared
    # Their ranges overlap for the most part, yet in every draw the first is above.
    assert np.quantile(one, 0.05) < np.quantile(two, 0.95)
    assert compare_draws(one, two).kind == "higher"
    assert compare_draws(one, two, polarity="lower is better").words == "worse"
    assert compare_draws(one, one).kind == "similar"


def _series(values: list[float], **more: object) -> pd.DataFrame:
    got = proportions([round(one * 5000) for one in values], [5000] * len(values))
    return got.assign(
        code="E06999001", geography="lad25", indicator="smoking", group="", unit="share", status="ok",
        period=[str(2019 + n) for n in range(len(values))], **more,
    )  # fmt: skip


def test_a_trend_is_stated_of_one_series_only() -> None:
    falling = _series([0.20, 0.18, 0.17, 0.15, 0.14])
    assert trend(falling).course == "falling"
    assert trend(falling, polarity="lower is better").words == "improving"
    assert trend(_series([0.15, 0.151, 0.149, 0.15, 0.15])).course == "no clear change"
    short = trend(falling.head(4))
    assert (short.course, short.reason) == ("not stated", "4 periods, and a trend needs 5")
    broken = trend(falling.assign(definition=["IMD 2019"] * 3 + ["IMD 2025"] * 2))
    assert broken.reason == "not one series: definition changes (IMD 2019 and IMD 2025)"
    wards = trend(falling.assign(geography=["wd22"] * 4 + ["wd25"]))
    assert wards.reason.startswith("not one series: geography changes")


# PHEindicatormethods, testdata_funnel_prop_outputs: centre 80.642448 %.
@pytest.mark.parametrize(
    ("base", "two", "three"),
    [
        (1, (3.204264, 100.0), (0.0, 100.0)),
        (61, (70.727504, 90.557391), (65.009774, 96.275122)),
        (110_000, (80.408963, 80.875933), (80.274317, 81.010578)),
    ],
)
def test_funnels_of_proportions_are_the_published_ones(
    base: int, two: tuple[float, float], three: tuple[float, float]
) -> None:
    for limits, confidence in ((two, 0.95), (three, 0.998)):
        got = funnel_proportion(base, 0.80642448, confidence=confidence)
        assert [100 * float(one) for one in got] == pytest.approx(limits, abs=2e-5)


def test_funnels_of_rates_are_the_published_ones() -> None:
    # PHEindicatormethods, testdata_funnel_rate_outputs: centre 116.1720835 per 100,000, three years pooled.
    got = funnel_rate([1, 9, 10, 1360], 116.1720835, per=100_000)
    bases = [1598.675694, 4902.152951, 5276.757672, 411529.9259]
    assert (got["low_base"] / 3).tolist() == pytest.approx(bases, rel=1e-6)
    low, high = (
        [20.85059119, 61.19760093, 63.17010446, 110.158048],
        [4588.535848, 254.0592274, 242.2579623, 122.6021934],
    )
    assert got["low"].tolist() == pytest.approx(low, rel=1e-6)
    assert got["high"].tolist() == pytest.approx(high, rel=1e-5)
    far = funnel_rate([1, 10], 116.1720835, per=100_000, confidence=0.998)
    assert far["low"].tolist() == pytest.approx([12.58170943, 48.13632908], rel=1e-5)


def test_a_place_in_the_funnel_is_said_in_words() -> None:
    assert place_in_funnel(50, 100, 0.5, of="share") == "inside"
    assert place_in_funnel(61, 100, 0.5, of="share") == "above (95 %)"
    assert place_in_funnel(20, 100, 0.5, of="share") == "below (99.8 %)"
    assert place_in_funnel(30, 1000, 0.01, of="rate") == "above (99.8 %)"
    assert place_in_funnel(10, 1000, 0.01, of="rate") == "inside"
