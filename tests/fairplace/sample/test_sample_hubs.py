"""A full hub plan on the sample authority, from its published files and its streets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairplace.cli import main
from fairplace.sample import Town


@pytest.fixture
def demand(halverton: Town, tmp_path: Path) -> Path:
    """Children of each output area, counted from the town's own people."""
    homes, persons = halverton.truth, halverton.persons
    young = persons[persons["age"] < 5].groupby("household").size()
    homes = homes.assign(children_0_4=young.reindex(homes.index, fill_value=0))
    homes["children_below_mis"] = homes["children_0_4"] * homes["below"]
    table = homes.groupby("OA21CD").agg(
        easting=("east", "mean"),
        northing=("north", "mean"),
        lsoa=("LSOA21CD", "first"),
        ward=("WD25CD", "first"),
        children_0_4=("children_0_4", "sum"),
        children_below_mis=("children_below_mis", "sum"),
    )
    path = tmp_path / "demand.csv"
    table.rename_axis("id").to_csv(path)
    return path


def test_the_sample_authority_has_a_full_hub_plan(published: Path, demand: Path, tmp_path: Path) -> None:
    words = ["hubs", "--demand", str(demand), "--candidates", str(published / "local" / "hub_candidates.csv")]
    words += ["--network", str(published / "osm" / "halverton.osm"), "--weight", "children_0_4", "--add", "2"]
    assert main([*words, "--out", str(tmp_path / "plan")]) in (0, 1)
    options = pd.read_csv(tmp_path / "plan" / "options.csv")
    assert options["label"].tolist()[:2] == ["No change", "Best under these assumptions"]
    assert options["hubs"].tolist()[:2] == [3, 5]
    assert options["proven_best"][1]
    assert options["need_share"][1] > options["need_share"][0]
    # Every output area has its hub in the allocation, and nothing of its children is there.
    allocation = pd.read_csv(tmp_path / "plan" / "allocation.csv")
    assert set(allocation["id"]) == set(pd.read_csv(demand)["id"])
    assert list(allocation) == ["option", "id", "hub", "minutes", "within", "why_not", "lsoa"]
    # The river and the railway are walked round: nobody flies.
    homes, halls = (
        pd.read_csv(demand, index_col="id"),
        pd.read_csv(published / "local" / "hub_candidates.csv", index_col="id"),
    )
    best = allocation[allocation["option"] == 1].dropna().set_index("id")
    straight = np.hypot(
        homes.loc[best.index, "easting"].to_numpy() - halls.loc[best["hub"], "easting"].to_numpy(),
        homes.loc[best.index, "northing"].to_numpy() - halls.loc[best["hub"], "northing"].to_numpy(),
    )
    assert (best["minutes"] + 0.01 >= straight / 80 * 0.99).all()
    note = (tmp_path / "plan" / "note.html").read_text("utf-8")
    assert "Walking only, buses not included" in note
