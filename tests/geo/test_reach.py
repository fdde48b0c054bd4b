"""Reach along streets: closed forms on lattices, and laws that hold on any network."""

from __future__ import annotations

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box, get_num_geometries

from geo.network import Network, NetworkError, ProfileError
from geo.network_building import build_network
from geo.reach import ReachError, Trip, draw_catchments, draw_reach, find_reach, reach_lines
from geo.reach_drawing import cut_lines

EAST, NORTH = 400_000.0, 200_000.0


def streets(lines: list[list[tuple[float, float]]], **columns: object) -> gpd.GeoDataFrame:
    shifted = [LineString([(EAST + x, NORTH + y) for x, y in line]) for line in lines]
    return gpd.GeoDataFrame(columns, geometry=shifted, crs="EPSG:27700")


def lattice(size: int, step: float = 100.0) -> Network:
    lines = []
    for i in range(size + 1):
        for j in range(size + 1):
            if i < size:
                lines.append([(i * step, j * step), ((i + 1) * step, j * step)])
            if j < size:
                lines.append([(i * step, j * step), (i * step, (j + 1) * step)])
    return build_network(streets(lines), where="lattice")


def spots(*xy: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame([(EAST + x, NORTH + y) for x, y in xy], columns=["x", "y"])


LATTICE = lattice(16)


@pytest.mark.parametrize("limit", [1.0, 50.0, 100.0, 101.0, 250.0, 333.3, 600.0])
def test_reach_from_a_crossing_of_a_lattice_has_its_closed_form(limit: float) -> None:
    # With k whole blocks in the limit, all 4 k² blocks inside the diamond are reached, and from the 4 k
    # corners of its rim 8 k + 4 streets lead on, each for what is left.
    k = int(limit // 100)
    want = 4 * k * k * 100 + (8 * k + 4) * (limit - 100 * k)
    got = find_reach(LATTICE, spots((800, 800)), limits=[limit], unit="metres", profile="plain")
    assert got.summary["metres"].item() == pytest.approx(want)
    assert got.summary["nodes"].item() == 2 * k * k + 2 * k + 1


def test_reach_from_part_way_along_a_block_is_part_of_a_block_at_both_ends() -> None:
    # 30 m along a block, 20 m limit: 20 m either way. 40 m limit: 40 m on, 30 m back and then three
    # streets of 10 m at the crossing.
    got = find_reach(LATTICE, spots((830, 800)), limits=[20, 40], unit="metres", profile="plain")
    assert got.summary["metres"].tolist() == pytest.approx([40, 70 + 30])
    assert got.parts.loc[got.parts["limit"] == 20, ["start", "end"]].to_numpy() == pytest.approx(
        np.array([[0.1, 0.5]])
    )


def test_the_way_to_the_street_is_walked_and_said() -> None:
    # 40 m off the street: of 100 m, 60 are left, so 120 m of a block of 100 m and its crossings.
    got = find_reach(LATTICE, spots((850, 840)), limits=[100], unit="metres", profile="plain")
    assert got.origins["snap_metres"].item() == pytest.approx(40)
    assert got.summary["metres"].item() == pytest.approx(100 + 6 * 10)
    assert not got.origins["snap_flagged"].item()


def test_a_place_in_a_lake_reaches_nothing_and_is_flagged() -> None:
    got = find_reach(LATTICE, spots((-900, -900), (800, 800)), limits=[500], unit="metres", profile="plain")
    assert got.origins["snap_flagged"].tolist() == [True, False]
    assert got.summary["metres"].tolist()[0] == 0
    assert "1 of 2 places are over 250 m" in got.said


def test_minutes_say_their_speed_and_fifteen_are_1200_m_or_1000_m() -> None:
    line = build_network(streets([[(0, 0), (5000, 0)]]), where="a road")
    for speed, metres in ((4.8, 1200.0), (4.0, 1000.0)):
        got = find_reach(line, spots((2500, 0)), limits=[15], profile="plain", speed_kmh=speed)
        assert got.summary["metres"].item() == pytest.approx(2 * metres)
        assert f"{speed:g} km/h" in got.said
        assert "one way" in got.said
    got = find_reach(line, spots((2500, 0)), limits=[15], profile="plain", trip="return")
    assert got.summary["metres"].item() == pytest.approx(1200)
    assert "there and back" in got.said


def test_one_way_streets_are_honoured_in_both_senses() -> None:
    #  0 ──→ 100 ──→ 200 ──→ 300
    line = [[(0, 0), (100, 0)], [(100, 0), (200, 0)], [(200, 0), (300, 0)]]
    network = build_network(streets(line, oneway=["yes"] * 3), where="one-way road")
    place = spots((150, 0))

    def metres(trip: Trip) -> list[float]:
        return (
            find_reach(network, place, limits=[70, 120], unit="metres", profile="plain", trip=trip)
            .summary["metres"]
            .tolist()
        )

    assert metres("out") == pytest.approx([70, 120])
    assert metres("in") == pytest.approx([70, 120])
    assert metres("return") == pytest.approx([0, 0])
    ahead = find_reach(network, place, limits=[120], unit="metres", profile="plain")
    lines = reach_lines(ahead)
    assert lines.total_bounds - [EAST, NORTH, EAST, NORTH] == pytest.approx([150, 0, 270, 0])


def test_an_unreachable_piece_is_never_inside_and_is_counted() -> None:
    lines = [[(0, 0), (500, 0)], [(0, 30), (400, 30)]]
    network = build_network(streets(lines), where="two roads")
    got = find_reach(network, spots((100, 0), (100, 30)), limits=[5000], unit="metres", profile="plain")
    assert got.summary["metres"].tolist() == pytest.approx([500, 400])
    assert got.origins["island"].tolist() == [0, 1]
    assert got.origins["island_metres"].tolist() == pytest.approx([500, 400])
    skipped = find_reach(
        network, spots((100, 30)), limits=[5000], unit="metres", profile="plain", skip_islands_below=450
    )
    assert skipped.origins["snap_metres"].item() == pytest.approx(30)
    assert skipped.summary["metres"].item() == pytest.approx(500)


def test_a_limit_that_goes_past_the_data_is_said_and_measured() -> None:
    # Data complete to 1,000 m of a road on which 800 m are walked from 100, 500 and 900.
    line = streets([[(i, 0), (i + 10, 0)] for i in range(0, 1000, 10)])
    network = build_network(line, where="road", extent=box(EAST, NORTH - 5000, EAST + 1000, NORTH + 5000))
    got = find_reach(network, spots((500, 0), (100, 0)), limits=[300, 600], unit="metres", profile="plain")
    table = got.summary.set_index(["origin", "limit"])
    assert table["beyond"].to_dict() == {
        (0, 300.0): False,
        (1, 300.0): True,
        (0, 600.0): True,
        (1, 600.0): True,
    }
    # From 100, 300 m: of nodes 0 to 400, those from which the rest reaches past 0: all at or below 100
    # (rest 300 - (100 - x) against x), and x with 400 - x >= x, so to 200: 21 of 41.
    assert table.loc[(1, 300.0), "beyond_share"] == pytest.approx(21 / 41)
    assert "goes past where the street data stop for 2 of 2" in got.said


NETWORKS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(0, 5),
        st.sampled_from(["yes", "no", "-1"]),
    ).filter(lambda one: (one[0], one[1]) != (one[2], one[3])),
    min_size=1,
    max_size=14,
)
PLACE = st.tuples(st.floats(0, 500), st.floats(0, 500))


