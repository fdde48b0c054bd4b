"""A copy of what an authority needs builds the pack that the folder itself builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairplace.cli import main
from fairplace.fetch import AuthorityError, fetch, plan, read_ledger
from fairplace.fetch.register import RegisterError, load_register
from fairplace.pack import Pack
from fairplace.pipeline import BuildSettings, build
from geo.source import hash_file
from layers.catalogue import load_catalogue

LUTON = "E06000032"


def test_a_copied_mirror_builds_the_same_pack(real_data: Path, luton_pack: Pack, tmp_path: Path) -> None:
    outcome = fetch([LUTON], to=tmp_path / "copy", mirror=real_data)
    assert {"lookup_oa21", "boundary_lsoa21", "iod2025"} <= {one.id for one in outcome.got}
    pack = build(LUTON, data=tmp_path / "copy", out=tmp_path / "pack", settings=BuildSettings(draws=200))
    assert pack.id == luton_pack.id


def test_a_second_copy_copies_nothing(sample_data: Path, tmp_path: Path) -> None:
    first = fetch(["E06999001"], to=tmp_path, mirror=sample_data)
    second = fetch(["E06999001"], to=tmp_path, mirror=sample_data)
    assert first.got
    assert not second.got
    assert {one.file for one in second.kept} == {one.file for one in first.got}


def test_a_file_that_was_changed_is_copied_again(sample_data: Path, tmp_path: Path) -> None:
    first = fetch(["E06999001"], to=tmp_path, mirror=sample_data)
    changed = tmp_path / first.got[0].file
    changed.write_bytes(b"somebody's spreadsheet")
    second = fetch(["E06999001"], to=tmp_path, mirror=sample_data)
    assert [one.file for one in second.got] == [first.got[0].file]
    assert hash_file(changed) == read_ledger(tmp_path)[first.got[0].file].sha256


def test_a_mirror_says_what_it_lacks_and_what_that_costs(sample_data: Path, tmp_path: Path) -> None:
    short = fetch(["E06999001"], to=tmp_path, mirror=sample_data).short
    assert short
    assert all(one.reason for one in short)


def test_every_source_says_where_its_address_was_read_and_what_it_costs_to_be_without() -> None:
    for recipe in load_register().values():
        assert all((recipe.read_at, recipe.page, recipe.costs, recipe.terms)), recipe.id
        assert recipe.dataset or recipe.columns or recipe.optional or recipe.how == "planning", recipe.id


def test_every_source_that_a_build_needs_can_be_fetched() -> None:
    needed = {key for key, one in load_catalogue().items() if one.needed}
    assert needed <= set(load_register())


def test_a_code_that_is_no_district_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(AuthorityError, match='"E10000015" is not the code of an English district'):
        plan(["E10000015"])


def test_an_unknown_source_is_named_with_those_like_it() -> None:
    with pytest.raises(RegisterError, match=r"did you mean.*iod2025"):
        plan([LUTON], ["iod2025_x"])


def test_a_dry_run_asks_nothing_and_says_which_addresses_are_unconfirmed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fetch", LUTON, "--to", str(tmp_path / "none"), "--dry-run"]) == 0
    assert "unconfirmed address" not in capsys.readouterr().out
    assert main(["fetch", LUTON, "--to", str(tmp_path / "none"), "--dry-run", "--only", "cilif_wards"]) == 0
    said = capsys.readouterr().out
    assert "unconfirmed address" in said
    assert "address read in" in said
    assert not (tmp_path / "none").exists()
