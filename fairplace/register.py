"""The register of outcome indicators that a council has agreed, by the eight Marmot principles.

The list is the council's: two plain files say what each indicator counts, over what, which way is
better and what is aimed for, and give its values. Nothing is added to it. A number without unit,
numerator and denominator is refused, because nobody could say what it means.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fairplace.local_figures import make_figures, paper
from fairplace.numbers import GAP
from fairplace.statistics_inequality import slope_index
from fairplace.statistics_intervals import Estimate, name_interval, wilson
from geo.errors import UserError
from geo.figures import empty_figures, tidy_figures
from geo.source import Source
from layers.council.reader import CouncilTable, read_council_file
from layers.council.schema import find_schema

#: Marmot and others, "Fair Society, Healthy Lives" (2010): the six policy objectives; the last two as
#: added since ("Build Back Fairer" and the framework of Marmot places).
PRINCIPLES: Mapping[int, str] = {
    1: "Give every child the best start in life",
    2: "Enable all to maximise their capabilities and have control over their lives",
    3: "Create fair employment and good work for all",
    4: "Ensure a healthy standard of living for all",
    5: "Create and develop healthy and sustainable places and communities",
    6: "Strengthen the role and impact of ill-health prevention",
    7: "Tackle racism, discrimination and their outcomes",
    8: "Pursue environmental sustainability and health equity together",
}
#: What the id of an indicator of a register begins with, so that it never meets one of ours.
PREFIX = "register_"
_BETTER = {"low": "lower is better", "high": "higher is better", "none": ""}
_TIMES = "times (most over least deprived)"
#: Bases of ward values over which a slope is formed: one over modelled values would be of their model.
_SLOPED = ("counted", "survey", "apportioned")
#: Fewest wards with a value for which a slope between most and least deprived is given.
FEWEST_WARDS = 5


class RegisterError(UserError, ValueError):
    """The two files of a register do not fit each other or this authority."""


@dataclass(frozen=True)
class Register:
    """A council's indicators with their values.

    Parameters
    ----------
    indicators, values
        The two files, as `layers.council` reads them.
    """

    indicators: CouncilTable
    values: CouncilTable

    @property
    def source(self) -> Source:
        """Papers of the values; of the list where there are none."""
        return self.values.source

    @property
    def count(self) -> int:
        """How many indicators the register holds."""
        return len(self.indicators.frame)

    @property
    def taken(self) -> pd.Series[str]:
        """The figure of the pack that an indicator is, by its id; only of those that are one."""
        named = self.indicators.frame.set_index("id")["pack_indicator"]
        return named[named != ""]


def read_register(indicators: Path, values: Path | None, *, publisher: str) -> Register:
    """Read a register from its two files, or from its list alone: then no indicator has values of its own.

    Raises
    ------
    CouncilFileError
        A file does not fit its schema.
    RegisterError
        A principle is not 1 to 8, a value is of an indicator that the register does not list, or an
        indicator is a figure of the pack and has values of its own too.
    """
    listed = read_council_file(indicators, "indicators", publisher=publisher)
    held = (
        _no_values(listed)
        if values is None
        else read_council_file(values, "indicator_values", publisher=publisher)
    )
    beyond = ~listed.frame["principle"].isin(list(PRINCIPLES))
    if beyond.any():
        row = int(np.flatnonzero(beyond)[0])
        raise RegisterError(
            f"{indicators.name} row {listed.lines[row]}: principle {listed.frame['principle'].iat[row]:g}; "
            f"give one of 1 to {max(PRINCIPLES)}"
        )
    stray = ~held.frame["id"].isin(listed.frame["id"])
    if stray.any():
        row = int(np.flatnonzero(stray)[0])
        raise RegisterError(
            f'{held.source.file} row {held.lines[row]}: "{held.frame["id"].iat[row]}" is not in '
            f"{indicators.name}; add it there, with its unit, numerator and denominator"
        )
    _check_shares(listed.frame, held)
    _check_taken(listed, held)
    return Register(listed, held)


def _no_values(listed: CouncilTable) -> CouncilTable:
    """Give an empty table of values, with the papers of the list, from which the targets come."""
    schema = find_schema("indicator_values")
    frame = pd.DataFrame(
        {
            one.name: pd.Series(dtype="float64" if one.type in ("number", "whole") else "str")
            for one in schema.fields
        }
    )
    return CouncilTable(schema, frame, np.array([], dtype=int), listed.source)


def _check_taken(listed: CouncilTable, held: CouncilTable) -> None:
    """Refuse a second number for what is a figure of the pack."""
    frame = listed.frame
    taken = frame["pack_indicator"] != ""
    for row in np.flatnonzero(frame["pack_indicator"].str.startswith(PREFIX))[:1]:
        named = frame["pack_indicator"].iat[row]
        raise RegisterError(
            f'{listed.source.file} row {listed.lines[row]}: pack_indicator "{named}" is of the register; '
            "name a figure that the pack has without it, or give values"
        )
    twice = held.frame["id"].isin(frame.loc[taken, "id"])
    for row in np.flatnonzero(twice)[:1]:
        raise RegisterError(
            f'{held.source.file} row {held.lines[row]}: "{held.frame["id"].iat[row]}" is a figure of the '
            f"pack, as its pack_indicator in {listed.source.file} says; take its values out, or that"
        )


def _check_shares(listed: pd.DataFrame, held: CouncilTable) -> None:
    shares = set(listed.loc[listed["unit"] == "share", "id"])
    for column in ("value", "low", "high"):
        wrong = held.frame["id"].isin(shares) & (held.frame[column] > 1)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            number = held.frame[column].iat[row]
            raise RegisterError(
                f"{held.source.file} row {held.lines[row]}: {column} is {number:g} where shares run from 0 "
                f"to 1; write {number / 100:g}, or {number:g}%"
            )


def register_figures(
    register: Register,
    *,
    authority: str,
    areas: Mapping[str, pd.Index[str]],
    deprivation: pd.Series[float] | None = None,
    residents: pd.Series[float] | None = None,
    published: pd.DataFrame | None = None,
    known_of_pack: Collection[str] = (),
    controlled: Collection[str] = (),
) -> tuple[pd.DataFrame, dict[str, dict[str, str]], list[str]]:
    """Figures of a register, with their papers and notes.

    Parameters
    ----------
    register
        From `read_register`.
    authority
        Code of the district.
    areas
        Geography key -> codes of the authority.
    deprivation, residents
        Score (higher is more deprived) and people of wards: with both, the slope of each share between
        the most and the least deprived ward is given; of a rate, which has its own range, their ratio too.
        There is none of modelled values.
    published
        Figures of the pack, for indicators that are one of them.
    known_of_pack
        Ids that `pack_indicator` may name beside those of `published`.
    controlled
        Sources whose publisher has controlled disclosure: of these alone a slope is formed for an
        indicator of the pack, because none of their wards will be hidden.

    Returns
    -------
    tuple
        Figures; indicator -> papers; sentences. Each indicator is ``register_`` and its id; its target is
        the same with ``_target``, its slope with ``_slope``, its ratio with ``_ratio``. Values of areas that
        are not of this authority are left out and said to be.

    Raises
    ------
    RegisterError
        An indicator is said to be a figure that no pack has, or one in another unit.
    """
    known = register.indicators.frame.set_index("id")
    held = register.values.frame
    published = empty_figures() if published is None else published
    _check_named(register, published, known_of_pack)
    notes: list[str] = []
    at = [
        row in areas.get(key, pd.Index([])) for key, row in zip(held["geography"], held["code"], strict=True)
    ]
    outside = held[~np.asarray(at, dtype=bool)]
    if len(outside):
        first = outside.iloc[0]
        notes.append(
            f"{len(outside)} values of the register are not of an area of this authority, "
            f"{first['code']} ({first['geography']}) first: left out"
        )
    stated = known.index[(known["pack_indicator"] != "") & (known["basis"] != "")]
    if len(stated):
        notes.append(
            f"basis of {', '.join(stated)} in the register is left aside: a figure of the pack has its own"
        )
    values = held[np.asarray(at, dtype=bool)]
    parts = [_values(values, known, register.source.id)]
    parts += [_target(str(name), row, authority, register) for name, row in known.iterrows()]
    if deprivation is not None and residents is not None:
        for name, row in known.iterrows():
            unit, taken = str(row["unit"]), str(row["pack_indicator"])
            if unit != "share" and not unit.startswith("per "):
                continue
            if taken:
                of_pack = published[(published["indicator"] == taken) & (published["group"] == "")]
                slopes = of_pack["basis"].isin(_SLOPED) & of_pack["source"].isin(list(controlled))
                of_pack = of_pack[slopes].assign(id=name)
                for source, rows in of_pack.groupby("source"):
                    parts += _slope(str(name), unit, rows, deprivation, residents, authority, str(source))
            elif row["basis"] != "modelled":
                parts += _slope(
                    str(name), unit, values, deprivation, residents, authority, register.source.id
                )
    of_district = set(published.loc[published["geography"].str.startswith("lad"), "indicator"])
    lacking = sorted(
        set(known.index) - set(values["id"]) - set(known.index[known["pack_indicator"].isin(of_district)])
    )
    if lacking:
        notes.append(
            f"{len(lacking)} of the {register.count} indicators of the register have no value yet: "
            f"{', '.join(lacking)}"
        )
    return tidy_figures([part for part in parts if part is not None]), register_papers(register), notes


def _check_named(register: Register, published: pd.DataFrame, known_of_pack: Collection[str]) -> None:
    """Refuse a pack_indicator that no pack has, or that is in another unit than its row."""
    units = published.drop_duplicates("indicator").set_index("indicator")["unit"]
    listed, file = register.indicators, register.indicators.source.file
    for row, (named, unit) in enumerate(
        zip(listed.frame["pack_indicator"], listed.frame["unit"], strict=True)
    ):
        if not named or (named in known_of_pack and named not in units):
            continue
        if named not in units:
            near = get_close_matches(named, [*units.index, *known_of_pack], 1)
            mend = f'write "{near[0]}"' if near else "write the id of a figure of the pack's dictionary"
            raise RegisterError(
                f'{file} row {listed.lines[row]}: pack_indicator "{named}" is no figure of a pack; {mend}'
            )
        if str(units[named]).split(" ")[0] != unit.split(" ")[0]:
            raise RegisterError(
                f'{file} row {listed.lines[row]}: unit is "{unit}" where {named} of the pack is in '
                f'"{units[named]}"; write the unit of the pack'
            )


def _values(values: pd.DataFrame, known: pd.DataFrame, source: str) -> pd.DataFrame:
    status = values["status"].where(values["status"] != "", "ok")
    status = status.where(values["value"].notna() | (status != "ok"), "missing")
    shown = (status == "ok").to_numpy()
    share = (values["id"].map(known["unit"]) == "share").to_numpy()
    count, base = values["count"].to_numpy(dtype=float), values["base"].to_numpy(dtype=float)
    low, high = values["low"].to_numpy(dtype=float), values["high"].to_numpy(dtype=float)
    interval = np.where(np.isfinite(low) & np.isfinite(high), "95 % published", "")
    basis = values["id"].map(known["basis"]).replace("", "counted")
    # Where the council gives no interval for a share but its count and base, Wilson's is formed; of a
    # modelled share it would leave out the model's error, and say next to nothing of what is not known.
    form = (
        (basis != "modelled").to_numpy()
        & shown
        & share
        & ~np.isfinite(low)
        & np.isfinite(count)
        & (base > 0)
        & (count <= base)
    )
    if form.any():
        low, high = low.copy(), high.copy()
        low[form], high[form] = wilson(count[form], base[form])
        interval = np.where(form, name_interval("Wilson", 0.95), interval)
    frame = pd.DataFrame(
        {
            "code": values["code"],
            "geography": values["geography"],
            "indicator": PREFIX + values["id"],
            "group": "",
            "period": values["period"],
            "value": values["value"].where(shown),
            "low": np.where(shown, low, np.nan),
            "high": np.where(shown, high, np.nan),
            "interval": np.where(shown, interval, ""),
            "count": np.where(shown, count, np.nan),
            "base": np.where(shown, base, np.nan),
            "unit": values["id"].map(known["unit"]),
            "basis": basis,
            "reliability": "",
            "status": status,
            "floor": values["geography"],
            "source": source,
        }
    )
    return tidy_figures([frame])


def _target(name: str, row: pd.Series[Any], authority: str, register: Register) -> pd.DataFrame | None:
    if not np.isfinite(float(row["target"])):
        return None
    return make_figures(
        pd.Series({authority: float(row["target"])}),
        indicator=f"{PREFIX}{name}_target",
        geography="lad25",
        period=str(row["edition"]) or "not said",
        unit=str(row["unit"]),
        source=register.source.id,
    )


def _slope(
    name: str,
    unit: str,
    values: pd.DataFrame,
    deprivation: pd.Series[float],
    residents: pd.Series[float],
    authority: str,
    source: str,
) -> list[pd.DataFrame]:
    wards = values[(values["id"] == name) & (values["geography"] == "wd25")]
    if wards.empty:
        return []
    period = str(wards["period"].max())
    said = wards["status"].isin(["", "ok"]) & wards["value"].notna()
    now = wards[(wards["period"] == period) & said].set_index("code")
    share = unit == "share"
    if share:
        now = now[now["count"].notna() & (now["base"] > 0)]
    else:
        now = now[(now["low"] > 0) & now["high"].notna()]
    order = deprivation.reindex(now.index).dropna().sort_values(ascending=False, kind="stable").index
    if len(order) < FEWEST_WARDS:
        return []
    now = now.loc[order]
    low, high = wilson(now["count"], now["base"]) if share else (now["low"], now["high"])
    found = slope_index(
        now["value"].tolist(),
        residents.reindex(order).tolist(),
        low=np.asarray(low, dtype=float).tolist(),
        high=np.asarray(high, dtype=float).tolist(),
        scale="plain" if share else "rate",
    )
    made = [(f"{PREFIX}{name}_slope", f"{unit}{GAP}", found.slope)]
    if not share:
        most = found.relative
        turned = Estimate(1 / most.value, 1 / most.high, 1 / most.low, most.interval)
        made.append((f"{PREFIX}{name}_ratio", _TIMES, turned))
    return [
        make_figures(
            pd.Series({authority: one.value}),
            indicator=indicator,
            geography="lad25",
            period=period,
            unit=said,
            source=source,
            low=min(one.low, one.value),
            high=max(one.high, one.value),
            interval=one.interval,
        )
        for indicator, said, one in made
    ]


def register_papers(register: Register) -> dict[str, dict[str, str]]:
    """Papers of a register's indicators for the dictionary, by indicator of the figure table."""
    papers: dict[str, dict[str, str]] = {}
    for row in register.indicators.frame.to_dict("records"):
        name, over = f"{PREFIX}{row['id']}", f"{row['numerator']} over {row['denominator']}"
        way = _BETTER[str(row["polarity"])]
        measure = "rate" if row["unit"] == "share" else "score"
        papers[name] = paper(
            str(row["definition"]), str(row["unit"]), measure=measure, direction=way, base=over
        )
        papers[f"{name}_target"] = paper(f"Target: {row['definition']}", str(row["unit"]), measure="median")
        papers[f"{name}_slope"] = paper(
            f"Slope between the most and the least deprived ward: {row['definition']}",
            f"{row['unit']}{GAP}",
            measure="median",
            direction="0 = no difference",
        )
        papers[f"{name}_ratio"] = paper(
            f"Most deprived end as a multiple of the least deprived: {row['definition']}",
            _TIMES,
            measure="median",
            direction="1 = no difference",
        )
    return papers


def register_settings(register: Register) -> list[dict[str, Any]]:
    """List the indicators of a register as a pack keeps them, in the council's order."""
    keep = (
        "id", "principle", "principle_name", "definition", "unit", "numerator", "denominator", "polarity",
        "source", "edition", "next_update", "basis", "pack_indicator",
    )  # fmt: skip
    rows = []
    for row in register.indicators.frame.to_dict("records"):
        one = {name: row[name] for name in keep}
        one["principle"] = int(row["principle"])
        one["principle_name"] = row["principle_name"] or PRINCIPLES[int(row["principle"])]
        rows.append(one)
    return rows
