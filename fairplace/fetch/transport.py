"""Requests that are polite, repeated where it helps, and resumed where they were cut.

A download is written beside its name and grows there; a later run goes on where an earlier one stopped,
provided that the publisher states a mark of the version (an entity tag or a date) and it is still the
same. The system's certificate store and proxies are used.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from fairplace import __version__
from fairplace.fetch.errors import BusyError, ChangedError, FetchError, MovedError, RefusedError
from fairplace.files import explain_write

#: Answers after which the same request may yet succeed.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Seconds between two requests to one host, and the longest wait that is sat out.
PAUSE, LONGEST_WAIT = 0.5, 300.0
AGENT = f"fairplace/{__version__} (open data for an English local authority)"
_PAGE = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Transport:
    """How requests are made.

    Parameters
    ----------
    bases
        Start of an address -> what stands in its place, such as another host that mirrors it.
    pause
        Seconds between two requests to one host.
    attempts
        Tries of one request before it is given up.
    timeout
        Seconds without a byte after which a try is given up.
    sleep
        Waits; a test gives one that does not.
    """

    bases: Mapping[str, str] = field(default_factory=dict)
    pause: float = PAUSE
    attempts: int = 5
    timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    _open: dict[str, httpx.Client] = field(default_factory=dict, repr=False, compare=False)
    _last: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def client(self) -> httpx.Client:
        """The connection pool, made at first use."""
        if "client" not in self._open:
            self._open["client"] = httpx.Client(
                verify=_certificates(),
                trust_env=True,
                follow_redirects=True,
                timeout=self.timeout,
                headers={"User-Agent": AGENT},
            )
        return self._open["client"]

    def close(self) -> None:
        """Close what is open."""
        for client in self._open.values():
            client.close()
        self._open.clear()

    def address(self, url: str) -> str:
        """Give the address that is asked in place of a publisher's."""
        for start, other in self.bases.items():
            if url.startswith(start):
                return other + url[len(start) :]
        return url

    def wait_turn(self, url: str) -> None:
        """Wait until the host may be asked again."""
        host = urlsplit(url).netloc
        due = self._last.get(host, float("-inf")) + self.pause
        now = time.monotonic()
        if due > now:
            self.sleep(due - now)
        self._last[host] = time.monotonic()


@dataclass(frozen=True)
class Received:
    """A file that came whole.

    Parameters
    ----------
    path
        Where it is.
    url
        The publisher's address of it, without keys.
    stamp
        Entity tag or date of the version, as the publisher states it; empty if it does not.
    edition
        What the publisher calls the version, where it does, such as ``2026-04``.
    """

    path: Path
    url: str
    stamp: str = ""
    edition: str = ""


def _certificates() -> ssl.SSLContext:
    # httpx alone trusts a list of its own; a council's proxy signs with a certificate that only the
    # machine's store knows.
    try:
        module = import_module("truststore")
    except ImportError:
        return ssl.create_default_context()
    context: ssl.SSLContext = module.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return context


