"""Core20PLUS5 from a council's own files: what is spent for whom, and the groups it adds (PLUS).

Core20 is the most deprived fifth of England's small areas (Indices of Deprivation 2025), not the worst
fifth of a district. Only money that has been spent is divided by people.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fairplace.local_figures import make_figures, paper
from geo.figures import tidy_figures
from layers.council.reader import CouncilTable

Papers = dict[str, dict[str, str]]
SPENT, PER_HEAD, PLANNED = "core20_spending", "core20_spending_per_head", "core20_spending_planned"
PLUS = "plus_group_people"


def spending_figures(
    table: CouncilTable, *, authority: str, people: float | None
) -> tuple[pd.DataFrame, Papers, list[str]]:
    """Money for Core20, and what that is for each of its residents.

    Parameters
    ----------
    table
        Kind ``spending``.
    authority
        Code of the district.
    people
        Residents of its Core20 areas; None where the Indices are not held.

    Returns
    -------
    tuple
        Figures of the newest period, in pounds; papers; sentences.
    """
    frame = table.frame
    period = str(frame["period"].max())
    now = frame[(frame["period"] == period) & (frame["for_whom"] == "core20")]
    parts, notes = [], []
    for name, status in ((SPENT, "spent"), (PLANNED, "planned")):
        pounds = pd.Series({authority: float(now.loc[now["status"] == status, "pounds"].sum())})
        parts.append(
            make_figures(
                pounds, indicator=name, geography="lad25", period=period, unit="GBP", source=table.source.id
            )
        )
    if people:
        spent = float(now.loc[now["status"] == "spent", "pounds"].sum())
        parts.append(
            make_figures(
                pd.Series({authority: spent / people}), indicator=PER_HEAD, geography="lad25", period=period,
                unit="GBP for each", source=table.source.id, base=people,
            )
        )  # fmt: skip
    else:
        notes.append("Spending: without the Indices of Deprivation 2025 nothing is said for each resident")
    other = len(frame) - len(now)
    if other:
        notes.append(f"Spending: {other} rows are of other periods or not for Core20")
    papers = {
        SPENT: paper("Spent for Core20 residents", "GBP"),
        PLANNED: paper("Planned for Core20 residents", "GBP"),
        PER_HEAD: paper(
            "Spent for each Core20 resident", "GBP for each", measure="rate", base="Core20 residents"
        ),
    }
    return tidy_figures(parts), papers, notes


def plus_figures(
    table: CouncilTable, areas: Mapping[str, pd.Index[str]]
) -> tuple[pd.DataFrame, Papers, list[str]]:
    """People of the groups that the council adds, by area and group; groups overlap and are never added.

    Parameters
    ----------
    table
        Kind ``plus_groups``.
    areas
        Geography key -> codes of the authority.

    Returns
    -------
    tuple
        Figures, papers, sentences.
    """
    frame = table.frame
    held = np.array(
        [code in areas.get(key, ()) for key, code in zip(frame["geography"], frame["code"], strict=True)],
        dtype=bool,
    )
    notes = []
    if not held.all():
        first = frame.loc[~held, "code"].iat[0]
        notes.append(
            f"PLUS groups: {int((~held).sum())} rows are not of an area of this authority, {first} first: "
            "left out"
        )
    parts = [
        make_figures(
            rows.set_index("code")["people"], indicator=PLUS, geography=str(key), group=str(group),
            period=str(period), unit="people", source=table.source.id,
        )
        for (key, group, period), rows in frame[held].groupby(["geography", "group", "period"])
    ]  # fmt: skip
    return tidy_figures(parts), {PLUS: paper("People of groups added to Core20 (PLUS)", "people")}, notes
