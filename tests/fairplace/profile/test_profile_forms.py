"""Every form of a profile says the same: each number is read back out of it and held against the figures."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pikepdf
import pypdfium2
import pytest
from docx.oxml.ns import qn

from fairplace.cli import main
from fairplace.disclosure import Released, release
from fairplace.drawn import release_place
from fairplace.pack import Pack
from fairplace.pipeline import BuildSettings, build
from fairplace.profile.content import Place, compose, find_place, places_of
from fairplace.profile.forms import FORMS, FormError, Rendering, write_profile
from fairplace.profile.grid import Cell, grid, shown
from fairplace.profile.grid import _width as width_of
from fairplace.profile.model import (
    Bullets,
    Drawing,
    Number,
    Paragraph,
    Profile,
    Section,
    Table,
    inline_text,
    steady_text,
)
from fairplace.profile.pdf_form import _tables as tables_of
from fairplace.profile.pdf_form import render_pdf
from fairplace.profile.words import load_words
from fairplace.profile.xlsx_form import render_xlsx
from geo.figures import FIGURE_KEY
from maps.fonts import FontError

NEVER = (
    r"poorest area",
    r"live in poverty",
    r"\b(rose|fell|risen|fallen) since",
    # A planning layer that is called so by its publisher is no judgement of ours.
    r"(?<!archaeological )priorit(y|ies)",
    r"\branks? \d",
)


def compact(text: str) -> str:
    """Text without spaces: a page breaks lines where it likes."""
    return re.sub(r"\s+", "", text)


def pdf_pages(content: bytes) -> list[str]:
    """Text of each page, all of it inside the page's edges: what runs over them is nowhere to be seen."""
    pages = []
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text = page.get_textpage()
            whole = text.get_text_range().replace("\ufffe", "-")
            # Letters inside come in the order of their places, so they are counted.
            inside = text.get_text_bounded().replace("\x02", "-")
            assert Counter(compact(whole)) == Counter(compact(inside))
            pages.append(whole)
    return pages


def seen(content: bytes, profile: Profile) -> str:
    """All pages as seen, without what stands above and below each."""
    pages = []
    for at, text in enumerate(pdf_pages(content), 1):
        plain = compact(text)
        head = compact(" ".join(profile.banner))
        if head and plain.startswith(head):
            plain = plain.removeprefix(head)
        pages.append(
            plain.replace(compact(profile.running), "").removesuffix(f"{at}/{len(pdf_pages(content))}")
        )
    return "".join(pages)


