"""Points put into areas: each once, none lost, however many there are.

A point inside an area belongs to it. A point exactly on an edge belongs to the area with the lowest
code of those it touches, so that neither order nor repetition of the calculation can move it and
nothing is counted twice. Points outside all areas and points without coordinates are counted too.

Points are taken in pieces, so memory depends on the areas and on the size of a piece, not on the
number of points. The test itself is a count of crossings; a point so near an edge that rounding
could decide is handed to GEOS, whose arithmetic is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.boundaries import Boundaries
from geo.crs import BNG, WGS84, CrsError, lonlat_to_bng
from geo.errors import UserError
from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column, UnknownAreaError

#: Rows read and placed at a time, unless told otherwise.
PIECE = 250_000
#: What became of a point, by the number in `Placement.fate`.
FATES = ("inside", "on an edge", "outside", "no coordinates")
INSIDE, EDGE, OUTSIDE, NOWHERE = range(4)


class PointsError(UserError, ValueError):
    """A table of points lacks a column, or its numbers are not coordinates."""


@dataclass(frozen=True)
class AreaIndex:
    """Areas laid out for placing points: made once, used for any number of points.

    Parameters
    ----------
    geography
        Of the areas.
    codes
        Sorted; positions below refer to it.
    shapes
        The polygons, in EPSG:27700.
    """

    geography: Geography
    codes: pd.Index[str]
    shapes: NDArray[np.object_]
    _edges: tuple[Any, ...] = field(repr=False)
    _grid: tuple[Any, ...] = field(repr=False)
    _tree: shapely.STRtree = field(repr=False)


@dataclass(frozen=True)
class Placement:
    """Where each point of a piece fell.

    Parameters
    ----------
    area
        Position of its area in the index's codes; -1 where it has none.
    fate
        Position in `FATES`.
    """

    area: NDArray[np.int32]
    fate: NDArray[np.int8]


@dataclass(frozen=True)
class PointCounts:
    """Points counted by area, with every point accounted for.

    Parameters
    ----------
    geography
        Of the areas.
    counts
        Points of each area, indexed by code, 0 where there is none.
    sums
        Sum of a value over the points of each area; None where no value was asked for.
    fates
        `FATES` -> number of points; adds up to all points read.
    placed_by
        How the points got their coordinates -> number, such as ``UPRN`` or ``postcode centroid``.
    """

    geography: Geography
    counts: pd.Series[int]
    sums: pd.Series[float] | None
    fates: dict[str, int]
    placed_by: dict[str, int]

    @property
    def total(self) -> int:
        """All points read, placed or not."""
        return sum(self.fates.values())

    def sentence(self) -> str:
        """Say what became of the points."""
        parts = [f"{self.fates[name]:,} {name}" for name in FATES if self.fates[name]]
        how = ", ".join(f"{n:,} by {name}" for name, n in self.placed_by.items())
        return f"{self.total:,} points: {', '.join(parts) or 'none'}" + (f"; placed {how}" if how else "")

    def table(self, source: Source, *, id: str, label: str, unit: str = "points") -> AreaTable:  # noqa: A002
        """Give the counts as a table, with what became of all points in its notes."""
        column = Column(label, unit, "count")
        values = pd.DataFrame({id: self.counts.astype(float)})
        return AreaTable(self.geography, {id: column}, values, source, notes=(self.sentence(),))

    def rates(self, base: pd.Series[float], *, per: float = 1_000.0) -> pd.Series[float]:
        """Points for each `per` of a base, such as residents; NaN where the base is zero.

        Raises
        ------
        UnknownAreaError
            The base lacks an area.
        """
        absent = self.counts.index.difference(base.index)
        if len(absent):
            raise UnknownAreaError(f"the base holds no number for {absent[0]} ({self.geography.key})")
        below = base.reindex(self.counts.index)
        return self.counts / below.where(below > 0) * per


def index_areas(areas: Boundaries) -> AreaIndex:
    """Lay areas out for placing points."""
    shapes = areas.areas.geometry.to_numpy()
    kind, points, offsets = shapely.to_ragged_array(shapes)
    if kind == shapely.GeometryType.POLYGON:
        rings, polygons = offsets
        parts = polygons
    else:
        rings, polygons, multis = offsets
        parts = polygons[multis]
    west, south, east, north = shapely.total_bounds(shapes)
    # About one cell an area, but no finer than 250 m, so that the index of a country stays small.
    span = max(east - west, north - south)
    cell = max(250.0, span / max(1.0, np.sqrt(len(shapes)) * 8))
    across, up = int((east - west) // cell) + 1, int((north - south) // cell) + 1
    bounds = shapely.bounds(shapes)
    low = np.floor((bounds[:, :2] - (west, south)) / cell).astype(np.int64)
    high = np.floor((bounds[:, 2:] - (west, south)) / cell).astype(np.int64)
    starts, members = _fill_grid(low, high, across, up)
    return AreaIndex(
        areas.geography,
        areas.codes,
        shapes,
        (points, rings.astype(np.int64), parts.astype(np.int64), bounds),
        (float(west), float(south), float(cell), across, up, starts, members),
        shapely.STRtree(shapes),
    )


def place(x: ArrayLike, y: ArrayLike, index: AreaIndex) -> Placement:
    """Find the area of each point.

    Parameters
    ----------
    x, y
        Eastings and northings in metres of EPSG:27700; NaN or infinite for none.
    index
        From `index_areas`.
    """
    east = np.ascontiguousarray(np.asarray(x, dtype=np.float64))
    north = np.ascontiguousarray(np.asarray(y, dtype=np.float64))
    area, near = _place(east, north, *index._edges, *index._grid)
    fate = np.where(area >= 0, INSIDE, OUTSIDE).astype(np.int8)
    fate[~(np.isfinite(east) & np.isfinite(north))] = NOWHERE
    doubtful = np.flatnonzero(near)
    if len(doubtful):
        _decide(doubtful, east, north, index, area, fate)
    return Placement(area, fate)


def _decide(
    doubtful: NDArray[np.int64],
    east: NDArray[np.float64],
    north: NDArray[np.float64],
    index: AreaIndex,
    area: NDArray[np.int32],
    fate: NDArray[np.int8],
) -> None:
    points = shapely.points(east[doubtful], north[doubtful])
    row, found = index._tree.query(points, predicate="intersects")
    first = np.full(len(doubtful), np.iinfo(np.int64).max)
    np.minimum.at(first, row, found)
    held = first < np.iinfo(np.int64).max
    area[doubtful] = np.where(held, first, -1)
    fate[doubtful] = np.where(held, INSIDE, OUTSIDE)
    on_edge = np.unique(row[shapely.touches(index.shapes[found], points[row])])
    fate[doubtful[on_edge]] = EDGE


def count_points(
    pieces: Iterable[pd.DataFrame],
    index: AreaIndex,
    *,
    x: str = "x",
    y: str = "y",
    crs: str = BNG,
    value: str | None = None,
    placed_by: str | None = None,
) -> PointCounts:
    """Count points by area, a piece at a time.

    Parameters
    ----------
    pieces
        Tables of points; only one is held at a time.
    index
        From `index_areas`.
    x, y
        Columns of coordinates.
    crs
        EPSG:27700 (metres) or EPSG:4326 (x is longitude, y latitude).
    value
        Column to sum as well; a missing value adds nothing.
    placed_by
        Column that says how each point got its coordinates, or a word for all of them.

    Raises
    ------
    PointsError
        A column is not there.
    CrsError
        Another CRS, or coordinates that cannot be of it.
    """
    counts = np.zeros(len(index.codes), dtype=np.int64)
    sums = np.zeros(len(index.codes))
    fates = np.zeros(len(FATES), dtype=np.int64)
    how: dict[str, int] = {}
    for piece in pieces:
        for name in (x, y, *([value] if value else [])):
            if name not in piece.columns:
                found = ", ".join(map(str, piece.columns[:8]))
                raise PointsError(f"points have no column {name} (found {found}); say which hold coordinates")
        east, north = coordinates(piece[x], piece[y], crs=crs)
        where = place(east, north, index)
        held = where.area >= 0
        counts += np.bincount(where.area[held], minlength=len(counts))
        fates += np.bincount(where.fate, minlength=len(FATES))
        if value is not None:
            amounts = np.nan_to_num(pd.to_numeric(piece[value], errors="coerce").to_numpy(dtype=float))
            sums += np.bincount(where.area[held], amounts[held], minlength=len(sums))
        if placed_by is not None:
            given = piece[placed_by].value_counts() if placed_by in piece.columns else {placed_by: len(piece)}
            for name, n in given.items():
                how[str(name)] = how.get(str(name), 0) + int(n)
    return PointCounts(
        index.geography,
        pd.Series(counts, index=index.codes),
        pd.Series(sums, index=index.codes) if value is not None else None,
        {name: int(n) for name, n in zip(FATES, fates, strict=True)},
        dict(sorted(how.items())),
    )


def coordinates(
    x: pd.Series[Any], y: pd.Series[Any], *, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates as metres of EPSG:27700; what is not a number becomes NaN.

    Raises
    ------
    CrsError
        A CRS that is neither metres of the National Grid nor degrees, degrees where metres were
        said, metres where degrees were, or latitude before longitude.
    """
    first = pd.to_numeric(x, errors="coerce").to_numpy(dtype=float)
    second = pd.to_numeric(y, errors="coerce").to_numpy(dtype=float)
    known = np.isfinite(first) & np.isfinite(second)
    if not known.any():
        return np.full(len(first), np.nan), np.full(len(first), np.nan)
    a, b = first[known], second[known]
    degrees = bool((np.abs(a) <= 180).all() and (np.abs(b) <= 90).all() and (a != 0).any())
    if crs == BNG:
        if degrees:
            raise CrsError(
                f"points are said to be in {BNG}, but the first is {a[0]:g}, {b[0]:g}: these look like "
                f"degrees; say {WGS84}"
            )
        return np.where(known, first, np.nan), np.where(known, second, np.nan)
    if crs != WGS84:
        raise CrsError(f"points in {crs} are not read; give metres of {BNG} or degrees of {WGS84}")
    if not degrees:
        far = int(np.flatnonzero((np.abs(a) > 180) | (np.abs(b) > 90))[0]) if len(a) else 0
        raise CrsError(
            f"points are said to be in {WGS84}, but one is {a[far]:g}, {b[far]:g}: these look like "
            f"metres; say {BNG}"
        )
    if (a > 49).all() and (np.abs(b) < 10).all():
        raise CrsError(f"the first point is {a[0]:g}, {b[0]:g}: latitude comes first; exchange x and y")
    east, north = np.full(len(first), np.nan), np.full(len(first), np.nan)
    east[known], north[known] = lonlat_to_bng(a, b)
    return east, north


