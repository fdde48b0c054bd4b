"""Letters that a page carries for machines without them."""

from __future__ import annotations

import pytest

from maps import fonts
from maps.assets import outside_references
from maps.faces import face_css
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.style import single

NAMES = ["محلہ لوٹن", "Łódź Żabia", "Iași Țară", "Tŷ Ŵyn"]


def test_a_page_in_western_letters_carries_none(share_layer):
    assert face_css("£5 – “plain” é … −3") == ""
    assert "@font-face" not in build_map([share_layer], title="Plain")


def test_the_same_letters_are_the_same_bytes():
    assert face_css("ŷ Łódź") == face_css("Łódź ŷ")


def test_a_letter_without_a_font_is_left_to_the_browser():
    assert face_css("魯") == ""


@pytest.mark.chromium
def test_names_are_shown_in_the_carried_letters(grid, open_page):
    if not fonts.carried():
        pytest.skip("needs the font of justmytype-intl-rtl")
    areas = grid.assign(name=[*NAMES, *grid["name"][4:]])
    html = build_map([MapLayer("n", "N", areas, single("N", "N"), labelled=True)], title="Names")
    assert outside_references(html) == []
    assert html.count("@font-face") == 2
    with open_page(html) as seen:
        loaded = seen.page.evaluate(
            "Promise.all([...document.fonts].map(one => one.load())).then(all => all.map(one => one.status))"
        )
        assert loaded == ["loaded", "loaded"]
        assert seen.errors == []
