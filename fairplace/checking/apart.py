"""A file that somebody sent, looked through in a process of its own with little memory and time.

What is sent may be made to harm: a workbook of one cell in the last row and column, a zip of zeros, a
layer that names other files. So its kind is told by its first bytes and not by its name, a workbook is
weighed before it is opened, and it is read where running out of anything hurts nobody else.

Run as ``python -m fairplace.checking.apart FOLDER KIND NAME``; the folder holds ``original`` and,
if some headers were put right, ``columns.json``. It gets ``report.json`` and, if nothing is to mend, the
table as our own file.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geo.errors import UserError

#: Seconds and bytes of memory that looking through one file may take.
SECONDS, MEMORY = 90, 3_000_000_000
#: Bytes that a workbook may unpack to, times its own size, and files in it.
UNPACKED, RATIO, MEMBERS = 150_000_000, 200, 2_000
_SQLITE, _ZIP = b"SQLite format 3\0", b"PK\x03\x04"


class UploadError(UserError, ValueError):
    """A file that was sent is none that is taken; the message says which are."""


def sniff(path: Path) -> str:
    """Tell what a file is by what it holds: ``xlsx``, ``gpkg``, ``geojson`` or ``csv``.

    Raises
    ------
    UploadError
        It is none of these, or a workbook that unpacks to too much.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(_SQLITE):
        return "gpkg"
    if head.startswith(_ZIP):
        _weigh(path)
        return "xlsx"
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise UploadError("the file is empty; choose the file that holds the table")
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UploadError("the file is no CSV, XLSX, GeoJSON or GeoPackage; save it as one of these")
    return "geojson" if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "csv"


def _weigh(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UploadError("the workbook is damaged or was not fully copied; save it anew") from error
    if not any(one.filename == "xl/workbook.xml" for one in members):
        raise UploadError("the file is a zip and no XLSX workbook; unpack it and send what is in it")
    total, size = sum(one.file_size for one in members), max(1, path.stat().st_size)
    if len(members) > MEMBERS or total > UNPACKED or total > RATIO * size:
        raise UploadError(
            f"the workbook holds {len(members):,} files that unpack to {total:,} bytes, {total / size:,.0f} "
            f"times its size; at most {MEMBERS:,} files, {UNPACKED:,} bytes and {RATIO} times are opened: "
            "save the table as CSV"
        )


def _inspect(folder: Path, kind: str, name: str) -> None:
    """Look through a file and leave the report and the table beside it."""
    from fairplace.checking.inspection import inspect
    from fairplace.checking.report import report_json
    from fairplace.spreadsheets import safe_cell
    from layers.council.schema import find_schema

    original = folder / "original"
    form = sniff(original)
    # The reader goes by the suffix; the name is our own, whatever the sender called the file.
    named = folder / f"{Path(name).stem[:60] or 'table'}.{form}"
    columns: Mapping[str, str] | None = None
    if (folder / "columns.json").is_file():
        columns = json.loads((folder / "columns.json").read_text(encoding="utf-8"))
    shapes: dict[str, Any] | None = None
    if form in ("geojson", "gpkg"):
        named, shapes = _as_table(original, form, folder / f"{Path(name).stem[:60] or 'layer'}.csv")
    else:
        named.write_bytes(original.read_bytes())
    try:
        found = inspect(named, kind=kind, kept=columns)
    finally:
        named.unlink(missing_ok=True)
    schema = found.schema
    report = json.loads(report_json(found))
    report |= {
        "title": schema.title,
        "headers": list(found.tables[0].block.headers) if found.tables else [],
        "fields": [{"name": one.name, "about": one.about, "required": one.required} for one in schema.fields],
        "sentences": [[one.level, one.sentence] for one in found.faults[:500]],
        "restricted": schema.restricted,
        "form": form,
    }
    if schema.layer == "lines" and shapes is None:
        raise UploadError(f"{schema.title.lower()} are lines; send them as GeoJSON or GeoPackage")
    if found.good and find_schema(schema.kind).layer == "lines":
        (folder / "table.geojson").write_text(json.dumps(shapes), encoding="utf-8")
    elif found.good:
        frame = found.clean().map(safe_cell)
        frame.to_csv(folder / "table.csv", index=False, lineterminator="\n", encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")


def _as_table(original: Path, form: str, path: Path) -> tuple[Path, dict[str, Any]]:
    """Write a layer as the table that is looked through, and give it as GeoJSON in degrees."""
    import geopandas as gpd

    from geo.vector import read_layer

    layer = original.with_name(f"layer.{form}")
    try:
        layer.write_bytes(original.read_bytes())
        if form == "geojson":
            # GDAL would open whatever the text asks it to; only GeoJSON gets so far.
            try:
                content = json.loads(layer.read_text(encoding="utf-8-sig"))
            except (ValueError, RecursionError) as error:
                raise UploadError("the file begins like GeoJSON and is none; save it anew") from error
            if content.get("type") != "FeatureCollection":
                raise UploadError("the file is no GeoJSON FeatureCollection; save the layer as one")
        frame: gpd.GeoDataFrame = read_layer(layer).to_crs("EPSG:27700")
    finally:
        layer.unlink(missing_ok=True)
    table = frame.drop(columns=frame.geometry.name)
    if (frame.geometry.geom_type == "Point").all():
        table = table.assign(easting=frame.geometry.x.round(2), northing=frame.geometry.y.round(2))
    else:
        table = table.assign(shape=frame.geometry.to_wkt(rounding_precision=2))
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    degrees = frame.to_crs("EPSG:4326")
    shown: dict[str, Any] = json.loads(degrees.to_json(na="null", drop_id=True))
    return path, shown


def _bound() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_FSIZE, (UNPACKED * 2, UNPACKED * 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def main(arguments: list[str]) -> int:
    """Look through one file; 0 done, 2 with a sentence, 3 where it takes too much."""
    _bound()
    os.environ["GDAL_HTTP_MAX_RETRY"] = "0"
    folder, kind, name = arguments
    try:
        _inspect(Path(folder), kind, name)
    except MemoryError:
        return 3
    except UserError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
