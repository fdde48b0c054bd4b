"""Places for the next pop-ups or outreach: those that cover the most need that has none near yet.

Near is minutes on the streets where the pack has streets, and metres as the crow flies where it has not;
which of the two it was is always said.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.targeting import TargetingError
from geo.network import Network
from geo.pairs import measure_pairs
from geo.siting import solve_max_cover

Floats = NDArray[np.float64]
#: What a place serves within, unless another limit is asked for.
MINUTES, METRES = 15.0, 800.0


@dataclass(frozen=True)
class NextPlaces:
    """Places that would cover the most people who have none near.

    Parameters
    ----------
    sites
        ``id``, ``name``, ``need_added`` (need weight that each adds to what those before it cover, most
        first), ``easting``, ``northing``.
    covered_before, covered_after
        Shares (0 to 1) of the need weight with a place within the limit.
    proven
        Whether no choice of as many covers more.
    said
        What distance and need mean here.
    """

    sites: pd.DataFrame
    covered_before: float
    covered_after: float
    proven: bool
    said: str


def suggest_places(
    areas: gpd.GeoDataFrame,
    need: pd.Series[float],
    candidates: gpd.GeoDataFrame,
    *,
    count: int,
    limit: float | None = None,
    existing: gpd.GeoDataFrame | None = None,
    network: Network | None = None,
    profile: str = "walk",
    people: gpd.GeoDataFrame | None = None,
    time_limit: float | None = 60.0,
) -> NextPlaces:
    """Choose the places for the next pop-ups or outreach: those that cover the most need not yet covered.

    Parameters
    ----------
    areas
        Where need is; EPSG:27700, indexed by code.
    need
        Need weight of each area, such as children below the standard.
    candidates
        Points that could be used: ``id``, ``name``; EPSG:27700.
    count
        How many to choose.
    limit
        Minutes (`MINUTES`) from home to place on the streets; without a network metres (`METRES`) as the
        crow flies.
    existing
        Places that are there already and stay.
    network, profile
        Streets, and how people go about on them.
    people
        Points of residents with ``lsoa`` and ``residents``: an area's need is shared out to the points
        that lie in it. Without them, or for an area without one, a point inside stands for the area.
    time_limit
        Seconds; what is not proven then is said.

    Raises
    ------
    TargetingError
        There are fewer candidates than places asked for, or nobody is in need.
    """
    if not 1 <= count <= len(candidates):
        raise TargetingError(
            f"{count} places out of {len(candidates)} candidates; ask for 1 to {len(candidates)}"
        )
    homes = _homes(areas, need.reindex(areas.index).fillna(0.0), people)
    weights = homes["need"].to_numpy(dtype=float)
    if weights.sum() <= 0:
        raise TargetingError("nobody is in need by this measure; choose another weight")
    points = pd.concat([candidates] if existing is None else [candidates, existing], ignore_index=True)
    there = np.column_stack([points.geometry.x, points.geometry.y])
    most = limit if limit is not None else MINUTES if network is not None else METRES
    if network is None:
        here = homes[["x", "y"]].to_numpy(dtype=float)
        cost = np.hypot(here[:, None, 0] - there[None, :, 0], here[:, None, 1] - there[None, :, 1])
        stands = "of where people live" if people is not None else "of a point inside each area"
        said = (
            f"within {most:,.0f} metres as the crow flies {stands}; walking is a third farther or more, so "
            "check each place on the streets"
        )
    else:
        places = pd.DataFrame({"x": there[:, 0], "y": there[:, 1]})
        pairs = measure_pairs(network, homes[["x", "y"]], places, limit=most, profile=profile)
        cost = np.asarray(pairs.matrix(), dtype=float)
        stands = "where people live" if people is not None else "a point inside each area"
        said = f"within {most:g} minutes on the streets of {stands}; {pairs.said}"
    keep = list(range(len(candidates), len(points)))
    before = cost[:, keep].min(axis=1, initial=np.inf) <= most
    plan = solve_max_cover(cost, weights, limit=most, p=count + len(keep), keep=keep, time_limit=time_limit)
    chosen = [site for site in plan.sites if site not in set(keep)]
    # In the order in which each adds the most to what the ones before it cover.
    covered, rows = before.copy(), []
    while chosen:
        gains = [float(weights[(cost[:, site] <= most) & ~covered].sum()) for site in chosen]
        best = chosen.pop(int(np.argmax(gains)))
        rows.append(
            {
                "id": str(points["id"].iat[best]),
                "name": str(points["name"].iat[best]),
                "need_added": max(gains),
                "easting": round(float(there[best, 0])),
                "northing": round(float(there[best, 1])),
            }
        )
        covered |= cost[:, best] <= most
    total = float(weights.sum())
    return NextPlaces(
        pd.DataFrame(rows),
        float(weights[before].sum()) / total,
        float(weights[covered].sum()) / total,
        plan.proven,
        said,
    )


def _homes(areas: gpd.GeoDataFrame, need: pd.Series[float], people: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Points with their share of the need: ``x``, ``y``, ``need``."""
    inside = areas.geometry.representative_point()
    middle = pd.DataFrame({"x": inside.x, "y": inside.y, "need": need})
    if people is None:
        return middle.reset_index(drop=True)
    at = people.sjoin(areas[["geometry"]].rename_axis("area").reset_index(), predicate="within")
    at = at[~at.index.duplicated() & (at["residents"] > 0)]
    share = at["residents"] / at.groupby("area")["residents"].transform("sum")
    homes = pd.DataFrame(
        {"x": at.geometry.x, "y": at.geometry.y, "need": at["area"].map(need).to_numpy() * share.to_numpy()}
    )
    empty = middle[~middle.index.isin(at["area"])]
    return pd.concat([homes, empty], ignore_index=True)
