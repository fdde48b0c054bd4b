"""How one goes about: profile, speed and direction, checked once and said with every answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geo.errors import UserError
from geo.network import Network, Snap
from geo.profiles import default_speed
from geo.shortest import Floats

#: ``out``: from the place; ``in``: to the place; ``return``: there and back within the limit.
Trip = Literal["out", "in", "return"]
Unit = Literal["minutes", "metres"]
TRIPS: dict[Trip, str] = {
    "out": "one way, from the place",
    "in": "one way, to the place",
    "return": "there and back",
}

#: Speeds on a level street that English guidance uses, in kilometres an hour, and where from.
SPEEDS: dict[float, str] = {
    4.8: "transport practice, as in public transport accessibility levels: 15 minutes are 1.2 km",
    4.0: "Natural England's greenspace standard: 15 minutes are 1.0 km",
    16.0: "cycling, transport practice: 15 minutes are 4.0 km",
}


#: Profile -> how one goes about, in the sentence that says what is left out; others walk.
_ONLY = {"wheels": "On wheels", "cycle": "Cycling", "cycle_calm": "Cycling"}


class ReachError(UserError, ValueError):
    """A limit, a speed or a place that reach cannot be worked out for."""


@dataclass(frozen=True)
class Travel:
    """How one goes about, for one question: it is printed with every answer.

    Parameters
    ----------
    profile
        One of the network's profiles.
    speed_kmh
        On a level street; None where the limit is in metres.
    trip
        Which way.
    """

    profile: str
    speed_kmh: float | None
    trip: Trip

    @property
    def pace(self) -> str:
        """Profile and speed in words."""
        if self.speed_kmh is None:
            return f"{self.profile}, by length of street"
        why = SPEEDS.get(self.speed_kmh)
        return f"{self.profile}, at {self.speed_kmh:g} km/h on a level street" + (f" ({why})" if why else "")

    @property
    def said(self) -> str:
        """Profile, speed and direction in words."""
        return f"{self.pace}, {TRIPS[self.trip]}"


def say_only(profile: str) -> str:
    """Say what no answer along the streets includes."""
    return f"{_ONLY.get(profile, 'Walking')} only, buses not included."


def check_travel(network: Network, profile: str, unit: Unit, speed_kmh: float | None, trip: Trip) -> Travel:
    """Make a `Travel`, refusing what makes no sense.

    Raises
    ------
    ReachError
        The speed is not above nought, or the trip or unit is unknown.
    ProfileError
        The network does not have the profile.
    """
    network.check_profile(profile)
    if unit not in ("minutes", "metres"):
        raise ReachError(f"limits are in {unit!r}; give minutes or metres")
    if trip not in TRIPS:
        raise ReachError(f"trip is {trip!r}; give one of {', '.join(TRIPS)}")
    if speed_kmh is None:
        speed_kmh = default_speed(profile)
    if not 0 < speed_kmh < 200:
        raise ReachError(f"speed is {speed_kmh} km/h; give one above nought, such as 4.8")
    return Travel(profile, None if unit == "metres" else float(speed_kmh), trip)


def snap_cost(travel: Travel, snap: Snap) -> Floats:
    """Cost of the way from points to the street: at the level speed, or its metres."""
    return snap.metres * (3.6 / travel.speed_kmh if travel.speed_kmh is not None else 1.0)
