"""The audit log: who was shown what that is not public, and who was refused.

One line of JSON an answer, added before the answer is sent: what cannot be written down is not shown.
A line holds the route's pattern and the pack and layer asked for, never a search, an identifier of a
home or anything else that was typed. The file is opened for each line, so it is rotated by renaming it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fairplace.service.locks import hold
from fairplace.service.viewer import PUBLIC, Viewer
from geo.errors import UserError

Event = Literal["shown", "refused", "changed", "signed in", "signed out"]
#: Letters of a text that are kept.
LETTERS = 160
#: Refusals of people nobody knows that are written down in a minute, so that a stranger cannot fill the disk.
REFUSALS = 60


class AuditError(UserError, OSError):
    """An answer could not be written down, so it was not given."""


@dataclass
class Audit:
    """An audit log.

    Parameters
    ----------
    path
        Of the file; only its owner may read it.
    """

    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _minute: float = 0.0
    _refusals: int = 0
    _left_out: int = 0

    def write(
        self,
        event: Event,
        viewer: Viewer = PUBLIC,
        *,
        method: str = "",
        route: str = "",
        pack: str = "",
        layer: str = "",
        edition: str = "",
        status: int = 0,
        said: str = "",
    ) -> None:
        """Add a line, on disk when this returns.

        Parameters
        ----------
        event
            What happened.
        viewer
            Who it was.
        method, route
            The route's pattern, never the address.
        pack, layer
            What was asked for.
        edition
            In which it was answered.
        status
            Of the answer.
        said
            A sentence of ours.

        Raises
        ------
        AuditError
            The line cannot be written.
        """
        left_out = 0
        if event == "refused" and viewer.role == "public":
            with self._lock:
                left_out = self._count()
            if left_out < 0:
                return
        texts = {
            "who": viewer.name, "how": viewer.how, "role": viewer.role, "method": method, "route": route,
            "pack": pack, "layer": layer, "edition": edition, "said": said,
        }  # fmt: skip
        record: dict[str, str | int] = {
            "time": dt.datetime.now(tz=dt.UTC).isoformat(timespec="milliseconds"),
            "event": event,
            **{name: text[:LETTERS] for name, text in texts.items() if text},
        }
        if viewer.id:
            record["id"] = viewer.id  # whole: the end of it is what tells one from another
        if status:
            record["status"] = status
        if left_out:
            record["refusals_left_out"] = left_out
        # Every letter beyond ASCII and every line break is written as an escape: a line is one record.
        self._append(json.dumps(record, ensure_ascii=True).encode() + b"\n")

    def _count(self) -> int:
        """Count a refusal of a stranger: -1 if it is left out, else how many were since the last line."""
        now = time.monotonic()
        if now - self._minute >= 60:
            self._minute, self._refusals = now, 0
        self._refusals += 1
        if self._refusals > REFUSALS:
            self._left_out += 1
            return -1
        left_out, self._left_out = self._left_out, 0
        return left_out

    def _append(self, line: bytes) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
            try:
                hold(handle)
                if os.fstat(handle).st_size:
                    os.lseek(handle, -1, os.SEEK_END)
                    if os.read(handle, 1) != b"\n":
                        line = b"\n" + line  # the last writer died in the middle of its line
                written = os.write(handle, line)
                if written != len(line):
                    raise AuditError(
                        f"{self.path.name}: the disk is full; make room: nothing is shown until then"
                    )
                os.fsync(handle)
            finally:
                os.close(handle)
        except AuditError:
            raise
        except OSError as error:
            raise AuditError(
                f"the audit log cannot be written ({error.strerror}); mend it: nothing that is not public is "
                "shown until then"
            ) from error
