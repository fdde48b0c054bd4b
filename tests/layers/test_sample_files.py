"""The sample authority's files, written by their own writers, read by the readers of the real ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo.geography import LSOA21, MSOA21
from layers.catalogue import load_catalogue
from layers.census import read_census
from layers.crime import count_crime
from layers.deprivation import read_deprivation, read_deprivation_indicators
from layers.fuel_poverty import read_fuel_poverty
from layers.holdings import Holdings, scan
from layers.income import read_small_area_income
from layers.lookups import (
    lsoa11_to_lsoa21,
    nest_output_areas,
    read_centroids,
    read_lsoa_changes,
    read_output_areas,
)
from layers.population import read_population
from layers.postcodes import read_postcodes
from layers.services import read_libraries, read_nhs, read_schools, read_stations

AUTHORITY = "E06999001"


@pytest.fixture(scope="module")
def sample(sample_data: Path) -> Holdings:
    return scan(sample_data)


def test_nothing_that_a_build_needs_is_missing_from_the_sample(sample: Holdings) -> None:
    assert "fictional" in sample.check_authority(AUTHORITY)
    assert sample.missing(AUTHORITY) == []
    assert not [card.path.name for card in sample.cards if card.problem]
    # What the readers do not know is the council's own, in its own folder.
    published = [card.path for card in sample.unknown if "local" not in card.path.parts]
    assert published == []


def test_every_table_of_the_sample_covers_its_areas_whole(sample: Holdings) -> None:
    codes = sample.areas(AUTHORITY, LSOA21)
    for key in load_catalogue():
        if key.startswith("census2021_") and sample.holds(key, AUTHORITY):
            assert set(read_census(sample.find(key, AUTHORITY)).codes) == codes, key
    assert set(read_deprivation(sample.find("iod2025", AUTHORITY)).codes) == codes
    assert set(read_deprivation_indicators(sample.find("iod2025_indicators", AUTHORITY)).codes) == codes
    changes = read_lsoa_changes(sample.find("lookup_lsoa11_lsoa21", AUTHORITY))
    assert set(read_fuel_poverty(sample.find("fuel_poverty_2022", AUTHORITY), changes=changes).codes) == codes
    people = read_population(sample.find("population_mid2022", AUTHORITY), changes=changes)
    assert set(people.codes) == codes
    assert not any("more or fewer" in note for note in people.notes)
    assert set(lsoa11_to_lsoa21(changes).weights["target"]) == codes
    areas = read_output_areas(sample.find("lookup_oa21", AUTHORITY))
    assert set(nest_output_areas(areas, LSOA21, MSOA21).weights["origin"]) == codes
    assert set(read_centroids(sample.find("centroids_lsoa21", AUTHORITY), LSOA21).index) == codes
    income = read_small_area_income(sample.find("saie_fye2020", AUTHORITY))
    assert len(income.columns) == 4
    assert count_crime(sample.find("police_crime", AUTHORITY), codes=codes).values["crime_all"].sum() > 0


def test_points_of_the_sample_are_told_apart_by_their_codes(sample: Holdings) -> None:
    kinds = {}
    for key in ("nhs_gp", "nhs_pharmacy", "nhs_dental"):
        got = read_nhs(sample.find(key, AUTHORITY))
        kinds[key] = set(got.frame["kind"])
        assert got.source.id == key
    assert "gp" in kinds["nhs_gp"]
    assert kinds["nhs_pharmacy"] == {"pharmacy"}
    assert kinds["nhs_dental"] == {"dentist"}
    ended = read_postcodes(sample.find("onspd", AUTHORITY)).frame["status"]
    assert set(ended) == {"live", "terminated"}
    for key, read in (("libraries", read_libraries), ("schools", read_schools), ("stations", read_stations)):
        assert len(read(sample.find(key, AUTHORITY)).frame) > 0
