"""Classes, colours and words of a layer."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.interactive import build_map
from maps.layer import LayerError, MapLayer
from maps.palettes import (
    DIVERGING,
    QUALITATIVE,
    SEQUENTIAL,
    PaletteError,
    contrast,
    grey,
    ink_on,
    luminance,
    seen_by,
    spread,
)
from maps.style import (
    STATUS_CLASSES,
    LayerStyle,
    MapClass,
    StyleError,
    categories,
    deciles,
    graduated,
    shares,
    single,
    three_classes,
)
from maps.text import base_text, range_text, value_text
from maps.words import english


def frame(values, low=np.nan, high=np.nan, status=None):
    held = pd.DataFrame({"value": values, "low": low, "high": high})
    held["status"] = status or np.where(held["value"].isna(), "missing", "ok")
    return held


class TestClasses:
    def test_a_class_holds_its_lower_edge_and_the_last_one_both(self):
        style = shares("s", [0, 0.2, 0.4])
        assert list(style.classify(frame([0, 0.19999, 0.2, 0.4]))) == ["c1", "c1", "c2", "c2"]

    def test_a_value_of_no_class_is_named(self):
        with pytest.raises(StyleError, match=r"1 has 0.41, which no class"):
            shares("s", [0, 0.2, 0.4]).classify(frame([0.1, 0.41]))

    def test_missing_suppressed_and_not_applicable_are_three_things(self):
        status = ["ok", "missing", "suppressed", "not_applicable"]
        held = frame([0.1, np.nan, np.nan, np.nan], status=status)
        style = shares("s", [0, 1])
        assert list(style.classify(held)) == ["c1", *status[1:]]
        assert len({(one.colour, one.pattern) for one in STATUS_CLASSES.values()}) == 3

    def test_probably_means_nine_draws_in_ten_also_in_binary(self):
        chance = [180 / 200, 179 / 200, 0.5, 21 / 200, 20 / 200, 1 - 0.9]
        found = three_classes("m").classify(frame(chance))
        assert list(found) == ["above", "close", "close", "close", "below", "below"]

    def test_a_chance_that_is_no_share_is_refused(self):
        with pytest.raises(StyleError, match="shares from 0 to 1"):
            three_classes("m").classify(frame([1.2]))

    def test_deciles_take_whole_numbers_only(self):
        assert list(deciles("d").classify(frame([1.0, 10.0]))) == ["1", "10"]
        with pytest.raises(StyleError, match="no class"):
            deciles("d").classify(frame([0.0]))

    def test_stripes_where_the_range_leaves_the_class(self):
        style = shares("s", [0, 0.2, 0.4], mark_uncertain=True)
        held = frame([0.1, 0.1, 0.1, 0.3], low=[0.05, 0.05, np.nan, 0.21], high=[0.15, 0.25, np.nan, 0.9])
        assert list(style.uncertain(held)) == [False, True, False, False]
        assert not shares("s", [0, 0.2, 0.4]).uncertain(held).any()

    @pytest.mark.parametrize(
        "make",
        [
            lambda: LayerStyle("x", ()),
            lambda: LayerStyle("x", (MapClass("a", "A", "#000000"),), edges=(0.0,)),
            lambda: graduated("x", [0, 0], ["a"]),
            lambda: graduated("x", [0, 1], ["a", "b"]),
            lambda: three_classes("x", sure=0.4),
            lambda: LayerStyle("x", (MapClass("missing", "A", "#000000"),), rule="single"),
            lambda: MapClass("a", "A", "#000000", "stars"),
            lambda: categories("x", {str(at): str(at) for at in range(9)}),
            lambda: single("x", "y").with_labels(["a", "b"]),
            lambda: single("x", "y").entry("z"),
        ],
    )
    def test_a_style_that_does_not_fit_together_is_refused(self, make):
        with pytest.raises(StyleError):
            make()

    @given(st.lists(st.floats(0, 1), max_size=40))
    def test_every_area_is_counted_once(self, values):
        style = shares("s", [0, 0.1, 0.3, 1])
        found = style.classify(frame(pd.Series(values, dtype=float)))
        assert sum(style.count(found).values()) == len(values)
        assert {one: n for one, n in style.count(found).items() if n} == dict(Counter(found))


class TestColours:
    @pytest.mark.parametrize("palette", SEQUENTIAL)
    @pytest.mark.parametrize("count", [3, 5, 7, 10])
    def test_a_sequence_keeps_its_order_in_grey_and_for_every_eye(self, palette, count):
        colours = spread(palette, count)
        for view in (
            lambda one: one,
            grey,
            *(lambda one, kind=kind: seen_by(one, kind) for kind in ("protan", "deutan", "tritan")),
        ):
            levels = [luminance(view(one)) for one in colours]
            assert levels == sorted(levels, reverse=True)
            assert min(-np.diff(levels)) > 0.002

    def test_the_three_classes_differ_by_three_to_one_in_grey(self):
        above, close, below = (one.colour for one in three_classes("m").classes)
        for first, second in ((above, below), (below, close), (above, close)):
            assert contrast(grey(first), grey(second)) >= 3

    def test_ends_of_a_diverging_palette_differ_for_every_eye(self):
        low, high = DIVERGING["blue-orange"][1], DIVERGING["blue-orange"][-2]
        for kind in ("protan", "deutan", "tritan"):
            ends = [
                np.array([int(seen_by(one, kind)[at : at + 2], 16) for at in (1, 3, 5)])
                for one in (low, high)
            ]
            assert np.abs(ends[0] - ends[1]).sum() > 120

    def test_black_on_white_is_21(self):
        assert contrast("#000000", "#ffffff") == pytest.approx(21)
        assert ink_on("#141a4a") == "#ffffff"
        assert len(set(QUALITATIVE)) == 8

    @pytest.mark.parametrize("call", [lambda: spread("pink", 3), lambda: spread("sea", 0), lambda: luminance("red"),
                                      lambda: seen_by("#000000", "none")])  # fmt: skip
    def test_what_is_no_colour_is_refused(self, call):
        with pytest.raises(PaletteError):
            call()


class TestLayer:
    def test_metres_of_the_national_grid_are_needed(self, grid):
        with pytest.raises(LayerError, match="EPSG:4326"):
            MapLayer("a", "A", grid.to_crs("EPSG:4326"), single("A", "A"))

    def test_a_chance_style_needs_chances(self, grid):
        with pytest.raises(LayerError, match="give it as chance"):
            MapLayer("a", "A", grid, three_classes("A"))

    def test_an_id_stands_in_addresses(self, grid):
        with pytest.raises(LayerError, match="letters, digits"):
            MapLayer("a&b", "A", grid, single("A", "A"))

    def test_two_figures_for_one_area_are_refused(self, grid, make_figures):
        rows = make_figures(pd.Series(0.1, index=[grid.index[0]] * 2))
        with pytest.raises(LayerError, match="two figures"):
            MapLayer("a", "A", grid, shares("A", [0, 1]), rows).data()

    def test_two_indicators_are_refused(self, grid, make_figures):
        rows = make_figures(pd.Series(0.1, index=grid.index))
        rows.loc[0, "indicator"] = "other"
        with pytest.raises(LayerError, match="more than one indicator"):
            MapLayer("a", "A", grid, shares("A", [0, 1]), rows).data()

    def test_an_area_without_a_row_is_missing(self, grid):
        layer = MapLayer("a", "A", grid, shares("A", [0, 1]), pd.Series({grid.index[0]: 0.5}), unit="share")
        assert layer.class_counts() == {"c1": 1, "missing": 11}
        assert layer.table(english())["value"].tolist()[:2] == ["50%", "missing"]


class TestWords:
    @pytest.mark.parametrize(
        ("value", "unit", "decimals", "expected"),
        [
            (0.284, "share", None, "28%"),
            (0.284, "share", 1, "28.4%"),
            (-0.001, "share", None, "0%"),
            (41.2, "GBP a week", None, "£41"),
            (-41.2, "GBP a week", 2, "−£41.20"),
            (1650, "people", None, "1,650"),
            (float("nan"), "people", None, "No figure"),
            (12.34, "score", None, "12.3"),
        ],
    )
    def test_a_number_with_its_unit(self, value, unit, decimals, expected):
        assert value_text(value, unit, english(), decimals=decimals) == expected

    def test_ranges_and_bases(self):
        words = english()
        assert range_text(0.24, 0.33, "share", words) == "24% to 33%"
        assert range_text(float("nan"), 0.33, "share", words) == ""
        assert base_text(462, 1650, words) == "462 of 1,650"
        assert base_text(float("nan"), 1650, words) == "out of 1,650"
        assert base_text(float("nan"), float("nan"), words) == ""


class TestAuditFindings:
    """What the audit of the government's planning map found in July 2026, as tests."""

    def test_every_map_has_its_figures_as_text(self, share_layer):
        html = build_map([share_layer], title="x")
        table = html[html.index("<table") :]
        for code, row in share_layer.table(english()).iterrows():
            assert f"<td>{code}</td>" in table
            assert f"<td>{row['value']}</td>" in table

    def test_classes_without_order_differ_by_more_than_colour(self):
        named = categories("c", {str(at): str(at) for at in range(6)})
        assert len({one.pattern for one in named.classes}) == 6
        assert len({one.pattern for one in three_classes("m").classes}) == 3

    def test_lines_have_a_contrast_of_three_to_one(self, grid):
        with pytest.raises(LayerError, match=r"1\.3:1 to their white casing"):
            MapLayer("a", "A", grid, single("A", "A", colour="#f0e442"), kind="line")
        assert contrast(single("A", "A").outline, "#ffffff") > 3
