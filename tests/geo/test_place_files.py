"""Places as people write them: two numbers, tables of several fashions, layers of points."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
from shapely import Point, box

from geo.place_files import PlaceError, parse_place, read_places


def test_a_place_is_two_numbers_of_the_grid_or_degrees() -> None:
    assert parse_place("509000,221500") == (509_000, 221_500)
    assert parse_place(" 509000.5 ; 221500 ") == (509_000.5, 221_500)
    east, north = parse_place("51.8797, -0.4175")  # Luton's town hall, to about 100 m
    assert (east, north) == pytest.approx((508_990, 221_350), abs=150)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LU1 2BQ", "is no place"),
        ("-0.4175,51.8797", r"longitude first; write latitude,longitude: 51\.8797,-0\.4175"),
        ("12,12", "neither in the National Grid nor in Britain"),
    ],
)
def test_what_is_no_place_is_refused(text, message) -> None:
    with pytest.raises(PlaceError, match=message):
        parse_place(text)


@pytest.mark.parametrize(
    "columns", [("Easting", "Northing"), ("x", "y"), ("lon", "lat"), ("longitude", "latitude")]
)
def test_tables_of_any_fashion_give_the_same_points(tmp_path, columns) -> None:
    xy = [(-0.4175, 51.8797)] if columns[0].startswith("lon") else [parse_place("51.8797,-0.4175")]
    frame = pd.DataFrame(xy, columns=list(columns)).assign(OA21CD="E00079000", people=120)
    frame.to_csv(tmp_path / "people.csv", index=False)
    points, accuracy, notes = read_places(tmp_path / "people.csv")
    assert (points.geometry.x.item(), points.geometry.y.item()) == pytest.approx(
        parse_place("51.8797,-0.4175")
    )
    assert points.index.tolist() == ["E00079000"]
    assert points["people"].tolist() == [120]
    assert (accuracy == "no datum shift") == (not columns[0].startswith("lon"))
    assert notes == ()


def test_rows_without_coordinates_are_named_and_left_out(tmp_path) -> None:
    path = tmp_path / "services.csv"
    path.write_text("id,name,easting,northing\nS1,Hub,509000,221500\nS2,Hub,,\n")
    points, _, notes = read_places(path)
    assert points.index.tolist() == ["S1"]
    assert notes == ("services.csv: 1 without coordinates, such as S2, left out.",)


def test_names_that_repeat_are_refused_where_asked_for_and_passed_over_where_not(tmp_path) -> None:
    path = tmp_path / "services.csv"
    path.write_text("name,easting,northing\nHub,509000,221500\nHub,509100,221500\n")
    assert read_places(path)[0].index.tolist() == ["row 1", "row 2"]
    with pytest.raises(PlaceError, match="name 'Hub' is missing or repeats"):
        read_places(path, name="name")
    with pytest.raises(PlaceError, match="no column 'code', only name, easting, northing"):
        read_places(path, name="code")


def test_layers_of_points_are_read_and_other_shapes_refused(tmp_path) -> None:
    frame = gpd.GeoDataFrame({"code": ["a"]}, geometry=[Point(509_000, 221_500)], crs="EPSG:27700")
    for name in ("p.gpkg", "p.parquet"):
        if name.endswith("parquet"):
            frame.to_parquet(tmp_path / name)
        else:
            frame.to_file(tmp_path / name)
        assert read_places(tmp_path / name)[0].index.tolist() == ["a"]
    frame.set_geometry([box(509_000, 221_500, 509_100, 221_600)], crs="EPSG:27700").to_file(
        tmp_path / "parks.gpkg"
    )
    with pytest.raises(PlaceError, match="row 0 is a Polygon; give points"):
        read_places(tmp_path / "parks.gpkg")
    (tmp_path / "none.csv").write_text("name,postcode\nHub,LU1 2BQ\n")
    with pytest.raises(PlaceError, match="needs easting and northing"):
        read_places(tmp_path / "none.csv")
