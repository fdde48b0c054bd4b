"""`fairplace england`: page, tiles and table of all areas, from files as they are published."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from fairplace.cli import main

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("maplibre") is None, reason="needs MapLibre from the package maplibre"
)
CODES = [f"E0100000{at}" for at in range(1, 7)]
HOSTILE = "=HYPERLINK(1)</script><img src=x onerror=window.hurt=1>"
NAMES = ["Ash 001A", "Ash 001B", "Ash 001C", "Elm 001A", "Elm 001B", HOSTILE]
# Invented; imitates File 7 of the Indices of 2025, of which the last area is left out.
SCORES, RANKS, DECILES = [61.234, 30.5, 12.25, 9.0, 4.125], [900, 7000, 15001, 22000, 33001], [1, 3, 5, 7, 10]
# Invented; imitates the sub-regional table of fuel poverty of 2022.
HOUSEHOLDS, POOR = [800, 600, 500, 700, 650, 640], [200, 90, 50, 77, 26, 64]


def write_folder(folder: Path, *, district: str = "E06000001") -> Path:
    """Six squares of 2 km in two districts, with their deprivation, fuel poverty, bedrooms and wards."""
    folder.mkdir(exist_ok=True)
    squares = [shapely.box(500_000 + 2000 * at, 220_000, 502_000 + 2000 * at, 222_000) for at in range(6)]
    districts = [district] * 3 + ["E06000002"] * 3
    columns = {"LSOA21CD": CODES, "LSOA21NM": NAMES, "LAD25CD": districts}
    gpd.GeoDataFrame(columns, geometry=squares, crs="EPSG:27700").to_parquet(folder / "lsoa.parquet")
    stem = "Index of Multiple Deprivation (IMD)"
    pd.DataFrame(
        {
            "LSOA code (2021)": CODES[:5],
            "LSOA name (2021)": NAMES[:5],
            "Local Authority District code (2024)": districts[:5],
            "Local Authority District name (2024)": ["Ash"] * 3 + ["Elm"] * 2,
            f"{stem} Score": SCORES,
            f"{stem} Rank (where 1 is most deprived)": RANKS,
            f"{stem} Decile (where 1 is most deprived 10% of LSOAs)": DECILES,
        }
    ).to_csv(folder / "indices.csv", index=False)
    pd.DataFrame(
        {
            "LSOA Code": CODES,
            "LSOA Name": NAMES,
            "LA Code": districts,
            "Number of households": HOUSEHOLDS,
            "Number of households in fuel poverty": POOR,
            "Proportion of households fuel poor (%)": [
                round(100 * poor / every, 3) for poor, every in zip(POOR, HOUSEHOLDS, strict=True)
            ],
        }
    ).to_csv(folder / "fuel_poverty_2022.csv", index=False)
    wards = {"WD24CD": ["E05000001"] * 2 + ["E05000002"] * 4, "WD24NM": ["North"] * 2 + ["South"] * 4}
    names = {"LAD24CD": districts, "LAD24NM": ["Ash"] * 3 + ["Elm"] * 3}
    pd.DataFrame({"LSOA21CD": CODES, "LSOA21NM": NAMES, **wards, **names}).to_csv(
        folder / "wards.csv", index=False
    )
    pre = "Occupancy rating for bedrooms: "
    pd.DataFrame(
        {
            "date": 2021,
            "geography": NAMES,
            "geography code": CODES,
            f"{pre}Total: All households": [100, 100, 100, 100, 100, 0],
            f"{pre}Occupancy rating of bedrooms: +2 or more": [40, 40, 40, 40, 40, 0],
            f"{pre}Occupancy rating of bedrooms: +1": [30, 30, 30, 30, 30, 0],
            f"{pre}Occupancy rating of bedrooms: 0": [15, 20, 25, 26, 27, 0],
            f"{pre}Occupancy rating of bedrooms: -1": [10, 7, 4, 3, 3, 0],
            f"{pre}Occupancy rating of bedrooms: -2 or less": [5, 3, 1, 1, 0, 0],
        }
    ).to_csv(folder / "bedrooms.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("england") / "data")


@pytest.fixture
def made(data: Path, tmp_path: Path) -> Callable[..., tuple[str, pd.DataFrame]]:
    """Run the command and give the page and its table."""

    def run(*more: str, folder: Path = data) -> tuple[str, pd.DataFrame]:
        out = tmp_path / "england.html"
        assert main(["england", "--data", str(folder), "--out", str(out), *more]) == 0
        table = pd.read_csv(out.with_suffix(".csv"), encoding="utf-8-sig")
        return out.read_text(encoding="utf-8"), table

    return run


def test_each_row_of_the_table_is_the_published_figure(made) -> None:
    page, table = made()
    assert list(table["code"]) == CODES
    known = table.iloc[:5]
    assert list(known["value"]) == DECILES
    assert list(known["imd25_rank"]) == RANKS
    assert list(known["imd25_score"]) == SCORES
    assert list(known["district"]) == ["Ash"] * 3 + ["Elm"] * 2
    assert set(table["district_code"]) == {"E06000001", "E06000002"}
    assert set(table["period"]) == {"mostly 2022/23"}
    assert table["source"].str.startswith("English Indices of Deprivation 2025").all()
    assert known["class"].iloc[0] == "1 (most deprived)"
    assert 'href="england.csv" download' in page


def test_an_area_without_a_figure_is_said_counted_and_a_row(made, capsys) -> None:
    page, table = made()
    said = "1 of the 6 areas have no figure in indices.csv, E01000006 first"
    part = "This map is of 6 of England's 33,755 small areas"
    printed = capsys.readouterr().out
    for words in (said, part):
        assert words in printed
        assert words.replace("'", "&#39;") in page
    last = table.iloc[5]
    assert (last["status"], last["class"]) == ("missing", "Missing")
    assert pd.isna(last["value"])
    # The Indices name no district of this area; the boundaries give its code.
    assert last["district_code"] == "E06000002"


def test_a_published_share_has_its_count_and_base(made) -> None:
    page, table = made("--indicator", "fuel_poverty_share")
    assert list(table["count"]) == POOR
    assert list(table["base"]) == HOUSEHOLDS
    for value, poor, every in zip(table["value"], POOR, HOUSEHOLDS, strict=True):
        assert value == pytest.approx(poor / every, abs=1e-5)
    assert "modelled by the department" in page
    assert set(table["basis"]) == {"modelled"}


def test_a_share_of_the_census_is_formed_and_no_homes_is_not_none(made) -> None:
    _, table = made("--indicator", "overcrowded_share")
    assert list(table["value"].iloc[:5]) == [0.15, 0.10, 0.05, 0.04, 0.03]
    assert list(table["count"].iloc[:5]) == [15, 10, 5, 4, 3]
    assert table["status"].iloc[5] == "not_applicable"
    assert pd.isna(table["value"].iloc[5])


def test_a_name_is_neither_a_formula_nor_markup(made) -> None:
    page, table = made()
    assert table["name"].iloc[5] == f"'{HOSTILE}"
    assert "<img src=x" not in page


def test_the_same_files_give_the_same_bytes(made) -> None:
    assert made()[0] == made()[0]


def test_tiles_beside_the_page_are_not_in_it(made, tmp_path: Path, capsys) -> None:
    inside = made()[0]
    beside, _ = made("--beside")
    archive = (tmp_path / "england.pmtiles").read_bytes()
    assert archive[:8] == b"PMTiles\x03"
    assert len(inside) - len(beside) > len(archive)
    assert "put both on a web server" in capsys.readouterr().out


def test_status_stands_on_the_page_and_a_made_up_town_is_called_so(made, tmp_path: Path) -> None:
    page, _ = made()
    assert page.count("Draft: not yet approved.") == 2
    page, _ = made("--status", "approved by A. Person, 1 May 2026")
    assert "Draft: not yet approved." not in page
    assert "Approved by A. Person, 1 May 2026" in page
    assert "made-up town" not in page
    page, _ = made(folder=write_folder(tmp_path / "sample", district="E06999001"))
    assert page.count("made-up town") == 2


def without(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def elsewhere(folder: Path) -> None:
    path = folder / "indices.csv"
    path.write_text(path.read_text().replace("E010", "E019"))


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (without("lsoa.parquet"), [], "holds Lower layer Super Output Areas (2021) boundaries; get it from"),
        (without("indices.csv"), [], "holds English Indices of Deprivation 2025"),
        (
            without(),
            ["--indicator", "imd25_decline"],
            '"imd25_decline" is no figure of all England; there are',
        ),
        (without(), ["--indicator", "idaci25_rate"], "indices.csv does not hold idaci25_rate"),
        (without(), ["--status", "final"], '"final" is not a status'),
        (without(), ["--out", "england.pdf"], '"england.pdf" does not end in .html'),
        (without(), ["--data", "nowhere"], "nowhere is not a folder"),
        (elsewhere, [], "indices.csv has no figure of any of the 6 areas of lsoa.parquet"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(change, more: list[str], said: str, tmp_path: Path, capsys) -> None:
    folder = write_folder(tmp_path / "data")
    change(folder)
    assert main(["england", "--data", str(folder), "--out", str(tmp_path / "england.html"), *more]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not (tmp_path / "england.html").exists()


@pytest.mark.chromium
def test_the_page_opens_from_disk_and_tells_every_figure_of_the_table(made, tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright from the test group")
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium: install Debian's chromium package")
    _, table = made("--indicator", "fuel_poverty_share")
    flags = [
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
        "--ignore-gpu-blocklist",
    ]
    outside, errors = [], []

    def gate(route) -> None:
        if route.request.url.startswith(("file:", "blob:", "data:")):
            return route.continue_()
        outside.append(route.request.url)
        return route.abort()

    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        page = browser.new_page()
        page.route("**/*", gate)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "england.html").as_uri())
        page.wait_for_selector("#map[data-drawn=yes]", timeout=120_000)
        drawn = page.evaluate(
            "[...new Set(fairplaceMap.queryRenderedFeatures({layers: ['fill']}).map(one => one.properties.code))].sort()"
        )
        assert drawn == CODES
        popup = page.locator(".maplibregl-popup-content")
        for row in table.to_dict("records"):
            page.locator("#search").fill(row["code"])
            page.keyboard.press("Enter")
            told = dict(
                zip(popup.locator("dt").all_inner_texts(), popup.locator("dd").all_inner_texts(), strict=True)
            )
            assert told["Figure"] == f"{100 * row['value']:.1f}%"
            assert told["Base"] == f"{row['count']} of {row['base']}"
            assert told["Class on the map"] == row["class"]
            assert told["Source"] == row["source"]
        page.locator("#search").fill("south")
        page.keyboard.press("Enter")
        assert page.locator("#spoken").inner_text() == "South: shown on the map"
        assert (outside, errors) == ([], [])
        browser.close()
