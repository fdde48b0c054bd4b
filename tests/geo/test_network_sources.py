"""The same few streets, written as each source writes them; and the real Newport, which is not Luton."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from geo.crs import CrsError
from geo.errors import UserError
from geo.network import Network, NetworkError, load_network
from geo.network_sources import fetch_streets, read_graph, read_graphml, read_osm, read_streets
from geo.profiles import measure_profiles
from geo.reach import find_reach

#  A one-way street of two ways (1-2-3, 3-4), a path with a kissing gate (node 5) from 2 to 6, a building
#  that is no street, and a pedestrian square drawn as an area.
OSM = """<?xml version="1.0"?>
<osm version="0.6">
<node id="1" lat="51.880" lon="-0.420"/>
<node id="2" lat="51.880" lon="-0.419"/>
<node id="3" lat="51.880" lon="-0.418"/>
<node id="4" lat="51.881" lon="-0.418"/>
<node id="5" lat="51.879" lon="-0.419"><tag k="barrier" v="kissing_gate"/></node>
<node id="6" lat="51.878" lon="-0.419"/>
<node id="7" lat="51.877" lon="-0.419"><tag k="amenity" v="bench"/></node>
<way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="oneway" v="yes"/><tag k="maxspeed" v="20 mph"/></way>
<way id="11"><nd ref="3"/><nd ref="4"/><tag k="highway" v="primary"/></way>
<way id="12"><nd ref="2"/><nd ref="5"/><nd ref="6"/><tag k="highway" v="footway"/></way>
<way id="13"><nd ref="6"/><nd ref="7"/><tag k="building" v="yes"/></way>
<way id="14"><nd ref="1"/><nd ref="2"/><nd ref="6"/><nd ref="1"/><tag k="highway" v="pedestrian"/><tag k="area" v="yes"/></way>
</osm>
"""


def osm_file(folder: Path, text: str = OSM) -> Path:
    path = folder / "town.osm"
    path.write_text(text)
    return path


def test_ways_are_cut_where_they_meet_and_nowhere_else(tmp_path) -> None:
    network = read_streets(osm_file(tmp_path), edition="2026-11-01")
    assert network.edges == 4  # 1-2, 2-3, 3-4, 2-5-6
    assert sorted(network.node) == [1, 2, 3, 4, 6]
    frame = network.frame().set_index(["first_node", "second_node"])
    assert frame.loc[(2, 6), "barrier"] == "kissing_gate"
    assert np.isinf(frame.loc[(2, 6), "wheels_forward"])
    assert np.isfinite(frame.loc[(2, 6), "walk_forward"])
    assert np.isfinite(frame.loc[(1, 2), ["cycle_forward", "walk_back"]].astype(float)).all()
    assert np.isinf(frame.loc[(1, 2), "cycle_back"])
    # A thousandth of a degree of longitude at 51.88 degrees north is 68.8 m, of latitude 111.3 m.
    assert frame.loc[(1, 2), "length"] == pytest.approx(68.8, abs=0.2)
    assert frame.loc[(3, 4), "length"] == pytest.approx(111.3, abs=0.2)
    assert network.accuracy in ("ostn15", "helmert, about 2 m")
    assert network.papers["licence class"] == "share-alike"
    assert network.papers["edition"] == "2026-11-01"


def osm_text(nodes: dict[int, str], ways: list[tuple[list[int], dict[str, str]]]) -> str:
    """Nodes on a lattice of ten columns, with the barrier that is named for them; and ways of them."""

    def tag(name: str, value: str) -> str:
        return f'<tag k="{name}" v="{value}"/>'

    lines = ['<?xml version="1.0"?>', '<osm version="0.6">']
    for one, barrier in nodes.items():
        lat, lon = 51.88 + 0.001 * (one // 10), -0.42 + 0.001 * (one % 10)
        inner = tag("barrier", barrier) if barrier else ""
        lines.append(f'<node id="{one}" lat="{lat:.4f}" lon="{lon:.4f}">{inner}</node>')
    for number, (refs, tags) in enumerate(ways, 1):
        inner = "".join(f'<nd ref="{one}"/>' for one in refs) + "".join(tag(*pair) for pair in tags.items())
        lines.append(f'<way id="{number}">{inner}</way>')
    return "\n".join([*lines, "</osm>"])


CROSSING = {"highway": "footway", "footway": "crossing", "crossing": "traffic_signals"}


@settings(max_examples=12, deadline=None)
@given(st.sets(st.integers(1, 8)))
def test_a_crossing_costs_its_wait_once_however_many_carriageways_cut_it(tmp_path_factory, cut) -> None:
    ways = [(list(range(10)), CROSSING)]
    ways += [([10 + one, one, 20 + one], {"highway": "residential"}) for one in sorted(cut)]
    text = osm_text(dict.fromkeys(range(30), ""), ways)
    network = read_streets(osm_file(tmp_path_factory.mktemp("osm"), text), profiles=["walk"])
    assert network.tags is not None
    over = (network.tags["footway"] == "crossing").to_numpy()
    assert over.sum() == len(cut) + 1
    assert network.delay["walk"].sum() == pytest.approx(15)
    # By length, so that part of the way costs part of the wait wherever it is cut.
    part = network.delay["walk"][over] / network.length[over]
    assert part == pytest.approx(15 / network.length[over].sum())


@pytest.mark.parametrize(
    "street", [[([3, 2, 4], {"highway": "residential"})], [([3, 2], {"highway": "residential"}),
                                                           ([2, 4], {"highway": "residential"})]],
)  # fmt: skip
@pytest.mark.parametrize("barrier", ["stile", "kissing_gate", "gate"])
def test_a_barrier_at_a_junction_of_three_bars_none_of_them(tmp_path, street, barrier) -> None:
    text = osm_text({1: "", 2: barrier, 3: "", 4: ""}, [*street, ([1, 2], {"highway": "cycleway"})])
    network = read_streets(osm_file(tmp_path, text))
    assert np.isfinite(network.effort["wheels"]).all()
    assert network.delay["cycle"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("cut", [False, True])
def test_gates_cost_their_delay_once_each_wherever_ways_join(tmp_path, cut) -> None:
    # A gate at 2 and another at 4; a bollard at 3. Cut at both gates, or one way from end to end.
    cycleway = {"highway": "cycleway"}
    ways = [([1, 2], cycleway), ([2, 3, 4], cycleway), ([4, 5], cycleway)]
    text = osm_text(
        {1: "", 2: "gate", 3: "bollard", 4: "gate", 5: ""}, ways if cut else [([1, 2, 3, 4, 5], cycleway)]
    )
    network = read_streets(osm_file(tmp_path, text))
    assert network.delay["cycle"].sum() == pytest.approx(20)


def test_a_stile_where_two_ways_join_bars_both(tmp_path) -> None:
    text = osm_text(
        {1: "", 2: "stile", 3: ""}, [([1, 2], {"highway": "path"}), ([2, 3], {"highway": "path"})]
    )
    network = read_streets(osm_file(tmp_path, text))
    assert np.isinf(network.effort["wheels"]).all()
    assert np.isfinite(network.effort["walk"]).all()


def test_a_crossing_told_at_the_carriageway_is_that_of_the_way_over_it(tmp_path) -> None:
    way = {"highway": "footway", "footway": "crossing"}
    text = osm_text(
        dict.fromkeys([1, 2, 3, 4, 5], ""), [([1, 2, 3], way), ([4, 2, 5], {"highway": "primary"})]
    )
    told = text.replace(
        'lon="-0.4180"></node>', 'lon="-0.4180"><tag k="crossing" v="traffic_signals"/></node>'
    )
    assert told != text
    waits = [read_streets(osm_file(tmp_path, one)).delay["walk"].sum() for one in (text, told)]
    assert waits == pytest.approx([5, 15])  # a gap in the traffic; signals


def test_a_file_cut_short_is_refused(tmp_path) -> None:
    with pytest.raises(NetworkError, match=r"cannot be read to its end.*fetch it again"):
        read_osm(osm_file(tmp_path, OSM[:900]))
    lacking = "\n".join(line for line in OSM.splitlines() if 'node id="3"' not in line)
    with pytest.raises(NetworkError, match="lacks 2 of the 8 points"):
        read_osm(osm_file(tmp_path, lacking))
    with pytest.raises(NetworkError, match="no way with a highway tag"):
        read_osm(osm_file(tmp_path, '<osm version="0.6"></osm>'))
    with pytest.raises(NetworkError, match="is not there"):
        read_streets(tmp_path / "nowhere.osm.pbf")


def graph() -> nx.MultiDiGraph:
    result = nx.MultiDiGraph(crs="epsg:4326", created_date="2026-11-01")
    for node, (lon, lat) in {1: (-0.42, 51.88), 2: (-0.419, 51.88), 3: (-0.418, 51.88)}.items():
        result.add_node(node, x=lon, y=lat)
    bent = LineString([(-0.42, 51.88), (-0.4195, 51.8805), (-0.419, 51.88)])
    result.add_edge(1, 2, highway=["footway", "steps"], geometry=bent, length=1.0)
    result.add_edge(2, 1, highway=["footway", "steps"], geometry=bent.reverse(), length=1.0)
    result.add_edge(2, 3, highway="residential", oneway=True, length=1.0)
    return result


def measured(town: nx.MultiDiGraph) -> Network:
    return measure_profiles(read_graph(town, where="town"))


def test_a_graph_gives_the_same_streets_in_memory_and_saved(tmp_path) -> None:
    import osmnx

    path = tmp_path / "town.graphml"
    osmnx.save_graphml(graph(), path)
    for network in (read_graphml(path), read_graph(graph(), where="town")):
        assert network.edges == 2
        frame = network.frame().set_index(["first_node", "second_node"])
        assert frame.loc[(2, 3), "oneway"] == "yes"
        assert frame["oneway"].tolist().count("no") == 1
        assert set(frame["highway"]) == {"footway;steps", "residential"}
        # Measured along the drawn line on the National Grid, not the length the file states.
        assert frame["length"].max() == pytest.approx(131, abs=1)
    wheeled = read_streets(path, profiles=["walk", "wheels"])
    assert np.isfinite(wheeled.effort["wheels"]).any(axis=1).sum() == 1


def test_a_saved_graph_shares_the_wait_at_a_crossing_too(tmp_path) -> None:
    import osmnx

    town = graph()
    town.clear_edges()
    for u, v in ((1, 2), (2, 1), (2, 3), (3, 2)):
        town.add_edge(u, v, osmid=7, **CROSSING, length=1.0)
    osmnx.save_graphml(town, tmp_path / "town.graphml")
    for network in (read_streets(tmp_path / "town.graphml"), measured(town)):
        assert network.edges == 2
        assert network.delay["walk"].sum() == pytest.approx(15)


def test_graphml_that_is_cut_short_or_no_map_is_refused(tmp_path) -> None:
    import osmnx

    path = tmp_path / "town.graphml"
    osmnx.save_graphml(graph(), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(NetworkError, match="cut short"):
        read_graphml(path)
    osmnx.save_graphml(graph(), path)
    whole = path.read_text()
    path.write_text(whole.replace('target="3"', 'target="33"'))
    with pytest.raises(NetworkError, match=r"street to node '33', which it does not hold"):
        read_graphml(path)
    path.write_text(whole.replace("LINESTRING (", "LINESTRNG ("))
    with pytest.raises(NetworkError, match=r"town\.graphml has a street whose geometry is no WKT"):
        read_graphml(path)
    nx.write_graphml(nx.path_graph(3, create_using=nx.MultiDiGraph), path)
    with pytest.raises(NetworkError, match="no x and y"):
        read_graphml(path)


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".geojson"])
def test_lines_of_a_council_are_streets(tmp_path, suffix) -> None:
    lines = [
        LineString([(508_000, 221_000), (508_100, 221_000)]),
        LineString([(508_100, 221_000), (508_100, 221_100)]),
    ]
    frame = gpd.GeoDataFrame({"road_function": ["Motorway", "Local Road"]}, geometry=lines, crs="EPSG:27700")
    path = tmp_path / f"roads{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    elif suffix == ".geojson":
        frame.to_crs("EPSG:4326").to_file(path)
    else:
        frame.to_file(path)
    network = read_streets(path)
    assert network.edges == 2
    assert np.isfinite(network.effort["walk"]).any(axis=1).sum() == 1
    assert network.tags is not None
    assert sorted(network.tags["highway"]) == ["motorway", "residential"]


def test_lines_without_crs_or_without_lines_are_refused(tmp_path) -> None:
    frame = gpd.GeoDataFrame(geometry=[LineString([(508_000, 221_000), (508_100, 221_000)])], crs=None)
    frame.to_parquet(tmp_path / "nowhere.parquet")
    with pytest.raises(CrsError, match="does not say its CRS"):
        read_streets(tmp_path / "nowhere.parquet")
    frame.iloc[:0].set_crs("EPSG:27700").to_parquet(tmp_path / "empty.parquet")
    with pytest.raises(UserError, match="holds no"):
        read_streets(tmp_path / "empty.parquet")
    (tmp_path / "cut.gpkg").write_bytes(b"SQLite format 3\0 and no more")
    with pytest.raises(UserError, match=r"cut\.gpkg"):
        read_streets(tmp_path / "cut.gpkg")


def test_a_place_is_fetched_with_its_tags_and_a_margin(monkeypatch) -> None:
    import osmnx

    asked: dict[str, object] = {}
    square = gpd.GeoDataFrame(
        geometry=gpd.GeoSeries.from_wkt(
            ["POLYGON((-0.43 51.87,-0.41 51.87,-0.41 51.89,-0.43 51.89,-0.43 51.87))"]
        ),
        crs="EPSG:4326",
    )
    monkeypatch.setattr(osmnx, "geocode_to_gdf", lambda _: square)

    def from_polygon(polygon, **options):
        asked.update(options, area=polygon.area, tags=set(osmnx.settings.useful_tags_way))
        return graph()

    monkeypatch.setattr(osmnx, "graph_from_polygon", from_polygon)
    before = list(osmnx.settings.useful_tags_way)
    network = fetch_streets("Town, England", profiles=["walk"])
    assert network.edges == 2
    assert network.papers["extent"] == "given with the source"
    assert {"surface", "lit", "kerb"} <= asked["tags"]
    assert asked["retain_all"] is True
    assert asked["area"] > square.geometry.item().area
    assert osmnx.settings.useful_tags_way == before

    def unreachable(_):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(osmnx, "geocode_to_gdf", unreachable)
    with pytest.raises(
        NetworkError, match=r"'Town, England' could not be fetched .*cannot be reached.*check the conn"
    ):
        fetch_streets("Town, England")


def test_reading_files_does_not_import_osmnx(tmp_path) -> None:
    import subprocess

    code = (
        "import sys; from pathlib import Path; from geo.network_sources import read_streets;"
        f"read_streets(Path({str(osm_file(tmp_path))!r})); print('osmnx' in sys.modules, 'numba' in "
        "sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_walking_graph_of_newport_has_the_size_its_papers_say(real_data, tmp_path) -> None:
    # Newport in Wales, for scale and oddities; nothing here is about Luton.
    network = read_streets(real_data / "osm" / "newport_walk.graphml", profiles=["walk"])
    assert (network.nodes, network.edges) == (11_700, 14_608)
    assert network.length.sum() / 1000 == pytest.approx(854, rel=0.002)
    loose = read_graphml(real_data / "osm" / "newport_walk.graphml")
    assert len(loose.island_sizes("plain")) == 116
    assert loose.island_sizes("plain")["nodes"].iloc[0] == 11_368
    again = load_network(network.save(tmp_path / "walk"))
    centre = pd.DataFrame({"x": [331_000.0], "y": [188_000.0]})
    one, two = (find_reach(net, centre, limits=[15]).summary for net in (network, again))
    pd.testing.assert_frame_equal(one, two)


def test_the_pbf_of_newport_and_its_graph_agree_on_reach(real_data) -> None:
    # Two readings of the same extract: ours from the PBF, and OSMnx's, which simplifies and leaves out the
    # 74 km of cycleways that one may walk on in Britain. Without those the two must be alike.
    ours = read_streets(real_data / "osm" / "newport-2023-06-13.osm.pbf", profiles=["walk"])
    theirs = read_streets(real_data / "osm" / "newport_walk.graphml", profiles=["walk"])
    effort = np.where((ours.tags["highway"] == "cycleway").to_numpy()[:, None], np.inf, ours.effort["walk"])
    ours = replace(ours, effort={"walk": effort}, _memo={})
    rng = np.random.default_rng(3)
    main = np.flatnonzero(theirs.islands("walk") == 0)
    places = pd.DataFrame(theirs.xy[rng.choice(main, 60)], columns=["x", "y"])
    one, two = (find_reach(net, places, limits=[15]).summary["metres"] for net in (ours, theirs))
    ratio = one / two
    assert ratio.median() == pytest.approx(1, abs=0.02)
    assert (ratio.between(0.8, 1.25)).mean() > 0.85


def test_a_pbf_cut_short_is_refused(real_data, tmp_path) -> None:
    whole = (real_data / "osm" / "newport-2023-06-13.osm.pbf").read_bytes()
    for share in (0.3, 0.6, 0.95):
        (tmp_path / "cut.osm.pbf").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(NetworkError, match="fetch it again"):
            read_osm(tmp_path / "cut.osm.pbf")
