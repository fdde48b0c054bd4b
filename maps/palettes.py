"""Colours that people with any colour vision, and a grey printer, can tell apart.

Sequential palettes run from light to dark without a step back, so that grey keeps their order.
Where order in grey is impossible (a diverging or a qualitative palette), the style adds a pattern.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.errors import UserError

#: Sequential anchors, light to dark; lightness falls at every step.
SEQUENTIAL: dict[str, tuple[str, ...]] = {
    "sea": ("#fbf6d3", "#c9e2b9", "#88c4b0", "#4a9ba5", "#27698d", "#1d3f6f", "#141a4a"),
    "clay": ("#fdf1dc", "#f6cf9f", "#e8a264", "#cd7137", "#a1461f", "#6e2414", "#3c0f0c"),
    "grey": ("#f7f7f7", "#d0d0d0", "#a5a5a5", "#7a7a7a", "#525252", "#2b2b2b", "#111111"),
}

#: Diverging anchors, blue over pale to orange: two hues no common colour blindness confuses.
DIVERGING: dict[str, tuple[str, ...]] = {
    "blue-orange": ("#0b3c6f", "#3f7fb5", "#a9cce3", "#f5f2ea", "#f0b878", "#c5701f", "#6e3406"),
}

#: Eight hues for categories without order: Okabe and Ito, "Color Universal Design" (2008), with
#: the yellow last because it is faint on white.
QUALITATIVE: tuple[str, ...] = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
    "#000000",
    "#f0e442",
)

#: Kinds of colour vision and the matrices on linear RGB that simulate them: Machado, Oliveira and
#: Fernandes, "A physiologically-based model for simulation of color vision deficiency", IEEE TVCG
#: 15(6), 2009, severity 1.0.
_DEFICIENCIES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


class PaletteError(UserError, ValueError):
    """A palette or a colour is not one we know."""


def spread(palette: str, count: int) -> tuple[str, ...]:
    """Give `count` colours evenly spread over a sequential or diverging palette.

    Parameters
    ----------
    palette
        A key of `SEQUENTIAL` or `DIVERGING`; a sequential palette runs from light to dark.
    count
        At least 1; one colour is taken from the middle.

    Raises
    ------
    PaletteError
        The palette is unknown, or `count` is below 1.
    """
    anchors = SEQUENTIAL.get(palette) or DIVERGING.get(palette)
    if anchors is None:
        known = ", ".join([*SEQUENTIAL, *DIVERGING])
        raise PaletteError(f'"{palette}" is not a palette; use one of {known}')
    if count < 1:
        raise PaletteError(f"{count} colours were asked for; a palette gives 1 or more")
    points = np.array([_channels(one) for one in anchors])
    at = np.linspace(0.0, 1.0, count) if count > 1 else np.array([0.5])
    stops = np.linspace(0.0, 1.0, len(anchors))
    mixed = np.column_stack([np.interp(at, stops, points[:, channel]) for channel in range(3)])
    return tuple(_hex(row) for row in mixed)


def luminance(colour: str) -> float:
    """Relative luminance of a colour such as ``#27698d``, from 0 (black) to 1 (white), by WCAG 2.2."""
    red, green, blue = _linear(_channels(colour))
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours by WCAG 2.2, from 1 (the same) to 21 (black on white)."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on `colour`."""
    return "#000000" if contrast(colour, "#000000") >= contrast(colour, "#ffffff") else "#ffffff"


def grey(colour: str) -> str:
    """Give the grey of the same luminance: what a black-and-white printer makes of a colour."""
    level = luminance(colour)
    encoded = 12.92 * level if level <= 0.0031308 else 1.055 * level ** (1 / 2.4) - 0.055
    return _hex(np.full(3, encoded * 255))


def seen_by(colour: str, deficiency: str) -> str:
    """How a colour looks to someone with `deficiency`: ``protan``, ``deutan`` or ``tritan``.

    Raises
    ------
    PaletteError
        The deficiency is unknown.
    """
    if deficiency not in _DEFICIENCIES:
        raise PaletteError(f'"{deficiency}" is not simulated; use one of {", ".join(_DEFICIENCIES)}')
    seen = np.clip(np.array(_DEFICIENCIES[deficiency]) @ _linear(_channels(colour)), 0.0, 1.0)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return _hex(encoded * 255)


def _channels(colour: str) -> NDArray[np.float64]:
    digits = colour.removeprefix("#")
    try:
        if len(digits) != 6 or not colour.startswith("#"):
            raise ValueError
        return np.array([int(digits[at : at + 2], 16) for at in (0, 2, 4)], dtype=float)
    except ValueError:
        raise PaletteError(f'"{colour}" is not a colour; write it as # and six hex digits') from None


def _linear(channels: NDArray[np.float64]) -> NDArray[np.float64]:
    share = channels / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _hex(channels: NDArray[np.float64]) -> str:
    red, green, blue = (round(float(one)) for one in np.clip(channels, 0, 255))
    return f"#{red:02x}{green:02x}{blue:02x}"
