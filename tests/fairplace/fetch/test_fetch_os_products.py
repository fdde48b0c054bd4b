"""Products of Ordnance Survey: found through its Downloads API, cut to the authority, used by a build."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio

from fairplace.commands.fetch import run
from fairplace.fetch import Outcome, fetch, read_ledger
from fairplace.places import NO_GREEN, NO_HEIGHTS, NO_STREETS, read_places
from fairplace.spine import read_spine
from geo.greenspace import find_entrances
from layers.cards import describe_file
from layers.catalogue import said_edition
from layers.holdings import scan

SAMPLE = "E06999001"
ON = date(2026, 11, 22)
OUTLINE = ("lookup_lsoa21_wd25", "boundary_lsoa21")
PRODUCTS = {
    "terrain50": ("Terrain50", f"raster/{SAMPLE}_os_terrain50.tif", "terr50_gagg_gb.zip"),
    "os_open_greenspace": ("OpenGreenspace", f"green/{SAMPLE}_os_open_greenspace.gpkg", "opgrsp_gpkg_gb.zip"),
    "os_open_roads": ("OpenRoads", f"osm/{SAMPLE}_os_open_roads.gpkg", "oproad_gpkg_gb.zip"),
}
API = "/api.os.uk/downloads/v1/products"


def get(publishers: Any, register: Any, to: Path, *only: str, **changes: Any) -> Outcome:
    return fetch(
        [SAMPLE], to=to, only=only, on=ON, transport=publishers.transport(**changes), register=register
    )


def fetched(publishers: Any, register: Any, to: Path, key: str) -> Path:
    outcome = get(publishers, register, to, *OUTLINE, key)
    assert [(one.id, one.reason) for one in outcome.short] == []
    return to / PRODUCTS[key][1]


def test_tiles_are_joined_and_sea_is_said(
    publishers: Any, small_england: Any, sample_data: Path, tmp_path: Path
) -> None:
    path = fetched(publishers, small_england, tmp_path, "terrain50")
    assert describe_file(path).dataset == "terrain50"
    assert said_edition(path) == "2026-07-01"
    entry = read_ledger(tmp_path)[PRODUCTS["terrain50"][1]]
    assert "3 tiles of OS Terrain 50 joined (TL35, TL45, TL46); no tile for TL36: sea" in entry.done[0]
    assert entry.edition == "2026-07"
    with (
        rasterio.open(path) as ours,
        rasterio.open(sample_data / "raster/os_terrain50_halverton_10km.tif") as real,
    ):
        heights = ours.read(1, masked=True)
        down, across = (
            int(real.bounds.top - ours.bounds.top) // -50,
            int(real.bounds.left - ours.bounds.left) // 50,
        )
        part = heights[down : down + 200, across : across + 200]
        assert np.ma.abs(part - real.read(1)).max() <= 0.0501
        # The tile north-west of the town is sea: no height there, not a height of 0 m.
        assert part.mask[:100, :100].all()
        assert not part.mask[100:].any()


def test_layers_are_cut_to_the_authority_with_half_an_hours_walk_around(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    path = fetched(publishers, small_england, tmp_path, "os_open_greenspace")
    assert {str(row[0]) for row in pyogrio.list_layers(path)} == {"greenspace_site", "access_point"}
    assert "FAR" not in set(pyogrio.read_dataframe(path, layer="greenspace_site")["id"])
    assert said_edition(path) == "2026-04"
    roads = fetched(publishers, small_england, tmp_path, "os_open_roads")
    assert describe_file(roads).dataset == "os_open_roads"
    assert [str(row[0]) for row in pyogrio.list_layers(roads)] == ["road_link"]


@pytest.mark.parametrize("key", PRODUCTS)
def test_the_same_product_gives_the_same_bytes(
    key: str, publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    one = fetched(publishers, small_england, tmp_path / "one", key)
    two = fetched(publishers, small_england, tmp_path / "two", key)
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("key", PRODUCTS)
@pytest.mark.parametrize(
    ("where", "fault", "said"),
    [
        (
            "list",
            "404",
            "answers 404.*Ordnance Survey offers the products CodePointOpen, OpenRoads, Terrain50",
        ),
        ("list", "500", "5 tries, the last gave status 500"),
        ("list", "429 86400", "asks to be left alone for 86400 seconds"),
        ("list", "page", "web page where JSON was expected"),
        ("list", "half json", "not whole JSON"),
        ("file", "404", "answers 404"),
        ("file", "403", "answers 403"),
        ("file", "page", "gives .* bytes where its publisher states|web page"),
        ("file", "half file", "gives .* bytes where its publisher states"),
        ("file", "cut always", "what came is kept: run again"),
        ("inside", "no member", "holds"),
        ("inside", "changed", "has no layer|the format has changed"),
        ("inside", "column", "the column .* is gone|ncols is missing|is no height"),
        ("inside", "half a zip in a zip", "damaged"),
    ],
)
def test_a_product_that_fails_stops_clearly_and_writes_nothing(
    key: str, where: str, fault: str, said: str, publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    get(publishers, small_england, tmp_path, *OUTLINE)
    before = {one for one in tmp_path.rglob("*") if ".fetching" not in one.parts}
    product, file, name = PRODUCTS[key]
    if where == "list":
        publishers.always[f"{API}/{product}"] = fault
    elif where == "file":
        publishers.always[f"/blob/{name}"] = fault.removesuffix(" always")
    else:
        spoil(publishers, product, name, fault)
    outcome = get(publishers, small_england, tmp_path, key)
    assert [one.id for one in outcome.got] == []
    assert len(outcome.short) == 1
    assert re.search(said, outcome.short[0].reason), outcome.short[0].reason
    assert outcome.short[0].costs
    after = {one for one in tmp_path.rglob("*") if ".fetching" not in one.parts}
    assert {one for one in after - before if one.is_file()} == set()
    assert not (tmp_path / file).exists()


def spoil(publishers: Any, product: str, name: str, fault: str) -> None:
    """Offer a whole zip, with its true hash, whose contents are other than they used to be."""
    with zipfile.ZipFile(BytesIO(publishers.files[f"/api.os.uk/blob/{name}"])) as packed:
        members = {one: packed.read(one) for one in packed.namelist()}
    made = {}
    for member, body in members.items():
        if member.startswith("Doc/"):
            made[member] = body
        elif fault == "no member":
            made[member.replace("OST50GRID", "OTHER").replace("_gb.gpkg", "_gb.mbtiles")] = body
        elif fault == "half a zip in a zip":
            made[member] = body[: len(body) // 2]
        elif member.endswith(".gpkg"):
            made[member] = changed_layers(body, fault)
        else:
            made[member] = changed_tile(body, fault)
    body = BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as target:
        for member, content in made.items():
            target.writestr(member, content)
    publishers.files[f"/api.os.uk/blob/{name}"] = body.getvalue()
    listed = publishers.pages[f"{API}/{product}/downloads"]
    publishers.pages[f"{API}/{product}/downloads"] = [
        {key: value for key, value in one.items() if key not in ("md5", "size")} for one in listed
    ]


def changed_layers(body: bytes, fault: str) -> bytes:
    # Of the same length, so that the database stays whole.
    pairs = {
        "changed": ((b"greenspace_site", b"greenspace_zone"), (b"road_link", b"road_line")),
        "column": ((b"access_type", b"access_kind"), (b"form_of_way", b"kind_of_way")),
    }[fault]
    for old, new in pairs:
        body = body.replace(old, new)
    return body


def changed_tile(body: bytes, fault: str) -> bytes:
    with zipfile.ZipFile(BytesIO(body)) as packed:
        members = {one: packed.read(one) for one in packed.namelist()}
    old, new = {"changed": (b"cellsize 50", b"cellsize 25"), "column": (b"ncols", b"width")}[fault]
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content.replace(old, new) if name.endswith(".asc") else content)
    return made.getvalue()


@pytest.mark.parametrize("key", PRODUCTS)
@pytest.mark.parametrize("fault", ["cut", "slow", "500", "503", "429 3", "wrong type"])
def test_what_passes_is_got_over_and_the_file_is_right(
    key: str, fault: str, publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    whole = fetched(publishers, small_england, tmp_path / "whole", key)
    get(publishers, small_england, tmp_path / "other", *OUTLINE)
    publishers.faults[f"/blob/{PRODUCTS[key][2]}"] = [fault]
    outcome = get(publishers, small_england, tmp_path / "other", key, timeout=0.4)
    assert [one.id for one in outcome.got] == [key]
    assert (tmp_path / "other" / PRODUCTS[key][1]).read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("stated", [{"md5": "0" * 32}, {"size": 12}])
def test_what_the_publisher_states_of_a_file_is_held_against_it(
    stated: dict[str, Any], publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    listed = publishers.pages[f"{API}/Terrain50/downloads"]
    publishers.pages[f"{API}/Terrain50/downloads"] = [{**one, **stated} for one in listed]
    outcome = get(publishers, small_england, tmp_path, *OUTLINE, "terrain50")
    assert "its publisher states" in outcome.short[0].reason
    assert not (tmp_path / PRODUCTS["terrain50"][1]).exists()


def test_a_format_that_is_no_longer_offered_names_those_that_are(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    listed = publishers.pages[f"{API}/OpenRoads/downloads"]
    publishers.pages[f"{API}/OpenRoads/downloads"] = [one for one in listed if one["format"] != "GeoPackage"]
    outcome = get(publishers, small_england, tmp_path, *OUTLINE, "os_open_roads")
    assert 'offers no "GeoPackage" of GB; it offers ESRI' in outcome.short[0].reason


def test_a_product_of_great_britain_comes_once_for_several_authorities(
    publishers: Any, small_england: Any, tmp_path: Path
) -> None:
    other = "E06999002"
    for name, layer in publishers.layers.items():
        if name.startswith("LSOA21_WD25"):
            rows = [{**row, "LAD25CD": other} for row in layer.rows]
            publishers.layers[name] = type(layer)([*layer.rows, *rows], page=400)
    only = (*OUTLINE, "terrain50")
    outcome = fetch(
        [SAMPLE, other],
        to=tmp_path,
        only=only,
        on=ON,
        transport=publishers.transport(),
        register=small_england,
    )
    assert [(one.id, one.reason) for one in outcome.short] == []
    assert (tmp_path / f"raster/{other}_os_terrain50.tif").is_file()
    asked = [query for path, query in publishers.asked if path.endswith("terr50_gagg_gb.zip")]
    assert len(asked) == 2
    # The second time it is asked whether it is still the version, and no byte is sent.
    assert "header if-none-match" not in asked[0]
    assert asked[1]["header if-none-match"].startswith('"')


def links(data: Path, to: Path, *without: str) -> Path:
    """Give a folder of links to the sample's files but some."""
    for card in scan(data).cards:
        if card.dataset not in without and "local" not in card.path.relative_to(data).parts:
            link = to / card.path.relative_to(data)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(card.path)
    return to


