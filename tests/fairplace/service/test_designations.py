"""Designations are served as the pack holds them, and nowhere is "not complete" taken for "none"."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from fairplace.disclosure import release
from fairplace.ground import released_layers
from fairplace.pack import Pack, open_pack
from fairplace.service.app import create_app
from fairplace.service.settings import read_service_settings
from fairplace.service.tokens import make_token
from geo.crs import to_lonlat

PACK = "/packs/halverton"
ALL = "/collections/halverton-designations"
GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"


@pytest.fixture(scope="module")
def changed(sample_pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack with a layer that only members may see, and a complete one in which nothing was found."""
    path = tmp_path_factory.mktemp("changed") / "halverton"
    shutil.copytree(sample_pack.path, path)
    papers = json.loads((path / "sources.json").read_text(encoding="utf-8"))
    for one in papers:
        if one["id"] == "planning-green-belt":
            one["licence_class"] = "member-only"
    (path / "sources.json").write_text(json.dumps(papers), encoding="utf-8")
    features = gpd.read_parquet(path / "planning" / "features.parquet")
    features = features[features["layer"] != "ancient-woodland"].reset_index(drop=True)
    features.to_parquet(path / "planning" / "features.parquet", index=False)
    return path


@pytest.fixture(scope="module")
def other(caller, changed: Path) -> Iterator:
    other = type(caller)(create_app([changed]))
    yield other
    other.close()


def rows_of(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path / "planning" / "features.parquet", columns=["layer", "reference", "name"])


def test_every_layer_says_how_complete_it_is_held_or_not(caller, sample_pack: Pack) -> None:
    got = caller.get(f"{PACK}/designations").json()
    stated = {one["id"]: one for one in sample_pack.manifest["settings"]["planning"]}
    assert {one["layer"] for one in got["layers"]} == set(stated)
    counts = rows_of(sample_pack.path)["layer"].value_counts()
    for one in got["layers"]:
        held = stated[one["layer"]]["held"]
        assert one["features"] == (int(counts.get(one["layer"], 0)) if held else None), one
        complete = held and stated[one["layer"]]["completeness"] == "complete"
        assert ("there is none." in one["means"]) == complete, one
        assert ("collection" in one) == held
        for link in ("collection", "tiles", "download"):
            assert not held or caller.get(one[link]["href"]).status_code == 200
    assert "Scheduled monuments" in got["notSpokenOf"]
    assert "not complete" in caller.get(f"{PACK}/designations?f=html").text


def test_completeness_goes_with_the_collection_and_with_every_feature(caller, sample_pack: Pack) -> None:
    one = caller.get(f"{ALL}-article-4-direction-area").json()
    assert one["completeness"] == "not complete"
    assert "(not complete)" in one["title"]
    assert "there may be some all the same" in one["description"]
    assert {row["layer"] for row in caller.get(ALL).json()["layers"]} >= {"contaminated-land"}
    features = caller.get(f"{ALL}/items?limit=1000").json()["features"]
    assert len(features) == len(rows_of(sample_pack.path))
    words = {"complete": "complete", "partial": "not complete"}
    stated = {one["id"]: words[one["completeness"]] for one in sample_pack.manifest["settings"]["planning"]
              if one["held"]}  # fmt: skip
    assert {one["properties"]["layer"]: one["properties"]["completeness"] for one in features} == stated


