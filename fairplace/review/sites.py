"""Sites of a plan: read, checked, and what is odd about them said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace.review.model import ReviewError, ReviewTable, several
from geo.crs import to_bng
from geo.overlay import find_overlapping, shape_notes
from geo.vector import read_layer

#: Column of ours -> what councils call it.
_COLUMNS = {
    "reference": ("reference", "ref", "site_ref", "siteref", "site-reference", "id"),
    "name": ("name", "site_name", "site-name", "address", "site-address"),
    "status": ("status", "decision"),
    "use": ("use", "proposed_use", "allocation"),
    "dwellings": ("dwellings", "homes", "capacity", "net-dwellings"),
    "version": ("plan_version", "version", "plan"),
    "start-date": ("start-date", "start_date"),
    "end-date": ("end-date", "end_date"),
    "documentation-url": ("documentation-url", "documentation_url", "site-plan-url", "url"),
}


def read_sites(path: Path, *, crs: str | None = None) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Read the sites of a plan.

    Parameters
    ----------
    path
        Any format of `geo.vector.FORMATS`, with a reference for each site.
    crs
        For a file that does not say.

    Returns
    -------
    tuple
        Sites in EPSG:27700 indexed by reference, with ``name``, ``status``, ``use``, ``dwellings`` (NaN
        for not given), ``version`` and the columns that planning.data.gov.uk wants; and notes. Rows of
        one reference are put together as one site in parts.

    Raises
    ------
    ReviewError
        There are no sites or no references, a site is not a polygon or has no shape, or its outline
        crosses itself so that its ground would be a guess.
    """
    raw = read_layer(path, crs=crs)
    if raw.empty:
        raise ReviewError(f"{path.name} holds no site; give the file with the sites' outlines")
    raw, accuracy = to_bng(raw, where=path.name)
    lower = {str(name).lower(): name for name in raw.columns}
    frame = pd.DataFrame(index=raw.index)
    for name, others in _COLUMNS.items():
        found = next((lower[one] for one in others if one in lower), None)
        frame[name] = raw[found].fillna("").astype(str).str.strip() if found is not None else ""
    if (frame["reference"] == "").any():
        row = int(np.flatnonzero(frame["reference"] == "")[0])
        raise ReviewError(
            f"{path.name} row {row + 1} has no reference (a column such as "
            f"{', '.join(_COLUMNS['reference'][:3])}); give every site one of its own"
        )
    frame["dwellings"] = pd.to_numeric(frame["dwellings"].replace("", None), errors="coerce").astype(float)
    frame["name"] = frame["name"].where(frame["name"] != "", frame["reference"])
    shapes = raw.geometry.to_numpy()
    _check_shapes(shapes, frame["reference"].to_numpy(), path.name)
    notes = [f"Coordinates of the sites: {accuracy}."]
    sites = gpd.GeoDataFrame(frame, geometry=shapes, crs=raw.crs).set_index("reference")
    return _join(sites, notes), tuple(notes)


def describe_sites(sites: gpd.GeoDataFrame) -> ReviewTable:
    """List the sites with their ground, and what is odd about them: parts, slivers, overlaps, copies."""
    shape = shape_notes(sites)
    over = find_overlapping(sites)
    odd: dict[Any, list[str]] = {name: [] for name in sites.index}
    for name, row in shape.iterrows():
        if row["parts"] > 1:
            odd[name].append(f"in {int(row['parts'])} parts")
        if row["sliver"]:
            odd[name].append(f"a sliver, {row['width']:.1f} m wide on average")
    for row in over.itertuples():
        for one, other in ((row.site, row.other), (row.other, row.site)):
            what = (
                f"same outline as {other}"
                if row.same
                else f"overlaps {other} by {row.square_metres / 1e4:.2f} ha"
            )
            odd[one].append(what)
    data = pd.DataFrame(
        {
            "site": sites.index,
            "name": sites["name"].to_numpy(),
            "status": sites["status"].to_numpy(),
            "use": sites["use"].to_numpy(),
            "dwellings": sites["dwellings"].to_numpy(),
            "hectares": shape["hectares"].round(4).to_numpy(),
            "parts": shape["parts"].to_numpy(),
            "sliver": shape["sliver"].to_numpy(),
            "remarks": ["; ".join(odd[name]) for name in sites.index],
        }
    )
    text = pd.DataFrame(
        {
            "Site": [f"{row.site} {row.name}" for row in data.itertuples(index=False)],
            "Status": data["status"].replace("", "not stated"),
            "Use": data["use"].replace("", "not stated"),
            "Ground": [f"{one:,.2f} ha" for one in data["hectares"]],
            "Homes in the plan": [
                "not stated" if np.isnan(one) else f"{one:,.0f}" for one in data["dwellings"]
            ],
            "To note": data["remarks"],
        }
    )
    counts = data["status"].replace("", "not stated").value_counts().sort_index()
    note = f"{several(len(data), 'site')}: {', '.join(f'{n} {name}' for name, n in counts.items())}."
    columns = {
        "site": "reference of the site",
        "name": "name as the plan gives it",
        "status": "chosen, rejected, omission or as the plan gives it",
        "use": "proposed use",
        "dwellings": "homes as the plan gives them; empty for not stated",
        "hectares": "ground of the outline",
        "parts": "separate pieces of ground",
        "sliver": "thinner than 5 m on average",
        "remarks": "parts, slivers, overlaps with other sites, copies",
    }
    return ReviewTable("sites", "Sites", data, columns, text, (note,))


def _check_shapes(shapes: Any, names: Any, where: str) -> None:
    for name, shape in zip(names, shapes, strict=True):
        if shape is None or shape.is_empty:
            raise ReviewError(f"{where}: site {name} has no shape; draw its outline, or leave it out")
        if shape.geom_type not in ("Polygon", "MultiPolygon"):
            raise ReviewError(
                f"{where}: site {name} is a {shape.geom_type}; a site is a Polygon or MultiPolygon: "
                f"close its outline, or leave it out"
            )
        if not shape.is_valid:
            raise ReviewError(
                f"{where}: the outline of site {name} crosses itself ({shapely.is_valid_reason(shape)}), "
                f"so its ground is a guess; mend it by hand"
            )
        if not shape.area > 0:
            raise ReviewError(f"{where}: site {name} has no ground; draw its outline, or leave it out")


def _join(sites: gpd.GeoDataFrame, notes: list[str]) -> gpd.GeoDataFrame:
    if not sites.index.has_duplicates:
        return sites
    kept = sites[~sites.index.duplicated()].copy()
    for name in sites.index[sites.index.duplicated()].unique():
        parts = sites.geometry[sites.index == name].to_numpy()
        kept.loc[name, "geometry"] = shapely.union_all(parts)
        notes.append(f"{len(parts)} rows of {name} were put together as one site.")
    return kept
