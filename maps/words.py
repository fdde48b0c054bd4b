"""The words of a map page, from one file that a translator can fill."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from geo.errors import UserError


class WordsError(UserError, LookupError):
    """A language is not there, or its words are not complete."""


def load_words(language: str = "en", *, file: Path | None = None) -> Mapping[str, str]:
    """Give the words of one language.

    Parameters
    ----------
    language
        A language code such as ``en`` or ``cy``; it also becomes the page's `lang`.
    file
        A translator's file, with the same keys under the language's own heading; our own file if
        left out.

    Raises
    ------
    WordsError
        The language is not in the file, a key is missing, or the words of a key lost what stood
        in braces.
    """
    english = _ours()["en"]
    held = _ours() if file is None else tomllib.loads(file.read_text(encoding="utf-8"))
    where = file.name if file else "maps/words.toml"
    if language not in held:
        raise WordsError(
            f'{where} holds {", ".join(held)}, not "{language}"; copy [en] to [{language}] and translate it'
        )
    words = held[language]
    absent = [key for key in english if key not in words]
    if absent:
        raise WordsError(
            f"[{language}] in {where} lacks {', '.join(absent)}; add {'them' if absent[1:] else 'it'}"
        )
    for key, text in english.items():
        lost = [name for name in _fields(text) if name not in _fields(words[key])]
        if lost:
            raise WordsError(
                f'[{language}] {key} in {where} is "{words[key]}"; it needs {{{lost[0]}}} as in "{text}"'
            )
    return words


def _fields(text: str) -> list[str]:
    return [part.split("}")[0] for part in text.split("{")[1:]]


@cache
def _ours() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files("maps").joinpath("words.toml").read_text(encoding="utf-8"))
