"""One service over the sample authority, asked in this process and over a real socket."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

import pytest

pytest.importorskip("fastapi", reason="the service needs the serve extra")
pytest.importorskip("pygeoapi", reason="the service needs the serve extra")

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import FastAPI

from fairplace.pack import Pack
from fairplace.service.app import create_app
from fairplace.service.running import server_settings
from fairplace.service.settings import ServiceSettings, read_service_settings
from fairplace.service.tokens import make_token, revoke_token


class Caller:
    """Asks the application without a socket, on one event loop of its own."""

    def __init__(self, app: FastAPI) -> None:
        import asyncio

        self.loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://service")

    def get(self, address: str, **rest: object) -> httpx.Response:
        return self.ask("GET", address, **rest)

    def ask(self, method: str, address: str, **rest: object) -> httpx.Response:
        return self.loop.run_until_complete(self.client.request(method, address, **rest))  # type: ignore[arg-type]

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()


@pytest.fixture(scope="session")
def service(sample_pack: Pack) -> FastAPI:
    return create_app([sample_pack.path])


@pytest.fixture(scope="session")
def caller(service: FastAPI) -> Iterator[Caller]:
    caller = Caller(service)
    yield caller
    caller.close()


@pytest.fixture(scope="session")
def address(service: FastAPI) -> Iterator[str]:
    """Address of the same service on a socket of this machine, in a thread."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(service, **server_settings()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.started
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture(scope="session")
def served(sample_pack: Pack) -> Iterator[str]:
    """Address of `fairplace serve` in a process of its own.

    GDAL holds Python's lock while it waits for an answer, so a server in a thread could not give one.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fairplace", "serve", str(sample_pack.path), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            # However busy the machine is: what ends the wait is that it is ready, or has ended.
            while process.poll() is None:
                try:
                    if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=20).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.2)
            assert process.poll() is None
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass(frozen=True)
class Doors:
    """A service with settings: officers of the sample authority and of another, and tokens that do not hold."""

    folder: Path
    settings: ServiceSettings
    app: FastAPI
    caller: Caller
    tokens: Mapping[str, str]

    def get(self, address: str, who: str = "public", **rest: object) -> httpx.Response:
        return self.ask("GET", address, who, **rest)

    def ask(self, method: str, address: str, who: str = "public", **rest: object) -> httpx.Response:
        headers = dict(rest.pop("headers", {}))  # type: ignore[call-overload]
        if who != "public":
            headers["authorization"] = f"Bearer {self.tokens[who]}"
        return self.caller.ask(method, address, headers=headers, **rest)

    def lines(self) -> list[dict[str, object]]:
        """What the audit log holds."""
        path = self.settings.audit
        return (
            [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if path.is_file()
            else []
        )


SETTINGS = """
address = "http://127.0.0.1:8000"
[dpia]
reference = "DPIA-2026-014 (fictional)"
date = 2026-09-01
approver = "Data Protection Officer"

[officers]
authorities = ["E06999001", "E06999002"]

[audit]
file = "audit.jsonl"

[tokens]
file = "tokens.json"

[uploads]
folder = "uploads"
megabytes = 1

