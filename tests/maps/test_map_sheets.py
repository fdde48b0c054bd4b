"""Several maps on one sheet: whole legends, nothing on anything else, all of it legible."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from maps.interactive import build_map
from maps.layer import MapLayer
from maps.picture import Picture, drawing
from maps.static import PAPERS, PaperError, draw_map, draw_multiples
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
            (one.get_text(), one.get_fontsize(), one.get_window_extent(paint))
            for one in words
            if one.get_text()
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
