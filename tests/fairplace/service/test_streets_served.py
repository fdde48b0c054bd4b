"""Reach, access and hubs tried out: what is served is what the streets say, of enough people, and bounded."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
import shapely

from fairplace.hub_floors import hide_few
from fairplace.hub_trial import try_hubs
from fairplace.pack import Pack
from fairplace.reaching import Ground, answer_reach, open_ground
from geo.crs import bng_to_lonlat, lonlat_to_bng, to_lonlat

HERE = "/packs/halverton"
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def ground(sample_pack: Pack) -> Ground:
    return open_ground(sample_pack)


@pytest.fixture(scope="module")
def middle(sample_pack: Pack) -> tuple[str, float, float]:
    """The middle of a ward, in degrees as text and in metres."""
    at = to_lonlat(sample_pack.areas("wd25"))[0].geometry.iloc[1].centroid
    lon, lat = round(at.x, 6), round(at.y, 6)
    east, north = lonlat_to_bng([lon], [lat])
    return f"{lon},{lat}", float(east[0]), float(north[0])


def test_reach_holds_the_people_that_the_streets_say(
    caller, ground: Ground, middle: tuple[str, float, float]
) -> None:
    text, east, north = middle
    got = caller.get(f"{HERE}/reach", params={"from": text, "minutes": "5,15"})
    assert got.headers["content-type"] == "application/geo+json"
    content = got.json()
    assert [one["properties"]["limit"] for one in content["features"]] == [15.0, 5.0]
    place = pd.DataFrame({"x": [east], "y": [north]}, index=["here"])
    wanted = answer_reach(ground, place, limits=[5, 15]).people.set_index(["limit", "measure"])["within"]
    for one in content["features"]:
        said = one["properties"]
        assert said["residents"] == round(wanted[said["limit"], "residents"])
        assert said["children_0_15"] == round(wanted[said["limit"], "children_0_15"])
        assert shapely.from_geojson(json.dumps(one["geometry"])).is_valid
    assert content["speed_kmh"] == 4.8
    assert content["one_way"] is True
    assert content["snap_metres"] >= 0
    assert "one way" in content["said"]
    modelled = [row for row in content["features"][0]["properties"]["people"] if row["modelled"]]
    assert modelled
    assert all("modelled" in row["words"] and row["low"] <= row["within"] <= row["high"] for row in modelled)


def test_reach_grows_with_the_limit_and_shrinks_after_dark(caller, middle: tuple[str, float, float]) -> None:
    def metres(**query: str) -> list[float]:
        got = caller.get(f"{HERE}/reach", params={"from": middle[0], **query}).json()
        return [one["properties"]["metres"] for one in got["features"]]

    day, night = metres(), metres(mode="night")
    assert day == sorted(day, reverse=True)
    assert night[0] <= day[0]
    assert metres(mode="cycle")[0] > day[0]


def test_a_postcode_is_a_start(caller, sample_pack: Pack) -> None:
    code = sample_pack.places("points", "postcodes")["id"].iloc[30]
    assert caller.get(f"{HERE}/reach", params={"from": code}).status_code == 200
    page = caller.get(f"{HERE}/reach", params={"from": code, "f": "html"})
    assert "<table" in page.text


def test_of_too_few_nothing_is_shown_and_of_few_nothing_modelled() -> None:
    def row(measure: str, within: float) -> dict:
        return {
            "measure": measure, "modelled": measure == "below", "limit": 5.0, "within": within, "low": 1.0,
            "high": 2.0, "total": 5.0, "share": 0.1, "status": "ok",
        }  # fmt: skip

    def shown(residents: float, households: float) -> list[bool]:
        table = pd.DataFrame([row("residents", residents), row("households", households), row("below", 90)])
        assert hide_few(table, public=False)["within"].notna().all()
        return hide_few(table, public=True)["within"].notna().tolist()

    assert shown(100, 50) == [False, False, False]
    assert shown(200, 40) == [False, False, False]
    assert shown(999, 500) == [True, True, False]
    assert shown(1_500, 399) == [True, True, False]
    assert shown(1_000, 400) == [True, True, True]
    assert hide_few(pd.DataFrame([row("residents", 0)]), public=True)["within"].tolist() == [0.0]


def test_hubs_tried_are_those_of_the_library(
    caller, ground: Ground, middle: tuple[str, float, float]
) -> None:
    text, east, north = middle
    got = caller.get(f"{HERE}/hubs/try", params={"sites": text, "minutes": "15"}).json()
    opened = pd.DataFrame({"x": [east], "y": [north]}, index=["new 1"])
    trial = try_hubs(ground, opened, limits=[15.0])
    wanted = trial.people.set_index(["option", "measure"])["within"]
    for row in got["people"]:
        expected = wanted[row["option"], row["measure"]]
        assert row["within"] == (expected if row["modelled"] else round(expected))
    new = next(one for one in got["hubs"] if one["change"] == "opens")
    assert np.allclose([new["lon"], new["lat"]], [float(one) for one in text.split(",")], atol=1e-6)
    assert bng_to_lonlat([new["x"]], [new["y"]])[0][0] == pytest.approx(new["lon"])
    closed = caller.get(f"{HERE}/hubs/try", params={"close": got["hubs"][0]["id"]}).json()
    assert {one["change"] for one in closed["hubs"]} == {"stays", "closes"}


def test_access_counts_everybody_of_the_area_once(caller, sample_pack: Pack) -> None:
    got = caller.get(
        f"{HERE}/access", params={"service": "libraries", "area": "E06999001", "minutes": "10,90"}
    ).json()
    rows = {(row["measure"], row["limit"]): row for row in got["access"]}
    figures = sample_pack.figures
    whole = figures[(figures["code"] == "E06999001") & (figures["indicator"] == "residents")]["value"].iloc[0]
    assert rows["residents", 90.0]["total"] == pytest.approx(whole, abs=2)
    assert rows["residents", 10.0]["within"] < rows["residents", 90.0]["within"]
    wards = [
        caller.get(f"{HERE}/access", params={"service": "libraries", "area": code, "minutes": "10"}).json()
        for code in sample_pack.areas("wd25").index
    ]
    within = [row["within"] for one in wards for row in one["access"] if row["measure"] == "residents"]
    assert sum(within) == pytest.approx(rows["residents", 10.0]["within"], abs=len(within) + 5)
    table = caller.get(f"{HERE}/access", params={"service": "libraries", "area": "E06999001", "f": "csv"})
    assert {row["measure"] for row in csv.DictReader(io.StringIO(table.text))} >= {"residents", "households"}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{HERE}/reach", 400),
        (f"{HERE}/reach?from=nan,nan", 404),
        (f"{HERE}/reach?from=1e309,52", 404),
        (f"{HERE}/reach?from=-3.2,55.9", 400),
        (f"{HERE}/reach?from=52.2,0.05", 400),
        (f"{HERE}/reach?from=' OR 1=1", 404),
        (f"{HERE}/reach?from=<script>", 404),
        (f"{HERE}/reach?from=0.049,52.204&minutes=0", 400),
        (f"{HERE}/reach?from=0.049,52.204&minutes=nan", 400),
        (f"{HERE}/reach?from=0.049,52.204&minutes=100000", 400),
        (f"{HERE}/reach?from=0.049,52.204&minutes=1,2,3,4,5,6,7", 400),
        (f"{HERE}/reach?from=0.049,52.204&mode=fly", 400),
        (f"{HERE}/reach?from=0.049,52.204&speed=900", 400),
        (f"{HERE}/reach?from=0.049,52.204&speed=nan", 400),
        (f"{HERE}/hubs/try?sites=x", 404),
        (f"{HERE}/hubs/try?sites=" + "0.049,52.204;" * 13, 400),
        (f"{HERE}/hubs/try?close=H99", 400),
        (f"{HERE}/access?service=people&area=E06999001", 404),
        (f"{HERE}/access?service=../people&area=E06999001", 404),
        (f"{HERE}/access?service=libraries&area=E99", 404),
    ],
)
def test_what_cannot_be_asked_along_the_streets_is_refused(caller, address: str, status: int) -> None:
    got = caller.get(address)
    assert (got.status_code, got.headers["content-type"]) == (status, PROBLEM), got.text[:300]
    assert len(got.json()["detail"]) > 15


def test_an_answer_says_the_start_as_it_was_put(caller) -> None:
    """The same spot under two names has two answers: each is called what whoever asked called it."""
    put = ["0.0491,52.2047", "0.04910,52.20470"]
    got = [caller.get(f"{HERE}/reach", params={"from": one, "minutes": "5"}).text for one in put]
    assert put[0] in got[0]
    assert put[1] in got[1]
