"""What lies on the ground of an area: designations and constraints, green space, people to the hectare.

Planning layers come from a council's ``local/constraints`` with its table of what is complete, or as
fetched from planning.data.gov.uk. A layer that is not complete is measured all the same, and its papers say
so: what was not found in it is not thereby absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from fairplace import __version__
from geo.crs import BNG
from geo.figures import empty_figures, tidy_figures
from geo.overlay import lay_over
from geo.source import Source
from layers.planning import (
    PlanningLayer,
    list_files,
    load_register,
    missing_layer,
    read_coverage,
    read_planning,
)

if TYPE_CHECKING:
    from fairplace.disclosure import Released
    from fairplace.pack import Pack
    from fairplace.spine import Spine
    from geo.place import Area
    from layers.holdings import Holdings

#: Share of an area's ground inside a layer (`count` and `base` are hectares); the group is the layer.
SHARE = "planning_share"
#: Features of a layer that touch an area by more than a hairline.
FEATURES = "planning_features"
GREEN = "green_hectares_per_1000"
DENSITY = "residents_per_hectare"
#: Areas with less ground than this are not measured.
LEAST_SQUARE_METRES = 100.0
#: Kind and name under which a pack keeps the features.
PLANNING = "planning"
_NAME = "features"
_LOCAL_GREEN = "local-green-space"
#: Day of the residents that ground is set against.
_CENSUS = "2021-03-21"
GREEN_SOURCE = Source(
    id="green_space",
    title="Green space by area, from OpenStreetMap and local green space of the plan",
    publisher="fairplace",
    edition=__version__,
    period="as the streets",
    licence="Open Database Licence",
    licence_class="share-alike",
    attribution="© OpenStreetMap contributors",
    note="parks, gardens, commons and recreation grounds that volunteers have mapped; some may be missing",
    controlled=True,
)
OS_GREEN_SOURCE = replace(
    GREEN_SOURCE,
    title="Green space by area, from OS Open Greenspace and local green space of the plan",
    period="as OS Open Greenspace",
    licence="Open Government Licence v3.0",
    licence_class="open",
    attribution="Contains OS data © Crown copyright and database right 2026.",
    note="parks, playing fields and play spaces; no woods, commons or nature reserves that are not parks",
)


@dataclass(frozen=True)
class Ground:
    """What was read and measured for a build.

    Parameters
    ----------
    figures
        `SHARE` and `FEATURES` by layer, `GREEN` and `DENSITY`, of every area.
    features
        EPSG:27700: ``layer``, ``reference``, ``name``; None where no layer is held.
    layers
        Papers of each layer that is held or that the council speaks of: ``id``, ``title``, ``held``,
        ``completeness``, ``edition``.
    sources, notes
        Papers of the files, and what was mended or left out.
    """

    figures: pd.DataFrame
    features: gpd.GeoDataFrame | None = None
    layers: tuple[dict[str, Any], ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def places(self) -> dict[str, gpd.GeoDataFrame]:
        """The features as a pack keeps them."""
        return {} if self.features is None else {_NAME: self.features}

    @property
    def settings(self) -> dict[str, Any]:
        """What the manifest says of the layers; nothing where there are none."""
        return {PLANNING: list(self.layers)} if self.layers else {}


def ground_of_build(
    holdings: Holdings, spine: Spine, figures: pd.DataFrame, lines: Mapping[str, gpd.GeoDataFrame]
) -> Ground:
    """Read planning layers of an authority, and measure them on every area of a build.

    Parameters
    ----------
    holdings
        The data folder: ``local/constraints``, else ``planning`` and the authority's code.
    spine
        Its geographies.
    figures
        Published figures, for residents.
    lines
        Name -> lines and polygons of the pack, of which ``green`` is measured; with a column ``space``
        it is OS Open Greenspace.
    """
    read = _read_layers(holdings.folder, spine.authority)
    features = _features(read)
    papers = tuple(_papers(one) for one in read)
    residents = figures[(figures["indicator"] == "residents") & (figures["group"] == "")]
    parts = []
    for key, boundaries in spine.boundaries.items():
        if key != "oa21":
            known = residents[residents["geography"] == key].set_index("code")["value"]
            parts.append(_measure(boundaries.areas, key, features, papers, known, lines.get("green")))
    sources = [one.source for one in read if one.source is not None]
    if "green" in lines:
        sources.append(_green_source(lines["green"]))
    unique = {one.id: one for one in sources}
    notes = dict.fromkeys(note for one in read for note in one.notes)
    held = features if any(one.held for one in read) else None
    return Ground(tidy_figures(parts), held, papers, tuple(unique.values()), tuple(notes))


def _green_source(green: gpd.GeoDataFrame) -> Source:
    return OS_GREEN_SOURCE if "space" in green else GREEN_SOURCE


def ground_of_area(pack: Pack, area: Area) -> pd.DataFrame:
    """Measure the layers of a pack on an area of somebody's own."""
    held = PLANNING in pack.manifest["settings"] and _NAME in pack.held(PLANNING)
    features = pack.places(PLANNING, _NAME) if held else _features([])
    papers = tuple(pack.manifest["settings"].get(PLANNING, []))
    green = pack.places("lines", "green") if "green" in pack.held("lines") else None
    shape = gpd.GeoDataFrame({"name": [area.name]}, geometry=[area.shape], index=[area.id], crs=BNG)
    residents = pd.Series({area.id: float(area.residents)})
    return _measure(shape, "area", features, papers, residents, green)


