"""A council's own file comes in whole or not at all, from its officers alone, and harms nobody."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas as gpd
import pytest
import uvicorn
from shapely import LineString, Point

from fairplace.checking.apart import UploadError, sniff
from fairplace.cli import main
from fairplace.service import guard, inspecting
from fairplace.service.problems import MissingError, RequestError
from fairplace.service.running import server_settings
from fairplace.service.tokens import read_tokens
from fairplace.service.uploads import MOST_PROPOSED, Shelf, plain_name
from fairplace.service.viewer import Viewer
from fairplace.uploaded import ShelfError, accepted_tables, lay_over

UPLOADS = "/packs/halverton/uploads"
OFFICER = Viewer("A. Officer", "officer", frozenset({"E06999001"}), "token")
SERVICES = (
    "id,name,kind,theme,status,postcode,easting,northing,public\n"
    "S1,Castle Street Advice,advice,money,open,,539238,257261,yes\n"
    "S2,Warm Room,warm_space,warmth,open,,539345,257185,yes\n"
)


def _send(
    doors, text: str | bytes, who: str = "officer", kind: str = "services", name: str = "services.csv", **rest
):
    return doors.ask("POST", UPLOADS, who, content=text, params={"kind": kind, "name": name}, **rest)


@pytest.fixture
def shelf(doors) -> Iterator[Shelf]:
    shelf = Shelf(doors.settings.uploads / "E06999001")
    yield shelf
    for one in shelf.entries():
        if one.state != "removed":
            shelf.remove(one.id, OFFICER)


def test_a_file_is_sent_looked_through_accepted_replaced_and_removed(doors, shelf: Shelf) -> None:
    before = len(doors.lines())
    sent = _send(doors, SERVICES)
    assert sent.status_code == 201, sent.text
    got = sent.json()
    assert (got["state"], got["kind"], got["rows"], got["sent_by"]) == ("proposed", "services", 2, "Officer")
    tokens = read_tokens(doors.settings.tokens)
    assert got["sent_by_id"] == next(one.id for one in tokens if one.name == "Officer")
    assert got["report"]["columns"]["name"] == {"header": "name", "how": "name"}
    assert sent.headers["location"] == f"{UPLOADS}/{got['id']}"
    assert accepted_tables(shelf.path) == {}
    assert _send(doors, SERVICES).json()["id"] == got["id"], "the same bytes are one upload"

    assert doors.ask("POST", f"{UPLOADS}/{got['id']}/accept", "officer").json()["state"] == "accepted"
    assert "Castle Street" in accepted_tables(shelf.path)["services"].read_text()
    later = _send(doors, SERVICES.replace("Castle", "Bridge")).json()["id"]
    assert doors.ask("POST", f"{UPLOADS}/{later}/accept", "restricted").status_code == 200
    assert [one.state for one in shelf.entries()[-2:]] == ["replaced", "accepted"]
    assert "Bridge Street" in accepted_tables(shelf.path)["services"].read_text()

    assert doors.ask("POST", f"{UPLOADS}/{got['id']}/accept", "officer").status_code == 200, "the one before"
    assert "Castle Street" in accepted_tables(shelf.path)["services"].read_text()
    gone = doors.ask("DELETE", f"{UPLOADS}/{got['id']}", "officer").json()
    assert (gone["state"], gone["changed_by"]) == ("removed", "Officer")
    assert gone["changed_by_id"] == got["sent_by_id"]
    assert accepted_tables(shelf.path) == {}
    assert not (shelf.path / "files" / got["id"]).exists()
    assert doors.get(f"{UPLOADS}/{got['id']}", "officer").status_code == 404
    assert got["id"] in [one["id"] for one in doors.get(UPLOADS, "officer").json()["uploads"]]
    said = [line["said"] for line in doors.lines()[before:] if line["event"] == "changed"]
    assert said == ["sent services"] * 2 + [f"accept services {got['id']}", "sent services", f"accept services {later}",
                    f"accept services {got['id']}", f"remove services {got['id']}"]  # fmt: skip


def test_faults_are_told_by_row_and_a_file_with_faults_is_not_accepted(doors, shelf: Shelf) -> None:
    got = _send(doors, SERVICES.replace("539238", "west")).json()
    assert not got["good"]
    assert any("west" in sentence for level, sentence in got["report"]["sentences"] if level == "fault")
    refused = doors.ask("POST", f"{UPLOADS}/{got['id']}/accept", "officer")
    assert (refused.status_code, refused.json()["detail"].endswith("mend them and send it again")) == (
        400,
        True,
    )
    assert accepted_tables(shelf.path) == {}


def test_columns_are_put_right_and_looked_through_again(doors, shelf: Shelf) -> None:
    got = _send(doors, SERVICES.replace("name,", "Bezeichnung,", 1)).json()
    assert not got["good"]
    again = doors.ask("POST", f"{UPLOADS}/{got['id']}/columns", "officer", data={"name": "Bezeichnung"})
    assert again.status_code == 201, again.text
    assert again.json()["good"]
    report = shelf.report(again.json()["id"])
    assert report["columns"]["name"] == {"header": "Bezeichnung", "how": "kept"}
    assert (
        doors.ask("POST", f"{UPLOADS}/{got['id']}/columns", "officer", data={"colour": "x"}).status_code
        == 400
    )


def test_a_form_without_a_script_does_it_all(doors, shelf: Shelf) -> None:
    page = {"accept": "text/html"}
    got = doors.ask(
        "POST",
        UPLOADS,
        "officer",
        headers=page,
        data={"kind": ""},
        files={"file": ("C:\\x\\services.csv", SERVICES)},
    )
    assert got.status_code == 303
    here = got.headers["location"]
    shown = doors.get(here, "officer", headers=page)
    assert "services.csv" in shown.text
    assert "Accept it" in shown.text
    assert '<select id="c-name"' in shown.text
    assert "<script" not in shown.text
    assert "form-action 'self'" in shown.headers["content-security-policy"]
    accepted = doors.ask("POST", f"{here}/accept", "officer", headers=page)
    assert (accepted.status_code, accepted.headers["location"]) == (303, here)
    listed = doors.get(UPLOADS, "officer", headers=page).text
    assert 'enctype="multipart/form-data"' in listed
    assert "accepted" in listed
    assert doors.ask("POST", f"{here}/remove", "officer", headers=page).headers["location"] == UPLOADS


@pytest.mark.parametrize(
    "text",
    [
        '"><img src=x onerror=alert(1)>',
        "=cmd|' /C calc'!A0",
        "{{7777*7777}}",
        "../../etc/passwd",
    ],
)
def test_text_in_a_file_and_its_name_is_only_text(doors, shelf: Shelf, text: str) -> None:
    quoted = text.replace('"', '""')
    got = _send(doors, SERVICES.replace("Castle Street Advice", f'"{quoted}"'), name=f"{text}.csv")
    assert got.status_code == 201, got.text
    page = doors.get(f"{UPLOADS}/{got.json()['id']}", "officer", headers={"accept": "text/html"}).text
    assert "<script>alert" not in page
    assert "<img src" not in page
    assert "60481729" not in page
    assert not (doors.folder / "etc").exists()
    if got.json()["good"]:
        doors.ask("POST", f"{UPLOADS}/{got.json()['id']}/accept", "officer")
        assert "\n=cmd" not in accepted_tables(shelf.path)["services"].read_text().replace(",=cmd", "\n=cmd")


@pytest.mark.parametrize(
    ("given", "plain"),
    [("../../etc/passwd", "passwd"), ("C:\\Users\\x\\a.csv", "a.csv"), ("/", "table"), ("..", "table"), ("a\r\nb\x00\u202e.csv", "ab.csv"),
     ("", "table"), ("x" * 300, "x" * 80), (".hidden.csv", "hidden.csv"), ('a"<b>.csv', "ab.csv")],
)  # fmt: skip
def test_a_name_is_a_name_and_no_path(given: str, plain: str) -> None:
    assert plain_name(given) == plain


def test_nobody_else_sees_or_changes_uploads(doors, shelf: Shelf) -> None:
    got = _send(doors, SERVICES).json()["id"]
    for who, status in (("public", 401), ("elsewhere", 403), ("expired", 401), ("revoked", 401)):
        for method, address in (
            ("GET", UPLOADS), ("GET", f"{UPLOADS}/{got}"), ("POST", UPLOADS), ("POST", f"{UPLOADS}/{got}/accept"),
            ("POST", f"{UPLOADS}/{got}/columns"), ("POST", f"{UPLOADS}/{got}/remove"), ("DELETE", f"{UPLOADS}/{got}"),
        ):  # fmt: skip
            answer = doors.ask(method, address, who, content=SERVICES if method == "POST" else None)
            assert answer.status_code == status, (who, method, address)
    assert shelf.entry(got).state == "proposed"
    assert doors.lines()[-1]["event"] == "refused"


def test_a_public_service_has_no_uploads(caller) -> None:
    assert caller.get(UPLOADS).status_code == 404
    assert caller.ask("POST", UPLOADS, content=SERVICES).status_code == 405


@pytest.mark.parametrize("kind", ["homes", "refuges"])
def test_tables_of_homes_and_people_are_refused_by_kind_and_by_columns(
    doors, shelf: Shelf, kind: str
) -> None:
    from layers.council.schema import find_schema

    assert "restricted store" in _send(doors, SERVICES, kind=kind).json()["detail"]
    schema = find_schema(kind)
    text = ",".join(schema.names) + "\n" + ",".join(one.example for one in schema.fields) + "\n"
    got = _send(doors, text, kind="", name=f"{kind}.csv")
    assert got.status_code == 400
    assert "restricted store" in got.json()["detail"]
    assert [one for one in shelf.entries() if one.kind == kind] == []
    assert list((shelf.path / "staging").iterdir()) == []


def _zip(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def _corner() -> bytes:
    """A workbook of two cells, the second in the last row and column there can be."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "name"
    sheet["XFD1048576"] = "x"
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


