"""Small-area income, fuel poverty, population, rents, HBAI: layouts of ONS, DESNZ and DWP, values invented."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from geo.crosswalk import convert, nested
from geo.geography import Geography
from geo.table import AggregationError
from layers.areas import WrongFileError
from layers.delimited import DelimitedError
from layers.fuel_poverty import YearError, read_fuel_poverty
from layers.income import read_small_area_income
from layers.indicators import read_indicators
from layers.lookups import VintageError, lsoa11_to_lsoa21, read_lsoa_changes
from layers.low_income import NoRateError, read_hbai
from layers.population import AGE_BANDS, read_population, read_population_by_sex
from layers.rents import read_rents, read_tenure
from layers.symbols import CellError
from layers.workbooks import sheet_names

SHEETS = {
    "Total annual income": "Total annual income (£)",
    "Net annual income": "Net annual income (£)",
    "Net income before housing costs": "Net annual income before housing costs (£)",
    "Net income after housing costs": "Net annual income after housing costs (£)",
}
LIMITS = ["Upper confidence limit (£)", "Lower confidence limit (£)", "Confidence interval (£)"]
PLACE = [
    "MSOA code",
    "MSOA name",
    "Local authority code",
    "Local authority name",
    "Region code",
    "Region name",
]


def workbook(path: Path, rows: list[list[object]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Contents").write(1, 1, "Contents")
        for sheet, header in SHEETS.items():
            page = book.add_worksheet(sheet)
            page.write(2, 0, f"{header} by middle layer super output area")
            for at, row in enumerate([[*PLACE, header, *LIMITS], *rows], start=4):
                page.write_row(at, 0, row)
    return path


ROW = ["E02999001", "Northwell 001", "E06999001", "Northwell", "E12000006", "East", 31400, 35400, 27900, 7500]


def test_income_keeps_its_published_limits_beside_the_value(tmp_path: Path) -> None:
    got = read_small_area_income(workbook(tmp_path / "saie.xlsx", [ROW]))
    assert list(got.columns) == ["income_total_mean", "income_net_mean", "income_bhc_mean", "income_ahc_mean"]
    assert got.geography.key == "msoa11"
    assert got.low is not None
    assert got.high is not None
    assert (got.low.iat[0, 3], got.values.iat[0, 3], got.high.iat[0, 3]) == (27900, 31400, 35400)
    assert got.columns["income_ahc_mean"].interval == "95 % published"
    assert got.columns["income_ahc_mean"].unit == "GBP a year"


def test_income_files_of_one_measure_make_one_table(tmp_path: Path) -> None:
    paths = []
    for n, header in enumerate(list(SHEETS.values())[2:]):
        path = tmp_path / f"{n}.csv"
        path.write_text(
            ",".join([*PLACE, header, *LIMITS]) + "\n" + ",".join(map(str, ROW)) + "\n", encoding="utf-8"
        )
        paths.append(path)
    got = read_small_area_income(paths)
    assert list(got.columns) == ["income_bhc_mean", "income_ahc_mean"]


def test_a_limit_on_the_wrong_side_is_noted(tmp_path: Path) -> None:
    got = read_small_area_income(workbook(tmp_path / "s.xlsx", [[*ROW[:7], 27900, 35400, 7500]]))
    assert any("limits of E02999001 do not hold its value" in note for note in got.notes)


def test_a_damaged_workbook_and_one_without_the_sheets_say_so(tmp_path: Path) -> None:
    broken = tmp_path / "b.xlsx"
    broken.write_bytes(b"PK\x03\x04 not a workbook")
    with pytest.raises(DelimitedError, match=r"b\.xlsx is not a workbook"):
        sheet_names(broken)
    other = tmp_path / "o.xlsx"
    with xlsxwriter.Workbook(str(other)) as book:
        book.add_worksheet("Table 1 & 2")
    assert sheet_names(other) == ("Table 1 & 2",)
    with pytest.raises(WrongFileError, match=r'o\.xlsx has the sheets Table 1 & 2.*"Total annual income"'):
        read_small_area_income(other)


FUEL = "LSOA Code,LSOA Name,LA Code,LA Name,Region,Number of households1,Number of households in fuel poverty1,Proportion of households fuel poor (%)\n"


def fuel(folder: Path, name: str, rows: str, header: str = FUEL) -> Path:
    path = folder / name
    path.write_text(header + rows, encoding="utf-8")
    return path


def test_fuel_poverty_is_a_share_of_its_own_households(tmp_path: Path) -> None:
    path = fuel(tmp_path, "fuel_2022.csv", 'E01999001,N,E06999001,N,East,"1,000",85,8.5\n')
    got = read_fuel_poverty(path)
    assert got.values.iloc[0].to_dict() == {
        "fuel_poverty_base": 1000, "fuel_poverty_households": 85, "fuel_poverty_share": pytest.approx(0.085),
    }  # fmt: skip
    assert got.geography.key == "lsoa21"
    assert got.columns["fuel_poverty_share"].base == "fuel_poverty_base"


def test_the_two_definitions_never_share_an_id(tmp_path: Path) -> None:
    new = read_fuel_poverty(fuel(tmp_path, "fuel_2019.csv", "E01999001,N,E06999001,N,East,100,8,8\n"))
    old = read_fuel_poverty(fuel(tmp_path, "fuel_2018.csv", "E01999001,N,E06999001,N,East,100,8,8\n"))
    assert not set(new.columns) & set(old.columns)
    assert old.geography.key == new.geography.key == "lsoa11"


def test_the_first_edition_gives_fractions_under_the_name_of_percent(tmp_path: Path) -> None:
    header = "LSOA Code,LSOA Name,LA Code,LA Name,English Region,All Households,Fuel Poor Households,Percent Fuel Poor\n"
    got = read_fuel_poverty(fuel(tmp_path, "fuel_2011.csv", "E01999001,N,00KA,N,East,511,76,0.149\n", header))
    assert got.values["fuel_poverty_lihc_share"].iat[0] == 0.149


def test_a_year_that_nobody_says_is_asked_for(tmp_path: Path) -> None:
    path = fuel(tmp_path, "fuel.csv", "E01999001,N,E06999001,N,East,100,8,8\n")
    with pytest.raises(YearError, match=r"fuel\.csv.*give year="):
        read_fuel_poverty(path)
    assert read_fuel_poverty(path, year=2022).geography.key == "lsoa21"


def test_fuel_poverty_of_2011_codes_under_the_year_2022_is_refused(tmp_path: Path) -> None:
    changes = tmp_path / "c.csv"
    changes.write_text(
        "LSOA11CD,LSOA11NM,CHGIND,LSOA21CD,LSOA21NM\nE01998002,Northwell 001B,S,E01999001,N,\n"
        "E01998002,Northwell 001B,S,E01999002,N,\n".replace(",\n", "\n")
    )
    path = fuel(tmp_path, "fuel_2022.csv", "E01998002,N,E06999001,N,East,100,8,8\n")
    with pytest.raises(
        VintageError, match=r"E01998002 .*code of 2011 \(Northwell 001B\), split into E01999001"
    ):
        read_fuel_poverty(path, changes=read_lsoa_changes(changes))


def test_a_share_that_is_not_its_own_counts_is_noted(tmp_path: Path) -> None:
    got = read_fuel_poverty(fuel(tmp_path, "f_2022.csv", "E01999001,N,E06999001,N,East,100,8,18\n"))
    assert any("E01999001 first" in note for note in got.notes)


def test_ages_become_columns_and_a_wrong_sum_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    ages = [*map(str, range(90)), "90+"]
    path.write_text(f"LSOA Code,LSOA Name,All Ages,{','.join(ages)}\nE01999001,N,92,{','.join(['1'] * 91)}\n")
    got = read_population(path)
    assert got.values["mid20_age_90_plus"].iat[0] == 1
    assert len(got.columns) == 92
    assert any("1 more or fewer" in note for note in got.notes)


def test_women_and_men_are_added_and_a_hidden_part_hides_the_sum(tmp_path: Path) -> None:
    ages = [f"{sex}{age}" for sex in "FM" for age in range(91)]
    cells = ["c", *["1"] * 181]
    path = tmp_path / "sape_mid2022.csv"
    path.write_text(
        f"LAD 2021 Code,LAD 2021 Name,LSOA 2021 Code,LSOA 2021 Name,Total,{','.join(ages)}\n"
        f"E06999001,N,E01999001,N,182,{','.join(cells)}\n"
    )
    got = read_population(path)
    assert got.geography.key == "lsoa21"
    assert got.values["mid22_age_90_plus"].iat[0] == 2
    assert got.status["mid22_age_0"].iat[0] == "suppressed"
    assert got.source.period == "2022-06-30"


def test_a_cell_of_a_workbook_is_named_with_sheet_and_row(tmp_path: Path) -> None:
    path = workbook(tmp_path / "s.xlsx", [ROW, ["E02999002", *ROW[1:6], "about 30k", 1, 1, 1]])
    with pytest.raises(
        CellError, match=r's\.xlsx \[Total annual income\] row 7: "Total annual income \(£\)" is "about 30k"'
    ):
        read_small_area_income(path)


# --- real files -----------------------------------------------------------------------------------


def test_luton_has_21_incomes_with_limits(real_data: Path) -> None:
    luton = read_small_area_income(sorted((real_data / "income").glob("luton_saie_fye2020_*_msoa11.csv")))
    assert luton.values.shape == (21, 4)
    ahc = luton.values["income_ahc_mean"]
    assert (ahc.min(), ahc.max()) == (16_900, 34_800)
    assert luton.low is not None
    assert luton.high is not None
    assert ((luton.low < luton.values) & (luton.values < luton.high)).all().all()
    england = read_small_area_income(real_data / "income" / "ons_saie_fye2020_msoa11.xlsx")
    assert len(england.codes) == 6_791
    assert any("410 of Wales" in note for note in england.notes)
    assert england.only(luton.codes).values[list(luton.columns)].equals(luton.values)


def test_every_year_of_fuel_poverty_reads_on_its_own_vintage(real_data: Path) -> None:
    changes = read_lsoa_changes(real_data / "lookups" / "luton_lsoa11_lsoa21_lad22.csv")
    for path in sorted((real_data / "income").glob("luton_fuel_poverty_lsoa_*.csv")):
        got = read_fuel_poverty(path, changes=changes)
        year = int(path.name.split("_")[4])
        assert len(got.codes) == (125 if year >= 2021 else 121), path.name
        share = got.values.iloc[:, 2]
        # Luton's mean lies between 5 and 20 % in every year; percent taken for shares would not.
        assert 0.05 < share.mean() < 0.2, path.name
    with pytest.raises(VintageError, match=r"E01015741.*split into E01033801 and E01033802"):
        read_fuel_poverty(
            real_data / "income" / "luton_fuel_poverty_lsoa_2020_LILEE.csv", year=2022, changes=changes
        )


def test_old_fuel_poverty_moves_to_areas_of_today_with_its_households(real_data: Path) -> None:
    changes = read_lsoa_changes(real_data / "lookups" / "luton_lsoa11_lsoa21_lad22.csv")
    old = read_fuel_poverty(real_data / "income" / "luton_fuel_poverty_lsoa_2020_LILEE.csv")
    moved = convert(old, lsoa11_to_lsoa21(changes))
    assert len(moved.codes) == 125
    for one in ("fuel_poverty_base", "fuel_poverty_households"):
        assert moved.values[one].sum() == pytest.approx(old.values[one].sum(), abs=1e-6)


def test_luton_at_mid_2020(real_data: Path) -> None:
    got = read_population(real_data / "population" / "luton_mid2020_population_lsoa11_single_year.csv")
    assert got.values["mid20_residents"].sum() == 213_528
    assert not any("more or fewer" in note for note in got.notes)


def test_rents_are_medians_and_hidden_ones_stay_hidden(real_data: Path) -> None:
    got = read_rents(real_data / "income" / "prms_median_rents_la_2021-22.xlsx")
    assert got.value("E06000032", "rent_median_all") == 825
    assert got.columns["rent_median_all"].measure == "median"
    states = got.status.to_numpy().ravel().tolist()
    assert (states.count("suppressed"), states.count("not_applicable")) == (81, 58)
    with pytest.raises(AggregationError, match="is a median"):
        convert(
            got,
            nested(
                Geography("lad", 2021),
                Geography("rgn", 2021),
                dict.fromkeys(got.codes, "E12000006"),
                method="t",
            ),
        )


def test_tenure_of_districts_adds_up(real_data: Path) -> None:
    got = read_tenure(real_data / "income" / "ons_tenure_by_la_2023.xlsx", codes=["E06000032"])
    assert got.values.iloc[0].sum() == pytest.approx(1, abs=0.001)


@pytest.fixture(scope="module")
def hbai(real_data: Path) -> Path:
    return real_data / "hbai"


def test_low_income_rates_by_family_region_and_tenure(hbai: Path) -> None:
    people = read_hbai(hbai / "population-hbai-timeseries-1994-95-2024-25-tables.ods")
    assert people.source.id == "hbai_population"
    assert people.rate(group="Single with children", year="2024/25", by="family type") == pytest.approx(
        0.3891, abs=1e-4
    )
    assert people.rate(group="East", year="2022/23-2024/25", by="region") == pytest.approx(0.1798, abs=1e-4)
    assert people.rate(group="All individuals", year="2024/25", by="all") == pytest.approx(0.1964, abs=1e-4)
    older = read_hbai(hbai / "pensioners-hbai-timeseries-1994-95-2024-25-tables.ods")
    assert older.rate(group="Social rented sector tenants", year="2024/25", by="tenure") == pytest.approx(
        0.3038, abs=1e-4
    )
    rented = older.rates[older.rates["group"] == "All rented privately"]
    assert set(rented["by"]) == {"tenure: Tenure"}
    with pytest.raises(NoRateError, match="answers to 0 rows"):
        older.rate(group="Owners", year="2031/32", by="tenure")


def test_parts_of_one_name_are_told_apart_by_what_they_are_part_of(hbai: Path) -> None:
    got = read_hbai(hbai / "workingage-hbai-timeseries-1994-95-2024-25-tables.ods").rates
    couples = got[
        (got["table"] == "5.10")
        & (got["group"] == "Couples")
        & (got["year"] == "2024/25")
        & (got["housing_costs"] == "ahc")
    ]
    assert couples["parent"].tolist() == [
        "Working-age adults without children",
        "Working-age adults with children",
    ]
    assert couples["value"].round(4).tolist() == [0.1158, 0.1986]
    assert not got.duplicated(["table", "housing_costs", "by", "parent", "group", "year"]).any()


def test_median_income_is_in_pounds_a_week(hbai: Path) -> None:
    money = read_hbai(hbai / "summary-hbai-1994-95-2024-25-tables.ods").money
    one = money[
        (money["year"] == "2024/25") & (money["housing_costs"] == "ahc") & (money["measure"] == "median")
    ]
    assert one["value"].iat[0] == pytest.approx(623.14, abs=0.01)
    assert money["year"].nunique() == 31


def test_indicators_of_authorities_stay_long(real_data: Path) -> None:
    got = read_indicators(
        real_data / "indicators" / "fingertips_la_indicators_england.csv.gz", codes=["E06000032"]
    )
    assert got["indicator"].nunique() >= 20
    care = read_indicators(
        real_data / "indicators" / "oflog_adult_social_care_england.csv.gz", codes=["E06000032"]
    )
    assert len(care) == 42


def test_bands_by_sex_are_sums_of_single_ages_and_hidden_where_one_is(tmp_path: Path) -> None:
    path = tmp_path / "mid2022.csv"
    head = ["LSOA 2021 Code", "Total", *(f"{sex}{age}" for sex in "FM" for age in range(91))]
    rows = [["E01010635", "182", *["1"] * 182], ["E01010636", "182", *["1"] * 181, "c"]]
    path.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n", encoding="utf-8")
    got = read_population_by_sex(path)
    assert got.geography == Geography("lsoa", 2021)
    assert len(got.columns) == 1 + 2 * len(AGE_BANDS)
    assert got.values.loc["E01010635", "mid22_females_0_4"] == 5
    assert got.values.loc["E01010635", "mid22_males_90_plus"] == 1
    assert got.values.loc["E01010635"].drop("mid22_residents").sum() == 182
    assert got.status.loc["E01010636", "mid22_males_90_plus"] == "suppressed"
    assert got.status.loc["E01010636", "mid22_males_85_89"] == "ok"
