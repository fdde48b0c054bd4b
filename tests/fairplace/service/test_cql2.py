"""A filter means what the standard says, on every feature, and a hostile one is refused at once."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from fairplace.pack import Pack
from fairplace.service.cql2 import _fits, _pieces, find_rows
from fairplace.service.features import GRID, Layer, build_layer
from fairplace.service.problems import RequestError
from geo.crs import to_lonlat

ITEMS = "/collections/halverton-lsoa21-figures/items"
#   a    b     name         open   date          where
ROWS = [
    (1.0, 10, "North Ward", True, "2026-01-31", (540000, 250000)),
    (2.0, 20, "O'Brien", False, "2026-02-01", (541000, 250000)),
    (np.nan, 30, "north_end", False, "2026-03-01", (542000, 250000)),
    (4.0, 40, None, True, "2026-03-02", (543000, 250000)),
]


def make_layer() -> Layer:
    frame = gpd.GeoDataFrame(
        pd.DataFrame([row[:5] for row in ROWS], columns=["a", "b", "name", "open", "date"]),
        geometry=[shapely.Point(row[5]) for row in ROWS],
        crs="EPSG:27700",
    )
    return build_layer(frame, layer="x", title="x", description="", ids=list("wxyz"))


LAYER = make_layer()


def rows(text: str, crs: str | None = None) -> list[int]:
    found = find_rows(text, LAYER, crs) if crs else find_rows(text, LAYER)
    return np.flatnonzero(found).tolist()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a = 1", [0]),
        ("1 = a", [0]),
        ("a <> 1", [1, 3]),
        ("a < 2 OR a >= 4", [0, 3]),
        ("b > 1.5e1 AND b <= 30", [1, 2]),
        # AND binds more closely than OR: not (a=1 OR a=2) AND b=20.
        ("a = 1 OR a = 2 AND b = 999", [0]),
        ("(a = 1 OR a = 2) AND b = 20", [1]),
        ("NOT a = 1", [1, 3]),
        ("NOT (a = 1 OR b = 20)", [3]),
        ("a IS NULL", [2]),
        ("a IS NOT NULL AND NOT name IS NULL", [0, 1]),
        ("a NOT IN (1, 2)", [3]),
        ("a IN (1, 4)", [0, 3]),
        ("a BETWEEN 1 AND 2", [0, 1]),
        ("a NOT BETWEEN 1 AND 2", [3]),
        ("name = 'O''Brien'", [1]),
        ("name LIKE 'North%'", [0]),
        ("name LIKE '%o%'", [0, 2]),
        ("name LIKE 'north\\_end'", [2]),
        ("name LIKE 'north_end'", [2]),
        ("name NOT LIKE 'North%'", [1, 2]),
        ("CASEI(name) LIKE CASEI('NORTH%')", [0, 2]),
        ("CASEI(name) = CASEI('north ward')", [0]),
        ('"b" = 40', [3]),
        ("name > 'N'", [0, 1, 2]),
        ("name = 'O\\'Brien'", [1]),
        ("open", [0, 3]),
        ("open = true AND NOT false", [0, 3]),
        ("open = FALSE OR a IN (1)", [0, 1, 2]),
        ("open IN (true) AND open IS NOT NULL", [0, 3]),
        ("date >= DATE('2026-02-01')", [1, 2, 3]),
        ("\"date\" = DATE('2026-01-31')", [0]),
        ("TRUE", [0, 1, 2, 3]),
        ("NOT TRUE", []),
        ("b = -10 OR b=+10", [0]),
        # A value that is not there makes a condition neither true nor false.
        ("a = 1 OR NOT a = 1", [0, 1, 3]),
        ("a = 1 AND b = 30 OR b = 30", [2]),
    ],
)
def test_a_filter_means_what_the_standard_says(text: str, wanted: list[int]) -> None:
    assert rows(text) == wanted
    assert rows(text.replace(" AND ", " and ").replace(" OR ", " or ").replace("LIKE", "like")) == wanted


def test_shapes_are_in_the_coordinates_that_are_said() -> None:
    assert rows("S_INTERSECTS(geometry, BBOX(539500,249000,541500,251000))", GRID) == [0, 1]
    assert rows(
        "s_intersects(POLYGON((540500 249000, 544000 249000, 544000 251000, 540500 249000)), geom)", GRID
    ) == [3]
    assert rows("S_INTERSECTS(geometry, POINT(543000 250000))", GRID) == [3]
    assert rows("S_INTERSECTS(geometry, LINESTRING(539000 250000, 541500 250000))", GRID) == [0, 1]
    assert rows("S_INTERSECTS(geometry, MULTIPOINT((540000 250000), (543000 250000)))", GRID) == [0, 3]
    assert rows("NOT S_INTERSECTS(geometry, POINT(543000 250000)) AND a = 1", GRID) == [0]
    both = "GEOMETRYCOLLECTION(POINT(540000 250000), LINESTRING(542500 250000, 543500 250000))"
    assert rows(f"S_INTERSECTS(geometry, {both}) AND b > 1", GRID) == [0, 3]
    assert rows("S_INTERSECTS(geometry, BBOX(539500,249000,-1,541500,251000,9))", GRID) == [0, 1]
    # Eastwards from 170 east to 170 west lies no England, from 20 west round the world to 30 west it does.
    assert rows("S_INTERSECTS(geometry, BBOX(170,50,-170,60))") == []
    assert rows("S_INTERSECTS(geometry, BBOX(-10,50,10,60))") == [0, 1, 2, 3]
    assert rows("S_INTERSECTS(geometry, BBOX(-20,50,-30,60))") == [0, 1, 2, 3]
    at = to_lonlat(gpd.GeoDataFrame(geometry=[shapely.Point(ROWS[1][5])], crs="EPSG:27700"))[0].geometry.iloc[
        0
    ]
    assert rows(f"S_INTERSECTS(geometry, BBOX({at.x - 1e-5},{at.y - 1e-5},{at.x + 1e-5},{at.y + 1e-5}))") == [
        1
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["=", "<>", "<", ">="]), st.integers(0, 40)),
        min_size=1, max_size=5,
    ),
    st.lists(st.sampled_from(["AND", "OR"]), min_size=5, max_size=5),
)  # fmt: skip
def test_conditions_are_joined_as_pandas_joins_them(parts: list, joins: list[str]) -> None:
    frame = pd.DataFrame([row[:3] for row in ROWS], columns=["a", "b", "name"]).drop(index=2)
    words = [f"{name} {sign} {value}" for name, sign, value in parts]
    text = words[0] + "".join(f" {join} {word}" for join, word in zip(joins, words[1:], strict=False))
    python = text.replace("<>", "!=").replace(" = ", " == ").replace("AND", "and").replace("OR", "or")
    wanted = frame.query(python).index.tolist()
    assert [row for row in rows(text) if row != 2] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a", "a =", "= 1", "a = 1 b", "a = 1 AND", "(a = 1", "a = 1)", "a = 'x'", "name = 1",
        "nothing = 1", "a LIKE 1", "a LIKE '1'", "a IN ()", "a IN 1", "a BETWEEN 1", "a IS 1", "name LIKE name",
        "S_INTERSECTS(a, POINT(0 0))", "S_INTERSECTS(geometry, POINT(0 0)", "S_INTERSECTS(geometry, POINT())",
        "S_INTERSECTS(geometry, POLYGON((0 0,1 1,1 0,0 1,0 0)))", "S_INTERSECTS(geometry, BBOX(1,2,3))",
        "S_INTERSECTS(geometry, BBOX(nan,0,1,1))", "S_INTERSECTS(geometry, BBOX(0,1,1,0))",
        "S_INTERSECTS(geometry, BBOX(1000000,1000000,2000000,2000000))", "S_INTERSECTS(geometry, POINT(90 180))",
        "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(0 0), NOTHING(1 1)))", "S_INTERSECTS(geometry, POINT(1e999 0))",
        "S_INTERSECTS(geometry, GEOMETRYCOLLECTION EMPTY)", "open > 1", "open LIKE 'x'", "name = true", "a = true",
        "date > DATE('N')", "date > TIMESTAMP('2026-01-01')", "CASEI(" * 400 + "name" + ")" * 400 + " = 'x'", "S_INTERSECTS(geometry)", "a = 1; DROP TABLE x", "a == 1",
        "name = 'x", '"a = 1', "__import__('os')", "<script>", "a = 1 -- x", "name = '" + "x" * 3000 + "'",
        "(" * 500 + "a = 1" + ")" * 500, "NOT " * 900 + "a = 1", "a IN (" + "1," * 900 + "1)", "\x00", "a = 1e999x",
        "name LIKE '" + "%a" * 900 + "'; x",
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(RequestError) as refused:
        find_rows(text, LAYER)
    assert len(str(refused.value)) > 15


@given(st.text(alphabet="ab=<>()' ANDORNOTLIKEIS_INTERSECT.,%0123456789", max_size=60))
def test_no_text_finds_a_fault(text: str) -> None:
    try:
        assert find_rows(text, LAYER).shape == (4,)
    except RequestError:
        return


def test_many_signs_for_any_letters_cost_no_more_than_few() -> None:
    frame = gpd.GeoDataFrame(
        {"name": ["a" * 2_000] * 50}, geometry=[shapely.Point(0, 0)] * 50, crs="EPSG:27700"
    )
    long = build_layer(frame, layer="x", title="x", description="", ids=[str(one) for one in range(50)])
    assert not find_rows("name LIKE '" + "%a" * 600 + "%b'", long).any()


@given(
    st.text(alphabet="ab", max_size=8),
    st.text(alphabet="ab%_", max_size=6),
)
def test_a_pattern_fits_what_an_expression_fits(text: str, pattern: str) -> None:
    words = "".join({"%": ".*", "_": "."}.get(one, one) for one in pattern)
    assert _fits(text, _pieces(pattern)) == (re.fullmatch(words, text) is not None)


def test_filters_are_asked_for_over_the_standard(caller, sample_pack: Pack) -> None:
    figures = sample_pack.figures
    small = figures[(figures["geography"] == "lsoa21") & (figures["indicator"] == "residents")]
    wanted = small[small["value"] > 1700]["code"]
    got = caller.get(ITEMS, params={"filter": "residents > 1700", "filter-lang": "cql2-text", "limit": 1000})
    assert got.json()["numberMatched"] == len(wanted) > 0
    assert {one["id"] for one in got.json()["features"]} == set(wanted)
    areas = sample_pack.areas("lsoa21")
    box = areas.geometry.iloc[3].bounds
    inside = areas.index[areas.intersects(shapely.box(*box))]
    text = f"S_INTERSECTS(geometry, BBOX({','.join(str(one) for one in box)}))"
    both = caller.get(
        ITEMS, params={"filter": f"{text} AND residents > 1700", "filter-crs": GRID, "limit": 1000}
    )
    assert {one["id"] for one in both.json()["features"]} == set(inside) & set(wanted)


def test_pages_of_a_filter_lose_nobody(caller) -> None:
    address, seen = f"{ITEMS}?filter=residents%20%3E%201500&limit=7", []
    while address:
        page = caller.get(address).json()
        seen += [one["id"] for one in page["features"]]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len(seen) == len(set(seen)) == page["numberMatched"]


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "residents >"}, {"filter": "x = 1"}, {"filter": "code = 'x'", "filter-lang": "cql2-json"},
        {"filter": "code = 'x'", "filter-crs": "urn:x"}, {"filter-lang": "cql2-text"}, {"filter": "(" * 300},
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_followed_is_400(caller, query: dict) -> None:
    got = caller.get(ITEMS, params=query)
    assert (got.status_code, got.headers["content-type"]) == (400, "application/problem+json")


def test_filters_are_declared(caller) -> None:
    declared = set(caller.get("/conformance").json()["conformsTo"])
    assert "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter" in declared
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in declared
    assert not any("functions" in one and "spatial" not in one for one in declared)
