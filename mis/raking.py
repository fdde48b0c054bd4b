"""Survey records weighted to the published counts of many small areas at once.

Iterative proportional fitting (raking) multiplies a record's weight by one factor for each
constraint it belongs to, in turn, until every count is met. So a weight is the seed times a
product of factors, and an area needs only its factors kept: 40 numbers in place of 20,000. Weights
are recomputed when they are asked for and never stored for all areas together.

Records that share every constrained characteristic are raked as one and told apart again by
their seeds, which changes no result.

    targets = reconcile_margins(counts).targets
    raked = rake(households, targets, seed=households["weight"])
    raked.weights("E01015693")           # one weight a record
    raked.total(households[["persons"]])   # one row an area
    raked.misfit()                          # how far each area is from its counts, and why
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, DTypeLike, NDArray

from geo.errors import UserError
from mis.raking_kernels import (
    concentrate_areas,
    fit_areas,
    group_variables,
    rake_areas,
    total_areas,
    weigh_records,
)

#: What became of an area: every count met within the tolerance; no further progress because the
#: counts ask for what no weighting of these records can give; stopped at the limit of sweeps;
#: no households to weight.
OUTCOMES = ("met", "conflicting", "stopped", "empty")


class MarginError(UserError, ValueError):
    """Counts to be met are missing, negative, or disagree with one another or with the records."""


@dataclass(frozen=True)
class Reconciled:
    """Counts of one total per area, and what had to move.

    Parameters
    ----------
    targets
        Counts by area (rows) and (variable, category), each variable summing to `total`.
    total
        Total of each area.
    moved
        One row an area and variable whose sum was not the total: `was`, `total` and `share`
        moved (the difference over the total).
    empty
        Areas without a single household, such as one of communal residents only.
    """

    targets: pd.DataFrame
    total: pd.Series
    moved: pd.DataFrame
    empty: tuple[str, ...]


@dataclass(frozen=True)
class _Rule:
    tolerance: float
    progress: float
    limit: int
    keep: np.dtype[Any]


@dataclass(frozen=True)
class Raking:
    """Factors by area from which every weight can be recomputed.

    Parameters
    ----------
    targets
        Counts asked for, by area and (variable, category).
    codes
        Shape (variables, profiles): position among the columns of `targets`.
    profile
        Shape (records,): profile of each record.
    seed
        Shape (records,): weight of each record before raking.
    factors, scale
        Natural logarithms, shape (areas, columns of `targets`) and (areas,). A weight is seed ×
        exp(scale + the factors of the record's categories); factors are at most 0 and -inf where
        the count is zero.
    sweeps
        Times all variables were visited, by area.
    outcome
        One of `OUTCOMES`, by area.
    unreachable
        Categories that some area has and no record with a weight above zero belongs to.
    rule
        When an area is done, kept so that other seeds are treated alike.
    """

    targets: pd.DataFrame
    codes: NDArray[np.uint16]
    profile: NDArray[np.int64]
    seed: NDArray[np.float64]
    factors: NDArray[Any]
    scale: NDArray[np.float64]
    sweeps: NDArray[np.int32]
    outcome: pd.Series
    unreachable: tuple[tuple[str, str], ...]
    rule: _Rule

    @property
    def zones(self) -> pd.Index:
        """Codes of the areas, in the order of the counts."""
        return self.targets.index

    def weights(self, zone: str) -> NDArray[np.float64]:
        """Weights of all records in one area, in the order of the records.

        Raises
        ------
        MarginError
            No such area was raked.
        """
        if zone not in self.targets.index:
            raise MarginError(f"{zone} was not raked; the areas are those of the counts given to rake()")
        return self.block(np.array([self.targets.index.get_loc(zone)]))[0]

    def block(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weights of all records in some areas, shape (rows, records); `rows` are places of areas."""
        return weigh_records(self.codes, self.factors[rows], self.scale[rows], self.profile, self.seed)

    def reseed(self, seed: ArrayLike) -> Raking:
        """Rake the same records to the same counts from other seeds, as a bootstrap does.

        Raises
        ------
        MarginError
            Seeds are negative, not finite or not one a record.
        """
        return _fit(self.targets, self.codes, self.profile, _seeds(seed, len(self.seed)), self.rule)

    def total(self, values: pd.DataFrame) -> pd.DataFrame:
        """Weighted sums of record values by area.

        Parameters
        ----------
        values
            One row a record in the order given to `rake`, any numeric columns.

        Returns
        -------
        DataFrame
            Rows are areas, columns those of `values`.
        """
        matrix = values.to_numpy(dtype=float)
        if len(matrix) != len(self.seed):
            raise MarginError(f"{len(matrix)} rows of values for {len(self.seed)} records; give one a record")
        sums = _by_profile(matrix * self.seed[:, None], self.profile, self.codes.shape[1])
        result = total_areas(self.codes, self.factors, self.scale, sums)
        return pd.DataFrame(result, index=self.zones, columns=values.columns)

    def fitted(self) -> pd.DataFrame:
        """Sum the weights by category: the counts reached, in the shape of `targets`."""
        sums = _by_profile(self.seed[:, None], self.profile, self.codes.shape[1])[:, 0]
        result = fit_areas(self.codes, self.factors, self.scale, sums, self.targets.shape[1])
        return pd.DataFrame(result, index=self.zones, columns=self.targets.columns)

    def misfit(self) -> pd.DataFrame:
        """Distance of each area from its counts.

        Returns
        -------
        DataFrame
            By area: `tae` (sum of absolute differences over all cells), `re` (that over the sum
            of the counts; 0 where there are none), `worst` (largest difference of a cell),
            `worst_cell`, `sweeps`, `outcome`.
        """
        gap = (self.fitted() - self.targets).abs()
        tae = gap.sum(axis=1)
        whole = self.targets.sum(axis=1)
        labels = np.array([f"{variable}: {category}" for variable, category in self.targets.columns])
        return pd.DataFrame(
            {
                "tae": tae,
                "re": np.divide(tae, whole, out=np.zeros(len(tae)), where=whole.to_numpy() > 0),
                "worst": gap.max(axis=1),
                "worst_cell": labels[gap.to_numpy().argmax(axis=1)],
                "sweeps": self.sweeps,
                "outcome": self.outcome,
            },
            index=self.zones,
        )

    def concentration(self) -> pd.DataFrame:
        """How many records stand behind each area.

        Returns
        -------
        DataFrame
            By area: `effective` sample size (squared sum of weights over sum of squares) and
            `largest`, the share of the area's weight carried by one record; NaN without weight.
        """
        size = self.codes.shape[1]
        one = _by_profile(self.seed[:, None], self.profile, size)[:, 0]
        two = _by_profile(self.seed[:, None] ** 2, self.profile, size)[:, 0]
        top = np.zeros(size)
        np.maximum.at(top, self.profile, self.seed)
        sums = concentrate_areas(self.codes, self.factors, self.scale, one, two, top)
        with np.errstate(invalid="ignore", divide="ignore"):
            frame = {"effective": sums[:, 0] ** 2 / sums[:, 1], "largest": sums[:, 2] / sums[:, 0]}
        return pd.DataFrame(frame, index=self.zones)


def reconcile_margins(counts: pd.DataFrame, *, total: pd.Series | str | None = None) -> Reconciled:
    """Give every variable of an area the same total, and say what moved.

    The Office for National Statistics perturbs each table on its own, so two tables of one area
    rarely have the same sum. Each variable is scaled to one total; its shares stay as published.

    Parameters
    ----------
    counts
        Rows are areas, columns a two-level index of (variable, category), values counts.
    total
        Total by area, or the name of the variable whose sum is taken; if left out, the median of
        the variables' sums (the mean of two).

    Returns
    -------
    Reconciled
        Counts and the record of what moved.

    Raises
    ------
    MarginError
        A count is missing or negative, or a variable has no count at all in an area where the
        total is above zero (a missing margin is not an empty one).
    """
    _check_counts(counts)
    sums = counts.T.groupby(level=0, sort=False).sum().T
    if total is None:
        whole = sums.median(axis=1)
    elif isinstance(total, str):
        if total not in sums:
            raise MarginError(
                f'"{total}" is not a variable of the counts; they are {", ".join(sums.columns)}'
            )
        whole = sums[total]
    else:
        whole = total.reindex(counts.index).astype(float)
        if whole.isna().any():
            raise MarginError(f"the total of {whole.index[whole.isna()][0]} is missing; give one an area")
    for variable in sums:
        lost = (sums[variable] == 0) & (whole > 0)
        if lost.any():
            zone = lost.idxmax()
            raise MarginError(
                f"{variable} counts nobody in {zone}, where the total is {whole[zone]:g}; "
                f"leave the variable out, or give its counts there"
            )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = sums.rdiv(whole, axis=0).fillna(1.0)
    targets = counts.astype(float) * ratio[counts.columns.get_level_values(0)].to_numpy()
    long = pd.DataFrame(
        {
            "area": np.repeat(counts.index.to_numpy(), sums.shape[1]),
            "variable": np.tile(sums.columns.to_numpy(), len(sums)),
            "was": sums.to_numpy(dtype=float).ravel(),
            "total": np.repeat(whole.to_numpy(dtype=float), sums.shape[1]),
        }
    )
    long["share"] = (long["total"] - long["was"]) / long["total"].where(long["total"] > 0)
    moved = long[(long["total"] - long["was"]).abs() > 1e-9].reset_index(drop=True)
    empty = tuple(str(zone) for zone in whole.index[whole == 0])
    return Reconciled(targets, whole, moved, empty)


def rake(
    records: pd.DataFrame,
    targets: pd.DataFrame,
    *,
    seed: ArrayLike | None = None,
    tolerance: float = 0.05,
    limit: int = 100,
    progress: float = 1e-3,
    keep: DTypeLike = np.float32,
    uneven: bool = False,
) -> Raking:
    """Weight records so that each area's counts are met.

    Parameters
    ----------
    records
        One row a record (a household), with a column of categories for each variable of `targets`.
    targets
        Rows are areas, columns a two-level index of (variable, category), values counts in the
        unit of the records. Variables are visited in the order of the columns; the order matters
        only where counts conflict.
    seed
        Weight of each record before raking; 1 if left out. A record with weight 0 stays at 0.
    tolerance
        Largest difference from any count, in households, at which an area counts as met.
    limit
        Most sweeps through the variables.
    progress
        An area whose largest difference shrinks by less than this share in five sweeps running is
        given up as conflicting; 0 never gives up.
    keep
        Type in which factors are kept; float32 keeps seven digits at half the room.
    uneven
        Take counts whose variables differ in total as they are; the last variable then decides the
        total. Only to repeat a published calculation: otherwise reconcile them.

    Returns
    -------
    Raking
        Factors by area, with weights, sums, misfit and concentration on demand.

    Raises
    ------
    MarginError
        Counts are missing, negative or of different totals in one area (see `reconcile_margins`),
        a variable is not a column of `records`, or a record has a category that is not counted.

    Notes
    -----
    Deming and Stephan (1940), Annals of Mathematical Statistics 11(4). Where counts agree with
    one another and with the records, the limit is the weighting nearest to the seed by
    Kullback-Leibler distance. Arithmetic is in float64 whatever `keep` says.
    """
    _check_counts(targets)
    if not uneven:
        _check_totals(targets, tolerance)
    codes = _encode(records, targets.columns)
    start = _seeds(np.ones(len(records)) if seed is None else seed, len(records))
    table, profile = _profiles(codes)
    return _fit(targets, table, profile, start, _Rule(tolerance, progress, limit, np.dtype(keep)))


def _fit(
    targets: pd.DataFrame,
    codes: NDArray[np.uint16],
    profile: NDArray[np.int64],
    seed: NDArray[np.float64],
    rule: _Rule,
) -> Raking:
    weight = _by_profile(seed[:, None], profile, codes.shape[1])[:, 0]
    wanted = np.ascontiguousarray(targets.to_numpy(dtype=float))
    areas, cells = wanted.shape
    factors = np.empty((areas, cells), dtype=rule.keep)
    scale = np.empty(areas)
    sweeps = np.zeros(areas, dtype=np.int32)
    ended = np.zeros(areas, dtype=np.int8)
    first = _starts(targets.columns)
    groups = group_variables(codes)
    rake_areas(
        groups.joint,
        groups.bounds,
        groups.sizes,
        groups.member,
        weight,
        first,
        wanted,
        rule.tolerance,
        rule.progress,
        rule.limit,
        factors,
        scale,
        sweeps,
        ended,
    )
    carried = np.zeros(cells)
    for row in codes:
        np.add.at(carried, row, weight)
    lost = (carried == 0) & (wanted > 0).any(axis=0)
    unreachable = tuple((str(a), str(b)) for a, b in targets.columns[lost])
    outcome = pd.Series(np.array(OUTCOMES)[ended], index=targets.index, name="outcome")
    return Raking(targets, codes, profile, seed, factors, scale, sweeps, outcome, unreachable, rule)


def _seeds(seed: ArrayLike, size: int) -> NDArray[np.float64]:
    start = np.asarray(seed, dtype=float)
    if start.shape != (size,) or not np.isfinite(start).all() or (start < 0).any():
        raise MarginError(
            "seed weights must be finite, not negative, and one a record; mend the weight column"
        )
    return start


def _check_counts(counts: pd.DataFrame) -> None:
    if counts.columns.nlevels != 2:
        raise MarginError("counts need columns of two levels, (variable, category); use pd.concat with keys")
    try:
        values = counts.to_numpy(dtype=float)
    except ValueError:
        # Text, as a publisher writes a withheld count, becomes NaN and is named as it stands.
        values = counts.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        row, column = (int(at) for at in np.argwhere(bad)[0])
        variable, category = counts.columns[column]
        raise MarginError(
            f"{counts.index[row]}: {variable} {category} is {counts.iat[row, column]}; a count is a number "
            f"of households, zero or more: leave the variable out where it is missing"
        )
    twice = counts.index[counts.index.duplicated()]
    if len(twice):
        raise MarginError(f"{twice[0]} has more than one row of counts; give one row an area")


def _check_totals(targets: pd.DataFrame, tolerance: float) -> None:
    sums = targets.T.groupby(level=0, sort=False).sum().T
    spread = sums.max(axis=1) - sums.min(axis=1)
    slack = max(tolerance, 1e-6) + 1e-6 * sums.max(axis=1)
    if (spread > slack).any():
        zone = (spread - slack).idxmax()
        low, high = sums.loc[zone].idxmin(), sums.loc[zone].idxmax()
        raise MarginError(
            f"{zone}: {low} sums to {sums.at[zone, low]:g} and {high} to {sums.at[zone, high]:g}; "
            f"bring them to one total with reconcile_margins(counts)"
        )


def _starts(columns: pd.MultiIndex) -> NDArray[np.int64]:
    names = columns.get_level_values(0).to_numpy()
    new = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
    if len(new) != len(set(names)):
        raise MarginError(
            "the categories of a variable must stand side by side; sort the columns of the counts"
        )
    return np.append(new, len(names)).astype(np.int64)


def _encode(records: pd.DataFrame, columns: pd.MultiIndex) -> NDArray[np.uint16]:
    first = _starts(columns)
    if len(columns) > np.iinfo(np.uint16).max:
        raise MarginError(f"{len(columns)} categories are more than 65,535; join some of them")
    variables: Sequence[str] = [columns[at][0] for at in first[:-1]]
    codes = np.empty((len(records), len(variables)), dtype=np.uint16)
    for place, variable in enumerate(variables):
        if variable not in records:
            raise MarginError(f'the records have no column "{variable}", which the counts constrain; add it')
        kinds = pd.Index(columns[first[place] : first[place + 1]].get_level_values(1))
        found = kinds.get_indexer(records[variable])
        if (found < 0).any():
            value = records[variable].iloc[int(np.argmax(found < 0))]
            raise MarginError(
                f'records hold {variable} "{value}", which the counts do not; they have '
                f"{', '.join(str(kind) for kind in kinds)}"
            )
        codes[:, place] = found + first[place]
    return codes


def _profiles(codes: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Distinct rows of codes, shape (variables, profiles), and the profile of each record."""
    place = np.zeros(len(codes), dtype=np.int64)
    example = np.zeros(1, dtype=np.int64)
    for own in codes.T.astype(np.int64):
        # Renumbering after every variable keeps the product of categories from overflowing.
        _, example, place = np.unique(
            place * (int(own.max(initial=0)) + 1) + own, return_index=True, return_inverse=True
        )
    return np.ascontiguousarray(codes[example].T), place


def _by_profile(values: NDArray[np.float64], profile: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    columns = [np.bincount(profile, column, minlength=size) for column in values.T]
    return np.ascontiguousarray(np.column_stack(columns)) if columns else np.zeros((size, 0))