def test_a_build_walks_to_the_published_ways_into_parks(
    publishers: Any, small_england: Any, sample_data: Path, tmp_path: Path
) -> None:
    data = links(sample_data, tmp_path / "data", "none")
    green = fetched(publishers, small_england, tmp_path / "got", "os_open_greenspace")
    (data / "green.gpkg").symlink_to(green)
    holdings = scan(data)
    places = read_places(holdings, read_spine(holdings, SAMPLE))
    assert NO_GREEN not in places.missing
    sites, doors = places.lines["green"], places.points["green_entrances"]
    assert "S0" not in set(sites["space"]), "a golf course is no park"
    assert set(doors["space"]) <= set(sites["space"])
    found = find_entrances(places.networks["streets"], sites.set_index("space"), published=doors)
    assert set(found["how"]) == {"published"}
    assert {"os_open_greenspace", "terrain50"} <= {one.id for one in places.sources}
    said = next(one for one in places.sources if one.id == "os_open_greenspace")
    assert said.edition == "2026-04"


def test_a_build_without_openstreetmap_walks_on_roads_and_says_what_is_not_in_them(
    publishers: Any, small_england: Any, sample_data: Path, tmp_path: Path
) -> None:
    data = links(sample_data, tmp_path / "data", "osm_streets", "terrain50")
    bare = scan(data)
    lacking = read_places(bare, read_spine(bare, SAMPLE))
    assert {NO_STREETS, NO_GREEN} <= set(lacking.missing)
    roads = fetched(publishers, small_england, tmp_path / "got", "os_open_roads")
    (data / "roads.gpkg").symlink_to(roads)
    holdings = scan(data)
    places = read_places(holdings, read_spine(holdings, SAMPLE))
    assert {NO_HEIGHTS, NO_GREEN} <= set(places.missing)
    assert NO_STREETS not in places.missing
    assert any("no footpaths" in note for note in places.notes)
    network = places.networks["streets"]
    assert network.papers["publisher"] == "Ordnance Survey"
    assert network.usable("walk").all()


