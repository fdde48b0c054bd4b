"""Which charts a profile has, and the figures each is drawn from; every one has a table twin."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from fairplace.disclosure import Released
from fairplace.indicators import Indicator
from fairplace.numbers import is_ours, show
from fairplace.profile.comparators import Comparator
from fairplace.profile.gaps import chance_of, flag
from fairplace.profile.model import Block, Drawing, Inline, Number, Section, Table
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
#: Small areas against these, on the tartan rug.
RUG = (
    "imd25_decile",
    "imd25_education_decile",
    "imd25_health_decile",
    "imd25_crime_decile",
    "imd25_barriers_decile",
    "imd25_environment_decile",
)
#: Indicators of who people are: ethnic group and religion.
_WHO = ("ethnic_", "religion_")
#: Fewer areas than this have no spread worth drawing.
FEWEST_AREAS = 4
#: Most small areas that fit on a page of the rug.
MOST_ROWS = 42


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
        Comparators beyond the district; England is marked on the spine chart.
    """
    labels = {one.id: one.label for one in indicators}
    both = [(place.name, figures.here)]
    if place.code != released.authority:
        both.append((released.name, figures.there))
    copied = figures.here.get("mis_people_below_share", {}).get("basis") == "copied"
    where = words("mis", "copied", lender=figures.lender) if copied else place.name
    standard = [(where, figures.here), *both[1:]]
    made: list[Block | None] = [
        _depth(words, where, standard),
        _dots(words, where, standard, labels),
        *(_stack(words, name, place, both, labels) for name in _STACKS),
        *_spine(words, released, place, figures, indicators, others),
        _rug(words, released, place, labels, inside),
    ]
    return Section("charts", words("sections", "charts"), [one for one in made if one is not None])


def _value(figures: Mapping[str, Mapping[str, Any]], name: str) -> float:
    row = figures.get(name)
    return float("nan") if row is None or row["status"] != "ok" else float(row["value"])


def _drawing(words: Words, name: str, twin: str, data: Mapping[str, Any], **fill: object) -> Drawing:
    return Drawing(
        name, name, words("charts", name, **fill), words("charts", f"{name}_alt", **fill), data, twin
    )


def _stack(
    words: Words,
    name: str,
    place: Place,
    both: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]],
    labels: Mapping[str, str],
) -> Drawing | None:
    parts = pd.DataFrame(
        {labels.get(one, one): {label: _value(held, one) for label, held in both} for one in _STACKS[name]}
    )
    if not parts.loc[place.name].notna().any():
        return None
    return _drawing(words, name, _STACK_TABLES[name], {"parts": parts}, area=place.name)


def _depth(
    words: Words, where: str, both: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]]
) -> Drawing | None:
    # The chart wants the deepest band first.
    bands = words.lines("charts", "depth_bands")[::-1]
    rows = {}
    for label, held in both:
        below = [_value(held, one) for one in _DEPTHS]
        edges = [1.0, *below, 0.0]
        rows[label] = [high - low for high, low in itertools.pairwise(edges)][::-1]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=bands)
    if not frame.loc[where].notna().all() or (frame < -1e-9).any(axis=None):
        return None
    period = str(both[0][1]["mis_people_below_share"]["period"])
    return _drawing(words, "depth", "mis-table", {"bands": frame}, where=where, period=period)


def _dots(
    words: Words,
    where: str,
    both: Sequence[tuple[str, Mapping[str, Mapping[str, Any]]]],
    labels: Mapping[str, str],
) -> Drawing | None:
    rows = [
        {
            "label": labels.get(one, one),
            "place": label,
            **{part: float(held[one][part]) for part in ("value", "low", "high")},
            "status": held[one]["status"],
        }
        for one in _MIS_SHARES
        if one in both[0][1]
        for label, held in both
        if one in held
    ]
    if not rows:
        return None
    return _drawing(words, "dots", "mis-table", {"rows": pd.DataFrame(rows)}, where=where)


