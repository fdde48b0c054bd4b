"""OS Terrain 50 as it is published, a zip of zips, joined into one raster of heights of a place.

The product is some 2,858 tiles of 10 km, each a zip of its own inside one zip, with 200 by 200 heights
of the ground in metres, one every 50 m (Ordnance Survey, OS Terrain 50 technical specification, grid
data). Only the tiles of the place are opened. Where the product has no tile there is sea, or no Great
Britain: such cells have no height, which is not a height of 0 m.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geo.errors import UserError

#: Metres of a tile and of a cell, and cells along a tile.
TILE, CELL, CELLS = 10_000, 50, 200
#: What stands in a cell without a height; no ground in Great Britain is near it.
NO_DATA = -9999.0
#: Metres beyond a place within which heights are kept: half an hour's walk.
MARGIN = 3000.0
#: Most bytes of one tile, packed and unpacked; a real one has 60 KB and 280 KB.
MOST_PACKED, MOST_UNPACKED = 4_000_000, 8_000_000
#: Most tiles of one place: an English county has 60, the largest district 45.
MOST_TILES = 400
#: Heights outside these are no ground of Great Britain, whose top is at 1,345 m and whose fens at -4 m;
#: tiles at the coast go on a little below the sea.
LOWEST, HIGHEST = -100.0, 1500.0
_NAME = re.compile(r"(?:^|/)([a-z]{2}\d\d)_OST50GRID_(\d{8})\.zip$", re.IGNORECASE)
_LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
_HEADER = ("ncols", "nrows", "xllcorner", "yllcorner", "cellsize")

Heights = NDArray[np.float32]


class TerrainError(UserError, ValueError):
    """A file is not OS Terrain 50 as published, or has no tile of the place."""


class DamagedTerrainError(TerrainError):
    """A tile, or the zip of tiles, is damaged."""


@dataclass(frozen=True)
class Terrain:
    """Heights of a place.

    Parameters
    ----------
    heights : array of float32, shape (rows, columns)
        Metres above Ordnance Datum Newlyn, one every `CELL` metres; row 0 is the northernmost. NaN
        where there is no tile, or the tile has no height.
    west, north
        Easting and northing of the top-left corner.
    tiles
        Names of the tiles that were read, such as ``TL02``.
    absent
        Names of those of the place that the product does not have: sea, or no Great Britain.
    edition
        Newest day in the names of the tiles, such as ``2025-07-01``.
    """

    heights: Heights
    west: float
    north: float
    tiles: tuple[str, ...]
    absent: tuple[str, ...]
    edition: str

    @property
    def said(self) -> str:
        """What was joined, in words."""
        text = f"{len(self.tiles)} tiles of OS Terrain 50 joined ({', '.join(self.tiles)})"
        if self.absent:
            text += f"; no tile for {', '.join(self.absent)}: sea, left without height"
        return text


def tile_name(easting: float, northing: float) -> str:
    """Name of the tile of 10 km that a point of the National Grid is in, such as ``TL02``.

    Raises
    ------
    TerrainError
        The point is outside the lettered squares.
    """
    column, row = int(easting // 100_000), int(northing // 100_000)
    if not (0 <= column <= 9 and 0 <= row <= 14) or easting < 0 or northing < 0:
        raise TerrainError(f"{easting:.0f}, {northing:.0f} is outside the squares of the National Grid")
    # The letters of squares of 500 km and of 100 km run from the north-west, without I.
    large = (3 - row // 5) * 5 + column // 5 + 2
    small = (4 - row % 5) * 5 + column % 5
    digits = f"{int(easting % 100_000 // TILE)}{int(northing % 100_000 // TILE)}"
    return _LETTERS[large] + _LETTERS[small] + digits


def tile_corner(name: str) -> tuple[int, int]:
    """South-west corner of a tile by its name, in metres."""
    large, small = _LETTERS.index(name[0].upper()), _LETTERS.index(name[1].upper())
    column = (large % 5 - 2) * 5 + small % 5
    row = (3 - large // 5) * 5 + 4 - small // 5
    return column * 100_000 + int(name[2]) * TILE, row * 100_000 + int(name[3]) * TILE


def list_tiles(path: Path) -> dict[str, str]:
    """Tiles of a zip as published, name of the tile -> name of the member; the newest where there are two.

    Raises
    ------
    TerrainError
        The zip holds no tile.
    DamagedTerrainError
        It is no whole zip.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except zipfile.BadZipFile as error:
        raise DamagedTerrainError(f"{path.name} is a damaged zip ({error}); get it again") from error
    found = sorted((hit[2], hit[1].upper(), name) for name in names if (hit := _NAME.search(name)))
    if not found:
        shown = ", ".join(names[:4]) or "nothing"
        raise TerrainError(
            f"{path.name} holds {shown}, and no tile of OS Terrain 50 such as tl02_OST50GRID_20250101.zip; "
            f'get the format "ASCII Grid and GML (Grid)"'
        )
    return {tile: name for _, tile, name in found}


