"""Fitting a shape to small areas, and summing figures over what it was fitted to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.crosswalk import Crosswalk, convert
from geo.geography import Geography
from geo.place import PUBLIC_HOUSEHOLDS, PUBLIC_RESIDENTS, Area, Place, Rule, TooSmallError
from geo.table import AreaTable


def fit_shape(
    shape: Any, place: Place, *, rule: Rule = "centre", covers: Callable[..., np.ndarray] | None = None
) -> tuple[pd.DataFrame, pd.Series[float], str, bool]:
    """Components of a shape: output areas where they are at hand, else shares of LSOAs.

    Returns
    -------
    tuple
        Components, LSOA shares, how they were chosen, and whether they are estimated.

    Raises
    ------
    TooSmallError
        It holds no output area.
    """

    def held(frame: pd.DataFrame) -> np.ndarray:
        x, y = frame["x"].to_numpy(dtype=float), frame["y"].to_numpy(dtype=float)
        if covers is not None:
            return np.asarray(covers(x, y), dtype=bool)
        shapely.prepare(shape)
        return np.asarray(shapely.intersects_xy(shape, x, y), dtype=bool)

    oas = place.output_areas
    codes = place.lsoa.code_column
    if oas is not None and rule == "centre":
        chosen = oas.index[held(oas)]
        if not len(chosen):
            raise TooSmallError(
                "the area holds the centre of no output area, the smallest that anything is published "
                "for; draw it "
                "larger, or take the LSOA around it"
            )
        method = f"output areas whose centre lies inside ({place.output_area_centres})"
        return *from_output_areas(chosen, place), method, False
    live = None if place.postcodes is None else place.postcodes.live.dropna(subset=["x", "y"])
    if live is not None:
        inside = held(live)
        if oas is not None and "OA21CD" in live:
            share = pd.Series(inside, index=live["OA21CD"].to_numpy()).groupby(level=0).mean()
            chosen = oas.index.intersection(share.index[share >= 0.5])
            if not len(chosen):
                raise TooSmallError(
                    f"the area holds half of the postcodes of no output area ({int(inside.sum())} "
                    "postcodes are "
                    f"inside); draw it larger, or take the LSOA around it"
                )
            return (
                *from_output_areas(chosen, place),
                "output areas with half or more of their postcodes inside",
                False,
            )
        shares = postcode_shares(live.assign(inside=inside), codes, place)
        method = f"shares of LSOAs by their postcodes ({place.postcodes.edition})" if place.postcodes else ""
        return *from_shares(shares, place), method, True
    lsoas = place.boundaries[place.lsoa.key].areas
    ground = shapely.area(shapely.intersection(lsoas.geometry.to_numpy(), shape)) / lsoas.area.to_numpy()
    shares = pd.Series(ground, index=lsoas.index)
    return *from_shares(shares, place), "shares of LSOAs by their ground", True


def sum_area(
    area: Area, table: AreaTable, weights_by: Mapping[str, pd.Series[float]] | None = None
) -> pd.DataFrame:
    """Figures of an area from a table on its LSOAs, each column as its measure allows.

    Returns
    -------
    DataFrame
        Indexed by column of the table: ``value``, ``status`` and ``basis`` (``apportioned`` where part of
        an LSOA was taken).

    Raises
    ------
    AggregationError
        A rank or a median, which areas made of several LSOAs do not have.
    """
    rows = [(code, "E05999901", share) for code, share in area.shares.items()]
    rows += [(code, "E05999902", 1.0 - share) for code, share in area.shares.items() if share < 1.0]
    weights = pd.DataFrame(rows, columns=["origin", "target", "weight"])
    whole = bool((area.shares >= 1.0).all())
    carrier = Crosswalk(table.geography, Geography("wd", 2025), weights, area.method, "", exact=whole)
    moved = convert(table.only(area.shares.index), carrier, weights_by=weights_by)
    return pd.DataFrame(
        {
            "value": moved.values.loc["E05999901"],
            "status": moved.status.loc["E05999901"],
            "basis": [column.basis for column in moved.columns.values()],
        }
    )


def area_id(components: pd.DataFrame) -> str:
    """Give an area an identifier from what it is made of, the same for any drawing with these parts."""
    rows = sorted(zip(components["geography"], components["code"], components["share"], strict=True))
    text = ";".join(f"{geography}:{code}={share:.4f}" for geography, code, share in rows)
    return f"area-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def from_output_areas(chosen: pd.Index[str], place: Place) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Give components and LSOA shares of whole output areas."""
    oas = place.output_areas
    assert oas is not None
    inside = oas.loc[chosen].groupby("lsoa")["residents"].sum()
    total = oas.groupby("lsoa")["residents"].sum()
    count_in, count = oas.loc[chosen].groupby("lsoa").size(), oas.groupby("lsoa").size()
    share = (inside / total.reindex(inside.index)).where(total.reindex(inside.index) > 0)
    shares = share.fillna(count_in / count.reindex(count_in.index)).sort_index()
    # Sums of the same parts in two orders differ in their last digit: a whole LSOA is exactly 1.
    shares = shares.round(9).clip(upper=1.0)
    frame = pd.DataFrame({"geography": "oa21", "code": sorted(chosen), "share": 1.0})
    return frame, shares


def postcode_shares(live: pd.DataFrame, column: str, place: Place) -> pd.Series[float]:
    """Give the share of each LSOA's postcodes that are marked ``inside``."""
    shares = live[live[column].isin(place.people.index)].groupby(column)["inside"].mean()
    return shares.astype(float)


def from_shares(
    shares: pd.Series[float], place: Place, *, smallest: bool = True
) -> tuple[pd.DataFrame, pd.Series[float]]:
    """Give components and LSOA shares of parts of LSOAs, refusing less than an output area.

    Raises
    ------
    TooSmallError
        Fewer residents or households than the smallest output area; not where `smallest` is False.
    """
    # A share that rounds to nothing is an outline's error, not a resident.
    kept = shares[shares > 5e-4].clip(upper=1.0).round(6).sort_index()
    people = place.people.reindex(kept.index)
    residents, households = (kept * people["residents"]).sum(), (kept * people["households"]).sum()
    if smallest and (residents < PUBLIC_RESIDENTS or households < PUBLIC_HOUSEHOLDS):
        raise TooSmallError(
            f"the area holds about {residents:.0f} residents in {households:.0f} households, fewer than "
            "one output "
            f"area ({PUBLIC_RESIDENTS} and {PUBLIC_HOUSEHOLDS}); draw it larger, or take the LSOA around it"
        )
    frame = pd.DataFrame({"geography": place.lsoa.key, "code": kept.index, "share": kept.to_numpy()})
    return frame, kept


def count_people(components: pd.DataFrame, place: Place) -> tuple[float, float]:
    """Count residents and households of components."""
    fine = components["geography"].iloc[0] == "oa21" and place.output_areas is not None
    held = place.output_areas if fine else place.people
    assert held is not None
    rows = held.reindex(components["code"])
    share = components["share"].to_numpy()
    return float((rows["residents"].to_numpy() * share).sum()), float(
        (rows["households"].to_numpy() * share).sum()
    )
