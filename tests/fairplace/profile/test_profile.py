"""The profile: every number is a figure of the pack, every form says the same, and names are only names."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.disclosure_policy import Edition
from fairplace.pack import Pack, open_pack
from fairplace.profile.content import AreaNotFoundError, compose, find_place
from fairplace.profile.drawings import draw_svg
from fairplace.profile.html import render_html
from fairplace.profile.json_form import render_json
from fairplace.profile.model import Bullets, Number, Paragraph, Table, inline_text
from fairplace.scorecard import compose_scorecard

KEY = ["code", "geography", "indicator", "group", "period", "source"]


class Page(HTMLParser):
    """The numbers of a page, and the words of its cells, paragraphs and headings."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[tuple[dict[str, str], str]] = []
        self.cells: list[str] = []
        self.text: list[str] = []
        self._stack: list[str] = []
        self._data: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "link"):
            return
        self._stack.append(tag)
        if tag == "data":
            self._data = {name: value or "" for name, value in attrs}
        if tag == "td":
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop() != tag:
            pass
        if tag == "data":
            self._data = None

    def handle_data(self, data: str) -> None:
        if "style" in self._stack or "svg" in self._stack:
            return
        self.text.append(data)
        if self._data is not None:
            self.numbers.append((self._data, data))
        elif "td" in self._stack:
            self.cells[-1] += data


def read(page: str) -> Page:
    parsed = Page()
    parsed.feed(page)
    return parsed


def hidden_there(released: Released) -> list[dict[str, object]]:
    """How many figures the rules hid, by reason, as `release` counted them: no row of the pack."""
    none = dict.fromkeys(("low", "high", "count", "base"), float("nan"))
    counts = {"small numbers": 0, **released.hidden, "stale": sum(one.figures for one in released.stale)}
    return [
        {
            "code": released.authority, "geography": "lad25", "indicator": "figures_hidden", "group": reason,
            "period": "", "source": "disclosure", "value": number, "unit": "count", "basis": "counted",
            "interval": "", "status": "ok", **none,
        }
        for reason, number in counts.items()
    ]  # fmt: skip


@cache
def held(pack_path: Path) -> dict[str, dict[str, object]]:
    # After disclosure rules: an organisation's own counts and bases are shown rounded.
    released = release(open_pack(pack_path), "public")
    rows = released.figures.to_dict("records")
    rows += [dict(row) for one in released.comparators() for row in one.figures.values()]  # type: ignore[misc]
    rows += hidden_there(released)  # type: ignore[arg-type]
    return {"|".join(str(row[name]) for name in KEY): row for row in rows}  # type: ignore[misc]


def profile_of(pack: Pack, area: str) -> tuple[Released, str]:
    released = release(pack, "public")
    return released, render_html(compose(released, find_place(released, area)))


def rest_of(figures: dict[str, dict[str, object]], key: str) -> dict[str, object]:
    """The district without an area, worked out here from two rows of the pack."""
    (code, geography, *rest) = key.split("|")
    district, _, without = code.partition("-without-")
    assert geography == "area"
    whole = next(figures[f"{district}|{key}|" + "|".join(rest)] for key in ("lad25",))
    part = next(
        row
        for name, row in figures.items()
        if name.startswith(f"{without}|") and name.split("|")[2:] == rest and "|share_inside|" not in name
    )
    row = dict(whole)
    for name in ("count", "base", "value"):
        row[name] = float(whole[name]) - float(part[name])  # type: ignore[arg-type]
    if row["base"] == row["base"]:
        row["value"] = row["count"] / row["base"]  # type: ignore[operator]
    return row


