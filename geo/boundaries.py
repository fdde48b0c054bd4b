"""Boundaries of one geography: read, checked, and mended only where nothing is lost.

A file of boundaries becomes polygons in EPSG:27700, one for each code, or an error that names the
code. A repair is made where it changes no one's area, and is said; a shape that could mean two
different areas is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.crs import BNG, Accuracy, CrsError, to_bng
from geo.errors import UserError
from geo.geography import KINDS, Geography
from geo.source import hash_file
from geo.vector import LayerError, layer_columns, read_layer

#: A repair may change an area by this share of itself and no more.
REPAIR_TOLERANCE = 1e-6
_AREAL = ("Polygon", "MultiPolygon")
_PLAIN_CODES = ("code", "gss_code", "gsscode", "geography code", "area_code", "areacd")
_PLAIN_NAMES = ("name", "geography", "area_name", "areanm")
_DISTRICT = re.compile(r"LAD(\d\d)CD", re.IGNORECASE)


class BoundaryError(LayerError):
    """A shape cannot serve as the boundary of an area; the message names its code."""


class VintageError(UserError, ValueError):
    """Boundaries or codes are of another year than was asked for."""


class UnknownAuthorityError(UserError, LookupError):
    """A file of boundaries holds no area of the authority that was asked for."""


@dataclass(frozen=True)
class Boundaries:
    """Polygons of one geography in British National Grid.

    Parameters
    ----------
    geography
        Kind and vintage.
    areas
        Indexed by code and sorted by it, in EPSG:27700; columns ``name`` (empty text where the file
        has none), ``lad`` (code of the district where the file says it, else empty text) and
        ``geometry`` (valid, not empty polygons).
    accuracy
        How good the coordinates are: see `geo.crs.Accuracy`.
    notes
        What reading found and did, a sentence each.
    file, sha256
        Name and hash of the file; empty for boundaries that were made and not read.
    """

    geography: Geography
    areas: gpd.GeoDataFrame
    accuracy: Accuracy = "no datum shift"
    notes: tuple[str, ...] = ()
    file: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        where = self.file or f"boundaries of {self.geography.key}"
        if self.areas.crs != BNG:
            raise CrsError(
                f"{where} are in {self.areas.crs or 'no CRS'}, but boundaries are kept in {BNG}; "
                f"bring them there with geo.crs.to_bng"
            )
        self.geography.check_codes(self.areas.index, where=where)
        if self.areas.index.has_duplicates:
            code = self.areas.index[self.areas.index.duplicated()][0]
            raise BoundaryError(f"{where}: {code} appears twice; an area has one boundary")

    @property
    def codes(self) -> pd.Index[str]:
        """Codes, sorted."""
        return self.areas.index

    def only(self, codes: Iterable[str]) -> Boundaries:
        """Keep some areas.

        Raises
        ------
        BoundaryError
            A code has no boundary here.
        """
        wanted = sorted(set(codes))
        absent = [code for code in wanted if code not in self.areas.index]
        if absent:
            raise BoundaryError(
                f"{absent[0]} has no boundary in {self.file or 'these boundaries'} "
                f"({self.geography.key}); check the code and its vintage"
            )
        return replace(self, areas=self.areas.loc[wanted])

    def within(self, authority: str) -> Boundaries:
        """Keep the areas of one district, by the district that the file gives each.

        Raises
        ------
        UnknownAuthorityError
            No area here is of that district.
        """
        kept = self.areas[self.areas["lad"] == authority]
        if kept.empty:
            raise _unknown_authority(authority, self.areas["lad"], self.file)
        return replace(self, areas=kept)


def read_boundaries(
    path: str | Path,
    geography: Geography,
    *,
    codes: Iterable[str] | None = None,
    authority: str | None = None,
    crs: str | None = None,
    layer: str | None = None,
) -> Boundaries:
    """Boundaries of one geography from a file, as they are published.

    Parameters
    ----------
    path
        Any format of `geo.vector.FORMATS`.
    geography
        What the file must hold, by its column of codes (``WD25CD`` for ``wd25``).
    codes
        Keep these codes only, and insist on each of them.
    authority
        Keep the areas of this district, such as ``E06000032``. The file must say the district of
        each area (``LAD25CD``), as the files of all England here do; where it does not, give `codes`.
    crs
        For a file that does not say its CRS.
    layer
        For a file of several layers.

    Returns
    -------
    Boundaries
        In EPSG:27700, sorted by code; `notes` says each repair and the accuracy of a datum shift.

    Raises
    ------
    VintageError
        The file holds areas of another kind or year.
    UnknownAuthorityError
        No area of that authority is in it.
    CrsError
        No CRS, or coordinates that are not where the CRS would have them (swapped axes, degrees
        called metres).
    BoundaryError
        A shape is empty, is not a polygon, or is broken in a way that could mean two areas.
    """
    path = Path(path)
    columns = layer_columns(path, layer=layer)
    code_column = _code_column(columns, geography, path.name)
    name_column = _first(columns, (geography.name_column, *_PLAIN_NAMES))
    district = next((name for name in columns if _DISTRICT.fullmatch(name)), None)
    if geography.kind == "lad":
        district = code_column
    if authority is not None and district is None and codes is None:
        raise UnknownAuthorityError(
            f"{path.name} does not say which district its areas belong to (no column such as LAD25CD), "
            f"so {authority} cannot be picked out; give the codes of the areas, or leave the authority out "
            f"if the file holds nothing else"
        )
    wanted = None if codes is None else sorted(set(codes))
    raw = read_layer(
        path,
        crs=crs,
        layer=layer,
        column_equals=(district, authority) if district is not None and authority is not None else None,
        column_in=(code_column, wanted) if wanted is not None else None,
    )
    if authority is not None and raw.empty and district is not None:
        everywhere = read_layer(path, crs=crs, layer=layer)
        raise _unknown_authority(authority, everywhere[district], path.name)
    frame = gpd.GeoDataFrame(
        {
            "code": raw[code_column].astype("str").str.strip(),
            "name": raw[name_column].astype("str").str.strip() if name_column else "",
            "lad": raw[district].astype("str").str.strip() if district else "",
        },
        geometry=raw.geometry.to_numpy(),
        crs=raw.crs,
    )
    geography.check_codes(frame["code"], where=path.name)
    made, accuracy, notes = tidy_boundaries(frame, where=path.name)
    _check_stated_place(raw, made, code_column, path.name)
    boundaries = Boundaries(geography, made, accuracy, tuple(notes), path.name, _hash(path))
    return boundaries if wanted is None else boundaries.only(wanted)


def tidy_boundaries(frame: gpd.GeoDataFrame, *, where: str) -> tuple[gpd.GeoDataFrame, Accuracy, list[str]]:
    """Bring shapes to EPSG:27700, one valid polygon a code, mending only what loses nothing.

    Parameters
    ----------
    frame
        Columns ``code``, ``geometry`` and any others, in any CRS.
    where
        File or layer, for messages.

    Returns
    -------
    tuple
        The frame indexed by code and sorted; its accuracy; a sentence for each repair.

    Raises
    ------
    BoundaryError
        A shape is empty or missing, is not a polygon, overlaps another of the same code, or is
        invalid in a way that could mean two different areas.
    """
    shapes = frame.geometry.to_numpy()
    empty = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if empty.any():
        code = frame["code"].to_numpy()[empty][0]
        more = f" (nor have {int(empty.sum()) - 1} more)" if empty.sum() > 1 else ""
        raise BoundaryError(
            f"{where}: {code} has no shape{more}; every area needs a polygon: fetch the file "
            f"again, or give the codes that have one"
        )
    flat = ~np.isin(shapely.get_type_id(shapes), (3, 6))
    if flat.any():
        code = frame["code"].to_numpy()[flat][0]
        raise BoundaryError(
            f"{where}: {code} is a {shapes[flat][0].geom_type}; a boundary is a Polygon or MultiPolygon"
        )
    frame, accuracy = to_bng(frame, where=where)
    notes: list[str] = []
    if accuracy == "helmert, about 2 m":
        notes.append(
            f"{where}: the OSTN15 grid is not on this machine, so coordinates are about 2 m out; "
            f"set FAIRPLACE_GRIDS"
        )
    frame = _mend(frame, where, notes)
    frame = _join_parts(frame, where, notes)
    return frame.set_index("code").sort_index(), accuracy, notes


def _mend(frame: gpd.GeoDataFrame, where: str, notes: list[str]) -> gpd.GeoDataFrame:
    shapes = frame.geometry.to_numpy().copy()
    codes = frame["code"].to_numpy()
    broken = np.flatnonzero(~shapely.is_valid(shapes))
    if not len(broken):
        return frame
    tree = shapely.STRtree(shapes)
    for row in broken:
        shape, code = shapes[row], codes[row]
        reason = shapely.is_valid_reason(shape)
        mended = polygons_of(shapely.make_valid(shape))
        change = abs(mended.area - shape.area)
        if change <= REPAIR_TOLERANCE * max(shape.area, mended.area):
            shapes[row] = mended
            notes.append(f"{where}: the outline of {code} was mended without changing its area ({reason})")
            continue
        inner = _lost_hole(shape, mended, code, tree, shapes, codes)
        if inner is None:
            raise BoundaryError(
                f"{where}: {code} is not a valid polygon ({reason}), and mending it would change its area "
                f"from {shape.area / 1e4:.2f} to {mended.area / 1e4:.2f} ha; mend the file by hand"
            )
        shapes[row] = mended
        notes.append(
            f"{where}: {code} holds the outline of {inner} as if it were its own; it was taken as the hole "
            f"that it is ({(shape.area - mended.area) / 2e4:.0f} ha that would belong to both)"
        )
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs))


def _lost_hole(
    shape: Any,
    mended: Any,
    code: str,
    tree: shapely.STRtree,
    shapes: NDArray[np.object_],
    codes: NDArray[np.object_],
) -> str | None:
    # ONS's generalised files draw seven areas that surround another with the hole as a second
    # outer ring. Read literally, the inner area would belong to both. Only the evidence that
    # another area fills the ring exactly makes it a hole.
    covered = polygons_of(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    hole = shapely.difference(covered, mended)
    if hole.is_empty or abs(covered.area - hole.area - mended.area) > REPAIR_TOLERANCE * covered.area:
        return None
    names: list[str] = []
    filled = 0.0
    for other in tree.query(hole):
        if codes[other] == code or not shapely.is_valid(shapes[other]):
            continue
        overlap = shapely.intersection(hole, shapes[other]).area
        if overlap > 0:
            beyond = shapely.intersection(mended, shapes[other]).area
            if beyond > REPAIR_TOLERANCE * hole.area:
                return None
            filled += overlap
            names.append(str(codes[other]))
    if abs(filled - hole.area) > REPAIR_TOLERANCE * hole.area:
        return None
    return " and ".join(sorted(names))


def polygons_of(shape: Any) -> Any:
    """Keep the polygons of a shape; lines and points, which hold no area, go."""
    if shape.geom_type in _AREAL:
        return shape
    if shape.geom_type != "GeometryCollection":
        return shapely.Polygon()
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in _AREAL]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def _join_parts(frame: gpd.GeoDataFrame, where: str, notes: list[str]) -> gpd.GeoDataFrame:
    repeated = frame["code"].duplicated(keep=False)
    if not repeated.any():
        return frame
    rows = []
    for code, parts in frame[repeated].groupby("code", sort=True):
        whole = shapely.union_all(parts.geometry.to_numpy())
        total = float(shapely.area(parts.geometry.to_numpy()).sum())
        if abs(whole.area - total) > REPAIR_TOLERANCE * total:
            raise BoundaryError(
                f"{where}: {code} appears {len(parts)} times with shapes that overlap; "
                f"an area has one boundary: remove the copies"
            )
        notes.append(f"{where}: {len(parts)} rows of {code} were put together as one area")
        row = parts.iloc[[0]].copy()
        row.geometry = gpd.GeoSeries([whole], index=row.index, crs=frame.crs)
        rows.append(row)
    return gpd.GeoDataFrame(pd.concat([frame[~repeated], *rows], ignore_index=True), crs=frame.crs)


def _check_stated_place(raw: gpd.GeoDataFrame, made: gpd.GeoDataFrame, code_column: str, where: str) -> None:
    # ONS writes each area's centre beside it (BNG_E, BNG_N): a second witness against swapped axes.
    upper = {str(name).upper(): name for name in raw.columns}
    if "BNG_E" not in upper or "BNG_N" not in upper or raw.empty:
        return
    said = pd.DataFrame(
        {
            "east": pd.to_numeric(raw[upper["BNG_E"]], errors="coerce").to_numpy(),
            "north": pd.to_numeric(raw[upper["BNG_N"]], errors="coerce").to_numpy(),
        },
        index=raw[code_column].astype("str").str.strip(),
    )
    said = said[~said.index.duplicated()].reindex(made.index).dropna()
    box = made.loc[said.index].bounds
    slack = 5_000.0
    outside = (
        (said["east"] < box["minx"] - slack)
        | (said["east"] > box["maxx"] + slack)
        | (said["north"] < box["miny"] - slack)
        | (said["north"] > box["maxy"] + slack)
    )
    if outside.any():
        code = str(outside.idxmax())
        raise CrsError(
            f"{where}: the shape of {code} lies at {box.at[code, 'minx']:.0f}, {box.at[code, 'miny']:.0f}, "
            f"but its own row says {said.at[code, 'east']:.0f}, {said.at[code, 'north']:.0f}; the axes may "
            f"be exchanged or the CRS wrong"
        )


def _code_column(columns: Iterable[str], geography: Geography, where: str) -> str:
    named = {name.upper(): name for name in columns}
    if geography.code_column in named:
        return named[geography.code_column]
    kinds = "|".join(KINDS).upper()
    others = [found for name in named if (found := re.fullmatch(rf"({kinds})(\d\d)CD", name))]
    same = [found for found in others if found[1].lower() == geography.kind]
    if same:
        holds = Geography.parse(f"{geography.kind}{same[0][2]}")
        raise VintageError(
            f"{where} holds {same[0][0]}, {holds.label}, but {geography.label} was asked for; codes and "
            f"names live on through redrawing, so give the file of {geography.year}"
            + (f', or ask for "{holds.key}"' if holds.kind == geography.kind else "")
        )
    if others:
        raise VintageError(
            f"{where} holds {others[0][0]}, but {geography.label} was asked for (column "
            f"{geography.code_column}); give the file of that geography"
        )
    plain = _first(columns, _PLAIN_CODES)
    if plain is None:
        raise BoundaryError(
            f"{where} has no column {geography.code_column} (found "
            f"{', '.join(list(columns)[:8]) or 'none'}); give the file as ONS "
            f"publishes it, or name the column of codes so"
        )
    return plain


def _first(columns: Iterable[str], wanted: Iterable[str]) -> str | None:
    named = {name.lower(): name for name in columns}
    return next((named[one.lower()] for one in wanted if one.lower() in named), None)


def _unknown_authority(authority: str, districts: pd.Series[str], where: str) -> UnknownAuthorityError:
    known = sorted(set(districts))
    shown = ", ".join(known[:3]) + (f" and {len(known) - 3} more" if len(known) > 3 else "")
    return UnknownAuthorityError(
        f"{where or 'the boundaries'} hold no area of {authority}; they hold {shown or 'no district'}: "
        f"check the authority's code (districts change when councils merge)"
    )


def _hash(path: Path) -> str:
    if path.is_file():
        return hash_file(path)
    # A File Geodatabase is a folder: its hash is that of its files' hashes, in order of name.
    import hashlib

    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != ".lock"):
        digest.update(f"{file.relative_to(path).as_posix()} {hash_file(file)}\n".encode())
    return digest.hexdigest()
