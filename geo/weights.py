"""Making crosswalks: from look-ups, from output areas, from postcodes or addresses, from shapes.

What is finer is better. Where small units (output areas, postcodes, addresses) are at hand that lie
in one area of each geography, an area is shared out as its units are; where they are not, its shape
is. Plain best fit, which gives each area whole to one target, is here as well, because others use it
and because its error, the *misfit*, is printed beside what we do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
import shapely

from geo.boundaries import Boundaries
from geo.crosswalk import Crosswalk, CrosswalkError, UnmatchedCodeError, nested
from geo.geography import Geography

#: Overlaps smaller than this share of an area come from the generalising of outlines
#: (20 m in the files ONS calls BGC), not from where people live.
SLIVER = 0.01
#: What the change indicator of the ONS exact-fit look-up says.
CHANGES: dict[str, str] = {"U": "unchanged", "S": "split", "M": "merged", "X": "complex"}


class LookupTableError(CrosswalkError):
    """A look-up contradicts itself: an indicator that its own rows do not bear out, or a gap."""


@dataclass(frozen=True)
class ChangeCounts:
    """How many areas of the older geography changed, and into how many of the newer.

    Parameters
    ----------
    unchanged, split, merged, complex
        Areas of the older geography.
    split_into, merged_into, complex_into
        Areas of the newer that came of them.
    """

    unchanged: int
    split: int
    split_into: int
    merged: int
    merged_into: int
    complex: int
    complex_into: int


def change_counts(
    lookup: pd.DataFrame, origin: Geography, target: Geography, *, indicator: str = "CHGIND"
) -> ChangeCounts:
    """Count the changes between two vintages, holding the indicator against the rows themselves.

    Parameters
    ----------
    lookup
        As ONS publishes it: code columns of both geographies and the indicator U, S, M or X.
    origin, target
        The older and the newer geography.
    indicator
        Name of the column with the indicator.

    Raises
    ------
    LookupTableError
        A row says U, S, M or X where the rows together show something else.
    """
    old, new = origin.code_column, target.code_column
    _need(lookup, (old, new, indicator))
    per_old = lookup.groupby(old)[new].transform("nunique")
    per_new = lookup.groupby(new)[old].transform("nunique")
    # A complex change is a cluster: all that can be reached from one another, where something both
    # splits and merges. Rows of such a cluster may look like a plain split or merger on their own.
    cluster = _clusters(lookup[old], lookup[new])
    splits = (per_old > 1).groupby(cluster).transform("any")
    merges = (per_new > 1).groupby(cluster).transform("any")
    seen = np.select([splits & merges, splits, merges], ["X", "S", "M"], "U")
    wrong = lookup[indicator].to_numpy() != seen
    if wrong.any():
        row, shown = lookup[wrong].iloc[0], CHANGES[seen[np.flatnonzero(wrong)[0]]]
        said = CHANGES.get(str(row[indicator]), row[indicator])
        raise LookupTableError(
            f"the look-up calls {row[old]} to {row[new]} {said}, but its own rows show {shown}; "
            f"the file may be cut: take it whole"
        )

    def count(what: str, column: str) -> int:
        return int(lookup.loc[lookup[indicator] == what, column].nunique())

    return ChangeCounts(
        count("U", old), count("S", old), count("S", new), count("M", old), count("M", new), count("X", old),
        count("X", new),
    )  # fmt: skip


def exact_lookup(
    lookup: pd.DataFrame,
    origin: Geography,
    target: Geography,
    *,
    residents: pd.Series[float] | None = None,
    overlaps: pd.DataFrame | None = None,
    method: str = "ONS exact look-up",
) -> Crosswalk:
    """Crosswalk from the rows of a look-up between vintages, either way round, none dropped.

    Parameters
    ----------
    lookup
        Code columns of both geographies, a row for each pair that shares ground.
    origin, target
        Direction of the crosswalk; the look-up may have been published for the other.
    residents
        Target code -> people (or households) in it, which weigh the parts of a split area.
    overlaps
        Columns ``origin``, ``target``, ``share``: share of the *target's* ground in the origin, for a
        target that several origins share (the six complex changes); from `ground_shares`.
    method
        Where the look-up comes from.

    Returns
    -------
    Crosswalk
        Each part of a split area weighs as its residents; of a target that several share, each takes
        its ground's share, or equal shares where `overlaps` is not given (`notes` says so). `exact`
        where nothing is split.

    Raises
    ------
    LookupTableError
        An area is split and no residents are given, or a target has none.
    """
    pairs = _pairs(lookup, origin, target)
    parts = pairs.groupby("origin")["target"].transform("size")
    shared = pairs.groupby("target")["origin"].transform("size")
    notes: list[str] = []
    split = parts > 1
    if not split.any():
        return Crosswalk(origin, target, pairs.assign(weight=1.0), method, "exact", exact=True)
    if residents is None:
        raise LookupTableError(
            f"{pairs.loc[split.idxmax(), 'origin']} ({origin.key}) is split in {target.key}; give residents "
            f"by {target.key} to weigh its parts"
        )
    people = pairs["target"].map(residents)
    if people[split].isna().any():
        code = pairs.loc[people[split].isna().idxmax(), "target"]
        raise LookupTableError(
            f"residents hold no number for {code} ({target.key}); give all of {target.key}"
        )
    ground = 1.0 / shared.to_numpy(dtype=float)
    both = (split & (shared > 1)).to_numpy()
    if overlaps is not None:
        known = overlaps.set_index(["origin", "target"])["share"]
        found = known.reindex(pd.MultiIndex.from_frame(pairs[["origin", "target"]])).to_numpy()
        # A pair the look-up names but the outlines do not show keeps nothing rather than a guess.
        ground = np.where(shared.to_numpy() > 1, np.nan_to_num(found), ground)
    touched = pairs["origin"].isin(pairs.loc[both, "origin"])
    if touched.any():
        how = "by the ground they share" if overlaps is not None else "in equal shares"
        notes.append(
            f"{pairs.loc[touched, 'origin'].nunique()} areas changed in a complex way "
            f"({origin.key} to {target.key}); {target.key} areas they share were divided {how}"
        )
    weight = people.to_numpy(dtype=float) * ground
    total = pd.Series(weight).groupby(pairs["origin"].to_numpy()).transform("sum").to_numpy()
    empty = split.to_numpy() & (total == 0)
    weight = np.where(empty, ground, weight)
    total = pd.Series(weight).groupby(pairs["origin"].to_numpy()).transform("sum").to_numpy()
    weight = np.where(split, weight / np.where(total > 0, total, 1.0), 1.0)
    pairs = pairs.assign(weight=weight)
    return Crosswalk(
        origin, target, pairs[pairs["weight"] > 0].reset_index(drop=True), method,
        f"residents of {target.key}", notes=tuple(notes),
    )  # fmt: skip


def lookup_fit(
    lookup: pd.DataFrame, origin: Geography, target: Geography, *, method: str = "ONS best-fit look-up"
) -> Crosswalk:
    """Crosswalk from a published look-up that names one target for each origin.

    Raises
    ------
    LookupTableError
        An origin has two targets.
    """
    pairs = _pairs(lookup, origin, target)
    twice = pairs["origin"].duplicated()
    if twice.any():
        raise LookupTableError(
            f"{pairs.loc[twice.idxmax(), 'origin']} has more than one {target.key} in the look-up; "
            f"use exact_lookup for a look-up of parts"
        )
    fit = nested(origin, target, dict(zip(pairs["origin"], pairs["target"], strict=True)), method=method)
    return replace(fit, exact=False, weight_source="whole areas")


def unit_weights(
    units: pd.DataFrame,
    origin: Geography,
    target: Geography,
    *,
    source: str,
    method: str,
    count: str | None = None,
    best: Crosswalk | None = None,
    residents: pd.Series[float] | None = None,
) -> Crosswalk:
    """Share each area out as its smaller units lie: the rule behind every dasymetric crosswalk.

    Parameters
    ----------
    units
        A row for each unit (output area, postcode, address), with the code columns of both
        geographies; a unit without either code is refused.
    origin, target
        The two geographies.
    source
        What was counted, for `weight_source`.
    method
        For `method`.
    count
        Column to weigh the units by, such as residents; each counts once if left out.
    best
        Plain best fit, against which the misfit is measured; if left out, each origin's largest
        share is taken for it.
    residents
        Origin code -> people, for the misfit; the units' own weights if left out.

    Returns
    -------
    Crosswalk
        With `misfit` filled. An origin whose units all weigh nothing is shared by their number.

    Raises
    ------
    UnmatchedCodeError
        A unit lacks a code.
    """
    old, new = origin.code_column, target.code_column
    _need(units, (old, new))
    lost = units[old].isna() | units[new].isna() | (units[old] == "") | (units[new] == "")
    if lost.any():
        raise UnmatchedCodeError(
            f"{int(lost.sum())} of {len(units)} units of {source} have no {old} or no {new} (the first is "
            f"row {int(np.flatnonzero(lost.to_numpy())[0]) + 1}); place them first, or leave them out"
        )
    weight = np.ones(len(units)) if count is None else units[count].to_numpy(dtype=float)
    frame = pd.DataFrame({"origin": units[old].to_numpy(), "target": units[new].to_numpy(), "weight": weight})
    total = frame.groupby("origin")["weight"].transform("sum")
    frame["weight"] = frame["weight"].where(total > 0, 1.0)
    sums = frame.groupby(["origin", "target"], as_index=False)["weight"].sum()
    size = sums.groupby("origin")["weight"].sum()
    sums["weight"] = sums["weight"] / sums["origin"].map(size)
    made = Crosswalk(origin, target, sums[sums["weight"] > 0].reset_index(drop=True), method, source)
    return with_misfit(made, best=best, sizes=size if residents is None else residents)


def postcode_weights(
    postcodes: pd.DataFrame,
    origin: Geography,
    target: Geography,
    *,
    source: str = "unit postcodes",
    count: str | None = None,
    best: Crosswalk | None = None,
    residents: pd.Series[float] | None = None,
) -> Crosswalk:
    """Share each area out as its postcodes (or addresses) lie; see `unit_weights`."""
    method = "postcodes, dasymetric" if count is None else f"postcodes by {count}, dasymetric"
    return unit_weights(
        postcodes, origin, target, source=source, method=method, count=count, best=best, residents=residents
    )


def oa_weights(
    output_areas: pd.DataFrame,
    origin: Geography,
    target: Geography,
    *,
    count: str,
    source: str = "residents of output areas",
    best: Crosswalk | None = None,
) -> Crosswalk:
    """Share each area out as the residents of its output areas lie; see `unit_weights`."""
    return unit_weights(
        output_areas, origin, target, source=source, method="output areas, dasymetric", count=count, best=best
    )


def ground_shares(origins: Boundaries, targets: Boundaries) -> pd.DataFrame:
    """Shares of ground of every pair of areas that overlap.

    Returns
    -------
    DataFrame
        Columns ``origin``, ``target``, ``area`` (square metres), ``of_origin`` and ``share`` (of the
        origin's and of the target's ground, 0 to 1), sorted by code.
    """
    left, right = origins.areas.geometry.to_numpy(), targets.areas.geometry.to_numpy()
    row, column = shapely.STRtree(right).query(left, predicate="intersects")
    ground = shapely.area(shapely.intersection(left[row], right[column]))
    kept = ground > 0
    row, column, ground = row[kept], column[kept], ground[kept]
    frame = pd.DataFrame(
        {
            "origin": origins.codes.to_numpy()[row],
            "target": targets.codes.to_numpy()[column],
            "area": ground,
            "of_origin": ground / shapely.area(left)[row],
            "share": ground / shapely.area(right)[column],
        }
    )
    return frame.sort_values(["origin", "target"], ignore_index=True)


def area_weights(
    origins: Boundaries,
    targets: Boundaries,
    *,
    sliver: float = SLIVER,
    best: Crosswalk | None = None,
    residents: pd.Series[float] | None = None,
) -> Crosswalk:
    """Share each area out as its ground lies: the last resort, where no smaller unit is at hand.

    Parameters
    ----------
    origins, targets
        Boundaries of the two geographies.
    sliver
        Overlaps under this share of the origin are left out and the rest scaled up; 0 keeps all.
    best, residents
        As in `unit_weights`.

    Raises
    ------
    UnmatchedCodeError
        An origin touches no target.
    """
    shares = ground_shares(origins, targets)
    widest = shares.groupby("origin")["of_origin"].transform("max")
    shares = shares[(shares["of_origin"] >= sliver) | (shares["of_origin"] == widest)]
    alone = sorted(set(origins.codes) - set(shares["origin"]))
    if alone:
        raise UnmatchedCodeError(
            f"{alone[0]} ({origins.geography.key}) touches no area of {targets.geography.key}"
            f"{f' (and {len(alone) - 1} more)' if len(alone) > 1 else ''}; give boundaries of the same place"
        )
    total = shares.groupby("origin")["area"].transform("sum")
    frame = shares.assign(weight=shares["area"] / total)[["origin", "target", "weight"]]
    made = Crosswalk(
        origins.geography, targets.geography, frame.reset_index(drop=True), "share of ground",
        f"areas of {origins.file or origins.geography.key} and {targets.file or targets.geography.key}",
        notes=("people were taken to live evenly over each area's ground: approximate",),
    )  # fmt: skip
    sizes = pd.Series(1.0, index=origins.codes) if residents is None else residents
    return with_misfit(made, best=best, sizes=sizes)


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
    """Fill a crosswalk's `misfit` by measuring plain best fit against it."""
    measured = measure_misfit(crosswalk, best if best is not None else largest_share(crosswalk), sizes)
    shares = measured["lost_share"].fillna(0.0)
    return replace(crosswalk, misfit={str(code): float(share) for code, share in shares.items()})


