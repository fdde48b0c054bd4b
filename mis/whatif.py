"""What if incomes of some households rose: the same draws before and after, and what it would cost.

A gain is pounds a week for a stated share of the households of named cells, added to income after
housing costs, never a multiple of it; a rent change is a gain or loss of income, the line stays. Shapes,
levels and benchmarks are frozen. No behaviour, taper, cap or interaction with other benefits is
modelled: the result is a first-round difference, and its cost is gross.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crosswalk import Crosswalk
from geo.figures import tidy_figures
from mis.changes import Change, WhatIfError, outcomes
from mis.estimate import ShortfallEstimate
from mis.gains import GAIN_QUANTITIES, sum_gains
from mis.plan import cell_arrays, portions
from mis.summary import INTERVAL, SOURCE, aggregate

Floats = NDArray[np.float64]

LIMITS = (
    "first-round, gross: no change of behaviour, no tapers, caps or other benefits withdrawn; "
    "shares of households in each cell, not named households"
)
#: Weeks of a year.
WEEKS = 365.25 / 7


@dataclass(frozen=True)
class Difference:
    """After less before, in every draw.

    Parameters
    ----------
    changes
        What was asked.
    estimate
        Differences as an estimate: its draws (`mis.gains.GAIN_QUANTITIES`, and ``cost``, pounds a week
        paid, and ``cost_below``, those of them that reach households below their line before) are
        changes of sums, and add over areas as those do.
    before
        The estimate it is held against.
    """

    changes: tuple[Change, ...]
    estimate: ShortfallEstimate
    before: ShortfallEstimate

    @property
    def label(self) -> str:
        """What was asked, in a reader's words."""
        return "; ".join(one.label for one in self.changes)


def what_if(estimate: ShortfallEstimate, changes: Change | Sequence[Change]) -> Difference:
    """Difference that changes of income would make, with the draws of the estimate.

    Parameters
    ----------
    estimate
        On LSOAs, with its state kept.
    changes
        Who gets how much. Of several, who takes up one is independent of who takes up another.

    Raises
    ------
    WhatIfError
        A change names an unknown type or tenure, an uptake outside 0 to 1, or a sum that is not a
        number; or the estimate has no state (it was aggregated, or made without it).
    """
    if estimate.state is None:
        raise WhatIfError(
            "this estimate keeps no state to ask a what-if question of; make it on LSOAs with "
            "MisSettings(keep_state=True), ask, and aggregate the difference"
        )
    asked = (changes,) if isinstance(changes, Change) else tuple(changes)
    joined = outcomes(asked)
    state = estimate.state
    plan = state.plan
    out = np.zeros((len(GAIN_QUANTITIES), len(state.members), plan.settings.draws), np.float32)
    cost = np.zeros((2, len(state.members), plan.settings.draws), np.float32)
    place = pd.Index(state.members)
    for portion in portions(plan.tables, state.members):
        rows = place.get_indexer(pd.Index(portion))
        sums, paid = sum_gains(
            joined,
            median=plan.parameters.median,
            level=state.level[rows],
            **cell_arrays(plan, portion),
        )
        out[:, rows] = sums
        cost[:, rows] = np.moveaxis(paid, 2, 0)
    label = "; ".join(one.label for one in asked)
    draws = dict(zip(GAIN_QUANTITIES, out, strict=True)) | {"cost": cost[0], "cost_below": cost[1]}
    difference = replace(
        estimate,
        draws=draws,
        by_type={},
        notes=(f"what if: {label}", LIMITS),
        anchor=np.full(0, np.nan),
        state=None,
    )
    return Difference(asked, difference, estimate)


#: Figures of a difference: indicator, quantity, what it is a share of, unit.
_FIGURES = (
    ("mis_whatif_people_below", "people_below", "", "people"),
    ("mis_whatif_children_below", "children_below", "", "children"),
    ("mis_whatif_people_below_share", "people_below", "people", "share"),
    ("mis_whatif_shortfall_weekly", "shortfall", "", "GBP a week"),
)


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
    for indicator, quantity, base, unit in _FIGURES:
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
        group=difference.label,
        period=difference.estimate.reference_year,
        interval=INTERVAL,
        basis="modelled",
        floor="wd25",
        source=SOURCE,
    )
    figures["status"] = np.where(figures["value"].notna(), "ok", "not_applicable")
    return tidy_figures([figures])
