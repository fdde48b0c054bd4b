"""One service over the sample authority, asked in this process and over a real socket."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the service needs the serve extra")
pytest.importorskip("pygeoapi", reason="the service needs the serve extra")

import httpx
import uvicorn
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


async def _start(app: FastAPI) -> None:
    """Start an application as a server does, so that it is ready whoever asks first."""
    async with app.router.lifespan_context(app):
        pass


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
    asyncio.run(_start(app))
    caller = Caller(app)
    yield Doors(folder, settings, app, caller, tokens)
    caller.close()
