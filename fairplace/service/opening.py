"""Packs opened for the service: the only place of it that sees one before its disclosure rules.

Every other module takes `Released`, in one edition, and an import contract holds that. So what is not
public is not hidden by a route: a route that answers the public has never had it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd

from fairplace.disclosure import Released, release
from fairplace.pack import open_pack
from geo.crosswalk import Crosswalk
from geo.errors import UserError

_KEY = re.compile(r"[^a-z0-9]+")


class OpeningError(UserError, ValueError):
    """The packs cannot be served together; the message says why."""


@dataclass(frozen=True)
class Kept(Released):
    """What may be shown of a pack, with its frames read once and kept.

    A page asks for the same areas several times, and a service for the same page many times. Readers
    share the frames, so nobody may change one.
    """

    _areas: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    _places: dict[tuple[str, str], gpd.GeoDataFrame] = field(default_factory=dict)
    _crosswalks: dict[tuple[str, str], Crosswalk] = field(default_factory=dict)

    def areas(self, key: str) -> gpd.GeoDataFrame:
        """Areas of one geography in EPSG:27700, indexed by code."""
        if key not in self._areas:
            self._areas[key] = self._pack.areas(key)
        return self._areas[key]

    def crosswalk(self, origin: str, target: str) -> Crosswalk:
        """Crosswalk between two geographies, with its misfit."""
        if (origin, target) not in self._crosswalks:
            self._crosswalks[origin, target] = self._pack.crosswalk(origin, target)
        return self._crosswalks[origin, target]

    def places(self, kind: str, name: str) -> gpd.GeoDataFrame:
        """Public points or lines."""
        if (kind, name) not in self._places:
            self._places[kind, name] = self._pack.places(kind, name)
        return self._places[kind, name]


def pack_key(path: Path) -> str:
    """Name of a pack in addresses: its folder's name in small letters, digits and dashes."""
    return _KEY.sub("-", path.resolve().name.lower()).strip("-")


def open_released(paths: Sequence[Path]) -> dict[str, Released]:
    """Open packs in their public edition.

    Parameters
    ----------
    paths
        Folders made by ``fairplace build``.

    Returns
    -------
    dict
        Name in addresses -> what may be shown, in the order given.

    Raises
    ------
    OpeningError
        No pack is given, or two would have the same name.
    PackError
        A folder is not a pack.
    """
    if not paths:
        raise OpeningError("no pack is given; name one or more folders made by `fairplace build`")
    opened: dict[str, Released] = {}
    folders: dict[str, Path] = {}
    for path in paths:
        key = pack_key(path)
        if not key:
            raise OpeningError(f"{path} has no letter or digit in its name to be addressed by; rename it")
        if key in opened:
            raise OpeningError(
                f'{folders[key]} and {path} would both be "{key}" in addresses; rename one of the folders'
            )
        shown = release(open_pack(path), "public")
        folders[key] = path
        opened[key] = Kept(shown.edition, shown.figures, shown.sources, shown.hidden, shown._pack)
    return opened


def open_officer(public: Mapping[str, Released], authorities: Collection[str]) -> dict[str, Released]:
    """Open packs again in their officer edition.

    Parameters
    ----------
    public
        What `open_released` gave; areas, points and lines are shared with it, figures are not.
    authorities
        Codes of the districts whose officer edition is opened; packs of others are left out.

    Returns
    -------
    dict
        Name in addresses -> what officers may be shown.
    """
    opened: dict[str, Released] = {}
    for key, one in public.items():
        if one.authority in authorities:
            shown = release(one._pack, "officer")
            frames = (one._areas, one._places, one._crosswalks) if isinstance(one, Kept) else ({}, {}, {})
            opened[key] = Kept(
                shown.edition, shown.figures, shown.sources, shown.hidden, shown._pack, *frames
            )
    return opened
