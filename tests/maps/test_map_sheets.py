"""Several maps on one sheet: whole legends, nothing on anything else, all of it legible."""

from __future__ import annotations

import ctypes
import dataclasses
import html
import importlib
import io
import itertools
import re
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox
from PIL import Image

from maps import fonts
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.picture import Picture, drawing
from maps.sheet import PAPERS, Paper, PaperError, Turn
from maps.static import draw_map, draw_multiples
from maps.style import deciles, shares, single, three_classes
from maps.tiles import build_tile_map

SHEETS = [(paper, turn) for paper in ("A4", "A3") for turn in ("landscape", "portrait")]
CAVEATS = [
    "People below the line in Anytown, modelled: about 4 in 10 (38%; 90% range 33% to 43%) for 2025. " * 2,
    "An estimate describes an area. It says nothing about any one street, home, person or community in it.",
]


@pytest.fixture
def many(
    make_grid: Callable[..., gpd.GeoDataFrame], make_figures: Callable[..., pd.DataFrame]
) -> list[MapLayer]:
    """Nine layers that share no legend: three classes, tenths, and shares of five classes."""
    grid = make_grid(6, 4, side=1500.0)
    rows = make_figures(pd.Series(np.linspace(0.05, 0.6, len(grid)), index=grid.index))
    tenths = pd.Series(np.arange(len(grid)) % 10 + 1, index=grid.index)
    chance = pd.Series(np.linspace(0, 1, len(grid)), index=grid.index)
    below = "People below the Minimum Income Standard, modelled: against Anytown as a whole"
    source = "English Indices of Deprivation 2025, scores, ranks and deciles, mostly 2022/23"
    layers = [
        MapLayer("mis", "Minimum Income Standard: against the whole", grid, three_classes(below), rows, chance=chance),
        MapLayer("imd", "Deprivation 2025: national tenths", grid, deciles("Index of Deprivation"), tenths,
                 source=source),
    ]  # fmt: skip
    return layers + [
        MapLayer(f"s{at}", f"Households in homes of kind {at}, 2021", grid,
                 shares(f"Households in homes of kind {at}", [0, 0.1, 0.2, 0.3, 0.4, 0.5 + at / 10]), rows)
        for at in range(2, 9)
    ]  # fmt: skip


@pytest.fixture
def edges(many: list[MapLayer]) -> MapLayer:
    """The outline of all the areas."""
    whole = gpd.GeoDataFrame(
        {"name": ["Anytown"]}, index=["w"], geometry=[many[0].areas.union_all()], crs="EPSG:27700"
    )
    return MapLayer("edges", "Wards", whole, single("Ward (2025)", "Outline"), kind="line")


def _ink(text: Any, paint: Any) -> Any:
    """Where the letters of a line are: its box has what a font leaves free above and below too."""
    box = text.get_window_extent(paint)
    if text.get_va() != "baseline":
        return box
    foot = text.get_transform().transform(text.get_position())[1]
    size = text.get_fontsize() / 72 * text.figure.dpi
    return Bbox([[box.x0, foot - 0.24 * size], [box.x1, foot + 0.8 * size]])


def boxes_of(picture: Picture) -> list[tuple[str, float, tuple[float, float, float, float]]]:
    """What stands on a sheet outside its maps, and the maps: words, points, and millimetres."""
    figure = picture.figure
    with drawing(picture.fonts):
        figure.canvas.draw()
        paint = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        words: list[Any] = [
            *figure.texts,
            *(one for pad in figure.axes if not pad.axison for one in pad.texts),
        ]
        things: list[tuple[str, float, Any]] = [
            (one.get_text(), one.get_fontsize(), _ink(one, paint)) for one in words if one.get_text()
        ]
        for at, pad in enumerate(figure.axes):
            if pad.axison:
                things.append((f"map {at}", 99.0, pad.get_window_extent(paint)))
            else:
                things += [(f"line {at}", 99.0, one.get_window_extent(paint)) for one in pad.lines]
    to = 25.4 / figure.dpi
    return [(text, size, (box.x0 * to, box.y0 * to, box.x1 * to, box.y1 * to)) for text, size, box in things]


def check_sheet(picture: Picture, paper: str, turn: str) -> None:
    """Nothing lies on anything else, no letter is under 6 points, nothing is nearer than 3 mm to the edge."""
    width, height = PAPERS[paper] if turn == "landscape" else PAPERS[paper][::-1]
    found = boxes_of(picture)
    for text, size, box in found:
        assert size >= 6, text
        assert min(box[:2]) >= 3, (text, box)
        assert min(width - box[2], height - box[3]) >= 3, (text, box)
    tight = [
        (text, shapely.box(*box).buffer(-0.25, cap_style="flat", join_style="mitre"))
        for text, _, box in found
    ]
    for (one, first), (other, second) in itertools.combinations(tight, 2):
        assert not first.intersects(second), (one, other)


