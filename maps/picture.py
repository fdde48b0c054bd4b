"""A drawn picture and the words that stand for it, as SVG, PNG or PDF, the same bytes each time."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from geo.errors import UserError
from maps.fonts import drawn_families, measuring
from maps.steady import steady_text

Form = Literal["svg", "png", "pdf"]
MM = 1 / 25.4

_SETTINGS: Any = {
    # A dollar in a name is a dollar, not the start of a formula.
    "text.parse_math": False,
    # Letters fitted to whole pixels are up to a tenth wider at one resolution than at another.
    "text.hinting": "no_hinting",
    "svg.fonttype": "path",
    "svg.hashsalt": "fairplace",
    "pdf.fonttype": 42,
    "hatch.linewidth": 0.6,
    "axes.unicode_minus": True,
    "path.simplify": False,
    "savefig.facecolor": "white",
}


class PictureError(UserError, ValueError):
    """A picture cannot be written in the form that was asked for."""


@contextmanager
def drawing(fonts: Sequence[Path] = ()) -> Iterator[None]:
    """Draw and write with our own settings, whatever those of the machine are."""
    # A font without a bold face is said on a log that nobody reads; its regular face is meant.
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with mpl.rc_context(), measuring(fonts):
            mpl.rcdefaults()
            mpl.rcParams.update(_SETTINGS)
            mpl.rcParams["font.family"] = drawn_families(fonts)
            yield
    finally:
        log.setLevel(level)


def new_figure(width: float, height: float) -> Figure:
    """Give an empty figure of `width` by `height` millimetres, without a window."""
    figure = Figure(figsize=(width * MM, height * MM), dpi=150)
    FigureCanvasAgg(figure)
    return figure


@dataclass(frozen=True)
class Picture:
    """A picture with its title and its text alternative.

    Parameters
    ----------
    figure
        Drawn with matplotlib.
    title
        Title of the file; what a viewer shows in its window.
    alt
        What the picture shows, for those who do not see it.
    fonts
        Font files used beside DejaVu Sans.
    scale
        Of a map on paper: 25000 for 1:25,000; 0 where there is none.
    """

    figure: Figure
    title: str
    alt: str
    fonts: tuple[Path, ...] = ()
    scale: int = 0

    def __post_init__(self) -> None:
        for name in ("title", "alt"):
            object.__setattr__(self, name, steady_text(getattr(self, name)))

    def render(self, form: Form, *, dpi: float = 150) -> bytes:
        """Give the picture as a file's bytes.

        Parameters
        ----------
        form
            ``svg`` (letters as shapes, so no font is needed), ``png`` or ``pdf``.
        dpi
            Pixels an inch of a PNG.

        Returns
        -------
        bytes
            The same for the same input in one environment; no date inside.

        Raises
        ------
        PictureError
            The form is none of these.
        """
        described: dict[str, dict[str, str | None]] = {
            "svg": {"Title": self.title, "Description": self.alt, "Date": None, "Creator": None},
            "pdf": {"Title": self.title, "Subject": self.alt, "CreationDate": None},
            "png": {"Title": self.title, "Description": self.alt, "Software": None},
        }
        if form not in described:
            raise PictureError(f'a picture cannot be written as "{form}"; use {", ".join(described)}')
        held = io.BytesIO()
        with drawing(self.fonts):
            self.figure.savefig(held, format=form, dpi=dpi, metadata=described[form])
        if form == "svg":
            return self._named(held.getvalue().decode("utf-8")).encode("utf-8")
        return held.getvalue()

    def svg(self) -> str:
        """Give the picture as an SVG element to stand in a page, named by its text alternative."""
        text = self.render("svg").decode("utf-8")
        return text[text.index("<svg") :]

    def save(self, path: Path, *, dpi: float = 150) -> None:
        """Write the picture; the file's suffix says the form.

        Raises
        ------
        PictureError
            The suffix is none of svg, png and pdf.
        """
        form = path.suffix.lstrip(".").lower()
        if form not in ("svg", "png", "pdf"):
            raise PictureError(f'"{path.name}" does not end in .svg, .png or .pdf; choose one of them')
        path.write_bytes(self.render(form, dpi=dpi))  # type: ignore[arg-type]

    def _named(self, text: str) -> str:
        return text.replace("<svg ", f'<svg role="img" aria-label="{escape(self.alt, quote=True)}" ', 1)
