"""How an area, and each small area within it, stands to the district: the spine chart and the tartan rug.

Both tell lower, similar and higher by the rule of the largest gaps (`fairplace.profile.gaps.flag`), and both
leave out who people are: ethnic group and religion stand in no picture with the standard.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fairplace.disclosure import Released
from fairplace.indicators import Indicator
from fairplace.numbers import SIGNS, is_ours, show
from fairplace.profile.comparators import Comparator
from fairplace.profile.gaps import chance_of, flag
from fairplace.profile.model import Block, Drawing, Inline, Number, Paragraph, Table
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words
from geo.geography import Geography

#: Indicators of who people are: ethnic group and religion.
WHO = ("ethnic_", "religion_")
_STANDARD = ("mis_people_below_share", "mis_children_below_share")
#: In the order in which titles and keys have them.
FLAGS = ("higher", "similar", "lower", "not_compared")
#: Fewer areas than this have no spread worth drawing.
FEWEST_AREAS = 4
#: Small areas in one rug, whose cells are then wide enough for their marks, and in all rugs of a document.
_IN_ONE, MOST_IN_RUGS = 12, 24


def compared(indicators: Sequence[Indicator]) -> list[Indicator]:
    """Give the indicators that are held against the district: shares, and two of the standard's."""
    shares = [one for one in indicators if one.unit == "share" and one.theme not in ("geography", "mis")]
    shares = [one for one in shares if not one.id.startswith(WHO)]
    return shares + [one for one in indicators if one.id in _STANDARD]


def spine(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    others: Sequence[Comparator],
) -> list[Block]:
    """Compose the spine chart, and the table of its flags and of the spread of the areas it runs over."""
    if place.code == released.authority:
        return []
    over = _runs_over(released, place, figures)
    kind = words("kinds_many", Geography.parse(over).kind) if over else words("kinds_many", place.kind)
    fill = {"area": place.name, "authority": released.name, "kinds": kind}
    if not over:
        if place.kind == "area":
            fill["kinds"] = words("kinds_many", "lsoa")
        return [Paragraph([words("charts", "spine_absent", fewest=FEWEST_AREAS, **fill)], "note")]
    alike = released.figures[
        (released.figures["geography"] == over)
        & (released.figures["group"] == "")
        & (released.figures["status"] == "ok")
    ]
    spread = {
        str(name): held.sort_values(["value", "code"], kind="stable").to_dict("records")
        for name, held in alike.groupby("indicator")
    }
    rows = []
    twin: list[list[Inline]] = []
    england = next((one for one in others if one.level == "england"), None)
    for one in compared(indicators):
        here, there = figures.here.get(one.id), figures.there.get(one.id)
        values = spread.get(one.id)
        if here is None or there is None or values is None or len(values) < FEWEST_AREAS:
            continue
        # Each end of the bar is the figure of an area, so that the table can give it with its range.
        ends = [values[at] for at in _ends(len(values))]
        low, first, third, high = (float(end["value"]) for end in ends)
        told = flag(here, there, chance_of(one.id, figures.here))
        second = None if england is None else england.figures.get(one.id)
        if second is not None and second["period"] != here["period"]:
            second = None
        numbers: list[Inline] = [Number(row, "with_range") for row in (here, there)]
        numbers += [words("charts", f"flag_{told}"), *(Number(end, "with_range") for end in ends)]
        if england is not None:
            numbers.append(Number(second, "with_range") if second else "[x]")
        label = _label(words, one)
        if here["basis"] == "copied" and one.theme == "mis":
            label = f"{label} ({words('mis', 'copied', lender=figures.lender)})"
        twin.append([label, *numbers])
        rows.append(
            {
                "label": label,
                "unit": one.unit,
                "range": show(here, words=words).range if is_ours(here) else "",
                "comparator_range": show(there, words=words).range if is_ours(there) else "",
                "value": _value(here),
                "comparator": _value(there),
                "lowest": low,
                "p25": first,
                "p75": third,
                "highest": high,
                "flag": told,
                "decimals": 0 if is_ours(here) else 1,
                "second": math.nan if second is None else _value(second),
            }
        )
    if not rows:
        return []
    bar = words("charts", "spine_bar", **fill)
    data = {
        "rows": pd.DataFrame(rows),
        "comparator": released.name,
        "second": "" if england is None else england.label,
        "bar": bar,
    }
    counted = count_flags(row["flag"] for row in rows)
    title = words("charts", "spine", count=len(rows), **fill, **counted)
    alt = words("charts", "spine_alt", **fill)
    head = words.lines("charts", "spine_head", **fill)
    head += [] if england is None else [england.label]
    caption = words("charts", "spine_caption", **fill)
    blocks: list[Block] = [
        Drawing("spine", "spine", title, alt, data, "spine-table"),
        Table("spine-table", caption, head, twin),
    ]
    if place.kind == "area":
        why = "large" if not over.startswith("lsoa") else "small" if _wards(released) else "only"
        blocks.append(Paragraph([words("charts", f"spine_drawn_{why}", **fill)], "note"))
    return blocks


def _runs_over(released: Released, place: Place, figures: AreaFigures) -> str:
    """Geography whose areas the bars of the spine chart run over; empty where they are too few.

    There is none of a drawn area's kind: one with the residents of the smallest ward or more is laid over
    wards, as its figures are published by the rule for wards, and a smaller one over small areas.
    """
    over = place.geography
    if place.kind == "area":
        wards = _wards(released)
        here = figures.here.get("residents")
        small = wards is not None and here is not None and not _value(here) >= _smallest(released, wards)
        over = "lsoa21" if wards is None or small else wards
    return over if len(released.areas(over)) >= FEWEST_AREAS else ""


