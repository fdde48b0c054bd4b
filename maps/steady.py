"""Texts of others, without the signs that no file can hold or that turn text around."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import pandas as pd

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


def steady_text(text: str) -> str:
    """Leave out signs that no file can hold, and marks that turn text around: a name must not move a page.

    Joiners stay, because Urdu and Hindi are spelled with them.
    """
    if text.isprintable():
        return text
    return "".join(
        sign for sign in text if sign in "\n\u200c\u200d" or unicodedata.category(sign) not in ("Cc", "Cf")
    )


def steadied(make: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """Give a function that takes all its texts, and tables of texts, as `steady` gives them."""

    @wraps(make)
    def made(*args: _Given.args, **named: _Given.kwargs) -> _Made:
        given: Any = {name: steady(one) for name, one in named.items()}
        return make(*(steady(one) for one in args), **given)

    return made


def steady(value: Any) -> Any:
    """Give a text, a sequence of texts or a table with every text of it steady, and all else as it is."""
    if isinstance(value, str):
        return steady_text(value)
    if isinstance(value, (list, tuple)):
        return type(value)(steady(one) for one in value)
    if isinstance(value, pd.DataFrame):
        return _steady_frame(value)
    return value


def _steady_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a table with steady names of rows and columns and steady cells; the same one if it was."""
    held = frame.copy(deep=False)
    changed = False
    for at in range(len(frame.columns)):
        column = frame.iloc[:, at]
        if isinstance(column.dtype, pd.StringDtype) or column.dtype == object:
            said = [steady(one) if isinstance(one, str) else one for one in column]
            if any(new is not old for new, old in zip(said, column, strict=True)):
                held.isetitem(at, pd.Series(said, index=frame.index, dtype=column.dtype))
                changed = True
    for axis in ("index", "columns"):
        labels = getattr(frame, axis)
        said = [steady(one) if isinstance(one, str) else one for one in labels]
        if any(isinstance(old, str) and new != old for new, old in zip(said, labels, strict=True)):
            setattr(held, axis, pd.Index(said, name=labels.name))
            changed = True
    return held if changed else frame