VRT = b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
BAD = {
    "empty": (b"", "empty"),
    "a bomb": (_zip({"xl/workbook.xml": b"0" * 60_000_000}), "times its size"),
    "many files": (_zip({"xl/workbook.xml": b"x", **{f"f{n}": b"" for n in range(2100)}}), "2,101 files"),
    "a zip": (_zip({"../../evil.csv": SERVICES.encode()}), "no XLSX workbook"),
    "half a zip": (_zip({"xl/workbook.xml": b"x" * 900})[:-40], "damaged"),
    "a workbook of nothing": (_zip({"xl/workbook.xml": b"<x/>"}), "workbook|damaged|memory"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 9, "no CSV"),
    "a layer that names a file": (VRT, "looks like no kind|no header|services"),
    "json that is no layer": (b'{"type": "Topology"}', "FeatureCollection"),
    "deep json": (b'{"a":' * 50_000, "none; save it anew|memory"),
    "half a database": (b"SQLite format 3\0" + b"\0" * 100, "cannot|layer|read|memory"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_is_made_to_harm_is_refused_with_a_reason(doors, shelf: Shelf, what: str) -> None:
    import re

    content, said = BAD[what]
    assert len(content) < 1_000_000
    got = _send(doors, content, name="x.xlsx")
    assert got.status_code in (201, 400), got.text
    reasons = got.json().get("detail", "") + json.dumps(got.json().get("report", ""))
    assert re.search(said, reasons), reasons[:500]
    assert not got.json().get("good", False)
    assert "root:" not in got.text
    assert list((shelf.path / "staging").iterdir()) == []


def test_a_workbook_with_one_far_cell_takes_no_more_than_its_share(
    doors, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspecting, "SECONDS", 4)
    got = _send(doors, _corner(), name="far.xlsx")
    assert got.status_code in (201, 400)
    assert not got.json().get("good", False)
    assert doors.get("/health").status_code == 200


def test_a_file_longer_than_the_bound_is_refused_whatever_is_said_of_it(doors, shelf: Shelf) -> None:
    large = SERVICES.encode() + b"x" * 1_000_000
    for rest in ({}, {"headers": {"content-type": "text/csv"}}):
        got = _send(doors, large, **rest)
        assert got.status_code == 413
        assert "1,000,000 bytes" in got.json()["detail"] or "1,050,000 bytes" in got.json()["detail"]
    got = doors.ask("POST", UPLOADS, "officer", files={"file": ("a.csv", large)})
    assert got.status_code == 413
    assert shelf.entries() == [] or all(one.state == "removed" for one in shelf.entries())


def test_layers_of_points_and_lines_are_taken(doors, shelf: Shelf, tmp_path: Path) -> None:
    points = gpd.GeoDataFrame(
        {"id": ["S1"], "name": ["Advice"], "kind": ["advice"], "status": ["open"]}, geometry=[Point(539238, 257261)], crs="EPSG:27700"
    )  # fmt: skip
    points.to_crs("EPSG:4326").to_file(tmp_path / "a.geojson", driver="GeoJSON")
    points.to_file(tmp_path / "a.gpkg", driver="GPKG")
    for name in ("a.geojson", "a.gpkg"):
        got = _send(doors, (tmp_path / name).read_bytes(), name=name)
        assert got.status_code == 201, got.text
        assert got.json()["good"], got.json()["report"]["sentences"]
        table = (shelf.path / "files" / got.json()["id"] / "table.csv").read_text()
        assert "539238" in table
    lines = gpd.GeoDataFrame(
        {"id": ["L1"], "name": ["Route 1"], "status": ["proposed"]}, geometry=[LineString([(539238, 257261), (540000, 258000)])], crs="EPSG:27700"
    )  # fmt: skip
    lines.to_file(tmp_path / "l.gpkg", driver="GPKG")
    got = _send(doors, (tmp_path / "l.gpkg").read_bytes(), kind="lcwip_lines", name="l.gpkg")
    assert got.json()["good"], got.json()["report"]["sentences"]
    doors.ask("POST", f"{UPLOADS}/{got.json()['id']}/accept", "officer")
    assert gpd.read_file(accepted_tables(shelf.path)["lcwip_lines"]).to_crs(27700).length.round()[0] == 1061


def test_only_so_many_wait(doors, shelf: Shelf, tmp_path: Path) -> None:
    own = Shelf(tmp_path / "E06999001")
    for n in range(MOST_PROPOSED):
        _keep(own, f"{n}")
    with pytest.raises(RequestError, match="remove some first"):
        _keep(own, "one more")
    own.remove(own.entries()[0].id, OFFICER)
    assert _keep(own, "one more").state == "proposed"
    with pytest.raises(MissingError):
        own.accept("../../index", OFFICER)


def _keep(shelf: Shelf, text: str, *, kind: str = "services"):
    with shelf.staging() as folder:
        (folder / "original").write_text(text)
        (folder / "table.csv").write_text(text)
        (folder / "report.json").write_text("{}")
        return shelf.keep(folder, {"kind": kind, "rows": 1, "good": True}, OFFICER, "a.csv")


def test_people_who_change_at_once_all_have_their_way(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "E06999001")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: _keep(shelf, str(n)), range(16)))
        list(pool.map(lambda one: shelf.accept(one.id, OFFICER), made))
    states = [one.state for one in shelf.entries()]
    assert (states.count("accepted"), states.count("replaced"), len(states)) == (1, 15, 16)


