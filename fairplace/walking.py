"""Who can walk to what: people within minutes of each service, and the nearest one, for any set of areas.

Times go along the streets of a pack, one way from where people live. A build does it once for every
published area; a drawn area is done by itself, by the same function, when it is asked for. A straight line
never stands in for a walk: without streets there are no figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace import __version__
from fairplace.demand import PEOPLE
from geo.crs import BNG
from geo.figures import tidy_figures
from geo.source import Source

if TYPE_CHECKING:
    from fairplace.pack import Pack
    from fairplace.spine import Spine
    from geo.network import Network
    from geo.place import Area

#: Minutes within which people are counted, one way.
LIMITS = (5, 10, 15, 20, 25, 30)
PROFILE = "walk"
#: Network of a pack that is walked on.
STREETS = "streets"
#: Weight of the points where people live -> indicator of the share within some minutes.
WEIGHTS = {
    "residents": "walk_residents_share",
    "children_0_4": "walk_children_0_4_share",
    "children_0_15": "walk_children_0_15_share",
}
#: Minutes from the population-weighted centroid of an area to the nearest of a service.
NEAREST = "walk_minutes"
#: Service -> (points of a pack, their kind; empty for all), in the order of a profile.
SERVICES: dict[str, tuple[str, str]] = {
    "gp": ("gp_practices", "gp"),
    "pharmacy": ("pharmacies", ""),
    "dentist": ("dental_practices", ""),
    "nursery": ("schools", "nursery"),
    "primary_school": ("schools", "primary"),
    "secondary_school": ("schools", "secondary"),
    "family_hub": ("services", "family_hub"),
    "community_centre": ("services", "community_centre"),
    "advice_point": ("services", "advice_point"),
    "food_bank": ("services", "food_bank"),
    "youth_club": ("services", "youth_club"),
    "library": ("libraries", ""),
    "bus_stop": ("stops", ""),
    "station": ("stations", ""),
}
#: Greenspaces of a pack, walked to by their entrances.
GREEN = "green_space"
#: Points of a pack: ways into greenspaces that their publisher names, with the ``space`` they lead into.
ENTRANCES = "green_entrances"
#: A greenspace smaller than this is a verge to a walker.
GREEN_HECTARES = 0.5
SOURCE = Source(
    id="walking",
    title="Walking times along streets, and people within them",
    publisher="fairplace",
    edition=__version__,
    period="2021-03-21",
    licence="computed from the streets, services and residents listed here",
    note="residents of Census 2021 where they live inside small areas; services and streets of today",
    controlled=True,
)


@dataclass(frozen=True)
class Walking:
    """What was found of walks.

    Parameters
    ----------
    figures
        Rows of `geo.figures.FIGURE_COLUMNS`: `WEIGHTS` with groups such as ``gp: 10 minutes``, and
        `NEAREST` with groups such as ``gp: Castle Surgery``; the group is the only place of the name.
    said
        Pace, direction, ways to the street, and where the street data stop: printed beside the figures.
    """

    figures: pd.DataFrame
    said: str


def walks_of_build(
    networks: Mapping[str, Network],
    points: Mapping[str, gpd.GeoDataFrame],
    lines: Mapping[str, gpd.GeoDataFrame],
    people: gpd.GeoDataFrame | None,
    spine: Spine,
) -> Walking | None:
    """Work out walks for every area of a build; None without streets, services or people."""
    network = networks.get(STREETS)
    if network is None or people is None:
        return None
    services = find_services(points, network, lines.get("green"))
    if services.empty:
        return None
    members: dict[str, pd.Series[str]] = {"lsoa21": people["lsoa"]}
    for key in spine.boundaries:
        if key.startswith("wd"):
            known = (people["ward"] != "").all()
            members[key] = people["ward"] if known else spine.place(people, key)
        elif key.startswith("msoa"):
            members[key] = people["lsoa"].map(spine.areas["msoa"])
        elif key.startswith("lad"):
            members[key] = pd.Series(spine.authority, index=people.index)
    return walking_figures(network, people, services, members)


def walks_of_area(pack: Pack, area: Area) -> pd.DataFrame:
    """Work out walks for an area of somebody's own; no rows where the pack holds no streets."""
    held = pack.held("points")
    if STREETS not in pack.held("networks") or PEOPLE not in held:
        return tidy_figures([])
    # Imported here because most packs hold no streets, and streets need numba.
    from geo.network import load_network

    network = load_network(pack.path / "networks" / STREETS)
    layers = {ENTRANCES, *(layer for layer, _ in SERVICES.values())}
    points = {layer: pack.places("points", layer) for layer in sorted(layers & set(held))}
    green = pack.places("lines", "green") if "green" in pack.held("lines") else None
    people = pack.places("points", PEOPLE)
    parts = area.components
    if len(parts) and (parts["geography"] == "oa21").all():
        people = people[people["id"].isin(parts["code"])]
    else:
        people = people[shapely.intersects(area.shape, people.geometry.to_numpy())]
    people = people.reset_index(drop=True)
    codes = pd.Series(area.id, index=people.index)
    return walking_figures(network, people, find_services(points, network, green), {"area": codes}).figures


