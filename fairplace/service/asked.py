"""Areas that people ask for: what they may send, and the profile of what they mean.

An area is a code or a name of the pack, postcodes, a drawing, or a walking time; what each may be is
`geo.area`'s to say. Here stands how much of it is taken from a stranger, and what is kept of it.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from fairplace.disclosure import Released
from fairplace.profile.content import AreaNotFoundError, Place, compose, find_place
from fairplace.profile.forms import FORMS, Rendering
from fairplace.service.bounds import (
    AREA_LETTERS,
    AREAS_KEPT,
    DRAWING_POINTS,
    MENDED_CROSSINGS,
    MENDED_POINTS,
    MINUTES,
    OWN_BYTES,
    SHORT_LETTERS,
    STREET_WAITING,
)
from fairplace.service.crossings import count_crossings
from fairplace.service.finished import Document, Finished, Turn
from fairplace.service.opening import Kept
from fairplace.service.problems import RequestError, SizeError
from geo.crs import WGS84
from geo.drawing import looks_drawn
from geo.place import Area

#: Walking and cycling times are worked out one at a time.
STREETS = Turn(STREET_WAITING, "requests are waiting to go along the streets")
_TIME = re.compile(r"\s*[a-z]+\s*:\s*(\d+(?:\.\d+)?)\s*min\s*:", re.IGNORECASE)
_SRID = re.compile(r"\s*SRID=(\d+)\s*;", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """An area that was asked for.

    Parameters
    ----------
    place
        What it is called.
    area
        What it is made of; None for a published area that was found by its code or name.
    """

    place: Place
    area: Area | None = None

    @property
    def own(self) -> bool:
        """Whether it is of no published geography."""
        return self.area is not None and self.area.geography == "area"

    def released(self, released: Kept) -> Released:
        """Give what may be shown, with the figures of this area.

        Raises
        ------
        DisclosureError
            The area is too small.
        """
        return released.with_area(self.area) if self.own and self.area is not None else released

    def key(self) -> tuple[str, ...]:
        """Give what tells this area from all others, with its name and its line."""
        if self.area is None or not self.own:
            return (self.place.geography, self.place.code)
        line = hashlib.sha256(shapely.to_wkb(self.area.shape)).hexdigest()[:32]
        return (self.place.code, self.place.name, line)


class Asking:
    """Finds areas, and remembers the last of them that were fitted."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], Asked] = OrderedDict()
        self._ready: OrderedDict[tuple[str, ...], tuple[Finished, tuple[str, ...], str]] = OrderedDict()
        self._lock = threading.Lock()
        self.finished = Finished(OWN_BYTES)

    def find(self, key: str, released: Kept, text: str, name: str = "") -> Asked:
        """Find or make an area.

        Parameters
        ----------
        key, released
            The pack.
        text
            Code, name, postcodes, WKT or GeoJSON, or ``walk:15min:POINT``.
        name
            What a drawn area is to be called.

        Raises
        ------
        AreaError, DrawingError, PostcodeError, TooSmallError, RequestError
            There is no such area, or it cannot be used.
        """
        text = check_text(text)
        name = check_name(name)
        try:
            return Asked(find_place(released, text))
        except AreaNotFoundError:
            pass
        wanted = (key, hashlib.sha256(text.encode()).hexdigest(), name)
        with self._lock:
            if wanted in self._known:
                self._known.move_to_end(wanted)
                return self._known[wanted]
        how: dict[str, Any] = {"name": name} if name else {}
        if _TIME.match(text):
            with STREETS.take():
                area = released.area(text, **how)
        else:
            area = released.area(text, crs=WGS84, **how)
        found = Asked(Place(area.geography, area.id, area.name), area)
        with self._lock:
            self._known[wanted] = found
            while len(self._known) > AREAS_KEPT:
                self._known.popitem(last=False)
        return found

    def note(self, question: tuple[str, ...], store: Finished, key: tuple[str, ...], label: str) -> None:
        """Remember where the answer to a question as it was put is kept, if it was short."""
        if sum(map(len, question)) > SHORT_LETTERS:
            return
        with self._lock:
            self._ready[question] = (store, key, label)
            while len(self._ready) > AREAS_KEPT:
                self._ready.popitem(last=False)

    def noted(self, question: tuple[str, ...]) -> tuple[Document, str] | None:
        """Give the answer to a question that was put before in the same words, if it is still kept."""
        with self._lock:
            if question not in self._ready:
                return None
            self._ready.move_to_end(question)
            store, key, label = self._ready[question]
        document = store.held(key)
        return None if document is None else (document, label)


