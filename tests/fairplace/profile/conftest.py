"""A small document of given blocks, for tests of its forms."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from fairplace.profile.model import Block, Profile, Section
from fairplace.profile.words import load_words


def document(*blocks: Block) -> Profile:
    return Profile(
        title="Neighbourhood profile: Poets",
        code="E05000001",
        geography="wd25",
        area="Poets",
        authority="Halverton",
        edition="public",
        status="draft",
        pack_id="0123abcd",
        banner=["Halverton is a made-up town."],
        sections=[Section("one", "In short", list(blocks))],
        figures=pd.DataFrame(),
        sources={},
        cite="",
        reference="",
        words=load_words(),
    )


@pytest.fixture(scope="session")
def document_of() -> Callable[..., Profile]:
    """Make a profile of one section that holds the blocks."""
    return document
