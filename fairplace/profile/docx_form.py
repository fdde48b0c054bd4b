"""The profile as a Word document: real headings, native tables with head rows, charts with words.

A council's own template gives styles, letterhead and footers; its text is left as it stands and the
profile follows it. The same input gives the same bytes: no clock is read.
"""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fairplace.profile.archive import same_zip
from fairplace.profile.model import Block, Bullets, Drawing, Paragraph, Profile, Table, inline_text
from fairplace.profile.rendering import FormError, alt_of, column_widths
from maps.picture import Picture
from maps.words import Words

#: Of every file: Word wants a day, and none is known but the clock's.
_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
#: Of a page without a council's template: A4, its margins in millimetres, and a typeface to read on screen.
_PAGE_MM, _MARGINS_MM, _FACE = (210.0, 297.0), (17.0, 20.0), "Arial"
#: Share of the height of a page that a picture takes at most: its heading and its note stand with it.
_TALLEST = 0.85
#: Styles that a template must have; Word's own templates do.
_STYLES = ("Title", "Heading 1", "List Bullet", "Caption", "Table Grid")


def render_docx(profile: Profile, pictures: Mapping[str, Picture], *, template: Path | None = None) -> bytes:
    """Render a profile as the bytes of a DOCX file.

    Parameters
    ----------
    profile
        What it says.
    pictures
        Drawing id -> picture; a drawing without one is left out.
    template
        A council's own .docx, whose styles are used.

    Raises
    ------
    FormError
        python-docx is not installed, or the template cannot be read or lacks a style.
    """
    try:
        import docx
    except ImportError as error:
        raise FormError(
            'a DOCX needs the Python package python-docx; install "fairplace[report]", or choose html'
        ) from error
    document = _open(docx, template)
    _papers(document, profile)
    document.add_paragraph(_clean(profile.title), style="Title")
    document.add_paragraph(_clean(profile.cover))
    for line in profile.banner:
        document.add_paragraph().add_run(_clean(line)).bold = True
    for section in profile.sections:
        document.add_heading(_clean(section.title), level=1)
        before: Block | None = None
        for block in section.blocks:
            _add(document, block, pictures, profile.words, after_table=isinstance(before, Table))
            before = block
    held = io.BytesIO()
    document.save(held)
    return same_zip(held.getvalue())


def _open(docx: Any, template: Path | None) -> Any:
    if template is None:
        return _blank(docx.Document())
    try:
        document = docx.Document(str(template))
    except Exception as error:
        raise FormError(
            f"{template} cannot be read as a Word document ({type(error).__name__}); save it as .docx"
        ) from error
    held = {style.name for style in document.styles}
    lacking = [name for name in _STYLES if name not in held]
    if lacking:
        raise FormError(
            f'{template} has no style "{lacking[0]}"; use it once in Word and save the file again'
        )
    return document


def _blank(document: Any) -> Any:
    """Lay out python-docx's own template as an A4 page in one typeface."""
    from docx.oxml.ns import qn
    from docx.shared import Mm

    for section in document.sections:
        section.page_width, section.page_height = (Mm(one) for one in _PAGE_MM)
        section.left_margin = section.right_margin = Mm(_MARGINS_MM[0])
        section.top_margin = section.bottom_margin = Mm(_MARGINS_MM[1])
    for name in ("Normal", *_STYLES[:-1]):
        style = document.styles[name]
        style.font.name = _FACE
        fonts = style.element.rPr.rFonts
        for key in [one for one in fonts.attrib if one.endswith("Theme")]:
            del fonts.attrib[key]
        for script in ("w:eastAsia", "w:cs"):
            fonts.set(qn(script), _FACE)
    return document


def _room(document: Any) -> tuple[float, float]:
    """Width and height in millimetres that the last section leaves for text."""
    from docx.shared import Emu

    section = document.sections[-1]
    across = section.page_width - section.left_margin - section.right_margin
    down = section.page_height - section.top_margin - section.bottom_margin
    return Emu(across).mm, Emu(down).mm


