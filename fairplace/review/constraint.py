"""Site by constraint: ground and share under each layer, and what is not known said in its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.numbers import rounded
from fairplace.review.model import ReviewTable, several, word
from geo.overlay import lay_over
from layers.planning import PlanningLayer

COLUMNS = {
    "site": "reference of the site",
    "layer": "id of the layer",
    "title": "name of the layer",
    "theme": "what kind of layer it is",
    "status": "ok, or missing where no data are held",
    "contact": "overlap, edge (a hairline touch) or none; empty where no data are held",
    "hectares": "ground of the site under the layer, dissolved",
    "share": "of the site's ground, 0 to 1",
    "metres_inside": "length of lines inside the site",
    "features": "features that overlap the site",
    "metres": "straight line to the nearest feature; 0 where they meet",
    "stopped_at_edge": "the borough's edge, where looking stopped, is nearer than the nearest found",
    "outside_share": "share of the site beyond the borough's edge",
    "completeness": "complete, partial, none or not stated, for this authority",
    "edition": "edition of the layer",
    "words": "the cell as people read it",
}


def lay_sites(
    sites: gpd.GeoDataFrame,
    layers: Sequence[PlanningLayer],
    *,
    outline: Any,
    limits: Mapping[str, Any],
) -> ReviewTable:
    """Make the table of sites by constraint layers.

    Parameters
    ----------
    sites
        EPSG:27700, indexed by reference.
    layers
        Those that are not held too: their cells say so.
    outline
        The borough, where layers of extent ``authority`` stop.
    limits
        Settings ``edge_share`` and ``edge_square_metres``.
    """
    parts = []
    for layer in layers:
        found = lay_over(
            sites,
            layer.frame,
            extent=outline if layer.register.extent == "authority" else None,
            edge_share=float(limits["edge_share"]),
            edge_square_metres=float(limits["edge_square_metres"]),
        )
        rows = pd.DataFrame(
            {
                "site": sites.index,
                "layer": layer.id,
                "title": layer.title,
                "theme": layer.register.theme,
                "status": "ok" if layer.held else "missing",
                "contact": found["contact"].to_numpy() if layer.held else "",
                "hectares": (found["square_metres"] / 1e4).round(6).to_numpy(),
                "share": found["share"].round(8).to_numpy(),
                "metres_inside": found["metres_inside"].round(2).to_numpy(),
                "features": found["features"].to_numpy(dtype=float),
                "metres": found["metres"].round(1).to_numpy(),
                "stopped_at_edge": found["beyond"].to_numpy(),
                "outside_share": found["outside_share"].round(6).to_numpy(),
                "completeness": layer.completeness,
                "edition": layer.edition or word("cell", "no_edition"),
            }
        )
        if not layer.held:
            empty = ["hectares", "share", "metres_inside", "features", "metres", "outside_share"]
            rows[empty] = np.nan
        rows["words"] = [cell_words(row, complete=layer.complete) for row in rows.to_dict("records")]
        parts.append(rows)
    data = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    order = {name: at for at, name in enumerate(sites.index)}
    data = data.sort_values("site", key=lambda one: one.map(order), kind="stable", ignore_index=True)
    text = pd.DataFrame({"Site": [f"{name} {sites.at[name, 'name']}" for name in sites.index]})
    for layer in layers:
        text[layer.title] = data.loc[data["layer"] == layer.id, "words"].to_numpy()
    share, area = float(limits["edge_share"]), float(limits["edge_square_metres"])
    notes = (
        word("notes", "constraint", share=f"{share:.1%}", area=f"{area:g}"),
        word("notes", "no_data"),
        *dict.fromkeys(note for layer in layers for note in layer.notes),
    )
    return ReviewTable("constraints", "Sites by constraint", data[list(COLUMNS)], COLUMNS, text, notes)


def cell_words(row: Mapping[str, Any], *, complete: bool) -> str:
    """Write one cell: what was found, where looking stopped, and whether the layer is complete."""
    said: list[str] = []
    if row["status"] == "missing":
        said.append(word("cell", "not_held"))
    else:
        said.append(_found(row))
        if row["stopped_at_edge"]:
            said.append(word("cell", "stopped"))
        if row["outside_share"] > 0:
            said.append(word("cell", "outside", share=_percent(row["outside_share"])))
    if not complete:
        said.append(word("cell", "not_complete", edition=row["edition"]))
    return "; ".join(said)


def _found(row: Mapping[str, Any]) -> str:
    features = several(int(row["features"]), "feature")
    if row["contact"] == "overlap":
        if row["share"] > 0:
            return word(
                "cell",
                "overlap",
                hectares=rounded(row["hectares"], 2),
                share=_percent(row["share"]),
                features=features,
            )
        if row["metres_inside"] > 0:
            return word("cell", "line", metres=rounded(row["metres_inside"], 0), features=features)
        return word("cell", "point", features=features)
    if row["contact"] == "edge":
        return word("cell", "edge", area=rounded(row["hectares"] * 1e4, 0))
    if np.isnan(row["metres"]):
        return word("cell", "nothing")
    return word("cell", "none", metres=rounded(row["metres"], 0))


def _percent(share: float) -> str:
    return "under 0.1%" if 0 < share < 0.0005 else f"{rounded(share * 100, 1)}%"
