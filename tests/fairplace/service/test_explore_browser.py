"""The page for officers in a real browser, before a real `fairplace serve`: three journeys and what goes wrong.

Every request that is not for the service is cut and is a failure. Nothing waits for a clock.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.chromium

DESKTOP, PHONE, ZOOMED = (1280, 800), (360, 740), (320, 256)
WAIT = 120_000
HOSTILE = "</script><script>window.hurt=1</script>\"'&<img src=x onerror=window.hurt=1>"
URDU = "محلہ لوٹن"
# A line about the middle of the sample authority.
CORNERS = "52.2100, 0.0450\n52.2100, 0.0700\n52.2250, 0.0700\n52.2250, 0.0450"


@pytest.fixture
def explore(visit: Callable[..., Any], served: str) -> Callable[..., Any]:
    """The page at a size, with an address after "#"."""

    @contextmanager
    def opened(mark: str = "", *, size: tuple[int, int] = DESKTOP, ready: bool = True) -> Iterator[Any]:
        with visit(f"{served}/packs/halverton/explore#{mark}", served, size=size) as seen:
            if ready:
                seen.page.wait_for_selector("body[data-ready]")
            yield seen

    return opened


def take_pdf(page: Any, act: Callable[[], None], folder: Path) -> bytes:
    with page.expect_download() as coming:
        act()
    file = folder / coming.value.suggested_filename
    coming.value.save_as(file)
    assert file.suffix == ".pdf"
    return file.read_bytes()


def map_point(page: Any, across: float, down: float) -> tuple[float, float]:
    box = page.locator("#map").bounding_box()
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


class TestProfileJourney:
    """A: find a ward and read it, draw an area, and take a PDF away."""

    def test_by_mouse_on_a_desktop(self, explore, served: str, tmp_path: Path) -> None:
        ward = httpx.get(f"{served}/packs/halverton/areas/wd25?limit=1").json()["features"][0]
        with explore() as seen:
            page = seen.page
            page.fill("#search", ward["properties"]["name"])
            page.click("#search-form button")
            page.wait_for_selector(f"#profile[data-shown={ward['id']}]")
            assert page.inner_text("#panel-title") == ward["properties"]["name"]
            said = page.inner_text("#profile")
            profile = httpx.get(f"{served}/packs/halverton/profile/{ward['id']}?f=json").json()
            sentences = ["".join(one if isinstance(one, str) else one["text"] for one in item)
                         for item in profile["sections"][0]["blocks"][0]["items"]]  # fmt: skip
            assert sentences
            assert all(" ".join(one.split()) in " ".join(said.split()) for one in sentences)
            assert "modelled" in said
            assert "Range: " in said
            page.select_option("#layer", "imd25")
            page.wait_for_selector("#map[data-drawn='lsoa21 imd25']")
            assert "Multiple Deprivation" in page.inner_text("#legend")
            page.go_back()
            page.wait_for_selector("#map[data-drawn='lsoa21 mis']")
            page.click("#tasks a[data-task=draw]")
            for across, down in ((0.25, 0.45), (0.45, 0.45), (0.35, 0.75)):
                page.mouse.click(*map_point(page, across, down))
            seen.until("location.hash.split(';').length === 3")
            page.get_by_role("button", name="Show the profile of this area").click()
            page.wait_for_selector("#task [data-shown^=area-]")
            act = page.get_by_role("button", name="PDF", exact=True).click
            assert take_pdf(page, act, tmp_path).startswith(b"%PDF-")
            page.reload()
            page.wait_for_selector("body[data-ready]")
            assert page.locator(".pin.corner").count() == 3
            seen.clean()

    def test_an_area_of_the_list_opens_by_enter_at_the_cross_and_from_the_table(self, explore) -> None:
        with explore() as seen:
            page = seen.page
            seen.tab_to("#map")
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("Enter")
            page.wait_for_selector("#profile[data-shown]")
            code = page.get_attribute("#profile", "data-shown")
            page.click("#twin summary")
            rows = page.locator("#table tbody tr")
            rows.nth(57).wait_for()
            assert rows.count() == 58
            assert "modelled" in page.inner_text("#table caption").lower()
            first = rows.nth(0).locator("td").nth(0).inner_text()
            rows.nth(0).locator("button").click()
            page.wait_for_selector(f"#profile[data-shown={first}]")
            page.go_back()
            page.wait_for_selector(f"#profile[data-shown={code}]")
            seen.clean()


class TestWalkAndHubJourney:
    """B: see how far a walk goes, then put hubs, move them, and see whom they reach."""

    def test_a_hub_that_is_dragged_changes_whom_it_reaches(self, explore) -> None:
        with explore("task=hubs") as seen:
            page = seen.page
            page.wait_for_selector("#tried[data-shown^='0 0']")
            assert "No change" in page.inner_text("#tried")
            page.mouse.click(*map_point(page, 0.38, 0.5))
            page.wait_for_selector("#tried[data-shown^='1 0']")
            before, mark = page.inner_text("#tried table"), page.evaluate("location.hash")
            pin = page.locator(".pin.site").bounding_box()
            at = pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2
            page.mouse.move(*at)
            page.mouse.down()
            page.mouse.move(at[0] - 20, at[1] + 10, steps=4)
            page.mouse.move(at[0] - 110, at[1] + 30, steps=8)
            page.mouse.up()
            seen.until("mark => location.hash !== mark", mark)
            seen.until("text => (document.querySelector('#tried table')?.innerText ?? text) !== text", before)
            said = page.inner_text("#tried")
            assert "Children under 5" in said
            assert "(modelled)" in said
            assert "90% range" in said
            assert "Mean minutes to the nearest hub" in said
            seen.clean()

    def test_a_walk_shows_people_by_limit_and_a_marker_moves_by_arrow_keys(self, explore) -> None:
        with explore("task=walk&from=0.05,52.215&minutes=15") as seen:
            page = seen.page
            page.wait_for_selector("#task [data-shown$='15 walk']")
            heads = page.locator("#task table thead th").all_inner_texts()
            assert heads[1:] == ["5 minutes", "10 minutes", "15 minutes"]
            numbers = page.locator("#task table tbody tr").nth(0).locator("td").all_inner_texts()
            people = [int(re.match(r"[\d,]+", one)[0].replace(",", "")) for one in numbers]
            assert people == sorted(people)
            before = page.evaluate("location.hash")
            page.locator(".pin.start").focus()
            page.keyboard.press("ArrowUp")
            seen.until("mark => location.hash !== mark", before)
            page.fill("#minutes-number", "30")
            page.keyboard.press("Enter")
            page.keyboard.press("Tab")
            page.wait_for_selector("#task [data-shown$='30 walk']")
            seen.clean()

    def test_a_plan_begins_is_found_after_a_reload_and_can_be_cancelled(self, explore) -> None:
        with explore("task=hubs") as seen:
            page = seen.page
            page.get_by_role("button", name="Start the plan").click()
            seen.until("location.hash.includes('job=hubs')")
            page.reload()
            page.locator("#plan-job progress").wait_for()
            page.locator("#plan-job").get_by_role("button", name="Cancel").click()
            page.locator("#plan-job").get_by_text("Cancelled", exact=True).wait_for()
            seen.clean()

    def test_a_long_name_of_a_hub_is_wrapped_on_a_narrow_screen(self, explore) -> None:
        with explore("task=hubs", size=ZOOMED) as seen:
            page = seen.page
            page.locator("[data-close]").first.wait_for()
            held = page.evaluate("""() => {
                for (const one of document.querySelectorAll("#panel details")) one.open = true;
                const names = document.querySelectorAll("#panel label.tick span, #panel .links button");
                for (const one of names) one.textContent += " Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch";
                return names.length;
            }""")
            assert held > 3
            wide = "[document.documentElement.scrollWidth, window.innerWidth]"
            assert page.evaluate(wide) == [320, 320]
            seen.clean()

    @pytest.mark.slow
    def test_by_keyboard_a_plan_runs_to_its_end_and_its_note_opens(self, explore) -> None:
        with explore("task=hubs", size=PHONE) as seen:
            page = seen.page
            page.locator("#panel-title").focus()
            seen.press("Start the plan")
            page.wait_for_selector("#plan-job[data-shown]", timeout=5 * WAIT)
            assert page.locator("#plan-job a").count() > 3
            seen.press("note.html")
            page.wait_for_url("**/files/note.html")
            assert "fictional" in page.inner_text("body")
            page.go_back()
            page.wait_for_selector("#plan-job[data-shown]")
            seen.clean()


class TestPlanJourney:
    """C: lay a plan over the map, see its shapes, and know what is wrong with a file."""

    def test_files_are_drawn_in_the_browser_and_not_sent(self, explore, sample_data: Path) -> None:
        sent: list[str] = []
        with explore("task=plans") as seen:
            page = seen.page
            page.on("request", lambda one: sent.append(one.method))
            local = sample_data / "local"
            pickers = page.locator("#panel input[type=file]")
            pickers.nth(0).set_input_files(local / "plan_sites.geojson")
            page.get_by_text("Sites: plan_sites.geojson").wait_for()
            pickers.nth(1).set_input_files([local / "constraints" / "conservation-area.geojson"])
            page.get_by_text("Designation: conservation-area.geojson").wait_for()
            page.locator("#panel summary").nth(0).click()
            page.get_by_role("button", name="Wharf Lane", exact=True).click()
            assert "POST" not in sent
            page.get_by_role("button", name="Take the file off: plan_sites.geojson").click()
            assert page.get_by_text("Sites: plan_sites.geojson").count() == 0
            seen.clean()

    @pytest.mark.slow
    @pytest.mark.parametrize("size", [DESKTOP, PHONE])
    def test_a_review_lays_the_files_over_one_another_and_its_report_opens(
        self, explore, sample_data: Path, size: tuple[int, int]
    ) -> None:
        local = sample_data / "local"
        with explore("task=plans", size=size) as seen:
            page = seen.page
            page.get_by_text("Choose a file of sites and one or more of designations above.").wait_for()
            pickers = page.locator("#panel input[type=file]")
            pickers.nth(0).set_input_files(local / "plan_sites.geojson")
            pickers.nth(1).set_input_files([local / "constraints" / "conservation-area.geojson"])
            page.get_by_text("Designation: conservation-area.geojson").wait_for()
            page.locator("#panel-title").focus()
            seen.press("Send the files and review")
            page.wait_for_selector("#review-job[data-shown]", timeout=5 * WAIT)
            link = page.locator("#review-job a").nth(0)
            assert link.inner_text().endswith(".html")
            link.focus()
            page.keyboard.press("Enter")
            page.wait_for_url("**/files/*.html")
            assert "Halverton" in page.inner_text("body")
            seen.clean()

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("{", "it is not JSON"),
            ('{"type": "FeatureCollection", "features": []}', "it has no shapes"),
            ('{"type": "Polygon", "coordinates": [[[540000,250000],[541000,250000],[541000,251000],[540000,250000]]]}',
             "its coordinates are not longitude and latitude"),
        ],
    )  # fmt: skip
    def test_a_file_that_cannot_be_drawn_is_refused_with_the_reason(
        self, explore, tmp_path: Path, content: str, said: str
    ) -> None:
        file = tmp_path / "plan.geojson"
        file.write_text(content, encoding="utf-8")
        with explore("task=plans", size=PHONE) as seen:
            seen.page.locator("#panel input[type=file]").nth(0).set_input_files(file)
            seen.page.locator("#task").get_by_text(said).wait_for()
            assert "Choose a GeoJSON file" in seen.page.inner_text("#panel")
            seen.clean()


class TestTrouble:
    def test_a_slow_answer_shows_progress_and_can_be_cancelled(self, explore) -> None:
        with explore() as seen:
            page = seen.page
            held: list[Any] = []
            page.route("**/profile/**", lambda route: held.append(route))
            page.locator("#task select").select_option(index=3)
            page.locator("#profile progress").wait_for()
            assert "Fetching the profile of" in page.inner_text("#profile")
            page.get_by_role("button", name="Cancel").click()
            page.locator("#profile").get_by_text("Cancelled. Nothing was changed.").wait_for()
            assert held
            seen.clean()

    def test_a_network_that_fails_is_said_and_trying_again_helps(self, explore) -> None:
        with explore() as seen:
            page = seen.page
            page.route("**/profile/**", lambda route: route.abort())
            page.locator("#task select").select_option(index=3)
            page.locator("#offline:not([hidden])").wait_for()
            assert "Check the connection" in page.inner_text("#profile")
            assert page.inner_text("#legend")
            page.unroute("**/profile/**")
            page.get_by_role("button", name="Try again").click()
            page.wait_for_selector("#profile[data-shown]")
            assert page.locator("#offline").is_hidden()
            assert seen.outside == []

    def test_a_service_that_restarts_is_asked_again(self, explore) -> None:
        with explore() as seen:
            page = seen.page
            asked: list[str] = []

            def once(route: Any) -> None:
                asked.append(route.request.url)
                if len(asked) == 1:
                    route.abort("connectionrefused")
                elif len(asked) == 2:
                    route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}")
                else:
                    route.fallback()

            page.route("**/profile/**", once)
            page.locator("#task select").select_option(index=3)
            page.wait_for_selector("#profile[data-shown]")
            assert len(asked) == 3

    def test_a_refusal_is_said_in_plain_words_with_what_to_do(self, explore) -> None:
        with explore("task=draw&corners=0.05,52.215;0.0501,52.215;0.0501,52.2151") as seen:
            page = seen.page
            page.get_by_role("button", name="Show the profile of this area").click()
            page.locator("#task .state.bad").wait_for()
            said = page.inner_text("#task .state.bad")
            assert "That did not work" in said
            assert "Traceback" not in said
            assert len(said.splitlines()) >= 3

    def test_names_are_shown_as_text_whatever_is_in_them(self, explore) -> None:
        with explore(ready=False) as seen:
            page = seen.page

            def rename(route: Any) -> None:
                got = route.fetch()
                content = got.json()
                for one in content["features"]:
                    one["properties"]["name"] = HOSTILE
                content["features"][1]["properties"]["name"] = URDU
                route.fulfill(response=got, body=json.dumps(content))

            page.route("**/areas/lsoa21?**", rename)
            page.reload()
            page.wait_for_selector("body[data-ready]")
            page.click("#twin summary")
            page.locator("#table tbody tr").nth(0).wait_for()
            assert page.get_by_text(URDU).count() >= 1
            assert HOSTILE in page.inner_text("#table")
            page.mouse.move(*map_point(page, 0.35, 0.5))
            page.mouse.move(*map_point(page, 0.36, 0.5))
            assert page.evaluate("window.hurt") is None
            seen.clean()


def ring(count: int) -> str:
    """GeoJSON of a round outline with so many corners."""
    turns = [2 * math.pi * at / count for at in range(count)]
    line = [[0.057 + 0.01 * math.cos(one), 52.217 + 0.006 * math.sin(one)] for one in turns]
    return json.dumps({"type": "Polygon", "coordinates": [[*line, line[0]]]})


def test_an_outline_is_held_whole_or_refused_and_never_cut(explore) -> None:
    with explore("task=draw") as seen:
        page = seen.page
        page.evaluate("for (const one of document.querySelectorAll('#task details')) one.open = true")
        paste, use = page.locator("#task textarea"), page.get_by_role("button", name="Use these corners")
        paste.fill(ring(300))
        use.click()
        seen.until("location.hash.split(';').length === 300")
        mark = page.evaluate("location.hash")
        paste.fill(ring(600))
        use.click()
        page.locator("#task").get_by_text("The outline has 600 corners").wait_for()
        two = {"type": "FeatureCollection", "features": [json.loads(ring(4)), json.loads(ring(5))]}
        paste.fill(json.dumps(two))
        use.click()
        page.locator("#task").get_by_text("there are 2 shapes in it").wait_for()
        assert page.evaluate("location.hash") == mark
        page.reload()
        page.wait_for_selector("body[data-ready]")
        page.get_by_role("button", name="Show the profile of this area").click()
        page.wait_for_selector("#task .figures, #task [data-shown]")
        seen.clean()


@pytest.mark.parametrize("size", [DESKTOP, PHONE, ZOOMED, (844, 390)])
def test_the_cross_is_where_the_map_puts_a_point(explore, size: tuple[int, int]) -> None:
    with explore("task=draw", size=size) as seen:
        page = seen.page
        page.locator("#cross").wait_for(state="attached")
        middles = page.evaluate(
            """["#map", "#cross"].map(one => document.querySelector(one).getBoundingClientRect())
            .map(at => [at.left + at.width / 2, at.top + at.height / 2])"""
        )
        assert middles[0] == pytest.approx(middles[1], abs=2)


def test_the_panel_scrolls_by_itself_on_a_desktop(explore) -> None:
    with explore("place=E05999001") as seen:
        page = seen.page
        page.wait_for_selector("#profile[data-shown]")
        assert page.evaluate("getComputedStyle(document.querySelector('.panel')).overflowY") == "auto"
        assert page.evaluate("document.documentElement.scrollHeight") < 2.2 * DESKTOP[1]


VIEWS = (
    "place=E05999001",
    "task=hubs&sites=0.0491,52.2047&close=H03",
    "task=draw&corners=0.05,52.2;0.07,52.2;0.07,52.22",
)
MORE_VIEWS = (
    "task=compare&first=E05999001&second=E01999002&layer=imd25",
    "task=walk&from=0.0491,52.2047",
    "task=plans",
)


@pytest.mark.parametrize("view", [*VIEWS, *(pytest.param(one, marks=pytest.mark.slow) for one in MORE_VIEWS)])
def test_every_task_is_accessible_and_fits_a_phone_and_a_page_at_400_per_cent(explore, view: str) -> None:
    carried = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
    axe = resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8")
    with explore(view) as seen:
        page = seen.page
        seen.until("document.querySelectorAll('[aria-busy]').length === 0")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        page.evaluate(axe)
        for width, height in (DESKTOP, PHONE, ZOOMED):
            page.set_viewport_size({"width": width, "height": height})
            found = page.evaluate(
                "axe.run().then(said => said.violations.map(one => [one.impact, one.id, one.nodes.slice(0, 3).map(node => node.html)]))"
            )
            assert [one for one in found if one[0] in ("serious", "critical", "moderate")] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            small = page.evaluate(
                """[...document.querySelectorAll('button, select, input, summary, #tasks a')].filter(one => one.offsetParent)
                .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()]).filter(([, at]) => at.width < 24 || at.height < 24).map(([one]) => one)"""
            )
            assert small == []
        seen.clean()


def test_paper_shows_map_key_and_figures_without_the_tools(explore) -> None:
    with explore("place=E05999001") as seen:
        page = seen.page
        page.wait_for_selector("#profile[data-shown]")
        page.emulate_media(media="print")
        for hidden in ("#tasks", ".tools", "#search-form", "#moves"):
            assert page.locator(hidden).is_hidden()
        for shown in ("#map", "#legend", "#lead", "#profile", "#about"):
            assert page.locator(shown).is_visible()
        seen.clean()


def test_two_places_are_compared_and_the_order_stands_in_the_address(explore) -> None:
    with explore("task=compare&first=E05999001") as seen:
        page = seen.page
        page.locator("#task select").nth(1).select_option(index=4)
        page.wait_for_selector("#compared[data-shown]")
        pair = page.get_attribute("#compared", "data-shown")
        page.get_by_role("button", name="Swap them").click()
        page.wait_for_selector(f"#compared[data-shown='{' '.join(reversed(pair.split()))}']")
        page.go_back()
        page.wait_for_selector(f"#compared[data-shown='{pair}']")
        assert "modelled" in page.inner_text("#compared")
        seen.clean()
