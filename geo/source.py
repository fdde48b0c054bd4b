"""Where a number comes from, and what may be done with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from geo.errors import UserError

#: What a licence lets an output do. ``open`` may go anywhere with its attribution; ``share-alike``
#: obliges a derived database to the same licence; ``member-only`` (such as Ordnance Survey's public
#: sector agreement) stays inside the organisation; ``restricted`` is about people or homes.
LicenceClass = Literal["open", "share-alike", "member-only", "restricted"]
LICENCE_CLASSES: tuple[LicenceClass, ...] = ("open", "share-alike", "member-only", "restricted")


class LicenceError(UserError, ValueError):
    """An output may not carry a source of that licence class."""


@dataclass(frozen=True)
class Source:
    """A published file with its papers.

    Parameters
    ----------
    id
        Short stable name, such as ``iod2025``: the value of `source` in every figure.
    title, publisher, edition
        As the publisher writes them.
    period
        What the numbers describe, such as ``2021-03-21`` or ``FYE 2020``.
    licence
        Name of the licence, such as ``OGL v3``.
    licence_class
        What the licence lets an output do: see `LicenceClass`.
    attribution
        Words that must appear wherever the data are shown; may be empty.
    url
        Where the publisher offers it.
    file, sha256
        Name (never the path) and hash of the file that was read; empty for a source without a file.
    note
        A known problem of this edition, in a sentence.
    controlled
        True where the publisher has applied disclosure control before publishing, so that small
        counts may be shown as published; False for an organisation's own counts, which ours must hide.
    level
        Key of the areas that its publisher gives numbers for, such as ``lsoa21``; empty where it has none,
        and where that is not known.
    next_update
        When its publisher will give the next edition, or since when it has, in words; empty where that is
        not known.
    """

    id: str
    title: str
    publisher: str
    edition: str
    period: str
    licence: str
    licence_class: LicenceClass = "open"
    attribution: str = ""
    url: str = ""
    file: str = ""
    sha256: str = ""
    note: str = ""
    controlled: bool = False
    level: str = ""
    next_update: str = ""

    def record(self) -> dict[str, str | bool]:
        """Give the fields as a mapping, for ``sources.json``."""
        return dict(asdict(self))


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces so that size does not matter."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while piece := handle.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def check_licences(sources: Iterable[Source], *, allowed: Iterable[LicenceClass], output: str) -> None:
    """Refuse an output that would carry a source whose licence does not allow it.

    Raises
    ------
    LicenceError
        A source's licence class is not among `allowed`.
    """
    permitted = set(allowed)
    for source in sources:
        if source.licence_class not in permitted:
            raise LicenceError(
                f'{output} may not carry "{source.title}" ({source.licence}, '
                f"{source.licence_class}); leave that source out, or make the officer edition"
            )
