"""The geographies of one authority and how they fit together: what every other table is hung on.

Look-ups and boundaries come from different years and files. What can be read exactly is; what cannot
is derived from shapes and from where people live, and a note says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from fairplace import __version__
from geo.boundaries import Boundaries, UnknownAuthorityError, read_boundaries
from geo.crosswalk import Crosswalk, nested
from geo.errors import UserError
from geo.figures import tidy_figures
from geo.geography import Geography
from geo.source import Source
from geo.weights import derive_membership, oa_weights
from layers.catalogue import describe_source
from layers.holdings import Holdings
from layers.lookups import read_output_areas, read_pairs
from layers.postcodes import read_postcodes
from layers.vintages import LsoaChanges, lsoa11_to_lsoa21, read_lsoa_changes

LSOA21 = Geography.parse("lsoa21")
LSOA11 = Geography.parse("lsoa11")
MSOA21 = Geography.parse("msoa21")
MSOA11 = Geography.parse("msoa11")
OA21 = Geography.parse("oa21")
WD25 = Geography.parse("wd25")
#: Share of an area's people from which all of them are inside.
WHOLE = 1 - 1e-9
LAD25 = Geography.parse("lad25")


#: Papers of what is measured on the geographies themselves, which is ours.
GEOGRAPHY_SOURCE = Source(
    id="geography",
    title="Geographies and how they fit together",
    publisher="fairplace",
    edition=__version__,
    period="2025",
    licence="computed from the boundaries and look-ups listed here",
    controlled=True,
)


class SpineError(UserError, LookupError):
    """The geographies of an authority cannot be put together from what is held."""


@dataclass(frozen=True)
class Spine:
    """The geographies of one authority.

    Parameters
    ----------
    authority, name, region
        Code and name of the district; code of its region, empty where not known.
    boundaries
        Geography key -> its boundaries: ``lsoa21``, ``msoa21``, ``wd25``, ``lad25``, and ``oa21`` where
        it is held.
    crosswalks
        (origin key, target key) -> crosswalk; at least from ``lsoa21`` to each of the others above it.
    areas
        Indexed by LSOA 2021: ``msoa``, ``msoa11``, ``district``, ``region``.
    changes
        LSOAs of 2011 and 2021, or None where no look-up is held.
    output_areas
        Geography key -> code of the area that each output area belongs to, indexed by output area: exact
        for LSOAs and what is made of them, the publisher's best fit for wards. No key where not known.
    sources
        Papers of what was read.
    notes, missing
        What was done, and what could not be.
    """

    authority: str
    name: str
    region: str
    boundaries: Mapping[str, Boundaries]
    crosswalks: Mapping[tuple[str, str], Crosswalk]
    areas: pd.DataFrame
    changes: LsoaChanges | None
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    output_areas: Mapping[str, pd.Series[str]] = field(default_factory=dict)

    @property
    def codes(self) -> list[str]:
        """LSOAs of 2021, sorted."""
        return list(self.areas.index)

    def place(self, points: gpd.GeoDataFrame, key: str) -> pd.Series[str]:
        """Code of the area of one geography that holds each point; missing outside all of them."""
        return pd.Series(codes_at(points, self.boundaries[key].areas), index=points.index, dtype="object")

    @property
    def history(self) -> list[Crosswalk]:
        """Crosswalks between vintages, to say what replaced a code."""
        return [] if self.changes is None else [lsoa11_to_lsoa21(self.changes)]

    def to(self, target: str, origin: str = "lsoa21") -> Crosswalk:
        """Crosswalk between two geographies of the spine."""
        return self.crosswalks[origin, target]


@dataclass
class _Desk:
    """What has been read so far: a build's working notes."""

    holdings: Holdings
    authority: str
    sources: dict[str, Source] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def find(self, key: str) -> Path | None:
        path = self.holdings.look(key, self.authority).path
        if path is not None and key not in self.sources:
            self.sources[key] = describe_source(key, path)
        return path


