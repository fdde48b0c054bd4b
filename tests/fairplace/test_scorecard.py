"""The borough scorecard: every indicator of the register stands in it, with its blanks."""

from __future__ import annotations

import html
import io
import re
import shutil
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pandas as pd
import pypdfium2
import pytest
from markupsafe import escape

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.pack import Pack
from fairplace.profile.forms import write_profile
from fairplace.profile.model import Bullets, Drawing, Number, Paragraph, Profile, inline_text
from fairplace.profile.register_rows import note_shares
from fairplace.profile.words import load_words
from fairplace.register import PRINCIPLES
from fairplace.scorecard import ScorecardError, compose_scorecard, scorecard_entries
from fairplace.scorecard_page import render_scorecard
from geo.figures import FIGURE_KEY


@pytest.fixture(scope="module")
def scorecard(sample_pack: Pack) -> Profile:
    return compose_scorecard(release(sample_pack, "public"))


def test_every_indicator_and_principle_stands_in_the_scorecard(sample_pack: Pack, scorecard: Profile) -> None:
    listed = sample_pack.manifest["settings"]["local"]["register"]
    held = [row[0] for table in scorecard.tables for row in table.rows]
    assert len(held) == len(listed)
    for one, row in zip(sorted(listed, key=lambda one: one["principle"]), held, strict=True):
        assert str(row).startswith(one["definition"])
    titles = [section.title for section in scorecard.sections]
    for number, name in PRINCIPLES.items():
        assert f"{number}. {name}" in titles


def test_each_number_of_the_scorecard_is_a_released_figure_and_a_blank_says_so(
    sample_pack: Pack, scorecard: Profile
) -> None:
    figures = release(sample_pack, "public").figures
    numbers = scorecard.numbers()
    assert len(numbers) > 20
    for number in numbers:
        row = number.row
        own = figures[
            (figures["code"] == row["code"])
            & (figures["indicator"] == row["indicator"])
            & (figures["period"] == row["period"])
            & (figures["group"] == "")
        ]
        assert len(own) == 1
        assert row["value"] == own["value"].iloc[0] or row["value"] != row["value"]
    cells = [cell for table in scorecard.tables for row in table.rows for cell in row]
    assert "blank: not filled yet" in cells
    assert all(isinstance(cell, Number) or cell for cell in cells)


def test_case_studies_stand_under_their_principle(sample_pack: Pack, scorecard: Profile) -> None:
    cases = sample_pack.places("points", "case_studies")
    for one in cases.to_dict("records"):
        section = next(held for held in scorecard.sections if held.id == f"principle-{int(one['principle'])}")
        said = [item.text for block in section.blocks if isinstance(block, Bullets) for item in block.items]
        assert any(str(one["name"]) in text for text in said)


def test_the_command_writes_the_scorecard_with_a_table_for_each_chart(
    sample_pack: Pack, scorecard: Profile, tmp_path: Path
) -> None:
    tables = {table.id for table in scorecard.tables}
    assert all(one.twin in tables for one in scorecard.blocks if isinstance(one, Drawing))
    for name in ("s.html", "s.pdf", "s.xlsx"):
        assert main(["scorecard", str(sample_pack.path), "--out", str(tmp_path / name)]) == 0
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="https?:', page)
    assert 'src="s.html#embed"' in html.unescape(page)


def test_how_own_shares_were_made_stands_under_their_tables_and_no_others(
    sample_pack: Pack, scorecard: Profile, page: str
) -> None:
    said = load_words()("evidence", "own_shares")
    own = {
        number: [
            one
            for one in scorecard_entries(release(sample_pack), load_words())
            if one.listed["principle"] == number
            and one.found is not None
            and str(one.found["source"]) in ("local_indicator_values", "counts_homes")
            and one.found["unit"] == "share"
        ]
        for number in PRINCIPLES
    }
    assert own[4], "the council has shares of its own there"
    tables = {table.id: table for table in scorecard.tables}
    for number, rows in own.items():
        assert (said in tables[f"principle-{number}-table"].notes) is bool(rows), number
    assert html.unescape(page).count(said) == 1
    assert "alone" not in re.findall(r'<p class="([^"]*)">' + re.escape(str(escape(said))), page)
    # A register of the pack's own figures alone has none, and the sentence would be about nothing.
    modelled = {"status": "ok", "unit": "share", "source": "mis_model", "base": 900.0}
    assert note_shares(load_words(), [modelled, None]) == []
    assert note_shares(load_words(), [modelled, {**modelled, "source": "local_x"}]) == [said]


