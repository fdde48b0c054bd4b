"""Routes of profiles: any area in any form, and what an area is made of."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import shapely
from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fairplace.service.answers import (
    GEOJSON,
    MEDIA,
    SCRIPT_POLICY,
    attachment,
    deliver,
    form_of,
    respond,
)
from fairplace.service.asked import check_geojson
from fairplace.service.bodies import read_body
from fairplace.service.bounds import AREA_LETTERS, DRAWING_BYTES, DRAWING_POINTS
from fairplace.service.guard import BODY_EXTRA
from fairplace.service.holding import Held, Holding
from fairplace.service.parameters import AreaName, Form, PackName, examples
from geo.crs import bng_to_lonlat

FORMS = ("json", "html", "pdf", "docx", "xlsx", "zip")
ProfileForm = Annotated[
    Literal["json", "html", "pdf", "docx", "xlsx", "zip"] | None,
    Query(description="Form of the answer; else the Accept header says it"),
]
AreaText = Annotated[
    str,
    Query(
        min_length=1, max_length=AREA_LETTERS,
        description="Code or name of an area; postcodes with commas; a polygon as WKT in degrees; or "
        "walk:15min:LON,LAT (also cycle and wheel)",
        examples=["E06999001"],
    ),
]  # fmt: skip
AreaLabel = Annotated[
    str, Query(max_length=80, description="What a drawn area is called", examples=["Site 7"])
]
_FILES = [MEDIA[one] for one in FORMS[2:]]
_EXAMPLE = {"title": "Halverton: neighbourhood profile", "sections": []}
_DRAWN = {
    "type": "Polygon",
    "coordinates": [[[0.03, 52.2], [0.06, 52.2], [0.06, 52.22], [0.03, 52.22], [0.03, 52.2]]],
}
#: What a route says that takes a drawing as its body.
DRAWING_BODY: dict[str, Any] = {
    BODY_EXTRA: DRAWING_BYTES,
    "requestBody": {
        "required": True,
        "description": f"A Polygon or MultiPolygon in degrees, of at most {DRAWING_POINTS:,} points",
        "content": {
            media: {"schema": {"type": "object"}, "example": _DRAWN} for media in (GEOJSON, MEDIA["json"])
        },
    },
}


def profile_routes() -> APIRouter:
    """Make the routes of profiles."""
    router = APIRouter(prefix="/packs", tags=["Profiles"])

    @router.get(
        "/{pack}/profile",
        summary="Neighbourhood profile of any area: named, listed, drawn or walked to",
        responses=examples(_EXAMPLE, also=_FILES),
    )
    async def profile(
        request: Request, holding: Held, pack: PackName, area: AreaText, name: AreaLabel = "",
        f: ProfileForm = None,
    ) -> Response:  # fmt: skip
        del f
        return await _answer(request, holding, pack, area, name)

    @router.post(
        "/{pack}/profile",
        summary="Neighbourhood profile of a drawing that is sent as GeoJSON",
        responses=examples(_EXAMPLE, also=_FILES),
        openapi_extra=DRAWING_BODY,
    )
    async def drawn(
        request: Request, holding: Held, pack: PackName, name: AreaLabel = "", f: ProfileForm = None
    ) -> Response:
        del f
        return await _answer(request, holding, pack, await read_drawing(request), name)

    @router.get(
        "/{pack}/profile/{area}",
        summary="Neighbourhood profile of an area, by code or name",
        responses=examples(_EXAMPLE, also=_FILES),
    )
    async def named(
        request: Request, holding: Held, pack: PackName, area: AreaName, f: ProfileForm = None
    ) -> Response:
        del f
        return await _answer(request, holding, pack, area, "", published=True)

    @router.get(
        "/{pack}/area",
        summary="What an area is made of: people, parts, line and notes",
        responses=examples(
            {"type": "Feature", "id": "E06999001", "properties": {"residents": 95555}}, GEOJSON
        ),
    )
    def area_(
        request: Request, holding: Held, pack: PackName, area: AreaText, name: AreaLabel = "", f: Form = None
    ) -> Response:
        del f
        return _describe(request, holding, pack, area, name)

    @router.post(
        "/{pack}/area",
        summary="What a drawing that is sent as GeoJSON is made of",
        responses=examples({"type": "Feature", "id": "area-0123456789ab", "properties": {}}, GEOJSON),
        openapi_extra=DRAWING_BODY,
    )
    async def area_drawn(
        request: Request, holding: Held, pack: PackName, name: AreaLabel = "", f: Form = None
    ) -> Response:
        del f
        text = await read_drawing(request)
        return await run_in_threadpool(_describe, request, holding, pack, text, name)

    return router


async def read_drawing(request: Request) -> str:
    """Read the drawing in the body of a request.

    Raises
    ------
    MediaError
        The body is said to be something else.
    RequestError, SizeError
        It is not a drawing, or too large.
    """
    body = await read_body(request)
    return await run_in_threadpool(check_geojson, body)


async def _answer(
    request: Request, holding: Holding, pack: str, text: str, name: str, *, published: bool = False
) -> Response:
    form = form_of(request, FORMS)
    # What is kept is given without a thread: there is nothing to wait for.
    found = holding.asking.noted((pack, text, form, name))
    if found is None:
        found = await run_in_threadpool(holding.profile, pack, text, form, name, published=published)
    document, label = found
    headers: dict[str, str] = {}
    if form == "html":
        headers["Content-Security-Policy"] = SCRIPT_POLICY
    elif form != "json":
        headers |= attachment(f"{label}.{form}")
    return deliver(request, document, media=MEDIA[form], headers=headers)


def _describe(request: Request, holding: Holding, pack: str, text: str, name: str) -> Response:
    released = holding.pack(pack)
    asked = holding.asking.find(pack, released, text, name)
    area = asked.area or released.area(asked.place.code)
    asked.released(released)
    shape = area.shape
    properties = {
        "code": area.id,
        "name": area.name,
        "geography": area.geography,
        "kind": area.kind,
        "residents": round(area.residents),
        "households": round(area.households),
        "method": area.method,
        "approximate": area.approximate,
        "own_modelled_figures": area.public_mis,
        "notes": list(area.notes),
        "parts": [
            {
                "geography": str(row["geography"]),
                "code": str(row["code"]),
                "share": round(float(row["share"]), 4),
            }
            for row in area.components.to_dict("records")
        ],
    }  # fmt: skip
    if form_of(request) == "html":
        return respond(
            request, properties, title=area.name, trail=[("packs", "/packs"), (pack, f"/packs/{pack}")]
        )
    content = {
        "type": "Feature",
        "id": area.id,
        "geometry": shapely.geometry.mapping(in_degrees(shape)),
        "properties": properties,
    }
    return respond(request, content, title=area.name, media=GEOJSON)


def in_degrees(shape: Any) -> Any:
    """Give a shape of the National Grid in longitude and latitude, to a centimetre."""
    return shapely.transform(shape, lambda xy: np.column_stack(bng_to_lonlat(xy[:, 0], xy[:, 1])))
