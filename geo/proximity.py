"""How near points are to one another, and how dense, as the crow flies.

Straight lines only: for time on foot or by bicycle see the modules on networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from geo.errors import UserError


class ProximityError(UserError, ValueError):
    """Points to measure between are missing, or a distance is not one."""


@dataclass(frozen=True)
class Density:
    """Kernel density on square cells.

    Parameters
    ----------
    cells
        Points (or their weight) for each hectare; row 0 is the northernmost.
    west, north
        Top-left corner in metres of EPSG:27700.
    cell_size
        Width of a cell in metres.
    bandwidth
        Standard deviation of the kernel in metres.
    """

    cells: NDArray[np.float64]
    west: float
    north: float
    cell_size: float
    bandwidth: float


def nearest(
    x: ArrayLike, y: ArrayLike, to_x: ArrayLike, to_y: ArrayLike, *, names: ArrayLike | None = None
) -> pd.DataFrame:
    """Nearest of some places to each point, in a straight line.

    Parameters
    ----------
    x, y
        Points in metres of EPSG:27700; NaN gives a missing answer.
    to_x, to_y
        Places.
    names
        Their names; their positions if left out.

    Returns
    -------
    DataFrame
        A row for each point, in order: ``nearest`` (name; of equally near places, the first in the
        order given; missing where the point has no coordinates) and ``metres``.
    """
    points = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    places = np.column_stack([np.asarray(to_x, float), np.asarray(to_y, float)])
    usable = np.isfinite(places).all(axis=1)
    if not usable.any():
        raise ProximityError("there is no place with coordinates to be near to; give at least one")
    labels = np.asarray(names if names is not None else np.arange(len(places)), dtype=object)[usable]
    places = places[usable]
    known = np.isfinite(points).all(axis=1)
    metres = np.full(len(points), np.nan)
    found = np.full(len(points), None, dtype=object)
    # Asking for two shows ties at the first place; a third at the same distance cannot beat the lower
    # position of these only if the tree returns ties in order, so all within the distance are asked.
    tree = cKDTree(places)
    distance, first = tree.query(points[known], k=1)
    ties = tree.query_ball_point(points[known], distance * (1 + 1e-12) + 1e-9, return_sorted=True)
    metres[known] = distance
    found[known] = labels[
        [int(near[0]) if len(near) else int(one) for near, one in zip(ties, first, strict=True)]
    ]
    return pd.DataFrame({"nearest": found, "metres": metres})


def kernel_density(
    x: ArrayLike,
    y: ArrayLike,
    *,
    extent: tuple[float, float, float, float],
    cell_size: float,
    bandwidth: float,
    weight: ArrayLike | None = None,
) -> Density:
    """Smooth points over square cells with a Gaussian kernel.

    Parameters
    ----------
    x, y
        Metres of EPSG:27700; points outside the extent or without coordinates are left out.
    extent
        West, south, east, north in metres.
    cell_size
        Metres; at most half the bandwidth, or the cells would show and not the kernel.
    bandwidth
        Standard deviation in metres.
    weight
        Of each point; 1 if left out.

    Notes
    -----
    Points are put into cells and the cells smoothed; the kernel is cut at four bandwidths. What the
    kernel carries over the edge of the extent is lost there, so take an extent wider than the area.
    """
    if bandwidth <= 0 or cell_size <= 0 or cell_size > bandwidth / 2:
        raise ProximityError(
            f"a bandwidth of {bandwidth:g} m needs cells of at most {bandwidth / 2:g} m, not {cell_size:g} m"
        )
    west, south, east, north = extent
    across, up = int(np.ceil((east - west) / cell_size)), int(np.ceil((north - south) / cell_size))
    px, py = np.asarray(x, float), np.asarray(y, float)
    load = np.ones(len(px)) if weight is None else np.asarray(weight, float)
    inside = np.isfinite(px) & np.isfinite(py) & (px >= west) & (px < east) & (py > south) & (py <= north)
    column = ((px[inside] - west) // cell_size).astype(int)
    row = ((north - py[inside]) // cell_size).astype(int)
    kept = (row < up) & (column < across)
    flat = np.bincount(row[kept] * across + column[kept], load[inside][kept], minlength=across * up)
    smooth = gaussian_filter(flat.reshape(up, across), bandwidth / cell_size, mode="constant", truncate=4.0)
    return Density(smooth / (cell_size**2 / 10_000.0), west, north, cell_size, bandwidth)
