"""The sample town: its areas tile, its people are all somewhere, and its streets respect its river."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from fairplace.sample import Town, make_town
from fairplace.sample.ground import height
from geo.geography import Geography

GEOGRAPHIES = ("oa21", "lsoa21", "lsoa11", "msoa21", "msoa11", "wd25", "wd22", "lad25")


@pytest.fixture(scope="module", params=[2040, 7])
def town(request: pytest.FixtureRequest) -> Town:
    return make_town(request.param)


def test_the_town_has_the_number_of_areas_it_promises(town: Town) -> None:
    shapes = town.areas.shapes
    assert 48 <= len(shapes["lsoa21"]) <= 64
    assert 12 <= len(shapes["wd25"]) <= 14
    assert len(shapes["wd22"]) == 11
    assert len(shapes["lad25"]) == 1
    per_lsoa = town.areas.members.groupby("LSOA21CD").size()
    assert per_lsoa.between(4, 6).all()
    assert town.truth.groupby("OA21CD").size().between(40, 250).all()


@pytest.mark.parametrize("key", GEOGRAPHIES)
def test_areas_of_each_geography_tile_the_district(town: Town, key: str) -> None:
    shapes = town.areas.shapes[key].to_numpy()
    assert shapely.is_valid(shapes).all()
    # A valid coverage has no overlaps and shares every edge; equal area then leaves no gaps.
    assert shapely.coverage_is_valid(shapes)
    district = town.areas.shapes["lad25"].iloc[0]
    assert shapely.area(shapes).sum() == pytest.approx(district.area, rel=1e-9)
    assert shapely.coverage_union_all(shapes).symmetric_difference(district).area == pytest.approx(
        0, abs=1e-3
    )


def test_codes_have_the_shape_of_their_kind_and_a_range_of_their_own(town: Town) -> None:
    for key in GEOGRAPHIES:
        codes = town.areas.shapes[key].index
        Geography.parse(key).check_codes(codes, where=key)
        assert codes.str[3:6].isin(["999", "998"]).all()


def test_everyone_lives_in_exactly_one_area_of_each_geography(town: Town) -> None:
    homes = shapely.points(town.truth[["east", "north"]].to_numpy())
    assert len(town.persons) == town.truth["persons"].sum()
    for key in GEOGRAPHIES[:-1]:
        shapes = town.areas.shapes[key]
        tree = shapely.STRtree(shapes.to_numpy())
        home, area = tree.query(homes, predicate="within")
        assert len(home) == len(homes), key
        found = pd.Series(shapes.index[area], index=home).sort_index()
        assert (found.to_numpy() == town.truth[f"{key.upper()}CD"].to_numpy()).all(), key


def test_lsoas_of_2011_became_those_of_2021_in_all_four_ways(town: Town) -> None:
    changes = town.areas.changes
    assert set(changes["CHGIND"]) == {"U", "S", "M", "X"}
    same = changes[changes["CHGIND"] == "U"]
    assert (same["LSOA11CD"] == same["LSOA21CD"]).all()
    split = changes[changes["CHGIND"] == "S"]
    assert (split.groupby("LSOA11CD")["LSOA21CD"].nunique() == 2).all()
    merged = changes[changes["CHGIND"] == "M"]
    assert (merged.groupby("LSOA21CD")["LSOA11CD"].nunique() == 2).all()
    assert not set(changes.loc[changes["CHGIND"] != "U", "LSOA21CD"]) & set(changes["LSOA11CD"])


def test_wards_of_2022_were_made_of_lsoas_and_those_of_2025_cut_them(town: Town) -> None:
    assert (town.areas.members.groupby("LSOA21CD")["WD22CD"].nunique() == 1).all()
    live = town.postcodes[town.postcodes["terminated"] == ""]
    best = live.groupby("LSOA21CD")["WD25CD"].agg(lambda codes: codes.mode()[0])
    misplaced = (live["LSOA21CD"].map(best) != live["WD25CD"]).mean()
    assert 0.05 < misplaced < 0.20


def test_postcodes_are_as_many_as_a_town_of_this_size_has(town: Town) -> None:
    postcodes = town.postcodes
    assert postcodes["postcode"].is_unique
    assert postcodes["postcode"].str.fullmatch(r"HV[1-4] \d[A-Z]{2}").all()
    assert 1500 <= (postcodes["terminated"] == "").sum() <= 2500
    assert (postcodes["terminated"] != "").sum() > 50
    assert set(town.truth["postcode"]) <= set(postcodes.loc[postcodes["terminated"] == "", "postcode"])


def test_between_a_third_and_half_live_below_their_line_and_place_matters(town: Town) -> None:
    truth = town.truth
    assert ((truth["income_ahc"] < truth["line"]) == truth["below"]).all()
    below = truth["persons"].where(truth["below"], 0)
    assert 0.35 < below.sum() / truth["persons"].sum() < 0.50
    by_area = below.groupby(truth["LSOA21CD"]).sum() / truth.groupby("LSOA21CD")["persons"].sum()
    assert by_area.min() < 0.20
    assert by_area.max() > 0.70
    lone = truth["type"].str.startswith("lone_parent")
    assert (
        truth.loc[lone, "below"].mean() > truth.loc[truth["type"] == "couple_pensioner", "below"].mean() + 0.4
    )


def test_persons_match_the_households_they_belong_to(town: Town) -> None:
    roles = town.persons.groupby(["household", "role"]).size().unstack(fill_value=0)
    for role, column in (("adult", "adults"), ("pensioner", "pensioners"), ("child", "children")):
        assert (roles[role].to_numpy() == town.truth[column].to_numpy()).all()
    ages = town.persons.groupby("role")["age"].agg(["min", "max"])
    assert ages.loc["child", "max"] <= 17
    assert ages.loc["adult", "min"] >= 18
    assert ages.loc["pensioner", "min"] >= 66


def test_streets_are_many_and_nearly_all_in_one_piece(town: Town) -> None:
    graph = nx.Graph(list(zip(town.streets.edges["start"], town.streets.edges["end"], strict=True)))
    assert len(graph) >= 5000
    largest = max(nx.connected_components(graph), key=len)
    assert len(largest) / len(graph) > 0.98


def test_river_and_railway_are_crossed_only_at_bridges_and_underpasses(town: Town) -> None:
    at = town.streets.nodes.set_index("id")[["east", "north"]]
    edges = town.streets.edges
    ends = np.stack([at.loc[edges["start"]].to_numpy(), at.loc[edges["end"]].to_numpy()], axis=1)
    lines = shapely.linestrings(ends)
    tags = town.streets.ways.set_index("id")["tags"]
    over = edges.loc[shapely.intersects(lines, town.ground.river), "way"].map(tags)
    under = edges.loc[shapely.intersects(lines, town.ground.railway), "way"].map(tags)
    assert [one.get("bridge") for one in over] == ["yes"] * 3
    assert [one.get("tunnel") for one in under] == ["yes"] * 2
    assert sorted(one["highway"] for one in under) == ["footway", "tertiary"]


def test_the_hill_has_steep_streets_and_the_network_has_the_tags_walkers_need(town: Town) -> None:
    assert height(town.ground.nodes).max() - height(town.ground.nodes).min() > 80
    tags = pd.DataFrame(town.streets.ways["tags"].to_list())
    for key in ("surface", "lit", "width", "maxspeed", "oneway", "sidewalk", "cycleway", "bridge", "name"):
        assert tags[key].notna().any(), key
    assert {"steps", "footway", "cycleway", "residential", "primary"} <= set(tags["highway"].dropna())
    nodes = pd.DataFrame(town.streets.nodes["tags"].to_list())
    assert {"lowered", "raised"} <= set(nodes["kerb"].dropna())
    assert (nodes["highway"] == "crossing").sum() > 50
    assert (nodes["barrier"] == "gate").sum() > 10


def test_the_same_seed_gives_the_same_bytes_in_another_process(published: Path, tmp_path: Path) -> None:
    def digest(folder: Path) -> dict[str, str]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
        }

    code = "import sys; from pathlib import Path; from fairplace.sample import write_sample; write_sample(Path(sys.argv[1]))"
    # The order of this process's sets comes from another seed than that of the other's.
    other = "4242" if os.environ.get("PYTHONHASHSEED") != "4242" else "1"
    environment = {**os.environ, "PYTHONHASHSEED": other}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "two")], check=True, env=environment)
    first = digest(published)
    assert first == digest(tmp_path / "two")
    assert len(first) > 20


def test_another_seed_gives_another_town(halverton: Town) -> None:
    assert not make_town(1).truth["income_ahc"].equals(halverton.truth["income_ahc"])


def test_the_new_estate_is_split_and_students_live_together(town: Town) -> None:
    estate = town.truth[town.truth["place"] == "new"]
    by_lsoa = estate.groupby("LSOA21CD").size()
    assert len(by_lsoa) >= 2
    assert by_lsoa.max() < 0.8 * len(estate)
    students = town.truth[town.truth["students"]]
    assert (students["place"] == "students").all()
    assert len(students) > 200
    several = town.truth[town.truth["type"] == "multi_family"]
    assert set(several["several"]) == {"grown_family", "sharers", "several_families"}
    assert (several.loc[several["several"] == "several_families", "children"] > 0).all()


def test_the_hill_is_steep_where_the_affluent_live(town: Town) -> None:
    high = height(town.truth[["east", "north"]].to_numpy()) > 110
    hill = town.truth["place"] == "hill"
    assert hill[high].mean() > 0.8
    assert town.truth.loc[hill, "below"].mean() < town.truth.loc[~hill, "below"].mean() - 0.2
