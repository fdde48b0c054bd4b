"""Layers of shapes, in the formats people have.

GeoJSON, GeoParquet, GeoPackage, Shapefile (zipped or loose), MapInfo TAB, File Geodatabase, KML and
tables with a column of WKT all end as one frame with a CRS. Where a file does not say its CRS, the
caller is asked: a guess that is wrong puts a plan somewhere else, and nobody sees it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

from geo.crs import BNG, CrsError
from geo.errors import UserError

#: Suffixes that are read, with what people call them.
FORMATS: dict[str, str] = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".parquet": "GeoParquet",
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".zip": "zipped Shapefile, GeoPackage or File Geodatabase",
    ".tab": "MapInfo TAB",
    ".mif": "MapInfo MIF",
    ".gdb": "File Geodatabase",
    ".kml": "KML",
    ".gml": "GML",
    ".csv": "CSV with a column of WKT",
    ".wkt": "WKT",
}
#: A zip that unpacks to more than this is refused, in bytes.
MAX_UNPACKED = 4_000_000_000
_WKT_COLUMNS = ("wkt", "geometry", "geom", "the_geom", "wkb_geometry", "shape", "polygon")
_SRID = re.compile(r"\s*SRID=(\d+);\s*(.*)", re.IGNORECASE | re.DOTALL)
# Transverse Mercator of the National Grid: files from MapInfo and ArcGIS say these numbers under
# names of their own. Left unrecognised, such a layer would be shifted twice and land 2 m off.
_GRID_NUMBERS = {
    "latitude of natural origin": 49.0,
    "longitude of natural origin": -2.0,
    "scale factor at natural origin": 0.9996012717,
    "false easting": 400000.0,
    "false northing": -100000.0,
}


class LayerError(UserError, ValueError):
    """A file of shapes cannot be read as what it says it is."""


class MissingLayerError(UserError, OSError):
    """A file of shapes is not there, or cannot be opened."""


def read_layer(
    path: str | Path,
    *,
    crs: str | None = None,
    layer: str | None = None,
    column_equals: tuple[str, str] | None = None,
    column_in: tuple[str, Iterable[str]] | None = None,
    box: tuple[float, float, float, float] | None = None,
) -> gpd.GeoDataFrame:
    """Shapes of a file, flat (no heights), with the CRS they are in.

    Parameters
    ----------
    path
        A file in one of `FORMATS`; a File Geodatabase is a folder.
    crs
        What the coordinates are, for a file that does not say; refused where the file says
        another.
    layer
        Name of the layer, where the file holds more than one.
    column_equals
        Column and the value to keep, applied while reading.
    column_in
        Column and the values to keep, applied while reading.
    box
        West, south, east and north in the file's own coordinates: what does not touch it is not read.

    Returns
    -------
    GeoDataFrame
        Columns as in the file, text as text, index 0 to n-1, in the file's CRS; the National Grid
        under another program's name comes back as EPSG:27700.

    Raises
    ------
    MissingLayerError
        The file is not there.
    LayerError
        It cannot be read, holds several layers and none was chosen, or holds no shapes.
    CrsError
        It says no CRS and none was given, or another than was given.
    """
    path = Path(path)
    if not path.exists():
        raise MissingLayerError(f"{path} is not there; check the name and the folder")
    kind = path.suffix.lower()
    if kind == ".parquet":
        frame = _read_parquet(path, column_equals, column_in)
    elif kind == ".csv":
        frame = _read_wkt_table(path)
    elif kind in (".wkt", ".txt"):
        frame = wkt_frame(path.read_text(encoding="utf-8-sig"), where=path.name)
    elif kind in FORMATS:
        frame = _read_gdal(path, layer, column_equals, box)
    else:
        raise LayerError(
            f"{path.name} is a {kind or 'file without a suffix'}; give {', '.join(sorted(FORMATS))}"
        )
    frame = _keep(frame, column_equals, column_in)
    if box is not None:
        frame = frame[shapely.intersects(frame.geometry.to_numpy(), shapely.box(*box))]
    shapes = frame.geometry.to_numpy()
    if shapely.has_z(shapes).any():
        frame = frame.set_geometry(gpd.GeoSeries(shapely.force_2d(shapes), index=frame.index, crs=frame.crs))
    return _with_crs(frame.reset_index(drop=True), crs, path.name)


def layer_names(path: str | Path) -> list[str]:
    """Name the layers of a file of shapes that GDAL reads.

    Raises
    ------
    MissingLayerError
        The file is not there.
    LayerError
        It cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise MissingLayerError(f"{path} is not there; check the name and the folder")
    source = _gdal_source(path)
    return [str(row[0]) for row in _ask_gdal(path, lambda: pyogrio.list_layers(source))]


