"""Who asks is found before any route is asked, and what is not public is written down before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairplace.service.audit import Audit, AuditError
from fairplace.service.credentials import Headers, read_cookie
from fairplace.service.holding import Holdings
from fairplace.service.identity import Identities
from fairplace.service.problems import ForbiddenError, UnknownViewerError
from fairplace.service.sessions import Sessions
from fairplace.service.settings import ServiceSettings, session_key
from fairplace.service.tokens import PREFIX, Tokens
from fairplace.service.viewer import PUBLIC, VIEWER, Viewer

#: Routes that show nothing of any pack: answers of them are not written down.
QUIET = frozenset(
    {
        "/health",
        "/ready",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/conformance",
        "/sign-in",
        "/signed-in",
        "/signed-out",
        "/web/{name}",
    }
)
#: The same address answers another viewer otherwise.
_BY_VIEWER = (b"vary", b"Cookie, Authorization")
#: Where a refusal says why it was one, for the audit log.
REFUSED = "fairplace.refused"


@dataclass(frozen=True)
class Gate:
    """What tells who somebody is, and where it is written down.

    Parameters
    ----------
    settings
        What the service may show beyond the public edition.
    audit
        The audit log.
    tokens
        API tokens, or None.
    identities, sessions
        The OpenID provider and the sessions of browsers, or None.
    """

    settings: ServiceSettings
    audit: Audit
    tokens: Tokens | None = None
    identities: Identities | None = None
    sessions: Sessions | None = None

    def identify(self, headers: Headers) -> Viewer:
        """Find out who asks.

        Raises
        ------
        UnknownViewerError
            A token was given that does not hold. A session that has ended is no error: whoever had it is
            the public again.
        ProviderError
            Who it is cannot be found out now.
        """
        given = [value for name, value in headers if name == b"authorization"]
        if not given:
            cookie = self.cookie(headers)
            found = self.sessions.viewer(cookie) if self.sessions is not None and cookie else None
            return self._bounded(found or PUBLIC)
        scheme, _, token = given[0].decode("latin-1").partition(" ")
        if len(given) > 1 or scheme.lower() != "bearer" or not token.strip():
            raise UnknownViewerError("the Authorization header is none of ours; send: Bearer TOKEN")
        token = token.strip()
        if token.startswith(PREFIX) and self.tokens is not None:
            return self._bounded(self.tokens.viewer(token))
        if self.identities is not None:
            return self._bounded(self.identities.viewer(token))
        raise UnknownViewerError("the token is none of ours; ask for one from whoever runs this service")

    def cookie(self, headers: Headers) -> str:
        """Session cookie of a request; empty if there is none."""
        return read_cookie(headers, self.sessions.cookie) if self.sessions is not None else ""

    def _bounded(self, viewer: Viewer) -> Viewer:
        """Take from a viewer the authorities that the settings do not open."""
        authorities = viewer.authorities & self.settings.authorities
        return replace(viewer, authorities=authorities)


def make_gate(settings: ServiceSettings) -> Gate:
    """Make what tells who somebody is, from settings.

    Raises
    ------
    ServiceSettingsError
        A key cannot be read.
    """
    identities = sessions = None
    if settings.provider is not None:
        identities = Identities(settings.provider, settings.authorities)
    if settings.session_key is not None:
        sessions = Sessions(session_key(settings.session_key), settings.address, settings.session_minutes)
    tokens = Tokens(settings.tokens) if settings.tokens is not None else None
    return Gate(settings, Audit(settings.audit), tokens, identities, sessions)


class Access:
    """Find out who asks, and write down what they were shown.

    Parameters
    ----------
    app
        What answers.
    gate
        What tells who somebody is.
    holdings
        In whose edition each pack is shown to whom.
    """

    def __init__(self, app: ASGIApp, gate: Gate, holdings: Holdings) -> None:
        self.app, self.gate, self.holdings = app, gate, holdings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            viewer = await run_in_threadpool(self.gate.identify, scope["headers"])
        except UnknownViewerError as error:
            await run_in_threadpool(
                self.gate.audit.write, "refused", method=scope["method"], status=401, said=str(error)
            )
            raise
        scope[VIEWER] = viewer
        if scope["method"] not in ("GET", "HEAD") and viewer.how == "session":
            await self._check_site(scope, viewer)

        unwritten: list[AuditError] = []

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                try:
                    await run_in_threadpool(self._write_down, scope, viewer, message["status"])
                except AuditError as error:
                    unwritten.append(error)
                # A browser keeps public answers a while, and must not show them to who has signed in since.
                message = {**message, "headers": [*message.get("headers", []), _BY_VIEWER]}
            # What is not written down is not sent; what refuses instead stands outside.
            if not unwritten:
                await send(message)

        await self.app(scope, receive, answer)
        if unwritten:
            raise unwritten[0]

    async def _check_site(self, scope: Scope, viewer: Viewer) -> None:
        """Refuse a change that a page of another site made a browser ask for."""
        headers = scope["headers"]
        sites = [value for name, value in headers if name == b"sec-fetch-site"]
        origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
        address = self.gate.settings.address
        if sites != [b"same-origin"] and (sites or origins != [address]):
            said = "the change was asked for by another site; open the page here and send its form"
            await run_in_threadpool(
                self.gate.audit.write, "refused", viewer, method=scope["method"], status=403, said=said
            )
            raise ForbiddenError(said)

    def _write_down(self, scope: Scope, viewer: Viewer, status: int) -> None:
        route = str(getattr(scope.get("route"), "path", ""))
        asked = scope.get("path_params", {})
        refused = status in (401, 403)
        if not refused and (viewer.role == "public" or status >= 400 or route in QUIET):
            return
        roles = self.holdings.roles(viewer)
        pack, layer = str(asked.get("pack", "")), str(asked.get("collection", asked.get("geography", "")))
        if pack and pack not in roles:
            pack = ""
        if layer and not pack:
            pack = self.holdings.pack_of(layer, viewer)
        shown = {roles[pack]} if pack else set(roles.values())
        self.gate.audit.write(
            "refused" if refused else "shown",
            viewer,
            method=scope["method"],
            route=route,
            pack=pack or ("all" if not layer and not refused else ""),
            layer=layer if pack else "",
            edition=next(one for one in ("restricted", "officer", "public") if one in shown),
            status=status,
            said=str(scope.get(REFUSED, "")),
        )


def check_change(gate: Gate, headers: Headers, word: str, viewer: Viewer) -> None:
    """Refuse a change that another page made a browser ask for.

    Parameters
    ----------
    gate
        Knows the session.
    headers
        Of the request.
    word
        What the form or the header ``X-Form-Word`` said.
    viewer
        Who asks. A token is sent by no browser of its own accord, so only a session needs the word.

    Raises
    ------
    ForbiddenError
        The request lacks the word of its session.
    """
    if viewer.how != "session":
        return
    if gate.sessions is not None:
        gate.sessions.check_word(gate.cookie(headers), word)
