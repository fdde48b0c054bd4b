"""Figures beside one another, over time, and by need: what is shown is what is released, and no league."""

from __future__ import annotations

import csv
import io
import json

import pytest

from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.service.comparisons import read_areas
from fairplace.service.problems import RequestError
from fairplace.targeting import target_areas

HERE = "/packs/halverton"
PROBLEM = "application/problem+json"


def test_figures_side_by_side_are_those_of_each_area(caller, sample_pack: Pack) -> None:
    first, second = sample_pack.areas("wd25").index[:2]
    content = caller.get(f"{HERE}/compare?areas={first},{second}").json()
    assert [one["code"] for one in content["areas"]] == [first, second]
    shown = release(sample_pack, "public").figures
    rows = shown[(shown["group"] == "") & (shown["geography"] == "wd25")]
    assert len(content["indicators"]) > 20
    for one in content["indicators"]:
        for figure in one["figures"]:
            mine = rows[(rows["code"] == figure["code"]) & (rows["indicator"] == one["id"])]
            if figure["value"] is not None:
                assert figure["value"] in mine["value"].tolist()
        if one["modelled"]:
            assert "modelled" in one["label"]
            ranged = [figure["text"] for figure in one["figures"] if figure["low"] is not None]
            assert all("(" in text or " to " in text for text in ranged)


def test_a_drawing_stands_beside_a_ward_and_the_district(caller, sample_pack: Pack) -> None:
    code = sample_pack.places("points", "postcodes")["id"].iloc[40]
    ward = sample_pack.areas("wd25").index[0]
    asked = f"walk:15min:{code};{ward};E06999001"
    content = caller.get(f"{HERE}/compare", params={"areas": asked}).json()
    assert [one["geography"] for one in content["areas"]] == ["area", "wd25", "lad25"]
    assert content["areas"][0]["notes"]
    page = caller.get(f"{HERE}/compare", params={"areas": asked, "f": "html"})
    assert "<table" in page.text
    table = caller.get(f"{HERE}/compare", params={"areas": asked, "f": "csv"})
    assert len({row["code"] for row in csv.DictReader(io.StringIO(table.text))}) == 3


def test_a_series_is_every_period_that_is_held(caller, sample_pack: Pack) -> None:
    shown = release(sample_pack, "public").figures
    rows = shown[(shown["code"] == "E06999001") & (shown["group"] == "")]
    longest = rows.groupby("indicator")["period"].nunique().idxmax()
    content = caller.get(f"{HERE}/series?indicator={longest}&area=E06999001").json()
    periods = [one["period"] for one in content["series"]]
    assert periods == sorted(rows[rows["indicator"] == longest]["period"])
    text = caller.get(f"{HERE}/series?indicator={longest}&area=E06999001&f=csv").text
    assert len(text.splitlines()) == len(periods) + 1


def test_where_to_go_first_is_in_order_of_the_alphabet(caller, sample_pack: Pack) -> None:
    content = caller.get(f"{HERE}/target?weights=mis_children_below_share:2,imd25_score:1&size=8").json()
    names = [one["name"] for one in content["areas"]]
    assert names == sorted(names)
    assert not {"need", "rank_low", "rank_high"} & set(content["areas"][0])
    wanted = target_areas(
        release(sample_pack, "public"), {"mis_children_below_share": 2.0, "imd25_score": 1.0}, size=8
    )
    listed = {one["code"] for one in content["areas"] if one["place"] != "not in the list"}
    assert listed == set(wanted.table.index[wanted.table["place"] != "not in the list"])


def test_a_what_if_is_for_officers(caller, sample_pack: Pack) -> None:
    body = json.dumps({"add": ["20 per child to private renters with children"]})
    got = caller.ask("POST", f"{HERE}/what-if", content=body, headers={"content-type": "application/json"})
    assert (got.status_code, got.headers["content-type"]) == (403, PROBLEM)
    assert "officers" in got.json()["detail"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"{HERE}/compare", 400),
        (f"{HERE}/compare?areas=E06999001", 400),
        (f"{HERE}/compare?areas=E06999001,E06999001", 400),
        (f"{HERE}/compare?areas=E06999001,halverton (fictional)", 400),
        (f"{HERE}/compare?areas=a,b,c,d,e,f,g", 400),
        (f"{HERE}/compare?areas=E06999001,<script>", 404),
        (f"{HERE}/compare?areas=E06999001;' OR 1=1 --", 404),
        (f"{HERE}/series?indicator=nothing&area=E06999001", 404),
        (f"{HERE}/series?indicator=residents&area=E99", 404),
        (f"{HERE}/series?indicator=residents", 400),
        (f"{HERE}/target?weights=nothing:1", 400),
        (f"{HERE}/target?weights=imd25_score:nan", 400),
        (f"{HERE}/target?weights=imd25_score:0", 400),
        (f"{HERE}/target?weights=imd25_score:1&level=lsoa99", 404),
        (f"{HERE}/target?weights=imd25_score:1&size=0", 400),
        (f"{HERE}/target?weights=imd25_score:1&size=99999", 400),
    ],
)
def test_what_cannot_be_compared_is_refused(caller, address: str, status: int) -> None:
    got = caller.get(address)
    assert (got.status_code, got.headers["content-type"]) == (status, PROBLEM), got.text[:300]
    assert len(got.json()["detail"]) > 15


def test_areas_are_read_by_semicolons_where_there_are_any() -> None:
    assert read_areas("A, B") == ["A", "B"]
    assert read_areas("LU1 1AA, LU1 1AB; B") == ["LU1 1AA, LU1 1AB", "B"]
    with pytest.raises(RequestError, match="two to"):
        read_areas("A;A")
