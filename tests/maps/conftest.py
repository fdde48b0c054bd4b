"""Small made-up grids of areas, real Luton, and a browser with the network cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import to_bng
from geo.figures import FIGURE_COLUMNS
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.style import deciles, shares, single, three_classes

CHROMIUM = Path("/usr/bin/chromium")
# Drawn by software, WebGL too: a page test must not depend on the machine's graphics.
FLAGS = [
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


def grid_areas(columns: int = 4, rows: int = 3, *, side: float = 500.0) -> gpd.GeoDataFrame:
    """Squares that tile a rectangle near Luton, named A1, A2, ... by row."""
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    shapes = [
        shapely.box(505000 + side * x, 221000 + side * y, 505000 + side * (x + 1), 221000 + side * (y + 1))
        for y, x in cells
    ]
    codes = [f"E0100{at:04d}" for at in range(1, len(cells) + 1)]
    names = [f"{chr(65 + y)}{x + 1}" for y, x in cells]
    return gpd.GeoDataFrame({"name": names}, geometry=shapes, index=codes, crs="EPSG:27700")


def figure_rows(
    values: pd.Series, *, unit: str = "share", spread: float = 0.2, base: float = 1650.0
) -> pd.DataFrame:
    """Rows of figures with a range of plus and minus `spread`; NaN becomes missing."""
    rows = pd.DataFrame(dict.fromkeys(FIGURE_COLUMNS, ""), index=range(len(values)))
    numbers = values.to_numpy(dtype=float)
    return rows.assign(
        code=values.index.to_numpy(),
        geography="lsoa21",
        indicator="mis_people_below_share",
        period="2025",
        value=numbers,
        low=numbers * (1 - spread),
        high=numbers * (1 + spread),
        interval="90 % model",
        count=np.round(numbers * base),
        base=base,
        unit=unit,
        basis="modelled",
        status=np.where(np.isnan(numbers), "missing", "ok"),
    )


@pytest.fixture
def grid() -> gpd.GeoDataFrame:
    return grid_areas()


@pytest.fixture
def make_grid() -> Callable[..., gpd.GeoDataFrame]:
    return grid_areas


@pytest.fixture
def make_figures() -> Callable[..., pd.DataFrame]:
    return figure_rows


@pytest.fixture
def share_layer(grid: gpd.GeoDataFrame) -> MapLayer:
    """Twelve squares with shares from 0.05 to 0.60; the last is suppressed, the one before missing."""
    rows = figure_rows(pd.Series(np.linspace(0.05, 0.60, len(grid)), index=grid.index))
    rows.loc[10:, ["value", "low", "high", "count"]] = np.nan
    rows["status"] = rows["status"].where(rows.index < 10, ["ok"] * 10 + ["missing", "suppressed"])
    style = shares("People below the line", [0, 0.2, 0.4, 0.8], mark_uncertain=True)
    return MapLayer(
        "below", "People below the line", grid, style, rows, source="Model", caveat="An estimate."
    )


def luton_areas(folder: Path, name: str, code: str, label: str) -> gpd.GeoDataFrame:
    frame, _ = to_bng(gpd.read_file(folder / "boundaries" / name), where=name)
    return frame.rename(columns={code: "code", label: "name"}).set_index("code")[["name", "geometry"]]


def luton_twelve(folder: Path) -> list[MapLayer]:
    """Twelve layers: two of a modelled share, eight deciles, a ward figure, ward boundaries."""
    small = luton_areas(folder, "luton_lsoa21_bgc.geojson", "LSOA21CD", "LSOA21NM")
    wards = luton_areas(folder, "luton_wd25_bgc.geojson", "WD25CD", "WD25NM")
    file = "luton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
    imd = pd.read_csv(folder / "imd" / file).set_index("LSOA code (2021)")
    share = imd["Income Score (rate)"]
    rows = figure_rows(share)
    chance = 1 / (1 + np.exp(-(share - share.mean()) / 0.03))
    licence = "Contains National Statistics data © Crown copyright and database right 2026."
    below = "People below the Minimum Income Standard"
    layers = [
        MapLayer("mis", below, small, three_classes(below), rows, chance=chance, caveat="A modelled estimate.",
                 source="Council model", licence=licence, shown=True),
        MapLayer("graded", "The same, graded", small, shares(below, [0, 0.1, 0.2, 0.3, 0.4, 0.8], mark_uncertain=True),
                 rows, caveat="A modelled estimate.", licence=licence),
    ]  # fmt: skip
    names = [name for name in imd.columns if "Decile" in name][:8]
    layers += [
        MapLayer(f"decile{at}", name.split(" (where")[0], small, deciles(name.split(" (where")[0]), imd[name],
                 source="English Indices of Deprivation 2025", period="2025", licence=licence)
        for at, name in enumerate(names)
    ]  # fmt: skip
    ward_share = pd.Series(np.linspace(0.1, 0.5, len(wards)), index=wards.index)
    layers.append(
        MapLayer(
            "wards",
            "A ward figure",
            wards,
            shares("Ward share", [0, 0.2, 0.4, 0.6]),
            ward_share,
            unit="share",
        )
    )
    layers.append(MapLayer("edges", "Ward boundaries", wards, single("Ward boundaries", "Ward boundary"), kind="line",
                           labelled=True, shown=True))  # fmt: skip
    return layers


@pytest.fixture(scope="session")
def luton(real_data: Path) -> list[MapLayer]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAIRPLACE_GRIDS", str(real_data / "grid"))
        return luton_twelve(real_data)


@pytest.fixture(scope="session")
def luton_page(luton: list[MapLayer], real_data: Path) -> str:
    """The page of the twelve layers without places, built once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FAIRPLACE_GRIDS", str(real_data / "grid"))
        return build_map(luton, title="Luton")


