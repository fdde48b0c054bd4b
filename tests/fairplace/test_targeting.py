"""Lists of areas: as sure as their draws, and no league table for the public."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Point, box

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.next_places import suggest_places
from fairplace.pack import Pack
from fairplace.spreadsheets import safe_cell, safe_frame
from fairplace.tables_page import PageTable, render_page, write_tables
from fairplace.target_note import target_page, target_tables
from fairplace.targeting import TargetingError, read_blend, target_areas
from geo.network_sources import read_streets

BLEND = {"mis_children_below_share": 2.0, "imd25_score": 1.0}


@pytest.fixture(scope="module")
def officer(sample_pack: Pack) -> Released:
    return release(sample_pack, "officer")


def test_ranks_come_from_the_draws_and_their_ranges_hold_the_lists_chances(officer: Released) -> None:
    got = target_areas(officer, {"mis_people_below_share": 1.0}, size=10)
    table = got.table
    assert (table["rank_low"] <= table["rank_high"]).all()
    # Whose range ends inside the list is in it; whose range begins beyond it is not.
    assert (table.loc[table["rank_high"] <= 10, "place"] == "in the list").all()
    assert (table.loc[table["rank_low"] > 10, "place"] == "not in the list").all()
    close = table[table["place"] == "too close to call"]
    assert len(close)
    assert ((close["rank_low"] <= 10) & (close["rank_high"] > 10)).all()
    # In every draw ten areas are in the list.
    assert table["in_list_probability"].sum() == pytest.approx(10)
    assert table["name"].is_monotonic_increasing
    assert table["stays_share"].isna().all()  # one figure has no other weighting


def test_a_figure_without_draws_gives_one_rank_each(officer: Released) -> None:
    got = target_areas(officer, {"imd25_score": 1.0}, size=10)
    assert (got.table["rank_low"] == got.table["rank_high"]).all()
    assert not (got.table["place"] == "too close to call").any()
    assert any("Taken as exact" in note for note in got.notes)
    # Turned round, the first is the last.
    back = target_areas(officer, {"imd25_score": -1.0}, size=10)
    assert (got.table["rank_low"] + back.table["rank_low"] == len(got.table) + 1).mean() > 0.9


def test_weights_count_by_their_proportions_alone(officer: Released) -> None:
    one = target_areas(officer, BLEND, size=10)
    ten = target_areas(officer, {name: 10 * weight for name, weight in BLEND.items()}, size=10)
    pd.testing.assert_frame_equal(one.table, ten.table)
    stays = one.table["stays_share"]
    assert stays.between(0, 1).all()
    assert stays.sum() == pytest.approx(10)
    assert "mis_children_below_share 67%" in one.notes[0]


def test_reach_adds_up_draw_by_draw(officer: Released) -> None:
    got = target_areas(officer, BLEND, size=10)
    last = got.reach.iloc[-1]
    assert last["people_reached"] == pytest.approx(got.table["people"].sum())
    assert last["core20_people_reached"] == pytest.approx(got.table["core20_people"].sum())
    assert got.reach["areas"].tolist() == list(range(1, len(got.table) + 1))
    tenth = got.reach.iloc[9]
    assert got.total["people"] == pytest.approx(tenth["people_reached"])
    assert got.total["children_below"] == pytest.approx(tenth["children_below_reached"], rel=1e-5)
    # Errors that areas share do not average out: the range of the sum is no sum of independent ranges.
    codes, draws = officer.draws("lsoa21")
    listed = pd.Index(codes).get_indexer(got.reach.index[:10])
    total = np.asarray(draws["children_below"])[listed].sum(axis=0)
    assert tenth["children_below_reached_low"] == pytest.approx(np.quantile(total, 0.05), rel=1e-4)


def test_wards_are_ranked_by_draws_added_up(officer: Released) -> None:
    got = target_areas(officer, {"mis_people_below_share": 1.0}, key="wd25", size=4)
    assert len(got.table) == 13
    assert (got.table["rank_high"] - got.table["rank_low"]).max() > 0


@pytest.mark.parametrize(
    ("blend", "size", "said"),
    [
        ({"imd25_decile": 1.0}, 10, "imd25_decile is a decile, which cannot be weighed"),
        ({"no_such": 1.0}, 10, '"no_such" is not an indicator of'),
        ({"income_ahc_mean": 1.0}, 10, "income_ahc_mean is not held on lsoa21"),
        ({"imd25_score": 1.0}, 58, "a list of 58 out of 58 areas"),
        ({"imd25_score": 1.0}, 0, "ask for 1 to 57"),
    ],
)
def test_a_list_that_cannot_be_made_is_refused(
    officer: Released, blend: dict[str, float], size: int, said: str
) -> None:
    with pytest.raises(TargetingError, match=said):
        target_areas(officer, blend, size=size)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["a=x"], '"x" is not a number'),
        (["a=1", "a=2"], "a is given twice"),
        (["a=0"], "a has the weight 0"),
        (["a=nan"], "a has the weight nan"),
        ([], "needs an indicator"),
    ],
)
def test_a_blend_that_cannot_be_read_is_refused(given: list[str], said: str) -> None:
    with pytest.raises(TargetingError, match=said):
        read_blend(given)


def test_a_public_list_has_no_order_but_the_alphabets(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    got = target_areas(released, BLEND, size=10)
    tables = target_tables(got, None, public=True, by_need=True)
    assert set(tables) == {"areas"}
    assert tables["areas"]["name"].is_monotonic_increasing
    assert not {"need", "rank_low", "rank_high", "in_list_probability"} & set(tables["areas"].columns)
    page = target_page(released, got, None, tables)
    assert "fictional" in page
    assert "Area added" not in page
    officer = target_tables(got, None, public=False, by_need=True)
    assert officer["areas"]["need"].is_monotonic_decreasing
    assert "reach" in officer


# --- next-best places ------------------------------------------------------------------------------

#   areas (100 children each, the last 30)      candidates a, b, c
#     A     B          C          D
#     a (0)   b between A and B (nearer B)      c at C
AREAS = gpd.GeoDataFrame(
    geometry=[box(x, 0, x + 100, 100) for x in (0, 600, 3000, 6000)],
    index=["A", "B", "C", "D"],
    crs="EPSG:27700",
)
NEED = pd.Series([100.0, 100, 100, 30], index=AREAS.index)
SITES = gpd.GeoDataFrame(
    {"id": ["a", "b", "c"], "name": ["Hall A", "Hall B", "Hall C"]},
    geometry=[Point(50, 50), Point(350, 50), Point(3050, 50)],
    crs="EPSG:27700",
)


def test_the_next_places_cover_the_most_that_is_not_covered_yet() -> None:
    got = suggest_places(AREAS, NEED, SITES, count=2, limit=400)
    assert got.sites["id"].tolist() == ["b", "c"]
    assert got.sites["need_added"].tolist() == [200.0, 100.0]
    assert (got.covered_before, got.covered_after, got.proven) == (0.0, pytest.approx(300 / 330), True)
    there = suggest_places(AREAS, NEED, SITES, count=1, limit=400, existing=SITES.iloc[[1]])
    assert there.sites["id"].tolist() == ["c"]
    assert there.covered_before == pytest.approx(200 / 330)


def test_minutes_on_the_streets_find_what_the_crow_does_not(tmp_path: Path) -> None:
    # A river between the two banks, bridged at the far end: the hall over the water is 100 m away as the
    # crow flies, and 1,900 m on foot, which is 24 minutes at 4.8 km/h.
    #   900 ----------------- 900
    #    |                     |     the bridge
    #    A (home)     water   hall b
    banks = {"west": [(0, 0), (0, 900)], "bridge": [(0, 900), (100, 900)], "east": [(100, 900), (100, 0)]}
    lines = gpd.GeoDataFrame(
        {"highway": "residential", "id": list(banks)},
        geometry=[LineString([(530000 + x, 260000 + y) for x, y in one]) for one in banks.values()],
        crs=27700,
    )
    lines.to_file(tmp_path / "streets.gpkg")
    network = read_streets(tmp_path / "streets.gpkg")
    home = gpd.GeoDataFrame(geometry=[box(529990, 259990, 530010, 260010)], index=["A"], crs=27700)
    halls = gpd.GeoDataFrame(
        {"id": ["b", "w"], "name": ["Over the water", "Up the road"]},
        geometry=[Point(530100, 260000), Point(530000, 260700)],
        crs=27700,
    )
    need = pd.Series({"A": 10.0})
    crow = suggest_places(home, need, halls, count=1, limit=150)
    assert crow.sites["id"].tolist() == ["b"]
    assert "as the crow flies" in crow.said
    walk = suggest_places(home, need, halls, count=1, network=network)
    assert walk.sites["id"].tolist() == ["w"]
    assert walk.said.startswith("within 15 minutes on the streets")
    assert "as the crow flies" not in walk.said.split(";")[0]
    assert suggest_places(home, need, halls, count=2, network=network, limit=8).covered_after == 0


def test_need_is_shared_out_to_where_people_live_and_its_total_kept() -> None:
    people = gpd.GeoDataFrame(
        {"residents": [30.0, 10.0], "lsoa": ["A", "A"]}, geometry=[Point(10, 50), Point(90, 50)], crs=27700
    )
    got = suggest_places(AREAS, NEED, SITES, count=1, limit=45, people=people)
    # A's 100 children: 75 at the one point, 25 at the other; both within 45 m of hall a, and no one else.
    assert got.sites.to_dict("records")[0]["need_added"] == 100
    near = suggest_places(AREAS, NEED, SITES.iloc[[0]], count=1, limit=39, people=people)
    assert near.covered_after == 0
    assert "of where people live" in near.said


def test_more_places_than_candidates_and_nobody_in_need_are_refused() -> None:
    with pytest.raises(TargetingError, match="4 places out of 3 candidates"):
        suggest_places(AREAS, NEED, SITES, count=4, limit=400)
    with pytest.raises(TargetingError, match="nobody is in need"):
        suggest_places(AREAS, NEED * 0, SITES, count=1, limit=400)


# --- the command, its page and its tables ----------------------------------------------------------


def test_the_command_writes_a_page_and_its_tables(
    sample_pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = [
        "target",
        str(sample_pack.path),
        "--blend",
        "mis_children_below_share=2",
        "--blend",
        "imd25_score=1",
    ]
    call += ["--size", "10", "--places", "schools", "--existing", "libraries", "--count", "2", "--json"]
    assert main([*call, "--out", str(tmp_path / "t")]) in (0, 1)
    text = capsys.readouterr().out
    told = json.loads(text[text.index("{") :])
    assert len(told["areas"]) == 58
    assert len(told["places"]) == 2
    assert "15 minutes on the streets" in (tmp_path / "t" / "index.html").read_text(encoding="utf-8")
    again = tmp_path / "again"
    main([*call, "--out", str(again)])
    for name in ("index.html", "areas.csv", "places.csv"):
        assert (again / name).read_bytes() == (tmp_path / "t" / name).read_bytes()
    assert len(pd.read_csv(tmp_path / "t" / "areas.csv")) == 58


def test_minutes_and_metres_are_not_asked_together(
    sample_pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["target", str(sample_pack.path), "--blend", "imd25_score", "--places", "schools"]
    assert main([*call, "--minutes", "10", "--limit", "500"]) == 2
    assert "not both" in capsys.readouterr().err


def test_a_league_table_for_the_public_is_refused(
    sample_pack: Pack, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["target", str(sample_pack.path), "--blend", "imd25_score", "--order", "need"]
    assert main(call) == 2
    assert "league table" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\t=1", " =1", "=HYPERLINK(1)"])
def test_no_cell_can_run_as_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    frame = safe_frame(pd.DataFrame({text: [text, "plain"], "n": [-1.0, 2.0]}))
    assert frame.iloc[0, 0] == f"'{text}"
    assert frame.columns[0] == f"'{text}"
    assert frame["n"].tolist() == [-1.0, 2.0]


def test_names_from_files_cannot_bring_markup_or_formulas(tmp_path: Path) -> None:
    frame = pd.DataFrame({"Area": ["<script>alert(1)</script>", "=cmd|' /C calc'!A0"]})
    page = render_page("<b>", ["<i>"], [PageTable("<u>", frame)], ["<img src=x onerror=y>"])
    for one in ("<script>", "<b>", "<i>", "<u>", "<img"):
        assert one not in page
    written = write_tables(tmp_path, page, {"areas": frame})
    assert [one.name for one in written] == ["index.html", "areas.csv"]
    assert "\n'=cmd" in written[1].read_text(encoding="utf-8").replace('"', "")


def test_a_pack_without_the_model_is_listed_without_ranges(sample_pack: Pack, tmp_path: Path) -> None:
    # A copy from which the draws were taken: what an authority without small-area incomes has.
    shutil.copytree(sample_pack.path, tmp_path / "p")
    shutil.rmtree(tmp_path / "p" / "draws")
    from fairplace.pack import open_pack

    got = target_areas(release(open_pack(tmp_path / "p")), {"imd25_score": 1.0}, size=5)
    assert any("no draws" in note for note in got.notes)
    assert got.table["children_below"].isna().all()
    assert np.isnan(got.total["children_below"])
