"""England, regions and districts alike, summed by ourselves from England-wide files.

Only figures that are a count over a count can be summed over other people's areas without their draws,
so only those are here. A folder that holds part of England gives none: a comparator must be whole.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fairplace.files import write_whole
from fairplace.indicators import Indicator, load_indicators
from fairplace.tables import READERS
from geo.errors import UserError
from geo.geography import LSOA21
from geo.table import AreaTable
from layers.deprivation import read_deprivation
from layers.holdings import Holdings
from layers.lookups import read_output_areas

#: LSOAs of 2021 in England (ONS).
ENGLAND_LSOAS = 33_755
ENGLAND = "E92000001"
#: Districts are alike that fall into one fifth of England's, in order of their residents' mean IMD score.
FIFTHS = 5
COLUMNS = ("code", "indicator", "value", "count", "base", "unit", "areas")


class ComparatorError(UserError, LookupError):
    """The folder does not hold what a comparator is made of."""


def derive_comparators(holdings: Holdings) -> pd.DataFrame:
    """Sum England, its regions and its fifths of districts from the files of a folder.

    Parameters
    ----------
    holdings
        Files that cover all England: the census, the Indices of 2025, the look-up of output areas.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``code`` is that of England, a region, or ``fifth 1`` (most deprived districts) to
        ``fifth 5``; ``value`` a share from 0 to 1, or the count where there is no base;
        ``areas`` how many LSOAs it sums.

    Raises
    ------
    ComparatorError
        There is no England-wide file of the Indices or of the look-up.
    """
    members = _members(holdings)
    parts = []
    held: dict[str, AreaTable] = {}
    for one in load_indicators():
        if not one.numerator:
            continue
        table = _table(holdings, one, held)
        if table is not None:
            parts.append(_summed(one, table, members))
    if not parts:
        raise ComparatorError(f"{holdings.folder.name} holds no census table of all England")
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)].sort_values(
        ["code", "indicator"], ignore_index=True
    )


def write_comparators(table: pd.DataFrame, path: Path) -> None:
    """Write comparators as CSV, whole."""
    with write_whole(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")


def _whole(holdings: Holdings, key: str) -> Path | None:
    """Give the largest file of a data set: of several copies the England-wide one."""
    cards = [card for card in holdings.cards if card.dataset == key]
    return max(cards, key=lambda card: card.size).path if cards else None


def _members(holdings: Holdings) -> pd.DataFrame:
    """Tell of each LSOA its region and the fifth of its district."""
    units, scores = _whole(holdings, "lookup_oa21"), _whole(holdings, "iod2025")
    if units is None or scores is None:
        raise ComparatorError(
            f"{holdings.folder.name} lacks the look-up of output areas or the Indices of 2025; fetch both"
        )
    places = read_output_areas(units)
    places = places[places["lsoa21"].str.startswith("E")]
    lsoas = places.groupby("lsoa21").agg(
        region=("region", "first"), district=("lad", "first"), residents=("residents", "sum")
    )
    if len(lsoas) != ENGLAND_LSOAS:
        raise ComparatorError(f"{units.name} holds {len(lsoas):,} LSOAs; England has {ENGLAND_LSOAS:,}")
    score = read_deprivation(scores).values["imd25_score"].reindex(lsoas.index)
    weighted = (score * lsoas["residents"]).groupby(lsoas["district"]).sum()
    mean = weighted / lsoas.groupby("district")["residents"].sum()
    rank = mean.rank(ascending=False, method="first")
    fifth = ((rank - 1) * FIFTHS // len(rank) + 1).astype(int)
    return lsoas.assign(fifth="fifth " + lsoas["district"].map(fifth).astype(str), england=ENGLAND)


def _table(holdings: Holdings, one: Indicator, held: dict[str, AreaTable]) -> AreaTable | None:
    columns = {*one.numerator, *one.denominator}
    for key, read in READERS.items():
        if not key.startswith("census2021"):
            continue
        path = _whole(holdings, key)
        if key not in held and path is not None:
            held[key] = read(path)
        if key in held and columns <= set(held[key].columns) and held[key].geography == LSOA21:
            return held[key]
    return None


def _summed(one: Indicator, table: AreaTable, members: pd.DataFrame) -> pd.DataFrame:
    values = table.values.reindex(members.index)
    count = values[list(one.numerator)].sum(axis=1, skipna=False)
    base = values[list(one.denominator)].sum(axis=1, skipna=False) if one.denominator else None
    if count.isna().any() or (base is not None and base.isna().any()):
        return pd.DataFrame(columns=list(COLUMNS))
    parts = []
    for level in ("england", "region", "fifth"):
        by = members[level]
        top = count.groupby(by).sum()
        below = base.groupby(by).sum() if base is not None else None
        parts.append(
            pd.DataFrame(
                {
                    "code": top.index,
                    "indicator": one.id,
                    "value": (top if below is None else top / below).to_numpy(),
                    "count": top.to_numpy(),
                    "base": float("nan") if below is None else below.to_numpy(),
                    "unit": one.unit,
                    "areas": by.value_counts().reindex(top.index).to_numpy(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
