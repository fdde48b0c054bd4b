"""Names in pictures: steady, whoever wrote them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from maps.charts import population_pyramid, reach_curve, stacked_bars
from maps.comparison import dot_intervals, spine_chart, tartan_rug
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.picture import Picture, drawing
from maps.static import draw_map, draw_multiples
from maps.steady import steady
from maps.style import deciles, shares, single

#: A mark that turns what follows it around, one of a right-to-left word, a bell; and a joiner, which spells.
HOSTILE = ["Up \u202egnol \x07end", "\u200fBell\x07", "نی\u200cا", "Tab\x00\u2066s"]
FORBIDDEN = re.compile("[\u202a-\u202e\u200f\u2066-\u2069\x00-\x09\x0b-\x1f]")


def map_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    named = grid.assign(name=[*names, *(f"{name} {at}" for at in (2, 3) for name in names)])
    layer = MapLayer(
        "b", f"Below in {names[0]}", named, shares(f"Children below in {names[0]}", [0, 0.2, 0.4, 0.8]), rows,
        source=f"Model of {names[1]}", caveat=f"An estimate for {names[1]}.", labelled=True,
    )  # fmt: skip
    fit = MapLayer("f", "Fit", named.iloc[:2], single("Edge that best fit would give it", f"What best fit gives {names[0]}",
                   colour="#1d4f73"), kind="line")  # fmt: skip
    area = MapLayer("a", names[0], named.iloc[:1], single("This area", names[0]), kind="line")
    return draw_map(layer, title=titled(names), overlays=[fit, area], paper="A5", banner=[f"Draft of {names[1]}"],
                    running=f"{names[0]} · Draft", licences=[f"© {names[3]}"])  # fmt: skip


def sheet_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    below = MapLayer(
        "b", f"Below in {names[0]}", grid, shares(f"Children below in {names[0]}", [0, 0.2, 0.4, 0.8]), rows
    )
    tenths = MapLayer("t", f"Tenths of {names[1]}", grid, deciles(f"Deciles in {names[2]}"),
                      pd.Series(np.arange(12) % 10 + 1, index=grid.index))  # fmt: skip
    return draw_multiples([below, tenths], title=titled(names))


def chart_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    parts = pd.DataFrame({"Young": [0.2, 0.3, 0.1, 0.4], names[3]: [0.5, 0.3, 0.5, 0.3]}, index=names)
    return stacked_bars(parts.assign(Others=1 - parts.sum(axis=1)), title=titled(names))


def rug_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    cells = pd.DataFrame(
        [[1, 2], [4, 5], [7, 8], [10, 1]], index=names, columns=["Income", f"Work in {names[0]}"]
    )
    return tartan_rug(cells, deciles("National decile"), title=titled(names), texts=cells.astype(str))


def spine_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    spine = {
        "label": ["Below the line", f"Overcrowded homes in {names[0]}"], "unit": "share", "value": [0.2, 0.4],
        "comparator": [0.25, 0.3], "lowest": 0.1, "p25": 0.2, "p75": [0.3, 0.4], "highest": [0.5, 0.6],
        "flag": ["lower", "higher"], "second": 0.3,
    }  # fmt: skip
    return spine_chart(
        pd.DataFrame(spine), title=titled(names), place=names[0], comparator=names[1], second=names[2]
    )


def dots_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    dots = {
        "label": ["Below the line", f"Homes in {names[0]}"] * 2, "place": [names[0]] * 2 + [names[1]] * 2,
        "value": [0.2, 0.3, 0.25, np.nan], "low": 0.1, "high": 0.4,
    }  # fmt: skip
    return dot_intervals(pd.DataFrame(dots), title=titled(names))


def curve_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    reach = pd.DataFrame({names[0]: [0, 0.4, 0.9], names[1]: [0, 0.3, 0.8]}, index=[0, 10, 20])
    return reach_curve(reach, title=titled(names), limits=(10,), across=f"Minutes on foot in {names[2]}")


def pyramid_of(names: list[str], grid: gpd.GeoDataFrame, rows: pd.DataFrame) -> Picture:
    people = pd.DataFrame({"Females": [0.5, 0.4], "Males": [0.6, 0.3]}, index=["0 to 14", "15 and over"])
    return population_pyramid(people, title=titled(names), compare=people, compare_label=names[1])


KINDS: dict[str, Callable[[list[str], gpd.GeoDataFrame, pd.DataFrame], Picture]] = {
    "map": map_of, "sheet": sheet_of, "chart": chart_of, "rug": rug_of, "spine": spine_of, "dots": dots_of,
    "curve": curve_of, "pyramid": pyramid_of,
}  # fmt: skip


def titled(names: list[str]) -> str:
    return f"Children below the Minimum Income Standard in {names[0]}, modelled, beside {names[1]} and {names[2]}"


@pytest.fixture
def draw_of(grid, make_figures) -> Callable[[str, list[str]], Picture]:
    rows = make_figures(pd.Series(np.linspace(0.05, 0.6, len(grid)), index=grid.index))
    return lambda kind, names: KINDS[kind](names, grid, rows)


def words_of(picture: Picture) -> list[Text]:
    """All that is written in a picture, drawn."""
    with drawing(picture.fonts):
        picture.figure.canvas.draw()
    return [one for one in picture.figure.findobj(Text) if one.get_visible() and one.get_text().strip()]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_a_name_turns_the_words_of_a_picture_or_stops_it(kind, draw_of):
    picture = draw_of(kind, HOSTILE)
    written = [one.get_text() for one in words_of(picture)]
    svg = picture.svg()
    for text in (*written, picture.title, picture.alt, svg):
        assert not FORBIDDEN.search(text), text[:80]
    assert picture.title == steady(titled(HOSTILE))
    assert "Up gnol end" in picture.title
    # A joiner spells a word and stays.
    assert HOSTILE[2] in f"{picture.title} {' '.join(written)}"
    assert "aria-label" in svg
    assert picture.render("png")


def test_nothing_in_a_name_turns_the_words_of_a_map_page(grid):
    named = grid.assign(name=[*HOSTILE, *grid["name"][4:]])
    layer = MapLayer("n", HOSTILE[0], named, single(HOSTILE[1], HOSTILE[3]), labelled=True, caveat=HOSTILE[0])
    page = build_map([layer], title=HOSTILE[0], caveats=[HOSTILE[1]], banner=[HOSTILE[3]], running=HOSTILE[0])
    # Line ends and such belong to the page; the scripts it carries name marks by escapes of their own.
    data = "".join(re.findall(r'<script[^>]*type="application/json"[^>]*>(.*?)</script', page, re.DOTALL))
    for sign in ("\u202e", "\u200f", "\u2066", "\x07", "\x00"):
        assert sign not in page
        assert json.dumps(sign)[1:-1] not in data
    assert HOSTILE[2] in page or json.dumps(HOSTILE[2])[1:-1] in page
    assert "Up gnol end" in page


def test_a_table_without_such_signs_is_the_same_table():
    plain = pd.DataFrame({"label": ["a", None], "value": [1.0, np.nan]}, index=["x", "y"])
    assert steady(plain) is plain
    turned = pd.DataFrame({"label": ["a\u202e", None], "value": [1.0, np.nan]}, index=["x\x07", "y"])
    pd.testing.assert_frame_equal(steady(turned), plain)
    assert turned.index[0] == "x\x07"
