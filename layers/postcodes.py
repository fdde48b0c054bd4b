"""Unit postcodes: OS Code-Point Open, and ONS's postcode directories with terminated ones.

Code-Point Open is published without a header row; copies with one are as common. Both read.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from geo.source import Source
from layers.areas import paper, wrong_file
from layers.catalogue import dataset
from layers.delimited import Delimited, HeaderError, find_header, read_delimited, read_start
from layers.points import Points, place_points, tidy_postcode
from layers.symbols import read_numbers

_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE)
_OPEN_HEADER = (
    "Postcode",
    "Positional_quality_indicator",
    "Eastings",
    "Northings",
    "Country_code",
    "NHS_regional_HA_code",
    "NHS_HA_code",
    "Admin_county_code",
    "Admin_district_code",
    "Admin_ward_code",
)
# Column of the frame -> its headers in the products, the likeliest first.
_COLUMNS = {
    "district": ("admin_district_code", "laua", "lad25cd", "lad24cd", "oslaua"),
    "ward": ("admin_ward_code", "ward", "wd25cd", "wd24cd", "osward"),
    "lsoa21": ("lsoa21cd", "lsoa21"),
    "lsoa11": ("lsoa11cd", "lsoa11"),
    "oa21": ("oa21cd", "oa21"),
}
_ID = ("pcds", "postcode", "pcd2", "pcd", "pcd7", "pcd8")
_QUALITY = ("positional_quality_indicator", "positional_quality", "osgrdind", "gridind")
_INTRODUCED, _TERMINATED = "dointr", "doterm"

#: Positional quality of Code-Point Open and of ONS -> what it means; 90 and 9 have no place.
QUALITY = {
    "10": "within the building of the matched address nearest the mean of the delivery points",
    "20": "as 10, by an earlier method",
    "30": "as 10, by an earlier method",
    "40": "mean of neighbouring postcodes",
    "50": "estimated",
    "60": "centre of the postcode sector",
    "90": "no place",
    "1": "within the building of the matched address nearest the postcode mean",
    "2": "as 1, by visual inspection of maps",
    "3": "approximate to within 50 metres",
    "4": "postcode mean, not snapped to a building",
    "5": "imputed from neighbouring postcodes",
    "6": "centre of the postcode sector",
    "8": "terminated before coordinates were kept",
    "9": "no place",
}


def read_postcodes(path: Path, *, source: Source | None = None) -> Points:
    """Postcodes with their place and the areas the product names.

    Parameters
    ----------
    path
        Code-Point Open with or without header, or ONSPD or NSPL; CSV or gzipped.
    source
        Its papers, if not those of the catalogue.

    Returns
    -------
    Points
        ``id`` the postcode with one space, ``status`` ``live`` or ``terminated``; also ``quality`` (see
        `QUALITY`), ``introduced`` and ``terminated`` (``YYYY-MM``, empty where the product has none),
        ``district``, ``ward``, ``lsoa21``, ``lsoa11``, ``oa21`` (empty where it has none). Those without a
        place are left out and counted in a note. Code-Point Open holds live postcodes only.

    Raises
    ------
    WrongFileError
        The file holds no postcodes.
    """
    cells = _read(path)
    headers = cells.frame.columns.tolist()
    name = find_header(headers, _ID)
    directory = bool(find_header(headers, [_TERMINATED]))
    ended = _month(cells, _TERMINATED)
    quality = find_header(
        headers, ["positional_quality_indicator", "positional_quality", "osgrdind", "gridind"]
    )
    known = {"quality": cells.frame[quality] if quality else pd.Series("", index=cells.frame.index)}
    for column, spellings in _COLUMNS.items():
        found = find_header(headers, spellings)
        known[column] = cells.frame[found] if found else pd.Series("", index=cells.frame.index)
    ids = cells.frame[name].map(tidy_postcode)
    twice = ids[ids.duplicated()]
    if len(twice):
        first = ids == twice.iat[0]
        lines = ", ".join(str(line) for line in cells.lines[first.to_numpy(dtype=bool)])
        error = HeaderError(f"{path.name}: {twice.iat[0]} stands on rows {lines}; remove all but one")
        raise error
    papers = paper("onspd" if directory else "codepoint_open", path, source)
    notes = [] if directory else ["live postcodes only: those that have ended are not in this product"]
    return place_points(
        cells,
        source=papers,
        columns={
            "id": ids,
            "name": ids,
            "kind": np.full(len(ids), "postcode", dtype=object),
            "status": np.where(ended == "", "live", "terminated").astype(object),
            **known,
            "introduced": _month(cells, _INTRODUCED),
            "terminated": ended,
        },
        placed="postcode centre",
        notes=notes,
    )


def _read(path: Path) -> Delimited:
    headers, _ = read_start(path)
    if headers and _POSTCODE.fullmatch(headers[0].strip()):
        names = [*_OPEN_HEADER, *(f"column {n}" for n in range(len(_OPEN_HEADER), len(headers)))]
        return read_delimited(path, header=names[: len(headers)])
    name = find_header(headers, _ID)
    placed = find_header(headers, ["eastings", "easting", "oseast1m", "east1m"])
    if not name or not placed:
        error = HeaderError(f"{path.name} has no columns of postcodes and eastings")
        raise wrong_file(error, path, dataset("codepoint_open").title)
    return read_delimited(path, required=[name, placed])


def _month(cells: Delimited, header: str) -> pd.Series[str]:
    found = find_header(cells.frame.columns.tolist(), [header])
    if not found:
        return pd.Series("", index=cells.frame.index)
    numbers = read_numbers(cells, found, whole=True)
    text = [
        f"{int(value) // 100:04d}-{int(value) % 100:02d}" if np.isfinite(value) else ""
        for value in numbers.values
    ]
    return pd.Series(text, index=cells.frame.index)


def postcode_places(postcodes: Points) -> dict[str, tuple[float, float]]:
    """Give easting and northing by postcode, to place what only has an address."""
    frame = postcodes.frame
    return dict(zip(frame["id"], zip(frame.geometry.x, frame.geometry.y, strict=True), strict=True))
