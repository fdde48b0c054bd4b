"""The sample town's plan: sites, constraints, centres, takeaways, policies and walking routes.

Constraints follow planning.data.gov.uk, one file a dataset. Sites include what trips a review:
two that overlap, one in two parts, a sliver, one across the district's edge.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from fairplace.sample.formats import write_csv, write_geojson
from fairplace.sample.ground import BANDS, CENTRE, PARKS, Ground, warp
from fairplace.sample.points import addresses
from fairplace.sample.town import Town

_ORGANISATION = "999"
_NAMES = (
    "Wharf Lane",
    "Foundry Yard",
    "Old Gasworks",
    "Chapel Fields",
    "Station Sidings",
    "Larkfield East",
    "Tannery Court",
    "Kiln Meadow",
    "North Bank",
    "Priory Depot",
    "Windmill Rise",
    "Quarry Edge",
    "Linden Park",
    "Copper Works",
    "Market Car Park",
    "Bishop's Croft",
    "Mill Race",
    "Orchard Farm",
    "Albert Works",
)


def block(across: float, up: float, wide: float, tall: float) -> shapely.Polygon:
    """Polygon of a block of the warped lattice, measured in output areas from its south-west corner."""
    line = np.linspace(0, 1, 5)
    u = np.concatenate(
        [across + wide * line, np.full(5, across + wide), across + wide * line[::-1], np.full(5, across)]
    )
    v = np.concatenate([np.full(5, up), up + tall * line, np.full(5, up + tall), up + tall * line[::-1]])
    ring = shapely.Polygon(np.round(warp(u, v), 2))
    return shapely.remove_repeated_points(ring)


def write_plans(town: Town, folder: Path) -> list[Path]:
    """Sites, centres, takeaways, policy areas, LCWIP lines, and constraints with their coverage."""
    rng = np.random.default_rng([town.seed, 19])
    district = town.areas.shapes["lad25"].iloc[0]
    (folder / "constraints").mkdir(exist_ok=True)
    made = [_sites(rng, folder)]
    centres = pd.DataFrame(
        {
            "id": ["TC1", "DC1", "LC1", "LC2", "LC3"],
            "name": ["Halverton town centre", "Northway", "Fairlands", "Whinmoor", "Sidings"],
            "kind": ["town", "district", "local", "local", "local"],
        }
    )
    shapes = [
        block(10, 7.2, 2, 1.6),
        block(13.2, 12.4, 0.8, 0.6),
        block(4.2, 4.4, 0.6, 0.5),
        block(16.8, 11.5, 0.6, 0.5),
        block(7.8, 3.1, 0.5, 0.5),
    ]
    made.append(write_geojson(folder / "town_centres.geojson", centres, shapes))
    policies = pd.DataFrame(
        {
            "id": ["REG1", "REG2"],
            "name": ["Station quarter regeneration area", "Larkfield estate renewal area"],
            "kind": "policy_area",
            "status": ["adopted", "draft"],
            "plan_version": ["2019", "2026-draft"],
        }
    )
    made.append(
        write_geojson(
            folder / "policy.geojson", policies, [block(7.6, 6.5, 2.6, 3.0), block(2.4, 3.2, 3.2, 2.6)]
        )
    )
    made.append(_lcwip(town.ground, folder))
    made.append(write_csv(folder / "takeaways.csv", _takeaways(town, rng)))
    for dataset, (frame, own) in _constraints(town.ground, district).items():
        made.append(
            write_geojson(folder / "constraints" / f"{dataset}.geojson", _entities(dataset, frame), own)
        )
    made.append(write_csv(folder / "constraints" / "coverage.csv", _coverage()))
    return made


def _sites(rng: np.random.Generator, folder: Path) -> Path:
    rows: list[tuple[str, str, str, str, int]] = []
    shapes: list[Any] = []
    for n in range(22):
        wide, tall = rng.uniform(0.3, 0.9, 2)
        # From the inside of the outline to its rim: infill, and fields at the edge.
        up = rng.uniform(0.5, 15.2)
        first, last = BANDS[int(up) // 2]
        shapes.append(block(rng.uniform(first, last - wide), up, wide, tall))
        status = ("chosen", "chosen", "chosen", "rejected", "rejected", "omission")[n % 6]
        use = ("housing", "housing", "mixed", "employment")[n % 4]
        homes = 0 if use == "employment" else int(shapes[-1].area / 10_000 * 38)
        rows.append(
            (
                f"HAL{n + 1:02d}",
                f"{_NAMES[n % len(_NAMES)]}{' 2' if n >= len(_NAMES) else ''}",
                status,
                use,
                homes,
            )
        )
    special = [
        ("HAL23", "Larkfield North", "chosen", block(17.2, 5.2, 1.6, 1.2)),
        ("HAL24", "Larkfield South (overlaps Larkfield North)", "rejected", block(18.2, 4.6, 1.6, 1.2)),
        (
            "HAL25",
            "Two halves of Sidings",
            "chosen",
            shapely.MultiPolygon([block(5.0, 2.3, 0.6, 0.5), block(6.1, 2.2, 0.4, 0.5)]),
        ),
        ("HAL26", "Ransom strip at Mill Lane", "omission", block(12.0, 3.0, 1.4, 0.012)),
        ("HAL27", "Beacon Farm, across the district's edge", "omission", block(4.4, 15.2, 1.2, 1.5)),
        ("HAL28", "Riverside meadow", "chosen", block(13.0, 8.2, 1.4, 1.0)),
    ]
    for reference, name, status, shape in special:
        rows.append((reference, name, status, "housing", max(1, int(shape.area / 10_000 * 38))))
        shapes.append(shape)
    frame = pd.DataFrame(rows, columns=["reference", "name", "status", "use", "dwellings"])
    frame["plan_version"], frame["updated"] = "2026-draft", "2026-03-31"
    frame["hectares"] = np.round(shapely.area(shapes) / 10_000, 2)
    return write_geojson(folder / "plan_sites.geojson", frame, shapes)


def _lcwip(ground: Ground, folder: Path) -> Path:
    """Draw the plan's walking and cycling routes, a few metres beside the streets they follow."""
    columns = ground.nodes.shape[0]
    lines = [
        ground.nodes[20, 25:65],
        ground.nodes[55, 15:75],
        ground.nodes[90, 12:60],
        ground.nodes[5 : columns - 5, 40],
        ground.nodes[15:95, 65],
    ]
    frame = pd.DataFrame(
        {
            "id": [f"L{n + 1}" for n in range(5)],
            "name": ["Sidings link", "North-south spine", "Whinmoor link", "Old Town axis", "Beacon way"],
            "mode": ["cycle", "cycle", "walk", "walk", "cycle"],
            "status": ["built", "planned", "planned", "built", "planned"],
            "priority": [1, 1, 2, 1, 3],
        }
    )
    shapes = [shapely.simplify(shapely.LineString(np.round(line + 4.0, 1)), 3) for line in lines]
    frame["length_m"] = np.round(shapely.length(shapes)).astype(int)
    return write_geojson(folder / "lcwip_lines.geojson", frame, shapes)


