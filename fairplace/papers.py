"""Whose data a map draws: the sources of its figures, outlines, points, lines and background."""

from __future__ import annotations

from collections.abc import Iterable

from fairplace.disclosure import Released
from fairplace.places import POINTS
from geo.source import Source
from maps.style import BACKDROP

#: Sources that a computed figure was made from, by the beginning of their ids.
_INPUTS: dict[str, tuple[str, ...]] = {"mis_model": ("census2021_", "saie_", "iod2025", "mis_budgets")}
_GREEN = "os_open_greenspace"


def figure_papers(released: Released, source: str) -> list[Source]:
    """Give the sources of a figure: its own, and those of a modelled one that ask to be named."""
    inputs = [
        one
        for key, one in sorted(released.sources.items())
        if key.startswith(_INPUTS.get(source, ())) and one.attribution
    ]
    return [*_held(released, source), *inputs]


def area_papers(released: Released, geography: str) -> list[Source]:
    """Give the sources of the outlines of a geography; districts are joined from their LSOAs."""
    return _held(released, f"boundary_{geography}") or _held(released, "boundary_lsoa21")


def place_papers(released: Released, name: str) -> list[Source]:
    """Give the sources of a layer of points or lines of the pack, by its name there."""
    if name in ("green", "green_entrances") and _GREEN in released.sources:
        return _held(released, _GREEN)
    if name in BACKDROP:
        return [] if released.street_source is None else [released.street_source]
    return _held(released, POINTS[name][0] if name in POINTS else f"local_{name}")


def credits_of(sources: Iterable[Source]) -> str:
    """Name sources, a line each: in the words they ask for, or else by title, publisher and licence."""
    return "\n".join(dict.fromkeys(one.attribution or _papers(one) for one in sources))


def _papers(source: Source) -> str:
    # On a map no list follows: what a figure was computed from is named beside it.
    licence = source.licence.replace("computed from the sources listed here", "computed")
    return f"{source.title}: {source.publisher}, {licence}."


def _held(released: Released, source: str) -> list[Source]:
    return [released.sources[source]] if source in released.sources else []
