"""Places with an address, as the NHS, schools, libraries, stations and the police publish them.

Every name says that it is fictional or is one that no real place bears; codes are of no real series.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fairplace.sample.areas import DISTRICT, REGION
from fairplace.sample.formats import write_csv
from fairplace.sample.town import Town
from geo.crs import bng_to_lonlat

_NHS = (
    "organisation_code",
    "name",
    "national_grouping",
    "high_level_health_geography",
    "address_1",
    "address_2",
    "address_3",
    "address_4",
    "address_5",
    "postcode",
    "open_date",
    "close_date",
    "status_code",
    "organisation_sub_type_code",
    "parent_organisation_code",
    "join_parent_date",
    "left_parent_date",
    "amended_record",
    "provider_purchaser",
    "prescribing_setting",
)
_STREETS = (
    "Foundry Street",
    "Chapel Road",
    "Mill Lane",
    "Orchard Avenue",
    "Station Road",
    "Meadow Way",
    "Priory Terrace",
    "Windmill Drive",
    "Quarry Road",
    "Linden Avenue",
    "Kiln Close",
    "Market Street",
)
_CRIMES = {
    "Violence and sexual offences": 33,
    "Anti-social behaviour": 18,
    "Vehicle crime": 8,
    "Public order": 8,
    "Other theft": 7,
    "Criminal damage and arson": 7,
    "Shoplifting": 5,
    "Burglary": 4,
    "Drugs": 4,
    "Other crime": 2,
    "Possession of weapons": 1.4,
    "Theft from the person": 1.1,
    "Robbery": 1.1,
    "Bicycle theft": 0.7,
}
_CRIME_WEIGHT = {
    "centre": 5.0,
    "students": 1.6,
    "estate": 2.0,
    "hill": 0.4,
    "new": 0.8,
    "industrial": 1.5,
    "terrace": 1.4,
    "suburb": 0.6,
}
MONTHS = [f"{year}-{month:02d}" for year in range(2021, 2025) for month in range(1, 13)][4:40]


def addresses(town: Town, rng: np.random.Generator, count: int, place: str = "") -> pd.DataFrame:
    """Live postcodes drawn without repeats, in one kind of neighbourhood or in any.

    Returns
    -------
    DataFrame
        ``postcode``, ``easting``, ``northing``, ``lon``, ``lat``, codes of the areas; numbered from 0.
    """
    live = town.postcodes[town.postcodes["terminated"] == ""]
    if place:
        kinds = town.truth.groupby("OA21CD")["place"].first()
        live = live[live["OA21CD"].map(kinds) == place]
    chosen = live.iloc[np.sort(rng.choice(len(live), count, replace=False))]
    chosen = chosen.rename(columns={"east": "easting", "north": "northing"}).reset_index(drop=True)
    lon, lat = bng_to_lonlat(chosen["easting"].to_numpy(), chosen["northing"].to_numpy())
    return chosen.assign(lon=np.round(lon, 6), lat=np.round(lat, 6))


def _geocoded(frame: pd.DataFrame, at: pd.DataFrame, *, decimals: bool = True) -> pd.DataFrame:
    made = frame.copy()
    kind = float if decimals else int
    made["easting"], made["northing"] = at["easting"].astype(kind), at["northing"].astype(kind)
    made["admin_district_code"], made["admin_ward_code"] = DISTRICT[0], at["WD25CD"]
    made["lon"], made["lat"] = at["lon"], at["lat"]
    return made


def write_points(town: Town, folder: Path) -> list[Path]:
    """Code-Point Open, NHS organisations, libraries, schools, stations and recorded crime."""
    rng = np.random.default_rng([town.seed, 16])
    health = (
        # file, code, names, active, closed, other settings
        ("nhs_ods_gp_practices_HV.csv", "X99", "SURGERY", 12, 3, 5),
        ("nhs_ods_pharmacies_HV.csv", "F99", "PHARMACY", 18, 4, 0),
        ("nhs_ods_dental_practices_HV.csv", "V99", "DENTAL CARE", 9, 3, 0),
    )
    made = [_code_point(town, folder)]
    for file, code, word, active, closed, other in health:
        made.append(
            write_csv(
                folder / file, _health(town, rng, code, word, active=active, closed=closed, other=other)
            )
        )
    made.append(write_csv(folder / "libraries_halverton.csv", _libraries(town, rng)))
    made.append(write_csv(folder / "schools_halverton.csv", schools(town)))
    lon, lat = bng_to_lonlat(*(np.array([value]) for value in station(town)))
    rail = pd.DataFrame(
        {
            "stationName": ["Halverton (fictional)"],
            "lat": np.round(lat, 6),
            "long": np.round(lon, 6),
            "crsCode": ["QHV"],
            "iataAirportCode": [""],
            "constituentCountry": ["england"],
        }
    )
    made.append(write_csv(folder / "rail_stations_halverton_area.csv", rail))
    crime = folder / "police_uk_street_crime_halverton_2021-05_2024-04.csv.gz"
    made.append(write_csv(crime, _crime(town, rng)))
    return made


def station(town: Town) -> tuple[float, float]:
    """Easting and northing of the railway station: on the line, where it comes nearest the centre."""
    line = town.ground.railway
    point = line.interpolate(0.46, normalized=True)
    return round(point.x, 1), round(point.y, 1)


def _code_point(town: Town, folder: Path) -> Path:
    live = town.postcodes[town.postcodes["terminated"] == ""].sort_values("postcode", ignore_index=True)
    lon, lat = bng_to_lonlat(live["east"].to_numpy(), live["north"].to_numpy())
    frame = pd.DataFrame(
        {
            "postcode": live["postcode"],
            "positional_quality": 10,
            "easting": live["east"],
            "northing": live["north"],
            "country_code": "E92000001",
            "nhs_regional_ha_code": "E19000001",
            "nhs_ha_code": "E18000006",
            "admin_county_code": "",
            "admin_district_code": DISTRICT[0],
            "admin_ward_code": live["WD25CD"],
            "lon": np.round(lon, 6),
            "lat": np.round(lat, 6),
        }
    )
    return write_csv(folder / "codepoint_open_HV_2025-11.csv", frame)


def _health(
    town: Town, rng: np.random.Generator, code: str, word: str, *, active: int, closed: int, other: int
) -> pd.DataFrame:
    count = active + closed + other
    at = addresses(town, rng, count)
    frame = pd.DataFrame("", index=range(count), columns=list(_NHS))
    order = rng.permutation(count)
    number = np.argsort(order)
    gone = (number >= active) & (number < active + closed)
    # The letters by which a code tells its kind, and numbers beyond those in use.
    width = 2 if word == "PHARMACY" else 3
    frame["organisation_code"] = [f"{code}{n + 1:0{width}d}" for n in range(count)]
    street = [_STREETS[n % len(_STREETS)] for n in range(count)]
    frame["name"] = [f"{name.upper()} {word} (FICTIONAL)" for name in street]
    frame["national_grouping"], frame["high_level_health_geography"] = "Y61", "QZZ"
    frame["address_1"] = [f"{int(rng.integers(1, 180))} {name.upper()}" for name in street]
    frame["address_4"], frame["postcode"] = "HALVERTON", at["postcode"]
    frame["open_date"] = [f"{int(rng.integers(1974, 2020))}0401" for _ in range(count)]
    frame["close_date"] = np.where(gone, "20230331", "")
    frame["status_code"] = np.where(gone, "C", "A")
    frame["organisation_sub_type_code"] = {"SURGERY": "B", "PHARMACY": "1"}.get(word, "D")
    frame["parent_organisation_code"], frame["join_parent_date"] = "Z9ZZZ", "20200401"
    frame["amended_record"] = "0"
    if word == "SURGERY":
        # Only setting 4 is a practice that people register with; the rest are clinics and services.
        frame["prescribing_setting"] = np.where(number >= active + closed, "8", "4")
        frame["provider_purchaser"] = "Z9ZZZ"
    return _geocoded(frame, at)


def _libraries(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    at = addresses(town, rng, 6)
    names = ("Central", "Northway", "Millbrook", "Fairlands", "Whinmoor Access Point", "Sidings")
    frame = pd.DataFrame(
        {
            "library_name": [f"Halverton {name} Library (fictional)" for name in names],
            "address_1": [f"{n * 7 + 3} {_STREETS[n]}" for n in range(6)],
            "postcode": at["postcode"],
            "uprn": [999_900_900_001 + n for n in range(6)],
            "statutory": ["Yes"] * 4 + ["No", "Yes"],
            "year_opened": ["", "", "", "", "2016", ""],
            "year_closed": ["", "", "", "", "", "2014"],
        }
    )
    made = _geocoded(frame, at, decimals=False)
    return made.drop(columns="admin_district_code")


def schools(town: Town) -> pd.DataFrame:
    """Every school of the town, in the layout of the Department for Education's register."""
    rng = np.random.default_rng([town.seed, 17])
    phases = [
        ("Primary", 24, 4, 11),
        ("Secondary", 5, 11, 18),
        ("Nursery", 3, 2, 5),
        ("Not applicable", 2, 4, 19),
    ]
    kinds = [phase for phase in phases for _ in range(phase[1])]
    count = len(kinds)
    at = addresses(town, rng, count)
    words = {"Primary": "Primary School", "Secondary": "Academy", "Nursery": "Nursery School"}
    names = [
        f"{_STREETS[n % len(_STREETS)].split()[0]} {('Lower ', 'Upper ', '')[n // len(_STREETS)]}"
        f"{words.get(kind[0], 'Special School')} (fictional)"
        for n, kind in enumerate(kinds)
    ]
    columns = {
        "urn": [990_001 + n for n in range(count)],
        "local_authority_code": 999,
        "local_authority_name": DISTRICT[1],
        "establishment_number": [2001 + n for n in range(count)],
        "establishment_name": names,
        "street": [_STREETS[(n + 5) % len(_STREETS)] for n in range(count)],
        "locality": "",
        "address3": "",
        "town": "Halverton",
        "county": "",
        "postcode": at["postcode"],
        "type_of_establishment": [
            {
                "Secondary": "Academy converter",
                "Not applicable": "Community special school",
                "Nursery": "Local authority nursery school",
            }.get(kind[0], "Community school")
            for kind in kinds
        ],
        "statutory_highest_age": [kind[3] for kind in kinds],
        "statutory_lowest_age": [kind[2] for kind in kinds],
        "boarders": "No Boarders",
        "sixth_form": [f"{'Has' if kind[3] == 18 else 'Does not have'} a sixth form" for kind in kinds],
        "ukprn": "",
        "phase_of_education": [kind[0] for kind in kinds],
        "gender": "Mixed",
        "religious_character": "Does not apply",
        "religious_ethos": "Does not apply",
        "admissions_policy": "Not applicable",
        "website_address": "",
        "establishment_status": "Open",
        "reason_establishment_opened": "Not applicable",
        "opening_date": "",
        "parliamentary_constituency_code": "E14999001",
        "parliamentary_constituency_name": "Halverton (fictional)",
        "region": REGION[1],
    }
    return _geocoded(pd.DataFrame(columns), at, decimals=False)


