"""Walking minutes from homes to candidate hubs, along the streets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from fairplace.hub_inputs import HubInputError
from fairplace.hub_models import sentence
from geo.network import Network, load_network
from geo.pairs import measure_pairs
from geo.reach import draw_catchments, find_reach


@dataclass(frozen=True)
class Walk:
    """How one walks to hubs: streets, way of going about, and what `walk_times` takes."""

    network: Network
    profile: str = "walk"
    speed_kmh: float | None = None
    skip_islands_below: float = 0.0

    def catchment(self, hubs: pd.DataFrame, limit: float) -> gpd.GeoDataFrame:
        """Draw from where one of the hubs is within a limit of minutes.

        Parameters
        ----------
        hubs
            Indexed by id, with ``easting`` and ``northing`` (EPSG:27700).
        limit
            Minutes.

        Returns
        -------
        GeoDataFrame
            One row, or none where no street is: see `geo.reach.draw_catchments`.
        """
        reach = find_reach(
            self.network,
            hubs[["easting", "northing"]].set_axis(["x", "y"], axis=1),
            limits=[limit],
            profile=self.profile,
            speed_kmh=self.speed_kmh,
            trip="in",
            skip_islands_below=self.skip_islands_below,
        )
        return draw_catchments(reach)


@dataclass(frozen=True)
class WalkTimes:
    """Minutes and what must be said of them.

    Parameters
    ----------
    minutes
        A row a demand id and a column a candidate id; infinite where there is no way.
    said
        Speed, direction, distances to the nearest street, and where the street data stop.
    edge
        For each place, minutes to where the street data stop, as the crow flies: a limit beyond that
        could come to a hub outside, or take a shorter way there.
    speed_kmh
        On a level street.
    """

    minutes: pd.DataFrame
    said: str
    edge: pd.Series[float]
    speed_kmh: float

    def say_edge(self, need: pd.Series[float], limit: float, *, modelled: bool = False) -> str:
        """Say for how much of a need the limit goes past the data before it comes to a candidate.

        Of a modelled need only the places are counted: they may be one, or few.
        """
        past = (self.minutes.min(axis=1) > limit) & (self.edge < limit)
        if not past.any():
            return f"Nobody's {limit:g} minutes go past where the street data stop before a candidate."
        share = need[past].sum() / need.sum() if need.sum() > 0 else 0.0
        places = f"{int(past.sum())} of {len(past)} places"
        whom = places if modelled else f"{share:.1%} of need ({places})"
        return (
            f"For {whom} {limit:g} minutes go past "
            "where the street data stop before they come to a candidate: a hub or a shorter way outside is "
            "not counted."
        )


def open_streets(path: Path, *, profile: str, extent: Path | None = None) -> Network:
    """Open a saved network (a folder), or read a file of streets that are complete within an extent.

    Raises
    ------
    geo.network.NetworkError
        It is neither.
    HubInputError
        An extent is given for a saved network, which holds its own.
    """
    if path.is_dir():
        if extent is not None:
            raise HubInputError(
                f"--extent is for a file of streets; {path.name} is a saved network, which holds its own"
            )
        return load_network(path, tags=True)
    from fairplace.street_inputs import read_extent
    from geo.network_sources import read_streets

    return read_streets(path, profiles=[profile], extent=read_extent(extent))


def walk_times(
    network: Network,
    demand: pd.DataFrame,
    candidates: pd.DataFrame,
    *,
    profile: str = "walk",
    speed_kmh: float | None = None,
    skip_islands_below: float = 0.0,
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
        On a level street; None for the profile's own.
    skip_islands_below
        Points do not meet pieces of network, joined to nothing else, with fewer metres of street.

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
    points = []
    for frame, what in ((demand, "demand"), (candidates, "candidate")):
        if "easting" not in frame or "northing" not in frame:
            raise HubInputError(f"the {what} file has no easting and northing; add them, or give --times")
        lost = frame.index[frame[["easting", "northing"]].isna().any(axis=1)]
        if len(lost):
            raise HubInputError(f"{what} {lost[0]} has no coordinates ({len(lost)} such); fill them in")
        points.append(frame[["easting", "northing"]].set_axis(["x", "y"], axis=1))
    pairs = measure_pairs(
        network, *points, profile=profile, speed_kmh=speed_kmh, skip_islands_below=skip_islands_below
    )
    streets = ", ".join(
        network.papers[key]
        for key in ("publisher", "source", "edition", "licence")
        if network.papers.get(key)
    )
    said = f"{sentence(pairs.said)} Streets: {streets}." if streets else sentence(pairs.said)
    if skip_islands_below > 0:
        said += (
            f" Pieces of network with under {skip_islands_below:g} m of street, joined to no other, left out."
        )
    speed = float(pairs.travel.speed_kmh or 0.0)
    return WalkTimes(pairs.matrix(), said, pairs.demand["boundary_metres"] / (speed / 0.06), speed)
