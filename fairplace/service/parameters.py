"""What routes are asked with, told once: forms, paging, names, and the address of the service."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request

from fairplace.service.bounds import LIMIT, MOST, NAME_LETTERS, OFFSET
from fairplace.service.problems import PROBLEM_TYPE, RequestError

Form = Annotated[
    Literal["json", "html"] | None, Query(description="Form of the answer; else the Accept header says it")
]
TableForm = Annotated[
    Literal["json", "html", "csv"] | None,
    Query(description="Form of the answer; else the Accept header says it"),
]
PackName = Annotated[
    str,
    Path(max_length=100, description="Name of a pack, of those that /packs lists", examples=["halverton"]),
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Most rows of the answer", examples=[LIMIT])]
Offset = Annotated[int, Query(ge=0, le=OFFSET, description="Rows to skip", examples=[0])]
AreaName = Annotated[
    str,
    Path(
        max_length=NAME_LETTERS, description="GSS code, or a name only one area has", examples=["E06999001"]
    ),
]


def _problem(description: str, detail: str) -> dict[str, Any]:
    example = {"type": "about:blank", "title": description, "detail": detail}
    return {
        "description": description,
        "content": {PROBLEM_TYPE: {"example": example}, "text/html": {"example": "<!DOCTYPE html>"}},
    }


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem(
        "The request cannot be answered as it is asked", "there is no parameter colour; there are f"
    ),
    403: _problem("It may not be shown to whoever asks", "Drawn area has 90 residents in 35 households"),
    404: _problem("There is nothing of that name", '"E99" is not an area of Halverton'),
    408: _problem("The body was too slow in coming", "the body was not whole in 60 seconds; send it again"),
    413: _problem("The request is too large", "the request has a body"),
    414: _problem("The address is too long", "the query is longer than 4,096 bytes"),
    415: _problem("The body is of another kind", 'the body is said to be "text/plain"; send GeoJSON'),
    503: _problem("Too much is under way", "256 requests are under way; ask again in a few seconds"),
}


def examples(
    content: Any, media: str = "application/json", also: Iterable[str] = ()
) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a route: an example of a good one, the page, other forms, and the problems."""
    return {
        200: {
            "description": "The answer",
            "content": {
                media: {"example": content},
                "text/html": {"example": "<!DOCTYPE html>"},
                **{one.partition(";")[0]: {"example": "a file"} for one in also},
            },
        },
        **_PROBLEMS,
    }


#: Answers of a route whose content describes itself.
FORM = examples({"title": "Halverton"})


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a parameter that does nothing: a slip of the pen would else answer another question.

    Raises
    ------
    RequestError
        Naming the parameter and those there are.
    """
    for name in given:
        if name not in known:
            listed = ", ".join(sorted(known)[:20]) or "none"
            raise RequestError(f'there is no parameter "{name[:40]}"; there are {listed}')


async def check_parameters(request: Request) -> None:
    """Refuse unknown parameters of every route that lists its own."""
    route = request.scope.get("route")
    if route is None or getattr(route, "name", "") in ("items", "signed_in"):
        return
    refuse_unknown(request.query_params, {one.alias for one in route.dependant.query_params})


def base_url(request: Request) -> str:
    """Address of the service: the one it was told that people reach it at, else as it was called.

    Behind a server that speaks TLS the call itself comes by plain HTTP. The guard has checked the host.
    """
    told = getattr(request.app.state, "address", "")
    return told or str(request.base_url).rstrip("/")
