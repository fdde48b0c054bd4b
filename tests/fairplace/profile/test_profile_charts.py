"""Charts that hold an area against its district: one rule, the same figures as their tables, titles of figures."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from fairplace.comparator_files import ComparatorArea
from fairplace.disclosure import Beside, Released, release
from fairplace.drawn import find_area, release_area, release_place
from fairplace.indicators import load_indicators
from fairplace.pack import Pack
from fairplace.profile.charts import DOMAINS, MOST_ROWS, widest
from fairplace.profile.content import Place, compose, find_place
from fairplace.profile.drawings import draw
from fairplace.profile.flags import MOST_IN_RUGS, WHO
from fairplace.profile.forms import FORMS, Rendering
from fairplace.profile.model import Drawing, Number, Paragraph, Profile, Section, Table, inline_text
from fairplace.profile.words import load_words
from fairplace.spine import LSOA21


@pytest.fixture(scope="module")
def released(sample_pack: Pack) -> Released:
    return release(sample_pack, "public")


@pytest.fixture(scope="module")
def ward(released: Released) -> Profile:
    return compose(released, find_place(released, str(released.areas("wd25").index[1])))


@pytest.fixture
def england(released: Released, monkeypatch: pytest.MonkeyPatch) -> Beside:
    """England in which every share of counts is half of the district's, but for one of another year."""
    rows = released.figures[
        (released.figures["code"] == released.authority)
        & (released.figures["group"] == "")
        & (released.figures["unit"] == "share")
        & ~released.figures["indicator"].str.startswith("mis_")
    ]
    halved = rows.assign(code="E92000001", geography="ctry24", value=rows["value"] / 2)
    halved["period"] = halved["period"].where(halved["indicator"] != "overcrowded_share", "2011")
    figures = {str(row["indicator"]): row for row in halved.to_dict("records")}
    beside = Beside(ComparatorArea("E92000001", "England", "england", 296, 33_755), figures)  # type: ignore[arg-type]
    monkeypatch.setattr(Released, "comparators", lambda _: [beside])
    return beside


def drawn_of(pack: Pack, codes: list[str], key: str = LSOA21.key) -> tuple[Released, Profile]:
    outline = pack.areas(key).loc[codes].geometry.union_all()
    found, *place = release_place(pack, f"SRID=27700;{outline.wkt}", "public")
    return found, compose(found, Place(*place))


def section(profile: Profile, name: str) -> Section:
    return next(one for one in profile.sections if one.id == name)


def drawings(profile: Profile, kind: str) -> list[Drawing]:
    return [one for one in profile.blocks if isinstance(one, Drawing) and one.kind == kind]


def table(profile: Profile, name: str) -> Table:
    return next(one for one in profile.tables if one.id == name)


def notes(profile: Profile) -> str:
    return " ".join(one.text for one in section(profile, "charts").blocks if isinstance(one, Paragraph))


def test_deciles_of_the_index_and_its_seven_domains_are_of_small_areas_only(luton_pack: Pack) -> None:
    figures = luton_pack.figures
    assert len(DOMAINS) == 8
    for name in DOMAINS:
        rows = figures[figures["indicator"] == name]
        assert set(rows["geography"]) == {"lsoa21"}
        assert len(rows) == 125
        assert rows["value"].isin(range(1, 11)).all()


def test_the_strip_has_every_domain_and_each_decile_is_in_its_table(
    released: Released, ward: Profile
) -> None:
    (strip,) = drawings(ward, "strip")
    held = table(ward, strip.twin)
    cells = strip.data["cells"]
    assert list(cells.columns) == list(held.head[1:])
    assert cells.shape[1] == len(DOMAINS)
    for row, (_, drawn) in zip(held.rows, cells.iterrows(), strict=True):
        assert [one.row["value"] for one in row[1:] if isinstance(one, Number)] == list(drawn)
        assert [one.row["indicator"] for one in row[1:] if isinstance(one, Number)] == list(DOMAINS)
    worst = int((cells.iloc[:, 0] <= 2).sum())
    assert (
        f"in the most deprived fifth of England by the whole index (deciles 1 and 2): {worst} of {len(cells)};"
        in strip.caption
    )
    # A domain that a build did not hold is seen to be missing.
    without = released.figures[released.figures["indicator"] != DOMAINS[3]]
    made = compose(replace(released, figures=without), find_place(released, ward.code))
    (strip,) = drawings(made, "strip")
    assert set(strip.data["status"].iloc[:, 3]) == {"missing"}
    assert {row[4] for row in table(made, strip.twin).rows} == {"[x]"}


