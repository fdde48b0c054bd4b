"""An estimate taken up again from its tables and draws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mis import MisInputs, MisSettings, estimate_shortfall, resume_estimate
from mis.inputs import InputsError
from mis.inputs_tables import from_tables, to_tables
from mis.whatif import Change, what_if

SETTINGS = MisSettings(draws=40, seed=5)


def test_inputs_survive_a_file(town: MisInputs, tmp_path: Path) -> None:
    for name, table in to_tables(town).items():
        table.to_parquet(tmp_path / f"{name}.parquet", index=False)
    again = from_tables(
        {name: pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("lsoa21", "msoa11")}
    )
    assert again.absent == town.absent
    one, two = (estimate_shortfall(inputs, settings=SETTINGS) for inputs in (town, again))
    for name, values in one.draws.items():
        assert np.array_equal(values, two.draws[name]), name


def test_a_resumed_estimate_answers_as_the_first_would(town: MisInputs) -> None:
    first = estimate_shortfall(town, settings=SETTINGS)
    again = resume_estimate(town, list(first.codes), first.draws, settings=SETTINGS)
    assert first.state is not None
    assert again.state is not None
    assert again.state.level == pytest.approx(first.state.level, abs=1e-9)
    change = Change("£20 for each child", 20.0, per_child=True, uptake=0.7)
    one, two = (what_if(estimate, change) for estimate in (first, again))
    for name, values in one.estimate.draws.items():
        assert two.estimate.draws[name] == pytest.approx(values, rel=1e-5, abs=1e-3), name


def test_draws_of_another_estimate_are_refused(town: MisInputs) -> None:
    first = estimate_shortfall(town, settings=SETTINGS)
    with pytest.raises(InputsError, match="40 draws and seed 6"):
        resume_estimate(town, list(first.codes), first.draws, settings=replace(SETTINGS, seed=6))
    with pytest.raises(InputsError, match="other areas"):
        resume_estimate(town, list(first.codes)[::-1], first.draws, settings=SETTINGS)


def test_tables_that_are_not_all_there_are_refused(town: MisInputs) -> None:
    tables = to_tables(town)
    with pytest.raises(InputsError, match="lack the table msoa11"):
        from_tables({"lsoa21": tables["lsoa21"]})
    with pytest.raises(InputsError, match="lack tenure"):
        from_tables({**tables, "lsoa21": tables["lsoa21"][["code", "msoa", "msoa11", "district", "region"]]})
