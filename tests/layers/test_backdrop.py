"""The drawn background: roads people know, in the right place, and nothing else."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from shapely import box

from geo.crs import bng_to_lonlat
from layers.backdrop import BackdropError, read_backdrop

HERE = gpd.GeoSeries([box(540000, 260000, 541000, 261000)], crs="EPSG:27700")


def extract(folder: Path) -> Path:
    places = [(540100, 260100), (540900, 260900), (540100, 260900), (640100, 260100)]
    nodes = []
    for number, (east, north) in enumerate(places, start=1):
        lon, lat = bng_to_lonlat(east, north)
        nodes.append(f'<node id="{number}" lat="{float(lat):.8f}" lon="{float(lon):.8f}" version="1"/>')
    ways = [
        (11, (1, 2), {"highway": "primary", "name": "High Road & <Bridge>"}),
        (12, (2, 3), {"highway": "residential"}),
        (13, (1, 3), {"railway": "rail"}),
        (14, (3, 2), {"waterway": "river"}),
        (15, (4, 4), {"highway": "primary"}),
    ]
    drawn = [
        f'<way id="{way}" version="1">'
        + "".join(f'<nd ref="{node}"/>' for node in ends)
        + "".join(
            f'<tag k="{key}" v="{value.replace("&", "&amp;").replace("<", "&lt;")}"/>'
            for key, value in tags.items()
        )
        + "</way>"
        for way, ends, tags in ways
    ]
    path = folder / "town.osm"
    path.write_text(f'<osm version="0.6">{"".join(nodes)}{"".join(drawn)}</osm>', encoding="utf-8")
    return path


def test_main_roads_rail_and_water_of_the_place_are_drawn(tmp_path: Path) -> None:
    made = read_backdrop(extract(tmp_path), around=HERE)
    assert {name: len(frame) for name, frame in made.items()} == {"road": 1, "rail": 1, "water": 1}
    assert made["road"].crs == "EPSG:27700"
    assert made["road"]["name"].tolist() == ["High Road & <Bridge>"]
    assert made["road"].length.iloc[0] == pytest.approx(800 * 2**0.5, abs=0.5)


def test_a_file_that_is_no_extract_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "town.osm"
    path.write_text("no extract")
    with pytest.raises(BackdropError, match=r"town\.osm cannot be read"):
        read_backdrop(path, around=HERE)
