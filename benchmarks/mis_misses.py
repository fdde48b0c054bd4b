"""What the misses of the validation table may come from: variants, and a shape that HBAI itself gives.

    python benchmarks/mis_misses.py [DATA]

Nothing here is fitted. Each variant changes one assumption and prints the published rates again; the second
table lays the spread of incomes by family type beside that of HBAI's fixed-line series of the 1990s, when the
fixed line stood at 0.72 to 0.85 of the median. The last lines say how much of the only small-area figure of
work at hand the margins in use explain already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit, ndtri

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from calibrate_mis import FILES, solve  # noqa: E402
from mis_validation import shifted  # noqa: E402

from mis import read_budgets  # noqa: E402
from mis.calibrate import calibrate  # noqa: E402
from mis.household_types import household_types  # noqa: E402
from mis.inputs import Reconciled  # noqa: E402
from mis.lines import Budgets  # noqa: E402
from mis.parameters import Parameters, low_income_shares  # noqa: E402
from mis.targets import LOW_INCOME, Targets, make_targets, read_facts  # noqa: E402
from mis.validation import national_rates, read_published  # noqa: E402

SHOWN = ("couples_children", "social_tenants", "children", "lone_parents_children", "all", "private_tenants")
YEARS = ("94/95", "95/96", "96/97", "97/98", "98/99", "99/00")
# Group of types -> HBAI family types.
FAMILIES = {
    "couple_children": ("Couple with children",),
    "lone_parent": ("Single with children",),
    "couple": ("Couple without children",),
    "single": ("Single male without children", "Single female without children"),
    "couple_pensioner": ("Pensioner couple",),
    "single_pensioner": ("Single male pensioner", "Single female pensioner"),
}
# A quarter of dependent children are 14 and over; HBAI's scale counts each as 0.42 instead of 0.20.
OLDER, MORE = 0.25, 0.22


def family_lines(budgets: Budgets, change: Callable[[str, int, float], float]) -> Budgets:
    """Budgets with the lines of families with children changed."""
    types = household_types()
    lines = dict(budgets.lines)
    for place, name in enumerate(types.ids):
        if types.children[place] > 0 and lines[name].weekly:
            lines[name] = replace(lines[name], weekly=change(name, place, lines[name].weekly))
    return replace(budgets, lines=lines)


def variants(tables: Reconciled, targets: Targets) -> Parameters:
    """Print published rates with one assumption changed at a time."""
    types, budgets = household_types(), read_budgets()
    plain = calibrate(tables, targets, income_rate=0.2, made={}, rounds=4).parameters
    published = read_published()["rates"]
    print("\n| variant | " + " | ".join(name.replace("_", " ") for name in SHOWN) + " |")
    print("| --- |" + " --- |" * len(SHOWN))

    def say(label: str, parameters: Parameters, budgets: Budgets) -> None:
        ours = national_rates(parameters, budgets)
        gaps = [f"{100 * ours[name] - published[name]['value']:+.1f}" for name in SHOWN]
        print(f"| {label} | {' | '.join(gaps)} |")

    def older(more: float) -> Budgets:
        def change(_: str, place: int, weekly: float) -> float:
            count = OLDER * types.children[place]
            return float((weekly + more * count) * types.scale[place] / (types.scale[place] + MORE * count))

        return family_lines(budgets, change)

    say("as it is", plain, budgets)
    for cut in (0.98, 0.96):
        changed = family_lines(
            budgets, lambda name, _, weekly, cut=cut: weekly * (cut if "couple" in name else 1)
        )
        say(f"lines of couples with children x {cut}", plain, changed)
    say("children of 14 and over weigh as in HBAI, cost as the younger", plain, older(0.0))
    say("the same, and cost £60 a week more", plain, older(60.0))
    for label, settings in (
        ("social tenants under pension age spread like pensioners (x 0.71)", {"social_width": 0.71}),
        ("one tenure factor on spread for all ages, fitted on pensioners", {"shared_widths": True}),
    ):
        found = calibrate(tables, targets, income_rate=0.2, made={}, rounds=4, **settings)
        say(label, found.parameters, budgets)
    return plain


def read_series(data: Path, name: str, sheet: str) -> dict[str, dict[str, float]]:
    """Rates after housing costs of a time series sheet: row -> year -> value."""
    path = data / "hbai" / f"{name}-hbai-timeseries-1994-95-2024-25-tables.ods"
    table = pd.read_excel(path, sheet_name=sheet, header=None, engine="calamine")
    years = [str(value).strip() for value in table.iloc[7]]
    labels = table.iloc[:, 0].astype(str).str.strip()
    start = int(np.flatnonzero(labels.str.lower() == "after housing costs")[0])
    found = {}
    for place in range(start + 1, len(table)):
        values = zip(years, table.iloc[place], strict=True)
        row = {
            year: float(value) for year, value in values if "/" in year and pd.notna(value) and value != "[x]"
        }
        if row:
            found.setdefault(labels[place], row)
    return found


def read_quintiles(data: Path) -> dict[str, tuple[list[float], float]]:
    """Quintile medians and mean of income after housing costs by year, pounds a week of 2024/25."""
    path = data / "hbai" / "summary-hbai-1994-95-2024-25-tables.ods"
    table = pd.read_excel(path, sheet_name="1_2b", header=None, engine="calamine")
    label = table.iloc[:, 0].astype(str).str.strip()
    after = int(np.flatnonzero(label.str.lower().str.contains("after housing costs"))[0])
    found = {}
    for place, year in enumerate(label):
        if place > after and len(year) == 7 and year[4] == "/":
            values = [float(table.iloc[place, column]) for column in (1, 3, 5, 7, 9, 11)]
            found[year] = (values[:5], values[5])
    return found


def read_medians(data: Path) -> dict[str, float]:
    """Median income after housing costs by year, pounds a week of 2024/25."""
    return {f"{year[2:4]}/{year[5:7]}": values[2] for year, (values, _) in read_quintiles(data).items()}


def shapes(data: Path, parameters: Parameters) -> None:
    """Print the spread of incomes between 0.6 and about 0.8 of the median, relative to everyone's."""
    relative = read_series(data, "population", "3_10ts")
    fixed = read_series(data, "population", "3_13ts")
    medians = read_medians(data)
    # Until 2020/21 the fixed line is that of 2010/11.
    distance = np.array([np.log(medians["10/11"] / medians[year]) for year in YEARS])

    def spread(name: str) -> np.ndarray:
        rise = [ndtri(fixed[name][year] / 100) - ndtri(relative[name][year] / 100) for year in YEARS]
        return distance / np.array(rise)

    everyone = spread("All individuals (per cent)")
    types, mixture, shape = household_types(), parameters.mixture, parameters.shape
    groups = np.array(types.groups)
    line = LOW_INCOME * np.exp(np.average(distance, weights=distance))

    def modelled(chosen: np.ndarray) -> float:
        people = mixture.people[chosen] / mixture.people[chosen].sum()
        low, far = (
            (low_income_shares(shape, mixture, np.log(value))[chosen] * people).sum()
            for value in (LOW_INCOME, line)
        )
        return float(np.log(line / LOW_INCOME) / (ndtri(far) - ndtri(low)))

    ours = modelled(np.ones(len(groups), dtype=bool))
    print(f"\nspread from 0.60 to {line:.2f} of the median, relative to everyone's")
    print(
        "| families | HBAI 1994/95 to 1999/00 | lowest and highest year | modelled |\n"
        "| --- | --- | --- | --- |"
    )
    for group, names in FAMILIES.items():
        ratio = np.mean([spread(name) for name in names], axis=0) / everyone
        print(
            f"| {group.replace('_', ' ')} | {np.average(ratio, weights=distance):.2f} | {ratio.min():.2f} to "
            f"{ratio.max():.2f} | {modelled(groups == group) / ours:.2f} |"
        )


