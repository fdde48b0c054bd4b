"""Small-area incomes as ONS models them, and fuel poverty as DESNZ does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from fairplace.sample.areas import DISTRICT, REGION
from fairplace.sample.dwellings import make_dwellings
from fairplace.sample.formats import FICTIONAL, write_csv, write_workbook
from fairplace.sample.standards import MEDIAN_AHC
from fairplace.sample.town import Town

# From pounds a week of 2024/25 to a year of the financial year ending 2020, so that a place at the
# national mean of HBAI (749.8 a week) has England's mean in ONS's estimates (29,674 a year).
_YEARLY = 29_674 / 749.8

#: Sheet, measure, words of its column and title, standard error of its logarithm.
_MEASURES = (
    ("Total annual income", "gross", "Total annual income", "Total annual household income", 0.088),
    ("Net annual income", "net", "Net annual income", "Net annual household income", 0.074),
    ("Net income before housing costs", "equivalised_bhc", "Net annual income before housing costs",
     "Net annual household income (equivalised) before housing costs", 0.056),
    ("Net income after housing costs", "equivalised_ahc", "Net annual income after housing costs",
     "Net annual household income (equivalised) after housing costs", 0.061),
)  # fmt: skip
_SHORT = {"gross": "total", "net": "net", "equivalised_bhc": "net_bhc_eq", "equivalised_ahc": "net_ahc_eq"}
_FILES = {
    "gross": "total_annual",
    "net": "net_annual",
    "equivalised_bhc": "net_bhc_equivalised",
    "equivalised_ahc": "net_ahc_equivalised",
}


def write_incomes(town: Town, folder: Path) -> list[Path]:
    """ONS's workbook of four measures by MSOA of 2011, its sheets as CSV, and fuel poverty."""
    rng = np.random.default_rng([town.seed, 15])
    names = town.areas.members.drop_duplicates("MSOA11CD").set_index("MSOA11CD")["MSOA11NM"].sort_index()
    shared = rng.standard_normal(len(names))
    sheets: dict[str, list[list[object]]] = {
        "Contents": [[], ["", "Contents", f"Income estimates for small areas. {FICTIONAL}"]],
        "Metadata": [["Contents"], [], ["", "Metadata"], ["", FICTIONAL]],
        "Terms and Conditions": [["Contents"], [], ["", "Terms and Conditions"], ["", FICTIONAL]],
    }
    written, wide = [], pd.DataFrame({"msoa11cd": names.index, "msoa11nm": names.to_numpy()})
    for sheet, measure, words, title, error in _MEASURES:
        mean = town.truth.groupby("MSOA11CD")[measure].mean().loc[names.index] * _YEARLY
        # One model feeds the four measures, so an area that comes out high does so in all of them.
        slip = 0.9 * shared + np.sqrt(1 - 0.81) * rng.standard_normal(len(names))
        estimate = mean.to_numpy() * np.exp(error * slip)
        value, high, low = (_hundreds(estimate * np.exp(z * error)) for z in (0.0, 1.96, -1.96))
        frame = pd.DataFrame({
            "MSOA code": names.index, "MSOA name": names.to_numpy(), "Local authority code": DISTRICT[0],
            "Local authority name": DISTRICT[1], "Region code": REGION[0], "Region name": "East",
            f"{words} (£)": value, "Upper confidence limit (£)": high, "Lower confidence limit (£)": low,
            "Confidence interval (£)": high - low,
        })  # fmt: skip
        place = "by middle layer super output area (MSOA), Halverton (fictional)"
        heading = f"{title} {place}, financial year ending March 2020 (£)"
        rows: list[list[object]] = [["Contents"], [], [heading], [], list(frame.columns)]
        sheets[sheet] = [*rows, *frame.astype(object).to_numpy().tolist()]
        written.append(write_csv(folder / f"halverton_saie_fye2020_{_FILES[measure]}_msoa11.csv", frame))
        short = _SHORT[measure]
        wide[short], wide[f"{short}_ucl"], wide[f"{short}_lcl"] = value, high, low
    sheets["Related Publications"] = [["Contents"], ["", "Related Publications"], ["", FICTIONAL]]
    written.append(write_csv(folder / "halverton_ons_msoa_income_fye2020.csv", wide))
    written.append(write_workbook(folder / "halverton_ons_saie_fye2020_msoa11.xlsx", sheets))
    written.append(_fuel_poverty(town, rng, folder))
    return written


def _hundreds(values: np.ndarray) -> np.ndarray:
    return (np.round(values / 100) * 100).astype(int)


def _fuel_poverty(town: Town, rng: np.random.Generator, folder: Path) -> Path:
    """Low income, low energy efficiency: a home of band D or worse and little left to live on."""
    homes = make_dwellings(town)
    cold = homes["epc"].isin(["D", "E", "F", "G"])
    poor = town.truth["equivalised_ahc"] < 0.55 * MEDIAN_AHC
    short = cold & poor & (rng.random(len(homes)) < 0.88)
    grouped = short.groupby(town.truth["LSOA21CD"])
    count = (grouped.size() * rng.normal(1.02, 0.01, grouped.ngroups)).round().astype(int)
    fuel_poor = np.minimum(grouped.sum(), count)
    names = town.areas.members.drop_duplicates("LSOA21CD").set_index("LSOA21CD")["LSOA21NM"]
    frame = pd.DataFrame({
        "LSOA Code": count.index, "LSOA Name": names.loc[count.index].to_numpy(), "LA Code": DISTRICT[0],
        "LA Name": DISTRICT[1], "Region": REGION[1], "Number of households": count.to_numpy(),
        "Number of households in fuel poverty": fuel_poor.to_numpy(),
        "Proportion of households fuel poor (%)": (100 * fuel_poor / count).round(3).to_numpy(),
    })  # fmt: skip
    return write_csv(folder / "halverton_fuel_poverty_lsoa_2022_LILEE.csv", frame)
