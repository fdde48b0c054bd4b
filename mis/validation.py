"""National rates that the model implies, to be held beside published ones it never saw."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mis.distribution import share_below
from mis.household_types import TENURES, household_types
from mis.lines import Budgets
from mis.parameters import Parameters, mixture_medians, mixture_widths

Floats = NDArray[np.float64]


def read_published() -> dict[str, Any]:
    """Read published rates below the standard, kept as evidence: ``mis/facts/crsp.toml``."""
    return tomllib.loads((files("mis") / "facts" / "crsp.toml").read_text(encoding="utf-8"))


def national_rates(parameters: Parameters, budgets: Budgets) -> dict[str, float]:
    """Shares below the line that the national mixture implies, at central values.

    Parameters
    ----------
    parameters
        National solution.
    budgets
        Lines.

    Returns
    -------
    dict
        The names of ``mis/facts/crsp.toml`` -> share, 0 to 1, and ``below_90``; children are dependent
        children, those of households with several families divided between couples and lone parents as
        such families are.
    """
    types, shape, mixture = household_types(), parameters.shape, parameters.mixture
    line = np.log(budgets.weekly() / (types.scale * parameters.median))[:, None, None, None]
    distance = line - mixture_medians(shape, mixture)
    widths, zero = mixture_widths(shape), np.asarray(shape.zero)
    below = share_below(distance, widths, zero)

    def column(values: Floats) -> Floats:
        return np.asarray(values, dtype=float)[:, None, None, None]

    def rate(weight: Floats, shares: Floats = below) -> float:
        people = mixture.households * weight
        return float((shares * people).sum() / people.sum())

    group = np.array(types.groups)
    several = (group == "several_families").astype(float)
    couples = column(types.children * ((group == "couple_children") + 0.7 * several))
    lone = column(types.children * ((group == "lone_parent") + 0.3 * several))
    people = column(types.size)
    in_tenure = np.eye(len(TENURES))[:, None, :, None, None]
    in_region = (np.array(mixture.regions) == "E12000007")[None, None, :, None]
    return {
        "all": rate(people),
        "children": rate(column(types.children)),
        "couples_children": rate(couples),
        "lone_parents_children": rate(lone),
        "lone_parents_children_alone": rate(column(types.children * (group == "lone_parent"))),
        "working_age": rate(column(types.size - types.children - types.pensioners)),
        "pensioners": rate(column(types.pensioners)),
        "single_pensioners": rate(column(group == "single_pensioner")),
        "social_tenants": rate(people * in_tenure[TENURES.index("social_rented")]),
        "private_tenants": rate(people * in_tenure[TENURES.index("private_rented")]),
        "below_90": rate(people, share_below(distance + np.log(0.9), widths, zero)),
        "below_75": rate(people, share_below(distance + np.log(0.75), widths, zero)),
        "below_50": rate(people, share_below(distance + np.log(0.5), widths, zero)),
        "london": rate(people * in_region),
    }
