"""The sample authority written out as its publishers would, one folder a kind of publication.

The folder is laid out like one of real published files, so that the same readers read both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fairplace.sample import (
    census,
    council,
    deprivation,
    incomes,
    official,
    plans,
    points,
    rasters,
    register,
    restricted,
)
from fairplace.sample.formats import FICTIONAL, write_osm
from fairplace.sample.town import DEFAULT_SEED, Town, make_town

_Writer = Callable[[Town, Path], list[Path]]

#: Subfolder to what is written there.
_WRITERS: tuple[tuple[str, _Writer], ...] = (
    ("boundaries", official.write_boundaries),
    ("lookups", official.write_lookups),
    ("imd", deprivation.write_deprivation),
    ("census2021", census.write_census),
    ("income", incomes.write_incomes),
    ("population", census.write_populations),
    ("postcodes", official.write_postcodes),
    ("points", points.write_points),
    ("raster", rasters.write_rasters),
    ("osm", lambda town, folder: [write_osm(folder / "halverton.osm", town.streets)]),
    ("local", council.write_council),
    ("local", plans.write_plans),
    ("local", register.write_register),
    ("restricted", restricted.write_restricted),
)


def publish(town: Town, folder: Path) -> list[Path]:
    """Write everything that is published about the town, and its restricted tables apart.

    Parameters
    ----------
    town
        From `make_town`.
    folder
        Made where it does not exist; files of the same names are written over.

    Returns
    -------
    list of Path
        Every file written, in a fixed order. What may not be published lies under ``restricted/``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notice = folder / "FICTIONAL.txt"
    notice.write_text(f"{FICTIONAL}\nMade from seed {town.seed}.\n", encoding="utf-8", newline="\n")
    made = [notice]
    for name, write in _WRITERS:
        (folder / name).mkdir(exist_ok=True)
        made += write(town, folder / name)
    return made


def write_sample(folder: Path, seed: int = DEFAULT_SEED) -> Town:
    """Make the town that belongs to `seed`, publish it in `folder`, and return it."""
    town = make_town(seed)
    publish(town, folder)
    return town
