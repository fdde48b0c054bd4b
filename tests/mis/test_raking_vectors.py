"""Published calculations, repeated to the digits given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mis.integer import apportion
from mis.raking import rake, reconcile_margins

# SimpleWorld: Lovelace and Dumont, Spatial Microsimulation with R. Five people, three zones.
PEOPLE = pd.DataFrame(
    {
        "age": ["50+", "50+", "0-49", "50+", "0-49"],
        "sex": ["m", "m", "m", "f", "f"],
        "income": [2868.0, 2474.0, 2231.0, 3152.0, 2473.0],
    }
)
ZONES = pd.DataFrame(
    [[8, 4, 6, 6], [2, 8, 4, 6], [7, 4, 3, 8]],
    index=["one", "two", "three"],
    columns=pd.MultiIndex.from_tuples([("age", "0-49"), ("age", "50+"), ("sex", "m"), ("sex", "f")]),
    dtype=float,
)


def test_simpleworld_after_age_alone() -> None:
    raked = rake(PEOPLE, ZONES[["age"]], tolerance=0, progress=0, limit=1)
    got = np.array([raked.weights(zone) for zone in ZONES.index])
    expected = [[4 / 3, 4 / 3, 4, 4 / 3, 4], [8 / 3, 8 / 3, 1, 8 / 3, 1], [4 / 3, 4 / 3, 3.5, 4 / 3, 3.5]]
    assert got == pytest.approx(np.array(expected), rel=1e-6)
    simulated = np.column_stack(
        [got[:, [2, 4]].sum(1), got[:, [0, 1, 3]].sum(1), got[:, :3].sum(1), got[:, 3:].sum(1)]
    )
    assert np.abs(simulated - ZONES).to_numpy().sum() == pytest.approx(12.333, abs=5e-4)
    assert np.corrcoef(simulated.ravel(), ZONES.to_numpy().ravel())[0, 1] == pytest.approx(0.6284, abs=5e-5)
    assert np.abs(np.tile([2, 3, 3, 2], (3, 1)) - ZONES.to_numpy()).sum() == 36


def test_simpleworld_after_age_then_sex() -> None:
    raked = rake(PEOPLE, ZONES, tolerance=0, progress=0, limit=1)
    got = np.array([raked.weights(zone) for zone in ZONES.index])
    expected = [
        [1.2, 1.2, 3.6, 1.5, 4.5],
        [1.684211, 1.684211, 0.631579, 4.363636, 1.636364],
        [0.648649, 0.648649, 1.702703, 2.206897, 5.793103],
    ]
    assert got == pytest.approx(np.array(expected), abs=1e-6)
    assert raked.misfit()["tae"].sum() == pytest.approx(1.727497, abs=2e-6)
    r = np.corrcoef(raked.fitted().to_numpy().ravel(), ZONES.to_numpy().ravel())[0, 1]
    assert r == pytest.approx(0.9932, abs=5e-5)


def test_simpleworld_converged() -> None:
    raked = rake(PEOPLE, ZONES, tolerance=1e-9, progress=0, limit=500)
    got = np.array([raked.weights(zone) for zone in ZONES.index])
    expected = [
        [1.227998, 1.227998, 3.544004, 1.544004, 4.455996],
        [1.725083, 1.725083, 0.549834, 4.549834, 1.450166],
        [0.725083, 0.725083, 1.549834, 2.549834, 5.450166],
    ]
    assert got == pytest.approx(np.array(expected), abs=1.5e-6)
    assert got.sum(axis=1) == pytest.approx([12, 10, 11], abs=1e-5)
    mean = raked.total(PEOPLE[["income"]])["income"] / ZONES["age"].sum(axis=1)
    assert mean.to_numpy() == pytest.approx([2529.418, 2836.941, 2622.401], abs=1e-3)
    assert (raked.outcome == "met").all()


def test_a_table_of_two_margins() -> None:
    # The input of ipfn's own documentation; one record a cell.
    table = np.array([[8.0, 4, 6, 7], [3, 6, 5, 2], [9, 11, 3, 1]])
    cells = pd.DataFrame({"row": np.repeat(list("abc"), 4), "column": np.tile(list("wxyz"), 3)})
    counts = pd.DataFrame(
        [[20, 18, 22, 18, 16, 12, 14]],
        index=["all"],
        columns=pd.MultiIndex.from_tuples([("row", k) for k in "abc"] + [("column", k) for k in "wxyz"]),
    )
    raked = rake(cells, counts, seed=table.ravel(), tolerance=1e-9, limit=1000, progress=0)
    expected = [
        [5.5794, 2.1625, 3.8919, 8.3663],
        [3.4332, 5.3226, 5.3218, 3.9224],
        [8.9874, 8.5149, 2.7863, 1.7113],
    ]
    assert raked.weights("all").reshape(3, 4) == pytest.approx(np.array(expected), abs=5.1e-5)


def test_humanleague_table_and_portions() -> None:
    cells = pd.DataFrame({"row": list("aabb"), "column": list("xyxy")})
    counts = pd.DataFrame(
        [[52, 48, 87, 13]],
        index=["all"],
        columns=pd.MultiIndex.from_tuples([("row", "a"), ("row", "b"), ("column", "x"), ("column", "y")]),
    )
    raked = rake(cells, counts, tolerance=1e-9, limit=50)
    assert raked.weights("all") == pytest.approx([45.24, 6.76, 41.76, 6.24], rel=1e-6)

    shares = np.array([0.4, 0.3, 0.2, 0.1])
    assert apportion(shares, total=10).tolist() == [4, 3, 2, 1]
    whole = apportion(shares, total=17)
    assert whole.tolist() == [7, 5, 3, 2]
    assert np.sqrt(np.mean((whole - 17 * shares) ** 2)) == pytest.approx(0.273861278752583, rel=1e-12)


@pytest.fixture(scope="module")
def cakes(reference: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CakeMap: 124 zones around Leeds and 916 people, as categories and counts."""
    people = pd.read_csv(reference / "microsim" / "cake_ind.csv")
    counts = pd.read_csv(reference / "microsim" / "cake_cons.csv")
    names = list(counts.columns)
    counts.columns = pd.MultiIndex.from_tuples(
        [("who", name) for name in names[:12]]
        + [("car", name) for name in names[12:14]]
        + [("class", name) for name in names[14:]]
    )
    counts.index = pd.Index([str(zone) for zone in range(1, 125)])
    records = pd.DataFrame(
        {
            "who": people["Sex"].map({1: "m", 2: "f"}) + people["ageband4"].str.replace("-", "_"),
            "car": people["Car"].map({1: "Car", 2: "NoCar"}),
            "class": [("Other" if code == 97 else f"X{code:g}") for code in people["NSSEC8"]],
        }
    )
    return records, counts


