"""Tables wider than a page: every cell is on it, in parts if need be, and no letters lie over others."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import docx
import pypdfium2
import pytest

from fairplace.profile.docx_form import render_docx
from fairplace.profile.html import render_html
from fairplace.profile.model import Profile, Table, inline_text
from fairplace.profile.pdf_form import render_pdf
from fairplace.profile.rendering import lay_columns
from maps.fonts import text_width

WARDS = [
    "Poets",
    "Central",
    "Northwell",
    "Bramingham & Barnfield",
    "Wigmore",
    "Farley",
    "Stopsley",
    "Round Green and Vauxhall",
]
LONG = "Kirkbythorpe-with-Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"


def beside(areas: Sequence[str], indicators: int = 60) -> Table:
    """An area with its comparators: thirteen columns where there are eight, as `--compare` gives."""
    head = ["Indicator", "Here", "Halverton", "Halverton without Poets", *areas, "Period"]
    rows = [
        [
            f"People in households below the standard, modelled, number {at}",
            *(f"6{at % 10}% (5{at % 10}% to 71%)" for _ in head[1:-1]),
            "21 March 2021",
        ]
        for at in range(indicators)
    ]
    return Table("compare-table", "Poets and other areas", head, rows, ["A note under the table."])


def letters(content: bytes) -> list[list[tuple[str, tuple[float, float, float, float]]]]:
    """Letters of each page with their boxes."""
    pages = []
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text = page.get_textpage()
            width, height = page.get_size()
            found = []
            for at in range(text.count_chars()):
                sign = text.get_text_range(at, 1)
                left, bottom, right, top = text.get_charbox(at)
                if sign.strip() and right > left:
                    assert left >= -0.5
                    assert right <= width + 0.5
                    assert bottom >= -0.5
                    assert top <= height + 0.5
                    found.append((sign, (left, bottom, right, top)))
            pages.append(found)
    return pages


def overprinted(content: bytes) -> list[tuple[str, str]]:
    """Pairs of letters that lie over each other by more than their own slant."""
    pairs = []
    for page in letters(content):
        boxes = sorted(page, key=lambda one: one[1][0])
        for at, (sign, (left, bottom, right, top)) in enumerate(boxes):
            for other, (left2, bottom2, right2, top2) in boxes[at + 1 :]:
                if left2 > right:
                    break
                if (left2, bottom2) == (left, bottom):
                    # Two letters drawn as one shape, such as fi.
                    continue
                wide = min(right, right2) - left2
                tall = min(top, top2) - max(bottom, bottom2)
                if tall > 0.3 * min(top - bottom, top2 - bottom2) and wide > 0.35 * min(
                    right - left, right2 - left2
                ):
                    pairs.append((sign, other))
    return pairs


def compact(text: str) -> str:
    return re.sub(r"[\s\u200b]+", "", text.replace("\ufffe", "-"))


TABLES = [
    beside(WARDS),
    Table(
        "survey",
        "Survey of estates",
        ["Question", "All estates shown", *(f"Estate {at} of {LONG[at:]}" for at in range(9))],
        [[f"Do you feel safe after dark, {at}", *("100.0%" for _ in range(10))] for at in range(30)],
    ),
    Table(
        "words",
        "Long words",
        ["Indicator", *(f"{LONG}{at}" for at in range(6))],
        [[LONG, *(LONG.upper() for _ in range(6))], ["W" * 60, *("M" * 60 for _ in range(6))]],
    ),
]


@pytest.mark.parametrize("table", TABLES, ids=lambda one: one.id)
def test_no_letters_of_a_wide_table_lie_over_others_in_the_pdf(
    document_of: Callable[..., Profile], table: Table
) -> None:
    made = render_pdf(document_of(table), {})
    assert overprinted(made) == []
    with pypdfium2.PdfDocument(made) as document:
        text = compact("".join(page.get_textpage().get_text_range() for page in document))
    for name in table.head:
        assert compact(name) in text
    # Every row of every part begins with what names it.
    parts = len(re.findall(r"\(columns:part\dof\d\)", text))
    assert parts > 1
    for row in table.rows:
        assert text.count(compact(inline_text(row[0]))) >= parts
    assert "(columns:part1of" in text
    assert text.count("Anoteunderthetable.") == len(table.notes)


def test_parts_of_a_table_hold_each_column_once_beside_the_first() -> None:
    table = beside(WARDS)
    texts = [[inline_text(cell) for cell in row] for row in table.rows]
    for room in (70.0, 100.0, 176.0, 400.0):
        parts = lay_columns(table.head, texts, room=room, gap=2.0, size=7.5)
        assert [one for part in parts for one in part.columns[1:]] == list(range(1, len(table.head)))
        for part in parts:
            assert part.columns[0] == 0
            assert sum(part.widths) <= room
            for at, width in zip(part.columns, part.widths, strict=True):
                words = [word for row in texts for word in row[at].split()]
                if room > 100:
                    assert max(text_width(word, 7.5) for word in words) <= width - 2.0 + 0.02
    assert len(parts) == 1
    assert len(lay_columns(["Name"], [["x"]], room=100.0, gap=2.0, size=7.5)) == 1


def test_a_wide_table_of_a_word_document_goes_on_below_itself_in_columns_that_hold_their_words(
    document_of: Callable[..., Profile],
) -> None:
    table = beside(WARDS, 5)
    made = docx.Document(io.BytesIO(render_docx(document_of(table), {})))
    assert len(made.tables) == 2
    heads = [[cell.text for cell in one.rows[0].cells] for one in made.tables]
    assert heads[0][1:] + heads[1][1:] == list(table.head[1:])
    assert {head[0] for head in heads} == {"Indicator"}
    for one in made.tables:
        assert [row.cells[0].text for row in one.rows[1:]] == [row[0] for row in table.rows]
    captions = [one.text for one in made.paragraphs if one.style.name == "Caption"]
    assert captions == [f"Poets and other areas (columns: part {at} of 2)" for at in (1, 2)]
    assert sum(one.text == "A note under the table." for one in made.paragraphs) == 1


def printed(page_file: Path) -> bytes:
    """A page as Chromium prints it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path("/usr/bin/chromium").is_file():
        pytest.skip("needs Chromium")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        made = bytes(page.pdf(prefer_css_page_size=True))
        browser.close()
    return made


