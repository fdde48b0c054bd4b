"""Parks and playing fields with the ways into them, from OS Open Greenspace.

Ordnance Survey publishes sites as polygons and the points where one gets in, as a GeoPackage of Great
Britain, and as Shapefile or GML by squares of 100 km. Names of columns differ by form; what they mean
does not. Not every site is a place to walk to: only the functions of `OPEN` are kept, and of the ways in
those that somebody on foot may use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geo.crs import BNG, to_bng
from geo.source import Source
from geo.vector import layer_names, read_layer
from layers.areas import WrongFileError
from layers.catalogue import describe_source

#: Functions of sites that are open to everybody to walk in; not allotments, golf courses, bowling greens,
#: tennis courts, other sports facilities, cemeteries and religious grounds, which have purposes or owners
#: of their own.
OPEN = ("Public Park Or Garden", "Playing Field", "Play Space")
#: Ways in that nobody on foot uses.
NOT_ON_FOOT = ("Motor Vehicle",)
DATASET = "os_open_greenspace"
# A column by its name in GeoPackage and GML, and in the Shapefile, without case and underscores.
_SITE = {"id": ("id", "gmlid"), "function": ("function",), "name": ("distinctivename1", "distname1")}
_DOOR = {
    "id": ("id", "gmlid"),
    "access": ("accesstype",),
    "space": ("reftogreenspacesite", "reftogsite"),
}
_SITES, _DOORS = "greenspacesite", "accesspoint"

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Greenspace:
    """Green spaces of a place, and where one gets in.

    Parameters
    ----------
    sites
        Polygons in EPSG:27700, indexed by the publisher's id (not the same from edition to edition):
        ``name`` (empty where there is none) and ``function``. Sites may lie inside others.
    entrances
        Points in EPSG:27700, indexed by id: ``space`` (index of `sites`) and ``access``. A site without
        one is often inside another.
    source
        Papers of the file.
    notes
        What was left out, with counts.
    """

    sites: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    source: Source
    notes: tuple[str, ...]


def read_greenspace(path: Path, *, box: Box | None = None, source: Source | None = None) -> Greenspace:
    """Read OS Open Greenspace.

    Parameters
    ----------
    path
        The GeoPackage, a GML file of one square, or the Shapefile of sites with that of access points
        beside it.
    box
        West, south, east and north in EPSG:27700; what does not touch it is left out. A site that
        touches it is whole, and keeps only the entrances in the box.
    source
        Its papers, if not those of the catalogue.

    Raises
    ------
    WrongFileError
        It lacks one of the two layers, or a column.
    MissingLayerError, LayerError
        It is not there, or cannot be read.
    """
    files = _files(path)
    raw = {kind: read_layer(file, layer=layer, box=box) for kind, (file, layer) in files.items()}
    sites = _tidy(raw[_SITES], _SITE, path)
    doors = _tidy(raw[_DOORS], _DOOR, path)
    sites = sites[sites.geometry.notna() & sites.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    # Squares of 100 km repeat the sites that lie across their edge.
    sites = sites.drop_duplicates("id").set_index("id").sort_index()
    doors = doors.drop_duplicates("id").set_index("id").sort_index()
    open_ = sites["function"].isin(OPEN)
    notes = []
    if (~open_).any():
        counts = sites.loc[~open_, "function"].value_counts().sort_index()
        what = ", ".join(f"{count} {name}" for name, count in counts.items())
        notes.append(f"sites not open to everybody to walk in left out: {what}")
    by_car = doors["access"].isin(NOT_ON_FOOT)
    if by_car.any():
        notes.append(f"{int(by_car.sum())} ways in for vehicles only left out")
    kept = sites.loc[open_, ["name", "function", "geometry"]]
    ways = doors.loc[~by_car & doors["space"].isin(kept.index), ["space", "access", "geometry"]]
    without = len(kept) - ways["space"].nunique()
    notes.append(f"{len(kept)} sites with {len(ways)} entrances; {without} sites have none of their own")
    kept = kept.set_geometry(shapely.make_valid(kept.geometry.to_numpy()), crs=BNG)
    return Greenspace(kept, ways, source or describe_source(DATASET, path), tuple(notes))


def is_greenspace(path: Path) -> bool:
    """Tell whether a file is OS Open Greenspace: the one product that has both its sites and the ways in."""
    if path.suffix.lower() == ".shp":
        return re.search("GreenspaceSite", path.stem, re.IGNORECASE) is not None
    return {_SITES, _DOORS} <= {_plain(name) for name in layer_names(path)}


def _files(path: Path) -> dict[str, tuple[Path, str | None]]:
    """Where sites and access points are: files, and layers of them."""
    if path.suffix.lower() == ".shp":
        at = re.search("GreenspaceSite", path.stem, re.IGNORECASE)
        if at is None:
            raise WrongFileError(
                f"{path.name} is not a Shapefile of sites; give the one named …GreenspaceSite"
            )
        beside = path.with_stem(path.stem[: at.start()] + "AccessPoint" + path.stem[at.end() :])
        return {_SITES: (path, None), _DOORS: (beside, None)}
    held = {_plain(name): name for name in layer_names(path)}
    for wanted in (_SITES, _DOORS):
        if wanted not in held:
            raise WrongFileError(
                f"{path.name} has the layers {', '.join(held.values()) or 'none'}; OS Open Greenspace has "
                f"greenspace_site and access_point"
            )
    return {wanted: (path, held[wanted]) for wanted in (_SITES, _DOORS)}


def _tidy(frame: gpd.GeoDataFrame, wanted: dict[str, tuple[str, ...]], path: Path) -> gpd.GeoDataFrame:
    held = {_plain(str(name)): str(name) for name in frame.columns}
    columns = {}
    for name, spellings in wanted.items():
        found = next((held[one] for one in spellings if one in held), None)
        if found is None:
            raise WrongFileError(
                f'{path.name} has no column "{spellings[0]}"; it has {", ".join(list(held.values())[:10])}'
            )
        columns[name] = frame[found].fillna("").astype("str").str.strip().to_numpy()
    made = gpd.GeoDataFrame(pd.DataFrame(columns), geometry=frame.geometry.to_numpy(), crs=frame.crs)
    return to_bng(made, where=path.name)[0]


def _plain(name: str) -> str:
    # GB_GreenspaceSite, greenspace_site and GreenspaceSite are one layer.
    return re.sub(r"^(gb|[a-z]{2})_(?=greenspacesite|accesspoint)", "", name.lower()).replace("_", "")
