"""Authorities that are not the first one: a city, a county district, and five islands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.fetch import fetch
from fairplace.pipeline import BuildSettings, build

# Residents at the census of 2021 as ONS publishes them for the district; a sum of perturbed LSOAs
# comes within a few of it. Source: ONS, Census 2021 first results, table P01.
PLACES = [
    ("E06000016", "Leicester", 368_600),
    ("E07000099", "North Hertfordshire", 133_200),
    ("E06000053", "Isles of Scilly", 2_100),
]


@pytest.mark.slow
@pytest.mark.parametrize(("code", "name", "residents"), PLACES)
def test_an_authority_is_fetched_built_and_profiled_and_says_what_is_missing(
    code: str, name: str, residents: int, real_data: Path, tmp_path: Path
) -> None:
    fetch([code], to=tmp_path / "data", mirror=real_data)
    pack = build(code, data=tmp_path / "data", out=tmp_path / "pack", settings=BuildSettings(draws=200))
    figures = release(pack).figures
    district = figures[(figures["geography"] == "lad25") & (figures["group"] == "")].set_index("indicator")
    assert pack.name == name
    assert district.at["residents", "value"] == pytest.approx(residents, abs=60)
    modelled = district.loc["mis_people_below_share"]
    assert 0.05 < modelled["low"] < modelled["value"] < modelled["high"] < 0.9
    out = tmp_path / "profile.html"
    assert main(["profile", str(pack.path), "--area", code, "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    words = re.sub(r"<[^>]*>", " ", page)
    assert name in words
    assert "Luton" not in words
    assert "Census 2021, TS003" in words
    assert "walking times" in words
    main(["sources", str(pack.path)])
