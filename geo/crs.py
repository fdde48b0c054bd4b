"""Coordinates: everything is computed in British National Grid, and every datum shift goes here.

Between British National Grid and longitude and latitude lies a datum shift. With Ordnance Survey's
OSTN15 grid it is right to centimetres; without, PROJ falls back to a seven-parameter Helmert shift
that is about 2 m out, and says nothing. So this module looks for the grid, checks a known answer
before it believes that it is in use, and puts the accuracy on the result.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.datadir import (  # type: ignore[attr-defined]
    get_data_dir,
    get_user_data_dir,
)
from pyproj.transformer import TransformerGroup

from geo.errors import UserError

BNG = "EPSG:27700"
WGS84 = "EPSG:4326"
GRID_FILE = "uk_os_OSTN15_NTv2_OSGBtoETRS.tif"
GRIDS_VARIABLE = "FAIRPLACE_GRIDS"

#: What a result says of its coordinates.
Accuracy = Literal["ostn15", "helmert, about 2 m", "no datum shift"]

# Ordnance Survey's worked example (Caister Water Tower; OSTN15 and OSGM15 user guide, annexe A):
# ETRS89 longitude and latitude, and the OSGB36 easting and northing that OSTN15 gives for them.
_KNOWN_LONLAT = (1.716073973, 52.658007833)
_KNOWN_BNG = (651409.804, 313177.450)

# England with its territorial sea: anything outside after reading was not in the CRS it claims.
ENGLAND_BNG = (80_000.0, 5_000.0, 660_000.0, 660_000.0)

# England and Wales with some sea, in kilometres, by hand: coarse, but enough to tell a layer whose
# northing stands before its easting, which the box above lets through.
_OUTLINE_KM = (
    (75, 0), (290, 20), (450, 60), (570, 85), (650, 120), (670, 300), (640, 345), (560, 360), (560, 410),
    (545, 490), (490, 540), (440, 590), (430, 640), (405, 670), (360, 645), (370, 600), (310, 575),
    (285, 530), (285, 490), (315, 450), (310, 400), (200, 410), (190, 300), (150, 220), (190, 130),
    (120, 60), (75, 25),
)  # fmt: skip

#: Longitude and latitude are rounded straight after the shift, so that different releases of PROJ,
#: which differ in the last digits, give the same bytes. 9 decimals are a tenth of a millimetre.
DEGREE_DECIMALS = 9
METRE_DECIMALS = 3


class CrsError(UserError, ValueError):
    """Two layers, or a layer and the calculation, disagree about coordinates."""


@dataclass(frozen=True)
class Shift:
    """How a datum shift is done on this machine.

    Parameters
    ----------
    accuracy
        ``ostn15`` where the grid is found and gives Ordnance Survey's known answer.
    grid
        The grid in use, or None.
    error_metres
        Distance of the known answer from Ordnance Survey's, in metres.
    """

    accuracy: Accuracy
    grid: Path | None
    error_metres: float


def find_grid() -> Path | None:
    """Path of the OSTN15 grid: in ``FAIRPLACE_GRIDS``, else in PROJ's own folders, else None.

    Raises
    ------
    CrsError
        ``FAIRPLACE_GRIDS`` names something that is not a folder holding the grid.
    """
    named = os.environ.get(GRIDS_VARIABLE, "")
    if named:
        path = Path(named)
        path = path if path.suffix == ".tif" else path / GRID_FILE
        if not path.is_file():
            raise CrsError(
                f"{GRIDS_VARIABLE} is {named}, which does not hold {GRID_FILE}; "
                f"give the folder that holds the grid, or unset it"
            )
        return path
    folders = [get_user_data_dir(), *get_data_dir().split(os.pathsep)]
    for folder in folders:
        if folder and (Path(folder) / GRID_FILE).is_file():
            return Path(folder) / GRID_FILE
    return None


def shift() -> Shift:
    """Tell how datum shifts are done here, proven on Ordnance Survey's known answer."""
    return _shift(find_grid())


@cache
def _shift(grid: Path | None) -> Shift:
    transformer = _to_bng(grid)
    east, north = transformer.transform(*_KNOWN_LONLAT)
    error = float(np.hypot(east - _KNOWN_BNG[0], north - _KNOWN_BNG[1]))
    if grid is not None and error > 0.01:
        raise CrsError(
            f"{grid.name} is present but gives Ordnance Survey's test point {error:.2f} m away; "
            f"the file is damaged or not OSTN15: fetch it again"
        )
    return Shift("ostn15" if grid is not None else "helmert, about 2 m", grid, error)


def _pipeline(grid: Path | None) -> str:
    # Written out rather than left to PROJ's choice of operation, which depends on what grids and
    # networks a machine happens to have and never says which it took.
    if grid is not None:
        datum = f'+step +inv +proj=hgridshift +grids="{grid.as_posix()}"'
    else:
        datum = (
            "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 "
            "+step +inv +proj=helmert +x=446.448 +y=-125.157 +z=542.06 "
            "+rx=0.15 +ry=0.247 +rz=0.842 +s=-20.489 +convention=position_vector "
            "+step +inv +proj=cart +ellps=airy +step +proj=pop +v_3"
        )
    return (
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
        f"{datum} "
        "+step +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
    )


@cache
def _to_bng(grid: Path | None) -> pyproj.Transformer:
    return pyproj.Transformer.from_pipeline(_pipeline(grid))


