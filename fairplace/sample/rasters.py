"""Elevation and population of the sample town as grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from fairplace.sample.formats import write_raster
from fairplace.sample.ground import CENTRE, height
from fairplace.sample.town import Town

#: Half the side of the elevation grid: it reaches beyond the town, as tiles of the real one do.
_REACH = 5_000
_PEOPLE_CELL = 100


def write_rasters(town: Town, folder: Path) -> list[Path]:
    """Elevation on 50 m cells in the manner of OS Terrain 50, and residents on 100 m cells."""
    west, north = CENTRE[0] - _REACH, CENTRE[1] + _REACH
    middle = np.arange(2 * _REACH // 50) * 50 + 25.0
    east, up = np.meshgrid(west + middle, north - middle)
    elevation = np.round(height(np.stack([east, up], axis=-1)), 1)
    first = write_raster(
        folder / "os_terrain50_halverton_10km.tif",
        elevation,
        west=west,
        north=north,
        cell_size=50,
        tags={"UNITS": "metres above ODN"},
    )
    bounds = town.areas.shapes["lad25"].iloc[0].bounds
    west, south = (np.floor(value / _PEOPLE_CELL) * _PEOPLE_CELL for value in bounds[:2])
    right, north = (np.ceil(value / _PEOPLE_CELL) * _PEOPLE_CELL for value in bounds[2:])
    columns = int((right - west) / _PEOPLE_CELL)
    rows = int((north - south) / _PEOPLE_CELL)
    people = np.zeros((rows, columns))
    row = ((north - town.truth["north"]) // _PEOPLE_CELL).astype(int)
    column = ((town.truth["east"] - west) // _PEOPLE_CELL).astype(int)
    np.add.at(people, (row, column), town.truth["persons"])
    # Outside the district is not "nobody" but "not counted".
    corners_east, corners_north = np.meshgrid(
        west + np.arange(columns) * _PEOPLE_CELL, north - np.arange(rows) * _PEOPLE_CELL
    )
    squares = shapely.box(
        corners_east, corners_north - _PEOPLE_CELL, corners_east + _PEOPLE_CELL, corners_north
    )
    people[~shapely.intersects(squares, town.areas.shapes["lad25"].iloc[0])] = np.nan
    second = write_raster(
        folder / "halverton_population_100m_2021.tif",
        people,
        west=float(west),
        north=float(north),
        cell_size=_PEOPLE_CELL,
        tags={"UNITS": "usual residents per cell"},
    )
    return [first, second]
