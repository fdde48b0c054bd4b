"""What the service does with callers who mean ill, or are slow, or are many."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import math
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NoReturn

import httpx
import pytest
import shapely
from fastapi import FastAPI

from fairplace.pack import Pack
from fairplace.service import guard
from fairplace.service.app import create_app
from fairplace.service.asked import Asked, Asking, check_geojson
from fairplace.service.bounds import ENTRY_BYTES, JOBS_RECEIVED, MENDED_CROSSINGS, SLOW, THREADS, WAITING
from fairplace.service.crossings import count_crossings
from fairplace.service.finished import Finished, Turn
from fairplace.service.guard import PatientProtocol
from fairplace.service.jobs import Jobs
from fairplace.service.problems import BusyError, RequestError, SlowError


def test_too_many_at_once_are_told_to_come_again(caller, sample_pack: Pack) -> None:
    busy = type(caller)(create_app([sample_pack.path], in_flight=0))
    got = busy.get("/health")
    assert (got.status_code, got.headers["retry-after"]) == (503, "2")
    assert "ask again" in got.json()["detail"]
    busy.close()


def test_a_page_is_made_once_and_only_so_many_wait_for_it() -> None:
    turn = Turn(2, "pages are waiting to be drawn")
    finished, made, gate = Finished(drawing=turn), [], threading.Event()

    def make() -> bytes:
        gate.wait(60)
        made.append(1)
        return b"page"

    with ThreadPoolExecutor(8) as pool:
        first = [pool.submit(finished.get, ("a",), make) for _ in range(2)]
        while turn.waiting < 2:
            time.sleep(0.01)
        with pytest.raises(BusyError, match="waiting to be drawn"):
            finished.get(("b",), make)
        gate.set()
        assert [one.result(60).content for one in first] == [b"page", b"page"]
    assert made == [1]


def test_finished_pages_are_let_go_when_there_are_too_many_bytes() -> None:
    finished = Finished(size=2 * (ENTRY_BYTES + 6))
    for name in "abc":
        finished.get((name,), lambda: b"xxxxx")
    assert [finished.held((name,)) is None for name in "abc"] == [True, False, False]
    large = b"x" * (2 * ENTRY_BYTES + 12)
    assert finished.get(("large",), lambda: large).content == large
    assert finished.held(("large",)) is None


def test_of_what_is_empty_nothing_is_kept_and_small_things_have_their_weight() -> None:
    finished = Finished(size=10 * ENTRY_BYTES)
    for number in range(100):
        assert finished.get(("tile", str(number)), lambda: b"", drawn=False).content == b""
        assert finished.held(("tile", str(number))) is None
    for number in range(100):
        finished.get(("tile", str(number)), lambda: b"x", drawn=False)
    assert sum(finished.held(("tile", str(number))) is not None for number in range(100)) == 9


def test_an_answer_that_is_found_again_by_its_words_is_kept_within_the_bytes_for_all() -> None:
    asking = Asking()
    asking.finished = store = Finished(size=3 * ENTRY_BYTES)
    for name in "abcd":
        asking.note(("town", name), store, (name,), name)
        store.get((name,), lambda: b"page")
    assert asking.noted(("town", "a")) is None
    found = asking.noted(("town", "d"))
    assert found is not None
    assert (found[0].content, found[1]) == (b"page", "d")
    assert asking.noted(("town", "e")) is None


def test_what_takes_long_leaves_threads_to_what_does_not() -> None:
    gate, refused = threading.Event(), []
    turns = [Turn(SLOW, "wait") for _ in range(3)]

    def work(number: int) -> None:
        try:
            with turns[number % 3].take():
                gate.wait(60)
        except BusyError:
            refused.append(number)

    with ThreadPoolExecutor(SLOW + 30) as pool:
        asked = [pool.submit(work, number) for number in range(SLOW + 30)]
        while len(refused) + sum(one.waiting for one in turns) < len(asked):
            time.sleep(0.01)
        gate.set()
    assert len(refused) == 30
    assert SLOW + 30 <= THREADS
    # All are given back.
    with turns[0].take():
        assert turns[0].waiting == 1


def test_while_pages_wait_to_be_drawn_what_is_cheap_is_answered(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page is drawn for as long as this test likes; the others wait for it or are refused."""
    drawing, gate = threading.Event(), threading.Event()

    def make(*_: object) -> NoReturn:
        drawing.set()
        gate.wait(300)
        raise RequestError("it was only tried")

    # Where the work of a page begins, so that those that waited cost nothing once it is their turn.
    monkeypatch.setattr(Asked, "released", make)
    here, many = f"{address}/packs/halverton", 2 * WAITING + 20

    def ask(number: int) -> int:
        line = f"POLYGON((0.04 52.20,0.05{number:02} 52.20,0.05 52.21,0.04 52.21,0.04 52.20))"
        asked = {"area": line, "f": "pdf"}
        return httpx.get(f"{here}/profile", params=asked, timeout=300).status_code

    with ThreadPoolExecutor(many) as pool:
        slow = [pool.submit(ask, number) for number in range(many)]
        try:
            assert drawing.wait(120)
            refused = [one.result(120) for one in itertools.islice(as_completed(slow, 120), many - WAITING)]
            assert set(refused) == {503}
            for cheap in ("/health", "/metrics", "/packs", "/packs/halverton/areas", "/collections"):
                assert httpx.get(f"{address}{cheap}", timeout=120).status_code == 200
        finally:
            gate.set()
        assert sorted(one.result(300) for one in slow) == [400] * WAITING + [503] * (many - WAITING)


