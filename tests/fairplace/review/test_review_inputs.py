"""Sites and settings as people hand them over: odd, doubled, in other alphabets, and wrong."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from fairplace.review.constraint import lay_sites
from fairplace.review.model import ReviewError, read_checklist, read_settings
from fairplace.review.sites import describe_sites, read_sites
from fairplace.spreadsheets import safe_cell, safe_frame
from layers.planning import missing_layer, read_planning

BNG = "EPSG:27700"
OUTLINE = box(508_000, 220_000, 511_000, 223_000)
LIMITS = {"edge_share": 0.005, "edge_square_metres": 25.0}


def write(path: Path, *shapes: shapely.Geometry, **columns: list[object]) -> Path:
    made = {"reference": [f"S{n + 1}" for n in range(len(shapes))], **columns}
    gpd.GeoDataFrame(made, geometry=list(shapes), crs=BNG).to_file(path)
    return path


def square(x: float, y: float, wide: float = 100) -> shapely.Polygon:
    return box(509_000 + x, 221_000 + y, 509_000 + x + wide, 221_000 + y + wide)


def test_overlaps_copies_parts_and_slivers_are_said(tmp_path: Path) -> None:
    strip = box(509_000, 222_000, 509_400, 222_002)
    two = shapely.MultiPolygon([square(500, 500, 10), square(600, 500, 10)])
    sites, _ = read_sites(write(tmp_path / "s.gpkg", square(0, 0), square(50, 0), square(0, 0), strip, two))
    remarks = describe_sites(sites).data.set_index("site")["remarks"]
    assert remarks["S1"] == "overlaps S2 by 0.50 ha; same outline as S3"
    assert "sliver, 2.0 m" in remarks["S4"]
    assert remarks["S5"] == "in 2 parts"


def test_rows_of_one_reference_are_one_site(tmp_path: Path) -> None:
    path = write(tmp_path / "s.gpkg", square(0, 0), square(200, 0), reference=["A", "A"])
    sites, notes = read_sites(path)
    assert list(sites.index) == ["A"]
    assert sites.geometry["A"].area == 20_000
    assert "2 rows of A were put together as one site." in notes


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (shapely.LineString([(509_000, 221_000), (509_100, 221_100)]), "S1 is a LineString.*close its outline"),
        (shapely.Point(509_000, 221_000), "S1 is a Point"),
        (shapely.Polygon([(509_000, 221_000), (509_100, 221_100), (509_100, 221_000), (509_000, 221_100)]), "crosses itself"),
    ],
)  # fmt: skip
def test_what_is_no_outline_is_refused_by_reference(
    tmp_path: Path, shape: shapely.Geometry, said: str
) -> None:
    with pytest.raises(ReviewError, match=said):
        read_sites(write(tmp_path / "s.gpkg", shape))


def test_sites_without_references_or_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReviewError, match="row 2 has no reference"):
        read_sites(write(tmp_path / "s.gpkg", square(0, 0), square(200, 0), reference=["A", ""]))
    empty = tmp_path / "none.gpkg"
    gpd.read_file(write(tmp_path / "one.gpkg", square(0, 0))).iloc[:0].to_file(empty)
    with pytest.raises(ReviewError, match="holds no site"):
        read_sites(empty)


def test_names_of_any_length_and_alphabet_come_through(tmp_path: Path) -> None:
    names = ["Tŷ’r Ŵyn " * 33, "Źródła Łódź", "محلہ پرانا شہر", "=HYPERLINK(1)"]
    path = write(tmp_path / "s.gpkg", *[square(200 * n, 0) for n in range(4)], name=names)
    sites, _ = read_sites(path)
    assert sites["name"].tolist() == [one.strip() for one in names]
    safe = safe_frame(describe_sites(sites).data)
    assert safe["name"].tolist()[3] == "'=HYPERLINK(1)"


def test_only_text_that_would_run_is_marked() -> None:
    assert [safe_cell(one) for one in ("=1+1", "+44", "-5", "@x", "a=b", -5.0, "")] == [
        "'=1+1", "'+44", "'-5", "'@x", "a=b", -5.0, "",
    ]  # fmt: skip
    assert safe_frame(pd.DataFrame({"=x": [1.0]})).columns.tolist() == ["'=x"]


def test_a_layer_without_features_and_one_not_held_are_two_things(tmp_path: Path) -> None:
    sites, _ = read_sites(write(tmp_path / "s.gpkg", square(0, 0)))
    empty = gpd.read_file(write(tmp_path / "x.gpkg", square(0, 0))).iloc[:0]
    empty.to_file(tmp_path / "scheduled-monument.gpkg")
    layers = [*read_planning(tmp_path / "scheduled-monument.gpkg"), missing_layer("contaminated-land", {})]
    got = lay_sites(sites, layers, outline=OUTLINE, limits=LIMITS).data.set_index("layer")
    assert got.at["scheduled-monument", "words"].startswith("none in this layer; search stopped")
    assert got.at["scheduled-monument", "features"] == 0
    assert got.at["contaminated-land", "words"].startswith(
        "[x] no data held; not complete for this authority"
    )
    assert np.isnan(got.at["contaminated-land", "features"])
    assert (got["edition"] == "not stated").all()


def test_settings_replace_only_what_they_name(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[plan]\nregime = "the regime in force"\n[limits]\ndensities = [20]\n', encoding="utf-8")
    got = read_settings(path)
    assert got["plan"]["regime"] == "the regime in force"
    assert got["plan"]["stage"] == "not stated"
    assert got["limits"]["densities"] == [20]
    assert got["limits"]["minutes"] == [10, 15, 20]
    path.write_text("[limits]\nwalking = 3\n")
    with pytest.raises(ReviewError, match="sets walking in"):
        read_settings(path)
    path.write_text("[limits]\nminutes = [-1]\n")
    with pytest.raises(ReviewError, match="minutes is"):
        read_settings(path)


def test_no_paragraph_number_of_any_policy_is_in_the_program() -> None:
    assert read_settings()["plan"]["paragraphs"] == []
    assert read_settings()["plan"]["regime"] == "not stated"


def test_a_council_may_bring_its_own_headings(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('[[heading]]\nid = "a"\ntitle = "Our heading"\n', encoding="utf-8")
    assert [one["title"] for one in read_checklist(path)["heading"]] == ["Our heading"]
    assert len(read_checklist()["heading"]) == 11
    path.write_text("[[heading]]\nid = 'a'\n")
    with pytest.raises(ReviewError, match="1 of them without id or title"):
        read_checklist(path)
