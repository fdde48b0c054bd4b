"""Maps from tiles: every area is drawn, from disk, with the network cut."""

from __future__ import annotations

import dataclasses
import functools
import http.server
import importlib.util
import threading
from importlib import resources
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from maps.layer import LayerError, MapLayer
from maps.style import deciles, shares, single
from maps.tiles import TileError, TileFrame, build_tile_map, count_held, write_tiles
from maps.words import english

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("maplibre") is None, reason="needs MapLibre from the package maplibre"
)


def test_the_same_areas_are_the_same_bytes(grid, tmp_path):
    first = write_tiles(grid, tmp_path / "a.pmtiles").read_bytes()
    assert first[:8] == b"PMTiles\x03"
    assert write_tiles(grid, tmp_path / "b.pmtiles").read_bytes() == first
    layer = MapLayer("a", "A", grid, shares("A", [0, 1]), pd.Series(0.5, index=grid.index), unit="share")
    pages = {build_tile_map(layer, tmp_path / "a.pmtiles", title="A") for _ in range(2)}
    assert len(pages) == 1


def test_what_is_no_archive_is_refused(grid, share_layer, tmp_path):
    with pytest.raises(TileError, match=r"does not end in \.pmtiles"):
        write_tiles(grid, tmp_path / "a.tiles")
    with pytest.raises(TileError, match="EPSG:4326"):
        write_tiles(grid.to_crs("EPSG:4326"), tmp_path / "a.pmtiles")
    with pytest.raises(TileError, match="0 areas"):
        write_tiles(grid.iloc[:0], tmp_path / "a.pmtiles")
    (tmp_path / "b.pmtiles").write_bytes(b"nothing")
    with pytest.raises(TileError, match="version 3"):
        build_tile_map(share_layer, tmp_path / "b.pmtiles", title="x")
    with pytest.raises(TileError, match="kind line"):
        build_tile_map(
            MapLayer("l", "L", grid, single("L", "L"), kind="line"), tmp_path / "b.pmtiles", title="x"
        )


def test_a_page_beside_its_archive_does_not_carry_it(grid, share_layer, tmp_path):
    tiles = write_tiles(grid, tmp_path / "a.pmtiles")
    inside, beside = (
        build_tile_map(share_layer, tiles, title="x", address=address) for address in ("", "a.pmtiles")
    )
    assert len(inside) - len(beside) > tiles.stat().st_size


HOSTILE = "</script><script>window.hurt=1</script>\"'&<img src=x onerror=window.hurt=1>"


@pytest.fixture
def around(grid):
    """What stands around a page: standing, caveats, a table beside it, and the grid as a district."""
    west, south, east, north = grid.total_bounds
    places = pd.DataFrame(
        {"name": ["Żabia"], "kind": "district", "west": west, "south": south, "east": east, "north": north}
    )
    return TileFrame(
        caveats=["Know this first."],
        banner=["Draft: not yet approved."],
        running="Below · Draft",
        licences=["Contains outlines."],
        twin="below & more.csv",
        places=places,
    )


def test_a_page_of_tiles_has_standing_caveats_sources_and_its_table(share_layer, around, tmp_path):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles")
    page = build_tile_map(
        dataclasses.replace(share_layer, licence="Contains figures."), tiles, title="x", frame=around
    )
    image = page[page.index('<div class="stage">') : page.index('<section id="legends"')]
    assert "Draft: not yet approved. Below · Draft" in image
    assert "An estimate." in image
    assert page.count("Draft: not yet approved.") == 2
    for words in ("Know this first.", "Contains figures.", "Contains outlines."):
        assert page.count(words) == 1
    assert 'href="below%20%26%20more.csv" download' in page


def test_stripes_that_are_not_drawn_are_counted_and_told(share_layer, tmp_path):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles")
    reaching = share_layer.data()["uncertain"]
    assert reaching.any()
    page = build_tile_map(share_layer, tiles, title="x")
    assert "Striped" not in page
    assert f"The range of {reaching.sum()} areas reaches into another class" in page
    sure = dataclasses.replace(
        share_layer, style=dataclasses.replace(share_layer.style, mark_uncertain=False)
    )
    assert "areas reaches into another class" not in build_tile_map(sure, tiles, title="x")


