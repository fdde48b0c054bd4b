"""Which charts a profile has, and the figures each is drawn from; every one has a table twin.

A title says what its chart shows, in figures that the twin holds and counts of what is drawn; nothing in it
is judged.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairplace.disclosure import Released
from fairplace.indicators import Indicator
from fairplace.numbers import show
from fairplace.profile.comparators import Comparator
from fairplace.profile.flags import WHO, rug, spine
from fairplace.profile.gaps import flag
from fairplace.profile.model import Block, Drawing, Paragraph, Section
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words

#: Chart -> indicators whose shares add up to everyone, in the order of the bar.
_STACKS = {
    "ages": ("children_0_15_share", "age_16_64_share", "age_65_plus_share"),
    "tenure": (
        "tenure_owned_share",
        "tenure_shared_ownership_share",
        "tenure_social_share",
        "tenure_private_share",
    ),
    "ethnic": (
        "ethnic_asian_share",
        "ethnic_black_share",
        "ethnic_mixed_share",
        "ethnic_white_share",
        "ethnic_other_share",
    ),
}
_STACK_TABLES = {"ages": "theme-population", "tenure": "theme-housing", "ethnic": "theme-population"}
#: From above the line to the deepest: the share that is below each.
_DEPTHS = (
    "mis_people_below_share",
    "mis_people_below_90_share",
    "mis_people_below_75_share",
    "mis_people_below_50_share",
)
_MIS_SHARES = (
    "mis_people_below_share",
    "mis_children_below_share",
    "mis_pensioners_below_share",
    "mis_households_below_share",
    "mis_people_below_75_share",
    "mis_people_below_50_share",
)
#: Themes with a plot of their shares, in the order of their tables.
_THEMES = ("population", "households", "low_income", "deprivation", "housing")
#: The index and its seven domains, of small areas only: there is no decile of a ward.
DOMAINS = (
    "imd25_decile",
    "imd25_income_decile",
    "imd25_employment_decile",
    "imd25_education_decile",
    "imd25_health_decile",
    "imd25_crime_decile",
    "imd25_barriers_decile",
    "imd25_environment_decile",
)
#: Last decile of the most deprived fifth.
_FIFTH = 2
#: Most small areas that fit on a page of the strip of deciles.
MOST_ROWS = 42


@dataclass(frozen=True)
class _Side:
    """A place in a chart: its name, its figures by indicator, and whether it lies beyond the district.

    What lies beyond has its figures in another table, and only those of the same period are laid beside.
    """

    label: str
    figures: Mapping[str, Mapping[str, Any]]
    beyond: bool = False

    def has(self, name: str, period: object) -> bool:
        """Tell whether a figure is there to be laid beside one of `period`."""
        return name in self.figures and (not self.beyond or self.figures[name]["period"] == period)


def charts(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    inside: Sequence[str],
    others: Sequence[Comparator] = (),
) -> Section:
    """Compose the section of charts.

    Parameters
    ----------
    words, released, place, figures, indicators
        As for every section.
    inside
        Codes of the small areas within the place.
    others
        Comparators beyond the district; England stands in the plots of themes, bars and spine chart.
    """
    labels = {one.id: one.label for one in indicators}
    both = [_Side(place.name, figures.here)]
    if place.code != released.authority:
        both.append(_Side(released.name, figures.there))
    copied = figures.here.get("mis_people_below_share", {}).get("basis") == "copied"
    where = words("mis", "copied", lender=figures.lender) if copied else place.name
    standard = [_Side(where, figures.here), *both[1:]]
    wide = both + [_Side(one.label, one.figures, beyond=True) for one in others if one.level == "england"]
    stacks = {name: _stack(words, name, wide, labels) for name in _STACKS}
    barred = {one for name, made in stacks.items() if made is not None for one in _STACKS[name]}
    made: list[Block | None] = [
        _depth(words, where, standard),
        _dots(words, where, standard, labels),
        *stacks.values(),
        *_theme_dots(words, wide, [one for one in indicators if one.id not in barred]),
        *spine(words, released, place, figures, indicators, others),
        *rug(words, released, place, figures, indicators, inside),
        _strip(words, released, place, labels, inside),
    ]
    return Section("charts", words("sections", "charts"), [one for one in made if one is not None])


def _value(figures: Mapping[str, Mapping[str, Any]], name: str) -> float:
    row = figures.get(name)
    return math.nan if row is None or row["status"] != "ok" else float(row["value"])


def _drawing(
    words: Words, name: str, twin: str, data: Mapping[str, Any], *, title: str = "", **fill: object
) -> Drawing:
    said = title or words("charts", name, **fill)
    return Drawing(name, name, said, words("charts", f"{name}_alt", **fill), data, twin)


def widest(
    words: Words, here: Mapping[Any, Mapping[str, Any]], there: Mapping[Any, Mapping[str, Any]]
) -> tuple[Any, str, str] | None:
    """Find the share that is farthest from another place's, and both as they stand in tables.

    What the rule of the gaps calls similar is no headline, nor are shares with ranges that it does not tell
    apart. None where no two are told apart as written.
    """
    found = []
    for name, row in here.items():
        other = there.get(name)
        if other is None or any(one["status"] != "ok" for one in (row, other)):
            continue
        ranged = any(math.isfinite(float(one["low"])) for one in (row, other))
        told = flag(row, other)
        if told == "similar" or (ranged and told == "not_compared"):
            continue
        texts = [show(one, words=words).with_range for one in (row, other)]
        if texts[0] != texts[1]:
            found.append((abs(float(row["value"]) - float(other["value"])), (name, *texts)))
    return max(found, key=lambda one: one[0])[1] if found else None


def _stack(words: Words, name: str, sides: Sequence[_Side], labels: Mapping[str, str]) -> Drawing | None:
    parts = _STACKS[name]
    here = sides[0].figures
    own = {one: here[one] for one in parts if one in here and here[one]["status"] == "ok"}
    if not own:
        return None
    whole = [
        side
        for side in sides
        if not side.beyond or all(one in here and side.has(one, here[one]["period"]) for one in parts)
    ]
    frame = pd.DataFrame(
        {labels.get(one, one): {side.label: _value(side.figures, one) for side in whole} for one in parts}
    )
    area = sides[0].label
    # England's figures stand in another table, and a title holds those of its own.
    apart = widest(words, own, whole[1].figures) if len(whole) > 1 and not whole[1].beyond else None
    if name == "ethnic":
        # Who people are is shown, and no group of them is made a headline.
        title = words("charts", "ethnic", places=words("charts", "and").join(one.label for one in whole))
    elif apart is not None:
        part, share, other = apart
        fill = {"area": area, "authority": whole[1].label, "part": labels.get(part, part)}
        title = words("charts", f"{name}_apart", share=share, other=other, **fill)
    else:
        part = max(own, key=lambda one: float(own[one]["value"]))
        share = show(own[part], words=words).with_range
        title = words("charts", f"{name}_largest", area=area, part=labels.get(part, part), share=share)
    alt = " ".join([words("charts", f"{name}_alt"), *_beyond(words, whole, area)])
    return Drawing(name, name, title, alt, {"parts": frame}, _STACK_TABLES[name])


def _beyond(words: Words, sides: Sequence[_Side], area: str) -> list[str]:
    """Say where the figures of places beyond the district are to be found."""
    return [words("charts", "beyond", place=one.label, area=area) for one in sides if one.beyond]


def _depth(words: Words, where: str, both: Sequence[_Side]) -> Drawing | None:
    # The chart wants the deepest band first.
    bands = words.lines("charts", "depth_bands")[::-1]
    rows = {}
    for side in both:
        below = [_value(side.figures, one) for one in _DEPTHS]
        edges = [1.0, *below, 0.0]
        rows[side.label] = [high - low for high, low in itertools.pairwise(edges)][::-1]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=bands)
    if not frame.loc[where].notna().all() or (frame < -1e-9).any(axis=None):
        return None
    here = both[0].figures
    period = str(here["mis_people_below_share"]["period"])
    share, half = (show(here[one], words=words).with_range for one in (_DEPTHS[0], _DEPTHS[-1]))
    fill = {"where": where, "period": period, "share": share, "half": half}
    return _drawing(words, "depth", "mis-table", {"bands": frame}, **fill)


def _dots(words: Words, where: str, both: Sequence[_Side], labels: Mapping[str, str]) -> Drawing | None:
    rows = _dot_rows(_MIS_SHARES, both, labels)
    if not rows:
        return None
    held = [
        words("charts", "dots_one", place=side.label, share=show(row, words=words).with_range)
        for side in both
        if (row := side.figures.get(_MIS_SHARES[0])) is not None and row["status"] == "ok"
    ]
    title = words("charts", "dots_shares", shares=words("charts", "and").join(held)) if held else ""
    return _drawing(words, "dots", "mis-table", {"rows": pd.DataFrame(rows)}, title=title, where=where)


def _dot_rows(
    names: Sequence[str], sides: Sequence[_Side], labels: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows of a plot of dots; what nobody holds for the first place is in no table of it, and left out."""
    here = sides[0].figures
    return [
        {
            "label": labels.get(one, one),
            "place": side.label,
            **{part: float(side.figures[one][part]) for part in ("value", "low", "high")},
            "status": side.figures[one]["status"],
        }
        for one in names
        if one in here
        for side in sides
        if side.has(one, here[one]["period"])
    ]


