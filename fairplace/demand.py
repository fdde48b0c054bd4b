"""Where people live inside small areas: the points that reach, access and hub plans count.

Residents of output areas stand at their population-weighted centroid; where output areas are not held
with a place, the live postcodes of an LSOA share its people equally. Ages are those of the LSOA, by the
residents of each point. Published counts only; what is modelled is added inside a calculation
(`with_shortfall`) and never leaves by point.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.disclosure import Released
from fairplace.pack import Pack
from fairplace.spine import OA21, WD25, Spine
from fairplace.tables import Tables
from geo.crs import BNG
from layers.holdings import Holdings
from layers.lookups import read_centroids, read_output_areas, read_pairs
from layers.postcodes import read_postcodes

#: Name of these points in a pack.
PEOPLE = "people"
#: Weight that is derived from IDACI, and given to hub plans that ask for it.
INCOME_DEPRIVED = "children_income_deprived"
#: Weight -> columns of a table on LSOAs that are added up for it.
WEIGHTS: dict[str, tuple[str, ...]] = {
    "residents": ("age6_residents",),
    "children_0_15": ("age6_0_15",),
    "children_0_4": ("ts007_0_4",),
    "people_65_plus": ("age6_65_plus",),
    "households": ("ts054_households",),
}


def people_points(holdings: Holdings, spine: Spine, tables: Tables) -> tuple[gpd.GeoDataFrame | None, str]:
    """Place the residents of an authority on points.

    Returns
    -------
    tuple
        Points in EPSG:27700 with ``id``, ``name``, ``lsoa``, ``ward`` (empty where not known),
        ``imd_fifth``, ``idaci_fifth`` (1 = most deprived fifth of England; 0 where not known) and
        the `WEIGHTS` that the tables hold; or None. And how they were placed, in a sentence.
    """
    units, how = _output_areas(holdings, spine)
    if units is None:
        units, how = _postcodes(holdings, spine)
    if units is None:
        return None, "where people live inside small areas is not held"
    units = units.sort_values("id", ignore_index=True)
    share = units["people"] / units.groupby("lsoa")["people"].transform("sum")
    made: dict[str, pd.Series[float]] = {}
    for name, columns in WEIGHTS.items():
        table = next((one for one in tables.held.values() if set(columns) <= set(one.columns)), None)
        if table is not None:
            made[name] = (units["lsoa"].map(table.values[list(columns)].sum(axis=1)) * share).round(4)
    frame = units[["id", "name", "lsoa", "ward"]].assign(**made)
    for name, column in (("imd_fifth", "imd25_decile"), ("idaci_fifth", "idaci25_decile")):
        frame[name] = _fifth(tables, column, units["lsoa"])
    points = gpd.points_from_xy(units["east"].round(1), units["north"].round(1))
    return gpd.GeoDataFrame(frame, geometry=points, crs=BNG), how


def _fifth(tables: Tables, column: str, lsoas: pd.Series[str]) -> pd.Series[int]:
    table = tables.held.get("iod2025")
    if table is None or column not in table.values:
        return pd.Series(0, index=lsoas.index)
    decile = lsoas.map(table.values[column])
    return np.ceil(decile / 2).fillna(0).astype(int)


def _output_areas(holdings: Holdings, spine: Spine) -> tuple[pd.DataFrame | None, str]:
    lookup = holdings.look("lookup_oa21", spine.authority).path
    if lookup is None:
        return None, ""
    units = read_output_areas(lookup, codes=spine.codes)
    centroids = holdings.look("centroids_oa21", spine.authority).path
    if centroids is not None:
        places = read_centroids(centroids, OA21).set_axis(["east", "north"], axis=1)
        how = "residents of output areas stand at population-weighted centroids"
    elif "oa21" in spine.boundaries:
        inside = spine.boundaries["oa21"].areas.geometry.representative_point()
        places = pd.DataFrame({"east": inside.x, "north": inside.y})
        how = "residents of output areas stand at a point inside each"
    else:
        return None, ""
    places = places.reindex(units["oa21"])
    if places.isna().any().any() or units["residents"].isna().any():
        return None, ""
    wards = pd.Series("", index=units.index)
    pairs = holdings.look("lookup_oa21_wd25", spine.authority).path
    if pairs is not None:
        known = read_pairs(pairs, OA21, WD25).weights.set_index("origin")["target"]
        wards = units["oa21"].map(known).fillna("")
    return (
        pd.DataFrame(
            {
                "id": units["oa21"],
                "name": units["oa21"],
                "lsoa": units["lsoa21"],
                "ward": wards,
                "people": units["residents"],
                "east": places["east"].to_numpy(),
                "north": places["north"].to_numpy(),
            }
        ),
        how,
    )


def _postcodes(holdings: Holdings, spine: Spine) -> tuple[pd.DataFrame | None, str]:
    path = holdings.look("codepoint_open", spine.authority).path
    if path is None:
        return None, ""
    points = read_postcodes(path).open.frame
    inside = spine.place(points, "lsoa21")
    kept = points[inside.notna()].assign(lsoa=inside.dropna())
    if set(kept["lsoa"]) != set(spine.codes):
        return None, ""
    wards = spine.place(kept, "wd25").fillna("") if "wd25" in spine.boundaries else ""
    frame = pd.DataFrame(
        {
            "id": kept["id"],
            "name": kept["id"],
            "lsoa": kept["lsoa"],
            "ward": wards,
            "people": 1.0,
            "east": kept.geometry.x,
            "north": kept.geometry.y,
        }
    )
    return frame, "the people of an LSOA are shared equally by its live postcodes"


def with_shortfall(
    points: pd.DataFrame, pack: Pack, *, weight: str = "children"
) -> tuple[pd.Series[float], pd.DataFrame]:
    """Add those below the Minimum Income Standard to points, inside a calculation.

    Parameters
    ----------
    points
        As made by `people_points`, indexed by id.
    pack
        With draws on LSOAs.
    weight
        ``children`` or ``people``.

    Returns
    -------
    tuple
        Median by point, and the draws (a row a point, a column a draw). A point has its LSOA's share:
        these numbers may be summed over many points and must not be shown for one.
    """
    base = {"children": "children_0_15", "people": "residents"}[weight]
    codes, draws = pack.draws("lsoa21")
    row = pd.Index(codes).get_indexer(pd.Index(points["lsoa"]))
    below = np.asarray(draws[f"{weight}_below"], dtype=np.float64)
    everyone = np.asarray(draws[weight], dtype=np.float64)
    share = np.divide(below, everyone, out=np.zeros_like(below), where=everyone > 0)
    values = share[row] * points[base].to_numpy(dtype=float)[:, None]
    frame = pd.DataFrame(values, index=points.index)
    return frame.median(axis=1), frame


def add_income_deprived(demand: pd.DataFrame, released: Released) -> pd.DataFrame:
    """Add children in income-deprived families to the demand of a pack, as IDACI counts them.

    Parameters
    ----------
    demand
        As `pack_demand` gives it.
    released
        What may be shown of the pack, with its figures on LSOAs.

    Returns
    -------
    DataFrame
        With ``children_income_deprived``: the published rate of each point's LSOA (Income Deprivation
        Affecting Children Index 2025, children aged 0 to 15) times the point's children. Derived, not
        counted: a point has its LSOA's rate. Without the column where the pack holds no rate for some LSOA
        with children.
    """
    rates = released.small_area_values("idaci25_rate")
    if "children_0_15" not in demand:
        return demand
    children = demand["children_0_15"].astype(float)
    derived = demand["lsoa"].map(rates).where(children > 0, 0.0) * children
    return demand if derived.isna().any() else demand.assign(**{INCOME_DEPRIVED: derived})


def pack_demand(pack: Pack) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Give the people of a pack as the demand of a hub plan.

    Returns
    -------
    tuple
        Indexed by id: ``name``, ``easting``, ``northing``, ``lsoa``, ``ward``, fifths as far as known
        (``1``, the most deprived of England, to ``5``; empty where not known), the counted weights, and
        ``children_below_mis`` where the pack holds draws; and the draws of that weight.

    Raises
    ------
    PackError
        The pack does not hold where people live.
    """
    points = pack.places("points", PEOPLE).set_index("id")
    frame = pd.DataFrame(points.drop(columns="geometry"))
    frame.insert(1, "easting", points.geometry.x)
    frame.insert(2, "northing", points.geometry.y)
    if (frame["ward"] == "").all():
        frame = frame.drop(columns="ward")
    for name in ("imd_fifth", "idaci_fifth"):
        if (frame[name] == 0).all():
            frame = frame.drop(columns=name)
        else:
            # As a file of demand has them: a label, empty where it is not known.
            frame[name] = frame[name].astype(int).astype(str).replace("0", "")
    if not (pack.path / "draws" / "lsoa21").is_dir() or "children_0_15" not in frame:
        return frame, {}
    median, draws = with_shortfall(frame, pack)
    return frame.assign(children_below_mis=median), {"children_below_mis": draws}
