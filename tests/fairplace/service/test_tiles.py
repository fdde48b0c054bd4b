"""Vector tiles hold every area in its place, with the figures that are shown, by GDAL's own reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.service.tiles import shapes_at, tile_box, web_metres
from geo.crs import to_lonlat

TILES = "/packs/halverton/tiles"
HALF = 20_037_508.342789244


def touched(pack: Pack, geography: str, zoom: int) -> list[tuple[int, int]]:
    """Columns and rows of the tiles that a geography lies in."""
    west, south, east, north = to_lonlat(pack.areas(geography))[0].total_bounds
    corners = web_metres(np.array([[west, north], [east, south]]))
    side = 2 * HALF / 2**zoom
    (x0, x1), (y0, y1) = (corners[:, 0] + HALF) // side, (HALF - corners[:, 1]) // side
    return [(x, y) for x in range(int(x0), int(x1) + 1) for y in range(int(y0), int(y1) + 1)]


@pytest.mark.parametrize(("geography", "zoom"), [("lsoa21", 9), ("lsoa21", 13), ("wd25", 11), ("oa21", 12)])
def test_gdal_reads_every_area_in_its_place(
    caller, sample_pack: Pack, tmp_path: Path, geography: str, zoom: int
) -> None:
    if "MVT" not in pyogrio.list_drivers():
        pytest.skip("GDAL here was built without the MVT driver")
    parts: dict[str, list] = {}
    for x, y in touched(sample_pack, geography, zoom):
        got = caller.get(f"{TILES}/{geography}/{zoom}/{x}/{y}.mvt")
        if got.status_code == 204:
            continue
        assert got.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        path = tmp_path / str(zoom) / str(x) / f"{y}.mvt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(got.content)
        frame = pyogrio.read_dataframe(path, X=str(x), Y=str(y), Z=str(zoom), CLIP="NO")
        assert frame.geometry.is_valid.all()
        for code, shape in zip(frame["code"], frame.geometry, strict=True):
            parts.setdefault(code, []).append(shapely.intersection(shape, shapely.box(*tile_box(zoom, x, y))))
    areas = sample_pack.areas(geography)
    assert set(parts) == set(areas.index)
    wanted = shapely.transform(to_lonlat(areas)[0].geometry.to_numpy(), web_metres)
    unit = 2 * HALF / 2**zoom / 4096
    for code, shape in zip(areas.index, wanted, strict=True):
        drawn = shapely.union_all(shapely.make_valid(parts[code]))
        # Simplified borders move by a few units of the tile; nothing lies elsewhere.
        off = shapely.symmetric_difference(drawn, shape).area
        assert off < shape.length * unit * 12, code


def test_borders_that_areas_share_stay_shared(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    for zoom in (8, 12):
        shapes = shapes_at(released, "lsoa21", zoom).shapes
        whole = shapely.union_all(shapes).area
        assert sum(shape.area for shape in shapes) == pytest.approx(whole, rel=1e-6)


def test_a_tile_holds_the_released_figure_and_its_class(caller, sample_pack: Pack) -> None:
    import mapbox_vector_tile

    shown = release(sample_pack, "public").figures
    rows = shown[(shown["geography"] == "lsoa21") & (shown["group"] == "")]
    share = rows[rows["indicator"] == "mis_people_below_share"].set_index("code")
    chance = rows[rows["indicator"] == "mis_above_authority_probability"].set_index("code")["value"]
    seen: dict[str, dict] = {}
    for x, y in touched(sample_pack, "lsoa21", 10):
        got = caller.get(f"{TILES}/lsoa21/10/{x}/{y}.mvt")
        if got.status_code == 200:
            layer = mapbox_vector_tile.decode(got.content)["areas"]
            seen |= {one["properties"]["code"]: one["properties"] for one in layer["features"]}
    assert set(seen) == set(sample_pack.areas("lsoa21").index)
    for code, said in seen.items():
        for part, column in (("", "value"), ("_low", "low"), ("_high", "high")):
            if share.at[code, "status"] == "ok":
                assert said[f"mis_people_below_share{part}"] == pytest.approx(share.at[code, column])
            else:
                assert f"mis_people_below_share{part}" not in said
        kind = "above" if chance[code] >= 0.9 else "below" if chance[code] <= 0.1 else "close"
        assert said["mis_class"] == kind


def test_where_there_is_nothing_the_tile_is_empty_and_others_are_not_there(caller) -> None:
    assert caller.get(f"{TILES}/lsoa21/10/0/0.mvt").status_code == 204
    for address, status in (
        ("lsoa21/3/9/1.mvt", 404), ("lsoa99/3/1/1.mvt", 404), ("lsoa21/15/1/1.mvt", 400),
        ("lsoa21/-1/1/1.mvt", 400), ("lsoa21/x/1/1.mvt", 400), ("lsoa99.json", 404),
    ):  # fmt: skip
        got = caller.get(f"{TILES}/{address}")
        assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json"), address


def test_the_description_of_the_tiles_leads_to_them(caller, sample_pack: Pack) -> None:
    said = caller.get(f"{TILES}/wd25.json").json()
    assert said["tilejson"] == "3.0.0"
    assert said["attribution"]
    assert "modelled" in said["description"]
    x, y = touched(sample_pack, "wd25", 10)[0]
    address = said["tiles"][0].format(z=10, x=x, y=y)
    got = caller.get(address, headers={"accept-encoding": "gzip"})
    assert got.status_code == 200
    assert caller.get(address, headers={"if-none-match": got.headers["etag"]}).status_code == 304
    assert {"code", "name", "mis_people_below_share"} <= set(said["vector_layers"][0]["fields"])
    west, south, east, north = said["bounds"]
    assert west < east
    assert south < north
