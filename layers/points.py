"""Places as points: postcodes, surgeries, schools, crimes.

Every reader of points ends at the same frame, so that whoever counts, maps or routes to them need
not know where they came from. ``placed`` says how a point got its place, because a postcode's centre
is not a front door and an anonymised point is not where anything happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crs import BNG, ENGLAND_BNG, CrsError, lonlat_to_bng, shift
from geo.source import Source
from layers.delimited import Delimited, find_header
from layers.symbols import read_numbers

#: Columns that every frame of points begins with.
SCHEMA = ("id", "name", "kind", "status", "placed")

_EAST = ("easting", "eastings", "oseast1m", "east1m", "x easting", "geo easting", "feature easting")
_NORTH = ("northing", "northings", "osnrth1m", "north1m", "y northing", "geo northing", "feature northing")
_LON = ("longitude", "long", "lon", "lng")
_LAT = ("latitude", "lat")


@dataclass(frozen=True)
class Points:
    """Places of one kind, with their papers.

    Parameters
    ----------
    frame
        EPSG:27700. Columns ``id`` (unique), ``name``, ``kind``, ``status`` (``open``, ``closed``,
        ``unknown``; of postcodes ``live``, ``terminated``), ``placed`` (how the point got its place),
        others by reader, and ``geometry`` (points in metres).
    source
        Papers of the file.
    notes
        What reading found and left out.
    """

    frame: gpd.GeoDataFrame
    source: Source
    notes: tuple[str, ...] = ()

    def only(self, keep: pd.Series[bool]) -> Points:
        """Keep some rows."""
        return replace(self, frame=self.frame[keep].reset_index(drop=True))

    @property
    def open(self) -> Points:
        """Those that are open, or live."""
        return self.only(self.frame["status"].isin(["open", "live"]))


def place_points(
    cells: Delimited,
    *,
    source: Source,
    columns: Mapping[str, Sequence[str] | NDArray[np.object_] | pd.Series[str]],
    placed: str,
    by_postcode: Mapping[str, tuple[float, float]] | None = None,
    notes: Sequence[str] = (),
) -> Points:
    """Points of a file's rows, from National Grid or degrees, else from postcodes.

    Parameters
    ----------
    cells
        The file. Eastings and northings are taken before longitude and latitude, because they need no
        datum shift.
    source
        Its papers.
    columns
        Columns of the frame, those of `SCHEMA` but ``placed`` among them; may hold ``postcode``.
    placed
        How the file's own coordinates came about.
    by_postcode
        Postcode -> easting and northing, for rows without coordinates.
    notes
        Sentences to carry.

    Raises
    ------
    CrsError
        The coordinates lie outside England.
    CellError
        A coordinate is no number.
    """
    east, north, told = _coordinates(cells)
    how = np.full(len(cells.frame), placed, dtype=object)
    frame = pd.DataFrame({key: np.asarray(value, dtype=object) for key, value in columns.items()})
    lacking = ~(np.isfinite(east) & np.isfinite(north)) | ((east == 0) & (north == 0))
    if by_postcode and "postcode" in frame and lacking.any():
        for row in np.flatnonzero(lacking):
            found = by_postcode.get(tidy_postcode(str(frame["postcode"].iat[row])))
            if found is not None:
                east[row], north[row] = found
                how[row] = "postcode centre"
                lacking[row] = False
    frame["placed"] = how
    found_notes = [*notes, *cells.notes, *told]
    if lacking.any():
        first = frame.loc[lacking, "id"].iat[0]
        found_notes.append(f"{int(lacking.sum())} rows without a place were left out, {first} first")
    frame = frame[~lacking].reset_index(drop=True)
    east, north = east[~lacking], north[~lacking]
    _check_england(east, north, cells, lacking)
    geometry = gpd.points_from_xy(east, north, crs=BNG)
    rest = [one for one in frame.columns if one not in SCHEMA]
    frame = frame[[*SCHEMA, *rest]]
    return Points(gpd.GeoDataFrame(frame, geometry=geometry, crs=BNG), source, tuple(found_notes))


def _coordinates(cells: Delimited) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    headers = cells.frame.columns.tolist()
    east, north = find_header(headers, _EAST), find_header(headers, _NORTH)
    lon, lat = find_header(headers, _LON), find_header(headers, _LAT)
    if east and north:
        return read_numbers(cells, east).values.copy(), read_numbers(cells, north).values.copy(), []
    if lon and lat:
        degrees = read_numbers(cells, lon).values, read_numbers(cells, lat).values
        known = np.isfinite(degrees[0]) & np.isfinite(degrees[1])
        if known.any() and (np.nanmin(degrees[0][known]) > 49 and np.nanmax(degrees[1][known]) < 3):
            raise CrsError(
                f'{cells.file}: "{lon}" holds {degrees[0][known][0]:g} and "{lat}" {degrees[1][known][0]:g}: '
                f"latitude and longitude are exchanged; exchange the two headers"
            )
        x, y = np.full(len(known), np.nan), np.full(len(known), np.nan)
        x[known], y[known] = lonlat_to_bng(degrees[0][known], degrees[1][known])
        return x, y, [f"longitude and latitude brought to the National Grid: {shift().accuracy}"]
    empty = np.full(len(cells.frame), np.nan)
    return empty, empty.copy(), []


def _check_england(
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    cells: Delimited,
    left_out: NDArray[np.bool_],
) -> None:
    low_east, low_north, high_east, high_north = ENGLAND_BNG
    outside = (east < low_east) | (east > high_east) | (north < low_north) | (north > high_north)
    if outside.any() and not outside.all():
        return  # a few rows of Scotland or at sea are for whoever clips to tell
    if outside.all() and len(east):
        line = int(cells.lines[~left_out][0])
        raise CrsError(
            f"{cells.file} row {line} lies at {east[0]:.0f}, {north[0]:.0f}, as do the others, outside "
            f"England in {BNG}; check which columns are easting and northing"
        )


def tidy_postcode(text: str) -> str:
    """Postcode in capitals with one space before its last three characters; empty stays empty."""
    compact = "".join(text.split()).upper()
    return f"{compact[:-3]} {compact[-3:]}" if len(compact) > 3 else compact
