"""A street, a postcode, a ward or a place is found as people write it, in its place, and nothing private is."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely

from fairplace.pack import Pack
from fairplace.service.bounds import FOUND, NAME_LETTERS
from fairplace.service.gazetteer import list_named, spell
from fairplace.service.layers import pack_layers
from fairplace.service.opening import open_released, pack_key
from geo.crs import lonlat_to_bng
from geo.network import load_names, load_network

SEARCH = "/packs/halverton/search"


def find(caller, text: str, **more: object) -> list[dict]:
    got = caller.get(SEARCH, params={"q": text, **more})
    assert got.status_code == 200, got.text
    return got.json()["found"]


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("st johns rd", "St. John's Road"),
        ("ST JOHN’S ROAD", "St John's Road"),
        ("high st", "High Street"),
        ("Cafe Ln", "Café Lane"),
        ("  king   street ", "King Street"),
    ],
)
def test_a_name_is_spelt_alike_however_it_is_typed(typed: str, same: str) -> None:
    assert spell(typed) == spell(same)


def test_a_saint_is_no_street() -> None:
    assert spell("St Aldate") == "st aldate"
    assert spell("Aldate St") == "aldate street"


def test_streets_are_found_and_shown_whichever_publisher_they_come_from_and_only_with_its_papers(
    sample_pack: Pack,
) -> None:
    public = open_released([sample_pack.path])[pack_key(sample_pack.path)]
    streets = [one for one in list_named(public) if one.kind == "street"]
    papers = {key: one for key, one in public.sources.items() if key != "osm_streets"}
    roads = replace(public, sources={**papers, "os_open_roads": public.sources["osm_streets"]})
    assert [one for one in list_named(roads) if one.kind == "street"] == streets
    assert "a-networks-streets" in pack_layers("a", roads)
    without = replace(public, sources=papers)
    assert not [one for one in list_named(without) if one.kind == "street"]
    assert "a-networks-streets" not in pack_layers("a", without)


@pytest.fixture(scope="module")
def streets(sample_pack: Pack) -> dict[str, list]:
    """Name -> segments of it, from the network of the pack."""
    folder = sample_pack.path / "networks" / "streets"
    lines, found = load_network(folder).lines(), {}
    for name, line in zip(load_names(folder), lines, strict=True):
        found.setdefault(name, []).append(line)
    assert len(found) > 50
    return found


def test_every_street_of_the_network_that_lies_here_is_found_where_it_is(
    caller, sample_pack: Pack, streets: dict[str, list]
) -> None:
    wards = sample_pack.areas("wd25")
    for name, lines in sorted(streets.items()):
        if not name:
            continue
        middle = shapely.line_interpolate_point(np.array(lines), 0.5, normalized=True)
        wanted = {wards["name"].iloc[one] for one in wards.sindex.query(middle, predicate="intersects")[1]}
        found = [one for one in find(caller, name, limit=50) if one["id"].partition(", ")[0] == name]
        assert {one["ward"] for one in found} == wanted, name
        for one in found:
            x, y = (float(part) for part in lonlat_to_bng(np.array(one["lon"]), np.array(one["lat"]))[:2])
            assert shapely.distance(shapely.multilinestrings(lines), shapely.Point(x, y)) < 2.5, name
            own = {area["geography"]: area["name"] for area in one["areas"]}
            assert one["ward"] == own["wd25"]
            assert set(own) == set(sample_pack.geographies)


def test_a_street_is_found_shortened_in_capitals_and_with_its_ward(caller) -> None:
    full = find(caller, "Windmill Lane", limit=50)
    assert full
    for typed in ("windmill ln", "WINDMILL LANE", "windmill  la"):
        assert find(caller, typed, limit=50) == full
    one = full[0]
    assert [each["id"] for each in find(caller, f"Windmill Lane, {one['ward']}")] == [one["id"]]


def test_the_name_of_a_ward_is_that_ward_and_none_of_its_streets(caller, sample_pack: Pack) -> None:
    for code, name in sample_pack.areas("wd25")["name"].items():
        found = caller.get("/packs/halverton/search", params={"q": name}).json()["found"]
        assert (found[0]["id"], found[0]["name"]) == (code, name)
        word = name.split()[0].casefold()
        assert all(word in one["name"].split(",")[0].casefold() for one in found)


def test_answers_have_one_shape_that_the_page_reads(caller, sample_pack: Pack) -> None:
    postcode = sample_pack.places("points", "postcodes")["id"].iloc[0]
    kinds = {}
    for text in ("Windmill Lane", postcode, "Chapel Family Hub", sample_pack.areas("wd25")["name"].iloc[0]):
        for one in find(caller, text):
            kinds.setdefault(one["kind"], one)
    assert set(kinds) == {"street", "postcode", "place", "area"}
    for kind, one in kinds.items():
        assert {"kind", "id", "name", "geography"} <= set(one)
        if kind != "area":
            assert {"lon", "lat", "areas"} <= set(one)
    assert kinds["place"]["about"] in ("Services", "Hub candidates")


def test_what_is_called_just_so_comes_before_what_begins_with_it(caller, sample_pack: Pack) -> None:
    code = sample_pack.areas("lsoa21").index[0]
    assert find(caller, code.lower())[0]["id"] == code
    name = sample_pack.areas("wd25")["name"].iloc[0]
    assert find(caller, name)[0]["name"] == name
    names = [one["name"].casefold() for one in find(caller, "quarry", limit=50)]
    begins = [name.startswith("quarry") for name in names]
    assert begins == sorted(begins, reverse=True)


@pytest.mark.parametrize(
    "text", ["e", "s", "a b", "'", "%", "\\", "../..", "<script>alert(1)</script>", "한글", "st"]
)
def test_answers_are_few_and_text_is_only_text(caller, text: str) -> None:
    assert len(find(caller, text, limit=FOUND)) <= FOUND
    page = caller.get(SEARCH, params={"q": text, "f": "html"}).text
    assert "<script>alert" not in page


@pytest.mark.parametrize("text", [" ", "x" * (NAME_LETTERS + 1)])
def test_a_text_that_cannot_be_searched_for_is_refused(caller, text: str) -> None:
    assert caller.get(SEARCH, params={"q": text}).status_code == 400


def test_a_name_with_markup_in_it_is_written_out(caller, sample_pack: Pack) -> None:
    import dataclasses

    from fairplace.service.app import create_app

    app = create_app([sample_pack.path])
    holding = app.state.holdings.public
    before = holding.directories["halverton"]
    evil = dataclasses.replace(before.named[0], name="<img src=x onerror=alert(1)>", key="zzz lane")
    holding.directories["halverton"] = dataclasses.replace(before, named=(evil,))
    other = type(caller)(app)
    assert find(other, "zzz ln")[0]["name"] == evil.name
    page = other.get(SEARCH, params={"q": "zzz ln", "f": "html"}).text
    assert "<img" not in page
    assert "&lt;img" in page
    other.close()


def test_homes_and_the_people_of_the_model_are_not_found(caller, sample_pack: Pack) -> None:
    everything = json.dumps([find(caller, text, limit=50) for text in ("E00999", "home", "refuge", "100")])
    assert '"about": "People"' not in everything
    people = sample_pack.places("points", "people")
    assert not [one for one in find(caller, people["id"].iloc[0]) if one["kind"] == "place"]
