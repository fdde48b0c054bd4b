"""The profile as a tagged PDF (PDF/UA-1), set by typst with fonts given by path.

All text, numbers too, is made in Python and arrives as strings: typst writes 73.0 as 73. Tables break
across pages and repeat their head. No font of the machine is used, and a letter that no font at hand
has stops the document with a message, never with an empty box.
"""

from __future__ import annotations

import functools
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from fairplace.profile.model import Block, Bullets, Drawing, Paragraph, Profile, Table, inline_text
from fairplace.profile.rendering import FormError, alt_of, lay_columns, part_caption, widest_word
from maps.fonts import BOLD, REGULAR, families, fonts_for, wrap
from maps.picture import Picture
from maps.steady import steady_text
from maps.words import Words

#: Widest a drawing is set, in millimetres: the page less its margins.
_PAGE_WIDTH = 176.0
#: Letters of tables in points, and what a cell leaves free at its sides, in millimetres; as in profile.typ.
_CELL_SIZE, _CELL_GAP = 7.5, 5 * 25.4 / 72
#: Tallest, so that it stands on one page with its caption.
_PAGE_HEIGHT = 225.0


def render_pdf(profile: Profile, pictures: Mapping[str, Picture], *, fonts: Sequence[Path] = ()) -> bytes:
    """Render a profile as the bytes of a tagged PDF, the same for the same input.

    Parameters
    ----------
    profile
        What it says.
    pictures
        Drawing id -> picture; a drawing without one is left out.
    fonts
        Font files for scripts beyond those that `maps.fonts` has.

    Raises
    ------
    FormError
        typst is not installed, or refuses the document.
    FontError
        A character has no font; it is named.
    """
    try:
        import typst
    except ImportError as error:
        raise FormError(
            'a PDF needs the Python package typst; install "fairplace[report]", or choose html'
        ) from error
    content = _content(profile, pictures)
    needed = fonts_for(_texts(content), fonts=fonts)
    content["fonts"] = [name.lower() for name in families(needed)[:-1]]
    files = {
        "main": resources.files("fairplace.profile").joinpath("profile.typ").read_bytes(),
        "profile.json": json.dumps(content, ensure_ascii=False).encode(),
        **{f"{name}.svg": picture.svg().encode() for name, picture in pictures.items()},
    }
    try:
        # Its types know a file or its bytes only; it also takes several files by name.
        compile_files: Any = typst.compile
        made = compile_files(
            files,
            format="pdf",
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            font_paths=[_font_folder(needed)],
        )
    except typst.TypstError as error:
        raise FormError(f"the PDF of {profile.title} was refused: {error}") from error
    return bytes(made)


def _content(profile: Profile, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    words = profile.words
    language, *rest = words.language.split("-")
    return {
        "title": steady_text(profile.title),
        "authority": steady_text(profile.authority),
        "language": language.lower(),
        # A region of three digits has no place in a PDF of typst's.
        "region": next((one.upper() for one in rest if len(one) == 2), ""),
        "direction": words.direction,
        "place": steady_text(profile.cover),
        "papers": [[steady_text(name), steady_text(text)] for name, text in profile.papers],
        "inset": _inset(profile, pictures),
        "running": steady_text(profile.running),
        "banner": [steady_text(line) for line in profile.banner],
        "sections": [
            {
                "title": steady_text(section.title),
                "blocks": [
                    told
                    for block in section.blocks
                    if not isinstance(block, Drawing) or block.id in pictures
                    for told in _block(block, pictures, words)
                ],
            }
            for section in profile.sections
        ],
    }


def _inset(profile: Profile, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    """Give the small map of the cover, as wide as it is drawn; nothing where there is none."""
    if profile.inset is None or profile.inset.id not in pictures:
        return {}
    picture = pictures[profile.inset.id]
    return {
        "file": f"{profile.inset.id}.svg",
        "alt": steady_text(alt_of(profile.inset, picture)),
        "width": round(float(picture.figure.get_size_inches()[0]) * 25.4, 2),
    }


def _block(block: Block, pictures: Mapping[str, Picture], words: Words) -> list[dict[str, Any]]:
    if isinstance(block, Paragraph):
        text = steady_text(block.written(words))
        return [{"kind": "paragraph", "role": block.role, "text": text, "link": block.link}]
    if isinstance(block, Bullets):
        return [{"kind": "bullets", "items": [steady_text(item.written(words)) for item in block.items]}]
    if isinstance(block, Table):
        return _tables(block, words)
    picture = pictures[block.id]
    width, height = (float(inches) * 25.4 for inches in picture.figure.get_size_inches())
    shrink = min(1.0, _PAGE_WIDTH / width, _PAGE_HEIGHT / height)
    return [
        {
            "kind": "drawing",
            "file": f"{block.id}.svg",
            "caption": steady_text(block.caption),
            "alt": steady_text(alt_of(block, picture)),
            "width": round(100 * width * shrink / _PAGE_WIDTH, 2),
        }
    ]


def _tables(block: Table, words: Words) -> list[dict[str, Any]]:
    """Give a table whole, or in parts by columns where it is too wide for the page."""
    rows = [[steady_text(inline_text(cell, words)) for cell in row] for row in block.rows]
    head = [steady_text(name) for name in block.head]
    parts = lay_columns(head, rows, room=_PAGE_WIDTH, gap=_CELL_GAP, size=_CELL_SIZE)
    most = widest_word(room=_PAGE_WIDTH, gap=_CELL_GAP, size=_CELL_SIZE)
    return [
        {
            "kind": "table",
            "caption": steady_text(part_caption(words, block.caption, at, len(parts))),
            "head": [_breakable(head[column], most, bold=True) for column in one.columns],
            "rows": [[_breakable(row[column], most) for column in one.columns] for row in rows],
            "widths": one.widths,
            "notes": [steady_text(note) for note in block.notes] if at == len(parts) else [],
        }
        for at, one in enumerate(parts, 1)
    ]


def _breakable(text: str, most: float, *, bold: bool = False) -> str:
    """Let words that are wider than any column break, with a space that has no width."""
    return re.sub(
        r"\S{8,}",
        lambda word: "\u200b".join(wrap(word[0], width=most, size=_CELL_SIZE, bold=bold)),
        text,
    )


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    if isinstance(content, Mapping):
        return [text for value in content.values() for text in _texts(value)]
    if isinstance(content, list):
        return [text for value in content for text in _texts(value)]
    return []


@functools.cache
def _font_folder(needed: tuple[Path, ...]) -> str:
    """Give a folder with DejaVu Sans and the fonts that are needed, and nothing else.

    matplotlib's own folder also holds a font whose every letter is an empty box, which typst would
    take where no other font has a letter.
    """
    folder = tempfile.TemporaryDirectory(prefix="fairplace-fonts-")
    _FOLDERS.append(folder)
    for path in (REGULAR, BOLD):
        (Path(folder.name) / path.name).write_bytes(path.read_bytes())
    for path in needed:
        _write_static(path, Path(folder.name) / f"{path.stem.split('[')[0]}.ttf")
    return folder.name


#: Kept until the program ends, which empties them.
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def _write_static(font: Path, to: Path) -> None:
    """Write a font at its usual weight and width, where it has a range of them."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    held = TTFont(font, recalcTimestamp=False)
    if "fvar" in held:
        held = instantiateVariableFont(held, {axis.axisTag: axis.defaultValue for axis in held["fvar"].axes})
    held.save(to)
