"""Any area of a pack: named, listed, drawn or walked to, with its own figures.

A drawn area's figures are made of the pack's figures on LSOAs by the shares of their people who live
inside, and of the draws; they are a table of their own, geography ``area``, and pass the disclosure
rules like all others. An area that is made of just the same people as a ward is that ward: two names
for one place must not have two numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairplace.demand import PEOPLE
from fairplace.disclosure import Edition, Released, reaches_floor, release, release_area_figures
from fairplace.ground import DENSITY, FEATURES, GREEN, SHARE, ground_of_area
from fairplace.pack import Pack
from fairplace.spine import GEOGRAPHY_SOURCE, WHOLE, codes_at
from fairplace.walking import walks_of_area
from geo.area import Area, resolve_area
from geo.boundaries import Boundaries
from geo.crs import BNG
from geo.figures import tidy_figures
from geo.geography import Geography
from geo.place import AreaError, Place, Reached, ReachFunction
from geo.postcodes import PostcodeDirectory, make_directory
from mis import ShortfallEstimate
from mis.summary import FloorError, summarise_drawn

if TYPE_CHECKING:
    from geo.network import Network

#: Key under which an area that is not of a published geography stands.
AREA = "area"
#: Indicators whose groups, ages, a drawn area has too.
_BY_AGE = ("females_share", "males_share")
#: Indicators that are measured on the area itself, never added up of its parts.
_MEASURED = ("area_hectares", "output_areas", DENSITY, FEATURES, GREEN, SHARE)
Floats = NDArray[np.float64]
_LSOA21 = Geography.parse("lsoa21")


@dataclass(frozen=True)
class DrawnRelease(Released):
    """A release that also holds one area of somebody's own."""

    area: Area | None = None

    def areas(self, key: str) -> gpd.GeoDataFrame:
        """Areas of one geography; ``area`` is the drawn one."""
        if key != AREA or self.area is None:
            return super().areas(key)
        return gpd.GeoDataFrame(
            {"name": [self.area.name]}, geometry=[self.area.shape], index=[self.area.id], crs=BNG
        )


def place_of(pack: Pack) -> Place:
    """Lay out what areas of a pack are made of."""
    figures = pack.figures
    small = figures[(figures["geography"] == "lsoa21") & (figures["group"] == "")]
    people = pd.DataFrame(
        {
            name: small[small["indicator"] == name].set_index("code")["value"]
            for name in ("residents", "households")
        }
    )
    boundaries = {
        key: Boundaries(
            Geography.parse(key), pack.areas(key).assign(lad=pack.authority)[["name", "lad", "geometry"]]
        )
        for key in pack.geographies
        if key != "oa21"
    }
    crosswalks = {
        key: pack.crosswalk("lsoa21", key)
        for key in pack.geographies
        if key not in ("lsoa21", "oa21") and f"lsoa21-{key}" in pack.manifest["crosswalks"]
    }
    units = None
    if PEOPLE in pack.held("points"):
        points = pack.places("points", PEOPLE)
        units = pd.DataFrame(
            {
                "x": points.geometry.x.to_numpy(),
                "y": points.geometry.y.to_numpy(),
                "lsoa": points["lsoa"].to_numpy(),
                "residents": points["residents"].to_numpy(),
                "households": points["households"].to_numpy(),
            },
            index=pd.Index(points["id"].astype(str)),
        )
    output_areas = units is not None and units.index.str.match(r"E00\d{6}$").all()
    return Place(
        pack.name,
        boundaries,
        people,
        _LSOA21,
        output_areas=units if output_areas else None,
        crosswalks=crosswalks,
        postcodes=_directory(pack),
    )


def _directory(pack: Pack) -> PostcodeDirectory | None:
    if "postcodes" not in pack.held("points"):
        return None
    points = pack.places("points", "postcodes")
    frame = pd.DataFrame({"postcode": points["id"], "x": points.geometry.x, "y": points.geometry.y})
    for key in ("lsoa21", "oa21"):
        if key in pack.geographies:
            frame[Geography.parse(key).code_column] = codes_at(points, pack.areas(key))
    source = pack.sources.get("codepoint_open")
    return make_directory(
        frame,
        postcode="postcode",
        x="x",
        y="y",
        edition=source.edition if source else "postcodes of the pack",
    )


