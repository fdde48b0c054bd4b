"""Geographies: a kind of area and the year its boundaries were drawn.

A code alone does not say which boundaries it means: ward names and codes survive redrawing, and
LSOAs of 2011 and 2021 share most of their codes. So every table and every boundary set carries a
`Geography`, and two of different vintage never meet without a crosswalk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from geo.errors import UserError

#: Kind of area -> (what people call it, pattern of its GSS codes in England).
KINDS: dict[str, tuple[str, str]] = {
    "oa": ("output area", r"E00\d{6}"),
    "lsoa": ("Lower layer Super Output Area", r"E01\d{6}"),
    "msoa": ("Middle layer Super Output Area", r"E02\d{6}"),
    "wd": ("ward", r"E05\d{6}"),
    "lad": ("local authority district", r"E0[6-9]\d{6}"),
    "rgn": ("region", r"E12\d{6}"),
    "ctry": ("country", r"E92\d{6}"),
}

# GSS codes carry no vintage, but Excel leaves a signature on them: E01015693 opens as a number in
# scientific notation where the letter is read as an exponent, and loses leading characters.
_MANGLED = re.compile(r"\d+(\.\d+)?[eE]\+?\d+")


class GeographyError(UserError, ValueError):
    """A code, kind or vintage is not the one that was needed."""


@dataclass(frozen=True, order=True)
class Geography:
    """A kind of area and the year of its boundaries, such as LSOAs of 2021.

    Parameters
    ----------
    kind
        One of `KINDS`: ``oa``, ``lsoa``, ``msoa``, ``wd``, ``lad``, ``rgn``, ``ctry``.
    year
        Four digits, the vintage of the boundaries.
    """

    kind: str
    year: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise GeographyError(f'"{self.kind}" is not a kind of area; use one of {", ".join(KINDS)}')
        if not 1991 <= self.year <= 2090:
            raise GeographyError(f"{self.year} is not a year of boundaries; use four digits")

    @classmethod
    def parse(cls, key: str) -> Geography:
        """Geography from its key, such as ``lsoa21``.

        Raises
        ------
        GeographyError
            `key` is not a kind followed by two digits.
        """
        found = re.fullmatch(r"([a-z]+)(\d\d)", key.strip().lower())
        if not found:
            raise GeographyError(f'"{key}" is not a geography; write kind and year, such as lsoa21 or wd25')
        digits = int(found[2])
        return cls(found[1], (1900 if digits > 90 else 2000) + digits)

    @property
    def key(self) -> str:
        """Short id, such as ``lsoa21``: the value of `geography` in every figure."""
        return f"{self.kind}{self.year % 100:02d}"

    @property
    def code_column(self) -> str:
        """Name that ONS gives the column of codes, such as ``LSOA21CD``."""
        return f"{self.key.upper()}CD"

    @property
    def name_column(self) -> str:
        """Name that ONS gives the column of names, such as ``LSOA21NM``."""
        return f"{self.key.upper()}NM"

    @property
    def label(self) -> str:
        """What people call it, such as ``ward (2025)``."""
        return f"{KINDS[self.kind][0]} ({self.year})"

    def owns(self, code: str) -> bool:
        """Tell whether `code` has the shape of a code of this kind (not whether it exists)."""
        return re.fullmatch(KINDS[self.kind][1], code) is not None

    def check_codes(self, codes: Iterable[object], *, where: str, first_row: int = 1) -> None:
        """Refuse codes that cannot be of this kind, naming the first and where it stands.

        Parameters
        ----------
        codes
            Codes as read.
        where
            File or table, for the message.
        first_row
            Row on which the first code stands, for the message.

        Raises
        ------
        GeographyError
            A code has the wrong shape, or looks like one that a spreadsheet has turned into a number.
        """
        for row, code in enumerate(codes, start=first_row):
            text = str(code)
            if self.owns(text):
                continue
            if _MANGLED.fullmatch(text) or text.replace(".", "").isdigit():
                raise GeographyError(
                    f'{where} row {row}: the code reads "{text}", a number: a spreadsheet has changed '
                    f"it; download the file again and import that column as text"
                )
            raise GeographyError(
                f'{where} row {row}: "{text}" is not a code of a {self.label}; expected the pattern '
                f"{KINDS[self.kind][1]}"
            )


def __getattr__(name: str) -> Geography:
    """Geographies by their key in capitals: ``geography.LSOA21``."""
    if re.fullmatch(r"[A-Z]+\d\d", name):
        try:
            return Geography.parse(name.lower())
        except GeographyError as error:
            raise AttributeError(str(error)) from error
    raise AttributeError(name)
