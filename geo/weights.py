"""Making crosswalks from what is finer: output areas, postcodes or addresses, else from shapes.

What is finer is better. Where small units (output areas, postcodes, addresses) are at hand that lie
in one area of each geography, an area is shared out as its units are; where they are not, its shape
is. Look-ups as they are published are in `geo.lookup`; plain best fit, and its error, in `geo.misfit`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from geo.boundaries import Boundaries
from geo.crosswalk import Crosswalk, UnmatchedCodeError
from geo.geography import Geography
from geo.interpolation import overlap_areas
from geo.lookup import need_columns
from geo.misfit import with_misfit

#: Overlaps smaller than this share of an area come from the generalising of outlines
#: (20 m in the files ONS calls BGC), not from where people live.
SLIVER = 0.01


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
    need_columns(units, (old, new))
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
    found = overlap_areas(left, right)
    row, column, ground = found.left, found.right, found.ground
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
