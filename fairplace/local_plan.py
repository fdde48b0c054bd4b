"""Sites of a Local Plan, counted by ward: how many, how large, for how many homes."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from fairplace.local_evidence import code_points
from fairplace.local_figures import make_figures, paper
from geo.boundaries import Boundaries
from geo.figures import tidy_figures

Papers = dict[str, dict[str, str]]
#: Indicator -> (column that is added up, or empty for a count; label; unit).
_PLAN = {
    "plan_sites": ("", "Sites of the Local Plan", "count"),
    "plan_sites_hectares": ("hectares", "Size of the sites of the Local Plan", "hectares"),
    "plan_sites_homes": ("dwellings", "Homes on sites of the Local Plan", "count"),
}


def plan_figures(
    sites: gpd.GeoDataFrame, boundaries: Mapping[str, Boundaries], *, period: str, source: str
) -> tuple[pd.DataFrame, Papers]:
    """Count the sites that the plan chose, by the ward that holds a point inside each.

    Parameters
    ----------
    sites
        EPSG:27700, with ``status``, ``dwellings`` and ``hectares``; a site without status counts as chosen.
    boundaries
        ``wd25`` and ``lad25``.
    period, source
        For the rows.
    """
    status = sites["status"].fillna("").astype(str)
    chosen = sites[status.isin(["", "chosen"])]
    middle = chosen.set_geometry(chosen.geometry.representative_point())
    parts = []
    for key in ("wd25", "lad25"):
        codes = code_points(middle, boundaries[key])
        for name, (column, _, unit) in _PLAN.items():
            amounts = (
                pd.to_numeric(chosen[column], errors="coerce").fillna(0.0)
                if column
                else pd.Series(1.0, index=chosen.index)
            )
            sums = amounts.groupby(codes).sum().reindex(boundaries[key].codes, fill_value=0.0).round(2)
            parts.append(
                make_figures(sums, indicator=name, geography=key, period=period, unit=unit, source=source)
            )
    return tidy_figures(parts), {name: paper(label, unit) for name, (_, label, unit) in _PLAN.items()}