def check_page(pack: Pack, page: str) -> int:
    figures = held(pack.path)
    numbers = read(page).numbers
    for attributes, text in numbers:
        row = figures.get(attributes["data-figure"]) or rest_of(figures, attributes["data-figure"])
        decimals = attributes.get("data-decimals")
        column = attributes["data-column"]
        places, unit = int(decimals) if decimals else None, attributes["data-unit"]
        number = Number(row, attributes["data-style"], places, column, unit)
        assert text == number.text, attributes
        if row["status"] == "ok" and row[attributes["data-column"]] != row[attributes["data-column"]]:
            assert attributes["value"] == ""
        elif row["status"] == "ok":
            assert float(attributes["value"]) == pytest.approx(row[attributes["data-column"]], rel=1e-12)
    # A digit in a cell that is not a figure may only be a period, an edition or a source's name.
    for cell in read(page).cells:
        plain = re.sub(
            r"\b(19|20)\d\d(-\d\d)*(/\d\d)?\b|FYE|TS\d{3}|v\d|\d{1,2} [A-Z][a-z]+ 20\d\d", "", cell
        )
        assert not re.search(r"\d%|£\d|\d,\d{3}", plain), cell
    return len(numbers)


def test_every_number_of_a_sample_profile_is_a_figure_of_the_pack(sample_pack: Pack) -> None:
    wards = sample_pack.areas("wd25").index
    for code in (wards[0], wards[-1]):
        assert check_page(sample_pack, profile_of(sample_pack, code)[1]) > 60
    assert check_page(sample_pack, profile_of(sample_pack, sample_pack.authority)[1]) > 60
    assert check_page(sample_pack, profile_of(sample_pack, sample_pack.areas("lsoa21").index[3])[1]) > 40


def test_every_number_of_each_real_luton_ward_is_a_figure_of_the_pack(luton_pack: Pack) -> None:
    for code in luton_pack.areas("wd25").index:
        assert check_page(luton_pack, profile_of(luton_pack, code)[1]) > 60