def test_a_client_that_never_finishes_asking_is_let_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "seconds", 0.5)
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert silent.recv(100) == b""
        assert time.monotonic() - began < 30
    assert httpx.get(f"{address}/health").status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    ],
    ids=["length", "nul", "tls", "headers"],
)
def test_what_is_not_http_is_refused_and_others_are_served(address: str, raw: bytes) -> None:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as one:
        try:
            one.sendall(raw)
            head = one.recv(200)
        except (ConnectionResetError, BrokenPipeError):
            head = b""
    assert head == b"" or int(head.split()[1]) in range(400, 500)
    assert httpx.get(f"{address}/health").status_code == 200


def ring(points: int, *, east: float = 0.03, north: float = 52.21, size: float = 0.01) -> list[list[float]]:
    at = [
        [
            east + size * math.cos(2 * math.pi * one / points),
            north + size * math.sin(2 * math.pi * one / points),
        ]
        for one in range(points)
    ]
    return [*at, at[0]]


def tangle(points: int) -> list[list[float]]:
    """A line from place to place by chance, which crosses itself about a third of its points squared times."""
    chance = random.Random(1)
    at = [[0.03 + chance.uniform(-0.01, 0.01), 52.21 + chance.uniform(-0.01, 0.01)] for _ in range(points)]
    return [*at, at[0]]


def polygon(*rings: object) -> str:
    return json.dumps({"type": "Polygon", "coordinates": rings})


DRAWINGS = {
    "many points": (polygon(ring(200_000)), 413),
    "many points in few bytes": (polygon([[0, 52]] * 12_000), 413),
    "a tangle": (polygon(tangle(900)), 400),
    "a tangle of 9000": (polygon([[round(x, 6), round(y, 6)] for x, y in tangle(8_000)]), 400),
    "NaN": ('{"type":"Polygon","coordinates":[[[NaN,52],[0,52],[0,53],[NaN,52]]]}', 400),
    "Infinity": ('{"type":"Polygon","coordinates":[[[Infinity,52],[0,52],[0,53],[Infinity,52]]]}', 400),
    "1e999": ('{"type":"Polygon","coordinates":[[[1e999,52],[0,52],[0,53],[1e999,52]]]}', 400),
    "text": ('{"type":"Polygon","coordinates":[[["a","b"],[0,52],[0,53],["a","b"]]]}', 400),
    "nothing": ('{"type":"Polygon","coordinates":null}', 400),
    "New York": (polygon(ring(9, east=-74, north=40.7)), 400),
    "swapped": (polygon([[y, x] for x, y in ring(9)]), 400),
    "the world": (polygon([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]), 400),
    "beyond the world": (polygon(ring(9, size=1_000)), 400),
    "no ground": (polygon([[0.03, 52.21]] * 4), 400),
    "deep": ("[" * 100_000, 400),
    "deep and closed": ("[" * 60_000 + "]" * 60_000, 400),
    "deep geometry": ('{"type":"Feature","geometry":' * 8_000 + "1" + "}" * 8_000, 400),
    "long number": ('{"type":"Polygon","coordinates":' + "9" * 200_000 + "}", 400),
    "no text": (b'{"type":"\xff\xfe"}', 400),
    "no GeoJSON": ("<xml/>", 400),
    "empty": ("", 400),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_that_cannot_be_used_is_refused_with_the_reason(caller, name: str) -> None:
    content, status = DRAWINGS[name]
    head = {"content-type": "application/geo+json"}
    got = caller.ask("POST", "/packs/halverton/area", content=content, headers=head)
    assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json")
    assert len(got.json()["detail"]) > 20


def test_a_line_that_crosses_itself_a_few_times_is_mended_still() -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 52], [0.01, 52.01], [0.01, 52], [0, 52.01], [0, 52]]]}
    assert count_crossings(shapely.from_geojson(json.dumps(bow))) == 1
    assert json.loads(check_geojson(json.dumps(bow))) == bow
    assert count_crossings(shapely.Polygon(ring(50))) == 0
    assert count_crossings(shapely.Polygon(tangle(200))) > MENDED_CROSSINGS


