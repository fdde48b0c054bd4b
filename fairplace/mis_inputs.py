"""Published tables, laid out as `mis.MisInputs` wants them.

`mis` knows nothing of how publishers name their columns, and `layers` knows nothing of what an
estimate needs; this is where the two meet.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from geo.table import AreaTable
from mis import MisInputs

#: Margin of the estimate -> (census table, {category of the margin: columns that are added up}).
MARGINS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "tenure": (
        "census2021_ts054",
        {
            "owned_outright": ("ts054_owned_outright",),
            "owned_mortgage": ("ts054_owned_mortgage", "ts054_shared_ownership"),
            "social_rented": ("ts054_social_rented",),
            "private_rented": ("ts054_private_rented", "ts054_rent_free"),
        },
    ),
    "ages": (
        "census2021_age6",
        {
            "age_0_15": ("age6_0_15",),
            "age_16_24": ("age6_16_24",),
            "age_25_34": ("age6_25_34",),
            "age_35_49": ("age6_35_49",),
            "age_50_64": ("age6_50_64",),
            "age_65_over": ("age6_65_plus",),
        },
    ),
    "occupancy": (
        "census2021_ts052",
        {
            "bedrooms_plus_2": ("ts052_plus_2",),
            "bedrooms_plus_1": ("ts052_plus_1",),
            "bedrooms_0": ("ts052_zero",),
            "bedrooms_minus_1": ("ts052_minus_1",),
            "bedrooms_minus_2": ("ts052_minus_2",),
        },
    ),
    "deprivation": (
        "census2021_ts011",
        {
            "deprived_0": ("ts011_not_deprived",),
            "deprived_1": ("ts011_deprived_1",),
            "deprived_2": ("ts011_deprived_2",),
            "deprived_3": ("ts011_deprived_3",),
            "deprived_4": ("ts011_deprived_4",),
        },
    ),
    "composition": (
        "census2021_ts003",
        {
            "one_person_66": ("ts003_one_person_66_plus",),
            "one_person_other": ("ts003_one_person_other",),
            "family_66": ("ts003_one_family_66_plus",),
            "couple_no_children": ("ts003_married_no_children", "ts003_cohabiting_no_children"),
            "couple_dependent": ("ts003_married_dependent", "ts003_cohabiting_dependent"),
            "couple_non_dependent": ("ts003_married_non_dependent", "ts003_cohabiting_non_dependent"),
            "lone_dependent": ("ts003_lone_parent_dependent",),
            "lone_non_dependent": ("ts003_lone_parent_non_dependent",),
            "other_dependent": ("ts003_other_dependent",),
            "other": ("ts003_other_family", "ts003_other_no_dependent"),
        },
    ),
    "sizes": (
        "census2021_ts017",
        {
            "size_1": ("ts017_size_1",),
            "size_2": ("ts017_size_2",),
            "size_3": ("ts017_size_3",),
            "size_4": ("ts017_size_4",),
            "size_5": ("ts017_size_5",),
            "size_6_over": ("ts017_size_6", "ts017_size_7", "ts017_size_8_plus"),
        },
    ),
}

#: Column of the income table that the estimate takes.
INCOME_AHC = "income_ahc_mean"


def mis_inputs(areas: pd.DataFrame, tables: Mapping[str, AreaTable]) -> MisInputs | None:
    """Lay out what an estimate of shortfalls needs, or None where its two necessities are not held.

    Parameters
    ----------
    areas
        Indexed by LSOA 2021, columns ``msoa``, ``msoa11``, ``district``, ``region``.
    tables
        Id of a data set -> its table, on LSOA 2021 (income on MSOA 2011).

    Returns
    -------
    MisInputs or None
        None without tenure or without small-area income.
    """
    margins = {name: _margin(tables.get(key), plan) for name, (key, plan) in MARGINS.items()}
    income = tables.get("saie_fye2020")
    if margins["tenure"] is None or income is None:
        return None
    rates = tables.get("iod2025")
    communal = tables.get("census2021_ts001")
    return MisInputs(
        areas=areas,
        tenure=margins["tenure"],
        income=_income(income),
        ages=margins["ages"],
        occupancy=margins["occupancy"],
        deprivation=margins["deprivation"],
        composition=margins["composition"],
        sizes=margins["sizes"],
        communal=None if communal is None else communal.values["ts001_in_communal"],
        income_rate=None if rates is None else rates.values["imd25_income_rate"],
    )


def _margin(table: AreaTable | None, plan: Mapping[str, tuple[str, ...]]) -> pd.DataFrame | None:
    needed = {column for columns in plan.values() for column in columns}
    if table is None or not needed <= set(table.columns):
        return None
    return pd.DataFrame(
        {name: table.values[list(columns)].sum(axis=1, skipna=False) for name, columns in plan.items()}
    )


def _income(table: AreaTable) -> pd.DataFrame:
    assert table.low is not None
    assert table.high is not None
    return pd.DataFrame(
        {
            "mean": table.values[INCOME_AHC],
            "low": table.low[INCOME_AHC],
            "high": table.high[INCOME_AHC],
        }
    )