def test_a_small_area_stands_in_the_rug_as_in_its_own_spine_chart(released: Released, ward: Profile) -> None:
    (rug,) = drawings(ward, "rug")
    names = released.areas("lsoa21")["name"]
    codes = {str(name): str(code) for code, name in names.items()}
    seen = set()
    for name in rug.data["cells"].columns:
        own = compose(released, find_place(released, codes[name]))
        (spine,) = drawings(own, "spine")
        flags = spine.data["rows"].set_index("label")["flag"]
        column = rug.data["cells"][name]
        assert len(flags) > 15
        assert column.reindex(flags.index).to_dict() == flags.to_dict()
        seen |= set(flags)
    assert seen >= {"lower", "similar", "higher"}


def check_rug(released: Released, profile: Profile) -> list[str]:
    """Hold each rug against its table, cell by cell; gives the small areas, in order."""
    words = load_words()
    there = {
        str(row["indicator"]): row
        for row in released.figures[
            (released.figures["code"] == released.authority) & (released.figures["group"] == "")
        ].to_dict("records")
    }
    found = []
    for rug in drawings(profile, "rug"):
        held, cells, status = table(profile, rug.twin), rug.data["cells"], rug.data["status"]
        assert list(held.head[2::2]) == list(cells.columns)
        for label, row in zip(cells.index, held.rows, strict=True):
            assert row[0] == label
            assert isinstance(row[1], Number)
            assert row[1].row["value"] == there[row[1].row["indicator"]]["value"]
            for at, name in enumerate(cells.columns):
                number, said = row[2 + 2 * at], row[3 + 2 * at]
                flag, state = cells.loc[label, name], status.loc[label, name]
                if state == "ok":
                    assert isinstance(number, Number)
                    assert said == words("charts", f"flag_{flag}")
                    assert number.style == "with_range"
                    assert number.row["indicator"] == row[1].row["indicator"]
                else:
                    assert flag is None
                    assert inline_text(number) == {"missing": "[x]", "suppressed": "[c]"}[state]
                    # The title counts what is not compared, and this is not known.
                    assert said == inline_text(number)
        counted = pd.Series(cells.to_numpy().ravel()).value_counts()
        told = {
            flag: int(count)
            for count, flag in re.findall(r"(\d+) (higher|similar|lower|not compared)", rug.caption)
        }
        assert told == {
            one.replace("_", " "): int(counted.get(one, 0))
            for one in ("higher", "similar", "lower", "not_compared")
        }
        assert f"of {sum(told.values())} comparisons" in rug.caption
        found += list(cells.columns)
    return found


def test_the_rug_is_in_its_table_cell_by_cell(released: Released, ward: Profile) -> None:
    assert len(check_rug(released, ward)) > 1


