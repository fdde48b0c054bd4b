"""1,000 draws for all England, streamed district by district; and a what-if on Luton.

    python benchmarks/mis_draws.py [DATA] [--draws 1000] [--districts N]

Prints the time, the peak memory of the process, and the processor seconds, which say more than the
clock on a shared machine.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from calibrate_mis import read_england  # noqa: E402

from mis import MisSettings, estimate_shortfall, stream_estimates  # noqa: E402
from mis.whatif import Change, what_if  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--districts", type=int, default=0, help="only the first N districts; 0 for all")
    parser.add_argument("--whatif", action="store_true", help="only the what-if on Luton")
    options = parser.parse_args()
    inputs = read_england(options.data)
    luton = replace(inputs, areas=inputs.areas[inputs.areas["district"] == "E06000032"])
    # Compiles, if this machine has not yet.
    what_if(estimate_shortfall(luton, settings=MisSettings(draws=5)), Change("x", 1.0))

    start = time.perf_counter()
    estimate = estimate_shortfall(luton, settings=MisSettings(draws=options.draws))
    print(f"Luton, {options.draws} draws: {time.perf_counter() - start:.2f} s")
    for label, change in (
        ("£20 a week for each child", Change("x", 20.0, per_child=True)),
        ("£40 for half of single pensioners", Change("x", 40.0, types=("single_pensioner",), uptake=0.5)),
        ("£10 for everyone", Change("x", 10.0)),
    ):
        taken, spent = [], []
        for _ in range(5):
            start, before = time.perf_counter(), time.process_time()
            difference = what_if(estimate, change)
            taken.append(time.perf_counter() - start)
            spent.append(time.process_time() - before)
        fewer = -difference.estimate.draws["people_below"].astype(float).sum(axis=0)
        low, middle, high = np.quantile(fewer, [0.05, 0.5, 0.95])
        cost, reached = (
            difference.estimate.draws[name].astype(float).sum(axis=0) for name in ("cost", "cost_below")
        )
        print(
            f"what if {label}: {min(taken):.2f} s by the clock ({max(taken):.2f} at most of 5, "
            f"{min(spent):.2f} of processor time); {middle:,.0f} fewer below ({low:,.0f} to {high:,.0f}), "
            f"£{np.median(cost):,.0f} a week, {np.median(reached / cost):.0%} to those below"
        )

    if options.whatif:
        return 0
    if options.districts:
        chosen = sorted(set(inputs.areas["district"]))[: options.districts]
        inputs = replace(inputs, areas=inputs.areas[inputs.areas["district"].isin(chosen)])
    start, spent = time.perf_counter(), time.process_time()
    people = below = np.zeros(options.draws)
    areas = 0
    for part in stream_estimates(inputs, settings=MisSettings(draws=options.draws, keep_state=False)):
        people = people + part.draws["people"].astype(np.float64).sum(axis=0)
        below = below + part.draws["people_below"].astype(np.float64).sum(axis=0)
        areas += len(part.codes)
    taken = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    low, middle, high = np.quantile(below / people, [0.05, 0.5, 0.95])
    print(
        f"{areas:,} areas, {options.draws} draws: {taken / 60:.1f} minutes, "
        f"{(time.process_time() - spent) / 60:.1f} processor minutes, "
        f"peak {peak:.2f} GB; {middle:.1%} below ({low:.1%} to {high:.1%})"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
