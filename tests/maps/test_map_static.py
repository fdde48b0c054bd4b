"""Maps on paper: same classes as in the browser, to scale, the same bytes twice."""

from __future__ import annotations

import io
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image

from maps import fonts
from maps.fonts import FontError, fonts_for, text_width, wrap
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.picture import PictureError, drawing, new_figure
from maps.sheet import PaperError
from maps.static import draw_map, draw_multiples, map_alt
from maps.style import categories, shares, single, three_classes


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_the_same_map_is_the_same_bytes(share_layer, form):
    first, second = (draw_map(share_layer, title="Below").render(form) for _ in range(2))
    assert first == second
    assert not re.search(rb"20\d\d-\d\d-\d\dT|/CreationDate", first)


def test_classes_and_counts_are_those_of_the_browser(luton):
    for layer in luton:
        html = build_map([layer], title="x")
        block = html[html.index('<section id="legends"') : html.index("<figcaption")]
        seen = re.findall(r'data-class="(\w+)".*?<span class="count">([\d,]+) area', block)
        counts = {one: int(count.replace(",", "")) for one, count in seen if one != "uncertain"}
        # How many lines there are says nothing, so their legend has no number.
        assert counts == ({} if layer.kind == "line" else layer.class_counts())
        for count in counts.values():
            assert f": {count}" in map_alt(layer, title="x")


def test_every_class_colour_is_on_paper(luton):
    picture = draw_map(luton[2], title="Deciles")
    pixels = np.asarray(Image.open(io.BytesIO(picture.render("png"))).convert("RGB")).astype(np.uint32)
    seen = {f"#{one:06x}" for one in np.unique(pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2])}
    assert {one.colour for one in luton[2].style.classes} <= seen


def test_a_kilometre_on_the_sheet_is_a_kilometre(share_layer):
    picture = draw_map(share_layer, title="Below", scale=20000)
    frame = picture.figure.axes[0]
    west, east = frame.get_xlim()
    millimetres = frame.get_position().width * picture.figure.get_figwidth() * 25.4
    assert (east - west) / millimetres == pytest.approx(20000 / 1000)
    assert picture.figure.get_size_inches() * 25.4 == pytest.approx([297, 210])


@pytest.mark.parametrize(
    ("paper", "turn", "size"), [("A3", "landscape", (420, 297)), ("A4", "portrait", (210, 297))]
)
def test_the_pdf_is_a_whole_sheet(share_layer, paper, turn, size):
    pikepdf = pytest.importorskip("pikepdf")
    picture = draw_map(share_layer, title="Below", paper=paper, turn=turn)
    with pikepdf.open(io.BytesIO(picture.render("pdf"))) as held:
        box = [float(one) / 72 * 25.4 for one in held.pages[0].mediabox]
        assert box[2:] == pytest.approx(size, abs=0.1)
        assert held.docinfo["/Title"] == "Below"
        assert "Map of 12 areas" in str(held.docinfo["/Subject"])


def test_larger_paper_gives_a_larger_scale(luton):
    assert draw_map(luton[0], title="x", paper="A3").scale < draw_map(luton[0], title="x").scale


def test_what_does_not_fit_is_refused(luton, grid):
    with pytest.raises(PaperError, match=r"1:10,000 does not fit this sheet; 1:\d"):
        draw_map(luton[0], title="x", scale=10_000)
    with pytest.raises(PaperError, match="A2"):
        draw_map(luton[0], title="x", paper="A2")
    with pytest.raises(PaperError, match="no layer has an area"):
        draw_map(MapLayer("n", "N", grid.iloc[:0], single("N", "N")), title="x")


def test_the_three_classes_differ_in_grey(grid):
    chance = pd.Series([0.99] * 4 + [0.5] * 4 + [0.01] * 4, index=grid.index)
    layer = MapLayer(
        "m", "M", grid, three_classes("M"), pd.Series(0.3, index=grid.index), unit="share", chance=chance
    )
    picture = draw_map(layer, title="M", turn="landscape")
    grey = np.asarray(Image.open(io.BytesIO(picture.render("png"))).convert("L")).astype(float)
    frame = picture.figure.axes[0].get_position()
    tall, wide = grey.shape
    xlim, ylim = picture.figure.axes[0].get_xlim(), picture.figure.axes[0].get_ylim()
    means = []
    for code in (grid.index[1], grid.index[5], grid.index[9]):
        west, south, east, north = grid.geometry[code].buffer(-60).bounds
        xs = [
            int((frame.x0 + (x - xlim[0]) / (xlim[1] - xlim[0]) * frame.width) * wide) for x in (west, east)
        ]
        ys = [
            int((1 - frame.y0 - (y - ylim[0]) / (ylim[1] - ylim[0]) * frame.height) * tall)
            for y in (north, south)
        ]
        means.append(grey[ys[0] : ys[1], xs[0] : xs[1]].mean())
    assert means[0] + 40 < means[2] < means[1] - 40


