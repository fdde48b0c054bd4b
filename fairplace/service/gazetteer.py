"""Named streets and places of a pack, where each is, and how people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from fairplace.demand import PEOPLE
from fairplace.disclosure import Released
from fairplace.map_page import POINT_LABELS
from fairplace.reaching import STREETS
from fairplace.service.opening import Kept
from geo.crs import bng_to_lonlat

#: How people shorten the last word of a street.
_SHORT = {
    "av": "avenue", "ave": "avenue", "cl": "close", "cres": "crescent", "ct": "court", "dr": "drive",
    "gdns": "gardens", "gr": "grove", "hl": "hill", "la": "lane", "ln": "lane", "pde": "parade",
    "pl": "place", "rd": "road", "sq": "square", "st": "street", "ter": "terrace", "terr": "terrace",
}  # fmt: skip
_APART = re.compile(r"[^\w]+")
_MARKS = re.compile(r"['\u2019\u2018`.]")


@dataclass(frozen=True)
class Named:
    """A street or a place that has a name.

    Parameters
    ----------
    kind
        ``street`` or ``place``.
    id
        Of a street its name and ward; of a place the identifier of its collection.
    name, ward
        As it is called, and the ward that it lies in; a street that goes through three is there three times.
    about
        What kind of place it is; empty for a street.
    key, own
        Name and ward as `spell` writes them, and how many letters of that are the name itself.
    lon, lat, east, north
        A point of it.
    """

    kind: str
    id: str
    name: str
    ward: str
    about: str
    key: str
    own: int
    lon: float
    lat: float
    east: float
    north: float


def spell(text: str) -> str:
    """Write a name so that it is found however it is typed: small, without marks, shortened words whole.

    ``St. John's Rd`` and ``st johns road`` are the same; a ``St`` that comes first stays a saint.
    """
    plain = unicodedata.normalize("NFKD", _MARKS.sub("", text)).casefold()
    words = _APART.sub(" ", "".join(one for one in plain if not unicodedata.combining(one))).split()
    return " ".join(_SHORT.get(one, one) if at else one for at, one in enumerate(words))


def list_named(released: Released) -> tuple[Named, ...]:
    """List the named streets and public places of a pack, streets first, in order of name."""
    return (*_streets(released), *_places(released))


def _streets(released: Released) -> Iterator[Named]:
    if (
        not isinstance(released, Kept)
        or STREETS not in released.held("networks")
        or released.street_source is None
    ):
        return
    names = released.street_names()
    named = np.flatnonzero((names != "").to_numpy())
    middle = shapely.line_interpolate_point(released.streets().lines()[named], 0.5, normalized=True)
    # Streets of neighbours come with an extract; they are not of this place.
    at, ward = _wards(released, middle)
    x, y = shapely.get_x(middle[at]), shapely.get_y(middle[at])
    found = pd.DataFrame({"name": names.to_numpy()[named[at]], "ward": ward, "x": x, "y": y})
    groups = found.groupby(["name", "ward"], sort=True)
    centre = groups[["x", "y"]].transform("mean")
    found["far"] = np.hypot(found["x"] - centre["x"], found["y"] - centre["y"])
    nearest = found.loc[groups["far"].idxmin()].reset_index(drop=True)
    lon, lat = bng_to_lonlat(nearest["x"].to_numpy(), nearest["y"].to_numpy())
    times = nearest["name"].value_counts()
    for row, (name, within, east, north) in enumerate(
        nearest[["name", "ward", "x", "y"]].itertuples(index=False, name=None)
    ):
        full = f"{name}, {within}"
        shown = full if times[name] > 1 else name
        point = (float(lon[row]), float(lat[row]), float(east), float(north))
        yield Named("street", full, shown, within, "", spell(full), len(spell(name)), *point)


def _places(released: Released) -> Iterator[Named]:
    for layer in released.held("points"):
        if layer in (PEOPLE, "postcodes"):
            continue
        frame = released.places("points", layer)
        if "name" not in frame or frame.empty or not (frame.geometry.geom_type == "Point").all():
            continue
        about = POINT_LABELS.get(layer, layer.replace("_", " ").capitalize())
        east, north = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
        lon, lat = bng_to_lonlat(east, north)
        ids = frame["id"] if "id" in frame else pd.Series(range(1, len(frame) + 1))
        for row, (name, one) in enumerate(zip(frame["name"], ids, strict=True)):
            if isinstance(name, str) and name.strip():
                point = (float(lon[row]), float(lat[row]), float(east[row]), float(north[row]))
                key = spell(name)
                yield Named("place", str(one), name.strip(), "", about, key, len(key), *point)


def _wards(released: Released, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the points that lie in the district, and the name of the ward that each lies in."""
    keys = [one for kind in ("wd", "lad") for one in released.geographies if one.startswith(kind)]
    frame = released.areas(keys[0])
    at, inside = frame.sindex.query(points, predicate="intersects")
    # A point on the line between two wards is counted in the first.
    at, first = np.unique(at, return_index=True)
    return at, frame["name"].astype(str).to_numpy()[inside[first]]
