"""Which maps a profile has: where it is, the standard, deprivation, walks, designations.

A map whose figures or shapes are not held is left out, and the section says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fairplace.disclosure import Released
from fairplace.ground import PLANNING
from fairplace.numbers import show_period
from fairplace.profile.model import Block, Drawing, Paragraph, Section
from fairplace.profile.place import Place
from fairplace.profile.words import Words

#: Service whose catchments the map of walks draws, and the pace of the walk as it is printed.
WALKED, PACE = "gp", "4.8 km/h"
#: What the table of small areas shows of walks: an indicator and its group.
WALKS = ("walk_residents_share", f"{WALKED}: 15 minutes")
_SMALL = "lsoa21"


def maps(words: Words, released: Released, place: Place, inside: Sequence[str]) -> Section:
    """Compose the five maps, or say of each why it is not there.

    `inside` are the small areas within the place, whose table is the twin of two of them.
    """
    fill = {"authority": released.name, "area": place.name}
    blocks: list[Block] = [_drawing(words, "where_map", "where-table", place, **fill)]
    absent: list[str] = []
    for kind, indicator, group, twin in (
        ("mis_map", "mis_people_below_share", "", "parts-table"),
        ("imd_map", "imd25_decile", "", "parts-table"),
        ("walk_map", *WALKS, "access-table"),
    ):
        period = _period(released, indicator, group)
        if period is None:
            absent.append(words("maps", f"{kind}_absent"))
        else:
            drawn = _drawing(words, kind, twin, place, period=show_period(period, words), **fill)
            if twin == "parts-table" and inside:
                drawn = replace(drawn, alt=f"{drawn.alt} {words('maps', f'{kind}_twin', **fill)}")
            blocks.append(drawn)
    if PLANNING in released.settings and released.held(PLANNING):
        blocks.append(_drawing(words, "planning_map", "planning-table", place, **fill))
    else:
        absent.append(words("maps", "planning_map_absent"))
    if absent:
        blocks.append(Paragraph([words("maps", "absent", reasons=" ".join(absent))], "note"))
    return Section("maps", words("sections", "maps"), blocks)


def _period(released: Released, indicator: str, group: str) -> str | None:
    figures = released.figures
    rows = figures[
        (figures["indicator"] == indicator)
        & (figures["geography"] == _SMALL)
        & (figures["group"] == group)
        & (figures["status"] == "ok")
    ]
    return None if rows.empty else str(rows["period"].iloc[0])


def _drawing(words: Words, kind: str, twin: str, place: Place, **fill: object) -> Drawing:
    name = kind.replace("_", "-")
    caption, alt = words("maps", kind, **fill), words("maps", f"{kind}_alt", **fill)
    return Drawing(name, kind, caption, alt, {"place": place}, twin)
