"""Fonts of other scripts, cut so that matplotlib takes them for their own letters only.

matplotlib takes one list of fonts for a whole text, and the height of its lines from the first. A font
of Arabic before DejaVu Sans would set Latin words too, have no bold for them and put lines farther
apart; after it, it would be asked letter by letter, and letters of one word would not join. So such a
font stands first, without what DejaVu Sans sets and with its heights of lines.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Lock

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from matplotlib.font_manager import fontManager

_WEIGHTS = {"Regular": 400, "Bold": 700}
_VARIATIONS = ("fvar", "gvar", "avar", "cvar", "HVAR", "VVAR", "MVAR", "STAT")
#: Names of a font that say its family, style and whole name, in their two ways.
_FAMILY, _STYLE, _WHOLE, _POSTSCRIPT, _OTHERS = 1, 2, 4, 6, (16, 17, 21, 22, 25)
_LOCK = Lock()
#: Kept until the program ends, which empties it.
_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


@dataclass(frozen=True)
class Beside:
    """A cut font: the name under which matplotlib has it, and its files; the same if it has no bold."""

    family: str
    regular: Path
    bold: Path


def add_beside(path: Path, *, keeps: Callable[[int], bool], heights: Path) -> Beside:
    """Make a font known to matplotlib for some of its characters, and give it.

    Parameters
    ----------
    path
        A font file; where it has a range of weights, there is a bold face too.
    keeps
        Whether it sets a character.
    heights
        The font whose heights of lines it takes.
    """
    with _LOCK:
        made = _added(path, keeps, heights)
        if not (made.regular.is_file() and made.bold.is_file()):
            # A machine that runs for weeks may tidy its temporary files.
            _FOLDERS.clear()
            _added.cache_clear()
            made = _added(path, keeps, heights)
        return made


@cache
def _added(path: Path, keeps: Callable[[int], bool], heights: Path) -> Beside:
    if not _FOLDERS:
        _FOLDERS.append(tempfile.TemporaryDirectory(prefix="fairplace-letters-"))
    folder = Path(_FOLDERS[0].name)
    # A name that no font of the machine has, the same in every run: a PDF holds it.
    own = f"{path.stem.split('[')[0]} of fairplace {sha256(path.read_bytes()).hexdigest()[:8]}"
    fontManager.ttflist = [one for one in fontManager.ttflist if one.name != own]
    made: list[Path] = []
    for style, weight in _WEIGHTS.items():
        font = TTFont(path, fontNumber=0, recalcTimestamp=False)
        axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes} if "fvar" in font else {}
        if style == "Bold" and "wght" not in axes:
            break
        _fix(font, axes, weight)
        for table in font["cmap"].tables:
            if hasattr(table, "cmap"):
                table.cmap = {code: glyph for code, glyph in table.cmap.items() if keeps(code)}
        _take_heights(font, TTFont(heights))
        _rename(font, own, style, weight)
        cut = folder / f"{own} {style}.ttf"
        font.save(cut)
        fontManager.addfont(cut)
        made.append(cut)
    return Beside(own, made[0], made[-1])


def _fix(font: TTFont, axes: dict[str, float], weight: float) -> None:
    """Leave one weight of a font that has a range of them, and its usual width."""
    if axes.get("wght", weight) == weight and "gvar" in font:
        # Its shapes as they stand are those of the default.
        for table in _VARIATIONS:
            if table in font:
                del font[table]
    elif axes:
        instantiateVariableFont(font, axes | ({"wght": weight} if "wght" in axes else {}), inplace=True)


def _take_heights(font: TTFont, other: TTFont) -> None:
    scale = font["head"].unitsPerEm / other["head"].unitsPerEm
    for table, names in {
        "OS/2": ("sTypoAscender", "sTypoDescender", "sTypoLineGap"),
        "hhea": ("ascent", "descent", "lineGap"),
    }.items():
        for name in names:
            setattr(font[table], name, round(getattr(other[table], name) * scale))


def _rename(font: TTFont, family: str, style: str, weight: int) -> None:
    table = font["name"]
    # Letters of a picture are known by this name and their number, so each weight has its own.
    stem = str(table.getDebugName(_POSTSCRIPT) or family).split("-")[0].replace(" ", "")
    for name in _OTHERS:
        table.removeNames(nameID=name)
    for name, text in (
        (_FAMILY, family),
        (_STYLE, style),
        (_WHOLE, f"{family} {style}"),
        (_POSTSCRIPT, f"{stem}-{style}"),
    ):
        table.removeNames(nameID=name)
        table.setName(text, name, 3, 1, 0x409)
        table.setName(text, name, 1, 0, 0)
    font["OS/2"].usWeightClass = weight
    bold = style == "Bold"
    font["head"].macStyle = font["head"].macStyle & ~1 | int(bold)
    font["OS/2"].fsSelection = font["OS/2"].fsSelection & ~0x61 | (0x20 if bold else 0x40)
