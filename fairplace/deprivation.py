"""Deprivation of areas larger than an LSOA, without inventing what the Indices do not say.

The Index ranks LSOAs. A ward or a drawn area has no rank and no decile: it has a population-weighted
score, an extent, and so many residents in LSOAs among the most deprived tenth or fifth of England
(Core20). Every title names its edition, for editions are not comparable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fairplace.disclosure import Released
from geo.errors import UserError

#: What must stand beside any two editions that are shown together.
NOT_COMPARABLE = (
    "Indices of 2019 and 2025 are not comparable: 20 of the 55 indicators are new, 14 changed, incomes are "
    "after housing costs, and LSOAs were redrawn. A change of rank between them is no change on the ground."
)
#: What must stand beside any share of people in the most deprived areas.
RELATIVE = "The Index ranks areas, not people: most people who are poor may live outside the worst tenth."


class DeprivationError(UserError, ValueError):
    """Something was asked of the Indices that they do not say."""


@dataclass(frozen=True)
class ImdEdition:
    """An edition of the Index of Multiple Deprivation.

    Parameters
    ----------
    prefix
        Of its indicators, such as ``imd25``.
    name
        For titles.
    geography
        Key of its LSOAs.
    areas
        How many LSOAs England had.
    """

    prefix: str
    name: str
    geography: str
    areas: int


#: Editions by the prefix of their indicators (MHCLG, statistical releases of 2025 and 2019).
EDITIONS: Mapping[str, ImdEdition] = {
    "imd25": ImdEdition("imd25", "IMD 2025", "lsoa21", 33_755),
    "imd19": ImdEdition("imd19", "IMD 2019", "lsoa11", 32_844),
}


def title(what: str, edition: str = "imd25") -> str:
    """Title with its edition, such as ``Extent of deprivation, IMD 2025``."""
    return f"{what}, {_edition(edition).name}"


def extent_weight(ranks: ArrayLike, areas: int) -> NDArray[np.float64]:
    """Weight of each LSOA's people in the extent.

    Parameters
    ----------
    ranks
        1 is the most deprived.
    areas
        LSOAs in England.

    Returns
    -------
    array
        1 in the most deprived tenth of England; from 0.95 in the eleventh to 0.05 in the thirtieth
        percentile, in equal steps; 0 beyond.

    Notes
    -----
    MHCLG, *The English Indices of Deprivation: Technical report*, appendix N: the weight falls by
    (0.95 - 0.05) / 19 a percentile.
    """
    percentile = np.ceil(np.asarray(ranks, dtype=np.float64) * 100 / areas)
    sliding = 0.95 - (percentile - 11) * (0.95 - 0.05) / 19
    return np.where(percentile <= 10, 1.0, np.where(percentile <= 30, sliding, 0.0))


def summarise_deprivation(
    lsoas: pd.DataFrame, shares: pd.DataFrame, *, edition: str = "imd25"
) -> pd.DataFrame:
    """Deprivation of areas made of LSOAs.

    Parameters
    ----------
    lsoas
        Indexed by LSOA code: ``score``, ``rank``, ``people``.
    shares
        ``origin`` (LSOA), ``target`` (area) and ``weight`` (share of the LSOA's people in it).
    edition
        Of the ranks.

    Returns
    -------
    DataFrame
        Indexed by area: ``people``; ``score`` (population-weighted mean); ``extent``;
        ``worst_tenth_people``, ``core20_people`` and their shares ``worst_tenth_share``, ``core20_share``
        of those who live in LSOAs with a rank; ``lsoas`` (with any people here). NaN where nobody does.
    """
    known = _edition(edition)
    joined = shares.join(lsoas, on="origin").dropna(subset=["rank", "people"])
    people = joined["weight"] * joined["people"]
    tenth = np.ceil(joined["rank"] * 10 / known.areas)
    parts = pd.DataFrame(
        {
            "target": joined["target"],
            "people": people,
            "score": people * joined["score"],
            "extent": people * extent_weight(joined["rank"], known.areas),
            "worst_tenth_people": people.where(tenth <= 1, 0.0),
            "core20_people": people.where(tenth <= 2, 0.0),
            "lsoas": (people > 0).astype(float),
        }
    )
    total = parts.groupby("target").sum()
    some = total["people"].where(total["people"] > 0)
    return total.assign(
        score=total["score"] / some,
        extent=total["extent"] / some,
        worst_tenth_share=total["worst_tenth_people"] / some,
        core20_share=total["core20_people"] / some,
        lsoas=total["lsoas"].astype(int),
    )[
        ["people", "score", "extent", "worst_tenth_people", "worst_tenth_share", "core20_people",
         "core20_share", "lsoas"]
    ]  # fmt: skip


def lsoa_deprivation(released: Released, *, edition: str = "imd25") -> pd.DataFrame:
    """Score, rank, decile and residents of each LSOA of a pack.

    Returns
    -------
    DataFrame
        Indexed by code: ``score``, ``rank``, ``decile``, ``people``, ``core20`` (in the most deprived
        fifth of England).

    Raises
    ------
    DeprivationError
        The pack does not hold that edition on its LSOAs.
    """
    known = _edition(edition)
    figures = released.figures
    wanted = {f"{known.prefix}_{one}": one for one in ("score", "rank", "decile")} | {"residents": "people"}
    rows = figures[
        (figures["geography"] == known.geography)
        & figures["indicator"].isin(list(wanted))
        & (figures["group"] == "")
    ]
    table = rows.pivot(index="code", columns="indicator", values="value").rename(columns=wanted)
    for name in ("score", "rank", "people"):
        if name not in table:
            raise DeprivationError(
                f"{released.name}: the pack holds no {name} of {known.name} on {known.geography}; build it "
                "with File 7 of that edition and residents by LSOA"
            )
    return table.assign(core20=np.ceil(table["rank"] * 10 / known.areas) <= 2)


def deprivation_table(released: Released, key: str, *, edition: str = "imd25") -> pd.DataFrame:
    """Deprivation of every area of one geography of a pack.

    Parameters
    ----------
    released
        What may be shown of a pack.
    key
        Such as ``wd25``, ``msoa21``, ``lad25``.

    Returns
    -------
    DataFrame
        As `summarise_deprivation`, with ``name`` first; there is no decile of a ward in it, because there
        is none. ``attrs["title"]`` names the edition, ``attrs["notes"]`` what must be said beside.
    """
    known = _edition(edition)
    lsoas = lsoa_deprivation(released, edition=edition)
    if key == known.geography:
        shares = pd.DataFrame({"origin": lsoas.index, "target": lsoas.index, "weight": 1.0})
        approximate: list[str] = []
    else:
        crosswalk = released.crosswalk(known.geography, key)
        shares = crosswalk.weights[["origin", "target", "weight"]]
        approximate = [] if crosswalk.exact else [f"approximate: {crosswalk.label}"]
    table = summarise_deprivation(lsoas, shares, edition=edition)
    table.insert(0, "name", released.areas(key)["name"].reindex(table.index))
    table.attrs = {"title": title("Deprivation", edition), "notes": [RELATIVE, *approximate]}
    return table


def area_deprivation(
    released: Released, shares: pd.Series[float], *, edition: str = "imd25"
) -> pd.Series[float]:
    """Deprivation of any area, by the shares of LSOAs that it is made of (`geo.place.Area.shares`)."""
    lsoas = lsoa_deprivation(released, edition=edition)
    rows = pd.DataFrame({"origin": shares.index, "target": "area", "weight": shares.to_numpy()})
    table = summarise_deprivation(lsoas, rows, edition=edition)
    if table.empty:
        raise DeprivationError("none of the area's LSOAs has a rank; check their vintage")
    return table.loc["area"]


def refuse_decile(key: str, *, edition: str = "imd25") -> None:
    """Refuse a decile of anything but the LSOAs that were ranked.

    Raises
    ------
    DeprivationError
        `key` is not the geography of the edition.
    """
    known = _edition(edition)
    if key != known.geography:
        raise DeprivationError(
            f"{known.name} ranks {known.geography} and there is no decile of {key}; show the "
            "population-weighted score, the extent, and the people in the most deprived tenth and fifth"
        )


def compare_editions(first: str, second: str) -> str:
    """Say what must stand beside two editions shown together; empty for one and the same."""
    return "" if _edition(first) == _edition(second) else NOT_COMPARABLE


def _edition(prefix: str) -> ImdEdition:
    if prefix not in EDITIONS:
        raise DeprivationError(f'"{prefix}" is not an edition of the Index; choose {", ".join(EDITIONS)}')
    return EDITIONS[prefix]
