"""Site by constraint over all England: this project beside plain `geopandas.overlay`, in one run.

    python benchmarks/overlay.py [--sites 20000] [--features 100000] [--peer-sites 0]

Invented ground: sites of 0.1 to 40 hectares, and six layers of 100,000 polygons together, as many
vertices as published ones have (a conservation area some forty, a stretch of flood zone some hundreds);
two of the layers overlap themselves. Both contenders answer the same question, hectares of each site
under each dissolved layer; areas must agree to 1e-9 of the site. The peer is what the manual leads to:
overlay, then dissolve by site, then area. Each layer is timed for both in turn. Prints seconds, ratio and
peak memory of this process at the end of each stage (the peer's stage last). `--peer-sites` measures the
peer on so many sites only, and says so.
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.overlay import lay_over

#: Layer -> share of the features, vertices, radius in metres, overlapping itself.
LAYERS = {
    "listed buildings": (0.38, 10, 25, False),
    "tree preservation": (0.30, 24, 70, False),
    "conservation areas": (0.10, 40, 300, False),
    "ancient woodland": (0.12, 60, 200, False),
    "flood zones": (0.06, 300, 700, True),
    "green belt and such": (0.04, 500, 1500, True),
}
SPAN = 350_000.0


def stars(random: np.random.Generator, count: int, corners: int, radius: float, apart: bool) -> np.ndarray:
    """Star-shaped polygons; `apart` puts them on a lattice so that none meets another."""
    if apart:
        side = int(np.ceil(np.sqrt(count)))
        step = max(SPAN / side, 2.2 * radius)
        cells = random.permutation(side * side)[:count]
        centre = np.column_stack([cells % side, cells // side]) * step + step / 2
    else:
        centre = random.uniform(0, SPAN, (count, 2))
    size = radius * random.uniform(0.4, 1.0, count)
    turn = np.sort(random.uniform(0, 2 * np.pi, (count, corners)), axis=1)
    far = size[:, None] * random.uniform(0.6, 1.0, (count, corners))
    xy = np.stack([centre[:, :1] + far * np.cos(turn), centre[:, 1:] + far * np.sin(turn)], axis=2)
    xy = np.round(xy + np.array([200_000.0, 100_000.0]), 2)
    rings = np.concatenate([xy, xy[:, :1]], axis=1)
    made = shapely.polygons(rings)
    return made[shapely.is_valid(made)]


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=20_000)
    parser.add_argument("--features", type=int, default=100_000)
    parser.add_argument("--peer-sites", type=int, default=0, help="0: all")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    random = np.random.default_rng(2026)
    layers = {
        name: gpd.GeoDataFrame(
            geometry=stars(random, int(args.features * share), corners, radius, not loose), crs="EPSG:27700"
        )
        for name, (share, corners, radius, loose) in LAYERS.items()
    }
    # Half of the sites lie near a feature, as sites in towns do.
    near = np.concatenate(
        [shapely.get_coordinates(shapely.centroid(one.geometry.to_numpy())) for one in layers.values()]
    )
    sites = stars(random, args.sites, 20, 250, False)
    move = near[random.integers(0, len(near), len(sites) // 2)] + random.normal(0, 150, (len(sites) // 2, 2))
    half = sites[: len(move)]
    centre = shapely.get_coordinates(shapely.centroid(half))
    moved = [shapely.affinity.translate(one, *by) for one, by in zip(half, move - centre, strict=True)]
    frame = gpd.GeoDataFrame(geometry=[*moved, *sites[len(move) :]], crs="EPSG:27700")
    frame.index = pd.Index(np.arange(len(frame)), name="site")
    ground = frame.geometry.area
    few = frame.iloc[:20]
    lay_over(
        few, gpd.GeoDataFrame(geometry=np.tile(few.geometry.to_numpy(), 2), crs="EPSG:27700")
    )  # compiled

    total = sum(len(one) for one in layers.values())
    print(f"{len(frame):,} sites, {len(layers)} layers, {total:,} polygons; memory now {peak():.0f} MB")
    ours, spent, full = {}, {}, {}
    for name, layer in layers.items():
        start = time.perf_counter()
        ours[name] = lay_over(frame, layer, nearest=False)
        spent[name] = time.perf_counter() - start
        start = time.perf_counter()
        lay_over(frame, layer)
        full[name] = time.perf_counter() - start
    print(f"memory after ours {peak():.0f} MB")

    some = frame if not args.peer_sites else frame.iloc[: args.peer_sites]
    note = "" if len(some) == len(frame) else f" (peer on {len(some):,} sites; its time is scaled up)"
    scale = len(frame) / len(some)
    worst, sums = 0.0, [0.0, 0.0, 0.0]
    for name, layer in layers.items():
        start = time.perf_counter()
        cut = gpd.overlay(some.reset_index(), layer, how="intersection", keep_geom_type=True)
        area = cut.dissolve(by="site").area.reindex(some.index, fill_value=0.0)
        theirs = (time.perf_counter() - start) * scale
        gap = float(
            (np.abs(ours[name]["square_metres"].reindex(some.index) - area) / ground[some.index]).max()
        )
        worst = max(worst, gap)
        sums = [sums[0] + spent[name], sums[1] + theirs, sums[2] + full[name]]
        print(
            f"{name:20} {len(layer):7,} polygons  ours {spent[name]:5.2f} s  overlay {theirs:6.2f} s  "
            f"ratio {theirs / spent[name]:5.1f}  with nearest {full[name]:5.2f} s  difference {gap:.1e}"
        )
    print(
        f"all: ours {sums[0]:.2f} s, geopandas.overlay {sums[1]:.2f} s, {sums[1] / sums[0]:.1f} times; with "
        f"the nearest too {sums[2]:.2f} s, {sums[1] / sums[2]:.1f} times{note}"
    )
    print(f"largest difference {worst:.1e} of a site; memory after the peer {peak():.0f} MB")
    assert worst < 1e-9, worst


if __name__ == "__main__":
    main()
