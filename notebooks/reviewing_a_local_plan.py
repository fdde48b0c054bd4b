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
# # Reviewing a Local Plan
#
# A plan has 28 sites, a council has eleven layers, and four of these are not complete. What may be said of
# each site, and what may not? The town is Halverton, which is made up.

# %%
import tempfile
from pathlib import Path

from fairplace.disclosure import release
from fairplace.pipeline import BuildSettings, build
from fairplace.review.bundle import changed_in_bundle, write_bundle
from fairplace.review.compose import ReviewInputs, compose_review, read_layers, read_zones
from fairplace.review.model import read_settings
from fairplace.review.sites import read_sites
from fairplace.sample import write_sample
from geo.network import load_network
from layers.planning import read_coverage

folder = Path(tempfile.mkdtemp())
write_sample(folder / "data")
pack = build("E06999001", data=folder / "data", out=folder / "pack", settings=BuildSettings(draws=200))
released = release(pack)
local = folder / "data" / "local"

# %% [markdown]
# ## The layers, and what the council says of them

# %%
coverage = read_coverage(local / "constraints" / "coverage.csv")
layers = read_layers([local / "constraints"], coverage)
for layer in layers:
    print(f"{layer.title:35} {len(layer.frame):3} features  {layer.completeness:9} edition {layer.edition or 'not stated'}")

# %% [markdown]
# No data is not no constraint: the three layers that are not held have their cells like all others.

# %%
sites, notes = read_sites(local / "plan_sites.geojson")
policies, _ = read_zones(local / "policy.geojson")
centres, _ = read_zones(local / "town_centres.geojson")
inputs = ReviewInputs(
    sites,
    layers,
    network=load_network(pack.path / "networks" / "streets"),
    services=released.places("points", "services"),
    takeaways=released.places("points", "takeaways"),
    centres=centres,
    policies=policies,
    buffer=400.0,
    notes=notes,
)
review = compose_review(released, inputs, settings=read_settings(), command="the notebook Reviewing a Local Plan")
review.tables["sites"].text

# %% [markdown]
# ## Site by constraint

# %%
found = review.tables["constraints"].data
found[found["contact"] != "none"][["site", "title", "words"]]

# %%
assert found["share"].dropna().between(0, 1).all()
absent = found[found["completeness"] != "complete"]
assert absent["words"].str.contains("not complete for this authority").all()

# %% [markdown]
# ## Whom policies reach
#
# Inside and outside make the borough. People below the Minimum Income Standard are modelled, with a range.

# %%
review.tables["policy"].text

# %% [markdown]
# ## Takeaway zones
#
# A circle of 400 m round every school covers about twice the ground that one can walk in 400 m.

# %%
review.tables["takeaways"].text

# %% [markdown]
# ## The bundle, and whether it still matches

# %%
write_bundle(folder / "bundle", review)
said, looked = changed_in_bundle(folder / "bundle")
assert not said
path = folder / "bundle" / "rebuild.txt"
path.write_text(path.read_text() + " ")
print(looked, "files;", changed_in_bundle(folder / "bundle")[0])
