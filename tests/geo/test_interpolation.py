"""Ground shared by polygons, measured without building intersections, and counts moved by it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from geo.boundaries import Boundaries, read_boundaries
from geo.crosswalk import UnmatchedCodeError
from geo.geography import Geography
from geo.interpolation import interpolate, overlap_areas

LSOA21, WD25 = Geography("lsoa", 2021), Geography("wd", 2025)
X, Y = 505_000.0, 220_000.0


def areas(geography: Geography, letter: str, *shapes: object) -> Boundaries:
    codes = pd.Index([f"{letter}{n + 1:06d}" for n in range(len(shapes))])
    frame = gpd.GeoDataFrame({"name": "", "lad": ""}, geometry=list(shapes), index=codes, crs="EPSG:27700")
    return Boundaries(geography, frame)


SQUARE = box(X, Y, X + 100, Y + 100)


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (SQUARE, 10_000.0),
        (box(X + 50, Y + 50, X + 150, Y + 150), 2_500.0),
        (box(X + 100, Y, X + 200, Y + 100), None),  # an edge in common
        (box(X + 100, Y + 100, X + 200, Y + 200), None),  # a corner
        (box(X + 20, Y + 20, X + 30, Y + 30), 100.0),  # inside
        (box(X - 100, Y - 100, X + 200, Y + 200), 10_000.0),  # around
        (box(X - 100, Y - 100, X + 200, Y + 200).difference(box(X + 10, Y + 10, X + 90, Y + 90)), 3_600.0),  # a hole
        (Polygon([(X, Y), (X + 100, Y), (X + 50, Y + 200)]), 7_500.0),  # triangle: 10,000 less two of 1,250... cut at 100
        (MultiPolygon([box(X, Y, X + 10, Y + 10), box(X + 90, Y + 90, X + 110, Y + 110)]), 200.0),
        (box(X + 500, Y, X + 600, Y + 100), None),
    ],
)  # fmt: skip
def test_shared_ground_of_simple_shapes(other: object, shared: float | None) -> None:
    got = overlap_areas(np.array([SQUARE]), np.array([other]))
    assert got.ground.tolist() == ([] if shared is None else [pytest.approx(shared, rel=1e-12)])


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 10**6), st.integers(4, 40), st.integers(4, 40))
def test_it_is_the_area_of_the_intersection(seed: int, one: int, other: int) -> None:
    random = np.random.default_rng(seed)

    def spiky(corners: int) -> Polygon:
        angle = np.sort(random.uniform(0, 2 * np.pi, corners))
        # Coordinates on a lattice make edges that touch, cross at corners and run along one another.
        reach = random.integers(20, 120, corners)
        points = np.column_stack(
            [X + np.round(reach * np.cos(angle), -1), Y + np.round(reach * np.sin(angle), -1)]
        )
        made = shapely.make_valid(Polygon(points))
        parts = [part for part in shapely.get_parts(made) if part.geom_type == "Polygon"]
        return MultiPolygon(parts)

    a, b = spiky(one), spiky(other)
    if a.is_empty or b.is_empty:
        return
    expected = a.intersection(b).area
    got = overlap_areas(np.array([a]), np.array([b])).ground.sum()
    assert got == pytest.approx(expected, abs=1.1e-4)
    if expected > 1:
        assert got == pytest.approx(expected, rel=1e-9)


#  A square of 100 people in strips:  | 1 (10 m) | 2 (30 m) | 3 (55 m) | and 5 m that no strip covers
STRIPS = [box(X + a, Y, X + b, Y + 100) for a, b in pairwise([0, 10, 40, 95])]


def test_counts_keep_their_total_even_where_the_targets_leave_a_gap() -> None:
    origins, targets = areas(LSOA21, "E01", SQUARE), areas(WD25, "E05", *STRIPS)
    counts = pd.DataFrame({"people": [95.0], "homes": [10.0]}, index=origins.codes)
    got = interpolate(counts, origins, targets)
    assert got["people"].to_list() == pytest.approx([10.0, 30.0, 55.0])
    whole = interpolate(counts, origins, targets, whole=True)
    # 10 homes: 1.05, 3.16 and 5.79, so the largest remainder gets the last one.
    assert whole["homes"].to_list() == [1, 3, 6]
    with pytest.raises(UnmatchedCodeError, match="no counts for E01000001"):
        interpolate(counts.iloc[:0], origins, targets)
    with pytest.raises(UnmatchedCodeError, match=r"E01000001 \(lsoa21\) shares no ground with wd25"):
        interpolate(counts, origins, areas(WD25, "E05", Point(0, 0).buffer(5)))


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.floats(1, 999), min_size=1, max_size=8, unique=True),
    st.lists(st.integers(0, 10_000), min_size=4, max_size=4),
)
def test_any_cut_keeps_every_person(cuts: list[float], people: list[int]) -> None:
    origins = areas(LSOA21, "E01", *[box(X + 250 * n, Y, X + 250 * (n + 1), Y + 500) for n in range(4)])
    edges = [0.0, *sorted(cuts), 1000.0]
    wide = [(a, b) for a, b in pairwise(edges) if b - a > 1e-3]
    targets = areas(WD25, "E05", *[box(X + a, Y - 10, X + b, Y + 510) for a, b in wide])
    counts = pd.DataFrame({"people": np.array(people, float)}, index=origins.codes)
    assert interpolate(counts, origins, targets)["people"].sum() == pytest.approx(sum(people), rel=1e-12)
    assert interpolate(counts, origins, targets, whole=True)["people"].sum() == sum(people)


def test_real_luton_agrees_with_geos_pair_by_pair(real_data: Path) -> None:
    folder = real_data / "boundaries"
    lsoas = read_boundaries(
        folder / "england_lsoa21_bgc.parquet", LSOA21, authority="E06000032"
    ).areas.geometry.to_numpy()
    wards = read_boundaries(
        folder / "england_wd25_bgc.parquet", WD25, authority="E06000032"
    ).areas.geometry.to_numpy()
    got = overlap_areas(lsoas, wards)
    expected = shapely.area(shapely.intersection(lsoas[got.left], wards[got.right]))
    np.testing.assert_allclose(got.ground, expected, rtol=1e-9, atol=1e-6)
    # The two files are generalised apart: 0.14 % of the LSOAs' ground is in no ward, which is why
    # counts are scaled to each LSOA's whole.
    assert 0.998 < got.ground.sum() / shapely.area(lsoas).sum() < 0.999
