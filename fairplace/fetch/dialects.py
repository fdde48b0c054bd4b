"""How each publisher is spoken to: one function a way of asking, each ending at one whole file.

ArcGIS feature services answer in pages and put their errors into status 200; GOV.UK moves its files with
every correction, so they are found through its content API; OS and Geofabrik state the hash of a file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fairplace.fetch.arcgis import ask_arcgis, properties, write_features
from fairplace.fetch.errors import ChangedError, CutError, MovedError
from fairplace.fetch.job import Job
from fairplace.fetch.transport import Received, download, get_json

#: Days back that a file with a date in its name is looked for.
LOOK_BACK = 7


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
    """Find an attachment by the pages of GOV.UK: that of the publication, else those of its collection."""
    pattern, known = str(job.recipe.ask["match"]), str(job.recipe.ask.get("known", ""))
    seen: list[str] = []
    for page in _pages_of_govuk(job):
        found = list(_attachments(page))
        seen += [name for name, _ in found]
        fits = [url for name, url in found if re.search(pattern, name, re.IGNORECASE)]
        if fits:
            return download(job.transport, fits[0], job.part)
    if known:
        return download(job.transport, known, job.part)
    raise MovedError(
        f'{job.recipe.page} has no attachment like "{pattern}"; it has {", ".join(seen[:6]) or "none"}: '
        f"the publisher has renamed or moved the file"
    )


def _pages_of_govuk(job: Job) -> Iterator[Any]:
    """Content of the publication's page; where it or its file is gone, of those of like title beside it."""
    collection = str(job.recipe.ask.get("collection", ""))
    try:
        yield get_json(job.transport, job.recipe.url)
    except MovedError:
        if not collection:
            raise
    if not collection:
        return
    listed = get_json(job.transport, collection).get("links", {}).get("documents", [])
    like = [one for one in listed if re.search(str(job.recipe.ask["title"]), str(one.get("title", "")))]
    if not like:
        titles = "; ".join(str(one.get("title")) for one in listed[:6]) or "nothing"
        raise MovedError(
            f'{collection} lists no publication like "{job.recipe.ask["title"]}"; it lists {titles}'
        )
    like.sort(key=lambda one: str(one.get("public_updated_at", "")), reverse=True)
    for one in like:
        path = str(one["base_path"])
        if not job.recipe.url.endswith(path):
            yield get_json(job.transport, f"https://www.gov.uk/api/content{path}")


def _attachments(content: Any) -> Iterator[tuple[str, str]]:
    details = content.get("details", {}) if isinstance(content, dict) else {}
    for one in details.get("attachments", []):
        url = str(one.get("url", ""))
        yield f"{one.get('title', '')} {one.get('filename', '')} {url.rpartition('/')[2]}".strip(), url


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
    """Ask Ordnance Survey's Downloads API which edition there is, then for the file of one format."""
    product = job.recipe.url.removesuffix("/downloads")
    try:
        edition = str(get_json(job.transport, product).get("version") or "")
        listed = get_json(job.transport, job.recipe.url)
    except MovedError as error:
        known = get_json(job.transport, product.rpartition("/")[0])
        names = ", ".join(sorted(str(one.get("id")) for one in known))
        raise MovedError(f"{error}; Ordnance Survey offers the products {names}") from error
    wanted, area = str(job.recipe.ask["format"]), str(job.recipe.ask.get("area", "GB"))
    fits = [one for one in listed if one.get("format") == wanted and one.get("area") == area]
    if not fits:
        formats = sorted({str(one.get("format")) for one in listed})
        raise MovedError(f'{job.recipe.url} offers no "{wanted}" of {area}; it offers {", ".join(formats)}')
    came = download(job.transport, str(fits[0]["url"]), job.part)
    size = fits[0].get("size")
    if size is not None and came.path.stat().st_size != int(size):
        held = came.path.stat().st_size
        came.path.unlink()
        raise CutError(f"{came.url} gives {held} bytes where its publisher states {size}; run again")
    _check_md5(came, str(fits[0].get("md5", "")))
    return replace(came, edition=edition)


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
        ids = [str(properties(one).get("entity", n)) for n, one in enumerate(came)]
        if seen & set(ids):
            raise ChangedError(
                f"{job.recipe.url} gives entity {min(seen & set(ids))} on two pages; run again"
            )
        seen |= set(ids)
        features += came
        if len(came) < limit:
            break
    fields = list(dict.fromkeys(key for one in features for key in properties(one)))
    job.part.parent.mkdir(parents=True, exist_ok=True)
    write_features(
        job.part,
        [dict(properties(one)) for one in features],
        [one.get("geometry") for one in features],
        fields,
    )
    return Received(job.part, job.recipe.url)


def _statxplore(job: Job) -> Received:
    """Ask DWP's Stat-Xplore for one count by area and year; one row a pair.

    Codes of areas belong to one of several sets, which are renewed with the wards; which sets there are is
    asked of the service itself.
    """
    asked = job.recipe.ask
    area, year = str(asked["area"]), str(asked["year"])
    values = _value_set(job, area).replace("str:valueset:", "str:value:")
    recodes = {area: {"map": [[f"{values}:{code}"] for code in job.codes]}}
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


def _value_set(job: Job, area: str) -> str:
    """Newest set of codes of an area that the recipe's pattern fits, such as wards of 2021."""
    address = f"{job.recipe.url.rpartition('/')[0]}/schema/{area}"
    listed = get_json(job.transport, address, headers={"APIKey": job.key}).get("children") or []
    sets = [str(one.get("id")) for one in listed if one.get("type") == "VALUESET"]
    fits = [one for one in sets if re.search(str(job.recipe.ask["set"]), one)]
    if not fits:
        raise ChangedError(
            f'{address} has no set like "{job.recipe.ask["set"]}"; it has {", ".join(sets) or "none"}'
        )
    return max(fits, key=lambda one: [int(digits) for digits in re.findall(r"\d+", one.rpartition(":")[2])])


_DIALECTS: Mapping[str, Callable[[Job], Received]] = {
    "file": _file,
    "dated": _dated,
    "govuk": _govuk,
    "arcgis": ask_arcgis,
    "ons_census": _ons_census,
    "os": _os,
    "geofabrik": _geofabrik,
    "overpass": _overpass,
    "planning": _planning,
    "statxplore": _statxplore,
}
