"""What is sent as JSON: read within bounds, and checked against what a route says that it takes."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from fairplace.service.answers import GEOJSON, MEDIA
from fairplace.service.guard import BODY_EXTRA
from fairplace.service.problems import MediaError, RequestError

M = TypeVar("M", bound=BaseModel)


def body_of(model: type[BaseModel], most: int, *, example: Any) -> dict[str, Any]:
    """Describe a body for OpenAPI, and say how long it may be.

    Parameters
    ----------
    model
        What is in it; models inside it are written out, so that nothing is referred to.
    most
        Bytes.
    example
        One that is taken.
    """
    schema = model.model_json_schema()
    inner = schema.pop("$defs", {})
    plain = _written_out(schema, inner)
    content = {MEDIA["json"]: {"schema": plain, "example": example}}
    return {BODY_EXTRA: most, "requestBody": {"required": True, "content": content}}


def _written_out(value: Any, inner: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _written_out(inner[value["$ref"].rpartition("/")[2]], inner)
        return {key: _written_out(one, inner) for key, one in value.items()}
    if isinstance(value, list):
        return [_written_out(one, inner) for one in value]
    return value


async def read_model(request: Request, model: type[M]) -> M:
    """Read the body of a request.

    Raises
    ------
    MediaError
        It is said to be something else than JSON.
    RequestError
        It is not JSON, or not what the route takes; the first thing wrong is named.
    """
    content = await run_in_threadpool(read_json, await read_body(request))
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(one)[:40] for one in first["loc"]) or "the body"
        said = str(first["msg"])
        raise RequestError(f"{where} is wrong: {said[:1].lower()}{said[1:200]}") from None


def check_media(request: Request) -> None:
    """Refuse a body by what its headers say, before anything of it is read.

    Raises
    ------
    MediaError
        It is said to be something else than JSON, or is packed: what a few bytes unpack to has no bound.
    """
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media not in (GEOJSON, MEDIA["json"]):
        raise MediaError(f'the body is said to be "{media[:60]}"; send it as {MEDIA["json"]}')
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed != "identity":
        raise MediaError(f'the body is packed as "{packed[:40]}"; send it as it is')


async def read_body(request: Request) -> bytes:
    """Give the body of a request that is said to be JSON.

    Raises
    ------
    MediaError
        As `check_media` says.
    """
    check_media(request)
    return await request.body()


def read_json(text: bytes | str) -> Any:
    """Read JSON as it is defined: no NaN, and nested no deeper than Python reads.

    Raises
    ------
    RequestError
        It is none.
    """
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = "nested too deep" if isinstance(error, RecursionError) else str(error)[:120]
        raise RequestError(f"the body is not JSON: {said}") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number that JSON has")
