"""Maps on paper, from the very same layers and styles as the interactive map.

A map is drawn in metres of the National Grid at a round scale, on a whole sheet of A4 or A3, with
legend, scale bar, north, caveat and licence inside the picture. Nothing is calculated here beyond
the scale that fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np

from maps.arrange import HEADING, arrange, scale_of
from maps.brush import (
    draw_areas,
    draw_backdrop,
    draw_bar,
    draw_names,
    draw_north,
    draw_overlay,
    draw_scale,
    free_corners,
)
from maps.fonts import fonts_for, text_width, wrap
from maps.key import LEAST, LINE, Block, Legend, draw_block, lay_out, legend_of
from maps.layer import MapLayer, licence_lines
from maps.picture import Picture, drawing, new_figure
from maps.sheet import PAPERS, ROOMS, Paper, PaperError, Sheet, Turn, new_sheet
from maps.steady import steadied
from maps.text import chart_texts, class_label, count_text
from maps.words import Words, english

_LEGEND = 62.0
_LEAST_MAP = 60.0
_SIZES = (7.5, 7.0, 6.5, LEAST)
_LONG_LEGEND = (
    "the legend, in letters of {points:g} points or more, does not fit beside the map; use larger paper, "
    "or fewer overlays or caveats"
)


@steadied
def draw_map(
    layer: MapLayer,
    *,
    title: str,
    overlays: Sequence[MapLayer] = (),
    backdrop: Mapping[str, gpd.GeoDataFrame] | None = None,
    paper: Paper | Literal["half page", "page"] = "A4",
    turn: Turn = "landscape",
    scale: int | None = None,
    caveats: Sequence[str] = (),
    banner: Sequence[str] = (),
    running: str = "",
    licences: Sequence[str] = (),
    counted: bool = True,
    ratio: bool = True,
    alt: str = "",
    words: Words | None = None,
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
        ``A5``, ``A4`` or ``A3``, ``landscape`` or ``portrait``; or ``page`` or ``half page``, the room
        between the margins of a page of text.
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
    words
        Of legend, scale and text alternative; English if left out.
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
    words = words or english()
    layers = [layer, *overlays]
    _check(layers, paper)
    letters = fonts_for(
        _texts(layers, [title, *caveats, *banner, running, *licences, *chart_texts(words)]), fonts=fonts
    )
    with drawing(letters):
        sheet = new_sheet(paper, turn, words)
        top, _ = _head(sheet, title, banner)
        bottom = _foot(sheet, layers, caveats, running, licences, ratio=ratio)
        legends = [legend_of([one], words, counted=counted) for one in layers]
        room = (sheet.width - 2 * sheet.margin, top - bottom)
        if turn == "landscape":
            blocks = _beside(legends, room)
            wide = blocks[0].width
            box = (sheet.margin, bottom, room[0] - wide - 4, room[1])
            corner = (sheet.width - sheet.margin - wide, top)
        else:
            blocks = _below(legends, room)
            low = _height(blocks) + 4
            box = (sheet.margin, bottom + low, room[0], room[1] - low)
            corner = (sheet.margin, bottom + low - 4)
        used = _map_frame(sheet, layers, backdrop or {}, box, scale, bar=True)
        pad = sheet.pad(0, 0, sheet.width, sheet.height)
        for block in blocks:
            draw_block(pad, block, left=corner[0], top=corner[1])
            corner = (corner[0], corner[1] - block.height - 2)
        if ratio:
            _ratio(sheet, used, paper)
    alt = alt or map_alt(layer, title=title, words=words)
    return Picture(sheet.figure, title, alt, letters, used)


@steadied
def draw_inset(
    layers: Sequence[MapLayer],
    *,
    title: str,
    alt: str,
    width: float = 58.0,
    tallest: float = 50.0,
) -> Picture:
    """Draw layers small and without words, for a corner of a page: where something lies, and no more.

    Parameters
    ----------
    layers
        Areas first, those that lie on them after; lines and points over all.
    title, alt
        Of the picture, which has no letters: what it shows stands in these, and its sources elsewhere.
    width, tallest
        Millimetres that it may take; it takes no more than its ground needs.

    Raises
    ------
    PaperError
        No layer has anything to draw.
    """
    _check(layers, "A5")
    west, south, east, north = _extent(layers)
    # A hair of room, so that no edge of an area lies on the edge of the picture.
    across, up = (east - west) * 1.04, (north - south) * 1.04
    scale = max(across / width, up / tallest)
    wide, high = across / scale, up / scale
    with drawing():
        sheet = Sheet(new_figure(wide, high), wide, high, english())
        frame = sheet.frame(0, 0, wide, high)
        frame.set_axis_off()
        frame.set_xlim((west + east - across) / 2, (west + east + across) / 2)
        frame.set_ylim((south + north - up) / 2, (south + north + up) / 2)
        for one in layers:
            if one.kind == "fill":
                draw_areas(frame, one)
            else:
                draw_overlay(frame, one, weight=0.7)
    return Picture(sheet.figure, title, alt)


@steadied
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
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw several layers side by side, all at one scale; one legend where they share their classes.

    Parameters
    ----------
    layers
        Each gets a map headed by its label.
    columns
        Maps in a row; chosen by the sheet if 0.
    title, overlays, paper, turn, caveats, banner, running, licences, words, fonts
        As for `draw_map`.

    Raises
    ------
    PaperError, FontError
        As for `draw_map`.
    """
    words = words or english()
    _check([*layers, *overlays], paper)
    texts = _texts([*layers, *overlays], [title, *caveats, *banner, running, *licences, *chart_texts(words)])
    letters = fonts_for(texts, fonts=fonts)
    shared = (
        len({(one.style.classes, one.style.edges, one.style.rule, one.style.sure) for one in layers}) == 1
    )
    with drawing(letters):
        sheet = new_sheet(paper, turn, words)
        top, written = _head(sheet, title, banner)
        bottom = _foot(sheet, [*layers, *overlays], caveats, running, licences)
        over = [legend_of([one], words, counted=False) for one in overlays]
        grounds = [_extent([one, *overlays]) for one in layers]
        made = arrange(
            (sheet.margin, bottom, sheet.width - 2 * sheet.margin, top - bottom),
            (max(one[2] - one[0] for one in grounds), max(one[3] - one[1] for one in grounds)),
            [one.label for one in layers],
            legends=[] if shared else [legend_of([one], words, counted=True) for one in layers],
            common=[legend_of(layers, words, counted=False), *over] if shared else over,
            spare=(
                written + 10,
                top + 2,
                sheet.width - sheet.margin - written - 10,
                sheet.height - sheet.edge - top - 2,
            ),
            columns=columns,
        )
        if made is None:
            raise PaperError(_too_many(len(layers), columns, paper, turn))
        for cell, one in zip(made.cells, layers, strict=True):
            sheet.lines(cell.left, cell.top, cell.heading, HEADING, HEADING * LINE, fontweight="bold")
            _map_frame(sheet, [one, *overlays], {}, cell.frame, made.scale, bar=False)
        whole = sheet.pad(0, 0, sheet.width, sheet.height)
        for placed in made.legends:
            draw_block(whole, placed.block, left=placed.left, top=placed.top)
        draw_bar(whole, made.scale, words, made.bar)
        _ratio(sheet, made.scale, paper)
    alt = " ".join([f"{title}.", *(map_alt(one, title=one.label, words=words) for one in layers)])
    return Picture(sheet.figure, title, alt, letters, made.scale)


