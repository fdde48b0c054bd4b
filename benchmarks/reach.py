"""Reach and nearest beside networkx (which OSMnx uses), igraph, SciPy and pandana, in one run.

Each library runs in a process of its own, on the same edges, and says how long it takes to build what it
searches in, to find all nodes within 20 minutes (1,600 m) of 200 origins, and to give every node its
nearest of 200 places, by the clock and in processor time (ours uses two threads); its memory is the
process's peak less what it had after its imports. Answers are compared: nodes reached, and sums of
distances. What one request on a warm pack takes is in ``warm_answers.py``.

    python benchmarks/reach.py [--networks newport,liege,grid50k,grid1m] [--peers ...] [--repeat 5]

Real networks come from FAIRPLACE_DATA (default ../shared/data) and are left out where it is absent.
Peers that are not installed are left out; one that takes longer than --patience is stopped and said so.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
DATA = Path(os.environ.get("FAIRPLACE_DATA", ROOT.parent / "shared" / "data"))
LIMIT, ORIGINS = 1600.0, 200
PEERS = ("ours", "networkx", "scipy", "igraph", "pandana")
NETWORKS = ("newport", "liege", "grid50k", "grid1m")


def peak() -> float:
    """Most memory of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # ru_maxrss begins at what the parent had
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(call: Callable[[], object], repeat: int) -> tuple[float, float, object]:
    """Median seconds of a call by the clock and of all processors together, and what it gave."""
    times, used = [], []
    result = None
    for _ in range(repeat):
        started, began = time.perf_counter(), time.process_time()
        result = call()
        times.append(time.perf_counter() - started)
        used.append(time.process_time() - began)
        if sum(times) > 60:
            break
    return float(np.median(times)), float(np.median(used)), result


def grid(side: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Jittered street grid with a tenth of its blocks' sides missing."""
    row, column = np.divmod(np.arange(side * side), side)
    xy = np.column_stack([column, row]) * 80.0 + rng.normal(0, 15, (side * side, 2))
    right = np.flatnonzero(column < side - 1)
    down = np.flatnonzero(row < side - 1)
    ends = np.concatenate([np.column_stack([right, right + 1]), np.column_stack([down, down + side])])
    return with_lengths(xy, ends.astype(np.int32))


def with_lengths(xy: np.ndarray, ends: np.ndarray) -> dict[str, np.ndarray]:
    length = np.hypot(*(xy[ends[:, 0]] - xy[ends[:, 1]]).T)
    return {"xy": xy, "ends": ends, "length": np.maximum(length, 0.01)}


def from_lines(path: Path) -> dict[str, np.ndarray]:
    import geopandas as gpd
    import shapely

    lines = gpd.read_parquet(path).geometry.to_numpy()
    both = np.stack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)], axis=1)
    xy, code = np.unique(np.round(both.reshape(-1, 2), 3), axis=0, return_inverse=True)
    ends = code.reshape(-1, 2).astype(np.int32)
    return simple({"xy": xy, "ends": ends, "length": shapely.length(lines)})