def read_spine(holdings: Holdings, authority: str) -> Spine:
    """Put together the geographies of one authority.

    Parameters
    ----------
    holdings
        The data folder, scanned.
    authority
        Code of the district, such as ``E06000032``.

    Raises
    ------
    SpineError
        There are no LSOA boundaries, or no area of that authority: the message says what there is.
    """
    name = holdings.check_authority(authority)
    desk = _Desk(holdings, authority)
    lsoas = _lsoas(desk)
    units = _output_areas(desk, list(lsoas.codes))
    msoas, to_msoa, region = _msoas(desk, lsoas, units)
    district = _district(desk, lsoas, name)
    boundaries = {"lsoa21": lsoas, "msoa21": msoas, "lad25": district}
    to_lad = nested(LSOA21, LAD25, dict.fromkeys(lsoas.codes, authority), method="boundary file")
    crosswalks = {("lsoa21", "msoa21"): to_msoa, ("lsoa21", "lad25"): to_lad}
    members = _members(units, authority)
    wards = _wards(desk)
    if wards is not None:
        boundaries["wd25"] = wards
        fitted = _outputs_to_wards(desk, wards, units)
        crosswalks["lsoa21", "wd25"] = _to_wards(desk, lsoas, wards, units, fitted)
        members |= {} if fitted is None else {"wd25": fitted}
    outputs = desk.find("boundary_oa21")
    if outputs is not None and not units.empty:
        boundaries["oa21"] = read_boundaries(outputs, OA21, codes=list(units["oa21"]))
    changes_path = desk.find("lookup_lsoa11_lsoa21")
    changes = read_lsoa_changes(changes_path) if changes_path else None
    if changes is None:
        desk.missing.append(
            "the look-up between LSOAs of 2011 and 2021, so tables on 2011 codes are left out"
        )
    msoa = to_msoa.weights.set_index("origin")["target"].reindex(lsoas.codes)
    areas = pd.DataFrame(
        {"msoa": msoa, "msoa11": _msoa11(desk, lsoas, msoa), "district": authority, "region": region},
        index=lsoas.codes,
    )
    for one in boundaries.values():
        desk.notes += [f"{one.geography.label}: {note}" for note in one.notes]
    for crosswalk in crosswalks.values():
        desk.notes += crosswalk.notes
    return Spine(
        authority,
        name,
        region,
        boundaries,
        crosswalks,
        areas,
        changes,
        tuple(desk.sources.values()),
        tuple(dict.fromkeys(desk.notes)),
        tuple(dict.fromkeys(desk.missing)),
        members,
    )


def _members(units: pd.DataFrame, authority: str) -> dict[str, pd.Series[str]]:
    """Area that each output area nests in, by geography."""
    if units.empty:
        return {}
    held = units.set_index("oa21")
    members = {key: held[key].astype(str) for key in ("lsoa21", "msoa21")}
    return {**members, "lad25": pd.Series(authority, index=held.index)}


def _outputs_to_wards(desk: _Desk, wards: Boundaries, units: pd.DataFrame) -> pd.Series[str] | None:
    """Ward that each output area is fitted to by its publisher, or None where that is not held."""
    path = desk.find("lookup_oa21_wd25")
    if path is None or units.empty:
        return None
    pairs = read_pairs(path, OA21, WD25).weights.set_index("origin")["target"]
    fitted = units["oa21"].map(pairs).set_axis(units["oa21"])
    if fitted.notna().all() and set(fitted) <= set(wards.codes):
        return fitted
    desk.notes.append("the look-up of output areas to wards does not fit these wards, so it was not used")
    return None


def _lsoas(desk: _Desk) -> Boundaries:
    path = desk.find("boundary_lsoa21")
    if path is None:
        raise SpineError(
            f"the data folder holds no boundaries of LSOAs of 2021 for {desk.authority}; "
            f"fetch them, or check the code of the authority"
        )
    return _read_own(desk, path, LSOA21)


def _read_own(desk: _Desk, path: Path, geography: Geography) -> Boundaries:
    """Read the authority's areas, by the district that the file gives or else by the look-ups.

    A cut for one authority need not say which it is, and a district whose code has changed stands in
    some files under the old code and in others under the new.
    """
    try:
        return read_boundaries(path, geography, authority=desk.authority)
    except UnknownAuthorityError:
        codes = desk.holdings.areas(desk.authority, geography)
        if not codes:
            raise
        return read_boundaries(path, geography, codes=codes)


def _output_areas(desk: _Desk, codes: list[str]) -> pd.DataFrame:
    path = desk.find("lookup_oa21")
    if path is None:
        desk.missing.append("the look-up of output areas")
        return pd.DataFrame(columns=["oa21", "lsoa21", "msoa21", "lad", "region", "residents"])
    return read_output_areas(path, codes=codes)


