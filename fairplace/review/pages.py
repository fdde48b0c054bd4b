"""The pages of a review: one of every table, one of a site to write on, and its checklist.

Each is one file that needs no other, opens without a network and prints on A4.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import jinja2
import pandas as pd

from fairplace.numbers import show_people
from fairplace.profile.html import css_text
from fairplace.review.model import Review, ReviewTable, word
from fairplace.spoken import spoken_signs
from maps.faces import with_faces
from maps.words import english

#: Boxes of a proforma that people fill in.
BOXES = ("Consultee comments (name, organisation, date)", "Officer's response")


class _Blank:
    """A cell to write in."""


def render_review(review: Review) -> str:
    """Give the page of every table."""
    tables = [_table(one) for one in review.tables.values()]
    names = file_names(review)
    sites = review.tables["sites"].text["Site"].tolist()
    links = {cell: f"proformas/{name}" for cell, name in zip(sites, names.values(), strict=True)}
    tables[0]["links"] = links
    tables.append(_sources(review))
    return _render(
        review,
        title=f"Local Plan review: {review.name}",
        page="",
        tables=tables,
        links=[(f"#{one['id']}", one["title"]) for one in tables],
    )


def render_proforma(review: Review, site: str) -> str:
    """Give the one-page proforma of a site, with room for comments."""
    tables = [_table(review.tables["sites"], site, wide=False) | {"title": "The site"}]
    for name, title, head in (
        ("constraints", "Constraints", ("Layer", "Found")),
        ("access", "Access on foot", ("Service", "Nearest, and how many")),
    ):
        if name in review.tables:
            rows = review.tables[name].data
            rows = rows[rows["site"] == site]
            tables.append(
                {
                    "id": name,
                    "title": title,
                    "head": head,
                    "rows": rows[["title", "words"]].to_numpy().tolist(),
                    "notes": (),
                }
            )
    if "people" in review.tables:
        tables.append(_people(review.tables["people"], site))
    tables.append(_table(review.tables["capacity"], site, wide=False))
    return _render(
        review,
        title=f"Site {_name(review, site)}",
        page="proforma",
        tables=tables,
        boxes=BOXES,
        links=[
            ("../index.html", "All sites"),
            (f"../checklists/{file_names(review)[site]}", "Checklist of this site"),
        ],
    )


def render_checklist(review: Review, site: str) -> str:
    """Give the healthy place checklist of a site, its judgements left blank."""
    rows = [
        [
            one["title"],
            [*one["figures"], *([one["check"]] if one["check"] else [])],
            _Blank(),
        ]
        for one in review.checklist[site]
    ]
    checked = review.extra.get("checklist_checked")
    table = {
        "id": "checklist",
        "title": "Healthy place checklist",
        "head": ("Heading", "Figures held", "Judgement and evidence"),
        "rows": rows,
        "notes": (
            word("notes", "score"),
            str(review.extra.get("checklist_source", "")),
            f"Headings checked against the guidance in force: {checked or 'not yet'}.",
        ),
    }
    return _render(
        review,
        title=f"Checklist: site {_name(review, site)}",
        page="checklist",
        tables=[table],
        boxes=("Assessor, date and conclusion",),
        links=[
            ("../index.html", "All sites"),
            (f"../proformas/{file_names(review)[site]}", "Proforma of this site"),
        ],
    )


def file_names(review: Review) -> dict[str, str]:
    """File name of each site's pages: its reference as far as file systems take it, none twice."""
    made: dict[str, str] = {}
    for site in map(str, review.sites.index):
        plain = re.sub(r"[^A-Za-z0-9]+", "-", site).strip("-")[:60]
        if plain != site or f"{plain.lower()}.html" in {one.lower() for one in made.values()}:
            plain = f"{plain or 'site'}-{hashlib.sha256(site.encode()).hexdigest()[:8]}"
        made[site] = f"{plain}.html"
    return made


