"""The demonstration: everything it promises is there, leads somewhere, and opens with the network cut."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from fairplace.cli import main
from fairplace.demo import run_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "out put"
    run_demo(out)
    return out


def test_every_link_of_the_index_leads_to_a_page(demo: Path) -> None:
    links = re.findall(r'href="([^":#]+)"', (demo / "index.html").read_text(encoding="utf-8"))
    assert len(links) >= 18
    assert "scorecard.html" in links
    for link in links:
        assert (demo / link).stat().st_size > 1000, link


def test_every_page_says_that_the_town_is_made_up(demo: Path) -> None:
    for page in [
        demo / "index.html",
        demo / "map.html",
        demo / "scorecard.html",
        *demo.glob("profiles/*.html"),
    ]:
        assert re.search(r"made-up town|fictional", page.read_text(encoding="utf-8")), page.name


def test_the_pack_of_the_demonstration_verifies(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(demo / "halverton")]) == 0
    assert "as built" in capsys.readouterr().out


@pytest.mark.chromium
def test_every_page_opens_with_the_network_cut_and_asks_for_nothing(demo: Path) -> None:
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        pytest.skip("needs Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    profiles = sorted(demo.glob("profiles/*.html"))[:2]
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=browser_path,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        page = browser.new_page()
        asked: list[str] = []
        broken: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        page.on("requestfailed", lambda one: broken.append(one.url))
        page.on("pageerror", lambda one: broken.append(str(one)))
        page.on("console", lambda one: broken.append(one.text) if one.type == "error" else None)
        for path in (
            demo / "index.html",
            demo / "map.html",
            demo / "hubs" / "note.html",
            demo / "review" / "index.html",
            demo / "scorecard.html",
            *profiles,
        ):
            page.goto(path.as_uri())
            page.wait_for_load_state("load")
            assert page.title()
            assert page.locator("h1").count() == 1, path.name
        browser.close()
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert outside == []
    assert broken == []
