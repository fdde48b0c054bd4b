"""The map of a hub plan: hubs that stay, open and close, and who is within reach before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import KDTree

from fairplace.hub_models import sentence
from fairplace.hub_times import Walk
from fairplace.hubs import HubPlan
from geo.crs import BNG
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.style import LayerStyle, MapClass

#: Class -> legend words and look of a place; told apart by pattern as well as by colour.
PLACES = (
    MapClass("within", "within the limit now and under the best plan", "#9ecae1"),
    MapClass("newly", "within the limit under the best plan only", "#08519c"),
    MapClass("lost", "within the limit now only", "#a63603", "falling", "#ffffff"),
    MapClass("beyond", "beyond the limit in both", "#fdd0a2", "rising", "#7f2704"),
    MapClass("noway", "no way to any candidate", "#ffffff", "cross", "#1a1a1a"),
)
#: The same of hubs, by the shape of the mark.
HUBS = (
    MapClass("stays", "hub that stays", "#1a1a1a", mark="square"),
    MapClass("opens", "hub that opens", "#ffe14d", mark="star"),
    MapClass("closes", "hub that closes", "#ffffff", mark="cross"),
)
#: A disc is no smaller than this part of the map's width.
_SEEN = 140
#: Square metres of a gap in a catchment that its outline shows.
_GAP = 50_000.0
OTHERS = (MapClass("other", "candidate that is no hub under this plan", "#8a8a8a", mark="circle"),)


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
    unreached = plan.demand.index.isin(plan.unreached_ids)
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


def say_minutes(plan: HubPlan) -> pd.Series[str]:
    """Write the minutes of each place to its hub, before and under the best plan; none where there is no way.

    Minutes are those of the allocation: they say nothing of the need of a place.
    """
    now, then = (
        [_minutes(float(many), bool(full)) for many, full in zip(one.minutes, one.full, strict=True)]
        for one in (plan.options[0], plan.options[1])
    )
    words = [
        f"{before}, now and under the plan" if before == after else f"{before} now, {after} under the plan"
        for before, after in zip(now, then, strict=True)
    ]
    reached = np.isfinite(plan.options[0].minutes) | np.isfinite(plan.options[1].minutes)
    return pd.Series(words, index=plan.options[0].minutes.index)[reached]


def _minutes(many: float, full: bool) -> str:
    return f"{many:.1f} minutes" if np.isfinite(many) else "no room in a hub" if full else "no way to a hub"


def draw_hub_map(
    plan: HubPlan,
    *,
    title: str,
    licence: str = "",
    backdrop: Mapping[str, gpd.GeoDataFrame] | None = None,
    walk: Walk | None = None,
    banner: Sequence[str] = (),
    running: str = "",
) -> str:
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
    backdrop
        ``road``, ``rail``, ``water`` or ``green`` -> shapes in EPSG:27700, drawn beneath.
    walk
        Streets and pace behind the minutes, to draw how far the walk to a hub goes; None where the
        minutes are the council's own.
    banner, running
        What stands in the image: of what standing the map is, and of whom and which pack.

    Returns
    -------
    str
        HTML.
    """
    asked = plan.question
    homes, halls = (_points(frame) for frame in (plan.demand, plan.candidates))
    homes = homes.set_geometry(homes.buffer(_radius(homes)))
    papers = {} if walk is None else walk.network.papers
    edition = papers.get("edition", "")
    does = class_sites(plan)
    hubs = does[does != "other"]
    layers = [
        replace(
            _layer(
                homes,
                class_places(plan),
                PLACES,
                id_="places",
                label=f"Places and a hub within {asked.limit:g} minutes",
                caveat=f"{sentence(asked.mode)}. Each place is a point; the size of its disc means nothing.",
                licence=licence,
            ),
            said=say_minutes(plan),
            # An edition without a year in it ("as the file's name says") is no period.
            period=edition if any(sign.isdigit() for sign in edition) else "",
            source=", ".join(papers[key] for key in ("publisher", "source") if papers.get(key))
            or "The council's own travel times",
        ),
        replace(
            _layer(
                halls.loc[hubs.index],
                hubs,
                HUBS,
                id_="hubs",
                label="Hubs under the plan that is best under these assumptions",
                caveat="Other plans may be as good; see the note.",
                licence=licence,
            ),
            kind="point",
            labelled=True,
        ),
    ]
    if walk is not None:
        layers[1:1] = _catchments(plan, walk, licence)
    others = does[does == "other"]
    if len(others):
        layer = _layer(
            halls.loc[others.index],
            others,
            OTHERS,
            id_="others",
            label="Other candidates",
            caveat="",
            licence=licence,
        )
        layers.append(replace(layer, kind="point", shown=False))
    return build_map(
        layers,
        title=title,
        backdrop=backdrop,
        banner=banner,
        running=running,
    )


