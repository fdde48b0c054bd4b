"""Households below the Minimum Income Standard by small area, with ranges.

`estimate_shortfall` reads like the method: inputs are reconciled, a composition is fitted, lines,
shapes and levels are drawn with the errors that areas share, incomes in every cell are summed exactly,
and what comes back are draws of sums, from which every figure of every larger area is taken
(`mis.summary`). Everything is modelled, and nothing here says anything of one household.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.geography import Geography
from mis.distribution import Widths, share_below
from mis.draws import central
from mis.household_types import household_types
from mis.inputs import InputsError, MisInputs
from mis.lines import Budgets, check_budgets, lines_under, read_budgets
from mis.parameters import Parameters, read_parameters
from mis.plan import MisSettings, Plan, cell_arrays, drawn_means, make_plan, offsets, portions
from mis.shortfall import QUANTITIES, run_cells, solve_levels
from mis.targets import LOW_INCOME

Floats = NDArray[np.float64]
Draws = NDArray[np.float32]
Progress = Callable[[int, int], None]
ByType = dict[str, dict[str, dict[str, Draws]]]

#: Quantities kept by household type for districts.
TYPE_QUANTITIES: tuple[str, ...] = ("people", "people_below", "shortfall")

_KEPT_STATE = 4_000_000  # area x draw; beyond that the state for what-if questions is not kept


@dataclass(frozen=True)
class State:
    """What was drawn, so that a what-if question can use the same draws.

    Parameters
    ----------
    plan
        Inputs and shared draws.
    members
        Positions of the estimate's areas in the plan.
    level
        Level of each area, shape (area, draw).
    """

    plan: Plan
    members: NDArray[np.int_]
    level: Floats


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
        District code -> household type -> quantity (`TYPE_QUANTITIES`) -> shape (draw,).
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
    draws: Mapping[str, Draws]
    by_type: Mapping[str, Mapping[str, Mapping[str, Draws]]]
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
    codes: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> ShortfallEstimate:
    """Estimate people below the Minimum Income Standard and their shortfall, by LSOA.

    Parameters
    ----------
    inputs
        Published tables of the areas wanted, and of the other LSOAs of their MSOAs: see `MisInputs`. An
        MSOA's mean is shared out among those of its LSOAs that are here; of an MSOA of which only some
        are, those are taken for the whole.
    budgets
        Lines; ours of April 2025 if left out.
    settings
        Draws and seed; 1,000 and 2040 if left out.
    parameters
        The national solution; that of FYE 2025 if left out.
    codes
        LSOAs to estimate, where not all of ``inputs.areas`` are wanted; the others only make their MSOAs
        whole.
    progress
        Called with areas done and areas in all.

    Returns
    -------
    ShortfallEstimate
        On LSOAs of 2021, in the order of ``inputs.areas``, or of `codes`.

    Raises
    ------
    InputsError
        A table lacks a column or an area, or holds an impossible number; one of `codes` is not in
        ``inputs.areas``.
    BudgetError
        The lines describe another year than the national solution, or one lies under the low-income line.
    ParametersError
        A region has no published rate to set its dispersion.
    """
    lines, plan = _planned(inputs, budgets, settings, parameters)
    members = np.arange(len(plan.tables.codes))
    if codes is not None:
        members = plan.tables.codes.get_indexer(pd.Index(codes))
        if (members < 0).any():
            absent = codes[int(np.argmax(members < 0))]
            raise InputsError(f"{absent} is not among the areas of the inputs; give its row and its tables")
    return _run(plan, members, lines, progress)


def resume_estimate(
    inputs: MisInputs,
    codes: Sequence[str],
    draws: Mapping[str, Draws],
    *,
    budgets: Budgets | None = None,
    settings: MisSettings | None = None,
    parameters: Parameters | None = None,
) -> ShortfallEstimate:
    """Take up an estimate again from its inputs and draws, so that a what-if question may be asked of it.

    Levels are solved again and sums are not, which takes a fraction of the time.

    Parameters
    ----------
    inputs
        What it was made from.
    codes, draws
        Its areas and its draws, quantity -> (area, draw).
    budgets, settings, parameters
        As it was made with.

    Raises
    ------
    InputsError
        The draws are not those that these inputs and settings give: held against the first areas.
    """
    lines, plan = _planned(inputs, budgets, settings, parameters)
    tables, members = plan.tables, np.arange(len(plan.tables.codes))
    if list(tables.codes) != list(codes):
        raise InputsError("the draws are of other areas than the inputs, or in another order")
    level = np.zeros((len(members), plan.settings.draws))
    for portion in portions(tables, members):
        level[portion] = solve_levels(means=drawn_means(plan, portion), **cell_arrays(plan, portion))
    first = np.flatnonzero(tables.msoa == tables.msoa[0])
    again = np.zeros((len(QUANTITIES), len(first), plan.settings.draws), np.float32)
    run_cells(
        **cell_arrays(plan, first),
        means=np.zeros((len(first), plan.settings.draws)),
        level=level[first],
        solve=False,
        out=again,
        by_type=np.zeros((*level[first].shape, len(household_types()), len(TYPE_QUANTITIES)), np.float32),
    )
    for name in ("people", "people_below", "shortfall"):
        held = np.asarray(draws[name])[first]
        if held.shape != again[0].shape or not np.allclose(held, again[QUANTITIES.index(name)], rtol=1e-4):
            raise InputsError(
                f"the draws of {name} are not those that these inputs, {plan.settings.draws} draws and seed "
                f"{plan.settings.seed} give in this version; make the estimate again"
            )
    return ShortfallEstimate(
        geography=Geography("lsoa", 2021),
        codes=tables.codes,
        draws=draws,
        by_type={},
        notes=(),
        reference_year=lines.reference_label,
        absent=plan.absent,
        residents=tables.household_residents,
        anchor=np.full(0, np.nan),
        parents=dict(zip(tables.codes, tables.district, strict=True)),
        state=State(plan, members, level),
    )


def stream_estimates(
    inputs: MisInputs,
    *,
    budgets: Budgets | None = None,
    settings: MisSettings | None = None,
    parameters: Parameters | None = None,
) -> Iterator[ShortfallEstimate]:
    """Estimate district by district, in order of code, holding one district's draws at a time.

    The draws are those that `estimate_shortfall` would give for all areas together, also where an MSOA
    of 2011 lies in two districts.

    Parameters
    ----------
    inputs, budgets, settings, parameters
        As in `estimate_shortfall`.
    """
    lines, plan = _planned(inputs, budgets, settings, parameters)
    for code in sorted(set(plan.tables.district)):
        yield _run(plan, np.flatnonzero(plan.tables.district == code), lines, None)


def _planned(
    inputs: MisInputs, budgets: Budgets | None, settings: MisSettings | None, parameters: Parameters | None
) -> tuple[Budgets, Plan]:
    lines, solution = budgets or read_budgets(), parameters or read_parameters()
    check_budgets(lines, period=solution.period, median=solution.median)
    return lines, make_plan(inputs, budgets=lines, settings=settings or MisSettings(), parameters=solution)


def _run(
    plan: Plan, members: NDArray[np.int_], budgets: Budgets, progress: Progress | None
) -> ShortfallEstimate:
    tables, draws = plan.tables, plan.settings.draws
    count = len(household_types())
    out = np.zeros((len(QUANTITIES), len(members), draws), np.float32)
    level = np.zeros((len(members), draws))
    by_type = _empty_by_type(tables.district[members], draws)
    place = pd.Index(members)
    done = 0
    for portion in portions(tables, members):
        sums = np.zeros((len(QUANTITIES), len(portion), draws), np.float32)
        detail = np.zeros((len(portion), draws, count, len(TYPE_QUANTITIES)), np.float32)
        found = np.zeros((len(portion), draws))
        run_cells(
            **cell_arrays(plan, portion),
            means=drawn_means(plan, portion),
            level=found,
            solve=True,
            out=sums,
            by_type=detail,
        )
        rows = place.get_indexer(pd.Index(portion))
        out[:, rows], level[rows] = sums, found
        _add_by_type(by_type, tables.district[portion], detail)
        done += len(portion)
        if progress is not None:
            progress(done, len(members))
    sums_by_name = dict(zip(QUANTITIES, out, strict=True))
    anchor = second_anchor(plan, members, budgets)
    keep = plan.settings.keep_state and len(members) * draws <= _KEPT_STATE
    codes = tables.codes[members]
    return ShortfallEstimate(
        geography=Geography("lsoa", 2021),
        codes=codes,
        draws=sums_by_name,
        by_type=by_type,
        notes=_notes(plan, members, budgets, sums_by_name, anchor),
        reference_year=budgets.reference_label,
        absent=plan.absent,
        residents=tables.household_residents[members],
        anchor=anchor,
        parents=dict(zip(codes, tables.district[members], strict=True)),
        state=State(plan, members, level) if keep else None,
    )


def second_anchor(plan: Plan, members: NDArray[np.int_], budgets: Budgets) -> Floats:
    """Share of people below the line with each area's level set by its income-deprivation rate.

    The rate, scaled so that England's average is its low-income rate, is taken for the area's share in
    low income. Central values only.

    Returns
    -------
    array of float
        By area; NaN where the rate is not known or nobody lives there.
    """
    tables, parameters = plan.tables, plan.parameters
    national = central(parameters, budgets, slope=plan.settings.slope)
    shape, types = national.shape, household_types()
    rate = tables.income_rate[members]
    wanted = np.clip(rate * parameters.low_income / parameters.income_rate, 0.015, 0.95)
    region = np.array([parameters.region_index(code) for code in tables.region[members]])
    factor = shape.tenure_factors()[None] * parameters.shape.kappa[region][:, None, None]
    widths = Widths(
        shape.lower[0][None, :, None] * factor,
        np.asarray(shape.upper)[0] * factor,
        shape.wide[None, :, None],
    )
    zero = np.asarray(shape.zero)[0]
    line = national.log_line[0][None, :, None]
    people = plan.households.counts[members] * types.size[None, :, None]
    total = people.sum(axis=(1, 2))
    low, high = np.full(len(total), -3.0), np.full(len(total), 3.0)
    median = offsets(shape)
    for _ in range(30):
        middle = (low + high) / 2
        median = offsets(shape) + shape.follow[0][None, :, None] * middle[:, None, None]
        below = share_below(np.log(LOW_INCOME) - median, widths, zero)
        found = (people * below).sum(axis=(1, 2)) / np.maximum(total, 1e-9)
        low, high = np.where(found > wanted, middle, low), np.where(found > wanted, high, middle)
    share = (people * share_below(line - median, widths, zero)).sum(axis=(1, 2)) / np.maximum(total, 1e-9)
    return np.where((total > 0) & np.isfinite(rate), share, np.nan)


def _empty_by_type(district: NDArray[np.str_], draws: int) -> ByType:
    return {
        str(code): {
            name: {part: np.zeros(draws, np.float32) for part in TYPE_QUANTITIES}
            for name in household_types().ids
        }
        for code in dict.fromkeys(district)
    }


def _add_by_type(by_type: ByType, district: NDArray[np.str_], detail: Draws) -> None:
    for code in dict.fromkeys(district):
        total = detail[district == code].astype(np.float64).sum(axis=0)
        for position, type_id in enumerate(household_types().ids):
            for part, name in enumerate(TYPE_QUANTITIES):
                by_type[str(code)][type_id][name] += total[:, position, part].astype(np.float32)


def _notes(
    plan: Plan,
    members: NDArray[np.int_],
    budgets: Budgets,
    draws: Mapping[str, Draws],
    anchor: Floats,
) -> tuple[str, ...]:
    tables, parameters = plan.tables, plan.parameters
    notes = [
        (
            f"modelled for {budgets.reference_label}: {budgets.title}; relative incomes of ONS "
            f"{parameters.ons_period}; shapes of {parameters.release}"
        ),
    ]
    if plan.absent:
        notes.append(f"without {', '.join(plan.absent)}: ranges are wider for it")
    for name, (line, low) in lines_under(budgets, median=parameters.median).items():
        notes.append(
            f"the line of {name} ({line:.2f} pounds a week) lies under the low-income line of its type, "
            f"{low:.2f}: check it"
        )
    for code in dict.fromkeys(tables.region[members]):
        factor = parameters.shape.kappa[parameters.region_index(code)]
        notes.append(f"spread of incomes inside areas of {code}: {factor:.2f} times the average region's")
    people = draws["people"].astype(np.float64).sum(axis=0)
    below = draws["people_below"].astype(np.float64).sum(axis=0)
    known = np.isfinite(anchor) & (tables.households[members] > 0)
    if known.any() and (people > 0).all():
        ours = float(np.median(below / people))
        other = float(np.average(anchor[known], weights=draws["people"][known, 0]))
        notes.append(
            f"share below the line {ours:.3f}; with the level set by the income-deprivation rate instead "
            f"{other:.3f}"
        )
    missed = ", ".join(f"{name} {value:.1%}" for name, value in plan.households.missed.items())
    notes.append(f"composition misses its margins by (mean absolute difference): {missed}")
    if not plan.households.settled:
        notes.append(
            "the composition of some areas was still moving at its last step: their margins contradict one "
            "another, so look at what they are missed by"
        )
    return (*notes, *tables.report)
