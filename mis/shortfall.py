"""From incomes in cells to sums for areas: people below the line, and by how much.

Everything here adds: over cells, over areas, and draw by draw. Shares, depths and means per person
are taken from the sums afterwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from mis.household_types import household_types
from mis.targets import LOW_INCOME

Floats = NDArray[np.float64]

#: Bands of the line, and the suffix of their quantities.
BANDS: tuple[tuple[float, str], ...] = ((1.0, ""), (0.9, "_90"), (0.75, "_75"), (0.5, "_50"))

#: Quantities of an estimate, all of them sums. People are residents of private households; children
#: are those of 0 to 15, pensioners those of 65 and over; `shortfall` is pounds a week; `gap` and
#: `squared_gap` are people times the mean (squared) shortfall as a share of their own line.
QUANTITIES: tuple[str, ...] = (
    "people",
    *(f"people_below{suffix}" for _, suffix in BANDS),
    "people_low_income",
    "children",
    *(f"children_below{suffix}" for _, suffix in BANDS),
    "children_0_4",
    "children_0_4_below",
    "pensioners",
    *(f"pensioners_below{suffix}" for _, suffix in BANDS),
    "households",
    *(f"households_below{suffix}" for _, suffix in BANDS),
    "shortfall",
    "gap",
    "squared_gap",
)


def cell_shares(
    log_line: Floats, median: Floats, lower: Floats, upper: Floats, zero: Floats
) -> dict[str, Floats]:
    """Shares below each band, low-income share, and mean gaps, of every cell.

    Parameters
    ----------
    log_line, median, lower, upper, zero
        Broadcastable to the shape of `median`.

    Returns
    -------
    dict
        ``""``, ``_90``, ``_75``, ``_50`` (shares below the bands), ``low`` (share in low income), ``gap``
        and ``squared_gap`` (mean over everyone, as a share of the line).
    """
    found: dict[str, Floats] = {}
    scale = 1.0 - zero

    def share(distance: Floats) -> Floats:
        return np.asarray(ndtr(distance / np.where(distance <= 0, lower, upper)))

    distance = log_line - median
    full = share(distance)
    found[""] = zero + scale * full
    for band, suffix in BANDS[1:]:
        found[suffix] = zero + scale * share(distance + np.log(band))
    found["low"] = zero + scale * share(np.log(LOW_INCOME) - median)
    below = np.minimum(distance, 0.0) / lower
    above = np.maximum(distance, 0.0) / upper
    moments = []
    for power in (1, 2):
        first = np.exp(0.5 * (power * lower) ** 2 - power * distance) * ndtr(below - power * lower)
        second = np.exp(0.5 * (power * upper) ** 2 - power * distance) * (
            ndtr(above - power * upper) - ndtr(-power * upper)
        )
        moments.append(first + second)
    found["gap"] = zero + scale * (full - moments[0])
    found["squared_gap"] = zero + scale * (full - 2 * moments[0] + moments[1])
    return found


def sum_cells(
    counts: Floats,
    shares: dict[str, Floats],
    weekly: Floats,
    *,
    people_factor: Floats,
    bases: dict[str, Floats],
) -> dict[str, Floats]:
    """Sum over the cells of each area.

    Parameters
    ----------
    counts
        Households, shape (..., area, type, tenure).
    shares
        From `cell_shares`, the same shape.
    weekly
        Lines, pounds a week, shape (..., type), its leading axes those of `counts` before the area.
    people_factor
        By area: see `mis.households.Households`.
    bases
        ``children``, ``children_0_4``, ``pensioners`` -> number by area from the census, or NaN where it
        is not known and the modelled number stands.

    Returns
    -------
    dict
        Each of `QUANTITIES` -> shape (..., area).
    """
    types = household_types()
    found: dict[str, Floats] = {}
    # (..., area, type): households, and households below each band
    total = counts.sum(axis=-1)
    parts = {name: np.einsum("...ht,...ht->...h", counts, value) for name, value in shares.items()}
    people = people_factor
    found["people"] = (total @ types.size) * people
    for _, suffix in BANDS:
        found[f"people_below{suffix}"] = (parts[suffix] @ types.size) * people
    found["people_low_income"] = (parts["low"] @ types.size) * people
    for name, weight in (
        ("children", types.children),
        ("children_0_4", types.under_5),
        ("pensioners", types.pensioners),
    ):
        modelled = total @ weight
        known = bases[name]
        base = np.where(np.isfinite(known), known, modelled * people)
        ratio = np.divide(base, modelled, out=np.zeros_like(modelled), where=modelled > 0)
        found[name] = modelled * ratio
        bands = BANDS if name != "children_0_4" else BANDS[:1]
        for _, suffix in bands:
            found[f"{name}_below{suffix}"] = (parts[suffix] @ weight) * ratio
    found["households"] = total.sum(axis=-1)
    for _, suffix in BANDS:
        found[f"households_below{suffix}"] = parts[suffix].sum(axis=-1)
    found["shortfall"] = (parts["gap"] * weekly[..., None, :]).sum(axis=-1)
    found["gap"] = (parts["gap"] @ types.size) * people
    found["squared_gap"] = (parts["squared_gap"] @ types.size) * people
    return found