NAMES = ["محلہ لوٹن", "Łódź Żabia", "Iași Țară", "Tŷ Ŵyn", "£5 & $x_2$ <b>"]


def test_names_in_urdu_polish_romanian_and_welsh_are_drawn(grid):
    if not fonts.carried():
        pytest.skip("needs the font of justmytype-intl-rtl")
    named = grid.assign(name=[*NAMES, *grid["name"][5:]])
    layer = MapLayer("n", "N", named, shares("N", [0, 1]), pd.Series(0.3, index=grid.index), labelled=True)
    picture = draw_map(layer, title="Names")
    assert [path.name for path in picture.fonts] == ["NotoSansArabic[wdth,wght].ttf"]
    assert picture.render("svg") == draw_map(layer, title="Names").render("svg")


def test_a_letter_without_a_font_is_named(grid, monkeypatch):
    layer = MapLayer("n", "N", grid, single("N", "N"))
    with pytest.raises(FontError, match=r"CJK UNIFIED IDEOGRAPH-9B6F \(U\+9B6F\).*fonts="):
        draw_map(layer, title="魯頓")
    with pytest.raises(FontError, match=r"no\.ttf is not there"):
        draw_map(layer, title="魯頓", fonts=[Path("no.ttf")])
    monkeypatch.setattr(fonts, "carried", tuple)
    with pytest.raises(FontError, match="install justmytype-intl-rtl"):
        draw_map(layer, title=NAMES[0])


def test_everything_missing_one_area_and_a_very_long_caveat(make_grid, make_figures):
    one = make_grid(1, 1)
    rows = make_figures(pd.Series([np.nan], index=one.index))
    layer = MapLayer("one", "One", one, shares("One", [0, 1]), rows, caveat="A very long caveat. " * 300)
    for turn in ("landscape", "portrait"):
        picture = draw_map(layer, title="One " * 60, turn=turn)
        assert "Missing: 1" in picture.alt
        assert picture.render("png")


def test_small_multiples_share_scale_and_legend(luton):
    picture = draw_multiples(luton[2:10], title="Domains")
    maps = [one for one in picture.figure.axes if one.axison]
    assert len(maps) == 8
    assert len({round(np.diff(one.get_xlim())[0], 3) for one in maps}) == 1
    assert len(picture.figure.axes) == 9
    assert picture.alt.count("Map of 125 areas") == 8
    mixed = draw_multiples([luton[0], luton[2]], title="Two")
    assert [one.axison for one in mixed.figure.axes].count(True) == 2


def test_background_lines_and_points(share_layer, grid):
    road = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(505000, 221000), (507000, 222500)])], crs="EPSG:27700"
    )
    water = gpd.GeoDataFrame(geometry=[shapely.box(504900, 220900, 505200, 221200)], crs="EPSG:27700")
    spots = gpd.GeoDataFrame(
        {"name": ["Hub", "Library"]}, index=["h", "l"],
        geometry=[shapely.Point(505300, 221300), shapely.Point(506300, 222000)], crs="EPSG:27700",
    )  # fmt: skip
    sites = MapLayer("s", "Sites", spots, categories("Sites", {"hub": "Family hub", "lib": "Library"}),
                     pd.Series({"h": "hub", "l": "lib"}), kind="point")  # fmt: skip
    edges = MapLayer("e", "Edges", grid, single("Edges", "Edge"), kind="line")
    picture = draw_map(
        share_layer, title="x", overlays=[edges, sites], backdrop={"road": road, "water": water}
    )
    assert picture.svg().startswith('<svg role="img" aria-label="Map of 12 areas')


def test_a_picture_is_saved_by_its_suffix(share_layer, tmp_path):
    picture = draw_map(share_layer, title="x")
    picture.save(tmp_path / "map.svg")
    assert (tmp_path / "map.svg").read_bytes() == picture.render("svg")
    with pytest.raises(PictureError, match=r"map\.gif"):
        picture.save(tmp_path / "map.gif")
    with pytest.raises(PictureError, match="gif"):
        picture.render("gif")


@pytest.mark.parametrize("dpi", [60, 100, 150, 300])
def test_a_line_is_as_wide_as_was_measured_at_any_resolution(dpi):
    text = "English Indices of Deprivation 2025, scores, ranks and deciles, mostly 2022/23"
    with drawing():
        figure = new_figure(297, 210)
        figure.set_dpi(dpi)
        for size in (6, 6.5, 7, 7.5, 8, 15):
            line = figure.text(0, 0, text, fontsize=size)
            width = line.get_window_extent(figure.canvas.get_renderer()).width / dpi * 25.4
            assert 0.97 < width / text_width(text, size) <= 1, size


def test_wrapped_lines_fit():
    text = "A caveat of many words and one Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " * 3
    lines = wrap(text, width=50, size=8)
    assert all(text_width(line, 8) <= 50 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrap("", width=50, size=8) == []
    assert fonts_for(["plain Łódź"]) == ()
