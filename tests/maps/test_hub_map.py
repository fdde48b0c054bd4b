"""The map of a hub plan: what a pop-up and the table say of a place, and what tells hubs apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from fairplace.hub_map import HUBS, OTHERS, draw_hub_map, say_minutes
from fairplace.hubs import HubPlan, HubQuestion, plan_hubs


@pytest.fixture
def plan() -> HubPlan:
    """Ash has the hub at its door, Birch is 10 minutes off it, Cedar 20 and at the chapel; Dell has no way."""
    places = pd.DataFrame(
        {"name": ["Ash", "Birch", "Cedar", "Dell"], "children": [1.0, 2.0, 9.0, 1.0],
         "easting": [505000.0, 505800.0, 506600.0, 507400.0], "northing": 221000.0},
        index=["a", "b", "c", "d"],
    )  # fmt: skip
    halls = pd.DataFrame(
        {"name": ["School", "Chapel"], "status": ["existing", "candidate"], "capacity": np.nan, "cost": np.nan,
         "opening": "", "step_free": "", "easting": [505000.0, 506600.0], "northing": 221000.0},
        index=["school", "chapel"],
    )  # fmt: skip
    times = pd.DataFrame(
        {"school": [0.0, 10.0, 20.0, np.inf], "chapel": [20.0, 10.0, 0.5, np.inf]}, index=places.index
    )
    return plan_hubs(places, halls, times, question=HubQuestion(need={"children": 1.0}, add=1, limit=5.0))


def test_minutes_are_said_now_and_under_the_plan_and_not_where_there_is_no_way(plan: HubPlan) -> None:
    assert say_minutes(plan).to_dict() == {
        "a": "0.0 minutes, now and under the plan",
        "b": "10.0 minutes, now and under the plan",
        "c": "20.0 minutes now, 0.5 minutes under the plan",
    }


def test_every_kind_of_hub_has_a_mark_of_its_own() -> None:
    marks = [one.mark for one in (*HUBS, *OTHERS)]
    assert all(marks)
    assert len(set(marks)) == len(marks)


@pytest.mark.chromium
def test_places_tell_minutes_and_class_in_words_and_the_image_its_standing(
    plan: HubPlan, open_page: Any
) -> None:
    html = draw_hub_map(plan, title="Hubs", banner=["Made up."], running="Hubs · public edition abc")
    with open_page(html) as seen:
        page = seen.page
        assert page.locator("#standing").inner_text() == "Made up. Hubs · public edition abc"
        rows = [
            one.split("\t") for one in page.locator("table[data-layer=places] tbody tr").all_inner_texts()
        ]
        assert rows[2] == [
            "Cedar",
            "c",
            "20.0 minutes now, 0.5 minutes under the plan",
            "within the limit under the best plan only",
        ]
        assert rows[3] == ["Dell", "d", "", "no way to any candidate"]
        hubs = [one.split("\t") for one in page.locator("table[data-layer=hubs] tbody tr").all_inner_texts()]
        assert hubs == [["School", "school", "hub that stays"], ["Chapel", "chapel", "hub that opens"]]
        page.locator("#search").fill("Birch")
        page.locator("#search").press("Enter")
        told = page.locator(".leaflet-popup-content").inner_text()
        for words in ("10.0 minutes, now", "beyond the limit in both", "The council's own travel times"):
            assert words in told
        for class_id in ("noway", "\nbeyond\n", "stays\n"):
            assert class_id not in told
        assert seen.errors == []
