"""Services people go to: surgeries, pharmacies, dentists, libraries, schools and stations.

The NHS publishes its organisations without header row and without coordinates, one file a kind; copies
joined to postcodes carry both. What kind a file holds is told by its codes, not by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from geo.source import Source
from layers.areas import WrongFileError, paper, read_cells, wrong_file
from layers.catalogue import dataset
from layers.delimited import Delimited, HeaderError, find_header, read_delimited, read_headers, read_start
from layers.points import Points, place_points, tidy_postcode

Places = Mapping[str, tuple[float, float]]

# Fields of the Organisation Data Service's files, which are published without a header row.
_ODS_HEADER = (
    "organisation_code", "name", "national_grouping", "high_level_health_geography", "address_1", "address_2",
    "address_3", "address_4", "address_5", "postcode", "open_date", "close_date", "status_code",
    "organisation_sub_type_code", "parent_organisation_code", "join_parent_date", "left_parent_date",
    "contact_telephone_number", "null_1", "null_2", "null_3", "amended_record", "null_4",
    "provider_purchaser", "null_5", "prescribing_setting", "null_6",
)  # fmt: skip
# Letters in the files of old; words in the reports of Data Search and Export, which replaced them.
_ODS_STATUS = {
    "A": "open", "P": "proposed", "D": "closed", "C": "closed",
    "ACTIVE": "open", "PROPOSED": "proposed", "DORMANT": "closed", "CLOSED": "closed", "INACTIVE": "closed",
}  # fmt: skip
_NHS_KINDS = {"nhs_pharmacy": "pharmacy", "nhs_dental": "dentist", "nhs_gp": "gp"}


def read_nhs(path: Path, *, places: Places | None = None, source: Source | None = None) -> Points:
    """NHS organisations of one file: GP practices, pharmacies or dental practices.

    Parameters
    ----------
    path
        epraccur, edispensary or egdpprac as published (without header), or a copy with a header row
        of the field names.
    places
        Postcode -> easting and northing (`layers.postcodes.postcode_places`), for rows without
        coordinates.
    source
        Its papers, if not those of the catalogue.

    Returns
    -------
    Points
        ``kind`` is ``gp`` (a GP practice: prescribing setting 4), ``prescriber`` (other cost centres
        of the same file, which are not surgeries), ``pharmacy`` or ``dentist``; ``status`` ``open``,
        ``closed`` or ``proposed``; also ``postcode``, ``opened`` and ``closed`` (``YYYY-MM-DD`` or empty) and
        ``district`` (as joined by whoever placed the file; may be empty).

    Raises
    ------
    WrongFileError
        The file is none of these.
    """
    cells = _read_ods(path)
    codes = cells.frame["organisation_code"].str.strip()
    which = _nhs_dataset(cells, path)
    setting = cells.frame["prescribing_setting"].str.strip()
    if which == "nhs_gp":
        kind = np.where(setting == "4", "gp", "prescriber").astype(object)
    else:
        kind = np.full(len(codes), _NHS_KINDS[which], dtype=object)
    status = cells.frame["status_code"].str.strip().str.upper().map(_ODS_STATUS).fillna("unknown")
    notes = ["main sites only: branch surgeries are not in this file"] if which == "nhs_gp" else []
    if which == "nhs_pharmacy":
        notes.append("may hold pharmacies that only sell at a distance")
    return place_points(
        cells,
        source=paper(which, path, source),
        columns={
            "id": codes,
            "name": cells.frame["name"].str.strip(),
            "kind": kind,
            "status": status,
            "postcode": cells.frame["postcode"].map(tidy_postcode),
            "opened": _dates(cells, "open_date"),
            "closed": _dates(cells, "close_date"),
            "district": _column(cells, "admin_district_code"),
        },
        placed="postcode centre",
        by_postcode=places,
        notes=notes,
    )


def _read_ods(path: Path) -> Delimited:
    headers, _ = read_start(path)
    if headers and re.fullmatch(r"[A-Z]{1,3}\d{3,6}[A-Z]?", headers[0]) and len(headers) >= 26:
        names = [*_ODS_HEADER, *(f"column {n}" for n in range(len(_ODS_HEADER), len(headers)))]
        return read_delimited(path, header=names[: len(headers)])
    required = ["organisation_code", "name", "postcode", "status_code", "prescribing_setting"]
    what = "a file of the NHS Organisation Data Service"
    cells = read_cells(path, what=what, required=required)
    if len(cells.frame) == 0:
        raise WrongFileError(f"{path.name} holds no organisation; {what} was needed")
    return cells


def _nhs_dataset(cells: Delimited, path: Path) -> str:
    codes = cells.frame["organisation_code"].str.strip()
    # The codes speak for themselves: pharmacies are F and four more, dental practices V and five
    # digits (with a Z before them where they are invented); a practice is a letter and five digits,
    # and only its file fills the prescribing setting.
    for key, pattern in (("nhs_pharmacy", r"Z?F[A-Z0-9]{3,4}"), ("nhs_dental", r"Z?V\d{4,5}")):
        if codes.str.fullmatch(pattern).mean() > 0.9:
            return key
    if (cells.frame["prescribing_setting"].str.strip() != "").any():
        return "nhs_gp"
    raise WrongFileError(
        f'{path.name}: codes such as "{codes.iat[0]}" are neither of pharmacies, dental practices nor GP '
        f"practices; take edispensary, egdpprac or epraccur"
    )


def read_libraries(path: Path, *, places: Places | None = None, source: Source | None = None) -> Points:
    """Public libraries in the layout of the Arts Council's basic data set.

    Returns
    -------
    Points
        ``kind`` ``library``; ``status`` ``closed`` where a year of closing is given; also ``postcode`` and
        ``statutory`` (``Yes`` or ``No``).

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    cells = read_cells(path, what=dataset("libraries").title, required=["library_name", "postcode"])
    names = cells.frame["library_name"].str.strip()
    ended = _column(cells, "year_closed")
    return place_points(
        cells,
        source=paper("libraries", path, source),
        columns={
            "id": _ids(cells, "uprn", names),
            "name": names,
            "kind": np.full(len(names), "library", dtype=object),
            "status": np.where(ended.str.strip() == "", "open", "closed").astype(object),
            "postcode": cells.frame["postcode"].map(tidy_postcode),
            "statutory": _column(cells, "statutory"),
        },
        placed="postcode centre",
        by_postcode=places,
    )


