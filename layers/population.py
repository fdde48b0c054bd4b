"""Mid-year population estimates by single year of age.

Two layouts: that of mid-2020 and before, with a column for each age on LSOAs of 2011; and that of the
estimates rebased to Census 2021, with a column for each sex and age on LSOAs of 2021.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd

from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column
from layers.areas import Field, build_table, paper, read_cells
from layers.catalogue import dataset
from layers.delimited import match_headers, read_headers
from layers.vintages import LsoaChanges, check_vintage

_REBASED = ("LSOA 2021 Code", "Total", "F0", "F90", "M0", "M90")
_AGES = [*(str(age) for age in range(90)), "90+"]
#: Five-year bands, youngest first: what a band is called -> its single ages.
AGE_BANDS: dict[str, range] = {
    **{f"{low} to {low + 4}": range(low, low + 5) for low in range(0, 90, 5)},
    "90 and over": range(90, 91),
}
#: Sexes as the estimates give them -> first letter of their columns.
SEXES = {"females": "F", "males": "M"}


def read_population(
    path: Path,
    *,
    geography: Geography | None = None,
    year: int | None = None,
    changes: LsoaChanges | None = None,
    source: Source | None = None,
    codes: Collection[str] | None = None,
) -> AreaTable:
    """Residents by single year of age in the middle of a year.

    Parameters
    ----------
    path
        Table with ``LSOA Code``, ``All Ages`` and a column for each age from ``0`` to ``90+``; or, rebased
        to Census 2021, with ``LSOA 2021 Code``, ``Total``, ``F0`` to ``F90`` and ``M0`` to ``M90``.
    geography
        What the codes are; if left out LSOAs of 2011 for the first layout, of 2021 for the second.
    year
        Of the estimate; 2020 for the first layout, else from the file's name, else 2022.
    changes
        Lookup of LSOAs of 2011 and 2021; given, the codes are checked to be of that vintage.
    source
        Its papers, if not those of the catalogue.
    codes
        Areas to keep.

    Returns
    -------
    AreaTable
        ``mid20_residents``, ``mid20_age_0`` to ``mid20_age_89`` and ``mid20_age_90_plus``, which are rolled
        forward from the census of 2011; or ``mid22_residents`` and so on, by the year.

    Raises
    ------
    WrongFileError
        The columns are not there.
    VintageError
        The codes are of the other vintage.
    """
    if len(match_headers(read_headers(path), _REBASED)) == len(_REBASED):
        return _rebased(path, geography, year, changes, source, codes)
    place = geography or Geography("lsoa", 2011)
    stem = f"mid{(year or 2020) % 100:02d}"
    fields = {f"{stem}_residents": Field("All Ages", _column(year or 2020))}
    for age in _AGES:
        fields[f"{stem}_age_{age.replace('+', '_plus')}"] = Field(age, _column(year or 2020, age))
    cells = read_cells(
        path,
        what="population by single year of age",
        required=["LSOA Code", "All Ages", *_AGES],
        columns=["LSOA Name"],
    )
    table = build_table(
        cells,
        code="LSOA Code",
        name="LSOA Name",
        geography=place,
        fields=fields,
        source=paper("population_mid2020", path, source),
        codes=codes,
        notes=["estimates of mid-2020 are not rebased to Census 2021"],
    )
    if changes is not None:
        check_vintage(table.codes, place, where=path.name, changes=changes)
    return _checked(table, stem)


def _column(year: int, age: str = "") -> Column:
    label = f"Residents aged {age}, mid-{year}" if age else f"Residents, mid-{year}"
    return Column(label, "people", "count", period=f"{year}-06-30", basis="modelled")


def read_population_by_sex(
    path: Path, *, year: int | None = None, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Residents by sex and five-year band of age in the middle of a year, for a pyramid.

    Parameters
    ----------
    path
        Table rebased to Census 2021, as in `read_population`; the older layout tells no sexes.
    year, source, codes
        As in `read_population`.

    Returns
    -------
    AreaTable
        ``mid22_residents``, and `sex_band_column` of each of `SEXES` and `AGE_BANDS`; people, LSOAs of
        2021. A band with a hidden or missing age in it is hidden or missing itself.

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    table, stem, when = _single_ages(path, None, year, source, codes)
    values = pd.DataFrame({f"{stem}_residents": table.values["total"]})
    status = pd.DataFrame({f"{stem}_residents": table.status["total"]})
    columns = {f"{stem}_residents": _column(when)}
    for sex, letter in SEXES.items():
        for band, ages in AGE_BANDS.items():
            key = sex_band_column(stem, sex, band)
            parts = [f"{letter}{age}" for age in ages]
            whole = table.status[parts[0]].copy()
            for one in parts[1:]:
                whole = table.status[one].where(whole == "ok", whole)
            status[key] = whole
            values[key] = table.values[parts].sum(axis=1, skipna=False).where(whole == "ok")
            columns[key] = replace(_column(when, band), label=f"{sex.capitalize()} aged {band}, mid-{when}")
    made = AreaTable(table.geography, columns, values, table.source, status.astype("str"), names=table.names)
    return _checked(made, stem)


def sex_band_column(stem: str, sex: str, band: str) -> str:
    """Id of a column of `read_population_by_sex`, such as ``mid22_females_0_4``."""
    return f"{stem}_{sex}_{band.replace(' to ', '_').replace(' and over', '_plus')}"


def _rebased(
    path: Path,
    geography: Geography | None,
    year: int | None,
    changes: LsoaChanges | None,
    source: Source | None,
    codes: Collection[str] | None,
) -> AreaTable:
    table, stem, when = _single_ages(path, geography, year, source, codes)
    if changes is not None:
        check_vintage(table.codes, table.geography, where=path.name, changes=changes)
    values = pd.DataFrame({f"{stem}_residents": table.values["total"]})
    status = pd.DataFrame({f"{stem}_residents": table.status["total"]})
    columns = {f"{stem}_residents": _column(when)}
    for n, age in enumerate(_AGES):
        key = f"{stem}_age_{age.replace('+', '_plus')}"
        women, men = table.status[f"F{n}"], table.status[f"M{n}"]
        # A sum with a hidden part is hidden itself, and one with a missing part is missing.
        status[key] = men.where(women == "ok", women)
        values[key] = (table.values[f"F{n}"] + table.values[f"M{n}"]).where(status[key] == "ok")
        columns[key] = _column(when, age)
    whole = AreaTable(
        table.geography,
        columns,
        values,
        table.source,
        status.astype("str"),
        names=table.names,
        notes=("estimates rebased to Census 2021; women and men are added together",),
    )
    return _checked(whole, stem)


def _single_ages(
    path: Path,
    geography: Geography | None,
    year: int | None,
    source: Source | None,
    codes: Collection[str] | None,
) -> tuple[AreaTable, str, int]:
    """Read every sex and single age, as the file names them; and the stem of ids, and the year."""
    found = re.search(r"mid-?_?(20\d\d)", path.name)
    when = year or (int(found[1]) if found else 2022)
    headers = [f"{sex}{age}" for sex in "FM" for age in range(91)]
    fields = {one: Field(one, _column(when)) for one in headers} | {"total": Field("Total", _column(when))}
    known = dataset("population_mid2022")
    cells = read_cells(
        path, what=known.title, required=[known.code, "Total", *headers], columns=["LSOA 2021 Name"]
    )
    papers = paper(known.id, path, source)
    if source is None:
        papers = replace(papers, edition=f"mid-{when}", period=f"{when}-06-30")
    table = build_table(
        cells,
        code=known.code,
        name="LSOA 2021 Name",
        geography=geography or Geography("lsoa", 2021),
        fields=fields,
        source=papers,
        codes=codes,
    )
    return table, f"mid{when % 100:02d}", when


def _checked(table: AreaTable, stem: str) -> AreaTable:
    total = f"{stem}_residents"
    apart = (table.values.drop(columns=total).sum(axis=1) - table.values[total]).abs()
    if (apart > 0.5).any():
        one = apart.idxmax()
        note = f"the ages of {one} add up to {apart.max():.0f} more or fewer than its total"
        return replace(table, notes=(*table.notes, note))
    return table
