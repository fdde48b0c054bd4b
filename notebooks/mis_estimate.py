# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # An estimate of people below the Minimum Income Standard, step by step
#
# An invented town of twelve areas, so that the notebook runs anywhere. For a real authority the tables
# come from the pack's readers. Everything here is modelled; nothing says anything of one household.

# %%
import numpy as np
import pandas as pd

from geo.crosswalk import nested
from geo.geography import Geography
from mis import MisInputs, MisSettings, aggregate, estimate_shortfall, read_budgets, round_public, summarise
from mis.household_types import household_types
from mis.parameters import read_parameters
from mis.validation import national_rates, read_published
from mis.whatif import Change, summarise_difference, what_if

# %% [markdown]
# ## Lines
# Budgets of April 2025 without rent, childcare, council tax and water, brought to FYE 2025.

# %%
budgets = read_budgets()
lines = pd.DataFrame(
    {
        "household": household_types().labels,
        "weekly": budgets.weekly().round(2),
        "status": [budgets.lines[name].status for name in household_types().ids],
        "error": budgets.log_sd,
    }
)
lines

# %% [markdown]
# ## What the national solution implies, beside rates it never saw (per cent)
#
# The solution shipped is England's, at England's low-income rate; the published rates are the United
# Kingdom's (London's apart). The method page holds them against a solution at the United Kingdom's rate,
# which lies a few tenths lower. The line of single pensioners was chosen with sight of their rate.

# %%
ours = national_rates(read_parameters(), budgets)
published = read_published()["rates"]
pd.DataFrame(
    {name: {"published": fact["value"], "modelled": round(100 * ours[name], 1)} for name, fact in published.items()}
).T

# %% [markdown]
# ## A town

# %%
areas = 12
codes = [f"E0190{number:04d}" for number in range(areas)]
msoa = [f"E0290{number // 3:04d}" for number in range(areas)]
poor = np.linspace(0.1, 0.9, areas)
households = np.full(areas, 650)
tenure = np.column_stack([0.4 - 0.25 * poor, 0.35 - 0.2 * poor, 0.05 + 0.3 * poor, 0.2 + 0.15 * poor])
ages = np.array([0.45, 0.25, 0.33, 0.47, 0.46, 0.45]) + np.outer(poor, [0.3, 0.1, 0.1, 0.0, -0.1, -0.2])
mean = pd.Series(38_000 - 16_000 * np.linspace(0.2, 0.9, 4), index=sorted(set(msoa)))
inputs = MisInputs(
    areas=pd.DataFrame(
        {"msoa": msoa, "msoa11": msoa, "district": "E06000900", "region": "E12000006"}, index=codes
    ),
    tenure=pd.DataFrame(
        np.round(tenure * households[:, None]),
        index=codes,
        columns=["owned_outright", "owned_mortgage", "social_rented", "private_rented"],
    ),
    income=pd.DataFrame({"mean": mean, "low": mean * 0.89, "high": mean * 1.127}),
    ages=pd.DataFrame(
        np.round(ages * households[:, None]),
        index=codes,
        columns=["age_0_15", "age_16_24", "age_25_34", "age_35_49", "age_50_64", "age_65_over"],
    ),
    income_rate=pd.Series(0.05 + 0.5 * poor, index=codes),
)

# %% [markdown]
# ## The estimate: draws of sums, then figures

# %%
estimate = estimate_shortfall(inputs, settings=MisSettings(draws=400, seed=2040))
for note in estimate.notes:
    print("-", note)

# %%
figures = summarise(estimate, authority="E06000900")
share = figures[figures["indicator"] == "mis_people_below_share"].set_index("code")
share[["value", "low", "high", "reliability"]].round(2)

# %% [markdown]
# Areas are added draw by draw. The range of the town is not the sum of its areas' ranges, and not what
# independent areas would give.

# %%
to_town = nested(
    Geography("lsoa", 2021), Geography("lad", 2025), dict.fromkeys(codes, "E06000900"), method="invented"
)
town = summarise(aggregate(estimate, to_town), authority="E06000900").set_index("indicator")
row = town.loc["mis_people_below"]
print(
    f"about {round_public(row['value']):,.0f} people, "
    f"{round_public(row['low']):,.0f} to {round_public(row['high']):,.0f}"
)

# %% [markdown]
# ## What if: £20 a week for each child

# %%
difference = what_if(estimate, Change("£20 a week for each child", 20.0, per_child=True))
cost, below = (difference.estimate.draws[name].sum(axis=0) for name in ("cost", "cost_below"))
print(f"£{np.median(cost):,.0f} a week, {np.median(below / cost):.0%} of it to those below")
summarise_difference(difference, to_town)[["indicator", "value", "low", "high", "unit"]].round(3)
