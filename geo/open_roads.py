"""OS Open Roads told as OpenStreetMap tells streets, so that the same rules hold for both.

Ordnance Survey draws every road that may be driven on, generalised to 1:15,000 to 1:30,000, and no
footpath, alley, flight of steps or way through a park: a walk along it is at least as long as the one
that people make. Columns and codes: OS Open Roads technical specification, feature types and code lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from geo.profiles import road_class

#: What is said beside whatever is measured on these streets.
SAID = (
    "roads of OS Open Roads: no footpaths, alleys, steps or ways through parks, so walks come out longer "
    "than those people make; nothing is known of pavements, kerbs, surfaces, lighting or one-way streets"
)
PAPERS = {"publisher": "Ordnance Survey", "licence": "OGL v3", "licence class": "open"}
#: Name of the layer of roads in a GeoPackage, of today and before 2023.
LAYERS = ("road_link", "RoadLink")
# Meaning -> name in GeoPackage and GML, then in the Shapefile, without case and underscores.
_COLUMNS = {
    "function": ("roadfunction", "function"),
    "class": ("roadclassification", "class"),
    "form": ("formofway",),
    "name": ("name1",),
    "ref": ("roadclassificationnumber", "roadnumber"),
    "structure": ("roadstructure", "structure"),
    "start": ("startnode",),
    "end": ("endnode",),
}


def roads_layer(names: Iterable[str]) -> str | None:
    """Name of the layer of roads among those of a file; None where it is no OS Open Roads."""
    return next((one for one in names if one in LAYERS), None)


def is_open_roads(columns: Iterable[str]) -> bool:
    """Tell whether lines have the columns that only OS Open Roads has together."""
    held = _held(columns)
    return {"function", "form", "start", "end"} <= set(held)


def tags_of(lines: pd.DataFrame) -> pd.DataFrame:
    """Say of each road what OpenStreetMap would.

    Parameters
    ----------
    lines
        Rows of RoadLink, with the columns of any of the publisher's forms.

    Returns
    -------
    DataFrame
        Same index: ``highway`` (empty where the road's function is not known: such a road may be used by
        everybody), ``name``, ``ref``, ``tunnel``; and ``u`` and ``v``, numbers of the nodes it ends at,
        where every row names both. Roads that only cross share no node.
    """
    held = _held(lines.columns)
    text = {meaning: lines[column].fillna("").astype("str").str.strip() for meaning, column in held.items()}
    highway = road_class(text["function"])
    # A slip road of a motorway may have another function; nobody walks on it either.
    if "class" in text:
        highway = highway.mask(text["class"] == "Motorway", "motorway")
    highway = highway.mask(text["form"] == "Guided Busway", "bus_guideway")
    highway = highway.mask(text["form"] == "Shared Use Carriageway", "pedestrian")
    table = {"highway": highway}
    for key in ("name", "ref"):
        if key in text:
            table[key] = text[key]
    if "structure" in text:
        tunnel = text["structure"].str.lower().str.contains("tunnel")
        table["tunnel"] = tunnel.map({True: "yes", False: ""}).astype("str")
    made = pd.DataFrame(table, index=lines.index)
    if (text["start"] != "").all() and (text["end"] != "").all():
        number, _ = pd.factorize(pd.concat([text["start"], text["end"]]))
        made = made.assign(u=number[: len(lines)], v=number[len(lines) :])
    return made


def _held(columns: Iterable[str]) -> Mapping[str, str]:
    plain = {re.sub("_", "", str(one).lower()): str(one) for one in columns}
    return {
        meaning: plain[next(one for one in names if one in plain)]
        for meaning, names in _COLUMNS.items()
        if any(one in plain for one in names)
    }
