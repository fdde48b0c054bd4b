"""One answer in the form that is asked for: JSON for programs, the same content as a page for people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from fastapi import Request
from starlette.responses import Response

from fairplace.service.account import account_line
from fairplace.service.finished import Document
from fairplace.service.problems import RequestError

#: Form -> media type.
MEDIA = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
GEOJSON = "application/geo+json"
#: A document is kept by whoever asked for it, and asked about again before it is shown.
_CHECKED = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding"}
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
    return _accepted(request.headers.get("accept", ""), forms)


def _accepted(accept: str, forms: Sequence[str]) -> str:
    """Form that an Accept header likes best, and of equals the one that it names first (RFC 9110, 12.5.1).

    One that it does not name comes as far as ``*/*`` and the like allow, the first of `forms` before others;
    where it takes none at all, the first of `forms` is given all the same, as it is where nothing is said.
    """
    said: dict[str, tuple[float, int]] = {}
    for number, one in enumerate(accept.split(",")):
        media, *more = (part.strip().lower() for part in one.split(";"))
        quality = next((part[2:].strip() for part in more if part.startswith("q=")), "1")
        said.setdefault(media, (_quality(quality), -number))
    best, liked = forms[0], (0.0, 0)
    for number, form in enumerate(forms):
        media = MEDIA[form].split(";")[0]
        whole = said.get(media)
        wide = said.get(media.split("/")[0] + "/*", said.get("*/*", (0.0, 0)))
        found = whole or (wide[0], -len(said) - number)
        if found[0] > 0 and found > liked:
            best, liked = form, found
    return best


def _quality(text: str) -> float:
    """Weight of a media type from 0 to 1; what cannot be read counts for nothing."""
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


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
        page = render_page(request, data, title=title, trail=trail, banner=banner, search=search)
        return page_response(page, status=status)
    return answer_bytes(request, encode(data), media=media, status=status)


def page_response(page: str | bytes, *, status: int = 200, policy: str = PAGE_POLICY) -> Response:
    """Answer with a page, and with what its browser may do for it."""
    return Response(page, status, {"Content-Security-Policy": policy}, media_type=MEDIA["html"])


def answer_bytes(
    request: Request,
    content: bytes,
    *,
    media: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with what was made just now, or only with the news that whoever asks has it already."""
    if status != 200:
        return Response(content, status, dict(headers or {}), media_type=media)
    tag = f'W/"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    said = {**(headers or {}), "ETag": tag}
    if _has(request, tag):
        return Response(status_code=304, headers=said)
    return Response(content, headers=said, media_type=media)


def _has(request: Request, tag: str) -> bool:
    """Tell whether a client says that it has the answer of a tag."""
    given = request.headers.get("if-none-match", "")
    return bool(given) and (given.strip() == "*" or tag in [one.strip() for one in given.split(",")])


def deliver(
    request: Request, document: Document, *, media: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with a finished document: compressed as it is kept, or only the news that it is unchanged."""
    said = {**_CHECKED, "ETag": document.tag, **(headers or {})}
    if _has(request, document.tag):
        return Response(status_code=304, headers=said)
    if document.packed and takes_gzip(request):
        return Response(document.packed, headers={**said, "Content-Encoding": "gzip"}, media_type=media)
    return Response(document.content, headers={**said, "Content-Encoding": "identity"}, media_type=media)


def takes_gzip(request: Request) -> bool:
    """Tell whether a client takes gzip."""
    for one in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def attachment(name: str) -> dict[str, str]:
    """Header under which a browser saves an answer as a file, with what it cannot write left out."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "-._") else "-" for one in name)
    return {"Content-Disposition": f'attachment; filename="{plain[:150]}"'}


def encode(data: Any) -> bytes:
    """Write content as JSON."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False).encode()


def render_page(
    request: Request,
    data: Any,
    *,
    title: str,
    trail: Sequence[tuple[str, str]] = (),
    banner: str = "",
    search: str = "",
) -> str:
    """Render content as a page: nested tables, every text escaped, links only to http or to ourselves.

    Who reads it is said at its head, where they can sign in.
    """
    return _template().render(
        data=data, title=title, trail=trail, banner=banner, search=search, account=account_line(request),
        columns=_columns, address=_address,
    )  # fmt: skip


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
