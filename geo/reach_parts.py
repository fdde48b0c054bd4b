"""Which parts of which streets are within a limit, given the least costs to the nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.network import Network, Snap
from geo.shortest import Floats, Found, Ints, Longs
from geo.travel import Travel, snap_cost


def sum_node_costs(steps: list[Found], nodes: int, most: float) -> pd.DataFrame:
    """Rows of origin and node sorted by both, with the cost of each step and their sum."""
    key = steps[0].origin * nodes + steps[0].item
    if len(steps) == 1:
        cost = steps[0].cost
        return pd.DataFrame({"origin": key // nodes, "node": key % nodes, "cost": cost, "one": cost})
    other = steps[1].origin * nodes + steps[1].item
    # Kept where either way is possible: a street may be left half-way that cannot be finished.
    every = np.union1d(key, other)
    one = np.full(len(every), np.inf)
    two = np.full(len(every), np.inf)
    one[np.searchsorted(every, key)] = steps[0].cost
    two[np.searchsorted(every, other)] = steps[1].cost
    frame = pd.DataFrame({"origin": every // nodes, "node": every % nodes, "cost": one + two})
    frame = frame.assign(one=one, two=two)
    frame.loc[frame["cost"] > most, "cost"] = np.inf
    return frame


def scale_share(share: Floats, cost: Floats) -> Floats:
    """Cost of a share of a way: none of a refused (infinite) direction is nothing, not NaN."""
    return np.where(share > 0, np.where(share > 0, share, 1.0) * cost, 0.0)


@dataclass(frozen=True)
class Stretches:
    """Streets to look at: whole segments between nodes, and the two halves where a place meets one.

    `low` and `high` are shares of the segment; `near` and `far` hold, a column a direction, the cost at
    either end; `ahead` and `back` the cost of going along the stretch one way and the other.
    """

    origin: Longs
    edge: Ints
    low: Floats
    high: Floats
    near: Floats
    far: Floats
    ahead: Floats
    back: Floats


def find_stretches(network: Network, travel: Travel, snap: Snap, nodes: pd.DataFrame) -> Stretches:
    """List the stretches with an end that was reached, each with the costs at its two ends."""
    along = network.along(travel.profile, travel.speed_kmh)
    inwards = {"out": [False], "in": [True], "return": [False, True]}[travel.trip]
    columns = ["one", "two"][: len(inwards)]
    origin = nodes["origin"].to_numpy(np.int64)
    node = nodes["node"].to_numpy(np.int64)
    first = np.asarray(network.first)
    counts = first[node + 1] - first[node]
    starts = np.repeat(first[node] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
    arcs = np.asarray(network.arc)[starts + np.arange(int(counts.sum()))] if len(node) else np.empty(0, int)
    pair = np.unique(np.repeat(origin, counts) * network.edges + arcs // 2)
    of, edge = pair // network.edges, (pair % network.edges).astype(np.int32)
    own = snap.edge[of] == edge
    of, edge = of[~own], edge[~own]

    # The two halves of the segment a place is on: its first node to the place, the place to its second.
    home = np.flatnonzero(snap.edge >= 0)
    half, share = snap.edge[home], snap.share[home]
    origin_rows = np.concatenate([of, home, home])
    edges = np.concatenate([edge, half, half])
    low = np.concatenate([np.zeros(len(of)), np.zeros(len(home)), share])
    high = np.concatenate([np.ones(len(of)), share, np.ones(len(home))])
    ends = np.asarray(network.ends)
    key = origin * network.nodes + node
    extra = snap_cost(travel, snap)[home]
    near, far, ahead, back = [], [], [], []
    for column, inward in zip(columns, inwards, strict=True):
        value = nodes[column].to_numpy()

        def at(rows: Longs, which: Ints, value: Floats = value) -> Floats:
            if not len(key):
                return np.full(len(rows), np.inf)
            wanted = rows * network.nodes + which
            place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
            return np.where(key[place] == wanted, value[place], np.inf)

        costs = along[:, ::-1] if inward else along
        near.append(np.concatenate([at(of, ends[edge, 0]), at(home, ends[half, 0]), extra]))
        far.append(np.concatenate([at(of, ends[edge, 1]), extra, at(home, ends[half, 1])]))
        ahead.append(scale_share(high - low, costs[edges, 0]))
        back.append(scale_share(high - low, costs[edges, 1]))
    keep = high > low
    stack = [np.stack(one, axis=1)[keep] for one in (near, far, ahead, back)]
    return Stretches(origin_rows[keep], edges[keep], low[keep], high[keep], *stack)


def cut_parts(network: Network, stretches: Stretches, most: float) -> pd.DataFrame:
    """Work out what of each stretch is within the limit.

    The cost at a share ``f`` of a stretch is the smaller of coming from either end, so it rises to one
    peak and falls; the sum of two such (there and back) still has no dip. What is within the limit is
    therefore a piece from each end, or all of it.
    """
    one = np.where(np.isfinite(stretches.ahead), stretches.near, np.inf)
    two = np.where(np.isfinite(stretches.back), stretches.far, np.inf)
    ahead = np.where(np.isfinite(stretches.ahead), stretches.ahead, 0.0)
    back = np.where(np.isfinite(stretches.back), stretches.back, 0.0)
    both = np.isfinite(one) & np.isfinite(two) & (ahead + back > 0)
    peak = np.where(np.isfinite(one), 1.0, 0.0)
    gap = np.where(both, two, 0.0) - np.where(both, one, 0.0)
    peak = np.where(both, np.divide(gap + back, ahead + back, out=np.zeros_like(gap), where=both), peak)
    peak = np.sort(np.clip(peak, 0.0, 1.0), axis=1)
    rows = len(peak)
    knots = np.concatenate([np.zeros((rows, 1)), peak, np.ones((rows, 1))], axis=1)
    cost = np.zeros_like(knots)
    for column in range(one.shape[1]):
        cost += np.minimum(
            one[:, [column]] + knots * ahead[:, [column]],
            two[:, [column]] + (1 - knots) * back[:, [column]],
        )
    front = _from_start(knots, cost, most)
    behind = _from_start(1 - knots[:, ::-1], cost[:, ::-1], most)
    whole = front + behind >= 1.0
    span = stretches.high - stretches.low
    pieces = [
        (whole, np.zeros(rows), np.ones(rows)),
        (~whole & (front > 0), np.zeros(rows), front),
        (~whole & (behind > 0), 1 - behind, np.ones(rows)),
    ]
    rows_of = [np.flatnonzero(chosen) for chosen, _, _ in pieces]
    row = np.concatenate(rows_of)
    begin, finish = (
        np.concatenate([piece[side][rows] for piece, rows in zip(pieces, rows_of, strict=True)])
        for side in (1, 2)
    )
    start = stretches.low[row] + begin * span[row]
    end = np.where(finish == 1, stretches.high[row], stretches.low[row] + finish * span[row])
    order = np.lexsort((start, stretches.edge[row], stretches.origin[row]))
    row, start, end = row[order], start[order], end[order]
    origin, edge = stretches.origin[row], stretches.edge[row]
    # The halves where a place meets its street join again, and so do pieces that touch.
    joins = (np.diff(origin) == 0) & (np.diff(edge) == 0) & (start[1:] <= end[:-1] + 1e-12)
    first = np.flatnonzero(np.concatenate([[True], ~joins])) if len(row) else np.empty(0, np.int64)
    end = np.maximum.reduceat(end, first) if len(row) else end
    metres = (end - start[first]) * np.asarray(network.length)[edge[first]]
    return pd.DataFrame(
        {"origin": origin[first], "edge": edge[first], "start": start[first], "end": end, "metres": metres}
    )


def _from_start(knots: Floats, cost: Floats, most: float) -> Floats:
    """How far from its start a piecewise straight cost stays within the limit; 0 where it never is."""
    rows = np.arange(len(knots))
    over = cost > most
    first = np.where(over.any(axis=1), over.argmax(axis=1), knots.shape[1])
    share = np.where(first == knots.shape[1], 1.0, 0.0)
    cut = (first > 0) & (first < knots.shape[1])
    here = np.minimum(first, knots.shape[1] - 1)
    before = np.maximum(here - 1, 0)
    low, high = cost[rows, before], cost[rows, here]
    low, high = np.where(np.isfinite(high), low, 0.0), np.where(np.isfinite(high), high, 0.0)
    rise = np.divide(most - low, high - low, out=np.zeros(len(rows)), where=cut & (high > low))
    span = knots[rows, here] - knots[rows, before]
    return np.where(cut, knots[rows, before] + rise * span, share)
