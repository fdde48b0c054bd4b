"""Reads what a hub plan is made from: who needs a hub, where one could be, and how far it is.

Each file is a plain CSV that a council can make in a spreadsheet. Every reader ends at a frame
indexed by id; a repeated id, a negative number or text where a number belongs is refused with its
file and row.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from geo.errors import UserError

#: Columns of the demand file that are not weights. The last three are for grouping only.
PLACE_COLUMNS = ("name", "easting", "northing", "lsoa", "ward", "idaci_fifth", "imd_fifth")
GROUPINGS = ("idaci_fifth", "imd_fifth", "ward")
_YES = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


class HubInputError(UserError, ValueError):
    """A file for a hub plan is missing a column, or a cell cannot be what it says."""


def read_demand(path: Path) -> pd.DataFrame:
    """Read where people live and how much need there is.

    Parameters
    ----------
    path
        CSV with ``id``; optionally ``name``, ``easting`` and ``northing`` (metres, EPSG:27700),
        ``lsoa``, ``ward``, ``idaci_fifth`` and ``imd_fifth`` (1 = most deprived fifth). Every other
        column is a weight: people or households, such as ``children_0_4``.

    Returns
    -------
    DataFrame
        Indexed by id, in the file's order. A missing ``name`` is the id. Empty weights are refused,
        because nobody and not known are two things.

    Raises
    ------
    HubInputError
        No weight column, a repeated id, or a weight that is not 0 or more.
    """
    frame = _read_table(path, ["id"])
    weights = [name for name in frame if name not in PLACE_COLUMNS]
    if not weights:
        raise HubInputError(f"{path.name} has no weight column; add one, such as children_0_4")
    for name in weights:
        frame[name] = _numbers(frame, name, path, "0 or more people")
    for name in ("easting", "northing"):
        if name in frame:
            frame[name] = _numbers(frame, name, path, "metres of the British National Grid")
    for name in ("idaci_fifth", "imd_fifth"):
        if name in frame:
            frame[name] = _fifths(frame, name, path)
    if "name" not in frame:
        frame["name"] = frame.index
    frame["name"] = frame["name"].where(frame["name"].str.strip() != "", frame.index)
    return frame


def weight_columns(demand: pd.DataFrame) -> list[str]:
    """Names of the weight columns of a demand frame."""
    return [str(name) for name in demand if name not in PLACE_COLUMNS]


def read_candidates(path: Path) -> pd.DataFrame:
    """Read where hubs are and where they could be.

    Parameters
    ----------
    path
        CSV with ``id``, ``name`` and ``status`` (``existing`` or ``candidate``); optionally
        ``easting`` and ``northing`` (metres, EPSG:27700), ``capacity`` (places), ``cost`` (pounds; or
        ``annual_cost``), ``opening`` (text, as the council writes it; or ``opening_hours``) and
        ``step_free`` (yes, no, or empty for not known).

    Returns
    -------
    DataFrame
        Indexed by id, in the file's order, with all of these columns; NaN or empty for not known.

    Raises
    ------
    HubInputError
        A column is missing, an id repeats, or a cell cannot be what it says.
    """
    frame = _read_table(path, ["id", "name", "status"])
    for long, short in (("annual_cost", "cost"), ("opening_hours", "opening")):
        if long in frame and short not in frame:
            frame = frame.rename(columns={long: short})
    status = frame["status"].str.strip().str.lower()
    wrong = ~status.isin(["existing", "candidate"])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise HubInputError(
            f"{path.name} row {row + 2}: status is {frame['status'].iloc[row]!r}; write existing or candidate"
        )
    frame["status"] = status
    for name, unit in (
        ("easting", "metres of the British National Grid"),
        ("northing", "metres of the British National Grid"),
        ("capacity", "places"),
        ("cost", "pounds"),
    ):
        frame[name] = _numbers(frame, name, path, unit, empty=True) if name in frame else np.nan
    frame["opening"] = frame["opening"] if "opening" in frame else ""
    frame["step_free"] = _yes_no(frame, path)
    return frame[["name", "status", "easting", "northing", "capacity", "cost", "opening", "step_free"]]


def read_times(path: Path, *, demand: Iterable[str], candidates: Iterable[str]) -> pd.DataFrame:
    """Read a matrix of travel times in long form.

    Parameters
    ----------
    path
        CSV with ``from_id`` (a demand id), ``to_id`` (a candidate id) and ``minutes``. A pair that is
        not there, or whose minutes are empty, has no way.
    demand, candidates
        Ids of the demand and of the candidates. A row about another is refused: it may be a slip of the pen
        for one of them.

    Returns
    -------
    DataFrame
        Minutes; a row a demand id and a column a candidate id, as given; infinite where there is no
        way.

    Raises
    ------
    HubInputError
        A column is missing, minutes are negative or not a number, a pair is given twice, or an id is not
        among these.
    """
    frame = _read_rows(path, ["from_id", "to_id", "minutes"])
    rows, columns = list(demand), list(candidates)
    for name, known, whose in (("from_id", rows, "demand"), ("to_id", columns, "candidate")):
        frame[name] = frame[name].str.strip()
        strange = ~frame[name].isin(known)
        if strange.any():
            row = int(np.flatnonzero(strange)[0])
            raise HubInputError(
                f"{path.name} row {row + 2}: {name} {frame[name].iloc[row]!r} is no {whose} id, such as "
                f"{known[0]} ({frame.loc[strange, name].nunique()} such); mend it, or leave its rows out"
            )
    frame["minutes"] = _numbers(frame, "minutes", path, "minutes, or an empty cell for no way", empty=True)
    twice = frame.duplicated(["from_id", "to_id"])
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        pair = frame.iloc[row]
        raise HubInputError(
            f"{path.name} row {row + 2}: {pair['from_id']} to {pair['to_id']} is given twice; keep one"
        )
    matrix = frame.pivot(index="from_id", columns="to_id", values="minutes").reindex(
        index=rows, columns=columns
    )
    return matrix.astype(float).fillna(np.inf).rename_axis(index=None, columns=None)


def say_gaps(times: pd.DataFrame, candidates: pd.DataFrame) -> str:
    """Say which candidates a matrix of times gives no way to, and how many pairs have none; else nothing."""
    ways = np.isfinite(times)
    if ways.all(axis=None):
        return ""
    lost = [f"{candidates.loc[one, 'name']} ({one})" for one in times if not ways[one].any()]
    words = (
        f"{int((~ways).sum(axis=None)):,} of {ways.size:,} pairs are not listed, or empty, and have no way."
    )
    if lost:
        words += f" No place has a way to: {', '.join(lost)}."
    return words


def read_draws(path: Path, *, demand: Iterable[str]) -> pd.DataFrame:
    """Read draws of a modelled need, for the robustness table.

    Parameters
    ----------
    path
        CSV (or parquet) with ``id`` and one column a draw: people, 0 or more. It is used inside the
        calculation only; no figure of a single place is written out.
    demand
        Ids that must be there.

    Returns
    -------
    DataFrame
        A row a demand id, a column a draw.

    Raises
    ------
    HubInputError
        An id is missing, or a draw is not 0 or more.
    """
    packed = path.suffix == ".parquet"
    frame = _index_rows(_read_parquet(path), path) if packed else _read_table(path, ["id"])
    for name in list(frame):
        frame[name] = _numbers(frame, name, path, "0 or more people")
    rows = list(demand)
    missing = [one for one in rows if one not in frame.index]
    if missing:
        raise HubInputError(
            f"{path.name} has no draws for {missing[0]} ({len(missing)} such); give a row each"
        )
    return frame.loc[rows]


def _read_rows(path: Path, needed: list[str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise HubInputError(f"{path} does not exist; check the name") from error
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise HubInputError(
            f"{path.name} is not a CSV in UTF-8 ({error}); save it again as CSV UTF-8"
        ) from error
    frame.columns = [str(name).strip() for name in frame.columns]
    for name in needed:
        if name not in frame:
            raise HubInputError(f"{path.name} has no column {name}; it has {', '.join(frame.columns)}")
    if not len(frame):
        raise HubInputError(f"{path.name} has no rows; give one at least")
    return frame


def _read_table(path: Path, needed: list[str]) -> pd.DataFrame:
    return _index_rows(_read_rows(path, needed), path)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError as error:
        raise HubInputError(f"{path} does not exist; check the name") from error
    except (OSError, ValueError) as error:
        raise HubInputError(
            f"{path.name} is no parquet file ({str(error).splitlines()[0]}); save it again as parquet or CSV"
        ) from error
    if "id" not in table:
        table = table.rename_axis("id").reset_index()
    if table.shape[1] < 2 or not len(table):
        raise HubInputError(f"{path.name} has no draws; give id and a column a draw, a row for each place")
    return table.assign(id=table["id"].astype(str))


def _index_rows(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    ids = frame["id"].str.strip()
    if (ids == "").any():
        row = int(np.flatnonzero(ids == "")[0])
        raise HubInputError(f"{path.name} row {row + 2}: id is empty; give every row an id of its own")
    if ids.duplicated().any():
        twice = ids[ids.duplicated()].iloc[0]
        rows = ", ".join(str(place + 2) for place in np.flatnonzero(ids == twice))
        raise HubInputError(f"{path.name}: id {twice} is in rows {rows}; ids must be unique")
    return frame.drop(columns="id").set_axis(pd.Index(ids, name="id"))


def _numbers(
    frame: pd.DataFrame, name: str, path: Path, unit: str, *, empty: bool = False
) -> pd.Series[float]:
    text = frame[name].astype(str).str.strip()
    values = pd.to_numeric(text.where(text != "", None), errors="coerce").astype(float)
    blank = text == ""
    wrong = (~blank & (values.isna() | ~np.isfinite(values) | (values < 0))) | (blank & (not empty))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise HubInputError(f"{path.name} row {row + 2}: {name} is {text.iloc[row]!r}; expected {unit}")
    return values


def _fifths(frame: pd.DataFrame, name: str, path: Path) -> pd.Series[str]:
    text = frame[name].astype(str).str.strip()
    wrong = ~text.isin(["", "1", "2", "3", "4", "5"])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise HubInputError(
            f"{path.name} row {row + 2}: {name} is {text.iloc[row]!r}; expected 1 (most deprived) to 5, "
            "or empty"
        )
    return text


def _yes_no(frame: pd.DataFrame, path: Path) -> pd.Series[str]:
    if "step_free" not in frame:
        return pd.Series("not known", index=frame.index)
    text = frame["step_free"].astype(str).str.strip().str.lower()
    wrong = ~text.isin([*_YES, "", "not known"])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise HubInputError(
            f"{path.name} row {row + 2}: step_free is {text.iloc[row]!r}; write yes, no, or leave it empty"
        )
    return text.map(lambda word: "not known" if word not in _YES else ("yes" if _YES[word] else "no"))
