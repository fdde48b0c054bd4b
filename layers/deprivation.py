"""The English Indices of Deprivation of 2025 and 2019 (and the index of 2015).

One reader for the three editions, which differ in vintage, in what the published file holds and in
the wording of a few headers. Ids begin with the edition: ``imd25_score``, ``imd19_decile``,
``idaci25_rate``. Scores and rates average over people; ranks and deciles refuse to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from geo.geography import Geography
from geo.source import Source
from geo.table import AreaTable, Basis, Column, Measure
from layers.areas import Field, WrongFileError, build_table, paper, read_cells, wrong_file
from layers.catalogue import dataset
from layers.delimited import HeaderError, match_headers, read_headers

DIRECTION = "1 = most deprived"
_SCORE_DIRECTION = "higher = more deprived"

# Stem of the header -> (stem of the id, what people call it, word of the score's header).
_DOMAINS = {
    "Index of Multiple Deprivation (IMD)": ("imd", "", "Index of Multiple Deprivation", "Score"),
    "Income": ("imd", "income", "Income deprivation", "Score (rate)"),
    "Employment": ("imd", "employment", "Employment deprivation", "Score (rate)"),
    "Education, Skills and Training": ("imd", "education", "Education, skills and training", "Score"),
    "Health Deprivation and Disability": ("imd", "health", "Health deprivation and disability", "Score"),
    "Crime": ("imd", "crime", "Crime", "Score"),
    "Barriers to Housing and Services": ("imd", "barriers", "Barriers to housing and services", "Score"),
    "Living Environment": ("imd", "environment", "Living environment", "Score"),
    "Income Deprivation Affecting Children Index (IDACI)": (
        "idaci", "", "Income deprivation affecting children", "Score (rate)",
    ),
    "Income Deprivation Affecting Older People (IDAOPI)": (
        "idaopi", "", "Income deprivation affecting older people", "Score (rate)",
    ),
    "Children and Young People Sub-domain": ("imd", "sub_children", "Children and young people", "Score"),
    "Adult Skills Sub-domain": ("imd", "sub_skills", "Adult skills", "Score"),
    "Geographical Barriers Sub-domain": ("imd", "sub_geographical", "Geographical barriers", "Score"),
    "Wider Barriers Sub-domain": ("imd", "sub_wider", "Wider barriers", "Score"),
    "Indoors Sub-domain": ("imd", "sub_indoors", "Indoor living environment", "Score"),
    "Outdoors Sub-domain": ("imd", "sub_outdoors", "Outdoor living environment", "Score"),
}  # fmt: skip

_RANK = "Rank (where 1 is most deprived)"
_DECILE = "Decile (where 1 is most deprived 10% of LSOAs)"

# Edition -> (data set, code header, {header of a denominator: (id, label)}).
_DENOMINATORS = {
    25: {
        "Total population: mid 2022": ("population", "Residents, mid-2022"),
        "Dependent Children aged 0-15: mid 2022": ("children_0_15", "Children aged 0 to 15, mid-2022"),
        "Older population aged 60 and over: mid 2022": ("older_60_plus", "People aged 60 and over, mid-2022"),
        "Working age population 18-66 (for use with Employment Deprivation Domain): mid 2022": (
            "working_age", "Residents of working age (18 to 66), mid-2022",
        ),
    },
    19: {
        "Total population: mid 2015 (excluding prisoners)": ("population", "Residents, mid-2015"),
        "Dependent Children aged 0-15: mid 2015 (excluding prisoners)": (
            "children_0_15", "Dependent children aged 0 to 15, mid-2015",
        ),
        "Population aged 16-59: mid 2015 (excluding prisoners)": (
            "people_16_59", "Residents aged 16 to 59, mid-2015",
        ),
        "Older population aged 60 and over: mid 2015 (excluding prisoners)": (
            "older_60_plus", "Residents aged 60 and over, mid-2015",
        ),
        "Working age population 18-59/64: for use with Employment Deprivation Domain (excluding prisoners)": (
            "working_age", "Residents of working age (18 to 59/64), mid-2015",
        ),
    },
    15: {},
}  # fmt: skip

_EDITIONS = {25: "iod2025", 19: "iod2019", 15: "imd2015"}
_DISTRICT = {
    25: "Local Authority District code (2024)",
    19: "Local Authority District code (2019)",
    15: "Local Authority District code (2013)",
}

_BASES = {
    "income": "population",
    "employment": "working_age",
    "idaci": "children_0_15",
    "idaopi": "older_60_plus",
}


def _fields(edition: int, held: Collection[str]) -> Iterator[tuple[str, Field]]:
    denominators = _DENOMINATORS[edition]
    present = {key for header, (key, _) in denominators.items() if header in held}
    for header, (key, label) in denominators.items():
        column = Column(label, "people", "count", basis="modelled")
        yield f"imd{edition}_{key}", Field(header, column)
    for stem, (prefix, domain, label, word) in _DOMAINS.items():
        key = f"{prefix}{edition}{f'_{domain}' if domain else ''}"
        rate = word == "Score (rate)"
        base = _BASES.get(domain or prefix, "population")
        # Without the file's own denominator the average over people needs one from elsewhere.
        named = f"imd{edition}_{base}" if base in present else _ELSEWHERE[base]
        measure: Measure = "rate" if rate else "score"
        basis: Basis = "counted" if rate else "modelled"
        yield (
            f"{key}_{'rate' if rate else 'score'}",
            Field(
                f"{stem} {word}",
                Column(
                    f"{label}, {'rate' if rate else 'score'}",
                    "share" if rate else "score",
                    measure,
                    base=named,
                    basis=basis,
                    direction=_SCORE_DIRECTION,
                ),
            ),
        )
        for what, header in (("rank", _RANK), ("decile", _DECILE)):
            column = Column(f"{label}, {what}", what, "rank", basis="modelled", direction=DIRECTION)
            yield f"{key}_{what}", Field(f"{stem} {header}", column)


#: What stands in for a denominator that the file lacks.
_ELSEWHERE = {
    "population": "residents",
    "working_age": "residents",
    "children_0_15": "children_0_15",
    "older_60_plus": "residents_60_plus",
}


def read_deprivation(
    path: Path, *, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Scores, ranks and deciles of the Indices of Deprivation, of whichever edition the file is.

    Parameters
    ----------
    path
        File 7 (all scores, ranks, deciles and denominators), whole or a cut, CSV or gzipped.
    source
        Its papers, if not those of the catalogue.
    codes
        LSOAs to keep; all of England if left out.

    Returns
    -------
    AreaTable
        On ``lsoa21`` (2025) or ``lsoa11`` (2019, 2015). Ids for edition 25: ``imd25_score``,
        ``_rank``, ``_decile``; ``imd25_income_rate``, ``imd25_employment_rate`` and
        ``imd25_{education,health,crime,barriers,environment}_score``, each with ``_rank`` and
        ``_decile``; ``idaci25_rate``, ``idaopi25_rate`` likewise; ``imd25_sub_{children,skills,
        geographical,wider,indoors,outdoors}_score`` likewise; denominators ``imd25_population``,
        ``imd25_children_0_15``, ``imd25_older_60_plus``, ``imd25_working_age``. Columns the file does
        not hold are not there, and a note says which.

    Raises
    ------
    WrongFileError
        The file is not one of these.
    """
    edition = _edition(path)
    papers = paper(_EDITIONS[edition], path, source)
    known = dataset(_EDITIONS[edition])
    asked = [field.header for _, field in _fields(edition, ())]
    name = known.code.replace("code", "name")
    cells = read_cells(path, what=known.title, required=[known.code], columns=[name, *asked])
    fields = dict(_fields(edition, set(cells.frame.columns)))
    absent = [key for key, field in fields.items() if field.header not in cells.frame.columns]
    notes = [f"ranks and deciles of {known.edition} run from 1, the most deprived"]
    if absent:
        told = [key for key in absent if not key.endswith(("_rank", "_decile"))] or absent
        notes.append(f"{path.name} does not hold {', '.join(told)}")
    return build_table(
        cells,
        code=known.code,
        name=name,
        geography=Geography.parse(known.geography),
        fields=fields,
        source=papers,
        codes=codes,
        notes=notes,
    )


