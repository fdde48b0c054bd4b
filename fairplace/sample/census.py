"""Census 2021 tables in the layout of Nomis bulk downloads, and mid-year populations by age.

ONS changes small counts a little, each table on its own, so totals of different tables differ by a
few. The same is done here: who adds tables up must allow for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fairplace.sample.areas import DISTRICT
from fairplace.sample.dwellings import ACCOMMODATION, make_dwellings
from fairplace.sample.formats import write_csv
from fairplace.sample.town import Town

_RESIDENTS = "usual residents"
# Some tables of the bulk download carry this behind every header, others do not.
_MEASURES = "; measures: Value"
_OTHER = "Other, including all full-time students and all aged 66 years and over"
_TENURE = "Tenure of household: "
_DEPRIVED = {
    0: "Household is not deprived in any dimension",
    1: "Household is deprived in one dimension",
    2: "Household is deprived in two dimensions",
    3: "Household is deprived in three dimensions",
    4: "Household is deprived in four dimensions",
}
_OCCUPANCY = {2: "+2 or more", 1: "+1", 0: "0", -1: "-1", -2: "-2 or less"}
_OCCUPANCY_OA = {
    2: "+2 or more (under-occupied)", 1: "+1 (under-occupied)", 0: "0 (ideal)", -1: "-1 (overcrowded)",
    -2: "-2 or less (overcrowded)",
}  # fmt: skip
_ETHNIC = {
    "Asian": "Asian, Asian British or Asian Welsh",
    "Black": "Black, Black British, Black Welsh, Caribbean or African",
    "Mixed": "Mixed or Multiple ethnic groups",
    "Other": "Other ethnic group",
    "White": "White",
}
_ACCOMMODATION = dict(zip(ACCOMMODATION, ACCOMMODATION, strict=True))
_AGES = {
    "Aged 15 years and under": 15, "Aged 16 to 24 years": 24, "Aged 25 to 34 years": 34,
    "Aged 35 to 49 years": 49, "Aged 50 to 64 years": 64, "Aged 65 years and over": 200,
}  # fmt: skip


def write_census(town: Town, folder: Path) -> list[Path]:
    """Census tables for LSOAs, and the three that were had for output areas."""
    rng = np.random.default_rng([town.seed, 11])
    homes = make_dwellings(town)
    truth = town.truth
    lsoa, oa = truth["LSOA21CD"], truth["OA21CD"]
    occupancy = homes["occupancy"]
    made = {
        "ts054": _tenure(rng, lsoa, truth["tenure"]),
        "ts044": _leaves(rng, lsoa, homes["accommodation"], "Accommodation type: ", _ACCOMMODATION),
        "ts052": _leaves(
            rng, lsoa, occupancy, "Occupancy rating for bedrooms: ",
            {key: f"Occupancy rating of bedrooms: {word}" for key, word in _OCCUPANCY.items()},
        ),
        "ts011": _leaves(rng, lsoa, homes["deprived"], "Household deprivation: ", _DEPRIVED),
        "ts003": _composition(rng, town),
        "ts017": _sizes(rng, lsoa, truth["persons"]),
    }  # fmt: skip
    of_person = lsoa.to_numpy()[town.persons["household"]]
    person = pd.Series(of_person, index=town.persons.index)
    made["ts021_5groups"] = _leaves(
        rng, person, town.persons["ethnic"], "Ethnic group: ", _ETHNIC, unit=_RESIDENTS
    )
    disabled = {True: "Disabled under the Equality Act", False: "Not disabled under the Equality Act"}
    made["ts038_2groups"] = _leaves(
        rng, person, town.persons["disabled"], "Disability: ", disabled, unit=_RESIDENTS
    )
    band = np.searchsorted(list(_AGES.values()), town.persons["age"])
    words = dict(enumerate(_AGES))
    made["age6"] = _leaves(
        rng, person, pd.Series(band, index=person.index), "Age (6 categories): ", words, unit=_RESIDENTS
    )
    made |= _further(rng, town, person)

    names = town.areas.members.drop_duplicates("LSOA21CD").set_index("LSOA21CD")["LSOA21NM"]
    written = []
    for table, frame in made.items():
        frame = frame.rename_axis("geography code").reset_index()
        frame.insert(0, "geography", frame["geography code"].map(names))
        frame.insert(0, "date", 2021)
        written.append(write_csv(folder / f"halverton_census2021-{table}-lsoa.csv", frame))
    small = {
        "ts011": _leaves(rng, oa, homes["deprived"], "Household deprivation: ", _DEPRIVED),
        "ts044": _leaves(rng, oa, homes["accommodation"], "Accommodation type: ", _ACCOMMODATION),
        "ts052": _leaves(rng, oa, occupancy, "Occupancy rating for bedrooms: ", _OCCUPANCY_OA),
    }  # fmt: skip
    for table, frame in small.items():
        # The files for output areas that are to be had list their categories by the alphabet.
        frame = frame[[frame.columns[0], *sorted(frame.columns[1:])]]
        frame = frame.rename_axis("geography code").reset_index()
        frame.insert(0, "date", 2021)
        written.append(write_csv(folder / f"halverton_census2021-{table}-oa.csv", frame))
    return written


def _further(rng: np.random.Generator, town: Town, area: pd.Series) -> dict[str, pd.DataFrame]:
    """Make tables that are to be had for England but not among the files collected for Luton."""
    truth, persons = town.truth, town.persons
    bands = {n: f"Aged {5 * n} to {5 * n + 4} years" for n in range(1, 17)}
    bands = {0: "Aged 4 years and under", **bands, 17: "Aged 85 years and over"}
    ages = _leaves(rng, area, (persons["age"] // 5).clip(upper=17), "Age: ", bands, unit=_RESIDENTS)
    # Nobody in the town lives in a hall, a home or a prison: its truth is of households alone.
    living = pd.Series("household", index=area.index)
    places = {"household": "Lives in a household", "communal": "Lives in a communal establishment"}
    residents = _leaves(rng, area, living, "Residence type: ", places, unit=_RESIDENTS)
    frail = persons["age"] / 30 + 1.6 * persons["disabled"] + rng.normal(0, 0.9, len(persons))
    health = pd.Series(np.searchsorted([1.4, 2.9, 4.0, 4.9], frail), index=area.index)
    words = {0: "Very good health", 1: "Good health", 2: "Fair health", 3: "Bad health", 4: "Very bad health"}
    drivers = truth["adults"] + truth["pensioners"]
    chance = (0.25 + 0.28 * truth["ratio"].clip(upper=2)).clip(upper=0.85)
    cars = pd.Series(rng.binomial(drivers.clip(upper=4), chance), index=truth.index).clip(upper=3)
    number = {
        0: "No cars or vans in household",
        1: "1 car or van in household",
        2: "2 cars or vans in household",
        3: "3 or more cars or vans in household",
    }
    short = {"Age: Total: All usual residents": "Age: Total"}
    total = {"Residence type: Total: All usual residents": "Residence type: Total"}
    made = _held_by_few(np.random.default_rng([town.seed, 31]), town, area)
    return made | {
        "ts001": residents.rename(columns=total).add_suffix(_MEASURES),
        "ts007a": ages.rename(columns=short),
        "ts037": _leaves(rng, area, health, "General health: ", words, unit=_RESIDENTS),
        "ts045": _leaves(rng, truth["LSOA21CD"], cars, "Number of cars or vans: ", number),
    }


#: Religion by ethnic group, per hundred, in the order of `_RELIGION`.
_FAITH = {
    "Asian": [6, 6, 3, 18, 0, 56, 7, 1, 3], "Black": [9, 66, 0, 0, 0, 19, 0, 1, 5],
    "Mixed": [42, 37, 1, 1, 0, 11, 1, 1, 6], "Other": [16, 22, 2, 2, 1, 48, 2, 2, 5],
    "White": [42, 50, 0, 0, 1, 1, 0, 1, 5],
}  # fmt: skip
_RELIGION = (
    "No religion", "Christian", "Buddhist", "Hindu", "Jewish", "Muslim", "Sikh", "Other religion",
    "Not answered",
)  # fmt: skip
_HEATING = (
    "No central heating", "Mains gas only", "Tank or bottled gas only", "Electric only", "Oil only",
    "Wood only", "Solid fuel only", "Renewable energy only", "District or communal heat networks only",
    "Other central heating only", "Two or more types of central heating (not including renewable energy)",
    "Two or more types of central heating (including renewable energy)",
)  # fmt: skip
_HEATED = [1.5, 74, 0.6, 11, 0.4, 0.1, 0.2, 0.7, 4.5, 1.0, 5.5, 0.5]


def _held_by_few(rng: np.random.Generator, town: Town, area: pd.Series) -> dict[str, pd.DataFrame]:
    """Sex, religion and central heating: tables that equality and cold homes ask for."""
    persons, truth = town.persons, town.truth
    faith = np.empty(len(persons), dtype=object)
    for group, weights in _FAITH.items():
        rows = np.flatnonzero(persons["ethnic"] == group)
        faith[rows] = rng.choice(_RELIGION, len(rows), p=np.array(weights) / sum(weights))
    sex = np.where(rng.random(len(persons)) < 0.505, "Female", "Male")
    share = np.array(_HEATED) / sum(_HEATED)
    heat = rng.choice(np.array(_HEATING, dtype=object), len(truth), p=share)
    # The worst-off private tenants are those without.
    cold = (truth["tenure"] == "private_rented").to_numpy() & (truth["ratio"] < 0.8).to_numpy()
    heat[cold & (rng.random(len(truth)) < 0.06)] = _HEATING[0]
    sexes = _leaves(
        rng, area, pd.Series(sex, index=area.index), "Sex: ", {"Female": "Female", "Male": "Male"},
        unit=_RESIDENTS,
    )  # fmt: skip
    return {
        "ts008": sexes.rename(columns={f"Sex: Total: All {_RESIDENTS}": "Sex: All persons"}).add_suffix(
            _MEASURES
        ),
        "ts030": _leaves(
            rng, area, pd.Series(faith, index=area.index), "Religion: ",
            {one: one for one in _RELIGION}, unit=_RESIDENTS,
        ),
        "ts046": _leaves(
            rng, truth["LSOA21CD"], pd.Series(heat, index=truth.index),
            "Type of central heating in household: ", {one: one for one in _HEATING},
        ),
    }  # fmt: skip


def _perturb(rng: np.random.Generator, counts: pd.DataFrame) -> pd.DataFrame:
    noise = rng.choice([-2, -1, 0, 1, 2], counts.shape, p=[0.03, 0.14, 0.66, 0.14, 0.03])
    # A count of nought stays nought, and none falls below it.
    return (counts + noise).clip(lower=0).where(counts > 0, 0)


def _leaves(
    rng: np.random.Generator,
    area: pd.Series,
    value: pd.Series,
    prefix: str,
    words: Mapping[Any, str],
    *,
    unit: str = "households",
) -> pd.DataFrame:
    """Count each category of `value` in each area, perturb, and put their total before them."""
    counts = pd.crosstab(area, value).reindex(columns=list(words), fill_value=0)
    frame = _perturb(rng, counts).rename(columns={key: f"{prefix}{word}" for key, word in words.items()})
    frame.columns.name = None
    frame.insert(0, f"{prefix}Total: All {unit}", frame.sum(axis=1))
    return frame


def _tenure(rng: np.random.Generator, area: pd.Series, tenure: pd.Series) -> pd.DataFrame:
    c = _perturb(rng, pd.crosstab(area, tenure))
    owned, mortgage = c["owned_outright"], c["mortgage"]
    council, other = c["council_rented"], c["housing_association"]
    private, odd = c["private_rented"], c["private_other"]
    columns = {
        "Total: All households": c.sum(axis=1),
        "Owned": owned + mortgage,
        "Owned: Owns outright": owned,
        "Owned: Owns with a mortgage or loan": mortgage,
        "Shared ownership": c["shared_ownership"],
        "Shared ownership: Shared ownership": c["shared_ownership"],
        "Social rented": council + other,
        "Social rented: Rents from council or Local Authority": council,
        "Social rented: Other social rented": other,
        "Private rented": private + odd,
        "Private rented: Private landlord or letting agency": private,
        "Private rented: Other private rented": odd,
        "Lives rent free": c["rent_free"],
    }
    return pd.DataFrame({_TENURE + name: values for name, values in columns.items()})


def _composition(rng: np.random.Generator, town: Town) -> pd.DataFrame:
    """TS003: household composition, with the sub-totals that Nomis gives."""
    truth = town.truth
    kind = truth["type"].to_numpy(object)
    cohabiting = rng.random(len(truth)) < 0.28
    pick = rng.random(len(truth))
    several = truth["several"].to_numpy(object)
    parent = np.char.startswith(kind.astype(str), "lone_parent")
    family = np.char.startswith(kind.astype(str), "couple_") & (kind != "couple_pensioner")
    grown = several == "grown_family"
    conditions = {
        "alone_old": kind == "single_pensioner",
        "alone": kind == "single",
        "old": kind == "couple_pensioner",
        "married": (kind == "couple") & ~cohabiting,
        "cohabiting": (kind == "couple") & cohabiting,
        "married_children": family & ~cohabiting,
        "cohabiting_children": family & cohabiting,
        "parent": parent,
        "married_grown": grown & (pick < 0.55),
        "cohabiting_grown": grown & (pick < 0.62),
        "parent_grown": grown,
        "other_family": (several == "sharers") & ~truth["students"].to_numpy() & (pick > 0.9),
        "other_children": several == "several_families",
    }
    leaf = pd.Series(
        np.select(list(conditions.values()), list(conditions), default="other"), index=truth.index
    )
    c = _perturb(
        rng, pd.crosstab(truth["LSOA21CD"], leaf).reindex(columns=[*conditions, "other"], fill_value=0)
    )
    married = c["married"] + c["married_children"] + c["married_grown"]
    together = c["cohabiting"] + c["cohabiting_children"] + c["cohabiting_grown"]
    lone = c["parent"] + c["parent_grown"]
    single = "Single family household"
    couple, unmarried = (
        f"{single}: Married or civil partnership couple",
        f"{single}: Cohabiting couple family",
    )
    columns = {
        "Total": c.sum(axis=1),
        "One person household": c["alone_old"] + c["alone"],
        "One person household: Aged 66 years and over": c["alone_old"],
        "One person household: Other": c["alone"],
        single: c["old"] + married + together + lone + c["other_family"],
        f"{single}: All aged 66 years and over": c["old"],
        couple: married,
        f"{couple}: No children": c["married"],
        f"{couple}: Dependent children": c["married_children"],
        f"{couple}: All children non-dependent": c["married_grown"],
        unmarried: together,
        f"{unmarried}: No children": c["cohabiting"],
        f"{unmarried}: With dependent children": c["cohabiting_children"],
        f"{unmarried}: All children non-dependent": c["cohabiting_grown"],
        f"{single}: Lone parent family": lone,
        f"{single}: Lone parent family: With dependent children": c["parent"],
        f"{single}: Lone parent family: All children non-dependent": c["parent_grown"],
        f"{single}: Other single family household": c["other_family"],
        f"{single}: Other single family household: Other family composition": c["other_family"],
        "Other household types": c["other_children"] + c["other"],
        "Other household types: With dependent children": c["other_children"],
        f"Other household types: {_OTHER}": c["other"],
    }  # fmt: skip
    return pd.DataFrame(
        {f"Household composition: {name}{_MEASURES}": values for name, values in columns.items()}
    )


def _sizes(rng: np.random.Generator, area: pd.Series, persons: pd.Series) -> pd.DataFrame:
    """TS017: household size; the census counts spaces, so a size of nought is among them."""
    words = {n: f"{n} {'person' if n == 1 else 'people'} in household" for n in range(8)}
    words[8] = "8 or more people in household"
    frame = _leaves(rng, area, persons.clip(upper=8), "Household size: ", words, unit="household spaces")
    return frame.add_suffix(_MEASURES)


def write_populations(town: Town, folder: Path) -> list[Path]:
    """Mid-year estimates by single year of age: 2020 on LSOAs of 2011, 2022 on those of 2021 by sex."""
    rng = np.random.default_rng([town.seed, 12])
    ages = town.persons["age"].clip(upper=90)
    home = town.persons["household"].to_numpy()
    names = town.areas.members
    older = pd.crosstab(town.truth["LSOA11CD"].to_numpy()[home], ages).reindex(
        columns=range(91), fill_value=0
    )
    older = _perturb(rng, older).astype(float)
    frame = older.set_axis([*map(str, range(90)), "90+"], axis=1)
    frame.insert(0, "All Ages", frame.sum(axis=1))
    label = names.drop_duplicates("LSOA11CD").set_index("LSOA11CD")["LSOA11NM"]
    frame.insert(0, "LSOA Name", label.loc[frame.index])
    frame = frame.rename_axis("LSOA Code").reset_index()
    first = write_csv(folder / "halverton_mid2020_population_lsoa11_single_year.csv", frame)

    female = rng.random(len(ages)) < 0.505
    code = pd.Series(town.truth["LSOA21CD"].to_numpy()[home], index=ages.index)
    parts = []
    for letter, chosen in (("F", female), ("M", ~female)):
        part = pd.crosstab(code[chosen], ages[chosen]).reindex(columns=range(91), fill_value=0)
        parts.append(_perturb(rng, part).add_prefix(letter))
    newer = pd.concat(parts, axis=1).fillna(0).astype(int)
    newer.insert(0, "Total", newer.sum(axis=1))
    label = names.drop_duplicates("LSOA21CD").set_index("LSOA21CD")["LSOA21NM"]
    newer.insert(0, "LSOA 2021 Name", label.loc[newer.index])
    newer = newer.rename_axis("LSOA 2021 Code").reset_index()
    newer.insert(0, "LAD 2021 Name", DISTRICT[1])
    newer.insert(0, "LAD 2021 Code", DISTRICT[0])
    return [first, write_csv(folder / "halverton_mid2022_population_lsoa21_single_year.csv", newer)]
