"""Who somebody is, against an OpenID provider of our own on this machine, honest and not."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fairplace.service import identity
from fairplace.service.app import create_app
from fairplace.service.identity import Identities
from fairplace.service.problems import ProviderError, UnknownViewerError
from fairplace.service.sessions import Sessions, local_address
from fairplace.service.settings import Provider, read_service_settings
from fairplace.service.viewer import Viewer

HERE = "E06999001"
CLIENT, AUDIENCE, SECRET = "fairplace", "fairplace-api", "a secret of the client"


class LocalProvider:
    """An OpenID provider: discovery, keys, codes bound to a challenge, tokens signed with real keys."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.down, self.asked, self.codes = False, [], {}
        self.document: dict[str, Any] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *rest: object) -> None: ...

            def do_GET(self) -> None:
                provider.asked.append(self.path)
                pages = {"/.well-known/openid-configuration": provider.discovery, "/keys": provider.keys}
                if provider.down or self.path not in pages:
                    self.send_error(503)
                    return
                self.say(pages[self.path]())

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                code = provider.codes.pop(form["code"][0], None)
                challenge = base64.urlsafe_b64encode(
                    hashlib.sha256(form["code_verifier"][0].encode()).digest()
                )
                basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
                if (
                    code is None
                    or challenge.rstrip(b"=").decode() != code["challenge"]
                    or self.headers["authorization"] != basic
                ):
                    self.send_error(400)
                    return
                self.say({"id_token": code["token"], "token_type": "Bearer", "access_token": "opaque"})

            def say(self, content: object) -> None:
                body = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys",
            "authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token",
            **self.document,
        }  # fmt: skip

    def keys(self) -> dict[str, Any]:
        weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        listed = [("rsa", self.rsa, "RSA"), ("ec", self.ec, "EC"), ("weak", weak, "RSA")]
        keys = []
        for kid, key, kind in listed:
            make = jwt.algorithms.RSAAlgorithm if kind == "RSA" else jwt.algorithms.ECAlgorithm
            keys.append({**make.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"})
        return {"keys": [*keys, {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"}, {"kty": "RSA"}, "nonsense"]}

    def claims(self, **change: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": AUDIENCE, "sub": "u1", "iat": now, "exp": now + 600,
            "preferred_username": "a.officer@halverton.example", "realm_access": {"roles": ["staff", "fp-officer"]},
            **change,
        }  # fmt: skip
        return {name: one for name, one in claims.items() if one is not None}

    def token(
        self,
        key: Any = None,
        alg: str = "RS256",
        kid: Any = "rsa",
        header: dict[str, Any] | None = None,
        **change: Any,
    ) -> str:
        headers = {**({} if kid is None else {"kid": kid}), **(header or {})}
        return str(jwt.encode(self.claims(**change), key or self.rsa, algorithm=alg, headers=headers))


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    one = LocalProvider()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def identities(provider: LocalProvider) -> Iterator[Identities]:
    provider.down, provider.document = False, {}
    provider.asked.clear()
    roles = {"fp-officer": "officer", "fp-restricted": "restricted"}
    settings = Provider(provider.issuer, CLIENT, SECRET, AUDIENCE, "realm_access.roles", "", roles)
    yield Identities(settings, frozenset({HERE}))
    provider.down, provider.document = False, {}


def test_a_good_token_says_who_and_what(provider: LocalProvider, identities: Identities) -> None:
    officer = Viewer("a.officer@halverton.example", "officer", frozenset({HERE}), "bearer")
    assert identities.viewer(provider.token()) == officer
    assert identities.viewer(provider.token(provider.ec, "ES256", "ec")) == officer
    assert identities.viewer(provider.token(aud=["other", AUDIENCE])) == officer
    assert identities.viewer(provider.token(kid=None)) == officer, "the only key of the kind"
    both = provider.token(realm_access={"roles": ["fp-restricted", "fp-officer"]})
    assert identities.viewer(both).role == "restricted"
    none = identities.viewer(provider.token(realm_access={"roles": ["staff"]}))
    assert (none.role, none.authorities, none.name) == ("public", frozenset(), officer.name)


def _pem(key: Any) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _unsigned(claims: dict[str, Any], header: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts)


def _forged(provider: LocalProvider, secret: bytes) -> str:
    """A token signed with HS256, with the public key as its secret."""
    import hmac

    header, claims = {"alg": "HS256", "kid": "rsa"}, provider.claims()
    text = _unsigned(claims, header).rstrip(".")
    signature = base64.urlsafe_b64encode(hmac.digest(secret, text.encode(), "sha256")).rstrip(b"=").decode()
    return f"{text}.{signature}"


FAULTS = {
    "none": (lambda p: _unsigned(p.claims(), {"alg": "none", "kid": "rsa"}), "are trusted"),
    "None": (lambda p: _unsigned(p.claims(), {"alg": "nOnE", "kid": "rsa"}), "are trusted"),
    "no alg": (lambda p: _unsigned(p.claims(), {"kid": "rsa"}), "are trusted|no signed token"),
    "alg list": (lambda p: _unsigned(p.claims(), {"alg": ["RS256"], "kid": "rsa"}), "are trusted|no signed token"),
    "hs256 of the public key": (lambda p: _forged(p, _pem(p.rsa)), "are trusted"),
    "hs256 of the listed secret": (lambda p: _forged(p, b"secret"), "are trusted"),
    "ps256": (lambda p: p.token(alg="PS256"), "are trusted"),
    "es256 that names the rsa key": (lambda p: p.token(p.ec, "ES256", "rsa"), "not the provider's"),
    "another key": (lambda p: p.token(p.other), "does not hold"),
    "another key that it brings along": (
        lambda p: p.token(p.other, header={"jwk": jwt.algorithms.RSAAlgorithm.to_jwk(p.other.public_key(), as_dict=True), "jku": "http://127.0.0.1:9/keys"}),
        "does not hold",
    ),
    "unknown kid": (lambda p: p.token(kid="new"), "not the provider's"),
    "kid as a path": (lambda p: p.token(kid="../../../../dev/null"), "not the provider's"),
    "kid as an address": (lambda p: p.token(kid="http://127.0.0.1:9/k"), "not the provider's"),
    "kid as SQL": (lambda p: p.token(kid="rsa' OR '1'='1"), "not the provider's"),
    "kid as a list": (lambda p: _unsigned(p.claims(), {"alg": "RS256", "kid": ["rsa"]}), "not the provider's|no signed token"),
    "weak key": (lambda p: p.token(kid="weak"), "not the provider's"),
    "secret key": (lambda p: p.token(kid="oct"), "not the provider's"),
    "no kid, another key": (lambda p: p.token(p.other, kid=None), "does not hold"),
    "crit": (lambda p: p.token(header={"crit": ["x"], "x": 1}), "extension|no signed token"),
    "issuer": (lambda p: p.token(iss="https://login.example"), "another provider"),
    "issuer with a slash": (lambda p: p.token(iss=p.issuer + "/"), "another provider"),
    "audience": (lambda p: p.token(aud="another"), "another service"),
    "no audience": (lambda p: p.token(aud=None), "does not hold"),
    "no end": (lambda p: p.token(exp=None), "does not hold"),
    "no subject": (lambda p: p.token(sub=None), "does not hold"),
    "expired": (lambda p: p.token(exp=int(time.time()) - identity.SKEW_SECONDS - 5), "has ended"),
    "not yet": (lambda p: p.token(nbf=int(time.time()) + 3600), "does not hold"),
    "end that is no number": (lambda p: p.token(exp="never"), "does not hold"),
    "changed": (lambda p: _swap(p.token()), "does not hold"),
    "cut": (lambda p: p.token().rsplit(".", 1)[0] + ".", "does not hold"),
    "nonsense": (lambda p: "a.b.c", "no signed token"),
    "one part": (lambda p: "abc", "no signed token"),
    "deep": (lambda p: _unsigned({}, {"alg": "RS256"}).replace(".", "." + "e30" * 50, 1), "not the provider's|does not hold|no signed"),
}  # fmt: skip


def _swap(token: str) -> str:
    head, body, sign = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["realm_access"] = {"roles": ["fp-restricted"]}
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b'=').decode()}.{sign}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_token_with_a_fault_is_nobodys(provider: LocalProvider, identities: Identities, fault: str) -> None:
    make, said = FAULTS[fault]
    with pytest.raises(UnknownViewerError, match=said):
        identities.viewer(make(provider))
    assert set(provider.asked) <= {"/.well-known/openid-configuration", "/keys"}


def test_clocks_may_differ_by_a_minute_and_no_more(provider: LocalProvider, identities: Identities) -> None:
    now = int(time.time())
    assert identities.viewer(provider.token(exp=now - identity.SKEW_SECONDS + 30)).role == "officer"
    with pytest.raises(UnknownViewerError):
        identities.viewer(provider.token(exp=now - identity.SKEW_SECONDS - 1))


def test_authorities_come_from_a_claim_where_one_is_named(provider: LocalProvider) -> None:
    settings = Provider(
        provider.issuer, CLIENT, "", AUDIENCE, "realm_access.roles", "councils", {"fp-officer": "officer"}
    )
    identities = Identities(settings, frozenset({HERE, "E06000032"}))
    for claim, codes in (
        ([HERE], {HERE}),
        ("E06000032 E06999001", {HERE, "E06000032"}),
        (["E09000001", "*"], set()),
        (None, set()),
        ({"a": 1}, set()),
    ):
        assert identities.viewer(provider.token(councils=claim)).authorities == codes


def test_unknown_keys_do_not_make_us_ask_the_provider_again_and_again(
    provider: LocalProvider, identities: Identities
) -> None:
    for n in range(20):
        with pytest.raises(UnknownViewerError):
            identities.viewer(provider.token(kid=f"k{n}"))
    assert provider.asked.count("/keys") == 1


def test_a_new_key_is_found_once_the_pause_is_over(provider: LocalProvider, identities: Identities) -> None:
    assert identities.viewer(provider.token()).role == "officer"
    old, provider.rsa = provider.rsa, provider.other
    try:
        fresh = {
            "keys": [
                {
                    **jwt.algorithms.RSAAlgorithm.to_jwk(provider.other.public_key(), as_dict=True),
                    "kid": "fresh",
                }
            ]
        }
        provider.keys = lambda: fresh  # type: ignore[method-assign]
        with pytest.raises(UnknownViewerError):
            identities.viewer(provider.token(kid="fresh"))
        identities._tried -= identity.AGAIN_SECONDS + 1
        assert identities.viewer(provider.token(kid="fresh")).role == "officer"
        with pytest.raises(UnknownViewerError):
            identities.viewer(provider.token(old, kid="rsa"))
    finally:
        del provider.keys
        provider.rsa = old


def test_a_provider_that_is_down_is_told_and_keys_that_were_good_stay(
    provider: LocalProvider, identities: Identities
) -> None:
    provider.down = True
    for _ in range(3):
        with pytest.raises(ProviderError, match=r"does not answer|answered 503"):
            identities.viewer(provider.token())
    assert len(provider.asked) == 1
    provider.down = False
    identities._tried -= identity.AGAIN_SECONDS + 1
    assert identities.viewer(provider.token()).role == "officer"
    provider.down = True
    identities._fetched -= identity.FRESH_SECONDS + 1
    identities._tried -= identity.AGAIN_SECONDS + 1
    assert identities.viewer(provider.token()).role == "officer"
    identities._fetched -= 25 * identity.FRESH_SECONDS
    identities._tried -= identity.AGAIN_SECONDS + 1
    with pytest.raises(ProviderError):
        identities.viewer(provider.token())


@pytest.mark.parametrize(
    "document",
    [{"issuer": "https://login.example"}, {"jwks_uri": "http://login.example/keys"}, {"jwks_uri": "file:///etc/passwd"}, {"jwks_uri": None}],
)  # fmt: skip
def test_a_provider_that_names_another_or_sends_us_into_the_open_is_refused(
    provider: LocalProvider, identities: Identities, document: dict
) -> None:
    provider.document = document
    with pytest.raises(ProviderError):
        identities.viewer(provider.token())


def test_a_provider_whose_answer_does_not_end_is_given_up(
    provider: LocalProvider, identities: Identities
) -> None:
    provider.document = {"x": "y" * identity.PROVIDER_BYTES}
    with pytest.raises(ProviderError, match="too long"):
        identities.viewer(provider.token())


# Signing in with a browser


class Browser:
    """The service with the provider, asked as a browser asks: cookies kept, redirects followed by hand."""

    def __init__(self, caller: Any, provider: LocalProvider, settings: Any) -> None:
        self.caller, self.provider, self.settings = caller, provider, settings
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, address: str, **rest: Any) -> httpx.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {**({"cookie": cookies} if cookies else {}), **rest.pop("headers", {})}
        self.caller.client.cookies.clear()
        got = self.caller.ask(method, address, headers=headers, **rest)
        for one in got.headers.get_list("set-cookie"):
            assert "HttpOnly" in one
            assert "SameSite=Lax" in one
            name, value = one.split(";")[0].split("=", 1)
            self.cookies[name] = value
            if "Max-Age=0" in one:
                del self.cookies[name]
        return got

    def at_provider(self, then: str = "/packs", **change: Any) -> dict[str, str]:
        """Begin, and be sent back by the provider with a code; gives what it sends along."""
        got = self.ask("GET", f"/sign-in?then={then}")
        assert got.status_code == 303
        asked = {name: one[0] for name, one in parse_qs(urlsplit(got.headers["location"]).query).items()}
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["redirect_uri"] == "http://127.0.0.1:8000/signed-in"
        claims = {"aud": CLIENT, "nonce": asked["nonce"], **change}
        code = f"code-{len(self.provider.codes)}-{time.monotonic_ns()}"
        self.provider.codes[code] = {
            "challenge": asked["code_challenge"],
            "token": self.provider.token(**claims),
        }
        return {"code": code, "state": asked["state"], "session_state": "x"}

    def sign_in(self) -> httpx.Response:
        return self.ask("GET", "/signed-in", params=self.at_provider())


@pytest.fixture(scope="module")
def signed_app(
    provider: LocalProvider, sample_pack, caller, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("oidc")
    (folder / "client.secret").write_text(SECRET, encoding="utf-8")
    (folder / "client.secret").chmod(0o600)
    (folder / "serve.toml").write_text(
        f'''address = "http://127.0.0.1:8000"
[dpia]
reference = "D"
date = 2026-09-01
approver = "DPO"
[officers]
authorities = ["{HERE}"]
[audit]
file = "audit.jsonl"
[oidc]
issuer = "{provider.issuer}"
client = "{CLIENT}"
secret_file = "client.secret"
audience = "{AUDIENCE}"
role_claim = "realm_access.roles"
officer = ["fp-officer"]
''',
        encoding="utf-8",
    )
    settings = read_service_settings(folder / "serve.toml")
    own = type(caller)(create_app([sample_pack.path], settings=settings))
    yield own, settings
    own.close()


@pytest.fixture
def browser(signed_app: Any, provider: LocalProvider) -> Browser:
    provider.down, provider.document = False, {}
    return Browser(signed_app[0], provider, signed_app[1])


def test_somebody_signs_in_sees_the_officer_edition_and_signs_out(browser: Browser) -> None:
    assert browser.ask("GET", "/packs/halverton").json()["edition"] == "public"
    got = browser.sign_in()
    assert (got.status_code, got.headers["location"]) == (303, "/packs")
    assert set(browser.cookies) == {"fairplace"}
    got = browser.ask("GET", "/packs/halverton")
    assert got.json()["edition"] == "officer"
    assert got.headers["cache-control"] == "private, no-store"
    me = browser.ask("GET", "/me").json()
    assert (me["name"], me["signed_in_by"]) == ("a.officer@halverton.example", "session")
    here = {"sec-fetch-site": "same-origin"}
    got = browser.ask("POST", "/sign-out", data={"form_word": me["form_word"]}, headers=here)
    assert got.status_code == 303
    assert browser.cookies == {}
    assert browser.ask("GET", "/packs/halverton").json()["edition"] == "public"
    events = [json.loads(one)["event"] for one in browser.settings.audit.read_text().splitlines()]
    assert events[:2] == ["signed in", "shown"]
    assert "signed out" in events


def test_a_bearer_token_of_the_provider_is_as_good(browser: Browser) -> None:
    good = {"authorization": f"Bearer {browser.provider.token()}"}
    assert browser.ask("GET", "/packs/halverton", headers=good).json()["edition"] == "officer"
    for_client = {"authorization": f"Bearer {browser.provider.token(aud=CLIENT)}"}
    assert browser.ask("GET", "/packs/halverton", headers=for_client).status_code == 401


def test_the_public_is_served_while_the_provider_is_down(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Identities, "_key", _down)
    assert browser.ask("GET", "/packs/halverton").status_code == 200
    got = browser.ask(
        "GET", "/packs/halverton", headers={"authorization": f"Bearer {browser.provider.token()}"}
    )
    assert (got.status_code, got.headers["retry-after"]) == (503, "2")


def _down(*rest: object) -> Any:
    raise ProviderError("the provider that says who people are does not answer")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nonce": "another"}, "another question"), ({"nonce": None}, "another question"), ({"aud": "other"}, "another service"),
        ({"azp": "other"}, "another service"), ({"exp": 1}, "has ended"), ({"iss": "https://x.example"}, "another provider"),
    ],
)  # fmt: skip
def test_an_answer_to_another_question_signs_nobody_in(browser: Browser, change: dict, said: str) -> None:
    got = browser.ask("GET", "/signed-in", params=browser.at_provider(**change))
    assert got.status_code == 401
    assert said in got.json()["detail"]
    assert "fairplace" not in browser.cookies


def test_the_way_back_is_good_once_for_the_browser_that_went(browser: Browser, signed_app: Any) -> None:
    sent = browser.at_provider()
    stranger = Browser(signed_app[0], browser.provider, browser.settings)
    assert stranger.ask("GET", "/signed-in", params=sent).status_code == 401
    assert browser.ask("GET", "/signed-in", params={**sent, "state": "x"}).status_code == 401
    assert browser.ask("GET", "/signed-in", params={**sent, "iss": "https://x.example"}).status_code == 401
    refused = browser.ask(
        "GET", "/signed-in", params={"state": sent["state"], "error": "<script>access_denied"}
    )
    assert refused.status_code == 401
    assert "<script>" not in refused.text
    assert browser.ask("GET", "/signed-in", params=sent).status_code == 303
    assert browser.ask("GET", "/signed-in", params=sent).status_code == 401


def test_a_code_without_its_verifier_is_worth_nothing(browser: Browser) -> None:
    sent = browser.at_provider()
    browser.provider.codes[sent["code"]]["challenge"] = "another"
    assert browser.ask("GET", "/signed-in", params=sent).status_code == 401


@pytest.mark.parametrize(
    "then",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
        "",
        "/" + "a" * 2000,
    ],
)
def test_nobody_is_sent_to_another_site(then: str) -> None:
    assert local_address(then) == "/"


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:-2] + "AA",
        lambda c: "x" + c,
        lambda c: c.split(".")[0],
        lambda c: c + ".x",
        lambda c: ".",
        lambda c: "é",
        lambda c: "a" * 9000 + "." + "b",
    ],
)
def test_a_session_that_is_not_letter_for_letter_ours_is_the_publics(browser: Browser, change: Any) -> None:
    browser.sign_in()
    browser.cookies["fairplace"] = change(browser.cookies["fairplace"])
    got = browser.ask(
        "GET", "/packs/halverton", headers={"cookie": f"fairplace={browser.cookies['fairplace']}".encode()}
    )
    assert got.json()["edition"] == "public"
    assert got.headers["cache-control"] == "private, no-store"


