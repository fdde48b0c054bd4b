"""Boundaries are read as published, mended only where nothing is lost, and refused otherwise."""

from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely import LineString, MultiPolygon, Point, Polygon, affinity, box

from geo.boundaries import (
    Boundaries,
    BoundaryError,
    UnknownAuthorityError,
    VintageError,
    read_boundaries,
)
from geo.crs import CrsError, to_lonlat
from geo.geography import Geography, GeographyError
from geo.vector import LayerError, MissingLayerError, read_layer, same_as_national_grid

WD25 = Geography("wd", 2025)
LSOA21 = Geography("lsoa", 2021)
# Two invented wards side by side near Luton, in metres of the National Grid.
WEST, EAST = box(505000, 220000, 506000, 222000), box(506000, 220000, 508000, 222000)
CODES = ["E05990001", "E05990002"]


def wards(*shapes: object, crs: str | None = "EPSG:27700", year: int = 25) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            f"WD{year}CD": [f"E0599{n + 1:04d}" for n in range(len(shapes))],
            f"WD{year}NM": [f"Ward {n + 1}" for n in range(len(shapes))],
            "LAD25CD": "E06999999",
        },
        geometry=list(shapes),
        crs=crs,
    )


def saved(frame: gpd.GeoDataFrame, path: Path, driver: str) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        pyogrio.write_dataframe(frame, path, driver=driver)
    return path


@pytest.mark.parametrize(
    ("name", "driver", "crs"),
    [
        ("w.geojson", "GeoJSON", "EPSG:4326"),
        ("w.parquet", "", "EPSG:27700"),
        ("w.gpkg", "GPKG", "EPSG:27700"),
        ("w.shp", "ESRI Shapefile", "EPSG:27700"),
        ("w.tab", "MapInfo File", "EPSG:27700"),
        ("w.gdb", "OpenFileGDB", "EPSG:27700"),
        ("w.kml", "LIBKML", "EPSG:4326"),
    ],
)
def test_every_format_gives_the_same_wards(
    tmp_path: Path, name: str, driver: str, crs: str, grids: Path
) -> None:
    frame = wards(WEST, EAST) if crs == "EPSG:27700" else to_lonlat(wards(WEST, EAST))[0]
    path = saved(frame, tmp_path / name, driver)
    read = read_boundaries(path, WD25)
    assert list(read.codes) == CODES
    assert list(read.areas["name"]) == ["Ward 1", "Ward 2"]
    assert list(read.areas["lad"]) == ["E06999999"] * 2
    assert read.areas.crs == "EPSG:27700"
    assert read.accuracy == ("no datum shift" if crs == "EPSG:27700" else "ostn15")
    assert read.areas.area.to_list() == pytest.approx([2e6, 4e6], rel=1e-6)
    assert read.areas.geometry.iloc[0].hausdorff_distance(WEST) < 0.01
    assert len(read.sha256) == 64


def test_a_zipped_shapefile_and_a_loose_one_without_prj(tmp_path: Path) -> None:
    saved(wards(WEST, EAST), tmp_path / "w.shp", "ESRI Shapefile")
    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        for part in ("shp", "shx", "dbf", "prj"):
            archive.write(tmp_path / f"w.{part}", f"folder/w.{part}")
    assert read_boundaries(tmp_path / "w.zip", WD25).areas.area.sum() == pytest.approx(6e6)
    (tmp_path / "w.prj").unlink()
    with pytest.raises(CrsError, match=r'w.shp does not say its CRS.*prj.*crs="EPSG:27700"'):
        read_boundaries(tmp_path / "w.shp", WD25)
    assert read_boundaries(tmp_path / "w.shp", WD25, crs="EPSG:27700").areas.area.sum() == pytest.approx(6e6)
    (tmp_path / "w.dbf").unlink()
    with pytest.raises(MissingLayerError, match=r"came without its \.dbf"):
        read_boundaries(tmp_path / "w.shp", WD25, crs="EPSG:27700")


