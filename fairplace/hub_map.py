"""The map of a hub plan: hubs that stay, open and close, and who is within reach before and after."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace.hubs import HubPlan
from geo.crs import BNG
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.style import categories

PLACES = {
    "within": "within the limit now and under the best plan",
    "newly": "within the limit under the best plan only",
    "lost": "within the limit now only",
    "beyond": "beyond the limit in both",
    "noway": "no way to any candidate",
}
SITES = {
    "stays": "hub that stays",
    "opens": "hub that opens",
    "closes": "hub that closes",
    "other": "other candidate",
}


def can_draw(plan: HubPlan) -> bool:
    """Whether places and candidates have coordinates."""
    return all(
        {"easting", "northing"} <= set(frame.columns)
        and frame[["easting", "northing"]].notna().all(axis=None)
        for frame in (plan.demand, plan.candidates)
    )


def class_places(plan: HubPlan) -> pd.Series[str]:
    """Say of each place whether it is within the limit, before and under the best plan."""
    limit = plan.question.limit
    before, after = (plan.options[place].minutes <= limit for place in (0, 1))
    unreached = plan.demand["name"].isin(plan.unreached)
    words = np.select(
        [unreached, before & after, ~before & after, before & ~after],
        ["noway", "within", "newly", "lost"],
        "beyond",
    )
    return pd.Series(words, index=plan.demand.index)


def class_sites(plan: HubPlan) -> pd.Series[str]:
    """Say of each candidate what the best plan does with it."""
    best, existing = set(plan.options[1].sites), plan.candidates["status"] == "existing"
    chosen = plan.candidates.index.isin(list(best))
    words = np.select(
        [existing & chosen, ~existing & chosen, existing & ~chosen], ["stays", "opens", "closes"], "other"
    )
    return pd.Series(words, index=plan.candidates.index)


def draw_hub_map(plan: HubPlan, *, title: str, licence: str = "") -> str:
    """Draw the plan as one page that needs no other file.

    A place is drawn as a point, with the minutes class and nothing of its need.

    Parameters
    ----------
    plan
        The plan; `can_draw` must hold.
    title
        Heading of the page.
    licence
        Attribution of streets and places.

    Returns
    -------
    str
        HTML.
    """
    asked = plan.question
    places = _layer(
        plan.demand,
        class_places(plan),
        PLACES,
        id_="places",
        label=f"Places and a hub within {asked.limit:g} minutes",
        caveat=f"{asked.mode}. Each place is one point.",
        licence=licence,
    )
    sites = _layer(
        plan.candidates,
        class_sites(plan),
        SITES,
        id_="sites",
        label="Hubs under the plan that is best under these assumptions",
        caveat="Other plans may be as good; see the note.",
        licence=licence,
    )
    return build_map([places, sites], title=title, caveats=[f"{asked.mode}."])


def _layer(
    frame: pd.DataFrame,
    words: pd.Series[str],
    labels: dict[str, str],
    *,
    id_: str,
    label: str,
    caveat: str,
    licence: str,
) -> MapLayer:
    points = gpd.GeoDataFrame(
        {"name": frame["name"].to_numpy()},
        index=frame.index,
        geometry=shapely.points(frame[["easting", "northing"]].to_numpy(dtype=float)),
        crs=BNG,
    )
    found = {key: text for key, text in labels.items() if (words == key).any()}
    return MapLayer(
        id=id_,
        label=label,
        areas=points,
        style=categories(label, found),
        figures=words,
        kind="point",
        caveat=caveat,
        licence=licence,
        shown=True,
    )
