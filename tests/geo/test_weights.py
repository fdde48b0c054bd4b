"""Crosswalks lose nobody, whatever they are made of."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from geo.boundaries import Boundaries, read_boundaries
from geo.crosswalk import CrosswalkError, UnmatchedCodeError, allocate_integers, compose, convert, nested
from geo.geography import Geography
from geo.lookup import LookupTableError, change_counts, exact_lookup, lookup_fit
from geo.misfit import best_fit, measure_misfit, misfit_sentence, population_centroids
from geo.source import Source
from geo.table import AggregationError, AreaTable, Column
from geo.weights import area_weights, derive_membership, ground_shares, oa_weights, postcode_weights

LSOA11, LSOA21 = Geography("lsoa", 2011), Geography("lsoa", 2021)
OA21, WD24, WD25 = Geography("oa", 2021), Geography("wd", 2024), Geography("wd", 2025)
SOURCE = Source("made", "Invented", "nobody", "1", "2021", "OGL v3")


def lookup(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["LSOA11CD", "CHGIND", "LSOA21CD"])


#  1 stays; 2 splits into 21 and 22; 3 and 4 merge into 31; 5 gives part of itself to 6's successor.
CHANGES = lookup(
    [
        ("E01000001", "U", "E01000001"),
        ("E01000002", "S", "E01000021"),
        ("E01000002", "S", "E01000022"),
        ("E01000003", "M", "E01000031"),
        ("E01000004", "M", "E01000031"),
        ("E01000005", "X", "E01000051"),
        ("E01000005", "X", "E01000052"),
        ("E01000006", "X", "E01000052"),
    ]
)
RESIDENTS = pd.Series(
    {
        "E01000001": 10.0,
        "E01000021": 30.0,
        "E01000022": 10.0,
        "E01000031": 5.0,
        "E01000051": 60.0,
        "E01000052": 80.0,
    }
)


def test_every_kind_of_change_is_carried_and_none_dropped() -> None:
    made = exact_lookup(CHANGES, LSOA11, LSOA21, residents=RESIDENTS)
    weight = made.weights.set_index(["origin", "target"])["weight"].to_dict()
    assert weight == {
        ("E01000001", "E01000001"): 1.0,
        ("E01000002", "E01000021"): 0.75,  # 30 of 40 people
        ("E01000002", "E01000022"): 0.25,
        ("E01000003", "E01000031"): 1.0,
        ("E01000004", "E01000031"): 1.0,
        ("E01000005", "E01000051"): 0.6,  # 60 against half of 80
        ("E01000005", "E01000052"): 0.4,
        ("E01000006", "E01000052"): 1.0,
    }
    assert "complex way" in made.notes[0]
    assert not made.exact


def test_ground_decides_how_a_complex_area_is_shared_where_it_is_known() -> None:
    ground = pd.DataFrame(
        [("E01000005", "E01000052", 0.25), ("E01000006", "E01000052", 0.75)],
        columns=["origin", "target", "share"],
    )
    made = exact_lookup(CHANGES, LSOA11, LSOA21, residents=RESIDENTS, overlaps=ground)
    weight = made.weights.set_index(["origin", "target"])["weight"]
    assert weight["E01000005", "E01000052"] == 20 / 80  # a quarter of 80, beside 60


def test_a_look_up_is_held_against_its_own_rows() -> None:
    counts = change_counts(CHANGES, LSOA11, LSOA21)
    assert (counts.unchanged, counts.split, counts.split_into) == (1, 1, 2)
    assert (counts.merged, counts.merged_into, counts.complex, counts.complex_into) == (2, 1, 2, 2)
    with pytest.raises(LookupTableError, match=r"calls E01000002 to E01000021 split.*show unchanged"):
        change_counts(CHANGES.drop(index=2), LSOA11, LSOA21)
    with pytest.raises(LookupTableError, match="has no column LSOA11CD"):
        change_counts(CHANGES.rename(columns={"LSOA11CD": "x"}), LSOA11, LSOA21)


def test_a_split_without_residents_is_refused_and_the_way_back_is_exact() -> None:
    with pytest.raises(LookupTableError, match=r"E01000002 \(lsoa11\) is split.*give residents by lsoa21"):
        exact_lookup(CHANGES, LSOA11, LSOA21)
    with pytest.raises(LookupTableError, match="no number for E01000022"):
        exact_lookup(CHANGES, LSOA11, LSOA21, residents=RESIDENTS.drop("E01000022"))
    split_only = CHANGES[CHANGES["CHGIND"].isin(["U", "S"])]
    assert exact_lookup(split_only, LSOA21, LSOA11).exact


def test_a_split_into_parts_without_residents_loses_nobody() -> None:
    made = exact_lookup(CHANGES, LSOA11, LSOA21, residents=RESIDENTS * 0)
    assert made.weights.groupby("origin")["weight"].sum().to_numpy() == pytest.approx(1.0)


def units(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["LSOA21CD", "WD25CD", "people"])


UNITS = units(
    [
        ("E01000001", "E05000001", 60.0),
        ("E01000001", "E05000002", 40.0),
        ("E01000002", "E05000002", 100.0),
        ("E01000003", "E05000002", 30.0),
        ("E01000003", "E05000002", 30.0),
        ("E01000003", "E05000001", 40.0),
    ]
)


def test_misfit_is_the_share_of_people_that_whole_areas_misplace() -> None:
    made = oa_weights(UNITS, LSOA21, WD25, count="people")
    # Ward 1 truly holds 60 + 40; best fit gives it all of LSOA 1 and none of LSOA 3: 40 of 100 lost.
    # Ward 2 truly holds 40 + 100 + 60; the 40 of LSOA 1 go to ward 1.
    assert made.misfit == pytest.approx({"E05000001": 0.4, "E05000002": 0.2})
    # Ward 1 takes in the 40 of LSOA 1 beside its own 100, ward 2 the 40 of LSOA 3 beside its own 200.
    assert made.gained == pytest.approx({"E05000001": 0.4, "E05000002": 0.2})
    best = lookup_fit(
        pd.DataFrame(
            {
                "LSOA21CD": ["E01000001", "E01000002", "E01000003"],
                "WD25CD": ["E05000001", "E05000002", "E05000002"],
            }
        ),
        LSOA21,
        WD25,
    )
    measured = measure_misfit(made, best, pd.Series({f"E0100000{n}": 100.0 for n in (1, 2, 3)}))
    assert measured.loc["E05000001"].to_dict() == pytest.approx(
        {"true": 100, "fitted": 100, "lost": 40, "lost_share": 0.4, "gained": 40, "net": 0}
    )
    counts = AreaTable(
        LSOA21,
        {"people": Column("People", "people", "count")},
        pd.DataFrame({"people": 100.0}, index=[f"E0100000{n}" for n in (1, 2, 3)]),
        SOURCE,
    )
    assert (
        "whole lsoa21 would lose 40% of the people of E05000001, the worst case"
        in convert(counts, made).notes
    )
    assert misfit_sentence("E05000001", "Poets", made.misfit, "people") == (
        "Built from whole LSOAs, Poets would lose 40% of its people to other wards."
    )


def test_a_unit_without_a_place_is_not_lost_in_silence() -> None:
    with pytest.raises(UnmatchedCodeError, match=r"1 of 7 units of unit postcodes have no.*row 7"):
        postcode_weights(pd.concat([UNITS, units([("E01000001", "", 1.0)])]), LSOA21, WD25)


def squares(geography: Geography, codes: list[str], edges: list[float]) -> Boundaries:
    shapes = [box(a, 200_000, b, 201_000) for a, b in pairwise(edges)]
    frame = gpd.GeoDataFrame(
        {"name": "", "lad": "", "geometry": shapes}, index=pd.Index(codes), crs="EPSG:27700"
    )
    return Boundaries(geography, frame)


LSOAS = squares(LSOA21, ["E01000001", "E01000002"], [500_000, 501_000, 502_000])
WARDS = squares(WD25, ["E05000001", "E05000002"], [500_000, 500_250, 502_005])


def test_ground_shares_people_out_and_slivers_of_generalised_outlines_are_left_out() -> None:
    weight = area_weights(LSOAS, WARDS).weights.set_index(["origin", "target"])["weight"].to_dict()
    assert weight == pytest.approx(
        {("E01000001", "E05000001"): 0.25, ("E01000001", "E05000002"): 0.75, ("E01000002", "E05000002"): 1.0}
    )
    nearly = squares(WD25, ["E05000001", "E05000002"], [500_000, 501_005, 502_000])
    assert len(area_weights(LSOAS, nearly).weights) == 2
    assert len(area_weights(LSOAS, nearly, sliver=0).weights) == 3
    away = squares(WD25, ["E05000001"], [600_000, 601_000])
    with pytest.raises(
        UnmatchedCodeError, match=r"E01000001 \(lsoa21\) touches no area of wd25 \(and 1 more\)"
    ):
        area_weights(LSOAS, away)


def test_best_fit_follows_people_and_not_ground() -> None:
    places = pd.DataFrame(
        {"LSOA21CD": ["E01000001", "E01000001", "E01000002"], "x": [500_100.0, 500_900.0, 501_500.0], "y": 200_500.0,
         "people": [90.0, 10.0, 5.0]}
    )  # fmt: skip
    centroids = population_centroids(places, LSOA21, count="people")
    assert centroids.loc["E01000001", "x"] == pytest.approx(500_180.0)  # 90 % of the way to the west
    fit = best_fit(centroids, LSOA21, WARDS).weights.set_index("origin")["target"].to_dict()
    assert fit == {"E01000001": "E05000001", "E01000002": "E05000002"}
    unweighted = best_fit(population_centroids(places, LSOA21), LSOA21, WARDS).weights
    assert set(unweighted["target"]) == {"E05000002"}


def test_membership_is_derived_and_said_where_look_up_and_boundaries_differ() -> None:
    stale = lookup_fit(
        pd.DataFrame({"LSOA21CD": list(LSOAS.codes), "WD24CD": ["E05000001", "E05000077"]}), LSOA21, WD24
    )
    made = derive_membership(LSOAS, WARDS, lookup=stale)
    assert made.target == WD25
    assert "ward (2024), the boundaries of ward (2025): membership was derived by geometry" in made.notes[0]
    assert "1 codes of the look-up (E05000077 first) have no boundary in wd25" in made.notes[1]
    some = UNITS[UNITS["LSOA21CD"] == "E01000001"]
    by_units = derive_membership(LSOAS, WARDS, units=some)
    weight = by_units.weights.set_index(["origin", "target"])["weight"].to_dict()
    assert weight == pytest.approx(
        {("E01000001", "E05000001"): 0.5, ("E01000001", "E05000002"): 0.5, ("E01000002", "E05000002"): 1.0}
    )
    assert "1 areas without unit postcodes (E01000002 first) were shared out by ground" in by_units.notes


@given(
    st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=30),
    st.integers(0, 10**7),
    st.randoms(use_true_random=False),
)
def test_whole_units_are_never_lost_and_order_does_not_matter(
    shares: list[float], total: int, random: object
) -> None:
    series = pd.Series(shares, index=[f"E0100{n:04d}" for n in range(len(shares))])
    if series.sum() == 0:
        series.iloc[0] = 1.0
    got = allocate_integers(series, total)
    assert got.sum() == total
    exact = series / series.sum() * total
    assert ((got - exact).abs() < 1 + 1e-6).all()
    shuffled = series.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(allocate_integers(shuffled, total).sort_index(), got)


def test_people_stay_whole_where_that_is_asked() -> None:
    made = oa_weights(UNITS, LSOA21, WD25, count="people")
    table = AreaTable(
        LSOA21,
        {
            "people": Column("People", "people", "count"),
            "score": Column("Score", "score", "score", base="people"),
        },
        pd.DataFrame(
            {"people": [7.0, 7.0, 7.0], "score": [1.0, 2.0, 3.0]}, index=[f"E0100000{n}" for n in (1, 2, 3)]
        ),
        SOURCE,
    )
    # Exactly 4.2 + 2.8 = 7.0 in ward 1 and 14.0 in ward 2.
    assert convert(table, made, whole=["people"]).values["people"].to_list() == [7.0, 14.0]
    odd = replace(table, values=table.values.assign(people=[5.0, 3.0, 3.0]))
    # 3 + 1.2 = 4.2 and 2 + 3 + 1.8 = 6.8: the larger remainder takes the odd one.
    assert convert(odd, made, whole=["people"]).values["people"].to_list() == [4.0, 7.0]
    with pytest.raises(AggregationError, match="score is a score; only counts can be kept whole"):
        convert(table, made, whole=["score"])


def test_of_equal_remainders_the_lower_code_is_served_first() -> None:
    assert allocate_integers(pd.Series({"b": 1.0, "a": 1.0, "c": 1.0}), 4).to_dict() == {
        "b": 1,
        "a": 2,
        "c": 1,
    }
    with pytest.raises(CrosswalkError, match="known and not negative"):
        allocate_integers(pd.Series({"a": -1.0}), 1)
    with pytest.raises(CrosswalkError, match="share of zero"):
        allocate_integers(pd.Series({"a": 0.0}), 1)


@st.composite
def crosswalk_units(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 7), st.integers(0, 4), st.floats(0, 500, allow_nan=False)),
            min_size=1,
            max_size=60,
        )
    )
    return units([(f"E0100000{o}", f"E0500000{t}", w) for o, t, w in rows])


@settings(deadline=None)
@given(crosswalk_units(), st.integers(0, 10**6))
def test_any_crosswalk_keeps_totals_and_rates_stay_between_their_parts(
    frame: pd.DataFrame, seed: int
) -> None:
    made = oa_weights(frame, LSOA21, WD25, count="people")
    codes = sorted(set(frame["LSOA21CD"]))
    random = np.random.default_rng(seed)
    base = random.integers(1, 3000, len(codes)).astype(float)
    count = np.floor(base * random.random(len(codes)))
    table = AreaTable(
        LSOA21,
        {
            "people": Column("People", "people", "count"),
            "poor": Column("Poor people", "people", "count"),
            "share": Column("Share", "share", "rate", base="people", count="poor"),
        },
        pd.DataFrame({"people": base, "poor": count, "share": count / base}, index=codes),
        SOURCE,
    )
    moved = convert(table, made)
    assert moved.values["people"].sum() == pytest.approx(base.sum(), rel=1e-12)
    assert moved.values["poor"].sum() == pytest.approx(count.sum(), rel=1e-12)
    parts = made.weights[made.weights["weight"] > 0]
    for code, share in moved.values["share"].items():
        origins = parts.loc[parts["target"] == code, "origin"]
        low, high = table.values.loc[origins, "share"].min(), table.values.loc[origins, "share"].max()
        assert low - 1e-9 <= share <= high + 1e-9
    shuffled = oa_weights(frame.sample(frac=1, random_state=seed), LSOA21, WD25, count="people")
    again = convert(table, shuffled)
    np.testing.assert_allclose(again.values.to_numpy(), moved.values.to_numpy(), rtol=1e-12)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12), st.lists(st.integers(0, 2), min_size=6, max_size=6)
)
def test_going_through_a_geography_between_is_the_direct_way_where_areas_nest(
    ward_of: list[int], district_of: list[int]
) -> None:
    lad = Geography("lad", 2025)
    lsoas = [f"E010000{n:02d}" for n in range(len(ward_of))]
    to_ward = dict(zip(lsoas, (f"E0500000{n}" for n in ward_of), strict=True))
    to_district = {f"E0500000{n}": f"E0600000{district_of[n]}" for n in range(6)}
    by_way = compose(nested(LSOA21, WD25, to_ward, method="a"), nested(WD25, lad, to_district, method="b"))
    direct = nested(LSOA21, lad, {code: to_district[ward] for code, ward in to_ward.items()}, method="c")
    assert by_way.exact
    order = ["origin", "target"]
    pd.testing.assert_frame_equal(
        by_way.weights[[*order, "weight"]].sort_values(order, ignore_index=True),
        direct.weights[[*order, "weight"]].sort_values(order, ignore_index=True),
    )


#  Figures found beforehand for Luton's wards of 2023, from its 3,233 live postcodes.
def test_real_luton_wards_lose_what_was_found_by_hand(real_data: Path) -> None:
    postcodes = pd.read_csv(real_data / "postcodes" / "luton_codepoint_open_2025_with_lsoa_ward.csv")
    published = pd.read_csv(real_data / "lookups" / "luton_lsoa21_wd24_lad24.csv")
    best = lookup_fit(published.rename(columns={"WD24CD": "WD25CD"}), LSOA21, WD25)
    made = postcode_weights(postcodes, LSOA21, WD25, best=best)
    measured = measure_misfit(made, best, postcodes.groupby("LSOA21CD").size().astype(float))
    names = published.set_index("WD24CD")["WD24NM"].drop_duplicates()
    lost = measured["lost_share"].rename(names)
    net = measured["net"].rename(names)
    assert measured["true"].sum() == 3233
    assert measured["lost"].sum() == pytest.approx(328)
    assert lost["Central"] == pytest.approx(0.28, abs=0.005)
    assert lost["Barnfield"] == pytest.approx(0.225, abs=0.0005)
    assert lost["Poets"] == pytest.approx(0.22, abs=0.005)
    assert lost["Beech Hill"] == pytest.approx(0.19, abs=0.005)
    assert net["Central"] == pytest.approx(-0.26, abs=0.005)
    assert net["Round Green"] == pytest.approx(0.22, abs=0.005)
    assert net["Northwell"] == pytest.approx(0.145, abs=0.0005)
    assert made.misfit["E05014739"] == pytest.approx(lost["Central"])
    # What one loses another gains: every person is somebody's.
    taken = sum(made.gained[code] * measured.loc[code, "true"] for code in made.gained)
    assert taken == pytest.approx(328)


def test_real_england_and_wales_changes_are_all_carried(real_data: Path) -> None:
    lookups = real_data / "lookups"
    ew = pd.read_csv(lookups / "lsoa11_lsoa21_lad22_exact_fit_ew.csv.gz")
    counts = change_counts(ew, LSOA11, LSOA21)
    assert (counts.unchanged, counts.split, counts.split_into) == (33_647, 861, 1_900)
    assert (counts.merged, counts.merged_into, counts.complex) == (239, 119, 6)
    oas = pd.read_csv(lookups / "oa21_lsoa21_msoa21_lad_pcon24_ew.csv.gz")
    people = oas.groupby("LSOA21CD")["census2021_usual_residents"].sum().astype(float)
    older = read_boundaries(real_data / "boundaries" / "england_lsoa11_bgc.parquet", LSOA11)
    newer = read_boundaries(real_data / "boundaries" / "england_lsoa21_bgc.parquet", LSOA21)
    cluster = ew[ew["CHGIND"] == "X"]
    ground = ground_shares(older.only(cluster["LSOA11CD"]), newer.only(cluster["LSOA21CD"]))
    made = exact_lookup(ew, LSOA11, LSOA21, residents=people, overlaps=ground)
    assert made.weights["origin"].nunique() == 34_753
    assert made.weights["target"].nunique() == 35_672
    assert made.weights["weight"].sum() == pytest.approx(34_753)


def test_real_ten_districts_whose_wards_changed_get_their_members_by_geometry(real_data: Path) -> None:
    published = pd.read_csv(real_data / "lookups" / "lsoa21_wd24_lad24_best_fit_ew.csv.gz")
    published = published[published["LSOA21CD"].str.startswith("E")]
    wards = read_boundaries(real_data / "boundaries" / "england_wd25_bgc.parquet", WD25)
    stale = ~published["WD24CD"].isin(wards.codes)
    assert published.loc[stale, "WD24CD"].nunique() == 326
    assert int(stale.sum()) == 1_610
    districts = sorted(published.loc[stale, "LAD24CD"].unique())
    assert len(districts) == 10
    one = districts[0]
    lsoas = read_boundaries(real_data / "boundaries" / "england_lsoa21_bgc.parquet", LSOA21, authority=one)
    made = derive_membership(lsoas, wards.within(one), lookup=lookup_fit(published, LSOA21, WD24))
    assert set(made.weights["origin"]) == set(lsoas.codes)
    assert "membership was derived by geometry" in made.notes[0]
    assert "have no boundary in wd25" in made.notes[1]
