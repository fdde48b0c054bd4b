"""OGC API - Features, Parts 1 and 2, through pygeoapi: collections, their fields and their items."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pygeoapi.api as core
from numpy.typing import NDArray
from pygeoapi.api import itemtypes

from fairplace.service.answers import GEOJSON, encode
from fairplace.service.bounds import LIMIT, MOST
from fairplace.service.cql2 import find_rows
from fairplace.service.features import CRS84, GRID, Layer, parse_box
from fairplace.service.parameters import refuse_unknown
from fairplace.service.problems import MissingError, RequestError
from fairplace.service.provider import ASKED_BOX, ASKED_ROWS, collection_settings

#: What is declared: each class has a test for each of its abstract tests (docs/ogc-conformance.md). The list
#: of pygeoapi is another one at each of its releases, and names Part 4, of writing, which is not here.
DECLARED = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
)
_FILTER = ("filter", "filter-lang", "filter-crs")
_FORWARDED = ("crs", "limit", "offset", "properties", "sortby", "skipGeometry", "resulttype")
_ITEM_PARAMETERS = frozenset((*_FORWARDED, *_FILTER, "bbox", "bbox-crs", "datetime", "f"))
_MOMENT = r"(?:\.\.|\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?)?"
_DATETIME = re.compile(rf"{_MOMENT}(?:/{_MOMENT})?")


def queryables_address(base: str, name: str) -> str:
    """Address of the fields of a collection that can be asked for."""
    return f"{base}/collections/{name}/queryables"


def make_api(layers: Mapping[str, Layer], *, title: str, description: str) -> core.API:
    """Make pygeoapi's API object over layers, without any file."""
    settings = {
        "server": {
            "url": "http://localhost",
            "languages": ["en-GB"],
            "encoding": "utf-8",
            "limits": {"default_items": LIMIT, "max_items": MOST, "on_exceed": "throttle"},
        },
        "logging": {"level": "CRITICAL"},
        "metadata": {"identification": {"title": title, "description": description, "url": "/"}},
        "resources": {name: collection_settings(one) for name, one in layers.items()},
    }
    return core.API(settings, {})


class Features:
    """The collections of a service: pygeoapi's answers, with our features and our links in them."""

    def __init__(self, layers: Mapping[str, Layer], *, title: str, description: str) -> None:
        self.layers = layers
        self.api = make_api(layers, title=title, description=description)
        self.conformance = list(DECLARED)

    def layer(self, name: str) -> Layer:
        """Layer of a collection.

        Raises
        ------
        MissingError
            There is no such collection.
        """
        if name not in self.layers:
            raise MissingError(f'there is no collection "{name[:80]}"; /collections lists those there are')
        return self.layers[name]

    def collections(self, base: str, name: str | None = None) -> Any:
        """Describe one collection, or all."""
        content = self._ask(core.describe_collections, base, {}, name)
        for one in [content, *content.get("collections", [])]:
            one["links"] = [link for link in one["links"] if _served(link)]
            if one.get("id") in self.layers:
                one.update(self.layers[one["id"]].about)
        return content

    def queryables(self, base: str, name: str) -> Any:
        """Fields of a collection that can be asked for, by value or in a filter, as JSON Schema."""
        layer = self.layer(name)
        shape = {"title": "Shape", "format": layer.shape, "x-ogc-role": "primary-geometry"}
        fields = {field: {"title": field, "type": kind} for field, kind in layer.fields.items()}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": queryables_address(base, name),
            "type": "object",
            "title": layer.title,
            "properties": {"geometry": shape, **fields},
            "additionalProperties": False,
        }

    def items(self, base: str, name: str, query: Mapping[str, str]) -> tuple[bytes, dict[str, Any], str]:
        """Features that a query asks for: as GeoJSON, what stands beside them, and their CRS."""
        layer = self.layer(name)
        refuse_unknown(query, {*_ITEM_PARAMETERS, *layer.fields})
        crs, box_crs = _crs(query), query.get("bbox-crs", CRS84)
        if "bbox-crs" in query and "bbox" not in query:
            raise RequestError("bbox-crs is given without a bbox; give both")
        if box_crs not in (CRS84, GRID):
            raise RequestError(f'bbox-crs is "{box_crs[:80]}"; there are {CRS84} and {GRID}')
        if not _DATETIME.fullmatch(query.get("datetime", "")):
            raise RequestError(
                f'datetime is "{query["datetime"][:60]}"; give a date, a moment or two of them with a slash'
            )
        box = parse_box(query["bbox"], grid=box_crs == GRID) if "bbox" in query else None
        offset = _whole(query, "offset", 0)
        ours = ("bbox", "bbox-crs", "datetime", "f", *_FILTER)
        asked = {key: one for key, one in query.items() if key not in ours}
        if "sortby" in query:
            _check_order(query["sortby"], layer)
        ASKED_BOX.set((box, box_crs))
        ASKED_ROWS.set(_filtered(layer, query))
        content = self._ask(itemtypes.get_collection_items, base, asked, name)
        limit = min(_whole(query, "limit", LIMIT), MOST)
        members = {
            "numberMatched": content["numberMatched"],
            "numberReturned": content["numberReturned"],
            "links": _item_links(base, name, query, offset, limit, content["numberMatched"]),
        }
        rows = content["features"]
        if "properties" in query or query.get("skipGeometry", "").lower() in ("true", "1", "yes", "on"):
            return _narrow(layer, rows, crs, query, members), members, crs
        return layer.collection(rows, crs, **members), members, crs

    def item(self, base: str, name: str, feature: str, query: Mapping[str, str]) -> tuple[bytes, str]:
        """One feature and its CRS.

        Raises
        ------
        MissingError
            The collection has no such feature.
        """
        layer = self.layer(name)
        refuse_unknown(query, {"crs", "f"})
        if feature not in layer.rows:
            raise MissingError(f'"{feature[:80]}" is not in {name}; its items list those that are')
        crs = _crs(query)
        content = self._ask(
            itemtypes.get_collection_item, base, {"crs": crs} if "crs" in query else {}, name, feature
        )
        text = layer.encoded[crs][content["row"]]
        here = f"{base}/collections/{name}"
        this = f"{here}/items/{quote(feature, safe='')}"
        page = {"rel": "alternate", "type": "text/html", "title": "This document as a page"}
        links = [
            {"rel": "self", "type": GEOJSON, "title": "This document", "href": this},
            {**page, "href": f"{this}?f=html"},
            {"rel": "collection", "type": "application/json", "title": layer.title, "href": here},
        ]
        return text[:-1] + b', "links": ' + encode(links) + b"}", crs

    def _ask(self, function: Callable[..., Any], base: str, query: Mapping[str, str], *names: Any) -> Any:
        """Ask pygeoapi; its refusals become errors of ours."""
        api = copy.copy(self.api)
        api.base_url = base
        plain = SimpleNamespace(query_params=dict(query), headers={}, scope={"path": "/"})
        _, status, text = function(api, core.APIRequest(plain, api.locales), *names)
        content = json.loads(text)
        if int(status) == 404:
            raise MissingError(f'there is no "{str(names[-1])[:80]}"; /collections lists what there is')
        if int(status) >= 400:
            raise RequestError(str(content.get("description", "the request cannot be answered")))
        return content