def newest_day(path: Path) -> str:
    """Newest day in the names of the tiles of a zip, such as ``2025-07-01``."""
    return _day(list_tiles(path).values())


def _day(members: Iterable[str]) -> str:
    day = max(hit[2] for member in members if (hit := _NAME.search(member)))
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def join_tiles(path: Path, box: tuple[float, float, float, float], *, margin: float = MARGIN) -> Terrain:
    """Join the tiles of a place.

    Parameters
    ----------
    path
        The zip as Ordnance Survey offers it, format "ASCII Grid and GML (Grid)" of Great Britain.
    box
        West, south, east and north of the place in metres of EPSG:27700.
    margin
        Metres beyond the box that are kept too.

    Returns
    -------
    Terrain
        Cut to the box and margin, at whole cells.

    Raises
    ------
    TerrainError
        The zip has no tile of the place, the place is too large, or a tile is not what its name says.
    DamagedTerrainError
        A tile is damaged.
    """
    held = list_tiles(path)
    west, south = (max(0, int((side - margin) // CELL) * CELL) for side in box[:2])
    east, north = (-int(-(side + margin) // CELL) * CELL for side in box[2:])
    corners = [
        (x, y)
        for y in range(south // TILE * TILE, north, TILE)
        for x in range(west // TILE * TILE, east, TILE)
    ]
    if len(corners) > MOST_TILES:
        raise TerrainError(f"the place is of {len(corners)} tiles of 10 km; at most {MOST_TILES} are joined")
    heights = np.full(((north - south) // CELL, (east - west) // CELL), np.nan, dtype=np.float32)
    tiles, absent = [], []
    for x, y in corners:
        name = tile_name(x, y)
        if name not in held:
            absent.append(name)
            continue
        tile = read_tile(path, held[name], name)
        tiles.append(name)
        # Where the tile and the place overlap, in cells of each; rows count from the north.
        left, right = max(x, west), min(x + TILE, east)
        low, high = max(y, south), min(y + TILE, north)
        heights[
            (north - high) // CELL : (north - low) // CELL, (left - west) // CELL : (right - west) // CELL
        ] = tile[
            (y + TILE - high) // CELL : (y + TILE - low) // CELL, (left - x) // CELL : (right - x) // CELL
        ]
    if not tiles:
        raise TerrainError(
            f"{path.name} has no tile of this place ({', '.join(absent[:6])}); it covers Great Britain only"
        )
    edition = _day(held[name] for name in tiles)
    return Terrain(heights, float(west), float(north), tuple(tiles), tuple(absent), edition)


def write_terrain(terrain: Terrain, path: Path) -> None:
    """Write heights as a GeoTIFF in EPSG:27700; cells without a height hold `NO_DATA`."""
    import rasterio
    from rasterio.transform import from_origin

    rows, columns = terrain.heights.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32", crs="EPSG:27700",
        transform=from_origin(terrain.west, terrain.north, CELL, CELL), nodata=NO_DATA, compress="deflate",
        tiled=True,
    ) as target:  # fmt: skip
        target.write(np.where(np.isnan(terrain.heights), np.float32(NO_DATA), terrain.heights), 1)
        target.update_tags(source="OS Terrain 50", tiles=" ".join(terrain.tiles), edition=terrain.edition)


def read_tile(path: Path, member: str, name: str) -> Heights:
    """Heights of one tile of the zip of tiles, NaN where it has none.

    Raises
    ------
    TerrainError
        It is not the tile that its name says.
    DamagedTerrainError
        It is damaged.
    """
    where = f"{path.name}, tile {name}"
    try:
        tile, missing = _parse(_read_text(path, member), name, where)
    except NotImplementedError:
        tile, missing = _read_by_gdal(path, member, name, where)
    if missing is not None:
        tile = np.where(tile == np.float32(missing), np.float32(np.nan), tile)
    odd = tile[~np.isnan(tile) & ~((tile >= LOWEST) & (tile <= HIGHEST))]
    if len(odd):
        raise DamagedTerrainError(
            f"{where} holds a height of {odd[0]:g} m, which is no ground of Great Britain"
        )
    return tile


def _parse(text: str, name: str, where: str) -> tuple[Heights, float | None]:
    """Heights of an ASCII grid, and what stands for a missing one where it says so."""
    rows = text.split("\n")
    head: dict[str, float] = {}
    for line in rows[:6]:
        key, _, value = line.strip().partition(" ")
        if key.lower() not in (*_HEADER, "nodata_value"):
            break
        try:
            head[key.lower()] = float(value)
        except ValueError:
            raise TerrainError(f'{where}: {key} is "{value.strip()}"; expected a number') from None
    _check_header(head, name, where)
    try:
        values = np.array(" ".join(rows[len(head) :]).split(), dtype=np.float32)
    except ValueError as error:
        raise DamagedTerrainError(
            f"{where} holds something that is no height ({error}); get it again"
        ) from error
    if len(values) != CELLS * CELLS:
        raise DamagedTerrainError(
            f"{where} holds {len(values)} heights, expected {CELLS * CELLS}; it is cut short: get it again"
        )
    return values.reshape(CELLS, CELLS), head.get("nodata_value")


def _check_header(head: Mapping[str, float], name: str, where: str) -> None:
    expected = dict(zip(_HEADER, (CELLS, CELLS, *tile_corner(name), CELL), strict=True))
    for key, value in expected.items():
        if head.get(key) != value:
            said = f"{head[key]:g}" if key in head else "missing"
            raise TerrainError(f"{where}: {key} is {said}, expected {value:g}; the format has changed")


def _read_text(path: Path, member: str) -> str:
    try:
        with zipfile.ZipFile(path) as packed:
            inner = _read_member(packed, member, MOST_PACKED)
        with zipfile.ZipFile(io.BytesIO(inner)) as tile:
            names = [one for one in tile.namelist() if one.lower().endswith(".asc")]
            if len(names) != 1:
                raise TerrainError(f"{path.name}: {member} holds {len(names)} grids; expected one .asc")
            return _read_member(tile, names[0], MOST_UNPACKED).decode("ascii", errors="replace")
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise DamagedTerrainError(f"{path.name}: {member} is damaged ({error}); get it again") from error


def _read_member(packed: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Read a member of a zip, of no more than so many bytes, whatever it says of its size."""
    try:
        with packed.open(name) as handle:
            body = handle.read(most + 1)
    except zlib.error as error:
        raise zipfile.BadZipFile(str(error)) from error
    if len(body) > most:
        raise TerrainError(
            f"{name} unpacks to more than {most:,} bytes, which no tile does; it was left alone"
        )
    return body


def _read_by_gdal(path: Path, member: str, name: str, where: str) -> tuple[Heights, float | None]:
    """Read a tile packed by Deflate64, which Python lacks: two of the edition of May 2022 are."""
    import rasterio
    from rasterio.errors import RasterioError

    with zipfile.ZipFile(path) as packed:
        size = packed.getinfo(member).file_size
    if size > MOST_PACKED:
        raise TerrainError(f"{where} is of {size:,} bytes, which no tile is; it was left alone")
    inside = f"/vsizip/{{/vsizip/{{{path.as_posix()}}}/{member}}}/{name}.asc"
    try:
        with rasterio.open(inside) as grid:
            a, _, west, _, _, north = tuple(grid.transform)[:6]
            shape = (grid.width, grid.height, west, north - a * grid.height, a)
            _check_header(dict(zip(_HEADER, map(float, shape), strict=True)), name, where)
            return grid.read(1).astype(np.float32), grid.nodata
    except RasterioError as error:
        raise DamagedTerrainError(f"{where} is damaged ({error}); get it again") from error
