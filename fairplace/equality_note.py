"""The page of an equality table."""

from __future__ import annotations

import pandas as pd

from fairplace.disclosure import Released
from fairplace.equality import NO_MIS_TABLE, Equality
from fairplace.numbers import show_number
from fairplace.tables_page import PageTable, render_page

_HEADS = {
    "characteristic": "Characteristic",
    "group": "Group",
    "all": "All",
    "inside": "Inside",
    "inside_share": "Share inside",
    "inside_ratio": "Against all residents",
    "outside": "Outside",
    "gaining": "Gaining",
    "gaining_share": "Share gaining",
    "losing": "Losing",
    "losing_share": "Share losing",
}


def equality_page(released: Released, found: Equality) -> str:
    """HTML of an equality table."""
    compared = found.table["gaining"].notna().any()
    columns = [one for one in _HEADS if compared or not one.startswith(("gaining", "losing"))]
    text = found.table[columns].astype(object).copy()
    for name in columns[2:]:
        unit = "share" if name.endswith("_share") else "score" if name == "inside_ratio" else "people"
        decimals = {"share": 1, "score": 2, "people": 0}[unit]
        text[name] = [
            "[z]" if pd.isna(one) else show_number(float(one), unit, decimals=decimals)
            for one in found.table[name]
        ]
    first = found.table.iloc[0]
    inside, whole = (show_number(float(first[name]), "people") for name in ("inside", "all"))
    share = show_number(float(first["inside_share"]), "share")
    lead = [f"{inside} of {whole} residents of {released.name} are inside ({share})."]
    if compared:
        gains, loses = (show_number(float(first[name]), "people") for name in ("gaining", "losing"))
        lead.append(f"{gains} residents gain and {loses} lose against what it is compared with.")
    if released.fictional:
        lead.insert(0, f"{released.name} is a fictional place; its figures describe nobody.")
    tables = [
        PageTable(
            "Residents by protected characteristic",
            text.rename(columns=_HEADS),
            [_HEADS[one] for one in columns[2:]],
        )
    ]
    if len(found.absent):
        heads = {"characteristic": "Characteristic", "elsewhere": "Where data could come from"}
        tables.append(PageTable("Without small-area data here", found.absent.rename(columns=heads)))
    notes = [
        *found.notes,
        "Against all residents: 1.00 is an even share; at 1.20 a group is a fifth more likely to be inside.",
        "There is no table of the Minimum Income Standard by ethnic group, religion, sex or disability.",
        f"Why not: {NO_MIS_TABLE}.",
    ]
    return render_page(f"Who is inside, who is outside: {found.name}", lead, tables, notes)
