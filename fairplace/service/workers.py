"""Several worker processes over one copy of the packs.

The packs are opened and warmed once; then the process forks, and the workers share those pages of memory
until one of them writes there, which none does. A worker that dies is replaced.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from fastapi import FastAPI

from geo.errors import UserError

#: So many deaths within so many seconds are no accident.
_DEATHS, _WITHIN = 10, 30.0
_STOPS = (signal.SIGTERM, signal.SIGINT)


class WorkerError(UserError, RuntimeError):
    """Workers die as soon as they start."""


def can_share() -> bool:
    """Tell whether this system lets processes share what was opened before they part."""
    return hasattr(os, "fork") and sys.platform != "darwin"


def run_workers(
    app: FastAPI,
    listening: socket.socket,
    *,
    workers: int,
    settings: Mapping[str, Any],
    begin: Callable[[], None] = lambda: None,
) -> None:
    """Answer from several processes until told to stop.

    Parameters
    ----------
    app
        With its packs opened.
    listening
        Bound; the workers take turns at it.
    workers
        How many processes.
    settings
        For uvicorn.
    begin
        What each worker does first.

    Raises
    ------
    WorkerError
        Workers die one after the other.
    """
    listening.set_inheritable(True)
    gc.collect()
    # What is here stays: the collector must not touch it, or every worker would get its own copy.
    gc.freeze()
    running: set[int] = set()
    stopping = False
    deaths: list[float] = []

    def stop(number: int, frame: object) -> None:
        nonlocal stopping
        del number, frame
        stopping = True
        for one in running:
            # Ctrl+C has reached them as well; told so twice they would drop what they are answering.
            _signal(one, signal.SIGTERM)

    before = {number: signal.signal(number, stop) for number in _STOPS}
    try:
        while len(running) < workers:
            running.add(_start(app, listening, settings, begin))
        while running:
            pid, status = os.wait()
            running.discard(pid)
            if stopping:
                continue
            deaths = [*(at for at in deaths if time.monotonic() - at < _WITHIN), time.monotonic()]
            if len(deaths) > _DEATHS:
                raise WorkerError(
                    f"{len(deaths)} workers ended within {_WITHIN:.0f} seconds, the last with "
                    f"{_ending(status)}; start one with --workers 1 to see why"
                )
            running.add(_start(app, listening, settings, begin))
    finally:
        for one in running:
            _signal(one, signal.SIGTERM)
        for one in running:
            _reap(one)
        for number, handler in before.items():
            signal.signal(number, handler)


def _start(
    app: FastAPI, listening: socket.socket, settings: Mapping[str, Any], begin: Callable[[], None]
) -> int:
    # Stops wait until the worker has its own way of stopping.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        with warnings.catch_warnings():
            # Python warns of threads beside a fork; those here belong to libraries and hold no lock of ours.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            _work(app, listening, settings, begin, held)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _work(
    app: FastAPI,
    listening: socket.socket,
    settings: Mapping[str, Any],
    begin: Callable[[], None],
    mask: set[signal.Signals] | set[int],
) -> None:
    code = 0
    try:
        for number in _STOPS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        begin()
        uvicorn.Server(uvicorn.Config(app, **settings)).run(sockets=[listening])
    except BaseException:  # noqa: BLE001 whatever it was, this copy of the program must not go on
        traceback.print_exc()
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit code {code}"
