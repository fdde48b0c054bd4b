"""Files written whole or not at all.

An output appears under its name only when all of it is on disk. A crash, a full disk or an
interrupted run leaves the old file, or nothing: never half of the new one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from geo.errors import UserError


class OutputError(UserError, OSError):
    """An output could not be written; the message says where and why."""


@contextlib.contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Give a temporary file to write; it takes the name `path` when the block ends well.

    Parameters
    ----------
    path
        Where the file will stand. Its folder is made if need be.

    Yields
    ------
    Path
        A file of the same suffix in the same folder, so that the last step is one rename.

    Raises
    ------
    OutputError
        The folder cannot be written, the disk is full, or another program holds the file open.
    """
    with explain_write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        draft = Path(name)
        try:
            yield draft
            draft.chmod(0o644)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def write_whole_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to fill; it takes the name `path` when the block ends well.

    A folder that stands there already is replaced only if it is one of ours (it holds a
    ``manifest.json``) or is empty: anything else might be somebody's work.

    Raises
    ------
    OutputError
        As `write_whole`, or `path` holds something that we did not make.
    """
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path} is a file, and a folder was to be written there; choose another name")
    if path.is_dir() and any(path.iterdir()) and not (path / "manifest.json").is_file():
        raise OutputError(
            f"{path} holds files that are not a pack of ours; choose an empty folder, or remove it first"
        )
    with explain_write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        old: Path | None = None
        try:
            yield draft
            draft.chmod(0o755)
            if path.is_dir():
                old = path.with_name(f".{path.name}-old-{os.getpid()}")
                path.replace(old)
            try:
                draft.replace(path)
            except OSError:
                if old is not None:
                    old.replace(path)
                    old = None
                raise
        finally:
            if draft.exists():
                shutil.rmtree(draft, ignore_errors=True)
            if old is not None and old.exists():
                shutil.rmtree(old, ignore_errors=True)


def _disk_is_full(error: OSError, path: Path) -> bool:
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return True
    # Libraries that write by themselves count bytes and give no number of an error.
    there = next(folder for folder in (path, *path.resolve().parents) if folder.exists())
    return error.errno is None and shutil.disk_usage(there).free < 2**21


@contextlib.contextmanager
def explain_write(path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a sentence about `path`."""
    try:
        yield
    except OutputError:
        raise
    except PermissionError as error:
        raise OutputError(
            f"{path} cannot be written: no permission, or another program has it open (Excel?); "
            f"close it or choose another folder, and run again"
        ) from error
    except OSError as error:
        if _disk_is_full(error, path):
            raise OutputError(
                f"{path} cannot be written: the disk is full; nothing was left half-written; "
                f"free some space and run again"
            ) from error
        if isinstance(error, UserError):
            raise
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
