"""Which area lies in which.

Published lookups become `Crosswalk`s, whose weights carry figures, or tidy frames. A lookup of one
year never stands in for another's; what became of a code is told by `layers.vintages`, whose names
are at hand here too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from geo.crosswalk import Crosswalk, CrosswalkError, nested
from geo.geography import KINDS, Geography
from layers.areas import WrongFileError, check_shape, english_pairs, read_cells, wrong_file
from layers.catalogue import recognise
from layers.delimited import Delimited, HeaderError, match_headers, read_headers
from layers.symbols import read_numbers
from layers.vintages import (
    LSOA11,
    LSOA21,
    LsoaChanges,
    VintageError,
    check_vintage,
    explain_code,
    lsoa11_to_lsoa21,
    lsoa21_to_lsoa11,
    read_lsoa_changes,
)

__all__ = [
    "LSOA11",
    "LSOA21",
    "MSOA11",
    "MSOA21",
    "LsoaChanges",
    "VintageError",
    "check_vintage",
    "explain_code",
    "lsoa11_to_lsoa21",
    "lsoa21_to_lsoa11",
    "msoa11_to_msoa21",
    "nest_by_name",
    "nest_output_areas",
    "read_centroids",
    "read_lsoa_changes",
    "read_msoa_names",
    "read_output_areas",
    "read_pairs",
]

MSOA11, MSOA21 = Geography("msoa", 2011), Geography("msoa", 2021)

# Headers under which lookups name a code, besides ONS's own such as LSOA21CD.
_ALIASES = {
    "lsoa21": ("lsoa_code", "lsoa21_code"),
    "msoa21": ("msoa_code",),
    "lad24": ("LADCD",),
    "lad21": ("LADCD",),
}


def read_pairs(
    path: Path, origin: Geography, target: Geography, *, codes: Collection[str] | None = None
) -> Crosswalk:
    """Crosswalk of a published lookup in which every area has one target: nesting, or best fit.

    Parameters
    ----------
    path
        A lookup with a column of codes for each of the two, such as ``LSOA21CD`` and ``WD24CD``.
    origin, target
        The geographies. Years are taken at their word: a lookup of ``WD24CD`` does not serve ``wd25``.
    codes
        Origins to keep; all of England if left out.

    Returns
    -------
    Crosswalk
        Not exact where the target is a ward: areas are given whole to the ward that fits best.

    Raises
    ------
    WrongFileError
        The file has no such columns; a lookup of another year is named.
    CrosswalkError
        An origin has two targets.
    """
    first, second = _code_header(path, origin, target)
    cells = read_cells(
        path, what=f"a lookup from {origin.key} to {target.key}", required=[first, second], columns=[]
    )
    frame, _ = english_pairs(cells, first, origin)
    check_shape(frame, cells.file, second, target)
    if codes is not None:
        frame = frame[frame[first].isin(set(codes))]
    frame = frame[[first, second]].drop_duplicates()
    twice = frame.loc[frame[first].duplicated(keep=False)]
    if len(twice):
        one = twice[first].iat[0]
        held = sorted(twice.loc[twice[first] == one, second])
        raise CrosswalkError(
            f"{path.name}: {one} lies in {' and '.join(held)}; a lookup of one target each was needed: "
            f"build a crosswalk with weights instead"
        )
    pairs = dict(zip(frame[first], frame[second], strict=True))
    if target.kind == "wd":
        weights = pd.DataFrame({"origin": list(pairs), "target": list(pairs.values()), "weight": 1.0})
        return Crosswalk(origin, target, weights, method="ONS best fit lookup", weight_source="best fit")
    return nested(origin, target, pairs, method="ONS lookup")


def _code_header(path: Path, origin: Geography, target: Geography) -> tuple[str, str]:
    headers = read_headers(path)
    result = []
    for geography in (origin, target):
        names = (geography.code_column, *_ALIASES.get(geography.key, ()))
        hit = next((name for name in names if match_headers(headers, [name])), None)
        if hit is None:
            kind = geography.kind.upper()
            others = [one for one in headers if one.upper().startswith(kind) and one.upper().endswith("CD")]
            held = (
                f"it holds {', '.join(others)}, of another year"
                if others
                else "it holds " + ", ".join(headers[:6])
            )
            known = recognise(headers, name=path.name)
            told = f" ({known[0].title})" if known else ""
            raise WrongFileError(
                f"{path.name}{told} has no column {geography.code_column}: {held}; boundaries and lookups of "
                f"different years must not be mixed: take the lookup for {geography.label}, or derive "
                f"membership from the boundaries"
            )
        result.append(match_headers(headers, [hit])[hit])
    return result[0], result[1]


def read_output_areas(path: Path, *, codes: Collection[str] | None = None) -> pd.DataFrame:
    """Output areas of 2021 with the areas they make up, and their residents.

    Parameters
    ----------
    path
        Lookup with ``OA21CD``, ``LSOA21CD``, ``MSOA21CD``, ``LADCD``.
    codes
        LSOAs whose output areas to keep; all of England if left out.

    Returns
    -------
    DataFrame
        Columns ``oa21``, ``lsoa21``, ``msoa21``, ``lad`` (of 2021/22: districts abolished in 2023 still
        stand there, so never select an authority of today by it), ``region`` (empty if not given) and
        ``residents`` (Census 2021, NaN if not given); sorted by ``oa21``.

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    cells = read_cells(
        path,
        what="the output area lookup",
        required=["OA21CD", "LSOA21CD", "MSOA21CD"],
        columns=["LADCD", "LAD21CD", "LAD22CD", "RGNCD", "census2021_usual_residents"],
    )
    frame, _ = english_pairs(cells, "OA21CD", Geography("oa", 2021))
    check_shape(frame, cells.file, "LSOA21CD", LSOA21)
    check_shape(frame, cells.file, "MSOA21CD", MSOA21)
    residents = pd.Series(np.nan, index=frame.index)
    if "census2021_usual_residents" in frame:
        told = Delimited(cells.file, frame.reset_index(drop=True), frame.index.to_numpy(), cells.delimiter)
        residents = pd.Series(
            read_numbers(told, "census2021_usual_residents", whole=True).values, index=frame.index
        )
    district = next((one for one in ("LADCD", "LAD22CD", "LAD21CD") if one in frame), None)
    tidy = pd.DataFrame(
        {
            "oa21": frame["OA21CD"],
            "lsoa21": frame["LSOA21CD"],
            "msoa21": frame["MSOA21CD"],
            "lad": frame[district] if district else "",
            "region": frame.get("RGNCD", ""),
            "residents": residents,
        }
    )
    if codes is not None:
        tidy = tidy[tidy["lsoa21"].isin(set(codes))]
    return tidy.sort_values("oa21", ignore_index=True)


