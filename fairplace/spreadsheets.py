"""Text that a spreadsheet must not take for a formula."""

from __future__ import annotations

from typing import Any

import pandas as pd

#: A cell that begins with one of these is run by one spreadsheet program or another (OWASP, CSV injection);
#: the last four are the wide signs that programs set to Japanese take for the first four.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# What some programs take off the front of a cell before they look at it.
_BLANKS = " \u00a0\u3000\ufeff\u200b"


def safe_cell(value: Any) -> Any:
    """Give a cell that every spreadsheet shows and none runs.

    Parameters
    ----------
    value
        Anything; only text is changed.

    Returns
    -------
    object
        Text that begins like a formula gets an apostrophe before it; a carriage return, after which some
        programs begin a row whether or not it stands in quotation marks, is a line feed; all else is as it
        was. Text that
        is a number, such as ``-0.5``, is one of a value that was text, and gets it too.
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value
    return f"'{text}" if value.lstrip(_BLANKS).startswith(FORMULA_STARTS) else text


def safe_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame whose text cells and headers are all safe (see `safe_cell`)."""
    safe = frame.rename(columns=safe_cell)
    for place, name in enumerate(safe.columns):
        if not pd.api.types.is_numeric_dtype(safe.dtypes.iloc[place]):
            safe[name] = [safe_cell(value) for value in safe[name]]
    return safe
