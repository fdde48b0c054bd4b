"""A household survey in one documented table, whoever collected it.

The Family Resources Survey is licensed and stays on its user's disk; any other survey with these
columns will do. Messages name rows by number and never repeat what a household said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from geo.errors import UserError

#: Column -> what it holds. Any further column may serve as a constraint.
SURVEY_COLUMNS: dict[str, str] = {
    "household": "id, unique within a year",
    "weight": "grossing or design weight, zero or more; a year's weights describe one population",
    "income": "pounds a week after housing costs, disposable, not equivalised; may be negative",
    "persons": "people in the household, 1 or more",
    "type": "household type, one of the types that have a line",
    "tenure": "tenure, in the words of the counts",
    "work": "who works, in the words of the counts",
    "region": "GSS code of the region of residence, such as E12000006",
    "year": "financial year ending, such as 2025 for 2024 to 2025",
}
#: Columns that are used where they are present.
OPTIONAL_COLUMNS: dict[str, str] = {
    "children": "people under 16, or the user's own definition; without it no figures on children",
    "pensioners": "people over state pension age; without it no figures on pensioners",
    "scale": "equivalence scale after housing costs, couple = 1; needed to rescale incomes",
    "childcare": "pounds a week paid for childcare, deducted from income since the line leaves it out",
    "unit": "primary sampling unit, drawn together in the bootstrap; else each household alone",
}
Borrow = Literal["refuse", "neighbours", "national"]
_NUMBERS = ("weight", "income", "persons", "year", "children", "pensioners", "scale", "childcare")


class SurveyError(UserError, ValueError):
    """The survey table lacks a column, holds a value that cannot be used, or mixes years."""


class MissingTypeError(SurveyError):
    """An area has households of a kind of which the survey has no record."""


@dataclass(frozen=True)
class Survey:
    """Households ready to be weighted: checked, in money of one year.

    Parameters
    ----------
    households
        Columns of `SURVEY_COLUMNS` and those present of `OPTIONAL_COLUMNS`; `income` in money of
        `year`, less childcare where given.
    year
        Financial year ending whose money `income` is in.
    notes
        What was found and done, in sentences without any household's data.
    """

    households: pd.DataFrame
    year: int
    notes: tuple[str, ...]


def read_survey(path: Path, *, year: int, uprate: Mapping[int, float] | None = None) -> Survey:
    """Read a survey table from a CSV or Parquet file: see `prepare_survey`.

    Raises
    ------
    SurveyError
        There is no such file, it is neither, or its table cannot be used.
    """
    if not path.is_file():
        raise SurveyError(f"there is no file {path.name}; check the name and the folder")
    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise SurveyError(f"{path.name} is neither .csv nor .parquet; export the survey table as one of them")
    words = {"type": str, "tenure": str, "work": str, "region": str}
    try:
        frame = pd.read_csv(path, dtype=words) if kind == ".csv" else pd.read_parquet(path)
    except (ValueError, OSError) as error:
        # The reader's own message may quote a row.
        raise SurveyError(
            f"{path.name} cannot be read as {kind[1:]}; export the survey table again"
        ) from error
    return prepare_survey(frame, year=year, uprate=uprate, where=path.name)


def prepare_survey(
    frame: pd.DataFrame, *, year: int, uprate: Mapping[int, float] | None = None, where: str = "survey"
) -> Survey:
    """Check a survey table and bring its money to one year.

    Parameters
    ----------
    frame
        One row a household: `SURVEY_COLUMNS`, any of `OPTIONAL_COLUMNS`, and further columns.
    year
        Financial year ending of the lines it will be held against.
    uprate
        Year of the survey -> factor that brings its money to `year`, by an index that the caller
        states. Needed for every other year in the table.
    where
        File or table, for messages.

    Returns
    -------
    Survey
        Weights of a table of several years are divided by the number of years, so that the pool
        describes one population.

    Raises
    ------
    SurveyError
        A column is absent, a value is missing or impossible, a household repeats within its year,
        or a year has no factor.
    """
    for name, meaning in SURVEY_COLUMNS.items():
        if name not in frame:
            raise SurveyError(f'{where} has no column "{name}" ({meaning}); add it')
    table = frame.reset_index(drop=True).copy()
    for name in [*SURVEY_COLUMNS, *(column for column in OPTIONAL_COLUMNS if column in table)]:
        column = table[name]
        if name in _NUMBERS:
            column = pd.to_numeric(column, errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)
            table[name] = column
        if column.isna().any():
            raise SurveyError(
                f"{where} row {int(column.isna().to_numpy().argmax()) + 1}: {name} is missing or not a "
                f"number; impute it or leave the household out"
            )
    for name, least in (("weight", 0.0), ("persons", 1.0), ("children", 0.0), ("pensioners", 0.0)):
        if name in table and (table[name] < least).any():
            row = int((table[name] < least).to_numpy().argmax()) + 1
            raise SurveyError(
                f"{where} row {row}: {name} is below {least:g}; mend it or leave the household out"
            )
    if (table["year"] % 1 != 0).any():
        row = int((table["year"] % 1 != 0).to_numpy().argmax()) + 1
        raise SurveyError(f"{where} row {row}: year is not a whole number; 2025 stands for 2024 to 2025")
    if "scale" in table and (table["scale"] <= 0).any():
        raise SurveyError(f"{where}: an equivalence scale is not above zero; a couple's is 1")
    twice = table.duplicated(["household", "year"])
    if twice.any():
        raise SurveyError(
            f"{where} row {int(twice.to_numpy().argmax()) + 1}: the household stands twice in its year; "
            f"the table has one row a household, not a person or benefit unit"
        )
    if table["weight"].sum() <= 0:
        raise SurveyError(f"{where}: all weights are zero; fill the weight column")
    return _in_one_year(table, year, uprate or {}, where)


def _in_one_year(table: pd.DataFrame, year: int, uprate: Mapping[int, float], where: str) -> Survey:
    years = sorted(int(one) for one in table["year"].unique())
    factors = {one: 1.0 if one == year else uprate.get(one) for one in years}
    for one, factor in factors.items():
        if factor is None or not 0 < factor < np.inf:
            raise SurveyError(
                f"{where} holds money of {one} and the lines are of {year}; give uprate={{{one}: factor}} "
                f"by an index you can name"
            )
    notes = [f"Survey of {len(table):,} households, years {', '.join(map(str, years))}, in money of {year}."]
    factor = table["year"].astype(int).map(factors).astype(float)
    if "childcare" in table:
        table["income"] = table["income"] - table["childcare"]
        notes.append("Childcare paid was deducted from income.")
    else:
        notes.append(
            "The survey gives no childcare: those who pay for it are counted as better off than they are."
        )
    table["income"] = table["income"] * factor
    if "childcare" in table:
        table["childcare"] = table["childcare"] * factor
    negative = table["income"] < 0
    if negative.any():
        share = float(table.loc[negative, "weight"].sum() / table["weight"].sum())
        notes.append(f"Income is negative in {share:.1%} of households by weight and counts as zero.")
    table["weight"] = table["weight"] / len(years)
    return Survey(table, year, tuple(notes))


def select_region(
    survey: Survey,
    counts: pd.DataFrame,
    *,
    regions: Sequence[str] | None,
    borrow: Borrow,
    neighbours: Sequence[str] = (),
) -> tuple[Survey, pd.DataFrame]:
    """Take the households of some regions, and what they lack from elsewhere, if that is allowed.

    Parameters
    ----------
    survey
        Of any regions.
    counts
        Columns (variable, category): a category with a count above zero is needed.
    regions
        Codes of the regions to use whole; None uses all.
    borrow
        ``refuse`` a category without a record; take its records from ``neighbours``, the first
        that has any; or from those, then from the whole survey (``national``).
    neighbours
        Codes of further regions, nearest in kind first.

    Returns
    -------
    Survey
        Borrowed records are scaled by the weight of the pool over that of their own region, so
        that a kind keeps the frequency it has where it comes from.
    DataFrame
        `variable`, `category`, `source` and `records`: what was borrowed.

    Raises
    ------
    MissingTypeError
        A needed category has no record where it may be taken from; the message names it.
    SurveyError
        No household lives in `regions`.
    """
    table = survey.households
    pool = table if regions is None else table[table["region"].isin(list(regions))]
    place = "the survey" if regions is None else f"the survey's households of {', '.join(regions)}"
    pool = pool[pool["weight"] > 0]
    if pool.empty:
        raise SurveyError(f"no household of {place} has a weight; check the codes in the column region")
    parts, rows = [pool], []
    sources = (
        []
        if borrow == "refuse" or regions is None
        else [(code, table["region"] == code) for code in neighbours]
    )
    if borrow == "national" and regions is not None:
        sources.append(("whole survey", pd.Series(data=True, index=table.index)))
    for variable, category in counts.columns[(counts > 0).any(axis=0).to_numpy()]:
        if variable not in table:
            raise SurveyError(f'the survey has no column "{variable}", which the counts constrain; add it')
        if any((part[variable] == category).any() for part in parts):
            continue
        for source, there in sources:
            donors = table[there & (table[variable] == category) & (table["weight"] > 0)]
            if len(donors):
                ratio = pool["weight"].sum() / table.loc[there, "weight"].sum()
                parts.append(donors.assign(weight=donors["weight"] * ratio))
                rows.append((variable, category, source, len(donors)))
                break
        else:
            where = f"{place} or where it may borrow from" if sources else place
            raise MissingTypeError(
                f'no record of {variable} "{category}" in {where}, and the counts have such households; '
                f"{'join the category with another' if borrow == 'national' or regions is None else _HOW}"
            )
    chosen = pd.concat(parts)
    chosen = chosen[~chosen.index.duplicated()].reset_index(drop=True)
    borrowed = pd.DataFrame(rows, columns=["variable", "category", "source", "records"])
    notes = survey.notes + tuple(
        f'No record of {variable} "{category}" in {place}: {records} borrowed from {source}.'
        for variable, category, source, records in rows
    )
    return replace(survey, households=chosen, notes=notes), borrowed


_HOW = 'join it with another category, or allow borrow="neighbours" or "national"'
