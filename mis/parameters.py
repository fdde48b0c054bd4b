"""Parameters solved once for England, and the compact national mixture that lets any area use them.

The spread of incomes inside a cell of one area cannot be read from national figures directly: the
national spread also holds the differences between areas. So the parameters were solved for all of
England at once (`mis.calibrate`) and are shipped as our own derived figures, dated, with the hash of
what they were made from. The mixture keeps how many households of each type and tenure live at
which area level in each region, so that a draw with other rates or widths can be made consistent with
the nation again from a single authority's data.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import UserError
from mis.distribution import Widths, mean_factor, share_below
from mis.household_types import household_types
from mis.households import NationalMargins

Floats = NDArray[np.float64]


class ParametersError(UserError, ValueError):
    """A file of parameters is of another layout, or a region has none."""


@dataclass(frozen=True)
class Mixture:
    """Households of England by type, tenure, region and area level.

    Parameters
    ----------
    regions
        Region codes, in the order of the region axis.
    level
        Area level of each bin: log of income relative to England's areas, shape (region, bin).
    households
        Share of England's households, shape (type, tenure, region, bin); adds up to one.
    """

    regions: tuple[str, ...]
    level: Floats
    households: Floats

    @property
    def people(self) -> Floats:
        """Share of England's people, same shape, adding up to one."""
        people = self.households * household_types().size[:, None, None, None]
        return np.asarray(people / people.sum())


@dataclass(frozen=True)
class Shape:
    """Shape of incomes inside cells, in units of the national median.

    Parameters
    ----------
    alpha
        Log median income of each type at the average area level, in its group's first tenure.
    lower, wide
        Width of incomes below the median by type, before the factors of tenure and region, and the
        share of its wide part.
    upper
        Width above the median.
    tau
        Offset of log income by tenure, shape (2, tenure): people under pension age, pensioners.
    rho
        Factor on both widths by tenure, the same shape: incomes of pensioners who rent are closer
        together.
    kappa
        Factor on both widths by region.
    follow
        How much of the area level each type's incomes follow: 1, pensioners less.
    zero
        Share of people without income.
    """

    alpha: Floats
    lower: Floats
    wide: Floats
    upper: float | Floats
    tau: Floats
    rho: Floats
    kappa: Floats
    follow: Floats
    zero: float | Floats

    def offsets(self) -> Floats:
        """Log median at the average area level, shape (type, tenure)."""
        pensioner = household_types().is_pensioner.astype(int)
        return np.asarray(self.alpha[:, None] + self.tau[pensioner])

    def tenure_factors(self) -> Floats:
        """Factor on widths, shape (type, tenure)."""
        return np.asarray(self.rho[household_types().is_pensioner.astype(int)])


@dataclass(frozen=True)
class Parameters:
    """Everything a single authority needs from the national solution.

    Parameters
    ----------
    period, release
        Year described and edition of HBAI.
    made
        Inputs (name -> first 16 letters of their SHA-256) and the command that makes the file again.
    median
        National median income, equivalised, after housing costs, pounds a week.
    shape
        Shape of incomes.
    mixture
        Households of England.
    mean_income
        Mean over households of equivalised income that the model gives nationally, units of the median.
    ons_mean, ons_period
        Household-weighted mean of the ONS small-area incomes over England, pounds a year.
    margins
        England's census averages.
    income_rate
        England's share of people who are income deprived, Indices of Deprivation 2025.
    low_income
        Share in low income that England was solved to.
    """

    period: str
    release: str
    made: dict[str, Any]
    median: float
    shape: Shape
    mixture: Mixture
    mean_income: float
    ons_mean: float
    ons_period: str
    margins: NationalMargins
    income_rate: float
    low_income: float

    def region_index(self, region: str) -> int:
        """Position of a region on every region axis.

        Raises
        ------
        ParametersError
            The region has no parameters.
        """
        try:
            return self.mixture.regions.index(region)
        except ValueError:
            raise ParametersError(
                f"{region} has no income dispersion here: no HBAI rate was fitted for it; parameters "
                f"exist for {', '.join(self.mixture.regions)}"
            ) from None


