"""`fairplace map`: page and sheets of one pack, with the same figures."""

from __future__ import annotations

import csv
import dataclasses
import html
import itertools
import json
import re
from pathlib import Path

import pypdfium2
import pytest

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.map_page import RECIPES, Standing, area_layer, choose_layers, compose_map
from fairplace.map_sheet import compose_sheet
from fairplace.numbers import show, show_number, two_figures
from fairplace.pack import Pack
from fairplace.profile.content import compose, find_place
from fairplace.profile.drawings import draw
from maps.palettes import contrast, luminance
from maps.picture import Picture
from maps.sheet import Paper
from maps.style import STATUS_CLASSES
from maps.text import value_text
from maps.words import english


@pytest.fixture(scope="module")
def released(sample_pack: Pack) -> Released:
    return release(sample_pack, "public")


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_a_sheet_comes_with_a_table_of_every_area(sample_pack: Pack, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"map.{form}"
    assert main(["map", str(sample_pack.path), "--out", str(out), "--dpi", "60"]) == 0
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form]
    assert out.read_bytes().startswith(start)
    with out.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as held:
        rows = list(csv.DictReader(held))
    assert [row["code"] for row in rows] == list(sample_pack.areas("lsoa21").index)
    assert all("modelled" in row["source"] for row in rows)


def test_several_layers_stand_side_by_side(sample_pack: Pack, tmp_path: Path) -> None:
    out = tmp_path / "maps.svg"
    assert main(["map", str(sample_pack.path), "--layer", "mis", "imd25", "--out", str(out)]) == 0
    with out.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as held:
        layers = [row["layer"] for row in csv.DictReader(held)]
    assert len(set(layers)) == 2
    assert layers.count(layers[0]) == layers.count(layers[-1]) == len(sample_pack.areas("lsoa21"))


def test_a_public_table_gives_modelled_people_to_two_figures(sample_pack: Pack, tmp_path: Path) -> None:
    out = tmp_path / "map.pdf"
    main(["map", str(sample_pack.path), "--out", str(out)])
    with out.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as held:
        counts = [float(row["base"].split(" of ")[0].replace(",", "")) for row in csv.DictReader(held)]
    assert counts == [two_figures(one) for one in counts]
    exact = release(sample_pack, "officer").figures
    held_counts = exact.loc[exact["indicator"] == "mis_people_below", "value"]
    assert any(one != two_figures(one) for one in held_counts)


MUST = (
    "in 10 (",
    "FYE 2025",
    "Officer edition",
    "Approved by A. Person, 2 March 2026",
)


def words_of(path: Path) -> str:
    if path.suffix == ".pdf":
        document = pypdfium2.PdfDocument(path.read_bytes())
        text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    else:
        text = html.unescape(path.read_text(encoding="utf-8-sig"))
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("form", ["html", "pdf", "csv"])
def test_what_a_map_must_say_stands_in_the_page_the_sheet_and_its_table(
    sample_pack: Pack, tmp_path: Path, required_words: tuple[str, ...], form: str
) -> None:
    out = tmp_path / f"map.{'pdf' if form == 'csv' else form}"
    status = ["--edition", "officer", "--status", "approved by A. Person, 2 March 2026"]
    assert main(["map", str(sample_pack.path), *status, "--out", str(out)]) == 0
    text = words_of(out.with_suffix(f".{form}"))
    for words in (*required_words, *MUST, f"officer edition {release(sample_pack, 'officer').pack_id}"):
        assert words in text, words


@pytest.mark.parametrize("name", ["mis-share", "fuel-poverty", "children", "imd25"])
def test_a_map_writes_a_number_as_the_profile_does(sample_pack: Pack, name: str) -> None:
    layer = area_layer(release(sample_pack, "officer"), name)
    assert layer is not None
    written = layer.table(english())
    for row in layer.figures.to_dict("records"):  # type: ignore[union-attr]
        said = show(row)
        assert (written.loc[row["code"], "value"], written.loc[row["code"], "range"]) == (
            said.value,
            said.range,
        )


def test_halves_are_rounded_alike_on_maps_and_in_documents() -> None:
    for value in (0.125, 0.005, 0.345, 0.0825, 1 / 3):
        for decimals in (0, 1):
            text = show_number(value, "share", decimals=decimals)
            assert value_text(value, "share", english(), decimals=decimals) == text


def test_an_edition_whose_place_was_taken_says_so_on_every_map(released: Released) -> None:
    gone = "Edition a was superseded on 1 May 2026 by edition b: a mistake."
    standing = Standing(superseded=gone)
    page = compose_map(released, layers=["mis"], standing=standing)
    inside = page[page.index('<div class="window">') : page.index("<figcaption")]
    for words in (gone, "· Superseded ·", released.pack_id):
        assert words in inside
    assert page.index(gone) < page.index("<h1")
    picture, table = compose_sheet(released, standing=standing)
    assert gone in written(picture)
    assert "· Superseded ·" in written(picture)
    assert table["edition"].str.contains("superseded on 1 May").all()


def named(released: Released, **names: str) -> Released:
    """The same release, with words by which some sources ask to be named."""
    sources = dict(released.sources)
    for key, words in names.items():
        sources[key] = dataclasses.replace(sources[key], attribution=words)
    return dataclasses.replace(released, sources=sources)


def written(picture: Picture) -> str:
    """What stands on a sheet, from the top."""
    lines = sorted(picture.figure.texts, key=lambda one: -one.get_position()[1])
    return " ".join(" ".join(one.get_text() for one in lines).split())