def _crime(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Crimes on snap points, as data.police.uk places them: never where they happened."""
    count = 11_000
    snaps = addresses(town, rng, 420)
    kinds = town.truth.groupby("OA21CD")["place"].first()
    weight = snaps["OA21CD"].map(kinds).map(_CRIME_WEIGHT).to_numpy(float) * rng.gamma(1.2, 1.0, len(snaps))
    at = snaps.iloc[rng.choice(len(snaps), count, p=weight / weight.sum())].reset_index(drop=True)
    share = np.array(list(_CRIMES.values()))
    crime = rng.choice(list(_CRIMES), count, p=share / share.sum())
    outcomes = [
        "Investigation complete; no suspect identified",
        "Unable to prosecute suspect",
        "Awaiting court outcome",
        "Local resolution",
    ]
    outcome = rng.choice(outcomes, count, p=[0.55, 0.33, 0.07, 0.05])
    names = town.areas.members.drop_duplicates("LSOA21CD").set_index("LSOA21CD")["LSOA21NM"]
    near = rng.choice(["Parking Area", "Supermarket", *_STREETS], len(snaps))
    place = dict(zip(snaps["postcode"], near, strict=True))
    return pd.DataFrame(
        {
            "month": np.sort(rng.choice(MONTHS, count)),
            "longitude": at["lon"],
            "latitude": at["lat"],
            "location": [f"On or near {place[code]}" for code in at["postcode"]],
            "lsoa_code": at["LSOA21CD"],
            "lsoa_name": at["LSOA21CD"].map(names),
            "crime_type": crime,
            "last_outcome_category": np.where(crime == "Anti-social behaviour", "", outcome),
        }
    )
