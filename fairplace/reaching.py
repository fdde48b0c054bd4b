"""How far one gets from places, and whom that takes in: one answer for the command line and the service.

A `Ground` is opened once, from a pack or from files, and asked often: with it warm, a question is
answered within tens of milliseconds. Figures of people pass the rules for small numbers here, so that
whoever shows an answer need not think of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.demand import PEOPLE, pack_demand
from fairplace.disclosure_policy import HIDE_UP_TO, largest_hidden
from fairplace.hub_floors import FEWEST_PLACES, modelled_measures
from fairplace.hub_inputs import PLACE_COLUMNS
from fairplace.numbers import two_figures
from fairplace.pack import Pack, PackError
from geo.crs import to_lonlat
from geo.network import Network, load_network
from geo.pairs import Pairs, measure_costs
from geo.reach import Reach, draw_reach, find_reach, reach_lines
from geo.shortest import warm_up
from geo.travel import Trip, Unit

Floats = NDArray[np.float64]

#: The network of a pack, and its list of buildings that are or could be hubs.
STREETS, SITES = "streets", "hub_candidates"
#: Measure -> what it counts, for readers.
WORDS: Mapping[str, str] = {
    "residents": "people",
    "households": "households",
    "children_0_15": "children under 16",
    "children_0_4": "children under 5",
    "people_65_plus": "people aged 65 and over",
    "children_below_mis": "children below the Minimum Income Standard (modelled)",
}
#: Columns of `count_near`.
COUNTED = ["measure", "words", "modelled", "limit", "within", "low", "high", "total", "share", "status"]
#: Who is within reach of a place goes the other way.
_TURNED: Mapping[Trip, Trip] = {"out": "in", "in": "out", "return": "return"}
#: Shares of the draws between which a range lies, as everywhere.
_RANGE = (0.05, 0.95)


def no_sites() -> pd.DataFrame:
    """Give the sites of a place of which none are known."""
    return pd.DataFrame({"name": [], "status": [], "x": [], "y": []}, index=pd.Index([], name="id"))


@dataclass(frozen=True)
class Ground:
    """Streets, and who lives along them.

    Parameters
    ----------
    network
        The streets.
    people
        A row a point where people live, with ``x``, ``y`` (EPSG:27700) and the measures. Never written
        out: a single point's need is nobody's business.
    measures
        Columns of `people` that are counted.
    draws
        Measure -> its draws, a row a point and a column a draw, for those that are modelled.
    sites
        Buildings that are hubs or could be: indexed by id, with ``name``, ``status`` (``existing`` or
        ``candidate``), ``x`` and ``y``; empty where none are known.
    name
        Of the authority; empty where there is none.
    fictional
        True for the sample authority: every page says so.
    hide_up_to
        Largest count of people that is hidden; a pack's own setting where they come from one.
    """

    network: Network
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    measures: tuple[str, ...] = ()
    draws: Mapping[str, Floats] = field(default_factory=dict)
    sites: pd.DataFrame = field(default_factory=no_sites)
    name: str = ""
    fictional: bool = False
    hide_up_to: int = HIDE_UP_TO

    @property
    def modelled(self) -> tuple[str, ...]:
        """Measures that are a model's estimate."""
        return modelled_measures(self.measures, tuple(self.draws))


