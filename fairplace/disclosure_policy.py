"""What is hidden, and why: the disclosure policy in plain constants.

An information-governance lead can read this page and change a number on it. What the rules do with it
is in `fairplace.disclosure` and `fairplace.suppression`; why, at length, in docs/methods/disclosure.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from geo.source import LicenceClass

Edition = Literal["public", "officer"]

#: Counts of people or homes from 1 to this are hidden, unless their publisher has applied disclosure
#: control already. Field practice hides 1 to 4 (births and deaths policy of ONS; Nomis blanks under 5).
HIDE_UP_TO = 4
#: What `HIDE_UP_TO` may be set to: NHS bodies hide up to 7, and below 1 nothing would be hidden.
HIDE_UP_TO_RANGE = (1, 7)
#: An organisation's own bases are rounded to this, so that two bases do not differ by one person.
ROUND_BASES_TO = 5
#: Units whose values are counts of people or homes.
COUNTED_UNITS = frozenset(
    {"people", "households", "homes", "children", "events", "replies", "attendances", "incidents"}
)
#: Geographies from small to large; a figure is public only at or above its floor. A drawn area counts as
#: no more than an LSOA, whatever its size: `fairplace.drawn` lowers the floor of a figure that needs a
#: ward only where the area holds as many residents and households as the pack's smallest ward.
SIZE_ORDER = ("oa", "lsoa", "area", "msoa", "wd", "lad", "rgn", "ctry")
#: A floor that no geography reaches: the figure appears in officer editions only.
OFFICER_ONLY = "officer"
#: What an edition may carry. Restricted tables are in no pack, so no edition names them.
LICENCES: Mapping[Edition, tuple[LicenceClass, ...]] = {
    "public": ("open", "share-alike"),
    "officer": ("open", "share-alike", "member-only"),
}
#: Indicators of the Minimum Income Standard begin with this. Their publisher is the model: a drawn area
#: has its own only if it is as large as ONS's smallest LSOA (`geo.place.MIS_RESIDENTS`).
#: Pounds a week in total are for officers below wards, and no public row of an LSOA carries them. What
#: remains is a product that anyone can form: the mean gap of those below times about how many they are,
#: both modelled and to two significant figures. It says nothing of a household that they do not.
MIS_PREFIX = "mis_"


@dataclass(frozen=True)
class LayerRule:
    """What one layer of an organisation's own data needs beyond the general rule.

    Parameters
    ----------
    smallest_base
        A figure of fewer people, homes or replies than this is hidden: of so few a share says little
        and shows much.
    reason
        Why, in a sentence.
    whole
        What is known of one practice, network or area is shown whole or not at all, because its
        figures bound one another.
    rounded
        Every base is rounded, and with it how many replied: not everybody answers every question, and
        a question's base beside the replies would tell how few left it out.
    """

    smallest_base: int
    reason: str
    whole: bool = False
    rounded: bool = False


_AUDITS = "a handful of audited homes on a street can be told apart from the pavement"
#: Word in a source's id -> its rule. The first that fits holds; other layers have only the general one.
LAYERS: Mapping[str, LayerRule] = {
    "survey": LayerRule(10, "an estate with fewer than 10 replies is known by its neighbours", rounded=True),
    "audit": LayerRule(10, _AUDITS),
    "counts_homes": LayerRule(10, _AUDITS),
    "childminder": LayerRule(1, "places tell how many childminders there are", whole=True),
    "referral": LayerRule(
        5, "the people referred by one practice in one quarter know one another", whole=True
    ),
    "attendance": LayerRule(5, "who came to a small group is known to all who came"),
}


def layer_rule(source: str) -> LayerRule | None:
    """Rule of the layer that a source belongs to, or None."""
    return next((rule for word, rule in LAYERS.items() if word in source), None)


def largest_hidden(settings: Mapping[str, Any]) -> int:
    """Largest count that is hidden of a pack that was built with these settings; else `HIDE_UP_TO`."""
    return int(settings.get("hide_up_to", HIDE_UP_TO))
