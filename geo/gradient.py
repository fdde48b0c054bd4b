"""Rise and fall along streets, from an elevation raster.

Heights are read at even steps along each street, so that a street over a hill is not level because its
ends are; a bridge or a tunnel is measured by its ends only, since the raster has the ground. Going up
and coming down cost differently, so each direction has its own effort.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from geo.crs import BNG, CrsError
from geo.network import Network, NetworkError
from geo.shortest import Floats, Longs


@dataclass(frozen=True)
class Grades:
    """Pieces of streets with their slopes.

    Parameters
    ----------
    edge : array of int64
        Segment of each piece.
    metres : array of float64
        Length of each piece.
    slope : array of float64
        Rise over run going forward; 0 where the raster does not say.
    said
        Raster, cell and how much of the streets it covers, in words.
    """

    edge: Longs
    metres: Floats
    slope: Floats
    said: str

    def effort(self, gradient: Callable[[Floats], Floats], edges: int) -> Floats:
        """Effort of each segment against the level, forward and back: mean over its pieces.

        Returns
        -------
        array of float64, shape (edges, 2)
            1 for a segment without length; infinite where any piece of it is.
        """
        total = np.bincount(self.edge, self.metres, minlength=edges)
        result = np.ones((edges, 2))
        for column, slope in enumerate((self.slope, -self.slope)):
            cost = gradient(slope)
            refused = np.bincount(self.edge, ~np.isfinite(cost), minlength=edges) > 0
            whole = np.bincount(
                self.edge, self.metres * np.where(np.isfinite(cost), cost, 1.0), minlength=edges
            )
            mean = np.divide(whole, total, out=np.ones(edges), where=total > 0)
            result[:, column] = np.where(refused, np.inf, mean)
        return result


def read_grades(network: Network, raster: Path, *, step: float | None = None) -> Grades:
    """Read the slope of every street from an elevation raster.

    Parameters
    ----------
    network
        Streets; the tags ``bridge`` and ``tunnel`` are heeded where there are any.
    raster
        Heights in metres in EPSG:27700, first band, in any format that GDAL reads.
    step
        Metres between heights along a street; two cells of the raster unless told.

    Raises
    ------
    NetworkError
        The file cannot be read, or does not cover any street.
    CrsError
        The raster is not in EPSG:27700.
    """
    import rasterio
    from rasterio.errors import RasterioError

    raster = Path(raster)
    try:
        with rasterio.open(raster) as source:
            if source.crs is None or source.crs.to_epsg() != 27700:
                raise CrsError(
                    f"{raster.name} is in {source.crs or 'no CRS'}, but streets are in {BNG}; "
                    f"warp it there first (gdalwarp -t_srs {BNG})"
                )
            heights = source.read(1, masked=True).astype(float).filled(np.nan)
            grid = source.transform
    except RasterioError as error:
        raise NetworkError(
            f"{raster.name} cannot be read as a raster ({error}); give a GeoTIFF of heights"
        ) from error
    cell = abs(float(grid.a))
    step = 2 * cell if step is None else step
    edge, share, metres = _pieces(network, step)
    points = shapely.get_coordinates(
        shapely.line_interpolate_point(network.lines()[edge], share, normalized=True)
    )
    column, row = (points[:, 0] - grid.c) / grid.a, (points[:, 1] - grid.f) / grid.e
    height = _bilinear(heights, row - 0.5, column - 0.5)
    first = np.concatenate([edge[1:] == edge[:-1], [False]])
    rise = np.where(first, np.concatenate([height[1:], [np.nan]]) - height, np.nan)[first]
    of, length = edge[first], metres[first]
    known = np.isfinite(rise) & (length > 0)
    if not known.any():
        raise NetworkError(f"{raster.name} covers none of the streets; give heights of the same place")
    slope = np.divide(rise, length, out=np.zeros(len(rise)), where=known)
    share_known = length[known].sum() / max(length.sum(), 1e-9)
    said = (
        f"{raster.name}, cells of {cell:g} m, heights every {step:g} m of street; slopes of shorter "
        f"stretches are not in it; {share_known:.1%} of street lengths covered, the rest taken as level"
    )
    return Grades(of, length, slope, said)


def _pieces(network: Network, step: float) -> tuple[Longs, Floats, Floats]:
    """Points along every segment: segment, share, and metres to the next point of the same segment."""
    length = np.asarray(network.length)
    count = np.maximum(1, np.ceil(length / step)).astype(np.int64)
    if network.tags is not None:
        for key in ("bridge", "tunnel"):
            if key in network.tags:
                value = network.tags[key].fillna("").astype("str")
                count[(~value.isin(["", "no"])).to_numpy()] = 1
    edge = np.repeat(np.arange(len(length)), count + 1)
    start = np.repeat(np.cumsum(count + 1) - (count + 1), count + 1)
    share = (np.arange(len(edge)) - start) / np.repeat(count, count + 1)
    return edge, share, np.repeat(length / count, count + 1)


def _bilinear(values: Floats, row: Floats, column: Floats) -> Floats:
    """Heights between the four nearest cell centres; NaN outside the raster or beside a missing cell."""
    rows, columns = values.shape
    inside = (row >= -0.5) & (row <= rows - 0.5) & (column >= -0.5) & (column <= columns - 0.5)
    row, column = np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    low, right = np.minimum(top + 1, rows - 1), np.minimum(left + 1, columns - 1)
    down, across = row - top, column - left
    upper = values[top, left] * (1 - across) + values[top, right] * across
    lower = values[low, left] * (1 - across) + values[low, right] * across
    return np.where(inside, upper * (1 - down) + lower * down, np.nan)
