"""A small invented town for the tests of estimates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mis.inputs import MisInputs


def make_town(*, areas: int = 12, seed: int = 7) -> MisInputs:
    """Twelve areas in four MSOAs of one invented district of the East, with every common margin."""
    random = np.random.default_rng(seed)
    codes = [f"E0190{number:04d}" for number in range(areas)]
    msoa = [f"E0290{number // 3:04d}" for number in range(areas)]
    households = random.integers(500, 800, areas)
    poor = np.linspace(0.1, 0.9, areas)
    tenure = np.column_stack([0.4 - 0.25 * poor, 0.35 - 0.2 * poor, 0.05 + 0.3 * poor, 0.2 + 0.15 * poor])
    counts = np.round(tenure * households[:, None])
    age = np.array([0.45, 0.25, 0.33, 0.47, 0.46, 0.45]) + np.outer(poor, [0.3, 0.1, 0.1, 0.0, -0.1, -0.2])
    rooms = np.column_stack(
        [0.5 - 0.3 * poor, 0 * poor + 0.33, 0.14 + 0.2 * poor, 0.02 + 0.08 * poor, 0.02 * poor]
    )
    dims = np.column_stack(
        [0.6 - 0.3 * poor, 0 * poor + 0.3, 0.08 + 0.2 * poor, 0.02 + 0.08 * poor, 0.02 * poor]
    )
    mean = 38_000 - 16_000 * np.linspace(0.2, 0.9, len(set(msoa)))
    return MisInputs(
        areas=pd.DataFrame(
            {"msoa": msoa, "msoa11": msoa, "district": "E06000900", "region": "E12000006"}, index=codes
        ),
        tenure=pd.DataFrame(
            counts,
            index=codes,
            columns=["owned_outright", "owned_mortgage", "social_rented", "private_rented"],
        ),
        income=pd.DataFrame(
            {"mean": mean, "low": mean * 0.89, "high": mean * 1.127}, index=list(dict.fromkeys(msoa))
        ),
        ages=pd.DataFrame(
            np.round(age * households[:, None]),
            index=codes,
            columns=["age_0_15", "age_16_24", "age_25_34", "age_35_49", "age_50_64", "age_65_over"],
        ),
        occupancy=pd.DataFrame(
            np.round(rooms * households[:, None]),
            index=codes,
            columns=[
                "bedrooms_plus_2",
                "bedrooms_plus_1",
                "bedrooms_0",
                "bedrooms_minus_1",
                "bedrooms_minus_2",
            ],
        ),
        deprivation=pd.DataFrame(
            np.round(dims * households[:, None]), index=codes, columns=[f"deprived_{n}" for n in range(5)]
        ),
        income_rate=pd.Series(0.05 + 0.5 * poor, index=codes),
    )


@pytest.fixture(scope="session")
def town() -> MisInputs:
    """The invented town."""
    return make_town()
