"""Maps of a pack on paper: the layers and styles of the page, on a sheet, with a table beside it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from fairplace.disclosure import Released
from fairplace.map_page import backdrop_of, caveats_of, choose_layers, outlines
from fairplace.profile.words import Words, load_words
from fairplace.spreadsheets import safe_frame
from maps.layer import MapLayer
from maps.picture import Picture
from maps.static import Paper, Turn, draw_map, draw_multiples
from maps.words import load_words as map_words

#: Outlines that a printed map carries: one kind, or names and lines would lie on each other.
_OUTLINES = "outline-wd"


def compose_sheet(
    released: Released,
    *,
    layers: Sequence[str] = (),
    geography: str = "lsoa21",
    paper: Paper = "A4",
    turn: Turn = "landscape",
    scale: int | None = None,
    words: Words | None = None,
) -> tuple[Picture, pd.DataFrame]:
    """Draw layers of a pack on one sheet: one layer to a round scale, several side by side.

    Parameters
    ----------
    released
        What may be shown, for the edition.
    layers
        Ids of `fairplace.map_page.RECIPES`; ``mis`` alone if none is named.
    geography
        Which areas are coloured.
    paper, turn
        ``A4`` or ``A3``, ``landscape`` or ``portrait``.
    scale
        Such as 25000 for 1:25,000, of a single layer; the largest round scale that fits if left out.
    words
        Sentences of the caveats.

    Returns
    -------
    Picture
        With its text alternative; writes PNG, SVG or PDF.
    DataFrame
        The table of the same figures: a row for each layer and area, as words, safe for spreadsheets.

    Raises
    ------
    MapLayerError
        A layer that there is not, or whose figures the pack lacks.
    PaperError
        The scale does not fit, or there is no such sheet.
    """
    made = choose_layers(released, layers or ("mis",), geography)
    caveats = caveats_of(released, made, words or load_words())
    around = [one for one in outlines(released, geography) if one.id.startswith(_OUTLINES)]
    if len(made) == 1:
        picture = draw_map(
            made[0],
            title=f"{released.name}: {made[0].label[:1].upper()}{made[0].label[1:]}",
            overlays=around,
            backdrop=backdrop_of(released),
            paper=paper,
            turn=turn,
            scale=scale,
            caveats=caveats,
        )
    else:
        picture = draw_multiples(
            made,
            title=f"{released.name}: {len(made)} maps at one scale",
            overlays=around,
            paper=paper,
            turn=turn,
            caveats=caveats,
        )
    return picture, sheet_table(made)


def sheet_table(layers: Sequence[MapLayer]) -> pd.DataFrame:
    """Write the figures that maps show: `layer`, `code`, then as `maps.layer.MapLayer.table`."""
    words = map_words()
    parts = [
        one.table(words).rename_axis("code").reset_index().assign(layer=one.label, source=one.source)
        for one in layers
    ]
    table = pd.concat(parts, ignore_index=True)
    return safe_frame(table[["layer", "code", "name", "value", "range", "base", "class", "source"]])
