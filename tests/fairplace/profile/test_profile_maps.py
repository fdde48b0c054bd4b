"""Maps, designations and green space of a profile: drawn where held, and said to be unknown where not."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.text import Text

from fairplace.disclosure import Released, release
from fairplace.drawn import release_place
from fairplace.ground import FEATURES, GREEN, PLANNING, SHARE, _measure, released_layers
from fairplace.pack import Pack
from fairplace.profile import map_drawings
from fairplace.profile.content import Place, compose, find_place
from fairplace.profile.designations import designations
from fairplace.profile.drawings import draw
from fairplace.profile.map_drawings import designation_looks
from fairplace.profile.model import Drawing, Number, Paragraph, Profile, Section, Table, inline_text
from fairplace.profile.place import AreaFigures, by_indicator
from fairplace.profile.words import load_words
from layers.planning import load_register
from maps.key import LEAST
from maps.palettes import contrast

MAPS = ["where_map", "mis_map", "imd_map", "walk_map", "planning_map"]


def section(profile: Profile, name: str) -> Section:
    return next(one for one in profile.sections if one.id == name)


def table(profile: Profile, name: str) -> Table:
    return next(one for one in profile.tables if one.id == name)


def words_of(held: Section) -> str:
    return " ".join(one.text for one in held.blocks if isinstance(one, Paragraph))


@pytest.fixture(scope="module")
def ward(sample_pack: Pack) -> tuple[Profile, Released]:
    released = release(sample_pack, "public")
    return compose(released, find_place(released, str(sample_pack.areas("wd25").index[1]))), released


def test_each_of_the_five_maps_is_to_scale_and_has_words_and_a_table(
    ward: tuple[Profile, Released],
) -> None:
    profile, released = ward
    drawings = [one for one in section(profile, "maps").blocks if isinstance(one, Drawing)]
    assert [one.kind for one in drawings] == MAPS
    pictures = draw(profile, released)
    tables = {one.id for one in profile.tables}
    for one in drawings:
        assert one.twin in tables
        assert len(one.alt) > 60
        assert pictures[one.id].scale
        assert len(pictures[one.id].alt) > 40
        # As wide as the text, so that the PDF does not shrink letters below those that the sheet allows.
        figure = pictures[one.id].figure
        assert figure.get_size_inches()[0] * 25.4 == pytest.approx(176)
        assert min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text()) >= LEAST
    assert "4.8 km/h" in next(one for one in drawings if one.kind == "walk_map").caption


def test_a_map_whose_figures_are_not_held_is_left_out_with_its_reason(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = sample_pack.figures
    gone = figures["indicator"].str.startswith(("mis_", "imd", "walk_", "planning_", "green_"))
    without = figures[~gone]
    manifest = {**sample_pack.manifest, "settings": {**sample_pack.manifest["settings"], "mis": {}}}
    del manifest["settings"][PLANNING]
    monkeypatch.setattr(Pack, "figures", property(lambda _: without))
    bare = Pack(sample_pack.path, manifest)
    released = release(bare, "public")
    profile = compose(released, find_place(released, str(bare.areas("wd25").index[1])))
    held = section(profile, "maps")
    assert [one.kind for one in held.blocks if isinstance(one, Drawing)] == ["where_map"]
    text = words_of(held)
    for reason in ("not modelled in this build", "Indices of Deprivation 2025 were not", "street network",
                   "does not mean that there are none"):  # fmt: skip
        assert reason in text
    planning = words_of(section(profile, "planning"))
    assert "nothing is known here of" in planning
    assert "not to say that there are none" in planning
    assert "conservation areas" in planning


def apart_in_grey(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether a black-and-white print tells two fills: by pattern, or by a contrast of 1.4 or more."""
    return first[1] != second[1] or contrast(first[0], second[0]) >= 1.4


@pytest.mark.parametrize(
    "layers",
    [
        [f"local-green-space-{at}" for at in range(12)],
        [f"flood-zone-{at}" for at in range(12)],
        [f"zone-{at}" for at in range(12)],
        [f"{kind}-{at}" for at in range(6) for kind in ("green-belt", "surface-water", "town-centre")],
        list(load_register())[:23],
    ],
)
def test_no_two_designations_of_a_map_look_alike_in_colour_or_in_grey(layers: list[str]) -> None:
    looks = designation_looks(layers)
    assert len(set(looks)) == len(layers)
    for first, second in itertools.combinations([*looks, ("#f7f7f5", "")], 2):
        assert apart_in_grey(first, second), (first, second)


def test_the_whole_register_of_designations_has_different_looks() -> None:
    layers = list(load_register()) * 2
    looks = designation_looks([f"{name}-{at}" for at, name in enumerate(layers)])
    assert len(set(looks)) == len(layers)


