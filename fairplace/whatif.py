"""What if some households had more to live on: before, after and the difference, for wards and a district.

The estimate of a pack is taken up again with its own draws (`mis.resume_estimate`), so before and after
differ by the change alone. Officer editions only: a what-if names groups of households, and small areas
of few would say too much. Everything is modelled, first-round and gross.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.disclosure import Released
from fairplace.numbers import two_figures
from fairplace.pack import PackError
from mis import MisSettings, ShortfallEstimate, resume_estimate
from mis.change_words import parse_change
from mis.changes import Change, WhatIfError
from mis.household_types import TENURES, household_types
from mis.inputs import InputsError
from mis.inputs_tables import from_tables
from mis.lines import parse_budgets
from mis.whatif import LIMITS, WEEKS, Difference
from mis.whatif import what_if as find_difference

Floats = NDArray[np.float64]

#: Geographies that a what-if is given for, largest first.
LEVELS: tuple[str, ...] = ("lad25", "wd25")
_LOW, _HIGH = 0.05, 0.95
_INTERVAL = "90 % model"


@dataclass(frozen=True)
class _Measure:
    """A figure of the result: what it is called, and the sums it is made from."""

    id: str
    label: str
    unit: str
    count: str
    base: str = ""


_MEASURES = (
    _Measure("people_below", "People below MIS", "people", "people_below"),
    _Measure("people_below_share", "Share of people below MIS", "share", "people_below", "people"),
    _Measure("children_below", "Children below MIS", "children", "children_below"),
    _Measure("children_below_share", "Share of children below MIS", "share", "children_below", "children"),
    _Measure("pensioners_below", "Pensioners below MIS", "pensioners", "pensioners_below"),
    _Measure("households_below", "Households below MIS", "households", "households_below"),
    _Measure("people_below_75", "People below 75 % of MIS", "people", "people_below_75"),
    _Measure("people_below_50", "People below 50 % of MIS", "people", "people_below_50"),
    _Measure("shortfall_weekly", "Weekly shortfall below MIS", "GBP a week", "shortfall"),
)


@dataclass(frozen=True)
class WhatIf:
    """What a change of incomes would come to; all modelled.

    Parameters
    ----------
    authority, name, pack_id
        Code and name of the district, and the pack that was asked.
    reference_year
        Year described.
    changes
        What was asked, one sentence each.
    cells
        Cells reached: ``change``, ``household_type``, ``tenure``, ``weekly`` (pounds to each that gets
        it, before uptake), ``uptake``, and ``households`` there are in the district (median of draws).
    figures
        One row an area and measure: ``geography``, ``code``, ``name``, ``measure``, ``label``, ``unit``,
        then ``before``, ``after`` and ``difference``, each with ``_low`` and ``_high`` (90 % ranges of its
        own). Cost a year and the share of it that reaches people below their line stand under
        ``difference``; they have no before.
    notes
        What a reader must know.
    """

    authority: str
    name: str
    pack_id: str
    reference_year: str
    changes: tuple[str, ...]
    cells: pd.DataFrame
    figures: pd.DataFrame
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Everything as plain values, for JSON."""
        return {
            "authority": self.authority,
            "name": self.name,
            "pack": self.pack_id,
            "basis": "modelled",
            "reference_year": self.reference_year,
            "interval": _INTERVAL,
            "changes": list(self.changes),
            "cells": json.loads(self.cells.to_json(orient="records")),
            "figures": json.loads(self.figures.to_json(orient="records")),
            "notes": list(self.notes),
        }

    def table(self) -> pd.DataFrame:
        """Figures with what must go with each row: year, interval, basis, change and notes."""
        return self.figures.assign(
            period=self.reference_year,
            interval=_INTERVAL,
            basis="modelled",
            change="; ".join(self.changes),
            note="; ".join(self.notes),
        )


