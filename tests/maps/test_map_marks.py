"""Places and lines are told apart by shape and dashes: in the browser, in its legend and on paper."""

from __future__ import annotations

import json
import re

import geopandas as gpd
import pytest
from shapely import Point

from maps.interactive import build_map
from maps.layer import MapLayer
from maps.marks import DASHES, MARKS, SHAPES, mark_of
from maps.style import MapClass, single


def places(name: str, mark: str) -> MapLayer:
    areas = gpd.GeoDataFrame({"name": ["A"]}, geometry=[Point(505000, 222000)], index=["a"], crs="EPSG:27700")
    return MapLayer(name, name, areas, single(name, name, colour="#1d70b8", mark=mark), kind="point")


def test_every_mark_differs_without_colour():
    looks = [mark_of(single("t", "l", mark=one), MapClass("all", "l", "#000000", mark=one)) for one in MARKS]
    assert len(set(looks)) == len(MARKS) == 2 * len(SHAPES) == 16
    assert len(set(DASHES.values())) == len(DASHES)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mark_is_24_pixels_or_less_and_goes_around_its_middle(shape):
    corners = SHAPES[shape]
    assert all(-12 <= part <= 12 for corner in corners for part in corner)
    assert all(abs(sum(one[at] for one in corners)) / len(corners) < 1 for at in (0, 1))


def test_kinds_of_one_layer_take_shapes_by_their_place_and_no_figure_is_a_cross():
    style = single("t", "l")
    assert mark_of(style, style.classes[0]) == (SHAPES["circle"], False)
    assert mark_of(style, style.entry("missing")) == (SHAPES["cross"], False)


def test_the_page_draws_and_explains_the_same_corners():
    page = build_map([places("one", "triangle"), places("two", "square-hollow")], title="Marks")
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', page, re.DOTALL)[1])
    held = {one["id"]: one["marks"][0] for one in data["layers"]}
    assert [tuple(one) for one in held["one"]["corners"]] == list(SHAPES["triangle"])
    assert (held["one"]["hollow"], held["two"]["hollow"]) == ("", "#1d70b8")
    for name, shape in (("one", "triangle"), ("two", "square")):
        legend = page[page.index(f'<section class="legend" data-layer="{name}"') :]
        drawn = re.search(r'<polygon points="([^"]*)"', legend)[1]
        corners = [tuple(float(part) for part in one.split(",")) for one in drawn.split()]
        assert corners == [(round(16 + x, 2), round(10 + y, 2)) for x, y in SHAPES[shape]]