def describe_settings(review: Review) -> list[str]:
    """Say whose plan it is, at what stage and under what rules, for the head of every form."""
    plan = review.settings["plan"]
    lines = [f"Plan: {plan['name']}."] if plan["name"] else []
    lines.append(f"{review.name} ({review.authority}). Edition of the figures: {review.pack_id}.")
    lines.append(f"Plan-making regime: {plan['regime']}. Stage: {plan['stage']}.")
    return lines + [str(one) for one in plan["paragraphs"]]


def _render(
    review: Review,
    *,
    title: str,
    page: str,
    tables: Sequence[Mapping[str, Any]],
    links: Sequence[tuple[str, str]] = (),
    boxes: Sequence[str] = (),
) -> str:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    words = english()
    environment.filters["css"] = css_text
    environment.filters["spoken"] = lambda cell: spoken_signs(str(cell), words)
    environment.tests["blank"] = lambda cell: isinstance(cell, _Blank)
    environment.tests["listed"] = lambda cell: isinstance(cell, list)
    text = files("fairplace.review").joinpath("review.html.jinja").read_text(encoding="utf-8")
    foot = (
        [*review.notes, f"Made by: {review.command}"]
        if not page
        else [word("notes", "no_data"), word("notes", "score")]
    )
    made = environment.from_string(text).render(
        title=title,
        page=page,
        banners=review.banner(),
        running=review.running(title),
        heads=describe_settings(review),
        tables=[{"links": None, **one} for one in tables],
        links=links,
        boxes=boxes,
        foot=foot,
    )
    return with_faces(made)


def _table(table: ReviewTable, site: str = "", *, wide: bool = True) -> dict[str, Any]:
    text = table.text
    if site:
        text = text[(table.data.drop_duplicates("site")["site"] == site).to_numpy()]
    rows = text.to_numpy().tolist()
    if not wide:
        rows = [[name, value] for name, value in text.iloc[0].items() if name != "Site" and value != ""]
        return {"id": table.id, "title": table.title, "head": ("What", "Value"), "rows": rows, "notes": ()}
    return {
        "id": table.id,
        "title": table.title,
        "head": list(text.columns),
        "rows": rows,
        "notes": table.notes,
    }


def _people(table: ReviewTable, site: str) -> dict[str, Any]:
    rows = table.data[table.data["site"] == site]
    made = []
    for minutes, mine in rows.groupby("minutes"):
        by = mine.set_index(["grouping", "group"])["residents"]
        whole = mine[mine["grouping"] == "all"].iloc[0]
        cells = [f"{minutes:g} minutes", show_people(whole["residents"]), show_people(whole["children"])]
        for grouping in ("mis_fifth", "imd_fifth"):
            cells.append(" / ".join(show_people(float(by.get((grouping, str(n)), 0.0))) for n in range(1, 6)))
        cells.append(word("cell", "stopped") if whole["stopped_at_edge"] else "")
        made.append(cells)
    head = (
        "Within",
        "Residents",
        "Children",
        "By MIS fifth, 1 to 5 (modelled)",
        "By IMD fifth, 1 to 5",
        "To note",
    )
    return {"id": "people", "title": "People within a walk", "head": head, "rows": made, "notes": ()}


def _sources(review: Review) -> dict[str, Any]:
    rows = source_table(review).astype(str).to_numpy().tolist()
    return {
        "id": "sources",
        "title": "Sources",
        "head": list(source_table(review).columns),
        "rows": rows,
        "notes": ("The hash is the first 12 signs of the file's SHA-256; the whole is in sources.json.",),
    }


def source_table(review: Review) -> pd.DataFrame:
    """Papers of every input: title, publisher, edition, licence, file, hash."""
    return pd.DataFrame(
        [
            {
                "Title": one.title,
                "Publisher": one.publisher,
                "Edition": one.edition,
                "Licence": one.licence,
                "File": one.file,
                "Hash": one.sha256[:12],
            }
            for one in review.sources
        ],
        columns=["Title", "Publisher", "Edition", "Licence", "File", "Hash"],
    )


def _name(review: Review, site: str) -> str:
    name = str(review.sites.at[site, "name"])
    return site if name == site else f"{site}, {name}"