def _edition(path: Path) -> int:
    required = "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)"
    try:
        held = read_headers(path, required=[required])
    except HeaderError as error:
        raise wrong_file(error, path, "a file of the Indices of Deprivation") from error
    for edition, key in _EDITIONS.items():
        marks = [dataset(key).code, _DISTRICT[edition]]
        if len(match_headers(held, marks)) == len(marks):
            return edition
    # A file without a district column is told apart by its vintage alone.
    for edition, key in _EDITIONS.items():
        if match_headers(held, [dataset(key).code]):
            return edition
    raise WrongFileError(
        f"{path.name} holds an index of deprivation, but no column of LSOA codes of 2021 or 2011; "
        f"take File 7 of the Indices"
    )


# Header of the underlying indicators (as the open R package spells them) -> id, label, unit, measure.
_INDICATORS: dict[str, tuple[str, str, str, Measure]] = {
    "income_domain_numerator": ("income_people", "People in income deprivation", "people", "count"),
    "income_deprivation_affecting_children_index_idaci_numerator": (
        "idaci_children", "Children in income deprivation", "people", "count",
    ),
    "income_deprivation_affecting_older_people_index_idaopi_numerator": (
        "idaopi_people", "Older people in income deprivation", "people", "count",
    ),
    "employment_domain_numerator": ("employment_people", "In employment deprivation", "people", "count"),
    "adult_skills_and_english_language_proficiency_indicator": (
        "adult_skills", "Adults with no or low qualifications or little English", "share", "score",
    ),
    "entry_to_higher_education_indicator": (
        "no_higher_education", "Young people not entering higher education", "share", "score",
    ),
    "acute_morbidity_indicator": ("acute_morbidity", "Emergency admissions, index", "index", "score"),
    "comparative_illness_and_disability_ratio_indicator": (
        "illness_disability", "Comparative illness and disability", "index", "score",
    ),
    "mental_health_indicator": ("mental_health", "Mood and anxiety disorders", "index", "score"),
    "years_of_potential_life_lost_indicator": ("years_life_lost", "Years of life lost", "index", "score"),
    "connectivity_score": ("connectivity", "Connectivity to services", "score", "score"),
    "housing_affordability_indicator": ("housing_affordability", "Housing affordability", "index", "score"),
    "patient_to_gp_ratio": ("patients_per_gp", "Patients for each GP", "people", "score"),
    "homelessness_indicator_rate_per_1_000_households": (
        "homelessness_rate", "Homelessness duties per 1,000 households", "per 1,000 households", "score",
    ),
    "core_homelessness_rate_percent_of_households": (
        "core_homelessness", "Core homelessness, percent of households", "percent", "score",
    ),
    "household_overcrowding_indicator_rooms": ("overcrowding_rooms", "Too few rooms", "share", "score"),
    "household_overcrowding_indicator_bedrooms": (
        "overcrowding_bedrooms", "Too few bedrooms", "share", "score",
    ),
}  # fmt: skip


