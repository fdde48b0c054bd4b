"""Somebody with time, algebra and a friend tries to recover hidden counts from what is released.

Every released row, of whatever geography, is a sum over output areas and groups. The attacker knows
which output areas lie in which area and the rules, takes every visible row as an equation and every hidden
one as "at least 1", and asks a linear program how small and how large each hidden count can be. A hidden
count is recovered if it can only be one number, or, being small, can only be small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds as Box
from scipy.optimize import LinearConstraint as Rows
from scipy.optimize import linprog, milp
from scipy.sparse import csr_array, eye_array, kron

from fairplace.disclosure import HIDE_UP_TO, Nest, release_figures
from fairplace.register import read_register, register_figures
from fairplace.statistics import wilson
from geo.figures import tidy_figures
from geo.source import Source

OWN = Source("attendance", "Attendance", "The council", "2025", "2025", "council")
SOURCES = {OWN.id: OWN}
WORLDS, BATCH = 1000, 50


@dataclass(frozen=True)
class World:
    """A small town: counts by output area and group, and every table somebody might ask for."""

    number: int
    counts: np.ndarray
    members: dict[str, np.ndarray]
    groups: list[str]
    rows: list[dict[str, object]]
    nests: dict[tuple[str, str], dict[str, str]]


def make_world(seed: int) -> World:
    random = np.random.default_rng(seed)
    number = seed % BATCH
    units = int(random.integers(6, 11))
    groups = [f"g{n}" for n in range(int(random.integers(1, 4)))]
    # Half of the worlds of three groups have one that is counted but never listed.
    listed = groups[:-1] if len(groups) > 2 and random.random() < 0.5 else groups
    counts = random.poisson(random.choice([0.5, 1.5, 4.0], size=(units, len(groups))))
    small = np.sort(random.integers(0, max(2, units // 2), units))
    large, cut = small // 2, (small + random.integers(0, 2, units)) // 2
    drawn = np.tile(random.random(units) < 0.5, (2, 1))
    drawn[1, random.integers(units)] ^= True  # two drawings that differ by one output area
    district = f"E06{number:03d}001"
    members = {district: np.ones(units, dtype=bool)}
    kinds = {district: "lad25"}

    def name(prefix: str, which: int) -> str:
        return f"{prefix}{number:03d}{which:03d}"

    for key, prefix, which in (
        ("lsoa21", "E01", small), ("msoa21", "E02", large), ("wd25", "E05", cut), ("wd22", "E05", large + 500),
    ):  # fmt: skip
        for one in np.unique(which):
            members[name(prefix, one)], kinds[name(prefix, one)] = which == one, key
    for one in (0, 1):
        members[name("area-", one)], kinds[name("area-", one)] = drawn[one], "area"
    rows: list[dict[str, object]] = []
    for code, inside in members.items():
        total = counts[inside].sum(axis=0)
        rows += [
            {
                "code": code, "geography": kinds[code], "indicator": "referrals", "group": group,
                "period": str(number), "value": float(value), "unit": "people", "basis": "counted",
                "status": "ok", "floor": "lsoa21", "source": OWN.id,
            }
            for group, value in [("", total.sum()), *zip(groups, total, strict=True)]
            if group == "" or group in listed
        ]  # fmt: skip
    nests = {
        ("lsoa21", "msoa21"): {name("E01", a): name("E02", b) for a, b in zip(small, large, strict=True)},
        ("lsoa21", "lad25"): {name("E01", a): district for a in small},
        ("msoa21", "lad25"): {name("E02", a): district for a in large},
    }
    return World(number, counts, members, groups, rows, nests)


def release(worlds: Sequence[World], *, secondary: bool = True) -> Iterator[pd.DataFrame]:
    """What is shown of each world, released all together."""
    pairs: dict[tuple[str, str], dict[str, str]] = {}
    for world in worlds:
        for key, held in world.nests.items():
            pairs.setdefault(key, {}).update(held)
    shown, _ = release_figures(
        tidy_figures([pd.DataFrame([row for world in worlds for row in world.rows])]),
        sources=SOURCES,
        edition="public",
        nests=[Nest(child, parent, held) for (child, parent), held in pairs.items()],
        secondary=secondary,
    )
    assert set(shown["geography"]) <= {"lsoa21", "msoa21", "lad25"}, "more than one geography of counts"
    parts = dict(iter(shown.groupby("period")))
    return (parts[str(world.number)] for world in worlds)


def attack(world: World, shown: pd.DataFrame, *, whole: bool = False) -> int:
    """How many hidden counts the attacker recovers."""
    hidden = shown[shown["status"] == "suppressed"]
    if hidden.empty:
        return 0
    seen = shown[shown["status"] == "ok"]
    targets, equations = _sums(world, hidden), _sums(world, seen)
    truth = targets @ world.counts.ravel()
    values = seen["value"].to_numpy()
    assert (equations @ world.counts.ravel() == values).all()
    high = np.floor(_extreme(targets, equations, values, targets, -1, whole) + 1e-6)
    small = truth <= HIDE_UP_TO
    # A larger hidden count is recovered only if it can be one number and no other.
    large = np.flatnonzero(~small)
    low = np.ceil(_extreme(targets[large], equations, values, targets, 1, whole) - 1e-6)
    assert (truth <= high).all(), "the attacker's algebra is wrong"
    assert (low <= truth[large]).all(), "the attacker's algebra is wrong"
    return int((small & (high <= HIDE_UP_TO)).sum() + (low == high[large]).sum())


def _sums(world: World, rows: pd.DataFrame) -> np.ndarray:
    """Each row as a sum over output areas and groups."""
    every = np.array(world.groups)
    return np.array(
        [
            np.outer(world.members[code], (every == group) | (group == "")).ravel().astype(float)
            for code, group in zip(rows["code"], rows["group"], strict=True)
        ]
    ).reshape(len(rows), world.counts.size)


def _extreme(
    asked: np.ndarray, equations: np.ndarray, values: np.ndarray, hidden: np.ndarray, sign: int, whole: bool
) -> np.ndarray:
    """Least (1) or largest (-1) each asked sum can be: a copy of the town for each question."""
    copies = len(asked)
    if not copies:
        return np.zeros(0)
    side = eye_array(copies, format="csr")
    same, known = kron(side, csr_array(equations)), np.tile(values, copies)
    least, most = kron(side, csr_array(hidden)), 1_000
    if whole:
        answer = milp(
            sign * asked.ravel(),
            integrality=np.ones(asked.size),
            bounds=Box(0, most),
            constraints=[*([Rows(same, known, known)] if len(values) else []), Rows(least, 1, np.inf)],
        )
    else:
        answer = linprog(
            sign * asked.ravel(),
            A_ub=-least,
            b_ub=-np.ones(least.shape[0]),
            A_eq=same if len(values) else None,
            b_eq=known if len(values) else None,
            bounds=(0, most),
            method="highs",
        )
    assert answer.x is not None, answer.message
    return (asked * answer.x.reshape(copies, -1)).sum(axis=1)


def some_of(shown: pd.DataFrame, caller: int) -> pd.DataFrame:
    """What one caller asks for: one the totals of every area, the other the groups of larger ones."""
    if caller == 0:
        return shown[shown["group"] == ""]
    return shown[(shown["group"] != "") | (shown["geography"] != "lsoa21")]


def batches(count: int) -> Iterator[list[World]]:
    for start in range(0, count, BATCH):
        yield [make_world(seed) for seed in range(start, min(start + BATCH, count))]


def test_one_caller_and_two_who_share_notes_recover_nothing_in_a_thousand_towns() -> None:
    hidden = alone = together = 0
    for worlds in batches(WORLDS):
        for world, shown in zip(worlds, release(worlds), strict=True):
            hidden += int((shown["status"] == "suppressed").sum())
            notes = pd.concat([some_of(shown, 0), some_of(shown, 1)]).drop_duplicates()
            together += attack(world, notes)
            # What one of them knows is a part of what both know; one in fifty is tried all the same.
            if world.number % 50 == 0:
                alone += attack(world, some_of(shown, 0)) + attack(world, some_of(shown, 1))
    assert hidden > 5 * WORLDS
    assert (alone, together) == (0, 0)


def test_without_secondary_suppression_the_same_attack_recovers_some() -> None:
    worlds = next(batches(BATCH))
    found = [attack(*one) for one in zip(worlds, release(worlds, secondary=False), strict=True)]
    assert sum(found) > 50
    assert sum(one > 0 for one in found) > 20


def from_elsewhere(world: World) -> pd.DataFrame:
    """District totals by group that stand in a report and not in the pack.

    One of too few is in none, and then neither is the total that would give it away.
    """
    lad = pd.DataFrame([row for row in world.rows if row["geography"] == "lad25"])
    enough = []
    for group in lad["group"]:
        which = np.array([group in ("", name) for name in world.groups])
        parts = [
            world.counts[inside][:, which].sum()
            for code, inside in world.members.items()
            if code.startswith("E01")
        ]
        enough.append(sum(parts) - sum(one > 0 for one in parts) + 1 > HIDE_UP_TO)
    return lad[enough] if all(enough) else lad[np.array(enough) & (lad["group"] != "").to_numpy()]


def test_totals_that_readers_have_from_a_report_recover_nothing_either() -> None:
    hidden = recovered = open_to = 0
    for worlds in batches(2 * BATCH):
        # MSOAs are left out too: where there is one, it is the district under another name.
        bare = [
            replace(one, rows=[row for row in one.rows if row["geography"] not in ("lad25", "msoa21")])
            for one in worlds
        ]
        for secondary in (True, False):
            for world, shown in zip(worlds, release(bare, secondary=secondary), strict=True):
                assert "lad25" not in set(shown["geography"])
                found = attack(world, pd.concat([shown, from_elsewhere(world)]))
                recovered, open_to = recovered + found * secondary, open_to + found * (not secondary)
                hidden += int((shown["status"] == "suppressed").sum()) * secondary
    assert hidden > 5 * BATCH
    assert recovered == 0
    assert open_to > BATCH


def with_attendance(world: World, seed: int) -> tuple[World, np.ndarray]:
    """Say of the referred who attended, as a count and as a share of the referred."""
    random = np.random.default_rng(seed + 1_000_000)
    attended = random.binomial(world.counts, random.choice([0.2, 0.6, 0.95]))
    more: list[dict[str, object]] = []
    for row in world.rows:
        inside, which = world.members[str(row["code"])], np.array(world.groups) == row["group"]
        count = float(attended[inside][:, which | (row["group"] == "")].sum())
        more.append({**row, "indicator": "attended", "value": count})
        if row["value"]:
            share = {
                "value": count / float(row["value"]),
                "unit": "share",
                "count": count,
                "base": row["value"],
            }
            more.append({**row, "indicator": "attended_share", **share})
    return replace(world, rows=[*world.rows, *more]), attended


def attack_shares(world: World, attended: np.ndarray, shown: pd.DataFrame) -> tuple[int, int]:
    """How many counts of the referred, the attended or the missing are recovered, and how many were tried.

    What is unknown is who attended and who did not, so that nobody attends who was not referred.
    """
    truth_of = np.concatenate([attended.ravel(), (world.counts - attended).ravel()])
    sums = _sums(world, shown)
    share, whole = shown["indicator"] == "attended_share", shown["indicator"] == "referrals"
    parts = np.hstack([sums, sums * whole.to_numpy()[:, None]])
    # The reader is credited with the count of a share that is shown without it, beside a rounded base.
    count = shown["count"].where(share, shown["value"]).fillna(pd.Series(parts @ truth_of, index=shown.index))
    seen, hidden = (shown["status"] == "ok").to_numpy(), (shown["status"] == "suppressed").to_numpy()
    # Those missing of every share, whether it is shown or not, are asked for too.
    missing = np.hstack([np.zeros_like(sums), sums])[share.to_numpy()]
    asked = np.vstack([parts[hidden], missing])
    truth = asked @ truth_of
    asked, truth = asked[truth > 0], truth[truth > 0]
    small = np.flatnonzero(truth <= HIDE_UP_TO)
    at_least = parts[hidden & ~share.to_numpy()]
    high = np.floor(
        _extreme(asked[small], parts[seen], count[seen].to_numpy(), at_least, -1, whole=False) + 1e-6
    )
    return int((high <= HIDE_UP_TO).sum()), len(small)


def test_shares_and_their_bases_give_nothing_away_either() -> None:
    recovered = tried = open_to = 0
    for seed in range(0, 100, BATCH):
        pairs = [with_attendance(make_world(one), one) for one in range(seed, seed + BATCH)]
        worlds = [world for world, _ in pairs]
        for secondary in (True, False):
            for (world, attended), shown in zip(pairs, release(worlds, secondary=secondary), strict=True):
                found, asked = attack_shares(world, attended, shown)
                recovered += found if secondary else 0
                open_to += 0 if secondary else found
                tried += asked if secondary else 0
    assert tried > 500
    assert recovered == 0
    assert open_to > 25


#  Wards of a register, from the most to the least deprived, each a twentieth of the town. A few have so
#  few low-weight births that their values are hidden; what all the births were is published elsewhere.
BIRTHS = 500.0


def register_town(seed: int, folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    counts = random.integers(8, 60, 20).astype(float)
    counts[random.permutation(20)[: random.integers(1, 4)]] = random.integers(1, 5)
    wards = [f"E05{n:06d}" for n in range(20)]
    (folder / "indicators.csv").write_text(
        "id,principle,definition,unit,numerator,denominator,polarity,source\n"
        "low_weight,1,Low birth weight,share,low-weight births,births,low,Own\n",
        encoding="utf-8",
    )
    rows = [(code, "wd25", count, BIRTHS) for code, count in zip(wards, counts, strict=True)]
    rows.append(("E06000001", "lad25", counts.sum(), 20 * BIRTHS))
    (folder / "indicator_values.csv").write_text(
        "id,code,geography,period,value,count,base\n"
        + "".join(f"low_weight,{code},{key},2024,{n / base},{n:g},{base:g}\n" for code, key, n, base in rows),
        encoding="utf-8",
    )
    register = read_register(
        folder / "indicators.csv", folder / "indicator_values.csv", publisher="The council"
    )
    figures, _, _ = register_figures(
        register,
        authority="E06000001",
        areas={"wd25": pd.Index(wards), "lad25": pd.Index(["E06000001"])},
        deprivation=pd.Series(np.arange(20.0, 0, -1), index=wards),
        residents=pd.Series(1000.0, index=wards),
    )
    nest = Nest("wd25", "lad25", dict.fromkeys(wards, "E06000001"))
    shown, _ = release_figures(
        figures,
        sources={register.source.id: register.source},
        edition="public",
        nests=[nest],
    )
    return shown, counts


def solve_register(shown: pd.DataFrame, counts: np.ndarray) -> int:
    """How many hidden counts two equations give: the district's total, and the slope where it is shown."""
    wards = shown[(shown["geography"] == "wd25")].set_index("code")
    gone = (wards["status"] == "suppressed").to_numpy()
    known = np.where(gone, 0.0, counts)  # the reader is credited with every count that is not hidden
    equations, answers = [np.ones(gone.sum())], [counts.sum() - known.sum()]
    slope = shown.loc[shown["indicator"] == "register_low_weight_slope", "value"]
    if slope.notna().any():
        lean = np.arange(20) / 20 + 0.025 - 0.5
        lean /= (lean**2).sum() * BIRTHS
        equations.append(lean[gone])
        answers.append(slope.iloc[0] - known @ lean)
    matrix = np.asarray(equations)
    if np.linalg.matrix_rank(matrix) < gone.sum():
        return 0
    found = np.linalg.lstsq(matrix, np.asarray(answers), rcond=None)[0]
    return int((np.abs(found - counts[gone]) < 0.01).sum())


