"""`fairplace whatif`: asked of a pack, answered for its wards and district."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.pack import Pack, PackError
from fairplace.whatif import WhatIf, describe, what_if
from mis.changes import Change, WhatIfError

WORDS = "20 per child to private renters with children, uptake 0.7"


@pytest.fixture(scope="module")
def officer(sample_pack: Pack) -> Released:
    return release(sample_pack, "officer")


@pytest.fixture(scope="module")
def result(officer: Released) -> WhatIf:
    return what_if(officer, WORDS)


def test_before_is_what_the_pack_says(officer: Released, result: WhatIf) -> None:
    shown = officer.figures.query("indicator == 'mis_people_below_share' and group == ''")
    for key in ("wd25", "lad25"):
        want = shown[shown["geography"] == key].set_index("code")["value"]
        got = result.figures.query("geography == @key and measure == 'people_below_share'").set_index("code")
        assert list(got.index) == sorted(want.index)
        assert got["before"].to_numpy() == pytest.approx(want.loc[got.index].to_numpy(), abs=1e-4)


def test_each_figure_has_its_own_range(result: WhatIf) -> None:
    for part in ("before", "after", "difference"):
        rows = result.figures.dropna(subset=[part])
        assert (rows[f"{part}_low"] <= rows[part]).all()
        assert (rows[part] <= rows[f"{part}_high"]).all()
    people = result.figures.query("measure == 'people_below'")
    # The same draws before and after: the difference is known far better than either.
    wide = people["before_high"] - people["before_low"]
    assert (people["difference_high"] - people["difference_low"] < 0.2 * wide).all()
    assert (people["difference_high"] < 0).all()


def test_wards_add_up_to_the_district_in_every_draw_so_their_costs_do_nearly(result: WhatIf) -> None:
    cost = result.figures.query("measure == 'cost_yearly'").groupby("geography")["difference"].sum()
    assert cost["wd25"] == pytest.approx(cost["lad25"], rel=0.01)
    # 0.7 of £20 a week for each child of a private renter: what the cells reached come to.
    children = result.cells["weekly"] / 20
    about = 0.7 * 20 * (result.cells["households"] * children).sum() * 365.25 / 7
    assert cost["lad25"] == pytest.approx(about, rel=0.1)


def test_nothing_is_given_below_wards_or_in_a_public_edition(sample_pack: Pack, result: WhatIf) -> None:
    assert set(result.figures["geography"]) == {"wd25", "lad25"}
    with pytest.raises(WhatIfError, match="officer edition"):
        what_if(release(sample_pack, "public"), WORDS)


def test_several_changes_at_once_and_the_change_of_rent_that_costs_nobody(officer: Released) -> None:
    rent = Change("rent", -15.0, tenures=("private_rented",), paid=False)
    both = what_if(officer, [WORDS, rent])
    district = both.figures.query("geography == 'lad25'").set_index("measure")
    alone = what_if(officer, rent).figures.query("geography == 'lad25'").set_index("measure")
    assert alone.loc["people_below", "difference"] > 0
    assert alone.loc["cost_yearly", "difference"] == 0
    assert np.isnan(alone.loc["cost_below_share", "difference"])
    assert district.loc["people_below", "difference"] < alone.loc["people_below", "difference"]
    assert len(both.changes) == 2
    assert any("rent enters as income only" in note for note in both.notes)


def test_words_say_what_is_not_modelled(result: WhatIf) -> None:
    said = describe(result)
    assert "modelled for FYE 2025" in said
    assert "no behaviour or tapers modelled" in said
    assert "Gross cost a year: £" in said
    assert "points" in said
    assert "a made-up place" in said


def test_the_record_is_plain_json(result: WhatIf) -> None:
    again = json.loads(json.dumps(result.record(), allow_nan=False))
    assert again["basis"] == "modelled"
    assert again["figures"][0]["before_low"] <= again["figures"][0]["before_high"]


def test_the_command_writes_a_table_and_refuses_in_one_line(
    sample_pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "asked.toml"
    asked.write_text(f'[[change]]\nadd = "{WORDS}"\nlabel = "=1+1"\n')
    out = tmp_path / "whatif.csv"
    pack = str(sample_pack.path)
    assert main(["whatif", pack, "--edition", "officer", "--changes", str(asked), "--out", str(out)]) == 0
    table = pd.read_csv(out)
    assert (table["basis"] == "modelled").all()
    assert (table["change"] == "'=1+1").all()
    assert (table["period"] == "FYE 2025").all()
    assert (table["interval"] == "90 % model").all()
    assert table["note"].str.contains("no behaviour or tapers modelled").all()
    assert main(["whatif", pack, "--edition", "officer", "--add", WORDS, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.split("\n", 1)[1])["changes"]
    for wrong in (
        ["--add", WORDS],
        ["--edition", "officer"],
        ["--edition", "officer", "--add", "20 to council homes"],
        ["--edition", "officer", "--add", WORDS, "--out", str(tmp_path / "x.pdf")],
    ):
        assert main(["whatif", pack, *wrong]) == 2
        said = capsys.readouterr().err.strip()
        assert said
        assert "\n" not in said


def test_a_pack_whose_residents_still_move_with_the_draws_is_to_be_built_again(
    officer: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As packs were before residents were held to the census in every draw: one in a hundred more or fewer.
    codes, draws = officer.draws("lsoa21")
    people = draws["people"] * np.linspace(0.99, 1.01, draws["people"].shape[1], dtype=np.float32)
    monkeypatch.setattr("fairplace.whatif._HELD", {})
    monkeypatch.setattr(Released, "draws", lambda *_: (codes, {**draws, "people": people}))
    with pytest.raises(PackError, match=r"another version of the method.*`fairplace build`") as caught:
        what_if(officer, WORDS)
    assert "\n" not in str(caught.value)


def test_a_pack_that_cannot_answer_says_so(officer: Released) -> None:
    without = Pack(officer._pack.path, {**officer._pack.manifest, "id": "x", "settings": {"draws": 200}})
    with pytest.raises(PackError, match="holds no estimate"):
        what_if(replace(officer, _pack=without), WORDS)


@pytest.mark.slow
def test_real_luton_answers(luton_pack: Pack) -> None:
    found = what_if(release(luton_pack, "officer"), "20 per child to everyone")
    district = found.figures.query("geography == 'lad25'").set_index("measure")
    assert -6000 < district.loc["people_below", "difference"] < -2500
    assert (found.figures["geography"] == "wd25").sum() == 20 * 11
    assert district.loc["cost_yearly", "difference"] == pytest.approx(57e6, rel=0.1)
