"""Homes and unit postcodes of the sample town: where in each output area people live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from fairplace.sample.areas import Areas, character
from fairplace.sample.ground import Floats, Ground, park_cells

_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
#: Homes of an output area: mean, and the share of its fine cells that hold a postcode.
_HOMES = {"industrial": 66, "hill": 108, "new": 138, "centre": 142, "students": 128}
_POSTCODES = 8
_CLEAR_OF_LINES = 16.0


@dataclass(frozen=True)
class Addresses:
    """Homes, and the postcodes they have.

    Parameters
    ----------
    homes
        One row a home: ``oa``, ``cell`` (flat number of the fine cell), ``postcode``, ``east``,
        ``north``; metres of EPSG:27700 rounded to the decimetre.
    postcodes
        One row a postcode: ``postcode``, ``east``, ``north`` (whole metres), ``oa``, ``cell``,
        ``introduced`` and ``terminated`` (year and month as six digits; empty for a live one).
    """

    homes: pd.DataFrame
    postcodes: pd.DataFrame


def make_addresses(ground: Ground, areas: Areas, seed: int) -> Addresses:
    """Postcodes and homes, kept clear of parks, the river and the railway."""
    rng = np.random.default_rng([seed, 3])
    cells = ground.cells().reshape(-1)
    of_area = ground.output_area.reshape(-1)
    centres = shapely.get_coordinates(shapely.centroid(cells))
    barrier = shapely.union_all([ground.river, ground.railway])
    clear = shapely.distance(shapely.points(centres), barrier) > _CLEAR_OF_LINES
    clear &= ~park_cells().reshape(-1)
    place = character(areas.members).to_numpy()

    live, ended, counts = [], [], []
    for number in range(len(areas.members)):
        own = np.flatnonzero((of_area == number) & clear)
        picked = rng.permutation(own)
        live.append(np.sort(picked[:_POSTCODES]))
        ended.append(picked[_POSTCODES : _POSTCODES + int(rng.integers(0, 2))])
        mean = _HOMES.get(str(place[number]), 125)
        counts.append(int(np.clip(rng.normal(mean, mean * 0.1), 52, 190)))
    postcodes = _postcodes(rng, areas, live, ended)
    points = np.round(centres + rng.uniform(-4, 4, centres.shape))
    postcodes["east"], postcodes["north"] = points[postcodes["cell"]].T.astype(int)

    homes = []
    alive = postcodes[postcodes["terminated"] == ""]
    for number, group in alive.groupby("oa", sort=True):
        chosen = np.sort(rng.integers(0, len(group), counts[int(number)]))
        homes.append(group.iloc[chosen][["oa", "cell", "postcode"]])
    frame = pd.concat(homes, ignore_index=True)
    east, north = _inside(rng, ground, frame["cell"].to_numpy()).T
    frame["east"], frame["north"] = np.round(east, 1), np.round(north, 1)
    return Addresses(frame, postcodes)


def _postcodes(
    rng: np.random.Generator, areas: Areas, live: list[np.ndarray], ended: list[np.ndarray]
) -> pd.DataFrame:
    rows = []
    msoa = areas.members["MSOA21NM"].factorize(sort=True)[0]
    used: dict[int, int] = {}
    for number, (now, before) in enumerate(zip(live, ended, strict=True)):
        for cell, is_live in [*((c, True) for c in now), *((c, False) for c in before)]:
            count = used[msoa[number]] = used.get(msoa[number], -1) + 1
            unit = _LETTERS[count // len(_LETTERS)] + _LETTERS[count % len(_LETTERS)]
            code = f"HV{msoa[number] // 3 + 1} {msoa[number] % 3 + 1}{unit}"
            introduced = int(rng.choice([1980, 1980, 1980, 1994, 2006])) * 100 + int(rng.integers(1, 13))
            gone = int(rng.integers(2008, 2025)) * 100 + int(rng.integers(1, 13))
            rows.append((code, number, int(cell), str(introduced), "" if is_live else str(gone)))
    return pd.DataFrame(rows, columns=["postcode", "oa", "cell", "introduced", "terminated"])


def _inside(rng: np.random.Generator, ground: Ground, cell: np.ndarray) -> Floats:
    """Points inside fine cells, well away from their sides."""
    rows = ground.output_area.shape[1]
    i, j = cell // rows, cell % rows
    a, b = rng.uniform(0.15, 0.85, (2, len(cell), 1))
    n = ground.nodes
    points: Floats = (1 - a) * ((1 - b) * n[i, j] + b * n[i, j + 1]) + a * (
        (1 - b) * n[i + 1, j] + b * n[i + 1, j + 1]
    )
    return points