def test_a_figure_that_is_hidden_or_missing_is_neither_similar_nor_not_compared(
    released: Released, ward: Profile
) -> None:
    (rug,) = drawings(ward, "rug")
    names = released.areas("lsoa21")["name"]
    codes = [str(names.index[names == name][0]) for name in rug.data["cells"].columns[:2]]
    figures = released.figures.copy()
    at = (figures["indicator"] == "overcrowded_share") & (figures["group"] == "")
    hidden = at & (figures["code"] == codes[0])
    figures.loc[hidden, "status"] = "suppressed"
    figures.loc[hidden, ["value", "count", "base"]] = float("nan")
    figures = figures[~(at & (figures["code"] == codes[1]))]
    changed = replace(released, figures=figures)
    made = compose(changed, find_place(changed, ward.code))
    check_rug(changed, made)
    (rug,) = drawings(made, "rug")
    row = next(label for label in rug.data["status"].index if label.startswith("Overcrowded"))
    assert list(rug.data["status"].loc[row].iloc[:2]) == ["suppressed", "missing"]
    alt = draw(made, changed)["rug"].alt
    assert "Hidden to protect people" in draw(made, changed)["rug"].alt or "more, all of them" in alt


def test_many_small_areas_are_laid_in_parts_and_too_many_are_said_not_to_be(
    sample_pack: Pack, released: Released
) -> None:
    codes = [str(one) for one in released.areas("lsoa21").index]
    two, made = drawn_of(sample_pack, codes[:13])
    inside = check_rug(two, made)
    sheets = openpyxl.load_workbook(io.BytesIO(FORMS[".xlsx"](Rendering(made, two)))).sheetnames
    assert [one.partition(" ")[2] for one in sheets if " rug" in one] == ["rug 1", "rug 2"]
    assert len(drawings(made, "rug")) == 2
    assert [len(one.data["cells"].columns) for one in drawings(made, "rug")] == [7, 6]
    assert inside == sorted(str(two.areas("lsoa21")["name"][code]) for code in codes[:13])
    _, many = drawn_of(sample_pack, codes[: MOST_IN_RUGS + 1])
    assert drawings(many, "rug") == []
    assert f"holds {MOST_IN_RUGS + 1}, and at most {MOST_IN_RUGS} are drawn" in notes(many)


def test_a_whole_district_says_what_is_not_drawn(luton_pack: Pack) -> None:
    whole = release(luton_pack, "public")
    made = compose(whole, find_place(whole, whole.authority))
    assert drawings(made, "rug") == drawings(made, "strip") == drawings(made, "spine") == []
    assert f"holds 125, and at most {MOST_IN_RUGS} are drawn" in notes(made)
    assert f"holds 125 small areas, and at most {MOST_ROWS} fit" in notes(made)
    assert len(table(made, "domains-table").rows) == 125


def test_one_place_under_two_names_has_one_spine_chart(sample_pack: Pack, released: Released) -> None:
    code = str(released.areas("wd25").index[1])
    weights = released.crosswalk("lsoa21", "wd25").weights
    mine = weights[(weights["target"] == code) & (weights["weight"] > 0)].set_index("origin")["weight"]
    outline = released.areas("lsoa21").loc[list(mine.index)].geometry.union_all()
    area = find_area(sample_pack, f"SRID=27700;{outline.wkt}")
    same = replace(area, shares=mine.rename(None).astype(float))
    held = release_area(sample_pack, same)
    drawn = drawings(compose(held, Place("area", same.id, same.name)), "spine")
    theirs = drawings(compose(released, find_place(released, code)), "spine")
    assert drawn[0].data["bar"] == theirs[0].data["bar"]
    columns = ["label", "value", "comparator", "lowest", "p25", "p75", "highest", "flag"]
    pd.testing.assert_frame_equal(
        drawn[0].data["rows"][columns], theirs[0].data["rows"][columns], check_exact=False, rtol=1e-9
    )