WORDS = {
    one: f"Contains words of {one}."
    for one in (
        "boundary_lsoa21", "boundary_wd25", "boundary_msoa21", "osm_streets", "codepoint_open", "nhs_gp",
        "schools", "stations", "local_services", "local_lcwip_lines", "iod2025", "census2021_ts054",
        "fuel_poverty_2022",
    )
}  # fmt: skip


def test_each_source_that_a_page_draws_is_named_on_it(released: Released) -> None:
    page = compose_map(named(released, **WORDS))
    foot = page[page.index("<footer>") :]
    for words in WORDS.values():
        assert words in foot, words
    for key in ("nhs_pharmacy", "mis_model", "local_events"):
        assert released.sources[key].title in html.unescape(foot)


@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_each_source_that_a_sheet_draws_is_named_on_it(released: Released, paper: Paper) -> None:
    picture, _ = compose_sheet(named(released, **WORDS), paper=paper)
    text = written(picture)
    drawn = ("boundary_lsoa21", "boundary_wd25", "osm_streets", "iod2025", "census2021_ts054")
    for key in drawn:
        assert WORDS[key] in text, key
    for key in ("nhs_gp", "local_services"):
        assert WORDS[key] not in text


def test_each_source_that_a_map_of_a_profile_draws_is_named_on_it(released: Released) -> None:
    held = named(released, **WORDS)
    code = str(released.areas("wd25").index[1])
    pictures = draw(compose(held, find_place(held, code)), held)
    wanted = {
        "where-map": ("boundary_wd25", "osm_streets", "boundary_lsoa21"),
        "mis-map": ("boundary_lsoa21", "boundary_wd25", "osm_streets", "census2021_ts054"),
        "imd-map": ("boundary_lsoa21", "iod2025"),
        "walk-map": ("osm_streets", "nhs_gp", "schools", "local_services"),
        "planning-map": ("osm_streets", "boundary_wd25"),
    }
    for name, keys in wanted.items():
        text = written(pictures[name])
        for key in keys:
            assert WORDS[key] in text, (name, key)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--out", "map.gif"], "does not end in .html, .png, .svg or .pdf"),
        (["--out", "map.png", "--dpi", "9"], "--dpi 9 is not between 50 and 1200"),
        (["--out", "map.png", "--scale", "1000"], "1:1,000 does not fit this sheet"),
        (["--out", "map.png", "--layer", "rain"], 'there is no layer "rain"'),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(
    sample_pack: Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["map", str(sample_pack.path), *more]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_no_two_layers_of_places_or_lines_of_a_map_are_told_by_colour_alone(released: Released) -> None:
    page = compose_map(released)
    found = re.search(r'id="map-data">(.*?)</script>', page, re.DOTALL)
    assert found
    layers = json.loads(found[1])["layers"]
    marks = [
        json.dumps([one["marks"][0]["corners"], bool(one["marks"][0]["hollow"])])
        for one in layers
        if one["marks"]
    ]
    assert len(marks) == len(set(marks)) > 8
    lines = [tuple(one["dash"]) for one in layers if one["kind"] == "line"]
    assert len(lines) == len(set(lines)) == 3


def test_neighbouring_classes_of_every_map_differ_in_grey_or_in_pattern(sample_pack: Pack) -> None:
    officer = release(sample_pack, "officer")
    drawn = choose_layers(officer)
    assert {one.id for one in drawn} == set(RECIPES)
    for layer in drawn:
        classes = layer.style.classes
        for first, second in itertools.pairwise(classes):
            # Tenths of one palette are nearest: each a sixth lighter than the next, in order.
            assert first.pattern != second.pattern or contrast(first.colour, second.colour) >= 1.15, layer.id
        levels = [luminance(one.colour) for one in classes if not one.pattern]
        assert levels in (sorted(levels), sorted(levels, reverse=True)), layer.id
        # A class without figures has a pattern that no class of the scale has in that colour.
        for status in STATUS_CLASSES.values():
            for one in classes:
                assert status.pattern != one.pattern or contrast(status.colour, one.colour) >= 1.4


@pytest.mark.parametrize("layers", [["mis"], ["mis", "imd25", "fuel-poverty"]])
@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_a_printed_sheet_carries_its_sources_status_and_caveats(
    released: Released, tmp_path: Path, layers: list[str], paper: Paper, required_words: tuple[str, ...]
) -> None:
    held = named(released, **WORDS)
    gone = "Edition a was superseded on 1 May 2026 by edition b: a mistake."
    picture, _ = compose_sheet(held, layers=layers, paper=paper, standing=Standing(superseded=gone))
    picture.save(tmp_path / "sheet.pdf")
    picture.save(tmp_path / "sheet.svg")
    # Letters of an SVG are shapes, each line of them after a remark with its words.
    remarks = re.findall("<!-- (.*?) -->", (tmp_path / "sheet.svg").read_text(encoding="utf-8"), re.DOTALL)
    for text in (words_of(tmp_path / "sheet.pdf"), html.unescape(" ".join(" ".join(remarks).split()))):
        said = [gone, "· Superseded ·", released.pack_id, WORDS["boundary_lsoa21"], WORDS["boundary_wd25"]]
        said += [WORDS["iod2025"], WORDS["fuel_poverty_2022"]] if "imd25" in layers else []
        for words in (*said, *required_words, f"1:{picture.scale:,} {paper}"):
            assert words in text, words
