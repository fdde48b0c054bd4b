"""Walking minutes from homes to candidate hubs, along the streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairplace.hub_inputs import HubInputError
from geo.network import Network
from geo.shortest import search_pairs
from geo.travel import check_travel, snap_cost


@dataclass(frozen=True)
class WalkTimes:
    """Minutes and what must be said of them.

    Parameters
    ----------
    minutes
        A row a demand id and a column a candidate id; infinite where there is no way.
    said
        How far points are from a street, and how many are farther than 250 m.
    """

    minutes: pd.DataFrame
    said: str


def walk_times(
    network: Network,
    demand: pd.DataFrame,
    candidates: pd.DataFrame,
    *,
    profile: str = "walk",
    speed_kmh: float = 4.8,
) -> WalkTimes:
    """Work out walking minutes from every place to every candidate, one way.

    Parameters
    ----------
    network
        Streets with the profile.
    demand, candidates
        Indexed by id, with ``easting`` and ``northing`` (EPSG:27700).
    profile
        One of the network's ways of going about.
    speed_kmh
        On a level street.

    Returns
    -------
    WalkTimes
        The straight way from a point to its street is walked and counted.

    Raises
    ------
    HubInputError
        A place or candidate has no coordinates.
    geo.network.ProfileError, geo.travel.ReachError
        The network has no such profile, or the speed is not above nought.
    """
    travel = check_travel(network, profile, "minutes", speed_kmh, "out")
    ends = []
    for frame, what in ((demand, "demand"), (candidates, "candidate")):
        if "easting" not in frame or "northing" not in frame:
            raise HubInputError(f"the {what} file has no easting and northing; add them, or give --times")
        lost = frame.index[frame[["easting", "northing"]].isna().any(axis=1)]
        if len(lost):
            raise HubInputError(f"{what} {lost[0]} has no coordinates ({len(lost)} such); fill them in")
        snap = network.snap(frame[["easting", "northing"]].to_numpy(dtype=float), profile)
        ends.append((snap, (snap.edge, snap.share, snap_cost(travel, snap))))
    (home, homes), (hall, halls) = ends
    # Fewer halls than homes: search from the halls, against the direction of travel.
    found = search_pairs(
        network.arcs(profile, speed_kmh, inward=True),
        np.asarray(network.ends),
        network.along(profile, speed_kmh)[:, ::-1],
        halls,
        homes,
        limit=np.inf,
    )
    minutes = np.full((len(demand), len(candidates)), np.inf)
    origin = np.repeat(np.arange(len(candidates)), np.diff(found.first))
    minutes[found.item, origin] = found.cost / 60
    metres = np.concatenate([home.metres, hall.metres])
    flagged = int(home.flagged.sum() + hall.flagged.sum())
    said = (
        f"Ways to the nearest street (median {np.nanmedian(metres):.0f} m) are walked and counted; "
        f"{flagged} of {len(metres)} points are over 250 m from any street"
    )
    return WalkTimes(pd.DataFrame(minutes, index=demand.index, columns=candidates.index), said)