#: How people write a way of going about -> profile of the network.
_PROFILES = {"walk": "walk", "cycle": "cycle", "bike": "cycle", "wheel": "wheels", "push": "wheels"}


def find_area(pack: Pack, asked: str | Path, *, place: Place | None = None, **how: Any) -> Area:
    """Find or make the area that was asked for.

    Parameters
    ----------
    pack
        Whose area it is.
    place
        As `place_of` gives it, where it is at hand.
    asked, how
        As `geo.area.resolve_area` takes them; walking and cycling times go by the pack's own streets.
    """
    reach = reach_by(lambda: open_streets(pack)) if "streets" in pack.held("networks") else None
    return resolve_area(asked, place or place_of(pack), **{"reach": reach, **how})


def open_streets(pack: Pack) -> Network:
    """Open the street network of a pack."""
    # Imported here because most areas need no streets, and streets need numba.
    from geo.network import load_network

    return load_network(pack.path / "networks" / "streets")


def open_street_names(pack: Pack) -> pd.Series[str]:
    """Name of each segment of a pack's street network; empty where it has none."""
    from geo.network import load_names

    return load_names(pack.path / "networks" / "streets")


def reach_by(streets: Callable[[], Network]) -> ReachFunction:
    """Make what tells how far one gets, along streets that are opened when they are first needed."""

    def reach(mode: str, minutes: float, east: float, north: float) -> Reached:
        from geo.pairs import measure_pairs
        from geo.reach import draw_reach, find_reach

        network = streets()
        profile = _PROFILES[mode]
        origin = pd.DataFrame({"x": [east], "y": [north]}, index=["here"])
        found = find_reach(network, origin, limits=[minutes], profile=profile)

        def covers(x: Floats, y: Floats) -> NDArray[np.bool_]:
            homes = pd.DataFrame({"x": x, "y": y})
            pairs = measure_pairs(network, homes, origin, limit=minutes, profile=profile)
            return np.asarray(np.isfinite(np.asarray(pairs.matrix())).any(axis=1))

        drawn = draw_reach(found)
        if drawn.empty:
            raise AreaError(f"nothing can be reached from {east:.0f}, {north:.0f} within {minutes:g} minutes")
        return Reached(drawn.geometry.iloc[0], found.said, covers)

    return reach


def release_place(
    pack: Pack,
    asked: str | Path,
    edition: Edition = "public",
    *,
    show_stale: bool = False,
    **how: Any,
) -> tuple[Released, str, str, str]:
    """Release a pack with the area that was asked for.

    Returns
    -------
    tuple
        What may be shown; and the area's geography, code and name in it.
    """
    area = find_area(pack, asked, **how)
    released = release_area(pack, area, edition, show_stale=show_stale)
    return released, area.geography, area.id, area.name


def release_area(
    pack: Pack,
    area: Area,
    edition: Edition = "public",
    *,
    released: Released | None = None,
    show_stale: bool = False,
) -> Released:
    """Release a pack together with the figures of one area.

    Parameters
    ----------
    pack, area
        The area as `find_area` gives it; a published one needs nothing more than `release`.
    edition
        Whose eyes it is for.
    released
        The pack in that edition, where it is at hand.
    show_stale
        As `fairplace.disclosure.release`.

    Raises
    ------
    DisclosureError
        The area is too small for a public profile.
    """
    released = released or release(pack, edition, show_stale=show_stale)
    if area.geography != AREA:
        return released
    own = tidy_figures([area_figures(pack, area), _shares_inside(area)])
    figures, hidden = release_area_figures(
        area, own, sources=pack.sources, edition=edition, hide_up_to=released.hide_up_to
    )
    if not released.stale_shown:
        old = pd.MultiIndex.from_tuples([(one.indicator, one.source) for one in released.stale] or [("", "")])
        figures = figures[~pd.MultiIndex.from_frame(figures[["indicator", "source"]]).isin(old)]
    fields = {name: getattr(released, name) for name in Released.__dataclass_fields__}
    return DrawnRelease(
        **{
            **fields,
            "figures": tidy_figures([released.figures, figures]),
            "hidden": {
                key: released.hidden.get(key, 0) + hidden.get(key, 0) for key in {*released.hidden, *hidden}
            },
        },
        area=area,
    )


