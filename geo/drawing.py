"""Shapes that people draw or hand in, made into one polygon of the National Grid, or refused with a reason.

What a drawing means is never guessed: one that crosses itself, runs round the world, or lies outside
the place is refused, and the message says where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.boundaries import REPAIR_TOLERANCE, polygons_of
from geo.crs import WGS84, Accuracy, CrsError, to_bng
from geo.errors import UserError
from geo.vector import LayerError, read_layer, wkt_frame

_WKT = re.compile(r"\s*(SRID=\d+;\s*)?(MULTI)?(POLYGON|GEOMETRYCOLLECTION|POINT|LINESTRING)\b", re.IGNORECASE)
#: England is 130,000 square kilometres: a drawing larger than this is an accident of coordinates.
LARGEST_SQUARE_METRES = 2.0e11


class DrawingError(UserError, ValueError):
    """A drawing cannot be taken as an area; the message says where and why."""


@dataclass(frozen=True)
class Digitised:
    """Papers of an area traced from a printed plan.

    Parameters
    ----------
    who
        Who traced it.
    scale
        The plan's scale, such as 1250 for 1:1250.
    error_metres
        How far the traced line may lie from the true one.
    """

    who: str
    scale: float
    error_metres: float

    def __post_init__(self) -> None:
        if not self.who.strip() or not (self.scale > 0 and self.error_metres > 0):
            raise DrawingError(
                "a traced plan needs who traced it, the plan's scale (1250 for 1:1250) and the error in "
                "metres"
            )

    def sentence(self) -> str:
        """Say the papers in a sentence."""
        return f"traced from a plan at 1:{self.scale:,.0f} by {self.who}, within {self.error_metres:g} m"


@dataclass(frozen=True)
class Drawing:
    """One shape in EPSG:27700 with what is known of it.

    Parameters
    ----------
    shape
        Valid Polygon or MultiPolygon.
    accuracy
        Of its coordinates: see `geo.crs.Accuracy`.
    where
        File or "the drawing", for messages.
    notes
        What was done, a sentence each.
    paper
        For a traced plan.
    """

    shape: Any
    accuracy: Accuracy
    where: str
    notes: tuple[str, ...] = ()
    paper: Digitised | None = None


def looks_drawn(text: str) -> bool:
    """Tell whether a text is WKT or GeoJSON."""
    return bool(_WKT.match(text)) or text.lstrip().startswith("{")


def read_drawing(text_or_path: str | Path, *, crs: str | None = None, layer: str | None = None) -> Drawing:
    """Shape of a file, or of a text in WKT or GeoJSON.

    Parameters
    ----------
    text_or_path
        A file in one of `geo.vector.FORMATS`, or the text itself. GeoJSON is in degrees; WKT must say
        ``SRID=27700;`` or `crs` must.
    crs
        For what does not say its CRS.
    layer
        For a file of several layers.

    Raises
    ------
    DrawingError, LayerError, CrsError
        What was found, where, and what to do.
    """
    if isinstance(text_or_path, str) and looks_drawn(text_or_path):
        return draw(_text_frame(text_or_path, crs), where="the drawing")
    path = Path(text_or_path)
    return draw(read_layer(path, crs=crs, layer=layer), where=path.name)


def _text_frame(text: str, crs: str | None) -> gpd.GeoDataFrame:
    if not text.lstrip().startswith("{"):
        frame = wkt_frame(text, where="the drawing")
        if frame.crs is None and crs is None:
            raise CrsError(
                "the drawing (WKT) does not say its CRS, and it is not guessed; begin it with SRID=27700; "
                'for metres of the National Grid or SRID=4326; for degrees, or give crs="EPSG:27700"'
            )
        return frame if frame.crs is not None else frame.set_crs(crs)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise LayerError(f"the drawing is not GeoJSON: {error}") from error
    features = found.get("features") if found.get("type") == "FeatureCollection" else [found]
    shapes = [one.get("geometry", one) if one.get("type") == "Feature" else one for one in features or []]
    try:
        made = [shapely.from_geojson(json.dumps(one)) for one in shapes]
    except shapely.errors.ShapelyError as error:
        raise LayerError(f"the drawing is not GeoJSON: {str(error).splitlines()[0]}") from error
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(made, crs=crs or WGS84))


def draw(frame: gpd.GeoDataFrame, *, where: str) -> Drawing:
    """Make one valid polygon of EPSG:27700 from the shapes of a layer.

    Several shapes are put together, and that is noted. Columns ``digitised_by``, ``scale`` and
    ``error_m`` make the papers of a traced plan.

    Raises
    ------
    DrawingError
        No polygon; a line or point; a shape that crosses itself, the date line or a pole, or is
        larger than England.
    """
    shapes = frame.geometry.to_numpy()
    frame = frame[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if frame.empty:
        raise DrawingError(f"{where} holds no shape; draw or give a polygon")
    others = [one.geom_type for one in frame.geometry if one.geom_type not in ("Polygon", "MultiPolygon")]
    if others:
        raise DrawingError(
            f"{where} holds a {others[0]}; an area is a polygon: close the line, or say a walking time "
            "from a "
            f"point as walk:15min:POSTCODE"
        )
    _check_globe(frame, where)
    moved, accuracy = to_bng(frame, where=where)
    notes: list[str] = []
    if accuracy == "helmert, about 2 m":
        notes.append(f"{where}: the OSTN15 grid is not on this machine, so the drawing lies about 2 m off")
    parts = [_mended(shape, where, notes) for shape in moved.geometry]
    shape = parts[0] if len(parts) == 1 else polygons_of(shapely.union_all(parts))
    if len(parts) > 1:
        notes.append(f"{where}: {len(parts)} shapes were taken together as one area")
    if shape.area <= 0:
        raise DrawingError(f"{where} encloses no ground; draw a polygon with an inside")
    if shape.area > LARGEST_SQUARE_METRES:
        raise DrawingError(
            f"{where} covers {shape.area / 1e6:,.0f} square km, more than England; draw it again"
        )
    return Drawing(shape, accuracy, where, tuple(notes), _paper(frame))


def _check_globe(frame: gpd.GeoDataFrame, where: str) -> None:
    if frame.crs is None or not frame.crs.is_geographic:
        return
    west, south, east, north = frame.total_bounds
    if not np.isfinite([west, south, east, north]).all():
        raise DrawingError(f"{where} has coordinates that are not numbers; save it again")
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        return  # not degrees at all: to_bng says so
    if east - west > 180:
        raise DrawingError(
            f"{where} runs from {west:.3f} to {east:.3f} degrees of longitude, round the far side of the "
            "world: it "
            f"crosses the date line by accident; draw it again within England"
        )
    if max(abs(south), abs(north)) > 89:
        raise DrawingError(
            f"{where} reaches {north:.3f} degrees of latitude, a pole; draw it again within England"
        )


def _mended(shape: Any, where: str, notes: list[str]) -> Any:
    if shapely.is_valid(shape):
        return shape
    reason = str(shapely.is_valid_reason(shape))
    mended = polygons_of(shapely.make_valid(shape))
    if (
        abs(mended.area - shape.area) <= REPAIR_TOLERANCE * max(mended.area, shape.area)
        and not mended.is_empty
    ):
        notes.append(f"{where} was mended without changing its area ({reason})")
        return mended
    place = re.search(r"\[(-?[\d.]+) (-?[\d.]+)", reason)
    at = f" at {float(place[1]):.0f}, {float(place[2]):.0f}" if place else ""
    raise DrawingError(
        f"{where} crosses itself{at} ({reason.split('[')[0].strip()}), so what is inside it is not sure; "
        "move the "
        f"corner so that the line does not cross, or draw two shapes"
    )


def _paper(frame: gpd.GeoDataFrame) -> Digitised | None:
    named = {str(name).lower(): name for name in frame.columns}
    if "digitised_by" not in named:
        return None
    row = frame.iloc[0]

    def number(name: str) -> float:
        return float(pd.to_numeric(row[named[name]], errors="coerce")) if name in named else float("nan")

    return Digitised(str(row[named["digitised_by"]]), number("scale"), number("error_m"))


def check_inside(drawing: Drawing, outline: Any, place: str) -> tuple[Any, tuple[str, ...]]:
    """Keep the part of a drawing inside a place.

    Returns
    -------
    tuple
        The part inside, and a sentence where some of it lay outside.

    Raises
    ------
    DrawingError
        None of it is inside.
    """
    inside = polygons_of(shapely.intersection(drawing.shape, outline))
    share = inside.area / drawing.shape.area
    if share == 0:
        x, y = drawing.shape.representative_point().coords[0]
        raise DrawingError(
            f"{drawing.where} lies at {x:.0f}, {y:.0f}, outside {place}; draw it there, or use the pack "
            "of the "
            f"place where it lies"
        )
    if share < 1 - 1e-3:
        return inside, (
            f"{1 - share:.0%} of the ground of {drawing.where} lies outside {place} and has no figures",
        )
    return inside, ()


def near_edge(shape: Any, xy: Sequence[tuple[float, float]] | np.ndarray, metres: float) -> int:
    """Count points within a distance of a shape's edge: those whom an error of tracing could move."""
    if not len(xy):
        return 0
    edge = shapely.boundary(shape)
    shapely.prepare(edge)
    return int(shapely.dwithin(edge, shapely.points(np.asarray(xy, dtype=float)), metres).sum())
