"""The cover of a profile: what it is of, in which edition, by whom, and a small map of where it lies."""

from __future__ import annotations

from collections.abc import Sequence

from fairplace import __version__
from fairplace.disclosure import Released
from fairplace.numbers import show_period
from fairplace.profile.model import Drawing, standing
from fairplace.profile.place import Place
from fairplace.profile.words import Words, capital, geography_label
from fairplace.settings import Settings


def cover_papers(
    words: Words, released: Released, place: Place, settings: Settings, status: str
) -> Sequence[tuple[str, str]]:
    """Give what stands on the cover, each with its name.

    The date is the day that the pack judges its figures on, which is as late as what it was made from: no
    clock is read, so that the same pack gives the same document.
    """
    kind = capital(geography_label(place.geography, words))
    name = "area_alone" if place.code == released.authority else "area"
    day = str(released.settings.get("as_of", ""))
    where = words(
        "cover", name, kind=kind, code=place.code, authority=released.name, district=released.authority
    )
    return [
        (words("cover", "of"), where),
        (words("cover", "date"), show_period(day, words) if day else words("cover", "unknown")),
        (
            words("cover", "edition"),
            words("cover", f"edition_{released.edition}", pack=released.pack_id, version=__version__),
        ),
        (words("cover", "status"), standing(status, words)),
        (words("cover", "contact"), settings.reach or words("cover", "no_contact")),
    ]


def cover_map(words: Words, released: Released, place: Place) -> Drawing:
    """Give the small map of the area in its district; the map of where it is holds the same and more."""
    name = "map_alone" if place.code == released.authority else "map"
    fill = {"area": place.name, "authority": released.name}
    return Drawing(
        "cover-map",
        "cover_map",
        words("cover", name, **fill),
        words("cover", f"{name}_alt", **fill),
        {"place": place},
        "where-table",
    )
