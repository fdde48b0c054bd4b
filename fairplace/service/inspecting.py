"""A file that somebody sent is looked through by a process that may run out of time and memory alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fairplace.checking.apart import SECONDS, UploadError
from fairplace.service.bounds import INSPECTED, INSPECTED_WAITING
from fairplace.service.finished import Turn
from fairplace.service.problems import RequestError
from layers.council.schema import load_schemas

_TURN = Turn(INSPECTED_WAITING, "files are waiting to be looked through", at_once=INSPECTED)


def check_kind(kind: str) -> None:
    """Refuse a kind that is not taken here.

    Raises
    ------
    RequestError
        There is no such kind, or it is about homes and people.
    """
    known = {name: one for name, one in load_schemas().items() if not one.restricted}
    if kind and kind in load_schemas() and kind not in known:
        raise RequestError(
            f'"{kind}" is about homes and people; such tables go into the restricted store with their '
            "papers, not through a browser"
        )
    if kind and kind not in known:
        raise RequestError(f'kind is "{kind[:40]}"; there are {", ".join(known)}')


def inspect_apart(folder: Path, kind: str, name: str) -> dict[str, Any]:
    """Look through a file in a process of its own.

    Parameters
    ----------
    folder
        Holds ``original``; gets the report and the table.
    kind
        What kind of table it is, or empty to be found out.
    name
        What its sender calls it, for the report.

    Returns
    -------
    dict
        The report.

    Raises
    ------
    UploadError
        The file cannot be read, or takes too much.
    BusyError
        Others are being looked through.
    """
    try:
        with _TURN.take():
            done = subprocess.run(
                [sys.executable, "-m", "fairplace.checking.apart", str(folder), kind, name],
                capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UploadError(
            f"looking through the file took longer than {SECONDS} seconds; send fewer rows, or save it as CSV"
        ) from error
    if done.returncode == 0:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return report
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if done.returncode == 2 and said:
        raise UploadError(said[-1][:500])
    raise UploadError("the file takes more memory than looking through it may; save the table alone as CSV")
