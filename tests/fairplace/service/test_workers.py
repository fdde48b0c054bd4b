"""Several workers: one copy of the packs, a dead one replaced, all of them stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from fairplace.pack import Pack
from fairplace.service.workers import can_share

pytestmark = pytest.mark.skipif(not can_share(), reason="this system does not share memory between workers")


@pytest.fixture
def workers(sample_pack: Pack) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`fairplace serve` with two workers, answering."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "fairplace",
        "serve",
        str(sample_pack.path),
        "--port",
        str(port),
        "--workers",
        "2",
    ]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: answers(address), process)
            wait_until(lambda: len(children(process.pid)) == 2, process)
            yield process, address
        finally:
            process.kill()
            for one in children(process.pid):
                os.kill(one, signal.SIGKILL)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def children(pid: int) -> set[int]:
    try:
        return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()


def wait_until(said: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        assert process.poll() is None
        if said():
            return
        time.sleep(0.1)
    raise AssertionError("waited three minutes")


def proportional(pid: int) -> float:
    """Memory of a process with shared pages divided by those who share them, in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def test_workers_share_the_packs_are_replaced_and_stop_together(
    workers: tuple[subprocess.Popen[bytes], str],
) -> None:
    process, address = workers
    assert httpx.get(f"{address}/packs", timeout=60).status_code == 200
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    whole = float(next(line.split()[1] for line in status if line.startswith("VmRSS"))) / 1024
    # Three processes with a copy each would be three times one.
    assert sum(proportional(one) for one in (process.pid, *children(process.pid))) < 2 * whole

    first = children(process.pid)
    os.kill(min(first), signal.SIGKILL)
    wait_until(lambda: len(children(process.pid)) == 2 and children(process.pid) != first, process)
    assert all(httpx.get(f"{address}/health", timeout=60).status_code == 200 for _ in range(20))

    held = children(process.pid)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 0
    assert not answers(address)
    assert not any(Path(f"/proc/{one}").exists() for one in held)
