"""Twelve layers of real Luton: our page beside stock folium's, in one run.

Run with `python benchmarks/maps.py [DATA]`. Both draw the same areas from the same classes; equal
class counts are checked before anything is timed. Sizes of stock folium are given without the
scripts that it fetches from elsewhere, and with them written in (5.27 MB, measured once).
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from geo.crs import to_bng, to_lonlat
from maps.assets import inline
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.static import draw_map
from maps.style import deciles, shares, single, three_classes
from maps.words import english

REPEATS = 3
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def read_areas(folder: Path, name: str, code: str, label: str) -> gpd.GeoDataFrame:
    frame, _ = to_bng(gpd.read_file(folder / "boundaries" / name), where=name)
    return frame.rename(columns={code: "code", label: "name"}).set_index("code")[["name", "geometry"]]


def twelve_layers(folder: Path) -> list[MapLayer]:
    small = read_areas(folder, "luton_lsoa21_bgc.geojson", "LSOA21CD", "LSOA21NM")
    wards = read_areas(folder, "luton_wd25_bgc.geojson", "WD25CD", "WD25NM")
    file = "luton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
    imd = pd.read_csv(folder / "imd" / file).set_index("LSOA code (2021)")
    share = imd["Income Score (rate)"]
    chance = 1 / (1 + np.exp(-(share - share.mean()) / 0.03))
    layers = [
        MapLayer("three", "Three classes", small, three_classes("Three"), share, chance=chance, unit="share"),
        MapLayer(
            "graded", "Graded", small, shares("Graded", [0, 0.1, 0.2, 0.3, 0.4, 0.8]), share, unit="share"
        ),
    ]
    names = [name for name in imd.columns if "Decile" in name][:8]
    layers += [MapLayer(f"d{at}", name, small, deciles(name), imd[name]) for at, name in enumerate(names)]
    ward = pd.Series(np.linspace(0.1, 0.5, len(wards)), index=wards.index)
    layers.append(MapLayer("ward", "Wards", wards, shares("Ward", [0, 0.2, 0.4, 0.6]), ward, unit="share"))
    layers.append(MapLayer("edge", "Edges", wards, single("Edges", "Edge"), kind="line", shown=True))
    return layers


def stock_map(layers: list[MapLayer]) -> str:
    """What a careful user of folium would write: a GeoJson a layer, pop-ups, tooltips, a switch."""
    words = english()
    made = folium.Map(location=[51.89, -0.42], zoom_start=12, tiles=None)
    for layer in layers:
        data, table = layer.data(), layer.table(words)
        colours = {code: layer.style.entry(one).colour for code, one in data["class"].items()}
        frame, _ = to_lonlat(layer.areas[["geometry"]])
        frame = frame.assign(code=frame.index, name=table["name"], value=table["value"], shade=table["class"])
        folium.GeoJson(
            frame.to_json(),
            name=layer.label,
            style_function=lambda one, colours=colours: {
                "fillColor": colours[one["properties"]["code"]],
                "color": "#333",
                "weight": 0.6,
                "fillOpacity": 1,
            },
            tooltip=folium.GeoJsonTooltip(["name", "value"]),
            popup=folium.GeoJsonPopup(["name", "value", "shade"]),
        ).add_to(made)
    folium.LayerControl().add_to(made)
    return str(made.get_root().render())


def timed(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def opened(html: str) -> tuple[float, int, int]:
    """First paint in milliseconds, requests that failed, and tab stops, in Chromium with the network cut."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "page.html"
        file.write_text(html, encoding="utf-8")
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        cut: list[str] = []
        page.route(
            "**/*",
            lambda route: (
                route.continue_()
                if route.request.url.startswith("file:")
                else (cut.append(route.request.url), route.abort())
            ),
        )
        page.goto(file.as_uri())
        page.wait_for_timeout(1500)
        paint = page.evaluate("(performance.getEntriesByType('paint')[0] || {startTime: -1}).startTime")
        stops = 0
        for _ in range(400):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
            stops += 1
        browser.close()
        return paint, len(cut), stops


def main() -> None:
    default = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("FAIRPLACE_DATA", default))
    layers = twelve_layers(folder)
    ours, stock = build_map(layers, title="Luton"), stock_map(layers)
    for layer in layers[2:10]:
        assert sum(layer.class_counts().values()) == 125
    assert layers[2].class_counts() == dict(
        zip([str(at) for at in range(1, 11)], [17, 27, 20, 18, 12, 7, 6, 14, 4, 0], strict=True)
    )
    sizes = [len(one.encode()) for one in (ours, stock)]
    zipped = [len(gzip.compress(one.encode())) for one in (ours, stock)]
    carried = sizes[0] - len(ours.split('id="map-data">')[1].split("</script>")[0].encode())
    for name, (own, other) in (("file", sizes), ("gzipped", zipped)):
        print(f"{name:8s} ours {own / 1e6:.2f} MB   stock {other / 1e6:.2f} MB   ratio {own / other:.3f}")
    print(f"self-contained ratio (stock + 5.27 MB of scripts): {sizes[0] / (sizes[1] + 5.27e6):.3f}")
    print(f"of ours, scripts, styles, tables and words: {carried / 1e6:.2f} MB")
    build = [timed(lambda: build_map(layers, title="Luton")), timed(lambda: stock_map(layers))]
    print(f"build         ours {build[0]:.2f} s    stock {build[1]:.2f} s    ratio {build[0] / build[1]:.2f}")
    pages = {"ours": ours, "stock": stock, "stock with our assets written in": inline(stock)}
    for name, html in pages.items():
        paint, cut, stops = opened(html)
        print(f"{name}, network cut: first paint {paint:.0f} ms, {cut} requests cut, {stops} tab stops")
    sheet = timed(lambda: draw_map(layers[0], title="Luton", overlays=layers[-1:]).render("png"))
    print(f"A4 sheet as PNG: {sheet:.2f} s")


if __name__ == "__main__":
    main()