def _check_order(text: str, layer: Layer) -> None:
    # A plus sign in an address is a space once it is read.
    named = [one.lstrip("-+ ") for one in text.split(",")]
    for at, name in enumerate(named):
        if name not in layer.fields or name in named[:at]:
            why = "there twice" if name in named[:at] else "no field"
            raise RequestError(
                f'sortby has "{name[:40]}", which is {why}; name fields once each, with - before one for '
                "descending order"
            )


def _crs(query: Mapping[str, str]) -> str:
    crs = query.get("crs", CRS84)
    if crs not in (CRS84, GRID):
        raise RequestError(f'crs is "{crs[:80]}"; there are {CRS84} and {GRID}')
    return crs


def _filtered(layer: Layer, query: Mapping[str, str]) -> NDArray[np.bool_] | None:
    """Features that a filter holds for; None where none is given."""
    given = [name for name in _FILTER if name in query]
    if not given:
        return None
    if "filter" not in query:
        raise RequestError(f"{given[0]} is given without a filter; give both")
    if query.get("filter-lang", "cql2-text") != "cql2-text":
        raise RequestError(f'filter-lang is "{query["filter-lang"][:40]}"; there is cql2-text')
    crs = query.get("filter-crs", CRS84)
    if crs not in (CRS84, GRID):
        raise RequestError(f'filter-crs is "{crs[:80]}"; there are {CRS84} and {GRID}')
    return find_rows(query["filter"], layer, crs)


def _served(link: Mapping[str, str]) -> bool:
    # Which forms pygeoapi names beside those we serve differs between its releases.
    unserved = link["type"].startswith(("application/ld+json", "text/csv"))
    return not unserved and not link["rel"].endswith("/schema")


def _whole(query: Mapping[str, str], name: str, otherwise: int) -> int:
    text = query.get(name)
    if text is None:
        return otherwise
    if not re.fullmatch(r"\d{1,9}", text):
        raise RequestError(f'{name} is "{text[:40]}"; give a whole number')
    return int(text)


def _item_links(
    base: str, name: str, query: Mapping[str, str], offset: int, limit: int, matched: int
) -> list[dict[str, str]]:
    here = f"{base}/collections/{name}"

    def link(rel: str, title: str, media: str = GEOJSON, **change: Any) -> dict[str, str]:
        asked = urlencode({**query, **change})
        return {
            "rel": rel,
            "type": media,
            "title": title,
            "href": f"{here}/items?{asked}" if asked else f"{here}/items",
        }

    links = [
        link("self", "This document"),
        link("alternate", "This document as a page", "text/html", f="html"),
    ]
    if offset + limit < matched:
        links.append(link("next", "Next page", offset=offset + limit, limit=limit))
    if offset > 0:
        links.append(link("prev", "Page before", offset=max(0, offset - limit), limit=limit))
    return [
        *links,
        {"rel": "collection", "type": "application/json", "title": "The collection", "href": here},
    ]


def _narrow(
    layer: Layer, rows: list[int], crs: str, query: Mapping[str, str], members: dict[str, Any]
) -> bytes:
    """Write features with some of their properties, or without their geometry."""
    wanted = query["properties"].split(",") if query.get("properties") else list(layer.fields)
    without = query.get("skipGeometry", "").lower() in ("true", "1", "yes", "on")
    features = []
    for row in rows:
        one = json.loads(layer.encoded[crs][row])
        one["properties"] = {name: one["properties"][name] for name in wanted}
        features.append({**one, "geometry": None} if without else one)
    return encode({"type": "FeatureCollection", **members, "features": features})
