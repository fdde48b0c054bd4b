"""Work that takes longer than an answer may: queued, done in a process of its own, kept for a while.

What is known of a job is in files of a folder that the workers of a service share, so that any of them
can tell of it. Each worker does one job at a time and lets few wait; whoever comes then is told to come
again. A job's identifier cannot be guessed, is listed nowhere, and is all that gives its results.

What was sent is thrown away as soon as a job is over, and what is kept is bounded in number and bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fairplace.service.bounds import (
    JOB_KEPT_SECONDS,
    JOB_SECONDS,
    JOBS_BYTES,
    JOBS_KEPT,
    JOBS_RECEIVED,
    JOBS_WAITING,
)
from fairplace.service.leftover import JOBS, claim
from fairplace.service.problems import FAULT, BusyError, MissingError

State = Literal["queued", "running", "done", "failed", "cancelled"]
#: Folder of jobs that workers share; a folder of its own for each service if it is not set.
FOLDER_VARIABLE = "FAIRPLACE_JOBS"
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_OPEN = ("queued", "running")
_TICK = 0.1
#: Seconds after which what is kept is looked through, if nobody has submitted anything.
_SWEEP = 60.0
#: What stays of a job that has no results: how it ended, and what it wrote about a fault of ours.
_STAY = frozenset({"state.json", "errors.txt"})


@dataclass
class Jobs:
    """The jobs of a service, and those of them that this worker does.

    Parameters
    ----------
    folder
        Shared by the workers; made if need be.
    waiting
        Most jobs that wait in this worker.
    seconds
        Longest that one may take.
    kept
        Seconds for which a finished one is kept.
    most, most_bytes
        Finished ones that are kept, by all workers together; beyond that the oldest go first, and before
        them those that failed or were cancelled.
    own
        Whether the folder is this worker's alone, and goes with it.
    """

    folder: Path
    waiting: int = JOBS_WAITING
    seconds: float = JOB_SECONDS
    kept: float = JOB_KEPT_SECONDS
    most: int = JOBS_KEPT
    most_bytes: int = JOBS_BYTES
    own: bool = False
    _queue: deque[str] = field(default_factory=deque)
    _change: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None
    _closed: bool = False
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _received: int = 0
    _owner: int | None = None

    @contextlib.contextmanager
    def receiving(self) -> Iterator[None]:
        """Let one more job be sent, before anything of it is read, for as long as it is read.

        Raises
        ------
        BusyError
            Enough wait already, as many are being sent, or the service is being stopped.
        """
        with self._counting:
            self.check_room()
            if self._received >= JOBS_RECEIVED:
                raise BusyError(f"{self._received} jobs are being sent; submit it again in a minute")
            self._received += 1
        try:
            yield
        finally:
            with self._counting:
                self._received -= 1

    def submit(self, pack: str, kind: str, work: Mapping[str, Any]) -> str:
        """Take a job in, and give its identifier.

        Parameters
        ----------
        pack, kind
            Where it belongs, and what it is.
        work
            What the process is told: see `fairplace.service.work`.

        Raises
        ------
        BusyError
            Enough wait already.
        """
        with self._change:
            self.check_room()
            self._sweep()
            name = secrets.token_urlsafe(16)
            place = self.folder / name
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.own and self._owner is None:
                self._owner = claim(self.folder)
            place.mkdir(mode=0o700)
            content = {**work, "kind": kind}
            try:
                (place / "work.json").write_text(json.dumps(content), encoding="utf-8")
                self._say(
                    name, pack=pack, kind=kind, state="queued", progress=0.0, message="waiting for its turn"
                )
            except OSError:
                shutil.rmtree(place, ignore_errors=True)
                raise
            self._queue.append(name)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
                self._thread.start()
            self._change.notify_all()
        return name

    def check_room(self) -> None:
        """Refuse a job that could not wait, before anything of it is read.

        Raises
        ------
        BusyError
            Enough wait already, or the service is being stopped.
        """
        if self._closed or len(self._queue) >= self.waiting:
            raise BusyError(f"{len(self._queue)} jobs are waiting; submit it again in a minute")

    def look(self, pack: str, name: str) -> dict[str, Any]:
        """Tell how a job stands.

        Returns
        -------
        dict
            ``id``, ``kind``, ``state``, ``progress`` (0 to 1), ``message`` and ``files`` once it is done.

        Raises
        ------
        MissingError
            There is none of that name in that pack, or it is no longer kept.
        """
        said = self._read(name) if _ID.fullmatch(name) else None
        if said is None or said["pack"] != pack or self._outdated(name, said):
            raise MissingError(
                f"there is no such job; results are kept for {self.kept / 60:g} minutes, so submit it again"
            )
        if said["state"] in _OPEN and not _alive(int(said["worker"])):
            said = self._say(name, state="failed", message="the service was stopped; submit it again")
        shown = {key: said[key] for key in ("kind", "state", "progress", "message")}
        return {"id": name, **shown, "files": self.files(name) if said["state"] == "done" else []}

    def cancel(self, pack: str, name: str) -> dict[str, Any]:
        """Stop a job, whichever worker does it, and throw away what it made."""
        said = self.look(pack, name)
        if said["state"] in _OPEN:
            (self.folder / name / "cancel").touch()
            with self._change:
                if name in self._queue:
                    self._queue.remove(name)
                    self._say(name, state="cancelled", message="cancelled before it began")
                    self._empty(name)
        elif said["state"] != "cancelled":
            self._say(name, state="cancelled", message="cancelled")
            self._empty(name)
        return self.look(pack, name)

    def files(self, name: str) -> list[str]:
        """Names of the files that a job has made."""
        place = self.folder / name / "files"
        return sorted(one.relative_to(place).as_posix() for one in place.rglob("*") if one.is_file())

    def file(self, pack: str, name: str, file: str) -> Path:
        """Give one of the files of a job that is done.

        Raises
        ------
        MissingError
            There is no such job or file.
        """
        if file not in self.look(pack, name)["files"]:
            raise MissingError(f'the job has no file "{file[:80]}"; it lists those it has once it is done')
        return self.folder / name / "files" / file

    def close(self) -> None:
        """Stop what is under way, and take nothing more."""
        with self._change:
            self._closed = True
            for name in self._queue:
                self._say(name, state="cancelled", message="the service was stopped; submit it again")
                self._empty(name)
            self._queue.clear()
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=20)
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._owner is not None:
            os.close(self._owner)
            self._owner = None

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._queue and not self._closed:
                    self._change.wait(_SWEEP)
                    self._sweep()
                if self._closed:
                    return
                name = self._queue.popleft()
                self._say(name, state="running", message="begun")
            try:
                self._work(name)
            except Exception:  # noqa: BLE001 the thread must outlive any one job
                with contextlib.suppress(OSError):
                    self._say(name, state="failed", message=FAULT)
            with self._change:
                self._empty(name)
                self._sweep()

    def _work(self, name: str) -> None:
        place = self.folder / name
        command = [sys.executable, "-m", "fairplace.service.work", str(place)]
        with (place / "errors.txt").open("wb") as errors:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
                start_new_session=True, text=True, encoding="utf-8",
            )  # fmt: skip
        told: dict[str, Any] = {}
        reader = threading.Thread(target=self._listen, args=(name, process, told), daemon=True)
        reader.start()
        until, why = time.monotonic() + self.seconds, ""
        while process.poll() is None:
            if (place / "cancel").exists():
                why = "cancelled"
            elif self._closed:
                why = "the service was stopped; submit it again"
            elif time.monotonic() > until:
                why = f"it took longer than {self.seconds / 60:g} minutes; ask for less"
            if why:
                _kill(process)
                break
            time.sleep(_TICK)
        process.wait()
        reader.join(timeout=10)
        if process.returncode == 0 and not why:
            self._say(name, state="done", progress=1.0, message="done")
            return
        stopped = why == "cancelled" or self._closed
        message = why or told.get("failed", FAULT)
        self._say(name, state="cancelled" if stopped else "failed", message=message)

    def _listen(self, name: str, process: subprocess.Popen[str], told: dict[str, Any]) -> None:
        """Hear from a process how far it is: a line of JSON each time."""
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if "failed" in said:
                        told["failed"] = str(said["failed"])
                    elif process.poll() is None:
                        self._say(name, progress=float(said["progress"]), message=str(said["message"]))

    def _say(self, name: str, **change: Any) -> dict[str, Any]:
        said = {"worker": os.getpid(), **(self._read(name) or {}), **change}
        path = self.folder / name / "state.json"
        draft = path.with_name(f"state-{threading.get_ident()}.part")
        draft.write_text(json.dumps(said), encoding="utf-8")
        draft.replace(path)
        return said

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            said: dict[str, Any] = json.loads((self.folder / name / "state.json").read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return said

    def _empty(self, name: str) -> None:
        """Throw away what a job was sent, and what it made unless it is done."""
        said = self._read(name)
        stay = _STAY | {"files"} if said is not None and said["state"] == "done" else _STAY
        with contextlib.suppress(OSError):
            for one in [*(self.folder / name).iterdir()]:
                if one.name not in stay and not one.name.endswith(".part"):
                    _remove(one)

    def _outdated(self, name: str, said: Mapping[str, Any]) -> bool:
        """Tell whether a job was over too long ago to be kept."""
        if said["state"] in _OPEN and _alive(int(said["worker"])):
            return False
        try:
            return time.time() - (self.folder / name / "state.json").stat().st_mtime > self.kept
        except OSError:
            return True

    def _sweep(self) -> None:
        """Throw away jobs that were over too long ago, and the oldest where there are too many."""
        over: list[tuple[bool, float, Path]] = []
        for place in [*self.folder.iterdir()] if self.folder.is_dir() else ():
            said = self._read(place.name)
            if said is None or (said["state"] in _OPEN and _alive(int(said["worker"]))):
                continue
            if self._outdated(place.name, said):
                shutil.rmtree(place, ignore_errors=True)
                continue
            with contextlib.suppress(OSError):
                over.append((said["state"] == "done", (place / "state.json").stat().st_mtime, place))
        over.sort(key=lambda one: one[:2])
        sizes = [_bytes_of(place) for _, _, place in over]
        number, used = len(over), sum(sizes)
        for (_, _, place), size in zip(over, sizes, strict=True):
            if number <= self.most and used <= self.most_bytes:
                break
            shutil.rmtree(place, ignore_errors=True)
            number, used = number - 1, used - size


def open_jobs() -> Jobs:
    """Open the jobs of this worker, in the folder that workers share; it is made with the first job."""
    shared = os.environ.get(FOLDER_VARIABLE)
    own = Path(tempfile.gettempdir()) / f"{JOBS}{secrets.token_hex(8)}"
    return Jobs(Path(shared)) if shared else Jobs(own, own=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _bytes_of(place: Path) -> int:
    """Bytes of a folder; files that go while they are counted are none."""
    total = 0
    for one in place.rglob("*"):
        with contextlib.suppress(OSError):
            total += one.stat().st_size if one.is_file() else 0
    return total


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that it has started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
