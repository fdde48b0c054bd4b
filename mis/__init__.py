"""The Minimum Income Standard: budgets, lines, composition, income, shortfall and their ranges."""

import mis.threads  # noqa: F401  # before any loop starts
from mis.estimate import ShortfallEstimate, estimate_shortfall, resume_estimate, stream_estimates
from mis.inputs import MisInputs
from mis.lines import Budgets, read_budgets
from mis.plan import MisSettings
from mis.summary import (
    aggregate,
    round_public,
    summarise,
    summarise_drawn,
    summarise_type_totals,
    summarise_types,
)

__all__ = [
    "Budgets",
    "MisInputs",
    "MisSettings",
    "ShortfallEstimate",
    "aggregate",
    "estimate_shortfall",
    "read_budgets",
    "resume_estimate",
    "round_public",
    "stream_estimates",
    "summarise",
    "summarise_drawn",
    "summarise_type_totals",
    "summarise_types",
]