def _ratio(sheet: Sheet, scale: int, paper: str) -> None:
    """Write the print scale and the sheet at the lower right."""
    said = f"1:{count_text(scale, sheet.words)} {paper}"
    sheet.lines(sheet.width - sheet.margin, sheet.edge + 2.4, [said], 7, 0, ha="right", color="#222222")


def _too_many(maps: int, columns: int, paper: str, turn: str) -> str:
    ways = [f"at most {columns - 1} columns"] if columns > 1 else []
    ways += [] if paper == "A3" else ["A3"]
    ways += ["portrait" if turn == "landscape" else "landscape", "fewer layers or caveats"]
    return (
        f"{maps} maps with their legends, in letters of {LEAST:g} points or more, do not fit on {paper} "
        f"{turn}; use {', '.join(ways[:-1])} or {ways[-1]}"
    )


def map_alt(layer: MapLayer, *, title: str, words: Words | None = None) -> str:
    """Write the text alternative of a map: how many areas, and how many in each class."""
    words = words or english()
    counts = layer.class_counts()
    named = [
        words("map", "alt_class", label=class_label(layer.style.entry(one), words), count=count)
        for one, count in counts.items()
    ]
    return words("map", "alt_map", count=sum(counts.values()), title=title, classes="; ".join(named))


def _check(layers: Sequence[MapLayer], paper: str) -> None:
    if paper not in PAPERS | ROOMS:
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


