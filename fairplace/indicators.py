"""Which indicators a profile shows, in which order, and how those we form ourselves are formed.

The list is data (``indicators.toml``): label, theme, unit and polarity of every indicator, and for a
share that no publisher gives, the columns it is counted from and the column it is counted over.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

from maps.words import Words

Polarity = Literal["lower", "higher", "none"]


@dataclass(frozen=True)
class Indicator:
    """An indicator of the profile.

    Parameters
    ----------
    id
        Stable id.
    label
        In a reader's words.
    theme
        Which table it stands in.
    unit
        Unit of its value.
    count_unit
        Unit of its count and base, where it has them.
    polarity
        Whether lower or higher is better for residents; ``none`` where that is not agreed.
    direction
        Said beside the label, such as "1 = most deprived".
    numerator, denominator
        Columns that are added up for a share we form ourselves; empty for one that is read.
    """

    id: str
    label: str
    theme: str
    unit: str
    count_unit: str = "people"
    polarity: Polarity = "none"
    direction: str = ""
    numerator: tuple[str, ...] = ()
    denominator: tuple[str, ...] = ()

    def record(self) -> dict[str, str]:
        """Give what the dictionary of a pack says of it."""
        over = f"{' + '.join(self.numerator)} over {' + '.join(self.denominator)}" if self.numerator else ""
        return {
            "label": self.label,
            "unit": self.unit,
            "measure": "rate" if self.numerator else "",
            "direction": self.direction,
            "base": over,
        }


def load_indicators(words: Words | None = None) -> tuple[Indicator, ...]:
    """Every indicator, in the order of the profile; named in `words`, in English if left out."""
    held = read_indicators()
    if words is None:
        return held
    return tuple(
        replace(
            one,
            label=words.called("indicators_label", one.id, one.label),
            direction=words.called("indicators_direction", one.id, one.direction),
        )
        for one in held
    )


@cache
def read_indicators() -> tuple[Indicator, ...]:
    """Every indicator as our file has it."""
    text = resources.files("fairplace").joinpath("indicators.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    return tuple(_indicator(name, entry) for name, entry in content.items())


def _indicator(name: str, entry: dict[str, Any]) -> Indicator:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    return Indicator(id=name, **fields)


def indicator_labels() -> dict[str, str]:
    """Id -> label."""
    return {one.id: one.label for one in load_indicators()}
