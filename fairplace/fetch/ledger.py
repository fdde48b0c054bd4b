"""`fetched.json`: what each file of a folder is, where it came from, and its hash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from fairplace.fetch.errors import FetchError
from fairplace.files import write_whole
from geo.source import hash_file

LEDGER = "fetched.json"


@dataclass(frozen=True)
class Entry:
    """One file that was fetched or copied.

    Parameters
    ----------
    id
        Data set.
    file
        Name from the folder down.
    url
        Where it came from; empty for a copy from a mirror.
    stamp
        The publisher's mark of the version.
    sha256, size
        Of the file as it lies there.
    rows
        Rows or features; 0 where the form has none.
    done
        What was done to it on the way, in words.
    edition
        What its publisher calls the version, where it does.
    """

    id: str
    file: str
    url: str
    stamp: str
    sha256: str
    size: int
    rows: int
    done: tuple[str, ...] = ()
    edition: str = ""


def read_ledger(folder: Path) -> dict[str, Entry]:
    """Entries by file name; empty where there is no ledger.

    Raises
    ------
    FetchError
        The ledger is damaged.
    """
    path = folder / LEDGER
    if not path.is_file():
        return {}
    try:
        records = json.loads(path.read_text(encoding="utf-8"))["files"]
        entries = [Entry(**{**record, "done": tuple(record["done"])}) for record in records]
    except (ValueError, KeyError, TypeError) as error:
        raise FetchError(
            f"{path.name} in {folder.name} is not a ledger of ours ({error}); remove it, and the files "
            f"will be fetched again"
        ) from error
    return {one.file: one for one in entries}


def write_ledger(folder: Path, entries: Mapping[str, Entry]) -> None:
    """Write the ledger whole, in order of file name."""
    records = [asdict(one) for _, one in sorted(entries.items())]
    with write_whole(folder / LEDGER) as draft:
        draft.write_text(
            json.dumps({"files": records}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def holds(folder: Path, entry: Entry | None) -> bool:
    """Tell whether the file is still the one the ledger names."""
    if entry is None:
        return False
    path = folder / entry.file
    return path.is_file() and path.stat().st_size == entry.size and hash_file(path) == entry.sha256
