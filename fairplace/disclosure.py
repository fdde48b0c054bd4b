"""What may be shown: the one door between a pack and every page, map, file and route.

The policy is plain constants, each with its reason, in `fairplace.disclosure_policy`. `release` applies
it before anything is summed, ranked or drawn; renderers take its result and cannot open a pack (an
import contract holds that). Release first and choose rows after: a part of a table released by itself
would be protected against that part only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.ages import STALE_AFTER, StaleFigures, current_figures, newest_day, stale_figures
from fairplace.comparator_files import ComparatorArea
from fairplace.disclosure_policy import (
    COUNTED_UNITS,
    HIDE_UP_TO,
    HIDE_UP_TO_RANGE,
    LICENCES,
    MIS_PREFIX,
    OFFICER_ONLY,
    ROUND_BASES_TO,
    SIZE_ORDER,
    Edition,
    largest_hidden,
    layer_rule,
)
from fairplace.numbers import round_modelled, show_period
from fairplace.own_counts import Nest, Sums, hide_own_counts, one_geography
from fairplace.pack import Pack
from geo.crosswalk import Crosswalk
from geo.errors import UserError
from geo.figures import tidy_figures
from geo.geography import Geography
from geo.place import Area
from geo.source import Source

if TYPE_CHECKING:
    from geo.network import Network

__all__ = [
    "COUNTED_UNITS",
    "HIDE_UP_TO",
    "LICENCES",
    "OFFICER_ONLY",
    "ROUND_BASES_TO",
    "SIZE_ORDER",
    "Beside",
    "DisclosureError",
    "Edition",
    "Nest",
    "Released",
    "Sums",
    "reaches_floor",
    "release",
    "release_area_figures",
    "release_figures",
]

#: Sources that a pack's streets may come from, in the order in which a build takes them.
STREET_SOURCES = ("osm_streets", "os_open_roads")


class DisclosureError(UserError, ValueError):
    """Something was asked for that may not be shown; the message says what may."""


@dataclass(frozen=True)
class Beside:
    """An area to hold others beside: what it is, and its figures by indicator."""

    area: ComparatorArea
    figures: Mapping[str, Mapping[str, Any]]


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
    stale
        Figures older than the age stated: left out of `figures`, unless they were asked for.
    stale_shown
        True where they were asked for.
    hide_up_to
        Largest own count that was hidden.
    """

    edition: Edition
    figures: pd.DataFrame
    sources: Mapping[str, Source]
    hidden: Mapping[str, int]
    _pack: Pack
    stale: tuple[StaleFigures, ...] = field(default=(), kw_only=True)
    stale_shown: bool = field(default=False, kw_only=True)
    hide_up_to: int = field(default=HIDE_UP_TO, kw_only=True)
    # Shapes worked out once and looked at by many profiles; shared by the releases of areas made from this.
    _drawn: dict[tuple[Any, ...], gpd.GeoDataFrame] = field(
        default_factory=dict, kw_only=True, repr=False, compare=False
    )

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
    def street_source(self) -> Source | None:
        """Papers of the streets, where this edition may show them."""
        return next((self.sources[one] for one in STREET_SOURCES if one in self.sources), None)

    @property
    def notes(self) -> list[str]:
        """What the build found, did and could not do, and which figures are stale."""
        return [*self._pack.manifest["notes"], *self.stale_notes]

    @property
    def stale_notes(self) -> list[str]:
        """Which figures are stale and how old they are, in a sentence; none where there are none."""
        if not self.stale:
            return []
        labels = self.dictionary["label"]
        said = [
            f"{labels.get(one.indicator, one.indicator)} ({one.period}, {one.years:.1f} years)"
            for one in self.stale
        ]
        day, limit = stale_rule(self._pack)
        done = "shown because they were asked for" if self.stale_shown else "left out"
        when = f"{limit:g} years before {show_period(day.isoformat())}" if day else f"{limit:g} years"
        return [f"figures that describe more than {when} are stale and {done}: {'; '.join(said)}"]

    def comparators(self) -> list[Beside]:
        """England, the region and the districts like this one, in that order, with their figures.

        Returns
        -------
        list of Beside
            Empty where the pack was built without a file of comparators. Their figures are sums of
            published England-wide files; each has the source and the period of the pack's own figure.
        """
        rows = self._pack.comparators
        rows = rows[rows["source"].isin(list(self.sources))]
        found = []
        for record in self.settings.get("comparators", {}).get("areas", []):
            area = ComparatorArea(**record)
            own = rows[rows["code"] == area.code].to_dict("records")
            found.append(
                Beside(area, {str(row["indicator"]): {str(k): v for k, v in row.items()} for row in own})
            )
        return found

    def areas(self, key: str) -> gpd.GeoDataFrame:
        """Areas of one geography in EPSG:27700, indexed by code."""
        return self._pack.areas(key)

    def crosswalk(self, origin: str, target: str) -> Crosswalk:
        """Crosswalk between two geographies, with its misfit."""
        return self._pack.crosswalk(origin, target)

    def draws(self, key: str) -> tuple[list[str], dict[str, NDArray[np.float32]]]:
        """Codes and draws of one geography, without the quantities that it is too small to show.

        Ranks, probabilities and sums over chosen areas come from these, never from medians or ranges.
        Draws of a geography that the pack has none of are added up from those of the LSOAs.
        """
        codes, draws = _draws_of(self._pack, key)
        figures = self._pack.figures
        modelled = figures["indicator"].str.startswith(MIS_PREFIX) & (figures["group"] == "")
        floors = figures[modelled].drop_duplicates("indicator").set_index("indicator")["floor"]
        hidden = {
            str(name).removeprefix(MIS_PREFIX).removesuffix("_share").removesuffix("_weekly")
            for name, floor in floors.items()
            if self.edition == "public" and not reaches_floor(key, floor)
        }
        if "fgt2" in hidden:
            hidden.add("squared_gap")
        # A band is as uncertain for children and pensioners as it is for all.
        bands = tuple(name.removeprefix("people") for name in hidden if name.startswith("people_below_"))
        return codes, {
            name: one
            for name, one in draws.items()
            if name not in hidden and not (bands and name.endswith(bands))
        }

    def model(self) -> dict[str, pd.DataFrame]:
        """Tables that the estimate was made from; officer editions only.

        Raises
        ------
        DisclosureError
            This is a public edition.
        """
        if self.edition != "officer":
            raise DisclosureError("questions of the estimate are asked in an officer edition")
        return self._pack.model()

    def held(self, kind: str) -> list[str]:
        """Names of the public points, lines or networks held."""
        return self._pack.held(kind)

    def places(self, kind: str, name: str) -> gpd.GeoDataFrame:
        """Public points or lines, such as ``places("points", "gp_practices")``."""
        return self._pack.places(kind, name)

    def drawn(self, key: tuple[Any, ...], draw: Callable[[], gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
        """Give a copy of shapes that take seconds to work out, drawn the first time they are asked for."""
        if key not in self._drawn:
            self._drawn[key] = draw()
        return self._drawn[key].copy()

    def small_area_values(self, indicator: str) -> pd.Series[float]:
        """Give the value of an indicator by LSOA, for all residents, where there is one."""
        rows = self.figures[
            (self.figures["indicator"] == indicator)
            & (self.figures["geography"] == "lsoa21")
            & (self.figures["group"] == "")
            & (self.figures["status"] == "ok")
        ]
        return rows.set_index("code")["value"]

    def network(self, name: str) -> Network:
        """Streets of a network held."""
        # Imported here because most packs hold no streets, and streets need numba.
        from geo.network import load_network

        return load_network(self._pack.path / "networks" / name)


def _draws_of(pack: Pack, key: str) -> tuple[list[str], dict[str, NDArray[np.float32]]]:
    if key == "lsoa21":
        return pack.draws(key)
    codes, draws = pack.draws("lsoa21")
    weights = pack.crosswalk("lsoa21", key).weights
    areas = sorted(set(weights["target"]))
    matrix = np.zeros((len(areas), len(codes)), dtype=np.float32)
    row = pd.Index(areas).get_indexer(weights["target"])
    column = pd.Index(codes).get_indexer(weights["origin"])
    matrix[row, column] = weights["weight"].to_numpy()
    return areas, {name: matrix @ one for name, one in draws.items()}


def stale_rule(pack: Pack) -> tuple[date | None, float]:
    """Day on which a pack's figures are judged, and the age from which they are stale.

    Both are settings of the build, ``as_of`` and ``stale_after_years``; without them the newest day that
    the pack's published sources describe, and `fairplace.ages.STALE_AFTER`.
    """
    settings = dict(pack.manifest["settings"])
    text = str(settings.get("as_of", ""))
    day = date.fromisoformat(text) if text else newest_day(pack.sources.values())
    return day, float(settings.get("stale_after_years", STALE_AFTER))


def release(
    pack: Pack, edition: Edition = "public", *, hide_up_to: int | None = None, show_stale: bool = False
) -> Released:
    """Apply the disclosure rules to a pack, for one edition, and leave stale figures out.

    Parameters
    ----------
    pack
        Any pack.
    edition
        ``public``, or ``officer`` for use inside the organisation.
    hide_up_to
        Largest count that is hidden, 1 to 7; the pack's setting of that name, else `HIDE_UP_TO`.
    show_stale
        Keep figures that describe longer ago than the pack's ``stale_after_years``; see `stale_rule`.

    Returns
    -------
    Released
        What renderers may show.

    Raises
    ------
    DisclosureError
        `hide_up_to` is out of range.
    """
    known = largest_hidden(pack.manifest["settings"])
    limit_of_counts = known if hide_up_to is None else hide_up_to
    figures, hidden = release_figures(
        tidy_figures([pack.figures, pack.own_figures]),
        sources=pack.sources,
        edition=edition,
        hide_up_to=limit_of_counts,
        nests=_nests(pack),
        sums=_sums(pack),
    )
    allowed = {key: one for key, one in pack.sources.items() if one.licence_class in LICENCES[edition]}
    day, limit = stale_rule(pack)
    stale = () if day is None else stale_figures(figures, on=day, stale_after=limit)
    if stale and day is not None and not show_stale:
        figures = current_figures(figures, on=day, stale_after=limit)
    return Released(
        edition,
        figures,
        allowed,
        hidden,
        pack,
        stale=stale,
        stale_shown=show_stale,
        hide_up_to=limit_of_counts,
    )


def _sums(pack: Pack) -> list[Sums]:
    """Read the sums that the pack states: tables that add up, and totals that readers have from elsewhere."""
    stated = dict(pack.manifest["settings"]).get("local", {}).get("sums", [])
    return [
        Sums((one["whole"][0], one["whole"][1]), tuple((part[0], part[1]) for part in one["parts"]))
        for one in stated
    ]


def _nests(pack: Pack) -> list[Nest]:
    """Geographies of a pack that lie wholly in others, child code by parent code."""
    nests = []
    for name in pack.manifest["crosswalks"]:
        crosswalk = pack.crosswalk(*name.split("-"))
        weights = crosswalk.weights
        if (weights["weight"] == 1).all() and not weights["origin"].duplicated().any():
            pairs = dict(zip(weights["origin"], weights["target"], strict=True))
            nests.append(Nest(crosswalk.origin.key, crosswalk.target.key, pairs))
    # A pack is one district, so all its areas add up to it, crosswalk or no crosswalk.
    known = {(nest.child, nest.parent) for nest in nests}
    district = next((key for key in pack.geographies if _kind(key) == "lad"), "")
    for key in pack.geographies:
        if district and key != district and (key, district) not in known:
            nests.append(Nest(key, district, dict.fromkeys(pack.areas(key).index, pack.authority)))
    return nests


def release_figures(
    figures: pd.DataFrame,
    *,
    sources: Mapping[str, Source],
    edition: Edition,
    hide_up_to: int = HIDE_UP_TO,
    nests: Sequence[Nest] = (),
    sums: Sequence[Sums] = (),
    secondary: bool = True,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Apply licence, floor, one-geography and small-number rules to a table of figures.

    Parameters
    ----------
    figures
        `geo.figures.FIGURE_COLUMNS`: the whole table, never a part of it.
    sources
        Id -> papers, for licence class and whether the publisher has controlled disclosure.
    edition
        Whose eyes it is for.
    hide_up_to
        Largest count that is hidden.
    nests
        Which areas lie wholly in which: their counts add up.
    sums
        Indicators or groups that add up to others, beyond groups that add up to all; a pack states its
        own in its settings.
    secondary
        Hide what would give a hidden count away. Only a test of the attack turns it off.

    Returns
    -------
    tuple
        The figures that may be shown (rows under their floor, without licence, or of an organisation's
        own counts on a second geography are left out; small counts and those that would give them
        away keep their row with status ``suppressed``; own bases are rounded; in public, modelled counts
        have two significant figures), and how many were affected by each rule.

    Raises
    ------
    DisclosureError
        `hide_up_to` is out of range.
    """
    low, high = HIDE_UP_TO_RANGE
    if not low <= hide_up_to <= high:
        raise DisclosureError(f"hide_up_to is {hide_up_to}; set it from {low} to {high}")
    licensed = figures["source"].map(
        lambda one: one not in sources or sources[one].licence_class in LICENCES[edition]
    )
    floored = (
        pd.Series(True, index=figures.index)
        if edition == "officer"
        else pd.Series(
            [
                reaches_floor(key, floor)
                for key, floor in zip(figures["geography"], figures["floor"], strict=True)
            ],
            index=figures.index,
            dtype=bool,
        )
    )
    kept = figures[licensed.astype(bool) & floored].copy()
    counts = {"licence": int((~licensed.astype(bool)).sum()), "floor": int((~floored).sum())}
    controlled = kept["source"].map(lambda one: one in sources and sources[one].controlled).astype(bool)
    # A council may say of its own values that they are modelled: that is no way around the rules.
    theirs = kept["source"].str.startswith("local_")
    own = ~controlled & ((kept["basis"] != "modelled") | theirs)
    if edition == "public" and own.any():
        other = own & ~one_geography(kept, own, nests)
        if other.any():
            counts["one geography"] = int(other.sum())
            kept, own = kept[~other].copy(), own[~other]
    hidden = hide_own_counts(
        kept, own, hide_up_to=hide_up_to, nests=nests, sums=sums, rule=layer_rule, secondary=secondary
    )
    kept = hidden.figures if edition == "officer" else round_modelled(hidden.figures)
    return kept.reset_index(drop=True), {**counts, "small numbers": hidden.small, **hidden.others}


def release_area_figures(
    area: Area,
    figures: pd.DataFrame,
    *,
    sources: Mapping[str, Source],
    edition: Edition,
    hide_up_to: int = HIDE_UP_TO,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Apply the rules to the figures of one area that is not of a published geography.

    Parameters
    ----------
    area
        With how many live in it.
    figures
        Its rows of figures, geography ``area``.
    sources, edition, hide_up_to
        As `release_figures`.

    Returns
    -------
    tuple
        As `release_figures`. Of a drawn area, public editions hold published figures only (an
        organisation's own counts could be worked out from two drawings that differ by one street), and
        figures of the Minimum Income Standard only if it is as large as ONS's smallest LSOA.

    Raises
    ------
    DisclosureError
        The area is too small for a public profile.
    """
    kept, without = figures, {}
    if edition == "public":
        if not area.public:
            raise DisclosureError(
                f"{area.name} has {area.residents:,.0f} residents in {area.households:,.0f} households; a "
                "public profile needs more than 100 and 40; make it larger, or the officer edition"
            )
        if not area.public_mis:
            modelled = kept["indicator"].str.startswith(MIS_PREFIX) & (kept["basis"] == "modelled")
            kept, without = kept[~modelled], {"too small for the model": int(modelled.sum())}
    shown, hidden = release_figures(kept, sources=sources, edition=edition, hide_up_to=hide_up_to)
    return shown, {**hidden, **{name: number for name, number in without.items() if number}}


def reaches_floor(key: str, floor: str) -> bool:
    """Whether a figure with this floor may be public on this geography."""
    if floor == OFFICER_ONLY:
        return False
    if not floor or floor == key:
        return True
    return SIZE_ORDER.index(_kind(key)) >= SIZE_ORDER.index(_kind(floor))


def _kind(key: str) -> str:
    return "area" if key == "area" else Geography.parse(key).kind
