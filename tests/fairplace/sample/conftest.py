"""One sample town for all the tests that only read it, and where it is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairplace.sample import Town, make_town


@pytest.fixture(scope="session")
def halverton() -> Town:
    """The town of the default seed."""
    return make_town()


@pytest.fixture(scope="session")
def published(sample_data: Path) -> Path:
    """Folder in which that town is published."""
    return sample_data
