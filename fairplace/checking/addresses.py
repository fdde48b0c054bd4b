"""Addresses without a UPRN, matched to the council's own address extract, else to the postcode.

Each row gets a grade, and whatever is not certain stands on a sheet for a person to look at: a wrong
match puts somebody's home somewhere else.
"""

from __future__ import annotations

import re

import pandas as pd
from rapidfuzz import fuzz, process

from geo.postcodes import PostcodeDirectory

#: Grade -> what it says.
GRADES = {
    "A": "UPRN given and found, or coordinates given",
    "B": "address matched to the extract",
    "C": "centre of the postcode only",
    "D": "no place found",
}
#: Addresses less alike than this (0 to 100) are not matched; from the second on none need be looked at.
MATCH_FROM, SURE_FROM = 85.0, 97.0
_SHORT = {
    "rd": "road", "st": "street", "ave": "avenue", "av": "avenue", "cl": "close", "dr": "drive", "ln": "lane",
    "ct": "court", "gdns": "gardens", "cres": "crescent", "pl": "place", "sq": "square", "tce": "terrace",
    "terr": "terrace", "hse": "house", "flt": "flat", "apt": "flat", "apartment": "flat",
}  # fmt: skip


def tidy_address(text: str) -> str:
    """Write an address in small letters, without punctuation, its short words in full."""
    words = re.sub(r"[^a-z0-9 ]+", " ", text.lower()).split()
    return " ".join(_SHORT.get(word, word) for word in words)


def match_addresses(
    frame: pd.DataFrame,
    *,
    extract: pd.DataFrame | None = None,
    directory: PostcodeDirectory | None = None,
) -> pd.DataFrame:
    """Match rows to places.

    Parameters
    ----------
    frame
        With some of ``uprn``, ``address``, ``postcode``, ``easting``.
    extract
        The council's addresses: ``uprn``, ``address``, ``postcode``, ``easting``, ``northing``.
    directory
        Postcodes with their centres.

    Returns
    -------
    DataFrame
        Indexed as `frame`: ``grade`` (see `GRADES`), ``uprn``, ``matched`` (the address it was matched to),
        ``likeness`` (0 to 100; NaN where nothing was compared), ``easting``, ``northing``, ``look`` (True
        where a person should look).

    Notes
    -----
    Within one postcode the most alike address is taken, if its numbers are the same: 12 and 12A are two
    homes. Of two equally alike none is taken.
    """
    known = extract.set_index("uprn") if extract is not None else None
    by_postcode: dict[str, pd.DataFrame] = (
        {str(code): rows for code, rows in extract.groupby("postcode")} if extract is not None else {}
    )
    rows = [_match(row, known, by_postcode, directory) for row in frame.to_dict("records")]
    columns = ["grade", "uprn", "matched", "likeness", "easting", "northing", "look"]
    return pd.DataFrame(rows, columns=columns, index=frame.index)


def _match(
    row: dict[str, object],
    known: pd.DataFrame | None,
    by_postcode: dict[str, pd.DataFrame],
    directory: PostcodeDirectory | None,
) -> tuple[object, ...]:
    nan = float("nan")
    uprn, postcode = str(row.get("uprn") or ""), str(row.get("postcode") or "")
    if uprn and known is not None and uprn in known.index:
        found = known.loc[uprn]
        return "A", uprn, found["address"], nan, float(found["easting"]), float(found["northing"]), False
    east, north = row.get("easting"), row.get("northing")
    if isinstance(east, float) and isinstance(north, float) and east == east and north == north:
        return "A", uprn, "", nan, east, north, bool(uprn and known is not None)
    if uprn and known is None:
        return "A", uprn, "", nan, nan, nan, False
    address = tidy_address(str(row.get("address") or ""))
    near = by_postcode.get(postcode)
    likeness = nan
    if address and near is not None:
        choices = [tidy_address(str(text)) for text in near["address"]]
        hits = process.extract(address, choices, scorer=_likeness, limit=2, score_cutoff=MATCH_FROM)
        hits = [one for one in hits if _numbers(choices[one[2]]) == _numbers(address)]
        if hits and (len(hits) == 1 or hits[0][1] > hits[1][1]):
            likeness, found = float(hits[0][1]), near.iloc[hits[0][2]]
            return (
                "B", str(found["uprn"]), found["address"], likeness, float(found["easting"]),
                float(found["northing"]), likeness < SURE_FROM,
            )  # fmt: skip
    if near is not None:
        return "C", "", "", likeness, float(near["easting"].mean()), float(near["northing"].mean()), True
    if directory is not None and postcode in directory.rows.index:
        place = directory.rows.loc[postcode]
        return "C", "", "", likeness, float(place["x"]), float(place["y"]), True
    return "D", "", "", likeness, nan, nan, True


def _likeness(one: str, other: str, **_: object) -> float:
    # A town's name at the end of one of them should cost something, but not a match.
    return float((fuzz.token_sort_ratio(one, other) + fuzz.token_set_ratio(one, other)) / 2)


def _numbers(text: str) -> list[str]:
    return [word for word in text.split() if any(letter.isdigit() for letter in word)]
