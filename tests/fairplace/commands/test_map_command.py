"""`fairplace map`: page and sheets of one pack, with the same figures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from fairplace.cli import main
from fairplace.disclosure import release
from fairplace.numbers import two_figures
from fairplace.pack import Pack


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_a_sheet_comes_with_a_table_of_every_area(sample_pack: Pack, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"map.{form}"
    assert main(["map", str(sample_pack.path), "--out", str(out), "--dpi", "60"]) == 0
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form]
    assert out.read_bytes().startswith(start)
    with out.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as held:
        rows = list(csv.DictReader(held))
    assert [row["code"] for row in rows] == list(sample_pack.areas("lsoa21").index)
    assert all("modelled" in row["source"] for row in rows)


def test_several_layers_stand_side_by_side(sample_pack: Pack, tmp_path: Path) -> None:
    out = tmp_path / "maps.svg"
    assert main(["map", str(sample_pack.path), "--layer", "mis", "imd25", "--out", str(out)]) == 0
    with out.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as held:
        layers = [row["layer"] for row in csv.DictReader(held)]
    assert len(set(layers)) == 2
    assert layers.count(layers[0]) == layers.count(layers[-1]) == len(sample_pack.areas("lsoa21"))


def test_a_public_table_gives_modelled_people_to_two_figures(sample_pack: Pack, tmp_path: Path) -> None:
    out = tmp_path / "map.pdf"
    main(["map", str(sample_pack.path), "--out", str(out)])
    with out.with_suffix(".csv").open(encoding="utf-8-sig", newline="") as held:
        counts = [float(row["base"].split(" of ")[0].replace(",", "")) for row in csv.DictReader(held)]
    assert counts == [two_figures(one) for one in counts]
    exact = release(sample_pack, "officer").figures
    held_counts = exact.loc[exact["indicator"] == "mis_people_below", "value"]
    assert any(one != two_figures(one) for one in held_counts)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--out", "map.gif"], "does not end in .html, .png, .svg or .pdf"),
        (["--out", "map.png", "--dpi", "9"], "--dpi 9 is not between 50 and 1200"),
        (["--out", "map.png", "--scale", "1000"], "1:1,000 does not fit this sheet"),
        (["--out", "map.png", "--layer", "rain"], 'there is no layer "rain"'),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_nothing_is_written(
    sample_pack: Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["map", str(sample_pack.path), *more]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
