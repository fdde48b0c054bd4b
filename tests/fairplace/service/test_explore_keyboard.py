"""The page for officers by keyboard alone: each journey from the top of the page, on a desktop and on a telephone.

Whatever Tab reaches must show a ring and lie in sight; every `Person.tab` looks. No mouse, no touch, no focus set
from outside; only the system's own dialogue for files is answered for the person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.chromium

DESKTOP, PHONE = (1280, 800), (390, 844)
SIZES = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
#: First bytes of what is taken away.
FORMS = {
    "PDF": b"%PDF-",
    "Word (DOCX)": b"PK\x03\x04",
    "Excel (XLSX)": b"PK\x03\x04",
    "GeoPackage": b"SQLite format 3\0",
}


@pytest.fixture
def top(visit: Callable[..., Any], served: str) -> Callable[..., Any]:
    """The page as it is when somebody comes to it, with the focus on nothing."""

    @contextmanager
    def opened(size: tuple[int, int]) -> Iterator[Any]:
        with visit(f"{served}/packs/halverton/explore", served, size=size) as person:
            person.page.wait_for_selector("body[data-ready]")
            yield person
            assert (
                person.page.evaluate(
                    'document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length'
                )
                == 0
            )
            person.clean()

    return opened


def task(person: Any, name: str) -> None:
    """Go backwards by keys to one of the tasks above."""
    for _ in range(400):
        # Backwards out of whatever has the focus, as somebody does who wants to be at the tasks above.
        person.tab("Shift+Tab")
        if person.page.evaluate(
            "name => document.activeElement.matches(`#tasks a[data-task=${name}]`)", name
        ):
            person.page.keyboard.press("Enter")
            return
    raise AssertionError(f"the task {name} cannot be reached backwards")


def take_away(person: Any, name: str, folder: Path) -> None:
    with person.page.expect_download() as coming:
        person.press(name)
    file = folder / coming.value.suggested_filename
    coming.value.save_as(file)
    assert file.read_bytes().startswith(FORMS[name]), name
    person.hears(coming.value.suggested_filename)


@SIZES
def test_a_planner_finds_reads_compares_and_takes_away(
    top, served: str, tmp_path: Path, size: tuple[int, int]
) -> None:
    ward = httpx.get(f"{served}/packs/halverton/areas/wd25?limit=1").json()["features"][0]
    name = ward["properties"]["name"]
    with top(size) as person:
        page = person.page
        assert person.tab()["name"] == "Skip to the map", "the first stop leads past the rest"
        person.tab_to("#search")
        page.keyboard.type("Halverton")
        page.keyboard.press("Enter")
        page.wait_for_selector("#found li button")
        person.hears("found. Choose one.")
        person.tab_to("#found li button")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Escape")
        assert page.locator("#found li").count() == 0
        assert page.evaluate("document.activeElement.id") == "search", "Escape leads back to the field"
        page.keyboard.press("Control+A")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#profile[data-shown={ward['id']}]")
        assert page.evaluate("document.activeElement.id") == "panel-title"
        assert page.inner_text("#panel-title") == name
        person.hears(name)
        said = page.inner_text("#profile")
        assert "Below the Minimum Income Standard, modelled" in said
        assert "Range: " in said
        for form in FORMS:
            take_away(person, form, tmp_path)
        person.press("Compare this place with another")
        page.wait_for_selector("#task select >> nth=1")
        person.tab_to("#task > div > .field:nth-child(2) select")
        for _ in range(2):
            page.keyboard.press("ArrowDown")
        page.wait_for_selector("#compared[data-shown] table")
        pair = page.get_attribute("#compared", "data-shown")
        assert pair.startswith(ward["id"])
        person.hears(" and ")
        page.reload()
        page.wait_for_selector(f"#compared[data-shown='{pair}']")
        page.go_back()
        person.until("pair => document.querySelector('#compared')?.dataset.shown !== pair", pair)


@SIZES
def test_public_health_sets_a_walk_limit_and_tries_hub_sites_without_dragging(
    top, served: str, size: tuple[int, int]
) -> None:
    with top(size) as person:
        page = person.page
        person.tab_to("#tasks a[data-task=walk]")
        page.keyboard.press("Enter")
        person.hears("Set a walk limit")
        task(person, "walk")
        person.tab_to("#map")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Enter")
        page.wait_for_selector("#task [data-shown$='15 walk']")
        person.hears("Within 15 minutes")
        start = page.evaluate("location.hash")
        person.tab_to(".pin.start")
        page.keyboard.press("ArrowUp")
        person.until("mark => location.hash !== mark", start)
        person.tab_to("#minutes-number")
        page.keyboard.press("Control+A")
        page.keyboard.type("10")
        page.keyboard.press("Enter")
        page.wait_for_selector("#task [data-shown$='10 walk']")
        person.tab_to("#task select")
        page.keyboard.press("ArrowDown")
        page.wait_for_selector("#task [data-shown$='10 wheel']")
        assert page.locator("#task table thead th").all_inner_texts()[-1] == "10 minutes"

        task(person, "hubs")
        page.wait_for_selector("#tried[data-shown^='0 0']")
        person.press("Add a site at the cross")
        page.wait_for_selector("#tried[data-shown^='1 0 10 wheel']")
        mark = page.evaluate("location.hash")
        person.press("Site 1: north 50 metres")
        person.until("mark => location.hash !== mark", mark)
        person.hears("Site 1 is at")
        person.tab_to("[data-close]")
        page.keyboard.press("Space")
        page.wait_for_selector("#tried[data-shown^='1 1']")
        hashed = page.evaluate("Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")
        east, north = (f"{float(one):.6f}" for one in hashed["sites"].split(","))
        asked = {"sites": f"{east},{north}", "close": hashed["close"], "minutes": "10", "mode": "wheel"}
        got = httpx.get(f"{served}/packs/halverton/hubs/try", params=asked, timeout=60).json()
        tried = next(
            one for one in got["people"] if (one["option"], one["measure"]) == ("tried", "residents")
        )
        assert f"{round(tried['within']):,}" in page.inner_text("#tried")
        page.reload()
        page.wait_for_selector("#tried[data-shown^='1 1 10 wheel']")
        assert page.locator(".pin.site").count() == 1


@SIZES
def test_a_reviewer_draws_an_area_without_a_mouse_and_lays_a_plan_on_top(
    top, sample_data: Path, size: tuple[int, int]
) -> None:
    local = sample_data / "local"
    with top(size) as person:
        page = person.page
        person.tab_to("#tasks a[data-task=draw]")
        page.keyboard.press("Enter")
        task(person, "draw")
        person.tab_to("#map")
        for number, keys in enumerate(([], ["ArrowLeft"], ["ArrowDown"]), 1):
            for key in keys:
                page.keyboard.press(key)
            page.keyboard.press("Enter")
            person.hears(f"Corner {number} added")
        person.until("location.hash.split(';').length === 3")
        person.press("Show the profile of this area")
        page.wait_for_selector("#task [data-shown^=area-]")
        assert page.evaluate("document.activeElement.tagName") == "H3", "the profile that came has the focus"
        assert "modelled" in page.inner_text("#task")
        task(person, "draw")
        person.press("Corners (3)")
        person.press("Remove Corner 3")
        person.hears("Corner 3 removed.")
        assert page.get_by_role("button", name="Show the profile of this area").is_disabled()

        task(person, "plans")
        person.tab_to("#task input[type=file]")
        person.choose(local / "plan_sites.geojson")
        person.hears("plan_sites.geojson")
        task(person, "plans")
        person.tab_to("#task .field:nth-of-type(2) input[type=file]")
        person.choose([local / "constraints" / "conservation-area.geojson"])
        person.hears("conservation-area.geojson")
        task(person, "plans")
        person.press("Shapes of the file")
        person.press("Wharf Lane")
        person.hears("Wharf Lane")
        person.press("Take the file off: plan_sites.geojson")
        assert page.get_by_text("Sites: plan_sites.geojson").count() == 0
        assert page.evaluate("document.activeElement !== document.body"), (
            "the focus is not lost with the button"
        )


@SIZES
def test_tab_leads_through_the_whole_page_and_out_of_it_again(top, size: tuple[int, int]) -> None:
    with top(size) as person:
        page = person.page
        stops, out = [], 0
        for _ in range(250):
            focus = person.tab()
            if focus is None:
                out += 1
                break
            stops.append(focus["name"])
        assert out == 1, "no trap: after the last stop the browser has the focus"
        assert len(stops) > 20
        order = ["Skip to the map", "Read about a place", "Set a walk limit", "Copy the link to this view"]
        assert [one for one in stops if one in order] == order
        # The map takes arrow keys, and Tab and Shift+Tab lead out of it.
        person.tab_to("#map")
        for key in ("ArrowLeft", "+", "-", "Escape"):
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.id") == "map"
        person.tab("Shift+Tab")
        assert page.evaluate("document.activeElement.id") != "map"
        # What else can be shown on the map opens by Enter, and Escape closes it and leads back to its name.
        person.tab_to("#overlays summary")
        page.keyboard.press("Enter")
        person.tab_to("#overlay-list input")
        page.keyboard.press("Space")
        person.until("location.hash.includes('on=')")
        page.keyboard.press("Escape")
        assert not page.evaluate("document.getElementById('overlays').open")
        assert page.evaluate("document.activeElement.matches('#overlays summary')")
