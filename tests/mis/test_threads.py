"""Threads of the compiled loops leave the cores to others while they wait, unless told otherwise."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import pytest

import mis.threads


@pytest.mark.parametrize(("given", "kept"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_unless_somebody_chose_otherwise(
    monkeypatch: pytest.MonkeyPatch, given: str | None, kept: str
) -> None:
    monkeypatch.delenv(mis.threads.WAITING, raising=False)
    if given is not None:
        monkeypatch.setenv(mis.threads.WAITING, given)
    importlib.reload(mis.threads)
    assert os.environ[mis.threads.WAITING] == kept


def test_it_is_said_before_numba_is_there_to_load_openmp() -> None:
    # A finder that looks on: when numba is first asked for, the choice must stand already.
    code = (
        "import os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'numba': print(os.environ.get('OMP_WAIT_POLICY')); sys.exit()\n"
        "sys.meta_path.insert(0, Watch())\n"
        "import mis.raking_kernels\n"
    )
    free = {name: value for name, value in os.environ.items() if name != mis.threads.WAITING}
    said = subprocess.run([sys.executable, "-c", code], env=free, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "PASSIVE"