class TextOf(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._deep = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._deep += tag in ("style", "svg")

    def handle_endtag(self, tag: str) -> None:
        self._deep -= tag in ("style", "svg")

    def handle_data(self, data: str) -> None:
        if not self._deep:
            self.parts.append(data)


def words_of(content: bytes, suffix: str) -> str:
    """What a reader of a form reads."""
    if suffix == ".html":
        return " ".join(TextOf(content.decode()).parts)
    if suffix == ".pdf":
        return " ".join(pdf_pages(content))
    if suffix == ".docx":
        document = docx.Document(io.BytesIO(content))
        parts = [one.text for one in document.paragraphs]
        parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return " ".join(parts)
    if suffix == ".xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        return " ".join(str(cell.value) for sheet in book for row in sheet for cell in row if cell.value)
    if suffix == ".json":
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        texts = [
            archive.read(name).decode() for name in archive.namelist() if name.endswith((".txt", ".csv"))
        ]
        return " ".join([*texts, words_of(archive.read("profile.html"), ".html")])


@pytest.fixture(scope="session")
def sample_forms(sample_pack: Pack) -> tuple[Profile, dict[str, bytes]]:
    """The profile of a ward of the sample authority, in every form."""
    released = release(sample_pack, "public")
    profile = compose(released, find_place(released, str(sample_pack.areas("wd25").index[1])))
    rendering = Rendering(profile, released)
    return profile, {suffix: form(rendering) for suffix, form in FORMS.items()}


def rows_of(profile: Profile) -> list[tuple[Table, list[str]]]:
    return [(table, [inline_text(cell) for cell in row]) for table in profile.tables for row in table.rows]


def in_parts(table: Table, profile: Profile) -> list[dict[str, Any]]:
    """The parts of a table in a PDF, which hold all of its cells between them."""
    parts = tables_of(table, profile.words)
    joined = [[cell for part in parts for cell in part["rows"][at][1:]] for at in range(len(table.rows))]
    whole = [[steady_text(inline_text(cell)) for cell in row[1:]] for row in table.rows]
    assert [[cell.replace("\u200b", "") for cell in row] for row in joined] == whole
    return parts


def check_pdf(profile: Profile, content: bytes) -> None:
    text = seen(content, profile)
    at = 0
    for block in profile.blocks:
        if isinstance(block, Paragraph):
            lines = [block.text]
        elif isinstance(block, Bullets):
            lines = [item.text for item in block.items]
        elif isinstance(block, Table):
            for part in in_parts(block, profile):
                at = text.index(compact(part["caption"]), at)
                for row in part["rows"]:
                    found = text.find(compact("".join(row).replace("\u200b", "")), at)
                    assert found >= at, (block.id, row)
                    at = found
            continue
        else:
            continue
        for line in lines:
            assert compact(line) in text, line


def check_docx(profile: Profile, content: bytes) -> None:
    document = docx.Document(io.BytesIO(content))
    made = [
        [[tc.xpath("string(.)") for tc in row.tc_lst] for row in table._tbl.tr_lst]
        for table in document.tables
    ]
    for held in profile.tables:
        lines = made.pop(0)
        # A table wider than the page goes on below, its first column before each part.
        while len(lines[0]) < len(held.head):
            more = made.pop(0)
            assert [line[0] for line in more] == [line[0] for line in lines]
            lines = [[*line, *part[1:]] for line, part in zip(lines, more, strict=True)]
        assert lines == [list(held.head), *[[inline_text(cell) for cell in row] for row in held.rows]]
    assert made == []
    words = [one.text for one in document.paragraphs]
    for block in profile.blocks:
        if isinstance(block, Bullets):
            assert all(item.text in words for item in block.items)


def check_xlsx(profile: Profile, content: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames[:2] == ["Cover", "Notes"]
    for sheet, table in zip(book.worksheets[2:], profile.tables, strict=True):
        laid = grid(table, profile.words)
        assert sheet["A1"].value == laid.caption
        head = next(row[0].row for row in sheet.iter_rows() if row[0].value == laid.head[0])
        for down, (cells, row) in enumerate(zip(laid.rows, table.rows, strict=True), head + 1):
            read = [
                Cell(
                    one.value if one.value is not None else "",
                    one.number_format if one.data_type == "n" else "",
                )
                for one in sheet[down][: len(cells)]
            ]
            # Shown by its format, a cell reads as on the page; a number with its range is three cells.
            texts = [shown(one, profile.words) for one in read]
            columns = zip(*table.rows, strict=True)
            expected = [
                text
                for cell, column in zip(row, columns, strict=True)
                for text in spread(cell, width_of(column))
            ]
            assert texts == expected, table.id
            for one, cell in zip(read, cells, strict=True):
                assert one.value == (cell.value if isinstance(cell.value, str) else pytest.approx(cell.value))
                assert isinstance(one.value, str) == isinstance(cell.value, str)


def check_html(profile: Profile, content: bytes) -> None:
    page = content.decode()
    shown_there = [html.unescape(one) for one in re.findall(r"<data [^>]*>([^<]*)</data>", page)]
    assert shown_there == [number.text for number in profile.numbers()]
    # What is heard instead of a sign is not seen.
    page = re.sub(r'<span class="unseen">[^<]*</span>', "", page)
    tables = re.findall(r"<table .*?</table>", page, re.DOTALL)
    for text, held in zip(tables, profile.tables, strict=True):
        rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)[1:]
        read = [
            [html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
            for row in rows
        ]
        assert read == [[inline_text(cell) for cell in row] for row in held.rows]


def check_json(profile: Profile, content: bytes, released: Released) -> None:
    said = json.loads(content)
    rows = {"|".join(str(row[name]) for name in FIGURE_KEY): row for row in said["figures"]}
    assert {number.key for number in profile.numbers()} <= set(rows)
    table = released.figures
    keys = table[list(FIGURE_KEY)].astype(str).agg("|".join, axis=1)
    held = dict(zip(keys, table.to_dict("records"), strict=True))
    found = set(rows) & set(held)
    # How many figures are hidden is in no table of figures: it is what the release counted.
    counts = {**released.hidden, "stale": sum(one.figures for one in released.stale)}
    hidden = {key for key, row in rows.items() if row["indicator"] == "figures_hidden"}
    assert {rows[key]["group"]: rows[key]["value"] for key in hidden} == {
        reason: number for reason, number in {"small numbers": 0, **counts}.items()
        if reason != "base rounded" and (number or reason == "small numbers")
    }  # fmt: skip
    rows = {key: row for key, row in rows.items() if key not in hidden}
    # What is in no row of the table is the district without this area, worked out beside it.
    assert {rows[key]["code"] for key in set(rows) - found} <= {
        f"{released.authority}-without-{profile.code}"
    }
    assert len(found) > 100
    for key in found:
        for name in ("value", "low", "high", "count", "base"):
            told = rows[key][name]
            assert told == held[key][name] or (told is None and held[key][name] != held[key][name]), key


def spread(cell: str | Number, wide: int) -> list[str]:
    """What the cells of a spreadsheet show of a cell: value, low end and high end, and no blank."""
    text = inline_text(cell)
    if wide == 1:
        return [text]
    if isinstance(cell, str) or cell.row["status"] != "ok":
        return [text, *[text[:3] if text.startswith("[") else "[z]"] * (wide - 1)]
    if cell.row["low"] != cell.row["low"]:
        return [text, *["[z]"] * (wide - 1)]
    return re.split(r" to | \(", text.removesuffix(")"))


def test_each_number_of_every_form_is_the_figure(
    sample_forms: tuple[Profile, dict[str, bytes]], sample_pack: Pack
) -> None:
    profile, made = sample_forms
    check_html(profile, made[".html"])
    check_pdf(profile, made[".pdf"])
    check_docx(profile, made[".docx"])
    check_xlsx(profile, made[".xlsx"])
    check_json(profile, made[".json"], release(sample_pack, "public"))


def test_each_number_of_real_wards_is_the_figure_in_every_form(luton_pack: Pack) -> None:
    released = release(luton_pack, "public")
    for place in places_of(released, "wd25")[::7]:
        profile = compose(released, place)
        check_pdf(profile, render_pdf(profile, {}))
        check_xlsx(profile, render_xlsx(profile))
        check_docx(profile, FORMS[".docx"](Rendering(profile, released)))


@pytest.mark.slow
@pytest.mark.parametrize("code", [f"E050147{number}" for number in range(35, 55)])
def test_each_number_of_every_real_ward_is_the_figure_in_every_form(luton_pack: Pack, code: str) -> None:
    released = release(luton_pack, "public")
    assert len(released.areas("wd25")) == 20
    rendering = Rendering(compose(released, find_place(released, code)), released)
    check_html(rendering.profile, FORMS[".html"](rendering))
    check_pdf(rendering.profile, FORMS[".pdf"](rendering))
    check_xlsx(rendering.profile, FORMS[".xlsx"](rendering))
    check_docx(rendering.profile, FORMS[".docx"](rendering))
    check_json(rendering.profile, FORMS[".json"](rendering), released)


@pytest.mark.parametrize("suffix", list(FORMS))
def test_the_words_that_must_appear_do_and_the_others_do_not(
    sample_forms: tuple[Profile, dict[str, bytes]], required_words: tuple[str, ...], suffix: str
) -> None:
    text = compact(words_of(sample_forms[1][suffix], suffix))
    for words in (*required_words, "Draft"):
        assert compact(words) in text, words
    plain = " ".join(words_of(sample_forms[1][suffix], suffix).split())
    for pattern in NEVER:
        assert not re.search(pattern, plain, re.IGNORECASE), pattern
    assert re.search(r"in 10|in 20", plain)


@pytest.mark.parametrize("suffix", list(FORMS))
def test_the_same_profile_gives_the_same_bytes(
    sample_pack: Pack, sample_forms: tuple[Profile, dict[str, bytes]], suffix: str
) -> None:
    released = release(sample_pack, "public")
    again = compose(released, find_place(released, sample_forms[0].code))
    assert FORMS[suffix](Rendering(again, released)) == sample_forms[1][suffix]


def elements(node: Any) -> list[Any]:
    found = []
    if isinstance(node, pikepdf.Dictionary) and "/S" in node:
        found.append(node)
    kids = node.get("/K") if isinstance(node, pikepdf.Dictionary) else None
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            found += elements(kid)
    return found


def test_the_pdf_is_tagged_and_says_its_title_and_language(
    sample_forms: tuple[Profile, dict[str, bytes]],
) -> None:
    profile, made = sample_forms
    with pikepdf.open(io.BytesIO(made[".pdf"])) as document:
        root = document.Root
        assert str(root.Lang) == "en-GB"
        assert bool(root.MarkInfo.Marked)
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        with document.open_metadata() as papers:
            assert papers["pdfuaid:part"] == "1"
            assert profile.title in str(papers["dc:title"])
        tags = elements(root.StructTreeRoot)
        kinds = [str(one.S) for one in tags]
        assert kinds.count("/H1") + kinds.count("/H2") >= len(profile.sections)
        parts = [part for table in profile.tables for part in in_parts(table, profile)]
        assert kinds.count("/Table") == len(parts)
        heads = [one for one in tags if str(one.S) == "/TH"]
        assert len(heads) == sum(len(part["head"]) for part in parts)
        for one in heads:
            attributes = one.A if isinstance(one.A, pikepdf.Array) else [one.A]
            assert any(str(entry.get("/Scope")) == "/Column" for entry in attributes)
        pictures = [one for one in tags if str(one.S) == "/Figure"]
        assert pictures
        # Each sentence that must stand with the figures is a paragraph, not a run of one with its neighbours.
        assert "/Span" not in kinds
        assert all(len(str(one.get("/Alt", ""))) > 40 for one in pictures)
        fonts = {
            str(font.BaseFont)
            for page in document.pages
            for font in page.Resources.get("/Font", pikepdf.Dictionary()).values()
        }
    assert fonts
    assert all("DejaVuSans" in name for name in fonts), fonts


def test_the_word_document_has_headings_head_rows_language_and_words_for_pictures(
    sample_forms: tuple[Profile, dict[str, bytes]],
) -> None:
    profile, made = sample_forms
    document = docx.Document(io.BytesIO(made[".docx"]))
    headings = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert headings == [section.title for section in profile.sections]
    assert document.core_properties.title == profile.title
    assert document.core_properties.language == "en-GB"
    assert {one.get(qn("w:val")) for one in document.styles.element.iter(qn("w:lang"))} == {"en-GB"}
    for table in document.tables:
        marked = [
            row.trPr is not None and row.trPr.find(qn("w:tblHeader")) is not None for row in table._tbl.tr_lst
        ]
        assert marked[0]
        assert not any(marked[1:])
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    room = section.page_width - section.left_margin - section.right_margin
    for table in document.tables:
        widths = [int(one.get(qn("w:w"))) * 635 for one in table._tbl.tblGrid.gridCol_lst]
        assert sum(widths) <= room
        # Ten letters of 8 points: no word of a head cell is broken but the longest.
        assert min(widths) > room / 40
    assert document.inline_shapes
    assert max(shape.width for shape in document.inline_shapes) <= room
    for shape in document.inline_shapes:
        assert len(shape._inline.docPr.get("descr")) > 40
    # A picture stands on the page of the line that leads to its table, and two maps on one page.
    pictures = [one for one in document.paragraphs if one._p.findall(f".//{qn('w:drawing')}")]
    assert all(one.paragraph_format.keep_with_next for one in pictures)
    down = section.page_height - section.top_margin - section.bottom_margin
    maps = [one for one in document.inline_shapes if one._inline.docPr.get("name").endswith("-map")]
    assert maps
    assert max(shape.height for shape in maps) < down / 2
    assert "Draft" in " ".join(one.text for one in document.sections[0].footer.paragraphs)


def test_the_spreadsheet_merges_no_cells_and_runs_no_formulas(
    sample_forms: tuple[Profile, dict[str, bytes]],
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(sample_forms[1][".xlsx"]))
    assert len(set(book.sheetnames)) == len(book.sheetnames)
    for sheet in book:
        assert not sheet.merged_cells.ranges
        assert all(cell.data_type != "f" for row in sheet for cell in row)


def test_the_spreadsheet_is_laid_out_for_a4_with_rows_as_high_as_their_words(
    sample_forms: tuple[Profile, dict[str, bytes]],
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(sample_forms[1][".xlsx"]))
    for sheet in book:
        assert sheet.page_setup.paperSize == 9
        # Columns of one width side by side are held as one.
        held = list(sheet.column_dimensions.values())
        widths = {at: one.width for one in held for at in range(one.min, one.max + 1)}
        for row in sheet:
            for cell in row:
                if not cell.alignment.wrap_text or not isinstance(cell.value, str):
                    continue
                # Nine letters in ten of a column are filled at most, and a line is 15 points high.
                lines = max(1, int(len(cell.value) / widths[cell.column]))
                height = sheet.row_dimensions[cell.row].height or 15  # what is not said
                assert height >= min(409, 15 * lines), cell.value


def test_the_bundle_describes_every_column_and_figure_it_holds(
    sample_forms: tuple[Profile, dict[str, bytes]],
) -> None:
    profile, made = sample_forms
    with zipfile.ZipFile(io.BytesIO(made[".zip"])) as archive:
        names = archive.namelist()
        assert {f"tables/{table.id}.csv" for table in profile.tables} <= set(names)
        figures = archive.read("figures.csv").decode().splitlines()
        dictionary = archive.read("dictionary.csv").decode()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        csvs = {
            name: list(csv.reader(io.StringIO(archive.read(name).decode())))
            for name in names
            if name.endswith(".csv")
        }
    assert len(figures) == 1 + len(profile.figures)
    # Every CSV has one name a column, and each row as many cells as its head.
    for name, (head, *rows) in csvs.items():
        assert len(set(head)) == len(head), (name, head)
        assert rows, name
        assert {len(row) for row in rows} == {len(head)}, name
    # Tables read as in every other form, and their numbers are numbers.
    for table in profile.tables:
        laid = grid(table, profile.words)
        head, *rows = csvs[f"tables/{table.id}.csv"]
        assert head == list(laid.head)
        for read, cells in zip(rows, laid.rows, strict=True):
            for text, cell in zip(read, cells, strict=True):
                assert text, (table.id, read)
                if isinstance(cell.value, str):
                    assert text.lstrip("'") == cell.value.lstrip("'")
                else:
                    assert float(text) == cell.value
    figure_head, *figure_rows = csvs["figures.csv"]
    for read, row in zip(figure_rows, profile.figures.to_dict("records"), strict=True):
        told = dict(zip(figure_head, read, strict=True))
        assert told["indicator"] == row["indicator"]
        assert told["value"] == ("" if row["value"] != row["value"] else str(row["value"]))
    known = {row[1]: row for row in csvs["dictionary.csv"][1:]}
    for indicator in profile.figures["indicator"].unique():
        # What it is called and counted in; a direction, say, not every one has.
        assert all(known[indicator][:4]), known[indicator]
    for name in [*figures[0].split(","), *profile.figures["indicator"].unique()]:
        assert f",{name}," in dictionary


def test_every_column_has_a_name_of_its_own_and_no_cell_is_blank_in_any_form(
    sample_forms: tuple[Profile, dict[str, bytes]],
) -> None:
    profile, made = sample_forms
    for table in profile.tables:
        assert len(set(table.head)) == len(table.head), table.id
        assert len(set(grid(table, load_words()).head)) == len(grid(table, load_words()).head), table.id
        for row in table.rows:
            assert all(inline_text(cell) for cell in row), (table.id, [inline_text(cell) for cell in row])
    mis = next(one for one in profile.tables if one.id == "mis-table")
    ends = [f"90% range, {name}" for name in (profile.area, profile.authority)]
    assert [mis.head[2], mis.head[4]] == ends
    assert {f"{end}, {side}" for end in ends for side in ("low", "high")} <= set(grid(mis, load_words()).head)
    for row in docx.Document(io.BytesIO(made[".docx"])).tables[0]._tbl.tr_lst:
        assert all(tc.xpath("string(.)") for tc in row.tc_lst)
    assert not re.search(r"<t[dh][^>]*>(<bdi>|<data[^>]*>)?(</|$)", made[".html"].decode())


def test_heads_that_are_alike_are_told_apart_by_a_number() -> None:
    table = Table("t", "T", ["Indicator", "Luton", "Luton", "Luton"], [["x", "1", "2", "3"]])
    assert table.head == ["Indicator", "Luton", "Luton (2)", "Luton (3)"]


def test_a_figure_without_count_or_range_shows_the_sign_of_what_cannot_be() -> None:
    row: dict[str, Any] = {"status": "ok", "value": 0.5, "unit": "share", "basis": "counted", "interval": ""}
    row |= dict.fromkeys(("low", "high", "count", "base"), float("nan"))
    for status, sign in (("ok", "[z]"), ("suppressed", "[c]"), ("missing", "[x]")):
        for held in (
            Number(row | {"status": status}, column="count", unit="people"),
            Number(row | {"status": status}, column="base", unit="people"),
            Number(row | {"status": status}, "range"),
        ):
            assert held.text == sign
            laid = grid(Table("t", "T", ["A", "B"], [["x", held]]), load_words())
            assert {cell.value for cell in laid.rows[0][1:]} == {sign}


def made_of(profile: Profile, *blocks: Any) -> Profile:
    return replace(profile, sections=[Section("one", "One", list(blocks))])


def test_a_table_of_sixty_rows_breaks_across_pages_and_loses_none(
    sample_forms: tuple[Profile, dict[str, bytes]],
) -> None:
    profile = sample_forms[0]
    number = profile.numbers()[0]
    rows = [
        [f"Indicator number {at} with a name of some length", number, f"row {at} ends"] for at in range(127)
    ]
    long = made_of(profile, Table("long", "A table longer than a page", ["Indicator", "Here", "End"], rows))
    pages = [compact(page) for page in pdf_pages(render_pdf(long, {}))]
    assert len(pages) > 2
    found = [int(one) for page in pages for one in re.findall(r"row(\d+)ends", page)]
    assert found == list(range(127))
    for page in pages:
        assert "IndicatorHereEnd" in page


def test_a_very_long_caveat_is_all_there(sample_forms: tuple[Profile, dict[str, bytes]]) -> None:
    caveat = " ".join(f"caveat-word-{at}" for at in range(2500))
    long = made_of(
        sample_forms[0], Bullets([Paragraph([caveat])]), Table("t", "T", ["A", "B"], [["x", caveat]])
    )
    text = "".join(compact(page) for page in pdf_pages(render_pdf(long, {})))
    for at in range(2500):
        assert text.count(f"caveat-word-{at}caveat") + (at == 2499) * 2 >= 1, at
    assert "caveat-word-2499" in " ".join(
        one.text for one in docx.Document(io.BytesIO(FORMS[".docx"](bare(long)))).paragraphs
    )
    # A cell of a spreadsheet holds 32,767 signs, of which one beyond the first 65,536 counts as two.
    book = openpyxl.load_workbook(io.BytesIO(FORMS[".xlsx"](bare(long))))
    for sheet, column in ((book["Notes"], 0), (book.worksheets[2], 1)):
        cells = [str(row[column].value) for row in sheet.iter_rows() if row[column].value is not None]
        words = " ".join(one for one in cells if one.startswith("caveat-word-")).split(" ")
        assert words == caveat.split(" ")
        assert sum(one.startswith("caveat-word-") for one in cells) == 2
    wide = render_xlsx(made_of(sample_forms[0], Paragraph(["\U0001f3e0" * 20_000])))
    held = [str(row[0].value) for row in openpyxl.load_workbook(io.BytesIO(wide))["Notes"].iter_rows()]
    assert sum(one.count("\U0001f3e0") for one in held) == 20_000


def bare(profile: Profile) -> Rendering:
    class Nothing(Rendering):
        pictures: Mapping[str, Any] = {}  # type: ignore[assignment]
        svgs: Mapping[str, str] = {}  # type: ignore[assignment]

    return Nothing(profile, None)  # type: ignore[arg-type]


HOSTILE = '<b>"Ward" & \'Sons\'</b> =1+1 $x_1$ #import "a" \\ @ref \u202egnol \x07'


def test_names_are_only_names_in_every_form(sample_pack: Pack) -> None:
    released = release(sample_pack, "public")
    ward = find_place(released, str(sample_pack.areas("wd25").index[0]))
    profile = compose(released, Place(ward.geography, ward.code, HOSTILE))
    # With its drawings, in which the name stands too.
    rendering = Rendering(profile, released)
    assert len(rendering.pictures) > 5
    for suffix in (".html", ".pdf", ".docx", ".xlsx"):
        text = compact(words_of(FORMS[suffix](rendering), suffix))
        assert compact('<b>"Ward" & \'Sons\'</b> =1+1 $x_1$ #import "a" \\ @ref') in text, suffix
    for name, svg in rendering.svgs.items():
        for words in (svg, rendering.alts[name], rendering.pictures[name].title):
            assert "\u202e" not in words, name
            assert "\x07" not in words, name


def named(sample_pack: Pack, name: str) -> Profile:
    released = release(sample_pack, "public")
    ward = find_place(released, str(sample_pack.areas("wd25").index[0]))
    return compose(released, Place(ward.geography, ward.code, name))


@pytest.mark.parametrize("name", ["Łódź i Żółć", "Brăila și Țara", "Llanŵyr a'r Tŷ Ŵ", "محلہ ٹاؤن"])
def test_names_in_other_languages_are_letters_of_the_pdf(sample_pack: Pack, name: str) -> None:
    made = render_pdf(named(sample_pack, name), {})
    text = compact(" ".join(pdf_pages(made)))
    # A reader of letters gives joined ones in the order in which they are drawn: count them.
    for letter in compact(name):
        assert letter in text, letter
    with pikepdf.open(io.BytesIO(made)) as document:
        names = {
            str(font.BaseFont)
            for page in document.pages
            for font in page.Resources.get("/Font", pikepdf.Dictionary()).values()
        }
    assert all("DejaVuSans" in one or "NotoSansArabic" in one for one in names), names


def test_a_letter_without_a_font_stops_the_pdf_with_its_name(sample_pack: Pack) -> None:
    with pytest.raises(FontError, match=r"GURMUKHI LETTER PA \(U\+0A2A\)"):
        render_pdf(named(sample_pack, "ਪੰਜਾਬੀ"), {})


def test_a_council_template_keeps_its_text_and_gives_its_styles(
    sample_pack: Pack, sample_forms: tuple[Profile, dict[str, bytes]], tmp_path: Path
) -> None:
    template = docx.Document()
    template.add_paragraph("Halverton Council, Civic Hall")
    template.sections[0].footer.paragraphs[0].text = "Registered office"
    template.save(str(tmp_path / "council.docx"))
    released = release(sample_pack, "public")
    write_profile(sample_forms[0], released, tmp_path / "p.docx", template=tmp_path / "council.docx")
    made = docx.Document(str(tmp_path / "p.docx"))
    assert made.paragraphs[0].text == "Halverton Council, Civic Hall"
    footer = [one.text for one in made.sections[0].footer.paragraphs]
    assert footer[0] == "Registered office"
    assert "Draft" in footer[-1]
    # Pages of their own: a first page, left pages, and a second section that goes on as the first.
    section = template.sections[0]
    section.different_first_page_header_footer = True
    template.settings.odd_and_even_pages_header_footer = True
    section.first_page_footer.paragraphs[0].text = "Registered office, first"
    section.even_page_footer.paragraphs[0].text = "Registered office, left"
    follows = template.add_section()
    follows.different_first_page_header_footer = True
    own = template.add_section()
    own.footer.is_linked_to_previous = False
    own.footer.paragraphs[0].text = "Another office"
    assert template.sections[1].footer.is_linked_to_previous
    template.save(str(tmp_path / "council.docx"))
    write_profile(sample_forms[0], released, tmp_path / "p.docx", template=tmp_path / "council.docx")
    made = docx.Document(str(tmp_path / "p.docx"))
    offices = ("Registered office", "Registered office", "Another office")
    for one, office in zip(made.sections, offices, strict=True):
        parts = [
            (one.header, one.footer, office),
            (one.first_page_header, one.first_page_footer, "Registered office, first"),
            (one.even_page_header, one.even_page_footer, "Registered office, left"),
        ]
        for head, foot, first in parts:
            words = [line.text for line in foot.paragraphs]
            assert words[0] == first
            assert sum("Draft" in line for line in words) == 1
            assert sum("made-up town" in line.text for line in head.paragraphs) == 1
    (tmp_path / "bad.docx").write_bytes(b"not a document")
    with pytest.raises(FormError, match="cannot be read as a Word document"):
        write_profile(sample_forms[0], released, tmp_path / "q.docx", template=tmp_path / "bad.docx")
    assert not (tmp_path / "q.docx").exists()


def test_every_ward_is_written_in_one_command(
    sample_pack: Pack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "all"
    call = ["profile", str(sample_pack.path), "--each", "wd25", "--form", "json,xlsx", "--out", str(folder)]
    assert main(call) == 0
    wards = sample_pack.areas("wd25").index
    assert len(list(folder.iterdir())) == 2 * len(wards)
    for code in wards:
        content = json.loads(next(folder.glob(f"{code}-*.json")).read_text(encoding="utf-8"))
        assert content["area"]["code"] == code
    capsys.readouterr()
    assert main([*call[:3], "wd99", *call[4:]]) == 2
    assert "there are" in capsys.readouterr().err
    assert main([*call[:5], "doc", *call[6:]]) == 2
    assert 'no form "doc"' in capsys.readouterr().err


def test_an_area_with_nothing_known_or_everything_hidden_still_makes_every_form(
    sample_pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = sample_pack.figures.copy()
    code, other = (str(one) for one in sample_pack.areas("wd25").index[:2])
    hide = (figures["code"] == code) & (figures["indicator"] != "best_fit_misfit_share")
    figures.loc[hide, ["value", "low", "high", "count", "base"]] = float("nan")
    figures.loc[hide, "interval"] = ""
    figures.loc[hide, "status"] = "suppressed"
    figures = figures[figures["code"] != other]
    monkeypatch.setattr(Pack, "figures", property(lambda _: figures))
    released: Released = release(sample_pack, "public")
    for one in (code, other):
        rendering = Rendering(compose(released, find_place(released, one)), released)
        made = {suffix: form(rendering) for suffix, form in FORMS.items()}
        for suffix, content in made.items():
            assert "nan" not in re.findall(r"\b\w+\b", words_of(content, suffix)), suffix
        if one == code:
            check_pdf(rendering.profile, made[".pdf"])
            check_xlsx(rendering.profile, made[".xlsx"])
            assert "[c]" in words_of(made[".docx"], ".docx")


@pytest.mark.slow
def test_a_district_of_one_small_area_makes_every_form(
    real_data: Path, tmp_path: Path, sample_forms: tuple[Profile, dict[str, bytes]]
) -> None:
    del sample_forms
    pack = build("E06000053", data=real_data, out=tmp_path / "scilly", settings=BuildSettings(draws=200))
    released = release(pack, "public")
    assert len(released.areas("lsoa21")) == 1
    for key in ("lsoa21", "lad25"):
        rendering = Rendering(compose(released, places_of(released, key)[0]), released)
        check_pdf(rendering.profile, FORMS[".pdf"](rendering))
        check_docx(rendering.profile, FORMS[".docx"](rendering))
        check_xlsx(rendering.profile, FORMS[".xlsx"](rendering))


def test_a_drawn_area_says_the_same_in_every_form(luton_pack: Pack) -> None:
    square = "SRID=27700;POLYGON((505000 221000,508500 221000,508500 223500,505000 223500,505000 221000))"
    released, *found = release_place(luton_pack, square, "public")
    rendering = Rendering(compose(released, Place(*found)), released)
    check_pdf(rendering.profile, FORMS[".pdf"](rendering))
    check_docx(rendering.profile, FORMS[".docx"](rendering))
    check_xlsx(rendering.profile, FORMS[".xlsx"](rendering))
    check_html(rendering.profile, FORMS[".html"](rendering))
    check_json(rendering.profile, FORMS[".json"](rendering), released)


def test_a_chart_of_one_value_is_drawn_in_the_document(
    sample_forms: tuple[Profile, dict[str, bytes]], sample_pack: Pack
) -> None:
    profile = sample_forms[0]
    first = next(one for one in profile.blocks if isinstance(one, Drawing) and one.kind == "dots")
    one = replace(first, data={"rows": first.data["rows"].head(1)})
    rendering = Rendering(made_of(profile, one), release(sample_pack, "public"))
    assert set(rendering.pictures) == {"cover-map", one.id}
    assert len(pdf_pages(FORMS[".pdf"](rendering))) == 1


LANDMARKS = ("banner", "contentinfo", "main", "navigation", "region", "complementary", "form", "search")


@pytest.mark.chromium
def test_the_page_reflows_and_asks_for_nothing(
    sample_forms: tuple[Profile, dict[str, bytes]], tmp_path: Path
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path("/usr/bin/chromium").is_file():
        pytest.skip("needs Chromium")
    page_file = tmp_path / "p.html"
    page_file.write_bytes(sample_forms[1][".html"])
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        # A quarter of 1,280 pixels: what is left of a window at 400 %.
        page = browser.new_page(viewport={"width": 320, "height": 800})
        asked: list[str] = []
        page.on("request", lambda one: asked.append(one.url))
        page.goto(page_file.as_uri())
        wide = page.evaluate("document.documentElement.scrollWidth")
        narrow_stops = page.locator(".scroll[tabindex]").count()
        talk = page.context.new_cdp_session(page)
        tree = talk.send("Accessibility.getFullAXTree")["nodes"]
        landmarks = [one["role"]["value"] for one in tree if one["role"]["value"] in LANDMARKS]
        gone = page.eval_on_selector_all(
            ".note a", "all => all.filter(one => !document.querySelector(one.getAttribute('href'))).length"
        )
        page.set_viewport_size({"width": 1280, "height": 800})
        page.wait_for_function(
            "[...document.querySelectorAll('.scroll')].every(one => "
            "one.hasAttribute('tabindex') === (one.scrollWidth > one.clientWidth + 1))"
        )
        assert page.locator(".scroll[tabindex]").count() < narrow_stops
        # What does not scroll is no group of its own: it would say the caption of its table once more.
        heard = [one for one in talk.send("Accessibility.getFullAXTree")["nodes"] if not one["ignored"]]
        groups = [one for one in heard if one["role"]["value"] == "group"]
        assert len(groups) == page.locator(".scroll[tabindex]").count()
        cells = [one for one in heard if one["role"]["value"] in ("cell", "gridcell")]
        browser.close()
    # Signs are seen; their meaning is heard.
    names = [one.get("name", {}).get("value", "") for one in cells]
    assert any("does not apply" in name for name in names)
    assert not [name for name in names if name.startswith(("[x]", "[c]", "[z]"))]
    assert wide <= 320
    # What scrolls can be reached by the keyboard, and what does not is no stop of it.
    assert narrow_stops > 10
    assert sorted(landmarks) == ["banner", "contentinfo", "main", "navigation"]
    assert gone == 0
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []


@pytest.mark.chromium
def test_axe_finds_nothing_against_the_page(
    sample_forms: tuple[Profile, dict[str, bytes]], tmp_path: Path
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    carried = pytest.importorskip("axe_playwright_python")
    if not Path("/usr/bin/chromium").is_file():
        pytest.skip("needs Chromium")
    axe = resources.files(carried).joinpath("axe.min.js").read_text(encoding="utf-8")
    (tmp_path / "p.html").write_bytes(sample_forms[1][".html"])
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto((tmp_path / "p.html").as_uri())
        page.evaluate(axe)
        found = page.evaluate("axe.run().then(said => said.violations.map(one => [one.impact, one.id]))")
        browser.close()
    assert found == []
