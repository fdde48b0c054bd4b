"""A hub plan along the streets of a real town, from files to folder: Newport in Wales, which is not Luton."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from fairplace.cli import main
from geo.network import load_network
from geo.network_sources import read_streets
from maps.assets import outside_references


@pytest.fixture(scope="module")
def newport(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Newport's streets, 400 invented homes, and its libraries and community centres."""
    graph = real_data / "osm" / "newport_walk.graphml"
    if not graph.is_file():
        pytest.skip("needs real files: the walking graph of Newport")
    folder = tmp_path_factory.mktemp("newport")
    network = read_streets(graph, profiles=["walk"])
    network.save(folder / "streets")
    # Homes: 400 corners of streets drawn at random, with invented children and an invented fifth by how
    # far east they are. Libraries are taken for hubs that exist, community centres for candidates.
    random = np.random.default_rng(5)
    corners = network.xy[random.choice(network.nodes, 400, replace=False)]
    east = np.argsort(np.argsort(corners[:, 0]))
    demand = pd.DataFrame(
        {
            "id": [f"corner{number:03d}" for number in range(400)],
            "easting": corners[:, 0].round(1),
            "northing": corners[:, 1].round(1),
            "idaci_fifth": east // 80 + 1,
            "children": random.integers(5, 20, 400),
        }
    )
    demand.to_csv(folder / "homes.csv", index=False)
    points = pd.read_csv(real_data / "osm" / "newport_pois.csv")
    points = points[points["value"].isin(["library", "community_centre"])].reset_index(drop=True)
    x, y = Transformer.from_crs(4326, 27700, always_xy=True).transform(points["lon"], points["lat"])
    pd.DataFrame(
        {
            "id": [f"hall{number:02d}" for number in range(len(points))],
            "name": points["name"].fillna("unnamed").to_numpy(),
            "status": np.where(points["value"] == "library", "existing", "candidate"),
            "easting": x.round(1),
            "northing": y.round(1),
        }
    ).to_csv(folder / "halls.csv", index=False)
    return folder


def test_newport_has_a_full_hub_plan_with_map_and_note(
    newport: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("typst", reason="the PDF of the note needs typst")
    out = newport / "plan"
    call = ["hubs", "--demand", str(newport / "homes.csv"), "--candidates", str(newport / "halls.csv"),
            "--network", str(newport / "streets"), "--weight", "children", "--add", "3", "--skip-islands", "1000",
            "--name",
            "Newport", "--form", "html,pdf", "--out", str(out)]  # fmt: skip
    # Two corners are on a piece of street that no hall is on: named, and the answer is not whole.
    assert main(call) == 1
    said = capsys.readouterr().out
    assert "Best under these assumptions" in said
    assert "No candidate can be reached from: corner061, corner276" in said
    plan = json.loads((out / "plan.json").read_text("utf-8"))
    now, best = plan["options"][:2]
    assert best["proven_best"]
    assert best["need_share"] > now["need_share"]
    assert len(best["opened"].split()) == 3
    assert len(plan["curve"]) > 5
    assert len(plan["frontier"]) > 1
    assert {row["kind"] for row in plan["scenarios"]} >= {"lost site"}
    note = (out / "note.html").read_text("utf-8")
    assert "buses not included" in note
    assert "Family hubs in Newport" in note
    assert "Luton" not in note
    # Nine in a hundred of the need lies where the streets may go on outside the file: said and measured.
    assert "of need (" in note
    assert "go past where the street data stop" in note
    assert note.count("(for the council to fill in)") == 8
    drawn = (out / "map.html").read_text("utf-8")
    assert outside_references(drawn) == []
    assert "Edge of the 15-minute walk to a hub now" in drawn
    assert "Edge of the 15-minute walk to a hub under the plan" in drawn
    assert (out / "note.pdf").read_bytes().startswith(b"%PDF")
    # No walk is shorter than the straight line at 4.8 km/h.
    rows = pd.read_csv(out / "allocation.csv", dtype={"option": "str"})
    rows = rows[(rows["option"] == "1") & rows["minutes"].notna()]
    homes, halls = (pd.read_csv(newport / f"{name}.csv").set_index("id") for name in ("homes", "halls"))
    columns = ["easting", "northing"]
    line = np.hypot(
        *(homes.loc[rows["id"], columns].to_numpy() - halls.loc[rows["hub"], columns].to_numpy()).T
    )
    assert len(rows) > 390
    assert (rows["minutes"].to_numpy() >= line / 80 * 0.99 - 0.01).all()


def test_the_streets_of_newport_end_somewhere_and_the_plan_says_so(newport: Path) -> None:
    network = load_network(newport / "streets")
    assert network.papers["extent"].startswith("not stated, so taken as")
    assert np.asarray(network.to_boundary).min() == pytest.approx(0, abs=1)
