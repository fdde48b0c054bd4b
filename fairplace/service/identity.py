"""Who somebody is, by the word of an OpenID provider: signed tokens, checked against its published keys.

A token's own header chooses nothing but which of the provider's keys is meant: its algorithm must be one
of two and fit the key, and addresses or keys within it are never used. Keys are fetched when they are
first needed and again when an unknown one is named, but not more often than `AGAIN_SECONDS`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt

from fairplace.service.problems import ProviderError, UnknownViewerError
from fairplace.service.settings import Provider, ServiceSettingsError, check_address
from fairplace.service.viewer import Role, Viewer

#: Algorithm -> kind of key. HS256 is not among them: a public key is no secret.
ALGORITHMS: Mapping[str, str] = {"RS256": "RSA", "ES256": "EC"}
#: Seconds by which two clocks may differ.
SKEW_SECONDS = 60
#: Seconds for which keys are good, after which they are asked for again, and between two attempts.
FRESH_SECONDS, AGAIN_SECONDS = 3_600.0, 30.0
#: Seconds a provider has to answer, and bytes that its answer may have.
PROVIDER_SECONDS, PROVIDER_BYTES = 5.0, 500_000
#: Letters of a name that are kept.
NAME_LETTERS = 80
#: Letters of what a provider calls somebody: more than OpenID Connect allows are cut off.
SUBJECT_LETTERS = 255
#: Bits of an RSA key under which it is not trusted.
LEAST_BITS = 2_048


@dataclass
class Identities:
    """What an OpenID provider says, kept as long as it is good.

    Parameters
    ----------
    provider
        Its address and what its claims mean here.
    authorities
        Districts whose officer edition is opened: nobody has a role for another.
    """

    provider: Provider
    authorities: frozenset[str]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _document: dict[str, Any] = field(default_factory=dict)
    _keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    _fetched: float = float("-inf")
    _tried: float = float("-inf")

    def document(self) -> dict[str, Any]:
        """Discovery document of the provider.

        Raises
        ------
        ProviderError
            It cannot be had, or is another's.
        """
        with self._lock:
            if not self._document:
                self._document = self._discover()
            return self._document

    def viewer(self, token: str) -> Viewer:
        """Find out whose bearer token this is.

        Raises
        ------
        UnknownViewerError
            It is not good, or not for us.
        ProviderError
            The provider's keys cannot be had.
        """
        return self.as_viewer(self.claims(token, audience=self.provider.audience), how="bearer")

    def claims(self, token: str, *, audience: str) -> dict[str, Any]:
        """Check a signed token and give its claims.

        Parameters
        ----------
        token
            As it came.
        audience
            For whom it must be.

        Raises
        ------
        UnknownViewerError, ProviderError
            As `viewer`.
        """
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise UnknownViewerError("the token is no signed token (JWT); sign in again") from error
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise UnknownViewerError(
                f"the token is signed with {str(algorithm)[:20]}; {' and '.join(ALGORITHMS)} are trusted"
            )
        if "crit" in header:
            raise UnknownViewerError("the token asks for an extension that is not known here; sign in again")
        key = self._key(kid, algorithm)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=audience,
                issuer=self.provider.issuer,
                leeway=SKEW_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise UnknownViewerError("the token has ended; sign in again") from error
        except jwt.InvalidAudienceError as error:
            raise UnknownViewerError("the token is for another service; ask for one for us") from error
        except jwt.InvalidIssuerError as error:
            raise UnknownViewerError("the token is of another provider; sign in with ours") from error
        except jwt.PyJWTError as error:
            raise UnknownViewerError("the token does not hold what it says; sign in again") from error
        return claims

    def completed(self, claims: Mapping[str, Any], access: str) -> Mapping[str, Any]:
        """Add to the claims of an ID token what the provider keeps for its userinfo endpoint.

        By OpenID Connect Core, 5.4, claims of scopes come from there where an access token is given too;
        what roles somebody has may so stand in no ID token at all.

        Parameters
        ----------
        claims
            Of the ID token, checked; they hold where both say something.
        access
            The access token that came with it.

        Raises
        ------
        UnknownViewerError
            The answer is about somebody else.
        ProviderError
            The endpoint does not answer.
        """
        address = self.document().get("userinfo_endpoint")
        wanted = [one for one in (self.provider.role_claim, self.provider.authority_claim) if one]
        if all(_claim(claims, one) is not None for one in wanted) or not access or not address:
            return claims
        try:
            check_address(str(address), "userinfo_endpoint of the provider")
        except ServiceSettingsError as error:
            raise ProviderError(str(error)) from error
        more = self._get(str(address), token=access)
        # A token that was swapped for another's would bring that person's roles along (5.3.2).
        if more.get("sub") != claims["sub"]:
            raise UnknownViewerError("the provider's answer is about somebody else; sign in again")
        return {**more, **claims}

    def as_viewer(self, claims: Mapping[str, Any], *, how: str) -> Viewer:
        """Say who has these claims and what they may see; without a role, that is what the public sees."""
        name = next(
            (text for one in ("preferred_username", "email", "name") if (text := _text(claims.get(one)))),
            _text(claims["sub"]),
        )
        held = {self.provider.roles.get(one) for one in _words(_claim(claims, self.provider.role_claim))}
        role: Role = "restricted" if "restricted" in held else "officer" if "officer" in held else "public"
        authorities = self.authorities
        if self.provider.authority_claim:
            authorities = authorities & set(_words(_claim(claims, self.provider.authority_claim)))
        # Names may be anybody's, and are given again to whoever comes next; this pair is not (OpenID Connect
        # Core, 5.7).
        who = f"{self.provider.issuer} {_text(claims['sub'], SUBJECT_LETTERS)}"
        return Viewer(name, role, authorities if role != "public" else frozenset(), how, who)

    def _key(self, kid: object, algorithm: str) -> jwt.PyJWK:
        with self._lock:
            now = time.monotonic()
            stale = now - self._fetched > FRESH_SECONDS
            if (stale or self._find(kid, algorithm) is None) and now - self._tried > AGAIN_SECONDS:
                self._tried = now
                try:
                    self._document = self._discover()
                    self._keys = _keys(self._get(str(self._document["jwks_uri"])))
                    self._fetched = now
                except ProviderError:
                    # Keys that were good are good a while longer than the provider's bad minute, not a day.
                    if now - self._fetched > 24 * FRESH_SECONDS:
                        self._keys = {}
                        raise
            if not self._keys:
                raise ProviderError(
                    "the provider that says who people are does not answer; what is public can be asked for "
                    "without signing in"
                )
            found = self._find(kid, algorithm)
            if found is None:
                raise UnknownViewerError("the token's key is not the provider's; sign in again")
            return found

    def _find(self, kid: object, algorithm: str) -> jwt.PyJWK | None:
        """Key of an identifier; without one, the only key there is of the kind."""
        kind = ALGORITHMS[algorithm]
        fitting = {name: one for name, one in self._keys.items() if one.key_type == kind}
        if kid is None:
            return next(iter(fitting.values())) if len(fitting) == 1 else None
        return fitting.get(kid) if isinstance(kid, str) else None

    def _discover(self) -> dict[str, Any]:
        found = self._get(self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.provider.issuer:
            raise ProviderError(
                f'the provider calls itself "{str(found.get("issuer"))[:120]}" and the settings name '
                f'"{self.provider.issuer}"; write the same in oidc.issuer'
            )
        for name in ("jwks_uri", "authorization_endpoint", "token_endpoint"):
            try:
                check_address(str(found.get(name, "")), f"{name} of the provider")
            except ServiceSettingsError as error:
                if name == "jwks_uri" or name in found:
                    raise ProviderError(str(error)) from error
        return found

    def _get(self, address: str, *, token: str = "") -> dict[str, Any]:
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            with httpx.stream(
                "GET",
                address,
                headers=headers,
                timeout=PROVIDER_SECONDS,
                follow_redirects=False,
                trust_env=False,
            ) as answer:
                if answer.status_code != 200:
                    raise ProviderError(f"the provider answered {answer.status_code}; try again in a minute")
                body = b""
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > PROVIDER_BYTES:
                        raise ProviderError("the provider's answer is too long; check oidc.issuer")
            content = json.loads(body)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
            raise ProviderError(
                "the provider that says who people are does not answer; what is public can be asked for "
                "without signing in"
            ) from error
        if not isinstance(content, dict):
            raise ProviderError("the provider's answer is no JSON object; check oidc.issuer")
        return content


def _keys(content: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """Read signing keys by their identifier, leaving out those that are weak or for something else."""
    found: dict[str, jwt.PyJWK] = {}
    listed = content.get("keys", [])
    for number, one in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(one, dict) or one.get("use", "sig") != "sig":
            continue
        algorithm = next((name for name, kind in ALGORITHMS.items() if kind == one.get("kty")), "")
        if not algorithm or one.get("alg", algorithm) != algorithm or one.get("crv", "P-256") != "P-256":
            continue
        try:
            key = jwt.PyJWK(one, algorithm=algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        if getattr(key.key, "key_size", 0) >= (LEAST_BITS if key.key_type == "RSA" else 256):
            found[str(one.get("kid", f"number {number}"))] = key
    return found


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """Claim of a name, which may hold dots itself or name one within another."""
    if name in claims:
        return claims[name]
    found: object = claims
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _words(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(value: object, most: int = NAME_LETTERS) -> str:
    return " ".join(value.split())[:most] if isinstance(value, str) else ""
