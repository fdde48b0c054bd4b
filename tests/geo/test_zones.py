"""Cells are divided among areas by ground, and nothing in a raster is taken on trust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

import geo.zones
from geo.boundaries import Boundaries, read_boundaries
from geo.crs import CrsError
from geo.geography import Geography
from geo.source import Source
from geo.table import Column
from geo.zones import RasterError, read_zones

LSOA21 = Geography("lsoa", 2021)
X, Y = 505_000.0, 220_000.0


def saved(
    path: Path, cells: Any, *, crs: str | None = "EPSG:27700", size: float = 100.0, **more: Any
) -> Path:
    cells = np.atleast_2d(np.asarray(cells))
    grid = more.pop("transform", rasterio.transform.from_origin(X, Y + size * cells.shape[0], size, size))
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1, dtype=cells.dtype,
        crs=crs, transform=grid, **more,
    ) as file:  # fmt: skip
        file.write(cells, 1)
    return path


def areas(*shapes: Any) -> Boundaries:
    codes = pd.Index([f"E0100000{n + 1}" for n in range(len(shapes))])
    frame = gpd.GeoDataFrame({"name": "", "lad": ""}, geometry=list(shapes), index=codes, crs="EPSG:27700")
    return Boundaries(LSOA21, frame)


#  Two 100 m cells side by side, and two areas whose shared edge falls a quarter of the way into the
#  second cell:
#
#      |  8   |  4   |        west takes 8 + a quarter of 4 = 9
#      |  west  |east|        east takes three quarters of 4 = 3
WEST, EAST = box(X, Y, X + 125, Y + 100), box(X + 125, Y, X + 200, Y + 100)


def test_a_cell_on_the_boundary_is_shared_by_ground(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.tif", [[8.0, 4.0]])
    got = read_zones(path, areas(WEST, EAST))
    assert got.values.to_list() == [9.0, 3.0]
    assert got.covered.to_list() == [1.0, 1.0]
    # By ground, west is four fifths of the first cell: (100 * 8 + 25 * 4) / 125.
    assert read_zones(path, areas(WEST, EAST), stat="mean").values.to_list() == pytest.approx([7.2, 4.0])
    table = got.table(
        Source("r", "R", "", "", "2020", ""), id="people", column=Column("People", "people", "count")
    )
    assert table.value("E01000001", "people") == 9.0


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0.5, 999.5), st.integers(0, 10**6))
def test_wherever_the_boundary_falls_the_rasters_total_is_kept(tmp_path: Path, at: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    cells = random.integers(0, 200, (10, 10)).astype(float)
    path = saved(tmp_path / f"r{seed}.tif", cells)
    bend = X + random.uniform(1, 999)
    line = shapely.LineString([(X + at, Y - 1), (bend, Y + 400), (X + at, Y + 1001)])
    parts = shapely.ops.split(box(X, Y, X + 1000, Y + 1000), line)
    got = read_zones(path, areas(*parts.geoms))
    assert got.values.sum() == pytest.approx(cells.sum(), rel=1e-6)


def test_no_data_adds_nothing_to_a_sum_and_leaves_a_mean_to_the_rest(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.tif", [[8.0, -9999.0]], nodata=-9999.0)
    summed = read_zones(path, areas(WEST, EAST))
    assert summed.values.to_list() == [8.0, 0.0]
    assert summed.covered.to_list() == pytest.approx([0.8, 0.0])
    assert "2 areas (E01000001 first) have no data on more than a twentieth" in summed.notes[0]
    mean = read_zones(path, areas(WEST, EAST), stat="mean")
    assert mean.values.iloc[0] == 8.0
    assert np.isnan(mean.values.iloc[1])
    assert "1 areas (E01000002 first) hold data on less than half" in mean.notes[0]
    gaps = saved(tmp_path / "n.tif", [[8.0, np.nan]])
    assert read_zones(gaps, areas(WEST, EAST)).values.to_list() == [8.0, 0.0]


@pytest.mark.parametrize(
    ("cells", "declared", "found"),
    [
        ([[8.0, -9999.0]], None, "-9999"),
        ([[8.0, -9999.0]], -1.0, "-9999"),
        (np.array([[8, -32768]], dtype="int16"), None, "-32768"),
        (np.array([[8, -3.4028235e38]], dtype="float32"), None, "-3.40282e\\+38"),
        ([[-1.0, -9999.0, -32768.0]], -32768.0, "-9999"),
    ],
)
def test_undeclared_no_data_is_refused_and_can_be_said(
    tmp_path: Path, cells: Any, declared: float | None, found: str
) -> None:
    path = saved(tmp_path / "r.tif", cells, nodata=declared)
    with pytest.raises(
        RasterError, match=rf"r\.tif holds {found} in 1 cells.*declares .*; say nodata={found}"
    ):
        read_zones(path, areas(WEST))
    said = float(np.asarray(cells).min()) if found != "-9999" else -9999.0
    assert read_zones(path, areas(box(X, Y, X + 100, Y + 100)), nodata=said).values.iloc[0] in (8.0, -1.0)


def test_a_raster_without_crs_is_asked_and_a_wrong_answer_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.tif", [[8.0, 4.0]], crs=None)
    with pytest.raises(CrsError, match=r"r\.tif does not say its CRS, and it is not guessed"):
        read_zones(path, areas(WEST))
    assert read_zones(path, areas(WEST), crs="EPSG:27700").values.iloc[0] == 9.0
    with pytest.raises(CrsError, match="but EPSG:4326 was given"):
        read_zones(saved(tmp_path / "g.tif", [[8.0, 4.0]]), areas(WEST), crs="EPSG:4326")


def test_areas_go_to_the_rasters_coordinates_so_its_total_stays(tmp_path: Path, grids: Path) -> None:
    # People only in the middle, so that the areas hold all of them and lie within the raster.
    grid = rasterio.transform.from_origin(-0.55, 51.95, 0.001, 0.001)
    cells = np.zeros((120, 220))
    cells[60:90, 70:150] = np.random.default_rng(1).integers(0, 50, (30, 80))
    path = saved(tmp_path / "d.tif", cells, crs="EPSG:4326", transform=grid)
    town = box(503_000, 217_000, 512_000, 224_000)
    halves = areas(*shapely.ops.split(town, shapely.LineString([(507_000, 0), (508_000, 300_000)])).geoms)
    got = read_zones(path, halves)
    assert got.values.sum() == pytest.approx(cells.sum(), rel=1e-6)
    assert (
        got.notes[0] == "d.tif is in EPSG:4326: areas were brought to it (ostn15), its cells left as they are"
    )
    utm = saved(
        tmp_path / "u.tif",
        np.ones((200, 200)),
        crs="EPSG:32630",
        transform=rasterio.transform.from_origin(670_000, 5_760_000, 100, 100),
    )
    made = read_zones(utm, areas(box(505_000, 220_000, 506_000, 221_000)))
    # A square kilometre of the National Grid is 100 cells of the other grid, but for its own scale.
    assert made.values.iloc[0] == pytest.approx(100, rel=2e-3)


def test_what_lies_outside_is_missing_and_a_raster_elsewhere_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.tif", [[8.0, 4.0]])
    got = read_zones(path, areas(WEST, box(X + 150, Y, X + 400, Y + 100)))
    assert np.isnan(got.values.iloc[1])
    assert got.within.iloc[1] == pytest.approx(0.2)
    assert "1 areas (E01000002 first) lie partly outside the raster; missing" in got.notes[0]
    with pytest.raises(RasterError, match="covers none of the 1 areas"):
        read_zones(path, areas(box(X + 9000, Y, X + 9100, Y + 100)))


def test_rotated_upturned_and_broken_rasters_are_refused(tmp_path: Path) -> None:
    turned = rasterio.Affine(100, 5, X, 5, -100, Y)
    with pytest.raises(RasterError, match="is rotated"):
        read_zones(saved(tmp_path / "t.tif", [[1.0]], transform=turned), areas(WEST))
    south = rasterio.Affine(100, 0, X, 0, 100, Y)
    with pytest.raises(RasterError, match="rows from south to north"):
        read_zones(saved(tmp_path / "s.tif", [[1.0]], transform=south), areas(WEST))
    (tmp_path / "x.tif").write_bytes(b"not a raster")
    with pytest.raises(RasterError, match="not a raster that can be read"):
        read_zones(tmp_path / "x.tif", areas(WEST))
    with pytest.raises(RasterError, match="is not there"):
        read_zones(tmp_path / "y.tif", areas(WEST))
    with pytest.raises(RasterError, match="there is no band 2"):
        read_zones(saved(tmp_path / "b.tif", [[1.0]]), areas(WEST), band=2)


def test_a_raster_too_large_for_memory_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "r.tif", np.arange(400.0).reshape(20, 20), nodata=7.0)
    shapes = areas(*[box(X + 31.0 * n, Y + 13, X + 31.0 * (n + 1), Y + 1999) for n in range(9)])
    whole = read_zones(path, shapes).values
    monkeypatch.setattr(geo.zones, "CELLS_IN_MEMORY", 10)
    pd.testing.assert_series_equal(read_zones(path, shapes).values, whole)


def test_real_luton_height(real_data: Path) -> None:
    lsoas = read_boundaries(
        real_data / "boundaries" / "england_lsoa21_bgc.parquet", LSOA21, authority="E06000032"
    )
    got = read_zones(real_data / "raster" / "os_terrain50_luton_30km.tif", lsoas, stat="mean")
    assert got.values.notna().all()
    # Spot heights: station 111 m, airport 156 m, Warden Hill 179 m.
    assert 100 < got.values.min() < got.values.max() < 180