def _catchments(plan: HubPlan, walk: Walk, licence: str) -> list[MapLayer]:
    """Outline from where a hub is within the limit, under no change and under the best plan."""
    limit = plan.question.limit
    looks = (
        ("catchment-now", 0, "now", "#7f2704", 1.4, "long", False),
        (
            "catchment-best",
            1,
            "under the plan that is best under these assumptions",
            "#08519c",
            2.8,
            "",
            True,
        ),
    )
    layers = []
    for id_, option, words, colour, width, dash, shown in looks:
        sites = list(plan.options[option].sites)
        if not sites:
            continue
        drawn = walk.catchment(plan.candidates.loc[sites], limit)
        if drawn.empty:
            continue
        way = "ride" if walk.profile.startswith("cycle") else "walk"
        label = f"Edge of the {limit:g}-minute {way} to a hub {words}"
        areas = gpd.GeoDataFrame(
            {"name": [label]}, index=[id_], geometry=[_edge(drawn.geometry.iloc[0])], crs=BNG
        )
        style = LayerStyle(
            label,
            (MapClass(id_, label, colour),),
            rule="single",
            outline=colour,
            outline_width=width,
            dash=dash,
        )
        layers.append(
            MapLayer(
                id=id_,
                label=label,
                areas=areas,
                style=style,
                kind="line",
                caveat="Drawn round the streets within reach, true to a few metres, without small gaps.",
                licence=licence,
                shown=shown,
            )
        )
    return layers


def _edge(shape: shapely.Geometry) -> shapely.Geometry:
    """Outline of a catchment: its outer edge and the gaps large enough to matter on a map of a town."""
    parts = shapely.get_parts(shape)
    kept = [
        shapely.Polygon(part.exterior, [one for one in part.interiors if shapely.Polygon(one).area > _GAP])
        for part in parts
    ]
    return shapely.boundary(shapely.MultiPolygon(kept))


def _points(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": frame["name"].to_numpy()},
        index=frame.index,
        geometry=shapely.points(frame[["easting", "northing"]].to_numpy(dtype=float)),
        crs=BNG,
    )


def _radius(points: gpd.GeoDataFrame) -> float:
    """Metres of a disc that seldom touches the next, and is large enough to be seen on the whole map."""
    xy = shapely.get_coordinates(points.geometry.to_numpy())
    if len(xy) < 2:
        return 40.0
    near = KDTree(xy).query(xy, k=2)[0][:, 1]
    least = float(np.ptp(xy, axis=0).max()) / _SEEN
    return float(np.clip(0.4 * np.median(near), max(least, 5.0), max(least, 200.0)))


def _layer(
    areas: gpd.GeoDataFrame,
    words: pd.Series[str],
    classes: tuple[MapClass, ...],
    *,
    id_: str,
    label: str,
    caveat: str,
    licence: str,
) -> MapLayer:
    found = tuple(one for one in classes if (words == one.id).any())
    return MapLayer(
        id=id_,
        label=label,
        areas=areas,
        style=LayerStyle(label, found, rule="codes"),
        figures=words,
        caveat=caveat,
        licence=licence,
        shown=True,
    )
