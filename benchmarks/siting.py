"""Hub models against spopt 0.7 with its default solver (CBC through PuLP), answers compared.

    python benchmarks/siting.py [--limit 60] [--reference DIR]

Each case is run twice in a child process of its own (ours, theirs), so that peak memory is that of the
case alone. Time is set-up and solve together, from a matrix in memory to a plan; the import of either
library and the compilation of ours (cached on disk) are left out. A peer that is not done in the
limit is stopped and reported as "gave up"; its ratio is then a lower bound. Peak memory is the whole
process less what it held before the first matrix was made.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CASES = [
    # name, model, matrix, p, limit
    ("hubs 700 x 30, p 8", "median", "hubs", 8, 0.0),
    ("hubs 700 x 30, p 8", "center", "hubs", 8, 0.0),
    ("hubs 700 x 30, 30 min", "set", "hubs", 0, 30.0),
    ("hubs 700 x 30, p 8, 12 min", "cover", "hubs", 8, 12.0),
    ("hubs 700 x 100, p 10, 10 min", "cover", "many", 10, 10.0),
    ("euclid 127, p 5", "median", "euclid127", 5, 0.0),
    ("euclid 300, p 10", "median", "euclid300", 10, 0.0),
    ("pmed1: 100, p 5", "median", "pmed1", 5, 0.0),
    ("pmed1: 100, p 5", "center", "pmed1", 5, 0.0),
    ("pmed7: 200, p 10", "median", "pmed7", 10, 0.0),
    ("pmed12: 300, p 10", "median", "pmed12", 10, 0.0),
    ("pmed20: 400, p 133", "median", "pmed20", 133, 0.0),
]


def make(name: str, reference: Path) -> tuple[np.ndarray, np.ndarray]:
    """Costs and weights of an instance."""
    if name.startswith("pmed"):
        from scipy.sparse.csgraph import floyd_warshall

        table = np.loadtxt(reference / "pmed" / f"{name}.txt", dtype=int)
        size, edges = table[0, 0], table[1:]
        cost = np.full((size, size), np.inf)
        np.fill_diagonal(cost, 0)
        for start, end, length in edges:
            cost[start - 1, end - 1] = cost[end - 1, start - 1] = length
        return floyd_warshall(cost), np.ones(size)
    random = np.random.default_rng(1)
    if name.startswith("euclid"):
        places = random.random((int(name[6:]), 2)) * 1000
        return np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)), random.integers(
            1, 100, len(places)
        )
    homes = random.random((700, 2)) * 6000
    halls = random.random((30 if name == "hubs" else 100, 2)) * 6000
    metres = 1.3 * np.hypot(*(homes[:, None] - halls[None]).transpose(2, 0, 1))
    return metres / 80, random.integers(0, 40, 700)


def ours(model: str, cost: np.ndarray, weights: np.ndarray, p: int, limit: float) -> dict[str, float]:
    from geo import siting

    rows = np.arange(6.0)
    small = np.abs(np.subtract.outer(rows, rows))
    siting.solve_p_median(small, p=2)  # loads what was compiled
    begin = time.perf_counter()
    if model == "median":
        plan = siting.solve_p_median(cost, weights, p=p)
    elif model == "center":
        plan = siting.solve_p_center(cost, p=p)
    elif model == "set":
        plan = siting.solve_set_cover(cost, limit=limit)
    else:
        plan = siting.solve_max_cover(cost, weights, p=p, limit=limit)
    return {"seconds": time.perf_counter() - begin, "value": plan.objective, "proven": float(plan.proven)}


def theirs(model: str, cost: np.ndarray, weights: np.ndarray, p: int, limit: float) -> dict[str, float]:
    import pulp
    from spopt.locate import LSCP, MCLP, PCenter, PMedian

    solver = pulp.PULP_CBC_CMD(msg=False)
    begin = time.perf_counter()
    if model == "median":
        asked = PMedian.from_cost_matrix(cost, weights, p_facilities=p)
    elif model == "center":
        asked = PCenter.from_cost_matrix(cost, p_facilities=p)
    elif model == "set":
        asked = LSCP.from_cost_matrix(cost, service_radius=limit)
    else:
        asked = MCLP.from_cost_matrix(cost, weights, service_radius=limit, p_facilities=p)
    ready = time.perf_counter()
    asked.solve(solver)
    seconds = time.perf_counter() - begin
    open_sites = [j for j, group in enumerate(asked.fac2cli) if group] if hasattr(asked, "fac2cli") else []
    value = float(pulp.value(asked.problem.objective))
    if model == "cover":
        # People, from the plan itself: its own share counts rows.
        value = float(weights[cost[:, open_sites].min(axis=1) <= limit].sum())
    return {"seconds": seconds, "setup": ready - begin, "value": value}


def child(side: str, case: int, reference: Path) -> None:
    warnings.simplefilter("ignore")
    _, model, instance, p, limit = CASES[case]
    if side == "ours":
        import geo.siting  # noqa: F401
    else:
        import pulp  # noqa: F401
        import spopt.locate  # noqa: F401
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cost, weights = make(instance, reference)
    got = (ours if side == "ours" else theirs)(model, cost, weights, p, limit)
    # CBC is a program of its own: its memory is that of the children.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    got["megabytes"] = (peak + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
    print(json.dumps(got))


def ask(side: str, case: int, reference: Path, limit: float) -> dict[str, float] | None:
    words = [sys.executable, __file__, "--child", side, str(case), "--reference", str(reference)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            out, _ = process.communicate(timeout=limit + 20)
        except subprocess.TimeoutExpired:
            import os
            import signal

            os.killpg(process.pid, signal.SIGKILL)  # CBC goes on without its parent otherwise
            process.communicate()
            return None
    return json.loads(out.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds before the peer is stopped")
    parser.add_argument("--reference", type=Path, default=ROOT.parent / "shared" / "reference")
    parser.add_argument("--child", nargs=2)
    args = parser.parse_args()
    if args.child:
        child(args.child[0], int(args.child[1]), args.reference)
        return
    ask("ours", 0, args.reference, 120)  # compiles, if it has not been
    print(f"{'case':34} {'model':7} {'our s':>8} {'spopt s':>9} {'times':>7} {'our MB':>8} {'spopt MB':>9}")
    ratios = []
    for number, (name, model, instance, *_) in enumerate(CASES):
        if instance.startswith("pmed") and not (args.reference / "pmed" / f"{instance}.txt").is_file():
            print(f"{name:34} {model:7} skipped: no {instance}.txt under --reference")
            continue
        mine = ask("ours", number, args.reference, args.limit)
        peer = ask("theirs", number, args.reference, args.limit)
        if mine is None:
            print(f"{name:34} {model:7} ours gave up")
            continue
        if peer is None:
            said = "proven" if mine["proven"] else "not proven"
            ratio, text = args.limit / mine["seconds"], f"spopt gave up; ours is {said}"
            cells = (f">{args.limit:.0f}", f">{ratio:.0f}", "-")
        else:
            same = math.isclose(mine["value"], peer["value"], rel_tol=1e-6)
            ratio = peer["seconds"] / mine["seconds"]
            text = "equal" if same else f"{mine['value']} and {peer['value']}"
            cells = (f"{peer['seconds']:.2f}", f"{ratio:.1f}", f"{peer['megabytes']:.0f}")
        ratios.append(ratio)
        print(
            f"{name:34} {model:7} {mine['seconds']:8.3f} {cells[0]:>9} {cells[1]:>7} "
            f"{mine['megabytes']:8.0f} {cells[2]:>9}  {text}",
            flush=True,
        )
    print(f"median ratio {np.median(ratios):.1f}, least {min(ratios):.1f}")


if __name__ == "__main__":
    main()
