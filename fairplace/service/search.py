"""Find a place by what people call it: a name, a code, a postcode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely

from fairplace.disclosure import Released
from fairplace.service.bounds import FOUND, NAME_LETTERS
from fairplace.service.features import CRS84, Layer
from fairplace.service.problems import RequestError
from geo.geography import Geography
from geo.postcodes import tidy_postcode


@dataclass(frozen=True)
class Directory:
    """What can be searched for in a pack.

    Parameters
    ----------
    areas
        Lower-case name and code, geography, code, name of every area, small geographies last.
    postcodes
        Postcode -> longitude, latitude, easting and northing.
    frames
        Geography -> its areas in EPSG:27700.
    """

    areas: tuple[tuple[str, str, str, str], ...]
    postcodes: Mapping[str, tuple[float, float, float, float]]
    frames: Mapping[str, gpd.GeoDataFrame]


def make_directory(key: str, released: Released, layers: Mapping[str, Layer]) -> Directory:
    """Make the directory of a pack, named as in addresses, from its layers."""
    frames = {one: released.areas(one) for one in released.geographies}
    areas = tuple(
        (f"{name} {code}".lower(), geography, str(code), str(name))
        for geography in sorted(frames, key=lambda one: len(frames[one]))
        for code, name in frames[geography]["name"].items()
    )
    layer = layers.get(f"{key}-points-postcodes")
    postcodes: dict[str, tuple[float, float, float, float]] = {}
    if layer is not None:
        metres = released.places("points", "postcodes")
        degrees = layer.trees[CRS84].geometries
        postcodes = {
            name: (float(at.x), float(at.y), float(east), float(north))
            for name, at, east, north in zip(
                layer.ids, degrees, metres.geometry.x, metres.geometry.y, strict=True
            )
        }
    return Directory(areas, postcodes, frames)


def search(directory: Directory, text: str, *, limit: int = 20) -> list[dict[str, Any]]:
    """Find areas and postcodes.

    Parameters
    ----------
    directory
        Of one pack.
    text
        A code, a postcode as typed, or part of a name.
    limit
        Most answers.

    Returns
    -------
    list of dict
        ``kind``, ``id``, ``name``, ``geography``; a postcode has ``lon``, ``lat`` and the areas it lies
        in. Names that begin with the text come first.

    Raises
    ------
    RequestError
        The text is empty or too long.
    """
    wanted = " ".join(text.split()).lower()
    if not wanted or len(wanted) > NAME_LETTERS:
        raise RequestError(
            f"q has {len(wanted)} letters; give 1 to {NAME_LETTERS} of a name, code or postcode"
        )
    found: list[dict[str, Any]] = []
    postcode = tidy_postcode(wanted)
    if postcode in directory.postcodes:
        lon, lat, east, north = directory.postcodes[postcode]
        inside = [
            _area(geography, str(code), str(frame.at[code, "name"]))
            for geography, frame in directory.frames.items()
            for code in frame.index[frame.sindex.query(shapely.Point(east, north), predicate="intersects")]
        ]
        found.append(
            {
                "kind": "postcode",
                "id": postcode,
                "name": postcode,
                "geography": "",
                "lon": lon,
                "lat": lat,
                "areas": inside,
            }
        )
    first = [one for one in directory.areas if one[0].startswith(wanted) or one[2].lower() == wanted]
    later = [one for one in directory.areas if wanted in one[0] and one not in first]
    found += [_area(*one[1:]) for one in [*first, *later][: min(limit, FOUND)]]
    return found[: min(limit, FOUND)]


def _area(geography: str, code: str, name: str) -> dict[str, Any]:
    return {
        "kind": "area",
        "id": code,
        "name": name,
        "geography": geography,
        "geography_label": Geography.parse(geography).label,
    }
