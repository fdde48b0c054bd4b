"""A server on this machine that speaks as the publishers do, with faults where a test wants them.

What it serves is the sample authority, in the form in which each publisher would offer it: paged ArcGIS
layers, zips of the census, attachments of GOV.UK pages, redirects, reports without header.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import pandas as pd
import pytest
import rasterio
import shapely

from fairplace.fetch import Recipe, Transport, load_register
from geo.crs import BNG, to_bng
from geo.network_sources import read_streets
from layers.backdrop import read_backdrop

SAMPLE = "E06999001"
ARCGIS = "https://services1.arcgis.com/ESMARspQHYMw9BZ9/arcgis/rest/services/"
MARKED = "Sun, 01 Nov 2026 09:00:00 GMT"


@dataclass
class Layer:
    """One layer of a feature service."""

    rows: list[dict[str, Any]]
    shapes: list[Any] | None = None
    page: int = 40
    flags: bool = True

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        """Answer a query as ArcGIS Online does."""
        found = [n for n, row in enumerate(self.rows) if _fits(row, query.get("where", "1=1"))]
        if query.get("returnCountOnly") == "true":
            return {"count": len(found)}
        start = int(query.get("resultOffset", 0))
        size = min(int(query.get("resultRecordCount", self.page)), self.page)
        names = query["outFields"].split(",")
        features = []
        for n in found[start : start + size]:
            kept = {name: self.rows[n].get(name) for name in names}
            if query.get("f") == "geojson":
                shape = self.shapes[n] if self.shapes else None
                features.append({"type": "Feature", "id": n, "geometry": shape, "properties": kept})
            else:
                features.append({"attributes": kept})
        more = start + size < len(found) and self.flags
        if query.get("f") == "geojson":
            extra = {"properties": {"exceededTransferLimit": True}} if more else {}
            return {"type": "FeatureCollection", "features": features, **extra}
        return {"features": features, **({"exceededTransferLimit": True} if more else {})}

    def about(self) -> dict[str, Any]:
        """Describe the layer."""
        return {
            "maxRecordCount": self.page,
            "objectIdField": "FID",
            "fields": [{"name": name} for name in self.rows[0]],
            "editingInfo": {"lastEditDate": 1760000000000},
        }


def _fits(row: dict[str, Any], where: str) -> bool:
    if where == "1=1":
        return True
    if among := re.fullmatch(r"(\w+) IN \((.*)\)", where):
        return f"'{row[among[1]]}'" in among[2].split(",")
    equal = re.fullmatch(r"(\w+)='(.*)'", where)
    assert equal, f"a query that no ArcGIS server would take: {where}"
    return bool(row[equal[1]] == equal[2])


@dataclass
class Publishers:
    """What is served, what goes wrong, and what was asked.

    ``faults`` maps a pattern of a path to the faults of its next answers, taken one by one; ``always``
    keeps a fault for every answer.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    pages: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    always: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    tagged: bool = True
    address: str = ""

    def transport(self, **changes: Any) -> Transport:
        """Requests that come here in place of the publishers."""
        hosts = {f"https://{host}": f"{self.address}/{host}" for host in _HOSTS}
        settings = {"bases": hosts, "pause": 0.0, "sleep": self.waits.append, "timeout": 5.0, **changes}
        return Transport(**settings)

    def fault(self, path: str) -> str:
        """Give what goes wrong with this answer; empty if nothing does."""
        for pattern, kind in self.always.items():
            if re.search(pattern, path):
                return kind
        for pattern, kinds in self.faults.items():
            if kinds and re.search(pattern, path):
                return kinds.pop(0)
        return ""

    def times(self, pattern: str) -> int:
        """Count the requests of a path."""
        return sum(1 for path, _ in self.asked if re.search(pattern, path))


