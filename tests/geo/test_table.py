"""Tables: missing, suppressed, not applicable and zero are four different things."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.figures import FIGURE_COLUMNS, table_figures, tidy_figures
from geo.geography import Geography
from geo.source import LicenceError, Source, check_licences
from geo.table import AreaTable, Column, TableError, UnknownAreaError

LSOA21 = Geography.parse("lsoa21")
SOURCE = Source("made_up", "Made-up table", "Nobody", "2025", "2025", "OGL v3", file="made_up.csv")
COLUMNS = {
    "residents": Column("Residents", "people", "count"),
    "poor": Column("Residents on low income", "people", "count"),
    "poor_share": Column("Share on low income", "share", "rate", base="residents", count="poor"),
}
A, B, C = "E01000001", "E01000002", "E01000003"


def table(**changes: object) -> AreaTable:
    values = pd.DataFrame(
        {"residents": [100.0, 200.0, 0.0], "poor": [10.0, 50.0, 0.0], "poor_share": [0.1, 0.25, np.nan]},
        index=[A, B, C],
    )
    status = pd.DataFrame("ok", index=values.index, columns=values.columns)
    status.loc[C, "poor_share"] = "not_applicable"
    given = {"values": values, "status": status, **changes}
    return AreaTable(LSOA21, COLUMNS, source=SOURCE, **given)  # type: ignore[arg-type]


def test_zero_is_a_value_and_a_rate_over_nobody_is_not_applicable() -> None:
    got = table_figures(table()).set_index(["code", "indicator"])
    assert got.loc[(C, "residents"), ["value", "status"]].tolist() == [0.0, "ok"]
    assert got.loc[(C, "poor_share"), "status"] == "not_applicable"
    assert np.isnan(got.loc[(C, "poor_share"), "value"])


def test_figures_carry_count_base_unit_source_and_floor() -> None:
    row = (
        table_figures(table(), floors={"poor_share": "wd25"})
        .set_index(["code", "indicator"])
        .loc[(B, "poor_share")]
    )
    assert (row["count"], row["base"], row["unit"], row["source"], row["floor"]) == (
        50.0,
        200.0,
        "share",
        "made_up",
        "wd25",
    )


def test_a_value_without_ok_or_an_ok_without_value_is_refused() -> None:
    wrong = table().status.copy()
    wrong.loc[A, "poor"] = "suppressed"
    with pytest.raises(TableError, match=r"poor of E01000001 is 10.0 with status suppressed"):
        table(status=wrong)


def test_duplicate_codes_are_refused_by_name() -> None:
    with pytest.raises(TableError, match=r"made_up.csv: E01000001 appears 2 times"):
        table(values=table().values.set_axis([A, A, C]), status=table().status.set_axis([A, A, C]))


def test_asking_for_an_absent_code_says_which_table_and_vintage() -> None:
    with pytest.raises(UnknownAreaError, match=r"E01999999 is not in Made-up table \(lsoa21\)"):
        table().value("E01999999", "poor")
    assert table().only([B, "E01000009"]).status.loc["E01000009"].tolist() == ["missing"] * 3


def test_the_order_in_which_figures_arrive_does_not_matter() -> None:
    figures = table_figures(table())
    shuffled = tidy_figures([figures.sample(frac=1, random_state=3)])
    pd.testing.assert_frame_equal(figures, shuffled)
    assert list(figures.columns) == list(FIGURE_COLUMNS)


def test_a_figure_given_twice_and_a_range_without_its_value_are_refused() -> None:
    figures = table_figures(table())
    with pytest.raises(TableError, match="two figures share the key"):
        tidy_figures([figures, figures.head(1)])
    off = figures.assign(low=figures["value"] + 1)
    with pytest.raises(TableError, match="outside its own range"):
        tidy_figures([off])


def test_a_public_output_refuses_a_source_it_may_not_carry() -> None:
    member = Source("osmm", "MasterMap", "OS", "2025", "2025", "PSGA", licence_class="member-only")
    check_licences([SOURCE], allowed=["open"], output="the public map")
    with pytest.raises(LicenceError, match=r'the public map may not carry "MasterMap" \(PSGA, member-only\)'):
        check_licences([SOURCE, member], allowed=["open"], output="the public map")
