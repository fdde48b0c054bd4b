"""Do the ranges hold? Truth drawn, noisy inputs simulated from it, the method estimated again.

    python benchmarks/mis_coverage.py [DATA] [--worlds 500] [--draws 200]

A world is a Luton whose composition, incomes, shapes, lines and regional spread are drawn. From it come
a census (perturbed, with errors of the margins' design), ONS means with ONS's error and without the
drift since, income-deprivation rates (Luton's real ones) with counting error, HBAI rates and widths with
their error, and budgets with theirs. Composition, lines, levels and ranges are estimated again from those;
the national solution is not solved again, its shapes are the world's with a fresh draw of their stated
error. Coverage is the share of worlds in
which the 90 % range holds the world's truth. Wards are groups of areas by best fit, for this study only.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from calibrate_mis import FILES, read_england  # noqa: E402

from mis import MisSettings, read_budgets  # noqa: E402
from mis.draws import NationalDraws, Spreads, consistent_medians, draw_national, stream  # noqa: E402
from mis.household_types import household_types  # noqa: E402
from mis.households import fit_households, national_seed  # noqa: E402
from mis.inputs import Reconciled  # noqa: E402
from mis.level import covariate  # noqa: E402
from mis.lines import Budgets  # noqa: E402
from mis.parameters import Parameters, Shape, read_parameters  # noqa: E402
from mis.plan import Plan, cell_arrays, drawn_means, make_plan  # noqa: E402
from mis.shortfall import QUANTITIES, run_cells  # noqa: E402

LUTON = "E06000032"
PEOPLE, BELOW = QUANTITIES.index("people"), QUANTITIES.index("people_below")


def run(plan: Plan, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """People and people below, (area, draw)."""
    members = np.arange(len(plan.tables.codes))
    draws = plan.settings.draws
    out = np.zeros((len(QUANTITIES), len(members), draws), np.float32)
    run_cells(
        **cell_arrays(plan, members),
        means=means,
        level=np.zeros((len(members), draws)),
        solve=True,
        out=out,
        by_type=np.zeros((len(members), draws, len(household_types()), 3), np.float32),
    )
    return out[PEOPLE].astype(float), out[BELOW].astype(float)


def drawn_shift(plan: Plan) -> np.ndarray:
    """Shift of the low-income line behind each world's rates, (world, type), as `draw_national` drew it."""
    spreads, worlds = plan.settings.spreads, plan.settings.draws
    random = stream(plan.settings.seed, "national")
    common = random.standard_normal((worlds, 8))
    by_type = random.standard_normal((worlds, 3, len(household_types())))
    return spreads.location * common[:, 1:2] + spreads.location_by_type * by_type[:, 1]


def one_shape(shape: Shape, world: int) -> Shape:
    """The shape of one world, without a draw axis."""
    return replace(
        shape,
        alpha=shape.alpha[world],
        lower=shape.lower[world],
        upper=float(np.asarray(shape.upper)[world]),
        tau=shape.tau[world],
        kappa=shape.kappa[world],
        follow=shape.follow[world],
        zero=float(np.asarray(shape.zero)[world]),
    )


def seen_shape(
    parameters: Parameters, truth: Shape, budgets: Budgets, seed: int, spreads: Spreads
) -> NationalDraws:
    """What HBAI would have led us to, in a world with these shapes: the truth and a fresh error."""
    there = replace(parameters, shape=truth)
    return draw_national(there, budgets, draws=1, seed=seed, spreads=spreads, slope=0.17)


def seen_budgets(budgets: Budgets, weekly: np.ndarray, random: np.random.Generator) -> Budgets:
    """Budgets of a world whose true lines are `weekly`: with the errors the prior states."""
    types = household_types()
    error = random.standard_normal(len(types)) * budgets.log_sd
    correlated = np.where(budgets.derived, 0.6 * random.standard_normal(), 0.0)
    error = np.where(budgets.derived, 0.8 * error + correlated * budgets.log_sd, error)
    wanted = weekly * np.exp(error) / budgets.factor
    lines = {}
    for place, name in enumerate(types.ids):
        line = budgets.lines[name]
        if not line.first:
            lines[name] = replace(line, weekly=float(wanted[place]))
    for place, name in enumerate(types.ids):
        line = budgets.lines[name]
        if line.first:
            first = sum(n * lines[unit].weekly for unit, n in line.first.items())
            further = sum(n * lines[unit].weekly for unit, n in line.further.items())
            saving = np.clip(random.normal(0, budgets.saving_sd), -0.15, 0.15)
            scale = wanted[place] / (first + (1 - budgets.saving_mean + saving) * further)
            lines[name] = replace(
                line,
                first={unit: n * scale for unit, n in line.first.items()},
                further={unit: n * scale for unit, n in line.further.items()},
            )
    return replace(budgets, lines=lines)


