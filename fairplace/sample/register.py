"""The sample council's register of 28 outcome indicators over eight principles, with values.

The list is made up, and marked so: a council fills in its own. Values come from the town's truth
where they can (homes of band C or better), and are invented by one
rule, with the interval that belongs to them, where they cannot. Deaths stand as directly standardised rates.
What the pack itself estimates or counts is named, not given again: the town's truth about the Minimum
Income Standard is known to nobody who lives there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fairplace.sample.areas import DISTRICT
from fairplace.sample.dwellings import make_dwellings
from fairplace.sample.formats import write_csv
from fairplace.sample.town import Town
from fairplace.statistics_intervals import FEWEST_EVENTS, STANDARD_POPULATION_2013, standardised_rate

#: The eight principles, after Marmot and others (2010, 2020): numbers are used in the register.
PRINCIPLES = {
    1: "Give every child the best start in life",
    2: "Let everyone build their capabilities and have control over their lives",
    3: "Create fair employment and good work for all",
    4: "Ensure a healthy standard of living for all",
    5: "Create and develop healthy and sustainable places and communities",
    6: "Strengthen the role and impact of ill-health prevention",
    7: "Tackle racism, discrimination and their outcomes",
    8: "Pursue environmental sustainability and health equity together",
}

# id, principle, definition, numerator, denominator, polarity, usual value, how many in the base
_LIST = [
    (
        "good_development",
        1,
        "Children with a good level of development at 5",
        "children who reach it",
        "children assessed",
        "high",
        0.66,
        1150,
    ),
    (
        "low_birth_weight",
        1,
        "Live births at term under 2,500 g",
        "low-weight births",
        "live births at term",
        "low",
        0.041,
        1180,
    ),
    (
        "breastfeeding",
        1,
        "Infants breastfed at 6 to 8 weeks",
        "infants breastfed",
        "infants due a review",
        "high",
        0.52,
        1120,
    ),
    (
        "check_at_two",
        1,
        "Children who had a review by 2 and a half",
        "children reviewed",
        "children due one",
        "high",
        0.84,
        1200,
    ),
    (
        "attainment_11",
        2,
        "Pupils at the expected standard at 11",
        "pupils at the standard",
        "pupils tested",
        "high",
        0.60,
        1080,
    ),
    ("absence", 2, "Pupils persistently absent", "persistently absent pupils", "pupils", "low", 0.21, 12400),
    (
        "neet",
        2,
        "People of 16 and 17 not in education, work or training",
        "people not in any",
        "people of 16 and 17",
        "low",
        0.047,
        2150,
    ),
    (
        "employment",
        3,
        "People of 16 to 64 in work",
        "people in work",
        "people of 16 to 64",
        "high",
        0.71,
        60000,
    ),
    ("living_wage", 3, "Jobs paid below the real Living Wage", "jobs below it", "jobs", "low", 0.17, 31000),
    (
        "disability_gap",
        3,
        "Disabled people of 16 to 64 in work",
        "disabled people in work",
        "disabled people",
        "high",
        0.49,
        8800,
    ),
    (
        "children_below_mis",
        4,
        "Children below the Minimum Income Standard",
        "children below",
        "children",
        "low",
        None,
        0,
    ),
    (
        "people_below_mis",
        4,
        "People below the Minimum Income Standard",
        "people below",
        "people",
        "low",
        None,
        0,
    ),
    ("fuel_poverty", 4, "Households in fuel poverty", "fuel-poor households", "households", "low", None, 0),
    (
        "food_insecurity",
        4,
        "Adults who went without food",
        "adults without",
        "adults asked",
        "low",
        0.11,
        900,
    ),
    (
        "temporary_homes",
        4,
        "Households in temporary accommodation",
        "households",
        "households",
        "low",
        0.012,
        35600,
    ),
    (
        "overcrowding",
        5,
        "Households short of a bedroom",
        "overcrowded households",
        "households",
        "low",
        None,
        0,
    ),
    (
        "homes_below_standard",
        5,
        "Audited homes below standard E",
        "homes below",
        "homes audited",
        "low",
        0.021,
        1200,
    ),
    (
        "green_space",
        5,
        "People within 15 minutes' walk of green space",
        "people within",
        "people",
        "high",
        0.78,
        98000,
    ),
    (
        "safe_after_dark",
        5,
        "Residents who feel safe after dark",
        "residents who do",
        "residents asked",
        "high",
        0.58,
        900,
    ),
    ("smoking", 6, "Adults who smoke", "adults who smoke", "adults asked", "low", 0.15, 900),
    (
        "excess_weight_11",
        6,
        "Children of 10 and 11 with excess weight",
        "children with it",
        "children measured",
        "low",
        0.40,
        1020,
    ),
    (
        "dental_decay_5",
        6,
        "Children of 5 with tooth decay",
        "children with decay",
        "children examined",
        "low",
        0.31,
        340,
    ),
    (
        "workforce",
        7,
        "Senior council staff from minority ethnic groups",
        "staff from them",
        "senior staff",
        "high",
        0.19,
        210,
    ),
    (
        "low_carbon_homes",
        8,
        "Homes of energy band C or better",
        "homes of band A to C",
        "homes",
        "high",
        None,
        0,
    ),
]
#: Indicator -> the figure of the pack that it is, and what is aimed for.
_OF_PACK = {
    "children_below_mis": ("mis_children_below_share", 0.55),
    "people_below_mis": ("mis_people_below_share", 0.42),
    "fuel_poverty": ("fuel_poverty_share", 0.09),
    "overcrowding": ("overcrowded_share", 0.077),
    "homes_below_standard": ("homes_below_standard_share", 0.02),
}
_SURVEYS = ("food_insecurity", "safe_after_dark", "smoking")
_POOLED = "2020 to 2024"
# id, definition, deaths a year per 100,000 at ages 0 to 4, 5 to 9, ... 85 to 89, 90 and over, years put
# together, whether by ward too. Rates are invented; what matters is that they rise with age.
_DEATHS = (
    (
        "early_cancer_deaths",
        "Deaths under 75 from cancer, directly standardised (Covid-19 left out)",
        [1, 1, 1, 1, 2, 4, 8, 15, 28, 50, 90, 150, 250, 390, 560],
        True,
    ),
    (
        "deaths_heart",
        "Deaths from heart disease, directly standardised (Covid-19 left out)",
        [0, 0, 0, 0, 1, 2, 4, 8, 15, 28, 48, 80, 130, 210, 340, 560, 950, 1700, 3200],
        False,
    ),
    (
        "deaths_dementia",
        "Deaths from dementia, directly standardised (Covid-19 left out)",
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 5, 12, 35, 100, 300, 900, 2300, 5200],
        False,
    ),
    (
        "deaths_lung_cancer",
        "Deaths from lung cancer, directly standardised (Covid-19 left out)",
        [0, 0, 0, 0, 0, 0, 1, 2, 5, 12, 28, 55, 95, 150, 210, 260, 300, 310, 300],
        False,
    ),
)
_PERIODS = ("2021/22", "2022/23", "2023/24", "2024/25")


def write_register(town: Town, folder: Path) -> list[Path]:
    """Write ``indicators.csv`` and ``indicator_values.csv``."""
    frame = pd.DataFrame(
        [row[:6] for row in _LIST],
        columns=["id", "principle", "definition", "numerator", "denominator", "polarity"],
    )
    deaths = pd.DataFrame(
        [(one[0], 6, one[1], "deaths", "people and years", "low") for one in _DEATHS], columns=frame.columns
    )
    frame = pd.concat([frame, deaths], ignore_index=True).sort_values(
        "principle", kind="stable", ignore_index=True
    )
    frame["principle_name"] = frame["principle"].map(PRINCIPLES)
    rated = frame["id"].isin([one[0] for one in _DEATHS])
    frame["unit"] = np.where(rated, "per 100,000", "share")
    frame["source"] = "Fictional: made up for the sample authority"
    frame["edition"] = np.where(rated, _POOLED, "2024/25")
    frame["next_update"] = np.where(rated, "2027-02-28", "2026-09-30")
    values = pd.concat([_values(town), _death_rates(town)], ignore_index=True)
    values = values[~values["id"].isin(list(_OF_PACK))]
    last = values[
        values["period"].isin([_PERIODS[-1], _POOLED]) & (values["geography"] == "lad25")
    ].set_index("id")["value"]
    # Some targets are met, most are not, and one is not set yet.
    met = np.arange(len(frame)) % 6 == 4
    better = np.where(frame["polarity"] == "high", 1.08, 0.90)
    better = np.where(met, np.where(frame["polarity"] == "high", 0.93, 1.12), better)
    target = np.where(rated, np.round(frame["id"].map(last) * better), np.nan)
    shares = np.round(np.minimum(frame["id"].map(last) * better, 0.99), 3)
    frame["target"] = np.where(rated, target, shares)
    frame["pack_indicator"] = frame["id"].map({name: one for name, (one, _) in _OF_PACK.items()}).fillna("")
    frame["target"] = (
        frame["id"].map({name: aim for name, (_, aim) in _OF_PACK.items()}).fillna(frame["target"])
    )
    frame["basis"] = np.select(
        [frame["pack_indicator"] != "", frame["id"].isin(_SURVEYS)], ["", "survey"], default="counted"
    )
    frame.loc[frame["id"] == "workforce", "target"] = np.nan
    order = [
        "id",
        "principle",
        "principle_name",
        "definition",
        "unit",
        "numerator",
        "denominator",
        "polarity",
        "source",
        "edition",
        "next_update",
        "target",
        "basis",
        "pack_indicator",
    ]
    return [
        write_csv(folder / "indicators.csv", frame[order]),
        write_csv(folder / "indicator_values.csv", values),
    ]


def _known(truth: pd.DataFrame, homes: pd.DataFrame, column: str) -> dict[str, pd.DataFrame]:
    """Count, with bases, by area, of the indicators that follow from the town's truth."""
    area = truth[column]
    one = pd.Series(1, index=truth.index)
    parts = {"low_carbon_homes": (homes["epc"].isin(["A", "B", "C"]).astype(int), one)}
    return {
        name: pd.DataFrame({"count": count.groupby(area).sum(), "base": base.groupby(area).sum()})
        for name, (count, base) in parts.items()
    }


