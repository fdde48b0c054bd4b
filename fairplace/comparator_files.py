"""The small file of comparators: England, its regions and districts alike, with papers.

One JSON file, the same for every authority, known by its first words. A build finds it among the published
files and keeps in the pack what concerns its authority: England, its region, and the districts like it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fairplace.files import write_whole
from geo.errors import UserError
from geo.figures import FIGURE_COLUMNS, tidy_figures
from geo.source import Source
from layers.cards import COMPARATORS_MARK

_FORMAT = 1
#: Figures are kept to so many significant digits: more than any page shows, few enough for a small file.
_DIGITS = 12


class ComparatorFileError(UserError, ValueError):
    """A file of comparators cannot be read, or knows no such authority."""


@dataclass(frozen=True)
class ComparatorArea:
    """An area to hold an authority beside.

    Parameters
    ----------
    code
        GSS code, or that of a class of districts, such as ``alike-1-3``.
    name
        In a reader's words, such as ``East of England``.
    level
        ``england``, ``region`` or ``alike``.
    districts, lsoas
        How many it sums; the authority itself is among them.
    """

    code: str
    name: str
    level: str
    districts: int
    lsoas: int


@dataclass(frozen=True)
class District:
    """To which areas a district belongs.

    Parameters
    ----------
    name
        As the Indices of Deprivation spell it.
    region, alike
        Codes of its `ComparatorArea`s.
    lsoas
        A few of its small areas, by which it is known where its own code has changed.
    """

    name: str
    region: str
    alike: str
    lsoas: tuple[str, ...]


@dataclass(frozen=True)
class Comparators:
    """England, its regions and its classes of districts, with their figures.

    Parameters
    ----------
    areas
        By code.
    districts
        By code of 2024.
    figures
        `geo.figures.FIGURE_COLUMNS`.
    sources
        Papers of the England-wide files that were summed.
    method
        How, in sentences.
    missing
        What could not be summed, and why.
    """

    areas: Mapping[str, ComparatorArea]
    districts: Mapping[str, District]
    figures: pd.DataFrame
    sources: tuple[Source, ...]
    method: str
    missing: tuple[str, ...] = ()

    def district(self, authority: str, lsoas: Collection[str] = ()) -> District | None:
        """Give the district of a code or, where the code has changed, of most of its small areas."""
        if authority in self.districts:
            return self.districts[authority]
        own = set(lsoas)
        counts = [(len(own.intersection(one.lsoas)), code) for code, one in self.districts.items()]
        most, code = max(counts, default=(0, ""))
        return self.districts[code] if most else None

    def beside(
        self, authority: str, lsoas: Collection[str] = ()
    ) -> tuple[list[ComparatorArea], pd.DataFrame]:
        """England, the region and the districts like an authority, and their figures.

        Parameters
        ----------
        authority
            Code of the district.
        lsoas
            Its small areas of 2021, for a district whose code is newer than the file.

        Raises
        ------
        ComparatorFileError
            The file knows neither.
        """
        district = self.district(authority, lsoas)
        if district is None:
            raise ComparatorFileError(
                f"the file of comparators knows no district {authority}; make it anew with "
                f"`fairplace comparators`"
            )
        england = next(one for one in self.areas.values() if one.level == "england")
        codes = [england.code, district.region, district.alike]
        areas = [self.areas[code] for code in codes]
        return areas, self.figures[self.figures["code"].isin(codes)].reset_index(drop=True)


def write_comparators(comparators: Comparators, path: Path) -> None:
    """Write a file of comparators, whole or not at all; equal content gives equal bytes."""
    content = {
        "format": _FORMAT,
        "method": comparators.method,
        "missing": list(comparators.missing),
        "sources": [one.record() for one in comparators.sources],
        "areas": [asdict(one) for one in comparators.areas.values()],
        "districts": {
            code: [one.name, one.region, one.alike, list(one.lsoas)]
            for code, one in sorted(comparators.districts.items())
        },
        "columns": list(FIGURE_COLUMNS),
    }
    lines = [json.dumps(_row(row), ensure_ascii=False) for row in comparators.figures.to_dict("records")]
    # One figure a line, so that two editions can be set side by side with any tool.
    text = json.dumps(content, ensure_ascii=False, indent=1)[1:-2]
    with write_whole(path) as draft:
        draft.write_text(
            f'{COMPARATORS_MARK},{text},\n "figures": [\n' + ",\n".join(lines) + "\n ]\n}\n",
            encoding="utf-8",
            newline="\n",
        )


def _row(row: Mapping[Any, Any]) -> list[Any]:
    cells: list[Any] = []
    for name in FIGURE_COLUMNS:
        cell = row[name]
        if isinstance(cell, float):
            cells.append(None if math.isnan(cell) else float(f"{cell:.{_DIGITS}g}"))
        else:
            cells.append(cell)
    return cells


def read_comparators(path: Path) -> Comparators:
    """Read a file of comparators.

    Raises
    ------
    ComparatorFileError
        It is damaged, or of another format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ComparatorFileError(
                f"{path.name} is of format {content['format']}, and this release reads format {_FORMAT}; "
                f"make it anew with `fairplace comparators`"
            )
        areas = [ComparatorArea(**one) for one in content["areas"]]
        return Comparators(
            {one.code: one for one in areas},
            {
                code: District(name, region, alike, tuple(lsoas))
                for code, (name, region, alike, lsoas) in content["districts"].items()
            },
            _figures(content["columns"], content["figures"]),
            tuple(Source(**one) for one in content["sources"]),
            str(content["method"]),
            tuple(content["missing"]),
        )
    except ComparatorFileError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ComparatorFileError(
            f"{path.name} is no file of comparators ({type(error).__name__}: {error}); "
            f"make it anew with `fairplace comparators`"
        ) from error


def _figures(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    frame = pd.DataFrame([list(row) for row in rows], columns=list(columns))
    return tidy_figures([frame])
