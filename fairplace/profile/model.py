"""The parts of a document, free of any form: what HTML, PDF, DOCX, XLSX and JSON are all made from.

A number never stands in a document as bare text: it is a `Number`, which remembers the row of the
figure table it came from. So a test can hold every form against ``figures.parquet``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from fairplace.numbers import SIGNS, in_ten, is_ours, show, show_number
from geo.geography import Geography
from geo.source import Source
from maps.steady import steady_text
from maps.words import Words


@dataclass(frozen=True)
class Number:
    """A figure as it stands in a document.

    Parameters
    ----------
    row
        The row of the figure table, by column.
    style
        ``value``, ``with_range``, ``range`` or ``in_ten``: how it is worded.
    decimals
        Decimal places, or None for what suits the unit.
    column
        ``value``, or ``count`` or ``base`` of the same row.
    unit
        Unit of the count or base; the row's own for the value.
    """

    row: Mapping[str, Any]
    style: str = "value"
    decimals: int | None = None
    column: str = "value"
    unit: str = ""

    @property
    def text(self) -> str:
        """The words of the number in English."""
        return self.written()

    def written(self, words: Words | None = None) -> str:
        """Write the number in the words of a document, the same in every form; in English if left out."""
        if self.column != "value":
            held = float(self.row[self.column])
            if math.isnan(held):
                return self._without
            return show_number(held, self.unit, modelled=is_ours(self.row), words=words)
        if self.style == "in_ten" and self.row["status"] == "ok":
            return in_ten(float(self.row["value"]), words)
        shown = show(self.row, decimals=self.decimals, words=words)
        if self.style == "range":
            return shown.range or self._without
        return shown.with_range if self.style == "with_range" else shown.value

    @property
    def _without(self) -> str:
        """Sign for a count, base or range that a figure has not: its own, or that it can have none."""
        status = str(self.row["status"])
        return SIGNS["not_applicable" if status == "ok" else status][0]

    @property
    def key(self) -> str:
        """Identity of the figure: code, geography, indicator, group, period and source."""
        return "|".join(
            str(self.row[name]) for name in ("code", "geography", "indicator", "group", "period", "source")
        )


Inline = str | Number


@dataclass(frozen=True)
class Paragraph:
    """A run of words and numbers."""

    parts: Sequence[Inline]
    role: str = "text"
    #: Id of the block that it sends the reader to, where a form has links.
    to: str = ""
    #: Address that it leads to, outside the document: a web page or an e-mail address, never anything else.
    link: str = ""

    @property
    def text(self) -> str:
        """Plain text, its numbers in English."""
        return self.written()

    def written(self, words: Words | None = None) -> str:
        """Plain text, its numbers in the words of a document; in English if left out."""
        return "".join(inline_text(part, words) for part in self.parts)


@dataclass(frozen=True)
class Bullets:
    """A list of paragraphs."""

    items: Sequence[Paragraph]


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Parameters
    ----------
    id
        Stable, for anchors and file names.
    caption
        A full sentence or title; read out before the table.
    head
        One text a column; a text that is there already gets a number, so that columns can be told apart.
    rows
        Each as long as `head`.
    notes
        Sentences under the table.
    """

    id: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Inline]]
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Give every column a name of its own."""
        object.__setattr__(self, "head", distinct(self.head))


@dataclass(frozen=True)
class Drawing:
    """A chart or a map: what is drawn, never how.

    Parameters
    ----------
    id
        Stable, for anchors and file names.
    kind
        Which drawing of `fairplace.profile.drawings`.
    caption
        Says what it shows, with the edition.
    alt
        What it shows, for somebody who cannot see it.
    data
        What the drawing needs.
    twin
        Id of the table that holds the same numbers.
    """

    id: str
    kind: str
    caption: str
    alt: str
    data: Mapping[str, Any]
    twin: str


Block = Paragraph | Bullets | Table | Drawing


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    id: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Profile:
    """A neighbourhood profile, free of any form.

    Parameters
    ----------
    title
        Name of the document.
    code, geography, area
        Which area, and its name.
    authority
        Name of the district.
    edition, status
        ``public`` or ``officer``; ``draft``, ``approved`` or ``superseded`` with its approver.
    pack_id
        Of the pack it was made from.
    banner
        Sentences that stand on every page, such as that the place is fictional.
    sections
        In order.
    figures
        The figures the document may draw from.
    sources
        Papers of the sources that are named.
    cite, reference
        How to cite it, and how to cite the edition that it was made from.
    words
        That it is written in.
    papers
        What the cover says of it, each with its name; one line stands there (`cover`) where there are none.
    inset
        A small map for the cover, or None.
    """

    title: str
    code: str
    geography: str
    area: str
    authority: str
    edition: str
    status: str
    pack_id: str
    banner: Sequence[str]
    sections: Sequence[Section]
    figures: pd.DataFrame
    sources: Mapping[str, Source]
    cite: str
    reference: str
    words: Words
    settings: Mapping[str, Any] = field(default_factory=dict)
    papers: Sequence[tuple[str, str]] = ()
    inset: Drawing | None = None

    @property
    def cover_lines(self) -> list[str]:
        """What the cover says of it, a line each, for forms that set names and texts in one line."""
        return [self.words("cover", "line_of", name=name, text=text) for name, text in self.papers]

    @property
    def drawings(self) -> list[Drawing]:
        """Every drawing, in order; that of the cover first."""
        inset = [] if self.inset is None else [self.inset]
        return inset + [block for block in self.blocks if isinstance(block, Drawing)]

    @property
    def cover(self) -> str:
        """The line under the title: the edition it was made from, and the area's code and vintage."""
        kind = capital(geography_label(self.geography, self.words))
        return self.words("cover", "line", reference=self.reference, kind=kind, code=self.code)

    @property
    def standing(self) -> str:
        """Status as a reader is told it, with whoever approved it."""
        return standing(self.status, self.words)

    @property
    def running(self) -> str:
        """The line that stands on every page: what it is, of whom, in which edition and status."""
        return running_line(self.words, self.title, self.authority, self.status, self.edition, self.pack_id)

    @property
    def blocks(self) -> list[Block]:
        """Every block, in order."""
        return [block for section in self.sections for block in section.blocks]

    @property
    def tables(self) -> list[Table]:
        """Every table, in order."""
        return [block for block in self.blocks if isinstance(block, Table)]

    def numbers(self) -> list[Number]:
        """Every number that stands in the document, in order."""
        return section_numbers(self.sections)


