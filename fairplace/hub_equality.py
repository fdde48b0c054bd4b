"""Who a hub plan serves by protected characteristic: the equality table, for the note of a plan."""

from __future__ import annotations

import pandas as pd

from fairplace.disclosure import Released
from fairplace.equality import Equality, EqualityError, assess_equality
from fairplace.hub_sections import NoteTable, Written
from fairplace.hubs import HubPlan
from fairplace.numbers import show_number


def write_equality(released: Released, plan: HubPlan) -> Written:
    """Write who is within reach under the best plan, who gains and who loses, by characteristic.

    Parameters
    ----------
    released
        What may be shown of the pack whose people the plan serves.
    plan
        Its demand says in which LSOA each place lies and how many residents it has.

    Returns
    -------
    tuple
        Sentences and tables; a sentence why there is none where the pack holds no characteristic.
    """
    if not {"lsoa", "residents"} <= set(plan.demand):
        return ["The places name no LSOA, so protected characteristics are not compared."], []
    try:
        found = assess_equality(
            released, _served(plan, 1), name=plan.options[1].label, before=_served(plan, 0)
        )
    except EqualityError as error:
        return [f"Protected characteristics are not compared: {error}."], []
    limit = f"{plan.question.limit:g} minutes"
    caption = f"Residents with a hub within {limit} under the best plan, by protected characteristic"
    tables = [NoteTable(caption, tuple(_HEADS.values()), _rows(found))]
    if len(found.absent):
        rows = tuple((str(row.characteristic), str(row.elsewhere)) for row in found.absent.itertuples())
        tables.append(
            NoteTable(
                "Without small-area data here: for the council to look into",
                ("Characteristic", "Where data could come from"),
                rows,
            )
        )
    return list(found.notes), tables


_HEADS = {
    "group": "Group",
    "all": "All",
    "inside": "Within reach",
    "inside_share": "Share within reach",
    "inside_ratio": "Against all residents",
    "gaining": "Gaining",
    "losing": "Losing",
}
_UNITS = {"inside_share": "share", "inside_ratio": "score"}
_DECIMALS = {"share": 1, "score": 2, "people": 0}


def _served(plan: HubPlan, option: int) -> pd.Series[float]:
    """Share of each LSOA's residents who have a hub of an option within the limit."""
    residents = plan.demand["residents"].astype(float)
    near = plan.options[option].minutes <= plan.question.limit
    sums = (
        pd.DataFrame({"near": residents.where(near, 0.0), "all": residents})
        .groupby(plan.demand["lsoa"])
        .sum()
    )
    return (sums["near"] / sums["all"].where(sums["all"] > 0)).fillna(0.0)


def _rows(found: Equality) -> tuple[tuple[str, ...], ...]:
    rows = []
    for _, row in found.table.iterrows():
        label = str(row["group"]) if row["group"] == "all" else f"{row['characteristic']}: {row['group']}"
        cells = [label if row["group"] != "all" else str(row["characteristic"])]
        for name in list(_HEADS)[1:]:
            unit = _UNITS.get(name, "people")
            value = float(row[name])
            cells.append("-" if value != value else show_number(value, unit, decimals=_DECIMALS[unit]))
        rows.append(tuple(cells))
    return tuple(rows)
