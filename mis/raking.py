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

import numba
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, DTypeLike, NDArray

from geo.errors import UserError

#: What became of an area: every count met within the tolerance; no further progress because the
#: counts ask for what no weighting of these records can give; stopped at the limit of sweeps;
#: no households to weight.
OUTCOMES = ("met", "conflicting", "stopped", "empty")

#: Sweeps running without progress that count as a conflict: slow but real convergence passes this.
_PATIENCE = 5


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
        row = int(self.targets.index.get_loc(zone))
        by_profile = np.exp(self.factors[row].astype(float)[self.codes].sum(axis=0) + self.scale[row])
        weights: NDArray[np.float64] = self.seed * by_profile[self.profile]
        return weights

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
        result = _total(self.codes, self.factors, self.scale, sums)
        return pd.DataFrame(result, index=self.zones, columns=values.columns)

    def fitted(self) -> pd.DataFrame:
        """Sum the weights by category: the counts reached, in the shape of `targets`."""
        sums = _by_profile(self.seed[:, None], self.profile, self.codes.shape[1])[:, 0]
        result = _fitted(self.codes, self.factors, self.scale, sums, self.targets.shape[1])
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
        sums = _concentration(self.codes, self.factors, self.scale, one, two, top)
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
    start = np.ones(len(records)) if seed is None else np.asarray(seed, dtype=float)
    if start.shape != (len(records),) or not np.isfinite(start).all() or (start < 0).any():
        raise MarginError(
            "seed weights must be finite, not negative, and one a record; mend the weight column"
        )
    profiles, profile = np.unique(codes, axis=0, return_inverse=True)
    profile = profile.reshape(-1).astype(np.int64)
    table = np.ascontiguousarray(profiles.T.astype(np.uint16))
    weight = _by_profile(start[:, None], profile, len(profiles))[:, 0]

    wanted = np.ascontiguousarray(targets.to_numpy(dtype=float))
    first = _starts(targets.columns)
    shape = (len(targets), targets.shape[1])
    factors = np.empty(shape, dtype=np.dtype(keep))
    scale = np.empty(shape[0])
    sweeps = np.zeros(shape[0], dtype=np.int32)
    ended = np.zeros(shape[0], dtype=np.int8)
    _rake(table, weight, first, wanted, tolerance, progress, limit, factors, scale, sweeps, ended)

    carried = np.zeros(shape[1])
    for row in table:
        np.add.at(carried, row, weight)
    lost = (carried == 0) & (wanted > 0).any(axis=0)
    unreachable = tuple((str(a), str(b)) for a, b in targets.columns[lost])
    outcome = pd.Series(np.array(OUTCOMES)[ended], index=targets.index, name="outcome")
    return Raking(targets, table, profile, start, factors, scale, sweeps, outcome, unreachable)


