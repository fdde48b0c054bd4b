"""The borough scorecard: a council's register of indicators by the eight Marmot principles.

Value, target, base, gap between the most and the least deprived ward, and when the next value is due.
What is not filled yet is shown as a blank, never left out. It has the forms of a profile; its page is
`fairplace.scorecard_page`, which can be sorted and filtered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely

from fairplace.disclosure import Released
from fairplace.numbers import show_period
from fairplace.profile.closing import contact
from fairplace.profile.document import bind, check_status
from fairplace.profile.model import (
    Block,
    Bullets,
    Drawing,
    Inline,
    Number,
    Paragraph,
    Profile,
    Section,
    Table,
)
from fairplace.profile.place import Place, by_indicator
from fairplace.profile.register_rows import figure_of, has_range, how_known, no_gap, note_shares, periods
from fairplace.profile.sections import required
from fairplace.profile.words import Words, load_words, local_theme
from fairplace.register import PREFIX, PRINCIPLES
from fairplace.settings import Settings
from geo.errors import UserError


class ScorecardError(UserError, LookupError):
    """The pack holds no register of indicators."""


def compose_scorecard(
    released: Released,
    *,
    status: str = "draft",
    words: Words | None = None,
    settings: Settings | None = None,
    superseded: str = "",
) -> Profile:
    """Compose the scorecard of an authority, ready for `fairplace.profile.forms.write_profile`.

    Parameters
    ----------
    released
        What may be shown, for the edition.
    status, words, settings, superseded
        As in `fairplace.profile.content.compose`.

    Raises
    ------
    ScorecardError
        The pack was built without a register.
    StatusError
        The status is unknown, or nobody is named who approved it.
    """
    words, settings = words or load_words(), settings or Settings()
    status = check_status(status, settings)
    entries = scorecard_entries(released, words)
    district = next(key for key in released.geographies if key.startswith("lad"))
    place = Place(district, released.authority, released.name)
    title = words("scorecard", "title", authority=released.name)
    held = Counter(one.status for one in entries)
    sections = [
        Section(
            "summary",
            words("sections", "summary"),
            [
                Paragraph(
                    [
                        words(
                            "scorecard",
                            "count",
                            listed=len(entries),
                            held="; ".join(
                                words("scorecard", f"count_{status}", count=held[status])
                                for status in ("ok", "suppressed", "missing", "not_applicable", "blank")
                                if held[status]
                            ),
                        )
                    ]
                ),
                *(Paragraph([text]) for text in reading(words, entries)),
                *required(words, released),
            ],
        ),
        *(_principle(words, released, number, entries) for number in PRINCIPLES),
        contact(words, settings),
    ]
    return bind(words, released, place, sections, title=title, status=status, superseded=superseded)


def _newest(released: Released, district: str) -> dict[str, dict[str, Any]]:
    """Give the newest figure of each indicator of the register, for the district."""
    figures = released.figures
    taken = figures["indicator"].isin([figure_of(one) for one in _register(released)])
    own = figures[figures["indicator"].str.startswith(PREFIX) | taken].sort_values("period", kind="stable")
    return by_indicator(own, released.authority, district)


@dataclass(frozen=True)
class Entry:
    """One indicator of the register with what is known of it.

    Parameters
    ----------
    listed
        Its row of the register.
    label
        Its definition, how it is known and which way is better.
    found, target, slope
        Rows of the figure table, or None.
    cells
        Value, target, base, gap, period and next due, as they are read.
    standing
        ``met``, ``short``, ``close``, ``unsure`` (nobody counted it, and it has no range), ``none`` (no
        target, or no agreed direction) or ``blank``.
    """

    listed: Mapping[str, Any]
    label: str
    found: Mapping[str, Any] | None
    target: Mapping[str, Any] | None
    slope: Mapping[str, Any] | None
    cells: Sequence[Inline]
    standing: str

    @property
    def status(self) -> str:
        """Status of its value, or ``blank`` where the register has none yet."""
        if self.found is not None:
            return str(self.found["status"])
        return "missing" if self.listed.get("pack_indicator") else "blank"


def reading(words: Words, entries: Sequence[Entry]) -> list[str]:
    """Give the sentences that explain the numbers, wherever these stand."""
    said = [words("scorecard", "reading")]
    if any(one.cells[3] == words("scorecard", "gap_modelled") for one in entries):
        said.append(words("scorecard", "gap_modelled_why"))
    return said


def scorecard_entries(released: Released, words: Words) -> list[Entry]:
    """Give every indicator of the register in the council's order, blanks among them."""
    district = next(key for key in released.geographies if key.startswith("lad"))
    rows = _newest(released, district)
    blank = words("scorecard", "blank")
    entries = []
    for one in _register(released):
        name = f"{PREFIX}{one['id']}"
        found = rows.get(figure_of(one))
        target, slope = (rows.get(f"{name}{end}") for end in ("_target", "_slope"))
        empty = words("scorecard", "absent") if one.get("pack_indicator") else blank
        cells: list[Inline] = [
            Number(found, "with_range") if found else empty,
            Number(target) if target else blank,
            _base(found, empty),
            Number(slope, "with_range") if slope else no_gap(words, one, found) or blank,
            periods(words, str(found["period"]) if found else empty, slope),
            show_period(str(one["next_update"]), words) or blank,
        ]
        unit = (
            ""
            if str(one["unit"]) in ("", "share")
            else f", {words.called('units', str(one['unit']), str(one['unit']))}"
        )
        known = how_known(words, one, found)
        label = f"{one['definition']}{unit}{known}{_better(words, str(one['polarity']))}"
        standing = _standing(str(one["polarity"]), found, target)
        entries.append(Entry(one, label, found, target, slope, cells, standing))
    return entries


