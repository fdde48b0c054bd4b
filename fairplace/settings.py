"""What a council says of itself in its documents: contact, formats, approver, template, comparators, words.

A TOML file, such as::

    [contact]
    name = "Policy and Insight Team"
    email = "insight@halverton.example"
    telephone = "01632 960001"

    [formats]
    other = "Ask us for large print, audio or another language."
    easy_read = "https://halverton.example/easy-read"
    bsl = "https://halverton.example/bsl"

    [document]
    approver = "Director of Public Health"
    template = "council.docx"          # beside this file
    compare = ["E05999002"]
    words = "words-cy.toml"            # beside this file, from `fairplace words`
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import UserError

_KEYS: dict[str, tuple[str, ...]] = {
    "contact": ("name", "email", "telephone"),
    "formats": ("other", "easy_read", "bsl"),
    "document": ("approver", "template", "compare", "words"),
}


class SettingsError(UserError, ValueError):
    """A file of settings cannot be read, or says what there is no place for."""


@dataclass(frozen=True)
class Settings:
    """What a council says of itself in its documents; all of it may be empty.

    Parameters
    ----------
    contact, email, telephone
        Whom to ask.
    other_formats
        A sentence: how to get the document in another format or language.
    easy_read, bsl
        Addresses of an Easy Read and a British Sign Language version.
    approver
        Who approves documents.
    template
        A .docx whose styles are used.
    compare
        Codes or names of areas to compare every profile with.
    words
        A translator's file of words, which `fairplace words` makes.
    """

    contact: str = ""
    email: str = ""
    telephone: str = ""
    other_formats: str = ""
    easy_read: str = ""
    bsl: str = ""
    approver: str = ""
    template: Path | None = None
    compare: tuple[str, ...] = ()
    words: Path | None = None

    @property
    def reach(self) -> str:
        """Whom to ask, and how, in one line; empty where nothing is set."""
        return ", ".join(one for one in (self.contact, self.email, self.telephone) if one)


def load_settings(path: Path) -> Settings:
    """Read a file of settings.

    Raises
    ------
    SettingsError
        It cannot be read, has a key that there is not, or a value of another kind.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as settings ({error}); give a TOML file") from error
    for section, entries in content.items():
        if section not in _KEYS:
            raise SettingsError(f"{path.name} has a section [{section}]; there are {', '.join(_KEYS)}")
        if not isinstance(entries, dict):
            raise SettingsError(f"{path.name}: {section} is {entries!r}; it is a section, [{section}]")
        for name, value in entries.items():
            _check(path, section, name, value)
    contact, formats = content.get("contact", {}), content.get("formats", {})
    document = content.get("document", {})
    template, words = document.get("template", ""), document.get("words", "")
    return Settings(
        contact=contact.get("name", ""),
        email=contact.get("email", ""),
        telephone=contact.get("telephone", ""),
        other_formats=formats.get("other", ""),
        easy_read=formats.get("easy_read", ""),
        bsl=formats.get("bsl", ""),
        approver=document.get("approver", ""),
        template=path.parent / template if template else None,
        compare=tuple(document.get("compare", [])),
        words=path.parent / words if words else None,
    )


def _check(path: Path, section: str, name: str, value: Any) -> None:
    if name not in _KEYS[section]:
        raise SettingsError(
            f"{path.name} has {section}.{name}; there are "
            f"{', '.join(f'{section}.{key}' for key in _KEYS[section])}"
        )
    listed = name == "compare"
    right = (
        isinstance(value, list) and all(isinstance(one, str) for one in value)
        if listed
        else isinstance(value, str)
    )
    if not right:
        raise SettingsError(
            f"{path.name}: {section}.{name} is {value!r}; it is {'a list of words' if listed else 'words'}"
        )