def simple(net: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One edge a pair of nodes, the shortest, so that every library has the same graph; no loops."""
    low, high = net["ends"].min(axis=1), net["ends"].max(axis=1)
    order = np.lexsort((net["length"], high, low))
    keep = order[
        np.concatenate([[True], (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)])
        & (low[order] != high[order])
    ]
    return {"xy": net["xy"], "ends": net["ends"][keep], "length": np.maximum(net["length"][keep], 0.01)}


def make_network(name: str, folder: Path) -> Path | None:
    rng = np.random.default_rng(20)
    if name == "newport":
        path = DATA / "osm" / "newport_walk.graphml"
        if not path.is_file():
            return None
        from geo.network_sources import read_graphml

        read = read_graphml(path)
        net = simple({"xy": read.xy, "ends": read.ends, "length": read.length})
    elif name == "liege":
        path = DATA / "osm" / "liege_fua_street_network.parquet"
        if not path.is_file():
            return None
        net = from_lines(path)
    else:
        net = grid({"grid50k": 159, "grid1m": 708}[name], rng)
    net["origins"] = rng.choice(len(net["xy"]), ORIGINS, replace=False).astype(np.int32)
    out = folder / f"{name}.npz"
    np.savez(out, **net)
    return out


# --- One function a library: import, then (build, reach, nearest), each giving something comparable.


def ours() -> dict[str, Callable]:
    from geo.network_building import compress
    from geo.shortest import Arcs, search_nearest, search_within

    def build(net):
        import geopandas as gpd

        curve = gpd.GeoSeries(gpd.points_from_xy(*net["xy"].T)).hilbert_distance().to_numpy()
        number = np.empty(len(curve), np.int32)
        number[np.argsort(curve, kind="stable")] = np.arange(len(curve))
        ends = number[net["ends"]]
        first, target, arc = compress(len(net["xy"]), ends)
        return Arcs(first, target, np.repeat(net["length"], 2)[arc]), number

    def reach(graph, origins):
        arcs, number = graph
        found = search_within(
            arcs,
            np.arange(len(origins) + 1),
            number[origins],
            np.zeros(len(origins)),
            limit=LIMIT,
            ordered=False,
        )
        return len(found.item), float(found.cost.sum())

    def nearest(graph, origins):
        arcs, number = graph
        labels = np.arange(len(origins), dtype=np.int32)
        _, costs = search_nearest(arcs, number[origins], np.zeros(len(origins)), labels)
        return float(costs[np.isfinite(costs)].sum())

    # Compiled once a machine; the first call of a process loads it from the cache.
    tiny = {"xy": np.array([[0.0, 0], [1, 1]]), "ends": np.array([[0, 1]], np.int32), "length": np.ones(1)}
    reach(build(tiny), np.array([0]))
    reach(build(tiny), np.zeros(64, int))
    nearest(build(tiny), np.array([0]))
    return {"build": build, "reach": reach, "nearest": nearest}


def networkx() -> dict[str, Callable]:
    import networkx as nx

    def build(net):
        # OSMnx's graphs are directed multigraphs with both directions of every street.
        graph = nx.MultiDiGraph()
        graph.add_nodes_from(range(len(net["xy"])))
        for (a, b), length in zip(net["ends"].tolist(), net["length"].tolist(), strict=True):
            graph.add_edge(a, b, length=length)
            graph.add_edge(b, a, length=length)
        return graph

    def reach(graph, origins):
        count, total = 0, 0.0
        for origin in origins.tolist():
            found = nx.single_source_dijkstra_path_length(graph, origin, cutoff=LIMIT, weight="length")
            count += len(found)
            total += sum(found.values())
        return count, total

    def nearest(graph, origins):
        return float(
            sum(nx.multi_source_dijkstra_path_length(graph, set(origins.tolist()), weight="length").values())
        )

    return {"build": build, "reach": reach, "nearest": nearest}


def scipy() -> dict[str, Callable]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    def build(net):
        a, b = net["ends"].T
        size = len(net["xy"])
        both = (np.concatenate([a, b]), np.concatenate([b, a]))
        return coo_array((np.tile(net["length"], 2), both), shape=(size, size)).tocsr()

    def reach(graph, origins):
        found = dijkstra(graph, indices=origins, limit=LIMIT)
        inside = np.isfinite(found)
        return int(inside.sum()), float(found[inside].sum())

    def nearest(graph, origins):
        found = dijkstra(graph, indices=origins, min_only=True)
        return float(found[np.isfinite(found)].sum())

    return {"build": build, "reach": reach, "nearest": nearest}


def igraph() -> dict[str, Callable]:
    import igraph as ig

    def build(net):
        # A vertex more, joined to all places at no cost, gives the nearest; igraph has no cut-off for
        # distances, so reach is everything, cut afterwards.
        size = len(net["xy"])
        graph = ig.Graph(n=size + 1, edges=net["ends"], directed=False)
        graph.es["length"] = net["length"]
        return graph, size

    def reach(graph, origins):
        graph, size = graph
        some = origins[: 200 if graph.ecount() < 30_000 else 20]
        count, total = 0, 0.0
        for origin in some.tolist():
            found = np.array(graph.distances([origin], weights="length")[0][:size])
            count += int((found <= LIMIT).sum())
            total += float(found[found <= LIMIT].sum())
        return count, total, len(some)

    def nearest(graph, origins):
        graph, size = graph
        more = graph.copy()
        more.add_edges([(size, int(one)) for one in origins], attributes={"length": [0.0] * len(origins)})
        found = np.array(more.distances([size], weights="length")[0][:size])
        return float(found[np.isfinite(found)].sum())

    return {"build": build, "reach": reach, "nearest": nearest}


def pandana() -> dict[str, Callable]:
    import pandana as pdna
    import pandas as pd

    def build(net):
        index = pd.RangeIndex(len(net["xy"]))
        a, b = (pd.Series(one) for one in net["ends"].T)
        graph = pdna.Network(
            pd.Series(net["xy"][:, 0], index), pd.Series(net["xy"][:, 1], index), a, b,
            pd.DataFrame({"length": net["length"]}),
        )  # fmt: skip
        return graph, net["xy"]

    def reach(graph, origins):
        found = graph[0].nodes_in_range([int(one) for one in origins], LIMIT)
        return len(found), float(found[found.columns[-1]].sum())

    def nearest(graph, origins):
        net, xy = graph
        net.set_pois("places", 1e9, 1, xy[origins, 0], xy[origins, 1])
        found = net.nearest_pois(1e9, "places", num_pois=1)[1].to_numpy()
        return float(found[found < 1e9].sum())

    return {"build": build, "reach": reach, "nearest": nearest}


def child(peer: str, path: str, repeat: int) -> None:
    calls = {"ours": ours, "networkx": networkx, "scipy": scipy, "igraph": igraph, "pandana": pandana}[peer]()
    gc.collect()
    before = peak()
    with np.load(path) as file:
        net = {name: file[name] for name in file.files}
    origins = net["origins"]
    seconds_build, _, graph = timed(lambda: calls["build"](net), 1)
    seconds, used, answer = timed(lambda: calls["reach"](graph, origins), repeat)
    near, _, total = timed(lambda: calls["nearest"](graph, origins), repeat)
    some = answer[2] if len(answer) > 2 else len(origins)
    print(
        json.dumps(
            {
                "build": seconds_build,
                "reach": seconds * len(origins) / some,
                "reach_used": used * len(origins) / some,
                "nearest": near,
                "mb": peak() - before,
                "nodes": answer[0],
                "sum": answer[1],
                "origins": some,
                "nearest_sum": total,
            }
        )
    )


def compare(name: str, path: Path, peers: list[str], repeat: int, patience: float) -> None:
    with np.load(path) as file:
        print(f"\n{name}: {len(file['xy']):,} nodes, {len(file['ends']):,} edges")
    print(
        "             build s    reach s  processor  nearest s   peak MB   x clock  x processor   same answer"
    )
    mine: dict[str, float] = {}
    for peer in peers:
        call = [sys.executable, __file__, "--child", peer, str(path), "--repeat", str(repeat)]
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=patience, check=True)
        except subprocess.TimeoutExpired:
            print(f"{peer:10s}   not done in {patience:.0f} s")
            continue
        except subprocess.CalledProcessError as error:
            print(f"{peer:10s}   {error.stderr.strip().splitlines()[-1][:90] if error.stderr else 'failed'}")
            continue
        got = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index('{"build"') :])[0]
        mine = mine or got
        if got["origins"] == mine["origins"]:
            same = got["nodes"] == mine["nodes"] and np.isclose(got["sum"], mine["sum"], rtol=1e-9)
            word = "yes" if same else f"nodes {got['nodes'] - mine['nodes']:+d}"
        else:
            word = f"{got['origins']} origins, scaled"
        word += "" if np.isclose(got["nearest_sum"], mine["nearest_sum"], rtol=1e-9) else ", nearest differs"
        figures = f"{got['build']:9.2f} {got['reach']:10.4f} {got['reach_used']:10.4f} {got['nearest']:10.4f}"
        ratios = [got[key] / max(mine[key], 1e-9) for key in ("reach", "reach_used")]
        times = f"{got['mb']:9.0f} {ratios[0]:9.1f} {ratios[1]:12.1f}"
        print(f"{peer:10s} {figures} {times}   {word}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--patience", type=float, default=180.0, metavar="SECONDS")
    parser.add_argument("--child", nargs=2, metavar=("PEER", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(*args.child, args.repeat)
        return
    print(f"{os.cpu_count()} cores; {ORIGINS} origins, {LIMIT:g} m; medians of up to {args.repeat}")
    with tempfile.TemporaryDirectory() as folder:
        for name in args.networks.split(","):
            path = make_network(name, Path(folder))
            if path is None:
                print(f"\n{name}: needs real files, left out")
                continue
            compare(name, path, args.peers.split(","), args.repeat, args.patience)


if __name__ == "__main__":
    main()
