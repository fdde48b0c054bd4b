"""Who reads a page: a line at its head where they sign in, see as whom they read, and sign out.

A service without settings knows nobody, and its pages have no such line.
"""

from __future__ import annotations

import time
from functools import cache
from importlib import resources
from urllib.parse import quote

import jinja2
from fastapi import Request
from markupsafe import Markup

from fairplace.service.sessions import MOST_THEN, Sessions
from fairplace.service.viewer import PUBLIC, VIEWER, Viewer
from fairplace.service.words import words

#: The line of a page that says nothing of who reads it.
NOBODY = Markup()


def account_line(request: Request, *, pack: str = "", authority: str = "", uploads: bool = False) -> Markup:
    """Give the line for the head of a page; empty where nobody can sign in with a browser.

    Parameters
    ----------
    request
        Says who asks, and for what; signing in leads back there.
    pack, authority
        What the page is about, if about one pack: its officers find their uploads by it.
    uploads
        Whether the page is that of the uploads, which needs no link to itself.
    """
    gate = getattr(request.app.state, "gate", None)
    if gate is None or gate.sessions is None:
        return NOBODY
    sessions: Sessions = gate.sessions
    viewer: Viewer = request.scope.get(VIEWER, PUBLIC)
    cookie = gate.cookie(request.scope["headers"]) if viewer.how == "session" else ""
    role = viewer.role_for(authority) if authority else viewer.role
    kept = gate.settings.uploads is not None and bool(pack) and role != "public" and not uploads
    return Markup(  # noqa: S704 the template escapes what is put into it
        _template().render(
            w=words(),
            viewer=viewer,
            role=words()[f"role_{role}"],
            sign_in=f"/sign-in?then={quote(_here(request), safe='')}",
            uploads=f"/packs/{quote(pack, safe='')}/uploads" if kept else "",
            word=sessions.word(cookie) if cookie else "",
            seconds=max(0, round(sessions.until(cookie) - time.time())) if cookie else 0,
        )
    )


def sign_in_address(request: Request) -> str:
    """Address where somebody signs in and is led back to what they asked for; empty where there is none."""
    gate = getattr(request.app.state, "gate", None)
    if gate is None or gate.sessions is None:
        return ""
    return f"/sign-in?then={quote(_here(request), safe='')}"


def _here(request: Request) -> str:
    """Address of a page that can be asked for again, or the front page."""
    query = request.url.query
    here = request.url.path + (f"?{query}" if query else "")
    return here if request.method == "GET" and len(here) < MOST_THEN else "/"


@cache
def _template() -> jinja2.Template:
    text = resources.files("fairplace.service").joinpath("account.html.jinja").read_text(encoding="utf-8")
    frame = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return frame.from_string(text)