#: Shown, and no headline: who people are. Nor is a model's figure without a range one.
_NO_HEADLINE = (*WHO, "disabled_")


def _theme_dots(words: Words, sides: Sequence[_Side], indicators: Sequence[Indicator]) -> list[Drawing]:
    """Compose a plot for each theme of its shares here, in the district and in England."""
    if len(sides) < 2:
        return []
    labels = {one.id: one.label for one in indicators}
    area, other = sides[:2]
    made = []
    for theme in _THEMES:
        shown = [one.id for one in indicators if one.theme == theme and one.unit == "share"]
        rows = _dot_rows(shown, sides, labels)
        if not any(row["status"] == "ok" for row in rows):
            continue
        fill = {"theme": words("themes", theme), "area": area.label, "authority": other.label}
        own = {
            one: row
            for one in shown
            if (row := area.figures.get(one)) is not None and other.has(one, row["period"])
        }
        told = {
            one: row
            for one, row in own.items()
            if row["basis"] != "modelled" and not one.startswith(_NO_HEADLINE)
        }
        apart = None if other.beyond else widest(words, told, other.figures)
        title = words("charts", "theme_dots", **fill)
        if apart is not None:
            part, here, there = apart
            title = words("charts", "theme_dots_apart", part=labels[part], share=here, other=there, **fill)
        places = {str(row["place"]) for row in rows}
        alt = [
            words("charts", "theme_dots_alt"),
            *_beyond(words, [s for s in sides if s.label in places], area.label),
        ]
        name = theme.replace("_", "-")
        data = {"rows": pd.DataFrame(rows)}
        made.append(Drawing(f"dots-{name}", "theme_dots", title, " ".join(alt), data, f"theme-{name}"))
    return made


