"""Indices of Deprivation (File 7 of 2025 and 2019) and Nomis bulk tables: invented rows, real headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.geography import GeographyError
from geo.table import TableError
from layers.areas import WrongFileError
from layers.census import load_tables, read_census
from layers.deprivation import read_deprivation, read_deprivation_indicators
from layers.symbols import CellError

IOD25 = (
    "LSOA code (2021),LSOA name (2021),Local Authority District code (2024),"
    "Index of Multiple Deprivation (IMD) Score,"
    "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived),"
    "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs),"
    "Income Score (rate),Total population: mid 2022\n"
)
TENURE = (
    "date,geography,geography code,Tenure of household: Total: All households,Tenure of household: Owned,"
    "Tenure of household: Owned: Owns outright\n"
)


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_index_carries_its_vintage_direction_base_and_papers(tmp_path: Path) -> None:
    rows = 'E01999001,Northwell 001A,E06999001,31.5,"5,210",2,0.21,1500\n'
    got = read_deprivation(write(tmp_path, IOD25 + rows))
    assert got.geography.key == "lsoa21"
    assert got.value("E01999001", "imd25_rank") == 5210
    assert got.columns["imd25_decile"].direction == "1 = most deprived"
    assert got.columns["imd25_decile"].measure == "rank"
    assert got.columns["imd25_income_rate"].base == "imd25_population"
    assert got.names["E01999001"] == "Northwell 001A"
    assert got.source.id == "iod2025"
    assert len(got.source.sha256) == 64
    assert any("idaci25_rate" in note for note in got.notes)


def test_without_its_own_denominator_a_rate_names_one_that_others_hold(tmp_path: Path) -> None:
    text = IOD25.replace(",Total population: mid 2022", "") + "E01999001,N,E06999001,31.5,5210,2,0.21\n"
    assert read_deprivation(write(tmp_path, text)).columns["imd25_income_rate"].base == "residents"


def test_only_the_areas_asked_for_come_back_but_every_code_is_checked(tmp_path: Path) -> None:
    text = IOD25 + "E01999001,N,E06999001,3,1,1,0.2,10\nE01999002,N,E06999001,3,2,1,0.2,10\n"
    assert list(read_deprivation(write(tmp_path, text), codes=["E01999002"]).codes) == ["E01999002"]
    with pytest.raises(GeographyError, match="row 4"):
        read_deprivation(write(tmp_path, text + "1.02E+06,N,E06999001,3,2,1,0.2,10\n"), codes=["E01999002"])


def test_a_code_that_a_spreadsheet_has_mangled_is_named_with_its_row(tmp_path: Path) -> None:
    text = TENURE + "2021,N,E01999001,10,5,2\n2021,N,1.999E+09,10,5,2\n"
    with pytest.raises(GeographyError, match=r't\.csv, "geography code" row 3: .*"1\.999E\+09", a number'):
        read_census(write(tmp_path, text))


def test_a_code_that_stands_there_twice_is_named_with_both_rows(tmp_path: Path) -> None:
    text = TENURE + "2021,N,E01999001,10,5,2\n2021,N,E01999002,10,5,2\n2021,N,E01999001,11,5,2\n"
    with pytest.raises(TableError, match=r"t\.csv: E01999001 stands on rows 2, 4"):
        read_census(write(tmp_path, text))


def test_welsh_rows_are_set_aside_and_counted(tmp_path: Path) -> None:
    text = TENURE + "2021,N,E01999001,10,5,2\n2021,Newport 1,W01000001,10,5,2\n"
    got = read_census(write(tmp_path, text))
    assert list(got.codes) == ["E01999001"]
    assert "rows outside England were set aside: 1 of Wales" in got.notes


def test_hidden_and_missing_counts_stay_apart(tmp_path: Path) -> None:
    got = read_census(write(tmp_path, TENURE + "2021,N,E01999001,10,c,[x]\n"))
    assert got.status.loc["E01999001"].tolist() == ["ok", "suppressed", "missing"]


def test_a_cell_that_is_no_number_is_named(tmp_path: Path) -> None:
    with pytest.raises(CellError, match=r't\.csv row 2: "Tenure of household: Owned" is "five"'):
        read_census(write(tmp_path, TENURE + "2021,N,E01999001,10,five,2\n"))


def test_a_census_file_tells_its_table_and_its_geography(tmp_path: Path) -> None:
    got = read_census(write(tmp_path, TENURE + "2021,,E00999001,10,5,2\n"))
    assert got.geography.key == "oa21"
    assert list(got.columns) == ["ts054_households", "ts054_owned", "ts054_owned_outright"]
    assert got.source.id == "census2021_ts054"


def test_every_known_census_table_reads_in_the_layout_of_nomis(tmp_path: Path) -> None:
    for key, table in load_tables().items():
        headers = [f"{table.prefix}: {words[0]}" for words in table.categories.values()]
        quoted = ",".join(f'"{one}; measures: Value"' for one in headers)
        row = ",".join(str(n) for n in range(len(headers)))
        path = write(
            tmp_path, f"date,geography,geography code,{quoted}\n2021,N,E01999001,{row}\n", f"{key}.csv"
        )
        got = read_census(path)
        assert list(got.columns) == [f"{key}_{name}" for name in table.categories]
        assert got.values.iloc[0].tolist() == list(range(len(headers)))
        assert got.columns[f"{key}_{table.total}"].measure == "count"


def test_another_data_set_is_named_with_the_reader_that_fits(tmp_path: Path) -> None:
    census = write(tmp_path, TENURE + "2021,N,E01999001,10,5,2\n")
    with pytest.raises(
        WrongFileError, match=r"Census 2021, TS054: tenure: read it with layers\.census\.read_census"
    ):
        read_deprivation(census)
    index = write(tmp_path, IOD25 + "E01999001,N,E06999001,3,1,1,0.2,10\n", "i.csv")
    with pytest.raises(WrongFileError, match=r"read it with layers\.deprivation\.read_deprivation"):
        read_census(index)


# --- real files -----------------------------------------------------------------------------------


def test_luton_in_the_indices_of_2025(real_data: Path) -> None:
    name = "luton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
    got = read_deprivation(real_data / "imd" / name)
    assert len(got.codes) == 125
    assert got.values["imd25_decile"].value_counts().reindex(range(1, 11), fill_value=0).tolist() == [
        17, 27, 20, 18, 12, 7, 6, 14, 4, 0,
    ]  # fmt: skip
    assert (got.status == "ok").all().all()
    assert {"idaci25_rate", "idaopi25_rate", "imd25_children_0_15"} <= set(got.columns)


def test_england_in_the_indices_of_2025_agrees_with_the_cut(real_data: Path) -> None:
    england = read_deprivation(real_data / "imd" / "iod2025_all_scores_ranks_deciles_england.csv.gz")
    assert len(england.codes) == 33_755
    assert sorted(england.values["imd25_rank"]) == list(range(1, 33_756))
    name = "luton_File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
    cut = read_deprivation(real_data / "imd" / name)
    shared = [one for one in cut.columns if one in england.columns]
    assert england.only(cut.codes).values[shared].equals(cut.values[shared])


def test_the_indices_of_2019_are_on_areas_of_2011_and_say_what_they_lack(real_data: Path) -> None:
    got = read_deprivation(real_data / "imd" / "luton_iod2019_scores_ranks_deciles_denominators.csv")
    assert got.geography.key == "lsoa11"
    assert len(got.codes) == 121
    assert "imd19_decile" in got.columns
    assert "imd19_education_score" not in got.columns
    assert any("imd19_education_score" in note for note in got.notes)


def test_underlying_indicators_keep_hidden_numerators_missing(real_data: Path) -> None:
    got = read_deprivation_indicators(real_data / "imd" / "iod2025_underlying_indicators_england.csv.gz")
    assert len(got.codes) == 33_755
    assert (got.status["iod25_idaci_children"] == "missing").any()


@pytest.mark.parametrize(
    ("file", "total", "expected"),
    [
        ("luton_census2021-ts054-lsoa.csv", "ts054_households", 78_978),
        ("luton_census2021-ts044-lsoa.csv", "ts044_households", 78_941),
        ("luton_census2021-ts052-lsoa.csv", "ts052_households", 78_928),
        ("luton_census2021-ts011-lsoa.csv", "ts011_households", 78_950),
        ("luton_census2021-ts021_5groups-lsoa.csv", "ts021_residents", 225_244),
        ("luton_census2021-ts038_2groups-lsoa.csv", "ts038_residents", 225_262),
        ("luton_census2021-age6-lsoa.csv", "age6_residents", 225_239),
    ],
)
def test_luton_totals_of_the_census(real_data: Path, file: str, total: str, expected: int) -> None:
    got = read_census(real_data / "census2021" / file)
    assert len(got.codes) == 125
    assert got.values[total].sum() == expected


def test_output_areas_spell_categories_otherwise_and_mean_the_same(real_data: Path) -> None:
    areas = read_census(real_data / "census2021" / "luton_census2021-ts052-oa.csv")
    lsoas = read_census(real_data / "census2021" / "luton_census2021-ts052-lsoa.csv")
    assert areas.geography.key == "oa21"
    assert len(areas.codes) == 621
    assert set(areas.columns) == set(lsoas.columns)
    # Perturbed level by level, so near, not equal.
    for one in lsoas.columns:
        assert areas.values[one].sum() == pytest.approx(lsoas.values[one].sum(), rel=0.02)