def _values(town: Town) -> pd.DataFrame:
    rng = np.random.default_rng([town.seed, 21])
    truth, homes = town.truth, make_dwellings(town)
    parts = []
    for geography, column in (("lad25", ""), ("wd25", "WD25CD")):
        frame = truth.assign(all=DISTRICT[0])
        key = column or "all"
        known = _known(frame, homes, key)
        share = frame.groupby(key)["persons"].sum() / frame["persons"].sum()
        below = (
            frame["persons"].where(frame["below"], 0).groupby(frame[key]).sum()
            / frame.groupby(key)["persons"].sum()
        )
        strain = below / (frame["persons"].where(frame["below"], 0).sum() / frame["persons"].sum()) - 1
        for name, _, _, _, _, polarity, usual, people in _LIST:
            if usual is None and name in _OF_PACK:
                continue
            for year, period in enumerate(_PERIODS):
                drift = 1 + 0.012 * (year - 3) * (1 if polarity == "high" else -1)
                if usual is None:
                    base = known[name]["base"].to_numpy()
                    count = np.round(known[name]["count"].to_numpy() * drift).astype(int)
                else:
                    base = np.maximum(np.round(people * share.to_numpy()).astype(int), 1)
                    tilt = np.exp((-0.25 if polarity == "high" else 0.5) * strain.to_numpy())
                    count = rng.binomial(base, np.clip(usual * tilt * drift, 0.001, 0.98))
                parts.append(
                    pd.DataFrame(
                        {
                            "id": name,
                            "code": share.index,
                            "geography": geography,
                            "period": period,
                            "count": count,
                            "base": base,
                        }
                    )
                )
    made = pd.concat(parts, ignore_index=True)
    made["count"] = np.minimum(made["count"], made["base"])
    made["value"] = made["count"] / made["base"]
    made["low"], made["high"] = _wilson(made["count"], made["base"])
    # Small surveys have too few answers for wards; counts of 1 to 4 are hidden, as the publisher hid them.
    made["status"] = np.select(
        [made["base"] < 30, made["count"].between(1, 4)], ["missing", "suppressed"], default="ok"
    )
    hidden = made["status"] != "ok"
    for column in ("value", "low", "high"):
        made[column] = made[column].round(4).where(~hidden)
    for column in ("count", "base"):
        made[column] = made[column].astype("Int64").where(~hidden)
    return made[["id", "code", "geography", "period", "value", "count", "base", "low", "high", "status"]]


