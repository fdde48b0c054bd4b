"""Places as people name them, and hubs tried from the command line, on the sample authority."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairplace.cli import main
from fairplace.pack import Pack
from fairplace.starts import find_starts
from geo.place_files import PlaceError


def test_a_postcode_a_name_a_code_and_coordinates_are_places(sample_pack: Pack) -> None:
    hubs = sample_pack.places("points", "hub_candidates").set_index("id")
    hub = hubs.geometry["H02"]
    name = hubs["name"]["H02"].removesuffix(" (fictional)")
    postcode = sample_pack.places("points", "postcodes").iloc[0]
    found = find_starts(
        [f"{postcode['id'].replace(' ', '').lower()}; H02", name.upper(), "540000, 260000"], sample_pack
    )
    x, y = (found[axis].tolist() for axis in ("x", "y"))
    assert x == pytest.approx([postcode.geometry.x, hub.x, hub.x, 540_000])
    assert y == pytest.approx([postcode.geometry.y, hub.y, hub.y, 260_000])
    assert found["means"].tolist()[1] == f"H02 {name} (fictional)"
    assert found["means"].tolist()[3] == ""


def test_degrees_and_the_grid_are_the_same_place(sample_pack: Pack) -> None:
    found = find_starts(["52.2198,0.0487", "540000,260000"], sample_pack)
    assert np.hypot(*(found.iloc[0][["x", "y"]] - found.iloc[1][["x", "y"]]).astype(float)) < 200


def test_an_area_stands_for_the_middle_of_its_residents(sample_pack: Pack) -> None:
    ward = sample_pack.areas("wd25").iloc[0]
    people = sample_pack.places("points", "people")
    inside = people[people.intersects(ward.geometry)]
    want = np.average(inside.geometry.x, weights=inside["residents"])
    assert find_starts([ward["name"]], sample_pack)["x"].iloc[0] == pytest.approx(want)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HV1 1ZZ", "is no postcode, place or area of Halverton.*did you mean HV"),
        ("Nowhere Lane Hall", "'Nowhere Lane Hall' is no postcode"),
        (" ; ", "no place was given"),
        ("0.04,52.2", "longitude first"),
        ("1,2,3", "is no place"),
    ],
)
def test_what_is_no_place_is_refused_in_one_line(sample_pack: Pack, text: str, message: str) -> None:
    with pytest.raises(PlaceError, match=message) as caught:
        find_starts([text], sample_pack)
    assert "\n" not in str(caught.value)


def test_a_name_of_several_places_is_refused_with_their_codes(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(_: Pack, kind: str, name: str) -> object:
        points = held(sample_pack, kind, name)
        return points.assign(name="The Hall") if name == "hub_candidates" else points

    held = Pack.places
    monkeypatch.setattr(Pack, "places", twice)
    with pytest.raises(
        PlaceError, match=r"'the hall' is 18 places: H01 The Hall \(hub candidates\), H02.*and 14 more"
    ):
        find_starts(["the hall"], sample_pack)
    assert len(find_starts(["H01"], sample_pack)) == 1


def test_reach_counts_the_people_of_the_pack(sample_pack: Pack, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reach", str(sample_pack.path), "--from", "H01;H03", "--minutes", "15", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    below = [row for row in answer["people"] if row["measure"] == "children_below_mis"]
    assert [row["origin"] for row in below] == ["H01", "H03"]
    assert all(row["modelled"] and row["low"] <= row["within"] <= row["high"] for row in below)
    assert any("fictional" in note for note in answer["notes"])
    assert any("model" in note for note in answer["notes"])


def test_hubs_are_tried_where_the_call_says(
    sample_pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = [
        "hubs",
        str(sample_pack.path),
        "--sites",
        "H12; 540000,260000",
        "--shut",
        "H02",
        "--skip-islands",
        "500",
    ]
    assert main([*call, "--out", str(tmp_path / "trial"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    changes = {(row["option"], row["id"]): row["change"] for row in answer["hubs"]}
    assert changes["tried", "H12"] == changes["tried", "540000,260000"] == "opens"
    assert changes["no_change", "H02"] == "closes"
    assert {row["limit"] for row in answer["people"]} == {5, 10, 15, 20, 30}
    with (tmp_path / "trial" / "trial_people.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == len(answer["people"])
    assert "buses not included" in (tmp_path / "trial" / "trial.txt").read_text("utf-8")
    # The network by its name in the pack, and by its folder.
    for network in ("streets", str(sample_pack.path / "networks" / "streets")):
        assert main([*call, "--network", network, "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == answer
    # The same, for a reader.
    assert main(call) == 0
    said = capsys.readouterr().out
    assert "children below the Minimum Income Standard (modelled)" in said
    assert "nothing is recommended" in said


def test_a_trial_on_the_command_line_shows_the_public_no_more_than_the_service(
    sample_pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shut = [part for hub in ("H01", "H02", "H03") for part in ("--shut", hub)]
    call = ["hubs", str(sample_pack.path), "--sites", "H12", *shut, "--limit", "2"]
    assert main([*call, "--out", str(tmp_path), "--json"]) == 0
    rows = {
        (row["option"], row["limit"], row["measure"]): row
        for row in json.loads(capsys.readouterr().out)["people"]
    }
    # Some hundreds of people live within five minutes of H12: too few for a model's estimate of them.
    few = rows["tried", 5, "residents"]["within"]
    assert 100 < few < 1_000
    below = rows["tried", 5, "children_below_mis"]
    assert (below["within"], below["low"], below["share"], below["status"]) == (
        None,
        None,
        None,
        "suppressed",
    )
    assert rows["tried", 30, "children_below_mis"]["within"] > 0
    assert "what is modelled of fewer than 1,000 residents" in (tmp_path / "trial.txt").read_text("utf-8")
    assert main(call) == 0
    assert "[c]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--sites", "H99"], "'H99' is no postcode, place or area"),
        (["--sites", "H01"], "'H01' is a hub already"),
        (["--sites", "H12", "--shut", "H13"], "'H13' is no existing hub"),
        (["--add", "1", "--weight", "children_0_4", "--out", "x"], "a hub plan needs --candidates"),
        ([], "a hub plan needs --candidates"),
        (["--sites", "H12", "--times", "t.csv"], "--times is of a plan, and --sites only tries hubs"),
        (["--sites", "H12", "--demand", "d.csv"], "--demand is of a plan"),
        (["--sites", "H12", "--add", "0"], "--add is of a plan"),
        (["--sites", "H12", "--close", "1"], "--close is of a plan"),
        (["--sites", "H12", "--budget", "9"], "--budget is of a plan"),
        (["--sites", "H12", "--keep", "H01"], "--keep is of a plan"),
        (["--sites", "H12", "--weight", "children_0_4"], "--weight is of a plan"),
        (["--sites", "H12", "--capacity"], "--capacity is of a plan"),
        (["--sites", "H12", "--extent", "x.gpkg"], "--extent is for a file of streets"),
        (["--sites", "H12", "--network", "rails"], "holds no network named rails"),
    ],
)
def test_a_trial_that_cannot_be_called_so_says_why(
    sample_pack: Pack, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert main(["hubs", str(sample_pack.path), *more]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_hubs_of_a_council_file_can_be_tried_too(
    sample_pack: Pack, sample_data: Path, tmp_path: Path, capsys
) -> None:
    listed = pd.read_csv(sample_data / "local" / "hub_candidates.csv")
    call = ["hubs", str(sample_pack.path), "--candidates", str(sample_data / "local" / "hub_candidates.csv")]
    assert main([*call, "--sites", str(listed["id"].iloc[-1]), "--json"]) == 0
    names = {row["name"] for row in json.loads(capsys.readouterr().out)["hubs"]}
    assert listed["name"].iloc[-1] in names
