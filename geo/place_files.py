"""Named points from a file of whatever form, or from two numbers: what reach and access start from."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.crs import BNG, WGS84, Accuracy, lonlat_to_bng, shift, to_bng
from geo.errors import UserError
from geo.points import coordinates, read_points
from geo.vector import read_layer

#: Pairs of columns that hold coordinates, in the order in which they are looked for.
COLUMNS = (
    ("easting", "northing", BNG),
    ("eastings", "northings", BNG),
    ("x", "y", BNG),
    ("lon", "lat", WGS84),
    ("longitude", "latitude", WGS84),
)
#: Columns that name a place, in the order in which they are looked for: codes before names.
_NAMES = ("code", "id", r"[a-z]+\d\dcd", "urn", r".*_code", "name", r".*_name", "postcode", "pcds?")


class PlaceError(UserError, ValueError):
    """A place or a file of places cannot be understood."""


def parse_place(text: str) -> tuple[float, float]:
    """Easting and northing of a place written as two numbers.

    Parameters
    ----------
    text
        ``509000,221500`` (metres of the National Grid) or ``51.88,-0.42`` (latitude, longitude).

    Raises
    ------
    PlaceError
        It is not two numbers, or lies outside England.
    """
    match = re.fullmatch(r"\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\s*", text)
    if match is None:
        raise PlaceError(
            f"{text!r} is no place; give easting,northing such as 509000,221500, or latitude,longitude "
            f"such as 51.88,-0.42"
        )
    one, two = float(match[1]), float(match[2])
    if 49 <= one <= 61 and -9 <= two <= 3:
        east, north = lonlat_to_bng([two], [one])
        return float(east[0]), float(north[0])
    if 49 <= two <= 61 and -9 <= one <= 3:
        raise PlaceError(f"{text!r} has longitude first; write latitude,longitude: {two:g},{one:g}")
    if 0 <= one <= 700_000 and 0 <= two <= 1_300_000 and one > 1000:
        return one, two
    raise PlaceError(f"{text!r} is neither in the National Grid nor in Britain by latitude and longitude")


def read_places(path: Path, *, name: str | None = None) -> tuple[gpd.GeoDataFrame, Accuracy, tuple[str, ...]]:
    """Read named points from a table or a layer.

    Parameters
    ----------
    path
        CSV or Parquet with one of the pairs of `COLUMNS` (capitals do not matter), or a layer of points.
    name
        Column that names them; if left out the first that looks like a code or a name, is complete and
        does not repeat; else the row.

    Returns
    -------
    tuple
        Points in EPSG:27700 with the other columns; how good the coordinates are; sentences about rows
        that were left out because they have no coordinates.

    Raises
    ------
    PlaceError
        There are no coordinates, the layer holds no points, or the naming column repeats.
    """
    path = Path(path)
    kind = path.suffix.lower()
    table = kind in (".csv", ".gz") or (kind == ".parquet" and not _is_layer(path))
    accuracy: Accuracy = "no datum shift"
    notes: list[str] = []
    if table:
        pieces = list(read_points(path))
        if not pieces:
            raise PlaceError(f"{path.name} has no row under its header; give at least one point")
        frame = pd.concat(pieces, ignore_index=True)
        lower = {str(column).lower(): column for column in frame.columns}
        pair = next((one for one in COLUMNS if one[0] in lower and one[1] in lower), None)
        if pair is None:
            raise PlaceError(
                f"{path.name} has columns {', '.join(map(str, frame.columns[:8]))}; it needs easting and "
                f"northing, x and y, or lon and lat"
            )
        x, y = coordinates(frame[lower[pair[0]]], frame[lower[pair[1]]], crs=pair[2])
        if pair[2] == WGS84:
            accuracy = shift().accuracy
        points = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(x, y), crs=BNG)
        known = np.isfinite(x) & np.isfinite(y)
    else:
        points, accuracy = to_bng(read_layer(path), where=path.name)
        odd = points.geometry.notna() & (points.geometry.geom_type != "Point")
        if odd.any():
            row = int(np.flatnonzero(odd)[0])
            raise PlaceError(
                f"{path.name} row {row} is a {points.geometry.iloc[row].geom_type}; give points (for a "
                f"park, its entrances)"
            )
        known = (points.geometry.notna() & ~points.geometry.is_empty).to_numpy()
    points = _named(points, name, path)
    if not known.all():
        lost = points.index[~known]
        notes.append(f"{path.name}: {len(lost)} without coordinates, such as {lost[0]}, left out.")
    points = points[known]
    if points.empty:
        raise PlaceError(f"{path.name} holds no point with coordinates; give at least one")
    return points, accuracy, tuple(notes)


def _is_layer(path: Path) -> bool:
    import pyarrow.parquet as pq

    try:
        return b"geo" in (pq.read_schema(path).metadata or {})
    except (OSError, ValueError):
        return False  # the reader of tables says what is amiss


def _named(points: gpd.GeoDataFrame, name: str | None, path: Path) -> gpd.GeoDataFrame:
    if name is not None:
        if name not in points:
            held = ", ".join(map(str, points.columns[:8]))
            raise PlaceError(f"{path.name} has no column {name!r}, only {held}")
        odd = points[name].isna() | points[name].duplicated()
        if odd.any():
            raise PlaceError(
                f"{path.name}: {name} {points.loc[odd, name].iloc[0]!r} is missing or repeats; give a column "
                f"of unique names"
            )
        return points.set_index(points[name].astype(str).rename("place"))
    for pattern in _NAMES:
        for column in points.columns:
            fits = re.fullmatch(pattern, str(column).lower())
            if fits and points[column].notna().all() and points[column].is_unique:
                return points.set_index(points[column].astype(str).rename("place"))
    return points.set_index(pd.Index([f"row {n + 1}" for n in range(len(points))], name="place"))