def get_json(
    transport: Transport,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Ask for JSON, again where that helps.

    Parameters
    ----------
    transport
        How requests are made.
    url, params
        What to ask.
    form, body
        Given, the request is a POST of a form or of JSON.
    headers
        Such as a key.

    Raises
    ------
    FetchError
        As its subclasses say; also for an error that comes with status 200, as ArcGIS does.
    """
    what = _show(url)
    for attempt in _tries(transport, what):
        try:
            transport.wait_turn(transport.address(url))
            answer = transport.client.request(
                "POST" if form is not None or body is not None else "GET",
                transport.address(url),
                params=params,
                data=form,
                json=body,
                headers=headers,
            )
        except httpx.TransportError as error:
            _refuse_connection(error, what)
            attempt.failed(str(error) or type(error).__name__)
            continue
        if answer.status_code in PASSING:
            attempt.failed(f"status {answer.status_code}", _retry_after(answer.headers))
            continue
        _refuse_status(answer, what)
        try:
            content = json.loads(answer.content)
        except ValueError:
            if answer.content.lstrip()[:20].lower().startswith(_PAGE):
                raise ChangedError(
                    f"{what} answers with a web page where JSON was expected; "
                    f"the service has moved or changed: see its landing page"
                ) from None
            attempt.failed("an answer that is not whole JSON")
            continue
        problem = content.get("error") if isinstance(content, dict) else None
        if isinstance(problem, dict):
            code = problem.get("code")
            said = f"{code} {problem.get('message', '')}".strip()
            if code in PASSING:
                attempt.failed(f"error {said} inside status 200")
                continue
            details = "; ".join(str(one) for one in problem.get("details") or [])
            raise ChangedError(
                f"{what} answers with status 200 and the error {said}"
                f"{': ' + details if details else ''}; a field, layer or service has been changed"
            )
        return content
    raise attempt.given_up()


def download(
    transport: Transport,
    url: str,
    part: Path,
    *,
    params: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Received:
    """Download a file, going on where an earlier try was cut.

    Parameters
    ----------
    transport
        How requests are made.
    url, params, headers, form
        What to ask; `form` makes it a POST, which is never resumed.
    part
        Where it grows; a note of the version it belongs to stands beside it.

    Returns
    -------
    Received
        The whole file at `part`.

    Raises
    ------
    FetchError
        As its subclasses say. What had come is kept for the next run.
    """
    what = _show(url)
    note = part.with_name(part.name + ".json")
    part.parent.mkdir(parents=True, exist_ok=True)
    for attempt in _tries(transport, what):
        have, mark = _resumable(part, note, what) if form is None else (0, "")
        asked = {"Accept-Encoding": "identity", **(headers or {})}
        whole = have > 0 and _total(note) == have
        if whole:
            # All of it is here, from another errand of this run: is it still the version?
            asked["If-None-Match" if mark.startswith('"') else "If-Modified-Since"] = mark
        elif have:
            asked |= {"Range": f"bytes={have}-", "If-Range": mark}
        try:
            transport.wait_turn(transport.address(url))
            with transport.client.stream(
                "GET" if form is None else "POST",
                transport.address(url),
                params=params,
                data=form,
                headers=asked,
            ) as answer:
                if whole and answer.status_code == 304:
                    return Received(part, what, mark)
                if answer.status_code == 416:
                    part.unlink(missing_ok=True)
                    attempt.failed("that the part we hold is past its end; beginning again")
                    continue
                if answer.status_code in PASSING:
                    attempt.failed(f"status {answer.status_code}", _retry_after(answer.headers))
                    continue
                _refuse_status(answer, what)
                start = have if _continues(answer, have) else 0
                stamp = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
                total = _length(answer)
                with explain_write(part):
                    note.write_text(json.dumps({"what": what, "mark": _strong(stamp), "total": total}))
                    _write_body(answer, part, start)
            came = part.stat().st_size
            if total is not None and came != total:
                attempt.failed(f"{came} of {total} bytes")
                continue
            return Received(part, what, stamp)
        except httpx.TransportError as error:
            _refuse_connection(error, what)
            attempt.failed(f"a cut ({str(error) or type(error).__name__})")
    raise attempt.given_up()


def _write_body(answer: httpx.Response, part: Path, start: int) -> None:
    encoded = bool(answer.headers.get("content-encoding", "").replace("identity", ""))
    pieces = answer.iter_bytes() if encoded else answer.iter_raw()
    with part.open("r+b" if start else "wb") as target:
        target.seek(start)
        target.truncate()
        for piece in pieces:
            target.write(piece)


def _resumable(part: Path, note: Path, what: str) -> tuple[int, str]:
    if not part.is_file() or not note.is_file():
        return 0, ""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        return 0, ""
    size = part.stat().st_size
    usable = known.get("what") == what and known.get("mark") and size
    return (size, str(known["mark"])) if usable else (0, "")


def _total(note: Path) -> int | None:
    total = json.loads(note.read_text(encoding="utf-8")).get("total")
    return int(total) if total is not None else None


def _continues(answer: httpx.Response, have: int) -> bool:
    return answer.status_code == 206 and answer.headers.get("content-range", "").startswith(f"bytes {have}-")


def _length(answer: httpx.Response) -> int | None:
    ranged = answer.headers.get("content-range", "").rpartition("/")[2]
    if answer.status_code == 206 and ranged.isdigit():
        return int(ranged)
    stated = answer.headers.get("content-length", "")
    encoded = answer.headers.get("content-encoding", "").replace("identity", "")
    return int(stated) if stated.isdigit() and not encoded else None


def _strong(stamp: str) -> str:
    # A weak tag does not promise equal bytes, so it cannot join two halves.
    return "" if stamp.startswith("W/") else stamp


def _refuse_status(answer: httpx.Response, what: str) -> None:
    status = answer.status_code
    if status in (404, 410):
        raise MovedError(f"{what} answers {status}: the publisher has moved or withdrawn it")
    if status in (401, 403):
        raise RefusedError(f"{what} answers {status}: it wants a key, or does not serve this machine")
    if status >= 400:
        raise ChangedError(f"{what} answers {status}: it no longer takes this request")


def _refuse_connection(error: httpx.TransportError, what: str) -> None:
    """Stop at once where another try cannot help: nobody trusts a certificate after a while."""
    said = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        raise RefusedError(
            f"{what}: this machine does not trust the certificate that came ({said}); where your "
            f"organisation's proxy signs for others, put its certificate into the machine's store, or name "
            f"its file in SSL_CERT_FILE"
        ) from error
    if isinstance(error, httpx.ProxyError) and "407" in said:
        raise RefusedError(
            f"{what}: the proxy wants a name and password (407); give them in HTTPS_PROXY and HTTP_PROXY, as "
            f"http://NAME:PASSWORD@HOST:PORT"
        ) from error


def _retry_after(headers: httpx.Headers) -> float | None:
    said = headers.get("retry-after", "")
    if said.isdigit():
        return float(said)
    try:
        return max(
            0.0,
            (parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("date", ""))).total_seconds(),
        )
    except (TypeError, ValueError):
        return None


def _show(url: str) -> str:
    """Give an address without its query, where keys may stand."""
    return url.partition("?")[0]


@dataclass
class _Attempt:
    transport: Transport
    what: str
    number: int = 0
    said: str = ""

    def failed(self, said: str, wait: float | None = None) -> None:
        self.said = said
        if wait is not None and wait > LONGEST_WAIT:
            raise BusyError(f"{self.what} asks to be left alone for {wait:.0f} seconds; run again after that")
        if self.number < self.transport.attempts:
            self.transport.sleep(wait if wait is not None else min(60.0, 2.0 ** (self.number - 1)))

    def given_up(self) -> FetchError:
        text = f"{self.what}: {self.number} tries, the last gave {self.said}; "
        if "bytes" in self.said or "cut" in self.said:
            return BusyError(text + "what came is kept: run again to go on from there")
        return BusyError(text + "run again later")


def _tries(transport: Transport, what: str) -> Iterator[_Attempt]:
    attempt = _Attempt(transport, what)
    for number in range(1, transport.attempts + 1):
        attempt.number = number
        yield attempt