@dataclass(frozen=True)
class ReachAnswer:
    """What is within limits of places.

    Parameters
    ----------
    reach
        Streets and nodes reached; its `summary` has metres of street and whether the data stop before.
    people
        Who lives within: ``origin`` and the columns of `count_near`; no rows where nobody is known.
    areas
        The reach drawn, ``origin`` and ``limit``, in EPSG:27700; None where it was not asked for.
    lines
        The stretches of street reached; None where they were not asked for.
    said
        Speed, direction, ways to the street, where the data stop: shown with every answer.
    notes
        What else must be said, a sentence each.
    """

    reach: Reach
    people: pd.DataFrame
    areas: gpd.GeoDataFrame | None
    lines: gpd.GeoDataFrame | None
    said: str
    notes: tuple[str, ...]

    def geojson(self) -> dict[str, Any]:
        """Give areas, and lines if there are any, as a GeoJSON FeatureCollection in longitude and latitude.

        Every feature has ``kind`` (``area`` or ``streets``), ``origin``, ``limit``, ``unit``, ``metres``,
        ``beyond`` and ``beyond_share``; features of one origin run from the largest limit to the least,
        so that a map draws the small ones on top.
        """
        features: list[dict[str, Any]] = []
        summary = self.reach.summary.set_index(["origin", "limit"])
        if self.areas is not None:
            features += self._features(self.areas, "area", summary)
        if self.lines is not None:
            features += self._features(
                self.lines.dissolve(["origin", "limit"], sort=False, method="unary").reset_index(),
                "streets",
                summary,
            )
        return {"type": "FeatureCollection", "features": features}

    def _features(self, layer: gpd.GeoDataFrame, kind: str, summary: pd.DataFrame) -> list[dict[str, Any]]:
        turned = to_lonlat(layer[["origin", "limit", "geometry"]].iloc[::-1])[0]
        features = []
        for origin, limit, shape in zip(turned["origin"], turned["limit"], turned.geometry, strict=True):
            row = summary.loc[(origin, limit)]
            features.append(
                {
                    "type": "Feature",
                    "properties": {
                        "kind": kind,
                        "origin": str(origin),
                        "limit": float(limit),
                        "unit": self.reach.unit,
                        "metres": round(float(row["metres"]), 1),
                        "beyond": bool(row["beyond"]),
                        "beyond_share": round(float(row["beyond_share"]), 4),
                    },
                    "geometry": shape.__geo_interface__,
                }
            )
        return features


def open_ground(pack: Pack, *, network: str | Network = STREETS) -> Ground:
    """Open the streets and the people of a pack; the first call of a process takes a second or so.

    Parameters
    ----------
    pack
        An authority's pack; without people or sites the ground has none.
    network
        Which network of the pack; or streets that were opened already.

    Raises
    ------
    PackError
        The pack holds no such network.
    """
    held = pack.held("networks")
    if isinstance(network, str) and network not in held:
        raise PackError(
            f"{pack.path.name} holds no network named {network}, only {', '.join(held) or 'none'}; build it "
            f"with an extract of OpenStreetMap"
        )
    streets = load_network(pack.path / "networks" / network) if isinstance(network, str) else network
    ground = Ground(streets, name=pack.name, fictional=pack.fictional)
    warm_up()
    if PEOPLE in pack.held("points"):
        ground = add_people(ground, pack)
    if SITES in pack.held("points"):
        points = pack.places("points", SITES)
        sites = pd.DataFrame(
            {
                "name": points["name"].to_numpy(),
                "status": points["status"].str.strip().str.lower().to_numpy(),
                "x": points.geometry.x.to_numpy(),
                "y": points.geometry.y.to_numpy(),
            },
            index=pd.Index(points["id"].astype(str), name="id"),
        )
        ground = replace(ground, sites=sites)
    return ground


def add_people(ground: Ground, pack: Pack) -> Ground:
    """Put the people of a pack on the streets, with those whom it models and their draws."""
    people, draws = pack_demand(pack)
    people = people.rename(columns={"easting": "x", "northing": "y"})
    measures = tuple(str(one) for one in people if one not in (*PLACE_COLUMNS, "x", "y"))
    arrays = {name: frame.to_numpy(dtype=float) for name, frame in draws.items()}
    return replace(
        ground, people=people, measures=measures, draws=arrays, name=pack.name, fictional=pack.fictional,
        hide_up_to=largest_hidden(pack.manifest["settings"]),
    )  # fmt: skip


def answer_reach(
    ground: Ground,
    places: pd.DataFrame,
    *,
    limits: Sequence[float],
    unit: Unit = "minutes",
    profile: str = "walk",
    speed_kmh: float | None = None,
    trip: Trip = "out",
    skip_islands_below: float = 0.0,
    areas: bool = True,
    lines: bool = False,
) -> ReachAnswer:
    """Say which streets are within limits of places and how many people live within them.

    Parameters
    ----------
    ground
        Streets and people, as `open_ground` gives them.
    places
        One row a place with ``x`` and ``y`` (EPSG:27700), indexed by name.
    limits, unit, profile, speed_kmh, trip, skip_islands_below
        As `geo.reach.find_reach` takes them. People are those from whom the place is within reach where
        `trip` is ``in``, and those whom one gets to where it is ``out``.
    areas, lines
        Whether to draw the reach, and to give its streets.

    Returns
    -------
    ReachAnswer
        `ReachAnswer.geojson` is what a map takes.

    Raises
    ------
    geo.travel.ReachError, geo.network.ProfileError
        A limit, a speed, a place or a profile that cannot be.
    """
    how: dict[str, Any] = {
        "unit": unit,
        "profile": profile,
        "speed_kmh": speed_kmh,
        "skip_islands_below": skip_islands_below,
    }
    reach = find_reach(ground.network, places, limits=limits, trip=trip, **how)
    counted, notes = _count_around(ground, places, reach, trip, how)
    streets = reach_lines(reach) if areas or lines else None
    return ReachAnswer(
        reach,
        counted,
        draw_reach(reach, lines=streets) if areas else None,
        streets if lines else None,
        reach.said,
        (
            *say_fictional(ground),
            *notes,
            *say_speeds(ground.network, profile),
            *_say_islands(reach),
            *_say_nothing(reach),
        ),
    )


