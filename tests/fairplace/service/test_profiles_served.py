"""Any area that a person can name, list, draw or walk to has its profile, in every form, and no other."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest
import shapely

from fairplace.cli import main
from fairplace.pack import Pack
from geo.crs import to_lonlat

PROFILE = "/packs/halverton/profile"
PROBLEM = "application/problem+json"
GEOJSON = {"content-type": "application/geo+json"}
STARTS = {
    "html": b"<!DOCTYPE html>",
    "pdf": b"%PDF-",
    "docx": b"PK",
    "xlsx": b"PK",
    "zip": b"PK",
    "json": b"{",
}


@pytest.fixture(scope="module")
def square(sample_pack: Pack) -> shapely.Polygon:
    """About two by one kilometre round the middle of a ward, in degrees."""
    at = to_lonlat(sample_pack.areas("wd25"))[0].geometry.iloc[1].centroid
    return shapely.box(
        round(at.x - 0.01, 6), round(at.y - 0.006, 6), round(at.x + 0.01, 6), round(at.y + 0.006, 6)
    )


def post(caller, shape: object, path: str = PROFILE, **query: str):
    body = shape if isinstance(shape, bytes) else json.dumps(shape).encode()
    return caller.ask("POST", path, content=body, headers=GEOJSON, params=query)


def test_a_drawing_in_the_address_or_in_the_body_is_one_area(caller, square: shapely.Polygon) -> None:
    by_text = caller.get(PROFILE, params={"area": square.wkt})
    by_body = post(caller, shapely.geometry.mapping(square))
    assert (by_text.status_code, by_body.status_code) == (200, 200)
    assert by_text.content == by_body.content
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(square)}
    assert post(caller, feature).content == by_text.content
    assert by_text.json()["area"]["geography"] == "area"


@pytest.mark.parametrize("asked", ["walk:10min:{}", "{}, {}"])
def test_the_profile_of_a_walk_or_of_postcodes_is_that_of_the_command_line(
    caller, sample_pack: Pack, tmp_path: Path, asked: str
) -> None:
    codes = sample_pack.places("points", "postcodes")["id"]
    text = asked.format(codes.iloc[40], codes.iloc[41])
    out = tmp_path / "own.json"
    assert main(["profile", str(sample_pack.path), "--area", text, "--out", str(out)]) == 0
    got = caller.get(PROFILE, params={"area": text})
    assert got.content == out.read_bytes()


@pytest.mark.parametrize("form", sorted(STARTS))
def test_every_form_of_a_published_area(caller, sample_pack: Pack, form: str) -> None:
    code = sample_pack.areas("wd25").index[2]
    got = caller.get(f"{PROFILE}/{code}", params={"f": form})
    assert (got.status_code, got.content[: len(STARTS[form])]) == (200, STARTS[form])
    by_area = caller.get(PROFILE, params={"area": code, "f": form})
    assert by_area.content == got.content
    if form not in ("html", "json"):
        assert f"{code}-" in got.headers["content-disposition"]
        assert got.headers["content-disposition"].endswith(f'.{form}"')


def test_a_drawing_comes_in_print(caller, square: shapely.Polygon) -> None:
    got = post(caller, shapely.geometry.mapping(square), f="pdf", name="Site <b>7</b>")
    assert (got.status_code, got.content[:5]) == (200, b"%PDF-")
    name = got.headers["content-disposition"]
    assert "<" not in name
    assert "Site--b-7--b-" in name


def test_an_answer_is_compressed_once_and_only_its_change_is_sent(caller, sample_pack: Pack) -> None:
    address = f"{PROFILE}/{sample_pack.areas('wd25').index[0]}"
    plain = caller.get(address, headers={"accept-encoding": "identity"})
    assert "gzip" not in plain.headers.get("content-encoding", "")
    packed = caller.get(address, headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 5
    assert gzip.compress(plain.content, 6, mtime=0).__len__() == int(packed.headers["content-length"])
    again = caller.get(address, headers={"if-none-match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert caller.get(address, headers={"if-none-match": 'W/"other"'}).status_code == 200
    assert "Accept-Encoding" in plain.headers["vary"]


def test_too_few_people_have_no_public_profile(caller, sample_pack: Pack) -> None:
    people = sample_pack.places("points", "people")
    few = people[people["residents"].between(1, 99)]
    points = few if len(few) else people[people["households"] <= 40]
    if points.empty:
        points = people.sort_values("residents").head(1)
    spot = to_lonlat(points.head(1).assign(geometry=points.head(1).buffer(2)))[0].geometry.iloc[0]
    got = post(caller, shapely.geometry.mapping(spot))
    assert got.headers["content-type"] in (PROBLEM, "application/json")
    if points.iloc[0]["residents"] <= 100 or points.iloc[0]["households"] <= 40:
        assert got.status_code == 403
        assert "public profile" in got.json()["detail"]
        assert post(caller, shapely.geometry.mapping(spot), "/packs/halverton/area").status_code == 403


def test_below_a_thousand_residents_nothing_modelled_is_its_own(caller, sample_pack: Pack) -> None:
    people = sample_pack.places("points", "people")
    chosen = people[people["residents"].between(150, 900) & (people["households"] > 45)].head(1)
    spot = to_lonlat(chosen.assign(geometry=chosen.buffer(2)))[0].geometry.iloc[0]
    got = post(caller, shapely.geometry.mapping(spot)).json()
    modelled = [row for row in got["figures"] if row["indicator"].startswith("mis_")]
    own = [row for row in modelled if row["code"] == got["area"]["code"]]
    assert all(row["basis"] == "copied" for row in own)


def test_what_an_area_is_made_of_is_told_with_its_line(caller, square: shapely.Polygon) -> None:
    got = caller.get("/packs/halverton/area", params={"area": square.wkt}).json()
    assert got["properties"]["residents"] > 1_000
    assert sum(one["share"] for one in got["properties"]["parts"]) > 0
    drawn = shapely.from_geojson(json.dumps(got["geometry"]))
    assert shapely.intersection(drawn, square).area / shapely.union(drawn, square).area > 0.98
    page = caller.get("/packs/halverton/area", params={"area": square.wkt, "f": "html"})
    assert "<table" in page.text


SQUARE = [[0.04, 52.2], [0.05, 52.2], [0.05, 52.21], [0.04, 52.21], [0.04, 52.2]]


def polygon(*rings: object) -> dict:
    return {"type": "Polygon", "coordinates": list(rings)}


@pytest.mark.parametrize(
    ("shape", "status", "said"),
    [
        (polygon([[0.04, 52.2], [0.05, 52.21], [0.05, 52.2], [0.04, 52.21], [0.04, 52.2]]), 400, "crosses"),
        (polygon([[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]]), 400, "world"),
        (polygon([[-6, 50], [2, 50], [2, 55.8], [-6, 55.8], [-6, 50]]), 400, ""),
        (b'{"type":"Polygon","coordinates":[[[NaN,52],[0.05,52],[0.05,52.2],[NaN,52]]]}', 400, "NaN"),
        (b'{"type":"Polygon","coordinates":[[[1e999,52],[0.05,52],[0.05,52.2],[1e999,52]]]}', 400, "cannot be read"),
        (polygon([[round(i / 1e5, 5), 52.2] for i in range(9_000)] + [[0.0, 52.2]]), 400, ""),
        (polygon([[0.04 + 0.01 * math.cos(2.4 * i), 52.2 + 0.01 * math.sin(2.4 * i)] for i in range(5_000)]
                 + [[0.05, 52.2]]), 400, "crosses"),
        (polygon(SQUARE, *[SQUARE] * 1_500), 400, ""),
        (b"[" * 100_000, 400, "nested"),
        (b'{"type":"Polygon","coordinates":' + b"[" * 100_000, 400, "nested"),
        (b"\xff\xfe" * 50, 400, "GeoJSON"),
        (b"{}", 400, "Polygon"),
        (b"null", 400, "Polygon"),
        (b'{"type":"Polygon","coordinates":"<script>alert(1)</script>"}', 400, ""),
        (b'{"type":"Polygon"}', 400, ""),
        (b'{"type":"Polygon","coordinates":[]}', 400, ""),
        (b'{"type":"Polygon","coordinates":[[]]}', 400, ""),
        (b'{"type":"Polygon","coordinates":[[[0.04,52.2],[0.05,52.2]]]}', 400, ""),
        (b'{"type":"Point","coordinates":[0.04,52.2]}', 400, "Polygon"),
        (b'{"type":"FeatureCollection","features":[]}', 400, "features"),
        (polygon([[4, 45], [4.1, 45], [4.1, 45.1], [4, 45]]), 400, ""),
        (polygon([[52.2, 0.04], [52.2, 0.05], [52.21, 0.05], [52.2, 0.04]]), 400, ""),
        (b" " * 300_000, 413, "bytes"),
        (b'{"type":"Polygon","coordinates":[[' + b",".join([b"[0.04,52.2]"] * 20_000) + b"]]}", 413, "points"),
    ],
)  # fmt: skip
def test_a_hostile_drawing_is_refused_with_the_reason(caller, shape: object, status: int, said: str) -> None:
    got = post(caller, shape)
    assert (got.status_code, got.headers["content-type"]) == (status, PROBLEM), got.text[:300]
    assert said in got.json()["detail"]


def test_a_million_points_are_refused_before_they_are_read(caller) -> None:
    got = post(caller, polygon([[0.04, 52.2]] * 1_000_000))
    assert got.status_code == 413


@pytest.mark.parametrize(
    ("area", "status"),
    [
        ("/etc/passwd", 404),
        ("../../manifest.json", 404),
        ("sources.csv", 404),
        ("file.geojson", 404),
        ("' OR 1=1; DROP TABLE figures; --", 404),
        ("<script>alert(1)</script>", 404),
        ("walk:15min:'; DROP TABLE x", 404),
        ("walk:999999min:0.04,52.2", 400),
        ("walk:0min:0.04,52.2", 400),
        ("walk:15min:nan,nan", 404),
        ("walk:15min:-3.5,55.9", 400),
        ("POLYGON((0 0", 400),
        ("POLYGON EMPTY", 400),
        ("GEOMETRYCOLLECTION(" * 150 + "POINT(0 0)" + ")" * 150, 400),
        ("POLYGON((nan nan, 1 1, 2 2, nan nan))", 400),
        ("SRID=99999;POLYGON((0 0,1 0,1 1,0 0))", 400),
        ("SRID=27700;POLYGON((0 0,1e300 0,1e300 1e300,0 0))", 400),
        ("LINESTRING(0 0,1 1)", 400),
        ('{"type":"Polygon","coordinates":' + "[" * 1_000, 400),
        ("x\x00y", 400),
        ("ZZ99 9ZZ, ZZ98 9ZZ", 400),
    ],
)
def test_a_hostile_area_is_refused_with_the_reason(caller, area: str, status: int) -> None:
    for path in (PROFILE, "/packs/halverton/area"):
        got = caller.get(path, params={"area": area})
        assert (got.status_code, got.headers["content-type"]) == (status, PROBLEM), got.text[:300]
        assert len(got.json()["detail"]) > 15


def test_a_drawing_of_another_kind_or_none_is_refused(caller) -> None:
    got = caller.ask("POST", PROFILE, content=b"area=x", headers={"content-type": "text/plain"})
    assert (got.status_code, got.headers["content-type"]) == (415, PROBLEM)
    assert caller.get(PROFILE).status_code == 400
    assert caller.ask("PUT", PROFILE).headers["allow"] == "GET, HEAD, OPTIONS, POST"
