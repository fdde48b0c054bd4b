"""One style a layer: classes, colours, patterns and legend words, for every form of a map.

The interactive map, the static map and the charts read the same `LayerStyle`, so that a class has
the same edges, colour, pattern and words wherever it is shown. An area whose figure is missing,
suppressed or not applicable has a class of its own, never a colour of the scale.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from geo.errors import UserError
from maps.palettes import QUALITATIVE, contrast, spread
from maps.steady import steady_text
from maps.words import Words, english

#: Patterns that both the browser and the printed map can draw; empty is plain.
Pattern = Literal["", "rising", "falling", "cross", "dots", "level"]
PATTERNS: tuple[Pattern, ...] = ("", "rising", "falling", "cross", "dots", "level")
Rule = Literal["edges", "chance", "codes", "single"]


#: How the drawn background looks: kind -> colour, width, over the areas or under them, filled.
BACKDROP: dict[str, tuple[str, float, bool, bool]] = {
    "water": ("#9cc3d9", 1.5, False, True),
    "green": ("#cfe3c2", 0.5, False, True),
    "rail": ("#4d4d4d", 1.4, True, False),
    "road": ("#6b6b6b", 1.0, True, False),
}


class StyleError(UserError, ValueError):
    """A style cannot class what it was given, or its classes do not fit together."""


@dataclass(frozen=True)
class MapClass:
    """One entry of a legend.

    Parameters
    ----------
    id
        Short and stable within the style.
    label
        Legend words.
    colour
        Fill (or line colour of a line or point layer), such as ``#27698d``.
    pattern
        Drawn over the fill where colour alone would have to tell.
    ink
        Colour of the pattern's lines.
    mark
        Shape of the class's points, one of `maps.marks.MARKS`; that of its place in the legend if empty.
    """

    id: str
    label: str
    colour: str
    pattern: Pattern = ""
    ink: str = "#333333"
    mark: str = ""

    def __post_init__(self) -> None:
        if self.pattern not in PATTERNS:
            raise StyleError(f'class "{self.id}" has the pattern "{self.pattern}"; use one of {PATTERNS}')
        object.__setattr__(self, "label", steady_text(self.label))


#: Share of draws that counts as "probably".
SURE = 0.9
#: What an area without a figure looks like; the same in every layer.
STATUS_CLASSES: dict[str, MapClass] = {
    "missing": MapClass("missing", "Missing", "#ffffff", "cross", "#767676"),
    "suppressed": MapClass("suppressed", "Hidden to protect people", "#ffffff", "dots", "#5a5a5a"),
    "not_applicable": MapClass("not_applicable", "Does not apply", "#e3e3e3", "level", "#767676"),
}


@dataclass(frozen=True)
class LayerStyle:
    """How the areas of one layer are classed, drawn and explained.

    Parameters
    ----------
    title
        Legend title, with the unit, such as "People below the line, per cent".
    classes
        In legend order.
    rule
        ``edges``: `edges` bound the classes, each holding its lower edge and the last one both.
        ``chance``: the figure is a share of draws; the three classes are at least `sure`, between,
        and at most 1 - `sure`. ``codes``: the figure (or word) is itself the id of a class.
        ``single``: every area is of the one class.
    edges
        One more than the classes for ``edges``, else empty. In the figure's own unit.
    sure
        Share of draws that counts as "probably", for ``chance``.
    outline, outline_width
        Border of an area: colour, and width in points on paper and pixels on screen.
    mark_uncertain
        Hatch an area whose range reaches into another class.
    note
        Said in the legend, such as "1 = most deprived".
    dash
        Of a layer of lines, a key of `maps.marks.DASHES`.
    """

    title: str
    classes: tuple[MapClass, ...]
    rule: Rule = "edges"
    edges: tuple[float, ...] = ()
    sure: float = SURE
    outline: str = "#3a3a3a"
    outline_width: float = 0.6
    mark_uncertain: bool = False
    note: str = ""
    dash: str = ""

    def __post_init__(self) -> None:
        for name in ("title", "note"):
            object.__setattr__(self, name, steady_text(getattr(self, name)))
        ids = [one.id for one in self.classes]
        if not ids or len(set(ids)) != len(ids):
            raise StyleError(f'style "{self.title}" needs one or more classes with different ids, not {ids}')
        if set(ids) & set(STATUS_CLASSES):
            raise StyleError(f'style "{self.title}" uses a class id kept for areas without a figure: {ids}')
        if self.rule == "edges":
            if len(self.edges) != len(ids) + 1:
                raise StyleError(
                    f'style "{self.title}" has {len(ids)} classes and {len(self.edges)} edges; '
                    f"give one edge more than classes"
                )
            if not bool(np.all(np.diff(self.edges) > 0)):
                raise StyleError(
                    f'edges of "{self.title}" are {self.edges}; let each be above the one before'
                )
        if self.rule == "chance" and (len(ids) != 3 or not 0.5 < self.sure <= 1):
            raise StyleError(
                f'style "{self.title}" tells chances: it needs 3 classes and a share between 0.5 and 1, '
                f"not {len(ids)} and {self.sure}"
            )
        if self.rule == "single" and len(ids) != 1:
            raise StyleError(f'style "{self.title}" draws all areas alike: give it one class, not {len(ids)}')

    def classify(self, data: pd.DataFrame) -> pd.Series[str]:
        """Give the class id of each row.

        Parameters
        ----------
        data
            Columns `value` (the figure to class by) and `status`, indexed by code.

        Returns
        -------
        Series of str
            Same index; an id of `classes`, or the status where there is no figure.

        Raises
        ------
        StyleError
            A value lies outside all classes; the message names the first.
        """
        status = data["status"].astype("str")
        found = status.copy()
        good = status == "ok"
        values = data.loc[good, "value"]
        if self.rule == "single":
            found[good] = self.classes[0].id
        elif self.rule == "codes":
            words = values.map(_code)
            self._refuse(words[~words.isin([one.id for one in self.classes])])
            found[good] = words
        else:
            numbers = values.astype(float)
            at = self._position(numbers)
            self._refuse(values[(at < 0) | (at >= len(self.classes))])
            ids = np.array([one.id for one in self.classes], dtype=object)
            found[good] = ids[at.to_numpy(dtype=int)] if len(at) else []
        return found.rename("class")

    def uncertain(self, data: pd.DataFrame) -> pd.Series[bool]:
        """Say for each row whether its range, columns `low` and `high`, leaves its class.

        Always false for styles other than ``edges`` or without `mark_uncertain`, and where there
        is no range.
        """
        none = pd.Series(data=False, index=data.index, name="uncertain")
        if self.rule != "edges" or not self.mark_uncertain:
            return none
        ranged = (data["status"] == "ok") & data["low"].notna() & data["high"].notna()
        # A range may end beyond the outermost edges without changing the class.
        ends = [
            self._position(data.loc[ranged, end].astype(float).clip(self.edges[0], self.edges[-1]))
            for end in ("low", "high")
        ]
        none[ranged] = ends[0] != ends[1]
        return none

    def entry(self, class_id: str) -> MapClass:
        """Give the class of that id, status classes included."""
        for one in (*self.classes, *STATUS_CLASSES.values()):
            if one.id == class_id:
                return one
        raise StyleError(f'style "{self.title}" has no class "{class_id}"')

    def border(self, one: MapClass) -> str:
        """Colour of an area's border: `outline`, or white where that would not show on the fill."""
        return self.outline if contrast(self.outline, one.colour) >= 2 else "#ffffff"

    def count(self, found: pd.Series[str]) -> dict[str, int]:
        """Areas in each class, in legend order: every class of the style, then statuses that occur."""
        counted = found.value_counts()
        order = [one.id for one in self.classes]
        order += [one for one in STATUS_CLASSES if counted.get(one, 0)]
        return {one: int(counted.get(one, 0)) for one in order}

    def with_labels(self, labels: Sequence[str]) -> LayerStyle:
        """Give the same style with other legend words, in class order."""
        if len(labels) != len(self.classes):
            raise StyleError(f"{len(labels)} labels were given for {len(self.classes)} classes")
        pairs = zip(self.classes, labels, strict=True)
        return replace(self, classes=tuple(replace(one, label=label) for one, label in pairs))

    def _position(self, numbers: pd.Series[float]) -> pd.Series[int]:
        if self.rule == "chance":
            # A share of 200 draws is not exact in binary: 1 - 0.9 is a little under 20/200.
            slack = 1e-9
            at = np.where(numbers >= self.sure - slack, 0, np.where(numbers <= 1 - self.sure + slack, 2, 1))
            at = np.where((numbers < -slack) | (numbers > 1 + slack), -1, at)
            return pd.Series(at, index=numbers.index)
        slack = 1e-9 * max(1.0, abs(self.edges[0]), abs(self.edges[-1]))
        edges = np.array(self.edges) - slack
        at = np.searchsorted(edges, numbers.to_numpy(dtype=float), side="right") - 1
        top = numbers.to_numpy(dtype=float) <= self.edges[-1] + slack
        at = np.where((at == len(self.classes)) & top, len(self.classes) - 1, at)
        return pd.Series(at, index=numbers.index)

    def _refuse(self, outside: pd.Series[float]) -> None:
        if len(outside) == 0:
            return
        held = (
            f"{self.edges[0]:g} to {self.edges[-1]:g}"
            if self.rule == "edges"
            else "shares from 0 to 1"
            if self.rule == "chance"
            else ", ".join(one.id for one in self.classes)
        )
        raise StyleError(
            f'{outside.index[0]} has {outside.iloc[0]}, which no class of "{self.title}" holds '
            f"({held}); widen the classes"
        )


