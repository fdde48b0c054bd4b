"""Published rates beside lines and incomes of their own year and series, and what else bears on the misses.

    python benchmarks/mis_bridge.py [DATA]

The published rates of FYE 2024 were counted on that year's incomes, in the series published then, against
that year's budgets. Here the model is solved at low income of FYE 2024, in both series, and held against
lines of April 2023, of April 2024 and of their mean. Nothing is fitted to the published rates.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import logit, ndtri

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from calibrate_mis import solve  # noqa: E402
from mis_misses import read_quintiles  # noqa: E402
from mis_validation import older_series, read_earlier, shifted  # noqa: E402

from mis import read_budgets  # noqa: E402
from mis.calibrate import calibrate  # noqa: E402
from mis.household_types import TENURES, household_types  # noqa: E402
from mis.inputs import Reconciled  # noqa: E402
from mis.lines import Budgets  # noqa: E402
from mis.parameters import Parameters, low_income_shares, read_parameters  # noqa: E402
from mis.targets import LOW_INCOME, Targets, make_targets, read_facts  # noqa: E402
from mis.validation import national_rates, read_published  # noqa: E402

SHOWN = ("all", "children", "couples_children", "lone_parents_children")
FAMILIES = {"couple_2": "couple_children", "lone_parent_2": "lone_parent"}


def earlier_line(earlier: Mapping[str, Any], family: str, year: str) -> tuple[float, float, float]:
    """Line of a family in April of an earlier year, pounds a week: middle, lowest, highest.

    A shortfall of 51 that is 8 % of the budget means a budget of 50.5 / 0.085 to 51.5 / 0.075.
    """
    cases = np.array(earlier["budgets"][family][year], dtype=float)
    low = ((cases[:, 0] - 0.5) / (cases[:, 1] + 0.5) * 100).max()
    high = ((cases[:, 0] + 0.5) / (cases[:, 1] - 0.5) * 100).min()
    water = earlier["water"][family][year]
    return ((low + high) / 2 - water, low - water, high - water)


def lines_of(budgets: Budgets, weekly: Mapping[str, float], others: float) -> Budgets:
    """Budgets with families' lines at given pounds a week and all other types' lines times a factor."""
    types = household_types()
    lines = {}
    for name, line in budgets.lines.items():
        group = types.groups[types.index(name)]
        factor = others
        for family, of_group in FAMILIES.items():
            if group == of_group:
                factor = weekly[family] / budgets.lines[family].weekly / budgets.factor
        lines[name] = replace(line, weekly=line.weekly * factor)
    return replace(budgets, lines=lines)


def fye2024(data: Path) -> Targets:
    """Targets of FYE 2024 in the new series, at the United Kingdom's rate; densities as for FYE 2025."""
    facts, prices = read_facts(), read_earlier()["prices"]["fye2025_over_fye2024"]
    before = deepcopy(facts)
    for table in ("rates", "pensioners"):
        for values in before[table].values():
            if isinstance(values, list):
                values[-1] = values[-2]
    medians, mean = read_quintiles(data)["2023/24"]
    before["median"] |= {"fye2025": medians, "mean_fye2025": mean}
    now, then = make_targets(facts), make_targets(before)
    kingdom = before["rates"]["All individuals (per cent)"][-1] / 100
    then = shifted(then, float(logit(kingdom) - logit(then.england)))
    return replace(
        then,
        density=now.density,
        pensioner_density=now.pensioner_density,
        median=medians[2] / prices,
        period="FYE 2024",
    )


