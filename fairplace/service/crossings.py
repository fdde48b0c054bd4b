"""Shapes whose sides cross one another: how often, and when that is too often to be mended.

Mending a line that crosses itself takes the square of the crossings in time and memory, and so does
telling whether it crosses itself at all where the boxes of its sides lie over one another. So the boxes are
counted first, a few sides at a time, and the counting ends with the bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from fairplace.service.bounds import MENDED_CROSSINGS, SIDES_NEAR, SIDES_NEAR_EACH
from fairplace.service.problems import RequestError

#: Sides that are looked at together.
_TOGETHER = 64


def check_crossings(shape: Any, name: str) -> None:
    """Refuse a shape that crosses itself too often to be mended, or might.

    Parameters
    ----------
    shape
        Of any kind.
    name
        What it belongs to, for the message.

    Raises
    ------
    RequestError
        It does.
    """
    sides = _sides(shape)
    if len(sides) == 0:
        return
    tree = shapely.STRtree(sides)
    near, most = 0, SIDES_NEAR + SIDES_NEAR_EACH * len(sides)
    for first in range(0, len(sides), _TOGETHER):
        near += tree.query(sides[first : first + _TOGETHER]).shape[1]
        if near > most:
            raise RequestError(
                f"{name} has a feature of {len(sides):,} sides that lie over one another too often to be "
                "laid over anything; draw it with shorter sides, or in several parts"
            )
    if not shapely.is_valid(shape) and _count(sides, tree, MENDED_CROSSINGS) > MENDED_CROSSINGS:
        raise RequestError(
            f"{name} has a feature that crosses itself more than {MENDED_CROSSINGS} times "
            f"({shapely.is_valid_reason(shape)[:80]}); mend it where it was drawn"
        )


def count_crossings(shape: Any) -> int:
    """Count the pairs of sides of a shape that cross one another; meant for few points."""
    sides = _sides(shape)
    return _count(sides, shapely.STRtree(sides), len(sides) ** 2)


def _count(sides: NDArray[np.object_], tree: shapely.STRtree, most: int) -> int:
    """Count the pairs that cross, until there are more than so many."""
    found = 0
    for first in range(0, len(sides), _TOGETHER):
        # Each pair is found from both of its sides.
        found += tree.query(sides[first : first + _TOGETHER], predicate="crosses").shape[1]
        if found > 2 * most:
            break
    return found // 2


def _sides(shape: Any) -> NDArray[np.object_]:
    """Every side of a shape, of whatever it is made; points have none."""
    parts = shapely.get_parts(np.atleast_1d(np.asarray(shape, dtype=object)))
    while (shapely.get_type_id(parts) > 3).any():
        parts = shapely.get_parts(parts)
    polygons = shapely.get_type_id(parts) == 3
    lines = np.concatenate([shapely.get_rings(parts[polygons]), parts[~polygons]])
    points, line = shapely.get_coordinates(lines, return_index=True)
    same = line[1:] == line[:-1]
    made: NDArray[np.object_] = shapely.linestrings(np.stack([points[:-1][same], points[1:][same]], axis=1))
    return made
