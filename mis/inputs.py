"""What an estimate is made from, checked and reconciled before anything is calculated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import UserError
from geo.geography import Geography
from mis.household_types import AGES, TENURES

Floats = NDArray[np.float64]

OCCUPANCY: tuple[str, ...] = (
    "bedrooms_plus_2",
    "bedrooms_plus_1",
    "bedrooms_0",
    "bedrooms_minus_1",
    "bedrooms_minus_2",
)
DEPRIVATION: tuple[str, ...] = ("deprived_0", "deprived_1", "deprived_2", "deprived_3", "deprived_4")
COMPOSITION: tuple[str, ...] = (
    "one_person_66",
    "one_person_other",
    "family_66",
    "couple_no_children",
    "couple_dependent",
    "couple_non_dependent",
    "lone_dependent",
    "lone_non_dependent",
    "other_dependent",
    "other",
)
SIZES: tuple[str, ...] = ("size_1", "size_2", "size_3", "size_4", "size_5", "size_6_over")
REGIONS: dict[str, str] = {
    "E12000001": "North East",
    "E12000002": "North West",
    "E12000003": "Yorkshire and the Humber",
    "E12000004": "East Midlands",
    "E12000005": "West Midlands",
    "E12000006": "East",
    "E12000007": "London",
    "E12000008": "South East",
    "E12000009": "South West",
}
_LSOA21 = Geography("lsoa", 2021)
# How likely a resident of each age is to live in a communal establishment, against other adults. Assumed:
# halls of residence hold adults of 16 to 24 and care homes those of 65 and over, and children are few.
_COMMUNAL_ADULTS = np.array([0.0, 6.0, 1.0, 1.0, 1.0, 4.0])


class InputsError(UserError, ValueError):
    """A margin, an income or a code that an estimate needs is missing or cannot be right."""


@dataclass(frozen=True)
class MisInputs:
    """Published tables from which shortfalls are estimated.

    Parameters
    ----------
    areas
        Indexed by LSOA 2021 code, in the order that results keep, with the columns ``msoa`` (MSOA 2021
        code), ``msoa11`` (MSOA 2011 code, the key of ONS income of FYE 2020), ``district`` (code) and
        ``region`` (code ``E12...``).
    tenure
        Households by tenure (Census 2021 TS054), indexed by LSOA, columns ``owned_outright``,
        ``owned_mortgage`` (with shared ownership), ``social_rented``, ``private_rented`` (with living
        rent free). Adds up to the households of the area.
    income
        ONS small area income after housing costs, equivalised, mean of households, pounds a year:
        indexed by MSOA 2011, columns ``mean``, ``low``, ``high`` (95 % limits).
    ages
        Residents by age (Census 2021), columns ``age_0_15``, ``age_16_24``, ``age_25_34``,
        ``age_35_49``, ``age_50_64``, ``age_65_over``; optionally ``age_0_4``. None if not at hand.
    occupancy
        Households by spare bedrooms (TS052), columns ``bedrooms_plus_2``, ``bedrooms_plus_1``,
        ``bedrooms_0``, ``bedrooms_minus_1``, ``bedrooms_minus_2``; or None.
    deprivation
        Households by number of deprived dimensions (TS011), ``deprived_0`` to ``deprived_4``; or None.
    composition
        Households by composition (TS003): ``one_person_66``, ``one_person_other``, ``family_66``,
        ``couple_no_children``, ``couple_dependent``, ``couple_non_dependent``, ``lone_dependent``,
        ``lone_non_dependent``, ``other_dependent``, ``other``; or None.
    sizes
        Households by number of people (TS017): ``size_1`` to ``size_5``, ``size_6_over``; or None.
    communal
        Residents of communal establishments by LSOA; None counts as none known.
    income_rate
        Share of people who are income deprived (Indices of Deprivation 2025), 0 to 1, by LSOA; or
        None.
    notes
        Sentences that reading the tables left, carried into the estimate.

    Notes
    -----
    Missing means NaN in a frame, never zero. A frame may hold more areas than ``areas``; the others
    are left out.
    """

    areas: pd.DataFrame
    tenure: pd.DataFrame
    income: pd.DataFrame
    ages: pd.DataFrame | None = None
    occupancy: pd.DataFrame | None = None
    deprivation: pd.DataFrame | None = None
    composition: pd.DataFrame | None = None
    sizes: pd.DataFrame | None = None
    communal: pd.Series[float] | None = None
    income_rate: pd.Series[float] | None = None
    notes: Sequence[str] = ()

    @property
    def absent(self) -> tuple[str, ...]:
        """Names of the margins that are not at hand."""
        names = ("ages", "occupancy", "deprivation", "composition", "sizes", "income_rate")
        return tuple(name for name in names if getattr(self, name) is None)


@dataclass(frozen=True)
class Reconciled:
    """Inputs as arrays in one order, scaled to one household total.

    Parameters
    ----------
    codes, msoa, district, region
        Codes by area; `msoa` is that of the income table (2011).
    households
        Households by area.
    household_residents
        Residents outside communal establishments.
    tenure, ages, occupancy, deprivation, composition, sizes
        Margins, shape (area, category), scaled to `households` or `household_residents`; None where
        absent.
    under_5
        Residents under 5 by area where the ages say so, else None.
    income_mean, income_log_se
        By area, that of its MSOA: pounds a year, and the standard error of its logarithm.
    income_rate
        Share income deprived, NaN where not known.
    report
        What reconciling did, in sentences.
    """

    codes: pd.Index[str]
    msoa: NDArray[np.str_]
    district: NDArray[np.str_]
    region: NDArray[np.str_]
    households: Floats
    household_residents: Floats
    tenure: Floats
    ages: Floats | None
    occupancy: Floats | None
    deprivation: Floats | None
    composition: Floats | None
    sizes: Floats | None
    under_5: Floats | None
    income_mean: Floats
    income_log_se: Floats
    income_rate: Floats
    report: list[str] = field(default_factory=list)


def reconcile(inputs: MisInputs) -> Reconciled:
    """Check inputs, put them in one order, and bring the margins to one household total.

    ONS perturbs each table by itself, so their totals differ by a few households an area; tenure sets
    the total and the others are scaled to it. Communal residents leave the person margins first, adults
    before children, by an assumed profile: their ages are not published for small areas.

    Raises
    ------
    InputsError
        A column or an area is missing, a count is negative, an income is not positive or its limits do
        not enclose it, or a code is of another kind or vintage.
    """
    areas = inputs.areas
    report: list[str] = list(inputs.notes)
    _need_columns(areas, ("msoa11", "district", "region"), "areas")
    if areas.empty:
        raise InputsError("areas holds no area; give one row for each LSOA that is to be estimated")
    _LSOA21.check_codes(areas.index, where="areas")
    if areas.index.has_duplicates:
        twice = areas.index[areas.index.duplicated()][0]
        raise InputsError(f"areas: {twice} appears twice; give each area once")
    unknown = sorted(set(areas["region"]) - set(REGIONS))
    if unknown:
        raise InputsError(
            f"areas: {unknown[0]} is not a region of England with a published HBAI rate; the method "
            f"covers {', '.join(REGIONS)}"
        )
    tenure = _margin(inputs.tenure, TENURES, areas.index, "tenure")
    households = tenure.sum(axis=1)
    ages = _optional(inputs.ages, AGES, areas.index, "ages")
    communal = np.zeros(len(areas))
    if inputs.communal is not None:
        communal = _series(inputs.communal, areas.index, "communal")
    residents = ages.sum(axis=1) if ages is not None else np.full(len(areas), np.nan)
    _no_more_than(communal, residents, areas.index)
    private = np.maximum(residents - communal, 0.0) * (households > 0)
    under_5 = None
    if ages is not None:
        _add_up(residents, households, areas.index, "ages")
        whole = ages
        ages = _without_communal(whole, residents - private)
        if inputs.ages is not None and "age_0_4" in inputs.ages:
            kept = np.divide(ages[:, 0], whole[:, 0], out=np.zeros_like(private), where=whole[:, 0] > 0)
            under_5 = _series(inputs.ages["age_0_4"], areas.index, "ages") * kept
        if inputs.communal is None:
            report.append("communal residents are not known and were not taken out of the age margins")
        else:
            report.append(
                f"{communal.sum():,.0f} communal residents taken out of the age margins by an assumed "
                f"profile: adults of 16 to 24 six times and of 65 and over four times as likely as others, "
                f"children only where no adults are left"
            )
        few = areas.index[private < households]
        if len(few):
            report.append(
                f"{few[0]}{_more(few)}: fewer residents outside communal establishments than households; "
                f"ages say little there"
            )
    scaled: dict[str, Floats | None] = {}
    for name, columns in (
        ("occupancy", OCCUPANCY),
        ("deprivation", DEPRIVATION),
        ("composition", COMPOSITION),
        ("sizes", SIZES),
    ):
        counts = _optional(getattr(inputs, name), columns, areas.index, name)
        scaled[name] = None if counts is None else _scale(counts, households, areas.index, name, report)
    mean, log_se = _income(inputs.income, areas["msoa11"])
    rate = np.full(len(areas), np.nan)
    if inputs.income_rate is not None:
        rate = _series(inputs.income_rate, areas.index, "income_rate", missing_ok=True)
        if np.nanmax(rate, initial=0.0) > 1 or np.nanmin(rate, initial=1.0) < 0:
            raise InputsError("income_rate holds a value outside 0 to 1; give shares, not percentages")
    alone = areas.index[~areas["msoa11"].duplicated(keep=False)]
    if len(alone):
        # An MSOA has two LSOAs at the least, so one by itself is a part of its MSOA.
        report.append(
            f"{alone[0]}{_more(alone)}: the only LSOA here of its MSOA, and takes the whole MSOA's "
            f"mean; give the others too"
        )
    if (households == 0).any():
        empty = areas.index[households == 0]
        report.append(f"{len(empty)} areas without private households ({empty[0]}): nothing is estimated")
    return Reconciled(
        codes=areas.index,
        msoa=areas["msoa11"].to_numpy(dtype=str),
        district=areas["district"].to_numpy(dtype=str),
        region=areas["region"].to_numpy(dtype=str),
        households=households,
        household_residents=private,
        tenure=tenure,
        ages=ages,
        occupancy=scaled["occupancy"],
        deprivation=scaled["deprivation"],
        composition=scaled["composition"],
        sizes=scaled["sizes"],
        under_5=under_5,
        income_mean=mean,
        income_log_se=log_se,
        income_rate=rate,
        report=report,
    )


def _without_communal(ages: Floats, communal: Floats) -> Floats:
    """Ages less communal residents: adults by how likely each is to live so, then children."""
    left = ages.copy()
    missing = communal.copy()
    # A band that runs out passes what it lacks on to the others, so a round for each band is enough.
    for likely in (*[_COMMUNAL_ADULTS] * len(AGES), *[1 - np.sign(_COMMUNAL_ADULTS)]):
        chance = left * likely
        total = chance.sum(axis=1)
        asked = np.divide(missing, total, out=np.zeros_like(missing), where=total > 0)[:, None] * chance
        taken = np.minimum(asked, left)
        left -= taken
        missing = np.maximum(missing - taken.sum(axis=1), 0.0)
    return left


def _need_columns(frame: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise InputsError(f"{where} lacks the column {missing[0]}; needed {', '.join(columns)}")


def _rows(index: pd.Index[str], codes: pd.Index[str], where: str) -> None:
    if index.has_duplicates:
        twice = codes.intersection(index[index.duplicated()], sort=False)
        if len(twice):
            raise InputsError(f"{where} has two rows for {twice[0]}{_more(twice)}; give each area one")
    absent = codes.difference(index, sort=False)
    if len(absent):
        raise InputsError(
            f"{where} has no row for {absent[0]}{_more(absent)}; every area needs one, so check the "
            f"vintage of its codes"
        )


def _more(absent: Sequence[str]) -> str:
    return f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""


def _numbers(values: pd.Series[float], codes: pd.Index[str], what: str) -> Floats:
    # A cell that a publisher withholds is text in its file ("c", "..C"); missing here is NaN.
    found = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    wrong = np.isinf(found) | (np.isnan(found) & values.notna().to_numpy())
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputsError(
            f'{what} of {codes[row]} is "{values.iloc[row]}"; expected a number, and nothing (NaN) where a '
            f"count is withheld"
        )
    return found


def _margin(frame: pd.DataFrame, columns: Sequence[str], codes: pd.Index[str], where: str) -> Floats:
    _need_columns(frame, columns, where)
    _rows(frame.index, codes, where)
    rows = frame.loc[codes]
    counts = np.column_stack([_numbers(rows[name], codes, f"{where}: {name}") for name in columns])
    wrong = ~(counts >= 0)
    if wrong.any():
        row, column = (int(part) for part in np.argwhere(wrong)[0])
        raise InputsError(
            f"{where}: {columns[column]} of {codes[row]} is {counts[row, column]}; expected a count of "
            f"nought or more"
        )
    return counts


def _optional(
    frame: pd.DataFrame | None, columns: Sequence[str], codes: pd.Index[str], where: str
) -> Floats | None:
    return None if frame is None else _margin(frame, columns, codes, where)


def _series(
    values: pd.Series[float], codes: pd.Index[str], where: str, *, missing_ok: bool = False
) -> Floats:
    _rows(values.index, codes, where)
    numbers = _numbers(values.loc[codes], codes, where)
    if not missing_ok and not (numbers >= 0).all():
        row = int(np.argmin(numbers >= 0))
        raise InputsError(f"{where} of {codes[row]} is {numbers[row]}; expected nought or more")
    return numbers


def _no_more_than(communal: Floats, residents: Floats, codes: pd.Index[str]) -> None:
    # Tables are perturbed each by itself, so a few more communal residents than residents are no error.
    over = communal > 1.05 * residents + 20
    if over.any():
        row = int(np.argmax(over))
        raise InputsError(
            f"communal of {codes[row]} is {communal[row]:,.0f}, but it has {residents[row]:,.0f} residents "
            f"of all ages; check that both are of one census and one set of areas"
        )


def _add_up(total: Floats, households: Floats, codes: pd.Index[str], where: str) -> None:
    empty = (total == 0) & (households > 0)
    if empty.any():
        row = int(np.argmax(empty))
        raise InputsError(
            f"{where} of {codes[row]} adds up to nought, but tenure has {households[row]:,.0f} households "
            f"there; counts that are missing are not nought: fill them, or leave the whole table out"
        )


def _scale(counts: Floats, households: Floats, codes: pd.Index[str], name: str, report: list[str]) -> Floats:
    total = counts.sum(axis=1)
    _add_up(total, households, codes, name)
    off = np.abs(total - households)
    if off.max(initial=0.0) > 0:
        report.append(
            f"{name}: totals differ from tenure by {off.mean():.1f} households an area on average, "
            f"{off.max():.0f} at most; scaled to tenure"
        )
    return counts * np.divide(households, total, out=np.zeros_like(total), where=total > 0)[:, None]


def _income(income: pd.DataFrame, msoa: pd.Series[str]) -> tuple[Floats, Floats]:
    _need_columns(income, ("mean", "low", "high"), "income")
    keys = pd.Index(msoa.unique())
    if income.index.has_duplicates and keys.isin(income.index[income.index.duplicated()]).any():
        twice = keys[keys.isin(income.index[income.index.duplicated()])][0]
        raise InputsError(f"income has two rows for {twice}; give each MSOA one, of one year")
    absent = sorted(set(msoa.astype(str)) - set(income.index))
    if absent:
        raise InputsError(
            f"income has no row for {absent[0]}{_more(absent)}; "
            f"it must be keyed by the MSOA codes given as msoa11: MSOAs of 2011 for FYE 2020"
        )
    rows, of = income.loc[msoa], pd.Index(msoa)
    mean, low, high = (_numbers(rows[name], of, f"income: {name}") for name in ("mean", "low", "high"))
    wrong = ~((low > 0) & (low <= mean) & (mean <= high))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputsError(
            f"income of {msoa.iloc[row]} is {mean[row]:,.0f} with limits {low[row]:,.0f} to "
            f"{high[row]:,.0f}; expected a positive mean inside its limits"
        )
    return mean, np.log(high / low) / (2 * 1.959964)