@pytest.mark.parametrize(("limit", "tae"), [(10, 27549.80), (20, 26445.57), (100, 25996.00)])
def test_cakemap_misses_its_margins_by_as_much_as_published(
    cakes: tuple[pd.DataFrame, pd.DataFrame], limit: int, tae: float
) -> None:
    records, counts = cakes
    raked = rake(records, counts, tolerance=0, progress=0, limit=limit, keep=np.float64, uneven=True)
    misfit = raked.misfit()
    assert misfit["tae"].sum() == pytest.approx(tae, abs=0.005)
    if limit == 20:
        assert misfit["tae"].sum() / counts.to_numpy().sum() == pytest.approx(0.00543, abs=5e-6)
        fitted = raked.fitted().to_numpy().ravel()
        assert np.corrcoef(fitted, counts.to_numpy().ravel())[0, 1] == pytest.approx(0.99685, abs=5e-6)
        assert misfit["tae"].idxmax() == "84"
        assert misfit["tae"].max() == pytest.approx(14708, abs=1)
        kept = rake(records, counts, tolerance=0, progress=0, limit=limit, uneven=True)
        assert kept.misfit()["tae"].sum() == pytest.approx(tae, abs=0.5)


def test_cakemap_conflicts_are_called_conflicts_and_most_go_when_totals_agree(
    cakes: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    records, counts = cakes
    uneven = rake(records, counts, uneven=True, limit=1000)
    assert (uneven.outcome == "conflicting").sum() >= 72
    assert not (uneven.outcome == "stopped").any()
    settled = reconcile_margins(counts)
    assert settled.moved["share"].abs().max() < 0.001
    even = rake(records, settled.targets, limit=1000)
    assert (even.outcome == "conflicting").sum() < 5