def nest_output_areas(areas: pd.DataFrame, origin: Geography, target: Geography) -> Crosswalk:
    """Crosswalk between two levels that are made of output areas, such as ``lsoa21`` to ``msoa21``.

    Parameters
    ----------
    areas
        As read by `read_output_areas`.
    origin, target
        Among ``oa21``, ``lsoa21``, ``msoa21``, the smaller first.

    Raises
    ------
    CrosswalkError
        An origin lies in two targets, so the lookup is damaged.
    """
    pairs = areas[[origin.key, target.key]].drop_duplicates()
    twice = pairs.loc[pairs[origin.key].duplicated(), origin.key]
    if len(twice):
        raise CrosswalkError(
            f"{twice.iat[0]} lies in two {target.key} in the output area lookup; download it again"
        )
    ordered = pairs.sort_values(origin.key)
    return nested(
        origin, target, dict(zip(ordered[origin.key], ordered[target.key], strict=True)), method="ONS lookup"
    )


def nest_by_name(lsoas: Mapping[str, str], msoas: Mapping[str, str], year: int) -> Crosswalk:
    """Crosswalk of LSOAs to MSOAs by ONS's rule of names: "Luton 007A" lies in "Luton 007".

    Parameters
    ----------
    lsoas, msoas
        Code -> name, both of one vintage.
    year
        That vintage.

    Raises
    ------
    CrosswalkError
        A name has no MSOA, or two.

    Notes
    -----
    The rule holds for every LSOA of Luton, of both vintages. It serves where no lookup is at hand.
    """
    by_name: dict[str, list[str]] = {}
    for code, name in msoas.items():
        by_name.setdefault(name.strip(), []).append(code)
    pairs: dict[str, str] = {}
    for code, name in lsoas.items():
        hits = by_name.get(name.strip()[:-1], [])
        if len(hits) != 1:
            raise CrosswalkError(
                f'{code} is called "{name}", and {len(hits)} MSOAs are called "{name.strip()[:-1]}"; '
                f"give a lookup of LSOAs to MSOAs"
            )
        pairs[code] = hits[0]
    return nested(Geography("lsoa", year), Geography("msoa", year), pairs, method="ONS names")


