"""A client that is not ours: GDAL's driver of OGC API - Features reads every collection in the right place."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from fastapi import FastAPI

from fairplace.pack import Pack
from geo.crs import to_lonlat
from geo.network import load_names, load_network

if "OAPIF" not in pyogrio.list_drivers():
    pytest.skip("GDAL here was built without the OAPIF driver", allow_module_level=True)

GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"


def read(address: str, collection: str, *, page: int = 50, crs: str = "", **rest: object) -> gpd.GeoDataFrame:
    options = {"PAGE_SIZE": str(page), **({"CRS": crs} if crs else {})}
    return pyogrio.read_dataframe(f"OAPIF:{address}", layer=collection, **options, **rest)


def test_gdal_lists_every_public_collection(served: str, caller) -> None:
    ours = {one["id"] for one in caller.get("/collections").json()["collections"]}
    assert {name for name, _ in pyogrio.list_layers(f"OAPIF:{served}")} == ours
    assert "halverton-lsoa21-figures" in ours


def test_gdal_reads_every_collection_where_the_pack_has_it(served: str, caller, sample_pack: Pack) -> None:
    for one in caller.get("/collections").json()["collections"]:
        name = one["id"].removeprefix("halverton-").removesuffix("-figures")
        kind, _, rest = name.partition("-")
        if kind == "networks":
            continue
        if kind == "designations":
            frame = sample_pack.places("planning", "features")
            frame = frame[frame["layer"] == rest] if rest else frame
        elif kind in ("points", "lines"):
            frame = sample_pack.places(kind, rest.replace("-", "_"))
        else:
            frame = sample_pack.areas(name)
        got = read(served, one["id"], page=500)
        assert len(got) == len(frame), one["id"]
        assert got.crs.to_epsg() == 27700, one["id"]
        assert shapely.equals(
            shapely.normalize(_parts(got)), shapely.normalize(_parts(frame.reset_index(drop=True)))
        ).all(), one["id"]


def test_gdal_reads_the_streets_where_the_network_has_them(served: str, sample_pack: Pack) -> None:
    network = load_network(sample_pack.path / "networks" / "streets")
    west, south, east, north = sample_pack.areas("wd25").geometry.iloc[0].bounds
    lines = network.frame().reset_index(drop=True)
    wanted = lines[lines.intersects(shapely.box(west, south, east, north))]
    got = read(served, "halverton-networks-streets", page=2_000, bbox=(west, south, east, north))
    assert len(got) == len(wanted) > 100
    assert shapely.equals(got.geometry.to_numpy(), wanted.geometry.to_numpy()).all()
    assert np.allclose(got["length"], wanted["length"], atol=0.05)
    assert set(got["name"].fillna("")) == set(
        load_names(sample_pack.path / "networks" / "streets")[wanted.index]
    )
    closed = ~np.isfinite(wanted["wheels_forward"].to_numpy())
    assert (got["wheels_forward"].isna().to_numpy() == closed).all()


def _parts(frame: gpd.GeoDataFrame) -> np.ndarray:
    """Shapes with one orientation of rings, and no collection of one."""
    shapes = shapely.orient_polygons(frame.geometry.to_numpy())
    single = shapely.get_num_geometries(shapes) == 1
    return np.where(single, shapely.get_geometry(shapes, 0), shapes)


def test_pages_lose_nobody_and_repeat_nobody(served: str, sample_pack: Pack) -> None:
    got = read(served, "halverton-lsoa21", page=7)
    assert got["code"].tolist() == sample_pack.areas("lsoa21").index.tolist()


def test_degrees_are_those_of_our_own_shift(served: str, sample_pack: Pack) -> None:
    got = read(served, "halverton-wd25", crs="OGC:CRS84")
    degrees, _ = to_lonlat(sample_pack.areas("wd25"))
    assert shapely.equals(
        shapely.normalize(_parts(got)), shapely.normalize(_parts(degrees.reset_index(drop=True)))
    ).all()


def test_gdal_filters_by_box_and_by_field(served: str, sample_pack: Pack) -> None:
    areas = sample_pack.areas("lsoa21")
    box = tuple(areas.geometry.iloc[3].bounds)
    got = read(served, "halverton-lsoa21", bbox=box)
    assert sorted(got["code"]) == sorted(areas.index[areas.intersects(shapely.box(*box))])
    code = areas.index[5]
    assert read(served, "halverton-lsoa21", where=f"code = '{code}'")["code"].tolist() == [code]


def test_a_figure_read_by_gdal_is_the_figure_of_the_pack(served: str, sample_pack: Pack) -> None:
    got = read(served, "halverton-lsoa21-figures").set_index("code")
    figures = sample_pack.figures
    rows = figures[(figures["geography"] == "lsoa21") & (figures["indicator"] == "residents")].set_index(
        "code"
    )
    assert got["residents"].to_dict() == rows["value"].to_dict()


def test_the_name_of_the_grid_brings_metres_of_the_pack(caller, sample_pack: Pack) -> None:
    code = sample_pack.areas("wd25").index[0]
    got = caller.get(f"/collections/halverton-wd25/items/{code}", params={"crs": GRID})
    assert got.headers["content-crs"] == f"<{GRID}>"
    shape = shapely.from_geojson(json.dumps(got.json()["geometry"]))
    assert shape.normalize().equals(sample_pack.areas("wd25").geometry[code].normalize())
    plain = caller.get(f"/collections/halverton-wd25/items/{code}")
    assert "CRS84" in plain.headers["content-crs"]
    assert shapely.from_geojson(json.dumps(plain.json()["geometry"])).bounds[0] < 2


def test_a_box_in_metres_is_taken_as_metres(caller, sample_pack: Pack) -> None:
    areas = sample_pack.areas("lsoa21")
    west, south, east, north = areas.geometry.iloc[3].bounds
    got = caller.get(
        "/collections/halverton-lsoa21/items",
        params={"bbox": f"{west},{south},{east},{north}", "bbox-crs": GRID, "limit": "1000"},
    ).json()
    wanted = areas.index[areas.intersects(shapely.box(west, south, east, north))]
    assert [one["id"] for one in got["features"]] == wanted.tolist()


def test_only_what_is_tested_is_declared(caller, service: FastAPI) -> None:
    declared = caller.get("/conformance").json()["conformsTo"]
    assert len(declared) == len(set(declared)) == 13
    unmet = ("features-4", "html", "oas3", "common")
    assert not any(part in name for name in declared for part in unmet)
    # The library's own list grows each time it is asked; ours must not.
    assert caller.get("/conformance").json()["conformsTo"] == declared


def test_landing_page_and_collections_have_the_links_of_the_standard(caller) -> None:
    relations = {link["rel"] for link in caller.get("/").json()["links"]}
    assert relations >= {"self", "service-desc", "service-doc", "conformance", "data"}
    one = caller.get("/collections/halverton-wd25").json()
    assert {link["rel"] for link in one["links"]} >= {"self", "items"}
    assert one["storageCrs"] == GRID
    assert GRID in one["crs"]
    assert one["extent"]["spatial"]["bbox"][0][0] < one["extent"]["spatial"]["bbox"][0][2]
    for link in one["links"]:
        assert caller.get(link["href"]).status_code == 200, link


def test_hits_names_sorting_and_fewer_fields(caller) -> None:
    items = "/collections/halverton-points-schools/items"
    hits = caller.get(f"{items}?resulttype=hits").json()
    assert (hits["numberReturned"], hits["features"]) == (0, [])
    got = caller.get(f"{items}?sortby=-name&properties=name&skipGeometry=true&limit=5").json()["features"]
    names = [one["properties"]["name"] for one in got]
    assert names == sorted(names, reverse=True)
    assert all(set(one["properties"]) == {"name"} and one["geometry"] is None for one in got)
    fields = caller.get("/collections/halverton-points-schools/queryables").json()["properties"]
    assert {"id", "name", "kind"} <= set(fields)
    one = caller.get(items, params={"name": names[0]}).json()
    assert {feature["properties"]["name"] for feature in one["features"]} == {names[0]}
