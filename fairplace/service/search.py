"""Find a place by what people call it: a name, a code, a postcode, a street."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely

from fairplace.disclosure import Released
from fairplace.service.bounds import FOUND, NAME_LETTERS
from fairplace.service.features import CRS84, Layer
from fairplace.service.gazetteer import Named, list_named, spell
from fairplace.service.problems import RequestError
from geo.geography import Geography
from geo.postcodes import tidy_postcode


@dataclass(frozen=True)
class Directory:
    """What can be searched for in a pack.

    Parameters
    ----------
    areas
        Name as `spell` writes it, geography, code, name of every area, small geographies last.
    postcodes
        Postcode -> longitude, latitude, easting and northing.
    named
        Streets and places, as `fairplace.service.gazetteer.list_named` lists them.
    frames
        Geography -> its areas in EPSG:27700.
    """

    areas: tuple[tuple[str, str, str, str], ...]
    postcodes: Mapping[str, tuple[float, float, float, float]]
    named: tuple[Named, ...]
    frames: Mapping[str, gpd.GeoDataFrame]


def make_directory(key: str, released: Released, layers: Mapping[str, Layer]) -> Directory:
    """Make the directory of a pack, named as in addresses, from its layers."""
    frames = {one: released.areas(one) for one in released.geographies}
    areas = tuple(
        (spell(str(name)), geography, str(code), str(name))
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
    return Directory(areas, postcodes, list_named(released), frames)


def search(directory: Directory, text: str, *, limit: int = 20) -> list[dict[str, Any]]:
    """Find areas, postcodes, streets and places.

    Parameters
    ----------
    directory
        Of one pack.
    text
        A code, a postcode as typed, or part of a name; a street may be shortened, and its ward named too.
    limit
        Most answers.

    Returns
    -------
    list of dict
        ``kind`` (``area``, ``postcode``, ``street``, ``place``), ``id``, ``name``, ``geography``; all but
        areas have ``lon``, ``lat`` and the areas that the point lies in. A postcode comes first, then what
        is called just so, what begins with the text, has a word that does, and holds it anywhere.

    Raises
    ------
    RequestError
        The text is empty or too long.
    """
    plain = " ".join(text.split())
    if not plain or len(plain) > NAME_LETTERS:
        raise RequestError(
            f"q has {len(plain)} letters; give 1 to {NAME_LETTERS} of a name, code, postcode or street"
        )
    most = min(limit, FOUND)
    points: list[tuple[dict[str, Any], float, float]] = []
    found: list[dict[str, Any]] = []
    postcode = tidy_postcode(plain)
    if postcode in directory.postcodes:
        lon, lat, east, north = directory.postcodes[postcode]
        one = {"kind": "postcode", "id": postcode, "name": postcode, "geography": "", "lon": lon, "lat": lat}
        found.append(one)
        points.append((one, east, north))
    for group, at in _ranked(directory, plain.upper(), spell(plain), most):
        if group == 0:
            found.append(_area(*directory.areas[at][1:]))
            continue
        named = directory.named[at]
        one = {"kind": named.kind, "id": named.id, "name": named.name, "geography": ""}
        one |= {"lon": named.lon, "lat": named.lat}
        one |= {"ward": named.ward} if named.kind == "street" else {"about": named.about}
        found.append(one)
        points.append((one, named.east, named.north))
    _put_areas(directory, points)
    return found[:most]


def _ranked(directory: Directory, code: str, wanted: str, most: int) -> list[tuple[int, int]]:
    """Areas (0) and named streets and places (1) that fit, best first, by their place in the directory."""
    ranked: list[tuple[int, int, int, int]] = []
    for at, (key, _, own, _) in enumerate(directory.areas):
        rank = 0 if own == code else _rank(key, wanted) if wanted else 4
        if rank < 4 or code in own:
            ranked.append((min(rank, 3), 0, 0, at))
    if wanted:
        for at, one in enumerate(directory.named):
            # Whoever types the name of a ward wants the ward, not each of its streets.
            if (rank := _rank(one.key, wanted, one.own)) < 4:
                ranked.append((rank, 1, len(one.key), at))
    return [(group, at) for _, group, _, at in heapq.nsmallest(most, ranked)]


def _rank(key: str, wanted: str, own: int | None = None) -> int:
    """How well a name fits: 0 just so, 1 begins so, 2 a word of it does, 3 holds it, 4 not at all.

    What fits begins in the first `own` letters.
    """
    at = key.find(wanted, 0, None if own is None else own + len(wanted) - 1)
    if at < 0:
        return 4
    if at == 0:
        return 0 if len(key) == len(wanted) else 1
    return 2 if f" {wanted}" in key else 3


def _put_areas(directory: Directory, points: list[tuple[dict[str, Any], float, float]]) -> None:
    """Add to what was found at a point the areas that the point lies in."""
    if not points:
        return
    at = shapely.points([east for _, east, _ in points], [north for _, _, north in points])
    for one, _, _ in points:
        one["areas"] = []
    for geography, frame in directory.frames.items():
        names = frame["name"]
        for row, inside in zip(*frame.sindex.query(at, predicate="intersects"), strict=True):
            code = str(frame.index[inside])
            points[row][0]["areas"].append(_area(geography, code, str(names.iloc[inside])))


def _area(geography: str, code: str, name: str) -> dict[str, Any]:
    return {
        "kind": "area",
        "id": code,
        "name": name,
        "geography": geography,
        "geography_label": Geography.parse(geography).label,
    }
