"""Planning layers: designations and constraints, as planning.data.gov.uk, agencies and councils publish them.

Each comes back as features in the National Grid with what must be said beside them: edition, publisher,
licence, and whether the layer is complete for the authority. A layer that is not held is in the register
all the same, because "no data" is not "no constraint".
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import BNG, WGS84, to_bng
from geo.errors import UserError
from geo.overlay import mend_features
from geo.source import LICENCE_CLASSES, Source, hash_file
from geo.vector import FORMATS, layer_columns, read_layer
from layers.delimited import HeaderError, read_delimited

#: ``stated`` completeness of one layer for one authority. Anything but complete is said in every cell.
Completeness = Literal["complete", "partial", "none", "not stated"]
RASTERS = (".tif", ".tiff", ".asc")
#: Columns of planning.data.gov.uk's entities that are kept.
KEPT = ("reference", "name", "start-date", "end-date", "entry-date", "documentation-url", "entity")
_KINDS = {"polygon": (3, 6), "line": (1, 2, 5), "point": (0, 4)}


class PlanningLayerError(UserError, ValueError):
    """A planning layer, or the table of what is complete, cannot be used."""


@dataclass(frozen=True)
class Register:
    """What is known of one layer before any file of it is opened.

    Parameters
    ----------
    id
        Name of the dataset, as planning.data.gov.uk writes it.
    title, theme
        For the page.
    shape
        ``polygon``, ``line``, ``point``, ``raster`` or ``any``: what its features must be.
    publisher, licence, licence_class, url
        Papers.
    extent
        ``authority`` where a copy usually stops at the district's edge; ``nation`` where it goes on.
    england
        What the platform says of its completeness for all England; may be empty.
    trap
        What misleads its readers, in a sentence; may be empty.
    split, split_title
        Column whose values are layers of their own, and what each is called.
    """

    id: str
    title: str
    theme: str = ""
    shape: str = "any"
    publisher: str = ""
    licence: str = ""
    licence_class: str = "open"
    url: str = ""
    extent: str = "authority"
    england: str = ""
    trap: str = ""
    split: str = ""
    split_title: str = ""


@dataclass(frozen=True)
class Coverage:
    """What an authority says of one layer: complete, partial or none, and of which edition."""

    dataset: str
    completeness: Completeness
    edition: str = ""
    publisher: str = ""
    licence: str = ""


@dataclass(frozen=True)
class PlanningLayer:
    """One layer for one authority, with or without features.

    Parameters
    ----------
    id, title
        Stable name, and one for the page.
    frame
        Features in EPSG:27700, indexed 0 to n-1: `KEPT` columns and ``geometry``. Without rows where the
        layer has no features, and where it is not held (`held` tells which).
    completeness, edition
        For this authority.
    register
        What is known of the layer anywhere.
    source
        Papers of the file; None if it is not held.
    accuracy
        Of the coordinates.
    notes
        What was mended, left out or assumed.
    """

    id: str
    title: str
    frame: gpd.GeoDataFrame
    completeness: Completeness
    edition: str
    register: Register
    source: Source | None = None
    accuracy: str = "no datum shift"
    notes: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """A file of it was read."""
        return self.source is not None

    @property
    def complete(self) -> bool:
        """The authority says that nothing is missing from it."""
        return self.held and self.completeness == "complete"


@cache
def load_register() -> Mapping[str, Register]:
    """Every layer that is known, from ``planning.toml``."""
    table = tomllib.loads(files("layers").joinpath("planning.toml").read_text(encoding="utf-8"))
    terms = table.pop("terms")
    made = {}
    for name, entry in table.items():
        own = {key: value for key, value in entry.items() if key not in ("terms", "complete")}
        both = {**terms[entry["terms"]], **own}
        if both["url"].endswith("/dataset/"):
            both["url"] += name
        made[name] = Register(id=name, england=entry.get("complete", ""), **both)
    return made


def read_coverage(path: Path) -> dict[str, Coverage]:
    """Read what an authority says of each layer.

    Parameters
    ----------
    path
        CSV with ``dataset`` and ``completeness`` (complete, partial or none), and optionally ``edition``,
        ``publisher`` and ``licence``.

    Raises
    ------
    PlanningLayerError
        A dataset is given twice, or the completeness is another word.
    """
    try:
        cells = read_delimited(path, required=["dataset", "completeness"])
    except HeaderError as error:
        raise PlanningLayerError(f"{path.name} does not say what is complete: {error}") from error
    made: dict[str, Coverage] = {}
    for line, row in zip(cells.lines, cells.frame.to_dict("records"), strict=True):
        name, said = str(row["dataset"]).strip(), str(row["completeness"]).strip().lower()
        if said not in ("complete", "partial", "none"):
            raise PlanningLayerError(
                f'{path.name} row {line}: completeness of {name} is "{row["completeness"]}"; write complete, '
                f"partial or none"
            )
        if name in made:
            raise PlanningLayerError(f"{path.name} row {line}: {name} is given twice; keep one row of it")
        rest = {key: str(row.get(key, "") or "").strip() for key in ("edition", "publisher", "licence")}
        made[name] = Coverage(name, said, **rest)  # type: ignore[arg-type]
    return made


def list_files(given: Iterable[Path]) -> list[Path]:
    """Files of layers among files and folders, in order of name; the coverage table is not one."""
    found: list[Path] = []
    for path in given:
        if not path.exists():
            raise PlanningLayerError(f"{path} is not there; check the name and the folder")
        if path.is_dir() and path.suffix.lower() != ".gdb":
            inside = [one for one in sorted(path.iterdir()) if one.suffix.lower() in (*FORMATS, *RASTERS)]
            found += [one for one in inside if not _is_coverage(one)]
        else:
            found.append(path)
    return found


def read_planning(
    path: Path,
    *,
    coverage: Mapping[str, Coverage] | None = None,
    crs: str | None = None,
    at_least: float | None = None,
) -> list[PlanningLayer]:
    """Read one file of planning features.

    Parameters
    ----------
    path
        GeoJSON, GML, GeoPackage, Shapefile and the other formats of `geo.vector.FORMATS`; CSV with a
        column of WKT (as planning.data.gov.uk writes it, or any); or a raster (GeoTIFF, ASCII grid).
    coverage
        From `read_coverage`.
    crs
        For a file that does not say. A table of planning.data.gov.uk is in degrees and need not.
    at_least
        For a raster: cells of this value or more are the constraint.

    Returns
    -------
    list of PlanningLayer
        One a dataset (the column ``dataset`` says which; without it the file's name), and one for each
        value where the register splits it, such as flood zones 2 and 3. Features with an end date have
        ceased and are left out, which a note says.

    Raises
    ------
    PlanningLayerError
        Features are of another kind of shape than the layer is made of.
    LayerError, CrsError
        As `geo.vector.read_layer` and `geo.crs.to_bng`.
    """
    if path.suffix.lower() in RASTERS:
        return [_read_raster(path, coverage or {}, at_least)]
    frame = _read_features(path, crs)
    frame, accuracy = to_bng(frame, where=path.name) if len(frame) else (_empty(frame), "no datum shift")
    names = (
        frame["dataset"].replace("", path.stem).fillna(path.stem).astype(str)
        if "dataset" in frame
        else pd.Series(path.stem, index=frame.index)
    )
    made = []
    for name in sorted(names.unique()) or [path.stem]:
        made += _layers(str(name), frame[names == name], path, coverage or {}, str(accuracy))
    return made


def missing_layer(dataset: str, coverage: Mapping[str, Coverage]) -> PlanningLayer:
    """Stand for a layer that no file was given of, so that its absence is said."""
    entry, said = _entry(dataset), coverage.get(dataset)
    # Whatever a table says of completeness: without the file there are no data here.
    completeness: Completeness = "none"
    empty = gpd.GeoDataFrame({name: pd.Series(dtype="str") for name in KEPT}, geometry=[], crs=BNG)
    return PlanningLayer(dataset, entry.title, empty, completeness, said.edition if said else "", entry)


def _layers(
    name: str, frame: gpd.GeoDataFrame, path: Path, coverage: Mapping[str, Coverage], accuracy: str
) -> list[PlanningLayer]:
    entry, said = _entry(name), coverage.get(name)
    ended = frame["end-date"].fillna("").astype(str).str.strip() != "" if "end-date" in frame else None
    notes = [f"{path.name}: {entry.trap}"] if entry.trap else []
    if ended is not None and ended.any():
        notes.append(
            f"{path.name}: {int(ended.sum())} of {len(frame)} features have an end date and were left out"
        )
        frame = frame[~ended]
    mended = mend_features(gpd.GeoDataFrame(frame, crs=BNG), where=path.name)
    notes += mended.notes
    frame = mended.frame
    _check_kind(frame, entry, path)
    source = _source(name, entry, said, path)
    layer = PlanningLayer(
        name,
        entry.title,
        _tidy(frame),
        said.completeness if said else "not stated",
        (said.edition if said else "") or _edition(frame),
        entry,
        source,
        accuracy,
        tuple(notes),
    )
    if not entry.split or entry.split not in frame or frame.empty:
        return [layer]
    values = frame[entry.split].fillna("").astype(str).str.removesuffix(".0")
    return [
        replace(
            layer,
            id=f"{name}-{value or 'unknown'}",
            title=entry.split_title.format(value=value or "not stated"),
            frame=_tidy(frame[values == value]),
        )
        for value in sorted(values.unique())
    ]


def _read_features(path: Path, crs: str | None) -> gpd.GeoDataFrame:
    if path.suffix.lower() == ".csv" and crs is None:
        columns = {name.lower() for name in layer_columns(path)}
        # planning.data.gov.uk writes degrees into its tables and does not say so in them.
        if {"entity", "reference"} <= columns or {"reference", "organisation"} <= columns:
            crs = WGS84
    # A boundary written as text is one long cell; the limit is the process's, so it is put back.
    before = csv.field_size_limit(1 << 30)
    try:
        return read_layer(path, crs=crs)
    finally:
        csv.field_size_limit(before)


def _read_raster(path: Path, coverage: Mapping[str, Coverage], at_least: float | None) -> PlanningLayer:
    import rasterio
    from rasterio.features import shapes

    if at_least is None:
        raise PlanningLayerError(
            f"{path.name} is a raster, and no value was given from which a cell is the constraint; give one, "
            f"such as --at-least {path.stem}=55"
        )
    with rasterio.open(path) as raster:
        cells = raster.read(1, masked=True)
        transform, crs, size = raster.transform, raster.crs, raster.res[0]
    if crs is None:
        crs = BNG if path.suffix.lower() == ".asc" else None
    if crs is None:
        raise PlanningLayerError(f"{path.name} does not say its CRS; save it with one")
    high = (
        cells.filled(np.nan if cells.dtype.kind == "f" else cells.min()) >= at_least
    ) & ~np.ma.getmaskarray(cells)
    found = [
        shapely.geometry.shape(one)
        for one, value in shapes(high.astype("uint8"), high, transform=transform)
        if value
    ]
    frame = gpd.GeoDataFrame(
        {"reference": [str(n + 1) for n in range(len(found))]}, geometry=found, crs=str(crs)
    )
    frame, accuracy = to_bng(frame, where=path.name) if len(frame) else (_empty(frame), "no datum shift")
    entry, said = _entry(path.stem), coverage.get(path.stem)
    return PlanningLayer(
        path.stem,
        f"{entry.title}, {at_least:g} or more",
        _tidy(mend_features(frame, where=path.name).frame),
        said.completeness if said else "not stated",
        said.edition if said else "",
        entry,
        _source(path.stem, entry, said, path),
        str(accuracy),
        (f"{path.name}: cells of {size:g} m with {at_least:g} or more; an edge is no finer than a cell",),
    )


def _entry(dataset: str) -> Register:
    known = load_register().get(dataset)
    return known or Register(dataset, dataset.replace("-", " ").replace("_", " ").capitalize())


def _source(name: str, entry: Register, said: Coverage | None, path: Path) -> Source:
    licence = (said.licence if said else "") or entry.licence or "not stated"
    kind = entry.licence_class if entry.licence_class in LICENCE_CLASSES else "open"
    return Source(
        id=f"planning-{name}",
        title=entry.title,
        publisher=(said.publisher if said else "") or entry.publisher or "not stated",
        edition=(said.edition if said else "") or "not stated",
        period=(said.edition if said else "") or "not stated",
        licence=licence,
        licence_class=kind,
        url=entry.url,
        file=path.name,
        sha256=hash_file(path) if path.is_file() else "",
        note=entry.trap,
        controlled=True,
    )


def _check_kind(frame: gpd.GeoDataFrame, entry: Register, path: Path) -> None:
    wanted = _KINDS.get(entry.shape)
    if wanted is None or frame.empty:
        return
    wrong = ~np.isin(shapely.get_type_id(frame.geometry.to_numpy()), wanted)
    if wrong.any():
        row = frame[wrong].iloc[0]
        named = str(row.get("reference") or row.get("name") or frame.index[wrong][0])
        raise PlanningLayerError(
            f"{path.name}: {named} is a {row.geometry.geom_type}, and {entry.title.lower()} are "
            f"{entry.shape}s ({int(wrong.sum())} of {len(frame)} features are of another kind); close the "
            f"outlines, or save the layer under another name"
        )


def _edition(frame: gpd.GeoDataFrame) -> str:
    """Day of the newest entry, where rows carry one: the nearest thing to an edition."""
    if "entry-date" not in frame or frame.empty:
        return ""
    return str(frame["entry-date"].dropna().astype(str).str[:10].max() or "").replace("nan", "")


def _tidy(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    lower = {str(name).lower().replace("_", "-"): name for name in frame.columns}
    made = {
        name: frame[lower[name]].fillna("").astype("str").str.strip().to_numpy()
        if name in lower
        else np.full(len(frame), "", dtype=object)
        for name in KEPT
    }
    table = pd.DataFrame(made).astype("str")
    return gpd.GeoDataFrame(table, geometry=frame.geometry.to_numpy(), crs=BNG)


def _empty(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns: dict[str, Any] = {name: pd.Series(dtype="str") for name in frame.columns if name != "geometry"}
    return gpd.GeoDataFrame(columns, geometry=[], crs=BNG)


def _is_coverage(path: Path) -> bool:
    return path.suffix.lower() == ".csv" and {"dataset", "completeness"} <= set(
        pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
    )
