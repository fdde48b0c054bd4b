"""Signing in with a browser: authorization code with PKCE, then a signed cookie that no script can read.

The cookie holds who it is and until when, signed with the service's key. It is sent by our own pages
alone (SameSite=Lax), and whatever changes something needs a word besides that only our own pages have.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from fairplace.service.identity import PROVIDER_BYTES, PROVIDER_SECONDS, Identities
from fairplace.service.problems import ForbiddenError, ProviderError, UnknownViewerError
from fairplace.service.settings import ServiceSettingsError, check_address
from fairplace.service.viewer import ROLES, Viewer

#: Seconds in which somebody must have signed in.
SIGNING_IN_SECONDS = 600
#: Letters, at most, of the address where somebody wants to be afterwards: a drawing of 60 corners fits.
MOST_THEN = 2_000
_LETTERS = 4_000


@dataclass(frozen=True)
class Sessions:
    """Sessions of browsers.

    Parameters
    ----------
    key
        What signs them.
    address
        Where people reach the service.
    minutes
        How long a session lasts.
    """

    key: bytes
    address: str
    minutes: int

    @property
    def secure(self) -> bool:
        """Whether cookies may travel over TLS only."""
        return self.address.startswith("https://")

    @property
    def cookie(self) -> str:
        """Name of the cookie; with ``__Host-`` a browser takes it from this very host alone."""
        return "__Host-fairplace" if self.secure else "fairplace"

    @property
    def passing(self) -> str:
        """Name of the cookie that holds what is needed while somebody signs in."""
        return f"{self.cookie}-signing-in"

    def begin(self, identities: Identities, then: str) -> tuple[str, str]:
        """Send somebody to the provider.

        Parameters
        ----------
        identities
            The provider.
        then
            Where they want to be afterwards; anything but an address of ours becomes the front page.

        Returns
        -------
        tuple
            Address at the provider, and the cookie that makes the way back good for this browser alone.

        Raises
        ------
        ProviderError
            It does not answer.
        """
        document = identities.document()
        if "authorization_endpoint" not in document:
            raise ProviderError("the provider has no page to sign in at; use an API token")
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = _base64(hashlib.sha256(verifier.encode()).digest())
        asked = urlencode(
            {
                "response_type": "code",
                "client_id": identities.provider.client,
                "redirect_uri": f"{self.address}/signed-in",
                "scope": " ".join(("openid", "profile", "email", *identities.provider.scopes)),
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        kept = {
            "state": state, "nonce": nonce, "verifier": verifier, "then": local_address(then),
            "until": int(time.time()) + SIGNING_IN_SECONDS,
        }  # fmt: skip
        at = str(document["authorization_endpoint"])
        return f"{at}{'&' if '?' in at else '?'}{asked}", self._seal("signing in", kept)

    def finish(self, identities: Identities, kept: str, query: Mapping[str, str]) -> tuple[Viewer, str, str]:
        """Take somebody back from the provider.

        Parameters
        ----------
        identities
            The provider.
        kept
            The cookie of `begin`.
        query
            What the provider sent along.

        Returns
        -------
        tuple
            Who it is, the cookie of their session, and where they wanted to be.

        Raises
        ------
        UnknownViewerError
            This browser did not begin this, or the provider does not know them.
        ProviderError
            It does not answer.
        """
        begun = self._open("signing in", kept)
        state = query.get("state", "")
        if begun is None or not hmac.compare_digest(state.encode(), str(begun["state"]).encode()):
            raise UnknownViewerError("this browser did not begin to sign in, or too long ago; sign in again")
        if query.get("iss", identities.provider.issuer) != identities.provider.issuer:
            raise UnknownViewerError("the answer is of another provider; sign in again")
        if "code" not in query:
            reason = "".join(one for one in query.get("error", "no reason") if one.isalnum() or one in "_ ")[
                :60
            ]
            raise UnknownViewerError(f"the provider did not sign you in ({reason}); sign in again")
        token, access = self._exchange(identities, query["code"], str(begun["verifier"]))
        claims = identities.claims(token, audience=identities.provider.client)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), str(begun["nonce"]).encode()):
            raise UnknownViewerError("the provider's answer is to another question; sign in again")
        if claims.get("azp", identities.provider.client) != identities.provider.client:
            raise UnknownViewerError("the provider's answer is for another service; sign in again")
        viewer = identities.as_viewer(identities.completed(claims, access), how="session")
        return viewer, self.session(viewer), str(begun["then"])

    def session(self, viewer: Viewer) -> str:
        """Make the cookie of a session."""
        content = {
            "name": viewer.name, "who": viewer.id, "role": viewer.role,
            "authorities": sorted(viewer.authorities),
            "id": secrets.token_urlsafe(16), "until": int(time.time()) + self.minutes * 60,
        }  # fmt: skip
        return self._seal("session", content)

    def viewer(self, cookie: str) -> Viewer | None:
        """Whose session this is, or None where it is none of ours or has ended."""
        content = self._open("session", cookie)
        # A session of before sessions said who it is has to be begun again.
        if content is None or content["role"] not in ROLES or "who" not in content:
            return None
        authorities = frozenset(content["authorities"])
        return Viewer(content["name"], content["role"], authorities, "session", content["who"])

    def until(self, cookie: str) -> int:
        """Give the second (of the Unix epoch) at which a session ends; 0 where it is none of ours."""
        content = self._open("session", cookie)
        return int(content["until"]) if content is not None else 0

    def word(self, cookie: str) -> str:
        """Give a word that a page puts into its forms; another each time, so that no compression tells it."""
        own, mask = self._word(cookie), secrets.token_bytes(32)
        return _base64(mask + bytes(a ^ b for a, b in zip(mask, own, strict=True)))

    def check_word(self, cookie: str, word: str) -> None:
        """Refuse a change that no page of ours asked for.

        Raises
        ------
        ForbiddenError
            The word is not of this session.
        """
        raw = _raw(word)
        own = bytes(a ^ b for a, b in zip(raw[:32], raw[32:], strict=False))
        if len(raw) != 64 or not hmac.compare_digest(own, self._word(cookie)):
            raise ForbiddenError(
                "the change did not come from a page of this service; open the page again and send its form"
            )

    def _word(self, cookie: str) -> bytes:
        return hmac.digest(self.key, b"form\0" + cookie.encode(), "sha256")

    def _seal(self, use: str, content: Mapping[str, Any]) -> str:
        text = _base64(json.dumps(content).encode())
        return f"{text}.{_base64(self._sign(use, text))}"

    def _open(self, use: str, sealed: str) -> dict[str, Any] | None:
        text, _, signature = sealed[:_LETTERS].partition(".")
        if not hmac.compare_digest(_raw(signature), self._sign(use, text)):
            return None
        content: dict[str, Any] = json.loads(_raw(text))
        return content if content["until"] > time.time() else None

    def _sign(self, use: str, text: str) -> bytes:
        return hmac.digest(self.key, f"{use}|{text}".encode(), "sha256")

    def signed_out_address(self, identities: Identities) -> str:
        """Address at the provider where its own session is ended too; empty where there is none."""
        try:
            at = str(identities.document().get("end_session_endpoint", ""))
            check_address(at, "end_session_endpoint of the provider")
        except (ProviderError, ServiceSettingsError):
            return ""
        asked = {"client_id": identities.provider.client, "post_logout_redirect_uri": f"{self.address}/"}
        return f"{at}?{urlencode(asked)}"

    def _exchange(self, identities: Identities, code: str, verifier: str) -> tuple[str, str]:
        """Change a code for a signed token, and one that the provider takes itself."""
        provider = identities.provider
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": f"{self.address}/signed-in",
            "client_id": provider.client, "code_verifier": verifier,
        }  # fmt: skip
        try:
            document = identities.document()
            auth = None
            if provider.secret and _takes_basic(document):
                # RFC 6749, 2.3.1: what stands in the header is first written as a form writes it.
                auth = (quote_plus(provider.client), quote_plus(provider.secret))
            elif provider.secret:
                form["client_secret"] = provider.secret
            answer = httpx.post(
                str(document["token_endpoint"]),
                data=form,
                auth=auth,
                timeout=PROVIDER_SECONDS,
                follow_redirects=False,
                trust_env=False,
            )
            if answer.status_code >= 500 or len(answer.content) > PROVIDER_BYTES:
                raise ProviderError("the provider does not answer; sign in again in a minute")
            content = answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError) as error:
            raise ProviderError("the provider does not answer; sign in again in a minute") from error
        token = content.get("id_token") if isinstance(content, dict) else None
        if not isinstance(token, str):
            raise UnknownViewerError("the provider did not take the code; sign in again")
        access = content.get("access_token")
        return token, access if isinstance(access, str) else ""


def local_address(text: str) -> str:
    """Give an address of ours as it is, and for any other the front page."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) < MOST_THEN
    return text if plain and text.startswith("/") and not text.startswith("//") else "/"


def _takes_basic(document: Mapping[str, Any]) -> bool:
    """Tell whether a client shows its secret in a header; a provider that says nothing takes it so."""
    listed = document.get("token_endpoint_auth_methods_supported")
    return not isinstance(listed, list) or "client_secret_basic" in listed


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