@pytest.fixture(scope="module")
def page(sample_pack: Pack, scorecard: Profile) -> str:
    return render_scorecard(scorecard, release(sample_pack, "public"))


def test_the_page_has_every_indicator_once_in_its_table_and_once_as_text(
    sample_pack: Pack, page: str
) -> None:
    listed = sample_pack.manifest["settings"]["local"]["register"]
    assert page.count('<tr role="row" data-principle=') == len(listed)
    twin = page[page.index('id="twin"') :]
    for one in listed:
        assert str(escape(one["definition"])) in twin
    assert "blank: not filled yet" in twin


def test_every_number_of_the_page_is_a_released_figure(sample_pack: Pack, page: str) -> None:
    figures = release(sample_pack, "public").figures
    keys = set(figures[["code", *FIGURE_KEY[1:]]].astype(str).agg("|".join, axis=1))
    shown = [html.unescape(one) for one in re.findall(r'data-figure="([^"]+)"', page)]
    assert len(shown) > 100
    assert set(shown) <= keys


def changed_release(
    released: Released, register: list[dict[str, object]], figures: pd.DataFrame | None = None
) -> Released:
    """A release with another register, and other figures."""
    settings = {**released.settings, "local": {**released.settings["local"], "register": register}}

    class Changed(Released):
        @property
        def settings(self) -> dict[str, object]:
            return settings

    fields = {field: getattr(released, field) for field in released.__dataclass_fields__}
    return Changed(**{**fields, "figures": released.figures if figures is None else figures})


def read_form(content: bytes, suffix: str) -> str:
    """Text of a document of any form, cell after cell."""
    if suffix == ".pdf":
        with pypdfium2.PdfDocument(content) as document:
            return " ".join(page.get_textpage().get_text_range() for page in document).replace("\ufffe", "-")
    if suffix == ".docx":
        tables = docx.Document(io.BytesIO(content)).tables
        return " ".join(cell.text for table in tables for row in table.rows for cell in row.cells)
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        return " ".join(str(cell.value) for sheet in book for row in sheet for cell in row)
    if suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return read_form(archive.read("profile.html"), ".html")
    return html.unescape(re.sub(r"<[^>]+>", "", content.decode()))


def listed_as(released: Released, *names: str) -> list[dict[str, object]]:
    return [one for one in released.settings["local"]["register"] if one["id"] in names]


@pytest.mark.parametrize(
    ("polarity", "value", "low", "high", "target", "standing"),
    [
        ("low", 0.10, 0.08, 0.12, 0.13, "met"),
        ("low", 0.10, 0.08, 0.12, 0.11, "close"),
        ("low", 0.10, 0.08, 0.12, 0.07, "short"),
        ("high", 0.60, 0.55, 0.65, 0.50, "met"),
        ("high", 0.60, 0.55, 0.65, 0.58, "close"),
        ("high", 0.60, 0.55, 0.65, 0.70, "short"),
        ("high", 0.60, float("nan"), float("nan"), 0.59, "met"),
        ("none", 0.60, 0.55, 0.65, 0.50, "none"),
        ("low", float("nan"), float("nan"), float("nan"), 0.5, "blank"),
    ],
)
def test_a_standing_is_said_only_where_the_whole_range_is_on_one_side_of_the_target(
    sample_pack: Pack, polarity: str, value: float, low: float, high: float, target: float, standing: str
) -> None:
    released = release(sample_pack, "public")
    one = {**released.settings["local"]["register"][0], "polarity": polarity}
    figures = released.figures.copy()
    name = f"register_{one['id']}"
    figures = figures[~figures["indicator"].str.startswith(name) | (figures["geography"] == "lad25")]
    at = figures["indicator"] == name
    figures.loc[at, ["value", "low", "high"]] = (value, low, high)
    figures.loc[at, "status"] = "ok" if value == value else "suppressed"
    figures.loc[figures["indicator"] == f"{name}_target", "value"] = target
    changed = changed_release(released, [one], figures)
    assert [entry.standing for entry in scorecard_entries(changed, load_words())] == [standing]


