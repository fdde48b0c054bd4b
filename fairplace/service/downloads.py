"""Files to take away: areas with their figures, places and designations, with papers.

Each holds what the answers hold, of one edition, and the same bytes each time. The dictionary says of
every column what it is, of when, from whom, and under which licence.
"""

from __future__ import annotations

import io
import json
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import geopandas as gpd
import pandas as pd
from fastapi import APIRouter, Request
from fastapi import Path as InPath
from starlette.responses import Response

from fairplace.disclosure import Released
from fairplace.service.answers import GEOJSON, MEDIA, attachment, deliver, respond
from fairplace.service.designations import DESIGNATIONS, designation_table
from fairplace.service.features import GRID, Layer
from fairplace.service.finished import Document
from fairplace.service.holding import Held, Holding
from fairplace.service.layers import attribution, wide_figures
from fairplace.service.parameters import FORM, Form, PackName, examples
from fairplace.service.problems import MissingError
from fairplace.spreadsheets import safe_frame
from geo.crs import BNG
from geo.geography import Geography

#: Suffix -> media type and what it is.
FORMS: Mapping[str, tuple[str, str]] = {
    "gpkg": ("application/geopackage+sqlite3", "GeoPackage: areas, dictionary and sources, for QGIS"),
    "parquet": ("application/vnd.apache.parquet", "GeoParquet, for notebooks"),
    "csv": (MEDIA["csv"], "CSV without shapes, for spreadsheets"),
    "geojson": (GEOJSON, "GeoJSON in degrees, for web maps"),
}
DICTIONARY, SOURCES = "dictionary.csv", "sources.csv"
#: GDAL writes the hour into a GeoPackage; this is written in its place, so that equal content is equal bytes.
_DATE = "2000-01-01T00:00:00.000Z"
_GDAL = threading.Lock()
FileName = Annotated[
    str,
    InPath(
        max_length=100,
        description="Geography or collection of places and suffix, or dictionary.csv",
        examples=["wd25.csv"],
    ),
]


def download_routes() -> APIRouter:
    """Make the routes of files to take away."""
    router = APIRouter(prefix="/packs", tags=["Downloads"])

    @router.get("/{pack}/downloads", summary="Files to take away", responses=FORM)
    def downloads(request: Request, holding: Held, pack: PackName, f: Form = None) -> Response:
        del f
        released = holding.pack(pack)
        here = f"/packs/{pack}/downloads"
        files = [
            {
                "title": f"{Geography.parse(geography).label}: {words}",
                "href": f"{here}/{geography}.{suffix}",
                "type": media,
            }
            for geography in released.geographies
            for suffix, (media, words) in FORMS.items()
        ]
        files += [
            {
                "title": f"{layer.title}: {words.partition(':')[0].partition(',')[0]}",
                "href": f"{here}/{name}.{suffix}",
                "type": media,
            }
            for name, layer in holding.places(pack).items()
            for suffix, (media, words) in FORMS.items()
        ]
        files += [
            {"title": "What every column means", "href": f"{here}/{DICTIONARY}", "type": MEDIA["csv"]},
            {"title": "Sources and licences", "href": f"{here}/{SOURCES}", "type": MEDIA["csv"]},
        ]
        content = {"attribution": attribution(released), "pack": released.pack_id, "files": files}
        trail = [("packs", "/packs"), (pack, f"/packs/{pack}"), ("downloads", here)]
        return respond(request, content, title="Downloads", trail=trail, banner=holding.banner_of(pack))

    @router.get(
        "/{pack}/downloads/{file}",
        summary="One file: areas of a geography with their figures, or what its columns mean",
        responses=examples("code,name,residents", MEDIA["csv"], also=[media for media, _ in FORMS.values()]),
    )
    def download(request: Request, holding: Held, pack: PackName, file: FileName) -> Response:
        document, media = make_download(holding, pack, file)
        return deliver(request, document, media=media, headers=attachment(f"{pack}-{file}"))

    return router


