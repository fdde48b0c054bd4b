"""Raking beside ipfn: 20,000 records, 8 variables of 5 categories, every LSOA in England.

    python benchmarks/raking.py [--zones 33755] [--beside 3]

Two kinds of counts: easy ones, which some weighting of the records meets, and conflicting ones,
where one variable is a copy of another and the two counts were perturbed apart, as published
tables are. In both ipfn is given as many sweeps as ours took, so that the answers are the same
numbers; they are compared weight by weight.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd
from ipfn import ipfn

from mis.raking import Raking, rake, reconcile_margins
from mis.raking_kernels import fit_areas

RECORDS, VARIABLES, CATEGORIES = 20_000, 8, 5
CELLS = pd.MultiIndex.from_product([[f"v{j}" for j in range(VARIABLES)], range(CATEGORIES)])


def draw_records(rng: np.random.Generator, *, nested: bool) -> pd.DataFrame:
    codes = rng.integers(0, CATEGORIES, (RECORDS, VARIABLES))
    if nested:
        codes[:, 1] = codes[:, 0]
    return pd.DataFrame(codes, columns=[f"v{j}" for j in range(VARIABLES)])


def draw_counts(
    rng: np.random.Generator, records: pd.DataFrame, seed: np.ndarray, zones: int, *, noisy: bool
) -> pd.DataFrame:
    """Counts of a hidden weighting of about 700 households, perturbed if noisy."""
    codes = np.ascontiguousarray((records.to_numpy() + CATEGORIES * np.arange(VARIABLES)).T.astype(np.uint16))
    factors = rng.normal(0, 0.4, (zones, len(CELLS)))
    counts = fit_areas(codes, factors, np.zeros(zones), seed, len(CELLS))
    counts *= 700 * VARIABLES / counts.sum(axis=1, keepdims=True)
    if noisy:
        counts = np.maximum(counts + rng.normal(0, 3, counts.shape), 1.0)
    frame = pd.DataFrame(counts, index=[f"E01{k:06d}" for k in range(zones)], columns=CELLS)
    return reconcile_margins(frame).targets


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def beside(records: pd.DataFrame, seed: np.ndarray, raked: Raking, zone: str) -> tuple[float, float, int]:
    """Seconds of ipfn for one zone (the faster of its two forms), largest difference, sweeps."""
    sweeps = int(raked.sweeps[raked.zones.get_loc(zone)])
    wanted = [raked.targets.loc[zone, f"v{j}"] for j in range(VARIABLES)]
    limits = {"convergence_rate": 0.0, "rate_tolerance": 0.0, "max_iteration": sweeps - 1}

    frame = records.assign(total=seed)
    margins = [
        pd.Series(w.to_numpy(), index=pd.Index(w.index, name=f"v{j}"), name="total")
        for j, w in enumerate(wanted)
    ]
    start = time.perf_counter()
    got = ipfn.ipfn(frame, margins, [[f"v{j}"] for j in range(VARIABLES)], **limits).iteration()
    slow = time.perf_counter() - start
    difference = float(
        np.abs(got["total"].to_numpy() - raked.weights(zone)).max() / raked.weights(zone).mean()
    )

    table = np.zeros((CATEGORIES,) * VARIABLES)
    np.add.at(table, tuple(records.to_numpy().T), seed)
    start = time.perf_counter()
    ipfn.ipfn(table, [w.to_numpy() for w in wanted], [[j] for j in range(VARIABLES)], **limits).iteration()
    return min(slow, time.perf_counter() - start), difference, sweeps


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--zones", type=int, default=33_755)
    parser.add_argument("--beside", type=int, default=3, help="zones given to ipfn")
    arguments = parser.parse_args()
    rng = np.random.default_rng(20_000)
    seed = rng.lognormal(0, 0.5, RECORDS)
    runs = []
    for kind, nested in (("easy", False), ("conflicting", True)):
        records = draw_records(rng, nested=nested)
        counts = draw_counts(rng, records, seed, arguments.zones, noisy=nested)
        rake(records, counts.head(4), seed=seed)  # compiles
        start = time.perf_counter()
        raked = rake(records, counts, seed=seed)
        seconds = time.perf_counter() - start
        start = time.perf_counter()
        raked.total(pd.DataFrame({"households": np.ones(RECORDS)}))
        again = time.perf_counter() - start
        outcome = raked.outcome.value_counts().to_dict()
        print(
            f"{kind:12} {arguments.zones:,} zones in {seconds:.1f} s "
            f"({seconds / arguments.zones * 1e3:.2f} ms each, {raked.sweeps.mean():.1f} sweeps, {outcome}); "
            f"weights recomputed and summed in {again:.1f} s; "
            f"factors {raked.factors.nbytes / 2**20:.1f} MB, peak memory {memory():.2f} GB"
        )
        runs.append((kind, records, raked, seconds / arguments.zones))
    for kind, records, raked, each in runs:  # after the memory was read
        zones = list(raked.zones[: arguments.beside])
        results = [beside(records, seed, raked, zone) for zone in zones]
        theirs = float(np.mean([seconds for seconds, _, _ in results]))
        worst = max(difference for _, difference, _ in results)
        print(
            f"{kind:12} ipfn {theirs * 1e3:,.0f} ms a zone for the same sweeps in its faster form, ours "
            f"{each * 1e3:.2f} ms: {theirs / each:,.0f} times; ipfn as it comes "
            f"{_as_it_comes(records, seed, raked):,.0f} ms; "
            f"largest difference of a weight {worst:.0e} of the mean weight"
        )
        assert worst < 1e-4, "answers differ"


def _as_it_comes(records: pd.DataFrame, seed: np.ndarray, raked: Raking) -> float:
    """Milliseconds of ipfn on a frame for the first zone with its own settings."""
    wanted = [raked.targets.iloc[0][f"v{j}"].rename_axis(f"v{j}").rename("total") for j in range(VARIABLES)]
    start = time.perf_counter()
    ipfn.ipfn(records.assign(total=seed), wanted, [[f"v{j}"] for j in range(VARIABLES)]).iteration()
    return (time.perf_counter() - start) * 1e3


if __name__ == "__main__":
    main()
