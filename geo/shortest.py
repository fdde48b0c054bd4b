"""Least-cost searches over a street network in array form.

`Arcs` is a network as compressed rows: the arcs that leave node ``i`` are ``first[i]`` to
``first[i + 1]``. The searches run compiled (numba) over several origins at once; where numba is not
installed, SciPy's Dijkstra gives the same answers, more slowly. Costs are in whatever unit the arcs
carry, seconds or metres; infinity is a direction that may not be taken.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

#: Which code searches: ``auto`` is numba where it is installed.
Engine = Literal["auto", "numba", "scipy"]

_MANY = 32  # origins from which a second thread pays


@dataclass(frozen=True)
class Arcs:
    """A network as compressed rows.

    Parameters
    ----------
    first : array of int64, shape (nodes + 1,)
        Where each node's arcs begin.
    target : array of int32, shape (arcs,)
        Where each arc leads.
    cost : array of float64, shape (arcs,)
        Not negative; infinite where the arc may not be taken.
    """

    first: Longs
    target: Ints
    cost: Floats

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.first) - 1

    @cached_property
    def widths(self) -> tuple[float, float]:
        """How wide the buckets of a search should be, a quarter of the middling arc; and the dearest arc."""
        usable = self.cost[np.isfinite(self.cost)]
        some = usable[usable > 0]
        return (float(np.median(some)) / 4 if len(some) else 1.0, float(usable.max(initial=0.0)))


@dataclass(frozen=True)
class Found:
    """Rows of a search, those of origin ``i`` from ``first[i]`` to ``first[i + 1]``.

    Parameters
    ----------
    first : array of int64, shape (origins + 1,)
        Where each origin's rows begin.
    item : array of int32
        The node or the point that was reached.
    cost : array of float64
        Least cost to it.
    """

    first: Longs
    item: Ints
    cost: Floats

    @property
    def origin(self) -> Longs:
        """Number of the origin of every row."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def _numba_wanted(engine: Engine) -> bool:
    if engine == "scipy":
        return False
    try:
        import numba  # noqa: F401
    except ImportError:
        if engine == "numba":
            raise
        return False
    return True


def search_within(
    arcs: Arcs,
    seed_first: Longs,
    seeds: Ints,
    seed_costs: Floats,
    *,
    limit: float,
    ordered: bool = True,
    engine: Engine = "auto",
) -> Found:
    """Every node within a limit of each origin, with the least cost to it.

    Parameters
    ----------
    arcs
        The network.
    seed_first, seeds, seed_costs
        Origin ``i`` starts at the nodes ``seeds[seed_first[i]:seed_first[i + 1]]``, each with a cost to
        begin with: an origin part-way along an edge starts at both of its ends.
    limit
        In the unit of the costs; nodes exactly at the limit are in.
    ordered
        Sort the rows of each origin by node; without, they come as they were found, which is quicker.
    engine
        See `Engine`.

    Returns
    -------
    Found
        One row a node reached.

    Notes
    -----
    E. W. Dijkstra, "A note on two problems in connexion with graphs", Numerische Mathematik 1 (1959); with
    buckets, R. B. Dial, "Algorithm 360", Communications of the ACM 12 (1969).
    """
    origins = len(seed_first) - 1
    if _numba_wanted(engine):
        from geo.shortest_kernels import bounded

        widths = arcs.widths

        def run(low: int, high: int) -> Found:
            part = seed_first[low : high + 1]
            span = slice(int(part[0]), int(part[-1]))
            return Found(
                *bounded(
                    arcs.first,
                    arcs.target,
                    arcs.cost,
                    part - part[0],
                    seeds[span],
                    seed_costs[span],
                    float(limit),
                    *widths,
                )
            )

        found = _in_threads(run, origins)
    else:
        found = _bounded_scipy(arcs, seed_first, seeds, seed_costs, limit)
    return _sorted(found) if ordered else found


