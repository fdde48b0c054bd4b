"""OS Open Greenspace in its three forms gives the same spaces with the same ways in.

The rows are ours, in the publisher's columns and codes: GeoPackage (greenspace_site and access_point),
Shapefile (names of ten letters), GML (elements with gml:id).
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely.affinity

from geo.greenspace import find_entrances, judge_greenspace
from geo.network_building import build_network
from layers.areas import WrongFileError
from layers.cards import describe_file
from layers.greenspace import read_greenspace
from layers.holdings import scan

PARK, COURT, FAR = (
    shapely.box(0, 100, 200, 300),
    shapely.box(0, 0, 20, 20),
    shapely.box(9000, 9000, 9200, 9200),
)
SITES = [
    ("idPARK", "Public Park Or Garden", "Castle Park", PARK),
    ("idPLAY", "Play Space", "", shapely.box(50, 150, 70, 170)),
    ("idCOURT", "Tennis Court", "", COURT),
    ("idFAR", "Playing Field", "Far Field", FAR),
]
DOORS = [
    ("d1", "Pedestrian", "idPARK", shapely.Point(100, 300)),
    ("d2", "Motor Vehicle And Pedestrian", "idPARK", shapely.Point(200, 200)),
    ("d3", "Motor Vehicle", "idPARK", shapely.Point(100, 100)),
    ("d4", "Pedestrian", "idCOURT", shapely.Point(10, 0)),
    ("d5", "Pedestrian", "idFAR", shapely.Point(9000, 9100)),
]
_COLUMNS = {
    "gpkg": (("id", "function", "distinctive_name_1"), ("id", "access_type", "ref_to_greenspace_site")),
    "shp": (("id", "function", "distName1"), ("id", "accessType", "refToGSite")),
}


def moved(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.affinity.translate(shape, 500_000, 220_000)


def frames(form: str) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    made = []
    for rows, columns in zip((SITES, DOORS), _COLUMNS[form], strict=True):
        table = {name: [row[n] for row in rows] for n, name in enumerate(columns)}
        made.append(gpd.GeoDataFrame(table, geometry=[moved(row[3]) for row in rows], crs="EPSG:27700"))
    return made[0], made[1]


def gml() -> str:
    def points(shape: shapely.Polygon) -> str:
        return " ".join(f"{x:.2f} {y:.2f}" for x, y in moved(shape).exterior.coords)

    grid = 'srsName="urn:ogc:def:crs:EPSG::27700"'
    parts = [
        f'<os:featureMember><ogsp:GreenspaceSite gml:id="{key}"><ogsp:function>{function}</ogsp:function>'
        + (f"<ogsp:distinctiveName1>{name}</ogsp:distinctiveName1>" if name else "")
        + f"<ogsp:geometry><gml:MultiSurface {grid}><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>"
        f"<gml:posList>{points(shape)}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
        "</gml:surfaceMember></gml:MultiSurface></ogsp:geometry></ogsp:GreenspaceSite></os:featureMember>"
        for key, function, name, shape in SITES
    ]
    parts += [
        f'<os:featureMember><ogsp:AccessPoint gml:id="{key}"><ogsp:accessType>{access}</ogsp:accessType>'
        f"<ogsp:refToGreenspaceSite>{space}</ogsp:refToGreenspaceSite><ogsp:geometry><gml:Point {grid}>"
        f"<gml:pos>{moved(point).x:.2f} {moved(point).y:.2f}</gml:pos></gml:Point></ogsp:geometry>"
        "</ogsp:AccessPoint></os:featureMember>"
        for key, access, space, point in DOORS
    ]
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><os:FeatureCollection gml:id="c" xmlns:os="http://example.org/os" '
        'xmlns:ogsp="http://example.org/ogsp" xmlns:gml="http://www.opengis.net/gml/3.2">'
    )
    return head + "".join(parts) + "</os:FeatureCollection>"


def written(folder: Path, form: str) -> Path:
    if form == "gml":
        path = folder / "OSOpenGreenspace_TL.gml"
        path.write_text(gml(), encoding="utf-8")
        return path
    sites, doors = frames(form)
    if form == "shp":
        doors.to_file(folder / "GB_AccessPoint.shp")
        sites.to_file(folder / "GB_GreenspaceSite.shp")
        return folder / "GB_GreenspaceSite.shp"
    path = folder / "opgrsp_gb.gpkg"
    sites.to_file(path, layer="greenspace_site", driver="GPKG")
    doors.to_file(path, layer="access_point", driver="GPKG")
    return path


@pytest.mark.parametrize("form", ["gpkg", "shp", "gml"])
def test_each_form_gives_the_open_spaces_and_the_ways_in_on_foot(form: str, tmp_path: Path) -> None:
    found = read_greenspace(written(tmp_path, form))
    assert list(found.sites.index) == ["idFAR", "idPARK", "idPLAY"]
    assert found.sites.loc["idPARK", "name"] == "Castle Park"
    assert found.sites.loc["idPLAY", "name"] == ""
    assert found.sites.crs.to_epsg() == 27700
    assert found.sites.loc["idPARK"].geometry.area == pytest.approx(40_000)
    assert list(zip(found.entrances.index, found.entrances["space"], strict=True)) == [
        ("d1", "idPARK"), ("d2", "idPARK"), ("d5", "idFAR"),
    ]  # fmt: skip
    assert found.source.attribution.startswith("Contains OS data")
    said = " ".join(found.notes)
    assert "1 Tennis Court" in said
    assert "1 ways in for vehicles only" in said
    assert "3 sites with 3 entrances; 1 sites have none of their own" in said
    # A reader leaves nothing of its own in a folder of data.
    assert not list(tmp_path.glob("*.gfs"))


def test_only_the_place_is_read(tmp_path: Path) -> None:
    found = read_greenspace(written(tmp_path, "gpkg"), box=(500_000, 220_000, 501_000, 221_000))
    assert list(found.sites.index) == ["idPARK", "idPLAY"]
    assert list(found.entrances.index) == ["d1", "d2"]


def test_a_geopackage_is_known_by_its_layers_and_covers_where_they_lie(tmp_path: Path) -> None:
    path = written(tmp_path, "gpkg")
    card = describe_file(path)
    assert card.dataset == "os_open_greenspace"
    assert scan(tmp_path).look("os_open_greenspace").path == path


def test_files_that_lack_a_layer_or_a_column_say_which(tmp_path: Path) -> None:
    sites, doors = frames("gpkg")
    path = tmp_path / "a.gpkg"
    sites.to_file(path, layer="greenspace_site", driver="GPKG")
    with pytest.raises(WrongFileError, match="has the layers greenspace_site; OS Open Greenspace has"):
        read_greenspace(path)
    doors.rename(columns={"access_type": "kind"}).to_file(path, layer="access_point", driver="GPKG")
    with pytest.raises(WrongFileError, match='has no column "accesstype"'):
        read_greenspace(path)


def test_people_walk_to_the_published_way_in_and_not_to_where_a_street_passes(tmp_path: Path) -> None:
    found = read_greenspace(written(tmp_path, "gpkg"), box=(500_000, 220_000, 501_000, 221_000))
    # A street along the south edge of the park, a long way round to its gate in the north.
    south = [(500_000, 220_095), (500_195, 220_095)]
    round_ = [(500_195, 220_095), (500_400, 220_095), (500_400, 220_305), (500_100, 220_305)]
    lines = gpd.GeoDataFrame(
        geometry=[shapely.LineString(south), shapely.LineString(round_)], crs="EPSG:27700"
    )
    network = build_network(lines, where="streets")
    sites = found.sites.loc[["idPARK"]]
    inferred = find_entrances(network, sites, profile="plain")
    assert set(inferred["how"]) == {"beside"}
    named = find_entrances(network, sites, profile="plain", published=found.entrances)
    assert list(named["how"]) == ["published", "published"]
    assert list(named["hectares"]) == pytest.approx([4.0, 4.0])
    both = find_entrances(network, found.sites, profile="plain", published=found.entrances)
    assert set(both.loc[both["how"] == "published", "space"]) == {"idPARK"}
    people = pd.DataFrame({"x": [500_000.0], "y": [220_095.0], "people": [10.0]})
    near = judge_greenspace(network, people, sites, ["people"], profile="plain")
    real = judge_greenspace(
        network, people, sites, ["people"], profile="plain", published=found.entrances.loc[["d1"]]
    )
    assert float(near.table.set_index("standard").loc["doorstep", "count"]) == 10
    assert float(real.table.set_index("standard").loc["doorstep", "count"]) == 0
