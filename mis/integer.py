"""Whole households out of fractional weights.

Truncate, replicate, sample (Lovelace and Ballas 2013, Computers, Environment and Urban Systems
41): every weight keeps its whole part, and the households still missing from the total are drawn
by the fractional parts. No weight falls below its whole part or rises above the next whole number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import UserError


class IntegerError(UserError, ValueError):
    """Weights or shares cannot be turned into whole numbers."""


def integerise(weights: ArrayLike, *, seed: int, total: int | None = None) -> NDArray[np.int64]:
    """Whole weights by truncating, replicating and sampling.

    Parameters
    ----------
    weights
        Zero or more each.
    seed
        Of the random draw: the same seed gives the same households.
    total
        Sum to reach; the nearest whole number to the sum of the weights if left out. It must lie
        between the sum of the whole parts and the sum of the weights rounded up.

    Returns
    -------
    array of int
        Same length; sums to the total; each between the weight rounded down and rounded up.

    Raises
    ------
    IntegerError
        A weight is negative or not finite, or the total is out of reach.

    Notes
    -----
    The sampled part is a systematic draw in random order, so that where the weights sum to the
    total a weight of 2.3 becomes 3 with a chance of exactly 0.3. The published algorithm draws one
    after another without replacement, which meets those chances only nearly.
    """
    values = _checked(weights)
    # A weight a rounding error under a whole number is that number.
    near = np.rint(values)
    values = np.where(np.abs(values - near) < 1e-9 * np.maximum(near, 1.0), near, values)
    whole = np.floor(values).astype(np.int64)
    part = values - whole
    goal = round(float(values.sum())) if total is None else total
    missing = goal - int(whole.sum())
    if not 0 <= missing <= int((part > 0).sum()):
        raise IntegerError(
            f"the weights can be rounded to totals from {int(whole.sum())} to "
            f"{int(whole.sum() + (part > 0).sum())}, not to {goal}; scale the weights first"
        )
    chance = _chances(part, missing)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(values))
    steps = np.cumsum(chance[order])
    if missing:
        steps *= missing / steps[-1]
    hits = np.floor(steps - rng.uniform()) + 1.0
    drawn = np.diff(np.concatenate([[0.0], np.clip(hits, 0, missing)])).astype(np.int64)
    # The last step is exactly `missing`, so the draw can only be short by rounding there.
    result = whole.copy()
    result[order] += drawn
    return result


def apportion(shares: ArrayLike, *, total: int) -> NDArray[np.int64]:
    """Share a whole total by largest remainders: no chance involved.

    Parameters
    ----------
    shares
        Zero or more each, of any sum above zero.
    total
        Whole number to share out.

    Returns
    -------
    array of int
        Sums to `total`; each is its exact portion rounded down or up. Ties go to the first.

    Raises
    ------
    IntegerError
        A share is negative or not finite, or all are zero.
    """
    values = _checked(shares)
    if total < 0:
        raise IntegerError(f"the total is {total}; it must be zero or more")
    if values.sum() <= 0:
        raise IntegerError("every share is zero; there is nothing to share by")
    exact = values / values.sum() * total
    whole = np.floor(exact + 1e-12).astype(np.int64)
    missing = total - int(whole.sum())
    first = np.argsort(-(exact - whole), kind="stable")[:missing]
    whole[first] += 1
    return whole


def _checked(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=float)
    bad = ~np.isfinite(array) | (array < 0)
    if bad.any():
        at = int(np.argmax(bad))
        raise IntegerError(f"weight {at + 1} is {array[at]}; weights must be finite and zero or more")
    return array


def _chances(part: NDArray[np.float64], missing: int) -> NDArray[np.float64]:
    """Inclusion chances proportional to the fractions, none above one, summing to `missing`."""
    chance = np.where(part > 0, part, 0.0)
    certain = np.zeros(len(chance), dtype=bool)
    while missing and chance.sum() > 0:
        free = ~certain & (part > 0)
        spare = missing - int(certain.sum())
        if not free.any():
            break
        chance[free] = part[free] * (spare / part[free].sum())
        over = free & (chance >= 1.0)
        if not over.any():
            break
        chance[over] = 1.0
        certain |= over
    return chance