# A process that is killed in the middle: it stops for ever at a step, and is killed there. They are forked
# from one that has read the library already.
KILLED = """
import json, os, sys, time
from pathlib import Path
from fairplace.service import uploads
from fairplace.service.uploads import Shelf
from fairplace.service.viewer import Viewer
who = Viewer("B. Officer", "officer", frozenset({"E06999001"}), "token")
OWNERS = {"sync": (uploads, "_sync"), "rename": (Path, "rename"), "replace": (Path, "replace"),
          "rmtree": (uploads.shutil, "rmtree"), "write": (Path, "write_text")}
def do(path, step, at, action, upload):
    shelf, count = Shelf(Path(path)), 0
    owner, name = OWNERS[step]
    real = getattr(owner, name)
    def stop(*rest, **more):
        nonlocal count
        count += 1
        if count == at:
            os.write(1, b"here\\n")
            time.sleep(600)
        return real(*rest, **more)
    setattr(owner, name, stop)
    if action == "accept":
        shelf.accept(upload, who)
    elif action == "remove":
        shelf.remove(upload, who)
    else:
        with shelf.staging() as folder:
            (folder / "original").write_text("new")
            (folder / "table.csv").write_text("new")
            (folder / "report.json").write_text("{}")
            shelf.keep(folder, {"kind": "services", "rows": 1, "good": True}, who, "b.csv")
    os.write(1, b"done\\n")
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            do(*json.loads(line))
        finally:
            os._exit(0)
    os.write(1, f"{child}\\n".encode())
    os.waitpid(child, 0)
    os.write(1, b"gone\\n")
"""


