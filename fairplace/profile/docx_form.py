"""The profile as a Word document: real headings, native tables with head rows, charts with words.

A council's own template gives styles, letterhead and footers; its text is left as it stands and the
profile follows it. The same input gives the same bytes: no clock is read.
"""

from __future__ import annotations

import datetime as dt
import io
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fairplace.profile.archive import same_zip
from fairplace.profile.docx_template import MARGINS_MM, PAGE_MM, STYLES, open_template, room
from fairplace.profile.model import Block, Bullets, Drawing, Paragraph, Profile, Table, inline_text
from fairplace.profile.rendering import FormError, alt_of, lay_columns, part_caption
from maps.picture import Picture
from maps.words import Words

#: Of every file: Word wants a day, and none is known but the clock's.
_DAY = dt.datetime(2000, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)
#: Typeface without a council's template, to read on screen.
_FACE = "Arial"
#: Letters of tables in points, and what a cell leaves free at its sides, in millimetres.
_CELL_SIZE, _CELL_GAP = 8.0, 216 / 1440 * 25.4
#: Share of the height of a page that a picture takes at most: its heading and its note stand with it.
_TALLEST = 0.85
#: Of a map, so that two stand on a page.
_TALLEST_MAP = 0.42


def render_docx(profile: Profile, pictures: Mapping[str, Picture], *, template: Path | None = None) -> bytes:
    """Render a profile as the bytes of a DOCX file.

    Parameters
    ----------
    profile
        What it says.
    pictures
        Drawing id -> picture; a drawing without one is left out.
    template
        A council's own .docx, whose styles are used; what it lacks is added.

    Raises
    ------
    FormError
        python-docx is not installed, or the template cannot be read.
    """
    try:
        import docx
    except ImportError as error:
        raise FormError(
            'a DOCX needs the Python package python-docx; install "fairplace[report]", or choose html'
        ) from error
    from docx.shared import Pt

    document = _open(docx, template)
    _papers(document, profile)
    document.add_paragraph(_clean(profile.title), style="Title")
    for line in profile.cover_lines or [profile.cover]:
        document.add_paragraph(_clean(line)).paragraph_format.space_after = Pt(2)
    if profile.inset is not None and profile.inset.id in pictures:
        _drawing(document, profile.inset, pictures[profile.inset.id], after_table=False)
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
    return open_template(template)


def _blank(document: Any) -> Any:
    """Lay out python-docx's own template as an A4 page in one typeface."""
    from docx.oxml.ns import qn
    from docx.shared import Mm

    for section in document.sections:
        section.page_width, section.page_height = (Mm(one) for one in PAGE_MM)
        section.left_margin = section.right_margin = Mm(MARGINS_MM[0])
        section.top_margin = section.bottom_margin = Mm(MARGINS_MM[1])
    for name in ("Normal", *list(STYLES)[:-1]):
        style = document.styles[name]
        style.font.name = _FACE
        fonts = style.element.rPr.rFonts
        for key in [one for one in fonts.attrib if one.endswith("Theme")]:
            del fonts.attrib[key]
        for script in ("w:eastAsia", "w:cs"):
            fonts.set(qn(script), _FACE)
    return document


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
        _drawing(document, block, pictures[block.id], after_table=after_table)


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
    """Write a table whole, or in parts by columns where it is too wide for the page."""
    from docx.shared import Pt

    texts = [list(block.head), *([inline_text(cell, words) for cell in row] for row in block.rows)]
    # Columns as wide as their words need; left to Word they are all alike and names break by letters.
    parts = lay_columns(texts[0], texts[1:], room=room(document)[0], gap=_CELL_GAP, size=_CELL_SIZE)
    for at, one in enumerate(parts, 1):
        _part(
            document,
            _clean(part_caption(words, block.caption, at, len(parts))),
            [[_clean(line[column]) for column in one.columns] for line in texts],
            [int(width / 25.4 * 1440) for width in one.widths],
            after_table=after_table or at > 1,
        )
    for at, note in enumerate(block.notes):
        document.add_paragraph(_clean(note)).paragraph_format.space_before = Pt(0 if at else 6)


def _part(
    document: Any, said: str, texts: Sequence[Sequence[str]], twips: Sequence[int], *, after_table: bool
) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    caption = document.add_paragraph(said, style="Caption")
    caption.paragraph_format.keep_with_next = True
    if after_table:
        caption.paragraph_format.space_before = Pt(12)
    table = document.add_table(rows=len(texts), cols=len(twips), style="Table Grid")
    table.autofit = False
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, twips, strict=True):
        column.set(qn("w:w"), str(width))
    described = OxmlElement("w:tblCaption")
    described.set(qn("w:val"), said)
    table._tbl.tblPr.append(described)
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
            run.text = text
            size = OxmlElement("w:sz")
            size.set(qn("w:val"), str(int(_CELL_SIZE * 2)))
            format_of = run.get_or_add_rPr()
            if at == 0:
                format_of.append(OxmlElement("w:b"))
            format_of.append(size)


def _drawing(document: Any, block: Drawing, picture: Picture, *, after_table: bool) -> None:
    from docx.shared import Mm, Pt

    width, height = (float(inches) * 25.4 for inches in picture.figure.get_size_inches())
    across, down = room(document)
    # A map with a long legend was drawn for a page of its own.
    half = block.kind.endswith("_map") and height <= down / 2
    tallest = _TALLEST_MAP if half else _TALLEST
    shrink = min(1.0, across / width, tallest * down / height)
    document.add_picture(io.BytesIO(picture.render("png", dpi=150)), width=Mm(width * shrink))
    # The line that leads to its table stands under it, on the same page.
    layout = document.paragraphs[-1].paragraph_format
    layout.keep_with_next = True
    if after_table:
        layout.space_before = Pt(12)
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
