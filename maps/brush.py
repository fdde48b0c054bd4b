"""Drawing a layer of a map with matplotlib, in metres of the National Grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, log10
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from maps.fonts import text_width
from maps.layer import MapLayer
from maps.marks import DASHES, mark_of
from maps.patterns import HATCHES, uncertain_class
from maps.style import BACKDROP, MapClass
from maps.words import Words


def _outline(shapes: Sequence[shapely.Geometry]) -> Outline | None:
    """Join the rings and lines of many shapes into one path."""
    vertices, codes = [], []
    for part in shapely.get_parts(np.asarray(shapes, dtype=object)):
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for line in lines:
            points = shapely.get_coordinates(line)
            if len(points) < 2:
                continue
            marks = np.full(len(points), Outline.LINETO, dtype=np.uint8)
            marks[0] = Outline.MOVETO
            if part.geom_type == "Polygon":
                marks[-1] = Outline.CLOSEPOLY
            vertices.append(points)
            codes.append(marks)
    return Outline(np.vstack(vertices), np.concatenate(codes)) if vertices else None


def draw_areas(frame: Axes, layer: MapLayer) -> None:
    """Fill the areas of a layer by class, stripes included."""
    data = layer.data()
    groups = data.groupby(["class", "uncertain"], sort=True).groups
    for (class_id, striped), codes in groups.items():
        one = layer.style.entry(class_id)
        one = uncertain_class(one) if striped else one
        outline = _outline(list(layer.areas.geometry.loc[list(codes)]))
        if outline is None:
            continue
        _lay(frame, _patch(outline, one, layer.style.border(one), layer.style.outline_width * 0.6))


def _lay(frame: Axes, patch: PathPatch) -> None:
    """Put a patch into a frame whose limits are set; `add_patch` would walk its outline to widen them."""
    frame.add_artist(patch)


def _patch(outline: Outline, one: MapClass, border: str, width: float) -> PathPatch:
    made = PathPatch(outline, facecolor=one.colour, edgecolor=border, linewidth=width, joinstyle="round")
    if one.pattern:
        made.set_hatch(HATCHES[one.pattern])
        made.set_hatchcolor(one.ink)
    return made


def draw_backdrop(frame: Axes, backdrop: Mapping[str, gpd.GeoDataFrame], *, over: bool) -> None:
    """Draw what lies under the areas, or over them."""
    for kind, (colour, width, above, filled) in BACKDROP.items():
        shapes = backdrop.get(kind)
        if shapes is None or above != over or len(shapes) == 0:
            continue
        outline = _outline(list(shapes.geometry))
        if outline is not None:
            area = filled and bool((shapely.get_dimensions(shapes.geometry.to_numpy()) == 2).any())
            _lay(
                frame,
                PathPatch(
                    outline, facecolor=colour if area else "none", edgecolor=colour, linewidth=width * 0.6
                ),
            )


def draw_overlay(frame: Axes, layer: MapLayer, *, weight: float = 1.0) -> None:
    """Draw a layer of lines (with a white casing) or points (with a shape for each class).

    A `weight` under 1 makes lines thinner, for a small map.
    """
    if layer.kind == "line":
        outline = _outline(list(layer.areas.geometry))
        if outline is not None:
            width = max(0.9, layer.style.outline_width * 0.6) * weight
            for colour, extra in (("#ffffff", 1.4 * weight), (layer.style.outline, 0.0)):
                _lay(
                    frame,
                    PathPatch(
                        outline,
                        facecolor="none",
                        edgecolor=colour,
                        linewidth=width + extra,
                        linestyle="-" if extra else _dashes(layer),
                        joinstyle="round",
                    ),
                )
        return
    data = layer.data()
    middles = layer.areas.geometry.representative_point()
    for class_id in dict.fromkeys(data["class"]):
        at = middles[(data["class"] == class_id).to_numpy()]
        one = layer.style.entry(class_id)
        frame.scatter(at.x, at.y, s=32, zorder=5, **_marker(layer, one))


def _marker(layer: MapLayer, one: MapClass) -> dict[str, Any]:
    """Give a shape beside the colour, so that a black-and-white print tells kinds apart."""
    corners, hollow = mark_of(layer.style, one)
    shape = Outline([(x, -y) for x, y in (*corners, corners[0])], closed=True)
    look = (
        {"facecolor": "#ffffff", "edgecolor": one.colour, "linewidth": 1.4}
        if hollow
        else {"facecolor": one.colour, "edgecolor": "#111111", "linewidth": 0.7}
    )
    return {"marker": shape, **look}


def _dashes(layer: MapLayer) -> Any:
    lengths = DASHES[layer.style.dash]
    return (0, tuple(0.6 * one for one in lengths)) if lengths else "-"


def draw_names(frame: Axes, layer: MapLayer, scale: int) -> None:
    """Write names where they do not lie on one another, in the order of the areas."""
    kept: list[tuple[float, float, float, float]] = []
    metres = scale / 1000
    (west, east), (south, north) = frame.get_xlim(), frame.get_ylim()
    for name, point in zip(layer.names, layer.areas.geometry.representative_point(), strict=True):
        half = ((text_width(name, 6.5, bold=True) / 2 + 1) * metres, 1.6 * metres)
        if 2 * half[0] > east - west:
            continue
        # A name that would run out of the frame stands at its edge instead.
        x = min(max(point.x, west + half[0]), east - half[0])
        y = min(max(point.y, south + half[1]), north - half[1])
        box = (x - half[0], y - half[1], x + half[0], y + half[1])
        if any(box[0] < one[2] and box[2] > one[0] and box[1] < one[3] and box[3] > one[1] for one in kept):
            continue
        kept.append(box)
        frame.text(
            x, y, name, fontsize=6.5, ha="center", va="center", fontweight="bold", clip_on=True,
            path_effects=[withStroke(linewidth=2.2, foreground="white")], zorder=6,
        )  # fmt: skip


#: Corners of a map where scale and north may stand: from the left and from below, 1 for the far end.
CORNERS: tuple[tuple[int, int], ...] = ((0, 0), (1, 0), (0, 1), (1, 1))
_NORTH = (16.0, 20.0)


def free_corners(frame: Axes, scale: int, shapes: NDArray[np.object_]) -> list[tuple[int, int]]:
    """Choose corners for the scale and for north, where they cover least of what is drawn.

    Parameters
    ----------
    frame
        With its limits set.
    scale
        Of the map.
    shapes : array of geometry
        What should not be covered, in metres.

    Returns
    -------
    list
        Two of `CORNERS`, the lower ones where all are as good.
    """
    chosen: list[tuple[int, int]] = []
    for size, order in ((_bar_size(frame, scale), CORNERS), (_NORTH, (CORNERS[1], *CORNERS))):
        covered = {}
        for corner in order:
            x, y = _corner(frame, scale, corner, size)
            space = shapely.box(x, y, x + size[0] * scale / 1000, y + size[1] * scale / 1000)
            covered[corner] = float(shapely.area(shapely.intersection(shapes, space)).sum())
        chosen.append(min((one for one in order if one not in chosen), key=lambda one: covered[one]))
    return chosen


def _corner(
    frame: Axes, scale: int, corner: tuple[int, int], size: tuple[float, float]
) -> tuple[float, float]:
    """Give the lower left of a space of millimetres that stands in a corner."""
    metres = scale / 1000
    return (
        frame.get_xlim()[1] - (size[0] + 2) * metres if corner[0] else frame.get_xlim()[0] + 2 * metres,
        frame.get_ylim()[1] - (size[1] + 2) * metres if corner[1] else frame.get_ylim()[0] + 2 * metres,
    )


def _bar_length(frame: Axes, scale: int) -> float:
    metres = scale / 1000
    across = (frame.get_xlim()[1] - frame.get_xlim()[0]) / metres
    return _round_length(min(50.0, across * 0.35) * metres)


def _round_length(longest: float) -> float:
    power = 10 ** floor(log10(longest))
    return float(next(one * power for one in (5, 2, 1) if one * power <= longest))


def _bar_size(frame: Axes, scale: int) -> tuple[float, float]:
    return _bar_length(frame, scale) / scale * 1000 + 14, 10.0


def draw_scale(frame: Axes, scale: int, words: Words, corner: tuple[int, int] = CORNERS[0]) -> None:
    """Draw a bar of a round length in a corner."""
    metres, length = scale / 1000, _bar_length(frame, scale)
    size = _bar_size(frame, scale)
    left, low = _corner(frame, scale, corner, size)
    back = Rectangle((left, low), size[0] * metres, size[1] * metres, facecolor="white", alpha=0.9, zorder=7)
    frame.add_patch(back)
    _draw_bar(frame, words, (left + 4 * metres, low + 3 * metres), length, metres, 1.0)


def _draw_bar(
    frame: Axes, words: Words, at: tuple[float, float], length: float, unit: float, metre: float
) -> None:
    """Draw a bar of `length` metres: in the axes a millimetre is `unit`, a metre of ground `metre`."""
    (x, y), tall, long = at, 1.4 * unit, length * metre
    for part in range(4):
        colour = "white" if part % 2 else "black"
        start = (x + part * long / 4, y)
        frame.add_patch(
            Rectangle(start, long / 4, tall, facecolor=colour, edgecolor="black", linewidth=0.5, zorder=8)
        )
    for along in (0.0, length / 2, length) if long / unit > 24 else (0.0, length):
        number = along / 1000 if length >= 1000 else along
        kind = "scale_kilometres" if length >= 1000 else "scale_metres"
        plain = words.number(f"{number:g}")
        text = words("map", kind, number=plain) if along == length else plain
        frame.text(
            x + along * metre, y + tall + 1.3 * unit, text, fontsize=6.5, ha="center", va="baseline", zorder=8
        )


def draw_bar(pad: Axes, scale: int, words: Words, corner: tuple[float, float]) -> None:
    """Draw north and a bar of a round length beside the maps, in axes of millimetres.

    Parameters
    ----------
    pad
        Measured in millimetres of paper.
    scale
        Of the maps.
    words
        Of the page.
    corner
        Lower left of a space of 64 by 10 mm.
    """
    x, y = corner
    length = _round_length(45.0 * scale / 1000)
    # The bar ends at the right, where its last number has its unit.
    start = x + 64 - 7 - length / scale * 1000
    _draw_bar(pad, words, (start, y + 2), length, 1.0, 1000 / scale)
    arrow = [(start - 8 + across, y + up) for across, up in ((0, 6.5), (2, 0.5), (0, 1.9), (-2, 0.5))]
    pad.add_patch(Polygon(arrow, facecolor="black", zorder=8))
    pad.text(
        start - 8,
        y + 7.3,
        words("map", "north"),
        fontsize=7,
        fontweight="bold",
        ha="center",
        va="baseline",
        zorder=8,
    )


def draw_north(frame: Axes, scale: int, words: Words, corner: tuple[int, int] = CORNERS[1]) -> None:
    """Draw an arrow to grid north in a corner."""
    metres = scale / 1000
    left, low = _corner(frame, scale, corner, _NORTH)
    x, y = left + (10 if corner[0] else 6) * metres, low + 3 * metres
    size = min(1.0, (frame.get_xlim()[1] - frame.get_xlim()[0]) / metres / 110)
    arrow = np.array([(0, 10), (3, 0), (0, 2.4), (-3, 0)]) * metres * size + (x, y)
    frame.add_patch(Polygon(arrow, facecolor="black", edgecolor="white", linewidth=0.8, zorder=8))
    frame.text(
        x, y + 10.6 * metres * size, words("map", "north"), fontsize=max(6.0, 9 * size), fontweight="bold",
        ha="center", va="bottom", zorder=8, path_effects=[withStroke(linewidth=2, foreground="white")],
    )  # fmt: skip


def draw_sample(pad: Axes, layer: MapLayer, one: MapClass, box: tuple[float, float, float, float]) -> None:
    """Draw one legend entry into a box of x, y, width and height."""
    x, y, width, height = box
    if layer.kind == "line":
        pad.plot(
            [x, x + width],
            [y + height / 2] * 2,
            color=one.colour,
            linewidth=max(0.9, layer.style.outline_width * 0.6),
            linestyle=_dashes(layer),
        )
    elif layer.kind == "point":
        pad.scatter([x + width / 2], [y + height / 2], s=26, **_marker(layer, one))
    else:
        corners = Outline(
            np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]), closed=True
        )
        pad.add_patch(_patch(corners, one, "#1a1a1a", 0.5))
