"""Households by type and tenure in each area, from whatever margins there are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mis.composition import rake_exactly, rake_with_penalties
from mis.household_types import TENURES, household_types
from mis.inputs import Reconciled

Floats = NDArray[np.float64]

# How strongly the national seed holds: types vary between areas by about half in logs, far more than a
# sample of the area's own size would, so the seed counts for this share of its households.
_SEED_STRENGTH = 0.08

# Standard deviation of each margin: a part in proportion to the count, a part in proportion to the
# area's households, and a constant for perturbation. Persons and indirect margins are loose: made
# exact, ages alone turn couples into something else.
_TOLERANCE = {
    "tenure": (0.005, 0.0, 1.0),
    "composition": (0.02, 0.002, 2.0),
    "sizes": (0.04, 0.004, 2.0),
    "ages": (0.10, 0.02, 3.0),
    "crowded": (0.30, 0.01, 2.0),
    "roomy": (0.20, 0.04, 2.0),
    "deprived": (0.25, 0.03, 2.0),
}

# Share of each type's households in each category of TS003 (rows: types; columns: the categories in
# the order of `mis.inputs.COMPOSITION`). Couples of whom one is under 66 count as couples there.
_COMPOSITION_OF: dict[str, tuple[float, ...]] = {
    "single": (0, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    "single_pensioner": (1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "couple": (0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    "couple_pensioner": (0, 0, 0.8, 0.2, 0, 0, 0, 0, 0, 0),
    "couple_1": (0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    "couple_2": (0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    "couple_3": (0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    "couple_4": (0, 0, 0, 0, 1, 0, 0, 0, 0, 0),
    "lone_parent_1": (0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
    "lone_parent_2": (0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
    "lone_parent_3": (0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
    "grown_family": (0, 0, 0, 0, 0, 0.58, 0, 0.38, 0, 0.04),
    "sharers": (0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    "several_families": (0, 0, 0, 0, 0.35, 0, 0.12, 0, 0.53, 0),
}

# Share of each type's households of each size (1, 2, 3, 4, 5, 6 and over), for TS017.
_SIZE_OF: dict[str, tuple[float, ...]] = {
    "single": (1, 0, 0, 0, 0, 0),
    "single_pensioner": (1, 0, 0, 0, 0, 0),
    "couple": (0, 1, 0, 0, 0, 0),
    "couple_pensioner": (0, 1, 0, 0, 0, 0),
    "couple_1": (0, 0, 1, 0, 0, 0),
    "couple_2": (0, 0, 0, 1, 0, 0),
    "couple_3": (0, 0, 0, 0, 1, 0),
    "couple_4": (0, 0, 0, 0, 0, 1),
    "lone_parent_1": (0, 1, 0, 0, 0, 0),
    "lone_parent_2": (0, 0, 1, 0, 0, 0),
    "lone_parent_3": (0, 0, 0, 0.8, 0.15, 0.05),
    "grown_family": (0, 0.27, 0.43, 0.23, 0.05, 0.02),
    "sharers": (0, 0.45, 0.25, 0.15, 0.09, 0.06),
    "several_families": (0, 0.02, 0.13, 0.30, 0.26, 0.29),
}


@dataclass(frozen=True)
class NationalMargins:
    """England's averages, against which areas are held.

    Parameters
    ----------
    tenure
        Share of households by tenure.
    ages
        Residents by age band a household.
    crowded, roomy, deprived
        Share of households with too few bedrooms, with two or more spare, and deprived in two or more
        dimensions.
    """

    tenure: Floats
    ages: Floats
    crowded: float
    roomy: float
    deprived: float


@dataclass(frozen=True)
class Households:
    """Households of every cell, and how well the margins are met.

    Parameters
    ----------
    counts
        Households, shape (area, type, tenure).
    people_factor
        What the average size of each type is multiplied by so that people add up to the residents of
        private households; one where residents are not known.
    missed
        Margin -> mean absolute difference from the margin, as a share of its total.
    settled
        False where the fit of some areas was still moving at its last step.
    """

    counts: Floats
    people_factor: Floats
    missed: dict[str, float]
    settled: bool = True


def national_seed(national: NationalMargins) -> Floats:
    """Share of England's households by type and tenure, shape (type, tenure)."""
    types = household_types()
    return rake_exactly(types.share[:, None] * types.tenure, types.share, national.tenure)


