"""Each viewer is answered from a holding of their own edition, and from nothing else."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter

from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.service.counters import Counters
from fairplace.service.guard import Guard, find_writing
from fairplace.service.holding import Holdings, hold
from fairplace.service.viewer import PUBLIC, Viewer

HERE = "E06999001"


@pytest.fixture(scope="module")
def holdings(sample_pack: Pack) -> Holdings:
    return hold([sample_pack.path], officer_authorities={HERE})


def test_the_public_holding_is_the_public_release(holdings: Holdings, sample_pack: Pack) -> None:
    public = release(sample_pack, "public")
    assert holdings.of(PUBLIC) is holdings.public
    assert holdings.public.packs["halverton"].figures.equals(public.figures)


def test_an_officer_sees_their_own_authority_as_officers_see_it(
    holdings: Holdings, sample_pack: Pack
) -> None:
    officer = Viewer("A. Officer", "officer", frozenset({HERE}), "token")
    seen = holdings.of(officer)
    assert seen is holdings.of(officer)
    assert seen.packs["halverton"].edition == "officer"
    assert seen.packs["halverton"].figures.equals(release(sample_pack, "officer").figures)
    assert len(seen.packs["halverton"].figures) > len(holdings.public.packs["halverton"].figures)


def test_an_officer_of_another_authority_sees_what_the_public_sees(holdings: Holdings) -> None:
    stranger = Viewer("B. Other", "restricted", frozenset({"E06000032"}), "token")
    assert holdings.of(stranger) is holdings.public
    assert holdings.roles(stranger) == {"halverton": "public"}


def test_without_settings_nobody_is_more_than_the_public(sample_pack: Pack) -> None:
    closed = hold([sample_pack.path])
    assert closed.of(Viewer("A. Officer", "restricted", frozenset({HERE}), "token")) is closed.public


def _guarded(
    method: str, path: str, *, length: int | None, pieces: list[bytes]
) -> tuple[int, dict[bytes, bytes], int]:
    """Ask a guard with one route that takes ten bytes; gives the status, headers and bytes that got through."""
    import asyncio

    router = APIRouter()

    @router.post("/plans/{name}", openapi_extra={"x-body-bytes": 10})
    def plan(name: str) -> None: ...

    through, sent = [], []

    async def app(scope, receive, send) -> None:
        more = True
        while more:
            message = await receive()
            through.append(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    left = list(pieces)

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message) -> None:
        sent.append(message)

    headers = [] if length is None else [(b"content-length", str(length).encode())]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }
    asyncio.run(Guard(app, Counters(), writing=find_writing(router.routes))(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sum(map(len, through))


def test_a_body_is_taken_where_a_route_takes_one_and_only_so_long() -> None:
    assert _guarded("POST", "/plans/a", length=6, pieces=[b"123", b"456"])[::2] == (200, 6)
    assert _guarded("POST", "/plans/a", length=11, pieces=[b"x" * 11])[::2] == (413, 0)
    # Whatever the length said, the piece that goes over is the last that is read.
    assert _guarded("POST", "/plans/a", length=None, pieces=[b"x" * 6] * 100)[::2] == (413, 6)
    assert _guarded("POST", "/plans/a", length=6, pieces=[b"x" * 6] * 100)[::2] == (413, 6)


def test_every_other_method_is_refused_with_those_there_are() -> None:
    for method, path, allowed in (
        ("PUT", "/plans/a", b"GET, HEAD, OPTIONS, POST"),
        ("POST", "/plans", b"GET, HEAD, OPTIONS"),
        ("DELETE", "/plans/a/b", b"GET, HEAD, OPTIONS"),
    ):
        status, headers, through = _guarded(method, path, length=None, pieces=[b""])
        assert (status, headers[b"allow"], through) == (405, allowed, 0)
        assert not re.search(rb"[\r\n]", headers[b"allow"])