def find_services(
    points: Mapping[str, gpd.GeoDataFrame], network: Network, green: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Lay out the places that people walk to.

    Parameters
    ----------
    points
        Name -> public points, as a pack holds them, with ``name`` and ``kind``; `ENTRANCES` with ``space``.
    network
        Streets, on which the entrances of greenspaces are found.
    green
        Polygons of greenspace with ``name``, and ``space`` where entrances are published; or None.

    Returns
    -------
    GeoDataFrame
        EPSG:27700: ``service`` and ``name``; one row a place, or an entrance of a greenspace.
    """
    parts = []
    for service, (layer, kind) in SERVICES.items():
        if layer not in points:
            continue
        frame = points[layer]
        kept = frame[frame["kind"] == kind] if kind else frame
        if "status" in kept:
            kept = kept[~kept["status"].astype(str).isin(["closed", "planned"])]
        parts.append(_laid(service, kept["name"], kept.geometry))
    if green is not None and len(green):
        from geo.greenspace import find_entrances

        areas = green[green.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
        areas = areas[areas.geometry.area >= GREEN_HECTARES * 10_000].reset_index(drop=True)
        published = points.get(ENTRANCES) if "space" in areas else None
        if published is not None:
            areas = areas.set_index("space")
        doors = find_entrances(network, areas, profile=PROFILE, published=published)
        names = areas["name"].fillna("").astype(str)
        parts.append(_laid(GREEN, names[doors["space"]], doors.geometry))
    if not parts:
        return gpd.GeoDataFrame({"service": [], "name": []}, geometry=[], crs=BNG)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=BNG)


def _laid(service: str, names: pd.Series[str], shapes: gpd.GeoSeries) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"service": service, "name": names.astype(str).to_numpy()}, geometry=shapes.to_numpy(), crs=BNG
    )


def walking_figures(
    network: Network,
    people: gpd.GeoDataFrame,
    services: gpd.GeoDataFrame,
    members: Mapping[str, pd.Series[str]],
) -> Walking:
    """Count people within minutes of services, and find the nearest, for areas of several geographies.

    Parameters
    ----------
    network
        Streets with `PROFILE`.
    people
        Where people live, as `fairplace.demand.people_points` makes it.
    services
        From `find_services`.
    members
        Geography -> code of the area that each row of `people` is in; empty or missing for none.

    Returns
    -------
    Walking
        Basis ``apportioned``: residents of a small area stand at its points by their shares.
    """
    from geo.pairs import measure_pairs

    if services.empty or people.empty:
        return Walking(tidy_figures([]), "")
    pairs = measure_pairs(network, people, services, limit=float(max(LIMITS)), profile=PROFILE)
    held = pairs.table.assign(service=services["service"].reindex(pairs.table["place"]).to_numpy())
    best = held.pivot_table(index="demand", columns="service", values="cost", aggfunc="min")
    best = best.reindex(index=people.index, columns=list(dict.fromkeys(services["service"])))
    parts = [_within(people, best, key, codes) for key, codes in members.items()]
    parts += [_nearest(network, people, services, key, codes) for key, codes in members.items()]
    return Walking(tidy_figures([pd.DataFrame(rows) for rows in parts]), pairs.said)


def _row(code: str, key: str, indicator: str, group: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code, "geography": key, "indicator": indicator, "group": group, "period": SOURCE.period,
        "basis": "apportioned", "status": "ok", "floor": key, "source": SOURCE.id, **more,
    }  # fmt: skip


def _within(
    people: gpd.GeoDataFrame, best: pd.DataFrame, key: str, codes: pd.Series[str]
) -> list[dict[str, Any]]:
    rows = []
    inside = (codes.notna() & (codes != "")).to_numpy(dtype=bool)
    area, near = codes[inside].astype(str), best[inside]
    for weight in _weights(people):
        who = people.loc[inside, weight].astype(float)
        whole = who.groupby(area).sum().round()
        for limit in LIMITS:
            counts = (near <= limit).mul(who, axis=0).groupby(area).sum().round()
            for service in near.columns:
                group = f"{service}: {limit} minutes"
                for code, count, base in zip(whole.index, counts[service], whole, strict=True):
                    figure = {"value": count / base} if base else {"status": "not_applicable"}
                    numbers = {"count": float(count), "base": float(base), "unit": "share", **figure}
                    rows.append(_row(str(code), key, WEIGHTS[weight], group, **numbers))
    return rows


def _weights(people: gpd.GeoDataFrame) -> list[str]:
    """Everybody, and the youngest that are known."""
    young = next((one for one in ("children_0_4", "children_0_15") if one in people), None)
    return ["residents", young] if young else ["residents"]


def _nearest(
    network: Network, people: gpd.GeoDataFrame, services: gpd.GeoDataFrame, key: str, codes: pd.Series[str]
) -> list[dict[str, Any]]:
    from geo.pairs import measure_pairs

    inside = codes.notna() & (codes != "") & (people["residents"] > 0)
    area, who = codes[inside].astype(str), people.loc[inside, "residents"].astype(float)
    if area.empty:
        return []
    whole = who.groupby(area).sum()
    middle = pd.DataFrame(
        {
            name: (who * part[inside]).groupby(area).sum() / whole
            for name, part in (("x", people.geometry.x), ("y", people.geometry.y))
        }
    )
    pairs = measure_pairs(network, middle, services, profile=PROFILE)
    table = pairs.table.assign(service=services["service"].reindex(pairs.table["place"]).to_numpy())
    table["name"] = services["name"].reindex(pairs.table["place"]).to_numpy()
    table = table[np.isfinite(table["cost"])].sort_values(
        ["demand", "service", "cost", "name"], kind="stable"
    )
    first = table.drop_duplicates(["demand", "service"])
    return [
        _row(str(code), key, NEAREST, f"{service}: {name}", value=round(float(cost), 1), unit="minutes")
        for code, service, name, cost in first[["demand", "service", "name", "cost"]].itertuples(index=False)
    ]
