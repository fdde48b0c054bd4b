"""The published tables of one authority, and the figures made of them on every geography.

Counts move and keep their total to the last person; shares are recomputed from moved numerators and
denominators; scores average by residents; ranks and deciles stay where they were published.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from fairplace.indicators import Indicator, load_indicators
from fairplace.spine import LSOA21, Spine
from geo.crosswalk import convert
from geo.figures import table_figures, tidy_figures
from geo.geography import Geography
from geo.join import join
from geo.table import AreaTable, Column
from layers.census import read_census
from layers.deprivation import read_deprivation
from layers.fuel_poverty import read_fuel_poverty
from layers.holdings import Holdings
from layers.income import read_small_area_income
from layers.population import AGE_BANDS, SEXES, read_population_by_sex, sex_band_column

#: Data set -> its reader. Census tables share one.
READERS: dict[str, Callable[..., AreaTable]] = {
    "census2021_age6": read_census,
    "census2021_ts001": read_census,
    "census2021_ts003": read_census,
    "census2021_ts007": read_census,
    "census2021_ts008": read_census,
    "census2021_ts011": read_census,
    "census2021_ts017": read_census,
    "census2021_ts021": read_census,
    "census2021_ts030": read_census,
    "census2021_ts038": read_census,
    "census2021_ts044": read_census,
    "census2021_ts045": read_census,
    "census2021_ts046": read_census,
    "census2021_ts052": read_census,
    "census2021_ts054": read_census,
    "iod2025": read_deprivation,
    "iod2019": read_deprivation,
    "fuel_poverty_2022": read_fuel_poverty,
    "saie_fye2020": read_small_area_income,
    "population_mid2022": read_population_by_sex,
}

#: Columns of the Indices of Deprivation that a pack carries, by edition.
_DEPRIVATION = (
    "score", "rank", "decile", "income_rate", "income_decile", "employment_rate", "employment_decile",
    "education_decile", "health_decile", "crime_decile", "barriers_decile", "environment_decile",
)  # fmt: skip
#: Shares of people in the most deprived areas -> the last national decile of those areas.
DEPRIVATION_PEOPLE = (("core20_people_share", 2), ("most_deprived_tenth_share", 1))


@dataclass(frozen=True)
class Tables:
    """The tables of one authority.

    Parameters
    ----------
    held
        Data set -> its table, cut to the authority.
    missing
        What is not held, in words.
    notes
        What joining found.
    """

    held: Mapping[str, AreaTable]
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def residents(self) -> pd.Series[float] | None:
        """Residents by LSOA, or None."""
        table = self.held.get("census2021_age6")
        return None if table is None else table.values["age6_residents"]


def read_tables(holdings: Holdings, spine: Spine) -> Tables:
    """Read every table that the folder holds for the authority.

    An area that a table lacks becomes a missing row; a row whose code is neither of the authority nor
    of any other is an error that names it and what replaced it.
    """
    held: dict[str, AreaTable] = {}
    missing: list[str] = []
    notes: list[str] = []
    register = set() if spine.changes is None else set(spine.changes.pairs["lsoa21"])
    for key, read in READERS.items():
        found = holdings.look(key, spine.authority)
        path = found.path
        if path is None:
            missing.append(found.dataset.title)
            continue
        if key in _OTHER_CODES:
            codes = _OTHER_CODES[key](spine)
            if codes:
                held[key] = read(path, codes=codes).only(codes)
            continue
        joined = join(spine.boundaries["lsoa21"], [read(path)], register=register, history=spine.history)
        held[key] = joined.tables[0]
        notes += [note for note in joined.notes if "left out" not in note]
    return Tables(held, tuple(missing), (*notes, *_once(held)))


_PERTURBED = "counts of Census 2021 are perturbed"


def _once(held: Mapping[str, AreaTable]) -> list[str]:
    """Gather the notes of the tables, with what ONS does to every census table said once."""
    notes = list(dict.fromkeys(note for table in held.values() for note in table.notes))
    kept = [note for note in notes if not note.startswith(_PERTURBED)]
    if len(kept) < len(notes):
        kept.append("ONS perturbs each census table a little, so totals of two tables need not be equal")
    return kept


def _msoas_of_2011(spine: Spine) -> list[str]:
    return sorted(set(spine.areas["msoa11"]))


def _lsoas_of_2011(spine: Spine) -> list[str]:
    if spine.changes is None:
        return []
    pairs = spine.changes.pairs
    return sorted(set(pairs.loc[pairs["lsoa21"].isin(set(spine.codes)), "lsoa11"]))


#: Data sets on codes of 2011 -> which of their codes concern the authority.
_OTHER_CODES: dict[str, Callable[[Spine], list[str]]] = {
    "saie_fye2020": _msoas_of_2011,
    "iod2019": _lsoas_of_2011,
}


def published_figures(tables: Tables, spine: Spine) -> pd.DataFrame:
    """Every figure that is read or formed from published tables, on every geography of the spine."""
    parts = []
    for one in load_indicators():
        if one.numerator:
            parts += _formed(one, tables, spine)
    parts += _deprivation_figures(tables, spine)
    parts += _older_deprivation(tables, spine)
    parts += _fuel_poverty(tables, spine)
    parts += _income(tables, spine)
    parts += _ages_by_sex(tables, spine)
    return tidy_figures(parts)


def _targets(spine: Spine) -> list[Geography]:
    return [LSOA21, *(Geography.parse(key) for key in spine.boundaries if key not in ("lsoa21", "oa21"))]


def _formed(one: Indicator, tables: Tables, spine: Spine) -> list[pd.DataFrame]:
    columns = (*one.numerator, *one.denominator)
    table = next((held for held in tables.held.values() if set(columns) <= set(held.columns)), None)
    if table is None or table.geography != LSOA21:
        return []
    own = _counts(table, one)
    parts = []
    for target in _targets(spine):
        moved = _move(own, spine, target, whole=list(own.columns))
        shown = _share(moved, one) if one.denominator else moved
        parts.append(table_figures(shown, only=[one.id]))
    return parts


def form_share(table: AreaTable, one: Indicator) -> AreaTable:
    """Form a share of the columns that an indicator names, on the areas of their table."""
    return _share(_counts(table, one), one)


def _counts(table: AreaTable, one: Indicator) -> AreaTable:
    """Count of an indicator, and the base of one that is a share."""
    count = _sum(table, one.numerator)
    if not one.denominator:
        values = {one.id: count}
        described = {one.id: Column(one.label, one.unit, "count")}
    else:
        values = {"count": count, "base": _sum(table, one.denominator)}
        described = {
            "count": Column(one.label, one.count_unit, "count"),
            "base": Column("Base", one.count_unit, "count"),
        }
    return AreaTable(LSOA21, described, pd.DataFrame(values), table.source)


def _sum(table: AreaTable, columns: Sequence[str]) -> pd.Series[float]:
    return table.values[list(columns)].sum(axis=1, skipna=False)


def _move(
    table: AreaTable,
    spine: Spine,
    target: Geography,
    *,
    whole: Collection[str] = (),
    weights_by: Mapping[str, pd.Series[float]] | None = None,
) -> AreaTable:
    if target == LSOA21:
        return table
    return convert(table, spine.to(target.key), whole=whole, weights_by=weights_by)


def _share(moved: AreaTable, one: Indicator) -> AreaTable:
    """Share of moved counts: what has no base is not applicable, which is not the same as none."""
    count, base = moved.values["count"], moved.values["base"]
    values = pd.DataFrame({one.id: count / base.where(base > 0), "count": count, "base": base})
    status = moved.status[["base"]].rename(columns={"base": one.id})
    status[one.id] = status[one.id].where(moved.status["count"] == "ok", moved.status["count"])
    status.loc[(base == 0) & (status[one.id] == "ok"), one.id] = "not_applicable"
    frame = pd.concat([status, moved.status[["count", "base"]]], axis=1)
    column = Column(
        one.label, one.unit, "rate", base="base", count="count", basis=moved.columns["count"].basis
    )
    return AreaTable(
        moved.geography,
        {one.id: column, **moved.columns},
        values,
        moved.source,
        frame[list(values.columns)],
    )


def _deprivation_figures(tables: Tables, spine: Spine) -> list[pd.DataFrame]:
    """Scores averaged by residents, ranks where they were published, and people by national fifth."""
    table, residents = tables.held.get("iod2025"), tables.residents
    if table is None:
        return []
    names = [f"imd25_{name}" for name in _DEPRIVATION] + ["idaci25_rate", "idaopi25_rate"]
    own = table.pick([name for name in names if name in table.columns])
    parts = [table_figures(own)]
    if residents is None:
        return parts
    movable = [name for name, column in own.columns.items() if column.measure in ("score", "rate")]
    bases = {own.columns[name].base: _base(table, own.columns[name].base, residents) for name in movable}
    for target in _targets(spine)[1:]:
        moved = _move(table.pick(movable), spine, target, weights_by=bases)
        parts.append(table_figures(moved))
    return parts + _worst_areas(table, residents, spine)


def _base(table: AreaTable, name: str, residents: pd.Series[float]) -> pd.Series[float]:
    """Denominator of a rate: the file's own, else the residents of the census."""
    return table.values[name] if name in table.values else residents