@pytest.mark.parametrize(
    ("count", "over", "many"), [(2, "lsoa21", "small areas (LSOAs)"), (9, "wd25", "wards")]
)
def test_a_drawn_area_is_laid_over_wards_if_it_is_as_large_as_one_and_else_over_small_areas(
    sample_pack: Pack, released: Released, count: int, over: str, many: str
) -> None:
    figures = released.figures
    wards = figures[(figures["geography"] == "wd25") & (figures["indicator"] == "residents")]
    codes = [str(one) for one in released.areas("lsoa21").index][:count]
    held, made = drawn_of(sample_pack, codes)
    (spine,) = drawings(made, "spine")
    residents = next(
        float(row["value"])
        for row in held.figures[held.figures["code"] == made.code].to_dict("records")
        if row["indicator"] == "residents" and row["group"] == ""
    )
    assert (residents >= wards["value"].min()) == (over == "wd25")
    assert f"highest figure of {many} in {released.name}" in spine.data["bar"]
    assert spine.data["bar"] in draw(made, held)["spine"].alt
    assert f"The bars run over {many}" in notes(made)
    rows = table(made, spine.twin).rows
    assert len(rows) > 10
    for row in rows:
        ends = [one.row for one in row[4:8] if isinstance(one, Number)]
        assert {one["geography"] for one in ends} == {over}
        values = figures.loc[
            (figures["geography"] == over)
            & (figures["group"] == "")
            & (figures["indicator"] == ends[0]["indicator"]),
            "value",
        ].dropna()
        assert (ends[0]["value"], ends[-1]["value"]) == (values.min(), values.max())
        assert [one["value"] for one in ends] == sorted(one["value"] for one in ends)


