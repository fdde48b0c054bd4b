"""The largest gaps between an area and its district, by a rule that stands beside them.

They are gaps, not priorities: which of them matters is the council's to say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fairplace.disclosure import Released
from fairplace.indicators import Indicator
from fairplace.profile.model import Block, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words
from fairplace.statistics_comparison import compare

Flag = Literal["lower", "similar", "higher", "not_compared"]
#: A counted share has no range: it is told apart when it is this many times the other, or its inverse,
RATIO = 1.25
#: and when at least this many people or homes would change sides if the shares were equal.
FEWEST = 50
#: Most gaps listed.
MOST = 8


def flag(here: Mapping[str, Any], there: Mapping[str, Any]) -> Flag:
    """Tell whether a figure is lower, similar or higher than another, by the rule for its kind.

    Figures with ranges of one kind are told apart where the ranges do not meet; counted shares
    without a range by `RATIO` and `FEWEST`; anything else is not compared.
    """
    if any(row["status"] != "ok" for row in (here, there)) or here["unit"] != there["unit"]:
        return "not_compared"
    if math.isfinite(float(here["low"])):
        kind = compare(here, there).kind
        return "not_compared" if kind == "not compared" else kind
    if here["unit"] != "share" or not math.isfinite(float(here["base"])) or here["period"] != there["period"]:
        return "not_compared"
    value, other = float(here["value"]), float(there["value"])
    if abs(value - other) * float(here["base"]) < FEWEST:
        return "similar"
    if value >= other * RATIO:
        return "higher"
    return "lower" if value * RATIO <= other else "similar"


def gaps(
    words: Words, released: Released, place: Place, figures: AreaFigures, indicators: Sequence[Indicator]
) -> Section:
    """Compose the section of largest gaps: shares that stand worse than the district's, by agreed polarity.

    Listed by the number of people or homes that the gap stands for, largest first.
    """
    title = words("sections", "gaps")
    if place.code == released.authority:
        return Section("gaps", title, [])
    found: list[tuple[float, list[Inline]]] = []
    for one in indicators:
        here, there = figures.here.get(one.id), figures.there.get(one.id)
        if here is None or there is None or here["unit"] != "share" or one.polarity == "none":
            continue
        worse = "higher" if one.polarity == "lower" else "lower"
        if flag(here, there) != worse or not math.isfinite(float(here["base"])):
            continue
        size = abs(float(here["value"]) - float(there["value"])) * float(here["base"])
        rule = "ranges" if math.isfinite(float(here["low"])) else "ratio"
        row: list[Inline] = [
            one.label,
            Number(here, "with_range"),
            Number(there, "with_range"),
            Number(here, column="base", unit=one.count_unit),
            words("basis", str(here["basis"])),
            words("gaps", rule),
        ]
        found.append((size, row))
    found.sort(key=lambda pair: -pair[0])
    rule_said = Paragraph(
        [words("gaps", "rule", ratio=f"{RATIO:g}", fewest=FEWEST, most=MOST, authority=released.name)], "note"
    )
    if not found:
        return Section(
            "gaps", title, [Paragraph([words("gaps", "none", authority=released.name)]), rule_said]
        )
    head = [text.format(area=place.name, authority=released.name) for text in words.raw("gaps", "head")]
    blocks: list[Block] = [
        Table(
            "gaps-table",
            words("gaps", "caption", area=place.name, authority=released.name),
            head,
            [row for _, row in found[:MOST]],
        ),
        rule_said,
    ]
    return Section("gaps", title, blocks)
