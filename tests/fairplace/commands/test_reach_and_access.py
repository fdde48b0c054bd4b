"""`fairplace reach` and `fairplace access`, called as a person would, on a town of a hundred blocks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, box

from fairplace.cli import main

ACCESS = ["access", "--network", "streets.gpkg", "--people", "people.csv", "--weights", "people"]


@pytest.fixture
def town(tmp_path: Path) -> Path:
    lines = []
    for i in range(11):
        for j in range(11):
            x, y = 509_000 + 100 * i, 221_000 + 100 * j
            lines += [LineString([(x, y), (x + 100, y)])] if i < 10 else []
            lines += [LineString([(x, y), (x, y + 100)])] if j < 10 else []
    gpd.GeoDataFrame(geometry=lines, crs="EPSG:27700").to_file(tmp_path / "streets.gpkg")
    people = [
        (f"E{n:08d}", 509_050 + 100 * (n % 10), 221_000 + 100 * (n // 10), 10, n % 5 + 1) for n in range(100)
    ]
    frame = pd.DataFrame(people, columns=["OA21CD", "x", "y", "people", "imd_fifth"])
    frame.to_csv(tmp_path / "people.csv", index=False)
    (tmp_path / "hubs.csv").write_text(
        "id,easting,northing,places,kind\nH1,509000,221000,30,hub\nH2,510000,222000,50,library\n"
    )
    (tmp_path / "none.csv").write_text("id,easting,northing\n")
    parks = gpd.GeoDataFrame(geometry=[box(509_400, 221_410, 509_700, 221_690)], crs="EPSG:27700")
    parks.to_file(tmp_path / "parks.gpkg")
    return tmp_path


def test_reach_answers_in_words_and_files(town, capsys) -> None:
    out, lines, kept = town / "reach.geojson", town / "reach.gpkg", town / "kept"
    call = ["reach", "--network", str(town / "streets.gpkg"), "--from", "509500,221500", "--minutes", "2.5,5"]
    more = ["--people", str(town / "people.csv"), "--weights", "people"]
    assert main([*call, *more, "--out", str(out), "--lines", str(lines), "--save-network", str(kept)]) == 0
    said = capsys.readouterr().out
    assert "4.8 km/h" in said
    assert "Walking only, buses not included." in said
    assert "one way, from the place" in said
    # 5 minutes are 400 m: 4 k² blocks of 100 m.
    assert "6400" in said
    # Homes at 50 + 100 a + 100 b from the middle: 32 within 400 m, of ten people each.
    assert "320" in said
    drawn = gpd.read_file(out)
    assert drawn.crs == "EPSG:4326"
    assert drawn["metres"].tolist() == pytest.approx([1600, 6400])
    assert gpd.read_file(lines).groupby("limit")["metres"].sum().tolist() == pytest.approx([1600, 6400])
    # The saved folder gives the same answer.
    assert main(["reach", "--network", str(kept), *call[3:], "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [row["metres"] for row in answer["reach"]] == pytest.approx([1600, 6400])
    assert [place["snap_metres"] for place in answer["places"]] == [0]


def test_reach_of_a_place_in_a_lake_is_partial(town, capsys) -> None:
    call = ["reach", "--network", str(town / "streets.gpkg"), "--from", "505000,221500"]
    assert main(call) == 1
    assert "1 of 1 places are over 250 m" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["reach", "--from", "509500,221500"], "no streets were given"),
        (["reach", "--network", "streets.gpkg"], "no place was given"),
        (["reach", "--network", "nowhere.osm.pbf", "--from", "509500,221500"], "is not there"),
        (["reach", "--network", "streets.gpkg", "--from", "509500,221500", "--minutes", "ten"], "limits are 'ten'"),
        (["reach", "--network", "streets.gpkg", "--from", "509500,221500", "--out", "a.txt"], "cannot write .txt"),
        (["access", "--network", "streets.gpkg", "--people", "people.csv", "--weights", "people"], "nothing to get to"),
        (["reach", "--network", "streets.gpkg", "--from", "LU1 2LJ"], "names and postcodes are looked up in a pack"),
        (["reach", "--network", "streets.gpkg", "--from", " ; "], "no place was given"),
        (["access", "--network", "streets.gpkg", "--people", "people.csv", "--weights", "people", "--services",
          "hubs.csv", "--to", "509000,221000"], "--services and --to were both given"),
        (["access", "--network", "streets.gpkg", "--people", "people.csv", "--weights", "n", "--services", "hubs.csv"],
         "no column 'n'"),
        (["reach", "--network", "streets.gpkg", "--from", "509500,221500", "--minutes", ""], "limits are ''"),
        ([*ACCESS, "--services", "hubs.csv", "--minutes", ","], "limits are ','; give numbers above nought"),
        ([*ACCESS, "--services", "hubs.csv", "--minutes", "5,-1"], "limits are '5,-1'"),
        ([*ACCESS, "--services", "hubs.csv", "--capacity", "places", "--decay", "bands", "--metres", "1000"],
         "--decay bands weighs supply by minutes, but --metres was given"),
        ([*ACCESS, "--services", "hubs.csv", "--decay", "bands"], "but --capacity is not there"),
        ([*ACCESS, "--greenspace", "parks.gpkg", "--trip", "return"], "which --trip return would halve"),
        ([*ACCESS, "--greenspace", "parks.gpkg", "--nearest", "1"], "--nearest is about services"),
        ([*ACCESS, "--services", "none.csv"], "none.csv has no row under its header; give at least one point"),
        ([*ACCESS[:-1], "OA21CD", "--services", "hubs.csv"], "OA21CD holds no number in any of 100 rows"),
        ([*ACCESS, "--services", "hubs.csv", "--capacity", "kind"], "kind holds no number in any of 2 rows"),
        ([*ACCESS, "--services", "hubs.csv", "--group", "n"], "people have no column 'n'"),
        ([*ACCESS, "--services", "hubs.csv", "--place", "Town"], "--place and --network were both given"),
        (["reach", "--place", "Town", "--extent", "parks.gpkg", "--from", "509500,221500"], "2 km beyond its boundary"),
    ],
)  # fmt: skip
def test_a_call_that_lacks_something_says_what(town, monkeypatch, capsys, call, message) -> None:
    monkeypatch.chdir(town)
    assert main(call) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_access_counts_shares_and_compares(town, capsys) -> None:
    call = [
        "access", "--network", str(town / "streets.gpkg"), "--people", str(town / "people.csv"), "--weights",
        "people", "--services", str(town / "hubs.csv"), "--nearest", "1", "--capacity", "places", "--kind", "kind",
        "--group", "imd_fifth", "--greenspace", str(town / "parks.gpkg"), "--minutes", "5,30", "--out",
        str(town / "out"), "--json",
    ]  # fmt: skip
    assert main(call) == 0
    answer = json.loads(capsys.readouterr().out)
    within = {(row["place"], row["limit"]): row["count"] for row in answer["within"]["table"]}
    assert within[("", 30)] == 1000
    # 400 m from the south-west corner: middles of blocks at 50 + 100 a + 100 b: a + b <= 3, ten of them,
    # and from the north-east corner, whose northern row holds nobody: a + b <= 2, six.
    assert within[("H1", 5)] == 100
    assert within[("H2", 5)] == 60
    assert within[("", 5)] == 160
    shared = sum(row["weight"] * row["access"] for row in answer["supply"]["table"])
    assert shared == pytest.approx(80)
    assert {row["kinds"] for row in answer["kinds"]["table"]} == {2}
    assert [str(row["group"]) for row in answer["groups"]["table"]] == ["1", "2", "3", "4", "5", "gap"]
    assert {row["standard"] for row in answer["greenspace"]["table"]} >= {"doorstep", "local"}
    for name in ("within", "nearest", "supply", "kinds", "groups", "greenspace"):
        assert len(pd.read_csv(town / "out" / f"{name}.csv")) > 0
    assert "buses not included" in (town / "out" / "said.txt").read_text()


def answer_of(call: list[str], capsys) -> dict[str, dict[str, object]]:
    assert main([*call, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_bands_end_at_the_limit_and_leave_nobody_within_it_out(town, capsys, monkeypatch) -> None:
    monkeypatch.chdir(town)
    call = [*ACCESS, "--services", "hubs.csv", "--capacity", "places", "--decay", "bands"]
    for minutes in ("5", "15"):
        found = answer_of([*call, "--minutes", minutes], capsys)
        supply = pd.DataFrame(found["supply"]["table"])
        within = found["within"]["table"][0]["count"]
        assert (supply["weight"] * supply["access"]).sum() == pytest.approx(80)
        assert supply.loc[supply["access"] > 0, "weight"].sum() == within
        assert set(supply["limit"]) == {float(minutes)}
        assert f"Within {minutes} minutes: walk" in found["supply"]["said"]


def test_kinds_are_counted_twenty_minutes_there_and_back_unless_told(town, capsys, monkeypatch) -> None:
    monkeypatch.chdir(town)
    call = [*ACCESS, "--services", "hubs.csv", "--kind", "kind"]
    default = answer_of(call, capsys)["kinds"]
    told = answer_of([*call, "--minutes", "20", "--trip", "return"], capsys)["kinds"]
    ten = answer_of([*call, "--minutes", "10"], capsys)["kinds"]
    assert "Within 20 minutes" in default["said"]
    assert "there and back" in default["said"]
    assert default == told
    # No street is one-way here: ten minutes each way are twenty there and back.
    assert [row["kinds"] for row in default["table"]] == [row["kinds"] for row in ten["table"]]
    assert {row["limit"] for row in ten["table"]} == {10}


def test_the_name_of_a_kind_may_hold_a_comma(town, capsys, monkeypatch) -> None:
    monkeypatch.chdir(town)
    hubs = town / "hubs.csv"
    hubs.write_text(hubs.read_text().replace(",library", ',"park, play or sport"'))
    call = [*ACCESS, "--services", "hubs.csv", "--kind", "kind", "--minutes", "5"]
    rows = answer_of(call, capsys)["kinds"]["table"]
    assert {tuple(row["lacking"]) for row in rows} == {
        ("hub", "park, play or sport"), ("hub",), ("park, play or sport",)
    }  # fmt: skip
    assert main([*call, "--out", str(town / "out")]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line.startswith("lack ")] == [
        "lack hub 900 0.900", "lack park, play or sport 940 0.940"
    ]  # fmt: skip
    kept = set(pd.read_csv(town / "out" / "kinds.csv")["lacking"])
    assert kept == {"hub; park, play or sport", "hub", "park, play or sport"}


def test_the_nearest_of_each_kind_is_found_too(town, capsys, monkeypatch) -> None:
    monkeypatch.chdir(town)
    found = answer_of([*ACCESS, "--services", "hubs.csv", "--kind", "kind", "--nearest", "1"], capsys)
    assert len(found["nearest"]["table"]) == 100
    each = pd.DataFrame(found["nearest_kinds"]["table"])
    assert each.groupby("kind")["demand"].nunique().to_dict() == {"hub": 100, "library": 100}
    assert set(each.loc[each["kind"] == "hub", "place"]) == {"H1"}


def test_what_is_by_point_is_printed_summed_up(town, capsys, monkeypatch) -> None:
    monkeypatch.chdir(town)
    call = [*ACCESS, "--services", "hubs.csv", "--nearest", "1", "--kind", "kind", "--capacity", "places"]
    assert main([*call, "--minutes", "5"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["rank", "people", "mean", "median", "p95", "without"] in lines
    # Of a thousand people 840 have nothing within five minutes, and 160 one of two kinds: hub 100, library 60.
    assert ["1", "of", "2", "160", "0.160"] in lines
    assert ["lack", "library", "940", "0.940"] in lines
    # 80 places over 1,000 people.
    assert ["1000", "840", "80", "0", "0", "300"] in lines


def test_greenspace_heeds_islands_and_every_weight_its_group(town, capsys, monkeypatch) -> None:
    monkeypatch.chdir(town)
    island = [LineString([(511_000, 221_000), (511_050, 221_000)])]
    frame = gpd.read_file("streets.gpkg")
    pd.concat([frame, gpd.GeoDataFrame(geometry=island, crs="EPSG:27700")]).to_file("more.gpkg")
    people = pd.read_csv("people.csv")
    people.loc[len(people)] = ["E99999999", 511_025, 221_000, 7, 1]
    people.assign(children=2).to_csv("people.csv", index=False)
    park = gpd.GeoDataFrame(geometry=[box(511_040, 220_900, 511_140, 221_100)], crs="EPSG:27700")
    park.to_file("far.gpkg")
    call = ["access", "--network", "more.gpkg", "--people", "people.csv", "--weights", "people,children"]
    counts = []
    for more in ([], ["--skip-islands-below", "100"]):
        table = answer_of([*call, "--greenspace", "far.gpkg", *more], capsys)["greenspace"]["table"]
        counts.append(sum(row["count"] for row in table if row["weight"] == "people"))
    assert counts[0] > 0
    assert counts[1] == 0
    groups = answer_of([*call, "--services", "hubs.csv", "--group", "imd_fifth"], capsys)["groups"]["table"]
    assert [row["weight"] for row in groups] == ["people"] * 6 + ["children"] * 6


def test_what_only_reading_heeds_is_refused_with_streets_read_before(town, capsys, monkeypatch) -> None:
    monkeypatch.chdir(town)
    call = ["reach", "--from", "509500,221500", "--network"]
    assert main([*call, "streets.gpkg", "--save-network", "kept"]) == 0
    capsys.readouterr()
    for name, value in (("elevation", "h.tif"), ("extent", "parks.gpkg"), ("save-network", "again")):
        assert main([*call, "kept", f"--{name}", value]) == 2
        assert f"--{name} is for streets that are read from a file, but kept is" in capsys.readouterr().err
    assert not (town / "again").exists()


def test_a_place_is_fetched_by_name(town, capsys, monkeypatch) -> None:
    import geo.network_sources

    asked = []

    def fetch(place, *, elevation):
        asked.append((place, elevation))
        return geo.network_sources.read_streets(town / "streets.gpkg")

    monkeypatch.setattr(geo.network_sources, "fetch_streets", fetch)
    kept = town / "fetched"
    call = ["reach", "--place", "Town, England", "--from", "509500,221500", "--minutes", "5"]
    assert main([*call, "--save-network", str(kept)]) == 0
    assert "6400" in capsys.readouterr().out
    assert asked == [("Town, England", None)]
    assert (kept / "network.json").is_file()


def test_a_greenspace_is_entered_where_its_publisher_says(town, capsys) -> None:
    product = town / "opgrsp_gb.gpkg"
    park = gpd.read_file(town / "parks.gpkg").geometry.iloc[0]
    sites = {"id": ["P"], "function": ["Public Park Or Garden"], "distinctive_name_1": ["Castle Park"]}
    gpd.GeoDataFrame(sites, geometry=[park], crs="EPSG:27700").to_file(product, layer="greenspace_site")
    doors = {"id": ["D"], "access_type": ["Pedestrian"], "ref_to_greenspace_site": ["P"]}
    door = gpd.GeoDataFrame(doors, geometry=gpd.points_from_xy([509_400], [221_500]), crs="EPSG:27700")
    door.to_file(product, layer="access_point")
    call = ["access", "--network", str(town / "streets.gpkg"), "--people", str(town / "people.csv"), "--weights",
            "people", "--json"]  # fmt: skip
    counts = {}
    for name in ("parks.gpkg", product.name):
        assert main([*call, "--greenspace", str(town / name)]) == 0
        table = json.loads(capsys.readouterr().out)["greenspace"]["table"]
        counts[name] = next(row["count"] for row in table if row["standard"] == "doorstep")
    assert main([*call, "--to", "509400,221500", "--metres", "200"]) == 0
    at_the_door = json.loads(capsys.readouterr().out)["within"]["table"][0]["count"]
    assert 0 < counts[product.name] == at_the_door < counts["parks.gpkg"]


def test_a_pack_has_greenspaces_of_its_own(sample_pack, capsys) -> None:
    call = ["access", str(sample_pack.path), "--weights", "residents", "--greenspace"]
    assert main([*call, "--json"]) == 0
    table = json.loads(capsys.readouterr().out)["greenspace"]["table"]
    assert {row["standard"] for row in table} >= {"doorstep"}
    assert all(0 < row["share"] <= 1 for row in table if row["standard"] == "doorstep")
    assert main([*call, "lakes"]) == 2
    said = capsys.readouterr().err
    assert "'lakes' is neither a file nor a layer of the pack, which has" in said
    assert "green" in said


def test_access_to_places_named_in_the_call_is_that_to_a_file_of_them(town, capsys) -> None:
    call = ["access", "--network", str(town / "streets.gpkg"), "--people", str(town / "people.csv"), "--weights",
            "people", "--minutes", "5", "--json"]  # fmt: skip
    assert main([*call, "--services", str(town / "hubs.csv")]) == 0
    listed = json.loads(capsys.readouterr().out)["within"]["table"]
    assert main([*call, "--to", "509000,221000;510000,222000"]) == 0
    named = json.loads(capsys.readouterr().out)["within"]["table"]
    assert [row["count"] for row in named] == [row["count"] for row in listed]
    assert [row["place"] for row in named] == ["", "509000,221000", "510000,222000"]


def test_a_name_that_begins_like_a_formula_is_only_shown(town, capsys) -> None:
    hubs = town / "hubs.csv"
    hubs.write_text(hubs.read_text().replace("H1,", "=H1,"))
    call = ["access", "--network", str(town / "streets.gpkg"), "--people", str(town / "people.csv"), "--weights",
            "people", "--services", str(hubs), "--nearest", "1", "--out", str(town / "out")]  # fmt: skip
    assert main(call) == 0
    for name in ("within", "nearest"):
        places = set(pd.read_csv(town / "out" / f"{name}.csv")["place"].dropna())
        assert places == {"'=H1", "H2"}


def test_a_pack_gives_its_network_and_points_by_name(town, capsys, monkeypatch) -> None:
    import fairplace.pack
    from geo.network_sources import read_streets

    read_streets(town / "streets.gpkg").save(town / "pack" / "networks" / "walk")

    class Held:
        path = town / "pack"
        manifest: ClassVar = {"settings": {}}

        def held(self, kind: str) -> list[str]:
            return {"networks": ["walk"], "points": ["homes", "hubs"]}[kind]

        def places(self, _: str, name: str) -> gpd.GeoDataFrame:
            table = pd.read_csv(town / {"homes": "people.csv", "hubs": "hubs.csv"}[name])
            xy = table[["x", "y"]] if "x" in table else table[["easting", "northing"]]
            return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*xy.to_numpy().T), crs="EPSG:27700")

    monkeypatch.setattr(fairplace.pack, "open_pack", lambda _: Held())
    call = [
        "access",
        str(town / "pack"),
        "--people",
        "homes",
        "--weights",
        "people",
        "--services",
        "hubs",
        "--json",
    ]
    assert main(call) == 0
    table = json.loads(capsys.readouterr().out)["within"]["table"]
    assert {row["place"] for row in table} == {"", "H1", "H2"}
    assert main([*call, "--network", "tram"]) == 2
    assert "no network named tram, only walk" in capsys.readouterr().err
    assert main(["reach", str(town / "pack"), "--points", "schools"]) == 2
    assert "'schools' is neither a file nor points of the pack (homes, hubs)" in capsys.readouterr().err


def test_children_below_the_standard_are_counted_with_their_range(sample_pack, tmp_path, capsys) -> None:
    call = ["access", str(sample_pack.path), "--services", "libraries", "--minutes", "10,15"]
    assert main([*call, "--weights", "residents,children_below_mis", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "fictional" in answer["notes"][0]
    modelled = pd.DataFrame(answer["modelled"]["table"])
    everywhere = modelled[modelled["place"] == ""]
    assert everywhere["limit"].tolist() == [10, 15]
    assert everywhere["within"].is_monotonic_increasing
    assert (modelled["low"] <= modelled["within"]).all()
    assert (modelled["within"] <= modelled["high"]).all()
    assert "Minimum Income Standard (modelled)" in " ".join(answer["modelled"]["notes"])
    # What is modelled never stands among what is counted, without its range.
    assert {row["weight"] for row in answer["within"]["table"]} == {"residents"}
    # Left out, all that the pack knows of its people is counted.
    assert main([*call, "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    kept = pd.read_csv(tmp_path / "out" / "modelled.csv", dtype={"place": str}, keep_default_na=False)
    assert set(kept["measure"]) == {"children_below_mis"}
    assert main([*call, "--weights", "children_below_mis", "--capacity", "capacity"]) == 2
    assert "only what is modelled (children_below_mis)" in capsys.readouterr().err
    # By fifth, with a range, and nothing for a group that is one small area.
    grouped = [*call, "--weights", "children_below_mis", "--json", "--group"]
    assert main([*grouped, "imd_fifth"]) == 0
    answer = json.loads(capsys.readouterr().out)
    fifths = pd.DataFrame(answer["modelled_groups"]["table"])
    shown = fifths[fifths["status"] == "ok"]
    assert len(shown) >= 2
    assert (shown["low"] <= shown["within"]).all()
    assert (shown["within"] <= shown["high"]).all()
    assert (shown["high"] > shown["low"]).any()
    whole = modelled[(modelled["place"] == "") & (modelled["limit"] == 15)]["within"].item()
    assert shown["within"].sum() == pytest.approx(whole, rel=0.1)
    assert "Within 15 minutes" in answer["modelled_groups"]["said"]
    assert main([*grouped, "lsoa"]) == 0
    areas = pd.DataFrame(json.loads(capsys.readouterr().out)["modelled_groups"]["table"])
    assert set(areas["status"]) == {"suppressed"}
    assert areas[["within", "low", "high", "total", "share"]].isna().all(axis=None)
    assert main([*call, "--weights", "cars"]) == 2
    assert (
        "--weights 'cars' is not held for the people of the pack; it has residents" in capsys.readouterr().err
    )
    assert (
        main(["access", "--network", str(sample_pack.path / "networks" / "streets"), "--to", "509000,221000"])
        == 2
    )
    assert "nobody to serve was given" in capsys.readouterr().err


def test_help_answers_without_loading_what_is_heavy() -> None:
    root = Path(__file__).parents[3]
    for command in ("reach", "access"):
        code = (
            f"import sys; from fairplace.cli import main; main([{command!r}, '--help']); "
            "print(sorted({'numba', 'osmnx', 'geopandas', 'pandas', 'matplotlib'} & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
        )
        assert "example:" in done.stdout
        assert done.stdout.strip().endswith("[]"), done.stdout[-80:]
