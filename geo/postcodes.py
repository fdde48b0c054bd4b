"""Postcodes as people type them, found in a directory of postcodes.

A postcode that was ended is found and said to be so; one that does not exist is not guessed, but the
nearest spellings are suggested.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pandas as pd
from rapidfuzz import fuzz, process

from geo.errors import UserError

_SHAPE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)(\d[A-Z]{2})")
#: Spellings less alike than this (0 to 100) are not suggested.
SUGGEST_FROM = 70.0


class PostcodeError(UserError, LookupError):
    """Postcodes that are not in the directory; the message names them and suggests others."""


@dataclass(frozen=True)
class PostcodeDirectory:
    """Postcodes with their places.

    Parameters
    ----------
    rows
        Indexed by postcode as `tidy_postcode` writes it; columns ``x``, ``y`` (EPSG:27700, NaN where
        unknown), ``ended`` (empty for a live postcode, else when it was ended, as text) and any codes
        of areas.
    edition
        Of which directory, such as "Code-Point Open 2025.4.0".
    """

    rows: pd.DataFrame
    edition: str

    @property
    def live(self) -> pd.DataFrame:
        """The rows of postcodes in use."""
        return self.rows[self.rows["ended"] == ""]


def tidy_postcode(text: object) -> str:
    """Write a postcode in capitals with one space before the last three letters; empty if it is none."""
    packed = re.sub(r"[^A-Z0-9]", "", str(text).upper())
    found = _SHAPE.fullmatch(packed)
    return f"{found[1]} {found[2]}" if found else ""


def make_directory(
    frame: pd.DataFrame, *, postcode: str, x: str, y: str, edition: str, ended: str | None = None
) -> PostcodeDirectory:
    """Directory from a table as published, such as Code-Point Open or the ONS directory.

    Parameters
    ----------
    frame
        A row for each postcode; columns not named here are kept as they are.
    postcode, x, y
        Columns of the postcode and of its easting and northing.
    edition
        For messages.
    ended
        Column that says when a postcode was ended (ONS: ``doterm``), empty for live ones.

    Raises
    ------
    PostcodeError
        A row's postcode is not one, or stands twice.
    """
    names = frame[postcode].map(tidy_postcode)
    bad = names == ""
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise PostcodeError(
            f'{edition} row {row + 2}: "{frame[postcode].iloc[row]}" is not a postcode; '
            f"give the column of postcodes"
        )
    if names.duplicated().any():
        raise PostcodeError(
            f"{edition}: {names[names.duplicated()].iloc[0]} stands twice; a postcode has one row"
        )
    rows = frame.drop(columns=[postcode]).rename(columns={x: "x", y: "y"})
    rows["ended"] = "" if ended is None else frame[ended].fillna("").astype("str")
    rows.index = pd.Index(names.to_numpy(), name="postcode")
    return PostcodeDirectory(rows.sort_index(), edition)


def add_ended(directory: PostcodeDirectory, older: PostcodeDirectory) -> PostcodeDirectory:
    """Add the postcodes of an older edition that the newer no longer has, as ended.

    For directories of live postcodes only, such as Code-Point Open, whose successive editions are the
    one sign of an ending.
    """
    gone = older.rows.loc[older.rows.index.difference(directory.rows.index), ["x", "y"]].copy()
    gone["ended"] = f"after {older.edition}"
    return replace(directory, rows=pd.concat([directory.rows, gone]).sort_index())


def find_postcodes(texts: Iterable[object], directory: PostcodeDirectory) -> pd.DataFrame:
    """Find postcodes as typed.

    Returns
    -------
    DataFrame
        A row for each text, in order: ``given``, ``postcode`` (tidy; empty where it is none),
        ``state`` (``live``, ``ended``, ``unknown`` or ``not a postcode``), ``ended`` (when),
        ``suggestion`` (up to three spellings, the closest first, for what was not found), ``x`` and
        ``y`` (NaN where not found). Area codes of the directory follow under their own names.
    """
    given = ["" if text is None else str(text).strip() for text in texts]
    tidy = [tidy_postcode(text) for text in given]
    rows = directory.rows.reindex(tidy).reset_index(drop=True)
    known = pd.Series(tidy).isin(directory.rows.index)
    ended = rows["ended"].fillna("").astype("str")
    state = pd.Series("live", index=rows.index, dtype="str")
    state[known & (ended != "")] = "ended"
    state[~known] = "unknown"
    state[pd.Series(tidy) == ""] = "not a postcode"
    suggestion = [
        "" if found else ", ".join(suggest(text, directory)) for found, text in zip(known, given, strict=True)
    ]
    head = pd.DataFrame(
        {"given": given, "postcode": tidy, "state": state, "ended": ended, "suggestion": suggestion}
    )
    return pd.concat([head, rows.drop(columns="ended")], axis=1)


def suggest(text: str, directory: PostcodeDirectory, *, limit: int = 3) -> list[str]:
    """Live postcodes spelt most like a text, the closest first, ties in order of the alphabet."""
    packed = re.sub(r"[^A-Z0-9]", "", text.upper())
    if len(packed) < 4:
        return []
    live = directory.live.index
    # First among those that share the first two letters: a country's directory has 1.7 million.
    near = live[live.str.startswith(packed[:2])] if packed[:2].isalpha() else live
    choices = {name: name.replace(" ", "") for name in (near if len(near) else live)}
    found = process.extract(packed, choices, scorer=fuzz.ratio, limit=50, score_cutoff=SUGGEST_FROM)
    # Of equal likeness, the one that differs in fewer places as typed (LU1 1A0 is LU1 1AO or LU1 1AD).
    ranked = sorted(found, key=lambda one: (-round(one[1], 6), one[2]))
    return [str(name) for _, _, name in ranked[:limit]]


def check_found(found: pd.DataFrame, *, edition: str, needed: str = "postcodes that exist") -> list[str]:
    """Refuse what was not found; give sentences about the postcodes that were ended.

    Raises
    ------
    PostcodeError
        Naming the first that is unknown, its suggestions, and how many more there are.
    """
    lost = found[found["state"].isin(["unknown", "not a postcode"])]
    if len(lost):
        first = lost.iloc[0]
        hint = f"; did you mean {first['suggestion']}?" if first["suggestion"] else ""
        more = f" (and {len(lost) - 1} more like it)" if len(lost) > 1 else ""
        raise PostcodeError(f'"{first["given"]}" is not in {edition}{more}; needed {needed}{hint}')
    gone = found[found["state"] == "ended"]
    if not len(gone):
        return []
    when = gone["ended"].iloc[0]
    first = f"{gone['postcode'].iloc[0]}: ended {when}"
    return [f"{len(gone)} of {len(found)} postcodes are no longer in use ({first})"]
