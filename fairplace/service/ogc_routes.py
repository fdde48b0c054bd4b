"""Routes of OGC API - Features."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import WithJsonSchema
from starlette.responses import Response

from fairplace.service.answers import GEOJSON, answer_bytes, form_of, render_page, respond
from fairplace.service.answers import page_response as page
from fairplace.service.bounds import FILTER_LETTERS, LIMIT, MOST, OFFSET
from fairplace.service.features import GRID
from fairplace.service.holding import Held
from fairplace.service.ogc import queryables_address
from fairplace.service.parameters import FORM, Form, base_url, examples

_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
#: Parameters as the standard describes them: one text each, with commas in it.
_BBOX = {
    "type": "array",
    "items": {"type": "number"},
    "minItems": 4,
    "maxItems": 6,
    "examples": [[-0.5, 51.8, -0.3, 51.95]],
}
Collection = Annotated[
    str, Path(max_length=200, description="Identifier of a collection, of those that /collections lists")
]


def ogc_routes() -> APIRouter:
    """Make the routes of OGC API - Features."""
    router = APIRouter(tags=["OGC API - Features"])

    @router.get("/conformance", summary="Parts of the standards that are kept", responses=FORM)
    def conformance(request: Request, holding: Held, f: Form = None) -> Response:
        del f
        return respond(request, {"conformsTo": holding.features.conformance}, title="Conformance")

    @router.get("/collections", summary="Collections of features", responses=FORM)
    def collections(request: Request, holding: Held, f: Form = None) -> Response:
        del f
        content = holding.features.collections(base_url(request))
        return respond(request, content, title="Collections", trail=[("collections", "/collections")])

    @router.get("/collections/{collection}", summary="One collection", responses=FORM)
    def collection_(request: Request, holding: Held, collection: Collection, f: Form = None) -> Response:
        del f
        layer = holding.features.layer(collection)
        content = holding.features.collections(base_url(request), collection)
        return respond(request, content, title=layer.title, trail=[("collections", "/collections")])

    @router.get(
        "/collections/{collection}/queryables",
        summary="Fields that can be asked for",
        responses=examples({"type": "object", "properties": {}}, "application/schema+json"),
    )
    def queryables(request: Request, holding: Held, collection: Collection, f: Form = None) -> Response:
        del f
        content = holding.features.queryables(base_url(request), collection)
        return respond(request, content, title=f"Fields of {collection}", media="application/schema+json")

    @router.get(
        "/collections/{collection}/items",
        name="items",
        summary="Features of a collection: by box, by field, in pages, in degrees or National Grid",
        description="Any field of /queryables can be asked for by its value, such as code=E01000001.",
        responses=examples({"type": "FeatureCollection", "features": []}, GEOJSON),
    )
    def items(
        request: Request,
        holding: Held,
        collection: Collection,
        bbox: Annotated[str | None, WithJsonSchema(_BBOX), Query(max_length=200)] = None,
        bbox_crs: Annotated[str | None, Query(alias="bbox-crs", max_length=100, examples=[GRID])] = None,
        crs: Annotated[str | None, Query(max_length=100, examples=[GRID])] = None,
        datetime: Annotated[str | None, Query(max_length=80, examples=["2021-03-21"])] = None,
        # A larger number is no error: there are no more features in an answer than the description says.
        limit: Annotated[int, Query(ge=1, json_schema_extra={"maximum": MOST})] = LIMIT,
        offset: Annotated[int, Query(ge=0, le=OFFSET)] = 0,
        properties: Annotated[str | None, Query(max_length=2000, examples=["code,name"])] = None,
        sortby: Annotated[str | None, Query(max_length=200, examples=["-name"])] = None,
        skip_geometry: Annotated[bool, Query(alias="skipGeometry")] = False,
        resulttype: Annotated[str | None, Query(pattern="^(hits|results)$")] = None,
        filter_: Annotated[
            str | None,
            Query(
                alias="filter",
                max_length=FILTER_LETTERS,
                description="In CQL2 text",
                examples=["name LIKE 'North%' AND S_INTERSECTS(geometry, BBOX(-0.5,51.8,-0.3,52))"],
            ),
        ] = None,
        filter_lang: Annotated[str | None, Query(alias="filter-lang", pattern="^cql2-text$")] = None,
        filter_crs: Annotated[str | None, Query(alias="filter-crs", max_length=100, examples=[GRID])] = None,
        f: Form = None,
    ) -> Response:
        del bbox, bbox_crs, crs, datetime, offset, properties, sortby, skip_geometry, resulttype, f
        del filter_, filter_lang, filter_crs
        as_page = form_of(request) == "html"
        # A page holds fewer, and its links go on from what it holds.
        fewer = {"limit": str(LIMIT)} if as_page and limit > LIMIT else {}
        body, members, used = holding.features.items(
            base_url(request), collection, {**request.query_params, **fewer}
        )
        if as_page:
            rows = [{"id": one["id"], **one["properties"]} for one in json.loads(body)["features"]]
            return page(render_page(request, {**members, "features": rows}, title=f"Items of {collection}"))
        fields = f'<{queryables_address(base_url(request), collection)}>; rel="{_QUERYABLES}"'
        headers = {"Content-Crs": f"<{used}>", "Link": f'{fields}; type="application/schema+json"'}
        return answer_bytes(request, body, media=GEOJSON, headers=headers)

    @router.get(
        "/collections/{collection}/items/{feature}",
        summary="One feature",
        responses=examples({"type": "Feature", "id": "E01000001"}, GEOJSON),
    )
    def item(
        request: Request,
        holding: Held,
        collection: Collection,
        feature: Annotated[
            str, Path(max_length=200, description="Identifier of a feature, such as a GSS code")
        ],
        crs: Annotated[str | None, Query(max_length=100, examples=[GRID])] = None,
        f: Form = None,
    ) -> Response:
        del crs, f
        body, used = holding.features.item(base_url(request), collection, feature, dict(request.query_params))
        if form_of(request) == "html":
            one = json.loads(body)
            return page(
                render_page(
                    request, {"id": one["id"], **one["properties"]}, title=f"{feature} of {collection}"
                )
            )
        return answer_bytes(request, body, media=GEOJSON, headers={"Content-Crs": f"<{used}>"})

    return router
