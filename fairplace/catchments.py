"""Walk catchments: the ground from which a service is within minutes on foot, along the streets.

What is drawn is the streets reached and a few metres to either side, so that a railway or a river
without a bridge stays an edge. People are never counted by these shapes: `fairplace.walking` counts
them along the streets themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace.disclosure import Released
from fairplace.walking import PROFILE, SERVICES, STREETS, find_services
from geo.crs import BNG

#: Minutes at whose edges catchments are drawn.
EDGES = (10, 15, 20)


def walk_catchments(released: Released, service: str, limits: Sequence[float] = EDGES) -> gpd.GeoDataFrame:
    """Draw the ground from which one of a service's places is within each limit on foot.

    Parameters
    ----------
    released
        Its streets and public points; anything but what is closed or planned counts as open.
    service
        Key of `fairplace.walking.SERVICES`.
    limits
        Minutes, one way from where people are to the service, at 4.8 km/h on a level street.

    Returns
    -------
    GeoDataFrame
        ``limit`` (ascending) and the ground in EPSG:27700, each holding the one before; cut at the edge of
        the authority, beyond which no service is held. No rows without streets or such a service.
    """
    layer = SERVICES[service][0]
    if STREETS not in released.held("networks") or layer not in released.held("points"):
        return gpd.GeoDataFrame({"limit": []}, geometry=[], crs=BNG)
    key = ("catchments", service, *(float(one) for one in limits))
    return released.drawn(key, lambda: _draw(released, service, limits))


def _draw(released: Released, service: str, limits: Sequence[float]) -> gpd.GeoDataFrame:
    layer = SERVICES[service][0]
    # Imported here because most packs hold no streets, and streets need numba.
    from geo.reach import draw_catchments, find_reach

    network = released.network(STREETS)
    services = find_services({layer: released.places("points", layer)}, network)
    doors = services[services["service"] == service].reset_index(drop=True)
    if doors.empty:
        return gpd.GeoDataFrame({"limit": []}, geometry=[], crs=BNG)
    reach = find_reach(network, doors, limits=list(limits), profile=PROFILE, trip="in")
    drawn = draw_catchments(reach).sort_values("limit")
    district = next(key for key in released.geographies if key.startswith("lad"))
    edge = shapely.union_all(released.areas(district).geometry.to_numpy())
    held = shapely.intersection(drawn.geometry.to_numpy(), edge)
    return gpd.GeoDataFrame({"limit": drawn["limit"].to_numpy()}, geometry=held, crs=BNG)


def catchment_bands(released: Released, catchments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Part an authority into bands: within the first limit, from each to the next, and beyond the last.

    Returns
    -------
    GeoDataFrame
        ``band`` (``within-10``, …, ``beyond``) in EPSG:27700, no two of which share ground; a band
        without ground is left out.
    """
    district = next(key for key in released.geographies if key.startswith("lad"))
    whole = shapely.union_all(released.areas(district).geometry.to_numpy())
    shapes = [*catchments.geometry, whole]
    names = [*(f"within-{limit:g}" for limit in catchments["limit"]), "beyond"]
    bands = [shapes[0], *(shapely.difference(b, a) for a, b in pairwise(shapes))]
    frame = gpd.GeoDataFrame({"band": pd.Series(names, dtype=str)}, geometry=np.array(bands), crs=BNG)
    return frame[~frame.geometry.is_empty].reset_index(drop=True)
