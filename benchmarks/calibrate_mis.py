"""Make ``mis/calibration/fye2025.json`` again from the England-wide files.

    python benchmarks/calibrate_mis.py [DATA] [--write]

DATA is a folder laid out like the real data folder (default ``../shared/data``).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from geo.source import hash_file  # noqa: E402
from mis.calibrate import Solution, calibrate  # noqa: E402
from mis.inputs import REGIONS, MisInputs, Reconciled, reconcile  # noqa: E402
from mis.parameters import write_parameters  # noqa: E402
from mis.targets import make_targets, read_facts  # noqa: E402

TENURE = "Tenure of household: "
FILES = {
    "ts054": "census2021/census2021-ts054-lsoa.csv.gz",
    "ts052": "census2021/census2021-ts052-lsoa.csv.gz",
    "ts011": "census2021/census2021-ts011-lsoa.csv.gz",
    "age6": "census2021/census2021-age6-lsoa.csv.gz",
    "iod": "imd/iod2025_all_scores_ranks_deciles_england.csv.gz",
    "saie": "income/ons_saie_fye2020_msoa11.xlsx",
    "oa": "lookups/oa21_lsoa21_msoa21_lad_pcon24_ew.csv.gz",
    "lsoa11": "lookups/lsoa11_lsoa21_lad22_exact_fit_ew.csv.gz",
    "ward": "lookups/lsoa21_wd24_lad24_best_fit_ew.csv.gz",
}


def read_england(data: Path) -> MisInputs:
    """Inputs of every LSOA of England, columns named as `MisInputs` wants them."""
    oa = pd.read_csv(data / FILES["oa"], usecols=["LSOA21CD", "MSOA21CD"])
    msoa = oa.drop_duplicates("LSOA21CD").set_index("LSOA21CD")["MSOA21CD"]
    msoa = msoa[msoa.index.str.startswith("E01")]
    ward = pd.read_csv(data / FILES["ward"]).set_index("LSOA21CD")
    table = pd.read_excel(
        data / FILES["saie"], sheet_name="Net income after housing costs", header=4, engine="calamine"
    )
    table.columns = [" ".join(str(name).split()) for name in table.columns]
    table = table[table["MSOA code"].astype(str).str.startswith("E02")].set_index("MSOA code")
    value = next(name for name in table.columns if name.lower().startswith("net annual income"))
    limits = [next(n for n in table.columns if n.lower().startswith(end)) for end in ("lower", "upper")]
    ons = table[[value, *limits]].set_axis(["mean", "low", "high"], axis=1).astype(float)
    # An LSOA 2011's name is its MSOA's and a letter, and the name is in ONS's own income table.
    pairs = pd.read_csv(data / FILES["lsoa11"])
    pairs = pairs.drop_duplicates("LSOA21CD").set_index("LSOA21CD")
    by_name = pd.Series(table.index, index=table["MSOA name"])
    msoa11 = pairs["LSOA11NM"].str.slice(0, -1).map(by_name)
    areas = pd.DataFrame({"msoa": msoa})
    areas["msoa11"] = msoa11.reindex(areas.index)
    areas["district"] = ward["LAD24CD"].reindex(areas.index)
    areas["region"] = areas["msoa11"].map(table["Region code"])
    tenure = _census(data, "ts054")
    tenure = pd.DataFrame(
        {
            "owned_outright": tenure[f"{TENURE}Owned: Owns outright"],
            "owned_mortgage": tenure[f"{TENURE}Owned: Owns with a mortgage or loan"]
            + tenure[f"{TENURE}Shared ownership"],
            "social_rented": tenure[f"{TENURE}Social rented"],
            "private_rented": tenure[f"{TENURE}Private rented"] + tenure[f"{TENURE}Lives rent free"],
        }
    )
    ages = ["age_0_15", "age_16_24", "age_25_34", "age_35_49", "age_50_64", "age_65_over"]
    rooms = ["bedrooms_plus_2", "bedrooms_plus_1", "bedrooms_0", "bedrooms_minus_1", "bedrooms_minus_2"]
    iod = pd.read_csv(data / FILES["iod"]).set_index("LSOA code (2021)")
    return MisInputs(
        areas=areas.sort_index(),
        tenure=tenure,
        income=ons,
        ages=_leaves(_census(data, "age6"), ages),
        occupancy=_leaves(_census(data, "ts052"), rooms),
        deprivation=_leaves(_census(data, "ts011"), [f"deprived_{count}" for count in range(5)]),
        income_rate=iod["Income Score (rate)"],
    )


def _census(data: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(data / FILES[name]).set_index("geography code").drop(columns=["date", "geography"])


def _leaves(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return table.iloc[:, 1:].set_axis(names, axis=1)


def solve(data: Path) -> tuple[MisInputs, Reconciled, Solution]:
    """Read England and solve the parameters."""
    start = time.perf_counter()
    inputs = read_england(data)
    tables = reconcile(inputs)
    print(f"read in {time.perf_counter() - start:.1f} s: {len(tables.codes):,} areas")
    rate = float(np.average(np.nan_to_num(tables.income_rate), weights=tables.household_residents))
    made = {
        "command": "python benchmarks/calibrate_mis.py --write",
        "inputs": {
            FILES[name]: hash_file(data / FILES[name])[:16]
            for name in ("ts054", "ts052", "ts011", "age6", "iod", "saie", "lsoa11")
        },
        "facts": hash_file(ROOT / "mis" / "facts" / "hbai_fye2025.toml")[:16],
        "types": hash_file(ROOT / "mis" / "household_types.toml")[:16],
    }
    start = time.perf_counter()
    solution = calibrate(tables, make_targets(read_facts()), income_rate=rate, made=made)
    print(f"solved in {time.perf_counter() - start:.1f} s, {solution.rounds} rounds")
    return inputs, tables, solution


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    _, tables, solution = solve(options.data)
    if set(tables.region) != set(REGIONS):
        raise SystemExit("the files do not hold all nine regions")
    for name, (wanted, got) in solution.fitted.items():
        print(f"{name:40s} wanted {wanted:8.4f}  returned {got:8.4f}")
    shape = solution.parameters.shape
    print("missed margins", solution.households.missed)
    print("alpha", shape.alpha.round(3), "\nlower", shape.lower.round(3), "upper", round(shape.upper, 3))
    print("tau", shape.tau.round(3).tolist(), "\nkappa", shape.kappa.round(3))
    print("mean", solution.parameters.mean_income, "ONS", solution.parameters.ons_mean)
    if options.write:
        path = ROOT / "mis" / "calibration" / "fye2025.json"
        write_parameters(solution.parameters, path)
        print(f"wrote {path.name}, {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
