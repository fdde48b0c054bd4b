"""What became of the areas of the last census, and how to say so.

The LSOAs of 2011 and 2021 share most of their codes and look alike, so a table of the one year slips
unnoticed into boundaries of the other. `LsoaChanges` knows what was split, merged and redrawn: it
carries figures from year to year, and tells whoever brings an old table what replaced its codes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from geo.crosswalk import Crosswalk, CrosswalkError
from geo.errors import UserError
from geo.geography import KINDS, Geography
from geo.source import Source
from layers.areas import WrongFileError, check_shape, english_pairs, paper, read_cells

LSOA11, LSOA21 = Geography("lsoa", 2011), Geography("lsoa", 2021)

#: Change indicator of ONS's exact fit lookup -> what happened to the area.
CHANGES = {"U": "unchanged", "S": "split", "M": "merged", "X": "redrawn"}

#: The last number ONS gave to an LSOA of 2011 in England; the first of 2021 is the next.
_LAST_OF_2011 = 1_033_768


class VintageError(UserError, LookupError):
    """A code belongs to boundaries of another year than those that are in use."""


@dataclass(frozen=True)
class LsoaChanges:
    """What became of the LSOAs of 2011.

    Parameters
    ----------
    pairs
        Columns ``lsoa11``, ``name11``, ``change`` (``U``, ``S``, ``M``, ``X``), ``lsoa21``, ``name21``;
        one row for each pair that shares ground. England only.
    source
        Papers of the lookup.
    notes
        What reading found.
    """

    pairs: pd.DataFrame
    source: Source
    notes: tuple[str, ...] = field(default=())

    def replaced_by(self, code: str) -> tuple[str, ...]:
        """LSOAs of 2021 that an LSOA of 2011 became; empty if there is no such LSOA of 2011."""
        return tuple(sorted(self.pairs.loc[self.pairs["lsoa11"] == code, "lsoa21"]))

    def replaced(self, code: str) -> tuple[str, ...]:
        """LSOAs of 2011 out of which an LSOA of 2021 was made; empty if there is no such one."""
        return tuple(sorted(self.pairs.loc[self.pairs["lsoa21"] == code, "lsoa11"]))

    def count(self) -> dict[str, int]:
        """How many LSOAs of 2011 were unchanged, split, merged or redrawn."""
        once = self.pairs.drop_duplicates("lsoa11")["change"].map(CHANGES)
        return {word: int((once == word).sum()) for word in CHANGES.values()}

    def only(self, codes21: Collection[str]) -> LsoaChanges:
        """Keep the LSOAs of 2011 that became one of some LSOAs of 2021, with all they became."""
        touched = set(self.pairs.loc[self.pairs["lsoa21"].isin(set(codes21)), "lsoa11"])
        kept = self.pairs[self.pairs["lsoa11"].isin(touched)].reset_index(drop=True)
        return LsoaChanges(kept, self.source, self.notes)


def read_lsoa_changes(path: Path, *, source: Source | None = None) -> LsoaChanges:
    """Exact fit lookup of LSOAs of 2011 and 2021, with what changed.

    Parameters
    ----------
    path
        ONS's lookup with ``LSOA11CD``, ``CHGIND`` and ``LSOA21CD``, CSV or gzipped, whole or a cut.
    source
        Its papers, if not those of the catalogue.

    Raises
    ------
    WrongFileError
        The columns are not there, or a change indicator is unknown.
    """
    cells = read_cells(
        path,
        what="the LSOA (2011) to LSOA (2021) lookup",
        required=["LSOA11CD", "CHGIND", "LSOA21CD"],
        columns=["LSOA11NM", "LSOA21NM"],
    )
    frame, notes = english_pairs(cells, "LSOA11CD", LSOA11)
    check_shape(frame, cells.file, "LSOA21CD", LSOA21)
    unknown = frame.loc[~frame["CHGIND"].isin(list(CHANGES)), "CHGIND"]
    if len(unknown):
        raise WrongFileError(
            f'{cells.file}: "CHGIND" is "{unknown.iat[0]}"; expected one of {", ".join(CHANGES)}'
        )
    names = {
        "LSOA11CD": "lsoa11",
        "LSOA11NM": "name11",
        "CHGIND": "change",
        "LSOA21CD": "lsoa21",
        "LSOA21NM": "name21",
    }
    pairs = frame.rename(columns=names).reindex(columns=list(names.values())).fillna("")
    pairs = pairs.drop_duplicates(["lsoa11", "lsoa21"]).sort_values(["lsoa11", "lsoa21"], ignore_index=True)
    return LsoaChanges(pairs, paper("lookup_lsoa11_lsoa21", path, source), notes)


def lsoa11_to_lsoa21(changes: LsoaChanges, *, residents21: pd.Series[float] | None = None) -> Crosswalk:
    """Crosswalk from LSOAs of 2011 to those of 2021.

    Parameters
    ----------
    changes
        The lookup.
    residents21
        Residents by LSOA of 2021, which share out an LSOA that was split: exact for 2021, since the
        parts of a split make up the whole. Equal shares if left out.

    Raises
    ------
    CrosswalkError
        A part of a split has no residents given.
    """
    return _weighted(changes.pairs, "lsoa11", "lsoa21", LSOA11, LSOA21, residents21, "2021")


def lsoa21_to_lsoa11(changes: LsoaChanges, *, residents11: pd.Series[float] | None = None) -> Crosswalk:
    """Crosswalk from LSOAs of 2021 back to those of 2011; see `lsoa11_to_lsoa21`."""
    return _weighted(changes.pairs, "lsoa21", "lsoa11", LSOA21, LSOA11, residents11, "2011")


def _weighted(
    pairs: pd.DataFrame,
    origin: str,
    target: str,
    first: Geography,
    second: Geography,
    residents: pd.Series[float] | None,
    year: str,
) -> Crosswalk:
    frame = pd.DataFrame({"origin": pairs[origin], "target": pairs[target]})
    parts = frame.groupby("origin")["target"].transform("size")
    if residents is None:
        frame["weight"] = 1.0 / parts
        told = "equal shares where an area was divided"
    else:
        people = frame["target"].map(residents).astype(float)
        if people[parts > 1].isna().any():
            one = frame.loc[(parts > 1) & people.isna(), "target"].iat[0]
            raise CrosswalkError(
                f"{one} is a part of a divided area, but no residents are given for it; "
                f"give residents of {year} for every {second.label}"
            )
        total = people.groupby(frame["origin"]).transform("sum")
        frame["weight"] = np.where(
            parts == 1, 1.0, np.where(total > 0, people / total.where(total > 0), 1.0 / parts)
        )
        told = f"residents of Census {year}"
    exact = bool((parts == 1).all())
    return Crosswalk(
        first,
        second,
        frame.sort_values(["origin", "target"], ignore_index=True),
        method="ONS exact fit lookup",
        weight_source="exact" if exact else told,
        exact=exact,
    )


def explain_code(
    code: str,
    *,
    changes: LsoaChanges | None = None,
    held: Mapping[str, Collection[str]] | None = None,
) -> str:
    """Say what a code is: its kind, its vintage, and what replaced it or what it replaced.

    Parameters
    ----------
    code
        Any GSS code.
    changes
        Lookup of LSOAs of 2011 and 2021, where at hand.
    held
        Geography key, such as ``wd22`` -> codes of it that are at hand.

    Returns
    -------
    str
        A clause to put after the code, such as "a code of 2011 (Luton 018B), split into E01033801 and
        E01033802 in 2021".
    """
    text = str(code).strip()
    kind = next((one for one, (_, pattern) in KINDS.items() if re.fullmatch(pattern, text)), None)
    if kind is None:
        return "not a code of an area in England"
    label = KINDS[kind][0]
    places = [Geography.parse(key) for key, codes in (held or {}).items() if text in codes]
    same = sorted(place.year for place in places if place.kind == kind)
    if kind == "lsoa" and changes is not None:
        told = _explain_lsoa(text, changes)
        if told:
            return told
    if same:
        return f"a code of a {label} of {' and '.join(str(year) for year in same)}"
    if kind == "lsoa" and _LAST_OF_2011 < int(text[1:]) < 1_100_000:
        return "a code of an LSOA of 2021: it did not exist in 2011"
    if kind == "lsoa":
        return (
            "a code with the number of an LSOA of 2011, which may have been replaced in 2021; the "
            "LSOA (2011) to LSOA (2021) lookup would tell"
        )
    return f"the code of a {label} of a year that is not at hand"


def _explain_lsoa(code: str, changes: LsoaChanges) -> str:
    old = changes.pairs[changes.pairs["lsoa11"] == code]
    new = changes.pairs[changes.pairs["lsoa21"] == code]
    if len(old) and code in set(old["lsoa21"]):
        return f"a code of both 2011 and 2021 ({old['name21'].iat[0]})"
    if len(old):
        word = CHANGES[old["change"].iat[0]]
        link = {"split": "split into", "merged": "merged into", "redrawn": "redrawn into"}.get(word, "now")
        name = f" ({old['name11'].iat[0]})" if old["name11"].iat[0] else ""
        return f"a code of 2011{name}, {link} {_list(sorted(old['lsoa21']))} in 2021"
    if len(new):
        word = CHANGES[new["change"].iat[0]]
        link = {"split": "part of", "merged": "made of", "redrawn": "redrawn from"}.get(word, "once")
        name = f" ({new['name21'].iat[0]})" if new["name21"].iat[0] else ""
        return f"a code of 2021{name}, {link} {_list(sorted(new['lsoa11']))} of 2011"
    return ""


def check_vintage(
    codes: Iterable[str],
    geography: Geography,
    *,
    where: str,
    changes: LsoaChanges | None = None,
    held: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Refuse codes that are not of the geography that is in use, saying of which they are.

    Parameters
    ----------
    codes
        Codes of a table.
    geography
        What they should be.
    where
        Table or file, for the message.
    changes, held
        As in `explain_code`; `held` should have the codes of `geography` if `changes` does not.

    Raises
    ------
    VintageError
        Naming the first such code, its vintage and what replaced it, and how many more there are.
    """
    right: set[str] = set((held or {}).get(geography.key, ()))
    if not right and changes is not None and geography.key in ("lsoa11", "lsoa21"):
        right = set(changes.pairs[geography.key])
    if not right:
        return
    wrong = [code for code in codes if code not in right]
    if wrong:
        first = next((one for one in wrong if _explained(one, changes)), wrong[0])
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise VintageError(
            f"{first} of {where}{more} is not a {geography.label}; it is "
            f"{explain_code(first, changes=changes, held=held)}: carry the table to {geography.key} with a "
            f"crosswalk, or take the edition on {geography.key}"
        )


def _explained(code: str, changes: LsoaChanges | None) -> bool:
    return changes is not None and bool(_explain_lsoa(code, changes))


def _list(codes: Collection[str]) -> str:
    ordered = list(codes)
    return ordered[0] if len(ordered) == 1 else f"{', '.join(ordered[:-1])} and {ordered[-1]}"
