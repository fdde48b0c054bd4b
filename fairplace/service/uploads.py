"""What councils send of their own: kept by authority, in versions, removable, and never half there.

``uploads/AUTHORITY/index.json`` says all that holds: which file is accepted, who sent it and when. It is
written whole, in one rename, after what it names is on disk; whatever it does not name is not there. A
process killed anywhere leaves the index of before or of after, and what lies about is cleared away later.

`fairplace build --uploads uploads/AUTHORITY` lays the accepted tables over the folder ``local``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fairplace.service.locks import locked
from fairplace.service.problems import MissingError, RequestError
from fairplace.service.viewer import Viewer
from fairplace.uploaded import ShelfError

State = Literal["proposed", "accepted", "replaced", "removed"]
#: Files of one authority that are not removed, and those of them that nobody has accepted.
MOST_HELD, MOST_PROPOSED = 300, 30
#: Seconds after which something half sent is cleared away.
ABANDONED = 86_400
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Upload:
    """A file that was sent.

    Parameters
    ----------
    id
        Its name here.
    kind
        What kind of table it is.
    file
        What its sender calls it.
    sha256
        Of its bytes.
    rows
        Rows of data.
    good
        Whether nothing is to mend.
    state
        ``proposed`` until somebody accepts it; ``replaced`` by a later one of its kind; of what is
        ``removed`` this line alone is left.
    sent_by, sent
        Who and when, UTC.
    changed_by, changed
        Who last changed its state, and when.
    sent_by_id, changed_by_id
        What tells them from others of the same name, as `fairplace.service.viewer.Viewer` has it; empty of
        uploads that were made before it was kept.
    """

    id: str
    kind: str
    file: str
    sha256: str
    rows: int
    good: bool
    state: State
    sent_by: str
    sent: str
    changed_by: str = ""
    changed: str = ""
    sent_by_id: str = ""
    changed_by_id: str = ""


@dataclass(frozen=True)
class Shelf:
    """Uploads of one authority.

    Parameters
    ----------
    path
        Its folder.
    """

    path: Path

    def entries(self) -> list[Upload]:
        """Every upload, removed ones among them, in the order in which they came."""
        try:
            content = json.loads((self.path / "index.json").read_text(encoding="utf-8"))
            return [Upload(**one) for one in content]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise ShelfError(
                f"{self.path / 'index.json'} is damaged ({error}); put a copy of it back"
            ) from error

    def entry(self, upload: str) -> Upload:
        """One upload.

        Raises
        ------
        MissingError
            There is none, or it is removed.
        """
        found = next((one for one in self.entries() if one.id == upload and one.state != "removed"), None)
        if found is None:
            raise MissingError(
                f'there is no upload "{upload[:40]}"; the list of uploads says which there are'
            )
        return found

    def report(self, upload: str) -> dict[str, Any]:
        """Give what was found in an upload."""
        path = self.path / "files" / self.entry(upload).id / "report.json"
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return report

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Give a folder for something on its way; gone when the block ends, unless it was kept."""
        base = self.path / "staging"
        base.mkdir(parents=True, exist_ok=True)
        folder = base / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, folder: Path, report: Mapping[str, Any], viewer: Viewer, name: str) -> Upload:
        """Keep what was sent and looked through, as a proposal.

        Parameters
        ----------
        folder
            Made by `staging`: the file and its report.
        report
            What was found.
        viewer
            Who sent it.
        name
            What they call it.

        Returns
        -------
        Upload
            The proposal; of a file that is proposed or accepted already, that one.

        Raises
        ------
        RequestError
            Too many are held.
        """
        original = folder / "original"
        with original.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with self._changing() as entries:
            kind, remapped = str(report["kind"]), (folder / "columns.json").is_file()
            same = [
                one for one in entries
                if one.sha256 == digest and one.kind == kind and one.state in ("proposed", "accepted")
            ]  # fmt: skip
            if same and not remapped:
                return same[-1]
            held = [one for one in entries if one.state != "removed"]
            waiting = sum(one.state == "proposed" for one in held)
            if len(held) >= MOST_HELD or waiting >= MOST_PROPOSED:
                raise RequestError(
                    f"{len(held)} uploads are held, of which {waiting} wait to be accepted; at most "
                    f"{MOST_HELD} and {MOST_PROPOSED} are: remove some first"
                )
            made = Upload(
                id=secrets.token_hex(8), kind=kind, file=name, sha256=digest, rows=int(report["rows"]),
                good=bool(report["good"]), state="proposed", sent_by=viewer.name, sent=_now(),
                sent_by_id=viewer.id,
            )  # fmt: skip
            for one in folder.iterdir():
                _sync(one)
            (self.path / "files").mkdir(exist_ok=True)
            folder.rename(self.path / "files" / made.id)
            _sync(self.path / "files")
            entries.append(made)
        return made

    def accept(self, upload: str, viewer: Viewer) -> Upload:
        """Accept an upload in place of the one of its kind that was accepted before.

        Raises
        ------
        MissingError
            There is none.
        RequestError
            Something in it is to mend.
        """
        with self._changing() as entries:
            found = _find(entries, upload)
            if not found.good:
                raise RequestError(f"{found.file} has things to mend; mend them and send it again")
            for at, one in enumerate(entries):
                if one.state == "accepted" and one.kind == found.kind and one.id != found.id:
                    entries[at] = _moved(one, "replaced", viewer)
            return _put(entries, found, "accepted", viewer)

    def remove(self, upload: str, viewer: Viewer) -> Upload:
        """Remove an upload: its bytes go, a line that says who removed it stays.

        Raises
        ------
        MissingError
            There is none.
        """
        with self._changing() as entries:
            gone = _put(entries, _find(entries, upload), "removed", viewer)
        shutil.rmtree(self.path / "files" / gone.id, ignore_errors=True)
        return gone

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[Upload]]:
        """Give the entries to change; they hold once the block has ended well, in one step."""
        self.path.mkdir(parents=True, exist_ok=True)
        with locked(self.path / ".lock"):
            entries = self.entries()
            before = list(entries)
            self._clear(entries)
            yield entries
            if entries != before:
                _write(self.path / "index.json", entries)

    def _clear(self, entries: Sequence[Upload]) -> None:
        """Clear away what an interrupted process left: nothing that the index names."""
        named = {one.id for one in entries if one.state != "removed"}
        files, staging = self.path / "files", self.path / "staging"
        for one in files.iterdir() if files.is_dir() else ():
            if one.name not in named:
                shutil.rmtree(one, ignore_errors=True)
        for one in staging.iterdir() if staging.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - one.stat().st_mtime > ABANDONED:
                    shutil.rmtree(one, ignore_errors=True)
        for one in self.path.glob(".index-*"):
            one.unlink(missing_ok=True)