def test_areas_too_small_for_a_tile_are_counted_by_zoom(make_grid, tmp_path):
    # Squares of 20 m beside one of 20 km: at zoom 4 a tile of 4,096 steps has steps of some 400 m.
    small, wide = make_grid(4, 3, side=20), make_grid(1, 1, side=20_000)
    wide = wide.set_geometry(wide.geometry.translate(30_000)).set_axis(["E01009999"])
    held = count_held(
        write_tiles(pd.concat([small, wide]), tmp_path / "a.pmtiles", tolerance=0, zooms=(4, 15))
    )
    assert held[4] < 13
    assert held[15] == 13


def test_places_to_search_need_their_box(share_layer, around, tmp_path):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles")
    frame = dataclasses.replace(around, places=around.places.drop(columns="north"))
    with pytest.raises(LayerError, match="lack the column north"):
        build_tile_map(share_layer, tiles, title="x", frame=frame)


def popup(page):
    return page.locator(".maplibregl-popup-content")


@pytest.mark.chromium
def test_a_popup_tells_figure_kind_of_range_base_class_period_source_and_code(
    share_layer, around, tmp_path, open_page
):
    layer = share_layer
    tiles = write_tiles(layer.areas, tmp_path / "a.pmtiles", zooms=(4, 12), tolerance=0)
    written, reaching = layer.table(english()), layer.data()["uncertain"]
    with open_page(build_tile_map(layer, tiles, title="x", frame=around)) as seen:
        page = seen.page
        for code in (reaching.idxmax(), reaching[~reaching].index[0], layer.areas.index[10]):
            page.locator("#search").fill(code)
            page.keyboard.press("Enter")
            terms, said = (
                popup(page).locator("dt").all_inner_texts(),
                popup(page).locator("dd").all_inner_texts(),
            )
            told, row = dict(zip(terms, said, strict=True)), written.loc[code]
            assert told["Figure"] == row["value"]
            assert told["Class on the map"] == row["class"] + (
                "; the range reaches into another class" if reaching[code] else ""
            )
            assert told.get("Range", "") == (
                f"{row['range']} (90% range of the model)" if row["range"] else ""
            )
            assert told.get("Base", "") == row["base"]
            assert (told["Period"], told["Source"], told["Code"]) == ("2025", "Model", code)
            page.keyboard.press("Escape")
            assert popup(page).count() == 0
            assert page.evaluate("document.activeElement.id") == "search"