def what_if(released: Released, spec: str | Change | Sequence[str | Change]) -> WhatIf:
    """Ask what a change of incomes would come to.

    Parameters
    ----------
    released
        An officer edition of a pack with an estimate.
    spec
        One change or several: as words (`mis.change_words.parse_change`), such as ``20 per child to private
        renters with children, uptake 0.7``, or as `mis.changes.Change`.

    Returns
    -------
    WhatIf
        For the district and its wards.

    Raises
    ------
    WhatIfError
        The edition is public; or a change is not one, or names a household that is not held.
    PackError
        The pack holds no estimate, or not what it was made from; or its draws are those of another version
        of the method, which the draws themselves tell: a version's number does not change with the method.

    Notes
    -----
    The estimate of the last two packs asked of is kept, so that the next question takes a fraction of a
    second.
    """
    if released.edition != "officer":
        raise WhatIfError(
            "a what-if names groups of households in small places, so it is for officer editions; take the "
            "officer edition (--edition officer)"
        )
    asked = [spec] if isinstance(spec, str | Change) else list(spec)
    changes = tuple(parse_change(one) if isinstance(one, str) else one for one in asked)
    difference = find_difference(_estimate(released), changes)
    figures = [
        _figures(released, difference, key)
        for key in LEVELS
        if key in released.geographies and (key == "lad25" or _has_crosswalk(released, key))
    ]
    notes = [
        (
            f"modelled for {difference.before.reference_year}, {released.settings['draws']:,} draws, the "
            "same before and after; ranges are 90 % of the draws, each its own: they do not add up"
        ),
        f"{LIMITS}; no behaviour or tapers modelled",
        "a cost is what is paid to all who take it up, in and above need; a year is 365.25 days",
    ]
    if any(not one.paid for one in changes):
        notes.append("a change of rent enters as income only: the line stays, and it is nobody's cost here")
    if "wd25" not in {str(part["geography"].iloc[0]) for part in figures}:
        notes.append("this pack holds no wards, so there is a result for the district only")
    if released.fictional:
        notes.append("a made-up place: no figure here describes anybody")
    return WhatIf(
        authority=released.authority,
        name=released.name,
        pack_id=released.pack_id,
        reference_year=difference.before.reference_year,
        changes=tuple(one.label for one in changes),
        cells=_cells(difference),
        figures=pd.concat(figures, ignore_index=True),
        notes=tuple(notes),
    )


def describe(result: WhatIf) -> str:
    """Say a result in words: the district in sentences, then a line a ward."""
    figures = result.figures.set_index(["geography", "measure"]).sort_index()
    lines = [
        f"{result.name} ({result.authority}), modelled for {result.reference_year}. What if:",
        *(f"  {one}" for one in result.changes),
        "",
    ]
    district = figures.loc["lad25"]
    for one in _MEASURES:
        row = district.loc[one.id]
        lines.append(
            f"{one.label}: {_range(row, 'before', one.unit)}; after {_range(row, 'after', one.unit)}; "
            f"difference {_range(row, 'difference', 'points' if one.unit == 'share' else one.unit)}"
            f"{' points' if one.unit == 'share' else ''}"
        )
    cost, share = district.loc["cost_yearly"], district.loc["cost_below_share"]
    lines.append(f"Gross cost a year: {_range(cost, 'difference', 'GBP')}")
    if np.isfinite(share["difference"]):
        lines.append(
            f"Share of it that reaches people below their line: {_range(share, 'difference', 'share')}"
        )
    if "wd25" in figures.index.get_level_values("geography"):
        lines += ["", "Wards: people below before; after; difference; cost a year"]
        people = figures.loc[[("wd25", "people_below")]].set_index("code")
        paid = figures.loc[[("wd25", "cost_yearly")]].set_index("code")
        for code, row in people.sort_values("name").iterrows():
            lines.append(
                f"  {row['name'] or code}: {_range(row, 'before', '')}; {_range(row, 'after', '')}; "
                f"{_range(row, 'difference', '')}; {_range(paid.loc[code], 'difference', 'GBP')}"
            )
    return "\n".join([*lines, "", *result.notes])


def _range(row: Any, part: str, unit: str) -> str:
    low, middle, high = (_number(float(row[f"{part}{end}"]), part, unit) for end in ("_low", "", "_high"))
    return middle if low == high == middle else f"{middle} ({low} to {high})"


def _number(value: float, part: str, unit: str) -> str:
    if not np.isfinite(value):
        return "not applicable"
    if unit == "points":
        return f"{100 * value:.1f}"
    if unit == "share":
        return f"{100 * value:.1f} %"
    # A level keeps one figure more than a difference, or a small change would not be seen in it.
    figures = 2 if part == "difference" or value == 0 else 3
    shown = two_figures(value) if figures == 2 else round(value, 2 - math.floor(math.log10(abs(value))))
    pounds = "£" if unit.startswith("GBP") else ""
    return f"{'-' if shown < 0 else ''}{pounds}{abs(shown):,.0f}"


_HELD: dict[str, ShortfallEstimate] = {}
_KEPT = 2
_LOCK = Lock()


