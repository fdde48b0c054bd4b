"""Streets of the sample town: nodes and ways tagged as OpenStreetMap tags them.

Streets run along the fine lattice, with gaps that make blocks and dead ends. The river can be
crossed at three bridges and the railway at two underpasses, one of them on foot only; nothing else
crosses either. Paths on the hill have steps where they are steep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from fairplace.sample.areas import Areas, character
from fairplace.sample.ground import FINE, PARKS, Floats, Ground, Ints, height, park_cells

Tags = dict[str, str]

#: Lattice lines that carry main roads: across (by row) and up (by column).
_MAIN_COLUMNS = {20: "secondary", 55: "primary", 90: "secondary"}
_MAIN_ROWS = {15: "secondary", 25: "tertiary", 40: "primary", 65: "secondary"}
#: Bridges stand where main roads meet the river; underpasses where two lines meet the railway.
_BRIDGE_COLUMNS = (20, 55, 90)
_UNDERPASS_ROWS = {25: "tertiary", 64: "footway"}

_FIRST = (
    "Foundry", "Chapel", "Mill", "Orchard", "Station", "Meadow", "Victoria", "Albert", "Tannery",
    "Priory", "Windmill", "Church", "Quarry", "Linden", "Hawthorn", "Kiln", "Bishop", "Copper",
    "Larch", "Market",
)  # fmt: skip
_SECOND = ("Street", "Road", "Lane", "Avenue", "Terrace", "Close", "Way", "Drive")

#: OpenStreetMap ids of the town's nodes and ways begin here, far above any in use.
FIRST_NODE, FIRST_WAY = 900_000_000_001, 900_000_001


@dataclass(frozen=True)
class Streets:
    """The network and what stands along it.

    Parameters
    ----------
    nodes
        One row a node: ``id``, ``east``, ``north`` (EPSG:27700), ``tags``. Network nodes first.
    ways
        One row a way: ``id``, ``nodes`` (list of node ids), ``tags``.
    edges
        One row a piece between neighbouring nodes: ``start``, ``end`` (node ids), ``way``.
    """

    nodes: pd.DataFrame
    ways: pd.DataFrame
    edges: pd.DataFrame


def make_streets(ground: Ground, areas: Areas, seed: int) -> Streets:
    """Streets, paths, river, railway, parks and what people walk to."""
    rng = np.random.default_rng([seed, 5])
    pieces = _pieces(ground, rng)
    columns, rows = ground.nodes.shape[:2]
    points = ground.nodes.reshape(-1, 2)
    used = np.unique(pieces[["from", "to"]].to_numpy())
    number = np.full(columns * rows, -1)
    number[used] = np.arange(len(used))
    nodes = pd.DataFrame({"id": FIRST_NODE + np.arange(len(used))})
    nodes["east"], nodes["north"] = points[used].T
    nodes["tags"] = [{} for _ in used]

    ways = []
    place = character(areas.members).to_numpy(object)
    for chain, highway, special in _chains(pieces):
        at = chain[len(chain) // 2]
        i, j = divmod(int(at), rows)
        cell = ground.output_area[min(i, columns - 2), min(j, rows - 2)]
        steep = _steepness(points, chain)
        tags = _tags(rng, highway, special, str(place[cell]) if cell >= 0 else "suburb", steep)
        if highway not in ("footway", "path", "cycleway", "steps"):
            vertical = chain[1] - chain[0] == 1
            tags["name"] = _name(i if vertical else j, j // 20 if vertical else i // 20, vertical)
        ways.append(([int(FIRST_NODE + number[n]) for n in chain], tags))
    _mark_crossings(rng, nodes, ways)
    edges = pd.DataFrame(
        [(a, b, FIRST_WAY + n) for n, (chain, _) in enumerate(ways) for a, b in pairwise(chain)],
        columns=["start", "end", "way"],
    )
    extra_nodes, extra_ways = _surroundings(rng, ground, nodes, number)
    all_ways = [*ways, *extra_ways]
    frame = pd.DataFrame({
        "id": FIRST_WAY + np.arange(len(all_ways)),
        "nodes": [chain for chain, _ in all_ways],
        "tags": [tags for _, tags in all_ways],
    })  # fmt: skip
    return Streets(pd.concat([nodes, extra_nodes], ignore_index=True), frame, edges)


def _pieces(ground: Ground, rng: np.random.Generator) -> pd.DataFrame:
    """Pieces of lattice line that carry a street: ends (flat node numbers), line and class."""
    columns, rows = ground.nodes.shape[:2]
    inside = np.pad(ground.output_area >= 0, 1)
    parks = np.pad(park_cells(), 1)
    i, j = np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij")
    flat = i * rows + j
    parts = []
    for vertical in (False, True):
        if vertical:
            start, end, line, along = flat[:, :-1], flat[:, 1:], i[:, :-1], j[:, :-1]
            town = inside[:-1, 1:-1] | inside[1:, 1:-1]
            park = parks[:-1, 1:-1] & parks[1:, 1:-1]
        else:
            start, end, line, along = flat[:-1], flat[1:], j[:-1], i[:-1]
            town = inside[1:-1, :-1] | inside[1:-1, 1:]
            park = parks[1:-1, :-1] & parks[1:-1, 1:]
        part = pd.DataFrame({
            "from": start.ravel(), "to": end.ravel(), "line": line.ravel(), "along": along.ravel(),
            "town": town.ravel(), "park": park.ravel(),
        })  # fmt: skip
        part.insert(0, "vertical", vertical)
        parts.append(part)
    pieces = pd.concat(parts, ignore_index=True)
    pieces = pieces[pieces["town"]].reset_index(drop=True)
    pieces["highway"] = _classes(pieces, rng)
    return _cross_lines(pieces, ground)


def _classes(pieces: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    line, vertical = pieces["line"], pieces["vertical"]
    main = line.where(vertical).map(_MAIN_COLUMNS).fillna(line.where(~vertical).map(_MAIN_ROWS))
    edge = (line % FINE == 0).to_numpy()
    minor = rng.choice(
        ["residential", "footway", "cycleway", "path", "service", ""],
        len(pieces),
        p=[0.52, 0.08, 0.02, 0.02, 0.03, 0.33],
    )
    highway = np.where(edge, np.where(line % 10 == 0, "unclassified", "residential"), minor).astype(object)
    highway[main.notna()] = main[main.notna()]
    highway[pieces["park"].to_numpy() & (highway != "")] = "path"
    return highway


def _cross_lines(pieces: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """Leave out what would cross the river or the railway, but for bridges and underpasses."""
    points = ground.nodes.reshape(-1, 2)
    lines = shapely.linestrings(
        np.stack([points[pieces["from"].to_numpy()], points[pieces["to"].to_numpy()]], axis=1)
    )
    over = shapely.intersects(lines, ground.river)
    under = shapely.intersects(lines, ground.railway)
    special = np.full(len(pieces), "", dtype=object)
    for column in _BRIDGE_COLUMNS:
        found = np.flatnonzero(over & ~under & pieces["vertical"] & (pieces["line"] == column))
        special[found[:1]] = "bridge"
    highway = pieces["highway"].to_numpy().copy()
    for row, kind in _UNDERPASS_ROWS.items():
        found = np.flatnonzero(under & ~over & ~pieces["vertical"] & (pieces["line"] == row))
        special[found[:1]] = "tunnel"
        highway[found[:1]] = kind
    kept = (highway != "") & ((~over & ~under) | (special != ""))
    made = pieces.assign(highway=highway, special=special)[kept]
    return made.reset_index(drop=True)


def _chains(pieces: pd.DataFrame) -> Iterator[tuple[list[int], str, str]]:
    """Yield runs of neighbouring pieces of one line and class: node numbers, class, bridge or tunnel."""
    ordered = pieces.sort_values(["vertical", "line", "along"], kind="stable")
    chain: list[int] = []
    last: tuple[object, ...] = ()
    for row in ordered.itertuples(index=False):
        start, end, highway, special = int(row[1]), int(row[2]), str(row.highway), str(row.special)
        key = (row.vertical, row.line, highway, special, row.along // 20)
        if chain and key == last and chain[-1] == start:
            chain.append(end)
            continue
        if chain:
            yield chain, str(last[2]), str(last[3])
        chain, last = [start, end], key
    if chain:
        yield chain, str(last[2]), str(last[3])


def _steepness(points: Floats, chain: list[int]) -> float:
    """Greatest gradient along a run of nodes, as a share."""
    path = points[chain]
    rise = np.abs(np.diff(height(path)))
    return float((rise / np.linalg.norm(np.diff(path, axis=0), axis=1)).max())


def _tags(rng: np.random.Generator, highway: str, special: str, place: str, steep: float) -> Tags:
    """Tags of a way, as a mapper would find them: complete on main roads, patchy elsewhere."""
    tags: Tags = {"highway": highway}
    pick = rng.random(6)
    if highway in ("footway", "path") and steep > 0.09 and not special:
        tags |= {"highway": "steps", "step_count": str(int(18 + 40 * pick[0])), "incline": "up"}
        if pick[1] < 0.6:
            tags["handrail"] = "yes" if pick[2] < 0.7 else "no"
    elif highway in ("footway", "cycleway", "path"):
        surfaces = {"footway": "asphalt", "cycleway": "asphalt", "path": "compacted"}
        if pick[0] < 0.75:
            tags["surface"] = surfaces[highway] if pick[1] < 0.75 else "gravel"
        if pick[2] < 0.5:
            tags["width"] = ("0.9", "1.2", "1.5", "1.8", "2.5", "3")[int(6 * pick[3])]
        if highway == "cycleway":
            tags |= {"foot": "yes", "segregated": "no" if pick[4] < 0.6 else "yes"}
    elif highway in ("primary", "secondary", "tertiary"):
        speed = "20 mph" if place == "centre" else "30 mph" if pick[0] < 0.85 else "40 mph"
        tags |= {"maxspeed": speed, "surface": "asphalt", "sidewalk": "both"}
        if pick[1] < 0.35:
            tags["cycleway"] = "lane" if pick[2] < 0.6 else "track"
    else:
        if pick[0] < 0.8:
            tags["surface"] = "asphalt"
        if pick[1] < 0.7:
            tags["maxspeed"] = "20 mph" if place in ("terrace", "new", "students") else "30 mph"
        if pick[2] < 0.6:
            tags["sidewalk"] = (
                "no" if place == "industrial" else ("both", "both", "left", "no")[int(4 * pick[3])]
            )
        if place == "terrace" and highway == "residential" and pick[4] < 0.18:
            tags["oneway"] = "yes"
    lit = {"primary": 1.0, "secondary": 1.0, "tertiary": 0.95, "path": 0.12, "steps": 0.4}.get(
        tags["highway"], 0.75
    )
    if highway not in ("residential", "service") or pick[5] < 0.7:
        tags["lit"] = "yes" if rng.random() < lit else "no"
    if special == "bridge":
        tags |= {"bridge": "yes", "layer": "1", "lit": "yes"}
    if special == "tunnel":
        tags |= {"tunnel": "yes", "layer": "-1", "lit": "no" if highway == "footway" else "yes"}
    return tags


def _name(line: int, part: int, vertical: bool) -> str:
    first = _FIRST[(3 * line + 7 * part + 11 * vertical) % len(_FIRST)]
    return f"{first} {_SECOND[(line + 3 * part + 5 * vertical) % len(_SECOND)]}"


def _mark_crossings(
    rng: np.random.Generator, nodes: pd.DataFrame, ways: list[tuple[list[int], Tags]]
) -> None:
    """Give crossings and kerbs to nodes where a path meets a road."""
    main: set[int] = set()
    minor: set[int] = set()
    paths: set[int] = set()
    for chain, tags in ways:
        kind = tags["highway"]
        group = paths if kind in ("footway", "path", "cycleway") else minor
        (main if kind in ("primary", "secondary", "tertiary") else group).update(chain)
    tags_of = nodes["tags"].to_list()
    for node in sorted(main & (paths | minor)):
        if rng.random() > (0.5 if node in paths else 0.12):
            continue
        kind = str(rng.choice(["traffic_signals", "uncontrolled", "unmarked"], p=[0.35, 0.35, 0.3]))
        kerb = str(rng.choice(["lowered", "flush", "raised"], p=[0.6, 0.15, 0.25]))
        own = tags_of[node - FIRST_NODE]
        own |= {"highway": "crossing", "crossing": kind, "kerb": kerb}
        if kind == "traffic_signals":
            own["tactile_paving"] = "yes"
    for node in sorted((paths & minor) - main):
        if rng.random() < 0.3:
            tags_of[node - FIRST_NODE].update(
                {"barrier": "kerb", "kerb": str(rng.choice(["lowered", "raised"]))}
            )


_PLACES: tuple[tuple[int, Tags], ...] = (
    (64, {"shop": "convenience"}), (9, {"shop": "supermarket"}), (14, {"shop": "bakery"}),
    (12, {"amenity": "pharmacy"}), (10, {"amenity": "doctors"}), (8, {"amenity": "dentist"}),
    (24, {"amenity": "school"}), (16, {"amenity": "kindergarten"}), (5, {"amenity": "library"}),
    (46, {"amenity": "fast_food"}), (22, {"amenity": "cafe"}), (14, {"amenity": "community_centre"}),
    (20, {"leisure": "playground"}), (60, {"amenity": "bench"}), (6, {"amenity": "toilets"}),
    (8, {"amenity": "post_box"}), (150, {"highway": "bus_stop", "public_transport": "platform"}),
)  # fmt: skip


def _surroundings(
    rng: np.random.Generator, ground: Ground, nodes: pd.DataFrame, number: Ints
) -> tuple[pd.DataFrame, list[tuple[list[int], Tags]]]:
    """River, railway, parks with their gates, and places that people walk to."""
    rows: list[tuple[int, float, float, Tags]] = []
    ways: list[tuple[list[int], Tags]] = []
    last = FIRST_NODE + len(nodes)

    def add(points: Floats, tags: Tags) -> list[int]:
        made = []
        for east, north in points:
            rows.append((last + len(rows), round(float(east), 2), round(float(north), 2), dict(tags)))
            made.append(rows[-1][0])
        return made

    for line, tags in (
        (ground.river, {"waterway": "river", "name": "River Halver"}),
        (ground.railway, {"railway": "rail", "electrified": "contact_line"}),
    ):
        ways.append((add(shapely.get_coordinates(line)[::4], {}), tags))
    gates = nodes["tags"].to_list()
    for name, (column, row, wide, tall, kind) in PARKS.items():
        ring = _ring(column, row, wide, tall)
        flat = [i * ground.nodes.shape[1] + j for i, j in ring]
        chain = []
        for (i, j), where in zip(ring[:-1], flat[:-1], strict=True):
            known = number[where]
            chain.append(int(FIRST_NODE + known) if known >= 0 else add(ground.nodes[i, j][None], {})[0])
        ways.append(([*chain, chain[0]], {"leisure": kind, "name": name, "access": "yes"}))
        on_street = [node for node in chain if node < last]
        for node in on_street[:: max(1, len(on_street) // 4)]:
            gates[node - FIRST_NODE].update({"barrier": "gate", "access": "yes", "wheelchair": "yes"}
                                            if rng.random() < 0.7 else {"entrance": "yes"})  # fmt: skip
    points = nodes[["east", "north"]].to_numpy()
    for count, tags in _PLACES:
        for order, at in enumerate(rng.choice(len(points), count, replace=False)):
            own = dict(tags)
            if "highway" not in own and own.get("amenity") not in ("bench", "post_box"):
                own["name"] = f"{_FIRST[order % len(_FIRST)]} {_word(tags)}"
            if rng.random() < 0.3 and "shop" in own | tags:
                own["wheelchair"] = str(rng.choice(["yes", "limited", "no"]))
            add(points[at][None] + rng.uniform(-9, 9, (1, 2)), own)
    return pd.DataFrame(rows, columns=["id", "east", "north", "tags"]), ways


def _word(tags: Tags) -> str:
    word = str(next(iter(tags.values()))).replace("_", " ")
    return {"convenience": "stores", "doctors": "surgery", "kindergarten": "nursery"}.get(word, word).title()


def _ring(column: int, row: int, wide: int, tall: int) -> list[tuple[int, int]]:
    """Lattice nodes around a block of fine cells, closed."""
    south = [(column + n, row) for n in range(wide)]
    east = [(column + wide, row + n) for n in range(tall)]
    north = [(column + wide - n, row + tall) for n in range(wide)]
    west = [(column, row + tall - n) for n in range(tall)]
    return [*south, *east, *north, *west, (column, row)]
