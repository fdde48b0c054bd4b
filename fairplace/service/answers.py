"""One answer in the form that is asked for: JSON for programs, the same content as a page for people."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from fastapi import Request
from starlette.responses import Response

from fairplace.service.bounds import KEPT_BYTES, WAITING
from fairplace.service.problems import BusyError, RequestError

#: Form -> media type.
MEDIA = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}
GEOJSON = "application/geo+json"
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: Our maps and profiles are whole in themselves: their scripts stand inside, and nothing may be fetched.
SCRIPT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def form_of(request: Request, forms: Sequence[str] = ("json", "html")) -> str:
    """Form that a request asks for: by ``f``, else by its Accept header, else the first of `forms`.

    Raises
    ------
    RequestError
        ``f`` names a form that there is not.
    """
    asked = request.query_params.get("f", "")
    if asked:
        if asked not in forms:
            raise RequestError(f'f is "{asked[:40]}"; there are {", ".join(forms)}')
        return asked
    for one in request.headers.get("accept", "").split(","):
        media = one.split(";")[0].strip().lower()
        for form in forms:
            if MEDIA[form].split(";")[0] == media:
                return form
    return forms[0]


def respond(
    request: Request,
    data: Any,
    *,
    title: str,
    status: int = 200,
    media: str = MEDIA["json"],
    trail: Sequence[tuple[str, str]] = (),
    banner: str = "",
    search: str = "",
) -> Response:
    """Answer with some content as JSON or as a page, whichever is asked for.

    Parameters
    ----------
    request
        Says the form.
    data
        Mappings, lists, texts and numbers.
    title
        Of the page.
    status
        HTTP status.
    media
        Media type of the JSON.
    trail
        Names and addresses that lead back, for the page.
    banner
        A sentence above all others, such as that the place is fictional.
    search
        Address of a search, for a field on the page.
    """
    if form_of(request) == "html":
        page = render_page(data, title=title, trail=trail, banner=banner, search=search)
        return page_response(page, status=status)
    return Response(encode(data), status, media_type=media)


def page_response(page: str | bytes, *, status: int = 200, policy: str = PAGE_POLICY) -> Response:
    """Answer with a page, and with what its browser may do for it."""
    return Response(page, status, {"Content-Security-Policy": policy}, media_type=MEDIA["html"])


def encode(data: Any) -> bytes:
    """Write content as JSON."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode()


def render_page(
    data: Any, *, title: str, trail: Sequence[tuple[str, str]] = (), banner: str = "", search: str = ""
) -> str:
    """Render content as a page: nested tables, every text escaped, links only to http or to ourselves."""
    return _template().render(
        data=data, title=title, trail=trail, banner=banner, search=search, columns=_columns, address=_address
    )


@cache
def _template() -> jinja2.Template:
    text = resources.files("fairplace.service").joinpath("page.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True)
    return environment.from_string(text)


def _columns(rows: Sequence[Any]) -> list[str]:
    """Heads of a table, where every row of a list has the same few of them; else none."""
    if len(rows) == 0 or not all(isinstance(row, Mapping) and "href" not in row for row in rows):
        return []
    return list(dict.fromkeys(name for row in rows for name in row))


def _address(text: str) -> bool:
    return text.startswith(("https://", "http://")) or (text.startswith("/") and not text.startswith("//"))


class Finished:
    """Pages and documents that were made once, kept until there are too many bytes of them.

    One is made at a time (the drawing library allows no more), and only so many may wait for it.
    """

    def __init__(self, size: int = KEPT_BYTES, waiting: int = WAITING) -> None:
        self._kept: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._size, self._used = size, 0
        self._making, self._counting = threading.Lock(), threading.Lock()
        self._waiting, self._most = 0, waiting

    def held(self, key: tuple[str, ...]) -> bytes | None:
        """Finished bytes, or None."""
        with self._counting:
            content = self._kept.get(key)
            if content is not None:
                self._kept.move_to_end(key)
            return content

    def get(self, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        """Finished bytes, made now if need be.

        Raises
        ------
        BusyError
            Too many wait already.
        """
        if (content := self.held(key)) is not None:
            return content
        with self._counting:
            if self._waiting >= self._most:
                raise BusyError(f"{self._waiting} pages are waiting to be drawn; ask again in a few seconds")
            self._waiting += 1
        try:
            with self._making:
                if (content := self.held(key)) is None:
                    content = make()
                    self._keep(key, content)
                return content
        finally:
            with self._counting:
                self._waiting -= 1

    def _keep(self, key: tuple[str, ...], content: bytes) -> None:
        with self._counting:
            if len(content) > self._size:
                return
            self._kept[key] = content
            self._used += len(content)
            while self._used > self._size:
                _, old = self._kept.popitem(last=False)
                self._used -= len(old)
