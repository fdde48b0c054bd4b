"""The homes that the sample town's households live in: kind, room and warmth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairplace.sample.town import Town

ACCOMMODATION = (
    "Detached",
    "Semi-detached",
    "Terraced",
    "In a purpose-built block of flats or tenement",
    "Part of a converted or shared house, including bedsits",
    "Part of another converted building, for example, former school, church or warehouse",
    "In a commercial building, for example, in an office building, hotel or over a shop",
    "A caravan or other mobile or temporary structure",
)
_KINDS: dict[str, list[float]] = {
    "centre": [1, 4, 16, 62, 7, 4, 6, 0], "students": [2, 9, 46, 24, 16, 2, 1, 0],
    "estate": [2, 34, 33, 29, 1, 0.5, 0.5, 0], "hill": [66, 25, 3, 4, 1, 0.5, 0, 0],
    "new": [17, 30, 30, 23, 0, 0, 0, 0], "industrial": [7, 24, 32, 28, 3, 2, 3, 1],
    "terrace": [2, 13, 68, 10, 5, 1, 1, 0], "suburb": [25, 55, 13, 6, 0.5, 0.2, 0.2, 0.1],
}  # fmt: skip
EPC_BANDS = ("A", "B", "C", "D", "E", "F", "G")
_WARMTH: dict[str, list[float]] = {
    "centre": [1, 26, 36, 26, 8, 2, 1], "students": [0, 4, 26, 44, 19, 5, 2],
    "estate": [0, 6, 38, 42, 11, 2, 1], "hill": [1, 7, 27, 42, 17, 4, 2],
    "new": [9, 80, 9, 2, 0, 0, 0], "industrial": [0, 8, 26, 39, 18, 6, 3],
    "terrace": [0, 3, 22, 46, 20, 6, 3], "suburb": [0, 5, 29, 46, 15, 4, 1],
}  # fmt: skip


def make_dwellings(town: Town) -> pd.DataFrame:
    """Home of each household, in the order of `Town.truth`.

    Returns
    -------
    DataFrame
        ``accommodation`` (`ACCOMMODATION`), ``occupancy`` (bedrooms less bedrooms needed, -2 to 2),
        ``epc`` (band A to G), ``deprived`` (number of the census's four dimensions, 0 to 4).
    """
    rng = np.random.default_rng([town.seed, 10])
    truth = town.truth
    made = pd.DataFrame(index=truth.index)
    made["accommodation"] = _by_place(rng, truth["place"], _KINDS, ACCOMMODATION)
    made["epc"] = _by_place(rng, truth["place"], _WARMTH, EPC_BANDS)
    # One bedroom for a couple or a single adult, most further adults one each, children two to a room.
    adults = truth["adults"] + truth["pensioners"]
    need = 1 + np.floor(0.75 * (adults - 2).clip(lower=0)) + np.ceil(truth["children"] / 2)
    usual = made["accommodation"].map({"Detached": 3.0, "Semi-detached": 2.3, "Terraced": 2.05}).fillna(1.25)
    owned = truth["tenure"].isin(["owned_outright", "mortgage"])
    rooms = np.round(rng.normal(usual + 0.2 * owned + 0.42 * (need - 1), 0.75)).clip(1, 7)
    made["occupancy"] = (rooms - need).clip(-2, 2).astype(int)
    # Employment, education, health and housing: each likelier where income falls short of the line.
    strain = np.exp(-0.9 * (truth["ratio"].clip(0.2, 4) - 0.6)).clip(0.1, 1.0).to_numpy()
    old = (truth["pensioners"] > 0).to_numpy()
    chances = [0.24 * strain * ~old, 0.06 + 0.30 * strain * (1 + old), 0.04 + 0.36 * strain + 0.2 * old]
    made["deprived"] = sum((rng.random(len(truth)) < p).astype(int) for p in chances)
    made["deprived"] += (made["occupancy"] < 0).astype(int)
    return made


def _by_place(
    rng: np.random.Generator, place: pd.Series, shares: dict[str, list[float]], values: tuple[str, ...]
) -> np.ndarray:
    drawn = np.empty(len(place), dtype=object)
    for kind, weights in shares.items():
        rows = np.flatnonzero(place == kind)
        share = np.array(weights, float)
        drawn[rows] = rng.choice(np.array(values, dtype=object), len(rows), p=share / share.sum())
    return drawn