def mixture_widths(shape: Shape) -> Widths:
    """Widths in the mixture, broadcastable to (type, tenure, region, bin)."""
    factor = shape.tenure_factors()[:, :, None, None] * shape.kappa[None, None, :, None]
    return Widths(
        shape.lower[:, None, None, None] * factor,
        np.asarray(shape.upper) * factor,
        shape.wide[:, None, None, None],
    )


def mixture_medians(shape: Shape, mixture: Mixture) -> Floats:
    """Log median income in the mixture, shape (type, tenure, region, bin)."""
    level = shape.follow[:, None, None, None] * mixture.level[None, None]
    return np.asarray(shape.offsets()[:, :, None, None] + level)


def low_income_shares(shape: Shape, mixture: Mixture, line: float) -> Floats:
    """Share of people below a line, shape (type, tenure, region, bin).

    Parameters
    ----------
    line
        Logarithm of the line in units of the median.
    """
    distance = line - mixture_medians(shape, mixture)
    return share_below(distance, mixture_widths(shape), np.asarray(shape.zero))


def mean_income(shape: Shape, mixture: Mixture) -> float:
    """Mean over England's households of equivalised income, units of the median."""
    means = np.exp(mixture_medians(shape, mixture)) * mean_factor(mixture_widths(shape))
    return float((mixture.households * means).sum() * (1 - float(shape.zero)))


def write_parameters(parameters: Parameters, path: Path) -> None:
    """Write parameters as JSON, rounded to what they are known to."""
    record = asdict(parameters)
    record["mixture"]["households"] = _rounded(parameters.mixture.households * 1e6, 3)
    record["mixture"]["level"] = _rounded(parameters.mixture.level, 5)
    record = _plain(record)
    path.write_text(json.dumps(record, indent=None, separators=(",", ":"), sort_keys=True) + "\n")


def read_parameters(path: Path | None = None) -> Parameters:
    """Parameters of FYE 2025, or those of a file that `write_parameters` wrote.

    Raises
    ------
    ParametersError
        There is no such file, it is not JSON, it lacks a part, or its arrays do not have the shape of the
        household types.
    """
    if path is None:
        text = (files("mis") / "calibration" / "fye2025.json").read_text(encoding="utf-8")
        where = "fye2025.json"
    else:
        where = path.name
        if not path.is_file():
            raise ParametersError(f"there is no file {where}; make it with mis.calibrate")
        text = path.read_text(encoding="utf-8")
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise ParametersError(f"{where} is not JSON: {error}; make it again with mis.calibrate") from error
    missing = {part.name for part in fields(Parameters)} - set(record)
    if missing:
        raise ParametersError(f"{where} lacks {sorted(missing)[0]}; make it again with mis.calibrate")
    shape: dict[str, Any] = {
        name: (np.array(value, dtype=float) if isinstance(value, list) else float(value))
        for name, value in record["shape"].items()
    }
    households = np.array(record["mixture"]["households"], dtype=float)
    if households.shape[0] != len(household_types()):
        raise ParametersError(
            f"{where} describes {households.shape[0]} household types, this version has "
            f"{len(household_types())}; make the file again"
        )
    margins = record["margins"]
    return replace(
        Parameters(**{**record, "shape": None, "mixture": None, "margins": None}),
        shape=Shape(**shape),
        mixture=Mixture(
            tuple(record["mixture"]["regions"]),
            np.array(record["mixture"]["level"], dtype=float),
            households / households.sum(),
        ),
        margins=NationalMargins(
            tenure=np.array(margins["tenure"]),
            ages=np.array(margins["ages"]),
            crowded=margins["crowded"],
            roomy=margins["roomy"],
            deprived=margins["deprived"],
        ),
    )


def _rounded(values: Floats, digits: int) -> list[Any]:
    rounded: list[Any] = np.round(values, digits).tolist()
    return rounded


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return _rounded(value, 6)
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return float(value) if isinstance(value, np.floating) else value
