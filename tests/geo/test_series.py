"""Several years on one geography, and no change where there is none to measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.boundaries import read_boundaries
from geo.crosswalk import compose, convert, nested
from geo.geography import Geography
from geo.lookup import exact_lookup
from geo.series import (
    INCOMPARABLE_CHANGE,
    ComparabilityError,
    build_series,
    carry_over,
    change,
)
from geo.source import Source
from geo.table import AreaTable, Column, UnknownAreaError
from geo.weights import ground_shares

LSOA11, LSOA21, MSOA21 = Geography("lsoa", 2011), Geography("lsoa", 2021), Geography("msoa", 2021)

#  1 stays; 2 splits into 21 and 22; 3 and 4 (different deciles) and 5 and 6 (the same) merge.
LOOKUP = pd.DataFrame(
    [
        ("E01000001", "U", "E01000001"),
        ("E01000002", "S", "E01000021"),
        ("E01000002", "S", "E01000022"),
        ("E01000003", "M", "E01000031"),
        ("E01000004", "M", "E01000031"),
        ("E01000005", "M", "E01000051"),
        ("E01000006", "M", "E01000051"),
    ],
    columns=["LSOA11CD", "CHGIND", "LSOA21CD"],
)
NEW = sorted(set(LOOKUP["LSOA21CD"]))
HISTORY = exact_lookup(LOOKUP, LSOA11, LSOA21, residents=pd.Series(100.0, index=NEW))
OLD = [f"E0100000{n}" for n in range(1, 7)]


def index(year: int, geography: Geography, codes: list[str], deciles: list[float], column: str) -> AreaTable:
    source = Source(f"iod{year}", f"Indices of Deprivation {year}", "MHCLG", str(year), str(year), "OGL v3")
    return AreaTable(
        geography,
        {column: Column("IMD decile", "decile", "rank", direction="1 = most deprived")},
        pd.DataFrame({column: deciles}, index=codes),
        source,
    )


BEFORE = index(2019, LSOA11, OLD, [1, 2, 3, 4, 5, 5], "imd19_decile")
AFTER = index(2025, LSOA21, NEW, [2, 2, 1, 4, 5], "imd25_decile")
EDITIONS = [("2019", BEFORE, "imd19_decile"), ("2025", AFTER, "imd25_decile")]


def test_two_editions_stand_side_by_side_on_one_geography() -> None:
    made = build_series(EDITIONS, LSOA21, history=[HISTORY])
    assert list(made.values.index) == NEW
    assert made.values["2019"].to_list() == pytest.approx([1, 2, 2, np.nan, 5], nan_ok=True)
    assert made.status["2019"].to_list() == ["ok", "ok", "ok", "not_applicable", "ok"]
    assert made.basis["2019"].to_list() == ["counted", "copied", "copied", "counted", "counted"]
    assert any("2 areas of lsoa21 are parts of areas of lsoa11" in note for note in made.notes)
    assert any(
        "1 areas of lsoa21 were merged from areas of different values (E01000031" in note
        for note in made.notes
    )


def test_a_rank_change_is_refused_unless_asked_for_by_name_and_then_labelled() -> None:
    made = build_series(EDITIONS, LSOA21, history=[HISTORY])
    with pytest.raises(
        ComparabilityError, match=r'2019\) and .*2025.* do not compare.*"incomparable change"'
    ):
        change(made, "2019", "2025")
    given = change(made, "2019", "2025", asked_for=INCOMPARABLE_CHANGE)
    assert given.values["E01000022"] == -1
    assert np.isnan(given.values["E01000031"])
    assert "do not compare" in given.label
    assert given.warning.startswith("Not a measure of change: Indices of Deprivation 2019")


def test_a_series_that_compares_gives_its_change_without_a_warning() -> None:
    people = [
        AreaTable(
            geography,
            {"people": Column("Residents", "people", "count")},
            pd.DataFrame({"people": [100.0 + 10 * n for n in range(len(codes))]}, index=codes),
            replace(BEFORE.source, title="Mid-year estimates"),
        )
        for geography, codes in ((LSOA11, OLD), (LSOA21, NEW))
    ]
    made = build_series(
        [("2011", people[0], "people"), ("2021", people[1], "people")],
        LSOA21,
        history=[HISTORY],
        comparable="both count usual residents at mid-year",
    )
    given = change(made, "2011", "2021")
    assert given.warning == ""
    # 100 stays; 110 splits evenly; 120 and 130 merge; 140 and 150 merge.
    assert made.values["2011"].to_list() == [100.0, 55.0, 55.0, 250.0, 290.0]
    assert given.values.to_list() == [0.0, 55.0, 65.0, -120.0, -150.0]
    assert made.basis["2011"].iloc[1] == "apportioned"
    with pytest.raises(ComparabilityError, match="in decile and people; they are not one series"):
        build_series([EDITIONS[0], ("2021", people[1], "people")], LSOA21, history=[HISTORY], comparable="x")


def test_a_way_over_two_crosswalks_is_found_and_no_way_is_said() -> None:
    up = nested(LSOA21, MSOA21, dict.fromkeys(NEW, "E02000001"), method="ONS")
    people = AreaTable(
        LSOA11, {"p": Column("P", "people", "count")}, pd.DataFrame({"p": 1.0}, index=OLD), BEFORE.source
    )
    made = build_series([("2011", people, "p")], MSOA21, history=[HISTORY, up])
    assert made.values.loc["E02000001", "2011"] == 6.0
    direct = compose(HISTORY, up)
    assert convert(people, direct).value("E02000001", "p") == 6.0
    with pytest.raises(
        UnknownAreaError, match=r"is on lsoa11, and no crosswalk leads to msoa21 \(at hand: none\)"
    ):
        build_series([("2011", people, "p")], MSOA21)
    with pytest.raises(UnknownAreaError, match="has no column q; it has p"):
        build_series([("2011", people, "q")], LSOA11)
    with pytest.raises(ComparabilityError, match="each once"):
        build_series([("2011", people, "p"), ("2011", people, "p")], LSOA11)
    with pytest.raises(UnknownAreaError, match="2012 is not an edition"):
        change(made, "2011", "2012")


def test_a_hidden_value_stays_hidden_in_the_parts() -> None:
    hidden = replace(
        BEFORE,
        values=BEFORE.values.assign(imd19_decile=[1, np.nan, 3, 3, 5, 5]),
        status=BEFORE.status.assign(imd19_decile=["ok", "suppressed", "ok", "ok", "ok", "ok"]),
    )
    got = carry_over(hidden, HISTORY)
    assert got.status["imd19_decile"].to_list() == ["ok", "suppressed", "suppressed", "ok", "ok"]


def test_real_england_goes_from_2011_to_2021_without_losing_anyone(real_data: Path) -> None:
    lookups = real_data / "lookups"
    ew = pd.read_csv(lookups / "lsoa11_lsoa21_lad22_exact_fit_ew.csv.gz")
    oas = pd.read_csv(lookups / "oa21_lsoa21_msoa21_lad_pcon24_ew.csv.gz")
    people = oas.groupby("LSOA21CD")["census2021_usual_residents"].sum().astype(float)
    cluster = ew[ew["CHGIND"] == "X"]
    older = read_boundaries(
        real_data / "boundaries" / "england_lsoa11_bgc.parquet", LSOA11, codes=set(cluster["LSOA11CD"])
    )
    newer = read_boundaries(
        real_data / "boundaries" / "england_lsoa21_bgc.parquet", LSOA21, codes=set(cluster["LSOA21CD"])
    )
    history = exact_lookup(ew, LSOA11, LSOA21, residents=people, overlaps=ground_shares(older, newer))
    iod = pd.read_csv(real_data / "imd" / "iod2019_scores_ranks_deciles_denominators_england.csv.gz")
    iod = iod.set_index("LSOA code (2011)")
    population = next(name for name in iod.columns if name.startswith("Total population"))
    decile = next(name for name in iod.columns if "(IMD) Decile" in name)
    source = Source("iod2019", "Indices of Deprivation 2019", "MHCLG", "2019", "2019", "OGL v3")
    table = AreaTable(
        LSOA11,
        {"people": Column("Residents", "people", "count"), "decile": Column("IMD decile", "decile", "rank")},
        pd.DataFrame({"people": iod[population].astype(float), "decile": iod[decile].astype(float)}),
        source,
    )
    counted = convert(table.pick(["people"]), history, whole=["people"])
    assert len(counted.codes) == 33_755
    assert counted.values["people"].sum() == iod[population].sum()
    carried = carry_over(table.pick(["decile"]), history)
    assert len(carried.codes) == 33_755
    # Only areas merged from areas of different deciles have none.
    lost = carried.status["decile"] != "ok"
    merged = set(ew.loc[ew["CHGIND"].isin(["M", "X"]), "LSOA21CD"])
    assert set(carried.codes[lost.to_numpy()]) <= merged
    assert 0 < lost.sum() < 119
