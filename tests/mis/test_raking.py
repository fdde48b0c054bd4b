"""Laws that raking keeps whatever the records and counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mis.raking import MarginError, rake, reconcile_margins

SIZES = {"type": 4, "tenure": 3, "work": 2}
CELLS = pd.MultiIndex.from_tuples([(name, f"{name}{k}") for name, n in SIZES.items() for k in range(n)])


def draw_records(seed: int, size: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            name: np.array([f"{name}{k}" for k in range(n)])[rng.integers(0, n, size)]
            for name, n in SIZES.items()
        }
    )


def count(records: pd.DataFrame, weights: np.ndarray, zones: list[str]) -> pd.DataFrame:
    """Counts that a hidden weighting of the same records gives, so that they can be met."""
    rows = [
        [float(w[(records[name] == kind).to_numpy()].sum()) for name, kind in CELLS]
        for w in np.atleast_2d(weights)
    ]
    return pd.DataFrame(rows, index=zones, columns=CELLS)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_consistent_counts_are_met_and_totals_kept(seed: int) -> None:
    rng = np.random.default_rng(seed)
    records = draw_records(seed)
    counts = count(records, rng.lognormal(0, 0.7, (2, len(records))) * 5, ["E01000001", "E01000002"])
    raked = rake(
        records, counts, seed=rng.lognormal(0, 0.5, len(records)), tolerance=1e-4, limit=5000, progress=0
    )
    assert (raked.outcome == "met").all()
    assert np.abs(raked.fitted() - counts).to_numpy().max() < 1e-3
    for zone in counts.index:
        assert raked.weights(zone).sum() == pytest.approx(counts.loc[zone, "type"].sum(), rel=1e-5)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.permutations(list(SIZES)))
def test_at_convergence_the_order_of_the_variables_does_not_matter(seed: int, order: list[str]) -> None:
    rng = np.random.default_rng(seed)
    records = draw_records(seed)
    counts = count(records, rng.lognormal(0, 0.7, len(records)), ["E01000001"])
    options = {"tolerance": 1e-9, "limit": 5000, "progress": 0, "keep": np.float64}
    one = rake(records, counts, **options).weights("E01000001")  # type: ignore[arg-type]
    two = rake(records, counts[order], **options).weights("E01000001")  # type: ignore[arg-type]
    assert two == pytest.approx(one, abs=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_zero_stays_zero_for_records_and_for_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    records = draw_records(seed)
    hidden = rng.lognormal(0, 0.7, len(records))
    gone = (records["tenure"] == "tenure1").to_numpy()
    hidden[gone] = 0.0
    start = rng.lognormal(0, 0.5, len(records))
    silent = rng.choice(len(records), 5, replace=False)
    start[silent] = 0.0
    weights = rake(records, count(records, hidden, ["E01000001"]), seed=start, limit=500).weights("E01000001")
    assert (weights[gone] == 0).all()
    assert (weights[silent] == 0).all()
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.1, 50.0))
def test_weights_scale_with_counts_and_ignore_the_size_of_the_seed(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    records = draw_records(seed)
    counts = count(records, rng.lognormal(0, 0.7, len(records)), ["E01000001"])
    fixed = {"tolerance": 0.0, "progress": 0.0, "limit": 12, "keep": np.float64}
    one = rake(records, counts, **fixed).weights("E01000001")  # type: ignore[arg-type]
    many = rake(records, counts * factor, **fixed).weights("E01000001")  # type: ignore[arg-type]
    assert many == pytest.approx(one * factor, rel=1e-9)
    bigger = rake(records, counts, seed=np.full(len(records), factor), **fixed)  # type: ignore[arg-type]
    assert bigger.weights("E01000001") == pytest.approx(one, rel=1e-9)


def test_records_alike_in_all_constraints_share_their_profile_by_seed() -> None:
    records = pd.DataFrame({"tenure": ["own", "own", "rent"]})
    counts = pd.DataFrame(
        [[8.0, 5.0]], index=["E01000001"], columns=pd.MultiIndex.from_product([["tenure"], ["own", "rent"]])
    )
    # 8 owners shared 1 to 3; the 5 tenants rest on one record, which carries 5 of 13.
    raked = rake(records, counts, seed=[1.0, 3.0, 2.0])
    assert raked.weights("E01000001") == pytest.approx([2.0, 6.0, 5.0])
    held = raked.concentration().loc["E01000001"]
    assert held["largest"] == pytest.approx(6 / 13)
    assert held["effective"] == pytest.approx(13**2 / (4 + 36 + 25))
    values = pd.DataFrame({"persons": [1.0, 2.0, 4.0]})
    assert raked.total(values).loc["E01000001", "persons"] == pytest.approx(2 + 12 + 20)


def test_an_area_of_communal_residents_only_has_no_weights_and_no_misfit() -> None:
    records = draw_records(1)
    counts = count(records, np.vstack([np.ones(120), np.zeros(120)]), ["E01000001", "E01000002"])
    settled = reconcile_margins(counts)
    assert settled.empty == ("E01000002",)
    raked = rake(records, settled.targets)
    assert raked.outcome.to_list() == ["met", "empty"]
    assert raked.weights("E01000002").sum() == 0
    assert raked.misfit().loc["E01000002", "re"] == 0
    assert np.isnan(raked.concentration().loc["E01000002", "largest"])


def test_a_type_without_records_is_named() -> None:
    records = draw_records(2)
    counts = count(records, np.ones(120), ["E01000001"])
    counts[("work", "work2")] = 0.0
    counts = counts[["type", "tenure", "work"]]
    counts.loc["E01000001", ("work", "work2")] = 7.0
    counts.loc["E01000001", ("work", "work0")] -= 7.0
    raked = rake(records, counts)
    assert raked.unreachable == (("work", "work2"),)
    assert raked.outcome.to_list() == ["conflicting"]
    assert raked.misfit().loc["E01000001", "worst"] >= 7 - 1e-3


@pytest.mark.parametrize(
    ("total", "expected"), [(None, 101.0), ("type", 100.0), (pd.Series({"E01000001": 50.0}), 50.0)]
)
def test_perturbed_counts_are_brought_to_one_total_and_reported(total: object, expected: float) -> None:
    counts = pd.DataFrame(
        [[60, 40, 55, 46, 51, 52]],
        index=["E01000001"],
        columns=pd.MultiIndex.from_tuples(
            [("type", "a"), ("type", "b"), ("tenure", "c"), ("tenure", "d"), ("work", "e"), ("work", "f")]
        ),
    )
    with pytest.raises(MarginError, match=r"type sums to 100 and work to 103.*reconcile_margins"):
        rake(pd.DataFrame({"type": ["a", "b"], "tenure": ["c", "d"], "work": ["e", "f"]}), counts)
    settled = reconcile_margins(counts, total=total)  # type: ignore[arg-type]
    assert settled.targets.T.groupby(level=0).sum().to_numpy().ravel() == pytest.approx([expected] * 3)
    ratio = settled.targets[("tenure", "c")] / settled.targets[("tenure", "d")]
    assert ratio.iloc[0] == pytest.approx(55 / 46)
    assert len(settled.moved) == (3 if expected == 50 else 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r, c: (r.drop(columns="work"), c), 'no column "work"'),
        (lambda r, c: (r.assign(work="none"), c), 'work "none", which the counts do not'),
        (lambda r, c: (r, c * -1), "a count is a number"),
        (lambda r, c: (r, c * np.nan), "leave the variable out where it is missing"),
        (lambda r, c: (r, pd.concat([c, c])), "more than one row"),
        (lambda r, c: (r, c.iloc[:, [0, 4, 1, 2, 3, 5, 6, 7, 8]]), "stand side by side"),
    ],
)
def test_unusable_counts_or_records_are_refused_in_a_sentence(change: object, message: str) -> None:
    records = draw_records(3)
    counts = count(records, np.ones(120), ["E01000001"])
    with pytest.raises(MarginError, match=message):
        rake(*change(records, counts))  # type: ignore[operator]


def test_a_missing_margin_is_not_taken_for_an_empty_one() -> None:
    counts = pd.DataFrame(
        [[60.0, 40.0, 0.0]],
        index=["E01000001"],
        columns=pd.MultiIndex.from_tuples([("type", "a"), ("type", "b"), ("work", "e")]),
    )
    with pytest.raises(MarginError, match="work counts nobody in E01000001"):
        reconcile_margins(counts, total="type")
