"""Tables about homes and people, which stay outside every pack.

A restricted store is a folder of folders: each holds one or more tables and a ``restricted.toml`` that
says who answers for them and until when they may be kept. A build checks the papers and writes the
tables' hashes, and nothing else of them, into the pack.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from geo.errors import UserError
from geo.source import hash_file

PAPERS = "restricted.toml"


class RestrictedError(UserError, ValueError):
    """The papers of a restricted table are incomplete, unreadable or past their date."""


@dataclass(frozen=True)
class RestrictedPapers:
    """What must be known of a restricted table before it may be used.

    Parameters
    ----------
    controller
        Who answers for the data.
    purpose
        What they may be used for.
    lawful_basis
        Under data protection law.
    dpia_reference
        Of the data protection impact assessment.
    collected
        Date of collection.
    delete_by
        Date by which they must be gone.
    """

    controller: str
    purpose: str
    lawful_basis: str
    dpia_reference: str
    collected: dt.date
    delete_by: dt.date


def read_papers(path: Path, *, today: dt.date | None = None) -> RestrictedPapers:
    """Read and check the papers of a restricted table.

    Parameters
    ----------
    path
        A ``restricted.toml``.
    today
        Date the papers must still be good for; the machine's date if left out.

    Raises
    ------
    RestrictedError
        A field is missing, blank or no date, or the date of deletion has passed.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RestrictedError(f"{where} cannot be read: {error}; write it as name = value") from error
    names = [one.name for one in fields(RestrictedPapers)]
    for name in names:
        if not str(content.get(name, "")).strip():
            raise RestrictedError(
                f"{where}: {name} is {'blank' if name in content else 'missing'}; a restricted table needs "
                f"{', '.join(names)} before it may be used"
            )
    for name in ("collected", "delete_by"):
        if not isinstance(content[name], dt.date):
            raise RestrictedError(
                f'{where}: {name} is "{content[name]}"; write a date as 2026-11-22, unquoted'
            )
    papers = RestrictedPapers(**{name: content[name] for name in names})
    if papers.delete_by < papers.collected:
        raise RestrictedError(
            f"{where}: delete_by {papers.delete_by} lies before collected {papers.collected}; mend the dates"
        )
    if papers.delete_by < (today or dt.datetime.now(tz=dt.UTC).date()):
        raise RestrictedError(
            f"{where}: these data were to be deleted by {papers.delete_by}; delete them, or have the "
            f"controller ({papers.controller}) set a new date"
        )
    return papers


def check_restricted(store: Path, *, today: dt.date | None = None) -> dict[str, str]:
    """Check every restricted table of a store and give its hash.

    Parameters
    ----------
    store
        Folder whose folders each hold tables and a ``restricted.toml``; or one such folder.

    Returns
    -------
    dict
        ``folder/file`` -> sha256, sorted.

    Raises
    ------
    RestrictedError
        The store is no folder, a table has no papers, or its papers are not in order.
    """
    if not store.is_dir():
        raise RestrictedError(f"{store} is not a folder; give the folder of restricted tables")
    hashes: dict[str, str] = {}
    for table in sorted(one for one in store.rglob("*") if one.is_file() and one.name != PAPERS):
        papers = table.parent / PAPERS
        if not papers.is_file():
            raise RestrictedError(
                f"{table.relative_to(store)} has no {PAPERS} beside it; say who answers for it, or "
                f"move it out"
            )
        read_papers(papers, today=today)
        hashes[table.relative_to(store).as_posix()] = hash_file(table)
    return hashes
