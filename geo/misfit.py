"""Plain best fit, and how many people it puts in the wrong place.

Best fit gives each area whole to one target. It is what most published ward figures rest on, and it
is kept here to be measured: the *misfit* of a target is the share of its people who live in an area
that best fit counts elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import shapely

from geo.boundaries import Boundaries
from geo.crosswalk import Crosswalk, UnmatchedCodeError
from geo.geography import Geography


def population_centroids(
    units: pd.DataFrame, geography: Geography, *, count: str | None = None, x: str = "x", y: str = "y"
) -> pd.DataFrame:
    """Population-weighted centroid of each area, from the points of its units.

    Parameters
    ----------
    units
        A row for each unit, with the area's code column, coordinates in metres (EPSG:27700) and
        `count`.
    geography
        The areas.
    count
        Column of people; each unit counts once if left out.
    x, y
        Columns of easting and northing.

    Returns
    -------
    DataFrame
        Columns ``x`` and ``y``, indexed by code: the mean place of the residents.
    """
    weight = np.ones(len(units)) if count is None else units[count].to_numpy(dtype=float)
    frame = pd.DataFrame({"code": units[geography.code_column].to_numpy(), "w": weight})
    empty = frame.groupby("code")["w"].transform("sum") == 0
    frame["w"] = frame["w"].where(~empty, 1.0)
    frame["x"] = units[x].to_numpy(dtype=float) * frame["w"]
    frame["y"] = units[y].to_numpy(dtype=float) * frame["w"]
    sums = frame.groupby("code").sum()
    return pd.DataFrame({"x": sums["x"] / sums["w"], "y": sums["y"] / sums["w"]})


def best_fit(centroids: pd.DataFrame, origin: Geography, targets: Boundaries) -> Crosswalk:
    """Plain best fit: each area whole to the target that holds its centroid.

    Parameters
    ----------
    centroids
        Columns ``x``, ``y`` in EPSG:27700, indexed by code: population-weighted for ONS's rule.
    origin
        The areas of the centroids.
    targets
        Boundaries to fit them to. A centroid on an edge or outside all goes to the nearest, the
        lower code first.
    """
    points = shapely.points(centroids[["x", "y"]].to_numpy(dtype=float))
    shapes = targets.areas.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    row, column = tree.query_nearest(points, all_matches=True)
    first = pd.Series(column).groupby(row).min()
    frame = pd.DataFrame(
        {
            "origin": centroids.index.to_numpy()[first.index],
            "target": targets.codes.to_numpy()[first.to_numpy()],
            "weight": 1.0,
        }
    )
    return Crosswalk(origin, targets.geography, frame, "best fit by centroid", "whole areas")


def largest_share(crosswalk: Crosswalk) -> Crosswalk:
    """Plain best fit from weights: each area whole to the target with its largest share, ties by code."""
    ordered = crosswalk.weights.sort_values(["origin", "weight", "target"], ascending=[True, False, True])
    pairs = ordered.drop_duplicates("origin")[["origin", "target"]].assign(weight=1.0)
    return Crosswalk(
        crosswalk.origin,
        crosswalk.target,
        pairs.reset_index(drop=True),
        "best fit by largest share",
        "whole areas",
    )


def measure_misfit(fine: Crosswalk, best: Crosswalk, sizes: pd.Series[float]) -> pd.DataFrame:
    """Error of plain best fit, target by target.

    Parameters
    ----------
    fine
        Where the people of each origin truly live, as well as is known.
    best
        Where best fit puts them.
    sizes
        Origin code -> people (or postcodes).

    Returns
    -------
    DataFrame
        Indexed by target: ``true`` and ``fitted`` (people), ``lost`` (people of the target that best
        fit puts elsewhere), ``lost_share`` (of `true`), ``gained`` (people it takes from elsewhere)
        and ``net`` (`fitted` over `true`, less one).
    """
    both = fine.weights.merge(best.weights, on="origin", suffixes=("", "_best"))
    people = both["origin"].map(sizes)
    if people.isna().any():
        raise UnmatchedCodeError(
            f"sizes hold no number for {both.loc[people.isna().idxmax(), 'origin']} ({fine.origin.key})"
        )
    absent = set(fine.weights["origin"]) - set(best.weights["origin"])
    if absent:
        raise UnmatchedCodeError(
            f"{sorted(absent)[0]} ({fine.origin.key}) has no best fit in {best.target.key}"
        )
    both["people"] = people * both["weight"] * both["weight_best"]
    true = both.groupby("target")["people"].sum()
    fitted = both.groupby("target_best")["people"].sum()
    moved = both[both["target"] != both["target_best"]]
    index = true.index.union(fitted.index).rename("target")
    frame = pd.DataFrame(
        {
            "true": true.reindex(index, fill_value=0.0),
            "fitted": fitted.reindex(index, fill_value=0.0),
            "lost": moved.groupby("target")["people"].sum().reindex(index, fill_value=0.0),
            "gained": moved.groupby("target_best")["people"].sum().reindex(index, fill_value=0.0),
        }
    )
    frame["lost_share"] = frame["lost"] / frame["true"].where(frame["true"] > 0)
    frame["net"] = frame["fitted"] / frame["true"].where(frame["true"] > 0) - 1
    return frame[["true", "fitted", "lost", "lost_share", "gained", "net"]]


def with_misfit(crosswalk: Crosswalk, *, best: Crosswalk | None, sizes: pd.Series[float]) -> Crosswalk:
    """Fill a crosswalk's `misfit` and `gained` by measuring plain best fit against it."""
    measured = measure_misfit(crosswalk, best if best is not None else largest_share(crosswalk), sizes)
    lost = measured["lost_share"].fillna(0.0)
    gained = (measured["gained"] / measured["true"].where(measured["true"] > 0)).dropna()
    return replace(
        crosswalk,
        misfit={str(code): float(share) for code, share in lost.items()},
        gained={str(code): float(share) for code, share in gained.items()},
    )


def misfit_sentence(
    code: str, name: str, misfit: Mapping[str, float], unit: Literal["people", "postcodes"]
) -> str:
    """Say a target's misfit in words, for the page."""
    share = misfit.get(code)
    if share is None:
        return f"How well whole LSOAs fit {name} was not measured."
    if share < 0.005:
        return f"Whole LSOAs fit {name}: fewer than 1 in 200 of its {unit} fall in an LSOA counted elsewhere."
    return f"Built from whole LSOAs, {name} would lose {share:.0%} of its {unit} to other wards."
