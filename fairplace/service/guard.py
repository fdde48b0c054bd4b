"""What stands before every route: bounds on what is asked, on how much at once, and on how slowly."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from fairplace.service.bounds import (
    ANSWER_SECONDS,
    BODY_BYTES,
    BODY_GRACE,
    BODY_RATE,
    BODY_SECONDS,
    HEADER_BYTES,
    IN_FLIGHT,
    PATH_BYTES,
    QUERY_BYTES,
    REQUEST_SECONDS,
)
from fairplace.service.counters import Counters
from fairplace.service.credentials import carries_credentials
from fairplace.service.problems import (
    PROBLEM_TYPE,
    AddressError,
    BusyError,
    MethodError,
    RequestError,
    SizeError,
    SlowError,
    describe,
)

LOG = logging.getLogger("fairplace.service")
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
#: What every answer says: it is guessed at by none and framed by none, and says to nobody whence one came.
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"Accept, Authorization, Cookie"),
]
#: An answer to the public may be kept by anybody for as long, and read by the page of any other site.
_PUBLIC = (b"access-control-allow-origin", b"*")
#: What such a page may read beside the body.
_EXPOSED = (
    b"access-control-expose-headers",
    b"Content-Crs, Content-Disposition, ETag, Link, Location, Number-Matched, Retry-After",
)
#: What it may send: nothing that says who somebody is.
_SENT = (b"access-control-allow-headers", b"Accept, Content-Type, If-None-Match")
_KEPT = (b"cache-control", b"public, max-age=300")
#: An answer to somebody who said who they are is for them alone, and nobody keeps it.
_PRIVATE = (b"cache-control", b"private, no-store")
_NOT_KEPT = (b"cache-control", b"no-store")
#: What a page may do whose route says nothing of it.
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_READING = ("GET", "HEAD")
#: Addresses whose answer is of this moment.
_STATE = frozenset({"/health", "/ready", "/metrics", "/me", "/sign-in"})
#: What a route says of itself in ``openapi_extra`` when it takes bodies of another size than `BODY_BYTES`.
BODY_EXTRA = "x-body-bytes"


@dataclass(frozen=True)
class Writing:
    """A route that takes more than its address.

    Parameters
    ----------
    path
        Addresses of it.
    methods
        Beside GET and HEAD.
    body
        Most bytes of a body.
    """

    path: re.Pattern[str]
    methods: frozenset[str]
    body: int


def find_writing(routes: Sequence[BaseRoute]) -> list[Writing]:
    """List the routes that take other methods than GET and HEAD, with the bodies that they take."""
    found = []
    for one in routes:
        if isinstance(one, Route):
            methods = frozenset(one.methods or ()) - set(_READING)
            body = int((getattr(one, "openapi_extra", None) or {}).get(BODY_EXTRA, BODY_BYTES))
            if methods:
                found.append(Writing(one.path_regex, methods, body))
    return found


class Guard:
    """Refuse what is out of bounds, count what is answered, and turn faults into one shape.

    Parameters
    ----------
    app
        What answers.
    counters
        Where answers are counted.
    in_flight
        Requests at work at once.
    answer_seconds
        Seconds in which a client must take each piece of an answer.
    writing
        Routes that take more than an address: see `find_writing`.
    """

    def __init__(
        self,
        app: ASGIApp,
        counters: Counters,
        in_flight: int = IN_FLIGHT,
        answer_seconds: float = ANSWER_SECONDS,
        writing: Sequence[Writing] = (),
    ) -> None:
        self.app, self.counters, self.writing = app, counters, writing
        self.in_flight, self.answer_seconds = in_flight, answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        inner: Scope = {}
        answer = _Answer(
            send,
            self.answer_seconds,
            head=scope["method"] == "HEAD",
            private=carries_credentials(scope["headers"]),
            kept=scope["method"] in _READING and scope["path"] not in _STATE,
        )
        self.counters.in_flight += 1
        try:
            body = self._check(scope)
            if scope["method"] == "OPTIONS":
                await self._say_methods(scope["path"], answer)
                return
            inner.update(scope, method="GET" if scope["method"] == "HEAD" else scope["method"])
            await self.app(inner, _Asked(receive, body) if body else receive, answer)
        except Exception as error:  # noqa: BLE001 the one place where a fault becomes an answer
            await self._refuse(error, answer)
        finally:
            self.counters.in_flight -= 1
            route = getattr(inner.get("route"), "path", "none")
            self.counters.answers[route, answer.status] += 1
            self.counters.seconds[route] += time.perf_counter() - began

    def _check(self, scope: Scope) -> int:
        """Refuse what is out of bounds; else give how long a body may be."""
        if self.counters.in_flight > self.in_flight:
            raise BusyError(f"{self.in_flight} requests are under way; ask again in a few seconds")
        if len(scope.get("raw_path") or b"") > PATH_BYTES:
            raise AddressError(f"the path is longer than {PATH_BYTES:,} bytes; ask for less")
        asked = scope["method"]
        most = 0 if asked in (*_READING, "OPTIONS") else self._body(asked, scope["path"])
        if len(scope["query_string"]) > QUERY_BYTES:
            raise AddressError(f"the query is longer than {QUERY_BYTES:,} bytes; ask for less at once")
        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
            raise SizeError(f"the headers are longer than {HEADER_BYTES:,} bytes; send fewer")
        for name, value in headers:
            if name == b"host" and not _HOST.fullmatch(value):
                raise RequestError("the Host header is not the name of a host; send the address you called")
            length = name == b"content-length" and value.strip(b"0 ") != b""
            if not most and (name == b"transfer-encoding" or length):
                raise SizeError("the request has a body; what is read is asked for by its address alone")
            if most and length and (not value.isdigit() or int(value[:20]) > most):
                raise SizeError(f"the body is longer than the {most:,} bytes that are taken here; send less")
        return most

    def _body(self, method: str, path: str) -> int:
        """Bytes that a route takes with a method other than GET and HEAD."""
        here = [one for one in self.writing if one.path.fullmatch(path)]
        found = next((one.body for one in here if method in one.methods), None)
        if found is not None:
            return found
        allowed = self._allowed(path)
        raise MethodError(f"{method[:20]} was asked; what is at this address takes {allowed}", allowed)

    def _allowed(self, path: str) -> str:
        """Methods that an address takes."""
        here = [one for one in self.writing if one.path.fullmatch(path)]
        return ", ".join([*_READING, "OPTIONS", *sorted({name for one in here for name in one.methods})])

    async def _say_methods(self, path: str, answer: _Answer) -> None:
        """Say what may be asked of an address, also by the page of another site, which asks this first."""
        allowed = self._allowed(path).encode()
        headers = [
            (b"allow", allowed),
            (b"access-control-allow-methods", allowed),
            _SENT,
            (b"access-control-max-age", b"600"),
        ]
        await answer({"type": "http.response.start", "status": 204, "headers": headers})
        await answer({"type": "http.response.body", "body": b""})

    async def _refuse(self, error: Exception, answer: _Answer) -> None:
        if answer.status:
            # The answer had begun: it can only be cut off, which closes the connection.
            LOG.warning("an answer was cut off: %s", type(error).__name__)
            raise error
        details = describe(error)
        if details["status"] == 500:
            LOG.error("a fault", exc_info=error)
        body = json.dumps(details, ensure_ascii=False).encode()
        headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        if details["status"] == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if details["status"] == 503:
            headers.append((b"retry-after", b"2"))
        if isinstance(error, MethodError):
            headers.append((b"allow", error.allowed.encode()))
        await answer({"type": "http.response.start", "status": details["status"], "headers": headers})
        await answer({"type": "http.response.body", "body": body})


class _Asked:
    """The way in: a body is refused as soon as it is longer than it may be, or too slow in coming."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive, self.most, self.taken = receive, most, 0
        self.whole, self.until = False, time.monotonic() + BODY_SECONDS
        #: Seconds for which there was nothing to read: what a busy server takes is not the sender's.
        self.waited = 0.0

    async def __call__(self) -> Message:
        if self.whole:
            return await self.receive()
        began = time.monotonic()
        # What came early buys no long silence: each wait is bounded too.
        pace = BODY_GRACE + self.taken / BODY_RATE - self.waited
        left = min(self.until - began, BODY_GRACE, pace)
        try:
            message = await asyncio.wait_for(self.receive(), max(0.0, left))
        except TimeoutError:
            raise SlowError(
                f"the body was not whole within {BODY_SECONDS:g} seconds, or came at less than "
                f"{BODY_RATE:,} bytes a second after the first {BODY_GRACE:g}, or stopped "
                "for as long; send it again"
            ) from None
        self.waited += time.monotonic() - began
        self.taken += len(message.get("body", b""))
        if self.taken > self.most:
            raise SizeError(f"the body is longer than the {self.most:,} bytes that are taken here; send less")
        self.whole = not message.get("more_body", False)
        return message


