"""What a form is made from: a profile, what may be shown, and its drawings, drawn once for all forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fairplace.disclosure import Released
from fairplace.profile.drawings import draw
from fairplace.profile.model import Drawing, Profile
from geo.errors import UserError
from maps.picture import Picture
from maps.steady import steady_text


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
        drawn = {block.id: block for block in self.profile.blocks if isinstance(block, Drawing)}
        return {name: alt_of(drawn[name], picture) for name, picture in self.pictures.items()}


#: Letters of a cell that is never broken into lines, such as "21 March 2021".
_SHORT = 13


def column_widths(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Give each column room for its longest word, its short texts whole, and others in about three lines."""
    widths = []
    for at, name in enumerate(head):
        texts = [name, *(row[at] for row in rows)]
        word = max((len(one) for text in texts for one in text.split()), default=1)
        longest = max((len(row[at]) for row in rows), default=0)
        short = longest if longest <= _SHORT else 0
        line = max(len(text) for text in texts) / 3
        widths.append(round(max(4.0, min(word, 24) + 1.5, short + 1.0, min(line, 26)), 2))
    return widths


def alt_of(block: Drawing, picture: Picture) -> str:
    """Text alternative of a drawing: what it is, and what its picture shows where that says more."""
    said = steady_text(block.alt)
    return said if picture.alt in said else f"{said} {picture.alt}"
