"""The sample town: one seed in, one fictional place out, with its hidden truth.

`Town` holds what is so. What the publishers say of it, rounded, perturbed and estimated as they do,
is made from it by `fairplace.sample.publish`. Tests may compare an estimate with `Town.truth`;
nothing that reads published files may.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from fairplace.sample.addresses import make_addresses
from fairplace.sample.areas import Areas, make_areas
from fairplace.sample.ground import Ground, make_ground
from fairplace.sample.people import make_people
from fairplace.sample.streets import Streets, make_streets

DEFAULT_SEED = 2040


@dataclass(frozen=True)
class Town:
    """A fictional local authority.

    Parameters
    ----------
    seed
        The number it is made from.
    ground, areas, streets
        Lattice, river and railway; areas of every vintage; the street network.
    postcodes
        Unit postcodes, live and terminated (`addresses.Addresses`), with codes of their areas.
    truth
        Households: type, tenure, income after housing costs, line, whether below it, and the codes of
        the areas they live in (`people.People`). Hidden: never published as such.
    persons
        The persons of those households: age, role, ethnic group, disability.
    """

    seed: int
    ground: Ground
    areas: Areas
    streets: Streets
    postcodes: pd.DataFrame
    truth: pd.DataFrame
    persons: pd.DataFrame


def make_town(seed: int = DEFAULT_SEED) -> Town:
    """Make the town that belongs to a seed: the same seed gives the same town."""
    ground = make_ground(seed)
    areas = make_areas(ground, seed)
    addresses = make_addresses(ground, areas, seed)
    people = make_people(ground, areas, addresses.homes, seed)
    postcodes = addresses.postcodes.copy()
    for column in ("OA21CD", "LSOA21CD", "LSOA11CD", "MSOA21CD", "MSOA11CD", "WD22CD"):
        postcodes[column] = areas.members[column].to_numpy()[postcodes["oa"]]
    ward = areas.ward_of_cell.reshape(-1)[postcodes["cell"]]
    postcodes["WD25CD"] = areas.wards["WD25CD"].to_numpy()[ward]
    return Town(
        seed=seed,
        ground=ground,
        areas=areas,
        streets=make_streets(ground, areas, seed),
        postcodes=postcodes,
        truth=people.households,
        persons=people.persons,
    )
