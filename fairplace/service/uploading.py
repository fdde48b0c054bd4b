"""Routes of uploads: a council's own file is sent, looked through, accepted or removed, by its officers.

Every route works from a plain form without a script, and from a program with a token.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path as Folder
from typing import Annotated, Any, TypeVar

import jinja2
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from fairplace.disclosure import Released
from fairplace.service.access import Gate, check_change
from fairplace.service.account import account_line
from fairplace.service.answers import MEDIA, encode, form_of, page_response
from fairplace.service.guard import BODY_EXTRA
from fairplace.service.holding import Held
from fairplace.service.inspecting import check_kind, inspect_apart
from fairplace.service.parameters import FORM, Form, PackName
from fairplace.service.problems import (
    ForbiddenError,
    MissingError,
    RequestError,
    SizeError,
    UnknownViewerError,
)
from fairplace.service.uploads import Shelf, Upload, plain_name
from fairplace.service.viewer import Viewer, Who
from layers.council.schema import load_schemas

T = TypeVar("T")
#: Bytes of a form around the file that it carries, and of a form without one.
FORM_BYTES = 50_000
UploadName = Annotated[
    str, Path(max_length=40, description="Name of an upload", examples=["0123456789abcdef"])
]
_CHANGED: dict[int | str, dict[str, Any]] = {
    303: {"description": "For a browser: to the page of it"},
    401: {"description": "Nobody said who they are"},
    403: {"description": "Not an officer of this authority, or not from a page of ours"},
    408: {"description": "The file did not come in time"},
    413: {"description": "The file is too large"},
}


async def shelf_of(request: Request, pack: PackName, holding: Held, viewer: Who) -> Shelf:
    """Give the uploads of a pack's authority to its officers, and to nobody else."""
    gate: Gate = request.app.state.gate
    authority = holding.pack(pack).authority
    if viewer.role_for(authority) == "public":
        if not viewer.how:
            raise UnknownViewerError(f"uploads of {pack} are for its officers; sign in, or send a token")
        raise ForbiddenError(f"{viewer.name} is no officer of {authority}; ask whoever runs this service")
    if gate.settings.uploads is None:
        raise MissingError("no uploads are taken here; the settings name no folder for them")
    return Shelf(gate.settings.uploads / authority)


Shelved = Annotated[Shelf, Depends(shelf_of)]