@pytest.mark.parametrize("basis", ["modelled", "survey"])
def test_what_nobody_counted_is_not_held_to_a_target_without_its_range(sample_pack: Pack, basis: str) -> None:
    released = release(sample_pack, "public")
    figures = released.figures.copy()
    at = (figures["indicator"] == "register_absence") & (figures["geography"] == "lad25")
    figures.loc[at, ["low", "high"]] = float("nan")
    figures.loc[at, "basis"] = basis
    changed = changed_release(released, listed_as(released, "absence"), figures)
    (entry,) = scorecard_entries(changed, load_words())
    assert entry.standing == "unsure"
    assert {"modelled": "modelled without a range", "survey": "from a survey"}[basis] in entry.label


def test_the_standard_has_one_number_with_its_range_and_is_called_modelled_in_every_form(
    sample_pack: Pack, scorecard: Profile, tmp_path: Path
) -> None:
    released = release(sample_pack, "public")
    figures = released.figures.query("geography == 'lad25' and group == ''").set_index("indicator")
    entries = {one.listed["id"]: one for one in scorecard_entries(released, load_words())}
    said = []
    for name in ("people", "children"):
        entry, own = entries[f"{name}_below_mis"], figures.loc[f"mis_{name}_below_share"]
        assert entry.found is not None
        assert [entry.found[part] for part in ("value", "low", "high", "base", "basis", "period")] == [
            own[part] for part in ("value", "low", "high", "base", "basis", "period")
        ]
        assert ", modelled with a 90% range" in entry.label
        assert entry.cells[3] == "[x]: modelled"
        assert (
            float(own["low"]) < float(entry.target["value"]) < float(own["high"]) if entry.target else False
        )
        assert entry.standing == "close"
        value = entry.cells[0]
        assert isinstance(value, Number)
        assert re.fullmatch(r"\d\d% \(\d\d% to \d\d%\)", value.text)
        said += [entry.label, value.text]
    assert entries["fuel_poverty"].standing == "unsure"
    assert not any(name.endswith("_below_mis") and name.startswith("register") for name in figures.index)
    texts = {".html": read_form(render_scorecard(scorecard, released).encode(), ".html")}
    for suffix in (".pdf", ".docx", ".xlsx", ".json", ".zip"):
        write_profile(scorecard, released, tmp_path / f"s{suffix}")
        texts[suffix] = read_form((tmp_path / f"s{suffix}").read_bytes(), suffix)
    for suffix, text in texts.items():
        # A sheet has the ends of a range in cells of their own.
        for one in said[::2] if suffix == ".xlsx" else said:
            assert re.sub(r"\s+", "", one) in re.sub(r"\s+", "", text), (suffix, one)


