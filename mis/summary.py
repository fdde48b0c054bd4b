"""Figures from draws: sums for larger areas, then medians, ranges, probabilities and ranks.

Areas are added draw by draw and quantiles are taken last. Medians and ranges are never added: the
areas of a town share errors, and the sum of their ranges is not the range of their sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.crosswalk import Crosswalk, CrosswalkError, UnmatchedCodeError
from geo.errors import UserError
from geo.figures import tidy_figures
from mis.estimate import ShortfallEstimate
from mis.summary_figures import FIGURES, FLOORS, GRADED

Floats = NDArray[np.float64]

INTERVAL = "90 % model"
SOURCE = "mis_model"
_LOW, _HIGH = 0.05, 0.95
_RELIABILITY = ((0.15, "A"), (0.25, "B"))
#: Among fewer areas than this a rank says nothing, and one area is never above itself.
_FEWEST_COMPARED = 5
_FLOOR_PEOPLE, _FLOOR_HOUSEHOLDS = 1000, 400


class FloorError(UserError, ValueError):
    """An area is too small for its figures to be published."""


def aggregate(estimate: ShortfallEstimate, crosswalk: Crosswalk) -> ShortfallEstimate:
    """Carry an estimate to another geography, draw by draw.

    Parameters
    ----------
    estimate
        On ``crosswalk.origin``.
    crosswalk
        Shares of people, from output areas or postcodes; for wards never a best fit of LSOAs.

    Returns
    -------
    ShortfallEstimate
        On ``crosswalk.target``, sorted by code; sums over all areas are kept in every draw.

    Raises
    ------
    CrosswalkError
        The crosswalk does not start from the estimate's geography.
    UnmatchedCodeError
        An area of the estimate is not in the crosswalk.
    """
    if crosswalk.origin != estimate.geography:
        raise CrosswalkError(
            f"the estimate is on {estimate.geography.key}, but the crosswalk starts from "
            f"{crosswalk.origin.key}; take one from {estimate.geography.key}"
        )
    weights = crosswalk.weights[crosswalk.weights["origin"].isin(set(estimate.codes))]
    absent = estimate.codes.difference(pd.Index(weights["origin"]), sort=False)
    if len(absent):
        raise UnmatchedCodeError(
            f"{absent[0]} ({estimate.geography.key}, and {len(absent) - 1} more) is not in the crosswalk "
            f"to {crosswalk.target.key}; extend it, or people would be lost"
        )
    targets = pd.Index(sorted(set(weights["target"])))
    row = estimate.codes.get_indexer(pd.Index(weights["origin"]))
    column = targets.get_indexer(pd.Index(weights["target"]))
    share = weights["weight"].to_numpy(dtype=float)
    draws = {}
    for name, values in estimate.draws.items():
        total = np.zeros((len(targets), values.shape[1]))
        np.add.at(total, column, values[row].astype(np.float64) * share[:, None])
        draws[name] = total.astype(np.float32)
    residents = np.zeros(len(targets))
    np.add.at(residents, column, estimate.residents[row] * share)
    # A target's district is that of most of its people; a target may be a district itself.
    heaviest = weights.assign(people=estimate.residents[row] * share).sort_values("people")
    parents = {
        str(target): estimate.parents[str(origin)]
        for origin, target in zip(heaviest["origin"], heaviest["target"], strict=True)
    }
    note = f"carried from {crosswalk.label}, draw by draw"
    return replace(
        estimate,
        geography=crosswalk.target,
        codes=targets,
        draws=draws,
        residents=residents,
        anchor=np.full(0, np.nan),
        parents=parents,
        notes=(*estimate.notes, note),
        state=None,
    )


def total_of(estimate: ShortfallEstimate, quantity: str, *, codes: list[str] | None = None) -> Floats:
    """Sum of a quantity over areas, in every draw, shape (draw,).

    Parameters
    ----------
    quantity
        One of `mis.shortfall.QUANTITIES`.
    codes
        Areas to add; all of them if left out.
    """
    values = estimate.draws[quantity]
    if codes is not None:
        values = values[estimate.codes.get_indexer(pd.Index(codes))]
    return np.asarray(values.astype(np.float64).sum(axis=0))


def summarise(estimate: ShortfallEstimate, *, authority: str) -> pd.DataFrame:
    """Figures of every area: median, 90 % range, probabilities and ranks.

    Parameters
    ----------
    estimate
        On any geography.
    authority
        Code of the district whose figure areas are held against, and among whose areas the worst fifth
        and the ranks are taken. Areas of other districts are left out.

    Returns
    -------
    DataFrame
        Columns as `geo.figures.FIGURE_COLUMNS`; all ``basis`` is ``modelled``. Figures that may not be
        published on this geography are there with their ``floor`` (below half of the line and FGT2:
        wards and above; total pounds a week: officer editions below wards). A rank of 1 is the
        highest share; ranks and probabilities are left out where fewer than five areas are compared, as
        for the district itself. Reliability is that of each share by its own width, where a band of the
        line is no surer than the whole line; a number has the class of its share, and what is not a
        share that of the people below. A mean in pounds has no ``count``: beside its base that would
        be the total, which has a floor of its own. Areas without residents of private households are
        ``not_applicable``.

    Raises
    ------
    UnmatchedCodeError
        The authority has no area in the estimate.
    """
    inside = np.array([estimate.parents[str(code)] == authority for code in estimate.codes])
    if not inside.any():
        covered = ", ".join(sorted(set(estimate.parents.values())))
        raise UnmatchedCodeError(f"{authority} has no area in this estimate; it covers {covered}")
    codes = estimate.codes[inside]
    draws = {name: values[inside].astype(np.float64) for name, values in estimate.draws.items()}
    rows = _figure_rows(codes, draws)
    share = _share(draws)
    if np.isfinite(share).all(axis=1).sum() >= _FEWEST_COMPARED:
        rows.extend(_above(codes, draws, draws))
        rows.extend(_ranks(codes, share))
    return _finish(rows, estimate, codes, draws, geography=estimate.geography.key)


def summarise_drawn(estimate: ShortfallEstimate, shares: Mapping[str, float], *, code: str) -> pd.DataFrame:
    """Figures of an area that somebody drew.

    Parameters
    ----------
    estimate
        On LSOAs.
    shares
        LSOA -> share of its people who live inside, from output areas or postcodes; output areas
        inherit their LSOA's income, and the figures say so by being modelled sums of shares.
    code
        Identifier of the drawn area.

    Returns
    -------
    DataFrame
        As `summarise`, geography ``drawn``; the probability is of being above the district that most of
        its people live in. No ranks.

    Raises
    ------
    FloorError
        Fewer than 1,000 residents or 400 households: too small to publish.
    UnmatchedCodeError
        A code is not in the estimate.
    """
    absent = [one for one in shares if one not in estimate.codes]
    if absent:
        raise UnmatchedCodeError(f"{absent[0]} is not in this estimate ({estimate.geography.key})")
    row = estimate.codes.get_indexer(pd.Index(list(shares)))
    part = np.array(list(shares.values()), dtype=float)
    if ((part < 0) | (part > 1)).any():
        raise CrosswalkError("a share of people lies outside 0 to 1; give the share of each area inside")
    draws = {
        name: (values[row].astype(np.float64) * part[:, None]).sum(axis=0, keepdims=True)
        for name, values in estimate.draws.items()
    }
    people, households = draws["people"].mean(), draws["households"].mean()
    if people < _FLOOR_PEOPLE or households < _FLOOR_HOUSEHOLDS:
        raise FloorError(
            f"{code} holds about {people:,.0f} residents and {households:,.0f} households; figures need "
            f"{_FLOOR_PEOPLE:,} and {_FLOOR_HOUSEHOLDS}: draw a larger area"
        )
    people_of = pd.Series(estimate.residents[row] * part).groupby(
        [estimate.parents[str(estimate.codes[place])] for place in row]
    )
    authority = str(people_of.sum().idxmax())
    inside = np.array([estimate.parents[str(one)] == authority for one in estimate.codes])
    district = {name: values[inside].astype(np.float64) for name, values in estimate.draws.items()}
    codes = pd.Index([code])
    rows = [*_figure_rows(codes, draws), *_above(codes, draws, district)]
    return _finish(rows, estimate, codes, draws, geography="drawn")


def summarise_types(estimate: ShortfallEstimate, *, authority: str) -> pd.DataFrame:
    """Share below the line and pounds a week by household type, for a district.

    Returns
    -------
    DataFrame
        Columns as `geo.figures.FIGURE_COLUMNS`; ``group`` is the household type.

    Raises
    ------
    UnmatchedCodeError
        The authority has no totals here.
    """
    if authority not in estimate.by_type:
        covered = ", ".join(sorted(estimate.by_type))
        raise UnmatchedCodeError(f"{authority} has no totals by household type here; there are {covered}")
    return summarise_type_totals(
        {authority: estimate.by_type[authority]},
        geography="lad25",
        reference_year=estimate.reference_year,
    )


def summarise_type_totals(
    by_type: Mapping[str, Mapping[str, Mapping[str, NDArray[np.float32]]]],
    *,
    geography: str,
    reference_year: str,
) -> pd.DataFrame:
    """Share below the line and pounds a week by household type.

    Parameters
    ----------
    by_type
        Area -> household type -> quantity -> draws: ``estimate.by_type`` for districts, or what
        `mis.by_type.types_by_area` gives for wards.
    geography
        Key of the areas, such as ``lad25`` or ``wd25``.
    reference_year
        Year described.

    Returns
    -------
    DataFrame
        Columns as `geo.figures.FIGURE_COLUMNS`; ``group`` is the household type. Wards and above only.
    """
    parts = []
    for code, types in by_type.items():
        for type_id, sums in types.items():
            people = sums["people"].astype(np.float64)
            below = sums["people_below"].astype(np.float64)
            if not people.min(initial=np.inf) > 0:
                continue
            for indicator, values, unit in (
                ("mis_people_below", below, "people"),
                ("mis_people_below_share", below / people, "share"),
                ("mis_shortfall_weekly", sums["shortfall"].astype(np.float64), "GBP a week"),
            ):
                low, middle, high = np.quantile(values, [_LOW, 0.5, _HIGH])
                parts.append(
                    {
                        "code": code,
                        "indicator": indicator,
                        "group": type_id,
                        "value": middle,
                        "low": low,
                        "high": high,
                        "count": float(np.median(below)) if unit == "share" else np.nan,
                        "base": float(np.median(people)) if unit == "share" else np.nan,
                        "unit": unit,
                    }
                )
    figures = pd.DataFrame(parts).assign(
        geography=geography,
        period=reference_year,
        interval=INTERVAL,
        basis="modelled",
        status="ok",
        floor="wd25",
        source=SOURCE,
    )
    return tidy_figures([figures])


def round_public(value: float) -> float:
    """Round a count or sum for publication, to two significant figures.

    A modelled count is not known better: "about 800, 600 to 1,000". Missing stays missing.
    """
    if not np.isfinite(value) or value == 0:
        return float(value)
    digits = 1 - int(np.floor(np.log10(abs(value))))
    return float(np.round(value, digits))


def _share(draws: Mapping[str, Floats], *, who: str = "people") -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(draws[f"{who}_below"] / draws[who])


def _figure_rows(codes: pd.Index[str], draws: Mapping[str, Floats]) -> list[pd.DataFrame]:
    rows = []
    for figure in FIGURES:
        values = draws[figure.count]
        if figure.base:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = values / draws[figure.base]
        low, middle, high = _quantiles(values)
        counted = bool(figure.base) and not figure.unit.startswith("GBP")
        if not figure.base:
            # A sum over nobody is nought, but says nothing.
            middle = np.where(draws["people"].max(axis=1) > 0, middle, np.nan)
        rows.append(
            pd.DataFrame(
                {
                    "code": codes,
                    "indicator": figure.indicator,
                    "value": middle,
                    "low": low,
                    "high": high,
                    "interval": INTERVAL,
                    "count": np.median(draws[figure.count], axis=1) if counted else np.nan,
                    "base": np.median(draws[figure.base], axis=1) if figure.base else np.nan,
                    "unit": figure.unit,
                    "floor": FLOORS.get(figure.indicator, "lsoa21"),
                }
            )
        )
    return rows


def _finish(
    rows: list[pd.DataFrame],
    estimate: ShortfallEstimate,
    codes: pd.Index[str],
    draws: Mapping[str, Floats],
    *,
    geography: str,
) -> pd.DataFrame:
    figures = pd.concat(rows, ignore_index=True).assign(
        geography=geography,
        group="",
        period=estimate.reference_year,
        basis="modelled",
        source=SOURCE,
    )
    grades = _grades(codes, draws, estimate.absent)
    own = zip(figures["code"], figures["indicator"], strict=True)
    figures["reliability"] = [grades[code, GRADED.get(name, "people_below")] for code, name in own]
    figures["status"] = np.where(figures["value"].notna(), "ok", "not_applicable")
    empty = figures["status"] != "ok"
    figures.loc[empty, ["low", "high", "count", "base"]] = np.nan
    figures.loc[empty, ["reliability", "interval"]] = ""
    return tidy_figures([figures])


def _grades(
    codes: pd.Index[str], draws: Mapping[str, Floats], absent: tuple[str, ...]
) -> dict[tuple[str, str], str]:
    # A at most 15 points wide, B at most 25, C above; never A without tables of household composition.
    # The range of a small share is narrow whatever is known, so a band is no surer than its whole line.
    best = "B" if "composition" in absent else "A"
    grades = {}
    for name, base in sorted({(figure.count, figure.base) for figure in FIGURES if figure.unit == "share"}):
        whole = _whole_line(name)
        with np.errstate(divide="ignore", invalid="ignore"):
            own, line = (_quantiles(draws[one] / draws[base]) for one in (name, whole))
        widths = np.maximum(own[2] - own[0], line[2] - line[0])
        for code, width in zip(codes, widths, strict=True):
            grade = next((letter for limit, letter in _RELIABILITY if width <= limit), "C")
            grades[str(code), name] = max(grade, best)
    return grades


def _whole_line(name: str) -> str:
    return next((name.removesuffix(band) for band in ("_90", "_75", "_50") if name.endswith(band)), name)


def _above(
    codes: pd.Index[str], draws: Mapping[str, Floats], district: Mapping[str, Floats]
) -> list[pd.DataFrame]:
    """In how many draws the share of an area lies above its district's, whose errors it partly has."""
    rows = []
    for indicator, who in (
        ("mis_above_authority_probability", "people"),
        ("mis_children_above_authority_probability", "children"),
    ):
        share = _share(draws, who=who)
        whole = _share({name: values.sum(axis=0) for name, values in district.items()}, who=who)
        known = np.isfinite(share).all(axis=1) & np.isfinite(whole).all()
        rows.append(_probability(codes, indicator, np.where(known, (share > whole).mean(axis=1), np.nan)))
    return rows