def _count_around(
    ground: Ground, places: pd.DataFrame, reach: Reach, trip: Trip, how: Mapping[str, Any]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if not len(ground.people) or not ground.measures:
        return pd.DataFrame(), ()
    costs, snap = measure_costs(
        ground.network, ground.people, places, limit=reach.limits[-1], trip=_TURNED[trip], **how
    )
    tables = []
    for origin, minutes in zip(reach.origins.index, costs.T, strict=True):
        table = count_near(ground, minutes, reach.limits)
        table.insert(0, "origin", origin)
        tables.append(table)
    lost = int(snap.flagged.sum())
    notes = [f"{lost} of {len(costs)} points where people live are over 250 m from any street."] * (lost > 0)
    if ground.modelled:
        notes.append(say_modelled(ground.modelled))
    return tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True), tuple(notes)


def count_near(ground: Ground, minutes: Floats, limits: Sequence[float]) -> pd.DataFrame:
    """Count who is within limits of somewhere, as it may be shown.

    Parameters
    ----------
    ground
        Who lives where.
    minutes
        Of every point where people live, in their order; infinite where there is no way.
    limits
        In the unit of `minutes`, included.

    Returns
    -------
    DataFrame
        ``measure, words, modelled, limit, within, low, high, total, share, status``: the 90 % range of a
        modelled measure is NaN for others. A modelled count is given to two significant figures and its
        share to whole per cents; one of 1 to the ground's `hide_up_to`, or of fewer than two points, is
        NaN with status ``suppressed``.
    """
    values = ground.people[list(ground.measures)].to_numpy(dtype=float)
    minutes = np.asarray(minutes, dtype=float)
    modelled = ground.modelled
    rows = []
    for limit in limits:
        near = np.isfinite(minutes) & (minutes <= limit)
        points = int(near.sum())
        for measure, column in zip(ground.measures, values.T, strict=True):
            within, total = float(column[near].sum()), float(column.sum())
            share = within / total if total > 0 else np.nan
            low = high = np.nan
            if measure in ground.draws:
                ends = np.quantile(ground.draws[measure][near].sum(axis=0), _RANGE)
                # A range of draws about a slightly different middle still holds the middle.
                low, high = min(float(ends[0]), within), max(float(ends[1]), within)
            if measure in modelled:
                within, low, high, total = (two_figures(one) for one in (within, low, high, total))
                share = round(share, 2)
            few = within > 0 and (
                round(within) <= ground.hide_up_to or (measure in modelled and points < FEWEST_PLACES)
            )
            if few:
                within = low = high = share = np.nan
            words = WORDS.get(measure, measure.replace("_", " "))
            status = "suppressed" if few else "ok"
            rows.append((measure, words, measure in modelled, limit, within, low, high, total, share, status))
    return pd.DataFrame(rows, columns=COUNTED)