def _msoas(desk: _Desk, lsoas: Boundaries, units: pd.DataFrame) -> tuple[Boundaries, Crosswalk, str]:
    if units.empty:
        raise SpineError(
            f"the data folder holds no look-up from LSOA to MSOA for {desk.authority}; fetch lookup_oa21"
        )
    pairs = units.drop_duplicates("lsoa21").set_index("lsoa21")["msoa21"]
    lost = [code for code in lsoas.codes if code not in pairs.index]
    if lost:
        raise SpineError(
            f"{lost[0]} has a boundary but no MSOA in the look-up of output areas "
            f"(and {len(lost) - 1} more); "
            f"the two files are of different vintages: fetch both again"
        )
    crosswalk = nested(LSOA21, MSOA21, pairs.reindex(lsoas.codes).to_dict(), method="ONS look-up")
    codes = sorted(set(crosswalk.weights["target"]))
    path = desk.find("boundary_msoa21")
    if path is not None:
        msoas = read_boundaries(path, MSOA21, codes=codes)
    else:
        shapes = lsoas.areas.dissolve(by=pairs.reindex(lsoas.codes).to_numpy())
        msoas = Boundaries(MSOA21, shapes.assign(name="", lad=desk.authority)[["name", "lad", "geometry"]])
        desk.notes.append("MSOA boundaries were made from the LSOAs that form them")
    regions = sorted(set(units["region"]) - {""})
    return _named(msoas, lsoas, pairs), crosswalk, regions[0] if len(regions) == 1 else ""


def _named(msoas: Boundaries, lsoas: Boundaries, pairs: pd.Series[str]) -> Boundaries:
    """Names for MSOAs whose file has none: an MSOA is named like its LSOAs, less their last letter."""
    if (msoas.areas["name"] != "").all():
        return msoas
    stems = lsoas.areas["name"].str[:-1].groupby(pairs.reindex(lsoas.codes)).agg(lambda names: names.iloc[0])
    areas = msoas.areas.assign(name=stems.reindex(msoas.codes).fillna(""))
    return Boundaries(msoas.geography, areas, msoas.accuracy, msoas.notes, msoas.file, msoas.sha256)


def _district(desk: _Desk, lsoas: Boundaries, name: str) -> Boundaries:
    """Make the district of its LSOAs, so that its outline and theirs are one."""
    outline = shapely.union_all(lsoas.areas.geometry.to_numpy())
    frame = lsoas.areas.iloc[:1].assign(name=name, lad=desk.authority)
    frame.index = pd.Index([desk.authority], name=lsoas.areas.index.name)
    return Boundaries(LAD25, frame.set_geometry([outline], crs=lsoas.areas.crs), lsoas.accuracy)


def _wards(desk: _Desk) -> Boundaries | None:
    path = desk.find("boundary_wd25")
    if path is None:
        desk.missing.append("boundaries of wards of 2025, so there are no ward figures")
        return None
    return _read_own(desk, path, WD25)


def _to_wards(
    desk: _Desk, lsoas: Boundaries, wards: Boundaries, units: pd.DataFrame, fitted: pd.Series[str] | None
) -> Crosswalk:
    """Weights from LSOAs to wards by the finest units at hand: output areas, postcodes, ground."""
    residents = units.groupby("lsoa21")["residents"].sum().reindex(lsoas.codes) if len(units) else None
    if residents is not None and residents.isna().any():
        residents = None
    if fitted is not None and residents is not None:
        frame = units.assign(WD25CD=fitted.to_numpy()).rename(columns={"lsoa21": "LSOA21CD"})
        return oa_weights(
            frame, LSOA21, WD25, count="residents", source="residents of output areas, Census 2021"
        )
    lookup_path = desk.find("lookup_lsoa21_wd24")
    lookup = (
        read_pairs(lookup_path, LSOA21, Geography.parse("wd24"), codes=list(lsoas.codes))
        if lookup_path
        else None
    )
    postcodes = _postcode_units(desk, lsoas, wards)
    return derive_membership(
        lsoas, wards, lookup=lookup, units=postcodes, source="unit postcodes", residents=residents
    )


def _postcode_units(desk: _Desk, lsoas: Boundaries, wards: Boundaries) -> pd.DataFrame | None:
    path = desk.find("codepoint_open")
    if path is None:
        desk.notes.append("no postcodes are held for this place, so wards are shared out by ground")
        return None
    placed = read_postcodes(path).open.frame
    return pd.DataFrame(
        {
            "LSOA21CD": codes_at(placed, lsoas.areas),
            "WD25CD": codes_at(placed, wards.areas),
        }
    ).dropna()