def _worst_areas(table: AreaTable, residents: pd.Series[float], spine: Spine) -> list[pd.DataFrame]:
    decile = table.values["imd25_decile"]
    parts = []
    for name, limit in DEPRIVATION_PEOPLE:
        one = next(known for known in load_indicators() if known.id == name)
        inside = residents.where(decile <= limit, 0.0).where(decile.notna())
        own = AreaTable(
            LSOA21,
            {"count": Column(one.label, "people", "count"), "base": Column("Base", "people", "count")},
            pd.DataFrame({"count": inside, "base": residents.where(decile.notna())}),
            table.source,
        )
        for target in _targets(spine):
            moved = _share(_move(own, spine, target, whole=["count", "base"]), one)
            parts.append(table_figures(moved, only=[name]))
    return parts


def _older_deprivation(tables: Tables, spine: Spine) -> list[pd.DataFrame]:
    """IMD 2019 on its own LSOAs of 2011, and on those of 2021 where one came of one or of a split."""
    table = tables.held.get("iod2019")
    if table is None or spine.changes is None:
        return []
    own = table.pick(["imd19_rank", "imd19_decile"])
    pairs = spine.changes.pairs
    inside = pairs[pairs["lsoa21"].isin(set(spine.codes))]
    # An LSOA of 2021 that was made of several of 2011 has no rank of its own.
    lone = inside[~inside["lsoa21"].duplicated(keep=False)].set_index("lsoa21")
    values = own.values.reindex(lone["lsoa11"].reindex(spine.codes))
    values.index = pd.Index(spine.codes)
    status = own.status.reindex(lone["lsoa11"].reindex(spine.codes)).fillna("not_applicable")
    status.index = values.index
    copied = AreaTable(
        LSOA21,
        {name: replace(column, basis="copied") for name, column in own.columns.items()},
        values,
        own.source,
        status,
    )
    return [table_figures(own), table_figures(copied)]


