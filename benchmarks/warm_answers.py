"""One request on a warm pack, as the service answers it: reach with streets and people, and a hub trial.

Run: python benchmarks/warm_answers.py [--repeat 200]. Newport (which is not Luton) comes from real files
and is left out where they are not held; the people there are invented: 700 homes at corners of streets, as
many as Luton has output areas, with a thousand draws. The sample authority is built first. Milliseconds,
median and the time within which 95 in 100 answers come; the processor's time beside the clock's, because
machines are shared.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from fairplace.hub_trial import try_hubs
from fairplace.pipeline import BuildSettings, build
from fairplace.reaching import Ground, answer_reach, open_ground
from fairplace.sample import write_sample
from geo.network import load_network
from geo.network_sources import read_streets
from geo.shortest import warm_up

DATA = Path(os.environ.get("FAIRPLACE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def newport(folder: Path) -> Ground | None:
    graph = DATA / "osm" / "newport_walk.graphml"
    if not graph.is_file():
        return None
    read_streets(graph, profiles=["walk"]).save(folder / "newport")
    network = load_network(folder / "newport")
    warm_up()
    rng = np.random.default_rng(4)
    main = np.flatnonzero(network.islands("walk") == 0)
    xy = network.xy[rng.choice(main, 707)]
    people = pd.DataFrame(xy[:700], columns=["x", "y"], index=[f"home{n:03d}" for n in range(700)])
    people = people.assign(residents=300.0, children_0_4=20.0, children_below_mis=15.0)
    sites = pd.DataFrame(xy[700:], columns=["x", "y"], index=[f"hub{n}" for n in range(7)])
    sites = sites.assign(name=sites.index, status="existing")
    measures = ("residents", "children_0_4", "children_below_mis")
    return Ground(
        network, people, measures, {"children_below_mis": rng.gamma(20, 0.75, (700, 1000))}, sites, "Newport"
    )


def sample(folder: Path) -> Ground:
    write_sample(folder / "data")
    pack = build(
        "E06999001", data=folder / "data", out=folder / "pack", settings=BuildSettings(draws=1000),
        restricted=folder / "data" / "restricted",
    )  # fmt: skip
    return open_ground(pack)


def timed(call: Callable[[int], object], repeat: int) -> tuple[np.ndarray, np.ndarray]:
    clock, processor = [], []
    for number in range(repeat + 5):
        started, used = time.perf_counter(), time.process_time()
        call(number)
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    # The first few fill what is remembered: a service has had its first visitors.
    return 1000 * np.array(clock[5:]), 1000 * np.array(processor[5:])


def measure(ground: Ground, repeat: int) -> None:
    network = ground.network
    print(
        f"\n{ground.name}: {network.nodes:,} nodes, {network.edges:,} segments, {len(ground.people)} homes, "
        f"{len(ground.sites)} sites"
    )
    rng = np.random.default_rng(7)
    main = np.flatnonzero(network.islands("walk") == 0)
    starts = pd.DataFrame(network.xy[rng.choice(main, repeat + 10)], columns=["x", "y"])

    def reach(number: int) -> object:
        return answer_reach(ground, starts.iloc[[number]], limits=[15], lines=True)

    def three(number: int) -> object:
        return answer_reach(ground, starts.iloc[[number]], limits=[5, 10, 15], lines=True)

    def sent(number: int) -> object:
        return json.dumps(answer_reach(ground, starts.iloc[[number]], limits=[5, 10, 15]).geojson())

    def trial(number: int) -> object:
        return try_hubs(ground, starts.iloc[number : number + 2], limits=[10, 15]).record()

    calls = {
        "reach, 15 minutes: area, streets, people": reach,
        "reach, 5, 10 and 15 minutes: the same": three,
        "reach, 5, 10 and 15 minutes: as GeoJSON": sent,
        "two more hubs beside no change": trial,
    }
    for name, call in calls.items():
        clock, processor = timed(call, repeat)
        half, most = np.percentile(clock, [50, 95])
        used = np.median(processor)
        print(f"  {name:42s} median {half:6.1f}   95 in 100 within {most:6.1f}   processor {used:6.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=200)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for ground in (newport(Path(folder)), sample(Path(folder))):
            if ground is None:
                print("Newport: needs real files, left out")
                continue
            measure(ground, args.repeat)


if __name__ == "__main__":
    main()
