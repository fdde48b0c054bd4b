"""A source that is not held: the build does the rest and says what is missing, or stops in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fairplace.pipeline import NO_COMPARATORS, NO_ESTIMATE, BuildSettings, _estimate, build
from fairplace.spine import SpineError, read_spine
from fairplace.tables import read_tables
from layers.catalogue import dataset
from layers.holdings import Holdings, scan

SAMPLE, LUTON = "E06999001", "E06000032"
SETTINGS = BuildSettings(draws=200)

#: Data set -> an indicator that a build of Luton lacks without it, and words of what is said. An empty
#: indicator: nothing is lost, because another source serves.
LUTON_WITHOUT = {
    "boundary_msoa11": ("mis_people_below_share", f"{NO_ESTIMATE}: income of E02006937 is nan"),
    "boundary_msoa21": ("", ""),
    "boundary_wd25": ("best_fit_misfit_share", "boundaries of wards of 2025, so there are no ward figures"),
    "lookup_lsoa11_lsoa21": ("imd19_decile", "so tables on 2011 codes are left out"),
    "lookup_lsoa21_wd24": ("", ""),
    "census2021_age6": ("residents", dataset("census2021_age6").title),
    "census2021_ts011": ("deprived_3_plus_share", dataset("census2021_ts011").title),
    "census2021_ts021": ("ethnic_asian_share", dataset("census2021_ts021").title),
    "census2021_ts038": ("disabled_share", dataset("census2021_ts038").title),
    "census2021_ts044": ("flats_share", dataset("census2021_ts044").title),
    "census2021_ts052": ("overcrowded_share", dataset("census2021_ts052").title),
    "census2021_ts054": ("mis_people_below_share", f"{NO_ESTIMATE}, which needs tenure"),
    "iod2019": ("imd19_decile", dataset("iod2019").title),
    "iod2025": ("imd25_score", dataset("iod2025").title),
    "saie_fye2020": ("mis_people_below_share", f"{NO_ESTIMATE}, which needs tenure"),
    "fuel_poverty_2022": ("fuel_poverty_share", dataset("fuel_poverty_2022").title),
    "codepoint_open": ("", dataset("codepoint_open").title),
    "nhs_gp": ("", dataset("nhs_gp").title),
    "nhs_pharmacy": ("", dataset("nhs_pharmacy").title),
    "nhs_dental": ("", dataset("nhs_dental").title),
    "libraries": ("", dataset("libraries").title),
    "schools": ("", dataset("schools").title),
    "stations": ("", dataset("stations").title),
    "comparators": ("", NO_COMPARATORS),
}
#: Without these nothing can be built, and the message says what to fetch.
NEEDED = {
    "boundary_lsoa21": "holds no boundaries of LSOAs of 2021 for",
    "lookup_oa21": "holds no look-up from LSOA to MSOA for .*; fetch lookup_oa21",
}


def without(holdings: Holdings, key: str, to: Path, authority: str) -> Path:
    """Give a folder of links to everything that a build would take, but for one data set."""
    for known in {card.dataset for card in holdings.cards} - {"", key}:
        path = holdings.look(known, authority).path
        if path is not None:
            link = to / path.relative_to(holdings.folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
    return to


@pytest.mark.slow
@pytest.mark.parametrize("key", LUTON_WITHOUT)
def test_luton_is_built_without_a_source_and_says_so(key: str, real_data: Path, tmp_path: Path) -> None:
    lost, said = LUTON_WITHOUT[key]
    data = without(scan(real_data), key, tmp_path / "data", LUTON)
    pack = build(LUTON, data=data, out=tmp_path / "pack", settings=SETTINGS)
    missing = pack.manifest["settings"]["missing"]
    assert not said or any(said in one for one in missing), missing
    held = set(pack.figures["indicator"])
    assert lost not in held
    assert "area_hectares" in held
    assert {"mis_people_below_share", "residents", "imd25_score"} & held


@pytest.mark.parametrize("key", NEEDED)
def test_without_one_of_the_two_that_are_needed_a_build_stops_in_one_line(
    key: str, sample_data: Path, tmp_path: Path
) -> None:
    data = without(scan(sample_data), key, tmp_path / "data", SAMPLE)
    with pytest.raises(SpineError, match=NEEDED[key]) as caught:
        build(SAMPLE, data=data, out=tmp_path / "pack", settings=SETTINGS)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "pack").exists()


def test_income_that_does_not_fit_the_areas_leaves_the_estimate_out_with_a_reason(sample_data: Path) -> None:
    holdings = scan(sample_data)
    spine = read_spine(holdings, SAMPLE)
    tables = read_tables(holdings, spine)
    # As where an MSOA has split since 2011 and no boundaries of 2011 say what it was.
    areas = spine.areas.assign(msoa11=["E02999999", *spine.areas["msoa11"].iloc[1:]])
    estimate, why = _estimate(replace(spine, areas=areas), tables, SETTINGS)
    assert estimate is None
    assert why.startswith(f"{NO_ESTIMATE}: income has no row for E02999999")