def upload_routes(gate: Gate) -> APIRouter:
    """Make the routes of uploads; none where the settings name no folder for them."""
    router = APIRouter(prefix="/packs/{pack}/uploads", tags=["Uploads"])
    most = gate.settings.upload_bytes
    if gate.settings.uploads is None:
        return router

    def show(request: Request, pack: str, named: Released, content: dict[str, Any]) -> Response:
        if form_of(request) != "html":
            return Response(encode(content), media_type=MEDIA["json"])
        word = ""
        if request.scope["fairplace.viewer"].how == "session" and gate.sessions is not None:
            word = gate.sessions.word(gate.cookie(request.scope["headers"]))
        titles = {name: one.title for name, one in load_schemas().items() if not one.restricted}
        page = _template().render(
            pack=pack, name=named.name, word=word, kinds=list(titles.items()), titles=titles,
            megabytes=most // 1_000_000, **content,
            account=account_line(request, pack=pack, authority=named.authority, uploads=True),
        )  # fmt: skip
        return page_response(page)

    def done(request: Request, pack: str, upload: Upload, *, status: int = 200) -> Response:
        here = f"/packs/{pack}/uploads" + ("" if upload.state == "removed" else f"/{upload.id}")
        if form_of(request) == "html":
            return RedirectResponse(here, 303)
        answer = Response(encode(asdict(upload)), status, media_type=MEDIA["json"])
        answer.headers["location"] = here
        return answer

    async def change(request: Request, viewer: Viewer, pack: str, said: str, do: Callable[[], T]) -> T:
        """Write a change down, then make it."""
        route = str(getattr(request.scope.get("route"), "path", ""))
        await run_in_threadpool(
            gate.audit.write, "changed", viewer, method=request.method, route=route, pack=pack, said=said
        )
        return await run_in_threadpool(do)

    async def fields(request: Request, viewer: Viewer) -> dict[str, str]:
        """Fields of a form without a file, which has the word of its session."""
        found: dict[str, str] = {}
        if request.headers.get("content-type", "").startswith(
            ("multipart/form-data", "application/x-www-form-urlencoded")
        ):
            async with request.form(max_files=0, max_fields=120) as form:
                found = {str(name): one for name, one in form.items() if isinstance(one, str)}
        _check_word(request, viewer, found.pop("form_word", ""))
        return found

    def _check_word(request: Request, viewer: Viewer, word: str) -> None:
        check_change(gate, request.scope["headers"], word or request.headers.get("x-form-word", ""), viewer)

    @router.get("", summary="Uploads of the pack's authority, and the form to send one", responses=FORM)
    def listed(request: Request, pack: PackName, shelf: Shelved, holding: Held, f: Form = None) -> Response:
        del f
        content = {"uploads": [asdict(one) for one in reversed(shelf.entries())]}
        return show(request, pack, holding.pack(pack), content)

    @router.post(
        "",
        status_code=201,
        summary="Send a file: as a form (file, kind), or as the body, with kind and name in the address",
        responses=_CHANGED,
        openapi_extra={BODY_EXTRA: most + FORM_BYTES},
    )
    async def send(
        request: Request,
        pack: PackName,
        shelf: Shelved,
        viewer: Who,
        kind: Annotated[str, Query(max_length=40, examples=["services"])] = "",
        name: Annotated[str, Query(max_length=200, examples=["services.csv"])] = "",
        f: Form = None,
    ) -> Response:
        del f
        with shelf.staging() as folder:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                async with request.form(max_files=1, max_fields=6) as form:
                    sent = form.get("file")
                    _check_word(request, viewer, str(form.get("form_word", "")))
                    if not isinstance(sent, UploadFile) or not sent.filename:
                        raise RequestError("the form has no file; choose one and send it again")
                    kind, name = str(form.get("kind", kind)), sent.filename
                    await run_in_threadpool(_copy, sent, folder / "original", most)
            else:
                _check_word(request, viewer, "")
                with (folder / "original").open("wb") as file:
                    async for piece in request.stream():
                        if file.tell() + len(piece) > most:
                            raise SizeError(_too_large(most))
                        file.write(piece)
            check_kind(kind)
            plain = plain_name(name)
            report = await run_in_threadpool(inspect_apart, folder, kind, plain)
            check_kind(str(report["kind"]))
            made = await change(
                request,
                viewer,
                pack,
                f"sent {report['kind']}",
                lambda: shelf.keep(folder, report, viewer, plain),
            )
        if form_of(request) == "html":
            return RedirectResponse(f"/packs/{pack}/uploads/{made.id}", 303)
        answer = Response(encode({**asdict(made), "report": report}), 201, media_type=MEDIA["json"])
        answer.headers["location"] = f"/packs/{pack}/uploads/{made.id}"
        return answer

    @router.get("/{upload}", summary="One upload: what was found, and which column is which", responses=FORM)
    def one(
        request: Request, pack: PackName, upload: UploadName, shelf: Shelved, holding: Held, f: Form = None
    ) -> Response:
        del f
        entry = shelf.entry(upload)
        before = [one.id for one in shelf.entries() if one.state == "accepted" and one.kind == entry.kind]
        content = {"upload": asdict(entry), "report": shelf.report(entry.id), "accepted": before}
        return show(request, pack, holding.pack(pack), content)

    @router.post(
        "/{upload}/columns",
        status_code=201,
        summary="Look through it again with columns put right: field=header, in a form",
        responses=_CHANGED,
        openapi_extra={BODY_EXTRA: FORM_BYTES},
    )
    async def columns(
        request: Request, pack: PackName, upload: UploadName, shelf: Shelved, viewer: Who, f: Form = None
    ) -> Response:
        del f
        given = await fields(request, viewer)
        entry = await run_in_threadpool(shelf.entry, upload)
        known = {one.name for one in load_schemas()[entry.kind].fields}
        kept = {field: header for field, header in given.items() if field in known and header}
        if not kept:
            raise RequestError(
                f"no column is named; send field=header for some of {', '.join(sorted(known))}"
            )
        with shelf.staging() as folder:
            source = shelf.path / "files" / entry.id / "original"
            await run_in_threadpool(shutil.copyfile, source, folder / "original")
            (folder / "columns.json").write_text(json.dumps(kept), encoding="utf-8")
            report = await run_in_threadpool(inspect_apart, folder, entry.kind, entry.file)
            made = await change(
                request, viewer, pack, f"sent {entry.kind} with columns put right",
                lambda: shelf.keep(folder, report, viewer, entry.file),
            )  # fmt: skip
        return done(request, pack, made, status=201)

    @router.post(
        "/{upload}/accept",
        summary="Accept it: from the next build on it stands for its kind",
        responses=_CHANGED,
        openapi_extra={BODY_EXTRA: FORM_BYTES},
    )
    async def accept(
        request: Request, pack: PackName, upload: UploadName, shelf: Shelved, viewer: Who, f: Form = None
    ) -> Response:
        del f
        await fields(request, viewer)
        said = f"accept {(await run_in_threadpool(shelf.entry, upload)).kind} {upload}"
        return done(
            request, pack, await change(request, viewer, pack, said, lambda: shelf.accept(upload, viewer))
        )

    async def _remove(request: Request, pack: str, upload: str, shelf: Shelf, viewer: Viewer) -> Response:
        await fields(request, viewer)
        said = f"remove {(await run_in_threadpool(shelf.entry, upload)).kind} {upload}"
        return done(
            request, pack, await change(request, viewer, pack, said, lambda: shelf.remove(upload, viewer))
        )

    @router.post(
        "/{upload}/remove",
        summary="Remove it, from a form: its bytes go, a line that says who removed it stays",
        responses=_CHANGED,
        openapi_extra={BODY_EXTRA: FORM_BYTES},
    )
    async def remove(
        request: Request, pack: PackName, upload: UploadName, shelf: Shelved, viewer: Who, f: Form = None
    ) -> Response:
        del f
        return await _remove(request, pack, upload, shelf, viewer)

    @router.delete(
        "/{upload}",
        summary="Remove it: its bytes go, a line that says who removed it stays",
        responses=_CHANGED,
        openapi_extra={BODY_EXTRA: FORM_BYTES},
    )
    async def delete(
        request: Request, pack: PackName, upload: UploadName, shelf: Shelved, viewer: Who, f: Form = None
    ) -> Response:
        del f
        return await _remove(request, pack, upload, shelf, viewer)

    return router


def _copy(sent: UploadFile, path: Folder, most: int) -> None:
    sent.file.seek(0)
    with path.open("wb") as file:
        shutil.copyfileobj(sent.file, file)
        if file.tell() > most:
            raise SizeError(_too_large(most))


def _too_large(most: int) -> str:
    return f"the file is longer than the {most:,} bytes that are taken here; send fewer rows"


@cache
def _template() -> jinja2.Template:
    text = resources.files("fairplace.service").joinpath("uploads.html.jinja").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True).from_string(text)
