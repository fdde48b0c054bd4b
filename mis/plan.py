"""Everything an estimate needs before it runs over cells, and the arrays of a portion of areas.

The composition, levels and factors of an area are drawn from streams of its own, its MSOA, its
district and its region, so a portion can be run by itself and give what it would give among others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mis.draws import NationalDraws, Spreads, draw_national, stream
from mis.household_types import household_types
from mis.households import Households, fit_households
from mis.inputs import InputsError, MisInputs, Reconciled, reconcile
from mis.level import centred, covariate, spread_means
from mis.lines import Budgets
from mis.parameters import Parameters, Shape

Floats = NDArray[np.float64]

# Errors of the composition in logs, by type: (shared by the district, of the area itself).
_COMPOSITION_SD = {"composition": (0.03, 0.06), "ages": (0.12, 0.15), "neither": (0.18, 0.30)}
# What the area's own error has besides where a further margin is not at hand. Occupancy and deprivation:
# how far households by type move without it, 4,000 LSOAs of England (0.045 and 0.019; Luton 0.051 and
# 0.013). Ages and sizes beside TS003: judged; without TS003 the errors above are those without TS017.
_WITHOUT_SD = {"occupancy": 0.05, "deprivation": 0.02}
_WITHOUT_BESIDE_COMPOSITION_SD = {"ages": 0.10, "sizes": 0.08}


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
class Plan:
    """Checked inputs, fitted composition, and draws of what all areas share.

    Parameters
    ----------
    tables, households, national, parameters, settings, absent
        As their types say; `absent` names the margins that were not at hand.
    covariate
        Centred logit of the income-deprivation rate, by area, or what stands in for it.
    kappa
        Region code -> factor on widths, shape (draw,).
    """

    tables: Reconciled
    households: Households
    national: NationalDraws
    parameters: Parameters
    settings: MisSettings
    absent: tuple[str, ...]
    covariate: Floats
    kappa: Mapping[str, Floats]


def make_plan(inputs: MisInputs, *, budgets: Budgets, settings: MisSettings, parameters: Parameters) -> Plan:
    """Check inputs, fit the composition, and draw what all areas share.

    Raises
    ------
    InputsError
        As in `mis.inputs.reconcile`, or no draws were asked for.
    ParametersError
        A region has no published rate to set its dispersion.
    """
    if settings.draws < 1 or settings.draws != int(settings.draws):
        raise InputsError(f"{settings.draws} draws give no range; ask for a whole number, 200 or more")
    tables = reconcile(inputs)
    kappa = {}
    for code in dict.fromkeys(tables.region):
        error = stream(settings.seed, "region", code).standard_normal(settings.draws)
        central = parameters.shape.kappa[parameters.region_index(code)]
        kappa[code] = central * np.exp(settings.spreads.region * error)
    return Plan(
        tables=tables,
        households=fit_households(tables, parameters.margins),
        national=draw_national(
            parameters,
            budgets,
            draws=settings.draws,
            seed=settings.seed,
            spreads=settings.spreads,
            slope=settings.slope,
        ),
        parameters=parameters,
        settings=settings,
        absent=inputs.absent,
        covariate=covariate(tables),
        kappa=kappa,
    )


def composition_noise(plan: Plan, members: NDArray[np.int_]) -> Floats:
    """Factor on the households of each type, shape (area, draw, type)."""
    tables, settings = plan.tables, plan.settings
    known = "ages" if "ages" not in plan.absent else "neither"
    common, own = _COMPOSITION_SD["composition" if "composition" not in plan.absent else known]
    further = _WITHOUT_SD | ({} if "composition" in plan.absent else _WITHOUT_BESIDE_COMPOSITION_SD)
    own = float(np.hypot(own, np.linalg.norm([further.get(name, 0.0) for name in plan.absent])))
    scale = settings.spreads.composition
    shape = (settings.draws, len(household_types()))
    error = np.empty((len(members), *shape))
    for row, member in enumerate(members):
        random = stream(settings.seed, "area composition", str(tables.codes[member]))
        error[row] = own * scale * random.standard_normal(shape)
    for code in dict.fromkeys(tables.district[members]):
        random = stream(settings.seed, "district composition", code)
        error[tables.district[members] == code] += common * scale * random.standard_normal(shape)
    return np.asarray(np.exp(error, out=error))


def drawn_means(plan: Plan, members: NDArray[np.int_]) -> Floats:
    """Mean equivalised household income of areas, units of the median, shape (area, draw).

    Household-weighted over the areas of an MSOA they give the MSOA's mean of the draw: over all that the
    plan holds, of whom those asked for may be some.
    """
    touched = np.unique(plan.tables.msoa[members])
    whole = np.flatnonzero(np.isin(plan.tables.msoa, touched))
    means = _means_of_whole_msoas(plan, whole)
    return means[np.searchsorted(whole, members)]


def _means_of_whole_msoas(plan: Plan, members: NDArray[np.int_]) -> Floats:
    settings, spreads = plan.settings, plan.settings.spreads
    draws = settings.draws
    part = subset(plan.tables, members)
    log_mean = np.zeros((len(members), draws))
    for code in dict.fromkeys(part.district):
        drift = spreads.district_drift * stream(settings.seed, "district", code).standard_normal(draws)
        log_mean[part.district == code] += drift
    for code in dict.fromkeys(part.msoa):
        inside = part.msoa == code
        random = stream(settings.seed, "msoa", code)
        published = spreads.published * part.income_log_se[inside][:, None]
        log_mean[inside] += published * random.standard_normal(draws)
        log_mean[inside] += spreads.msoa_drift * random.standard_normal(draws)
    noise = np.empty((len(members), draws))
    for row, code in enumerate(part.codes):
        known = np.isfinite(part.income_rate[row])
        sd = spreads.within_msoa if known else spreads.within_msoa_unknown
        noise[row] = sd * stream(settings.seed, "area", str(code)).standard_normal(draws)
    pattern = np.exp(-plan.national.slope[None] * plan.covariate[members][:, None] + centred(noise, part))
    level = part.income_mean[:, None] / plan.parameters.ons_mean * np.exp(log_mean)
    return spread_means(pattern, level * plan.national.mean_income[None], part)


def cell_arrays(plan: Plan, members: NDArray[np.int_]) -> dict[str, Any]:
    """Arrays that `mis.shortfall.run_cells` wants for some areas, without means, level and outputs."""
    types = household_types()
    tables, national = plan.tables, plan.national
    shape = national.shape
    counts = plan.households.counts[members]
    regions, region = np.unique(tables.region[members], return_inverse=True)
    return {
        "counts": counts,
        "tenure": tables.tenure[members],
        "noise": composition_noise(plan, members),
        "kappa": np.stack([plan.kappa[code] for code in regions]),
        "region": region,
        "line": national.log_line,
        "weekly": national.weekly,
        "offset": offsets(shape),
        "follow": np.ascontiguousarray(shape.follow),
        "pensioner": types.is_pensioner,
        "lower": shape.lower,
        "wide": shape.wide,
        "upper": np.asarray(shape.upper),
        "rho": shape.tenure_factors(),
        "zero": np.asarray(shape.zero),
        "people": plan.households.people_factor[members],
        "bases": census_bases(plan, members),
        "weights": np.stack([types.size, types.children, types.under_5, types.pensioners]),
    }


def offsets(shape: Shape) -> Floats:
    """Log medians at the average level in every draw, shape (draw, type, tenure)."""
    pensioner = household_types().is_pensioner.astype(int)
    return np.asarray(shape.alpha[:, :, None] + shape.tau[:, pensioner])


def census_bases(plan: Plan, members: NDArray[np.int_]) -> Floats:
    """Residents of private households, children, under-fives and pensioners by the census, (4, area).

    NaN where not known. Residents are those that the sizes of the fitted households were brought to: where
    counts contradict one another, fewer or more than the census has (see `mis.households`).
    """
    tables, households = plan.tables, plan.households
    bases = np.full((4, len(members)), np.nan)
    if tables.ages is not None:
        sizes = households.counts[members].sum(axis=2) @ household_types().size
        bases[0] = sizes * households.people_factor[members]
        bases[1], bases[3] = tables.ages[members, 0], tables.ages[members, 5]
    if tables.under_5 is not None:
        bases[2] = tables.under_5[members]
    return bases


def subset(tables: Reconciled, members: NDArray[np.int_]) -> Reconciled:
    """Reconciled inputs of some areas, without their census margins."""
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


def portions(tables: Reconciled, members: NDArray[np.int_], *, size: int = 150) -> Iterator[NDArray[np.int_]]:
    """Members in portions of whole MSOAs, because a benchmark holds those together."""
    order = members[np.argsort(tables.msoa[members], kind="stable")]
    msoa = tables.msoa[order]
    edges = np.flatnonzero(np.r_[True, msoa[1:] != msoa[:-1]])
    start = 0
    for edge in [*edges[1:], len(order)]:
        if edge - start >= size or edge == len(order):
            yield np.sort(order[start:edge])
            start = edge