def same_year(tables: Reconciled, data: Path) -> None:
    print("\n## Lines and incomes of FYE 2024 (points from the published rate)\n")
    earlier, published, budgets = read_earlier(), read_published()["rates"], read_budgets()
    found = {
        (family, year): earlier_line(earlier, family, year)
        for family in FAMILIES
        for year in ("2023", "2024")
    }
    for (family, year), (middle, low, high) in found.items():
        print(f"{family}, April {year}: {middle:.0f} ({low:.0f} to {high:.0f})")
    now = {family: budgets.lines[family].weekly * budgets.factor for family in FAMILIES}
    print("FYE 2025: " + ", ".join(f"{name} {value:.0f}" for name, value in now.items()))
    prices = earlier["prices"]["fye2025_over_fye2024"]
    new = fye2024(data)
    older = replace(older_series(new), median=earlier["older_series"]["median"])
    print("| series | lines of | couple + 2 | lone parent + 2 | " + " | ".join(SHOWN) + " |")
    print("| --- |" + " --- |" * (3 + len(SHOWN)))
    for label, targets in (("new", new), ("older", older)):
        solved = calibrate(tables, targets, income_rate=0.2, made={}, rounds=4).parameters
        for date, years in (("April 2023", ["2023"]), ("mean", ["2023", "2024"]), ("April 2024", ["2024"])):
            weekly = {f: float(np.mean([found[f, year][0] for year in years])) for f in FAMILIES}
            ours = national_rates(solved, lines_of(budgets, weekly, 1 / prices))
            gaps = [f"{100 * ours[name] - published[name]['value']:+.1f}" for name in SHOWN]
            print(
                f"| {label} | {date} | {weekly['couple_2']:.0f} | {weekly['lone_parent_2']:.0f} "
                f"| {' | '.join(gaps)} |"
            )


def social_level(tables: Reconciled) -> None:
    print("\n## Social tenants with low income as the older series had it (per cent)\n")
    published = read_published()["rates"]["social_tenants"]["value"]
    targets = make_targets(read_facts())
    kingdom = read_facts()["rates"]["All individuals (per cent)"][-1] / 100
    kingdom_targets = shifted(targets, float(logit(kingdom) - logit(targets.england)))
    place = TENURES.index("social_rented")
    print("| | in low income | below the line | difference |\n| --- | --- | --- | --- |")

    def say(label: str, chosen: Targets) -> None:
        solved = calibrate(tables, chosen, income_rate=0.2, made={}, rounds=4)
        low = solved.fitted[f"everyone (pattern only), tenure {place}"][1]
        below = 100 * national_rates(solved.parameters, read_budgets())["social_tenants"]
        print(f"| {label} | {100 * low:.1f} | {below:.1f} | {below - published:+.1f} |")

    say("as it is", kingdom_targets)
    older = older_series(kingdom_targets)
    say("older series", older)
    for pattern in (0.45, 0.48):
        tenure = older.tenure.copy()
        tenure[place] = pattern
        say(f"older series, pattern of social tenants {pattern:.2f}", replace(older, tenure=tenure))


def social_spread(parameters: Parameters) -> None:
    print("\n## Spread of social tenants' incomes relative to everyone's, low-income line to poorest 40 %\n")
    mixture, shape = parameters.mixture, parameters.shape

    def share(line: float, chosen: np.ndarray) -> float:
        people = mixture.people * chosen
        return float((low_income_shares(shape, mixture, np.log(line)) * people).sum() / people.sum())

    everyone = np.ones_like(mixture.people)
    social = everyone * np.eye(len(TENURES))[TENURES.index("social_rented")][None, :, None, None]
    line = brentq(lambda value: share(value, everyone) - 0.4, 0.5, 1.5)

    def steps(chosen: np.ndarray) -> float:
        return float(ndtri(share(line, chosen)) - ndtri(share(LOW_INCOME, chosen)))

    print(f"modelled {steps(everyone) / steps(social):.2f}")
    for year, fact in read_earlier()["social_tenants"].items():
        if not isinstance(fact, dict):
            continue
        ratios = []
        for low in (-0.5, 0, 0.5):
            for high in (-0.5, 0, 0.5):
                wide = ndtri(0.4) - ndtri(fact["everyone"] / 100)
                own = ndtri((fact["poorest_40"] + high) / 100) - ndtri((fact["low"] + low) / 100)
                ratios.append(wide / own)
        ends = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{year}, if counted after housing costs: {ratios[4]:.2f} ({ends})")


def main() -> int:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    _, tables, _ = solve(data)
    same_year(tables, data)
    social_level(tables)
    social_spread(read_parameters())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
