"""The profile as one HTML page that opens with the network cut.

Every number is a ``data`` element that names its figure, so that a test, a script or a reader can
hold the page against the table.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup, escape

from fairplace.profile.model import Bullets, Drawing, Inline, Number, Paragraph, Profile, Table
from maps.faces import with_faces
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
    environment.filters["inline"] = lambda parts: inline_markup(parts, profile.words)
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
        kept = (sign for sign in value if sign in "\u200c\u200d" or unicodedata.category(sign) != "Cf")
        return Markup("".join(kept))  # noqa: S704 escaped already, and only shortened
    return steady_text(value) if isinstance(value, str) else value


def inline_markup(parts: Inline | Sequence[Inline], words: Words) -> Markup:
    """Give text and numbers as markup: text escaped, each number an element that names its figure."""
    items = [parts] if isinstance(parts, str | Number) else list(parts)
    return Markup("").join(_one(item, words) for item in items)


def _one(item: Inline, words: Words) -> Markup:
    if isinstance(item, str):
        return escape(item)
    value = repr(float(item.row[item.column])) if item.row["status"] == "ok" else ""
    decimals = "" if item.decimals is None else str(item.decimals)
    return Markup(
        '<data value="{}" data-figure="{}" data-style="{}" data-column="{}" data-decimals="{}"'
        ' data-unit="{}">{}</data>'
    ).format(value, item.key, item.style, item.column, decimals, item.unit, item.written(words))