@pytest.mark.parametrize(("count", "tall"), [(12, False), (48, True)])
def test_many_designations_of_one_family_are_in_the_legend_of_a_map(
    ward: tuple[Profile, Released], monkeypatch: pytest.MonkeyPatch, count: int, tall: bool
) -> None:
    profile, released = ward
    papers, features = released_layers(released)
    names = [f"local-green-space-{at}" for at in range(count)]
    many = [{**papers[0], "id": name, "title": f"Green space of kind {at}"} for at, name in enumerate(names)]
    shape = released.areas(profile.geography).geometry[profile.code]
    spots = features.iloc[[0] * count].assign(layer=names).set_geometry([shape] * count, crs=features.crs)
    monkeypatch.setattr(map_drawings, "released_layers", lambda _: (many, spots))
    drawing = next(
        one for one in section(profile, "maps").blocks if getattr(one, "kind", "") == "planning_map"
    )
    assert isinstance(drawing, Drawing)
    picture = map_drawings.planning_map(profile, released, drawing)
    assert picture is not None
    said = [one.get_text() for pad in picture.figure.axes for one in pad.texts]
    assert [one for one in said if one.startswith("Green space of kind")] == [one["title"] for one in many]
    # A legend that is too long for half a page takes a whole one, in letters as large.
    assert (picture.figure.get_size_inches()[1] * 25.4 > 200) == tall


def test_a_layer_that_is_not_complete_never_reads_as_none(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    papers = {one["title"]: one for one in released.settings[PLANNING]}
    assert {one["completeness"] for one in papers.values()} >= {"complete", "partial", "none"}
    seen = set()
    for code in sample_pack.areas("wd25").index:
        for row in table(compose(released, find_place(released, str(code))), "planning-table").rows:
            paper = papers[str(row[0])]
            if paper["completeness"] != "complete":
                assert row[1] != "none"
                assert row[4] != "complete"
            seen.add(row[1] if isinstance(row[1], str) else "number")
    assert seen == {
        "none", "number", "none found, but the layer is not complete", "not known: the layer is not held",
    }  # fmt: skip


def test_ground_inside_a_layer_is_measured_on_its_union(sample_pack: Pack) -> None:
    figures = sample_pack.figures
    features = sample_pack.places(PLANNING, "features")
    areas = sample_pack.areas("wd25")
    checked = 0
    for layer, own in features.groupby("layer"):
        whole = shapely.union_all(own.geometry.to_numpy())
        for code, shape in areas.geometry.items():
            rows = figures[(figures["code"] == code) & (figures["group"] == layer)].set_index("indicator")
            share = shapely.area(shapely.intersection(shape, whole)) / shape.area
            if rows.at[FEATURES, "value"] > 0:
                assert rows.at[SHARE, "value"] == pytest.approx(share, abs=1e-4)
                checked += 1
            else:
                assert share < 0.005
    assert checked > 10


def test_green_space_is_counted_once_and_adds_up_over_wards(sample_pack: Pack) -> None:
    figures = sample_pack.figures
    green = figures[figures["indicator"] == GREEN]
    by = green.groupby("geography")["count"].sum()
    assert by["wd25"] == pytest.approx(by["lad25"], abs=0.1)
    assert np.isfinite(green["value"]).all()


def test_an_area_with_next_to_no_ground_is_not_measured_and_stops_nothing(sample_pack: Pack) -> None:
    areas = sample_pack.areas("wd25").iloc[:1]
    speck = areas.set_geometry(areas.geometry.centroid.buffer(2), crs=areas.crs)
    assert _measure(speck, "area", sample_pack.places(PLANNING, "features"), (), areas["name"], None).empty


def test_a_drawn_area_has_maps_designations_and_green_space(sample_pack: Pack) -> None:
    code = str(sample_pack.areas("wd25").index[1])
    shape = sample_pack.areas("wd25").geometry[code].buffer(120)
    released, *found = release_place(sample_pack, f"SRID=27700;{shape.wkt}", "public")
    profile = compose(released, Place(*found))
    assert len(draw(profile, released)) >= 5
    drawings = [one for one in section(profile, "maps").blocks if isinstance(one, Drawing)]
    assert {one.twin for one in drawings} <= {one.id for one in profile.tables}
    shares = [row[1] for row in table(profile, "parts-table").rows]
    assert any(isinstance(one, Number) and one.row["value"] < 1 for one in shares)
    rows = table(profile, "planning-table").rows
    touched = [row for row in rows if isinstance(row[1], Number)]
    assert touched
    for row in touched:
        assert isinstance(row[1], Number)
        assert row[1].row["code"] == profile.code
    assert any(str(one.row["indicator"]) == GREEN for one in profile.numbers())


def test_a_layer_that_is_held_but_not_known_for_an_area_is_not_called_not_held(sample_pack: Pack) -> None:
    released = release(sample_pack)
    place = find_place(released, str(sample_pack.areas("wd25").index[0]))
    figures = released.figures
    mine = (figures["code"] == place.code) & (figures["group"] == "green-belt")
    mine &= figures["indicator"].isin(["planning_features", "planning_share"])
    assert mine.sum() == 2

    def line(held: pd.DataFrame) -> list[str]:
        shown = replace(released, figures=held)
        here = AreaFigures(by_indicator(held, place.code, place.geography), {})
        blocks = designations(load_words(), shown, place, here).blocks
        table = next(one for one in blocks if isinstance(one, Table))
        return [inline_text(one) for one in next(row for row in table.rows if row[0] == "Green belt")]

    assert line(figures[~mine])[1:5] == ["not known for this area", "[x]", "[x]", "complete"]
    hidden = figures.assign(status=figures["status"].mask(mine, "suppressed"))
    assert line(hidden)[1:4] == ["hidden, because the number is small", "[c]", "[c]"]
