"""England, its regions and districts alike: summed by ourselves, held to ONS, and beside an authority."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fairplace.cli import main
from fairplace.comparator_files import (
    ComparatorArea,
    ComparatorFileError,
    Comparators,
    District,
    read_comparators,
    write_comparators,
)
from fairplace.comparators import (
    ENGLAND,
    ENGLAND_LSOAS,
    ComparatorError,
    derive_comparators,
    sum_figures,
)
from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.pipeline import BuildSettings, build
from geo.figures import tidy_figures
from geo.geography import LSOA21
from layers.holdings import scan

SAMPLE, LUTON = "E06999001", "E06000032"
AREAS = [
    ComparatorArea("E92000001", "England", "england", 2, 90),
    ComparatorArea("E12000006", "East of England", "region", 1, 50),
    ComparatorArea("alike-1-1", "2 younger, more deprived districts", "alike", 2, 90),
]


def comparators_for(pack: Pack) -> Comparators:
    """Figures of three areas with the indicators, sources and periods of a pack."""
    own = pack.figures[(pack.figures["geography"] == "lad25") & (pack.figures["group"] == "")]
    own = own[own["indicator"].isin(["residents", "overcrowded_share", "imd25_score"])]
    parts = [own.assign(code=one.code, geography=one.level, floor=one.level) for one in AREAS]
    stranger = parts[0].iloc[:1].assign(period="1999")
    return Comparators(
        {one.code: one for one in AREAS},
        {SAMPLE: District("Halverton", "E12000006", "alike-1-1", tuple(pack.areas("lsoa21").index[:3]))},
        tidy_figures([*parts, stranger]),
        tuple(pack.sources.values())[:2],
        "made up for a test",
    )


def test_a_file_of_comparators_is_read_as_it_was_written(sample_pack: Pack, tmp_path: Path) -> None:
    made = comparators_for(sample_pack)
    write_comparators(made, tmp_path / "one.json")
    again = read_comparators(tmp_path / "one.json")
    assert (again.areas, again.districts, again.sources) == (made.areas, made.districts, made.sources)
    pd.testing.assert_frame_equal(again.figures, made.figures, rtol=1e-11)
    write_comparators(again, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_district_with_a_new_code_is_known_by_its_small_areas(sample_pack: Pack) -> None:
    made = comparators_for(sample_pack)
    lsoas = list(sample_pack.areas("lsoa21").index)
    assert made.district("E08000038") is None
    found = made.district("E08000038", lsoas)
    assert found is not None
    assert found.name == "Halverton"
    with pytest.raises(ComparatorFileError, match="knows no district E08000038"):
        made.beside("E08000038", ["E01000001"])


@pytest.mark.parametrize("text", ["", "{}", '{"fairplace": "comparators", "format": 2}', "[1, 2"])
def test_a_damaged_file_of_comparators_is_one_clear_refusal(text: str, tmp_path: Path) -> None:
    path = tmp_path / "comparators.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ComparatorFileError, match=r"comparators\.json is .*make it anew"):
        read_comparators(path)


def test_a_build_takes_comparators_by_content_and_differs_in_nothing_else(
    sample_data: Path, sample_pack: Pack, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(sample_data, data)
    write_comparators(comparators_for(sample_pack), data / "places" / "any name.json")
    pack = build(
        SAMPLE,
        data=data,
        out=tmp_path / "pack",
        settings=BuildSettings(draws=200),
        restricted=data / "restricted",
    )
    files, before = dict(pack.manifest["files"]), dict(sample_pack.manifest["files"])
    assert files.pop("comparators.parquet")
    assert files.pop("sources.json") != before.pop("sources.json")
    assert files == before
    assert {**pack.sources} == {**sample_pack.sources, "comparators": pack.sources["comparators"]}
    beside = release(pack).comparators()
    assert [one.area for one in beside] == AREAS
    # What has another period than our own figure is not held beside it.
    assert set(beside[0].figures) == {"residents", "overcrowded_share", "imd25_score"}
    assert {row["period"] for row in beside[0].figures.values()} != {"1999"}
    assert release(sample_pack).comparators() == []


def test_a_pack_keeps_nothing_of_a_file_that_does_not_know_its_authority(
    sample_data: Path, sample_pack: Pack, tmp_path: Path
) -> None:
    from fairplace.pipeline import NO_COMPARATORS, _comparators
    from fairplace.spine import read_spine

    made = replace(comparators_for(sample_pack), districts={})
    data = tmp_path / "data"
    shutil.copytree(sample_data, data)
    write_comparators(made, data / "comparators.json")
    holdings = scan(data)
    found = _comparators(holdings, read_spine(holdings, SAMPLE), sample_pack.figures)
    assert len(found.figures) == 0
    assert found.missing == (f"{NO_COMPARATORS}: comparators.json has no {SAMPLE}",)


def test_part_of_england_is_not_called_england(sample_data: Path) -> None:
    with pytest.raises(ComparatorError, match="holds 58 LSOAs; England has 33,755"):
        derive_comparators(scan(sample_data))


@pytest.mark.slow
def test_england_is_what_the_census_published_and_its_parts_make_it(real_data: Path, tmp_path: Path) -> None:
    made = derive_comparators(scan(real_data))
    table = made.figures.set_index(["code", "indicator"])
    # ONS, Census 2021: 56,490,048 residents of England. Perturbed LSOAs come within a few hundred.
    assert table.at[(ENGLAND, "residents"), "value"] == pytest.approx(56_490_048, abs=1_000)
    assert made.areas[ENGLAND].lsoas == ENGLAND_LSOAS
    assert len(made.districts) == 296
    for level, number in (("region", 9), ("alike", 9)):
        codes = [one.code for one in made.areas.values() if one.level == level]
        assert len(codes) == number
        for name in ("residents", "children_0_15", "households"):
            parts = made.figures[made.figures["code"].isin(codes) & (made.figures["indicator"] == name)]
            assert parts["value"].sum() == table.at[(ENGLAND, name), "value"]
    # A fifth and a tenth of areas hold about as many people.
    assert table.at[(ENGLAND, "core20_people_share"), "value"] == pytest.approx(0.2, abs=0.01)
    assert table.at[(ENGLAND, "most_deprived_tenth_share"), "value"] == pytest.approx(0.1, abs=0.01)
    # Barnsley and Sheffield have codes of 2025 that the Indices of 2025 do not know.
    lsoas = scan(real_data).areas("E08000039", LSOA21)
    assert made.district("E08000039", lsoas) == made.districts["E08000019"]


@pytest.mark.slow
def test_a_district_summed_from_england_is_what_its_build_says(real_data: Path, luton_pack: Pack) -> None:
    lsoas = list(luton_pack.areas("lsoa21").index)
    groups = pd.Series(LUTON, index=lsoas)
    summed = sum_figures(scan(real_data), groups, geography="lad25").set_index("indicator")
    own = luton_pack.figures
    own = own[(own["geography"] == "lad25") & (own["group"] == "")].set_index("indicator")
    compared = [name for name in summed.index if own.at[name, "source"] == summed.at[name, "source"]]
    assert len(compared) >= 24
    for name in compared:
        # Rates of the Indices have another denominator in Luton's own file: a twentieth of a point.
        slack = 1e-3 if name.startswith("imd25_") else 1e-12
        np.testing.assert_allclose(summed.at[name, "value"], own.at[name, "value"], rtol=slack * 5)
        assert (summed.at[name, "unit"], summed.at[name, "basis"]) == (
            own.at[name, "unit"],
            own.at[name, "basis"],
        )


@pytest.mark.slow
def test_the_command_writes_a_small_file_and_says_what_it_could_not_sum(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "comparators.json"
    assert main(["comparators", "--data", str(real_data), "--to", str(path)]) == 1
    said = capsys.readouterr().out
    assert "19 areas of 296 districts" in said
    assert "missing: Census 2021, TS003: household composition" in said
    assert path.stat().st_size < 200_000
    assert scan(tmp_path).look("comparators").path == path