def _head(sheet: Sheet, title: str, banner: Sequence[str]) -> tuple[float, float]:
    """Write banner and title; give how far down and how far to the right they go, in millimetres."""
    across = sheet.width - 2 * sheet.margin
    top = sheet.height - sheet.margin
    said = [line for one in banner for line in wrap(one, width=across, size=8, bold=True)]
    if said:
        sheet.lines(
            sheet.margin,
            min(top + 4, sheet.height - sheet.edge),
            said,
            8,
            8 * LINE,
            fontweight="bold",
            color="#8a1f00",
        )
        top += 2.5 - 8 * LINE * len(said)
    largest = 15.0 if max(sheet.width, sheet.height) > max(PAPERS["A5"]) else 11.5
    # A title is never cut: a long one has smaller letters.
    for size in (largest, 11.5, 9.0, 7.5):
        lines = wrap(title, width=across, size=size, bold=True)
        if len(lines) <= 3:
            break
    sheet.lines(sheet.margin, top, lines, size, 0.427 * size, fontweight="bold")
    right = [text_width(one, size, bold=True) for one in lines] + [
        text_width(one, 8, bold=True) for one in said
    ]
    return top - 0.427 * size * max(1, len(lines)) - 1, sheet.margin + max(right, default=0.0)


def _foot(
    sheet: Sheet,
    layers: Sequence[MapLayer],
    caveats: Sequence[str],
    running: str,
    licences: Sequence[str],
    *,
    ratio: bool = True,
) -> float:
    """Write caveats, licences and the running line; give the height in millimetres above them."""
    across = sheet.width - 2 * sheet.margin
    named = licence_lines([*(one.licence for one in layers), *licences])
    # The scale stands at the right of these lines.
    free = across - 30 if ratio else across
    small = [line for one in (" ".join(named), running) for line in wrap(one, width=free, size=6)]
    said = [
        line
        for one in _unique([*caveats, *(one.caveat for one in layers)])
        for line in wrap(one, width=across, size=7.5)
    ]
    most = int(sheet.height * 0.3 / 3.6)
    if len(said) > most:
        said = [*said[: most - 1], sheet.words("map", "cut_short")]
    low = sheet.edge + 2.8 * len(small)
    y = low + 1.5 + 3.6 * len(said)
    # In the order in which they are read, which is that of the words in a PDF.
    sheet.lines(sheet.margin, y - 0.9, said, 7.5, 3.6)
    sheet.lines(sheet.margin, low - 0.6, small, 6, 2.8, color="#222222")
    if y > sheet.height * 0.6:
        raise PaperError(
            f"sources and caveats alone take {y:.0f} of {sheet.height:.0f} mm; "
            f"use larger paper or fewer layers"
        )
    return y + 2.0


def _extent(layers: Sequence[MapLayer]) -> tuple[float, float, float, float]:
    bounds = np.array([one.areas.total_bounds for one in layers if len(one.areas)])
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _fitting(layers: Sequence[MapLayer], room: tuple[float, float]) -> int:
    """Give the largest round scale at which the layers fit into `room`, in millimetres."""
    west, south, east, north = _extent(layers)
    return scale_of((east - west, north - south), room)


def _map_frame(
    sheet: Sheet,
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
            draw_overlay(frame, one, weight=min(1.0, max(0.5, width / 100)))
    for one in layers:
        if one.labelled:
            draw_names(frame, one, used)
    if bar:
        shapes = np.concatenate([one.areas.geometry.to_numpy() for one in layers if one.kind == "fill"])
        bar_at, north_at = free_corners(frame, used, shapes)
        draw_scale(frame, used, sheet.words, bar_at)
        draw_north(frame, used, sheet.words, north_at)
    return used


def _beside(legends: Sequence[Legend], room: tuple[float, float]) -> list[Block]:
    """Lay out the legends at its side: the largest letters in the narrowest column that holds them."""
    for width in (_LEGEND, 84.0, 106.0):
        for size in _SIZES:
            blocks = [lay_out(one, width=width, size=size) for one in legends]
            if width <= room[0] - _LEAST_MAP and _height(blocks) <= room[1]:
                return blocks
    raise PaperError(_LONG_LEGEND.format(points=LEAST))


def _below(legends: Sequence[Legend], room: tuple[float, float]) -> list[Block]:
    """Lay out the legends of one map under it, with letters that leave it most of the sheet if any do."""
    for share in (0.4, 0.7):
        for size in _SIZES:
            blocks = [lay_out(one, width=room[0], size=size) for one in legends]
            if _height(blocks) + 4 <= room[1] * share:
                return blocks
    raise PaperError(_LONG_LEGEND.format(points=LEAST))


def _height(blocks: Sequence[Block]) -> float:
    return sum(one.height for one in blocks) + 2 * (len(blocks) - 1)


def _unique(texts: object) -> list[str]:
    return [one for one in dict.fromkeys(texts) if one]  # type: ignore[call-overload]
