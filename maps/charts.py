"""Charts of one place: pyramid, stacked bars, depth below the standard, reach, change over time.

Bars start at zero. Titles are the caller's and say what the chart shows. Nothing is calculated:
shares, ranges and running totals come as they are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from maps.fonts import text_width
from maps.palettes import QUALITATIVE, ink_on, spread
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
    refuse_negative,
    shade,
)
from maps.style import PATTERNS, MapClass
from maps.text import range_text, value_text
from maps.words import Words

_Dash = str | tuple[float, tuple[float, ...]]
_DASHES: tuple[_Dash, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1.5, 1.5)),
    (0, (6, 2, 1.5, 2)),
    (0, (8, 3)),
    (0, (3, 1, 1, 1, 1, 1)),
)
_DOTS = ("o", "s", "^", "D", "v", "P")


@charted
def population_pyramid(
    people: pd.DataFrame,
    *,
    title: str,
    compare: pd.DataFrame | None = None,
    compare_label: str = "",
    unit: str = "share",
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw age bands to the left and right of a middle line, with another place as an outline.

    Parameters
    ----------
    people
        Indexed by age band, youngest first; two columns, drawn left and right and named by their
        headings. Shares of all people (0 to 1) or people, by `unit`; NaN leaves a bar out.
    title
        What the chart shows.
    compare, compare_label
        Same shape, drawn as an outline, and what it is called.
    unit, words, fonts
        As in `maps.text.value_text` and `maps.fonts.fonts_for`.

    Raises
    ------
    ChartError
        There are not two columns, a number is negative, or `compare` has another shape.
    """
    if len(people.columns) != 2:
        raise ChartError(
            f"a population pyramid needs two columns, left and right, not {list(people.columns)}"
        )
    if people.empty or not people.notna().to_numpy().any():
        return empty_picture(title, words=words, fonts=fonts)
    refuse_negative(people, chart="population pyramid")
    if compare is not None:
        need_columns(compare, list(people.columns), chart="population pyramid")
        refuse_negative(compare, chart="population pyramid")
        compare = compare.reindex(people.index)
    left, right = people.columns[:2]
    keys = [
        MapClass("left", str(left), "#27698d"),
        MapClass("right", str(right), "#e8a264", "rising", "#6e2414"),
    ]
    if compare is not None:
        keys.append(MapClass("compare", compare_label, "#ffffff"))
    texts = [*people.index, left, right, compare_label]
    with plotting(title, texts, body=len(people) * 4.6 + 12, words=words, fonts=fonts, keys=keys) as plot:
        label = max(text_width(str(band), SMALL) for band in people.index) + 4
        half = (plot.width - label - 12) / 2
        top = float(np.nanmax([people.to_numpy(), *([] if compare is None else [compare.to_numpy()])]))
        sides = (
            plot.axes(left=6, right=plot.width - 6 - half),
            plot.axes(left=6 + half + label, right=plot.width - 6 - 2 * half - label),
        )
        at = np.arange(len(people))
        for side, name, key in zip(sides, (left, right), keys, strict=False):
            for bar in side.barh(
                at, people[name].fillna(0), height=0.82, color=key.colour, edgecolor="#1a1a1a", linewidth=0.4
            ):
                shade(bar, key)
            if compare is not None:
                side.stairs(
                    compare[name].fillna(0).to_numpy(),
                    np.arange(len(people) + 1) - 0.5,
                    orientation="horizontal",
                    color="#000000",
                    linewidth=1.3,
                    baseline=None,
                )
            axis_of(side, "x", unit, plot.words, top=top)
            side.set_ylim(-0.6, len(people) - 0.4)
            side.set_yticks([])
        sides[0].invert_xaxis()
        sides[0].spines["left"].set_visible(False)
        for y, band in zip(at, people.index, strict=True):
            sides[1].annotate(
                str(band),
                (0, y),
                (-label / 2 * 72 / 25.4, 0),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=SMALL,
                annotation_clip=False,
            )
        digits = 1 if unit == "share" else 0

        def said(row: pd.Series[float], name: str) -> str:
            return f"{name} {value_text(float(row[name]), unit, plot.words, decimals=digits)}"

        rows = [f"{band}: {said(row, left)}, {said(row, right)}" for band, row in people.iterrows()]
        return plot.picture(alternative(title, rows, plot.words))


