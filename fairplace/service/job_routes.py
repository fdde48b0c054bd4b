"""Routes of jobs: hub plans and plan reviews, submitted, looked at, cancelled and taken away."""

from __future__ import annotations

import csv
import io
import json
import mimetypes
import zipfile
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import shapely
from fastapi import APIRouter, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from fairplace.service.answers import MEDIA, SCRIPT_POLICY, attachment, encode, respond
from fairplace.service.bodies import body_of, check_media, read_model
from fairplace.service.bounds import JOB_BYTES, JOB_POINTS, JOB_SITES
from fairplace.service.crossings import check_crossings
from fairplace.service.guard import BODY_EXTRA
from fairplace.service.holding import Held, Holding
from fairplace.service.jobs import Jobs
from fairplace.service.parameters import Form, PackName, examples
from fairplace.service.problems import RequestError, SizeError

_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")]
_Weight = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
_JOB = {"id": "Zk3v0p1b5y8mQeWl0a9s2g", "kind": "hubs", "state": "queued", "progress": 0.0, "message": ""}
#: How a job stands is of this moment, and what it made is for whoever holds its name.
_NOW = {"Cache-Control": "no-store"}
JobName = Annotated[
    str, InPath(max_length=40, description="Identifier that submitting gave", examples=[_JOB["id"]])
]


class HubSite(BaseModel):
    """A building that is or could be a hub."""

    model_config = ConfigDict(extra="forbid")
    id: _Id
    name: str = Field("", max_length=100)
    status: Literal["existing", "candidate"] = "candidate"
    at: str = Field(max_length=60, description="LON,LAT or a postcode")
    capacity: float | None = Field(None, ge=0, le=100_000)
    cost: float | None = Field(None, ge=0, le=1e9)


