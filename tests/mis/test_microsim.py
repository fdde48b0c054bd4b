"""The survey route: what it estimates, what it refuses, and what never leaves it."""

from __future__ import annotations

import doctest
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mis.microsim
import mis.survey_weights
from geo.crosswalk import Crosswalk, UnmatchedCodeError
from geo.figures import FIGURE_COLUMNS
from geo.geography import Geography
from mis.calibration_weights import CalibrationError
from mis.microsim import SurveyRouteError, estimate_survey, solve_dispersion
from mis.raking import MarginError
from mis.survey_sums import SUMS
from mis.survey_table import MissingTypeError, Survey, SurveyError, prepare_survey, read_survey
from mis.survey_weights import MethodError

LINES = {"single": 300.0, "family": 700.0, "pensioner": 380.0}
CELLS = pd.MultiIndex.from_tuples(
    [("type", kind) for kind in LINES]
    + [("tenure", t) for t in ("own", "rent")]
    + [("work", w) for w in ("yes", "no")]
)
EAST, LONDON = "E12000006", "E12000007"


def draw_town(seed: int, size: int) -> pd.DataFrame:
    """Households whose income depends on type, tenure and work, and on nothing else."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(list(LINES), size, p=[0.35, 0.4, 0.25])
    tenure = rng.choice(["own", "rent"], size, p=[0.6, 0.4])
    work = np.where((kind != "pensioner") & (rng.uniform(size=size) < 0.75), "yes", "no")
    level = pd.Series(kind).map({"single": 380.0, "family": 820.0, "pensioner": 480.0}).to_numpy()
    level = level * np.where(tenure == "own", 1.2, 0.85) * np.where(work == "yes", 1.2, 0.75)
    children = np.where(kind == "family", rng.integers(1, 4, size), 0)
    return pd.DataFrame(
        {
            "household": np.arange(size),
            "weight": rng.uniform(500, 1500, size),
            "income": level * rng.lognormal(0, 0.5, size),
            "persons": np.where(kind == "single", 1, 2) + children,
            "children": children,
            "pensioners": np.where(kind == "pensioner", 2, 0),
            "scale": np.where(kind == "single", 0.58, 1.0) + 0.2 * children,
            "type": kind,
            "tenure": tenure,
            "work": work,
            "region": np.where(np.arange(size) % 3 == 0, LONDON, EAST),
            "year": 2025,
        }
    )


def count_areas(town: pd.DataFrame, area: np.ndarray) -> pd.DataFrame:
    rows = {
        code: [float(((town[name] == kind).to_numpy() & (area == code)).sum()) for name, kind in CELLS]
        for code in np.unique(area)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=CELLS)


@pytest.fixture(scope="module")
def survey() -> Survey:
    return prepare_survey(draw_town(1, 1500), year=2025)


@pytest.fixture(scope="module")
def areas() -> tuple[pd.DataFrame, pd.Series]:
    """Counts of eight areas of different mix, with the true share of people below in each."""
    town = draw_town(2, 60_000)
    rng = np.random.default_rng(3)
    lean = rng.normal(0, 1.3, (8, 3)) * [1.5, 1, 1]
    pull = (
        lean[:, [0]] * (town["type"] == "family").to_numpy()
        + lean[:, [1]] * (town["tenure"] == "rent").to_numpy()
        + lean[:, [2]] * (town["work"] == "no").to_numpy()
    )
    chance = np.exp(pull) / np.exp(pull).sum(axis=0)
    place = (rng.uniform(size=len(town)) > chance.cumsum(axis=0)).sum(axis=0)
    area = np.array([f"E0100000{k}" for k in range(8)])[place]
    below = town["income"] < town["type"].map(LINES)
    truth = (below * town["persons"]).groupby(area).sum() / town["persons"].groupby(area).sum()
    return count_areas(town, area), truth


def test_the_example_in_the_module_is_true() -> None:
    assert doctest.testmod(mis.microsim).failed == 0


def test_two_households_worked_by_hand() -> None:
    # 30 singles at half their line, 20 families of four a quarter under theirs, 10 well off:
    #   people 30 + 80 + 10; below 110 of 120; below 75 % of the line only the singles
    #   (the family stands exactly at 75 %); pounds a week 30 × 150 + 20 × 175.
    table = pd.DataFrame(
        {
            "household": [1, 2, 3],
            "weight": [1.0, 1.0, 1.0],
            "income": [150.0, 525.0, 900.0],
            "persons": [1, 4, 1],
            "type": ["single", "family", "single"],
            "tenure": ["rent", "rent", "own"],
            "work": ["no", "yes", "yes"],
            "region": EAST,
            "year": 2025,
        }
    )
    counts = pd.DataFrame(
        [[40.0, 20, 50, 10]],
        index=["E01000001"],
        columns=pd.MultiIndex.from_tuples(
            [("type", "single"), ("type", "family"), ("tenure", "rent"), ("tenure", "own")]
        ),
    )
    got = estimate_survey(prepare_survey(table, year=2025), counts, LINES, replicates=0, seed=1, fewest=1)
    sums = got.sums.loc["E01000001"]
    assert sums["people"] == pytest.approx(120, abs=0.1)
    assert sums["people_below_100"] == pytest.approx(110, abs=0.1)
    assert sums["people_below_75"] == pytest.approx(30, abs=0.1)
    assert sums["people_below_50"] == 0
    assert sums["shortfall"] == pytest.approx(30 * 150 + 20 * 175, abs=10)
    assert sums["gap"] == pytest.approx(30 * 0.5 + 80 * 0.25, abs=0.1)
    assert np.isnan(sums["children"])
    rows = got.summary().set_index("indicator")
    assert "mis_children_below_share" not in rows.index
    assert rows.at["mis_gap_weekly", "value"] == pytest.approx(8000 / 110, abs=0.1)


@pytest.mark.parametrize("method", ["ipf", "greg", "trs"])
def test_shares_known_from_a_whole_town_are_found_from_its_survey(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series], method: str
) -> None:
    counts, truth = areas
    got = estimate_survey(survey, counts, LINES, method=method, replicates=0, seed=4)  # type: ignore[arg-type]
    share = got.sums["people_below_100"] / got.sums["people"]
    assert np.ptp(truth) > 0.12
    assert np.abs(share - truth).max() < 0.06
    assert np.corrcoef(share, truth)[0, 1] > 0.97
    assert (got.quality["re"] < (0.02 if method == "trs" else 0.001)).all()
    assert got.sums["households"].to_numpy() == pytest.approx(counts["type"].sum(axis=1).to_numpy(), rel=1e-3)


def test_bootstrap_ranges_follow_the_seed_and_are_summed_draw_by_draw(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts, truth = areas
    options = {"replicates": 60, "regions": [EAST]}
    one = estimate_survey(survey, counts, LINES, seed=5, **options)  # type: ignore[arg-type]
    two = estimate_survey(survey, counts, LINES, seed=5, **options)  # type: ignore[arg-type]
    other = estimate_survey(survey, counts, LINES, seed=6, **options)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(one.summary(), two.summary())
    assert not one.summary()["low"].equals(other.summary()["low"])
    rows = one.summary(["mis_people_below_share"]).set_index("code")
    inside = (rows["low"] <= truth) & (truth <= rows["high"])
    assert inside.sum() >= 6

    wards = {code: ("E05000001" if code < "E01000004" else "E05000002") for code in counts.index}
    ward = one.summary(["mis_people_below"], groups=wards).set_index("code")
    column = SUMS.index("people_below_100")
    first = one.draws[:, :4, column].astype(float).sum(axis=1)
    assert ward.at["E05000001", "value"] == pytest.approx(np.median(first), rel=1e-6)
    assert ward.at["E05000001", "high"] == pytest.approx(np.quantile(first, 0.95), rel=1e-6)
    with pytest.raises(SurveyRouteError, match="E01999999 was not estimated"):
        one.summary(groups={"E01999999": "E05000001"})


def test_wards_are_shares_of_areas_and_lose_nobody(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts = areas[0]
    one = estimate_survey(survey, counts, LINES, replicates=40, seed=5)
    rows = [(code, "E05000001", 0.25 if k == 3 else 1.0) for k, code in enumerate(counts.index) if k < 4]
    rows += [(code, "E05000002", 0.75 if k == 3 else 1.0) for k, code in enumerate(counts.index) if k >= 3]
    wards = Crosswalk(
        Geography("lsoa", 2021), Geography("wd", 2025),
        pd.DataFrame(rows, columns=["origin", "target", "weight"]),
        method="postcodes", weight_source="invented",
    )  # fmt: skip
    below = one.sums["people_below_100"].to_numpy()
    got = one.summary(["mis_people_below"], groups=wards).set_index("code")
    place = SUMS.index("people_below_100")
    by_hand = one.draws[:, :3, place].sum(axis=1) + 0.25 * one.draws[:, 3, place]
    assert got.at["E05000001", "value"] == pytest.approx(np.median(by_hand), rel=1e-5)
    assert got.at["E05000001", "high"] == pytest.approx(np.quantile(by_hand, 0.95), rel=1e-5)
    no_draws = estimate_survey(survey, counts, LINES, replicates=0, seed=5)
    assert no_draws.summary(["mis_people_below"], groups=wards)["value"].sum() == pytest.approx(below.sum())
    short = replace(wards, weights=wards.weights[wards.weights["origin"] != counts.index[0]])
    with pytest.raises(UnmatchedCodeError, match=str(counts.index[0])):
        one.summary(groups=short)
    # A best fit of LSOAs is no ward.
    best_fit = {str(code): "E05000001" for code in counts.index}
    with pytest.raises(SurveyRouteError, match="wards are not made of whole LSOAs"):
        one.figures(Geography("wd", 2025), period="2025", source="survey", groups=best_fit)
    figures = one.figures(Geography("wd", 2025), period="2025", source="survey", groups=wards)
    assert set(figures["code"]) == {"E05000001", "E05000002"}


def test_whole_households_do_not_depend_on_the_order_of_areas(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts = areas[0]
    first = estimate_survey(survey, counts, LINES, method="trs", replicates=3, seed=4)
    again = estimate_survey(survey, counts.iloc[::-1], LINES, method="trs", replicates=3, seed=4)
    assert again.sums.loc[first.sums.index].to_numpy() == pytest.approx(first.sums.to_numpy())
    assert again.draws[:, ::-1] == pytest.approx(first.draws)


def test_a_replicate_that_cannot_be_calibrated_is_left_out_and_counted(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {"calls": 0, "fail": {25}}
    plain = mis.survey_weights.calibrate

    def sometimes(*given: object, **named: object) -> object:
        seen["calls"] += 1
        if (seen["calls"] - 1) // len(areas[0]) in seen["fail"]:
            raise CalibrationError("the bounds cannot be held")
        return plain(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(mis.survey_weights, "calibrate", sometimes)
    got = estimate_survey(survey, areas[0], LINES, method="greg", replicates=20, seed=4)
    assert len(got.draws) == 20
    seen |= {"calls": 0, "fail": {20}}
    got = estimate_survey(survey, areas[0], LINES, method="greg", replicates=20, seed=4)
    assert len(got.draws) == 19
    assert any("19 bootstrap replicates" in note for note in got.notes)
    assert any("1 further replicates could not be calibrated" in note for note in got.notes)
    seen |= {"calls": 0, "fail": set(range(2, 40))}
    with pytest.raises(CalibrationError, match="bootstrap replicates cannot be calibrated"):
        estimate_survey(survey, areas[0], LINES, method="greg", replicates=20, seed=4)


def test_the_range_of_a_plain_proportion_is_as_wide_as_theory_says() -> None:
    town = draw_town(7, 800).assign(weight=1.0, persons=1, type="single", tenure="own", work="yes")
    town["income"] = np.where(np.arange(800) % 4 == 0, 100.0, 900.0)
    counts = pd.DataFrame(
        [[500.0]], index=["E01000001"], columns=pd.MultiIndex.from_tuples([("type", "single")])
    )
    got = estimate_survey(prepare_survey(town, year=2025), counts, LINES, replicates=600, seed=8)
    row = got.summary(["mis_people_below_share"]).iloc[0]
    assert row["value"] == pytest.approx(0.25, abs=0.003)
    assert row["high"] - row["low"] == pytest.approx(2 * 1.645 * np.sqrt(0.25 * 0.75 / 800), rel=0.1)


def test_drawing_whole_sampling_units_widens_the_range() -> None:
    # Twenty units, each of households alike: there are twenty observations, not 800.
    town = draw_town(7, 800).assign(weight=1.0, persons=1, type="single", tenure="own", work="yes")
    town["unit"] = np.arange(800) % 20
    town["income"] = np.where(town["unit"] < 5, 100.0, 900.0)
    counts = pd.DataFrame(
        [[500.0]], index=["E01000001"], columns=pd.MultiIndex.from_tuples([("type", "single")])
    )
    got = estimate_survey(prepare_survey(town, year=2025), counts, LINES, replicates=400, seed=8)
    row = got.summary(["mis_people_below_share"]).iloc[0]
    assert row["high"] - row["low"] == pytest.approx(2 * 1.645 * np.sqrt(0.25 * 0.75 / 21), rel=0.15)


def test_no_row_of_the_survey_leaves(areas: tuple[pd.DataFrame, pd.Series]) -> None:
    counts, _ = areas
    table = draw_town(9, 700)
    table["household"] = [f"secret-{k}" for k in range(700)]
    got = estimate_survey(prepare_survey(table, year=2025), counts, LINES, replicates=3, seed=1)
    blob = pickle.dumps(got)
    assert b"secret-" not in blob
    for income in table["income"].head(50):
        assert np.float64(income).tobytes() not in blob
    assert len(got.sums) == len(got.quality) == len(counts)


def test_a_lone_record_that_takes_an_areas_whole_weight_is_flagged_and_withheld() -> None:
    table = draw_town(10, 300)
    table = table[(table["type"] != "pensioner")].reset_index(drop=True)
    lone = draw_town(11, 50).query("type == 'pensioner'").head(1).assign(household=9999)
    table = pd.concat([table, lone], ignore_index=True)
    counts = pd.DataFrame(
        [[300.0, 100, 0], [0, 0, 400], [0, 0, 0]],
        index=["E01000001", "E01000002", "E01000003"],
        columns=pd.MultiIndex.from_product([["type"], ["single", "family", "pensioner"]]),
    )
    got = estimate_survey(prepare_survey(table, year=2025), counts, LINES, replicates=5, seed=1)
    assert got.quality["status"].to_list() == ["ok", "suppressed", "not_applicable"]
    assert got.quality.at["E01000002", "largest"] == pytest.approx(1.0)
    assert got.quality["heavy"].to_list() == [False, True, False]
    assert any("E01000002 the most" in note for note in got.notes)
    assert any("no private household" in note for note in got.notes)
    rows = got.summary(["mis_people_below_share"])
    assert rows["status"].to_list() == ["ok", "suppressed", "not_applicable"]
    assert rows["value"].isna().to_list() == [False, True, True]
    seen = estimate_survey(
        prepare_survey(table, year=2025), counts, LINES, replicates=0, seed=1, fewest=1, dominance=1.0
    )
    assert seen.quality.at["E01000002", "status"] == "ok"
    assert seen.quality.at["E01000002", "heavy"]


def test_a_type_without_a_record_is_refused_or_borrowed_as_told(
    areas: tuple[pd.DataFrame, pd.Series],
) -> None:
    counts, _ = areas
    table = draw_town(12, 900)
    table = table[~((table["type"] == "pensioner") & (table["region"] == EAST))]
    got = prepare_survey(table, year=2025)
    with pytest.raises(MissingTypeError, match=r'no record of type "pensioner".*E12000006.*borrow='):
        estimate_survey(got, counts, LINES, regions=[EAST], replicates=0, seed=1)
    with pytest.raises(MissingTypeError, match="or where it may borrow from"):
        estimate_survey(
            got,
            counts,
            LINES,
            regions=[EAST],
            borrow="neighbours",
            neighbours=["E12000001"],
            replicates=0,
            seed=1,
        )
    for borrow, source in (("neighbours", LONDON), ("national", "whole survey")):
        fine = estimate_survey(
            got,
            counts,
            LINES,
            regions=[EAST],
            borrow=borrow,  # type: ignore[arg-type]
            neighbours=[LONDON] if borrow == "neighbours" else [],
            replicates=0,
            seed=1,
        )
        assert fine.borrowed[["variable", "category", "source"]].to_numpy().tolist() == [
            ["type", "pensioner", source]
        ]
        assert any("borrowed from" in note for note in fine.notes)
        assert (fine.quality["outcome"] == "met").all()
    nowhere = prepare_survey(table[table["type"] != "pensioner"], year=2025)
    with pytest.raises(MissingTypeError, match="join the category with another"):
        estimate_survey(nowhere, counts, LINES, regions=[EAST], borrow="national", replicates=0, seed=1)


def test_perturbed_tables_are_reconciled_and_reported(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts, _ = areas
    noisy = counts.copy()
    noisy[("tenure", "own")] += 9
    got = estimate_survey(survey, noisy, LINES, total="type", replicates=0, seed=1)
    assert set(got.moved["variable"]) == {"tenure"}
    assert any("disagreed in their totals" in note for note in got.notes)


def test_incomes_are_lifted_to_the_mean_of_the_larger_area(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts, _ = areas
    parents = {code: ("E02000001" if code < "E01000004" else "E02000002") for code in counts.index}
    means = pd.Series({"E02000001": 500.0, "E02000002": 700.0})
    got = estimate_survey(survey, counts, LINES, means=means, parents=parents, replicates=2, seed=1)
    assert got.quality["lift"].groupby(parents).nunique().to_list() == [1, 1]
    assert got.quality["lift"].iloc[0] < got.quality["lift"].iloc[-1]
    # With a scale of 1 and a line far above everyone, households × line less the shortfall is income.
    flat = prepare_survey(survey.households.assign(scale=1.0), year=2025)
    high = dict.fromkeys(LINES, 1000000.0)
    below = estimate_survey(flat, counts, high, means=means, parents=parents, replicates=0, seed=1).sums
    income = (1e6 * below["households"] - below["shortfall"]).groupby(parents).sum()
    assert (income / below["households"].groupby(parents).sum()).to_numpy() == pytest.approx(
        means.to_numpy(), rel=1e-6
    )
    with pytest.raises(SurveyRouteError, match="no mean income above zero"):
        estimate_survey(survey, counts, LINES, means=means.head(1), parents=parents, replicates=0, seed=1)
    bare = prepare_survey(draw_town(1, 300).drop(columns="scale"), year=2025)
    with pytest.raises(SurveyRouteError, match='column "scale"'):
        estimate_survey(bare, counts, LINES, means=means, parents=parents, replicates=0, seed=1)


def test_dispersion_returns_the_regional_rate_with_the_means_held(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts, _ = areas
    means = pd.Series(600.0, index=counts.index)
    power = solve_dispersion(survey, counts, rate=0.22, low_income=330.0, means=means)
    table = survey.households
    lines = dict.fromkeys(LINES, 330.0)
    # Everyone at scale 1 makes the low-income line the household's own.
    flat = prepare_survey(table.assign(scale=1.0), year=2025)
    even = solve_dispersion(flat, counts, rate=0.22, low_income=330.0, means=means)
    got = estimate_survey(flat, counts, lines, means=means, dispersion=even, replicates=0, seed=1)
    total = got.sums.sum()
    assert total["people_below_100"] / total["people"] == pytest.approx(0.22, abs=0.003)
    assert 0.3 < power < 2.5
    with pytest.raises(SurveyRouteError, match=r"no power between 0.3 and 2.5 gives a rate of 0.9"):
        solve_dispersion(survey, counts, rate=0.9, low_income=330.0, means=means)


def test_figures_have_the_one_shape_and_their_floors(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts, _ = areas
    got = estimate_survey(survey, counts, LINES, replicates=20, seed=1)
    rows = got.figures(Geography("lsoa", 2021), period="FYE 2025", source="survey")
    assert list(rows.columns) == list(FIGURE_COLUMNS)
    assert set(rows["basis"]) == {"modelled"}
    assert set(rows["interval"]) == {"90 % survey bootstrap"}
    floors = rows.drop_duplicates("indicator").set_index("indicator")["floor"]
    assert floors["mis_people_below_share"] == "lsoa21"
    assert floors["mis_people_below_50_share"] == "wd25"
    assert floors["mis_shortfall_weekly"] == "wd25"
    shares = rows[rows["unit"] == "share"]
    assert set(shares["reliability"]) <= {"A", "B", "C"}


def test_greg_names_the_area_that_cannot_keep_its_bounds(
    survey: Survey, areas: tuple[pd.DataFrame, pd.Series]
) -> None:
    counts, _ = areas
    with pytest.raises(CalibrationError, match=r"E0100000\d: .*cannot be met within ratios"):
        estimate_survey(survey, counts, LINES, method="greg", bounds=(0.9, 1.1), replicates=0, seed=1)
    eased = estimate_survey(
        survey, counts, LINES, method="greg", bounds=(0.05, 4.0), slack=30.0, replicates=0, seed=1
    )
    assert (eased.quality["re"] > 0).all()
    with pytest.raises(MethodError, match='"annealing" is not a way'):
        estimate_survey(survey, counts, LINES, method="annealing", replicates=0, seed=1)  # type: ignore[arg-type]
    with pytest.raises(SurveyRouteError, match='"single" have no line'):
        estimate_survey(survey, counts, {"family": 700.0, "pensioner": 1.0}, replicates=0, seed=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="tenure"), 'no column "tenure"'),
        (lambda t: t.assign(income=np.where(t.index == 4, np.nan, t["income"])), "row 5: income is missing"),
        (lambda t: t.assign(persons=0), "row 1: persons is below 1"),
        (lambda t: t.assign(weight=-1.0), "row 1: weight is below 0"),
        (lambda t: t.assign(household=1), "row 2: the household stands twice"),
        (
            lambda t: t.assign(year=2023),
            r"money of 2023 and the lines are of 2025; give uprate=\{2023: factor\}",
        ),
        (lambda t: t.assign(scale=0.0), "equivalence scale"),
        (lambda t: t.assign(year="2024/25"), "row 1: year is missing or not a number"),
        (lambda t: t.assign(year=2024.5), "row 1: year is not a whole number"),
    ],
)
def test_a_survey_that_cannot_be_used_is_refused_by_row_and_never_quoted(
    change: object, message: str
) -> None:
    with pytest.raises(SurveyError, match=message):
        prepare_survey(change(draw_town(1, 20)), year=2025)  # type: ignore[operator]


def test_years_are_pooled_in_one_years_money_and_negative_incomes_are_said() -> None:
    first, second = draw_town(1, 50), draw_town(2, 50).assign(year=2024)
    first.loc[0, "income"] = -80.0
    got = prepare_survey(pd.concat([first, second]), year=2025, uprate={2024: 1.04})
    assert got.households["weight"].sum() == pytest.approx(
        (first["weight"].sum() + second["weight"].sum()) / 2
    )
    assert got.households["income"].iloc[60] == pytest.approx(second["income"].iloc[10] * 1.04)
    assert any("negative" in note for note in got.notes)
    assert any("no childcare" in note for note in got.notes)
    paid = prepare_survey(first.assign(childcare=20.0), year=2025)
    assert paid.households["income"].iloc[3] == pytest.approx(first["income"].iloc[3] - 20)


def test_a_table_is_read_from_csv_or_parquet(tmp_path: Path) -> None:
    table = draw_town(1, 30)
    table.to_csv(tmp_path / "frs.csv", index=False)
    table.to_parquet(tmp_path / "frs.parquet")
    one = read_survey(tmp_path / "frs.csv", year=2025)
    two = read_survey(tmp_path / "frs.parquet", year=2025)
    assert one.households["income"].to_numpy() == pytest.approx(two.households["income"].to_numpy())
    with pytest.raises(SurveyError, match=r"no file frs.sav"):
        read_survey(tmp_path / "frs.sav", year=2025)
    (tmp_path / "frs.sav").touch()
    with pytest.raises(SurveyError, match=r"frs.sav is neither .csv nor .parquet"):
        read_survey(tmp_path / "frs.sav", year=2025)
    for name, content in (("junk.parquet", b"hello"), ("junk.csv", b"\xff\xfe\x00"), ("empty.csv", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SurveyError, match=rf"{name} cannot be read as"):
            read_survey(tmp_path / name, year=2025)


def test_counts_and_replicates_that_cannot_be_right_are_refused(
    areas: tuple[pd.DataFrame, pd.Series],
) -> None:
    counts, _ = areas
    survey = prepare_survey(draw_town(1, 300), year=2025)
    text = counts.astype(object)
    text.iat[0, 0] = "c"
    with pytest.raises(MarginError, match=r"type single is c; a count is a number of households"):
        estimate_survey(survey, text, LINES, replicates=0, seed=1)
    with pytest.raises(SurveyRouteError, match=r"-1 replicates"):
        estimate_survey(survey, counts, LINES, replicates=-1, seed=1)
    with pytest.raises(SurveyError, match=r"money of 2025"):
        prepare_survey(draw_town(1, 20), year=2026, uprate={2025: float("inf")})


@pytest.mark.slow
def test_nine_ranges_in_ten_hold_the_value_that_a_survey_without_end_would_give(
    areas: tuple[pd.DataFrame, pd.Series],
) -> None:
    counts, _ = areas
    whole = dict.fromkeys(counts.index, "E05000001")
    options = {"replicates": 0, "seed": 1}
    endless = estimate_survey(
        prepare_survey(draw_town(99, 200_000).assign(weight=1.0), year=2025), counts, LINES, **options
    )  # type: ignore[arg-type]
    small = endless.summary(["mis_people_below_share"]).set_index("code")["value"]
    large = endless.summary(["mis_people_below_share"], groups=whole)["value"].iloc[0]
    held, held_whole = [], []
    for world in range(150):
        survey = prepare_survey(draw_town(1000 + world, 800).assign(weight=1.0), year=2025)
        got = estimate_survey(survey, counts, LINES, replicates=100, seed=world)
        rows = got.summary(["mis_people_below_share"]).set_index("code")
        held.append(((rows["low"] <= small) & (small <= rows["high"])).mean())
        town = got.summary(["mis_people_below_share"], groups=whole).iloc[0]
        held_whole.append(town["low"] <= large <= town["high"])
    assert 0.85 <= np.mean(held) <= 0.95
    assert 0.82 <= np.mean(held_whole) <= 0.97