# Where no two of the random streets cross, which would join them.
CUTS = (0.0, 0.27182818, 0.61803399, 1.0)


def network_of(
    edges: list[tuple[int, int, int, int, str]], *, cuts: tuple[float, ...] = (0.0, 1.0)
) -> Network:
    lines, oneway = [], []
    for x, y, u, v, way in dict.fromkeys(edges):
        for low, high in pairwise(cuts):
            lines.append(
                [
                    (100 * (x + low * (u - x)), 100 * (y + low * (v - y))),
                    (100 * (x + high * (u - x)), 100 * (y + high * (v - y))),
                ]
            )
            oneway.append(way)
    return build_network(streets(lines, oneway=oneway), where="random streets", join_within=0.001)


def metres(network: Network, xy: tuple[float, float], limit: float, trip: Trip) -> float:
    got = find_reach(network, spots(xy), limits=[limit], unit="metres", profile="plain", trip=trip)
    return float(got.summary["metres"].item())


@settings(max_examples=60, deadline=None)
@given(NETWORKS, PLACE, st.floats(10, 1500), st.sampled_from(["out", "in", "return"]))
def test_splitting_streets_changes_nothing(edges, place, limit, trip) -> None:
    whole = network_of(edges)
    # Two streets that lie on one another can be met on either, with different ways on: leave those out.
    if whole.edges != len(dict.fromkeys(edges)):
        return
    snap = find_reach(whole, spots(place), limits=[limit], unit="metres", profile="plain").origins
    near = [
        line.distance(gpd.points_from_xy([EAST + place[0]], [NORTH + place[1]])[0]) for line in whole.lines()
    ]
    if sum(abs(one - snap["snap_metres"].item()) < 1e-6 for one in near) > 1:
        return
    assert metres(network_of(edges, cuts=CUTS), place, limit, trip) == pytest.approx(
        metres(whole, place, limit, trip), abs=1e-4
    )