def make_download(holding: Holding, pack: str, file: str) -> tuple[Document, str]:
    """Make a file to take away, and tell its media type.

    Raises
    ------
    MissingError
        There is no such file.
    """
    released = holding.pack(pack)
    geography, _, suffix = file.partition(".")
    if file in (DICTIONARY, SOURCES):
        table = describe_columns if file == DICTIONARY else source_table
        make = lambda: csv_bytes(table(released))  # noqa: E731 one of several makers
        media = MEDIA["csv"]
    elif suffix in FORMS and geography in released.geographies:
        media = FORMS[suffix][0]
        make = {
            "gpkg": lambda: area_bytes(released, geography),
            "parquet": lambda: parquet_bytes(released, wide_areas(released, geography)),
            "csv": lambda: csv_bytes(pd.DataFrame(wide_areas(released, geography).drop(columns="geometry"))),
            "geojson": lambda: _geojson(holding, pack, released, geography),
        }[suffix]
    elif suffix in FORMS and geography in holding.places(pack):
        media = FORMS[suffix][0]
        make = lambda: place_bytes(released, holding.places(pack)[geography], geography, suffix)  # noqa: E731
    else:
        known = ", ".join([*released.geographies, *holding.places(pack)])
        raise MissingError(
            f'there is no file "{file[:40]}"; there are {known} with {", ".join(FORMS)}, {DICTIONARY} and '
            f"{SOURCES}"
        )
    return holding.finished.get(("download", pack, file), make, drawn=False), media


def wide_areas(released: Released, geography: str) -> gpd.GeoDataFrame:
    """Areas of one geography with a column a figure.

    Returns
    -------
    GeoDataFrame
        ``code``, ``name``, ``geography``, the columns of `fairplace.service.layers.wide_figures` and
        ``geometry`` (EPSG:27700), in order of code.
    """
    areas = released.areas(geography)
    frame = areas[["name"]].assign(geography=geography).join(wide_figures(released.figures, geography))
    shaped = gpd.GeoDataFrame(frame, geometry=areas.geometry.to_numpy(), crs=BNG)
    return shaped.rename_axis("code").sort_index().reset_index()


def describe_columns(released: Released) -> pd.DataFrame:
    """Say of every column of the files what it is.

    Returns
    -------
    DataFrame
        ``column, geography, label, unit, measure, direction, basis, modelled, interval, period, source,
        title, publisher, edition, licence, attribution``; a row a column and geography.
    """
    known = released.dictionary
    rows: list[dict[str, Any]] = []
    for geography in released.geographies:
        figures = released.figures
        here = figures[(figures["geography"] == geography) & (figures["group"] == "")]
        latest = here.sort_values(["indicator", "period", "source"]).drop_duplicates("indicator", keep="last")
        papers = latest.set_index("indicator")
        for column in wide_figures(figures, geography).columns:
            indicator, part = _split(str(column), papers.index)
            row = papers.loc[indicator]
            bases = sorted(set(here.loc[here["indicator"] == indicator, "basis"]) - {""})
            source = released.sources.get(str(row["source"]))
            modelled = "modelled" in bases
            rows.append(
                {
                    "column": column,
                    "geography": geography,
                    "label": f"{known.at[indicator, 'label']}{part}{' (modelled)' if modelled else ''}",
                    "unit": row["unit"],
                    "measure": known.at[indicator, "measure"],
                    "direction": known.at[indicator, "direction"],
                    "basis": " and ".join(bases),
                    "modelled": modelled,
                    "interval": row["interval"],
                    "period": row["period"],
                    "source": row["source"],
                    "title": source.title if source else "",
                    "publisher": source.publisher if source else "",
                    "edition": source.edition if source else "",
                    "licence": source.licence if source else "",
                    "attribution": source.attribution if source else "",
                }
            )
    return pd.DataFrame(rows)


def _split(column: str, indicators: pd.Index) -> tuple[str, str]:
    """Take a column apart into its indicator and what it holds of it."""
    if column in indicators:
        return column, ""
    words = {"low": ", lower end of the range", "high": ", upper end of the range", "status": ", status"}
    name, _, part = column.rpartition("_")
    return name, words[part]


