"""OS Open Roads follows the rules of streets: no motorway on foot, and only roads that share a node meet.

The rows are ours, in the publisher's columns and codes (technical specification of OS Open Roads: GeoPackage
and Shapefile name them differently).
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.network import NetworkError
from geo.network_sources import read_streets
from geo.open_roads import SAID, is_open_roads, roads_layer, tags_of
from geo.reach import find_reach, reach_lines

#: A local road A-B-C, an A road over it on a bridge (X-Y, crossing at B without meeting), a motorway C-D.
ROADS = [
    ("A", "B", "Local Road", "Unclassified", "Single Carriageway", [(500_000, 220_000), (500_300, 220_000)]),
    ("B", "C", "Local Road", "Unclassified", "Single Carriageway", [(500_300, 220_000), (500_600, 220_000)]),
    (
        "X",
        "Y",
        "A Road",
        "A Road",
        "Dual Carriageway",
        [(500_300, 219_800), (500_300, 220_000), (500_300, 220_200)],
    ),
    ("C", "D", "Motorway", "Motorway", "Dual Carriageway", [(500_600, 220_000), (500_900, 220_000)]),
]
NAMES = {
    "gpkg": {
        "function": "road_function", "class": "road_classification", "form": "form_of_way", "name": "name_1",
        "ref": "road_classification_number", "structure": "road_structure", "start": "start_node", "end": "end_node",
    },
    "shp": {
        "function": "function", "class": "class", "form": "formOfWay", "name": "name1", "ref": "roadNumber",
        "structure": "structure", "start": "startNode", "end": "endNode",
    },
}  # fmt: skip


def roads(written_as: str = "gpkg", rows: list[tuple] = ROADS, **changed: list[str]) -> gpd.GeoDataFrame:
    table = {
        "start": [one[0] for one in rows], "end": [one[1] for one in rows], "function": [one[2] for one in rows],
        "class": [one[3] for one in rows], "form": [one[4] for one in rows],
        "name": [f"Road {n}" for n, _ in enumerate(rows)], "ref": ["" for _ in rows],
        "structure": [None for _ in rows], **changed,
    }  # fmt: skip
    frame = pd.DataFrame(table).rename(columns=NAMES[written_as])
    return gpd.GeoDataFrame(frame, geometry=[shapely.LineString(one[5]) for one in rows], crs="EPSG:27700")


def write(folder: Path, form: str = "gpkg", **changed: list[str]) -> Path:
    frame = roads(form, **changed)
    if form == "shp":
        path = folder / "TL_RoadLink.shp"
        frame.to_file(path)
        return path
    path = folder / "oproad_gb.gpkg"
    frame.to_file(path, layer="road_link", driver="GPKG")
    nodes = gpd.GeoDataFrame({"id": ["A"]}, geometry=[shapely.Point(500_000, 220_000)], crs="EPSG:27700")
    nodes.to_file(path, layer="road_node", driver="GPKG")
    return path


@pytest.mark.parametrize("form", ["gpkg", "shp"])
def test_nobody_walks_on_a_motorway_nor_changes_at_a_bridge(form: str, tmp_path: Path) -> None:
    network = read_streets(write(tmp_path, form))
    assert network.papers["publisher"] == "Ordnance Survey"
    assert network.papers["licence class"] == "open"
    assert network.papers["extent"].endswith(SAID)
    assert network.tags is not None
    assert sorted(network.tags["highway"]) == ["motorway", "primary", "residential", "residential"]
    usable = network.usable("walk")
    assert usable.sum() == 3
    start = pd.DataFrame({"x": [500_000.0], "y": [220_000.0]}, index=["A"])
    found = find_reach(network, start, limits=[1_000.0], unit="metres")
    assert "no footpaths" in found.said
    # A to C along the local road, and neither up the bridge at B nor along the motorway.
    assert reach_lines(found).geometry.length.sum() == pytest.approx(600.0)


def test_roads_that_only_cross_share_no_node() -> None:
    tags = tags_of(roads())
    ends = tags[["u", "v"]].to_numpy()
    assert len(np.unique(ends)) == 6
    assert ends[0, 1] == ends[1, 0]
    assert not {*ends[2]} & {*ends[[0, 1, 3]].ravel()}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"form": ["Guided Busway"] * 4}, ["bus_guideway", "bus_guideway", "bus_guideway", "bus_guideway"]),
        ({"form": ["Shared Use Carriageway"] * 4}, ["pedestrian"] * 4),
        ({"function": ["Local Access Road"] * 4, "class": ["Unknown"] * 4}, ["service"] * 4),
        ({"function": ["Secondary Access Road"] * 4, "class": ["Not Classified"] * 4}, ["service"] * 4),
        (
            {"function": ["Minor Road", "B Road", "A Road", "A Road"]},
            ["tertiary", "secondary", "primary", "motorway"],
        ),
        ({"function": ["Something New"] * 4, "class": [""] * 4}, [""] * 4),
    ],
)
def test_functions_and_forms_become_what_the_rules_ask_for(
    changed: dict[str, list[str]], expected: list[str]
) -> None:
    assert list(tags_of(roads(**changed))["highway"]) == expected


def test_a_tunnel_is_told_and_a_missing_node_joins_roads_by_their_ends() -> None:
    tags = tags_of(roads(structure=["Road In Tunnel", None, None, None], start=["A", "B", "X", ""]))
    assert list(tags["tunnel"]) == ["yes", "", "", ""]
    assert "u" not in tags


def test_only_the_place_is_read_from_a_file_of_the_country(tmp_path: Path) -> None:
    path = write(tmp_path)
    network = read_streets(path, extent=shapely.box(500_000, 219_990, 500_200, 220_010))
    assert len(network.length) == 1
    with pytest.raises(NetworkError, match="holds no line"):
        read_streets(path, extent=shapely.box(0, 0, 10, 10))


def test_other_lines_are_not_taken_for_open_roads() -> None:
    assert is_open_roads(NAMES["gpkg"].values())
    assert is_open_roads(NAMES["shp"].values())
    assert not is_open_roads(["road_function", "name"])
    assert roads_layer(["nodes", "edges"]) is None
