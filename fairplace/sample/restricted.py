"""Tables about homes and people, which may not be published: each in a folder with its papers.

They are as fictional as the rest, and treated as real ones must be: nothing here is written outside
``restricted/``, and each table has a ``restricted.toml`` that says who answers for it and until when.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fairplace.sample.dwellings import make_dwellings
from fairplace.sample.formats import FICTIONAL, write_csv
from fairplace.sample.points import addresses
from fairplace.sample.town import Town

_PAPERS = {
    "homes": (
        "Warm homes audits: which neighbourhoods have homes below the standard",
        "Public task (UK GDPR article 6(1)(e)); Housing Act 2004 section 3",
        "DPIA-2025-014 (fictional)",
    ),
    "epc": (
        "Warm homes: energy bands by neighbourhood",
        "Public task (UK GDPR article 6(1)(e)); Housing Act 2004 section 3",
        "DPIA-2025-014 (fictional)",
    ),
    "refuges": (
        "Safe routes: refuges kept out of every public map",
        "Public task (UK GDPR article 6(1)(e)); Domestic Abuse Act 2021 part 4",
        "DPIA-2025-021 (fictional)",
    ),
    "childminders": (
        "Childcare sufficiency: places by neighbourhood",
        "Legal obligation (UK GDPR article 6(1)(c)); Childcare Act 2006 section 6",
        "DPIA-2024-008 (fictional)",
    ),
}


def write_restricted(town: Town, folder: Path) -> list[Path]:
    """Audited homes, certificates, refuges and childminders, each with its papers."""
    rng = np.random.default_rng([town.seed, 20])
    tables = {"homes": _homes(town, rng), "refuges": _refuges(town, rng), "childminders": _minders(town, rng)}
    tables["epc"] = _certificates(town, np.random.default_rng([town.seed, 33]))
    made = []
    for name, frame in tables.items():
        place = folder / name
        place.mkdir(exist_ok=True)
        purpose, basis, assessment = _PAPERS[name]
        papers = (
            f"# {FICTIONAL}\n"
            f'table = "{name}.csv"\n'
            'controller = "Halverton Council (fictional), Director of Public Health"\n'
            f'purpose = "{purpose}"\n'
            f'lawful_basis = "{basis}"\n'
            f'dpia_reference = "{assessment}"\n'
            "collected = 2025-09-30\n"
            "delete_by = 2035-09-30\n"
        )
        (place / "restricted.toml").write_text(papers, encoding="utf-8", newline="\n")
        made += [write_csv(place / f"{name}.csv", frame), place / "restricted.toml"]
    return made


def _homes(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Audited homes: chosen where cold homes were looked for, so not a random sample."""
    homes = make_dwellings(town)
    weight = town.truth["place"].map({"estate": 3.0, "terrace": 2.0, "students": 1.5}).fillna(0.4).to_numpy()
    chosen = np.sort(rng.choice(len(homes), 1_200, replace=False, p=weight / weight.sum()))
    of, own = town.truth.iloc[chosen], homes.iloc[chosen]
    day = pd.Timestamp("2024-04-01") + pd.to_timedelta(rng.integers(0, 500, len(chosen)), unit="D")
    # Standard E: bands F and G are below it, and of those some had been mended since the certificate.
    below = own["epc"].isin(["F", "G"]).to_numpy() & (rng.random(len(chosen)) < 0.35)
    return pd.DataFrame(
        {
            "uprn": 999_900_000_001 + chosen,
            "postcode": of["postcode"].to_numpy(),
            "easting": of["east"].to_numpy(),
            "northing": of["north"].to_numpy(),
            "audit_date": day.strftime("%Y-%m-%d"),
            "epc_band": own["epc"].to_numpy(),
            "below_standard": np.where(below, "yes", "no"),
            "random_sample": "no",
        }
    )


def _certificates(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    """Energy certificates of some homes, a few of them with an older one too."""
    homes = make_dwellings(town)
    chosen = np.sort(rng.choice(len(homes), 3_000, replace=False))
    chosen = np.concatenate([chosen, np.sort(rng.choice(chosen, 120, replace=False))])
    of, own = town.truth.iloc[chosen], homes.iloc[chosen]
    day = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 2300, len(chosen)), unit="D")
    return pd.DataFrame(
        {
            "certificate": [f"9999-{n:04d}-0000" for n in range(len(chosen))],
            "uprn": 999_900_000_001 + chosen,
            "postcode": of["postcode"].to_numpy(),
            "easting": of["east"].round().astype(int).to_numpy(),
            "northing": of["north"].round().astype(int).to_numpy(),
            "band": own["epc"].to_numpy(),
            "lodged": day.strftime("%Y-%m-%d"),
            "tenure": of["tenure"].str.replace("_", " ").to_numpy(),
        }
    )


def _refuges(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    at = addresses(town, rng, 3)
    return pd.DataFrame(
        {
            "id": [f"R{n + 1}" for n in range(3)],
            "name": [f"House {n + 1} (fictional)" for n in range(3)],
            "postcode": at["postcode"],
            "easting": at["easting"],
            "northing": at["northing"],
            "spaces": [6, 9, 5],
        }
    )


def _minders(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    at = addresses(town, rng, 46)
    return pd.DataFrame(
        {
            "id": [f"CM{n + 1:03d}" for n in range(46)],
            "name": [f"Childminder {n + 1} (fictional)" for n in range(46)],
            "postcode": at["postcode"],
            "easting": at["easting"],
            "northing": at["northing"],
            "places": rng.integers(2, 7, 46),
            "registered": [f"{int(y)}-09-01" for y in rng.integers(2009, 2025, 46)],
        }
    )
