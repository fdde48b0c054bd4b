"""HiGHS, asked through SciPy, with an answer that says how sure it is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from geo.siting_problem import Floats

EXACT = "exact (HiGHS)"


@dataclass(frozen=True)
class Answer:
    """What HiGHS found for a minimisation.

    Parameters
    ----------
    status
        ``optimal``, ``limit`` (time ran out; `values` is None if nothing was found) or
        ``infeasible``.
    values
        One for each variable, or None.
    objective, bound
        Value found and the value that no solution can go under.
    """

    status: Literal["optimal", "limit", "infeasible"]
    values: Floats | None
    objective: float
    bound: float


class Rows:
    """Linear rows collected one by one: ``low <= sum(coefficient * variable) <= high``."""

    def __init__(self) -> None:
        self._columns: list[NDArray[np.int64]] = []
        self._values: list[Floats] = []
        self._low: list[float] = []
        self._high: list[float] = []

    def add(
        self,
        columns: NDArray[np.int64] | list[int],
        values: Floats | list[float] | float,
        *,
        low: float = -np.inf,
        high: float = np.inf,
    ) -> None:
        """Append a row."""
        places = np.asarray(columns, dtype=np.int64)
        self._columns.append(places)
        self._values.append(np.broadcast_to(np.asarray(values, dtype=np.float64), places.shape))
        self._low.append(low)
        self._high.append(high)

    def constraint(self, variables: int) -> LinearConstraint | None:
        """All rows as SciPy takes them; None without any."""
        if not self._columns:
            return None
        pointer = np.concatenate([[0], np.cumsum([len(row) for row in self._columns])])
        matrix = csr_array(
            (np.concatenate(self._values), np.concatenate(self._columns), pointer),
            shape=(len(self._columns), variables),
        )
        return LinearConstraint(matrix, np.array(self._low), np.array(self._high))


def join_rows(first: LinearConstraint | None, second: LinearConstraint | None) -> LinearConstraint | None:
    """Put the rows of two constraints under one another."""
    if first is None or second is None:
        return first or second
    return LinearConstraint(
        vstack([first.A, second.A], format="csr"),
        np.concatenate([first.lb, second.lb]),
        np.concatenate([first.ub, second.ub]),
    )


def minimise(
    costs: Floats,
    constraint: LinearConstraint | None,
    *,
    whole: NDArray[np.bool_],
    low: Floats | float = 0.0,
    high: Floats | float = 1.0,
    time_limit: float | None = None,
    gap: float = 0.0,
) -> Answer:
    """Solve a mixed-integer program to proven optimum, or until time runs out.

    Parameters
    ----------
    costs
        One for each variable.
    constraint
        Rows, as `Rows.constraint` gives them.
    whole
        Variables that must be whole numbers.
    low, high
        Bounds of the variables.
    time_limit
        Seconds; None for as long as it takes.
    gap
        How far from the optimum, as a share, is good enough.
    """
    options: dict[str, float] = {"mip_rel_gap": gap}
    if time_limit is not None:
        options["time_limit"] = max(time_limit, 0.01)
    with _without_stray_lines():
        result = milp(
            costs,
            integrality=whole.astype(np.int64),
            bounds=Bounds(low, high),  # type: ignore[arg-type,unused-ignore]
            constraints=() if constraint is None else constraint,
            options=options,
        )
    if result.status == 2:
        return Answer("infeasible", None, np.inf, np.inf)
    bound = getattr(result, "mip_dual_bound", None)
    if result.x is None:
        return Answer("limit", None, np.inf, -np.inf if bound is None else float(bound))
    value = float(result.fun)
    # A program without whole numbers has no dual bound of its own: its optimum is the bound.
    known = value if bound is None else float(bound)
    return Answer("optimal" if result.status == 0 else "limit", result.x, value, known)


@contextlib.contextmanager
def _without_stray_lines() -> Iterator[None]:
    """Keep what the compiled solver prints out of the answer on standard output.

    HiGHS as SciPy 1.15 to 1.17 carry it prints a line of its own making whenever it mends a solution of a
    capacitated model, whatever is asked of its log. It is C that prints, so the file itself is turned
    away, and C's buffer is emptied before it is turned back.
    """
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output to keep clean
        yield
        return
    try:
        with Path(os.devnull).open("wb") as away:
            os.dup2(away.fileno(), 1)
        yield
    finally:
        ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
