"""What lies around a site along the streets: services, and people by age and by fifths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace.disclosure import Released
from fairplace.hub_floors import Door, hide_second
from fairplace.numbers import rounded, show_people
from fairplace.review.model import ReviewTable, several, word
from geo.access import find_nearest
from geo.crs import BNG
from geo.greenspace import find_entrances
from geo.network import Network
from geo.pairs import measure_pairs

#: Name of the points in a pack at which people are counted.
PEOPLE = "people"
FIFTHS = ("1", "2", "3", "4", "5")

ACCESS_COLUMNS = {
    "site": "reference of the site",
    "service": "id of the kind of service",
    "title": "kind of service",
    "status": "ok; missing where no such places are held",
    "nearest": "name of the nearest",
    "minutes": "walk along the streets; empty where there is no way",
    "metres": "way along the streets to the nearest by length",
    "within_first": "places within the first limit of minutes",
    "within_second": "places within the second",
    "capacity": "sum of the capacity of places within the second limit; empty where not held",
    "class": "near, middling or far, by the limits of the settings",
    "stopped_at_edge": "the borough's edge, where looking stopped, is nearer than the nearest found",
    "words": "the cell as people read it",
}
PEOPLE_COLUMNS = {
    "site": "reference of the site",
    "minutes": "walk to the site",
    "grouping": "all, age, mis_fifth or imd_fifth",
    "group": "age group or fifth; 1 = highest share below the standard, or most deprived",
    "residents": "people",
    "children": "of them aged 0 to 15",
    "stopped_at_edge": "the limit goes past the borough's edge, beyond which nobody was counted",
    "status": "ok; suppressed where a count is small, of too few for the public, or gives one away",
}
CAPACITY_COLUMNS = {
    "site": "reference of the site",
    "density": "homes for each hectare",
    "homes": "ground times density, whole homes",
    "plan": "homes as the plan gives them",
}


@dataclass(frozen=True)
class Doors:
    """Where streets meet the outline of each site.

    Parameters
    ----------
    points
        EPSG:27700, with ``site``; the index names each door.
    far
        Sites that no street comes to, with metres to the nearest street.
    """

    points: gpd.GeoDataFrame
    far: pd.Series[float]


def find_doors(network: Network, sites: gpd.GeoDataFrame, *, profile: str = "walk") -> Doors:
    """Find where one gets into each site from the streets; the nearest street where none comes to it."""
    found = find_entrances(network, sites, profile=profile)[["space", "geometry"]]
    lost = [name for name in sites.index if name not in set(found["space"])]
    far = pd.Series(dtype=float)
    if lost:
        lines = network.lines()[network.usable(profile)]
        shapes = sites.geometry.loc[lost].to_numpy()
        _, near = shapely.STRtree(lines).query_nearest(shapes, all_matches=False)
        link = shapely.shortest_line(lines[near], shapes)
        far = pd.Series(shapely.length(link), index=lost)
        more = gpd.GeoDataFrame({"space": lost}, geometry=shapely.get_point(link, 0), crs=BNG)
        found = pd.concat([found, more], ignore_index=True)
    points = gpd.GeoDataFrame(
        {"site": found["space"].to_numpy()}, geometry=found.geometry.to_numpy(), crs=BNG
    )
    points.index = pd.Index([f"door {n}" for n in range(len(points))])
    return Doors(points, far)


def gather_services(
    released: Released,
    settings: Mapping[str, Any],
    *,
    services: gpd.GeoDataFrame | None,
    spaces: gpd.GeoDataFrame | None,
    network: Network,
) -> dict[str, gpd.GeoDataFrame | None]:
    """Places of each kind of service in the settings; None for a kind that is not held.

    A kind of which a held file has no place comes back empty: that is an answer.
    """
    held = set(released.held("points"))
    made: dict[str, gpd.GeoDataFrame | None] = {}
    for one in settings["service"]:
        frame: gpd.GeoDataFrame | None = None
        if one.get("points") in held:
            frame = released.places("points", one["points"])
            if one.get("kinds") and "kind" in frame:
                frame = frame[frame["kind"].astype(str).str.lower().isin(one["kinds"])]
        elif one.get("services") and services is not None and "kind" in services:
            # A table of a council's own services that names no shop says nothing of shops.
            found = services[services["kind"].astype(str).isin(one["services"])]
            frame = found if len(found) else None
        elif one.get("spaces") and spaces is not None:
            doors = find_entrances(network, spaces)
            frame = doors[doors["hectares"] >= one["spaces"]].copy()
            frame["id"] = frame["space"].astype(str)
            frame["name"] = frame["space"].map(spaces["name"]) if "name" in spaces else frame["id"]
        if frame is not None and len(frame):
            ids = frame["id"] if "id" in frame else pd.Series(frame.index.astype(str), index=frame.index)
            names = frame["name"] if "name" in frame else ids
            capacity = pd.to_numeric(frame["capacity"], errors="coerce") if "capacity" in frame else np.nan
            frame = gpd.GeoDataFrame(
                {
                    "id": ids.to_numpy(),
                    "name": names.to_numpy(),
                    "capacity": np.asarray(capacity, float) * np.ones(len(frame)),
                },
                geometry=frame.geometry.to_numpy(),
                crs=BNG,
            )
        made[one["id"]] = frame
    return made


def measure_access(
    network: Network,
    sites: gpd.GeoDataFrame,
    doors: Doors,
    places: Mapping[str, gpd.GeoDataFrame | None],
    *,
    settings: Mapping[str, Any],
    outline: Any,
) -> ReviewTable:
    """Measure the walk from each site to the nearest of each kind, and count those within limits."""
    limits, speed = settings["limits"], float(settings["limits"]["speed_kmh"])
    first, second = sorted(limits["count_minutes"])[0], sorted(limits["count_minutes"])[-1]
    edge = _edge(sites, outline)
    titles = {one["id"]: one["title"] for one in settings["service"]}
    rows, said = [], ""
    for service, frame in places.items():
        blank = {"service": service, "title": titles[service], "nearest": "", "capacity": np.nan}
        if frame is None:
            none = dict.fromkeys(("minutes", "metres", "within_first", "within_second"), np.nan)
            lacking = {"status": "missing", "class": "", "stopped_at_edge": False}
            rows += [
                blank | none | lacking | {"site": name, "words": word("cell", "not_held")}
                for name in sites.index
            ]
            continue
        if frame.empty:
            none = dict.fromkeys(("minutes", "metres"), np.nan) | {"within_first": 0.0, "within_second": 0.0}
            lacking = {"status": "ok", "class": "", "stopped_at_edge": True}
            rows += [
                blank | none | lacking | {"site": name, "words": word("cell", "none_here")}
                for name in sites.index
            ]
            continue
        by_time = find_nearest(network, doors.points, frame, speed_kmh=speed)
        by_way = find_nearest(network, doors.points, frame, unit="metres")
        pairs = measure_pairs(network, doors.points, frame, limit=second, speed_kmh=speed)
        said = by_time.said
        time, way = _best(by_time.table, doors), _best(by_way.table, doors)
        near = pairs.table.assign(
            site=pairs.table["demand"].map(doors.points["site"]), id=pairs.table["place"].map(frame["id"])
        )
        near = near.groupby(["site", "id"], as_index=False).agg(
            cost=("cost", "min"), place=("place", "first")
        )
        for name in sites.index:
            mine = near[near["site"] == name]
            minutes = float(time["cost"].get(name, np.nan))
            metres = float(way["cost"].get(name, np.nan))
            inside = frame.loc[mine["place"], "capacity"]
            row = blank | {
                "site": name,
                "status": "ok",
                "nearest": str(frame.at[time["place"][name], "name"]) if name in time.index else "",
                "minutes": round(minutes, 2),
                "metres": round(metres, 1),
                "within_first": float((mine["cost"] <= first).sum()),
                "within_second": float(len(mine)),
                "capacity": float(inside.sum()) if inside.notna().any() else np.nan,
                "class": _class(minutes, limits),
                "stopped_at_edge": bool(not metres <= edge[name]),
            }
            rows.append(row | {"words": _access_words(row, first, second)})
    data = pd.DataFrame(rows, columns=list(ACCESS_COLUMNS))
    data = data.sort_values("site", key=lambda one: one.map(_order(sites)), kind="stable", ignore_index=True)
    text = pd.DataFrame({"Site": [f"{name} {sites.at[name, 'name']}" for name in sites.index]})
    for service in places:
        text[titles[service]] = data.loc[data["service"] == service, "words"].to_numpy()
    notes = [word("notes", "access", said=said)]
    notes.append(
        f"Near: up to {limits['within']:g} minutes. Far: over {limits['beyond']:g}. Between them middling. "
        f"Looked for inside the borough only."
    )
    notes += _far(doors)
    return ReviewTable("access", "Sites by access on foot", data, ACCESS_COLUMNS, text, tuple(notes))


def count_people(
    network: Network,
    sites: gpd.GeoDataFrame,
    doors: Doors,
    people: gpd.GeoDataFrame,
    *,
    settings: Mapping[str, Any],
    outline: Any,
    how: str,
    mis_period: str,
    hide_up_to: int,
) -> ReviewTable:
    """Count people around each site by age and by fifths of the standard and of deprivation.

    Parameters
    ----------
    people
        From `place_people`.
    how
        How people were placed, for the notes.
    mis_period
        What the model describes; empty where there is no estimate.
    hide_up_to
        Largest count that is hidden.
    """
    limits, speed = settings["limits"], float(settings["limits"]["speed_kmh"])
    minutes = sorted(float(one) for one in limits["minutes"])
    pairs = measure_pairs(network, people, doors.points, limit=minutes[-1], speed_kmh=speed)
    table = pairs.table.assign(site=pairs.table["place"].map(doors.points["site"]))
    best = table.groupby(["site", "demand"], as_index=False)["cost"].min()
    best = best.join(people[["residents", "children", "older", "mis_fifth", "imd_fifth"]], on="demand")
    edge = _edge(sites, outline)
    door = Door(people, public=True)
    rows = []
    for name in sites.index:
        mine = best[best["site"] == name]
        for limit in minutes:
            near = mine[mine["cost"] <= limit]
            past = bool(limit * speed / 0.06 > edge[name])
            small = door.is_small(people.index.isin(near["demand"]), modelled=False)
            for grouping, group, residents, children in _hide_groups(
                _groups(near), small=small, hide_up_to=hide_up_to
            ):
                status = "ok" if np.isfinite([residents, children]).all() else "suppressed"
                counts = (round(residents, 1), round(children, 1))
                rows.append((name, limit, grouping, group, *counts, past, status))
    data = pd.DataFrame(rows, columns=list(PEOPLE_COLUMNS))
    whole = data[data["grouping"] == "all"].set_index(["site", "minutes"])
    by = data.set_index(["site", "minutes", "grouping", "group"])["residents"]
    text = pd.DataFrame({"Site": [f"{name} {sites.at[name, 'name']}" for name in sites.index]})
    for limit in minutes:
        text[f"Residents within {limit:g} minutes"] = [
            show_people(whole.at[(name, limit), "residents"])
            + (f"; {word('cell', 'stopped')}" if whole.at[(name, limit), "stopped_at_edge"] else "")
            for name in sites.index
        ]
        text[f"Children within {limit:g} minutes"] = [
            show_people(whole.at[(name, limit), "children"]) for name in sites.index
        ]
    middle = minutes[len(minutes) // 2]
    for grouping, title in (("mis_fifth", "MIS fifth"), ("imd_fifth", "IMD fifth")):
        for fifth in FIFTHS:
            text[f"{title} {fifth}, within {middle:g} minutes"] = [
                show_people(by.get((name, middle, grouping, fifth), 0.0)) for name in sites.index
            ]
    notes = [word("notes", "people", how=how, most=hide_up_to, said=pairs.said)]
    if mis_period:
        notes.append(word("notes", "mis", period=mis_period))
    notes += _far(doors)
    return ReviewTable("people", "Sites by people within a walk", data, PEOPLE_COLUMNS, text, tuple(notes))


def place_people(released: Released) -> tuple[gpd.GeoDataFrame | None, str]:
    """Where people live, with the fifths their LSOA is in; None where the pack holds no such points.

    Returns
    -------
    tuple
        Points indexed by id with ``lsoa``, ``residents``, ``children``, ``older``, ``households``,
        ``mis_fifth`` and ``imd_fifth`` ("1" to "5", or "" for not known); and how they were placed.
    """
    if PEOPLE not in released.held("points"):
        return None, ""
    frame = released.places("points", PEOPLE).set_index("id")
    if "residents" not in frame:
        return None, ""
    share = released.small_area_values("mis_people_below_share")
    rank = share.rank(ascending=False, method="first")
    fifth = np.ceil(rank / max(len(rank), 1) * 5).astype(int).astype(str)
    zero = pd.Series(0.0, index=frame.index)
    made = gpd.GeoDataFrame(
        {
            "lsoa": frame["lsoa"],
            "residents": frame["residents"].astype(float),
            "children": frame.get("children_0_15", zero).astype(float),
            "older": frame.get("people_65_plus", zero).astype(float),
            "households": frame.get("households", zero).astype(float),
            "mis_fifth": frame["lsoa"].map(fifth).fillna(""),
            "imd_fifth": frame["imd_fifth"].astype(int).astype(str).replace("0", "")
            if "imd_fifth" in frame
            else "",
        },
        geometry=frame.geometry,
        crs=BNG,
    )
    how = next((one for one in released.notes if "stand at" in one or "share its people" in one), "")
    return made, how.rstrip(".") or "at points inside small areas, each with its own residents"


def give_capacity(sites: gpd.GeoDataFrame, settings: Mapping[str, Any]) -> ReviewTable:
    """Homes of each site at the densities of the settings."""
    densities = [float(one) for one in settings["limits"]["densities"]]
    hectares = sites.geometry.area / 1e4
    rows = [
        (name, density, float(np.floor(hectares[name] * density)), sites.at[name, "dwellings"])
        for name in sites.index
        for density in densities
    ]
    data = pd.DataFrame(rows, columns=list(CAPACITY_COLUMNS))
    text = pd.DataFrame({"Site": [f"{name} {sites.at[name, 'name']}" for name in sites.index]})
    for density in densities:
        text[f"Homes at {density:g} a hectare"] = [
            rounded(one, 0) for one in data.loc[data["density"] == density, "homes"]
        ]
    text["Homes in the plan"] = [
        "not stated" if np.isnan(one) else rounded(float(one), 0) for one in sites["dwellings"]
    ]
    return ReviewTable(
        "capacity", "Homes at densities", data, CAPACITY_COLUMNS, text, (word("notes", "capacity"),)
    )


def _hide_groups(
    rows: list[tuple[str, str, float, float]], *, small: bool, hide_up_to: int
) -> list[tuple[str, str, float, float]]:
    """Hide small counts, and what would give them away; all of them where there are too few (`small`)."""
    table = pd.DataFrame(rows, columns=["grouping", "group", "residents", "children"])
    sizes = ["residents", "children"]
    if small:
        table[sizes] = np.nan
    table[sizes] = table[sizes].mask(
        table[sizes].gt(0) & table[sizes].round().le(hide_up_to) & table[sizes].gt(0.05)
    )
    for grouping in ("age", "mis_fifth", "imd_fifth"):
        lines = table.index[table["grouping"] == grouping]
        table.loc[lines, sizes] = hide_second(table.loc[lines, sizes].T, across=False).T
    return list(table.itertuples(index=False, name=None))


def _groups(near: pd.DataFrame) -> list[tuple[str, str, float, float]]:
    children, older = float(near["children"].sum()), float(near["older"].sum())
    residents = float(near["residents"].sum())
    rows = [
        ("all", "", residents, children),
        ("age", "0-15", children, children),
        ("age", "16-64", residents - children - older, 0.0),
        ("age", "65+", older, 0.0),
    ]
    for grouping in ("mis_fifth", "imd_fifth"):
        sums = near.groupby(grouping)[["residents", "children"]].sum()
        for fifth in (*FIFTHS, ""):
            if fifth in sums.index:
                people, young = (float(one) for one in sums.loc[fifth])
                rows.append((grouping, fifth or "not known", people, young))
            elif fifth:
                rows.append((grouping, fifth, 0.0, 0.0))
    return rows


def _best(table: pd.DataFrame, doors: Doors) -> pd.DataFrame:
    """Nearest place of each site, by any of its doors."""
    named = table.assign(site=table["demand"].map(doors.points["site"]))
    return named.sort_values(["cost", "place"], kind="stable").drop_duplicates("site").set_index("site")


def _access_words(row: Mapping[str, Any], first: float, second: float) -> str:
    if np.isnan(row["minutes"]):
        return word("cell", "no_way")
    said = (
        f"{row['class']}: {rounded(row['minutes'], 0)} minutes, {rounded(row['metres'], 0)} m, "
        f"{row['nearest']}; "
        f"{several(int(row['within_first']), 'place')} within {first:g} minutes, "
        f"{int(row['within_second'])} within {second:g}"
    )
    if not np.isnan(row["capacity"]):
        said += f", capacity {rounded(row['capacity'], 0)}"
    return said + (f"; {word('cell', 'stopped')}" if row["stopped_at_edge"] else "")


def _class(minutes: float, limits: Mapping[str, Any]) -> str:
    if np.isnan(minutes):
        return ""
    return "near" if minutes <= limits["within"] else "far" if minutes > limits["beyond"] else "middling"


def _edge(sites: gpd.GeoDataFrame, outline: Any) -> pd.Series[float]:
    """Metres from each site to the borough's edge; 0 for one that crosses it."""
    shapes = sites.geometry.to_numpy()
    away = shapely.distance(shapes, shapely.boundary(outline))
    return pd.Series(np.where(shapely.covers(outline, shapes), away, 0.0), index=sites.index)


def _far(doors: Doors) -> list[str]:
    return [
        f"No street comes to {name}: measured from the nearest street, {metres:.0f} m away."
        for name, metres in doors.far.items()
        if metres > 0
    ]


def _order(sites: gpd.GeoDataFrame) -> dict[Any, int]:
    return {name: at for at, name in enumerate(sites.index)}
