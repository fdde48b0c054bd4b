"""Areas joined with their figures: neighbourhoods. No row is lost on the way.

A figure whose code has no boundary is an error that names the code, its vintage and what replaced
it. An area without a figure stays, its figure missing. Rows of other places are left out only where
a register says that they are other places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.boundaries import Boundaries
from geo.crosswalk import Crosswalk, UnmatchedCodeError
from geo.figures import table_figures, tidy_figures
from geo.geography import Geography
from geo.table import AreaTable, Column, TableError, UnknownAreaError


class JoinError(TableError):
    """Tables and areas do not fit together: another vintage, or one id for two columns."""


@dataclass(frozen=True)
class Neighbourhoods:
    """Areas of one geography with the tables that describe them.

    Parameters
    ----------
    geography
        Kind and vintage.
    areas
        Indexed by code and sorted, in EPSG:27700; columns ``name``, ``lad``, ``geometry``.
    tables
        Each with exactly the rows of `areas`, in the same order; no id twice.
    notes
        What joining found, a sentence each.
    """

    geography: Geography
    areas: gpd.GeoDataFrame
    tables: tuple[AreaTable, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for table in self.tables:
            if table.geography != self.geography or not table.codes.equals(self.areas.index):
                raise JoinError(f"{table.source.title} does not have the areas' rows; use geo.join.join")
            for name in table.columns:
                if name in seen:
                    raise JoinError(
                        f"{name} is in {seen[name]} and in {table.source.title}; an id means one thing: "
                        f"leave one out, or rename it"
                    )
                seen[name] = table.source.title

    @property
    def codes(self) -> pd.Index[str]:
        """Codes, sorted."""
        return self.areas.index

    @property
    def names(self) -> dict[str, str]:
        """Code -> name; the code itself where no name is known."""
        return {code: name or code for code, name in self.areas["name"].items()}

    @property
    def columns(self) -> dict[str, Column]:
        """Id -> what it holds, over all tables."""
        return {name: column for table in self.tables for name, column in table.columns.items()}

    def table_of(self, column: str) -> AreaTable:
        """Give the table that holds a column.

        Raises
        ------
        UnknownAreaError
            No table has it.
        """
        for table in self.tables:
            if column in table.columns:
                return table
        raise UnknownAreaError(
            f"{column} is no figure of these {self.geography.key}; there are {', '.join(self.columns)[:200]}"
        )

    def values(self, column: str) -> pd.Series[float]:
        """Give a column by code; NaN where its status is not ``ok``."""
        return self.table_of(column).values[column]

    def frame(self) -> gpd.GeoDataFrame:
        """Areas with every value beside them, for drawing and for other programs."""
        parts: list[Any] = [self.areas, *(table.values for table in self.tables)]
        return gpd.GeoDataFrame(pd.concat(parts, axis=1), crs=self.areas.crs)

    def figures(self) -> pd.DataFrame:
        """Give every value as a row of the long table (see `geo.figures`)."""
        return tidy_figures(table_figures(table) for table in self.tables)


def join(
    areas: Boundaries,
    tables: Iterable[AreaTable],
    *,
    register: Collection[str] = (),
    history: Iterable[Crosswalk] = (),
) -> Neighbourhoods:
    """Join areas with tables, refusing to lose a row.

    Parameters
    ----------
    areas
        Boundaries of one geography.
    tables
        Of that geography. Areas that a table lacks become missing in it, and that is noted.
    register
        Every code of the geography that exists anywhere (such as all of England's): a row of the
        register outside `areas` is another place and is left out, with a count in the notes.
    history
        Crosswalks from or to other vintages, to say what replaced a code.

    Returns
    -------
    Neighbourhoods
        Tables in the order given.

    Raises
    ------
    JoinError
        A table is of another geography, or holds none of the areas; or two hold one id.
    UnmatchedCodeError
        A row's code is neither one of the areas nor in the register.
    """
    known = set(register)
    past = list(history)
    joined, notes = [], list(areas.notes)
    for table in tables:
        title = table.source.title
        check_vintage(table, areas.geography)
        here = table.codes.isin(areas.codes)
        others = table.codes[~here]
        strangers = [code for code in others if code not in known]
        if strangers:
            more = f" (and {len(strangers) - 1} more)" if len(strangers) > 1 else ""
            raise UnmatchedCodeError(
                f"{strangers[0]} of {title} is not in {areas.geography.key}{more}; "
                f"{describe_code(strangers[0], areas.geography, past)}"
            )
        if not here.any():
            raise JoinError(
                f"{title} holds none of the {len(areas.codes)} areas ({areas.codes[0]} first); it has "
                f"{len(table.codes)} rows of other places: give the file that covers this place"
            )
        if len(others):
            notes.append(f"{title}: {len(others)} rows of other places were left out")
        absent = areas.codes.difference(table.codes)
        if len(absent):
            notes.append(
                f"{title}: no row for {len(absent)} of {len(areas.codes)} areas ({absent[0]} first); missing"
            )
        joined.append(table.only(areas.codes))
    return Neighbourhoods(areas.geography, areas.areas, tuple(joined), tuple(notes))


def check_vintage(table: AreaTable, geography: Geography) -> None:
    """Refuse a table of another geography, saying how to bring it over.

    Raises
    ------
    JoinError
        Such as for a table on LSOAs of 2011 against LSOAs of 2021.
    """
    if table.geography == geography:
        return
    same = table.geography.kind == geography.kind
    why = "codes look alike and mean other areas" if same else "they are different areas"
    raise JoinError(
        f"{table.source.title} is on {table.geography.label} ({table.geography.key}), the areas are "
        f"{geography.label} ({geography.key}): {why}; carry it over with geo.crosswalk.convert first"
    )


def describe_code(code: str, geography: Geography, history: Iterable[Crosswalk]) -> str:
    """Say what is known of a code that a geography lacks: its vintage and what replaced it."""
    for crosswalk in history:
        if crosswalk.target == geography and crosswalk.origin != geography:
            rows = crosswalk.weights[crosswalk.weights["origin"] == code]
            if len(rows):
                return (
                    f"it is a {crosswalk.origin.year} code, replaced by "
                    f"{_listed(sorted(rows['target']))} in {geography.year}"
                )
        if crosswalk.origin == geography and crosswalk.target != geography:
            rows = crosswalk.weights[crosswalk.weights["target"] == code]
            if len(rows):
                return (
                    f"it is a {crosswalk.target.year} code, which replaced "
                    f"{_listed(sorted(rows['origin']))} of {geography.year}"
                )
    if not geography.owns(code):
        return f"it is not a code of a {geography.label} at all"
    return "no look-up at hand knows it: check the vintage of the table, or give the look-up between vintages"


def replacements(
    codes: Iterable[str], geography: Geography, history: Iterable[Crosswalk]
) -> Mapping[str, str]:
    """Say for several codes what is known of them, for a report of everything that did not match."""
    past = list(history)
    return {code: describe_code(code, geography, past) for code in codes}


def _listed(codes: list[str]) -> str:
    if len(codes) == 1:
        return codes[0]
    return f"{', '.join(codes[:-1])} and {codes[-1]}"
