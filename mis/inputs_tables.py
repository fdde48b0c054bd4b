"""Inputs of an estimate as two plain tables, and back: so that it can be asked more, later and elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from mis.household_types import AGES, TENURES
from mis.inputs import COMPOSITION, DEPRIVATION, OCCUPANCY, SIZES, InputsError, MisInputs

_AREAS = ("msoa", "msoa11", "district", "region")
_MARGINS: dict[str, tuple[str, ...]] = {
    "tenure": TENURES,
    "ages": (*AGES, "age_0_4"),
    "occupancy": OCCUPANCY,
    "deprivation": DEPRIVATION,
    "composition": COMPOSITION,
    "sizes": SIZES,
}
_SINGLE = ("communal", "income_rate")


def to_tables(inputs: MisInputs) -> dict[str, pd.DataFrame]:
    """Lay inputs out as two tables.

    Returns
    -------
    dict
        ``lsoa21``: by LSOA, where it lies, then every margin at hand; ``msoa11``: ONS income with its
        limits. Each has its codes in the column ``code``.
    """
    codes = inputs.areas.index
    parts = [inputs.areas[[name for name in _AREAS if name in inputs.areas]]]
    for margin, columns in _MARGINS.items():
        table = getattr(inputs, margin)
        if table is not None:
            parts.append(table.reindex(codes)[[name for name in columns if name in table]])
    parts += [
        getattr(inputs, name).reindex(codes).rename(name)
        for name in _SINGLE
        if getattr(inputs, name) is not None
    ]
    return {
        "lsoa21": pd.concat(parts, axis=1).rename_axis("code").reset_index(),
        "msoa11": inputs.income[["mean", "low", "high"]].rename_axis("code").reset_index(),
    }


def from_tables(tables: Mapping[str, pd.DataFrame]) -> MisInputs:
    """Read inputs back from what `to_tables` laid out.

    Raises
    ------
    InputsError
        A table or its codes are missing.
    """
    for name in ("lsoa21", "msoa11"):
        if name not in tables or "code" not in tables[name]:
            raise InputsError(f"the inputs of the estimate lack the table {name} with its codes")
    table, income = (tables[name].set_index("code") for name in ("lsoa21", "msoa11"))

    def margin(name: str) -> pd.DataFrame | None:
        columns = [column for column in _MARGINS[name] if column in table]
        return table[columns] if columns else None

    tenure = margin("tenure")
    if tenure is None:
        raise InputsError("the inputs of the estimate lack tenure")
    return MisInputs(
        areas=table[[name for name in _AREAS if name in table]],
        tenure=tenure,
        income=income,
        ages=margin("ages"),
        occupancy=margin("occupancy"),
        deprivation=margin("deprivation"),
        composition=margin("composition"),
        sizes=margin("sizes"),
        communal=table.get("communal"),
        income_rate=table.get("income_rate"),
    )
