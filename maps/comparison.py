"""Charts that lay a place beside others: dots with ranges, spine chart, tartan rug."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from maps.fonts import text_width, wrap
from maps.palettes import QUALITATIVE, ink_on
from maps.picture import Picture
from maps.plot import (
    SMALL,
    ChartError,
    alternative,
    axis_of,
    charted,
    empty_picture,
    need_columns,
    plotting,
    shade,
    stamp,
)
from maps.style import STATUS_CLASSES, LayerStyle, MapClass
from maps.text import class_label, range_text, status_text, value_text
from maps.words import Words, english

_DOTS = ("o", "s", "^", "D", "v", "P")
#: Flags of the spine chart -> marker and fill; shape tells what colour tells.
FLAGS: dict[str, tuple[str, str]] = {
    "lower": ("v", "#5f93bd"),
    "similar": ("o", "#fafaf5"),
    "higher": ("^", "#6b2a02"),
    "not_compared": ("D", "#bdbdbd"),
}


@charted
def dot_intervals(
    rows: pd.DataFrame,
    *,
    title: str,
    unit: str = "share",
    decimals: int | None = None,
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw a dot with its range for each indicator and place.

    Parameters
    ----------
    rows
        Columns `label` (indicator), `place`, `value`, `low`, `high`, and `status` if there is one;
        indicators and places in the order in which they first appear. A figure without a value is
        written in words.
    title, unit, decimals, words, fonts
        As in `maps.charts.stacked_bars`.

    Raises
    ------
    ChartError
        A column is not there.
    """
    need_columns(rows, ["label", "place", "value", "low", "high"], chart="dot-and-interval plot")
    if rows.empty:
        return empty_picture(title, words=words, fonts=fonts)
    labels, places = list(dict.fromkeys(rows["label"])), list(dict.fromkeys(rows["place"]))
    status = rows["status"] if "status" in rows else pd.Series("missing", index=rows.index)
    keys = [MapClass(str(at), str(name), QUALITATIVE[at % 7]) for at, name in enumerate(places)]
    wrapped = [wrap(str(label), width=52, size=SMALL) for label in labels]
    deep = [max(len(lines) * 3.4, len(places) * 3.6) + 2.4 for lines in wrapped]
    texts = [*labels, *places]
    with plotting(
        title, texts, body=sum(deep) + 10, words=words, fonts=fonts, keys=keys, markers=_DOTS
    ) as plot:
        frame = plot.axes(left=56)
        tops = rows[["value", "high"]].max().max()
        axis_of(frame, "x", unit, plot.words, top=float(tops) if pd.notna(tops) else 1.0)
        low = rows[["value", "low"]].min().min()
        if pd.notna(low) and low < 0:
            frame.set_xlim(float(low) * 1.05, None)
        read = []
        y = 0.0
        middles = []
        for label, tall in zip(labels, deep, strict=True):
            middles.append(y + tall / 2)
            first = y + tall / 2 - (len(places) - 1) * 1.8
            for at, place in enumerate(places):
                found = rows[(rows["label"] == label) & (rows["place"] == place)]
                if found.empty:
                    continue
                row = found.iloc[0]
                here = first + at * 3.6
                if pd.isna(row["value"]):
                    said = status_text(str(status[found.index[0]]), plot.words) or plot.words(
                        "map", "missing"
                    )
                    frame.text(0, here, f" {place}: {said}", fontsize=SMALL - 1, va="center", color="#333333")
                    read.append(f"{label}, {place}: {said}")
                    continue
                if pd.notna(row["low"]) and pd.notna(row["high"]):
                    frame.plot(
                        [row["low"], row["high"]],
                        [here, here],
                        color=keys[at].colour,
                        linewidth=2.2,
                        solid_capstyle="butt",
                    )
                frame.plot(
                    [row["value"]],
                    [here],
                    marker=_DOTS[at % len(_DOTS)],
                    markersize=5,
                    color=keys[at].colour,
                    markeredgecolor="#111111",
                    markeredgewidth=0.6,
                    linestyle="none",
                    clip_on=False,
                )
                text = value_text(float(row["value"]), unit, plot.words, decimals=decimals)
                spread = range_text(
                    float(row["low"]), float(row["high"]), unit, plot.words, decimals=decimals
                )
                read.append(f"{label}, {place}: {text}" + (f" ({spread})" if spread else ""))
            y += tall
            frame.axhline(y, color="#e2e2e2", linewidth=0.6)
        frame.set_ylim(y, 0)
        frame.set_yticks(middles, ["\n".join(lines) for lines in wrapped])
        frame.tick_params(axis="y", length=0)
        return plot.picture(alternative(title, read, plot.words))


