"""Maps on paper, from the very same layers and styles as the interactive map.

A map is drawn in metres of the National Grid at a round scale, on a whole sheet of A4 or A3, with
legend, scale bar, north, caveat and licence inside the picture. Nothing is calculated here beyond
the scale that fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, log10
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from geo.errors import UserError
from maps.brush import (
    draw_areas,
    draw_backdrop,
    draw_names,
    draw_north,
    draw_overlay,
    draw_sample,
    draw_scale,
    free_corners,
)
from maps.fonts import fonts_for, wrap
from maps.layer import MapLayer, licence_lines
from maps.patterns import uncertain_class
from maps.picture import Picture, drawing, new_figure
from maps.style import STATUS_CLASSES, MapClass
from maps.words import load_words

Paper = Literal["A5", "A4", "A3"]
Turn = Literal["landscape", "portrait"]
#: Millimetres, landscape.
PAPERS: dict[str, tuple[float, float]] = {"A5": (210.0, 148.0), "A4": (297.0, 210.0), "A3": (420.0, 297.0)}
_MARGIN = 10.0
_LEGEND = 62.0
_STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)


class PaperError(UserError, ValueError):
    """A sheet, or what should go on it, does not fit."""


@dataclass(frozen=True)
class _Sheet:
    figure: Figure
    width: float
    height: float
    words: Mapping[str, str]

    def text(self, x: float, y: float, text: str, size: float, **how: Any) -> None:
        """Write at millimetres from the left and the bottom of the sheet."""
        self.figure.text(x / self.width, y / self.height, text, fontsize=size, **how)

    def frame(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes over a rectangle in millimetres."""
        made = self.figure.add_axes(
            (x / self.width, y / self.height, width / self.width, height / self.height)
        )
        made.set_xticks([])
        made.set_yticks([])
        return made