def derive_membership(
    origins: Boundaries,
    targets: Boundaries,
    *,
    lookup: Crosswalk | None = None,
    units: pd.DataFrame | None = None,
    source: str = "unit postcodes",
    residents: pd.Series[float] | None = None,
) -> Crosswalk:
    """Crosswalk by the finest means at hand, for boundaries whose look-up is of another year.

    Parameters
    ----------
    origins, targets
        Boundaries of the two geographies.
    lookup
        A published best fit, used for the misfit only, and only where every target it names is in
        `targets`: a look-up of one year says nothing sure about boundaries of another.
    units
        Postcodes with the code columns of both geographies; origins without any are shared by ground.
    source
        What the units are.
    residents
        Origin code -> people.

    Returns
    -------
    Crosswalk
        `notes` says how membership was found and what of the look-up did not fit.
    """
    notes: list[str] = []
    best = None
    if lookup is not None:
        relevant = lookup.weights[lookup.weights["origin"].isin(set(origins.codes))]
        stale = sorted(set(relevant["target"]) - set(targets.codes))
        absent = set(origins.codes) - set(relevant["origin"])
        if lookup.target != targets.geography:
            notes.append(
                f"the look-up is of {lookup.target.label}, the boundaries of {targets.geography.label}: "
                f"membership was derived by geometry and weights"
            )
        if stale:
            notes.append(
                f"{len(stale)} codes of the look-up ({stale[0]} first) have no boundary in "
                f"{targets.geography.key}, so it was not used"
            )
        elif not absent:
            best = replace(lookup, target=targets.geography)
    by_ground = area_weights(origins, targets, best=best, residents=residents)
    if units is None or units.empty:
        return replace(by_ground, notes=(*notes, *by_ground.notes))
    column = origins.geography.code_column
    held = units[units[column].isin(set(origins.codes))]
    fine = unit_weights(
        held, origins.geography, targets.geography, source=source, method=f"{source}, dasymetric"
    )
    without = sorted(set(origins.codes) - set(fine.weights["origin"]))
    weights = fine.weights
    if without:
        notes.append(f"{len(without)} areas without {source} ({without[0]} first) were shared out by ground")
        rest = by_ground.weights[by_ground.weights["origin"].isin(set(without))]
        weights = pd.concat([weights, rest], ignore_index=True)
    sizes = held.groupby(column).size().astype(float).reindex(origins.codes, fill_value=0.0)
    made = replace(fine, weights=weights, notes=tuple(notes))
    return with_misfit(made, best=best, sizes=sizes if residents is None else residents)


