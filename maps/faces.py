"""Letters carried inside a page, for browsers whose machine has no font for them.

Only what a page writes is carried: the letters beyond Western European ones, cut out of DejaVu Sans
or of the font that `maps.fonts` found for them. They stand last in the page's list of fonts, so a
machine with better ones uses its own.
"""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from functools import cache
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from maps.fonts import REGULAR, FontError, fonts_for

#: Name of the carried letters in a page's list of fonts.
NAME = "Carried"


def face_css(page: str) -> str:
    """Give the ``@font-face`` rules for a page's text; empty where every machine has the letters.

    A letter that no font at hand has is left to the browser.

    Parameters
    ----------
    page
        The page's source, scripts and all; only letters count.
    """
    wanted: dict[Path, set[str]] = {}
    for sign in sorted(set(re.findall(r"[^\x00-\xff]", page))):
        if not unicodedata.category(sign).startswith(("L", "M")):
            continue
        try:
            found = fonts_for([sign])
        except FontError:
            continue
        wanted.setdefault(found[0] if found else REGULAR, set()).add(sign)
    # Of two rules of one name a browser asks the later first: a word whose letters must join comes
    # whole from the font that has them all.
    order = sorted(wanted, key=lambda path: (path != REGULAR, path.name))
    return "".join(_rule(path, "".join(sorted(wanted[path]))) for path in order)


def with_faces(page: str) -> str:
    """Give a page whose head carries the letters that it needs, for fonts that end in ``Carried``."""
    rules = face_css(page)
    return page.replace("</head>", f"<style>{rules}</style>\n</head>", 1) if rules else page


@cache
def _rule(path: Path, signs: str) -> str:
    arabic = any(unicodedata.name(sign, "").startswith("ARABIC") for sign in signs)
    font = TTFont(path, recalcTimestamp=False)
    options = Options(
        layout_features=["*"] if arabic else ["mark", "mkmk", "ccmp"], hinting=False, notdef_outline=True
    )
    options.name_IDs = []
    options.drop_tables += ["FFTM", "meta"]
    cut = Subsetter(options)
    # All Arabic letters of the font, not only those of the page: a search shows what is typed.
    more = range(0x0600, 0x0700) if arabic else ()
    cut.populate(unicodes=[*(ord(sign) for sign in signs), *more])
    cut.subset(font)
    if "fvar" in font:
        font = instantiateVariableFont(font, {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes})
    font.flavor = "woff"
    held = io.BytesIO()
    font.save(held)
    letters = base64.b64encode(held.getvalue()).decode("ascii")
    return f'@font-face{{font-family:"{NAME}";src:url(data:font/woff;base64,{letters}) format("woff")}}'
