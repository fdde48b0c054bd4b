"""Streets in array form: where they lead, how long they are, and what it takes to go along them.

A `Network` is nodes and street segments in British National Grid with, for every way of going about
(profile), the effort of each segment in both directions: metres of level street that would take as
long, so that a speed can be chosen when a question is asked. It is kept as a folder of plain arrays
that opens in milliseconds. Sources are read by `geo.network_sources`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from geo.crs import BNG, Accuracy
from geo.errors import UserError
from geo.shortest import Arcs, Floats, Ints, Longs

#: A point further than this from any street it may use is flagged: the network is not where it is.
SNAP_FLAG_METRES = 250.0
_MANY_POINTS = 100
_KEPT = 48  # remembered results of one network, of all kinds
_FORMAT = "fairplace network 1"
_ARRAYS = ("xy", "node", "ends", "length", "vertices", "offsets", "first", "target", "arc", "to_boundary")


class NetworkError(UserError, ValueError):
    """A street network is empty, unreadable, or does not allow what was asked."""


class ProfileError(UserError, LookupError):
    """A network does not hold that way of going about."""


@dataclass(frozen=True)
class Snap:
    """Where points meet the network: the nearest place on a street they may use.

    Parameters
    ----------
    edge : array of int32
        Segment; -1 where no street may be used at all.
    share : array of float64
        How far along the segment, 0 at its first node and 1 at its second.
    metres : array of float64
        Straight way from the point to the street, walked and counted; NaN where there is none.
    flagged : array of bool
        Further than 250 m: the street network probably does not cover the point.
    """

    edge: Ints
    share: Floats
    metres: Floats
    flagged: NDArray[np.bool_]


@dataclass(frozen=True)
class Network:
    """A street network in EPSG:27700.

    Parameters
    ----------
    xy : array of float64, shape (nodes, 2)
        Easting and northing of every node, metres.
    node : array of int64, shape (nodes,)
        The source's own number of every node, or its row.
    ends : array of int32, shape (edges, 2)
        First and second node of every segment.
    length : array of float64, shape (edges,)
        Metres along the segment, in the plane of the National Grid.
    vertices : array of float64, shape (points, 2); offsets : array of int64, shape (edges + 1,)
        Geometry: the points of segment ``i`` are ``vertices[offsets[i]:offsets[i + 1]]``.
    first, target, arc
        The segments as compressed rows, twice each: arc ``2 * edge`` goes from first node to second,
        ``2 * edge + 1`` back.
    to_boundary : array of float64, shape (nodes,)
        Metres, as the crow flies, from each node to where the data stop.
    effort : mapping of profile to array of float64, shape (edges, 2)
        Metres of level street that take as long, forward and back; infinite where it may not be used.
    delay : mapping of profile to array of float64, shape (edges,)
        Seconds lost on the segment whatever the speed, such as at a crossing.
    papers
        Words that go with every result: `source`, `edition`, `licence`, `extent`, `read` and so on.
    accuracy
        How good the coordinates are after any datum shift.
    tags
        One row a segment with what the source says of it, or None where the folder was opened without.
    """

    xy: Floats
    node: Longs
    ends: Ints
    length: Floats
    vertices: Floats
    offsets: Longs
    first: Longs
    target: Ints
    arc: Ints
    to_boundary: Floats
    effort: Mapping[str, Floats]
    delay: Mapping[str, Floats]
    papers: Mapping[str, str] = field(default_factory=dict)
    accuracy: Accuracy = "no datum shift"
    tags: pd.DataFrame | None = None
    _memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.xy)

    @property
    def edges(self) -> int:
        """Number of street segments, counted once whatever their directions."""
        return len(self.ends)

    @property
    def profiles(self) -> tuple[str, ...]:
        """Ways of going about that the network was measured for."""
        return tuple(self.effort)

    def check_profile(self, profile: str) -> None:
        """Refuse a profile that the network was not measured for.

        Raises
        ------
        ProfileError
            Naming the ones there are.
        """
        if profile not in self.effort:
            raise ProfileError(
                f"the network was not measured for {profile!r}, only for {', '.join(self.effort)}; "
                f"choose one of these, or read the network again with that profile"
            )

    def along(self, profile: str, speed_kmh: float | None) -> Floats:
        """Cost of every segment, forward and back.

        Parameters
        ----------
        profile
            One of `profiles`.
        speed_kmh
            Speed on a level street; the costs are then seconds. None: plain metres.

        Returns
        -------
        array of float64, shape (edges, 2)
            Infinite where the segment may not be used in that direction.
        """
        self.check_profile(profile)

        def make() -> Floats:
            effort = self.effort[profile]
            if speed_kmh is None:
                return np.where(np.isfinite(effort), self.length[:, None], np.inf)
            return effort * (3.6 / speed_kmh) + self.delay[profile][:, None]

        return self.remember(("along", profile, speed_kmh), make)

    def arcs(self, profile: str, speed_kmh: float | None, *, inward: bool = False) -> Arcs:
        """Give the network as rows for a search: costs as `along`; `inward` turns every arc about.

        Searching the inward arcs from a place gives the costs *to* the place.
        """

        def make() -> Arcs:
            flip = 1 if inward else 0
            cost = self.along(profile, speed_kmh).ravel()[self.arc ^ flip]
            # Copies, because mapped arrays are read-only, which numba would compile everything for again.
            return Arcs(np.array(self.first), np.array(self.target), cost)

        return self.remember(("arcs", profile, speed_kmh, inward), make)

    def usable(self, profile: str) -> NDArray[np.bool_]:
        """Which segments the profile may use in at least one direction."""
        self.check_profile(profile)
        effort = self.effort[profile]
        return np.isfinite(effort[:, 0]) | np.isfinite(effort[:, 1])

    def lines(self) -> NDArray[np.object_]:
        """Every segment as a LineString in EPSG:27700."""

        def make() -> NDArray[np.object_]:
            part = np.repeat(np.arange(self.edges), np.diff(self.offsets))
            return np.asarray(shapely.linestrings(np.asarray(self.vertices), indices=part), dtype=object)

        return self.remember("lines", make)

    def frame(self) -> gpd.GeoDataFrame:
        """Every segment as a row: ends, length, effort of each profile, and tags where there are any."""
        columns: dict[str, Any] = {
            "first_node": self.node[self.ends[:, 0]],
            "second_node": self.node[self.ends[:, 1]],
            "length": self.length,
        }
        for profile, effort in self.effort.items():
            columns[f"{profile}_forward"] = effort[:, 0]
            columns[f"{profile}_back"] = effort[:, 1]
        frame = pd.DataFrame(columns)
        if self.tags is not None:
            frame = frame.join(self.tags.drop(columns=[c for c in self.tags if c in frame]))
        return gpd.GeoDataFrame(frame, geometry=self.lines(), crs=BNG)

    def snap(self, xy: Floats, profile: str, *, skip_islands_below: float = 0.0) -> Snap:
        """Bring points to the nearest place on a street that the profile may use.

        Parameters
        ----------
        xy : array of float64, shape (points, 2)
            Easting and northing.
        profile
            One of `profiles`.
        skip_islands_below
            Leave out disconnected pieces of the network with fewer metres of street than this.

        Returns
        -------
        Snap
            Of several streets exactly as near, the first in the network.
        """
        xy = np.asarray(xy, float).reshape(-1, 2)
        if not np.isfinite(xy).all():
            row = int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0])
            raise NetworkError(
                f"point {row} has no coordinates ({xy[row, 0]}, {xy[row, 1]}); give both, or drop it"
            )

        key = ("snap", profile, skip_islands_below, len(xy), hashlib.sha1(xy.tobytes()).digest())  # noqa: S324
        # The homes of a town are asked about again and again; single places are not kept.
        if len(xy) >= _MANY_POINTS:
            return self.remember(key, lambda: self._snap(xy, profile, skip_islands_below))
        return self._snap(xy, profile, skip_islands_below)

    def _snap(self, xy: Floats, profile: str, skip_islands_below: float) -> Snap:
        def make() -> tuple[NDArray[np.int64], shapely.STRtree]:
            usable = self.usable(profile)
            if skip_islands_below > 0:
                island = self.islands(profile)
                large = self.island_sizes(profile)["metres"].to_numpy() >= skip_islands_below
                usable = usable & large[np.maximum(island[self.ends[:, 0]], 0)]
            rows = np.flatnonzero(usable)
            return rows, shapely.STRtree(self.lines()[rows])

        rows, tree = self.remember(("tree", profile, skip_islands_below), make)
        edge = np.full(len(xy), -1, np.int32)
        share = np.zeros(len(xy))
        metres = np.full(len(xy), np.nan)
        if len(rows) and len(xy):
            points = shapely.points(xy)
            (of, hit), far = tree.query_nearest(points, return_distance=True, all_matches=True)
            order = np.lexsort((hit, of))
            of, hit, far = of[order], hit[order], far[order]
            keep = np.concatenate([[True], of[1:] != of[:-1]])
            of, hit, far = of[keep], hit[keep], far[keep]
            edge[of] = rows[hit]
            line = self.lines()[rows[hit]]
            whole = shapely.length(line)
            at = shapely.line_locate_point(line, points[of])
            share[of] = np.clip(np.divide(at, whole, out=np.zeros(len(of)), where=whole > 0), 0.0, 1.0)
            metres[of] = far
        return Snap(edge, share, metres, ~(metres <= SNAP_FLAG_METRES))

    def islands(self, profile: str) -> Ints:
        """Tell the connected piece each node is in by number; 0 is the largest by metres of street.

        A node that no street of the profile touches has -1. Direction is left aside: a one-way street
        joins its ends.
        """
        return self._pieces(profile)[0]

    def island_sizes(self, profile: str) -> pd.DataFrame:
        """Nodes, segments and metres of every connected piece, largest first; indexed as `islands`."""
        return self._pieces(profile)[1]

    def _pieces(self, profile: str) -> tuple[Ints, pd.DataFrame]:
        def make() -> tuple[Ints, pd.DataFrame]:
            from scipy.sparse import coo_array
            from scipy.sparse.csgraph import connected_components

            usable = self.usable(profile)
            ends = self.ends[usable]
            graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(self.nodes, self.nodes))
            count, piece = connected_components(graph, directed=False)
            metres = np.bincount(piece[ends[:, 0]], self.length[usable], minlength=count)
            streets = np.bincount(piece[ends[:, 0]], minlength=count)
            nodes = np.bincount(piece, minlength=count)
            order = np.lexsort((np.arange(count), -metres, -np.sign(streets)))
            order = order[streets[order] > 0]
            number = np.full(count, -1, np.int32)
            number[order] = np.arange(len(order))
            sizes = pd.DataFrame({"nodes": nodes[order], "edges": streets[order], "metres": metres[order]})
            sizes.index.name = "island"
            return number[piece], sizes

        return self.remember(("pieces", profile), make)

    def remember(self, key: object, make: Callable[[], Any]) -> Any:
        """Give what `make` made the last time it was asked for under `key`; the oldest are forgotten."""
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = make()
            for old in list(self._memo)[:-_KEPT]:
                self._memo.pop(old, None)
        return found

    def save(self, folder: Path) -> Path:
        """Write the network as a folder of arrays, whole or not at all.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        NetworkError
            The folder exists and is not a network.
        """
        folder = Path(folder)
        if folder.exists() and any(folder.iterdir()) and not (folder / "network.json").is_file():
            raise NetworkError(f"{folder} exists and is not a network; give another folder, or empty it")
        part = folder.with_name(f".{folder.name}.part")
        part.mkdir(parents=True, exist_ok=True)
        for old in part.iterdir():
            old.unlink()
        for name in _ARRAYS:
            np.save(part / f"{name}.npy", getattr(self, name))
        for profile in self.profiles:
            np.save(part / f"effort_{profile}.npy", self.effort[profile])
            np.save(part / f"delay_{profile}.npy", self.delay[profile])
        if self.tags is not None:
            self.tags.to_parquet(part / "tags.parquet", index=False)
        about = {
            "format": _FORMAT,
            "crs": BNG,
            "accuracy": self.accuracy,
            "profiles": list(self.profiles),
            "papers": dict(self.papers),
        }
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        (part / "network.json").write_text(text, encoding="utf-8", newline="\n")
        if folder.exists():
            for old in folder.iterdir():
                old.unlink()
            folder.rmdir()
        part.rename(folder)
        return folder


def load_network(folder: Path, *, tags: bool = False) -> Network:
    """Open a network that `Network.save` wrote, by mapping its arrays: milliseconds.

    Parameters
    ----------
    folder
        As given to `Network.save`.
    tags
        Also read what the source says of every segment.

    Raises
    ------
    NetworkError
        The folder is not a network, or a file of it is missing or damaged.
    """
    folder = Path(folder)
    index = folder / "network.json"
    if not index.is_file():
        raise NetworkError(
            f"{folder} is not a saved network (it has no network.json); read the streets first"
        )
    try:
        about = json.loads(index.read_text(encoding="utf-8"))
        if about.get("format") != _FORMAT:
            raise NetworkError(
                f"{folder} has format {about.get('format')!r}; this version reads {_FORMAT!r}: build it again"
            )
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        effort = {p: np.load(folder / f"effort_{p}.npy", mmap_mode="r") for p in about["profiles"]}
        delay = {p: np.load(folder / f"delay_{p}.npy", mmap_mode="r") for p in about["profiles"]}
        described = folder / "tags.parquet"
        frame = pd.read_parquet(described) if tags and described.is_file() else None
    except (OSError, ValueError, KeyError) as error:
        if isinstance(error, UserError):
            raise
        raise NetworkError(f"{folder} cannot be opened ({error}); build the network again") from error
    plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    return Network(
        **plain,
        effort={name: np.asarray(one) for name, one in effort.items()},
        delay={name: np.asarray(one) for name, one in delay.items()},
        papers=about["papers"],
        accuracy=about["accuracy"],
        tags=frame,
    )


def load_names(folder: Path) -> pd.Series[str]:
    """Read the name of each segment of a network that `Network.save` wrote.

    Returns
    -------
    Series of str
        In the order of the segments; empty where a street has no name, or where the source names none.

    Raises
    ------
    NetworkError
        The folder is not a network, or a file of it is damaged.
    """
    described = Path(folder) / "tags.parquet"
    try:
        edges = len(np.load(Path(folder) / "ends.npy", mmap_mode="r"))
        known = described.is_file() and "name" in pq.read_schema(described).names
        names = pd.read_parquet(described, columns=["name"])["name"] if known else None
    except (OSError, ValueError) as error:
        raise NetworkError(f"{folder} cannot be opened ({error}); build the network again") from error
    if names is None:
        return pd.Series([""] * edges, dtype="str")
    return names.fillna("").astype("str").str.strip()
