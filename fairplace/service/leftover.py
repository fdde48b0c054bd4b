"""Temporary folders of a service: they go with it, and those that a killed one left go at the next start.

Whoever owns a folder holds a lock on a file in it, and so do the processes forked from it. The system lets
go of the lock when the last of them has ended, however it ended, so a folder whose lock is free is nobody's.
A process number would not tell: it is given out again, and one of another container is not seen from here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

#: How the names of such folders begin: of jobs, and of packs brought from a database.
JOBS, PACKS = "fairplace-jobs-", "fairplace-serve-"
#: The file that an owner locks; a folder without it is left alone.
OWNER = ".owner"


@contextlib.contextmanager
def own_folder(prefix: str) -> Iterator[Path]:
    """Make a temporary folder that goes with this process; first remove those that dead ones left.

    Parameters
    ----------
    prefix
        `JOBS` or `PACKS`.
    """
    sweep_folders(prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        handle = claim(Path(name))
        try:
            yield Path(name)
        finally:
            if handle is not None:
                os.close(handle)


def claim(folder: Path) -> int | None:
    """Say that a folder has an owner, until the handle given is closed and all processes that have it end.

    Returns
    -------
    int or None
        None on Windows, where a file that is open cannot be moved or removed: nothing is swept there.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    # Locked before it has its name: nobody finds it free in between.
    draft = folder / f"{OWNER}.{os.getpid()}"
    handle = os.open(draft, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_SH)
    draft.rename(folder / OWNER)
    return handle


def sweep_folders(prefix: str) -> list[str]:
    """Remove temporary folders of this user whose owners have ended; give their names."""
    gone: list[str] = []
    if sys.platform == "win32":
        return gone
    for place in sorted(Path(tempfile.gettempdir()).glob(f"{prefix}*")):
        with contextlib.suppress(OSError):
            found = place.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and _remove_if_free(place):
                gone.append(place.name)
    return gone


def _remove_if_free(place: Path) -> bool:
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        handle = os.open(place / OWNER, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(place, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
