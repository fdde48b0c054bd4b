"""A words file, filled, is what every form says; English is left nowhere but in data."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.map_page import compose_map
from fairplace.map_sheet import compose_sheet
from fairplace.numbers import GAP, show, show_number, show_period
from fairplace.pack import Pack
from fairplace.profile.content import compose, find_place
from fairplace.profile.forms import FORMS, Rendering
from fairplace.profile.grid import grid, shown
from fairplace.profile.model import Profile
from fairplace.profile.words import english, load_words
from fairplace.profile.words_file import check_words, words_text
from fairplace.scorecard import compose_scorecard
from fairplace.scorecard_page import render_scorecard
from fairplace.settings import load_settings
from maps.words import Content, Text, Words, WordsError

_KEPT = ("thousands", "decimal", "minus", "map_minus")
#: What stands in pages without being words: signs of tables, names of formats and of programs, file names.
_PLAIN = (
    *(
        "[x]",
        "[c]",
        "[z]",
        "image/svg+xml",
        "fairplace",
        "scorecard.html",
        "Leaflet 1.9.3 (BSD-2-Clause), folium (MIT)",
    ),
    *("© OpenStreetMap contributors", "Leaflet", "A4"),
)


def changed(text: Text, how) -> Text:
    return how(text) if isinstance(text, str) else tuple(how(one) for one in text)


def filled(how, *, tag: str = "cy", direction: str = "ltr") -> Words:
    """Every text of ours, changed; signs of numbers stay."""
    content: Content = {
        section: {key: text if key in _KEPT else changed(text, how) for key, text in held.items()}
        for section, held in english().content.items()
    }
    return Words({**content, "language": {"tag": tag, "direction": direction}})


@pytest.fixture(scope="module")
def marked_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of words in which every text is the English in brackets."""
    path = tmp_path_factory.mktemp("words") / "words-cy.toml"
    path.write_text(words_text(filled(lambda text: f"⟦{text}⟧")), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def marked(marked_file: Path) -> Words:
    return load_words(marked_file)


def unmarked(text: str) -> str:
    """Leave out what stands in brackets, and brackets within."""
    shorter = re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return unmarked(shorter) if shorter != text else " ".join(text.split())


def texts_of_page(page: str) -> list[str]:
    """What of a page is read: text between tags, and attributes that are read out."""
    page = re.sub(r"<(script|style|metadata)\b.*?</\1>", "", page, flags=re.DOTALL)
    page = re.sub(r"</?(data|span|bdi|a|b)\b[^>]*>", "", page)
    said = re.findall(r'(?:aria-label|title|alt|data-words|data-label)="([^"]*)"', page)
    return [html.unescape(one) for one in [*re.split(r"<[^>]+>", page), *said]]


def texts_of_map(page: str) -> list[str]:
    """What the program of a map page says, and what the page does."""
    found = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    said = [*data["words"].values()]
    for one in data["layers"]:
        said += [one["label"], one["lead"], *one["facts"]]
        for name in ("values", "ranges", "bases", "classes"):
            said += one[name]["of"]
    said += [one[0] for one in data["places"]]
    return [*texts_of_page(page), *said]


def data_of(released: Released) -> list[str]:
    """What stays in the words of publishers, of the build and of the council."""
    known: list[str] = [*_PLAIN, released.name, released.pack_id, *released.geographies]
    for one in released.sources.values():
        known += [str(value) for value in one.record().values()]
        known += [one.licence.replace("computed from the sources listed here", "computed")]
    for key in released.geographies:
        known += [*released.areas(key)["name"], *released.areas(key).index]
    for kind in ("points", "lines", "planning"):
        for name in released.held(kind):
            frame = released.places(kind, name)
            known += [
                str(value)
                for column in ("id", "name", "summary", "reference")
                if column in frame
                for value in frame[column]
            ]
    figures = released.figures
    for column in ("period", "interval", "reliability"):
        known += [str(value) for value in figures[column].unique()]
    for group in figures["group"].unique():
        known += [str(group), *str(group).split(": ")]
    known += [show_period(one) for one in figures["period"].unique()]
    notes = [note[:1].upper() + note[1:] for note in released.notes]
    known += [*released.notes, *notes, released.settings["walking"]["said"]]
    known += [released.settings["walking"]["said"][:1].upper() + released.settings["walking"]["said"][1:]]
    local = released.settings["local"]
    known += [*local["organisations"].values()]
    for one in local["register"]:
        known += [
            str(one["definition"]),
            str(one["period"]) if "period" in one else "",
            str(one["next_update"]),
        ]
    known += [str(one["edition"]) for one in released.settings["planning"]]
    known += [
        name.removeprefix("survey_").replace("_", " ").capitalize()
        for name in figures["indicator"].unique()
        if name.startswith("survey_")
    ]
    for area in released.comparators():
        known.append(area.area.name)
    return sorted({one for one in known if re.search("[A-Za-z]", one)}, key=len, reverse=True)


def english_left(texts: Iterable[str], known: list[str]) -> list[str]:
    """Texts in which letters are left when marked words and data are taken out."""
    either = "|".join(re.escape(" ".join(one.split())) for one in known)
    pattern = re.compile(f"(?<![A-Za-z])(?:{either})(?![A-Za-z])")
    found = []
    for text in texts:
        bare = unmarked(text)
        left = pattern.sub(" ", bare) if re.search("[A-Za-z]", bare) else ""
        if re.search("[A-Za-z]", left):
            found.append(" … ".join(re.findall(r"[A-Za-z][^\d,;:]*", left)))
    return sorted(set(found))


def made_of(content: bytes, suffix: str) -> list[str]:
    if suffix == ".html":
        return texts_of_page(content.decode())
    if suffix == ".pdf":
        pages = pypdfium2.PdfDocument(content)
        texts = [page.get_textpage().get_text_range().replace("\ufffe", "-") for page in pages]
        return [" ".join(" ".join(texts).split())]
    if suffix == ".docx":
        document = docx.Document(io.BytesIO(content))
        texts = [one.xpath("string(.)") for one in document.element.body.iter() if one.tag.endswith("}p")]
        texts += [
            one.get("descr") or "" for one in document.element.body.iter() if one.tag.endswith("}docPr")
        ]
        section = document.sections[0]
        return [*texts, *(one.text for part in (section.header, section.footer) for one in part.paragraphs)]
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [
        str(one.value) for sheet in book for row in sheet.iter_rows() for one in row if one.data_type == "s"
    ]
    return [*cells, *(one.removeprefix(one.split(" ")[0]) for one in book.sheetnames[2:])]


@pytest.fixture(scope="module")
def profile(sample_pack: Pack, marked: Words) -> Profile:
    released = release(sample_pack, "public")
    return compose(released, find_place(released, "Castle Mead"), words=marked)


@pytest.fixture(scope="module")
def rendering(profile: Profile, sample_pack: Pack) -> Rendering:
    return Rendering(profile, release(sample_pack, "public"))


@pytest.mark.parametrize("suffix", [".html", ".pdf", ".docx", ".xlsx"])
def test_no_form_of_a_profile_keeps_english_where_all_is_translated(
    rendering: Rendering, suffix: str
) -> None:
    texts = made_of(FORMS[suffix](rendering), suffix)
    assert sum("⟦" in text for text in texts) >= (1 if suffix == ".pdf" else 100)
    assert english_left(texts, data_of(rendering.released)) == []


def test_a_bundle_explains_itself_in_the_words_of_the_profile(rendering: Rendering) -> None:
    with zipfile.ZipFile(io.BytesIO(FORMS[".zip"](rendering))) as bundle:
        readme, dictionary = (bundle.read(name).decode() for name in ("README.txt", "dictionary.csv"))
    files = [f"tables/{table.id}.csv" for table in rendering.profile.tables]
    assert english_left(readme.splitlines(), [*files, *data_of(rendering.released)]) == []
    assert "column,value,⟦the number; empty unless status is ok⟧" in dictionary
    assert "indicator,residents,⟦Residents⟧,people" in dictionary


def test_no_map_keeps_english_where_all_is_translated(sample_pack: Pack, marked: Words) -> None:
    released = release(sample_pack, "officer")
    known = data_of(released)
    page = compose_map(released, words=marked)
    assert '<html lang="cy" dir="ltr">' in page
    assert english_left(texts_of_map(page), known) == []
    picture, table = compose_sheet(released, layers=("mis", "imd25"), words=marked)
    said = [*texts_of_page(picture.svg()), picture.title, picture.alt]
    said += [str(one) for one in table.drop(columns="code").to_numpy().ravel()]
    assert english_left(said, known) == []
    assert "⟦A click tells what lies there" in page


def test_no_scorecard_keeps_english_where_all_is_translated(sample_pack: Pack, marked: Words) -> None:
    released = release(sample_pack, "public")
    status = "approved by ⟦Ann⟧, 3.5.2026"
    page = render_scorecard(compose_scorecard(released, words=marked, status=status), released)
    markup = re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL)
    assert english_left(texts_of_page(markup), data_of(released)) == []
    assert "⟦Approved by ⟦Ann⟧, 3.5.2026⟧" in page


