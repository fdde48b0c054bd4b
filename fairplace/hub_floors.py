"""How finely a hub plan may speak of a modelled need.

A need that is a model's estimate has a floor: no figure of it for a single place. Two plans may differ
by one place, and the allocation says which, so exact sums would let anybody take the difference. Counts
of a modelled measure are therefore given to two significant figures and shares to whole per cents;
shares of a need that holds such a measure to a tenth of a per cent. Everything is calculated with exact
numbers; only what leaves the calculation is rounded.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from fairplace.numbers import two_figures


def modelled_measures(measures: Iterable[str], drawn: Collection[str]) -> tuple[str, ...]:
    """Name the measures that are a model's estimate: those with draws, and those about MIS."""
    return tuple(name for name in measures if name in drawn or "mis" in name.split("_"))


def round_measures(
    table: pd.DataFrame, modelled: Collection[str], *, counts: Sequence[str] = (), shares: Sequence[str] = ()
) -> pd.DataFrame:
    """Round the rows of modelled measures.

    Parameters
    ----------
    table
        With a column ``measure``.
    modelled
        Which measures.
    counts, shares
        Columns to give to two significant figures, and to whole per cents.
    """
    rows = table["measure"].isin(list(modelled))
    rounded = table.copy()
    for name in counts:
        rounded.loc[rows, name] = [_figures(value) for value in table.loc[rows, name]]
    for name in shares:
        rounded.loc[rows, name] = table.loc[rows, name].round(2)
    return rounded


def round_need(
    table: pd.DataFrame, *, hold: bool, shares: Sequence[str] = (), values: Sequence[str] = ()
) -> pd.DataFrame:
    """Round figures of the need weight itself, where it holds a modelled measure (`hold`).

    Shares to a tenth of a per cent, values (need covered, or need times minutes) to three figures.
    """
    if not hold:
        return table
    rounded = table.copy()
    for name in shares:
        if name in table:
            rounded[name] = table[name].astype(float).round(3)
    for name in values:
        if name in table:
            rounded[name] = [_figures(value, 3) for value in table[name]]
    return rounded


def _figures(value: float, figures: int = 2) -> float:
    number = float(value)
    if figures == 2 or number == 0 or not math.isfinite(number):
        return two_figures(number)
    return round(number, figures - 1 - math.floor(math.log10(abs(number))))
