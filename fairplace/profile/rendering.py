"""What a form is made from: a profile, what may be shown, and its drawings, drawn once for all forms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fairplace.disclosure import Released
from fairplace.profile.drawings import draw
from fairplace.profile.model import Profile
from geo.errors import UserError
from maps.picture import Picture


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
