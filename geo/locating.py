"""Records given coordinates by the best means each of them has, and the means said.

An address number (UPRN) places a record at its door, coordinates where somebody pointed, a postcode
at the middle of some fifteen addresses. The three are not equally sure, so each record keeps how it
was placed, and those that could not be placed are kept too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.crs import BNG
from geo.points import PointsError, coordinates
from geo.postcodes import PostcodeDirectory, find_postcodes

#: How a record was placed, the surest first.
MEANS = ("UPRN", "coordinates", "postcode centroid")
NOT_PLACED = "not placed"


@dataclass(frozen=True)
class Located:
    """Records with places.

    Parameters
    ----------
    rows
        Indexed as the records: ``x``, ``y`` (EPSG:27700, NaN where not placed) and ``placed_by`` (one of
        `MEANS`, or "not placed").
    problems
        A row for each record that a postcode could not place: ``given``, ``state``, ``suggestion``.
    notes
        How many were placed by what, and which postcodes were ended.
    """

    rows: pd.DataFrame
    problems: pd.DataFrame
    notes: tuple[str, ...]


def locate(
    records: pd.DataFrame,
    *,
    uprn: str | None = None,
    addresses: pd.DataFrame | None = None,
    x: str | None = None,
    y: str | None = None,
    crs: str = BNG,
    postcode: str | None = None,
    directory: PostcodeDirectory | None = None,
) -> Located:
    """Give each record coordinates by its UPRN, else by its own coordinates, else by its postcode.

    Parameters
    ----------
    records
        A row for each.
    uprn, addresses
        Column of address numbers, and their places: ``x``, ``y`` indexed by UPRN as text.
    x, y, crs
        Columns of coordinates and what they are in.
    postcode, directory
        Column of postcodes, and the directory to find them in.

    Raises
    ------
    PointsError
        No means was given, or a column is not there.
    """
    for name in (uprn, x, y, postcode):
        if name is not None and name not in records.columns:
            raise PointsError(
                f"records have no column {name} (found {', '.join(map(str, records.columns[:8]))})"
            )
    rows = pd.DataFrame({"x": np.nan, "y": np.nan, "placed_by": NOT_PLACED}, index=records.index)
    used = False
    if uprn is not None and addresses is not None:
        used = True
        # A spreadsheet makes 100080012345.0 of an address number.
        key = records[uprn].astype("str").str.strip().str.replace(r"\.0$", "", regex=True)
        found = addresses.reindex(key.to_numpy())
        _fill(rows, found["x"].to_numpy(dtype=float), found["y"].to_numpy(dtype=float), "UPRN")
    if x is not None and y is not None:
        used = True
        _fill(rows, *coordinates(records[x], records[y], crs=crs), "coordinates")
    problems = pd.DataFrame(columns=["given", "state", "suggestion"])
    notes: list[str] = []
    if postcode is not None and directory is not None:
        used = True
        left = (rows["placed_by"] == NOT_PLACED).to_numpy()
        places = find_postcodes(records.loc[left, postcode].to_numpy(), directory)
        east, north = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        east[left], north[left] = places["x"].to_numpy(dtype=float), places["y"].to_numpy(dtype=float)
        _fill(rows, east, north, "postcode centroid")
        places.index = records.index[left]
        problems = places.loc[
            places["state"].isin(["unknown", "not a postcode"]), ["given", "state", "suggestion"]
        ]
        ended = int((places["state"] == "ended").sum())
        if ended:
            notes.append(f"{ended} postcodes are no longer in use and were placed where they were")
    if not used:
        raise PointsError("nothing says where the records are; give UPRNs, coordinates or postcodes")
    counts = rows["placed_by"].value_counts()
    said = [f"{int(counts[name]):,} by {name}" for name in MEANS if name in counts]
    if NOT_PLACED in counts:
        said.append(f"{int(counts[NOT_PLACED]):,} not placed")
    notes.insert(0, f"{len(rows):,} records: {', '.join(said)}")
    return Located(rows, problems, tuple(notes))


def _fill(rows: pd.DataFrame, east: np.ndarray, north: np.ndarray, means: str) -> None:
    take = (rows["placed_by"] == NOT_PLACED).to_numpy() & np.isfinite(east) & np.isfinite(north)
    rows.loc[take, "x"], rows.loc[take, "y"] = east[take], north[take]
    rows.loc[take, "placed_by"] = means
