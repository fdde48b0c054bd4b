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
# # A neighbourhood profile
#
# A planner needs a profile of a ward by four o'clock. This notebook makes one for an invented town, looks at
# what a number in it is, and writes the same document in several forms.

# %%
import tempfile
from pathlib import Path

import pandas as pd

from fairplace.disclosure import release
from fairplace.pipeline import BuildSettings, build
from fairplace.profile.content import compose, find_place, places_of
from fairplace.profile.forms import write_profile
from fairplace.profile.grid import grid
from fairplace.sample import write_sample
from fairplace.settings import Settings

folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## From published files to a pack
#
# The sample authority is written in the formats of the real publishers and read by the same readers.

# %%
write_sample(folder / "data")
pack = build("E06999001", data=folder / "data", out=folder / "pack", settings=BuildSettings(draws=200))
released = release(pack, "public")
places_of(released, "wd25")[:3]

# %% [markdown]
# ## One document, free of any form
#
# Nothing is drawn or written yet. A number remembers the row that it comes from.

# %%
settings = Settings(contact="Policy and Insight Team", email="insight@halverton.example")
ward = find_place(released, "Castle Mead")
profile = compose(released, ward, settings=settings)
[section.title for section in profile.sections]

# %%
number = next(
    one
    for one in profile.numbers()
    if one.row["indicator"] == "mis_people_below_share" and one.style == "value"
)
print(number.text)
pd.Series(dict(number.row))

# %% [markdown]
# ## Largest gaps, with their rule
#
# These are gaps, by a rule that stands beside them. What matters most is for the council to say.

# %%
gaps = next(one for one in profile.sections if one.id == "gaps")
for table in (block for block in gaps.blocks if hasattr(block, "rows")):
    laid = grid(table)
    print(laid.caption)
    print(pd.DataFrame([[cell.value for cell in row] for row in laid.rows], columns=laid.head).iloc[:, :3])
print(gaps.blocks[-1].text)

# %% [markdown]
# ## The same numbers in every form

# %%
for suffix in ("html", "pdf", "docx", "xlsx", "json", "zip"):
    path = folder / f"profile.{suffix}"
    write_profile(profile, released, path)
    print(path.name, f"{path.stat().st_size / 1000:,.0f} kB")
