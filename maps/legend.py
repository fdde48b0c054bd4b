"""The legend of a layer: what each colour and pattern means, and how many areas have it."""

from __future__ import annotations

import pandas as pd

from maps.layer import LayerKind, MapLayer
from maps.marks import DASHES, mark_of
from maps.patterns import fill_id, uncertain_class
from maps.style import MapClass
from maps.text import class_label, count_text
from maps.words import Words


def legend_entries(layer: MapLayer, data: pd.DataFrame, words: Words) -> list[dict[str, str]]:
    """Give the legend of a layer: every class of its style, then statuses that occur, then stripes.

    Parameters
    ----------
    layer, data
        A layer and its `MapLayer.data`.
    words
        Of the page.

    Returns
    -------
    list of dict
        `id`, `label`, `count` (in words) and `swatch` (an SVG picture without text).
    """
    counts = layer.style.count(data["class"])
    entries = []
    for class_id, count in counts.items():
        one = layer.style.entry(class_id)
        entries.append(
            {
                "id": class_id,
                "label": class_label(one, words),
                "count": _counted(count, layer.kind, words),
                "swatch": swatch(layer, one),
            }
        )
    if bool(data["uncertain"].any()):
        middle = uncertain_class(layer.style.classes[len(layer.style.classes) // 2])
        striped = int(data["uncertain"].sum())
        entries.append(
            {
                "id": "uncertain",
                "label": words("map", "uncertain"),
                "count": _counted(striped, layer.kind, words),
                "swatch": swatch(layer, middle),
            }
        )
    return entries


def origin_line(layer: MapLayer, words: Words) -> str:
    """Say under a legend, on screen and on paper, whence and when the figures are and what their range is."""
    period = layer.period_words()
    # Some titles name their year, which is not said twice.
    period = "" if period in layer.source else period
    return ", ".join(one for one in (layer.source, period, layer.interval_words(words)) if one)


def _counted(count: int, kind: LayerKind, words: Words) -> str:
    """How many areas or places have a class; nothing for lines, whose number says nothing."""
    if kind == "line":
        return ""
    one, many = (
        ("place_in_class", "places_in_class") if kind == "point" else ("area_in_class", "areas_in_class")
    )
    return words("map", one) if count == 1 else words("map", many, count=count_text(count, words))


def swatch(layer: MapLayer, one: MapClass) -> str:
    """Draw one legend entry as a small SVG picture."""
    if layer.kind == "line":
        width = max(2.0, layer.style.outline_width)
        dash = " ".join(f"{length:g}" for length in DASHES[layer.style.dash])
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        shape = f'<path d="M2 10H30" stroke="{one.colour}" stroke-width="{width}" fill="none"{dashed}/>'
    elif layer.kind == "point":
        corners, hollow = mark_of(layer.style, one)
        points = " ".join(f"{16 + x:g},{10 + y:g}" for x, y in corners)
        look = (
            f'fill="#ffffff" stroke="{one.colour}" stroke-width="2.5"'
            if hollow
            else f'fill="{paint(one)}" stroke="#1a1a1a"'
        )
        shape = f'<polygon points="{points}" {look}/>'
    else:
        shape = f'<rect x="1" y="1" width="30" height="18" fill="{paint(one)}" stroke="#1a1a1a"/>'
    return f'<svg width="32" height="20" viewBox="0 0 32 20" aria-hidden="true">{shape}</svg>'


def paint(one: MapClass) -> str:
    """Give the SVG paint of a class: its colour, or a reference to its pattern."""
    name = fill_id(one.colour, one.pattern, one.ink)
    return f"url(#{name})" if one.pattern else name