[oidc]
issuer = "http://127.0.0.1:9"      # nobody answers there
client = "fairplace"
officer = ["officer"]
"""


@pytest.fixture(scope="session")
def doors(sample_pack: Pack, sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("doors")
    store = f'\n[restricted]\nE06999001 = "{(sample_data / "restricted").as_posix()}"\n'
    (folder / "serve.toml").write_text(SETTINGS + store, encoding="utf-8")
    settings = read_service_settings(folder / "serve.toml")
    assert settings.tokens is not None
    old = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    here, there = ["E06999001"], ["E06999002"]
    tokens = {
        "officer": make_token(settings.tokens, name="Officer", role="officer", authorities=here)[1],
        "restricted": make_token(settings.tokens, name="Restricted", role="restricted", authorities=here)[1],
        "elsewhere": make_token(settings.tokens, name="Elsewhere", role="restricted", authorities=there)[1],
        "expired": make_token(settings.tokens, name="Expired", role="officer", authorities=here, now=old)[1],
        "unknown": "fp_00000000_" + "A" * 43,
    }
    ended, tokens["revoked"] = make_token(settings.tokens, name="Revoked", role="officer", authorities=here)
    revoke_token(settings.tokens, ended.id)
    app = create_app([sample_pack.path], settings=settings)
    caller = Caller(app)
    # Started as a server does it, so that it is ready whoever asks first, and takes jobs until it is stopped.
    running = app.router.lifespan_context(app)
    caller.loop.run_until_complete(running.__aenter__())
    yield Doors(folder, settings, app, caller, tokens)
    caller.loop.run_until_complete(running.__aexit__(None, None, None))
    caller.close()


class LocalProvider:
    """An OpenID provider: discovery, keys, a page to sign in at, codes bound to a challenge, signed tokens.

    Roles stand in its ID tokens unless they are `apart`: then only its userinfo endpoint tells them.
    """

    client, audience, secret = "fairplace", "fairplace-api", "a secret: of+the%client"

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())
        self.down, self.asked, self.codes, self.posted = False, [], {}, []
        self.apart: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *rest: object) -> None: ...

            def do_GET(self) -> None:
                provider.asked.append(self.path)
                if self.path.startswith("/authorize?"):
                    self.sign_in(parse_qs(urlsplit(self.path).query))
                    return
                if self.path == "/userinfo" and self.headers["authorization"] == "Bearer opaque":
                    self.say(provider.apart)
                    return
                pages = {"/.well-known/openid-configuration": provider.discovery, "/keys": provider.keys}
                if provider.down or self.path not in pages:
                    self.send_error(503)
                    return
                self.say(pages[self.path]())

            def sign_in(self, asked: dict[str, list[str]]) -> None:
                """A page with one button, which leads back with a code."""
                code = f"code-{time.monotonic_ns()}"
                provider.codes[code] = {
                    "challenge": asked["code_challenge"][0],
                    "token": provider.token(aud=provider.client, nonce=asked["nonce"][0]),
                }
                back = f"{asked['redirect_uri'][0]}?{urlencode({'code': code, 'state': asked['state'][0]})}"
                page = f'<title>Sign in</title><a href="{html.escape(back)}">Sign in as an officer</a>'
                self.say(page.encode(), "text/html")

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                provider.posted.append((form, self.headers["authorization"]))
                code = provider.codes.pop(form["code"][0], None)
                challenge = base64.urlsafe_b64encode(
                    hashlib.sha256(form["code_verifier"][0].encode()).digest()
                )
                # As RFC 6749, 2.3.1 has it: written as in a form, then as Basic.
                named = f"{quote_plus(provider.client)}:{quote_plus(provider.secret)}"
                basic = "Basic " + base64.b64encode(named.encode()).decode()
                shown = self.headers["authorization"] == basic
                if provider.document.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
                    shown = form.get("client_secret") == [provider.secret]
                if code is None or challenge.rstrip(b"=").decode() != code["challenge"] or not shown:
                    self.send_error(400)
                    return
                self.say({"id_token": code["token"], "token_type": "Bearer", "access_token": "opaque"})

            def say(self, content: object, media: str = "application/json") -> None:
                body = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(200)
                self.send_header("content-type", media)
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
            "iss": self.issuer, "aud": self.audience, "sub": "u1", "iat": now, "exp": now + 600,
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


# A browser, and a person before it


DESKTOP, PHONE = (1280, 800), (390, 844)
#: Milliseconds in which something must come to pass on a busy machine.
WAIT = 120_000
#: What has the focus: whether a ring shows it, and whether it is in sight and nothing lies over it.
_FOCUS = """() => {
  const now = document.activeElement;
  if (!now || now === document.body) return null;
  const box = now.getBoundingClientRect(), style = getComputedStyle(now);
  const over = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8], [0.1, 0.8], [0.9, 0.2]]
    .map(([x, y]) => document.elementFromPoint(box.left + x * box.width, box.top + y * box.height));
  return {
    name: (now.getAttribute("aria-label") || now.textContent || now.id).trim().slice(0, 60),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    sight: over.some((one) => one && (now.contains(one) || one.contains(now))),
    presses: now.matches("button, a, summary"),
  };
}"""


@dataclass
class Person:
    """Somebody before a page, and everything that went wrong in it: hosts asked, errors, lost focus."""

    page: Any
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def clean(self) -> None:
        assert (self.outside, self.errors, self.unseen) == ([], [], [])

    def tab(self, key: str = "Tab") -> dict[str, Any] | None:
        """Press Tab, and look where the focus is."""
        self.page.keyboard.press(key)
        focus: dict[str, Any] | None = self.page.evaluate(_FOCUS)
        for _ in range(100):
            if focus is None or (focus["ring"] and focus["sight"]):
                return focus
            # What is on its way may be moving the page at this very moment; where it settles counts.
            self.page.wait_for_timeout(50)
            focus = self.page.evaluate(_FOCUS)
        if focus is not None and not (focus["ring"] and focus["sight"]):
            self.unseen.append(f"{focus['name']}: ring {focus['ring']}, in sight {focus['sight']}")
        return focus

    def tab_to(self, what: str) -> None:
        """Press Tab until what is wanted has the focus, as somebody without a mouse does."""
        for _ in range(250):
            self.tab()
            if self.page.evaluate("what => document.activeElement.matches(what)", what):
                return
        raise AssertionError(f"{what} cannot be reached by Tab")

    def press(self, name: str, key: str = "Enter") -> None:
        """Press Tab until a button or link of that name has the focus, then Enter."""
        for _ in range(250):
            focus = self.tab()
            if focus is not None and focus["presses"] and focus["name"].startswith(name):
                self.page.keyboard.press(key)
                return
        raise AssertionError(f'no button or link "{name}" can be reached by Tab')

    def choose(self, files: Any) -> None:
        """Press Space on the file field that has the focus, and choose in the system's own dialogue.

        A busy browser may lose the press, as it does for people, who press again.
        """
        from playwright.sync_api import TimeoutError as PlaywrightTimeout

        self.until("document.activeElement?.type === 'file'")
        for more in (2, 1, 0):
            try:
                with self.page.expect_file_chooser(timeout=WAIT / 4) as coming:
                    self.page.keyboard.press("Space")
            except PlaywrightTimeout:
                if not more:
                    raise
                continue
            coming.value.set_files(files)
            return

    def until(self, expression: str, given: Any = None) -> None:
        """Ask again until it holds; the page's own policy forbids Playwright to wait inside it."""
        deadline = time.monotonic() + WAIT / 1000
        while not self.page.evaluate(expression, given):
            assert time.monotonic() < deadline, expression
            self.page.wait_for_timeout(50)

    def hears(self, text: str) -> None:
        """Wait until the live region says something."""
        self.until("text => document.getElementById('spoken').textContent.includes(text)", text)

    def check_axe(self) -> None:
        """Hold the page as it is to axe: nothing moderate, serious or critical; and to targets of 24 pixels."""
        carried = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
        self.page.evaluate(resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "axe.run().then(said => said.violations.map(one => [one.impact, one.id, one.nodes.slice(0, 3).map(node => node.html)]))"
        )
        assert [one for one in found if one[0] in ("serious", "critical", "moderate")] == []
        small = self.page.evaluate(
            """[...document.querySelectorAll('button, select, input, summary, #tasks a, nav a, .account a, td a')].filter(one => one.offsetParent)
            .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()]).filter(([, at]) => at.width < 24 || at.height < 24).map(([one]) => one)"""
        )
        assert small == []
        width = self.page.viewport_size["width"]
        assert self.page.evaluate("document.documentElement.scrollWidth") <= width


# Not for the session: the driver keeps an event loop running in its thread, and tests of other files
# that share the worker could start none of their own.
@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("needs Chromium: install Debian's chromium package")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright from the test group")
    with sync_api.sync_playwright() as driver:
        made = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--no-first-run", "--disable-background-networking"]
        )
        yield made
        made.close()


@pytest.fixture
def visit(chrome: Any) -> Callable[..., Any]:
    """A page at an address and a size; whatever is asked of another host than those given is cut."""

    @contextmanager
    def opened(address: str, *hosts: str, size: tuple[int, int] = DESKTOP) -> Iterator[Person]:
        width, height = size
        context = chrome.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, has_touch=width < 500
        )
        page = context.new_page()
        page.set_default_timeout(WAIT)
        person = Person(page)

        def gate(route: Any) -> None:
            if route.request.url.startswith((*(f"{host}/" for host in hosts), "blob:", "data:")):
                route.fallback()
            else:
                person.outside.append(route.request.url)
                route.abort()

        page.route("**/*", gate)
        page.on("pageerror", lambda error: person.errors.append(str(error)))
        page.on("console", lambda said: person.errors.append(said.text) if said.type == "error" else None)
        page.goto(address)
        try:
            yield person
        finally:
            context.close()

    return opened
