"""All England on one page: how large, how soon, and how many areas are drawn, counted in the browser.

Run with `python benchmarks/england_map.py [DATA]`. Makes the map of England's LSOAs by the Indices of 2025
as `fairplace england` does, opens it from disk with the network cut, and moves over the whole of England at
zooms 4 to 8, counting the different areas that MapLibre drew (queryRenderedFeatures). Rendering is by
software (SwiftShader), which says nothing of a user's frame time; times are given with the load.
"""

from __future__ import annotations

import gzip
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fairplace.england import compose_england, read_england
from layers.holdings import scan
from maps.tiles import count_held, write_tiles

WIDTH, HEIGHT = 1600, 1400
ZOOMS = range(4, 9)
FLAGS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
MOVE = "([center, zoom]) => { fairplaceMap.jumpTo({ center, zoom }); }"
STILL = "fairplaceMap.loaded() && fairplaceMap.areTilesLoaded()"
COUNT = """() => fairplaceMap.queryRenderedFeatures({layers: ["fill"]}).map(one => one.properties.code)"""


def views(bounds: list[float], zoom: int, width: float, height: float) -> Iterator[tuple[float, float]]:
    """Middles of the windows that together show all of `bounds`, which is in degrees."""
    world = 512 * 2**zoom

    def down(latitude: float) -> float:
        return world * (0.5 - math.log(math.tan(math.pi / 4 + math.radians(latitude) / 2)) / (2 * math.pi))

    west, south, east, north = bounds
    left, right = (world * (one + 180) / 360 for one in (west, east))
    top, bottom = down(north), down(south)
    for y in np.arange(top + height / 2, max(bottom, top + 1) + height / 2, height):
        for x in np.arange(left + width / 2, max(right, left + 1) + width / 2, width):
            latitude = math.degrees(2 * math.atan(math.exp((0.5 - y / world) * 2 * math.pi)) - math.pi / 2)
            yield x / world * 360 - 180, latitude


def opened(file: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(600_000)
        cut: list[str] = []
        page.route(
            "**/*",
            lambda route: (
                route.continue_()
                if route.request.url.startswith(("file:", "blob:", "data:"))
                else (cut.append(route.request.url), route.abort())
            ),
        )
        start = time.perf_counter()
        page.goto(file.as_uri())
        page.wait_for_selector("#map[data-drawn=yes]")
        drawn = time.perf_counter() - start
        paint = page.evaluate("(performance.getEntriesByType('paint')[0] || {startTime: -1}).startTime")
        print(f"first paint {paint / 1000:.1f} s, everything drawn {drawn:.1f} s, {len(cut)} requests cut")
        bounds = page.evaluate("JSON.parse(document.getElementById('map-data').textContent).bounds")
        size = page.evaluate(
            "[fairplaceMap.getContainer().clientWidth, fairplaceMap.getContainer().clientHeight]"
        )
        for zoom in ZOOMS:
            found: set[str] = set()
            seen = 0
            for middle in views(bounds, zoom, *size):
                page.evaluate(MOVE, [middle, zoom])
                page.wait_for_function(STILL, polling=250)
                found |= set(page.evaluate(COUNT))
                seen += 1
            said = page.locator("#few").inner_text()
            print(
                f"zoom {zoom}: {len(found):,} areas drawn in {seen} views; the page says: {said or 'nothing'}"
            )
        browser.close()


def main() -> None:
    default = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FAIRPLACE_DATA", default))
    print(f"load at the start {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as made:
        start = time.perf_counter()
        england = read_england(scan(folder))
        read = time.perf_counter()
        tiles = write_tiles(england.layer.areas, Path(made, "england.pmtiles"), zooms=(4, 8))
        written = time.perf_counter()
        page = compose_england(england, tiles, twin="england.csv")
        ready = time.perf_counter()
        file = Path(made, "england.html")
        file.write_text(page, encoding="utf-8")
        beside = compose_england(england, tiles, twin="england.csv", address="england.pmtiles").encode()
        table = england.table.to_csv(index=False).encode()
        print(
            f"{len(england.table):,} areas; read {read - start:.0f} s, tiles {written - read:.0f} s, "
            f"page {ready - written:.0f} s"
        )
        sizes = {"archive": tiles.read_bytes(), "one page": file.read_bytes()}
        for name, held in (sizes | {"page beside its archive": beside, "table": table}).items():
            print(f"{name} {len(held) / 1e6:.1f} MB, gzipped {len(gzip.compress(held)) / 1e6:.1f} MB")
        print(f"areas held by zoom: {count_held(tiles)}")
        opened(file)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
