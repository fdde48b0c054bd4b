"""The Minimum Income Standard: budgets, lines, composition, income, shortfall and their ranges."""

from mis.estimate import MisSettings, ShortfallEstimate, estimate_shortfall
from mis.inputs import MisInputs
from mis.lines import Budgets, read_budgets
from mis.summary import aggregate, round_public, summarise, summarise_types

__all__ = [
    "Budgets",
    "MisInputs",
    "MisSettings",
    "ShortfallEstimate",
    "aggregate",
    "estimate_shortfall",
    "read_budgets",
    "round_public",
    "summarise",
    "summarise_types",
]
