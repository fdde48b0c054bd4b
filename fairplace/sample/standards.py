"""The few published numbers that the sample town's people are measured against.

Budgets are April 2025, pounds a week, comparable with income after housing costs: rent, childcare,
council tax and water left out. The sample is made with its own small copy so that an error in the
budgets that `mis` reads cannot hide in an error of the truth they are held against.
"""

from __future__ import annotations

import pandas as pd

#: Median income after housing costs, pounds a week for a couple, 2024/25.
#: DWP, Households below average income, financial year ending 2025.
MEDIAN_AHC = 623.1

#: From April 2025 back to the middle of the financial year ending 2025: half a year of the rise in
#: the whole budget, 4.5 % a year.
TO_YEAR = 0.978

# Published: JRF and Loughborough University (CRSP), A Minimum Income Standard for the United Kingdom
# in 2025, table 2. Derived: from the published ones by the cost of a child and the earnings that the
# same report gives for the type. A household of several families needs the sum of their lines less
# a fifth of each line after the first.
_TYPES = [
    # type, adults, pensioners, children, line, published
    ("single", 1, 0, 0, 304.93, True),
    ("couple", 2, 0, 0, 531.00, False),
    ("single_pensioner", 0, 1, 0, 260.00, False),
    ("couple_pensioner", 0, 2, 0, 387.36, True),
    ("lone_parent_1", 1, 0, 1, 514.00, False),
    ("lone_parent_2", 1, 0, 2, 624.24, True),
    ("lone_parent_3", 1, 0, 3, 734.00, False),
    ("couple_1", 2, 0, 1, 681.00, False),
    ("couple_2", 2, 0, 2, 790.20, True),
    ("couple_3", 2, 0, 3, 900.00, False),
    ("couple_4", 2, 0, 4, 1010.00, False),
]

#: Household types by id: working-age adults, pensioners, children, line of April 2025 in pounds a
#: week, and whether the line is published or derived. ``multi_family`` is made from these.
TYPES = pd.DataFrame(
    _TYPES, columns=["type", "adults", "pensioners", "children", "line", "published"]
).set_index("type")


def scale(adults: pd.Series, children: pd.Series) -> pd.Series:
    """HBAI's equivalence scale after housing costs: 1 for a couple, children taken as under 14."""
    return 0.58 + 0.42 * (adults - 1) + 0.20 * children
