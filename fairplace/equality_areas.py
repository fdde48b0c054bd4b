"""Areas named or drawn, as shares of the LSOAs of a pack."""

from __future__ import annotations

import pandas as pd

from fairplace.disclosure import DisclosureError, Released
from fairplace.equality import join_shares
from geo.area import Area, resolve_area
from geo.boundaries import Boundaries
from geo.geography import Geography
from geo.place import Place


def find_shares(released: Released, asked: list[str]) -> tuple[pd.Series[float], str, bool]:
    """Shares of LSOAs that areas take together.

    Parameters
    ----------
    released
        What may be shown of a pack.
    asked
        Codes, names, postcodes, files of shapes, WKT: as `geo.area.resolve_area` takes them.

    Returns
    -------
    tuple
        LSOA code -> share of its residents inside; a name for the page; whether it is approximate.

    Raises
    ------
    DisclosureError
        A public edition was asked of an area with 100 residents or 40 households at most.
    AreaError
        There is no such area.
    """
    place = _place(released)
    areas: list[Area] = [resolve_area(one, place) for one in asked]
    for area in areas:
        if released.edition == "public" and not area.public:
            raise DisclosureError(
                f"{area.name} has {area.residents:,.0f} residents in {area.households:,.0f} households; a "
                "public table needs more than 100 and 40; make it larger, or the officer edition"
            )
    shares = join_shares({area.id: area.shares for area in areas})
    return shares, ", ".join(area.name for area in areas), any(area.approximate for area in areas)


def _place(released: Released) -> Place:
    figures = released.figures
    small = figures[(figures["geography"] == "lsoa21") & (figures["group"] == "")]
    people = pd.DataFrame(
        {
            name: small[small["indicator"] == name].set_index("code")["value"]
            for name in ("residents", "households")
        }
    )
    boundaries, crosswalks = {}, {}
    for key in released.geographies:
        if key == "oa21":
            continue
        frame = released.areas(key).assign(lad=released.authority)[["name", "lad", "geometry"]]
        boundaries[key] = Boundaries(Geography.parse(key), frame)
        if key != "lsoa21":
            crosswalks[key] = released.crosswalk("lsoa21", key)
    return Place(released.name, boundaries, people, Geography.parse("lsoa21"), crosswalks=crosswalks)
