"""Statistical areas and wards of the sample town, of several vintages, with their codes and names.

Output areas nest in LSOAs, LSOAs in MSOAs, MSOAs in the district. The wards of 2022 were made of
whole LSOAs; those of 2025 were drawn along streets and cut them. Some LSOAs were split, merged or
redrawn between 2011 and 2021. Codes are of a range that ONS does not use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from fairplace.sample.ground import BANDS, Ground, Ints, output_area_cells

TOWN = "Halverton"
DISTRICT = ("E06999001", f"{TOWN} (fictional)")
REGION = ("E12000006", "East of England")

_WARDS_2025 = (
    "Sidings", "Tanners Row", "Wharfside", "Castle Mead", "St Aldate", "College", "Fairlands",
    "Millbrook", "Old Town", "Quayside", "Beacon Hill", "Northway", "Whinmoor",
)  # fmt: skip
_WARDS_2022 = (
    "Sidings", "Wharfside", "Castle Mead", "Minster", "Fairlands", "Millbrook", "Old Town",
    "Priory", "Beacon Hill", "Northway", "Larkfield",
)  # fmt: skip

# Lines between the wards of 2025, in fine cells. From south to north, four strips; each line is a
# list of (column from which it holds, row). Numbers that are not multiples of five cut output areas.
_STRIPS = (
    ((0, 20), (50, 25), (65, 18)),
    ((0, 40), (60, 37), (85, 40)),
    ((0, 60), (40, 57), (60, 60), (80, 62)),
)
_CUTS = ((40, 62), (35, 68), (28, 55, 84), (40, 70))


@dataclass(frozen=True)
class Areas:
    """Every set of areas, and how they lie in one another.

    Parameters
    ----------
    members
        One row an output area, in the order of its number: codes and names of the areas of every
        vintage that hold it (``OA21CD``, ``LSOA21CD``, ``LSOA21NM``, ``LSOA11CD``, ``LSOA11NM``,
        ``MSOA21CD``, ``MSOA21NM``, ``MSOA11CD``, ``MSOA11NM``, ``WD22CD``, ``WD22NM``), and the
        column and row of its lattice cell.
    ward_of_cell : array of int, shape (columns, rows) of fine cells
        Number of the ward of 2025 of each fine cell; -1 outside the town.
    wards
        Codes and names of the wards of 2025 in that order.
    changes
        LSOAs of 2011 against 2021: ``LSOA11CD``, ``LSOA11NM``, ``CHGIND``, ``LSOA21CD``, ``LSOA21NM``.
    shapes
        Geography key (``oa21``, ``lsoa21``, ``lsoa11``, ``msoa21``, ``msoa11``, ``wd25``, ``wd22``,
        ``lad25``) to polygons in EPSG:27700 indexed by code.
    """

    members: pd.DataFrame
    ward_of_cell: Ints
    wards: pd.DataFrame
    changes: pd.DataFrame
    shapes: dict[str, pd.Series]


def make_areas(ground: Ground, seed: int) -> Areas:
    """Draw the areas on the ground; the seed decides how many output areas each LSOA takes."""
    rng = np.random.default_rng([seed, 2])
    lsoa, msoa, old_ward = _nest(rng)
    cells = output_area_cells()
    members = pd.DataFrame(cells, columns=["column", "row"])
    members.insert(0, "OA21CD", [f"E00{999001 + n}" for n in range(len(cells))])

    letters = pd.Series(lsoa).groupby(msoa).transform(lambda part: part.rank(method="dense")).astype(int) - 1
    members["MSOA21CD"] = [f"E02{999001 + n}" for n in msoa]
    members["MSOA21NM"] = [f"{TOWN} {n + 1:03d}" for n in msoa]
    members["lsoa"] = lsoa
    members["LSOA21CD"] = [f"E01{999001 + n}" for n in lsoa]
    members["LSOA21NM"] = members["MSOA21NM"] + [chr(65 + n) for n in letters]
    members["WD22CD"] = [f"E05{998001 + n}" for n in old_ward]
    members["WD22NM"] = [_WARDS_2022[n] for n in old_ward]
    members["MSOA11CD"], members["MSOA11NM"] = members["MSOA21CD"], members["MSOA21NM"]
    # One MSOA of 2011 had grown too large and became two in 2021, both with new codes.
    grown = members["MSOA21NM"].isin([f"{TOWN} 011", f"{TOWN} 012"])
    members.loc[grown, ["MSOA11CD", "MSOA11NM"]] = ["E02999051", f"{TOWN} 011"]
    renewed = {f"{TOWN} 011": "E02999052", f"{TOWN} 012": "E02999053"}
    members["MSOA21CD"] = members["MSOA21NM"].map(renewed).fillna(members["MSOA21CD"])
    members, changes = _older_lsoas(members, grown)

    ward_of_cell = _draw_wards(ground)
    wards = pd.DataFrame({
        "WD25CD": [f"E05{999001 + n}" for n in range(len(_WARDS_2025))],
        "WD25NM": _WARDS_2025,
    })  # fmt: skip
    return Areas(
        members=members.drop(columns="lsoa"),
        ward_of_cell=ward_of_cell,
        wards=wards,
        changes=changes,
        shapes=_shapes(ground, members, ward_of_cell, wards),
    )


def _nest(rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Give each output area its LSOA, MSOA and ward of 2022, by number."""
    lsoa: list[int] = []
    band_of_lsoa: list[int] = []
    for band, (first, last) in enumerate(BANDS):
        total = 2 * (last - first)
        count = round(total / 5)
        sizes = np.full(count, total // count)
        sizes[: total % count] += 1
        rng.shuffle(sizes)
        # Exchange one between neighbours, so that sizes run from four to six.
        if sizes[0] == sizes[1] == 5:
            sizes[0], sizes[1] = 6, 4
        for size in sizes:
            lsoa += [len(band_of_lsoa)] * int(size)
            band_of_lsoa.append(band)
    bands = np.array(band_of_lsoa)
    msoa, ward = np.zeros(len(bands), np.int64), np.zeros(len(bands), np.int64)
    for pair in range(len(BANDS) // 2):
        for band in (2 * pair, 2 * pair + 1):
            own = np.flatnonzero(bands == band)
            msoa[own] = 3 * pair + np.arange(len(own)) * 3 // len(own)
            # The first pair made two wards, the others three, cut a little further west.
            parts = 2 if pair == 0 else 3
            before = 0 if pair == 0 else 2 + 3 * (pair - 1)
            cut = np.minimum((np.arange(len(own)) + 0.8) * parts // len(own), parts - 1)
            ward[own] = before + cut.astype(np.int64)
    number = np.array(lsoa, dtype=np.int64)
    return number, msoa[number], ward[number]


def _older_lsoas(members: pd.DataFrame, grown: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each output area its LSOA of 2011, and LSOAs that changed a new code in 2021."""
    members = members.copy()
    members["LSOA11CD"], members["LSOA11NM"] = members["LSOA21CD"], members["LSOA21NM"]
    by_msoa = members.groupby("MSOA21NM", sort=True)["lsoa"].unique()
    fresh21, fresh11 = iter(range(999101, 999199)), iter(range(999201, 999299))
    changed: dict[str, str] = {}

    def rename(rows: pd.Series, code: int, name: str) -> None:
        members.loc[rows, ["LSOA11CD", "LSOA11NM"]] = [f"E01{code}", name]

    def renew(lsoa: int, change: str) -> None:
        rows = members["lsoa"] == lsoa
        code = f"E01{next(fresh21)}"
        members.loc[rows, "LSOA21CD"] = code
        changed[code] = change

    # Three LSOAs of 2011 each became two.
    for place in (1, 4, 8):
        first, second = (int(n) for n in by_msoa.iloc[place][:2])
        both = members["lsoa"].isin([first, second])
        rename(both, next(fresh11), str(members.loc[members["lsoa"] == first, "LSOA21NM"].iloc[0]))
        renew(first, "S")
        renew(second, "S")
    # Two were merged into one.
    merged = int(by_msoa.iloc[6][0])
    rows = np.flatnonzero(members["lsoa"] == merged)
    name = str(members["LSOA21NM"].iloc[rows[0]])
    for part, letter in ((rows[: len(rows) // 2], "G"), (rows[len(rows) // 2 :], "H")):
        rename(members.index.isin(part), next(fresh11), name[:-1] + letter)
    renew(merged, "M")
    # And one pair was redrawn: neither half of 2011 is a half of 2021.
    left, right = (int(n) for n in by_msoa.iloc[10][:2])
    pair = np.flatnonzero(members["lsoa"].isin([left, right]))
    names = [str(members.loc[members["lsoa"] == n, "LSOA21NM"].iloc[0]) for n in (left, right)]
    cut = int((members["lsoa"] == left).sum()) + 1
    for part, old in ((pair[:cut], names[0]), (pair[cut:], names[1])):
        rename(members.index.isin(part), next(fresh11), old)
    renew(left, "X")
    renew(right, "X")

    # Names follow the MSOA of their own year, so an unchanged LSOA may carry two names.
    order = members.loc[grown, "LSOA11CD"].drop_duplicates().tolist()
    lettered = {code: f"{TOWN} 011{chr(65 + n)}" for n, code in enumerate(order)}
    members["LSOA11NM"] = members["LSOA11CD"].map(lettered).fillna(members["LSOA11NM"])

    columns = ["LSOA11CD", "LSOA11NM", "LSOA21CD", "LSOA21NM"]
    changes = members[columns].drop_duplicates().reset_index(drop=True)
    changes.insert(2, "CHGIND", [changed.get(code, "U") for code in changes["LSOA21CD"]])
    return members, changes


def _draw_wards(ground: Ground) -> Ints:
    """Give each fine cell its ward of 2025, by number."""
    columns, rows = ground.output_area.shape
    i, j = np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij")
    strip = np.zeros((columns, rows), np.int64)
    for line in _STRIPS:
        starts, limits = np.array(line).T
        strip += j >= limits[np.searchsorted(starts, i, side="right") - 1]
    ward = np.zeros((columns, rows), np.int64)
    before = 0
    for number, cuts in enumerate(_CUTS):
        inside = strip == number
        ward[inside] = before + np.searchsorted(np.array(cuts), i[inside], side="right")
        before += len(cuts) + 1
    ward[ground.output_area < 0] = -1
    return ward


def _shapes(
    ground: Ground, members: pd.DataFrame, ward_of_cell: Ints, wards: pd.DataFrame
) -> dict[str, pd.Series]:
    cells = ground.cells()

    def join(keys: pd.Series, parts: pd.Series) -> pd.Series:
        groups = parts.groupby(keys.to_numpy(), sort=True)
        # A union of a coverage keeps every vertex, so neighbours go on sharing theirs.
        return groups.agg(lambda part: shapely.normalize(shapely.coverage_union_all(part.to_numpy())))

    inside = ground.output_area >= 0
    of_area = pd.Series(ground.output_area[inside])
    fine = pd.Series(cells[inside])
    areas = join(of_area.map(members["OA21CD"]), fine)
    shapes = {"oa21": areas}
    codes = members.set_index("OA21CD").loc[areas.index]
    for key in ("lsoa21", "lsoa11", "msoa21", "msoa11", "wd22"):
        shapes[key] = join(codes[f"{key.upper()}CD"], areas)
    shapes["wd25"] = join(pd.Series(ward_of_cell[inside]).map(wards["WD25CD"]), fine)
    shapes["lad25"] = join(pd.Series(DISTRICT[0], index=areas.index), areas)
    return shapes


def character(members: pd.DataFrame) -> pd.Series:
    """Tell what kind of neighbourhood each output area is, by where it lies on the lattice.

    Returns
    -------
    Series of str
        ``centre``, ``students``, ``estate``, ``hill``, ``new``, ``industrial``, ``terrace`` or
        ``suburb``, in the order of `members`.
    """
    u, v = members["column"] + 0.5, members["row"] + 0.5

    def near(across: float, up: float, wide: float, tall: float) -> pd.Series:
        return ((u - across) / wide) ** 2 + ((v - up) / tall) ** 2 < 1

    kinds = {
        # A new estate of two rows that lie in different bands: no LSOA holds the whole of it.
        "new": (u > 17) & (u < 21) & (v > 5) & (v < 7),
        "industrial": (u > 15) & (v < 3),
        "students": near(14, 6.5, 1.9, 1.6),
        "centre": near(11, 8, 2.3, 1.7),
        "estate": near(4.5, 4.6, 3.2, 2.6) | near(17.4, 11.8, 2.9, 2.2),
        "hill": near(4.8, 13.2, 4.2, 3.2),
        "terrace": near(11, 8, 5.6, 4.4),
    }
    made = np.select(list(kinds.values()), list(kinds), default="suburb")
    return pd.Series(made, index=members.index)