def count_pairs(ground: Ground, pairs: Pairs, limits: Sequence[float]) -> pd.DataFrame:
    """Count who is within limits of any place, and of each, as it may be shown.

    Parameters
    ----------
    ground
        Who lives where.
    pairs
        From `ground.people` to the places, measured to the largest limit or further.
    limits
        In the unit of `pairs`, included.

    Returns
    -------
    DataFrame
        ``place`` (empty for any of them) and the columns of `count_near`.
    """
    costs = pairs.matrix().reindex(ground.people.index, fill_value=np.inf)
    every = {"": costs.min(axis=1), **{str(place): costs[place] for place in costs}}
    tables = []
    for place, minutes in every.items():
        table = count_near(ground, minutes.to_numpy(dtype=float), limits)
        table.insert(0, "place", place)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def count_groups(
    ground: Ground, pairs: Pairs, group: str, *, limit: float
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Count who is within a limit of any place by groups of people, as it may be shown.

    Parameters
    ----------
    ground
        Who lives where, with draws of what is modelled.
    pairs
        From `ground.people` to the places, measured to the limit or further.
    group
        Column of the people, such as ``imd_fifth``; points without one are in no group.
    limit
        In the unit of `pairs`, included.

    Returns
    -------
    tuple
        ``group`` and the columns of `count_near`; and for each modelled measure a sentence on the gap in
        share between the first group and the last, with its range. A group whose points are fewer than two,
        or all of one small area, shows no modelled figure: it would be that area's.
    """
    people = ground.people
    best = pairs.table.groupby("demand")["cost"].min().reindex(people.index, fill_value=np.inf)
    minutes = best.to_numpy(dtype=float)
    homes = people["lsoa" if "lsoa" in people else group].to_numpy()
    tables, gaps = [], []
    rows_of = {name: people.index.get_indexer(index) for name, index in people.groupby(group).groups.items()}
    for name, rows in rows_of.items():
        draws = {measure: values[rows] for measure, values in ground.draws.items()}
        part = replace(ground, people=people.iloc[rows], draws=draws)
        table = count_near(part, minutes[rows], [limit])
        if len(rows) < FEWEST_PLACES or ("lsoa" in people and len(set(homes[rows])) < FEWEST_PLACES):
            numbers = ["within", "low", "high", "total", "share"]
            table.loc[table["modelled"], numbers] = np.nan
            table.loc[table["modelled"], "status"] = "suppressed"
        table.insert(0, "group", name)
        tables.append(table)
    counted = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["group", *COUNTED])
    names = list(rows_of)
    for measure in [one for one in ground.measures if one in ground.draws] if len(names) > 1 else []:
        ends = counted[(counted["measure"] == measure) & counted["group"].isin([names[0], names[-1]])]
        if (ends["status"] != "ok").any():
            continue
        first, last = (
            _share_draws(ground.draws[measure][rows_of[one]], minutes[rows_of[one]] <= limit)
            for one in (names[0], names[-1])
        )
        low, middle, high = np.quantile(first - last, (_RANGE[0], 0.5, _RANGE[1]))
        gaps.append(
            f"{WORDS.get(measure, measure)}: the share of {group} {names[0]} less that of {names[-1]} is "
            f"{100 * middle:.0f} percentage points (90% range {100 * low:.0f} to {100 * high:.0f})."
        )
    return counted, tuple(gaps)


def _share_draws(draws: Floats, near: NDArray[np.bool_]) -> Floats:
    total = draws.sum(axis=0)
    return np.divide(draws[near].sum(axis=0), total, out=np.zeros(len(total)), where=total > 0)


def say_modelled(measures: Sequence[str]) -> str:
    """Say which measures are a model's estimate."""
    names = ", ".join(WORDS.get(one, one) for one in measures)
    return f"A model's estimate, with its 90% range: {names}."


def say_fictional(ground: Ground) -> tuple[str, ...]:
    """Say that nobody lives there, where that is so."""
    return (f"{ground.name}: fictional, made to show how this works.",) if ground.fictional else ()


def say_speeds(network: Network, profile: str) -> tuple[str, ...]:
    """Say how much of what judges traffic is not known, where a profile leans on it."""
    said = network.papers.get("speed limits", "")
    return (f"Speed limits are {said}.",) if said and profile == "cycle_calm" else ()


def _say_islands(reach: Reach) -> tuple[str, ...]:
    island = reach.origins["island"] > 0
    if not island.any():
        return ()
    first = reach.origins.index[island][0]
    size = reach.origins.loc[first, "island_metres"]
    return (f"{int(island.sum())} on streets joined to nothing else, such as {first} ({size:.0f} m).",)


def _say_nothing(reach: Reach) -> tuple[str, ...]:
    """Say why a place near a street reaches nothing: none leads on (or there) that may be used."""
    most = reach.summary[reach.summary["limit"] == reach.limits[-1]].set_index("origin")["metres"]
    pace = 1.0 if reach.travel.speed_kmh is None else reach.travel.speed_kmh / 0.06
    near = (reach.origins["edge"] >= 0) & (reach.origins["snap_metres"] < reach.limits[-1] * pace)
    stuck = reach.origins.index[near & (most.reindex(reach.origins.index) == 0)]
    if not len(stuck):
        return ()
    leads = {"out": "leads on from there", "in": "leads there", "return": "leads on from there and back"}
    said = (
        f"{len(stuck)} at the end of a one-way street, where no street that {reach.travel.profile} may use "
        f"{leads[reach.travel.trip]}, such as {stuck[0]}: nothing is reached."
    )
    return (said,)
