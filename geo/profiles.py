"""Walking, wheels, night and cycling: what each may use and what it costs, from one table of rules.

The rules are in ``profiles.toml`` beside this module, each with its source; `list_rules` gives them as
a table to print. This module reads them, tells which streets each holds for, and turns a network's tags
and gradients into effort. Three functions of gradient are known by name: see `GRADIENTS`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.gradient import Grades
from geo.network import Network, ProfileError
from geo.shortest import Floats

Use = Literal["", "no", "yes", "forward", "back", "both"]
Mask = NDArray[np.bool_]
#: Values of ``highway`` on which no speed limit is to be expected.
_AWAY = {"cycleway", "path", "footway", "pedestrian", "bridleway", "track", "steps", "corridor", "elevator"}

#: Measured unless somebody asks for others.
STANDARD = ("walk", "wheels", "night", "cycle", "cycle_calm")


@dataclass(frozen=True)
class Rule:
    """One rule: when it holds, what follows, why, and where it comes from."""

    when: Mapping[str, Any]
    use: Use
    factor: float
    delay: float
    why: str
    source: str
    level: int = 0


@dataclass(frozen=True)
class Profile:
    """A way of going about.

    Parameters
    ----------
    name, label
        Short name, and words for a reader.
    speed_kmh, speed_source
        Level speed unless somebody asks for another, and where it comes from.
    gradient
        One of `GRADIENTS`.
    rules
        In order, those of its base first.
    """

    name: str
    label: str
    speed_kmh: float
    speed_source: str
    gradient: str
    rules: tuple[Rule, ...]


def hiking(slope: Floats) -> Floats:
    """Effort of a metre on a slope, walking, against a metre on the level.

    Parameters
    ----------
    slope : array of float64
        Rise over run; negative is downhill.

    Notes
    -----
    W. Tobler, "Three presentations on geographical analysis and modeling", National Center for
    Geographic Information and Analysis, technical report 93-1 (1993): speed in km/h is
    ``6 exp(-3.5 |slope + 0.05|)``, here over its value on the level. A gentle way down is quicker.
    """
    return np.exp(3.5 * (np.abs(np.clip(slope, -0.5, 0.5) + 0.05) - 0.05))


def cycling(slope: Floats) -> Floats:
    """Effort of a metre on a slope, cycling, against a metre on the level.

    Notes
    -----
    J. Parkin and J. Rotheram, "Design speeds and acceleration characteristics of bicycle traffic",
    Transport Policy 17 (2010): 21.6 km/h on the level, 1.44 km/h less for each 1 % up and 0.86 km/h
    more for each 1 % down. Held between a quarter (pushing) and one and a half times the level speed.
    """
    percent = 100 * slope
    speed = 1 - np.where(percent > 0, 1.44, 0.86) * percent / 21.6
    return 1 / np.clip(speed, 0.25, 1.5)


def wheels(slope: Floats) -> Floats:
    """Effort of a metre on a slope with a wheelchair or a pram; infinite over 1 in 12, up or down.

    Notes
    -----
    The limit is Inclusive Mobility's (Department for Transport, 2021). Below it the hiking function is
    used upwards, and downwards the level: holding back costs what the slope would save.
    """
    return np.where(np.abs(slope) > 1 / 12, np.inf, np.where(slope > 0, hiking(slope), 1.0))


GRADIENTS: dict[str, Callable[[Floats], Floats]] = {"hiking": hiking, "cycling": cycling, "wheels": wheels}


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("geo").joinpath("profiles.toml").read_text(encoding="utf-8"))


def _rules(rows: Iterable[Mapping[str, Any]], source: str = "") -> tuple[Rule, ...]:
    return tuple(
        Rule(
            row["when"],
            row.get("use", ""),
            float(row.get("factor", 1)),
            float(row.get("delay", 0)),
            row["why"],
            row.get("source", source),
            int(row.get("level", 0)),
        )
        for row in rows
    )


def read_profile(name: str) -> Profile:
    """Give a profile of ``profiles.toml``, with the rules of its base before its own.

    Raises
    ------
    ProfileError
        There is none of that name.
    """
    table = _table()
    if name not in table or "label" not in table[name]:
        known = ", ".join(key for key, one in table.items() if "label" in one)
        raise ProfileError(f"{name!r} is not a profile; choose one of {known}")
    one = table[name]
    inherited = read_profile(one["base"]).rules if "base" in one else ()
    return Profile(
        name,
        one["label"],
        float(one["speed_kmh"]),
        one["speed_source"],
        one["gradient"],
        inherited + _rules(one["rule"]),
    )


def default_speed(profile: str) -> float:
    """Level speed of a profile in km/h; the walking speed for one that is not in the table."""
    return read_profile(profile).speed_kmh if profile in _table() else read_profile("walk").speed_kmh


def road_class(values: pd.Series[str]) -> pd.Series[str]:
    """`highway` of Ordnance Survey Open Roads' road function or class; empty where it is not known."""
    classes: dict[str, str] = _table()["open_roads"]
    return values.astype(str).map(classes).fillna("").astype("str")