def layer_columns(path: str | Path, *, layer: str | None = None) -> list[str]:
    """Name the columns of a file of shapes without reading the shapes."""
    path = Path(path)
    if not path.exists():
        raise MissingLayerError(f"{path} is not there; check the name and the folder")
    kind = path.suffix.lower()
    if kind == ".parquet":
        return list(pq.read_schema(path).names)
    if kind == ".csv":
        return list(pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns)
    if kind in (".wkt", ".txt"):
        return []
    source = _gdal_source(path)
    info = _ask_gdal(path, lambda: pyogrio.read_info(source, layer=_layer_name(path, source, layer)))
    return [str(name) for name in info["fields"]]


def wkt_frame(text: str, *, where: str) -> gpd.GeoDataFrame:
    """Read one shape written as WKT or EWKT; the CRS is set where the text says ``SRID=``.

    Raises
    ------
    LayerError
        The text is not WKT.
    """
    shape, crs = _parse_wkt(text, where)
    return gpd.GeoDataFrame({"geometry": [shape]}, crs=crs)


def same_as_national_grid(crs: pyproj.CRS) -> bool:
    """Tell whether a CRS is the National Grid, under whatever name."""
    if crs.to_epsg() == 27700:
        return True
    operation = crs.coordinate_operation
    if crs.is_geographic or operation is None or crs.ellipsoid is None:
        return False
    if abs(crs.ellipsoid.semi_major_metre - 6377563.396) > 0.01:
        return False
    numbers = {one.name.lower(): float(one.value) for one in operation.params}
    return all(abs(numbers.get(name, -1e9) - value) < 1e-9 for name, value in _GRID_NUMBERS.items())


def _with_crs(frame: gpd.GeoDataFrame, said: str | None, where: str) -> gpd.GeoDataFrame:
    if frame.crs is None:
        if said is None:
            raise CrsError(
                f"{where} does not say its CRS (for a Shapefile, the .prj is missing), and it is not "
                f'guessed; say which it is: crs="EPSG:27700" for metres of the National Grid, '
                f'crs="EPSG:4326" for degrees'
            )
        return frame.set_crs(said)
    if same_as_national_grid(frame.crs):
        frame = frame.set_crs(BNG, allow_override=True)
    if said is not None and not _same_crs(frame.crs, pyproj.CRS(said)):
        raise CrsError(
            f"{where} says {frame.crs.to_string()}, but {said} was given; leave crs out, or mend the file"
        )
    return frame


