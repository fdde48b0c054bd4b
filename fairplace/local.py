"""What only a council knows, added to a build: its figures, its public places, its papers.

A folder ``local`` among the published files holds a council's own tables by their kind
(``services.csv``, ``events.csv``, ...; see ``layers/council/schemas.toml``). Tables about homes and
people lie in the restricted store; they are read here, counted by area, and forgotten. The counts go
into the restricted part of a pack, and `fairplace.disclosure.release` hides what is small in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.audits import BELOW_SHARE, audit_figures, certificate_figures, place_homes
from fairplace.indicators import load_indicators
from fairplace.local_core20 import plus_figures, spending_figures
from fairplace.local_evidence import (
    Papers,
    event_figures,
    incident_figures,
    minder_figures,
    referral_figures,
    service_figures,
    survey_figures,
)
from fairplace.local_plan import plan_figures
from fairplace.local_routes import route_figures
from fairplace.local_sums import SUMS, own_groups, read_sums
from fairplace.register import read_register, register_figures, register_settings
from fairplace.spine import Spine
from geo.crs import BNG, lonlat_to_bng
from geo.figures import empty_figures, tidy_figures
from geo.source import Source, hash_file
from geo.vector import read_layer
from layers.catalogue import load_catalogue
from layers.council.reader import CouncilTable, read_council_file
from layers.council.schema import find_schema

#: Kind of file -> columns that its public points keep beside id, name, kind and placed.
POINTS: Mapping[str, tuple[str, ...]] = {
    "services": ("status", "opened", "capacity", "hours_per_week", "step_free"),
    "hub_candidates": ("status", "capacity", "step_free"),
    "events": ("date",),
    "case_studies": ("theme", "principle", "date", "summary"),
    "takeaways": ("opened",),
    "stops": (),
    "local_libraries": ("hours_per_week",),
    "local_schools": ("pupils", "capacity"),
    "green_space": ("hectares",),
}
#: Tables of ours that add up to others: what a reader of both could take from each other.
_SUMS: tuple[tuple[tuple[str, str], tuple[tuple[str, str], ...]], ...] = (
    (("event_people", ""), tuple(("event_people_by_fifth", str(n)) for n in range(1, 6))),
    (("event_attendances", ""), tuple(("event_attendances_by_fifth", str(n)) for n in range(1, 6))),
    (("homes_audited", ""), tuple(("homes_audited_placed", one) for one in "ABC")),
    (("homes_audited", ""), tuple(("homes_audited_band", one) for one in "ABCDEFG")),
)
_SUFFIXES = (".csv", ".csv.gz", ".xlsx", ".ods")
_LAYERS = (".geojson", ".gpkg", ".parquet")


@dataclass(frozen=True)
class Local:
    """What a council's own files add to a pack.

    Parameters
    ----------
    figures
        Rows of `geo.figures.FIGURE_COLUMNS` that count places and lines, for all to see.
    own_figures
        Those that count people, homes and what happened to them, with nothing hidden.
    papers
        Indicator -> its entry in the dictionary.
    points, lines
        Name -> places and lines that may be public, EPSG:27700.
    sources
        Papers of the files.
    settings
        What is no number: the list of the register, names of practices, where estates lie.
    notes, missing
        What was found and left out, and what is not held.
    """

    figures: pd.DataFrame = field(default_factory=empty_figures)
    own_figures: pd.DataFrame = field(default_factory=empty_figures)
    papers: Papers = field(default_factory=dict)
    points: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    lines: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass
class _Desk:
    """What has been read so far."""

    spine: Spine
    published: pd.DataFrame
    postcodes: Mapping[str, tuple[float, float]]
    figures: list[pd.DataFrame] = field(default_factory=list)
    own: list[pd.DataFrame] = field(default_factory=list)
    papers: Papers = field(default_factory=dict)
    points: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    lines: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def authority(self) -> str:
        return self.spine.authority

    def of(self, indicator: str, geography: str) -> pd.Series[float] | None:
        """Values of a published figure by code, or None."""
        rows = self.published[
            (self.published["indicator"] == indicator)
            & (self.published["geography"] == geography)
            & (self.published["group"] == "")
        ]
        return rows.set_index("code")["value"] if len(rows) else None

    def take(self, table: CouncilTable) -> CouncilTable:
        self.sources[table.source.id] = table.source
        self.notes += [f"{table.source.file}: {note}" for note in table.notes]
        return table

    def add(self, made: tuple[pd.DataFrame, Papers], *, own: bool = True) -> None:
        (self.own if own else self.figures).append(made[0])
        self.papers |= made[1]


def read_local(
    folder: Path,
    *,
    spine: Spine,
    published: pd.DataFrame,
    postcodes: gpd.GeoDataFrame | None = None,
    people: gpd.GeoDataFrame | None = None,
    restricted: Path | None = None,
) -> Local:
    """Read a council's own files for a build.

    Parameters
    ----------
    folder
        The folder ``local``; it may not be there.
    spine
        Geographies of the authority.
    published
        Figures already made, for bases and for deprivation of wards.
    postcodes
        Points of postcodes, to place what only has an address.
    people
        Points of residents, to say who lives near a planned route.
    restricted
        The restricted store; its papers are checked by `fairplace.restricted`.

    Returns
    -------
    Local
        Empty where there are no such files.

    Raises
    ------
    CouncilFileError
        A file does not fit its schema: the first fault, by row and column.
    """
    places: dict[str, tuple[float, float]] = {}
    if postcodes is not None:
        at = zip(postcodes.geometry.x, postcodes.geometry.y, strict=True)
        places = dict(zip(postcodes["id"], at, strict=True))
    desk = _Desk(spine, published, places)
    if folder.is_dir():
        for name in POINTS:
            path = find_file(folder, name)
            if path is not None:
                _read_points(desk, path, name)
        for kind, read in _TABLES.items():
            path = find_file(folder, kind)
            if path is not None:
                read(desk, desk.take(read_council_file(path, kind, publisher=spine.name)))
        _read_lines(desk, folder, people)
        _read_plan(desk, folder)
    if restricted is not None:
        _read_restricted(desk, restricted)
    if folder.is_dir():
        _read_register(desk, folder)  # last: an indicator of the register may be a figure of any other file
    held = own_groups(desk.own)
    ours = [(whole, [one for one in parts if one in held]) for whole, parts in _SUMS]
    sums = [
        {"whole": list(whole), "parts": [list(one) for one in parts]} for whole, parts in ours if parts[1:]
    ]
    if sums or folder.is_dir():
        desk.settings["sums"] = [*sums, *read_sums(folder / SUMS, held)]
    return Local(
        figures=tidy_figures(desk.figures),
        own_figures=tidy_figures(desk.own),
        papers=desk.papers,
        points=desk.points,
        lines=desk.lines,
        sources=tuple(desk.sources.values()),
        settings=desk.settings,
        notes=tuple(desk.notes),
    )


def find_file(folder: Path, kind: str) -> Path | None:
    """Give the table of a kind in a folder, or None: ``services.csv``, ``services.xlsx``."""
    return next((path for one in _SUFFIXES if (path := folder / f"{kind}{one}").is_file()), None)


def _read_points(desk: _Desk, path: Path, kind: str) -> None:
    table = desk.take(read_council_file(path, kind, publisher=desk.spine.name))
    placed = place_rows(table, desk.postcodes)
    lost = int(placed.geometry.isna().sum()) if len(placed) else 0
    if lost:
        first = placed.loc[placed.geometry.isna(), "id"].iat[0]
        desk.notes.append(
            f"{path.name}: {lost} rows have no place (no coordinates, and a postcode that is not in this "
            f"authority), {first} first: left out of maps and counts by area"
        )
    placed = placed[placed.geometry.notna()]
    if kind == "services":
        hidden = placed["public"] == "no"
        if hidden.any():
            desk.notes.append(f"{path.name}: {int(hidden.sum())} services marked not public are left out")
        placed = placed[~hidden & ~placed["status"].isin(["closed"])]
    if placed.empty:
        return
    desk.points[kind] = _public(placed, kind)
    period, source = table.source.period, table.source.id
    if kind == "services":
        desk.add(service_figures(placed, desk.spine.boundaries, period=period, source=source), own=False)
    elif kind == "events":
        deciles = desk.of("imd25_decile", "lsoa21")
        desk.add(
            event_figures(
                placed, desk.spine.boundaries, authority=desk.authority, period=period, source=source,
                fifths=None if deciles is None else np.ceil(deciles / 2),
            )
        )  # fmt: skip


def place_rows(table: CouncilTable, postcodes: Mapping[str, tuple[float, float]]) -> gpd.GeoDataFrame:
    """Place the rows of a table: by coordinates, else by degrees, else by postcode.

    Returns
    -------
    GeoDataFrame
        EPSG:27700, with ``placed`` (how); the geometry is missing where a row has no place.
    """
    frame = table.frame
    size = len(frame)
    east, north = _numbers(frame, "easting", size), _numbers(frame, "northing", size)
    how = np.where(np.isfinite(east) & np.isfinite(north), "coordinates given", "").astype(object)
    lon, lat = _numbers(frame, "longitude", size), _numbers(frame, "latitude", size)
    degrees = (how == "") & np.isfinite(lon) & np.isfinite(lat)
    if degrees.any():
        east[degrees], north[degrees] = lonlat_to_bng(lon[degrees], lat[degrees])
        how[degrees] = "coordinates given"
    if "postcode" in frame:
        for row in np.flatnonzero(how == ""):
            found = postcodes.get(str(frame["postcode"].iat[row]))
            if found is not None:
                east[row], north[row] = found
                how[row] = "postcode centre"
    geometry = gpd.points_from_xy(np.nan_to_num(east), np.nan_to_num(north), crs=BNG)
    made = gpd.GeoDataFrame(frame.assign(placed=how), geometry=geometry, crs=BNG)
    made.loc[how == "", "geometry"] = None
    return made


def _numbers(frame: pd.DataFrame, name: str, size: int) -> np.ndarray:
    return frame[name].to_numpy(dtype=float).copy() if name in frame else np.full(size, np.nan)


def _public(placed: gpd.GeoDataFrame, kind: str) -> gpd.GeoDataFrame:
    frame = placed.copy()
    if "name" not in frame:
        frame["name"] = frame["title"]
    if "kind" not in frame:
        frame["kind"] = frame["theme"] if "theme" in frame else frame["status"]
    keep = ["id", "name", "kind", "placed", *POINTS[kind], "geometry"]
    return frame[keep].sort_values("id", ignore_index=True)


def _read_referrals(desk: _Desk, table: CouncilTable) -> None:
    figures, papers, names, notes = referral_figures(table, authority=desk.authority)
    desk.add((figures, papers))
    desk.settings["organisations"] = names
    desk.notes += notes


def _read_survey(desk: _Desk, table: CouncilTable) -> None:
    figures, papers, where, notes = survey_figures(table, authority=desk.authority)
    desk.add((figures, papers))
    desk.settings["estates"] = where
    desk.notes += notes


def _read_crime(desk: _Desk, table: CouncilTable) -> None:
    placed = place_rows(table, desk.postcodes)
    lost = int(placed.geometry.isna().sum())
    if lost:
        desk.notes.append(f"{table.source.file}: {lost} incidents without a place are not counted")
    desk.add(
        incident_figures(
            placed[placed.geometry.notna()], desk.spine.boundaries, period=table.source.period,
            source=table.source.id,
        )
    )  # fmt: skip


def _read_spending(desk: _Desk, table: CouncilTable) -> None:
    rows = desk.published.query("indicator == 'core20_people_share' and geography == 'lad25'")
    people = float(rows["count"].iloc[0]) if len(rows) and np.isfinite(rows["count"].iloc[0]) else None
    figures, papers, notes = spending_figures(table, authority=desk.authority, people=people)
    desk.add((figures, papers), own=False)
    desk.notes += notes


def _read_plus(desk: _Desk, table: CouncilTable) -> None:
    areas = {key: one.codes for key, one in desk.spine.boundaries.items()}
    figures, papers, notes = plus_figures(table, areas)
    desk.add((figures, papers))
    desk.notes += notes


_TABLES: Mapping[str, Callable[[_Desk, CouncilTable], None]] = {
    "referrals": _read_referrals,
    "survey": _read_survey,
    "crime": _read_crime,
    "spending": _read_spending,
    "plus_groups": _read_plus,
}


#: Shares formed of the organisation's other files, which a register may name though a file is not there.
_SHARES = frozenset(
    {
        BELOW_SHARE,
        "certificates_below_c_share",
        "homes_audited_of_stock_share",
        "referrals_attended_share",
        "referrals_new_share",
        "routes_people_near_share",
    }
)


def _read_register(desk: _Desk, folder: Path) -> None:
    listed, values = find_file(folder, "indicators"), find_file(folder, "indicator_values")
    if listed is None:
        return
    register = read_register(listed, values, publisher=desk.spine.name)
    desk.sources[register.source.id] = register.source
    figures, papers, notes = register_figures(
        register,
        authority=desk.authority,
        areas={key: one.codes for key, one in desk.spine.boundaries.items()},
        deprivation=desk.of("imd25_score", "wd25"),
        residents=desk.of("residents", "wd25"),
        published=pd.concat([desk.published, *desk.figures, *desk.own], ignore_index=True),
        known_of_pack={one.id for one in load_indicators()} | _SHARES,
        controlled={key for key, one in load_catalogue().items() if one.controlled},
    )
    desk.add((figures, papers))
    desk.settings["register"] = register_settings(register)
    desk.notes += notes


def _read_layer(folder: Path, kind: str) -> tuple[Path, gpd.GeoDataFrame] | None:
    path = next((one for suffix in _LAYERS if (one := folder / f"{kind}{suffix}").is_file()), None)
    return None if path is None else (path, read_layer(path))


def _layer_source(desk: _Desk, path: Path, kind: str) -> Source:
    source = Source(
        id=f"local_{kind}",
        title=f"{find_schema(kind).title}: {desk.spine.name}'s own file",
        publisher=desk.spine.name,
        edition=path.name,
        period="as the council holds it",
        licence="the council's own; published by the council",
        file=path.name,
        sha256=hash_file(path),
    )
    desk.sources[source.id] = source
    return source


def _read_plan(desk: _Desk, folder: Path) -> None:
    found = _read_layer(folder, "plan_sites")
    if found is None:
        return
    path, sites = found
    sites = sites.to_crs(BNG)
    for name in ("status", "dwellings", "hectares"):
        if name not in sites:
            sites[name] = sites.geometry.area / 1e4 if name == "hectares" else np.nan
    source = _layer_source(desk, path, "plan_sites")
    made = plan_figures(sites, desk.spine.boundaries, period=source.period, source=source.id)
    desk.add(made, own=False)


def _read_lines(desk: _Desk, folder: Path, people: gpd.GeoDataFrame | None) -> None:
    schema = find_schema("lcwip_lines")
    found = _read_layer(folder, schema.kind)
    if found is None:
        return
    path, shapes = found
    frame = shapes[shapes.geometry.geom_type.isin(["LineString", "MultiLineString"])].to_crs(BNG)
    for name in schema.names[:-1]:
        if name not in frame:
            frame[name] = ""
    frame["geometry"] = frame.geometry.set_precision(0.01)
    desk.lines[schema.kind] = frame[[*schema.names[:-1], "geometry"]].reset_index(drop=True)
    source = _layer_source(desk, path, schema.kind)
    desk.add(
        route_figures(
            desk.lines[schema.kind], desk.spine.boundaries, authority=desk.authority, period=source.period,
            source=source.id, people=people, below=desk.of("mis_people_below_share", "lsoa21"),
        ),
        own=False,
    )  # fmt: skip


def _read_restricted(desk: _Desk, store: Path) -> None:
    boundaries = {key: desk.spine.boundaries[key] for key in ("lad25", "wd25", "lsoa21")}
    codes = {key: one.codes for key, one in boundaries.items()}
    for kind in ("homes", "epc", "childminders"):
        path = find_file(store / kind, kind) or find_file(store, kind)
        if path is None:
            continue
        table = read_council_file(path, kind, publisher=desk.spine.name)
        homes = place_homes(table, boundaries, postcodes=desk.postcodes)
        source = _counts_source(table, desk.spine.name)
        desk.sources[source.id] = source
        if kind == "homes":
            stock = {key: found for key in codes if (found := desk.of("households", key)) is not None}
            figures, papers, notes = audit_figures(
                homes, period=table.source.period, source=source.id, authority=desk.authority,
                areas=codes, stock=stock,
            )  # fmt: skip
        elif kind == "epc":
            figures, papers, notes = certificate_figures(
                homes, period=table.source.period, source=source.id, areas=codes, authority=desk.authority
            )
        else:
            figures, papers = minder_figures(
                homes.frame, codes=codes["wd25"], authority=desk.authority, period=table.source.period,
                source=source.id,
            )  # fmt: skip
            notes = list(homes.notes)
        desk.add((figures, papers))
        desk.notes += notes


def _counts_source(table: CouncilTable, name: str) -> Source:
    return Source(
        id=f"counts_{table.schema.kind}",
        title=f"{table.schema.title}: counts by area from a restricted table of {name}",
        publisher=name,
        edition="counts by area",
        period=table.source.period,
        licence="counts published by the council; the table itself is restricted",
        note="Small numbers are hidden, with as many others as it takes that they cannot be worked out",
    )