def area_figures(pack: Pack, area: Area) -> pd.DataFrame:
    """Figures of a drawn area, before disclosure rules.

    Returns
    -------
    DataFrame
        `geo.figures.FIGURE_COLUMNS`, geography ``area``. Counts and their shares are summed by the
        shares of people; scores average by residents; ranks, deciles and medians are not there. Where
        the area is too small for the model, its figures of the Minimum Income Standard are those of the
        LSOA that most of its people live in, with basis ``copied``. A figure whose floor is above the
        area keeps that floor: one that needs a ward is for the public only where the area holds at
        least the residents and the households of the pack's smallest ward.
    """
    held = _held(pack)
    same = _same_as(pack, area)
    if same is not None:
        key, code = same
        rows = held[(held["geography"] == key) & (held["code"] == code)]
        return _as_area(pack, area, rows, made_of=key)
    small = held[held["geography"] == "lsoa21"]
    whole = (small["group"] == "") & ~small["indicator"].str.startswith("mis_")
    whole &= ~small["indicator"].isin(_MEASURED)
    counted = small[whole | small["indicator"].isin(_BY_AGE)]
    parts = [_summed(rows, area) for _, rows in counted.groupby(["indicator", "group"], sort=True)]
    made = [part for part in parts if part is not None]
    modelled = _modelled(pack, area)
    whole_area = tidy_figures([walks_of_area(pack, area), ground_of_area(pack, area), _made_of(area)])
    return tidy_figures([_as_area(pack, area, tidy_figures([*made, modelled]), made_of="lsoa21"), whole_area])


def _made_of(area: Area) -> pd.DataFrame:
    """Count the small areas that have residents in the area, and the output areas that it is made of."""
    shares = area.shares[area.shares > 0]
    counts = {"small_areas": len(shares), "small_areas_whole": int((shares >= WHOLE).sum())}
    parts = area.components
    if len(parts) and (parts["geography"] == "oa21").all() and (parts["share"] >= WHOLE).all():
        counts["output_areas"] = len(parts)
    return pd.DataFrame(
        [
            {
                "code": area.id, "geography": AREA, "indicator": name, "group": "",
                "period": GEOGRAPHY_SOURCE.period, "value": float(number), "unit": "count",
                "basis": "counted", "status": "ok", "floor": AREA, "source": GEOGRAPHY_SOURCE.id,
            }
            for name, number in counts.items()
        ]
    )  # fmt: skip


def _as_area(pack: Pack, area: Area, rows: pd.DataFrame, *, made_of: str) -> pd.DataFrame:
    """Rows of figures as those of a drawn area, each with the floor that it needs there."""
    ranks = [made_of]
    ward = next((key for key in pack.geographies if key.startswith("wd")), None)
    if ward is not None and _as_large_as_one_of(pack, area, ward):
        ranks.append(ward)
    floor = [
        AREA if any(reaches_floor(key, str(one)) for key in ranks) else str(one) for one in rows["floor"]
    ]
    return tidy_figures([rows.assign(code=area.id, geography=AREA, floor=floor)])


def _as_large_as_one_of(pack: Pack, area: Area, key: str) -> bool:
    figures = pack.figures
    rows = figures[(figures["geography"] == key) & (figures["group"] == "")]
    for name, inside in (("residents", area.residents), ("households", area.households)):
        smallest = rows.loc[rows["indicator"] == name, "value"].min()
        # Half a person, because figures are whole numbers and an area's people are not.
        if not inside + 0.5 >= smallest:
            return False
    return True


def _held(pack: Pack) -> pd.DataFrame:
    """Figures of a pack, the organisation's own with their small numbers hidden before anything is summed."""
    own = pack.own_figures
    if own.empty:
        return pack.figures
    shown = release(pack, "officer").figures
    # A row of a register may come from a published source, whose own figures are in the pack already.
    mine = pd.MultiIndex.from_frame(own[["indicator", "source"]])
    return tidy_figures(
        [pack.figures, shown[pd.MultiIndex.from_frame(shown[["indicator", "source"]]).isin(mine)]]
    )


