"""Street-level crime from data.police.uk.

Points are anonymised: each crime is moved to the nearest of a fixed set of snap points, so a map of
them shows snap points, never places of crime, and small areas are counted by the LSOA the publisher
gives rather than by the point.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd

from geo.geography import Geography, GeographyError
from geo.source import Source
from geo.table import AreaTable, Column
from layers.areas import paper, wrong_file
from layers.delimited import Delimited, HeaderError, find_header, read_delimited, read_headers
from layers.points import Points, place_points

_FIELDS = ("month", "longitude", "latitude", "lsoa_code", "crime_type")


def _read(path: Path) -> tuple[Delimited, dict[str, str]]:
    headers = read_headers(path)
    found = {field: find_header(headers, [field]) for field in _FIELDS}
    absent = [field for field, header in found.items() if not header]
    if absent:
        error = HeaderError(f'{path.name} has no column "{absent[0]}"')
        raise wrong_file(error, path, "street-level crime of data.police.uk") from error
    location = find_header(headers, ["location"])
    return read_delimited(path, required=list(found.values()), columns=[location] if location else []), found


def read_crime(path: Path, *, source: Source | None = None) -> Points:
    """Crimes as anonymised points.

    Parameters
    ----------
    path
        A month or a joined series, CSV or gzipped.
    source
        Its papers, if not those of the catalogue.

    Returns
    -------
    Points
        ``id`` the row, ``kind`` the crime type, ``status`` ``unknown``, ``name`` the location in words;
        also ``month`` (``YYYY-MM``) and ``lsoa21``. Rows without coordinates are left out and counted.

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    cells, found = _read(path)
    frame = cells.frame
    location = find_header(frame.columns.tolist(), ["location"])
    return place_points(
        cells,
        source=paper("police_crime", path, source),
        columns={
            "id": pd.Series([str(line) for line in cells.lines]),
            "name": frame[location] if location else pd.Series("", index=frame.index),
            "kind": frame[found["crime_type"]],
            "status": pd.Series("unknown", index=frame.index),
            "month": frame[found["month"]],
            "lsoa21": frame[found["lsoa_code"]],
        },
        placed="anonymised snap point",
        notes=["locations are anonymised to snap points: never treat one as where a crime was"],
    )


def count_crime(
    path: Path, *, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Crimes by LSOA of 2021 and type over the months the file covers.

    Parameters
    ----------
    path, source
        As in `read_crime`.
    codes
        LSOAs wanted: one without a crime then counts 0. If left out, those that occur.

    Returns
    -------
    AreaTable
        ``crime_all`` and one count a type, such as ``crime_burglary``,
        ``crime_violence_and_sexual_offences``; the period is the first and last month.

    Raises
    ------
    GeographyError
        An LSOA code is malformed.
    """
    cells, found = _read(path)
    place = Geography("lsoa", 2021)
    lsoa = cells.frame[found["lsoa_code"]].str.strip()
    known = lsoa != ""
    english = lsoa.str.fullmatch(r"E01\d{6}")
    wrong = known & ~english & ~lsoa.str.fullmatch(r"[WSN]\d{8}|95\w+")
    if wrong.any():
        line = int(cells.lines[wrong.to_numpy(dtype=bool)][0])
        where = f'{cells.file}, "{found["lsoa_code"]}"'
        place.check_codes([lsoa[wrong].iat[0]], where=where, first_row=line)
        raise GeographyError(f"{where} row {line}: not an LSOA")
    kept = cells.frame[english]
    counted = pd.crosstab(lsoa[english], kept[found["crime_type"]].map(_slug))
    counted = counted.reindex(sorted(counted.columns), axis=1)
    if codes is not None:
        counted = counted.reindex(sorted(set(codes)), fill_value=0)
    counted.insert(0, "all", counted.sum(axis=1))
    months = kept[found["month"]]
    period = f"{months.min()} to {months.max()}" if len(months) else ""
    labels = {_slug(one): one for one in kept[found["crime_type"]].unique()} | {"all": "Crimes, all types"}
    columns = {
        f"crime_{key}": Column(str(labels[key]), "crimes", "count", period=period) for key in counted.columns
    }
    values = counted.set_axis(list(columns), axis=1).astype(float)
    values.index = pd.Index(values.index.to_numpy(dtype=object), name=place.code_column, dtype="str")
    values.columns.name = None
    notes = [
        f"{months.nunique()} months, {period}",
        "counted by the LSOA that the police give, not by the point",
    ]
    if int((~english).sum()):
        notes.append(f"{int((~english).sum())} crimes without an LSOA of England were left out")
    papers = paper("police_crime", path, source)
    return AreaTable(place, columns, values, replace(papers, period=period or papers.period), notes=notes)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
