"""What a profile says: which sections, in which order, whatever form they will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from fairplace.disclosure import Released
from fairplace.indicators import load_indicators
from fairplace.profile.access import access
from fairplace.profile.charts import charts
from fairplace.profile.closing import caveats, cite, contact, currency
from fairplace.profile.comparators import beside, comparators
from fairplace.profile.evidence import local_evidence
from fairplace.profile.gaps import gaps
from fairplace.profile.model import Block, Drawing, Paragraph, Profile, Section, Table, section_numbers
from fairplace.profile.place import (
    AreaFigures,
    AreaNotFoundError,
    Place,
    by_indicator,
    find_place,
    places_of,
)
from fairplace.profile.pyramid import pyramid
from fairplace.profile.sections import maps, mis, parts, small_areas, summary, themes, where
from fairplace.profile.words import Words, load_words
from fairplace.settings import Settings
from geo.errors import UserError
from geo.figures import FIGURE_COLUMNS, FIGURE_KEY, tidy_figures

__all__ = ["AreaNotFoundError", "Place", "StatusError", "compose", "find_place", "places_of"]


class StatusError(UserError, ValueError):
    """A document has no such status."""


def compose(
    released: Released,
    place: Place,
    *,
    status: str = "draft",
    words: Words | None = None,
    settings: Settings | None = None,
    compare: Sequence[str] = (),
) -> Profile:
    """Compose the profile of an area.

    Parameters
    ----------
    released
        What may be shown, for the edition.
    place
        The area.
    status
        ``draft``, ``approved by NAME, DATE``, ``approved`` (by the approver of the settings) or
        ``superseded``; it stands on every page.
    words
        Sentences; ours by default.
    settings
        What the council says of itself.
    compare
        Codes or names of areas, or saved ``.json`` profiles, to hold the area beside, with those of
        the settings.

    Raises
    ------
    StatusError
        The status is none of these, or nobody is named who approved it.
    """
    words, settings = words or load_words(), settings or Settings()
    status = check_status(status, settings)
    district = next(key for key in released.geographies if key.startswith("lad"))
    figures = AreaFigures(
        by_indicator(released.figures, place.code, place.geography),
        by_indicator(released.figures, released.authority, district),
    )
    indicators = load_indicators()
    others = comparators(words, released, place, figures, [*settings.compare, *compare])
    inside = small_areas(released, place)
    title = words("title", "profile", area=place.name)
    cited = cite(words, released, place, title)
    sections = [
        summary(words, released, place, figures),
        where(words, released, place, figures),
        mis(words, released, place, figures, indicators),
        maps(words, released, place),
        charts(words, released, place, figures, indicators, inside),
        themes(words, released, place, figures, indicators),
        pyramid(words, released, place),
        beside(words, released, place, figures, others, indicators),
        access(words, released, place),
        gaps(words, released, place, figures, indicators),
        parts(words, released, place, inside),
        local_evidence(words, released, geography=place.geography, code=place.code, area=place.name),
        caveats(words, released),
        currency(words, released, figures),
        contact(words, settings),
        Section("cite", words("sections", "cite"), [Paragraph([cited])]),
    ]
    kept = _with_twins(words, [one for one in sections if one.blocks])
    return Profile(
        title=title,
        code=place.code,
        geography=place.geography,
        area=place.name,
        authority=released.name,
        edition=released.edition,
        status=status,
        pack_id=released.pack_id,
        banner=document_banner(words, released, status),
        sections=kept,
        figures=used_figures(kept),
        sources=released.sources,
        cite=cited,
        language=words("language", "tag"),
    )


def check_status(status: str, settings: Settings) -> str:
    """Give the status of a document as it stands on its pages.

    Raises
    ------
    StatusError
        It is none of draft, approved and superseded, or nobody is named who approved it.
    """
    if status == "approved":
        if not settings.approver:
            raise StatusError(
                'status "approved" names nobody; write "approved by NAME, DATE", or set document.approver'
            )
        return f"approved by {settings.approver}"
    if status in ("draft", "superseded") or status.startswith(("approved by ", "superseded by ")):
        return status
    raise StatusError(f'"{status}" is not a status; use "draft", "approved by NAME, DATE" or "superseded"')


def document_banner(words: Words, released: Released, status: str) -> list[str]:
    """Give the sentences that stand on every page of a document."""
    banner = []
    if released.fictional:
        banner.append(words("banner", "fictional", authority=released.name))
    if released.edition == "officer":
        banner.append(words("banner", "officer"))
    if status == "draft" or status.startswith("superseded"):
        banner.append(words("banner", status.split(" ")[0]))
    return banner


def _with_twins(words: Words, sections: Sequence[Section]) -> list[Section]:
    """Say under each drawing which table holds the same figures."""
    captions = {
        block.id: block.caption for one in sections for block in one.blocks if isinstance(block, Table)
    }
    made = []
    for one in sections:
        blocks: list[Block] = []
        for block in one.blocks:
            blocks.append(block)
            if isinstance(block, Drawing) and block.twin in captions:
                blocks.append(Paragraph([words("charts", "twin", caption=captions[block.twin])], "note"))
        made.append(replace(one, blocks=blocks))
    return made


def used_figures(sections: Sequence[Section]) -> pd.DataFrame:
    """Give the rows that the numbers of a document come from, each once."""
    rows = {
        tuple(str(number.row[name]) for name in FIGURE_KEY): number.row
        for number in section_numbers(sections)
    }
    return tidy_figures([pd.DataFrame([rows[key] for key in sorted(rows)], columns=list(FIGURE_COLUMNS))])
