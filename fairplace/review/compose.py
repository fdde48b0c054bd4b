"""A review put together: sites, layers and what the pack holds, in; every table, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from fairplace.disclosure import Released
from fairplace.review.around import (
    count_people,
    find_doors,
    gather_services,
    give_capacity,
    measure_access,
    place_people,
)
from fairplace.review.checklist import fill_checklist
from fairplace.review.constraint import lay_sites
from fairplace.review.model import Review, ReviewError, ReviewTable, read_checklist, word
from fairplace.review.policy import buffer_zones, reach_policies, zone_takeaways
from fairplace.review.sites import describe_sites
from geo.crs import to_bng
from geo.network import Network
from geo.source import Source, hash_file
from geo.vector import read_layer
from layers.planning import Coverage, PlanningLayer, list_files, missing_layer, read_planning


@dataclass(frozen=True)
class ReviewInputs:
    """What a review is made from, as read.

    Parameters
    ----------
    sites
        From `fairplace.review.sites.read_sites`.
    layers
        From `read_layers`.
    network
        Streets, or None: tables that need them are then left out, and a note says so.
    services, takeaways, centres, policies, spaces
        EPSG:27700, or None where not held.
    sources
        Papers of the files of this review.
    notes
        What was found while reading.
    """

    sites: gpd.GeoDataFrame
    layers: tuple[PlanningLayer, ...]
    network: Network | None = None
    services: gpd.GeoDataFrame | None = None
    takeaways: gpd.GeoDataFrame | None = None
    centres: gpd.GeoDataFrame | None = None
    policies: gpd.GeoDataFrame | None = None
    spaces: gpd.GeoDataFrame | None = None
    buffer: float | None = None
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_layers(
    given: Sequence[Path],
    coverage: Mapping[str, Coverage],
    *,
    crs: str | None = None,
    at_least: Mapping[str, float] | None = None,
) -> tuple[PlanningLayer, ...]:
    """Read every layer of files and folders, and stand in for those that the coverage table names besides.

    Raises
    ------
    ReviewError
        Two files hold the same layer.
    """
    made: dict[str, PlanningLayer] = {}
    read: set[str] = set()
    for path in list_files(given):
        for layer in read_planning(
            path, coverage=coverage, crs=crs, at_least=(at_least or {}).get(path.stem)
        ):
            if layer.id in made:
                file = made[layer.id].source
                raise ReviewError(
                    f"{path.name} and {file.file if file else 'another file'} both hold {layer.id}; give one"
                )
            made[layer.id] = layer
            read.add(layer.register.id)
    for name in coverage:
        if name not in read:
            made[name] = missing_layer(name, coverage)
    return tuple(made[name] for name in sorted(made))


def read_zones(path: Path, *, crs: str | None = None) -> tuple[gpd.GeoDataFrame, Source]:
    """Read polygons of policies, centres or spaces, indexed by name; and their papers."""
    frame, _ = to_bng(read_layer(path, crs=crs), where=path.name)
    frame = frame[frame.geometry.geom_type.isin(["Polygon", "MultiPolygon"])]
    if frame.empty:
        raise ReviewError(f"{path.name} holds no polygon; give the outlines")
    named = next((one for one in ("name", "reference", "id") if one in frame), None)
    names = frame[named].astype(str) if named else pd.Series([f"area {n + 1}" for n in range(len(frame))])
    if names.duplicated().any():
        names = names + " (" + pd.Series(range(1, len(names) + 1), index=names.index).astype(str) + ")"
    kept = gpd.GeoDataFrame(
        {"name": names.to_numpy()}, geometry=frame.geometry.make_valid().to_numpy(), crs=frame.crs
    )
    return kept.set_index("name", drop=False), file_source(path, path.stem.replace("_", " ").capitalize())


def file_source(path: Path, title: str) -> Source:
    """Papers of a file that came without: its name and hash are known, the rest must be asked."""
    return Source(
        id=f"review-{path.stem}",
        title=title,
        publisher="not stated",
        edition="not stated",
        period="not stated",
        licence="not stated",
        file=path.name,
        sha256=hash_file(path) if path.is_file() else "",
        controlled=True,
    )


def compose_review(
    released: Released,
    inputs: ReviewInputs,
    *,
    settings: Mapping[str, Any],
    headings: Mapping[str, Any] | None = None,
    command: str = "",
) -> Review:
    """Make every table of a review.

    Parameters
    ----------
    released
        What of the pack may be shown.
    inputs
        Sites, layers and what lies around.
    settings, headings
        From `fairplace.review.model`.
    command
        What makes the review again.
    """
    outline = released.areas("lad25").geometry.iloc[0]
    sites = inputs.sites
    tables: dict[str, ReviewTable] = {"sites": describe_sites(sites)}
    tables["constraints"] = lay_sites(sites, inputs.layers, outline=outline, limits=settings["limits"])
    zones: dict[str, gpd.GeoDataFrame] = {}
    notes = [*inputs.notes, word("notes", "sites"), word("notes", "score")]
    people, how = place_people(released)
    if inputs.network is None:
        notes.append("No street network is held, so there are no walks: [x].")
    else:
        _walks(released, inputs, tables, settings, people, how)
    tables["capacity"] = give_capacity(sites, settings)
    if people is None:
        notes.append("Where people live inside small areas is not held, so nobody is counted: [x].")
    else:
        if inputs.policies is not None:
            areas = inputs.policies[["geometry"]]
            if inputs.buffer is not None:
                areas = buffer_zones(areas, inputs.buffer)
            tables["policy"] = reach_policies(areas, people, released, outlets=inputs.takeaways, how=how)
        if (
            inputs.takeaways is not None
            and inputs.network is not None
            and "schools" in released.held("points")
        ):
            tables["takeaways"], zones["takeaway_zones"] = zone_takeaways(
                inputs.network,
                released,
                people,
                inputs.takeaways,
                centres=inputs.centres,
                metres=float(settings["limits"]["takeaway_metres"]),
            )
    headings = headings or read_checklist()
    layers = {layer.source.file: layer.source for layer in inputs.layers if layer.source is not None}
    return Review(
        released.authority,
        released.name,
        released.pack_id,
        released.fictional,
        settings,
        sites,
        inputs.layers,
        tables,
        {str(name): fill_checklist(str(name), tables, headings) for name in sites.index},
        zones,
        _each_once(*inputs.sources, *(layers[name] for name in sorted(layers)), *released.sources.values()),
        tuple(dict.fromkeys(notes)),
        command,
        {
            "checklist_source": headings.get("source", ""),
            "checklist_checked": headings.get("checked", ""),
            "outline": released.areas("lad25")[["name", "geometry"]],
            "edition": released.edition,
        },
    )


def _walks(
    released: Released,
    inputs: ReviewInputs,
    tables: dict[str, ReviewTable],
    settings: Mapping[str, Any],
    people: gpd.GeoDataFrame | None,
    how: str,
) -> None:
    network = inputs.network
    if network is None:
        return
    outline = released.areas("lad25").geometry.iloc[0]
    doors = find_doors(network, inputs.sites)
    places = gather_services(
        released, settings, services=inputs.services, spaces=inputs.spaces, network=network
    )
    tables["access"] = measure_access(
        network, inputs.sites, doors, places, settings=settings, outline=outline
    )
    if people is not None:
        period = str(released.settings.get("mis", {}).get("period", ""))
        tables["people"] = count_people(
            network,
            inputs.sites,
            doors,
            people,
            settings=settings,
            outline=outline,
            how=how,
            mis_period=period,
            hide_up_to=released.hide_up_to,
        )


def _each_once(*sources: Source) -> tuple[Source, ...]:
    """Give papers in order, one file's once: a pack may hold a layer that the review read as well."""
    kept: dict[tuple[str, str, str], Source] = {}
    for one in sources:
        kept.setdefault((one.id, one.file, one.sha256), one)
    return tuple(kept.values())