def seen_census(
    tables: Reconciled, counts: np.ndarray, parameters: Parameters, random: np.random.Generator
) -> Reconciled:
    """Census margins of a world, with errors of design and perturbation."""
    types, margins = household_types(), parameters.margins
    by_type = counts.sum(axis=2)
    seed = national_seed(margins).sum(axis=1)
    persons = types.persons * (margins.ages / (seed @ types.persons))

    def noisy(values: np.ndarray, sd: float) -> np.ndarray:
        wrong = np.exp(random.normal(-0.5 * sd**2, sd, values.shape))
        return np.maximum(np.round(values * wrong + random.normal(0, 1.5, values.shape)), 0)

    def chance(weight: np.ndarray, average: float) -> np.ndarray:
        return by_type @ np.minimum(weight * average / (seed @ weight), 1.0)

    total = tables.households
    crowded = noisy(chance(types.crowded, margins.crowded), 0.30)
    roomy = noisy(chance(types.roomy, margins.roomy), 0.20)
    deprived = noisy(chance(types.deprived, margins.deprived), 0.25)
    nothing = np.zeros_like(total)
    ages = noisy(by_type @ persons, 0.10)
    rate = np.clip(tables.income_rate, 0.02, 0.95)
    people = np.maximum(ages.sum(axis=1), 50)
    return replace(
        tables,
        ages=ages,
        household_residents=ages.sum(axis=1),
        occupancy=np.column_stack([roomy, nothing, nothing, crowded, nothing]),
        deprivation=np.column_stack([total - deprived, nothing, deprived, nothing, nothing]),
        income_rate=random.binomial(people.astype(int), rate) / people.astype(int),
    )


def study(data: Path, *, worlds: int, draws: int, wrong: str, seed: int = 31) -> dict[str, np.ndarray]:
    """Coverage by world: share of areas and wards held, and whether the district is."""
    inputs = read_england(data)
    luton = replace(inputs, areas=inputs.areas[inputs.areas["district"] == LUTON])
    parameters, budgets, spreads = read_parameters(), read_budgets(), Spreads()
    plan = make_plan(
        luton,
        budgets=budgets,
        settings=MisSettings(draws=worlds, seed=seed, keep_state=False),
        parameters=parameters,
    )
    tables = plan.tables
    members = np.arange(len(tables.codes))
    plan = replace(plan, households=replace(plan.households, people_factor=np.ones(len(members))))
    ward = pd.read_csv(data / FILES["ward"]).set_index("LSOA21CD")["WD24CD"].loc[tables.codes].to_numpy()
    truth_plan, means = plan, drawn_means(plan, members)
    if wrong == "longer low end":
        shape = replace(plan.national.shape, wide=np.minimum(plan.national.shape.wide + 0.3, 1.0))
        # As a fit to HBAI would, the longer end keeps the low-income rate that each world drew.
        alpha, average = consistent_medians(parameters, shape, drawn_shift(plan))
        truth_plan = replace(plan, national=replace(plan.national, shape=replace(shape, alpha=alpha)))
        means = means * (average / plan.national.mean_income)[None]
    elif wrong:
        means = means * tied_to_ethnicity(data, tables, wrong)[:, None]
    people, below = run(truth_plan, means)
    truth = below / people
    arrays = cell_arrays(plan, members)
    quiet = MisSettings(draws=draws, keep_state=False)
    held: dict[str, list[float]] = {"area": [], "ward": [], "district": []}
    wards = pd.factorize(ward)[0]
    for world in range(worlds):
        random = np.random.default_rng([seed, world])
        counts = arrays["counts"] * arrays["noise"][:, world, :, None]
        counts = counts * (tables.tenure / np.maximum(counts.sum(axis=1), 1e-9))[:, None, :]
        seen = seen_census(tables, counts, parameters, random)
        true_shape = one_shape(plan.national.shape, world)
        shapes = seen_shape(parameters, true_shape, budgets, 10_000 + world, spreads)
        lines = seen_budgets(budgets, plan.national.weekly[world], random)
        # ONS saw the means before the drift, with its own error.
        own = np.array(
            [
                _errors(seed, code, float(tables.income_log_se[tables.msoa == code][0]), worlds)[world]
                for code in dict.fromkeys(tables.msoa)
            ]
        )
        fresh = random.standard_normal(len(own))
        per_msoa = dict(zip(dict.fromkeys(tables.msoa), own, strict=True))
        noise = dict(zip(dict.fromkeys(tables.msoa), fresh, strict=True))
        shift = np.array([per_msoa[code] for code in tables.msoa])
        shift += np.array([noise[code] for code in tables.msoa]) * tables.income_log_se
        seen = replace(seen, income_mean=tables.income_mean * np.exp(shift))
        there = replace(
            parameters,
            shape=replace(one_shape(shapes.shape, 0), kappa=parameters.shape.kappa),
            mean_income=float(shapes.mean_income[0]),
        )
        kappa = {
            code: values[world]
            * np.exp(
                spreads.region * random.standard_normal() + spreads.region * random.standard_normal(draws)
            )
            for code, values in plan.kappa.items()
        }
        again = Plan(
            tables=seen,
            households=fit_households(seen, parameters.margins),
            national=draw_national(
                there,
                lines,
                draws=draws,
                seed=50_000 + world,
                spreads=spreads,
                slope=float(plan.national.slope[world] + spreads.slope * random.standard_normal()),
            ),
            parameters=there,
            settings=replace(quiet, seed=90_000 + world),
            absent=plan.absent,
            covariate=covariate(seen),
            kappa=kappa,
        )
        found_people, found_below = run(again, drawn_means(again, members))
        held["area"].append(float(_inside(found_below / found_people, truth[:, world]).mean()))
        in_ward = [
            np.array([part[wards == k].sum(axis=0) for k in range(wards.max() + 1)])
            for part in (found_below, found_people, below[:, [world]], people[:, [world]])
        ]
        held["ward"].append(float(_inside(in_ward[0] / in_ward[1], (in_ward[2] / in_ward[3])[:, 0]).mean()))
        whole = found_below.sum(axis=0) / found_people.sum(axis=0)
        district = below[:, world].sum() / people[:, world].sum()
        held["district"].append(float(_inside(whole[None], np.array([district]))[0]))
    return {name: np.array(values) for name, values in held.items()}