@pytest.mark.chromium
def test_a_printed_page_holds_every_cell_of_its_tables_and_its_running_line_lies_over_none(
    document_of: Callable[..., Profile],
    tmp_path: Path,
) -> None:
    spine = [
        "Indicator",
        "Poets",
        "Halverton",
        "Against Halverton",
        "Lowest",
        "Lower quarter",
        "Upper quarter",
    ]
    ranges = ["61% (51% to 71%)", "45% (44% to 46%)", "higher", "12.5%", "23.5%", "45.6%", "LASTCELL 78.9%"]
    narrow = Table(
        "spine",
        "Areas of its kind",
        [*spine, "Highest"],
        [[f"People in households below the standard, {at}", *ranges] for at in range(40)],
    )
    name = 'Poets "</style><b>" \\ & Łódź'
    (tmp_path / "p.html").write_text(
        render_html(replace(document_of(narrow, *TABLES), title=name)), encoding="utf-8"
    )
    made = printed(tmp_path / "p.html")
    assert overprinted(made) == []
    with pypdfium2.PdfDocument(made) as document:
        pages = [compact(page.get_textpage().get_text_range()) for page in document]
    text = "".join(pages)
    for table in (narrow, *TABLES):
        for head in table.head:
            assert compact(head) in text, head
        for row in table.rows:
            assert compact(inline_text(row[-1])) in text
    assert text.count("LASTCELL78.9%") == 40
    assert text.count("61%(51%to71%)") >= 40
    for at, page in enumerate(pages, 1):
        assert compact(f"{name} · Halverton · Draft · public edition 0123abcd") in page
        assert f"{at}/{len(pages)}" in page