def draw_map(
    layer: MapLayer,
    *,
    title: str,
    overlays: Sequence[MapLayer] = (),
    backdrop: Mapping[str, gpd.GeoDataFrame] | None = None,
    paper: Paper = "A4",
    turn: Turn = "landscape",
    scale: int | None = None,
    caveats: Sequence[str] = (),
    banner: Sequence[str] = (),
    running: str = "",
    licences: Sequence[str] = (),
    counted: bool = True,
    ratio: bool = True,
    alt: str = "",
    language: str = "en",
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw one layer on a whole sheet, to a round scale.

    Parameters
    ----------
    layer
        The layer that colours the areas; overlays alone need a layer of one class.
    title
        At the head of the sheet; longer ones are broken into lines.
    overlays
        Lines and points over the areas, in order.
    backdrop
        As for `maps.interactive.build_map`.
    paper, turn
        ``A5``, ``A4`` or ``A3``, ``landscape`` or ``portrait``.
    scale
        Such as 25000 for 1:25,000; the largest round scale at which everything fits if left out.
    caveats
        Sentences beside those of the layers.
    banner, running
        Sentences above the title, and a line of status and edition at the foot.
    licences
        Lines that name sources beside those of the layers, such as that of the backdrop.
    counted
        Say in the legend how many areas each class has.
    ratio
        Print scale and sheet, such as "1:25,000 A4"; not where the picture is shown at another size.
    alt
        Text alternative; `map_alt` writes one if left out.
    language
        A language of the words file.
    fonts
        Font files for scripts that DejaVu Sans lacks.

    Returns
    -------
    Picture
        PDF and SVG are of the sheet's size, so that printing at 100 % keeps the scale.

    Raises
    ------
    PaperError
        No such paper, nothing to draw, or the scale asked for does not fit.
    FontError
        A name has a character without a font.
    """
    words = load_words(language)
    layers = [layer, *overlays]
    _check(layers, paper)
    letters = fonts_for(_texts(layers, [title, *caveats, *banner, running, *licences]), fonts=fonts)
    width, height = PAPERS[paper] if turn == "landscape" else PAPERS[paper][::-1]
    with drawing(letters):
        sheet = _Sheet(new_figure(width, height), width, height, words)
        top = _head(sheet, title, banner)
        bottom = _foot(sheet, layers, caveats, running, licences)
        if turn == "landscape":
            box = (_MARGIN, bottom, width - 2 * _MARGIN - _LEGEND - 4, top - bottom)
            key = (width - _MARGIN - _LEGEND, bottom, _LEGEND, top - bottom)
        else:
            low = min((top - bottom) * 0.4, _legend_height(layers, words, width - 2 * _MARGIN) + 4)
            box = (_MARGIN, bottom + low, width - 2 * _MARGIN, top - bottom - low)
            key = (_MARGIN, bottom, width - 2 * _MARGIN, low - 4)
        used = _map_frame(sheet, layers, backdrop or {}, box, scale, bar=True)
        _legends(sheet, layers, key, counted=counted)
        if ratio:
            sheet.text(width - _MARGIN, 4, f"1:{used:,} {paper}", 7, ha="right", va="bottom", color="#222222")
    alt = alt or map_alt(layer, title=title, language=language)
    return Picture(sheet.figure, title, alt, letters, used)


def draw_multiples(
    layers: Sequence[MapLayer],
    *,
    title: str,
    overlays: Sequence[MapLayer] = (),
    columns: int = 0,
    paper: Paper = "A4",
    turn: Turn = "landscape",
    caveats: Sequence[str] = (),
    banner: Sequence[str] = (),
    running: str = "",
    licences: Sequence[str] = (),
    language: str = "en",
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw several layers side by side, all at one scale; one legend where they share their classes.

    Parameters
    ----------
    layers
        Each gets a map headed by its label.
    columns
        Maps in a row; chosen by the sheet if 0.
    title, overlays, paper, turn, caveats, banner, running, licences, language, fonts
        As for `draw_map`.

    Raises
    ------
    PaperError, FontError
        As for `draw_map`.
    """
    words = load_words(language)
    _check([*layers, *overlays], paper)
    texts = _texts([*layers, *overlays], [title, *caveats, *banner, running, *licences])
    letters = fonts_for(texts, fonts=fonts)
    width, height = PAPERS[paper] if turn == "landscape" else PAPERS[paper][::-1]
    shared = len({(one.style.classes, one.style.edges, one.style.rule) for one in layers}) == 1
    with drawing(letters):
        sheet = _Sheet(new_figure(width, height), width, height, words)
        top = _head(sheet, title, banner)
        bottom = _foot(sheet, [*layers, *overlays], caveats, running, licences)
        across = width - 2 * _MARGIN - (_LEGEND + 4 if shared else 0)
        count = columns or _columns([*layers, *overlays], len(layers), (across, top - bottom))
        rows = -(-len(layers) // count)
        cell = (across / count, (top - bottom) / rows)
        low = (
            0.0
            if shared
            else min(cell[1] * 0.45, max(_legend_height([one], words, cell[0] - 4, size=6) for one in layers))
        )
        room = (cell[0] - 3, cell[1] - 8 - low)
        used = max(_fitting([one, *overlays], room) for one in layers)
        for at, one in enumerate(layers):
            x, y = _MARGIN + at % count * cell[0], top - (at // count + 1) * cell[1]
            lines = wrap(one.label, width=cell[0] - 4, size=8, bold=True)[:2]
            sheet.text(x, y + cell[1] - 1, "\n".join(lines), 8, va="top", fontweight="bold", linespacing=1.1)
            _map_frame(sheet, [one, *overlays], {}, (x, y + low, *room), used, bar=at == 0)
            if not shared:
                _legends(sheet, [one], (x, y, cell[0] - 4, low), size=6)
        if shared:
            side = (width - _MARGIN - _LEGEND, bottom, _LEGEND, top - bottom)
            _legends(sheet, [_common(layers, words), *overlays], side, counted=False)
        sheet.text(width - _MARGIN, 4, f"1:{used:,} {paper}", 7, ha="right", va="bottom", color="#222222")
    alt = " ".join([f"{title}.", *(map_alt(one, title=one.label, language=language) for one in layers)])
    return Picture(sheet.figure, title, alt, letters, used)


def _columns(layers: Sequence[MapLayer], maps: int, room: tuple[float, float]) -> int:
    """Give the number of maps in a row at which each is drawn largest."""

    def scale(count: int) -> int:
        rows = -(-maps // count)
        return _fitting(layers, (max(room[0] / count - 3, 1.0), max(room[1] / rows - 8, 1.0)))

    return min(range(1, maps + 1), key=scale)


def _common(layers: Sequence[MapLayer], words: Mapping[str, str]) -> MapLayer:
    """Give the first layer with only those legend words that hold for all of them."""
    first = layers[0]

    def same(name: str) -> str:
        return str(getattr(first, name)) if len({getattr(one, name) for one in layers}) == 1 else ""

    title = first.style.title if len({one.style.title for one in layers}) == 1 else words["key"]
    note = first.style.note if len({one.style.note for one in layers}) == 1 else ""
    return replace(
        first,
        style=replace(first.style, title=title, note=note),
        source=same("source"),
        period=same("period"),
    )


def map_alt(layer: MapLayer, *, title: str, language: str = "en") -> str:
    """Write the text alternative of a map: how many areas, and how many in each class."""
    words = load_words(language)
    counts = layer.class_counts()
    named = [
        words["alt_class"].format(label=_label(layer.style.entry(one), words), count=count)
        for one, count in counts.items()
    ]
    return words["alt_map"].format(count=sum(counts.values()), title=title, classes="; ".join(named))


def _check(layers: Sequence[MapLayer], paper: str) -> None:
    if paper not in PAPERS:
        raise PaperError(f'"{paper}" is not a sheet we draw on; use {" or ".join(PAPERS)}')
    if not layers or not any(len(one.areas) for one in layers):
        raise PaperError("no layer has an area or a place to draw; check the authority's code and vintage")


def _texts(layers: Sequence[MapLayer], more: Sequence[str]) -> list[str]:
    texts = list(more)
    for one in layers:
        style = one.style
        texts += [one.label, style.title, style.note, one.source, one.caveat, one.licence]
        texts += [entry.label for entry in style.classes]
        texts += list(one.names) if one.labelled else []
    return texts


def _label(one: MapClass, words: Mapping[str, str]) -> str:
    if one.id not in STATUS_CLASSES:
        return one.label
    text = words[one.id]
    return text[:1].upper() + text[1:]


def _head(sheet: _Sheet, title: str, banner: Sequence[str]) -> float:
    """Write banner and title; give the height in millimetres at which they end."""
    size = 15.0 if max(sheet.width, sheet.height) > max(PAPERS["A5"]) else 11.5
    across = sheet.width - 2 * _MARGIN
    top = sheet.height - _MARGIN
    said = [line for one in banner for line in wrap(one, width=across, size=8, bold=True)]
    if said:
        sheet.text(
            _MARGIN,
            top + 4,
            "\n".join(said),
            8,
            va="top",
            fontweight="bold",
            color="#8a1f00",
            linespacing=1.15,
        )
        top += 2.5 - 8 * 0.41 * len(said)
    lines = wrap(title, width=across, size=size, bold=True)[:3]
    sheet.text(_MARGIN, top, "\n".join(lines), size, va="top", fontweight="bold", linespacing=1.15)
    return top - 0.427 * size * max(1, len(lines)) - 1


def _foot(
    sheet: _Sheet, layers: Sequence[MapLayer], caveats: Sequence[str], running: str, licences: Sequence[str]
) -> float:
    """Write caveats, licences and the running line; give the height in millimetres above them."""
    across = sheet.width - 2 * _MARGIN
    named = licence_lines([*(one.licence for one in layers), *licences])
    small = [line for one in (" ".join(named), running) for line in wrap(one, width=across - 30, size=6)]
    said = [
        line
        for one in _unique([*caveats, *(one.caveat for one in layers)])
        for line in wrap(one, width=across, size=7.5)
    ]
    most = int(sheet.height * 0.3 / 3.6)
    if len(said) > most:
        said = [*said[: most - 1], sheet.words["cut_short"]]
    y = 4.0 if small else 7.0
    for line in reversed(small):
        sheet.text(_MARGIN, y, line, 6, va="bottom", color="#222222")
        y += 2.8
    y += 1.5
    for line in reversed(said):
        sheet.text(_MARGIN, y, line, 7.5, va="bottom")
        y += 3.6
    return y + 2.0


def _extent(layers: Sequence[MapLayer]) -> tuple[float, float, float, float]:
    bounds = np.array([one.areas.total_bounds for one in layers if len(one.areas)])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _fitting(layers: Sequence[MapLayer], room: tuple[float, float]) -> int:
    """Give the largest round scale at which the layers fit into `room`, in millimetres."""
    west, south, east, north = _extent(layers)
    least = max((east - west) * 1.04 / room[0], (north - south) * 1.04 / room[1], 0.01) * 1000
    power = 10 ** floor(log10(least))
    return int(next(one * power for one in (*_STEPS, 10.0, 12.5) if one * power >= least - 1e-9))


def _map_frame(
    sheet: _Sheet,
    layers: Sequence[MapLayer],
    backdrop: Mapping[str, gpd.GeoDataFrame],
    box: tuple[float, float, float, float],
    scale: int | None,
    *,
    bar: bool,
) -> int:
    x, y, width, height = box
    if min(width, height) < 20:
        raise PaperError(
            f"only {width:.0f} by {height:.0f} mm are left for the map; use larger paper or fewer maps"
        )
    fits = _fitting(layers, (width, height))
    used = scale or fits
    west, south, east, north = _extent(layers)
    if scale and max((east - west) / width, (north - south) / height) * 1000 > scale:
        raise PaperError(f"1:{scale:,} does not fit this sheet; 1:{fits:,} does")
    frame = sheet.frame(x, y, width, height)
    half = (width * used / 2000, height * used / 2000)
    middle = ((west + east) / 2, (south + north) / 2)
    frame.set_xlim(middle[0] - half[0], middle[0] + half[0])
    frame.set_ylim(middle[1] - half[1], middle[1] + half[1])
    frame.set_facecolor("#f7f7f5")
    for spine in frame.spines.values():
        spine.set_linewidth(0.5)
    draw_backdrop(frame, backdrop, over=False)
    for one in layers:
        if one.kind == "fill":
            draw_areas(frame, one)
    draw_backdrop(frame, backdrop, over=True)
    for one in layers:
        if one.kind != "fill":
            draw_overlay(frame, one)
    for one in layers:
        if one.labelled:
            draw_names(frame, one, used)
    if bar:
        shapes = np.concatenate([one.areas.geometry.to_numpy() for one in layers if one.kind == "fill"])
        bar_at, north_at = free_corners(frame, used, shapes)
        draw_scale(frame, used, sheet.words, bar_at)
        draw_north(frame, used, sheet.words, north_at)
    return used


def _legend_rows(layer: MapLayer, words: Mapping[str, str], *, counted: bool) -> list[tuple[MapClass, str]]:
    data = layer.data()
    rows = []
    for class_id, count in layer.style.count(data["class"]).items():
        one = layer.style.entry(class_id)
        number = f" ({count:,})" if counted and layer.kind != "line" else ""
        rows.append((one, _label(one, words) + number))
    if bool(data["uncertain"].any()):
        middle = layer.style.classes[len(layer.style.classes) // 2]
        number = f" ({int(data['uncertain'].sum()):,})" if counted else ""
        rows.append((uncertain_class(middle), words["uncertain"] + number))
    return rows


def _legend_height(
    layers: Sequence[MapLayer], words: Mapping[str, str], width: float, *, size: float = 7.5
) -> float:
    across = 2 if width > 100 else 1
    total = 0.0
    for one in layers:
        rows = _legend_rows(one, words, counted=True)
        tall = sum(max(1, len(wrap(text, width=width / across - 10, size=size))) for _, text in rows)
        notes = len(wrap(one.style.note, width=width, size=size - 1)) + len(
            wrap(_from(one), width=width, size=size - 1)
        )
        total += (-(-tall // across) * 0.41 + notes * 0.36 + 1) * size + -(-len(rows) // across) * 1.5 + 5
    return total


def _from(layer: MapLayer) -> str:
    return ", ".join(one for one in (layer.source, layer.period_words(), layer.interval_words()) if one)


def _legends(
    sheet: _Sheet,
    layers: Sequence[MapLayer],
    box: tuple[float, float, float, float],
    *,
    size: float = 7.5,
    counted: bool = True,
) -> None:
    x, bottom, width, height = box
    pad = sheet.frame(x, bottom, width, height)
    pad.set_axis_off()
    pad.set_xlim(0, width)
    pad.set_ylim(0, height)
    line = size * 0.5
    y = height
    across = 2 if width > 100 else 1
    for layer in layers:
        heading = wrap(layer.style.title, width=width, size=size + 1, bold=True)
        pad.text(0, y, "\n".join(heading), fontsize=size + 1, fontweight="bold", va="top", linespacing=1.1)
        y -= (size + 1) * 0.41 * max(1, len(heading)) + 1.5
        rows = _legend_rows(layer, sheet.words, counted=counted)
        per = -(-len(rows) // across)
        deepest = y
        for at in range(across):
            down = y
            for one, text in rows[at * per : (at + 1) * per]:
                left = at * width / across
                lines = wrap(text, width=width / across - 10, size=size)
                draw_sample(pad, layer, one, (left, down - line * 0.8, 7.0, line * 0.85))
                pad.text(left + 9, down, "\n".join(lines), fontsize=size, va="top", linespacing=1.1)
                down -= size * 0.41 * max(1, len(lines)) + 1.5
            deepest = min(deepest, down)
        y = deepest
        for text in (layer.style.note, _from(layer)):
            lines = wrap(text, width=width, size=size - 1)
            if lines:
                pad.text(
                    0, y, "\n".join(lines), fontsize=size - 1, va="top", color="#222222", linespacing=1.1
                )
                y -= (size - 1) * 0.41 * len(lines) + 1
        y -= 2


def _unique(texts: object) -> list[str]:
    return [one for one in dict.fromkeys(texts) if one]  # type: ignore[call-overload]
