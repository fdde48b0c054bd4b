"""Names in pictures: steady whoever wrote them, each script in a font that has it, nothing moved by it."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pikepdf
import pytest
import shapely
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from maps import fonts
from maps.charts import population_pyramid, reach_curve, stacked_bars
from maps.comparison import dot_intervals, spine_chart, tartan_rug
from maps.fonts import drawn_families, fonts_for, measuring, text_width, wrap
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.picture import Picture, drawing, new_figure
from maps.static import draw_map, draw_multiples
from maps.steady import steady
from maps.style import deciles, shares, single

NAMES = {
    "plain": ["Biscot", "Dallow", "Saints & Co", "Wigmore"],
    "urdu": ["محلہ ٹاؤن", "لوٹن", "چھوٹے گاؤں", "لندن"],
    "mixed": ["Luton لوٹن", "Dallow", "بازار Bury Park", "Łódź لندن"],
    "polish": ["Łódź Żabia", "Żółć", "Świętokrzyskie", "Gęśla"],
    "romanian": ["Iași Țară", "Brăila", "Țipău", "Vâlcea"],
    "welsh": ["Tŷ Ŵyn", "Llanŵyr", "Ŷstrad", "Môn"],
}
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


def boxes(picture: Picture, written: list[Text]) -> list[tuple[str, Any]]:
    """Words outside maps and marked places, and the frames of maps and bars, in millimetres."""
    figure = picture.figure
    with drawing(picture.fonts):
        paint = figure.canvas.get_renderer()
        maps = [pad for pad in figure.axes if pad.axison]
        inside = {one for pad in maps for one in pad.findobj(Text)} if picture.scale else set()
        found = [(one.get_text(), one.get_window_extent(paint)) for one in written
                 if one not in inside and not one.get_rotation()]  # fmt: skip
        found += [
            (f"frame {at}", pad.get_window_extent(paint)) for at, pad in enumerate(maps) if picture.scale
        ]
    to = 25.4 / figure.dpi
    return [
        (
            text,
            shapely.box(box.x0 * to, box.y0 * to, box.x1 * to, box.y1 * to).buffer(-0.2, join_style="mitre"),
        )
        for text, box in found
    ]


def need_arabic(names: list[str]) -> None:
    if not fonts.carried() and any(0x600 <= ord(sign) < 0x700 for sign in "".join(names)):
        pytest.skip("needs the font of justmytype-intl-rtl")


@pytest.mark.parametrize("script", NAMES)
@pytest.mark.parametrize("kind", ["map", "sheet", "chart", "rug", "spine"])
def test_names_of_any_script_leave_every_word_its_place_and_headings_bold(kind, script, draw_of):
    need_arabic(NAMES[script])
    picture = draw_of(kind, NAMES[script])
    found = boxes(picture, words_of(picture))
    for (one, first), (other, second) in itertools.combinations(found, 2):
        assert not first.intersects(second), (one, other)
    with pikepdf.open(io.BytesIO(picture.render("pdf"))) as document:
        used = {str(one.BaseFont) for one in document.pages[0].Resources.Font.values()}
    arabic = script in ("urdu", "mixed")
    for base in ("DejaVuSans-Bold", "DejaVuSans"):
        assert any(one.endswith(base) for one in used), used
    assert any(one.endswith("NotoSansArabic-Bold") for one in used) == arabic, used
    # In SVG a letter is a shape, known by its font.
    svg = picture.render("svg").decode()
    assert "DejaVuSans-Bold-" in svg
    assert ("NotoSansArabic-Bold-" in svg) == arabic
    assert bool(picture.fonts) == arabic


def test_latin_words_and_signs_stay_in_the_font_that_they_had():
    need_arabic(NAMES["urdu"])
    needed = fonts_for(["Luton, 12% لوٹن"])
    first, last = drawn_families(needed)
    assert last == "DejaVu Sans"
    assert drawn_families() == ["DejaVu Sans"]
    cut = fonts._beside(needed[0])
    assert cut.family == first
    for path in (cut.regular, cut.bold):
        font = FT2Font(path)
        assert not any(0x20 <= code < 0x600 for code in font.get_charmap())
        # A word comes whole from one font, the letters that DejaVu Sans has too.
        assert all(ord(sign) in font.get_charmap() for sign in "لوٹنمحلہچھوےگاؤںد")
    own, plain = (FT2Font(path) for path in (cut.regular, fonts.REGULAR))
    for name in ("sTypoAscender", "sTypoDescender", "sTypoLineGap"):
        heights = [one.get_sfnt_table("OS/2")[name] / one.units_per_EM for one in (own, plain)]
        assert heights[0] == pytest.approx(heights[1], abs=0.001)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["Luton", "لوٹن", "Luton لوٹن, 12%", "چھوٹے گاؤں", "Łódź لندن"])
def test_text_is_as_wide_as_it_was_measured_in_the_font_that_draws_it(text, bold):
    need_arabic([text])
    with drawing(fonts_for([text])):
        figure = new_figure(100, 20)
        drawn = figure.text(0, 0, text, fontsize=12, fontweight="bold" if bold else "normal")
        figure.canvas.draw()
        wide = drawn.get_window_extent().width / figure.dpi * 25.4
        assert text_width(text, 12, bold=bold) == pytest.approx(wide, rel=0.03, abs=0.15)


def test_joined_letters_are_joined():
    need_arabic(NAMES["urdu"])
    with measuring():
        apart = sum(text_width(sign, 10) for sign in "لندن")
        assert text_width("لندن", 10) < 0.9 * apart


def test_every_line_of_a_sentence_runs_its_way():
    for sentence in (
        "Children below the standard in محلہ ٹاؤن, Halverton, modelled",
        "محلہ ٹاؤن among areas of its kind, with Halverton in the middle",
    ):
        for width in range(20, 100, 4):
            for line in wrap(sentence, width=width, size=10):
                assert not fonts._turns(line), (width, line)
    assert wrap("محلہ ٹاؤن, Luton", width=100, size=10) == ["محلہ ٹاؤن, Luton"]


def test_a_cut_font_that_the_machine_tidied_away_is_made_again():
    need_arabic(NAMES["urdu"])
    (path,) = fonts_for(NAMES["urdu"])
    before = fonts._beside(path)
    before.bold.unlink()
    again = fonts._beside(path)
    assert again.bold.is_file()
    assert again.bold != before.bold
    with drawing((path,)):
        figure = new_figure(50, 10)
        figure.text(0, 0, NAMES["urdu"][0], fontweight="bold")
        assert b"NotoSansArabic-Bold" in Picture(figure, "", "", (path,)).render("svg")
