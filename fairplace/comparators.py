"""England, its regions and districts alike, summed by ourselves from England-wide files.

What can be summed over other people's areas is here: counts, shares of counts, and scores and rates as
means over residents. Medians, ranks, deciles and modelled ranges cannot be, so they are not. A file that
holds part of England gives nothing: a comparator must be whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from fairplace import __version__
from fairplace.comparator_files import ComparatorArea, Comparators, District
from fairplace.indicators import Indicator, load_indicators
from fairplace.tables import DEPRIVATION_PEOPLE, READERS
from geo.errors import UserError
from geo.figures import tidy_figures
from geo.geography import LSOA21
from geo.source import Source
from geo.table import AreaTable
from layers.areas import read_cells
from layers.cards import FileCard
from layers.catalogue import dataset
from layers.delimited import find_header
from layers.holdings import Holdings

#: LSOAs of 2021 in England (ONS).
ENGLAND_LSOAS = 33_755
ENGLAND = "E92000001"
ALIKE = "alike"
#: Districts alike: so many groups by age, and so many by deprivation in each.
GROUPS = 3
_YOUNG = ("younger", "middle-aged", "older")
_POOR = ("more deprived", "middling", "less deprived")
#: Names of England's regions (ONS Open Geography, LAD24_RGN24_EN_LU).
REGIONS = {
    "E12000001": "North East",
    "E12000002": "North West",
    "E12000003": "Yorkshire and The Humber",
    "E12000004": "East Midlands",
    "E12000005": "West Midlands",
    "E12000006": "East of England",
    "E12000007": "London",
    "E12000008": "South East",
    "E12000009": "South West",
}
METHOD = (
    "Counts and bases of small areas (LSOAs of 2021) of England-wide files are added up and divided; the "
    "score and the rates of the Indices of Deprivation are means over the people each is counted over, by "
    "the denominators of the file or else the residents of the census. Ranks, deciles, medians and modelled "
    "figures are not added up. Census tables are perturbed one by one, so totals of two of them differ a "
    "little. Districts like an authority: England's districts of 2024 are ordered by the share of residents "
    "aged 65 and over (Census 2021) and cut into three equal groups; each group is ordered by the residents' "
    "mean score of the Index of Multiple Deprivation 2025 and cut into three again. The authority is one of "
    "those it is held beside, as it is one of its region and of England."
)

__all__ = [
    "ALIKE",
    "ENGLAND",
    "ENGLAND_LSOAS",
    "METHOD",
    "REGIONS",
    "ComparatorError",
    "comparator_source",
    "derive_comparators",
    "sum_figures",
]


class ComparatorError(UserError, LookupError):
    """The folder does not hold what a comparator is made of."""


def derive_comparators(holdings: Holdings) -> Comparators:
    """Sum England, its regions and its classes of districts from the files of a folder.

    Parameters
    ----------
    holdings
        England-wide files: the Indices of 2025, the census by age, a look-up of regions; every other
        census table and the fuel poverty that are held add their figures.

    Returns
    -------
    Comparators
        What was left out, and why, is in `missing`.

    Raises
    ------
    ComparatorError
        One of the three files is not there, or holds part of England.
    """
    desk = _Desk(holdings)
    members = _members(desk)
    parts, areas = [], []
    for level, codes in (
        ("england", members["england"]),
        ("region", members["region"]),
        (ALIKE, members[ALIKE]),
    ):
        figures, missing = _summed(desk, codes, geography=_GEOGRAPHY[level])
        parts.append(figures)
        for code in sorted(set(codes)):
            inside = members[codes == code]
            districts = inside["district"].nunique()
            areas.append(ComparatorArea(code, _name(level, code, districts), level, districts, len(inside)))
    return Comparators(
        {one.code: one for one in areas},
        _districts(members),
        tidy_figures(parts),
        tuple(desk.sources[key] for key in sorted(desk.sources)),
        METHOD,
        tuple(missing),
    )


#: Level -> the value of `geography` in its figures.
_GEOGRAPHY = {"england": "ctry24", "region": "rgn24", ALIKE: ALIKE}


def sum_figures(holdings: Holdings, groups: pd.Series[str], *, geography: str) -> pd.DataFrame:
    """Sum every figure that can be summed over groups of England's small areas.

    Parameters
    ----------
    holdings
        As `derive_comparators`.
    groups
        LSOA of 2021 -> code of its group; all of England's.
    geography
        Written on each row.

    Returns
    -------
    DataFrame
        `geo.figures.FIGURE_COLUMNS`.
    """
    return _summed(_Desk(holdings), groups, geography=geography)[0]


@dataclass
class _Desk:
    """Tables read so far: each England-wide file once."""

    holdings: Holdings
    tables: dict[str, AreaTable | None] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def table(self, key: str) -> AreaTable | None:
        """Give a table of all England, or None: a part of it is as good as none."""
        if key not in self.tables:
            self.tables[key] = None
            path = largest(self.holdings, key)
            if path is None:
                self.missing[key] = f"{dataset(key).title}: no file of it is held"
            else:
                table = READERS[key](path)
                rows = int(table.values.index.str.startswith("E").sum())
                if table.geography != LSOA21 or rows != ENGLAND_LSOAS:
                    self.missing[key] = (
                        f"{dataset(key).title}: {path.name} holds {rows:,} LSOAs; "
                        f"England has {ENGLAND_LSOAS:,}"
                    )
                else:
                    self.tables[key] = table
                    self.sources[key] = table.source
        return self.tables[key]

    def needed(self, key: str) -> AreaTable:
        """Give a table without which nothing can be made.

        Raises
        ------
        ComparatorError
            It is not held, or not whole.
        """
        table = self.table(key)
        if table is None:
            raise ComparatorError(f"{self.missing[key]}; fetch {key} for all England")
        return table


def largest(holdings: Holdings, key: str) -> Path | None:
    """Give the largest file of a data set: of several copies the England-wide one."""
    cards = [card for card in holdings.cards if card.dataset == key]
    return max(cards, key=lambda card: (card.size, card.path.as_posix())).path if cards else None


def _members(desk: _Desk) -> pd.DataFrame:
    """Tell of each LSOA its district, region and class of districts."""
    ages, scores = desk.needed("census2021_age6"), desk.needed("iod2025")
    path = largest(desk.holdings, "iod2025")
    if path is None:  # the table was read from it
        raise ComparatorError("the Indices of 2025 are not held")
    code, district, name = dataset("iod2025").code, *_DISTRICT
    cells = read_cells(path, what="the Indices of 2025", required=[code, district], columns=[name])
    frame = cells.frame.set_index(code)
    members = pd.DataFrame(
        {"district": frame[district], "name": frame[name] if name in frame else frame[district]}
    ).sort_index()
    members["region"] = _regions(desk, members["district"])
    residents = ages.values["age6_residents"].reindex(members.index)
    by = members["district"]
    older = ages.values["age6_65_plus"].reindex(members.index).groupby(by).sum() / residents.groupby(by).sum()
    score = scores.values["imd25_score"].reindex(members.index)
    mean = (score * residents).groupby(by).sum() / residents.groupby(by).sum()
    members[ALIKE] = by.map(_classes(older, mean))
    members["england"] = ENGLAND
    return members


_DISTRICT = ("Local Authority District code (2024)", "Local Authority District name (2024)")


def _classes(older: pd.Series[float], score: pd.Series[float]) -> pd.Series[str]:
    """Class of each district: three equal groups by age, each in three by deprivation."""
    age = _thirds(older)
    need = score.groupby(age, group_keys=False).apply(lambda part: _thirds(-part))
    return f"{ALIKE}-" + age.astype(str) + "-" + need.reindex(age.index).astype(str)


def _thirds(values: pd.Series[float]) -> pd.Series[int]:
    """Group 1 to 3 of each value, the lowest first; equal values in order of their codes."""
    place = values.sort_index().rank(method="first")
    return ((place - 1) * GROUPS // len(place) + 1).astype(int)


def _name(level: str, code: str, districts: int) -> str:
    if level == "england":
        return "England"
    if level == "region":
        return REGIONS[code]
    age, need = (int(part) - 1 for part in code.split("-")[1:])
    return f"{districts} {_YOUNG[age]}, {_POOR[need]} districts"


def _regions(desk: _Desk, districts: pd.Series[str]) -> pd.Series[str]:
    """Region of each LSOA: by a look-up of output areas, else by one of districts."""
    path = largest(desk.holdings, "lookup_oa21")
    tried = []
    if path is not None:
        found = read_cells(path, what="output areas", required=["LSOA21CD"], columns=["RGNCD"]).frame
        if "RGNCD" in found:
            pairs = found.drop_duplicates("LSOA21CD").set_index("LSOA21CD")["RGNCD"]
            region = pairs.reindex(districts.index)
            if region.isin(REGIONS).all():
                return region
        tried.append(path.name)
    for card in desk.holdings.cards:
        lower, upper = _region_headers(card)
        if lower and upper:
            found = read_cells(card.path, what="regions", required=[lower, upper], columns=[]).frame
            region = districts.map(found.drop_duplicates(lower).set_index(lower)[upper])
            if region.isin(REGIONS).all():
                return region
            tried.append(card.path.name)
    raise ComparatorError(
        f"no look-up of regions for all England's districts ({', '.join(tried) or 'none is held'}); "
        f"fetch lookup_lad24_rgn24, or lookup_oa21 for all England"
    )


def _region_headers(card: FileCard) -> tuple[str, str]:
    if card.form != "table":
        return "", ""
    return find_header(card.columns, ["LAD24CD"]), find_header(card.columns, ["RGN24CD", "RGN25CD"])


def _districts(members: pd.DataFrame) -> dict[str, District]:
    found = {}
    for code, rows in members.groupby("district"):
        codes = list(rows.index)
        known = sorted({codes[0], codes[len(codes) // 2], codes[-1]})
        first = rows.iloc[0]
        found[str(code)] = District(str(first["name"]), str(first["region"]), str(first[ALIKE]), tuple(known))
    return found


def _summed(desk: _Desk, groups: pd.Series[str], *, geography: str) -> tuple[pd.DataFrame, list[str]]:
    parts = []
    for one in load_indicators():
        if one.numerator:
            table = _holder(desk, one)
            if table is not None:
                count = table.values[list(one.numerator)].sum(axis=1, skipna=False)
                base = table.values[list(one.denominator)].sum(axis=1, skipna=False)
                parts.append(_share(one, count, base if one.denominator else None, table.source, groups))
    parts += _deprivation(desk, groups)
    fuel = desk.table("fuel_poverty_2022")
    if fuel is not None:
        one = _indicator("fuel_poverty_share")
        values = fuel.values
        counts = values["fuel_poverty_households"], values["fuel_poverty_base"]
        basis = str(fuel.columns["fuel_poverty_households"].basis)
        parts.append(_share(one, *counts, fuel.source, groups, basis=basis))
    figures = tidy_figures([part.assign(geography=geography, floor=geography) for part in parts if len(part)])
    return figures, list(desk.missing.values())


def _indicator(name: str) -> Indicator:
    return next(one for one in load_indicators() if one.id == name)


def _holder(desk: _Desk, one: Indicator) -> AreaTable | None:
    """Give the census table that a share is formed from."""
    prefix = one.numerator[0].split("_")[0]
    table = desk.table(f"census2021_{prefix}") if f"census2021_{prefix}" in READERS else None
    columns = {*one.numerator, *one.denominator}
    return table if table is not None and columns <= set(table.columns) else None


def _share(
    one: Indicator,
    count: pd.Series[float],
    base: pd.Series[float] | None,
    source: Source,
    groups: pd.Series[str],
    *,
    basis: str = "counted",
) -> pd.DataFrame:
    """Sum count over base of each group; nothing where an area of England has no number."""
    count = count.reindex(groups.index)
    if base is None:
        if count.isna().any():
            return pd.DataFrame()
        total = count.groupby(groups).sum()
        return _rows(one, total, source=source, basis=basis)
    base = base.reindex(groups.index)
    if count.isna().any() or base.isna().any():
        return pd.DataFrame()
    top, below = count.groupby(groups).sum(), base.groupby(groups).sum()
    return _rows(one, top / below, source=source, basis=basis, count=top, base=below)


def _deprivation(desk: _Desk, groups: pd.Series[str]) -> list[pd.DataFrame]:
    table, ages = desk.table("iod2025"), desk.table("census2021_age6")
    if table is None or ages is None:
        return []
    residents = ages.values["age6_residents"].reindex(groups.index)
    parts = []
    for name, limit in DEPRIVATION_PEOPLE:
        inside = residents.where(table.values["imd25_decile"].reindex(groups.index) <= limit, 0.0)
        parts.append(_share(_indicator(name), inside, residents, table.source, groups))
    for one in load_indicators():
        column = table.columns.get(one.id)
        if column is None or column.measure not in ("score", "rate"):
            continue
        values = table.values[one.id].reindex(groups.index)
        held = column.base in table.values
        # Rates over children or the old are not means over all residents: without their own base, none.
        if not held and column.base != "residents":
            continue
        weights = table.values[column.base].reindex(groups.index) if held else residents
        if values.isna().any() or weights.isna().any():
            continue
        total = weights.groupby(groups).sum()
        mean = (values * weights).groupby(groups).sum() / total
        parts.append(_rows(one, mean, source=table.source, basis=str(column.basis), base=total))
    return parts


def _rows(
    one: Indicator,
    values: pd.Series[float],
    *,
    source: Source,
    basis: str,
    count: pd.Series[float] | None = None,
    base: pd.Series[float] | None = None,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": values.index.astype(str),
            "indicator": one.id,
            "group": "",
            "period": source.period,
            "value": values.to_numpy(dtype=float),
            "low": np.nan,
            "high": np.nan,
            "interval": "",
            "count": np.nan if count is None else count.to_numpy(dtype=float),
            "base": np.nan if base is None else base.to_numpy(dtype=float),
            "unit": one.unit,
            "basis": basis,
            "reliability": "",
            "status": "ok",
            "source": source.id,
        }
    )


def comparator_source(path: Path, digest: str, comparators: Comparators) -> Source:
    """Papers of a file of comparators, for the list of sources of a pack."""
    files = ", ".join(f"{one.title} ({one.edition})" for one in comparators.sources)
    return Source(
        id="comparators",
        title="England, regions and districts alike, summed from England-wide files",
        publisher="fairplace",
        edition=__version__,
        period="as the sources summed say",
        licence="computed from the sources listed here",
        attribution="; ".join(
            dict.fromkeys(one.attribution for one in comparators.sources if one.attribution)
        ),
        file=path.name,
        sha256=digest,
        note=f"summed from {files}. {comparators.method}",
        controlled=True,
    )
