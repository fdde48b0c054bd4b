"""An organisation's own counts, made safe to show: one geography, small ones hidden, bases rounded.

Counts that a publisher has controlled are shown as published; what follows is for the others. Every
count and base of a source is put into one table with every sum that its readers know (areas in larger
areas, groups in all, sums that the pack states), so that what is hidden in one row cannot be had from
another. Totals of the district and of all groups count as known even where no row shows them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairplace.disclosure_policy import COUNTED_UNITS, ROUND_BASES_TO, SIZE_ORDER, LayerRule
from fairplace.own_shares import round_base, round_share, widen
from fairplace.statistics_intervals import wilson
from fairplace.suppression import ELSEWHERE, Total, protect
from geo.geography import Geography

#: How indicators end that are made of the values of many areas.
MADE_OF_AREAS = r"_(?:slope|ratio)$"
#: A cell of an organisation's counts: what is counted, geography, area, group.
Cell = tuple[str, str, str, str]
Place = tuple[str, str, str]


@dataclass(frozen=True)
class Nest:
    """Areas that lie wholly in others.

    Parameters
    ----------
    child, parent
        Keys of the geographies.
    pairs
        Code of the smaller -> code of the larger area.
    """

    child: str
    parent: str
    pairs: Mapping[str, str]


@dataclass(frozen=True)
class Sums:
    """Indicators and groups of one source that add up to another, in every area.

    Parameters
    ----------
    whole
        Indicator and group of the total. Where no row shows it, readers are taken to have it from
        elsewhere: an annual report, a committee paper.
    parts
        Indicators and groups that add up to it.
    """

    whole: tuple[str, str]
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Hidden:
    """Figures with an organisation's own small counts hidden.

    Parameters
    ----------
    figures
        Same rows and order.
    small
        Rows hidden because their own count, or what is left of their base, is small.
    others
        Rows hidden or rounded for other reasons, by reason; reasons without a row are left out.
    """

    figures: pd.DataFrame
    small: int
    others: Mapping[str, int]


def one_geography(figures: pd.DataFrame, own: pd.Series[bool], nests: Sequence[Nest]) -> pd.Series[bool]:
    """Tell which rows stand on the one geography of their layer, or on one made wholly of its areas.

    Parameters
    ----------
    figures
        Rows that have passed their floor.
    own
        Which of them are the organisation's own.
    nests
        Which geographies lie wholly in which.

    Returns
    -------
    Series of bool
        True for rows of the smallest geography that a source has here (of two vintages the later), of
        the district, and of geographies that it nests in; never for a drawn area. Wards that cut the
        smallest areas, and wards of another year, would let a reader take one from the other.
    """
    passed = pd.Series(True, index=figures.index)
    above: defaultdict[str, set[str]] = defaultdict(set)
    for nest in nests:
        above[nest.child].add(nest.parent)
    for _, rows in figures[own].groupby("source", sort=False):
        keys = sorted(set(rows["geography"]) - {"area"}, key=_size)
        wanted: set[str] = set()
        if keys:
            grow = [keys[0]]
            while grow:
                key = grow.pop()
                wanted.add(key)
                grow += sorted(above[key] - wanted)
            wanted |= {key for key in keys if Geography.parse(key).kind == "lad"}
        passed.loc[rows.index] = rows["geography"].isin(wanted)
    return passed


def _size(key: str) -> tuple[int, int]:
    geography = Geography.parse(key)
    return SIZE_ORDER.index(geography.kind), -geography.year


def hide_own_counts(
    figures: pd.DataFrame,
    own: pd.Series[bool],
    *,
    hide_up_to: int,
    nests: Sequence[Nest],
    sums: Sequence[Sums],
    rule: Callable[[str], LayerRule | None],
    secondary: bool,
) -> Hidden:
    """Hide own counts from 1 to `hide_up_to`, what would give them away, and shares of too few.

    Parameters
    ----------
    figures
        Rows to be shown.
    own
        Which of them the rules are for.
    hide_up_to, nests, sums, secondary
        As in `fairplace.disclosure.release_figures`.
    rule
        Source id -> the rule of its layer.
    """
    shown = figures.copy()
    live = own & (figures["status"] == "ok")
    if not live.any():
        return Hidden(shown, 0, {})
    rows = figures[live]
    counted = rows["unit"].isin(COUNTED_UNITS)
    count = rows["count"].where(~counted, rows["value"])
    base = rows["base"]
    small = (count > 0) & (count <= hide_up_to)
    rest = (base - count > 0) & (base - count <= hide_up_to) & ~counted
    few = pd.Series(
        [
            known is not None and 0 < number < known.smallest_base
            for known, number in zip(rows["source"].map(rule), base.fillna(0.0), strict=True)
        ],
        index=rows.index,
    )
    small |= (base > 0) & (base <= hide_up_to) & (count > 0)
    others, listed, told = (pd.Series(False, index=rows.index) for _ in range(3))
    if secondary:
        others, listed, told = _given_away(rows, count, base, small, rest, few, hide_up_to, nests, sums)
    primary = small | rest
    gone = primary | few | others
    whole = rows["source"].map(lambda one: (known := rule(one)) is not None and known.whole).astype(bool)
    if whole.any():
        kin = [rows.loc[whole, name] for name in ("source", "period", "geography", "code", "group")]
        others.loc[whole] |= gone[whole].groupby(kin).transform("any")
        gone |= others
    if secondary:
        others |= (made := _made_of_hidden(rows, gone))
        gone |= made
    at = rows.index[gone]
    shown.loc[at, ["value", "low", "high", "count", "base"]] = np.nan
    shown.loc[at, "status"] = "suppressed"
    alike = rows["source"].map(lambda one: (known := rule(one)) is not None and known.rounded).astype(bool)
    replies = rows.index[(~gone & (rows["unit"] == "replies")).to_numpy()]
    shown.loc[replies, "value"] = shown.loc[replies, "value"].map(round_base)
    listed, told = listed & ~alike, told & ~alike
    rounded = _round_bases(shown, rows.index[~gone & ~listed], told, hide_up_to)
    reasons = {
        "few in the base": int((few & ~primary).sum()),
        "would give one away": int((others & ~primary & ~few).sum()),
        "base rounded": rounded,
    }
    return Hidden(shown, int(primary.sum()), {name: number for name, number in reasons.items() if number})


def _made_of_hidden(rows: pd.DataFrame, gone: pd.Series[bool]) -> pd.Series[bool]:
    """Tell which rows were made of areas' values, such as a slope over wards, of which one is hidden.

    Beside the district's total a slope is a second equation: with two wards hidden it gives both away.
    """
    stem = rows["indicator"].str.replace(MADE_OF_AREAS, "", regex=True)
    kin = pd.MultiIndex.from_frame(rows[["source", "period"]].assign(of=rows["indicator"]))
    wanted = pd.MultiIndex.from_frame(rows[["source", "period"]].assign(of=stem))
    return (stem != rows["indicator"]) & wanted.isin(kin[gone.to_numpy()])


def _round_bases(shown: pd.DataFrame, at: pd.Index[int], told: pd.Series[bool], hide_up_to: int) -> int:
    """Round own bases in place, and the shares of them, so that a share does not tell the exact base.

    A share keeps no count: beside the base it would tell more. Where the count stands in a row of its own
    (`told`), the share is that count of the rounded base, which adds nothing to the two.
    """
    base, count = shown.loc[at, "base"], shown.loc[at, "count"]
    near = base.map(round_base, na_action="ignore")
    counted = shown.loc[at, "unit"] != "share"
    # Of 11 of 12 the base may not become 10; of 12 of 12 the count is the base. A share shows no count.
    near = near.where(~(counted & (near < count)), np.ceil(base / ROUND_BASES_TO) * ROUND_BASES_TO)
    changed = base.notna() & (near != base) & (near > 0) & ~(counted & (base == count))
    shown.loc[at[changed.to_numpy()], "base"] = near[changed]
    shares = at[(~counted & base.notna() & (near > 0)).to_numpy()]
    for row in shares:
        whole = float(near[row])
        share = float(shown.at[row, "value"])
        if told[row] and 0 < share < 1:
            share = float(count[row]) / whole
        share = round_share(share, whole, hide_up_to)
        shown.at[row, "value"], shown.at[row, "count"] = share, np.nan
        low, high = float(shown.at[row, "low"]), float(shown.at[row, "high"])
        ours = re.fullmatch(r"([\d.]+) % Wilson", str(shown.at[row, "interval"]))
        if ours:  # formed anew, of what is shown
            ends = wilson(share * whole, whole, confidence=float(ours[1]) / 100)
            low, high = float(ends[0]), float(ends[1])
        elif not np.isnan(low + high):
            low, high = widen(low, high, whole)
        shown.at[row, "low"], shown.at[row, "high"] = low, high
    return int(changed.sum())


def _given_away(
    rows: pd.DataFrame,
    count: pd.Series[float],
    base: pd.Series[float],
    small: pd.Series[bool],
    rest: pd.Series[bool],
    few: pd.Series[bool],
    hide_up_to: int,
    nests: Sequence[Nest],
    sums: Sequence[Sums],
) -> tuple[pd.Series[bool], pd.Series[bool], pd.Series[bool]]:
    """Tell which rows must be hidden besides the small ones, and whose base or count is shown by itself."""
    given, listed, told = (pd.Series(False, index=rows.index) for _ in range(3))
    for _, part in rows.groupby(["source", "period"], sort=False):
        table = _Table.of(part, count, base)
        if not table.amounts:
            continue
        position = {cell: number for number, cell in enumerate(table.amounts)}
        links = sorted(
            {
                (position[under], position[cell])
                for cell, under in table.cells.values()
                if cell is not None and under is not None and table.amounts[under] >= table.amounts[cell]
            }
        )
        values = np.array(list(table.amounts.values()))
        # Those of a base who are not counted are a table of their own: nobody prints it, anybody can take it.
        values = np.append(values, [values[base_at] - values[count_at] for base_at, count_at in links])
        rests = range(len(position), len(values))
        totals, elsewhere = table.totals(nests, sums)
        totals += [Total(pair[0], (pair[1], rest_at)) for pair, rest_at in zip(links, rests, strict=True)]
        hide, ends = (values > 0) & (values <= hide_up_to), np.zeros(len(values), dtype=bool)
        caps, limit = np.full(len(values), np.inf), np.full(len(values), float(hide_up_to))
        for parts in elsewhere:
            held = [one for one in parts if values[one] > 0]
            if len(held) > 1 and values[held].sum() - len(held) + 1 <= hide_up_to:
                hide[held] |= hide[held].any()  # so few together that nobody can be shown beside them
            elif len(held) > 1:
                totals.append(Total(ELSEWHERE, parts))
        for row, (cell, under) in table.cells.items():
            if cell is None:
                continue
            at = position[cell]
            hide[at] |= bool(small[row] or rest[row] or few[row])
            if few[row]:  # of too few to be shown at all: it must not follow to the person
                limit[at] = max(limit[at], values[at])
            if under is None and rows.at[row, "unit"] == "share" and base[row] > hide_up_to:
                ends[at] |= bool(rest[row])
                caps[at] = min(caps[at], float(base[row]))
        whole = values == np.round(values)
        costs = np.ones(len(values))
        for cell, at in position.items():
            costs[at] = 4.0 ** SIZE_ORDER.index(_kind(cell[1])) * (2.0 if cell[3] == "" else 1.0)
        chosen = protect(
            np.where(whole, values, 0.0),
            [one for one in totals if whole[[at for at in (one.whole, *one.parts) if at >= 0]].all()],
            small=hide & whole,
            hide_up_to=limit,
            costs=costs * (1 + np.log1p(values) / 10),
            caps=caps,
            almost_all=ends,
        )
        stand = _standing(table, rows["unit"])
        for row, pair in table.cells.items():
            given[row] = any(one is not None and bool(chosen[position[one]]) for one in pair)
            listed[row], told[row] = pair[1] in stand, pair[0] in stand
    return given, listed, told


def _standing(table: _Table, unit: pd.Series[str]) -> set[Cell]:
    """Cells that are shown as they are: values of counts, and counts of shares whose base is shown so."""
    pairs = {row: pair for row, pair in table.cells.items() if pair[0] is not None}
    stand = {pair[0] for row, pair in pairs.items() if unit[row] in COUNTED_UNITS}
    while found := {count for count, base in pairs.values() if base in stand} - stand:
        stand |= found
    return {cell for cell in stand if cell is not None}


def _kind(key: str) -> str:
    return "area" if key == "area" else Geography.parse(key).kind


@dataclass(frozen=True)
class _Table:
    """The counts of one source and period: cells, amounts, and which row shows which."""

    amounts: Mapping[Cell, float]
    cells: Mapping[int, tuple[Cell | None, Cell | None]]
    names: Mapping[str, str]

    @classmethod
    def of(cls, rows: pd.DataFrame, count: pd.Series[float], base: pd.Series[float]) -> _Table:
        """Put together what is one count under two names (a count, and the count or base of a share).

        A base that no row shows as its value is only ever shown rounded, and makes no cell.
        """
        columns: dict[str, dict[Place, float]] = defaultdict(dict)
        for role, amounts in (("count", count), ("base", base)):
            for index, indicator, place in _places(rows):
                if not np.isnan(amounts[index]):
                    columns[f"{indicator}|{role}"][place] = float(amounts[index])
        merged: dict[str, dict[Place, float]] = {}
        names: dict[str, str] = {}
        for name, column in columns.items():
            for known, held in merged.items():
                common = column.keys() & held.keys()
                if common and all(column[one] == held[one] for one in common):
                    names[name] = known
                    if name.endswith("|count"):
                        held.update(column)
                    break
            else:
                if name.endswith("|count"):
                    merged[name] = dict(column)
                    names[name] = name
        amounts_of = {(name, *place): value for name, held in merged.items() for place, value in held.items()}
        cells: dict[int, tuple[Cell | None, Cell | None]] = {}
        for index, indicator, place in _places(rows):
            pair: list[Cell | None] = []
            for key in (f"{indicator}|count", f"{indicator}|base"):
                cell = (names[key], *place) if key in names and place in columns[key] else None
                pair.append(cell if cell in amounts_of else None)
            cells[index] = (pair[0], pair[1])
        return cls(amounts_of, cells, names)

    def totals(
        self, nests: Sequence[Nest], sums: Sequence[Sums]
    ) -> tuple[list[Total], list[tuple[int, ...]]]:
        """Every sum among the cells that a reader knows, and cells whose sum is known from elsewhere.

        Overlapping groups, which are no sum, are left out.
        """
        position = {cell: number for number, cell in enumerate(self.amounts)}
        families: defaultdict[str, defaultdict[Cell, list[int]]] = defaultdict(lambda: defaultdict(list))
        for (name, key, code, group), place in position.items():
            for nest in nests:
                if key == nest.child and code in nest.pairs:
                    whole = (name, nest.parent, nest.pairs[code], group)
                    families[f"{name}|{nest.child}|{nest.parent}"][whole].append(place)
            if group:
                families[f"{name}|groups"][name, key, code, ""].append(place)
        for number, one in enumerate(sums):
            role = "count"
            parts = {(self.names.get(f"{part}|{role}", ""), group) for part, group in one.parts}
            whole_name = self.names.get(f"{one.whole[0]}|{role}", "")
            for (name, key, code, group), place in position.items():
                if (name, group) in parts:
                    families[f"sum {number}"][whole_name, key, code, one.whole[1]].append(place)
        values = list(self.amounts.values())
        found: list[Total] = []
        elsewhere: list[tuple[int, ...]] = []
        for name, family in families.items():
            stated = name.startswith("sum ")
            known = {position[cell]: parts for cell, parts in family.items() if cell in position}
            if all(sum(values[part] for part in parts) <= values[whole] for whole, parts in known.items()):
                found += [Total(whole, tuple(parts)) for whole, parts in known.items()]
                # A total of the district, of its groups or of a stated sum may stand in any report.
                elsewhere += [
                    tuple(parts)
                    for cell, parts in family.items()
                    if cell not in position and (stated or _kind(cell[1]) == "lad")
                ]
        return found, elsewhere


def _places(rows: pd.DataFrame) -> Iterator[tuple[int, str, Place]]:
    for index, indicator, *place in rows[["indicator", "geography", "code", "group"]].itertuples():
        yield int(index), str(indicator), (str(place[0]), str(place[1]), str(place[2]))
