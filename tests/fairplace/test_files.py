"""Outputs appear whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from fairplace.files import OutputError, write_whole, write_whole_folder


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a folder" / "page.html"
    with write_whole(target) as draft:
        draft.write_text("first")
    with pytest.raises(RuntimeError), write_whole(target) as draft:
        draft.write_text("half of the sec")
        raise RuntimeError
    assert target.read_text() == "first"
    assert [one.name for one in target.parent.iterdir()] == ["page.html"]


def test_a_full_disk_is_said_in_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="the disk is full; nothing was left half-written"),
        write_whole_folder(tmp_path / "pack") as draft,
    ):
        (draft / "figures.parquet").write_text("x")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_file_held_open_is_explained(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="close it"), write_whole(tmp_path / "p.xlsx"):
        raise PermissionError(errno.EACCES, "in use")


def test_a_folder_with_somebodys_work_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "thesis.docx").write_text("years of work")
    with pytest.raises(OutputError, match="not a pack of ours"), write_whole_folder(tmp_path / "pack"):
        pass
    assert (tmp_path / "pack" / "thesis.docx").read_text() == "years of work"


def test_a_pack_of_ours_is_replaced_whole(tmp_path: Path) -> None:
    for text in ("one", "two"):
        with write_whole_folder(tmp_path / "pack") as draft:
            (draft / "manifest.json").write_text(text)
            (draft / text).touch()
    assert sorted(one.name for one in (tmp_path / "pack").iterdir()) == ["manifest.json", "two"]
