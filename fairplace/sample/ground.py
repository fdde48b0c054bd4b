"""The ground the sample town stands on: a warped lattice, a hill, a river and a railway.

Everything else hangs on one lattice of points. Cells of the fine lattice make output areas, and
output areas make every larger area, so that neighbours share their vertices exactly and a set of
areas can have neither gap nor overlap. Streets run along the lattice, so that area boundaries
follow streets, as real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Fine cells along the side of an output area, and output areas across and up the lattice.
FINE = 5
COLUMNS = 22
ROWS = 16

#: First and last column (exclusive) of each band of two rows, south to north: the town's outline.
BANDS = ((4, 17), (2, 19), (1, 21), (0, 22), (0, 22), (1, 21), (3, 20), (5, 18))

#: Parks by name: first fine column and row, columns and rows, and OpenStreetMap's word for them.
PARKS = {
    "Castle Mead Park": (51, 33, 4, 4, "park"),
    "St Aldate's Gardens": (61, 44, 2, 2, "park"),
    "Tanners Recreation Ground": (42, 26, 3, 3, "recreation_ground"),
    "Sidings Field": (21, 17, 4, 3, "recreation_ground"),
    "Beacon Hill Common": (26, 71, 8, 3, "common"),
    "Northway Park": (67, 62, 4, 3, "park"),
    "Millbrook Meadow": (12, 51, 4, 4, "park"),
    "Fairlands Green": (96, 32, 3, 2, "park"),
    "Whinmoor Park": (82, 56, 3, 3, "park"),
    "Wharf Park": (56, 12, 3, 3, "park"),
    "Old Town Square": (56, 41, 1, 1, "garden"),
    "Larkfield Playing Field": (6, 38, 3, 3, "pitch"),
}

#: Where the middle of the lattice lies, in metres of EPSG:27700: open country, far from any town
#: that carries a name of ours.
CENTRE = (540_000.0, 260_000.0)

_HALF_WIDTH, _HALF_HEIGHT = 3_100.0, 2_500.0
_TURN = np.deg2rad(14.0)
_HILL_TOP = (4.6, 13.0)


@dataclass(frozen=True)
class Ground:
    """The lattice and the lines that cut it.

    Parameters
    ----------
    nodes : array of float, shape (COLUMNS * FINE + 1, ROWS * FINE + 1, 2)
        Eastings and northings of the fine lattice, rounded to the centimetre.
    output_area : array of int, shape (COLUMNS * FINE, ROWS * FINE)
        Number of the output area that each fine cell belongs to; -1 outside the town.
    river, railway
        Lines in EPSG:27700 that leave the town at both ends.
    """

    nodes: Floats
    output_area: Ints
    river: shapely.LineString
    railway: shapely.LineString

    def cells(self) -> NDArray[np.object_]:
        """Polygons of the fine cells, shape (columns, rows), in EPSG:27700."""
        n = self.nodes
        rings = np.stack([n[:-1, :-1], n[1:, :-1], n[1:, 1:], n[:-1, 1:], n[:-1, :-1]], axis=2)
        made: NDArray[np.object_] = shapely.polygons(rings)
        return made


def park_cells() -> NDArray[np.bool_]:
    """Fine cells that parks take up, shape (columns, rows): nobody lives there."""
    taken = np.zeros((COLUMNS * FINE, ROWS * FINE), dtype=bool)
    for column, row, wide, tall, _ in PARKS.values():
        taken[column : column + wide, row : row + tall] = True
    return taken


def warp(across: ArrayLike, up: ArrayLike) -> Floats:
    """Eastings and northings of lattice positions, before any node is nudged.

    Parameters
    ----------
    across, up
        Positions in output areas from the south-west corner of the lattice; may lie outside it.

    Returns
    -------
    array of float, shape (..., 2)
        Metres in EPSG:27700. Cells are small in the middle of town and twice as wide at its edge.
    """
    s = (np.asarray(across, float) - COLUMNS / 2) / (COLUMNS / 2)
    t = (np.asarray(up, float) - ROWS / 2) / (ROWS / 2)
    a = _HALF_WIDTH * (0.72 * s + 0.28 * s**3)
    b = _HALF_HEIGHT * (0.72 * t + 0.28 * t**3)
    # Bend the streets. The slopes of all terms together stay well under one, so no cell turns over.
    x = a + 190 * np.sin(b / 760 + 0.7) + 62 * np.sin((a + b) / 330) + 26 * np.sin(b / 140 + 1.1)
    y = b + 170 * np.sin(a / 690) + 55 * np.sin((a - b) / 350 + 2.0) + 24 * np.sin(a / 150)
    # Draw the corners in towards a round outline.
    rim = 1 - 0.07 * np.abs(s * t)
    x, y = x * rim, y * rim
    east = CENTRE[0] + x * np.cos(_TURN) - y * np.sin(_TURN)
    north = CENTRE[1] + x * np.sin(_TURN) + y * np.cos(_TURN)
    return np.stack([east, north], axis=-1)


def height(points: Floats) -> Floats:
    """Height above sea level in metres, for eastings and northings of shape (..., 2).

    A hill in the north-west with streets above one in ten, a river valley, and gentle country around.
    """
    east, north = points[..., 0] - CENTRE[0], points[..., 1] - CENTRE[1]
    top = warp(*_HILL_TOP) - CENTRE
    hill = 130 * np.exp(-(((east - top[0]) / 880) ** 2 + ((north - top[1]) / 760) ** 2))
    rise = 12 * np.sin(east / 2600) * np.cos(north / 2100) + 16 * np.abs(north - 0.25 * east - 250) / 2500
    rolling: Floats = 34 + hill + rise
    return rolling


def river_at(across: ArrayLike) -> Floats:
    """Tell how far up the lattice the river runs, in output areas."""
    u = np.asarray(across, float)
    course: Floats = 9.3 + 1.1 * np.sin(u / 3.1) + 0.4 * np.sin(u / 1.3)
    return course


def railway_line() -> shapely.LineString:
    """Course of the railway: engineers drew it, so it bends gently and takes no note of streets."""
    north = np.linspace(-3_600, 3_600, 200)
    east = -820 - 0.22 * north + 150 * np.sin(north / 1_900)
    return shapely.linestrings(np.round(np.stack([CENTRE[0] + east, CENTRE[1] + north], axis=-1), 2))


def make_ground(seed: int) -> Ground:
    """Lattice, river and railway; the seed nudges the nodes and nothing else."""
    rng = np.random.default_rng([seed, 1])
    i, j = np.meshgrid(np.arange(COLUMNS * FINE + 1) / FINE, np.arange(ROWS * FINE + 1) / FINE, indexing="ij")
    straight = warp(i, j)
    # Nudges in proportion to the spacing keep every cell convex, so no polygon can fold over.
    spacing = np.linalg.norm(np.gradient(straight, axis=0), axis=-1, keepdims=True)
    nodes = np.round(straight + rng.uniform(-0.11, 0.11, straight.shape) * spacing, 2)

    output_area = np.full((COLUMNS * FINE, ROWS * FINE), -1, dtype=np.int64)
    for number, (column, row) in enumerate(output_area_cells()):
        output_area[column * FINE : (column + 1) * FINE, row * FINE : (row + 1) * FINE] = number

    along = np.linspace(-1.0, COLUMNS + 1.0, 400)
    return Ground(
        nodes=nodes,
        output_area=output_area,
        river=shapely.linestrings(np.round(warp(along, river_at(along)), 2)),
        railway=railway_line(),
    )


def output_area_cells() -> list[tuple[int, int]]:
    """Column and row of every output area, in the order in which they are numbered.

    Each band of two rows is walked column by column, up and down in turn, so that output areas next
    to each other in the order share a side: any run of them is one connected area.
    """
    order: list[tuple[int, int]] = []
    for band, (first, last) in enumerate(BANDS):
        for step, column in enumerate(range(first, last)):
            rows = (2 * band, 2 * band + 1)
            order += [(column, row) for row in (rows if step % 2 == 0 else rows[::-1])]
    return order
