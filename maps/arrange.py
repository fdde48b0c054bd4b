"""Where the maps of one sheet stand: the arrangement at which they are drawn largest.

Each number of maps in a row is tried, with each legend below its map or beside it, and with what the
maps share (their one legend, or that of the lines over them, scale bar and north) beside the sheet's
title, in a strip below or in a column at the right. Nothing lies on anything else, and no letter is
smaller than `maps.key.LEAST` points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import floor, log10

from maps.fonts import wrap
from maps.key import LEAST, LINE, Block, Legend, lay_out

#: Millimetres of the block of scale bar and north, and the least side of a map.
BAR = (64.0, 10.0)
_SIDE = 20.0
_STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0, 10.0, 12.5)
_ACROSS, _DOWN, _AFTER, _NARROW = 4.0, 3.0, 1.5, 30.0
#: How much more than the ground itself a frame shows.
_EASE = 1.03
#: Points of the words over a map and of legends, larger first.
HEADING = 8.0
_SIZES = (7.5, 7.0, 6.5, LEAST)
_BESIDE = (34.0, 42.0, 50.0, 60.0)

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Placed:
    """A legend and its upper left corner, in millimetres from the left and the bottom of the sheet."""

    block: Block
    left: float
    top: float


@dataclass(frozen=True)
class Cell:
    """A map's heading, in lines from its upper left corner, and its frame: x, y, width and height."""

    heading: tuple[str, ...]
    left: float
    top: float
    frame: Box


@dataclass(frozen=True)
class Arrangement:
    """Where everything stands, and the scale of the maps."""

    scale: int
    cells: tuple[Cell, ...]
    legends: tuple[Placed, ...]
    bar: tuple[float, float]


@dataclass(frozen=True)
class _Common:
    """What maps share: their room without it, its legends, and the lower left of scale bar and north."""

    room: Box
    legends: tuple[Placed, ...]
    bar: tuple[float, float]


@dataclass(frozen=True)
class _Grid:
    """Rows of maps: columns, points, whether legends stand beside, and the size left for each map."""

    columns: int
    blocks: tuple[Block, ...]
    beside: float
    headings: tuple[tuple[str, ...], ...]
    wide: float
    tall: float


def round_scale(least: float) -> int:
    """Give the first round scale from 1:`least` on, such as 25000."""
    power = 10 ** floor(log10(least))
    return int(next(one * power for one in _STEPS if one * power >= least - 1e-9))


def scale_of(ground: tuple[float, float], room: tuple[float, float]) -> int:
    """Give the largest round scale at which metres of ground, with a small edge, fit millimetres of room."""
    return round_scale(max(ground[0] * _EASE / room[0], ground[1] * _EASE / room[1], 0.01) * 1000)


def arrange(
    room: Box,
    ground: tuple[float, float],
    headings: Sequence[str],
    *,
    legends: Sequence[Legend],
    common: Sequence[Legend],
    spare: Box = (0.0, 0.0, 0.0, 0.0),
    columns: int = 0,
) -> Arrangement | None:
    """Find where the maps are largest, then the letters, then the fewest entries broken and the rows fullest.

    Parameters
    ----------
    room
        Millimetres from the left and the bottom of the sheet, width and height.
    ground
        Metres across and up that each map must show.
    headings
        One for each map.
    legends
        One for each map, or none where `common` holds one for all.
    common
        Legends that stand once on the sheet.
    spare
        What is free beside the title.
    columns
        Maps in a row; the best number if 0.

    Returns
    -------
    Arrangement or None
        None where it cannot be: a map would be under 20 mm, or a letter under `maps.key.LEAST` points.
    """
    best: tuple[tuple[int, float, int, int, float], _Common, _Grid] | None = None
    for size in _SIZES:

        @cache
        def block(at: int, width: float, size: float = size) -> Block:
            return lay_out(legends[at], width=width, size=size)

        for shared in _commons(room, spare, common, size):
            for grid in _grids(shared.room, headings, len(legends), block, columns):
                empty = -len(headings) % grid.columns
                broken = sum(one.broken for one in grid.blocks)
                rank = (scale_of(ground, (grid.wide, grid.tall)), -size, broken, empty, grid.beside)
                if best is None or rank < best[0]:
                    best = (rank, shared, grid)
    if best is None:
        return None
    rank, shared, grid = best
    cells, placed = _placed(shared.room, ground, rank[0], grid)
    return Arrangement(rank[0], cells, (*placed, *shared.legends), shared.bar)


def _commons(room: Box, spare: Box, common: Sequence[Legend], size: float) -> Iterator[_Common]:
    """Offer the place beside the title, a strip below the maps and columns at their right."""
    x, y, width, height = room
    strip = _strip(spare, common, size, last=True)
    if strip and strip[0] <= spare[3]:
        yield _Common(room, strip[1], strip[2])
    strip = _strip(room, common, size)
    if strip and strip[0] < height * 0.6:
        rest = (x, y + strip[0] + _DOWN, width, height - strip[0] - _DOWN)
        yield _Common(rest, strip[1], strip[2])
    for wide in (BAR[0], 80.0):
        blocks = [lay_out(one, width=wide, size=size) for one in common]
        if sum(one.height + _DOWN for one in blocks) + BAR[1] > height or wide > width / 2:
            continue
        placed, down = [], y + height
        for made in blocks:
            placed.append(Placed(made, x + width - wide, down))
            down -= made.height + _DOWN
        rest = (x, y, width - wide - _ACROSS, height)
        yield _Common(rest, tuple(placed), (x + width - wide, down - BAR[1]))