def test_the_words_change_no_figure(profile: Profile, sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    ours = compose(released, find_place(released, "Castle Mead"))
    assert [(one.key, one.style, one.column) for one in profile.numbers()] == [
        (one.key, one.style, one.column) for one in ours.numbers()
    ]
    for there, here in zip(profile.numbers(), ours.numbers(), strict=True):
        assert re.sub("[⟦⟧]", "", there.written(profile.words)) == here.written(ours.words) == here.text
    for table, held in zip(profile.tables, ours.tables, strict=True):
        for left, right in zip(grid(table, profile.words).rows, grid(held, ours.words).rows, strict=True):
            for one, other in zip(left, right, strict=True):
                if not isinstance(other.value, str):
                    assert one.value == other.value
                    assert re.sub("[⟦⟧]", "", shown(one, profile.words)) == shown(other, ours.words)


def test_numbers_ranges_and_days_are_written_as_the_language_does() -> None:
    ours = english().content
    numbers = {
        **ours["numbers"], "thousands": " ", "decimal": ",", "percent": "{number} %", "pounds": "{number} £",
        "range": "{low} do {high}", "points": "{number} p.p.", "date": "{day} {month} {year} r.",
        "months": tuple(f"m{at}" for at in range(1, 13)),
    }  # fmt: skip
    words = Words({**ours, "numbers": numbers})
    row = {
        "value": 0.4815,
        "low": 0.4,
        "high": 0.5,
        "unit": "share",
        "basis": "counted",
        "status": "ok",
        "interval": "",
    }
    assert show(row, words=words).with_range == "48,2 % (40,0 % do 50,0 %)"
    gap = row | {"unit": f"share{GAP}", "value": -0.05}
    assert show(gap, words=words).with_range == "-5,0 p.p. (40,0 do 50,0)"
    assert show_number(-1234567.0, "GBP", words=words) == "-1 234 567 £"
    assert show_period("2021-03-21", words) == "21 m3 2021 r."
    assert show_period("2020 to 2024", words) == "2020 do 2024"


URDU = "محلے کا خاکہ گ چ"


def test_a_language_from_the_right_is_set_from_the_right(sample_pack: Pack, tmp_path: Path) -> None:
    counted = count()

    def urdu(text: str) -> str:
        return " ".join([URDU, *re.findall(r"\{\w+\}", text), str(next(counted))])

    path = tmp_path / "words-ur.toml"
    path.write_text(words_text(filled(urdu, tag="ur", direction="rtl")), encoding="utf-8")
    words = load_words(path)
    released = release(sample_pack, "public")
    made = Rendering(compose(released, find_place(released, "Castle Mead"), words=words), released)
    page = FORMS[".html"](made).decode()
    assert '<html lang="ur" dir="rtl">' in page
    assert URDU in page
    content = FORMS[".pdf"](made)
    assert content[:5] == b"%PDF-"
    assert re.search(rb"/Lang\s*\(ur\)", content)
    with zipfile.ZipFile(io.BytesIO(FORMS[".docx"](made))) as held:
        assert 'w:val="ur"' in held.read("word/styles.xml").decode()
    assert '<html lang="ur" dir="rtl">' in render_scorecard(
        compose_scorecard(released, words=words), released
    )


def test_the_command_writes_a_file_checks_it_and_takes_its_words_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, newer = tmp_path / "words-ur.toml", tmp_path / "newer.toml"
    assert main(["words", "--tag", "ur", "--out", str(path)]) == 0
    text = path.read_text(encoding="utf-8")
    assert 'tag = "ur"\n# ltr\ndirection = "rtl"' in text
    assert load_words(path)("sections", "maps") == "Maps"
    path.write_text(text.replace('\nmaps = "Maps"', '\nmaps = "نقشے"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["words", "--check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "still English: [sections] summary" in said
    assert "[sections] maps" not in said
    assert main(["words", "--carry", str(path), "--tag", "ur", "--out", str(newer)]) == 0
    assert load_words(newer)("sections", "maps") == "نقشے"
    path.write_text(text.replace("{area} in {authority}", "{area}", 1), encoding="utf-8")
    assert main(["words", "--check", str(path)]) in (0, 1)
    assert main(["words", "--out", str(newer)]) == 2
    assert "is there already" in capsys.readouterr().err


def test_what_is_wrong_is_said_by_section_and_key_before_anything_is_written(
    sample_pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "words-cy.toml", tmp_path / "x.html"
    path.write_text('[title]\nprofile = "Proffil"\n\n[sections]\nsumary = "x"\n', encoding="utf-8")
    for command in (
        ["profile", str(sample_pack.path), "--area", "Castle Mead"],
        ["map", str(sample_pack.path)],
    ):
        assert main([*command, "--words", str(path), "--out", str(out)]) == 2
        said = capsys.readouterr().err
        assert "words-cy.toml: [title] profile lacks {area}" in said
        assert said.count("\n") == 1
    assert not out.exists()
    assert main(["words", "--check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "wrong: [sections] sumary is not a key of this section; did you mean summary?" in said
    wrong, left = check_words(path)
    assert len(wrong) == 2
    assert "[sections] maps" in left
    with pytest.raises(WordsError, match="and 1 more"):
        load_words(path)


def test_two_indicators_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text('[indicators_label]\nethnic_black_share = "White"\n', encoding="utf-8")
    with pytest.raises(WordsError, match="ethnic_white_share is the same text as ethnic_black_share"):
        load_words(path)


def test_settings_name_a_file_of_words_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[document]\nwords = "words-cy.toml"\n', encoding="utf-8")
    assert load_settings(path).words == tmp_path / "words-cy.toml"


def test_our_words_are_what_a_new_file_holds(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text(words_text(english()), encoding="utf-8")
    assert load_words(path).content == english().content
    wrong, left = check_words(path)
    assert wrong == []
    assert len(left) > 500
