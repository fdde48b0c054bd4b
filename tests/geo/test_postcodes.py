"""Postcodes are found as typed, ended ones are said to be ended, misspelt ones get suggestions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.postcodes import (
    PostcodeError,
    add_ended,
    check_found,
    find_postcodes,
    make_directory,
    suggest,
    tidy_postcode,
)

# Invented postcodes in an area (ZZ) that Royal Mail does not use.
FRAME = pd.DataFrame(
    {
        "pcds": ["ZZ1 1AA", "ZZ1 1AB", "zz12bd", "ZZ9 9ZZ"],
        "e": [500_000.0, 500_100.0, 500_200.0, np.nan],
        "n": 200_000.0,
        "doterm": [None, None, None, "202206"],
        "WD25CD": "E05000001",
    }
)
DIRECTORY = make_directory(FRAME, postcode="pcds", x="e", y="n", ended="doterm", edition="Directory 2025")


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [("zz11aa", "ZZ1 1AA"), (" ZZ1  1AA ", "ZZ1 1AA"), ("zz1-1aa", "ZZ1 1AA"), ("EC1A1BB", "EC1A 1BB"), ("M1 1AE", "M1 1AE"), ("hello", ""), (None, "")],
)  # fmt: skip
def test_a_postcode_is_written_one_way(typed: object, tidy: str) -> None:
    assert tidy_postcode(typed) == tidy


def test_each_postcode_is_live_ended_or_unknown() -> None:
    found = find_postcodes(["zz1 1aa", "ZZ99ZZ", "ZZ1 1AC", "road"], DIRECTORY)
    assert list(found["state"]) == ["live", "ended", "unknown", "not a postcode"]
    assert found["x"].iloc[0] == 500_000.0
    assert found["WD25CD"].iloc[0] == "E05000001"
    assert found["ended"].iloc[1] == "202206"
    # One letter off two live postcodes: both are offered, in order of the alphabet.
    assert found["suggestion"].iloc[2] == "ZZ1 1AA, ZZ1 1AB"
    assert list(find_postcodes([], DIRECTORY)["given"]) == []


def test_a_misspelt_postcode_stops_with_a_suggestion_and_an_ended_one_is_said() -> None:
    with pytest.raises(PostcodeError, match=r'"ZZ1 2BO" is not in Directory 2025.*did you mean ZZ1 2BD'):
        check_found(find_postcodes(["ZZ1 1AA", "ZZ1 2BO"], DIRECTORY), edition="Directory 2025")
    with pytest.raises(PostcodeError, match=r"\(and 1 more like it\)"):
        check_found(find_postcodes(["QQ", "road"], DIRECTORY), edition="Directory 2025")
    notes = check_found(find_postcodes(["ZZ1 1AA", "ZZ9 9ZZ"], DIRECTORY), edition="Directory 2025")
    assert notes == ["1 of 2 postcodes are no longer in use (ZZ9 9ZZ: ended 202206)"]
    assert check_found(find_postcodes(["ZZ1 1AA"], DIRECTORY), edition="") == []


def test_ended_postcodes_are_never_suggested() -> None:
    assert "ZZ9 9ZZ" not in suggest("ZZ9 9ZX", DIRECTORY)
    assert suggest("ZZ", DIRECTORY) == []


def test_a_directory_refuses_what_is_no_postcode_and_copies() -> None:
    with pytest.raises(PostcodeError, match='row 3: "x" is not a postcode'):
        make_directory(
            FRAME.assign(pcds=["ZZ1 1AA", "x", "ZZ1 1AB", "ZZ1 1AC"]),
            postcode="pcds",
            x="e",
            y="n",
            edition="D",
        )
    with pytest.raises(PostcodeError, match="ZZ1 1AA stands twice"):
        make_directory(FRAME.assign(pcds="ZZ1 1AA"), postcode="pcds", x="e", y="n", edition="D")


def test_real_postcodes_that_ended_between_editions_are_known(real_data: Path) -> None:
    def read(name: str, edition: str) -> object:
        frame = pd.read_csv(real_data / "points" / name)
        return make_directory(frame, postcode="postcode", x="easting", y="northing", edition=edition)

    newer = read("codepoint_open_LU_2025-11.csv", "Code-Point Open 2025.4")
    older = read("codepoint_open_LU_2014-08.csv", "Code-Point Open 2014.3")
    both = add_ended(newer, older)
    gone = both.rows[both.rows["ended"] != ""]
    assert len(both.live) == 6_434
    assert 0 < len(gone) < 1_000
    found = find_postcodes([gone.index[0], "LU1 1AA"], both)
    assert list(found["state"]) == ["ended", "live"]
    assert found["ended"].iloc[0] == "after Code-Point Open 2014.3"