def search_pairs(
    arcs: Arcs,
    ends: Ints,
    along: Floats,
    origins: tuple[Ints, Floats, Floats],
    points: tuple[Ints, Floats, Floats],
    *,
    limit: float,
    engine: Engine = "auto",
) -> Found:
    """Least cost from points on edges to other points on edges, where it is within a limit.

    Parameters
    ----------
    arcs
        The network.
    ends : array of int32, shape (edges, 2)
        First and second node of every edge.
    along : array of float64, shape (edges, 2)
        Cost of an edge from first to second node, and back.
    origins, points
        Edge (-1: nowhere, reaches nothing), share of the edge from its first node (0 to 1) and extra
        cost of getting to the edge, for each.
    limit
        May be infinite.

    Returns
    -------
    Found
        Rows of an origin in the order of `points`.
    """
    if _numba_wanted(engine):
        from geo.shortest_kernels import pairs

        widths = arcs.widths

        def run(low: int, high: int) -> Found:
            edge, share, extra = origins[0][low:high], origins[1][low:high], origins[2][low:high]
            graph = (arcs.first, arcs.target, arcs.cost, ends, along)
            return Found(*pairs(*graph, edge, share, extra, *points, float(limit), *widths))

        return _in_threads(run, len(origins[0]))
    return _pairs_scipy(arcs, ends, along, origins, points, limit)


def search_nearest(
    arcs: Arcs,
    seeds: Ints,
    seed_costs: Floats,
    seed_labels: Ints,
    *,
    k: int = 1,
    limit: float = np.inf,
    engine: Engine = "auto",
) -> tuple[Ints, Floats]:
    """For every node, the `k` nearest of the labelled seeds.

    Returns
    -------
    tuple of array, each of shape (nodes, k)
        Labels (-1 where fewer than `k` are within the limit) and costs (infinite there), nearest first.
    """
    if _numba_wanted(engine):
        from geo.shortest_kernels import nearest, nearest_one

        graph = (arcs.first, arcs.target, arcs.cost, seeds, seed_costs, seed_labels)
        if k == 1:
            return nearest_one(*graph, float(limit), *arcs.widths)
        return nearest(*graph, k, float(limit))
    names = np.unique(seed_labels)
    table = np.full((len(names), arcs.nodes), np.inf)
    for row, name in enumerate(names):
        mine = np.flatnonzero(seed_labels == name)
        found = _bounded_scipy(arcs, np.array([0, len(mine)]), seeds[mine], seed_costs[mine], limit)
        table[row, found.item] = found.cost
    order = np.argsort(table, axis=0, kind="stable")[:k].T
    costs = np.full((arcs.nodes, k), np.inf)
    labels = np.full((arcs.nodes, k), -1, np.int32)
    got = np.take_along_axis(table.T, order, axis=1)
    costs[:, : got.shape[1]] = got
    labels[:, : got.shape[1]] = np.where(np.isfinite(got), names[order], -1)
    return labels, costs


def warm_up() -> bool:
    """Load the compiled searches, so that the first question is as quick as the next.

    The first time on a machine they are compiled, which takes some ten seconds; after that, a fraction of
    one.

    Returns
    -------
    bool
        False where numba is not installed and SciPy searches instead: there is nothing to warm.
    """
    if not _numba_wanted("auto"):
        return False
    first, target = np.array([0, 1, 2]), np.array([1, 0], np.int32)
    arcs = Arcs(first.astype(np.int64), target, np.ones(2))
    zero, ends = np.zeros(1, np.int32), np.array([[0, 1]], np.int32)
    point = (zero, np.zeros(1), np.zeros(1))
    search_within(arcs, np.array([0, 1]), zero, np.zeros(1), limit=1.0)
    search_pairs(arcs, ends, np.ones((1, 2)), point, point, limit=1.0)
    for k in (1, 2):
        search_nearest(arcs, zero, np.zeros(1), zero, k=k)
    return True


def _sorted(found: Found) -> Found:
    order = np.lexsort((found.item, found.origin))
    return Found(found.first, found.item[order], found.cost[order])


