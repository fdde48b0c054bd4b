"""Sites over features: exact on squares, and lawful on anything."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from geo.crs import CrsError
from geo.overlay import (
    OverlayError,
    find_overlapping,
    lay_over,
    mend_features,
    pair_up,
    shape_notes,
)

BNG = "EPSG:27700"
#  A site of 100 m by 100 m, one hectare, at 500000, 200000.
E, N = 500_000.0, 200_000.0


def square(x: float, y: float, wide: float, tall: float | None = None) -> shapely.Polygon:
    return box(E + x, N + y, E + x + wide, N + y + (wide if tall is None else tall))


def frame(*shapes: shapely.Geometry, names: list[str] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        geometry=list(shapes), index=names or [f"F{n}" for n in range(len(shapes))], crs=BNG
    )


SITE = frame(square(0, 0, 100), names=["A"])


def only(features: gpd.GeoDataFrame, sites: gpd.GeoDataFrame = SITE, **how: object) -> dict[str, object]:
    return dict(lay_over(sites, features, **how).iloc[0])  # type: ignore[arg-type]


def test_a_square_over_a_quarter_of_a_square_is_a_quarter_of_it() -> None:
    got = only(frame(square(50, 50, 100)))
    assert got["square_metres"] == 2500
    assert got["share"] == 0.25
    assert (got["features"], got["contact"], got["metres"]) == (1, "overlap", 0.0)


def test_features_that_lie_on_one_another_count_the_ground_once() -> None:
    #  Left half, and the middle half: together three quarters; drawn twice for good measure.
    twice = [square(0, 0, 50, 100), square(25, 0, 50, 100)] * 2
    got = only(frame(*twice))
    assert got["square_metres"] == pytest.approx(7500, abs=1e-9)
    assert got["features"] == 4


def test_features_side_by_side_add_up_and_never_pass_the_whole() -> None:
    got = only(frame(*[square(x, y, 25) for x in range(-25, 150, 25) for y in range(-25, 150, 25)]))
    assert got["share"] == 1.0
    assert got["features"] == 16


def test_a_hole_in_a_feature_is_not_covered() -> None:
    ring = square(-50, -50, 200).difference(square(25, 25, 50))
    assert only(frame(ring))["square_metres"] == pytest.approx(7500, abs=1e-9)
    inside = frame(square(-50, -50, 200).difference(square(-10, -10, 120)))
    assert only(inside)["contact"] == "none"
    assert only(inside)["metres"] == pytest.approx(10)


@pytest.mark.parametrize(
    ("deep", "contact"),
    [
        (0.0, "edge"),  # edges that touch, no ground
        (0.2, "edge"),  # 20 m², under both limits
        (0.3, "edge"),  # 30 m² of 10,000: 0.3 %, under one
        (0.6, "overlap"),  # 60 m²: 0.6 %
    ],
)
def test_a_hairline_is_an_edge_contact_and_not_an_overlap(deep: float, contact: str) -> None:
    got = only(frame(square(100 - deep, 0, 50, 100)))
    assert got["contact"] == contact
    assert got["metres"] == 0
    assert got["square_metres"] == pytest.approx(100 * deep, abs=1e-6)


def test_a_sliver_wholly_inside_is_an_overlap_however_small() -> None:
    strip = frame(square(0, 0, 20, 1), names=["strip"])
    assert only(frame(square(-10, -10, 200)), strip)["contact"] == "overlap"


def test_the_nearest_feature_is_measured_where_none_meets_the_site() -> None:
    got = only(frame(square(130, 140, 10), square(300, 0, 10)))
    assert got["metres"] == pytest.approx(50)  # 30 across, 40 up
    assert (got["features"], got["contact"], got["share"]) == (0, "none", 0)


def test_lines_are_measured_by_length_and_points_by_number() -> None:
    line = shapely.LineString([(E - 50, N + 50), (E + 60, N + 50)])
    got = only(frame(line, line, shapely.Point(E + 10, N + 10), shapely.Point(E + 500, N)))
    assert got["metres_inside"] == 60
    assert (got["features"], got["contact"], got["share"]) == (3, "overlap", 0)


def test_a_layer_without_features_answers_none_and_says_where_looking_stopped() -> None:
    got = only(frame(), extent=square(-100, -100, 300))
    assert (got["features"], got["contact"], bool(got["beyond"])) == (0, "none", True)
    assert np.isnan(float(got["metres"]))  # type: ignore[arg-type]
    assert not only(frame())["beyond"]


@pytest.mark.parametrize(("away", "beyond"), [(79.0, False), (81.0, True)])
def test_a_nearest_feature_beyond_the_edge_of_the_data_is_said_to_be_unsure(
    away: float, beyond: bool
) -> None:
    #  The data stop 80 m from the site.
    got = only(frame(square(100 + away, 0, 10)), extent=square(-80, -80, 260))
    assert bool(got["beyond"]) is beyond


def test_the_part_of_a_site_outside_the_data_is_said() -> None:
    got = only(frame(square(0, 0, 10)), extent=square(-500, -500, 570, 2000))
    assert got["outside_share"] == pytest.approx(0.3)


def test_pairs_name_site_and_feature_with_both_shares() -> None:
    got = pair_up(SITE, frame(square(50, 50, 100), square(100, 0, 50), square(10, 10, 10)))
    assert got.to_dict("list") == {
        "site": ["A", "A"],
        "feature": ["F0", "F2"],
        "square_metres": [2500.0, 100.0],
        "site_share": [0.25, 0.01],
        "feature_share": [0.25, 1.0],
    }


def test_overlapping_and_duplicate_sites_are_found_once_each() -> None:
    sites = frame(
        square(0, 0, 100), square(50, 0, 100), square(0, 0, 100), square(150, 0, 9), names=list("abcd")
    )
    got = find_overlapping(sites)
    assert got[["site", "other", "square_metres", "same"]].to_numpy().tolist() == [
        ["a", "b", 5000.0, False],
        ["a", "c", 10000.0, True],
        ["b", "c", 5000.0, False],
    ]


def test_parts_and_slivers_are_told() -> None:
    two = shapely.MultiPolygon([square(0, 0, 50), square(80, 0, 50)])
    got = shape_notes(frame(two, square(0, 0, 400, 3), names=["two", "strip"]))
    assert got["parts"].tolist() == [2, 1]
    assert got["sliver"].tolist() == [False, True]
    assert got["hectares"].tolist() == [0.5, 0.12]


def test_what_is_no_site_is_refused_by_name() -> None:
    with pytest.raises(OverlayError, match=r"site road is a LineString.*close its outline"):
        lay_over(frame(shapely.LineString([(E, N), (E + 5, N)]), names=["road"]), SITE)
    with pytest.raises(OverlayError, match="two sites are called A"):
        lay_over(frame(square(0, 0, 5), square(9, 0, 5), names=["A", "A"]), SITE)
    with pytest.raises(CrsError, match="features are in EPSG:4326"):
        lay_over(SITE, frame(square(0, 0, 5)).set_crs("EPSG:4326", allow_override=True))


def test_a_layer_is_mended_without_losing_a_row_in_silence() -> None:
    bow = shapely.Polygon([(E, N), (E + 10, N + 10), (E + 10, N), (E, N + 10)])
    mixed = shapely.GeometryCollection([square(0, 0, 10), shapely.Point(E, N)])
    got = mend_features(frame(bow, mixed, shapely.Polygon(), square(0, 0, 5)), where="layer.geojson")
    assert got.frame.index.tolist() == ["F0", "F1", "F3"]
    assert got.notes == (
        "layer.geojson: 1 of 4 rows have no shape and were left out",
        "layer.geojson: 1 of 3 outlines cross themselves and were mended",
    )
    assert shapely.area(got.frame.geometry.to_numpy()).tolist() == [50, 100, 25]


@st.composite
def stars(draw: st.DrawFn, reach: float = 150) -> shapely.Polygon:
    """Polygons of any shape, some with a hole, some in parts, on a coarse grid so that edges coincide."""
    x, y = draw(st.integers(-100, 200)), draw(st.integers(-100, 200))
    corners = draw(st.lists(st.tuples(st.integers(0, 7), st.integers(1, 15)), min_size=3, max_size=10))
    around = [
        (
            E + x + round(reach * far / 15 * np.cos(turn * np.pi / 4)),
            N + y + round(reach * far / 15 * np.sin(turn * np.pi / 4)),
        )
        for turn, far in sorted(corners)
    ]
    made = shapely.make_valid(shapely.Polygon(around))
    hole = draw(st.sampled_from([0, 20, 60]))
    if hole:
        made = made.difference(square(x, y, hole))
    parts = [one for one in shapely.get_parts(made) if one.geom_type == "Polygon" and one.area > 1]
    return shapely.MultiPolygon(parts) if parts else square(x, y, 30)


@settings(max_examples=200, deadline=None)
@given(st.lists(stars(), min_size=1, max_size=4), st.lists(stars(), min_size=0, max_size=7))
def test_inside_and_outside_make_the_site_and_no_share_passes_one(
    sites: list[shapely.Polygon], features: list[shapely.Polygon]
) -> None:
    ours = mend_features(frame(*sites), where="sites").frame
    theirs = mend_features(frame(*features), where="layer").frame
    got = lay_over(ours, theirs)
    assert got["share"].between(0, 1).all()
    whole = shapely.union_all(theirs.geometry.to_numpy())
    for name, row in got.iterrows():
        site = ours.geometry[name]
        assert row["square_metres"] == pytest.approx(site.intersection(whole).area, abs=1e-6)
        assert row["square_metres"] + site.difference(whole).area == pytest.approx(site.area, abs=1e-6)
        if len(theirs):
            assert row["metres"] == pytest.approx(site.distance(whole), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(stars(), min_size=2, max_size=6), st.randoms())
def test_the_order_of_features_changes_nothing(features: list[shapely.Polygon], chance: object) -> None:
    theirs = mend_features(frame(*features), where="layer").frame
    shuffled = theirs.sample(frac=1, random_state=chance.randint(0, 9999))  # type: ignore[attr-defined]
    one, two = lay_over(SITE, theirs), lay_over(SITE, shuffled)
    assert one["square_metres"].to_numpy() == pytest.approx(two["square_metres"].to_numpy(), abs=1e-8)
    assert one["features"].equals(two["features"])
