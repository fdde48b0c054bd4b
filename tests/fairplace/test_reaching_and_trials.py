"""What the command line and the service say of reach and of hubs set somewhere, on a town of a hundred blocks."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

from fairplace.hub_trial import HIDDEN, HubTrial, HubTrialError, for_the_public, try_hubs
from fairplace.pack import Pack, PackError
from fairplace.reaching import Ground, answer_reach, count_near, count_pairs, open_ground
from geo.network import Network
from geo.network_building import build_network
from geo.pairs import measure_pairs
from geo.profiles import measure_profiles

EAST, NORTH = 509_000.0, 221_000.0


@pytest.fixture(scope="module")
def lattice() -> Network:
    """Eleven streets by eleven, 100 m apart."""
    side = np.arange(11)
    lines = [
        LineString(np.array([[x, y], [x + dx, y + dy]], float) * 100 + (EAST, NORTH))
        for x in side
        for y in side
        for dx, dy in ((1, 0), (0, 1))
        if x + dx < 11 and y + dy < 11
    ]
    network = build_network(gpd.GeoDataFrame(geometry=lines, crs="EPSG:27700"), where="lattice")
    return measure_profiles(network, ["walk"])


@pytest.fixture(scope="module")
def town(lattice: Network) -> Ground:
    """Ten people, two of them under five, at the middle of every block's southern side; a hub in a corner."""
    number = np.arange(100)
    people = pd.DataFrame(
        {
            "x": EAST + 50 + 100 * (number % 10),
            "y": NORTH + 100.0 * (number // 10),
            "residents": 10.0,
            "children_0_4": 2.0,
            "children_below_mis": 1.5,
        },
        index=[f"E{one:08d}" for one in number],
    )
    draws = np.outer(np.full(100, 1.5), np.linspace(0.5, 1.5, 101))
    sites = pd.DataFrame(
        {
            "name": ["South hub", "North hall"],
            "status": ["existing", "candidate"],
            "x": [EAST, EAST + 1000],
            "y": [NORTH, NORTH + 1000],
        },
        index=["H1", "H2"],
    )
    return Ground(
        lattice,
        people,
        ("residents", "children_0_4", "children_below_mis"),
        {"children_below_mis": draws},
        sites,
        "Lattice",
    )


def rows(trial: HubTrial, option: str, measure: str) -> pd.Series:
    table = trial.people
    return table[(table["option"] == option) & (table["measure"] == measure)].iloc[0]


def test_reach_counts_streets_people_and_ranges_in_one_answer(town: Ground) -> None:
    middle = pd.DataFrame({"x": [EAST + 500], "y": [NORTH + 500]}, index=["middle"])
    answer = answer_reach(town, middle, limits=[2.5, 5], lines=True)
    # 400 m in five minutes at 4.8 km/h: 4 k² blocks of 100 m of street.
    assert answer.reach.summary["metres"].tolist() == pytest.approx([1600, 6400])
    people = answer.people.set_index(["limit", "measure"])
    # Homes lie 50 m from the corner: 50 + 100 a + 100 b within 400 m. Each row of the ten has 2 (k - b).
    assert people.loc[(5.0, "residents"), "within"] == 10 * (8 + 2 * (6 + 4 + 2))
    below = people.loc[(5.0, "children_below_mis")]
    # 32 homes of 1.5, drawn from half to half as much again: 48, 90 in 100 from 26.4 to 69.6.
    assert (below["within"], below["low"], below["high"]) == (48, 26, 70)
    assert below["modelled"]
    assert "Minimum Income Standard (modelled)" in " ".join(answer.notes)
    made = answer.geojson()
    assert [(one["properties"]["kind"], one["properties"]["limit"]) for one in made["features"]] == [
        ("area", 5.0),
        ("area", 2.5),
        ("streets", 5.0),
        ("streets", 2.5),
    ]
    lon, lat = np.array(made["features"][0]["geometry"]["coordinates"][0]).T
    assert ((lon > -0.5) & (lon < -0.4)).all()
    assert ((lat > 51.8) & (lat < 51.9)).all()
    json.dumps(made)


def test_who_is_near_any_of_several_places_is_counted_once(town: Ground) -> None:
    corners = pd.DataFrame({"x": [EAST, EAST], "y": [NORTH, NORTH]}, index=["H1", "again"])
    pairs = measure_pairs(town.network, town.people, corners, limit=5)
    table = count_pairs(town, pairs, [5]).set_index(["place", "measure"])
    # Homes at 50 + 100 a + 100 b from the corner, within 400 m: 4 + 3 + 2 + 1, of ten people each.
    assert [table.loc[(place, "residents"), "within"] for place in ("", "H1", "again")] == [100, 100, 100]
    below = table.loc[("", "children_below_mis")]
    assert (below["within"], below["low"], below["high"]) == (15, 8.3, 22)


def test_a_modelled_need_of_a_single_home_is_not_shown(town: Ground) -> None:
    minutes = np.where(np.arange(100) == 7, 1.0, np.inf)
    table = count_near(town, minutes, [5]).set_index("measure")
    assert table.loc["children_below_mis", "status"] == "suppressed"
    assert np.isnan(table.loc["children_below_mis", ["within", "low", "high", "share"]].astype(float)).all()
    # Two children are fewer than five, ten people are not.
    assert table["status"].to_dict() == {
        "residents": "ok",
        "children_0_4": "suppressed",
        "children_below_mis": "suppressed",
    }


def test_as_many_people_are_hidden_as_the_pack_hides(town: Ground, sample_pack: Pack) -> None:
    # Three homes with six children under five: shown where up to 4 are hidden, not where up to 7 are.
    minutes = np.where(np.arange(100) < 3, 1.0, np.inf)
    for limit, status in ((4, "ok"), (7, "suppressed")):
        table = count_near(replace(town, hide_up_to=limit), minutes, [5]).set_index("measure")
        assert table.loc["children_0_4", "status"] == status
        assert table.loc["residents", "within"] == 30
    settings = {**sample_pack.manifest["settings"], "hide_up_to": 7}
    strict = replace(sample_pack, manifest={**sample_pack.manifest, "settings": settings})
    assert open_ground(strict).hide_up_to == 7


def test_the_public_sees_nothing_of_a_hundred_people_in_a_trial(town: Ground) -> None:
    trial = try_hubs(town, town.sites.loc[["H2"]], limits=[5, 15])
    shown = for_the_public(trial)
    people = shown.people.set_index(["option", "limit", "measure"])["within"]
    # A hundred people within five minutes of the hub there is, 160 of both: too few for what is modelled.
    assert people["no_change", 5].isna().all()
    assert people["tried", 5].isna().tolist() == [False, False, True]
    assert people["no_change", 15, "residents"] > 100
    assert HIDDEN in shown.notes
    # Whoever is nearer or not is fewer than a thousand, so nothing modelled is said of them.
    gains = shown.gains.set_index("measure")
    assert gains.loc["children_below_mis", ["nearer", "same"]].isna().all()
    assert gains.loc["residents"].notna().all()
    # A hundred people live in other homes, and nobody comes nearer but them: neither side is shown.
    few = replace(
        trial, gains=trial.gains.assign(nearer=[100.0, 20, 15], farther=0.0, same=[900.0, 180, 135])
    )
    hidden = for_the_public(few).gains.set_index("measure")
    assert hidden.isna().to_numpy().tolist() == [[True, False, True]] * 3
    # Of a town large enough everything is.
    large = replace(town, people=town.people.assign(residents=1_000.0))
    whole = try_hubs(large, large.sites.loc[["H2"]], limits=[15])
    assert HIDDEN not in for_the_public(whole).notes


def test_a_new_hub_is_set_beside_no_change(town: Ground) -> None:
    trial = try_hubs(town, town.sites.loc[["H2"]], limits=[5])
    # From the south-west corner 50 + 100 a + 100 b <= 400 holds for ten homes; from the north-east one,
    # whose northern row holds nobody, for six.
    assert rows(trial, "no_change", "residents")["within"] == 100
    assert rows(trial, "tried", "residents")["within"] == 160
    low, high = rows(trial, "tried", "children_below_mis")[["low", "high"]]
    assert (low, high) == (13, 35)
    minutes = trial.minutes.set_index(["option", "measure"])
    assert minutes.loc[("no_change", "residents"), "farthest_minutes"] == pytest.approx(1850 / 80, abs=0.05)
    assert (
        minutes.loc[("tried", "residents"), "mean_minutes"]
        < minutes.loc[("no_change", "residents"), "mean_minutes"]
    )
    gains = trial.gains.set_index("measure").loc["residents"]
    assert gains["farther"] == 0
    assert gains["nearer"] + gains["same"] == 1000
    assert trial.hubs[["option", "id", "change"]].to_numpy().tolist() == [
        ["no_change", "H1", "stays"],
        ["tried", "H1", "stays"],
        ["tried", "H2", "opens"],
    ]
    assert "Walking only, buses not included." in trial.notes
    assert "nothing is recommended" in trial.notes[0]
    assert json.loads(json.dumps(trial.record(), allow_nan=False))["people"][0]["measure"] == "residents"


def test_a_hub_that_moves_to_where_it_is_changes_nothing(town: Ground) -> None:
    trial = try_hubs(town, town.sites.loc[["H1"]], closed=["H1"], limits=[5, 10])
    same = trial.people.drop(columns="option")
    half = len(same) // 2
    pd.testing.assert_frame_equal(same[:half], same[half:].reset_index(drop=True))
    assert set(trial.gains["nearer"]) == set(trial.gains["farther"]) == {0.0}


def test_a_hub_in_a_lake_serves_nobody_and_says_how_far_it_is(town: Ground) -> None:
    lake = pd.DataFrame({"x": [EAST - 9000], "y": [NORTH]}, index=["raft"])
    trial = try_hubs(town, lake, closed=["H1"], limits=[15])
    assert rows(trial, "tried", "residents")["within"] == 0
    assert trial.hubs["snap_flagged"].tolist() == [False, True]
    assert trial.hubs["snap_metres"].iloc[1] == pytest.approx(9000)


@pytest.mark.parametrize(
    ("opened", "closed", "message"),
    [
        (None, ["H1"], "no hub is left"),
        (None, ["H2"], "'H2' is no existing hub"),
        (pd.DataFrame({"x": [EAST], "y": [NORTH]}, index=["H1"]), [], "'H1' is a hub already"),
        (pd.DataFrame({"x": [EAST] * 51, "y": [NORTH] * 51}, index=range(51)), [], "too many"),
        (pd.DataFrame({"x": [EAST] * 2, "y": [NORTH] * 2}, index=["a", "a"]), [], "two new hubs"),
    ],
)
def test_a_trial_that_cannot_be_is_refused_in_one_line(
    town: Ground, opened: pd.DataFrame | None, closed: list[str], message: str
) -> None:
    with pytest.raises(HubTrialError, match=message) as caught:
        try_hubs(town, opened, closed=closed)
    assert "\n" not in str(caught.value)


def test_the_sample_authority_answers_from_its_pack(sample_pack: Pack) -> None:
    ground = open_ground(sample_pack)
    assert ground.fictional
    assert set(ground.modelled) == {"children_below_mis"}
    hub = ground.sites.iloc[[0]]
    answer = answer_reach(ground, hub[["x", "y"]], limits=[10, 15])
    people = answer.people[answer.people["measure"] == "residents"]
    assert (people["within"].diff().dropna() > 0).all()
    trial = try_hubs(ground, ground.sites[ground.sites["status"] == "candidate"].iloc[:2])
    near = trial.people[trial.people["measure"] == "children_below_mis"].set_index("option")
    assert near.loc["tried", "within"] >= near.loc["no_change", "within"] > 0
    assert (near["low"] <= near["within"]).all()
    assert (near["within"] <= near["high"]).all()
    with pytest.raises(PackError, match="no network named trams"):
        open_ground(sample_pack, network="trams")


def test_a_place_from_which_no_street_leads_on_says_so() -> None:
    # A quiet one-way street comes out on a busy one, which calm cycling may not use.
    corner = (EAST + 100, NORTH)
    lines = [LineString([(EAST, NORTH), corner]), LineString([corner, (EAST + 100, NORTH + 500)])]
    tags = {"highway": ["residential", "primary"], "oneway": ["yes", "no"], "maxspeed": ["20 mph", "40 mph"]}
    streets = build_network(gpd.GeoDataFrame(tags, geometry=lines, crs="EPSG:27700"), where="streets")
    ground = Ground(measure_profiles(streets, ["cycle", "cycle_calm"]))
    places = pd.DataFrame({"x": [EAST + 110, EAST + 50], "y": [NORTH, NORTH]}, index=["corner", "middle"])
    said = {}
    for profile, trip in (("cycle_calm", "out"), ("cycle_calm", "in"), ("cycle", "out")):
        answer = answer_reach(ground, places, limits=[15], profile=profile, trip=trip)
        said[profile, trip] = " ".join(answer.notes)
    assert (
        "1 at the end of a one-way street, where no street that cycle_calm may use leads on"
        in (said["cycle_calm", "out"])
    )
    assert "such as corner: nothing is reached." in said["cycle_calm", "out"]
    assert "Speed limits are missing on 0% of streets with traffic" in said["cycle_calm", "out"]
    assert "Speed limits" not in said["cycle", "out"]
    assert "nothing is reached" not in said["cycle_calm", "in"] + said["cycle", "out"]
