"""The borough scorecard: every indicator of the register stands in it, with its blanks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.pack import Pack
from fairplace.profile.model import Bullets, Drawing, Number, Paragraph, Profile
from fairplace.register import PRINCIPLES
from fairplace.scorecard import ScorecardError, compose_scorecard


@pytest.fixture(scope="module")
def scorecard(sample_pack: Pack) -> Profile:
    return compose_scorecard(release(sample_pack, "public"))


def test_every_indicator_and_principle_stands_in_the_scorecard(sample_pack: Pack, scorecard: Profile) -> None:
    listed = sample_pack.manifest["settings"]["local"]["register"]
    held = [row[0] for table in scorecard.tables for row in table.rows]
    assert len(held) == len(listed)
    for one, row in zip(sorted(listed, key=lambda one: one["principle"]), held, strict=True):
        assert str(row).startswith(one["definition"])
    titles = [section.title for section in scorecard.sections]
    for number, name in PRINCIPLES.items():
        assert f"{number}. {name}" in titles


def test_each_number_of_the_scorecard_is_a_released_figure_and_a_blank_says_so(
    sample_pack: Pack, scorecard: Profile
) -> None:
    figures = release(sample_pack, "public").figures
    numbers = scorecard.numbers()
    assert len(numbers) > 20
    for number in numbers:
        row = number.row
        own = figures[
            (figures["code"] == row["code"])
            & (figures["indicator"] == row["indicator"])
            & (figures["period"] == row["period"])
            & (figures["group"] == "")
        ]
        assert len(own) == 1
        assert row["value"] == own["value"].iloc[0] or row["value"] != row["value"]
    cells = [cell for table in scorecard.tables for row in table.rows for cell in row]
    assert "blank: not filled yet" in cells
    assert all(isinstance(cell, Number) or cell for cell in cells)


def test_case_studies_stand_under_their_principle(sample_pack: Pack, scorecard: Profile) -> None:
    cases = sample_pack.places("points", "case_studies")
    for one in cases.to_dict("records"):
        section = next(held for held in scorecard.sections if held.id == f"principle-{int(one['principle'])}")
        said = [item.text for block in section.blocks if isinstance(block, Bullets) for item in block.items]
        assert any(str(one["name"]) in text for text in said)


def test_the_command_writes_the_scorecard_with_a_table_for_each_chart(
    sample_pack: Pack, scorecard: Profile, tmp_path: Path
) -> None:
    tables = {table.id for table in scorecard.tables}
    assert all(one.twin in tables for one in scorecard.blocks if isinstance(one, Drawing))
    for name in ("s.html", "s.pdf", "s.xlsx"):
        assert main(["scorecard", str(sample_pack.path), "--out", str(tmp_path / name)]) == 0
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="https?:', page)
    assert page.count("<svg") == sum(isinstance(one, Drawing) for one in scorecard.blocks)


def test_a_pack_without_a_register_is_refused(sample_pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    released = release(sample_pack, "public")
    monkeypatch.setitem(sample_pack.manifest["settings"], "local", {})
    with pytest.raises(ScorecardError, match="without a register"):
        compose_scorecard(released)


def test_the_words_about_the_standard_stand_in_the_scorecard_too(scorecard: Profile) -> None:
    said = " ".join(one.text for one in scorecard.blocks if isinstance(one, Paragraph))
    assert "not a count and not an official statistic" in said
    assert "decides nothing about any household" in said
    assert "have not endorsed these estimates" in said
