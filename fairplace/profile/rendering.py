"""What a form is made from: a profile, what may be shown, and its drawings, drawn once for all forms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from fairplace.disclosure import Released
from fairplace.profile.drawings import draw
from fairplace.profile.model import Drawing, Profile
from geo.errors import UserError
from maps.fonts import text_width
from maps.picture import Picture
from maps.steady import steady_text
from maps.words import Words


class FormError(UserError, ValueError):
    """A form was asked for that there is not, or that this machine cannot make."""


@dataclass(frozen=True)
class Rendering:
    """A profile about to be written, in any number of forms.

    Parameters
    ----------
    profile
        What it says.
    released
        What may be shown; the drawings are made from it.
    template
        A council's own Word file, whose styles, headers and footers a DOCX takes; ours if left out.
    """

    profile: Profile
    released: Released
    template: Path | None = None

    @cached_property
    def pictures(self) -> dict[str, Picture]:
        """Drawing id -> picture."""
        return draw(self.profile, self.released)

    @cached_property
    def svgs(self) -> dict[str, str]:
        """Drawing id -> SVG element."""
        return {name: picture.svg() for name, picture in self.pictures.items()}

    @property
    def alts(self) -> dict[str, str]:
        """Drawing id -> text alternative, the same in every form."""
        drawn = {block.id: block for block in self.profile.drawings}
        return {name: alt_of(drawn[name], picture) for name, picture in self.pictures.items()}


#: Letters of a cell that is never broken into lines where there is room, such as "21 March 2021".
_SHORT = 13
#: Widest a word stands in a table without being broken, and widest a column is made, in ems.
_WIDEST_EMS = 16.0
#: Lines that a long text may take in its column.
_LINES = 3


@dataclass(frozen=True)
class Part:
    """Columns of a table that stand side by side on one page: where each is in the table, and its width."""

    columns: tuple[int, ...]
    widths: tuple[float, ...]


def lay_columns(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, room: float, gap: float, size: float
) -> list[Part]:
    """Lay a table out in as many parts as it takes for no word to be wider than its column.

    Parameters
    ----------
    head, rows
        Texts of the table.
    room
        Width of the page less its margins, in millimetres.
    gap
        What each cell leaves free at its two sides together, in millimetres.
    size
        Of the letters, in points.

    Returns
    -------
    list of Part
        Each begins with the first column, which names the rows; widths fill the room. A column may be
        narrower than a word only where the word is wider than `widest_word`.
    """
    most = widest_word(room=room, gap=gap, size=size)
    least, wanted = [], []
    for at, name in enumerate(head):
        texts = [(name, True), *((row[at], False) for row in rows)]
        widths = [_width(word, size, bold) for text, bold in texts for word in text.split()]
        word = min(max(widths, default=0.0), most)
        short = max((_width(row[at], size, False) for row in rows), default=0.0)
        if max((len(row[at]) for row in rows), default=0) > _SHORT:
            short = 0.0
        line = max(_width(text, size, bold) for text, bold in texts) / _LINES
        least.append(word + gap)
        wanted.append(max(word, min(short, most), min(line, _WIDEST_EMS * size * _POINT)) + gap)
    # As few parts as there must be, and of those as even ones as can be.
    limits = [room * step / 40 for step in range(1, 41)]
    fewest = len(_filled(least, room))
    even = next(limit for limit in limits if len(_filled(least, limit)) == fewest)
    return [Part(tuple(one), _spread(one, least, wanted, room)) for one in _filled(least, even)]


def part_caption(words: Words, caption: str, at: int, parts: int) -> str:
    """Give the caption of one part of a table, from 1 on; that of the table where it is whole."""
    return caption if parts == 1 else words("tables", "part", caption=caption, part=at, parts=parts)


#: A point in millimetres.
_POINT = 25.4 / 72


def widest_word(*, room: float, gap: float, size: float) -> float:
    """Width in millimetres beyond which a word is broken: two columns must fit side by side."""
    return min(_WIDEST_EMS * size * _POINT, room / 2 - gap)


def _filled(least: Sequence[float], limit: float) -> list[list[int]]:
    parts: list[list[int]] = [[0]]
    for at in range(1, len(least)):
        if len(parts[-1]) > 1 and sum(least[one] for one in parts[-1]) + least[at] > limit:
            parts.append([0])
        parts[-1].append(at)
    return parts


def _spread(
    columns: Sequence[int], least: Sequence[float], wanted: Sequence[float], room: float
) -> tuple[float, ...]:
    """Share the room out: what each must have first, then by what each wants."""
    must, want = sum(least[at] for at in columns), sum(wanted[at] for at in columns)
    if want <= room:
        widths = [wanted[at] * room / want for at in columns]
    else:
        share = (room - must) / (want - must)
        widths = [least[at] + (wanted[at] - least[at]) * share for at in columns]
    # Never a hair more than the room in all.
    return tuple(math.floor(100 * width) / 100 for width in widths)


@lru_cache(maxsize=20_000)
def _width(text: str, size: float, bold: bool) -> float:
    return text_width(text, size, bold=bold)


def alt_of(block: Drawing, picture: Picture) -> str:
    """Text alternative of a drawing: what it is, and what its picture shows where that says more."""
    said = steady_text(block.alt)
    return said if picture.alt in said else f"{said} {picture.alt}"
