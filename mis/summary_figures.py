"""Which figures an estimate gives, what sums they are made of, and where they may be published."""

from __future__ import annotations

from dataclasses import dataclass

from mis.shortfall import BANDS


@dataclass(frozen=True)
class Figure:
    """How one figure follows from sums: numerator over denominator, or a sum alone."""

    indicator: str
    count: str
    base: str
    unit: str
    ward_and_above: bool = False
    officer: bool = False


def _bands() -> tuple[Figure, ...]:
    # Numbers and shares of each group below each band of the line; half of the line for wards and above.
    made = []
    # Pensioners are counted as people, because no figure has a unit of their own.
    for group in ("people", "children", "pensioners", "households"):
        unit = "people" if group == "pensioners" else group
        for _, suffix in BANDS:
            below = f"{group}_below{suffix}"
            ward = suffix == "_50"
            made.append(Figure(f"mis_{below}", below, "", unit, ward_and_above=ward))
            made.append(Figure(f"mis_{below}_share", below, group, "share", ward_and_above=ward))
    return tuple(made)


#: Every figure of an area, in the order of its rows.
FIGURES = (
    *_bands(),
    Figure("mis_children_0_4_below", "children_0_4_below", "", "children", ward_and_above=True),
    Figure(
        "mis_children_0_4_below_share",
        "children_0_4_below",
        "children_0_4",
        "share",
        ward_and_above=True,
    ),
    Figure("mis_gap_weekly", "shortfall", "people_below", "GBP a week"),
    Figure("mis_shortfall_weekly", "shortfall", "", "GBP a week", officer=True),
    Figure("mis_depth", "gap", "people_below", "share of the line"),
    Figure("mis_fgt1", "gap", "people", "share of the line"),
    Figure("mis_fgt2", "squared_gap", "people", "share of the line squared", ward_and_above=True),
)

#: Indicator -> sum whose share tells its reliability; the people below for what is no share or number.
GRADED = {
    figure.indicator: figure.count
    for figure in FIGURES
    if figure.unit in ("share", "people", "children", "households")
} | {"mis_children_above_authority_probability": "children_below"}

#: Indicator -> smallest geography on which it may be published, for those above LSOA.
FLOORS: dict[str, str] = {
    figure.indicator: "wd25" for figure in FIGURES if figure.ward_and_above or figure.officer
}