def msoa11_to_msoa21(
    changes: LsoaChanges,
    lsoa11_msoa11: Crosswalk,
    lsoa21_msoa21: Crosswalk,
    *,
    residents21: pd.Series[float],
) -> Crosswalk:
    """Crosswalk from MSOAs of 2011 to those of 2021, by the residents of the LSOAs they share.

    Derived rather than read: the published copy at hand names one part of a split MSOA and leaves the
    other out, so that half of its people would vanish.

    Parameters
    ----------
    changes
        LSOAs of 2011 and 2021.
    lsoa11_msoa11, lsoa21_msoa21
        Which MSOA each lies in.
    residents21
        Residents by LSOA of 2021 (Census 2021).

    Raises
    ------
    CrosswalkError
        An LSOA has no MSOA or no residents.
    """
    upper11 = lsoa11_msoa11.weights.set_index("origin")["target"]
    upper21 = lsoa21_msoa21.weights.set_index("origin")["target"]
    shares = lsoa21_to_lsoa11(changes).weights  # origin lsoa21, target lsoa11
    frame = pd.DataFrame(
        {
            "origin": shares["target"].map(upper11),
            "target": shares["origin"].map(upper21),
            "people": shares["weight"] * shares["origin"].map(residents21).astype(float),
            "lsoa21": shares["origin"],
        }
    )
    hole = frame[frame[["origin", "target", "people"]].isna().any(axis=1)]
    if len(hole):
        raise CrosswalkError(
            f"{hole['lsoa21'].iat[0]} has no MSOA of 2011, no MSOA of 2021 or no residents; give lookups "
            f"and residents for the same LSOAs"
        )
    people = frame.groupby(["origin", "target"], as_index=False)["people"].sum()
    people["weight"] = people["people"] / people.groupby("origin")["people"].transform("sum")
    whole = bool((people["weight"] > 1 - 1e-12).all())
    return Crosswalk(
        MSOA11,
        MSOA21,
        people[["origin", "target", "weight"]],
        method="LSOAs of 2011 and 2021",
        weight_source="exact" if whole else "residents of Census 2021",
        exact=whole,
    )


def read_msoa_names(path: Path) -> dict[str, str]:
    """House of Commons Library names of MSOAs by code, of the vintage the file holds.

    Returns
    -------
    dict
        MSOA code -> name. Names repeat between districts, so they are never keys. Where a file has
        both vintages, those of 2021.
    """
    for code, name in (("MSOA21CD", "MSOAHCLNM"), ("msoa21cd", "msoa21hclnm"), ("msoa11cd", "msoa11hclnm")):
        try:
            read_headers(path, required=[code, name])
        except HeaderError as error:
            if code == "msoa11cd":
                raise wrong_file(error, path, "a file of MSOA names") from error
            continue
        cells = read_cells(path, what="MSOA names", required=[code, name], columns=[])
        kept = cells.frame[cells.frame[code].str.fullmatch(KINDS["msoa"][1])]
        return dict(zip(kept[code], kept[name].str.strip(), strict=True))
    return {}


def read_centroids(path: Path, geography: Geography) -> pd.DataFrame:
    """Population-weighted centroids as ONS publishes them.

    Parameters
    ----------
    path
        Table with the code, ``x`` and ``y`` in metres of the National Grid.
    geography
        Such as ``oa21`` or ``lsoa21``.

    Returns
    -------
    DataFrame
        Columns ``easting`` and ``northing`` in metres (EPSG:27700), indexed by code.

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    code = geography.code_column
    cells = read_cells(path, what=f"centroids of {geography.key}", required=[code, "x", "y"], columns=[])
    frame, _ = english_pairs(cells, code, geography)
    kept = Delimited(cells.file, frame.reset_index(drop=True), frame.index.to_numpy(), cells.delimiter)
    return pd.DataFrame(
        {"easting": read_numbers(kept, "x").values, "northing": read_numbers(kept, "y").values},
        index=pd.Index(frame[code], name=code),
    )