def work(data: Path, tables: Reconciled) -> None:
    """Print how much of the employment-deprivation rate the margins in use explain already."""
    iod = pd.read_csv(data / FILES["iod"]).set_index("LSOA code (2021)")
    columns = [
        _logit(tables.income_rate),
        _logit(tables.deprivation[:, 2:].sum(axis=1) / tables.deprivation.sum(axis=1)),
        *(tables.tenure / tables.tenure.sum(axis=1, keepdims=True)).T[:-1],
        *(tables.ages / tables.ages.sum(axis=1, keepdims=True)).T[:-1],
    ]
    design = pd.DataFrame(np.column_stack(columns))
    rate = pd.Series(_logit(iod["Employment Score (rate)"].loc[tables.codes].to_numpy()))
    print("\nshare of the differences in the employment-deprivation rate that the margins in use explain")
    for label, here in (("England", slice(None)), ("Luton", tables.district == "E06000032")):
        found = []
        for inside in (False, True):
            x, y = (one - one.groupby(tables.msoa).transform("mean") * inside for one in (design, rate))
            x, y = (one.loc[here] - one.loc[here].mean() for one in (x, y))
            rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
            found.append(1 - float((rest**2).sum() / (y**2).sum()))
        print(f"{label}: {found[0]:.0%}, inside MSOAs {found[1]:.0%}")


def _logit(share: np.ndarray) -> np.ndarray:
    return np.asarray(logit(np.clip(share, 0.003, 0.997)))


def main() -> int:
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    _, tables, _ = solve(data)
    targets = make_targets(read_facts())
    kingdom = read_facts()["rates"]["All individuals (per cent)"][-1] / 100
    parameters = variants(tables, shifted(targets, float(logit(kingdom) - logit(targets.england))))
    shapes(data, parameters)
    work(data, tables)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
