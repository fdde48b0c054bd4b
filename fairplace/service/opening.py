"""Packs opened for the service: the only place of it that sees one before its disclosure rules.

Every other module takes `Released`, in one edition, and an import contract holds that. So what is not
public is not hidden by a route: a route that answers the public has never had it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.corrections import say_superseded
from fairplace.disclosure import Released, release
from fairplace.drawn import open_street_names, open_streets, place_of, reach_by, release_area
from fairplace.pack import Pack, open_pack
from fairplace.reaching import Ground, open_ground
from geo.area import find_point, resolve_area
from geo.crosswalk import Crosswalk
from geo.errors import UserError
from geo.place import Area
from geo.place import Place as AreaPlace

if TYPE_CHECKING:
    from geo.network import Network

T = TypeVar("T")
_KEY = re.compile(r"[^a-z0-9]+")


class OpeningError(UserError, ValueError):
    """The packs cannot be served together; the message says why."""


@dataclass(frozen=True)
class KeptPack(Pack):
    """A pack whose tables are read once and kept.

    A page asks for the same areas several times, and a service for the same page many times. Readers
    share the frames, so nobody may change one.
    """

    _kept: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False, compare=False)

    def areas(self, key: str) -> gpd.GeoDataFrame:
        """Areas of one geography in EPSG:27700, indexed by code."""
        return self.keep(("areas", key), lambda: Pack.areas(self, key))

    def crosswalk(self, origin: str, target: str) -> Crosswalk:
        """Crosswalk between two geographies, with its misfit."""
        return self.keep(("crosswalk", origin, target), lambda: Pack.crosswalk(self, origin, target))

    def places(self, kind: str, name: str) -> gpd.GeoDataFrame:
        """Public points or lines."""
        return self.keep(("places", kind, name), lambda: Pack.places(self, kind, name))

    def draws(self, key: str) -> tuple[list[str], dict[str, NDArray[np.float32]]]:
        """Codes and draws of one geography, memory-mapped."""
        return self.keep(("draws", key), lambda: Pack.draws(self, key))

    def keep(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """Give what was made once, or make it."""
        if key not in self._kept:
            self._kept[key] = make()
        made: T = self._kept[key]
        return made


@dataclass(frozen=True)
class Kept(Released):
    """What may be shown of a pack, and what is worked out from it on request.

    Parameters
    ----------
    superseded
        What took the place of the edition, in a sentence; empty where it stands.
    """

    _pack: KeptPack
    superseded: str = field(default="", kw_only=True)

    @property
    def folder(self) -> Path:
        """Folder of the pack, for work that is done by another process."""
        return self._pack.path

    def area(self, asked: str, **how: Any) -> Area:
        """Find or make any area of this place: a code, a name, postcodes, a drawing, a walking time.

        Raises
        ------
        AreaError, DrawingError, PostcodeError, TooSmallError
            There is no such area, or it cannot be used.
        """
        reach = reach_by(self.streets) if "streets" in self.held("networks") else None
        return resolve_area(asked, self._place(), reach=reach, files=False, **how)

    def point(self, text: str) -> tuple[float, float, list[str]]:
        """Easting and northing of a postcode or of coordinates of this place, and what must be said.

        Raises
        ------
        AreaError, DrawingError, PostcodeError
            It is no point here.
        """
        return find_point(text, self._place())

    def _place(self) -> AreaPlace:
        return self._pack.keep(("place",), lambda: place_of(self._pack))

    def with_area(self, area: Area) -> Released:
        """Give what may be shown of this pack and of one area of somebody's own.

        Raises
        ------
        DisclosureError
            The area is too small for a public profile.
        """
        return release_area(self._pack, area, self.edition, released=self)

    def ground(self) -> Ground:
        """Give the streets of the pack and who lives along them, for sums; no point of these is shown.

        Raises
        ------
        PackError
            The pack holds no streets.
        """
        return self._pack.keep(("ground",), lambda: open_ground(self._pack))

    def streets(self) -> Network:
        """Give the street network of the pack, without those who live along it."""
        return self._pack.keep(("streets",), lambda: open_streets(self._pack))

    def street_names(self) -> pd.Series[str]:
        """Give the name of each segment of the streets; empty where it has none."""
        return self._pack.keep(("street names",), lambda: open_street_names(self._pack))


def pack_key(path: Path) -> str:
    """Name of a pack in addresses: its folder's name in small letters, digits and dashes."""
    return _KEY.sub("-", path.resolve().name.lower()).strip("-")


def open_released(paths: Sequence[Path]) -> dict[str, Kept]:
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
    CorrectionError
        The note beside a pack of what superseded it cannot be read.
    """
    if not paths:
        raise OpeningError("no pack is given; name one or more folders made by `fairplace build`")
    opened: dict[str, Kept] = {}
    folders: dict[str, Path] = {}
    for path in paths:
        key = pack_key(path)
        if not key:
            raise OpeningError(f"{path} has no letter or digit in its name to be addressed by; rename it")
        if key in opened:
            raise OpeningError(
                f'{folders[key]} and {path} would both be "{key}" in addresses; rename one of the folders'
            )
        opened_pack = open_pack(path)
        pack = KeptPack(opened_pack.path, opened_pack.manifest)
        shown = release(pack, "public")
        folders[key] = path
        opened[key] = Kept(
            shown.edition, shown.figures, shown.sources, shown.hidden, pack,
            stale=shown.stale, superseded=say_superseded(path), hide_up_to=shown.hide_up_to,
        )  # fmt: skip
    return opened


def restricted_hashes(released: Kept) -> dict[str, str]:
    """Name -> sha256 of the restricted tables that a pack was built with."""
    return {str(name): str(one) for name, one in released._pack.manifest["restricted"].items()}


def open_officer(public: Mapping[str, Kept], authorities: Collection[str]) -> dict[str, Kept]:
    """Open packs again in their officer edition.

    Parameters
    ----------
    public
        What `open_released` gave; tables that are the same in both editions are shared with it.
    authorities
        Codes of the districts whose officer edition is opened; packs of others are left out.

    Returns
    -------
    dict
        Name in addresses -> what officers may be shown.
    """
    opened: dict[str, Kept] = {}
    for key, one in public.items():
        if one.authority in authorities:
            shown = release(one._pack, "officer")
            opened[key] = Kept(
                shown.edition, shown.figures, shown.sources, shown.hidden, one._pack,
                stale=shown.stale, superseded=one.superseded, hide_up_to=shown.hide_up_to,
            )  # fmt: skip
    return opened
