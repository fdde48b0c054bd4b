"""Any area a person can name, list, draw or walk to, made of published small areas.

An area is fitted to output areas, by their centres or by their postcodes; where neither is at hand it
takes shares of LSOAs, as their postcodes or else their ground lie, and is marked approximate. Its
identifier comes from what it is made of and not from the line that was drawn, so that two drawings of
one place are one area.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from rapidfuzz import process

from geo.boundaries import Boundaries
from geo.crs import lonlat_to_bng
from geo.drawing import Digitised, Drawing, DrawingError, check_inside, looks_drawn, near_edge, read_drawing
from geo.fitting import (
    area_id,
    count_people,
    fit_shape,
    from_output_areas,
    from_shares,
    postcode_shares,
    sum_area,
)
from geo.join import describe_code
from geo.place import (
    MIS_HOUSEHOLDS,
    MIS_RESIDENTS,
    PUBLIC_HOUSEHOLDS,
    PUBLIC_RESIDENTS,
    Area,
    AreaError,
    Kind,
    Place,
    Reached,
    ReachFunction,
    Rule,
    TooSmallError,
)
from geo.postcodes import check_found, find_postcodes, tidy_postcode
from geo.vector import FORMATS

__all__ = [
    "MIS_HOUSEHOLDS",
    "MIS_RESIDENTS",
    "PUBLIC_HOUSEHOLDS",
    "PUBLIC_RESIDENTS",
    "Area",
    "AreaError",
    "Digitised",
    "Place",
    "ReachFunction",
    "Reached",
    "Rule",
    "TooSmallError",
    "area_id",
    "find_point",
    "fit_shape",
    "resolve_area",
    "sum_area",
]

_DISTRICT = re.compile(r"(E\d{8})")
_WALK = re.compile(r"\s*(walk|cycle|wheel|bike|push)\s*:\s*(\d+(?:\.\d+)?)\s*min\s*:\s*(.+)", re.IGNORECASE)
_NUMBERS = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[, ]\s*(-?\d+(?:\.\d+)?)\s*")


def resolve_area(
    asked: str | Path,
    place: Place,
    *,
    rule: Rule = "centre",
    crs: str | None = None,
    layer: str | None = None,
    paper: Digitised | None = None,
    reach: ReachFunction | None = None,
    name: str | None = None,
    files: bool = True,
) -> Area:
    """Area from whatever a person gives for one.

    Parameters
    ----------
    asked
        A GSS code; a name; a list of postcodes (commas, semicolons or lines); a file of shapes or of
        postcodes; WKT or GeoJSON; or ``walk:15min:POINT``, the point a postcode, ``easting,northing``
        or ``longitude,latitude``.
    place
        What areas here are made of.
    rule
        How output areas are chosen for an area that is not standard.
    crs, layer
        For a file or text that does not say.
    paper
        Papers of a traced plan.
    reach
        For walking and cycling times.
    name
        For the page; the area's own name or what was asked if left out.
    files
        Whether a text may name a file; false where it comes from another machine.

    Raises
    ------
    AreaError
        There is no such area; codes and names like it are suggested.
    TooSmallError
        It is smaller than one output area.
    DrawingError, CrsError, PostcodeError
        The drawing or the postcodes cannot be used.
    """
    text = str(asked).strip()
    walk = _WALK.fullmatch(text)
    if walk is not None:
        return _walked(walk[1].lower(), float(walk[2]), walk[3], place, reach, rule, name)
    if files and _is_file(asked, text):
        if Path(asked).suffix.lower() in (".csv", ".txt") and (listed := _postcode_column(Path(asked))):
            return _listed(listed, place, name or Path(asked).stem)
        drawing = read_drawing(Path(asked), crs=crs, layer=layer)
        return _drawn(drawing, place, rule, paper, name or Path(asked).stem)
    if looks_drawn(text):
        return _drawn(read_drawing(text, crs=crs), place, rule, paper, name or "Drawn area")
    if _DISTRICT.fullmatch(text.upper()):
        return _coded(text.upper(), place, name)
    pieces = [one.strip() for one in re.split(r"[,;\n]+", text) if one.strip()]
    if pieces and sum(bool(tidy_postcode(one)) for one in pieces) * 2 > len(pieces):
        return _listed(pieces, place, name or f"{len(pieces)} postcodes")
    return _named(text, place, name)


def _is_file(asked: str | Path, text: str) -> bool:
    if isinstance(asked, Path):
        return True
    if looks_drawn(text) or "\n" in text or len(text) > 400:
        return False
    suffix = Path(text).suffix.lower()
    return suffix in (*FORMATS, ".txt") or (bool(suffix) and Path(text).exists())


def _postcode_column(path: Path) -> list[str] | None:
    if not path.is_file():
        raise AreaError(f"{path} is not there; check the name and the folder")
    if path.suffix.lower() == ".txt":
        lines = [one.strip() for one in path.read_text(encoding="utf-8-sig").splitlines() if one.strip()]
        return lines if lines and not looks_drawn("\n".join(lines)) else None
    table = pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    for name in table.columns:
        if name.strip().lower() in ("postcode", "pcd", "pcds", "pcd7", "pcd8", "post code"):
            return [one for one in table[name] if one.strip()]
    return None


def _coded(code: str, place: Place, name: str | None) -> Area:
    for key, boundaries in place.boundaries.items():
        if code in boundaries.codes:
            return _standard(code, key, boundaries, place, name)
    kinds = ", ".join(place.boundaries)
    known = [b.geography for b in place.boundaries.values() if b.geography.owns(code)]
    what = describe_code(code, known[0], place.history) if known else "no geography here has such codes"
    close = process.extract(
        code, [c for b in place.boundaries.values() for c in b.codes], limit=2, score_cutoff=80
    )
    hint = f"; close to it: {', '.join(one[0] for one in close)}" if close else ""
    raise AreaError(f"{code} is not an area of {place.name} ({kinds}): {what}{hint}")


def _standard(code: str, key: str, boundaries: Boundaries, place: Place, name: str | None) -> Area:
    row = boundaries.areas.loc[code]
    label = boundaries.geography.label
    notes: list[str] = []
    if boundaries.geography == place.lsoa:
        components, shares = from_shares(pd.Series({code: 1.0}), place, smallest=False)
        method, approximate = "the LSOA itself", False
    elif boundaries.geography.kind == "oa" and place.output_areas is not None:
        components, shares = from_output_areas(pd.Index([code]), place)
        method, approximate = "the output area itself", False
    elif key in place.crosswalks:
        crosswalk = place.crosswalks[key]
        rows = crosswalk.weights[crosswalk.weights["target"] == code]
        weights = pd.Series(rows["weight"].to_numpy(dtype=float), index=rows["origin"].to_numpy())
        components, shares = from_shares(weights, place, smallest=False)
        method, approximate = crosswalk.label, not crosswalk.exact
    else:
        components, shares, method, approximate = fit_shape(row.geometry, place)
    for other in place.earlier:
        if other.geography.kind == boundaries.geography.kind and row["name"]:
            same = other.areas[other.areas["name"].str.casefold() == str(row["name"]).casefold()]
            for old, older in same.iterrows():
                overlap = shapely.intersection(older.geometry, row.geometry).area
                common = overlap / max(older.geometry.area, row.geometry.area)
                if common < 0.99:
                    notes.append(
                        f"the {other.geography.label} of the same name ({old}) is another area: they share "
                        f"{common:.0%} of their ground"
                    )
    residents, households = count_people(components, place)
    shown = name or (f"{row['name']}" if row["name"] else code)
    return Area(
        code,
        shown,
        "standard",
        key,
        row.geometry,
        components,
        shares,
        method,
        approximate,
        residents,
        households,
        boundaries.accuracy,
        (f"{shown} is the {label} {code}", *notes),
    )


def _named(text: str, place: Place, name: str | None) -> Area:
    wanted = text.casefold()
    found = [
        (key, str(code))
        for key, boundaries in place.boundaries.items()
        for code, one in boundaries.areas["name"].items()
        if str(one).casefold() == wanted
    ]
    if len(found) == 1:
        key, code = found[0]
        return _standard(code, key, place.boundaries[key], place, name)
    if found:
        listed = ", ".join(f"{code} ({place.boundaries[key].geography.label})" for key, code in found)
        raise AreaError(f'"{text}" names {len(found)} areas: {listed}; give the code of the one you mean')
    for other in place.earlier:
        old = other.areas.index[other.areas["name"].str.casefold() == wanted]
        if len(old):
            raise AreaError(
                f'"{text}" was a {other.geography.label} ({old[0]}) and is no longer one; give an area '
                "of today, or "
                f"the old boundary as a file"
            )
    names = {str(one): None for b in place.boundaries.values() for one in b.areas["name"] if one}
    close = process.extract(text, list(names), limit=3, score_cutoff=60)
    hint = f"; did you mean {', '.join(one[0] for one in close)}?" if close else ""
    raise AreaError(
        f'"{text}" is neither a code, a name, a list of postcodes nor a file of {place.name}{hint}'
    )


def _listed(texts: Iterable[str], place: Place, name: str) -> Area:
    if place.postcodes is None:
        raise AreaError(f"{place.name} has no directory of postcodes; draw the area, or give codes")
    found = find_postcodes(texts, place.postcodes)
    notes = check_found(found, edition=place.postcodes.edition, needed=f"postcodes of {place.name}")
    codes = place.lsoa.code_column
    usable = found[(found["state"] == "live") & found[codes].isin(place.people.index)].drop_duplicates(
        "postcode"
    )
    away = found[(found["state"] == "live") & ~found["postcode"].isin(usable["postcode"])]
    if len(away):
        notes.append(
            f"{len(away)} postcodes lie outside {place.name} ({away['postcode'].iloc[0]} first) and have "
            "no figures"
        )
    if usable.empty:
        raise AreaError(f"none of the {len(found)} postcodes is in use in {place.name}; check the list")
    live = place.postcodes.live
    if place.output_areas is not None and "OA21CD" in usable:
        chosen = place.output_areas.index.intersection(pd.Index(usable["OA21CD"]).unique())
        components, shares = from_output_areas(chosen, place)
        method, approximate = "output areas of the postcodes, each once", False
    else:
        shares = postcode_shares(live.assign(inside=live.index.isin(usable["postcode"])), codes, place)
        components, shares = from_shares(shares, place)
        method, approximate = f"shares of LSOAs by their postcodes ({place.postcodes.edition})", True
    points = shapely.multipoints(usable[["x", "y"]].dropna().to_numpy(dtype=float))
    shape = shapely.intersection(shapely.buffer(points, 50.0), place.outline)
    return _finished("postcodes", name, shape, components, shares, method, approximate, place, tuple(notes))


def _drawn(drawing: Drawing, place: Place, rule: Rule, paper: Digitised | None, name: str) -> Area:
    shape, outside = check_inside(drawing, place.outline, place.name)
    components, shares, method, approximate = fit_shape(shape, place, rule=rule)
    traced = paper or drawing.paper
    notes = [*drawing.notes, *outside]
    if traced is not None:
        units = place.output_areas if place.output_areas is not None else None
        if units is None and place.postcodes is not None:
            units = place.postcodes.live.dropna(subset=["x", "y"])
        what = "output areas have their centre" if place.output_areas is not None else "postcodes lie"
        close = (
            0
            if units is None
            else near_edge(shape, units[["x", "y"]].to_numpy(dtype=float), traced.error_metres)
        )
        notes.append(
            f"{traced.sentence()}; {close} {what} that near its edge, and may belong to the other side"
        )
    return _finished(
        "drawn",
        name,
        shape,
        components,
        shares,
        method,
        approximate,
        place,
        tuple(notes),
        drawing.accuracy,
        traced,
    )


def _walked(
    mode: str,
    minutes: float,
    point: str,
    place: Place,
    reach: ReachFunction | None,
    rule: Rule,
    name: str | None,
) -> Area:
    if reach is None:
        raise AreaError(
            f"{mode}:{minutes:g}min needs a street network, and none was given; build the pack with one"
        )
    x, y, notes = find_point(point, place)
    reached = reach(mode, minutes, x, y)
    drawing = Drawing(reached.shape, "no datum shift", f"the {minutes:g}-minute {mode} area")
    shape, outside = check_inside(drawing, place.outline, place.name)
    components, shares, method, approximate = fit_shape(shape, place, rule=rule, covers=reached.covers)
    label = name or f"{minutes:g} minutes' {mode} of {point.strip()}"
    return _finished(
        "reach",
        label,
        shape,
        components,
        shares,
        method,
        approximate,
        place,
        (reached.sentence, *notes, *outside),
    )


def find_point(text: str, place: Place) -> tuple[float, float, list[str]]:
    """Easting and northing of a postcode or of coordinates in a place, and what must be said of them.

    Parameters
    ----------
    text
        A postcode, ``easting,northing`` or ``longitude,latitude``.
    place
        In which it must lie.

    Raises
    ------
    AreaError, DrawingError, PostcodeError
        It is no point, lies elsewhere, or has its coordinates exchanged.
    """
    wkt = re.fullmatch(r"\s*POINT\s*\((.+)\)\s*", text, re.IGNORECASE)
    numbers = _NUMBERS.fullmatch(wkt[1] if wkt else text)
    if numbers:
        a, b = float(numbers[1]), float(numbers[2])
        if abs(a) <= 180 and abs(b) <= 90:
            if 49 <= a <= 61 and abs(b) < 10:
                raise DrawingError(f"{text.strip()} has latitude first; write longitude,latitude")
            east, north = lonlat_to_bng([a], [b])
            a, b = float(east[0]), float(north[0])
        if not shapely.intersects_xy(place.outline, a, b):
            raise DrawingError(
                f"{text.strip()} lies at {a:.0f}, {b:.0f}, outside {place.name}; choose a point in it"
            )
        return a, b, []
    if place.postcodes is None or not tidy_postcode(text):
        raise AreaError(
            f'"{text.strip()}" is not a point; write a postcode, easting,northing or longitude,latitude'
        )
    found = find_postcodes([text], place.postcodes)
    notes = check_found(found, edition=place.postcodes.edition)
    if not np.isfinite(found["x"].iloc[0]):
        raise AreaError(
            f"{found['postcode'].iloc[0]} has no coordinates in {place.postcodes.edition}; give a point"
        )
    return float(found["x"].iloc[0]), float(found["y"].iloc[0]), notes


def _finished(
    kind: Kind,
    name: str,
    shape: Any,
    components: pd.DataFrame,
    shares: pd.Series[float],
    method: str,
    approximate: bool,
    place: Place,
    notes: tuple[str, ...],
    accuracy: str = "no datum shift",
    paper: Digitised | None = None,
) -> Area:
    residents, households = count_people(components, place)
    if approximate:
        notes = (*notes, f"approximate: {method}")
    return Area(
        area_id(components),
        name,
        kind,
        "area",
        shape,
        components,
        shares,
        method,
        approximate,
        residents,
        households,
        accuracy,
        notes,
        paper,
    )
