"""Walks from an area: people within minutes of each service, the nearest one, and the curve of reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fairplace.disclosure import Released
from fairplace.profile.model import Block, Drawing, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import Place
from fairplace.profile.words import Words, capital, sentence
from fairplace.walking import GREEN, LIMITS, NEAREST, SERVICES, WEIGHTS

#: Minutes that the table of residents shows, and the ones at which a comparator stands beside them.
SHOWN = (10, 15, 20, 30)
BESIDE = 15
#: Services of the curve, in order; as many as can be told apart.
CURVE = ("gp", "primary_school", "family_hub", "library", GREEN, "pharmacy")
_EVERYBODY = WEIGHTS["residents"]
Rows = Mapping[tuple[str, str], Mapping[str, Any]]


def access(words: Words, released: Released, place: Place) -> Section:
    """Compose the section of walks; without streets it says what is missing and why nothing stands in."""
    title = words("sections", "access")
    here = _rows(released, place.code, place.geography)
    found = [one for one in (*SERVICES, GREEN) if (_EVERYBODY, f"{one}: {BESIDE} minutes") in here]
    if not found:
        return Section("access", title, [Paragraph([words("access", _reason(released))], "note")])
    district = next(key for key in released.geographies if key.startswith("lad"))
    there = {} if place.code == released.authority else _rows(released, released.authority, district)
    blocks: list[Block] = [_everybody(words, released, place, here, there, found)]
    young = next((one for one in (WEIGHTS["children_0_4"], WEIGHTS["children_0_15"]) if _has(here, one)), "")
    if young:
        who = words("access", young)
        first = here[young, f"{found[0]}: {LIMITS[0]} minutes"]
        base = Number(first, column="base", unit="people") if first["status"] == "ok" else Number(first)
        blocks += [
            sentence(words, "access", "children", area=place.name, base=base, who=who),
            *_curve(words, place, here, young, found),
            _children(words, place, here, young, found),
        ]
    said = str(released.settings.get("walking", {}).get("said", ""))
    rule = words("access", "rule", authority=released.name, said=capital(said))
    blocks.append(Paragraph([rule], "note"))
    blocks += _lacking(words, place, found, there or here)
    return Section("access", title, blocks)


def _lacking(words: Words, place: Place, found: list[str], whole: Rows) -> list[Block]:
    """Name the services that are not held at all, and those that are held but not known for this area."""
    everywhere = {group.partition(": ")[0] for name, group in whole if name == _EVERYBODY}
    lacking = [one for one in (*SERVICES, GREEN) if one not in found]
    said: list[Block] = []
    for name, these in (
        ("not_held", [one for one in lacking if one not in everywhere]),
        ("not_known", [one for one in lacking if one in everywhere]),
    ):
        if these:
            names = "; ".join(words("services_many", one) for one in these)
            said.append(Paragraph([words("access", name, area=place.name, names=names)], "note"))
    return said


def _reason(released: Released) -> str:
    return "missing_people" if released.held("networks") else "missing_streets"


def _rows(released: Released, code: str, geography: str) -> Rows:
    figures = released.figures
    rows = figures[
        (figures["code"] == code)
        & (figures["geography"] == geography)
        & figures["indicator"].isin([*WEIGHTS.values(), NEAREST])
    ]
    return {(str(row["indicator"]), str(row["group"])): row for row in rows.to_dict("records")}


def _has(rows: Rows, indicator: str) -> bool:
    return any(name == indicator for name, _ in rows)


def _cell(rows: Rows, indicator: str, service: str, limit: int) -> Inline:
    row = rows.get((indicator, f"{service}: {limit} minutes"))
    return "[x]" if row is None else Number(row, decimals=0)


def _everybody(
    words: Words, released: Released, place: Place, here: Rows, there: Rows, found: list[str]
) -> Table:
    nearest = {
        group.partition(": ")[0]: (group.partition(": ")[2], Number(row))
        for (name, group), row in here.items()
        if name == NEAREST
    }
    rows: list[list[Inline]] = []
    for service in found:
        name, minutes = nearest.get(service, (words("access", "none"), "[x]"))
        row: list[Inline] = [words("services", service), name or "[x]", minutes]
        row += [_cell(here, _EVERYBODY, service, limit) for limit in SHOWN]
        if there:
            row.append(_cell(there, _EVERYBODY, service, BESIDE))
        rows.append(row)
    fill = {"area": place.name, "authority": released.name}
    head = [words("access", "service"), words("access", "nearest"), words("access", "minutes")]
    head += [words("access", "within", limit=limit) for limit in SHOWN]
    if there:
        head.append(words("access", "within_there", limit=BESIDE, **fill))
    return Table("access-table", words("access", "caption", **fill), head, rows)


def _children(words: Words, place: Place, here: Rows, young: str, found: list[str]) -> Table:
    rows: list[list[Inline]] = [
        [words("services", service), *(_cell(here, young, service, limit) for limit in LIMITS)]
        for service in found
    ]
    head = [words("access", "service"), *(words("access", "within", limit=limit) for limit in LIMITS)]
    caption = words("access", "caption_children", area=place.name, who=words("access", young))
    return Table("reach-table", caption, head, rows)


def _curve(words: Words, place: Place, here: Rows, young: str, found: list[str]) -> list[Block]:
    shares = {
        words("services", service): [
            float(here[young, group]["value"]) if (young, group) in here else float("nan")
            for group in (f"{service}: {limit} minutes" for limit in LIMITS)
        ]
        for service in CURVE
        if service in found
    }
    frame = pd.DataFrame(shares, index=pd.Index(LIMITS, dtype=float))
    if not frame.notna().any(axis=None):
        return []
    fill = {"area": place.name, "who": words("access", young)}
    return [
        Drawing(
            "reach-chart",
            "reach",
            _title(words, here, young, [one for one in CURVE if one in found], fill),
            words("access", "curve_alt", **fill),
            {"reach": frame, "across": words("access", "across")},
            "reach-table",
        )
    ]


def _title(words: Words, here: Rows, young: str, drawn: list[str], fill: Mapping[str, str]) -> str:
    """Say which service of the curve the fewest live near, by the figure as the table has it."""
    rows = {one: here.get((young, f"{one}: {BESIDE} minutes")) for one in drawn}
    known = {one: row for one, row in rows.items() if row is not None and row["status"] == "ok"}
    if not known:
        return words("access", "curve", **fill)
    shares = {one: Number(row, decimals=0).written(words) for one, row in known.items()}
    fewest = shares[min(known, key=lambda one: float(known[one]["value"]))]
    names = "; ".join(words("services", one) for one in known if shares[one] == fewest)
    return words("access", "curve_fewest", limit=BESIDE, services=names, share=fewest, **fill)
