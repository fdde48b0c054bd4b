"""Published instances with known answers; the files are read from beside the checkout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.sparse.csgraph import floyd_warshall

from geo.siting import (
    UnreachableError,
    rank_max_covers,
    solve_max_cover,
    solve_p_center,
    solve_p_median,
    solve_set_cover,
)

# OR-Library, J. E. Beasley: optimum of the p-median, and of the p-center as listed by Pullan (2008).
PMED = {
    1: (5819, 127), 2: (4093, 98), 3: (4250, 93), 4: (3034, 74), 5: (1355, 48),
    6: (7824, 84), 7: (5631, 64), 8: (4445, 55), 9: (2734, 37), 10: (1255, 20),
    11: (7696, 59), 12: (6634, 51), 13: (4374, 36), 14: (2968, 26), 15: (1729, 18),
    16: (8162, 47), 17: (6999, 39), 18: (4809, 28), 19: (2845, 18), 20: (1789, 13),
}  # fmt: skip
SLOW = {16, 17}  # as p-median, 10 to 100 seconds each on a shared machine; all else stays under four


def read_pmed(reference: Path, number: int) -> tuple[NDArray[np.float64], int]:
    """Shortest ways between all vertices, and p. Where an edge is given twice the last one wins."""
    table = np.loadtxt(reference / "pmed" / f"pmed{number}.txt", dtype=int)
    (vertices, _, p), edges = table[0], table[1:]
    cost = np.full((vertices, vertices), np.inf)
    np.fill_diagonal(cost, 0)
    for start, end, length in edges:
        cost[start - 1, end - 1] = cost[end - 1, start - 1] = length
    return floyd_warshall(cost), int(p)


@pytest.mark.parametrize(
    "number", [pytest.param(k, marks=pytest.mark.slow) if k in SLOW else k for k in PMED]
)
def test_the_published_p_median_is_found_and_proven(reference: Path, number: int) -> None:
    cost, p = read_pmed(reference, number)
    plan = solve_p_median(cost, p=p)
    assert (plan.objective, plan.bound, plan.gap, plan.proven) == (PMED[number][0],) * 2 + (0.0, True)
    assert plan.method == "exact (HiGHS)"
    assert len(plan.sites) == p
    assert cost[np.arange(len(cost)), plan.assignment].sum() == PMED[number][0]


@pytest.mark.parametrize("number", PMED)
def test_the_published_p_center_is_found_and_proven(reference: Path, number: int) -> None:
    cost, p = read_pmed(reference, number)
    plan = solve_p_center(cost, p=p)
    assert (plan.objective, plan.bound, plan.gap, plan.proven) == (PMED[number][1],) * 2 + (0.0, True)
    assert cost[:, plan.sites].min(axis=1).max() == PMED[number][1]


@pytest.fixture(scope="session")
def san_francisco(reference: Path) -> pd.DataFrame:
    """Metres from 205 census tracts (index: id, residents) to 16 stores; test data of spopt (BSD-3)."""
    folder = reference / "sf_stores"
    long = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    wide = long.pivot_table(index=["DestinationName", "demand"], columns="name", values="distance")
    return wide[sorted(wide.columns, key=lambda name: int(name.removeprefix("Store_")))]


# p: p-median objective, weighted mean in metres, p-center in metres, people within 5 km, their share.
STORES = {
    1: (5_731_159_103.675, 6000.5037, 11_577.279, 448_255, 46.9321),
    2: (4_009_098_972.135, 4197.5127, 9_130.759, 671_938, 70.3517),
    3: (3_385_565_397.532, 3544.6752, 7_529.986, 791_499, 82.8697),
    4: (2_848_268_129.715, 2982.1269, 7_403.064, 875_247, 91.6381),
}


@pytest.mark.parametrize("p", STORES)
def test_stores_of_san_francisco_give_the_published_figures(san_francisco: pd.DataFrame, p: int) -> None:
    cost, people = san_francisco.to_numpy(), san_francisco.index.get_level_values("demand").to_numpy()
    total, mean, farthest, covered, percent = STORES[p]
    median = solve_p_median(cost, people, p=p)
    center = solve_p_center(cost, people, p=p)
    cover = solve_max_cover(cost, people, p=p, limit=5000)
    assert median.objective == pytest.approx(total, abs=0.01)
    assert median.objective / people.sum() == pytest.approx(mean, abs=1e-4)
    assert center.objective == pytest.approx(farthest, abs=1e-3)
    assert cover.objective == covered
    assert 100 * cover.objective / 955_113 == pytest.approx(percent, abs=1e-4)
    assert median.proven
    assert center.proven
    assert cover.proven


def test_cover_counts_people_and_not_tracts(san_francisco: pd.DataFrame) -> None:
    cost, people = san_francisco.to_numpy(), san_francisco.index.get_level_values("demand").to_numpy()
    plan = solve_max_cover(cost, people, p=4, limit=5000)
    tracts = np.array(plan.assignment) >= 0
    assert f"{plan.objective / people.sum():.2%}" == "91.64%"
    assert f"{people[tracts].sum() / people.sum():.2%}" == "91.64%"
    # 184 of 205 tracts, the figure that leaves out how many live in each, is another number.
    assert f"{tracts.mean():.2%}" == "89.76%"


def test_four_stores_are_chosen_alike_by_median_and_by_cover(san_francisco: pd.DataFrame) -> None:
    cost, people = san_francisco.to_numpy(), san_francisco.index.get_level_values("demand").to_numpy()
    stores = tuple(san_francisco.columns.get_loc(f"Store_{number}") for number in (2, 11, 12, 15))
    assert solve_p_median(cost, people, p=4).sites == stores
    assert rank_max_covers(cost, people, p=4, limit=5000).plans[0].sites == stores


@pytest.mark.parametrize(("limit", "stores"), [(5000, 8), (8000, 3)])
def test_fewest_stores_for_everybody_within_a_limit(
    san_francisco: pd.DataFrame, limit: float, stores: int
) -> None:
    plan = solve_set_cover(san_francisco.to_numpy(), limit=limit)
    assert (plan.objective, plan.proven) == (stores, True)
    assert min(plan.assignment) >= 0


def test_a_limit_that_leaves_tracts_out_names_them(san_francisco: pd.DataFrame) -> None:
    tracts = san_francisco.index.get_level_values("DestinationName")
    with pytest.raises(
        UnreachableError, match=r"within 4000 of any site: the farthest is 60750610\.0, 4644\.8"
    ) as caught:
        solve_set_cover(san_francisco.to_numpy(), limit=4000, demand_names=list(tracts))
    nearest = san_francisco.to_numpy().min(axis=1)
    assert caught.value.demand == tuple(np.flatnonzero(nearest > 4000))
    assert nearest.max() == pytest.approx(4644.846, abs=1e-3)