#: Parts of a whole that were each rounded add up to it within this; the axis then ends at 100 %.
_ROUNDED = 0.02


@charted
def stacked_bars(
    parts: pd.DataFrame,
    *,
    title: str,
    palette: str = "",
    unit: str = "share",
    decimals: int | None = None,
    numbered: bool = True,
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw a bar for each place, divided into parts.

    Parameters
    ----------
    parts
        Indexed by place, one column for each part in the order in which they are stacked. A place
        with a missing part is named and left without a bar: a shorter bar would be read as less.
    title
        What the chart shows.
    palette
        A sequential palette for parts with an order; hues and patterns without one.
    numbered
        Write each part's number into it and into the text alternative.
    unit, decimals, words, fonts
        As in `maps.text.value_text` and `maps.fonts.fonts_for`.

    Raises
    ------
    ChartError
        A number is negative.
    """
    if parts.empty or parts.columns.empty:
        return empty_picture(title, words=words, fonts=fonts)
    refuse_negative(parts, chart="stacked bar")
    colours = spread(palette, len(parts.columns)) if palette else QUALITATIVE
    keys = [
        MapClass(
            str(at),
            str(name),
            colours[at % len(colours)],
            "" if palette else PATTERNS[at % len(PATTERNS)],
            ink_on(colours[at % len(colours)]),
        )
        for at, name in enumerate(parts.columns)
    ]
    texts = [*parts.index, *parts.columns]
    with plotting(title, texts, body=len(parts) * 8 + 10, words=words, fonts=fonts, keys=keys) as plot:
        left = min(60.0, max(text_width(str(place), SMALL) for place in parts.index) + 4)
        frame = plot.axes(left=left, right=8)
        whole = parts.notna().all(axis=1)
        top = float(parts[whole].sum(axis=1).max()) if whole.any() else 1.0
        if unit == "share" and abs(top - 1) < _ROUNDED:
            top = 1.0
        axis_of(frame, "x", unit, plot.words, top=top)
        across = (plot.width - left - 8) / frame.get_xlim()[1]
        for y, (place, row) in enumerate(parts.iterrows()):
            if not whole[place]:
                frame.text(
                    0, y, f" {plot.words('map', 'missing')}", fontsize=SMALL, va="center", color="#333333"
                )
                continue
            start = 0.0
            for name, key in zip(parts.columns, keys, strict=True):
                value = float(row[name])
                bar = Rectangle(
                    (start, y - 0.38), value, 0.76, facecolor=key.colour, edgecolor="white", linewidth=0.8
                )
                shade(bar, key)
                frame.add_patch(bar)
                text = value_text(value, unit, plot.words, decimals=decimals)
                if numbered and text_width(text, SMALL) + 2 < value * across:
                    box = {"facecolor": key.colour, "edgecolor": "none", "pad": 0.8} if key.pattern else None
                    frame.text(
                        start + value / 2,
                        y,
                        text,
                        ha="center",
                        va="center",
                        fontsize=SMALL,
                        color=ink_on(key.colour),
                        bbox=box,
                    )
                start += value
        frame.set_ylim(len(parts) - 0.4, -0.6)
        frame.set_yticks(range(len(parts)), [str(place) for place in parts.index])
        frame.tick_params(axis="y", length=0)

        def said(row: pd.Series[float]) -> str:
            # Names of parts without their numbers would say the same of every place, and nothing of any.
            return ", ".join(
                f"{name} {value_text(float(row[name]), unit, plot.words, decimals=decimals)}"
                for name in parts.columns
            )

        rows = [
            f"{place}: {said(row) if whole[place] else plot.words('map', 'missing')}"
            for place, row in parts.iterrows()
            if numbered or not whole[place]
        ]
        return plot.picture(alternative(title, rows, plot.words))


@charted
def depth_bar(
    bands: pd.DataFrame, *, title: str, words: Words | None = None, fonts: Sequence[Path] = ()
) -> Picture:
    """Draw how far below the Minimum Income Standard people are, a bar for each place.

    No number stands in the bars: each band is the difference of two modelled shares, of which the draws give
    ranges but not of the difference.

    Parameters
    ----------
    bands
        Indexed by place; columns from the deepest band to above the line, shares of people.
    title, words, fonts
        As in `stacked_bars`.

    Raises
    ------
    ChartError
        A share is negative.
    """
    deepest_first = bands[list(bands.columns)[::-1]]
    return stacked_bars(deepest_first, title=title, palette="clay", numbered=False, words=words, fonts=fonts)


@charted
def reach_curve(
    reach: pd.DataFrame,
    *,
    title: str,
    limits: Sequence[float] = (),
    unit: str = "share",
    across: str = "",
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw how many are within so many minutes, a line for each service or group.

    Parameters
    ----------
    reach
        Indexed by minutes, rising; one column a line, running totals as shares or people.
    title
        What the chart shows.
    limits
        Minutes to mark, such as 10 and 15.
    unit
        Of the totals.
    across
        What the minutes are, such as "Minutes on foot at 4.8 km/h"; speed belongs on every catchment.
    words, fonts
        As in `maps.fonts.fonts_for`.

    Raises
    ------
    ChartError
        A total is negative.
    """
    if reach.empty or not reach.notna().to_numpy().any():
        return empty_picture(title, words=words, fonts=fonts)
    refuse_negative(reach, chart="reach curve")
    texts = [*reach.columns, across]
    with plotting(title, texts, body=78, words=words, fonts=fonts) as plot:
        right = min(60.0, max(text_width(str(name), SMALL) for name in reach.columns) + 20)
        frame = plot.axes(left=16, right=right, bottom=12, top=2)
        axis_of(frame, "y", unit, plot.words, top=float(np.nanmax(reach.to_numpy())))
        minutes = reach.index.to_numpy(dtype=float)
        frame.set_xlim(0, max(float(minutes.max()), 1.0))
        for limit in limits:
            frame.axvline(limit, color="#555555", linewidth=0.7, linestyle=(0, (2, 2)))
        ends = []
        for at, name in enumerate(reach.columns):
            colour = QUALITATIVE[at % 7]
            frame.plot(
                minutes,
                reach[name],
                color=colour,
                linewidth=1.6,
                linestyle=_DASHES[at % len(_DASHES)],
                marker=_DOTS[at % len(_DOTS)] if len(minutes) == 1 else None,
                markersize=4,
                clip_on=False,
            )
            last = reach[name].dropna()
            if len(last):
                ends.append((float(last.iloc[-1]), str(name), colour, _DASHES[at % len(_DASHES)]))
        _end_labels(frame, ends, 78 - 14)
        frame.set_xlabel(across, fontsize=SMALL)
        rows = [
            f"{name}: "
            + ", ".join(
                f"{value_text(float(value), unit, plot.words)} ({minute:g})"
                for minute, value in reach[name].dropna().items()
                if not limits or minute in limits
            )
            for name in reach.columns
        ]
        return plot.picture(alternative(title, rows, plot.words))


@charted
def ribbon_line(
    rows: pd.DataFrame,
    *,
    title: str,
    unit: str = "share",
    words: Words | None = None,
    fonts: Sequence[Path] = (),
) -> Picture:
    """Draw values over time with their ranges, for a series whose years may be compared.

    Parameters
    ----------
    rows
        Columns `place`, `period`, `value`, `low`, `high`; periods in the order in which they first
        appear. A missing value breaks the line.
    title, unit, words, fonts
        As in `reach_curve`.

    Raises
    ------
    ChartError
        A column is not there, or a place has two values for a period.
    """
    need_columns(rows, ["place", "period", "value", "low", "high"], chart="line with a ribbon")
    if rows.empty or not rows["value"].notna().any():
        return empty_picture(title, words=words, fonts=fonts)
    refuse_negative(rows[["value"]], chart="line from zero")
    twice = rows[rows.duplicated(["place", "period"])]
    if len(twice):
        raise ChartError(f"{twice['place'].iloc[0]} has two values for {twice['period'].iloc[0]}; give one")
    periods = [str(one) for one in dict.fromkeys(rows["period"])]
    places = list(dict.fromkeys(rows["place"]))
    with plotting(title, [*periods, *places], body=72, words=words, fonts=fonts) as plot:
        right = min(60.0, max(text_width(str(name), SMALL) for name in places) + 20)
        frame = plot.axes(left=16, right=right, bottom=9, top=2)
        axis_of(frame, "y", unit, plot.words, top=float(rows[["value", "high"]].max().max()))
        at = np.arange(len(periods))
        ends, read = [], []
        for number, place in enumerate(places):
            own = rows[rows["place"] == place].assign(period=lambda held: held["period"].astype(str))
            one = own.set_index("period").reindex(periods)
            colour = QUALITATIVE[number % 7]
            frame.fill_between(
                at, one["low"].astype(float), one["high"].astype(float), color=colour, alpha=0.18, linewidth=0
            )
            frame.errorbar(
                at,
                one["value"].astype(float),
                yerr=[
                    (one["value"] - one["low"]).fillna(0).astype(float),
                    (one["high"] - one["value"]).fillna(0).astype(float),
                ],
                color=colour,
                linewidth=1.5,
                elinewidth=0.7,
                linestyle=_DASHES[number % len(_DASHES)],
                marker=_DOTS[number % len(_DOTS)],
                markersize=4,
                capsize=1.5,
            )
            last = one["value"].dropna()
            if len(last):
                ends.append((float(last.iloc[-1]), str(place), colour, _DASHES[number % len(_DASHES)]))
            for period, row in one.iterrows():
                if pd.notna(row["value"]):
                    spread_text = range_text(float(row["low"]), float(row["high"]), unit, plot.words)
                    value = value_text(float(row["value"]), unit, plot.words)
                    read.append(f"{place} {period}: {value}" + (f" ({spread_text})" if spread_text else ""))
        frame.set_xlim(-0.3, max(len(periods) - 0.7, 0.3))
        frame.set_xticks(at, periods)
        _end_labels(frame, ends, 72 - 11)
        return plot.picture(alternative(title, read, plot.words))


def _end_labels(frame: Axes, ends: list[tuple[float, str, str, _Dash]], height: float) -> None:
    """Name each line at its end, moved apart where the ends lie together.

    A piece of the line in its own dashes leads to its name, so that lines that end together are told
    apart without colour.
    """
    low, high = frame.get_ylim()
    gap = 3.6 / height * (high - low)
    order = sorted(ends, key=lambda one: one[:2])
    heights = [value for value, *_ in order]
    for at in range(1, len(heights)):
        heights[at] = max(heights[at], heights[at - 1] + gap)
    # A pile that grew past the top is let down again, from the top.
    ceiling = high
    for at in reversed(range(len(heights))):
        heights[at] = min(heights[at], ceiling)
        ceiling = heights[at] - gap
    # Where ends lie together the piece is drawn level before the name, and a thin line leads to it.
    for y, (value, name, colour, dash) in zip(heights, order, strict=True):
        frame.plot(
            [1.04, 1.13],
            [y, y],
            transform=frame.get_yaxis_transform(),
            color=colour,
            linewidth=1.6,
            linestyle=dash,
            clip_on=False,
        )
        frame.annotate(
            name,
            (1.13, y),
            (3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            fontsize=SMALL,
            va="center",
            color="#000000",
            annotation_clip=False,
        )
        frame.annotate(
            "",
            (1, value),
            (1.04, y),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0},
        )
