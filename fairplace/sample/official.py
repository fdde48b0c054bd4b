"""Boundaries, look-ups and postcodes as ONS and Ordnance Survey publish them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from fairplace.sample.areas import DISTRICT, REGION
from fairplace.sample.formats import identifier, write_csv, write_geojson
from fairplace.sample.town import Town
from geo.crs import bng_to_lonlat

_CONSTITUENCY = "E14999001"
_HCL_NAMES = (
    "Fairlands & Sidings", "Wharf", "Larkfield Estate", "Castle Mead", "Minster & College", "Tanners",
    "Millbrook", "Old Town", "Whinmoor", "Beacon Hill West", "Beacon Hill East", "Northway",
)  # fmt: skip

# Columns of each published layer, in its publisher's order; the years differ, as they do at ONS.
_LAYERS = {
    "oa21": ["FID", "OA21CD", "LSOA21CD", "LSOA21NM", "LSOA21NMW", "BNG_E", "BNG_N", "LAT", "LONG",
             "LAD25CD", "LAD25NM", "GlobalID"],
    "lsoa21": ["FID", "LSOA21CD", "LSOA21NM", "GlobalID"],
    "lsoa11": ["FID", "LSOA11CD", "LSOA11NM", "LSOA11NMW", "BNG_E", "BNG_N", "LONG", "LAT", "GlobalID"],
    "msoa21": ["FID", "MSOA21CD", "MSOA21NM", "GlobalID"],
    "msoa11": ["FID", "MSOA11CD", "MSOA11NM", "MSOA11NMW", "BNG_E", "BNG_N", "LONG", "LAT", "GlobalID"],
    "wd22": ["WD22CD", "WD22NM", "WD22NMW", "LAD22CD", "LAD22NM", "BNG_E", "BNG_N", "LONG", "LAT", "FID",
             "GlobalID"],
    "wd25": ["FID", "WD25CD", "WD25NM", "WD25NMW", "LAD25CD", "LAD25NM", "BNG_E", "BNG_N", "LONG", "LAT",
             "GlobalID"],
}  # fmt: skip


def write_boundaries(town: Town, folder: Path) -> list[Path]:
    """Boundaries of every geography and vintage as GeoJSON."""
    members = town.areas.members
    names = {key: _names(members, key) for key in ("lsoa21", "lsoa11", "msoa21", "msoa11", "wd22")}
    names["wd25"] = town.areas.wards.set_index("WD25CD")["WD25NM"]
    made = []
    for key, columns in _LAYERS.items():
        shapes = town.areas.shapes[key]
        frame = pd.DataFrame({f"{key.upper()}CD": shapes.index})
        year = key[-2:]
        frame["FID"] = np.arange(1, len(frame) + 1)
        frame["GlobalID"] = [identifier(code) for code in shapes.index]
        frame[f"LAD{year}CD"], frame[f"LAD{year}NM"] = DISTRICT
        if key == "oa21":
            frame["LAD25CD"], frame["LAD25NM"] = DISTRICT
            own = members.set_index("OA21CD").loc[shapes.index]
            frame["LSOA21CD"], frame["LSOA21NM"] = own["LSOA21CD"].to_numpy(), own["LSOA21NM"].to_numpy()
            frame["LSOA21NMW"] = " "
        else:
            frame[f"{key.upper()}NM"] = names[key].loc[shapes.index].to_numpy()
            # ONS repeats the English name where there is no Welsh one for LSOAs and MSOAs, not for wards.
            frame[f"{key.upper()}NMW"] = " " if key.startswith("wd") else frame[f"{key.upper()}NM"]
        inside = shapely.get_coordinates(shapely.point_on_surface(shapes.to_numpy()))
        lon, lat = bng_to_lonlat(inside[:, 0], inside[:, 1])
        frame["BNG_E"], frame["BNG_N"] = np.round(inside).astype(int).T
        frame["LONG"], frame["LAT"] = np.round(lon, 5), np.round(lat, 5)
        made.append(write_geojson(folder / f"halverton_{key}_bgc.geojson", frame[columns], shapes.to_numpy()))
    outline = town.areas.shapes["lad25"].to_numpy()
    district = pd.DataFrame({"LAD24CD": [DISTRICT[0]], "LAD24NM": [DISTRICT[1]]})
    name = "halverton_lad_outline_dissolved_from_lsoa21.geojson"
    made.append(write_geojson(folder / name, district, outline))
    rough = shapely.simplify(outline, 250)
    made.append(write_geojson(folder / "halverton_lad24_buc.geojson", district, rough))
    return made


def _names(members: pd.DataFrame, key: str) -> pd.Series:
    columns = [f"{key.upper()}CD", f"{key.upper()}NM"]
    return members[columns].drop_duplicates().set_index(columns[0])[columns[1]]


def weighted_centroids(town: Town, column: str) -> pd.DataFrame:
    """Mean place of the residents of each area: ``east`` and ``north`` by code, whole metres."""
    homes = town.truth
    weighted = homes[["east", "north"]].mul(homes["persons"], axis=0).groupby(homes[column]).sum()
    people = homes.groupby(column)["persons"].sum()
    return weighted.div(people, axis=0).round().astype(int)


def best_fit(town: Town, column: str) -> pd.Series:
    """Ward of 2025 in which the population-weighted centroid of each area falls."""
    centre = weighted_centroids(town, column)
    wards = town.areas.shapes["wd25"]
    at = shapely.STRtree(wards.to_numpy()).nearest(shapely.points(centre.to_numpy()))
    return pd.Series(wards.index[at], index=centre.index, name="WD25CD")


def write_lookups(town: Town, folder: Path) -> list[Path]:
    """Look-ups between geographies, in the layouts of the ONS Open Geography Portal."""
    members, changes = town.areas.members, town.areas.changes
    ward_names = town.areas.wards.set_index("WD25CD")["WD25NM"]
    lad = dict(zip(("code", "name"), DISTRICT, strict=True))
    residents = town.truth.groupby("OA21CD")["persons"].sum()
    files: dict[str, pd.DataFrame] = {}

    files["lsoa11_lsoa21_lad22"] = changes.assign(LAD22CD=lad["code"], LAD22NM=lad["name"])
    by_lsoa = best_fit(town, "LSOA21CD")
    frame = _names(members, "lsoa21").loc[by_lsoa.index].reset_index()
    frame["WD24CD"], frame["WD24NM"] = by_lsoa.to_numpy(), by_lsoa.map(ward_names).to_numpy()
    files["lsoa21_wd24_lad24"] = frame.assign(LAD24CD=lad["code"], LAD24NM=lad["name"])
    old = members.drop_duplicates("LSOA11CD")[["LSOA11CD", "LSOA11NM", "WD22CD", "WD22NM"]]
    old = old.rename(columns={"WD22CD": "WD19CD", "WD22NM": "WD19NM"}).reset_index(drop=True)
    old.insert(0, "FID", np.arange(1, len(old) + 1))
    files["lsoa11_wd19_lad19"] = old.assign(LAD19CD=lad["code"], LAD19NM=lad["name"])
    frame = members[["OA21CD", "LSOA21CD", "MSOA21CD"]].assign(
        LADCD=lad["code"], PCON24CD=_CONSTITUENCY, RGNCD=REGION[0]
    )
    files["oa21_lsoa21_msoa21_lad"] = frame.assign(
        census2021_usual_residents=residents.loc[frame["OA21CD"]].to_numpy()
    )
    by_oa = best_fit(town, "OA21CD")
    files["oa21_wd25_lad25"] = pd.DataFrame({
        "OA21CD": by_oa.index, "WD25CD": by_oa.to_numpy(), "WD25NM": by_oa.map(ward_names).to_numpy(),
        "LAD25CD": lad["code"], "LAD25NM": lad["name"],
    })  # fmt: skip
    for key in ("oa21", "lsoa21"):
        centre = weighted_centroids(town, f"{key.upper()}CD")
        files[f"{key}_population_weighted_centroids"] = pd.DataFrame({
            "FID": np.arange(1, len(centre) + 1), f"{key.upper()}CD": centre.index,
            "GlobalID": [identifier(f"centroid {code}") for code in centre.index],
            "x": centre["east"].to_numpy(), "y": centre["north"].to_numpy(),
        })  # fmt: skip
    nested = members[["LSOA21CD", "MSOA21CD"]].drop_duplicates()
    files["lsoa21_msoa21"] = nested.set_axis(["lsoa_code", "msoa_code"], axis=1)
    columns = ["LSOA11NM", "LSOA11CD", "MSOA11NM", "MSOA11CD"]
    files["lsoa11_msoa11"] = members[columns].drop_duplicates()
    columns = ["MSOA11NM", "MSOA11CD", "MSOA21NM", "MSOA21CD"]
    files["msoa11_msoa21_lad22"] = (
        members[columns].drop_duplicates().assign(LAD22NM=lad["name"], LAD22CD=lad["code"])
    )
    files["msoa_hcl_names_2011_2021"] = _library_names(members)
    files["ruc21_lsoa21"] = pd.DataFrame({
        "lsoa21_code": np.sort(members["LSOA21CD"].unique()), "ruc21_code": "UN1",
        "classification": "Urban: Nearer to a major town or city", "ruc": "Urban",
    })  # fmt: skip
    return [write_csv(folder / f"halverton_{name}.csv", frame) for name, frame in files.items()]


def _library_names(members: pd.DataFrame) -> pd.DataFrame:
    rows = []
    pairs = members[["MSOA11CD", "MSOA11NM", "MSOA21CD", "MSOA21NM"]].drop_duplicates()
    for (_, row), name in zip(pairs.iterrows(), _HCL_NAMES, strict=True):
        same = row["MSOA11CD"] == row["MSOA21CD"]
        rows.append(
            (row["MSOA21CD"], row["MSOA21NM"], name, row["MSOA11CD"] if same else "", row["MSOA21CD"])
        )
    grown = pairs[pairs["MSOA11CD"] != pairs["MSOA21CD"]].iloc[0]
    rows.append((grown["MSOA11CD"], grown["MSOA11NM"], "Beacon Hill & Northway", grown["MSOA11CD"], ""))
    columns = ["MSOACD", "MSOANM", "MSOAHCLNM", "MSOA11CD", "MSOA21CD"]
    return pd.DataFrame(rows, columns=columns).assign(LADCD_ACTIVE=DISTRICT[0], LADNM_ACTIVE=DISTRICT[1])


def write_postcodes(town: Town, folder: Path) -> list[Path]:
    """Live postcodes as Code-Point Open with areas joined, and all of them as ONS's look-up."""
    every = town.postcodes.sort_values("postcode", ignore_index=True)
    lon, lat = bng_to_lonlat(every["east"].to_numpy(), every["north"].to_numpy())
    every = every.assign(lat=np.round(lat, 6), long=np.round(lon, 6))
    live = every[every["terminated"] == ""]
    open_points = pd.DataFrame({
        "Postcode": live["postcode"], "Positional_quality_indicator": 10, "Eastings": live["east"],
        "Northings": live["north"], "Country_code": "E92000001", "NHS_regional_HA_code": "E19000001",
        "NHS_HA_code": "E18000006", "Admin_county_code": "", "Admin_district_code": DISTRICT[0],
        "Admin_ward_code": live["WD25CD"], "LSOA21CD": live["LSOA21CD"], "LSOA11CD": live["LSOA11CD"],
        "WD25CD": live["WD25CD"], "WD22CD": live["WD22CD"], "lat": live["lat"], "long": live["long"],
    })  # fmt: skip
    compact = every["postcode"].str.replace(" ", "")
    directory = pd.DataFrame({
        "pcd": compact.str[:-3].str.ljust(4) + compact.str[-3:],
        "pcd2": every["postcode"].str.replace(" ", "  "), "pcds": every["postcode"],
        "dointr": every["introduced"], "doterm": every["terminated"], "usertype": 0,
        "oseast1m": every["east"].map("{:06d}".format), "osnrth1m": every["north"].map("{:07d}".format),
        "osgrdind": 1, "oa21": every["OA21CD"], "cty": "E99999999", "ced": "E99999999", "laua": DISTRICT[0],
        "ward": every["WD25CD"], "nhser": "E40000007", "ctry": "E92000001", "rgn": REGION[0],
        "pcon": _CONSTITUENCY, "ttwa": "", "itl": "", "park": "E65000001", "lsoa21": every["LSOA21CD"],
        "msoa21": every["MSOA21CD"], "wz11": "", "sicbl": "", "bua24": "", "ruc21": "UN1", "oac11": "",
        "lat": every["lat"], "long": every["long"], "lep1": "", "lep2": "", "pfa": "", "imd": "", "icb": "",
    })  # fmt: skip
    return [
        write_csv(folder / "halverton_codepoint_open_2025_with_lsoa_ward.csv", open_points),
        write_csv(folder / "halverton_nspl21_2025_05.csv", directory),
    ]
