"""The service says what the pack says, in the form that is asked for, and refuses with a sentence."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.profile.content import AreaNotFoundError, find_place
from fairplace.service.app import create_app
from fairplace.service.opening import OpeningError, open_officer, open_released, pack_key
from fairplace.service.settings import ServiceSettingsError
from geo.crs import to_lonlat

PACK = "/packs/halverton"
PROBLEM = "application/problem+json"


def test_the_profile_served_is_the_profile_that_the_command_line_writes(
    caller, sample_pack: Pack, tmp_path: Path
) -> None:
    out = tmp_path / "ward.json"
    code = sample_pack.areas("wd25").index[0]
    assert main(["profile", str(sample_pack.path), "--area", code, "--out", str(out)]) == 0
    got = caller.get(f"{PACK}/profile/{code}")
    assert got.status_code == 200
    assert got.content == out.read_bytes()


def test_a_name_gives_the_profile_of_its_code(caller, sample_pack: Pack) -> None:
    ward = sample_pack.areas("wd25")["name"]
    by_code, by_name = (
        caller.get(f"{PACK}/profile/{ward.index[0]}"),
        caller.get(f"{PACK}/profile/{ward.iloc[0]}"),
    )
    assert by_code.json() == by_name.json()


def test_an_unknown_area_is_404_with_the_sentence_of_the_library(caller, sample_pack: Pack) -> None:
    got = caller.get(f"{PACK}/profile/E05000001")
    assert (got.status_code, got.headers["content-type"]) == (404, PROBLEM)
    with pytest.raises(AreaNotFoundError) as refused:
        find_place(release(sample_pack, "public"), "E05000001")
    assert got.json()["detail"] == str(refused.value)


def test_figures_of_all_pages_together_are_the_released_table(caller, sample_pack: Pack) -> None:
    released = release(sample_pack, "public").figures
    wanted = released[(released["indicator"] == "residents") & (released["geography"] == "lsoa21")]
    rows, address = [], f"{PACK}/figures?indicator=residents&geography=lsoa21&limit=20"
    while address:
        page = caller.get(address).json()
        assert page["numberMatched"] == len(wanted)
        rows += page["figures"]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert [row["code"] for row in rows] == wanted["code"].tolist()
    assert [row["value"] for row in rows] == wanted["value"].tolist()


def test_csv_holds_the_same_rows_as_json(caller) -> None:
    query = f"{PACK}/figures?indicator=imd25_decile&limit=500"
    rows = list(csv.DictReader(io.StringIO(caller.get(query + "&f=csv").text)))
    plain = caller.get(query).json()["figures"]
    assert [(one["code"], float(one["value"])) for one in rows] == [
        (one["code"], one["value"]) for one in plain
    ]


def test_nothing_that_release_hides_can_be_asked_for(caller, sample_pack: Pack) -> None:
    officer, public = release(sample_pack, "officer").figures, release(sample_pack, "public").figures
    key = ["code", "geography", "indicator", "group", "period", "source"]
    kept = set(public[key].itertuples(index=False, name=None))
    absent = [row for row in officer[key].itertuples(index=False, name=None) if row not in kept]
    assert absent
    for code, geography, indicator, *_ in absent[:20]:
        got = caller.get(
            f"{PACK}/figures?code={code}&geography={geography}&indicator={indicator}&limit=1000"
        ).json()
        shown = {tuple(row[name] for name in key) for row in got["figures"]}
        assert not shown & set(absent)
    suppressed = caller.get(f"{PACK}/figures?limit=10000").json()["figures"]
    assert all(
        row["value"] is None and row["count"] is None for row in suppressed if row["status"] == "suppressed"
    )


def test_the_service_hides_as_many_as_the_pack_was_built_to(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {**sample_pack.manifest["settings"], "hide_up_to": 7}
    strict = replace(sample_pack, manifest={**sample_pack.manifest, "settings": settings})
    monkeypatch.setattr("fairplace.service.opening.open_pack", lambda _: strict)
    public = open_released([sample_pack.path])
    officer = open_officer(public, {sample_pack.authority})
    for edition in (public, officer):
        assert [one.hide_up_to for one in edition.values()] == [7]
        assert [one.ground().hide_up_to for one in edition.values()] == [7]


def test_restricted_tables_are_in_no_answer(caller, sample_pack: Pack) -> None:
    assert sample_pack.manifest["restricted"]
    listed = json.dumps([one["id"] for one in caller.get("/collections").json()["collections"]])
    assert "people" not in listed
    for name in sample_pack.manifest["restricted"]:
        assert name not in listed
        assert caller.get(f"/collections/halverton-points-{name}/items").status_code == 404


def test_areas_come_in_degrees_by_our_own_shift(caller, sample_pack: Pack) -> None:
    degrees, _ = to_lonlat(sample_pack.areas("wd25"))
    got = caller.get(f"{PACK}/areas/wd25").json()
    assert got["numberReturned"] == len(degrees)
    one = got["features"][0]
    west, south, *_ = degrees.geometry[one["id"]].bounds
    points = [point for ring in _rings(one["geometry"]) for point in ring]
    assert min(x for x, _ in points) == west
    assert min(y for _, y in points) == south


def _rings(geometry: dict) -> list:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [ring for polygon in polygons for ring in polygon]


def test_a_box_gives_the_areas_that_touch_it(caller, sample_pack: Pack) -> None:
    degrees, _ = to_lonlat(sample_pack.areas("lsoa21"))
    west, south, east, north = degrees.geometry.iloc[0].bounds
    got = caller.get(f"{PACK}/areas/lsoa21?bbox={west},{south},{east},{north}&limit=1000").json()
    from shapely import box

    assert [one["id"] for one in got["features"]] == degrees.index[
        degrees.intersects(box(west, south, east, north))
    ].tolist()


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ("1,2,3", "four numbers"),
        ("a,b,c,d", "four numbers"),
        ("nan,0,1,1", "four numbers"),
        ("0,inf,1,1", "four numbers"),
        ("538911,257448,539058,257500", "National Grid"),
        ("0,52,1,51", "exchanged"),
    ],
)
def test_a_box_that_is_none_is_refused_with_the_reason(caller, box: str, said: str) -> None:
    got = caller.get(f"{PACK}/areas/lsoa21?bbox={box}")
    assert (got.status_code, got.headers["content-type"]) == (400, PROBLEM)
    assert said in got.json()["detail"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/packs/nowhere", 404),
        (f"{PACK}/areas/lsoa99", 404),
        (f"{PACK}/areas/lsoa21/E99", 404),
        (f"{PACK}/areas/..%2f..%2fmanifest.json", 404),
        (f"{PACK}/map?geography=zz", 404),
        ("/collections/nothing", 404),
        ("/collections/nothing/items", 404),
        ("/collections/halverton-lsoa21/items/E99", 404),
        ("/nothing/here", 404),
        (f"{PACK}/figures?limit=0", 400),
        (f"{PACK}/figures?limit=1000000", 400),
        (f"{PACK}/figures?colour=red", 400),
        (f"{PACK}/figures?f=xml", 400),
        (f"{PACK}/search", 400),
        (f"{PACK}/search?q=" + "x" * 121, 400),
        ("/collections/halverton-lsoa21/items?colour=red", 400),
        ("/collections/halverton-lsoa21/items?limit=x", 400),
        ("/collections/halverton-lsoa21/items?crs=urn:x", 400),
        ("/collections/halverton-lsoa21/items?datetime=yesterday", 400),
        ("/collections/halverton-lsoa21/items?sortby=colour", 400),
        (f"{PACK}/figures?code=" + "E" * 5000, 414),
    ],
)
def test_every_refusal_has_one_shape(caller, address: str, status: int) -> None:
    got = caller.get(address)
    assert (got.status_code, got.headers["content-type"]) == (status, PROBLEM)
    details = got.json()
    assert details["status"] == status
    assert set(details) >= {"type", "title", "status", "detail"}
    assert len(details["detail"]) > 15


def test_the_same_refusal_is_a_page_for_a_browser(caller) -> None:
    got = caller.get("/packs/nowhere", headers={"accept": "text/html,application/xhtml+xml"})
    assert got.status_code == 404
    assert got.headers["content-type"].startswith("text/html")
    assert "there is no pack" in got.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(caller, method: str) -> None:
    got = caller.ask(method, f"{PACK}/figures")
    assert (got.status_code, got.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "address",
    [
        f"{PACK}/areas/wd25?limit=3", f"{PACK}/areas/lad25/E06999001", "/collections", f"{PACK}/designations",
        "/collections/halverton-wd25/items?limit=3", "/collections/halverton-lad25/items/E06999001",
        f"{PACK}/figures?limit=3", f"{PACK}/search?q=mill", f"{PACK}/profile/E06999001", f"{PACK}/tiles/wd25.json",
    ],
)  # fmt: skip
def test_an_answer_that_is_had_already_is_not_sent_again(caller, address: str) -> None:
    first = caller.get(address)
    same = caller.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert "no-store" not in same.headers["cache-control"]
    other = caller.get(address, headers={"if-none-match": 'W/"another"'})
    assert (other.status_code, other.content) == (200, first.content)
    packed = caller.get(address, headers={"accept-encoding": "gzip"})
    plain = caller.get(address, headers={"accept-encoding": "identity"})
    assert packed.content == plain.content
    assert "content-encoding" not in plain.headers or plain.headers["content-encoding"] == "identity"
    head = caller.ask("HEAD", address)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


def test_the_page_of_another_site_may_read_what_is_public(caller) -> None:
    asks = {"origin": "https://other.example", "access-control-request-method": "POST",
            "access-control-request-headers": "content-type"}  # fmt: skip
    got = caller.ask("OPTIONS", f"{PACK}/area", headers=asks)
    assert (got.status_code, got.content) == (204, b"")
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["access-control-allow-methods"] == got.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    # Whoever they are may not be sent along: what is shown to somebody in particular is for no other site.
    sent = got.headers["access-control-allow-headers"].lower()
    assert "content-type" in sent
    assert "authorization" not in sent
    assert "access-control-allow-credentials" not in got.headers
    read = caller.get(
        "/collections/halverton-wd25/items?limit=1", headers={"origin": "https://other.example"}
    )
    assert read.headers["access-control-allow-origin"] == "*"
    assert "Content-Crs" in read.headers["access-control-expose-headers"]
    assert caller.ask("OPTIONS", f"{PACK}/figures").headers["allow"] == "GET, HEAD, OPTIONS"


def test_head_gives_the_headers_of_the_answer_without_it(caller) -> None:
    got = caller.ask("HEAD", f"{PACK}/sources")
    assert got.status_code == 200
    assert got.content == b""


def test_a_body_a_false_host_and_long_headers_are_refused(caller) -> None:
    assert caller.ask("GET", "/", content=b"x" * 10).status_code == 413
    assert caller.get("/", headers={"host": 'x"><script>'}).status_code == 400
    assert caller.get("/", headers={"x-long": "x" * 20_000}).status_code == 413


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' OR 1=1 --", "{{7*7}}", '"><img src=x>'])
def test_text_is_never_markup(caller, text: str) -> None:
    got = caller.get(f"{PACK}/search", params={"q": text, "f": "html"})
    tags = _Tags()
    tags.feed(got.text)
    assert "script" not in tags.tags
    assert "img" not in tags.tags
    assert "49" not in got.text.replace("&#", "")
    assert "default-src 'none'" in got.headers["content-security-policy"]


@pytest.mark.parametrize(
    "address",
    [
        "/", "/packs", PACK, f"{PACK}/areas", f"{PACK}/areas/wd25", f"{PACK}/figures", f"{PACK}/dictionary",
        f"{PACK}/sources", f"{PACK}/search?q=c", "/docs", "/collections", "/collections/halverton-wd25",
        "/collections/halverton-wd25/queryables", "/collections/halverton-wd25/items", "/conformance",
    ],
)  # fmt: skip
def test_every_page_is_a_whole_page_that_fetches_nothing(caller, address: str) -> None:
    got = caller.get(address, headers={"accept": "text/html"})
    assert got.status_code == 200
    assert got.headers["content-type"].startswith("text/html")
    assert '<html lang="en-GB">' in got.text
    tags = _Tags()
    tags.feed(got.text)
    assert not {"script", "link", "img", "iframe"} & set(tags.tags)


def test_a_postcode_is_found_as_typed_with_the_areas_it_lies_in(caller, sample_pack: Pack) -> None:
    one = sample_pack.places("points", "postcodes").iloc[0]
    found = caller.get(f"{PACK}/search", params={"q": one["id"].replace(" ", "").lower()}).json()["found"][0]
    assert found["id"] == one["id"]
    for area in found["areas"]:
        assert sample_pack.areas(area["geography"]).geometry[area["id"]].intersects(one.geometry)
    assert {area["geography"] for area in found["areas"]} == set(sample_pack.geographies)


def test_part_of_a_name_is_found_whatever_its_case(caller, sample_pack: Pack) -> None:
    name = sample_pack.areas("wd25")["name"].iloc[0]
    found = caller.get(f"{PACK}/search", params={"q": name[:5].upper()}).json()["found"]
    assert name in [one["name"] for one in found]


def test_the_description_of_the_service_leaves_nothing_out_and_points_nowhere_else(caller) -> None:
    described = caller.get("/openapi.json").json()
    text = json.dumps(described)
    assert '"$ref": "http' not in text
    for path, operations in described["paths"].items():
        for one in operations.values():
            assert one["summary"], path
            good = next(answer for status, answer in one["responses"].items() if status.startswith("2"))
            assert any("example" in media for media in good["content"].values()), path
            for parameter in one.get("parameters", []):
                assert f"{{{parameter['name']}}}" in path or parameter["in"] == "query"
                schema = parameter["schema"]
                kinds = [schema, *schema.get("anyOf", [])]
                assert any(
                    {"maxLength", "maximum", "enum", "pattern", "format", "const", "maxItems"} & set(one)
                    or one.get("type") == "boolean"
                    for one in kinds
                ), (path, parameter)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/packs/{pack}/profile/{area}", f"{PACK}/profile/E06999001?f=xlsx"),
        ("/packs/{pack}/figures", f"{PACK}/figures?limit=2&f=csv"),
        ("/packs/{pack}/target", f"{PACK}/target?weights=imd25_score:1&f=csv"),
        ("/packs/{pack}/series", f"{PACK}/series?indicator=residents&area=E06999001&f=csv"),
        ("/packs/{pack}/downloads/{file}", f"{PACK}/downloads/points-schools.gpkg"),
        ("/packs/{pack}/downloads/{file}", f"{PACK}/downloads/points-schools.parquet"),
        ("/packs/{pack}/tiles/{geography}.json", f"{PACK}/tiles/designations.json"),
        ("/collections/{collection}/queryables", "/collections/halverton-wd25/queryables"),
        ("/collections/{collection}/items", "/collections/halverton-wd25/items?limit=1"),
        ("/packs/{pack}/search", f"{PACK}/search?q=mill"),
        ("/packs/{pack}/designations", f"{PACK}/designations?f=html"),
    ],
)
def test_every_form_of_an_answer_is_described(caller, path: str, address: str) -> None:
    described = caller.get("/openapi.json").json()["paths"][path]["get"]["responses"]
    got = caller.get(address)
    assert got.status_code == 200
    assert got.headers["content-type"].partition(";")[0] in {
        one.partition(";")[0] for one in described["200"]["content"]
    }


def test_the_state_is_told(caller) -> None:
    assert caller.get("/health").json() == {"status": "ok"}
    assert caller.get("/ready").status_code in (200, 503)
    caller.get("/packs/nowhere")
    said = caller.get("/metrics").text
    # One process of several answers: each count says which, so that two of them are never taken for one.
    here = f'worker="{os.getpid()}"'
    assert f'fairplace_answers_total{{{here},route="/packs/{{pack}}",status="404"}}' in said
    assert all(here in line for line in said.splitlines() if not line.startswith("#"))


def test_the_map_is_served_whole(caller) -> None:
    got = caller.get(f"{PACK}/map")
    assert got.status_code == 200
    assert got.headers["content-type"].startswith("text/html")
    assert "connect-src" not in got.headers["content-security-policy"]


def test_packs_of_one_name_are_not_served_together(sample_pack: Pack) -> None:
    with pytest.raises(OpeningError, match='would both be "halverton"'):
        create_app([sample_pack.path, sample_pack.path])
    with pytest.raises(OpeningError, match="no pack is given"):
        create_app([])
    assert pack_key(Path("/x/Luton & South")) == "luton-south"


def test_a_folder_that_is_no_pack_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(tmp_path / "nothing"), "--port", "18999"]) == 2
    assert "is not a pack" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("text/html;q=0.1, application/json", "json"),
        ("application/json;q=0.5, text/html", "html"),
        ("text/html, application/json", "html"),
        ("text/html;q=0, */*", "json"),
        ("text/html;q=0", "json"),
        ("text/*", "html"),
        ("application/json;q=0.2, text/*;q=0.3", "html"),
        ("text/html;q=much, application/json;q=0.1", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("*/*", "json"),
        ("", "json"),
        ("image/png", "json"),
    ],
)
def test_the_form_that_is_liked_best_is_given(caller, accept: str, form: str) -> None:
    got = caller.get("/packs", headers={"accept": accept})
    assert got.status_code == 200
    assert got.headers["content-type"].startswith({"html": "text/html", "json": "application/json"}[form])


def test_links_lead_to_where_people_reach_the_service(caller, sample_pack: Pack) -> None:
    behind = type(caller)(create_app([sample_pack.path], address="https://maps.halverton.example/"))
    here = "https://maps.halverton.example"
    for address in ("/", "/collections", "/collections/halverton-wd25/items?limit=1",
                    "/packs/halverton/tiles/wd25.json"):  # fmt: skip
        text = behind.get(address, headers={"x-forwarded-proto": "http"}).text
        assert here in text, address
        assert "http://service" not in text, address
    behind.close()
    for wrong in ("maps.halverton.example", "http://maps.halverton.example", f"{here}/below", f"{here}?a=b"):
        with pytest.raises(ServiceSettingsError, match="address"):
            create_app([sample_pack.path], address=wrong)


def test_figures_as_csv_lead_to_the_rest_of_them(caller) -> None:
    address, rows = f"{PACK}/figures?f=csv&indicator=residents,households&limit=50", []
    for _ in range(100):
        got = caller.get(address)
        rows += list(csv.DictReader(io.StringIO(got.text)))
        ways = dict(
            reversed(one.strip().split("; ")) for one in got.headers.get("link", "").split(",") if one
        )
        if 'rel="next"' not in ways:
            break
        address = ways['rel="next"'][1:-1]
    assert len(rows) == int(got.headers["number-matched"]) > 50
    assert len({(one["code"], one["indicator"], one["group"], one["period"]) for one in rows}) == len(rows)
    assert {one["indicator"] for one in rows} == {"residents", "households"}


def test_a_page_of_features_leads_to_those_that_it_does_not_show(caller, sample_pack: Pack) -> None:
    address, seen = "/collections/halverton-oa21/items?limit=1000&f=html", []
    for _ in range(10):
        page = caller.get(address).text
        codes = set(re.findall(r"\bE00\d{6}\b", page))
        assert f"<td>{len(codes)}</td>" in page or f">{len(codes)}<" in page  # numberReturned
        seen += sorted(codes)
        ways = [html.unescape(one) for one in re.findall(r'href="([^"]+)"', page)]
        after = [one for one in ways if f"offset={len(seen)}&" in one or one.endswith(f"offset={len(seen)}")]
        after = [one for one in after if "f=html" in one]
        if not after:
            break
        address = after[0].removeprefix("http://service")
    assert len(seen) == len(sample_pack.areas("oa21")) > 100
    assert set(seen) == set(sample_pack.areas("oa21").index)
