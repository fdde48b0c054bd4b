"""The words of profiles, maps and scorecards, joined from the files that hold their parts.

English stands beside its code: maps and numbers in ``maps/words.toml``, sentences in ``words.toml`` here,
names of indicators in ``indicators.toml``, of planning layers in ``layers/planning.toml``, of the columns of
figures in `geo.figures`. One object of all of them is handed down to whatever writes a page.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import Path

from fairplace.indicators import read_indicators
from fairplace.profile.model import Inline, Paragraph, capital, geography_label
from geo.figures import FIGURE_COLUMNS
from layers.planning import load_register
from maps.words import Content, Words, WordsError, read_ours, read_words
from maps.words import english as map_english

__all__ = [
    "Words",
    "WordsError",
    "capital",
    "english",
    "geography_label",
    "load_words",
    "local_theme",
    "planning_title",
    "section_notes",
    "sentence",
]

#: What the joined file says above sections that are not in a file of words.
_NOTES = {
    "indicators_label": "Names of indicators.",
    "indicators_direction": "What stands in brackets behind the name of an indicator.",
    "planning_layers": "Designations and constraints; those of a council's own stay in its words.",
    "columns": "What dictionary.csv of a bundle says of each column of figures.csv.",
}


def load_words(path: Path | None = None) -> Words:
    """Give the words of everything that is written for residents: ours, or a translator's laid over them.

    Parameters
    ----------
    path
        A file that `fairplace words` made; what it lacks is English.

    Raises
    ------
    WordsError
        The file cannot be read, or an entry would not do; the message names section and key.
    """
    return english() if path is None else read_words(path, english())


@cache
def english() -> Words:
    """Give all our English words."""
    indicators = read_indicators()
    parts: list[Content] = [
        map_english().content,
        read_ours("fairplace.profile"),
        {
            "indicators_label": {one.id: one.label for one in indicators},
            "indicators_direction": {one.id: one.direction for one in indicators if one.direction},
            "planning_layers": _planning_layers(),
            "columns": dict(FIGURE_COLUMNS),
        },
    ]
    return Words({section: entries for part in parts for section, entries in part.items()})


def section_notes() -> dict[str, str]:
    """Give what is said to a translator above each section: the comments of our files."""
    notes = dict(_NOTES)
    for package in ("maps", "fairplace.profile"):
        text = resources.files(package).joinpath("words.toml").read_text(encoding="utf-8")
        for found in re.finditer(r"((?:^# .*\n)+)\[(\w+)\]$", text, re.MULTILINE):
            notes[found[2]] = " ".join(line.removeprefix("# ") for line in found[1].splitlines())
    return notes


def sentence(words: Words, section: str, name: str, /, **fill: Inline) -> Paragraph:
    """Fill a sentence whose blanks may be numbers, keeping the numbers as they are."""
    return Paragraph(words.parts(section, name, **fill))


def planning_title(words: Words, layer: str, title: str) -> str:
    """Name a planning layer in the words of a page; one that a council named itself stays as it is."""
    for key, called in english().view("planning_layers").items():
        value = layer.removeprefix(f"{key.removesuffix('_split')}-")
        if title == called.format(value=value) and (key == layer or key.endswith("_split")):
            return words("planning_layers", key, value=value)
    return title


def local_theme(words: Words, theme: str) -> str:
    """Name the theme of a case study; one of a council's own as it stands in its file."""
    return words.called("local_themes", theme, theme.replace("_", " "))


def _planning_layers() -> dict[str, str]:
    register = load_register().values()
    splits = {f"{one.id}_split": one.split_title for one in register if one.split_title}
    return {one.id: one.title for one in register} | splits
