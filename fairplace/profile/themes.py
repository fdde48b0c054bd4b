"""The indicator tables: one for each theme, each row with everything that must be said beside a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairplace.disclosure import Released
from fairplace.indicators import Indicator
from fairplace.numbers import show_period
from fairplace.profile.comparators import Comparator
from fairplace.profile.gaps import chance_of, flag, flag_words
from fairplace.profile.model import Block, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words
from fairplace.statistics_comparison import TREND_POINTS
from geo.geography import Geography
from geo.source import Source

#: Columns of a table that are of the district.
_THERE = (4, 5)
#: Themes that have sections of their own.
_ELSEWHERE = ("mis", "geography", "access", "place")


def themes(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    others: Sequence[Comparator],
) -> Section:
    """Compose one table of indicators for each theme.

    England, the region and other comparators stand in a table of their own (`comparators.beside`): beside
    all that is here they would make a table that fits no page.
    """
    blocks: list[Block] = []
    fill = {"area": place.name, "authority": released.name}
    alone = place.code == released.authority
    head = _kept(words.lines("indicators", "head", **fill), alone)
    told: list[Indicator] = []
    for theme in dict.fromkeys(one.theme for one in indicators if one.theme not in _ELSEWHERE):
        held = [one for one in indicators if one.theme == theme and one.id in figures.here]
        if not held:
            continue
        told += held
        caption = words(
            "indicators", "caption_alone" if alone else "caption", theme=words("themes", theme), **fill
        )
        rows = [_kept(_row(words, released, figures, one), alone) for one in held]
        blocks.append(Table(f"theme-{theme.replace('_', '-')}", caption, head, rows))
    signs = "; ".join(words("signs", name) for name in ("missing", "suppressed", "not_applicable"))
    blocks.append(Paragraph([f"{words('signs', 'title')}: {signs}."], "note"))
    if told and not alone:
        blocks.append(Paragraph([words("indicators", "flags", **fill)], "note", "gaps"))
    if told and any(other.figures for other in others):
        blocks.append(Paragraph([words("indicators", "others", **fill)], "note", "compare-table"))
    if told:
        blocks.append(Paragraph([_no_trend(words, released, place, told)], "note"))
    return Section("indicators", words("sections", "indicators"), blocks)


def _kept(cells: Sequence[Any], alone: bool) -> list[Any]:
    """Leave out what holds an area against its district, where it is the district."""
    return [cell for at, cell in enumerate(cells) if not (alone and at in _THERE)]


def _row(words: Words, released: Released, figures: AreaFigures, one: Indicator) -> list[Inline]:
    here, there = figures.here[one.id], figures.there.get(one.id)
    source = released.sources.get(str(here["source"]))
    return [
        one.label + (f" ({one.direction})" if one.direction else ""),
        Number(here, "with_range"),
        Number(here, column="count", unit=one.count_unit),
        Number(here, column="base", unit=one.count_unit),
        Number(there, "with_range") if there else "[z]",
        _against(words, figures, one, here, there),
        words("basis", str(here["basis"])),
        show_period(str(here["period"]), words),
        level_of(words, source),
        source.title if source else str(here["source"]),
    ]


def _against(
    words: Words,
    figures: AreaFigures,
    one: Indicator,
    here: Mapping[str, Any],
    there: Mapping[str, Any] | None,
) -> str:
    told = flag(here, there, chance_of(one.id, figures.here)) if there else "not_compared"
    return flag_words(words, told, one.polarity)


def level_of(words: Words, source: Source | None) -> str:
    """Name the areas that the publisher of a source gives numbers for, in a cell."""
    if source is not None and source.level:
        found = Geography.parse(source.level)
        return words("levels", found.kind, year=found.year)
    # What we make ourselves is published by nobody.
    return words("levels", "ours" if source is not None and source.publisher == "fairplace" else "unknown")


def _no_trend(words: Words, released: Released, place: Place, told: Sequence[Indicator]) -> str:
    """Say why no trend is shown: how many periods the edition holds of any of these figures."""
    figures = released.figures
    rows = figures[
        (figures["code"] == place.code)
        & (figures["geography"] == place.geography)
        & (figures["group"] == "")
        & figures["indicator"].isin([one.id for one in told])
    ]
    most = int(rows.groupby("indicator")["period"].nunique().max())
    name = "no_trend" if most < TREND_POINTS else "no_trend_judged"
    return words("indicators", name, points=TREND_POINTS, most=most)
