"""How much of an authority a file covers: by its areas, its points or its extent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from geo.crs import lonlat_to_bng, to_bng
from geo.errors import UserError
from layers.cards import FileCard
from layers.catalogue import dataset
from layers.delimited import find_header, read_delimited
from layers.extent import Box, extent_of
from layers.workbooks import read_sheet

_DISTRICT_HEADERS = (
    "Local Authority District code (2024)", "Local Authority District code (2019)", "LA Code",
    "Local authority code", "admin_district_code", "laua", "local_authority_code", "area_code", "lad_code",
)  # fmt: skip
#: Districts that were given another code when a boundary moved a little (Barnsley and Sheffield, April
#: 2025): of two files of 2025 one may use the old and the other the new, so either finds both.
_RECODED = {"E08000038": "E08000016", "E08000039": "E08000019"}
_ALSO = {**_RECODED, **{old: new for new, old in _RECODED.items()}}
#: Levels that are made of another, by whose codes their own authority is told.
_MADE_OF = {"oa21": "lsoa21", "msoa21": "lsoa21"}
_BY_POSTCODE = {"nhs_gp", "nhs_pharmacy", "nhs_dental"}
_HEADERLESS = {"nhs_gp", "nhs_pharmacy", "nhs_dental", "codepoint_open"}


@dataclass(frozen=True)
class Coverage:
    """Answers about authorities from the files of a folder, each read at most once.

    Parameters
    ----------
    cards
        The files.
    """

    cards: tuple[FileCard, ...]
    _memory: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def share(self, card: FileCard, authority: str) -> float:
        """Share of the authority that a file covers, 0 to 1.

        1 for national tables. For points, 1 if any lies in the authority's box: completeness cannot be
        told. 0 for what does not say where it is.
        """
        key = ("share", card.path, authority)
        if key not in self._memory:
            try:
                self._memory[key] = self._share(card, authority)
            except (UserError, OSError, ValueError):
                self._memory[key] = 0.0
        return float(self._memory[key])

    def _share(self, card: FileCard, authority: str) -> float:
        known = dataset(card.dataset)
        if known.cover == "national":
            return 1.0
        if known.cover == "codes" and known.geography:
            if known.geography.startswith("lad"):
                return float(not _codes(authority).isdisjoint(self._column(card, known.code)))
            wanted = self.areas(authority, known.geography)
            if wanted:
                return len(wanted & self._column(card, known.code)) / len(wanted)
            headers = self._district_headers(card)
            return float(self._names(card, headers, authority)) if headers else 1.0
        return self._place(card, authority)

    def _place(self, card: FileCard, authority: str) -> float:
        headers = self._district_headers(card)
        if self._names(card, headers, authority):
            return 1.0
        box = self.box(authority)
        if card.form in ("raster", "network", "shapes"):
            return _overlap(extent_of(card.path), box)
        if box is None or (headers and card.dataset not in _HEADERLESS):
            return 0.0
        return self._points_inside(card, box)

    def _district_headers(self, card: FileCard) -> list[str]:
        spelled = [find_header(card.columns, [one]) for one in _DISTRICT_HEADERS]
        return [one for one in (*spelled, *_districts(card.columns)) if one]

    def _names(self, card: FileCard, headers: list[str], authority: str) -> bool:
        wanted = _codes(authority)
        return any(not wanted.isdisjoint(self._column(card, header)) for header in headers)

    def _points_inside(self, card: FileCard, box: Box) -> float:
        east = find_header(card.columns, ["easting", "eastings", "oseast1m"])
        north = find_header(card.columns, ["northing", "northings", "osnrth1m"])
        lon = find_header(card.columns, ["longitude", "long", "lon"])
        lat = find_header(card.columns, ["latitude", "lat"])
        if not (east and north) and not (lon and lat):
            # The NHS's reports are of all England and have no coordinates; postcodes place them.
            return float(card.dataset in _BY_POSTCODE and self._holds_postcodes())
        names = [east, north] if east and north else [lon, lat]
        frame = read_delimited(card.path, required=names, columns=[]).frame
        x, y = (pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float) for name in names)
        known = np.isfinite(x) & np.isfinite(y)
        x, y = x[known], y[known]
        if not (east and north):
            x, y = lonlat_to_bng(x, y)
        inside = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
        return float(inside.any())

    def _holds_postcodes(self) -> bool:
        return any(card.dataset == "codepoint_open" for card in self.cards)

    def areas(self, authority: str, key: str) -> frozenset[str]:
        """Codes of the authority's areas of a geography, by the newest list of districts; may be empty."""
        memory = ("areas", authority, key)
        if memory not in self._memory:
            self._memory[memory] = self._areas(authority, key)
        return frozenset(self._memory[memory])

    def _areas(self, authority: str, key: str) -> frozenset[str]:
        code = f"{key.upper()}CD"
        for header, card in self._lists(code):
            pairs = self._frame(card, (code, header))
            found = frozenset(pairs.loc[pairs[header].isin(_codes(authority)), code])
            if found:
                return found
        through = _MADE_OF.get(key)
        if through:
            lower = self.areas(authority, through)
            upper = f"{through.upper()}CD"
            for card in self.cards:
                if lower and {code, upper} <= set(card.columns):
                    pairs = self._frame(card, (code, upper))
                    found = frozenset(pairs.loc[pairs[upper].isin(lower), code])
                    if found:
                        return found
        return frozenset()

    def _lists(self, code: str) -> Iterable[tuple[str, FileCard]]:
        # Newest list of districts first; LADCD, which says no year, is of 2021/22 and comes last.
        found = [
            (header, card)
            for card in self.cards
            if card.form in ("table", "boundary") and card.dataset and code in card.columns
            for header in _districts(card.columns)
        ]
        return sorted(found, key=lambda one: (-_year(one[0]), one[1].path.as_posix()))

    def authorities(self) -> dict[str, str]:
        """Districts by code, with their names where a file gives them, by the newest list."""
        if "authorities" not in self._memory:
            self._memory["authorities"] = self._authorities()
        return dict(self._memory["authorities"])

    def _authorities(self) -> dict[str, str]:
        lists = [
            (header, card)
            for code in ("LSOA21CD", "WD25CD", "WD24CD", "LAD24CD", "LAD25CD")
            for header, card in self._lists(code)
        ]
        newest = max((_year(header) for header, _ in lists), default=0)
        found: dict[str, str] = {}
        names: dict[str, str] = {}
        for header, card in lists:
            name = header.replace("CD", "NM")
            wanted = (header, name) if name in card.columns else (header,)
            frame = self._frame(card, wanted).drop_duplicates(header)
            if name in frame:
                names |= dict(zip(frame[header], frame[name], strict=True))
            if _year(header) == newest or not found:
                found |= dict.fromkeys(frame[header], "")
        english = sorted(one for one in found if re.fullmatch(r"E0[6-9]\d{6}", one))
        return {one: names.get(one, "") for one in english}

    def box(self, authority: str) -> Box | None:
        """West, south, east and north of the authority in metres; None if no boundary says."""
        key = ("box", authority)
        if key not in self._memory:
            self._memory[key] = self._box(authority)
        box: Box | None = self._memory[key]
        return box

    def _box(self, authority: str) -> Box | None:
        for level in ("lsoa21", "wd25", "lsoa11", "lad25", "lad24"):
            codes = _codes(authority) if level.startswith("lad") else self.areas(authority, level)
            for card in self.cards:
                if not codes or card.dataset != f"boundary_{level}":
                    continue
                code = f"{level.upper()}CD"
                frame = _shapes(card.path, code, codes)
                if len(frame):
                    moved, _ = to_bng(frame, where=card.path.name)
                    west, south, east, north = (float(one) for one in moved.total_bounds)
                    return west, south, east, north
        return None

    def _column(self, card: FileCard, header: str) -> frozenset[str]:
        if not header:
            return frozenset()
        return frozenset(self._frame(card, (header,))[header])

    def _frame(self, card: FileCard, headers: tuple[str, ...]) -> pd.DataFrame:
        key = ("frame", card.path, headers)
        if key not in self._memory:
            frame = _read_columns(card, headers)
            self._memory[key] = frame.apply(lambda column: column.astype(str).str.strip()).drop_duplicates()
        kept: pd.DataFrame = self._memory[key]
        return kept


