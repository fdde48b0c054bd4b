"""Whom a policy reaches, and what a takeaway zone covers: inside and outside, adding up to the borough."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace.disclosure import Released
from fairplace.numbers import SIGNS, rounded, two_figures
from fairplace.review.model import ReviewTable, word
from geo.crs import BNG
from geo.network import Network
from geo.pairs import measure_pairs
from geo.place import MIS_HOUSEHOLDS, MIS_RESIDENTS
from geo.reach import draw_reach, find_reach

POLICY_COLUMNS = {
    "zone": "policy area, with its buffer where there is one",
    "part": "inside, outside or borough",
    "measure": "what is counted",
    "value": "people or places; empty unless status is ok",
    "low": "low end of the 90% range of a modelled count",
    "high": "high end",
    "status": "ok; suppressed where too few live on either side; missing where not held",
}
TAKEAWAY_COLUMNS = {
    "distance": "crow (a straight line) or walk (along the streets)",
    "schools": "primary, secondary or both",
    "metres": "the limit",
    "hectares": "ground of the zone inside the borough",
    "borough_share": "of the borough's ground",
    "centre_share": "of the ground of town, district and local centres",
    "outlets_inside": "takeaways inside the zone",
    "outlets_outside": "takeaways of the borough outside it",
    "outlets_in_centres": "takeaways that are inside the zone and inside a centre",
    "residents": "people inside",
    "outlets_per_1000": "takeaways inside for each 1,000 people inside",
}
_MEASURES = {
    "residents": "Residents",
    "children": "Children aged 0 to 15",
    "core20": "People in the most deprived fifth of England (Core20)",
    "mis_below": "People below the Minimum Income Standard (modelled)",
    "schools": "Schools",
    "outlets": "Takeaways",
}


def reach_policies(
    zones: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    released: Released,
    *,
    outlets: gpd.GeoDataFrame | None,
    how: str,
) -> ReviewTable:
    """Count people and places inside and outside each zone.

    Parameters
    ----------
    zones
        Polygons in EPSG:27700, indexed by name.
    people
        From `fairplace.review.around.place_people`.
    outlets
        Takeaways, or None where not held.
    how
        How people were placed.

    Returns
    -------
    ReviewTable
        Inside and outside add up to the borough for every counted measure.
    """
    draws = _below(released)
    schools = released.places("points", "schools") if "schools" in released.held("points") else None
    x, y = people.geometry.x.to_numpy(), people.geometry.y.to_numpy()
    outline = released.areas("lad25").geometry.iloc[0]
    rows: list[tuple[Any, ...]] = []
    shown: list[np.ndarray] = []
    for name, shape in zones.geometry.items():
        inside = np.asarray(shapely.intersects_xy(shape, x, y))
        masks = {"inside": inside, "outside": ~inside, "borough": np.ones(len(people), dtype=bool)}
        enough = all(_enough(people[mask]) for mask in masks.values()) and all(
            _apart(people, inside, other) for other in shown
        )
        if enough:
            shown.append(inside)
        for part, mask in masks.items():
            mine = people[mask]
            rows.append((name, part, "residents", mine["residents"].sum(), np.nan, np.nan, "ok"))
            rows.append((name, part, "children", mine["children"].sum(), np.nan, np.nan, "ok"))
            core = mine.loc[mine["imd_fifth"] == "1", "residents"].sum()
            rows.append((name, part, "core20", core, np.nan, np.nan, "ok"))
            rows.append((name, part, "mis_below", *_mis(people, mask, draws, enough or part == "borough")))
        for measure, places in (("schools", schools), ("outlets", outlets)):
            if places is None:
                rows += [(name, part, measure, np.nan, np.nan, np.nan, "missing") for part in masks]
                continue
            points = places.geometry
            here = shapely.intersects(outline, points.to_numpy())
            within = shapely.intersects(shape, points.to_numpy()) & here
            for part, mask in (("inside", within), ("outside", here & ~within), ("borough", here)):
                rows.append((name, part, measure, float(mask.sum()), np.nan, np.nan, "ok"))
    data = pd.DataFrame(rows, columns=list(POLICY_COLUMNS))
    data["value"] = data["value"].astype(float).round(1)
    cells = {(row.zone, row.part, row.measure): _words(row) for row in data.itertuples()}
    text = pd.DataFrame(
        [
            {"Zone": str(zone), "Count": label}
            | {part.capitalize(): cells[zone, part, measure] for part in ("inside", "outside", "borough")}
            for zone in zones.index
            for measure, label in _MEASURES.items()
        ]
    )
    notes = (word("notes", "policy", how=how),)
    return ReviewTable("policy", "Whom policies reach", data, POLICY_COLUMNS, text, notes)


def buffer_zones(zones: gpd.GeoDataFrame, metres: float) -> gpd.GeoDataFrame:
    """Add to each zone the zone with so many metres round it."""
    wider = zones.copy()
    wider.index = pd.Index([f"{name} and {metres:g} m round it" for name in zones.index])
    wider = wider.set_geometry(zones.geometry.buffer(metres).to_numpy(), crs=BNG)
    return pd.concat([zones, wider])


def zone_takeaways(
    network: Network,
    released: Released,
    people: gpd.GeoDataFrame,
    outlets: gpd.GeoDataFrame,
    *,
    centres: gpd.GeoDataFrame | None,
    metres: float,
) -> tuple[ReviewTable, gpd.GeoDataFrame]:
    """Measure takeaway exclusion zones round schools, by straight line and along the streets.

    Returns
    -------
    tuple
        The table, and the zones as polygons inside the borough.
    """
    outline = released.areas("lad25").geometry.iloc[0]
    schools = released.places("points", "schools")
    schools = schools.set_index(schools["id"].astype(str))
    own = centres.geometry.union_all() if centres is not None and len(centres) else None
    inside_borough = outlets[shapely.intersects(outline, outlets.geometry.to_numpy())]
    kinds = schools["kind"].astype(str).str.lower()
    picks = {
        "primary": kinds.isin(["primary", "all-through"]),
        "secondary": kinds.isin(["secondary", "all-through"]),
    }
    picks["both"] = picks["primary"] | picks["secondary"]
    in_centre = (
        np.zeros(len(inside_borough), dtype=bool)
        if own is None
        else np.asarray(shapely.intersects(own, inside_borough.geometry.to_numpy()))
    )
    rows, shapes, names = [], [], []
    for label, pick in picks.items():
        chosen = schools[pick]
        if chosen.empty:
            continue
        circles = shapely.union_all(shapely.buffer(chosen.geometry.to_numpy(), metres, quad_segs=32))
        crow = shapely.intersection(circles, outline)
        reach = find_reach(network, chosen[["geometry"]], limits=[metres], unit="metres")
        walk = shapely.intersection(shapely.union_all(draw_reach(reach).geometry.to_numpy()), outline)
        for distance, shape in (("crow", crow), ("walk", walk)):
            if distance == "crow":
                near = np.asarray(shapely.intersects(circles, inside_borough.geometry.to_numpy()))
                lives = np.asarray(shapely.intersects(circles, people.geometry.to_numpy()))
            else:
                near = _walks(network, inside_borough, chosen, metres)
                lives = _walks(network, people, chosen, metres)
            residents = float(people.loc[lives, "residents"].sum())
            rows.append(
                (
                    distance,
                    label,
                    metres,
                    round(shape.area / 1e4, 3),
                    round(shape.area / outline.area, 6),
                    np.nan if own is None else round(shapely.intersection(shape, own).area / own.area, 6),
                    int(near.sum()),
                    int((~near).sum()),
                    int((near & in_centre).sum()),
                    round(residents, 1),
                    round(1000 * near.sum() / residents, 3) if residents else np.nan,
                )
            )
            shapes.append(shape)
            names.append(_zone_name(metres, distance, label))
    data = pd.DataFrame(rows, columns=list(TAKEAWAY_COLUMNS))
    text = pd.DataFrame(
        {
            "Zone": [_zone_name(row.metres, row.distance, row.schools) for row in data.itertuples()],
            "Ground": [f"{rounded(one, 1)} ha" for one in data["hectares"]],
            "Share of the borough": [f"{rounded(one * 100, 1)}%" for one in data["borough_share"]],
            "Share of centres' ground": [
                word("cell", "not_held") if np.isnan(one) else f"{rounded(one * 100, 1)}%"
                for one in data["centre_share"]
            ],
            "Takeaways inside": data["outlets_inside"].astype(str),
            "Takeaways outside": data["outlets_outside"].astype(str),
            "Inside and in a centre": data["outlets_in_centres"].astype(str),
            "Residents inside": [rounded(one, 0) for one in data["residents"]],
            "Takeaways for each 1,000": [
                SIGNS["not_applicable"][0] if np.isnan(one) else rounded(one, 2)
                for one in data["outlets_per_1000"]
            ],
        }
    )
    notes = (word("notes", "takeaway", metres=f"{metres:g}"),)
    zones = gpd.GeoDataFrame({"name": names}, geometry=shapes, crs=BNG)
    return ReviewTable(
        "takeaways", "Takeaway zones round schools", data, TAKEAWAY_COLUMNS, text, notes
    ), zones


def _zone_name(metres: float, distance: str, schools: str) -> str:
    how = "as the crow flies" if distance == "crow" else "on foot"
    return f"{metres:g} m {how} of {'any school' if schools == 'both' else schools + ' schools'}"


def _walks(
    network: Network, points: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, metres: float
) -> np.ndarray:
    if points.empty:
        return np.zeros(0, dtype=bool)
    plain = gpd.GeoDataFrame(geometry=points.geometry.to_numpy(), crs=BNG)
    pairs = measure_pairs(network, plain, schools[["geometry"]], limit=metres, unit="metres")
    return plain.index.isin(pairs.table["demand"])


def _below(released: Released) -> pd.DataFrame | None:
    """Draws of people below the standard, a row an LSOA; None where there is no estimate."""
    try:
        codes, draws = released.draws("lsoa21")
    except (ValueError, LookupError):
        return None
    return pd.DataFrame(draws["people_below"], index=codes) if "people_below" in draws else None


def _mis(
    people: gpd.GeoDataFrame, mask: np.ndarray, draws: pd.DataFrame | None, enough: bool
) -> tuple[float, float, float, str]:
    if draws is None:
        return np.nan, np.nan, np.nan, "missing"
    if not enough:
        return np.nan, np.nan, np.nan, "suppressed"
    whole = people.groupby("lsoa")["residents"].sum()
    share = (people[mask].groupby("lsoa")["residents"].sum() / whole).reindex(draws.index).fillna(0.0)
    sums = share.to_numpy() @ draws.to_numpy(dtype=float)
    low, middle, high = np.quantile(sums, [0.05, 0.5, 0.95])
    return two_figures(float(middle)), two_figures(float(low)), two_figures(float(high)), "ok"


def _enough(people: pd.DataFrame) -> bool:
    return bool(people["residents"].sum() >= MIS_RESIDENTS and people["households"].sum() >= MIS_HOUSEHOLDS)


def _apart(people: gpd.GeoDataFrame, one: np.ndarray, other: np.ndarray) -> bool:
    """Two zones whose difference is nobody, or enough people to be shown by themselves."""
    return all(_enough(people[rest]) for rest in (one & ~other, other & ~one) if rest.any())


def _words(row: Any) -> str:
    if row.status != "ok":
        if row.status == "suppressed":
            return word("cell", "small", residents=f"{MIS_RESIDENTS:,}")
        return word("cell", "not_held")
    value = rounded(row.value, 0)
    if row.measure == "mis_below":
        return f"{value} ({rounded(row.low, 0)} to {rounded(row.high, 0)})"
    return value
