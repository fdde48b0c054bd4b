"""Who is inside an area or an option, who is outside, who gains and who loses, by protected characteristic.

Counts come from published tables on LSOAs. Where an area takes a part of an LSOA, its groups are taken to
live as its residents do, and the answer says so. What no table holds for small areas is named, because
a characteristic that is left out of a table is easily left out of a decision (public sector equality duty,
Equality Act 2010, section 149).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fairplace.disclosure import Released
from fairplace.indicators import load_indicators
from geo.errors import UserError


class EqualityError(UserError, ValueError):
    """Something was asked that the figures cannot say; the message says why."""


@dataclass(frozen=True)
class Characteristic:
    """A protected characteristic (Equality Act 2010, section 4).

    Parameters
    ----------
    id, label
        Short name, and the Act's.
    prefixes
        How the indicators that hold it begin.
    rest
        What to call those whom its one group leaves over; empty if its groups are all there are.
    elsewhere
        Where small-area data could come from, or why there are none, in a sentence.
    """

    id: str
    label: str
    prefixes: tuple[str, ...]
    rest: str
    elsewhere: str


CHARACTERISTICS: tuple[Characteristic, ...] = (
    Characteristic("age", "Age", ("children_0_15_share", "age_"), "", "Census 2021 tables of age"),
    Characteristic(
        "sex", "Sex", ("sex_", "female_share"), "Male",
        "Census 2021 table TS008, or mid-year estimates by sex",
    ),
    Characteristic(
        "disability", "Disability", ("disabled_share",), "Not disabled under the Act",
        "Census 2021 table TS038",
    ),
    Characteristic("ethnicity", "Race (ethnic group)", ("ethnic_",), "", "Census 2021 table TS021"),
    Characteristic("religion", "Religion or belief", ("religion_",), "", "Census 2021 table TS030"),
    Characteristic(
        "orientation", "Sexual orientation", ("orientation_",), "",
        "Census 2021 publishes it for larger areas, and the question was voluntary",
    ),
    Characteristic(
        "gender", "Gender reassignment", ("gender_identity_",), "",
        "Census 2021 publishes gender identity for larger areas, as figures still in development",
    ),
    Characteristic(
        "pregnancy", "Pregnancy and maternity", ("pregnancy_", "births_"), "",
        "no small-area table; births by ward can be asked of ONS or the local maternity system",
    ),
    Characteristic(
        "marriage", "Marriage and civil partnership", ("married_", "partnership_"), "",
        "Census 2021 table TS002; the duty covers it for employment only",
    ),
)  # fmt: skip

#: Share of women and girls of an age in the mid-year estimates, where no table of sex is held.
_FEMALES = "females_share"
#: Why there is no table of the Minimum Income Standard by ethnic group, religion, sex or disability.
NO_MIS_TABLE = (
    "the model knows incomes of areas, household types and tenures, and not of ethnic groups, religions, "
    "sexes or disabled people: a table would give every group in an LSOA that LSOA's share, and so say that "
    "two groups differ only where they live. Show where each group lives beside where people are below the "
    "standard, or use a survey that asked both"
)


@dataclass(frozen=True)
class Equality:
    """Residents by protected characteristic, inside and outside, gaining and losing.

    Parameters
    ----------
    name
        What is looked at.
    table
        ``characteristic``, ``group``, ``all`` (of the authority), ``inside``, ``outside``, ``gaining``,
        ``losing`` (people); ``inside_share``, ``gaining_share``, ``losing_share`` of the group; and
        ``inside_ratio``, the group's share inside over that of all residents (1 is an even share). The
        first row is all residents. Gaining and losing are NaN where nothing is compared.
    absent
        Characteristics without small-area data here: ``characteristic``, ``elsewhere``.
    notes
        What must be said beside it.
    """

    name: str
    table: pd.DataFrame
    absent: pd.DataFrame
    notes: tuple[str, ...]


def refuse_mis_by_group(indicator: str, characteristic: str) -> None:
    """Refuse a table of the Minimum Income Standard by a characteristic that the model does not know.

    Raises
    ------
    EqualityError
        With the reason. By age there are figures of their own: children, pensioners.
    """
    if not indicator.startswith("mis_"):
        return
    if characteristic == "age":
        raise EqualityError(
            f"{indicator} by age has figures of its own: take mis_children_below_share and "
            "mis_pensioners_below_share"
        )
    raise EqualityError(f"{indicator} by {characteristic} cannot be given: {NO_MIS_TABLE}")


def assess_equality(
    released: Released,
    inside: pd.Series[float],
    *,
    name: str,
    before: pd.Series[float] | None = None,
    approximate: bool = False,
) -> Equality:
    """Count residents inside and outside by protected characteristic, and who gains and loses.

    Parameters
    ----------
    released
        What may be shown of a pack.
    inside
        LSOA code -> share of its residents inside (an area) or served (an option); 0 if left out.
    name
        For the page.
    before
        The same for what is compared with (today's hubs, the adopted policy): its difference is who
        gains and who loses.
    approximate
        Whether `inside` is itself an estimate.

    Raises
    ------
    EqualityError
        A code is not an LSOA of the pack, a share is not between 0 and 1, or the pack holds no
        characteristic at all.
    """
    figures = released.figures
    rows = figures[
        (figures["geography"] == "lsoa21") & (figures["group"] == "") & (figures["status"] == "ok")
    ]
    codes = sorted(released.areas("lsoa21").index)
    now, then = _shares(inside, codes), None if before is None else _shares(before, codes)
    residents = rows[rows["indicator"] == "residents"].set_index("code")["value"].reindex(codes)
    if residents.isna().any():
        raise EqualityError(
            f"{released.name}: the pack has no residents by LSOA; build it with a table of age"
        )
    lines = [_line("All residents", "all", residents, now, then)]
    order = {one.id: place for place, one in enumerate(load_indicators())}
    absent, periods = [], set()
    for one in CHARACTERISTICS:
        held = rows[rows["indicator"].str.startswith(one.prefixes) & rows["count"].notna()]
        if one.id == "sex" and held.empty:
            held = _sexes_of_year(figures)
        if held.empty:
            absent.append({"characteristic": one.label, "elsewhere": one.elsewhere})
            continue
        periods |= set(held["period"])
        for indicator in sorted(set(held["indicator"]), key=lambda name: (order.get(name, len(order)), name)):
            table = held[held["indicator"] == indicator].set_index("code").reindex(codes)
            label = str(released.dictionary["label"].get(indicator, indicator))
            if indicator == _FEMALES:  # its own label is that of one age
                label = "Women and girls"
            lines.append(_line(one.label, label, table["count"], now, then))
            if one.rest and held["indicator"].nunique() == 1:
                lines.append(_line(one.label, one.rest, table["base"] - table["count"], now, then))
    if len(lines) == 1:
        raise EqualityError(f"{released.name}: the pack holds no characteristic by LSOA; add Census tables")
    table = pd.DataFrame(lines)
    table["inside_ratio"] = table["inside_share"] / table["inside_share"].iloc[0]
    notes = [
        f"Residents of {', '.join(sorted(periods))}, from published tables.",
        "ONS changes small counts a little, so groups need not add up to all.",
        "A group's share inside says where it lives, not whether the place suits it: ask those concerned.",
    ]
    partial = ((now > 0) & (now < 1)).any() or (then is not None and bool(((then > 0) & (then < 1)).any()))
    if partial or approximate:
        notes.insert(
            1,
            "Approximate: where a part of an LSOA is inside, each group is taken to live as its residents "
            "do; people are rounded to ten.",
        )
        for column in ("inside", "outside", "gaining", "losing"):
            table[column] = (table[column] / 10).round() * 10
    return Equality(name, table, pd.DataFrame(absent, columns=["characteristic", "elsewhere"]), tuple(notes))


def _sexes_of_year(figures: pd.DataFrame) -> pd.DataFrame:
    """Women and girls by LSOA, added up over the ages of the mid-year estimates."""
    ages = figures[
        (figures["geography"] == "lsoa21") & (figures["indicator"] == _FEMALES) & (figures["group"] != "")
    ]
    hidden = ages.loc[ages["status"] != "ok", "code"]
    known = ages[~ages["code"].isin(hidden)]
    sums = known.groupby(["code", "indicator", "period"], as_index=False).agg(
        count=("count", "sum"), base=("base", "first")
    )
    return sums[sums["count"].notna() & sums["base"].notna()]


def _shares(given: pd.Series[float], codes: list[str]) -> pd.Series[float]:
    strange = given.index.difference(codes)
    if len(strange):
        raise EqualityError(f"{strange[0]} is not an LSOA of 2021 of this pack; give shares by LSOA")
    shares = given.reindex(codes).fillna(0.0).astype(float)
    wrong = ~shares.between(0, 1 + 1e-9)
    if wrong.any():
        code = shares.index[wrong][0]
        raise EqualityError(f"the share of {code} inside is {shares[code]:g}; give a share from 0 to 1")
    return shares.clip(0, 1)


def _line(
    characteristic: str,
    group: str,
    count: pd.Series[float],
    now: pd.Series[float],
    then: pd.Series[float] | None,
) -> dict[str, object]:
    known = count.fillna(0.0)
    total, inside = float(known.sum()), float((known * now).sum())
    some = total or np.nan
    gaining = losing = np.nan
    if then is not None:
        gaining = float((known * (now - then).clip(lower=0)).sum())
        losing = float((known * (then - now).clip(lower=0)).sum())
    return {
        "characteristic": characteristic,
        "group": group,
        "all": total,
        "inside": inside,
        "outside": total - inside,
        "gaining": gaining,
        "losing": losing,
        "inside_share": inside / some,
        "gaining_share": gaining / some,
        "losing_share": losing / some,
    }


def join_shares(parts: Mapping[str, pd.Series[float]]) -> pd.Series[float]:
    """Join areas that may overlap: of each LSOA the largest share that one of them has.

    Areas that do not overlap within an LSOA should be given as one drawing instead.
    """
    return pd.concat(list(parts.values()), axis=1).max(axis=1).rename_axis("code")


def read_option(path: Path, option: str) -> pd.Series[float]:
    """Read whom an option serves, from ``allocation.csv`` of a hub plan or a file of one's own.

    Parameters
    ----------
    path
        CSV: ``option``, ``within`` (true or false), and the LSOA in ``lsoa`` or ``id``; with ``residents``
        where a row is a part of an LSOA.
    option
        Which option.

    Returns
    -------
    Series
        LSOA code -> share of its residents served.

    Raises
    ------
    EqualityError
        A column or the option is not there, or rows are not LSOAs.
    """
    table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    place = "lsoa" if "lsoa" in table else "id"
    for column in ("option", "within", place):
        if column not in table:
            raise EqualityError(
                f'{path.name} has no column "{column}"; give option, within, and lsoa (or id) with its code'
            )
    chosen = table[table["option"] == option]
    if chosen.empty:
        raise EqualityError(
            f'{path.name} has no option "{option}"; it has {", ".join(sorted(set(table["option"])))}'
        )
    wrong = ~chosen[place].str.fullmatch(r"E01\d{6}")
    if wrong.any():
        row = int(chosen.index[wrong][0]) + 2
        raise EqualityError(
            f'{path.name} row {row}: "{chosen[place][wrong].iat[0]}" is not an LSOA; add a column lsoa with '
            "the code of each row, and residents where a row is a part of one"
        )
    said = chosen["within"].str.strip().str.lower()
    strange = ~said.isin(["true", "false", "1", "0"])
    if strange.any():
        row = int(chosen.index[strange][0]) + 2
        raise EqualityError(f'{path.name} row {row}: within is "{said[strange].iat[0]}"; write true or false')
    served = said.isin(["true", "1"]).astype(float)
    people = (
        pd.to_numeric(chosen["residents"], errors="coerce").fillna(0.0)
        if "residents" in chosen
        else pd.Series(1.0, index=chosen.index)
    )
    sums = (
        pd.DataFrame({"code": chosen[place], "served": served * people, "people": people})
        .groupby("code")
        .sum()
    )
    return (sums["served"] / sums["people"].where(sums["people"] > 0)).fillna(0.0)