def legend_words(picture: Picture) -> str:
    """Words of the legends, in the order in which they were drawn."""
    return " ".join(one.get_text() for pad in picture.figure.axes if not pad.axison for one in pad.texts)


@pytest.mark.parametrize("count", range(2, 10))
@pytest.mark.parametrize(("paper", "turn"), SHEETS)
def test_each_map_has_its_whole_legend_and_nothing_lies_on_anything(many, edges, count, paper, turn):
    picture = draw_multiples(
        many[:count], title=f"Anytown: {count} maps at one scale", overlays=[edges], paper=paper, turn=turn,
        caveats=CAVEATS, banner=["Draft: not yet approved."], running="Anytown · Draft",
    )  # fmt: skip
    check_sheet(picture, paper, turn)
    words = legend_words(picture)
    for layer in many[:count]:
        number = layer.class_counts()
        for one in layer.style.classes:
            assert f"{one.label} ({number[one.id]})" in words
    assert words.count("Outline") == 1
    assert sum(pad.axison for pad in picture.figure.axes) == count


@pytest.mark.parametrize("count", [2, 5, 9])
@pytest.mark.parametrize(("paper", "turn"), SHEETS)
def test_a_shared_legend_stands_once_beside_maps_that_it_does_not_touch(grid, edges, count, paper, turn):
    values = pd.Series(np.arange(len(grid)) % 10 + 1, index=grid.index)
    layers = [MapLayer(f"d{at}", f"Domain {at}", grid, deciles("Tenths"), values) for at in range(count)]
    picture = draw_multiples(
        layers, title="Domains", overlays=[edges], paper=paper, turn=turn, caveats=CAVEATS
    )
    check_sheet(picture, paper, turn)
    assert legend_words(picture).count("10 (least deprived)") == 1


@pytest.mark.parametrize(("paper", "turn"), SHEETS)
@pytest.mark.parametrize("count", [3, 8])
def test_maps_of_luton_lie_apart_from_their_legends(luton, count, paper, turn):
    layers = [*luton[:2], *luton[2:8]][:count]
    picture = draw_multiples(
        layers, title="Luton", overlays=[luton[-1]], paper=paper, turn=turn, caveats=CAVEATS
    )
    check_sheet(picture, paper, turn)


def test_maps_stand_where_they_are_drawn_largest(many):
    # Nine kilometres across: three abreast have 89 mm each, which with a small edge is 1:104,000; with
    # their legends beside them, two by two, there is more: 1:100,000.
    picture = draw_multiples(many[:3], title="Three")
    assert picture.scale == 100_000
    for columns in (1, 2, 3):
        try:
            assert draw_multiples(many[:3], title="Three", columns=columns).scale >= picture.scale
        except PaperError:
            continue


def test_a_sheet_that_cannot_be_legible_is_refused_with_what_to_do(many):
    with pytest.raises(PaperError, match=r"9 maps .* 6 points .* A5 landscape; use A3, portrait or fewer"):
        draw_multiples(many, title="Nine", paper="A5")
    with pytest.raises(PaperError, match="at most 8 columns"):
        draw_multiples(many, title="Nine", columns=9, turn="portrait")


def test_a_shared_legend_has_the_statuses_and_stripes_of_every_map(grid, make_figures):
    plain = make_figures(pd.Series(0.3, index=grid.index), spread=0.0)
    other = make_figures(pd.Series(0.21, index=grid.index))
    other.loc[0, ["value", "low", "high", "status"]] = [np.nan, np.nan, np.nan, "suppressed"]
    style = shares("Share", [0, 0.2, 0.4], mark_uncertain=True)
    layers = [
        MapLayer("a", "A", grid, style, plain, source="First source"),
        MapLayer("b", "B", grid, style, other, source="Second source"),
    ]
    words = legend_words(draw_multiples(layers, title="Two"))
    for said in ("Hidden to protect people", "Striped", "First source", "Second source"):
        assert said in words
    assert "Missing" not in words