def test_a_table_of_wkt_is_asked_for_its_crs_unless_it_says(tmp_path: Path) -> None:
    frame = wards(WEST, EAST)
    table = pd.DataFrame(frame.drop(columns="geometry")).assign(WKT=frame.geometry.to_wkt())
    table.to_csv(tmp_path / "w.csv", index=False)
    with pytest.raises(CrsError, match=r"w\.csv does not say its CRS"):
        read_boundaries(tmp_path / "w.csv", WD25)
    assert read_boundaries(tmp_path / "w.csv", WD25, crs="EPSG:27700").areas.area.sum() == 6e6
    table.assign(WKT="SRID=27700;" + table["WKT"]).to_csv(tmp_path / "e.csv", index=False)
    assert read_boundaries(tmp_path / "e.csv", WD25).areas.area.sum() == 6e6
    table.assign(WKT=["POLYGON ((1 2", "x"]).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(LayerError, match=r"b.csv row 2: .*is not WKT"):
        read_boundaries(tmp_path / "b.csv", WD25, crs="EPSG:27700")


def test_wards_of_2022_are_refused_for_a_build_of_2025(tmp_path: Path) -> None:
    path = saved(wards(WEST, year=22), tmp_path / "w.gpkg", "GPKG")
    with pytest.raises(VintageError, match=r"holds WD22CD, ward \(2022\), but ward \(2025\).*wd22"):
        read_boundaries(path, WD25)
    with pytest.raises(VintageError, match="but Lower layer"):
        read_boundaries(path, LSOA21)


def test_an_authority_is_picked_out_and_an_unknown_one_refused(tmp_path: Path) -> None:
    frame = wards(WEST, EAST)
    frame["LAD25CD"] = ["E06999998", "E06999999"]
    path = saved(frame, tmp_path / "w.parquet", "")
    assert list(read_boundaries(path, WD25, authority="E06999999").codes) == [CODES[1]]
    with pytest.raises(UnknownAuthorityError, match=r"hold no area of E06000001.*E06999998"):
        read_boundaries(path, WD25, authority="E06000001")
    bare = saved(frame.drop(columns="LAD25CD"), tmp_path / "b.gpkg", "GPKG")
    with pytest.raises(UnknownAuthorityError, match="does not say which district"):
        read_boundaries(bare, WD25, authority="E06999999")
    assert list(read_boundaries(bare, WD25, authority="E06999999", codes=[CODES[0]]).codes) == [CODES[0]]
    with pytest.raises(BoundaryError, match="E05990009 has no boundary"):
        read_boundaries(path, WD25, codes=["E05990009"])


#  A square that touches itself: the ring runs through (506000, 221000) twice. It has one meaning,
#  two triangles, so it is mended. A bow tie whose halves turn opposite ways has none: its signed
#  area is zero, and the file may have meant either half.
def test_a_touching_ring_is_mended_and_said_and_a_bow_tie_is_refused(tmp_path: Path) -> None:
    touching = Polygon(
        [
            (505000, 220000),
            (507000, 220000),
            (506000, 221000),
            (507000, 222000),
            (505000, 222000),
            (506000, 221000),
        ]
    )
    assert not touching.is_valid
    read = read_boundaries(saved(wards(touching), tmp_path / "t.gpkg", "GPKG"), WD25)
    assert read.areas.area.iloc[0] == pytest.approx(touching.area)
    assert "E05990001 was mended without changing its area" in read.notes[0]
    bow = Polygon([(505000, 220000), (507000, 222000), (507000, 220000), (505000, 222000)])
    with pytest.raises(BoundaryError, match=r"E05990001 is not a valid polygon.*mend the file"):
        read_boundaries(saved(wards(bow, EAST), tmp_path / "b.gpkg", "GPKG"), WD25)