def _ranks(codes: pd.Index[str], share: Floats) -> list[pd.DataFrame]:
    known = np.isfinite(share).all(axis=1)
    count = int(known.sum())
    rank = np.full(share.shape, np.nan)
    if count:
        order = np.argsort(np.argsort(-share[known], axis=0, kind="stable"), axis=0, kind="stable")
        rank[known] = order + 1
    fifth = max(1, round(count / 5))
    worst = np.where(known, (rank <= fifth).mean(axis=1), np.nan)
    low, middle, high = _quantiles(rank)
    ranked = pd.DataFrame(
        {
            "code": codes,
            "indicator": "mis_rank",
            "value": middle,
            "low": low,
            "high": high,
            "count": np.nan,
            "base": float(count),
            "unit": "rank",
            "interval": INTERVAL,
            "floor": "lsoa21",
        }
    )
    return [_probability(codes, "mis_worst_fifth_probability", worst), ranked]


def _probability(codes: pd.Index[str], indicator: str, value: Floats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": codes,
            "indicator": indicator,
            "value": value,
            "low": np.nan,
            "high": np.nan,
            "count": np.nan,
            "base": np.nan,
            "unit": "probability",
            "interval": "",
            "floor": "lsoa21",
        }
    )


def _quantiles(values: Floats) -> tuple[Floats, Floats, Floats]:
    finite = np.isfinite(values).all(axis=1)
    found = np.full((3, len(values)), np.nan)
    if finite.any():
        found[:, finite] = np.quantile(values[finite], [_LOW, 0.5, _HIGH], axis=1)
    return found[0], found[1], found[2]