def _fuel_poverty(tables: Tables, spine: Spine) -> list[pd.DataFrame]:
    table = tables.held.get("fuel_poverty_2022")
    if table is None:
        return []
    one = next(known for known in load_indicators() if known.id == "fuel_poverty_share")
    own = AreaTable(
        LSOA21,
        {
            "count": replace(table.columns["fuel_poverty_households"], base="", count=""),
            "base": replace(table.columns["fuel_poverty_base"], base="", count=""),
        },
        table.values[["fuel_poverty_households", "fuel_poverty_base"]].set_axis(["count", "base"], axis=1),
        table.source,
        table.status[["fuel_poverty_households", "fuel_poverty_base"]].set_axis(["count", "base"], axis=1),
    )
    return [
        table_figures(_share(_move(own, spine, target, whole=["count", "base"]), one), only=[one.id])
        for target in _targets(spine)
    ]


def _income(tables: Tables, spine: Spine) -> list[pd.DataFrame]:
    """Income after housing costs on MSOAs of 2011, and on those of 2021 that came of one of them."""
    table = tables.held.get("saie_fye2020")
    if table is None or table.low is None or table.high is None:
        return []
    own = table.pick(["income_ahc_mean"])
    pairs = spine.areas[["msoa", "msoa11"]].drop_duplicates()
    lone = pairs[~pairs["msoa"].duplicated(keep=False)].set_index("msoa")["msoa11"]
    shared = set(lone[lone.duplicated(keep=False)].index)
    figures = table_figures(own)
    newer = figures.assign(geography="msoa21", floor="msoa21").set_index("code")
    rows = newer.reindex(lone.to_numpy())
    rows.index = lone.index
    rows = rows.rename_axis("code").reset_index()
    rows.loc[rows["code"].isin(shared), "basis"] = "copied"
    return [figures, rows[figures.columns]]


def _ages_by_sex(tables: Tables, spine: Spine) -> list[pd.DataFrame]:
    """People of each sex and band of age out of all residents, for the pyramid; the band is the group."""
    table = tables.held.get("population_mid2022")
    if table is None:
        return []
    stem = next(name for name in table.columns if name.endswith("_residents")).removesuffix("_residents")
    known = {one.id: one for one in load_indicators()}
    names = {(sex, band): sex_band_column(stem, sex, band) for sex in SEXES for band in AGE_BANDS}
    parts = []
    for target in _targets(spine):
        moved = _move(table.pick(list(names.values())), spine, target, whole=list(names.values()))
        # Of the parts as they were moved: their shares add up to all, which a base moved by itself would not.
        base = moved.values.sum(axis=1, skipna=False)
        states = moved.status.where(moved.status != "ok").bfill(axis=1).iloc[:, 0].fillna("ok")
        for (sex, band), name in names.items():
            one = known[f"{sex}_share"]
            own = AreaTable(
                moved.geography,
                {"count": moved.columns[name], "base": moved.columns[name]},
                pd.DataFrame({"count": moved.values[name], "base": base}),
                moved.source,
                pd.DataFrame({"count": moved.status[name], "base": states}),
            )
            parts.append(table_figures(_share(own, one), only=[one.id]).assign(group=band))
    return parts