@pytest.fixture(scope="module")
def killed() -> Iterator[subprocess.Popen[str]]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", KILLED], text=True, bufsize=1, **pipes) as parent:
        yield parent
        assert parent.stdin is not None
        parent.stdin.close()
        parent.wait(60)


POINTS = [
    ("send", "write", 1), ("send", "write", 3), ("send", "sync", 1), ("send", "rename", 1), ("send", "sync", 4), ("send", "write", 4),
    ("send", "replace", 1), ("send", "sync", 6), ("accept", "write", 1), ("accept", "sync", 1), ("accept", "replace", 1),
    ("accept", "sync", 2), ("remove", "replace", 1), ("remove", "sync", 2), ("remove", "rmtree", 1),
]  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="needs a signal that cannot be caught")
@pytest.mark.parametrize(("action", "step", "at"), POINTS)
def test_killed_at_any_point_there_is_the_old_state_or_the_new(
    killed: subprocess.Popen[str], tmp_path: Path, action: str, step: str, at: int
) -> None:
    shelf = Shelf(tmp_path / "E06999001")
    old, waiting = _keep(shelf, "old"), _keep(shelf, "waiting")
    shelf.accept(old.id, OFFICER)
    before = {one.id: one.state for one in shelf.entries()}
    upload = old.id if action == "remove" else waiting.id
    assert killed.stdin is not None
    assert killed.stdout is not None
    killed.stdin.write(json.dumps([str(shelf.path), step, at, action, upload]) + "\n")
    said = sorted(killed.stdout.readline().strip() for _ in range(2))
    assert said[1] == "here", "the point is reached"
    os.kill(int(said[0]), signal.SIGKILL)
    assert killed.stdout.readline().strip() == "gone"
    after = {one.id: one.state for one in shelf.entries()}
    if action == "send":
        new = [name for name in after if name not in before]
        assert len(new) <= 1
        assert {name: after[name] for name in before} == before
    elif action == "accept":
        assert after in (before, {old.id: "replaced", waiting.id: "accepted"})
    else:
        assert after in (before, {old.id: "removed", waiting.id: "proposed"})
    # Whatever the index names is there, whole; and the next one finds nothing in the way.
    for one in shelf.entries():
        if one.state != "removed":
            assert (shelf.path / "files" / one.id / "original").read_text() in ("old", "waiting", "new")
            assert (shelf.path / "files" / one.id / "report.json").is_file()
    held = accepted_tables(shelf.path)
    assert [path.read_text() for path in held.values()] in (["old"], ["waiting"], [])
    shelf.accept(_keep(shelf, "next").id, OFFICER)
    assert accepted_tables(shelf.path)["services"].read_text() == "next"
    assert {one.name for one in (shelf.path / "files").iterdir()} == {
        one.id for one in shelf.entries() if one.state != "removed"
    }
    assert not list(shelf.path.glob(".index-*"))


