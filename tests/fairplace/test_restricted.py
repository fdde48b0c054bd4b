"""Restricted tables: no papers, no use; past the date, no use; and never in a pack."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from fairplace.restricted import RestrictedError, check_restricted, read_papers

GOOD = {
    "controller": '"Halverton Council"',
    "purpose": '"Where homes are below standard"',
    "lawful_basis": '"Public task"',
    "dpia_reference": '"DPIA-2025-07"',
    "collected": "2025-03-01",
    "delete_by": "2027-03-01",
}
TODAY = dt.date(2026, 1, 1)


def store(folder: Path, **changes: str) -> Path:
    content = {**GOOD, **changes}
    (folder / "audits").mkdir(parents=True)
    text = "\n".join(f"{name} = {value}" for name, value in content.items() if value)
    (folder / "audits" / "restricted.toml").write_text(text)
    (folder / "audits" / "homes.csv").write_text("uprn\n1\n")
    return folder


def test_a_table_with_papers_in_order_is_named_by_hash_only(tmp_path: Path) -> None:
    hashes = check_restricted(store(tmp_path), today=TODAY)
    assert list(hashes) == ["audits/homes.csv"]
    assert len(hashes["audits/homes.csv"]) == 64


@pytest.mark.parametrize("name", list(GOOD))
def test_a_missing_paper_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(RestrictedError, match=f"audits/restricted.toml: {name} is missing"):
        check_restricted(store(tmp_path, **{name: ""}), today=TODAY)


def test_a_blank_is_no_paper(tmp_path: Path) -> None:
    with pytest.raises(RestrictedError, match="purpose is blank"):
        check_restricted(store(tmp_path, purpose='"  "'), today=TODAY)


def test_data_past_their_date_are_refused_with_whom_to_ask(tmp_path: Path) -> None:
    store(tmp_path)
    assert read_papers(tmp_path / "audits" / "restricted.toml", today=dt.date(2027, 3, 1))
    with pytest.raises(RestrictedError, match=r"deleted by 2027-03-01.*Halverton Council"):
        check_restricted(tmp_path, today=dt.date(2027, 3, 2))


def test_a_date_in_words_and_a_date_before_collection_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RestrictedError, match=r'delete_by is "next year"; write a date'):
        check_restricted(store(tmp_path / "a", delete_by='"next year"'), today=TODAY)
    with pytest.raises(RestrictedError, match="lies before collected"):
        check_restricted(store(tmp_path / "b", delete_by="2025-01-01"), today=TODAY)


def test_a_table_without_papers_beside_it_is_refused(tmp_path: Path) -> None:
    store(tmp_path)
    (tmp_path / "loose.csv").write_text("name\n")
    with pytest.raises(RestrictedError, match=r"loose.csv has no restricted.toml"):
        check_restricted(tmp_path, today=TODAY)
