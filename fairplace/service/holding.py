"""What a worker holds: packs in one edition, their layers, directories and finished pages.

There is one `Holding` for everybody who may see the same. The public one is built from public editions
alone, so that what is not public is absent from it and from every answer made of it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from fairplace.disclosure import Released
from fairplace.map_page import Standing, compose_map
from fairplace.profile.content import find_place
from fairplace.service.asked import Asked, Asking, make_profile, profile_key
from fairplace.service.designations import DESIGNATIONS
from fairplace.service.features import Layer
from fairplace.service.finished import Document, Finished
from fairplace.service.homes import Store, open_store
from fairplace.service.layers import attribution, pack_layers
from fairplace.service.ogc import Features
from fairplace.service.opening import Kept, open_officer, open_released, restricted_hashes
from fairplace.service.problems import MissingError
from fairplace.service.search import Directory, make_directory
from fairplace.service.viewer import Role, Viewer, viewer_of

TITLE = "fairplace"
ABOUT = (
    "Neighbourhoods, their figures and their profiles, in the public edition: read-only, from packs "
    "made by `fairplace build`. Coordinates are longitude and latitude; collections also come in "
    "British National Grid."
)
#: What the names of collections begin with, after the pack's, that are given as tiles and files too.
PLACES = ("points-", "lines-", DESIGNATIONS)
#: Combinations of packs and roles kept at once: a council has one or two.
COMBINATIONS = 16


@dataclass(frozen=True)
class Holding:
    """Everything that routes answer from; nothing in it changes but the finished pages.

    Parameters
    ----------
    packs
        Name in addresses -> what may be shown.
    own_layers
        Name in addresses -> collection -> layer.
    directories
        Name in addresses -> what can be searched for.
    finished
        Pages made so far.
    asking
        Areas that were asked for, and what was made of those of somebody's own.
    """

    packs: Mapping[str, Kept]
    own_layers: Mapping[str, Mapping[str, Layer]]
    directories: Mapping[str, Directory]
    finished: Finished = field(default_factory=Finished)
    asking: Asking = field(default_factory=Asking)

    @cached_property
    def layers(self) -> dict[str, Layer]:
        """Collection -> layer, of all packs."""
        return {name: one for own in self.own_layers.values() for name, one in own.items()}

    @cached_property
    def features(self) -> Features:
        """The layers as OGC API - Features."""
        return Features(self.layers, title=TITLE, description=ABOUT)

    @cached_property
    def banner(self) -> str:
        """A sentence for pages about all packs; empty where none is fictional."""
        return _say_fictional([one.name for one in self.packs.values() if one.fictional])

    def banner_of(self, key: str) -> str:
        """Give the sentence for pages about one pack; empty where it is real."""
        kept = self.pack(key)
        return _say_fictional([kept.name] if kept.fictional else [])

    def pack(self, key: str) -> Kept:
        """Pack of a name.

        Raises
        ------
        MissingError
            There is none.
        """
        if key not in self.packs:
            raise MissingError(f'there is no pack "{key[:60]}"; there are {", ".join(self.packs)}')
        return self.packs[key]

    def area_layer(self, key: str, geography: str) -> Layer:
        """Areas of one geography of a pack.

        Raises
        ------
        MissingError
            The pack has none.
        """
        released = self.pack(key)
        if geography not in released.geographies:
            raise MissingError(
                f'{released.name} has no areas of "{geography[:40]}"; '
                f"it has {', '.join(released.geographies)}"
            )
        return self.layers[f"{key}-{geography}"]

    def places(self, key: str) -> dict[str, Layer]:
        """Points, lines and designations of a pack, by what their collections are called after its name.

        Layers of restricted tables are not among them, whoever asks: they have no tiles and no files.

        Raises
        ------
        MissingError
            There is no such pack.
        """
        self.pack(key)
        names = {one: one.removeprefix(f"{key}-") for one in self.own_layers[key]}
        return {name: self.layers[one] for one, name in names.items() if name.startswith(PLACES)}

    def profile(
        self, key: str, text: str, form: str, name: str = "", *, published: bool = False
    ) -> tuple[Document, str]:
        """Profile of an area, and what the area is called.

        Parameters
        ----------
        key
            Of the pack.
        text, name
            As `fairplace.service.asked.Asking.find` takes them.
        form
            One of `fairplace.profile.forms.FORMS`, without the dot.
        published
            Only areas of the pack, by code or name.

        Raises
        ------
        AreaNotFoundError, AreaError
            There is no such area, or several of that name.
        DisclosureError
            The area is too small.
        BusyError
            Too many are being made.
        """
        released = self.pack(key)
        if published:
            asked = Asked(find_place(released, text))
        else:
            asked = self.asking.find(key, released, text, name)
        document = make_profile(key, released, asked, form, finished=self.finished, own=self.asking.finished)
        label = f"{asked.place.code}-{asked.place.name}"
        store = self.asking.finished if asked.own else self.finished
        self.asking.note((key, text, form, name), store, profile_key(key, form, asked), label)
        return document, label

    def map(self, key: str, geography: str = "lsoa21") -> Document:
        """Interactive map of a pack as one page."""
        released = self.pack(key)
        if geography not in released.geographies:
            self.area_layer(key, geography)
        standing = Standing(superseded=released.superseded)
        return self.finished.get(
            ("map", key, geography),
            lambda: compose_map(released, geography=geography, standing=standing).encode(),
        )

    def warm(self) -> None:
        """Make what most visitors ask for first: the profile of each whole authority."""
        for key, released in self.packs.items():
            self.profile(key, released.authority, "json")


@dataclass(frozen=True)
class Holdings:
    """The holdings of a worker, by who may see them.

    Parameters
    ----------
    public
        All packs as the public sees them.
    more
        Role -> packs in the edition of that role; packs that have none are left out.
    until
        Pack -> last day on which its restricted layers may be shown.
    """

    public: Holding
    more: Mapping[Role, Holding] = field(default_factory=dict)
    until: Mapping[str, dt.date] = field(default_factory=dict)
    _combined: OrderedDict[tuple[Role, ...], Holding] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def roles(self, viewer: Viewer) -> dict[str, Role]:
        """Pack -> in whose edition a viewer sees it."""
        found: dict[str, Role] = {}
        for key, released in self.public.packs.items():
            role = viewer.role_for(released.authority)
            if role == "restricted" and not (self._has(role, key) and self._lasts(key)):
                role = "officer"
            found[key] = role if self._has(role, key) else "public"
        return found

    def of(self, viewer: Viewer) -> Holding:
        """Give the holding of a viewer: each pack in the edition that they may see it in."""
        roles = self.roles(viewer)
        wanted = tuple(roles.values())
        if all(role == "public" for role in wanted):
            return self.public
        with self._lock:
            if wanted not in self._combined:
                chosen = {
                    key: self.public if role == "public" else self.more[role] for key, role in roles.items()
                }
                self._combined[wanted] = Holding(
                    {key: one.packs[key] for key, one in chosen.items()},
                    {key: one.own_layers[key] for key, one in chosen.items()},
                    {key: one.directories[key] for key, one in chosen.items()},
                )
            self._combined.move_to_end(wanted)
            while len(self._combined) > COMBINATIONS:
                self._combined.popitem(last=False)
            return self._combined[wanted]

    def pack_of(self, layer: str, viewer: Viewer) -> str:
        """Pack whose layer this is, of those a viewer sees; empty if there is none."""
        own = self.of(viewer).own_layers
        return next((key for key, layers in own.items() if layer in layers), "")

    def _lasts(self, key: str) -> bool:
        return dt.datetime.now(tz=dt.UTC).date() <= self.until.get(key, dt.date.min)

    def _has(self, role: Role, key: str) -> bool:
        return role in self.more and key in self.more[role].packs


def hold(
    paths: Sequence[Path],
    *,
    officer_authorities: Collection[str] = (),
    stores: Mapping[str, Path] | None = None,
) -> Holdings:
    """Open packs and build everything that routes answer from.

    Parameters
    ----------
    paths
        Folders made by ``fairplace build``.
    officer_authorities
        Codes of the districts whose officer edition is opened beside the public one; none unless the
        settings of the service say so.
    stores
        Authority -> store of its restricted tables, for the restricted role.

    Raises
    ------
    OpeningError, PackError
        As `fairplace.service.opening.open_released`.
    StoreError, RestrictedError
        As `fairplace.service.homes.open_store`.
    """
    packs = open_released(paths)
    more: dict[Role, Holding] = {}
    inside = open_officer(packs, officer_authorities)
    if inside:
        more["officer"] = _holding(inside)
    opened: dict[str, Store] = {}
    for key, released in inside.items():
        if released.authority in (stores or {}):
            store = (stores or {})[released.authority]
            opened[key] = open_store(key, released.name, store, restricted_hashes(released))
    if opened:
        officer = more["officer"]
        more["restricted"] = Holding(
            {key: officer.packs[key] for key in opened},
            {key: {**officer.own_layers[key], **one.layers} for key, one in opened.items()},
            {key: officer.directories[key] for key in opened},
        )
    return Holdings(_holding(packs), more, {key: one.until for key, one in opened.items()})


def _holding(packs: Mapping[str, Kept]) -> Holding:
    layers = {key: pack_layers(key, released) for key, released in packs.items()}
    directories = {key: make_directory(key, released, layers[key]) for key, released in packs.items()}
    return Holding(packs, layers, directories)


async def holding_of(request: Request, viewer: Annotated[Viewer, Depends(viewer_of)]) -> Holding:
    """Give the holding that a request is answered from: that of its viewer, and no other."""
    holdings: Holdings = request.app.state.holdings
    return holdings.of(viewer)


#: What a route takes to answer from.
Held = Annotated[Holding, Depends(holding_of)]


def _say_fictional(names: Collection[str]) -> str:
    return f"{', '.join(names)}: fictional, made to show how this works." if names else ""


def describe_pack(key: str, released: Released) -> dict[str, object]:
    """Say what a pack is, with the addresses of its parts."""
    here = f"/packs/{key}"
    return {
        "id": key,
        "name": released.name,
        "authority": released.authority,
        "pack": released.pack_id,
        "edition": released.edition,
        "fictional": released.fictional,
        "geographies": released.geographies,
        "attribution": attribution(released),
        "links": [
            {"rel": "self", "title": released.name, "href": here},
            {"rel": "explore", "title": "Map and profiles: find, draw, compare", "href": f"{here}/explore"},
            {"rel": "areas", "title": "Areas", "href": f"{here}/areas"},
            {"rel": "figures", "title": "Figures", "href": f"{here}/figures"},
            {"rel": "dictionary", "title": "What each indicator means", "href": f"{here}/dictionary"},
            {"rel": "profile", "title": "Profile", "href": f"{here}/profile/{released.authority}"},
            {"rel": "map", "title": "Map", "href": f"{here}/map"},
            {"rel": "sources", "title": "Sources", "href": f"{here}/sources"},
            {"rel": "designations", "title": "Designations and constraints", "href": f"{here}/designations"},
            {"rel": "downloads", "title": "Files to take away", "href": f"{here}/downloads"},
            {"rel": "search", "title": "Search", "href": f"{here}/search"},
        ],
    }
