"""What each way of going about may use, and what slopes cost: cases one can argue about in a sentence."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.transform import from_origin
from shapely import LineString

from geo.crs import CrsError
from geo.gradient import read_grades
from geo.network import Network, NetworkError, ProfileError
from geo.network_building import build_network
from geo.profiles import (
    GRADIENTS,
    STANDARD,
    cycling,
    hiking,
    list_rules,
    measure_profiles,
    read_profile,
    traffic_stress,
    weigh,
    wheels,
)
from geo.reach import find_reach


def usable(profile: str, **tags: str) -> tuple[bool, bool]:
    ways, _, _ = weigh(read_profile(profile), pd.DataFrame([tags], dtype="str"))
    return bool(ways[0, 0]), bool(ways[0, 1])


BOTH, NONE, FORWARD, BACK = (True, True), (False, False), (True, False), (False, True)


@pytest.mark.parametrize(
    ("profile", "tags", "want"),
    [
        ("walk", {"highway": "residential"}, BOTH),
        ("walk", {"highway": "motorway"}, NONE),
        ("walk", {"highway": "residential", "oneway": "yes"}, BOTH),
        ("walk", {"highway": "service", "access": "private"}, NONE),
        ("walk", {"highway": "service", "access": "private", "foot": "permissive"}, BOTH),
        ("walk", {"highway": "path", "foot": "no"}, NONE),
        ("walk", {"highway": "residential", "sidewalk": "separate"}, NONE),
        ("walk", {"highway": "steps"}, BOTH),
        ("wheels", {"highway": "steps"}, NONE),
        ("wheels", {"highway": "footway;steps"}, NONE),
        ("wheels", {"highway": "steps", "ramp:wheelchair": "yes"}, BOTH),
        ("wheels", {"highway": "footway", "kerb": "raised"}, NONE),
        ("wheels", {"highway": "footway", "kerb": "lowered"}, BOTH),
        ("wheels", {"highway": "path", "barrier": "kissing_gate"}, NONE),
        ("wheels", {"highway": "footway", "width": "0.9"}, NONE),
        ("wheels", {"highway": "footway", "width": "1.2 m"}, BOTH),
        ("wheels", {"highway": "footway", "incline": "-12%"}, NONE),
        ("wheels", {"highway": "footway", "incline": "up"}, BOTH),
        ("wheels", {"highway": "path", "surface": "mud"}, NONE),
        ("wheels", {"highway": "path", "surface": "mud", "wheelchair": "yes"}, BOTH),
        ("wheels", {"highway": "path", "access": "private", "wheelchair": "yes"}, NONE),
        ("night", {"highway": "residential"}, BOTH),
        ("night", {"highway": "residential", "lit": "no"}, NONE),
        ("night", {"highway": "path"}, NONE),
        ("night", {"highway": "path", "lit": "yes"}, BOTH),
        ("night", {"highway": "footway", "footway": "sidewalk"}, BOTH),
        ("night", {"highway": "footway", "tunnel": "yes", "lit": "yes"}, NONE),
        ("cycle", {"highway": "footway"}, NONE),
        ("cycle", {"highway": "footway", "bicycle": "designated"}, BOTH),
        ("cycle", {"highway": "steps", "bicycle": "yes"}, NONE),
        ("cycle", {"highway": "residential", "oneway": "yes"}, FORWARD),
        ("cycle", {"highway": "residential", "oneway": "-1"}, BACK),
        ("cycle", {"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, BOTH),
        ("cycle", {"highway": "residential", "oneway": "yes", "cycleway:left": "opposite_lane"}, BOTH),
        ("cycle", {"highway": "primary", "junction": "roundabout"}, FORWARD),
        ("cycle", {"highway": "cycleway", "bicycle": "dismount"}, NONE),
    ],
)
def test_who_may_use_a_street(profile, tags, want) -> None:
    assert usable(profile, **tags) == want


@pytest.mark.parametrize(
    ("tags", "level"),
    [
        ({"highway": "cycleway"}, 1),
        ({"highway": "residential", "maxspeed": "20 mph"}, 1),
        ({"highway": "residential"}, 2),  # 30 mph assumed
        ({"highway": "residential", "maxspeed": "50"}, 2),  # km/h: 31 mph
        ({"highway": "tertiary", "maxspeed": "20 mph"}, 2),
        ({"highway": "tertiary", "maxspeed": "30 mph"}, 3),
        ({"highway": "primary", "maxspeed": "30 mph", "lanes": "4"}, 4),
        ({"highway": "primary", "maxspeed": "40 mph"}, 4),
        ({"highway": "primary", "maxspeed": "40 mph", "cycleway:left": "track"}, 1),
        ({"highway": "primary", "maxspeed": "30 mph", "cycleway": "lane"}, 2),
        ({"highway": "trunk", "maxspeed": "GB:nsl_single"}, 4),
        ({"highway": "residential", "maxspeed": "signals"}, 2),  # not a number: as if missing
    ],
)
def test_traffic_stress_of_a_street(tags, level) -> None:
    frame = pd.DataFrame([tags], dtype="str")
    assert traffic_stress(frame).tolist() == [level]
    ways, _, _ = weigh(read_profile("cycle_calm"), frame.assign(stress=traffic_stress(frame)))
    assert ways.any() == (level <= 2)


@pytest.mark.checkout
def test_every_rule_says_why_and_where_from_and_is_in_the_method_page() -> None:
    rules = list_rules()
    assert (rules[["why", "source", "then"]] != "").all().all()
    page = (Path(__file__).parents[2] / "docs" / "methods" / "streets.md").read_text(encoding="utf-8")
    for row in rules.itertuples(index=False):
        assert f"| {row[0]} | {row[1]} | {row[2]} | {row[3]} |" in page
    assert {read_profile(name).gradient for name in STANDARD} <= set(GRADIENTS)


def test_a_profile_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ProfileError, match=r"'fly' is not a profile.*walk, wheels, night, cycle"):
        read_profile("fly")


def test_slopes_cost_what_their_sources_say() -> None:
    level = np.zeros(1)
    for gradient in GRADIENTS.values():
        assert gradient(level) == pytest.approx([1.0])
    # Tobler: 5.04 km/h on the level, 6 at 5 % down, 3.55 at 5 % up... 6 exp(-3.5 * 0.1) = 4.23.
    assert hiking(np.array([-0.05, 0.05])) == pytest.approx([5.0367 / 6, 5.0367 / 4.2281], rel=1e-3)
    # Parkin and Rotheram: 3 % up takes 4.32 of 21.6 km/h, 3 % down adds 2.58.
    assert cycling(np.array([0.03, -0.03])) == pytest.approx([21.6 / 17.28, 21.6 / 24.18])
    assert np.isinf(wheels(np.array([0.09, -0.09]))).all()


@given(st.floats(0, 0.4))
def test_up_is_never_easier_than_down_nor_below_nothing(slope) -> None:
    for gradient in GRADIENTS.values():
        up, down = gradient(np.array([slope])), gradient(np.array([-slope]))
        assert up >= down
        assert down > 0


def hill(tmp_path: Path, heights: np.ndarray, crs: str = "EPSG:27700") -> Path:
    # 10 m cells from 400000 eastwards.
    path = tmp_path / "heights.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=heights.shape[0], width=heights.shape[1], count=1, dtype="float32",
        crs=crs, transform=from_origin(400_000, 200_100, 10, 10), nodata=-9999,
    ) as target:  # fmt: skip
        target.write(heights.astype("float32"), 1)
    return path


def road(*tags: dict[str, str]) -> Network:
    lines = [LineString([(400_005, 200_095 - 20 * n), (400_405, 200_095 - 20 * n)]) for n in range(len(tags))]
    return build_network(gpd.GeoDataFrame(list(tags), geometry=lines, crs="EPSG:27700"), where="road")


def test_a_slope_costs_differently_up_and_down_and_bridges_ignore_the_valley(tmp_path) -> None:
    # 5 % up to the east in the first rows; a valley of 20 m below the bridge in the third.
    along = np.arange(50) * 0.5
    heights = np.tile(along, (10, 1))
    heights[2] = -np.minimum(np.arange(50), 40 - np.minimum(np.arange(50), 40))
    network = road({"highway": "residential"}, {"highway": "residential", "bridge": "yes"})
    grades = read_grades(network, hill(tmp_path, heights))
    up, over = (np.flatnonzero(network.tags["bridge"].fillna("") == one)[0] for one in ("", "yes"))
    effort = grades.effort(hiking, 2)
    assert effort[up] == pytest.approx([hiking(np.array([0.05]))[0], hiking(np.array([-0.05]))[0]], rel=1e-3)
    assert effort[over] == pytest.approx([1, 1])
    measured = measure_profiles(network, ["walk", "wheels", "cycle"], grades=grades)
    place = pd.DataFrame({"x": [400_205.0], "y": [200_095.0]})
    out, back = (
        find_reach(measured, place, limits=[1.5], profile="walk", trip=trip).parts for trip in ("out", "in")
    )
    # Out: further down (west) than up. In: the other way about.
    assert out["start"].item() < 1 - out["end"].item()
    assert back["start"].item() > 1 - back["end"].item()
    assert "100.0% of street lengths covered" in measured.papers["gradient"]


def test_a_hill_between_level_ends_is_not_level(tmp_path) -> None:
    heights = np.tile(np.minimum(np.arange(50), 40 - np.minimum(np.arange(50), 40)) * 0.5, (10, 1))
    effort = read_grades(road({"highway": "path"}), hill(tmp_path, heights)).effort(hiking, 1)
    assert effort[0, 0] > 1.01
    assert effort[0, 0] == pytest.approx(effort[0, 1])


def test_heights_that_do_not_fit_are_refused(tmp_path) -> None:
    network = road({"highway": "path"})
    heights = np.zeros((10, 50))
    with pytest.raises(CrsError, match="warp it there first"):
        read_grades(network, hill(tmp_path, heights, crs="EPSG:4326"))
    with pytest.raises(NetworkError, match="covers none of the streets"):
        read_grades(network, hill(tmp_path, np.full((10, 50), -9999.0)))
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0 cut")
    with pytest.raises(NetworkError, match="cannot be read as a raster"):
        read_grades(network, broken)


def test_missing_speed_limits_are_counted() -> None:
    network = road(
        {"highway": "residential", "maxspeed": "20 mph"}, {"highway": "residential", "maxspeed": ""}
    )
    assert (
        measure_profiles(network).papers["speed limits"]
        == "missing on 50% of streets with traffic, taken for 30 mph"
    )


def test_each_profile_is_asked_at_its_own_speed_unless_told() -> None:
    network = measure_profiles(road({"highway": "residential"}))
    place = pd.DataFrame({"x": [400_205.0], "y": [200_095.0]})
    for profile, metres in {"walk": 160.0, "wheels": 2 * 4000 / 60, "cycle": 400.0}.items():
        got = find_reach(network, place, limits=[1], profile=profile)
        assert got.summary["metres"].item() == pytest.approx(metres)
        assert f"{read_profile(profile).speed_kmh:g} km/h" in got.said
