"""Housing audits and energy certificates, counted by area: no home leaves the restricted table.

An audit goes where cold homes are looked for, so its share below the standard is of the homes audited,
never of all homes, and an interval is given only where the homes were drawn at random. Below wards
only how many were audited is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairplace.local_figures import make_figures, paper
from fairplace.statistics_intervals import name_interval, wilson
from geo.boundaries import Boundaries
from geo.figures import tidy_figures
from geo.points import index_areas, place
from layers.council.reader import CouncilTable

BANDS = ("A", "B", "C", "D", "E", "F", "G")
#: Match grade -> what it says of a row's place.
GRADES: Mapping[str, str] = {
    "A": "coordinates or UPRN of the home",
    "B": "address matched to the council's own extract",
    "C": "centre of the postcode",
    "D": "not placed",
}
AUDITED, BELOW, BELOW_SHARE = "homes_audited", "homes_below_standard", "homes_below_standard_share"
OF_STOCK = "homes_audited_of_stock_share"


@dataclass(frozen=True)
class PlacedHomes:
    """Homes with their areas, held in memory only.

    Parameters
    ----------
    frame
        The table, with ``grade`` (see `GRADES`) and one column a geography: the code of the area that
        holds the home, empty where it is in none.
    notes
        How the homes were placed.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]


def place_homes(
    table: CouncilTable,
    boundaries: Mapping[str, Boundaries],
    *,
    postcodes: Mapping[str, tuple[float, float]],
) -> PlacedHomes:
    """Put homes into areas, by coordinates or else by postcode, each with its grade.

    Parameters
    ----------
    table
        Any restricted table with coordinates or postcodes.
    boundaries
        Geography key -> areas.
    postcodes
        Postcode -> easting and northing.
    """
    frame = table.frame.copy()
    east, north = (
        frame["easting"].to_numpy(dtype=float).copy(),
        frame["northing"].to_numpy(dtype=float).copy(),
    )
    grade = np.where(np.isfinite(east) & np.isfinite(north), "A", "D").astype(object)
    if "postcode" in frame:
        for row in np.flatnonzero(grade == "D"):
            found = postcodes.get(str(frame["postcode"].iat[row]))
            if found is not None:
                east[row], north[row] = found
                grade[row] = "C"
    frame["grade"] = grade
    for key, areas in boundaries.items():
        index = index_areas(areas)
        fell = place(east, north, index)
        frame[key] = np.where(fell.area >= 0, index.codes.to_numpy()[np.maximum(fell.area, 0)], "")
    counts = frame["grade"].value_counts()
    how = ", ".join(f"{int(counts[one]):,} {GRADES[one]}" for one in GRADES if one in counts.index)
    notes = [f"{table.schema.title}: {len(frame):,} rows placed by {how}"]
    outside = int(((frame["grade"] != "D") & (frame[next(iter(boundaries))] == "")).sum())
    if outside:
        notes.append(f"{table.schema.title}: {outside:,} rows lie outside this authority and are not counted")
    return PlacedHomes(frame, tuple(notes))


def audit_figures(
    homes: PlacedHomes,
    *,
    period: str,
    source: str,
    authority: str,
    areas: Mapping[str, pd.Index[str]],
    stock: Mapping[str, pd.Series[float]] | None = None,
) -> tuple[pd.DataFrame, dict[str, dict[str, str]], list[str]]:
    """Figures of housing audits, small numbers and all: `fairplace.disclosure` hides them.

    Parameters
    ----------
    homes
        From `place_homes`; geographies ``lsoa21``, ``wd25`` and ``lad25``.
    period
        When the audits were made.
    source
        Id of the papers under which the counts stand.
    authority
        Code of the district.
    areas
        Geography key -> codes, so that an area with no audit shows nil, not nothing.
    stock
        Geography key -> homes or households of each area, for the share audited.

    Returns
    -------
    tuple
        Figures, papers of the indicators, sentences. Homes audited stand by LSOA (officer edition; the
        public one has wards), homes below the standard by ward and for the authority.
    """
    frame = homes.frame[homes.frame["lad25"] != ""]
    random = bool(len(frame)) and bool((frame["random_sample"] == "yes").all())
    parts: list[pd.DataFrame] = []
    for key in ("lsoa21", "wd25", "lad25"):
        audited = frame.groupby(key).size().reindex(areas[key], fill_value=0).astype(float)
        floor = "wd25" if key == "lsoa21" else key
        parts.append(
            make_figures(
                audited, indicator=AUDITED, geography=key, period=period, unit="homes", source=source,
                floor=floor,
            )
        )  # fmt: skip
        if stock is not None and key in stock:
            homes_there = stock[key].reindex(audited.index)
            share = audited / homes_there.where(homes_there > 0)
            parts.append(
                make_figures(
                    share.clip(upper=1.0), indicator=OF_STOCK, geography=key, period=period, unit="share",
                    source=source, count=audited, base=homes_there, floor=floor,
                )
            )  # fmt: skip
        if key != "lsoa21":
            parts += _below(frame, key, audited, period=period, source=source, random=random)
    # Of those not placed nobody knows whether they lie in the authority.
    graded = pd.concat([frame, homes.frame[homes.frame["grade"] == "D"]])["grade"].value_counts()
    for one in GRADES:
        number = pd.Series({authority: float(graded.get(one, 0))})
        parts.append(
            make_figures(
                number, indicator="homes_audited_placed", geography="lad25", group=one, period=period,
                unit="homes", source=source,
            )
        )  # fmt: skip
    parts.append(_bands(frame, "epc_band", "homes_audited_band", authority, period=period, source=source))
    kind = "drawn at random" if random else "not drawn at random, so no interval is given and nothing is "
    notes = [
        f"Housing audits: {len(frame):,} homes audited, {kind}"
        + ("" if random else "said of homes that were not audited")
    ]
    return tidy_figures(parts), dict(_PAPERS), [*homes.notes, *notes]