def test_a_packed_body_is_refused_before_it_is_unpacked(caller) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    for address in ("area", "profile", "jobs/hubs", "jobs/review"):
        head = {"content-type": "application/json", "content-encoding": "gzip"}
        got = caller.ask("POST", f"/packs/halverton/{address}", content=bomb, headers=head)
        assert got.status_code == 415
        assert "packed" in got.json()["detail"]


def test_an_order_that_there_is_not_is_refused(caller) -> None:
    items = "/collections/halverton-points-schools/items"
    for text in ("", "-name," * 30, "name,name", "nothing", "-", ",", "name;kind", "-name,+name"):
        assert caller.get(items, params={"sortby": text}).status_code == 400, text
    for text in ("name", "-name", "+name", "kind,-name"):
        assert caller.get(items, params={"sortby": text}).status_code == 200, text


def test_a_job_that_could_not_wait_is_refused_before_it_is_read(caller, sample_pack: Pack) -> None:
    jobs = Jobs(sample_pack.path / "no-such-folder", waiting=0)
    with pytest.raises(BusyError, match="submit it again"):
        jobs.check_room()
    assert not (sample_pack.path / "no-such-folder").exists()


def test_senders_who_say_no_more_do_not_hold_the_intake_of_jobs(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_GRACE", 1.0)
    here = f"{address}/packs/halverton/jobs/hubs"
    host, port = address.removeprefix("http://").split(":")
    head = (
        "POST /packs/halverton/jobs/hubs HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        "Content-Length: 100000\r\n\r\n{"
    )
    with contextlib.ExitStack() as stack:
        # As many as are read at once, and each sends a letter of a hundred thousand.
        silent = [
            stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            for _ in range(JOBS_RECEIVED)
        ]
        for one in silent:
            one.sendall(head.encode())
        # Long before a minute is over each is let go of (a socket's 30 seconds end the test if not).
        assert {one.recv(200).split()[1] for one in silent} == {b"408"}
    got = httpx.post(here, json={"add": 99}, timeout=30)
    assert got.status_code == 400, got.text
    assert "add" in got.json()["detail"]


@pytest.mark.parametrize(("piece", "slow"), [(1, True), (4_000, False)])
def test_a_body_must_come_at_a_pace(piece: int, slow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_GRACE", 0.2)
    monkeypatch.setattr(guard, "BODY_RATE", 4_000)
    left = 12

    async def receive() -> dict[str, object]:
        nonlocal left
        await asyncio.sleep(0.05)
        left -= 1
        return {"type": "http.request", "body": b"x" * piece, "more_body": left > 0}

    async def read() -> None:
        asked = guard._Asked(receive, 100_000)
        while not asked.whole:
            await asked()

    # Twelve pieces in 0.6 seconds: three times the 0.2 that are waited for whatever comes.
    if slow:
        with pytest.raises(SlowError, match="came at less than 4,000 bytes a second"):
            asyncio.run(read())
        assert left > 0
    else:
        asyncio.run(read())
        assert left == 0


def test_bytes_that_came_early_buy_no_long_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_GRACE", 0.2)
    sent = 0

    async def receive() -> dict[str, object]:
        nonlocal sent
        sent += 1
        await asyncio.sleep(0 if sent == 1 else 60)
        return {"type": "http.request", "body": b"x" * 90_000, "more_body": True}

    async def read() -> None:
        asked = guard._Asked(receive, 100_000)
        await asked()
        await asked()

    # At the rate that is asked for, 90,000 bytes are worth 18 seconds.
    with pytest.raises(SlowError, match="or stopped"):
        asyncio.run(asyncio.wait_for(read(), 10))


@pytest.mark.slow
def test_five_hundred_at_once_are_served_or_refused_with_a_reason(address: str, service: FastAPI) -> None:
    paths = [
        "/packs/halverton/profile/E06999001", "/packs/halverton/figures?limit=200", "/packs/halverton/map",
        "/collections/halverton-lsoa21/items", "/packs/halverton/search?q=c",
    ]  # fmt: skip

    def ask(number: int) -> tuple[int, str]:
        got = httpx.get(address + paths[number % len(paths)], timeout=60)
        return got.status_code, got.headers["content-type"]

    with ThreadPoolExecutor(500) as pool:
        answers = list(pool.map(ask, range(500), timeout=180))
    assert {status for status, _ in answers} <= {200, 503}
    assert sum(status == 200 for status, _ in answers) > 100
    assert all(media == "application/problem+json" for status, media in answers if status == 503)
    assert httpx.get(f"{address}/health").status_code == 200


@pytest.mark.slow
def test_no_example_of_our_own_description_finds_a_fault(service: FastAPI) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="needs schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import status_code_conformance

    schema = schemathesis.openapi.from_asgi("/openapi.json", service)
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) > 15
    checks = [not_a_server_error, status_code_conformance]
    bounded = settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for operation in operations:
        strategy = operation.as_strategy()

        def try_it(case) -> None:
            case.call_and_validate(checks=checks)

        bounded(given(case=strategy)(try_it))()
