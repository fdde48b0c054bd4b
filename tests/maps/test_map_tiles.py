"""Maps from tiles: every area is drawn, from disk, with the network cut."""

from __future__ import annotations

import dataclasses
import importlib.util

import geopandas as gpd
import pandas as pd
import pytest

from maps.layer import MapLayer
from maps.style import deciles, shares, single
from maps.tiles import TileError, build_tile_map, write_tiles

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


def test_a_page_of_tiles_explains_no_stripes_that_it_does_not_draw(share_layer, tmp_path):
    tiles = write_tiles(share_layer.areas, tmp_path / "a.pmtiles")
    striped = dataclasses.replace(
        share_layer, style=dataclasses.replace(share_layer.style, mark_uncertain=True)
    )
    assert striped.data()["uncertain"].any()
    assert "Striped" not in build_tile_map(striped, tiles, title="x")


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
