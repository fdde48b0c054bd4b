"""Authorities that are not the first one: a city, a county district, and five islands."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import docx
import openpyxl
import pandas as pd
import pypdfium2
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
FORMS = "html,pdf,docx,xlsx,json,zip"


def words_in(path: Path) -> str:
    """Everything that a reader of a file can see, and what stands in its data."""
    content = path.read_bytes()
    suffix = path.suffix.lower()
    if suffix == ".zip":
        parts = []
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                inner = path.with_name(f"inside-{Path(name).name}")
                inner.write_bytes(packed.read(name))
                parts.append(f"{name} {words_in(inner)}")
                inner.unlink()
        return " ".join(parts)
    if suffix == ".pdf":
        document = pypdfium2.PdfDocument(content)
        return " ".join(document[at].get_textpage().get_text_range() for at in range(len(document)))
    if suffix == ".docx":
        document = docx.Document(io.BytesIO(content))
        parts = [one.text for one in document.paragraphs]
        parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return " ".join(parts)
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        return " ".join(str(cell.value) for sheet in book for row in sheet for cell in row if cell.value)
    if suffix == ".parquet":
        return " ".join(map(str, pd.read_parquet(path).select_dtypes(exclude="number").to_numpy().ravel()))
    return content.decode("utf-8", errors="replace")


@pytest.mark.slow
@pytest.mark.parametrize(("code", "name", "residents"), PLACES)
def test_an_authority_is_fetched_built_and_shown_and_no_document_names_another(
    code: str, name: str, residents: int, real_data: Path, tmp_path: Path, comparators_file: Path
) -> None:
    fetch([code], to=tmp_path / "data", mirror=real_data)
    (tmp_path / "data/comparators.json").symlink_to(comparators_file)
    pack = build(code, data=tmp_path / "data", out=tmp_path / "pack", settings=BuildSettings(draws=200))
    released = release(pack)
    figures = released.figures
    district = figures[(figures["geography"] == "lad25") & (figures["group"] == "")].set_index("indicator")
    assert pack.name == name
    assert district.at["residents", "value"] == pytest.approx(residents, abs=60)
    modelled = district.loc["mis_people_below_share"]
    assert 0.05 < modelled["low"] < modelled["value"] < modelled["high"] < 0.9
    assert [one.area.level for one in released.comparators()] == ["england", "region", "alike"]

    out = tmp_path / "out"
    for form in FORMS.split(","):
        assert main(["profile", str(pack.path), "--area", code, "--out", str(out / f"district.{form}")]) == 0
    wards = ["profile", str(pack.path), "--each", "wd25", "--out", str(out / "wards")]
    few = len(pack.areas("wd25")) if "wd25" in pack.geographies else 0
    if few:
        assert main([*wards, "--form", "html,json,xlsx"]) == 0
        ward = str(pack.areas("wd25").index[0])
        for form in ("pdf", "docx"):
            assert main(["profile", str(pack.path), "--area", ward, "--out", str(out / f"ward.{form}")]) == 0
    assert main(["map", str(pack.path), "--out", str(out / "map.html")]) == 0
    assert main(["map", str(pack.path), "--out", str(out / "map.pdf")]) == 0

    written = [path for path in out.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} >= {".html", ".pdf", ".docx", ".xlsx", ".json", ".zip", ".csv"}
    tables = [path for path in pack.path.rglob("*") if path.suffix in (".parquet", ".csv", ".json")]
    for path in [*written, *tables]:
        # A real word, not the letters: Luton stands in no name of these places' own areas and sources.
        assert not re.search(r"\bluton\b", words_in(path), re.IGNORECASE), path.name
    page = re.sub(r"<[^>]*>", " ", (out / "district.html").read_text(encoding="utf-8"))
    assert name in page
    assert "Census 2021, TS003" in page
    assert "walking times" in page
    said = json.loads((out / "district.json").read_text(encoding="utf-8"))
    assert said["area"]["code"] == code
    main(["sources", str(pack.path)])


@pytest.fixture(scope="module")
def comparators_file(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """England, its regions and classes, made once."""
    path = tmp_path_factory.mktemp("england") / "comparators.json"
    main(["comparators", "--data", str(real_data), "--to", str(path)])
    return path