def test_json_and_html_hold_the_same_numbers(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    profile = compose(released, find_place(released, sample_pack.areas("wd25").index[0]))
    page = [(attributes["data-figure"], text) for attributes, text in read(render_html(profile)).numbers]
    found: list[tuple[str, str]] = []

    def walk(part: object) -> None:
        if isinstance(part, dict):
            if "figure" in part and part["text"]:
                found.append((str(part["figure"]), str(part["text"])))
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    content = json.loads(render_json(profile))
    walk(content["sections"])
    assert found == page
    assert {row["indicator"] for row in content["figures"]} >= {"residents", "mis_people_below_share"}


NEVER = (
    r"poorest area",
    r"live in poverty",
    r"\b(rose|fell|risen|fallen) since",
    # A planning layer that is called so by its publisher is no judgement of ours.
    r"(?<!archaeological )priorit(y|ies)",
    r"\branks? \d",
    r"\branked\b",
    r"\b\d+(st|nd|rd|th) (of|out of|worst|best|most|least)\b",
    r"\b(worst|best) (area|ward|neighbourhood)",
)
#: What no sentence may say in one breath with the standard.
NEVER_TIED = re.compile(
    r"ethnic|religio|faith|muslim|christian|hindu|sikh|jewish|buddhist|asian|black|white british|migra|councillor"
    r"|behaviour|lifestyle|choice|lazy|workless",
    re.IGNORECASE,
)


@pytest.mark.parametrize("edition", ["public", "officer"])
def test_no_sentence_ties_the_standard_to_who_people_are(sample_pack: Pack, edition: Edition) -> None:
    released = release(sample_pack, edition)
    codes = [str(one) for one in sample_pack.areas("wd25").index[:3]]
    tied = seen = 0
    for code in (released.authority, *codes, str(sample_pack.areas("lsoa21").index[0])):
        for block in compose(released, find_place(released, code)).blocks:
            texts = (
                [block.text]
                if isinstance(block, Paragraph)
                else [one.text for one in block.items]
                if isinstance(block, Bullets)
                else [getattr(block, "caption", ""), getattr(block, "alt", "")]
            )
            for sentence in re.split(r"(?<=[.;])\s", " ".join(texts)):
                if re.search(r"Minimum Income Standard|below the standard|below it", sentence):
                    seen += 1
                    tied += NEVER_TIED.search(sentence) is not None
    assert seen > 20
    assert tied == 0


def test_the_words_that_must_and_must_not_appear(sample_pack: Pack, required_words: tuple[str, ...]) -> None:
    text = " ".join(
        " ".join(read(profile_of(sample_pack, sample_pack.areas("wd25").index[1])[1]).text).split()
    )
    for words in (*required_words, "their range does not cover every error"):
        assert words in text, words
    for pattern in NEVER:
        assert not re.search(pattern, text, re.IGNORECASE), pattern
    assert "90% range" in text
    assert "in 10" in text or "in 20" in text
    assert "made-up town" in text


def check_modelled(block: object) -> int:
    """Each figure of the standard in a block has its range beside it, and the word; how many there are."""

    def bare(part: object) -> bool:
        # A probability has no range of its own.
        return (
            isinstance(part, Number)
            and str(part.row["indicator"]).startswith("mis_")
            and part.column == "value"
            and part.style in ("value", "in_ten")
            and part.row["status"] == "ok"
            and part.row["unit"] != "probability"
        )

    def said(part: object, beside: Sequence[object]) -> bool:
        assert isinstance(part, Number)
        return any(
            isinstance(one, Number) and one.style == "range" and one.text and one.key == part.key
            for one in beside
        )

    lines: list[tuple[Sequence[object], str]] = []
    if isinstance(block, Table):
        words = f"{block.caption} {' '.join(block.head)}"
        lines = [(row, f"{words} {' '.join(map(inline_text, row))}") for row in block.rows]
    elif isinstance(block, Bullets):
        lines = [(one.parts, one.text) for one in block.items]
    elif isinstance(block, Paragraph):
        lines = [(block.parts, block.text)]
    found = 0
    for parts, text in lines:
        modelled = [
            one for one in parts if isinstance(one, Number) and str(one.row["indicator"]).startswith("mis_")
        ]
        found += len(modelled)
        assert not modelled or "modelled" in text, text
        assert all(said(one, parts) for one in parts if bare(one)), text
        assert all(one.row["interval"] or one.row["unit"] == "probability" for one in modelled)
    return found


def test_modelled_and_a_range_stand_wherever_the_standard_is_quantified(
    sample_pack: Pack, tmp_path: Path
) -> None:
    released = release(sample_pack, "public")
    wards = [str(one) for one in sample_pack.areas("wd25").index]
    saved = tmp_path / "saved.json"
    saved.write_text(render_json(compose(released, find_place(released, wards[2]))), encoding="utf-8")
    asked = {
        wards[1]: [wards[0], str(saved)],
        str(sample_pack.areas("lsoa21").index[3]): [],
        sample_pack.authority: [],
    }
    for code, compare in asked.items():
        profile = compose(released, find_place(released, code), compare=compare)
        assert sum(check_modelled(block) for block in profile.blocks) > 12
        for block in profile.blocks:
            if "Minimum Income Standard" in getattr(block, "caption", ""):
                assert "modelled" in block.caption.lower()  # type: ignore[union-attr]
    for block in compose_scorecard(released).blocks:
        check_modelled(block)


def test_a_comparator_of_another_period_shows_no_number(sample_pack: Pack, tmp_path: Path) -> None:
    released = release(sample_pack, "public")
    wards = [str(one) for one in sample_pack.areas("wd25").index]
    content = json.loads(render_json(compose(released, find_place(released, wards[2]))))
    for row in content["figures"]:
        if row["indicator"].startswith("mis_"):
            row["period"] = "FYE 2019"
    saved = tmp_path / "earlier.json"
    saved.write_text(json.dumps(content), encoding="utf-8")
    profile = compose(released, find_place(released, wards[1]), compare=[str(saved)])
    table = next(one for one in profile.tables if one.id == "compare-table")
    assert table.head[-1] == "Period"
    rows = {str(row[0]): row for row in table.rows}
    standard = rows["People below the Minimum Income Standard, modelled"]
    assert standard[-2:] == ["[x]", "FYE 2025"]
    assert isinstance(rows["Residents"][-2], Number)


def test_no_rank_stands_in_a_profile(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    profile = compose(released, find_place(released, str(sample_pack.areas("lsoa21").index[3])))
    assert "imd25_decile" in {number.row["indicator"] for number in profile.numbers()}
    assert "rank" not in {number.row["unit"] for number in profile.numbers()}
    assert "imd25_rank" not in set(profile.figures["indicator"])


def test_no_diagnostics_of_the_build_stand_in_a_public_document(sample_pack: Pack) -> None:
    released, page = profile_of(sample_pack, str(sample_pack.areas("wd25").index[1]))
    assert any("share below the line" in one for one in released.notes)
    text = " ".join(" ".join(read(page).text).split())
    for words in (
        "share below the line",
        "rows are of other periods",
        "misses its margins",
        "rows placed by",
    ):
        assert words not in text
    for words in ("Modelled for FYE 2025", "ONS perturbs", "street map holds", "the wards of 2025."):
        assert words in text
    msoa = profile_of(sample_pack, str(sample_pack.areas("msoa21").index[0]))[1]
    assert "published for larger areas only" in msoa


def test_hostile_names_are_only_names(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    place = find_place(released, sample_pack.areas("wd25").index[0])
    hostile = '<script>alert("x")</script>\'&" \u202egnol'
    profile = compose(released, type(place)(place.geography, place.code, hostile))
    page = render_html(profile, draw_svg(profile, released))
    assert page.count("<script") == 1
    assert page.count("<svg") > 5
    assert "&lt;script&gt;" in page
    # A mark that turns text around would rearrange what follows the name; joiners spell words and stay.
    assert "\u202e" not in page
    urdu = "\u0646\u06cc\u200c\u0627"
    assert urdu in render_html(compose(released, type(place)(place.geography, place.code, urdu)))


def test_a_page_carries_the_letters_of_its_names_and_none_where_every_machine_has_them(
    sample_pack: Pack,
) -> None:
    released = release(sample_pack, "public")
    place = find_place(released, sample_pack.areas("wd25").index[0])
    for name in ("محلہ لوٹن", "Łódź Żabia", "Tŷ Ŵyn", "Iași Țară"):
        page = render_html(compose(released, type(place)(place.geography, place.code, name)))
        assert '@font-face{font-family:"Carried"' in page
        assert "Carried, sans-serif" in page
    plain = render_html(compose(released, type(place)(place.geography, place.code, "Leagrave")))
    assert "@font-face" not in plain


def test_an_area_is_found_by_name_and_an_unknown_one_is_refused(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    code, name = next(iter(sample_pack.areas("wd25")["name"].items()))
    assert find_place(released, str(name).upper()).code == code
    with pytest.raises(AreaNotFoundError, match='"Atlantis" is not an area of Halverton'):
        find_place(released, "Atlantis")


def test_the_command_writes_both_forms_and_refuses_another(
    sample_pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = str(sample_pack.areas("wd25").index[0])
    for name in ("p.html", "p.json"):
        assert main(["profile", str(sample_pack.path), "--area", code, "--out", str(tmp_path / name)]) == 0
    assert "<svg" in (tmp_path / "p.html").read_text(encoding="utf-8")
    capsys.readouterr()
    assert main(["profile", str(sample_pack.path), "--area", code, "--out", str(tmp_path / "p.tiff")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.html", "p.json"]


def test_a_hidden_figure_shows_its_sign_and_never_its_value(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = sample_pack.figures.copy()
    code = str(sample_pack.areas("wd25").index[0])
    at = figures.index[
        (figures["code"] == code)
        & (figures["indicator"] == "overcrowded_share")
        & (figures["geography"] == "wd25")
    ][0]
    figures.loc[at, ["value", "count"]] = float("nan")
    figures.loc[at, "status"] = "suppressed"
    monkeypatch.setattr(Pack, "figures", property(lambda _: figures))
    page = profile_of(sample_pack, code)[1]
    row = next(one for one in page.split("<tr>") if "Overcrowded" in one)
    assert "[c]" in row
    assert pd.isna(figures.loc[at, "value"])