def read_schools(path: Path, *, places: Places | None = None, source: Source | None = None) -> Points:
    """Schools of the Department for Education's register (GIAS, once EduBase).

    Returns
    -------
    Points
        ``id`` the URN; ``kind`` the phase (``primary``, ``secondary``, ``nursery``, ``special`` and so on);
        ``status`` ``open`` or ``closed``; also ``postcode``, ``establishment`` (type), ``age_low`` and
        ``age_high`` (text, empty if not given).

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    headers = read_headers(path)
    name = find_header(headers, ["establishment_name", "EstablishmentName"])
    if not name or not find_header(headers, ["urn"]):
        error = HeaderError(f'{path.name} has no column "URN" or "EstablishmentName"')
        raise wrong_file(error, path, dataset("schools").title) from error
    cells = read_delimited(path, required=["urn"])
    kind = _column(cells, "establishment_status", "EstablishmentStatus (name)").str.lower()
    phase = _column(cells, "phase_of_education", "PhaseOfEducation (name)").str.lower()
    group = _column(cells, "type_of_establishment", "TypeOfEstablishment (name)")
    special = group.str.contains("special", case=False)
    return place_points(
        cells,
        source=paper("schools", path, source),
        columns={
            "id": cells.frame["urn"].str.strip(),
            "name": cells.frame[name].str.strip(),
            "kind": phase.where(~special, "special").replace({"not applicable": "other", "": "other"}),
            "status": np.where(kind.str.startswith("open"), "open", "closed").astype(object),
            "postcode": _column(cells, "postcode").map(tidy_postcode),
            "establishment": group,
            "age_low": _column(cells, "statutory_lowest_age", "StatutoryLowAge"),
            "age_high": _column(cells, "statutory_highest_age", "StatutoryHighAge"),
        },
        placed="postcode centre",
        by_postcode=places,
        notes=["a school stands at the centre of its postcode, not at its gate"],
    )


def read_stations(path: Path, *, source: Source | None = None) -> Points:
    """Railway stations, one point each.

    Returns
    -------
    Points
        ``id`` the three-letter code, ``kind`` ``station``, ``status`` ``open``.

    Raises
    ------
    WrongFileError
        The columns are not there.
    """
    cells = read_cells(
        path, what=dataset("stations").title, required=["stationName", "lat", "long", "crsCode"]
    )
    ids = cells.frame["crsCode"].str.strip()
    return place_points(
        cells,
        source=paper("stations", path, source),
        columns={
            "id": ids,
            "name": cells.frame["stationName"].str.strip(),
            "kind": np.full(len(ids), "station", dtype=object),
            "status": np.full(len(ids), "open", dtype=object),
        },
        placed="one point a station, not its entrances",
    )


def _column(cells: Delimited, *spellings: str) -> pd.Series[str]:
    found = find_header(cells.frame.columns.tolist(), spellings)
    return cells.frame[found].str.strip() if found else pd.Series("", index=cells.frame.index, dtype="str")


def _ids(cells: Delimited, header: str, names: pd.Series[str]) -> pd.Series[str]:
    ids = _column(cells, header)
    slug = names.str.lower().str.replace(r"[^a-z0-9]+", "-", regex=True).str.strip("-")
    return ids.where((ids != "") & ~ids.duplicated(keep=False), slug)


def _dates(cells: Delimited, header: str) -> pd.Series[str]:
    text = _column(cells, header)
    return text.str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True)
