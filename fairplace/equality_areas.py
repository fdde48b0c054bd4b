"""Areas named, drawn or walked to, as shares of the LSOAs of a pack."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from fairplace.disclosure import DisclosureError, Edition
from fairplace.drawn import find_area
from fairplace.equality import join_shares
from fairplace.pack import Pack


def find_shares(
    pack: Pack, asked: Sequence[str], *, edition: Edition = "public"
) -> tuple[pd.Series[float], str, bool]:
    """Shares of LSOAs that areas take together.

    Parameters
    ----------
    pack
        Whose areas they are; a walk goes by its own streets.
    asked
        Codes, names, postcodes, files of shapes, WKT, ``walk:15min:LU1 2AB``: as `geo.area.resolve_area`
        takes them.
    edition
        Whose eyes it is for.

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
    areas = [find_area(pack, one) for one in asked]
    for area in areas:
        if edition == "public" and not area.public:
            raise DisclosureError(
                f"{area.name} has {area.residents:,.0f} residents in {area.households:,.0f} households; a "
                "public table needs more than 100 and 40; make it larger, or the officer edition"
            )
    shares = join_shares({area.id: area.shares for area in areas})
    return shares, ", ".join(area.name for area in areas), any(area.approximate for area in areas)