def plain_name(name: str) -> str:
    """Name of a file for people to read: no folder, nothing that moves a cursor, at most 80 letters."""
    last = re.split(r"[\\/]", name)[-1]
    kept = "".join(one for one in last if one.isprintable() and one not in '<>:"|?*').strip(". ")
    return kept[:80] or "table"


def _find(entries: Sequence[Upload], upload: str) -> Upload:
    found = next((one for one in entries if one.id == upload and one.state != "removed"), None)
    if found is None or not _ID.fullmatch(upload):
        raise MissingError(_missing(upload))
    return found


def _missing(upload: str) -> str:
    return f'there is no upload "{upload[:40]}"; the list of uploads says which there are'


def _put(entries: list[Upload], found: Upload, state: State, viewer: Viewer) -> Upload:
    changed = found if found.state == state else _moved(found, state, viewer)
    entries[entries.index(found)] = changed
    return changed


def _moved(one: Upload, state: State, viewer: Viewer) -> Upload:
    return replace(one, state=state, changed_by=viewer.name, changed=_now(), changed_by_id=viewer.id)


def _now() -> str:
    return dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")


def _write(path: Path, entries: Sequence[Upload]) -> None:
    draft = path.with_name(f".index-{secrets.token_hex(4)}")
    draft.write_text(
        json.dumps([asdict(one) for one in entries], ensure_ascii=False, indent=1), encoding="utf-8"
    )
    _sync(draft)
    draft.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Have a file or the names in a folder on disk."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
