"""What is taken away is what is shown: every area and figure, what it means, whose it is, the same bytes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.service.app import create_app
from fairplace.service.downloads import csv_bytes

HERE = "/packs/halverton/downloads"


def test_every_file_that_is_listed_is_there(caller) -> None:
    files = caller.get(HERE).json()["files"]
    assert len(files) > 20
    for one in files:
        if "oa21" not in one["href"]:
            got = caller.get(one["href"])
            assert (got.status_code, got.headers["content-type"]) == (200, one["type"]), one
            assert got.headers["content-disposition"].startswith("attachment")


def test_the_geopackage_holds_areas_figures_dictionary_and_papers(
    caller, sample_pack: Pack, tmp_path: Path
) -> None:
    path = tmp_path / "wards.gpkg"
    path.write_bytes(caller.get(f"{HERE}/wd25.gpkg").content)
    assert sorted(name for name, _ in pyogrio.list_layers(path)) == ["dictionary", "sources", "wd25"]
    wards = pyogrio.read_dataframe(path, layer="wd25").set_index("code")
    areas = sample_pack.areas("wd25").sort_index()
    assert wards.crs.to_epsg() == 27700
    assert shapely.equals(
        shapely.normalize(wards.geometry.to_numpy()),
        shapely.normalize([shapely.MultiPolygon([one]) if one.geom_type == "Polygon" else one
                           for one in areas.geometry]),
    ).all()  # fmt: skip
    shown = release(sample_pack, "public").figures
    rows = shown[(shown["geography"] == "wd25") & (shown["group"] == "")]
    for name in ("residents", "mis_people_below_share"):
        wanted = rows[rows["indicator"] == name].sort_values("period").groupby("code")["value"].last()
        assert np.allclose(wards[name], wanted, equal_nan=True)
    described = pyogrio.read_dataframe(path, layer="dictionary").set_index("column")
    assert set(wards.columns) - {"name", "geography", "geometry"} == set(described.index)
    assert "modelled" in described.loc["mis_people_below_share", "label"]
    assert described.loc["mis_people_below_share_low", "label"].endswith("lower end of the range (modelled)")
    papers = pyogrio.read_dataframe(path, layer="sources")
    assert set(described["source"]) - {""} <= {*papers["id"], *rows["source"]}


def test_parquet_and_geojson_hold_the_same_areas(caller, sample_pack: Pack, tmp_path: Path) -> None:
    content = caller.get(f"{HERE}/wd25.parquet").content
    frame = gpd.read_parquet(io.BytesIO(content))
    assert frame["code"].tolist() == sorted(sample_pack.areas("wd25").index)
    papers = json.loads(pq.read_schema(io.BytesIO(content)).metadata[b"fairplace"])
    assert papers["attribution"]
    assert papers["sources"]
    features = caller.get(f"{HERE}/wd25.geojson").json()
    assert features["attribution"] == papers["attribution"]
    by_code = {one["id"]: one["properties"]["residents"] for one in features["features"]}
    assert by_code == dict(zip(frame["code"], frame["residents"], strict=True))


def test_csv_holds_no_formula_and_every_column_is_in_the_dictionary(caller) -> None:
    rows = list(csv.DictReader(io.StringIO(caller.get(f"{HERE}/lsoa21.csv").text)))
    described = list(csv.DictReader(io.StringIO(caller.get(f"{HERE}/dictionary.csv").text)))
    known = {row["column"] for row in described if row["geography"] == "lsoa21"}
    assert set(rows[0]) - {"code", "name", "geography"} == known
    assert all(row["licence"] for row in described if row["source"] and row["title"])
    text = csv_bytes(pd.DataFrame({"=a": ["=HYPERLINK(1)", "+1", "@x", "-2"], "n": [1, 2, 3, 4]})).decode()
    assert [line[0] for line in text.splitlines()] == ["'"] * 5


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "csv", "geojson"])
def test_two_workers_give_the_same_bytes(caller, sample_pack: Pack, suffix: str) -> None:
    other = type(caller)(create_app([sample_pack.path]))
    assert other.get(f"{HERE}/wd25.{suffix}").content == caller.get(f"{HERE}/wd25.{suffix}").content
    other.close()


def test_nothing_that_is_hidden_is_taken_away(caller, sample_pack: Pack) -> None:
    officer, public = release(sample_pack, "officer").figures, release(sample_pack, "public").figures
    absent = set(officer["indicator"][officer["geography"] == "lsoa21"]) - set(
        public["indicator"][public["geography"] == "lsoa21"]
    )
    head = caller.get(f"{HERE}/lsoa21.csv").text.splitlines()[0].split(",")
    assert absent
    assert not absent & set(head)


@pytest.mark.parametrize(
    "file", ["lsoa99.csv", "wd25.exe", "wd25", "..%2fmanifest.json", "<script>.csv", "dictionary.gpkg"]
)
def test_a_file_that_there_is_not_is_refused(caller, file: str) -> None:
    got = caller.get(f"{HERE}/{file}")
    assert (got.status_code, got.headers["content-type"]) == (404, "application/problem+json")