def test_a_gap_of_another_period_than_its_value_says_which(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    figures = released.figures.copy()
    figures.loc[figures["indicator"] == "register_absence_slope", "period"] = "2021-03-21"
    changed = changed_release(released, listed_as(released, "absence"), figures)
    made = compose_scorecard(changed)
    (table,) = made.tables
    assert table.rows[0][5] == "2024/25; gap: 21 March 2021"
    page = render_scorecard(made, changed)
    row, twin = page.split('id="twin"')
    gap = row[row.index('data-label="Gap between') :].split("</td>")[0]
    assert "(21 March 2021)" in gap
    assert "Period: 2024/25; gap: 21 March 2021." in twin


def test_gaps_are_ordered_by_their_share_of_the_value_whatever_the_unit(sample_pack: Pack) -> None:
    # A slope of -43.5 per 100,000 on a rate of 91.8 is 0.47 of it; one of 18.9 points on 77.9% only 0.24.
    released = release(sample_pack, "public")
    held = released.figures.query("geography == 'lad25' and group == ''").sort_values("period")
    value = held.drop_duplicates("indicator", keep="last").set_index("indicator")["value"]
    page = render_scorecard(compose_scorecard(released), released)
    shown = dict(re.findall(r'data-name="([^"]+)"[^>]*data-gap="([^"]+)"', page))
    wanted = {
        str(escape(one["definition"])): abs(value[f"{name}_slope"] / value[figure])
        for one in released.settings["local"]["register"]
        for name in [f"register_{one['id']}"]
        for figure in [one["pack_indicator"] or name]
        if value.get(f"{name}_slope", float("nan")) == value.get(f"{name}_slope", float("nan"))
    }
    assert {name: float(gap) for name, gap in shown.items()} == pytest.approx(wanted, rel=1e-4)
    assert max(wanted.values()) < 10
    assert "as a share of the value" in page


def test_a_hidden_or_missing_value_is_not_counted_as_filled(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    figures = released.figures.copy()
    for name, status in (("absence", "suppressed"), ("smoking", "missing")):
        at = (figures["indicator"] == f"register_{name}") & (figures["geography"] == "lad25")
        figures.loc[at, ["value", "low", "high", "count", "base"]] = float("nan")
        figures.loc[at, "status"] = status
    register = listed_as(released, "absence", "smoking", "employment")
    blank = {**register[0], "id": "not_yet"}
    changed = changed_release(released, [*register, blank], figures)
    summary = compose_scorecard(changed).sections[0].blocks[0]
    assert isinstance(summary, Paragraph)
    assert summary.text.endswith(
        "1 with a value; 1 hidden, because the number is small; 1 not available; 1 blank."
    )
    cells = {one.listed["id"]: one.cells for one in scorecard_entries(changed, load_words())}
    bases = [inline_text(cells[name][2]) for name in ("absence", "smoking", "not_yet")]
    assert bases == ["[c]", "[x]", "blank: not filled yet"]


def test_text_of_the_register_is_escaped_in_the_page(sample_pack: Pack, scorecard: Profile) -> None:
    released = release(sample_pack, "public")
    nasty = '<script>alert(1)</script> & "quoted" \u202egnol'
    register = [{**one, "definition": nasty} for one in released.settings["local"]["register"][:2]]
    text = render_scorecard(scorecard, changed_release(released, register), file='x" onload="y.html')
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 4
    assert text.count("<bdi>") == 2, "a name written from right to left must not turn what stands after it"
    assert 'onload="y' not in text


def test_what_must_stand_with_the_standard_stands_in_an_embedded_scorecard_too(page: str) -> None:
    hidden = re.findall(r'<(section|div|p)[^>]*class="[^"]*\balone\b[^"]*".*?</\1>', page, re.DOTALL)
    assert hidden
    left = re.sub(r'<(section|div|p)[^>]*class="[^"]*\balone\b[^"]*".*?</\1>', "", page, flags=re.DOTALL)
    assert left.count('<p class="required">') == 3
    for words in ("modelled estimates made by the council", "not a count and not an official statistic",
                  "decides nothing about any household", "have not endorsed these estimates"):  # fmt: skip
        assert words in left


def words_seen(seen: Any, address: str) -> str:
    seen.goto("about:blank")
    seen.goto(address)
    return str(seen.locator("body").inner_text())


@pytest.mark.chromium
def test_an_embedded_scorecard_keeps_what_explains_its_numbers_and_a_way_to_the_whole(
    page: str, tmp_path: Path
) -> None:
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        pytest.skip("needs Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    carried = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
    axe = resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8")
    path = tmp_path / "score card.html"
    path.write_text(page, encoding="utf-8")
    explained = ("A range in brackets is", "a modelled figure says so", "above 0, more in the less deprived wards",
                 "Meets and short are said only", "not judged without its range", "not a count")  # fmt: skip
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        seen = browser.new_page(viewport={"width": 320, "height": 800})
        seen.set_default_timeout(60_000)
        visible = seen.locator("#register tbody tr:visible")
        for choice in ("#embed", "#embed&principle=4"):
            text = words_seen(seen, path.as_uri() + choice)
            assert all(one in text for one in explained), choice
            assert "Put this scorecard on a page of yours" not in text
            assert visible.count() == (28 if choice == "#embed" else 5)
            assert seen.locator("#whole").is_visible()
            assert seen.evaluate("document.documentElement.scrollWidth") <= 320
            seen.evaluate("document.querySelector('details').open = true")
            seen.evaluate(axe)
            assert seen.evaluate("axe.run().then(said => said.violations.map(one => one.id))") == []
        with seen.expect_popup() as opened:
            seen.locator("#whole").press("Enter")
        assert opened.value.url == path.as_uri()
        assert opened.value.locator("#embedding").is_visible()
        assert not opened.value.locator("#whole").is_visible()
        opened.value.close()
        text = words_seen(seen, path.as_uri() + "#status=short")
        assert "Put this scorecard on a page of yours" in text
        standings = set(visible.evaluate_all("all => all.map(one => one.dataset.status)"))
        assert standings == {"short"}
        # A page that changes only the choice behind the name changes what is shown.
        seen.evaluate("location.hash = '#principle=4'")
        seen.wait_for_function("document.querySelectorAll('#register tbody tr:not([hidden])').length === 5")
        assert seen.locator("#status").input_value() == ""
        # From the top: past the beginning, through three choices and a button, into the table and its text.
        words_seen(seen, path.as_uri())
        stops = []
        for _ in range(7):
            seen.keyboard.press("Tab")
            stops.append(seen.evaluate("document.activeElement.id || document.activeElement.className"))
        assert stops[:4] == ["skip", "principle", "status", "order"]
        assert stops[5] == "scroll"
        # On paper every row stands, whatever was chosen, and nothing that cannot be pressed.
        seen.goto("about:blank")
        seen.goto(path.as_uri() + "#principle=4")
        seen.emulate_media(media="print")
        assert visible.count() == 28
        assert seen.locator("select:visible, button:visible, #whole:visible, .skip:visible").count() == 0
        assert seen.locator("#shown").is_hidden()
        browser.close()


@pytest.mark.chromium
def test_the_page_is_sorted_and_filtered_by_keyboard_and_axe_finds_nothing(page: str, tmp_path: Path) -> None:
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        pytest.skip("needs Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "scorecard.html"
    path.write_text(page, encoding="utf-8")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        seen = browser.new_page()
        seen.set_default_timeout(60_000)
        asked: list[str] = []
        broken: list[str] = []
        seen.on("request", lambda one: asked.append(one.url))
        seen.on("pageerror", lambda one: broken.append(str(one)))
        seen.goto(path.as_uri())
        visible = "#register tbody tr:not([hidden])"
        listed = seen.locator(visible).count()
        assert listed == 28
        seen.locator("#principle").focus()
        seen.keyboard.type("5")
        seen.wait_for_function(f"document.querySelectorAll('{visible}').length < {listed}")
        assert seen.locator("#shown").inner_text().startswith(f"{seen.locator(visible).count()} of 28")
        assert set(seen.locator(visible).evaluate_all("all => all.map(one => one.dataset.principle)")) == {
            "5"
        }
        seen.goto(f"{path.as_uri()}#embed&status=short&order=far")
        seen.reload()
        assert not seen.locator("#summary").is_visible()
        far = seen.locator(visible).evaluate_all("all => all.map(one => Number(one.dataset.far))")
        assert len(far) > 3
        assert far == sorted(far, reverse=True)
        seen.locator("button").click()
        seen.wait_for_function(f"document.querySelectorAll('{visible}').length === {listed}")
        carried = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
        axe = resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8")
        for width in (1280, 400):
            seen.set_viewport_size({"width": width, "height": 900})
            seen.goto(path.as_uri())
            seen.reload()
            assert seen.evaluate("document.documentElement.scrollWidth") <= width
            seen.evaluate(axe)
            assert seen.evaluate("axe.run().then(said => said.violations.map(one => one.id))") == []
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert broken == []


def test_a_pack_without_a_register_is_refused(sample_pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    released = release(sample_pack, "public")
    monkeypatch.setitem(sample_pack.manifest["settings"], "local", {})
    with pytest.raises(ScorecardError, match="without a register"):
        compose_scorecard(released)


def test_the_words_about_the_standard_stand_in_the_scorecard_too(scorecard: Profile) -> None:
    said = " ".join(one.text for one in scorecard.blocks if isinstance(one, Paragraph))
    assert "not a count and not an official statistic" in said
    assert "decides nothing about any household" in said
    assert "have not endorsed these estimates" in said