@pytest.mark.parametrize("turn", ["landscape", "portrait"])
@pytest.mark.parametrize("paper", ["A5", "A4", "A3"])
def test_one_map_lies_apart_from_a_long_legend(many, edges, paper, turn):
    spots = MapLayer(
        "p", "Places", many[0].areas, single("Places of a kind with a long name", "Place"), kind="point"
    )
    picture = draw_map(
        many[1], title="One", overlays=[edges, spots], paper=paper, turn=turn, caveats=CAVEATS[1:]
    )
    check_sheet(picture, paper, turn)
    assert "10 (least deprived)" in legend_words(picture)


def test_the_legend_on_screen_says_what_the_printed_one_says(share_layer):
    said = "Model, 2025, 90% range of the model"
    assert said in legend_words(draw_map(share_layer, title="x"))
    page = build_map([share_layer], title="x")
    assert said in page[page.index('<section id="legends"') : page.index("<figcaption")]


def test_the_legend_over_tiles_says_what_the_printed_one_says(share_layer, tmp_path):
    pytest.importorskip("maplibre", reason="needs MapLibre from the package maplibre")
    tiles = tmp_path / "areas.pmtiles"
    tiles.write_bytes(b"PMTiles\x03")
    page = build_tile_map(share_layer, tiles, title="x", address=tiles.name)
    assert "Model, 2025, 90% range of the model</p>" in page


#: Lines of sources, each of them whole.
LICENCES = [
    f"Contains data of publisher number {at} © of its owners and database right 2026." for at in range(40)
]
BANNER = [
    "Edition a was superseded on 1 May 2026 by edition b, because figures of three wards were wrong. " * 2
]
RUNNING = "Anytown: a title of some length · Anytown · Approved by A. Person, 2 March 2026 · public edition 0a1b2c3d"
LONG_NAME = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch and"
URDU = "محلہ لوٹن"


def long_sheet(layers: list[MapLayer], edges: MapLayer, paper: Paper, turn: Turn) -> Picture:
    """A sheet whose every text is as long as it may be, of one map or of several."""
    how: Any = {
        "title": f"{LONG_NAME}: {layers[0].label}", "paper": paper, "turn": turn, "caveats": [*CAVEATS, "One more caveat. " * 40],
        "banner": BANNER, "running": RUNNING, "licences": LICENCES, "overlays": [edges],
    }  # fmt: skip
    return draw_map(layers[0], **how) if len(layers) == 1 else draw_multiples(layers, **how)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("paper", "turn"), SHEETS)
def test_long_licences_caveats_and_names_are_whole_on_the_sheet_and_in_its_files(
    many, edges, count, paper, turn
):
    pypdfium2 = pytest.importorskip("pypdfium2")
    picture = long_sheet(many[:count], edges, paper, turn)
    check_sheet(picture, paper, turn)
    width, height = PAPERS[paper] if turn == "landscape" else PAPERS[paper][::-1]
    with pypdfium2.PdfDocument(picture.render("pdf")) as document:
        assert len(document) == 1
        page = document[0].get_textpage()
        written = page.get_text_bounded()
        for at in range(page.count_chars()):
            left, low, right, high = (one / 72 * 25.4 for one in page.get_charbox(at))
            assert min(left, low) > 3
            assert right < width - 3
            assert high < height - 3
    # Letters of an SVG are shapes, each line of them after a remark with its words.
    svg = " ".join(re.findall(r"<!-- (.*?) -->", html.unescape(picture.render("svg").decode()), re.DOTALL))
    for text in (written, svg):
        held = "".join(text.split())
        for words in (*LICENCES, *BANNER, RUNNING, *CAVEATS, LONG_NAME, f"1:{picture.scale:,} {paper}"):
            assert "".join(words.split()) in held, words


@pytest.mark.parametrize("turn", ["landscape", "portrait"])
def test_the_edge_of_a_picture_is_white_whatever_is_written_on_it(many, edges, turn):
    for count in (1, 4):
        with Image.open(
            io.BytesIO(long_sheet(many[:count], edges, "A4", turn).render("png", dpi=100))
        ) as held:
            pixels = np.asarray(held.convert("L"))
        inner = 12  # 3 mm at 100 dots an inch
        assert pixels[inner:-inner, inner:-inner].min() < 50
        rim = np.ones(pixels.shape, dtype=bool)
        rim[inner:-inner, inner:-inner] = False
        assert pixels[rim].min() == 255


