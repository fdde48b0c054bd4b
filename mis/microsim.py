"""Households below the standard by small area, from a household survey of one's own.

The survey's households are weighted, area by area, to published counts; shares below the Minimum
Income Standard are sums over those weights, with ranges from a bootstrap of the survey. This is
the route for anyone who holds the Family Resources Survey or another survey with income; nothing
but sums over areas leaves it. The module stands on its own:

>>> import pandas as pd
>>> from mis.microsim import estimate_survey
>>> from mis.survey_table import prepare_survey
>>> households = pd.DataFrame({
...     "household": range(6), "weight": [900.0, 1100, 1000, 800, 1200, 1000],
...     "income": [210.0, 620, 330, 1150, 250, 540], "persons": [1, 4, 1, 4, 1, 2],
...     "children": [0, 2, 0, 2, 0, 0],
...     "type": ["single", "couple_2", "single", "couple_2", "single", "couple"],
...     "tenure": ["rent", "rent", "own", "own", "rent", "own"],
...     "work": ["none", "some", "all", "all", "none", "all"],
...     "region": "E12000006", "year": 2025})
>>> counts = pd.DataFrame(
...     [[300.0, 250, 150, 420, 280], [200.0, 300, 300, 150, 650]],
...     index=["E01000001", "E01000002"],
...     columns=pd.MultiIndex.from_tuples(
...         [("type", "single"), ("type", "couple_2"), ("type", "couple"),
...          ("tenure", "rent"), ("tenure", "own")]))
>>> estimate = estimate_survey(
...     prepare_survey(households, year=2025), counts,
...     {"single": 305.0, "couple": 531.0, "couple_2": 790.0},
...     fewest=1, replicates=50, seed=1)
>>> estimate.summary(["mis_people_below_share"]).round(2)["value"].to_list()
[0.6, 0.2]

Every figure is *modelled*: it says nothing of one household, and its range covers the sampling of
the survey, not the choice of method, the age of the counts or the error of a line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.sparse import csr_array

from geo.crosswalk import Crosswalk
from geo.errors import UserError
from geo.figures import tidy_figures
from geo.geography import Geography
from mis.calibration_weights import CalibrationError, indicator_matrix
from mis.raking import rake, reconcile_margins
from mis.survey_groups import Groups, add_groups, gather_groups
from mis.survey_indicators import INDICATORS, draw_quantiles, indicator_values
from mis.survey_quality import describe_quality, quality_notes
from mis.survey_sums import SUMS, gather_incomes, sum_areas
from mis.survey_table import Borrow, Survey, select_region
from mis.survey_weights import Method, split_areas, weigh_areas

#: Share of the bootstrap replicates that may fail to calibrate; the range rests on the others.
MOST_FAILED = 0.1


class SurveyRouteError(UserError, ValueError):
    """The survey, the counts and the lines do not fit together."""


@dataclass(frozen=True)
class SurveyEstimate:
    """Sums by area and what stands behind them; no row of the survey.

    Parameters
    ----------
    sums
        Rows are areas, columns `mis.survey_sums.SUMS`: people, people below, pounds, ...
    draws
        Shape (replicates, areas, sums), float32: the same from each bootstrap replicate.
    quality
        By area: `effective` sample size, `largest` share of the weight on one record, `heavy`
        (above 5 %), `records` with a weight, `tae`, `re`, `outcome` and `status`.
    moved
        Variables that were scaled to the area's total (`mis.raking.reconcile_margins`).
    borrowed
        Kinds of household taken from elsewhere.
    method
        ``ipf``, ``greg`` or ``trs``.
    notes
        What was found and done, in sentences.
    """

    sums: pd.DataFrame
    draws: NDArray[np.float32]
    quality: pd.DataFrame
    moved: pd.DataFrame
    borrowed: pd.DataFrame
    method: Method
    notes: tuple[str, ...]

    def summary(
        self,
        indicators: Sequence[str] | None = None,
        *,
        groups: Groups | None = None,
        interval: float = 0.9,
    ) -> pd.DataFrame:
        """Values and ranges by area, or by groups of areas summed draw by draw.

        Parameters
        ----------
        indicators
            Ids of `INDICATORS`; all that the survey can give if left out.
        groups
            Code of an area -> code of the group it belongs to whole, areas left out being dropped; or
            a crosswalk, with shares of people from output areas or postcodes.
        interval
            Share of the draws inside the range.

        Returns
        -------
        DataFrame
            `code`, `indicator`, `value` (median of the draws, or the estimate itself without
            draws), `low`, `high`, `base`, `status`. A group with a withheld member is withheld.
        """
        names = [one for one in INDICATORS if self._knows(one)] if indicators is None else list(indicators)
        for one in names:
            if one not in INDICATORS or not self._knows(one):
                raise SurveyRouteError(
                    f'"{one}" is not among {", ".join(i for i in INDICATORS if self._knows(i))}'
                )
        codes, shares = self._groups(groups)
        withheld = (self.quality["status"] == "suppressed").to_numpy(dtype=float)
        hidden = shares @ withheld > 0
        point = add_groups(shares, self.sums.to_numpy(dtype=float))
        draws = add_groups(shares, self.draws)
        parts = []
        for name in names:
            value = indicator_values(point[None], name)[0]
            low = high = np.full(len(codes), np.nan)
            if len(draws):
                spread = indicator_values(draws, name)
                tails = (1 - interval) / 2
                low, value, high = draw_quantiles(spread, [tails, 0.5, 1 - tails])
            state = np.where(hidden, "suppressed", np.where(np.isnan(value), "not_applicable", "ok"))
            gone = state != "ok"
            base = point[:, SUMS.index(INDICATORS[name].base)]
            parts.append(
                pd.DataFrame(
                    {
                        "code": codes,
                        "indicator": name,
                        "value": np.where(gone, np.nan, value),
                        "low": np.where(gone, np.nan, low),
                        "high": np.where(gone, np.nan, high),
                        "base": np.where(gone, np.nan, base),
                        "status": state,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    def figures(
        self,
        geography: Geography,
        *,
        period: str,
        source: str,
        groups: Groups | None = None,
        interval: float = 0.9,
    ) -> pd.DataFrame:
        """Give the summary as rows of the long table of figures (`geo.figures`).

        Parameters
        ----------
        geography
            Of the areas, or of the groups.
        period, source
            Written on each row.
        groups, interval
            As in `summary`; wards take a crosswalk, never a best fit of LSOAs.
        """
        lsoas = self.sums.index.astype(str).str.match(r"[EW]01\d{6}$").any()
        if geography.kind == "wd" and lsoas and not isinstance(groups, Crosswalk):
            raise SurveyRouteError(
                "wards are not made of whole LSOAs; give a crosswalk with shares of people from output areas "
                "or postcodes, or estimate on output areas"
            )
        rows = self.summary(groups=groups, interval=interval)
        geography.check_codes(rows["code"], where="survey estimate")
        kind = rows["indicator"].map(INDICATORS)
        width = (rows["high"] - rows["low"]).fillna(np.inf)
        share = kind.map(lambda one: one.unit == "share")
        grade = np.select([width <= 0.15, width <= 0.25], ["A", "B"], "C")
        rows = rows.assign(
            geography=geography.key,
            group="",
            period=period,
            interval=f"{interval:.0%}".replace("%", " % survey bootstrap") if len(self.draws) else "",
            count=np.nan,
            unit=kind.map(lambda one: one.unit),
            basis="modelled",
            reliability=np.where(share & (rows["status"] == "ok"), grade, ""),
            floor=[one.floor or geography.key for one in kind],
            source=source,
        )
        return tidy_figures([rows])

    def _groups(self, groups: Groups | None) -> tuple[NDArray[np.str_], csr_array]:
        """Codes of the groups, and what part of each area lies in each."""
        areas = self.sums.index
        if groups is not None and not isinstance(groups, Crosswalk):
            strange = [code for code in groups if code not in areas]
            if strange:
                raise SurveyRouteError(
                    f"{strange[0]} was not estimated; groups may hold only areas of the counts"
                )
        return gather_groups(areas, groups)

    def _knows(self, name: str) -> bool:
        need = INDICATORS[name]
        seen = self.sums[self.quality["status"] == "ok"][[need.top, need.base]]
        return not bool(seen.isna().any().any())


def estimate_survey(
    survey: Survey,
    counts: pd.DataFrame,
    lines: Mapping[str, float],
    *,
    method: Method = "ipf",
    regions: Sequence[str] | None = None,
    borrow: Borrow = "refuse",
    neighbours: Sequence[str] = (),
    total: pd.Series | str | None = None,
    means: pd.Series | None = None,
    parents: Mapping[str, str] | None = None,
    dispersion: float = 1.0,
    bounds: tuple[float, float] = (0.0, 20.0),
    slack: float = 0.0,
    replicates: int = 200,
    seed: int,
    fewest: int = 10,
    dominance: float = 0.5,
) -> SurveyEstimate:
    """Estimate how many are below the standard in each area from a survey.

    Parameters
    ----------
    survey
        From `prepare_survey` or `read_survey`, in the year of the lines.
    counts
        Households by area (rows) and (variable, category); variables are columns of the survey.
        Private households only. Reconciled here to one total an area.
    lines
        Household type -> pounds a week, comparable with income after housing costs.
    method
        ``ipf`` raking; ``greg`` bounded calibration; ``trs`` raking, then whole households.
    regions, borrow, neighbours
        Whose households are used, and what happens where a needed kind has none: see
        `mis.survey_table.select_region`.
    total
        As in `mis.raking.reconcile_margins`.
    means
        Mean equivalised income of households, pounds a week after housing costs in money of the
        survey's year, by area or by parent; incomes are multiplied to meet it. None leaves them.
    parents
        Area -> code of `means`, where those are of a larger geography such as MSOA.
    dispersion
        Power that widens (above 1) or narrows incomes about their median before the means are
        met: from `solve_dispersion`.
    bounds
        Least and greatest ratio of new to old weight, for ``greg``.
    slack
        Standard deviation that ``greg`` allows each count, in households; 0 meets them exactly and
        refuses counts that conflict.
    replicates
        Bootstrap replicates; 0 for none. Their sums take 56 bytes an area and replicate.
    seed
        Of the bootstrap and of ``trs``.
    fewest
        Records with a weight that an area must rest on, else its figures are withheld.
    dominance
        Largest share of an area's weight on one record before its figures are withheld.

    Returns
    -------
    SurveyEstimate
        Sums, draws and quality by area.

    Raises
    ------
    SurveyRouteError
        A type has no line, or means lack an area.
    MissingTypeError, MarginError, CalibrationError
        See `select_region`, `reconcile_margins` and `calibrate`; a calibration names its area. A
        bootstrap replicate that cannot be calibrated is left out and counted, up to a tenth of them.

    Notes
    -----
    The bootstrap is Bayesian (Rubin 1981, Annals of Statistics 9): each sampling unit's weight is
    multiplied by an exponential draw, so that no kind of household is lost from a replicate. The
    weighting is repeated in each; `dispersion` is held.
    """
    if replicates < 0:
        raise SurveyRouteError(f"{replicates} replicates cannot be drawn; 0 gives no range, 200 a usual one")
    settled = reconcile_margins(counts, total=total)
    targets = settled.targets
    chosen, borrowed = select_region(survey, targets, regions=regions, borrow=borrow, neighbours=neighbours)
    table = chosen.households
    rescaled = means is not None or dispersion != 1.0
    incomes = gather_incomes(
        table, _lines(table, lines, rescaled=rescaled), dispersion=dispersion, rescaled=rescaled
    )
    goal, parent = _goals(targets.index, means, parents)
    base = table["weight"].to_numpy(dtype=float)

    matrix = indicator_matrix(table, targets.columns)
    raked = rake(table, targets, seed=base)
    blocks, outcome = weigh_areas(raked, matrix, base, parent, method, bounds, slack, seed)
    point = sum_areas(blocks, incomes, areas=len(targets), goal=goal, parent=parent, matrix=matrix)
    rng = np.random.default_rng(seed)
    unit, units = _units(table)
    draws = np.empty((replicates, len(targets), len(SUMS)), dtype=np.float32)
    done = failed = 0
    for replicate in range(replicates):
        shaken = base * rng.exponential(size=units)[unit]
        blocks, _ = weigh_areas(raked, matrix, shaken, parent, method, bounds, slack, seed + 1 + replicate)
        try:
            draws[done] = sum_areas(blocks, incomes, areas=len(targets), goal=goal, parent=parent).sums
        except CalibrationError as error:
            failed += 1
            if failed > MOST_FAILED * replicates:
                raise CalibrationError(
                    f"{failed} of {replicate + 1} bootstrap replicates cannot be calibrated, the last one "
                    f"because of {error}"
                ) from error
        else:
            done += 1
    draws = draws[:done]

    quality = describe_quality(point, targets, outcome, fewest, dominance)
    thin = (quality["status"] == "suppressed").to_numpy()
    point.sums[thin] = np.nan
    draws[:, thin] = np.nan
    sums = pd.DataFrame(point.sums, index=targets.index, columns=list(SUMS))
    notes = (*chosen.notes, *quality_notes(quality, settled.moved, method, done, failed))
    return SurveyEstimate(sums, draws, quality, settled.moved, borrowed, method, notes)


def solve_dispersion(
    survey: Survey,
    counts: pd.DataFrame,
    *,
    rate: float,
    low_income: float,
    regions: Sequence[str] | None = None,
    means: pd.Series | None = None,
    parents: Mapping[str, str] | None = None,
    least: float = 0.3,
    most: float = 2.5,
) -> float:
    """Power of incomes at which a whole region returns its published low-income rate.

    Parameters
    ----------
    survey, regions, means, parents
        As in `estimate_survey`; the survey needs the column `scale`.
    counts
        Of *all* areas of the region that `rate` describes: a town has no regional rate to meet.
    rate
        Share of people in low income after housing costs, as published for the region.
    low_income
        The line it speaks of, equivalised pounds a week in money of the survey's year.
    least, most
        Powers between which the answer is looked for.

    Returns
    -------
    float
        For `dispersion` of `estimate_survey`.

    Raises
    ------
    SurveyRouteError
        No power between `least` and `most` gives the rate.
    """
    targets = reconcile_margins(counts).targets
    chosen, _ = select_region(survey, targets, regions=regions, borrow="refuse")
    table = chosen.households
    if "scale" not in table:
        raise SurveyRouteError(_NO_SCALE)
    line = table["scale"].to_numpy(dtype=float) * low_income
    goal, parent = _goals(targets.index, means, parents)
    base = table["weight"].to_numpy(dtype=float)
    raked = rake(table, targets, seed=base)

    def excess(power: float) -> float:
        incomes = gather_incomes(table, line, dispersion=power, rescaled=True)
        blocks = ((rows, raked.block(rows)) for rows in split_areas(parent))
        sums = sum_areas(blocks, incomes, areas=len(targets), goal=goal, parent=parent).sums.sum(axis=0)
        return float(sums[SUMS.index("people_below_100")] / sums[SUMS.index("people")]) - rate

    low, high = excess(least), excess(most)
    if low * high > 0:
        raise SurveyRouteError(
            f"no power between {least:g} and {most:g} gives a rate of {rate:g}: it runs from "
            f"{low + rate:.3f} to {high + rate:.3f}; check that rate, line and means "
            f"are of one region and year"
        )
    return float(brentq(excess, least, most, xtol=1e-3))


_NO_SCALE = 'rescaling incomes needs the survey column "scale" (equivalence scale, couple = 1); add it'


def _lines(table: pd.DataFrame, lines: Mapping[str, float], *, rescaled: bool) -> NDArray[np.float64]:
    if rescaled and "scale" not in table:
        raise SurveyRouteError(_NO_SCALE)
    for kind in table["type"].unique():
        if not lines.get(kind, 0.0) > 0:
            raise SurveyRouteError(
                f'households of type "{kind}" have no line; there are lines for '
                f"{', '.join(map(str, lines))}: add one in pounds a week"
            )
    line: NDArray[np.float64] = table["type"].map(dict(lines)).to_numpy(dtype=float)
    return line


def _goals(
    areas: pd.Index, means: pd.Series | None, parents: Mapping[str, str] | None
) -> tuple[NDArray[np.float64] | None, NDArray[np.int64]]:
    if means is None:
        return None, np.arange(len(areas))
    owner = (
        pd.Series(areas, index=areas) if parents is None else pd.Series(areas).map(parents).set_axis(areas)
    )
    goal = owner.map(means.astype(float))
    lacking = goal.index[~(goal > 0)]
    if len(lacking):
        raise SurveyRouteError(
            f"{lacking[0]} has no mean income above zero to meet (looked for {owner[lacking[0]]}); "
            f"give it, and check that the codes are of one vintage"
        )
    return goal.to_numpy(dtype=float), np.unique(owner.to_numpy(dtype=str), return_inverse=True)[1].astype(
        np.int64
    )


def _units(table: pd.DataFrame) -> tuple[NDArray[np.int64], int]:
    if "unit" not in table:
        return np.arange(len(table)), len(table)
    number, kinds = pd.factorize(pd.MultiIndex.from_frame(table[["year", "unit"]]))
    return number, len(kinds)