@cache
def _errors(seed: int, code: str, se: float, worlds: int) -> np.ndarray:
    """ONS's own error of an MSOA in every world."""
    return se * stream(seed, "msoa", code).standard_normal(worlds)


def tied_to_ethnicity(data: Path, tables: Reconciled, where: str) -> np.ndarray:
    """Factor on true means: 0.3 log points less for a wholly minority population, unseen by ONS."""
    frame = pd.read_csv(data / "census2021" / "census2021-ts021_5groups-lsoa.csv.gz")
    frame = frame.set_index("geography code").loc[tables.codes]
    total = next(name for name in frame.columns if "Total" in name)
    white = next(name for name in frame.columns if name.endswith("White"))
    share = (1 - frame[white] / frame[total]).to_numpy()
    weight = tables.households
    msoa = pd.Series(share * weight).groupby(tables.msoa).transform("sum") / pd.Series(weight).groupby(
        tables.msoa
    ).transform("sum")
    inside = share - msoa.to_numpy()
    between = msoa.to_numpy() - np.average(share, weights=weight)
    district = np.average(share, weights=weight) - 0.19
    effect = inside
    if where != "ethnicity within MSOAs":
        effect = effect + between
    if where == "ethnicity at every level":
        effect = effect + district
    return np.exp(-0.3 * effect)


def _inside(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    low, high = np.quantile(draws, [0.05, 0.95], axis=1)
    return (low <= truth) & (truth <= high)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--worlds", type=int, default=500)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--wrong", type=int, default=200, help="worlds for each wrong model")
    parser.add_argument("--only", default=None, help="one wrong model by its name")
    options = parser.parse_args()
    print("| world | worlds | areas | 5th to 95th percentile over worlds | wards | district |")
    print("| --- | --- | --- | --- | --- | --- |")
    for wrong, worlds in (
        ("", options.worlds),
        ("longer low end", options.wrong),
        ("ethnicity within MSOAs", options.wrong),
        ("ethnicity within and between MSOAs", options.wrong),
        ("ethnicity at every level", options.wrong),
    ):
        if not worlds or (options.only is not None and options.only != wrong):
            continue
        start = time.perf_counter()
        held = study(options.data, worlds=worlds, draws=options.draws, wrong=wrong)
        low, high = np.quantile(held["area"], [0.05, 0.95])
        print(
            f"| {wrong or 'as the model says'} | {worlds} | {held['area'].mean():.1%} "
            f"| {low:.0%} to {high:.0%} (sd {held['area'].std():.1%}) | {held['ward'].mean():.1%} "
            f"| {held['district'].mean():.1%} |",
            flush=True,
        )
        print(f"  ({time.perf_counter() - start:.0f} s)", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
