"""Postcodes, services and crime, and what a folder of files holds."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from geo.crs import CrsError
from geo.geography import LSOA21, WD25, GeographyError
from layers.areas import WrongFileError
from layers.catalogue import CatalogueError, dataset, describe_source, load_catalogue
from layers.census import read_census
from layers.crime import count_crime, read_crime
from layers.delimited import HeaderError
from layers.deprivation import read_deprivation
from layers.fuel_poverty import read_fuel_poverty
from layers.holdings import NotHeldError, UnknownAuthorityError, scan
from layers.postcodes import postcode_places, read_postcodes
from layers.services import read_libraries, read_nhs, read_schools, read_stations


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --- postcodes ------------------------------------------------------------------------------------


def test_code_point_open_reads_with_and_without_its_header(tmp_path: Path) -> None:
    row = '"ZZ1 1AA",10,500100,220100,"E92000001","E19000001","E18000006","","E06999001","E05999001"\n'
    bare = read_postcodes(write(tmp_path, "zz.csv", row))
    head = "Postcode,Positional_quality_indicator,Eastings,Northings,Country_code,NHS_regional_HA_code,NHS_HA_code,Admin_county_code,Admin_district_code,Admin_ward_code\n"
    named = read_postcodes(write(tmp_path, "zz2.csv", head + row))
    assert bare.frame.drop(columns="geometry").equals(named.frame.drop(columns="geometry"))
    assert bare.frame.crs == "EPSG:27700"
    assert bare.frame[["id", "district", "ward", "status"]].iloc[0].tolist() == [
        "ZZ1 1AA", "E06999001", "E05999001", "live",
    ]  # fmt: skip


def test_a_directory_tells_the_living_from_the_ended_and_counts_the_placeless(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "nspl.csv",
        "pcd,pcds,dointr,doterm,oseast1m,osnrth1m,osgrdind,oa21,laua,ward,lsoa21\n"
        "ZZ1 1AA,ZZ1 1AA,199806,,0500100,0220100,1,E00999001,E06999001,E05999001,E01999001\n"
        "ZZ1 1AB,zz11ab,198001,201203,0500200,0220200,1,E00999001,E06999001,E05999001,E01999001\n"
        "ZZ1 1AC,ZZ1 1AC,198001,199001,,,9,,,,\n",
    )
    got = read_postcodes(path)
    assert got.frame["id"].tolist() == ["ZZ1 1AA", "ZZ1 1AB"]
    assert got.frame["status"].tolist() == ["live", "terminated"]
    assert got.frame["terminated"].tolist() == ["", "2012-03"]
    assert any("1 rows without a place were left out, ZZ1 1AC first" in note for note in got.notes)
    assert len(got.open.frame) == 1
    assert postcode_places(got)["ZZ1 1AB"] == (500200, 220200)


def test_a_postcode_that_stands_there_twice_is_named(tmp_path: Path) -> None:
    row = "ZZ1 1AA,10,500100,220100\n"
    path = write(tmp_path, "p.csv", "postcode,positional_quality,easting,northing\n" + row + row)
    with pytest.raises(HeaderError, match=r"p\.csv: ZZ1 1AA stands on rows 2, 3"):
        read_postcodes(path)


# --- services -------------------------------------------------------------------------------------

ODS = "organisation_code,name,postcode,open_date,close_date,status_code,prescribing_setting,easting,northing,admin_district_code\n"


def test_practices_are_told_from_other_prescribers(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "ods.csv",
        ODS + "E81001,WHARF SURGERY,ZZ1 1AA,19740401,,A,4,500100,220100,E06999001\n"
        "Y02345,NIGHT SERVICE,ZZ1 1AA,20100401,,A,2,500100,220100,E06999001\n"
        "E81002,OLD SURGERY,ZZ11AB,19740401,20200331,C,4,,,\n",
    )
    got = read_nhs(path, places={"ZZ1 1AB": (500200.0, 220200.0)})
    assert got.frame["kind"].tolist() == ["gp", "prescriber", "gp"]
    assert got.frame["status"].tolist() == ["open", "open", "closed"]
    assert got.frame["closed"].tolist() == ["", "", "2020-03-31"]
    assert got.frame.geometry.iat[2].x == 500200
    assert got.source.id == "nhs_gp"


def test_the_nhs_file_without_header_reads_as_published(tmp_path: Path) -> None:
    cells = [
        "FA123",
        "TOWN PHARMACY",
        "Y61",
        "QHG",
        "1 HIGH ST",
        "",
        "",
        "",
        "",
        "ZZ1 1AA",
        "19961028",
        "",
        "A",
        "1",
    ]
    path = write(tmp_path, "edispensary.csv", ",".join([*cells, *[""] * 13]) + "\n")
    got = read_nhs(path, places={"ZZ1 1AA": (500100.0, 220100.0)})
    assert got.frame[["id", "kind", "status", "placed"]].iloc[0].tolist() == [
        "FA123",
        "pharmacy",
        "open",
        "postcode centre",
    ]
    assert scan(tmp_path).cards[0].dataset == "nhs_pharmacy"


def test_degrees_with_their_axes_exchanged_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "s.csv", "stationName,lat,long,crsCode\nA,-0.41,51.88,AAA\nB,-0.42,51.89,BBB\n")
    with pytest.raises(CrsError, match=r"s\.csv.*latitude and longitude are exchanged"):
        read_stations(path)


def test_eastings_that_lie_nowhere_in_england_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "postcode,positional_quality,easting,northing\nZZ1 1AA,10,51.88,-0.42\n")
    with pytest.raises(CrsError, match=r"p\.csv row 2 lies at 52, -0.*outside England"):
        read_postcodes(path)


# --- crime ----------------------------------------------------------------------------------------

CRIME = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\n"


def test_crimes_are_counted_by_the_area_the_police_give(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "c.csv",
        CRIME
        + "1,2024-01,B,B,-0.41,51.88,On or near High St,E01999001,N,Burglary,,\n"
        + "2,2024-02,B,B,-0.41,51.88,On or near High St,E01999001,N,Violence and sexual offences,,\n"
        + "3,2024-02,B,B,,,No Location,,,Burglary,,\n",
    )
    got = count_crime(path, codes=["E01999001", "E01999002"])
    assert got.values.loc["E01999001"].to_dict() == {
        "crime_all": 2, "crime_burglary": 1, "crime_violence_and_sexual_offences": 1,
    }  # fmt: skip
    assert got.values.loc["E01999002", "crime_all"] == 0
    assert got.columns["crime_all"].period == "2024-01 to 2024-02"
    assert any("1 crimes without an LSOA" in note for note in got.notes)
    points = read_crime(path)
    assert len(points.frame) == 2
    assert set(points.frame["placed"]) == {"anonymised snap point"}


def test_a_mangled_area_of_a_crime_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "c.csv", CRIME + "1,2024-01,B,B,-0.41,51.88,H,1.0E+06,N,Burglary,,\n")
    with pytest.raises(GeographyError, match=r'c\.csv, "LSOA code" row 2'):
        count_crime(path)


# --- the catalogue and a folder -------------------------------------------------------------------


def test_every_reader_the_catalogue_names_exists() -> None:
    for one in load_catalogue().values():
        if one.reader.startswith("layers."):
            module, _, function = one.reader.split(",")[0].rpartition(".")
            assert callable(getattr(importlib.import_module(module), function)), one.id


def test_every_data_set_has_its_papers() -> None:
    for one in load_catalogue().values():
        assert one.title, one.id
        assert one.publisher, one.id
        assert one.edition, one.id
        assert one.licence, one.id
        assert one.url.startswith("https://"), one.id
        assert one.required or one.sheets or one.name, one.id


def test_an_unknown_data_set_is_answered_with_its_neighbours(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="did you mean fuel_poverty_2022"):
        dataset("fuel_poverty")
    path = write(tmp_path, "f.csv", "x\n1\n")
    assert describe_source("iod2025", path).file == "f.csv"


def test_a_file_is_known_by_its_columns_whatever_its_name(tmp_path: Path) -> None:
    head = "date,geography,geography code,Tenure of household: Total: All households,Tenure of household: Owned: Owns outright\n"
    write(tmp_path, "imd 2025 (final) v2.csv", head + "2021,N,E01999001,10,5\n")
    write(tmp_path, "notes.csv", "who,what\na,b\n")
    write(tmp_path, "broken.parquet", "not parquet")
    write(tmp_path, "restricted/homes.csv", head)
    found = scan(tmp_path)
    assert found.find("census2021_ts054").name == "imd 2025 (final) v2.csv"
    assert {card.path.name for card in found.unknown} == {"notes.csv", "broken.parquet"}
    assert next(card for card in found.unknown if card.path.suffix == ".parquet").problem
    with pytest.raises(NotHeldError, match=r"Indices of Deprivation 2025.*get it from https://www\.gov\.uk"):
        found.find("iod2025")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotHeldError, match="is not a folder"):
        scan(tmp_path / "nowhere")


def test_street_networks_elsewhere_do_not_serve_an_authority(tmp_path: Path) -> None:
    write(
        tmp_path,
        "m.csv",
        "LSOA21CD,LSOA21NM,WD24CD,WD24NM,LAD24CD,LAD24NM\nE01999001,N,E05999001,W,E06999001,N\n",
    )
    square = "[[[-0.45,51.86],[-0.40,51.86],[-0.40,51.90],[-0.45,51.90],[-0.45,51.86]]]"
    write(
        tmp_path,
        "b.geojson",
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"LSOA21CD":"E01999001"},'
        f'"geometry":{{"type":"Polygon","coordinates":{square}}}}}]}}',
    )
    write(
        tmp_path,
        "here.osm",
        '<osm><bounds minlat="51.85" minlon="-0.46" maxlat="51.91" maxlon="-0.39"/></osm>',
    )
    write(
        tmp_path, "away.osm", '<osm><bounds minlat="53.85" minlon="-3.1" maxlat="53.91" maxlon="-3.0"/></osm>'
    )
    found = scan(tmp_path)
    assert found.find_all("osm_streets", "E06999001") == [tmp_path / "here.osm"]
    assert found.areas("E06999001", LSOA21) == {"E01999001"}


def test_luton_takes_its_own_cut_because_it_holds_more(real_data: Path) -> None:
    found = scan(real_data)
    held = found.look("iod2025", "E06000032")
    assert held.path is not None
    assert held.path.name.startswith("luton_File_7")
    assert "more of the wanted columns" in held.note
    assert found.missing("E06000032") == []
    assert found.check_authority("E06000032") == "Luton"
    assert "osm_streets" not in {one.dataset.id for one in found.inventory("E06000032") if one.path}
    assert found.find("codepoint_open_plain", "E06000032").name == "codepoint_open_LU_2025-11.csv"
    with pytest.raises(UnknownAuthorityError, match='"E06999999" is in no list of districts'):
        found.check_authority("E06999999")
    with pytest.raises(UnknownAuthorityError, match="Luton is E06000032"):
        found.check_authority("Luton")


@pytest.mark.parametrize(("authority", "lsoas"), [("E06000009", 94), ("E06000053", 1), ("E06000063", 173)])
def test_other_authorities_find_the_england_files_and_hear_what_is_missing(
    real_data: Path, authority: str, lsoas: int
) -> None:
    found = scan(real_data)
    codes = found.areas(authority, LSOA21)
    if authority != "E06000063":
        assert len(codes) == lsoas
    for key, read in (
        ("iod2025", read_deprivation),
        ("census2021_ts054", read_census),
        ("fuel_poverty_2022", read_fuel_poverty),
    ):
        path = found.find(key, authority)
        assert "luton" not in path.name
        assert set(read(path, codes=codes).codes) == codes
    gone = {one.dataset.id for one in found.inventory(authority) if one.path is None}
    assert {"codepoint_open", "nhs_gp", "police_crime", "terrain50", "osm_streets", "schools"} <= gone
    with pytest.raises(NotHeldError, match=f"none covers {authority}"):
        found.find("codepoint_open", authority)
    assert found.missing(authority) == []


@pytest.mark.parametrize("code", ["E08000016", "E08000038"])
def test_a_district_with_two_codes_in_one_year_is_found_by_either(real_data: Path, code: str) -> None:
    # The LSOA file still says E08000016 for Barnsley, the ward file of the same year E08000038.
    found = scan(real_data)
    assert len(found.areas(code, LSOA21)) > 100
    assert len(found.areas(code, WD25)) > 15


def test_one_authority_reads_from_england_wide_files(real_data: Path) -> None:
    found = scan(real_data)
    codes = found.areas("E06000009", LSOA21)
    scores = real_data / "imd" / "iod2025_all_scores_ranks_deciles_england.csv.gz"
    assert set(read_deprivation(scores, codes=codes).values.index) == set(codes)
    for path in sorted((real_data / "census2021").glob("census2021-*.csv.gz")):
        assert set(read_census(path, codes=codes).values.index) == set(codes)


def test_services_of_luton(real_data: Path) -> None:
    counts = {}
    for name in ("gp_practices", "pharmacies", "dental_practices"):
        frame = read_nhs(real_data / "points" / f"nhs_ods_{name}_LU.csv").open.frame
        kinds = frame[frame["district"] == "E06000032"]["kind"]
        counts |= kinds.value_counts().to_dict()
    assert (counts["gp"], counts["pharmacy"], counts["dentist"]) == (25, 40, 20)


def test_postcodes_libraries_schools_and_stations_of_luton(real_data: Path) -> None:
    codes = read_postcodes(real_data / "points" / "codepoint_open_LU_2025-11.csv")
    assert (len(codes.frame), int((codes.frame["district"] == "E06000032").sum())) == (6_434, 3_233)
    joined = read_postcodes(real_data / "postcodes" / "luton_codepoint_open_2025_with_lsoa_ward.csv")
    assert (joined.frame["lsoa21"] != "").all()
    libraries = read_libraries(real_data / "points" / "libraries_luton.csv")
    assert (len(libraries.frame), len(libraries.open.frame)) == (10, 9)
    assert libraries.frame["id"].is_unique
    schools = read_schools(real_data / "points" / "schools_luton_partial_2017-07.csv")
    assert schools.frame["kind"].value_counts().to_dict() == {
        "primary": 8,
        "secondary": 4,
        "special": 2,
        "nursery": 1,
    }
    assert "fragment" in schools.source.note
    stations = read_stations(real_data / "points" / "rail_stations_luton_area.csv")
    assert len(stations.frame) == 6
    assert stations.source.licence_class == "share-alike"


def test_crime_in_luton(real_data: Path) -> None:
    got = count_crime(real_data / "points" / "police_uk_street_crime_luton_2021-05_2024-04.csv.gz")
    assert got.values["crime_all"].sum() == 65_669
    assert len(got.codes) == 125
    assert got.values.drop(columns="crime_all").sum(axis=1).equals(got.values["crime_all"])


def test_another_data_set_is_no_file_of_services(real_data: Path) -> None:
    with pytest.raises(WrongFileError, match=r"Public libraries.*read_libraries"):
        read_schools(real_data / "points" / "libraries_luton.csv")