def list_rules() -> pd.DataFrame:
    """Every rule in one table to read: profile, when, what follows, why and source."""
    rows = []
    for name, one in _table().items():
        if name == "open_roads":
            continue
        for rule in _rules(one["rule"], one.get("source", "")):
            follows = [
                {"no": "not used", "yes": "used", "forward": "forward only", "back": "back only"}.get(
                    rule.use, "both ways" if rule.use else ""
                ),
                f"effort × {rule.factor:g}" if rule.factor != 1 else "",
                f"{rule.delay:g} s" if rule.delay else "",
                f"level {rule.level}" if rule.level else "",
            ]
            rows.append((name, _say(rule.when), ", ".join(filter(None, follows)), rule.why, rule.source))
    return pd.DataFrame(rows, columns=["profile", "when", "then", "why", "source"])


def _say(when: Mapping[str, Any]) -> str:
    words = []
    for key, value in when.items():
        if key.endswith("_below"):
            words.append(f"{key.removesuffix('_below')} below {value:g}")
        elif key.endswith("_above"):
            words.append(f"{key.removesuffix('_above')} above {value:g}")
        else:
            named = " or ".join("any" if one == "*" else one or "not stated" for one in value)
            words.append(f"{key.removesuffix('_not')} {'not ' if key.endswith('_not') else ''}{named}")
    return "; ".join(words) or "all others"


def measure_profiles(
    network: Network, names: Iterable[str] = STANDARD, *, grades: Grades | None = None
) -> Network:
    """Measure a network for ways of going about.

    Parameters
    ----------
    network
        With tags, as built or read.
    names
        Of ``profiles.toml``.
    grades
        Rise and fall along the segments, from `geo.gradient.read_grades`; None: taken as level, which
        the papers say.

    Returns
    -------
    Network
        The same streets with effort and delay for each profile and, for cycling, a tag ``stress`` (1 to
        4). The papers hold the speed each profile expects and the metres it may not use.

    Raises
    ------
    ProfileError
        An unknown profile, or a network opened without its tags.
    """
    if network.tags is None:
        raise ProfileError(
            "the network was opened without tags; open it with load_network(folder, tags=True)"
        )
    tags = network.tags.assign(stress=traffic_stress(network.tags))
    length = np.asarray(network.length)
    effort, delay = {}, {}
    papers = dict(network.papers)
    papers["gradient"] = "none: streets taken as level" if grades is None else grades.said
    for name in names:
        profile = read_profile(name)
        open_ways, factor, lost = weigh(profile, tags, length)
        cost = np.stack([length * factor, length * factor], axis=1)
        if grades is not None:
            climb = grades.effort(GRADIENTS[profile.gradient], len(length))
            cost *= climb
        effort[name] = np.where(open_ways, cost, np.inf)
        delay[name] = lost
        refused = length[~np.isfinite(effort[name]).any(axis=1)].sum()
        papers[f"{name}"] = (
            f"{profile.label}: {profile.speed_kmh:g} km/h unless told ({profile.speed_source}); "
            f"{refused / 1000:.1f} of {length.sum() / 1000:.1f} km of street may not be used"
        )
    if "maxspeed" in tags:
        traffic = ~_among(_column(tags, "highway"), _AWAY)
        unknown = traffic & np.isnan(_parse(_column(tags, "maxspeed"), _mph))
        share = length[unknown].sum() / max(length[traffic].sum(), 1e-9)
        assumed = _table()["stress"]["assumed_mph"]
        papers["speed limits"] = f"missing on {share:.0%} of streets with traffic, taken for {assumed} mph"
    return replace(network, effort=effort, delay=delay, tags=tags, papers=papers, _memo={})


def weigh(profile: Profile, tags: pd.DataFrame, length: Floats | None = None) -> tuple[Mask, Floats, Floats]:
    """Apply a profile's rules to streets.

    Parameters
    ----------
    profile
        Whose rules.
    tags
        One row a segment. Segments of one ``way`` bear its delays together, by length, so that cutting a
        way at a junction changes nothing. Where barriers were points, ``barrier_shares`` has for each
        value of ``barrier`` how much of it this segment bears: 1, or 0.5 where two segments meet there.
    length : array of float64, shape (segments,)
        Metres; None: all alike.

    Returns
    -------
    tuple
        Which may be used, a column a direction (forward, back); the factor on their metres; seconds lost.
    """
    rows = len(tags)
    usable = np.ones(rows, bool)
    ways = np.ones((rows, 2), bool)
    factor, delay = np.ones(rows), np.zeros(rows)
    for rule in profile.rules:
        mask = holds(rule.when, tags)
        if rule.use in ("no", "yes"):
            usable[mask] = rule.use == "yes"
        elif rule.use:
            ways[mask] = (rule.use != "back", rule.use != "forward")
        factor[mask] *= rule.factor
        if rule.delay:
            delay[mask] += rule.delay * _portion(rule.when, mask, tags, length)[mask]
    return usable[:, None] & ways, factor, delay


