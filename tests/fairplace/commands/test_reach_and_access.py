"""`fairplace reach` and `fairplace access`, called as a person would, on a town of a hundred blocks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from shapely import LineString, box

from fairplace.cli import main


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
    assert main([*call, "--weights", "children_below_mis", "--group", "imd_fifth"]) == 2
    assert "only what is modelled (children_below_mis)" in capsys.readouterr().err
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
