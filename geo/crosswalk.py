"""Weights that carry figures from one geography to another.

A crosswalk says, for every area of one geography, which areas of another its people live in and
what share of them. The shares of one source area add up to one, so counts are kept. How a column
travels depends on its measure: counts move, rates are recomputed from moved numerators and
denominators, scores average by people, money by households, and ranks and medians refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from geo.errors import UserError
from geo.geography import Geography
from geo.table import AggregationError, AreaTable, Column

_TOLERANCE = 1e-9


class CrosswalkError(UserError, ValueError):
    """Weights are not a crosswalk, or do not reach from the one geography to the other."""


class UnmatchedCodeError(UserError, LookupError):
    """A code is not in the crosswalk; the message names it, its vintage and what replaced it."""


@dataclass(frozen=True)
class Crosswalk:
    """Shares that carry areas of one geography into areas of another.

    Parameters
    ----------
    origin, target
        The two geographies.
    weights
        Columns ``origin``, ``target`` (codes) and ``weight`` (share of the origin's people that live
        in the target, 0 to 1). The weights of each origin sum to one.
    method
        How the weights were made, such as "ONS exact lookup" or "postcodes, dasymetric".
    weight_source
        What was counted for the weights, such as "unit postcodes, Code-Point Open 2025.4.0"; "exact"
        where every origin lies in one target.
    exact
        True where no weight was estimated: every origin lies wholly in one target.
    misfit
        Target -> share of its residents that plain best fit would place wrongly; empty where it was
        not measured.
    notes
        What was done about areas that needed a decision, a sentence each.
    gained
        Target -> people whom plain best fit would take from elsewhere, as a share of the target's own;
        empty where it was not measured.
    """

    origin: Geography
    target: Geography
    weights: pd.DataFrame
    method: str
    weight_source: str
    exact: bool = False
    misfit: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    gained: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        missing = {"origin", "target", "weight"} - set(self.weights.columns)
        if missing:
            raise CrosswalkError(
                f"weights lack the column {sorted(missing)[0]}; needed origin, target, weight"
            )
        if (self.weights["weight"] < 0).any() or self.weights["weight"].isna().any():
            raise CrosswalkError("a weight is negative or missing; weights are shares from 0 to 1")
        sums = self.weights.groupby("origin")["weight"].sum()
        off = sums[(sums - 1).abs() > 1e-6]
        if len(off):
            raise CrosswalkError(
                f"the weights of {off.index[0]} add up to {off.iloc[0]:.6f}; they must add up to 1, "
                f"or people would be lost or invented"
            )
        if self.weights.duplicated(["origin", "target"]).any():
            raise CrosswalkError("a pair of origin and target appears twice; sum it first")

    @property
    def label(self) -> str:
        """Method and weight source in a phrase, for notes beside moved figures."""
        return f"{self.origin.key} to {self.target.key} by {self.method} ({self.weight_source})"


def nested(origin: Geography, target: Geography, pairs: Mapping[str, str], *, method: str) -> Crosswalk:
    """Crosswalk of areas that each lie wholly in one target.

    Parameters
    ----------
    origin, target
        The geographies.
    pairs
        Origin code -> target code.
    method
        Where the pairs come from.
    """
    frame = pd.DataFrame({"origin": list(pairs), "target": list(pairs.values()), "weight": 1.0})
    return Crosswalk(origin, target, frame, method=method, weight_source="exact", exact=True)


def compose(first: Crosswalk, second: Crosswalk) -> Crosswalk:
    """Crosswalk that goes through a geography in between.

    Raises
    ------
    CrosswalkError
        The first does not end where the second begins, or ends in an area that the second lacks.
    """
    if first.target != second.origin:
        raise CrosswalkError(
            f"the first crosswalk ends in {first.target.key}, the second begins in "
            f"{second.origin.key}; they must meet in one geography"
        )
    absent = set(first.weights["target"]) - set(second.weights["origin"])
    if absent:
        raise UnmatchedCodeError(
            f"{sorted(absent)[0]} ({first.target.key}) is not in the crosswalk to "
            f"{second.target.key}; extend it, or people would be lost"
        )
    joined = first.weights.merge(second.weights, left_on="target", right_on="origin", suffixes=("_1", "_2"))
    joined["weight"] = joined["weight_1"] * joined["weight_2"]
    weights = (
        joined.rename(columns={"origin_1": "origin", "target_2": "target"})
        .groupby(["origin", "target"], as_index=False)["weight"]
        .sum()
    )
    return Crosswalk(
        first.origin,
        second.target,
        weights,
        method=f"{first.method}, then {second.method}",
        weight_source=second.weight_source if first.exact else first.weight_source,
        exact=first.exact and second.exact,
        notes=(*first.notes, *second.notes),
    )


def convert(
    table: AreaTable,
    crosswalk: Crosswalk,
    *,
    weights_by: Mapping[str, pd.Series[float]] | None = None,
    whole: Iterable[str] = (),
) -> AreaTable:
    """Carry a table to another geography, each column as its measure allows.

    Parameters
    ----------
    table
        Figures on ``crosswalk.origin``.
    crosswalk
        Shares of people.
    weights_by
        Id of a base (such as ``residents``) -> its values by origin code, for a score or money column
        whose base is not in the table itself.
    whole
        Ids of counts that must stay whole numbers: they are shared out by largest remainder, so that
        their total is kept to the last unit.

    Returns
    -------
    AreaTable
        On ``crosswalk.target``, one row for each target that receives anything, sorted by code.
        A value that was not ``ok`` in any part makes the result not ``ok``: suppressed if any part
        was suppressed, else missing; parts that are not applicable are left out.

    Raises
    ------
    UnmatchedCodeError
        A code of the table is not in the crosswalk.
    AggregationError
        A column is a rank or a median, or a rate whose numerator and denominator are not at hand,
        and the crosswalk is not one area to one area.
    """
    if table.geography != crosswalk.origin:
        raise CrosswalkError(
            f"{table.source.title} is on {table.geography.key}, but the crosswalk carries "
            f"{crosswalk.origin.key} to {crosswalk.target.key}; convert it first, or take the table of "
            f"the other vintage"
        )
    check_matched(table, crosswalk)
    matrix = _matrix(crosswalk, table.codes)
    asked = set(whole)
    moved: dict[str, pd.Series[float]] = {}
    status: dict[str, pd.Series[str]] = {}
    columns: dict[str, Column] = {}
    for name, column in table.columns.items():
        if matrix.one_to_one:
            values = matrix.sum(table.values[name], skip=False)
        else:
            values = _moved_column(table, name, column, matrix, weights_by or {})
        state = matrix.status(table.status[name])
        if name in asked and column.measure != "count":
            raise AggregationError(f"{name} is a {column.measure}; only counts can be kept whole")
        if name in asked:
            kept = values[state == "ok"]
            values = allocate_integers(kept, round(kept.sum())).reindex(values.index).astype(float)
        moved[name] = values.where(state == "ok")
        status[name] = state.where((state != "ok") | moved[name].notna(), "missing")
        basis = column.basis if crosswalk.exact or column.basis == "modelled" else "apportioned"
        columns[name] = replace(column, basis=basis, interval="")
    return AreaTable(
        crosswalk.target,
        columns,
        pd.DataFrame(moved),
        table.source,
        pd.DataFrame(status),
        notes=(*table.notes, f"carried from {crosswalk.label}", *_misfit_note(crosswalk), *crosswalk.notes),
    )


def _misfit_note(crosswalk: Crosswalk) -> tuple[str, ...]:
    """Say on the result what plain best fit would have done to it."""
    worst = sorted(crosswalk.misfit.items(), key=lambda one: (-one[1], one[0]))[:1]
    if not worst or worst[0][1] < 0.005:
        return ()
    code, share = worst[0]
    return (f"whole {crosswalk.origin.key} would lose {share:.0%} of the people of {code}, the worst case",)


def check_matched(table: AreaTable, crosswalk: Crosswalk) -> None:
    """Refuse a table with a code that the crosswalk does not know.

    Raises
    ------
    UnmatchedCodeError
        Naming the first such code, its table and the vintage that was needed.
    """
    absent = table.codes[~table.codes.isin(crosswalk.weights["origin"])]
    if len(absent):
        raise UnmatchedCodeError(
            f"{absent[0]} of {table.source.title} ({table.geography.key}) is not in the crosswalk to "
            f"{crosswalk.target.key}{f' (and {len(absent) - 1} more)' if len(absent) > 1 else ''}; "
            f"check the vintage of the codes"
        )


def allocate_integers(shares: pd.Series[float], total: int) -> pd.Series[int]:
    """Share out whole units so that not one is lost, by largest remainder.

    Parameters
    ----------
    shares
        Not negative, any scale, indexed by code.
    total
        Whole units to share out.

    Returns
    -------
    Series of int
        Same index and order, summing to `total`, each within one of its exact share. The outcome does
        not depend on the order of rows: of equal remainders, the lower code is served first.

    Raises
    ------
    CrosswalkError
        A share is negative or missing, or all are zero while there is something to share.
    """
    values = shares.to_numpy(dtype=float)
    if np.isnan(values).any() or (values < 0).any() or total < 0:
        raise CrosswalkError("whole units are shared out by shares that are known and not negative")
    if values.sum() == 0:
        if total:
            raise CrosswalkError(
                f"{total} units cannot be shared out over areas that all have a share of zero"
            )
        return pd.Series(0, index=shares.index, dtype="int64")
    # The sum is taken in the order of codes, so that rounding cannot depend on the order of rows.
    order = np.argsort(shares.index.to_numpy().astype(str), kind="stable")
    exact = values / values[order].sum() * total
    whole = np.floor(exact + 1e-9).astype(np.int64)
    left = int(total - whole.sum())
    remainder = np.round(exact - whole, 9)
    queue = order[np.argsort(-remainder[order], kind="stable")]
    if left > 0:
        whole[queue[:left]] += 1
    elif left < 0:
        taken = [row for row in queue[::-1] if whole[row] > 0][:-left]
        whole[taken] -= 1
    return pd.Series(whole, index=shares.index, dtype="int64")


@dataclass(frozen=True)
class _Matrix:
    """Weights laid out for arithmetic: positions of origin and target, and the weight."""

    origins: pd.Index[str]
    targets: pd.Index[str]
    row: np.ndarray
    column: np.ndarray
    weight: np.ndarray

    @property
    def one_to_one(self) -> bool:
        return len(self.row) == len(self.origins) == len(self.targets) and bool(
            (self.weight > 1 - _TOLERANCE).all()
        )

    def sum(self, values: pd.Series[float], *, skip: bool = True) -> pd.Series[float]:
        numbers = values.to_numpy(dtype=float)[self.row] * self.weight
        if skip:
            numbers = np.nan_to_num(numbers)
        total = np.bincount(self.column, numbers, minlength=len(self.targets))
        return pd.Series(total, index=self.targets)

    def status(self, status: pd.Series[str]) -> pd.Series[str]:
        # The worst part decides, and "not applicable" only counts where nothing else is there.
        grade = {"ok": 1, "not_applicable": 0, "missing": 2, "suppressed": 3}
        grades = status.map(grade).to_numpy()[self.row]
        grades = np.where(self.weight > 0, grades, 0)
        worst = np.zeros(len(self.targets), dtype=int)
        np.maximum.at(worst, self.column, grades)
        names = np.array(["not_applicable", "ok", "missing", "suppressed"])
        return pd.Series(names[worst], index=self.targets)


def _matrix(crosswalk: Crosswalk, codes: pd.Index[str]) -> _Matrix:
    weights = crosswalk.weights[crosswalk.weights["origin"].isin(set(codes))]
    targets = pd.Index(sorted(set(weights["target"])))
    return _Matrix(
        codes,
        targets,
        codes.get_indexer(pd.Index(weights["origin"])),
        targets.get_indexer(pd.Index(weights["target"])),
        weights["weight"].to_numpy(dtype=float),
    )


def _moved_column(
    table: AreaTable,
    name: str,
    column: Column,
    matrix: _Matrix,
    weights_by: Mapping[str, pd.Series[float]],
) -> pd.Series[float]:
    if column.measure == "count":
        return matrix.sum(table.values[name])
    if column.measure == "rank":
        raise AggregationError(
            f"{name} is a rank, and ranks do not average over areas; use the score, or keep "
            f"{table.geography.key}"
        )
    if column.measure == "median":
        raise AggregationError(
            f"{name} is a median, and medians cannot be added up; keep {table.geography.key}"
        )
    base = _base(table, name, column, weights_by)
    if column.measure == "rate" and column.count in table.values:
        upper = matrix.sum(table.values[column.count])
    else:
        upper = matrix.sum(table.values[name] * base)
    lower = matrix.sum(base.where(table.values[name].notna()))
    return upper / lower.where(lower > 0)


def _base(
    table: AreaTable, name: str, column: Column, weights_by: Mapping[str, pd.Series[float]]
) -> pd.Series[float]:
    if column.base in table.values:
        return table.values[column.base]
    if column.base in weights_by:
        return weights_by[column.base].reindex(table.codes)
    raise AggregationError(
        f"{name} is a {column.measure} over {column.base or 'an unnamed base'}, which "
        f"{table.source.title} does not hold; give it as weights_by, or keep {table.geography.key}"
    )
