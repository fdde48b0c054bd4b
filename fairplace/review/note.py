"""The note of a review as a tagged PDF: what was found, from what, and how to make it again."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from fairplace.review.model import Review, ReviewError
from fairplace.review.pages import source_table
from maps.fonts import BOLD, REGULAR, FontError, fonts_for

_HEAD = """
#let d = json(bytes(sys.inputs.data))
#set document(title: d.title, date: none)
#set page(paper: "a4", flipped: true, margin: 14mm,
  header: if d.banners.len() > 0 {
    set text(size: 7pt, weight: "bold")
    for line in d.banners [#line ]
  },
  footer: context {
    set text(size: 7pt)
    grid(columns: (1fr, auto), column-gutter: 6mm, d.running, counter(page).display("1 / 1", both: true))
  },
)
#set text(font: d.fonts, size: 8pt, lang: "en", region: "GB")
#set par(justify: false)
#set table(inset: (x: 2pt, y: 2.2pt),
  stroke: (x, y) => (bottom: if y == 0 { 0.8pt } else { 0.3pt + luma(150) }))
#show heading.where(level: 1): set text(size: 15pt)
#show heading.where(level: 2): set text(size: 11pt)
#heading(level: 1, d.title)
#for line in d.banners [#strong(line) #parbreak()]
#for line in d.lines [#line #parbreak()]
#for t in d.tables {
  heading(level: 2, t.title)
  if t.rows.len() > 0 {
    table(columns: t.widths.map(w => w * 1fr), table.header(..t.head.map(c => strong(c))),
      ..t.rows.flatten())
  } else [No row.]
  for n in t.notes [#text(size: 7pt, n) #parbreak()]
}
"""


def write_note(path: Path, review: Review, heads: list[str]) -> None:
    """Write the note: PDF/UA-1, its numbers the text of the tables, no date of its own.

    Raises
    ------
    ReviewError
        A name has signs for which no font is at hand, or typst is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise ReviewError("the PDF note needs typst; install fairplace[report]") from error
    tables: list[dict[str, Any]] = _tables(review)
    title = f"Local Plan review: {review.name}"
    lines = [*heads, *review.notes, f"Made by: {review.command}"]
    texts = [cell for one in tables for row in [one["head"], *one["rows"], one["notes"]] for cell in row]
    try:
        needed = fonts_for([*texts, *lines, title, *review.banner()])
    except FontError as error:
        raise ReviewError(f"the PDF note cannot be set: {error}") from error
    with tempfile.TemporaryDirectory() as folder:
        for font in (REGULAR, BOLD, *needed):
            shutil.copy(font, Path(folder) / font.name)
        families = ["DejaVu Sans"] + (["Noto Sans Arabic"] if needed else [])
        content = {
            "title": title,
            "banners": review.banner(),
            "running": review.running(title),
            "lines": lines,
            "tables": tables,
            "fonts": families,
        }
        compiler: Any = typst
        made: bytes = compiler.compile(
            _HEAD.encode(),
            font_paths=[folder],
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            sys_inputs={"data": json.dumps(content, ensure_ascii=False)},
        )
    path.write_bytes(made)


def _tables(review: Review) -> list[dict[str, Any]]:
    made = []
    for name, table in review.tables.items():
        if name in ("constraints", "access"):
            what = {"constraints": "Layer", "access": "Service"}[name]
            text = table.data[["site", "title", "words"]].set_axis(["Site", what, "Found"], axis=1)
            made.append(_table(table.title, text, table.notes, [1, 3, 9]))
        elif name != "people":
            made.append(_table(table.title, table.text, table.notes))
        else:
            text = table.text[[one for one in table.text.columns if "fifth" not in one]]
            notes = (*table.notes, "By fifths: in the workbook and on each site's proforma.")
            made.append(_table(table.title, text, notes))
    made.append(_table("Sources", source_table(review), (), [4, 3, 2, 3, 3, 2]))
    return made


def _table(
    title: str, text: pd.DataFrame, notes: tuple[str, ...], widths: list[int] | None = None
) -> dict[str, Any]:
    first = [3] if text.shape[1] > 1 else [1]
    return {
        "title": title,
        "head": [str(one) for one in text.columns],
        "rows": [[str(cell) for cell in row] for row in text.to_numpy().tolist()],
        "notes": list(notes),
        "widths": widths or first + [2] * (text.shape[1] - 1),
    }