def _death_rates(town: Town) -> pd.DataFrame:
    """Directly standardised rates of deaths, for the authority and of one cause by ward."""
    rng = np.random.default_rng([town.seed, 34])
    truth, persons = town.truth, town.persons
    home = persons["household"].to_numpy()
    band = (persons["age"] // 5).clip(upper=18).to_numpy()
    strain = truth["below"].groupby(truth["WD25CD"]).mean() / truth["below"].mean() - 1
    ward = truth["WD25CD"].to_numpy()[home]
    years, rows = 5, []
    for name, _, rates, by_ward in _DEATHS:
        bands = len(rates)
        people = pd.crosstab(ward, band).reindex(columns=range(bands), fill_value=0)
        tilt = np.exp(0.55 * strain.reindex(people.index).to_numpy())[:, None]
        expected = people.to_numpy() * np.array(rates) / 1e5 * years * tilt
        deaths = rng.poisson(expected)
        tables = [("lad25", DISTRICT[0], deaths.sum(axis=0), people.to_numpy().sum(axis=0))]
        if by_ward:
            tables += [
                ("wd25", str(code), deaths[n], people.to_numpy()[n]) for n, code in enumerate(people.index)
            ]
        for geography, code, count, base in tables:
            total = int(count.sum())
            one: dict[str, object] = {
                "id": name, "code": code, "geography": geography, "period": _POOLED,
            }  # fmt: skip
            if total < FEWEST_EVENTS:  # too few for a standardised rate
                rows.append({**one, "status": "missing"})
                continue
            found = standardised_rate(
                count, np.maximum(base, 1) * years, STANDARD_POPULATION_2013[:bands], per=1e5
            )
            rows.append(
                {
                    **one,
                    "value": round(found.value, 1),
                    "count": total,
                    "base": int(base.sum()) * years,
                    "low": round(found.low, 1),
                    "high": round(found.high, 1),
                    "status": "ok",
                }
            )
    made = pd.DataFrame(rows)
    for column in ("count", "base"):
        made[column] = made[column].astype("Int64")
    return made[["id", "code", "geography", "period", "value", "count", "base", "low", "high", "status"]]


def _wilson(count: pd.Series, base: pd.Series) -> tuple[pd.Series, pd.Series]:
    """95 % Wilson interval of a share (Wilson 1927)."""
    z = 1.959964
    share = count / base
    middle = share + z**2 / (2 * base)
    half = z * np.sqrt(share * (1 - share) / base + z**2 / (4 * base**2))
    return (middle - half) / (1 + z**2 / base), (middle + half) / (1 + z**2 / base)
