"""Networks made of lines: what joins, what merges, what is refused, and what a folder keeps."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, MultiLineString, Point

from geo.network import NetworkError, load_network
from geo.network_building import build_network


def streets(lines: list[list[tuple[float, float]]], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        columns,
        geometry=[LineString([(400_000 + x, 200_000 + y) for x, y in line]) for line in lines],
        crs="EPSG:27700",
    )


def test_lines_meet_at_their_ends_and_not_where_one_crosses_over() -> None:
    # A bridge: the two cross in the middle without meeting.
    network = build_network(streets([[(0, 50), (100, 50)], [(50, 0), (50, 100)]]), where="bridge")
    assert network.nodes == 4
    assert network.island_sizes("plain")["metres"].tolist() == [100, 100]


def test_ends_a_few_millimetres_apart_are_one_place() -> None:
    network = build_network(streets([[(0, 0), (100, 0)], [(100.004, 0.003), (200, 0)]]), where="rounded")
    assert network.nodes == 3
    assert len(network.island_sizes("plain")) == 1


def test_doubles_are_merged_and_two_sides_of_a_square_are_not() -> None:
    once, round_about = [(0, 0), (100, 0)], [(0, 0), (50, 40), (100, 0)]
    network = build_network(streets([once, once, once[::-1], round_about]), where="doubles")
    assert network.edges == 2
    assert network.papers["doubles merged"] == "2"


def test_the_two_rows_of_a_directed_file_become_one_street() -> None:
    there, back = [(0, 0), (100, 0)], [(100, 0), (0, 0)]
    lone = [(100, 0), (200, 0)]
    frame = streets([there, back, lone], u=[1, 2, 2], v=[2, 1, 3])
    network = build_network(frame, where="graph", directed=True)
    assert network.edges == 2
    assert network.papers["doubles merged"] == "0"
    assert network.tags is not None
    assert network.tags["oneway"].tolist() == ["no", "yes"]
    assert np.isfinite(network.effort["plain"]).sum(axis=1).tolist() == [2, 1]
    assert sorted(network.node) == [1, 2, 3]


def test_a_street_without_length_still_joins_its_ends() -> None:
    # A flight of steps drawn as a point: kept where it joins two nodes, dropped where it joins none.
    frame = streets(
        [[(0, 0), (100, 0)], [(100, 0), (100, 0)], [(100, 0), (200, 0)]], u=[1, 2, 3], v=[2, 3, 4]
    )
    network = build_network(frame, where="steps")
    assert network.edges == 3
    assert len(network.island_sizes("plain")) == 1
    alone = build_network(frame.assign(u=[1, 2, 2], v=[2, 2, 4]), where="steps")
    assert alone.edges == 2
    assert alone.papers["loops without length dropped"] == "1"


def test_several_lines_in_one_row_are_taken_apart() -> None:
    frame = gpd.GeoDataFrame(
        {"name": ["High Street"]},
        geometry=[MultiLineString([[(0, 0), (10, 0)], [(20, 0), (30, 0)]])],
        crs="EPSG:27700",
    )
    network = build_network(frame, where="multi")
    assert network.edges == 2
    assert network.tags is not None
    assert network.tags["name"].tolist() == ["High Street", "High Street"]


def test_what_is_not_a_street_network_is_refused() -> None:
    good = streets([[(0, 0), (100, 0)]])
    with pytest.raises(NetworkError, match="holds no line"):
        build_network(good.iloc[:0], where="empty.gpkg")
    with pytest.raises(NetworkError, match=r"no CRS.*to_bng"):
        build_network(good.set_crs(None, allow_override=True), where="lines.gpkg")
    with pytest.raises(NetworkError, match="row 0 is a Point"):
        build_network(gpd.GeoDataFrame(geometry=[Point(0, 0)], crs="EPSG:27700"), where="points.gpkg")
    with pytest.raises(NetworkError, match="row 0 has length 'far'"):
        build_network(good.assign(length=["far"]), where="lengths.gpkg")


def test_a_saved_network_opens_the_same(tmp_path) -> None:
    lines = [[(i, j), (i + 10, j)] for i in range(0, 300, 10) for j in range(0, 300, 10)]
    network = build_network(streets(lines, name=[f"street {n}" for n in range(len(lines))]), where="many")
    folder = network.save(tmp_path / "walk")
    again = load_network(folder)
    for name in ("xy", "ends", "length", "vertices", "offsets", "first", "target", "arc", "to_boundary"):
        assert (getattr(again, name) == getattr(network, name)).all()
    assert (again.effort["plain"] == network.effort["plain"]).all()
    assert again.papers == network.papers
    assert again.tags is None
    pd.testing.assert_frame_equal(load_network(folder, tags=True).frame(), network.frame())
    first = {one.name: one.read_bytes() for one in folder.iterdir()}
    network.save(folder)
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == first


def test_a_folder_that_is_not_a_network_is_neither_read_nor_overwritten(tmp_path) -> None:
    network = build_network(streets([[(0, 0), (100, 0)]]), where="one")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    with pytest.raises(NetworkError, match="not a network"):
        network.save(tmp_path / "letters")
    with pytest.raises(NetworkError, match=r"no network\.json"):
        load_network(tmp_path / "letters")
    folder = network.save(tmp_path / "walk")
    (folder / "ends.npy").unlink()
    with pytest.raises(NetworkError, match="cannot be opened"):
        load_network(folder)
    about = json.loads((folder / "network.json").read_text())
    (folder / "network.json").write_text(json.dumps(about | {"format": "older"}))
    with pytest.raises(NetworkError, match="build it again"):
        load_network(folder)
