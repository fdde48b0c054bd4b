"""Packs that several tests look at; each is built once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairplace.pack import Pack
from fairplace.pipeline import BuildSettings, build
from fairplace.sample import write_sample

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
def sample_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample authority's published files."""
    folder = tmp_path_factory.mktemp("halverton") / "data"
    write_sample(folder)
    return folder


@pytest.fixture(scope="session")
def sample_pack(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The sample authority, built."""
    out = tmp_path_factory.mktemp("packs") / "halverton"
    return build(SAMPLE, data=sample_data, out=out, settings=SETTINGS, restricted=sample_data / "restricted")


@pytest.fixture(scope="session")
def luton_pack(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """Real Luton, built from real files."""
    return build(LUTON, data=real_data, out=tmp_path_factory.mktemp("packs") / "luton", settings=SETTINGS)
