"""Hold the model beside what it never saw, and print the tables of docs/methods/mis.md.

python benchmarks/mis_validation.py [DATA]
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import spearmanr

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from calibrate_mis import solve  # noqa: E402

from mis import MisInputs, MisSettings, estimate_shortfall, read_budgets  # noqa: E402
from mis.calibrate import Solution, calibrate  # noqa: E402
from mis.draws import Spreads, central, consistent_medians  # noqa: E402
from mis.household_types import household_types  # noqa: E402
from mis.inputs import REGIONS, Reconciled  # noqa: E402
from mis.lines import Budgets  # noqa: E402
from mis.parameters import Parameters, read_parameters  # noqa: E402
from mis.targets import Targets, make_targets, read_facts  # noqa: E402
from mis.validation import national_rates, read_published  # noqa: E402

LUTON = "E06000032"
QUIET = Spreads(**dict.fromkeys(Spreads.__dataclass_fields__, 0.0))
ONE = MisSettings(draws=1, seed=1, spreads=QUIET, keep_state=False)


def shares(
    inputs: MisInputs,
    *,
    parameters: Parameters | None = None,
    budgets: Budgets | None = None,
    settings: MisSettings = ONE,
    quantity: str = "people_below",
) -> tuple[np.ndarray, float]:
    """Central share below the line by area, and of all of them."""
    exact = replace(budgets or read_budgets(), saving_sd=0.0)
    found = estimate_shortfall(inputs, parameters=parameters, budgets=exact, settings=settings)
    below, people = (found.draws[name][:, 0].astype(float) for name in (quantity, "people"))
    return below / people, float(below.sum() / people.sum())


def published_rates(tables: Reconciled, solution: Solution, targets: Targets) -> None:
    print("\n## Published rates, never fitted (points)\n")
    budgets = read_budgets()
    # The published rates are the United Kingdom's: compare with the solution at its low-income rate.
    facts = read_facts()["rates"]["All individuals (per cent)"][-1] / 100
    kingdom = shifted(targets, float(logit(facts) - logit(targets.england)))
    solved = calibrate(tables, kingdom, income_rate=0.2, made={}, rounds=4).parameters
    ours = national_rates(solved, budgets)
    older = older_series(kingdom)
    england = national_rates(solution.parameters, budgets)
    print(
        f"England at its own rate: all {100 * england['all']:.1f}, children {100 * england['children']:.1f}"
    )
    bridge = calibrate(tables, older, income_rate=0.2, made={}, rounds=4).parameters
    bridged = national_rates(bridge, budgets)
    print("| rate | published | year | modelled | difference | allowed | held | older series assumed |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, fact in read_published()["rates"].items():
        gap = 100 * ours[name] - fact["value"]
        seen = " (line chosen with sight of it)" if fact.get("seen") else ""
        print(
            f"| {name.replace('_', ' ')}{seen} | {fact['value']} | {fact['report'][:7]} "
            f"| {100 * ours[name]:.1f} | {gap:+.1f} | {fact['within']} "
            f"| {'yes' if abs(gap) <= fact['within'] else 'NO'} | {100 * bridged[name]:.1f} |"
        )
    print(
        f"lone parents' children outside shared households: {100 * ours['lone_parents_children_alone']:.1f}"
    )


def shifted(targets: Targets, odds: float) -> Targets:
    """Targets with every low-income rate moved by the same log odds."""
    return replace(
        targets,
        type_rates=expit(logit(targets.type_rates) + odds),
        regions={code: float(expit(logit(rate) + odds)) for code, rate in targets.regions.items()},
        england=float(expit(logit(targets.england) + odds)),
    )


def older_series(targets: Targets) -> Targets:
    """Targets as the series before linking had them, by what both series give for FYE 2024."""
    facts, earlier = read_facts(), read_earlier()["older_series"]
    new = {name: values[-2] for name, values in facts["rates"].items() if isinstance(values, list)}
    children = {
        name: facts["children_by_family"][name][-2] for name in ("Lone parent:", "Couple with children:")
    }

    def odds(older: float, newer: float) -> float:
        return float(logit(older / 100) - logit(newer / 100))

    everyone = odds(earlier["all"], new["All individuals (per cent)"])
    couples = odds(earlier["children_of_couples"], children["Couple with children:"])
    of_group = {
        "lone_parent": odds(earlier["children_of_lone_parents"], children["Lone parent:"]),
        "couple_children": couples,
        "several_families": couples,
    }
    by_type = np.array([of_group.get(name, everyone) for name in household_types().groups])
    rates = expit(logit(targets.type_rates) + by_type)
    return replace(shifted(targets, everyone), type_rates=rates)


def read_earlier() -> dict[str, Any]:
    """Facts of earlier years and of the older series: ``mis/facts/earlier.toml``."""
    return tomllib.loads((ROOT / "mis" / "facts" / "earlier.toml").read_text(encoding="utf-8"))


def regions(tables: Reconciled, solution: Solution, targets: Targets) -> None:
    print("\n## Regional low income: fitted, with one shape, and each region left out (per cent)\n")
    one = calibrate(tables, targets, income_rate=0.2, made={}, rounds=4, one_shape=True)
    relative = tables.income_mean / np.average(tables.income_mean, weights=tables.households)
    means = np.array(
        [
            np.log(
                np.average(relative[tables.region == code], weights=tables.households[tables.region == code])
            )
            for code in REGIONS
        ]
    )
    log_kappa = np.log(solution.parameters.shape.kappa)
    print("| region | HBAI | fitted | spread | one shape | left out | error |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    errors, plain = [], []
    for place, (code, name) in enumerate(REGIONS.items()):
        others = np.arange(len(REGIONS)) != place
        slope, start = np.polyfit(means[others], log_kappa[others], 1)
        guess = float(np.exp(start + slope * means[place]))
        left = calibrate(tables, targets, income_rate=0.2, made={}, rounds=3, kappa={code: guess})
        key = f"rate of {code}"
        wanted, fitted = solution.fitted[key]
        predicted = left.fitted[key][1]
        errors.append(predicted - wanted)
        plain.append(one.fitted[key][1] - wanted)
        print(
            f"| {name} | {100 * wanted:.1f} | {100 * fitted:.1f} | {np.exp(log_kappa[place]):.2f} "
            f"| {100 * one.fitted[key][1]:.1f} | {100 * predicted:.1f} | {100 * errors[-1]:+.1f} |"
        )
    print(
        f"root mean square: left out {100 * np.sqrt(np.mean(np.square(errors))):.1f}, one shape "
        f"{100 * np.sqrt(np.mean(np.square(plain))):.1f} points"
    )


def predicted_means(tables: Reconciled) -> None:
    print("\n## ONS means of Luton predicted with Luton left out\n")
    weight = pd.Series(tables.households)
    frame = pd.DataFrame(
        np.hstack(
            [
                tables.tenure / tables.households[:, None],
                tables.ages[:, :5] / tables.ages.sum(axis=1)[:, None],
                tables.occupancy[:, [0, 3, 4]] / tables.households[:, None],
                tables.deprivation[:, :4] / tables.households[:, None],
                logit(np.clip(tables.income_rate, 0.005, 0.995))[:, None],
            ]
        )
    )
    frame = (
        frame.mul(weight, axis=0).groupby(tables.msoa).sum().div(weight.groupby(tables.msoa).sum(), axis=0)
    )
    first = pd.DataFrame(
        {
            "msoa": tables.msoa,
            "district": tables.district,
            "region": tables.region,
            "mean": tables.income_mean,
            "se": tables.income_log_se,
        }
    ).drop_duplicates("msoa")
    first = first.set_index("msoa").loc[frame.index]
    for label, rows in (("England", first["region"].notna()), ("East", first["region"] == "E12000006")):
        regions_in = pd.get_dummies(first["region"], drop_first=True).astype(float)
        design = np.column_stack([np.ones(len(frame)), frame.to_numpy(), regions_in.to_numpy()])
        use = (rows & (first["district"] != LUTON)).to_numpy()
        target = np.log(first["mean"].to_numpy())
        beta = np.linalg.lstsq(design[use], target[use], rcond=None)[0]
        luton = (first["district"] == LUTON).to_numpy()
        gap = target[luton] - design[luton] @ beta
        inside = np.abs(gap) <= 1.96 * first["se"].to_numpy()[luton]
        print(
            f"fitted on {label}: {inside.sum()} of {luton.sum()} inside ONS's limits, "
            f"mean gap {gap.mean():+.3f}"
        )


def orders(inputs: MisInputs) -> None:
    print("\n## Order of areas by the model without the income-deprivation rate\n")
    by_district = inputs.areas.groupby("district").size()
    rows = []
    for code in [LUTON, *by_district[by_district >= 120].index.drop(LUTON)]:
        rows.append(_order(inputs, code))
    table = pd.DataFrame(rows).set_index("district")
    luton = table.loc[LUTON]
    print(
        f"Luton: Spearman {luton['overall']:.2f}, within MSOAs {luton['within']:.2f}; ONS income alone "
        f"{luton['income']:.2f}, composition alone {luton['composition']:.2f}"
    )
    print(
        f"{len(table)} districts of 120 or more areas: median {table['overall'].median():.2f}, "
        f"{(table['overall'] < 0.85).mean():.0%} under 0.85; within MSOAs {table['within'].median():.2f}; "
        f"ONS alone {table['income'].median():.2f}, composition alone {table['composition'].median():.2f}"
    )


def _order(inputs: MisInputs, code: str) -> dict[str, object]:
    part = replace(inputs, areas=inputs.areas[inputs.areas["district"] == code], income_rate=None)
    found, _ = shares(part)
    rate = inputs.income_rate.loc[part.areas.index].to_numpy()
    income = part.income.loc[part.areas["msoa11"], "mean"].to_numpy()
    flat = part.income.copy()
    flat[["mean", "low", "high"]] = [30_000.0, 28_000.0, 32_000.0]
    alone, _ = shares(replace(part, income=flat), settings=replace(ONE, slope=0.0))
    return {
        "district": code,
        "overall": spearmanr(found, rate)[0],
        "within": spearmanr(_within(found, part), _within(rate, part))[0],
        "income": spearmanr(-income, rate)[0],
        "composition": spearmanr(alone, rate)[0],
    }


def _within(values: np.ndarray, part: MisInputs) -> np.ndarray:
    series = pd.Series(logit(np.clip(values, 0.005, 0.995)), index=part.areas.index)
    return (series - series.groupby(part.areas["msoa"]).transform("mean")).to_numpy()


def sensitivity(inputs: MisInputs) -> None:
    print("\n## Sensitivity of Luton's share below the line (points)\n")
    luton = replace(inputs, areas=inputs.areas[inputs.areas["district"] == LUTON])
    parameters, budgets = read_parameters(), read_budgets()
    areas, base = shares(luton)
    print(f"base {100 * base:.1f}")

    def say(label: str, changed: Mapping[str, object], inputs: MisInputs = luton) -> None:
        found, total = shares(inputs, **changed)  # type: ignore[arg-type]
        print(f"| {label} | {100 * (total - base):+.1f} | {100 * np.abs(found - areas).max():.1f} |")

    print("| change | Luton | largest change of an area |\n| --- | --- | --- |")
    for factor in (0.95, 1.05):
        say(f"lines x {factor}", {"budgets": replace(budgets, factor=budgets.factor * factor)})
    for factor in (0.94, 1.06):
        say(f"ONS means x {factor}", {}, replace(luton, income=luton.income * factor))
    shared = {
        name: replace(
            line,
            first={k: v * 1.1 for k, v in line.first.items()},
            further={k: v * 1.1 for k, v in line.further.items()},
        )
        for name, line in budgets.lines.items()
    }
    say("lines of shared households + 10 %", {"budgets": replace(budgets, lines=shared)})
    for step in (-0.2, 0.2):
        kappa = parameters.shape.kappa + step * (np.array(list(REGIONS)) == "E12000006")
        say(
            f"regional spread {step:+.1f}",
            {"parameters": replace(parameters, shape=replace(parameters.shape, kappa=kappa))},
        )
    say("tenure margin only", {}, replace(luton, ages=None, occupancy=None, deprivation=None))
    for factor in (0.9, 1.1):
        say(f"lower widths x {factor}, rates held", {"parameters": _wider(parameters, factor)})
    for slope in (0.0, 0.17, 0.28):
        say(f"slope {slope}", {"settings": replace(ONE, slope=slope)})


def _wider(parameters: Parameters, factor: float) -> Parameters:
    one = central(parameters, read_budgets(), slope=0.17).shape
    shape = replace(one, lower=one.lower * factor)
    alpha, mean = consistent_medians(parameters, shape, np.zeros_like(shape.alpha))
    held = replace(parameters.shape, alpha=alpha[0], lower=shape.lower[0])
    return replace(parameters, shape=held, mean_income=float(mean[0]))


def main() -> int:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    inputs, tables, solution = solve(data)
    targets = make_targets(read_facts())
    published_rates(tables, solution, targets)
    regions(tables, solution, targets)
    predicted_means(tables)
    orders(inputs)
    sensitivity(inputs)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
