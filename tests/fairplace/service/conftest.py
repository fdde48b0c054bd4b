"""One service over the sample authority, asked in this process and over a real socket."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi", reason="the service needs the serve extra")
pytest.importorskip("pygeoapi", reason="the service needs the serve extra")

import httpx
import uvicorn
from fastapi import FastAPI

from fairplace.pack import Pack
from fairplace.service.app import create_app
from fairplace.service.running import server_settings


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
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline and process.poll() is None:
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
