"""What stands behind the figures of a survey estimate: how many records, and how well counts are met."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mis.survey_sums import AreaSums
from mis.survey_weights import Method

#: Share of an area's weight on one record above which the area is flagged.
HEAVY = 0.05


def describe_quality(
    point: AreaSums, targets: pd.DataFrame, outcome: pd.Series, fewest: int, dominance: float
) -> pd.DataFrame:
    """By area, what `mis.microsim.SurveyEstimate.quality` holds."""
    tae = np.abs(point.fitted - targets.to_numpy(dtype=float)).sum(axis=1)
    whole = targets.to_numpy(dtype=float).sum(axis=1)
    empty = (outcome == "empty").to_numpy()
    thin = ~empty & ((point.records < fewest) | (point.largest > dominance))
    return pd.DataFrame(
        {
            "effective": point.effective,
            "largest": point.largest,
            "heavy": point.largest > HEAVY,
            "records": point.records,
            "lift": point.lift,
            "tae": tae,
            "re": np.divide(tae, whole, out=np.zeros(len(tae)), where=whole > 0),
            "outcome": outcome.to_numpy(),
            "status": np.select([empty, thin], ["not_applicable", "suppressed"], "ok"),
        },
        index=targets.index,
    )


def quality_notes(
    quality: pd.DataFrame, moved: pd.DataFrame, method: Method, replicates: int, failed: int
) -> Iterator[str]:
    """Say what was found and done, in sentences."""
    yield f"Weights by {method}; {replicates} bootstrap replicates: ranges cover the survey's sampling only."
    if failed:
        yield f"{failed} further replicates could not be calibrated within their bounds and were left out."
    if len(moved):
        yield (
            f"Tables of {moved['area'].nunique():,} areas disagreed in their totals and were scaled; "
            f"the largest move was {moved['share'].abs().max():.1%}."
        )
    for state, words in (
        ("conflicting", "have counts that these households cannot meet together"),
        ("stopped", "were still moving at the last sweep"),
        ("empty", "hold no private household and have no figure"),
    ):
        if (number := int((quality["outcome"] == state).sum())) > 0:
            yield f"{number:,} areas {words}."
    if (number := int(quality["heavy"].sum())) > 0:
        yield (
            f"{number:,} areas have a record with more than {HEAVY:.0%} of the weight, "
            f"{quality['largest'].idxmax()} the most."
        )
    if (number := int((quality["status"] == "suppressed").sum())) > 0:
        yield f"{number:,} areas rest on too few records and are withheld."
