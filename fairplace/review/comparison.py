"""Two versions of a plan side by side: the same tables, and what differs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairplace.numbers import rounded
from fairplace.review.model import Review, ReviewTable

#: Table -> (columns that name a row, columns that are compared).
COMPARED = {
    "sites": (["site"], ["hectares", "dwellings"]),
    "constraints": (["site", "layer"], ["hectares", "share", "features", "metres"]),
    "access": (["site", "service"], ["minutes", "metres", "within_first", "within_second"]),
    "people": (["site", "minutes", "grouping", "group"], ["residents", "children"]),
    "capacity": (["site", "density"], ["homes"]),
}
COLUMNS = {
    "table": "table of the review",
    "site": "reference of the site",
    "item": "what of the site",
    "quantity": "which number",
    "before": "in the earlier version; empty where the site is not in it or nothing was known",
    "after": "in the later version",
    "difference": "after less before",
    "change": "added, removed, changed, same, or not known in one of the two",
}


def compare_reviews(before: Review, after: Review) -> ReviewTable:
    """Compare two versions of a plan, laid over the same layers.

    Returns
    -------
    ReviewTable
        One row for each site, item and number in `data`; `text` holds what was added, removed or changed.
    """
    parts = []
    for name, (keys, numbers) in COMPARED.items():
        if name not in before.tables or name not in after.tables:
            continue
        one, two = before.tables[name].data, after.tables[name].data
        both = one[keys + numbers].merge(
            two[keys + numbers], on=keys, how="outer", suffixes=(" before", " after"), indicator=True
        )
        for number in numbers:
            first, second = both[f"{number} before"].astype(float), both[f"{number} after"].astype(float)
            same = np.isclose(first, second, rtol=1e-9, atol=1e-6) | (first.isna() & second.isna())
            known = first.notna() & second.notna()
            change = np.select(
                [both["_merge"] == "right_only", both["_merge"] == "left_only", same, known],
                ["added", "removed", "same", "changed"],
                "not known in one of the two",
            )
            parts.append(
                pd.DataFrame(
                    {
                        "table": name,
                        "site": both["site"],
                        "item": [
                            ", ".join(f"{key}" for key in row if key != "")
                            for row in both[keys[1:]].astype(str).to_numpy()
                        ],
                        "quantity": number,
                        "before": first,
                        "after": second,
                        "difference": (second - first).round(6),
                        "change": change.astype(str),
                    }
                )
            )
    data = pd.concat(parts, ignore_index=True).sort_values(
        ["site", "table", "item", "quantity"], kind="stable", ignore_index=True
    )
    moved = data[data["change"] != "same"]
    shown = moved[moved["table"].isin(["sites", "constraints", "access"])]
    text = pd.DataFrame(
        {
            "Site": shown["site"],
            "What": [f"{row.item} {row.quantity}".strip() for row in shown.itertuples()],
            "Before": [_number(one) for one in shown["before"]],
            "After": [_number(one) for one in shown["after"]],
            "Difference": [_number(one, signed=True) for one in shown["difference"]],
            "Change": shown["change"],
        }
    )
    old, new = set(before.sites.index), set(after.sites.index)
    note = (
        f"In both versions: {len(old & new)} sites. Only in the earlier: {_named(old - new)}. Only in the "
        f"later: {_named(new - old)}. Rows that do not differ are in the data file."
    )
    return ReviewTable("comparison", "Two versions of the plan", data, COLUMNS, text, (note,))


def _number(value: float, *, signed: bool = False) -> str:
    if np.isnan(value):
        return ""
    text = (
        rounded(float(value), 2).rstrip("0").rstrip(".") if value != int(value) else rounded(float(value), 0)
    )
    return f"+{text}" if signed and value > 0 else text


def _named(names: set[object]) -> str:
    return ", ".join(sorted(map(str, names))) or "none"
