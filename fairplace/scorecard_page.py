"""The scorecard as one page that can be sorted and filtered: the register, its case studies, its text.

Everything is in the file, which asks for nothing from elsewhere. Without scripts every row is shown; with
``#embed`` behind its name it fits into a page of the council's. Every number is a ``data`` element that
names its figure, as in a profile.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from fairplace.disclosure import Released
from fairplace.numbers import show_period
from fairplace.profile.html import inline_markup, steady_markup
from fairplace.profile.model import Bullets, Number, Paragraph, Profile
from fairplace.profile.register_rows import note_shares
from fairplace.profile.words import Words, sentence
from fairplace.register import PRINCIPLES
from fairplace.scorecard import Entry, reading, scorecard_cases, scorecard_entries
from maps.faces import with_faces

#: Standing -> a sign that tells it without its colour.
_SIGNS = {
    "met": "\u25cf",
    "short": "\u25b2",
    "close": "\u25c6",
    "unsure": "\u25c7",
    "none": "\u25cb",
    "blank": "\u2013",
}
#: Width and height of the drawing under a value.
_WIDE, _HIGH = 144.0, 18.0


def render_scorecard(scorecard: Profile, released: Released, *, file: str = "scorecard.html") -> str:
    """Render a scorecard as a page.

    Parameters
    ----------
    scorecard
        From `fairplace.scorecard.compose_scorecard`: its summary, contact and how to cite it.
    released
        What it was composed from.
    file
        Name of the page, for the lines that embed it.

    Returns
    -------
    str
        HTML with styles and script inside.
    """
    words = scorecard.words
    text = resources.files("fairplace").joinpath("scorecard.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=steady_markup,
    )
    environment.filters["inline"] = lambda parts: inline_markup(parts, words)
    environment.tests["paragraph"] = lambda block: isinstance(block, Paragraph)
    environment.tests["figure"] = lambda cell: isinstance(cell, Number)
    entries = scorecard_entries(released, words)
    said = [*reading(words, entries), *note_shares(words, [one.found for one in entries])]
    summary = next(section for section in scorecard.sections if section.id == "summary")
    page = environment.from_string(text).render(
        scorecard=scorecard,
        words=words,
        summary=[block for block in summary.blocks if isinstance(block, Paragraph)],
        reading=said,
        principles={number: words("principles", str(number)) for number in PRINCIPLES},
        statuses={name: words("scorecard", f"status_{name}") for name in _SIGNS},
        head=words.lines("scorecard", "page_head"),
        rows=[_row(entry, words) for entry in entries],
        cases=[
            {"principle": number, "text": case.written(words)}
            for number in PRINCIPLES
            for case in scorecard_cases(words, released, number)
        ],
        closing=[
            section
            for section in scorecard.sections
            if section.id != "summary"
            and not section.id.startswith("principle-")
            and all(isinstance(block, Paragraph | Bullets) for block in section.blocks)
        ],
        file=file,
    )
    return with_faces(page) + "\n"


def _row(entry: Entry, words: Words) -> dict[str, Any]:
    value, target, base, gap, period, due = entry.cells
    said = sentence(
        words,
        "scorecard",
        "sentence",
        label=entry.label,
        value=value,
        target=target,
        base=base,
        gap=gap,
        period=period,
        due=due,
        standing=words("scorecard", f"status_{entry.standing}"),
    )
    return {
        "principle": int(entry.listed["principle"]),
        "status": entry.standing,
        "sign": _SIGNS[entry.standing],
        "name": str(entry.listed["definition"]),
        "rest": entry.label.removeprefix(str(entry.listed["definition"])),
        "due": str(entry.listed["next_update"]),
        "far": _far(entry),
        "gap": _gap(entry),
        "cells": entry.cells,
        "gap_period": _gap_period(entry, words),
        "strip": _strip(entry),
        "sentence": said.parts,
    }


def _gap(entry: Entry) -> str:
    """How wide the gap between wards is as a share of the value: slopes of shares and rates compare so."""
    if entry.slope is None or entry.found is None:
        return ""
    if entry.slope["status"] != "ok" or entry.found["status"] != "ok" or not float(entry.found["value"]):
        return ""
    return f"{abs(float(entry.slope['value']) / float(entry.found['value'])):.6g}"


def _gap_period(entry: Entry, words: Words) -> str:
    """Give the period of the gap where it is not that of the value, to stand beside the gap itself."""
    if entry.slope is None or entry.slope["status"] != "ok":
        return ""
    other = show_period(str(entry.slope["period"]), words)
    return (
        "" if entry.found is not None and show_period(str(entry.found["period"]), words) == other else other
    )


def _far(entry: Entry) -> str:
    """How far a value is on the wrong side of its target, as a share of the target."""
    if entry.standing in ("blank", "none", "unsure") or entry.found is None or entry.target is None:
        return ""
    aim, value = float(entry.target["value"]), float(entry.found["value"])
    apart = (value - aim) if entry.listed["polarity"] == "low" else (aim - value)
    return f"{apart / abs(aim):.6g}" if aim else ""


def _strip(entry: Entry) -> Markup | None:
    """Draw value, range and target from 0; the cells say the same in words, so a screen reader skips it."""
    if entry.found is None or entry.found["status"] != "ok" or float(entry.found["value"]) < 0:
        return None
    value, low, high = (float(entry.found[name]) for name in ("value", "low", "high"))
    aim = float(entry.target["value"]) if entry.target is not None else float("nan")
    most = max(one for one in (value, high, aim) if one == one) * 1.08
    if most <= 0:
        return None

    def at(one: float) -> str:
        return f"{2 + (_WIDE - 4) * one / most:.1f}"

    middle = f"{_HIGH / 2:.1f}"
    parts = [f'<line x1="2" y1="{middle}" x2="{_WIDE - 2:.0f}" y2="{middle}" stroke="#b1b4b6"/>']
    if low == low and high == high:
        ends = f'x1="{at(low)}" y1="{middle}" x2="{at(high)}" y2="{middle}"'
        parts.append(f'<line {ends} stroke="#1d4f73" stroke-width="4"/>')
    if aim == aim:
        parts.append(
            f'<line x1="{at(aim)}" y1="1" x2="{at(aim)}" y2="17" stroke="#0b0c0c" stroke-width="2.5"/>'
        )
    parts.append(f'<circle cx="{at(value)}" cy="{middle}" r="4.5" fill="#1d4f73" stroke="#fff"/>')
    size = f'class="strip" viewBox="0 0 {_WIDE:.0f} {_HIGH:.0f}"'
    drawn = f'<svg {size} aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    return Markup(drawn)  # noqa: S704 our own drawing, of numbers alone