@pytest.mark.parametrize("name", [LONG_NAME, URDU])
def test_a_long_or_right_to_left_name_stays_inside_its_map_and_its_sheet(many, edges, name):
    if name == URDU and not fonts.carried():
        pytest.skip("needs the font of justmytype-intl-rtl")
    areas = many[0].areas.assign(name=[f"{name} {at}" for at in range(len(many[0].areas))])
    layer = dataclasses.replace(many[1], areas=areas, labelled=True, label=name)
    for picture in (
        draw_map(layer, title=name),
        draw_multiples([layer, many[2]], title=name, overlays=[edges]),
    ):
        check_sheet(picture, "A4", "landscape")
        with drawing(picture.fonts):
            paint = picture.figure.canvas.get_renderer()
            frame = picture.figure.axes[0]
            inside = frame.get_window_extent(paint)
            names = [one for one in frame.texts if one.get_text().startswith(name)]
            assert names
            for one in names:
                box = one.get_window_extent(paint)
                assert inside.x0 <= box.x0
                assert box.x1 <= inside.x1
                assert inside.y0 <= box.y0
                assert box.y1 <= inside.y1


def test_licences_that_leave_no_room_are_refused_rather_than_cut(many):
    with pytest.raises(PaperError, match=r"sources and caveats alone take \d+ of 210 mm; use larger paper"):
        draw_map(many[0], title="x", licences=[f"Licence {at} of a publisher. " * 12 for at in range(60)])


@pytest.mark.parametrize(("paper", "turn"), SHEETS)
@pytest.mark.parametrize("count", [1, 4])
def test_a_kilometre_of_ground_is_true_to_scale_in_the_pdf(many, paper, turn, count):
    """A square of one kilometre, a colour of its own, measured by its corners in the file."""
    pypdfium2 = pytest.importorskip("pypdfium2")
    ground = many[0].areas.geometry.iloc[8].centroid
    square = gpd.GeoDataFrame(
        {"name": ["One"]}, index=["one"], geometry=[ground.buffer(500, cap_style="square")], crs="EPSG:27700"
    )
    whole = [
        dataclasses.replace(one, style=single(one.label, "All"), figures=None, chance=None) for one in many
    ]
    kilometre = MapLayer("km", "Kilometre", square, single("Kilometre", "One", colour="#12345a"), kind="line")
    if count == 1:
        picture = draw_map(whole[0], title="x", overlays=[kilometre], paper=paper, turn=turn)
    else:
        picture = draw_multiples(whole[:count], title="x", overlays=[kilometre], paper=paper, turn=turn)
    expected = 1_000_000 / picture.scale
    with pypdfium2.PdfDocument(picture.render("pdf")) as document:
        found = [box for box in stroked_boxes(document[0], (0x12, 0x34, 0x5A)) if box[3] - box[1] > 1]
    assert len(found) == count
    for west, south, east, north in found:
        assert east - west == pytest.approx(expected, abs=0.02)
        assert north - south == pytest.approx(expected, abs=0.02)


def stroked_boxes(page: Any, colour: tuple[int, int, int]) -> list[tuple[float, float, float, float]]:
    """Extents of the paths of a PDF's page drawn in a colour, by their corners, in millimetres."""
    raw = importlib.import_module("pypdfium2.raw")
    found = []
    for held in page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH,)):
        paint = [ctypes.c_uint() for _ in range(4)]
        raw.FPDFPageObj_GetStrokeColor(held, *paint)
        if tuple(one.value for one in paint[:3]) != colour:
            continue
        corners = []
        for at in range(raw.FPDFPath_CountSegments(held)):
            x, y = ctypes.c_float(), ctypes.c_float()
            raw.FPDFPathSegment_GetPoint(raw.FPDFPath_GetPathSegment(held, at), x, y)
            corners.append(held.get_matrix().on_point(x.value, y.value))
        if corners:
            points = np.array(corners) / 72 * 25.4
            found.append((*points.min(axis=0), *points.max(axis=0)))
    return found


def test_the_bar_is_as_long_as_it_says(many):
    for count, paper in itertools.product((1, 4), ("A4", "A3")):
        layers = many[:count]
        picture = (
            draw_map(layers[0], title="x", paper=paper)
            if count == 1
            else draw_multiples(layers, title="x", paper=paper)
        )
        pad = picture.figure.axes[0] if count == 1 else picture.figure.axes[-1]
        last = next(one for one in pad.texts if one.get_text().endswith(" km"))
        parts = [one for one in pad.patches if isinstance(one, Rectangle) and one.get_linewidth() == 0.5]
        assert len(parts) == 4
        unit = 1000.0 if count == 1 else 1_000_000 / picture.scale
        long = parts[-1].get_x() + parts[-1].get_width() - parts[0].get_x()
        assert long == pytest.approx(float(last.get_text().split()[0]) * unit)