def _read_layers(folder: Path, authority: str) -> list[PlanningLayer]:
    local, fetched = folder / "local" / "constraints", folder / "planning" / authority
    root = local if local.is_dir() else fetched
    if not root.is_dir():
        return []
    table = root / "coverage.csv"
    coverage = read_coverage(table) if table.is_file() else {}
    # A raster needs a value from which it is a constraint, which a review is told and a build is not.
    files = [one for one in list_files([root]) if one.suffix.lower() not in (".tif", ".tiff", ".asc")]
    read = [layer for path in files for layer in read_planning(path, coverage=coverage)]
    seen = {layer.register.id for layer in read}
    return read + [missing_layer(name, coverage) for name in coverage if name not in seen]


def released_layers(released: Released) -> tuple[list[Mapping[str, Any]], gpd.GeoDataFrame]:
    """Planning layers that an edition may carry, and their features.

    Parameters
    ----------
    released
        In one edition.

    Returns
    -------
    tuple
        Papers as `Ground.layers` has them, and EPSG:27700: ``layer``, ``reference``, ``name``. A layer whose
        licence does not allow this edition is in neither; one that is not held has papers and no features.
    """
    papers = [
        one
        for one in released.settings.get(PLANNING, [])
        if not one["held"] or str(one["source"]) in released.sources
    ]
    if _NAME not in released.held(PLANNING):
        return papers, _features([])
    features = released.places(PLANNING, _NAME)
    shown = features["layer"].isin([str(one["id"]) for one in papers if one["held"]])
    return papers, features[shown.to_numpy()].reset_index(drop=True)


def unknown_layers(layers: tuple[Mapping[str, Any], ...] | list[Mapping[str, Any]]) -> list[str]:
    """Ids of the layers a plan is usually held against, of which nothing at all is known here."""
    spoken = [str(one["id"]) for one in layers]
    return [
        one.id
        for one in load_register().values()
        if not any(name == one.id or name.startswith(f"{one.id}-") for name in spoken)
    ]


def _papers(layer: PlanningLayer) -> dict[str, Any]:
    return {
        "id": layer.id,
        "title": layer.title,
        "held": layer.held,
        "completeness": layer.completeness,
        "edition": layer.edition,
        "source": layer.source.id if layer.source else "",
        "period": (layer.source.period if layer.source else "") or "not stated",
        "shape": layer.register.shape,
    }


def _features(layers: list[PlanningLayer]) -> gpd.GeoDataFrame:
    parts = [
        layer.frame[["reference", "name", "geometry"]].assign(layer=layer.id)
        for layer in layers
        if len(layer.frame)
    ]
    if not parts:
        empty = {name: pd.Series(dtype="str") for name in ("layer", "reference", "name")}
        return gpd.GeoDataFrame(empty, geometry=[], crs=BNG)
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=BNG)
    return frame[["layer", "reference", "name", "geometry"]]


def _measure(
    areas: gpd.GeoDataFrame,
    key: str,
    features: gpd.GeoDataFrame,
    papers: tuple[Mapping[str, Any], ...],
    residents: pd.Series[float],
    green: gpd.GeoDataFrame | None,
) -> pd.DataFrame:
    # A list of postcodes can have next to no ground of its own: nothing is measured on that.
    shapes = areas.loc[areas.geometry.area >= LEAST_SQUARE_METRES, ["geometry"]]
    rows: list[dict[str, Any]] = []
    if shapes.empty:
        return empty_figures()

    def add(code: object, indicator: str, value: float, unit: str, source: str, **more: Any) -> None:
        rows.append(
            {
                "code": str(code),
                "geography": key,
                "indicator": indicator,
                "value": value,
                "unit": unit,
                "basis": "counted",
                "status": "ok",
                "floor": key,
                "source": source,
                **more,
            }
        )

    for one in papers:
        if not one["held"]:
            continue
        own = features[features["layer"] == one["id"]]
        found = lay_over(shapes, own[["geometry"]].reset_index(drop=True), nearest=False)
        about = {"group": one["id"], "period": one["period"]}
        for code, row in found.iterrows():
            touched = float(row["features"]) if row["contact"] == "overlap" else 0.0
            hectares = round(float(row["square_metres"]) / 10_000, 3) if touched else 0.0
            ground = round(float(shapes.geometry[code].area) / 10_000, 3)
            add(code, FEATURES, touched, "count", one["source"], **about)
            numbers = {"count": hectares, "base": ground}
            add(code, SHARE, hectares / ground, "share", one["source"], **numbers, **about)
    if key == "area":
        for code, shape in shapes.geometry.items():
            add(code, "area_hectares", round(float(shape.area) / 10_000, 2), "hectares", "geography",
                period="2025")  # fmt: skip
    for code, shape in shapes.geometry.items():
        people = float(residents.get(code, 0.0))
        ground = round(float(shape.area) / 10_000, 2)
        if people > 0:
            numbers = {"count": people, "base": ground}
            add(code, DENSITY, people / ground, "people a hectare", "geography", period=_CENSUS, **numbers)
    if green is not None and len(green):
        # What a plan protects as local green space counts too, drawn by volunteers or not; ground once.
        named = features.loc[features["layer"] == _LOCAL_GREEN, "geometry"]
        both = [*green.geometry, *named]
        whole = shapely.union_all(shapely.make_valid(both))
        inside = shapely.area(shapely.intersection(shapes.geometry.to_numpy(), whole)) / 10_000
        for code, hectares in zip(shapes.index, inside, strict=True):
            people = float(residents.get(code, 0.0))
            if people > 0:
                numbers = {"count": round(float(hectares), 2), "base": people}
                value, source = 1000 * numbers["count"] / people, _green_source(green)
                unit = "hectares per 1,000 residents"
                add(code, GREEN, value, unit, source.id, period=source.period, **numbers)
    return tidy_figures([pd.DataFrame(rows)]) if rows else empty_figures()
