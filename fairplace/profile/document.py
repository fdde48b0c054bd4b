"""What every document of ours has, whatever it is about: status, banner, how to cite it, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from fairplace import __version__
from fairplace.disclosure import Released
from fairplace.editions import reference
from fairplace.profile.model import (
    Block,
    Drawing,
    Paragraph,
    Profile,
    Section,
    Table,
    section_numbers,
)
from fairplace.profile.place import Place
from fairplace.profile.words import Words, geography_label
from fairplace.settings import Settings
from geo.errors import UserError
from geo.figures import FIGURE_COLUMNS, FIGURE_KEY, tidy_figures


class StatusError(UserError, ValueError):
    """A document has no such status."""


def bind(
    words: Words,
    released: Released,
    place: Place,
    sections: Sequence[Section],
    *,
    title: str,
    status: str,
    superseded: str = "",
) -> Profile:
    """Bind sections into a document: those without content are left out, and how to cite it comes last.

    Parameters
    ----------
    words, released, place
        As for every section.
    sections
        In order.
    title
        Name of the document.
    status
        As `check_status` gave it.
    superseded
        A sentence, where a later edition has taken the place of the pack's; it stands on every page.
    """
    status = standing_of(status, superseded)
    cited = words(
        "cite",
        "text",
        reference=reference(released, words),
        title=title,
        boundaries=words("cite", "own_boundaries")
        if place.geography == "area"
        else geography_label(place.geography, words),
        version=__version__,
    )
    cited = f"{cited} {superseded}".strip()
    closing = Section("cite", words("sections", "cite"), [Paragraph([cited])])
    kept = _with_twins(words, [one for one in (*sections, closing) if one.blocks])
    return Profile(
        title=title,
        code=place.code,
        geography=place.geography,
        area=place.name,
        authority=released.name,
        edition=released.edition,
        status=status,
        pack_id=released.pack_id,
        banner=banner_of(words, released, status, superseded),
        sections=kept,
        figures=_used_figures(kept),
        sources=released.sources,
        cite=cited,
        reference=reference(released, words),
        words=words,
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
    said, by, name = status.partition(" by ")
    if status in ("draft", "superseded") or (by and said in ("approved", "superseded") and name.strip()):
        return status
    if status.strip() in ("approved by", "superseded by"):
        raise StatusError(f'status "{status}" names nobody; write "{status.strip()} NAME, DATE"')
    raise StatusError(f'"{status}" is not a status; use "draft", "approved by NAME, DATE" or "superseded"')


def standing_of(status: str, superseded: str) -> str:
    """Give a status as it is, or superseded where a later edition has taken the place of the pack."""
    return "superseded" if superseded and not status.startswith("superseded") else status


def banner_of(words: Words, released: Released, status: str, superseded: str) -> list[str]:
    """Give the sentences that stand on every page of a document, and in every map."""
    banner = []
    if released.fictional:
        banner.append(words("banner", "fictional", authority=released.name))
    if released.edition == "officer":
        banner.append(words("banner", "officer"))
    if superseded:
        banner.append(superseded)
    elif status == "draft" or status.startswith("superseded"):
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
                said = words("charts", "twin", caption=captions[block.twin])
                blocks.append(Paragraph([said], "note", block.twin))
        made.append(replace(one, blocks=blocks))
    return made


def _used_figures(sections: Sequence[Section]) -> pd.DataFrame:
    """Give the rows that the numbers of a document come from, each once."""
    rows = {
        tuple(str(number.row[name]) for name in FIGURE_KEY): number.row
        for number in section_numbers(sections)
    }
    return tidy_figures([pd.DataFrame([rows[key] for key in sorted(rows)], columns=list(FIGURE_COLUMNS))])
