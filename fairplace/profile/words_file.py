"""The one file of words that a translator fills, written and checked."""

from __future__ import annotations

import json
import re
from pathlib import Path

from fairplace.profile.words import english, section_notes
from maps.words import Text, Words, WordsError, faults, read_content, untranslated

_HEAD = """\
# Words of fairplace's profiles, maps and scorecards, in UTF-8.
#
# Put your words between the quotation marks, in place of the English. Keep every {name} in braces as it
# is written: it stands for a number, a name or a day, which is filled in. In another order is
# fine. A quotation mark inside a text is written \\" and a backslash \\\\. A list keeps its number of texts.
# What is left as it is, or taken out, is shown in English. Words are written by a person who knows the
# language, never by a machine. `fairplace words --check FILE` says what is wrong and what is left.
"""
#: Languages that are written from the right, by the beginning of their tags.
_FROM_THE_RIGHT = ("ar", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi")


def new_words(words: Words, tag: str, path: Path) -> Words:
    """Give the words that a new file begins with: those of `words` under the tag of a language.

    Raises
    ------
    WordsError
        The file is there already, or the tag is none.
    """
    if path.exists():
        raise WordsError(
            f"{path} is there already; give another name, and --carry {path.name} to take over its words"
        )
    if not tag:
        return words
    language: dict[str, Text] = {"tag": tag, "direction": words.direction}
    if tag.split("-")[0].lower() in _FROM_THE_RIGHT:
        language["direction"] = "rtl"
    wrong = next(faults({"language": language}, english()), "")
    if wrong:
        raise WordsError(f"--tag: {wrong}")
    return Words({**words.content, "language": language})


def words_text(words: Words) -> str:
    """Write words as TOML for a translator, with the English above each text."""
    notes = section_notes()
    lines = [_HEAD.rstrip()]
    for section, entries in english().content.items():
        lines += ["", *([f"# {notes[section]}"] if section in notes else []), f"[{section}]"]
        for key, text in entries.items():
            lines += [f"# {one}" for one in ([text] if isinstance(text, str) else text)]
            lines.append(f"{_key(key)} = {_toml(words.raw(section, key))}")
    return "\n".join(lines) + "\n"


def check_words(path: Path) -> tuple[list[str], list[str]]:
    """Say what of a translator's file is wrong, and what is still English: a line for each entry.

    Raises
    ------
    WordsError
        The file cannot be read.
    """
    content = read_content(path)
    left = [f"[{section}] {key}" for section, key in untranslated(content, english())]
    return list(faults(content, english())), left


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)


def _toml(text: Text) -> str:
    if isinstance(text, str):
        return json.dumps(text, ensure_ascii=False)
    return "[\n" + "".join(f"    {_toml(one)},\n" for one in text) + "]"