#  An area that surrounds another, drawn with the hole as a second outer ring. Where the other area
#  fills it, it is a hole; where nothing does, nobody can know.
def test_a_hole_drawn_as_a_second_outline_is_a_hole_only_if_another_area_fills_it(tmp_path: Path) -> None:
    outer, inner = box(505000, 220000, 508000, 223000), box(506000, 221000, 507000, 222000)
    around = MultiPolygon([outer, inner])
    assert not around.is_valid
    read = read_boundaries(saved(wards(around, inner), tmp_path / "a.parquet", ""), WD25)
    assert read.areas.area.to_list() == pytest.approx([8e6, 1e6])
    assert "E05990001 holds the outline of E05990002" in read.notes[0]
    with pytest.raises(BoundaryError, match="E05990001 is not a valid polygon"):
        read_boundaries(saved(wards(around, EAST), tmp_path / "b.parquet", ""), WD25)


@pytest.mark.parametrize(
    "bad", [None, Polygon(), Point(505000, 220000), LineString([(505000, 220000), (506000, 221000)])]
)
def test_an_area_without_a_polygon_is_named(tmp_path: Path, bad: object) -> None:
    path = saved(wards(WEST, bad), tmp_path / "w.parquet", "")
    with pytest.raises(BoundaryError, match="E05990002"):
        read_boundaries(path, WD25)


def test_parts_in_several_rows_become_one_area_and_copies_are_refused(tmp_path: Path) -> None:
    frame = wards(WEST, EAST)
    frame["WD25CD"] = CODES[0]
    read = read_boundaries(saved(frame, tmp_path / "w.gpkg", "GPKG"), WD25)
    assert read.areas.area.to_dict() == {CODES[0]: 6e6}
    assert "2 rows of E05990001 were put together" in read.notes[0]
    frame.geometry = [WEST, WEST]
    with pytest.raises(BoundaryError, match="shapes that overlap"):
        read_boundaries(saved(frame, tmp_path / "c.gpkg", "GPKG"), WD25)


def test_coordinates_that_are_not_what_the_file_says_are_refused(tmp_path: Path) -> None:
    swap = affinity.affine_transform(WEST, [0, 1, 1, 0, 0, 0])
    with pytest.raises(CrsError, match="northing seems to stand before easting"):
        read_boundaries(saved(wards(swap), tmp_path / "s.gpkg", "GPKG"), WD25)
    metres = wards(WEST).set_crs("EPSG:4326", allow_override=True)
    with pytest.raises(CrsError, match="look like metres"):
        read_boundaries(saved(metres, tmp_path / "m.gpkg", "GPKG"), WD25)
    degrees = wards(box(-0.45, 51.87, -0.44, 51.88))
    with pytest.raises(CrsError, match="look like degrees"):
        read_boundaries(saved(degrees, tmp_path / "d.gpkg", "GPKG"), WD25)
    latlon = wards(box(51.87, -0.45, 51.88, -0.44), crs="EPSG:4326")
    with pytest.raises(CrsError, match="axes swapped"):
        read_boundaries(saved(latlon, tmp_path / "l.gpkg", "GPKG"), WD25)
    with pytest.raises(CrsError, match="but EPSG:4326 was given"):
        read_boundaries(saved(wards(WEST), tmp_path / "g.gpkg", "GPKG"), WD25, crs="EPSG:4326")


def test_the_centre_beside_a_shape_is_a_witness_against_swapped_axes(tmp_path: Path) -> None:
    # A square near Carlisle, exchanged, lies in Norfolk: inside England, so only its own row can tell.
    frame = wards(box(556000, 340000, 557000, 341000)).assign(BNG_E=340500, BNG_N=556500)
    with pytest.raises(CrsError, match=r"E05990001 lies at 556000.*its own row says 340500"):
        read_boundaries(saved(frame, tmp_path / "w.gpkg", "GPKG"), WD25)


def test_codes_that_a_spreadsheet_has_changed_are_named(tmp_path: Path) -> None:
    frame = wards(WEST).assign(WD25CD="5990001")
    with pytest.raises(GeographyError, match="a spreadsheet has changed it"):
        read_boundaries(saved(frame, tmp_path / "w.gpkg", "GPKG"), WD25)


