"""The legend of a printed map, measured before it is drawn, so that the map gets what is left.

A legend is laid out once, as a block of words and samples with a height; what is measured is what
is drawn. No letter of it is smaller than `LEAST` points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from maps.brush import draw_sample
from maps.fonts import wrap
from maps.layer import MapLayer
from maps.legend import origin_line
from maps.patterns import uncertain_class
from maps.style import STATUS_CLASSES, MapClass
from maps.text import class_label, count_text
from maps.words import Words

#: Points of the smallest letter on a sheet.
LEAST = 6.0
#: Millimetres, for each point of the letters, of a line, of the space after an entry, of a sample's
#: width, and from there to the words.
LINE, _GAP, _SAMPLE, _INDENT = 0.41, 0.15, 0.9, 1.15
#: And, for each point too, from the top of a line to the foot of its letters.
RISE = 0.28


@dataclass(frozen=True)
class Legend:
    """What a legend says: `rows` are the classes drawn on the maps it stands for, with their words."""

    layer: MapLayer
    title: str
    rows: tuple[tuple[MapClass, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A legend with every word and sample in its place.

    Parameters
    ----------
    width, height
        Millimetres.
    texts
        From the left, down from the top, text, points, bold and colour.
    samples
        From the left, down from the top to the lower edge, width, height, and the class shown.
    broken
        Entries that need more than one line.
    """

    width: float
    height: float
    layer: MapLayer
    texts: tuple[tuple[float, float, str, float, bool, str], ...]
    samples: tuple[tuple[float, float, float, float, MapClass], ...]
    broken: int


def legend_of(layers: Sequence[MapLayer], words: Words, *, counted: bool) -> Legend:
    """Give the legend of layers that share their classes, or of one layer.

    Parameters
    ----------
    layers
        Statuses and stripes are those of any of them; so are notes, sources and periods.
    words
        Of the page.
    counted
        Say how many areas each class has, summed over the layers.
    """
    first = layers[0]
    counts: dict[str, int] = {}
    striped = 0
    for layer in layers:
        data = layer.data()
        for name, count in layer.style.count(data["class"]).items():
            counts[name] = counts.get(name, 0) + count
        striped += int(data["uncertain"].sum())
    order = [*(one.id for one in first.style.classes), *STATUS_CLASSES]

    def number(count: int) -> str:
        return f" ({count_text(count, words)})" if counted else ""

    rows = [
        (one, class_label(one, words) + (number(counts[name]) if first.kind != "line" else ""))
        for name in order
        if name in counts
        for one in (first.style.entry(name),)
    ]
    if striped:
        middle = first.style.classes[len(first.style.classes) // 2]
        rows.append((uncertain_class(middle), words("map", "uncertain") + number(striped)))
    titles = _once(one.style.title for one in layers)
    notes = [*(one.style.note for one in layers), *(origin_line(one, words) for one in layers)]
    return Legend(
        first, titles[0] if len(titles) == 1 else words("map", "key"), tuple(rows), tuple(_once(notes))
    )


def lay_out(legend: Legend, *, width: float, size: float, columns: int = 0) -> Block:
    """Put a legend's words and samples in their places.

    Parameters
    ----------
    legend
        What it says.
    width
        Millimetres that it may take.
    size
        Points of its entries; the title has one more, the notes one less but at least `LEAST`.
    columns
        Of entries; as many as make it low with few lines broken, if 0.
    """
    if not columns:
        most = min(5, int(width // (4 * size)), len(legend.rows))
        made = [lay_out(legend, width=width, size=size, columns=one) for one in range(1, max(1, most) + 1)]
        return min(made, key=lambda one: one.height + one.broken * 0.15 * size)
    texts: list[tuple[float, float, str, float, bool, str]] = []
    samples = []
    y, broken = 0.0, 0
    heading = wrap(legend.title, width=width, size=size + 1, bold=True)
    if heading:
        texts.append((0.0, y, "\n".join(heading), size + 1, True, "black"))
        y += (size + 1) * LINE * len(heading) + size * _GAP
    per = -(-len(legend.rows) // columns)
    deepest, across, tall, indent = y, width / columns, size * 0.42, size * _INDENT
    for at in range(columns):
        down, left = y, at * across
        for one, text in legend.rows[at * per : (at + 1) * per]:
            lines = wrap(text, width=across - indent - 1, size=size)
            broken += len(lines) > 1
            samples.append((left, down + size * 0.4, size * _SAMPLE, tall, one))
            texts.append((left + indent, down, "\n".join(lines), size, False, "black"))
            down += size * LINE * max(1, len(lines)) + size * _GAP
        deepest = max(deepest, down)
    y, small = deepest, max(LEAST, size - 1)
    for text in legend.notes:
        lines = wrap(text, width=width, size=small)
        if lines:
            texts.append((0.0, y, "\n".join(lines), small, False, "#222222"))
            y += small * LINE * len(lines) + 0.6
    return Block(width, y, legend.layer, tuple(texts), tuple(samples), broken)


def draw_block(pad: Axes, block: Block, *, left: float, top: float) -> None:
    """Draw a block into axes of millimetres, down from its upper left corner."""
    for x, down, width, height, one in block.samples:
        draw_sample(pad, block.layer, one, (left + x, top - down, width, height))
    for x, down, text, size, bold, colour in block.texts:
        # Line by line: letters that go below their line would move those under them.
        for at, line in enumerate(text.split("\n")):
            pad.text(
                left + x, top - down - size * (RISE + at * LINE), line, fontsize=size,
                fontweight="bold" if bold else "normal", color=colour, va="baseline",
            )  # fmt: skip


def _once(texts: Iterable[str]) -> list[str]:
    return [one for one in dict.fromkeys(texts) if one] or [""]
