"""Designations, constraints and green space on the ground of an area, and what is not known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairplace.disclosure import Released
from fairplace.ground import FEATURES, GREEN, SHARE, released_layers, unknown_layers
from fairplace.numbers import show_period
from fairplace.profile.model import Block, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words, planning_title, sentence

Row = Mapping[str, Any]


def designations(words: Words, released: Released, place: Place, figures: AreaFigures) -> Section:
    """Compose the section of planning layers: what touches the area, and where not finding is not none."""
    title = words("sections", "planning")
    blocks: list[Block] = []
    layers, _ = released_layers(released)
    if layers:
        blocks.append(_table(words, released, place, layers))
        blocks.append(Paragraph([words("planning", "complete")], "note"))
    unknown = unknown_layers(layers)
    if unknown:
        name = "unknown" if layers else "missing"
        named = [words("planning_layers", one) for one in unknown]
        blocks.append(Paragraph([words("planning", name, titles="; ".join(named).lower())], "note"))
    blocks += _green(words, released, place, figures)
    return Section("planning", title, blocks)


def _green(words: Words, released: Released, place: Place, figures: AreaFigures) -> list[Block]:
    here, there = figures.number(GREEN), figures.number(GREEN, there=True)
    if here is None or here.row["status"] != "ok":
        return [Paragraph([words("planning", "no_green")], "note")]
    hectares = Number(here.row, column="count", unit="hectares")
    if there is None or place.code == released.authority:
        return [sentence(words, "planning", "green_alone", area=place.name, hectares=hectares, green=here)]
    fill: dict[str, Inline] = {
        "area": place.name, "hectares": hectares, "green": here, "comparator": there,
        "authority": released.name,
    }  # fmt: skip
    return [sentence(words, "planning", "green", **fill)]


def _table(words: Words, released: Released, place: Place, layers: list[Mapping[str, Any]]) -> Table:
    rows = _rows(released, place)
    lines: list[list[Inline]] = []
    for one in layers:
        features, share = rows.get((FEATURES, str(one["id"]))), rows.get((SHARE, str(one["id"])))
        complete = words("planning", f"is_{str(one['completeness']).replace(' ', '_')}")
        title = planning_title(words, str(one["id"]), str(one["title"]))
        edition = show_period(str(one["edition"]), words) or words("planning", "no_edition")
        if not one["held"]:
            lines.append([title, words("planning", "not_held"), "[x]", "[x]", complete, edition])
        elif features is None or share is None or "missing" in (features["status"], share["status"]):
            lines.append([title, words("planning", "not_known"), "[x]", "[x]", complete, edition])
        elif "suppressed" in (features["status"], share["status"]):
            lines.append([title, words("planning", "hidden"), "[c]", "[c]", complete, edition])
        elif features["status"] == "ok" and not features["value"]:
            none, sign = ("none", "[z]") if one["completeness"] == "complete" else ("not_found", "[x]")
            lines.append([title, words("planning", none), sign, sign, complete, edition])
        else:
            ground = one["shape"] == "polygon" or share["value"] > 0
            size: Inline = Number(share, column="count", unit="hectares") if ground else "[z]"
            part: Inline = Number(share) if ground else "[z]"
            lines.append([title, Number(features), size, part, complete, edition])
    head = words.lines("planning", "head")
    return Table("planning-table", words("planning", "caption", area=place.name), head, lines)


def _rows(released: Released, place: Place) -> dict[tuple[str, str], Row]:
    figures = released.figures
    own = figures[
        (figures["code"] == place.code)
        & (figures["geography"] == place.geography)
        & figures["indicator"].isin([FEATURES, SHARE])
    ]
    return {(str(row["indicator"]), str(row["group"])): row for row in own.to_dict("records")}
