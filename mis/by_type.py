"""Totals by household type for wards and other areas, from the draws of an estimate on LSOAs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geo.crosswalk import Crosswalk, CrosswalkError
from geo.errors import UserError
from mis.estimate import TYPE_QUANTITIES, ByType, ShortfallEstimate
from mis.household_types import household_types
from mis.plan import cell_arrays, portions
from mis.shortfall import QUANTITIES, run_cells


class StateError(UserError, ValueError):
    """The estimate does not keep what the question needs."""


def types_by_area(estimate: ShortfallEstimate, crosswalk: Crosswalk) -> ByType:
    """People, people below and pounds a week by household type, draw by draw.

    Parameters
    ----------
    estimate
        On LSOAs, with its state.
    crosswalk
        To wards, districts or larger; types are not published below wards.

    Returns
    -------
    dict
        Area -> household type -> quantity (`mis.estimate.TYPE_QUANTITIES`) -> shape (draw,). The types of
        an LSOA divided between areas are divided by people.

    Raises
    ------
    StateError
        The estimate keeps no state.
    CrosswalkError
        The crosswalk does not start from LSOAs, or ends below wards.
    """
    if estimate.state is None:
        raise StateError(
            "this estimate keeps no state; make it on LSOAs with MisSettings(keep_state=True) and ask before "
            "aggregating"
        )
    if crosswalk.origin != estimate.geography or crosswalk.target.kind in ("oa", "lsoa", "msoa"):
        raise CrosswalkError(
            f"household types are given for wards and larger areas, from {estimate.geography.key}; this "
            f"crosswalk goes from {crosswalk.origin.key} to {crosswalk.target.key}"
        )
    state = estimate.state
    plan, types = state.plan, household_types()
    draws = plan.settings.draws
    weights = crosswalk.weights[crosswalk.weights["origin"].isin(set(estimate.codes))]
    targets = pd.Index(sorted(set(weights["target"])))
    share = np.zeros((len(targets), len(estimate.codes)))
    share[
        targets.get_indexer(pd.Index(weights["target"])),
        estimate.codes.get_indexer(pd.Index(weights["origin"])),
    ] = weights["weight"]
    place = pd.Index(state.members)
    total = np.zeros((len(targets), draws, len(types), len(TYPE_QUANTITIES)))
    for portion in portions(plan.tables, state.members):
        rows = place.get_indexer(pd.Index(portion))
        detail = np.zeros((len(portion), draws, len(types), len(TYPE_QUANTITIES)), np.float32)
        run_cells(
            **cell_arrays(plan, portion),
            means=np.zeros((len(portion), draws)),
            level=state.level[rows],
            solve=False,
            out=np.zeros((len(QUANTITIES), len(portion), draws), np.float32),
            by_type=detail,
        )
        total += np.tensordot(share[:, rows], detail.astype(np.float64), axes=1)
    return {
        str(code): {
            name: {
                quantity: total[row, :, position, part].astype(np.float32)
                for part, quantity in enumerate(TYPE_QUANTITIES)
            }
            for position, name in enumerate(types.ids)
        }
        for row, code in enumerate(targets)
    }
