"""The application: packs in, FastAPI out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from fairplace import __version__
from fairplace.service.access import REFUSED, Access, make_gate
from fairplace.service.account import sign_in_address
from fairplace.service.answers import encode, form_of, page_response, render_page, respond
from fairplace.service.bounds import ANSWER_SECONDS, IN_FLIGHT, THREADS
from fairplace.service.comparisons import comparison_routes
from fairplace.service.counters import Counters
from fairplace.service.descriptions import describe_service, list_routes
from fairplace.service.downloads import download_routes
from fairplace.service.explore import explore_routes
from fairplace.service.guard import Guard, find_writing
from fairplace.service.holding import ABOUT, TITLE, Held, hold
from fairplace.service.job_routes import job_routes
from fairplace.service.jobs import open_jobs
from fairplace.service.ogc_routes import ogc_routes
from fairplace.service.parameters import FORM, Form, base_url, check_parameters
from fairplace.service.problems import PROBLEM_TYPE, RequestError, describe, problem
from fairplace.service.profiles import profile_routes
from fairplace.service.questions import question_routes
from fairplace.service.routes import pack_routes, state_routes
from fairplace.service.settings import ServiceSettings, public_address, read_service_settings
from fairplace.service.signing_in import signing_in_routes
from fairplace.service.streets import street_routes
from fairplace.service.tiles import tile_routes
from fairplace.service.uploading import upload_routes
from fairplace.service.words import words
from geo.errors import UserError

#: Folders of packs, separated as in PATH: how workers that start by themselves learn what to serve.
PACKS_VARIABLE = "FAIRPLACE_PACKS"
#: File of settings, for the same.
SETTINGS_VARIABLE = "FAIRPLACE_SETTINGS"
#: Address at which people reach the service, for the same.
ADDRESS_VARIABLE = "FAIRPLACE_ADDRESS"


def create_app(
    packs: Sequence[Path],
    *,
    settings: ServiceSettings | None = None,
    address: str = "",
    in_flight: int = IN_FLIGHT,
    answer_seconds: float = ANSWER_SECONDS,
) -> FastAPI:
    """Make the application that serves some packs.

    Parameters
    ----------
    packs
        Folders made by ``fairplace build``; each is addressed by the name of its folder.
    settings
        What may be shown beyond the public edition, and to whom; without them everybody is the public
        and nothing can be written.
    address
        Where people reach the service, for its links, such as ``https://maps.town.example``; that of the
        settings if they have one, else links lead to where a request came in.
    in_flight
        Requests at work at once; more are refused with 503.
    answer_seconds
        Seconds in which a client must take each piece of an answer.

    Returns
    -------
    FastAPI
        With everything opened; what most visitors ask for is made when it starts.

    Raises
    ------
    OpeningError, PackError
        A folder is not a pack, or two have the same name.
    ServiceSettingsError
        The address is none, or the settings have another.
    """
    address = public_address(address, settings)
    gate = None if settings is None else make_gate(settings)
    holdings = (
        hold(packs)
        if settings is None
        else hold(packs, officer_authorities=settings.authorities, stores=settings.stores)
    )
    counters, ready, jobs = Counters(), {"warm": False}, open_jobs()

    @asynccontextmanager
    async def start(app: FastAPI) -> AsyncIterator[None]:
        del app
        current_default_thread_limiter().total_tokens = THREADS
        await asyncio.to_thread(holdings.public.warm)
        ready["warm"] = True
        yield
        await asyncio.to_thread(jobs.close)

    app = FastAPI(
        title=TITLE,
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=start,
        dependencies=[Depends(check_parameters)],
    )
    app.state.holdings, app.state.gate, app.state.address = holdings, gate, address
    routers = [
        _front(app),
        explore_routes(),
        pack_routes(),
        profile_routes(),
        street_routes(),
        download_routes(),
        job_routes(jobs),
        tile_routes(),
        comparison_routes(),
        question_routes(),
        ogc_routes(),
        state_routes(counters, ready),
    ]
    if gate is not None:
        routers += [signing_in_routes(gate), upload_routes(gate)]
    for router in routers:
        app.include_router(router)
    if gate is not None:
        app.add_middleware(Access, gate=gate, holdings=holdings)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=4)
    app.add_middleware(
        Guard,
        counters=counters,
        in_flight=in_flight,
        answer_seconds=answer_seconds,
        writing=find_writing([route for router in routers for route in router.routes]),
    )
    described = cache(lambda: describe_service(app))
    app.openapi = described  # type: ignore[method-assign]
    for kind in (UserError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refuse)
    return app


def from_environment() -> FastAPI:
    """Make the application from the packs and settings that the environment names, for workers.

    Raises
    ------
    OpeningError
        It names none.
    """
    named = [one for one in os.environ.get(PACKS_VARIABLE, "").split(os.pathsep) if one]
    settings = os.environ.get(SETTINGS_VARIABLE)
    return create_app(
        [Path(one) for one in named],
        settings=read_service_settings(Path(settings)) if settings else None,
        address=os.environ.get(ADDRESS_VARIABLE, ""),
    )


def _front(app: FastAPI) -> APIRouter:
    router = APIRouter(tags=["Front"])

    @router.get("/", summary="What is served, and where", responses=FORM)
    def landing(request: Request, holding: Held, f: Form = None) -> Response:
        del f
        base = base_url(request)
        content = {
            "title": TITLE,
            "description": ABOUT,
            "packs": [
                {
                    "name": one.name,
                    "link": {"title": one.name, "href": f"{base}/packs/{key}"},
                    "explore": {"title": "Map and profiles", "href": f"{base}/packs/{key}/explore"},
                }
                for key, one in holding.packs.items()
            ],
            "links": [
                _link(base, "self", "", "This document", "application/json"),
                _link(base, "alternate", "?f=html", "This document as a page", "text/html"),
                _link(base, "service-desc", "openapi.json", "OpenAPI", "application/vnd.oai.openapi+json"),
                _link(base, "service-doc", "docs", "How to ask", "text/html"),
                _link(base, "conformance", "conformance", "Standards that are kept", "application/json"),
                _link(base, "data", "collections", "Collections of features", "application/json"),
            ],
        }
        if form_of(request) == "html":
            # For people: the places first, and nothing twice.
            places = {
                one.name: [
                    {"title": "Map and profiles", "href": f"{base}/packs/{key}/explore"},
                    {"title": "What is held", "href": f"{base}/packs/{key}?f=html"},
                ]
                for key, one in holding.packs.items()
            }
            shown = {"places": places, "for programs": content["links"][2:], "about": ABOUT}
            return respond(request, shown, title="fairplace", banner=holding.banner)
        return respond(request, content, title="fairplace", banner=holding.banner)

    @router.get("/docs", summary="How to ask: every route, as a page", responses=FORM)
    def docs(request: Request) -> Response:
        rows = list_routes(app.openapi())
        return page_response(render_page(request, {"about": ABOUT, "routes": rows}, title="How to ask"))

    return router


def _link(base: str, rel: str, path: str, title: str, media: str) -> dict[str, str]:
    return {"rel": rel, "type": media, "title": title, "href": f"{base}/{path}"}


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer an error with its sentence, as problem details or as a page."""
    if isinstance(error, RequestValidationError):
        details = problem(400, _first(error), kind=RequestError.__name__)
    elif isinstance(error, HTTPException):
        missing = f'there is nothing at "{request.url.path[:120]}"; /docs lists every address'
        details = problem(error.status_code, missing if error.status_code == 404 else str(error.detail))
    else:
        details = describe(error)
    headers = {"Retry-After": "2"} if details["status"] == 503 else {}
    if details["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    request.scope[REFUSED] = details["detail"]
    try:
        form = form_of(request)
    except UserError:
        form = "json"
    if form == "html":
        content = {**details}
        if details["status"] == 401 and (address := sign_in_address(request)):
            content["sign in"] = {"title": words()["sign_in"], "href": address}
        rendered = render_page(request, content, title=details["title"])
        page = page_response(rendered, status=details["status"])
        page.headers.update(headers)
        return page
    return Response(encode(details), details["status"], headers, PROBLEM_TYPE)


def _first(error: RequestValidationError) -> str:
    """Say in one sentence what is wrong with the first parameter that is."""
    one = error.errors()[0]
    name = str(one["loc"][-1])
    given = one.get("input")
    said = f'"{str(given)[:60]}"' if isinstance(given, str | int | float) else "missing"
    return f"{name} is {said}; {str(one['msg'])[:1].lower()}{str(one['msg'])[1:]}"
