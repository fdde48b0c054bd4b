"""Weights of all records for many areas by one of three methods, a block of areas at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import UserError
from mis.calibration_weights import CalibrationError, calibrate
from mis.integer import integerise
from mis.raking import Raking
from mis.survey_sums import Block

#: Raking; bounded calibration; raking and then whole households.
Method = Literal["ipf", "greg", "trs"]


class MethodError(UserError, ValueError):
    """There is no such way of weighting."""


def split_areas(parent: NDArray[np.int64], size: int = 64) -> Iterator[NDArray[np.int64]]:
    """Rows of areas in blocks that keep a parent's areas together."""
    order = np.argsort(parent, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(parent[order]) != 0]))
    begin = 0
    for end in [*starts[1:], len(order)]:
        if end - begin >= size or end == len(order):
            yield order[begin:end]
            begin = end


def weigh_areas(
    start: Raking,
    matrix: NDArray[np.float64],
    base: NDArray[np.float64],
    parent: NDArray[np.int64],
    method: Method,
    bounds: tuple[float, float],
    slack: float,
    seed: int,
) -> tuple[Iterator[Block], pd.Series]:
    """Weight all records to all areas by one method, a block of areas at a time.

    Parameters
    ----------
    start
        Any raking of the same records to the same counts.
    matrix
        Ones where a record has a category, shape (records, categories).
    base
        Weights of the records before.
    parent
        Number of the larger area of each area; its areas come in one block.
    method, bounds, slack, seed
        As in `mis.microsim.estimate_survey`.

    Returns
    -------
    iterator of Block
        Rows of areas and their weights; nothing is kept for all areas together.
    Series
        By area, one of `mis.raking.OUTCOMES`.

    Raises
    ------
    MethodError
        No such method.
    CalibrationError
        While iterating: the bounds cannot be held in the area named.
    """
    if method == "greg":
        empty = start.targets.sum(axis=1) <= 0
        outcome = pd.Series(np.where(empty, "empty", "met"), index=start.targets.index)
        return _calibrated(matrix, base, start.targets, parent, bounds, slack), outcome
    if method not in ("ipf", "trs"):
        raise MethodError(f'"{method}" is not a way of weighting; use ipf, greg or trs')
    raked = start.reseed(base)

    def blocks() -> Iterator[Block]:
        for rows in split_areas(parent):
            weights = raked.block(rows)
            if method == "trs":
                codes = start.targets.index[rows]
                draws = [
                    integerise(one, seed=_seed_of(seed, str(code)))
                    for one, code in zip(weights, codes, strict=True)
                ]
                weights = np.array(draws, dtype=float)
            yield rows, weights

    return blocks(), raked.outcome


def _seed_of(seed: int, code: str) -> int:
    # By the area's code, so that its households do not depend on where its row stands.
    return int.from_bytes(hashlib.sha256(f"{seed}|{code}".encode()).digest()[:8], "little")


def _calibrated(
    matrix: NDArray[np.float64],
    base: NDArray[np.float64],
    targets: pd.DataFrame,
    parent: NDArray[np.int64],
    bounds: tuple[float, float],
    slack: float,
) -> Iterator[Block]:
    # Records with the same categories get the same ratio, so calibration may run on their sums.
    kinds, kind = np.unique(matrix, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    weight = np.bincount(kind, base, minlength=len(kinds))
    low, high = bounds
    variance = np.full(len(targets.columns), slack**2)
    for rows in split_areas(parent):
        weights = np.zeros((len(rows), len(base)))
        for place, row in enumerate(rows):
            wanted = targets.iloc[row].to_numpy(dtype=float)
            if wanted.sum() <= 0:
                continue
            try:
                found = calibrate(
                    weight, kinds, wanted, low=low, high=high, slack=variance, names=list(targets.columns)
                )
            except CalibrationError as error:
                raise CalibrationError(f"{targets.index[row]}: {error}") from error
            weights[place] = base * (found.ratio * found.scale)[kind]
        yield rows, weights
