"""The largest gaps between an area and its district, by a rule that stands beside them.

They are gaps, not priorities: which of them matters is the council's to say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fairplace.disclosure import Released
from fairplace.indicators import Indicator, Polarity
from fairplace.profile.comparators import Comparator
from fairplace.profile.model import Block, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words
from fairplace.statistics_comparison import compare
from maps.style import SURE

Flag = Literal["lower", "similar", "higher", "not_compared"]
#: A counted share has no range: it is told apart when it is this many times the other, or its inverse,
RATIO = 1.25
#: and when at least this many people or homes would change sides if the shares were equal.
FEWEST = 50
#: Most gaps listed.
MOST = 8
#: Modelled share -> the probability, from the same draws, that it lies above the district's. The two have
#: most of their errors in common, so that their ranges may meet while every draw tells them apart.
CHANCES = {
    "mis_people_below_share": "mis_above_authority_probability",
    "mis_children_below_share": "mis_children_above_authority_probability",
}

#: Shares that hold a share of the list within them, or are held by one: each says the same once more.
_SAID = frozenset({"mis_households_below_share", "most_deprived_tenth_share"})


def flag(here: Mapping[str, Any], there: Mapping[str, Any], chance: Mapping[str, Any] | None = None) -> Flag:
    """Tell whether a figure is lower, similar or higher than another, by the rule for its kind.

    A modelled share beside its district's is told apart by `chance`, the figure of its probability
    to lie above it (`maps.style.SURE`, as on the map). Other figures with ranges of one kind are told
    apart where the ranges do not meet; shares without a range by `RATIO` and `FEWEST`; anything else is
    not compared.
    """
    if any(row["status"] != "ok" for row in (here, there)) or here["unit"] != there["unit"]:
        return "not_compared"
    if chance is not None and chance["status"] == "ok":
        above = float(chance["value"])
        return "higher" if above >= SURE - 1e-9 else "lower" if above <= 1 - SURE + 1e-9 else "similar"
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


def flag_words(words: Words, told: Flag, polarity: Polarity = "none") -> str:
    """Say a flag in the words of a page: worse or better only where a polarity is agreed.

    Parameters
    ----------
    words
        Of the document.
    told
        As `flag` gives it.
    polarity
        Which is better for residents, of the indicator (`fairplace.indicators.Indicator`).
    """
    said = words("charts", f"flag_{told}")
    if polarity == "none" or told not in ("lower", "higher"):
        return said
    return words("gaps", "better" if told == polarity else "worse", flag=said)


@dataclass(frozen=True)
class Gap:
    """A share that stands apart from another on the side that is worse for residents.

    `size` is the people or homes that the gap stands for; `rule` is ``draws``, ``ranges`` or
    ``ratio``.
    """

    indicator: Indicator
    here: Mapping[str, Any]
    there: Mapping[str, Any]
    size: float
    rule: str


def find_gaps(
    here: Mapping[str, Mapping[str, Any]],
    there: Mapping[str, Mapping[str, Any]],
    indicators: Sequence[Indicator],
    *,
    district: bool = False,
) -> list[Gap]:
    """Find the shares that stand worse than a comparator's, by agreed polarity, largest first.

    Parameters
    ----------
    here, there
        Figures by indicator, of the area and of its comparator.
    indicators
        Those without an agreed polarity are passed over.
    district
        The comparator is the district whose draws `here` was held against (`CHANCES`).
    """
    found = []
    for one in indicators:
        own, other = here.get(one.id), there.get(one.id)
        if own is None or other is None or not _listed(one) or own["unit"] != "share":
            continue
        worse = "higher" if one.polarity == "lower" else "lower"
        chance = chance_of(one.id, here) if district else None
        if flag(own, other, chance) != worse or not math.isfinite(float(own["base"])):
            continue
        size = abs(float(own["value"]) - float(other["value"])) * float(own["base"])
        rule = "draws" if chance is not None else "ranges" if math.isfinite(float(own["low"])) else "ratio"
        found.append(Gap(one, own, other, size, rule))
    return sorted(found, key=lambda gap: -gap.size)


def _listed(one: Indicator) -> bool:
    nested = one.theme == "mis" and one.id not in CHANCES
    return one.polarity != "none" and not nested and one.id not in _SAID


def chance_of(indicator: str, figures: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give the figure that says how probably a modelled share lies above its district's, if there is one."""
    found = figures.get(CHANCES.get(indicator, ""))
    return found if found is not None and found["status"] == "ok" else None


def gaps(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    others: Sequence[Comparator],
) -> Section:
    """Compose the section of largest gaps: to the district, and to England where the pack knows it.

    Listed by the number of people or homes that the gap stands for, largest first.
    """
    beside = [] if place.code == released.authority else [("gaps-table", released.name, figures.there)]
    beside += [("gaps-england-table", one.label, one.figures) for one in others if one.level == "england"]
    blocks: list[Block] = []
    for name, label, there in beside:
        found = find_gaps(figures.own, there, indicators, district=name == "gaps-table")[:MOST]
        if not found:
            known = any(
                one.id in there and flag(row, there[one.id]) != "not_compared"
                for one in indicators
                if _listed(one) and (row := figures.own.get(one.id)) is not None
            )
            said = words("gaps", "none" if known else "nothing", area=place.name, authority=label)
            blocks.append(Paragraph([said]))
            continue
        fill = {"area": place.name, "authority": label}
        head = words.lines("gaps", "head", **fill)
        rows = [_row(words, gap) for gap in found]
        blocks.append(Table(name, words("gaps", "caption", **fill), head, rows))
    if blocks:
        rule = words("gaps", "rule", ratio=f"{RATIO:g}", fewest=FEWEST, most=MOST)
        blocks.append(Paragraph([rule], "note"))
    return Section("gaps", words("sections", "gaps"), blocks)


def _row(words: Words, gap: Gap) -> list[Inline]:
    return [
        gap.indicator.label,
        Number(gap.here, "with_range"),
        Number(gap.there, "with_range"),
        Number(gap.here, column="base", unit=gap.indicator.count_unit),
        words("basis", str(gap.here["basis"])),
        words("gaps", gap.rule),
    ]