def _in_threads(run: Callable[[int, int], Found], origins: int) -> Found:
    threads = min(os.cpu_count() or 1, 8)
    if origins < _MANY or threads == 1:
        return run(0, origins)
    # More pieces than threads, so that one which has to wait for a processor does not hold up the rest.
    pieces = min(4 * threads, origins // (_MANY // 4))
    bounds = np.linspace(0, origins, pieces + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(run, bounds[:-1].tolist(), bounds[1:].tolist()))
    counts = np.concatenate([np.diff(part.first) for part in parts])
    return Found(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([part.item for part in parts]),
        np.concatenate([part.cost for part in parts]),
    )


def _bounded_scipy(arcs: Arcs, seed_first: Longs, seeds: Ints, seed_costs: Floats, limit: float) -> Found:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    # SciPy starts at one node at cost nought, so each origin becomes a node of its own; and it takes
    # a stored zero for an arc of cost zero, which keeps zero-length edges.
    origins = len(seed_first) - 1
    nodes = arcs.nodes
    usable = np.isfinite(arcs.cost)
    kept = np.concatenate([[0], np.cumsum(usable)])[arcs.first]
    first = np.concatenate([kept, kept[-1] + seed_first[1:]])
    target = np.concatenate([arcs.target[usable], seeds]).astype(np.int32)
    cost = np.concatenate([arcs.cost[usable], np.where(np.isfinite(seed_costs), seed_costs, 1e300)])
    graph = csr_array((cost, target, first.astype(np.int32)), shape=(nodes + origins, nodes + origins))
    items, costs, counts = [], [], []
    for origin in range(origins):
        reached = dijkstra(graph, indices=nodes + origin, limit=min(limit, 1e299))[:nodes]
        here = np.flatnonzero(np.isfinite(reached))
        items.append(here.astype(np.int32))
        costs.append(reached[here])
        counts.append(len(here))
    return Found(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([*items, np.empty(0, np.int32)]),
        np.concatenate([*costs, np.empty(0)]),
    )


def _times(share: Floats, cost: Floats) -> Floats:
    # None of a refused (infinite) direction is nothing, not NaN.
    return np.where(share > 0, np.where(share > 0, share, 1.0) * cost, 0.0)


def _pairs_scipy(
    arcs: Arcs,
    ends: Ints,
    along: Floats,
    origins: tuple[Ints, Floats, Floats],
    points: tuple[Ints, Floats, Floats],
    limit: float,
) -> Found:
    to_edge, to_share, to_extra = points
    items, costs, counts = [], [], []
    for edge, share, extra in zip(*origins, strict=True):
        total = np.full(len(to_edge), np.inf)
        if edge >= 0:
            begin = extra + np.array(
                [
                    share * along[edge, 1] if share > 0 else 0.0,
                    (1 - share) * along[edge, 0] if share < 1 else 0.0,
                ]
            )
            found = _bounded_scipy(arcs, np.array([0, 2]), ends[edge], begin, limit)
            best = np.full(arcs.nodes, np.inf)
            best[found.item] = found.cost
            one = best[ends[to_edge, 0]] + _times(to_share, along[to_edge, 0])
            two = best[ends[to_edge, 1]] + _times(1 - to_share, along[to_edge, 1])
            straight = extra + np.where(
                to_share >= share,
                _times(to_share - share, along[to_edge, 0]),
                _times(share - to_share, along[to_edge, 1]),
            )
            total = np.minimum(one, two)
            total = np.where(to_edge == edge, np.minimum(total, straight), total) + to_extra
            total[to_edge < 0] = np.inf
        here = np.flatnonzero((total <= limit) & np.isfinite(total))
        items.append(here.astype(np.int32))
        costs.append(total[here])
        counts.append(len(here))
    return Found(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.concatenate([*items, np.empty(0, np.int32)]),
        np.concatenate([*costs, np.empty(0)]),
    )
