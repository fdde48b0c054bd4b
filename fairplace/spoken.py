"""The signs of tables as a listener hears them: the words, and never the letters in brackets."""

from __future__ import annotations

from markupsafe import Markup, escape

from fairplace.numbers import SIGNS
from maps.words import Words


def heard_instead(text: str, words: Words) -> str | None:
    """Give what is heard for a sign at the head of a text: None without one, empty where words follow it."""
    for status, (sign, _) in SIGNS.items():
        if text.startswith(sign):
            return "" if text.startswith(f"{sign} ") else words("map", status)
    return None


def spoken_signs(text: str, words: Words) -> Markup:
    """Give the text of a cell as markup in which a sign at its head is seen, and its meaning heard.

    Parameters
    ----------
    text
        Of a cell. ``[c]`` alone, or before a colon, is heard as the word of maps and charts for it; where
        words of its own follow, as in ``[x] no data held``, those are heard alone.
    words
        Whose words.

    Returns
    -------
    Markup
        The text, escaped; what is only heard stands in an element of the class ``unseen``.
    """
    heard = heard_instead(text, words)
    if heard is None:
        return escape(text)
    end = text.index("]") + 1
    seen = Markup('<span aria-hidden="true">{}</span>').format(text[:end])
    return seen + unseen(heard) + escape(text[end:])


def unseen(text: str) -> Markup:
    """Give words that are heard and not seen."""
    return Markup('<span class="unseen">{}</span>').format(text) if text else Markup("")
