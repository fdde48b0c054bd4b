"""The words of every page, map and document: our English, and a translator's file laid over it.

English stands in files beside the code that says it, by section and key; `english` gives what maps and
charts need. A translator's file holds the same sections. What it lacks stays English, and what would lose
or invent a figure is refused: every text keeps exactly the blanks, in braces, of the English one.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import resources
from itertools import combinations
from pathlib import Path
from string import Formatter
from typing import Any

from geo.errors import UserError

Text = str | tuple[str, ...]
Content = Mapping[str, Mapping[str, Text]]

#: Language, script, region and variants of a BCP 47 tag, in that order.
_TAG = re.compile(
    r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-([A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*"
)
#: Signs between the digits of a number; that of thousands may be left out.
_SIGNS = ("thousands", "decimal", "minus", "map_minus")
#: Sections whose texts name the parts of one chart or table: two alike could not be told apart.
_APART = ("indicators_label", "services")


class WordsError(UserError, LookupError):
    """A file of words cannot be used, or lacks a sentence."""


@dataclass(frozen=True, eq=False)
class Words:
    """Texts by section and key; a missing one is an error, never an empty line.

    Parameters
    ----------
    content
        Section -> key -> text, or texts of a list such as the heads of a table. Blanks stand in braces.
    """

    content: Content

    def __call__(self, section: str, name: str, /, **fill: object) -> str:
        """Give one text, filled in."""
        return str(self.raw(section, name)).format(**fill)

    def raw(self, section: str, name: str) -> Text:
        """Give one entry as it stands in the file."""
        try:
            return self.content[section][name]
        except KeyError as error:
            raise WordsError(f"the words have no [{section}] {name}; add it to words.toml") from error

    def lines(self, section: str, name: str, /, **fill: object) -> list[str]:
        """Give the texts of a list, each filled in."""
        held = self.raw(section, name)
        return [text.format(**fill) for text in ([held] if isinstance(held, str) else held)]

    def parts(self, section: str, name: str, /, **fill: Any) -> list[Any]:
        """Give one text in pieces: its words, and between them whatever fills its blanks, as it is."""
        pieces: list[Any] = []
        for text, blank, _, _ in Formatter().parse(str(self.raw(section, name))):
            pieces += [text] if text else []
            if blank is not None and not (isinstance(fill[blank], str) and not fill[blank]):
                pieces.append(fill[blank])
        return pieces

    def called(self, section: str, name: str, otherwise: str) -> str:
        """Give the text of a key that a section may lack, else `otherwise`."""
        return str(self.content.get(section, {}).get(name, otherwise))

    def view(self, section: str) -> dict[str, str]:
        """Give the texts of a section by key, without its lists."""
        return {key: text for key, text in self.content[section].items() if isinstance(text, str)}

    @property
    def language(self) -> str:
        """BCP 47 tag."""
        return str(self.raw("language", "tag"))

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return str(self.raw("language", "direction"))

    @property
    def texts(self) -> list[str]:
        """Every text, such as to find the fonts that they need."""
        return [text for held in self.content.values() for entry in held.values() for text in _all(entry)]

    def number(self, plain: str, *, minus: str = "minus") -> str:
        """Write a number with the signs of the language.

        Parameters
        ----------
        plain
            As Python writes it, such as ``-1,234.5``.
        minus
            Key of the sign for minus: maps write a wider one.
        """
        signs = {
            ",": self("numbers", "thousands"),
            ".": self("numbers", "decimal"),
            "-": self("numbers", minus),
        }
        return "".join(signs.get(sign, sign) for sign in plain)


@cache
def english() -> Words:
    """Give our English words of maps, charts and numbers."""
    return Words(read_ours("maps"))


def read_ours(package: str) -> dict[str, dict[str, Text]]:
    """Read the words.toml of one of our packages."""
    text = resources.files(package).joinpath("words.toml").read_text(encoding="utf-8")
    return _frozen(tomllib.loads(text))


def read_words(path: Path, ours: Words) -> Words:
    """Lay a translator's file over our words.

    Parameters
    ----------
    path
        TOML, with sections and keys of `ours`; what it lacks stays as it is there.
    ours
        English, of all that will be written.

    Raises
    ------
    WordsError
        The file cannot be read, or an entry would not do; the message names file, section and key of the
        first and says how many more there are.
    """
    content = read_content(path)
    found = [f"{path.name}: {one}" for one in faults(content, ours)]
    if found:
        more = f" (and {len(found) - 1} more; `fairplace words --check {path.name}` lists them)"
        raise WordsError(found[0] + (more if found[1:] else ""))
    held = _frozen(content)
    return Words({name: {**own, **held.get(name, {})} for name, own in ours.content.items()})


def read_content(path: Path) -> dict[str, Any]:
    """Read a translator's file as it stands.

    Raises
    ------
    WordsError
        It cannot be read as TOML in UTF-8.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise WordsError(f"{path} is not text in UTF-8 ({error}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise WordsError(
            f'{path} is not TOML ({error}); each line is KEY = "text", and a quotation mark in a text is \\"'
        ) from error
    except OSError as error:
        raise WordsError(
            f"{path} cannot be read ({error.strerror}); `fairplace words --out {path.name}` makes one"
        ) from error


