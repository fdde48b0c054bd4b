"""Copying from a folder that mirrors the publishers: files are known by what is in them.

For each data set the file is copied that a build would take from the folder itself, so that the copy
builds the same pack.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from fairplace.fetch.ledger import Entry, holds, read_ledger, write_ledger
from fairplace.fetch.register import load_register
from fairplace.files import write_whole
from geo.source import hash_file
from layers.catalogue import load_catalogue
from layers.holdings import Holdings, scan


def copy_mirror(
    authorities: Sequence[str], *, mirror: Path, to: Path, only: Sequence[str] = ()
) -> tuple[list[Entry], list[Entry], list[tuple[str, str]]]:
    """Copy what builds of some authorities need from a folder.

    Parameters
    ----------
    authorities
        Codes of districts.
    mirror
        Folder of published files.
    to
        Folder to fill; what lies there already and is the same is left alone.
    only
        Ids to copy; all if empty.

    Returns
    -------
    tuple
        Entries copied, entries already there, and (id, reason) of what the mirror does not hold.

    Raises
    ------
    UnknownAuthorityError
        No file of the mirror knows the authority.
    NotHeldError
        The mirror is not a folder.
    """
    holdings = scan(mirror)
    for authority in authorities:
        holdings.check_authority(authority)
    ledger = read_ledger(to)
    theirs = read_ledger(mirror)
    copied: list[Entry] = []
    kept: list[Entry] = []
    lacking: dict[str, str] = {}
    taken: set[str] = set()
    for key in only or load_catalogue():
        for path, reason in _files(holdings, key, authorities):
            if path is None:
                lacking.setdefault(key, reason)
                continue
            file = path.relative_to(mirror).as_posix()
            if file in taken:
                continue
            taken.add(file)
            if holds(to, ledger.get(file)) and ledger[file].sha256 == hash_file(path):
                kept.append(ledger[file])
                continue
            with write_whole(to / file) as draft:
                shutil.copyfile(path, draft)
            said = theirs.get(file)
            entry = Entry(
                key, file, "", "", hash_file(to / file), path.stat().st_size, 0, ("copied from a mirror",),
                said.edition if said is not None and holds(mirror, said) else "",
            )  # fmt: skip
            ledger[file] = entry
            copied.append(entry)
            write_ledger(to, ledger)
    return copied, kept, list(lacking.items())


def _files(holdings: Holdings, key: str, authorities: Sequence[str]) -> Iterator[tuple[Path | None, str]]:
    for authority in authorities:
        held = holdings.look(key, authority)
        recipe = load_register().get(key)
        costs = recipe.costs if recipe else ""
        yield held.path, f"{held.note}" + (f"; a build lacks {costs}" if costs else "")
