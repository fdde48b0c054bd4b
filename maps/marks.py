"""What tells places and lines apart without colour: the shape of a mark, and the dashes of a line.

The same corners are drawn in the browser, in its legend and on paper.
"""

from __future__ import annotations

from math import cos, pi, sin

from maps.style import LayerStyle, MapClass

Corners = tuple[tuple[float, float], ...]


def _round(corners: int, *radii: float, turn: float = 0.0) -> Corners:
    """Give corners around the middle, at radii that take turns; the first points up."""
    angles = [turn + 2 * pi * at / corners for at in range(corners)]
    return tuple(
        (round(radii[at % len(radii)] * sin(angle), 2), round(-radii[at % len(radii)] * cos(angle), 2))
        for at, angle in enumerate(angles)
    )


_PLUS: Corners = (
    *((-2.4, -7.2), (2.4, -7.2), (2.4, -2.4), (7.2, -2.4), (7.2, 2.4), (2.4, 2.4)),
    *((2.4, 7.2), (-2.4, 7.2), (-2.4, 2.4), (-7.2, 2.4), (-7.2, -2.4), (-2.4, -2.4)),
)
#: Shape -> its corners in pixels from the middle, x to the right and y down.
SHAPES: dict[str, Corners] = {
    "circle": _round(24, 7.0),
    "square": _round(4, 8.8, turn=pi / 4),
    "triangle": _round(3, 8.8),
    "diamond": _round(4, 8.6),
    "down": _round(3, 8.8, turn=pi),
    "plus": _PLUS,
    "cross": tuple((round((x - y) * 0.71, 2), round((x + y) * 0.71, 2)) for x, y in _PLUS),
    "star": _round(10, 9.2, 4.0),
}
_HOLLOW = "-hollow"
#: Every mark that can be told from the others without colour: each shape filled, then as an outline.
MARKS: tuple[str, ...] = (*SHAPES, *(name + _HOLLOW for name in SHAPES))
#: Dashes of a line -> lengths of stroke and gap, in pixels or points; a line without is whole.
DASHES: dict[str, tuple[float, ...]] = {"": (), "long": (8, 4), "dots": (2, 3), "mixed": (9, 3, 2, 3)}


def mark_of(style: LayerStyle, one: MapClass) -> tuple[Corners, bool]:
    """Give the corners of the mark of a class, and whether it is an outline.

    A class without a mark of its own takes the one of its place in the legend, so that kinds of one layer
    differ; what has no figure is a cross.
    """
    ids = [each.id for each in style.classes]
    name = one.mark or (MARKS[ids.index(one.id) % len(MARKS)] if one.id in ids else "cross")
    return SHAPES[name.removesuffix(_HOLLOW)], name.endswith(_HOLLOW)
