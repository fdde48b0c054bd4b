"""What a profile says: which sections, in which order, whatever form they will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fairplace.disclosure import Released
from fairplace.indicators import load_indicators
from fairplace.profile.access import access
from fairplace.profile.charts import charts
from fairplace.profile.closing import caveats, contact, currency
from fairplace.profile.comparators import beside, comparators
from fairplace.profile.cover import cover_map, cover_papers
from fairplace.profile.designations import designations
from fairplace.profile.document import StatusError, bind, check_status
from fairplace.profile.evidence import local_evidence
from fairplace.profile.gaps import gaps
from fairplace.profile.maps import maps
from fairplace.profile.model import Profile
from fairplace.profile.place import (
    AreaFigures,
    AreaNotFoundError,
    Place,
    by_indicator,
    find_place,
    lender_of,
    places_of,
)
from fairplace.profile.pyramid import pyramid
from fairplace.profile.sections import mis, parts, small_areas, summary, where
from fairplace.profile.themes import themes
from fairplace.profile.words import Words, load_words
from fairplace.settings import Settings

__all__ = ["AreaNotFoundError", "Place", "StatusError", "compose", "find_place", "places_of"]


def compose(
    released: Released,
    place: Place,
    *,
    status: str = "draft",
    words: Words | None = None,
    settings: Settings | None = None,
    compare: Sequence[str] = (),
    superseded: str = "",
) -> Profile:
    """Compose the profile of an area.

    Parameters
    ----------
    released
        What may be shown, for the edition.
    place
        The area.
    status
        ``draft``, ``approved by NAME, DATE``, ``approved`` (by the approver of the settings) or
        ``superseded``; it stands on every page.
    words
        Sentences; ours by default.
    settings
        What the council says of itself.
    compare
        Codes or names of areas, or saved ``.json`` profiles, to hold the area beside, with those of
        the settings.
    superseded
        A sentence, where a later edition has taken the place of the pack's
        (`fairplace.corrections.say_superseded`).

    Raises
    ------
    StatusError
        The status is none of these, or nobody is named who approved it.
    """
    words, settings = words or load_words(), settings or Settings()
    status = check_status(status, settings)
    district = next(key for key in released.geographies if key.startswith("lad"))
    here = by_indicator(released.figures, place.code, place.geography)
    copied = any(name.startswith("mis_") and row["basis"] == "copied" for name, row in here.items())
    figures = AreaFigures(
        here,
        by_indicator(released.figures, released.authority, district),
        lender_of(released, place) if copied else "",
    )
    # A rank says more than anybody knows, and none is published with a range: the decile stands for it.
    indicators = [one for one in load_indicators(words) if one.unit != "rank"]
    others = comparators(words, released, place, figures, [*settings.compare, *compare])
    inside = small_areas(released, place)
    title = words("title", "profile", area=place.name)
    sections = [
        summary(words, released, place, figures, indicators, others),
        where(words, released, place, figures),
        mis(words, released, place, figures, indicators),
        maps(words, released, place, inside),
        charts(words, released, place, figures, indicators, inside, others),
        themes(words, released, place, figures, indicators, others),
        pyramid(words, released, place),
        beside(words, released, place, figures, others, indicators),
        access(words, released, place),
        designations(words, released, place, figures),
        gaps(words, released, place, figures, indicators, others),
        parts(words, released, place, inside),
        local_evidence(words, released, geography=place.geography, code=place.code, area=place.name),
    ]
    sections += [
        caveats(words, released, place, sections),
        currency(words, released, place, sections),
        contact(words, settings),
    ]
    made = bind(words, released, place, sections, title=title, status=status, superseded=superseded)
    return replace(
        made,
        papers=cover_papers(words, released, place, settings, made.status),
        inset=cover_map(words, released, place),
    )
