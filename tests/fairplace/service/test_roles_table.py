"""Every route for every role, from the routes there are; and a restricted home is in no public byte."""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from fastapi import FastAPI
from starlette.routing import Route

from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.service.answers import MEDIA
from fairplace.service.tiles import MEDIA_TILE

PACK = "/packs/halverton"
HOMES = "/collections/halverton-lsoa21"
#: Method and route -> an address of it, and what it answers somebody who may ask. A route without a line
#: here fails the first test below.
OPEN: dict[str, tuple[str, int]] = {
    "GET /": ("/", 200),
    "GET /docs": ("/docs", 200),
    "GET /openapi.json": ("/openapi.json", 200),
    "GET /me": ("/me", 200),
    "GET /sign-in": ("/sign-in", 503),  # the provider of the test answers nobody
    "GET /signed-in": ("/signed-in?code=x&state=y", 401),
    "POST /sign-out": ("/sign-out", 404),
    "GET /signed-out": ("/signed-out", 200),
    "GET /health": ("/health", 200),
    "GET /ready": ("/ready", 200),
    "GET /metrics": ("/metrics", 200),
    "GET /web/{name}": ("/web/explore.css", 200),
    "GET /conformance": ("/conformance", 200),
    "GET /collections": ("/collections", 200),
    "GET /collections/{collection}": (HOMES, 200),
    "GET /collections/{collection}/queryables": (f"{HOMES}/queryables", 200),
    "GET /collections/{collection}/items": (f"{HOMES}/items?limit=2", 200),
    "GET /collections/{collection}/items/{feature}": ("/collections/halverton-lad25/items/E06999001", 200),
    "GET /packs": ("/packs", 200),
    "GET /packs/{pack}": (PACK, 200),
    "GET /packs/{pack}/areas": (f"{PACK}/areas", 200),
    "GET /packs/{pack}/areas/{geography}": (f"{PACK}/areas/wd25", 200),
    "GET /packs/{pack}/areas/{geography}/{code}": (f"{PACK}/areas/lad25/E06999001", 200),
    "GET /packs/{pack}/figures": (f"{PACK}/figures", 200),
    "GET /packs/{pack}/dictionary": (f"{PACK}/dictionary", 200),
    "GET /packs/{pack}/sources": (f"{PACK}/sources", 200),
    "GET /packs/{pack}/designations": (f"{PACK}/designations", 200),
    "GET /packs/{pack}/search": (f"{PACK}/search?q=c", 200),
    "GET /packs/{pack}/map": (f"{PACK}/map", 200),
    "GET /packs/{pack}/explore": (f"{PACK}/explore", 200),
    "GET /packs/{pack}/explore/layers": (f"{PACK}/explore/layers", 200),
    "GET /packs/{pack}/explore/background": (f"{PACK}/explore/background", 200),
    "GET /packs/{pack}/profile": (f"{PACK}/profile?area=E06999001", 200),
    "POST /packs/{pack}/profile": (f"{PACK}/profile", 200),
    "GET /packs/{pack}/profile/{area}": (f"{PACK}/profile/E06999001", 200),
    "GET /packs/{pack}/area": (f"{PACK}/area?area=E06999001", 200),
    "POST /packs/{pack}/area": (f"{PACK}/area", 200),
    "GET /packs/{pack}/reach": (f"{PACK}/reach?from=0.0491,52.2047&minutes=5", 200),
    "GET /packs/{pack}/hubs/try": (f"{PACK}/hubs/try?sites=0.0491,52.2047&minutes=10", 200),
    "GET /packs/{pack}/access": (f"{PACK}/access?service=libraries&area=E06999001&minutes=15", 200),
    "GET /packs/{pack}/downloads": (f"{PACK}/downloads", 200),
    "GET /packs/{pack}/downloads/{file}": (f"{PACK}/downloads/wd25.csv", 200),
    "POST /packs/{pack}/jobs/hubs": (f"{PACK}/jobs/hubs", 202),
    "POST /packs/{pack}/jobs/review": (f"{PACK}/jobs/review", 202),
    "GET /packs/{pack}/jobs/{job}": (f"{PACK}/jobs/DONE", 200),
    "DELETE /packs/{pack}/jobs/{job}": (f"{PACK}/jobs/BEGUN", 200),
    "GET /packs/{pack}/jobs/{job}/files/{file:path}": (f"{PACK}/jobs/DONE/files/note.html", 200),
    "GET /packs/{pack}/tiles/{geography}.json": (f"{PACK}/tiles/lsoa21.json", 200),
    "GET /packs/{pack}/tiles/{geography}/{z}/{x}/{y}.mvt": (f"{PACK}/tiles/lsoa21/0/0/0.mvt", 200),
    "GET /packs/{pack}/compare": (f"{PACK}/compare?areas=E05999001,E05999002", 200),
    "GET /packs/{pack}/series": (f"{PACK}/series?indicator=residents&area=E06999001", 200),
    "GET /packs/{pack}/target": (f"{PACK}/target?weights=imd25_score:1&size=5", 200),
}
OFFICERS: dict[str, tuple[str, int]] = {
    "POST /packs/{pack}/what-if": (f"{PACK}/what-if", 200),
    "GET /packs/{pack}/uploads": (f"{PACK}/uploads", 200),
    "POST /packs/{pack}/uploads": (f"{PACK}/uploads?kind=services&name=services.csv", 201),
    "GET /packs/{pack}/uploads/{upload}": (f"{PACK}/uploads/SENT", 200),
    # What it takes when columns are to be put right is in the tests of uploads.
    "POST /packs/{pack}/uploads/{upload}/columns": (f"{PACK}/uploads/nothing/columns", 404),
    "POST /packs/{pack}/uploads/{upload}/accept": (f"{PACK}/uploads/SENT/accept", 200),
    "POST /packs/{pack}/uploads/{upload}/remove": (f"{PACK}/uploads/SENT/remove", 200),
    "DELETE /packs/{pack}/uploads/{upload}": (f"{PACK}/uploads/SENT", 200),
}
_SQUARE = [[[0.045, 52.203], [0.055, 52.203], [0.055, 52.209], [0.045, 52.209], [0.045, 52.203]]]
_DRAWN = {"type": "Polygon", "coordinates": _SQUARE}
_SITES = {
    "type": "FeatureCollection",
    "features": [{"type": "Feature", "properties": {"reference": "S1"}, "geometry": _DRAWN}],
}
#: Route -> what is sent to it.
SENT: dict[str, object] = {
    "POST /packs/{pack}/profile": _DRAWN,
    "POST /packs/{pack}/area": _DRAWN,
    "POST /packs/{pack}/jobs/hubs": {"weights": {"children_0_4": 1}, "add": 1},
    "POST /packs/{pack}/jobs/review": {"sites": _SITES, "layers": {"green-belt": _SITES}},
    "POST /packs/{pack}/what-if": {"add": ["20 per child to private renters with children"]},
    "POST /packs/{pack}/uploads": (
        "id,name,kind,theme,status,postcode,easting,northing,public\n"
        "S1,Castle Street Advice,advice,money,open,,539238,257261,yes\n"
    ),
}
_UPLOAD = ("POST /packs/{pack}/uploads", OFFICERS["POST /packs/{pack}/uploads"][0])
#: Answered by the application itself, before any route of ours: the same for all, whoever they say they are.
ROLES = ("public", "officer", "restricted", "elsewhere", "expired")


