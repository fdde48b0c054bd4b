"""Indicators of whole authorities in long tables: public health (Fingertips) and adult social care (Oflog).

Long because their periods overlap, their units differ and no two start in the same year. Shown beside a
neighbourhood as the authority's own figure; never apportioned to it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from layers.areas import wrong_file
from layers.delimited import HeaderError, find_header, read_delimited, read_headers
from layers.symbols import read_numbers

_LAYOUTS = {
    "fingertips_la": ("area_code", "period", "indicator", "value", "measure", "group"),
    "oflog_social_care": ("local_authority_code", "financial_year", "measure", "value", "", ""),
}


def read_indicators(path: Path, *, codes: Collection[str] | None = None) -> pd.DataFrame:
    """Read indicators of authorities, one row a figure.

    Parameters
    ----------
    path
        Fingertips or Oflog long table, CSV or gzipped.
    codes
        Areas to keep, such as the authority and ``E92000001`` for England.

    Returns
    -------
    DataFrame
        Columns ``dataset`` (id in the catalogue), ``code``, ``period`` (as published: years, spans and
        financial years are not one series), ``indicator``, ``group`` (empty for all), ``value``, ``unit`` (as
        published; may be empty) and ``status``; in the order of the file.

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    headers = read_headers(path)
    for dataset, (code, period, indicator, value, unit, group) in _LAYOUTS.items():
        if not all(find_header(headers, [one]) for one in (code, period, indicator, value)):
            continue
        more = [one for one in (unit, group) if one]
        cells = read_delimited(path, required=[code, period, indicator, value], columns=more)
        if codes is not None:
            cells = cells.rows(cells.frame[code].isin(set(codes)).to_numpy(dtype=bool))
        numbers = read_numbers(cells, value)
        empty = np.full(len(cells.frame), "", dtype=object)
        return pd.DataFrame(
            {
                "dataset": dataset,
                "code": cells.frame[code],
                "period": cells.frame[period],
                "indicator": cells.frame[indicator],
                "group": cells.frame[group] if group in cells.frame else empty,
                "value": numbers.values,
                "unit": cells.frame[unit] if unit in cells.frame else empty,
                "status": numbers.status,
            }
        )
    error = HeaderError(f'{path.name} has no columns "indicator" or "measure" by authority')
    raise wrong_file(error, path, "a long table of indicators by authority") from error
