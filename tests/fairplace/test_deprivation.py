"""Deprivation of wards and drawn areas: what the Index says of them, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairplace.deprivation import (
    DeprivationError,
    area_deprivation,
    compare_editions,
    deprivation_table,
    extent_weight,
    lsoa_deprivation,
    refuse_decile,
    summarise_deprivation,
    title,
)
from fairplace.disclosure import release
from fairplace.pack import Pack
from layers.crime import count_crime, read_crime
from layers.deprivation import read_deprivation


def test_the_extent_slides_from_the_eleventh_to_the_thirtieth_percentile() -> None:
    # Of 1,000 areas rank 100 ends the tenth, 101 to 110 are the eleventh percentile, 291 to 300 the thirtieth.
    got = extent_weight([1, 100, 101, 110, 111, 200, 291, 300, 301, 1000], 1000)
    step = 0.9 / 19
    assert got.tolist() == pytest.approx([1, 1, 0.95, 0.95, 0.95 - step, 0.95 - 9 * step, 0.05, 0.05, 0, 0])


def test_over_all_of_england_the_extent_is_what_its_weights_add_up_to() -> None:
    # A tenth weighs 1, twenty percentiles weigh 0.5 on average: 0.1 + 0.2 x 0.5 = 0.2.
    ranks = np.arange(1, 33_756)
    assert extent_weight(ranks, 33_755).mean() == pytest.approx(0.2, abs=1e-4)


#  Two LSOAs of 1,000 and 3,000 people; the ward takes all of the first and a third of the second.
#  score (1000 x 60 + 1000 x 20) / 2000 = 40; extent: weights 1 and 0, so 0.5.
LSOAS = pd.DataFrame(
    {"score": [60.0, 20.0], "rank": [300.0, 20_000.0], "people": [1000.0, 3000.0]}, index=["E1", "E2"]
)
WARD = pd.DataFrame({"origin": ["E1", "E2"], "target": ["W", "W"], "weight": [1.0, 1 / 3]})


def test_a_ward_has_a_score_an_extent_and_people() -> None:
    got = summarise_deprivation(LSOAS, WARD).loc["W"]
    assert got[["people", "score", "extent", "core20_people", "worst_tenth_share"]].tolist() == pytest.approx(
        [2000, 40, 0.5, 1000, 0.5]
    )
    assert not {"rank", "decile"} & set(got.index)


def test_an_lsoa_without_a_rank_counts_nowhere() -> None:
    lsoas = LSOAS.assign(rank=[300.0, np.nan])
    got = summarise_deprivation(lsoas, WARD).loc["W"]
    assert (got["people"], got["core20_share"]) == (1000, 1)


def test_a_ward_decile_is_refused_and_titles_name_their_edition() -> None:
    with pytest.raises(DeprivationError, match="no decile of wd25; show the population-weighted score"):
        refuse_decile("wd25")
    refuse_decile("lsoa21")
    assert title("Extent") == "Extent, IMD 2025"
    assert "not comparable" in compare_editions("imd19", "imd25")
    assert compare_editions("imd25", "imd25") == ""
    with pytest.raises(DeprivationError, match='"imd22" is not an edition'):
        title("Extent", "imd22")


def test_the_parts_of_the_sample_authority_add_up_to_it(sample_pack: Pack) -> None:
    released = release(sample_pack)
    whole = deprivation_table(released, "lad25").iloc[0]
    for key in ("lsoa21", "msoa21", "wd25"):
        parts = deprivation_table(released, key)
        for name in ("people", "core20_people", "worst_tenth_people"):
            assert parts[name].sum() == pytest.approx(whole[name])
        for name in ("score", "extent"):
            assert (parts[name] * parts["people"]).sum() / parts["people"].sum() == pytest.approx(whole[name])
        assert parts.attrs["title"] == "Deprivation, IMD 2025"
    figure = released.figures.query("indicator == 'core20_people_share' and geography == 'lad25'")["value"]
    assert float(figure.iloc[0]) == pytest.approx(whole["core20_share"])


def test_a_drawn_area_that_is_a_ward_has_the_wards_deprivation(sample_pack: Pack) -> None:
    released = release(sample_pack)
    wards = deprivation_table(released, "wd25")
    weights = released.crosswalk("lsoa21", "wd25").weights
    rows = weights[weights["target"] == wards.index[0]]
    got = area_deprivation(released, pd.Series(rows["weight"].to_numpy(), index=rows["origin"].to_numpy()))
    assert got.drop("lsoas").to_numpy(dtype=float) == pytest.approx(
        wards.iloc[0].drop(["name", "lsoas"]).to_numpy(dtype=float)
    )


def test_core20_of_luton_is_44_of_125_lsoas_with_its_people(luton_pack: Pack) -> None:
    released = release(luton_pack)
    lsoas = lsoa_deprivation(released)
    assert (len(lsoas), int(lsoas["core20"].sum())) == (125, 44)
    assert (np.ceil(lsoas["rank"] * 10 / 33_755) == lsoas["decile"]).all()
    deciles = lsoas["decile"].value_counts().reindex(range(1, 11), fill_value=0)
    assert deciles.tolist() == [17, 27, 20, 18, 12, 7, 6, 14, 4, 0]
    whole = deprivation_table(released, "lad25").iloc[0]
    assert whole["core20_people"] == lsoas.loc[lsoas["core20"], "people"].sum()
    assert (whole["people"], whole["core20_people"], whole["worst_tenth_people"]) == (225_239, 83_411, 31_388)
    assert whole["extent"] == pytest.approx(0.367, abs=5e-4)
    wards = deprivation_table(released, "wd25")
    assert len(wards) == 20
    assert wards["extent"].between(0, 1).all()
    assert wards["core20_people"].sum() == pytest.approx(whole["core20_people"])


def test_deciles_of_all_england_follow_from_the_ranks(real_data: Path) -> None:
    table = read_deprivation(real_data / "imd" / "iod2025_all_scores_ranks_deciles_england.csv.gz")
    ranks = table.values["imd25_rank"]
    assert (np.ceil(ranks * 10 / 33_755) == table.values["imd25_decile"]).all()


def test_crime_of_luton_is_counted_by_lsoa(real_data: Path) -> None:
    path = real_data / "points" / "police_uk_street_crime_luton_2021-05_2024-04.csv.gz"
    table = count_crime(path)
    assert len(read_crime(path).frame) == 65_669
    assert table.values["crime_all"].sum() == 65_669
    assert len(table.values) == 125
