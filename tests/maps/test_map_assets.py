"""Browser files come from packages, are checked, and nothing is left outside."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import folium
import pytest

from maps.assets import (
    AssetError,
    asset,
    assets,
    data_uri,
    inline,
    outside_references,
    script,
    steady_ids,
    style,
)


def test_every_listed_file_is_the_one_we_know():
    for one in assets():
        if one.package == "XStatic-Leaflet" or importlib.util.find_spec(one.module):
            assert one.read()
        assert one.licence


def test_a_changed_file_is_refused():
    with pytest.raises(AssetError, match=r"has the hash .* install XStatic-Leaflet==1\.9\.3\.0"):
        replace(asset("leaflet.js"), sha256="0" * 64).read()


def test_an_absent_package_is_named():
    with pytest.raises(AssetError, match="install Nothing==1"):
        replace(asset("leaflet.js"), module="no_such_module", package="Nothing", version="1").read()


def test_an_unlisted_name_is_refused():
    with pytest.raises(AssetError, match="not in maps/assets"):
        asset("jquery.js")


def test_leaflet_carries_its_images_and_no_source_map():
    assert outside_references(f"<style>{style('leaflet.css')}</style>") == []
    assert "sourceMappingURL" not in script("leaflet.js")
    assert data_uri("images/marker-icon.png") in script("leaflet.js")
    assert data_uri("images/layers.png").startswith("data:image/png;base64,")


def test_a_plain_folium_map_becomes_one_file():
    page = inline(folium.Map([51.9, -0.4], tiles=None).get_root().render())
    assert outside_references(page) == []
    assert "cdn.jsdelivr.net" not in page


@pytest.mark.parametrize(
    ("page", "named"),
    [
        ('<script src="https://example.org/a.js"></script>', "https://example.org/a.js"),
        ("<script src='b.js'></script>", "b.js"),
        ('<link rel="stylesheet" href="https://example.org/a.css">', "https://example.org/a.css"),
        ('<img src="https://example.org/a.png">', "https://example.org/a.png"),
        ("<style>@import 'far.css';</style>", "far.css"),
        ('<p style="background:url(far.png)">x</p>', "far.png"),
    ],
)
def test_a_reference_left_outside_is_named(page, named):
    with pytest.raises(AssetError, match=named):
        inline(page)


def test_links_to_follow_and_data_are_not_references():
    assert (
        outside_references('<a href="https://example.org">x</a><img src="data:image/png;base64,AA==">') == []
    )


def test_a_call_to_a_dropped_script_is_refused():
    page = '<script src="https://code.jquery.com/jquery-3.7.1.min.js"></script><script>$("p").hide()</script>'
    with pytest.raises(AssetError, match=r"calls \$\("):
        inline(page)
    data = page.replace("<script>$", '<script type="application/json">$')
    assert "jquery" not in inline(data)


def test_random_ids_become_their_order():
    first, second = "a" * 32, "0123456789abcdef" * 2
    assert steady_ids(f"{second} {first} {second}") == "n1 n2 n1"
    assert steady_ids("f" * 64) == "f" * 64
