"""The abstract tests of the standards whose conformance classes the service declares, each by its identifier.

OGC's executable suite is a Java program that is not to be had everywhere. Its tests are those of the annexes
of the standards: OGC API - Features Part 1 (17-069r4, annex A), Part 2 (18-058r1, annex A), Part 3 (19-079r2,
annex A) and CQL2 (21-065r2, annex A). Here each of them that belongs to a declared class is run over the
service, or is listed with the reason why it is not. docs/ogc-conformance.md is made from this module.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
import numpy as np
import pandas as pd
import pytest
import shapely

from fairplace.service.bounds import LIMIT, MOST
from fairplace.service.cql2 import find_rows
from geo.crs import lonlat_to_bng

jsonschema = pytest.importorskip("jsonschema", reason="needs jsonschema")

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"
SPEC = "http://www.opengis.net/spec/"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
#: Class -> its abstract tests, as the annexes list them.
TESTS: dict[str, tuple[str, ...]] = {
    "ogcapi-features-1/1.0/conf/core": (
        "http", "crs84", "root-op", "root-success", "conformance-op", "conformance-success",
        "api-definition-op", "api-definition-success", "fc-md-op", "fc-md-success", "fc-md-links", "fc-md-items",
        "fc-md-items-links", "fc-md-extent", "sfc-md-op", "sfc-md-success", "fc-op", "fc-bbox-definition",
        "fc-bbox-response", "fc-limit-definition", "fc-limit-response", "fc-time-definition", "fc-time-response",
        "query-param-unknown", "query-param-invalid", "fc-response", "fc-links", "fc-timeStamp",
        "fc-numberMatched", "fc-numberReturned", "f-op", "f-success", "f-links",
    ),
    "ogcapi-features-1/1.0/conf/geojson": ("definition", "content"),
    "ogcapi-features-2/1.0/conf/crs": (
        "crs-uri", "default-crs", "storageCrs", "crs-parameter", "crs-parameter-default", "crs-parameter-invalid",
        "crs-parameter-transform", "bbox-crs-parameter", "bbox-crs-parameter-default",
        "bbox-crs-parameter-invalid",
    ),
    "ogcapi-features-3/1.0/conf/queryables": ("get-conformance", "get-queryables-uris", "get-queryables"),
    "ogcapi-features-3/1.0/conf/queryables-query-parameters": ("get-conformance", "query-param"),
    "ogcapi-features-3/1.0/conf/filter": (
        "get-conformance", "filter-param", "filter-lang-default", "expression-construction", "filter-crs-wgs84",
        "filter-crs-param", "get-functions",
    ),
    "ogcapi-features-3/1.0/conf/features-filter": (
        "get-conformance", "get-collections", "get-collection", "filter-on-items", "mixing-expression",
    ),
    "cql2/1.0/conf/cql2-text": ("validate", "escaping"),
    "cql2/1.0/conf/basic-cql2": ("basic-test", "comparison", "is-null", "boolean", "test-data", "logical"),
    "cql2/1.0/conf/advanced-comparison-operators": ("like", "between", "in", "test-data", "logical"),
    "cql2/1.0/conf/case-insensitive-comparison": ("casei", "casei-like", "test-data", "logical"),
    "cql2/1.0/conf/basic-spatial-functions": ("s_intersects", "test-data", "logical"),
    "cql2/1.0/conf/basic-spatial-functions-plus": ("s_intersects", "test-data"),
}  # fmt: skip
_DATA = "needs the standard's own data set of countries, places and rivers, which is not carried here"
#: Abstract test -> why it is not run.
NOT_RUN = {
    "ogcapi-features-1/1.0/conf/core/fc-timeStamp": "does not apply: answers carry no timeStamp",
    "ogcapi-features-3/1.0/conf/filter/get-functions": "does not apply: there are no functions of ours",
    **{f"{name}/test-data": _DATA for name, tests in TESTS.items() if "test-data" in tests},
}
#: Abstract test -> the test here that runs it.
RUN: dict[str, str] = {}
#: Collections that CQL2 is tried on: areas, figures, points with dates, polygons of several layers, lines.
TRIED = ("wd25", "wd25-figures", "points-schools", "points-events", "designations", "lines-rail")
T = TypeVar("T", bound=Callable[..., Any])


def runs(name: str, *tests: str) -> Callable[[T], T]:
    """Note that a test here runs some abstract tests of a class."""

    def noted(test: T) -> T:
        for one in tests:
            assert one in TESTS[name], one
            RUN[f"{name}/{one}"] = test.__name__
        return test

    return noted


def get(caller: Any, address: str, media: str = "application/json", /, **params: object) -> httpx.Response:
    return caller.get(address, headers={"accept": media}, params=params or None)


def features(caller: Any, collection: str, /, **params: object) -> httpx.Response:
    return get(caller, f"/collections/{collection}/items", "application/geo+json", **params)


def everything(caller: Any, collection: str) -> list[dict[str, Any]]:
    """Features of a collection, from all its pages."""
    content = features(caller, collection, limit=MOST).json()
    seen = content["features"]
    while following := links_of(content, "next"):
        content = get(caller, following[0]["href"], "application/geo+json").json()
        seen += content["features"]
    return seen


def ids(got: httpx.Response) -> list[str]:
    assert got.status_code == 200, got.text[:300]
    return [str(one["id"]) for one in got.json()["features"]]


@pytest.fixture(scope="module")
def collections(caller: Any) -> list[dict[str, Any]]:
    held = get(caller, "/collections").json()["collections"]
    assert len(held) > 20
    return held


@pytest.fixture(scope="module")
def described(caller: Any) -> dict[str, Any]:
    return get(caller, "/openapi.json").json()


def parameter(described: dict[str, Any], name: str) -> dict[str, Any]:
    listed = described["paths"]["/collections/{collection}/items"]["get"]["parameters"]
    return next(one for one in listed if one["name"] == name)


def links_of(content: dict[str, Any], rel: str) -> list[dict[str, str]]:
    return [one for one in content["links"] if one["rel"] == rel]


def check_links(content: dict[str, Any], *others: str) -> None:
    """A link to itself, one to each other form, and all with relation and type."""
    assert len(links_of(content, "self")) == 1
    assert "text/html" in {one["type"] for one in links_of(content, "alternate")}
    for rel in others:
        assert links_of(content, rel), rel
    for one in content["links"]:
        assert one["rel"]
        assert one["type"]
        assert one["href"].startswith("http")


def geometry(feature: dict[str, Any]) -> shapely.Geometry:
    return shapely.from_geojson(json.dumps(feature["geometry"]))


CORE = "ogcapi-features-1/1.0/conf/core"


@runs(CORE, "http")
def test_everything_is_answered_over_http_1_1(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    with httpx.Client(http1=True, http2=False, base_url=address) as client:
        for path in (
            "/",
            "/conformance",
            "/collections",
            "/collections/halverton-wd25/items",
            "/openapi.json",
        ):
            got = client.get(path)
            assert (got.status_code, got.http_version) == (200, "HTTP/1.1")
    assert host
    assert int(port)


@runs(CORE, "crs84")
def test_without_another_crs_all_shapes_are_in_degrees(caller, collections) -> None:
    for one in collections:
        got = features(caller, one["id"], limit=50)
        assert got.headers["content-crs"] == f"<{CRS84}>"
        for feature in got.json()["features"]:
            west, south, east, north = geometry(feature).bounds
            assert -180 <= west <= east <= 180, one["id"]
            assert -90 <= south <= north <= 90, one["id"]


@runs(CORE, "root-op", "root-success")
def test_the_landing_page_leads_to_all_else(caller) -> None:
    got = get(caller, "/")
    assert (got.status_code, got.headers["content-type"]) == (200, "application/json")
    content = got.json()
    assert isinstance(content["title"], str)
    check_links(content, "service-desc", "service-doc", "conformance", "data")
    for one in content["links"]:
        assert get(caller, one["href"], one["type"]).status_code == 200, one


@runs(CORE, "conformance-op", "conformance-success")
def test_the_declaration_lists_the_classes_that_are_tested_here_and_no_other(caller) -> None:
    for link in links_of(get(caller, "/").json(), "conformance"):
        got = get(caller, link["href"])
        assert got.status_code == 200
        declared = got.json()["conformsTo"]
        assert len(declared) == len(set(declared))
        assert set(declared) == {SPEC + name for name in TESTS}


@runs(CORE, "api-definition-op", "api-definition-success")
def test_the_definition_of_the_api_is_where_the_landing_page_says(caller) -> None:
    content = get(caller, "/").json()
    for rel in ("service-desc", "service-doc"):
        for link in links_of(content, rel):
            got = get(caller, link["href"], link["type"])
            assert got.status_code == 200
    described = get(caller, links_of(content, "service-desc")[0]["href"]).json()
    assert re.fullmatch(r"3\.\d+\.\d+", described["openapi"])
    for path in ("/", "/conformance", "/collections", "/collections/{collection}",
                 "/collections/{collection}/items", "/collections/{collection}/items/{feature}"):  # fmt: skip
        assert "get" in described["paths"][path]


@runs(CORE, "fc-md-op", "fc-md-success", "fc-md-links", "fc-md-items", "fc-md-items-links")
def test_the_list_of_collections_describes_each_of_them(caller, service) -> None:
    got = get(caller, "/collections")
    assert (got.status_code, got.headers["content-type"]) == (200, "application/json")
    content = got.json()
    check_links(content)
    assert {one["id"] for one in content["collections"]} == set(service.state.holdings.public.layers)
    for one in content["collections"]:
        assert one["id"]
        assert one.get("itemType", "feature") == "feature"
        assert {each["type"] for each in links_of(one, "items")} == {"application/geo+json", "text/html"}
        for each in one["links"]:
            assert {"rel", "type", "href"} <= set(each)


@runs(CORE, "fc-md-extent")
def test_the_extent_of_a_collection_holds_all_its_shapes(caller, collections) -> None:
    for one in collections:
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        assert one["extent"]["spatial"].get("crs", CRS84) == CRS84
        around = shapely.box(west, south, east, north).buffer(1e-8)
        shapes = np.array([geometry(feature) for feature in everything(caller, one["id"])])
        assert shapely.covers(around, shapes).all(), one["id"]


@runs(CORE, "sfc-md-op", "sfc-md-success")
def test_each_collection_is_described_alike_by_itself(caller, collections) -> None:
    for one in collections:
        got = get(caller, f"/collections/{one['id']}")
        assert got.status_code == 200
        alone = got.json()
        for key in ("id", "title", "description", "extent", "crs", "storageCrs", "itemType"):
            assert alone[key] == one[key], key
        check_links(alone, "items")
    assert get(caller, "/collections/there-is-none").status_code == 404


@runs(CORE, "fc-op", "fc-response", "fc-links", "fc-numberReturned")
def test_each_collection_gives_its_features(caller, collections) -> None:
    for one in collections:
        for link in links_of(one, "items"):
            assert get(caller, link["href"], link["type"]).status_code == 200
        got = features(caller, one["id"])
        assert (got.status_code, got.headers["content-type"]) == (200, "application/geo+json")
        content = got.json()
        assert content["type"] == "FeatureCollection"
        assert all(feature["type"] == "Feature" for feature in content["features"])
        assert content["numberReturned"] == len(content["features"]) <= LIMIT
        check_links(content)
        beyond = content["numberMatched"] > content["numberReturned"]
        assert bool(links_of(content, "next")) == beyond
        assert links_of(content, "self")[0]["type"] == "application/geo+json"


@runs(CORE, "fc-numberMatched")
def test_as_many_features_as_are_said_to_match_are_on_the_pages(caller, collections) -> None:
    for one in collections:
        content = features(caller, one["id"], limit=3_000).json()
        matched, seen = content["numberMatched"], [feature["id"] for feature in content["features"]]
        while following := links_of(content, "next"):
            content = get(caller, following[0]["href"], "application/geo+json").json()
            assert content["numberMatched"] == matched
            seen += [feature["id"] for feature in content["features"]]
        assert len(seen) == len(set(seen)) == matched, one["id"]


@runs(CORE, "fc-bbox-definition")
def test_bbox_is_defined_as_the_standard_defines_it(described) -> None:
    one = parameter(described, "bbox")
    assert (one["in"], one.get("required", False), one["style"], one["explode"]) == (
        "query",
        False,
        "form",
        False,
    )
    schema = one["schema"]
    assert (schema["type"], schema["minItems"], schema["maxItems"]) == ("array", 4, 6)
    assert schema["items"]["type"] == "number"


@runs(CORE, "fc-bbox-response")
def test_a_box_brings_the_features_that_meet_it_and_no_other(caller, collections) -> None:
    for one in collections:
        held = everything(caller, one["id"])
        shapes = np.array([geometry(feature) for feature in held])
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        middle = ((west + east) / 2, (south + north) / 2)
        for box in ((west, south, *middle), (*middle, east, north), (west, south, east, north)):
            wanted = [
                feature["id"]
                for feature, hit in zip(held, shapely.intersects(shapes, shapely.box(*box)), strict=True)
                if hit
            ][:MOST]
            text = ",".join(repr(float(number)) for number in box)
            got = features(caller, one["id"], bbox=text, limit=MOST)
            assert ids(got) == wanted, one["id"]
            assert got.headers["content-crs"] == f"<{CRS84}>"
            six = ",".join(repr(float(number)) for number in (*box[:2], -10, *box[2:], 999))
            assert ids(features(caller, one["id"], bbox=six, limit=MOST)) == wanted


@runs(CORE, "fc-limit-definition")
def test_limit_is_defined_as_the_standard_defines_it(described) -> None:
    one = parameter(described, "limit")
    assert (one["in"], one.get("required", False), one["style"], one["explode"]) == (
        "query",
        False,
        "form",
        False,
    )
    schema = one["schema"]
    assert (schema["type"], schema["minimum"], schema["maximum"], schema["default"]) == (
        "integer",
        1,
        MOST,
        LIMIT,
    )


@runs(CORE, "fc-limit-response")
def test_no_more_features_come_than_the_limit_and_a_limit_beyond_the_largest_is_no_error(
    caller, collections
) -> None:
    for one in collections:
        for limit in (1, 7, LIMIT):
            assert len(ids(features(caller, one["id"], limit=limit))) <= limit
    got = features(caller, "halverton-networks-streets", limit=MOST + 1)
    assert got.json()["numberMatched"] > MOST
    assert len(ids(got)) == MOST
    assert len(links_of(got.json(), "next")) == 1


@runs(CORE, "fc-time-definition")
def test_datetime_is_defined_as_the_standard_defines_it(described) -> None:
    one = parameter(described, "datetime")
    assert (one["in"], one.get("required", False), one["style"], one["explode"]) == (
        "query",
        False,
        "form",
        False,
    )
    kinds = [each["type"] for each in one["schema"].get("anyOf", [one["schema"]])]
    assert "string" in kinds


@runs(CORE, "fc-time-response")
def test_features_that_lie_in_no_time_are_in_the_answer_whatever_the_time(caller, collections) -> None:
    # No collection has a temporal geometry, so all features are without one.
    assert not any("temporal" in one["extent"] for one in collections)
    moment = "2021-03-21T00:00:00Z"
    for one in collections:
        wanted = ids(features(caller, one["id"]))
        for text in (moment, "2021-03-21", f"{moment}/{moment}", f"../{moment}", f"{moment}/..", f"/{moment}",
                     f"{moment}/"):  # fmt: skip
            assert ids(features(caller, one["id"], datetime=text)) == wanted


@runs(CORE, "query-param-unknown")
def test_a_parameter_that_is_not_defined_is_400(caller, collections) -> None:
    for one in collections:
        assert features(caller, one["id"], unknownQueryParameter12345=1).status_code == 400
    for path in ("/", "/conformance", "/collections", "/collections/halverton-wd25"):
        assert get(caller, path, unknownQueryParameter12345=1).status_code == 400


@runs(CORE, "query-param-invalid")
def test_a_value_that_a_parameter_cannot_have_is_400(caller, collections) -> None:
    wrong = [("limit", "unlimited"), ("limit", "0"), ("bbox", "1,2,3"), ("bbox", "a,b,c,d"), ("datetime", "now"),
             ("crs", "x"), ("bbox-crs", "x"), ("f", "xml"), ("offset", "-1")]  # fmt: skip
    for one in collections:
        for name, value in wrong:
            assert features(caller, one["id"], **{name: value}).status_code == 400, (one["id"], name)


@runs(CORE, "f-op", "f-success", "f-links")
def test_each_feature_is_at_its_own_address(caller, collections) -> None:
    for one in collections:
        listed = features(caller, one["id"], limit=3).json()["features"]
        for feature in listed:
            got = get(
                caller,
                f"/collections/{one['id']}/items/{quote(feature['id'], safe='')}",
                "application/geo+json",
            )
            assert (got.status_code, got.headers["content-type"]) == (200, "application/geo+json")
            content = got.json()
            assert {key: content[key] for key in ("type", "id", "geometry", "properties")} == feature
            check_links(content, "collection")
            for link in content["links"]:
                assert get(caller, link["href"], link["type"]).status_code == 200, link
        assert get(caller, f"/collections/{one['id']}/items/there-is-none").status_code == 404


GEOJSON_SCHEMA = {
    "type": "object",
    "required": ["type", "id", "geometry", "properties"],
    "properties": {
        "type": {"const": "Feature"},
        "id": {"type": ["string", "integer"]},
        "properties": {"type": "object"},
        "geometry": {
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {
                "type": {"enum": ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]},
                "coordinates": {"type": "array"},
            },
        },
    },
}  # fmt: skip


@runs("ogcapi-features-1/1.0/conf/geojson", "definition", "content")
def test_features_are_geojson_and_all_else_is_json(caller, collections) -> None:
    for path in ("/", "/conformance", "/collections", f"/collections/{collections[0]['id']}"):
        assert get(caller, path).headers["content-type"] == "application/json"
    for one in collections:
        for media in ("application/geo+json", "application/json", "*/*"):
            got = get(caller, f"/collections/{one['id']}/items", media, limit=20)
            assert got.headers["content-type"] == "application/geo+json"
        content = got.json()
        assert content["type"] == "FeatureCollection"
        assert "links" in content
        for feature in content["features"]:
            jsonschema.validate(feature, GEOJSON_SCHEMA)
            shape = geometry(feature)
            assert shapely.is_valid_input(shape)
            if shape.geom_type == "Polygon":
                # RFC 7946, 3.1.6: outer rings go against the clock.
                assert shape.exterior.is_ccw, one["id"]


PART2 = "ogcapi-features-2/1.0/conf/crs"


@runs(PART2, "crs-uri", "default-crs", "storageCrs")
def test_the_names_of_crs_are_uris_and_hold_the_default_and_the_stored(caller, collections) -> None:
    for listed in (collections, [get(caller, f"/collections/{one['id']}").json() for one in collections]):
        for one in listed:
            assert one["crs"][0] == CRS84
            assert one["storageCrs"] in one["crs"]
            for name in (*one["crs"], one["storageCrs"]):
                parts = urlsplit(name)
                assert (parts.scheme, parts.netloc) == ("http", "www.opengis.net")
                assert re.fullmatch(r"/def/crs/[A-Z]+/[0-9.]+/[A-Za-z0-9]+", parts.path)


@runs(PART2, "crs-parameter", "crs-parameter-default", "crs-parameter-invalid")
def test_features_come_in_the_crs_that_is_asked_for_and_say_so(caller, collections) -> None:
    for one in collections:
        plain = features(caller, one["id"], limit=2)
        first = quote(ids(plain)[0], safe="")
        for crs in one["crs"]:
            for got in (features(caller, one["id"], crs=crs, limit=2),
                        get(caller, f"/collections/{one['id']}/items/{first}", "application/geo+json", crs=crs)):  # fmt: skip
                assert got.status_code == 200
                assert got.headers["content-crs"] == f"<{crs}>"
        same = features(caller, one["id"], limit=2, crs=CRS84)
        assert same.json()["features"] == plain.json()["features"]
        for bad in ("http://www.opengis.net/def/crs/OGC/0/unknown", "EPSG:27700", ""):
            assert features(caller, one["id"], crs=bad).status_code == 400
            got = get(caller, f"/collections/{one['id']}/items/{first}", "application/geo+json", crs=bad)
            assert got.status_code == 400


@runs(PART2, "crs-parameter-transform")
def test_the_shapes_of_one_crs_are_those_of_the_other_transformed(caller, collections) -> None:
    for one in collections:
        degrees, metres = (
            features(caller, one["id"], limit=40, **more).json()["features"] for more in ({}, {"crs": GRID})
        )
        for a, b in zip(degrees, metres, strict=True):
            lonlat = shapely.get_coordinates(geometry(a))
            moved = np.column_stack(lonlat_to_bng(lonlat[:, 0], lonlat[:, 1])[:2])
            assert np.abs(moved - shapely.get_coordinates(geometry(b))).max() < 0.01, one["id"]


@runs(PART2, "bbox-crs-parameter", "bbox-crs-parameter-default", "bbox-crs-parameter-invalid")
def test_a_box_means_the_same_ground_in_each_crs(caller, collections) -> None:
    for one in collections:
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        box = (west, south, (west + east) / 2, (south + north) / 2)
        text = ",".join(repr(number) for number in box)
        wanted = ids(features(caller, one["id"], bbox=text, limit=MOST))
        assert ids(features(caller, one["id"], bbox=text, limit=MOST, **{"bbox-crs": CRS84})) == wanted
        corners = np.column_stack(lonlat_to_bng(np.array(box[::2]), np.array(box[1::2]))[:2])
        grid = ",".join(repr(float(number)) for number in corners.ravel())
        got = ids(features(caller, one["id"], bbox=grid, limit=MOST, **{"bbox-crs": GRID}))
        # A box of one CRS has bent sides in the other: only what touches its very edge may differ.
        seen = features(caller, one["id"], limit=MOST).json()["features"]
        edge = shapely.box(*box).boundary
        near = {each["id"] for each in seen if edge.distance(geometry(each)) < 0.002}
        assert set(got) ^ set(wanted) <= near, one["id"]
        assert got or set(wanted) <= near, "only what lies on the edge itself may be lost"
        assert features(caller, one["id"], bbox=text, **{"bbox-crs": "http://x/unknown"}).status_code == 400


PART3 = "ogcapi-features-3/1.0/conf/"


@runs(f"{PART3}queryables", "get-conformance", "get-queryables-uris", "get-queryables")
def test_each_collection_leads_to_the_schema_of_what_can_be_asked_for(caller, collections) -> None:
    for one in collections:
        got = caller.ask("HEAD", f"/collections/{one['id']}/items", headers={"accept": "application/json"})
        assert got.status_code == 200
        found = re.search(rf'<([^>]+)>; rel="{QUERYABLES}"', got.headers["link"])
        assert found
        schema = get(caller, found[1], "application/schema+json")
        assert (schema.status_code, schema.headers["content-type"]) == (200, "application/schema+json")
        content = schema.json()
        assert content["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert content["$id"] == found[1]
        assert content["type"] == "object"
        assert content["properties"]
        for field in content["properties"].values():
            assert "type" in field or field["format"].startswith("geometry-")
        jsonschema.Draft202012Validator.check_schema(content)
        assert content["additionalProperties"] is False


def queryables(caller: Any, name: str) -> dict[str, str]:
    fields = get(caller, f"/collections/{name}/queryables").json()["properties"]
    return {key: one.get("type", "geometry") for key, one in fields.items()}


@runs(f"{PART3}queryables-query-parameters", "get-conformance", "query-param")
def test_each_field_can_be_asked_for_by_its_value(caller, collections) -> None:
    reserved = {"bbox", "bbox-crs", "crs", "datetime", "limit", "offset", "properties", "sortby", "skipGeometry",
                "resulttype", "filter", "filter-lang", "filter-crs", "f"}  # fmt: skip
    tried = 0
    for one in collections:
        first = features(caller, one["id"], limit=1).json()["features"][0]["properties"]
        for name, kind in list(queryables(caller, one["id"]).items())[:25]:
            assert name not in reserved
            value = first.get(name)
            if kind == "geometry" or value is None:
                continue
            text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else str(value)
            got = features(caller, one["id"], limit=50, **{name: text})
            assert got.status_code == 200
            assert got.json()["features"], (one["id"], name)
            assert all(each["properties"][name] == value for each in got.json()["features"])
            tried += 1
            if kind in ("number", "integer", "boolean"):
                for bad in ("not-a-value", "nan", "1,2"):
                    assert features(caller, one["id"], **{name: bad}).status_code == 400
    assert tried > 150


@runs(f"{PART3}filter", "get-conformance", "filter-param", "filter-lang-default", "expression-construction")
def test_filters_are_followed_in_the_language_that_is_said_and_without_saying_it(caller, collections) -> None:
    for one in collections:
        name = next(key for key, kind in queryables(caller, one["id"]).items() if kind != "geometry")
        for more in ({"filter-lang": "cql2-text"}, {}):
            for text, holds in ((f'"{name}" IS NULL', lambda value: value is None),
                                (f'"{name}" IS NOT NULL', lambda value: value is not None)):  # fmt: skip
                got = features(caller, one["id"], filter=text, limit=200, **more)
                assert got.status_code == 200
                assert got.headers["content-type"] == "application/geo+json"
                assert all(holds(each["properties"][name]) for each in got.json()["features"])
            for bad in ("THIS IS NOT A FILTER", "this_is_not_a_queryable IS NULL"):
                assert features(caller, one["id"], filter=bad, **more).status_code == 400
        assert features(caller, one["id"], filter="TRUE", **{"filter-lang": "x"}).status_code == 400


@runs(f"{PART3}filter", "filter-crs-wgs84", "filter-crs-param")
def test_shapes_in_a_filter_are_degrees_unless_another_crs_is_named(caller, collections) -> None:
    for one in collections:
        unfiltered = ids(features(caller, one["id"], limit=MOST))
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        text = f"S_INTERSECTS(geometry,BBOX({west},{south},{east},{north}))"
        assert ids(features(caller, one["id"], filter=text, limit=MOST)) == unfiltered
        far = "S_INTERSECTS(geometry,BBOX(1000000,1000000,2000000,2000000))"
        assert features(caller, one["id"], filter=far).status_code == 400
        corners = np.array([[west, south], [west, north], [east, south], [east, north]])
        x, y = lonlat_to_bng(corners[:, 0], corners[:, 1])[:2]
        # The shift there and back comes to within a millimetre, and some collections are a single point.
        sides = (x.min() - 0.01, y.min() - 0.01, x.max() + 0.01, y.max() + 0.01)
        grid = f"S_INTERSECTS(geometry,BBOX({','.join(map(repr, map(float, sides)))}))"
        metres = features(caller, one["id"], filter=grid, limit=MOST, **{"filter-crs": GRID})
        assert ids(metres) == unfiltered
        bad = {"filter-crs": "http://www.opengis.net/def/crs/OGC/0/does_not_exist"}
        assert features(caller, one["id"], filter=text, **bad).status_code == 400


@runs(f"{PART3}features-filter", "get-conformance", "get-collections", "get-collection", "filter-on-items",
      "mixing-expression")  # fmt: skip
def test_filters_of_features_go_with_a_box_by_and(caller, collections) -> None:
    for one in collections:
        content = get(caller, f"/collections/{one['id']}").json()
        own = f"http://service/collections/{one['id']}/queryables"
        assert own in {link["href"].partition("?")[0] for link in links_of(content, QUERYABLES)}
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        text = f"S_INTERSECTS(geometry,BBOX({west},{south},{east},{north}))"
        unfiltered = ids(features(caller, one["id"]))
        box = f"{west},{south},{east},{north}"
        assert ids(features(caller, one["id"], filter=text, bbox=box)) == unfiltered
        elsewhere = f"{west + 10},{south},{east + 10},{north}"
        assert ids(features(caller, one["id"], filter=text, bbox=elsewhere)) == []


# CQL2. Which features a filter brings is asked over the service, as everything else.


def found(caller: Any, name: str, text: str) -> set[str]:
    return set(ids(features(caller, name, filter=text, limit=MOST)))


def refused(caller: Any, name: str, text: str) -> bool:
    return features(caller, name, filter=text).status_code == 400


@cache
def _chosen(caller: Any, name: str) -> tuple[tuple[str, str], ...]:
    fields = [(key, kind) for key, kind in queryables(caller, name).items() if kind != "geometry"]
    # Of hundreds of figures every twentieth, with all that are text.
    return tuple(one for at, one in enumerate(fields) if len(fields) < 20 or at % 20 == 0)


def fields(caller: Any, *kinds: str) -> Iterator[tuple[str, str, str]]:
    """Collection, field in quotes, and kind, of the fields that are tried."""
    for short in TRIED:
        name = f"halverton-{short}"
        for key, kind in _chosen(caller, name):
            if not kinds or kind in kinds:
                yield name, f'"{key}"', kind


VALUES = {"string": "'foo'", "boolean": "true", "number": "3.14", "integer": "1"}
CQL2 = "cql2/1.0/conf/"


@runs(f"{CQL2}basic-cql2", "basic-test")
def test_every_field_has_a_type_that_can_be_compared(caller, collections) -> None:
    for one in collections:
        kinds = queryables(caller, one["id"])
        assert set(kinds.values()) <= {"string", "number", "integer", "boolean", "geometry"}
        assert set(kinds.values()) - {"geometry"}


@runs(f"{CQL2}basic-cql2", "comparison")
def test_a_comparison_and_its_opposite_have_nothing_in_common(caller) -> None:
    tried = 0
    for name, field, kind in fields(caller):
        got = {
            sign: found(caller, name, f"{field} {sign} {VALUES[kind]}")
            for sign in ("=", "<>", ">", "<=", "<", ">=")
        }
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            assert not got[one] & got[other], (name, field)
            assert got[one] | got[other] == found(caller, name, f"{field} IS NOT NULL"), (name, field)
        tried += 1
    assert tried > 25
    for form in ("DATE('2022-04-14')", "TIMESTAMP('2022-04-14T14:48:46Z')"):
        events = "halverton-points-events"
        assert found(caller, events, f'"date" > {form}') | found(caller, events, f'"date" <= {form}')
    assert refused(caller, "halverton-points-events", "\"date\" > DATE('yesterday')")


@runs(f"{CQL2}basic-cql2", "is-null")
def test_nothing_is_there_and_not_there(caller) -> None:
    for name, field, _ in fields(caller):
        there, absent = found(caller, name, f"{field} is not null"), found(caller, name, f"{field} IS NULL")
        assert not there & absent
        assert there | absent == found(caller, name, "true")


@runs(f"{CQL2}basic-cql2", "boolean")
def test_true_is_all_and_false_is_none(caller) -> None:
    for short in TRIED:
        name = f"halverton-{short}"
        assert found(caller, name, "true") == set(ids(features(caller, name, limit=MOST)))
        assert found(caller, name, "false") == set()


@runs(f"{CQL2}advanced-comparison-operators", "like")
def test_patterns_mean_what_they_say(caller) -> None:
    for name, field, _ in fields(caller, "string"):
        there = found(caller, name, f"{field} IS NOT NULL")
        assert found(caller, name, f"{field} LIKE '%'") == found(caller, name, f"{field} like '%%'") == there
        some, none = found(caller, name, f"{field} like '_%'"), found(caller, name, f"{field} like ''")
        assert not some & none
        assert some | none == there
        assert found(caller, name, f"{field} like '\\\\%\\\\_'") == set()


@runs(f"{CQL2}advanced-comparison-operators", "between")
def test_between_is_two_comparisons(caller) -> None:
    for name, field, _ in fields(caller, "number", "integer"):
        wanted = found(caller, name, f"{field} >= 0 AND {field} <= 100")
        assert found(caller, name, f"{field} BETWEEN 0 AND 100") == wanted
        assert found(caller, name, f"{field} between 100.0 and 1.0") == set()


@runs(f"{CQL2}advanced-comparison-operators", "in")
def test_in_is_one_or_the_other(caller) -> None:
    lists = {
        "string": ("'foo'", "'bar'"),
        "boolean": ("true",),
        "number": ("1", "2", "3"),
        "integer": ("1", "2", "3"),
    }
    for name, field, kind in fields(caller):
        wanted = set().union(*(found(caller, name, f"{field} = {one}") for one in lists[kind]))
        assert found(caller, name, f"{field} IN ({', '.join(lists[kind])})") == wanted
    events = "halverton-points-events"
    assert not refused(caller, events, "\"date\" in ('2022-04-14', '2022-04-15')")


@runs(f"{CQL2}case-insensitive-comparison", "casei", "casei-like")
def test_large_and_small_letters_are_one_where_that_is_asked(caller) -> None:
    for name, field, _ in fields(caller, "string"):
        same = found(caller, name, f"CASEI({field}) = casei('foo')")
        assert not same & found(caller, name, f"CASEI({field}) <> casei('FOO')")
        both = [found(caller, name, f"CASEI({field}) LIKE casei('{text}%')") for text in ("foo", "FOO")]
        assert both[0] == both[1]
    kinds = ("primary", "PRIMARY", "Primary")
    schools = [found(caller, "halverton-points-schools", f"CASEI(kind) = CASEI('{one}')") for one in kinds]
    assert schools[0]
    assert schools[0] == schools[1] == schools[2]


@runs(f"{CQL2}cql2-text", "escaping")
def test_quotes_and_control_signs_in_a_text_are_read_back(caller, service) -> None:
    layer = service.state.holdings.public.layers["halverton-points-schools"]
    texts = ["O'Brien", "a\x07b", "a\x08b", "a\tb", "a\nb", "a\x0bb", "a\x0cb", "a\rb", "it''s", "'", "''"]
    own = dataclasses.replace(
        layer, ids=[str(one) for one in range(len(texts))], properties=pd.DataFrame({"name": texts})
    )
    for at, text in enumerate(texts):
        for written in {text.replace("'", "''"), text.replace("'", "\\'")}:
            assert np.flatnonzero(find_rows(f"name = '{written}'", own)).tolist() == [at], text


def _spatial(caller: Any, good: list[str], bad: list[str]) -> None:
    for short in TRIED:
        name = f"halverton-{short}"
        for text in good:
            assert not refused(caller, name, f"S_INTERSECTS(geometry,{text})"), text
        for text in bad:
            assert refused(caller, name, f"S_INTERSECTS(geometry,{text})"), text


@runs(f"{CQL2}basic-spatial-functions", "s_intersects")
def test_points_and_boxes_meet_what_they_meet(caller) -> None:
    _spatial(caller, ["BBOX(-180,-90,180,90)", "POINT(7.02 49.92)"], ["POINT(90 180)"])
    for short in TRIED:
        name = f"halverton-{short}"
        whole = set(ids(features(caller, name, limit=MOST)))
        assert found(caller, name, "S_INTERSECTS(geometry,BBOX(-180,-90,180,90))") == whole
        two = "S_INTERSECTS(geometry,BBOX(-180,-90,-90,90)) AND S_INTERSECTS(geometry,BBOX(90,-90,180,90))"
        assert found(caller, name, two) == set()
        # Over the date line: England is not between 150 east and 150 west, and is between 150 west and 150 east.
        assert found(caller, name, "S_INTERSECTS(geometry,BBOX(150,-90,-150,90))") == set()
        seen = features(caller, name, limit=20).json()["features"]
        at = geometry(seen[0]).representative_point()
        wanted = {one["id"] for one in features(caller, name, limit=MOST).json()["features"]
                  if geometry(one).intersects(at)}  # fmt: skip
        assert found(caller, name, f"S_INTERSECTS(geometry,POINT({at.x!r} {at.y!r}))") == wanted


_RINGS = (
    "((-180 -90, -90 -90, -90 90, -180 90, -180 -90), (-120 -50, -100 -50, -100 -40, -120 -40, -120 -50))"
)
SHAPES = [
    "LINESTRING(-180 -45, 0 -45)",
    "MULTILINESTRING((-180 -45, 0 -45), (0 45, 180 45))",
    f"POLYGON{_RINGS}",
    f"MULTIPOLYGON({_RINGS},((0 0, 10 0, 10 10, 0 10, 0 0)))",
    "GEOMETRYCOLLECTION(POINT(7.02 49.92), POLYGON((0 0, 10 0, 10 10, 0 10, 0 0)))",
]


@runs(f"{CQL2}basic-spatial-functions-plus", "s_intersects")
def test_shapes_of_every_kind_meet_what_they_meet(caller) -> None:
    _spatial(caller, SHAPES, ["MULTIPOINT(7.02 49.92, 90 180)"])
    for short in ("wd25", "designations", "points-schools"):
        name = f"halverton-{short}"
        seen = features(caller, name, limit=MOST).json()["features"]
        west, south, east, north = shapely.total_bounds([geometry(one) for one in seen])
        x, y = (west + east) / 2, (south + north) / 2
        written = [
            f"LINESTRING({west} {y}, {east} {y})",
            f"MULTILINESTRING(({west} {y}, {east} {y}), ({x} {south}, {x} {north}))",
            f"POLYGON(({west} {south}, {x} {south}, {x} {y}, {west} {y}, {west} {south}))",
            f"MULTIPOLYGON((({x} {y}, {east} {y}, {east} {north}, {x} {north}, {x} {y})))",
            f"MULTIPOINT(({x} {y}), ({west} {south}))",
            f"GEOMETRYCOLLECTION(POINT({x} {y}), LINESTRING({west} {south}, {east} {north}))",
        ]
        for text in written:
            shape = shapely.from_wkt(text)
            parts = shapely.get_parts(shape) if shape.geom_type == "GeometryCollection" else [shape]
            wanted = {one["id"] for one in seen if any(geometry(one).intersects(part) for part in parts)}
            assert found(caller, name, f"S_INTERSECTS(geometry,{text})") == wanted, text


PREDICATES = {
    "points-schools": ["name > 'M'", "kind = 'primary'", "name LIKE '%School%'", "CASEI(kind) = CASEI('NURSERY')",
                       "id IN ('990001','990005')", "S_INTERSECTS(geometry,BBOX(-180,-90,0,90))", "name IS NULL"],
    "wd25-figures": ["residents > 5000", "residents BETWEEN 1000 AND 6000", "name LIKE 'C%'",
                     "CASEI(name) >= CASEI('m')", "S_INTERSECTS(geometry,BBOX(0,50,10,60))", "residents IS NOT NULL"],
    "points-events": ["\"date\" >= DATE('2025-02-01')", "kind <> 'dental_pop_up'", "name IS NULL",
                      "S_INTERSECTS(geometry,BBOX(0,50,10,60))", "CASEI(name) LIKE CASEI('%KILN%')"],
}  # fmt: skip


@runs(f"{CQL2}basic-cql2", "logical")
@runs(f"{CQL2}advanced-comparison-operators", "logical")
@runs(f"{CQL2}case-insensitive-comparison", "logical")
@runs(f"{CQL2}basic-spatial-functions", "logical")
def test_conditions_joined_bring_the_sets_joined(caller) -> None:
    chance = random.Random(20261129)
    for short, listed in PREDICATES.items():
        name = f"halverton-{short}"
        yes = {text: found(caller, name, text) for text in listed}
        no = {text: found(caller, name, f"NOT ({text})") for text in listed}
        for text in listed:
            assert not yes[text] & no[text]
        for _ in range(12):
            a, b, c, d = (chance.choice(listed) for _ in range(4))
            text = f"((NOT {a} AND {b}) OR ({c} and NOT {d}) or not ({a} AND {d}))"
            wanted = (no[a] & yes[b]) | (yes[c] & no[d]) | (no[a] | no[d])
            assert found(caller, name, text) == wanted, text
            text = f"(NOT ({b}) AND {a}) OR ({c} and {d}) or not ({a} OR {d})"
            wanted = (no[b] & yes[a]) | (yes[c] & yes[d]) | (no[a] & no[d])
            assert found(caller, name, text) == wanted, text


@runs(f"{CQL2}cql2-text", "validate")
def test_every_abstract_test_of_a_declared_class_is_run_or_has_its_reason() -> None:
    listed = {f"{name}/{one}" for name, tests in TESTS.items() for one in tests}
    assert listed == {*RUN, *NOT_RUN}
    assert not {*RUN} & {*NOT_RUN}


PAGE = Path(__file__).resolve().parents[3] / "docs" / "ogc-conformance.md"
BEGIN, END = "<!-- abstract tests -->", "<!-- end of abstract tests -->"


def table() -> str:
    lines = ["| Abstract test | Run here by | Result |", "| --- | --- | --- |"]
    for name, tests in TESTS.items():
        for one in tests:
            key = f"{name}/{one}"
            test = RUN.get(key, "")
            lines.append(
                f"| `{key}` | {f'`{test}`' if test else ''} | {'passes' if test else NOT_RUN[key]} |"
            )
    return "\n".join(lines)


@pytest.mark.checkout
def test_the_page_holds_the_table() -> None:
    if not PAGE.is_file():
        pytest.skip("needs the pages of the checkout, which a wheel does not carry")
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    wanted = f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"
    if os.environ.get("FAIRPLACE_WRITE_PAGES"):
        PAGE.write_text(wanted, encoding="utf-8")
        return
    assert page == wanted, "write the page again: FAIRPLACE_WRITE_PAGES=1"