def read_points(
    path: str | Path, *, columns: Iterable[str] | None = None, piece: int = PIECE
) -> Iterator[pd.DataFrame]:
    """Read a table of points in pieces: GeoParquet or Parquet, or CSV (also gzipped).

    Parameters
    ----------
    path
        The file.
    columns
        Keep only these; all if left out.
    piece
        Rows at a time, at most.

    Raises
    ------
    PointsError
        The file is not there, is of another kind, or lacks a column.
    """
    path = Path(path)
    wanted = None if columns is None else list(columns)
    if not path.is_file():
        raise PointsError(f"{path} is not there; check the name and the folder")
    kind = path.name.lower()
    if kind.endswith(".parquet"):
        held = pq.read_schema(path).names
    elif kind.endswith((".csv", ".csv.gz")):
        held = list(pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns)
    else:
        raise PointsError(
            f"{path.name}: points are read from .parquet, .csv or .csv.gz; save it as one of these"
        )
    for name in wanted or ():
        if name not in held:
            raise PointsError(f"{path.name} has no column {name}; it has {', '.join(held[:10])}")
    if kind.endswith(".parquet"):
        yield from _parquet_pieces(path, wanted, piece)
    else:
        yield from _csv_pieces(path, wanted, piece)


def _parquet_pieces(path: Path, columns: list[str] | None, piece: int) -> Iterator[pd.DataFrame]:
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=piece, columns=columns, use_threads=False):
            yield batch.to_pandas()


