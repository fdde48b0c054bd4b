"""Fonts by path, never by what a machine happens to have, and a message where a letter has none.

Pictures are set in DejaVu Sans, which matplotlib carries: Latin with all of Welsh, Polish and
Romanian, Greek, Cyrillic, and Arabic but not all letters of Urdu, for which a package carries Noto
Sans Arabic. Other scripts need a font file of the caller's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.ft2font import FT2Font

from geo.errors import UserError
from maps.assets import AssetError, asset

#: Directory of matplotlib's own fonts.
_FOLDER = Path(mpl.get_data_path()) / "fonts" / "ttf"
REGULAR = _FOLDER / "DejaVuSans.ttf"
BOLD = _FOLDER / "DejaVuSans-Bold.ttf"
FAMILY = "DejaVu Sans"
#: Name in maps/assets.toml of the font for Arabic script.
ARABIC = "NotoSansArabic.ttf"


class FontError(UserError, LookupError):
    """A character has no font among those given."""


def fonts_for(texts: Iterable[str], *, fonts: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Give the font files that `texts` need beside DejaVu Sans.

    They are used before it, so that the letters of a word that must join come from one font.

    Parameters
    ----------
    texts
        All that will be written.
    fonts
        Font files of the caller's, tried before the ones that Python packages carry.

    Raises
    ------
    FontError
        A character has no font; the message names it, the text and what to do.
    """
    needed: list[Path] = []
    plain = _characters(REGULAR)
    for text in texts:
        for sign in text:
            # Marks that steer direction and joining have no shape of their own.
            if ord(sign) in plain or sign in "\n\t" or unicodedata.category(sign) == "Cf":
                continue
            found = next(
                (path for path in (*needed, *fonts, *carried()) if ord(sign) in _characters(path)), None
            )
            if found is None:
                name = unicodedata.name(sign, "a character")
                raise FontError(
                    f'"{text[:60]}" has {name} (U+{ord(sign):04X}), which no '
                    f"font at hand can show; give a font file of that script as fonts={_advice(sign)}"
                )
            if found not in needed:
                needed.append(found)
    return tuple(needed)


def carried() -> tuple[Path, ...]:
    """Font files that installed Python packages carry, beside DejaVu Sans: Arabic script, or none."""
    try:
        return (asset(ARABIC).path(),)
    except AssetError:
        return ()


def _advice(sign: str) -> str:
    if not unicodedata.name(sign, "").startswith("ARABIC"):
        return ""
    one = asset(ARABIC)
    return f", or install {one.package}=={one.version}"


def families(fonts: Sequence[Path] = ()) -> list[str]:
    """Names under which matplotlib finds `fonts` and then DejaVu Sans, in that order."""
    named = []
    for path in fonts:
        if not any(Path(entry.fname) == path for entry in fontManager.ttflist):
            fontManager.addfont(path)
        named.append(FontProperties(fname=path).get_name())
    return [*named, FAMILY]


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in millimetres, set in DejaVu Sans of `size` points."""
    font = _measure(BOLD if bold else REGULAR)
    font.set_size(100, 72)
    known = _characters(REGULAR)
    # A letter of another font counts as a wide one.
    font.set_text("".join(sign if ord(sign) in known else "m" for sign in text), 0)
    # A hundredth more than measured: letters are placed on whole pixels when drawn.
    return font.get_width_height()[0] / 64 * size / 100 * 25.4 / 72 * 1.01


def wrap(text: str, *, width: float, size: float, bold: bool = False) -> list[str]:
    """Break text into lines no wider than `width` millimetres at `size` points.

    A word wider than the line is broken where it must be. Line breaks in the text stay.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, taken = "", 0.0
        for word in paragraph.split():
            # Word by word: a width is measured once for each word, not for each growing line.
            needed = _word_width(word, size, bold) + (_word_width(" ", size, bold) if line else 0.0)
            if taken + needed <= width:
                line, taken = f"{line} {word}".strip(), taken + needed
                continue
            if line:
                lines.append(line)
            line = word
            while _word_width(line, size, bold) > width and len(line) > 1:
                kept = len(line)
                while kept > 1 and text_width(line[:kept], size, bold=bold) > width:
                    kept -= 1
                lines.append(line[:kept])
                line = line[kept:]
            taken = _word_width(line, size, bold)
        lines.append(line)
    return lines if any(lines) else []


@lru_cache(maxsize=20_000)
def _word_width(word: str, size: float, bold: bool) -> float:
    return text_width(word, size, bold=bold)


@cache
def _characters(path: Path) -> frozenset[int]:
    if not path.is_file():
        raise FontError(f"the font {path.name} is not there; give the path of a .ttf or .otf file")
    return frozenset(FT2Font(str(path)).get_charmap())


@cache
def _measure(path: Path) -> FT2Font:
    return FT2Font(str(path))
