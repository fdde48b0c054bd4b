"""One sample town for all the tests that only read it, published with the grid the tests read with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fairplace.sample import Town, make_town, publish

_GRIDS = Path(__file__).resolve().parents[4] / "shared" / "data" / "grid"


@pytest.fixture(scope="session")
def halverton() -> Town:
    """The town of the default seed."""
    return make_town()


@pytest.fixture(scope="session")
def published(halverton: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which that town is published."""
    folder = tmp_path_factory.mktemp("halverton")
    with pytest.MonkeyPatch.context() as patch:
        # The tests' own setting of the grid reaches single tests only, and this outlives them.
        if "FAIRPLACE_GRIDS" not in os.environ and _GRIDS.is_dir():
            patch.setenv("FAIRPLACE_GRIDS", str(_GRIDS))
        publish(halverton, folder)
    return folder