@charted
def spine_chart(
    rows: pd.DataFrame,
    *,
    title: str,
    place: str,
    comparator: str,
    second: str = "",
    bar: str = "",
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw each indicator of a place on one spine: the comparator in the middle, all areas around it.

    Parameters
    ----------
    rows
        Columns `label`, `unit`, `value`, `comparator`, `lowest`, `p25`, `p75`, `highest` and `flag`
        (a key of `FLAGS`). Each row has its own scale, by which the comparator stands in the middle
        and the farther of lowest and highest at an edge. A column `second` marks one more comparator,
        `decimals` says how many places its numbers have, and `range` and `comparator_range` are the
        written ranges of value and comparator, empty where there is none.
    title, place, comparator, second
        What the chart shows, whose values the markers are, who stands in the middle, and who else is
        marked; nobody if empty. A mark beyond an edge stands on it.
    bar
        Said in the key beside a bar: which areas it runs over.
    words, fonts
        As in `maps.fonts.fonts_for`.

    Raises
    ------
    ChartError
        A column is not there, or a flag is unknown.
    """
    columns = ["label", "unit", "value", "comparator", "lowest", "p25", "p75", "highest", "flag"]
    need_columns(rows, columns, chart="spine chart")
    unknown = rows.loc[~rows["flag"].isin(list(FLAGS)), "flag"]
    if len(unknown):
        raise ChartError(f"flag {unknown.iloc[0]!r} is not one of {', '.join(FLAGS)}")
    if rows.empty:
        return empty_picture(title, words=words, fonts=fonts)
    wrapped = [wrap(str(label), width=54, size=SMALL) for label in rows["label"]]
    spans = [
        [str(row.get(name, "")) for name in ("range", "comparator_range")] for row in rows.to_dict("records")
    ]
    deep = [
        max(7.6 if any(two) else 5.0, len(lines) * 3.3 + 1.6)
        for lines, two in zip(wrapped, spans, strict=True)
    ]
    texts = [*rows["label"], place, comparator, second, bar]
    said_of_bar = wrap(bar, width=146, size=SMALL - 1) if bar else []
    foot = 10 + (3.2 * len(said_of_bar) + 2 if bar else 0)
    with plotting(title, texts, body=sum(deep) + foot + 6, words=words, fonts=fonts) as plot:
        frame = plot.axes(left=2, right=2, bottom=foot, top=6)
        frame.set_xlim(0, plot.width - 4)
        frame.set_ylim(sum(deep), 0)
        frame.set_axis_off()
        middle, half = 128.0, 36.0
        for x, heading in ((64.0, place), (82.0, comparator)):
            frame.text(
                x,
                -1,
                "\n".join(wrap(heading, width=15, size=SMALL - 1)[:2]),
                fontsize=SMALL - 1,
                ha="center",
                va="bottom",
                fontweight="bold",
                clip_on=False,
                linespacing=1.0,
            )
        y = 0.0
        read: list[str] = []
        for lines, two, tall, row in zip(wrapped, spans, deep, rows.to_dict("records"), strict=True):
            here = y + tall / 2
            frame.text(0, here, "\n".join(lines), fontsize=SMALL, va="center", linespacing=1.1)
            value, against = (_written(row, name, plot.words) for name in ("value", "comparator"))
            value = _with_range(frame, (64, here), value, two[0])
            against = _with_range(frame, (82, here), against, two[1])
            also = f", {second} {_written(row, 'second', plot.words)}" if second else ""
            told = plot.words("map", "flag_" + row["flag"])
            read.append(f"{row['label']}: {value}, {comparator} {against}{also}, {told}")
            drawn = _spine(frame, row, here, middle, half)
            reach = max(row["highest"] - row["comparator"], row["comparator"] - row["lowest"]) or 1.0
            if second and np.isfinite(row["second"]) and np.isfinite(reach):
                at = middle + half * float(np.clip((row["second"] - row["comparator"]) / reach, -1, 1))
                frame.plot([at, at], [here - 2.1, here + 2.1], **_SECOND)
            if drawn:
                marker, colour = FLAGS[row["flag"]]
                along = float(np.clip((row["value"] - row["comparator"]) / reach, -1, 1))
                frame.plot(
                    [middle + half * along],
                    [here],
                    marker=marker,
                    markersize=6,
                    color=colour,
                    markeredgecolor="#111111",
                    markeredgewidth=0.8,
                    clip_on=False,
                )
            y += tall
        frame.plot([middle, middle], [0, y], color="#111111", linewidth=1.0)
        x = 0.0
        for flag, (marker, colour) in FLAGS.items():
            if flag in set(rows["flag"]):
                frame.plot(
                    [x + 2],
                    [y + 5],
                    marker=marker,
                    markersize=6,
                    color=colour,
                    markeredgecolor="#111111",
                    markeredgewidth=0.8,
                    clip_on=False,
                )
                said = plot.words("map", "flag_" + flag)
                frame.text(x + 5, y + 5, said, fontsize=SMALL - 1, va="center", clip_on=False)
                x += 12.0 + text_width(said, SMALL - 1)
        if second:
            frame.plot([x + 2, x + 2], [y + 2.9, y + 7.1], **_SECOND)
            frame.text(x + 5, y + 5, second, fontsize=SMALL - 1, va="center", clip_on=False)
        if bar:
            for left, wide, colour in ((0.0, 12.0, _REACH), (3.5, 5.0, _HALF)):
                patch = Rectangle((left, y + 8.7), wide, 3.0, facecolor=colour, linewidth=0, clip_on=False)
                frame.add_patch(patch)
            text = "\n".join(said_of_bar)
            frame.text(15, y + 8.6, text, fontsize=SMALL - 1, va="top", clip_on=False, linespacing=1.1)
            read.insert(0, bar)
        return plot.picture(alternative(title, read, plot.words))


def _with_range(frame: Axes, at: tuple[float, float], value: str, span: str) -> str:
    """Write a value, with its range under it where it has one, and give both as text."""
    x, y = at
    up = 1.5 if span else 0.0
    frame.text(x, y - up, value, fontsize=SMALL, va="center", ha="center")
    if span:
        frame.text(x, y + up, span, fontsize=SMALL - 1, va="center", ha="center")
    return f"{value} ({span})" if span else value


#: Colours of the bar of a spine chart, and of its middle half.
_REACH, _HALF = "#dcdcdc", "#a3a3a3"
#: How the second comparator of a spine chart is marked: a dashed stroke, told by shape and not by colour.
_SECOND: dict[str, Any] = {
    "color": "#7b2d8b",
    "linewidth": 1.8,
    "linestyle": (0, (1.2, 0.8)),
    "clip_on": False,
}


def _written(row: Mapping[Hashable, Any], name: str, words: Words) -> str:
    if not np.isfinite(row[name]):
        return words("map", "missing")
    return value_text(float(row[name]), str(row["unit"]), words, decimals=row.get("decimals"))


def _spine(frame: Axes, row: Mapping[Hashable, Any], y: float, middle: float, half: float) -> bool:
    """Draw the bar from lowest to highest with its middle half; say whether there is a value to mark."""
    numbers = {name: float(row[name]) for name in ("lowest", "p25", "comparator", "p75", "highest", "value")}
    if not all(np.isfinite(numbers[name]) for name in ("lowest", "comparator", "highest")):
        return False
    reach = max(numbers["highest"] - numbers["comparator"], numbers["comparator"] - numbers["lowest"]) or 1.0

    def along(name: str) -> float:
        return middle + half * (numbers[name] - numbers["comparator"]) / reach

    for low, high, colour in (("lowest", "highest", _REACH), ("p25", "p75", _HALF)):
        if np.isfinite(numbers[low]) and np.isfinite(numbers[high]):
            frame.add_patch(
                Rectangle((along(low), y - 1.5), along(high) - along(low), 3.0, facecolor=colour, linewidth=0)
            )
    return bool(np.isfinite(numbers["value"]))


@charted
def tartan_rug(
    cells: pd.DataFrame,
    style: LayerStyle,
    *,
    title: str,
    texts: pd.DataFrame | None = None,
    status: pd.DataFrame | None = None,
    marks: Mapping[str, str] | None = None,
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw a grid of small areas and indicators, each cell in the class of its figure.

    Also draws the strip of deprivation domains, with `maps.style.deciles`.

    Parameters
    ----------
    cells
        One row an area and one column an indicator, or the other way round; what `style` classes. Names
        of rows may be long, those of columns should be short.
    style
        The style of all cells, the same object as on a map.
    title
        What the chart shows.
    texts
        Same shape: what is written in each cell; nothing if left out.
    status
        Same shape, one of the statuses of a figure; NaN counts as missing if left out.
    marks
        Id of a class -> shape of matplotlib's that stands in its cells, so that shape tells what colour
        tells.
    words, fonts
        As in `maps.fonts.fonts_for`.

    Raises
    ------
    StyleError
        A figure that no class holds.
    """
    if cells.empty or cells.columns.empty:
        return empty_picture(title, words=words, fonts=fonts)
    held = cells.stack(future_stack=True).rename("value").to_frame()
    plain = pd.Series(np.where(held["value"].isna(), "missing", "ok"), index=held.index)
    held["status"] = plain if status is None else status.stack(future_stack=True).reindex(held.index)
    flat = held.reset_index(drop=True)
    found = style.classify(flat).to_numpy().reshape(cells.shape)
    words, marks = words or english(), marks or {}
    used = list(style.classes)
    used += [
        replace(one, label=class_label(one, words)) for one in STATUS_CLASSES.values() if one.id in found
    ]
    written = [*cells.index, *cells.columns, style.title]
    rows = [wrap(str(name), width=56, size=SMALL) for name in cells.index]
    deep = [max(4.6, len(lines) * 3.3 + 1.0) for lines in rows]
    tops = np.concatenate([[0.0], np.cumsum(deep)])
    titles = [wrap(str(name), width=34, size=SMALL - 0.5)[:2] for name in cells.columns]
    head = max(text_width(line, SMALL - 0.5) for lines in titles for line in lines) * 0.78 + 5
    with plotting(
        title, written, body=tops[-1] + head + 2, words=words, fonts=fonts, keys=used, marks=marks
    ) as plot:
        left = max(text_width(line, SMALL) for lines in rows for line in lines) + 4
        frame = plot.axes(left=left, right=20, bottom=1, top=head)
        frame.set_xlim(0, cells.shape[1])
        frame.set_ylim(tops[-1], 0)
        for side in frame.spines.values():
            side.set_visible(False)
        for y, (top, tall) in enumerate(zip(tops, deep, strict=False)):
            for x in range(cells.shape[1]):
                one = style.entry(str(found[y, x]))
                cell = Rectangle((x, top), 1, tall, facecolor=one.colour, edgecolor="white", linewidth=0.8)
                shade(cell, one)
                frame.add_patch(cell)
                if one.id in marks:
                    stamp(frame, (x + 0.5, top + tall / 2), marks[one.id], one, size=4.5)
                if texts is not None and found[y, x] not in STATUS_CLASSES:
                    frame.text(
                        x + 0.5,
                        top + tall * 0.52,
                        str(texts.iat[y, x]),
                        fontsize=SMALL - 1.5,
                        ha="center",
                        va="center",
                        color=ink_on(one.colour),
                    )
        frame.set_yticks((tops[:-1] + tops[1:]) / 2, ["\n".join(lines) for lines in rows])
        frame.xaxis.tick_top()
        frame.set_xticks(
            np.arange(cells.shape[1]) + 0.5,
            ["\n".join(lines) for lines in titles],
            rotation=50,
            ha="left",
            rotation_mode="anchor",
            fontsize=SMALL - 0.5,
        )
        frame.tick_params(length=0)
        read = []
        for y, name in enumerate(cells.index):
            labels = [class_label(style.entry(str(one)), words) for one in found[y]]
            read.append(
                f"{name}: "
                + ", ".join(f"{column} {label}" for column, label in zip(cells.columns, labels, strict=True))
            )
        return plot.picture(alternative(title, read, plot.words))
