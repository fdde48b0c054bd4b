"""ONS small-area income estimates, with their confidence limits.

Model-based means of household income for MSOAs of 2011, in pounds a year: total, net, and net
equivalised before and after housing costs. The limits are published; they are carried beside the
values, and say how much of a difference between two neighbourhoods is real.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column
from layers.areas import Field, WrongFileError, build_table, paper, read_cells, wrong_file
from layers.catalogue import dataset
from layers.delimited import Delimited, HeaderError, find_header, read_headers
from layers.workbooks import read_sheet, sheet_names

INTERVAL = "95 % published"


@dataclass(frozen=True)
class _Measure:
    key: str
    label: str
    sheet: str
    header: str
    short: str


_MEASURES = (
    _Measure(
        "income_total_mean",
        "Total household income",
        "Total annual income",
        "Total annual income (£)",
        "total",
    ),
    _Measure("income_net_mean", "Net household income", "Net annual income", "Net annual income (£)", "net"),
    _Measure(
        "income_bhc_mean",
        "Net household income before housing costs, equivalised",
        "Net income before housing costs",
        "Net annual income before housing costs (£)",
        "net_bhc_eq",
    ),
    _Measure(
        "income_ahc_mean",
        "Net household income after housing costs, equivalised",
        "Net income after housing costs",
        "Net annual income after housing costs (£)",
        "net_ahc_eq",
    ),
)  # fmt: skip
_UPPER, _LOWER = "Upper confidence limit (£)", "Lower confidence limit (£)"


def read_small_area_income(
    path: Path | Iterable[Path], *, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Mean household income by MSOA of 2011, with 95 % limits.

    Parameters
    ----------
    path
        ONS's workbook of four sheets; or a CSV of one measure; or several such CSVs, which make one
        table; or a CSV with all measures and limits in columns such as ``net_ahc_eq_lcl``.
    source
        Its papers, if not those of the catalogue.
    codes
        MSOAs of 2011 to keep; all of England if left out.

    Returns
    -------
    AreaTable
        On ``msoa11``, in pounds a year: ``income_total_mean``, ``income_net_mean``,
        ``income_bhc_mean`` and ``income_ahc_mean`` (the last two equivalised), as many as the files
        hold, each with `low` and `high`.

    Raises
    ------
    WrongFileError
        A file holds none of the measures.
    """
    paths = [path] if isinstance(path, Path) else list(path)
    parts: list[tuple[_Measure, Delimited, tuple[str, str, str, str]]] = []
    for one in paths:
        parts.extend(_workbook(one) if one.suffix.lower() == ".xlsx" else _csv(one))
    if not parts:
        raise WrongFileError("no file of small-area income was given; give the workbook or its CSVs")
    papers = paper("saie_fye2020", paths[0], source)
    tables = []
    for measure, cells, (code, value, upper, lower) in parts:
        column = Column(
            measure.label, "GBP a year", "money", base="households", basis="modelled", interval=INTERVAL
        )
        fields = {
            measure.key: Field(value, column),
            "low": Field(lower, column),
            "high": Field(upper, column),
        }
        tables.append(
            build_table(
                cells,
                code=code,
                name="MSOA name",
                geography=Geography("msoa", 2011),
                fields=fields,
                source=papers,
                codes=codes,
            )
        )
    return _joined(tables, papers)


def _joined(tables: list[AreaTable], papers: Source) -> AreaTable:
    index = tables[0].values.index
    for table in tables[1:]:
        index = index.union(table.values.index)
    index = index.sort_values()
    values, status, low, high = (pd.DataFrame(index=index) for _ in range(4))
    columns: dict[str, Column] = {}
    notes: list[str] = ["model-based estimates: a difference within the limits says nothing"]
    names: dict[str, str] = {}
    for table in tables:
        key = next(iter(table.columns))
        columns[key] = table.columns[key]
        values[key] = table.values[key].reindex(index)
        status[key] = table.status[key].reindex(index).fillna("missing")
        low[key], high[key] = table.values["low"].reindex(index), table.values["high"].reindex(index)
        crossed = (low[key] > values[key]) | (high[key] < values[key])
        if crossed.any():
            notes.append(f"{key}: the limits of {index[crossed][0]} do not hold its value")
        names |= dict(table.names)
        notes.extend(table.notes)
    return AreaTable(
        Geography("msoa", 2011),
        columns,
        values,
        papers,
        status,
        low,
        high,
        names,
        tuple(dict.fromkeys(notes)),
    )


def _workbook(path: Path) -> list[tuple[_Measure, Delimited, tuple[str, str, str, str]]]:
    held = sheet_names(path)
    found = []
    for measure in _MEASURES:
        if measure.sheet in held:
            required = ["MSOA code", measure.header, _UPPER, _LOWER]
            cells = read_sheet(path, measure.sheet, required=required, columns=["MSOA name"])
            found.append((measure, cells, ("MSOA code", measure.header, _UPPER, _LOWER)))
    if not found:
        raise WrongFileError(
            f"{path.name} has the sheets {', '.join(held[:6])}; ONS's workbook of small-area income has "
            f'"{_MEASURES[0].sheet}" and three more'
        )
    return found


def _csv(path: Path) -> list[tuple[_Measure, Delimited, tuple[str, str, str, str]]]:
    headers = read_headers(path)
    what = dataset("saie_fye2020").title
    if find_header(headers, ["msoa11cd"]):
        found = []
        for measure in _MEASURES:
            triple = (measure.short, f"{measure.short}_ucl", f"{measure.short}_lcl")
            if all(find_header(headers, [one]) for one in triple):
                cells = read_cells(path, what=what, required=["msoa11cd", *triple], columns=["msoa11nm"])
                found.append((measure, cells, ("msoa11cd", *triple)))
        if found:
            return found
    for measure in _MEASURES:
        if find_header(headers, [measure.header]):
            required = ["MSOA code", measure.header, _UPPER, _LOWER]
            cells = read_cells(path, what=what, required=required, columns=["MSOA name"])
            return [(measure, cells, ("MSOA code", measure.header, _UPPER, _LOWER))]
    missing = HeaderError(f'{path.name} has no column "{_MEASURES[3].header}"')
    raise wrong_file(missing, path, what) from missing
