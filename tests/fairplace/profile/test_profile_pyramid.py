"""Ages by sex: every person of the estimates is in one bar, whatever area the bar is of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from fairplace.disclosure import release
from fairplace.drawn import release_place
from fairplace.pack import Pack
from fairplace.profile.content import Place, compose, find_place
from fairplace.profile.model import Drawing, Number, Paragraph, Profile, Section, Table
from fairplace.profile.pyramid import pyramid
from fairplace.profile.words import load_words
from layers.holdings import scan
from layers.population import AGE_BANDS, read_population

SHARES = ["females_share", "males_share"]


def section(profile: Profile) -> Section:
    return next(one for one in profile.sections if one.id == "pyramid")


def test_no_person_is_lost_or_counted_twice_on_any_geography(sample_pack: Pack, sample_data: Path) -> None:
    people = read_population(scan(sample_data).look("population_mid2022", sample_pack.authority).path)  # type: ignore[arg-type]
    everyone = people.values["mid22_residents"].sum()
    figures = sample_pack.figures
    bars = figures[figures["indicator"].isin(SHARES)]
    for key, rows in bars.groupby("geography"):
        assert rows["count"].sum() == everyone, key
        assert rows.groupby("code")["value"].sum().to_numpy() == pytest.approx(1.0), key
    band = bars[(bars["geography"] == "wd25") & (bars["group"] == "0 to 4")]["count"].sum()
    assert band == people.values[[f"mid22_age_{age}" for age in range(5)]].sum(axis=1).sum()


def test_the_table_holds_the_same_figures_as_the_pyramid(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    place = find_place(released, str(sample_pack.areas("wd25").index[1]))
    held = section(compose(released, place))
    drawing = next(one for one in held.blocks if isinstance(one, Drawing))
    table = next(one for one in held.blocks if isinstance(one, Table))
    assert table.id == drawing.twin
    assert len(table.rows) == len(AGE_BANDS) == 19
    for row, (_, drawn), (_, beside) in zip(
        table.rows, drawing.data["people"].iterrows(), drawing.data["compare"].iterrows(), strict=True
    ):
        numbers = [cell for cell in row if isinstance(cell, Number)]
        assert [numbers[at].row["value"] for at in (1, 3, 4, 5)] == [*drawn, *beside]
        assert numbers[0].text == f"{numbers[1].row['count']:,.0f}"


def test_a_drawn_area_has_the_people_of_its_small_areas(sample_pack: Pack) -> None:
    codes = [str(code) for code in sample_pack.areas("lsoa21").index[:3]]
    outline = sample_pack.areas("lsoa21").loc[codes].geometry.union_all()
    released, *found = release_place(sample_pack, f"SRID=27700;{outline.wkt}", "public")
    figures = released.figures
    own = figures[(figures["geography"] == found[0]) & (figures["code"] == found[1])]
    small = figures[(figures["geography"] == "lsoa21") & figures["code"].isin(codes)]
    for name in SHARES:
        here = own[own["indicator"] == name].set_index("group")["count"]
        there = small[small["indicator"] == name].groupby("group")["count"].sum()
        assert here.to_dict() == there.to_dict()
    profile = compose(released, Place(*found))
    assert any(isinstance(one, Table) for one in section(profile).blocks)


def test_where_the_estimates_are_not_held_it_is_said(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = sample_pack.figures
    without = figures[~figures["indicator"].isin(SHARES)]
    monkeypatch.setattr(Pack, "figures", property(lambda _: without))
    released = release(sample_pack, "public")
    held = section(compose(released, find_place(released, sample_pack.authority)))
    (only,) = held.blocks
    assert isinstance(only, Paragraph)
    assert "not shown" in only.text


def test_not_held_hidden_and_not_known_here_are_three_reasons(sample_pack: Pack) -> None:
    released = release(sample_pack)
    place = find_place(released, str(sample_pack.areas("wd25").index[1]))
    figures = released.figures
    bars = figures["indicator"].isin(SHARES) & figures["group"].isin(list(AGE_BANDS))
    mine = bars & (figures["code"] == place.code)

    def said(held: pd.DataFrame) -> str:
        return pyramid(load_words(), replace(released, figures=held), place).blocks[0].text  # type: ignore[union-attr]

    assert "were not part of this build" in said(figures[~bars])
    assert said(figures[~mine]).endswith(f"but not for {place.name}.")
    hidden = figures.assign(status=figures["status"].mask(mine, "suppressed"))
    assert "they are hidden" in said(hidden)
