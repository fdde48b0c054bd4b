"""What stands beside a number in the tables of a profile, on its cover, and in its log of what is hidden."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import docx
import geopandas as gpd
import openpyxl
import pandas as pd
import pypdfium2
import pytest
import shapely
from docx.oxml.ns import qn

from fairplace.disclosure import Released, release
from fairplace.drawn import find_area, release_area
from fairplace.indicators import load_indicators
from fairplace.pack import Pack
from fairplace.pipeline import _with_updates
from fairplace.profile.content import Place, compose, find_place
from fairplace.profile.forms import FORMS, Rendering
from fairplace.profile.gaps import flag_words
from fairplace.profile.map_drawings import _ring
from fairplace.profile.model import Number, Paragraph, Profile, Table
from fairplace.profile.themes import level_of
from fairplace.profile.words import load_words
from fairplace.settings import Settings
from geo.source import Source
from layers.catalogue import load_catalogue
from maps.layer import MapLayer
from maps.static import draw_inset
from maps.style import single

AGAINST, PUBLISHED = 5, 8


@pytest.fixture(scope="module")
def released(sample_pack: Pack) -> Released:
    return release(sample_pack, "public")


@pytest.fixture(scope="module")
def ward(released: Released) -> Profile:
    return compose(released, find_place(released, str(released.areas("wd25").index[1])))


@pytest.fixture(scope="module")
def drawn(sample_pack: Pack) -> Profile:
    west, south, east, north = sample_pack.areas("lad25").total_bounds
    half = shapely.box(west, south, (west + east) / 2, north)
    shape = half.intersection(sample_pack.areas("lad25").union_all())
    area = find_area(sample_pack, shape.wkt, crs="EPSG:27700")
    return compose(release_area(sample_pack, area), Place("area", area.id, area.name))


def table(profile: Profile, name: str) -> Table:
    return next(one for one in profile.tables if one.id == name)


def by_indicator(held: Table, at: int = 1) -> dict[str, list[object]]:
    return {str(row[at].row["indicator"]): list(row) for row in held.rows if isinstance(row[at], Number)}


def theme_rows(profile: Profile) -> dict[str, list[object]]:
    rows: dict[str, list[object]] = {}
    for one in profile.tables:
        if one.id.startswith("theme-"):
            rows |= by_indicator(one)
    return rows


def notes(profile: Profile, section: str) -> str:
    blocks = next(one.blocks for one in profile.sections if one.id == section)
    return " ".join(one.text for one in blocks if isinstance(one, Paragraph))


def test_a_flag_is_said_of_every_row_and_is_that_of_chart_and_gaps(released: Released) -> None:
    polarity = {one.id: one.polarity for one in load_indicators()}
    seen, listed = set(), 0
    for code in released.areas("wd25").index[:6]:
        made = compose(released, find_place(released, str(code)))
        standard = by_indicator(table(made, "mis-table"))
        said = {name: str(row[AGAINST]) for name, row in {**theme_rows(made), **standard}.items()}
        for name, row in by_indicator(table(made, "spine-table")).items():
            plain, _, judged = said[name].partition(" (")
            assert plain == row[3], name
            assert bool(judged) == (plain in ("lower", "higher") and polarity[name] != "none"), name
            seen.add(said[name])
        worse = {name for name, text in said.items() if text.endswith("(worse)")}
        gaps = {name for one in made.tables if one.id == "gaps-table" for name in by_indicator(one)}
        assert gaps <= worse
        listed += len(gaps)
        # The chart flags two measures of the standard by the draws; of the others no draws are at hand.
        told = {name for name in standard if said[name] != "not compared"}
        assert told == {"mis_people_below_share", "mis_children_below_share"}
        assert {said[name] for name in ("residents", "area_hectares")} == {"not compared"}
    assert {"similar", "higher", "higher (worse)", "lower (better)"} <= seen
    assert listed > 4


@pytest.mark.parametrize(
    ("told", "polarity", "said"),
    [
        ("lower", "lower", "lower (better)"),
        ("lower", "higher", "lower (worse)"),
        ("higher", "lower", "higher (worse)"),
        ("higher", "none", "higher"),
        ("similar", "lower", "similar"),
        ("not_compared", "lower", "not compared"),
    ],
)
def test_better_and_worse_are_said_only_where_a_polarity_is_agreed(
    told: str, polarity: str, said: str
) -> None:
    assert flag_words(load_words(), told, polarity) == said  # type: ignore[arg-type]


def test_a_district_is_flagged_against_nothing(released: Released) -> None:
    whole = compose(released, find_place(released, released.authority))
    heads = [one.head for one in whole.tables if one.id.startswith(("theme-", "mis-"))]
    assert heads
    assert not [name for head in heads for name in head if "Against" in name]
    assert "stands against" not in notes(whole, "indicators")


def test_each_row_says_which_areas_its_publisher_gives_numbers_for(released: Released, ward: Profile) -> None:
    words = load_words()
    rows = theme_rows(ward)
    for name, row in rows.items():
        number = row[1]
        assert isinstance(number, Number)
        source = released.sources[str(number.row["source"])]
        known = load_catalogue().get(source.id)
        expected = "worked out here" if known is None else known.geography.replace("lsoa21", "LSOA 2021")
        assert row[PUBLISHED] == expected, name
    assert {row[PUBLISHED] for row in rows.values()} == {"worked out here", "LSOA 2021"}
    msoa = compose(released, find_place(released, str(released.areas("msoa21").index[0])))
    assert theme_rows(msoa)["income_ahc_mean"][PUBLISHED] == "MSOA 2011"
    bare = Source("x", "X", "Somebody", "1", "2021", "OGL v3")
    assert level_of(words, bare) == level_of(words, None) == "not known"


def test_a_pack_that_does_not_say_for_which_areas_or_what_comes_next_is_read(
    sample_pack: Pack, tmp_path: Path
) -> None:
    records = json.loads((sample_pack.path / "sources.json").read_text(encoding="utf-8"))
    for one in records:
        del one["level"], one["next_update"]
    (tmp_path / "sources.json").write_text(json.dumps(records), encoding="utf-8")
    read = Pack(tmp_path, {}).sources
    assert {(one.level, one.next_update) for one in read.values()} == {("", "")}
    assert read.keys() == sample_pack.sources.keys()


def test_the_next_update_is_what_its_publisher_said_and_else_not_known(
    released: Released, ward: Profile
) -> None:
    keys = ("saie_fye2020", "fuel_poverty_2022", "census2021_ts054", "iod2025")
    catalogue = load_catalogue()
    sources = {
        key: Source(key, key, "P", "1", catalogue[key].period, "OGL v3", next_update=catalogue[key].next_edition)
        for key in keys
    }  # fmt: skip
    later = {key: one.next_update for key, one in _with_updates(sources, date(2025, 12, 31)).items()}
    assert later["saie_fye2020"].startswith("out since 2025-12-10")
    assert later["fuel_poverty_2022"] == "spring of each year; a newer one should be out"
    assert later["census2021_ts054"] == "Census of 2031"
    assert later["iod2025"] == ""
    early = _with_updates(sources, date(2022, 12, 31))
    assert early["fuel_poverty_2022"].next_update == "spring of each year"
    assert _with_updates(sources, None) == sources

    said = replace(released, sources={
        key: replace(one, publisher="Office", next_update="out since 2025-12-10: figures of 2023")
        if key == "census2021_age6" else one for key, one in released.sources.items()
    })  # fmt: skip
    made = compose(said, find_place(said, ward.code))
    rows = {str(row[0]): row[4] for row in table(made, "sources-table").rows}
    assert rows[said.sources["census2021_age6"].title] == "Out since 10 December 2025: figures of 2023"
    assert rows[said.sources["mis_model"].title].startswith("When it is worked out again")  # type: ignore[union-attr]
    assert rows[said.sources["iod2025"].title] == "Not known"


def test_the_parts_of_an_area_are_counted_and_output_areas_make_the_district(
    sample_pack: Pack, released: Released, drawn: Profile
) -> None:
    figures = sample_pack.figures
    parts = figures[figures["indicator"] == "output_areas"].set_index(["geography", "code"])["value"]
    whole = parts["lad25", released.authority]
    for key in ("lsoa21", "msoa21", "wd25"):
        assert parts[key].sum() == whole
    weights = sample_pack.crosswalk("lsoa21", "wd25").weights
    for code in sample_pack.areas("wd25").index[:4]:
        made = compose(released, find_place(released, str(code)))
        rows = by_indicator(table(made, "where-table"))
        own = weights[(weights["target"] == code) & (weights["weight"] > 0)]
        told = [rows[name][1].row["value"] for name in ("small_areas", "small_areas_whole")]  # type: ignore[attr-defined]
        assert told == [len(own), (own["weight"] > 1 - 1e-9).sum()]
        assert {"best_fit_misfit_share", "best_fit_gained_share"} <= set(rows)
    rows = by_indicator(table(drawn, "where-table"))
    inside = next(one for one in drawn.tables if one.id == "parts-table").rows
    assert rows["small_areas"][1].row["value"] == len(inside)  # type: ignore[attr-defined]


def test_of_a_ward_whose_output_areas_are_not_known_that_is_said(luton_pack: Pack) -> None:
    real = release(luton_pack, "public")
    rows = {
        str(row[0]): row[1:]
        for row in table(compose(real, find_place(real, "E05014735")), "where-table").rows
    }
    assert rows["Output areas"][0] == "[x]"
    assert isinstance(rows["Output areas"][1], Number)
    assert rows["Output areas"][1].row["value"] == 621


def test_why_no_trend_is_shown_is_said_once(released: Released, ward: Profile) -> None:
    text = notes(ward, "indicators")
    assert text.count("No trend is shown") == 1
    assert text.endswith("of the figures here this edition holds at most 1.")
    # Five years of one figure, which nobody has judged to be one series.
    rows = released.figures
    own = rows[(rows["code"] == ward.code) & (rows["indicator"] == "overcrowded_share")]
    years = [own.assign(period=str(year)) for year in range(2016, 2020)]
    longer = replace(released, figures=pd.concat([rows, *years], ignore_index=True))
    said = notes(compose(longer, find_place(longer, ward.code)), "indicators")
    assert "of some figures here this edition holds 5, which this document does not judge." in said


def test_the_log_gives_the_number_of_each_reason_and_never_which(
    sample_pack: Pack, released: Released, ward: Profile, drawn: Profile
) -> None:
    log = table(ward, "hidden-table")
    told = {str(row[1].row["group"]): row[1].row["value"] for row in log.rows if isinstance(row[1], Number)}
    assert len(told) == len(log.rows) > 2
    assert all(released.hidden[reason] == number for reason, number in told.items() if reason != "stale")
    small = sum(told.get(one, 0) for one in ("small numbers", "would give one away", "few in the base"))
    assert f"{small:.0f} figures of this pack are hidden for being small" in notes(ward, "currency")
    known = {str(one) for key in sample_pack.geographies for one in sample_pack.areas(key).index}
    known |= {str(name) for name in sample_pack.areas("wd25")["name"]}
    assert not [row for row in log.rows for one in known if one in str(row[0])]
    own = {
        str(row[1].row["group"]) for row in table(drawn, "hidden-table").rows if isinstance(row[1], Number)
    }
    assert "small numbers" in own


COUNCIL = Settings(contact="Policy Team", email="insight@halverton.example")


@pytest.fixture(scope="module")
def covered(released: Released) -> tuple[Profile, Rendering]:
    place = find_place(released, str(released.areas("wd25").index[1]))
    made = compose(released, place, status="approved by A. Person", settings=COUNCIL)
    return made, Rendering(made, released)


def read(content: bytes, suffix: str) -> str:
    """What stands on the cover of a form, without spaces."""
    if suffix == ".pdf":
        with pypdfium2.PdfDocument(content) as document:
            text = document[0].get_textpage().get_text_range()
    elif suffix == ".docx":
        text = " ".join(one.text for one in docx.Document(io.BytesIO(content)).paragraphs)
    elif suffix == ".xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content))["Cover"]
        text = " ".join(str(row[0].value) for row in sheet.iter_rows())
    elif suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            text = archive.read("README.txt").decode()
    else:
        text = re.sub(r"<[^>]*>", "", content.decode().partition("<header>")[2] or content.decode())
    return "".join(text.split())


@pytest.mark.parametrize("suffix", list(FORMS))
def test_the_cover_stands_in_every_form(covered: tuple[Profile, Rendering], suffix: str) -> None:
    profile, rendering = covered
    text = read(FORMS[suffix](rendering), suffix)
    for words in (
        f"Ward (2025), code {profile.code}, in {profile.authority} (E06999001)",
        dict(profile.papers)["Figures as of"],
        f"Public: {profile.pack_id}, made with fairplace",
        "Approved by A. Person",
        "Policy Team, insight@halverton.example",
    ):
        assert "".join(words.split()) in text, words


def test_the_day_on_the_cover_is_that_of_the_pack_and_no_clocks(
    sample_pack: Pack, released: Released
) -> None:
    place = find_place(released, str(released.areas("lsoa21").index[0]))
    papers = dict(compose(released, place).papers)
    day = date.fromisoformat(sample_pack.manifest["settings"]["as_of"])
    assert papers["Figures as of"] == f"{day.day} {day:%B %Y}"
    assert papers["Contact"] == "Not given"
    officer = release(sample_pack, "officer")
    assert dict(compose(officer, place).papers)["Edition"].startswith("Restricted to the council: ")


def test_the_small_map_of_the_cover_has_words_for_it_in_page_pdf_and_word(
    covered: tuple[Profile, Rendering], released: Released
) -> None:
    profile, rendering = covered
    alt = rendering.alts["cover-map"]
    assert f"{profile.area} is filled in" in alt
    page = FORMS[".html"](rendering).decode()
    assert f'class="inset" role="img" aria-label="{alt}"' in page
    word = docx.Document(io.BytesIO(FORMS[".docx"](rendering)))
    assert word.inline_shapes[0]._inline.docPr.get("descr") == alt
    assert word.inline_shapes[0].width.mm < 60
    drawings = word.element.body.findall(f".//{qn('wp:inline')}")
    assert len(drawings) == len(rendering.pictures)
    book = openpyxl.load_workbook(io.BytesIO(FORMS[".xlsx"](rendering)))
    assert any(f"code {profile.code}" in str(row[0].value) for row in book["Cover"].iter_rows())
    for key in ("lsoa21", "lad25"):
        other = compose(released, find_place(released, str(released.areas(key).index[0])))
        assert other.inset is not None
        assert "cover-map" in Rendering(replace(other, sections=[]), released).pictures


@pytest.mark.chromium
def test_the_sentences_in_short_stand_on_the_first_screen(
    covered: tuple[Profile, Rendering], tmp_path: Path
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path("/usr/bin/chromium").is_file():
        pytest.skip("needs Chromium")
    (tmp_path / "p.html").write_bytes(FORMS[".html"](covered[1]))
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto((tmp_path / "p.html").as_uri())
        foot = "document.querySelector('#summary ~ ul li:nth-child(4)').getBoundingClientRect().bottom"
        bottom = page.evaluate(foot)
        browser.close()
    assert bottom <= 900


def square(side: float) -> MapLayer:
    frame = gpd.GeoDataFrame(
        {"name": ["x"]}, geometry=[shapely.box(0, 0, side, side)], index=["x"], crs="EPSG:27700"
    )
    return MapLayer("x", "x", frame, single("x", "x"), kind="line")


def test_an_area_too_small_to_be_seen_on_the_cover_has_a_ring_about_it() -> None:
    whole = square(12_000)
    assert _ring(square(1_000), whole) == []
    (ring,) = _ring(square(999), whole)
    shape = ring.areas.geometry.iloc[0]
    assert shape.covers(shapely.box(0, 0, 999, 999))
    assert shape.area < whole.areas.area.iloc[0] / 40


def test_a_picture_for_a_corner_takes_no_more_than_its_ground_needs() -> None:
    wide, tall = (
        draw_inset([replace(square(100), areas=square(100).areas.set_geometry([box], crs="EPSG:27700"))],
                   title="T", alt="A").figure.get_size_inches() * 25.4
        for box in (shapely.box(0, 0, 200, 100), shapely.box(0, 0, 100, 200))
    )  # fmt: skip
    assert tuple(wide) == pytest.approx((58, 29))
    assert tuple(tall) == pytest.approx((25, 50))
