"""Files that the sample town's council keeps itself: services, hubs, events, referrals, surveys.

They look as a council's own exports look: some rows have a postcode and no coordinates, some the
other way round; sessions, referrals and attendances are three things with three bases.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fairplace.sample.areas import DISTRICT
from fairplace.sample.formats import write_csv
from fairplace.sample.points import addresses, schools
from fairplace.sample.town import Town

_PLACES = (
    "Chapel",
    "Foundry",
    "Millbrook",
    "Orchard",
    "Northway",
    "Whinmoor",
    "Tanners",
    "Linden",
    "Quarry",
    "Fairlands",
    "Priory",
    "Wharf",
    "Larkfield",
    "Minster",
    "Kiln",
    "Meadow",
    "Windmill",
    "Station",
)

#: Kind, how many, what it is called, typical capacity, hours a week.
_SERVICES = (
    ("family_hub", 3, "Family Hub", 60, 45),
    ("early_years_setting", 13, "Nursery", 42, 50),
    ("advice_point", 5, "Advice Point", 12, 18),
    ("warm_space", 6, "Warm Space", 30, 16),
    ("food_bank", 4, "Food Bank", 40, 9),
    ("community_centre", 7, "Community Centre", 80, 60),
    ("youth_club", 3, "Youth Club", 35, 14),
    ("leisure_centre", 2, "Leisure Centre", 300, 95),
    ("drug_alcohol_service", 1, "Recovery Service", 40, 40),
    ("mental_health_clinic", 2, "Wellbeing Clinic", 25, 37),
    ("community_dental_clinic", 1, "Community Dental Clinic", 20, 30),
)
_THEMES = ("damp_or_mould", "lighting", "waste", "green_space", "safety_after_dark", "play_space")
_QUESTIONS = (
    "safe_walking_by_day",
    "safe_walking_after_dark",
    "home_warm_enough",
    "satisfied_with_green_space",
)


def write_council(town: Town, folder: Path) -> list[Path]:
    """Services, hub candidates, events, referrals, surveys, case studies, spending and PLUS groups."""
    rng = np.random.default_rng([town.seed, 18])
    services = _services(town, rng)
    later = np.random.default_rng([town.seed, 32])
    tables = {
        "services": pd.concat([services, _anchors(town, later, len(services))], ignore_index=True),
        "hub_candidates": _candidates(town, rng, services),
        "events": pd.concat([_events(town, rng), _training(town, later)], ignore_index=True),
        "referrals": _referrals(rng),
        "survey": _survey(town, rng),
        "case_studies": _case_studies(town, rng),
        "spending": _spending(),
        "plus_groups": _plus_groups(town, later),
    }
    return [write_csv(folder / f"{name}.csv", frame) for name, frame in tables.items()]


def _services(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    kinds = [kind for kind in _SERVICES for _ in range(kind[1])]
    count = len(kinds)
    at = addresses(town, rng, count).sample(frac=1, random_state=int(rng.integers(2**31)), ignore_index=True)
    # Two rows in ten give only a postcode, one in ten only coordinates.
    given = rng.random(count)
    point, code = given > 0.2, given < 0.9
    return pd.DataFrame(
        {
            "id": [f"S{n + 1:03d}" for n in range(count)],
            "name": [f"{_PLACES[n % len(_PLACES)]} {kind[2]} (fictional)" for n, kind in enumerate(kinds)],
            "kind": [kind[0] for kind in kinds],
            "easting": at["easting"].where(pd.Series(point)).astype("Int64"),
            "northing": at["northing"].where(pd.Series(point)).astype("Int64"),
            "postcode": at["postcode"].where(pd.Series(code | ~point), ""),
            "opened": [f"{int(year)}-04-01" for year in rng.integers(1998, 2025, count)],
            "capacity": [int(kind[3] * rng.uniform(0.7, 1.4)) for kind in kinds],
            "hours_per_week": [kind[4] for kind in kinds],
            "step_free": np.where(rng.random(count) < 0.72, "yes", "no"),
            "public": ["no" if kind[0] == "drug_alcohol_service" else "yes" for kind in kinds],
        }
    )


def _anchors(town: Town, rng: np.random.Generator, before: int) -> pd.DataFrame:
    """Anchor institutions with their jobs, and contact points for warm homes."""
    kinds = (
        ("anchor_institution", "Halverton General Hospital", 3400),
        ("anchor_institution", "Halverton Council Offices", 2100),
        ("anchor_institution", "Halverton College", 620),
        ("anchor_institution", "Halverton Bus Depot", 340),
        ("community_contact_point", "Warm Homes Desk, Central Library", None),
        ("community_contact_point", "Warm Homes Desk, Foundry", None),
        ("community_contact_point", "Warm Homes Desk, Larkfield", None),
    )
    at = addresses(town, rng, len(kinds))
    return pd.DataFrame(
        {
            "id": [f"S{before + n + 1:03d}" for n in range(len(kinds))],
            "name": [f"{name} (fictional)" for _, name, _ in kinds],
            "kind": [kind for kind, _, _ in kinds],
            "easting": at["easting"].astype("Int64"),
            "northing": at["northing"].astype("Int64"),
            "postcode": at["postcode"],
            "opened": "1998-04-01",
            "step_free": "yes",
            "public": "yes",
            "jobs": pd.array([jobs for _, _, jobs in kinds], dtype="Int64"),
        }
    )


def _training(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Three training sessions: 73 attendances, of which five by people who came before."""
    at = addresses(town, rng, 3)
    return pd.DataFrame(
        {
            "id": [f"T{n + 1:03d}" for n in range(3)],
            "name": [f"Building blocks of health, session {n + 1}" for n in range(3)],
            "kind": "training",
            "date": ["2025-03-12", "2025-06-11", "2025-09-10"],
            "postcode": at["postcode"],
            "easting": at["easting"],
            "northing": at["northing"],
            "attendance": [28, 24, 21],
            "attendance_unit": "attendances",
            "unique_people": pd.array([28, 22, 18], dtype="Int64"),
        }
    )