def _spine(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    others: Sequence[Comparator],
) -> list[Block]:
    """Compose the spine chart, and the table of its flags and of the spread of areas of the kind."""
    if place.code == released.authority or len(released.areas(place.geography)) < FEWEST_AREAS:
        return []
    shown = [one for one in indicators if one.unit == "share" and one.theme not in ("geography", "mis")]
    # Who people are is described by itself, never laid in one picture with the standard.
    shown = [one for one in shown if not one.id.startswith(_WHO)]
    shown += [one for one in indicators if one.id in ("mis_people_below_share", "mis_children_below_share")]
    alike = released.figures[
        (released.figures["geography"] == place.geography)
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
    for one in shown:
        here, there = figures.here.get(one.id), figures.there.get(one.id)
        values = spread.get(one.id)
        if here is None or there is None or values is None or len(values) < FEWEST_AREAS:
            continue
        # Each end of the bar is the figure of an area, so that the table can give it with its range.
        ends = [values[at] for at in _ends(len(values))]
        low, first, third, high = (float(end["value"]) for end in ends)
        told = flag(here, there, chance_of(one.id, figures.here))
        second = None if england is None else england.figures.get(one.id)
        numbers: list[Inline] = [Number(row, "with_range") for row in (here, there)]
        numbers += [words("charts", f"flag_{told}"), *(Number(end, "with_range") for end in ends)]
        if england is not None:
            numbers.append(Number(second, "with_range") if second else "[x]")
        label = words("compare", "modelled", label=one.label) if one.theme == "mis" else one.label
        twin.append([label, *numbers])
        rows.append(
            {
                "label": label,
                "unit": one.unit,
                "range": show(here, words=words).range if is_ours(here) else "",
                "comparator_range": show(there, words=words).range if is_ours(there) else "",
                "value": _value(figures.here, one.id),
                "comparator": _value(figures.there, one.id),
                "lowest": low,
                "p25": first,
                "p75": third,
                "highest": high,
                "flag": told,
                "decimals": 0 if is_ours(here) else 1,
                "second": float("nan") if england is None else _value(england.figures, one.id),
            }
        )
    if not rows:
        return []
    data = {
        "rows": pd.DataFrame(rows),
        "comparator": released.name,
        "second": "" if england is None else england.label,
    }
    kind = words("kinds", place.kind)
    fill = {"area": place.name, "authority": released.name, "kind": kind}
    head = words.lines("charts", "spine_head", **fill)
    head += [] if england is None else [england.label]
    caption = words("charts", "spine_caption", **fill)
    return [
        _drawing(words, "spine", "spine-table", data, **fill),
        Table("spine-table", caption, head, twin),
    ]


def _ends(count: int) -> tuple[int, int, int, int]:
    """Where lowest, lower quarter, upper quarter and highest stand among areas in order."""
    return 0, -(-count // 4) - 1, -(-3 * count // 4) - 1, count - 1


def _rug(
    words: Words, released: Released, place: Place, labels: Mapping[str, str], inside: Sequence[str]
) -> Drawing | None:
    if not 1 <= len(inside) <= MOST_ROWS:
        return None
    small = released.figures[
        (released.figures["geography"] == "lsoa21")
        & released.figures["indicator"].isin(RUG)
        & released.figures["code"].isin(list(inside))
        & (released.figures["group"] == "")
    ]
    held = [one for one in RUG if (small["indicator"] == one).any()]
    if not held:
        return None
    names = released.areas("lsoa21")["name"]
    rows = [str(names[code]) for code in inside]

    def wide(column: str) -> pd.DataFrame:
        frame = small.pivot_table(index="code", columns="indicator", values=column, aggfunc="first")
        frame = frame.reindex(index=list(inside), columns=held)
        frame.index = pd.Index(rows)
        frame.columns = pd.Index([labels.get(one, one) for one in held])
        return frame

    data = {"cells": wide("value"), "status": wide("status")}
    return _drawing(words, "rug", "domains-table", data, area=place.name)