def lonlat_to_bng(lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eastings and northings of points in degrees.

    Parameters
    ----------
    lon, lat
        Degrees, WGS84 or ETRS89 (taken as one: they are under a metre apart), any shape.

    Returns
    -------
    tuple of array
        Metres in EPSG:27700, rounded to the millimetre; infinite outside the projection.
    """
    east, north = _to_bng(find_grid()).transform(np.asarray(lon, float), np.asarray(lat, float))
    return np.round(east, METRE_DECIMALS), np.round(north, METRE_DECIMALS)


def bng_to_lonlat(east: ArrayLike, north: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of points in metres of EPSG:27700, rounded to 9 decimals."""
    lon, lat = _to_bng(find_grid()).transform(
        np.asarray(east, float), np.asarray(north, float), direction="INVERSE"
    )
    return np.round(lon, DEGREE_DECIMALS), np.round(lat, DEGREE_DECIMALS)


def to_bng(frame: gpd.GeoDataFrame, *, where: str) -> tuple[gpd.GeoDataFrame, Accuracy]:
    """Bring a layer to British National Grid, by OSTN15 where the grid is at hand.

    Parameters
    ----------
    frame
        Any layer with a CRS.
    where
        File or layer, for messages.

    Returns
    -------
    tuple
        The layer in EPSG:27700 and how accurate its coordinates are: ``no datum shift`` where it was
        in EPSG:27700 already.

    Raises
    ------
    CrsError
        The layer has no CRS, or its coordinates are not where its CRS would have them in England:
        swapped axes and wrong labels are named as such.
    """
    if frame.crs is None:
        raise CrsError(
            f"{where} has no CRS, so its coordinates could be anything; say which it is, for "
            f'example frame.set_crs("EPSG:27700") if they are metres of the National Grid'
        )
    if frame.empty:
        return gpd.GeoDataFrame(frame.copy(), crs=BNG), "no datum shift"
    _check_degrees(frame, where)
    accuracy: Accuracy = "no datum shift"
    if frame.crs.equals(pyproj.CRS(BNG)) or frame.crs.to_epsg() == 27700:
        moved = frame.copy()
    else:
        # ETRS89 and WGS84 are the same to under a metre, so anything else goes to degrees first
        # (a projection, no datum shift for the CRSs in use here) and then through our own pipeline.
        degrees = frame if frame.crs.to_epsg() in (4326, 4258) else frame.to_crs(WGS84)
        moved = gpd.GeoDataFrame(frame.copy())
        moved = moved.set_geometry(
            gpd.GeoSeries(
                shapely.transform(
                    degrees.geometry.to_numpy(),
                    lambda points: np.column_stack(lonlat_to_bng(points[:, 0], points[:, 1])),
                ),
                index=frame.index,
                crs=BNG,
            )
        )
        accuracy = shift().accuracy
    _check_england(moved, where, str(frame.crs.to_string()))
    return moved, accuracy


def to_lonlat(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Accuracy]:
    """Bring a layer from British National Grid to degrees (EPSG:4326), rounded to 9 decimals.

    Raises
    ------
    CrsError
        The layer is not in EPSG:27700.
    """
    if frame.crs != BNG:
        raise CrsError(
            f"the layer is in {frame.crs or 'no CRS'}, but everything is kept in {BNG}; "
            f"bring it there with geo.crs.to_bng first"
        )
    moved = frame.set_geometry(
        gpd.GeoSeries(
            shapely.transform(
                frame.geometry.to_numpy(),
                lambda points: np.column_stack(bng_to_lonlat(points[:, 0], points[:, 1])),
            ),
            index=frame.index,
            crs=WGS84,
        )
    )
    return moved, shift().accuracy


def _check_degrees(frame: gpd.GeoDataFrame, where: str) -> None:
    if not frame.crs.is_geographic:
        return
    west, south, east, north = frame.total_bounds
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        raise CrsError(
            f"{where} says {frame.crs.to_string()} (degrees), but holds {west:.0f}, {south:.0f}: these "
            f'look like metres; if they are National Grid, use frame.set_crs("EPSG:27700", '
            f"allow_override=True)"
        )
    if west >= 49 and east <= 61 and south >= -9 and north <= 3:
        raise CrsError(
            f"{where} has its axes swapped: {west:.3f}, {south:.3f} is latitude before longitude; "
            f"exchange the two columns"
        )


def _check_england(frame: gpd.GeoDataFrame, where: str, said: str) -> None:
    west, south, east, north = frame.total_bounds
    low_east, low_north, high_east, high_north = ENGLAND_BNG
    inside = (
        np.isfinite([west, south, east, north]).all()
        and east >= low_east
        and west <= high_east
        and north >= low_north
        and south <= high_north
    )
    if inside and not _exchanged(frame):
        return
    hint = "check the CRS it was saved with"
    if inside or (low_east <= south <= high_east and low_north <= west <= high_north):
        hint = "northing seems to stand before easting: exchange the two"
    elif abs(west) <= 180 and abs(south) <= 90:
        hint = 'these look like degrees: use frame.set_crs("EPSG:4326", allow_override=True)'
    raise CrsError(
        f"{where} (read as {said}) lies at {west:.0f}, {south:.0f} to {east:.0f}, {north:.0f}, outside "
        f"England in {BNG}; {hint}"
    )


def _exchanged(frame: gpd.GeoDataFrame) -> bool:
    west, south, east, north = frame.total_bounds
    outline = shapely.Polygon(np.asarray(_OUTLINE_KM) * 1000.0)
    as_it_is = shapely.box(west, south, east, north)
    other_way = shapely.box(south, west, north, east)
    return not outline.intersects(as_it_is) and bool(outline.contains(other_way))


def describe_operations() -> list[str]:
    """List the operations PROJ itself would choose between here, for a problem report."""
    group = TransformerGroup(WGS84, BNG, always_xy=True)
    return [one.description for one in group.transformers]
