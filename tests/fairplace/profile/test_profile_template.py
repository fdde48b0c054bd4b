"""A council's Word file gives its page, styles and letterhead whatever it lacks, and loses nothing of them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm

from fairplace.profile.docx_form import render_docx
from fairplace.profile.docx_template import STYLES
from fairplace.profile.model import Bullets, Paragraph, Profile, Table

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml"
PLAIN = '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>'
#: As Word stores them in a file in which only plain text was written.
FRESH = (
    '<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Gill Sans" w:hAnsi="Gill Sans"/><w:sz w:val="24"/>'
    '<w:lang w:val="cy-GB"/></w:rPr></w:rPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="108" w:type="dxa"/>'
    '<w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
)


def template(folder: Path, *, section: str = PLAIN, styles: str = FRESH, body: str = "") -> Path:
    """The least that Word opens, with nothing that nobody used."""
    path = folder / "council.docx"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{KIND}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{KIND}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" '
        f'Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
        "word/document.xml": f'<w:document {W} xmlns:r="{OFFICE}"><w:body><w:p><w:r><w:t>Civic Hall</w:t></w:r>'
        f"</w:p>{body}{section}</w:body></w:document>",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + text)
    return path


@pytest.fixture(scope="module")
def profile(document_of: Callable[..., Profile]) -> Profile:
    return document_of(
        Bullets([Paragraph(["A point."])]),
        Table("t", "A table", ["Name", "Here", "There"], [["People", "12", "34"]]),
    )


def made_with(profile: Profile, path: Path) -> docx.document.Document:
    made = docx.Document(io.BytesIO(render_docx(profile, {}, template=path)))
    assert made.paragraphs[0].text == "Civic Hall"
    words = {one.text: one.style for one in made.paragraphs}
    for text, style in (
        (profile.title, "Title"),
        ("In short", "Heading 1"),
        ("A point.", "List Bullet"),
        ("A table", "Caption"),
    ):
        assert words[text].name == style
    assert made.tables[0].style.name == "Table Grid"
    held = {(one.name, one.element.get(qn("w:type"))) for one in made.styles}
    assert set(STYLES.items()) <= held
    ids = [one.style_id for one in made.styles]
    assert len(set(ids)) == len(ids)
    # What one style rests on is there.
    for style in made.styles:
        for tag in ("w:basedOn", "w:next", "w:link"):
            assert all(one.get(qn("w:val")) in ids for one in style.element.findall(qn(tag)))
    return made


def across(made: docx.document.Document) -> float:
    """Width of the first table in millimetres."""
    return sum(int(one.get(qn("w:w"))) for one in made.tables[0]._tbl.tblGrid.gridCol_lst) / 1440 * 25.4


def page(*, size: str = '<w:pgSz w:w="11906" w:h="16838"/>', margins: str = "", more: str = "") -> str:
    return f"<w:sectPr>{size}{margins}{more}</w:sectPr>"


MARGINS = '<w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440" w:header="708" w:footer="708" w:gutter="{}"/>'
#: Section -> width that it leaves for a table, in millimetres; 1,440 twips are 25.4 of them.
SECTIONS = {
    "no section": ("", 176.0),
    "no page": (page(size="", margins=MARGINS.format(0)), 210 - 50.8),
    "no margins": (page(), 176.0),
    "margins without a gutter": (
        page(margins='<w:pgMar w:top="1440" w:right="1440" w:bottom="1440" w:left="1440"/>'),
        210 - 50.8,
    ),
    "gutter": (page(margins=MARGINS.format(720)), 210 - 50.8 - 12.7),
    "landscape": (
        page(size='<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>', margins=MARGINS.format(0)),
        297 - 50.8,
    ),
    "two columns": (
        page(margins=MARGINS.format(0), more='<w:cols w:num="2" w:space="708"/>'),
        210 - 50.8,
    ),
}


@pytest.mark.parametrize("name", list(SECTIONS))
def test_a_table_is_as_wide_as_the_text_of_whatever_page_a_template_has(
    profile: Profile, name: str, tmp_path: Path
) -> None:
    section, wide = SECTIONS[name]
    made = made_with(profile, template(tmp_path, section=section))
    assert across(made) == pytest.approx(wide, abs=0.2)
    last = made.sections[-1]
    free = last.page_width - last.left_margin - last.right_margin - (last.gutter or 0)
    assert free == pytest.approx(Mm(wide), abs=Mm(0.2))
    assert "Draft" in "".join(one.text for one in last.footer.paragraphs)


def test_below_columns_of_a_template_the_page_is_one_column_and_the_columns_stay(
    profile: Profile, tmp_path: Path
) -> None:
    made = made_with(profile, template(tmp_path, section=SECTIONS["two columns"][0]))
    counts = [one._sectPr.find(qn("w:cols")) for one in made.sections]
    assert counts[0].get(qn("w:num")) == "2"
    assert counts[1] is None
    assert made.sections[1].start_type == docx.enum.section.WD_SECTION.CONTINUOUS
    assert made.sections[1].footer.is_linked_to_previous


def test_a_fresh_file_that_stores_no_unused_style_is_given_them_in_its_own_typeface(
    profile: Profile, tmp_path: Path
) -> None:
    made = made_with(profile, template(tmp_path))
    for name, kind in STYLES.items():
        element = made.styles[name].element
        assert not list(element.iter(qn("w:rFonts")))
        base = element.find(qn("w:basedOn"))
        assert base.get(qn("w:val")) == ("TableNormal" if kind == "table" else "Normal")
    defaults = made.styles.element.find(qn("w:docDefaults"))
    assert [one.get(qn("w:ascii")) for one in defaults.iter(qn("w:rFonts"))] == ["Gill Sans"]
    # The bullet is one: its number leads to a list with a sign.
    number = made.styles["List Bullet"].element.xpath(".//w:numId/@w:val")[0]
    lists = made.part.numbering_part.element
    shape = lists.xpath(f'./w:num[@w:numId="{number}"]/w:abstractNumId/@w:val')[0]
    assert lists.xpath(f'./w:abstractNum[@w:abstractNumId="{shape}"]//w:numFmt/@w:val')[0] == "bullet"


def test_lists_of_a_template_keep_their_numbers_when_bullets_are_added(
    profile: Profile, tmp_path: Path
) -> None:
    # A file of Word with its own numbered list, and no style for bullets.
    own = docx.Document()
    own.add_paragraph("Civic Hall")
    own.add_paragraph("First", style="List Number")
    element = own.styles["List Bullet"].element
    element.getparent().remove(element)
    before = own.part.numbering_part.element.xpath("./w:num/@w:numId")
    own.save(str(tmp_path / "own.docx"))
    made = made_with(profile, tmp_path / "own.docx")
    lists = made.part.numbering_part.element
    after = lists.xpath("./w:num/@w:numId")
    assert after[: len(before)] == before
    assert len(set(after)) == len(before) + 1
    # Shapes come before numbers, or Word calls the file damaged.
    tags = [one.tag for one in lists if one.tag in (qn("w:num"), qn("w:abstractNum"))]
    assert tags == sorted(tags, key=lambda tag: tag == qn("w:num"))


def test_styles_of_another_kind_under_our_names_stay_what_they_were(profile: Profile, tmp_path: Path) -> None:
    styles = FRESH + (
        '<w:style w:type="character" w:customStyle="1" w:styleId="Caption"><w:name w:val="caption"/>'
        "<w:rPr><w:i/></w:rPr></w:style>"
        '<w:style w:type="paragraph" w:styleId="TableGrid"><w:name w:val="Table Grid"/></w:style>'
    )
    body = '<w:p><w:r><w:rPr><w:rStyle w:val="Caption"/></w:rPr><w:t>Aside</w:t></w:r></w:p>'
    made = made_with(profile, template(tmp_path, styles=styles, body=body))
    run = next(one for one in made.paragraphs if one.text == "Aside").runs[0]
    assert run.style.style_id == "Caption"
    assert run.style.font.italic


def test_a_template_without_any_style_at_all_still_gives_cells_room(profile: Profile, tmp_path: Path) -> None:
    made = made_with(profile, template(tmp_path, styles=""))
    assert made.styles["Table Grid"].element.xpath(".//w:tblCellMar/w:left/@w:w") == ["108"]


def test_letterhead_of_the_first_page_stays_and_every_page_says_its_standing(
    profile: Profile, tmp_path: Path
) -> None:
    own = docx.Document()
    own.add_paragraph("Civic Hall")
    first = own.sections[0]
    first.page_width, first.page_height = Mm(297), Mm(210)
    first.different_first_page_header_footer = True
    first.first_page_header.paragraphs[0].text = "Letterhead"
    first.header.paragraphs[0].text = "Page head"
    first.footer.add_table(1, 1, Mm(50)).cell(0, 0).text = "Registered office"
    own.save(str(tmp_path / "own.docx"))
    made = made_with(profile, tmp_path / "own.docx")
    section = made.sections[0]
    assert section.orientation is not None
    assert section.first_page_header.paragraphs[0].text == "Letterhead"
    assert section.header.paragraphs[0].text == "Page head"
    assert section.footer.tables[0].cell(0, 0).text == "Registered office"
    for foot, head in (
        (section.footer, section.header),
        (section.first_page_footer, section.first_page_header),
    ):
        assert profile.running in [one.text for one in foot.paragraphs]
        assert profile.banner[0] in [one.text for one in head.paragraphs]


def test_the_same_template_gives_the_same_bytes(profile: Profile, tmp_path: Path) -> None:
    path = template(tmp_path, section=SECTIONS["two columns"][0])
    assert render_docx(profile, {}, template=path) == render_docx(profile, {}, template=path)
    with zipfile.ZipFile(io.BytesIO(render_docx(profile, {}, template=path))) as archive:
        kinds = archive.read("[Content_Types].xml").decode()
    assert re.search(r'PartName="/word/numbering.xml"', kinds)