def _csv_pieces(path: Path, columns: list[str] | None, piece: int) -> Iterator[pd.DataFrame]:
    options = pa_csv.ConvertOptions(include_columns=columns, strings_can_be_null=True)
    # Blocks of bytes, not of rows: about 64 bytes a row, and never more than a few pieces in memory.
    reading = pa_csv.ReadOptions(block_size=max(1 << 16, min(piece * 64, 1 << 24)), use_threads=False)
    try:
        with pa_csv.open_csv(path, read_options=reading, convert_options=options) as reader:
            for batch in reader:
                yield batch.to_pandas()
    except pa.ArrowInvalid as error:
        raise PointsError(f"{path.name}: {str(error).splitlines()[0][:200]}") from error


@numba.njit(cache=True)
def _fill_grid(low, high, across, up):  # type: ignore[no-untyped-def]
    counts = np.zeros(across * up + 1, dtype=np.int32)
    for n in range(len(low)):
        for row in range(low[n, 1], high[n, 1] + 1):
            for column in range(low[n, 0], high[n, 0] + 1):
                counts[row * across + column + 1] += 1
    for cell in range(across * up):
        counts[cell + 1] += counts[cell]
    starts = counts
    members = np.empty(starts[-1], dtype=np.int32)
    filled = starts[:-1].copy()
    for n in range(len(low)):
        for row in range(low[n, 1], high[n, 1] + 1):
            for column in range(low[n, 0], high[n, 0] + 1):
                cell = row * across + column
                members[filled[cell]] = n
                filled[cell] += 1
    return starts, members


