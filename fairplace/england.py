"""All England on one map: a figure of every LSOA, from England-wide files as they are published.

No pack is needed and nothing is estimated: a decile is shown as published, a share as published or
formed of two published counts. What the files lack is counted and said, and the table beside the map
holds every area that the map draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.comparators import ENGLAND_LSOAS, largest
from fairplace.indicators import Indicator, load_indicators
from fairplace.papers import credits_of
from fairplace.pipeline import FICTIONAL
from fairplace.profile.model import standing
from fairplace.profile.words import Words, load_words
from fairplace.tables import READERS, form_share
from geo.boundaries import Boundaries, read_boundaries
from geo.errors import UserError
from geo.figures import table_figures
from geo.geography import LSOA21
from geo.source import Source
from geo.table import AreaTable
from layers.areas import read_cells
from layers.catalogue import describe_source
from layers.holdings import Holdings
from maps.layer import MapLayer
from maps.style import LayerStyle, deciles, shares
from maps.text import class_label
from maps.tiles import TileFrame, build_tile_map, count_held

BOUNDARIES, DEPRIVATION, WARDS = "boundary_lsoa21", "iod2025", "lookup_lsoa21_wd24"
DEFAULT = "imd25_decile"
#: Metres by which a border may move in the tiles.
TOLERANCE = 50
_DISTRICT = ("Local Authority District code (2024)", "Local Authority District name (2024)")
#: Columns of the Indices that the table gives beside the figure, by the beginning of its id.
_BESIDE = ("score", "rate", "rank", "decile")


class EnglandError(UserError, LookupError):
    """The folder does not hold what a map of England is made of, or there is no such figure."""


@dataclass(frozen=True)
class EnglandMap:
    """A figure of England's LSOAs, ready to be drawn.

    Parameters
    ----------
    layer
        Areas, figures and style.
    table
        A row for each area drawn: `code`, `name`, `district_code`, `district`, `indicator`, `value`, `unit`,
        `status`, `class`, `count`, `base`, `basis`, `period`, `source`, and of the Indices also the
        score or rate, rank and decile.
    places
        Districts and wards for the search, with their boxes in metres of EPSG:27700.
    caveats
        What to know first, and what the files lack.
    licences
        Lines that name the sources of outlines and names.
    fictional
        The areas are of a made-up town.
    """

    layer: MapLayer
    table: pd.DataFrame
    places: pd.DataFrame
    caveats: tuple[str, ...]
    licences: tuple[str, ...]
    fictional: bool = False


def offered() -> dict[str, Indicator]:
    """Give the indicators that England-wide files hold or form for LSOAs, by id."""
    return {
        one.id: one
        for one in load_indicators()
        if one.unit in ("decile", "share") and _data_set(one) in READERS
    }


def choose(indicator: str) -> Indicator:
    """Give an indicator of `offered`.

    Raises
    ------
    EnglandError
        There is no such figure; the message lists those there are.
    """
    known = offered()
    if indicator not in known:
        raise EnglandError(f'"{indicator}" is no figure of all England; there are {", ".join(known)}')
    return known[indicator]


def _data_set(one: Indicator) -> str:
    if one.numerator:
        return f"census2021_{one.numerator[0].split('_')[0]}" if one.denominator else ""
    if one.id.startswith(("imd25_", "idaci25_", "idaopi25_")):
        return DEPRIVATION
    return "fuel_poverty_2022" if one.id.startswith("fuel_poverty_") else ""


def read_england(holdings: Holdings, indicator: str = DEFAULT, *, words: Words | None = None) -> EnglandMap:
    """Read one figure of every LSOA of England, and the areas to draw it on.

    Parameters
    ----------
    holdings
        Boundaries of LSOAs of 2021 and the file of the figure; of several copies the largest is taken.
        The Indices of 2025 and a look-up of wards give names to search, where they are held.
    indicator
        One of `offered`.
    words
        Sentences of the caveats.

    Raises
    ------
    EnglandError
        There is no such figure, the file held lacks it, or it has none of the areas.
    NotHeldError
        Boundaries or the figure's file are not there.
    """
    words = words or load_words()
    one = choose(indicator)
    outlines = largest(holdings, BOUNDARIES) or holdings.find(BOUNDARIES)
    path = largest(holdings, _data_set(one)) or holdings.find(_data_set(one))
    table = READERS[_data_set(one)](path)
    rows = _figures(table, one, path)
    boundaries = read_boundaries(outlines, LSOA21)
    areas = boundaries.areas
    rows = rows[rows["code"].isin(areas.index)].reset_index(drop=True)
    if not (rows["status"] == "ok").any():
        raise EnglandError(
            f"{path.name} has no figure of any of the {len(areas):,} areas of {outlines.name}; give files of "
            f"the same places"
        )
    areas["name"] = areas["name"].where(areas["name"] != "", areas.index.map(table.names).fillna(""))
    districts = _districts(holdings, boundaries)
    layer = MapLayer(
        indicator.replace("_", "-"),
        one.label,
        areas[["name", "geometry"]],
        _style(one, rows),
        rows,
        decimals=1 if one.unit == "share" else None,
        source=table.source.title,
        licence=credits_of([table.source]),
    )
    caveats = [
        *_caveats(one, words),
        words("england", "borders", metres=TOLERANCE),
        *_lacking(layer, table.source, boundaries, words),
    ]
    return EnglandMap(
        layer,
        _table(layer, table, one, districts, words),
        _places(holdings, areas, districts),
        tuple(caveats),
        (credits_of([describe_source(BOUNDARIES, outlines)]),),
        fictional=bool(districts["code"].str.startswith(FICTIONAL).any()),
    )


def _figures(table: AreaTable, one: Indicator, path: Path) -> pd.DataFrame:
    columns = {*one.numerator, *one.denominator} or {one.id}
    lacking = sorted(columns - set(table.columns))
    if table.geography != LSOA21 or lacking:
        what = lacking[0] if lacking else LSOA21.label
        raise EnglandError(
            f"{path.name} does not hold {what}, which {one.id} needs; give the whole file as "
            f"{table.source.publisher} publishes it, or choose another figure"
        )
    shown = form_share(table, one) if one.numerator else table
    return table_figures(shown, only=[one.id])


def _style(one: Indicator, rows: pd.DataFrame) -> LayerStyle:
    if one.unit == "decile":
        return deciles(one.label)
    return shares(one.label, _fifths(rows.loc[rows["status"] == "ok", "value"].to_numpy(dtype=float)))


def _fifths(values: np.ndarray) -> list[float]:
    """Edges in whole per cent that put about a fifth of the areas into each class."""
    inner = np.round(np.quantile(values, [0.2, 0.4, 0.6, 0.8]), 2)
    low, high = np.floor(values.min() * 100) / 100, np.ceil(values.max() * 100 - 1e-9) / 100
    edges = sorted({float(low), *(float(edge) for edge in inner if low < edge < high), float(high)})
    return edges if len(edges) > 1 else [edges[0], edges[0] + 0.01]


def _caveats(one: Indicator, words: Words) -> list[str]:
    if _data_set(one) == DEPRIVATION:
        return [words("caveats", "imd")]
    return [words("caveats", "census")] if one.numerator else [words("caveats", "fuel")]


def _lacking(layer: MapLayer, source: Source, boundaries: Boundaries, words: Words) -> list[str]:
    """Say how far the files are from all England."""
    said = []
    drawn, data = len(boundaries.areas), layer.data()
    if drawn != ENGLAND_LSOAS:
        said.append(
            words("england", "part", drawn=f"{drawn:,}", whole=f"{ENGLAND_LSOAS:,}", file=boundaries.file)
        )
    empty = data.index[(data["status"] != "ok").to_numpy()]
    if len(empty):
        said.append(
            words(
                "england",
                "empty",
                count=f"{len(empty):,}",
                drawn=f"{drawn:,}",
                first=empty[0],
                file=source.file,
            )
        )
    return said


def _districts(holdings: Holdings, boundaries: Boundaries) -> pd.DataFrame:
    """Code and name of the district of each area: by the Indices of 2025, else by the boundaries."""
    found = pd.DataFrame({"code": boundaries.areas["lad"], "name": ""}, index=boundaries.codes)
    path = largest(holdings, DEPRIVATION)
    if path is not None:
        code = "LSOA code (2021)"
        cells = read_cells(path, what="the Indices of 2025", required=[code], columns=[*_DISTRICT]).frame
        if set(_DISTRICT) <= set(cells.columns):
            held = (
                cells.drop_duplicates(code).set_index(code)[[*_DISTRICT]].set_axis(["code", "name"], axis=1)
            )
            found.update(held.reindex(found.index))
    return found.fillna("").astype("str")


def _table(
    layer: MapLayer, table: AreaTable, one: Indicator, districts: pd.DataFrame, words: Words
) -> pd.DataFrame:
    data, rows = layer.data(), layer.figures
    if not isinstance(rows, pd.DataFrame):  # read_england gives rows
        raise EnglandError(f"{one.id} came without rows of figures")
    by = rows.set_index("code").reindex(data.index)
    labels = {key: class_label(layer.style.entry(key), words) for key in set(data["class"])}
    made = pd.DataFrame(
        {
            "code": data.index,
            "name": data["name"],
            "district_code": districts["code"],
            "district": districts["name"],
            "indicator": one.label,
            "value": data["value"],
            "unit": one.unit,
            "status": data["status"],
            "class": data["class"].map(labels),
        },
        index=data.index,
    )
    stem = one.id.rpartition("_")[0]
    for name in (f"{stem}_{what}" for what in _BESIDE):
        if _data_set(one) == DEPRIVATION and name != one.id and name in table.columns:
            made[name] = table.values[name].reindex(data.index)
    for name in ("count", "base", "basis"):
        if not by[name].isna().all():
            made[name] = by[name]
    made["period"] = layer.period_words()
    made["source"] = layer.source
    whole = [name for name in made if name.endswith(("_rank", "_decile"))]
    whole += [name for name in ("count", "base") if name in made] + (
        ["value"] if one.unit == "decile" else []
    )
    return made.assign(**{name: made[name].astype("Int64") for name in whole}).reset_index(drop=True)


def _places(holdings: Holdings, areas: gpd.GeoDataFrame, districts: pd.DataFrame) -> pd.DataFrame:
    """Boxes of districts and of wards, from the areas in them: for the search, so best fit will do."""
    boxes = areas.geometry.bounds.set_axis(["west", "south", "east", "north"], axis=1)
    named = districts[districts["name"] != ""]
    parts = [_boxes(boxes, named["code"], named["name"], pd.Series("district", index=named.index))]
    path = largest(holdings, WARDS)
    if path is not None:
        columns = ["LSOA21CD", "WD24CD", "WD24NM", "LAD24NM"]
        held = read_cells(path, what="wards of 2024", required=columns, columns=[]).frame
        held = held.drop_duplicates("LSOA21CD").set_index("LSOA21CD")
        held = held[held.index.isin(boxes.index)]
        parts.append(_boxes(boxes, held["WD24CD"], held["WD24NM"], "ward, " + held["LAD24NM"]))
    return pd.concat(parts, ignore_index=True)


def _boxes(
    boxes: pd.DataFrame, code: pd.Series[str], name: pd.Series[str], kind: pd.Series[str]
) -> pd.DataFrame:
    held = boxes.loc[code.index].assign(of=code, name=name, kind=kind)
    ends = {"west": "min", "south": "min", "east": "max", "north": "max"}
    made = held.groupby("of", sort=True).agg({"name": "first", "kind": "first", **ends})
    return made.sort_values(["name", "kind"], kind="stable").reset_index(drop=True)


def compose_england(
    england: EnglandMap,
    tiles: Path,
    *,
    twin: str,
    address: str = "",
    status: str = "draft",
    words: Words | None = None,
) -> str:
    """Make the page of a map of England.

    Parameters
    ----------
    england, tiles
        From `read_england`, and from `maps.tiles.write_tiles` of its areas.
    twin
        Name of the file with `EnglandMap.table`, beside the page.
    address
        Name of the archive beside the page, on a server; written into the page if empty.
    status
        As `check_status` gives it.
    words
        Sentences of the banner.
    """
    words = words or load_words()
    title = words("england", "title", label=england.layer.label)
    banner = [words("england", "fictional")] if england.fictional else []
    if status == "draft" or status.startswith("superseded"):
        banner.append(words("banner", status.split(" ")[0]))
    return build_tile_map(
        england.layer,
        tiles,
        title=title,
        address=address,
        frame=TileFrame(
            caveats=england.caveats,
            banner=banner,
            running=f"{title} · {standing(status, words)}",
            licences=england.licences,
            twin=twin,
            places=england.places,
            held=count_held(tiles),
        ),
        words=words,
    )