def _register(released: Released) -> Sequence[Mapping[str, Any]]:
    register: Sequence[Mapping[str, Any]] = released.settings.get("local", {}).get("register", [])
    if not register:
        raise ScorecardError(
            f"{released.name} was built without a register of indicators; put indicators.csv and, "
            f"with values of your own, indicator_values.csv into the folder local of its data; build again"
        )
    return register


def _standing(polarity: str, found: Mapping[str, Any] | None, target: Mapping[str, Any] | None) -> str:
    if found is None or found["status"] != "ok":
        return "blank"
    if target is None or target["status"] != "ok" or polarity not in ("low", "high"):
        return "none"
    aim, value = float(target["value"]), float(found["value"])
    low, high = (float(found[end]) for end in ("low", "high"))
    best, worst = (low, high) if polarity == "low" else (-high, -low)
    if not has_range(found):
        if found["basis"] != "counted":
            return "unsure"
        best = worst = value if polarity == "low" else -value
    limit = aim if polarity == "low" else -aim
    return "met" if worst <= limit else "short" if best > limit else "close"


def _principle(words: Words, released: Released, number: int, entries: Sequence[Entry]) -> Section:
    listed = [one for one in entries if one.listed["principle"] == number]
    name = words("principles", str(number))
    title = words("scorecard", "principle", number=number, name=name)
    lines: list[list[Inline]] = [[one.label, *one.cells] for one in listed]
    dots: list[dict[str, Any]] = []
    for one in listed:
        if one.found and one.found["unit"] == "share" and one.found["status"] == "ok":
            named = f"{one.listed['definition']}{how_known(words, one.listed, one.found)}"
            ends = {part: float(one.found[part]) for part in ("value", "low", "high")}
            dots.append({"label": named, "place": released.name, **ends})
            if one.target:
                aim = {"value": float(one.target["value"]), "low": float("nan"), "high": float("nan")}
                dots.append({"label": named, "place": words("scorecard", "target"), **aim})
    blocks: list[Block] = []
    table = f"principle-{number}-table"
    if dots:
        blocks.append(
            Drawing(
                f"principle-{number}-chart",
                "dots",
                words("scorecard", "chart", name=name, authority=released.name),
                words("scorecard", "chart_alt"),
                {"rows": pd.DataFrame(dots)},
                table,
            )
        )
    if lines:
        caption = words("scorecard", "caption", number=number, name=name)
        notes = note_shares(words, [one.found for one in listed])
        blocks.append(Table(table, caption, words.lines("scorecard", "head"), lines, notes))
    else:
        blocks.append(Paragraph([words("scorecard", "none")], "note"))
    cases = scorecard_cases(words, released, number)
    return Section(f"principle-{number}", title, [*blocks, *([Bullets(cases)] if cases else [])])


def _base(found: Mapping[str, Any] | None, blank: str) -> Inline:
    if found is not None and found["status"] != "ok":
        return Number(found)  # the sign that its value has
    if found is None or pd.isna(found["base"]):
        return blank
    return Number(found, column="base", unit="people")


def _better(words: Words, polarity: str) -> str:
    if polarity not in ("low", "high"):
        return ""
    return words("evidence", "register_better", way=words("evidence", f"register_{polarity}"))


def scorecard_cases(words: Words, released: Released, principle: int) -> list[Paragraph]:
    """Give the case studies of a principle as records: date, place, title, theme."""
    if "case_studies" not in released.held("points"):
        return []
    held = released.places("points", "case_studies")
    held = held[held["principle"].astype(int) == principle].sort_values("date", kind="stable")
    if held.empty:
        return []
    wards = next((key for key in released.geographies if key.startswith("wd")), None)
    items = []
    for one, point in zip(held.to_dict("records"), held.geometry, strict=True):
        where = ""
        if wards is not None:
            areas = released.areas(wards)
            inside = areas[shapely.intersects(areas.geometry.to_numpy(), point)]
            where = str(inside["name"].iloc[0]) if len(inside) else ""
        items.append(
            Paragraph(
                [
                    words(
                        "scorecard",
                        "case",
                        date=show_period(str(one["date"]), words),
                        title=one["name"],
                        where=where or released.name,
                        theme=local_theme(words, str(one["theme"])),
                        summary=one["summary"],
                    )
                ]
            )
        )
    return items
