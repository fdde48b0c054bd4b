"""Which areas to go to first: a stated blend of figures, how sure a list is, and whom it reaches.

There is no such thing as the right weights. So each list says how it was weighed, how far ranks
move with the model's draws, and under what share of other weightings an area would stay in it. Where the
draws do not decide, the answer is "too close to call".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.deprivation import DeprivationError, deprivation_table
from fairplace.disclosure import Released
from fairplace.indicators import load_indicators
from fairplace.pack import PackError
from geo.errors import UserError

Floats = NDArray[np.float64]
Place = Literal["in the list", "too close to call", "not in the list"]

#: A range of ranks leaves out a twentieth of the draws at either end, as every range of the model does.
LEVEL = 0.9
#: An area is in (or out of) the list if at least so many draws put it there.
SURE = 0.9
#: Other weightings that a list is tried under.
WEIGHTINGS = 1000
#: Modelled shares: what their draws are counted over, by how the id begins.
_BASES = {"people": "people", "children_0_4": "children_0_4", "children": "children",
          "pensioners": "pensioners", "households": "households"}  # fmt: skip


class TargetingError(UserError, ValueError):
    """A blend or a list that cannot be made; the message says what can."""


@dataclass(frozen=True)
class Targeting:
    """Areas by a blend of figures.

    Parameters
    ----------
    key
        Geography of the areas.
    blend
        Indicator -> weight as given, and as a share of all weights.
    size
        How many areas the list has.
    table
        Indexed by code, in order of the alphabet: ``name``; ``need`` (median of the blend, standard
        deviations); ``rank_low``, ``rank_high`` (1 is the greatest need); ``in_list_probability``;
        ``place``; ``stays_share`` (of other weightings that keep it in the list; NaN for one indicator);
        ``people``, ``children_below``, ``core20_people``.
    reach
        Areas in order of the median of the blend, with what each adds and the running sums, and the
        range of the children. Not for a public edition: its order is a league table.
    total
        Of the list as a whole: ``people``, ``children_below`` with ``_low`` and ``_high``, ``core20_people``.
    notes
        What must be said beside it.
    """

    key: str
    blend: Mapping[str, float]
    size: int
    table: pd.DataFrame
    reach: pd.DataFrame
    total: Mapping[str, float]
    notes: tuple[str, ...]


def read_blend(given: list[str]) -> dict[str, float]:
    """Read a blend from ``indicator=weight`` texts.

    Raises
    ------
    TargetingError
        A text has no weight, a weight is no number or nought, or an indicator comes twice.
    """
    blend: dict[str, float] = {}
    for text in given:
        name, sign, weight = text.partition("=")
        try:
            number = float(weight) if sign else 1.0
        except ValueError as error:
            raise TargetingError(f'"{text}": "{weight}" is not a number; write indicator=weight') from error
        if name in blend or not np.isfinite(number) or number == 0:
            what = "is given twice" if name in blend else f"has the weight {number:g}"
            raise TargetingError(f"{name} {what}; give each indicator once, with a weight other than 0")
        blend[name] = number
    if not blend:
        raise TargetingError("a blend needs an indicator; give --blend indicator=weight")
    return blend


def target_areas(
    released: Released, blend: Mapping[str, float], *, key: str = "lsoa21", size: int = 20, seed: int = 0
) -> Targeting:
    """Areas of greatest need by a blend of figures.

    Parameters
    ----------
    released
        What may be shown of a pack.
    blend
        Indicator -> weight. More of a figure is more need, unless its polarity says that higher is better;
        a negative weight turns it round.
    key
        Geography of the areas.
    size
        How many areas the list has.
    seed
        Of the other weightings that the list is tried under.

    Raises
    ------
    TargetingError
        An indicator is not held, is a rank or decile, misses an area, or is the same everywhere; or the
        list is as long as there are areas.

    Notes
    -----
    In each draw every figure is brought to mean 0 and standard deviation 1 over the areas, weighed and
    added; areas are ranked within the draw. Figures that are not modelled are the same in every draw.
    """
    areas = released.areas(key)
    codes = sorted(areas.index)
    if not 1 <= size < len(codes):
        raise TargetingError(f"a list of {size} out of {len(codes)} areas; ask for 1 to {len(codes) - 1}")
    held, draws = _draws(released, key, codes)
    scores = np.stack([_need(released, name, key, codes, draws) for name in blend])
    weights = np.array(list(blend.values()))
    weights = weights / np.abs(weights).sum()
    need = np.einsum("i,iad->ad", weights, scores)
    rank = (-need).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable") + 1
    low, high = np.quantile(rank, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=1, method="nearest")
    chance = (rank <= size).mean(axis=1)
    place = np.where(
        chance >= SURE, "in the list", np.where(chance <= 1 - SURE, "not in the list", "too close to call")
    )
    counts = _counts(released, key, codes, draws)
    table = pd.DataFrame(
        {
            "name": areas["name"].reindex(codes),
            "need": np.median(need, axis=1),
            "rank_low": low.astype(int),
            "rank_high": high.astype(int),
            "in_list_probability": chance,
            "place": place,
            "stays_share": _stays(scores.mean(axis=2), np.sign(weights), size, seed),
            **counts,
        },
        index=pd.Index(codes, name="code"),
    ).sort_values("name", kind="stable")
    order = np.lexsort((codes, -np.median(need, axis=1)))
    children = draws.get("children_below")
    listed = np.isin(np.arange(len(codes)), order[:size])
    notes = [_say_blend(blend, weights), *_say_missing(released, blend, held)]
    return Targeting(
        key,
        dict(blend),
        size,
        table,
        _reach(table, [codes[one] for one in order], None if children is None else children[order]),
        _total(table.reindex(codes)[listed], None if children is None else children[listed]),
        tuple(notes),
    )


def _draws(released: Released, key: str, codes: list[str]) -> tuple[bool, dict[str, Floats]]:
    try:
        held, draws = released.draws(key)
    except PackError:
        return False, {}
    row = pd.Index(held).get_indexer(codes)
    if (row < 0).any():
        return False, {}
    return True, {name: np.asarray(one[row], dtype=np.float64) for name, one in draws.items()}


def _need(released: Released, name: str, key: str, codes: list[str], draws: Mapping[str, Floats]) -> Floats:
    """One figure in each draw, mean 0 and deviation 1 over the areas, more being more need."""
    values = _modelled(name, draws)
    if values is None:
        values = _published(released, name, key, codes)[:, None]
    spread = values.std(axis=0)
    if (spread == 0).any():
        raise TargetingError(f"{name} is the same in every area of {key}, so it cannot tell them apart")
    polarity = {one.id: one.polarity for one in load_indicators()}.get(name, "none")
    sign = -1.0 if polarity == "higher" else 1.0
    scaled = sign * (values - values.mean(axis=0)) / spread
    count = next((one.shape[1] for one in draws.values()), 1)
    return np.broadcast_to(scaled, (len(codes), count)) if scaled.shape[1] == 1 else scaled


def _modelled(name: str, draws: Mapping[str, Floats]) -> Floats | None:
    if not name.startswith("mis_"):
        return None
    quantity = name.removeprefix("mis_").removesuffix("_share").removesuffix("_weekly")
    if quantity not in draws:
        return None
    if not name.endswith("_share"):
        return draws[quantity]
    base = next(over for start, over in _BASES.items() if quantity.startswith(start))
    return np.asarray(draws[quantity] / np.maximum(draws[base], 1e-9))


def _published(released: Released, name: str, key: str, codes: list[str]) -> Floats:
    figures = released.figures
    every = figures[(figures["indicator"] == name) & (figures["group"] == "")]
    if every.empty:
        raise TargetingError(f'"{name}" is not an indicator of {released.name}; see its dictionary.csv')
    rows = every[every["geography"] == key]
    if rows.empty:
        held = ", ".join(sorted(set(every["geography"])))
        raise TargetingError(f"{name} is not held on {key} in this edition; it is on {held}")
    if set(rows["unit"]) & {"rank", "decile", "probability"}:
        raise TargetingError(
            f"{name} is a {rows['unit'].iat[0]}, which cannot be weighed; take the score or share"
        )
    latest = rows[rows["period"] == rows["period"].max()].drop_duplicates("code").set_index("code")
    values = latest["value"].reindex(codes)
    if values.isna().any():
        code = values.index[values.isna()][0]
        status = str(latest["status"].get(code, "missing")).replace("_", " ")
        raise TargetingError(
            f"{name} of {code} is {status} (and of {int(values.isna().sum()) - 1} more "
            "areas); a list would place it by chance: leave the indicator out"
        )
    return values.to_numpy(dtype=float)


def _stays(scores: Floats, signs: Floats, size: int, seed: int) -> Floats:
    """Share of weightings, all equally likely, that keep each area in the list."""
    if len(scores) == 1:
        return np.full(scores.shape[1], np.nan)
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(scores)), WEIGHTINGS) * signs
    rank = (-(drawn @ scores)).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    return np.asarray((rank < size).mean(axis=0))


def _counts(released: Released, key: str, codes: list[str], draws: Mapping[str, Floats]) -> dict[str, Floats]:
    nothing = np.full(len(codes), np.nan)
    counts = {"people": nothing, "children_below": nothing, "core20_people": nothing}
    try:
        table = deprivation_table(released, key)
        counts["people"] = table["people"].reindex(codes).to_numpy(dtype=float)
        counts["core20_people"] = table["core20_people"].reindex(codes).to_numpy(dtype=float)
    except DeprivationError:
        pass  # a pack without the Indices has a list without Core20, and a note says so
    if "children_below" in draws:
        counts["children_below"] = np.median(draws["children_below"], axis=1)
    return counts


def _reach(table: pd.DataFrame, order: list[str], children: Floats | None) -> pd.DataFrame:
    rows = table.reindex(order)[["name", "people", "children_below", "core20_people"]]
    run = rows.assign(
        areas=np.arange(1, len(rows) + 1),
        people_reached=rows["people"].cumsum(),
        core20_people_reached=rows["core20_people"].cumsum(),
    )
    for name, share in (("", 0.5), ("_low", 0.05), ("_high", 0.95)):
        run[f"children_below_reached{name}"] = (
            np.nan if children is None else np.quantile(children.cumsum(axis=0), share, axis=1)
        )
    return run


def _total(listed: pd.DataFrame, children: Floats | None) -> dict[str, float]:
    ends = [np.nan] * 3 if children is None else np.quantile(children.sum(axis=0), [0.5, 0.05, 0.95])
    return {
        "people": float(listed["people"].sum()),
        "children_below": float(ends[0]),
        "children_below_low": float(ends[1]),
        "children_below_high": float(ends[2]),
        "core20_people": float(listed["core20_people"].sum()),
    }


def _say_blend(blend: Mapping[str, float], shares: Floats) -> str:
    parts = [f"{name} {share:.0%}" for name, share in zip(blend, shares, strict=True)]
    return (
        f"Blend: {', '.join(parts)}; each figure in standard deviations over the areas before it is weighed."
    )


def _say_missing(released: Released, blend: Mapping[str, float], held: bool) -> list[str]:
    notes = []
    exact = [name for name in blend if not name.startswith("mis_")]
    if exact:
        notes.append(f"Taken as exact, for want of draws: {', '.join(exact)}.")
    if not held:
        notes.append(
            "This pack has no draws of the model, so ranks have no range and children are not counted."
        )
    if not released.figures["indicator"].str.startswith("imd25").any():
        notes.append("This pack has no Indices of Deprivation, so Core20 people are not counted.")
    return notes
