"""Files of a review for other programs: tables, planning data, a workbook and a GeoPackage with styles."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from fairplace.review.model import Review
from fairplace.review.pages import source_table
from fairplace.spreadsheets import safe_frame
from geo.crs import to_lonlat

#: Stamped into files that must carry a time, so that the same review gives the same bytes.
STAMP = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
#: Columns that planning.data.gov.uk asks for, in its order.
SPECIFIED = (
    "reference", "name", "geometry", "point", "organisation", "start-date", "end-date", "entry-date",
    "documentation-url", "notes",
)  # fmt: skip
_STATUS_COLOURS = {"chosen": "#1d70b8", "rejected": "#d4351c", "omission": "#b58840"}
_LINE_COLOURS = ("#00703c", "#912b88", "#7a5a1a", "#4c2c92", "#b3145c", "#0f6d66", "#594d00", "#003078")


def write_tables(folder: Path, review: Review) -> None:
    """Write every table as CSV, numbers and not words, and the dictionary of their columns."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in review.tables.items():
        safe_frame(table.data).to_csv(
            folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8"
        )
    dictionary(review).to_csv(folder / "dictionary.csv", index=False, lineterminator="\n", encoding="utf-8")


def dictionary(review: Review) -> pd.DataFrame:
    """Table, column and what it holds, of every table of the review."""
    return pd.DataFrame(
        [
            (name, column, text)
            for name, table in review.tables.items()
            for column, text in table.columns.items()
        ],
        columns=["table", "column", "meaning"],
    )