def test_several_layers_are_asked_about_and_nonsense_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.gpkg"
    pyogrio.write_dataframe(wards(WEST), path, layer="a", driver="GPKG")
    pyogrio.write_dataframe(wards(EAST), path, layer="b", driver="GPKG", append=True)
    with pytest.raises(LayerError, match=r"2 layers \(a, b\)"):
        read_boundaries(path, WD25)
    assert read_boundaries(path, WD25, layer="b").areas.area.iloc[0] == 4e6
    (tmp_path / "x.zip").write_bytes(b"PK cut short")
    with pytest.raises(LayerError, match="not a zip file"):
        read_layer(tmp_path / "x.zip")
    (tmp_path / "x.docx").write_bytes(b"")
    with pytest.raises(LayerError, match=r"give \.csv"):
        read_layer(tmp_path / "x.docx")
    (tmp_path / "x.geojson").write_text("{")
    with pytest.raises(LayerError, match="cannot be read as GeoJSON"):
        read_layer(tmp_path / "x.geojson")
    with pytest.raises(MissingLayerError, match="is not there"):
        read_layer(tmp_path / "none.gpkg")


def test_the_national_grid_is_known_under_other_programs_names() -> None:
    import pyproj

    esri = (
        'PROJCS["British_National_Grid",GEOGCS["GCS_OSGB_1936",DATUM["D_OSGB_1936",'
        'SPHEROID["Airy_1830",6377563.396,299.3249646]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
        'PARAMETER["False_Easting",400000.0],PARAMETER["False_Northing",-100000.0],'
        'PARAMETER["Central_Meridian",-2.0],PARAMETER["Scale_Factor",0.999601272],'
        'PARAMETER["Latitude_Of_Origin",49.0],UNIT["Meter",1.0]]'
    )
    grid = "+proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy +units=m"
    assert same_as_national_grid(pyproj.CRS(esri))
    assert same_as_national_grid(pyproj.CRS(grid))
    assert not any(
        same_as_national_grid(pyproj.CRS(other)) for other in ("EPSG:4326", "EPSG:3857", "EPSG:32630")
    )


def test_without_the_grid_the_error_in_metres_is_on_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.crs.find_grid", lambda: None)
    path = saved(to_lonlat(wards(WEST))[0], tmp_path / "w.geojson", "GeoJSON")
    read = read_boundaries(path, WD25)
    assert read.accuracy == "helmert, about 2 m"
    assert sum("so coordinates are about 2 m out; set FAIRPLACE_GRIDS" in note for note in read.notes) == 1
    # In metres already, nothing is shifted and nothing is said.
    assert read_boundaries(saved(wards(WEST), tmp_path / "m.gpkg", "GPKG"), WD25).notes == ()


def test_boundaries_made_by_hand_must_be_in_metres() -> None:
    frame = wards(WEST, crs="EPSG:4326").set_index("WD25CD")
    with pytest.raises(CrsError, match="kept in EPSG:27700"):
        Boundaries(WD25, frame)


def test_real_england_reads_with_its_lost_holes_found(real_data: Path) -> None:
    folder = real_data / "boundaries"
    all_england = read_boundaries(folder / "england_lsoa21_bgc.parquet", LSOA21)
    assert len(all_england.areas) == 33_755
    assert bool(all_england.areas.is_valid.all())
    # Seven invalid polygons: five hold a neighbour's outline, two touch themselves.
    assert sum("holds the outline of" in note for note in all_england.notes) == 5
    assert sum("without changing its area" in note for note in all_england.notes) == 2
    luton = read_boundaries(folder / "england_lsoa21_bgc.parquet", LSOA21, authority="E06000032")
    assert len(luton.areas) == 125
    assert luton.notes == ()
    assert luton.areas.geometry.equals(all_england.within("E06000032").areas.geometry)
    wards25 = read_boundaries(folder / "luton_wd25_bgc.geojson", WD25)
    assert len(wards25.areas) == 20
    assert "Poets" in set(wards25.areas["name"])
    with pytest.raises(VintageError, match="WD22CD"):
        read_boundaries(folder / "luton_wd22_bgc.geojson", WD25)