class HubWork(BaseModel):
    """What a hub plan is asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"add": 2}})
    weights: dict[_Weight, Annotated[float, Field(gt=0, le=1)]] = Field(
        default={"children_0_4": 1.0}, min_length=1, max_length=6
    )
    add: int | None = Field(None, ge=0, le=20)
    close: int | None = Field(None, ge=1, le=20)
    count: int | None = Field(None, ge=1, le=20)
    aim: Literal["cover", "median", "center"] = "cover"
    limit: float = Field(15.0, gt=0, le=60, description="Minutes")
    keep: list[_Id] = Field(default=[], max_length=50)
    shut: list[_Id] = Field(default=[], max_length=50)
    seed: int = Field(0, ge=0, le=1_000_000)
    sites: list[HubSite] = Field(default=[], max_length=JOB_SITES, description="Else those of the pack")


class ReviewWork(BaseModel):
    """The sites of a plan, and the layers to lay them over."""

    model_config = ConfigDict(extra="forbid")
    sites: dict[str, Any] = Field(
        description="FeatureCollection of polygons in degrees, with a reference each"
    )
    layers: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")], dict[str, Any]] = Field(
        default={}, max_length=30, description="Dataset -> FeatureCollection of constraints in degrees"
    )


def job_routes(jobs: Jobs) -> APIRouter:
    """Make the routes of jobs."""
    router = APIRouter(prefix="/packs", tags=["Jobs"])
    accepted: dict[int | str, dict[str, Any]] = {
        202: {"description": "Taken in", "content": {MEDIA["json"]: {"example": _JOB}}}
    }
    refused: dict[int | str, dict[str, Any]] = {key: one for key, one in examples(_JOB).items() if key != 200}

    @router.post(
        "/{pack}/jobs/hubs",
        summary="Plan hubs: options, who gains and loses, how sure the choice is",
        status_code=202,
        responses={**accepted, **refused},
        openapi_extra=body_of(HubWork, JOB_BYTES, example={"add": 1}),
    )
    async def hubs(request: Request, pack: PackName) -> Response:
        check_media(request)
        with jobs.receiving():
            asked = await read_model(request, HubWork)
        return await run_in_threadpool(_submit_hubs, _public(request), jobs, pack, asked)

    @router.post(
        "/{pack}/jobs/review",
        summary="Lay the sites of a plan over constraints, access, people and policies",
        status_code=202,
        responses={**accepted, **refused},
        openapi_extra=body_of(
            ReviewWork, JOB_BYTES, example={"sites": {"type": "FeatureCollection", "features": []}}
        ),
    )
    async def review(request: Request, pack: PackName) -> Response:
        check_media(request)
        with jobs.receiving():
            asked = await read_model(request, ReviewWork)
        return await run_in_threadpool(_submit_review, _public(request), jobs, pack, asked)

    @router.get("/{pack}/jobs/{job}", summary="How a job stands, and its files", responses=examples(_JOB))
    def look(request: Request, holding: Held, pack: PackName, job: JobName, f: Form = None) -> Response:
        del f
        holding.pack(pack)
        said = jobs.look(pack, job)
        answer = respond(request, _with_links(pack, said), title="Job", trail=[(pack, f"/packs/{pack}")])
        answer.headers.update(_NOW)
        return answer

    @router.delete(
        "/{pack}/jobs/{job}",
        summary="Cancel a job, or throw its results away",
        responses=examples(_JOB),
        openapi_extra={BODY_EXTRA: 0},
    )
    def cancel(holding: Held, pack: PackName, job: JobName) -> Response:
        holding.pack(pack)
        return Response(encode(_with_links(pack, jobs.cancel(pack, job))), media_type=MEDIA["json"])

    @router.get(
        "/{pack}/jobs/{job}/files/{file:path}",
        summary="One file that a job made; all.zip is all of them",
        responses=examples("id,name", MEDIA["csv"], also=MEDIA.values()),
    )
    def file_(
        holding: Held,
        pack: PackName,
        job: JobName,
        file: Annotated[str, InPath(max_length=200, examples=["note.html"])],
    ) -> Response:
        holding.pack(pack)
        if file == "all.zip":
            headers = {**attachment(f"{job}.zip"), **_NOW}
            return Response(_zip(jobs, pack, job), headers=headers, media_type=MEDIA["zip"])
        path = jobs.file(pack, job, file)
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if media == "text/html":
            policy = {"Content-Security-Policy": SCRIPT_POLICY, **_NOW}
            return FileResponse(path, headers=policy, media_type=MEDIA["html"])
        return FileResponse(path, headers={**attachment(path.name), **_NOW}, media_type=media)

    return router


def _public(request: Request) -> Holding:
    """Give what jobs are made of, whoever asks: what a job made is for everybody who has its name."""
    public: Holding = request.app.state.holdings.public
    return public


def _with_links(pack: str, said: dict[str, Any]) -> dict[str, Any]:
    here = f"/packs/{pack}/jobs/{said['id']}"
    files = [{"title": name, "href": f"{here}/files/{name}"} for name in said["files"]]
    if files:
        files.append({"title": "All files together", "href": f"{here}/files/all.zip"})
    return {**said, "files": files, "links": [{"rel": "self", "title": "This job", "href": here}]}


def _accepted(jobs: Jobs, pack: str, name: str) -> Response:
    content = _with_links(pack, jobs.look(pack, name))
    where = {"Location": f"/packs/{pack}/jobs/{name}", "Retry-After": "1"}
    return Response(encode(content), 202, where, MEDIA["json"])


def _submit_hubs(holding: Holding, jobs: Jobs, pack: str, asked: HubWork) -> Response:
    released = holding.pack(pack)
    tasks = {name: getattr(asked, name) for name in ("add", "close", "count")}
    chosen = {name: number for name, number in tasks.items() if number is not None}
    if len(chosen) != 1:
        raise RequestError(f"{len(chosen)} tasks are given; give one of add, close and count")
    if not asked.sites and "hub_candidates" not in released.held("points"):
        raise RequestError(f"{released.name} holds no list of sites; send them as sites")
    if not 0.999 <= sum(asked.weights.values()) <= 1.001:
        raise RequestError(f"the shares of the weights add up to {sum(asked.weights.values()):g}; make it 1")
    sites = _sites_of(released) if not asked.sites else [
        (one.id, one.name or one.id, one.status, *released.point(one.at)[:2], one.capacity, one.cost)
        for one in asked.sites
    ]  # fmt: skip
    blend = [
        f"--weight={name}" if len(asked.weights) == 1 else f"--weight={name}={share:g}"
        for name, share in asked.weights.items()
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "name", "status", "easting", "northing", "capacity", "cost"])
    writer.writerows([["" if value is None else value for value in row] for row in sites])
    arguments = [
        str(released.folder.resolve()), "--candidates=sites.csv", *blend,
        *(f"--{name}={number}" for name, number in chosen.items()),
        f"--aim={asked.aim}", f"--limit={asked.limit:g}", f"--seed={asked.seed}",
        *(f"--keep={one}" for one in asked.keep), *(f"--shut={one}" for one in asked.shut),
    ]  # fmt: skip
    name = jobs.submit(pack, "hubs", {"arguments": arguments, "sent": {"sites.csv": text.getvalue()}})
    return _accepted(jobs, pack, name)


def _sites_of(released: Any) -> list[tuple[Any, ...]]:
    points = released.places("points", "hub_candidates")
    frame = pd.DataFrame(points.drop(columns="geometry")).astype(object)
    frame = frame.where(frame.notna(), None)
    return [
        (row["id"], row["name"], row["status"], at.x, at.y, row.get("capacity"), row.get("cost"))
        for row, at in zip(frame.to_dict("records"), points.geometry, strict=True)
    ]


def _submit_review(holding: Holding, jobs: Jobs, pack: str, asked: ReviewWork) -> Response:
    released = holding.pack(pack)
    check_features(asked.sites, "sites", most=JOB_SITES)
    if not asked.layers:
        raise RequestError("no layer is sent to lay the sites over; send one or more as layers")
    sent = {"sites.geojson": json.dumps(asked.sites)}
    for name, layer in asked.layers.items():
        check_features(layer, name, most=5_000)
        sent[f"layers/{name}.geojson"] = json.dumps(layer)
    arguments = [str(released.folder.resolve()), "--sites=sites.geojson", "--with=layers"]
    name = jobs.submit(pack, "review", {"arguments": arguments, "sent": sent})
    return _accepted(jobs, pack, name)


def check_features(content: dict[str, Any], name: str, *, most: int) -> None:
    """Refuse a collection of features that is none, or too large.

    Raises
    ------
    RequestError, SizeError
        Naming the collection.
    """
    features = content.get("features")
    if content.get("type") != "FeatureCollection" or not isinstance(features, list) or not features:
        raise RequestError(f"{name} is no FeatureCollection with features; send one")
    if len(features) > most:
        raise SizeError(f"{name} has {len(features):,} features; send at most {most:,}")
    points = 0
    for one in features:
        try:
            shape = shapely.from_geojson(json.dumps(one["geometry"]))
            properties = one.get("properties") or {}
            plain = all(not isinstance(value, dict | list) for value in properties.values())
        except (shapely.errors.ShapelyError, KeyError, TypeError, AttributeError) as error:
            said = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
            raise RequestError(f"{name} has a feature that cannot be read: {said}") from None
        if shape is None or shape.is_empty or not plain:
            raise RequestError(f"{name} has a feature without shape, or with properties inside properties")
        points += int(shapely.get_num_coordinates(shape))
        if points > JOB_POINTS:
            raise SizeError(f"{name} has more than {JOB_POINTS:,} points; send fewer")
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            raise RequestError(f"{name} has coordinates that are not numbers")
        check_crossings(shape, name)


def _zip(jobs: Jobs, pack: str, job: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in jobs.look(pack, job)["files"]:
            path: Path = jobs.file(pack, job, name)
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), path.read_bytes())
    return held.getvalue()
