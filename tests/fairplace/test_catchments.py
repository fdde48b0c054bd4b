"""Walk catchments of a pack: true to the streets, one inside the next, and absent where nothing is known."""

from __future__ import annotations

from itertools import pairwise

import pytest
import shapely

from fairplace.catchments import EDGES, catchment_bands, walk_catchments
from fairplace.disclosure import Released, release
from fairplace.pack import Pack
from fairplace.walking import PROFILE, STREETS, find_services
from geo.pairs import measure_pairs


@pytest.fixture(scope="module")
def released(sample_pack: Pack) -> Released:
    return release(sample_pack, "public")


def test_catchments_of_more_minutes_hold_those_of_fewer(released: Released) -> None:
    drawn = walk_catchments(released, "gp")
    assert drawn["limit"].tolist() == list(EDGES)
    shapes = drawn.geometry.to_numpy()
    for less, more in pairwise(shapes):
        assert shapely.area(shapely.difference(less, more)) == pytest.approx(0, abs=1)
        assert more.area > less.area * 1.1


def test_bands_part_the_authority_without_gap_or_overlap(released: Released) -> None:
    bands = catchment_bands(released, walk_catchments(released, "gp"))
    assert bands["band"].tolist() == ["within-10", "within-15", "within-20", "beyond"]
    whole = released.areas("lad25").geometry.iloc[0]
    assert bands.area.sum() == pytest.approx(whole.area, rel=1e-9)
    assert shapely.union_all(bands.geometry.to_numpy()).area == pytest.approx(whole.area, rel=1e-9)


def test_people_beside_a_street_are_in_the_band_of_their_walk(sample_pack: Pack, released: Released) -> None:
    # The walking time of people comes from another search than the drawing's: from each of them, outward.
    people = sample_pack.places("points", "people")
    network = released.network(STREETS)
    doors = find_services({"gp_practices": released.places("points", "gp_practices")}, network)
    pairs = measure_pairs(network, people, doors, limit=30.0, profile=PROFILE)
    walk = pairs.matrix().min(axis=1).to_numpy()
    near = pairs.demand["snap_metres"].to_numpy() < 15
    drawn = walk_catchments(released, "gp").set_index("limit").geometry
    for limit in EDGES:
        inside = shapely.intersects(drawn[limit], people.geometry.to_numpy())
        # Half a minute is 40 m of street: beyond what a drawing of 25 m to either side may be wrong by.
        assert inside[near & (walk < limit - 0.5)].all()
        assert not inside[near & (walk > limit + 1)].any()
        assert (near & (walk < limit)).sum() > 20


def test_without_streets_or_such_a_service_nothing_is_drawn(
    released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert walk_catchments(released, "bus_stop").empty
    monkeypatch.setattr(Released, "held", lambda _, kind: [] if kind == "networks" else ["gp_practices"])
    assert walk_catchments(released, "gp").empty
