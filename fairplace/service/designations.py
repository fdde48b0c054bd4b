"""Designations of a pack: its planning layers as features, each with how complete it is.

That nothing is found in a layer means that there is nothing only where the layer is complete. So the
completeness stands with the list, with each collection and with every feature, whatever form it is
taken away in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from fairplace.disclosure import Released
from fairplace.ground import released_layers, unknown_layers
from fairplace.profile.words import load_words
from fairplace.service.features import Layer, build_layer

#: What follows the name of a pack in the names of its collections of designations.
DESIGNATIONS = "designations"
_NAME = re.compile(r"[^a-z0-9]+")
#: What each completeness means for somebody who finds nothing.
_MEANING = {
    "complete": "Complete for {name}: where nothing of it is found, there is none.",
    "partial": "Not complete for {name}: where nothing of it is found, there may be some all the same.",
    "not stated": "Whether it is complete for {name} is not stated: where nothing of it is found, there may "
    "be some all the same.",
    "none": "Not held: nothing is known of it here, which is not to say that there is none in {name}.",
}


def designation_collection(key: str, layer: str) -> str:
    """Give the name of the collection of one planning layer of a pack."""
    return f"{key}-{DESIGNATIONS}-{_NAME.sub('-', layer.lower()).strip('-')}"


def designation_frame(released: Released) -> gpd.GeoDataFrame:
    """Features of the planning layers that an edition may carry.

    Returns
    -------
    GeoDataFrame
        EPSG:27700: ``id`` (layer and number), ``layer``, ``title``, ``reference``, ``name``,
        ``completeness`` (of the layer, in words), ``edition``, ``publisher``, ``licence``.
    """
    papers, features = released_layers(released)
    about = {str(one["id"]): one for one in papers}
    layer = features["layer"].astype(str)
    number = features.groupby("layer").cumcount() + 1
    columns: dict[str, pd.Series] = {
        "id": layer + "-" + number.astype(str),
        "layer": layer,
        "title": layer.map(lambda one: str(about[one]["title"])),
        "reference": features["reference"],
        "name": features["name"],
        "completeness": layer.map(lambda one: _words(about[one])),
        "edition": layer.map(lambda one: str(about[one]["edition"])),
    }
    for part in ("publisher", "licence"):
        columns[part] = layer.map(
            lambda one, part=part: getattr(released.sources[str(about[one]["source"])], part)
        )
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=features.geometry.to_numpy(), crs=features.crs)


def designation_table(released: Released) -> list[dict[str, Any]]:
    """Every planning layer that is spoken of, held or not, and those of which nothing is known.

    Returns
    -------
    list of dict
        ``layer, title, held, features, completeness, means, edition, publisher, licence``; ``features`` is
        None where the layer is not held, which is not zero.
    """
    papers, features = released_layers(released)
    counts = features["layer"].value_counts()
    rows = []
    for one in papers:
        source = released.sources.get(str(one["source"]))
        rows.append(
            {
                "layer": str(one["id"]),
                "title": str(one["title"]),
                "held": bool(one["held"]),
                "features": int(counts.get(str(one["id"]), 0)) if one["held"] else None,
                "completeness": _words(one),
                "means": _meaning(one, released.name),
                "edition": str(one["edition"]),
                "publisher": source.publisher if source else "",
                "licence": source.licence if source else "",
            }
        )
    return rows


def not_spoken_of(released: Released) -> list[str]:
    """Titles of the layers a plan is usually held against, of which this edition says nothing at all."""
    words = load_words()
    return [words("planning_layers", one) for one in unknown_layers(released_layers(released)[0])]


def designation_layers(key: str, released: Released, credit: str) -> list[Layer]:
    """Build the collections of designations: all of them, and one for each layer that is held.

    Parameters
    ----------
    key
        Name of the pack in addresses.
    released
        In one edition.
    credit
        Words that stand with the data.
    """
    table = designation_table(released)
    if not any(one["held"] for one in table):
        return []
    frame = designation_frame(released)
    around = released.areas(next(one for one in released.geographies if one.startswith("lad")))
    caution = "Each feature says whether its layer is complete; where nothing is found of one that is not, "
    whole = build_layer(
        frame.drop(columns="id"),
        layer=f"{key}-{DESIGNATIONS}",
        title=f"{released.name}: Designations and constraints, all layers held",
        description=f"{caution}there may be some all the same. {credit}",
        ids=frame["id"].tolist(),
        around=around,
        about={"layers": table, "notSpokenOf": not_spoken_of(released)},
    )
    made = [whole]
    for one in table:
        if one["held"]:
            own = frame[frame["layer"] == one["layer"]].reset_index(drop=True)
            made.append(
                build_layer(
                    own.drop(columns="id"),
                    layer=designation_collection(key, one["layer"]),
                    title=f"{released.name}: {one['title']} ({one['completeness']})",
                    description=f"{one['means']} {credit}",
                    ids=own["id"].tolist(),
                    around=around,
                    about={name: one[name] for name in ("completeness", "means", "edition")},
                )
            )
    return made


def _words(papers: Mapping[str, Any]) -> str:
    return load_words()("planning", f"is_{str(papers['completeness']).replace(' ', '_')}")


def _meaning(papers: Mapping[str, Any], name: str) -> str:
    return _MEANING[str(papers["completeness"]) if papers["held"] else "none"].format(name=name)
