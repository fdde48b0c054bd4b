"""Joining loses no row, and says so where a row has no place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from geo.boundaries import Boundaries, read_boundaries
from geo.crosswalk import UnmatchedCodeError
from geo.geography import Geography
from geo.join import JoinError, Neighbourhoods, describe_code, join, replacements
from geo.lookup import exact_lookup
from geo.source import Source
from geo.table import AreaTable, Column, UnknownAreaError

LSOA11, LSOA21 = Geography("lsoa", 2011), Geography("lsoa", 2021)
SOURCE = Source("made", "Invented counts", "nobody", "1", "2021", "OGL v3")
CODES = ["E01000001", "E01000021", "E01000022"]
AREAS = Boundaries(
    LSOA21,
    gpd.GeoDataFrame(
        {"name": ["Town 001A", "", "Town 001C"], "lad": ""},
        geometry=[box(500_000 + n, 200_000, 500_001 + n, 200_001) for n in range(3)],
        index=pd.Index(CODES),
        crs="EPSG:27700",
    ),
)
HISTORY = exact_lookup(
    pd.DataFrame(
        {"LSOA11CD": ["E01000001", "E01000002", "E01000002"], "CHGIND": ["U", "S", "S"], "LSOA21CD": CODES}
    ),
    LSOA11,
    LSOA21,
    residents=pd.Series(1.0, index=CODES),
)


def table(codes: list[str], name: str = "people", geography: Geography = LSOA21) -> AreaTable:
    return AreaTable(
        geography,
        {name: Column(name, "people", "count")},
        pd.DataFrame({name: np.arange(1.0, len(codes) + 1)}, index=codes),
        SOURCE,
    )


def test_every_row_arrives_at_its_area_whatever_the_order() -> None:
    made = join(AREAS, [table(CODES[::-1]), table(CODES, "homes")])
    assert made.values("people").to_dict() == dict(zip(CODES, [3.0, 2.0, 1.0], strict=True))
    assert made.values("homes").sum() == 6
    assert made.notes == ()
    assert made.names == {"E01000001": "Town 001A", "E01000021": "E01000021", "E01000022": "Town 001C"}
    assert list(made.frame().columns) == ["name", "lad", "geometry", "people", "homes"]
    assert len(made.figures()) == 6


def test_a_code_without_an_area_is_named_with_its_vintage_and_what_replaced_it() -> None:
    with pytest.raises(
        UnmatchedCodeError,
        match="E01000002 of Invented counts is not in lsoa21; it is a 2011 code, replaced by E01000021 and E01000022 in 2021",
    ):
        join(AREAS, [table(["E01000001", "E01000002"])], history=[HISTORY])
    with pytest.raises(UnmatchedCodeError, match="no look-up at hand knows it"):
        join(AREAS, [table(["E01000001", "E01000009"])], history=[HISTORY])
    assert describe_code("E01000021", LSOA11, [HISTORY]) == (
        "it is a 2021 code, which replaced E01000002 of 2011"
    )
    assert replacements(["E05000001"], LSOA21, [])["E05000001"].startswith("it is not a code of a Lower")


def test_a_table_of_2011_is_refused_against_areas_of_2021() -> None:
    with pytest.raises(
        JoinError, match=r"\(lsoa11\), the areas are .*\(lsoa21\): codes look alike.*convert first"
    ):
        join(AREAS, [table(["E01000001"], geography=LSOA11)])
    with pytest.raises(JoinError, match="they are different areas"):
        join(AREAS, [table(["E05000001"], geography=Geography("wd", 2025))])


def test_an_area_without_a_row_stays_and_is_missing() -> None:
    made = join(AREAS, [table(CODES[:2])])
    assert made.table_of("people").status.loc["E01000022", "people"] == "missing"
    assert made.notes == ("Invented counts: no row for 1 of 3 areas (E01000022 first); missing",)


def test_other_places_are_left_out_only_by_register() -> None:
    everywhere = table([*CODES, "E01000099"])
    with pytest.raises(UnmatchedCodeError, match="E01000099"):
        join(AREAS, [everywhere])
    made = join(AREAS, [everywhere], register={*CODES, "E01000099"})
    assert made.notes == ("Invented counts: 1 rows of other places were left out",)
    with pytest.raises(JoinError, match="holds none of the 3 areas"):
        join(AREAS, [table(["E01000099"])], register={"E01000099"})


def test_one_id_means_one_thing() -> None:
    with pytest.raises(JoinError, match="people is in Invented counts and in Other"):
        join(AREAS, [table(CODES), replace(table(CODES), source=replace(SOURCE, title="Other"))])
    with pytest.raises(UnknownAreaError, match="homes is no figure of these lsoa21; there are people"):
        join(AREAS, [table(CODES)]).values("homes")
    with pytest.raises(JoinError, match="does not have the areas' rows"):
        Neighbourhoods(LSOA21, AREAS.areas, (table(CODES[:1]),))


def test_real_luton_codes_of_2011_are_told_what_replaced_them(real_data: Path) -> None:
    luton = read_boundaries(real_data / "boundaries" / "luton_lsoa21_bgc.geojson", LSOA21)
    lookup = pd.read_csv(real_data / "lookups" / "luton_lsoa11_lsoa21_lad22.csv")
    people = pd.read_csv(real_data / "lookups" / "luton_oa21_lsoa21_msoa21_lad.csv")
    residents = people.groupby("LSOA21CD")["census2021_usual_residents"].sum().astype(float)
    history = exact_lookup(lookup, LSOA11, LSOA21, residents=residents)
    assert (lookup["CHGIND"] == "U").sum() == 118
    split = lookup[lookup["CHGIND"] == "S"]
    assert (split["LSOA11CD"].nunique(), split["LSOA21CD"].nunique()) == (3, 7)
    old = str(split["LSOA11CD"].iloc[0])
    with pytest.raises(UnmatchedCodeError, match=f"{old} of .*it is a 2011 code, replaced by E01"):
        join(luton, [table([*luton.codes[:5], old])], history=[history])
