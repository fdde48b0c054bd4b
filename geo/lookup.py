"""Crosswalks from published look-ups: exact ones, with every kind of change, and best fit.

An exact look-up between vintages has a row for each pair of areas that share ground. Areas that stay
or merge carry whole; areas that split are weighed by the people of their parts; the few that do both
at once (complex changes) are kept too, and what had to be decided about them is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geo.crosswalk import Crosswalk, CrosswalkError, nested
from geo.geography import Geography

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
    need_columns(lookup, (old, new, indicator))
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


def _pairs(lookup: pd.DataFrame, origin: Geography, target: Geography) -> pd.DataFrame:
    need_columns(lookup, (origin.code_column, target.code_column))
    pairs = lookup[[origin.code_column, target.code_column]].drop_duplicates()
    pairs = pairs.set_axis(["origin", "target"], axis=1)
    return pairs.sort_values(["origin", "target"], ignore_index=True)


def need_columns(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Refuse a look-up that lacks a column, naming it."""
    for name in columns:
        if name not in frame.columns:
            raise LookupTableError(
                f"the look-up has no column {name} (found {', '.join(map(str, frame.columns[:8]))}); "
                f"take the look-up of that vintage"
            )


def _clusters(old: pd.Series[str], new: pd.Series[str]) -> np.ndarray:
    left, left_names = pd.factorize(old)
    right, right_names = pd.factorize(new)
    size = len(left_names) + len(right_names)
    graph = coo_matrix((np.ones(len(left)), (left, right + len(left_names))), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][left])
