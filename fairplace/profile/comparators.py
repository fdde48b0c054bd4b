"""Whom an area is held beside: its district, the district without it, and any area that is named.

The district without the area is calculated only where both figures are counts, or shares of counts,
of one source and period; no median, score or modelled range is taken apart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairplace.disclosure import Released
from fairplace.indicators import Indicator
from fairplace.numbers import show_period
from fairplace.profile.model import Block, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import AreaFigures, Place, by_indicator, find_place
from fairplace.profile.words import Words
from geo.errors import UserError
from geo.figures import FIGURE_COLUMNS

_COUNTS = frozenset({"people", "households", "homes", "children"})


class ComparatorError(UserError, ValueError):
    """A saved area cannot be compared with."""


@dataclass(frozen=True)
class Comparator:
    """An area to hold another beside: what it is called, its figures by indicator, and its level.

    `level` is ``england``, ``region`` or ``alike`` for those that a pack brings, else empty.
    """

    label: str
    figures: Mapping[str, Mapping[str, Any]]
    level: str = ""


def comparators(
    words: Words, released: Released, place: Place, figures: AreaFigures, codes: Sequence[str]
) -> list[Comparator]:
    """Give the comparators of an area beyond its district: those of the pack, and those asked for.

    Parameters
    ----------
    words, released, place, figures
        As for every section.
    codes
        Codes or names of areas of the pack, or ``.json`` profiles that were saved.

    Raises
    ------
    AreaNotFoundError
        The pack has no such area.
    ComparatorError
        A saved profile cannot be read, or is of another edition.
    """
    found = []
    if place.code != released.authority:
        rest = without(released, place, figures)
        label = words("compare", "without", authority=released.name, area=place.name)
        found.append(Comparator(label, rest))
    for one in reversed(released.comparators()):
        found.append(Comparator(one.area.name, one.figures, one.area.level))
    for text in codes:
        if text.lower().endswith(".json"):
            found.append(_saved(released, Path(text)))
            continue
        other = find_place(released, text)
        if other.code not in (place.code, released.authority):
            found.append(Comparator(other.name, by_indicator(released.figures, other.code, other.geography)))
    return found


def without(released: Released, place: Place, figures: AreaFigures) -> dict[str, dict[str, Any]]:
    """Figures of the district less those of one area, from counts that were published as they are."""
    rows = []
    for name, here in figures.here.items():
        there = figures.there.get(name)
        # An organisation's own counts are hidden and rounded by rules that a difference would pass by.
        paper = released.sources.get(str(here["source"]))
        if there is None or paper is None or not paper.controlled or not _both_counted(here, there):
            continue
        row = {column: there[column] for column in FIGURE_COLUMNS}
        row |= {"code": f"{released.authority}-without-{place.code}", "geography": "area"}
        row |= {"basis": here["basis"], "low": math.nan, "high": math.nan, "interval": ""}
        count, base = (float(there[part]) - float(here[part]) for part in ("count", "base"))
        if math.isfinite(count) and math.isfinite(base):
            if count < 0 or base <= 0 or count > base:
                continue
            rows.append(row | {"count": count, "base": base, "value": count / base})
        elif here["unit"] in _COUNTS:
            value = float(there["value"]) - float(here["value"])
            if value >= 0:
                rows.append(row | {"value": value, "count": math.nan, "base": math.nan})
    return {str(row["indicator"]): row for row in rows}


def _both_counted(here: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    return (
        all(row["status"] == "ok" and row["basis"] in ("counted", "apportioned") for row in (here, there))
        and all(here[name] == there[name] for name in ("unit", "period", "source"))
        and not math.isfinite(float(here["low"]))
        and str(here["unit"]) in {*_COUNTS, "share"}
    )


def _same_period(here: Mapping[str, Any], other: Mapping[str, Any] | None) -> Inline:
    """Give a comparator's figure, or the sign for none where it is of another period."""
    if other is None or str(other["period"]) != str(here["period"]):
        return "[x]"
    # Lent by the LSOA around it, which the column's head does not name.
    if other["basis"] == "copied" and str(other["indicator"]).startswith("mis_"):
        return "[z]"
    return Number(other, "with_range")


def _saved(released: Released, path: Path) -> Comparator:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        area, edition = content["area"], content["edition"]
        rows = {
            str(row["indicator"]): {
                name: math.nan if row[name] is None else row[name] for name in FIGURE_COLUMNS
            }
            for row in content["figures"]
            if (row["code"], row["geography"], row["group"]) == (area["code"], area["geography"], "")
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ComparatorError(
            f"{path} is not a saved profile ({type(error).__name__}: {error}); "
            f"write one with `fairplace profile --out NAME.json`"
        ) from error
    if edition != "public" and released.edition == "public":
        raise ComparatorError(
            f"{path.name} is an {edition} edition, which a public profile may not show; save a public one"
        )
    return Comparator(str(area["name"]), rows)


def beside(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    others: Sequence[Comparator],
    indicators: Sequence[Indicator],
) -> Section:
    """Compose the section that lays an area beside its comparators, one row an indicator."""
    title = words("sections", "compare")
    if not any(other.figures for other in others):
        return Section("compare", title, [])
    rows: list[list[Inline]] = []
    for one in indicators:
        here = figures.here.get(one.id)
        if here is None or not any(one.id in other.figures for other in others):
            continue
        sides = [other.figures for other in others]
        if place.code != released.authority:
            sides.insert(0, figures.there)
        label = words("compare", "modelled", label=one.label) if one.theme == "mis" else one.label
        if one.theme == "mis" and here["basis"] == "copied":
            label = f"{label} ({words('mis', 'copied', lender=figures.lender)})"
        row: list[Inline] = [label, Number(here, "with_range")]
        row += [_same_period(here, side.get(one.id)) for side in sides]
        rows.append([*row, show_period(str(here["period"]), words)])
    head = [words("compare", "indicator"), place.name]
    if place.code != released.authority:
        head.append(released.name)
    head += [*(other.label for other in others), words("compare", "period")]
    blocks: list[Block] = [Table("compare-table", words("compare", "caption", area=place.name), head, rows)]
    if place.code != released.authority:
        blocks.append(Paragraph([words("compare", "rule", authority=released.name)], "note"))
    if any(row["basis"] == "copied" for other in others for row in other.figures.values()):
        blocks.append(Paragraph([words("compare", "lent")], "note"))
    if any(other.level for other in others):
        method = str(released.settings.get("comparators", {}).get("method", ""))
        blocks.append(Paragraph([words("compare", "beyond", authority=released.name, method=method)], "note"))
    return Section("compare", title, blocks)
