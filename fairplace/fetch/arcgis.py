"""Feature services of ArcGIS: paged, with errors inside status 200; their count says when all is there."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fairplace.fetch.errors import ChangedError
from fairplace.fetch.job import Job
from fairplace.fetch.transport import Received, get_json

#: Codes asked for at once; a longer list makes requests that some gateways refuse.
CHUNK = 100
#: Parts of a query that say which rows are wanted.
_ASKED = ("where", "geometry", "geometryType", "inSR", "spatialRel")


def ask_arcgis(job: Job) -> Received:
    """Ask a layer for its fields, then for the rows of the authority, page by page.

    Raises
    ------
    ChangedError
        A field is gone, rows are withheld, or there are none.
    """
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
        {names.get(key, key): value for key, value in properties(one).items() if key in names}
        for one in features
    ]
    write_features(job.part, rows, [one.get("geometry") for one in features] if shapes else None, fields)
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


def properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes of a feature, as GeoJSON or as ArcGIS names them."""
    found = feature.get("properties") or feature.get("attributes") or {}
    return found if isinstance(found, Mapping) else {}


def write_features(
    path: Path, rows: Sequence[Mapping[str, Any]], shapes: Sequence[Any] | None, fields: Sequence[str]
) -> None:
    """Write rows as CSV, or with shapes as GeoJSON."""
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
