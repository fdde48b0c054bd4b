"""Areas of somebody's own: the same people have the same figures, and small ones are refused or copied."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
import shapely

from fairplace.disclosure import DisclosureError, Released, release
from fairplace.drawn import AREA, area_figures, find_area, release_area
from fairplace.pack import Pack
from fairplace.profile.closing import currency
from fairplace.profile.content import Place, compose
from fairplace.profile.html import render_html
from fairplace.profile.model import Bullets, Drawing, Number, Paragraph, section_numbers
from fairplace.profile.words import load_words
from geo.place import TooSmallError


def by_indicator(figures: pd.DataFrame, code: str) -> pd.DataFrame:
    rows = figures[(figures["code"] == code) & (figures["group"] == "")]
    return rows.set_index("indicator")


def test_a_polygon_that_traces_a_wards_output_areas_has_the_wards_figures(sample_pack: Pack) -> None:
    ward = str(sample_pack.areas("wd25").index[2])
    points = sample_pack.places("points", "people")
    inside = sample_pack.areas("oa21").loc[points.loc[points["ward"] == ward, "id"]]
    area = find_area(sample_pack, shapely.union_all(inside.geometry.to_numpy()).wkt, crs="EPSG:27700")
    assert area.geography == AREA
    mine = by_indicator(area_figures(sample_pack, area), area.id)
    theirs = by_indicator(sample_pack.figures[sample_pack.figures["geography"] == "wd25"], ward)
    for indicator in (
        "residents",
        "children_0_15_share",
        "tenure_social_share",
        "mis_people_below_share",
        "imd25_score",
    ):
        assert mine.loc[indicator, "value"] == theirs.loc[indicator, "value"], indicator
        assert mine.loc[indicator, "low"] == theirs.loc[indicator, "low"] or np.isnan(
            mine.loc[indicator, "low"]
        )


def test_the_whole_town_drawn_is_the_town(sample_pack: Pack) -> None:
    outline = sample_pack.areas("lad25").geometry.iloc[0]
    area = find_area(sample_pack, outline.buffer(5).wkt, crs="EPSG:27700")
    mine = by_indicator(area_figures(sample_pack, area), area.id)
    town = by_indicator(
        sample_pack.figures[sample_pack.figures["geography"] == "lad25"], sample_pack.authority
    )
    assert mine.loc["residents", "value"] == town.loc["residents", "value"]
    assert mine.loc["mis_people_below_share", "value"] == pytest.approx(
        town.loc["mis_people_below_share", "value"], abs=1e-6
    )


def test_two_halves_add_up_and_their_ranges_are_their_own(sample_pack: Pack) -> None:
    outline = sample_pack.areas("lad25").geometry.iloc[0].buffer(5)
    west, south, east, north = outline.bounds
    middle = (west + east) / 2
    halves = [
        find_area(sample_pack, outline.intersection(shapely.box(a, south, b, north)).wkt, crs="EPSG:27700")
        for a, b in ((west, middle), (middle, east))
    ]
    made = [by_indicator(area_figures(sample_pack, half), half.id) for half in halves]
    total = sum(one.loc["residents", "value"] for one in made)
    assert total == pytest.approx(sample_pack.places("points", "people")["residents"].sum(), abs=2)
    for one in made:
        row = one.loc["mis_people_below_share"]
        assert row["low"] < row["value"] < row["high"]
        assert row["basis"] == "modelled"
    assert halves[0].id != halves[1].id


def test_ranks_and_deciles_are_not_given_for_an_area_of_several(sample_pack: Pack) -> None:
    area = find_area(sample_pack, sample_pack.areas("lad25").geometry.iloc[0].buffer(5).wkt, crs="EPSG:27700")
    assert not {"imd25_rank", "imd25_decile"} & set(area_figures(sample_pack, area)["indicator"])


def test_a_small_area_copies_its_lsoas_modelled_share_and_says_so(sample_pack: Pack) -> None:
    units = sample_pack.areas("oa21")
    area = find_area(sample_pack, units.geometry.iloc[10].buffer(1).wkt, crs="EPSG:27700")
    assert not area.public_mis
    mine = by_indicator(area_figures(sample_pack, area), area.id)
    assert mine.loc["mis_people_below_share", "basis"] == "copied"
    assert "mis_people_below" not in mine.index
    released = release_area(sample_pack, area)
    shown = by_indicator(released.figures[released.figures["geography"] == AREA], area.id)
    assert shown.loc["mis_people_below_share", "basis"] == "copied"


def test_a_document_gives_a_lent_share_to_the_lsoa_that_lends_it(sample_pack: Pack) -> None:
    units = sample_pack.areas("oa21")
    area = find_area(sample_pack, units.geometry.iloc[10].buffer(1).wkt, crs="EPSG:27700", name="Mill corner")
    released = release_area(sample_pack, area)
    profile = compose(released, Place(AREA, area.id, area.name))
    small = sample_pack.areas("lsoa21")
    code = small.index[small.covers(units.geometry.iloc[10].representative_point())][0]
    lender = str(small["name"][code])
    lent = by_indicator(sample_pack.figures, str(code)).loc["mis_people_below_share", "value"]
    told = [one for one in profile.numbers() if one.row["basis"] == "copied"]
    assert {one.row["value"] for one in told if one.row["indicator"] == "mis_people_below_share"} == {lent}
    # A percentage of a modelled figure is a whole number, and a count has two figures, also where it is lent.
    assert told
    for one in told:
        assert one.style == "in_ten" or not re.search(r"\d\.\d", one.text), one.text
    bases = [one for one in told if one.column == "base"]
    assert bases
    assert all(len(one.text.replace(",", "").rstrip("0")) <= 2 for one in bases)
    for block in profile.blocks:
        lines = block.items if isinstance(block, Bullets) else [block] if isinstance(block, Paragraph) else []
        for line in lines:
            if any(isinstance(one, Number) and one in told for one in line.parts):
                assert f"LSOA {lender}" in line.text
    table = next(one for one in profile.tables if one.id == "mis-table")
    assert table.head[1] == f"LSOA {lender}"
    assert f"LSOA {lender}" in table.caption
    for row in next(one for one in profile.tables if one.id == "compare-table").rows:
        if any(isinstance(one, Number) and one in told for one in row):
            assert f"figure of LSOA {lender}" in str(row[0])
    drawn = {one.id: one for one in profile.blocks if isinstance(one, Drawing)}
    assert area.name not in set(drawn["dots"].data["rows"]["place"])
    assert f"figure of LSOA {lender}" in set(drawn["dots"].data["rows"]["place"])
    assert all(area.name not in one.data["bands"].index for one in drawn.values() if one.kind == "depth")
    page = render_html(profile)
    assert "not measurements of it" in page
    # What another area lends is no gap of this one.
    held = [one for section in profile.sections if section.id == "gaps" for one in section_numbers([section])]
    assert not any(one.row["basis"] == "copied" for one in held)


def test_an_area_below_an_output_area_is_refused(sample_pack: Pack) -> None:
    corner = sample_pack.areas("oa21").geometry.iloc[10].representative_point().buffer(5)
    with pytest.raises(TooSmallError):
        find_area(sample_pack, corner.wkt, crs="EPSG:27700")


#: Figures that are sure, or safe, only for a ward: see `mis.summary`.
WARD_ONLY = {
    "mis_people_below_50_share",
    "mis_children_0_4_below_share",
    "mis_fgt2",
    "mis_shortfall_weekly",
}


def shown_of(pack: Pack, shape: object, edition: str = "public") -> set[str]:
    area = find_area(pack, shape.wkt, crs="EPSG:27700")  # type: ignore[attr-defined]
    assert area.geography == AREA
    figures = release_area(pack, area, edition).figures  # type: ignore[arg-type]
    return set(figures.loc[(figures["geography"] == AREA) & (figures["code"] == area.id), "indicator"])


@pytest.mark.parametrize("key", ["lsoa21", "msoa21"])
def test_an_area_drawn_as_one_lsoa_or_msoa_shows_no_more_than_that_may(sample_pack: Pack, key: str) -> None:
    people = sample_pack.figures.query("geography == @key and indicator == 'residents'")
    code = people.set_index("code")["value"].idxmin()
    shape = sample_pack.areas(key).geometry[code].buffer(1)
    public = shown_of(sample_pack, shape)
    assert "mis_people_below_share" in public
    assert not public & WARD_ONLY
    assert shown_of(sample_pack, shape, "officer") >= WARD_ONLY


def test_an_area_as_large_as_a_ward_shows_what_a_ward_may(sample_pack: Pack) -> None:
    outline = sample_pack.areas("lad25").geometry.iloc[0].buffer(5)
    west, south, east, north = outline.bounds
    half = outline.intersection(shapely.box(west, south, (west + east) / 2, north))
    assert shown_of(sample_pack, half) >= WARD_ONLY


def test_a_public_profile_of_too_few_people_is_refused(sample_pack: Pack) -> None:
    units = sample_pack.areas("oa21")
    area = find_area(sample_pack, units.geometry.iloc[10].buffer(1).wkt, crs="EPSG:27700")
    few = dataclasses.replace(area, residents=80.0, households=30.0)
    with pytest.raises(DisclosureError, match="more than 100 and 40"):
        release_area(sample_pack, few)
    assert release_area(sample_pack, few, "officer").edition == "officer"


def test_a_drawn_area_has_a_page(sample_pack: Pack) -> None:
    outline = sample_pack.areas("lad25").geometry.iloc[0].buffer(5)
    west, south, east, north = outline.bounds
    area = find_area(
        sample_pack,
        outline.intersection(shapely.box(west, south, (west + east) / 2, north)).wkt,
        crs="EPSG:27700",
        name="West <of> the railway",
    )
    released = release_area(sample_pack, area)
    page = render_html(compose(released, Place(AREA, area.id, area.name)))
    assert "West &lt;of&gt; the railway" in page
    assert "drawn area" in page
    assert page.count("<data") > 40


def test_a_walk_from_a_postcode_is_an_area_with_its_speed_said(sample_pack: Pack) -> None:
    postcode = str(sample_pack.places("points", "postcodes")["id"].iloc[700])
    near, far = (find_area(sample_pack, f"walk:{minutes}min:{postcode}") for minutes in (10, 20))
    assert near.residents < far.residents
    assert set(near.shares.index) <= set(far.shares.index)
    assert any("km/h" in note for note in far.notes)


def test_postcodes_make_an_area_and_an_unknown_one_is_named(sample_pack: Pack) -> None:
    points = sample_pack.places("points", "postcodes")
    oa = sample_pack.areas("oa21").geometry.iloc[20]
    inside = points.loc[points.within(oa), "id"].tolist()
    area = find_area(sample_pack, ", ".join(inside))
    assert sample_pack.areas("oa21").index[20] in set(area.components["code"])
    with pytest.raises(LookupError, match="HV99 9ZZ"):
        find_area(sample_pack, f"{inside[0]}, HV99 9ZZ")


def test_a_packs_own_limit_holds_in_its_document_and_on_a_drawn_area(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sample_pack.manifest["settings"]["hide_up_to"] == 4
    manifest = {**sample_pack.manifest, "settings": {**sample_pack.manifest["settings"], "hide_up_to": 7}}
    strict = dataclasses.replace(sample_pack)
    object.__setattr__(strict, "__dict__", {**sample_pack.__dict__, "manifest": manifest})
    released = release(strict, "officer")
    assert released.hide_up_to == 7
    said = currency_text(released)
    assert "counts of 1 to 7" in said
    area = find_area(strict, strict.areas("lsoa21").geometry.iloc[0].wkt, crs="EPSG:27700")
    # Six people whom the council counted on the area: shown under the default, hidden under the pack's 7.
    rows = area_figures(strict, area)
    six = rows.head(1).assign(
        indicator="event_people", group="", value=6.0, unit="people", basis="counted", source="local_events",
        count=np.nan, base=np.nan, low=np.nan, high=np.nan, floor="area", status="ok",
    )  # fmt: skip
    monkeypatch.setattr("fairplace.drawn.area_figures", lambda *_: pd.concat([rows, six]))
    for pack, status in ((strict, "suppressed"), (sample_pack, "ok")):
        figures = release_area(pack, area, "officer").figures
        found = figures[(figures["geography"] == AREA) & (figures["indicator"] == "event_people")]
        assert found["status"].to_list() == [status]


def currency_text(released: Released) -> str:
    place = Place("lad25", released.authority, released.name)
    blocks = currency(load_words(), released, place, []).blocks
    return " ".join(one.text for one in blocks if isinstance(one, Paragraph))


def test_one_hidden_figure_is_one(sample_pack: Pack) -> None:
    one = dataclasses.replace(release(sample_pack), hidden={"small numbers": 1})
    assert "1 figure of this pack is hidden" in currency_text(one)
