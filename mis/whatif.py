"""What if incomes of some households rose: the same draws before and after, and what it would cost.

A gain is pounds a week for a stated share of the households of named cells, added to income after
housing costs, never a multiple of it; a rent change is a gain or loss of income, the line stays. Shapes,
levels and benchmarks are frozen. No behaviour, taper, cap or interaction with other benefits is
modelled: the result is a first-round difference, and its cost is gross.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crosswalk import Crosswalk
from geo.errors import UserError
from geo.figures import tidy_figures
from mis.estimate import TYPE_QUANTITIES, ShortfallEstimate
from mis.household_types import TENURES, household_types
from mis.plan import cell_arrays, portions
from mis.shortfall import QUANTITIES, run_cells
from mis.summary import INTERVAL, SOURCE, aggregate

Floats = NDArray[np.float64]

LIMITS = (
    "first-round, gross: no change of behaviour, no tapers, caps or other benefits withdrawn; "
    "shares of households in each cell, not named households"
)


class WhatIfError(UserError, ValueError):
    """A change names no cell, an unknown one, or an impossible share or sum."""


@dataclass(frozen=True)
class Change:
    """Pounds a week for households of some types and tenures.

    Parameters
    ----------
    label
        In a reader's words, such as "£20 a week for each child".
    weekly
        Pounds a week for each household that gets it; negative for a loss, such as a rent rise.
    per_child
        True if `weekly` is for each dependent child.
    types
        Household types that get it; all if empty.
    tenures
        Tenures that get it; all if empty.
    uptake
        Share of those households that get it, 0 to 1: entitlement times take-up.
    """

    label: str
    weekly: float
    per_child: bool = False
    types: Sequence[str] = ()
    tenures: Sequence[str] = ()
    uptake: float = 1.0


@dataclass(frozen=True)
class Difference:
    """After less before, in every draw.

    Parameters
    ----------
    change
        What was asked.
    estimate
        Differences as an estimate: its draws are changes of sums, and add over areas as those do.
    before
        The estimate it is held against.
    cost
        Pounds a week paid, gross, by area.
    cost_below
        Share of that cost that reaches households below their line, over all areas, shape (draw,).
    """

    change: Change
    estimate: ShortfallEstimate
    before: ShortfallEstimate
    cost: Floats
    cost_below: Floats


def what_if(estimate: ShortfallEstimate, change: Change) -> Difference:
    """Difference that a change of income would make, with the draws of the estimate.

    Parameters
    ----------
    estimate
        On LSOAs, with its state kept.
    change
        Who gets how much.

    Raises
    ------
    WhatIfError
        The change names an unknown type or tenure, an uptake outside 0 to 1, or a sum that is not a
        number; or the estimate has no state (it was aggregated, or made without it).
    """
    if estimate.state is None:
        raise WhatIfError(
            "this estimate keeps no state to ask a what-if question of; make it on LSOAs with "
            "MisSettings(keep_state=True), ask, and aggregate the difference"
        )
    gain, uptake = _cells(change)
    state = estimate.state
    plan, count = state.plan, len(household_types())
    draws = plan.settings.draws
    scale = household_types().scale[:, None] * plan.parameters.median
    out = np.zeros((len(QUANTITIES), len(state.members), draws), np.float32)
    cost = np.zeros(len(state.members))
    cost_below = np.zeros(draws)
    cost_all = np.zeros(draws)
    place = pd.Index(state.members)
    by_type = {
        code: {name: {part: np.zeros(draws, np.float32) for part in TYPE_QUANTITIES} for name in types}
        for code, types in estimate.by_type.items()
    }
    paid = (gain * uptake)[None]
    for portion in portions(plan.tables, state.members):
        rows = place.get_indexer(pd.Index(portion))
        arrays = cell_arrays(plan, portion)
        arrays |= {"gain": gain / scale, "uptake": uptake}
        sums = np.zeros((len(QUANTITIES), len(portion), draws), np.float32)
        detail = np.zeros((len(portion), draws, count, len(TYPE_QUANTITIES)), np.float32)
        reached = np.zeros((len(portion), draws, 2))
        run_cells(
            **arrays,
            means=np.zeros((len(portion), draws)),
            level=state.level[rows],
            solve=False,
            change=True,
            out=sums,
            by_type=detail,
            paid=gain * uptake,
            reached=reached,
        )
        out[:, rows] = sums
        cost[rows] = (arrays["counts"] * paid).sum(axis=(1, 2))
        cost_all += reached[:, :, 0].sum(axis=0)
        cost_below += reached[:, :, 1].sum(axis=0)
        district = plan.tables.district[portion]
        for code in dict.fromkeys(district):
            total = detail[district == code].astype(np.float64).sum(axis=0)
            for position, name in enumerate(household_types().ids):
                for part, quantity in enumerate(TYPE_QUANTITIES):
                    by_type[str(code)][name][quantity] += total[:, position, part].astype(np.float32)
    difference = ShortfallEstimate(
        geography=estimate.geography,
        codes=estimate.codes,
        draws=dict(zip(QUANTITIES, out, strict=True)),
        by_type=by_type,
        notes=(f"what if: {change.label}", LIMITS),
        reference_year=estimate.reference_year,
        absent=estimate.absent,
        residents=estimate.residents,
        anchor=np.full(0, np.nan),
        parents=estimate.parents,
        state=None,
    )
    share = np.divide(cost_below, cost_all, out=np.zeros_like(cost_below), where=cost_all != 0)
    return Difference(change, difference, estimate, cost, share)


def summarise_difference(difference: Difference, crosswalk: Crosswalk) -> pd.DataFrame:
    """Figures of a difference for wards or districts: medians and ranges of the difference itself.

    Parameters
    ----------
    difference
        From `what_if`.
    crosswalk
        To wards or districts; differences are not published below wards, and in officer editions only.

    Returns
    -------
    DataFrame
        Columns as `geo.figures.FIGURE_COLUMNS`; ``group`` is the change's label. Points of share are
        differences of shares, people and pounds differences of sums.

    Raises
    ------
    WhatIfError
        The crosswalk ends in areas smaller than wards.
    """
    if crosswalk.target.kind not in ("wd", "lad", "rgn", "ctry"):
        raise WhatIfError(
            f"differences are given for wards and districts, not for {crosswalk.target.label}; take a "
            f"crosswalk to wd25 or lad25"
        )
    after = aggregate(difference.estimate, crosswalk)
    before = aggregate(difference.before, crosswalk)
    parts = []
    for indicator, quantity, base, unit in (
        ("mis_whatif_people_below", "people_below", "", "people"),
        ("mis_whatif_children_below", "children_below", "", "children"),
        ("mis_whatif_people_below_share", "people_below", "people", "share"),
        ("mis_whatif_shortfall_weekly", "shortfall", "", "GBP a week"),
    ):
        values = after.draws[quantity].astype(np.float64)
        if base:
            people = before.draws[base].astype(np.float64)
            values = np.divide(values, people, out=np.full_like(values, np.nan), where=people > 0)
        low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "code": after.codes,
                    "indicator": indicator,
                    "value": middle,
                    "low": low,
                    "high": high,
                    "unit": unit,
                }
            )
        )
    figures = pd.concat(parts, ignore_index=True).assign(
        geography=crosswalk.target.key,
        group=difference.change.label,
        period=difference.estimate.reference_year,
        interval=INTERVAL,
        basis="modelled",
        floor="wd25",
        source=SOURCE,
    )
    figures["status"] = np.where(figures["value"].notna(), "ok", "not_applicable")
    return tidy_figures([figures])


def _cells(change: Change) -> tuple[Floats, Floats]:
    types = household_types()
    unknown = [name for name in change.types if name not in types.ids]
    if unknown:
        raise WhatIfError(f'"{unknown[0]}" is not a household type; use {", ".join(types.ids)}')
    unknown = [name for name in change.tenures if name not in TENURES]
    if unknown:
        raise WhatIfError(f'"{unknown[0]}" is not a tenure; use {", ".join(TENURES)}')
    if not 0 <= change.uptake <= 1:
        raise WhatIfError(f"uptake is {change.uptake}; give the share of households from 0 to 1")
    if not np.isfinite(change.weekly):
        raise WhatIfError(f"weekly is {change.weekly}; give pounds a week")
    chosen = np.array([not change.types or name in change.types for name in types.ids])
    tenures = np.array([not change.tenures or name in change.tenures for name in TENURES])
    each = change.weekly * (types.children if change.per_child else np.ones(len(types)))
    cells = chosen[:, None] & tenures[None, :]
    return np.where(cells, each[:, None], 0.0), np.where(cells, change.uptake, 0.0)