@pytest.mark.chromium
def test_a_page_of_tiles_is_used_with_keys_alone(share_layer, around, tmp_path, open_page, tab_stops):
    carried = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles", zooms=(4, 12), tolerance=0)
    with open_page(
        build_tile_map(share_layer, tiles, title="Below", frame=around), width=320, height=640
    ) as seen:
        page = seen.page
        stops = tab_stops(page)
        assert all(stops)
        assert len(stops) <= 12
        assert {"Map: Below", "Closer", "Further away", "below & more.csv"} <= set(stops)
        # A district by the first letters of its name, without its accents; then the area in the middle.
        page.locator("#search").focus()
        page.keyboard.type("zab")
        assert page.locator("#found li").all_inner_texts() == ["Żabia (district)"]
        page.keyboard.press("Enter")
        assert page.locator("#spoken").inner_text() == "Żabia: shown on the map"
        page.wait_for_function("fairplaceMap.loaded() && fairplaceMap.areTilesLoaded()")
        page.locator("canvas.maplibregl-canvas").focus()
        page.keyboard.press("Enter")
        popup(page).wait_for()
        box, frame = popup(page).bounding_box(), page.locator("#map").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["y"] >= frame["y"]
        page.evaluate(resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8"))
        found = page.evaluate("axe.run().then(said => said.violations.map(one => [one.impact, one.id]))")
        assert [one for one in found if one[0] in ("moderate", "serious", "critical")] == []
        page.keyboard.press("Escape")
        assert popup(page).count() == 0
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Map: Below"
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        assert (seen.outside, seen.errors) == ([], [])


@pytest.mark.chromium
def test_a_page_says_when_some_areas_are_too_small_to_be_drawn(share_layer, tmp_path, open_page):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles", zooms=(4, 12), tolerance=0)
    frame = TileFrame(held={4: 5, 5: 11, 6: 12})
    with open_page(build_tile_map(share_layer, tiles, title="x", frame=frame)) as seen:
        few = seen.page.locator("#few")
        assert few.is_hidden()
        for zoom, drawn in ((5.9, 11), (4.2, 5), (3, 5)):
            seen.page.evaluate(f"fairplaceMap.jumpTo({{zoom: {zoom}}})")
            assert few.inner_text().startswith(f"At this scale {drawn} of 12 areas are large enough")
        seen.page.evaluate("fairplaceMap.jumpTo({zoom: 6})")
        assert few.is_hidden()


@pytest.mark.chromium
def test_names_of_areas_and_places_are_text(grid, make_figures, tmp_path, open_page):
    areas = grid.assign(name=[HOSTILE, *grid["name"][1:]])
    rows = make_figures(pd.Series(np.linspace(0.05, 0.6, len(grid)), index=grid.index))
    style = shares(f"Share {HOSTILE}", [0, 1], note=HOSTILE)
    layer = MapLayer("one", HOSTILE, areas, style, rows, source=HOSTILE, caveat=HOSTILE, licence=HOSTILE)
    places = pd.DataFrame(
        {
            "name": [HOSTILE],
            "kind": f"{HOSTILE}!",
            "west": 505000,
            "south": 221000,
            "east": 506000,
            "north": 222000,
        }
    )
    frame = TileFrame([HOSTILE], [HOSTILE], HOSTILE, [HOSTILE], f"{HOSTILE}.csv".replace("/", ""), places)
    tiles = write_tiles(areas, tmp_path / "a.pmtiles", zooms=(4, 12), tolerance=0)
    with open_page(build_tile_map(layer, tiles, title=HOSTILE, frame=frame)) as seen:
        page = seen.page
        page.locator("#search").fill("</script>")
        assert page.locator("#found li").all_inner_texts() == [
            f"{HOSTILE} ({HOSTILE}!)",
            f"{HOSTILE} (E01000001)",
        ]
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert popup(page).locator("h2").inner_text() == HOSTILE
        assert page.evaluate("window.hurt") is None
        assert (seen.outside, seen.errors) == ([], [])


class _Server(http.server.SimpleHTTPRequestHandler):
    """Answers ranges or not, or refuses: `how` is 206, 200 or a status of refusal for archives."""

    def __init__(self, *args, how, **kwargs):
        self.how = how
        super().__init__(*args, **kwargs)

    def do_GET(self):
        if not self.path.endswith(".pmtiles") or self.how == 200:
            return super().do_GET()
        if self.how != 206:
            return self.send_error(self.how)
        first, last = (int(one) for one in self.headers["Range"].removeprefix("bytes=").split("-"))
        part = Path(self.translate_path(self.path)).read_bytes()[first : last + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)
        return None

    def log_message(self, *args):
        pass


@pytest.mark.chromium
@pytest.mark.parametrize(
    ("how", "told"),
    [
        (206, ""),
        (200, ""),
        (403, "a.pmtiles could not be read (403 Forbidden). It belongs beside this page on a web server"),
        (404, "a.pmtiles could not be read (404"),
        ("damaged", "a.pmtiles is not a whole archive of tiles"),
        ("from disk", "a page opened from disk may not read it"),
        ("without WebGL", "This map needs WebGL"),
    ],
)
def test_a_map_that_cannot_be_drawn_says_why(share_layer, tmp_path, browser, how, told):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles", zooms=(4, 10), tolerance=0)
    (tmp_path / "page.html").write_text(
        build_tile_map(share_layer, tiles, title="x", address="a.pmtiles"), encoding="utf-8"
    )
    if how == "damaged":
        tiles.write_bytes(b"<html>not found")
    status = how if isinstance(how, int) else 200
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Server, directory=str(tmp_path), how=status)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    try:
        if how == "without WebGL":
            page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        page.goto(
            (tmp_path / "page.html").as_uri()
            if how == "from disk"
            else f"http://127.0.0.1:{server.server_port}/page.html"
        )
        page.wait_for_selector("#map[data-drawn]", timeout=60_000)
        trouble = page.locator("#trouble")
        assert trouble.is_visible() == bool(told)
        assert told in trouble.inner_text()
        assert page.locator("#map").get_attribute("data-drawn") == ("no" if told else "yes")
    finally:
        page.close()
        server.shutdown()
        server.server_close()