def allocate_integers(shares: pd.Series[float], total: int) -> pd.Series[int]:
    """Share out whole units so that not one is lost, by largest remainder.

    Parameters
    ----------
    shares
        Not negative, any scale, indexed by code.
    total
        Whole units to share out.

    Returns
    -------
    Series of int
        Same index and order, summing to `total`, each within one of its exact share. The outcome does
        not depend on the order of rows: of equal remainders, the lower code is served first.

    Raises
    ------
    CrosswalkError
        A share is negative or missing, or all are zero while there is something to share.
    """
    values = shares.to_numpy(dtype=float)
    if np.isnan(values).any() or (values < 0).any() or total < 0:
        raise CrosswalkError("whole units are shared out by shares that are known and not negative")
    if values.sum() == 0:
        if total:
            raise CrosswalkError(
                f"{total} units cannot be shared out over areas that all have a share of zero"
            )
        return pd.Series(0, index=shares.index, dtype="int64")
    # The sum is taken in the order of codes, so that rounding cannot depend on the order of rows.
    order = np.argsort(shares.index.to_numpy().astype(str), kind="stable")
    exact = values / values[order].sum() * total
    whole = np.floor(exact + 1e-9).astype(np.int64)
    left = int(total - whole.sum())
    remainder = np.round(exact - whole, 9)
    queue = order[np.argsort(-remainder[order], kind="stable")]
    if left > 0:
        whole[queue[:left]] += 1
    elif left < 0:
        taken = [row for row in queue[::-1] if whole[row] > 0][:-left]
        whole[taken] -= 1
    return pd.Series(whole, index=shares.index, dtype="int64")


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


def _pairs(lookup: pd.DataFrame, origin: Geography, target: Geography) -> pd.DataFrame:
    _need(lookup, (origin.code_column, target.code_column))
    pairs = lookup[[origin.code_column, target.code_column]].drop_duplicates()
    pairs = pairs.set_axis(["origin", "target"], axis=1)
    return pairs.sort_values(["origin", "target"], ignore_index=True)


def _need(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for name in columns:
        if name not in frame.columns:
            raise LookupTableError(
                f"the look-up has no column {name} (found {', '.join(map(str, frame.columns[:8]))}); "
                f"take the look-up of that vintage"
            )


def _clusters(old: pd.Series[str], new: pd.Series[str]) -> np.ndarray:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left, left_names = pd.factorize(old)
    right, right_names = pd.factorize(new)
    size = len(left_names) + len(right_names)
    graph = coo_matrix((np.ones(len(left)), (left, right + len(left_names))), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][left])
