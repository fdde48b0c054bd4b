"""The page of sources says what the register says."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairplace.fetch import load_register
from layers.catalogue import load_catalogue

# A wheel does not carry the pages.
pytestmark = pytest.mark.checkout
PAGE = Path(__file__).resolve().parents[3] / "docs/sources.md"


def test_the_page_names_every_source_with_its_licence_and_what_is_unsure() -> None:
    rows = {
        line.split("`")[1]: line for line in PAGE.read_text(encoding="utf-8").splitlines() if "| `" in line
    }
    for key, recipe in load_register().items():
        assert recipe.terms in rows[key], key
        assert recipe.costs in rows[key], key
        assert recipe.url in rows[key], key
        assert recipe.read_at in rows[key], key
        assert ("unconfirmed" in rows[key]) == recipe.unconfirmed, key
    known = {key for key in load_catalogue() if not key.startswith("fuel_poverty_20")}
    assert known <= set(rows)
