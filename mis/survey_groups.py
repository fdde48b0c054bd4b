"""Groups that the areas of a survey estimate are added up to: whole areas, or shares of their people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geo.crosswalk import Crosswalk, UnmatchedCodeError

#: Area -> the group it belongs to whole; or shares of people.
Groups = Mapping[str, str] | Crosswalk


def gather_groups(areas: pd.Index, groups: Groups | None) -> tuple[NDArray[np.str_], csr_array]:
    """Codes of groups, and what part of each area lies in each.

    Parameters
    ----------
    areas
        Codes of the areas.
    groups
        None leaves areas as they are. Of a mapping, areas left out are dropped; of a crosswalk, shares
        of people from output areas or postcodes, every area must be there.

    Returns
    -------
    tuple
        Codes of the groups, sorted, and shares, shape (group, area).

    Raises
    ------
    UnmatchedCodeError
        The crosswalk lacks an area.
    """
    if groups is None:
        whole = np.arange(len(areas))
        return areas.to_numpy(dtype=str), csr_array((np.ones(len(areas)), (whole, whole)))
    if isinstance(groups, Crosswalk):
        rows = groups.weights[groups.weights["origin"].isin(set(areas))]
        absent = areas.difference(pd.Index(rows["origin"]), sort=False)
        if len(absent):
            raise UnmatchedCodeError(
                f"{absent[0]} (and {len(absent) - 1} more) is not in the crosswalk to {groups.target.key}; "
                f"extend it, or people would be lost"
            )
    else:
        held = [code for code in areas if code in groups]
        rows = pd.DataFrame({"origin": held, "target": [groups[code] for code in held], "weight": 1.0})
    codes = pd.Index(sorted(set(rows["target"])), dtype=object)
    place = (codes.get_indexer(pd.Index(rows["target"])), areas.get_indexer(pd.Index(rows["origin"])))
    shares = csr_array((rows["weight"].to_numpy(dtype=float), place), shape=(len(codes), len(areas)))
    return codes.to_numpy(dtype=str), shares


def add_groups(shares: csr_array, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Values of areas, (..., area, sum), added up to groups, (..., group, sum); NaN counts as nothing."""
    held = np.nan_to_num(np.asarray(values, dtype=float))
    if held.ndim == 2:
        return np.asarray(shares @ held)
    return (
        np.stack([shares @ one for one in held])
        if len(held)
        else np.zeros((0, shares.shape[0], held.shape[2]))
    )
