"""Walking and cycling routes of a plan: how long, and who lives near, by how many are below MIS."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace.local_figures import make_figures, paper
from geo.boundaries import Boundaries
from geo.figures import tidy_figures

#: Metres within which a route counts as near, in a straight line: five minutes at 4.8 km/h.
NEAR = 400.0
ALL = ""


def route_figures(
    lines: gpd.GeoDataFrame,
    boundaries: Mapping[str, Boundaries],
    *,
    authority: str,
    period: str,
    source: str,
    people: gpd.GeoDataFrame | None = None,
    below: pd.Series[float] | None = None,
) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Figures of planned routes.

    Parameters
    ----------
    lines
        EPSG:27700, with ``status``.
    boundaries
        ``wd25`` and ``lad25``.
    authority, period, source
        For the rows.
    people
        Points with ``lsoa`` and ``residents``.
    below
        Share of people below the Minimum Income Standard by LSOA: with it, people near a route are given
        by fifth of LSOAs of this authority (1 = most below).

    Returns
    -------
    tuple
        Kilometres by ward and by status, and the share of people within `NEAR` metres of a route, in a
        straight line; papers.
    """
    parts = []
    for key in ("wd25", "lad25"):
        areas = boundaries[key].areas.geometry
        whole = shapely.union_all(lines.geometry.to_numpy())
        length = pd.Series(shapely.length(shapely.intersection(areas.to_numpy(), whole)) / 1000, areas.index)
        parts.append(_row(length.round(3), "routes_km", key, ALL, period, "km", source))
    outline = boundaries["lad25"].areas.geometry.iloc[0]
    for status, group in lines[lines["status"] != ""].groupby("status"):
        clipped = shapely.intersection(outline, shapely.union_all(group.geometry.to_numpy()))
        number = pd.Series({authority: round(float(shapely.length(clipped)) / 1000, 3)})
        parts.append(_row(number, "routes_km", "lad25", str(status), period, "km", source))
    if people is not None and "residents" in people:
        parts += _near(lines, people, below, authority, period, source)
    papers = {
        "routes_km": paper("Walking and cycling routes of the plan", "km"),
        "routes_people_near_share": paper(
            "People within 400 m of a route of the plan, in a straight line",
            "share",
            measure="rate",
            direction="fifths: 1 = most people below the Minimum Income Standard",
        ),
    }
    return tidy_figures(parts), papers


def _near(
    lines: gpd.GeoDataFrame,
    people: gpd.GeoDataFrame,
    below: pd.Series[float] | None,
    authority: str,
    period: str,
    source: str,
) -> list[pd.DataFrame]:
    zone = shapely.buffer(shapely.union_all(lines.geometry.to_numpy()), NEAR)
    shapely.prepare(zone)
    near = shapely.intersects(zone, people.geometry.to_numpy())
    residents = people["residents"].fillna(0.0).to_numpy(dtype=float)
    groups = pd.Series(ALL, index=people.index)
    plan = [(ALL, np.ones(len(people), dtype=bool))]
    if below is not None and below.notna().any():
        # Fifths of the authority's own areas, the fifth with most people below first.
        order = below.dropna().rank(ascending=False, method="first", pct=True)
        groups = people["lsoa"].map(np.ceil(order * 5)).map(lambda one: "" if one != one else f"{one:.0f}")
        plan += [(one, (groups == one).to_numpy()) for one in sorted(set(groups) - {""})]
    parts = []
    for group, inside in plan:
        base, count = float(residents[inside].sum()), float(residents[inside & near].sum())
        value = pd.Series({authority: count / base if base else np.nan})
        parts.append(
            make_figures(
                value, indicator="routes_people_near_share", geography="lad25", group=group, period=period,
                unit="share", source=source, basis="apportioned", count=round(count), base=round(base),
            )
        )  # fmt: skip
    return parts


def _row(
    values: pd.Series[float], indicator: str, key: str, group: str, period: str, unit: str, source: str
) -> pd.DataFrame:
    return make_figures(
        values, indicator=indicator, geography=key, group=group, period=period, unit=unit, source=source
    )
