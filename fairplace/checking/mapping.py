"""Which header of a file is which column of a schema: proposed once, kept for the next quarter.

The mapping is a small TOML file that a person can read and correct::

    kind = "referrals"

    [columns]
    organisation_code = "Practice Code"
    attended = "No. seen"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rapidfuzz import fuzz, process

from fairplace.files import write_whole
from geo.errors import UserError
from layers.council.cells import read_cell
from layers.council.schema import Field, Schema
from layers.delimited import header_key

#: Headers less alike than this (0 to 100) are not proposed.
PROPOSE_FROM = 84.0
#: Share of a column's cells that must read as a type before its content speaks for it.
CONTENT_FROM = 0.9
#: Types that a column's content can be told by.
_TELLING = ("postcode", "uprn", "easting", "northing", "date")

How = Literal["kept", "name", "likeness", "content"]


class MappingError(UserError, ValueError):
    """A kept mapping cannot be read, or is of another kind of file."""


@dataclass(frozen=True)
class Match:
    """A header and the field it was taken for.

    Parameters
    ----------
    field
        Name of the field.
    header
        As the file spells it.
    position
        Of the column among the headers, from 0.
    how
        ``kept`` (from the file of the last time), ``name`` (a known spelling), ``likeness`` or ``content``:
        the last two are proposals that a person should confirm.
    """

    field: str
    header: str
    position: int
    how: How


def match_score(headers: Sequence[str], schema: Schema, named: Sequence[str] = ()) -> float:
    """Say how well a row of text serves as a header: fields known by name, required ones counted twice."""
    known = {header_key(one) for one in headers if one}
    kept = {header_key(one) for one in named}
    score = 0.0
    for one in schema.fields:
        if known & {header_key(spelling) for spelling in (one.name, *one.also)}:
            score += 2.0 if one.required else 1.0
    return score + len(known & kept)


def propose(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    schema: Schema,
    *,
    kept: Mapping[str, str] | None = None,
) -> list[Match]:
    """Propose which header is which field: as kept, by name, by likeness, then by content.

    Parameters
    ----------
    headers
        Of the table.
    rows
        Its cells, for what headers do not tell.
    schema
        What is looked for.
    kept
        Field -> header, from the last time.

    Returns
    -------
    list of Match
        In the order of the schema; each header and each field at most once.
    """
    found: dict[str, Match] = {}
    taken: set[int] = set()

    def take(name: str, position: int, how: How) -> None:
        found[name] = Match(name, headers[position], position, how)
        taken.add(position)

    keys = [header_key(one) for one in headers]
    for name, header in (kept or {}).items():
        if header_key(header) in keys and name in schema.names:
            take(name, keys.index(header_key(header)), "kept")
    for spelt in (False, True):  # our own names first, so that a synonym never takes another's column
        for one in schema.fields:
            spellings = [header_key(text) for text in (one.also if spelt else (one.name,))]
            hit = next(
                (n for text in spellings for n, key in enumerate(keys) if key == text and n not in taken), -1
            )
            if one.name not in found and hit >= 0:
                take(one.name, hit, "name")
    for one in schema.fields:
        if one.name not in found:
            position = _alike(one, keys, taken)
            if position >= 0:
                take(one.name, position, "likeness")
    for one in schema.fields:
        if one.name not in found and one.type in _TELLING:
            position = _by_content(one, rows, len(headers), taken)
            if position >= 0:
                take(one.name, position, "content")
    return [found[one.name] for one in schema.fields if one.name in found]


def _alike(field: Field, keys: Sequence[str], taken: set[int]) -> int:
    choices = {n: key for n, key in enumerate(keys) if n not in taken and len(key) > 2}
    best = (-1, 0.0)
    for spelling in (field.name, *field.also):
        if len(spelling) < 4:
            continue
        hit = process.extractOne(
            header_key(spelling), choices, scorer=fuzz.token_sort_ratio, score_cutoff=PROPOSE_FROM
        )
        if hit and hit[1] > best[1]:
            best = (int(hit[2]), float(hit[1]))
    return best[0]


def _by_content(field: Field, rows: Sequence[Sequence[str]], width: int, taken: set[int]) -> int:
    for position in range(width):
        if position in taken:
            continue
        cells = [row[position] for row in rows[:200] if row[position]]
        if len(cells) >= 3 and sum(_reads(cell, field) for cell in cells) >= CONTENT_FROM * len(cells):
            return position
    return -1


def _reads(cell: str, field: Field) -> bool:
    if field.type == "uprn" and len(cell) < 9:
        return False
    reading = read_cell(cell, field)
    return not reading.wrong and reading.value is not None and (field.type != "date" or not cell.isdigit())


def read_mapping(path: Path, schema: Schema) -> dict[str, str]:
    """Read a kept mapping: field -> header.

    Raises
    ------
    MappingError
        The file cannot be read, is of another kind, or names a field that the schema has not.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{path.name} cannot be read ({error}); delete it and check again") from error
    if content.get("kind") != schema.kind:
        raise MappingError(
            f'{path.name} is a mapping of "{content.get("kind")}", and this is {schema.kind}; '
            f"give another --mapping, or --kind"
        )
    columns = content.get("columns", {})
    unknown = [one for one in columns if one not in schema.names]
    if unknown:
        raise MappingError(
            f'{path.name}: "{unknown[0]}" is no column of {schema.kind}; it has {", ".join(schema.names)}'
        )
    return {str(name): str(header) for name, header in columns.items()}


def write_mapping(path: Path, schema: Schema, matches: Sequence[Match]) -> None:
    """Keep a mapping for the next time."""
    lines = [
        "# Which header of the file is which column. Correct it by hand where it is wrong:",
        "# `fairplace check FILE --mapping THIS` follows it.",
        f'kind = "{schema.kind}"',
        "",
        "[columns]",
        *(f"{one.field} = {_quoted(one.header)}" for one in matches),
    ]
    with write_whole(path) as draft:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    safe = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\t", " ")
    return f'"{safe}"'
