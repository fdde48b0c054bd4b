"""All text of the pages for officers, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def words() -> Mapping[str, str]:
    """Text of ``web/words.toml``, by key."""
    path = resources.files("fairplace.service").joinpath("web", "words.toml")
    held: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["en"]
    return held
