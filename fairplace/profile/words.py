"""The words of a profile, from the file that a translator can fill."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from fairplace.profile.model import Inline, Paragraph
from geo.errors import UserError


class WordsError(UserError, LookupError):
    """The file of words lacks a sentence."""


class Words:
    """Sentences by section and name; a missing one is an error, never an empty line."""

    def __init__(self, content: dict[str, dict[str, Any]], *, where: str) -> None:
        self._content = content
        self._where = where

    def __call__(self, section: str, name: str, /, **fill: object) -> str:
        """Give one sentence, filled in."""
        return str(self.raw(section, name)).format(**fill)

    def raw(self, section: str, name: str) -> Any:
        """Give one entry as it stands in the file."""
        try:
            return self._content[section][name]
        except KeyError as error:
            raise WordsError(
                f"{self._where} has no [{section}] {name}; add it, or take it from words.toml of fairplace"
            ) from error

    def all(self, section: str) -> dict[str, Any]:
        """Give a whole section."""
        return dict(self._content.get(section, {}))


def load_words(path: Path | None = None) -> Words:
    """Words of the profile: ours, or a translator's file laid over them.

    Parameters
    ----------
    path
        A file with the same sections; what it lacks is taken from ours.
    """
    text = resources.files("fairplace.profile").joinpath("words.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    if path is not None:
        for section, entries in tomllib.loads(path.read_text(encoding="utf-8")).items():
            content.setdefault(section, {}).update(entries)
    return Words(content, where=path.name if path else "words.toml")


def sentence(words: Words, section: str, name: str, /, **fill: Inline) -> Paragraph:
    """Fill a sentence whose blanks may be numbers, keeping the numbers as they are."""
    parts: list[Inline] = []
    rest = str(words.raw(section, name))
    while "{" in rest:
        before, _, after = rest.partition("{")
        blank, _, rest = after.partition("}")
        parts += [before, fill[blank]]
    parts.append(rest)
    return Paragraph([part for part in parts if part != ""])
