"""A build: everybody counted once on every geography, the same bytes twice, and clear refusals."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.pipeline import BuildError, BuildSettings, build
from fairplace.whatif import what_if
from geo.errors import UserError
from geo.source import hash_file
from mis.parameters import read_parameters

SAMPLE, LUTON = "E06999001", "E06000032"
SETTINGS = BuildSettings(draws=200)


def total(pack: Pack, indicator: str, geography: str) -> float:
    rows = pack.figures[
        (pack.figures["indicator"] == indicator)
        & (pack.figures["geography"] == geography)
        & (pack.figures["group"] == "")
    ]
    assert len(rows)
    return float(rows["value"].sum())


@pytest.mark.parametrize("indicator", ["residents", "children_0_15", "households"])
def test_a_count_has_one_total_on_every_geography(sample_pack: Pack, indicator: str) -> None:
    totals = {key: total(sample_pack, indicator, key) for key in ("lsoa21", "msoa21", "wd25", "lad25")}
    assert len(set(totals.values())) == 1, totals


def test_wards_cut_lsoas_and_the_pack_says_how_much(sample_pack: Pack) -> None:
    crosswalk = sample_pack.crosswalk("lsoa21", "wd25")
    assert not crosswalk.exact
    assert "output areas" in crosswalk.weight_source
    assert max(crosswalk.misfit.values()) > 0.1
    wards = sample_pack.figures[
        (sample_pack.figures["geography"] == "wd25") & (sample_pack.figures["indicator"] == "residents")
    ]
    assert set(wards["basis"]) == {"apportioned"}


def test_household_types_are_given_for_the_district_and_its_wards_only(sample_pack: Pack) -> None:
    figures = sample_pack.figures
    rows = figures[(figures["indicator"] == "mis_people_below") & (figures["group"] != "")]
    assert set(rows["geography"]) == {"lad25", "wd25"}
    assert set(rows["code"]) == {sample_pack.authority, *sample_pack.areas("wd25").index}
    by_ward = rows[rows["geography"] == "wd25"].groupby("group")["value"].sum()
    whole = rows[rows["geography"] == "lad25"].set_index("group")["value"]
    # Medians do not add up, but nearly.
    assert by_ward["couple_2"] == pytest.approx(whole["couple_2"], rel=0.05)


def test_every_modelled_figure_is_explained_and_fgt2_says_what_it_leans_on(sample_pack: Pack) -> None:
    labels = sample_pack.dictionary["label"]
    ids = {one for one in sample_pack.figures["indicator"] if one.startswith("mis_")}
    unexplained = [one for one in ids if labels[one] == one.replace("_", " ")]
    assert not unexplained
    assert f"{read_parameters().shape.zero:.1%}" in labels["mis_fgt2"]


def test_a_pack_of_ones_own_budgets_says_so_and_asks_what_if_of_them(
    sample_data: Path, sample_pack: Pack, tmp_path: Path
) -> None:
    text = (files("mis") / "budgets" / "2025.toml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace("weekly = 260.00", "weekly = 300.00", 1), encoding="utf-8")
    settings = BuildSettings(draws=200, budgets=mine)
    own = build(SAMPLE, data=sample_data, out=tmp_path / "own", settings=settings)
    said = own.manifest["settings"]["mis"]["budgets"]
    assert (said["file"], said["sha256"]) == ("mine.toml", hash_file(mine))
    assert "budgets" not in sample_pack.manifest["settings"]["mis"]
    mine.unlink()
    assert total(own, "mis_pensioners_below", "lad25") > total(sample_pack, "mis_pensioners_below", "lad25")
    answer = what_if(release(own, "officer"), "20 a week to single pensioners")
    row = answer.figures.set_index(["geography", "measure"]).loc[("lad25", "pensioners_below")]
    assert row["before"] == pytest.approx(total(own, "mis_pensioners_below", "lad25"), rel=1e-3)


def test_people_below_add_up_draw_by_draw(sample_pack: Pack) -> None:
    _, draws = sample_pack.draws("lsoa21")
    below = np.asarray(draws["people_below"], dtype=float)
    district = sample_pack.figures[
        (sample_pack.figures["geography"] == "lad25")
        & (sample_pack.figures["indicator"] == "mis_people_below")
    ].iloc[0]
    assert district["value"] == pytest.approx(float(np.median(below.sum(axis=0))), rel=1e-5)


def test_every_lsoa_has_a_modelled_share_with_its_range(sample_pack: Pack) -> None:
    rows = sample_pack.figures[
        (sample_pack.figures["geography"] == "lsoa21")
        & (sample_pack.figures["indicator"] == "mis_people_below_share")
    ]
    assert len(rows) == len(sample_pack.areas("lsoa21"))
    assert set(rows["basis"]) == {"modelled"}
    assert set(rows["interval"]) == {"90 % model"}
    assert ((rows["low"] <= rows["value"]) & (rows["value"] <= rows["high"])).all()


def test_the_hidden_truth_lies_inside_most_ranges(sample_data: Path, sample_pack: Pack) -> None:
    from fairplace.sample import make_town

    truth = make_town().truth
    below = (truth["persons"] * truth["below"]).groupby(truth["LSOA21CD"]).sum()
    people = below / truth.groupby("LSOA21CD")["persons"].sum()
    rows = (
        sample_pack.figures[
            (sample_pack.figures["geography"] == "lsoa21")
            & (sample_pack.figures["indicator"] == "mis_people_below_share")
        ]
        .set_index("code")
        .reindex(people.index)
    )
    inside = ((rows["low"] <= people) & (people <= rows["high"])).mean()
    assert inside > 0.6
    assert rows["value"].corr(people) > 0.8


def test_two_builds_give_the_same_bytes(sample_data: Path, sample_pack: Pack, tmp_path: Path) -> None:
    again = build(
        SAMPLE,
        data=sample_data,
        out=tmp_path / "again",
        settings=SETTINGS,
        restricted=sample_data / "restricted",
    )
    assert again.manifest == sample_pack.manifest
    assert again.changed_files() == []


def test_nothing_restricted_is_in_a_pack_but_its_hash(sample_data: Path, sample_pack: Pack) -> None:
    assert len(sample_pack.manifest["restricted"]) >= 1
    held = b"".join(path.read_bytes() for path in sorted(sample_pack.path.rglob("*")) if path.is_file())
    homes = next((sample_data / "restricted").rglob("*.csv"))
    for name in pd.read_csv(homes, dtype=str).iloc[:, 0].dropna().unique()[:50]:
        assert len(str(name)) < 6 or str(name).encode() not in held


def test_an_unknown_authority_is_refused_with_what_is_near(sample_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="E06999009"):
        build("E06999009", data=sample_data, out=tmp_path / "p", settings=SETTINGS)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("limit", [0, 3, 8])
def test_hiding_fewer_counts_than_the_default_or_more_than_any_body_does_is_refused(limit: int) -> None:
    with pytest.raises(BuildError, match=f"counts of 1 to {limit} were to be hidden; hide up to 4"):
        BuildSettings(hide_up_to=limit)


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(BuildError, match="90 % range needs 200"):
        BuildSettings(draws=50)


def test_a_folder_that_is_not_there_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["build", SAMPLE, "--data", str(tmp_path / "no"), "--out", str(tmp_path / "p")])
    said = capsys.readouterr().err
    assert code == 2
    assert said.count("\n") == 1
    assert "is not a folder" in said


def test_a_folder_with_spaces_builds(sample_data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a folder with spaces" / "data of 2025"
    shutil.copytree(sample_data, copy)
    pack = build(SAMPLE, data=copy, out=tmp_path / "out put" / "pack", settings=SETTINGS)
    assert pack.name.startswith("Halverton")


def test_without_income_the_build_says_what_is_missing_and_does_the_rest(
    sample_data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "data"
    shutil.copytree(sample_data, copy)
    for path in (copy / "income").glob("*saie*"):
        path.unlink()
    pack = build(SAMPLE, data=copy, out=tmp_path / "pack", settings=SETTINGS)
    assert any("Minimum Income Standard" in text for text in pack.manifest["settings"]["missing"])
    assert not pack.figures["indicator"].str.startswith("mis_").any()
    assert total(pack, "residents", "wd25") > 0


def test_real_luton_has_its_areas_and_deciles(luton_pack: Pack) -> None:
    counts = {key: len(luton_pack.areas(key)) for key in luton_pack.geographies}
    assert counts == {"lsoa21": 125, "msoa21": 22, "wd25": 20, "lad25": 1}
    assert "Poets" in set(luton_pack.areas("wd25")["name"])
    lsoas = luton_pack.figures[luton_pack.figures["geography"] == "lsoa21"]
    deciles = lsoas.loc[lsoas["indicator"] == "imd25_decile", "value"].astype(int).value_counts()
    assert [int(deciles.get(one, 0)) for one in range(1, 11)] == [17, 27, 20, 18, 12, 7, 6, 14, 4, 0]
    for indicator in ("imd25_decile", "mis_people_below_share"):
        rows = lsoas[lsoas["indicator"] == indicator]
        assert len(rows) == 125
        assert (rows["status"] == "ok").all()


@pytest.mark.parametrize(
    ("authority", "lsoas"),
    [("E06000009", 94), ("E06000053", 1), ("E08000016", 148)],
    ids=["Blackpool", "Isles of Scilly", "Barnsley (wards and code changed)"],
)
def test_other_authorities_build_with_what_is_there(
    real_data: Path, tmp_path: Path, authority: str, lsoas: int
) -> None:
    pack = build(authority, data=real_data, out=tmp_path / "pack", settings=SETTINGS)
    assert len(pack.areas("lsoa21")) == lsoas
    assert pack.manifest["settings"]["missing"]
    everything = "".join(
        path.read_text(encoding="utf-8")
        for path in (pack.path / "manifest.json", pack.path / "dictionary.csv")
    )
    assert "Luton" not in everything.replace("luton_", "")