def _shares_inside(area: Area) -> pd.DataFrame:
    """Share of each LSOA's people who live in the area, as a pack has them for wards."""
    rows = [
        {
            "code": str(code), "geography": "lsoa21", "indicator": "share_inside", "group": area.id,
            "period": GEOGRAPHY_SOURCE.period, "value": float(share), "unit": "share",
            "basis": "apportioned", "status": "ok", "floor": "lsoa21", "source": GEOGRAPHY_SOURCE.id,
        }
        for code, share in area.shares.items()
        if share > 0
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _same_as(pack: Pack, area: Area) -> tuple[str, str] | None:
    """Find the published area that is made of the very same people, if there is one."""
    for key in pack.geographies:
        if f"lsoa21-{key}" not in pack.manifest["crosswalks"]:
            continue
        weights = pack.crosswalk("lsoa21", key).weights
        for code, rows in weights[weights["weight"] > 0].groupby("target"):
            shares = rows.set_index("origin")["weight"]
            if len(shares) == len(area.shares) and np.allclose(
                shares.reindex(area.shares.index).fillna(-1), area.shares, atol=1e-6
            ):
                return key, str(code)
    return None


def _summed(rows: pd.DataFrame, area: Area) -> pd.DataFrame | None:
    first = rows.iloc[0]
    inside = rows.set_index("code").reindex(area.shares.index)
    share = area.shares.to_numpy(dtype=float)
    whole = bool((share >= 1 - 1e-9).all())
    made: dict[str, Any] = {
        **first.to_dict(), "code": area.id, "geography": AREA, "low": np.nan, "high": np.nan,
        "interval": "", "status": "ok", "basis": first["basis"] if whole else "apportioned",
        "count": np.nan, "base": np.nan,
    }  # fmt: skip
    if (inside["status"] != "ok").any():
        states = set(inside["status"].fillna("missing")) - {"ok"}
        made["status"] = "suppressed" if "suppressed" in states else "missing"
        return pd.DataFrame([{**made, "value": np.nan}])
    if inside[["count", "base"]].notna().all().all():
        made["count"], made["base"] = (round(float((inside[one] * share).sum())) for one in ("count", "base"))
        made["status"] = "ok" if made["base"] else "not_applicable"
        value = made["count"] / made["base"] if made["base"] else np.nan
        return pd.DataFrame([{**made, "value": value}])
    if first["unit"] in ("people", "households"):
        return pd.DataFrame([{**made, "value": round(float((inside["value"] * share).sum()))}])
    # A rank, a decile, a score without its base: not a thing an area of several LSOAs has.
    if len(inside) == 1 and whole:
        return pd.DataFrame([{**made, "value": float(inside["value"].iloc[0])}])
    return None


def _modelled(pack: Pack, area: Area) -> pd.DataFrame:
    if not (pack.path / "draws" / "lsoa21").is_dir():
        return pd.DataFrame()
    codes, draws = pack.draws("lsoa21")
    estimate = ShortfallEstimate(
        geography=_LSOA21,
        codes=pd.Index(codes),
        draws=draws,
        by_type={},
        notes=(),
        reference_year=str(pack.manifest["settings"]["mis"]["period"]),
        absent=tuple(pack.manifest["settings"]["mis"]["absent"]),
        residents=np.asarray(draws["people"], dtype=float).mean(axis=1),
        anchor=np.full(0, np.nan),
        parents=dict.fromkeys(codes, pack.authority),
    )
    try:
        rows = summarise_drawn(estimate, _floats(area.shares), code=area.id)
    except FloorError:
        heaviest = (area.shares * pack_residents(pack).reindex(area.shares.index)).idxmax()
        figures = pack.figures
        near = figures[(figures["geography"] == "lsoa21") & (figures["code"] == heaviest)]
        copied = near[near["indicator"].str.startswith("mis_") & (near["group"] == "")]
        shares = copied[copied["unit"].isin(["share", "probability"])]
        # What an LSOA may not show by itself is no more sure for a part of it.
        shares = shares[[reaches_floor("lsoa21", str(one)) for one in shares["floor"]]]
        return shares.assign(code=area.id, geography=AREA, basis="copied")
    return rows.assign(geography=AREA)


def pack_residents(pack: Pack) -> pd.Series[float]:
    """Residents by LSOA."""
    figures = pack.figures
    rows = figures[(figures["geography"] == "lsoa21") & (figures["indicator"] == "residents")]
    return rows.set_index("code")["value"]


def _floats(shares: pd.Series[float]) -> Mapping[str, float]:
    return {str(code): float(share) for code, share in shares.items()}