def test_boxes_pages_and_filters_find_the_features_of_the_pack(caller, sample_pack: Pack) -> None:
    held = sample_pack.places("planning", "features")
    west, south, east, north = held.geometry.iloc[5].bounds
    box = shapely.box(west, south, east, north)
    wanted = sorted(held["reference"][held.intersects(box)])
    got = caller.get(f"{ALL}/items", params={"bbox": f"{west},{south},{east},{north}", "bbox-crs": GRID})
    assert sorted(one["properties"]["reference"] for one in got.json()["features"]) == wanted
    degrees, _ = to_lonlat(held)
    at = degrees.geometry.iloc[0].representative_point()
    rule = (
        f"layer IN ('{held['layer'].iloc[0]}','green-belt') AND S_INTERSECTS(geometry, POINT({at.x} {at.y}))"
    )
    got = caller.get(f"{ALL}/items", params={"filter": rule}).json()
    assert held["reference"].iloc[0] in [one["properties"]["reference"] for one in got["features"]]
    seen, address = [], f"{ALL}/items?limit=5"
    while address:
        page = caller.get(address).json()
        seen += [one["id"] for one in page["features"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len(seen) == len(set(seen)) == len(held)


def test_gdal_reads_designations_in_degrees_and_metres_with_boxes_and_filters(
    served: str, sample_pack: Pack
) -> None:
    if "OAPIF" not in pyogrio.list_drivers():
        pytest.skip("GDAL here was built without the OAPIF driver")
    held = sample_pack.places("planning", "features")
    at = f"OAPIF:{served}"
    metres = pyogrio.read_dataframe(at, layer="halverton-designations", PAGE_SIZE="4")
    assert metres.crs.to_epsg() == 27700
    assert len(metres) == len(held)
    area = {one: shape.area for one, shape in zip(held["reference"], held.geometry, strict=True)}
    assert np.allclose(metres.geometry.area, metres["reference"].map(area))
    degrees = pyogrio.read_dataframe(at, layer="halverton-designations", CRS="OGC:CRS84")
    assert np.allclose(degrees.total_bounds, to_lonlat(held)[0].total_bounds, atol=1e-9)
    own = pyogrio.read_dataframe(at, layer="halverton-designations", where="layer = 'local-green-space'")
    assert sorted(own["reference"]) == sorted(held["reference"][held["layer"] == "local-green-space"])
    box = held.geometry.iloc[-1].bounds
    near = pyogrio.read_dataframe(at, layer="halverton-designations", bbox=box)
    assert sorted(near["reference"]) == sorted(held["reference"][held.intersects(shapely.box(*box))])


def test_files_to_take_away_hold_every_feature_and_what_is_not_known(
    caller, sample_pack: Pack, tmp_path: Path
) -> None:
    held = rows_of(sample_pack.path)
    for suffix in ("gpkg", "parquet", "geojson", "csv"):
        got = caller.get(f"{PACK}/downloads/designations.{suffix}")
        assert got.status_code == 200
        path = tmp_path / f"designations.{suffix}"
        path.write_bytes(got.content)
        frame = (
            pd.read_csv(path) if suffix == "csv"
            else gpd.read_parquet(path) if suffix == "parquet"
            else pyogrio.read_dataframe(path, **({"layer": "designations"} if suffix == "gpkg" else {}))
        )  # fmt: skip
        assert sorted(frame["reference"]) == sorted(held["reference"]), suffix
        assert set(frame["completeness"]) == {"complete", "not complete"}, suffix
    layers = pyogrio.read_dataframe(tmp_path / "designations.gpkg", layer="layers").set_index("layer")
    assert layers.loc["contaminated-land", "completeness"] == "not held"
    assert pd.isna(layers.loc["contaminated-land", "features"])
    points = pd.read_csv(io.StringIO(caller.get(f"{PACK}/downloads/points-schools.csv").text))
    schools = sample_pack.places("points", "schools")
    assert np.allclose(points["easting"], schools.geometry.x)


@pytest.mark.parametrize("name", ["designations", "points-schools", "lines-rail"])
def test_tiles_hold_the_features_in_their_place(caller, sample_pack: Pack, tmp_path: Path, name: str) -> None:
    if "MVT" not in pyogrio.list_drivers():
        pytest.skip("GDAL here was built without the MVT driver")
    said = caller.get(f"{PACK}/tiles/{name}.json").json()
    west, _, east, _ = said["bounds"]
    z, side = 10, 360 / 2**10
    found: dict[str, list] = {}
    for x in range(int((west + 180) // side), int((east + 180) // side) + 1):
        for y in range(334, 342):
            got = caller.get(f"{PACK}/tiles/{name}/{z}/{x}/{y}.mvt")
            if got.status_code == 204:
                continue
            path = tmp_path / str(z) / str(x) / f"{y}.mvt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(got.content)
            frame = pyogrio.read_dataframe(path, X=str(x), Y=str(y), Z=str(z), CLIP="NO").to_crs("EPSG:4326")
            for one, shape in zip(
                frame["mvt_id" if "id" not in frame else "id"], frame.geometry, strict=True
            ):
                found.setdefault(str(one), []).append(shape)
    features = caller.get(f"/collections/halverton-{name}/items?limit=10000").json()["features"]
    assert set(found) == {str(one["id"]) for one in features}
    for one in features:
        shape = shapely.from_geojson(json.dumps(one["geometry"]))
        far = shapely.hausdorff_distance(shapely.union_all(found[str(one["id"])]).centroid, shape.centroid)
        assert far < 0.01, one["id"]


def test_a_layer_for_members_is_in_nothing_that_the_public_gets(other, changed: Path) -> None:
    pack = open_pack(changed)
    secret = rows_of(changed).query("layer == 'green-belt'")
    needles = {"green-belt", "Green belt", *secret["reference"], *secret["name"]}
    held = [one["id"] for one in other.get("/collections").json()["collections"]]
    listed = [
        one["href"] for one in other.get(f"{PACK}/downloads").json()["files"] if "designations" in one["href"]
    ]
    addresses = [f"{PACK}/designations", "/collections", f"{PACK}/downloads", f"{PACK}/explore", *listed]
    addresses += [f"/collections/{one}/items?limit=10000" for one in held if "designations" in one]
    addresses += [f"{PACK}/tiles/designations/10/{x}/{y}.mvt" for x in (511, 512) for y in range(335, 340)]
    for address in addresses:
        got = other.get(address)
        assert got.status_code in (200, 204), address
        text = got.content.decode("utf-8", "replace")
        # That nothing is known of green belts is said, and is true of this edition.
        text = text.replace('"Green belt"', "") if "notSpokenOf" in text else text
        assert not [one for one in needles if one and one in text], address
    for address in (f"{ALL}-green-belt", f"{PACK}/tiles/designations-green-belt.json",
                    f"{PACK}/downloads/designations-green-belt.gpkg"):  # fmt: skip
        assert other.get(address).status_code == 404
    assert "Green belt" in other.get(f"{PACK}/designations").json()["notSpokenOf"]
    shown = {edition: released_layers(release(pack, edition))[1] for edition in ("public", "officer")}
    assert "green-belt" not in set(shown["public"]["layer"])
    assert "green-belt" in set(shown["officer"]["layer"])


def test_an_officer_is_shown_the_layer_for_members(caller, changed: Path, tmp_path: Path) -> None:
    (tmp_path / "serve.toml").write_text(
        'address = "http://127.0.0.1:8000"\n[dpia]\nreference = "x"\ndate = 2026-09-01\napprover = "y"\n'
        '[officers]\nauthorities = ["E06999001"]\n[audit]\nfile = "audit.jsonl"\n[tokens]\nfile = "tokens.json"\n',
        encoding="utf-8",
    )
    settings = read_service_settings(tmp_path / "serve.toml")
    assert settings.tokens is not None
    _, token = make_token(settings.tokens, name="Officer", role="officer", authorities=["E06999001"])
    inside = type(caller)(create_app([changed], settings=settings))
    head = {"authorization": f"Bearer {token}"}
    assert inside.get(f"{ALL}-green-belt/items").status_code == 404
    assert inside.get(f"{ALL}-green-belt/items", headers=head).json()["numberMatched"] > 0
    inside.close()


def test_a_complete_layer_without_features_is_there_and_empty(other) -> None:
    one = next(row for row in other.get(f"{PACK}/designations").json()["layers"]
               if row["layer"] == "ancient-woodland")  # fmt: skip
    assert (one["features"], one["completeness"]) == (0, "complete")
    assert "there is none." in one["means"]
    described = other.get(f"{ALL}-ancient-woodland").json()
    west, south, east, north = described["extent"]["spatial"]["bbox"][0]
    assert west < east
    assert south < north
    assert other.get(f"{ALL}-ancient-woodland/items").json()["numberMatched"] == 0
    for address in (f"{PACK}/downloads/designations-ancient-woodland.{suffix}"
                    for suffix in ("gpkg", "parquet", "geojson", "csv")):  # fmt: skip
        assert other.get(address).status_code == 200, address
    assert other.get(f"{PACK}/tiles/designations-ancient-woodland/10/512/337.mvt").status_code == 204
