"""What a review is made of: settings, tables that every form draws from, and the review itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from fairplace.profile.words import load_words
from geo.errors import UserError
from geo.source import Source
from layers.planning import PlanningLayer


class ReviewError(UserError, ValueError):
    """A review was asked for in a way that cannot be done, or its settings cannot be used."""


@dataclass(frozen=True)
class ReviewTable:
    """One table of a review.

    Parameters
    ----------
    id, title
        Stable name, and the caption.
    data
        Numbers, one row a fact: what machines read. Missing is empty, with a ``status`` beside it.
    columns
        Column of `data` -> what it holds: the data dictionary.
    text
        The same as people read it; the first column heads the row. Every form prints these cells.
    notes
        What must be said under it.
    """

    id: str
    title: str
    data: pd.DataFrame
    columns: Mapping[str, str]
    text: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Review:
    """Everything that a review says.

    Parameters
    ----------
    authority, name, pack_id, fictional
        Whose plan, and the pack that figures come from.
    settings
        As `read_settings` gives them.
    sites
        EPSG:27700, indexed by reference.
    layers
        As read, those that are not held among them.
    tables
        Id -> table, in the order of the pages.
    checklist
        Site -> rows of heading, figures, and whether the heading must be checked.
    zones
        Name -> polygons made by the review (such as takeaway zones), EPSG:27700.
    sources
        Papers of every input.
    notes
        About the sites and the layers.
    command
        What makes it again.
    """

    authority: str
    name: str
    pack_id: str
    fictional: bool
    settings: Mapping[str, Any]
    sites: gpd.GeoDataFrame
    layers: tuple[PlanningLayer, ...]
    tables: Mapping[str, ReviewTable]
    checklist: Mapping[str, tuple[Mapping[str, Any], ...]]
    zones: Mapping[str, gpd.GeoDataFrame]
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    command: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def edition(self) -> str:
        """For whose eyes it is: ``public`` or ``officer``."""
        return str(self.extra.get("edition", "public"))

    def banner(self) -> list[str]:
        """Give the sentences that stand on every page and in the map."""
        said = [word("notes", "fictional", name=self.name)] if self.fictional else []
        if self.edition == "officer":
            said.append(load_words()("banner", "officer"))
        if superseded := self.extra.get("superseded"):
            said.append(str(superseded))
        return said

    def running(self, title: str) -> str:
        """Give the line at the foot of every page: its title, and the edition of the figures."""
        return f"{title} · {self.edition} edition {self.pack_id}"


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("fairplace.review").joinpath("words.toml").read_text(encoding="utf-8"))


def word(group: str, name: str, /, **values: object) -> str:
    """Give a fixed sentence with its values in place."""
    return _words()[group][name].format(**values)


def read_settings(path: Path | None = None) -> dict[str, Any]:
    """Read the settings of a review.

    Parameters
    ----------
    path
        TOML that replaces what it names of ``settings.toml``; None for that alone.

    Raises
    ------
    ReviewError
        It is not TOML, names a part that there is not, or a limit makes no sense.
    """
    made = tomllib.loads(files("fairplace.review").joinpath("settings.toml").read_text(encoding="utf-8"))
    if path is not None:
        given = _read_toml(path)
        unknown = sorted(set(given) - set(made))
        if unknown:
            raise ReviewError(f"{path.name} has a part [{unknown[0]}]; there are {', '.join(made)}")
        for part in ("plan", "limits"):
            strange = sorted(set(given.get(part, {})) - set(made[part]))
            if strange:
                raise ReviewError(
                    f"{path.name} sets {strange[0]} in [{part}]; there are {', '.join(made[part])}"
                )
            made[part] = {**made[part], **given.get(part, {})}
        made["service"] = given.get("service", made["service"])
    limits = made["limits"]
    for name in ("minutes", "count_minutes", "densities"):
        values = limits[name]
        if not values or any(not isinstance(one, int | float) or one <= 0 for one in values):
            raise ReviewError(f"{name} is {values}; give a list of numbers above nought")
    return made


def read_checklist(path: Path | None = None) -> dict[str, Any]:
    """Read the headings of the healthy place checklist; those that come with the program for None.

    Raises
    ------
    ReviewError
        It is not TOML, or a heading lacks its id or title.
    """
    made = (
        tomllib.loads(files("fairplace.review").joinpath("checklist.toml").read_text(encoding="utf-8"))
        if path is None
        else _read_toml(path)
    )
    headings = made.get("heading", [])
    lacking = [one for one in headings if not one.get("id") or not one.get("title")]
    if not headings or lacking:
        raise ReviewError(
            f"{path} has {len(headings)} headings, {len(lacking)} of them without id or title; give each "
            f"[[heading]] both"
        )
    return made


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReviewError(f"{path} cannot be read as TOML: {error}") from error


def several(count: int, one: str, many: str = "") -> str:
    """Write a number with its noun: "1 feature", "2 features"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
