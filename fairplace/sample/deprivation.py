"""Indices of Deprivation of the sample town, as MHCLG publishes them: 2025, and 2019 on older areas.

The income domain counts people of low income in the town's hidden truth. Every score is placed in
England's distribution, so ranks run from 1 to the number of LSOAs in England and deciles follow
from ranks as they do in the publication.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from fairplace.sample.areas import DISTRICT
from fairplace.sample.formats import write_csv
from fairplace.sample.ground import Floats
from fairplace.sample.standards import MEDIAN_AHC
from fairplace.sample.town import Town

LSOAS_2025, LSOAS_2019 = 33_755, 32_844

_RANK = "Rank (where 1 is most deprived)"
_DECILE = "Decile (where 1 is most deprived 10% of LSOAs)"
_AT = np.array([0.0, 0.01, 0.10, 0.25, 0.50, 0.75, 0.90, 0.99, 1.0])

# England's distribution of each score at the quantiles above (rounded from MHCLG, Indices of
# Deprivation 2025, file 7), and how closely a domain follows income between neighbourhoods.
_IMD = [0.5, 1.95, 5.46, 9.69, 17.45, 29.67, 44.91, 68.77, 92.0]
_DOMAINS: dict[str, tuple[str, list[float], float]] = {
    "Income": ("Score (rate)", [0.01, 0.028, 0.067, 0.105, 0.184, 0.322, 0.464, 0.666, 0.93], 1.0),
    "Employment": ("Score (rate)", [0.01, 0.027, 0.051, 0.071, 0.11, 0.178, 0.257, 0.391, 0.62], 0.95),
    "Education, Skills and Training": ("Score", [0, 0.46, 3.18, 7.54, 16.5, 31.2, 49.3, 74.8, 98], 0.86),
    "Health Deprivation and Disability": (
        "Score", [-3.6, -1.97, -1.11, -0.62, -0.03, 0.61, 1.17, 2.05, 3.4], 0.84),
    "Crime": ("Score", [-3.2, -1.82, -1.08, -0.6, -0.01, 0.58, 1.09, 1.94, 3.2], 0.62),
    "Barriers to Housing and Services": ("Score", [0.8, 4.5, 9.8, 14.1, 20.1, 27.6, 36.2, 49.7, 72], 0.45),
    "Living Environment": ("Score", [0.1, 1.0, 4.2, 8.6, 17.8, 31.7, 45.0, 67.8, 93], 0.35),
    "Income Deprivation Affecting Children Index (IDACI)": (
        "Score (rate)", [0.005, 0.03, 0.09, 0.16, 0.29, 0.46, 0.60, 0.78, 0.96], 1.0),
    "Income Deprivation Affecting Older People (IDAOPI)": (
        "Score (rate)", [0.004, 0.025, 0.05, 0.075, 0.13, 0.22, 0.36, 0.6, 0.9], 1.0),
    "Children and Young People Sub-domain": (
        "Score", [-3.4, -1.93, -1.11, -0.6, -0.03, 0.6, 1.16, 2.01, 3.3], 0.82),
    "Adult Skills Sub-domain": ("Score", [0.02, 0.067, 0.125, 0.166, 0.223, 0.303, 0.38, 0.514, 0.7], 0.85),
    "Geographical Barriers Sub-domain": ("Score", [1.0, 5.8, 16.9, 24.3, 32.9, 43.0, 59.2, 83.2, 98], -0.3),
    "Wider Barriers Sub-domain": ("Score", [-10, -6.4, -3.7, -2.1, -0.2, 2.0, 4.2, 7.1, 11], 0.75),
    "Indoors Sub-domain": ("Score", [-2.2, -1.31, -0.77, -0.45, -0.05, 0.43, 0.87, 1.49, 2.6], 0.3),
    "Outdoors Sub-domain": ("Score", [-2.4, -1.49, -0.9, -0.53, -0.07, 0.45, 1.0, 2.03, 3.4], 0.35),
}  # fmt: skip
_INCOME_2019 = [0.003, 0.012, 0.03, 0.052, 0.097, 0.181, 0.28, 0.43, 0.65]
_WEIGHTS = (0.225, 0.225, 0.135, 0.135, 0.093, 0.093, 0.093)


def write_deprivation(town: Town, folder: Path) -> list[Path]:
    """Write Indices of Deprivation 2025 (file 7, all 56 columns; file 8's indicators) and 2019."""
    return [
        write_csv(
            folder / "halverton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv",
            _indices_2025(town),
        ),
        write_csv(folder / "halverton_iod2025_underlying_indicators.csv", _indicators_2025(town)),
        write_csv(folder / "halverton_iod2019_scores_ranks_deciles_denominators.csv", _indices_2019(town)),
    ]


def _indices_2025(town: Town) -> pd.DataFrame:
    rng = np.random.default_rng([town.seed, 13])
    people = _people(town, "LSOA21CD", town.truth["equivalised_ahc"] < 0.7 * MEDIAN_AHC, rng)
    names = _names(town, "LSOA21CD", "LSOA21NM", people.index)
    frame = pd.DataFrame({
        "LSOA code (2021)": people.index, "LSOA name (2021)": names,
        "Local Authority District code (2024)": DISTRICT[0],
        "Local Authority District name (2024)": DISTRICT[1],
    })  # fmt: skip
    for name, (score, rank) in _standings(rng, people, _DOMAINS["Income"][1], LSOAS_2025).items():
        kind = _DOMAINS[name][0] if name in _DOMAINS else "Score"
        frame[f"{name} {kind}"] = score
        frame[f"{name} {_RANK}"] = rank
        frame[f"{name} {_DECILE}"] = decile(rank, LSOAS_2025)
    frame["Total population: mid 2022"] = people["all"].to_numpy()
    frame["Dependent Children aged 0-15: mid 2022"] = people["children"].to_numpy()
    frame["Older population aged 60 and over: mid 2022"] = people["older"].to_numpy()
    working = "Working age population 18-66 (for use with Employment Deprivation Domain): mid 2022"
    frame[working] = people["working"].to_numpy()
    return frame


def _indices_2019(town: Town) -> pd.DataFrame:
    rng = np.random.default_rng([town.seed, 14])
    # Income before housing costs, fewer claims: the older edition counted fewer people as deprived.
    poor = (town.truth["equivalised_bhc"] < 0.62 * 719.5) & (rng.random(len(town.truth)) < 0.6)
    people = _people(town, "LSOA11CD", poor, rng)
    names = _names(town, "LSOA11CD", "LSOA11NM", people.index)
    frame = pd.DataFrame({
        "LSOA code (2011)": people.index, "LSOA name (2011)": names,
        "Local Authority District code (2019)": DISTRICT[0],
        "Local Authority District name (2019)": DISTRICT[1],
    })  # fmt: skip
    for name, (score, rank) in _standings(rng, people, _INCOME_2019, LSOAS_2019).items():
        if name.startswith("Index"):
            frame[f"{name} Score"] = score
        elif name in ("Income", "Employment"):
            frame[f"{name} Score (rate)"] = score
        frame[f"{name} {_RANK}"] = rank
        frame[f"{name} {_DECILE}"] = decile(rank, LSOAS_2019)
    note = "mid 2015 (excluding prisoners)"
    frame[f"Total population: {note}"] = people["all"].to_numpy()
    frame[f"Dependent Children aged 0-15: {note}"] = people["children"].to_numpy()
    frame[f"Population aged 16-59: {note}"] = (
        people["all"] - people["children"] - people["older"]
    ).to_numpy()
    frame[f"Older population aged 60 and over: {note}"] = people["older"].to_numpy()
    working = (
        "Working age population 18-59/64: for use with Employment Deprivation Domain (excluding prisoners)"
    )
    frame[working] = people["working"].to_numpy()
    return frame


# Indicators of 2025 beside the counts: middle, spread, how closely each follows low income, decimals.
_INDICATORS: dict[str, tuple[float, float, float, int]] = {
    "adult_skills_and_english_language_proficiency_indicator": (0.22, 0.09, 0.85, 3),
    "entry_to_higher_education_indicator": (0.72, 0.12, 0.6, 3),
    "acute_morbidity_indicator": (112.0, 32.0, 0.75, 3),
    "comparative_illness_and_disability_ratio_indicator": (105.0, 38.0, 0.85, 3),
    "mental_health_indicator": (0.0, 0.75, 0.7, 3),
    "years_of_potential_life_lost_indicator": (61.0, 13.0, 0.6, 3),
    "violence_with_injury_rate_per_1_000_at_risk_population": (8.5, 4.0, 0.6, 1),
    "violence_without_injury_rate_per_1_000_at_risk_population": (11.5, 5.0, 0.6, 1),
    "stalking_and_harassment_rate_per_1_000_at_risk_population": (9.5, 3.6, 0.5, 1),
    "burglary_rate_per_1_000_at_risk_properties": (8.0, 4.2, 0.3, 1),
    "theft_rate_per_1_000_at_risk_population": (16.0, 9.0, 0.3, 1),
    "criminal_damage_rate_per_1_000_at_risk_population": (6.8, 2.9, 0.6, 1),
    "public_order_and_possession_of_weapons_rate_per_1_000_at_risk_population": (8.4, 4.4, 0.5, 1),
    "anti_social_behaviour_rate_per_1_000_at_risk_population": (16.0, 8.0, 0.6, 1),
    "connectivity_score": (71.0, 8.0, 0.1, 3),
    "owner_occupation_affordability_component_of_housing_affordability_indicator": (1.0, 0.9, 0.8, 3),
    "private_rental_affordability_component_of_housing_affordability_indicator": (1.0, 0.9, 0.8, 3),
    "housing_affordability_indicator": (1.0, 0.9, 0.85, 3),
    "digital_connectivity_broadband_download_and_upload_speeds": (-0.4, 0.5, 0.0, 3),
    "core_homelessness_rate_percent_of_households": (1.6, 0.0, 0.0, 3),
    "patient_to_gp_ratio": (2310.0, 240.0, 0.2, 3),
    "homelessness_indicator_rate_per_1_000_households": (4.9, 0.0, 0.0, 3),
    "household_overcrowding_indicator_rooms": (0.11, 0.06, 0.8, 3),
    "household_overcrowding_indicator_bedrooms": (0.07, 0.04, 0.8, 3),
}


def _indicators_2025(town: Town) -> pd.DataFrame:
    """Make the indicators behind the index; counts are rounded to five and small ones left out."""
    # The same stream as the index of 2025, so that its counts are those of the published rates.
    rng = np.random.default_rng([town.seed, 13])
    people = _people(town, "LSOA21CD", town.truth["equivalised_ahc"] < 0.7 * MEDIAN_AHC, rng)
    z = ndtri(_place(people, _DOMAINS["Income"][1]))
    counts = {
        "income_domain_numerator": people["poor"],
        "income_deprivation_affecting_children_index_idaci_numerator": people["poor_children"],
        "income_deprivation_affecting_older_people_index_idaopi_numerator": people["poor_older"],
        "employment_domain_numerator": people["working"] * (0.11 * np.exp(0.55 * z)).clip(0, 0.6),
    }
    frame = pd.DataFrame({"lsoa21_code": people.index})
    for name, count in counts.items():
        rounded = (count / 5).round() * 5
        frame[name] = rounded.where(rounded >= 5).to_numpy()
    for name, (middle, spread, follows, decimals) in _INDICATORS.items():
        noise = rng.standard_normal(len(z)) * np.sqrt(1 - follows**2)
        value = middle + spread * (follows * z + noise)
        least = middle * 0.1 if middle > 0 and spread < middle / 1.2 else -np.inf
        frame[name] = np.maximum(value, least).round(decimals)
    return frame


def decile(rank: np.ndarray, areas: int) -> np.ndarray:
    """Decile of a rank, 1 the most deprived tenth of `areas`."""
    return np.ceil(10 * rank / areas).astype(int)


def _names(town: Town, code: str, name: str, index: pd.Index) -> np.ndarray:
    labels = town.areas.members.drop_duplicates(code).set_index(code)[name]
    return np.asarray(labels.loc[index].to_numpy())


def _people(town: Town, column: str, poor: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """People of each area by age, and how many of them a count of claimants would find poor."""
    persons = town.persons
    home = persons["household"].to_numpy()
    found = rng.random(len(town.truth)) < np.where(poor, 0.92, 0.04)
    age = persons["age"]
    flags = pd.DataFrame({
        "area": town.truth[column].to_numpy()[home], "all": 1, "children": age < 16, "older": age >= 60,
        "working": age.between(18, 66), "poor": found[home],
    })  # fmt: skip
    flags["poor_children"] = flags["poor"] & flags["children"]
    flags["poor_older"] = flags["poor"] & flags["older"]
    made: pd.DataFrame = flags.groupby("area").sum().astype(int)
    return made


def _standings(
    rng: np.random.Generator, people: pd.DataFrame, income: list[float], areas: int
) -> dict[str, tuple[Floats, np.ndarray]]:
    """Score and rank of each area, for the whole index and each domain in the published order."""
    rates = {
        "Income": people["poor"] / people["all"],
        "Income Deprivation Affecting Children Index (IDACI)": people["poor_children"] / people["children"],
        "Income Deprivation Affecting Older People (IDAOPI)": people["poor_older"] / people["older"],
    }
    z = ndtri(_place(people, income))
    made: dict[str, tuple[Floats, np.ndarray]] = {}
    for name, (_, scores, follows) in _DOMAINS.items():
        if name in rates:
            table = income if name == "Income" else scores
            score = rates[name].round(3).to_numpy()
            at = np.interp(score, table, _AT)
        else:
            noise = rng.standard_normal(len(z)) * np.sqrt(max(1 - follows**2, 0.02))
            at = ndtr(follows * z + noise)
            score = np.interp(at, _AT, scores).round(3)
        made[name] = (score, _ranks(score, at, areas))
    # MHCLG's exponential transformation of ranks, and its weights of the seven domains.
    total = np.zeros(len(z))
    for name, weight in zip(list(_DOMAINS)[:7], _WEIGHTS, strict=True):
        share = 1 - (made[name][1] - 1) / (areas - 1)
        total += weight * -23 * np.log(1 - share * (1 - np.exp(-100 / 23)))
    total = total.round(3)
    whole = "Index of Multiple Deprivation (IMD)"
    return {whole: (total, _ranks(total, np.interp(total, _IMD, _AT), areas)), **made}


def _place(people: pd.DataFrame, income: list[float]) -> Floats:
    """Place each area in England's distribution of income deprivation, from 0 to 1."""
    found: Floats = np.interp(people["poor"] / people["all"], income, _AT).clip(0.0005, 0.9995)
    return found


def _ranks(score: Floats, at: Floats, areas: int) -> np.ndarray:
    """Ranks without ties, in the order of the scores: a higher score is a lower rank."""
    order = np.lexsort((np.arange(len(score)), -score))
    rank = np.empty(len(score), dtype=int)
    last = 0
    for area in order:
        last = max(last + 1, 1 + round((1 - float(at[area])) * (areas - 1)))
        rank[area] = last
    # Enough ties at the far end could run past the last rank: step back from it.
    limit = areas
    for area in order[::-1]:
        rank[area] = min(rank[area], limit)
        limit = rank[area] - 1
    return rank