def faults(content: Mapping[str, Any], ours: Words) -> Iterator[str]:
    """Say what is wrong with a translator's file: a sentence for each entry that would not do.

    Parameters
    ----------
    content
        As `read_content` gives it.
    ours
        English.
    """
    for section, entries in content.items():
        own = ours.content.get(section)
        if own is None or not isinstance(entries, Mapping):
            what = f"[{section}] is not a" if isinstance(entries, Mapping) else f"{section} is in no"
            yield f"{what} section{_nearest(section, ours.content)}"
            continue
        for key, text in entries.items():
            if key not in own:
                yield f"[{section}] {key} is not a key of this section{_nearest(key, own)}"
            else:
                fault = _fault(text, own[key], empty=section == "numbers" and key == "thousands")
                fault = fault or _rule(section, key, text)
                if fault:
                    yield f"[{section}] {key} {fault}"
    for section in _APART:
        yield from _alike(section, ours.content.get(section, {}), _section(content, section))
    numbers = {**ours.content.get("numbers", {}), **_section(content, "numbers")}
    if numbers and numbers["thousands"] == numbers["decimal"]:
        yield (
            f"[numbers] thousands and decimal are both {numbers['decimal']!r}, "
            f"so that 1,234 could not be told from 1.234; give two signs"
        )


def untranslated(content: Mapping[str, Any], ours: Words) -> list[tuple[str, str]]:
    """List section and key of the entries with words that are still English, or not there."""
    return [
        (section, key)
        for section, own in ours.content.items()
        if section != "language"
        for key, text in own.items()
        if any(_has_words(one) for one in _all(text))
        and _freeze(_section(content, section).get(key, text)) == text
    ]


def blanks_of(text: str) -> set[str]:
    """Names of the blanks of a text, which stand in braces.

    Raises
    ------
    ValueError
        The braces do not match, or hold more than a name.
    """
    names = set()
    for _, name, wish, turned in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or wish or turned:
            inside = f"{name}{'!' + turned if turned else ''}{':' + wish if wish else ''}"
            raise ValueError(f"has {{{inside}}}, but braces hold a name and nothing else")
        names.add(name)
    return names


def _fault(text: Any, ours: Text, *, empty: bool) -> str:
    if isinstance(ours, tuple):
        if not isinstance(text, list) or not all(isinstance(one, str) for one in text):
            return f"is {_said(text)}; give a list of {len(ours)} texts, as in English"
        if len(text) != len(ours):
            return f"has {len(text)} texts; give {len(ours)}, in the order of the English ones"
        found = ((at, _fault(*pair, empty=False)) for at, pair in enumerate(zip(text, ours, strict=True), 1))
        return next((f"(text {at}) {fault}" for at, fault in found if fault), "")
    if not isinstance(text, str):
        return f"is {_said(text)}; give a text in quotation marks"
    if not text.strip(" ") and not (empty and text in ("", " ")):
        return "is empty; leave the line out, and the English stands"
    if any(unicodedata.category(sign) == "Cc" for sign in text):
        return "has a line break or a sign that cannot be printed; write it in one line"
    try:
        got, wanted = blanks_of(text), blanks_of(ours)
    except ValueError as error:
        said = str(error)
        return (
            said if said.startswith("has {") else "has a brace without its other half; for a sign double it"
        )
    if wanted - got:
        return f'lacks {{{min(wanted - got)}}}; put it where it belongs in "{ours}"'
    if got - wanted:
        known = ", ".join(f"{{{one}}}" for one in sorted(wanted)) or "none"
        return f"has {{{min(got - wanted)}}}, which is not filled in here; there is {known}"
    return ""


def _rule(section: str, key: str, text: str) -> str:
    """Say what is wrong with the tag, the direction or a sign of numbers."""
    if (section, key) == ("language", "tag") and not _TAG.fullmatch(text):
        return f'is "{text}"; give the tag of a language, such as cy, ur or pt-BR'
    if (section, key) == ("language", "direction") and text not in ("ltr", "rtl"):
        return f'is "{text}"; give ltr (written from the left) or rtl (from the right)'
    if section == "numbers" and key in _SIGNS and (len(text) > 1 or text.isalnum()):
        return f'is "{text}"; give one sign, no letter and no digit'
    return ""


def _alike(section: str, own: Mapping[str, Text], given: Mapping[str, Any]) -> Iterator[str]:
    texts = {key: given.get(key, text) for key, text in own.items()}
    for key, other in combinations(texts, 2):
        if texts[key] == texts[other] and own[key] != own[other]:
            yield f"[{section}] {other} is the same text as {key}; a chart could not tell the two apart"


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else "; `fairplace words` lists them all"


def _section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    held = content.get(name, {})
    return held if isinstance(held, Mapping) else {}


def _said(value: Any) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return kinds.get(type(value), "no text")


def _has_words(text: str) -> bool:
    bare = "".join(piece for piece, *_ in Formatter().parse(text))
    return any(sign.isalpha() for sign in bare)


def _all(text: Text) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def _freeze(text: Any) -> Any:
    return tuple(text) if isinstance(text, list) else text


def _frozen(content: Mapping[str, Any]) -> dict[str, dict[str, Text]]:
    return {section: {key: _freeze(text) for key, text in held.items()} for section, held in content.items()}