@pytest.mark.chromium
def test_without_scripts_the_page_promises_no_more_than_it_has(share_layer, around, tmp_path, browser):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles")
    file = tmp_path / "page.html"
    file.write_text(build_tile_map(share_layer, tiles, title="x", frame=around), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    said = page.locator("main").inner_text()
    assert "below, the areas in each class are counted" in said
    assert "every figure is in the tables below" not in said
    assert "below & more.csv" in said
    assert not page.locator("#map").is_visible()
    assert not page.locator("#search").is_visible()
    context.close()


@pytest.mark.chromium
def test_the_map_of_tiles_moves_without_dragging(share_layer, tmp_path, open_page):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles", zooms=(4, 10), tolerance=5)
    with open_page(build_tile_map(share_layer, tiles, title="x")) as seen:
        middle = seen.page.evaluate("fairplaceMap.getCenter().toArray()")
        seen.page.click("#moves [data-move=right]")
        seen.page.click("#moves [data-move=up]")
        moved = seen.page.evaluate("fairplaceMap.getCenter().toArray()")
        assert moved[0] > middle[0]
        assert moved[1] > middle[1]


@pytest.mark.chromium
def test_every_area_is_drawn_and_search_tells_its_figure(luton, tmp_path, open_page):
    layer = luton[2]
    tiles = write_tiles(layer.areas, tmp_path / "luton.pmtiles", zooms=(4, 10), tolerance=5)
    with open_page(build_tile_map(layer, tiles, title="Luton")) as seen:
        page = seen.page
        drawn = page.evaluate(
            "new Set(fairplaceMap.queryRenderedFeatures({layers: ['fill']}).map(one => one.properties.code)).size"
        )
        assert (drawn, seen.outside, seen.errors) == (125, [], [])
        page.locator("#search").fill("Luton 010C")
        page.keyboard.press("Enter")
        said = page.locator(".maplibregl-popup-content").inner_text()
        assert "Luton 010C" in said
        assert "E01015704" in said


@pytest.mark.chromium
@pytest.mark.slow
def test_all_of_england_is_drawn(real_data, tmp_path, open_page):
    areas = gpd.read_parquet(real_data / "boundaries" / "england_lsoa21_bgc.parquet")
    areas = areas.rename(columns={"LSOA21NM": "name"}).set_index("LSOA21CD")[["name", "geometry"]]
    imd = pd.read_csv(real_data / "imd" / "iod2025_all_scores_ranks_deciles_england.csv.gz")
    decile = next(name for name in imd if "(IMD) Decile" in name)
    values = imd.set_index("LSOA code (2021)")[decile].astype(float)
    layer = MapLayer("imd", "IMD 2025", areas, deciles("IMD 2025 decile"), values)
    tiles = write_tiles(areas, tmp_path / "england.pmtiles", zooms=(4, 8))
    with open_page(build_tile_map(layer, tiles, title="England"), width=2400, height=2300) as seen:
        drawn = seen.page.evaluate(
            "new Set(fairplaceMap.queryRenderedFeatures({layers: ['fill']}).map(one => one.properties.code)).size"
        )
        # At zoom 6, where this window shows all of England, no area is too small for its tile.
        assert drawn == 33_755
        assert (seen.outside, seen.errors) == ([], [])