def write_planning_data(path: Path, review: Review) -> None:
    """Write the sites in the columns of planning.data.gov.uk's specifications, WKT in degrees."""
    degrees, _ = to_lonlat(review.sites)
    shapes = degrees.geometry.to_numpy()
    multi = [one if one.geom_type == "MultiPolygon" else shapely.MultiPolygon([one]) for one in shapes]
    table = pd.DataFrame(
        {
            "reference": review.sites.index.astype(str),
            "name": review.sites["name"].to_numpy(),
            "geometry": shapely.to_wkt(multi, rounding_precision=9),
            "point": shapely.to_wkt(shapely.point_on_surface(shapes), rounding_precision=9),
            "organisation": "",
            "start-date": review.sites["start-date"].to_numpy(),
            "end-date": review.sites["end-date"].to_numpy(),
            "entry-date": "",
            "documentation-url": review.sites["documentation-url"].to_numpy(),
            "notes": review.sites["status"].to_numpy(),
        }
    )
    safe_frame(table[list(SPECIFIED)]).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_workbook(path: Path, review: Review, heads: list[str]) -> None:
    """Write the workbook: what people read, the numbers behind it, sources and dictionary."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": False}
    )
    book.set_properties({"title": f"Local Plan review: {review.name}", "created": STAMP.replace(tzinfo=None)})
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    top = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    sheet = book.add_worksheet("Read me")
    sheet.set_column(0, 0, 110)
    sheet.write_string(0, 0, f"Local Plan review: {review.name}", bold)
    lines = [*review.banner(), *heads, *review.notes]
    lines += [note for table in review.tables.values() for note in table.notes]
    for at, line in enumerate([*dict.fromkeys(lines), f"Made by: {review.command}"], start=1):
        sheet.write_string(at, 0, line, wrap)
    for name, table in review.tables.items():
        for suffix, frame in (("", table.text), (" data", table.data)):
            _write_sheet(book, f"{name}{suffix}"[:31], frame, top, wrap if not suffix else None)
    _write_sheet(book, "sources", source_table(review), top, wrap)
    _write_sheet(book, "dictionary", dictionary(review), top, wrap)
    book.close()


def _write_sheet(book: Any, name: str, frame: pd.DataFrame, top: Any, wrap: Any) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, max(len(frame.columns) - 1, 0), 24 if wrap is not None else 14)
    for column, title in enumerate(frame.columns):
        sheet.write_string(0, column, str(title), top)
        for row, value in enumerate(frame[title].tolist(), start=1):
            if isinstance(value, bool | np.bool_):
                sheet.write_string(row, column, "yes" if value else "no", wrap)
            elif isinstance(value, int | float):
                if not np.isnan(value):
                    sheet.write_number(row, column, value, wrap)
            else:
                sheet.write_string(row, column, str(value), wrap)


def write_geopackage(path: Path, review: Review) -> None:
    """Write sites, layers, zones, tables and dictionary as a GeoPackage whose styles QGIS applies."""
    import pyogrio

    path.unlink(missing_ok=True)
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"})
    try:
        styles: dict[str, str] = {}
        for name, frame, style in _spatial(review):
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                geometry_type=_kind(frame),
                FID="fid",
            )
            styles[name] = style
        for name, table in review.tables.items():
            pyogrio.write_dataframe(
                _plain(table.data), path, layer=f"table_{name}", driver="GPKG", append=True
            )
        pyogrio.write_dataframe(dictionary(review), path, layer="dictionary", driver="GPKG", append=True)
        pyogrio.write_dataframe(source_table(review), path, layer="sources", driver="GPKG", append=True)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
    _write_styles(path, styles)


def _spatial(review: Review) -> Iterator[tuple[str, gpd.GeoDataFrame, str]]:
    sites = review.sites.rename_axis("reference").reset_index()
    constraints = review.tables["constraints"]
    cells = constraints.data.pivot(index="site", columns="layer", values="words")
    for layer in review.layers:
        sites[f"found_{layer.id}".replace("-", "_")] = cells[layer.id].reindex(sites["reference"]).to_numpy()
    values = sorted(set(sites["status"]))
    yield "sites", sites, _site_style(values)
    for at, one in enumerate(one for one in review.layers if one.held):
        frame = one.frame.assign(completeness=one.completeness, edition=one.edition)
        colour = _LINE_COLOURS[at % len(_LINE_COLOURS)]
        kinds = frame.geometry.geom_type.str.removeprefix("Multi").replace("LinearRing", "LineString")
        for kind in sorted(kinds.unique()) or ["Polygon"]:
            suffix = "" if kinds.nunique() < 2 else f"_{kind.lower()}"
            yield f"{one.id}{suffix}".replace("-", "_"), frame[kinds == kind], _plain_style(kind, colour)
    for name, zone in review.zones.items():
        yield name, zone, _plain_style("Polygon", "#b10e1e")


def _kind(frame: gpd.GeoDataFrame) -> str:
    kinds = {str(one) for one in frame.geometry.geom_type}
    plain = {one.removeprefix("Multi") for one in kinds} or {"Polygon"}
    return f"Multi{plain.pop()}"


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    made = table.copy()
    for name in made.columns:
        if pd.api.types.is_bool_dtype(made[name]):
            made[name] = made[name].astype("int32")
        elif not pd.api.types.is_numeric_dtype(made[name]):
            made[name] = made[name].fillna("").astype(str)
    return made.rename(columns={name: str(name).replace("-", "_") for name in made.columns})


def _write_styles(path: Path, styles: Mapping[str, str]) -> None:
    link = sqlite3.connect(path)
    try:
        link.execute(
            "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT(256), "
            "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), "
            "styleName TEXT(30), "
            "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), "
            "ui TEXT(30), "
            "update_time DATETIME)"
        )
        link.executemany(
            "INSERT INTO layer_styles VALUES (NULL, '', '', ?, 'geom', ?, ?, '', 1, ?, '', NULL, "
            "'2000-01-01T00:00:00.000Z')",
            [(name, name[:30], style, f"Style of {name}") for name, style in styles.items()],
        )
        link.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', 'Styles that QGIS applies', "
            "'2000-01-01T00:00:00.000Z')"
        )
        link.commit()
    finally:
        link.close()


def _site_style(values: list[str]) -> str:
    symbols, classes = [], []
    for at, value in enumerate(values):
        colour = _STATUS_COLOURS.get(value, "#505a5f")
        symbols.append(_symbol(str(at), "Polygon", colour, "90"))
        label = _xml(value or "not stated")
        classes.append(f'<category symbol="{at}" value="{_xml(value)}" label="{label}" render="true"/>')
    return (
        '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM"><qgis version="3.34" '
        'styleCategories="Symbology"><renderer-v2 type="categorizedSymbol" attr="status" enableorderby="0" '
        f'forceraster="0" symbollevels="0"><categories>{"".join(classes)}</categories>'
        f"<symbols>{''.join(symbols)}</symbols></renderer-v2></qgis>"
    )


def _plain_style(kind: str, colour: str) -> str:
    return (
        '<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM"><qgis version="3.34" '
        'styleCategories="Symbology"><renderer-v2 type="singleSymbol" enableorderby="0" forceraster="0" '
        f'symbollevels="0"><symbols>{_symbol("0", kind, colour, "40")}</symbols>'
        "</renderer-v2></qgis>"
    )


def _symbol(name: str, kind: str, colour: str, opacity: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    ink = f"{red},{green},{blue}"
    fill = {"color": f"{ink},{opacity}", "outline_color": f"{ink},255", "outline_width": "0.5"}
    dot = {"color": f"{ink},255", "size": "2.2", "name": "circle"}
    form, layer, options = {
        "Polygon": ("fill", "SimpleFill", fill),
        "LineString": ("line", "SimpleLine", {"line_color": f"{ink},255", "line_width": "0.6"}),
    }.get(kind, ("marker", "SimpleMarker", dot))
    inside = "".join(
        f'<Option name="{key}" type="QString" value="{value}"/>' for key, value in sorted(options.items())
    )
    return (
        f'<symbol name="{name}" type="{form}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{layer}" enabled="1" locked="0" pass="0"><Option type="Map">{inside}</Option>'
        "</layer></symbol>"
    )


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
