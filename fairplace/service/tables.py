"""Rows of the figure table, chosen and written out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from fairplace.spreadsheets import safe_frame


def choose(figures: pd.DataFrame, wanted: Mapping[str, str | None]) -> pd.DataFrame:
    """Rows whose columns have the values asked for; a comma separates several, None asks for nothing.

    Released figures come in, so that choosing never changes what is hidden.
    """
    keep = pd.Series(True, index=figures.index)
    for name, text in wanted.items():
        if text is not None:
            keep &= figures[name].isin(text.split(","))
    return figures[keep]


def records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as mappings; a number that is not there is None, and its status says why."""
    return [
        {
            str(name): None if isinstance(value, float) and math.isnan(value) else value
            for name, value in row.items()
        }
        for row in rows.to_dict("records")
    ]


def to_csv(rows: pd.DataFrame) -> str:
    """Rows as CSV that a spreadsheet may open: no text in it is taken for a formula."""
    return safe_frame(rows).to_csv(index=False, lineterminator="\r\n")
