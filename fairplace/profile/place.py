"""The area a profile is of: found by code or name, with its figures at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairplace.disclosure import Released
from fairplace.profile.model import Number
from geo.errors import UserError
from geo.geography import Geography


class AreaNotFoundError(UserError, LookupError):
    """No area of the pack has that code or name."""


@dataclass(frozen=True)
class Place:
    """An area of a pack: its geography, code and name."""

    geography: str
    code: str
    name: str

    @property
    def kind(self) -> str:
        """Kind of area, without the vintage."""
        return "area" if self.geography == "area" else Geography.parse(self.geography).kind


def find_place(released: Released, text: str) -> Place:
    """Find an area of the pack by code, or by a name that only one area has.

    Raises
    ------
    AreaNotFoundError
        No area has it, or several do: they are listed with their vintage.
    """
    wanted = text.strip()
    found = []
    for key in _profiled(released):
        names = released.areas(key)["name"]
        if wanted in names.index:
            return Place(key, wanted, str(names[wanted]))
        found += [Place(key, code, name) for code, name in names.items() if name.lower() == wanted.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{one.code} ({Geography.parse(one.geography).label})" for one in found)
        raise AreaNotFoundError(f'"{text}" is the name of {len(found)} areas: {listed}; give the code')
    raise AreaNotFoundError(
        f'"{text}" is not an area of {released.name}; give a code or name of '
        f"{', '.join(Geography.parse(key).label for key in _profiled(released))}"
    )


def places_of(released: Released, geography: str) -> list[Place]:
    """Every area of a geography of the pack, in order of code.

    Raises
    ------
    AreaNotFoundError
        The pack has no such geography.
    """
    known = _profiled(released)
    if geography not in known:
        why = (
            "is not profiled, for hardly a figure may be shown of so few people"
            if geography in released.geographies
            else f"is no geography of {released.name}"
        )
        raise AreaNotFoundError(f'"{geography}" {why}; there are {", ".join(known)}')
    names = released.areas(geography)["name"].sort_index()
    return [Place(geography, str(code), str(name)) for code, name in names.items()]


def _profiled(released: Released) -> list[str]:
    """List geographies whose areas have profiles: not output areas, of which hardly a figure may be shown."""
    return [key for key in released.geographies if not key.startswith("oa")]


@dataclass(frozen=True)
class AreaFigures:
    """The released figures of the place and of its comparator, by indicator.

    `lender` names the LSOA whose figures of the Minimum Income Standard stand among those of a place that is
    too small for its own; empty elsewhere.
    """

    here: Mapping[str, Mapping[str, Any]]
    there: Mapping[str, Mapping[str, Any]]
    lender: str = ""

    @property
    def own(self) -> dict[str, Mapping[str, Any]]:
        """Those that are of the place itself."""
        return {name: row for name, row in self.here.items() if row["basis"] != "copied"}

    def number(self, name: str, style: str = "value", *, there: bool = False) -> Number | None:
        """Give a figure as it stands in a document, or None where there is none."""
        row = (self.there if there else self.here).get(name)
        return None if row is None else Number(row, style)


def lender_of(released: Released, place: Place) -> str:
    """Name the LSOA that most people of a drawn area live in, by which it is judged where it is too small."""
    figures = released.figures
    small = figures[figures["geography"] == "lsoa21"]
    inside = small[(small["indicator"] == "share_inside") & (small["group"] == place.code)]
    people = small[(small["indicator"] == "residents") & (small["group"] == "")]
    shares = inside.set_index("code")["value"]
    heaviest = (shares * people.set_index("code")["value"].reindex(shares.index)).idxmax()
    return str(released.areas("lsoa21")["name"][heaviest])


def by_indicator(figures: pd.DataFrame, code: str, geography: str) -> dict[str, dict[str, Any]]:
    """Give the figures of an area by indicator, without those of one age or type."""
    rows = figures[(figures["code"] == code) & (figures["geography"] == geography) & (figures["group"] == "")]
    return {str(row["indicator"]): row for row in rows.to_dict("records")}
