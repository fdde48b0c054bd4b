"""What a map is asked to show: areas or places, their figures, and the style of the layer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import BNG
from geo.errors import UserError
from geo.table import STATUSES
from maps.palettes import contrast
from maps.steady import steady_text
from maps.style import LayerStyle
from maps.text import base_text, class_label, figure_text, range_text
from maps.words import Words, english

#: A range of the draws, as tables of figures write it.
_MODEL_RANGE = r"^(\d+) % model$"

LayerKind = Literal["fill", "line", "point"]


class LayerError(UserError, ValueError):
    """A layer's areas, figures and style do not belong together."""


@dataclass(frozen=True)
class MapLayer:
    """One layer of a map, for the browser and for paper alike.

    Parameters
    ----------
    id
        Stable; part of a map's address, so letters, digits, ``_`` and ``-`` only.
    label
        What the reader chooses it by.
    areas
        EPSG:27700, indexed by code; column `name` where areas have names.
    style
        Classes, colours and legend words.
    figures
        Rows of figures (`geo.figures.FIGURE_COLUMNS`) of one indicator, group and period; or a
        Series of numbers or words by code, in which an empty value is missing. None for a layer
        that only shows where something is. Areas without a row are missing; rows of other areas
        are not drawn.
    said
        What stands as the figure, by code, where the class is a word and there is more to tell; an area
        without has none.
    chance
        Share of draws in which each area lies above the borough's figure, by code; the figure that
        a style of rule ``chance`` classes by.
    kind
        ``fill`` colours areas, one such layer at a time; ``line`` and ``point`` are drawn over them.
    unit, decimals
        How figures are written; the unit of the rows if empty.
    period, source, interval, caveat, licence
        Words: when, from where, what the range is, what to know first, and the attribution.
    shown
        On when the page opens. Of the ``fill`` layers the first that is, or the first.
    labelled
        Write the areas' names on the map.
    """

    id: str
    label: str
    areas: gpd.GeoDataFrame
    style: LayerStyle
    figures: pd.DataFrame | pd.Series | None = None
    said: pd.Series[str] | None = None
    chance: pd.Series | None = None
    kind: LayerKind = "fill"
    unit: str = ""
    decimals: int | None = None
    period: str = ""
    source: str = ""
    interval: str = ""
    caveat: str = ""
    licence: str = ""
    shown: bool = False
    labelled: bool = False

    def __post_init__(self) -> None:
        for name in ("label", "period", "source", "interval", "caveat", "licence"):
            object.__setattr__(self, name, steady_text(getattr(self, name)))
        if (
            not self.id
            or not all(sign.isalnum() or sign in "_-" for sign in self.id)
            or not self.id.isascii()
        ):
            raise LayerError(f'layer id "{self.id}" stands in addresses; use letters, digits, _ and - only')
        if self.areas.crs != BNG:
            raise LayerError(
                f"{self.label}: areas are in {self.areas.crs or 'no CRS'}, but maps take {BNG}; "
                f"bring them there with geo.crs.to_bng first"
            )
        repeated = self.areas.index[self.areas.index.duplicated()]
        if len(repeated):
            raise LayerError(f"{self.label}: {repeated[0]} appears twice in areas; give each code once")
        if self.kind == "line" and contrast(self.style.outline, "#ffffff") < 3:
            ratio = contrast(self.style.outline, "#ffffff")
            raise LayerError(
                f"{self.label}: lines of {self.style.outline} have a contrast of {ratio:.1f}:1 to their "
                f"white casing; choose a darker colour, of 3:1 or more"
            )
        if self.style.rule == "chance" and self.chance is None:
            raise LayerError(
                f'{self.label}: style "{self.style.title}" classes by the share of draws above the '
                f"borough's figure; give it as chance"
            )

    @property
    def names(self) -> pd.Series[str]:
        """Names of the areas by code; the code itself where there is none."""
        codes = pd.Series(self.areas.index.astype(str), index=self.areas.index)
        if "name" not in self.areas:
            return codes
        names = self.areas["name"]
        # A name of nothing but signs without a shape is none.
        said = names.where(names.notna(), "").astype(str).map(steady_text)
        return said.where(said != "", codes).astype(str)

    def data(self) -> pd.DataFrame:
        """Figures of the areas, in their order.

        Returns
        -------
        DataFrame
            Indexed by code: `name`, `value`, `low`, `high`, `count`, `base`, `status`, `class` and
            `uncertain`. `value` is a number, or a word for a style of codes.

        Raises
        ------
        LayerError
            Figures hold a code twice, or more than one indicator.
        StyleError
            A figure that no class holds.
        """
        held = self._held().reindex(self.areas.index)
        held["status"] = held["status"].fillna("missing").astype("str")
        held.insert(0, "name", self.names)
        by = held.copy()
        if self.style.rule == "chance" and self.chance is not None:
            by["value"] = self.chance.reindex(held.index).astype(float)
            by.loc[(by["status"] == "ok") & by["value"].isna(), "status"] = "missing"
        if self.figures is None:
            by["status"] = "ok"
        held["class"] = self.style.classify(by)
        held["uncertain"] = self.style.uncertain(held)
        return held

    def class_counts(self) -> dict[str, int]:
        """Areas in each class, in legend order."""
        return self.style.count(self.data()["class"])

    def table(self, words: Words) -> pd.DataFrame:
        """Write the figures: `name`, `value`, `range`, `base` and `class`, by code."""
        held = self.data()
        unit, decimals = self._unit(), self.decimals
        labels = {one: class_label(self.style.entry(one), words) for one in set(held["class"])}
        return pd.DataFrame(
            {
                "name": held["name"],
                "value": self._values(held, words),
                "range": [
                    range_text(low, high, unit, words, decimals=decimals)
                    for low, high in zip(held["low"], held["high"], strict=True)
                ],
                "base": [
                    base_text(count, base, words)
                    for count, base in zip(held["count"], held["base"], strict=True)
                ],
                "class": held["class"].map(labels) if self.figures is not None else "",
            },
            index=held.index,
        )

    def interval_words(self, words: Words | None = None) -> str:
        """Say what the ranges are, from the layer or else from its figures."""
        if self.interval or not isinstance(self.figures, pd.DataFrame):
            return self.interval
        return ", ".join(interval_text(str(one), words) for one in self.figures["interval"].unique() if one)

    def period_words(self) -> str:
        """When the figures are of, from the layer or else from its figures."""
        if self.period or not isinstance(self.figures, pd.DataFrame):
            return self.period
        return ", ".join(one for one in self.figures["period"].unique() if one)

    def _values(self, held: pd.DataFrame, words: Words) -> list[str]:
        if self.figures is None:
            return [""] * len(held)
        unit, said = self._unit(), {} if self.said is None else self.said.to_dict()
        return [
            said[code] if code in said else figure_text(row, unit, words, decimals=self.decimals)
            for code, row in held.iterrows()
        ]

    def _unit(self) -> str:
        if self.unit or not isinstance(self.figures, pd.DataFrame) or self.figures.empty:
            return self.unit
        return str(self.figures["unit"].iloc[0])

    def _held(self) -> pd.DataFrame:
        numbers = ["low", "high", "count", "base"]
        if self.figures is None:
            empty = pd.DataFrame(index=self.areas.index, columns=["value", *numbers], dtype=float)
            return empty.assign(status="ok")
        if isinstance(self.figures, pd.Series):
            self._once(self.figures.index)
            held = pd.DataFrame({"value": self.figures}, index=self.figures.index)
            held["status"] = np.where(held["value"].isna(), "missing", "ok")
            return held.assign(**dict.fromkeys(numbers, np.nan))
        rows = self.figures
        several = [
            name for name in ("indicator", "group", "period") if name in rows and rows[name].nunique() > 1
        ]
        if several:
            found = ", ".join(str(one) for one in rows[several[0]].unique()[:3])
            raise LayerError(f"{self.label}: figures hold more than one {several[0]} ({found}); choose one")
        self._once(pd.Index(rows["code"]))
        unknown = set(rows["status"]) - set(STATUSES)
        if unknown:
            raise LayerError(f"{self.label}: status {sorted(unknown)[0]!r} is not a status")
        return rows.set_index("code")[["value", *numbers, "status"]]

    def _once(self, codes: pd.Index[str]) -> None:
        repeated = codes[codes.duplicated()]
        if len(repeated):
            raise LayerError(f"{self.label}: {repeated[0]} has two figures; give one row an area")


def interval_text(interval: str, words: Words | None = None) -> str:
    """Say what a range is, as tables of figures name it: of the draws in words, others as they are."""
    found = re.match(_MODEL_RANGE, interval)
    if not found:
        return interval
    words = words or english()
    return words("legend", "model_range", percent=words("numbers", "percent", number=found[1]))


def licence_lines(texts: Iterable[str]) -> list[str]:
    """Give each line of some licences once, in order: layers share their sources."""
    return list(dict.fromkeys(line for text in texts for line in text.splitlines() if line))
