"""Maps of a pack on paper: the layers and styles of the page, on a sheet, with a table beside it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from fairplace.disclosure import Released
from fairplace.map_page import (
    Standing,
    backdrop_credits,
    backdrop_of,
    caveats_of,
    choose_layers,
    outlines,
    required_words,
)
from fairplace.profile.words import Words, capital, load_words
from fairplace.spreadsheets import safe_frame
from maps.layer import MapLayer
from maps.picture import Picture
from maps.sheet import Paper, Turn
from maps.static import draw_map, draw_multiples

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
    standing: Standing | None = None,
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
        Of the sheet and its table; English if left out.
    standing
        Status and supersession; a draft if left out.

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
    words, standing = words or load_words(), standing or Standing()
    made = choose_layers(released, layers or ("mis",), geography, words=words)
    caveats = caveats_of(released, made, words)
    banner = standing.banner(words, released)
    around = [one for one in outlines(released, geography, words=words) if one.id.startswith(_OUTLINES)]
    if len(made) == 1:
        title = words("map_titles", "sheet", authority=released.name, layer=capital(made[0].label))
        picture = draw_map(
            made[0],
            title=title,
            overlays=around,
            backdrop=backdrop_of(released),
            paper=paper,
            turn=turn,
            scale=scale,
            caveats=caveats,
            banner=banner,
            running=standing.line(words, title, released),
            licences=backdrop_credits(released),
            words=words,
        )
    else:
        title = words("map_titles", "sheets", authority=released.name, count=len(made))
        picture = draw_multiples(
            made,
            title=title,
            overlays=around,
            paper=paper,
            turn=turn,
            caveats=caveats,
            banner=banner,
            running=standing.line(words, title, released),
            words=words,
        )
    required = " ".join(required_words(released, words)) if any(_of_standard(one) for one in made) else ""
    edition = " ".join([*banner, standing.line(words, title, released)])
    return picture, sheet_table(made, required=required, edition=edition, words=words)


def sheet_table(
    layers: Sequence[MapLayer], *, required: str = "", edition: str = "", words: Words | None = None
) -> pd.DataFrame:
    """Write the figures that maps show.

    Parameters
    ----------
    layers
        In order.
    required
        Words that must stand wherever the Minimum Income Standard does.
    edition
        Banner, status and edition.
    words
        Of the figures; English if left out.

    Returns
    -------
    DataFrame
        `layer`, `code`, then as `maps.layer.MapLayer.table`; and `interval`, `period`, `source`, `note` and
        `edition`. Each row stands alone, however a spreadsheet sorts or filters it.
    """
    words = words or load_words()
    parts = [
        one.table(words)
        .rename_axis("code")
        .reset_index()
        .assign(
            layer=one.label,
            interval=one.interval_words(words),
            period=one.period_words(),
            source=one.source,
            note=required if _of_standard(one) else "",
            edition=edition,
        )
        for one in layers
    ]
    table = pd.concat(parts, ignore_index=True)
    columns = ["layer", "code", "name", "value", "range", "interval", "base", "class", "period", "source"]
    return safe_frame(table[[*columns, "note", "edition"]])


def _of_standard(layer: MapLayer) -> bool:
    return layer.id.startswith("mis")
