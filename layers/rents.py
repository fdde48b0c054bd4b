"""Private rents and tenure by local authority: district tables that ONS publishes as workbooks."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column, Status
from layers.areas import Field, WrongFileError, build_table, paper
from layers.delimited import Delimited, HeaderError
from layers.workbooks import read_sheet, sheet_names

_RENTS = {
    "Room": ("room", "a room"),
    "Studio": ("studio", "a studio"),
    "One Bedroom": ("1_bed", "one bedroom"),
    "Two Bedrooms": ("2_bed", "two bedrooms"),
    "Three Bedrooms": ("3_bed", "three bedrooms"),
    "Four or more Bedrooms": ("4_plus_bed", "four or more bedrooms"),
    "All categories": ("all", "all categories"),
}
_TENURES = {
    "2023 Owned Outright (%)": ("owned_outright", "owned outright"),
    "2023 Owned with Mortgage or Loan (%)": ("owned_mortgage", "owned with a mortgage or loan"),
    "2023 Private Rent (%)": ("private_rented", "rented privately"),
    "2023 Social Rent (%)": ("social_rented", "rented socially"),
}
#: In this workbook a point means that no letting was recorded, and two that too few were to be shown.
_SYMBOLS: dict[str, tuple[Status, str]] = {
    ".": ("not_applicable", "no letting recorded"),
    "..": ("suppressed", "too few lettings"),
}


def read_rents(
    path: Path, *, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Median monthly private rents by district and size, of lettings recorded in a year.

    Parameters
    ----------
    path
        ONS's workbook of private rental market statistics.
    source
        Its papers, if not those of the catalogue.
    codes
        Districts to keep.

    Returns
    -------
    AreaTable
        On ``lad21``, in pounds a month: ``rent_median_room``, ``rent_median_studio``,
        ``rent_median_1_bed`` to ``rent_median_3_bed``, ``rent_median_4_plus_bed``, ``rent_median_all``.
        Medians, which refuse to be aggregated. Regions and England, and rows of districts that were
        hidden because few lettings stand behind them, are left out or suppressed as published.

    Raises
    ------
    WrongFileError
        No sheet holds the columns.
    """
    cells = _find(path, ["Area Code", "All categories"], list(_RENTS))
    cells = _districts(cells, "Area Code")
    fields = {
        f"rent_median_{key}": Field(
            header,
            Column(f"Median monthly rent, {words}", "GBP a month", "median", basis="survey"),
            symbols=_SYMBOLS,
        )
        for header, (key, words) in _RENTS.items()
    }
    return build_table(
        cells,
        code="Area Code",
        geography=Geography("lad", 2021),
        fields=fields,
        source=paper("prms_rents_2022", path, source),
        codes=codes,
        notes=["rents of lettings that were recorded, not of all tenants, and not a sample"],
    )


def read_tenure(
    path: Path, *, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Tenure shares by district in 2023.

    Returns
    -------
    AreaTable
        On ``lad23``, shares from 0 to 1: ``tenure23_owned_outright_share``,
        ``tenure23_owned_mortgage_share``, ``tenure23_private_rented_share``,
        ``tenure23_social_rented_share``.

    Raises
    ------
    WrongFileError
        No sheet holds the columns.
    """
    cells = _find(
        path, ["Local authority code", "2023 Private Rent (%)"], ["Local authority name", *_TENURES]
    )
    fields = {
        f"tenure23_{key}_share": Field(
            header,
            Column(f"Share of homes {words}", "share", "rate", base="dwellings", basis="modelled"),
            percent=True,
        )
        for header, (key, words) in _TENURES.items()
    }
    return build_table(
        _districts(cells, "Local authority code"),
        code="Local authority code",
        name="Local authority name",
        geography=Geography("lad", 2023),
        fields=fields,
        source=paper("tenure_la_2023", path, source),
        codes=codes,
    )


def _find(path: Path, required: list[str], columns: list[str]) -> Delimited:
    told = ""
    for sheet in sheet_names(path):
        try:
            return read_sheet(path, sheet, required=required, columns=columns)
        except HeaderError as error:
            told = told or str(error)
    raise WrongFileError(f'{told or path.name}; a sheet with "{required[0]}" and "{required[1]}" was needed')


def _districts(cells: Delimited, code: str) -> Delimited:
    codes = cells.frame[code].str.strip()
    # England, regions, counties and blank or note rows stand among the districts.
    kept = codes.str.fullmatch(r"E0[6-9]\d{6}|[WSN]\d{8}").to_numpy(dtype=bool)
    shaped = codes.str.fullmatch(r"[A-Z]\d{8}").to_numpy(dtype=bool) & ~kept
    said = (
        (f"{int(shaped.sum())} rows of regions, counties and England were left out",) if shaped.any() else ()
    )
    rest = cells.rows(kept)
    return Delimited(rest.file, rest.frame, rest.lines, rest.delimiter, (*rest.notes, *said))
