"""Every point is accounted for, and an edge belongs to one side."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from geo.boundaries import Boundaries, read_boundaries
from geo.crs import CrsError
from geo.geography import Geography
from geo.points import PointsError, count_points, index_areas, place, read_points
from geo.source import Source
from geo.table import UnknownAreaError

LSOA21 = Geography("lsoa", 2021)
SOURCE = Source("made", "Invented points", "nobody", "1", "2021", "OGL v3")
X, Y = 500_000.0, 200_000.0


def areas(*shapes: object) -> Boundaries:
    codes = pd.Index([f"E0100000{n + 1}" for n in range(len(shapes))])
    frame = gpd.GeoDataFrame({"name": "", "lad": ""}, geometry=list(shapes), index=codes, crs="EPSG:27700")
    return Boundaries(LSOA21, frame)


#      +----+----+
#      | 1  | 2  |     two squares of 100 m side by side; 1 has a hole in the middle,
#      | () |    |     which a third area fills
#      +----+----+
HOLE = box(X + 40, Y + 40, X + 60, Y + 60)
TOWN = index_areas(
    areas(box(X, Y, X + 100, Y + 100).difference(HOLE), box(X + 100, Y, X + 200, Y + 100), HOLE)
)


@pytest.mark.parametrize(
    ("x", "y", "area", "fate"),
    [
        (10, 10, 0, "inside"),
        (150, 50, 1, "inside"),
        (50, 50, 2, "inside"),
        (100, 50, 0, "on an edge"),  # between 1 and 2: the lower code
        (40, 50, 0, "on an edge"),  # rim of the hole: between 1 and 3
        (200, 50, 1, "on an edge"),  # the outside edge: belongs to the one it touches
        (100, 100, 0, "on an edge"),  # a corner
        (250, 50, -1, "outside"),
        (np.nan, 50, -1, "no coordinates"),
        (np.inf, 50, -1, "no coordinates"),
    ],
)
def test_where_a_point_belongs(x: float, y: float, area: int, fate: str) -> None:
    got = place([X + x], [Y + y], TOWN)
    assert got.area[0] == area
    assert ["inside", "on an edge", "outside", "no coordinates"][got.fate[0]] == fate


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(3, 25))
def test_the_answer_is_that_of_exact_geometry(seed: int, corners: int) -> None:
    # Two spiky areas that share a zigzag edge, points on a coarse lattice so that many lie on edges.
    random = np.random.default_rng(seed)
    zigzag = np.column_stack(
        [X + random.integers(40, 60, corners), Y + np.sort(random.choice(101, corners, False))]
    )
    zigzag[0, 1], zigzag[-1, 1] = Y, Y + 100
    west = Polygon([(X, Y), *map(tuple, zigzag), (X, Y + 100)])
    east = Polygon([(X + 100, Y), (X + 100, Y + 100), *map(tuple, zigzag[::-1])])
    both = areas(MultiPolygon([west, box(X + 300, Y, X + 310, Y + 10)]), east)
    grid = np.stack(np.meshgrid(np.arange(-1.0, 102.0, 3), np.arange(-1.0, 102.0, 3)), -1).reshape(-1, 2)
    points = np.vstack([grid + np.array([X, Y]), zigzag, (zigzag[1:] + zigzag[:-1]) / 2])
    got = place(points[:, 0], points[:, 1], index_areas(both))
    made = shapely.points(points)
    shapes = both.areas.geometry.to_numpy()
    touch = np.array([shapely.intersects(shape, made) for shape in shapes])
    expected = np.where(touch.any(axis=0), touch.argmax(axis=0), -1)
    np.testing.assert_array_equal(got.area, expected)
    edge = np.array([shapely.touches(shape, made) for shape in shapes]).any(axis=0)
    np.testing.assert_array_equal(got.fate == 1, edge)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.floats(-20, 220), st.floats(-20, 120)) | st.just((float("nan"), 0.0)),
        min_size=1,
        max_size=80,
    ),
    st.integers(1, 40),
)
def test_all_points_are_accounted_for_and_pieces_do_not_matter(
    rows: list[tuple[float, float]], piece: int
) -> None:
    table = pd.DataFrame(np.array(rows) + np.array([X, Y]), columns=["x", "y"])
    table["w"] = 2.0
    whole = count_points([table], TOWN, value="w")
    pieces = [table[n : n + piece] for n in range(0, len(table), piece)]
    parts = count_points(pieces, TOWN, value="w")
    assert (
        whole.total
        == len(table)
        == whole.counts.sum() + whole.fates["outside"] + whole.fates["no coordinates"]
    )
    pd.testing.assert_series_equal(parts.counts, whole.counts)
    assert parts.sums is not None
    assert parts.sums.sum() == 2 * whole.counts.sum()


def test_what_became_of_the_points_is_said_with_how_they_were_placed() -> None:
    table = pd.DataFrame(
        {
            "x": [X + 1, X + 100, X + 999, None],
            "y": Y + 1,
            "how": ["UPRN", "UPRN", "postcode centroid", "coordinates"],
        }
    )
    made = count_points([table], TOWN, placed_by="how")
    assert made.sentence() == (
        "4 points: 1 inside, 1 on an edge, 1 outside, 1 no coordinates; "
        "placed 2 by UPRN, 1 by coordinates, 1 by postcode centroid"
    )
    made_table = made.table(SOURCE, id="homes", label="Audited homes", unit="homes")
    assert made_table.value("E01000001", "homes") == 2
    assert made_table.notes == (made.sentence(),)
    rates = made.rates(pd.Series({"E01000001": 500.0, "E01000002": 0.0, "E01000003": 10.0}))
    assert rates["E01000001"] == 4.0
    assert np.isnan(rates["E01000002"])
    with pytest.raises(UnknownAreaError, match="no number for E01000002"):
        made.rates(pd.Series({"E01000001": 1.0}))


@pytest.mark.parametrize("name", ["p.parquet", "p.csv", "p.csv.gz"])
def test_a_file_is_read_in_pieces(tmp_path: Path, name: str) -> None:
    table = pd.DataFrame({"x": np.linspace(X, X + 200, 5000), "y": Y + 5.0, "note": "n"})
    path = tmp_path / name
    if name.endswith("parquet"):
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    pieces = list(read_points(path, columns=["x", "y"], piece=1000))
    assert len(pieces) > 1
    assert max(len(piece) for piece in pieces) < 5000
    made = count_points(pieces, TOWN)
    assert made.counts.sum() == 5000
    with pytest.raises(PointsError, match="has no column lat; it has x, y, note"):
        next(read_points(path, columns=["lat"]))


def test_points_in_degrees_are_shifted_and_mistaken_systems_are_named(grids: Path) -> None:
    from geo.crs import bng_to_lonlat

    lon, lat = bng_to_lonlat([X + 10.0], [Y + 10.0])
    degrees = pd.DataFrame({"x": lon, "y": lat})
    assert count_points([degrees], TOWN, crs="EPSG:4326").counts["E01000001"] == 1
    with pytest.raises(CrsError, match="look like degrees; say EPSG:4326"):
        count_points([degrees], TOWN)
    with pytest.raises(CrsError, match="latitude comes first"):
        count_points([degrees.rename(columns={"x": "y", "y": "x"})], TOWN, crs="EPSG:4326")
    with pytest.raises(CrsError, match="look like metres; say EPSG:27700"):
        count_points([pd.DataFrame({"x": [X], "y": [Y]})], TOWN, crs="EPSG:4326")
    with pytest.raises(CrsError, match="EPSG:3857 are not read"):
        count_points([degrees], TOWN, crs="EPSG:3857")
    with pytest.raises(PointsError, match=r"no column easting \(found x, y\)"):
        count_points([degrees], TOWN, x="easting")


def test_text_that_is_no_number_is_counted_as_without_coordinates() -> None:
    made = count_points([pd.DataFrame({"x": ["n/a", str(X + 1)], "y": [str(Y), str(Y + 1)]})], TOWN)
    assert made.fates["no coordinates"] == 1
    assert made.counts.sum() == 1


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.xlsx").write_bytes(b"")
    with pytest.raises(PointsError, match=r"p\.xlsx: points are read from"):
        next(read_points(tmp_path / "p.xlsx"))
    with pytest.raises(PointsError, match="is not there"):
        next(read_points(tmp_path / "q.csv"))


@pytest.mark.slow
def test_five_million_rows_fit_where_two_gigabytes_are_free(tmp_path: Path) -> None:
    """A process that may hold 2 GB counts a file of five million points, in Parquet and in CSV."""
    import subprocess
    import sys
    import textwrap

    random = np.random.default_rng(5)
    path = tmp_path / "p.parquet"
    pd.DataFrame(
        {"x": X + random.uniform(-50, 250, 5_000_000), "y": Y + random.uniform(0, 100, 5_000_000)}
    ).to_parquet(path)
    script = textwrap.dedent(
        """
        import re, sys
        from pathlib import Path
        import geopandas as gpd, pandas as pd
        from shapely import box
        from geo.boundaries import Boundaries
        from geo.geography import Geography
        from geo.points import count_points, index_areas, read_points
        frame = gpd.GeoDataFrame({"name": "", "lad": ""}, geometry=[box(500000, 200000, 500200, 200100)],
                                 index=["E01000001"], crs="EPSG:27700")
        index = index_areas(Boundaries(Geography("lsoa", 2021), frame))
        table = Path(sys.argv[1])
        made = count_points(read_points(table), index)
        assert made.total == 5_000_000, made.total
        csv = table.with_suffix(".csv")
        with csv.open("w") as out:
            out.write("x,y\\n")
            for piece in read_points(table):
                piece.to_csv(out, header=False, index=False)
        again = count_points(read_points(csv), index)
        assert (again.counts == made.counts).all()
        print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 2_000


def test_real_luton_postcodes_and_crimes_all_find_their_areas(real_data: Path) -> None:
    wards = read_boundaries(
        real_data / "boundaries" / "england_wd25_bgc.parquet", Geography("wd", 2025), authority="E06000032"
    )
    file = real_data / "points" / "codepoint_open_LU_2025-11.csv"
    made = count_points(
        read_points(file, columns=["easting", "northing"]), index_areas(wards), x="easting", y="northing"
    )
    assert made.total == 6_434
    assert made.counts.sum() == 3_233
    lsoas = read_boundaries(
        real_data / "boundaries" / "england_lsoa21_bgc.parquet", LSOA21, authority="E06000032"
    )
    crimes = real_data / "points" / "police_uk_street_crime_luton_2021-05_2024-04.csv.gz"
    counted = count_points(
        read_points(crimes, columns=["longitude", "latitude"]),
        index_areas(lsoas),
        x="longitude",
        y="latitude",
        crs="EPSG:4326",
    )
    assert counted.total == 65_669
    assert counted.counts.sum() == 65_669
