"""The interactive map in a real browser with the network cut."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import bng_to_lonlat
from maps.assets import AssetError, outside_references
from maps.interactive import MapError, build_map
from maps.layer import LayerError, MapLayer
from maps.style import categories, shares, single, three_classes
from maps.words import english

HOSTILE = "</script><script>window.hurt=1</script>\"'&<img src=x onerror=window.hurt=1>"
URDU = "محلہ لوٹن"


def hostile_layers(grid, make_figures):
    areas = grid.copy()
    areas["name"] = [
        HOSTILE,
        URDU,
        "Łódź Żabia",
        "Iași Țară",
        "Tŷ Ŵyn",
        'O\'Brien "Green" & <b>Sons</b>',
        *areas["name"][6:],
    ]
    rows = make_figures(pd.Series(np.linspace(0.05, 0.6, len(grid)), index=grid.index))
    style = shares(f"Share {HOSTILE}", [0, 0.3, 1], note=HOSTILE)
    return [
        MapLayer(
            "one", f"Layer {HOSTILE}", areas, style, rows, source=HOSTILE, caveat=HOSTILE, licence=HOSTILE
        )
    ]


def replace_title(layer):
    """The layer with a legend headed by its only entry, where it has one entry."""
    if len(layer.style.classes) > 1:
        return layer
    return replace(layer, style=replace(layer.style, title=layer.style.classes[0].label))


def settled_mark(page):
    """The address once it has stood still: it follows the view after a pause, longer on a busy machine."""
    seen = None
    for _ in range(60):
        page.wait_for_timeout(500)
        seen, before = page.evaluate("location.hash"), seen
        if seen and seen == before:
            return seen
    raise AssertionError(f"the address still changes after half a minute: {seen!r}")


class TestFile:
    def test_needs_no_other_file(self, share_layer):
        assert outside_references(build_map([share_layer], title="Below")) == []

    def test_same_input_gives_the_same_bytes(self, share_layer):
        assert build_map([share_layer], title="Below") == build_map([share_layer], title="Below")

    def test_shapes_stand_once_however_many_layers_show_them(self, share_layer):
        layers = [replace(share_layer, id=f"l{at}") for at in range(12)]
        one, twelve = (len(build_map(some, title="Below")) for some in (layers[:1], layers))
        assert build_map(layers, title="Below").count('"middles"') == 1
        assert twelve < one + 11 * 6000

    def test_twelve_luton_layers_stay_small(self, luton, luton_places):
        html = build_map(luton, title="Luton", places=luton_places)
        assert len(luton) == 12
        assert len(html.encode()) < 1_000_000

    def test_has_language_title_heading_and_no_zoom_lock(self, share_layer):
        html = build_map([share_layer], title="Below & beyond")
        assert '<html lang="en-GB"' in html
        assert "<title>Below &amp; beyond</title>" in html
        assert "user-scalable" not in html
        assert "maximum-scale" not in html

    def test_extra_that_needs_the_network_is_refused(self, share_layer):
        with pytest.raises(AssetError, match=r"tile|L\.AwesomeMarkers|\$\("):
            build_map(
                [share_layer], title="x", extra=[folium.Marker([51.9, -0.4], popup=folium.Popup("here"))]
            )

    def test_no_layer_no_area_and_twice_the_same_id_are_refused(self, share_layer, grid):
        with pytest.raises(MapError, match="one layer or more"):
            build_map([], title="x")
        with pytest.raises(MapError, match='the id "below"'):
            build_map([share_layer, share_layer], title="x")
        empty = MapLayer("none", "None", grid.iloc[:0], single("None", "None"))
        with pytest.raises(MapError, match="no layer has an area"):
            build_map([empty], title="x")

    def test_unknown_background_is_refused(self, share_layer, grid):
        with pytest.raises(MapError, match='no kind "roads"'):
            build_map([share_layer], title="x", backdrop={"roads": grid})

    def test_places_need_their_columns(self, share_layer):
        with pytest.raises(LayerError, match="lack the column kind"):
            build_map(
                [share_layer], title="x", places=pd.DataFrame({"name": ["a"], "east": [1], "north": [1]})
            )

    def test_a_table_row_for_every_area_of_every_layer(self, share_layer):
        html = build_map([share_layer], title="Below")
        assert html.count('<th scope="row"') == 12
        assert "hidden to protect people" in html
        assert "<td>missing</td>" in html


@pytest.mark.chromium
class TestOpened:
    def test_real_luton_opens_with_no_request_and_no_error(self, luton, luton_places, open_page):
        with open_page(build_map(luton, title="Luton", places=luton_places)) as seen:
            seen.page.wait_for_function("performance.getEntriesByType('paint').length > 0")
            drawn = seen.page.locator(".leaflet-areas-pane path").count()
            assert (seen.outside, seen.failed, seen.errors) == ([], [], [])
            assert drawn == 125

    def test_legend_caveat_and_table_follow_the_layer(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            page = seen.page

            def shown(selector):
                return page.eval_on_selector_all(
                    selector, "all => all.filter(one => !one.hidden).map(one => one.dataset.layer)"
                )

            assert shown(".legend") == ["mis", "edges"]
            assert page.locator("#lead").inner_text() == "A modelled estimate."
            page.locator("#layers input[value=decile0]").check()
            page.locator("#overlays input[value=edges]").uncheck()
            assert shown(".legend") == ["decile0"]
            assert shown("table") == ["decile0"]
            assert page.locator("#lead").is_hidden()
            page.locator("#layers input[value=wards]").check()
            assert page.locator(".leaflet-areas-pane path").count() == 20

    def test_legend_counts_are_what_is_drawn(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            page.locator("#layers input[value=decile0]").check()
            counts = page.eval_on_selector_all(
                ".legend[data-layer=decile0] li .count", "all => all.map(one => parseInt(one.textContent))"
            )
            assert counts == [17, 27, 20, 18, 12, 7, 6, 14, 4, 0]
            fills = page.eval_on_selector_all(
                ".leaflet-areas-pane path",
                "all => Object.values(all.reduce((n, one) => ({...n, [one.getAttribute('fill')]: (n[one.getAttribute('fill')] || 0) + 1}), {}))",
            )
            assert sorted(fills) == sorted(one for one in counts if one)

    def test_click_tells_value_range_base_and_source(self, share_layer, open_page):
        with open_page(build_map([share_layer], title="Below")) as seen:
            seen.page.locator(".leaflet-areas-pane path").nth(4).click()
            said = seen.page.locator(".leaflet-popup-content").inner_text()
            for words in (
                "B1",
                "25%",
                "20% to 30% (90% range of the model)",
                "412 of 1,650",
                "20% to under 40%",
                "Model",
                "2025",
            ):
                assert words in said

    def test_search_finds_postcode_ward_and_area_with_the_keyboard(self, luton, luton_places, open_page):
        with open_page(build_map(luton, title="Luton", places=luton_places)) as seen:
            page = seen.page
            for typed, expected in (
                ("lu11aa", "Luton 023B"),
                ("poets", "Poets"),
                ("E01015704", "Luton 010C"),
            ):
                page.locator("#search").fill(typed)
                page.keyboard.press("Enter")
                assert expected in page.locator(".leaflet-popup-content h2").inner_text(), typed
            page.locator("#search").fill("zzzz")
            assert "Nothing found" in page.locator("#spoken").inner_text()

    def test_two_areas_side_by_side(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            page.locator("#compare summary").click()
            page.locator("#first").select_option(index=1)
            page.locator("#second").select_option(index=2)
            assert page.locator("#compared tbody tr").count() == 10
            assert page.locator("#compared thead th").count() == 3

    def test_at_most_twelve_tab_stops_and_each_has_a_name(self, luton, luton_places, open_page, tab_stops):
        with open_page(build_map(luton, title="Luton", places=luton_places, basemap="online")) as seen:
            page = seen.page
            stops = tab_stops(page)
            assert 5 <= len(stops) <= 12
            assert all(stops)

    def test_a_screen_reader_hears_words_and_never_shape_after_shape(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            talk = seen.page.context.new_cdp_session(seen.page)
            heard = [
                (one["role"]["value"], one.get("name", {}).get("value", ""))
                for one in talk.send("Accessibility.getFullAXTree")["nodes"]
                if not one["ignored"]
            ]
            assert [name for role, name in heard if role in ("image", "img", "graphics-symbol")] == []
            assert (
                sum(role == "row" for role, _ in heard) == 126 + 21
            )  # areas, and the wards whose outlines are drawn
            assert [name for role, name in heard if role == "region"].count("Map: Luton") == 1
            said = "".join(name for role, name in heard if role == "StaticText")
            for words in ("The table below the map holds the same figures.", "A modelled estimate."):
                assert words in said
            label = next(one for one in seen.page.locator(".legend[data-layer=mis] li").all_inner_texts())
            assert "," in label

    def test_each_choice_is_told_once_and_in_words(self, luton_page, luton, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            heard = page.locator("#spoken")
            page.locator("#layers input[value=graded]").check()
            page.wait_for_function("document.getElementById('spoken').textContent !== ''")
            assert heard.inner_text() == "Map, key and table now show: " + next(
                one.label for one in luton if one.id == "graded"
            )
            page.locator("#compare summary").click()
            page.locator("#first").select_option(index=1)
            page.locator("#second").select_option(index=2)
            assert heard.inner_text() == (
                "Luton 001A and Luton 001B stand side by side in the table after this choice"
            )
            # A table that were live would be read out cell by cell at each change.
            talk = page.context.new_cdp_session(page)
            tree = [one for one in talk.send("Accessibility.getFullAXTree")["nodes"] if not one["ignored"]]
            live = [
                one
                for one in tree
                if any(
                    said["name"] == "live" and said["value"]["value"] == "polite"
                    for said in one.get("properties", [])
                )
            ]
            assert all(one["role"]["value"] not in ("table", "row", "cell", "rowheader") for one in live)
            heads = [one["name"]["value"] for one in tree if one["role"]["value"] == "rowheader"]
            period = luton[0].period_words()
            assert next(one for one in heads if one.startswith(f"{luton[0].label} ") and period in one)

    def test_what_is_told_of_an_area_has_range_base_class_and_period(self, share_layer, open_page):
        with open_page(build_map([share_layer], title="Below")) as seen:
            seen.page.locator(".leaflet-areas-pane path").nth(4).click()
            assert seen.page.locator("#spoken").inner_text() == (
                f"B1, {share_layer.label}, 25%, 90% range of the model: 20% to 30%, 412 of 1,650, "
                "20% to under 40%, 2025"
            )
            talk = seen.page.context.new_cdp_session(seen.page)
            tree = [one for one in talk.send("Accessibility.getFullAXTree")["nodes"] if not one["ignored"]]
            groups = [one["name"]["value"] for one in tree if one["role"]["value"] == "group"]
            assert "B1" in groups

    def test_keyboard_alone_changes_layer_view_and_overlay(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            page.locator("#layers input:checked").focus()
            page.keyboard.press("ArrowDown")
            assert not page.locator(".legend[data-layer=graded]").is_hidden()
            page.locator("#overlays input").first.focus()
            page.keyboard.press("Space")
            assert page.locator(".legend[data-layer=edges]").is_hidden()
            page.locator("#moves button").first.focus()
            page.keyboard.press("Enter")
            page.keyboard.press("ArrowRight")
            assert page.evaluate("document.activeElement.dataset.move") == "out"

    def test_the_address_brings_back_view_layer_and_area(self, luton_page, open_page):
        html = luton_page
        with open_page(html) as seen:
            page = seen.page
            page.locator("#layers input[value=decile3]").check()
            page.locator("#search").fill("Luton 014A")
            page.keyboard.press("Enter")
            page.wait_for_function(
                "location.hash.includes('layer=decile3&') && location.hash.includes('area=')"
            )
            mark = settled_mark(page)
        with open_page(html, mark=mark) as seen:
            seen.page.locator(".leaflet-popup-content h2").wait_for()
            assert settled_mark(seen.page) == mark
            assert seen.page.locator(".leaflet-popup-content h2").inner_text() == "Luton 014A"

    def test_hostile_names_stay_text(self, grid, make_figures, open_page):
        with open_page(
            build_map(hostile_layers(grid, make_figures), title=HOSTILE, caveats=[HOSTILE])
        ) as seen:
            page = seen.page
            page.locator(".leaflet-areas-pane path").first.click()
            assert page.locator(".leaflet-popup-content h2").inner_text() == HOSTILE
            assert page.evaluate("window.hurt") is None
            assert page.title() == HOSTILE
            page.locator("#search").fill("lodz")
            page.keyboard.press("Enter")
            assert page.locator(".leaflet-popup-content h2").inner_text() == "Łódź Żabia"
            assert (seen.outside, seen.errors) == ([], [])

    def test_narrow_window_does_not_scroll_sideways(self, luton_page, open_page):
        # 1280 pixels at 400 per cent are 320.
        with open_page(luton_page, width=320, height=640) as seen:
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= 320

    @pytest.mark.parametrize("width", [320, 600, 1280])
    def test_caveat_and_standing_lie_in_the_map_and_not_over_its_key(self, share_layer, open_page, width):
        html = build_map([share_layer], title="Below", banner=["A made-up town."], running="Below, draft")
        with open_page(html, width=width, height=640) as seen:
            box = {name: seen.page.locator(name).bounding_box() for name in ("#map", "#foot", "#legends")}
            foot, frame, legends = box["#foot"], box["#map"], box["#legends"]
            assert frame["y"] <= foot["y"]
            assert foot["y"] + foot["height"] <= frame["y"] + frame["height"] + 1
            assert legends["y"] >= foot["y"] + foot["height"] - 1 or (
                legends["y"] + legends["height"] <= foot["y"] + 1
            )

    def test_without_scripts_every_table_and_caveat_is_there(self, browser, luton_page, tmp_path):
        (tmp_path / "page.html").write_text(luton_page, encoding="utf-8")
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        tables, caveats = page.locator("#tables table"), page.locator("#caveats li")
        assert tables.count() == 12
        for every in (tables, caveats):
            assert all(every.nth(at).is_visible() for at in range(every.count()))
        assert page.locator("#layers").is_hidden()
        assert page.locator("#map").is_hidden()
        context.close()

    def test_a_key_longer_than_its_box_is_scrolled_by_keys(self, luton, open_page):
        carried = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
        axe = resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8")
        lines = [
            MapLayer(f"line{at}", f"Line {at}", luton[-1].areas, single(f"Line {at}", "Line"), kind="line")
            for at in range(8)
        ]
        with open_page(build_map([*luton, *lines], title="Luton"), height=700) as seen:
            page, legends = seen.page, seen.page.locator("#legends")
            assert legends.get_attribute("tabindex") is None
            for box in page.locator("#overlays input").all():
                box.check()
            assert legends.get_attribute("tabindex") == "0"
            page.evaluate(axe)
            found = page.evaluate("axe.run().then(said => said.violations.map(one => [one.impact, one.id]))")
            assert [one for one in found if one[0] in ("serious", "critical")] == []

    def test_compared_areas_have_range_kind_base_period_and_class(self, luton_page, luton, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            page.locator("#compare summary").click()
            for pick, at in (("#first", 1), ("#second", 2)):
                page.locator(pick).select_option(index=at)
            row = page.locator("#compared tbody tr").first
            code = page.evaluate("JSON.parse(document.getElementById('map-data').textContent).sets")
            names = next(iter(code.values()))["names"]
            held = luton[0].table(english())
            for column, pick in ((0, "#first"), (1, "#second")):
                area = held[held["name"] == names[int(page.locator(pick).input_value())]].iloc[0]
                cell = row.locator("td").nth(column).inner_text()
                assert all(area[part] in cell for part in ("value", "range", "base", "class"))
            head = row.locator("th").inner_text()
            assert luton[0].period_words() in head
            assert luton[0].interval_words() in head

    def test_targets_are_24_pixels(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            small = seen.page.eval_on_selector_all(
                "button, select, summary, #search, fieldset label",
                "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 24).length",
            )
            assert small == 0

    def test_print_shows_map_key_and_table_without_controls(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            page.emulate_media(media="print")
            for hidden in ("#layers", "#overlays", ".bars", ".search"):
                assert page.locator(hidden).is_hidden()
            for visible in (".legend[data-layer=mis]", "#lead", "table[data-layer=mis]"):
                assert page.locator(visible).is_visible()
            assert len(page.pdf(format="A4")) > 20_000

    def test_the_printed_map_shows_what_was_in_view(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
            frame = page.locator("#map").bounding_box()
            drawn = page.locator(".leaflet-areas-pane svg g").bounding_box()
            assert frame["x"] <= drawn["x"]
            assert drawn["x"] + drawn["width"] <= frame["x"] + frame["width"]
            assert max(drawn["width"] / frame["width"], drawn["height"] / frame["height"]) > 0.6
            page.evaluate("window.dispatchEvent(new Event('afterprint'))")
            assert page.locator("body.printing").count() == 0

    def test_a_ward_is_outlined_without_changing_the_colours(self, luton_page, open_page):
        with open_page(luton_page) as seen:
            page = seen.page
            page.locator("#search").fill("Poets")
            page.keyboard.press("Enter")
            assert page.locator("#layers input[value=mis]").is_checked()
            assert page.locator(".leaflet-mark-pane path").count() == 2
            page.keyboard.press("Escape")
            assert page.locator(".leaflet-mark-pane path").count() == 0

    def test_online_background_is_asked_for_only_when_switched_on(self, share_layer, open_page):
        with open_page(build_map([share_layer], title="x", basemap="online"), mark="#with=online") as seen:
            assert seen.outside == []
            # The gate has seen a request once it has failed; that it was made is known before.
            with seen.page.expect_event("requestfailed"):
                seen.page.locator("#overlays input[value=online]").check()
            # Its colours shine through, in the key too, and its credit is printed.
            assert (
                seen.page.locator(".legend li svg").first.evaluate("one => getComputedStyle(one).opacity")
                == "0.72"
            )
            seen.page.emulate_media(media="print")
            assert seen.page.locator(".leaflet-control-attribution").is_visible()
            assert "OpenStreetMap" in seen.page.locator(".leaflet-control-attribution").inner_text()
            assert seen.outside
            assert all("openstreetmap.org" in one for one in seen.outside)

    def test_axe_finds_nothing_serious(self, luton, luton_places, open_page):
        carried = pytest.importorskip("axe_playwright_python", reason="needs axe-playwright-python")
        axe = resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8")
        with open_page(build_map(luton, title="Luton", places=luton_places)) as seen:
            page = seen.page
            page.evaluate(axe)
            page.locator("#compare summary").click()
            page.locator(".leaflet-areas-pane path").nth(60).click(force=True)
            found = page.evaluate(
                "axe.run().then(said => said.violations.map(one => [one.impact, one.id, one.nodes.slice(0, 3).map(node => node.html)]))"
            )
            assert [one for one in found if one[0] in ("serious", "critical", "moderate")] == []

    def test_drawn_background_lines_and_points(self, share_layer, grid, open_page):
        road = gpd.GeoDataFrame(
            geometry=[shapely.LineString([(505000, 221000), (507000, 222500)])], crs="EPSG:27700"
        )
        water = gpd.GeoDataFrame(geometry=[shapely.box(504500, 220500, 505200, 221200)], crs="EPSG:27700")
        points = gpd.GeoDataFrame(
            {"name": ["Hub", "Library"]}, index=["h1", "l1"],
            geometry=[shapely.Point(505300, 221300), shapely.Point(506300, 222000)], crs="EPSG:27700",
        )  # fmt: skip
        sites = MapLayer("sites", "Sites", points, categories("Sites", {"hub": "Family hub", "lib": "Library"}),
                         pd.Series({"h1": "hub", "l1": "lib"}), kind="point", shown=True)  # fmt: skip
        html = build_map([share_layer, sites], title="x", backdrop={"road": road, "water": water})
        with open_page(html) as seen:
            assert seen.page.locator(".leaflet-points-pane path").count() == 2
            assert seen.page.locator(".leaflet-over-pane path").count() == 1
            assert seen.page.locator(".leaflet-under-pane path").count() == 1
            seen.page.locator(".leaflet-points-pane path").first.click()
            assert seen.page.locator(".leaflet-popup-content h2").inner_text() == "Hub"
            assert seen.errors == []

    @pytest.fixture
    def designated(self, share_layer, grid):
        """Two overlapping designations, the larger also over ground without areas, and one that is not shown."""
        places = gpd.GeoDataFrame(
            {"name": ["Old Town", "Belt", ""]}, index=["CA1", "GB7", "GB8"], crs="EPSG:27700",
            geometry=[shapely.box(507200, 221200, 507400, 221400), shapely.box(506800, 221000, 508000, 222500),
                      shapely.box(508100, 221000, 508200, 221100)],
        )  # fmt: skip
        hidden = places.iloc[:1].set_axis(["X1"])
        plain = places[["geometry"]].iloc[:1]
        return [
            share_layer,
            MapLayer(
                "built", "Conservation area", places.iloc[:1], single("c", "c"), kind="line", shown=True
            ),
            MapLayer("belt", "Green belt", places.iloc[1:], single("g", "g"), kind="line", shown=True),
            MapLayer("other", "Not switched on", hidden, single("h", "h"), kind="line"),
            MapLayer("plain", "Without names", plain, single("p", "p"), kind="line", shown=True),
        ]

    def test_what_lines_enclose_is_told_outside_the_coloured_areas_too(self, designated, open_page):
        with open_page(build_map(designated, title="x")) as seen:
            page = seen.page
            at = """([lon, lat]) => {
                const box = document.getElementById("map").getBoundingClientRect();
                const [name] = Object.keys(window).filter((one) => one.startsWith("map_"));
                const point = window[name].latLngToContainerPoint([lat, lon]);
                return [box.x + point.x, box.y + point.y];
            }"""

            def told(east: float, north: float) -> str:
                page.keyboard.press("Escape")
                lon, lat = bng_to_lonlat(np.array([east]), np.array([north]))
                page.mouse.click(*page.evaluate(at, [float(lon[0]), float(lat[0])]))
                box = page.locator(".leaflet-popup-content")
                return box.inner_text() if box.count() else ""

            both = told(507300, 221300)
            assert "Old Town" in both
            assert "CA1" in both
            assert "Belt (Green belt)" in both
            assert "Not switched on" not in both
            alone = told(507700, 222000)
            assert "Belt" in alone
            assert "GB7" in alone
            assert "Old Town" not in alone
            assert "Belt (Green belt)" in told(506900, 222100)
            assert told(508050, 222450) == ""
            assert seen.errors == []

    def test_the_keyboard_asks_what_lies_in_the_middle(self, designated, open_page):
        with open_page(build_map(designated, title="x")) as seen:
            page = seen.page
            page.locator("#search").fill("Belt")
            page.locator("#search").press("Enter")
            page.locator("#map").focus()
            page.keyboard.press("Escape")
            assert page.locator(".leaflet-popup-content").count() == 0
            page.keyboard.press("Enter")
            assert page.locator(".leaflet-popup-content h2").inner_text() == "Belt"
            assert "Belt, Green belt" in page.locator("#spoken").inner_text()
            for _ in range(12):
                page.keyboard.press("ArrowRight")
            page.wait_for_timeout(1000)
            page.keyboard.press("Enter")
            assert page.locator("#spoken").inner_text() == "Nothing that the map shows lies here"

    def test_lines_that_have_names_are_a_table_too(self, designated, open_page):
        with open_page(build_map(designated, title="x")) as seen:
            table = seen.page.locator('#tables table[data-layer="belt"]')
            assert table.locator("thead").inner_text().split() == ["Area", "Code"]
            assert [one.split() for one in table.locator("tbody tr").all_inner_texts()] == [
                ["Belt", "GB7"],
                ["GB8", "GB8"],
            ]
            assert seen.page.locator('#tables table[data-layer="plain"]').count() == 0

    def test_the_key_ends_above_a_tall_caveat_and_says_a_sentence_once(self, luton, open_page):
        tall = [replace(one, id=f"edges{at}", label=f"Edges {at}", shown=True, labelled=False, caveat="Ends here. " * 18)
                for at, one in enumerate([luton[-1]] * 8)]  # fmt: skip
        with open_page(build_map([luton[0], *tall], title="x", banner=["Made up. " * 40])) as seen:
            lead = seen.page.locator("#lead").inner_text()
            assert lead.count(("Ends here. " * 18).strip()) == 1
            key, foot = (seen.page.locator(one).bounding_box() for one in ("#legends", "#foot"))
            assert key["y"] + key["height"] <= foot["y"]

    def test_a_legend_of_one_entry_says_its_words_once(self, designated, open_page):
        with open_page(build_map([replace_title(one) for one in designated], title="x")) as seen:
            box = seen.page.locator(".legend[data-layer=belt] h2").bounding_box()
            assert box["width"] <= 1
            assert seen.page.locator(".legend[data-layer=below] h2").bounding_box()["width"] > 50

    def test_a_long_key_is_printed_beside_its_map_and_not_pushed_behind_it(self, luton, open_page):
        many = [replace(luton[-1], id=f"e{at}", label=f"E{at}", shown=True) for at in range(24)]
        with open_page(build_map([luton[0], *many], title="x")) as seen:
            pdfium = pytest.importorskip("pypdfium2")
            document = pdfium.PdfDocument(seen.page.pdf(prefer_css_page_size=True))
            first = document[0].get_textpage().get_text_range()
            document.close()
            assert "A modelled estimate." in first  # the caveat lies in the map

    def test_a_pop_up_fits_a_narrow_map_with_its_button(self, designated, open_page):
        wide = [replace(one, label=f"{one.label} of the borough and its neighbours") for one in designated]
        with open_page(build_map(wide, title="x"), width=320) as seen:
            seen.page.locator("#search").fill("Belt")
            seen.page.locator("#search").press("Enter")
            seen.page.wait_for_timeout(1000)  # until the map has moved aside
            frame, button = (
                seen.page.locator(one).bounding_box() for one in ("#map", ".leaflet-popup-close-button")
            )
            assert button["x"] + button["width"] <= frame["x"] + frame["width"]

    def test_a_name_hides_no_mark_where_another_side_is_free(self, grid, open_page):
        spots = gpd.GeoDataFrame(
            {"name": ["Lower hall", "Upper hall"]}, index=["l", "u"], crs="EPSG:27700",
            geometry=[shapely.Point(506000, 221700), shapely.Point(506020, 221790)],
        )  # fmt: skip
        hubs = MapLayer("hubs", "Hubs", spots, single("Hubs", "Hub"), kind="point", shown=True, labelled=True)
        plain = MapLayer("all", "All", grid, single("All", "All"))
        with open_page(build_map([plain, hubs], title="x")) as seen:
            seen.page.wait_for_timeout(300)
            covered = seen.page.evaluate("""() => {
                const boxes = (query) => [...document.querySelectorAll(query)].map((one) => one.getBoundingClientRect());
                const marks = boxes(".leaflet-points-pane path"), names = boxes(".areaname span");
                return marks.filter((a) => names.some((b) =>
                    a.left + 2 < b.right && a.right - 2 > b.left && a.top + 2 < b.bottom && a.bottom - 2 > b.top)).length;
            }""")
            assert covered == 0

    @pytest.mark.parametrize("width", [320, 1000])
    def test_a_long_name_is_wrapped_and_never_cut(self, grid, open_page, width):
        long = "Saint Barnabas Neighbourhood Health and Family Centre at the Old Water Works"
        place = "Llanfairpwllgwyngyllgogerychwyrndrobwll"
        spots = gpd.GeoDataFrame(
            {"name": [long, place]}, index=["l", "p"], crs="EPSG:27700",
            geometry=[shapely.Point(506100, 221500), shapely.Point(507900, 222300)],
        )  # fmt: skip
        hubs = MapLayer("hubs", "Hubs", spots, single("Hubs", "Hub"), kind="point", shown=True, labelled=True)
        with open_page(
            build_map([MapLayer("all", "All", grid, single("All", "All")), hubs], title="x")
        ) as seen:
            seen.page.set_viewport_size({"width": width, "height": 800})
            seen.page.wait_for_timeout(600)
            shown = seen.page.evaluate("""() => {
                const frame = document.querySelector("#map").getBoundingClientRect();
                const key = document.querySelector("#legends").getBoundingClientRect();
                return [...document.querySelectorAll(".areaname span")].map((one) => {
                    const at = one.getBoundingClientRect();
                    return [one.textContent, one.style.visibility === "", at.height > 25, one.scrollWidth <= one.clientWidth + 1,
                        at.left >= frame.left && at.right <= frame.right && at.top >= frame.top && at.bottom <= frame.bottom,
                        at.left < key.right && at.right > key.left && at.top < key.bottom && at.bottom > key.top];
                });
            }""")
            assert [one[0] for one in shown] == [long, place]
            assert any(one[1] for one in shown)
            for _, seen_there, lines, whole, inside, under in shown:
                assert lines
                assert whole
                assert not seen_there or (inside and not under)

    def test_a_class_is_told_by_its_words_and_never_by_its_id(self, grid, open_page):
        kinds = pd.Series(["k0", "k1"] * 6, index=grid.index)
        layer = MapLayer("a", "Ways", grid, categories("Ways", {"k0": "Within reach", "k1": "Beyond"}), kinds,
                         said=pd.Series({grid.index[0]: "12 minutes"}))  # fmt: skip
        with open_page(build_map([layer], title="x")) as seen:
            rows = [one.split("\t") for one in seen.page.locator("#tables tbody tr").all_inner_texts()]
            assert rows[0] == ["A1", "E01000001", "12 minutes", "Within reach"]
            assert rows[1] == ["A2", "E01000002", "", "Beyond"]
            seen.page.locator(".leaflet-areas-pane path").nth(1).click()
            assert seen.page.locator(".leaflet-popup-content dd").all_inner_texts() == ["Beyond", "E01000002"]
            assert seen.page.locator("#spoken").inner_text() == "A2, Ways, Beyond"

    def test_everything_missing_and_one_area_still_open(self, make_grid, make_figures, open_page):
        one = make_grid(1, 1)
        rows = make_figures(pd.Series([np.nan], index=one.index))
        layer = MapLayer(
            "one",
            "One",
            one,
            three_classes("One"),
            rows,
            chance=pd.Series(dtype=float),
            caveat="Long. " * 400,
        )
        with open_page(build_map([layer], title="One")) as seen:
            assert seen.page.locator(".leaflet-areas-pane path").count() == 1
            assert "Missing" in seen.page.locator(".legend").inner_text()
            assert len(seen.page.locator("#lead").inner_text()) < 300
            assert seen.errors == []

    def test_many_areas_are_drawn_on_a_canvas(self, make_grid, make_figures, open_page):
        many = make_grid(50, 40, side=100)
        rows = make_figures(pd.Series(np.linspace(0, 1, len(many)), index=many.index))
        layer = MapLayer("many", "Many", many, shares("Many", [0, 0.3, 0.6, 1], mark_uncertain=True), rows)
        with open_page(build_map([layer], title="Many", tolerance=0)) as seen:
            assert seen.page.locator(".leaflet-areas-pane path").count() == 0
            shades = seen.page.evaluate(
                """() => { const pad = document.querySelector('.leaflet-areas-pane canvas');
                const all = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height).data; const seen = new Set();
                for (let at = 0; at < all.length; at += 4) if (all[at + 3] === 255) seen.add(all[at] << 16 | all[at + 1] << 8 | all[at + 2]);
                return [0xfbf6d3, 0x4a9ba5, 0x141a4a].map(one => seen.has(one)); }"""
            )
            assert shades == [True, True, True]
            assert seen.errors == []
