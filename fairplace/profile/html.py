"""The profile as one HTML page that opens with the network cut.

Every number is a ``data`` element that names its figure, so that a test, a script or a reader can
hold the page against the table.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from fairplace.profile.model import (
    Block,
    Bullets,
    Drawing,
    Inline,
    Number,
    Paragraph,
    Profile,
    Table,
    inline_text,
)
from fairplace.profile.rendering import lay_columns, widest_word
from fairplace.spoken import heard_instead, spoken_signs, unseen
from maps.faces import with_faces
from maps.fonts import text_width
from maps.steady import steady_text
from maps.words import Words


def render_html(
    profile: Profile,
    drawings: dict[str, str] | None = None,
    *,
    alts: Mapping[str, str] | None = None,
) -> str:
    """Render a profile as a self-contained page.

    Parameters
    ----------
    profile
        What it says.
    drawings
        Id of a drawing -> SVG.
    alts
        Id of a drawing -> its text alternative (`Rendering.alts`); that of the profile where left out.

    Returns
    -------
    str
        HTML with its styles inside and no reference to anything outside.
    """
    loader = jinja2.FunctionLoader(
        lambda name: resources.files("fairplace.profile").joinpath(name).read_text(encoding="utf-8")
    )
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=steady_markup,
    )
    words = profile.words
    environment.filters["inline"] = lambda parts: inline_markup(parts, words)
    environment.filters["css"] = css_text
    environment.tests["wide"] = lambda section: any(_print(block, words) != "" for block in section.blocks)
    environment.tests["crowded"] = lambda block: _print(block, words) == "crowded"
    environment.tests["paragraph"] = lambda block: isinstance(block, Paragraph)
    environment.tests["bullets"] = lambda block: isinstance(block, Bullets)
    environment.tests["table"] = lambda block: isinstance(block, Table)
    environment.tests["drawing"] = lambda block: isinstance(block, Drawing)
    environment.tests["figure"] = lambda cell: isinstance(cell, Number)
    safe = {name: Markup(svg) for name, svg in (drawings or {}).items()}  # noqa: S704 our own drawings
    page = environment.get_template("profile.html.jinja").render(
        profile=profile, drawings=safe, alts=alts or {}, words=profile.words
    )
    return with_faces(page)


def steady_markup(value: Any) -> Any:
    """Take marks that turn text around out of whatever stands in a page; for jinja's ``finalize``."""
    if isinstance(value, Markup):
        # Each sign is asked about once: a drawing has a million of them, and some eighty kinds.
        turning = {
            ord(sign): None
            for sign in set(value)
            if sign not in "\u200c\u200d" and unicodedata.category(sign) == "Cf"
        }
        return Markup(str(value).translate(turning)) if turning else value  # noqa: S704 only shortened
    return steady_text(value) if isinstance(value, str) else value


def css_text(text: str) -> Markup:
    """Give a text as the inside of a string of a style sheet, where markup is not read."""
    steady = steady_text(text)
    safe = (sign if sign.isalnum() or sign == " " else f"\\{ord(sign):x} " for sign in steady)
    return Markup("".join(safe))  # noqa: S704 letters, digits and escapes only


#: Widths in millimetres that an upright and a sideways page leave for a table, with the size of its letters.
_PAPERS = ((178.0, 8.0), (265.0, 7.0))
_CELL_GAP = 1.8


def _print(block: Block, words: Words) -> str:
    """Give how a table is printed: as it is, ``wide`` on a page turned sideways, or ``crowded``.

    A crowded one is on a page turned sideways and breaks words where they do not fit.
    """
    if not isinstance(block, Table):
        return ""
    rows = [[inline_text(cell, words) for cell in row] for row in block.rows]
    every = [word for row in (block.head, *rows) for text in row for word in text.split()]
    for way, (room, size) in zip(("", "wide"), _PAPERS, strict=True):
        most = widest_word(room=room, gap=_CELL_GAP, size=size)
        longest = max((text_width(word, size, bold=True) for word in set(every)), default=0.0)
        if longest <= most and len(lay_columns(block.head, rows, room=room, gap=_CELL_GAP, size=size)) == 1:
            return way
    return "crowded"


def inline_markup(parts: Inline | Sequence[Inline], words: Words) -> Markup:
    """Give text and numbers as markup: text escaped, each number an element that names its figure."""
    items = [parts] if isinstance(parts, str | Number) else list(parts)
    return Markup("").join(_one(item, words) for item in items)


def _one(item: Inline, words: Words) -> Markup:
    if isinstance(item, str):
        return spoken_signs(item, words)
    held = float(item.row[item.column]) if item.row["status"] == "ok" else math.nan
    value = "" if math.isnan(held) else repr(held)
    decimals = "" if item.decimals is None else str(item.decimals)
    written = item.written(words)
    heard = heard_instead(written, words)
    shown = Markup(
        '<data value="{}" data-figure="{}" data-style="{}" data-column="{}" data-decimals="{}"'
        ' data-unit="{}"{}>{}</data>'
    ).format(
        *(value, item.key, item.style, item.column, decimals, item.unit),
        Markup("") if heard is None else Markup(' aria-hidden="true"'),
        written,
    )
    return shown if heard is None else shown + unseen(heard)
