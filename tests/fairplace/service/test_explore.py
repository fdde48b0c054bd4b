"""The page for officers: what it is made of, what its browser may do, and that it shows what maps show."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import resources

import pytest

from fairplace.disclosure import release
from fairplace.map_page import PUBLIC_LAYERS, area_layer
from fairplace.pack import Pack
from fairplace.service.explore import EXPLORE_POLICY, page_content, words
from maps.assets import outside_references

PACK = "/packs/halverton"
WEB = resources.files("fairplace.service").joinpath("web")


def page_data(text: str) -> dict:
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_page_runs_only_our_files_and_asks_only_us(caller) -> None:
    got = caller.get(f"{PACK}/explore")
    assert got.status_code == 200
    assert got.headers["content-security-policy"] == EXPLORE_POLICY
    assert "unsafe" not in EXPLORE_POLICY
    assert "http" not in EXPLORE_POLICY
    assert all(one.startswith(("/web/", "data:")) for one in outside_references(got.text))
    programs = re.findall(r"<script\b([^>]*)>(.*?)</script>", got.text, re.DOTALL)
    assert all("application/json" in about or not text for about, text in programs)
    assert not re.search(r"<[^>]+\s(style|on\w+)=", got.text)


def test_every_file_of_the_page_is_served_and_a_browser_need_not_take_it_twice(caller) -> None:
    page = caller.get(f"{PACK}/explore").text
    names = set(re.findall(r'(?:src|href)="/web/([^"]+)"', page))
    for one in WEB.iterdir():
        if one.name.endswith(".js"):
            names.add(one.name)
            names |= set(re.findall(r'from "\./([^"]+)"', one.read_text(encoding="utf-8")))
    assert len(names) > 10
    for name in names:
        first = caller.get(f"/web/{name}")
        assert first.status_code == 200, name
        again = caller.get(f"/web/{name}", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert caller.get("/web/..%2fexplore.py").status_code == 404
    assert caller.get("/web/words.toml").status_code == 404


def test_front_and_pack_page_lead_to_it(caller) -> None:
    assert f"{PACK}/explore" in caller.get("/").text
    assert f"{PACK}/explore" in caller.get(PACK).text
    assert caller.get("/packs/nowhere/explore").status_code == 404


def test_a_pack_without_streets_is_said_to_have_none_before_anybody_asks(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = release(sample_pack, "public")
    assert page_content("halverton", released, [], [])["streets"] is True
    monkeypatch.setattr(type(released), "held", lambda self, kind: [])
    assert page_content("halverton", released, [], [])["streets"] is False


def test_layers_have_the_classes_colours_and_words_of_the_map(caller, sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    got = caller.get(f"{PACK}/explore/layers?geography=lsoa21").json()["layers"]
    drawn = [area_layer(released, name) for name in PUBLIC_LAYERS]
    assert [one["id"] for one in got] == [one.id for one in drawn if one is not None]
    for given, layer in zip(got, [one for one in drawn if one is not None], strict=True):
        data = layer.data()
        assert {one["id"]: one["count"] for one in given["classes"] if "count" in one}.items() >= {
            kind: count
            for kind, count in layer.style.count(data["class"]).items()
            if not data["uncertain"].any()
        }.items()
        for code, kind in data["class"].items():
            fill = given["fills"][given["areas"][code][0]]
            assert (fill["id"], fill["colour"]) == (kind, layer.style.entry(kind).colour)


def test_modelled_layers_say_so_and_give_their_range(caller) -> None:
    layers = caller.get(f"{PACK}/explore/layers?geography=lsoa21").json()["layers"]
    modelled = [one for one in layers if one["id"].startswith("mis")]
    assert modelled
    for layer in modelled:
        assert "modelled" in layer["title"].lower()
        assert "odelled" in layer["caveat"]
        assert all(area[2] for area in layer["areas"].values() if area[1].endswith("%"))


@pytest.mark.parametrize("geography", ["lsoa99", "E99", "../x"])
def test_layers_of_areas_that_there_are_not_are_refused(caller, geography: str) -> None:
    got = caller.get(f"{PACK}/explore/layers", params={"geography": geography})
    assert got.status_code == 404
    assert "Halverton" in got.json()["detail"]


def test_the_background_lies_within_the_place(caller) -> None:
    west, south, east, north = page_data(caller.get(f"{PACK}/explore").text)["bounds"]
    got = caller.get(f"{PACK}/explore/background").json()["background"]
    assert {one["kind"] for one in got} >= {"road", "water"}

    def points(at: list) -> list:
        return [at] if isinstance(at[0], float | int) else [one for part in at for one in points(part)]

    for one in got:
        for shape in one["geometry"]["geometries"]:
            for lon, lat in points(shape["coordinates"]):
                assert west - 0.2 < lon < east + 0.2
                assert south - 0.2 < lat < north + 0.2


def test_every_word_of_the_page_is_in_the_words_file() -> None:
    known = set(words())
    program = "".join(one.read_text(encoding="utf-8") for one in WEB.iterdir() if one.name.endswith(".js"))
    template = WEB.joinpath("explore.html.jinja").read_text(encoding="utf-8")
    asked = set(re.findall(r'words\("([a-z0-9_]+)"[,)]', program)) | set(
        re.findall(r"\bw\.([a-z0-9_]+)", template)
    )
    assert asked <= known, sorted(asked - known)
    held = tomllib.loads(WEB.joinpath("words.toml").read_text(encoding="utf-8"))
    assert all(text.strip() for text in held["en"].values())


def test_the_program_puts_text_into_the_page_only_as_text() -> None:
    for one in WEB.iterdir():
        if one.name.endswith(".js"):
            text = one.read_text(encoding="utf-8")
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
            ), one.name
