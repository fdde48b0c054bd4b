"""OS Terrain 50 as published, a zip of zips, becomes one raster of a place; sea is not a height of 0 m.

The zips are made here in the publisher's layout (names, headers, rows from the north), with heights of a
plane: 100 m, 2 m up for each kilometre east and 1 m down for each kilometre north.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.gradient import read_grades
from geo.network_building import build_network
from geo.terrain import (
    CELLS,
    DamagedTerrainError,
    Terrain,
    TerrainError,
    join_tiles,
    read_tile,
    tile_corner,
    tile_name,
    write_terrain,
)

BOX = (508_000.0, 222_000.0, 513_000.0, 226_000.0)


def plane(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 100 + 2 * (x - 500_000) / 1000 - (y - 220_000) / 1000


def grid(name: str, *, nodata: str = "", hole: bool = False) -> str:
    west, south = tile_corner(name)
    x = west + 25 + 50 * np.arange(CELLS)
    y = south + 10_000 - 25 - 50 * np.arange(CELLS)
    values = np.round(plane(x[None, :], y[:, None]), 1)
    rows = [[f"{one:.1f}" for one in row] for row in values]
    if hole:
        rows[0][0] = nodata
    head = f"ncols 200\nnrows 200\nxllcorner {west}\nyllcorner {south}\ncellsize 50\n"
    head += f"NODATA_value {nodata}\n" if nodata else ""
    return head + "".join(" ".join(row) + " \n" for row in rows)


def packed(members: dict[str, str | bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            target.writestr(name, content)
    return body.getvalue()


def member(name: str, day: str = "20250701") -> str:
    return f"data/{name[:2].lower()}/{name.lower()}_OST50GRID_{day}.zip"


def product(path: Path, *names: str, **changed: str | bytes) -> Path:
    tiles = {
        name: packed(
            {f"{name}.asc": grid(name), f"{name}.gml": "<x/>", f"{name}.prj": "", "Metadata.xml": ""}
        )
        for name in names
    }
    tiles |= {
        name: packed({f"{name}.asc": text}) if isinstance(text, str) else text
        for name, text in changed.items()
    }
    path.write_bytes(packed({"readme.txt": "x", **{member(name): body for name, body in tiles.items()}}))
    return path


def joined(
    path: Path, tmp_path: Path, box: tuple[float, float, float, float] = BOX, **more: float
) -> Terrain:
    terrain = join_tiles(path, box, **more)
    write_terrain(terrain, tmp_path / "terrain.tif")
    return terrain


@pytest.mark.parametrize(
    ("easting", "northing", "name"),
    # Squares whose corners the publisher's own files state: TL, NY21, NN17, SV of the Isles of Scilly.
    [
        (500_000, 220_000, "TL02"),
        (320_000, 510_000, "NY21"),
        (210_000, 770_000, "NN17"),
        (85_000, 5_000, "SV80"),
    ],
)
def test_a_tile_is_named_by_its_square_of_the_national_grid(easting: int, northing: int, name: str) -> None:
    assert tile_name(easting, northing) == name
    assert tile_corner(name) == (easting // 10_000 * 10_000, northing // 10_000 * 10_000)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 69), st.integers(0, 124))
def test_a_name_leads_back_to_its_corner(column: int, row: int) -> None:
    assert tile_corner(tile_name(column * 10_000 + 1.5, row * 10_000 + 1.5)) == (
        column * 10_000,
        row * 10_000,
    )


def test_tiles_meet_without_a_seam(tmp_path: Path) -> None:
    path = product(tmp_path / "terr50_gagg_gb.zip", "TL02", "TL12", "NY21")
    terrain = joined(path, tmp_path, margin=1000.0)
    assert terrain.tiles == ("TL02", "TL12")
    assert terrain.absent == ()
    assert terrain.edition == "2025-07-01"
    assert (terrain.west, terrain.north) == (507_000, 227_000)
    assert terrain.heights.shape == (120, 140)
    rows, columns = terrain.heights.shape
    x = terrain.west + 25 + 50 * np.arange(columns)
    y = terrain.north - 25 - 50 * np.arange(rows)
    # The publisher rounds to 0.1 m.
    assert np.abs(terrain.heights - plane(x[None, :], y[:, None])).max() <= 0.051
    with rasterio.open(tmp_path / "terrain.tif") as raster:
        assert raster.crs.to_epsg() == 27700
        assert raster.bounds == (507_000, 221_000, 514_000, 227_000)
        assert (raster.read(1) == terrain.heights).all()


def test_sea_has_no_height_and_is_said(tmp_path: Path) -> None:
    path = product(tmp_path / "t.zip", "TL02")
    terrain = joined(path, tmp_path)
    assert terrain.absent == ("TL01", "TL11", "TL12")
    assert "no tile for" in terrain.said
    assert np.isnan(terrain.heights[:, -1]).all()
    with rasterio.open(tmp_path / "terrain.tif") as raster:
        masked = raster.read(1, masked=True)
    assert masked.mask.sum() == np.isnan(terrain.heights).sum() > 0
    assert (masked.compressed() > 50).all(), "no cell of sea became 0 m"


def test_a_height_of_nothing_in_a_tile_is_missing_and_zero_is_a_height(tmp_path: Path) -> None:
    text = grid("TL02", nodata="-9999", hole=True)
    tile = read_tile(product(tmp_path / "t.zip", TL02=text), member("TL02"), "TL02")
    assert np.isnan(tile[0, 0])
    assert np.isnan(tile).sum() == 1
    zero = grid("TL02").split("\n")
    zero[5] = "0.0 " + zero[5].split(" ", 1)[1]
    tile = read_tile(product(tmp_path / "z.zip", TL02="\n".join(zero)), member("TL02"), "TL02")
    assert tile[0, 0] == 0.0
    assert not np.isnan(tile).any()


def test_streets_get_the_slope_of_the_ground_across_a_seam_and_none_at_sea(tmp_path: Path) -> None:
    path = product(tmp_path / "t.zip", "TL02", "TL12")
    joined(path, tmp_path)
    east = shapely.LineString([(509_000, 224_000), (511_000, 224_000)])
    network = build_network(gpd.GeoDataFrame(geometry=[east], crs="EPSG:27700"), where="a street")
    grades = read_grades(network, tmp_path / "terrain.tif")
    assert np.abs(np.abs(grades.slope) - 0.002).max() < 0.0011, "2 m a kilometre, read to 0.1 m"
    assert "100.0%" in grades.said


def test_the_newer_of_two_tiles_is_taken(tmp_path: Path) -> None:
    path = product(tmp_path / "t.zip", "TL02")
    old = packed({"TL02.asc": grid("TL02").replace("\n1", "\n9")})
    with zipfile.ZipFile(path, "a") as target:
        target.writestr(member("TL02", "20130611"), old)
    assert read_tile(path, member("TL02"), "TL02").max() < 130
    assert join_tiles(path, (503_000, 223_000, 504_000, 224_000)).edition == "2025-07-01"


def deflate64(name: str, content: bytes) -> bytes:
    """A zip of one member by method 9: a stream of literals alone is the same by Deflate and Deflate64."""
    maker = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_HUFFMAN_ONLY)
    body = maker.compress(content) + maker.flush()
    crc, label = zlib.crc32(content), name.encode()
    head = (21, 0, 9, 0, 0x21, crc, len(body), len(content), len(label), 0)
    local = struct.pack("<I5H3I2H", 0x04034B50, *head) + label
    central = struct.pack("<I6H3I5H2I", 0x02014B50, 21, *head, 0, 0, 0, 0, 0) + label
    end = struct.pack("<I4H2IH", 0x06054B50, 0, 0, 1, 1, len(central), len(local) + len(body), 0)
    return local + body + central + end


def test_a_tile_packed_by_deflate64_is_read_all_the_same(tmp_path: Path) -> None:
    # Two tiles of the edition of May 2022 are packed by a method that Python's zipfile does not know.
    path = tmp_path / "t.zip"
    path.write_bytes(deflate64(member("TL02"), packed({"TL02.asc": grid("TL02")})))
    with zipfile.ZipFile(path) as target, pytest.raises(NotImplementedError):
        target.read(member("TL02"))
    plain = product(tmp_path / "plain.zip", "TL02")
    assert (read_tile(path, member("TL02"), "TL02") == read_tile(plain, member("TL02"), "TL02")).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            grid("TL02").replace("ncols 200", "ncols 100"),
            "ncols is 100, expected 200; the format has changed",
        ),
        (grid("TL12"), "xllcorner is 510000, expected 500000"),
        (grid("TL02").replace("cellsize 50", "cellsize fifty"), 'cellsize is "fifty"; expected a number'),
        (grid("TL02").replace("yllcorner 220000\n", ""), "yllcorner is missing"),
        (grid("TL02")[:5000], "heights, expected 40000; it is cut short"),
        (grid("TL02").replace(" 105.0 ", " high ", 1), "something that is no height"),
        (grid("TL02").replace(" 105.0 ", " 32767 ", 1), "a height of 32767 m, which is no ground"),
        ("", "ncols is missing"),
    ],
)
def test_a_tile_that_is_not_what_its_name_says_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TerrainError, match=said):
        join_tiles(product(tmp_path / "t.zip", TL02=text), (503_000, 223_000, 504_000, 224_000))


def test_a_damaged_tile_and_half_a_zip_are_said_to_be_damaged(tmp_path: Path) -> None:
    whole = product(tmp_path / "t.zip", "TL02")
    body = whole.read_bytes()
    whole.write_bytes(body[: len(body) // 2])
    with pytest.raises(DamagedTerrainError, match="damaged zip"):
        join_tiles(whole, BOX)
    inner = packed({"TL02.asc": grid("TL02")})
    with pytest.raises(DamagedTerrainError, match=r"tl02_OST50GRID_20250701.zip is damaged"):
        join_tiles(product(tmp_path / "u.zip", TL02=inner[: len(inner) // 2]), BOX)


def test_a_tile_that_unpacks_to_far_too_much_is_left_alone(tmp_path: Path) -> None:
    bomb = packed({"TL02.asc": b"0 " * 50_000_000})
    assert len(bomb) < 1_000_000
    with pytest.raises(TerrainError, match="unpacks to more than 8,000,000 bytes"):
        join_tiles(product(tmp_path / "t.zip", TL02=bomb), BOX)


def test_other_zips_and_other_places_are_refused_with_what_to_get(tmp_path: Path) -> None:
    path = tmp_path / "contours.zip"
    path.write_bytes(packed({"data/tl/tl_OST50CONT_20250701.zip": b""}))
    with pytest.raises(TerrainError, match=r'get the format "ASCII Grid and GML \(Grid\)"'):
        join_tiles(path, BOX)
    with pytest.raises(TerrainError, match="has no tile of this place"):
        join_tiles(product(tmp_path / "t.zip", "NY21"), BOX)
    with pytest.raises(TerrainError, match="outside the squares"):
        join_tiles(product(tmp_path / "u.zip", "NY21"), (690_000.0, 0.0, 1_010_000.0, 1000.0))
    with pytest.raises(TerrainError, match="at most 400 are joined"):
        join_tiles(product(tmp_path / "v.zip", "NY21"), (0.0, 0.0, 600_000.0, 600_000.0))


def test_the_published_heights_of_luton_come_back_from_their_own_tiles(
    real_data: Path, tmp_path: Path
) -> None:
    with rasterio.open(real_data / "raster/os_terrain50_luton_30km.tif") as raster:
        real, left, top = raster.read(1), raster.bounds.left, raster.bounds.top
    tiles = {}
    for down in range(3):
        for across in range(3):
            west, south = int(left) + across * 10_000, int(top) - (down + 1) * 10_000
            part = real[down * 200 : (down + 1) * 200, across * 200 : (across + 1) * 200]
            rows = "".join(" ".join(f"{one:.1f}" for one in row) + "\n" for row in part)
            head = f"ncols 200\nnrows 200\nxllcorner {west}\nyllcorner {south}\ncellsize 50\n"
            tiles[tile_name(west, south)] = head + rows
    terrain = join_tiles(product(tmp_path / "t.zip", **tiles), (490_000, 210_000, 520_000, 240_000), margin=0)
    assert len(terrain.tiles) == 9
    assert np.abs(terrain.heights - real).max() <= 0.0501
