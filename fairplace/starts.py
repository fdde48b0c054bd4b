"""Places as people name them: a postcode, a name or a code of the pack, or coordinates.

Nothing is guessed. A text that means several places is refused with their codes, one that means none with
the names most like it; somebody who writes a list learns of all that is wrong with it at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from fairplace.demand import PEOPLE
from fairplace.pack import Pack
from geo.place_files import PlaceError, parse_place
from geo.postcodes import make_directory, suggest, tidy_postcode

#: Places nearer to one another than this are one: a hall in two lists.
SAME_METRES = 5.0
#: Of how many texts, or meanings of one, the message says what they are.
_SHOWN = 4
_POSTCODES = "postcodes"
#: Points of a pack that are not places to start from by name.
_NAMELESS = (PEOPLE, _POSTCODES, "events", "case_studies", "green_entrances")


@dataclass(frozen=True)
class _Meaning:
    """One thing that a text may mean."""

    kind: str
    code: str
    name: str
    x: float
    y: float

    @property
    def said(self) -> str:
        return f"{self.code} {self.name} ({self.kind.replace('_', ' ')})".replace("  ", " ")


def find_starts(texts: Sequence[str], pack: Pack | None = None) -> pd.DataFrame:
    """Find places by what people call them.

    Parameters
    ----------
    texts
        Each one place, or several with semicolons between: easting and northing, latitude and longitude,
        a postcode of the pack, or the name or code of a place or an area of the pack. Capitals, spaces
        and "(fictional)" do not matter. An area stands for the middle of its residents, or for a point
        inside it where the pack does not say where they live.
    pack
        Where names and postcodes are looked up; None: coordinates only.

    Returns
    -------
    DataFrame
        Indexed by the text as given, without repeats: ``x``, ``y`` (EPSG:27700) and ``means``: the code
        and name that were found, empty for coordinates.

    Raises
    ------
    PlaceError
        A text means nothing, or several places: one line that names them.
    """
    wanted = list(dict.fromkeys(one.strip() for text in texts for one in text.split(";") if one.strip()))
    if not wanted:
        raise PlaceError("no place was given; give a postcode, a name or a code of the pack, or coordinates")
    found: dict[str, tuple[float, float, str]] = {}
    faults: list[str] = []
    gazetteer: _Gazetteer | None = None
    for text in wanted:
        if not any(sign.isalpha() for sign in text):
            found[text] = (*parse_place(text), "")
            continue
        if pack is None:
            raise PlaceError(
                f"{text!r} is no pair of coordinates, and names and postcodes are looked up in a pack; name "
                f"a pack, or give easting,northing such as 509000,221500"
            )
        gazetteer = gazetteer or _Gazetteer(pack)
        meanings = gazetteer.find(text)
        if len(meanings) == 1:
            one = meanings[0]
            found[text] = (
                one.x,
                one.y,
                f"{one.code} {one.name}".strip() if one.code != one.name else one.name,
            )
        elif meanings:
            listed = ", ".join(one.said for one in meanings[:_SHOWN])
            more = f" and {len(meanings) - _SHOWN} more" if len(meanings) > _SHOWN else ""
            faults.append(f"{text!r} is {len(meanings)} places: {listed}{more}; give a code or coordinates")
        else:
            near = gazetteer.suggest(text)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            faults.append(f"{text!r} is no postcode, place or area of {pack.name}{hint}")
    if faults:
        more = f" (and {len(faults) - _SHOWN} more)" if len(faults) > _SHOWN else ""
        raise PlaceError("; ".join(faults[:_SHOWN]) + more)
    return pd.DataFrame.from_dict(found, orient="index", columns=["x", "y", "means"])


class _Gazetteer:
    """Everything of a pack that has a name, read when a name is first asked for."""

    def __init__(self, pack: Pack) -> None:
        self._rows = list(_list_places(pack))
        self._by: dict[str, list[_Meaning]] = {}
        for row in self._rows:
            for text in {_plain(row.code), _plain(row.name)} - {""}:
                self._by.setdefault(text, []).append(row)
        self._postcodes = None
        if _POSTCODES in pack.held("points"):
            points = pack.places("points", _POSTCODES)
            frame = pd.DataFrame({"postcode": points["id"], "x": points.geometry.x, "y": points.geometry.y})
            self._postcodes = make_directory(
                frame, postcode="postcode", x="x", y="y", edition=f"the postcodes of {pack.name}"
            )

    def find(self, text: str) -> list[_Meaning]:
        postcode = tidy_postcode(text)
        if self._postcodes is not None and postcode in self._postcodes.rows.index:
            row = self._postcodes.rows.loc[postcode]
            return [_Meaning("postcode", postcode, postcode, float(row["x"]), float(row["y"]))]
        apart: list[_Meaning] = []
        for one in self._by.get(_plain(text), []):
            if all(np.hypot(one.x - other.x, one.y - other.y) > SAME_METRES for other in apart):
                apart.append(one)
        return apart

    def suggest(self, text: str) -> list[str]:
        if self._postcodes is not None and re.search(r"\d\s*[A-Za-z]{1,2}\s*$", text):
            near = suggest(text, self._postcodes)
            if near:
                return near
        names = {_plain(one.name): one.name for one in self._rows}
        found = process.extract(_plain(text), list(names), scorer=fuzz.WRatio, limit=3, score_cutoff=70)
        return [names[one] for one, _, _ in found]


def _plain(text: object) -> str:
    words = str(text).casefold().replace("(fictional)", "")
    return re.sub(r"[^\w]+", " ", words).strip()


def _list_places(pack: Pack) -> Iterator[_Meaning]:
    for kind in pack.held("points"):
        if kind in _NAMELESS:
            continue
        points = pack.places("points", kind)
        for code, name, x, y in zip(
            points["id"].astype(str), points["name"].astype(str), points.geometry.x, points.geometry.y,
            strict=True,
        ):  # fmt: skip
            yield _Meaning(kind, code, name, float(x), float(y))
    people = pack.places("points", PEOPLE) if PEOPLE in pack.held("points") else None
    for key in pack.geographies:
        areas = pack.areas(key)
        middle = areas.geometry.representative_point()
        xy = np.column_stack([middle.x, middle.y])
        if people is not None and "residents" in people:
            xy = _middles(areas, people, xy)
        for code, name, (x, y) in zip(areas.index.astype(str), areas["name"].astype(str), xy, strict=True):
            yield _Meaning(key, code, name, float(x), float(y))


def _middles(areas: pd.DataFrame, people: pd.DataFrame, inside: np.ndarray) -> np.ndarray:
    """Give the middle of the residents of each area; the point inside where nobody is known to live."""
    import shapely

    home, area = shapely.STRtree(areas.geometry.to_numpy()).query(
        people.geometry.to_numpy(), predicate="intersects"
    )
    weight = people["residents"].to_numpy(dtype=float)[home]
    total = np.bincount(area, weight, minlength=len(areas))
    middles = inside.copy()
    for axis, values in enumerate((people.geometry.x.to_numpy(), people.geometry.y.to_numpy())):
        summed = np.bincount(area, weight * values[home], minlength=len(areas))
        middles[:, axis] = np.divide(summed, total, out=middles[:, axis], where=total > 0)
    return middles
