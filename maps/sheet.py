"""Sheets of paper, and rooms on a page of text, on which maps are laid out in millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geo.errors import UserError
from maps.key import RISE
from maps.picture import new_figure
from maps.words import Words

Paper = Literal["A5", "A4", "A3"]
Turn = Literal["landscape", "portrait"]
#: Millimetres, landscape.
PAPERS: dict[str, tuple[float, float]] = {"A5": (210.0, 148.0), "A4": (297.0, 210.0), "A3": (420.0, 297.0)}
#: Room for a map between the margins of an A4 page of text: two of the lower ones and their captions fill it.
ROOMS = {"half page": (176.0, 112.0), "page": (176.0, 222.0)}


class PaperError(UserError, ValueError):
    """A sheet, or what should go on it, does not fit."""


@dataclass(frozen=True)
class Sheet:
    """A figure that is written and drawn on in millimetres, from its lower left corner."""

    figure: Figure
    width: float
    height: float
    words: Words
    margin: float = 10.0
    #: No word is nearer to the sheet's lower edge: printers leave some millimetres white.
    edge: float = 6.0

    def text(self, x: float, y: float, text: str, size: float, **how: Any) -> None:
        """Write at millimetres from the left and the bottom of the sheet."""
        self.figure.text(x / self.width, y / self.height, text, fontsize=size, **how)

    def lines(
        self, x: float, top: float, lines: Sequence[str], size: float, pitch: float, **how: Any
    ) -> None:
        """Write lines from `top` down, by their feet: what a font leaves above and below differs."""
        for at, line in enumerate(lines):
            self.text(x, top - RISE * size - at * pitch, line, size, va="baseline", **how)

    def frame(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes over a rectangle in millimetres."""
        made = self.figure.add_axes(
            (x / self.width, y / self.height, width / self.width, height / self.height)
        )
        made.set_xticks([])
        made.set_yticks([])
        return made

    def pad(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes over a rectangle, measured in millimetres too, without a frame or a ground."""
        made = self.frame(x, y, width, height)
        made.set_axis_off()
        made.set_xlim(0, width)
        made.set_ylim(0, height)
        return made


def new_sheet(paper: str, turn: str, words: Words) -> Sheet:
    """Give an empty sheet of one of `PAPERS`, turned, or of one of `ROOMS`, which are not turned."""
    if paper in ROOMS:
        # A page of text has its margins already; half a millimetre keeps the line of a frame whole.
        width, height = ROOMS[paper]
        return Sheet(new_figure(width, height), width, height, words, margin=0.5, edge=0.5)
    width, height = PAPERS[paper] if turn == "landscape" else PAPERS[paper][::-1]
    return Sheet(new_figure(width, height), width, height, words)
