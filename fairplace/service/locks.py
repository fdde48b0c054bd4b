"""One at a time, among processes: a lock on a file that ends with whoever holds it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock; another process that wants it waits. It is let go of when a process dies.

    Parameters
    ----------
    path
        A file for the lock alone; made if need be, left there afterwards.
    """
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        hold(handle)
        yield
    finally:
        os.close(handle)


def hold(handle: int) -> None:
    """Lock an open file until it is closed."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX)
