"""Shapes for the browser: small, shared, without gaps."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from maps.shapes import STEPS, ShapeStore, encode, simplify


def decode(shape):
    def ring(flat):
        return np.array(flat).reshape(-1, 2).cumsum(axis=0) / STEPS

    return shapely.MultiPolygon(
        [shapely.Polygon(ring(one[0]), [ring(hole) for hole in one[1:]]) for one in shape["c"]]
    )


@given(st.integers(3, 40), st.integers(0, 10_000))
def test_what_is_written_reads_back_within_half_a_step(corners, seed):
    turn = np.sort(np.random.default_rng(seed).uniform(0, 2 * np.pi, corners))
    outer = np.column_stack([np.cos(turn), np.sin(turn)]) * 0.01 + [-0.4, 51.9]
    shape = shapely.Polygon(outer)
    back = np.array(encode(shape)["c"][0][0]).reshape(-1, 2).cumsum(axis=0) / STEPS
    reached = shapely.distance(shapely.points(back), shape.exterior)
    assert reached.max() <= 0.75 / STEPS


def test_holes_parts_lines_and_points_survive():
    hole = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    both = shapely.MultiPolygon([hole, shapely.box(5, 5, 6, 6)])
    assert decode(encode(both)).equals(both)
    assert encode(shapely.LineString([(0, 0), (1, 1)])) == {"t": "l", "c": [[0, 0, STEPS, STEPS]]}
    assert encode(shapely.Point(1, 2)) == {"t": "p", "c": [STEPS, 2 * STEPS]}


def test_an_area_smaller_than_a_step_is_still_written():
    speck = shapely.box(-0.4, 51.9, -0.399999, 51.900001)
    assert len(encode(speck)["c"][0][0]) == 8


def test_simplifying_opens_no_gap_and_loses_no_area(luton):
    areas = luton[0].areas
    made = simplify(areas, tolerance=20)
    assert len(made) == 125
    assert made.geometry.get_coordinates().shape[0] < areas.geometry.get_coordinates().shape[0]
    assert shapely.coverage_is_valid(made.geometry.to_numpy())
    assert not made.geometry.is_empty.any()
    whole = made.geometry.area.sum()
    assert abs(shapely.union_all(made.geometry.to_numpy()).area - whole) < 1e-6 * whole


def test_borders_stay_shared_in_what_the_browser_gets(luton):
    store = ShapeStore(tolerance=5)
    key = store.add(luton[0].areas[["geometry"]], luton[0].names)
    drawn = np.array([decode(one) for one in store.sets[key]["shapes"]])
    # Rounding to steps may fold a sliver; what is checked is that no gap or overlap is wider than a step.
    total, joined = shapely.area(drawn).sum(), shapely.union_all(shapely.make_valid(drawn)).area
    assert abs(total - joined) < 1e-5 * total


def test_equal_shapes_are_kept_once(grid):
    store = ShapeStore()
    first = store.add(grid[["geometry"]], grid["name"])
    assert store.add(grid[["geometry"]].copy(), grid["name"]) == first
    other = gpd.GeoDataFrame(geometry=grid.geometry.translate(5, 0), index=grid.index, crs=grid.crs)
    assert store.add(other, grid["name"]) != first
    assert store.accuracy
