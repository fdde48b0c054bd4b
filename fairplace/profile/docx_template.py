"""A council's own Word file made fit to be written into: page, columns and styles that it may lack.

Word does not store a style that nobody has used, and other programs leave out the page where it is
the usual one. What lacks is added from python-docx's own file, in the template's typeface; what is
there stays as it is.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from fairplace.profile.rendering import FormError

#: Name -> kind of the styles that a profile is written in.
STYLES = {
    "Title": "paragraph",
    "Heading 1": "paragraph",
    "List Bullet": "paragraph",
    "Caption": "paragraph",
    "Table Grid": "table",
}
#: Page and margins in millimetres, of ours and of a template that states none.
PAGE_MM, MARGINS_MM, _HEAD_MM = (210.0, 297.0), (17.0, 20.0), 10.0


def open_template(template: Path) -> Any:
    """Open a council's file and add what it lacks; its text, headers and footers stay.

    Raises
    ------
    FormError
        It cannot be read as a Word document.
    """
    import docx

    try:
        document = docx.Document(str(template))
    except Exception as error:
        raise FormError(
            f"{template} cannot be read as a Word document ({type(error).__name__}); save it as .docx"
        ) from error
    _add_pages(document)
    _one_column(document)
    _add_styles(document, docx.Document())
    return document


def room(document: Any) -> tuple[float, float]:
    """Width and height in millimetres that the last section leaves for text."""
    from docx.oxml.ns import qn
    from docx.shared import Emu

    section = document.sections[-1]
    across = section.page_width - section.left_margin - section.right_margin
    # A margin under nothing holds its height whatever stands in the header.
    down = section.page_height - abs(section.top_margin) - abs(section.bottom_margin)
    gutter = section.gutter or 0
    if document.settings.element.find(qn("w:gutterAtTop")) is None:
        across -= gutter
    else:
        down -= gutter
    return Emu(across).mm, Emu(down).mm


def _add_pages(document: Any) -> None:
    from docx.shared import Mm

    document.element.body.get_or_add_sectPr()
    for section in document.sections:
        for name, size in zip(("page_width", "page_height"), PAGE_MM, strict=True):
            if getattr(section, name) is None:
                setattr(section, name, Mm(size))
        sides = {"left": MARGINS_MM[0], "right": MARGINS_MM[0], "top": MARGINS_MM[1], "bottom": MARGINS_MM[1]}
        sizes = {f"{side}_margin": size for side, size in sides.items()}
        for name, size in (sizes | dict.fromkeys(("header_distance", "footer_distance"), _HEAD_MM)).items():
            if getattr(section, name) is None:
                setattr(section, name, Mm(size))


def _one_column(document: Any) -> None:
    """Go on below columns of the template over the whole width: a table needs it."""
    from docx.enum.section import WD_SECTION
    from docx.oxml.ns import qn

    def columns() -> Any:
        return document.sections[-1]._sectPr.find(qn("w:cols"))

    if columns() is None or int(columns().get(qn("w:num"), "1")) < 2:
        return
    if any(one.tag != qn("w:sectPr") for one in document.element.body):
        document.add_section(WD_SECTION.CONTINUOUS).different_first_page_header_footer = False
    document.sections[-1]._sectPr.remove(columns())


def _add_styles(document: Any, ours: Any) -> None:
    """Add the styles that are lacking, and rename a style of another kind that has their name."""
    held = {(style.name, _kind(style)) for style in document.styles}
    lacking = [(name, kind) for name, kind in STYLES.items() if (name, kind) not in held]
    for name, kind in lacking:
        for style in document.styles:
            if style.name == name:
                style.name = f"{name} ({_kind(style)})"
        _copy_style(document, ours, name, kind)


def _kind(style: Any) -> str:
    from docx.oxml.ns import qn

    return str(style.element.get(qn("w:type"), "paragraph"))


def _copy_style(document: Any, ours: Any, name: str, kind: str) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = copy.deepcopy(ours.styles[name].element)
    taken = {style.style_id for style in document.styles}
    made.set(qn("w:styleId"), next(one for one in _ids(made.get(qn("w:styleId"))) if one not in taken))
    base = document.styles.default(WD_STYLE_TYPE.TABLE if kind == "table" else WD_STYLE_TYPE.PARAGRAPH)
    for tag in ("w:basedOn", "w:next", "w:link"):
        for old in made.findall(qn(tag)):
            if base is None or tag == "w:link":
                made.remove(old)
            else:
                old.set(qn("w:val"), base.style_id)
    for part in made.iter(qn("w:rPr")):
        for old in [*part.findall(qn("w:rFonts")), *part.findall(qn("w:lang"))]:
            part.remove(old)
    if kind == "table" and base is None:
        # Without a table style of its own a document gives cells no room at their sides.
        margins = OxmlElement("w:tblCellMar")
        for side in ("left", "right"):
            edge = OxmlElement(f"w:{side}")
            edge.set(qn("w:w"), "108")
            edge.set(qn("w:type"), "dxa")
            margins.append(edge)
        properties = made.find(qn("w:tblPr"))
        for old in properties.findall(qn("w:tblCellMar")):
            properties.remove(old)
        properties.append(margins)
    for number in made.iter(qn("w:numId")):
        number.set(
            qn("w:val"), _copy_list(document, ours, number.get(qn("w:val")), made.get(qn("w:styleId")))
        )
    document.styles.element.append(made)


def _ids(first: str) -> list[str]:
    return [first, *(f"{first}{at}" for at in range(2, 1000))]


def _copy_list(document: Any, ours: Any, number: str, style: str) -> str:
    """Copy the bullets of a list, and give the number they have in the document."""
    from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls, qn
    from docx.parts.numbering import NumberingPart

    try:
        lists = document.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element
    except KeyError:
        lists = parse_xml(f"<w:numbering {nsdecls('w')}/>")
        part = NumberingPart(
            PackURI("/word/numbering.xml"), CONTENT_TYPE.WML_NUMBERING, lists, document.part.package
        )
        document.part.relate_to(part, RELATIONSHIP_TYPE.NUMBERING)
    source = ours.part.numbering_part.element
    told = next(one for one in source.findall(qn("w:num")) if one.get(qn("w:numId")) == number)
    shape = told.find(qn("w:abstractNumId")).get(qn("w:val"))
    drawn = copy.deepcopy(
        next(one for one in source.findall(qn("w:abstractNum")) if one.get(qn("w:abstractNumId")) == shape)
    )
    free = _free(lists, "w:abstractNum", "w:abstractNumId")
    drawn.set(qn("w:abstractNumId"), free)
    # Two lists with one of these would be taken for the same.
    for tag in ("w:nsid", "w:tmpl"):
        for old in drawn.findall(qn(tag)):
            drawn.remove(old)
    for linked in drawn.iter(qn("w:pStyle")):
        linked.set(qn("w:val"), style)
    shapes = lists.findall(qn("w:abstractNum"))
    if shapes:
        shapes[-1].addnext(drawn)
    else:
        first = lists.find(qn("w:num"))
        lists.append(drawn) if first is None else first.addprevious(drawn)
    added = copy.deepcopy(told)
    added.set(qn("w:numId"), _free(lists, "w:num", "w:numId"))
    added.find(qn("w:abstractNumId")).set(qn("w:val"), free)
    numbers = lists.findall(qn("w:num"))
    (numbers[-1] if numbers else drawn).addnext(added)
    return str(added.get(qn("w:numId")))


def _free(lists: Any, tag: str, key: str) -> str:
    from docx.oxml.ns import qn

    return str(max((int(one.get(qn(key))) for one in lists.findall(qn(tag))), default=0) + 1)
