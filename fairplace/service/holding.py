"""What a worker holds: packs in their public edition, their layers, directories and finished pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fairplace.disclosure import Released
from fairplace.map_page import compose_map
from fairplace.profile.content import compose, find_place
from fairplace.profile.drawings import draw_svg
from fairplace.profile.html import render_html
from fairplace.profile.json_form import render_json
from fairplace.service.answers import Finished
from fairplace.service.features import Layer
from fairplace.service.layers import attribution, pack_layers
from fairplace.service.opening import open_released
from fairplace.service.problems import MissingError
from fairplace.service.search import Directory, make_directory


@dataclass(frozen=True)
class Holding:
    """Everything that routes answer from; nothing in it changes but the finished pages.

    Parameters
    ----------
    packs
        Name in addresses -> what may be shown.
    layers
        Collection -> layer, of all packs.
    directories
        Name in addresses -> what can be searched for.
    finished
        Pages made so far.
    """

    packs: Mapping[str, Released]
    layers: Mapping[str, Layer]
    directories: Mapping[str, Directory]
    finished: Finished = field(default_factory=Finished)

    @cached_property
    def banner(self) -> str:
        """A sentence for every page, if all packs are fictional."""
        fictional = [one.name for one in self.packs.values() if one.fictional]
        return f"{', '.join(fictional)}: fictional, made to show how this works." if fictional else ""

    def pack(self, key: str) -> Released:
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

    def profile(self, key: str, area: str, form: str) -> bytes:
        """Profile of an area as ``html`` or ``json``.

        Raises
        ------
        AreaNotFoundError
            The pack has no such area, or several of that name.
        BusyError
            Too many are being made.
        """
        released = self.pack(key)
        # The area first, by what was asked: names that are in no pack must not fill the store.
        quick = self.finished.held(("profile", key, area, form))
        if quick is not None:
            return quick
        place = find_place(released, area)

        def make() -> bytes:
            profile = compose(released, place)
            if form == "json":
                return render_json(profile).encode()
            return render_html(profile, draw_svg(profile, released)).encode()

        return self.finished.get(("profile", key, place.code, form), make)

    def map(self, key: str, geography: str = "lsoa21") -> bytes:
        """Interactive map of a pack as one page."""
        released = self.pack(key)
        if geography not in released.geographies:
            self.area_layer(key, geography)
        return self.finished.get(
            ("map", key, geography), lambda: compose_map(released, geography=geography).encode()
        )

    def warm(self) -> None:
        """Make what most visitors ask for first: the profile of each whole authority."""
        for key, released in self.packs.items():
            self.profile(key, released.authority, "json")


def hold(paths: Sequence[Path]) -> Holding:
    """Open packs and build everything that routes answer from.

    Raises
    ------
    OpeningError, PackError
        As `fairplace.service.opening.open_released`.
    """
    packs = open_released(paths)
    layers: dict[str, Layer] = {}
    directories: dict[str, Directory] = {}
    for key, released in packs.items():
        own = pack_layers(key, released)
        layers.update(own)
        directories[key] = make_directory(key, released, own)
    return Holding(packs, layers, directories)


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
            {"rel": "areas", "title": "Areas", "href": f"{here}/areas"},
            {"rel": "figures", "title": "Figures", "href": f"{here}/figures"},
            {"rel": "dictionary", "title": "What each indicator means", "href": f"{here}/dictionary"},
            {"rel": "profile", "title": "Profile", "href": f"{here}/profile/{released.authority}"},
            {"rel": "map", "title": "Map", "href": f"{here}/map"},
            {"rel": "sources", "title": "Sources", "href": f"{here}/sources"},
            {"rel": "search", "title": "Search", "href": f"{here}/search"},
        ],
    }
