"""National facts: as published, of one release, and met by the shipped solution."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from mis.calibrate import fitted_rates
from mis.household_types import household_types
from mis.inputs import REGIONS
from mis.parameters import ParametersError, read_parameters, write_parameters
from mis.targets import TargetsError, make_targets, read_facts

_YEARS = {
    "fye2022": "21/22",
    "fye2023": "22/23",
    "fye2024": "23/24",
    "fye2025": "24/25",
    "fye2023 to fye2025": "22/23-24/25",
}


def _sheet(folder: Path, workbook: str, sheet: str) -> list[list[Any]]:
    path = folder / "hbai" / f"{workbook}-hbai-timeseries-1994-95-2024-25-tables.ods"
    if workbook == "summary":
        path = folder / "hbai" / "summary-hbai-1994-95-2024-25-tables.ods"
    return CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()


def _after_housing_costs(rows: list[list[Any]], label: str) -> list[Any]:
    # The sheet has the block before housing costs first; take the last row of that name.
    found = [row for row in rows if str(row[0]).strip() == label]
    assert found, label
    return found[-1]


def test_every_typed_fact_is_the_publishers(real_data: Path) -> None:
    facts = read_facts()
    checked = 0
    for name, table in facts.items():
        if not isinstance(table, dict) or "workbook" not in table or name == "median":
            continue
        rows = _sheet(real_data, table["workbook"], table["sheet"])
        header = next(
            row for row in rows if any(str(cell).strip() == _YEARS[table["years"][0]] for cell in row)
        )
        columns = [
            next(place for place, cell in enumerate(header) if str(cell).strip() == _YEARS[year])
            for year in table["years"]
        ]
        for label, values in table.items():
            if not isinstance(values, list) or label == "years":
                continue
            row = _after_housing_costs(rows, label)
            if name == "population":
                row = next(row for row in rows if str(row[0]).strip() == label)
            assert [float(row[place]) for place in columns] == pytest.approx(values, abs=1e-3), (
                name,
                label,
            )
            checked += len(values)
    assert checked > 100


def test_the_typed_medians_are_the_publishers(real_data: Path) -> None:
    facts = read_facts()["median"]
    rows = _sheet(real_data, "summary", "1_2b")
    last = [row for row in rows if str(row[0]).strip() == "2024/25"][-1]
    numbers = [float(cell) for cell in last[1:] if isinstance(cell, float)]
    assert numbers[:5] == pytest.approx(facts["fye2025"], abs=6e-3)
    assert numbers[5] == pytest.approx(facts["mean_fye2025"], abs=6e-3)
    for year, label in (("fye2022", "2021/22"), ("fye2023", "2022/23"), ("fye2024", "2023/24")):
        row = [row for row in rows if str(row[0]).strip() == label][-1]
        assert [float(cell) for cell in row[1:] if isinstance(cell, float)][2] == pytest.approx(
            facts["medians"][year], abs=6e-3
        )


def test_mixed_releases_are_refused(tmp_path: Path) -> None:
    text = (files("mis") / "facts" / "hbai_fye2025.toml").read_text(encoding="utf-8")
    path = tmp_path / "mixed.toml"
    path.write_text(text.replace("[regions] ", '[regions]\nrelease = "HBAI FYE 2024" ', 1))
    with pytest.raises(TargetsError, match=r"regions is of HBAI FYE 2024.*one release"):
        read_facts(path)


def test_a_region_without_a_rate_is_named(tmp_path: Path) -> None:
    text = (files("mis") / "facts" / "hbai_fye2025.toml").read_text(encoding="utf-8")
    path = tmp_path / "short.toml"
    path.write_text(text.replace('"South West" = [15.569]', "", 1))
    with pytest.raises(TargetsError, match="South West"):
        read_facts(path)


def test_types_return_the_published_rates_of_families() -> None:
    # Singles without children: alone, grown-up children and sharers together are at HBAI's 22.6 %
    # (scaled to England by 1.5 %), though people alone are assumed poorer.
    facts = read_facts()
    targets = make_targets(facts)
    types = household_types()
    units = facts["assumed"]["units"]
    people = {"single": types.share[types.index("single")]}
    for name in ("grown_family", "sharers", "several_families"):
        people[name] = types.share[types.index(name)] * units[name]["Single without children"]
    rate = sum(people[n] * targets.type_rates[types.index(n)] for n in people) / sum(people.values())
    published = (7.329 * 21.561 + 5.665 * 23.881) / (7.329 + 5.665) / 100
    assert rate == pytest.approx(published, rel=0.03)


def test_the_shipped_solution_returns_what_it_was_fitted_to() -> None:
    fitted = fitted_rates(read_parameters(), make_targets(read_facts()))
    for name, (wanted, got) in fitted.items():
        if name.startswith("rate of"):
            assert got == pytest.approx(wanted, abs=0.0015), name
        if "quantile" in name:
            assert got == pytest.approx(wanted, abs=0.01), name
    regions = [abs(fitted[f"rate of {code}"][0] - fitted[f"rate of {code}"][1]) for code in REGIONS]
    assert max(regions) < 0.015


def test_the_shipped_solution_was_made_from_the_shipped_facts() -> None:
    # If this fails, make the solution again: python benchmarks/calibrate_mis.py --write
    made = read_parameters().made
    for name, path in (("facts", "facts/hbai_fye2025.toml"), ("types", "household_types.toml")):
        digest = hashlib.sha256((files("mis") / path).read_bytes()).hexdigest()
        assert digest.startswith(made[name]), name


def test_parameters_survive_writing(tmp_path: Path) -> None:
    first = read_parameters()
    write_parameters(first, tmp_path / "again.json")
    second = read_parameters(tmp_path / "again.json")
    assert np.allclose(second.mixture.households, first.mixture.households, atol=1e-8)
    assert np.allclose(second.shape.alpha, first.shape.alpha, atol=1e-6)
    assert second.made["command"].startswith("python benchmarks/calibrate_mis.py")


def test_a_cut_file_of_parameters_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"period": "FYE 2025"}')
    with pytest.raises(ParametersError, match=r"cut.json lacks"):
        read_parameters(tmp_path / "cut.json")
