"""Coordinates: the datum shift is OSTN15 where it says so, and honest where it is not."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import Point, box

from geo import crs

# Ordnance Survey's worked example, Caister Water Tower.
CAISTER = (1.716073973, 52.658007833), (651409.804, 313177.450)
# A point of Luton, and what the shift without the grid makes of it: 1.94 m away.
LUTON = (508000.0, 221000.0)


def test_with_the_grid_the_published_example_is_met_to_centimetres(grids: Path) -> None:
    east, north = crs.lonlat_to_bng(*CAISTER[0])
    assert np.hypot(east - CAISTER[1][0], north - CAISTER[1][1]) < 0.01
    assert crs.shift().accuracy == "ostn15"
    assert crs.shift().error_metres < 0.01


def test_without_the_grid_the_label_says_so_and_the_error_is_metres(
    grids: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lon, lat = crs.bng_to_lonlat(*LUTON)
    monkeypatch.setattr(crs, "find_grid", lambda: None)
    assert crs.shift().accuracy == "helmert, about 2 m"
    east, north = crs.lonlat_to_bng(lon, lat)
    assert np.hypot(east - LUTON[0], north - LUTON[1]) == pytest.approx(1.94, abs=0.02)


def test_there_and_back_is_the_same_place() -> None:
    lon, lat = crs.bng_to_lonlat(*LUTON)
    east, north = crs.lonlat_to_bng(lon, lat)
    assert np.hypot(east - LUTON[0], north - LUTON[1]) < 0.002


def test_a_layer_in_degrees_is_moved_and_says_how() -> None:
    lon, lat = crs.bng_to_lonlat(*LUTON)
    frame = gpd.GeoDataFrame({"name": ["x"]}, geometry=[Point(lon, lat)], crs="EPSG:4326")
    moved, accuracy = crs.to_bng(frame, where="points.geojson")
    assert moved.crs == "EPSG:27700"
    assert moved.geometry.iloc[0].distance(Point(*LUTON)) < 0.002
    assert accuracy == crs.shift().accuracy
    back, _ = crs.to_lonlat(moved)
    assert back.geometry.iloc[0].x == pytest.approx(float(lon), abs=2e-8)


def test_a_layer_in_web_mercator_goes_through_the_same_shift() -> None:
    lon, lat = crs.bng_to_lonlat(*LUTON)
    frame = gpd.GeoDataFrame(geometry=[Point(lon, lat)], crs="EPSG:4326").to_crs("EPSG:3857")
    moved, _ = crs.to_bng(frame, where="drawing.gpkg")
    assert moved.geometry.iloc[0].distance(Point(*LUTON)) < 0.01


def test_metres_of_the_grid_are_left_alone() -> None:
    frame = gpd.GeoDataFrame(geometry=[box(508000, 221000, 509000, 222000)], crs="EPSG:27700")
    moved, accuracy = crs.to_bng(frame, where="wards.gpkg")
    assert accuracy == "no datum shift"
    assert moved.geometry.iloc[0].equals(frame.geometry.iloc[0])


@pytest.mark.parametrize(
    ("points", "label", "said"),
    [
        ([Point(508000, 221000)], None, "has no CRS"),
        ([Point(508000, 221000)], "EPSG:4326", "these look like metres"),
        ([Point(51.88, -0.42)], "EPSG:4326", "axes swapped"),
        ([Point(-0.42, 51.88)], "EPSG:27700", "these look like degrees"),
        ([Point(2.35, 48.86)], "EPSG:4326", "outside England"),
        ([Point(221000, 5080000)], "EPSG:27700", "outside England"),
    ],
)
def test_wrong_coordinates_are_named_for_what_they_are(
    points: list[Point], label: str | None, said: str
) -> None:
    frame = gpd.GeoDataFrame(geometry=points, crs=label)
    with pytest.raises(crs.CrsError, match=said) as error:
        crs.to_bng(frame, where="sites.geojson")
    assert "sites.geojson" in str(error.value)


def test_a_folder_named_for_the_grid_that_lacks_it_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(crs.GRIDS_VARIABLE, str(tmp_path))
    with pytest.raises(crs.CrsError, match=r"does not hold uk_os_OSTN15.*unset it"):
        crs.find_grid()
