"""The readers that read real files read the sample's, and find the town that was published."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from fairplace.sample import Town
from geo.boundaries import read_boundaries
from geo.geography import Geography
from layers.census import read_census
from layers.deprivation import read_deprivation, read_deprivation_indicators
from layers.holdings import scan
from layers.vintages import lsoa11_to_lsoa21, read_lsoa_changes


@pytest.mark.parametrize("key", ["oa21", "lsoa21", "lsoa11", "msoa21", "msoa11", "wd25", "wd22"])
def test_boundaries_are_read_without_repair_and_with_every_area(
    halverton: Town, published: Path, key: str
) -> None:
    found = read_boundaries(published / "boundaries" / f"halverton_{key}_bgc.geojson", Geography.parse(key))
    shapes = halverton.areas.shapes[key]
    assert list(found.areas.index) == sorted(shapes.index)
    repairs = [note for note in found.notes if "OSTN15" not in note]  # said where the grid is not held
    assert repairs == []
    # There and back through degrees costs a centimetre at most.
    hectares = found.areas.geometry.area / 1e4
    assert (hectares - shapes.map(lambda one: one.area / 1e4).loc[hectares.index]).abs().max() < 0.01


def test_every_census_table_is_recognised(published: Path) -> None:
    paths = sorted((published / "census2021").glob("*.csv"))
    assert len(paths) == 19
    for path in paths:
        table = read_census(path)
        assert len(table.codes) == (288 if path.stem.endswith("-oa") else 58)


def test_a_folder_of_it_lacks_nothing_that_a_build_needs(published: Path) -> None:
    holdings = scan(published)
    assert holdings.authorities() == {"E06999001": "Halverton (fictional)"}
    assert holdings.missing("E06999001") == []
    for key in (
        "census2021_ts003",
        "census2021_ts017",
        "nhs_gp",
        "nhs_pharmacy",
        "nhs_dental",
        "onspd",
        "osm_streets",
    ):
        assert holdings.holds(key, "E06999001"), key


def test_both_editions_of_the_indices_are_read(published: Path) -> None:
    for pattern, areas in (("*File_7*", 58), ("*iod2019*", 56)):
        assert len(read_deprivation(next((published / "imd").glob(pattern))).codes) == areas
    indicators = read_deprivation_indicators(
        published / "imd" / "halverton_iod2025_underlying_indicators.csv"
    )
    assert len(indicators.codes) == 58


def test_the_numerator_of_the_income_domain_is_that_of_its_rate(published: Path) -> None:
    rates = pd.read_csv(next((published / "imd").glob("*File_7*"))).set_index("LSOA code (2021)")
    counts = pd.read_csv(published / "imd" / "halverton_iod2025_underlying_indicators.csv").set_index(
        "lsoa21_code"
    )
    implied = rates["Income Score (rate)"] * rates["Total population: mid 2022"]
    # Rates are published to 0.001 and counts to five.
    assert (counts["income_domain_numerator"] - implied).abs().max() < 2.5 + 0.0005 * 2500


def test_changes_of_lsoas_lead_from_2011_to_2021(published: Path) -> None:
    changes = read_lsoa_changes(published / "lookups" / "halverton_lsoa11_lsoa21_lad22.csv")
    assert "lsoa11 to lsoa21" in lsoa11_to_lsoa21(changes).label