def _takeaways(town: Town, rng: np.random.Generator) -> pd.DataFrame:
    middle = addresses(town, rng, 26, "centre")
    rest = addresses(town, rng, 38)
    at = pd.concat([middle, rest], ignore_index=True).drop_duplicates("postcode", ignore_index=True)
    count = len(at)
    words = ("Grill", "Fish Bar", "Pizza", "Kitchen", "Wok", "Chicken")
    return pd.DataFrame(
        {
            "id": [f"T{n + 1:03d}" for n in range(count)],
            "name": [f"{_NAMES[n % len(_NAMES)]} {words[n % 6]} (fictional)" for n in range(count)],
            "kind": np.where(rng.random(count) < 0.85, "takeaway", "restaurant_with_takeaway"),
            "postcode": at["postcode"],
            "easting": at["easting"],
            "northing": at["northing"],
            "opened": [f"{int(year)}-06-01" for year in rng.integers(2001, 2026, count)],
        }
    )


def _entities(dataset: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of planning.data.gov.uk's entities, in the order of its GeoJSON files."""
    count = len(frame)
    prefix = sum(map(ord, dataset)) * 1000
    made = pd.DataFrame(
        {
            "dataset": dataset,
            "end-date": frame.get("end-date", pd.Series([""] * count)),
            "entity": [990_000_000 + prefix + n for n in range(count)],
            "entry-date": "2026-01-15",
            "name": frame["name"],
            "organisation-entity": _ORGANISATION,
            "prefix": dataset,
            "reference": [f"HV-{dataset.upper()[:3]}-{n + 1}" for n in range(count)],
            "start-date": frame.get("start-date", pd.Series(["2019-06-01"] * count)),
            "typology": "geography",
        }
    )
    for column in frame.columns.difference(made.columns):
        made[column] = frame[column]
    return made


def _constraints(ground: Ground, district: Any) -> dict[str, tuple[pd.DataFrame, list[Any]]]:
    old_town = block(9.6, 7.0, 2.0, 1.9)
    named = {
        "conservation-area": (
            ["Old Town (fictional)", "College Gardens (fictional)", "Beacon Hill (fictional)"],
            [old_town, block(13.3, 6.0, 1.3, 1.1), block(3.6, 12.4, 1.5, 1.2)],
        ),
        "ancient-woodland": (
            ["Beacon Wood (fictional)", "Hanger Copse (fictional)"],
            [block(2.6, 14.3, 1.6, 1.4), block(19.4, 13.2, 0.9, 1.6)],
        ),
        "air-quality-management-area": (
            ["AQMA No. 1, Old Town axis (fictional)"],
            [shapely.LineString(ground.nodes[42:76, 40]).buffer(35, quad_segs=4)],
        ),
        "article-4-direction-area": (
            ["Shared houses, College ward (fictional)", "Old Town shopfronts (fictional)"],
            [block(12.2, 5.0, 3.8, 3.2), old_town],
        ),
    }
    made = {key: (pd.DataFrame({"name": names}), list(shapes)) for key, (names, shapes) in named.items()}
    flood = pd.DataFrame(
        {
            "name": ["Flood zone 3, River Halver (fictional)", "Flood zone 2, River Halver (fictional)"],
            "flood-risk-level": ["3", "2"],
            "flood-risk-type": "Fluvial Models",
        }
    )
    # Zone 2 is published without the part that is zone 3.
    high = ground.river.buffer(55, quad_segs=4)
    made["flood-risk-zone"] = (flood, [high, ground.river.buffer(120, quad_segs=4).difference(high)])
    # The belt begins at the built edge and comes inside the district in two places.
    ring = shapely.Point(CENTRE).buffer(5_200, quad_segs=16).difference(shapely.simplify(district, 40))
    inside = [block(1.2, 10.4, 1.0, 1.4), block(18.6, 12.6, 1.3, 1.2)]
    made["green-belt"] = (
        pd.DataFrame({"name": ["Halverton green belt (fictional)"]}),
        [shapely.union_all([ring, *inside])],
    )
    parks = [block(i / 5, j / 5, w / 5, t / 5) for i, j, w, t, _ in PARKS.values()]
    spaces = pd.DataFrame({"name": [f"{name} (fictional)" for name in PARKS]})
    made["local-green-space"] = (spaces, parks)
    return {
        key: (frame, [shapely.set_precision(shape, 0.01) for shape in shapes])
        for key, (frame, shapes) in made.items()
    }


def _coverage() -> pd.DataFrame:
    """Say what the council says of each dataset: no data is not the same as no constraint."""
    rows = [
        ("conservation-area", "complete", "2026-01"),
        ("flood-risk-zone", "complete", "2025-03"),
        ("green-belt", "complete", "2026-01"),
        ("ancient-woodland", "complete", "2025-06"),
        ("air-quality-management-area", "complete", "2025-11"),
        ("article-4-direction-area", "partial", "2026-01"),
        ("local-green-space", "complete", "2026-01"),
        ("tree-preservation-zone", "none", ""),
        ("listed-building-outline", "none", ""),
        ("contaminated-land", "none", ""),
    ]
    frame = pd.DataFrame(rows, columns=["dataset", "completeness", "edition"])
    return frame.assign(publisher="Halverton Council (fictional)", licence="Open Government Licence v3.0")
