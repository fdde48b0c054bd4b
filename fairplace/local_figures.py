"""Rows of the figure table made from counts of a council's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def make_figures(
    values: pd.Series[float],
    *,
    indicator: str,
    geography: str,
    period: str,
    unit: str,
    source: str,
    group: str = "",
    basis: str = "counted",
    count: pd.Series[float] | float = np.nan,
    base: pd.Series[float] | float = np.nan,
    low: pd.Series[float] | float = np.nan,
    high: pd.Series[float] | float = np.nan,
    interval: str = "",
    hidden: pd.Series[bool] | None = None,
    floor: str = "",
) -> pd.DataFrame:
    """Rows of figures of one indicator.

    Parameters
    ----------
    values
        Indexed by code of area; NaN is missing.
    indicator, geography, period, unit, source, group, basis, interval, floor
        As in `geo.figures.FIGURE_COLUMNS`; the floor is the geography itself if left out.
    count, base, low, high
        As the values.
    hidden
        True where a layer never shows the number, whatever it is: value, range and count are taken away.
    """
    frame = pd.DataFrame({"code": values.index.astype(str), "value": values.to_numpy(dtype=float)})
    columns: Mapping[str, pd.Series[float] | float] = {"count": count, "base": base, "low": low, "high": high}
    for name, given in columns.items():
        frame[name] = (
            given.reindex(values.index).to_numpy(dtype=float) if isinstance(given, pd.Series) else given
        )
    frame["status"] = np.where(frame["value"].isna(), "missing", "ok")
    if hidden is not None:
        mask = hidden.reindex(values.index).fillna(False).to_numpy(dtype=bool)
        frame.loc[mask, ["value", "low", "high", "count"]] = np.nan
        frame.loc[mask, "status"] = "suppressed"
    ranged = frame["low"].notna() & frame["high"].notna()
    frame["interval"] = np.where(ranged, interval, "")
    fixed: dict[str, Any] = {
        "geography": geography, "indicator": indicator, "group": group, "period": period, "unit": unit,
        "basis": basis, "reliability": "", "floor": floor or geography, "source": source,
    }  # fmt: skip
    return frame.assign(**fixed)


def paper(
    label: str, unit: str, *, measure: str = "count", direction: str = "", base: str = ""
) -> dict[str, str]:
    """Describe an indicator for the dictionary of a pack."""
    return {"label": label, "unit": unit, "measure": measure, "direction": direction, "base": base}
