"""One job, in a process of its own: what the command line does, with word of how far it is.

Run as ``python -m fairplace.service.work FOLDER``. ``work.json`` in the folder says what to do: the
``kind``, the files that were ``sent``, and the arguments of the command of that name. What is made goes
to ``files``. Each line of the output is JSON: ``progress`` and ``message``, or ``failed`` with the
sentence that the command line would print.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairplace.service.bounds import JOB_FILE_BYTES, JOB_MEMORY
from geo.errors import UserError

#: Niceness: those who wait for an answer come first.
_NICE = 10


def main(folder: Path) -> int:
    """Do the work of a folder; 0 done, 2 what was asked cannot be done, 3 it takes too much memory."""
    _bound()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    work = json.loads((folder / "work.json").read_text(encoding="utf-8"))
    made = folder.resolve() / "files"
    for file, text in work["sent"].items():
        path = folder / "sent" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    os.chdir(folder / "sent")
    arguments = [*work["arguments"], f"--out={made}"]
    try:
        WORK[work["kind"]](arguments, made)
    except UserError as error:
        _tell(failed=str(error))
        return 2
    except MemoryError:
        _tell(failed=f"it took more than the {JOB_MEMORY / 1e9:g} GB of memory that a job may; ask for less")
        return 3
    return 0


def plan(arguments: list[str], out: Path) -> None:
    """Plan hubs, as `fairplace hubs` does."""
    from fairplace.commands import hubs

    args = _parse(hubs, arguments)
    _tell(progress=0.05, message="working out ways on foot")
    from fairplace.hub_files import read_plan_inputs, write_plan

    inputs = read_plan_inputs(args)
    _tell(progress=0.3, message="comparing plans")
    found = inputs.plan()
    _tell(progress=0.85, message="writing the note and its tables")
    write_plan(out, found, inputs)


def review(arguments: list[str], out: Path) -> None:
    """Review a plan, as `fairplace review` does."""
    from fairplace.commands import review as command

    args = _parse(command, arguments)
    _tell(progress=0.05, message="laying the sites over the layers")
    from fairplace.review.bundle import write_bundle
    from fairplace.review.call import make_review

    made = make_review(args)
    _tell(progress=0.6, message="writing the bundle")
    write_bundle(out, made)


#: Kind of job -> what does it.
WORK: dict[str, Callable[[list[str], Path], None]] = {"hubs": plan, "review": review}


def _bound() -> None:
    """Bound the memory of this process, and each file that it writes; its time is bounded by who began it.

    It is the memory that the process may write to which is bounded: address space is set aside for each
    thread of numpy and numba, so that a machine of many cores would run out of it with nothing done.
    """
    if sys.platform != "win32":
        import resource

        for kind, most in (
            (resource.RLIMIT_DATA, JOB_MEMORY),
            (resource.RLIMIT_FSIZE, JOB_FILE_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            hard = resource.getrlimit(kind)[1]
            least = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (least, least))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _parse(command: Any, arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    return parser.parse_args(arguments)


def _tell(**said: Any) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201 the other end of a pipe reads it


def _end_with(parent: int) -> None:
    """End when the service does."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(3)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
