"""The national solution: shapes of income that return every published rate over all areas of England.

Two steps alternate until nothing moves. Area levels: each area's mean income, by ONS relative to
England and the within-MSOA slope, is turned into a level given its composition. Shapes: given the
levels, the medians of the types, the widths, the tenure offsets and the regional factors are chosen
so that the mixture over all areas returns HBAI's low-income rate of every type, its local densities,
the pensioners' rates by tenure, the nine regional rates and the national quantiles, jointly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import expit, logit

from mis.household_types import household_types
from mis.households import Households, NationalMargins, fit_households
from mis.inputs import REGIONS, Reconciled
from mis.level import area_levels, relative_means
from mis.parameters import Mixture, Parameters, Shape, low_income_shares, mean_income
from mis.targets import LOW_INCOME, Targets

Floats = NDArray[np.float64]

ZERO_INCOME = 0.012
PENSIONERS_FOLLOW = 0.6
WITHIN_SLOPE = 0.17
_BINS = 8
_DENSITY_SD = 0.20  # of its logarithm: three years of one survey, few people between the lines
_WIDTH_PRIOR = (np.log(0.45), 0.15)
_WIDE_PRIOR = (-1.0, 0.7)  # logit of the wide share


@dataclass(frozen=True)
class Solution:
    """The national solution and how well it returns what it was fitted to.

    Parameters
    ----------
    parameters
        What single authorities need.
    level
        Level of each area.
    households
        Fitted composition of each area.
    fitted
        Target -> (wanted, returned).
    rounds
        Alternations made.
    """

    parameters: Parameters
    level: Floats
    households: Households
    fitted: dict[str, tuple[float, float]]
    rounds: int


def national_margins(tables: Reconciled) -> NationalMargins:
    """England's census averages from the margins of all its areas.

    Raises
    ------
    ValueError
        A margin that the averages need is absent.
    """
    if tables.ages is None or tables.occupancy is None or tables.deprivation is None:
        raise ValueError("the national solution needs ages, occupancy and deprivation for every area")
    households = tables.households.sum()
    return NationalMargins(
        tenure=tables.tenure.sum(axis=0) / households,
        ages=tables.ages.sum(axis=0) / households,
        crowded=float(tables.occupancy[:, 3:].sum() / households),
        roomy=float(tables.occupancy[:, 0].sum() / households),
        deprived=float(tables.deprivation[:, 2:].sum() / households),
    )


def calibrate(
    tables: Reconciled,
    targets: Targets,
    *,
    income_rate: float,
    made: dict[str, Any],
    slope: float = WITHIN_SLOPE,
    rounds: int = 6,
    kappa: dict[str, float] | None = None,
    one_shape: bool = False,
    social_width: float = 1.0,
    shared_widths: bool = False,
) -> Solution:
    """Solve the parameters for England.

    Parameters
    ----------
    tables
        Reconciled inputs of every LSOA of England.
    targets
        National facts.
    income_rate
        England's income-deprivation rate, stored for the second anchor.
    made
        Papers: hashes of the inputs and the command.
    slope
        Within-MSOA slope of log mean income on the logit of the income-deprivation rate.
    rounds
        Most alternations.
    kappa
        Regional factors held fixed (region -> factor), for leaving a region's rate out of the fit;
        the others are solved.
    one_shape
        Give every region the same widths, to show what the regional factors do.
    social_width
        Factor on widths of social tenants under pension age. HBAI gives pensioners by tenure only, so it
        is not fitted; another than 1 shows what it would do.
    shared_widths
        Give people under pension age the tenure factors fitted for pensioners, to show the same.
    """
    widths = (social_width, shared_widths)
    national = national_margins(tables)
    households = fit_households(tables, national)
    region = np.array([list(REGIONS).index(code) for code in tables.region])
    shape = _start(targets)
    relative = relative_means(tables, slope=slope)
    ons_mean = float(np.average(tables.income_mean, weights=tables.households))
    level = np.log(np.maximum(relative, 1e-6))
    average = targets.mean
    done = 0
    while done < rounds:
        done += 1
        before = level
        mixture = make_mixture(households, region, level)
        shape = _solve_shape(shape, mixture, targets, fixed=kappa or {}, one_shape=one_shape, widths=widths)
        level = area_levels(households.counts, relative * average, shape, region)
        shift = float(np.average(level, weights=tables.households))
        # Only the sum of median and level is identified: levels average to nothing.
        average *= np.exp(-shift)
        level = area_levels(households.counts, relative * average, shape, region)
        if np.abs(level - before).max() < 1e-5:
            break
    mixture = make_mixture(households, region, level)
    shape = _solve_shape(shape, mixture, targets, fixed=kappa or {}, one_shape=one_shape, widths=widths)
    parameters = Parameters(
        period=targets.period,
        release=targets.release,
        made=made,
        median=targets.median,
        shape=shape,
        mixture=mixture,
        mean_income=mean_income(shape, mixture),
        ons_mean=ons_mean,
        ons_period="FYE 2020",
        margins=national,
        income_rate=income_rate,
        low_income=targets.england,
    )
    return Solution(parameters, level, households, fitted_rates(parameters, targets), done)


def make_mixture(households: Households, region: NDArray[np.int_], level: Floats) -> Mixture:
    """Households by type, tenure, region and bin of area level.

    Bins are eighths of each region's households; the level of a bin is its mean, so the region's mean
    level is kept.
    """
    total = households.counts.sum(axis=(1, 2))
    counts = np.zeros((*households.counts.shape[1:], len(REGIONS), _BINS))
    levels = np.zeros((len(REGIONS), _BINS))
    for position in range(len(REGIONS)):
        inside = np.flatnonzero(region == position)
        order = inside[np.argsort(level[inside], kind="stable")]
        rank = np.cumsum(total[order]) - total[order] / 2
        bins = np.minimum((rank / max(total[order].sum(), 1e-9) * _BINS).astype(int), _BINS - 1)
        for part in range(_BINS):
            members = order[bins == part]
            if not total[members].sum() > 0:
                continue
            counts[:, :, position, part] = households.counts[members].sum(axis=0)
            levels[position, part] = np.average(level[members], weights=total[members])
    return Mixture(tuple(REGIONS), levels, counts / counts.sum())


def fitted_rates(parameters: Parameters, targets: Targets) -> dict[str, tuple[float, float]]:
    """Targets beside what the mixture returns: name -> (wanted, returned)."""
    types = household_types()
    mixture, shape = parameters.mixture, parameters.shape
    people = mixture.people
    low = low_income_shares(shape, mixture, np.log(LOW_INCOME))
    by_type = (low * people).sum(axis=(1, 2, 3)) / people.sum(axis=(1, 2, 3))
    found: dict[str, tuple[float, float]] = {}
    for name, wanted, got in zip(types.ids, targets.type_rates, by_type, strict=True):
        found[f"rate of {name}"] = (float(wanted), float(got))
    by_region = (low * people).sum(axis=(0, 1, 3)) / people.sum(axis=(0, 1, 3))
    for code, got in zip(mixture.regions, by_region, strict=True):
        found[f"rate of {code}"] = (targets.regions[code], float(got))
    found["rate of England"] = (targets.england, float((low * people).sum()))
    for share, value in targets.quantiles:
        below = float((low_income_shares(shape, mixture, np.log(value)) * people).sum())
        found[f"share below the {share:.0%} quantile"] = (share, below)
    found["mean over median"] = (targets.mean, _people_mean(shape, mixture))
    pens = _tenure_rates(low, people, pensioner=True)
    for tenure, (wanted, got) in enumerate(zip(targets.pensioner_tenure, pens, strict=True)):
        found[f"pensioners, tenure {tenure}"] = (float(wanted), float(got))
    everyone = (low * people).sum(axis=(0, 2, 3)) / people.sum(axis=(0, 2, 3))
    for tenure, (wanted, got) in enumerate(zip(targets.tenure, everyone, strict=True)):
        found[f"everyone (pattern only), tenure {tenure}"] = (float(wanted), float(got))
    for group, wanted in targets.density.items():
        found[f"density of {group}"] = (wanted, _density(shape, mixture, people, group))
    return found


def _people_mean(shape: Shape, mixture: Mixture) -> float:
    return mean_income(shape, replace(mixture, households=mixture.people))


def _tenure_rates(low: Floats, people: Floats, *, pensioner: bool) -> Floats:
    chosen = household_types().is_pensioner == pensioner
    part = people[chosen]
    return np.asarray((low[chosen] * part).sum(axis=(0, 2, 3)) / part.sum(axis=(0, 2, 3)))


def _groups() -> list[str]:
    return list(dict.fromkeys(household_types().groups))


def _density(shape: Shape, mixture: Mixture, people: Floats, group: str) -> float:
    chosen = np.array([name == group for name in household_types().groups])
    weight = people[chosen] / people[chosen].sum()
    step = 1e-3
    above = low_income_shares(shape, mixture, np.log(LOW_INCOME) + step)[chosen]
    below = low_income_shares(shape, mixture, np.log(LOW_INCOME) - step)[chosen]
    return float(((above - below) * weight).sum() / (2 * step))


def _start(targets: Targets) -> Shape:
    types = household_types()
    lower = np.full(len(types), 0.5)
    alpha = np.log(LOW_INCOME) - lower * logit(targets.type_rates) / 1.7
    return Shape(
        alpha=alpha,
        lower=lower,
        wide=np.full(len(types), 0.25),
        upper=0.45,
        tau=np.array([[0.15, 0.2, -0.3, -0.25], [0.0, 0.0, -0.3, -0.35]]),
        rho=np.ones((2, 4)),
        kappa=np.ones(len(REGIONS)),
        follow=np.where(types.is_pensioner, PENSIONERS_FOLLOW, 1.0),
        zero=ZERO_INCOME,
    )


def _solve_shape(
    start: Shape,
    mixture: Mixture,
    targets: Targets,
    *,
    fixed: dict[str, float],
    one_shape: bool,
    widths: tuple[float, bool],
) -> Shape:
    types = household_types()
    groups = _groups()
    of_group = np.array([groups.index(name) for name in types.groups])
    people = mixture.people
    by_type = people.sum(axis=(1, 2, 3))
    by_region = people.sum(axis=(0, 1, 3))
    held = np.array([code in fixed for code in mixture.regions]) | one_shape
    held_at = np.array([np.log(fixed.get(code, 1.0)) for code in mixture.regions])
    free = np.flatnonzero(~held)
    count, width = len(types), len(groups)
    region_target = np.array([targets.regions[code] for code in mixture.regions])
    first = {group: int(np.argmax(of_group == position)) for position, group in enumerate(groups)}

    def unpack(theta: Floats) -> Shape:
        alpha, theta = theta[:count], theta[count:]
        lower, theta = np.exp(np.clip(theta[:width], -3, 0.5))[of_group], theta[width:]
        wide, theta = expit(theta[:width])[of_group], theta[width:]
        upper, theta = float(np.exp(np.clip(theta[0], -3, 0.5))), theta[1:]
        tau = np.zeros((2, 4))
        tau[0, [0, 2, 3]], tau[1, 1:], theta = theta[:3], theta[3:6], theta[6:]
        rho = np.ones((2, 4))
        rho[1, 2:], theta = np.exp(theta[:2]), theta[2:]
        rho[0, 2:] = rho[1, 2:] if widths[1] else (widths[0], 1.0)
        log_kappa = held_at.copy()
        log_kappa[free] = theta
        return replace(
            start,
            alpha=alpha,
            lower=lower,
            wide=wide,
            upper=upper,
            tau=tau,
            rho=rho,
            kappa=np.exp(np.clip(log_kappa, -2, 1)),
        )

    def misses(theta: Floats) -> Floats:
        shape = unpack(theta)
        low = low_income_shares(shape, mixture, np.log(LOW_INCOME))
        parts = [((low * people).sum(axis=(1, 2, 3)) / by_type - targets.type_rates) / 5e-4]
        regional = (low * people).sum(axis=(0, 1, 3)) / by_region
        parts.append(((regional - region_target) / 5e-4)[free])
        pens = _tenure_rates(low, people, pensioner=True)
        parts.append((logit(pens) - logit(targets.pensioner_tenure) - _mean_gap(pens, targets)) / 0.02)
        everyone = (low * people).sum(axis=(0, 2, 3)) / people.sum(axis=(0, 2, 3))
        gap = logit(everyone) - logit(targets.tenure)
        parts.append((gap - gap.mean()) / 0.02)
        near = low_income_shares(shape, mixture, np.log(LOW_INCOME) + 1e-3)
        steep = (near - low) / 1e-3
        slope = (steep * people).sum(axis=(1, 2, 3))
        by_tenure = _tenure_rates(steep, people, pensioner=True)
        miss = np.log(by_tenure / targets.pensioner_density)[[0, 2, 3]]
        parts.append(miss / _DENSITY_SD)
        for group, wanted in targets.density.items():
            chosen = of_group == groups.index(group)
            density = slope[chosen].sum() / by_type[chosen].sum()
            parts.append(np.array([np.log(max(density, 1e-6) / wanted) / _DENSITY_SD]))
            one = first[group]
            parts.append(np.array([(np.log(shape.lower[one]) - _WIDTH_PRIOR[0]) / _WIDTH_PRIOR[1]]))
            parts.append(np.array([(logit(shape.wide[one]) - _WIDE_PRIOR[0]) / _WIDE_PRIOR[1]]))
        parts.append(np.array([(np.log(shape.upper) - np.log(0.42)) / 0.10]))
        for share, value in targets.quantiles:
            below = float((low_income_shares(shape, mixture, np.log(value)) * people).sum())
            parts.append(np.array([(below - share) / 0.003]))
        parts.append(np.array([(_people_mean(shape, mixture) - targets.mean) / 0.03]))
        # Widths and regional factors only matter as products: the factors average to one.
        parts.append(np.array([float(np.log(shape.kappa) @ by_region) / 1e-3]))
        return np.concatenate(parts)

    tau = start.tau - np.array([[start.tau[0, 1]], [start.tau[1, 0]]])
    theta = np.concatenate(
        [
            start.alpha + np.where(types.is_pensioner, start.tau[1, 0], start.tau[0, 1]),
            np.log([start.lower[first[group]] for group in groups]),
            logit([start.wide[first[group]] for group in groups]),
            [np.log(start.upper)],
            tau[0, [0, 2, 3]],
            tau[1, 1:],
            np.log(start.rho[1, 2:]),
            np.log(start.kappa)[free],
        ]
    )
    return unpack(least_squares(misses, theta, method="lm", xtol=1e-7, ftol=1e-7).x)


def _mean_gap(rates: Floats, targets: Targets) -> float:
    # The pensioners' total is met through their types; tenure tells only the differences.
    return float((logit(rates) - logit(targets.pensioner_tenure)).mean())


__all__ = [
    "Solution",
    "calibrate",
    "fitted_rates",
    "make_mixture",
    "national_margins",
]
