# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Siting family hubs
#
# A council has four family hubs and can open two more. Which buildings? This notebook walks through
# the question on an invented town: 200 neighbourhoods on both sides of a river with two bridges. Nobody
# lives there, and nothing below recommends anything.
#
# **Walking only, buses not included.**

# %%
import numpy as np
import pandas as pd

from fairplace.hub_note import read_note_settings, render_html, write_note
from fairplace.hubs import HubQuestion, plan_hubs
from geo.siting import rank_max_covers, solve_max_cover, solve_p_center, solve_p_median, solve_set_cover

# %% [markdown]
# ## The town
#
# Ways across the river go over the nearer of two bridges. Need is higher in the south-east.

# %%
random = np.random.default_rng(2026)
homes = random.uniform(0, 4000, (200, 2))
halls = random.uniform(0, 4000, (16, 2))
bridges = np.array([[1000.0, 2000.0], [3200.0, 2000.0]])


def metres(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Streets are about 1.3 times the straight line; the river runs along northing 2,000."""
    straight = np.hypot(*(start[:, None] - end[None]).transpose(2, 0, 1))
    over = np.min(
        [
            np.hypot(*(start - bridge).T)[:, None] + np.hypot(*(end - bridge).T)[None]
            for bridge in bridges
        ],
        axis=0,
    )
    apart = (start[:, None, 1] > 2000) != (end[None, :, 1] > 2000)
    return 1.3 * np.where(apart, over, straight)


ids = [f"N{number:03d}" for number in range(200)]
hall_ids = [f"hall{number:02d}" for number in range(16)]
times = pd.DataFrame(metres(homes, halls) / 80, index=ids, columns=hall_ids)  # 80 m a minute: 4.8 km/h

children = random.integers(5, 60, 200).astype(float)
poverty = np.clip(0.25 + 0.5 * (homes[:, 0] - homes[:, 1]) / 8000 + random.normal(0, 0.05, 200), 0.02, 0.9)
fifth = pd.qcut(-poverty, 5, labels=list("12345")).astype(str)
demand = pd.DataFrame(
    {
        "name": ids,
        "ward": np.where(homes[:, 1] > 2000, "North bank", "South bank"),
        "idaci_fifth": fifth,
        "children_0_4": children,
        "children_below_mis": children * poverty,
    },
    index=pd.Index(ids, name="id"),
)
candidates = pd.DataFrame(
    {
        "name": [f"Hall {number}" for number in range(16)],
        "status": ["existing"] * 4 + ["candidate"] * 12,
        "capacity": 500.0,
        "cost": 100_000.0,
        "opening": "",
        "step_free": "not known",
    },
    index=pd.Index(hall_ids, name="id"),
)
demand.groupby("ward")[["children_0_4", "children_below_mis"]].sum().round()

# %% [markdown]
# ## Four questions, four models
#
# They differ in what they call good, and so do their answers. `proven` says that under the same rules
# and numbers there is no better plan.

# %%
cost, need = times.to_numpy(), demand["children_0_4"].to_numpy()
kept = [0, 1, 2, 3]
plans = {
    "most children within 15 minutes": solve_max_cover(cost, need, limit=15, p=6, keep=kept),
    "shortest mean way": solve_p_median(cost, need, p=6, keep=kept),
    "shortest way for the farthest": solve_p_center(cost, need, p=6, keep=kept),
    "everybody within 30 minutes": solve_set_cover(cost, need, limit=30, keep=kept),
}
pd.DataFrame(
    {
        name: {
            "new sites": ", ".join(hall_ids[site] for site in plan.sites if site not in kept),
            "within 15 minutes": need[cost[:, plan.sites].min(axis=1) <= 15].sum() / need.sum(),
            "mean minutes": np.average(cost[:, plan.sites].min(axis=1), weights=need),
            "farthest": cost[:, plan.sites].min(axis=1).max(),
            "proven": plan.proven,
        }
        for name, plan in plans.items()
    }
).T

# %% [markdown]
# Shares are of children, never of neighbourhoods. And the best plan is rarely alone: these come within
# 5 % of the most children covered.

# %%
near = rank_max_covers(cost, need, limit=15, p=6, keep=kept, within=0.05)
print(len(near.plans), "plans;", "all of them" if near.complete else "there are more")
[tuple(hall_ids[site] for site in plan.sites if site not in kept) for plan in near.plans]

# %% [markdown]
# ## The whole plan
#
# Need is half all children, half those below the Minimum Income Standard. The latter is a model's
# estimate, so it comes with draws: ranges and scenarios are made from them.

# %%
shared = random.normal(0, 0.1, 60)  # what all neighbourhoods have in common
own = random.normal(0, 0.2, (200, 60))
draws = pd.DataFrame(demand["children_below_mis"].to_numpy()[:, None] * np.exp(shared + own), index=demand.index)
question = HubQuestion(need={"children_0_4": 0.5, "children_below_mis": 0.5}, add=2, limit=15)
plan = plan_hubs(demand, candidates, times, question=question, draws={"children_below_mis": draws})
plan.summary[["label", "opened", "need_share", "mean_minutes", "p95_minutes", "fifth_gap", "proven_best"]].round(3)

# %% [markdown]
# ### How sure is the choice of sites?
#
# The share of scenarios (walking speed, limit, draws, a lost hub) that choose each site.

# %%
plan.frequency[plan.frequency["all"] > 0].drop(columns="status").round(2)

# %% [markdown]
# ### Who gains, who loses
#
# Counts of 1 to 4 are blank.

# %%
plan.gains[(plan.gains["option"] == "1") & (plan.gains["measure"] == "children_0_4")].round()

# %% [markdown]
# ### How many hubs, and for whom
#
# Cover by number of hubs with what exists kept, and the frontier: no row of a trade is better than
# another at both of the things it trades.

# %%
plan.curve[plan.curve["curve"] != "free choice"].round(3)

# %%
plan.frontier.drop(columns="sites").round(3)

# %% [markdown]
# ## The note
#
# `fairplace hubs` writes this beside the tables. Consultation and sufficiency are left blank: they are
# for the council.

# %%
note = write_note(plan, read_note_settings(), authority="an invented town", fictional=True)
for notice in note.notices:
    print("-", notice)
print(len(render_html(note)) // 1000, "kB of HTML;", [section.heading for section in note.sections])