@settings(max_examples=40, deadline=None)
@given(NETWORKS, PLACE, st.floats(10, 700), st.floats(1, 2), st.sampled_from(["out", "in", "return"]))
def test_a_smaller_limit_lies_inside_a_larger(edges, place, limit, times, trip) -> None:
    got = find_reach(
        network_of(edges),
        spots(place),
        limits=[limit, limit * times + 1],
        unit="metres",
        profile="plain",
        trip=trip,
    )
    small, large = (
        reach_lines(got).loc[lambda f, one=one: f["limit"] == one].union_all() for one in got.limits
    )
    assert small.difference(large.buffer(0.01)).length == pytest.approx(0, abs=1e-6)
    assert got.summary["metres"].is_monotonic_increasing


@settings(max_examples=40, deadline=None)
@given(NETWORKS, PLACE, st.floats(10, 1500))
def test_where_every_street_leads_both_ways_there_is_as_far_as_back(edges, place, limit) -> None:
    network = network_of([(*one[:4], "no") for one in edges])
    out, back = metres(network, place, limit, "out"), metres(network, place, limit, "in")
    assert out == pytest.approx(back)
    assert metres(network, place, limit, "return") == pytest.approx(
        metres(network, place, limit / 2, "out"), abs=1e-6
    )


@settings(max_examples=25, deadline=None)
@given(NETWORKS, PLACE, st.floats(10, 1500), st.sampled_from(["out", "in", "return"]))
def test_scipy_gives_the_same_reach_as_the_compiled_search(edges, place, limit, trip) -> None:
    network = network_of(edges)
    one, two = (
        find_reach(
            network, spots(place), limits=[limit], unit="metres", profile="plain", trip=trip, engine=engine
        )
        for engine in ("numba", "scipy")
    )
    pd.testing.assert_frame_equal(one.parts, two.parts)
    pd.testing.assert_frame_equal(one.nodes, two.nodes)


def test_the_drawing_covers_the_streets_reached_and_hardly_more_than_its_width() -> None:
    got = find_reach(LATTICE, spots((800, 800)), limits=[150, 300], unit="metres", profile="plain")
    drawn = draw_reach(got, width=20).set_index("limit")
    for limit, lines in reach_lines(got).groupby("limit"):
        shape = drawn.geometry[limit]
        assert shape.buffer(0.01).contains(lines.union_all())
        assert lines.union_all().buffer(25).contains(shape)
        assert shape.area == pytest.approx(lines.union_all().buffer(20).area, rel=0.03)
    assert drawn.crs == "EPSG:27700"


