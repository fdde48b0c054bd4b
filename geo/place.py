"""What areas of a place are made of, and what an area is once it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely

from geo.boundaries import Boundaries
from geo.crosswalk import Crosswalk
from geo.drawing import Digitised
from geo.errors import UserError
from geo.geography import Geography
from geo.postcodes import PostcodeDirectory

#: A public profile is made only of more than these: ONS publishes no output area below them.
PUBLIC_RESIDENTS, PUBLIC_HOUSEHOLDS = 100, 40
#: A public figure of the Minimum Income Standard is made only of an LSOA, or of at least these: ONS's
#: own smallest LSOA. Below, the model says nothing that the LSOA around does not.
MIS_RESIDENTS, MIS_HOUSEHOLDS = 1_000, 400

#: How output areas are chosen: their centre inside, or at least half of their postcodes.
Rule = Literal["centre", "half of postcodes"]
Kind = Literal["standard", "drawn", "postcodes", "reach"]


class AreaError(UserError, LookupError):
    """What was asked for is not an area here; the message says what is."""


class TooSmallError(UserError, ValueError):
    """An area is smaller than the smallest that anything is published for."""


@dataclass(frozen=True)
class Reached:
    """What can be reached from a point.

    Parameters
    ----------
    shape
        Polygon in EPSG:27700: a drawing of the streets reached.
    sentence
        Speed, direction and network, for the page.
    covers
        Tells of eastings and northings whether each is reached; where it is given it decides, and the
        shape is only the drawing.
    """

    shape: Any
    sentence: str
    covers: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


#: (mode, minutes, easting, northing) -> what is reached.
ReachFunction = Callable[[str, float, float, float], Reached]


@dataclass(frozen=True)
class Place:
    """What the areas of one authority are made of.

    Parameters
    ----------
    name
        The authority's, for messages.
    boundaries
        Geography key -> boundaries; must hold the LSOAs.
    people
        Indexed by LSOA code: ``residents`` and ``households``.
    lsoa
        The geography of `people`.
    output_areas
        Indexed by code: ``x``, ``y`` (centre, EPSG:27700), ``lsoa``, ``residents``, ``households``; None
        where no centres of output areas are at hand.
    output_area_centres
        What the centres are, for the page.
    postcodes
        With the LSOA's code column, and ``OA21CD`` where known; None where there are none.
    crosswalks
        Geography key -> crosswalk from the LSOAs to it, for standard areas; where one is at hand it is
        used, so that a ward's figure here is the ward's figure everywhere.
    history
        Crosswalks between vintages, to say what replaced a code.
    earlier
        Boundaries of earlier vintages, to say where a name stood for another area.
    """

    name: str
    boundaries: Mapping[str, Boundaries]
    people: pd.DataFrame
    lsoa: Geography
    output_areas: pd.DataFrame | None = None
    output_area_centres: str = "population-weighted centroids"
    postcodes: PostcodeDirectory | None = None
    crosswalks: Mapping[str, Crosswalk] = field(default_factory=dict)
    history: tuple[Crosswalk, ...] = ()
    earlier: tuple[Boundaries, ...] = ()
    outline: Any = field(default=None)

    def __post_init__(self) -> None:
        if self.lsoa.key not in self.boundaries:
            raise AreaError(f"{self.name} has no boundaries of {self.lsoa.key}; areas are made of them")
        absent = self.boundaries[self.lsoa.key].codes.difference(self.people.index)
        if len(absent):
            raise AreaError(
                f"people hold no row for {absent[0]} ({self.lsoa.key}); give all LSOAs of {self.name}"
            )
        if self.outline is None:
            shapes = self.boundaries[self.lsoa.key].areas.geometry.to_numpy()
            # Closed by a metre: rounding leaves cracks between areas that a drawing would fall into.
            object.__setattr__(self, "outline", shapely.buffer(shapely.union_all(shapes), 1.0))


@dataclass(frozen=True)
class Area:
    """An area as it is used: what it is made of, for whom, and how surely.

    Parameters
    ----------
    id
        GSS code, or ``area-`` and twelve hexadecimal digits made of the components.
    name
        For the page.
    kind
        ``standard`` (a published geography), ``drawn``, ``postcodes`` or ``reach``.
    geography
        Key such as ``wd25``; ``area`` for one that is not standard.
    shape
        As drawn, cut to the place; in EPSG:27700.
    components
        ``geography``, ``code``, ``share`` (of its residents that are in the area), sorted.
    shares
        LSOA code -> share of its residents in the area.
    method
        How the components were chosen.
    approximate
        True where parts of LSOAs were estimated.
    residents, households
        As the components have them.
    accuracy
        Of the coordinates.
    notes
        What the reader must be told, a sentence each.
    paper
        For a traced plan.
    """

    id: str
    name: str
    kind: Kind
    geography: str
    shape: Any
    components: pd.DataFrame
    shares: pd.Series[float]
    method: str
    approximate: bool
    residents: float
    households: float
    accuracy: str = "no datum shift"
    notes: tuple[str, ...] = ()
    paper: Digitised | None = None

    @property
    def public(self) -> bool:
        """Whether a public profile may be made: more than 100 residents and 40 households."""
        return self.residents > PUBLIC_RESIDENTS and self.households > PUBLIC_HOUSEHOLDS

    @property
    def public_mis(self) -> bool:
        """Whether public figures of the Minimum Income Standard may be its own."""
        if self.geography.startswith(("lsoa", "msoa", "wd", "lad")):
            return True
        return self.residents >= MIS_RESIDENTS and self.households >= MIS_HOUSEHOLDS

    @property
    def open_only(self) -> bool:
        """Whether it may carry published open data only: true of all but standard areas."""
        return self.kind != "standard"

    @property
    def main_lsoa(self) -> str:
        """LSOA whose figure is shown, marked as copied, where the area is too small for its own."""
        ordered = self.shares.sort_index()
        return str(ordered.index[int(ordered.to_numpy().argmax())])