def routes_of(app: FastAPI) -> set[str]:
    """Every method and pattern that an application answers, included routers opened."""
    found: set[str] = set()

    def walk(routes: Any) -> None:
        for one in routes:
            if isinstance(one, Route):
                found.update(f"{method} {one.path}" for method in (one.methods or ()) if method != "HEAD")
            else:
                walk(one.original_router.routes if hasattr(one, "original_router") else one.routes)

    walk(app.routes)
    return found


def expected(route: str, who: str) -> int:
    """What a route answers to a role."""
    status = {**OPEN, **OFFICERS}[route][1]
    if who in ("expired",):
        return 401
    if route in OFFICERS:
        if "what-if" in route and who == "public":
            return 403  # it says what it is for, and not who may sign in
        return {"public": 401, "elsewhere": 403}.get(who, status)
    return status


def table_lines() -> list[str]:
    """The table as it stands in docs/service-roles.md."""
    lines = [
        "| Route | Public | Officer | Restricted | Wrong authority | Ended token |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for route in sorted({**OPEN, **OFFICERS}, key=lambda one: (one.split()[1], one)):
        words = [
            "401" if who == "expired" else "refused (401)" if expected(route, who) == 401 and route in OFFICERS
            else "refused (403)" if expected(route, who) == 403 else _seen(route, who)
            for who in ROLES
        ]  # fmt: skip
        lines.append(f"| `{route}` | {' | '.join(words)} |")
    return lines


def _seen(route: str, who: str) -> str:
    if "/jobs/" in route:
        return "public edition"  # what a job made is for whoever has its name
    if "{pack}" not in route and "collection" not in route and route not in ("GET /packs", "GET /"):
        return "yes"
    return {"public": "public edition", "elsewhere": "public edition", "officer": "officer edition"}.get(
        who, "officer edition and restricted layers" if "collection" in route else "officer edition"
    )


def test_every_route_has_its_line_in_the_table(doors) -> None:
    assert routes_of(doors.app) == {*OPEN, *OFFICERS}
    assert not {*OPEN} & {*OFFICERS}


@pytest.fixture(scope="module")
def done(doors) -> str:
    """A hub plan that an officer asked for, done."""
    got = _ask(doors, "POST /packs/{pack}/jobs/hubs", f"{PACK}/jobs/hubs", "officer")
    assert got.status_code == 202, got.text
    end = time.monotonic() + 300
    while (said := doors.get(got.headers["location"]).json())["state"] not in ("done", "failed"):
        assert time.monotonic() < end, said
        time.sleep(0.2)
    assert said["state"] == "done", said
    return str(said["id"])


def _ask(doors, route: str, address: str, who: str) -> Any:
    sent = SENT.get(route)
    if sent is None:
        return doors.ask(route.split()[0], address, who)
    content = sent if isinstance(sent, str) else json.dumps(sent)
    headers = {} if isinstance(sent, str) else {"content-type": "application/json"}
    return doors.ask(route.split()[0], address, who, content=content, headers=headers)


def test_every_route_answers_every_role_as_the_table_says(doors, done: str) -> None:
    wrong, worked = [], set()
    for who in ROLES:
        known = {"DONE": done}
        for route, (address, _) in {**OPEN, **OFFICERS}.items():
            if "SENT" in address and "SENT" not in known and expected(route, who) == 200:
                # The one before is removed: another takes its place.
                known["SENT"] = _ask(doors, *_UPLOAD, who).json()["id"]
            for word, one in known.items():
                address = address.replace(word, one)
            got = _ask(doors, route, address, who)
            if got.status_code != expected(route, who):
                wrong.append(
                    f"{route} {who}: {got.status_code} and not {expected(route, who)}: {got.text[:150]}"
                )
            if who != "public":
                assert got.headers["cache-control"] == "private, no-store", route
            if got.status_code < 300:
                worked.add((route, who))
            if got.status_code == 202:
                # One stays for whoever cancels; of the others no work need be done.
                if "BEGUN" in known:
                    doors.ask("DELETE", got.headers["location"], who)
                known.setdefault("BEGUN", got.headers["location"].rpartition("/")[2])
            if got.status_code == 201:
                known["SENT"] = got.json()["id"]
            if route.startswith("DELETE") or route.endswith("/remove"):
                known.pop("SENT", None)
    assert not wrong, "\n".join(wrong)
    # Nobody's table of refusals alone: what may be asked has been answered, for each who may ask.
    never = {route for route, (_, status) in {**OPEN, **OFFICERS}.items() if status >= 300}
    assert never == {
        "GET /sign-in", "GET /signed-in", "POST /sign-out", "POST /packs/{pack}/uploads/{upload}/columns",
    }  # fmt: skip
    assert {route for route, who in worked if who == "restricted"} == {*OPEN, *OFFICERS} - never
    assert {route for route, who in worked if who == "public"} == {*OPEN} - never


def test_jobs_are_made_of_the_public_edition_whoever_asks(doors, monkeypatch: pytest.MonkeyPatch) -> None:
    from fairplace.service import job_routes

    editions, known = [], job_routes._sites_of
    monkeypatch.setattr(
        job_routes, "_sites_of", lambda released: editions.append(released.edition) or known(released)
    )
    for who in ("public", "officer", "restricted"):
        route = "POST /packs/{pack}/jobs/hubs"
        got = _ask(doors, route, OPEN[route][0], who)
        assert got.status_code == 202
        doors.ask("DELETE", got.headers["location"], who)
    assert editions == ["public"] * 3


@pytest.mark.checkout
def test_the_page_holds_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "service-roles.md").read_text(encoding="utf-8")
    assert "\n".join(table_lines()) in page