def test_a_slope_over_wards_of_which_some_are_hidden_does_not_give_them_away(tmp_path: Path) -> None:
    hidden = recovered = told = 0
    for seed in range(10):
        shown, counts = register_town(seed, tmp_path)
        wards = shown[shown["geography"] == "wd25"]
        hidden += int((wards["status"] == "suppressed").sum())
        recovered += solve_register(shown, counts)
        told += int(shown.loc[shown["indicator"].str.endswith("_slope"), "status"].eq("ok").sum())
    assert (recovered, told) == (0, 0)
    assert hidden > 20


def test_the_attack_by_slope_recovers_some_where_slopes_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairplace.own_counts.MADE_OF_AREAS", "^$")  # nothing is made of areas
    assert sum(solve_register(*register_town(seed, tmp_path)) for seed in range(10)) > 5


def test_an_interval_does_not_tell_the_base_that_was_rounded() -> None:
    for base in range(96, 104):
        for count in (9.0, 31.0, 60.0):
            low, high = wilson(count, base)
            row = {
                "code": "E06000001", "geography": "lad25", "indicator": "share", "group": "", "period": "2025",
                "value": count / base, "low": float(low), "high": float(high), "interval": "95 % Wilson",
                "count": count, "base": float(base), "unit": "share", "basis": "survey", "status": "ok",
                "source": OWN.id,
            }  # fmt: skip
            shown, _ = release_figures(tidy_figures([pd.DataFrame([row])]), sources=SOURCES, edition="public")
            got = shown.iloc[0]
            near = 5 * np.floor(base / 5 + 0.5)
            assert got["base"] == near
            assert np.isnan(got["count"])
            # Limits of ours, undone for every base that rounds to this one: all but the true base, if scaled,
            # would contradict them; formed anew they are those of what is shown, whatever it was.
            assert (got["low"], got["high"]) == pytest.approx(
                tuple(float(one) for one in wilson(got["value"] * near, near))
            )


@pytest.mark.slow
def test_more_shares_and_a_reader_who_knows_that_people_are_whole_give_nothing_either() -> None:
    for seed in range(100, 1000, BATCH):
        pairs = [with_attendance(make_world(one), one) for one in range(seed, seed + BATCH)]
        for (world, attended), shown in zip(pairs, release([one for one, _ in pairs]), strict=True):
            assert attack_shares(world, attended, shown)[0] == 0
    for worlds in batches(200):
        assert sum(attack(*one, whole=True) for one in zip(worlds, release(worlds), strict=True)) == 0
