"""An organisation's own shares where their base is rounded: right, and no finer than the base allows.

A base that is rounded to 5 stands for five bases. A share of it is given to a step so wide that each of
the five has a count with that share, so that the share does not tell which it was; its count is not given
beside it. Of about 20 who replied one in ten is a step, of 2,000 one in a thousand.
"""

from __future__ import annotations

import math

from fairplace.disclosure_policy import ROUND_BASES_TO

#: Steps that shares are rounded to, as shares, from fine to coarse.
STEPS = (0.001, 0.01, 0.02, 0.05, 0.1, 0.2)
_TINY = 1e-9


def round_base(base: float) -> float:
    """Round a base to `ROUND_BASES_TO`, halves up."""
    return math.floor(base / ROUND_BASES_TO + 0.5) * ROUND_BASES_TO


def step_of(near: float) -> float:
    """Give the step that shares of a rounded base are rounded to."""
    least = near - ROUND_BASES_TO // 2
    return next((step for step in STEPS if step * least >= 1 - _TINY), STEPS[-1])


def round_share(share: float, near: float, hide_up_to: int) -> float:
    """Round a share to the step of its rounded base.

    Parameters
    ----------
    share
        Of the true base, 0 to 1. None and all stay none and all.
    near
        The rounded base.
    hide_up_to
        Largest count that is hidden: a reader knows that what is shown is above it, and so is its rest.

    Returns
    -------
    float
        The nearest step, never none or all for what is neither; where only one base could have that step
        (5 of 72, with 1 to 4 hidden), the next one towards a half.
    """
    if not 0 < share < 1:
        return share
    step = step_of(near)
    last = round(1 / step) - 1
    at = min(max(math.floor(share / step + 0.5 + _TINY), 1), last)
    if _bases(at, step, near, hide_up_to) < 2:
        at += 1 if share < 0.5 else -1
    return round(min(max(at, 1), last) * step, 6)


def widen(low: float, high: float, near: float) -> tuple[float, float]:
    """Widen a published range to the steps around it."""
    step = step_of(near)
    return (
        round(max(math.floor(low / step + _TINY) * step, 0.0), 6),
        round(min(math.ceil(high / step - _TINY) * step, 1.0), 6),
    )


def _bases(at: int, step: float, near: float, hide_up_to: int) -> int:
    """How many of the bases that round to `near` have a count, not hidden, whose share is this step."""
    reach = ROUND_BASES_TO // 2
    found = 0
    for base in range(round(near) - reach, round(near) + reach + 1):
        first = max(math.ceil((at - 0.5) * step * base - _TINY), hide_up_to + 1)
        last = min(math.ceil((at + 0.5) * step * base - _TINY) - 1, base - hide_up_to - 1)
        found += first <= last
    return found
