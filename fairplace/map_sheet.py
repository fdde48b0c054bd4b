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
        Sentences of the caveats.
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
    made = choose_layers(released, layers or ("mis",), geography)
    words, standing = words or load_words(), standing or Standing()
    caveats = caveats_of(released, made, words)
    banner = standing.banner(words, released)
    around = [one for one in outlines(released, geography) if one.id.startswith(_OUTLINES)]
    if len(made) == 1:
        title = f"{released.name}: {made[0].label[:1].upper()}{made[0].label[1:]}"
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
            running=standing.line(title, released),
            licences=backdrop_credits(released),
        )
    else:
        title = f"{released.name}: {len(made)} maps at one scale"
        picture = draw_multiples(
            made,
            title=title,
            overlays=around,
            paper=paper,
            turn=turn,
            caveats=caveats,
            banner=banner,
            running=standing.line(title, released),
        )
    required = " ".join(required_words(released, words)) if any(_of_standard(one) for one in made) else ""
    return picture, sheet_table(
        made, required=required, edition=" ".join([*banner, standing.line(title, released)])
    )


def sheet_table(layers: Sequence[MapLayer], *, required: str = "", edition: str = "") -> pd.DataFrame:
    """Write the figures that maps show.

    Parameters
    ----------
    layers
        In order.
    required
        Words that must stand wherever the Minimum Income Standard does.
    edition
        Banner, status and edition.

    Returns
    -------
    DataFrame
        `layer`, `code`, then as `maps.layer.MapLayer.table`; and `interval`, `period`, `source`, `note` and
        `edition`. Each row stands alone, however a spreadsheet sorts or filters it.
    """
    words = map_words()
    parts = [
        one.table(words)
        .rename_axis("code")
        .reset_index()
        .assign(
            layer=one.label,
            interval=one.interval_words(),
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