@numba.njit(cache=True)
def _place(east, north, xy, rings, parts, bounds, west, south, cell, across, up, starts, members):  # type: ignore[no-untyped-def]
    area = np.full(len(east), -1, dtype=np.int32)
    near = np.zeros(len(east), dtype=np.bool_)
    for n in range(len(east)):
        x, y = east[n], north[n]
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        column, row = int(np.floor((x - west) / cell)), int(np.floor((y - south) / cell))
        if column < 0 or row < 0 or column >= across or row >= up:
            continue
        at = row * across + column
        for k in range(starts[at], starts[at + 1]):
            m = members[k]
            if x < bounds[m, 0] or x > bounds[m, 2] or y < bounds[m, 1] or y > bounds[m, 3]:
                continue
            inside = False
            doubt = False
            for ring in range(parts[m], parts[m + 1]):
                start, stop = rings[ring], rings[ring + 1]
                y1 = xy[start, 1]
                for i in range(start, stop - 1):
                    y2 = xy[i + 1, 1]
                    # Edges wholly above or below cannot matter; those that only touch the height of
                    # the point are looked at, since the point may lie on them.
                    if (y1 < y and y2 < y) or (y1 > y and y2 > y):
                        y1 = y2
                        continue
                    x1, x2 = xy[i, 0], xy[i + 1, 0]
                    if x1 < x and x2 < x:
                        y1 = y2
                        continue
                    first, second = (x1 - x) * (y2 - y), (x2 - x) * (y1 - y)
                    turn = first - second
                    # Relative error of the products of differences is under 8 units of rounding.
                    if abs(turn) <= 1.8e-15 * (abs(first) + abs(second)):
                        doubt = True
                        break
                    if (y1 > y) != (y2 > y) and (turn > 0) == (y2 > y1):
                        inside = not inside
                    y1 = y2
                if doubt:
                    break
            if doubt:
                near[n] = True
                break
            if inside:
                area[n] = m
                break
    return area, near
