"""Two editions of one authority side by side: what changed in data, method and geography.

A difference of two numbers is a change only where both measure the same thing in the same way over the
same ground. Where they do not, the pair is fenced: shown apart, with the reason, and never subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fairplace.ages import last_day
from fairplace.disclosure import Released
from fairplace.profile.words import Words, english
from geo.errors import UserError

#: What makes two rows the same figure, whatever its period and source.
FIGURE = ["geography", "code", "indicator", "group"]
#: Share of an area's ground that may differ before it counts as another area.
MOVED = 0.001
_RANKED = ("rank", "decile", "score")


class EditionsError(UserError, ValueError):
    """Two packs cannot be set side by side."""


@dataclass(frozen=True)
class EditionComparison:
    """What differs between two editions.

    Parameters
    ----------
    data
        Sources added, withdrawn or of another edition or file; a sentence each.
    method
        Versions, settings and definitions that differ; a sentence each.
    geography
        Areas that were added, withdrawn or moved; a sentence each.
    figures
        One row a figure of both: `FIGURE`, ``old_period``, ``new_period``, ``old``, ``new``, ``unit``,
        ``change`` (empty where fenced) and ``fence`` (why the two may not be compared; empty if they may).
    """

    data: tuple[str, ...]
    method: tuple[str, ...]
    geography: tuple[str, ...]
    figures: pd.DataFrame

    @property
    def fenced(self) -> int:
        """How many figures may not be compared."""
        return int((self.figures["fence"] != "").sum())


def reference(released: Released, words: Words | None = None) -> str:
    """Text by which an output can be cited: authority, edition, pack and date of its newest source."""
    days = [last_day(one.period) for one in released.sources.values()]
    newest = max((day for day in days if day is not None), default=None)
    words = words or english()
    edition = words(
        "cite",
        released.edition,
        authority=released.name,
        code=released.authority,
        pack=released.pack_id,
    )
    return words("cite", "until", edition=edition, day=newest.isoformat()) if newest else edition


def check_pair(old: Released, new: Released) -> None:
    """Refuse two packs that are no editions of one place.

    Raises
    ------
    EditionsError
        They are of two authorities, or one and the same.
    """
    if old.authority != new.authority:
        raise EditionsError(
            f"the packs are of {old.authority} ({old.name}) and {new.authority} ({new.name}); "
            f"give two editions of one authority"
        )
    if old.pack_id == new.pack_id:
        raise EditionsError(f"both are edition {old.pack_id}: their content is the same, nothing has changed")


def compare_packs(old: Released, new: Released) -> EditionComparison:
    """Set two editions of one authority side by side.

    Parameters
    ----------
    old, new
        What of each pack may be shown.

    Raises
    ------
    EditionsError
        They are of two authorities, or one and the same.
    """
    check_pair(old, new)
    moved, geography = _geography(old, new)
    return EditionComparison(_data(old, new), _method(old, new), geography, _figures(old, new, moved))


def _data(old: Released, new: Released) -> tuple[str, ...]:
    said = [f"{one.title} is new" for key, one in sorted(new.sources.items()) if key not in old.sources]
    said += [
        f"{one.title} is no longer used" for key, one in sorted(old.sources.items()) if key not in new.sources
    ]
    for key in sorted(old.sources.keys() & new.sources.keys()):
        was, now = old.sources[key], new.sources[key]
        if (was.edition, was.period) != (now.edition, now.period):
            said.append(
                f"{now.title}: edition {was.edition} ({was.period}) gave way to {now.edition} ({now.period})"
            )
        elif was.sha256 != now.sha256:
            said.append(f"{now.title}: the same edition from another file ({was.file}, now {now.file})")
    return tuple(said)


def _method(old: Released, new: Released) -> tuple[str, ...]:
    before, after = _flat(old.settings), _flat(new.settings)
    skipped = "missing"
    said = [
        f"{name}: {before.get(name, 'not set')}, now {after.get(name, 'not set')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name) and name != skipped
    ]
    for name in sorted(set(old.dictionary.index) & set(new.dictionary.index)):
        for column in ("unit", "measure", "base"):
            was, now = old.dictionary.at[name, column], new.dictionary.at[name, column]
            if was != now:
                said.append(f"{name}: {column} {was or 'empty'}, now {now or 'empty'}")
    return tuple(said)


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat |= {f"{key}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {key: value}
    return flat


def _geography(old: Released, new: Released) -> tuple[set[tuple[str, str]], tuple[str, ...]]:
    moved: set[tuple[str, str]] = set()
    said: list[str] = []
    for key in sorted({*old.geographies, *new.geographies}):
        if key not in new.geographies or key not in old.geographies:
            said.append(f"{key}: {'new' if key in new.geographies else 'no longer held'}")
            continue
        before, after = old.areas(key), new.areas(key)
        gone, come = (
            sorted(set(before.index) - set(after.index)),
            sorted(set(after.index) - set(before.index)),
        )
        if gone or come:
            said.append(
                f"{key}: {len(gone)} codes gone ({', '.join(gone[:3])}), "
                f"{len(come)} new ({', '.join(come[:3])})"
            )
        both = before.index.intersection(after.index)
        was, now = before.geometry.loc[both], after.geometry.loc[both]
        changed = ~was.geom_equals(now, align=False)
        other = was[changed].symmetric_difference(now[changed], align=False).area / was[changed].area
        codes = list(other[other > MOVED].index)
        moved |= {(key, str(code)) for code in codes}
        if codes:
            said.append(
                f"{key}: the ground of {len(codes)} areas has changed ({', '.join(map(str, codes[:3]))})"
            )
    return moved, tuple(said)


def _figures(old: Released, new: Released, moved: set[tuple[str, str]]) -> pd.DataFrame:
    columns = [*FIGURE, "period", "value", "unit", "basis", "interval", "status", "source"]
    # Of several periods of one figure the newest stands for the edition.
    first, second = (
        one.figures[columns].sort_values("period", kind="stable").drop_duplicates(FIGURE, keep="last")
        for one in (old, new)
    )
    both = first.merge(second, on=FIGURE, suffixes=("_old", "_new"), validate="one_to_one")
    fences = np.full(len(both), "", dtype=object)

    def fence(where: pd.Series[bool], reason: str) -> None:
        fences[(where & (fences == "")).to_numpy(dtype=bool)] = reason

    fence((both["status_old"] != "ok") | (both["status_new"] != "ok"), "one of the two is not there")
    fence(both["unit_old"] != both["unit_new"], "the unit is another")
    fence(both["basis_old"] != both["basis_new"], "one is counted or surveyed otherwise than the other")
    keys = pd.Series(list(zip(both["geography"], both["code"], strict=True)), index=both.index)
    fence(keys.isin(moved), "the ground of the area has changed")
    later = both["period_old"] != both["period_new"]
    other = later | (both["source_old"] != both["source_new"])
    ranked = both["unit_new"].isin(_RANKED) | both["indicator"].str.contains("_rank|_decile|_score")
    fence(other & ranked, "ranks, deciles and scores of two editions are not a trend")
    modelled = both["basis_new"] == "modelled"
    fence(other & modelled, "a modelled estimate of two years is not a trend: inputs and method differ")
    fence(both["interval_old"] != both["interval_new"], "the two ranges are of different kinds")
    table = both[FIGURE].assign(
        old_period=both["period_old"],
        new_period=both["period_new"],
        old=both["value_old"],
        new=both["value_new"],
        unit=both["unit_new"],
        fence=fences.astype(str),
    )
    change = (table["new"] - table["old"]).where(table["fence"] == "")
    return table.assign(change=change)[
        [*FIGURE, "old_period", "new_period", "old", "new", "unit", "change", "fence"]
    ]
