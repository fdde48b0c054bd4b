"""A fictional local authority, Halverton, written in the publishers' own file formats.

It comes from a seed, belongs to nobody, and has a real town's difficulties: a river and a railway
to cross, a hill, wards that no longer fit the census, students, an estate split between areas. Who
is below the Minimum Income Standard in it is known (`Town.truth`), so that an estimate made from
its published files can be held against the truth.
"""

from fairplace.sample.publish import publish, write_sample
from fairplace.sample.town import DEFAULT_SEED, Town, make_town

__all__ = ["DEFAULT_SEED", "Town", "make_town", "publish", "write_sample"]
