"""Nearest and densest, in straight lines."""

from __future__ import annotations

import numpy as np
import pytest

from geo.proximity import ProximityError, kernel_density, nearest


def test_the_nearest_place_and_how_far_with_ties_to_the_first_named() -> None:
    got = nearest(
        [0.0, 5.0, np.nan], [0.0, 0.0, 0.0], [10.0, 3.0, 0.0], [0.0, 4.0, 99.0], names=["b", "a", "c"]
    )
    # (0, 0) is 5 m from a (3-4-5); (5, 0) is 5 m from b and sqrt(20) from a.
    assert list(got["nearest"][:2]) == ["a", "a"]
    assert got["metres"].iloc[0] == 5.0
    assert got["nearest"].isna().to_list() == [False, False, True]
    assert np.isnan(got["metres"].iloc[2])
    tied = nearest([5.0], [0.0], [10.0, 0.0], [0.0, 0.0], names=["east", "west"])
    assert tied["nearest"].iloc[0] == "east"
    with pytest.raises(ProximityError, match="no place with coordinates"):
        nearest([0.0], [0.0], [np.nan], [0.0])


def test_density_keeps_the_number_of_points_and_peaks_where_they_are() -> None:
    made = kernel_density(
        [5_000.0, 5_000.0], [5_000.0, 5_000.0], extent=(0, 0, 10_000, 10_000), cell_size=50, bandwidth=200
    )
    assert made.cells.sum() * (50**2 / 10_000) == pytest.approx(2.0)
    row, column = np.unravel_index(made.cells.argmax(), made.cells.shape)
    assert abs(column * 50 - 5_000) <= 50
    assert abs(10_000 - row * 50 - 5_000) <= 50
    # The height of a Gaussian: 2 / (2 pi 200^2) points a square metre, in hectares.
    assert made.cells.max() == pytest.approx(2 / (2 * np.pi * 200**2) * 10_000, rel=0.02)


def test_cells_wider_than_half_the_bandwidth_are_refused() -> None:
    with pytest.raises(ProximityError, match="cells of at most 100 m, not 150 m"):
        kernel_density([0.0], [0.0], extent=(0, 0, 1, 1), cell_size=150, bandwidth=200)
