"""The disclosure rules one by one, on tables small enough to check by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from shapely import box

from fairplace.disclosure import (
    DisclosureError,
    Nest,
    Sums,
    release,
    release_area_figures,
    release_figures,
)
from fairplace.numbers import show
from fairplace.own_shares import round_base, round_share, step_of
from fairplace.pack import Pack
from fairplace.suppression import SuppressionError, Total, protect
from geo.figures import FIGURE_KEY, tidy_figures
from geo.place import Area
from geo.source import Source

OWN = Source("referrals", "Referrals", "The council", "2025", "2025", "council")
AUDIT = replace(OWN, id="housing_audit")
SURVEY = replace(OWN, id="estates_survey")
CENSUS = Source("census", "Census table", "ONS", "2021", "2021", "OGL v3", controlled=True)
SOURCES = {one.id: one for one in (OWN, AUDIT, SURVEY, CENSUS)}
LSOAS = [f"E0199900{n}" for n in range(1, 5)]
MSOAS = ["E02999001", "E02999002"]
LAD = "E06999001"
NESTS = [
    Nest("lsoa21", "msoa21", dict(zip(LSOAS, [MSOAS[0], MSOAS[0], MSOAS[1], MSOAS[1]], strict=True))),
    Nest("msoa21", "lad25", dict.fromkeys(MSOAS, LAD)),
    Nest("lsoa21", "lad25", dict.fromkeys(LSOAS, LAD)),
]


def rows(geography: str, values: dict[str, float], **more: object) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "code": code,
                "geography": geography,
                "indicator": "referrals",
                "period": "2025",
                "value": value,
                "unit": "people",
                "basis": "counted",
                "status": "ok",
                "floor": "lsoa21",
                "source": "referrals",
                **more,
            }
            for code, value in values.items()
        ]
    )


def shown(*parts: pd.DataFrame, **more: object) -> pd.DataFrame:
    options = {"sources": SOURCES, "edition": "public", "nests": NESTS, **more}
    return release_figures(tidy_figures(parts), **options)[0]  # type: ignore[arg-type]


def hidden(frame: pd.DataFrame) -> set[tuple[str, str]]:
    gone = frame[frame["status"] == "suppressed"]
    assert gone[["value", "low", "high", "count", "base"]].isna().all().all()
    return set(zip(gone["code"], gone["group"], strict=True))


#            MSOA 1: 22              MSOA 2: 31
#  LSOA:  2 (hidden)   20          15         16        district 53
#
#  The 20 must go with the 2, for 22 - 20 is 2; nothing else need.
TOWN = [
    rows("lsoa21", dict(zip(LSOAS, [2.0, 20.0, 15.0, 16.0], strict=True))),
    rows("msoa21", dict(zip(MSOAS, [22.0, 31.0], strict=True))),
    rows("lad25", {LAD: 53.0}),
]


def test_the_neighbour_that_would_give_a_hidden_count_away_goes_with_it() -> None:
    assert hidden(shown(*TOWN)) == {(LSOAS[0], ""), (LSOAS[1], "")}
    assert hidden(shown(*TOWN, secondary=False)) == {(LSOAS[0], "")}


def test_two_small_neighbours_do_not_protect_each_other_if_their_sum_is_small() -> None:
    # 2 and 1 under a total of 3 are all small whatever they are; the total of 3 is small itself, and with
    # the other MSOA it must not come out of the district's.
    got = hidden(
        shown(
            rows("lsoa21", dict(zip(LSOAS, [2.0, 1.0, 15.0, 16.0], strict=True))),
            rows("msoa21", dict(zip(MSOAS, [3.0, 31.0], strict=True))),
            rows("lad25", {LAD: 34.0}),
        )
    )
    assert {(LSOAS[0], ""), (LSOAS[1], ""), (MSOAS[0], ""), (MSOAS[1], "")} <= got
    # One more LSOA goes too: two visible ones would add up to their MSOA.
    assert len(got & {(LSOAS[2], ""), (LSOAS[3], "")}) == 1


def test_a_hidden_group_is_not_left_over_from_all() -> None:
    parts = [
        rows("lad25", {LAD: value}, group=group)
        for group, value in {"": 40.0, "a": 3.0, "b": 17.0, "c": 20.0}.items()
    ]
    got = hidden(shown(*parts))
    assert (LAD, "a") in got
    assert (LAD, "") not in got
    assert len(got) == 2


def test_a_rest_that_is_counted_but_not_listed_gives_nothing_away() -> None:
    # All 7, a 5, b 1, and one whose group was not asked: b is 2 at most, which a reader can work out.
    parts = [
        rows("lad25", {LAD: value}, group=group) for group, value in {"": 7.0, "a": 5.0, "b": 1.0}.items()
    ]
    assert {(LAD, "b"), (LAD, "a")} <= hidden(shown(*parts))


def test_indicators_that_add_up_are_told_so() -> None:
    parts = [
        rows("lad25", {LAD: number}, indicator=name, source="sessions")
        for name, number in {"referrals": 30.0, "attended": 27.0, "missed": 3.0}.items()
    ]
    gone = lambda frame: set(frame.loc[frame["status"] == "suppressed", "indicator"])  # noqa: E731
    assert gone(shown(*parts)) == {"missed"}
    adds = Sums(("referrals", ""), (("attended", ""), ("missed", "")))
    assert gone(shown(*parts, sums=[adds])) == {"attended", "missed"}


def test_a_count_hidden_under_one_name_is_not_shown_as_the_count_of_a_share() -> None:
    share = rows("lsoa21", dict.fromkeys(LSOAS, 0.1), indicator="referred_share", unit="share", base=200.0)
    share["count"] = [2.0, 20.0, 15.0, 16.0]
    got = shown(*TOWN, share)
    gone = got[got["status"] == "suppressed"]
    assert set(zip(gone["indicator"], gone["code"], strict=True)) == {
        (name, code) for name in ("referrals", "referred_share") for code in LSOAS[:2]
    }


def test_almost_all_is_as_telling_as_almost_nobody() -> None:
    # 48 of 50 homes passed: two did not.
    homes = {"unit": "share", "source": "housing_audit", "indicator": "above_e_share"}
    got = shown(rows("lad25", {LAD: 0.96}, count=48.0, base=50.0, **homes))
    assert hidden(got) == {(LAD, "")}
    assert not hidden(shown(rows("lad25", {LAD: 0.88}, count=44.0, base=50.0, **homes)))
    assert not hidden(shown(rows("lad25", {LAD: 1.0}, count=50.0, base=50.0, **homes)))


def test_an_estate_with_fewer_than_ten_replies_is_not_shown() -> None:
    survey = {"unit": "share", "source": "estates_survey", "indicator": "feels_safe_share"}
    assert hidden(shown(rows("lad25", {LAD: 0.0}, count=0.0, base=9.0, **survey))) == {(LAD, "")}
    assert not hidden(shown(rows("lad25", {LAD: 0.0}, count=0.0, base=10.0, **survey)))


def test_own_bases_are_rounded_and_their_shares_with_them() -> None:
    # 31 of 98 is 31.6 %. 98 to 102 all become 100, of which a step of 2 % is at least one: 32 %.
    row = rows("lad25", {LAD: 31 / 98}, count=31.0, base=98.0, low=0.23, high=0.41, unit="share")
    got = shown(row).iloc[0]
    assert (got["base"], got["value"]) == (100.0, 0.32)
    assert np.isnan(got["count"]), "beside the share it would tell which base it was"
    assert (got["low"], got["high"]) == (0.22, 0.42)
    all_of_them = shown(rows("lad25", {LAD: 1.0}, count=12.0, base=12.0, unit="share")).iloc[0]
    assert (all_of_them["base"], all_of_them["value"]) == (10.0, 1.0)  # all stay all
    assert show(got).with_range == "32% (22% to 42%)"
    census = shown(row.assign(source="census")).iloc[0]
    assert (census["base"], census["count"]) == (98.0, 31.0)
    assert show(census).value == "31.6%"


@pytest.mark.parametrize(
    ("count", "base", "near", "share"),
    [(13, 18, 20, 0.7), (7, 14, 15, 0.5), (41, 87, 85, 0.48), (5, 72, 70, 0.08), (1802, 2503, 2505, 0.72)],
)
def test_a_share_is_right_to_the_step_of_its_rounded_base(
    count: int, base: int, near: int, share: float
) -> None:
    row = rows("lad25", {LAD: count / base}, count=float(count), base=float(base), unit="share")
    got = shown(row).iloc[0]
    assert (got["base"], got["value"]) == (near, share)
    assert abs(got["value"] - count / base) <= 0.6 * step_of(near)


def test_a_share_of_a_rounded_base_is_possible_of_more_than_one_base() -> None:
    for hide_up_to in (1, 4, 7):
        bases: dict[tuple[float, float], set[int]] = {}
        wanted: dict[float, set[int]] = {}
        for base in range(8, 503):
            for count in (0, *range(hide_up_to + 1, base - hide_up_to), base):
                near = round_base(base)
                bases.setdefault((near, round_share(count / base, near, hide_up_to)), set()).add(base)
                wanted.setdefault(near, set()).add(base)
        assert all(len(one) > 1 for one in bases.values())
        # Nearly always it is any of them; the others are shares next to those that are hidden.
        assert sum(one == wanted[near] for (near, _), one in bases.items()) > 0.98 * len(bases)


def test_a_share_whose_count_stands_by_itself_is_that_count_of_the_rounded_base() -> None:
    # A reader has the 100 and the 105: 100 of 107 is 93.5 %, which is so of no other base.
    share = rows("lad25", {LAD: 100 / 107}, indicator="came_share", count=100.0, base=107.0, unit="share")
    got = shown(rows("lad25", {LAD: 100.0}), share).set_index("indicator").loc["came_share"]
    assert (got["base"], got["value"]) == (105.0, 0.95)


def test_all_of_a_survey_is_rounded_alike_with_how_many_replied() -> None:
    survey = {"source": "estates_survey", "basis": "survey"}
    replied = {"a": 18.0, "b": 24.0}
    parts = [
        rows("lad25", {LAD: number}, indicator="replies", unit="replies", group=group, **survey)
        for group, number in replied.items()
    ]
    # Everybody answered whether they feel safe; one of b did not say whether the home is warm.
    for name, bases in (("safe", replied), ("warm", {"a": 18.0, "b": 23.0})):
        parts += [
            rows("lad25", {LAD: 13 / base}, indicator=name, unit="share", group=group, count=13.0, base=base, **survey)
            for group, base in bases.items()
        ]  # fmt: skip
    got = shown(*parts).set_index(["indicator", "group"])
    assert got.loc["replies", "value"].to_dict() == {"a": 20.0, "b": 25.0}
    assert got.loc[["safe", "warm"], "base"].to_list() == [20.0, 25.0, 20.0, 25.0]
    assert got.loc[["safe", "warm"], "value"].to_list() == [0.7, 0.55, 0.7, 0.55]
    assert got.loc[["safe", "warm"], "count"].isna().all()


def test_a_base_that_is_shown_as_a_count_is_left_as_it_is() -> None:
    # 231 of 333 referred attended: 69.4 %, and the 333 stand in a row of their own.
    share = rows("lad25", {LAD: 231 / 333}, indicator="attended_share", count=231.0, base=333.0, unit="share")
    got = shown(rows("lad25", {LAD: 333.0}), share).set_index("indicator")
    assert got.loc["attended_share", "base"] == 333.0
    assert got.loc["attended_share", "value"] == pytest.approx(0.694, abs=5e-4)
    alone = shown(share).set_index("indicator")
    assert (alone.loc["attended_share", "base"], alone.loc["attended_share", "value"]) == (335.0, 0.69)


@pytest.mark.parametrize(("limit", "gone"), [(1, False), (4, False), (5, True), (7, True)])
def test_the_limit_can_be_set(limit: int, gone: bool) -> None:
    assert bool(hidden(shown(rows("lad25", {LAD: 5.0}), hide_up_to=limit))) is gone


@pytest.mark.parametrize("limit", [0, 8, -1])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(DisclosureError, match=f"hide_up_to is {limit}; set it from 1 to 7"):
        shown(rows("lad25", {LAD: 5.0}), hide_up_to=limit)


def test_own_counts_are_public_on_one_geography_and_what_is_made_of_it() -> None:
    parts = [
        *TOWN,
        rows("wd25", {"E05999001": 30.0, "E05999002": 23.0}),
        rows("wd22", {"E05998001": 26.0, "E05998002": 27.0}),
        rows("area", {"area-0123456789ab": 26.0}),
    ]
    got = shown(*parts)
    assert set(got["geography"]) == {"lsoa21", "msoa21", "lad25"}
    # Without LSOAs the wards of the later year are the one geography; those of the earlier never beside.
    coarse = shown(*(part.assign(floor="wd25") for part in parts))
    assert set(coarse["geography"]) == {"wd25", "lad25"}
    # Inside the organisation all of them, with small counts hidden all the same.
    officer = shown(*parts, edition="officer")
    assert set(officer["geography"]) == {"lsoa21", "msoa21", "lad25", "wd25", "wd22", "area"}
    assert (LSOAS[0], "") in hidden(officer)
    # Published tables are on every geography, as published.
    census = shown(*(part.assign(source="census") for part in parts))
    assert len(census) == sum(len(part) for part in parts)
    assert not hidden(census)


def _area(residents: float, households: float) -> Area:
    nobody = pd.DataFrame({"geography": [], "code": [], "share": []})
    return Area(
        "area-0123456789ab", "The triangle", "drawn", "area", box(0, 0, 1, 1), nobody, pd.Series(dtype=float),
        "centre", False, residents, households,
    )  # fmt: skip


def test_a_drawn_area_has_published_figures_only_and_the_model_only_if_it_is_large() -> None:
    figures = tidy_figures(
        [
            rows("area", {"area-0123456789ab": 60.0}),
            rows("area", {"area-0123456789ab": 90.0}, indicator="residents", source="census"),
            rows(
                "area",
                {"area-0123456789ab": 50.0},
                indicator="mis_people_below",
                source="census",
                basis="modelled",
            ),
        ]
    )
    call = {"sources": SOURCES, "edition": "public"}
    small, why = release_area_figures(_area(600, 250), figures, **call)  # type: ignore[arg-type]
    assert set(small["indicator"]) == {"residents"}
    assert why["too small for the model"] == 1
    large, _ = release_area_figures(_area(1000, 400), figures, **call)  # type: ignore[arg-type]
    assert set(large["indicator"]) == {"residents", "mis_people_below"}
    with pytest.raises(DisclosureError, match="90 residents in 60 households"):
        release_area_figures(_area(90, 60), figures, **call)  # type: ignore[arg-type]
    officer, _ = release_area_figures(_area(90, 60), figures, sources=SOURCES, edition="officer")
    assert len(officer) == 3


def test_published_small_counts_of_the_sample_authority_are_shown(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    own = [key for key, one in released.sources.items() if not one.controlled]
    published = released.figures[~released.figures["source"].isin(own)]
    before = sample_pack.figures.merge(published[[*FIGURE_KEY]], on=FIGURE_KEY)
    # What was hidden before it came into the pack stays hidden; nothing is added to it.
    assert (published["status"] == "suppressed").sum() == (before["status"] == "suppressed").sum()
    assert sample_pack.sources["iod2025"].controlled


def test_no_ward_of_the_sample_authority_is_hidden_by_itself_under_a_shown_district(
    sample_pack: Pack,
) -> None:
    # Wards add up to the district whether or not the pack has a crosswalk that says so. The sample's own
    # counts are doubled under a new name, with one ward made small.
    figures = sample_pack.figures
    wards = sorted(sample_pack.areas("wd25").index)
    counts = {code: 20.0 + n for n, code in enumerate(wards)} | {wards[0]: 3.0}
    own = [
        rows("wd25", counts, source="sessions", floor="wd25"),
        rows("lad25", {sample_pack.authority: sum(counts.values())}, source="sessions", floor="wd25"),
    ]
    with_own = replace(sample_pack)
    object.__setattr__(with_own, "__dict__", {**with_own.__dict__, "figures": tidy_figures([figures, *own])})
    got = release(with_own).figures.query("source == 'sessions'")
    hidden_wards = got[got["status"] == "suppressed"]["code"].tolist()
    assert wards[0] in hidden_wards
    assert len(hidden_wards) == 2


def test_published_small_counts_of_luton_are_shown(luton_pack: Pack) -> None:
    released = release(luton_pack, "public")
    assert not (released.figures["status"] == "suppressed").any()
    assert released.hidden["small numbers"] == 0


def test_draws_come_without_what_the_geography_is_too_small_for(sample_pack: Pack) -> None:
    codes, draws = release(sample_pack, "public").draws("lsoa21")
    assert draws["people_below"].shape[0] == len(codes)
    # Half of the standard, young children and pounds a week are for wards and above.
    assert not {"people_below_50", "children_below_50", "children_0_4_below", "shortfall"} & set(draws)
    assert "people_below_50" in release(sample_pack, "officer").draws("lsoa21")[1]


# --- protection by itself --------------------------------------------------------------------------


def test_a_table_of_two_ways_of_summing_is_protected_by_a_ring_of_four() -> None:
    #   2  9 | 11
    #   8  7 | 15     the 2 takes 9, 8 and 7 with it, and the margins stay
    #  -- -- | --
    #  10 16 | 26
    values = np.array([2.0, 9, 11, 8, 7, 15, 10, 16, 26])
    totals = [
        Total(2, (0, 1)),
        Total(5, (3, 4)),
        Total(8, (6, 7)),
        Total(6, (0, 3)),
        Total(7, (1, 4)),
        Total(8, (2, 5)),
    ]
    got = protect(
        values, totals, small=values == 2, hide_up_to=4, costs=np.array([1, 1, 9, 1, 1, 9, 9, 9, 99.0])
    )
    assert np.flatnonzero(got).tolist() == [0, 1, 3, 4]


def test_what_no_table_can_protect_takes_only_what_is_summed_with_it() -> None:
    # 1 and 1 under 2 are small whatever they are, and the 2 is beside 9 under a total that is shown; the
    # 30 and 40 of another table add up to nothing of theirs.
    values = np.array([1.0, 1, 2, 9, 11, 30, 40, 70])
    totals = [Total(2, (0, 1)), Total(4, (2, 3)), Total(7, (5, 6))]
    small = np.array([True, True, True, False, False, False, False, False])
    got = protect(values, totals, small=small, hide_up_to=4, caps=np.array([1.0, 1, 2, 9, 11, 30, 40, 70]))
    assert got[:3].all()
    assert not got[5:].any()


def test_zeros_are_shown_and_protect_nobody() -> None:
    # 3 and three zeros under 3: whatever is hidden besides, the zeros stay.
    values = np.array([3.0, 0, 0, 0, 3])
    got = protect(values, [Total(4, (0, 1, 2, 3))], small=(values > 0) & (values <= 4), hide_up_to=4)
    assert np.flatnonzero(got).tolist() == [0, 4]


def test_sums_that_do_not_hold_are_refused() -> None:
    with pytest.raises(SuppressionError, match="parts add to 9 and their total is 8"):
        protect(np.array([4.0, 5, 8]), [Total(2, (0, 1))], small=np.array([True, False, False]), hide_up_to=4)
    with pytest.raises(SuppressionError, match="whole numbers"):
        protect(np.array([1.5]), [], small=np.array([True]), hide_up_to=4)