def _strip(
    words: Words, released: Released, place: Place, labels: Mapping[str, str], inside: Sequence[str]
) -> Block | None:
    """Compose the strip of deciles: the index and its domains for each small area."""
    small = released.figures[
        (released.figures["geography"] == "lsoa21")
        & released.figures["indicator"].isin(DOMAINS)
        & released.figures["code"].isin(list(inside))
        & (released.figures["group"] == "")
    ]
    if small.empty:
        return None
    if len(inside) > MOST_ROWS:
        said = words("charts", "strip_absent", count=len(inside), most=MOST_ROWS, area=place.name)
        return Paragraph([said], "note", "domains-table")
    names = released.areas("lsoa21")["name"]
    rows = [str(names[code]) for code in inside]

    def wide(column: str) -> pd.DataFrame:
        frame = small.pivot_table(index="code", columns="indicator", values=column, aggfunc="first")
        frame = frame.reindex(index=list(inside), columns=list(DOMAINS))
        frame.index = pd.Index(rows)
        frame.columns = pd.Index([labels.get(one, one) for one in DOMAINS])
        return frame

    cells, status = wide("value"), wide("status").astype(object).fillna("missing")
    overall = cells.iloc[:, 0]
    known = int(overall.notna().sum())
    fill: dict[str, object] = {"area": place.name, "total": known, "count": int((overall <= _FIFTH).sum())}
    title = words("charts", "strip_fifth", **fill) if known else words("charts", "strip", **fill)
    return _drawing(words, "strip", "domains-table", {"cells": cells, "status": status}, title=title, **fill)
