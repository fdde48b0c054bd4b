"""The frame that every chart shares: size in millimetres, title, key, and words for the eyes' absence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from math import ceil, floor, isfinite, log10
from pathlib import Path
from typing import Any, Literal, ParamSpec

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from geo.errors import UserError
from maps.fonts import fonts_for, measuring, text_width, wrap
from maps.palettes import ink_on
from maps.patterns import HATCHES
from maps.picture import Picture, drawing, new_figure
from maps.steady import steadied
from maps.style import MapClass
from maps.text import chart_texts, value_text
from maps.words import Words, english

WIDTH = 170.0
SMALL = 7.5
GRID = "#d0d0d0"
_TITLE = 10.0
#: How many rows a text alternative reads out before it sends the reader to the table.
_READ_OUT = 12
_Given = ParamSpec("_Given")


class ChartError(UserError, ValueError):
    """A chart cannot be drawn of what was given; the message names the value or the column."""


@dataclass
class Plot:
    """A chart being drawn.

    Parameters
    ----------
    title
        The caller's, which says what the chart shows.
    words
        What charts say beside what they are given.
    fonts
        Font files beside DejaVu Sans.
    body
        Height of what lies under the title and the key, in millimetres.
    keys
        Entries of the key, drawn in a row under the title.
    markers
        Shapes of the key's entries where they are dots, so that shape tells what colour tells.
    marks
        Id of an entry -> shape that stands in its patch, as it does in the cells of the chart.
    """

    title: str
    words: Words
    fonts: tuple[Path, ...]
    body: float
    width: float = WIDTH
    keys: Sequence[MapClass] = ()
    markers: Sequence[str] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    figure: Figure = field(init=False)
    _top: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        lines = wrap(self.title, width=self.width - 4, size=_TITLE, bold=True)
        rows = self._key_rows()
        self._top = len(lines) * 4.6 + len(rows) * 5.0 + 4
        self.figure = new_figure(self.width, self.body + self._top)
        tall = self.body + self._top
        self.figure.text(
            2 / self.width,
            1 - 2 / tall,
            "\n".join(lines),
            fontsize=_TITLE,
            fontweight="bold",
            va="top",
            linespacing=1.15,
        )
        pad = self._axes(0, self.body, self.width, self._top)
        pad.set_axis_off()
        pad.set_xlim(0, self.width)
        pad.set_ylim(0, self._top)
        for row, entries in enumerate(rows):
            x, y = 2.0, self._top - len(lines) * 4.6 - 6.0 - row * 5.0
            for one in entries:
                if self.markers:
                    marker = self.markers[self.keys.index(one) % len(self.markers)]
                    pad.plot(
                        [x + 3],
                        [y + 1.6],
                        marker=marker,
                        markersize=5.5,
                        color=one.colour,
                        markeredgecolor="#111111",
                        markeredgewidth=0.6,
                    )
                else:
                    patch = Rectangle(
                        (x, y), 6, 3.2, facecolor=one.colour, edgecolor="#1a1a1a", linewidth=0.5
                    )
                    shade(patch, one)
                    pad.add_patch(patch)
                    if one.id in self.marks:
                        stamp(pad, (x + 3, y + 1.6), self.marks[one.id], one, size=4.0)
                pad.text(x + 7.5, y + 1.6, one.label, fontsize=SMALL, va="center")
                x += 12 + text_width(one.label, SMALL)

    def axes(self, *, left: float, bottom: float = 8.0, right: float = 4.0, top: float = 1.0) -> Axes:
        """Give axes over the body, with the margins given in millimetres."""
        made = self._axes(left, bottom, self.width - left - right, self.body - bottom - top)
        made.spines[["top", "right"]].set_visible(False)
        made.tick_params(labelsize=SMALL, length=2, width=0.5)
        made.set_axisbelow(True)
        return made

    def picture(self, alt: str) -> Picture:
        """Close the chart with its text alternative."""
        return Picture(self.figure, self.title, alt, self.fonts)

    def _axes(self, x: float, y: float, width: float, height: float) -> Axes:
        tall = self.body + self._top
        return self.figure.add_axes(
            (x / self.width, y / tall, max(width, 1.0) / self.width, max(height, 1.0) / tall)
        )

    def _key_rows(self) -> list[list[MapClass]]:
        rows: list[list[MapClass]] = []
        left = 0.0
        for one in self.keys:
            needed = 12 + text_width(one.label, SMALL)
            if not rows or left < needed:
                rows.append([])
                left = self.width - 4
            rows[-1].append(one)
            left -= needed
        return rows


def charted(draw: Callable[_Given, Picture]) -> Callable[_Given, Picture]:
    """Give a chart whose words, all of them, are steady, and are measured in the fonts that draw them."""
    steady = steadied(draw)

    @wraps(draw)
    def drawn(*args: _Given.args, **named: _Given.kwargs) -> Picture:
        fonts: Any = named.get("fonts", ())
        with measuring(fonts):
            return steady(*args, **named)

    return drawn


@contextmanager
def plotting(
    title: str,
    texts: Iterable[object],
    *,
    body: float,
    words: Words | None,
    fonts: Sequence[Path],
    keys: Sequence[MapClass] = (),
    markers: Sequence[str] = (),
    marks: Mapping[str, str] | None = None,
    width: float = WIDTH,
) -> Iterator[Plot]:
    """Open a chart with our settings; `texts` is all that will be written in it."""
    words = words or english()
    written = [title, *(str(one) for one in texts), *(one.label for one in keys), *chart_texts(words)]
    letters = fonts_for(written, fonts=fonts)
    with drawing(letters):
        yield Plot(title, words, letters, body, width, keys, markers, marks or {})


def empty_picture(title: str, *, words: Words | None, fonts: Sequence[Path]) -> Picture:
    """Give a picture that says there are no figures, in place of a chart of nothing."""
    with plotting(title, [], body=14, words=words, fonts=fonts) as plot:
        pad = plot.axes(left=2, bottom=1)
        pad.set_axis_off()
        pad.text(
            0, 0.5, plot.words("map", "chart_empty"), fontsize=SMALL + 1, va="center", transform=pad.transAxes
        )
        return plot.picture(f"{title}. {plot.words('map', 'chart_empty')}")


def shade(patch: Rectangle, one: MapClass) -> None:
    """Put the pattern of a class on a patch."""
    if one.pattern:
        # Half as dense as on a map: bars are small, and hatches make up most of an SVG's size.
        patch.set_hatch(HATCHES[one.pattern][:2])
        patch.set_hatchcolor(one.ink)


def stamp(frame: Axes, at: tuple[float, float], shape: str, one: MapClass, *, size: float) -> None:
    """Put a shape on the colour of a class, in black or white, whichever is seen."""
    frame.plot(
        [at[0]], [at[1]], marker=shape, markersize=size, color=ink_on(one.colour), markeredgewidth=0.8,
        linestyle="none", clip_on=False,
    )  # fmt: skip


def alternative(title: str, rows: Iterable[str], words: Words) -> str:
    """Write a text alternative: the title, the first dozen rows, and how many more there are."""
    read = [one for one in rows if one]
    said = "; ".join(read[:_READ_OUT])
    if len(read) > _READ_OUT:
        said += f"; {words('map', 'alt_more', count=len(read) - _READ_OUT)}"
    return f"{title.rstrip('.')}. {said}." if said else f"{title.rstrip('.')}."


def axis_of(frame: Axes, which: Literal["x", "y"], unit: str, words: Words, *, top: float) -> None:
    """Set an axis from zero to a round number at or above `top`, in the words of the unit."""
    step = round_step(top)
    end = ceil(top / step - 1e-9) * step if top > 0 else step
    axis = frame.xaxis if which == "x" else frame.yaxis
    set_limits = frame.set_xlim if which == "x" else frame.set_ylim
    set_limits(0, end)
    axis.set_ticks([at * step for at in range(round(end / step) + 1)])
    fine = step * (100 if unit == "share" else 1)
    decimals = max(0, -floor(log10(fine) + 1e-9)) if fine < 1 else 0
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: value_text(abs(value), unit, words, decimals=decimals))
    )
    frame.grid(visible=True, axis=which, color=GRID, linewidth=0.5)


def round_step(top: float) -> float:
    """Give the step of an axis up to `top`: 1, 2, 2.5 or 5 times a power of ten, five steps or fewer."""
    if not isfinite(top) or top <= 0:
        return 1.0
    power = 10.0 ** floor(log10(top / 5))
    return float(next(one * power for one in (1, 2, 2.5, 5, 10) if one * power * 5 >= top * (1 - 1e-9)))


def need_columns(frame: pd.DataFrame, columns: Sequence[str], *, chart: str) -> None:
    """Refuse a frame without the columns a chart is drawn from."""
    absent = [name for name in columns if name not in frame]
    if absent:
        raise ChartError(
            f"a {chart} is drawn from the columns {', '.join(columns)}; {absent[0]} is not there"
        )


def refuse_negative(frame: pd.DataFrame, *, chart: str) -> None:
    """Refuse numbers below zero, which a bar from zero cannot show."""
    for name in frame.columns:
        below = frame[name][frame[name] < 0]
        if len(below):
            raise ChartError(
                f"{name} of {below.index[0]} is {below.iloc[0]:g}; a {chart} shows amounts from zero up"
            )