def source_table(released: Released) -> pd.DataFrame:
    """Papers of the sources that an edition may carry, a row a source."""
    return pd.DataFrame([one.record() for _, one in sorted(released.sources.items())])


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Write a table as CSV that a spreadsheet shows and does not run."""
    return safe_frame(table).to_csv(index=False, lineterminator="\r\n").encode()


def place_bytes(released: Released, layer: Layer, name: str, suffix: str) -> bytes:
    """Write places, lines or designations in one of `FORMS`.

    Designations go with a table of all planning layers, held or not, with how complete each is.
    """
    rows = layer.properties.drop(columns="id", errors="ignore")
    rows.insert(0, "id", list(layer.ids))
    frame = gpd.GeoDataFrame(rows, geometry=layer.trees[GRID].geometries, crs=BNG)
    if suffix == "csv":
        return csv_bytes(_with_point(frame))
    if suffix == "parquet":
        return parquet_bytes(released, frame)
    if suffix == "geojson":
        return layer.collection(
            range(len(layer)),
            name=name,
            attribution=attribution(released),
            pack=released.pack_id,
            **layer.about,
        )
    tables = {"sources": source_table(released)}
    if name.startswith(DESIGNATIONS):
        tables["layers"] = pd.DataFrame(designation_table(released))
    return geopackage_bytes(released, frame, name, tables)


def _with_point(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Rows without shapes; of points, their easting and northing."""
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    if len(frame) and (frame.geometry.geom_type == "Point").all():
        return plain.assign(easting=frame.geometry.x, northing=frame.geometry.y)
    return plain


def parquet_bytes(released: Released, frame: gpd.GeoDataFrame) -> bytes:
    """Write features as GeoParquet, with papers in its metadata."""
    import pyarrow.parquet as pq

    plain = io.BytesIO()
    frame.to_parquet(plain, index=False, compression="zstd")
    table = pq.read_table(plain)
    papers = {
        "attribution": attribution(released),
        "pack": released.pack_id,
        "sources": [one.record() for _, one in sorted(released.sources.items())],
    }
    metadata = {**(table.schema.metadata or {}), b"fairplace": json.dumps(papers).encode()}
    made = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), made, compression="zstd")
    return made.getvalue()


def area_bytes(released: Released, geography: str) -> bytes:
    """Write areas with their figures, what the columns mean, and papers, as a GeoPackage."""
    dictionary = describe_columns(released)
    dictionary = dictionary[dictionary["geography"] == geography].reset_index(drop=True)
    tables = {"dictionary": dictionary, "sources": source_table(released)}
    return geopackage_bytes(released, wide_areas(released, geography), geography, tables)


def geopackage_bytes(
    released: Released, frame: gpd.GeoDataFrame, name: str, tables: Mapping[str, pd.DataFrame]
) -> bytes:
    """Write features under a name, and tables beside them, as a GeoPackage."""
    import pyogrio

    with tempfile.TemporaryDirectory() as folder, _GDAL:
        path = Path(folder) / "file.gpkg"
        before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
        try:
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                promote_to_multi=not (frame.geometry.geom_type == "Point").all(),
                # Designations may be of several kinds of shape, which only this allows in one table.
                geometry_type=_kind(frame),
                layer_metadata={"attribution": attribution(released)},
            )
            for title, table in tables.items():
                pyogrio.write_dataframe(table, path, layer=title, driver="GPKG", append=True)
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
        return path.read_bytes()


def _kind(frame: gpd.GeoDataFrame) -> str:
    """Kind of shape that a table of a GeoPackage is said to hold."""
    kinds = {str(one).removeprefix("Multi") for one in frame.geometry.geom_type}
    one = kinds.pop() if len(kinds) == 1 else ""
    return {"Point": "Point", "LineString": "MultiLineString", "Polygon": "MultiPolygon"}.get(one, "Unknown")


def _geojson(holding: Holding, pack: str, released: Released, geography: str) -> bytes:
    name = f"{pack}-{geography}"
    layer = holding.layers.get(f"{name}-figures") or holding.layers[name]
    return layer.collection(
        range(len(layer)), name=f"{name}-figures", attribution=attribution(released), pack=released.pack_id
    )