def _portion(when: Mapping[str, Any], held: Mask, tags: pd.DataFrame, length: Floats | None) -> Floats:
    """How much of a delay each street bears: its part of its way, or of the barriers that are points."""
    portion = np.ones(len(tags))
    if "way" in tags:
        metres = np.ones(len(tags)) if length is None else np.maximum(length, 1e-6)
        way = pd.factorize(tags["way"])[0]
        whole = np.bincount(way, metres * held, minlength=1)[way]
        portion = np.divide(metres, whole, out=portion, where=held)
    if "barrier" in when and "barrier_shares" in tags:
        shares = tags["barrier_shares"].fillna("").astype("str").to_numpy()
        for row in np.flatnonzero(shares != ""):
            values = zip(str(tags["barrier"].iloc[row]).split(";"), shares[row].split(";"), strict=False)
            portion[row] = sum(float(share) for value, share in values if value in when["barrier"])
    return portion


def traffic_stress(tags: pd.DataFrame) -> NDArray[np.int8]:
    """Cycling level of traffic stress of streets, 1 to 4, by the first rule of the table that holds.

    Notes
    -----
    M. Mekuria, P. Furth and H. Nixon, Low-Stress Bicycling and Network Connectivity, Mineta
    Transportation Institute report 11-19 (2012), tables 2 to 4. A missing speed limit is taken as the
    table's `assumed_mph`. Crossings of busy streets (its tables 5 to 7) are not judged.
    """
    level = np.zeros(len(tags), np.int8)
    for rule in _rules(_table()["stress"]["rule"]):
        level[(level == 0) & holds(rule.when, tags)] = rule.level
    return level


def holds(when: Mapping[str, Any], tags: pd.DataFrame) -> Mask:
    """Tell which streets a condition holds for; see the head of ``profiles.toml``."""
    mask = np.ones(len(tags), bool)
    for key, wanted in when.items():
        if key.endswith("_below"):
            mask &= _number(tags, key.removesuffix("_below")) < wanted
        elif key.endswith("_above"):
            mask &= _number(tags, key.removesuffix("_above")) > wanted
        else:
            found = _among(_column(tags, key.removesuffix("_not")), set(wanted))
            mask &= ~found if key.endswith("_not") else found
    return mask


def _column(tags: pd.DataFrame, key: str) -> pd.Series[str]:
    if key == "cycleway":
        # Stated for the street, for both sides or for one.
        sides = [
            one for one in ("cycleway", "cycleway:both", "cycleway:left", "cycleway:right") if one in tags
        ]
        columns = [tags[one].fillna("").astype("str") for one in sides]
        if not columns:
            return pd.Series("", index=tags.index, dtype="str")
        joined = columns[0]
        for one in columns[1:]:
            joined = joined + ";" + one
        return joined.str.strip(";")
    if key not in tags:
        return pd.Series("", index=tags.index, dtype="str")
    return tags[key].fillna("").astype("str")


def _among(column: pd.Series[str], wanted: set[str]) -> Mask:
    # Values such as "footway;steps" are of several ways drawn as one: any of them counts.
    codes, values = pd.factorize(column)
    hit = np.array(
        [
            bool(wanted & set(filter(None, value.split(";"))))
            or ("" in wanted and not value)
            or ("*" in wanted and bool(value))
            for value in values
        ],
        dtype=bool,
    )
    return hit[codes] if len(hit) else np.zeros(len(column), bool)


def _number(tags: pd.DataFrame, key: str) -> Floats:
    if key == "stress":
        return tags["stress"].to_numpy(float)
    if key == "mph":
        speed = _parse(_column(tags, "maxspeed"), _mph)
        return np.where(np.isnan(speed), float(_table()["stress"]["assumed_mph"]), speed)
    return _parse(_column(tags, key), {"incline": _percent, "width": _metres}.get(key, _plain))


def _parse(column: pd.Series[str], read: Callable[[str], float]) -> Floats:
    codes, values = pd.factorize(column)
    numbers = np.array([_first(value, read) for value in values], dtype=float)
    return numbers[codes] if len(numbers) else np.full(len(column), np.nan)


def _first(value: str, read: Callable[[str], float]) -> float:
    for part in value.split(";"):
        try:
            return read(part.strip().lower())
        except ValueError:
            continue
    return float("nan")


def _plain(text: str) -> float:
    return float(text)


def _metres(text: str) -> float:
    feet = re.fullmatch(r"(\d+)'(?:\s*(\d+)\")?", text)
    if feet:
        return 0.3048 * (int(feet[1]) + int(feet[2] or 0) / 12)
    return float(re.sub(r"\s*m(etres?)?$", "", text))


def _percent(text: str) -> float:
    return abs(float(text.removesuffix("%"))) if text.endswith("%") else float("nan")


def _mph(text: str) -> float:
    if text == "national" or text.startswith("gb:nsl"):
        return 60.0
    if text in ("walk", "gb:living_street"):
        return 5.0
    if text.endswith("mph"):
        return float(text.removesuffix("mph"))
    return float(text.removesuffix("km/h")) / 1.609344
