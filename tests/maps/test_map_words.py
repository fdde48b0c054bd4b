"""A translator's file: laid over English, and refused where it would lose or invent a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from maps.charts import stacked_bars
from maps.comparison import tartan_rug
from maps.interactive import build_map
from maps.layer import MapLayer
from maps.legend import legend_entries
from maps.static import draw_map
from maps.style import deciles, shares, three_classes
from maps.text import range_text, value_text
from maps.words import Words, WordsError, english, faults, read_content, read_words, untranslated


def words_of(folder: Path, text: str) -> Words:
    file = folder / "words-cy.toml"
    file.write_text(text, encoding="utf-8")
    return read_words(file, english())


def test_what_a_file_lacks_stays_english(tmp_path: Path) -> None:
    words = words_of(tmp_path, '[language]\ntag = "cy"\n\n[map]\nprint = "Argraffu"\n')
    assert (words.language, words.direction) == ("cy", "ltr")
    assert words("map", "print") == "Argraffu"
    assert words("map", "close") == "Close"
    assert ("map", "close") in untranslated(read_content(tmp_path / "words-cy.toml"), english())
    assert ("map", "print") not in untranslated(read_content(tmp_path / "words-cy.toml"), english())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[maps]\nprint = "x"', r"^words-cy\.toml: \[maps\] is not a section; did you mean map\?$"),
        ('print = "x"', r"^words-cy\.toml: print is in no section"),
        ('[map]\npint = "x"', r"\[map\] pint is not a key of this section; did you mean print\?$"),
        ("[map]\nprint = 3", r"\[map\] print is a number; give a text in quotation marks$"),
        ('[map]\nprint = ["x"]', r"\[map\] print is a list; give a text"),
        ('[map]\nprint = " "', r"\[map\] print is empty; leave the line out"),
        ('[map]\nprint = "a\\nb"', r"\[map\] print has a line break"),
        ('[map]\nsearch_some = "dim"', r'\[map\] search_some lacks \{count\}; put it where it belongs in "'),
        (
            '[map]\nprint = "x {count}"',
            r"\[map\] print has \{count\}, which is not filled in here; there is none$",
        ),
        (
            '[map]\nsearch_some = "{count} {n}"',
            r"has \{n\}, which is not filled in here; there is \{count\}$",
        ),
        ('[map]\nsearch_some = "{count:>9}"', r"has \{count:>9\}, but braces hold a name"),
        ('[map]\nsearch_some = "{count!r}"', r"has \{count!r\}, but braces hold a name"),
        ('[map]\nsearch_some = "{}"', r"has \{\}, but braces hold a name"),
        ('[map]\nsearch_some = "{count.real}"', r"has \{count\.real\}, but braces hold a name"),
        ('[map]\nsearch_some = "{count"', r"has a brace without its other half"),
        ('[numbers]\nmonths = ["Ionawr"]', r"\[numbers\] months has 1 texts; give 12, in the order"),
        ('[numbers]\nmonths = "Ionawr"', r"\[numbers\] months is a text; give a list of 12 texts"),
        ('[numbers]\nthousands = "."', r"\[numbers\] thousands and decimal are both '\.', so that"),
        ('[numbers]\ndecimal = "5"', r'\[numbers\] decimal is "5"; give one sign'),
        ('[numbers]\nminus = "minus "', r'\[numbers\] minus is "minus "; give one sign'),
        ('[language]\ndirection = "left"', r'\[language\] direction is "left"; give ltr'),
        ('[language]\ntag = "Welsh language"', r'\[language\] tag is "Welsh language"; give the tag'),
        ("[map]\nprint = Argraffu", r"words-cy\.toml is not TOML"),
        ('[map]\nprint = "a"\nprint = "b"', r"words-cy\.toml is not TOML"),
    ],
)
def test_an_entry_that_would_not_do_is_named_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(WordsError, match=message) as refused:
        words_of(tmp_path, text)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_not_utf_8_is_named(tmp_path: Path) -> None:
    with pytest.raises(WordsError, match=r"words-cy\.toml cannot be read .*`fairplace words --out"):
        read_words(tmp_path / "words-cy.toml", english())
    (tmp_path / "words-cy.toml").write_bytes('[map]\nprint = "Cau\u00e9"'.encode("cp1252"))
    with pytest.raises(WordsError, match=r"words-cy\.toml is not text in UTF-8"):
        read_words(tmp_path / "words-cy.toml", english())


def test_a_mark_of_byte_order_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "words.toml").write_bytes(b"\xef\xbb\xbf[map]\nprint = 'Argraffu'\n")
    assert read_words(tmp_path / "words.toml", english())("map", "print") == "Argraffu"


def test_every_fault_is_listed_and_the_first_is_said(tmp_path: Path) -> None:
    text = '[map]\nprint = ""\nclose = 1\n'
    with pytest.raises(WordsError, match=r"print is empty.* \(and 1 more; `fairplace words --check"):
        words_of(tmp_path, text)
    assert len(list(faults(read_content(tmp_path / "words-cy.toml"), english()))) == 2


def test_our_own_words_have_no_fault() -> None:
    content = {
        section: {key: list(text) if isinstance(text, tuple) else text for key, text in held.items()}
        for section, held in english().content.items()
    }
    assert list(faults(content, english())) == []


def test_numbers_take_the_signs_of_the_language(tmp_path: Path) -> None:
    words = words_of(
        tmp_path,
        '[numbers]\nthousands = " "\ndecimal = ","\npercent = "{number} %"\npounds = "{number} £"\n'
        'range = "{low} i {high}"\n',
    )
    assert value_text(1234567.5, "score", words, decimals=1) == "1 234 567,5"
    assert value_text(-1234.5, "GBP a week", words, decimals=1) == "−1 234,5 £"
    assert range_text(0.245, 0.33, "share", words, decimals=1) == "24,5 % i 33,0 %"


def test_pieces_keep_what_fills_a_blank_as_it_is() -> None:
    filled = object()
    words = Words({"a": {"b": "{{{one} and {two}{three}"}})
    pieces = words.parts("a", "b", one=filled, two="", three="!")
    assert pieces == ["{", filled, " and ", "!"]


@pytest.fixture
def marked() -> Words:
    """Every text of ours in brackets."""
    return Words(
        {
            section: {
                key: text
                if section == "language" or key in ("thousands", "decimal", "minus", "map_minus")
                else tuple(f"⟦{one}⟧" for one in text)
                if isinstance(text, tuple)
                else f"⟦{text}⟧"
                for key, text in held.items()
            }
            for section, held in english().content.items()
        }
    )


def test_one_wording_for_no_figure_everywhere(grid) -> None:
    rows = pd.Series([0.3, *[float("nan")] * (len(grid) - 1)], index=grid.index)
    layer = MapLayer("n", "N", grid, shares("N", [0, 1]), rows, unit="share")
    words = english()
    assert set(layer.table(words)["class"]) == {"0% to 100%", "Missing"}
    assert [one["label"] for one in legend_entries(layer, layer.data(), words)][-1] == "Missing"
    assert "Missing" in draw_map(layer, title="T").alt
    cells = pd.DataFrame({"a": [1.0, float("nan")]}, index=["x", "y"])
    assert "y: a Missing" in tartan_rug(cells, deciles("D"), title="T").alt


def test_maps_and_charts_say_nothing_in_english_where_words_are_given(grid, marked: Words) -> None:
    rows = pd.Series(0.3, index=grid.index)
    style = shares("⟦N⟧", [0, 0.5, 1], words=marked)
    assert style.classes[0].label == "⟦⟦0%⟧ to under ⟦50%⟧⟧"
    layer = MapLayer("n", "⟦N⟧", grid, style, rows, unit="share")
    assert draw_map(layer, title="⟦T⟧", words=marked).alt.startswith("⟦Map of ")
    assert deciles("D", words=marked).classes[0].label == "⟦1 (most deprived)⟧"
    assert three_classes("D", words=marked).note.startswith("⟦“Probably”")
    parts = pd.DataFrame({"a": [0.4], "b": [0.6]}, index=["x"])
    assert stacked_bars(parts, title="T", words=marked).alt == "T. x: a ⟦40%⟧, b ⟦60%⟧."
    page = build_map(
        [layer], title="T", words=Words({**marked.content, "language": {"tag": "ur", "direction": "rtl"}})
    )
    assert '<html lang="ur" dir="rtl">' in page
    assert "⟦Print⟧" in page
    assert ">Print<" not in page
