"""Draws of everything uncertain, each shared by the areas that truly share it.

An error in a budget moves every area together; an error in ONS's mean moves the areas of one MSOA.
Taken apart, ranges for a ward or a borough come out far too narrow. So every component has its own
stream of random numbers, keyed by the seed, its level and the code of the place: results depend neither
on the order of areas nor on which other MSOAs are estimated with them. Inside an MSOA areas share its
mean, so its LSOAs must be given together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mis.distribution import Widths, density, mean_factor, share_below
from mis.household_types import household_types
from mis.lines import Budgets
from mis.parameters import Parameters, Shape
from mis.targets import LOW_INCOME

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spreads:
    """Standard deviations of the uncertain components, in logs unless said.

    Those of ONS come from its own limits; the rest are judgements, stated on the method page.

    Parameters
    ----------
    location, location_by_type
        Of each type's incomes, at a given width: common to all types, and by type.
    width, width_by_type
        Of the widths.
    tenure_scale
        Of the size of the tenure offsets.
    slope
        Of the within-MSOA slope (in its own units).
    region
        Of a region's factor on widths.
    district_drift, msoa_drift
        Relative change of incomes since the year of ONS's estimates.
    within_msoa, within_msoa_unknown
        Of an area's mean around the slope, with and without the income-deprivation rate itself: what
        stands in for it is no measure of income.
    follow
        Of how much pensioners' incomes follow the area (in its own units).
    zero
        Of the share without income (in its own units).
    published
        Factor on ONS's own errors; 1 takes them as published.
    composition
        Factor on the errors of the composition; 1 takes those of the method.
    line_correlation
        Between the errors of derived lines, which share increments.
    """

    location: float = 0.02
    location_by_type: float = 0.04
    width: float = 0.06
    width_by_type: float = 0.05
    tenure_scale: float = 0.20
    slope: float = 0.04
    region: float = 0.10
    district_drift: float = 0.03
    msoa_drift: float = 0.03
    within_msoa: float = 0.07
    within_msoa_unknown: float = 0.12
    follow: float = 0.15
    zero: float = 0.005
    published: float = 1.0
    composition: float = 1.0
    line_correlation: float = 0.36


@dataclass(frozen=True)
class NationalDraws:
    """Draws of what all areas share.

    Parameters
    ----------
    weekly
        Lines, pounds a week, shape (draw, type).
    log_line
        Log of the line in units of the median of equivalised income, shape (draw, type).
    shape
        `Shape` whose arrays carry a leading draw axis: alpha and lower (draw, type), upper and zero
        (draw,), tau (draw, 2, tenure); wide and rho as they are, kappa (draw, region), follow (draw, type).
    mean_income
        National mean over households, units of the median, shape (draw,).
    slope
        Within-MSOA slope, shape (draw,).
    """

    weekly: Floats
    log_line: Floats
    shape: Shape
    mean_income: Floats
    slope: Floats


def stream(seed: int, level: str, code: str = "") -> np.random.Generator:
    """Random numbers of one component of one place, the same wherever else they are drawn."""
    key = hashlib.sha256(f"{seed}|{level}|{code}".encode()).digest()[:16]
    return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


def draw_national(
    parameters: Parameters, budgets: Budgets, *, draws: int, seed: int, spreads: Spreads, slope: float
) -> NationalDraws:
    """Draw lines, shapes and slope, each shape consistent with the national rates drawn for it.

    A width is drawn, and a rate for each type (as a shift of its line); the median income of the type
    then follows from the national mixture. Drawing median and width separately would break the best
    known number there is, the published low-income rate.
    """
    types = household_types()
    count = len(types)
    random = stream(seed, "national")
    common = random.standard_normal((draws, 8))
    by_type = random.standard_normal((draws, 3, count))
    correlation = np.where(budgets.derived, spreads.line_correlation, 0.0)
    errors = budgets.log_sd * (
        np.sqrt(correlation) * common[:, :1] + np.sqrt(1 - correlation) * by_type[:, 0]
    )
    mean, sd = budgets.saving_mean, budgets.saving_sd
    size = mean * (1 - mean) / sd**2 - 1 if sd > 0 else np.inf
    saving = random.beta(mean * size, (1 - mean) * size, draws) if sd > 0 else np.full(draws, mean)
    weekly = budgets.weekly(errors=errors, saving=saving)
    base = parameters.shape
    shift = spreads.location * common[:, 1:2] + spreads.location_by_type * by_type[:, 1]
    lower = base.lower * np.exp(spreads.width * common[:, 2:3] + spreads.width_by_type * by_type[:, 2])
    shape = replace(
        base,
        alpha=np.broadcast_to(base.alpha, (draws, count)),
        lower=lower,
        upper=base.upper * np.exp(spreads.width * common[:, 2]),
        tau=base.tau * (1 + spreads.tenure_scale * common[:, 3])[:, None, None],
        kappa=np.broadcast_to(base.kappa, (draws, len(base.kappa))),
        follow=np.where(
            types.is_pensioner,
            np.clip(base.follow + spreads.follow * common[:, 4:5], 0.1, 1.2),
            base.follow,
        ),
        zero=np.clip(base.zero + spreads.zero * common[:, 5], 0.0, 0.05),
    )
    alpha, mean_income = consistent_medians(parameters, shape, shift)
    return NationalDraws(
        weekly=weekly,
        log_line=np.log(weekly / (types.scale * parameters.median)),
        shape=replace(shape, alpha=alpha),
        mean_income=mean_income,
        slope=slope + spreads.slope * common[:, 6],
    )


def central(parameters: Parameters, budgets: Budgets, *, slope: float) -> NationalDraws:
    """One draw with every component at its central value."""
    none = Spreads(**dict.fromkeys(Spreads.__dataclass_fields__, 0.0))
    exact = replace(budgets, saving_sd=0.0)
    return draw_national(parameters, exact, draws=1, seed=0, spreads=none, slope=slope)


def consistent_medians(parameters: Parameters, shape: Shape, shift: Floats) -> tuple[Floats, Floats]:
    """Medians of the types at which the national mixture keeps its low-income rates.

    Parameters
    ----------
    parameters
        The national solution, whose rates are kept.
    shape
        Shapes with a leading draw axis; their `alpha` is the start of the search.
    shift
        Shift of the low-income line at which the rate is read off the solution, (draw, type).

    Returns
    -------
    tuple of array
        Log medians, (draw, type), and the national mean over households in units of the median, (draw,).
    """
    types = household_types()
    mixture = parameters.mixture
    base = parameters.shape
    pensioner = types.is_pensioner.astype(int)
    low = np.log(LOW_INCOME)
    alpha = np.array(shape.alpha, dtype=float)
    mean = np.zeros(len(alpha))
    for position in range(len(types)):
        households = mixture.households[position]
        people = (households / households.sum()).reshape(-1)
        tenure, _region, _ = (part.reshape(-1) for part in np.indices(households.shape))
        level = np.broadcast_to(mixture.level[None], households.shape).reshape(-1)
        group = pensioner[position]
        factor = (base.rho[group][:, None, None] * base.kappa[None, :, None]) + np.zeros(households.shape)
        factor = factor.reshape(-1)
        wide = np.asarray(base.wide[position])
        offset = base.tau[group][tenure] + base.follow[position] * level
        widths = Widths(base.lower[position] * factor, base.upper * factor, wide)
        distance = low + shift[:, position : position + 1] - base.alpha[position] - offset
        wanted = share_below(distance, widths, np.asarray(base.zero)) @ people
        offset = shape.tau[:, group][:, tenure] + shape.follow[:, position : position + 1] * level[None]
        widths = Widths(
            shape.lower[:, position : position + 1] * factor[None],
            np.asarray(shape.upper)[:, None] * factor[None],
            np.asarray(shape.wide[position]),
        )
        zero = np.asarray(shape.zero)[:, None]
        value = alpha[:, position].copy()
        for _ in range(20):
            distance = low - value[:, None] - offset
            share = share_below(distance, widths, zero) @ people
            steep = (1 - zero[:, 0]) * (density(distance, widths) @ people)
            step = (share - wanted) / np.maximum(steep, 1e-3)
            value += np.clip(step, -0.3, 0.3)
            if np.abs(step).max() < 1e-6:
                break
        alpha[:, position] = value
        mean += (
            (np.exp(value[:, None] + offset) * mean_factor(widths))
            @ households.reshape(-1)
            * (1 - zero[:, 0])
        )
    return alpha, mean
