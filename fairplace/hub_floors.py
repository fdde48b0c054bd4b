"""What a hub plan may say of people: the one door for small numbers and for what is modelled.

Counts of 1 to 4 people are hidden, or of as many as a pack's council hides. A need that is a model's
estimate has a floor: no figure of it for a single place, nor two figures that differ by one, because
the allocation says which. In the public edition the floors are those of drawn areas (`geo.place`).
Counts of a modelled measure are given to two significant figures and shares to whole per cents; shares
of a need that holds such a measure to a tenth of a per cent, minutes to a tenth. Everything is
calculated with exact numbers; only what leaves the calculation is hidden or rounded.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.disclosure_policy import HIDE_UP_TO
from fairplace.numbers import two_figures
from geo.place import MIS_HOUSEHOLDS, MIS_RESIDENTS, PUBLIC_HOUSEHOLDS, PUBLIC_RESIDENTS

Bools = NDArray[np.bool_]
#: Measures that are an area's rate times a place's people: they say nothing of a place by itself either.
DERIVED = frozenset({"children_income_deprived"})
#: A modelled figure of fewer places is not shown: it would be the figure of a single place.
FEWEST_PLACES = 2
#: Nor are mean minutes of a modelled need of fewer: with the minutes of each they give its parts.
MEAN_PLACES = 10
#: Numbers of a row of `fairplace.reaching.count_near` that go where there are too few.
HIDDEN_OF_FEW = ("within", "low", "high", "share")


class Door:
    """Says of each figure of a plan whether it may be shown, and remembers which were.

    Parameters
    ----------
    demand
        Places, with ``residents`` and ``households`` where they are known.
    modelled
        Weights that are a model's estimate.
    hold
        True where the need weight holds one of them.
    public
        True for the public edition: nothing is shown of 100 residents or 40 households and fewer, and
        nothing modelled below 1,000 residents or 400 households. What is not known hides nothing.
    hide_up_to
        Largest count of people that is hidden.
    """

    def __init__(
        self,
        demand: pd.DataFrame,
        modelled: Collection[str] = (),
        *,
        hold: bool = False,
        public: bool = False,
        hide_up_to: int = HIDE_UP_TO,
    ) -> None:
        self.modelled = frozenset(modelled)
        self.hold = hold
        self.hide_up_to = hide_up_to
        self._public = public
        self._count = len(demand)
        self._crowd = {
            name: demand[name].to_numpy(dtype=float) for name in ("residents", "households") if name in demand
        }
        self._shown: dict[str, list[Bools]] = {}

    def hides(
        self,
        places: Bools,
        mass: NDArray[np.float64],
        *,
        modelled: bool,
        whole: Bools | None = None,
        key: str = "all",
    ) -> bool:
        """Say whether a figure of some places is hidden.

        Parameters
        ----------
        places
            Whom the figure is of.
        mass
            People in each place.
        modelled
            Whether they are a model's estimate.
        whole
            The places of which these are a part, and whose total is shown too; all of them by default.
        key
            Name of the whole.
        """
        around = np.ones(self._count, dtype=bool) if whole is None else whole
        if any(self._is_few(float(mass[part].sum())) for part in (places, around & ~places)):
            return True
        if self.is_small(places, modelled=modelled):
            return True
        if not modelled:
            return False
        shown = self._shown.setdefault(key, [np.zeros(self._count, dtype=bool), around])
        apart = [int(np.count_nonzero(one ^ places)) for one in shown]
        if any(0 < number < FEWEST_PLACES for number in apart):
            return True
        if 0 not in apart:
            shown.append(places.copy())
        return False

    def is_small(self, places: Bools, *, modelled: bool) -> bool:
        """Say whether the public edition shows nothing of so few; never of nobody."""
        if not self._public or not places.any():
            return False
        residents, households = (
            float(self._crowd[name][places].sum()) if name in self._crowd else np.inf
            for name in ("residents", "households")
        )
        if residents <= PUBLIC_RESIDENTS or households <= PUBLIC_HOUSEHOLDS:
            return True
        return modelled and (residents < MIS_RESIDENTS or households < MIS_HOUSEHOLDS)

    def hides_need(self, places: Bools, need: NDArray[np.float64]) -> bool:
        """Say whether a share of the need weight is hidden."""
        return self.hides(places, need, modelled=self.hold)

    def _is_few(self, count: float) -> bool:
        return count > 1e-9 and round(count) <= self.hide_up_to


def hide_few(table: pd.DataFrame, *, public: bool) -> pd.DataFrame:
    """Take out of counts of people what may not be shown of so few.

    Parameters
    ----------
    table
        Rows of `fairplace.reaching.count_near` for one place or option.
    public
        Whether it is for the public: of 100 residents or 40 households and fewer nothing is shown, and
        below 1,000 residents or 400 households nothing that is modelled.

    Returns
    -------
    DataFrame
        The same rows; hidden numbers are NaN, and their status says why.
    """
    if table.empty:
        return table
    shown = table.copy()
    # Points stand for shares of people; nobody is shown in part.
    counted = ~shown["modelled"].astype(bool)
    shown.loc[counted, ["within", "total"]] = shown.loc[counted, ["within", "total"]].round()
    shown["share"] = shown["share"].round(4)
    if not public:
        return shown
    for _, rows in shown.groupby("limit"):
        # A count that is hidden already is a small one.
        counts = rows.set_index("measure")["within"].fillna(1.0)
        residents, households = (float(counts.get(name, np.inf)) for name in ("residents", "households"))
        none = residents <= 0
        few = not none and (residents <= PUBLIC_RESIDENTS or households <= PUBLIC_HOUSEHOLDS)
        small = not none and (residents < MIS_RESIDENTS or households < MIS_HOUSEHOLDS)
        hidden = rows.index if few else rows.index[rows["modelled"] & small]
        shown.loc[hidden, list(HIDDEN_OF_FEW)] = np.nan
        shown.loc[hidden, "status"] = "suppressed"
    return shown


def hide_second(table: pd.DataFrame, *, across: bool) -> pd.DataFrame:
    """Hide a second cell wherever one hidden cell would come back by subtraction.

    Parameters
    ----------
    table
        Rows that each add up to a known total; a cell that is hidden is NaN.
    across
        Columns add up to known totals too.

    Returns
    -------
    DataFrame
        Where one cell of a line is hidden, so is the smallest other that is not 0; in a line without
        another the hidden one is all of it, and its total is hidden, or small, itself.
    """
    cells = table.to_numpy(dtype=float).copy()
    while True:
        before = int(np.isnan(cells).sum())
        for lines in (cells, cells.T) if across else (cells,):
            for line in lines:
                others = np.flatnonzero(line > 0)
                if np.isnan(line).sum() == 1 and len(others):
                    line[others[np.argmin(line[others])]] = np.nan
        if int(np.isnan(cells).sum()) == before:
            return pd.DataFrame(cells, index=table.index, columns=table.columns)


def modelled_measures(measures: Iterable[str], drawn: Collection[str]) -> tuple[str, ...]:
    """Name the measures that are a model's estimate: those with draws, about MIS, or derived from a rate."""
    return tuple(name for name in measures if name in drawn or name in DERIVED or "mis" in name.split("_"))


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


#: Decimals of figures about the need weight, by column, where it holds a modelled measure.
NEED_DECIMALS = {"mean_minutes": 1, "gini_minutes": 2, "gini": 2, "regret": 2}


def round_need(
    table: pd.DataFrame, *, hold: bool, shares: Sequence[str] = (), values: Sequence[str] = ()
) -> pd.DataFrame:
    """Round figures of the need weight itself, where it holds a modelled measure (`hold`).

    Shares to a tenth of a per cent, values (need covered, or need times minutes) to three figures, mean
    minutes to a tenth, Gini coefficients and regret to hundredths.
    """
    if not hold:
        return table
    rounded = table.copy()
    for name, decimals in NEED_DECIMALS.items():
        if name in table:
            rounded[name] = table[name].astype(float).round(decimals)
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
