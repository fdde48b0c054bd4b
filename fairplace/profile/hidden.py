"""What an edition does not show: how many figures, for which reason, and never which."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fairplace.disclosure import Released
from fairplace.profile.model import Block, Inline, Number, Paragraph, Table
from fairplace.profile.words import Words

#: Indicator of the rows that say how many figures were not shown; the reason is the group.
HIDDEN = "figures_hidden"
#: Reasons for which a figure is hidden because it is small, or because another one is.
SMALL = ("small numbers", "would give one away", "few in the base")
#: Every reason for which a figure is not shown, in the order of the log. Rounding hides none.
_REASONS = (*SMALL, "one geography", "floor", "too small for the model", "licence", "stale")


def hidden_rows(released: Released) -> list[Mapping[str, Any]]:
    """Give the rows of figures that count what an edition does not show, one a reason.

    Returns
    -------
    list of mappings
        Laid out as `geo.figures.FIGURE_COLUMNS`, of the whole edition and of the drawn area with it (of stale
        figures only the edition's). Small
        numbers are always there, of other reasons those that there were.
    """
    counts = dict(released.hidden)
    if not released.stale_shown:
        counts["stale"] = sum(one.figures for one in released.stale)
    district = next(key for key in released.geographies if key.startswith("lad"))
    return [
        {
            "code": released.authority, "geography": district, "indicator": HIDDEN, "group": reason,
            "period": "", "value": float(counts.get(reason, 0)), "low": math.nan, "high": math.nan,
            "interval": "", "count": math.nan, "base": math.nan, "unit": "count", "basis": "counted",
            "reliability": "", "status": "ok", "floor": district, "source": "disclosure",
        }
        for reason in _REASONS
        if counts.get(reason, 0) or reason == SMALL[0]
    ]  # fmt: skip


def suppression(words: Words, released: Released) -> list[Block]:
    """Say how many figures were hidden for being small, and log every reason with its number."""
    hidden = sum(released.hidden.get(reason, 0) for reason in SMALL)
    name = {0: "none", 1: "one"}.get(hidden, "some")
    said = words("suppression", name, count=hidden, limit=released.hide_up_to)
    rows: list[list[Inline]] = [
        [words("hidden_reasons", str(row["group"]).replace(" ", "_"), limit=released.hide_up_to), Number(row)]
        for row in hidden_rows(released)
    ]
    head = words.lines("suppression", "head")
    return [Paragraph([said], "note"), Table("hidden-table", words("suppression", "caption"), head, rows)]
