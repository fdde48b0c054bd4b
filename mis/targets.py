"""National facts that the model is fitted to: low income by family type, tenure and region.

All come from one release of Households Below Average Income. HBAI counts *families* (benefit
units), the model *households*; where a household holds several families its rate is set so that the
published rate of every family type under pension age still comes out. Pensioner households have the
published rates outright, although 15 % of pensioner couples and 17 % of single pensioners share a
household: with those, pensioner couples come out 1.1 points high and single pensioners 0.1.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from geo.errors import UserError
from mis.household_types import household_types
from mis.inputs import REGIONS

Floats = NDArray[np.float64]

#: Low income is less than this share of the median.
LOW_INCOME = 0.6

# Group of types that share a width -> HBAI family types whose local density tells it.
_DENSITY_OF: dict[str, tuple[str, ...]] = {
    "single": ("Single male without children", "Single female without children"),
    "single_pensioner": ("Single male pensioner", "Single female pensioner"),
    "couple": ("Couple without children",),
    "couple_pensioner": ("Pensioner couple",),
    "couple_children": ("Couple with children",),
    "lone_parent": ("Single with children",),
    "several_adults": ("Single male without children", "Single female without children"),
    "several_families": ("Couple with children",),
}


_NEEDED = (
    "release",
    "period",
    "median",
    "rates",
    "absolute",
    "population",
    "children",
    "pensioners",
    "pensioners_absolute",
    "regions",
    "tenure_pattern",
    "assumed",
)


class TargetsError(UserError, ValueError):
    """Facts of different releases meet, or a fact that the fit needs is not there."""


@dataclass(frozen=True)
class Targets:
    """What the national mixture must return.

    Parameters
    ----------
    release, period
        Edition of HBAI, and the year described.
    median
        Median equivalised income after housing costs, pounds a week, couple = 1.
    type_rates
        Low-income rate of people in households of each type, England, 0 to 1.
    density
        Group of types -> density of the logarithm of income at the low-income line.
    pensioner_tenure, pensioner_density
        Low-income rates and densities at the low-income line of pensioners by tenure.
    tenure
        Pattern of low income by tenure among everyone; only the differences between tenures are used.
    regions
        Region code -> low-income rate, scaled to the total of `type_rates`.
    quantiles
        Pairs of (share of people, income in units of the median).
    mean
        Mean income in units of the median.
    england
        Low-income rate of England that all rates were brought to.
    """

    release: str
    period: str
    median: float
    type_rates: Floats
    density: Mapping[str, float]
    pensioner_tenure: Floats
    pensioner_density: Floats
    tenure: Floats
    regions: Mapping[str, float]
    quantiles: tuple[tuple[float, float], ...]
    mean: float
    england: float


def read_facts(path: Path | None = None) -> dict[str, Any]:
    """HBAI facts as typed, from ``mis/facts/hbai_fye2025.toml`` or a file of the same layout.

    Raises
    ------
    TargetsError
        There is no such file, it is not TOML, it lacks a table, or a table names another release, or
        none without a reason for it (``exempt``).
    """
    if path is None:
        text = (files("mis") / "facts" / "hbai_fye2025.toml").read_text(encoding="utf-8")
        where = "hbai_fye2025.toml"
    else:
        where = path.name
        if not path.is_file():
            raise TargetsError(f"there is no file {where}; check the name and the folder")
        text = path.read_text(encoding="utf-8-sig")
    try:
        facts = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TargetsError(
            f"{where} is not TOML: {error}; copy the layout of mis/facts/hbai_fye2025.toml"
        ) from error
    for part in _NEEDED:
        if part not in facts:
            raise TargetsError(f"{where} lacks {part}; copy the layout of mis/facts/hbai_fye2025.toml")
    for name, table in facts.items():
        if not isinstance(table, dict) or str(table.get("exempt", "")):
            continue
        if "release" not in table:
            raise TargetsError(
                f'{where}: {name} names no release; write release = "{facts["release"]}" in it, or exempt = '
                f"with the reason why it is of none"
            )
        if table["release"] != facts["release"]:
            raise TargetsError(
                f"{where}: {name} is of {table['release']}, the rest of {facts['release']}; since 2021/22 "
                f"the later release links other records, so take every table from one release"
            )
    absent = [region for region in REGIONS.values() if region not in facts["regions"]]
    if absent:
        raise TargetsError(f"{where}: regions lacks {absent[0]}; every region of England needs its rate")
    return facts


def make_targets(facts: Mapping[str, Any]) -> Targets:
    """Targets of the fit, from HBAI facts."""
    last = {name: values[-1] for name, values in _series(facts["rates"]).items()}
    rates = _type_rates(facts, last)
    types = household_types()
    people = types.share * types.size
    regions = {name: values[-1] / 100 for name, values in _series(facts["regions"]).items()}
    # Type rates are for the United Kingdom in one year, regional ones for three; both are brought to
    # England in the reference year.
    england = last["All individuals (per cent)"] / 100
    england *= regions["England"] / regions["All individuals (per cent)"]
    rates = _shift_to(rates, people, england)
    codes = {name: code for code, name in REGIONS.items()}
    regional = np.array([regions[name] for name in REGIONS.values()])
    shift = float(logit(england) - logit(regions["England"]))
    median = facts["median"]["fye2025"]
    return Targets(
        release=facts["release"],
        period=facts["period"],
        median=median[2],
        type_rates=rates,
        density=_densities(facts),
        pensioner_tenure=np.array([facts["pensioners"][name][-1] / 100 for name in _TENURE_NAMES]),
        pensioner_density=_slopes(facts, "pensioners", "pensioners_absolute", _TENURE_NAMES),
        tenure=np.mean(list(_series(facts["tenure_pattern"]).values()), axis=0) / 100,
        regions={
            codes[name]: float(rate)
            for name, rate in zip(REGIONS.values(), expit(logit(regional) + shift), strict=True)
        },
        quantiles=tuple(
            (share, value / median[2]) for share, value in zip((0.1, 0.3, 0.5, 0.7, 0.9), median, strict=True)
        ),
        mean=facts["median"]["mean_fye2025"] / median[2],
        england=england,
    )


_TENURE_NAMES = (
    "Owned outright",
    "Buying with mortgage",
    "Social rented sector tenants",
    "All rented privately",
)


def _series(table: Mapping[str, Any]) -> dict[str, list[float]]:
    return {name: values for name, values in table.items() if isinstance(values, list) and name != "years"}


def _shift_to(rates: Floats, people: Floats, total: float) -> Floats:
    # One shift of the log odds for every type, so that the whole comes out.
    def gap(shift: float) -> float:
        return float((expit(logit(rates) + shift) * people).sum() / people.sum() - total)

    return np.asarray(expit(logit(rates) + brentq(gap, -3, 3)))


def _type_rates(facts: Mapping[str, Any], last: Mapping[str, float]) -> Floats:
    types = household_types()
    assumed = facts["assumed"]
    units: Mapping[str, Mapping[str, float]] = assumed["units"]
    millions = {name: values[-1] for name, values in _series(facts["population"]).items()}

    def joined(*names: str) -> float:
        total = sum(millions[name] for name in names)
        return sum(millions[name] * last[name] for name in names) / total / 100

    single = joined("Single male without children", "Single female without children")
    couple_children = last["Couple with children"] / 100
    rate = {
        "single": assumed["single"] / 100,
        "sharers": assumed["sharers"] / 100,
        "single_pensioner": joined("Single male pensioner", "Single female pensioner"),
        "couple_pensioner": last["Pensioner couple"] / 100,
        "several_families": float(expit(logit(couple_children) + np.log(assumed["several_families_odds"]))),
    }
    share = dict(zip(types.ids, types.share, strict=True))

    def rest(family: str, published: float, own: str, own_people: float, solved: str) -> float:
        # Rate of the type `solved` that makes the family type come out as published.
        parts = {own: own_people} if own else {}
        parts |= {name: share[name] * people[family] for name, people in units.items() if family in people}
        known = sum(parts[name] * rate[name] for name in parts if name != solved)
        return (published * sum(parts.values()) - known) / parts[solved]

    rate["grown_family"] = rest("Single without children", single, "single", share["single"], "grown_family")
    rate["couple"] = rest(
        "Couple without children",
        last["Couple without children"] / 100,
        "couple",
        2 * share["couple"],
        "couple",
    )
    families = _family_rates(facts, last, rate["several_families"], units["several_families"])
    rate.update(families)
    return np.array([rate[name] for name in types.ids])


def _family_rates(
    facts: Mapping[str, Any], last: Mapping[str, float], several: float, units: Mapping[str, float]
) -> dict[str, float]:
    # Rates by number of children move a lot from year to year, so their pattern is the mean of the
    # release's last three years; the level of each family type is that of the last.
    types = household_types()
    children = facts["children"]
    pattern = np.array(
        [
            np.mean(children[name][1:]) / 100
            for name in ("One child", "Two children", "Three or more children")
        ]
    )
    level = logit(pattern)
    names = {
        "Couple with children": (["couple_1", "couple_2", "couple_3", "couple_4"], [0, 1, 2, 2]),
        "Single with children": (["lone_parent_1", "lone_parent_2", "lone_parent_3"], [0, 1, 2]),
    }
    share_several = float(types.share[types.index("several_families")])
    found: dict[str, float] = {}
    for family, (ids, effect) in names.items():
        where = np.array([types.index(name) for name in ids])
        people = types.share[where] * (types.adults[where] + types.children[where])
        shared = share_several * units[family]
        wanted = (last[family] / 100 * (people.sum() + shared) - several * shared) / people.sum()
        rates = _shift_to(expit(level[effect]), people, wanted)
        found.update(zip(ids, rates.tolist(), strict=True))
    return found


def _densities(facts: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for group, names in _DENSITY_OF.items():
        weight = np.array([facts["population"][name][0] for name in names])
        found[group] = float(weight @ _slopes(facts, "rates", "absolute", names) / weight.sum())
    return found


def _slopes(facts: Mapping[str, Any], relative: str, absolute: str, names: Sequence[str]) -> Floats:
    # Between the relative and the fixed line of the same sample lie few people, but in the same
    # survey: the slope of their number on the distance of the lines is the density there.
    medians = facts["median"]["medians"]
    years = facts[relative]["years"][:-1]
    distance = np.array([np.log(medians["fye2025"] / medians[year]) for year in years])
    extra = np.array(
        [np.array(facts[absolute][name][:-1]) - np.array(facts[relative][name][:-1]) for name in names]
    )
    return np.asarray(extra @ distance / (distance @ distance) / 100)
