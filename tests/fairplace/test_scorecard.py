"""The borough scorecard: every indicator of the register stands in it, with its blanks."""

from __future__ import annotations

import html
import re
import shutil
from importlib import resources
from pathlib import Path

import pytest
from markupsafe import escape

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.pack import Pack
from fairplace.profile.model import Bullets, Drawing, Number, Paragraph, Profile
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
    settings = {**released.settings, "local": {**released.settings["local"], "register": [one]}}

    class Changed(Released):
        @property
        def settings(self) -> dict[str, object]:
            return settings

    fields = {field: getattr(released, field) for field in released.__dataclass_fields__}
    changed = Changed(**{**fields, "figures": figures})
    assert [entry.standing for entry in scorecard_entries(changed, load_words())] == [standing]


def test_text_of_the_register_is_escaped_in_the_page(sample_pack: Pack, scorecard: Profile) -> None:
    released = release(sample_pack, "public")
    nasty = '<script>alert(1)</script> & "quoted" \u202egnol'
    register = [{**one, "definition": nasty} for one in released.settings["local"]["register"][:2]]
    settings = {**released.settings, "local": {**released.settings["local"], "register": register}}

    class Changed(Released):
        @property
        def settings(self) -> dict[str, object]:
            return settings

    fields = {field: getattr(released, field) for field in released.__dataclass_fields__}
    text = render_scorecard(scorecard, Changed(**fields), file='x" onload="y.html')
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 4
    assert 'onload="y' not in text


def test_what_must_stand_with_the_standard_stands_in_an_embedded_scorecard_too(page: str) -> None:
    hidden = re.findall(r'<(section|div|p)[^>]*class="[^"]*\balone\b[^"]*".*?</\1>', page, re.DOTALL)
    assert hidden
    left = re.sub(r'<(section|div|p)[^>]*class="[^"]*\balone\b[^"]*".*?</\1>', "", page, flags=re.DOTALL)
    assert left.count('<p class="required">') == 3
    for words in ("modelled estimates made by the council", "not a count and not an official statistic",
                  "decides nothing about any household", "have not endorsed these estimates"):  # fmt: skip
        assert words in left


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
