"""What may be shown: the one door between a pack and every page, map, file and route.

The policy is the constants below. `release` applies it before anything is summed, ranked or drawn;
renderers take its result and cannot open a pack (an import contract holds that).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.pack import Pack
from geo.crosswalk import Crosswalk
from geo.geography import Geography
from geo.source import LicenceClass, Source

Edition = Literal["public", "officer"]

#: Counts of people or homes from 1 to this are hidden, unless their publisher has applied disclosure
#: control already. Field practice hides 1 to 4 (births and deaths policy of ONS; Nomis blanks under 5).
HIDE_UP_TO = 4
#: Units whose values are counts of people or homes.
COUNTED_UNITS = frozenset({"people", "households", "homes", "children", "events", "replies"})
#: Geographies from small to large; a figure is public only at or above its floor.
SIZE_ORDER = ("oa", "lsoa", "msoa", "wd", "area", "lad", "rgn", "ctry")
#: A floor that no geography reaches: the figure appears in officer editions only.
OFFICER_ONLY = "officer"
#: What an edition may carry. Restricted tables are in no pack, so no edition names them.
LICENCES: Mapping[Edition, tuple[LicenceClass, ...]] = {
    "public": ("open", "share-alike"),
    "officer": ("open", "share-alike", "member-only"),
}


@dataclass(frozen=True)
class Released:
    """What of a pack may be shown in one edition.

    Parameters
    ----------
    edition
        ``public`` or ``officer``.
    figures
        Figures after disclosure rules: hidden values are gone and their status says so.
    sources
        Papers of the sources that this edition may carry.
    hidden
        How many figures the rules hid, by reason; never which.
    """

    edition: Edition
    figures: pd.DataFrame
    sources: Mapping[str, Source]
    hidden: Mapping[str, int]
    _pack: Pack

    @property
    def authority(self) -> str:
        """Code of the district."""
        return self._pack.authority

    @property
    def name(self) -> str:
        """Name of the district."""
        return self._pack.name

    @property
    def pack_id(self) -> str:
        """Identifier of the pack, for citations."""
        return self._pack.id

    @property
    def fictional(self) -> bool:
        """True for the sample authority."""
        return self._pack.fictional

    @property
    def dictionary(self) -> pd.DataFrame:
        """What each indicator means, indexed by id."""
        return self._pack.dictionary

    @property
    def geographies(self) -> list[str]:
        """Keys of the geographies whose areas are held."""
        return self._pack.geographies

    @property
    def settings(self) -> Mapping[str, Any]:
        """What steered the build."""
        return dict(self._pack.manifest["settings"])

    @property
    def notes(self) -> list[str]:
        """What the build found, did and could not do."""
        return list(self._pack.manifest["notes"])

    def areas(self, key: str) -> gpd.GeoDataFrame:
        """Areas of one geography in EPSG:27700, indexed by code."""
        return self._pack.areas(key)

    def crosswalk(self, origin: str, target: str) -> Crosswalk:
        """Crosswalk between two geographies, with its misfit."""
        return self._pack.crosswalk(origin, target)

    def held(self, kind: str) -> list[str]:
        """Names of the public points, lines or networks held."""
        return self._pack.held(kind)

    def places(self, kind: str, name: str) -> gpd.GeoDataFrame:
        """Public points or lines, such as ``places("points", "gp_practices")``."""
        return self._pack.places(kind, name)


def release(pack: Pack, edition: Edition = "public") -> Released:
    """Apply the disclosure rules to a pack, for one edition.

    Parameters
    ----------
    pack
        Any pack.
    edition
        ``public``, or ``officer`` for use inside the organisation.

    Returns
    -------
    Released
        What renderers may show.
    """
    figures, hidden = release_figures(pack.figures, sources=pack.sources, edition=edition)
    allowed = {key: one for key, one in pack.sources.items() if one.licence_class in LICENCES[edition]}
    return Released(edition, figures, allowed, hidden, pack)


def release_figures(
    figures: pd.DataFrame, *, sources: Mapping[str, Source], edition: Edition
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Apply licence, floor and small-number rules to a table of figures.

    Parameters
    ----------
    figures
        `geo.figures.FIGURE_COLUMNS`.
    sources
        Id -> papers, for licence class and whether the publisher has controlled disclosure.
    edition
        Whose eyes it is for.

    Returns
    -------
    tuple
        The figures that may be shown (rows under their floor or without licence are left out; small
        counts keep their row with status ``suppressed``), and how many were affected by each rule.
    """
    licensed = figures["source"].map(
        lambda one: one not in sources or sources[one].licence_class in LICENCES[edition]
    )
    floored = (
        pd.Series(True, index=figures.index)
        if edition == "officer"
        else pd.Series(
            [_reaches(key, floor) for key, floor in zip(figures["geography"], figures["floor"], strict=True)],
            index=figures.index,
            dtype=bool,
        )
    )
    kept = figures[licensed.astype(bool) & floored].copy()
    controlled = kept["source"].map(lambda one: one in sources and sources[one].controlled).astype(bool)
    small = (kept["count"] > 0) & (kept["count"] <= HIDE_UP_TO)
    small |= kept["unit"].isin(COUNTED_UNITS) & (kept["value"] > 0) & (kept["value"] <= HIDE_UP_TO)
    hide = small & ~controlled & (kept["basis"] != "modelled") & (kept["status"] == "ok")
    kept.loc[hide, ["value", "low", "high", "count"]] = np.nan
    kept.loc[hide, "status"] = "suppressed"
    return kept.reset_index(drop=True), {
        "licence": int((~licensed.astype(bool)).sum()),
        "floor": int((~floored).sum()),
        "small numbers": int(hide.sum()),
    }


def _reaches(key: str, floor: str) -> bool:
    if floor == OFFICER_ONLY:
        return False
    if not floor or floor == key:
        return True
    return SIZE_ORDER.index(_kind(key)) >= SIZE_ORDER.index(_kind(floor))


def _kind(key: str) -> str:
    return "area" if key == "area" else Geography.parse(key).kind