def _read_columns(card: FileCard, headers: tuple[str, ...]) -> pd.DataFrame:
    name = card.path.name.lower()
    if name.endswith(".parquet"):
        return pq.read_table(card.path, columns=list(headers)).to_pandas()
    if name.endswith((".geojson", ".json")):
        content = json.loads(card.path.read_text(encoding="utf-8"))
        rows = [feature["properties"] for feature in content["features"]]
        return pd.DataFrame(rows)[list(headers)]
    if name.endswith(".gpkg"):
        return pd.DataFrame(gpd.read_file(card.path, columns=list(headers), ignore_geometry=True))[
            list(headers)
        ]
    if card.form == "workbook":
        known = dataset(card.dataset)
        sheet = known.sheets[0] if known.sheets else card.sheets[0]
        return read_sheet(card.path, sheet, required=list(headers)).frame
    return read_delimited(card.path, required=list(headers), columns=[]).frame


def _shapes(path: Path, code: str, codes: frozenset[str]) -> gpd.GeoDataFrame:
    if path.suffix == ".parquet":
        return gpd.read_parquet(path, columns=[code, "geometry"], filters=[(code, "in", sorted(codes))])
    frame = gpd.read_file(path, columns=[code])
    return frame[frame[code].isin(codes)]


def _codes(authority: str) -> frozenset[str]:
    return frozenset({authority, _ALSO.get(authority, authority)})


def _districts(columns: Iterable[str]) -> list[str]:
    return sorted((one for one in columns if re.fullmatch(r"LAD(\d\d)?CD", one)), key=lambda one: -_year(one))


def _year(header: str) -> int:
    found = re.fullmatch(r"LAD(\d\d)CD", header)
    return int(found[1]) if found else 0


def _overlap(one: Box | None, other: Box | None) -> float:
    if one is None:
        return 0.0
    if other is None:
        return 1.0
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    area = (other[2] - other[0]) * (other[3] - other[1])
    return max(width, 0.0) * max(height, 0.0) / area if area > 0 else float(width >= 0 and height >= 0)
