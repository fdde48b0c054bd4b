"""The drawn background of a map from an OpenStreetMap extract: main roads, railways, water, green.

It is there to tell readers where they are, with no tile server and no network. Figures are never
taken from it.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geo.crs import to_bng
from geo.errors import UserError

#: Kinds of road that are drawn; smaller ones would hide the areas.
MAIN_ROADS = ("motorway", "trunk", "primary", "secondary", "tertiary")
GREEN = ("park", "recreation_ground", "common", "garden", "nature_reserve")


class BackdropError(UserError, ValueError):
    """An extract cannot be read for its background."""


def read_backdrop(path: Path, *, around: gpd.GeoSeries) -> dict[str, gpd.GeoDataFrame]:
    """Read the background of a place.

    Parameters
    ----------
    path
        ``.osm`` or ``.osm.pbf``.
    around
        Polygons in EPSG:27700; what lies more than 500 m from their box is left out.

    Returns
    -------
    dict
        ``road``, ``rail``, ``water``, ``green``, as far as there are any -> shapes in EPSG:27700 with
        ``name`` (empty where there is none).

    Raises
    ------
    BackdropError
        The file cannot be read as an extract.
    """
    try:
        lines = pyogrio.read_dataframe(path, layer="lines")
        areas = pyogrio.read_dataframe(path, layer="multipolygons")
    except pyogrio.errors.DataSourceError as error:
        raise BackdropError(f"{path.name} cannot be read as an OpenStreetMap extract: {error}") from error
    parts = {
        "road": lines[lines["highway"].isin(MAIN_ROADS)],
        "rail": lines[lines["railway"].isin(["rail", "light_rail", "tram"])] if "railway" in lines else None,
        "water": pd.concat(
            [
                lines.loc[lines["waterway"].isin(["river", "canal"]), ["name", "geometry"]],
                areas.loc[areas["natural"].isin(["water"]), ["name", "geometry"]],
            ]
        ),
        "green": areas[areas["leisure"].isin(GREEN)],
    }
    west, south, east, north = around.total_bounds
    made = {}
    for name, frame in parts.items():
        if frame is None or frame.empty:
            continue
        plain = gpd.GeoDataFrame(
            {"name": frame["name"].fillna("").astype("str").to_numpy()},
            geometry=frame.geometry.to_numpy(),
            crs="EPSG:4326",
        )
        moved, _ = to_bng(plain, where=path.name)
        near = moved.cx[west - 500 : east + 500, south - 500 : north + 500]
        if len(near):
            made[name] = near.reset_index(drop=True)
    return made
