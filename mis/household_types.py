"""Household types: who lives in each, and how often each occurs in England.

Every calculation of this package runs over cells of household type and tenure. The types are those
for which a Minimum Income Standard budget exists or can be derived, and three for households of
more than one unit: parents with grown-up children, sharers, and children with further adults.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

#: Tenures, in the order of every array with a tenure axis. Shared ownership counts as a mortgage,
#: living rent free as private.
TENURES: tuple[str, ...] = ("owned_outright", "owned_mortgage", "social_rented", "private_rented")

#: Age bands of persons, in the order of every array with an age axis.
AGES: tuple[str, ...] = (
    "age_0_15",
    "age_16_24",
    "age_25_34",
    "age_35_49",
    "age_50_64",
    "age_65_over",
)

#: Types whose incomes vary less from place to place.
PENSIONER_GROUPS: tuple[str, ...] = ("single_pensioner", "couple_pensioner")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HouseholdTypes:
    """Household types as arrays, one entry a type.

    Parameters
    ----------
    ids, labels, groups
        Stable id, words for people, and the group that shares one width of incomes.
    share
        Share of England's households, adding up to one.
    persons
        Average people by age band, shape (type, age): see `AGES`.
    adults, children, under_5, pensioners
        Average people of that kind in a household of the type.
    scale
        HBAI equivalence scale after housing costs, couple = 1.
    tenure
        Share of each tenure among the type's households, shape (type, tenure), before raking.
    crowded, roomy, deprived
        Relative chance of too few bedrooms, of two or more spare, and of deprivation in two or more
        dimensions; only departures from England's average are used.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    share: Floats
    persons: Floats
    adults: Floats
    children: Floats
    under_5: Floats
    pensioners: Floats
    scale: Floats
    tenure: Floats
    crowded: Floats
    roomy: Floats
    deprived: Floats

    @property
    def size(self) -> Floats:
        """Average number of people in a household of each type."""
        return np.asarray(self.persons.sum(axis=1))

    @property
    def is_pensioner(self) -> NDArray[np.bool_]:
        """True for pensioners living alone or as a couple."""
        return np.array([group in PENSIONER_GROUPS for group in self.groups])

    def index(self, type_id: str) -> int:
        """Position of a type on every type axis.

        Raises
        ------
        KeyError
            There is no such type.
        """
        try:
            return self.ids.index(type_id)
        except ValueError:
            raise KeyError(f'"{type_id}" is not a household type; use one of {", ".join(self.ids)}') from None

    def __len__(self) -> int:
        return len(self.ids)


@cache
def household_types() -> HouseholdTypes:
    """Household types of England, from ``mis/household_types.toml``."""
    text = (files("mis") / "household_types.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    rows = list(entries.values())

    def column(name: str) -> Floats:
        return np.array([row[name] for row in rows], dtype=float)

    share = column("share")
    return HouseholdTypes(
        ids=tuple(entries),
        labels=tuple(row["label"] for row in rows),
        groups=tuple(row["group"] for row in rows),
        share=share / share.sum(),
        persons=column("persons"),
        adults=column("adults"),
        children=column("children"),
        under_5=column("under_5"),
        pensioners=column("pensioners"),
        scale=column("scale"),
        tenure=column("tenure"),
        crowded=column("crowded"),
        roomy=column("roomy"),
        deprived=column("deprived"),
    )
