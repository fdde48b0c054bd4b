"""Patterns over a fill, the same in a browser and on paper."""

from __future__ import annotations

from maps.palettes import ink_on
from maps.style import STATUS_CLASSES, LayerStyle, MapClass, Pattern

#: Path of one tile of 8 by 8 units, and the width of its line, for SVG and canvas.
TILES: dict[str, tuple[str, float]] = {
    "rising": ("M-2 2L2 -2M0 8L8 0M6 10L10 6", 1.3),
    "falling": ("M-2 6L2 10M0 0L8 8M6 -2L10 2", 1.3),
    "cross": ("M0 8L8 0M0 0L8 8", 0.9),
    "dots": ("M2 2h.01M6 6h.01", 2.2),
    "level": ("M0 4H8", 1.3),
}

#: The nearest hatch of matplotlib.
HATCHES: dict[str, str] = {
    "": "",
    "rising": "////",
    "falling": "\\\\\\\\",
    "cross": "xxxx",
    "dots": "....",
    "level": "----",
}


def fill_id(colour: str, pattern: Pattern, ink: str) -> str:
    """Name of a fill: the colour itself, or the id of a pattern on it."""
    return colour if not pattern else f"p-{colour[1:]}-{pattern}-{ink[1:]}"


def uncertain_class(one: MapClass) -> MapClass:
    """Give the same class with the stripes that mean "the range reaches into another class"."""
    return MapClass(one.id, one.label, one.colour, "rising", ink_on(one.colour))


def tile_svg(colour: str, pattern: Pattern, ink: str) -> str:
    """SVG definition of a pattern on a colour."""
    path, width = TILES[pattern]
    name = fill_id(colour, pattern, ink)
    return (
        f'<pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{colour}"/>'
        f'<path d="{path}" stroke="{ink}" stroke-width="{width}" stroke-linecap="round" fill="none"/>'
        "</pattern>"
    )


def patterned(style: LayerStyle) -> list[MapClass]:
    """Every class of a style that may be drawn, striped variants included."""
    held = [*style.classes, *STATUS_CLASSES.values()]
    if style.mark_uncertain:
        held += [uncertain_class(one) for one in style.classes]
    return held