def make_profile(
    key: str, released: Kept, asked: Asked, form: str, *, finished: Finished, own: Finished
) -> Document:
    """Profile of an area in one form, made now if need be.

    Parameters
    ----------
    key, released
        The pack.
    asked
        The area.
    form
        One of `fairplace.profile.forms.FORMS`, without the dot.
    finished, own
        Where profiles of published areas are kept, and those of areas of somebody's own: the latter
        are without number, and must not push the former out.

    Raises
    ------
    DisclosureError
        The area is too small for a public profile.
    BusyError
        Too many are being made.
    """

    def make() -> bytes:
        shown = asked.released(released)
        document = compose(shown, asked.place, superseded=released.superseded)
        return FORMS[f".{form}"](Rendering(document, shown))

    store = own if asked.own else finished
    return store.get(profile_key(key, form, asked), make, drawn=form not in ("json", "xlsx"))


def profile_key(key: str, form: str, asked: Asked) -> tuple[str, ...]:
    """Give what a profile in one form is kept under."""
    return ("profile", key, form, *asked.key())


def check_text(text: str) -> str:
    """Check what describes an area; a drawing is read and written again, so that nothing else is in it.

    Raises
    ------
    RequestError, SizeError
        It is empty, too long, or no drawing.
    """
    text = text.strip()
    if not text or (len(text) > AREA_LETTERS and not text.startswith("{")):
        raise RequestError(
            f"area has {len(text):,} letters; give a code, a name, postcodes, a drawing or walk:15min:POINT "
            f"in at most {AREA_LETTERS:,}, or send a larger drawing as the body of a POST"
        )
    if "\x00" in text:
        raise RequestError("area holds a character that is not text; leave it out")
    timed = _TIME.match(text)
    if timed and not 0 < float(timed[1]) <= MINUTES:
        raise RequestError(
            f"the time is {timed[1][:20]} minutes; ask for more than 0 and at most {MINUTES:g}"
        )
    if text.startswith("{"):
        return check_geojson(text)
    said = _SRID.match(text)
    if said and said[1] not in ("4326", "27700"):
        raise RequestError(f"the drawing says SRID={said[1][:20]}; give degrees (4326) or metres (27700)")
    if looks_drawn(text):
        _check_shape(_shape(shapely.from_wkt, text.partition(";")[2] if ";" in text else text))
    return text


def check_name(text: str) -> str:
    """Check what a drawn area is to be called."""
    if not text.isprintable():
        raise RequestError("name holds characters that cannot be printed; write it in letters")
    return " ".join(text.split())


def check_geojson(text: str | bytes) -> str:
    """Check a drawing as GeoJSON: Polygon or MultiPolygon, bare or in a feature or a collection of one.

    Returns
    -------
    str
        The geometry alone, written again.

    Raises
    ------
    RequestError
        It is not that.
    SizeError
        It has too many points.
    """
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = "nested too deep" if isinstance(error, RecursionError) else str(error)[:120]
        raise RequestError(f"the drawing is not GeoJSON: {said}") from None
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        if not isinstance(features, list) or len(features) != 1:
            number = len(features) if isinstance(features, list) else "no"
            raise RequestError(f"the drawing holds {number} features; send one")
        found = features[0]
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    kind = found.get("type") if isinstance(found, dict) else type(found).__name__
    if not isinstance(found, dict) or kind not in ("Polygon", "MultiPolygon"):
        raise RequestError(f'the drawing is a "{str(kind)[:40]}"; send a Polygon or MultiPolygon')
    bare = json.dumps({"type": kind, "coordinates": found.get("coordinates")})
    _check_shape(_shape(shapely.from_geojson, bare))
    return bare


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number that GeoJSON has")


def _shape(read: Any, text: str) -> Any:
    try:
        shape = read(text)
    except (shapely.errors.ShapelyError, RecursionError) as error:
        raise RequestError(f"the drawing cannot be read: {str(error).splitlines()[0][:150]}") from None
    if shape is None or shape.is_empty:
        raise RequestError("the drawing is empty; draw an area")
    return shape


def _check_shape(shape: Any) -> None:
    points = shapely.get_coordinates(shape)
    if len(points) > DRAWING_POINTS:
        raise SizeError(f"the drawing has {len(points):,} points; send at most {DRAWING_POINTS:,}")
    if not np.isfinite(points).all():
        raise RequestError("the drawing has coordinates that are not numbers; save it again")
    # Mending a line that crosses itself ten million times would take minutes.
    if shapely.is_valid(shape):
        return
    if len(points) > MENDED_POINTS or count_crossings(shape) > MENDED_CROSSINGS:
        raise RequestError(
            f"the drawing crosses itself ({shapely.is_valid_reason(shape)[:80]}); move the corner so that "
            "it does not"
        )
