"""How each publisher is spoken to: one function a way of asking, each ending at one whole file.

ArcGIS feature services answer in pages and put their errors into status 200; GOV.UK moves its files with
every correction, so they are found through its content API; OS and Geofabrik state the hash of a file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fairplace.fetch.errors import ChangedError, CutError, MovedError, RefusedError
from fairplace.fetch.register import Recipe
from fairplace.fetch.transport import Received, Transport, download, get_json

#: Codes asked for at once; a longer list makes requests that some gateways refuse.
CHUNK = 100
#: Days back that a file with a date in its name is looked for.
LOOK_BACK = 7
#: Parts of an ArcGIS query that say which rows are wanted.
_ASKED = ("where", "geometry", "geometryType", "inSR", "spatialRel")


@dataclass(frozen=True)
class Job:
    """One file to be had.

    Parameters
    ----------
    recipe
        How.
    transport
        How requests are made.
    work
        Folder for what is under way.
    authority
        Code of the district; empty for a national file.
    on
        Date up to which the newest file is wanted.
    codes
        Codes of the authority's areas of the geography that the recipe names.
    box
        West, south, east and north of the authority in degrees; None where not needed.
    """

    recipe: Recipe
    transport: Transport
    work: Path
    authority: str
    on: date
    codes: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None

    @property
    def part(self) -> Path:
        """Where the body grows: one place an address, so that a zip of several tables comes once."""
        key = hashlib.sha256(f"{self.recipe.url} {self.recipe.ask} {self.authority}".encode()).hexdigest()
        return self.work / f"{key[:16]}.part"

    @property
    def key(self) -> str:
        """The reader's own key.

        Raises
        ------
        RefusedError
            The environment does not hold it.
        """
        held = os.environ.get(self.recipe.key, "")
        if not held:
            raise RefusedError(
                f"{self.recipe.title} wants your own key: get one at {self.recipe.page} "
                f"and put it into the environment as {self.recipe.key}"
            )
        return held

    def fill(self, text: str) -> str:
        """Fill in what an address leaves open."""
        return text.replace("{authority}", self.authority).replace("{date}", self.on.strftime("%Y%m%d"))


def ask(job: Job) -> Received:
    """Get what a recipe asks for, whole and unopened."""
    return _DIALECTS[job.recipe.how](job)


def _file(job: Job) -> Received:
    headers = {"Accept": str(job.recipe.ask["accept"])} if "accept" in job.recipe.ask else {}
    if job.recipe.key:
        headers["Authorization"] = f"Bearer {job.key}"
    return download(job.transport, job.fill(job.recipe.url), job.part, headers=headers)


def _dated(job: Job) -> Received:
    # The register of schools has the day in its name, and today's appears some time in the morning.
    for back in range(LOOK_BACK + 1):
        day = job.on - timedelta(days=back)
        try:
            return download(job.transport, job.recipe.url.replace("{date}", day.strftime("%Y%m%d")), job.part)
        except MovedError:
            continue
    raise MovedError(
        f"{job.recipe.url}: no file for any of the {LOOK_BACK + 1} days up to {job.on}; see {job.recipe.page}"
    )


def _govuk(job: Job) -> Received:
    pattern = str(job.recipe.ask["match"])
    content = get_json(job.transport, job.recipe.url)
    found = list(_attachments(content))
    fits = [url for name, url in found if re.search(pattern, name, re.IGNORECASE)]
    known = str(job.recipe.ask.get("known", ""))
    if not fits and not known:
        names = ", ".join(name for name, _ in found[:6]) or "none"
        raise MovedError(
            f'{job.recipe.page} has no attachment like "{pattern}"; it has {names}: '
            f"the publisher has renamed or moved the file"
        )
    return download(job.transport, fits[0] if fits else known, job.part)


def _attachments(content: Any) -> Iterator[tuple[str, str]]:
    details = content.get("details", {}) if isinstance(content, dict) else {}
    for one in details.get("attachments", []):
        url = str(one.get("url", ""))
        yield f"{one.get('title', '')} {one.get('filename', '')} {url.rpartition('/')[2]}".strip(), url


def _arcgis(job: Job) -> Received:
    asked = job.recipe.ask
    fields = [str(one) for one in asked["fields"]]
    shapes = bool(asked.get("shapes", False))
    about = get_json(job.transport, job.recipe.url, params={"f": "json"})
    held = {str(one["name"]).upper(): str(one["name"]) for one in about.get("fields", [])}
    lost = [one for one in fields if one.upper() not in held]
    if lost:
        raise ChangedError(
            f'{job.recipe.url} has no field "{lost[0]}" any more; it has {", ".join(held.values())}'
        )
    names = {held[one.upper()]: one for one in fields}
    stamp = str(about.get("editingInfo", {}).get("lastEditDate", ""))
    pages = job.part.with_suffix(".pages")
    _same_version(pages, stamp)
    size = min(int(about.get("maxRecordCount") or 1000), 2000)
    order = str(about.get("objectIdField") or "") or names.get(fields[0], fields[0])
    query = {
        "outFields": ",".join(names),
        "orderByFields": order,
        "returnGeometry": "true" if shapes else "false",
        "outSR": "4326",
        "f": "geojson" if shapes else "json",
    }
    spread: dict[str, str] = {}
    if asked.get("within"):
        if job.box is None:
            raise ChangedError("it needs the outline of the authority: fetch boundary_lsoa21 first")
        spread = {
            "geometry": ",".join(f"{edge:.5f}" for edge in job.box),
            "geometryType": "esriGeometryEnvelope",
            "inSR": "4326",
            "spatialRel": "esriSpatialRelIntersects",
        }
    features: list[dict[str, Any]] = []
    for n, where in enumerate(_wheres(job)):
        features += _pages(job, {**query, **spread, "where": where}, pages / f"{n:04d}", size)
    if not features:
        raise ChangedError(f"{job.recipe.url} has no rows for {job.authority or 'England'}")
    rows = [
        {names.get(key, key): value for key, value in _properties(one).items() if key in names}
        for one in features
    ]
    _write_features(job.part, rows, [one.get("geometry") for one in features] if shapes else None, fields)
    shutil.rmtree(pages, ignore_errors=True)
    return Received(job.part, job.recipe.url, stamp)


def _same_version(pages: Path, stamp: str) -> None:
    note = pages / "stamp.txt"
    if pages.is_dir() and (not note.is_file() or not stamp or note.read_text() != stamp):
        shutil.rmtree(pages)
    pages.mkdir(parents=True, exist_ok=True)
    note.write_text(stamp)


def _wheres(job: Job) -> list[str]:
    where = job.fill(str(job.recipe.ask.get("where", "1=1")))
    field = str(job.recipe.ask.get("code", ""))
    if not field:
        return [where]
    quoted = [f"'{code}'" for code in job.codes]
    return [
        f"{field} IN ({','.join(quoted[start : start + CHUNK])})" for start in range(0, len(quoted), CHUNK)
    ]


def _pages(job: Job, query: Mapping[str, str], folder: Path, size: int) -> list[dict[str, Any]]:
    address = f"{job.recipe.url}/query"
    counted = get_json(
        job.transport,
        address,
        form={**{key: query[key] for key in _ASKED if key in query}, "returnCountOnly": "true", "f": "json"},
    )
    total = int(counted.get("count", -1))
    features: list[dict[str, Any]] = []
    folder.mkdir(exist_ok=True)
    # The flag exceededTransferLimit is left out by some servers and set at the last page by others, so
    # the count decides; an empty page before it is reached means that rows are being withheld.
    while len(features) < total:
        page = folder / f"{len(features):07d}.json"
        if not page.is_file():
            content = get_json(
                job.transport,
                address,
                form={**query, "resultOffset": str(len(features)), "resultRecordCount": str(size)},
            )
            draft = page.with_suffix(".draft")
            draft.write_text(json.dumps(content.get("features", [])), encoding="utf-8")
            draft.replace(page)
        came = json.loads(page.read_text(encoding="utf-8"))
        if not came:
            break
        features += came
    if len(features) != total:
        shutil.rmtree(folder)
        raise ChangedError(
            f"{address} counts {total} rows and gives {len(features)}; it is being changed as we read: "
            f"run again later"
        )
    return features


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    found = feature.get("properties") or feature.get("attributes") or {}
    return found if isinstance(found, Mapping) else {}


def _write_features(
    path: Path, rows: Sequence[Mapping[str, Any]], shapes: Sequence[Any] | None, fields: Sequence[str]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as target:
        if shapes is None:
            writer = csv.DictWriter(target, fields, lineterminator="\n", restval="")
            writer.writeheader()
            writer.writerows(
                {key: "" if row.get(key) is None else row[key] for key in fields} for row in rows
            )
            return
        # The properties stand before the shape: a file is known by its beginning.
        lines = [
            json.dumps({"type": "Feature", "properties": dict(row), "geometry": shape}, ensure_ascii=False)
            for row, shape in zip(rows, shapes, strict=True)
        ]
        target.write('{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n")


def _ons_census(job: Job) -> Received:
    """Ask for the counts of one classification, and turn them into one row an area."""
    asked = job.recipe.ask
    content = get_json(
        job.transport,
        job.recipe.url,
        params={"area-type": str(asked["area"]), "dimensions": str(asked["dimension"])},
    )
    table: dict[str, dict[str, int]] = {}
    names: dict[str, str] = {}
    for one in content.get("observations") or []:
        area, option = one["dimensions"][0], one["dimensions"][1]
        names[area["option_id"]] = area["option"]
        table.setdefault(area["option_id"], {})[option["option"]] = int(one["observation"])
    options = list(dict.fromkeys(option for counts in table.values() for option in counts))
    if not table or any(set(counts) != set(options) for counts in table.values()):
        raise ChangedError(
            f"{job.recipe.url} gives {len(table)} areas, and not each with the same categories"
        )
    prefix, total = str(asked["prefix"]), str(asked["total"])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "date",
            "geography",
            "geography code",
            f"{prefix}: {total}",
            *(f"{prefix}: {one}" for one in options),
        ]
    )
    for code, counts in sorted(table.items()):
        writer.writerow(
            ["2021", names[code], code, sum(counts.values()), *(counts[option] for option in options)]
        )
    job.part.parent.mkdir(parents=True, exist_ok=True)
    job.part.write_text(text.getvalue(), encoding="utf-8")
    return Received(job.part, job.recipe.url)


def _os(job: Job) -> Received:
    listed = get_json(job.transport, job.recipe.url)
    wanted = str(job.recipe.ask["format"])
    area = str(job.recipe.ask.get("area", "GB"))
    fits = [one for one in listed if one.get("format") == wanted and one.get("area") == area]
    if not fits:
        formats = sorted({str(one.get("format")) for one in listed})
        raise MovedError(f'{job.recipe.url} offers no "{wanted}" of {area}; it offers {", ".join(formats)}')
    came = download(job.transport, str(fits[0]["url"]), job.part)
    _check_md5(came, str(fits[0].get("md5", "")))
    return came


def _check_md5(came: Received, stated: str) -> None:
    if not stated:
        return
    digest = hashlib.md5(usedforsecurity=False)
    with came.path.open("rb") as handle:
        while piece := handle.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != stated.lower():
        came.path.unlink()
        raise CutError(f"{came.url} does not have the hash its publisher states; run again")


def _geofabrik(job: Job) -> Received:
    if job.box is None:
        raise ChangedError("the streets need the outline of the authority: fetch boundary_lsoa21 first")
    index = get_json(job.transport, job.recipe.url)
    west, south, east, north = job.box
    fits = []
    for one in index.get("features", []):
        x, y = _spread((one.get("geometry") or {}).get("coordinates") or [])
        url = (one.get("properties", {}).get("urls") or {}).get("pbf", "")
        if url and x and min(x) <= west and max(x) >= east and min(y) <= south and max(y) >= north:
            fits.append(((max(x) - min(x)) * (max(y) - min(y)), str(url)))
    if not fits:
        raise MovedError(
            f"{job.recipe.url} lists no extract that holds {job.authority}; see {job.recipe.page}"
        )
    url = min(fits)[1]
    came = download(job.transport, url, job.part)
    stated = download(job.transport, url + ".md5", job.part.with_suffix(".md5")).path.read_text().split()
    _check_md5(came, stated[0] if stated else "")
    return came


def _spread(coordinates: Any) -> tuple[list[float], list[float]]:
    if coordinates and isinstance(coordinates[0], int | float):
        return [float(coordinates[0])], [float(coordinates[1])]
    x: list[float] = []
    y: list[float] = []
    for part in coordinates:
        a, b = _spread(part)
        x += a
        y += b
    return x, y


def _overpass(job: Job) -> Received:
    if job.box is None:
        raise ChangedError("the streets need the outline of the authority: fetch boundary_lsoa21 first")
    west, south, east, north = job.box
    query = str(job.recipe.ask["query"]).replace("{box}", f"{south:.5f},{west:.5f},{north:.5f},{east:.5f}")
    came = download(job.transport, job.recipe.url, job.part, form={"data": query})
    with came.path.open("rb") as handle:
        handle.seek(max(0, came.path.stat().st_size - 4096))
        end = handle.read().decode("utf-8", errors="replace")
    # Overpass runs out of time or memory with status 200, a remark at the end, and half the streets.
    remark = re.search(r"<remark>(.*?)</remark>", end, re.DOTALL)
    if remark or not end.rstrip().endswith("</osm>"):
        came.path.unlink()
        said = " ".join(remark[1].split()) if remark else "an answer without its end"
        raise CutError(f"{came.url} gave {said}; run again later, or take an extract (osm_streets)")
    return came


def _planning(job: Job) -> Received:
    """Ask for the entities of one layer that touch the authority, until a page is not full."""
    limit = int(job.recipe.ask.get("limit", 500))
    features: list[Any] = []
    seen: set[str] = set()
    while True:
        content = get_json(
            job.transport,
            job.recipe.url,
            params={
                "dataset": str(job.recipe.ask["dataset"]),
                "geometry_curie": f"statistical-geography:{job.authority}",
                "limit": str(limit),
                "offset": str(len(features)),
            },
        )
        came = content.get("features")
        if came is None:
            raise ChangedError(f"{job.recipe.url} gives no features but {', '.join(map(str, content))}")
        ids = [str(_properties(one).get("entity", n)) for n, one in enumerate(came)]
        if seen & set(ids):
            raise ChangedError(
                f"{job.recipe.url} gives entity {min(seen & set(ids))} on two pages; run again"
            )
        seen |= set(ids)
        features += came
        if len(came) < limit:
            break
    fields = list(dict.fromkeys(key for one in features for key in _properties(one)))
    job.part.parent.mkdir(parents=True, exist_ok=True)
    _write_features(
        job.part,
        [dict(_properties(one)) for one in features],
        [one.get("geometry") for one in features],
        fields,
    )
    return Received(job.part, job.recipe.url)


def _statxplore(job: Job) -> Received:
    """Ask DWP's Stat-Xplore for one count by area and year; one row a pair."""
    asked = job.recipe.ask
    area, year = str(asked["area"]), str(asked["year"])
    recodes = {area: {"map": [[str(asked["value"]).replace("{code}", code)] for code in job.codes]}}
    content = get_json(
        job.transport,
        job.recipe.url,
        body={
            "database": asked["database"],
            "measures": [asked["measure"]],
            "dimensions": [[area], [year]],
            "recodes": recodes,
        },
        headers={"APIKey": job.key},
    )
    fields, cubes = content.get("fields") or [], content.get("cubes") or {}
    if len(fields) != 2 or not cubes:
        raise ChangedError(f"{job.recipe.url} gives {len(fields)} fields where an area and a year were asked")
    places = [str(one["uris"][0]).rpartition(":")[2] for one in fields[0]["items"]]
    years = [str(one["labels"][0]) for one in fields[1]["items"]]
    values = next(iter(cubes.values()))["values"]
    lines = ["area_code,year,children"]
    lines += [
        f"{place},{label},{'' if value is None else value}"
        for place, row in zip(places, values, strict=True)
        for label, value in zip(years, row, strict=True)
    ]
    job.part.parent.mkdir(parents=True, exist_ok=True)
    job.part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Received(job.part, job.recipe.url)


_DIALECTS: Mapping[str, Callable[[Job], Received]] = {
    "file": _file,
    "dated": _dated,
    "govuk": _govuk,
    "arcgis": _arcgis,
    "ons_census": _ons_census,
    "os": _os,
    "geofabrik": _geofabrik,
    "overpass": _overpass,
    "planning": _planning,
    "statxplore": _statxplore,
}
