"""Any area becomes the small areas it is made of, or a reason why not."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box, segmentize, to_geojson, to_wkt, union_all

from geo.area import (
    AreaError,
    Digitised,
    Place,
    Reached,
    TooSmallError,
    resolve_area,
    sum_area,
)
from geo.boundaries import Boundaries, read_boundaries
from geo.crs import CrsError, to_lonlat
from geo.drawing import DrawingError
from geo.geography import Geography
from geo.lookup import lookup_fit
from geo.postcodes import PostcodeError, make_directory
from geo.source import Source
from geo.table import AggregationError, AreaTable, Column
from geo.weights import oa_weights, postcode_weights

LSOA21, OA21 = Geography("lsoa", 2021), Geography("oa", 2021)
WD25, WD22 = Geography("wd", 2025), Geography("wd", 2022)
X, Y, SIDE = 505_000.0, 220_000.0, 200.0

#  Sixteen output areas of 200 m. Each block of 2 x 2 is an LSOA; the wards do not nest them:
#
#      12 13 | 14 15        LSOAs  3 3 4 4       wards  1 1 1 2
#       8  9 | 10 11               3 3 4 4              1 1 1 2
#      ------+------               1 1 2 2              1 1 1 2
#       4  5 |  6  7               1 1 2 2              1 1 1 2
#       0  1 |  2  3
CELLS = [
    box(X + SIDE * (n % 4), Y + SIDE * (n // 4), X + SIDE * (n % 4 + 1), Y + SIDE * (n // 4 + 1))
    for n in range(16)
]
OA_CODES = [f"E009990{n:02d}" for n in range(16)]
LSOA_OF = [f"E0199000{1 + (n % 4) // 2 + 2 * (n // 8)}" for n in range(16)]
WARD_OF = ["E05990001" if n % 4 < 3 else "E05990002" for n in range(16)]


def made(geography: Geography, of: list[str], names: dict[str, str] | None = None) -> Boundaries:
    codes = sorted(set(of))
    shapes = [union_all([CELLS[n] for n in range(16) if of[n] == code]) for code in codes]
    frame = gpd.GeoDataFrame(
        {"name": [(names or {}).get(code, "") for code in codes], "lad": "E06999999"},
        geometry=shapes, index=pd.Index(codes), crs="EPSG:27700",
    )  # fmt: skip
    return Boundaries(geography, frame)


OAS = pd.DataFrame(
    {
        "x": [cell.centroid.x for cell in CELLS],
        "y": [cell.centroid.y for cell in CELLS],
        "lsoa": LSOA_OF,
        "residents": [200.0 + 10 * n for n in range(16)],
        "households": [90.0 + n for n in range(16)],
    },
    index=OA_CODES,
)
# Two postcodes in each output area, in its south-west and north-east quarter.
POSTCODES = pd.DataFrame(
    [
        (
            f"ZZ{n // 4 + 1} {n % 4 + 1}{letter}",
            CELLS[n].bounds[0] + at,
            CELLS[n].bounds[1] + at,
            LSOA_OF[n],
            OA_CODES[n],
        )
        for n in range(16)
        for letter, at in (("AA", 50.0), ("BB", 150.0))
    ],
    columns=["postcode", "x", "y", "LSOA21CD", "OA21CD"],
)
WARDS = made(WD25, WARD_OF, {"E05990001": "Northwell", "E05990002": "Poets"})
WHOLE = Place(
    "Sampleton",
    {
        "lsoa21": made(LSOA21, LSOA_OF, {code: f"Sampleton 00{code[-1]}A" for code in LSOA_OF}),
        "wd25": WARDS,
        "oa21": made(OA21, OA_CODES),
    },
    OAS.groupby("lsoa")[["residents", "households"]].sum(),
    LSOA21,
    output_areas=OAS,
    postcodes=make_directory(POSTCODES, postcode="postcode", x="x", y="y", edition="Invented postcodes"),
    earlier=(made(WD22, ["E05980001" if n % 4 < 2 else "E05980002" for n in range(16)], {"E05980001": "Northwell", "E05980002": "Wardown"}),),
)  # fmt: skip
COARSE = replace(
    WHOLE,
    output_areas=None,
    postcodes=make_directory(
        POSTCODES.drop(columns="OA21CD"), postcode="postcode", x="x", y="y", edition="Invented postcodes"
    ),
)
COUNTS = AreaTable(
    LSOA21,
    {
        "people": Column("People", "people", "count"),
        "poor": Column("Poor", "people", "count"),
        "share": Column("Share", "share", "rate", base="people", count="poor"),
    },
    pd.DataFrame(
        {"people": WHOLE.people["residents"], "poor": WHOLE.people["residents"] * [0.1, 0.2, 0.3, 0.4], "share": [0.1, 0.2, 0.3, 0.4]}
    ),
    Source("made", "Invented", "nobody", "1", "2021", "OGL v3"),
)  # fmt: skip


def drawn(shape: Any, place: Place = WHOLE, **more: Any) -> Any:
    return resolve_area(f"SRID=27700;{to_wkt(shape, rounding_precision=-1)}", place, **more)


def test_a_polygon_that_traces_a_wards_output_areas_gives_the_wards_profile() -> None:
    ward = resolve_area("E05990002", WHOLE)
    traced = drawn(WARDS.areas.loc["E05990002"].geometry.buffer(15))
    pd.testing.assert_frame_equal(traced.components, ward.components)
    pd.testing.assert_frame_equal(sum_area(traced, COUNTS), sum_area(ward, COUNTS))
    assert traced.residents == ward.residents == sum(200 + 10 * n for n in (3, 7, 11, 15))
    assert (ward.kind, ward.geography, ward.id) == ("standard", "wd25", "E05990002")
    assert (traced.kind, traced.geography) == ("drawn", "area")
    assert not ward.open_only
    assert traced.open_only


def test_the_identifier_comes_from_the_content_and_not_from_the_line() -> None:
    shape = box(X - 5, Y - 5, X + 405, Y + 405)
    one, other = drawn(shape), drawn(segmentize(shape, 7.0).buffer(3))
    assert one.id == other.id
    assert one.id.startswith("area-")
    assert one.id != drawn(box(X - 5, Y - 5, X + 605, Y + 405)).id


def test_output_areas_are_chosen_by_centre_or_by_half_of_their_postcodes_and_it_is_said() -> None:
    # Reaches 60 m into the second column: no centre (at 100 m) of it, but one of two postcodes (at 50 m).
    shape = box(X - 1, Y - 1, X + 260, Y + 200)
    by_centre, by_half = drawn(shape), drawn(shape, rule="half of postcodes")
    assert list(by_centre.components["code"]) == [OA_CODES[0]]
    assert list(by_half.components["code"]) == OA_CODES[:2]
    assert by_centre.method == "output areas whose centre lies inside (population-weighted centroids)"
    assert by_half.method == "output areas with half or more of their postcodes inside"
    assert not by_centre.approximate


def test_without_output_areas_shares_come_from_postcodes_or_ground_and_are_marked() -> None:
    shape = box(X - 1, Y - 1, X + 200, Y + 400)  # two of the four output areas of the first LSOA
    by_postcode = drawn(shape, COARSE)
    assert by_postcode.shares.to_dict() == {"E01990001": 0.5}
    assert by_postcode.approximate
    assert by_postcode.notes[-1] == "approximate: shares of LSOAs by their postcodes (Invented postcodes)"
    by_ground = drawn(shape, replace(COARSE, postcodes=None))
    assert by_ground.shares.to_dict() == {"E01990001": pytest.approx(0.5)}
    assert "by their ground" in by_ground.method
    assert set(sum_area(by_postcode, COUNTS)["basis"]) == {"apportioned"}


@pytest.mark.parametrize("place", [WHOLE, COARSE], ids=["output areas", "postcodes"])
def test_below_one_output_area_is_refused_with_a_reason(place: Place) -> None:
    with pytest.raises(TooSmallError, match=r"no output area|fewer than one output area"):
        drawn(box(X + 20, Y + 20, X + 30, Y + 30), place)
    with pytest.raises(TooSmallError, match="half of the postcodes of no output area"):
        drawn(box(X + 20, Y + 20, X + 30, Y + 30), WHOLE, rule="half of postcodes")


def test_what_may_be_public_depends_on_how_many_live_there() -> None:
    one = drawn(box(X - 1, Y - 1, X + 200, Y + 200))  # 200 residents, 90 households
    assert (one.public, one.public_mis, one.main_lsoa) == (True, False, "E01990001")
    five = drawn(box(X - 1, Y - 1, X + 1000, Y + 200).union(box(X - 1, Y - 1, X + 200, Y + 400)))
    assert five.residents == 200 + 210 + 220 + 230 + 240
    assert five.public_mis
    small = replace(WHOLE, output_areas=OAS.assign(households=40.0))
    assert not drawn(box(X - 1, Y - 1, X + 200, Y + 200), small).public
    assert resolve_area("E01990001", WHOLE).public_mis


def test_counts_move_rates_are_recomputed_and_medians_refuse() -> None:
    both = drawn(box(X - 1, Y - 1, X + 401, Y + 801))  # LSOAs 1 and 3
    figures = sum_area(both, COUNTS)["value"]
    people = COUNTS.values["people"]
    assert figures["people"] == people["E01990001"] + people["E01990003"]
    assert figures["share"] == pytest.approx(
        (0.1 * people["E01990001"] + 0.3 * people["E01990003"]) / figures["people"]
    )
    medians = AreaTable(
        LSOA21,
        {"m": Column("M", "GBP", "median")},
        pd.DataFrame({"m": 1.0}, index=COUNTS.codes),
        COUNTS.source,
    )
    with pytest.raises(AggregationError, match="m is a median"):
        sum_area(both, medians)


def test_a_name_is_found_with_its_vintage_and_an_older_namesake_is_told_apart() -> None:
    area = resolve_area("northwell", WHOLE)
    assert area.id == "E05990001"
    assert area.notes[0] == "Northwell is the ward (2025) E05990001"
    assert (
        "ward (2022) of the same name (E05980001) is another area: they share 67% of their ground"
        in area.notes[1]
    )
    with pytest.raises(AreaError, match=r'"Wardown" was a ward \(2022\) \(E05980002\) and is no longer one'):
        resolve_area("Wardown", WHOLE)
    with pytest.raises(AreaError, match="did you mean Poets"):
        resolve_area("Poet", WHOLE)
    twice = replace(
        WHOLE,
        boundaries={
            **WHOLE.boundaries,
            "msoa21": made(Geography("msoa", 2021), ["E02990001"] * 16, {"E02990001": "Poets"}),
        },
    )
    with pytest.raises(AreaError, match=r"names 2 areas: E05990002 .*E02990001"):
        resolve_area("Poets", twice)


def test_a_code_of_another_year_says_what_replaced_it() -> None:
    history = lookup_fit(
        pd.DataFrame({"LSOA11CD": ["E01980007"], "LSOA21CD": ["E01990001"]}), Geography("lsoa", 2011), LSOA21
    )
    with pytest.raises(AreaError, match="it is a 2011 code, replaced by E01990001 in 2021"):
        resolve_area("E01980007", replace(WHOLE, history=(history,)))
    with pytest.raises(AreaError, match=r"E06000032 is not an area of Sampleton.*no geography here"):
        resolve_area("E06000032", WHOLE)


def test_a_wards_figure_is_the_pipelines_where_a_crosswalk_is_at_hand() -> None:
    weights = oa_weights(OAS.assign(LSOA21CD=LSOA_OF, WD25CD=WARD_OF), LSOA21, WD25, count="residents")
    area = resolve_area("E05990002", replace(COARSE, crosswalks={"wd25": weights}))
    assert area.residents == pytest.approx(sum(200 + 10 * n for n in (3, 7, 11, 15)))
    assert area.approximate


def test_a_list_of_postcodes_takes_each_output_area_once() -> None:
    area = resolve_area("ZZ1 1AA, zz11bb; ZZ1 2AA", WHOLE)
    assert list(area.components["code"]) == OA_CODES[:2]
    assert area.kind == "postcodes"
    coarse = resolve_area("ZZ1 1AA\nZZ1 1BB\nZZ1 2AA", COARSE)
    assert coarse.shares.to_dict() == {"E01990001": 3 / 8}
    assert coarse.approximate
    with pytest.raises(PostcodeError, match=r'"ZZ1 1AC" is not in Invented postcodes.*did you mean ZZ1 1AA'):
        resolve_area("ZZ1 1AA, ZZ1 1AC", WHOLE)


def test_postcodes_in_a_file_and_ended_ones_are_said(tmp_path: Path) -> None:
    ended = POSTCODES.assign(doterm=["202001" if code == "ZZ1 1BB" else "" for code in POSTCODES["postcode"]])
    directory = make_directory(ended, postcode="postcode", x="x", y="y", ended="doterm", edition="D")
    path = tmp_path / "list.csv"
    path.write_text("Name,Postcode\na,ZZ1 1AA\nb,ZZ1 1BB\n")
    area = resolve_area(path, replace(WHOLE, postcodes=directory))
    assert area.notes[0] == "1 of 2 postcodes are no longer in use (ZZ1 1BB: ended 202001)"
    (tmp_path / "list.txt").write_text("ZZ1 2AA\n")
    assert resolve_area(tmp_path / "list.txt", WHOLE).residents == 210


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.zip", "a.kml", "a.tab", "a.wkt", "a.csv"])
def test_a_file_of_any_format_gives_the_same_area(tmp_path: Path, name: str) -> None:
    shape = box(X - 5, Y - 5, X + 405, Y + 405)
    frame = gpd.GeoDataFrame({"what": ["plan"]}, geometry=[shape], crs="EPSG:27700")
    path = tmp_path / name
    if name in ("a.geojson", "a.kml"):
        frame = to_lonlat(frame)[0]
    if name == "a.zip":
        pyogrio.write_dataframe(frame, tmp_path / "a.shp", driver="ESRI Shapefile")
        with zipfile.ZipFile(path, "w") as archive:
            for part in ("shp", "shx", "dbf", "prj"):
                archive.write(tmp_path / f"a.{part}", f"a.{part}")
    elif name == "a.wkt":
        path.write_text(f"SRID=27700;{shape.wkt}")
    elif name == "a.csv":
        path.write_text(f'WKT\n"SRID=27700;{shape.wkt}"\n')
    else:
        pyogrio.write_dataframe(frame, path, driver={"a.kml": "LIBKML", "a.tab": "MapInfo File"}.get(name))
    assert resolve_area(path, WHOLE).id == drawn(shape).id
    if name == "a.geojson":
        text = to_geojson(frame.geometry.iloc[0])
        assert resolve_area(text, WHOLE).id == drawn(shape).id
        wrapped = json.dumps({"type": "Feature", "properties": {}, "geometry": json.loads(text)})
        assert resolve_area(wrapped, WHOLE).id == drawn(shape).id


def test_a_walking_time_is_made_of_what_was_reached_and_not_of_its_drawing() -> None:
    asked: list[tuple[str, float, float, float]] = []

    def reach(mode: str, minutes: float, x: float, y: float) -> Reached:
        asked.append((mode, minutes, x, y))
        return Reached(
            Point(x, y).buffer(500),
            "4.8 km/h along the streets, one way",
            lambda e, n: np.asarray(e < X + 200),
        )

    area = resolve_area("walk:15min:ZZ1 1AA", WHOLE, reach=reach)
    assert asked == [("walk", 15.0, X + 50, Y + 50)]
    assert list(area.components["code"]) == [OA_CODES[n] for n in (0, 4, 8, 12)]
    assert area.notes[0] == "4.8 km/h along the streets, one way"
    assert area.kind == "reach"
    assert resolve_area(f"walk:15min:{X + 50},{Y + 50}", WHOLE, reach=reach).id == area.id
    lon, lat = (
        to_lonlat(gpd.GeoDataFrame(geometry=[Point(X + 50, Y + 50)], crs=27700))[0].geometry.iloc[0].coords[0]
    )
    resolve_area(f"walk:10min:POINT({lon} {lat})", WHOLE, reach=reach)
    assert asked[-1][2:] == pytest.approx((X + 50, Y + 50), abs=0.01)
    with pytest.raises(DrawingError, match="has latitude first"):
        resolve_area(f"walk:10min:{lat},{lon}", WHOLE, reach=reach)
    with pytest.raises(DrawingError, match="outside Sampleton"):
        resolve_area("walk:10min:600000,300000", WHOLE, reach=reach)
    with pytest.raises(AreaError, match="needs a street network"):
        resolve_area("walk:10min:ZZ1 1AA", WHOLE)
    with pytest.raises(AreaError, match='"somewhere" is not a point'):
        resolve_area("walk:10min:somewhere", WHOLE, reach=reach)


def test_a_traced_plan_carries_who_scale_and_what_its_error_could_move() -> None:
    paper = Digitised("A. Planner", 1250, 30)
    area = drawn(box(X - 1, Y - 1, X + 320, Y + 400), paper=paper)  # 20 m beyond two centres
    assert area.paper == paper
    said = (
        "within 30 m; 2 output areas have their centre that near its edge, and may belong to the other side"
    )
    assert area.notes == (f"traced from a plan at 1:1,250 by A. Planner, {said}",)
    with pytest.raises(DrawingError, match="needs who traced it"):
        Digitised("", 1250, 30)


def test_a_drawing_that_crosses_itself_is_refused_at_the_place_where_it_does() -> None:
    bow = Polygon([(X, Y), (X + 400, Y + 400), (X + 400, Y), (X, Y + 400)])
    with pytest.raises(DrawingError, match=r"crosses itself at 505200, 220200 \(Self-intersection\)"):
        drawn(bow)


def test_a_drawing_outside_the_authority_is_refused_and_a_part_outside_is_said() -> None:
    with pytest.raises(DrawingError, match=r"the drawing lies at 51.*, outside Sampleton"):
        drawn(box(X + 5000, Y, X + 6000, Y + 1000))
    area = drawn(box(X - 400, Y - 1, X + 400, Y + 800))
    assert any("50% of the ground of the drawing lies outside Sampleton" in note for note in area.notes)


@pytest.mark.parametrize(
    ("wkt", "message"),
    [
        ("SRID=4326;POLYGON((-179 51, 179 51, 179 52, -179 52, -179 51))", "crosses the date line by accident"),
        ("SRID=4326;POLYGON((-1 51, 1 51, 0 90, -1 51))", "a pole"),
        ("SRID=4326;POLYGON((51.8 -0.4, 51.9 -0.4, 51.9 -0.3, 51.8 -0.4))", "axes swapped"),
        ("SRID=4326;POLYGON((500000 200000, 500100 200000, 500100 200100, 500000 200000))", "look like metres"),
        ("SRID=27700;POLYGON((-0.4 51.8, -0.3 51.8, -0.3 51.9, -0.4 51.8))", "look like degrees"),
        ("SRID=27700;POLYGON((220000 505000, 220500 505000, 220500 505500, 220000 505000))", "northing seems to stand"),
        ("POLYGON((500000 200000, 500100 200000, 500100 200100, 500000 200000))", "does not say its CRS"),
        ("SRID=27700;LINESTRING(500000 200000, 500100 200000)", "holds a LineString"),
        ("SRID=27700;POLYGON EMPTY", "holds no shape"),
        ("SRID=27700;POLYGON((1 2, 3))", "is not WKT"),
        ('{"type": "Polygon", "coordinates": [[', "is not GeoJSON"),
    ],
)  # fmt: skip
def test_accidents_of_coordinates_are_told_apart(wkt: str, message: str) -> None:
    with pytest.raises((DrawingError, CrsError, ValueError), match=message):
        resolve_area(wkt, WHOLE)


def test_two_hundred_thousand_vertices_are_no_trouble() -> None:
    angle = np.linspace(0, 2 * np.pi, 200_001)[:-1]
    reach = 390 + 5 * np.sin(angle * 5000)
    shape = Polygon(np.column_stack([X + 400 + reach * np.cos(angle), Y + 400 + reach * np.sin(angle)]))
    assert len(shape.exterior.coords) == 200_001
    assert len(drawn(shape).components) == 12  # all but the corners


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="is not there"):
        resolve_area(tmp_path / "none.gpkg", WHOLE)
    line = gpd.GeoDataFrame(geometry=[LineString([(X, Y), (X + 1, Y)])], crs=27700)
    pyogrio.write_dataframe(line, tmp_path / "l.gpkg")
    with pytest.raises(DrawingError, match=r"l\.gpkg holds a LineString; an area is a polygon"):
        resolve_area(tmp_path / "l.gpkg", WHOLE)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 15), min_size=1, max_size=16, unique=True))
def test_an_area_and_the_rest_of_the_place_add_up_to_the_place(chosen: list[int]) -> None:
    inside = union_all([CELLS[n] for n in chosen])
    area = drawn(inside.buffer(5))
    assert area.residents == sum(OAS["residents"].iloc[n] for n in chosen)
    people = sum_area(area, COUNTS)["value"]["people"]
    assert people == pytest.approx(area.residents)
    if len(chosen) < 16:
        rest = drawn(union_all([CELLS[n] for n in range(16) if n not in chosen]).buffer(-5))
        assert rest.residents + area.residents == OAS["residents"].sum()


def test_real_luton_gives_one_total_over_every_geography(real_data: Path) -> None:
    lookups = real_data / "lookups"
    oas = pd.read_csv(lookups / "luton_oa21_lsoa21_msoa21_lad.csv")
    total = oas["census2021_usual_residents"].sum()
    source = Source("oa", "OA residents", "ONS", "2021", "2021-03-21", "OGL v3")
    values = pd.DataFrame({"residents": oas.set_index("OA21CD")["census2021_usual_residents"].astype(float)})
    table = AreaTable(OA21, {"residents": Column("Residents", "people", "count")}, values, source)
    from geo.crosswalk import convert, nested

    steps = {
        "lsoa21": nested(OA21, LSOA21, dict(zip(oas["OA21CD"], oas["LSOA21CD"], strict=True)), method="ONS"),
        "msoa21": nested(
            OA21,
            Geography("msoa", 2021),
            dict(zip(oas["OA21CD"], oas["MSOA21CD"], strict=True)),
            method="ONS",
        ),
        "lad22": nested(
            OA21, Geography("lad", 2022), dict(zip(oas["OA21CD"], oas["LADCD"], strict=True)), method="ONS"
        ),
    }
    by = {key: convert(table, step) for key, step in steps.items()}
    postcodes = pd.read_csv(real_data / "postcodes" / "luton_codepoint_open_2025_with_lsoa_ward.csv")
    to_ward = postcode_weights(postcodes, LSOA21, WD25)
    by["wd25"] = convert(by["lsoa21"], to_ward, whole=["residents"])
    assert [len(by[key].codes) for key in ("lsoa21", "msoa21", "wd25", "lad22")] == [125, 22, 20, 1]
    for one in by.values():
        assert one.values["residents"].sum() == total
    # And a drawn ward of real Luton, by postcodes, beside the crosswalk's figure.
    lsoas = read_boundaries(
        real_data / "boundaries" / "england_lsoa21_bgc.parquet", LSOA21, authority="E06000032"
    )
    wards = read_boundaries(
        real_data / "boundaries" / "england_wd25_bgc.parquet", WD25, authority="E06000032"
    )
    people = by["lsoa21"].values.assign(households=by["lsoa21"].values["residents"] / 2.8)
    directory = make_directory(
        postcodes[["Postcode", "Eastings", "Northings", "LSOA21CD"]],
        postcode="Postcode", x="Eastings", y="Northings", edition="Code-Point Open 2025.4.0",
    )  # fmt: skip
    luton = Place("Luton", {"lsoa21": lsoas, "wd25": wards}, people, LSOA21, postcodes=directory)
    poets = resolve_area("Poets", luton)
    assert poets.id == "E05014747"
    assert poets.approximate
    assert poets.residents == pytest.approx(by["wd25"].value("E05014747", "residents"), rel=0.005)
    again = resolve_area(
        f"SRID=27700;{to_wkt(wards.areas.loc['E05014747'].geometry, rounding_precision=-1)}", luton
    )
    assert again.residents == poets.residents
    assert again.id == resolve_area(again.shape.wkt, luton, crs="EPSG:27700").id