def test_a_session_ends_and_cookies_of_one_use_serve_no_other() -> None:
    viewer = Viewer("A", "officer", frozenset({HERE}), "session")
    sessions = Sessions(b"k" * 64, "https://fairplace.example", 60)
    cookie = sessions.session(viewer)
    assert (sessions.cookie, sessions.secure) == ("__Host-fairplace", True)
    assert sessions.viewer(cookie) == viewer
    assert Sessions(b"j" * 64, "https://fairplace.example", 60).viewer(cookie) is None
    assert Sessions(b"k" * 64, "https://fairplace.example", -1).session(viewer) != cookie
    assert sessions.viewer(Sessions(b"k" * 64, "https://fairplace.example", -1).session(viewer)) is None
    assert (
        sessions.viewer(
            sessions._seal("signing in", {"name": "A", "role": "officer", "authorities": [], "until": 2**40})
        )
        is None
    )


def test_a_change_needs_our_own_page_and_its_word(browser: Browser) -> None:
    browser.sign_in()
    word = browser.ask("GET", "/me").json()["form_word"]
    other = browser.ask("GET", "/me").json()["form_word"]
    assert word != other, "masked anew each time"
    same = {"sec-fetch-site": "same-origin"}
    for headers, data in (
        ({}, {"form_word": word}),
        ({"sec-fetch-site": "cross-site"}, {"form_word": word}),
        ({"sec-fetch-site": "same-site"}, {"form_word": word}),
        ({"sec-fetch-site": "none"}, {"form_word": word}),
        ({"origin": "https://evil.example"}, {"form_word": word}),
        ({"origin": "null"}, {"form_word": word}),
        (same, {}),
        (same, {"form_word": word[:-4] + "AAAA"}),
        (same, {"form_word": "A" * 86}),
        (same, {"form_word": "é"}),
    ):
        got = browser.ask("POST", "/sign-out", data=data, headers=headers)
        assert got.status_code == 403, (headers, data)
        assert browser.ask("GET", "/me").json()["role"] == "officer"
    assert (
        browser.ask(
            "POST", "/sign-out", data={"form_word": other}, headers={"origin": "http://127.0.0.1:8000"}
        ).status_code
        == 303
    )
