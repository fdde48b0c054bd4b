"""The healthy place checklist: headings with the figures that the review holds, and a blank for judgement.

Nothing is scored. A heading without figures says so and stays open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairplace.numbers import rounded, show_people
from fairplace.review.model import ReviewTable, word


def fill_checklist(
    site: str, tables: Mapping[str, ReviewTable], headings: Mapping[str, Any]
) -> tuple[dict[str, Any], ...]:
    """Fill the headings for one site.

    Parameters
    ----------
    site
        Its reference.
    tables
        Of the review.
    headings
        From `fairplace.review.model.read_checklist`. ``prefill`` of a heading holds ids of services,
        ``capacity``, ``people``, ``mis``, or ``theme:`` with a theme of layers.

    Returns
    -------
    tuple of mapping
        ``id``, ``title``, ``figures`` (sentences), ``check`` (what must be checked before use; may be empty)
        and ``judgement``, which is always empty.
    """
    rows = []
    for heading in headings["heading"]:
        figures: list[str] = []
        for name in heading.get("prefill", []):
            figures += _figures(site, str(name), tables)
        rows.append(
            {
                "id": heading["id"],
                "title": heading["title"],
                "figures": figures or ["No figure is held for this heading."],
                "check": word("notes", "law") if heading.get("check") else "",
                "judgement": "",
            }
        )
    return tuple(rows)


def _figures(site: str, name: str, tables: Mapping[str, ReviewTable]) -> list[str]:
    if name.startswith("theme:"):
        rows = tables["constraints"].data
        rows = rows[(rows["site"] == site) & (rows["theme"] == name.removeprefix("theme:"))]
        return [f"{row.title}: {row.words}" for row in rows.itertuples()]
    if name == "capacity":
        rows = tables["capacity"].data
        rows = rows[rows["site"] == site]
        return [f"Homes at {row.density:g} a hectare: {rounded(row.homes, 0)}" for row in rows.itertuples()]
    if name in ("people", "mis"):
        if "people" not in tables:
            return [f"People around the site: {word('cell', 'not_held')}"]
        rows = tables["people"].data
        rows = rows[rows["site"] == site]
        if name == "people":
            return [
                f"Residents within {row.minutes:g} minutes: {show_people(row.residents)}, "
                f"children {show_people(row.children)}"
                for row in rows[rows["grouping"] == "all"].itertuples()
            ]
        middle = sorted(rows["minutes"].unique())[len(rows["minutes"].unique()) // 2]
        worst = rows[(rows["grouping"] == "mis_fifth") & (rows["group"] == "1") & (rows["minutes"] == middle)]
        return [
            f"Residents within {middle:g} minutes in the fifth of LSOAs with most people below the Minimum "
            f"Income Standard (modelled): {show_people(row.residents)}"
            for row in worst.itertuples()
        ]
    if "access" not in tables:
        return [f"{name.replace('_', ' ').capitalize()}: {word('cell', 'not_held')}"]
    rows = tables["access"].data
    rows = rows[(rows["site"] == site) & (rows["service"] == name)]
    return [f"{row.title}: {row.words}" for row in rows.itertuples()]