def _check_counts(counts: pd.DataFrame) -> None:
    if counts.columns.nlevels != 2:
        raise MarginError("counts need columns of two levels, (variable, category); use pd.concat with keys")
    values = counts.to_numpy(dtype=float)
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        row, column = (int(at) for at in np.argwhere(bad)[0])
        variable, category = counts.columns[column]
        raise MarginError(
            f"{counts.index[row]}: {variable} {category} is {values[row, column]}; a count is a number "
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


def _by_profile(values: NDArray[np.float64], profile: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    columns = [np.bincount(profile, column, minlength=size) for column in values.T]
    return np.ascontiguousarray(np.column_stack(columns)) if columns else np.zeros((size, 0))


@numba.njit(cache=True)
def _scale_and_sum(
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    here: NDArray[np.uint16],
    there: NDArray[np.uint16],
    sums: NDArray[np.float64],
) -> None:
    # One walk over the weights does two things: this variable's factors go on, and the next
    # variable's sums come off. Four running sums keep neighbouring records from waiting for each
    # other when they fall into the same category.
    sums[:] = 0.0
    size = len(weight)
    whole = size - size % 4
    for i in range(0, whole, 4):
        a = weight[i] * factor[here[i]]
        b = weight[i + 1] * factor[here[i + 1]]
        c = weight[i + 2] * factor[here[i + 2]]
        d = weight[i + 3] * factor[here[i + 3]]
        weight[i] = a
        weight[i + 1] = b
        weight[i + 2] = c
        weight[i + 3] = d
        sums[0, there[i]] += a
        sums[1, there[i + 1]] += b
        sums[2, there[i + 2]] += c
        sums[3, there[i + 3]] += d
    for i in range(whole, size):
        a = weight[i] * factor[here[i]]
        weight[i] = a
        sums[0, there[i]] += a


@numba.njit(parallel=True, cache=True)
def _rake(
    codes: NDArray[np.uint16],
    seed: NDArray[np.float64],
    first: NDArray[np.int64],
    targets: NDArray[np.float64],
    tolerance: float,
    progress: float,
    limit: int,
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    sweeps: NDArray[np.int32],
    ended: NDArray[np.int8],
) -> None:
    variables = codes.shape[0]
    cells = targets.shape[1]
    for zone in numba.prange(targets.shape[0]):
        target = targets[zone]
        total = target[first[0] : first[1]].sum()
        product = np.ones(cells)
        scale[zone] = 0.0
        if total <= 0.0:
            factors[zone, :] = -np.inf
            ended[zone] = 3
            continue
        weight = seed.copy()
        step = np.ones(cells)
        sums = np.zeros((4, cells))
        _scale_and_sum(weight, step, codes[0], codes[0], sums)
        before = np.inf
        idle = 0
        outcome = 2
        done = 0
        while done < limit:
            worst = 0.0
            for v in range(variables):
                for k in range(first[v], first[v + 1]):
                    got = sums[0, k] + sums[1, k] + sums[2, k] + sums[3, k]
                    worst = max(worst, abs(got - target[k]))
                    if got > 0.0:
                        step[k] = target[k] / got
                    elif target[k] == 0.0:
                        step[k] = 0.0
                    else:
                        step[k] = 1.0
                    product[k] *= step[k]
                _scale_and_sum(weight, step, codes[v], codes[(v + 1) % variables], sums)
            done += 1
            if worst <= tolerance and done > 1:
                outcome = 0
                break
            idle = idle + 1 if worst > before * (1.0 - progress) else 0
            before = worst
            if progress > 0.0 and idle >= _PATIENCE:
                outcome = 1
                break
        # A constant may move from one variable's factors to another's: the largest of each is made
        # 1. Logarithms are kept because conflicting counts drive factors beyond float32's range.
        for v in range(variables):
            top = product[first[v] : first[v + 1]].max()
            if top > 0.0:
                scale[zone] += np.log(top)
            for k in range(first[v], first[v + 1]):
                factors[zone, k] = np.log(product[k] / top) if product[k] > 0.0 else -np.inf
        sweeps[zone] = done
        ended[zone] = outcome


@numba.njit(cache=True)
def profile_weights(
    codes: NDArray[np.uint16], factors: NDArray[Any], scale: float, weight: NDArray[np.float64]
) -> None:
    """Fill `weight` with what each profile's seed is multiplied by in one area."""
    factor = np.exp(factors.astype(np.float64))
    weight[:] = np.exp(scale)
    for v in range(codes.shape[0]):
        for i in range(len(weight)):
            weight[i] *= factor[codes[v, i]]


@numba.njit(parallel=True, cache=True)
def _total(
    codes: NDArray[np.uint16],
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> NDArray[np.float64]:
    result = np.zeros((factors.shape[0], sums.shape[1]))
    for zone in numba.prange(factors.shape[0]):
        weights = np.empty(codes.shape[1])
        profile_weights(codes, factors[zone], scale[zone], weights)
        for i in range(codes.shape[1]):
            weight = weights[i]
            for k in range(sums.shape[1]):
                result[zone, k] += weight * sums[i, k]
    return result


@numba.njit(parallel=True, cache=True)
def _fitted(
    codes: NDArray[np.uint16],
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    seed: NDArray[np.float64],
    cells: int,
) -> NDArray[np.float64]:
    result = np.zeros((factors.shape[0], cells))
    for zone in numba.prange(factors.shape[0]):
        weights = np.empty(codes.shape[1])
        profile_weights(codes, factors[zone], scale[zone], weights)
        for i in range(codes.shape[1]):
            weight = weights[i] * seed[i]
            for v in range(codes.shape[0]):
                result[zone, codes[v, i]] += weight
    return result


@numba.njit(parallel=True, cache=True)
def _concentration(
    codes: NDArray[np.uint16],
    factors: NDArray[Any],
    scale: NDArray[np.float64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
    top: NDArray[np.float64],
) -> NDArray[np.float64]:
    result = np.zeros((factors.shape[0], 3))
    for zone in numba.prange(factors.shape[0]):
        weights = np.empty(codes.shape[1])
        profile_weights(codes, factors[zone], scale[zone], weights)
        for i in range(codes.shape[1]):
            weight = weights[i]
            result[zone, 0] += weight * one[i]
            result[zone, 1] += weight * weight * two[i]
            result[zone, 2] = max(result[zone, 2], weight * top[i])
    return result