def _spending() -> pd.DataFrame:
    rows = [
        ("SP1", "Oral health in schools (fictional)", "2024/25", "core20", 64000, "spent"),
        ("SP2", "Blood pressure checks at work (fictional)", "2024/25", "core20", 118000, "spent"),
        ("SP3", "Warm homes on prescription (fictional)", "2024/25", "core20", 90000, "planned"),
        ("SP4", "Carers' health checks (fictional)", "2024/25", "plus_group", 22000, "spent"),
    ]
    return pd.DataFrame(rows, columns=["id", "programme", "period", "for_whom", "pounds", "status"])


def _plus_groups(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Three groups, for the whole authority; the carers by ward too, of which no ward has few."""
    people = len(town.persons)
    wards = town.truth["WD25CD"].iloc[town.persons["household"]].value_counts().sort_index()
    carers = rng.binomial(wards, 0.083)
    whole = [
        ("unpaid_carers", carers.sum()),
        ("asylum_seekers", round(people * 0.0041)),
        ("care_leavers", 96),
    ]
    rows = [(group, DISTRICT[0], "lad25", int(number)) for group, number in whole]
    rows += [("unpaid_carers", code, "wd25", int(one)) for code, one in zip(wards.index, carers, strict=True)]
    frame = pd.DataFrame(rows, columns=["group", "code", "geography", "people"])
    return frame.assign(period="2025", source="Fictional: made up for the sample authority")


def _candidates(town: Town, rng: np.random.Generator, services: pd.DataFrame) -> pd.DataFrame:
    """List buildings for hubs: the three there are, with their true places, and fifteen others."""
    live = town.postcodes.set_index("postcode")
    hubs = services[services["kind"] == "family_hub"]
    at = addresses(town, rng, 15)
    # Where an existing hub gives only coordinates, its candidate row gives the same.
    own = live.reindex(hubs["postcode"])
    east = hubs["easting"].fillna(pd.Series(own["east"].to_numpy(), index=hubs.index))
    north = hubs["northing"].fillna(pd.Series(own["north"].to_numpy(), index=hubs.index))
    buildings = ("Library", "School Annexe", "Church Hall", "Health Centre", "Community Centre")
    old = pd.DataFrame(
        {
            "name": hubs["name"],
            "status": "existing",
            "easting": east,
            "northing": north,
            "postcode": hubs["postcode"],
            "capacity": hubs["capacity"] * 4,
            "step_free": hubs["step_free"],
        }
    )
    new = pd.DataFrame(
        {
            "name": [f"{_PLACES[(n + 4) % len(_PLACES)]} {buildings[n % 5]} (fictional)" for n in range(15)],
            "status": "candidate",
            "easting": at["easting"],
            "northing": at["northing"],
            "postcode": at["postcode"],
            "capacity": rng.integers(8, 30, 15) * 10,
            "step_free": np.where(rng.random(15) < 0.8, "yes", "no"),
        }
    )
    frame = pd.concat([old, new], ignore_index=True)
    frame.insert(0, "id", [f"H{n + 1:02d}" for n in range(len(frame))])
    frame["annual_cost"] = (rng.integers(90, 260, len(frame)) * 1000).astype(int)
    hours = ("Mon-Fri 09:00-17:00", "Mon-Sat 09:00-18:00", "Mon-Thu 09:30-15:30")
    frame["opening_hours"] = [hours[int(n)] for n in rng.integers(0, 3, len(frame))]
    frame["hours_per_week"] = frame["opening_hours"].map(dict(zip(hours, (40, 54, 24), strict=True)))
    return frame.astype({"easting": int, "northing": int})


def _events(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Ten dental pop-ups and other outreach, most of them at schools."""
    places = schools(town)
    count = 26
    at = places.iloc[rng.choice(len(places), count, replace=False)].reset_index(drop=True)
    kinds = ["dental_pop_up"] * 10 + ["health_bus"] * 8 + ["advice_pop_up"] * 8
    day = pd.Timestamp("2025-01-13") + pd.to_timedelta(np.sort(rng.integers(0, 300, count)), unit="D")
    return pd.DataFrame(
        {
            "id": [f"E{n + 1:03d}" for n in range(count)],
            "name": [
                f"{kind.replace('_', ' ').capitalize()} at {name}"
                for kind, name in zip(kinds, at["establishment_name"], strict=True)
            ],
            "kind": kinds,
            "date": day.strftime("%Y-%m-%d"),
            "postcode": at["postcode"],
            "easting": at["easting"],
            "northing": at["northing"],
            "attendance": rng.integers(3, 160, count),
            "attendance_unit": "people",
        }
    )


def _referrals(rng: np.random.Generator) -> pd.DataFrame:
    """Advice by primary care network and quarter; practices are lists of people, never areas."""
    rows = []
    for number, name in enumerate(("River", "Beacon", "Old Town")):
        for quarter in ("2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2"):
            referred = int(rng.integers(18, 46))
            attended = int(rng.binomial(referred, 0.69))
            new = int(rng.binomial(referred, 0.77))
            sessions = int(attended * rng.uniform(0.9, 1.2))
            gain = int(attended * rng.integers(120, 480))
            rows.append(
                (
                    quarter,
                    "pcn",
                    f"UZ99{number + 1}",
                    f"{name} PCN (fictional)",
                    sessions,
                    referred,
                    attended,
                    new,
                    int(attended * rng.uniform(4, 6.5)),
                    gain,
                    "confirmed",
                )
            )
    columns = [
        "period",
        "organisation_kind",
        "organisation_code",
        "organisation_name",
        "sessions",
        "referrals",
        "attended",
        "referred_new_clients",
        "issues",
        "gains_pounds",
        "gains_status",
    ]
    return pd.DataFrame(rows, columns=columns)


def _survey(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Estates survey: yes and no and coded themes, with the number asked; two estates had few replies."""
    members = town.areas.members
    estates = {"Larkfield": 31, "Fairlands": 24, "Tanners": 18, "Whinmoor": 15, "Sidings": 8, "Kiln": 4}
    lsoas = members["LSOA21CD"].drop_duplicates().to_list()
    where = rng.choice(len(lsoas), len(estates), replace=False)
    rows = []
    for (estate, replies), place in zip(estates.items(), where, strict=True):
        for question in _QUESTIONS:
            asked = replies - int(rng.integers(0, 2))
            yes = int(rng.binomial(asked, 0.35 + 0.4 * rng.random()))
            rows += [
                (estate, lsoas[place], question, "yes_no", answer, n, asked)
                for answer, n in (("yes", yes), ("no", asked - yes))
            ]
        for theme in _THEMES:
            rows.append(
                (
                    estate,
                    lsoas[place],
                    "what_would_you_change",
                    "coded_theme",
                    theme,
                    int(rng.binomial(replies, 0.3)),
                    replies,
                )
            )
    columns = ["estate", "LSOA21CD", "question", "answer_kind", "answer", "count", "base"]
    return pd.DataFrame(rows, columns=columns).assign(invited=60, period="2025-05", sample="not random")


def _case_studies(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    at = addresses(town, rng, 6)
    titles = (
        "A warm home before winter",
        "Walking to nursery again",
        "Advice at the surgery",
        "A garden on the estate",
        "Teeth and tickets",
        "The hub that opened on Saturdays",
    )
    themes = ("housing", "movement", "money", "green_space", "oral_health", "early_years")
    return pd.DataFrame(
        {
            "id": [f"C{n + 1}" for n in range(6)],
            "title": titles,
            "theme": themes,
            "principle": [5, 5, 4, 5, 6, 1],
            "date": [f"2025-{month:02d}-15" for month in range(2, 8)],
            "postcode": at["postcode"],
            "easting": at["easting"],
            "northing": at["northing"],
            "summary": "Fictional: an example of how a case study is kept, about nobody.",
        }
    )
