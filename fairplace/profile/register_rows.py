"""Rows of a council's register as a page reads them: which figure a row is, and what is said beside it.

The scorecard and the section of local evidence both read rows here, so one thing has one number and one
basis in both. A modelled figure says so in its label, which every form has, with what its range is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fairplace.numbers import show_period
from fairplace.profile.words import Words
from fairplace.register import PREFIX

Row = Mapping[str, Any]
#: How the sources begin that are a council's own files, or counted from its own lists of homes.
OWN_SOURCES = ("local_", "counts_")


def figure_of(listed: Row) -> str:
    """Id of the figure that a row of the register is: one of the pack's own, or the council's."""
    return str(listed.get("pack_indicator", "")) or f"{PREFIX}{listed['id']}"


def how_known(words: Words, listed: Row, found: Row | None) -> str:
    """Say how a value came about, as a part of its label; nothing for what was counted."""
    basis = _basis(listed, found)
    # What a larger area lends of our model is a model's still.
    modelled = basis == "modelled" or (
        basis == "copied" and found is not None and "model" in str(found["interval"])
    )
    if not modelled:
        return "" if basis in ("", "counted") else words("scorecard", f"basis_{basis}")
    said = words("scorecard", "basis_modelled")
    if found is None or found["status"] != "ok":
        return said
    if not has_range(found):
        return said + words("scorecard", "without_range")
    percent = re.match(r"\d+(?= ?%)", str(found["interval"]))
    if percent is None:
        return said + words("scorecard", "with_range")
    return said + words("scorecard", "with_interval", percent=percent[0])


def _basis(listed: Row, found: Row | None) -> str:
    if found is not None:
        return str(found["basis"])
    return "" if listed.get("pack_indicator") else str(listed.get("basis", ""))


def has_range(found: Row) -> bool:
    """Whether a figure has both ends of a range."""
    return bool(float(found["low"]) <= float(found["high"]))


def note_shares(words: Words, shown: Iterable[Row | None]) -> list[str]:
    """Say how shares of a council's own counts were made, where any of the rows shown is one."""
    own = any(
        one is not None
        and one["status"] == "ok"
        and one["unit"] == "share"
        and str(one["source"]).startswith(OWN_SOURCES)
        and float(one["base"]) > 0
        for one in shown
    )
    return [words("evidence", "own_shares")] if own else []


def no_gap(words: Words, listed: Row, found: Row | None) -> str:
    """Say in a cell why there is no gap between wards; nothing where it is only not filled in yet."""
    basis = _basis(listed, found)
    if basis in ("modelled", "copied"):
        return words("scorecard", "gap_modelled")
    return words("scorecard", "gap_none") if listed.get("pack_indicator") else ""


def periods(words: Words, period: str, gap: Row | None) -> str:
    """Say the period of a row, and that of its gap where it is another."""
    said = show_period(period, words)
    other = show_period(str(gap["period"]), words) if gap is not None and gap["status"] == "ok" else said
    return said if other == said else words("evidence", "register_gap_period", period=said, gap=other)
