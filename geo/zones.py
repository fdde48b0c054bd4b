"""Rasters into areas: each cell counts for the part of it that an area covers.

A cell on a boundary is divided by ground, so the sums of a complete tiling add up to the raster's
own total. Cells without data add nothing, and how much of each area they leave uncovered is said.
The areas are brought to the raster's coordinates, never the raster to theirs: moving cells would
change their sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import rasterio
import shapely
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import RasterSource
from numpy.typing import NDArray

from geo.boundaries import Boundaries
from geo.crs import WGS84, CrsError, to_lonlat
from geo.errors import UserError
from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column
from geo.vector import same_as_national_grid

Stat = Literal["sum", "mean", "min", "max"]
#: Rasters up to this many cells are held in memory; larger ones are read window by window.
CELLS_IN_MEMORY = 64_000_000
#: Numbers that programs write where they have no data. Found in a raster that does not declare them,
#: they would be summed as if they were people or metres.
SENTINELS = (
    -9999.0,
    -99999.0,
    -999999.0,
    -32768.0,
    -2147483648.0,
    -3.4028234663852886e38,
    1e20,
    3.4028234663852886e38,
)
#: A sum is given for an area of which at least this share lies within the raster, a mean for one of
#: which at least half holds data; others are missing.
LEAST_WITHIN, LEAST_COVERED = 0.99, 0.5


class RasterError(UserError, ValueError):
    """A raster cannot be summed as it is: no data undeclared, rotated, or not over the areas."""


@dataclass(frozen=True)
class ZoneValues:
    """A statistic of a raster for each area.

    Parameters
    ----------
    geography
        Of the areas.
    stat
        Which statistic.
    values
        By code; NaN where the area lies outside the raster or holds no data.
    covered
        Share of each area's ground that holds data, 0 to 1.
    within
        Share of each area's ground within the raster's edges.
    notes
        What the reader must be told.
    """

    geography: Geography
    stat: Stat
    values: pd.Series[float]
    covered: pd.Series[float]
    within: pd.Series[float]
    notes: tuple[str, ...] = ()

    def table(self, source: Source, *, id: str, column: Column) -> AreaTable:  # noqa: A002
        """Give the values as a table of one column."""
        return AreaTable(
            self.geography, {id: column}, pd.DataFrame({id: self.values}), source, notes=self.notes
        )


def read_zones(
    path: str | Path,
    areas: Boundaries,
    *,
    stat: Stat = "sum",
    band: int = 1,
    nodata: float | None = None,
    crs: str | None = None,
) -> ZoneValues:
    """Sum (or average) a raster over areas, with partial cells.

    Parameters
    ----------
    path
        Any raster that GDAL reads, north up.
    areas
        In EPSG:27700.
    stat
        ``sum`` for counts a cell (people), ``mean`` for levels (height, noise, air), by ground.
    band
        1 for the first.
    nodata
        Value that means no data, where the file does not declare it.
    crs
        For a raster that does not say its CRS.

    Raises
    ------
    CrsError
        The raster has no CRS and none was given.
    RasterError
        It is rotated, has no such band, holds an undeclared no-data value, or none of the areas.

    Notes
    -----
    Coverage of cells is computed exactly by exactextract (Baston, 2018-2025).
    """
    path = Path(path)
    with _open(path) as data:
        _check_grid(data, band, path.name)
        shapes, notes = _in_raster_crs(areas, data, crs, path.name)
        cells = _Cells(data, band, nodata, path.name)
        notes += cells.notes
        box = shapely.box(*cells.extent())
        ground = shapely.area(shapes)
        within = np.clip(shapely.area(shapely.intersection(shapes, box)) / ground, 0.0, 1.0)
        touched = within > 0
        if not touched.any():
            raise RasterError(
                f"{path.name} covers none of the {len(shapes)} areas; it lies at "
                f"{', '.join(f'{n:.6g}' for n in cells.extent())} in {data.crs or crs}"
            )
        found = exact_extract(
            cells,
            _Zones(np.flatnonzero(touched), shapely.to_wkb(shapes[touched])),
            [f"value={stat}", "cells=count"],
            include_cols=["zone"],
            output="pandas",
        ).set_index("zone")
        cell_ground = abs(data.transform.a * data.transform.e)
    values = np.full(len(shapes), np.nan)
    covered = np.zeros(len(shapes))
    rows = found.index.to_numpy(dtype=int)
    values[rows] = found["value"].to_numpy(dtype=float)
    covered[rows] = np.clip(found["cells"].to_numpy(dtype=float) * cell_ground / ground[rows], 0.0, 1.0)
    if stat == "sum":
        # An area wholly without data holds nothing that was counted: zero, not missing.
        values[rows] = np.nan_to_num(values[rows])
        usable = within >= LEAST_WITHIN
    else:
        usable = covered >= LEAST_COVERED
    values[~usable] = np.nan
    index = areas.codes
    notes += _coverage_notes(path.name, stat, index, usable, covered)
    return ZoneValues(
        areas.geography,
        stat,
        pd.Series(values, index),
        pd.Series(covered, index),
        pd.Series(within, index),
        tuple(notes),
    )


def _coverage_notes(
    where: str, stat: Stat, codes: pd.Index[str], usable: NDArray[np.bool_], covered: NDArray[np.float64]
) -> list[str]:
    notes = []
    if (~usable).any():
        why = (
            "lie partly outside the raster"
            if stat == "sum"
            else "hold data on less than half of their ground"
        )
        notes.append(f"{where}: {int((~usable).sum())} areas ({codes[~usable][0]} first) {why}; missing")
    thin = usable & (covered < 0.95)
    if thin.any():
        notes.append(
            f"{where}: {int(thin.sum())} areas ({codes[thin][0]} first) have no data on more than a "
            "twentieth of "
            f"their ground"
        )
    return notes


def _open(path: Path) -> Any:
    if not path.exists():
        raise RasterError(f"{path} is not there; check the name and the folder")
    try:
        return rasterio.open(path)
    except rasterio.errors.RasterioIOError as error:
        raise RasterError(
            f"{path.name} is not a raster that can be read: {str(error).splitlines()[0]}"
        ) from error


def _check_grid(data: Any, band: int, where: str) -> None:
    if not 1 <= band <= data.count:
        raise RasterError(f"{where} has {data.count} bands; there is no band {band}")
    grid = data.transform
    if grid.b != 0 or grid.d != 0:
        raise RasterError(f"{where} is rotated; save it north up (gdalwarp does)")
    if grid.e >= 0 or grid.a <= 0:
        raise RasterError(f"{where} has its rows from south to north; save it north up (gdalwarp does)")


def _in_raster_crs(
    areas: Boundaries, data: Any, said: str | None, where: str
) -> tuple[NDArray[np.object_], list[str]]:
    if data.crs is None and said is None:
        raise CrsError(
            f"{where} does not say its CRS, and it is not guessed; say which it is, such as "
            f'crs="EPSG:27700" for metres of the National Grid'
        )
    crs = pyproj.CRS.from_user_input(said) if data.crs is None else pyproj.CRS.from_wkt(data.crs.to_wkt())
    if data.crs is not None and said is not None and not crs.equals(pyproj.CRS(said), ignore_axis_order=True):
        raise CrsError(
            f"{where} says {crs.to_string()[:60]}, but {said} was given; leave crs out, or mend the file"
        )
    if same_as_national_grid(crs):
        return areas.areas.geometry.to_numpy(), []
    degrees, accuracy = to_lonlat(gpd.GeoDataFrame(geometry=areas.areas.geometry))
    name = crs.to_string() if len(crs.to_string()) < 20 else crs.name
    note = f"{where} is in {name}: areas were brought to it ({accuracy}), its cells left as they are"
    if crs.is_geographic:
        return degrees.geometry.to_numpy(), [note]
    return degrees.set_crs(WGS84, allow_override=True).to_crs(crs).geometry.to_numpy(), [note]


class _Cells(RasterSource):  # type: ignore[misc]
    """Cells of a band, from memory where they fit, with what means no data masked."""

    def __init__(self, data: Any, band: int, nodata: float | None, where: str) -> None:
        super().__init__()
        self.data, self.band = data, band
        self.scale, self.offset = data.scales[band - 1], data.offsets[band - 1]
        declared = data.nodata
        self.empty = [float(one) for one in (declared, nodata) if one is not None and np.isfinite(one)]
        self.notes: list[str] = []
        if nodata is not None and declared is not None and float(nodata) != float(declared):
            self.notes.append(
                f"{where} declares {declared:g} as no data; {nodata:g} was taken as no data too"
            )
        self.held: Any = None
        if data.width * data.height <= CELLS_IN_MEMORY:
            self.held = data.read(band)
            self._check_sentinels(self.held, where)
        else:
            for _, window in data.block_windows(band):
                self._check_sentinels(data.read(band, window=window), where)

    def _check_sentinels(self, cells: NDArray[Any], where: str) -> None:
        numbers = cells[np.isfinite(cells)] if cells.dtype.kind == "f" else cells
        if not numbers.size:
            return
        low, high = float(numbers.min()), float(numbers.max())
        for value in (low, high):
            if value in self.empty:
                # The extreme is declared: look at what is left.
                rest = numbers[~np.isin(numbers, np.asarray(self.empty, dtype=numbers.dtype))]
                if rest.size:
                    self._refuse(float(rest.min()), rest, where)
                    self._refuse(float(rest.max()), rest, where)
            else:
                self._refuse(value, numbers, where)

    def _refuse(self, value: float, numbers: NDArray[Any], where: str) -> None:
        if not any(np.isclose(value, one, rtol=1e-6) for one in SENTINELS):
            return
        count = int((numbers == np.asarray(value, dtype=numbers.dtype)).sum())
        declared = ", ".join(f"{one:g}" for one in self.empty) or "nothing"
        raise RasterError(
            f"{where} holds {value:g} in {count} cells, which programs write for no data, but declares "
            f"{declared}; "
            f"say nodata={value:g}"
        )

    def res(self) -> tuple[float, float]:
        return self.data.transform.a, -self.data.transform.e

    def extent(self) -> tuple[float, float, float, float]:
        bounds = self.data.bounds
        return bounds.left, bounds.bottom, bounds.right, bounds.top

    def nodata_value(self) -> None:
        return None

    def srs_wkt(self) -> None:
        return None

    def read_window(self, x0: int, y0: int, nx: int, ny: int) -> Any:
        if self.held is not None:
            cells = self.held[y0 : y0 + ny, x0 : x0 + nx]
        else:
            cells = self.data.read(self.band, window=rasterio.windows.Window(x0, y0, nx, ny))
        # Doubles throughout: sums of many single-precision cells would lose people to rounding.
        numbers = cells.astype(np.float64)
        for value in self.empty:
            numbers[cells == np.asarray(value).astype(cells.dtype)] = np.nan
        if self.scale != 1.0 or self.offset != 0.0:
            numbers = numbers * self.scale + self.offset
        return np.ma.masked_invalid(numbers)


class _Zone(Feature):  # type: ignore[misc]
    """One area, as bytes: exactextract's own way goes through text and takes four times as long."""

    def __init__(self, zone: int, shape: bytes) -> None:
        super().__init__()
        self.zone, self.shape = zone, shape

    def get(self, _name: str) -> int:
        return self.zone

    def geometry(self) -> bytes:
        return self.shape

    def fields(self) -> list[str]:
        return ["zone"]


class _Zones(FeatureSource):  # type: ignore[misc]
    def __init__(self, zones: NDArray[np.int64], shapes: NDArray[np.object_]) -> None:
        super().__init__()
        self.zones, self.shapes = zones, shapes

    def count(self) -> int:
        return len(self.zones)

    def srs_wkt(self) -> None:
        return None

    def __iter__(self) -> Iterator[_Zone]:
        for zone, shape in zip(self.zones.tolist(), self.shapes, strict=True):
            yield _Zone(zone, shape)
