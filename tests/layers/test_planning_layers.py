"""Planning layers in the forms they are published in; every file here is written by the test."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import box

from geo.crs import CrsError, to_lonlat
from layers.planning import (
    PlanningLayerError,
    list_files,
    load_register,
    missing_layer,
    read_coverage,
    read_planning,
)

BNG = "EPSG:27700"
SQUARE = box(509_000, 221_000, 509_100, 221_100)
URDU, WELSH, POLISH = "محلہ پرانا شہر", "Ardal Gadwraeth Tŷ’r Ŵyn", "Obszar chroniony Łódź-Źródła"


def features(*shapes: shapely.Geometry, **columns: list[str]) -> gpd.GeoDataFrame:
    made = {"reference": [f"R{n}" for n in range(len(shapes))], **columns}
    return gpd.GeoDataFrame(made, geometry=list(shapes), crs=BNG)


def write_platform_csv(path: Path, frame: gpd.GeoDataFrame) -> None:
    """As planning.data.gov.uk writes a dataset: WKT in degrees under `geometry`, and no word of the CRS."""
    degrees = to_lonlat(frame)[0]
    table = degrees.drop(columns="geometry").assign(
        dataset="conservation-area",
        entity=range(len(frame)),
        geometry=shapely.to_wkt(degrees.geometry.to_numpy(), 9),
    )
    table.to_csv(path, index=False)


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".gml", ".csv"])
def test_the_same_square_comes_back_from_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"conservation-area{suffix}"
    frame = features(SQUARE, name=[WELSH])
    if suffix == ".csv":
        write_platform_csv(path, frame)
    elif suffix == ".geojson":
        to_lonlat(frame)[0].to_file(path)
    else:
        frame.to_file(path)
    (layer,) = read_planning(path)
    assert (layer.id, layer.title, layer.held) == ("conservation-area", "Conservation areas", True)
    assert layer.frame.geometry[0].area == pytest.approx(10_000, abs=0.1)
    assert layer.frame["name"].tolist() == [WELSH]
    assert layer.source is not None
    assert len(layer.source.sha256) == 64


def test_one_folder_may_mix_coordinate_systems(tmp_path: Path) -> None:
    features(SQUARE).to_file(tmp_path / "green-belt.gpkg")
    to_lonlat(features(SQUARE))[0].to_file(tmp_path / "ancient-woodland.geojson")
    features(SQUARE).to_crs("EPSG:3857").to_file(tmp_path / "local-green-space.gpkg")
    areas = [
        read_planning(path)[0].frame.geometry[0].intersection(SQUARE).area for path in list_files([tmp_path])
    ]
    assert areas == pytest.approx([10_000] * 3, rel=0.05)


def test_metres_called_degrees_are_refused_and_not_drawn_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "green-belt.geojson"
    features(SQUARE).set_crs("EPSG:4326", allow_override=True).to_file(path)
    with pytest.raises(CrsError, match="look like metres"):
        read_planning(path)


def test_what_an_authority_says_of_a_layer_goes_with_it(tmp_path: Path) -> None:
    table = tmp_path / "coverage.csv"
    table.write_text(
        "dataset,completeness,edition,publisher,licence\n"
        "conservation-area,Partial,2026-01,Somewhere Council,OGL v3\nlisted-building-outline,none,,,\n"
    )
    coverage = read_coverage(table)
    features(SQUARE).to_file(tmp_path / "conservation-area.gpkg")
    assert [path.name for path in list_files([tmp_path])] == ["conservation-area.gpkg"]
    (layer,) = read_planning(tmp_path / "conservation-area.gpkg", coverage=coverage)
    assert (layer.completeness, layer.edition, layer.complete) == ("partial", "2026-01", False)
    assert layer.source is not None
    assert layer.source.publisher == "Somewhere Council"
    absent = missing_layer("listed-building-outline", coverage)
    assert (absent.title, absent.completeness, absent.held) == ("Listed buildings", "none", False)
    unsaid = read_planning(tmp_path / "conservation-area.gpkg")[0]
    assert (unsaid.completeness, unsaid.complete) == ("not stated", False)


def test_another_word_for_complete_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "coverage.csv"
    path.write_text("dataset,completeness\ngreen-belt,mostly\n")
    with pytest.raises(
        PlanningLayerError, match=r'coverage.csv row 2: completeness of green-belt is "mostly"'
    ):
        read_coverage(path)


def test_a_layer_of_no_features_is_held_and_empty(tmp_path: Path) -> None:
    features(SQUARE).iloc[:0].to_file(tmp_path / "scheduled-monument.gpkg")
    (layer,) = read_planning(tmp_path / "scheduled-monument.gpkg")
    assert layer.held
    assert layer.frame.empty
    (tmp_path / "green-belt.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    assert read_planning(tmp_path / "green-belt.geojson")[0].frame.empty


def test_lines_where_outlines_are_due_are_refused_by_reference(tmp_path: Path) -> None:
    path = tmp_path / "green-belt.gpkg"
    features(SQUARE, shapely.LineString([(509_000, 221_000), (509_100, 221_000)])).to_file(path)
    with pytest.raises(PlanningLayerError, match=r"R1 is a LineString, and green belt are polygons.*close"):
        read_planning(path)


def test_what_has_ended_is_left_out_and_said(tmp_path: Path) -> None:
    path = tmp_path / "conservation-area.gpkg"
    features(SQUARE, SQUARE, **{"end-date": ["", "2020-01-01"]}).to_file(path)
    (layer,) = read_planning(path)
    assert len(layer.frame) == 1
    assert "1 of 2 features have an end date" in " ".join(layer.notes)


def test_flood_zones_are_layers_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "flood-risk-zone.gpkg"
    other = box(510_000, 221_000, 510_100, 221_100)
    features(SQUARE, other, **{"flood-risk-level": ["3", "2"]}).to_file(path)
    assert [(one.id, one.title) for one in read_planning(path)] == [
        ("flood-risk-zone-2", "Flood zone 2"),
        ("flood-risk-zone-3", "Flood zone 3"),
    ]


def test_long_and_foreign_names_come_through(tmp_path: Path) -> None:
    path = tmp_path / "conservation-area.csv"
    names = [URDU, POLISH, "Ł" * 300]
    write_platform_csv(path, features(SQUARE, SQUARE, SQUARE, name=names))
    assert read_planning(path)[0].frame["name"].tolist() == names


def test_a_raster_is_the_ground_of_its_cells_above_a_value(tmp_path: Path) -> None:
    import rasterio
    from rasterio.transform import from_origin

    path = tmp_path / "noise.tif"
    cells = np.array([[50, 60, 70], [55, 40, -999]], dtype="float32")
    with rasterio.open(
        path, "w", driver="GTiff", width=3, height=2, count=1, dtype="float32", crs=BNG, nodata=-999,
        transform=from_origin(509_000, 221_020, 10, 10),
    ) as raster:  # fmt: skip
        raster.write(cells, 1)
    with pytest.raises(PlanningLayerError, match="--at-least noise=55"):
        read_planning(path)
    (layer,) = read_planning(path, at_least=55)
    assert layer.frame.geometry.area.sum() == 300
    assert "cells of 10 m" in layer.notes[0]


def test_every_entry_of_the_register_has_its_papers() -> None:
    for entry in load_register().values():
        assert entry.title
        assert entry.publisher
        assert entry.licence
        assert entry.shape in ("polygon", "line", "point", "raster", "any")
        assert entry.extent in ("authority", "nation")
