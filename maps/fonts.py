"""Fonts by path, never by what a machine happens to have, and a message where a letter has none.

Pictures are set in DejaVu Sans, which matplotlib carries: Latin with all of Welsh, Polish and
Romanian, Greek, Cyrillic, and Arabic but not all letters of Urdu. Letters of Arabic script are set in
Noto Sans Arabic where the package that carries it is there, and what stands beside them stays as it
was. Other scripts need a font file of the caller's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.ft2font import FT2Font

from geo.errors import UserError
from maps.assets import AssetError, asset
from maps.beside import Beside, add_beside

#: Directory of matplotlib's own fonts.
_FOLDER = Path(mpl.get_data_path()) / "fonts" / "ttf"
REGULAR = _FOLDER / "DejaVuSans.ttf"
BOLD = _FOLDER / "DejaVuSans-Bold.ttf"
FAMILY = "DejaVu Sans"
#: Name in maps/assets.toml of the font for Arabic script.
ARABIC = "NotoSansArabic.ttf"
#: Blocks of Arabic script, whose letters join: a word of it comes whole from one font.
_ARABIC = ((0x0600, 0x06FF), (0x0750, 0x077F), (0x0870, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC))
#: How the names of the letters begin that DejaVu Sans has whole, in both weights.
_WHOLE = ("LATIN ", "GREEK ", "CYRILLIC ", "COMBINING ", "MODIFIER ")
#: The last of their main blocks.
_LAST_OWN = 0x052F
#: The caller's fonts that a picture being made may use.
_AT_HAND: ContextVar[tuple[Path, ...]] = ContextVar("fonts at hand", default=())


class FontError(UserError, LookupError):
    """A character has no font among those given."""


def fonts_for(texts: Iterable[str], *, fonts: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Give the font files that `texts` need beside DejaVu Sans.

    Letters of Arabic script need one even where DejaVu Sans has them: it lacks others of their word.

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
    own = _own()
    for text in texts:
        for sign in text:
            # Marks that steer direction and joining have no shape of their own.
            if ord(sign) in own or sign in "\n\t" or unicodedata.category(sign) == "Cf":
                continue
            found = _font_of(sign, (*needed, *fonts))
            if found is None:
                name = unicodedata.name(sign, "a character")
                raise FontError(
                    f'"{text[:60]}" has {name} (U+{ord(sign):04X}), which no '
                    f"font at hand can show; give a font file of that script as fonts={_advice(sign)}"
                )
            if found not in (REGULAR, *needed):
                needed.append(found)
    return tuple(needed)


def _font_of(sign: str, fonts: Sequence[Path]) -> Path | None:
    """Give the font that sets a character: one of `fonts`, a carried one, DejaVu Sans, or none."""
    code = ord(sign)
    if code in _own():
        return REGULAR
    found = next((path for path in (*fonts, *carried()) if code in _characters(path)), None)
    return found or (REGULAR if code in _characters(REGULAR) else None)


@cache
def _own() -> frozenset[int]:
    """Characters that DejaVu Sans sets, whatever fonts there are."""
    return frozenset(code for code in _characters(REGULAR) if not _is_arabic(code))


def _is_arabic(code: int) -> bool:
    return any(first <= code <= last for first, last in _ARABIC)


def carried() -> tuple[Path, ...]:
    """Font files that installed Python packages carry, beside DejaVu Sans: Arabic script, or none."""
    found = _carried_arabic()
    return () if found is None else (found,)


@cache
def _carried_arabic() -> Path | None:
    try:
        return asset(ARABIC).path()
    except AssetError:
        return None


def _advice(sign: str) -> str:
    if not unicodedata.name(sign, "").startswith("ARABIC"):
        return ""
    one = asset(ARABIC)
    return f", or install {one.package}=={one.version}"


def families(fonts: Sequence[Path] = ()) -> list[str]:
    """Names of the families of `fonts` and then of DejaVu Sans, as other programs know them."""
    return [*(FontProperties(fname=path).get_name() for path in fonts), FAMILY]


def drawn_families(fonts: Sequence[Path] = ()) -> list[str]:
    """Names under which matplotlib finds what `fonts` set beside DejaVu Sans, and then DejaVu Sans."""
    return [*(_beside(path).family for path in fonts), FAMILY]


def _beside(path: Path) -> Beside:
    return add_beside(path, keeps=_is_beside, heights=REGULAR)


def _is_beside(code: int) -> bool:
    """Say whether a font beside DejaVu Sans sets a character that it has."""
    if code < 0x20:
        return False
    if code not in _characters(REGULAR) or _is_arabic(code) or code in (0x200C, 0x200D):
        return True
    # Letters of one script look alike only if they come from one font; signs of all scripts stay.
    sign = chr(code)
    letter = code > _LAST_OWN and unicodedata.category(sign)[0] in "LM"
    return letter and not unicodedata.name(sign, "LATIN ").startswith(_WHOLE)


@contextmanager
def measuring(fonts: Sequence[Path] = ()) -> Iterator[None]:
    """Measure text in the fonts that will draw it: `fonts` of the caller's, then those carried."""
    token = _AT_HAND.set(tuple(fonts))
    try:
        yield
    finally:
        _AT_HAND.reset(token)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in millimetres, set in `size` points of the fonts that draw it."""
    # A hundredth more than measured: letters are placed on whole pixels when drawn.
    return _width_of_100(text, bold, _AT_HAND.get()) * size / 100 * 25.4 / 72 * 1.01


@lru_cache(maxsize=50_000)
def _width_of_100(text: str, bold: bool, at_hand: tuple[Path, ...]) -> float:
    """Width in points at 100 points; kept, because a document measures the same words many times."""
    face = BOLD if bold else REGULAR
    others: tuple[Path, ...] = ()
    if all(ord(sign) in _own() for sign in text):
        font = _measure(face)
    else:
        found = {sign: _font_of(sign, at_hand) for sign in text}
        # A letter that no font has counts as a wide one.
        text = "".join("m" if found[sign] is None else sign for sign in text)
        others = tuple(dict.fromkeys(path for path in found.values() if path not in (None, REGULAR)))
        cut = [_beside(path) for path in others]
        font = get_font([*(one.bold if bold else one.regular for one in cut), face])
    font.set_size(100, 72)
    font.set_text(text, 0)
    return float(font.get_width_height()[0]) / 64


def wrap(text: str, *, width: float, size: float, bold: bool = False) -> list[str]:
    """Break text into lines no wider than `width` millimetres at `size` points.

    A word wider than the line is broken where it must be. Line breaks in the text stay. Every line of a
    paragraph runs the way most of its letters do, also one that begins with a name of another script.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, taken, first = "", 0.0, len(lines)
        for word in paragraph.split():
            # Word by word: a width is measured once for each word, not for each growing line.
            needed = text_width(word, size, bold=bold)
            needed += text_width(" ", size, bold=bold) if line else 0.0
            if taken + needed <= width:
                line, taken = f"{line} {word}".strip(), taken + needed
                continue
            if line:
                lines.append(line)
            line = word
            while text_width(line, size, bold=bold) > width and len(line) > 1:
                kept = len(line)
                while kept > 1 and text_width(line[:kept], size, bold=bold) > width:
                    kept -= 1
                lines.append(line[:kept])
                line = line[kept:]
            taken = text_width(line, size, bold=bold)
        lines.append(line)
        if not _turns(paragraph, most=True):
            lines[first:] = [f"\u200e{one}" if _turns(one) else one for one in lines[first:]]
    return lines if any(lines) else []


def _turns(text: str, *, most: bool = False) -> bool:
    """Say whether a text runs from right to left, as its first letter does, or as `most` of them do."""
    turned = [way != "L" for sign in text if (way := unicodedata.bidirectional(sign)) in ("L", "R", "AL")]
    return sum(turned) > len(turned) / 2 if most else any(turned[:1])


@cache
def _characters(path: Path) -> frozenset[int]:
    if not path.is_file():
        raise FontError(f"the font {path.name} is not there; give the path of a .ttf or .otf file")
    return frozenset(FT2Font(str(path)).get_charmap())


@cache
def _measure(path: Path) -> FT2Font:
    return FT2Font(str(path))
