"""Figures keyed by area: a table that knows its geography, its units and its papers.

An `AreaTable` is the one shape in which data travel between our packages. Missing, suppressed and
not applicable are three different statuses beside the value, never numbers, so that no sum can
mistake one of them for zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from geo.errors import UserError
from geo.geography import Geography
from geo.source import Source

#: How a column may be moved or summed. ``count`` adds; ``rate`` is recomputed from its own
#: denominator; ``score`` averages by its base population; ``money`` averages by households;
#: ``rank`` (ranks, deciles) and ``median`` refuse to be aggregated.
Measure = Literal["count", "rate", "score", "money", "rank", "median"]
Status = Literal["ok", "missing", "suppressed", "not_applicable"]
Basis = Literal["counted", "survey", "modelled", "apportioned", "copied"]
STATUSES: tuple[Status, ...] = ("ok", "missing", "suppressed", "not_applicable")


class TableError(UserError, ValueError):
    """A table does not keep its promise: duplicate codes, values without status, columns amiss."""


class AggregationError(UserError, ValueError):
    """A column may not be moved or summed in the way that was asked."""


class UnknownAreaError(UserError, LookupError):
    """A code is not in the table or the geography that was searched."""


@dataclass(frozen=True)
class Column:
    """What a column of an `AreaTable` holds.

    Parameters
    ----------
    label
        In a reader's words, such as "Residents aged 0 to 15".
    unit
        Such as ``people``, ``households``, ``GBP a week``, ``share`` (0 to 1), ``rank``.
    measure
        How it may be aggregated: see `Measure`.
    base
        Id of the column that is its denominator (``rate``), its averaging weight (``score``,
        ``money``), or empty.
    count
        Id of the column that is its numerator, for a ``rate``; may be empty.
    period
        When or for when; empty means the table's source says it.
    basis
        How the value came about.
    interval
        What `low` and `high` mean, such as "95 % published"; empty where there is no range.
    direction
        Said wherever the column is shown, such as "1 = most deprived".
    """

    label: str
    unit: str
    measure: Measure
    base: str = ""
    count: str = ""
    period: str = ""
    basis: Basis = "counted"
    interval: str = ""
    direction: str = ""


@dataclass(frozen=True)
class AreaTable:
    """Figures keyed by the codes of one geography, with units, statuses and source.

    Parameters
    ----------
    geography
        Kind and vintage of the codes.
    columns
        Stable indicator id -> what it holds.
    values
        Floats, indexed by code, one column an id; NaN where the status is not ``ok``.
    source
        The file it was read from.
    status
        Same shape, one of `STATUSES`. If left out, NaN counts as ``missing``.
    low, high
        Same shape where ranges are published, else None; NaN where a column has none.
    names
        Code -> name as published beside the code; may be empty.
    notes
        Sentences about what reading found and did, for the currency table.

    Raises
    ------
    TableError
        Codes repeat, shapes differ, a status is unknown, or a value and its status disagree.
    GeographyError
        A code cannot be of that geography.
    """

    geography: Geography
    columns: Mapping[str, Column]
    values: pd.DataFrame
    source: Source
    status: pd.DataFrame = field(default_factory=pd.DataFrame)
    low: pd.DataFrame | None = None
    high: pd.DataFrame | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        where = self.source.file or self.source.title
        if list(self.values.columns) != list(self.columns):
            raise TableError(
                f"{where}: values hold {list(self.values.columns)}, but columns describe "
                f"{list(self.columns)}; give both the same ids in the same order"
            )
        self.geography.check_codes(self.values.index, where=where)
        repeated = self.values.index[self.values.index.duplicated()]
        if len(repeated):
            raise TableError(
                f"{where}: {repeated[0]} appears {int((self.values.index == repeated[0]).sum())} "
                f"times; a table has one row for each {self.geography.label}"
            )
        if self.status.empty and not self.values.empty:
            status = pd.DataFrame(
                np.where(self.values.isna(), "missing", "ok"),
                index=self.values.index,
                columns=self.values.columns,
            )
            object.__setattr__(self, "status", status)
        self._check_status(where)

    def _check_status(self, where: str) -> None:
        for name, frame in (("status", self.status), ("low", self.low), ("high", self.high)):
            if frame is None or self.values.empty:
                continue
            if not (frame.index.equals(self.values.index) and frame.columns.equals(self.values.columns)):
                raise TableError(f"{where}: {name} does not have the rows and columns of values")
        if self.values.empty:
            return
        unknown = set(np.unique(self.status.to_numpy().astype(str))) - set(STATUSES)
        if unknown:
            raise TableError(f"{where}: status {sorted(unknown)[0]!r} is not one of {', '.join(STATUSES)}")
        disagree = (self.status == "ok").to_numpy() != self.values.notna().to_numpy()
        if disagree.any():
            row, column = (int(n) for n in np.argwhere(disagree)[0])
            raise TableError(
                f"{where}: {self.values.columns[column]} of {self.values.index[row]} is "
                f"{self.values.iat[row, column]} with status {self.status.iat[row, column]}; "
                f"a value goes with ok and only with ok"
            )

    @property
    def codes(self) -> pd.Index[str]:
        """Codes in the order of the rows."""
        return self.values.index

    def value(self, code: str, column: str) -> float:
        """One value; NaN where the status is not ``ok``.

        Raises
        ------
        UnknownAreaError
            The table has no such code.
        """
        if code not in self.values.index:
            raise UnknownAreaError(
                f"{code} is not in {self.source.title} ({self.geography.key}); check the code and its vintage"
            )
        return float(self.values.at[code, column])

    def only(self, codes: Iterable[str]) -> AreaTable:
        """Keep the rows of `codes`, in that order; a code the table lacks becomes a missing row."""
        wanted = list(codes)
        return replace(
            self,
            values=self.values.reindex(wanted),
            status=self.status.reindex(wanted).fillna("missing"),
            low=None if self.low is None else self.low.reindex(wanted),
            high=None if self.high is None else self.high.reindex(wanted),
        )

    def pick(self, columns: Iterable[str]) -> AreaTable:
        """Keep some columns, in the order given."""
        ids = list(columns)
        return replace(
            self,
            columns={one: self.columns[one] for one in ids},
            values=self.values[ids],
            status=self.status[ids],
            low=None if self.low is None else self.low[ids],
            high=None if self.high is None else self.high[ids],
        )
