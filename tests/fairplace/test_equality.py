"""Who is inside and who is not, by protected characteristic; and what cannot be said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairplace.cli import main
from fairplace.disclosure import DisclosureError, Released, release
from fairplace.equality import (
    CHARACTERISTICS,
    EqualityError,
    assess_equality,
    join_shares,
    read_option,
    refuse_mis_by_group,
)
from fairplace.equality_areas import find_shares
from fairplace.equality_note import equality_page
from fairplace.pack import Pack
from geo.place import TooSmallError


@pytest.fixture(scope="module")
def released(sample_pack: Pack) -> Released:
    return release(sample_pack)


def lsoas(released: Released) -> list[str]:
    return sorted(released.areas("lsoa21").index)


def test_inside_and_outside_are_all_and_groups_come_from_the_published_counts(released: Released) -> None:
    half = lsoas(released)[:29]
    got = assess_equality(released, pd.Series(1.0, index=half), name="Half").table
    assert (got["inside"] + got["outside"]).to_numpy() == pytest.approx(got["all"].to_numpy())
    figures = released.figures
    white = figures[(figures["indicator"] == "ethnic_white_share") & (figures["geography"] == "lsoa21")]
    row = got[got["group"] == released.dictionary["label"]["ethnic_white_share"]].iloc[0]
    assert row["inside"] == white.set_index("code")["count"][half].sum()
    assert got["inside_ratio"].iloc[0] == 1
    assert got["gaining"].isna().all()


def test_the_whole_authority_is_an_even_share_of_everybody(released: Released) -> None:
    got = assess_equality(released, pd.Series(1.0, index=lsoas(released)), name="All").table
    assert got["inside_ratio"].to_numpy() == pytest.approx(1)
    assert got["outside"].to_numpy() == pytest.approx(0, abs=1e-6)


def test_who_gains_and_who_loses_are_the_difference(released: Released) -> None:
    codes = lsoas(released)
    now, then = pd.Series(1.0, index=codes[:10]), pd.Series(1.0, index=codes[5:12])
    got = assess_equality(released, now, name="New", before=then).table
    back = assess_equality(released, then, name="Old", before=now).table
    assert got["gaining"].tolist() == back["losing"].tolist()
    assert (got["gaining"] - got["losing"]).to_numpy() == pytest.approx(
        (got["inside"] - back["inside"]).to_numpy()
    )


def test_the_rest_of_a_group_is_named(released: Released) -> None:
    got = assess_equality(released, pd.Series(1.0, index=lsoas(released)), name="All").table
    disability = got[got["characteristic"] == "Disability"]
    assert disability["group"].tolist()[-1] == "Not disabled under the Act"
    assert len(disability) == 2


def test_what_has_no_small_area_data_is_named_and_not_left_out(released: Released) -> None:
    got = assess_equality(released, pd.Series(1.0, index=lsoas(released)), name="All")
    held = set(got.table["characteristic"])
    assert {"Age", "Sex", "Disability", "Race (ethnic group)", "Religion or belief"} <= held
    sexes = got.table[got.table["characteristic"] == "Sex"].set_index("group")
    assert list(sexes.index) == ["Women and girls", "Male"]
    assert sexes["all"].sum() == pytest.approx(got.table["all"].iloc[0], rel=0.01)
    assert "Sexual orientation" in set(got.absent["characteristic"])
    assert held | set(got.absent["characteristic"]) == {one.label for one in CHARACTERISTICS} | {
        "All residents"
    }
    assert not held & set(got.absent["characteristic"])


def test_without_a_census_table_of_sex_the_mid_year_estimates_are_taken(released: Released) -> None:
    figures = released.figures
    without = replace(released, figures=figures[figures["indicator"] != "female_share"])
    everywhere = pd.Series(1.0, index=lsoas(released))
    got = assess_equality(without, everywhere, name="All")
    sexes = got.table[got.table["characteristic"] == "Sex"].set_index("group")["all"]
    assert list(sexes.index) == ["Women and girls", "Male"]
    women = figures.query("geography == 'lad25' and indicator == 'females_share'")
    assert sexes.iloc[0] == women["count"].sum()
    assert sexes.sum() == women["base"].iloc[0]
    neither = replace(without, figures=without.figures[without.figures["indicator"] != "females_share"])
    assert "Sex" in set(assess_equality(neither, everywhere, name="All").absent["characteristic"])


def test_parts_of_lsoas_are_rounded_and_said_to_be_approximate(released: Released) -> None:
    got = assess_equality(released, pd.Series(0.5, index=lsoas(released)[:3]), name="Part")
    assert (got.table["inside"] % 10 == 0).all()
    assert any(note.startswith("Approximate") for note in got.notes)


@pytest.mark.parametrize("characteristic", ["ethnicity", "religion", "sex", "disability"])
def test_a_table_of_the_standard_by_group_is_refused_with_a_reason(characteristic: str) -> None:
    with pytest.raises(EqualityError, match="would give every group in an LSOA that LSOA's share"):
        refuse_mis_by_group("mis_people_below_share", characteristic)
    with pytest.raises(EqualityError, match="mis_children_below_share"):
        refuse_mis_by_group("mis_people_below_share", "age")
    refuse_mis_by_group("residents", characteristic)


def test_codes_and_shares_that_cannot_be_are_named(released: Released) -> None:
    with pytest.raises(EqualityError, match="E01000001 is not an LSOA"):
        assess_equality(released, pd.Series({"E01000001": 1.0}), name="x")
    code = lsoas(released)[0]
    with pytest.raises(EqualityError, match=f"the share of {code} inside is 31"):
        assess_equality(released, pd.Series({code: 31.0}), name="x")


# --- areas and options -----------------------------------------------------------------------------


def test_a_ward_is_its_shares_of_lsoas_and_several_areas_are_joined(
    sample_pack: Pack, released: Released
) -> None:
    wards = released.areas("wd25")
    shares, name, approximate = find_shares(sample_pack, [wards["name"].iloc[0]])
    weights = released.crosswalk("lsoa21", "wd25").weights
    ward = weights[weights["target"] == wards.index[0]].set_index("origin")["weight"]
    assert shares[ward.index].to_numpy() == pytest.approx(ward.to_numpy())
    assert name == wards["name"].iloc[0]
    assert approximate == (not released.crosswalk("lsoa21", "wd25").exact)
    both, _, _ = find_shares(sample_pack, [str(wards.index[0]), lsoas(released)[0]])
    assert both[lsoas(released)[0]] == 1


def test_a_walk_is_an_area_too(sample_pack: Pack, released: Released) -> None:
    postcode = str(sample_pack.places("points", "postcodes")["id"].iloc[40])
    near, name, _ = find_shares(sample_pack, [f"walk:8min:{postcode}"])
    far, _, _ = find_shares(sample_pack, [f"walk:15min:{postcode}"])
    assert "8" in name
    assert 0 < near.sum() < far.sum() < len(lsoas(released))
    assert (far.reindex(near.index).fillna(0) >= near - 1e-9).all()


def test_a_drawn_area_that_is_too_small_is_not_public(sample_pack: Pack, released: Released) -> None:
    shape = released.areas("lsoa21").geometry.iloc[0]
    for metres in (15, 40, 80):
        tiny = f"SRID=27700;{shape.representative_point().buffer(metres).wkt}"
        with pytest.raises((DisclosureError, TooSmallError), match=r"100|output area"):
            find_shares(sample_pack, [tiny])


def test_joining_takes_the_larger_share() -> None:
    got = join_shares({"a": pd.Series({"x": 0.2, "y": 1.0}), "b": pd.Series({"x": 0.5})})
    assert got.to_dict() == {"x": 0.5, "y": 1.0}


def test_an_option_of_a_hub_plan_is_read_by_lsoa(tmp_path: Path) -> None:
    path = tmp_path / "allocation.csv"
    path.write_text(
        "option,id,lsoa,residents,within\n"
        "none,a,E01999001,60,True\nnone,b,E01999001,40,False\nbest,a,E01999001,60,True\nbest,b,E01999001,40,True\n",
        encoding="utf-8",
    )
    assert read_option(path, "none").to_dict() == {"E01999001": 0.6}
    assert read_option(path, "best").to_dict() == {"E01999001": 1.0}
    with pytest.raises(EqualityError, match='no option "third"; it has best, none'):
        read_option(path, "third")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("option,id,within\nbest,LU1 1AA,true\n", 'row 2: "LU1 1AA" is not an LSOA'),
        ("option,id,within\nbest,E01999001,perhaps\n", 'row 2: within is "perhaps"'),
        ("option,id\nbest,E01999001\n", 'no column "within"'),
    ],
)
def test_an_option_that_cannot_be_read_names_its_row(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "allocation.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EqualityError, match=said):
        read_option(path, "best")


# --- the command -----------------------------------------------------------------------------------


def test_the_command_writes_a_page_with_what_is_absent(
    sample_pack: Pack, released: Released, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wards = [str(code) for code in released.areas("wd25").index[:2]]
    call = ["equality", str(sample_pack.path), "--area", wards[0], "--before", wards[1], "--json"]
    assert main([*call, "--out", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    content = json.loads(told[told.index("{") :])
    assert content["table"][0]["group"] == "all"
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Sexual orientation" in page
    assert "fictional" in page
    assert len(pd.read_csv(tmp_path / "equality.csv")) == len(content["table"])


def test_the_page_of_an_area_alone_has_no_empty_columns(released: Released) -> None:
    found = assess_equality(released, pd.Series(1.0, index=lsoas(released)[:4]), name="<b>Four</b>")
    page = equality_page(released, found)
    assert "Gaining" not in page
    assert "<b>Four" not in page
    assert np.isfinite(found.table["inside_ratio"]).all()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "give either --area, or --allocation"),
        (["--area", "x", "--figure", "mis_people_below_share"], "cannot be given"),
        (["--area", "x", "--figure", "homes"], "homes is not held by group"),
        (["--allocation", "a.csv"], "say which with --option"),
    ],
)
def test_the_command_refuses_what_it_cannot_say(
    sample_pack: Pack, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(["equality", str(sample_pack.path), *more]) == 2
    assert said in capsys.readouterr().err