def test_catchments_are_where_any_place_is_within_reach_and_the_largest_comes_first() -> None:
    # Two places 800 m apart: at 150 m two patches, at 500 m one, which both hold a street of.
    places = spots((400, 800), (1200, 800))
    got = find_reach(LATTICE, places, limits=[150, 500], unit="metres", profile="plain")
    drawn = draw_catchments(got, width=20)
    assert drawn[["limit", "places"]].to_numpy().tolist() == [[500, 2], [150, 2]]
    large, small = drawn.geometry
    each = draw_reach(got, width=20)
    for limit, shape in ((500, large), (150, small)):
        every = each[each["limit"] == limit].geometry.union_all()
        assert shape.symmetric_difference(every).area < 0.02 * every.area
    assert (get_num_geometries(large), get_num_geometries(small)) == (1, 2)
    assert large.buffer(1e-6).contains(small)
    assert drawn.crs == "EPSG:27700"


def test_a_place_that_reaches_nothing_has_no_catchment() -> None:
    got = find_reach(LATTICE, spots((9_000, 9_000)), limits=[100], unit="metres", profile="plain")
    assert not len(draw_catchments(got))
    assert not len(draw_reach(got))


@settings(max_examples=40, deadline=None)
@given(NETWORKS, PLACE, st.floats(1, 1500), st.floats(5, 60))
def test_a_drawing_is_whole_and_holds_every_street_reached(edges, place, limit, width) -> None:
    reach = find_reach(
        network_of(edges), spots(place), limits=[limit, 2 * limit], unit="metres", profile="plain"
    )
    lines = reach_lines(reach)
    drawn = draw_reach(reach, width=width, lines=lines).set_index("limit").geometry
    assert drawn.is_valid.all()
    for limit, stretches in lines.groupby("limit"):
        assert drawn[limit].buffer(1e-6).contains(stretches.union_all())


#: To a tenth of a millimetre, and to a billionth: GEOS cannot measure to a line of 1e-313 m.
METRES = st.integers(0, 1_000_000).map(lambda one: one / 10_000)
SHARES = st.integers(0, 1_000_000_000).map(lambda one: one / 1_000_000_000)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(METRES, METRES), min_size=2, max_size=8, unique=True), SHARES, SHARES)
def test_a_cut_line_is_the_stretch_between_two_shares(points, one, two) -> None:
    start, end = sorted([one, two])
    line = LineString(points)
    cut, whole = cut_lines(np.array([line, line], dtype=object), np.array([start, 0.0]), np.array([end, 1.0]))
    assert cut.length == pytest.approx((end - start) * line.length, abs=1e-6)
    assert whole.equals_exact(line, 1e-9) or whole.length == pytest.approx(line.length)
    assert line.distance(cut) < 1e-6
    assert line.hausdorff_distance(whole) < 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limits": []}, "limits are"),
        ({"limits": [0]}, "above nought"),
        ({"limits": [float("inf")]}, "above nought"),
        ({"speed_kmh": 0}, "speed is 0"),
        ({"trip": "sideways"}, "trip is 'sideways'"),
        ({"unit": "miles"}, "limits are in 'miles'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(change, message) -> None:
    call = {"limits": [5], "profile": "plain"} | change
    with pytest.raises(ReachError, match=message):
        find_reach(LATTICE, spots((0, 0)), **call)


def test_places_that_cannot_be_used_are_named() -> None:
    with pytest.raises(ProfileError, match="only for plain"):
        find_reach(LATTICE, spots((0, 0)), limits=[5], profile="walk")
    with pytest.raises(ReachError, match="two places are called 'a'"):
        find_reach(LATTICE, spots((0, 0), (1, 1)).set_axis(["a", "a"]), limits=[5], profile="plain")
    with pytest.raises(ReachError, match="no place"):
        find_reach(LATTICE, spots((0, 0)).iloc[:0], limits=[5], profile="plain")
    with pytest.raises(NetworkError, match="point 0 has no coordinates"):
        find_reach(LATTICE, spots((np.nan, 0)), limits=[5], profile="plain")
    degrees = gpd.GeoDataFrame(geometry=gpd.points_from_xy([-0.4], [51.9]), crs="EPSG:4326")
    with pytest.raises(ReachError, match=r"EPSG:4326.*to_bng"):
        find_reach(LATTICE, degrees, limits=[5], profile="plain")
