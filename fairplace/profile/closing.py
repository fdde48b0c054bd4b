"""The sections that close a profile: what to keep in mind, sources, what is hidden, contact."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fairplace.disclosure import Released
from fairplace.ground import released_layers
from fairplace.numbers import show_period
from fairplace.papers import figure_papers
from fairplace.profile.hidden import suppression
from fairplace.profile.map_drawings import MAP_KINDS, map_papers
from fairplace.profile.model import (
    Block,
    Bullets,
    Drawing,
    Inline,
    Paragraph,
    Section,
    Table,
    section_numbers,
)
from fairplace.profile.place import Place
from fairplace.profile.words import Words, capital
from fairplace.settings import Settings
from geo.geography import Geography
from geo.source import Source

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
    return capital(note) + ("" if note.endswith((".", "!", "?")) else ".")


def currency(words: Words, released: Released, place: Place, sections: Sequence[Section]) -> Section:
    """Compose the sources of what stands in `sections`, their licences, and how much was hidden.

    Sources of figures come first; those that are only drawn, or that a model was made from, have a table
    of their own.
    """
    used = _sources_of(released, sections)
    drawn = [one for one in _drawn_of(released, place, sections, used) if one.id not in used]
    figures = [one for key, one in sorted(released.sources.items()) if key in used]
    head = words.lines("currency", "head")
    blocks: list[Block] = [
        Table("sources-table", words("currency", "caption"), head, _listed(words, figures))
    ]
    if drawn:
        blocks.append(Table("drawn-table", words("currency", "caption_drawn"), head, _listed(words, drawn)))
    said = _attributions([*figures, *drawn])
    if said:
        blocks.append(Paragraph([said], "note"))
    blocks += suppression(words, released)
    return Section("currency", words("sections", "currency"), blocks)


def _sources_of(released: Released, sections: Sequence[Section]) -> set[str]:
    """Ids of the sources of every number, of the planning layers looked through, and of named places."""
    used = {str(number.row["source"]) for number in section_numbers(sections)}
    blocks = {one.id: one.blocks for one in sections}
    if any(isinstance(block, Table) and block.id == "planning-table" for block in blocks.get("planning", [])):
        used |= {str(one["source"]) for one in released_layers(released)[0] if one["held"]}
    if any(isinstance(block, Bullets) for block in blocks.get("evidence", [])):
        used.add("local_case_studies")
    codes = {str(number.row["code"]) for number in section_numbers(sections)}
    if codes & {one.area.code for one in released.comparators()}:
        used.add("comparators")
    return used


def _drawn_of(released: Released, place: Place, sections: Sequence[Section], used: set[str]) -> list[Source]:
    """Papers of what the drawings show, of what a model was made from, and of how shares were cut."""
    found: list[Source] = []
    drawings = {block.kind for one in sections for block in one.blocks if isinstance(block, Drawing)}
    for kind in sorted(drawings & set(MAP_KINDS)):
        found += map_papers(released, kind, place.geography)
    for source in sorted(used):
        found += figure_papers(released, source)
    inputs = ["saie_"] if "mis_model" in used else []
    if any(number.row["basis"] == "apportioned" for number in section_numbers(sections)):
        inputs.append("codepoint_open")
    found += [one for key, one in released.sources.items() if key.startswith(tuple(inputs))]
    return sorted(dict.fromkeys(found), key=lambda one: one.id)


def _listed(words: Words, sources: Sequence[Source]) -> list[list[Inline]]:
    return [
        [
            text or "[z]"
            for text in (
                one.title,
                one.publisher,
                one.edition,
                show_period(one.period, words),
                _next_update(words, one),
                one.licence,
            )
        ]
        for one in sources
    ]


def _next_update(words: Words, source: Source) -> str:
    """Say when a publisher's next edition comes, as far as its publisher has said; of ours, when we build."""
    if source.publisher == "fairplace":
        return words("currency", "rebuilt")
    said = re.sub(r"\d{4}-\d{2}-\d{2}", lambda day: show_period(day[0], words), source.next_update)
    return capital(said) if said else words("currency", "unknown")


def _attributions(sources: Sequence[Source]) -> str:
    """Words that sources ask for, each sentence once."""
    said: dict[str, None] = {}
    for one in sorted({one.attribution.strip() for one in sources if one.attribution.strip()}):
        said |= dict.fromkeys(_as_sentence(text) for text in re.split(r"(?<=\.)\s+(?=[A-Z©])", one))
    return " ".join(said)


def contact(words: Words, settings: Settings) -> Section:
    """Compose whom to ask, and which other versions there are; without blocks where nothing is set."""
    said: list[tuple[str, str]] = []
    if reach := settings.reach:
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