def _code(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def graduated(
    title: str,
    edges: Sequence[float],
    labels: Sequence[str],
    *,
    palette: str = "sea",
    mark_uncertain: bool = False,
    note: str = "",
) -> LayerStyle:
    """Classes by edges, coloured from light (low) to dark (high), or along a diverging palette."""
    colours = spread(palette, max(1, len(edges) - 1))
    if len(labels) != len(colours):
        raise StyleError(
            f'style "{title}" has {len(edges)} edges and {len(labels)} labels; give one label less'
        )
    classes = tuple(
        MapClass(f"c{at + 1}", label, colour)
        for at, (label, colour) in enumerate(zip(labels, colours, strict=True))
    )
    return LayerStyle(title, classes, edges=tuple(edges), mark_uncertain=mark_uncertain, note=note)


def shares(
    title: str,
    edges: Sequence[float],
    *,
    palette: str = "sea",
    mark_uncertain: bool = False,
    note: str = "",
    words: Words | None = None,
) -> LayerStyle:
    """Classes of shares from 0 to 1, labelled in per cent, such as "20% to under 30%"."""
    words = words or english()
    ends = [words("numbers", "percent", number=words.number(f"{100 * edge:.10g}")) for edge in edges]
    labels = [words("legend", "share", low=low, high=high) for low, high in itertools.pairwise(ends)]
    if labels:
        labels[-1] = words("legend", "share_last", low=ends[-2], high=ends[-1])
    return graduated(title, edges, labels, palette=palette, mark_uncertain=mark_uncertain, note=note)


def deciles(title: str, *, note: str = "", words: Words | None = None) -> LayerStyle:
    """Ten classes of a decile from 1 (most deprived, darkest) to 10; `note` says so if left out."""
    words = words or english()
    ends = {1: "most_deprived", 10: "least_deprived"}
    colours = spread("sea", 10)[::-1]
    classes = tuple(
        MapClass(
            str(at),
            words("legend", ends[at], number=at) if at in ends else str(at),
            colour,
        )
        for at, colour in zip(range(1, 11), colours, strict=True)
    )
    return LayerStyle(title, classes, rule="codes", note=note or words("legend", "decile_note"))


def three_classes(
    title: str,
    *,
    sure: float = SURE,
    labels: tuple[str, str, str] | None = None,
    note: str = "",
    words: Words | None = None,
) -> LayerStyle:
    """Give the default for a modelled figure: what the draws can tell, and nothing finer.

    The layer is classed by the share of draws in which an area lies above the borough's figure
    (`MapLayer.chance`). Each pair of classes has a contrast of 3:1 or more, and patterns repeat
    what the colours say.

    Parameters
    ----------
    title
        Legend title.
    sure
        Share of draws that counts as "probably".
    labels
        For above, between and below; against the borough's figure if left out.
    note
        Said under the legend; by default how sure "probably" is.
    words
        English if left out.
    """
    words = words or english()
    above, close, below = labels or tuple(words("legend", one) for one in ("above", "close", "below"))
    percent = words("numbers", "percent", number=round(100 * sure))
    return LayerStyle(
        title,
        (
            MapClass("above", above, "#6b2a02"),
            MapClass("close", close, "#fafaf5", "rising", "#8a8a8a"),
            MapClass("below", below, "#5f93bd", "dots", "#0d3357"),
        ),
        rule="chance",
        sure=sure,
        note=note or words("legend", "probably", percent=percent),
    )


def categories(title: str, labels: dict[str, str], *, note: str = "") -> LayerStyle:
    """Up to eight classes without order, told apart by hue and by pattern."""
    if len(labels) > len(QUALITATIVE):
        raise StyleError(
            f'"{title}" has {len(labels)} categories; at most {len(QUALITATIVE)} can be told apart, '
            f"put the rest together"
        )
    classes = tuple(
        MapClass(
            key,
            label,
            QUALITATIVE[at],
            PATTERNS[at % len(PATTERNS)],
            "#ffffff" if at in (0, 6) else "#1a1a1a",
        )
        for at, (key, label) in enumerate(labels.items())
    )
    return LayerStyle(title, classes, rule="codes", note=note)


def single(
    title: str,
    label: str,
    *,
    colour: str = "#1a1a1a",
    width: float = 2.0,
    note: str = "",
    mark: str = "",
    dash: str = "",
) -> LayerStyle:
    """One class for a layer of lines, points or outlines; `mark` and `dash` tell it from others."""
    return LayerStyle(
        title,
        (MapClass("all", label, colour, mark=mark),),
        rule="single",
        outline=colour,
        outline_width=width,
        note=note,
        dash=dash,
    )
