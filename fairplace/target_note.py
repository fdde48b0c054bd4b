"""What a list of areas says on paper: its page and the tables that go with it.

A public edition is in order of the alphabet and has no column that could put it into another: no league
table of places where people live.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fairplace.deprivation import RELATIVE
from fairplace.disclosure import Released
from fairplace.next_places import NextPlaces
from fairplace.numbers import show_number, two_figures
from fairplace.tables_page import PageTable, render_page
from fairplace.targeting import SURE, Targeting

_COUNTS = ("people", "children_below", "core20_people")
_HEADS = {
    "code": "Code",
    "name": "Area",
    "place": "Place",
    "rank_low": "Rank from",
    "rank_high": "Rank to",
    "in_list_probability": "Chance of the list",
    "stays_share": "Stays under other weights",
    "people": "Residents",
    "children_below": "Children below MIS",
    "core20_people": "Core20 residents",
    "need": "Need (s.d.)",
}
#: Columns that would put the areas into an order of need.
_ORDERING = ("need", "rank_low", "rank_high", "in_list_probability")


def target_tables(
    targeting: Targeting, places: NextPlaces | None, *, public: bool, by_need: bool = False
) -> dict[str, pd.DataFrame]:
    """Tables of a list as data.

    Parameters
    ----------
    targeting, places
        As calculated.
    public
        Leave out whatever puts areas into an order, and round modelled counts to two figures.
    by_need
        Order by need; officer editions only.

    Returns
    -------
    dict
        ``areas``, and ``reach`` (officer editions) and ``places`` where there are any.
    """
    table = targeting.table.reset_index()
    if by_need and not public:
        table = table.sort_values("need", ascending=False, kind="stable", ignore_index=True)
    table["children_below"] = [two_figures(one) for one in table["children_below"]]
    for name in ("people", "core20_people"):
        table[name] = table[name].round()
    if public:
        table = table.drop(columns=list(_ORDERING))
    tables = {"areas": table.round(4)}
    if not public:
        tables["reach"] = targeting.reach.reset_index().round(1)
    if places is not None:
        held = places.sites.assign(need_added=[two_figures(one) for one in places.sites["need_added"]])
        tables["places"] = held.sort_values("name", ignore_index=True) if public else held
    return tables


def target_page(
    released: Released, targeting: Targeting, places: NextPlaces | None, tables: Mapping[str, pd.DataFrame]
) -> str:
    """HTML page of a list."""
    kinds = targeting.table["place"].value_counts()
    total = targeting.total
    sure, close = int(kinds.get("in the list", 0)), int(kinds.get("too close to call", 0))
    lead = [
        f"A list of {targeting.size} of {len(targeting.table)} areas ({targeting.key}) of {released.name}.",
        f"{sure} are in it in at least {SURE:.0%} of the model's draws; {close} are too close to call.",
        _say_total(total),
    ]
    if released.fictional:
        lead.insert(0, f"{released.name} is a fictional place; its figures describe nobody.")
    shown = [PageTable("Areas in order of the alphabet", *_readable(tables["areas"]))]
    if "reach" in tables:
        columns = [
            "areas",
            "name",
            "people",
            "people_reached",
            "children_below_reached",
            "core20_people_reached",
        ]
        frame = tables["reach"][columns].head(targeting.size)
        heads = [
            "Areas",
            "Area added",
            "Residents added",
            "Residents",
            "Children below MIS",
            "Core20 residents",
        ]
        text = frame.astype(object).copy()
        for name in columns[2:]:
            text[name] = [_number(one, "people") for one in frame[name]]
        shown.append(
            PageTable(
                "What each further area adds, in order of need (officers only)",
                text.set_axis(heads, axis=1),
                [heads[0], *heads[2:]],
            )
        )
    notes = [*targeting.notes, RELATIVE, *_caveats(targeting)]
    if places is not None and "places" in tables:
        frame = tables["places"][["name", "need_added"]]
        text = frame.assign(need_added=[_number(one, "people") for one in frame["need_added"]])
        shown.append(
            PageTable(
                f"Next-best places: cover of need rises from {places.covered_before:.0%} "
                f"to {places.covered_after:.0%}",
                text.set_axis(["Place", "Need it adds"], axis=1),
                ["Need it adds"],
            )
        )
        proven = (
            "no other choice covers more"
            if places.proven
            else "a better choice could not be ruled out in time"
        )
        notes.append(f"Places: {places.said}; {proven} by this measure.")
    return render_page(f"Where to go first: {released.name}", lead, shown, notes)


def _caveats(targeting: Targeting) -> list[str]:
    notes = [
        "The list follows from its weights, which are a choice and not a finding: others make another list.",
        "Children below the Minimum Income Standard are a modelled estimate, given to two figures.",
    ]
    if len(targeting.blend) > 1:
        notes.append(
            "Stays under other weights: the share of 1,000 random weightings of the same figures that keep "
            "an area in the list."
        )
    return notes


def _say_total(total: Mapping[str, float]) -> str:
    parts = [f"{_number(total['people'], 'people')} residents"] if np.isfinite(total["people"]) else []
    if np.isfinite(total["children_below"]):
        ends = [_number(two_figures(total[f"children_below_{end}"]), "people") for end in ("low", "high")]
        middle = _number(two_figures(total["children_below"]), "people")
        parts.append(
            f"{middle} children below the Minimum Income Standard ({ends[0]} to {ends[1]}, 90 % model)"
        )
    if np.isfinite(total["core20_people"]):
        parts.append(f"{_number(total['core20_people'], 'people')} residents of Core20 areas (IMD 2025)")
    return f"The list as a whole: {'; '.join(parts)}." if parts else "The pack counts nobody in these areas."


def _readable(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    text = table[["name", *(one for one in table.columns if one != "name")]].astype(object).copy()
    numbers = []
    for name in text.columns:
        if name in ("code", "name", "place"):
            continue
        unit = "share" if name in ("stays_share", "in_list_probability") else "people"
        decimals = 2 if name == "need" else 0
        text[name] = [_number(one, unit, decimals) for one in table[name]]
        numbers.append(_HEADS[name])
    return text.rename(columns=_HEADS), numbers


def _number(value: float, unit: str, decimals: int = 0) -> str:
    return "[x]" if pd.isna(value) else show_number(float(value), unit, decimals=decimals)
