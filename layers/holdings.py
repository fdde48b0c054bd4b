"""What a folder of published files holds, for which authority, and what is missing.

A file is known by what is in it: the headers of a table, the sheets of a workbook, the attributes of a
layer. Where two files serve, the one that covers more of the authority is taken, then the one with
more of the wanted columns, then the newer by the year in its name, then the smaller; which it was, and
why, is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from geo.errors import UserError
from geo.geography import Geography
from layers.cards import FileCard, describe_file
from layers.catalogue import Dataset, dataset, load_catalogue, match_quietly
from layers.coverage import Coverage

_TEXTS = (".md", ".txt", ".html", ".pdf")


class NotHeldError(UserError, LookupError):
    """The folder has no file of a data set, or none that covers the authority."""


class UnknownAuthorityError(UserError, LookupError):
    """No file of the folder knows an authority of that code."""


@dataclass(frozen=True)
class Holding:
    """The file that serves for a data set, or that there is none.

    Parameters
    ----------
    dataset
        Its entry in the catalogue.
    path
        The file; None if there is none.
    coverage
        Share of the authority's areas that the file holds, 0 to 1; 1 for national tables and where
        no authority was asked for.
    note
        Why this file and not another, or what is missing.
    """

    dataset: Dataset
    path: Path | None
    coverage: float
    note: str


@dataclass(frozen=True)
class Holdings:
    """Files of a folder, each with the data set it was recognised as.

    Parameters
    ----------
    folder
        Where they lie.
    cards
        One a file, in order of path.
    """

    folder: Path
    cards: tuple[FileCard, ...]
    _coverage: Coverage = field(repr=False, compare=False)

    @property
    def unknown(self) -> tuple[FileCard, ...]:
        """Files that no entry of the catalogue fits; they are left alone."""
        return tuple(card for card in self.cards if not card.dataset)

    def look(self, dataset_id: str, authority: str = "") -> Holding:
        """Give the file that serves best for a data set, or say why there is none.

        Parameters
        ----------
        dataset_id
            Such as ``iod2025``.
        authority
            GSS code of a district; any file of the data set if empty.

        Raises
        ------
        CatalogueError
            There is no such data set.
        """
        known = dataset(dataset_id)
        cards = [card for card in self.cards if card.dataset == known.id]
        if not cards:
            return Holding(known, None, 0.0, f"no file in {self.folder.name} holds {known.title}")
        ranked = sorted(self._rank(card, authority) for card in cards)
        share, wanted, year, _, _, best = ranked[0]
        if share == 0:
            names = ", ".join(one[5].path.name for one in ranked[:3])
            return Holding(known, None, 0.0, f"{names}: none covers {authority}")
        note = ""
        if len(ranked) > 1:
            other = ranked[1]
            why = (
                "covers more of the authority"
                if other[0] > share
                else "has more of the wanted columns"
                if other[1] > wanted
                else "is the newer"
                if other[2] > year
                else "is the smaller"
            )
            note = f"{best.path.name} taken before {other[5].path.name}: it {why}"
        if -share < 1:
            note = f"{note}; " if note else ""
            note += f"{best.path.name} covers {-share:.0%} of {authority}"
        return Holding(known, best.path, -share, note)

    def _rank(self, card: FileCard, authority: str) -> tuple[float, int, int, int, str, FileCard]:
        share = self._coverage.share(card, authority) if authority else 1.0
        return -share, -_wanted(card), -_year(card.path), card.size, card.path.as_posix(), card

    def find_all(self, dataset_id: str, authority: str = "") -> list[Path]:
        """Paths of every file of a data set that covers any of the authority, the best first."""
        cards = [card for card in self.cards if card.dataset == dataset(dataset_id).id]
        ranked = sorted(self._rank(card, authority) for card in cards)
        return [one[5].path for one in ranked if one[0] < 0]

    def find(self, dataset_id: str, authority: str = "") -> Path:
        """Path of the file that serves best; see `look`.

        Raises
        ------
        NotHeldError
            There is none.
        """
        holding = self.look(dataset_id, authority)
        if holding.path is None:
            raise NotHeldError(
                f"{holding.note}; get it from {holding.dataset.url} and put it into {self.folder.name}"
            )
        return holding.path

    def holds(self, dataset_id: str, authority: str = "") -> bool:
        """Tell whether a file serves."""
        return self.look(dataset_id, authority).path is not None

    def inventory(self, authority: str = "") -> list[Holding]:
        """Every data set of the catalogue with the file that serves for it, or why none does."""
        return [self.look(key, authority) for key in load_catalogue()]

    def missing(self, authority: str = "") -> list[Holding]:
        """List what a build of the authority needs and the folder does not have."""
        return [one for one in self.inventory(authority) if one.dataset.needed and one.path is None]

    def authorities(self) -> dict[str, str]:
        """Code and name of every district some file knows, by the newest list of districts."""
        return self._coverage.authorities()

    def areas(self, authority: str, geography: Geography) -> frozenset[str]:
        """Codes of an authority's areas, by the newest file that says; empty if none does."""
        return self._coverage.areas(authority, geography.key)

    def check_authority(self, authority: str) -> str:
        """Name of an authority (its code if no file names it).

        Raises
        ------
        UnknownAuthorityError
            No file knows it; the message names what is near.
        """
        known = self.authorities()
        if authority in known:
            return known[authority] or authority
        text = authority.strip().lower()
        near = [f"{name} is {code}" for code, name in known.items() if name.lower() == text]
        alike = [f"{code} {name}".strip() for code, name in known.items() if code[:7] == authority[:7]]
        near = near or alike[:3]
        shape = Geography("lad", 2025).owns(authority)
        why = (
            "is in no list of districts here; it may have been abolished, or be a county"
            if shape
            else "is not the code of a district; needed one such as E06000032"
        )
        hint = f": {'; '.join(near)}" if near else ""
        raise UnknownAuthorityError(f'"{authority}" {why} ({len(known)} districts are known){hint}')


def _wanted(card: FileCard) -> int:
    known = dataset(card.dataset)
    return len(match_quietly(card.columns, known.wanted))


def _year(path: Path) -> int:
    found = re.findall(r"(?<!\d)20\d\d(?!\d)", path.name)
    return max((int(one) for one in found), default=0)


def scan(folder: Path) -> Holdings:
    """Look through a folder and recognise each file by what it holds.

    Parameters
    ----------
    folder
        Searched with all folders below it. Hidden files, texts and folders named ``restricted`` are
        passed over; a file that cannot be read is listed among the unknown with the reason, never an
        error.

    Raises
    ------
    NotHeldError
        The folder is not there.
    """
    if not folder.is_dir():
        raise NotHeldError(f"{folder.name or folder} is not a folder; give the folder of published files")
    cards = tuple(describe_file(path) for path in _files(folder))
    return Holdings(folder, cards, Coverage(cards))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "~$")) or part == "restricted" for part in inside)
        if path.is_file() and not hidden and path.suffix.lower() not in _TEXTS:
            yield path
