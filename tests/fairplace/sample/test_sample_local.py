"""What the sample's council keeps, plans and holds back."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio

from fairplace.sample import Town
from fairplace.sample.formats import FICTIONAL
from geo.crs import to_bng


@pytest.mark.parametrize(
    ("ours", "real"),
    [
        ("codepoint_open_HV_2025-11.csv", "codepoint_open_LU_2025-11.csv"),
        ("nhs_ods_gp_practices_HV.csv", "nhs_ods_gp_practices_LU.csv"),
        ("nhs_ods_pharmacies_HV.csv", "nhs_ods_pharmacies_LU.csv"),
        ("nhs_ods_dental_practices_HV.csv", "nhs_ods_dental_practices_LU.csv"),
        ("libraries_halverton.csv", "libraries_luton.csv"),
        ("schools_halverton.csv", "schools_luton_partial_2017-07.csv"),
        ("rail_stations_halverton_area.csv", "rail_stations_luton_area.csv"),
        (
            "police_uk_street_crime_halverton_2021-05_2024-04.csv.gz",
            "police_uk_street_crime_luton_2021-05_2024-04.csv.gz",
        ),
    ],
)
def test_points_have_the_header_of_the_real_file(
    published: Path, real_data: Path, ours: str, real: str
) -> None:
    first = pd.read_csv(published / "points" / ours, nrows=5)
    assert list(first.columns) == list(pd.read_csv(real_data / "points" / real, nrows=5).columns)


def test_the_elevation_raster_has_the_profile_of_the_real_one(published: Path, real_data: Path) -> None:
    with (
        rasterio.open(published / "raster" / "os_terrain50_halverton_10km.tif") as ours,
        rasterio.open(real_data / "raster" / "os_terrain50_luton_30km.tif") as real,
    ):
        assert (ours.dtypes, ours.nodata, ours.res, ours.count) == (
            real.dtypes,
            real.nodata,
            real.res,
            real.count,
        )
        assert ours.crs.to_epsg() == 27700


def test_the_population_raster_holds_everyone_and_knows_where_it_did_not_count(
    halverton: Town, published: Path
) -> None:
    with rasterio.open(published / "raster" / "halverton_population_100m_2021.tif") as source:
        cells = source.read(1, masked=True)
        assert cells.sum() == halverton.truth["persons"].sum()
        assert cells.mask.any()
        assert source.tags()["SOURCE"] == FICTIONAL


def test_the_street_file_is_openstreetmap_xml_whose_ways_name_nodes_that_exist(
    halverton: Town, published: Path
) -> None:
    root = ET.parse(published / "osm" / "halverton.osm").getroot()
    assert root.attrib["version"] == "0.6"
    nodes = {node.attrib["id"] for node in root.iter("node")}
    assert len(nodes) == len(halverton.streets.nodes)
    assert {nd.attrib["ref"] for nd in root.iter("nd")} <= nodes
    kinds = {
        tag.attrib["v"]
        for tag in root.iter("tag")
        if tag.attrib["k"] in ("amenity", "shop", "leisure", "highway")
    }
    assert {"pharmacy", "school", "playground", "bus_stop", "supermarket", "park", "steps"} <= kinds


def test_every_place_of_a_service_lies_in_the_district(halverton: Town, published: Path) -> None:
    district = halverton.areas.shapes["lad25"].iloc[0]
    paths = [
        *published.glob("local/*.csv"),
        *published.glob("points/nhs*.csv"),
        *published.glob("restricted/*/*.csv"),
    ]
    seen = 0
    for path in paths:
        frame = pd.read_csv(path)
        if "easting" not in frame:
            continue
        given = frame.dropna(subset=["easting"])
        points = gpd.points_from_xy(given["easting"], given["northing"])
        assert points.within(district).all(), path.name
        seen += len(given)
    assert seen > 1300


def test_services_can_be_placed_by_coordinates_or_by_postcode(halverton: Town, published: Path) -> None:
    services = pd.read_csv(published / "local" / "services.csv")
    by_point, by_code = services["easting"].notna(), services["postcode"].notna()
    assert (by_point | by_code).all()
    assert (~by_point).any()
    assert (~by_code).any()
    assert set(services.loc[by_code, "postcode"]) <= set(halverton.postcodes["postcode"])
    assert {"family_hub", "early_years_setting", "advice_point"} <= set(services["kind"])
    hubs = pd.read_csv(published / "local" / "hub_candidates.csv")
    assert (hubs["status"] == "existing").sum() == 3
    assert (hubs["status"] == "candidate").sum() >= 10
    assert hubs[["capacity", "annual_cost", "easting", "northing"]].notna().all(axis=None)


def test_plan_sites_hold_the_traps_a_review_must_survive(halverton: Town, published: Path) -> None:
    sites, _ = to_bng(gpd.read_file(published / "local" / "plan_sites.geojson"), where="plan_sites.geojson")
    assert len(sites) >= 25
    assert sites.is_valid.all()
    assert set(sites["status"]) == {"chosen", "rejected", "omission"}
    assert (sites.geom_type == "MultiPolygon").sum() == 1
    named = sites.set_index("reference").geometry
    assert named["HAL23"].intersection(named["HAL24"]).area > 1000
    assert named["HAL26"].minimum_rotated_rectangle.area / named["HAL26"].length < 10
    district = halverton.areas.shapes["lad25"].iloc[0]
    outside = named.difference(district).area
    assert outside["HAL27"] > 1000


@pytest.mark.parametrize(
    "dataset",
    [
        "conservation-area",
        "flood-risk-zone",
        "green-belt",
        "ancient-woodland",
        "air-quality-management-area",
        "article-4-direction-area",
        "local-green-space",
    ],
)
def test_constraints_are_entities_of_planning_data(halverton: Town, published: Path, dataset: str) -> None:
    path = published / "local" / "constraints" / f"{dataset}.geojson"
    frame, _ = to_bng(gpd.read_file(path), where=dataset)
    assert frame.is_valid.all()
    assert not frame.is_empty.any()
    properties = json.loads(path.read_text())["features"][0]["properties"]
    for column in (
        "dataset",
        "reference",
        "name",
        "entity",
        "start-date",
        "end-date",
        "entry-date",
        "prefix",
    ):
        assert column in properties
    assert set(frame["dataset"]) == {dataset}
    assert frame.intersects(halverton.areas.shapes["lad25"].iloc[0]).any()


def test_coverage_tells_no_data_from_no_constraint(published: Path) -> None:
    coverage = pd.read_csv(published / "local" / "constraints" / "coverage.csv").set_index("dataset")
    assert set(coverage["completeness"]) == {"complete", "partial", "none"}
    present = {path.stem for path in (published / "local" / "constraints").glob("*.geojson")}
    assert present == set(coverage.index[coverage["completeness"] != "none"])


def test_the_register_has_28_indicators_over_eight_principles(published: Path) -> None:
    register = pd.read_csv(published / "local" / "indicators.csv")
    assert len(register) == 28
    assert register["id"].is_unique
    assert set(register["principle"]) == set(range(1, 9))
    assert register["source"].str.contains("Fictional").all()
    values = pd.read_csv(published / "local" / "indicator_values.csv")
    of_pack = register["pack_indicator"].notna()
    assert set(values["id"]) == set(register.loc[~of_pack, "id"])
    assert {"people_below_mis", "children_below_mis"} <= set(register.loc[of_pack, "id"])
    assert not values.duplicated(["id", "code", "geography", "period"]).any()
    shown = values[values["status"] == "ok"]
    assert ((shown["low"] <= shown["value"] + 1e-4) & (shown["value"] <= shown["high"] + 1e-4)).all()
    assert values.loc[values["status"] != "ok", ["value", "count", "low", "high"]].isna().all(axis=None)
    assert not shown["count"].between(1, 4).any()
    assert {"ok", "suppressed", "missing"} == set(values["status"])


def test_referrals_keep_three_counts_apart(published: Path) -> None:
    referrals = pd.read_csv(published / "local" / "referrals.csv")
    assert (referrals["attended"] <= referrals["referrals"]).all()
    assert (referrals["referred_new_clients"] <= referrals["referrals"]).all()
    assert not (referrals["sessions"] == referrals["attended"]).all()


def test_the_survey_gives_its_base_and_has_estates_with_few_replies(published: Path) -> None:
    survey = pd.read_csv(published / "local" / "survey.csv")
    assert (survey["count"] <= survey["base"]).all()
    largest = survey.groupby("estate")["base"].max()
    assert (largest < 10).any()
    assert (largest >= 10).any()


@pytest.mark.parametrize("table", ["homes", "epc", "refuges", "childminders"])
def test_a_restricted_table_has_its_papers(published: Path, table: str) -> None:
    place = published / "restricted" / table
    papers = tomllib.loads((place / "restricted.toml").read_text(encoding="utf-8"))
    for key in ("controller", "purpose", "lawful_basis", "dpia_reference"):
        assert papers[key].strip()
    assert isinstance(papers["collected"], dt.date)
    assert papers["collected"] < papers["delete_by"]
    assert (place / papers["table"]).is_file()


def test_audited_homes_say_what_they_are(halverton: Town, published: Path) -> None:
    homes = pd.read_csv(published / "restricted" / "homes" / "homes.csv")
    assert 1000 <= len(homes) <= 1400
    assert homes["uprn"].is_unique
    assert set(homes["epc_band"]) <= set("ABCDEFG")
    assert 5 <= (homes["below_standard"] == "yes").sum() <= 60
    assert set(homes["postcode"]) <= set(halverton.postcodes["postcode"])
    assert set(homes["random_sample"]) == {"no"}


def test_nothing_about_a_home_or_a_refuge_lies_outside_restricted(published: Path) -> None:
    homes = pd.read_csv(published / "restricted" / "homes" / "homes.csv", dtype=str)
    secret = set(homes["uprn"]) | set(
        pd.read_csv(published / "restricted" / "refuges" / "refuges.csv")["name"]
    )
    words = ("epc_band", "childminder", "refuge", "income_ahc")
    for path in published.rglob("*"):
        if (
            path.is_dir()
            or "restricted" in path.parts
            or path.suffix not in (".csv", ".geojson", ".osm", ".txt")
        ):
            continue
        text = path.read_text(encoding="utf-8")
        assert not any(word in text for word in words), path.name
        for value in secret:
            assert value not in text, path.name


def test_every_file_that_can_says_that_it_is_fictional(published: Path) -> None:
    for path in published.rglob("*.geojson"):
        assert json.loads(path.read_text(encoding="utf-8"))["description"] == FICTIONAL
    for path in [*published.rglob("*.osm"), *published.rglob("*.toml"), published / "FICTIONAL.txt"]:
        assert FICTIONAL in path.read_text(encoding="utf-8")
    for path in published.rglob("*.tif"):
        with rasterio.open(path) as source:
            assert source.tags()["SOURCE"] == FICTIONAL
    for path in published.rglob("*.xlsx"):
        assert openpyxl.load_workbook(path).properties.description == FICTIONAL
    wards = json.loads((published / "boundaries" / "halverton_wd25_bgc.geojson").read_text())
    assert {one["properties"]["LAD25NM"] for one in wards["features"]} == {"Halverton (fictional)"}


def test_crime_lies_on_shared_points_inside_the_areas_it_names(halverton: Town, published: Path) -> None:
    crime = pd.read_csv(published / "points" / "police_uk_street_crime_halverton_2021-05_2024-04.csv.gz")
    assert crime["month"].nunique() == 36
    assert len(crime) > 10 * len(crime[["longitude", "latitude"]].drop_duplicates())
    assert set(crime["lsoa_code"]) <= set(halverton.areas.members["LSOA21CD"])
    assert np.isfinite(crime[["longitude", "latitude"]]).all(axis=None)
