"""Which layers of a pack are served: areas, areas with their figures, points and lines."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.demand import PEOPLE
from fairplace.disclosure import Released
from fairplace.map_page import POINT_LABELS
from fairplace.reaching import STREETS
from fairplace.service.designations import designation_layers
from fairplace.service.features import Layer, build_layer
from fairplace.service.opening import Kept
from geo.geography import Geography


def pack_layers(key: str, released: Released) -> dict[str, Layer]:
    """Build every public layer of a pack.

    Parameters
    ----------
    key
        Name of the pack in addresses; every layer's begins with it.
    released
        In the public edition.

    Returns
    -------
    dict
        Id -> layer: ``KEY-lsoa21`` (areas), ``KEY-lsoa21-figures`` (areas with a column an indicator),
        ``KEY-points-schools``, ``KEY-lines-road``, ``KEY-designations`` and one for each of its layers,
        ``KEY-networks-streets``. Points that stand for
        residents are working input of the hub models, not places, and are left out.
    """
    credit = attribution(released)
    made: list[Layer] = []
    for geography in released.geographies:
        areas = released.areas(geography)
        plain = areas[["name", areas.geometry.name]].reset_index().assign(geography=geography)
        label = Geography.parse(geography).label
        codes = plain["code"].astype(str).tolist()
        made.append(
            build_layer(
                plain,
                layer=f"{key}-{geography}",
                title=f"{released.name}: {label}",
                description=credit,
                ids=codes,
            )
        )
        wide = wide_figures(released.figures, geography)
        if not wide.empty:
            joined = gpd.GeoDataFrame(
                plain.join(wide, on="code"), geometry=areas.geometry.name, crs=areas.crs
            )
            made.append(
                build_layer(
                    joined,
                    layer=f"{key}-{geography}-figures",
                    title=f"{released.name}: {label}, with their figures",
                    description=credit,
                    ids=codes,
                )
            )
    for name in released.held("points"):
        if name != PEOPLE:
            label = POINT_LABELS.get(name, name.replace("_", " ").capitalize())
            made.append(_places(released, key, "points", name, label, credit))
    for name in released.held("lines"):
        label = f"{name.replace('_', ' ').capitalize()} (lines)"
        made.append(_places(released, key, "lines", name, label, credit))
    made += designation_layers(key, released, credit)
    streets = _streets(released, key, credit)
    return {one.id: one for one in [*made, *([streets] if streets else [])]}


def wide_figures(figures: pd.DataFrame, geography: str) -> pd.DataFrame:
    """Lay the figures of one geography side by side.

    Parameters
    ----------
    figures
        Released figures.
    geography
        Which areas.

    Returns
    -------
    DataFrame
        Indexed by code; a column an indicator (of everybody, in its latest period), with ``_low`` and
        ``_high`` beside it where it has a range, and ``_status`` where not every area has a value, so
        that missing, suppressed and not applicable stay three different things.
    """
    rows = figures[(figures["geography"] == geography) & (figures["group"] == "")]
    rows = rows.sort_values(["code", "indicator", "period", "source"], kind="stable")
    rows = rows.drop_duplicates(["code", "indicator"], keep="last")
    wide = {
        name: rows.pivot(index="code", columns="indicator", values=name)
        for name in ("value", "low", "high", "status")
    }
    columns: dict[str, pd.Series] = {}
    for name in wide["value"].columns:
        columns[name] = wide["value"][name]
        for end in ("low", "high"):
            if np.isfinite(wide[end][name].to_numpy(dtype=float)).any():
                columns[f"{name}_{end}"] = wide[end][name]
        status = wide["status"][name].fillna("missing")
        if (status != "ok").any():
            columns[f"{name}_status"] = status
    return pd.DataFrame(columns, index=wide["value"].index)


def attribution(released: Released) -> str:
    """Words that must stand wherever the data of a pack are shown."""
    words = sorted({one.attribution for one in released.sources.values() if one.attribution})
    fictional = [f"{released.name} is fictional."] if released.fictional else []
    return " ".join([*fictional, *words])


def _places(released: Released, key: str, kind: str, name: str, label: str, credit: str) -> Layer:
    frame = released.places(kind, name).reset_index(drop=True)
    ids = frame["id"].astype(str).tolist() if "id" in frame else [str(row + 1) for row in range(len(frame))]
    if len(set(ids)) != len(ids):
        ids = [str(row + 1) for row in range(len(frame))]
    return build_layer(
        frame,
        layer=f"{key}-{kind}-{name.replace('_', '-')}",
        title=f"{released.name}: {label}",
        description=credit,
        ids=ids,
    )


def _streets(released: Released, key: str, credit: str) -> Layer | None:
    """Build the streets of a pack, where it holds them and their papers may be shown."""
    if STREETS not in released.held("networks") or released.street_source is None:
        return None
    if not isinstance(released, Kept):
        return None
    network = released.streets()
    frame = network.frame()
    efforts = [str(name) for name in frame if str(name).endswith(("_forward", "_back"))]
    shown = frame[["length", *efforts, "geometry"]].reset_index(drop=True)
    shown.insert(0, "name", released.street_names().to_numpy())
    # A way that may not be gone is endless inside, and not there for readers.
    shown[efforts] = shown[efforts].where(np.isfinite(shown[efforts]), np.nan).round(1)
    shown["length"] = shown["length"].round(1)
    papers = [network.papers.get(name, "") for name in ("publisher", "edition", "licence")]
    return build_layer(
        shown,
        layer=f"{key}-networks-{STREETS}",
        title=f"{released.name}: Streets, with the effort of each way in metres of level street",
        description=f"{credit} Streets: {', '.join(one for one in papers if one)}.",
        ids=[str(row + 1) for row in range(len(shown))],
    )
