"""A page of tables: title, what they say, the tables with captions, and what to bear in mind.

Every word is escaped, names from files too. The same rows go into a CSV whose cells no spreadsheet runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import jinja2
import pandas as pd

from fairplace.files import write_whole
from fairplace.spreadsheets import safe_frame
from maps.faces import with_faces


@dataclass(frozen=True)
class PageTable:
    """A table of a page.

    Parameters
    ----------
    caption
        Says what it shows.
    frame
        Rows as they are to be read, text only.
    numbers
        Names of columns of numbers, which stand to the right.
    """

    caption: str
    frame: pd.DataFrame
    numbers: Sequence[str] = ()


def render_page(title: str, lead: Sequence[str], tables: Sequence[PageTable], notes: Sequence[str]) -> str:
    """HTML of a page of tables, complete in one file."""
    text = resources.files("fairplace").joinpath("target.html.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    shown = [
        {
            "caption": one.caption,
            "heads": list(one.frame.columns),
            "numbers": [place for place, name in enumerate(one.frame.columns) if name in one.numbers],
            "rows": one.frame.astype(str).to_numpy().tolist(),
        }
        for one in tables
    ]
    page = environment.from_string(text).render(title=title, lead=lead, tables=shown, notes=notes)
    return with_faces(page) + "\n"


def write_tables(folder: Path, page: str, tables: Mapping[str, pd.DataFrame]) -> list[Path]:
    """Write ``index.html`` and one CSV a table into a folder, each whole or not at all.

    Returns
    -------
    list of Path
        What was written.
    """
    written = [folder / "index.html"]
    with write_whole(written[0]) as draft:
        draft.write_text(page, encoding="utf-8", newline="\n")
    for name, frame in tables.items():
        written.append(folder / f"{name}.csv")
        with write_whole(written[-1]) as draft:
            safe_frame(frame).to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
    return written
