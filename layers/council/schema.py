"""Schemas of the files that only a council has: which columns, of what type, and what one row is.

The schemas are data (``schemas.toml``). The blank workbook that a council fills in, the check of what
comes back, the reader and the page of documentation are all made from them, so no two can disagree.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from geo.errors import UserError

Type = Literal[
    "text", "address", "code", "theme", "whole", "number", "pounds", "share", "date", "period", "yes_no",
    "choice", "postcode", "uprn", "easting", "northing", "longitude", "latitude", "area", "shape",
]  # fmt: skip
#: What a file becomes: places, lines, numbers of an area, a list that has no area, or something that is
#: only ever counted by area because it is about homes or people.
Layer = Literal["points", "lines", "figures", "list", "counted"]
#: Type -> what a cell must hold, in a reader's words.
TYPE_WORDS: dict[Type, str] = {
    "text": "a name or title of at most 200 letters",
    "address": "an address in one cell",
    "code": "a code without spaces at its ends",
    "theme": "a theme from a list you keep, such as damp_or_mould: never words that somebody said",
    "whole": "a whole number, 0 or more",
    "number": "a number",
    "pounds": "pounds, without the sign",
    "share": "a share from 0 to 1, or a percentage with its % sign",
    "date": "a date as 2025-09-30",
    "period": "a year, school or financial year, quarter or month: 2025, 2024/25, 2025-Q2, 2025-05",
    "yes_no": "yes or no",
    "choice": "one of the words listed",
    "postcode": "a full postcode, such as HV1 1AD",
    "uprn": "a Unique Property Reference Number: up to 12 digits, kept as text",
    "easting": "metres east on the British National Grid (six digits)",
    "northing": "metres north on the British National Grid (six digits)",
    "longitude": "degrees of longitude, such as -0.4175",
    "latitude": "degrees of latitude, such as 51.8787",
    "area": "the code of an area, nine characters, such as E01015693",
    "shape": "a line or area as WKT",
}


class SchemaError(UserError, LookupError):
    """No schema of that name."""


@dataclass(frozen=True)
class Field:
    """One column of a schema.

    Parameters
    ----------
    name
        Header as we write it.
    type
        What its cells hold: see `TYPE_WORDS`.
    about
        What it means, in a sentence.
    required
        Whether the column must be there and filled.
    unique
        Whether a value may stand in one row only.
    also
        Other headers under which councils keep it.
    choices
        The words allowed, for a ``choice``; usual ones, for a ``theme``.
    at_most
        Name of the column that it may not exceed, such as the base of a count.
    example
        An invented value.
    """

    name: str
    type: Type
    about: str
    required: bool = False
    unique: bool = False
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    at_most: str = ""
    example: str = ""

    @property
    def needed(self) -> str:
        """What a cell must hold, in words."""
        if self.choices and self.type == "choice":
            return f"one of {', '.join(self.choices)}"
        return TYPE_WORDS[self.type]


@dataclass(frozen=True)
class Schema:
    """What one kind of file holds.

    Parameters
    ----------
    kind
        Its name: the name of the file in a council's folder, and the word the command line takes.
    title, about
        In a reader's words.
    row
        What one row is.
    layer
        What it becomes: see `Layer`.
    located
        Whether each row needs a place: a UPRN, coordinates, an address or a postcode.
    restricted
        About homes or people: kept outside every pack, and only counted by area.
    fields
        Columns, in order.
    key
        Columns that together may stand in one row only; may be empty.
    rules
        Sentences for the person who fills it in.
    """

    kind: str
    title: str
    about: str
    row: str
    layer: Layer
    located: bool
    restricted: bool
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Headers, in order."""
        return [one.name for one in self.fields]

    @property
    def required(self) -> list[str]:
        """Headers that must be there."""
        return [one.name for one in self.fields if one.required]

    def field(self, name: str) -> Field:
        """One column by its name."""
        return next(one for one in self.fields if one.name == name)


@cache
def load_schemas() -> dict[str, Schema]:
    """Every schema by its kind, in the order of ``schemas.toml``."""
    text = resources.files("layers.council").joinpath("schemas.toml").read_text(encoding="utf-8")
    return {kind: _schema(kind, entry) for kind, entry in tomllib.loads(text).items()}


def find_schema(kind: str) -> Schema:
    """Give the schema of a kind of file.

    Raises
    ------
    SchemaError
        There is none; the message lists what there is.
    """
    schemas = load_schemas()
    if kind not in schemas:
        raise SchemaError(f'"{kind}" is not a kind of file; it is one of {", ".join(schemas)}')
    return schemas[kind]


def _schema(kind: str, entry: dict[str, Any]) -> Schema:
    fields = tuple(_field(kind, one) for one in entry["columns"])
    return Schema(
        kind=kind,
        title=entry["title"],
        about=entry["about"],
        row=entry["row"],
        layer=entry["layer"],
        located=bool(entry.get("located", False)),
        restricted=bool(entry.get("restricted", False)),
        fields=fields,
        key=tuple(entry.get("key", ())),
        rules=tuple(entry.get("rules", ())),
    )


def _field(kind: str, entry: dict[str, Any]) -> Field:
    if entry["type"] not in get_args(Type):
        raise SchemaError(f'{kind}.{entry["name"]}: "{entry["type"]}" is not a type of column')
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Field(**values)
