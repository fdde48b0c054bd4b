"""The server process: uvicorn with our bounds, in one worker or several."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn

from fairplace.service.access import make_gate
from fairplace.service.app import ADDRESS_VARIABLE, PACKS_VARIABLE, SETTINGS_VARIABLE, create_app
from fairplace.service.bounds import CONNECTIONS, HEADER_BYTES
from fairplace.service.guard import PatientProtocol
from fairplace.service.jobs import FOLDER_VARIABLE
from fairplace.service.leftover import JOBS, own_folder
from fairplace.service.opening import open_released
from fairplace.service.settings import public_address, read_service_settings
from fairplace.service.workers import can_share, run_workers
from geo.errors import UserError


class ServingError(UserError, OSError):
    """The service cannot listen where it was told to."""


def server_settings() -> dict[str, Any]:
    """How uvicorn is run: its bounds, no banner of its name and version, no log of who asked for what."""
    return {
        "http": PatientProtocol,
        "ws": "none",
        "limit_concurrency": CONNECTIONS,
        "h11_max_incomplete_event_size": HEADER_BYTES * 2,
        "timeout_keep_alive": 10,
        "timeout_graceful_shutdown": 20,
        "server_header": False,
        "date_header": False,
        "access_log": False,
        "log_level": "warning",
    }


def serve(
    packs: Sequence[Path],
    *,
    host: str,
    port: int,
    workers: int = 1,
    settings: Path | None = None,
    address: str = "",
) -> None:
    """Serve packs until stopped.

    Parameters
    ----------
    packs
        Folders made by ``fairplace build``.
    host, port
        Where to listen.
    workers
        Processes. Where the system can fork they share one copy of the packs; elsewhere each has its own.
    settings
        File that opens officer data; without it the service is public and read-only.
    address
        Where people reach the service, if that is another server that passes requests on.

    Raises
    ------
    ServingError
        The port is taken or may not be used, or the number of workers makes no sense.
    OpeningError, PackError
        A folder is not a pack.
    ServiceSettingsError
        The settings cannot be followed.
    """
    if not 1 <= port <= 65535:
        raise ServingError(f"port is {port}; give one from 1 to 65535")
    if not 1 <= workers <= 64:
        raise ServingError(f"workers is {workers}; give 1 to 64")
    _check_free(host, port)
    with own_folder(JOBS) as jobs:
        os.environ.setdefault(FOLDER_VARIABLE, str(jobs))
        _run(packs, host, port, workers, settings, address)


def _run(
    packs: Sequence[Path], host: str, port: int, workers: int, settings: Path | None, address: str
) -> None:
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if workers == 1:
        app = create_app(
            packs, settings=read_service_settings(settings) if settings else None, address=address
        )
        _say(f"{where}  (stop with Ctrl+C)")
        uvicorn.run(app, host=host, port=port, **server_settings())
        return
    if can_share():
        app = create_app(
            packs, settings=read_service_settings(settings) if settings else None, address=address
        )
        app.state.holdings.public.warm()
        with _listen(host, port) as listening:
            _say(f"{where}  ({workers} workers; stop with Ctrl+C)")
            run_workers(app, listening, workers=workers, settings=server_settings())
        return
    # The packs are checked here, so that a wrong one is one sentence and not one from each worker.
    open_released(packs)
    os.environ.pop(SETTINGS_VARIABLE, None)
    os.environ[ADDRESS_VARIABLE] = public_address(address, None)
    if settings is not None:
        make_gate(read_service_settings(settings))
        os.environ[SETTINGS_VARIABLE] = str(settings.resolve())
    os.environ[PACKS_VARIABLE] = os.pathsep.join(str(one.resolve()) for one in packs)
    _say(f"{where}  ({workers} workers; stop with Ctrl+C)")
    uvicorn.run(
        "fairplace.service.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        **server_settings(),
    )


def _check_free(host: str, port: int) -> None:
    _listen(host, port).close()


def _listen(host: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host, port))
    except OSError as error:
        one.close()
        raise ServingError(
            f"cannot listen at {host}:{port}: {error.strerror}; choose another --port or --host"
        ) from error
    return one


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 the one line a person needs
