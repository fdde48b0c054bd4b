"""The bundle: the document in two forms, every table and figure as CSV, what each column means, sources.

A folder in a zip file for whoever wants to calculate further: ``README.txt`` says what is in it.
"""

from __future__ import annotations

import pandas as pd

from fairplace.indicators import load_indicators
from fairplace.profile.archive import zip_bytes
from fairplace.profile.grid import csv_text, grid
from fairplace.profile.hidden import HIDDEN
from fairplace.profile.html import render_html
from fairplace.profile.json_form import render_json
from fairplace.profile.model import Paragraph, Profile
from fairplace.profile.pdf_form import render_pdf
from fairplace.profile.rendering import Rendering
from fairplace.profile.words import Words, english
from geo.figures import FIGURE_COLUMNS

#: Lines of README.txt that say what the files are.
_README = ("document", "figures", "dictionary", "sources", "tables", "tables_more")


def render_bundle(rendering: Rendering) -> bytes:
    """Render a profile as the bytes of a zip file.

    Holds ``profile.html``, ``profile.pdf``, ``profile.json``, ``tables/*.csv``, ``figures.csv``,
    ``dictionary.csv``, ``sources.csv`` and ``README.txt``.
    """
    profile = rendering.profile
    members = {
        "README.txt": _readme(profile).encode(),
        "profile.html": render_html(profile, rendering.svgs, alts=rendering.alts).encode(),
        "profile.pdf": render_pdf(profile, rendering.pictures),
        "profile.json": render_json(profile).encode(),
        "figures.csv": _figures(profile).encode(),
        "dictionary.csv": _dictionary(rendering).encode(),
        "sources.csv": _sources(profile).encode(),
    }
    for table in profile.tables:
        laid = grid(table, profile.words)
        rows = [[cell.value for cell in row] for row in laid.rows]
        members[f"tables/{table.id}.csv"] = csv_text(laid.head, rows).encode()
    return zip_bytes(members)


def _figures(profile: Profile) -> str:
    columns = list(FIGURE_COLUMNS)
    return csv_text(columns, profile.figures[columns].to_numpy().tolist())


def _dictionary(rendering: Rendering) -> str:
    known = rendering.released.dictionary
    # What a document counts of itself is in no pack.
    ours = {one.id: one.record() for one in load_indicators() if one.id == HIDDEN}
    known = pd.concat([known, pd.DataFrame.from_dict(ours, orient="index")])
    columns = [name for name in ("label", "unit", "measure", "direction", "base") if name in known]
    words = rendering.profile.words
    rows: list[list[str | float]] = [
        ["column", name, words("columns", name), *([""] * (len(columns) - 1))] for name in FIGURE_COLUMNS
    ]
    used = sorted(set(rendering.profile.figures["indicator"]))
    rows += [
        ["indicator", name, *(_said(words, name, column, str(known.at[name, column])) for column in columns)]
        for name in used
        if name in known.index
    ]
    return csv_text(["kind", "id", *columns], rows)


def _said(words: Words, indicator: str, column: str, text: str) -> str:
    """Give what a pack says of an indicator, in the words of the document where they are those of ours."""
    section = f"indicators_{column}"
    ours = english().called(section, indicator, "")
    return words(section, indicator) if ours and text == ours else text


def _sources(profile: Profile) -> str:
    head = [
        "id",
        "title",
        "publisher",
        "edition",
        "period",
        "level",
        "next_update",
        "licence",
        "attribution",
        "url",
        "file",
        "sha256",
    ]
    records = [one.record() for _, one in sorted(profile.sources.items())]
    return csv_text(head, [[str(record[name]) for name in head] for record in records])


def _readme(profile: Profile) -> str:
    words = profile.words
    required = [
        block.written(words)
        for block in profile.blocks
        if isinstance(block, Paragraph) and block.role == "required"
    ]
    lines = [
        profile.title,
        profile.running,
        *profile.cover_lines,
        "",
        *profile.banner,
        *required,
        "",
        *(words("readme", name) for name in _README),
        "",
        *[f"tables/{table.id}.csv  {table.caption}" for table in profile.tables],
        "",
        words("readme", "cite", cite=profile.cite),
        "",
    ]
    return "\n".join(lines)
