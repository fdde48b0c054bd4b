"""Temporary folders of a service that was killed go at the next start; those of a live one never do."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairplace.service import running
from fairplace.service.jobs import FOLDER_VARIABLE, Jobs, open_jobs
from fairplace.service.leftover import JOBS, OWNER, PACKS, own_folder, sweep_folders

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is swept on Windows")

#: A process that owns a folder until its input is closed; forked first where it is told to.
_OWNER = """
    import os, sys, time
    from fairplace.service.leftover import JOBS, own_folder
    with own_folder(JOBS) as folder:
        (folder / "result.csv").write_text("1")
        child = os.fork() if sys.argv[1] == "fork" else 1
        if child:
            print(folder, flush=True)
        sys.stdin.read()  # ends when the test closes it
        os._exit(0)  # as a kill would: nothing is tidied up
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that is the test's alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextlib.contextmanager
def owner(how: str = "alone") -> Iterator[tuple[subprocess.Popen[str], Path]]:
    command = [sys.executable, "-c", textwrap.dedent(_OWNER), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_what_a_killed_service_left_goes_and_what_a_live_one_has_stays() -> None:
    with owner() as (dead, left), owner() as (_, kept):
        assert sweep_folders(JOBS) == []
        dead.kill()
        dead.wait(60)
        assert left.is_dir()
        assert sweep_folders(JOBS) == [left.name]
        assert not left.exists()
        assert (kept / "result.csv").read_text() == "1"


def test_a_folder_is_not_swept_while_a_worker_of_the_dead_one_lives() -> None:
    with owner("fork") as (parent, left):
        parent.kill()
        parent.wait(60)
        # The worker that was forked from it reads the same input, which is open still.
        assert sweep_folders(JOBS) == []
        assert left.is_dir()
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.close()
        parent.stdout.read()  # until the worker has ended too
        assert sweep_folders(JOBS) == [left.name]


def test_what_is_no_folder_of_ours_is_left_alone(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    for place in (elsewhere, folder / f"{JOBS}of-an-older-version", folder / "other-1"):
        place.mkdir()
    for place in (elsewhere, folder / "other-1"):
        (place / OWNER).touch()
    (folder / f"{JOBS}link").symlink_to(elsewhere)
    (folder / f"{JOBS}file").touch()
    assert sweep_folders(JOBS) == []
    assert len(list(folder.iterdir())) == 5
    assert (elsewhere / OWNER).exists()


def test_starting_to_serve_sweeps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with owner() as (dead, left):
        dead.kill()
        dead.wait(60)
    seen: list[list[str]] = []
    monkeypatch.setattr(running, "_run", lambda *_: seen.append(sorted(one.name for one in folder.iterdir())))
    monkeypatch.setattr(running, "_check_free", lambda *_: None)
    running.serve([], host="127.0.0.1", port=8000)
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert len(seen[0]) == 1
    assert seen[0] != [left.name]
    assert list(folder.iterdir()) == []
    with own_folder(PACKS) as packs:
        assert packs.name.startswith("fairplace-serve-")
        assert sweep_folders(PACKS) == []


def test_the_folder_of_a_worker_by_itself_has_an_owner_from_its_first_job(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    # Nothing is done of what is taken in: only the folder is looked at.
    monkeypatch.setattr(Jobs, "_run", lambda _: None)
    jobs = open_jobs()
    jobs.submit("halverton", "hubs", {})
    assert (jobs.folder / OWNER).is_file()
    assert sweep_folders(JOBS) == []
    assert jobs.folder.is_dir()
    handle = jobs._owner
    jobs.close()
    assert list(folder.iterdir()) == []
    assert handle is not None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)