def _papers(document: Any, profile: Profile) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    core = document.core_properties
    core.title, core.author, core.language = (
        _clean(profile.title),
        _clean(profile.authority),
        profile.words.language,
    )
    core.subject, core.comments, core.last_modified_by = _clean(profile.running)[:255], "", ""
    core.created = core.modified = _DAY
    core.revision = 1
    defaults = document.styles.element.find(qn("w:docDefaults"))
    if defaults is not None:
        for run in defaults.iter(qn("w:rPr")):
            for old in run.findall(qn("w:lang")):
                run.remove(old)
            language = OxmlElement("w:lang")
            language.set(qn("w:val"), profile.words.language)
            if profile.words.direction == "rtl":
                language.set(qn("w:bidi"), profile.words.language)
            run.append(language)
        for paragraph in defaults.iter(qn("w:pPr")) if profile.words.direction == "rtl" else ():
            paragraph.insert(0, OxmlElement("w:bidi"))
    told = {"footer": profile.running, "header": " ".join(profile.banner)}
    kinds = [""] + ["even_page_"] * bool(document.settings.odd_and_even_pages_header_footer)
    # Also of the first pages of a section, where any has its own: what follows a section takes them from it.
    kinds += ["first_page_"] * any(one.different_first_page_header_footer for one in document.sections)
    for at, section in enumerate(document.sections):
        for kind in kinds:
            for part, text in told.items():
                place = getattr(section, f"{kind}{part}")
                # One that goes on from the section before has its words already, and the council's with them.
                if text and not (at and place.is_linked_to_previous):
                    place.add_paragraph(_clean(text)).style = document.styles["Caption"]


def _add(
    document: Any, block: Block, pictures: Mapping[str, Picture], words: Words, *, after_table: bool
) -> None:
    from docx.shared import Pt

    if isinstance(block, Paragraph):
        made = document.add_paragraph()
        _write(made, _clean(block.written(words)), block.link)
        if after_table:
            made.paragraph_format.space_before = Pt(6)
    elif isinstance(block, Bullets):
        for item in block.items:
            document.add_paragraph(_clean(item.written(words)), style="List Bullet")
    elif isinstance(block, Table):
        _table(document, block, words, after_table=after_table)
    elif block.id in pictures:
        _drawing(document, block, pictures[block.id])


def _write(paragraph: Any, text: str, link: str) -> None:
    run = paragraph.add_run(text)
    if not link:
        return
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run.underline = True
    leads = OxmlElement("w:hyperlink")
    leads.set(qn("r:id"), paragraph.part.relate_to(link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    leads.append(run._r)
    paragraph._p.append(leads)


def _table(document: Any, block: Table, words: Words, *, after_table: bool) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    caption = document.add_paragraph(_clean(block.caption), style="Caption")
    caption.paragraph_format.keep_with_next = True
    if after_table:
        caption.paragraph_format.space_before = Pt(12)
    table = document.add_table(rows=1 + len(block.rows), cols=len(block.head), style="Table Grid")
    # Columns as wide as their words need; left to Word they are all alike and names break by letters.
    wanted = column_widths(block.head, [[inline_text(cell, words) for cell in row] for row in block.rows])
    table.autofit = False
    twips = [int(_room(document)[0] / 25.4 * 1440 * one / sum(wanted)) for one in wanted]
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, twips, strict=True):
        column.set(qn("w:w"), str(width))
    described = OxmlElement("w:tblCaption")
    described.set(qn("w:val"), _clean(block.caption))
    table._tbl.tblPr.append(described)
    texts = [list(block.head), *([inline_text(cell, words) for cell in row] for row in block.rows)]
    for at, (row, line) in enumerate(zip(table._tbl.tr_lst, texts, strict=True)):
        properties = row.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if at == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, width in zip(row.tc_lst, line, twips, strict=True):
            across = cell.get_or_add_tcPr().get_or_add_tcW()
            across.set(qn("w:w"), str(width))
            across.set(qn("w:type"), "dxa")
            run = cell.p_lst[0].add_r()
            run.text = _clean(text)
            size = OxmlElement("w:sz")
            size.set(qn("w:val"), str(int(Pt(8).pt * 2)))
            format_of = run.get_or_add_rPr()
            if at == 0:
                format_of.append(OxmlElement("w:b"))
            format_of.append(size)
    for note in block.notes:
        document.add_paragraph(_clean(note))


def _drawing(document: Any, block: Drawing, picture: Picture) -> None:
    from docx.shared import Mm

    width, height = (float(inches) * 25.4 for inches in picture.figure.get_size_inches())
    room = _room(document)
    shrink = min(1.0, room[0] / width, _TALLEST * room[1] / height)
    document.add_picture(io.BytesIO(picture.render("png", dpi=150)), width=Mm(width * shrink))
    shape = document.inline_shapes[len(document.inline_shapes) - 1]
    properties = shape._inline.docPr
    properties.set("descr", _clean(alt_of(block, picture)))
    properties.set("name", block.id)


def _clean(text: str) -> str:
    """Leave out signs that XML cannot hold, and marks that turn text around."""
    return "".join(
        sign
        for sign in text
        if sign in "\n\u200c\u200d" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