def _needles(row: dict[str, str]) -> list[bytes]:
    """A home in every form in which it might stand: numbers, and places in metres and degrees."""
    from geo.crs import bng_to_lonlat

    east, north = float(row["easting"]), float(row["northing"])
    lon, lat = (float(value) for value in bng_to_lonlat(east, north)[:2])
    pairs = [(f"{east}", f"{north}"), (f"{east:.0f}", f"{north:.0f}"), (repr(lon), repr(lat))]
    pairs += [(f"{lon:.{n}f}", f"{lat:.{n}f}") for n in (5, 6, 7, 8)]
    texts = [row["uprn"], f"{float(row['uprn']):e}"]
    for a, b in pairs:
        texts += [between.join(one) for one in ((a, b), (b, a)) for between in (",", ", ", " ", ";", "/")]
    packed = [
        struct.pack(f"{order}dd", *pair) for order in "<>" for pair in ((east, north), (lon, lat), (lat, lon))
    ]
    packed += [struct.pack(f"{order}q", int(row["uprn"])) for order in "<>"]
    packed += [struct.pack(f"{order}d", float(row["uprn"])) for order in "<>"]
    return [one.encode() for one in texts] + packed


class _Search:
    """Looks for thousands of needles at once: only those whose first eight bytes stand in a text are looked for."""

    def __init__(self, needles: set[bytes]) -> None:
        assert min(map(len, needles)) >= 8
        self.of: dict[int, list[bytes]] = {}
        for one in needles:
            self.of.setdefault(int.from_bytes(one[:8], "little"), []).append(one)
        self.beginnings = np.array(sorted(self.of), dtype="<u8")

    def find(self, text: bytes) -> Iterator[bytes]:
        for start in range(min(8, max(0, len(text) - 7))):
            eights = np.frombuffer(text, dtype="<u8", offset=start, count=(len(text) - start) // 8)
            at = np.searchsorted(self.beginnings, eights).clip(max=len(self.beginnings) - 1)
            for begun in np.unique(eights[self.beginnings[at] == eights]):
                yield from (one for one in self.of[int(begun)] if one in text)


def test_the_search_finds_what_is_there_wherever_it_begins() -> None:
    search = _Search({b"504321.5,221000.5", b"504321.5;221000.5", b"10009999"})
    for before in range(9):
        text = b"x" * before + b"504321.5;221000.5" + b"y" * (before % 3)
        assert list(search.find(text)) == [b"504321.5;221000.5"]
    assert list(search.find(b"504321.5 221000.5")) == []
    assert list(search.find(b"1000999")) == []
    assert list(search.find(b"10009999")) == [b"10009999"]


def _unpacked(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """Bytes as they came, and what is packed in them: gzip, zip (xlsx, docx), PDF streams, Parquet, GeoPackage."""
    import zlib

    yield content
    if depth > 2:
        return
    if content[:2] == b"\x1f\x8b":
        yield from _unpacked(gzip.decompress(content), depth + 1)
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _unpacked(archive.read(name), depth + 1)
    if content[:4] == b"PAR1":
        yield pd.read_parquet(io.BytesIO(content)).to_csv().encode()
    if content[:4] == b"%PDF":
        # Letters of a page are numbers of glyphs: read as a reader reads them.
        with pypdfium2.PdfDocument(content) as document:
            yield "\n".join(page.get_textpage().get_text_range() for page in document).encode()
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
            try:
                yield zlib.decompress(stream)
            except zlib.error:
                continue


def _other_forms(doors, done: str) -> list[str]:
    """Addresses of every form that an answer has beside JSON and a page, and of every set of tiles."""
    found = [
        f"{PACK}/profile/{code}?f={form}"
        for code in ("E06999001",)
        for form in ("pdf", "docx", "xlsx", "zip")
    ]
    found += [f"{PACK}/reach?from=0.0491,52.2047&minutes=5,15&mode=cycle"]
    found += [f"{PACK}/access?service=libraries&area=E06999001&minutes=15&f=csv"]
    found += [f"{PACK}/target?weights=imd25_score:1&size=20&f=csv", f"{PACK}/figures?limit=10000&f=csv"]
    job = doors.get(f"{PACK}/jobs/{done}").json()
    found += [one["href"] for one in job["files"]]
    assert len(found) > 10
    names = [one["id"] for one in doors.get("/collections").json()["collections"]]
    sets = sorted({name.removeprefix("halverton-").removesuffix("-figures") for name in names})
    sets = [name for name in sets if doors.get(f"{PACK}/tiles/{name}.json").status_code == 200]
    assert {"lsoa21", "points-libraries", "lines-green", "designations"} <= set(sets)
    found += [f"{PACK}/tiles/{name}.json" for name in sets]
    found += [
        f"{PACK}/tiles/{name}/{at}.mvt" for name in sets for at in ("0/0/0", "9/256/168", "12/2048/1350")
    ]
    return found


def test_a_restricted_home_is_in_no_public_byte(doors, done: str, sample_data: Path) -> None:
    homes = pd.read_csv(sample_data / "restricted" / "homes" / "homes.csv", dtype=str)
    people = pd.read_csv(sample_data / "restricted" / "refuges" / "refuges.csv", dtype=str)
    chosen = homes[homes["easting"].str.contains(r"\.[1-9]") & homes["northing"].str.contains(r"\.[1-9]")]
    needles = {one for row in chosen.iloc[::60].to_dict("records") for one in _needles(row)}
    needles |= {text.encode() for name in ("name",) for text in people[name]}
    # The search finds a home where one may be seen: else it would prove nothing.
    open_to = doors.get("/collections/halverton-restricted-homes/items?limit=10000", "restricted").content
    search = _Search(needles)
    assert len(set(search.find(open_to))) > 20

    held = doors.get("/collections").json()["collections"]
    listed = doors.get(f"{PACK}/downloads").text
    files = sorted(set(re.findall(rf"{PACK}/downloads/([A-Za-z0-9._-]+)", listed)))
    addresses = [address for route, (address, _) in OPEN.items() if route.startswith("GET")]
    addresses += [f"{PACK}/downloads/{name}" for name in files]
    addresses += [f"/collections/{one['id']}/items?limit=10000" for one in held]
    addresses += [f"/collections/{one['id']}/queryables" for one in held]
    addresses += [f"{PACK}/search?q={row['uprn']}" for row in chosen.iloc[:2].to_dict("records")]
    addresses += [f"{PACK}/figures?limit=10000&offset={n}" for n in (0, 10_000, 20_000)]
    addresses += [f"{PACK}/tiles/lsoa21/14/{x}/{y}.mvt" for x in range(8200, 8204) for y in range(5400, 5403)]
    addresses = [one.replace("DONE", done) for one in addresses]
    more, kinds, pieces = _other_forms(doors, done), set(), set()
    found, looked = [], 0
    for address in dict.fromkeys([*addresses, *more]):
        for media in ("application/json", "text/html") if address not in more else ("*/*",):
            got = doors.get(address, headers={"accept": media})
            assert got.status_code < 300 or address not in more, address
            kinds.add(got.headers.get("content-type", "").partition(";")[0])
            asked = address.encode()
            for piece in _unpacked(got.content):
                # A form may hold another whole, as a ZIP does.
                if hash(piece) in pieces:
                    continue
                pieces.add(hash(piece))
                looked += len(piece)
                hit = next((one for one in search.find(piece) if one not in asked), None)
                if hit is not None:
                    found.append((address, hit))
    assert found == []
    assert len(files) >= 3
    assert kinds >= {one.partition(";")[0] for one in (*MEDIA.values(), MEDIA_TILE)}
    assert looked > 1_000_000


def test_the_officer_edition_served_passes_release_again(doors, sample_pack: Pack) -> None:
    from fairplace.disclosure import release_figures
    from fairplace.service.viewer import Viewer

    viewer = Viewer("A", "officer", frozenset({"E06999001"}), "token")
    served = doors.app.state.holdings.of(viewer).packs["halverton"]
    assert served.figures.equals(release(sample_pack, "officer").figures)
    again, hidden = release_figures(served.figures, sources=served.sources, edition="officer")
    assert hidden.get("licence", 0) == 0
    assert len(again) == len(served.figures)