def fit_households(tables: Reconciled, national: NationalMargins, *, chunk: int = 4000) -> Households:
    """Households by type and tenure in each area.

    Parameters
    ----------
    tables
        Reconciled margins.
    national
        England's averages: indirect margins act only through departures from them.
    chunk
        Areas fitted at once; bounds memory, does not change results.
    """
    types = household_types()
    seed = national_seed(national)
    households = tables.households
    margins, design, tolerance, names = _margins(tables, national, seed)
    weights = np.zeros((len(households), seed.size))
    missed = np.zeros_like(margins)
    settled = True
    for start in range(0, len(households), chunk):
        part = slice(start, start + chunk)
        fit = rake_with_penalties(
            households[part, None] * seed.ravel()[None, :], design, margins[part], tolerance[part]
        )
        weights[part] = fit.weights
        missed[part] = fit.missed
        settled &= fit.converged
    counts = weights.reshape(len(households), len(types), len(TENURES))
    # The penalty leaves tenure a household or two away; close it, so that totals are the census's.
    fitted = counts.sum(axis=1)
    counts = (
        counts * np.divide(tables.tenure, fitted, out=np.zeros_like(fitted), where=fitted > 0)[:, None, :]
    )
    people = counts.sum(axis=2) @ types.size
    factor = np.ones(len(households))
    if tables.ages is not None:
        factor = np.divide(tables.household_residents, people, out=np.ones_like(people), where=(people > 0))
        factor = np.where(tables.household_residents > 0, np.clip(factor, 0.4, 2.5), 1.0)
    shares = {
        name: float(np.abs(missed[:, columns]).sum() / max(float(margins[:, columns].sum()), 1.0))
        for name, columns in names.items()
    }
    return Households(counts, factor, shares, settled)


def _margins(
    tables: Reconciled, national: NationalMargins, seed: Floats
) -> tuple[Floats, Floats, Floats, dict[str, slice]]:
    types = household_types()
    rows: list[Floats] = []
    values: list[Floats] = []
    spread: list[Floats] = []
    names: dict[str, slice] = {}
    by_type = seed.sum(axis=1)

    def add(name: str, design: Floats, margin: Floats) -> None:
        relative, of_households, constant = _TOLERANCE[name]
        start = sum(len(part) for part in rows)
        rows.append(design)
        values.append(margin)
        sd = relative * margin + of_households * tables.households[:, None] + constant
        spread.append(sd * np.sqrt(_SEED_STRENGTH))
        names[name] = slice(start, start + len(design))

    def cells(per_type: Floats) -> Floats:
        # (..., type) -> (..., type x tenure)
        return np.repeat(per_type, len(TENURES), axis=-1)

    add("tenure", np.tile(np.eye(len(TENURES)), len(types)), tables.tenure)
    if tables.ages is not None:
        ratio = national.ages / (by_type @ types.persons)
        add("ages", cells(types.persons.T * ratio[:, None]), tables.ages)
    if tables.composition is not None:
        table = np.array([_COMPOSITION_OF[name] for name in types.ids], dtype=float)
        add("composition", cells(table.T), tables.composition)
    if tables.sizes is not None:
        table = np.array([_SIZE_OF[name] for name in types.ids], dtype=float)
        add("sizes", cells(table.T), tables.sizes)
    for name, weight, average, margin in (
        ("crowded", types.crowded, national.crowded, _columns(tables.occupancy, 3, 5)),
        ("roomy", types.roomy, national.roomy, _columns(tables.occupancy, 0, 1)),
        ("deprived", types.deprived, national.deprived, _columns(tables.deprivation, 2, 5)),
    ):
        if margin is not None:
            chance = np.minimum(weight * average / (by_type @ weight), 1.0)
            add(name, cells(chance[None, :]), margin)
    return np.hstack(values), np.vstack(rows), np.hstack(spread), names


def _columns(table: Floats | None, first: int, last: int) -> Floats | None:
    return None if table is None else table[:, first:last].sum(axis=1, keepdims=True)
