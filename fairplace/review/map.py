"""The map of a review: sites by status, layers, centres and zones, in one file that needs no network."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd

from fairplace.review.model import Review, word
from maps.interactive import build_map
from maps.layer import LayerKind, MapLayer
from maps.style import categories, single

_COLOURS = ("#00703c", "#912b88", "#7a5a1a", "#4c2c92", "#b3145c", "#0f6d66", "#594d00", "#003078")


def draw_review(review: Review) -> str:
    """Give the map as one HTML page; what is not complete is said in its caveats."""
    status = review.sites["status"].replace("", "not stated")
    labels = {value: value.capitalize() for value in sorted(set(status))}
    layers = [
        MapLayer(
            "sites",
            "Sites of the plan",
            review.sites[["name", "geometry"]],
            categories("Sites of the plan, by status", labels),
            figures=pd.Series(status.to_numpy(), index=review.sites.index),
            source=f"Plan: {review.settings['plan']['name'] or 'name not stated'}",
            shown=True,
        )
    ]
    outline = review.extra.get("outline")
    if outline is not None:
        label = f"{review.name}: the borough's edge"
        layers.append(
            MapLayer(
                "outline", label, outline, single(label, label, colour="#0b0c0c"), kind="line", shown=True
            )
        )
    for at, one in enumerate(one for one in review.layers if one.held and len(one.frame)):
        style = single(one.title, one.title, colour=_COLOURS[at % len(_COLOURS)])
        source = f"{one.source.publisher}, edition {one.edition or 'not stated'}" if one.source else ""
        points = one.frame.geometry.geom_type.str.contains("Point")
        made: dict[LayerKind, gpd.GeoDataFrame] = {"line": one.frame[~points], "point": one.frame[points]}
        for kind, frame in made.items():
            if frame.empty:
                continue
            suffix = ", points" if kind == "point" and not points.all() else ""
            layers.append(
                MapLayer(
                    re.sub(r"[^A-Za-z0-9_-]", "-", f"{one.id}{'-points' if suffix else ''}"),
                    f"{one.title}{suffix}",
                    frame[["name", "geometry"]],
                    style,
                    kind=kind,
                    source=source,
                    licence=one.source.licence if one.source else "",
                )
            )
    for name, zones in review.zones.items():
        for row in zones.itertuples():
            label = str(row.name)
            frame = zones.loc[[row.Index], ["name", "geometry"]]
            layers.append(
                MapLayer(
                    re.sub(r"[^A-Za-z0-9_-]", "-", f"{name}-{row.name}"),
                    label,
                    frame,
                    single(label, label, colour="#b10e1e"),
                    kind="line",
                )
            )
    caveats = [word("notes", "fictional", name=review.name)] if review.fictional else []
    caveats.append(word("notes", "no_data"))
    caveats += [
        f"{one.title}: "
        + ("" if one.held else word("cell", "not_held") + "; ")
        + word("cell", "not_complete", edition=one.edition or word("cell", "no_edition"))
        for one in review.layers
        if not one.complete
    ]
    return build_map(layers, title=f"Local Plan review: {review.name}", caveats=caveats)
