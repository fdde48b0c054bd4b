"""Who somebody is, against an OpenID provider of our own on this machine, honest and not."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from fairplace.service import identity
from fairplace.service.app import create_app
from fairplace.service.identity import Identities
from fairplace.service.problems import ProviderError, UnknownViewerError
from fairplace.service.sessions import Sessions, local_address
from fairplace.service.settings import Provider, read_service_settings
from fairplace.service.viewer import Viewer

HERE = "E06999001"
CLIENT, AUDIENCE, SECRET = "fairplace", "fairplace-api", "a secret: of+the%client"


@pytest.fixture
def identities(provider: Any) -> Iterator[Identities]:
    provider.down, provider.document, provider.apart = False, {}, {}
    provider.asked.clear()
    roles = {"fp-officer": "officer", "fp-restricted": "restricted"}
    settings = Provider(provider.issuer, CLIENT, SECRET, AUDIENCE, "realm_access.roles", "", roles)
    yield Identities(settings, frozenset({HERE}))
    provider.down, provider.document = False, {}


def test_a_good_token_says_who_and_what(provider: Any, identities: Identities) -> None:
    who = f"{provider.issuer} u1"
    officer = Viewer("a.officer@halverton.example", "officer", frozenset({HERE}), "bearer", who)
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


def _forged(provider: Any, secret: bytes) -> str:
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
def test_a_token_with_a_fault_is_nobodys(provider: Any, identities: Identities, fault: str) -> None:
    make, said = FAULTS[fault]
    with pytest.raises(UnknownViewerError, match=said):
        identities.viewer(make(provider))
    assert set(provider.asked) <= {"/.well-known/openid-configuration", "/keys"}


def test_clocks_may_differ_by_a_minute_and_no_more(provider: Any, identities: Identities) -> None:
    now = int(time.time())
    assert identities.viewer(provider.token(exp=now - identity.SKEW_SECONDS + 30)).role == "officer"
    with pytest.raises(UnknownViewerError):
        identities.viewer(provider.token(exp=now - identity.SKEW_SECONDS - 1))


def test_authorities_come_from_a_claim_where_one_is_named(provider: Any) -> None:
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
    provider: Any, identities: Identities
) -> None:
    for n in range(20):
        with pytest.raises(UnknownViewerError):
            identities.viewer(provider.token(kid=f"k{n}"))
    assert provider.asked.count("/keys") == 1


def test_a_new_key_is_found_once_the_pause_is_over(provider: Any, identities: Identities) -> None:
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
    provider: Any, identities: Identities
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
    provider: Any, identities: Identities, document: dict
) -> None:
    provider.document = document
    with pytest.raises(ProviderError):
        identities.viewer(provider.token())


def test_a_provider_whose_answer_does_not_end_is_given_up(provider: Any, identities: Identities) -> None:
    provider.document = {"x": "y" * identity.PROVIDER_BYTES}
    with pytest.raises(ProviderError, match="too long"):
        identities.viewer(provider.token())


# Signing in with a browser


class Browser:
    """The service with the provider, asked as a browser asks: cookies kept, redirects followed by hand."""

    def __init__(self, caller: Any, provider: Any, settings: Any) -> None:
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
def signed_app(provider: Any, sample_pack, caller, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
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
scopes = ["groups"]
''',
        encoding="utf-8",
    )
    settings = read_service_settings(folder / "serve.toml")
    app = create_app([sample_pack.path], settings=settings)
    own = type(caller)(app)
    own.gate = app.state.gate
    yield own, settings
    own.close()


@pytest.fixture
def browser(signed_app: Any, provider: Any) -> Browser:
    provider.down, provider.document, provider.apart = False, {}, {}
    for part in ("_document", "_keys"):
        getattr(signed_app[0].gate.identities, part).clear()
    signed_app[0].gate.identities._tried = float("-inf")
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
    assert (got.status_code, got.headers["location"]) == (303, "/signed-out")
    assert browser.cookies == {}
    assert browser.ask("GET", "/packs/halverton").json()["edition"] == "public"
    events = [json.loads(one)["event"] for one in browser.settings.audit.read_text().splitlines()]
    assert events[:2] == ["signed in", "shown"]
    assert "signed out" in events
    shown = [json.loads(one) for one in browser.settings.audit.read_text().splitlines()]
    assert {one["id"] for one in shown} == {f"{browser.provider.issuer} u1"}


def test_roles_that_only_the_userinfo_endpoint_tells_are_asked_for_there(browser: Browser) -> None:
    provider = browser.provider
    provider.document = {"userinfo_endpoint": f"{provider.issuer}/userinfo"}
    provider.apart = {"sub": "u1", "realm_access": {"roles": ["fp-officer"]}, "preferred_username": "Another"}
    sent = browser.at_provider(realm_access=None)
    assert browser.ask("GET", "/signed-in", params=sent).status_code == 303
    me = browser.ask("GET", "/me").json()
    assert (me["role"], me["name"]) == ("officer", "a.officer@halverton.example"), "the signed token holds"
    # Where the signed token tells the roles, nobody else is asked.
    provider.asked.clear()
    assert browser.sign_in().status_code == 303
    assert "/userinfo" not in provider.asked


@pytest.mark.parametrize(
    ("apart", "document", "status", "said"),
    [
        ({"sub": "u2", "realm_access": {"roles": ["fp-officer"]}}, {}, 401, "about somebody else"),
        ({"realm_access": {"roles": ["fp-officer"]}}, {}, 401, "about somebody else"),
        (["no object"], {}, 503, "no JSON object"),
        ({}, {"userinfo_endpoint": "http://login.example/userinfo"}, 503, "https://"),
    ],
)
def test_roles_are_not_taken_from_an_answer_about_somebody_else(
    browser: Browser, apart: Any, document: dict, status: int, said: str
) -> None:
    provider = browser.provider
    provider.document = {"userinfo_endpoint": f"{provider.issuer}/userinfo", **document}
    provider.apart = apart
    got = browser.ask("GET", "/signed-in", params=browser.at_provider(realm_access=None))
    assert got.status_code == status
    assert said in got.json()["detail"]
    assert "fairplace" not in browser.cookies


def test_the_secret_is_shown_as_the_provider_takes_it(browser: Browser) -> None:
    provider = browser.provider
    assert browser.sign_in().status_code == 303
    form, header = provider.posted[-1]
    named = base64.b64decode(header.removeprefix("Basic ")).decode()
    assert named == "fairplace:a+secret%3A+of%2Bthe%25client", "written as a form writes it"
    assert "client_secret" not in form
    browser.caller.gate.identities._document.clear()
    provider.document = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert browser.sign_in().status_code == 303
    form, header = provider.posted[-1]
    assert (form["client_secret"], header) == ([SECRET], None)


def test_scopes_of_the_settings_are_asked_for(browser: Browser) -> None:
    got = browser.ask("GET", "/sign-in")
    asked = parse_qs(urlsplit(got.headers["location"]).query)
    assert asked["scope"] == ["openid profile email groups"]


def test_signing_out_leads_to_the_providers_own_way_out_where_there_is_one(browser: Browser) -> None:
    provider = browser.provider
    assert "link" not in browser.ask("GET", "/signed-out").json()
    browser.caller.gate.identities._document.clear()
    provider.document = {"end_session_endpoint": f"{provider.issuer}/end"}
    [asked] = [urlsplit(browser.ask("GET", "/signed-out").json()["link"]["href"])]
    assert asked.path == "/end"
    assert parse_qs(asked.query)["post_logout_redirect_uri"] == ["http://127.0.0.1:8000/"]
    browser.caller.gate.identities._document.clear()
    provider.document = {"end_session_endpoint": "javascript:alert(1)"}
    assert "link" not in browser.ask("GET", "/signed-out").json()


def test_what_a_browser_keeps_for_the_public_is_not_shown_to_who_has_signed_in(browser: Browser) -> None:
    got = browser.ask("GET", "/packs/halverton")
    assert "max-age" in got.headers["cache-control"]
    assert "Cookie" in got.headers["vary"]


def test_every_page_says_who_reads_it_and_leads_back_after_signing_in(browser: Browser) -> None:
    page = {"accept": "text/html"}
    items = "/collections/halverton-areas-lad25/items"
    for address in (
        "/",
        "/docs",
        "/packs/halverton/explore",
        "/packs/halverton/search?q=a&f=html",
        "/packs/halverton/areas/lad25",
        "/packs/halverton/areas/lad25/E06999001",
        items,
        f"{items}/E06999001",
        "/packs/halverton/reach?from=0.05,52.215&minutes=5",
    ):
        text = browser.ask("GET", address, headers=page).text
        assert "You see what everybody may see" in text
        assert f'href="/sign-in?then={quote(address, safe="")}"' in text
    browser.sign_in()
    for address in ("/", f"{items}/E06999001", "/packs/halverton/explore"):
        text = browser.ask("GET", address, headers=page).text
        assert "a.officer@halverton.example, officer" in text
        assert 'action="/sign-out"' in text
    assert int(re.findall(r'data-session="(\d+)"', text)[0]) <= 3600


def test_a_bearer_token_of_the_provider_is_as_good(browser: Browser) -> None:
    good = {"authorization": f"Bearer {browser.provider.token()}"}
    assert browser.ask("GET", "/packs/halverton", headers=good).json()["edition"] == "officer"
    last = json.loads(browser.settings.audit.read_text().splitlines()[-1])
    assert last["id"] == f"{browser.provider.issuer} u1"
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
