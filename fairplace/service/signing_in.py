"""Routes of signing in and out with a browser."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from fairplace.service.access import Gate, check_change
from fairplace.service.answers import respond
from fairplace.service.credentials import read_cookie, write_cookie
from fairplace.service.parameters import FORM, Form
from fairplace.service.problems import MissingError
from fairplace.service.sessions import MOST_THEN, SIGNING_IN_SECONDS, Sessions
from fairplace.service.viewer import Who
from fairplace.service.words import words

_REDIRECT: dict[int | str, dict[str, object]] = {
    200: {"description": "Never", "content": {"text/html": {"example": ""}}},
    303: {"description": "To the provider, or back to where you wanted to be"},
}


def signing_in_routes(gate: Gate) -> APIRouter:
    """Make the routes of signing in and out; without a provider, only the one that says who you are."""
    router = APIRouter(tags=["Who asks"])

    @router.get("/me", summary="Who you are to this service, and what you may see", responses=FORM)
    def me(request: Request, viewer: Who, f: Form = None) -> Response:
        del f
        content: dict[str, object] = {
            "name": viewer.name,
            "role": viewer.role,
            "authorities": sorted(viewer.authorities),
            "signed_in_by": viewer.how,
        }
        if viewer.how == "session" and gate.sessions is not None:
            content["form_word"] = gate.sessions.word(gate.cookie(request.scope["headers"]))
        return respond(request, content, title="Who you are")

    if gate.sessions is None or gate.identities is None:
        return router
    identities, sessions = gate.identities, gate.sessions

    @router.get("/sign-in", summary="Sign in with the council's provider", responses=_REDIRECT)
    def sign_in(then: Annotated[str, Query(max_length=MOST_THEN, examples=["/packs"])] = "/") -> Response:
        address, kept = sessions.begin(identities, then)
        answer = RedirectResponse(address, 303)
        _set(answer, sessions, sessions.passing, kept, SIGNING_IN_SECONDS)
        return answer

    @router.get(
        "/signed-in", name="signed_in", summary="Where the provider sends you back", responses=_REDIRECT
    )
    def signed_in(request: Request) -> Response:
        kept = read_cookie(request.scope["headers"], sessions.passing)
        viewer, cookie, then = sessions.finish(identities, kept, dict(request.query_params))
        gate.audit.write("signed in", viewer, method="GET", route="/signed-in", status=303)
        answer = RedirectResponse(then, 303)
        _set(answer, sessions, sessions.cookie, cookie, sessions.minutes * 60)
        _set(answer, sessions, sessions.passing, "", 0)
        return answer

    @router.post(
        "/sign-out",
        summary="End the session of this browser",
        responses=_REDIRECT,
        openapi_extra={"x-body-bytes": 2_000},
    )
    async def sign_out(request: Request, viewer: Who) -> Response:
        if viewer.how != "session":
            raise MissingError("nobody is signed in with this browser; there is nothing to end")
        async with request.form(max_files=0, max_fields=4) as form:
            word = str(form.get("form_word", request.headers.get("x-form-word", "")))
        check_change(gate, request.scope["headers"], word, viewer)
        await run_in_threadpool(
            gate.audit.write, "signed out", viewer, method="POST", route="/sign-out", status=303
        )
        answer = RedirectResponse("/signed-out", 303)
        _set(answer, sessions, sessions.cookie, "", 0)
        return answer

    @router.get(
        "/signed-out",
        summary="Where signing out ends, and how to sign out at the provider too",
        responses=FORM,
    )
    def signed_out(request: Request, f: Form = None) -> Response:
        del f
        # Not a redirect: a browser does not follow one to another host that a form of ours began.
        content: dict[str, object] = {"here": words()["signed_out"], "provider": words()["signed_out_still"]}
        if at := sessions.signed_out_address(identities):
            content["link"] = {"title": words()["signed_out_provider"], "href": at}
        return respond(request, content, title=words()["signed_out_title"])

    return router


def _set(answer: Response, sessions: Sessions, name: str, value: str, seconds: int) -> None:
    answer.headers.append("set-cookie", write_cookie(name, value, seconds=seconds, secure=sessions.secure))
