"""Where people live: everybody on a point once, and what is modelled never stands at one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fairplace.demand import PEOPLE, add_income_deprived, pack_demand, with_shortfall
from fairplace.disclosure import release
from fairplace.hub_floors import modelled_measures
from fairplace.pack import Pack


@pytest.mark.parametrize("weight", ["residents", "children_0_15", "households"])
def test_everybody_stands_on_one_point(sample_pack: Pack, weight: str) -> None:
    points = sample_pack.places("points", PEOPLE)
    figures = sample_pack.figures
    rows = figures[(figures["indicator"] == weight) & (figures["geography"] == "lsoa21")].set_index("code")
    by_lsoa = points.groupby("lsoa")[weight].sum()
    pd.testing.assert_series_equal(
        by_lsoa, rows["value"].reindex(by_lsoa.index), check_names=False, atol=0.01
    )


def test_points_lie_in_their_lsoa(sample_pack: Pack) -> None:
    points = sample_pack.places("points", PEOPLE)
    areas = sample_pack.areas("lsoa21").geometry.reindex(points["lsoa"])
    inside = [area.buffer(30).contains(point) for area, point in zip(areas, points.geometry, strict=True)]
    assert np.mean(inside) > 0.97


def test_income_deprived_children_add_up_to_what_idaci_counts(sample_pack: Pack) -> None:
    demand, _ = pack_demand(sample_pack)
    released = release(sample_pack)
    got = add_income_deprived(demand, released)
    rates = released.figures.query("indicator == 'idaci25_rate' and geography == 'lsoa21'").set_index("code")[
        "value"
    ]
    sums = got.groupby("lsoa")[["children_income_deprived", "children_0_15"]].sum()
    np.testing.assert_allclose(sums.iloc[:, 0], sums.iloc[:, 1] * rates[sums.index], rtol=1e-9)
    # Derived is shown as modelled is, and in a pack without the rate there is no such weight.
    assert "children_income_deprived" in modelled_measures(got.columns, ())
    less = replace(released, figures=released.figures[released.figures["indicator"] != "idaci25_rate"])
    assert "children_income_deprived" not in add_income_deprived(demand, less)


def test_children_below_are_made_inside_a_calculation_only(sample_pack: Pack) -> None:
    assert not any("mis" in name or "below" in name for name in sample_pack.places("points", PEOPLE).columns)
    demand, draws = pack_demand(sample_pack)
    median, again = with_shortfall(demand, sample_pack)
    assert draws["children_below_mis"].shape == (len(demand), 200)
    assert (again.to_numpy() <= demand["children_0_15"].to_numpy()[:, None] + 1e-6).all()
    codes, held = sample_pack.draws("lsoa21")
    share = np.asarray(held["children_below"], float).sum(axis=0) / np.asarray(held["children"], float).sum(
        axis=0
    )
    total = again.sum(axis=0).to_numpy() / demand["children_0_15"].sum()
    np.testing.assert_allclose(total, share, atol=0.01)
    assert (median >= 0).all()
    assert len(codes) == demand["lsoa"].nunique()
