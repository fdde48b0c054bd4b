"""Households below the Minimum Income Standard by small area, with ranges.

`estimate_shortfall` reads like the method: composition, lines, shapes and levels are drawn, each with
the errors that areas share; incomes in every cell are summed exactly; and what comes back are draws of
sums, from which every figure of every larger area is taken (`mis.summary`). Everything is modelled, and
nothing here says anything of one household.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.geography import Geography
from mis.distribution import mean_factor
from mis.draws import NationalDraws, Spreads, central, draw_national, stream
from mis.household_types import household_types
from mis.households import Households, fit_households
from mis.inputs import InputsError, MisInputs, Reconciled, reconcile
from mis.level import centred, covariate, solve_level, spread_means
from mis.lines import Budgets, read_budgets
from mis.parameters import Parameters, Shape, read_parameters
from mis.shortfall import QUANTITIES, cell_shares, sum_cells

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

_CELLS_AT_ONCE = 400_000
_KEPT_STATE = 4_000_000  # area x draw; beyond that the state for what-if questions is not kept

#: Errors of the composition in logs, by type: (district, area).
_COMPOSITION_SD = {"composition": (0.03, 0.06), "ages": (0.12, 0.15), "neither": (0.18, 0.30)}


@dataclass(frozen=True)
class MisSettings:
    """How an estimate is made.

    Parameters
    ----------
    draws
        Number of draws; at least 200 for ranges to be quoted.
    seed
        Same seed and inputs, same draws.
    slope
        Fall of log mean income per unit of the logit income-deprivation rate inside an MSOA.
    spreads
        Standard deviations of the uncertain components.
    keep_state
        Keep what `mis.whatif` needs; costs memory of areas times draws.
    """

    draws: int = 1000
    seed: int = 2040
    slope: float = 0.17
    spreads: Spreads = field(default_factory=Spreads)
    keep_state: bool = True


@dataclass(frozen=True)
class State:
    """What was drawn, so that a what-if question can use the same draws.

    Parameters
    ----------
    tables, households, national, parameters, settings
        As used.
    level
        Level of each area, shape (area, draw), float32.
    kappa
        Factor on widths, by region code of the areas: code -> shape (draw,).
    """

    tables: Reconciled
    households: Households
    national: NationalDraws
    parameters: Parameters
    settings: MisSettings
    level: NDArray[np.float32]
    kappa: Mapping[str, Floats]


@dataclass(frozen=True)
class ShortfallEstimate:
    """Draws of sums by area; every share, range and rank is taken from them.

    Parameters
    ----------
    geography
        Kind and vintage of `codes`.
    codes
        Areas, in the order of the draws' first axis.
    draws
        Quantity (`mis.shortfall.QUANTITIES`) -> float32, shape (area, draw). All of them add over areas.
    by_type
        District code -> household type -> quantity (people, people_below, shortfall) -> shape (draw,).
    notes
        What a reader must know: reference year, margins that were absent, the region's factor, the
        second anchor, what reconciling did.
    reference_year
        Year described, such as ``FYE 2025``.
    absent
        Margins that were not at hand.
    residents
        Residents of private households by area.
    anchor
        Share below the line by area with the level anchored on the income-deprivation rate instead;
        NaN where not known, empty after aggregation.
    parents
        Area -> district code.
    state
        For `mis.whatif`; None if not kept.
    """

    geography: Geography
    codes: pd.Index[str]
    draws: Mapping[str, NDArray[np.float32]]
    by_type: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float32]]]]
    notes: tuple[str, ...]
    reference_year: str
    absent: tuple[str, ...]
    residents: Floats
    anchor: Floats
    parents: Mapping[str, str]
    state: State | None = None


def estimate_shortfall(
    inputs: MisInputs,
    *,
    budgets: Budgets | None = None,
    settings: MisSettings | None = None,
    parameters: Parameters | None = None,
    progress: Progress | None = None,
) -> ShortfallEstimate:
    """Estimate people below the Minimum Income Standard and their shortfall, by LSOA.

    Parameters
    ----------
    inputs
        Published tables of the areas wanted: see `MisInputs`.
    budgets
        Lines; ours of April 2025 if left out.
    settings
        Draws and seed; 1,000 and 2040 if left out.
    parameters
        The national solution; that of FYE 2025 if left out.
    progress
        Called with areas done and areas in all.

    Returns
    -------
    ShortfallEstimate
        On LSOAs of 2021, in the order of ``inputs.areas``.

    Raises
    ------
    InputsError
        A table lacks a column or an area, or holds an impossible number.
    ParametersError
        A region has no published rate to set its dispersion.
    """
    chosen = settings or MisSettings()
    if chosen.draws < 1:
        raise InputsError(f"{chosen.draws} draws give no range; ask for 200 or more")
    lines = budgets or read_budgets()
    solution = parameters or read_parameters()
    tables = reconcile(inputs)
    for region in dict.fromkeys(tables.region):
        solution.region_index(region)
    households = fit_households(tables, solution.margins)
    national = draw_national(
        solution, lines, draws=chosen.draws, seed=chosen.seed, spreads=chosen.spreads, slope=chosen.slope
    )
    plan = _Plan(tables, households, national, solution, chosen, inputs.absent)
    draws = {name: np.zeros((len(tables.codes), chosen.draws), np.float32) for name in QUANTITIES}
    by_type = _empty_by_type(tables, chosen.draws)
    keep = chosen.keep_state and len(tables.codes) * chosen.draws <= _KEPT_STATE
    levels = np.zeros((len(tables.codes), chosen.draws) if keep else (0, 0), np.float32)
    done = 0
    for members in _portions(tables):
        level = plan.levels(members)
        if keep:
            levels[members] = level
        for part, sums, detail in plan.sums(members, level):
            for name, values in sums.items():
                draws[name][members, part] = values.T
            _add_by_type(by_type, tables.district[members], part, detail)
        done += len(members)
        if progress is not None:
            progress(done, len(tables.codes))
    anchor = second_anchor(tables, households, lines, solution, slope=chosen.slope)
    notes = _notes(inputs, tables, lines, solution, households, draws, anchor)
    state = State(tables, households, national, solution, chosen, levels, plan.kappa) if keep else None
    return ShortfallEstimate(
        geography=Geography("lsoa", 2021),
        codes=tables.codes,
        draws=draws,
        by_type=by_type,
        notes=notes,
        reference_year=lines.reference_label,
        absent=inputs.absent,
        residents=tables.household_residents,
        anchor=anchor,
        parents=dict(zip(tables.codes, tables.district, strict=True)),
        state=state,
    )


class _Plan:
    """Draws for a portion of areas: levels first, then sums over cells in blocks of draws."""

    def __init__(
        self,
        tables: Reconciled,
        households: Households,
        national: NationalDraws,
        parameters: Parameters,
        settings: MisSettings,
        absent: tuple[str, ...],
    ) -> None:
        self.tables, self.households, self.national = tables, households, national
        self.parameters, self.settings = parameters, settings
        self.covariate = covariate(tables)
        self.kappa = {
            code: parameters.shape.kappa[parameters.region_index(code)]
            * np.exp(
                settings.spreads.region
                * stream(settings.seed, "region", code).standard_normal(settings.draws)
            )
            for code in dict.fromkeys(tables.region)
        }
        known = "ages" if "ages" not in absent else "neither"
        self.composition_sd = _COMPOSITION_SD["composition" if "composition" not in absent else known]

    def counts(self, members: NDArray[np.int_], part: slice) -> Floats:
        """Households of the members in some draws, shape (draw, area, type, tenure)."""
        tables, settings = self.tables, self.settings
        common, own = self.composition_sd
        count = len(household_types())
        error = np.empty((len(members), settings.draws, count))
        for row, member in enumerate(members):
            code = str(tables.codes[member])
            error[row] = own * stream(settings.seed, "area composition", code).standard_normal(
                (settings.draws, count)
            )
        for code in dict.fromkeys(tables.district[members]):
            shared = common * stream(settings.seed, "district composition", code).standard_normal(
                (settings.draws, count)
            )
            error[tables.district[members] == code] += shared
        factor = np.exp(error[:, part]).transpose(1, 0, 2)
        counts = self.households.counts[members][None] * factor[..., None]
        total = counts.sum(axis=2, keepdims=True)
        wanted = tables.tenure[members][None, :, None, :]
        return np.asarray(counts * np.divide(wanted, total, out=np.zeros_like(total), where=total > 0))

    def means(self, members: NDArray[np.int_]) -> Floats:
        """Mean equivalised household income of the members, units of the median, (area, draw)."""
        tables, settings, spreads = self.tables, self.settings, self.settings.spreads
        draws = settings.draws
        part = _subset(tables, members)
        log_mean = np.zeros((len(members), draws))
        for code in dict.fromkeys(part.district):
            drift = spreads.district_drift * stream(settings.seed, "district", code).standard_normal(draws)
            log_mean[part.district == code] += drift
        for code in dict.fromkeys(part.msoa):
            inside = part.msoa == code
            random = stream(settings.seed, "msoa", code)
            log_mean[inside] += part.income_log_se[inside][:, None] * random.standard_normal(draws)
            log_mean[inside] += spreads.msoa_drift * random.standard_normal(draws)
        noise = np.empty((len(members), draws))
        for row, code in enumerate(part.codes):
            sd = spreads.within_msoa if np.isfinite(part.income_rate[row]) else spreads.within_msoa_unknown
            noise[row] = sd * stream(settings.seed, "area", str(code)).standard_normal(draws)
        pattern = np.exp(-self.national.slope[None] * self.covariate[members][:, None] + centred(noise, part))
        level = part.income_mean[:, None] / self.parameters.ons_mean * np.exp(log_mean)
        return spread_means(pattern, level * self.national.mean_income[None], part)

    def levels(self, members: NDArray[np.int_]) -> Floats:
        """Levels of the members at which their modelled means are those drawn, (area, draw)."""
        means = self.means(members)
        shape = self.national.shape
        pensioner = household_types().is_pensioner
        level = np.empty_like(means)
        for part in self._blocks(len(members)):
            counts = self.counts(members, part)
            kappa = self._kappa(members, part)
            lower = shape.lower[part][:, None, :] * kappa[:, :, None]
            upper = (np.asarray(shape.upper)[part, None] * kappa)[:, :, None]
            alpha = _offsets(shape, part)
            per_type = np.einsum("daht,dht->dah", counts, np.exp(alpha)) * mean_factor(lower, upper)
            per_type *= 1 - np.asarray(shape.zero)[part, None, None]
            level[:, part] = solve_level(
                per_type[..., ~pensioner].sum(axis=-1),
                per_type[..., pensioner].sum(axis=-1),
                means[:, part].T * counts.sum(axis=(2, 3)),
                shape.follow[part][:, pensioner][:, :1],
            ).T
        return level

    def sums(
        self, members: NDArray[np.int_], level: Floats
    ) -> Iterator[tuple[slice, dict[str, Floats], dict[str, Floats]]]:
        """Blocks of draws: sums by area, and by type."""
        types = household_types()
        bases = census_bases(self.tables, members)
        people = self.households.people_factor[members]
        for part in self._blocks(len(members)):
            counts = self.counts(members, part)
            shares = self.shares(members, part, level)
            weekly = self.national.weekly[part]
            sums = sum_cells(counts, shares, weekly, people_factor=people, bases=bases)
            by_type = np.einsum("daht,daht->dah", counts, shares[""])
            gap = np.einsum("daht,daht->dah", counts, shares["gap"])
            size = people[None, :, None] * types.size
            detail = {
                "people": counts.sum(axis=3) * size,
                "people_below": by_type * size,
                "shortfall": gap * weekly[:, None, :],
            }
            yield part, sums, detail

    def shares(self, members: NDArray[np.int_], part: slice, level: Floats) -> dict[str, Floats]:
        """Shares below and gaps of every cell in some draws, (draw, area, type, tenure)."""
        shape = self.national.shape
        kappa = self._kappa(members, part)
        median = _offsets(shape, part)[:, None] + (
            shape.follow[part][:, None, :, None] * level[:, part].T[:, :, None, None]
        )
        lower = (shape.lower[part][:, None, :] * kappa[:, :, None])[..., None]
        upper = (np.asarray(shape.upper)[part, None] * kappa)[:, :, None, None]
        line = self.national.log_line[part][:, None, :, None]
        zero = np.asarray(shape.zero)[part][:, None, None, None]
        return cell_shares(line, median, lower, upper, zero)

    def _kappa(self, members: NDArray[np.int_], part: slice) -> Floats:
        return np.stack([self.kappa[code][part] for code in self.tables.region[members]], axis=1)

    def _blocks(self, areas: int) -> Iterator[slice]:
        cells = self.households.counts.shape[1] * self.households.counts.shape[2]
        step = max(1, _CELLS_AT_ONCE // max(areas * cells, 1))
        for start in range(0, self.settings.draws, step):
            yield slice(start, min(start + step, self.settings.draws))


def census_bases(tables: Reconciled, members: NDArray[np.int_]) -> dict[str, Floats]:
    """Children and pensioners of the members from the census, NaN where it is not at hand."""
    unknown = np.full(len(members), np.nan)
    if tables.ages is None:
        return {"children": unknown, "children_0_4": unknown, "pensioners": unknown}
    under_5 = unknown if tables.under_5 is None else tables.under_5[members]
    return {
        "children": tables.ages[members, 0],
        "children_0_4": under_5,
        "pensioners": tables.ages[members, 5],
    }


def second_anchor(
    tables: Reconciled,
    households: Households,
    budgets: Budgets,
    parameters: Parameters,
    *,
    slope: float,
) -> Floats:
    """Share of people below the line with each area's level set by its income-deprivation rate.

    The rate, scaled so that England's average is its low-income rate, is taken for the area's share in
    low income. Central values only.

    Returns
    -------
    array of float
        By area; NaN where the rate is not known or nobody lives there.
    """
    national = central(parameters, budgets, slope=slope)
    wanted = np.clip(tables.income_rate * parameters.low_income / parameters.income_rate, 0.015, 0.95)
    region = np.array([parameters.region_index(code) for code in tables.region])
    kappa = parameters.shape.kappa[region]
    shape = national.shape
    types = household_types()
    line = national.log_line[0][None, :, None]
    lower = (shape.lower[0][None] * kappa[:, None])[..., None]
    upper = (np.asarray(shape.upper)[0] * kappa)[:, None, None]
    people = households.counts * types.size[None, :, None]
    total = people.sum(axis=(1, 2))
    low, high = np.full(len(total), -3.0), np.full(len(total), 3.0)
    share = np.full(len(total), np.nan)
    for _ in range(40):
        middle = (low + high) / 2
        median = _offsets(shape, slice(0, 1)) + shape.follow[0][None, :, None] * middle[:, None, None]
        found = cell_shares(line, median, lower, upper, np.array(np.asarray(shape.zero)[0]))
        rate = (people * found["low"]).sum(axis=(1, 2)) / np.maximum(total, 1e-9)
        low, high = np.where(rate > wanted, middle, low), np.where(rate > wanted, high, middle)
        share = (people * found[""]).sum(axis=(1, 2)) / np.maximum(total, 1e-9)
    return np.where((total > 0) & np.isfinite(tables.income_rate), share, np.nan)


def _offsets(shape: Shape, part: slice) -> Floats:
    pensioner = household_types().is_pensioner.astype(int)
    return np.asarray(shape.alpha[part][:, :, None] + shape.tau[part][:, pensioner])


def _subset(tables: Reconciled, members: NDArray[np.int_]) -> Reconciled:
    return replace(
        tables,
        codes=tables.codes[members],
        msoa=tables.msoa[members],
        district=tables.district[members],
        region=tables.region[members],
        households=tables.households[members],
        income_mean=tables.income_mean[members],
        income_log_se=tables.income_log_se[members],
        income_rate=tables.income_rate[members],
    )


def _portions(tables: Reconciled) -> Iterator[NDArray[np.int_]]:
    # Whole MSOAs, because a benchmark holds them together; about two hundred areas at once.
    order = np.argsort(tables.msoa, kind="stable")
    edges = np.flatnonzero(np.r_[True, tables.msoa[order][1:] != tables.msoa[order][:-1]])
    start = 0
    for edge in [*edges[1:], len(order)]:
        if edge - start >= 150 or edge == len(order):
            yield np.sort(order[start:edge])
            start = edge


def _empty_by_type(tables: Reconciled, draws: int) -> dict[str, dict[str, dict[str, NDArray[np.float32]]]]:
    return {
        code: {
            name: {part: np.zeros(draws, np.float32) for part in ("people", "people_below", "shortfall")}
            for name in household_types().ids
        }
        for code in dict.fromkeys(tables.district)
    }


def _add_by_type(
    by_type: dict[str, dict[str, dict[str, NDArray[np.float32]]]],
    district: NDArray[np.str_],
    part: slice,
    detail: dict[str, Floats],
) -> None:
    for code in dict.fromkeys(district):
        inside = district == code
        for name, values in detail.items():
            total = values[:, inside].sum(axis=1)
            for position, type_id in enumerate(household_types().ids):
                by_type[code][type_id][name][part] += total[:, position].astype(np.float32)


def _notes(
    inputs: MisInputs,
    tables: Reconciled,
    budgets: Budgets,
    parameters: Parameters,
    households: Households,
    draws: Mapping[str, NDArray[np.float32]],
    anchor: Floats,
) -> tuple[str, ...]:
    notes = [
        (
            f"modelled for {budgets.reference_label}: {budgets.title}; relative incomes of ONS "
            f"{parameters.ons_period}; shapes of {parameters.release}"
        ),
    ]
    if inputs.absent:
        notes.append(f"without {', '.join(inputs.absent)}: ranges are wider for it")
    for code in dict.fromkeys(tables.region):
        factor = parameters.shape.kappa[parameters.region_index(code)]
        notes.append(f"spread of incomes inside areas of {code}: {factor:.2f} times the average region's")
    people = draws["people"].astype(np.float64).sum(axis=0)
    below = draws["people_below"].astype(np.float64).sum(axis=0)
    known = np.isfinite(anchor) & (tables.households > 0)
    if known.any() and people.min(initial=0.0) > 0:
        ours = float(np.median(below / people))
        other = float(np.average(anchor[known], weights=draws["people"][known, 0]))
        notes.append(
            f"share below the line {ours:.3f}; with the level set by the income-deprivation rate instead "
            f"{other:.3f}"
        )
    missed = ", ".join(f"{name} {value:.1%}" for name, value in households.missed.items())
    notes.append(f"composition misses its margins by (mean absolute difference): {missed}")
    return (*notes, *tables.report)