def read_deprivation_indicators(
    path: Path, *, source: Source | None = None, codes: Collection[str] | None = None
) -> AreaTable:
    """Underlying indicators of the Indices of 2025, on LSOAs of 2021.

    Parameters
    ----------
    path
        File 8, with the snake-case headers of its tidied edition.
    source, codes
        As in `read_deprivation`.

    Returns
    -------
    AreaTable
        Ids ``iod25_income_people``, ``iod25_idaci_children``, ``iod25_idaopi_people``,
        ``iod25_employment_people`` (counts rounded by the publisher, small ones missing) and the
        indicators that are rates or indices, as scores over ``residents``.
    """
    known = dataset("iod2025_indicators")
    cells = read_cells(
        path, what=known.title, required=[known.code, "income_domain_numerator"], columns=list(_INDICATORS)
    )
    fields = {
        f"iod25_{key}": Field(
            header,
            Column(
                label,
                unit,
                measure,
                base="residents" if measure == "score" else "",
                basis="counted" if measure == "count" else "modelled",
            ),
        )
        for header, (key, label, unit, measure) in _INDICATORS.items()
    }
    return build_table(
        cells,
        code=known.code,
        geography=Geography.parse(known.geography),
        fields=fields,
        source=paper(known.id, path, source),
        codes=codes,
    )