def test_an_accepted_upload_takes_the_place_of_the_file_in_a_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shelf, local, into = Shelf(tmp_path / "E06999001"), tmp_path / "local", tmp_path / "into"
    local.mkdir()
    into.mkdir()
    for name in ("services.xlsx", "events.csv"):
        (local / name).write_text("file")
    shelf.accept(_keep(shelf, "sent").id, OFFICER)
    _keep(shelf, "not accepted", kind="events")
    assert lay_over(local, shelf.path, into) == ["services"]
    assert {one.name: one.read_text() for one in into.iterdir()} == {
        "services.csv": "sent",
        "events.csv": "file",
    }
    with pytest.raises(ShelfError, match=r"no index\.json"):
        lay_over(local, tmp_path, into)
    assert (
        main(
            [
                "build",
                "E06999001",
                "--data",
                str(tmp_path),
                "--out",
                str(tmp_path / "p"),
                "--uploads",
                str(local),
            ]
        )
        == 2
    )
    assert "give uploads/AUTHORITY" in capsys.readouterr().err


@pytest.fixture(scope="module")
def socket_of(doors) -> Iterator[tuple[str, int]]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # Only the doors themselves start and stop their application: a stop ends its jobs for good.
        server = uvicorn.Server(uvicorn.Config(doors.app, lifespan="off", **server_settings()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + 60
        while not server.started and time.monotonic() < until:
            time.sleep(0.05)
        yield "127.0.0.1", listening.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=20)


def _head(doors, length: str) -> bytes:
    return (
        f"POST {UPLOADS}?kind=services HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {doors.tokens['officer']}\r\n"
        f"Content-Type: text/csv\r\n{length}\r\n\r\n"
    ).encode()


def test_a_body_without_an_end_is_cut_off_as_soon_as_it_is_too_long(
    doors, shelf: Shelf, socket_of: tuple[str, int]
) -> None:
    with socket.create_connection(socket_of, timeout=60) as one:
        one.sendall(_head(doors, "Transfer-Encoding: chunked"))
        sent = 0
        try:
            while sent < 60_000_000:
                one.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
        except OSError:
            pass
        else:
            assert one.recv(200).split()[1] == b"413"
    assert list((shelf.path / "staging").iterdir()) == []
    assert [one for one in shelf.entries() if one.state != "removed"] == []


def test_a_sender_who_never_finishes_is_let_go(
    doors, shelf: Shelf, socket_of: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.5)
    with socket.create_connection(socket_of, timeout=60) as one:
        one.sendall(_head(doors, "Content-Length: 500") + b"id,na")
        assert one.recv(200).split()[1] == b"408"
    assert [one for one in shelf.entries() if one.state != "removed"] == []


def test_what_a_file_is_is_told_by_its_bytes(tmp_path: Path) -> None:
    for content, form in (
        (b"a,b\n", "csv"),
        (b"\xef\xbb\xbf {}", "geojson"),
        (_zip({"xl/workbook.xml": b"x"}), "xlsx"),
        ("a,b".encode("utf-16"), "csv"),
    ):
        (tmp_path / "x").write_bytes(content)
        assert sniff(tmp_path / "x") == form
    (tmp_path / "x").write_bytes(b"  \n")
    with pytest.raises(UploadError, match="empty"):
        sniff(tmp_path / "x")
