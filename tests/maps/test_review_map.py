"""The map of a Local Plan review: what tells its layers apart, its statuses, and what stands in the image."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import geopandas as gpd
import pytest
import shapely

from fairplace.review import map as review_map
from fairplace.review.model import Review
from geo.source import Source
from layers.planning import PlanningLayer, Register
from maps.layer import MapLayer

KINDS = (
    "chosen",
    "rejected",
    "omission",
    "submitted",
    "withdrawn",
    "reserve",
    "built",
    "draft",
    "missing",
    "new",
)


def frame(shapes: list[Any], **columns: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:27700")


def square(at: int, *, side: float = 90.0, north: float = 221000.0) -> Any:
    return shapely.box(505000 + 100 * at, north, 505000 + 100 * at + side, north + side)


def planning(at: int, *, points: bool = False, whole: bool = True) -> PlanningLayer:
    held = [shapely.Point(505000 + 100 * at, 221500)] if points else [square(at, north=221600)]
    return PlanningLayer(
        f"layer-{at}", f"Layer {at}", frame(held, name=[f"Thing {at}"], reference=[f"REF{at}"]),
        "complete" if whole else "partial", "2026-01", Register(f"layer-{at}", f"Layer {at}"),
        Source(f"layer-{at}", f"Layer {at}", "Council", "2026-01", "2026", "OGL v3"),
    )  # fmt: skip


def review(
    statuses: list[str], layers: list[PlanningLayer] | None = None, zones: int = 0, **extra: Any
) -> Review:
    sites = frame([square(at) for at in range(len(statuses))], status=statuses)
    sites["name"] = [f"Site {at}" for at in range(len(statuses))]
    rings = frame(
        [square(at, north=222000) for at in range(zones)], name=[f"Zone {at}" for at in range(zones)]
    )
    return Review(
        "E06999001", "Halverton", "abc123", True, {"plan": {"name": "Plan"}},
        sites.set_axis([f"S{at}" for at in range(len(sites))]), tuple(layers or []), {}, {},
        {"takeaway_zones": rings} if zones else {}, (), extra=extra,
    )  # fmt: skip


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[MapLayer]:
    """Layers of the last map that was made."""
    kept: list[MapLayer] = []
    make = review_map.build_map
    monkeypatch.setattr(
        review_map, "build_map", lambda layers, **more: kept.extend(layers) or make(layers, **more)
    )
    return kept


def test_no_two_of_thirty_layers_look_alike(drawn: list[MapLayer]) -> None:
    layers = [planning(at, points=at % 5 == 4) for at in range(24)]
    review_map.draw_review(review(["chosen"], layers, zones=6))
    over = [one for one in drawn if one.kind != "fill"]
    assert len(over) == 30
    lines = [(one.style.outline, one.style.dash) for one in over if one.kind == "line"]
    places = [one.style.classes[0].mark for one in over if one.kind == "point"]
    assert len(set(lines)) == len(lines) == 26
    assert len(set(places)) == len(places) == 4
    zones = [one.style for one in over if one.label.startswith("Zone")]
    assert all(a.dash != b.dash and a.outline != b.outline for a, b in pairwise(zones))


def test_the_commonest_seven_statuses_have_a_class_and_the_rest_one_together(drawn: list[MapLayer]) -> None:
    statuses = [one for at, one in enumerate(KINDS) for _ in range(2 if at < 7 else 1)]
    review_map.draw_review(review([*statuses, "CHOSEN", ""]))
    sites = drawn[0]
    labels = {one.label: sites.class_counts()[one.id] for one in sites.style.classes}
    assert labels == {"Built": 2, "Chosen": 3, "Omission": 2, "Rejected": 2, "Reserve": 2, "Submitted": 2,
                      "Withdrawn": 2, "Any other status": 4}  # fmt: skip


def test_a_status_of_any_name_is_a_class(drawn: list[MapLayer]) -> None:
    review_map.draw_review(review(["missing", "Allocated", "allocated", "allocated ", ""]))
    sites = drawn[0]
    labels = {one.label: sites.class_counts()[one.id] for one in sites.style.classes}
    assert labels == {"Not stated": 1, "Allocated": 3, "Missing": 1}


@pytest.mark.chromium
def test_a_designation_can_be_asked_about_and_says_that_its_layer_is_not_complete(open_page: Any) -> None:
    layers = [planning(0, whole=False), planning(3)]
    html = review_map.draw_review(review([*KINDS, "Missing"], layers, edition="officer"))
    with open_page(html) as seen:
        page = seen.page
        said = page.locator("#standing").inner_text()
        for words in (
            "Halverton is made up",
            "Officer edition",
            "Local Plan review: Halverton · officer edition abc123",
        ):
            assert words in said
        assert not page.locator("#lead").is_visible()
        page.locator("#overlays input[value=layer-0]").check()
        assert page.locator("#lead").inner_text() == (
            "Layer 0: not complete for this authority, edition 2026-01. No data is not no constraint."
        )
        page.locator("#search").fill("REF0")
        page.locator("#search").press("Enter")
        assert page.locator(".leaflet-popup-content h2").inner_text() == "Thing 0"
        assert "REF0" in page.locator(".leaflet-popup-content").inner_text()
        rows = [one.split("\t") for one in page.locator("table[data-layer=sites] tbody tr").all_inner_texts()]
        assert rows[3] == ["Site 3", "S3", "Submitted", "Any other status"]
        assert rows[8] == ["Site 8", "S8", "", "Missing"]
        assert seen.errors == []
