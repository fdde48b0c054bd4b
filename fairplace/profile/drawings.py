"""The maps and charts of a profile, drawn by `maps` from the released figures."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from fairplace.disclosure import Released
from fairplace.profile.flags import FLAGS as ORDER
from fairplace.profile.map_drawings import (
    cover_map,
    imd_map,
    mis_map,
    planning_map,
    walk_map,
    where_map,
)
from fairplace.profile.model import Drawing, Profile
from maps.charts import depth_bar, population_pyramid, reach_curve, stacked_bars
from maps.comparison import FLAGS, dot_intervals, spine_chart, tartan_rug
from maps.picture import Picture
from maps.style import LayerStyle, MapClass, deciles


def draw(profile: Profile, released: Released) -> dict[str, Picture]:
    """Draw every drawing of a profile that the pack has figures for, by its id."""
    made: dict[str, Picture] = {}
    for block in profile.drawings:
        picture = _KINDS[block.kind](profile, released, block)
        if picture is not None:
            made[block.id] = picture
    return made


def draw_svg(profile: Profile, released: Released) -> dict[str, str]:
    """Draw every drawing as SVG that can stand inside a page."""
    return {name: picture.svg() for name, picture in draw(profile, released).items()}


def _stack(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    return stacked_bars(drawing.data["parts"], title=drawing.caption, decimals=1, words=profile.words)


def _depth(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    return depth_bar(drawing.data["bands"], title=drawing.caption, words=profile.words)


def _dots(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    return dot_intervals(drawing.data["rows"], title=drawing.caption, words=profile.words)


def _theme_dots(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    return dot_intervals(drawing.data["rows"], title=drawing.caption, decimals=1, words=profile.words)


def _pyramid(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    data = drawing.data
    return population_pyramid(
        data["people"],
        title=drawing.caption,
        compare=data["compare"],
        compare_label=data["label"],
        words=profile.words,
    )


def _reach(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    data = drawing.data
    return reach_curve(
        data["reach"], title=drawing.caption, limits=(10, 15, 20), across=data["across"], words=profile.words
    )


def _spine(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    data = drawing.data
    return spine_chart(
        data["rows"],
        title=drawing.caption,
        place=profile.area,
        comparator=data["comparator"],
        second=data["second"],
        bar=data["bar"],
        words=profile.words,
    )


def _rug(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    words = profile.words
    # The marks and colours of the spine chart, which goes by the same rule.
    classes = tuple(MapClass(one, words("charts", f"flag_{one}"), FLAGS[one][1]) for one in ORDER)
    return tartan_rug(
        drawing.data["cells"],
        LayerStyle(drawing.caption, classes, rule="codes"),
        title=drawing.caption,
        status=drawing.data["status"],
        marks={one: FLAGS[one][0] for one in ORDER},
        words=words,
    )


def _strip(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    del released
    cells = drawing.data["cells"]
    texts = cells.map(lambda one: "" if pd.isna(one) else f"{one:.0f}")
    words = profile.words
    style = deciles(words("charts", "national_decile"), words=words)
    return tartan_rug(
        cells, style, title=drawing.caption, texts=texts, status=drawing.data["status"], words=words
    )


_KINDS: dict[str, Callable[[Profile, Released, Drawing], Picture | None]] = {
    "cover_map": cover_map,
    "where_map": where_map,
    "mis_map": mis_map,
    "imd_map": imd_map,
    "walk_map": walk_map,
    "planning_map": planning_map,
    "depth": _depth,
    "dots": _dots,
    "ages": _stack,
    "tenure": _stack,
    "ethnic": _stack,
    "spine": _spine,
    "theme_dots": _theme_dots,
    "rug": _rug,
    "strip": _strip,
    "reach": _reach,
    "pyramid": _pyramid,
}