def standing(status: str, words: Words) -> str:
    """Status as a reader is told it, with whoever approved it."""
    kind, _, who = status.partition(" by ")
    return words("standing", f"{kind}_by" if kind == "superseded" and who else kind, who=who)


def running_line(words: Words, title: str, authority: str, status: str, edition: str, pack_id: str) -> str:
    """Write the line that stands on every page and in every map: what it is, of whom, its standing."""
    stands = standing(status, words)
    return words("standing", edition, title=title, authority=authority, standing=stands, pack=pack_id)


def geography_label(key: str, words: Words) -> str:
    """Kind and vintage of areas in the words of a page, such as "ward (2025)"."""
    if key == "area":
        return words("geographies", "area")
    found = Geography.parse(key)
    return words("geographies", found.kind, year=found.year)


def capital(text: str) -> str:
    """Begin a text with a capital, as a line or a heading does."""
    return text[:1].upper() + text[1:]


def inline_text(part: Inline, words: Words | None = None) -> str:
    """Text of a cell or a part of a sentence, as `maps.steady.steady_text`."""
    return steady_text(part if isinstance(part, str) else part.written(words))


def distinct(names: Sequence[str]) -> list[str]:
    """Give names as they are, those that are there already with a number: "Luton", "Luton (2)"."""
    found: list[str] = []
    for name in names:
        made, at = name, 1
        while made in found:
            at += 1
            made = f"{name} ({at})"
        found.append(made)
    return found


def section_numbers(sections: Sequence[Section]) -> list[Number]:
    """Every number that stands in some sections, in order."""
    return [number for section in sections for block in section.blocks for number in _numbers(block)]


def _numbers(block: Block) -> list[Number]:
    if isinstance(block, Paragraph):
        return [part for part in block.parts if isinstance(part, Number)]
    if isinstance(block, Bullets):
        return [number for item in block.items for number in _numbers(item)]
    if isinstance(block, Table):
        return [cell for row in block.rows for cell in row if isinstance(cell, Number)]
    return []
