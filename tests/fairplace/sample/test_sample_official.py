"""What the sample authority publishes: laid out as the real files are, and derived from its truth."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from fairplace.sample import Town

#  The sample's file on the left, the real one whose header it must have on the right.
TABLES = {
    "lookups/halverton_lsoa11_lsoa21_lad22.csv": "lookups/luton_lsoa11_lsoa21_lad22.csv",
    "lookups/halverton_lsoa21_wd24_lad24.csv": "lookups/luton_lsoa21_wd24_lad24.csv",
    "lookups/halverton_lsoa11_wd19_lad19.csv": "lookups/luton_lsoa11_wd19_lad19.csv",
    "lookups/halverton_oa21_lsoa21_msoa21_lad.csv": "lookups/luton_oa21_lsoa21_msoa21_lad.csv",
    "lookups/halverton_lsoa21_msoa21.csv": "lookups/luton_lsoa21_msoa21.csv",
    "lookups/halverton_lsoa11_msoa11.csv": "lookups/luton_lsoa11_msoa11.csv",
    "lookups/halverton_msoa11_msoa21_lad22.csv": "lookups/luton_msoa11_msoa21_lad22.csv",
    "lookups/halverton_msoa_hcl_names_2011_2021.csv": "lookups/luton_msoa_hcl_names_2011_2021.csv",
    "lookups/halverton_ruc21_lsoa21.csv": "lookups/luton_ruc21_lsoa21.csv",
    "imd/halverton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv": (
        "imd/luton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
    ),
    "imd/halverton_iod2025_underlying_indicators.csv": "imd/luton_iod2025_underlying_indicators.csv",
    "imd/halverton_iod2019_scores_ranks_deciles_denominators.csv": (
        "imd/luton_iod2019_scores_ranks_deciles_denominators.csv"
    ),
    **{
        f"census2021/halverton_census2021-{table}.csv": f"census2021/luton_census2021-{table}.csv"
        for table in (
            "ts054-lsoa", "ts044-lsoa", "ts052-lsoa", "ts011-lsoa", "ts021_5groups-lsoa", "ts038_2groups-lsoa",
            "age6-lsoa", "ts011-oa", "ts044-oa", "ts052-oa",
        )
    },
    **{
        f"income/halverton_saie_fye2020_{name}_msoa11.csv": f"income/luton_saie_fye2020_{name}_msoa11.csv"
        for name in ("total_annual", "net_annual", "net_bhc_equivalised", "net_ahc_equivalised")
    },
    "income/halverton_ons_msoa_income_fye2020.csv": "income/luton_ons_msoa_income_fye2020.csv",
    "income/halverton_fuel_poverty_lsoa_2022_LILEE.csv": "income/luton_fuel_poverty_lsoa_2022_LILEE.csv",
    "population/halverton_mid2020_population_lsoa11_single_year.csv": (
        "population/luton_mid2020_population_lsoa11_single_year.csv"
    ),
    "postcodes/halverton_codepoint_open_2025_with_lsoa_ward.csv": (
        "postcodes/luton_codepoint_open_2025_with_lsoa_ward.csv"
    ),
}  # fmt: skip


def header(path: Path) -> list[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig") as lines:
        return next(csv.reader(lines))


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_header_of_the_real_one(published: Path, real_data: Path, name: str) -> None:
    assert header(published / name) == header(real_data / TABLES[name])


@pytest.mark.parametrize(
    "layer", ["lsoa21_bgc", "lsoa11_bgc", "msoa21_bgc", "msoa11_bgc", "wd22_bgc", "wd25_bgc", "lad24_buc"]
)
def test_boundaries_have_the_properties_and_crs_of_the_real_ones(
    published: Path, real_data: Path, layer: str
) -> None:
    ours = json.loads((published / "boundaries" / f"halverton_{layer}.geojson").read_text())
    real = json.loads((real_data / "boundaries" / f"luton_{layer}.geojson").read_text())
    assert list(ours["features"][0]["properties"]) == list(real["features"][0]["properties"])
    assert ours["crs"] == real["crs"]
    assert "Fictional" in ours["description"]


def test_the_income_workbook_has_the_sheets_and_heading_row_of_the_real_one(
    published: Path, real_data: Path
) -> None:
    ours = openpyxl.load_workbook(published / "income" / "halverton_ons_saie_fye2020_msoa11.xlsx")
    real = openpyxl.load_workbook(real_data / "income" / "ons_saie_fye2020_msoa11.xlsx", read_only=True)
    assert ours.sheetnames == real.sheetnames
    for name in ours.sheetnames[3:7]:
        assert [cell.value for cell in ours[name][5]] == [
            cell.value for cell in next(real[name].iter_rows(min_row=5, max_row=5))
        ]
        assert ours[name].max_row == 5 + 11


def test_ranks_follow_scores_and_deciles_follow_ranks(published: Path) -> None:
    for pattern, areas in (("*File_7*", 33_755), ("*iod2019*", 32_844)):
        frame = pd.read_csv(next((published / "imd").glob(pattern)))
        for column in frame.columns:
            if "Rank (" not in column:
                continue
            rank = frame[column]
            assert rank.between(1, areas).all()
            assert rank.is_unique
            tenths = frame[
                column.replace(
                    "Rank (where 1 is most deprived)", "Decile (where 1 is most deprived 10% of LSOAs)"
                )
            ]
            assert (tenths == np.ceil(10 * rank / areas)).all()
            for score in (column.split(" Rank")[0] + suffix for suffix in (" Score", " Score (rate)")):
                if score in frame:
                    assert frame.sort_values(column)[score].is_monotonic_decreasing


def test_the_income_domain_counts_people_of_low_income(halverton: Town, published: Path) -> None:
    frame = pd.read_csv(next((published / "imd").glob("*File_7*"))).set_index("LSOA code (2021)")
    poor = halverton.truth["persons"].where(halverton.truth["equivalised_ahc"] < 0.7 * 623.1, 0)
    true = (
        poor.groupby(halverton.truth["LSOA21CD"]).sum() / halverton.truth.groupby("LSOA21CD")["persons"].sum()
    )
    # The count finds 92 % of them, and 4 % who are not.
    assert (frame["Income Score (rate)"] - true).abs().max() < 0.09
    assert frame["Total population: mid 2022"].sum() == halverton.truth["persons"].sum()


def test_ons_limits_hold_the_true_mean_about_as_often_as_they_should(
    halverton: Town, published: Path
) -> None:
    frame = pd.read_csv(
        published / "income" / "halverton_saie_fye2020_net_ahc_equivalised_msoa11.csv"
    ).set_index("MSOA code")
    true = halverton.truth.groupby("MSOA11CD")["equivalised_ahc"].mean() * 29_674 / 749.8
    inside = true.between(frame["Lower confidence limit (£)"], frame["Upper confidence limit (£)"])
    assert inside.mean() > 0.7
    assert np.corrcoef(true, frame["Net annual income after housing costs (£)"])[0, 1] > 0.8


def test_census_tables_agree_with_the_truth_but_not_exactly_with_each_other(
    halverton: Town, published: Path
) -> None:
    households = len(halverton.truth)
    totals = []
    for table in ("ts054", "ts044", "ts052", "ts011", "ts003", "ts017"):
        frame = pd.read_csv(published / "census2021" / f"halverton_census2021-{table}-lsoa.csv")
        assert len(frame) == 58
        totals.append(int(frame.iloc[:, 3].sum()))
        assert abs(totals[-1] - households) < 0.005 * households
    assert len(set(totals)) > 1


def test_household_composition_adds_up(published: Path) -> None:
    frame = pd.read_csv(published / "census2021" / "halverton_census2021-ts003-lsoa.csv")
    c = frame.rename(
        columns=lambda name: name.removeprefix("Household composition: ").removesuffix("; measures: Value")
    )
    parts = c["One person household"] + c["Single family household"] + c["Other household types"]
    assert (parts == c["Total"]).all()
    assert (
        c["One person household"]
        == c["One person household: Aged 66 years and over"] + c["One person household: Other"]
    ).all()
    assert c.shape[1] == 3 + 22


def test_terminated_postcodes_are_in_the_directory_and_not_among_the_live(published: Path) -> None:
    live = pd.read_csv(published / "postcodes" / "halverton_codepoint_open_2025_with_lsoa_ward.csv")
    every = pd.read_csv(published / "postcodes" / "halverton_nspl21_2025_05.csv", dtype=str)
    ended = every["doterm"].notna()
    assert set(live["Postcode"]) == set(every.loc[~ended, "pcds"])
    assert ended.sum() > 50
    assert every["pcd"].str.len().eq(7).all()
    assert every["pcd2"].str.len().eq(8).all()


def test_residents_of_output_areas_add_up_to_the_town(halverton: Town, published: Path) -> None:
    frame = pd.read_csv(published / "lookups" / "halverton_oa21_lsoa21_msoa21_lad.csv")
    assert frame["census2021_usual_residents"].sum() == halverton.truth["persons"].sum()
    fit = pd.read_csv(published / "lookups" / "halverton_oa21_wd25_lad25.csv")
    assert list(fit.columns) == ["OA21CD", "WD25CD", "WD25NM", "LAD25CD", "LAD25NM"]
    assert fit["WD25CD"].nunique() == 13
