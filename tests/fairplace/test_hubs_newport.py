"""A hub plan along the streets of a real town: Newport in Wales, which is not Luton."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from fairplace.hub_times import open_streets, walk_times
from fairplace.hubs import HubQuestion, plan_hubs


def test_newport_has_a_full_hub_plan(real_data: Path) -> None:
    graph = real_data / "osm" / "newport_walk.graphml"
    if not graph.is_file():
        pytest.skip("needs the walking graph of Newport")
    network = open_streets(graph, profile="walk")
    # Homes: 400 corners of streets drawn at random, ten invented children at each. Hubs: libraries are
    # taken for hubs that exist, community centres for candidates.
    random = np.random.default_rng(5)
    corners = network.xy[random.choice(network.nodes, 400, replace=False)]
    ids = pd.Index([f"corner{number:03d}" for number in range(400)], name="id")
    demand = pd.DataFrame(
        {"name": ids, "easting": corners[:, 0], "northing": corners[:, 1], "children": 10.0}, index=ids
    )
    points = pd.read_csv(real_data / "osm" / "newport_pois.csv")
    points = points[points["value"].isin(["library", "community_centre"])].reset_index(drop=True)
    east, north = Transformer.from_crs(4326, 27700, always_xy=True).transform(points["lon"], points["lat"])
    halls = pd.DataFrame(
        {
            "name": points["name"].fillna("unnamed").to_numpy(),
            "status": np.where(points["value"] == "library", "existing", "candidate"),
            "easting": east,
            "northing": north,
            "capacity": np.nan,
            "cost": np.nan,
            "opening": "",
            "step_free": "not known",
        },
        index=pd.Index([f"hall{number:02d}" for number in range(len(points))], name="id"),
    )
    walked = walk_times(network, demand, halls)
    plan = plan_hubs(demand, halls, walked.minutes, question=HubQuestion(need={"children": 1.0}, add=3))
    best = plan.options[1]
    assert best.siting is not None
    assert best.siting.proven
    assert plan.summary["need_share"][1] > plan.summary["need_share"][0]
    assert len(best.opened) == 3
    assert len(plan.curve) > 5
    # No walk is shorter than the straight line at 4.8 km/h.
    hub = best.hub[np.isfinite(best.minutes)]
    line = np.hypot(
        *(
            demand.loc[hub.index, ["easting", "northing"]].to_numpy()
            - halls.loc[hub, ["easting", "northing"]].to_numpy()
        ).T
    )
    assert (best.minutes[hub.index].to_numpy() >= line / 80 * 0.99).all()