def _below(
    frame: pd.DataFrame, key: str, audited: pd.Series[float], *, period: str, source: str, random: bool
) -> list[pd.DataFrame]:
    fails = frame["below_standard"] == "yes"
    below = fails.groupby(frame[key]).sum().reindex(audited.index, fill_value=0).astype(float)
    share = below / audited.where(audited > 0)
    low, high = wilson(below, audited.where(audited > 0)) if random else (np.nan, np.nan)
    interval = name_interval("Wilson", 0.95) if random else ""
    return [
        make_figures(
            below, indicator=BELOW, geography=key, period=period, unit="homes", source=source,
            base=audited,
        ),
        make_figures(
            share, indicator=BELOW_SHARE, geography=key, period=period, unit="share", source=source,
            count=below, base=audited, interval=interval,
            low=pd.Series(low, index=audited.index) if random else np.nan,
            high=pd.Series(high, index=audited.index) if random else np.nan,
        ),
    ]  # fmt: skip


def _bands(
    frame: pd.DataFrame, column: str, indicator: str, authority: str, *, period: str, source: str
) -> pd.DataFrame:
    counts = frame.loc[frame[column] != "", column].value_counts().reindex(list(BANDS), fill_value=0)
    counts = counts.astype(float)
    total = float(counts.sum())
    parts = [
        make_figures(
            pd.Series({authority: number}), indicator=indicator, geography="lad25", group=str(band),
            period=period, unit="homes", source=source, base=total,
        )
        for band, number in counts.items()
    ]  # fmt: skip
    return tidy_figures(parts)


def certificate_figures(
    homes: PlacedHomes, *, period: str, source: str, areas: Mapping[str, pd.Index[str]], authority: str
) -> tuple[pd.DataFrame, dict[str, dict[str, str]], list[str]]:
    """Figures of energy certificates: the newest of each home, by band and below C, by area.

    Parameters
    ----------
    homes
        From `place_homes` of an ``epc`` table.
    period, source, areas, authority
        As in `audit_figures`.
    """
    frame = homes.frame[homes.frame["lad25"] != ""].sort_values("lodged", kind="stable")
    named = frame["uprn"] != ""
    newest = pd.concat([frame[named].drop_duplicates("uprn", keep="last"), frame[~named]])
    parts = [_bands(newest, "band", "certificates_band", authority, period=period, source=source)]
    for key in ("lsoa21", "wd25", "lad25"):
        base = newest.groupby(key).size().reindex(areas[key], fill_value=0).astype(float)
        low_band = newest["band"].isin(["D", "E", "F", "G"]).groupby(newest[key]).sum()
        count = low_band.reindex(areas[key], fill_value=0).astype(float)
        parts.append(
            make_figures(
                count / base.where(base > 0), indicator="certificates_below_c_share", geography=key,
                period=period, unit="share", source=source, count=count, base=base,
                floor="wd25" if key == "lsoa21" else key,
            )
        )  # fmt: skip
    papers = {
        "certificates_band": paper("Homes with a certificate, by energy band", "homes"),
        "certificates_below_c_share": paper(
            "Homes of band D to G among those with a certificate", "share", measure="rate"
        ),
    }
    notes = [
        *homes.notes,
        (
            f"Energy certificates: {len(newest):,} homes by their newest certificate of {len(frame):,}; "
            f"homes never sold or let since 2008 have none"
        ),
    ]
    return tidy_figures(parts), papers, notes


def beside(figures: pd.DataFrame, *, geography: str = "wd25") -> pd.DataFrame:
    """Audits beside what is known of the same areas: below MIS, fuel poverty and tenure.

    Parameters
    ----------
    figures
        Released figures.
    geography
        Of the rows.

    Returns
    -------
    DataFrame
        Indexed by code; one column an indicator of `BESIDE` that is held, NaN where missing or hidden.
        Several things true of one area need not be true of one home.
    """
    rows = figures[
        (figures["geography"] == geography) & figures["indicator"].isin(BESIDE) & (figures["group"] == "")
    ]
    newest = rows.sort_values("period", kind="stable").drop_duplicates(["code", "indicator"], keep="last")
    wide = newest.pivot_table(index="code", columns="indicator", values="value", dropna=False)
    return wide[[one for one in BESIDE if one in wide]]


#: What audits are laid beside, in order.
BESIDE = (
    AUDITED,
    BELOW,
    BELOW_SHARE,
    OF_STOCK,
    "mis_people_below_share",
    "fuel_poverty_share",
    "tenure_private_share",
    "tenure_social_share",
)
_PAPERS = {
    AUDITED: paper("Homes audited", "homes"),
    BELOW: paper("Audited homes below the standard", "homes", base=AUDITED),
    BELOW_SHARE: paper("Share of audited homes below the standard", "share", measure="rate", base=AUDITED),
    OF_STOCK: paper("Homes audited as a share of all", "share", measure="rate"),
    "homes_audited_placed": paper("Homes audited, by how they were placed", "homes"),
    "homes_audited_band": paper("Homes audited, by energy band found", "homes"),
}
