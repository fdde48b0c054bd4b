"""The people of the sample town, and the truth that its published figures hide.

Every household has a type, a tenure, an income after housing costs and a line, so who is below the
Minimum Income Standard is known. The published tables are made from these people; tests may compare
an estimate with the truth, and readers never see it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairplace.sample.areas import Areas, character
from fairplace.sample.ground import Floats, Ground
from fairplace.sample.standards import MEDIAN_AHC, TO_YEAR, TYPES, scale

#: Shares of household types, per hundred, in each kind of neighbourhood; the last is several families.
_MIX = pd.DataFrame(
    {
        #           S   C  SP  CP L1 L2 L3 C1 C2 C3 C4 MF
        "centre": [40, 22, 6, 3, 5, 3, 1, 7, 5, 2, 1, 5],
        "students": [22, 14, 3, 2, 2, 2, 1, 4, 3, 1, 1, 44],
        "estate": [17, 8, 10, 5, 10, 8, 5, 8, 9, 4, 2, 10],
        "hill": [9, 21, 11, 18, 2, 2, 1, 11, 16, 3, 1, 4],
        "new": [14, 23, 3, 3, 5, 4, 2, 18, 18, 4, 1, 3],
        "industrial": [26, 18, 8, 5, 6, 5, 2, 9, 8, 3, 1, 7],
        "terrace": [17, 14, 7, 5, 5, 4, 2, 10, 12, 5, 2, 13],
        "suburb": [12, 18, 12, 12, 4, 3, 1, 11, 13, 3, 1, 8],
    },
    index=[*TYPES.index, "multi_family"],
)

TENURES = (
    "owned_outright",
    "mortgage",
    "shared_ownership",
    "council_rented",
    "housing_association",
    "private_rented",
    "private_other",
    "rent_free",
)
_TENURE = pd.DataFrame(
    {
        "centre": [10, 18, 2, 9, 9, 46, 5, 1],
        "students": [8, 9, 0, 6, 6, 66, 4, 1],
        "estate": [13, 15, 1, 36, 16, 16, 2, 1],
        "hill": [50, 42, 0, 1, 1, 5, 1, 0],
        "new": [8, 47, 9, 3, 14, 18, 1, 0],
        "industrial": [20, 25, 1, 14, 9, 26, 4, 1],
        "terrace": [21, 27, 1, 6, 6, 35, 3, 1],
        "suburb": [36, 39, 1, 6, 4, 12, 1, 1],
    },
    index=list(TENURES),
)

#: Median income, as a share of the national median for that equivalised income, by household type.
_LEVEL = dict(zip(
    [*TYPES.index, "multi_family"],
    [1.00, 1.36, 0.92, 1.10, 0.80, 0.74, 0.66, 1.22, 1.14, 0.90, 0.75, 0.97],
    strict=True,
))  # fmt: skip
_TENURE_EFFECT = dict(zip(TENURES, [0.10, 0.14, 0.02, -0.30, -0.28, -0.14, -0.16, -0.1], strict=True))
_PLACE_EFFECT = {
    "centre": -0.09, "students": -0.20, "estate": -0.27, "hill": 0.33, "new": 0.10,
    "industrial": -0.18, "terrace": -0.14, "suburb": 0.08,
}  # fmt: skip
# Widths of the two halves of log income, below and above the median, inside a type and tenure.
_BELOW, _ABOVE = 0.52, 0.42
_NO_INCOME = 0.012

#: Weekly housing costs in pounds by tenure, for a couple.
_HOUSING_COST = dict(zip(TENURES, [14.0, 165.0, 150.0, 112.0, 121.0, 208.0, 180.0, 5.0], strict=True))

_ETHNIC = ("Asian", "Black", "Mixed", "Other", "White")
_ETHNIC_MIX = {
    "centre": [22, 12, 5, 6, 55], "students": [26, 9, 6, 7, 52], "estate": [16, 16, 6, 3, 59],
    "hill": [8, 2, 2, 1, 87], "new": [19, 9, 5, 3, 64], "industrial": [14, 9, 4, 4, 69],
    "terrace": [44, 10, 4, 5, 37], "suburb": [13, 6, 3, 2, 76],
}  # fmt: skip


@dataclass(frozen=True)
class People:
    """Households and the persons in them.

    Parameters
    ----------
    households
        One row a household. ``type`` (`standards.TYPES` or ``multi_family``), ``several`` (which kind of
        multi-family household: ``grown_family``, ``sharers``, ``several_families``), ``tenure``, ``adults``,
        ``pensioners``, ``children``, ``persons``, ``income_ahc`` and ``line`` (pounds a week of the
        financial year ending 2025), ``below``, ``ratio`` (income over line), ``equivalised_ahc`` and
        ``equivalised_bhc`` and ``net`` and ``gross`` (pounds a week), place (codes of every vintage,
        ``place`` the kind of neighbourhood, ``east``, ``north``, ``cell`` the fine cell).
    persons
        One row a person: ``household`` (row of `households`), ``age``, ``role`` (``adult``,
        ``pensioner`` or ``child``), ``ethnic``, ``disabled``.
    """

    households: pd.DataFrame
    persons: pd.DataFrame


def make_people(ground: Ground, areas: Areas, homes: pd.DataFrame, seed: int) -> People:
    """People for the homes of the town.

    Parameters
    ----------
    homes
        One row a home: ``oa`` (number of the output area), ``east``, ``north``, ``postcode``.
    """
    rng = np.random.default_rng([seed, 4])
    place = character(areas.members)
    households = homes.copy()
    households["place"] = place.to_numpy()[homes["oa"]]
    households["type"] = _draw(rng, households["place"], _MIX)
    households["tenure"] = _draw(rng, households["place"], _TENURE)
    # Hardly anyone over pension age pays a mortgage; most of them have paid it off.
    old = households["type"].isin(["single_pensioner", "couple_pensioner"])
    households.loc[old & households["tenure"].isin(["mortgage", "shared_ownership"]), "tenure"] = TENURES[0]
    households = _sizes(rng, households)
    households = _incomes(rng, households, areas)
    for column in ("OA21CD", "LSOA21CD", "LSOA11CD", "MSOA21CD", "MSOA11CD", "WD22CD"):
        households[column] = areas.members[column].to_numpy()[households["oa"]]
    columns, rows = ground.output_area.shape
    ward = areas.ward_of_cell.reshape(columns * rows)[households["cell"]]
    households["WD25CD"] = areas.wards["WD25CD"].to_numpy()[ward]
    return People(households, _persons(rng, households))


def _draw(rng: np.random.Generator, place: pd.Series, shares: pd.DataFrame) -> np.ndarray:
    drawn = np.empty(len(place), dtype=object)
    for kind in shares.columns:
        rows = np.flatnonzero(place == kind)
        weights = shares[kind].to_numpy(float)
        drawn[rows] = rng.choice(shares.index.to_numpy(object), len(rows), p=weights / weights.sum())
    return drawn


def _sizes(rng: np.random.Generator, households: pd.DataFrame) -> pd.DataFrame:
    made = households.copy()
    many = (made["type"] == "multi_family").to_numpy()
    for column in ("adults", "pensioners", "children"):
        made[column] = made["type"].map(TYPES[column]).fillna(0).astype(int)
    line = made["type"].map(TYPES["line"]).fillna(0.0).to_numpy().copy()
    students = many & (made["place"] == "students").to_numpy() & (rng.random(len(made)) < 0.85)
    made["students"] = students
    grown = rng.random(len(made)) < 0.65
    count = int(many.sum())
    adults = 2 + rng.binomial(4, 0.38, count)
    older = (rng.random(count) < 0.25) & ~students[many]
    children = np.where(students[many], 0, rng.binomial(3, 0.33, count))
    made.loc[many, "adults"] = adults + 1
    made.loc[many, "pensioners"] = older.astype(int)
    made.loc[many, "children"] = children
    made["several"] = np.select(
        [~many, (made["children"] > 0).to_numpy(), grown & ~students],
        ["", "several_families", "grown_family"],
        default="sharers",
    )
    # Adults beyond the first couple are units of their own: singles, and a single pensioner.
    first = np.select(
        [children == 0, children == 1, children == 2], [TYPES.line["couple"], TYPES.line["couple_1"],
        TYPES.line["couple_2"]], TYPES.line["couple_3"],
    )  # fmt: skip
    others = TYPES.line["single"] * (adults - 1) + TYPES.line["single_pensioner"] * older
    line[many] = first + 0.8 * others
    made["line"] = np.round(line * TO_YEAR, 2)
    made["persons"] = made["adults"] + made["pensioners"] + made["children"]
    return made


def _incomes(rng: np.random.Generator, households: pd.DataFrame, areas: Areas) -> pd.DataFrame:
    made = households.copy()
    number = areas.members["LSOA21CD"].factorize()[0]
    lsoa_effect = rng.normal(0, 0.08, number.max() + 1)[number]
    area_effect = lsoa_effect + rng.normal(0, 0.04, len(areas.members))
    pensioner = made["type"].isin(["single_pensioner", "couple_pensioner"]).to_numpy()
    place = made["place"].map(_PLACE_EFFECT).to_numpy() + area_effect[made["oa"]]
    middle = (
        np.log(made["type"].map(_LEVEL).to_numpy(float))
        + made["tenure"].map(_TENURE_EFFECT).to_numpy(float)
        + np.where(pensioner, 0.6, 1.0) * place
        + np.where(made["students"], -0.35, 0.0)
    )
    draw = rng.standard_normal(len(made))
    relative = np.exp(middle + np.where(draw < 0, _BELOW, _ABOVE) * draw)
    relative[rng.random(len(made)) < _NO_INCOME] = 0.0
    size = scale(made["adults"] + made["pensioners"], made["children"]).to_numpy()
    made["equivalised_ahc"] = np.round(relative * MEDIAN_AHC, 2)
    made["income_ahc"] = np.round(relative * MEDIAN_AHC * size, 2)
    made["ratio"] = made["income_ahc"] / made["line"]
    made["below"] = made["income_ahc"] < made["line"]
    cost = made["tenure"].map(_HOUSING_COST).to_numpy(float) * np.sqrt(size) * np.exp(0.35 * place)
    before = made["income_ahc"] + cost * rng.uniform(0.85, 1.15, len(made))
    # HBAI's scale before housing costs gives more weight to the first adult than the one after.
    size_before = 0.67 + 0.33 * (made["adults"] + made["pensioners"] - 1) + 0.20 * made["children"]
    made["equivalised_bhc"] = np.round(before / size_before, 2)
    made["net"] = np.round(before, 2)
    made["gross"] = np.round(before + 0.34 * np.maximum(before - 290, 0), 2)
    return made


def _persons(rng: np.random.Generator, households: pd.DataFrame) -> pd.DataFrame:
    parts = []
    index = np.arange(len(households))
    for role, column in (("adult", "adults"), ("pensioner", "pensioners"), ("child", "children")):
        parts.append(pd.DataFrame({"household": np.repeat(index, households[column]), "role": role}))
    persons = pd.concat(parts, ignore_index=True)
    persons = persons.sort_values("household", kind="stable", ignore_index=True)
    of = households.iloc[persons["household"]].reset_index(drop=True)
    n = len(persons)
    family = (of["children"] > 0).to_numpy()
    young = of["place"].isin(["centre", "students", "new"]).to_numpy()
    several = (of["type"] == "multi_family").to_numpy()
    adult: Floats = np.select(
        [of["students"].to_numpy(), several, family, young],
        [
            18 + rng.binomial(7, 0.25, n),
            rng.triangular(18, 28, 66, n),
            np.clip(rng.normal(40, 9, n), 19, 64),
            rng.triangular(18, 27, 62, n),
        ],
        rng.triangular(20, 64, 66, n),
    )
    pensioner = 66 + rng.gamma(1.9, 5.0, n)
    child = rng.integers(0, 18, n)
    role = persons["role"].to_numpy()
    age = np.select([role == "adult", role == "pensioner"], [adult, pensioner], child)
    persons["age"] = np.minimum(age, 101).astype(int)
    persons["ethnic"] = _ethnic(rng, households)[persons["household"]]
    risk = np.interp(persons["age"], [0, 16, 40, 66, 85, 101], [0.07, 0.10, 0.14, 0.30, 0.52, 0.65])
    risk = risk * np.where(of["below"], 1.35, 0.85)
    persons["disabled"] = rng.random(n) < risk
    return persons


def _ethnic(rng: np.random.Generator, households: pd.DataFrame) -> np.ndarray:
    shares = pd.DataFrame(_ETHNIC_MIX, index=list(_ETHNIC))
    drawn = _draw(rng, households["place"], shares)
    # Older households are more often White than their neighbourhood.
    old = (households["pensioners"] > 0).to_numpy() & (rng.random(len(drawn)) < 0.4)
    drawn[old] = "White"
    return drawn