def _same_crs(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    if one.equals(other, ignore_axis_order=True):
        return True
    return one.to_epsg() is not None and one.to_epsg() == other.to_epsg()


def _keep(
    frame: gpd.GeoDataFrame,
    equals: tuple[str, str] | None,
    within: tuple[str, Iterable[str]] | None,
) -> gpd.GeoDataFrame:
    if equals is not None:
        frame = frame[frame[equals[0]] == equals[1]]
    if within is not None:
        frame = frame[frame[within[0]].isin(set(within[1]))]
    return frame


def _read_parquet(
    path: Path, equals: tuple[str, str] | None, within: tuple[str, Iterable[str]] | None
) -> gpd.GeoDataFrame:
    filters: list[tuple[str, str, Any]] = []
    if equals is not None:
        filters.append((equals[0], "==", equals[1]))
    if within is not None:
        filters.append((within[0], "in", sorted(set(within[1]))))
    try:
        return gpd.read_parquet(path, filters=filters or None)
    except (ValueError, OSError) as error:
        raise LayerError(f"{path.name} is not a GeoParquet file: {_first_line(error)}") from error


def _read_wkt_table(path: Path) -> gpd.GeoDataFrame:
    table = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    found = [name for name in table.columns if name.lower() in _WKT_COLUMNS]
    found = [n for n in found if n.lower() == "wkt"] or found
    if not found:
        raise LayerError(
            f"{path.name} has no column of shapes; it needs one called WKT or geometry (found "
            f"{', '.join(table.columns[:8])})"
        )
    shapes: list[Any] = []
    said: set[str | None] = set()
    for row, text in enumerate(table[found[0]], start=2):
        if not text.strip():
            shapes.append(None)
            continue
        shape, crs = _parse_wkt(text, f"{path.name} row {row}")
        shapes.append(shape)
        said.add(crs)
    if len(said) > 1:
        raise CrsError(f"{path.name} mixes coordinate systems ({said}); save it in one")
    return gpd.GeoDataFrame(
        table.drop(columns=found[0]), geometry=gpd.GeoSeries(shapes), crs=said.pop() if said else None
    )


def _parse_wkt(text: str, where: str) -> tuple[Any, str | None]:
    found = _SRID.fullmatch(text)
    body, crs = (found[2], f"EPSG:{found[1]}") if found else (text, None)
    try:
        return shapely.from_wkt(body.strip()), crs
    except shapely.errors.ShapelyError as error:
        raise LayerError(
            f'{where}: "{body.strip()[:40]}" is not WKT ({_first_line(error)}); '
            f"expected such as POLYGON ((...))"
        ) from error


def _read_gdal(
    path: Path,
    layer: str | None,
    equals: tuple[str, str] | None,
    box: tuple[float, float, float, float] | None,
) -> gpd.GeoDataFrame:
    source = _gdal_source(path)
    name = _layer_name(path, source, layer)
    where = None
    if equals is not None:
        quoted = equals[1].replace("'", "''")
        where = f"\"{equals[0]}\" = '{quoted}'"
    frame = _ask_gdal(path, lambda: pyogrio.read_dataframe(source, layer=name, where=where, bbox=box))
    if not isinstance(frame, gpd.GeoDataFrame):
        raise LayerError(f"{path.name} holds a table without shapes; give the file with the boundaries")
    return frame


def _ask_gdal(path: Path, call: Any) -> Any:
    # GDAL leaves what it learnt of a GML file beside it; a folder of data stays as it was.
    learnt = path.with_suffix(".gfs")
    ours = path.suffix.lower() == ".gml" and not learnt.exists()
    try:
        return call()
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        raise LayerError(
            f"{path.name} cannot be read as {FORMATS[path.suffix.lower()]}: {_first_line(error)}"
        ) from error
    finally:
        if ours:
            learnt.unlink(missing_ok=True)


def _layer_name(path: Path, source: str, layer: str | None) -> str | None:
    names = [str(row[0]) for row in _ask_gdal(path, lambda: pyogrio.list_layers(source))]
    if layer is not None and layer not in names:
        raise LayerError(f"{path.name} has no layer {layer}; it has {', '.join(names)}")
    if layer is None and len(names) > 1:
        raise LayerError(f"{path.name} has {len(names)} layers ({', '.join(names)}); say which: layer=NAME")
    return layer


def _gdal_source(path: Path) -> str:
    if path.suffix.lower() != ".zip":
        if path.suffix.lower() == ".shp":
            absent = [s for s in (".shx", ".dbf") if not _beside(path, s)]
            if absent:
                raise MissingLayerError(
                    f"{path.name} came without its {' and '.join(absent)}; a Shapefile is several files "
                    f"of one name: give all of them, or a zip"
                )
        return str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise LayerError(
            f"{path.name} is not a zip file; it may have been cut short: fetch it again"
        ) from error
    if sum(one.file_size for one in members) > MAX_UNPACKED:
        raise LayerError(f"{path.name} unpacks to more than {MAX_UNPACKED // 10**9} GB; unpack it and cut it")
    inside: set[str] = set()
    for one in members:
        if one.filename.startswith("__MACOSX/"):
            continue
        folder = re.match(r"(.*?\.gdb)/", one.filename, re.IGNORECASE)
        if folder:
            inside.add(folder[1])
        elif Path(one.filename).suffix.lower() in FORMATS.keys() - {".zip", ".csv", ".parquet", ".wkt"}:
            inside.add(one.filename)
    if len(inside) != 1:
        what = f"{len(inside)} layers ({', '.join(sorted(inside)[:5])})" if inside else "no layer of shapes"
        raise LayerError(f"{path.name} holds {what}; give a zip with one")
    return f"/vsizip/{path.as_posix()}/{inside.pop()}"


def _beside(path: Path, suffix: str) -> bool:
    return any(path.with_suffix(s).exists() for s in (suffix, suffix.upper()))


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:160]
