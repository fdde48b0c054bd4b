"""Compiled searches over a street network in array form; imported only where a search runs.

Kept apart from `geo.shortest` because importing numba takes a quarter of a second and more, which no
``--help`` should wait for. Searches keep their nodes in rows of buckets by cost (R. B. Dial,
Communications of the ACM 12, 1969), narrower than most streets; a node that gets cheaper after its turn
in a bucket has another, so the costs are those of Dijkstra (1959) to the last digit. Only the search for
more than one nearest place uses Dijkstra's order, with a four-way heap and lazy deletion.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Buckets = tuple[Ints, Ints]
Entries = tuple[Ints, Floats, Ints, Ints]


@njit(cache=True, nogil=True)
def _push(keys: Floats, items: Longs, size: int, key: float, item: int | np.int64) -> int:
    at = size
    while at > 0:
        up = (at - 1) >> 2
        if keys[up] <= key:
            break
        keys[at] = keys[up]
        items[at] = items[up]
        at = up
    keys[at] = key
    items[at] = item
    return size + 1


@njit(cache=True, nogil=True)
def _pop(keys: Floats, items: Longs, size: int) -> int:
    # The caller has read the top; the last one is moved there and sinks.
    size -= 1
    key = keys[size]
    item = items[size]
    at = 0
    while True:
        child = 4 * at + 1
        if child >= size:
            break
        best = child
        stop = min(child + 4, size)
        for other in range(child + 1, stop):
            if keys[other] < keys[best]:
                best = other
        if keys[best] >= key:
            break
        keys[at] = keys[best]
        items[at] = items[best]
        at = best
    keys[at] = key
    items[at] = item
    return size


@njit(cache=True, nogil=True)
def _heap(most: int) -> tuple[Floats, Longs]:
    # Each arc is tried once, when its node is settled, so this is enough; what is not used of it costs
    # no memory, and a heap that grew would cost a third of the time.
    return np.empty(most + 1, np.float64), np.empty(most + 1, np.int64)


@njit(cache=True, nogil=True)
def _buckets(step: float, most: float) -> tuple[Buckets, float]:
    """First (-1: none) and last entry of each row, and 1 / width.

    The rows are used in a circle, so there are enough for whatever lies between the cheapest and the
    dearest node in them: one street, or the spread of what an origin starts with (`most`).
    """
    width = step if 0.0 < step < np.inf else 1.0
    if most / width > 60_000.0:
        width = most / 60_000.0
    count = 8
    while count < most / width + 3.0:
        count *= 2  # a power of two, so that the circle costs no division
    return (np.full(count, -1, np.int32), np.empty(count, np.int32)), 1.0 / width


@njit(cache=True, nogil=True)
def _entries(room: int) -> Entries:
    """Entries of rows: node, cost, the next in the row (-1: none), and the seed it came from.

    Mostly about one a node is used, and what is not used costs no memory; a search that runs out of room
    begins again with twice as much.
    """
    return np.empty(room, np.int32), np.empty(room), np.empty(room, np.int32), np.empty(room, np.int32)


@njit(cache=True, nogil=True)
def _search(
    first: Longs,
    target: Ints,
    cost: Floats,
    seeds: Ints,
    seed_costs: Floats,
    limit: float,
    best: Floats,
    buckets: Buckets,
    narrow: float,
    entries: Entries,
) -> int:
    """Fill `best` from the seeds and give how many entries that took, or -1 where there was no room.

    Every node reached has one entry whose cost is its best, and before that maybe others, which were
    dearer and are passed over when their turn comes. The caller clears `best`; without room it is clear.
    """
    head, tail = buckets
    node_of, cost_of, after, seed_of = entries
    around = np.int64(head.size - 1)
    room = node_of.size
    count = 0
    waiting = 0
    turn = np.int64(-1)
    for i in range(seeds.size):
        node = np.uint64(seeds[i])
        value = seed_costs[i]
        if value <= limit and value < best[node] and count < room:
            best[node] = value
            whole = np.int64(value * narrow)
            turn = whole if turn < 0 or whole < turn else turn
            row = whole & around
            if head[row] < 0:
                head[row] = count
            else:
                after[tail[row]] = count
            tail[row] = count
            node_of[count], cost_of[count], after[count], seed_of[count] = seeds[i], value, -1, i
            count += 1
            waiting += 1
    place = turn & around
    while waiting > 0 and count < room:
        here = head[place]
        if here < 0:
            place = (place + 1) & around
            continue
        entry = np.uint64(here)  # unsigned: no look whether an index counts from the end, a tenth quicker
        head[place] = after[entry]
        waiting -= 1
        node = np.uint64(node_of[entry])
        value = cost_of[entry]
        if value > best[node]:
            continue
        seed = seed_of[entry]
        for arc in range(np.uint64(first[node]), np.uint64(first[node + np.uint64(1)])):
            there = value + cost[arc]
            if there <= limit:
                item = target[arc]
                other = np.uint64(item)
                if there < best[other] and count < room:
                    best[other] = there
                    row = np.int64(there * narrow) & around
                    if head[row] < 0:
                        head[row] = count
                    else:
                        after[np.uint64(tail[row])] = count
                    tail[row] = count
                    new = np.uint64(count)
                    node_of[new], cost_of[new], after[new], seed_of[new] = item, there, -1, seed
                    count += 1
                    waiting += 1
    if count < room:
        return count
    for i in range(count):
        best[node_of[i]] = np.inf
    head[:] = -1
    return -1


@njit(cache=True, nogil=True)
def _spread(seed_first: Longs, seed_costs: Floats, limit: float) -> float:
    """Widest difference between what the seeds of one origin start with."""
    widest = 0.0
    for origin in range(seed_first.size - 1):
        low, high = np.inf, -np.inf
        for i in range(seed_first[origin], seed_first[origin + 1]):
            if seed_costs[i] <= limit and seed_costs[i] < np.inf:
                low, high = min(low, seed_costs[i]), max(high, seed_costs[i])
        widest = max(widest, high - low)
    return widest


@njit(cache=True, nogil=True)
def bounded(
    first: Longs,
    target: Ints,
    cost: Floats,
    seed_first: Longs,
    seeds: Ints,
    seed_costs: Floats,
    limit: float,
    step: float,
    most: float,
) -> tuple[Longs, Ints, Floats]:
    """Nodes within `limit` of each origin, as rows: where each origin's begin, nodes, costs.

    `step` is how wide a bucket is, `most` the dearest arc; see `geo.shortest.Arcs`.
    """
    nodes = first.size - 1
    origins = seed_first.size - 1
    best = np.full(nodes, np.inf)
    buckets, narrow = _buckets(step, max(min(most, limit), _spread(seed_first, seed_costs, limit)))
    entries = _entries(nodes + seeds.size + 64)
    found_first = np.zeros(origins + 1, np.int64)
    found = np.empty(4096, np.int32)
    found_cost = np.empty(4096, np.float64)
    total = 0
    for origin in range(origins):
        low, high = seed_first[origin], seed_first[origin + 1]
        mine, start = seeds[low:high], seed_costs[low:high]
        count = -1
        while count < 0:
            count = _search(first, target, cost, mine, start, limit, best, buckets, narrow, entries)
            if count < 0:
                entries = _entries(2 * entries[0].size)
        if total + count > found.size:
            room = max(2 * found.size, total + count)
            more = np.empty(room, np.int32)
            more[:total] = found[:total]
            more_cost = np.empty(room, np.float64)
            more_cost[:total] = found_cost[:total]
            found, found_cost = more, more_cost
        for i in range(count):
            node = np.uint64(entries[0][i])
            if best[node] < np.inf:
                found[total] = node
                found_cost[total] = best[node]
                best[node] = np.inf
                total += 1
        found_first[origin + 1] = total
    return found_first, found[:total].copy(), found_cost[:total].copy()


@njit(cache=True, nogil=True)
def pairs(
    first: Longs,
    target: Ints,
    cost: Floats,
    ends: Ints,
    along: Floats,
    from_edge: Ints,
    from_share: Floats,
    from_extra: Floats,
    to_edge: Ints,
    to_share: Floats,
    to_extra: Floats,
    limit: float,
    step: float,
    most: float,
) -> tuple[Longs, Ints, Floats]:
    """Cost from each point on an edge to each other within `limit`, as rows sorted by origin.

    `ends` holds the two nodes of every edge, `along` the cost from its first to its second and back;
    points lie at a share of their edge from its first end and have an extra (the way to the edge).
    """
    nodes = first.size - 1
    best = np.full(nodes, np.inf)
    # The two ends of one edge start no further apart than the edge costs.
    buckets, narrow = _buckets(step, min(most, limit))
    entries = _entries(nodes + 64)
    seeds = np.empty(2, np.int32)
    seed_costs = np.empty(2, np.float64)
    found_first = np.zeros(from_edge.size + 1, np.int64)
    found = np.empty(4096, np.int32)
    found_cost = np.empty(4096, np.float64)
    total = 0
    for origin in range(from_edge.size):
        edge = from_edge[origin]
        if edge >= 0:
            share = from_share[origin]
            seeds[0], seeds[1] = ends[edge, 0], ends[edge, 1]
            # A refused direction costs infinity, and none of infinity is still a refusal: not NaN.
            seed_costs[0] = from_extra[origin] + (share * along[edge, 1] if share > 0 else 0.0)
            seed_costs[1] = from_extra[origin] + ((1 - share) * along[edge, 0] if share < 1 else 0.0)
            count = -1
            while count < 0:
                count = _search(first, target, cost, seeds, seed_costs, limit, best, buckets, narrow, entries)
                if count < 0:
                    entries = _entries(2 * entries[0].size)
            if total + to_edge.size > found.size:
                room = max(2 * found.size, total + to_edge.size)
                more = np.empty(room, np.int32)
                more[:total] = found[:total]
                more_cost = np.empty(room, np.float64)
                more_cost[:total] = found_cost[:total]
                found, found_cost = more, more_cost
            for point in range(to_edge.size):
                other = to_edge[point]
                if other < 0:
                    continue
                place = to_share[point]
                there = best[ends[other, 0]] + (place * along[other, 0] if place > 0 else 0.0)
                back = best[ends[other, 1]] + ((1 - place) * along[other, 1] if place < 1 else 0.0)
                there = min(there, back)
                if other == edge:
                    if place == share:
                        direct = from_extra[origin]
                    elif place > share:
                        direct = from_extra[origin] + (place - share) * along[edge, 0]
                    else:
                        direct = from_extra[origin] + (share - place) * along[edge, 1]
                    there = min(there, direct)
                there += to_extra[point]
                if there <= limit and there < np.inf:
                    found[total] = point
                    found_cost[total] = there
                    total += 1
            for i in range(count):
                best[entries[0][i]] = np.inf
        found_first[origin + 1] = total
    return found_first, found[:total].copy(), found_cost[:total].copy()


@njit(cache=True, nogil=True)
def nearest(
    first: Longs,
    target: Ints,
    cost: Floats,
    seeds: Ints,
    seed_costs: Floats,
    seed_labels: Ints,
    k: int,
    limit: float,
) -> tuple[Ints, Floats]:
    """For every node the `k` nearest labels (-1 where there are fewer) and their costs, in order."""
    nodes = first.size - 1
    labels = np.full((nodes, k), -1, np.int32)
    costs = np.full((nodes, k), np.inf)
    filled = np.zeros(nodes, np.int32)
    keys, items = _heap(k * target.size + seeds.size)
    size = 0
    for i in range(seeds.size):
        if seed_costs[i] <= limit and seed_costs[i] < np.inf:
            size = _push(keys, items, size, seed_costs[i], np.int64(seed_labels[i]) * nodes + seeds[i])
    while size > 0:
        value = keys[0]
        item = items[0]
        size = _pop(keys, items, size)
        node = item % nodes
        label = item // nodes
        have = filled[node]
        if have == k:
            continue
        known = False
        for j in range(have):
            if labels[node, j] == label:
                known = True
                break
        if known:
            continue
        labels[node, have] = label
        costs[node, have] = value
        filled[node] = have + 1
        for arc in range(first[node], first[node + 1]):
            there = value + cost[arc]
            other = target[arc]
            if there <= limit and there < np.inf and filled[other] < k:
                size = _push(keys, items, size, there, label * nodes + other)
    return labels, costs


@njit(cache=True, nogil=True)
def nearest_one(
    first: Longs,
    target: Ints,
    cost: Floats,
    seeds: Ints,
    seed_costs: Floats,
    seed_labels: Ints,
    limit: float,
    step: float,
    most: float,
) -> tuple[Ints, Floats]:
    """`nearest` for one label a node, by buckets: in a quarter of the time. `step`, `most`: see `bounded`."""
    nodes = first.size - 1
    labels = np.full((nodes, 1), -1, np.int32)
    best = np.full((nodes, 1), np.inf)
    spread = _spread(np.array([0, seeds.size]), seed_costs, limit)
    buckets, narrow = _buckets(step, max(min(most, limit), spread))
    entries = _entries(2 * nodes + seeds.size + 64)
    count = -1
    while count < 0:
        count = _search(first, target, cost, seeds, seed_costs, limit, best[:, 0], buckets, narrow, entries)
        if count < 0:
            entries = _entries(2 * entries[0].size)
    for i in range(count):
        node = np.uint64(entries[0][i])
        if entries[1][i] == best[node, 0]:
            labels[node, 0] = seed_labels[entries[3][i]]
    return labels, best
