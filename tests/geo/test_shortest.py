"""Searches against other right answers: networkx, SciPy, and sums done by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.network_building import compress
from geo.shortest import Arcs, search_nearest, search_pairs, search_within, warm_up

ENGINES: tuple[Literal["numba", "scipy"], ...] = ("numba", "scipy")


def make(nodes: int, edges: list[tuple[int, int, float, float]]) -> tuple[Arcs, np.ndarray, np.ndarray]:
    ends = np.array([(a, b) for a, b, _, _ in edges], np.int32).reshape(-1, 2)
    along = np.array([(c, d) for _, _, c, d in edges], float).reshape(-1, 2)
    first, target, arc = compress(nodes, ends)
    return Arcs(first, target, along.ravel()[arc]), ends, along


def as_networkx(nodes: int, edges: list[tuple[int, int, float, float]]) -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(nodes))
    for a, b, there, back in edges:
        for start, end, cost in ((a, b, there), (b, a, back)):
            if np.isfinite(cost):
                graph.add_edge(start, end, weight=cost)
    return graph


COST = st.one_of(st.just(0.0), st.just(float("inf")), st.floats(0.1, 10))
GRAPHS = st.integers(1, 12).flatmap(
    lambda nodes: st.tuples(
        st.just(nodes),
        st.lists(
            st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1), COST, COST),
            min_size=1,
            max_size=30,
        ),
    )
)


@settings(max_examples=60, deadline=None)
@given(GRAPHS, st.floats(0, 25))
def test_nodes_within_a_limit_are_those_networkx_finds(graph, limit) -> None:
    nodes, edges = graph
    arcs, _, _ = make(nodes, edges)
    every = np.arange(nodes, dtype=np.int32)
    oracle = as_networkx(nodes, edges)
    for engine in ENGINES:
        found = search_within(arcs, np.arange(nodes + 1), every, np.zeros(nodes), limit=limit, engine=engine)
        for origin in range(nodes):
            rows = slice(found.first[origin], found.first[origin + 1])
            got = dict(zip(found.item[rows].tolist(), found.cost[rows].tolist(), strict=True))
            assert got == pytest.approx(nx.single_source_dijkstra_path_length(oracle, origin, cutoff=limit))


@settings(max_examples=40, deadline=None)
@given(GRAPHS, st.integers(1, 4))
def test_the_k_nearest_are_the_k_smallest_of_all(graph, k) -> None:
    nodes, edges = graph
    arcs, _, _ = make(nodes, edges)
    seeds = np.arange(0, nodes, 2, dtype=np.int32)
    oracle = as_networkx(nodes, edges)
    table = np.full((nodes, len(seeds)), np.inf)
    for row, seed in enumerate(seeds):
        for node, cost in nx.single_source_dijkstra_path_length(oracle, int(seed)).items():
            table[node, row] = cost
    best = np.sort(np.column_stack([table, np.full((nodes, k), np.inf)]), axis=1)[:, :k]
    for engine in ENGINES:
        labels, costs = search_nearest(
            arcs, seeds, np.zeros(len(seeds)), np.arange(len(seeds), dtype=np.int32), k=k, engine=engine
        )
        assert costs == pytest.approx(best)
        assert ((labels < 0) == np.isinf(costs)).all()
        for node, row in zip(*np.nonzero(labels >= 0), strict=True):
            assert table[node, labels[node, row]] == pytest.approx(costs[node, row])


@settings(max_examples=40, deadline=None)
@given(GRAPHS, st.data())
def test_points_part_way_along_a_street_cost_what_nodes_put_there_would(graph, data) -> None:
    nodes, edges = graph
    arcs, ends, along = make(nodes, edges)
    spots = data.draw(
        st.lists(
            st.tuples(
                st.integers(0, len(edges) - 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 2)
            ),
            min_size=1,
            max_size=5,
        )
    )
    # The oracle cuts each street where a point lies on it, and hangs the point there by its own way.
    oracle = nx.MultiDiGraph()
    oracle.add_nodes_from(range(nodes))
    for number, (a, b, there, back) in enumerate(edges):
        cuts = sorted({0.0, 1.0, *(share for edge, share, _ in spots if edge == number)})
        names = [a if c == 0 else b if c == 1 else (number, c) for c in cuts]
        for (one, two), (low, high) in zip(pairwise(names), pairwise(cuts), strict=True):
            if np.isfinite(there):
                oracle.add_edge(one, two, weight=(high - low) * there)
            if np.isfinite(back):
                oracle.add_edge(two, one, weight=(high - low) * back)
    where = [edges[e][0] if s == 0 else edges[e][1] if s == 1 else (e, s) for e, s, _ in spots]
    points = (
        np.array([e for e, _, _ in spots], np.int32),
        np.array([s for _, s, _ in spots]),
        np.array([x for _, _, x in spots]),
    )
    for engine in ENGINES:
        found = search_pairs(arcs, ends, along, points, points, limit=np.inf, engine=engine)
        got = np.full((len(spots), len(spots)), np.inf)
        got[found.origin, found.item] = found.cost
        want = np.full_like(got, np.inf)
        for i, start in enumerate(where):
            reached = (
                nx.single_source_dijkstra_path_length(oracle, start) if start in oracle else {start: 0.0}
            )
            for j, end in enumerate(where):
                if end in reached:
                    want[i, j] = reached[end] + spots[i][2] + spots[j][2]
        assert got == pytest.approx(want)


def test_many_origins_in_threads_answer_as_one_at_a_time_does() -> None:
    rng = np.random.default_rng(5)
    edges = [
        (int(a), int(b), float(c), float(c))
        for a, b, c in zip(*rng.integers(0, 300, (2, 900)), rng.random(900), strict=True)
    ]
    arcs, _, _ = make(300, edges)
    origins = np.arange(100, dtype=np.int32)
    together = search_within(arcs, np.arange(101), origins, np.zeros(100), limit=0.6)
    for origin in range(100):
        alone = search_within(arcs, np.array([0, 1]), origins[[origin]], np.zeros(1), limit=0.6)
        rows = slice(together.first[origin], together.first[origin + 1])
        assert (together.item[rows] == alone.item).all()
        assert (together.cost[rows] == alone.cost).all()


def test_warming_up_compiles_what_a_saved_network_is_searched_with(tmp_path) -> None:
    # A search of arrays mapped from a folder must not need another compilation than the warm-up's.
    import geopandas as gpd
    import pandas as pd
    from shapely import LineString

    from geo.access import find_nearest
    from geo.network import load_network
    from geo.network_building import build_network
    from geo.pairs import measure_pairs
    from geo.reach import find_reach
    from geo.shortest_kernels import bounded, nearest, nearest_one, pairs

    assert warm_up()
    kernels = (bounded, pairs, nearest, nearest_one)
    before = [len(one.signatures) for one in kernels]
    line = gpd.GeoDataFrame(geometry=[LineString([(400_000, 200_000), (400_900, 200_000)])], crs="EPSG:27700")
    network = load_network(build_network(line, where="road").save(tmp_path / "walk"))
    place = pd.DataFrame({"x": [400_100.0], "y": [200_000.0]})
    find_reach(network, place, limits=[5], profile="plain", trip="return")
    measure_pairs(network, place, place, profile="plain", trip="return")
    for k in (1, 2):
        find_nearest(network, place, place, k=k, profile="plain")
    assert [len(one.signatures) for one in kernels] == before


@pytest.mark.parametrize("spread", [0.1, 2.0, 4.0])
@pytest.mark.parametrize("limit", [50.0, 400.0, np.inf])
def test_streets_of_very_different_lengths_give_dijkstras_costs(spread: float, limit: float) -> None:
    # Buckets are as wide as suits the middling street: some here are thousands of times longer or shorter.
    random = np.random.default_rng(11)
    side = 20
    node = np.arange(side * side).reshape(side, side)
    ends = np.concatenate([np.stack([node[:, :-1], node[:, 1:]], -1).reshape(-1, 2),
                           np.stack([node[:-1], node[1:]], -1).reshape(-1, 2)]).astype(np.int32)  # fmt: skip
    first, target, arc = compress(side * side, ends)
    length = random.lognormal(3, spread, len(ends))
    length[:40] = 0.0
    arcs = Arcs(first, target, np.repeat(length, 2)[arc])
    origins = random.choice(side * side, 6, replace=False).astype(np.int32)
    # Each starts at two nodes, at costs far apart.
    seeds = np.stack([origins, origins[::-1]], axis=1).ravel()
    begin = np.tile([0.0, 300.0], 6)
    call = (arcs, np.arange(0, 13, 2), seeds, begin)
    one, two = (search_within(*call, limit=limit, engine=engine) for engine in ("numba", "scipy"))
    np.testing.assert_array_equal(one.item, two.item)
    np.testing.assert_allclose(one.cost, two.cost, rtol=1e-12)


def test_nodes_that_get_cheaper_over_and_over_end_at_their_least_cost() -> None:
    # From the start 40 ways, each a little dearer than the last, lead to 40 ends, each way making every
    # end a little cheaper: 1,600 improvements among 81 nodes, more than a search first has room for.
    ways, ends = range(1, 41), range(41, 81)
    edges = [(0, way, 100.0 + way, np.inf) for way in ways]
    edges += [(way, end, 500.0 - 2 * way, np.inf) for way in ways for end in ends]
    arcs, _, _ = make(81, edges)
    zero = np.zeros(1, np.int32)
    least = 100.0 + 40 + 500 - 80
    found = search_within(arcs, np.array([0, 1]), zero, np.zeros(1), limit=1000.0, engine="numba")
    assert found.item.tolist() == list(range(81))
    assert found.cost[41:].tolist() == [least] * 40
    labels, costs = search_nearest(arcs, zero, np.zeros(1), zero + 7, engine="numba")
    assert costs[:, 0].tolist() == found.cost.tolist()
    assert set(labels[:, 0].tolist()) == {7}
    point = (np.zeros(1, np.int32), np.zeros(1), np.zeros(1))
    last = (np.array([len(edges) - 1], np.int32), np.ones(1), np.zeros(1))
    ends_of = np.array([(a, b) for a, b, _, _ in edges], np.int32)
    along = np.array([(c, d) for _, _, c, d in edges])
    apart = search_pairs(arcs, ends_of, along, point, last, limit=np.inf, engine="numba")
    assert apart.cost.tolist() == [least]