def _estimate(released: Released) -> ShortfallEstimate:
    with _LOCK:
        if released.pack_id not in _HELD:
            if not released.settings.get("mis"):
                raise PackError(f"the pack of {released.name} holds no estimate to ask a what-if question of")
            codes, draws = released.draws("lsoa21")
            own = released.settings["mis"].get("budgets")
            tables = from_tables(released.model())
            try:
                found = resume_estimate(
                    tables,
                    codes,
                    draws,
                    budgets=None if own is None else parse_budgets(own["text"], name=own["file"]),
                    settings=MisSettings(
                        draws=int(released.settings["draws"]), seed=int(released.settings["seed"])
                    ),
                )
            except InputsError as error:
                raise PackError(
                    f"the pack of {released.name} was built by another version of the method: its draws are "
                    "not what its inputs give now, so before and after would differ by more than the change; "
                    "build it again with `fairplace build`"
                ) from error
            while len(_HELD) >= _KEPT:
                _HELD.pop(next(iter(_HELD)))
            _HELD[released.pack_id] = found
        return _HELD[released.pack_id]


def _has_crosswalk(released: Released, key: str) -> bool:
    try:
        released.crosswalk("lsoa21", key)
    except PackError:
        return False
    return True


def _figures(released: Released, difference: Difference, key: str) -> pd.DataFrame:
    codes, matrix = _shares(released, difference, key)
    names = released.areas(key)["name"]

    def moved(draws: NDArray[np.float32]) -> Floats:
        return np.asarray(matrix @ np.asarray(draws, dtype=np.float64))

    held = {name: moved(one) for name, one in difference.estimate.draws.items()}
    needed = {name for one in _MEASURES for name in (one.count, one.base) if name}
    before = {name: moved(difference.before.draws[name]) for name in sorted(needed)}
    people = np.median(moved(difference.before.draws["people"]), axis=1) > 0
    rows = []
    for one in _MEASURES:
        base = before[one.base] if one.base else 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            was, change = before[one.count] / base, held[one.count] / base
        parts = {"before": was, "after": was + change, "difference": change}
        rows.append(_rows(one.id, one.label, one.unit, parts, people))
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = held["cost_below"] / held["cost"]
    rows.append(
        _rows("cost_yearly", "Gross cost a year", "GBP", {"difference": held["cost"] * WEEKS}, people)
    )
    rows.append(
        _rows(
            "cost_below_share",
            "Share of the cost that reaches people below their line",
            "share",
            {"difference": reached},
            people,
        )
    )
    figures = pd.concat(
        [one.assign(code=codes, name=names.reindex(codes).fillna("").to_numpy()) for one in rows]
    )
    columns = ["geography", "code", "name", "measure", "label", "unit"]
    numbers = [f"{part}{end}" for part in ("before", "after", "difference") for end in ("", "_low", "_high")]
    figures = figures.assign(geography=key).reindex(columns=[*columns, *numbers])
    return figures.sort_values(["code"], kind="stable", ignore_index=True)


def _rows(
    measure: str, label: str, unit: str, parts: dict[str, Floats], people: NDArray[np.bool_]
) -> pd.DataFrame:
    digits = 5 if unit == "share" else 0 if unit.startswith("GBP") else 1
    values: dict[str, Any] = {"measure": measure, "label": label, "unit": unit}
    for part, draws in parts.items():
        # Nobody lives there, or nothing is paid: there is nothing to say.
        known = people & np.isfinite(draws).all(axis=1)
        found = np.quantile(np.where(known[:, None], draws, 0.0), [0.5, _LOW, _HIGH], axis=1)
        found = np.where(known, np.round(found, digits) + 0.0, np.nan)
        values |= dict(zip((part, f"{part}_low", f"{part}_high"), found, strict=True))
    return pd.DataFrame(values)


def _shares(released: Released, difference: Difference, key: str) -> tuple[list[str], Floats]:
    origin = difference.before.codes
    if key == "lad25":
        return [released.authority], np.ones((1, len(origin)))
    weights = released.crosswalk("lsoa21", key).weights
    weights = weights[weights["origin"].isin(set(origin))]
    codes = sorted(set(weights["target"]))
    matrix = np.zeros((len(codes), len(origin)))
    row, column = pd.Index(codes).get_indexer(weights["target"]), origin.get_indexer(weights["origin"])
    matrix[row, column] = weights["weight"].to_numpy(dtype=float)
    return codes, matrix


def _cells(difference: Difference) -> pd.DataFrame:
    types, state = household_types(), difference.before.state
    assert state is not None
    households = state.plan.households.counts[state.members].sum(axis=0)
    rows = []
    for one in difference.changes:
        gains, uptake = one.cells()
        for h, j in np.argwhere((gains != 0) & (uptake > 0)):
            rows.append(
                {
                    "change": one.label,
                    "household_type": types.labels[h],
                    "tenure": TENURES[j],
                    "weekly": round(float(gains[h, j]), 2),
                    "uptake": float(uptake[h, j]),
                    "households": round(float(households[h, j])),
                }
            )
    return pd.DataFrame(
        rows, columns=["change", "household_type", "tenure", "weekly", "uptake", "households"]
    )
