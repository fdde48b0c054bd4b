"""Charts: bars from zero, nothing invented, words for those who do not see them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from maps.charts import depth_bar, population_pyramid, reach_curve, ribbon_line, stacked_bars
from maps.comparison import FLAGS, dot_intervals, spine_chart, tartan_rug
from maps.palettes import contrast
from maps.plot import ChartError, round_step
from maps.style import LayerStyle, MapClass, StyleError, deciles

AGES = ["0–15", "16–64", "65+"]
PEOPLE = pd.DataFrame({"Female": [0.12, 0.30, 0.08], "Male": [0.13, 0.31, 0.06]}, index=AGES)
PARTS = pd.DataFrame({"Owned": [0.4, np.nan], "Rented": [0.6, 0.5]}, index=["Poets", "Luton"])
REACH = pd.DataFrame({"Hub": [0.0, 0.4, 0.9]}, index=[0, 10, 20])
LINE = pd.DataFrame(
    [
        ("Poets", "2021", 0.2, 0.15, 0.25),
        ("Poets", "2022", np.nan, np.nan, np.nan),
        ("Poets", "2023", 0.3, 0.2, 0.4),
    ],
    columns=["place", "period", "value", "low", "high"],
)
DOTS = pd.DataFrame(
    [
        ("Fuel poverty", "Poets", 0.2, 0.15, 0.25, "ok"),
        ("Fuel poverty", "Luton", np.nan, np.nan, np.nan, "suppressed"),
    ],
    columns=["label", "place", "value", "low", "high", "status"],
)
SPINE = pd.DataFrame(
    [("Fuel poverty", "share", 0.2, 0.15, 0.05, 0.1, 0.2, 0.4, "higher"),
     ("Claimants", "share", np.nan, 0.15, 0.05, 0.1, 0.2, 0.4, "not_compared")],
    columns=["label", "unit", "value", "comparator", "lowest", "p25", "p75", "highest", "flag"],
)  # fmt: skip
CELLS = pd.DataFrame({"Income": [1.0, np.nan], "Health": [10.0, 3.0]}, index=["Luton 001A", "Luton 001B"])

CHARTS = {
    "pyramid": lambda data: population_pyramid(data, title="T"),
    "stacked": lambda data: stacked_bars(data, title="T"),
    "depth": lambda data: depth_bar(data, title="T"),
    "reach": lambda data: reach_curve(data, title="T"),
    "line": lambda data: ribbon_line(data, title="T"),
    "dots": lambda data: dot_intervals(data, title="T"),
    "spine": lambda data: spine_chart(data, title="T", place="Poets", comparator="Luton"),
    "rug": lambda data: tartan_rug(data, deciles("Decile"), title="T"),
}
DATA = {
    "pyramid": PEOPLE,
    "stacked": PARTS,
    "depth": PARTS,
    "reach": REACH,
    "line": LINE,
    "dots": DOTS,
    "spine": SPINE,
    "rug": CELLS,
}


@pytest.mark.parametrize("name", CHARTS)
def test_the_same_chart_is_the_same_bytes_and_has_words(name):
    first, second = (CHARTS[name](DATA[name]) for _ in range(2))
    assert first.render("svg") == second.render("svg")
    assert first.alt.startswith("T. ")
    assert 'role="img" aria-label="T. ' in first.svg()
    assert b"<text" not in first.render("svg")


@pytest.mark.parametrize("name", CHARTS)
def test_no_rows_give_a_picture_that_says_so(name):
    assert CHARTS[name](DATA[name].iloc[:0]).alt == "T. There are no figures to draw."


@pytest.mark.parametrize("name", CHARTS)
def test_one_row_is_drawn(name):
    picture = CHARTS[name](DATA[name].iloc[:1])
    assert "no figures" not in picture.alt
    assert picture.render("png")


def test_bars_and_lines_start_at_zero():
    for picture, which in ((CHARTS["stacked"](PARTS), "x"), (CHARTS["reach"](REACH), "y"), (CHARTS["line"](LINE), "y"),
                           (CHARTS["pyramid"](PEOPLE), "x")):  # fmt: skip
        for frame in picture.figure.axes[1:]:
            assert 0 in (frame.get_xlim() if which == "x" else frame.get_ylim())


def test_a_bar_is_as_long_as_its_number():
    picture = population_pyramid(PEOPLE, title="T")
    for side, name in zip(picture.figure.axes[1:], PEOPLE, strict=True):
        assert [bar.get_width() for bar in side.patches] == pytest.approx(list(PEOPLE[name]))


def test_a_place_with_a_missing_part_has_no_shorter_bar():
    picture = CHARTS["stacked"](PARTS)
    assert len(picture.figure.axes[1].patches) == 2
    assert picture.alt == "T. Poets: Owned 40%, Rented 60%; Luton: missing."


def test_a_missing_year_breaks_the_line():
    picture = CHARTS["line"](LINE)
    assert picture.alt == "T. Poets 2021: 20% (15% to 25%); Poets 2023: 30% (20% to 40%)."
    line = picture.figure.axes[1].lines[0]
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)[1])


def test_a_hidden_figure_is_said_to_be_hidden():
    assert CHARTS["dots"](DOTS).alt == (
        "T. Fuel poverty, Poets: 20% (15% to 25%); Fuel poverty, Luton: hidden to protect people."
    )


def test_the_spine_tells_the_flag_in_words():
    assert "Fuel poverty: 20%, Luton 15%, higher" in CHARTS["spine"](SPINE).alt
    assert "Claimants: missing, Luton 15%, not compared" in CHARTS["spine"](SPINE).alt


def test_the_rug_has_the_classes_of_the_map():
    picture = tartan_rug(CELLS, deciles("D"), title="T", texts=CELLS.map(lambda value: f"{value:.0f}"))
    assert (
        picture.alt
        == "T. Luton 001A: Income 1 (most deprived), Health 10 (least deprived); Luton 001B: Income Missing, Health 3."
    )
    with pytest.raises(StyleError):
        tartan_rug(CELLS + 5, deciles("D"), title="T")


def test_the_spine_says_what_its_bars_run_over():
    bar = "Bar: from the lowest to the highest of 20 wards " * 4
    picture = spine_chart(SPINE, title="T", place="Poets", comparator="Luton", bar=bar)
    assert picture.alt.startswith(f"T. {bar}")
    taller = picture.figure.get_figheight() - CHARTS["spine"](SPINE).figure.get_figheight()
    assert taller * 25.4 > 2 * 3.2
    words = [text for axes in picture.figure.axes for text in axes.texts]
    (written,) = [one for one in words if one.get_text().startswith("Bar: from")]
    assert "\n" in written.get_text()


FLAGGED = pd.DataFrame(
    {"Luton 001A": ["higher", "lower"], "Luton 001B": ["similar", None]},
    index=["Overcrowded", "People aged 60 and over who are income deprived, a name that needs several lines"],
)
FLAG_STATUS = pd.DataFrame(
    {"Luton 001A": ["ok", "ok"], "Luton 001B": ["ok", "suppressed"]}, index=FLAGGED.index
)


def flag_rug():
    classes = tuple(MapClass(one, one, FLAGS[one][1]) for one in ("higher", "similar", "lower"))
    marks = {one: FLAGS[one][0] for one in FLAGS}
    style = LayerStyle("T", classes, rule="codes")
    return tartan_rug(FLAGGED, style, title="T", status=FLAG_STATUS, marks=marks)


def test_a_cell_of_the_rug_is_told_by_its_mark_as_well_as_by_its_colour():
    picture = flag_rug()
    frame = picture.figure.axes[1]
    found = {(round(float(one.get_xdata()[0]), 1), one.get_marker(), one.get_color()) for one in frame.lines}
    # Nothing stands on the pattern of a hidden figure, and every mark is seen on its colour.
    assert {(x, mark) for x, mark, _ in found} == {(0.5, "^"), (1.5, "o"), (0.5, "v")}
    assert all(
        contrast(ink, FLAGS[name][1]) >= 4.5
        for name, (mark, _) in FLAGS.items()
        for _, own, ink in found
        if own == mark
    )
    key = {one.get_marker() for one in picture.figure.axes[0].lines}
    assert key == {"^", "o", "v"}
    assert picture.alt.endswith("Luton 001A lower, Luton 001B Hidden to protect people.")


def test_long_names_of_rows_of_the_rug_take_more_lines_and_a_taller_row():
    frame = flag_rug().figure.axes[1]
    cells = [one for one in frame.patches if one.get_x() == 0]
    assert cells[1].get_height() > cells[0].get_height() == 4.6
    assert [label.get_text().count("\n") for label in frame.get_yticklabels()] == [0, 2]
    assert frame.get_yticks()[1] == pytest.approx(cells[1].get_y() + cells[1].get_height() / 2)


def test_sixty_rows_are_drawn_and_the_words_send_to_the_table():
    many = pd.concat(
        [DOTS.iloc[:1].assign(label=f"Indicator {at}, with a name that needs two lines") for at in range(60)]
    )
    picture = dot_intervals(many, title="T " * 90)
    assert "and 48 more, all of them in the table" in picture.alt
    assert picture.figure.get_figheight() * 25.4 > 300


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: stacked_bars(-PARTS, title="T"), "Owned of Poets is -0.4"),
        (lambda: population_pyramid(-PEOPLE, title="T"), "shows amounts from zero up"),
        (lambda: dot_intervals(DOTS.drop(columns="low"), title="T"), "low is not there"),
        (lambda: ribbon_line(LINE.drop(columns="period"), title="T"), "period is not there"),
        (
            lambda: spine_chart(SPINE.assign(flag="worse"), title="T", place="a", comparator="b"),
            "flag 'worse'",
        ),
        (lambda: population_pyramid(PEOPLE[["Male"]], title="T"), "needs two columns"),
        (lambda: ribbon_line(pd.concat([LINE, LINE.iloc[:1]]), title="T"), "two values for 2021"),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, said):
    with pytest.raises(ChartError, match=said):
        call()


def test_axis_steps_are_round():
    assert [round_step(top) for top in (1, 0.05, 0.6, 47, 3)] == pytest.approx([0.2, 0.01, 0.2, 10, 1])


def test_shares_that_rounding_took_past_the_whole_end_at_the_whole() -> None:
    parts = pd.DataFrame({"Owned": [0.557, 0.55], "Rented": [0.446, 0.45]}, index=["Poets", "Luton"])
    ends = [axes.get_xlim() for axes in stacked_bars(parts, title="T").figure.axes]
    assert (0, 1) in ends
    assert all(end[1] != 1.25 for end in ends)