def test_where_there_are_few_wards_a_drawn_area_is_laid_over_small_areas(
    sample_pack: Pack, released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [str(one) for one in released.areas("lsoa21").index][:9]
    held, before = drawn_of(sample_pack, codes)
    assert "wards" in drawings(before, "spine")[0].data["bar"]
    place = Place("area", before.code, before.area)
    without = [one for one in held.geographies if not one.startswith("wd")]
    monkeypatch.setattr(Released, "geographies", property(lambda _: without))
    again = compose(held, place)
    (spine,) = drawings(again, "spine")
    assert "small areas (LSOAs)" in spine.data["bar"]
    assert "because there are too few wards" in notes(again)


def test_each_theme_has_dots_of_the_figures_of_its_table(
    released: Released, ward: Profile, england: Beside
) -> None:
    made = compose(released, find_place(released, ward.code))
    plots = drawings(made, "theme_dots")
    assert {one.id for one in plots} >= {
        "dots-population", "dots-households", "dots-low-income", "dots-deprivation", "dots-housing",
    }  # fmt: skip
    beside = {str(row[0]): row[3:] for row in table(made, "compare-table").rows}
    checked = 0
    for plot in plots:
        held = {str(row[0]): row for row in table(made, plot.twin).rows}
        for label, rows in plot.data["rows"].groupby("label", sort=False):
            row = held[str(label)]
            numbers = [one.row for one in row if isinstance(one, Number) and one.column == "value"]
            told = dict(zip(rows["place"], rows["value"], strict=True))
            by_code = {one["code"]: one["value"] for one in numbers}
            assert told[ward.area] == by_code[ward.code]
            assert told[released.name] == by_code[released.authority]
            if "England" in told:
                assert told["England"] in [
                    one.row["value"] for one in beside[str(label)] if isinstance(one, Number)
                ]
                assert told["England"] == england.figures[numbers[0]["indicator"]]["value"]
                checked += 1
            # Another year is not laid beside.
            assert (numbers[0]["indicator"] == "overcrowded_share") <= ("England" not in told)
    assert checked > 5
    second = drawings(made, "spine")[0].data["rows"].set_index("label")["second"]
    older = next(label for label in second.index if str(label).startswith("Overcrowded"))
    assert second.isna()[older]
    assert second.notna().sum() > 5
    tenure = drawings(made, "tenure")[0]
    assert list(tenure.data["parts"].index) == [ward.area, released.name, "England"]
    assert "The figures of England are in the table of" in tenure.alt
    shown = {label for one in plots for label in one.data["rows"]["label"]}
    assert not shown & set(tenure.data["parts"].columns)


def test_a_district_alone_has_no_dots_and_beside_england_names_it(
    released: Released, england: Beside
) -> None:
    del england
    place = find_place(released, released.authority)
    made = compose(released, place)
    (tenure,) = drawings(made, "tenure")
    assert list(tenure.data["parts"].index) == [released.name, "England"]
    # England's figures stand in another table, so that no title gives them.
    assert "the largest part" in tenure.caption
    assert [one.caption for one in drawings(made, "theme_dots") if re.search(r"\d%", one.caption)] == []
    assert all(
        list(one.data["rows"]["place"])[:2] == [released.name, "England"]
        for one in drawings(made, "theme_dots")[:1]
    )


def test_a_district_with_nobody_beside_it_says_its_largest_part(released: Released) -> None:
    made = compose(released, find_place(released, released.authority))
    assert drawings(made, "theme_dots") == []
    assert "“" not in drawings(made, "ethnic")[0].caption
    for name in ("ages", "tenure"):
        (one,) = drawings(made, name)
        parts = one.data["parts"].iloc[0]
        assert f"“{parts.idxmax()}”" in one.caption
    assert "the largest part is" in drawings(made, "pyramid")[0].caption


@pytest.mark.parametrize("kind", ["wd25", "lsoa21", "lad25", "msoa21"])
def test_each_figure_of_a_title_stands_in_the_table_of_its_chart(released: Released, kind: str) -> None:
    made = compose(released, find_place(released, str(released.areas(kind).index[0])))
    seen = 0
    for one in made.blocks:
        if isinstance(one, Drawing) and not one.kind.endswith("_map"):
            texts = " ".join(inline_text(cell) for row in table(made, one.twin).rows for cell in row)
            for figure in re.findall(
                r"\d+(?:\.\d+)?% \([^)]*\)|\d+(?:\.\d+)?%(?! (?:ranges|\())", one.caption
            ):
                # The table of the standard has values and ranges in columns of their own.
                for part in re.findall(r"[\d.]+%", figure):
                    assert part in texts, (one.id, one.caption)
                    seen += 1
    assert seen > 8


def test_who_people_are_and_figures_of_models_are_no_headline(released: Released) -> None:
    labels = {one.id: one.label for one in load_indicators(load_words())}
    kept = [label for name, label in labels.items() if name.startswith((*WHO, "disabled_", "fuel_poverty"))]
    held = set(released.figures["indicator"])
    assert {"religion_muslim_share", "disabled_share", "fuel_poverty_share"} <= held
    for kind in ("wd25", "lsoa21"):
        for code in released.areas(kind).index[:8]:
            made = compose(released, find_place(released, str(code)))
            titles = [one.caption for name in ("ethnic", "theme_dots") for one in drawings(made, name)]
            assert len(titles) > 4
            assert [one for one in titles if any(f"“{label}" in one for label in kept)] == []


def figure(value: float, low: float = float("nan"), high: float = float("nan")) -> dict[str, object]:
    return {
        "status": "ok", "unit": "share", "value": value, "base": 5000, "count": float("nan"), "low": low, "high": high,
        "interval": "95 % Wilson" if low == low else "", "indicator": "x", "group": "", "period": "2021", "basis": "counted",
    }  # fmt: skip


def test_a_title_names_no_difference_that_ranges_or_digits_do_not_show() -> None:
    words = load_words()
    here = {"counted": figure(0.303), "ranged": figure(0.5, 0.4, 0.6)}
    there = {"counted": figure(0.2), "ranged": figure(0.3, 0.2, 0.45)}
    assert widest(words, here, there) == ("counted", "30.3%", "20.0%")
    # Half a point more women is no headline.
    assert widest(words, {"a": figure(0.505)}, {"a": figure(0.5)}) is None
    apart = {**there, "ranged": figure(0.3, 0.2, 0.35)}
    assert widest(words, here, apart) == ("ranged", "50.0% (40.0% to 60.0%)", "30.0% (20.0% to 35.0%)")
    assert widest(words, {"a": figure(0.30301)}, {"a": figure(0.30299)}) is None
    assert widest(words, {"a": figure(0.5) | {"status": "suppressed"}}, {"a": figure(0.3)}) is None
