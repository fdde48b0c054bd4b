"""Routes of what an officer asks of a whole place: where to go first, and what more income would change."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fairplace.service.answers import MEDIA, attachment, encode, form_of, respond
from fairplace.service.bodies import body_of, read_model
from fairplace.service.bounds import TARGETED, WAITING, WHAT_IF_BYTES
from fairplace.service.downloads import csv_bytes
from fairplace.service.finished import Turn
from fairplace.service.holding import Held, Holding
from fairplace.service.parameters import PackName, TableForm, examples
from fairplace.service.problems import ForbiddenError, MissingError
from fairplace.service.tables import records
from fairplace.target_note import target_tables
from fairplace.targeting import read_blend, target_areas
from fairplace.whatif import what_if

_TURN = Turn(WAITING, "questions are waiting to be worked out")


class Changes(BaseModel):
    """What more, or less, some households would have to live on."""

    model_config = ConfigDict(extra="forbid")
    add: list[Annotated[str, Field(min_length=3, max_length=200)]] = Field(default=[], max_length=10)


def question_routes() -> APIRouter:
    """Make the routes of questions."""
    router = APIRouter(prefix="/packs", tags=["Questions"])

    @router.get(
        "/{pack}/target",
        summary="Areas of greatest need by a stated blend of figures, and how sure the list is",
        responses=examples({"areas": [], "total": {}, "notes": []}, also=[MEDIA["csv"]]),
    )
    def target(
        request: Request,
        holding: Held,
        pack: PackName,
        weights: Annotated[
            str, Query(min_length=1, max_length=600, description="Indicators with their weights, with commas",
                       examples=["mis_children_below_share:2,imd25_score:1"]),
        ],
        level: Annotated[str, Query(max_length=20, description="Geography", examples=["lsoa21"])] = "lsoa21",
        size: Annotated[int, Query(ge=1, le=TARGETED, description="Areas in the list")] = 20,
        f: TableForm = None,
    ) -> Response:  # fmt: skip
        del f
        content = _target(holding, pack, weights, level, size)
        if form_of(request, ("json", "html", "csv")) == "csv":
            headers = attachment(f"{pack}-target.csv")
            return Response(csv_bytes(content["table"]), headers=headers, media_type=MEDIA["csv"])
        shown = {key: one for key, one in content.items() if key != "table"}
        trail = [("packs", "/packs"), (pack, f"/packs/{pack}")]
        return respond(request, shown, title="Where to go first", trail=trail, banner=holding.banner_of(pack))

    @router.post(
        "/{pack}/what-if",
        summary="What more income for some households would change (officers)",
        responses=examples({"changes": [], "figures": [], "notes": []}),
        openapi_extra=body_of(
            Changes, WHAT_IF_BYTES, example={"add": ["20 per child to private renters with children"]}
        ),
    )
    async def ask(request: Request, holding: Held, pack: PackName) -> Response:
        released = holding.pack(pack)
        if released.edition == "public":
            raise ForbiddenError(
                "a what-if names groups of households in small places, so it is for officers of the "
                "authority; sign in as one"
            )
        asked = await read_model(request, Changes)

        def work() -> dict[str, Any]:
            with _TURN.take():
                return what_if(released, asked.add).record()

        return Response(encode(await run_in_threadpool(work)), media_type=MEDIA["json"])

    return router


def _target(holding: Holding, pack: str, weights: str, level: str, size: int) -> dict[str, Any]:
    released = holding.pack(pack)
    if level not in released.geographies:
        raise MissingError(
            f'{released.name} has no areas of "{level[:20]}"; it has {", ".join(released.geographies)}'
        )
    blend = read_blend([one.strip().replace(":", "=", 1) for one in weights.split(",") if one.strip()])
    with _TURN.take():
        found = target_areas(released, blend, key=level, size=size)
    public = released.edition == "public"
    areas = target_tables(found, None, public=public)["areas"].sort_values("name", kind="stable")
    return {
        "weights": blend,
        "level": level,
        "size": size,
        "order": "by name; a list in order of need would be a league table of where people live",
        "total": {name: _plain(value) for name, value in found.total.items()},
        "areas": records(areas),
        "notes": list(found.notes),
        "table": areas,
    }


def _plain(value: float) -> float | None:
    return float(value) if value == value else None
