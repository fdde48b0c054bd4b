"""The page of the service lists its routes as the service describes itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fairplace.service.descriptions import BEGIN, END, list_routes, replace_table, route_table

pytestmark = pytest.mark.checkout
PAGE = Path(__file__).resolve().parents[3] / "docs" / "service.md"


def test_every_route_of_the_page_is_one_of_the_service(caller) -> None:
    if not PAGE.is_file():
        pytest.skip("needs the pages of the checkout, which a wheel does not carry")
    described = caller.get("/openapi.json").json()
    page = PAGE.read_text(encoding="utf-8")
    wanted = replace_table(page, route_table(described))
    if os.environ.get("FAIRPLACE_WRITE_PAGES"):
        PAGE.write_text(wanted, encoding="utf-8")
        return
    true = set(route_table(described).splitlines())
    listed = page.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    assert len(listed) > 40
    assert [row for row in listed if row not in true] == [], "write the page again: FAIRPLACE_WRITE_PAGES=1"


def test_a_table_takes_the_place_of_another() -> None:
    described = {
        "paths": {
            "/x": {"get": {"summary": "X", "parameters": [{"name": "f", "in": "query", "required": True}]},
                   "post": {"summary": "Y", "parameters": [{"name": "pack", "in": "path"}]}}
        }
    }  # fmt: skip
    assert [(one["method"], one["parameters"]) for one in list_routes(described)] == [
        ("GET", "f"),
        ("POST", ""),
    ]
    page = replace_table(f"a {BEGIN} old {END} b", route_table(described))
    assert page.startswith(f"a {BEGIN}\n| Method")
    assert page.endswith(f"| GET | `/x` | X | f |\n| POST | `/x` | Y |  |\n{END} b")
    assert replace_table(page, route_table(described)) == page
