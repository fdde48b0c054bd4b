"""The nearest feature is found among pieces of outlines: as far as from the whole."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.overlay import lay_over


@pytest.mark.parametrize("corners", [20, 33, 48, 49, 500])
def test_pieces_of_an_outline_are_as_far_as_the_whole(corners: int) -> None:
    random = np.random.default_rng(corners)
    turn = np.sort(random.uniform(0, 2 * np.pi, (12, corners)), axis=1)
    far = random.uniform(300, 600, (12, corners))
    middle = random.uniform(0, 9_000, (12, 2)) + np.array([500_000, 200_000])
    rings = np.stack([middle[:, :1] + far * np.cos(turn), middle[:, 1:] + far * np.sin(turn)], axis=2)
    features = shapely.polygons(np.concatenate([rings, rings[:, :1]], axis=1))
    line = shapely.LineString(np.column_stack([np.linspace(500_000, 509_000, 90), np.full(90, 212_000)]))
    many = shapely.MultiPoint(random.uniform(0, 500, (60, 2)) + np.array([509_000, 211_000]))
    layer = gpd.GeoDataFrame(geometry=[*features, line, many], crs="EPSG:27700")
    at = random.uniform(-2_000, 12_000, (80, 2)) + np.array([500_000, 200_000])
    sites = gpd.GeoDataFrame(geometry=shapely.buffer(shapely.points(at), 90), crs="EPSG:27700")
    whole = shapely.union_all(layer.geometry.to_numpy())
    got = lay_over(sites, layer)["metres"].to_numpy()
    assert got == pytest.approx(shapely.distance(sites.geometry.to_numpy(), whole), abs=1e-9)