def _strip(
    room: Box, common: Sequence[Legend], size: float, *, last: bool = False
) -> tuple[float, tuple[Placed, ...], tuple[float, float]] | None:
    """Put legends and scale bar side by side at the foot of a room: their height and places, or None.

    Legends begin at the left, or beside the bar at the right if `last`, away from a title at the left.
    """
    x, y, width, _ = room
    # Legends of one entry need little; what is left is for the one of many.
    many = sum(len(one.rows) > 1 for one in common)
    left = width - BAR[0] - sum(_NARROW + _ACROSS for one in common if len(one.rows) == 1)
    if left < max(60 * many, 0):
        return None
    blocks = [
        lay_out(one, width=_NARROW if len(one.rows) == 1 else left / many - _ACROSS, size=size)
        for one in common
    ]
    tall = max([BAR[1], *(one.height for one in blocks)])
    along = x + width - BAR[0] - sum(one.width + _ACROSS for one in blocks) if last else x
    placed = []
    for made in blocks:
        placed.append(Placed(made, along, y + tall))
        along += made.width + _ACROSS
    return tall, tuple(placed), (x + width - BAR[0], y + tall - BAR[1])


def _grids(
    room: Box, headings: Sequence[str], legends: int, block: Callable[[int, float], Block], columns: int
) -> Iterator[_Grid]:
    """Offer each number of columns, with legends below and beside, as far as something is left for maps."""
    for count in [columns] if columns else range(1, len(headings) + 1):
        cell = (room[2] - (count - 1) * _ACROSS) / count
        if cell < _SIDE:
            continue
        lines = tuple(tuple(wrap(one, width=cell, size=HEADING, bold=True)) for one in headings)
        rows = [range(at, min(at + count, len(headings))) for at in range(0, len(headings), count)]
        fixed = sum(_heading(lines, row) for row in rows) + (len(rows) - 1) * _DOWN
        for beside in (0.0, *_BESIDE) if legends else (0.0,):
            blocks = tuple(block(at, beside or cell) for at in range(legends))
            tallest = [
                max((blocks[at].height for at in row), default=0.0) if legends else 0.0 for row in rows
            ]
            left = room[3] - fixed
            if beside:
                wide, tall = cell - beside - _ACROSS / 2, _height_beside(tallest, left)
            else:
                below = sum(one + _AFTER for one in tallest) if legends else 0.0
                wide, tall = cell, (left - below) / len(rows)
            if min(wide, tall) >= _SIDE:
                yield _Grid(count, blocks, beside, lines, wide, tall)


def _heading(lines: Sequence[Sequence[str]], row: Sequence[int]) -> float:
    most = max(len(lines[at]) for at in row)
    return most * HEADING * LINE + _AFTER / 2 if most else 0.0


def _height_beside(legends: Sequence[float], room: float) -> float:
    """Give the height of maps whose rows are as tall as the map or the tallest legend; 0 if none fits."""
    low = sorted(legends)
    while low:
        tall = room / len(low)
        if tall >= low[-1]:
            return tall
        room -= low.pop()
    return 0.0


def _placed(
    room: Box, ground: tuple[float, float], scale: int, grid: _Grid
) -> tuple[tuple[Cell, ...], tuple[Placed, ...]]:
    """Put maps and legends from the upper left; frames grow a little into what is left, no further."""
    least = [one * _EASE / scale * 1000 for one in ground]
    wide = min(grid.wide, max(least[0] * 1.3, _SIDE))
    tall = min(grid.tall, max(least[1] * 1.15, _SIDE))
    cell = (room[2] - (grid.columns - 1) * _ACROSS) / grid.columns
    cells, placed, y = [], [], room[1] + room[3]
    count = len(grid.headings)
    for start in range(0, count, grid.columns):
        row = range(start, min(start + grid.columns, count))
        under = y - _heading(grid.headings, row)
        legend = max((grid.blocks[at].height for at in row), default=0.0) if grid.blocks else 0.0
        for at in row:
            x = room[0] + (at - start) * (cell + _ACROSS)
            frame = (x, under - tall, wide, tall)
            cells.append(Cell(grid.headings[at], x, y, frame))
            if grid.blocks and grid.beside:
                placed.append(Placed(grid.blocks[at], x + wide + _ACROSS / 2, under))
            elif grid.blocks:
                placed.append(Placed(grid.blocks[at], x, under - tall - _AFTER))
        y = under - (max(tall, legend) if grid.beside else tall + (_AFTER + legend if legend else 0)) - _DOWN
    return tuple(cells), tuple(placed)