def _wards(released: Released) -> str | None:
    """Key of the wards, where there are enough of them to show a spread."""
    found = next((key for key in released.geographies if key.startswith("wd")), None)
    return found if found is not None and len(released.areas(found)) >= FEWEST_AREAS else None


def _smallest(released: Released, key: str) -> float:
    rows = released.figures
    rows = rows[(rows["geography"] == key) & (rows["indicator"] == "residents") & (rows["group"] == "")]
    return float(rows["value"].min())


def _ends(count: int) -> tuple[int, int, int, int]:
    """Where lowest, lower quarter, upper quarter and highest stand among areas in order."""
    return 0, -(-count // 4) - 1, -(-3 * count // 4) - 1, count - 1


def rug(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    inside: Sequence[str],
) -> list[Block]:
    """Compose the tartan rug: the small areas within a place against the district, and its tables.

    Indicators are the rows and small areas the columns, because names of indicators are long. More than
    twelve small areas are laid in several rugs, more than `MOST_IN_RUGS` in none, which is said.
    """
    if len(inside) < 2:
        return []
    fill = {"area": place.name, "authority": released.name}
    if len(inside) > MOST_IN_RUGS:
        said = words("charts", "rug_absent", count=len(inside), most=MOST_IN_RUGS, **fill)
        return [Paragraph([said], "note")]
    names = released.areas("lsoa21")["name"]
    own = _by_code(released, inside)
    shown = [
        one
        for one in compared(indicators)
        if one.id in figures.there and any(one.id in own[c] for c in inside)
    ]
    if not shown:
        return []
    parts = -(-len(inside) // _IN_ONE)
    wide = -(-len(inside) // parts)
    blocks: list[Block] = []
    for at in range(parts):
        codes = inside[at * wide : (at + 1) * wide]
        cells = {str(names[c]): [_cell(one, own[c], figures.there) for one in shown] for c in codes}
        labels = pd.Index([_label(words, one) for one in shown])
        told = pd.DataFrame(
            {name: [each if each in FLAGS else None for each in column] for name, column in cells.items()},
            index=labels,
            dtype=object,
        )
        status = pd.DataFrame(
            {name: ["ok" if each in FLAGS else each for each in column] for name, column in cells.items()},
            index=labels,
        )
        flags = [each for column in cells.values() for each in column if each in FLAGS]
        part = fill | {"part": at + 1, "parts": parts}
        counted = count_flags(flags)
        name = "rug_part" if parts > 1 else "rug"
        number = f"-{at + 1}" if parts > 1 else ""
        title = words("charts", name, count=len(flags), small=len(codes), **part, **counted)
        caption = words("charts", f"{name}_caption", **part)
        alt = words("charts", "rug_alt", **part)
        twin = f"rug-part{number}" if parts > 1 else "rug-table"
        blocks += [
            Drawing(f"rug{number}", "rug", title, alt, {"cells": told, "status": status}, twin),
            Table(twin, caption, *_rug_table(words, released, figures, shown, {c: own[c] for c in codes})),
        ]
    blocks.append(Paragraph([words("charts", "rug_rule", **fill)], "note"))
    return blocks


Figures = Mapping[str, Mapping[str, Any]]


def _by_code(released: Released, codes: Sequence[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Give the figures of each small area by indicator, without those of one age or type."""
    rows = released.figures
    rows = rows[(rows["geography"] == "lsoa21") & (rows["group"] == "") & rows["code"].isin(list(codes))]
    found: dict[str, dict[str, dict[str, Any]]] = {code: {} for code in codes}
    for row in rows.to_dict("records"):
        found[str(row["code"])][str(row["indicator"])] = {str(name): value for name, value in row.items()}
    return found


def _cell(one: Indicator, own: Figures, there: Figures) -> str:
    """Flag of a small area against the district, or why it has no figure."""
    here = own.get(one.id)
    if here is None:
        return "missing"
    if here["status"] != "ok":
        return str(here["status"])
    return flag(here, there[one.id], chance_of(one.id, own))


def _rug_table(
    words: Words,
    released: Released,
    figures: AreaFigures,
    shown: Sequence[Indicator],
    own: Mapping[str, Figures],
) -> tuple[list[str], list[list[Inline]]]:
    names = released.areas("lsoa21")["name"]
    head = [words("compare", "indicator"), released.name]
    for code in own:
        head += [str(names[code]), words("charts", "rug_against", area=names[code], authority=released.name)]
    rows: list[list[Inline]] = []
    for one in shown:
        row: list[Inline] = [_label(words, one), Number(figures.there[one.id], "with_range")]
        for held in own.values():
            here = held.get(one.id)
            told = _cell(one, held, figures.there)
            row += [
                "[x]" if here is None else Number(here, "with_range"),
                words("charts", f"flag_{told}") if told in FLAGS else SIGNS[told][0],
            ]
        rows.append(row)
    return head, rows


def count_flags(flags: Any) -> dict[str, int]:
    """Count each flag, for a title."""
    counted = Counter(flags)
    return {name: counted.get(name, 0) for name in FLAGS}


def _label(words: Words, one: Indicator) -> str:
    return words("compare", "modelled", label=one.label) if one.theme == "mis" else one.label


def _value(row: Mapping[str, Any]) -> float:
    return float(row["value"]) if row["status"] == "ok" else math.nan