def test_heights_as_published_serve_a_build_without_being_joined_by_hand(
    publishers: Any, small_england: Any, sample_data: Path, tmp_path: Path
) -> None:
    whole = links(sample_data, tmp_path / "whole", "none")
    zipped = links(sample_data, tmp_path / "zipped", "terrain50")
    (zipped / "downloads").mkdir()
    (zipped / "downloads/anything.zip").write_bytes(publishers.files["/api.os.uk/blob/terr50_gagg_gb.zip"])
    efforts = []
    for folder in (whole, zipped):
        holdings = scan(folder)
        places = read_places(holdings, read_spine(holdings, SAMPLE))
        assert NO_HEIGHTS not in places.missing
        efforts.append(places.networks["streets"])
    one, two = (np.asarray(network.effort["walk"]) for network in efforts)
    assert one.shape == two.shape
    # The tile of the north-west is sea there, so streets in it are level; elsewhere the slopes agree.
    assert (np.abs(one - two) < 0.02 * one + 0.5).mean() > 0.7


def test_a_dry_run_says_where_each_product_is_asked_for_and_that_roads_come_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from argparse import Namespace

    call = {
        "authorities": ["E06000032"],
        "to": tmp_path,
        "mirror": None,
        "on": None,
        "refresh": False,
        "json": False,
    }
    assert run(Namespace(**call, only=[], dry_run=True)) == 0
    said = capsys.readouterr().out
    assert "raster/E06000032_os_terrain50.tif (terrain50, OGL v3)" in said
    assert "from https://api.os.uk/downloads/v1/products/OpenGreenspace/downloads" in said
    assert "os_open_roads" not in said
    assert run(Namespace(**call, only=["os_open_roads"], dry_run=True)) == 0
    assert "osm/E06000032_os_open_roads.gpkg" in capsys.readouterr().out


def test_a_mirror_gives_what_was_fetched_again(
    publishers: Any, small_england: Any, sample_data: Path, tmp_path: Path
) -> None:
    data = links(sample_data, tmp_path / "data", "terrain50")
    for key in PRODUCTS:
        path = fetched(publishers, small_england, tmp_path / "got", key)
        link = data / PRODUCTS[key][1]
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    outcome = fetch([SAMPLE], to=tmp_path / "copy", mirror=data)
    assert set(PRODUCTS) <= {one.id for one in outcome.got}
    again = fetch([SAMPLE], to=tmp_path / "copy", mirror=data)
    assert not again.got
    assert json.loads((tmp_path / "copy/fetched.json").read_text(encoding="utf-8"))["files"]