_HOSTS = (
    "services1.arcgis.com", "www.nomisweb.co.uk", "www.gov.uk", "assets.publishing.service.gov.uk",
    "api.beta.ons.gov.uk", "www.ons.gov.uk", "api.os.uk", "www.odsdatasearchandexport.nhs.uk",
    "ea-edubase-api-prod.azurewebsites.net", "download.geofabrik.de", "cdn.proj.org", "data.police.uk",
    "houseofcommonslibrary.github.io", "www.planning.data.gov.uk", "overpass-api.de",
    "stat-xplore.dwp.gov.uk", "api.get-energy-performance-data.communities.gov.uk",
)  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Publishers

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer a form or JSON."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {"body": body} if body.startswith("{") else dict(parse_qsl(body))
        self._answer(form)

    def do_GET(self) -> None:
        """Answer an address."""
        self._answer({})

    def _answer(self, form: dict[str, str]) -> None:
        split = urlsplit(self.path)
        query = {**dict(parse_qsl(split.query, keep_blank_values=True)), **form}
        headers = {f"header {key.lower()}": value for key, value in self.headers.items()}
        # The address of ONS's files is a parameter, so it is part of what is asked for.
        path = split.path + (
            "?" + split.query if split.query and split.path.endswith(("/file", "getReport")) else ""
        )
        self.served.asked.append((path, {**query, **headers}))
        kind = self.served.fault(path)
        if kind in ("500", "503", "404", "403"):
            self._send(int(kind), b"no", "text/plain")
        elif kind.startswith("429"):
            self._send(429, b"slow down", "text/plain", {"Retry-After": kind.partition(" ")[2] or "7"})
        elif kind == "page":
            self._send(200, b"<!DOCTYPE html><html>We have moved</html>", "text/html")
        elif path in self.served.moved:
            self._send(302, b"", "text/plain", {"Location": self.served.moved[path]})
        elif "redirect" in query and f"{path} {query.get('format')}" in self.served.moved:
            moved = self.served.moved[f"{path} {query['format']}"]
            self._send(302, b"", "text/plain", {"Location": moved})
        elif "/FeatureServer/0" in path:
            self._layer(path, query, kind)
        elif path in self.served.pages:
            content = self.served.pages[path]
            self._json(content(query) if callable(content) else content, kind)
        elif path in self.served.files:
            self._file(self.served.files[path], kind)
        else:
            self._send(404, b"nothing here", "text/plain")

    def _layer(self, path: str, query: dict[str, str], kind: str) -> None:
        name = path.split("/services/")[1].split("/")[0]
        layer = self.served.layers.get(name)
        if layer is None or kind == "error 200":
            # ArcGIS Online puts its errors into status 200.
            self._json({"error": {"code": 400, "message": "Invalid URL", "details": ["Invalid URL"]}}, "")
        elif kind == "busy 200":
            self._json({"error": {"code": 503, "message": "Service unavailable", "details": []}}, "")
        elif path.endswith("/query"):
            content = layer.answer(query)
            if kind == "count" and "count" in content:
                content["count"] += 1
            if kind == "renamed":
                content["features"] = []
            self._json(content, kind)
        else:
            about = layer.about()
            if kind == "renamed":
                about["fields"] = [{"name": "FID"}, {"name": "AREACD"}]
            self._json(about, kind)

    def _json(self, content: Any, kind: str) -> None:
        body = json.dumps(content).encode()
        if kind == "half json":
            body = body[: len(body) // 2]
        zipped = "gzip" in self.headers.get("Accept-Encoding", "")
        extra = {"Content-Encoding": "gzip"} if zipped else {}
        self._send(200, gzip.compress(body) if zipped else body, "application/json", extra)

    def _file(self, body: bytes, kind: str) -> None:
        if kind == "half file":
            body = body[: len(body) // 2]
        elif kind == "fewer rows":
            body = b"\n".join(body.split(b"\n")[:20]) + b"\n"
        elif kind == "renamed":
            body = re.sub(rb"LSOA code \(2021\)|geography code|LSOA 2021 Code|URN|urn", b"area_code", body)
        tag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        extra = {"Accept-Ranges": "bytes"}
        if self.served.tagged:
            extra |= {"ETag": tag, "Last-Modified": MARKED}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        kept = self.headers.get("If-Range") in (tag, MARKED)
        start = int(asked[1]) if asked and kept else 0
        if tag == self.headers.get("If-None-Match"):
            self._send(304, b"", "application/octet-stream", extra)
            return
        if start and start == len(body):
            self._send(416, b"", "text/plain")
            return
        status = 206 if start else 200
        if start:
            extra["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        rest = body[start:]
        type_ = "text/html" if kind == "wrong type" else "application/octet-stream"
        if kind == "gzipped":
            self._send(200, gzip.compress(body), "text/csv", {"Content-Encoding": "gzip"})
        elif kind in ("cut", "slow"):
            self._begin(status, len(rest), type_, extra)
            self.wfile.write(rest[: len(rest) // 2])
            self.wfile.flush()
            time.sleep(0.7 if kind == "slow" else 0.0)
            self.close_connection = True
            self.connection.close()
        else:
            self._send(status, rest, type_, extra)

    def _begin(self, status: int, length: int, type_: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(length))
        for key, value in extra.items():
            self.send_header(key, value)
        self.end_headers()

    def _send(self, status: int, body: bytes, type_: str, extra: dict[str, str] | None = None) -> None:
        try:
            self._begin(status, len(body), type_, extra or {})
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def _text(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _zip(members: dict[str, str | bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return body.getvalue()


def _workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([float(cell) if re.fullmatch(r"-?\d+(\.\d+)?", cell) else cell for cell in row])
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def _cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.reader(handle))


def _features(path: Path) -> Layer:
    content = json.loads(path.read_text(encoding="utf-8"))["features"]
    return Layer(
        [{"FID": n, **one["properties"]} for n, one in enumerate(content, 1)],
        [one["geometry"] for one in content],
    )


def _table(path: Path, **added: str) -> Layer:
    return Layer([{"FID": n, **row, **added} for n, row in enumerate(_rows(path), 1)], page=100)


def _headerless(path: Path, recipe: Recipe) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in _rows(path):
        writer.writerow(
            [
                {"A": "ACTIVE", "C": "INACTIVE"}.get(row.get(name, ""), row.get(name, ""))
                for name in recipe.header
            ]
        )
    return text.getvalue().encode()


_OS = "/api.os.uk/downloads/v1/products"


def _offer(it: Publishers, product: str, edition: str, files: dict[tuple[str, str], bytes]) -> None:
    """Offer a product as Ordnance Survey's Downloads API does: its papers, a list of files, and a redirect."""
    address = f"https:/{_OS}/{product}"
    it.pages[f"{_OS}/{product}"] = {"id": product, "version": edition, "downloadsUrl": f"{address}/downloads"}
    listed = []
    for (form, name), body in files.items():
        listed.append(
            {
                "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
                "size": len(body),
                "url": f"{address}/downloads?{urlencode({'area': 'GB', 'format': form, 'redirect': ''})}",
                "format": form,
                "area": "GB",
                "fileName": name,
            }
        )
        it.moved[f"{_OS}/{product}/downloads {form}"] = f"/api.os.uk/blob/{name}"
        it.files[f"/api.os.uk/blob/{name}"] = body
    it.pages[f"{_OS}/{product}/downloads"] = listed


def _terrain(data: Path) -> bytes:
    """The sample's heights as tiles of 10 km; north and west of them there is sea."""
    with rasterio.open(data / "raster/os_terrain50_halverton_10km.tif") as raster:
        heights = np.pad(raster.read(1), 100, mode="edge")
    members: dict[str, str | bytes] = {"Doc/licence.txt": "x"}
    for name, (down, across) in {"TL35": (200, 0), "TL45": (200, 200), "TL46": (0, 200)}.items():
        part = heights[down : down + 200, across : across + 200]
        west, south = 530_000 + 50 * across, 270_000 - 50 * (down + 200)
        head = f"ncols 200\nnrows 200\nxllcorner {west}\nyllcorner {south}\ncellsize 50\n"
        grid = head + "".join(" ".join(f"{one:.1f}" for one in row) + "\n" for row in part)
        inner = _zip(
            {f"{name}.asc": grid, f"{name}.gml": "<x/>", f"{name}.prj": "x", f"{name}.asc.aux.xml": "x"}
        )
        members[f"data/tl/{name.lower()}_OST50GRID_20260701.zip"] = inner
    return _zip(members)


def _greenspace(data: Path, work: Path) -> bytes:
    """The sample's parks as sites with ways in, among sites of other kinds."""
    around = to_bng(gpd.read_file(data / "boundaries/halverton_lsoa21_bgc.geojson"), where="sample")[0]
    parks = read_backdrop(data / "osm/halverton.osm", around=around.geometry)["green"]
    sites = gpd.GeoDataFrame(
        {
            "id": [f"S{n}" for n in range(len(parks))], "function": "Public Park Or Garden",
            "distinctive_name_1": parks["name"].replace("", None),
        },
        geometry=parks.geometry, crs=BNG,
    )  # fmt: skip
    sites.loc[0, "function"] = "Golf Course"
    doors = gpd.GeoDataFrame(
        {
            "id": [f"A{n}" for n in range(len(sites))], "access_type": "Pedestrian",
            "ref_to_greenspace_site": sites["id"],
        },
        geometry=[shapely.Point(shapely.get_coordinates(one)[0]) for one in sites.geometry], crs=BNG,
    )  # fmt: skip
    far = sites.iloc[[0]].assign(id="FAR", geometry=sites.geometry.iloc[[0]].translate(90_000, 90_000))
    path = work / "opgrsp_gb.gpkg"
    pd.concat([sites, far]).to_file(path, layer="greenspace_site", driver="GPKG")
    doors.to_file(path, layer="access_point", driver="GPKG")
    return path.read_bytes()


def _roads(data: Path, work: Path) -> bytes:
    """The sample's streets as road links with the nodes they end at, and one motorway far away."""
    network = read_streets(data / "osm/halverton.osm")
    functions = {
        "primary": "A Road",
        "secondary": "B Road",
        "tertiary": "Minor Road",
        "residential": "Local Road",
    }
    kinds = network.tags["highway"]
    kept = kinds.isin(functions).to_numpy()
    lines = network.lines()[kept]
    start, end = (network.ends[kept, n] for n in (0, 1))
    links = gpd.GeoDataFrame(
        {
            "id": [f"L{n}" for n in range(len(lines))], "fictitious": False, "road_classification": "Unclassified",
            "road_function": kinds[kept].map(functions).to_numpy(), "form_of_way": "Single Carriageway",
            "road_classification_number": None, "name_1": network.tags.loc[kept, "name"].to_numpy(),
            "road_structure": None, "start_node": [f"N{one}" for one in start], "end_node": [f"N{one}" for one in end],
        },
        geometry=lines, crs=BNG,
    )  # fmt: skip
    path = work / "oproad_gb.gpkg"
    links.to_file(path, layer="road_link", driver="GPKG")
    node = gpd.GeoDataFrame(
        {"id": ["N0"], "form_of_road_node": ["Junction"]}, geometry=[shapely.Point(0, 0)], crs=BNG
    )
    node.to_file(path, layer="road_node", driver="GPKG")
    return path.read_bytes()


@pytest.fixture(scope="session")
def published(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Publishers:
    """The sample authority as its publishers would offer it; copied for each test."""
    data, register = sample_data, load_register()
    it = Publishers()
    # -- Open Geography
    wards = {row["OA21CD"]: row for row in _rows(data / "lookups/halverton_oa21_wd25_lad25.csv")}
    units = _rows(data / "lookups/halverton_oa21_lsoa21_msoa21_lad.csv")
    first = {row["LSOA21CD"]: wards[row["OA21CD"]] for row in units}
    it.layers = {
        "LSOA21_WD25_LAD25_EW_LU_v2": Layer(
            [{"FID": n, "LSOA21CD": code, **row} for n, (code, row) in enumerate(sorted(first.items()), 1)]
        ),
        "LSOA11_LSOA21_LAD22_EW_LU_v5": _table(data / "lookups/halverton_lsoa11_lsoa21_lad22.csv"),
        "LAD24_RGN24_EN_LU": Layer(
            [{"FID": 1, "LAD24CD": SAMPLE, "LAD24NM": "Halverton", "RGN24CD": "E12000006", "RGN24NM": "East"}]
        ),
        "OA_LSOA_MSOA_EW_DEC_2021_LU_v3": Layer(
            [{"FID": n, **row, "LAD22CD": row["LADCD"]} for n, row in enumerate(units, 1)], page=100
        ),
        "OA21_WD25_LAD25_EW_LU_v3": _table(data / "lookups/halverton_oa21_wd25_lad25.csv"),
        "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5": _features(
            data / "boundaries/halverton_lsoa21_bgc.geojson"
        ),
        "Middle_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V3": _features(
            data / "boundaries/halverton_msoa21_bgc.geojson"
        ),
        "MSOA_Dec_2011_Boundaries_Generalised_Clipped_BGC_EW_V3_2022": _features(
            data / "boundaries/halverton_msoa11_bgc.geojson"
        ),
        "WD_MAY_2025_UK_BGC_V2": _features(data / "boundaries/halverton_wd25_bgc.geojson"),
        "Output_Areas_2021_EW_BGC_V2": _features(data / "boundaries/halverton_oa21_bgc.geojson"),
    }
    # -- Nomis and ONS
    bulk = "/www.nomisweb.co.uk/output/census/2021/census2021-"
    residents = [
        {
            "date": "2021", "geography": row["OA21CD"], "geography code": row["OA21CD"],
            "Residence type: Total; measures: Value": row["census2021_usual_residents"],
        }
        for row in units
    ]  # fmt: skip
    for path in sorted((data / "census2021").glob("*-lsoa.csv")):
        table = path.name.split("-")[1].split("_")[0]
        members: dict[str, str | bytes] = {
            "metadata/notes.txt": "notes", f"census2021-{table}-lsoa.csv": path.read_bytes(),
        }  # fmt: skip
        if table == "ts001":
            members["census2021-ts001-oa.csv"] = _text(residents)
        it.files[f"{bulk}{table}.zip"] = _zip(members)
    prefix = "Age (6 categories): "
    it.pages["/api.beta.ons.gov.uk/v1/population-types/UR/census-observations"] = {
        "observations": [
            {
                "dimensions": [
                    {"dimension_id": "lsoa", "option_id": row["geography code"], "option": row["geography"]},
                    {
                        "dimension_id": "resident_age_6a",
                        "option_id": str(n),
                        "option": name.removeprefix(prefix),
                    },
                ],
                "observation": int(value),
            }
            for row in _rows(data / "census2021/halverton_census2021-age6-lsoa.csv")
            for n, (name, value) in enumerate(row.items())
            if name.startswith(prefix) and "Total" not in name
        ]
    }
    for key, body in (
        ("saie_fye2020", (data / "income/halverton_ons_saie_fye2020_msoa11.xlsx").read_bytes()),
        (
            "population_mid2022",
            _workbook(
                {
                    "Contents": [["Population"]], "Notes": [["Notes"]], "Mid-2024 LSOA 2021": [["x"]],
                    "Mid-2022 LSOA 2021": [
                        ["Mid-2022 estimates"], [],
                        *_cells(data / "population/halverton_mid2022_population_lsoa21_single_year.csv"),
                    ],
                }
            ),
        ),
    ):  # fmt: skip
        split = urlsplit(register[key].url)
        target = f"/www.ons.gov.uk/static/{key}.xlsx"
        it.moved[f"/{split.netloc}{split.path}?{split.query}"] = target
        it.files[target] = body
    # -- GOV.UK
    assets = "https://assets.publishing.service.gov.uk/media/1/"
    for key, name, body in (
        ("iod2025", "File_7_IoD2025_All_Ranks.csv", (data / "imd/halverton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv").read_bytes()),
        ("iod2019", "File_7_-_All_IoD2019_Scores.csv", (data / "imd/halverton_iod2019_scores_ranks_deciles_denominators.csv").read_bytes()),
        (
            "fuel_poverty_2022", "sub-regional-fuel-poverty-2024-tables.xlsx",
            _workbook({"Contents": [["a"]], "Table 1": [["b"]], "Table 2": [["b"]], "Table 3": [["b"]],
                       "Table 4": [["Fuel poverty"], [], *_cells(data / "income/halverton_fuel_poverty_lsoa_2022_LILEE.csv")]}),
        ),
    ):  # fmt: skip
        split = urlsplit(register[key].url)
        other = {"title": "Statistical release", "filename": "release.pdf", "url": assets + "release.pdf"}
        it.pages[f"/{split.netloc}{split.path}"] = {
            "details": {"attachments": [other, {"title": "Table", "filename": name, "url": assets + name}]}
        }
        it.files[f"/assets.publishing.service.gov.uk/media/1/{name}"] = body
    # -- OS, NHS, schools, names
    wanted = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    points = [
        ",".join(f'"{row[n]}"' if n not in (1, 2, 3) else row[n] for n in wanted)
        for row in _cells(data / "postcodes/halverton_codepoint_open_2025_with_lsoa_ward.csv")[1:]
    ]
    body = _zip(
        {
            "Doc/licence.txt": "x",
            "Data/CSV/ab.csv": '"AB1 0AA",10,385386,801193,"S92000003","","","","S12000033","S13002843"\n',
            "Data/CSV/hv.csv": "\n".join(points) + "\n",
        }
    )
    work = tmp_path_factory.mktemp("os")
    _offer(
        it,
        "CodePointOpen",
        "2026-08",
        {("CSV", "codepo_gb.zip"): body, ("GeoPackage", "codepo_gpkg_gb.zip"): b"0"},
    )
    contours = {("GeoPackage", "terr50_gpkg_gb.zip"): b"0", ("ESRI® Shapefile", "terr50_cesh_gb.zip"): b"0"}
    _offer(
        it,
        "Terrain50",
        "2026-07",
        {**contours, ("ASCII Grid and GML (Grid)", "terr50_gagg_gb.zip"): _terrain(data)},
    )
    for product, name, packed in (
        ("OpenGreenspace", "opgrsp", _greenspace(data, work)),
        ("OpenRoads", "oproad", _roads(data, work)),
    ):
        whole = _zip({f"Data/{name}_gb.gpkg": packed, "Doc/licence.txt": "x", "Doc/readme.txt": "x"})
        other = {
            ("ESRI® Shapefile", f"{name}_essh_gb.zip"): b"0",
            ("Vector Tiles", f"{name}_mbtiles_gb.zip"): b"0",
        }
        _offer(it, product, "2026-04", {**other, ("GeoPackage", f"{name}_gpkg_gb.zip"): whole})
    it.pages[_OS] = [{"id": one, "version": "2026-04"} for one in ("CodePointOpen", "OpenRoads", "Terrain50")]
    for key, name in (("nhs_gp", "gp"), ("nhs_pharmacy", "pharmacies"), ("nhs_dental", "dental")):
        split = urlsplit(register[key].url)
        path = next((data / "points").glob(f"nhs_ods_{name}*"))
        it.files[f"/{split.netloc}{split.path}?{split.query}"] = _headerless(path, register[key])
    schools = (data / "points/schools_halverton.csv").read_text(encoding="utf-8")
    head, _, rest = schools.partition("\n")
    head = (
        head.replace("phase_of_education", "PhaseOfEducation (name)")
        .replace("establishment_name", "EstablishmentName")
        .replace("urn", "URN")
    )
    it.files["/ea-edubase-api-prod.azurewebsites.net/edubase/downloads/public/edubasealldata20261119.csv"] = (
        f"{head}\n{rest}".encode()
    )
    names = _rows(data / "lookups/halverton_msoa_hcl_names_2011_2021.csv")
    it.files["/houseofcommonslibrary.github.io/msoanames/MSOA-Names-Latest2.csv"] = _text(
        [
            {"msoa21cd": row["MSOA21CD"], "msoa21nm": row["MSOANM"], "msoa21hclnm": row["MSOAHCLNM"]}
            for row in names
        ]
    ).encode()
    # -- streets and the grid
    pbf = tmp_path_factory.mktemp("osm") / "east.osm.pbf"
    header = osmium.io.Header()
    header.add_box(osmium.osm.Box(-1.0, 52.0, 1.0, 53.0))
    with osmium.SimpleWriter(str(pbf), header=header) as writer:
        for one in osmium.FileProcessor(str(data / "osm/halverton.osm")):
            writer.add(one)
    streets = pbf.read_bytes()
    extract = "/download.geofabrik.de/europe/united-kingdom/england/east-latest.osm.pbf"
    world = [[[-10, 49], [3, 49], [3, 61], [-10, 61], [-10, 49]]]
    near = [[[[-1, 52], [1, 52], [1, 53], [-1, 53], [-1, 52]]]]
    it.pages["/download.geofabrik.de/index-v1.json"] = {
        "features": [
            {
                "properties": {"id": "uk", "urls": {"pbf": "https://download.geofabrik.de/uk.osm.pbf"}},
                "geometry": {"type": "Polygon", "coordinates": world},
            },
            {
                "properties": {"id": "east", "urls": {"pbf": f"https:/{extract}"}},
                "geometry": {"type": "MultiPolygon", "coordinates": near},
            },
        ]
    }
    it.files[extract] = streets
    it.files[extract + ".md5"] = (
        f"{hashlib.md5(streets, usedforsecurity=False).hexdigest()}  east.osm.pbf\n".encode()
    )
    it.files["/cdn.proj.org/uk_os_OSTN15_NTv2_OSGBtoETRS.tif"] = b"II*\0" + bytes(range(256)) * 40
    return it


@pytest.fixture
def publishers(published: Publishers) -> Iterator[Publishers]:
    """The publishers' server, without faults."""
    served = replace(
        published, files=dict(published.files), layers=dict(published.layers), pages=dict(published.pages),
        moved=dict(published.moved), faults={}, always={}, asked=[], waits=[],
    )  # fmt: skip
    handler: Callable[..., BaseHTTPRequestHandler] = type("Handler", (_Handler,), {"served": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def small_england(sample_data: Path) -> dict[str, Recipe]:
    """The real register, with the counts of a country that has one town."""
    homes = {33755: 58, 35672: 58, 188880: 239, 32844: 56, 296: 1}
    units = len(_rows(sample_data / "lookups/halverton_oa21_wd25_lad25.csv"))
    counted = {
        **homes,
        188880: units,
        32844: len(_rows(sample_data / "imd/halverton_iod2019_scores_ranks_deciles_denominators.csv")),
    }
    return {
        key: replace(one, rows=(1, 10**9) if one.rows[0] != one.rows[1] else (counted[one.rows[0]],) * 2)
        for key, one in load_register().items()
    }