@pytest.fixture
def luton_places(real_data: Path) -> pd.DataFrame:
    held = pd.read_csv(real_data / "postcodes" / "luton_codepoint_open_2025_with_lsoa_ward.csv")
    return pd.DataFrame(
        {"name": held["Postcode"], "kind": "postcode", "east": held["Eastings"], "north": held["Northings"]}
    )


def tab_stops(page: Any) -> list[str]:
    """Names of what Tab comes to, in order, until it leaves the page; 40 at most."""
    stops: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => { const one = document.activeElement;
            if (one === document.body) return null;
            const label = one.labels && one.labels[0];
            return (one.getAttribute('aria-label') || (label && label.textContent) || one.textContent || '').trim(); }"""
        )
        if name is None:
            break
        stops.append(name)
    return stops


@pytest.fixture(name="tab_stops")
def tab_stops_of() -> Callable[[Any], list[str]]:
    return tab_stops


@dataclass
class Watched:
    """A page, and everything that went wrong in it."""

    page: Any
    outside: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


# Not for the session: the driver keeps an event loop running in its thread, and tests of other files
# that share the worker could start none of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: install Debian's chromium package")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright from the test group")
    with sync_api.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Callable[..., Any]:
    """A page of HTML from disk in Chromium; every request that is not for that file is cut and noted."""

    @contextmanager
    def opened(html: str, *, width: int = 1280, height: int = 900, mark: str = "") -> Iterator[Watched]:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        seen = Watched(page)

        def gate(route: Any) -> None:
            if route.request.url.startswith((file.as_uri(), "blob:", "data:")):
                route.continue_()
            else:
                seen.outside.append(route.request.url)
                route.abort()

        page.route("**/*", gate)
        page.on("requestfailed", lambda request: seen.failed.append(request.url))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
        page.goto(file.as_uri() + mark)
        page.wait_for_selector("#map[data-drawn]", timeout=120_000)
        yield seen
        context.close()

    return opened
