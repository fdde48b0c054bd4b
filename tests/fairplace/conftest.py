"""Packs that several tests look at; each is built once a run, whatever the number of workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fairplace.pack import Pack, open_pack
from fairplace.pipeline import BuildSettings, build

SAMPLE = "E06999001"
LUTON = "E06000032"
# Enough for a 90 % range, few enough for a test.
SETTINGS = BuildSettings(draws=200)


@pytest.fixture(scope="session")
def required_words() -> tuple[str, ...]:
    """Words that stand wherever the Minimum Income Standard does, in every public form."""
    return (
        "modelled estimates made by the council",
        "not a count and not an official statistic",
        "range does not cover every error",
        "says nothing about any one street, home, person or community",
        "decides nothing about any household",
        "not the same as relative poverty, deprivation or destitution",
        "have not endorsed these estimates",
        "household budgets are not published and were derived",
        "90% range",
        "made-up town",
    )


@pytest.fixture(scope="session")
def sample_pack(sample_data: Path, made_once: Callable[..., Path]) -> Pack:
    """The sample authority, built."""
    restricted = sample_data / "restricted"

    def make(out: Path) -> None:
        build(SAMPLE, data=sample_data, out=out, settings=SETTINGS, restricted=restricted)

    return open_pack(made_once("halverton", make))


@pytest.fixture(scope="session")
def luton_pack(real_data: Path, made_once: Callable[..., Path]) -> Pack:
    """Real Luton, built from real files."""
    return open_pack(made_once("luton", lambda out: build(LUTON, data=real_data, out=out, settings=SETTINGS)))