class _Answer:
    """The way out: adds our headers, leaves the body out for HEAD, gives a slow reader up."""

    def __init__(self, send: Send, seconds: float, *, head: bool, private: bool, kept: bool) -> None:
        self.send, self.seconds, self.head, self.private, self.kept = send, seconds, head, private, kept
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._headers(message)}
        elif self.head:
            message = {**message, "body": b""}
        await asyncio.wait_for(self.send(message), self.seconds)

    def _headers(self, message: Message) -> list[tuple[bytes, bytes]]:
        """Put our headers with those of an answer."""
        own = [*message.get("headers", [])]
        names = {name.lower() for name, _ in own}
        if b"content-security-policy" not in names:
            own.append(_POLICY)
        if self.private or b"set-cookie" in names:
            kept = [one for one in own if one[0].lower() != b"cache-control"]
            return [*kept, _PRIVATE, *_HEADERS]
        if b"cache-control" not in names:
            own.append(_KEPT if self.kept and message["status"] in (200, 304) else _NOT_KEPT)
        return [*own, _PUBLIC, _EXPOSED, *_HEADERS]


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, but not to a client that never finishes asking.

    uvicorn waits for a request as long as the connection stands, so a few hundred silent connections
    would leave no room for others. Here a request must be whole within `REQUEST_SECONDS`.
    """

    seconds = REQUEST_SECONDS
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request; stop the clock once it is whole."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop()
        elif self._deadline is None and not self.transport.is_closing():
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(self.seconds, self._give_up)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
