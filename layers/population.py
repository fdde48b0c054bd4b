"""Mid-year population estimates by single year of age."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Column
from layers.areas import Field, build_table, paper, read_cells
from layers.vintages import LsoaChanges, check_vintage

_AGES = [*(str(age) for age in range(90)), "90+"]


def read_population(
    path: Path,
    *,
    geography: Geography | None = None,
    changes: LsoaChanges | None = None,
    source: Source | None = None,
    codes: Collection[str] | None = None,
) -> AreaTable:
    """Residents by single year of age at mid-2020.

    Parameters
    ----------
    path
        Table with ``LSOA Code``, ``All Ages`` and a column for each age from ``0`` to ``90+``.
    geography
        What the codes are; LSOAs of 2011 if left out, on which the estimates of mid-2020 are.
    changes
        Lookup of LSOAs of 2011 and 2021; given, the codes are checked to be of that vintage.
    source
        Its papers, if not those of the catalogue.
    codes
        Areas to keep.

    Returns
    -------
    AreaTable
        ``mid20_residents``, ``mid20_age_0`` to ``mid20_age_89`` and ``mid20_age_90_plus``. Estimates
        rolled forward from the census of 2011, not rebased to that of 2021.

    Raises
    ------
    WrongFileError
        The columns are not there.
    VintageError
        The codes are of the other vintage.
    """
    place = geography or Geography("lsoa", 2011)
    column = Column("Residents, mid-2020", "people", "count", period="2020-06-30", basis="modelled")
    fields = {"mid20_residents": Field("All Ages", column)}
    for age in _AGES:
        key = f"mid20_age_{age.replace('+', '_plus')}"
        fields[key] = Field(age, replace(column, label=f"Residents aged {age}, mid-2020"))
    cells = read_cells(
        path,
        what="population by single year of age",
        required=["LSOA Code", "All Ages", *_AGES],
        columns=["LSOA Name"],
    )
    table = build_table(
        cells,
        code="LSOA Code",
        name="LSOA Name",
        geography=place,
        fields=fields,
        source=paper("population_mid2020", path, source),
        codes=codes,
        notes=["estimates of mid-2020 are not rebased to Census 2021"],
    )
    if changes is not None:
        check_vintage(table.codes, place, where=path.name, changes=changes)
    apart = (table.values.drop(columns="mid20_residents").sum(axis=1) - table.values["mid20_residents"]).abs()
    if (apart > 0.5).any():
        one = apart.idxmax()
        note = f"the ages of {one} add up to {apart.max():.0f} more or fewer than its total"
        return replace(table, notes=(*table.notes, note))
    return table
