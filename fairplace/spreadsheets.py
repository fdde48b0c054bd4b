"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

from typing import Any

import pandas as pd

#: A cell that begins with one of these is run by one spreadsheet program or another (OWASP, CSV injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: Any) -> Any:
    """Give a cell that every spreadsheet shows and none runs.

    Parameters
    ----------
    value
        Anything; only text is changed.

    Returns
    -------
    object
        Text that begins like a formula gets an apostrophe before it; all else is as it was. Text that
        is a number, such as ``-0.5``, is one of a value that was text, and gets it too.
    """
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame whose text cells and headers are all safe (see `safe_cell`)."""
    safe = frame.rename(columns=safe_cell)
    for place, name in enumerate(safe.columns):
        if not pd.api.types.is_numeric_dtype(safe.dtypes.iloc[place]):
            safe[name] = [safe_cell(value) for value in safe[name]]
    return safe
