"""The map of a review: sites by status, layers, centres and zones, in one file that needs no network."""

from __future__ import annotations

import re
from itertools import count

import geopandas as gpd
import pandas as pd

from fairplace.review.model import Review, word
from layers.planning import PlanningLayer
from maps.interactive import build_map
from maps.layer import LayerKind, MapLayer
from maps.marks import DASHES, MARKS
from maps.palettes import QUALITATIVE
from maps.style import LayerStyle, categories, single

_COLOURS = ("#00703c", "#912b88", "#7a5a1a", "#4c2c92", "#b3145c", "#0f6d66", "#594d00", "#003078")
_WIDTHS = (2.0, 3.6)


def draw_review(review: Review) -> str:
    """Give the map as one HTML page; what is not complete is said in its caveats, and with its layer."""
    title = f"Local Plan review: {review.name}"
    layers = [_sites(review)]
    outline = review.extra.get("outline")
    if outline is not None:
        label = f"{review.name}: the borough's edge"
        layers.append(
            MapLayer(
                "outline", label, outline, single(label, label, colour="#0b0c0c"), kind="line", shown=True
            )
        )
    order = count()
    for one in review.layers:
        if one.held and len(one.frame):
            layers += _designations(one, order)
    for name, zones in review.zones.items():
        for row in zones.itertuples():
            label = str(row.name)
            frame = zones.loc[[row.Index], ["name", "geometry"]]
            layers.append(
                MapLayer(_id(f"{name}-{row.name}"), label, frame, look_of(next(order), label), kind="line")
            )
    fictional = [word("notes", "fictional", name=review.name)] if review.fictional else []
    caveats = [
        f"{one.title}: " + ("" if one.held else word("cell", "not_held") + "; ") + _not_complete(one)
        for one in review.layers
        if not one.complete and (not one.held or one.frame.empty)  # what is drawn says it itself
    ]
    return build_map(
        layers,
        title=title,
        caveats=[*fictional, word("notes", "no_data"), *caveats],
        banner=review.banner(),
        running=review.running(title),
    )


def look_of(at: int, label: str) -> LayerStyle:
    """Give the style of the layer at a place of the map's order: no two have colour, dash and width alike.

    Neighbours differ in dash and colour both, and places in the shape of their mark.
    """
    colours, dashes = len(_COLOURS), tuple(DASHES)
    return single(
        label,
        label,
        colour=_COLOURS[(at + at // colours) % colours],
        dash=dashes[at % len(dashes)],
        width=_WIDTHS[at // (colours * len(dashes)) % len(_WIDTHS)],
        mark=MARKS[at % len(MARKS)],
    )


def _sites(review: Review) -> MapLayer:
    """Colour sites by status, whatever its case; those of the rarest stand together where there are many."""
    given = review.sites["status"].fillna("").astype(str).str.strip()
    folded = given.str.casefold()
    order = folded.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable").index
    kept = list(order if len(order) <= len(QUALITATIVE) else order[: len(QUALITATIVE) - 1])
    labels = {f"s{at}": _status(given[folded == one].mode()[0]) for at, one in enumerate(sorted(kept))}
    ids = dict(zip(sorted(kept), labels, strict=True))
    if len(order) > len(kept):
        labels["other"] = word("map", "other")
    other = ~folded.isin(kept)
    return MapLayer(
        "sites",
        "Sites of the plan",
        review.sites[["name", "geometry"]],
        categories(word("map", "sites"), labels),
        figures=folded.map(ids).fillna("other"),
        said=given[other].map(_status),
        source=f"Plan: {review.settings['plan']['name'] or 'name not stated'}",
        shown=True,
    )


def _status(text: str) -> str:
    return text[:1].upper() + text[1:] or word("map", "not_stated")


def _designations(one: PlanningLayer, order: count[int]) -> list[MapLayer]:
    """Draw one layer of constraints: its areas and lines, and its places, each with what must be said."""
    caveat = ""
    if not one.complete:
        caveat = word("map", "layer", title=one.title, said=_not_complete(one))
    frame = one.frame.set_axis(_codes(one), axis="index")
    points = frame.geometry.geom_type.str.contains("Point")
    made: dict[LayerKind, gpd.GeoDataFrame] = {"line": frame[~points], "point": frame[points]}
    layers = []
    for kind, held in made.items():
        if held.empty:
            continue
        suffix = ", points" if kind == "point" and not points.all() else ""
        layers.append(
            MapLayer(
                _id(f"{one.id}{'-points' if suffix else ''}"),
                f"{one.title}{suffix}",
                held[["name", "geometry"]],
                look_of(next(order), one.title),
                kind=kind,
                source=f"{one.source.publisher}, edition {one.edition or 'not stated'}" if one.source else "",
                licence=one.source.licence if one.source else "",
                caveat=caveat,
            )
        )
    return layers


def _not_complete(one: PlanningLayer) -> str:
    return word("cell", "not_complete", edition=one.edition or word("cell", "no_edition"))


def _codes(one: PlanningLayer) -> pd.Index[str]:
    """Give the reference of each feature, by which its publisher knows it, or its number."""
    plain = pd.Series([f"{at + 1}" for at in range(len(one.frame))])
    if "reference" not in one.frame:
        return pd.Index(plain)
    given = one.frame["reference"].fillna("").astype(str).str.strip().reset_index(drop=True)
    alone = (given != "") & ~given.duplicated(keep=False) & ~given.isin(plain)
    return pd.Index(given.where(alone, plain))


def _id(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)
