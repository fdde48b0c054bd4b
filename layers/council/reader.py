"""A council's file, read as its schema says: every cell typed, or the first fault named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geo.errors import UserError
from geo.source import Source, hash_file
from layers.council.cells import read_cell
from layers.council.schema import Field, Schema, find_schema
from layers.delimited import Delimited, find_header, read_delimited
from layers.workbooks import read_sheet, sheet_names

_NUMERIC = frozenset({"whole", "number", "pounds", "share", "easting", "northing", "longitude", "latitude"})


class CouncilFileError(UserError, ValueError):
    """A council's file does not fit its schema; the message names the first fault."""


@dataclass(frozen=True)
class CouncilTable:
    """A council's file, read.

    Parameters
    ----------
    schema
        What kind of file it is.
    frame
        One column a field of the schema, in its order: text (empty for none) or floats (NaN for none).
    lines
        Row of the file on which each row stands, counted from 1.
    source
        Papers: the council's own file.
    notes
        What reading found.
    """

    schema: Schema
    frame: pd.DataFrame
    lines: np.ndarray
    source: Source
    notes: tuple[str, ...] = ()


def read_council_file(
    path: Path, kind: str, *, publisher: str = "the council", columns: Mapping[str, str] | None = None
) -> CouncilTable:
    """Read a council's file.

    Parameters
    ----------
    path
        CSV (also gzipped), or a workbook whose first sheet that fits is taken.
    kind
        Which schema.
    publisher
        Who answers for the file, for its papers.
    columns
        Name of a field -> header of the file, where they differ and no known spelling fits.

    Raises
    ------
    CouncilFileError
        A required column is not there, a cell cannot be what its column says, a reference stands twice, or
        a count exceeds its base.
    """
    schema = find_schema(kind)
    cells = _cells(path, schema, columns or {})
    frame = pd.DataFrame(index=cells.frame.index)
    for one in schema.fields:
        frame[one.name] = _column(cells, one, path)
    table = CouncilTable(schema, frame, cells.lines, _papers(path, schema, publisher, frame), cells.notes)
    _check_rows(table, path)
    return table


def header_of(headers: list[str], field: Field, columns: Mapping[str, str]) -> str:
    """Header of a file that a field stands under; empty if there is none."""
    if field.name in columns:
        return columns[field.name] if columns[field.name] in headers else ""
    return find_header(headers, [field.name, *field.also])


def _cells(path: Path, schema: Schema, columns: Mapping[str, str]) -> Delimited:
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods"):
        required = [columns.get(name, name) for name in schema.required]
        names = sheet_names(path)
        sheet = schema.kind if schema.kind in names else names[0]
        optional = [columns.get(one.name, one.name) for one in schema.fields if not one.required]
        cells = read_sheet(path, sheet, required=required, columns=optional)
    else:
        cells = read_delimited(path)
    headers = cells.frame.columns.tolist()
    renamed: dict[str, str] = {}
    for one in schema.fields:
        found = header_of(headers, one, columns)
        if found and found not in renamed:
            renamed[found] = one.name
        elif one.required:
            raise CouncilFileError(
                f'{path.name} has no column "{one.name}" ({one.about.lower()}); it has '
                f"{', '.join(headers[:12])}: rename one, or run "
                f"`fairplace check {path.name} --kind {schema.kind}`"
            )
    frame = cells.frame[list(renamed)].rename(columns=renamed)
    return Delimited(cells.file, frame, cells.lines, cells.delimiter, cells.notes)


def _column(cells: Delimited, field: Field, path: Path) -> pd.Series:
    numeric = field.type in _NUMERIC
    if field.name not in cells.frame:
        blank = np.nan if numeric else ""
        return pd.Series(blank, index=cells.frame.index, dtype="float64" if numeric else "str")
    values: list[float | str] = []
    for line, text in zip(cells.lines, cells.frame[field.name], strict=True):
        reading = read_cell(str(text), field)
        if reading.wrong:
            raise CouncilFileError(
                f'{path.name} row {line}, column "{field.name}": found {reading.found}; {reading.mend}'
            )
        value = reading.value
        values.append((np.nan if numeric else "") if value is None else value)
    return pd.Series(values, index=cells.frame.index, dtype="float64" if numeric else "str")


def _check_rows(table: CouncilTable, path: Path) -> None:
    frame, schema = table.frame, table.schema
    for one in schema.fields:
        if one.unique:
            filled = frame[one.name] != ""
            twice = frame[one.name].duplicated() & filled
            if twice.any():
                value = frame.loc[twice.idxmax(), one.name]
                rows = ", ".join(str(n) for n in table.lines[(frame[one.name] == value).to_numpy()])
                raise CouncilFileError(
                    f'{path.name}: {one.name} "{value}" stands on rows {rows}; keep one of them'
                )
        if one.at_most and one.name in frame and one.at_most in frame:
            over = frame[one.name] > frame[one.at_most]
            if over.any():
                row = int(np.flatnonzero(over)[0])
                raise CouncilFileError(
                    f"{path.name} row {table.lines[row]}: {one.name} is {frame[one.name].iat[row]:g}, above "
                    f"{one.at_most}, {frame[one.at_most].iat[row]:g}; check which of the two is right"
                )
    if schema.key:
        twice = frame.duplicated(list(schema.key))
        if twice.any():
            row = int(np.flatnonzero(twice)[0])
            what = ", ".join(f"{name} {frame[name].iat[row]}" for name in schema.key)
            raise CouncilFileError(
                f"{path.name} row {table.lines[row]}: {what} has stood before; give each once"
            )


def _papers(path: Path, schema: Schema, publisher: str, frame: pd.DataFrame) -> Source:
    return Source(
        id=f"local_{schema.kind}",
        title=f"{schema.title}: {publisher}'s own file",
        publisher=publisher,
        edition=path.name,
        period=_span(frame),
        licence="the council's own; published by the council",
        file=path.name,
        sha256=hash_file(path),
        note="As the council keeps it; not checked against another source",
    )


def _span(frame: pd.DataFrame) -> str:
    for name in ("period", "date", "audit_date", "lodged"):
        if name in frame:
            known = frame.loc[frame[name] != "", name]
            if len(known):
                first, last = str(known.min()), str(known.max())
                return first if first == last else f"{first} to {last}"
    return "as the council holds it"
