"""Layers of homes and people for the restricted role, from a store that lies outside every pack.

Only tables that a pack names by their hash are opened, only while their papers are in order, and only for
somebody whose role is restricted for that very authority. They become layers of a holding of their own:
no public or officer holding has ever had them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.restricted import PAPERS, check_restricted, read_papers
from fairplace.service.features import Layer, build_layer
from geo.crs import BNG
from geo.errors import UserError

_IDS = ("uprn", "id", "reference")


class StoreError(UserError, ValueError):
    """A restricted store is not the one that a pack was built with."""


@dataclass(frozen=True)
class Store:
    """Restricted tables of one authority.

    Parameters
    ----------
    layers
        Collection -> layer.
    until
        Last day on which they may be shown: the first of the tables' dates of deletion.
    """

    layers: Mapping[str, Layer]
    until: dt.date


def open_store(key: str, name: str, store: Path, hashes: Mapping[str, str]) -> Store:
    """Open the restricted tables of a pack.

    Parameters
    ----------
    key, name
        Of the pack, in addresses and in words.
    store
        Folder of restricted tables.
    hashes
        Name -> sha256 of the tables that the pack was built with.

    Returns
    -------
    Store
        A layer for each table that has coordinates.

    Raises
    ------
    StoreError
        A table is not the one that the pack was built with.
    RestrictedError
        Its papers are not in order.
    """
    layers: dict[str, Layer] = {}
    dates: list[dt.date] = []
    for table, digest in check_restricted(store).items():
        if hashes.get(table) != digest:
            raise StoreError(
                f"{store.name}/{table} is not the table that {name} was built with; build the pack again, or "
                "put the table back"
            )
        papers = read_papers((store / table).parent / PAPERS)
        dates.append(papers.delete_by)
        frame = _read(store / table)
        if len(frame):
            made = build_layer(
                frame,
                layer=f"{key}-restricted-{Path(table).stem.replace('_', '-')}",
                title=f"{name}: {Path(table).stem.replace('_', ' ')} (restricted)",
                description=f"{papers.controller}; for: {papers.purpose}; {papers.dpia_reference}; "
                f"to be deleted by {papers.delete_by}",
                ids=_ids(frame),
            )
            layers[made.id] = made
    return Store(layers, min(dates, default=dt.date.min))


def _read(path: Path) -> gpd.GeoDataFrame:
    """Rows of a table that say where they are; what has no coordinates is no layer."""
    empty = gpd.GeoDataFrame({}, geometry=[], crs=BNG)
    if path.suffix.lower() != ".csv":
        return empty
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", comment=None)
    if not {"easting", "northing"} <= set(table.columns):
        return empty
    east, north = (
        pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float) for name in ("easting", "northing")
    )
    placed = np.isfinite(east) & np.isfinite(north)
    kept = table[placed].reset_index(drop=True)
    return gpd.GeoDataFrame(kept, geometry=gpd.points_from_xy(east[placed], north[placed]), crs=BNG)


def _ids(frame: gpd.GeoDataFrame) -> list[str]:
    for name in _IDS:
        if name in frame and frame[name].is_unique and (frame[name] != "").all():
            return frame[name].tolist()
    return [str(row + 1) for row in range(len(frame))]
