"""Counts of people and homes made safe before they enter a pack.

A pack may be zipped and sent, so what a council counts itself is hidden on the way in, not only on the
way out: counts of 1 to 4, their complements, and as many others as it takes so that no hidden count
follows from a total that is shown.
"""

from __future__ import annotations

import pandas as pd

from fairplace.disclosure import HIDE_UP_TO


def small(counts: pd.Series[float], *, limit: int = HIDE_UP_TO) -> pd.Series[bool]:
    """Tell which counts are small: from 1 to the limit."""
    return (counts > 0) & (counts <= limit)


def hide_small(
    counts: pd.Series[float],
    *,
    bases: pd.Series[float] | None = None,
    limit: int = HIDE_UP_TO,
) -> pd.Series[bool]:
    """Tell which counts of a family must be hidden when the family's total is known.

    Parameters
    ----------
    counts
        Of parts that add up to a total that is, or could be, known. NaN stays out.
    bases
        Of the same parts: where all but a few of a base are counted, the few are as small a number.
    limit
        Counts from 1 to this are hidden.

    Returns
    -------
    Series of bool
        True where hidden. Small ones first; then the next smallest that are not nil, until whoever
        subtracts what is shown from the total cannot tell of any hidden part that it is small.

    Notes
    -----
    Every hidden part is known to be at least 1. With k parts hidden that sum to S, each could be as
    large as S - k + 1; the rule goes on until that is above the limit and at least two are hidden.
    """
    known = counts.dropna()
    few = small(known, limit=limit)
    if bases is not None:
        few |= small(bases.reindex(known.index) - known, limit=limit)
    hidden = list(known.index[few])
    spare = list(known[~few & (known > 0)].sort_values(kind="stable").index)
    while hidden and spare and (len(hidden) < 2 or float(known[hidden].sum()) - len(hidden) + 1 <= limit):
        hidden.append(spare.pop(0))
    if hidden and len(hidden) < 2:  # one part alone holds everything: its total would tell it
        hidden = list(known.index[known > 0])
    return pd.Series(counts.index.isin(hidden), index=counts.index)