def codes_at(points: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> list[str | None]:
    """Code of the area that holds each point, None outside all; on an edge the lower code."""
    tree = shapely.STRtree(areas.geometry.to_numpy())
    row, column = tree.query(points.geometry.to_numpy(), predicate="intersects")
    first = pd.Series(column).groupby(row).min()
    codes = areas.index.to_numpy()
    found: list[str | None] = [None] * len(points)
    for position, area in first.items():
        found[position] = str(codes[area])
    return found


def _msoa11(desk: _Desk, lsoas: Boundaries, msoa21: pd.Series[str]) -> pd.Series[str]:
    """MSOA of 2011 of each LSOA of 2021, which ONS income of FYE 2020 is keyed by."""
    path = desk.find("boundary_msoa11")
    if path is None:
        desk.notes.append(
            "boundaries of MSOAs of 2011 are not held; codes of 2021 are taken for them where they are equal"
        )
        return msoa21
    inside = shapely.point_on_surface(lsoas.areas.geometry.to_numpy())
    try:
        older = read_boundaries(path, MSOA11, authority=desk.authority)
    except UnknownAuthorityError:
        older = read_boundaries(path, MSOA11)
    tree = shapely.STRtree(older.areas.geometry.to_numpy())
    nearest = tree.query_nearest(inside, all_matches=False)[1]
    return pd.Series(older.codes.to_numpy()[nearest], index=lsoas.codes)


def geography_figures(spine: Spine) -> pd.DataFrame:
    """Figures about the areas themselves: size, and how far wards and small areas disagree.

    Returns
    -------
    DataFrame
        ``area_hectares`` of every area; ``output_areas``, ``small_areas`` and ``small_areas_whole``, how
        many of each it is made of; ``best_fit_misfit_share``, the share of an area's people whom plain
        best fit would place in another, and ``best_fit_gained_share``, those it would take from others,
        as a share of the area's own; ``share_inside``, the share of a small area's people who live in a
        larger one (its code is the `group`).
    """
    rows: list[dict[str, object]] = []
    for key, boundaries in spine.boundaries.items():
        for code, hectares in (boundaries.areas.geometry.area / 10_000).items():
            rows.append(
                _row(str(code), key, "area_hectares", float(round(hectares, 2)), "hectares", "counted")
            )
    for key, members in spine.output_areas.items():
        for code, number in members.value_counts().sort_index().items():
            rows.append(_row(str(code), key, "output_areas", float(number), "count", "counted"))
    for (origin, target), crosswalk in spine.crosswalks.items():
        rows += _parts(crosswalk, target) if origin == LSOA21.key else []
        if crosswalk.exact:
            continue
        for code, share in sorted(crosswalk.gained.items()):
            rows.append(_row(code, target, "best_fit_gained_share", float(share), "share", "apportioned"))
        for code, share in sorted(crosswalk.misfit.items()):
            rows.append(_row(code, target, "best_fit_misfit_share", float(share), "share", "apportioned"))
        for small, large, weight in crosswalk.weights[["origin", "target", "weight"]].itertuples(index=False):
            row = _row(str(small), origin, "share_inside", float(weight), "share", "apportioned")
            rows.append({**row, "group": str(large)})
    return tidy_figures([pd.DataFrame(rows)])


def _parts(crosswalk: Crosswalk, key: str) -> list[dict[str, object]]:
    """Count the LSOAs that have residents in each area, and those whose residents all live there."""
    weights = crosswalk.weights[crosswalk.weights["weight"] > 0]
    touching = weights["target"].value_counts().sort_index()
    inside = weights.loc[weights["weight"] >= WHOLE, "target"].value_counts().reindex(touching.index)
    return [
        _row(str(code), key, name, float(number), "count", "counted")
        for name, counts in (("small_areas", touching), ("small_areas_whole", inside.fillna(0)))
        for code, number in counts.items()
    ]


def _row(code: str, key: str, indicator: str, value: float, unit: str, basis: str) -> dict[str, object]:
    return {
        "code": code,
        "geography": key,
        "indicator": indicator,
        "period": GEOGRAPHY_SOURCE.period,
        "value": value,
        "unit": unit,
        "basis": basis,
        "status": "ok",
        "floor": key,
        "source": GEOGRAPHY_SOURCE.id,
    }
