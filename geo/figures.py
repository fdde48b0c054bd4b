"""The long table of figures: one row a number, with everything that must be said beside it.

`figures.parquet` in a pack has this shape, and so has the table inside a profile of a drawn area.
Pages, maps, downloads and routes draw from it and from nothing else, so no two of them can differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from geo.table import STATUSES, AreaTable, TableError

#: Column -> what it holds. `group` is empty for all, else an age or a type.
FIGURE_COLUMNS: dict[str, str] = {
    "code": "GSS code of the area, or the identifier of a drawn area",
    "geography": "kind and vintage, such as lsoa21",
    "indicator": "stable id, such as mis_people_below_share",
    "group": "empty for all, else an age or a type",
    "period": "what the number describes",
    "value": "the number; empty unless status is ok",
    "low": "low end of the range; empty where there is none",
    "high": "high end of the range; empty where there is none",
    "interval": 'what the range is, such as "90 % model"',
    "count": "numerator; empty where there is none",
    "base": "denominator or averaging weight; empty where there is none",
    "unit": "unit of value, low and high",
    "basis": "counted, survey, modelled, apportioned or copied",
    "reliability": "A, B or C for a modelled figure, else empty",
    "status": "ok, missing, suppressed or not_applicable",
    "floor": "smallest geography on which the figure may be published",
    "source": "id of the source in sources.json",
}
FIGURE_KEY = ["code", "geography", "indicator", "group", "period", "source"]
_NUMBERS = ["value", "low", "high", "count", "base"]
_DTYPES = {name: ("float64" if name in _NUMBERS else "str") for name in FIGURE_COLUMNS}


def empty_figures() -> pd.DataFrame:
    """Give a table of figures with no rows and the right types."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _DTYPES.items()})


def tidy_figures(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Join tables of figures, check them, and put them into their one order.

    Returns
    -------
    DataFrame
        All of `FIGURE_COLUMNS`, sorted by geography, code, indicator, group, period and source.

    Raises
    ------
    TableError
        A row repeats another's key, a value disagrees with its status, or a range does not hold
        its value.
    """
    kept = [part for part in parts if len(part)]
    if not kept:
        return empty_figures()
    figures = pd.concat(kept, ignore_index=True)
    for name, kind in _DTYPES.items():
        if name not in figures:
            figures[name] = np.nan if kind == "float64" else ""
        if kind == "str":
            figures[name] = figures[name].fillna("").astype("str")
        else:
            figures[name] = figures[name].astype("float64")
    figures = figures[list(FIGURE_COLUMNS)]
    check_figures(figures)
    order = ["geography", "code", "indicator", "group", "period", "source"]
    return figures.sort_values(order, kind="stable", ignore_index=True)


def check_figures(figures: pd.DataFrame) -> None:
    """Refuse a table of figures that breaks a rule every reader relies on.

    Raises
    ------
    TableError
        As in `tidy_figures`.
    """
    if list(figures.columns) != list(FIGURE_COLUMNS):
        raise TableError(f"figures have the columns {list(figures.columns)}; needed {list(FIGURE_COLUMNS)}")
    repeated = figures.duplicated(FIGURE_KEY)
    if repeated.any():
        first = figures.loc[repeated.idxmax(), FIGURE_KEY].to_dict()
        raise TableError(f"two figures share the key {first}; give each figure once")
    unknown = ~figures["status"].isin(STATUSES)
    if unknown.any():
        raise TableError(f"status {figures.loc[unknown.idxmax(), 'status']!r} is not a status")
    disagree = (figures["status"] == "ok") != figures["value"].notna()
    if disagree.any():
        row = figures.loc[disagree.idxmax()]
        raise TableError(
            f"{row['indicator']} of {row['code']} is {row['value']} with status {row['status']}; "
            f"a value goes with ok and only with ok"
        )
    slack = 1e-9 * figures["value"].abs().clip(lower=1.0)
    outside = (figures["low"] > figures["value"] + slack) | (figures["high"] < figures["value"] - slack)
    if outside.any():
        row = figures.loc[outside.idxmax()]
        raise TableError(
            f"{row['indicator']} of {row['code']} is {row['value']}, outside its own range "
            f"{row['low']} to {row['high']}"
        )


def table_figures(
    table: AreaTable,
    *,
    only: Collection[str] | None = None,
    floors: Mapping[str, str] | None = None,
    reliability: str = "",
) -> pd.DataFrame:
    """Turn an `AreaTable` into rows of figures.

    Parameters
    ----------
    table
        Any table of one geography.
    only
        Ids of the columns to give; all of them if left out. The others still serve as count and base.
    floors
        Indicator id -> key of the smallest geography on which it may be published; the table's own
        geography for an id left out.
    reliability
        Written on each row; empty for anything not modelled.

    Returns
    -------
    DataFrame
        One row for each code and column, columns as `FIGURE_COLUMNS`; counts and bases filled
        from the columns that the table itself holds.
    """
    parts = []
    for name, column in table.columns.items():
        if only is not None and name not in only:
            continue
        ranged = bool(column.interval) and table.low is not None and table.high is not None
        base = table.values[column.base] if column.base in table.values else np.nan
        count = table.values[column.count] if column.count in table.values else np.nan
        parts.append(
            pd.DataFrame(
                {
                    "code": table.values.index,
                    "geography": table.geography.key,
                    "indicator": name,
                    "group": "",
                    "period": column.period or table.source.period,
                    "value": table.values[name].to_numpy(dtype=float),
                    "low": table.low[name].to_numpy(dtype=float)
                    if ranged and table.low is not None
                    else np.nan,
                    "high": table.high[name].to_numpy(dtype=float)
                    if ranged and table.high is not None
                    else np.nan,
                    "interval": column.interval if ranged else "",
                    "count": np.asarray(count, dtype=float),
                    "base": np.asarray(base, dtype=float),
                    "unit": column.unit,
                    "basis": column.basis,
                    "reliability": reliability,
                    "status": table.status[name].to_numpy(),
                    "floor": (floors or {}).get(name, table.geography.key),
                    "source": table.source.id,
                }
            )
        )
    return tidy_figures(parts)
