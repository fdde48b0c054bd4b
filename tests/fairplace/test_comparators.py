"""England and its regions, summed by ourselves and held to what ONS published."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairplace.comparators import ENGLAND, ENGLAND_LSOAS, ComparatorError, derive_comparators
from layers.holdings import scan


@pytest.mark.slow
def test_england_is_what_the_census_published_and_its_parts_make_it(real_data: Path) -> None:
    table = derive_comparators(scan(real_data)).set_index(["code", "indicator"])
    # ONS, Census 2021: 56,490,048 residents of England. Perturbed LSOAs come within a few hundred.
    assert table.at[(ENGLAND, "residents"), "value"] == pytest.approx(56_490_048, abs=1_000)
    assert table.at[(ENGLAND, "residents"), "areas"] == ENGLAND_LSOAS
    residents = table.xs("residents", level="indicator")["value"]
    regions = residents[residents.index.str.startswith("E12")]
    assert len(regions) == 9
    assert regions.sum() == residents[ENGLAND]
    fifths = residents[residents.index.str.startswith("fifth")]
    assert len(fifths) == 5
    assert fifths.sum() == residents[ENGLAND]


def test_part_of_england_is_not_called_england(sample_data: Path) -> None:
    with pytest.raises(ComparatorError, match="holds 58 LSOAs; England has 33,755"):
        derive_comparators(scan(sample_data))
