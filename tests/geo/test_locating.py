"""Each record is placed by the surest means it has, and none is dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.locating import locate
from geo.points import PointsError
from geo.postcodes import make_directory

DIRECTORY = make_directory(
    pd.DataFrame(
        {"pcd": ["ZZ1 1AA", "ZZ1 1AB"], "e": [500_010.0, 500_020.0], "n": 200_000.0, "end": ["", "2020"]}
    ),
    postcode="pcd",
    x="e",
    y="n",
    ended="end",
    edition="Invented",
)
ADDRESSES = pd.DataFrame({"x": [500_001.0], "y": [200_001.0]}, index=["10008001"])
RECORDS = pd.DataFrame(
    {
        "uprn": [10008001.0, np.nan, 999, np.nan, np.nan],
        "e": [1.0, 500_002.0, None, None, None],
        "n": [1.0, 200_002.0, None, None, None],
        "postcode": ["ZZ1 1AA", "ZZ1 1AA", "zz1 1aa", "ZZ1 1AB", "ZZ1 1AX"],
    },
    index=list("abcde"),
)


def test_the_surest_means_places_each_record_and_the_rest_is_reported() -> None:
    got = locate(
        RECORDS, uprn="uprn", addresses=ADDRESSES, x="e", y="n", postcode="postcode", directory=DIRECTORY
    )
    assert got.rows["placed_by"].to_dict() == {
        "a": "UPRN",
        "b": "coordinates",
        "c": "postcode centroid",
        "d": "postcode centroid",
        "e": "not placed",
    }
    assert got.rows["x"].to_list()[:4] == [500_001.0, 500_002.0, 500_010.0, 500_020.0]
    assert got.problems.to_dict("index") == {
        "e": {"given": "ZZ1 1AX", "state": "unknown", "suggestion": "ZZ1 1AA"}
    }
    assert got.notes == (
        "5 records: 1 by UPRN, 1 by coordinates, 2 by postcode centroid, 1 not placed",
        "1 postcodes are no longer in use and were placed where they were",
    )


def test_records_without_any_means_are_refused() -> None:
    with pytest.raises(PointsError, match="give UPRNs, coordinates or postcodes"):
        locate(RECORDS)
    with pytest.raises(PointsError, match="no column lat"):
        locate(RECORDS, x="lat", y="n")
