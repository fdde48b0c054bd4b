"""ONS lookups; the invented town Northwell has one LSOA unchanged, one split, two merged, two redrawn."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geo.crosswalk import CrosswalkError, convert, nested
from geo.geography import Geography, GeographyError
from geo.source import Source
from geo.table import AreaTable, Column
from layers.areas import WrongFileError
from layers.lookups import (
    LSOA11,
    LSOA21,
    MSOA11,
    MSOA21,
    LsoaChanges,
    VintageError,
    check_vintage,
    explain_code,
    lsoa11_to_lsoa21,
    lsoa21_to_lsoa11,
    msoa11_to_msoa21,
    nest_by_name,
    nest_output_areas,
    read_lsoa_changes,
    read_msoa_names,
    read_output_areas,
    read_pairs,
)

CHANGES = """LSOA11CD,LSOA11NM,CHGIND,LSOA21CD,LSOA21NM,LAD22CD,LAD22NM
E01998001,Northwell 001A,U,E01998001,Northwell 001A,E06999001,Northwell
E01998002,Northwell 001B,S,E01999001,Northwell 001C,E06999001,Northwell
E01998002,Northwell 001B,S,E01999002,Northwell 001D,E06999001,Northwell
E01998003,Northwell 002A,M,E01999003,Northwell 002C,E06999001,Northwell
E01998004,Northwell 002B,M,E01999003,Northwell 002C,E06999001,Northwell
W01000001,Newport 001A,U,W01000001,Newport 001A,W06000022,Newport
"""


@pytest.fixture
def changes(tmp_path: Path) -> LsoaChanges:
    path = tmp_path / "changes.csv"
    path.write_text(CHANGES)
    return read_lsoa_changes(path)


def counts(values: dict[str, float]) -> AreaTable:
    source = Source("t", "Fuel poverty 2020", "P", "1", "2020", "OGL v3", file="fuel.csv")
    return AreaTable(LSOA11, {"n": Column("n", "people", "count")}, pd.DataFrame({"n": values}), source)


def test_changes_are_counted_once_for_each_area_of_2011(changes: LsoaChanges) -> None:
    assert changes.count() == {"unchanged": 1, "split": 1, "merged": 2, "redrawn": 0}
    assert changes.replaced_by("E01998002") == ("E01999001", "E01999002")
    assert changes.replaced("E01999003") == ("E01998003", "E01998004")


def test_a_split_area_is_shared_by_residents_and_nobody_is_lost(changes: LsoaChanges) -> None:
    residents = pd.Series({"E01998001": 100.0, "E01999001": 30.0, "E01999002": 10.0, "E01999003": 50.0})
    crosswalk = lsoa11_to_lsoa21(changes, residents21=residents)
    moved = convert(
        counts({"E01998001": 5.0, "E01998002": 8.0, "E01998003": 2.0, "E01998004": 3.0}), crosswalk
    )
    # 8 people of the split area: 30 of 40 residents live in the first part, 10 in the second.
    assert moved.values["n"].to_dict() == {"E01998001": 5, "E01999001": 6, "E01999002": 2, "E01999003": 5}
    assert not crosswalk.exact


def test_a_part_without_residents_is_named(changes: LsoaChanges) -> None:
    with pytest.raises(CrosswalkError, match="E01999002 is a part of a divided area"):
        lsoa11_to_lsoa21(changes, residents21=pd.Series({"E01998001": 1.0, "E01999001": 1.0}))


def test_a_table_of_2011_against_areas_of_2021_names_code_vintage_and_successors(
    changes: LsoaChanges,
) -> None:
    with pytest.raises(
        VintageError,
        match=r"E01998002 of Fuel poverty 2020 .*is not a Lower layer Super Output Area \(2021\); it is a "
        r"code of 2011 \(Northwell 001B\), split into E01999001 and E01999002 in 2021",
    ):
        check_vintage(["E01998001", "E01998002"], LSOA21, where="Fuel poverty 2020", changes=changes)


def test_a_table_of_2021_against_areas_of_2011_says_what_it_was_made_of(changes: LsoaChanges) -> None:
    with pytest.raises(VintageError, match=r"a code of 2021 .*made of E01998003 and E01998004 of 2011"):
        check_vintage(["E01999003"], LSOA11, where="t", changes=changes)


def test_wards_of_another_year_are_told_by_their_year() -> None:
    held = {"wd22": {"E05002193"}, "wd25": {"E05014735"}}
    with pytest.raises(
        VintageError, match=r"E05002193 .*is not a ward \(2025\); it is a code of a ward of 2022"
    ):
        check_vintage(["E05002193"], Geography("wd", 2025), where="wards.csv", held=held)


def test_codes_are_explained_without_a_lookup_as_far_as_they_can_be() -> None:
    assert "did not exist in 2011" in explain_code("E01033801")
    assert "may have been replaced" in explain_code("E01015741")
    assert explain_code("luton") == "not a code of an area in England"


def test_a_lookup_of_wards_of_2024_does_not_serve_2025(tmp_path: Path) -> None:
    path = tmp_path / "wards.csv"
    path.write_text("LSOA21CD,LSOA21NM,WD24CD,WD24NM,LAD24CD,LAD24NM\nE01999001,N,E05999001,W,E06999001,N\n")
    with pytest.raises(WrongFileError, match="no column WD25CD: it holds WD24CD, of another year"):
        read_pairs(path, LSOA21, Geography("wd", 2025))
    crosswalk = read_pairs(path, LSOA21, Geography("wd", 2024))
    assert not crosswalk.exact
    assert crosswalk.method == "ONS best fit lookup"


def test_a_lookup_with_two_targets_is_refused_by_the_reader_of_one(tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    path.write_text(CHANGES)
    with pytest.raises(CrosswalkError, match="E01998002 lies in E01999001 and E01999002"):
        read_pairs(path, LSOA11, LSOA21)


def test_a_mangled_code_in_a_lookup_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "changes.csv"
    path.write_text(CHANGES.replace("M,E01999003", "M,1.999E+09", 1))
    with pytest.raises(GeographyError, match=r'changes\.csv, "LSOA21CD" row 5'):
        read_lsoa_changes(path)


def test_output_areas_give_every_level_and_residents(tmp_path: Path) -> None:
    path = tmp_path / "oa.csv"
    path.write_text(
        "OA21CD,LSOA21CD,MSOA21CD,LADCD,PCON24CD,RGNCD,census2021_usual_residents\n"
        "E00999002,E01999001,E02999001,E06999001,E14999001,E12000006,120\n"
        "E00999001,E01999001,E02999001,E06999001,E14999001,E12000006,80\n"
        "W00000001,W01000001,W02000001,W06000022,W07000001,W92000004,80\n"
    )
    got = read_output_areas(path)
    assert got["oa21"].tolist() == ["E00999001", "E00999002"]
    assert got["residents"].sum() == 200
    assert nest_output_areas(got, LSOA21, MSOA21).exact


def test_names_tell_the_msoa_where_no_lookup_does() -> None:
    got = nest_by_name({"E01999001": "Northwell 001A"}, {"E02999001": "Northwell 001"}, 2011)
    assert got.weights["target"].tolist() == ["E02999001"]
    with pytest.raises(CrosswalkError, match='0 MSOAs are called "Northwell 002"'):
        nest_by_name({"E01999001": "Northwell 002A"}, {"E02999001": "Northwell 001"}, 2011)


def test_a_split_msoa_is_derived_through_its_lsoas(changes: LsoaChanges) -> None:
    lower = nested(LSOA11, MSOA11, dict.fromkeys(["E01998001", "E01998002"], "E02998001"), method="t")
    upper = nested(
        LSOA21,
        MSOA21,
        {"E01998001": "E02998001", "E01999001": "E02998001", "E01999002": "E02998009"},
        method="t",
    )
    residents = pd.Series({"E01998001": 60.0, "E01999001": 20.0, "E01999002": 20.0})
    kept = changes.only(["E01998001", "E01999001", "E01999002"])
    got = msoa11_to_msoa21(kept, lower, upper, residents21=residents).weights
    assert dict(zip(got["target"], got["weight"], strict=True)) == {"E02998001": 0.8, "E02998009": 0.2}
    with pytest.raises(CrosswalkError, match="E01999003 has no MSOA"):
        msoa11_to_msoa21(changes, lower, upper, residents21=residents)


# --- real files -----------------------------------------------------------------------------------


def test_luton_is_118_unchanged_and_3_split_into_7(real_data: Path) -> None:
    for name in ("luton_lsoa11_lsoa21_lad22.csv", "lsoa11_lsoa21_lad22_exact_fit_ew.csv.gz"):
        got = read_lsoa_changes(real_data / "lookups" / name)
        areas = read_output_areas(real_data / "lookups" / "luton_oa21_lsoa21_msoa21_lad.csv")
        luton = got.only(set(areas["lsoa21"]))
        assert luton.count() == {"unchanged": 118, "split": 3, "merged": 0, "redrawn": 0}
        split = luton.pairs[luton.pairs["change"] == "S"]
        assert (split["lsoa11"].nunique(), split["lsoa21"].nunique()) == (3, 7)


def test_the_split_of_luton_018_keeps_both_parts(real_data: Path) -> None:
    folder = real_data / "lookups"
    areas = read_output_areas(folder / "luton_oa21_lsoa21_msoa21_lad.csv")
    got = msoa11_to_msoa21(
        read_lsoa_changes(folder / "luton_lsoa11_lsoa21_lad22.csv"),
        read_pairs(folder / "luton_lsoa11_msoa11.csv", LSOA11, MSOA11),
        read_pairs(folder / "luton_lsoa21_msoa21.csv", LSOA21, MSOA21),
        residents21=areas.groupby("lsoa21")["residents"].sum(),
    )
    # The published copy names only the first of the two.
    parts = got.weights[got.weights["origin"] == "E02003275"]["target"].tolist()
    assert parts == ["E02006937", "E02006938"]
    assert got.weights["target"].nunique() == 22


def test_england_wide_lookups_read_whole(real_data: Path) -> None:
    folder = real_data / "lookups"
    areas = read_output_areas(folder / "oa21_lsoa21_msoa21_lad_pcon24_ew.csv.gz")
    assert areas["lsoa21"].nunique() == 33_755
    assert nest_output_areas(areas, LSOA21, MSOA21).weights["target"].nunique() == 6_856
    back = lsoa21_to_lsoa11(read_lsoa_changes(folder / "lsoa11_lsoa21_lad22_exact_fit_ew.csv.gz"))
    assert back.weights["origin"].nunique() == 33_755
    assert back.weights["target"].nunique() == 32_844


def test_names_of_msoas_cover_luton(real_data: Path) -> None:
    assert len(read_msoa_names(real_data / "lookups" / "luton_msoa_hcl_names_2011_2021.csv")) == 22
    assert len(read_msoa_names(real_data / "lookups" / "luton_msoa11_names_hcl.csv")) == 21
