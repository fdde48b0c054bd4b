"""The sections that close a profile: what to keep in mind, sources, what is hidden, contact."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fairplace.disclosure import HIDE_UP_TO, Released
from fairplace.numbers import show_period
from fairplace.profile.model import (
    Block,
    Bullets,
    Inline,
    Paragraph,
    Section,
    Table,
    section_numbers,
)
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words
from fairplace.settings import Settings
from geo.geography import Geography

#: Notes of a build that a reader of one area's profile needs. All others are for whoever keeps the data:
#: `fairplace sources` prints every one.
_FOR_READERS = re.compile(
    r"^(modelled for |without .*: ranges are wider|fuel poverty of |model-based estimates: |ONS perturbs "
    r"|residents of (output areas|postcodes) stand |figures that describe more than )"
    r"|main sites only: |a school stands at the centre |may hold pharmacies that only "
)

#: How boundaries came to the National Grid, as a pack says it -> the sentence that explains it.
_SHIFTS: dict[str, str] = {
    "ostn15": "coordinates_grid",
    "helmert, about 2 m": "coordinates_parameters",
    "no datum shift": "coordinates_none",
}
#: What a link of a document may lead to.
_ADDRESS = re.compile(r"(https?://|mailto:[^\s?&/]+@)[^\s<>\"']+$", re.IGNORECASE)


def caveats(words: Words, released: Released, place: Place, sections: Sequence[Section]) -> Section:
    """Compose what to keep in mind of the figures in `sections`, and what the build said of them."""
    rows = [number.row for number in section_numbers(sections)]
    said = [words("caveats", name) for name in ("census", "imd")]
    if place.kind == "wd":
        said.append(words("caveats", "wards", year=Geography.parse(place.geography).year))
    if any(row["indicator"] == "income_ahc_mean" for row in rows):
        said.append(words("caveats", "income"))
    if any(row["basis"] == "copied" for row in rows):
        said.append(words("caveats", "copied"))
    if any(row["source"] == "walking" for row in rows):
        said.append(words("caveats", "walks"))
    said.append(words("caveats", "rounding"))
    accuracy = released.settings.get("crs_accuracy")
    if accuracy:
        known = _SHIFTS.get(accuracy)
        said.append(words("caveats", known) if known else words("caveats", "coordinates", accuracy=accuracy))
    missing = released.settings.get("missing", [])
    if missing:
        said.append(words("caveats", "incomplete", missing="; ".join(missing)))
    said += [_as_sentence(note) for note in released.notes if _FOR_READERS.search(note)]
    return Section("caveats", words("sections", "caveats"), [Bullets([Paragraph([text]) for text in said])])


def _as_sentence(note: str) -> str:
    """Write a note of a build, which is a phrase, as a sentence among others."""
    return note[:1].upper() + note[1:] + ("" if note.endswith((".", "!", "?")) else ".")


def currency(words: Words, released: Released, figures: AreaFigures) -> Section:
    """Compose the sources, their licences, and how much was hidden."""
    used = {str(row["source"]) for row in (*figures.here.values(), *figures.there.values())}
    rows: list[list[Inline]] = [
        [one.title, one.publisher, one.edition, show_period(one.period, words), one.licence]
        for key, one in sorted(released.sources.items())
        if key in used or one.attribution
    ]
    attributions = sorted({one.attribution for one in released.sources.values() if one.attribution})
    blocks: list[Block] = [
        Table("sources-table", words("currency", "caption"), words.lines("currency", "head"), rows),
        Paragraph([" ".join(attributions)], "note"),
    ]
    hidden = sum(
        released.hidden.get(reason, 0)
        for reason in ("small numbers", "would give one away", "few in the base")
    )
    text = (
        words("suppression", "some", count=hidden, limit=HIDE_UP_TO)
        if hidden
        else words("suppression", "none")
    )
    blocks.append(Paragraph([text], "note"))
    return Section("currency", words("sections", "currency"), blocks)


def contact(words: Words, settings: Settings) -> Section:
    """Compose whom to ask, and which other versions there are; without blocks where nothing is set."""
    said: list[tuple[str, str]] = []
    if settings.contact or settings.email or settings.telephone:
        reach = ", ".join(one for one in (settings.contact, settings.email, settings.telephone) if one)
        said.append(
            (words("contact", "ask", reach=reach), f"mailto:{settings.email}" if settings.email else "")
        )
    if settings.other_formats:
        said.append((settings.other_formats, ""))
    if settings.easy_read:
        said.append((words("contact", "easy_read", link=settings.easy_read), settings.easy_read))
    if settings.bsl:
        said.append((words("contact", "bsl", link=settings.bsl), settings.bsl))
    blocks = [Paragraph([line], link=link if _ADDRESS.match(link) else "") for line, link in said]
    return Section("contact", words("sections", "contact"), blocks)
