"""The decision note of a hub plan as a tagged PDF (PDF/UA-1), set by typst with fonts given by path."""

from __future__ import annotations

import json
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairplace.hub_note import Note, NoteSettingsError, note_record
from fairplace.hub_sections import NoteTable
from maps.fonts import BOLD, REGULAR, FontError, families, fonts_for


def render_pdf(note: Note) -> bytes:
    """Set the note; the same bytes for the same note.

    Parameters
    ----------
    note
        What it says; every number is text already.

    Raises
    ------
    NoteSettingsError
        typst is not installed, or a name has signs for which no font is at hand.
    """
    try:
        import typst
    except ImportError as error:
        raise NoteSettingsError(
            'a PDF needs the Python package typst; install "fairplace[report]", or choose html'
        ) from error
    content = _steady(note_record(note))
    for section, written in zip(content["sections"], note.sections, strict=True):
        for table, one in zip(section["tables"], written.tables, strict=True):
            table |= {"numeric": list(one.numeric), "widths": _widths(one)}
    try:
        needed = fonts_for(list(_texts(content)))
    except FontError as error:
        raise NoteSettingsError(f"the note cannot be set as PDF: {error}") from error
    content["fonts"] = list(families(needed))
    compiler: Any = typst
    with tempfile.TemporaryDirectory() as folder:
        for font in (REGULAR, BOLD, *needed):
            shutil.copy(font, Path(folder) / font.name)
        made: bytes = compiler.compile(
            (files("fairplace") / "hub_note.typ").read_bytes(),
            font_paths=[folder],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
        )
    return made


def _widths(table: NoteTable) -> list[float]:
    """Give each column room for its longest word, and for its text in about three lines."""
    widths = []
    for place, name in enumerate(table.columns):
        texts = [name, *(row[place] for row in table.rows)]
        word = max((len(one) for text in texts for one in text.split()), default=1)
        line = max(len(text) for text in texts) / 3
        widths.append(round(max(4.0, min(word, 20) + 1.0, min(line, 28)), 2))
    return widths


def _steady(content: Any) -> Any:
    """Leave out signs without a shape, and marks that turn text around: a name must not move a page."""
    if isinstance(content, str):
        return "".join(sign for sign in content if unicodedata.category(sign) not in ("Cc", "Cf"))
    if isinstance(content, dict):
        return {key: _steady(value) for key, value in content.items()}
    if isinstance(content, Sequence):
        return [_steady(value) for value in content]
    return content


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _texts(value)
