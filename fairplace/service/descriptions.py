"""Every route in a table, made from the service's own description of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

#: Parameters of OGC API - Features, each one text with commas.
_FORM = ("bbox", "limit", "datetime")
#: What stands in the page of routes before and after the table.
BEGIN, END = "<!-- routes -->", "<!-- end of routes -->"


def describe_service(app: FastAPI) -> dict[str, Any]:
    """Describe a service in OpenAPI, with how the parameters of the standard are written into an address."""
    described = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for operations in described["paths"].values():
        for one in operations.values():
            for parameter in one.get("parameters", []):
                if parameter["in"] == "query" and parameter["name"] in _FORM:
                    parameter |= {"style": "form", "explode": False}
    return described


def list_routes(described: Mapping[str, Any]) -> list[dict[str, str]]:
    """List the routes of a service.

    Parameters
    ----------
    described
        Its OpenAPI description.

    Returns
    -------
    list of dict
        ``address``, ``method``, ``answers`` and ``parameters`` (with ``?`` where one may be left out).
    """
    return [
        {
            "address": path,
            "method": method.upper(),
            "answers": one["summary"],
            "parameters": ", ".join(
                each["name"] + ("" if each.get("required") else "?")
                for each in one.get("parameters", [])
                if each["in"] == "query"
            ),
        }
        for path, operations in described["paths"].items()
        for method, one in operations.items()
    ]


def route_table(described: Mapping[str, Any]) -> str:
    """Write the routes of a service as a Markdown table."""
    rows = [
        f"| {one['method']} | `{one['address']}` | {one['answers']} | {one['parameters']} |"
        for one in list_routes(described)
    ]
    return "\n".join(["| Method | Address | Answers | Query |", "| --- | --- | --- | --- |", *rows])


def replace_table(page: str, table: str) -> str:
    """Put a table of routes into a page, in place of the one that stands there."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
