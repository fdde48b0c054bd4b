"""Access: published examples, laws of conservation, and counts one can do by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from geo.access import LUO_QI_BANDS, count_kinds, count_within, find_nearest, share_supply
from geo.access_groups import compare_groups, weighted_quantile
from geo.crs import CrsError
from geo.greenspace import find_entrances, judge_greenspace, read_standards
from geo.network import Network, NetworkError
from geo.network_building import build_network
from geo.pairs import AccessError, measure_pairs
from geo.reach import ReachError

EAST, NORTH = 400_000.0, 200_000.0


def road(*lines: list[tuple[float, float]], **columns: object) -> Network:
    shifted = [LineString([(EAST + x, NORTH + y) for x, y in line]) for line in lines]
    frame = gpd.GeoDataFrame(columns, geometry=shifted, crs="EPSG:27700")
    return build_network(
        frame, where="road", extent=box(EAST - 9000, NORTH - 9000, EAST + 9000, NORTH + 9000)
    )


def points(names: str, *xy: tuple[float, float], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame([(EAST + x, NORTH + y) for x, y in xy], columns=["x", "y"], index=names.split())
    return frame.assign(**columns)


#  One straight road of 2 km, with people and places on it.
ROAD = road([(0, 0), (1000, 0)], [(1000, 0), (2000, 0)])
SOME = st.one_of(st.just(0.0), st.floats(0.01, 50))
METRES = {"unit": "metres", "profile": "plain"}


def test_two_step_catchments_give_the_published_three_point_example() -> None:
    # The example of sdc-catchment (package index, 2026): people at 0, 1 and 2 (100 each), supply of 10 at
    # 0 and at 2, Gaussian of scale 1. Here a unit is a kilometre.
    people = points("c1 c2 c3", (0, 0), (1000, 0), (2000, 0), people=100)
    places = points("p1 p2", (0, 0), (2000, 0), places=10)
    pairs = measure_pairs(ROAD, people, places, **METRES)
    got = share_supply(pairs, "people", "places", gaussian=1000).table
    assert got["access"].tolist() == pytest.approx([0.065179, 0.069641, 0.065179], abs=5e-7)
    assert (got["access"] * got["weight"]).sum() == pytest.approx(20.0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 2000), SOME), min_size=1, max_size=8),
    st.lists(st.tuples(st.floats(0, 2000), SOME), min_size=1, max_size=5),
    st.floats(50, 2500),
    st.sampled_from(["plain", "bands", "gaussian"]),
)
def test_supply_is_shared_out_and_neither_made_nor_lost(demand, supply, limit, form) -> None:
    people = pd.DataFrame({"x": [EAST + x for x, _ in demand], "y": NORTH, "n": [n for _, n in demand]})
    places = pd.DataFrame({"x": [EAST + x for x, _ in supply], "y": NORTH, "s": [s for _, s in supply]})
    pairs = measure_pairs(ROAD, people, places, limit=limit, **METRES)
    options = {
        "plain": {},
        "bands": {"bands": {limit / 2: 1.0, limit: 0.3}},
        "gaussian": {"gaussian": limit},
    }[form]
    got = share_supply(pairs, "n", "s", **options)
    near = pairs.table.assign(n=pairs.table["demand"].map(people["n"]))
    reached = near[near["n"] > 0]["place"].unique()
    assert (got.table["access"] * got.table["weight"]).sum() == pytest.approx(places.loc[reached, "s"].sum())


def test_supply_that_nobody_reaches_is_named() -> None:
    people = points("a", (0, 0), n=10)
    places = points("near far", (100, 0), (1900, 0), beds=[5, 7])
    pairs = measure_pairs(ROAD, people, places, limit=500, **METRES)
    got = share_supply(pairs, "n", "beds")
    assert got.table["access"].tolist() == [0.5]
    assert got.notes == ("Nobody can reach 1: far within 500 metres, with 7 of the supply.",)


def test_bands_weigh_as_luo_and_qi_do() -> None:
    # 5, 15 and 25 minutes at 4.8 km/h are 400, 1200 and 2000 m; one place of 100 at 0, 10 people at each:
    # 100 / (10 (1 + 0.68 + 0.22)) = 5.263 for those near by, 0.68 and 0.22 of it further off.
    people = points("a b c", (400, 0), (1200, 0), (2000, 0), n=10)
    pairs = measure_pairs(ROAD, people, points("p", (0, 0), s=100), limit=30, profile="plain")
    got = share_supply(pairs, "n", "s", bands=LUO_QI_BANDS).table["access"]
    assert got.tolist() == pytest.approx([100 / 19, 68 / 19, 22 / 19])


def test_the_nearest_are_those_the_pairs_say_whatever_the_street() -> None:
    rng = np.random.default_rng(7)
    lines, oneway = [], []
    for i in range(7):
        for j in range(7):
            lines += [[(i * 90, j * 90), (i * 90 + 90, j * 90)], [(i * 90, j * 90), (i * 90, j * 90 + 90)]]
            oneway += ["yes" if rng.random() < 0.3 else "no", "-1" if rng.random() < 0.3 else "no"]
    network = road(*lines, oneway=oneway)
    people = pd.DataFrame(rng.uniform(0, 600, (60, 2)) + np.array([EAST, NORTH]), columns=["x", "y"])
    places = pd.DataFrame(rng.uniform(0, 600, (9, 2)) + np.array([EAST, NORTH]), columns=["x", "y"])
    for trip in ("out", "in", "return"):
        matrix = measure_pairs(network, people, places, trip=trip, **METRES).matrix().to_numpy()
        best = np.sort(matrix, axis=1)[:, :3]
        got = find_nearest(network, people, places, k=3, trip=trip, **METRES).table
        table = np.full((60, 3), np.inf)
        table[got["demand"], got["rank"] - 1] = got["cost"]
        assert table == pytest.approx(best)
        assert matrix[got["demand"], got["place"]] == pytest.approx(got["cost"].to_numpy())


def test_scipy_gives_the_same_pairs() -> None:
    people = points("a b", (130, 20), (1800, 5))
    places = points("p q", (600, 0), (150, 0))
    one, two = (
        measure_pairs(ROAD, people, places, engine=engine, **METRES).matrix() for engine in ("numba", "scipy")
    )
    pd.testing.assert_frame_equal(one, two)
    # a: 20 m to the road at 130, then 470 to p and 20 to q, on the same street.
    assert one.loc["a"].tolist() == pytest.approx([490, 40])


def test_people_within_limits_are_people_and_not_rows() -> None:
    people = points("a b c", (100, 0), (900, 0), (1900, 0), people=[500, 30, 70], children=[100, np.nan, 0])
    pairs = measure_pairs(ROAD, people, points("p q", (0, 0), (1000, 0)), **METRES)
    got = count_within(pairs, ["people", "children"], limits=[100, 1000], each=True)
    table = got.table.set_index(["place", "limit", "weight"])
    assert table.loc[("", 100, "people"), ["count", "total", "share"]].tolist() == pytest.approx(
        [530, 600, 530 / 600]
    )
    assert table.loc[("", 1000, "people"), "share"] == 1
    assert table.loc[("p", 100, "people"), "count"] == 500
    assert table.loc[("q", 1000, "people"), "count"] == 600
    assert got.notes == ("children is missing for 1: b, left out of every count.",)
    assert "buses not included" in got.said


def test_somebody_whose_limit_passes_the_edge_of_the_data_may_have_more() -> None:
    # The data stop 9 km off; with the extent at the road's end, 400 m from c, a place might be beyond it.
    network = build_network(
        ROAD.frame()[["geometry"]],
        where="short",
        extent=box(EAST - 9000, NORTH - 9000, EAST + 2000, NORTH + 9000),
    )
    people = points("a c", (500, 0), (1600, 0), people=[1, 3])
    pairs = measure_pairs(network, people, points("p", (0, 0)), **METRES)
    table = count_within(pairs, ["people"], limits=[300, 500]).table
    assert table["share"].tolist() == [0, 0.25]
    assert table["beyond_share"].tolist() == [0, 0.75]
    nearest = find_nearest(network, people, points("p", (0, 0)), **METRES).table
    assert nearest["beyond"].tolist() == [False, True]


def test_somebody_across_the_river_is_named_and_never_near() -> None:
    network = road([(0, 0), (500, 0)], [(0, 40), (500, 40)])
    people = points("north south", (100, 40), (100, 0), people=[4, 6])
    places = points("p", (120, 0))
    got = find_nearest(network, people, places, **METRES)
    assert got.table["demand"].tolist() == ["south"]
    assert got.notes == ("No way to any place from 1: north.",)
    pairs = measure_pairs(network, people, places, **METRES)
    assert count_within(pairs, ["people"], limits=[5000]).table["share"].tolist() == pytest.approx([0.6])
    assert np.isinf(pairs.matrix().loc["north", "p"])


def test_kinds_within_twenty_minutes_are_counted_and_what_lacks_is_named() -> None:
    places = points("g1 g2 s k", (0, 0), (50, 0), (700, 0), (1900, 0), kind=["gp", "gp", "school", "park"])
    pairs = measure_pairs(ROAD, points("a b", (100, 0), (1500, 0)), places, **METRES)
    got = count_kinds(pairs, "kind", limit=800).table.set_index("demand")
    assert got["kinds"].to_dict() == {"a": 2, "b": 2}
    assert got["lacking"].to_dict() == {"a": ("park",), "b": ("gp",)}
    assert got["of"].tolist() == [3, 3]


def test_fifths_are_compared_by_people() -> None:
    # Fifth 1: 10 people at 100 m and 30 at 500 m: mean 400. Fifth 5: 20 at 1000 m.
    people = points(
        "a b c d", (100, 0), (500, 0), (1000, 0), (0, 0), n=[10, 30, 20, 5], fifth=[1, 1, 5, np.nan]
    )
    pairs = measure_pairs(ROAD, people, points("p", (0, 0)), **METRES)
    got = compare_groups(pairs, "n", "fifth", limit=500)
    table = got.table.set_index("group")
    assert table.loc[1, ["people", "mean", "p95", "share"]].tolist() == pytest.approx([40, 400, 500, 1])
    assert table.loc[5, ["mean", "within", "share"]].tolist() == pytest.approx([1000, 0, 0])
    assert table.loc["gap", ["mean", "share"]].tolist() == pytest.approx([-600, 1])
    assert got.notes == ("5 n have no fifth and are in no group.",)


def test_a_weighted_quantile_needs_its_share_of_the_people() -> None:
    values, weights = np.array([3.0, 1.0, 2.0]), np.array([1.0, 98.0, 1.0])
    assert [weighted_quantile(values, weights, q) for q in (0.5, 0.98, 0.985, 1.0)] == [1, 1, 2, 3]
    assert np.isnan(weighted_quantile(values, np.zeros(3), 0.5))


def test_a_park_is_entered_where_a_street_crosses_its_boundary() -> None:
    # The road runs into the west of one park, passes 10 m south of another, and misses the third.
    network = road([(0, 0), (1000, 0)])
    spaces = gpd.GeoDataFrame(
        index=["through", "beside", "away"],
        geometry=[box(EAST + 800, NORTH - 100, EAST + 1200, NORTH + 100), box(EAST + 300, NORTH + 10, EAST + 400, NORTH + 60),
                  box(EAST, NORTH + 500, EAST + 400, NORTH + 900)],
        crs="EPSG:27700",
    )  # fmt: skip
    got = find_entrances(network, spaces, profile="plain")
    through = got[got["space"] == "through"]
    assert through["how"].tolist() == ["crossed"]
    assert (through.geometry.x.item() - EAST, through.geometry.y.item() - NORTH) == (800, 0)
    assert through["hectares"].item() == pytest.approx(8)
    beside = got[got["space"] == "beside"]
    assert (beside["how"] == "beside").all()
    assert (beside.geometry.y == NORTH).all()
    assert "away" not in set(got["space"])
    # By its middle, 1000, "through" would be 300 m further than it is.
    people = points("a b", (550, 0), (0, 0), n=[2, 6])
    table = judge_greenspace(network, people, spaces, ["n"], profile="plain")
    local = table.table.set_index("standard").loc["local"]
    assert local["share"] == pytest.approx(0.25)
    assert any("No street comes to 1 of 3 spaces" in note for note in table.notes)
    assert "not in a straight line" in table.said


def test_the_standards_are_natural_englands() -> None:
    assert [(one.hectares, one.metres) for one in read_standards()[:3]] == [(0.5, 200), (2, 300), (10, 1000)]


def test_what_cannot_be_worked_out_is_refused() -> None:
    people, places = points("a", (100, 0), n=-1), points("p", (0, 0), s=1)
    pairs = measure_pairs(ROAD, people, places, limit=500, **METRES)
    with pytest.raises(AccessError, match="beyond the 500 that was measured"):
        count_within(pairs, ["n"], limits=[1000])
    with pytest.raises(AccessError, match="n of a is -1; a weight cannot be negative"):
        count_within(pairs, ["n"], limits=[100])
    with pytest.raises(AccessError, match="no column 'people', only x, y, n"):
        count_within(pairs, ["people"], limits=[100])
    with pytest.raises(AccessError, match="choose one"):
        share_supply(pairs, "n", "s", bands={5: 1}, gaussian=5)
    with pytest.raises(AccessError, match="k is 0"):
        find_nearest(ROAD, people, places, k=0, **METRES)
    with pytest.raises(ReachError, match="no place"):
        measure_pairs(ROAD, people, places.iloc[:0], **METRES)
    park = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0], [0]), crs="EPSG:27700")
    with pytest.raises(NetworkError, match="give polygons"):
        find_entrances(ROAD, park, profile="plain")
    with pytest.raises(CrsError, match="greenspaces are in EPSG:4326"):
        find_entrances(ROAD, park.to_crs("EPSG:4326"), profile="plain")
