"""Routes of our own: packs, areas, figures, profiles, maps, sources, search, and the state of the service."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from fairplace.service.answers import (
    GEOJSON,
    MEDIA,
    SCRIPT_POLICY,
    answer_bytes,
    deliver,
    form_of,
    page_response,
    render_page,
    respond,
)
from fairplace.service.bounds import FOUND, LIMIT, NAME_LETTERS
from fairplace.service.counters import Counters
from fairplace.service.designations import designation_collection, designation_table, not_spoken_of
from fairplace.service.features import parse_box
from fairplace.service.holding import Held, Holding, describe_pack
from fairplace.service.parameters import (
    FORM,
    Form,
    Limit,
    Offset,
    PackName,
    TableForm,
    examples,
)
from fairplace.service.problems import MissingError
from fairplace.service.search import search as find
from fairplace.service.tables import choose, records, to_csv
from geo.geography import Geography

_FIGURE = {
    "code": "E06999001",
    "geography": "lad25",
    "indicator": "residents",
    "value": 95555.0,
    "unit": "people",
    "status": "ok",
}
_LAYER = {
    "layer": "conservation-area",
    "held": True,
    "features": 3,
    "completeness": "not complete",
    "means": "Not complete for Halverton: where nothing of it is found, there may be some all the same.",
}
_STREET = {
    "kind": "street",
    "id": "Mill Lane, Chapel",
    "name": "Mill Lane",
    "lon": -0.01,
    "lat": 52.2,
    "ward": "Chapel",
    "areas": [{"kind": "area", "id": "E05999001", "name": "Chapel", "geography": "wd25"}],
}
_PLANNING_SAID = (
    "Only of a layer that is complete does finding nothing mean that there is nothing. Of the layers not "
    "spoken of, nothing at all is known here."
)
Several = Annotated[str | None, Query(max_length=2000, description="One or several, with commas between")]
GeographyName = Annotated[
    str, Path(max_length=20, description="Kind and vintage of areas", examples=["lsoa21"])
]


def pack_routes() -> APIRouter:
    """Make the routes of packs."""
    router = APIRouter(prefix="/packs", tags=["Packs"])

    def trail(key: str, *more: str) -> list[tuple[str, str]]:
        steps = [("packs", "/packs"), (key, f"/packs/{key}")]
        return steps + [(name, f"/packs/{key}/{name}") for name in more]

    @router.get("", summary="Packs that are served", responses=FORM)
    def packs(request: Request, holding: Held, f: Form = None) -> Response:
        del f
        content = {"packs": [describe_pack(key, one) for key, one in holding.packs.items()]}
        return respond(request, content, title="Packs", banner=holding.banner)

    @router.get("/{pack}", summary="One pack, and what it holds", responses=FORM)
    def pack_(request: Request, holding: Held, pack: PackName, f: Form = None) -> Response:
        del f
        released = holding.pack(pack)
        content = {**describe_pack(pack, released), "collections": list(holding.own_layers[pack])}
        content["notes"] = released.notes
        content["hidden"] = dict(released.hidden)
        return respond(
            request,
            content,
            title=released.name,
            trail=trail(pack),
            banner=holding.banner_of(pack),
            search=f"/packs/{pack}/search",
        )

    @router.get("/{pack}/areas", summary="Geographies of a pack", responses=FORM)
    def geographies(request: Request, holding: Held, pack: PackName, f: Form = None) -> Response:
        del f
        content = {
            "geographies": [
                {
                    "id": one,
                    "label": Geography.parse(one).label,
                    "areas": len(holding.area_layer(pack, one)),
                    "link": {"title": one, "href": f"/packs/{pack}/areas/{one}"},
                }
                for one in holding.pack(pack).geographies
            ]
        }
        return respond(request, content, title="Areas", trail=trail(pack, "areas"))

    @router.get(
        "/{pack}/areas/{geography}",
        summary="Areas of a geography as GeoJSON, by box and in pages",
        responses=examples({"type": "FeatureCollection", "numberMatched": 1, "features": []}, GEOJSON),
    )
    def areas(
        request: Request,
        holding: Held,
        pack: PackName,
        geography: GeographyName,
        bbox: Annotated[
            str | None, Query(max_length=200, description="west,south,east,north in degrees")
        ] = None,
        limit: Limit = LIMIT,
        offset: Offset = 0,
        f: Form = None,
    ) -> Response:
        del f
        layer = holding.area_layer(pack, geography)
        matched = layer.within(None if bbox is None else parse_box(bbox))
        rows = matched[offset : offset + limit]
        members = _paging(request, len(matched), len(rows), limit, offset)
        if form_of(request) == "html":
            listed = [
                {
                    "code": layer.ids[row],
                    "name": layer.properties.at[row, "name"],
                    "profile": {"title": "Profile", "href": f"/packs/{pack}/profile/{layer.ids[row]}"},
                }
                for row in rows
            ]
            page = render_page(
                request, {**members, "areas": listed}, title=layer.title, trail=trail(pack, "areas")
            )
            return page_response(page)
        return answer_bytes(request, layer.collection(rows.tolist(), **members), media=GEOJSON)

    @router.get(
        "/{pack}/areas/{geography}/{code}",
        summary="One area as GeoJSON",
        responses=examples({"type": "Feature", "id": "E06999001"}, GEOJSON),
    )
    def area(
        request: Request,
        holding: Held,
        pack: PackName,
        geography: GeographyName,
        code: Annotated[str, Path(max_length=40, description="GSS code", examples=["E06999001"])],
        f: Form = None,
    ) -> Response:
        del f
        layer = holding.area_layer(pack, geography)
        row = layer.rows.get(code)
        if row is None:
            raise MissingError(f'"{code}" is not an area of {layer.title}')
        text = layer.encoded["http://www.opengis.net/def/crs/OGC/1.3/CRS84"][row]
        if form_of(request) == "html":
            content = {
                **json.loads(text)["properties"],
                "profile": {"title": "Profile", "href": f"/packs/{pack}/profile/{code}"},
            }
            return page_response(
                render_page(request, content, title=content["name"], trail=trail(pack, "areas"))
            )
        return answer_bytes(request, text, media=GEOJSON)

    @router.get(
        "/{pack}/figures",
        summary="Figures: by area, geography, indicator, group and period, as JSON or CSV",
        responses=examples({"numberMatched": 1, "figures": [_FIGURE]}, also=[MEDIA["csv"]]),
    )
    def figures(
        request: Request,
        holding: Held,
        pack: PackName,
        code: Several = None,
        geography: Several = None,
        indicator: Several = None,
        group: Several = None,
        period: Several = None,
        limit: Limit = LIMIT,
        offset: Offset = 0,
        f: TableForm = None,
    ) -> Response:
        del f
        released = holding.pack(pack)
        wanted = {
            "code": code,
            "geography": geography,
            "indicator": indicator,
            "group": group,
            "period": period,
        }
        rows = choose(released.figures, wanted)
        shown = rows.iloc[offset : offset + limit]
        form = form_of(request, ("json", "html", "csv"))
        members = _paging(request, len(rows), len(shown), limit, offset)
        if form == "csv":
            # A table has no place for the way to its next page.
            ways = [
                f'<{one["href"]}>; rel="{one["rel"]}"' for one in members["links"] if one["rel"] != "self"
            ]
            return Response(
                to_csv(shown),
                headers={
                    "Content-Disposition": f'attachment; filename="{pack}-figures.csv"',
                    "Number-Matched": str(len(rows)),
                    **({"Link": ", ".join(ways)} if ways else {}),
                },
                media_type=MEDIA["csv"],
            )
        content = {**members, "figures": records(shown)}
        return respond(
            request, content, title="Figures", trail=trail(pack, "figures"), banner=holding.banner_of(pack)
        )

    @router.get("/{pack}/dictionary", summary="What each indicator means", responses=FORM)
    def dictionary(request: Request, holding: Held, pack: PackName, f: Form = None) -> Response:
        del f
        table = holding.pack(pack).dictionary.reset_index()
        return respond(
            request,
            {"indicators": records(table)},
            title="What each indicator means",
            trail=trail(pack, "dictionary"),
        )

    @router.get(
        "/{pack}/map",
        summary="Interactive map, one page that fetches nothing",
        response_class=Response,
        responses=examples({"title": "not given"}, "text/html"),
    )
    def map_(
        request: Request,
        holding: Held,
        pack: PackName,
        geography: Annotated[str, Query(max_length=20)] = "lsoa21",
    ) -> Response:
        policy = {"Content-Security-Policy": SCRIPT_POLICY}
        return deliver(request, holding.map(pack, geography), media=MEDIA["html"], headers=policy)

    @router.get("/{pack}/sources", summary="What a pack was made from, with licences", responses=FORM)
    def sources(request: Request, holding: Held, pack: PackName, f: Form = None) -> Response:
        del f
        released = holding.pack(pack)
        content = {"sources": [one.record() for _, one in sorted(released.sources.items())]}
        return respond(request, content, title="Sources", trail=trail(pack, "sources"))

    @router.get(
        "/{pack}/designations",
        summary="Planning layers: which are held, how complete each is, and of which nothing is known",
        responses=examples({"layers": [_LAYER], "notSpokenOf": ["Common land"]}),
    )
    def designations(request: Request, holding: Held, pack: PackName, f: Form = None) -> Response:
        del f
        released = holding.pack(pack)
        layers = [_with_links(holding, pack, one) for one in designation_table(released)]
        content = {"layers": layers, "notSpokenOf": not_spoken_of(released), "said": _PLANNING_SAID}
        title = "Designations and constraints"
        return respond(
            request, content, title=title, trail=trail(pack, "designations"), banner=holding.banner_of(pack)
        )

    @router.get(
        "/{pack}/search",
        summary="Find an area, a postcode, a street or a place by what people call it",
        responses=examples({"q": "mill lane", "numberReturned": 1, "found": [_STREET]}),
    )
    def search(
        request: Request,
        holding: Held,
        pack: PackName,
        q: Annotated[
            str,
            Query(min_length=1, max_length=NAME_LETTERS, description="Name, code, postcode or street",
                  examples=["mill lane"]),
        ],
        limit: Annotated[int, Query(ge=1, le=FOUND)] = 20,
        f: Form = None,
    ) -> Response:  # fmt: skip
        del f
        holding.pack(pack)
        found = find(holding.directories[pack], q, limit=limit)
        for one in [*found, *(inner for outer in found for inner in outer.get("areas", []))]:
            if one["kind"] == "area":
                address = f"/packs/{pack}/profile/{quote(one['id'], safe='')}"
                one["profile"] = {"title": "Profile", "href": address}
        content = {"q": q, "numberReturned": len(found), "found": found}
        return respond(request, content, title="Search", trail=trail(pack), search=f"/packs/{pack}/search")

    return router


def state_routes(counters: Counters, ready: dict[str, bool]) -> APIRouter:
    """Make the routes for whoever runs the service."""
    router = APIRouter(tags=["State"])

    @router.get("/health", summary="The worker answers", responses=examples({"status": "ok"}))
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get(
        "/ready", summary="The worker has its packs open and warm", responses=examples({"ready": True})
    )
    async def readiness(request: Request, holding: Held) -> Response:
        warm = ready.get("warm", False)
        content = {"ready": warm, "packs": list(holding.packs)}
        return respond(request, content, title="Ready", status=200 if warm else 503)

    @router.get(
        "/metrics",
        summary="Counts of answers of the worker that is asked, for Prometheus",
        responses={200: {"description": "The counts", "content": {"text/plain": {"example": "# TYPE"}}}},
        response_class=Response,
    )
    async def metrics() -> Response:
        return Response(counters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _with_links(holding: Holding, pack: str, layer: dict[str, Any]) -> dict[str, Any]:
    name = designation_collection(pack, layer["layer"])
    if name not in holding.layers:
        return layer
    own = name.removeprefix(f"{pack}-")
    return {
        **layer,
        "collection": {"title": layer["title"], "href": f"/collections/{name}"},
        "tiles": {"title": "TileJSON", "href": f"/packs/{pack}/tiles/{own}.json"},
        "download": {"title": "GeoPackage", "href": f"/packs/{pack}/downloads/{own}.gpkg"},
    }


def _paging(request: Request, matched: int, returned: int, limit: int, offset: int) -> dict[str, Any]:
    def link(rel: str, title: str, start: int) -> dict[str, str]:
        asked = urlencode({**request.query_params, "offset": start, "limit": limit})
        return {"rel": rel, "title": title, "href": f"{request.url.path}?{asked}"}

    links = [link("self", "This page", offset)]
    if offset + limit < matched:
        links.append(link("next", "Next page", offset + limit))
    if offset > 0:
        links.append(link("prev", "Page before", max(0, offset - limit)))
    return {"numberMatched": matched, "numberReturned": returned, "links": links}
