"""Sub-regional fuel poverty by LSOA.

Two definitions, which are two series: "low income high costs" (LIHC) for 2011 to 2018, "low income low
energy efficiency" (LILEE) from 2019. Their ids differ, so that nobody draws a trend through the break.
Figures of 2021 and later are on LSOAs of 2021, earlier ones on those of 2011; the file does not say.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from geo.errors import UserError
from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column
from layers.areas import Field, build_table, paper, read_cells, wrong_file
from layers.delimited import HeaderError, find_header, read_headers
from layers.vintages import LsoaChanges, check_vintage

_HOUSEHOLDS = ("Number of households", "Estimated number of households", "All Households")
_POOR = (
    "Number of households in fuel poverty",
    "Estimated number of fuel poor households",
    "Fuel Poor Households",
)
_SHARE = ("Proportion of households fuel poor (%)", "Percent Fuel Poor")

#: First year of the definition now in use, and first year on LSOAs of 2021.
LILEE_FROM, LSOA21_FROM = 2019, 2021


class YearError(UserError, ValueError):
    """The year of a file cannot be told."""


def read_fuel_poverty(
    path: Path,
    *,
    year: int | None = None,
    changes: LsoaChanges | None = None,
    source: Source | None = None,
    codes: Collection[str] | None = None,
) -> AreaTable:
    """Households in fuel poverty, all households and the share, by LSOA.

    Parameters
    ----------
    path
        The LSOA table of one year, CSV or gzipped.
    year
        Year the figures describe; taken from the file's name if left out, since the table does not
        say it.
    changes
        Lookup of LSOAs of 2011 and 2021; given, the codes are checked to be of the year's vintage.
    source
        Its papers, if not those of the catalogue.
    codes
        LSOAs to keep; all of England if left out.

    Returns
    -------
    AreaTable
        ``fuel_poverty_base`` (households), ``fuel_poverty_households`` and ``fuel_poverty_share`` (0 to
        1) for 2019 and later; ``fuel_poverty_lihc_base`` and so on for 2011 to 2018. On ``lsoa21`` for
        2021 and later, else ``lsoa11``.

    Raises
    ------
    YearError
        No year is given and the name holds none.
    VintageError
        The codes are of the other vintage.
    WrongFileError
        The columns are not there.
    """
    if year is None:
        found = re.findall(r"(?<!\d)(20[1-3]\d)(?!\d)", path.name)
        if len(set(found)) != 1:
            raise YearError(
                f"{path.name}: the table does not say its year, and the name "
                f"{'has more than one' if found else 'has none'}; give year=, such as year=2022"
            )
        year = int(found[0])
    headers = read_headers(path)
    households, poor, share = (find_header(headers, one) for one in (_HOUSEHOLDS, _POOR, _SHARE))
    if not (poor and share and find_header(headers, ["LSOA Code"])):
        error = HeaderError(f'{path.name} has no column "{_POOR[0]}" or "{_SHARE[0]}"')
        raise wrong_file(error, path, "sub-regional fuel poverty by LSOA") from error
    stem = "fuel_poverty" if year >= LILEE_FROM else "fuel_poverty_lihc"
    definition = "LILEE" if year >= LILEE_FROM else "LIHC"
    period = str(year)
    fields = {}
    if households:
        column = Column("Households", "households", "count", period=period, basis="modelled")
        fields[f"{stem}_base"] = Field(households, column)
    column = Column(f"Households in fuel poverty ({definition})", "households", "count", period=period)
    fields[f"{stem}_households"] = Field(poor, replace(column, basis="modelled"))
    column = Column(
        f"Share of households in fuel poverty ({definition})",
        "share",
        "rate",
        base=f"{stem}_base" if households else "households",
        count=f"{stem}_households",
        period=period,
        basis="modelled",
    )
    # The first edition gives fractions under the name of percent.
    fields[f"{stem}_share"] = Field(share, column, percent="(%)" in share)
    geography = Geography("lsoa", 2021 if year >= LSOA21_FROM else 2011)
    cells = read_cells(
        path,
        what="sub-regional fuel poverty",
        required=["LSOA Code"],
        columns=["LSOA Name", *(field.header for field in fields.values())],
    )
    papers = paper(f"fuel_poverty_{min(year, 2022)}", path, source)
    papers = papers if source is not None else replace(papers, period=period)
    notes = [
        f"fuel poverty of {year} by the {definition} definition: not comparable across the change of 2019"
    ]
    table = build_table(
        cells,
        code="LSOA Code",
        name="LSOA Name",
        geography=geography,
        fields=fields,
        source=papers,
        codes=codes,
        notes=notes,
    )
    if changes is not None:
        check_vintage(table.codes, geography, where=f"{path.name} (fuel poverty {year})", changes=changes)
    return _checked(table, stem)


def _checked(table: AreaTable, stem: str) -> AreaTable:
    if f"{stem}_base" not in table.values:
        return table
    shares = table.values[f"{stem}_households"] / table.values[f"{stem}_base"]
    off = np.flatnonzero((shares - table.values[f"{stem}_share"]).abs().to_numpy() > 0.002)
    if not len(off):
        return table
    note = (
        f"in {len(off)} areas, {table.codes[off[0]]} first, the published share is not the published "
        f"households divided"
    )
    return replace(table, notes=(*table.notes, note))
