"""Which layers a map of a pack has, and the page that `maps` makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from fairplace.demand import PEOPLE
from fairplace.disclosure import Released
from fairplace.numbers import is_ours, show_period
from fairplace.papers import area_papers, credits_of, figure_papers, place_papers
from fairplace.profile.document import banner_of, standing_of
from fairplace.profile.gaps import CHANCES
from fairplace.profile.model import Number, running_line
from fairplace.profile.place import by_indicator
from fairplace.profile.words import Words, capital, english, geography_label, load_words
from geo.errors import UserError
from maps.interactive import Basemap, build_map
from maps.layer import MapLayer
from maps.marks import MARKS
from maps.style import BACKDROP, LayerStyle, deciles, shares, single, three_classes


class MapLayerError(UserError, LookupError):
    """A layer was asked for that the pack cannot draw."""


@dataclass(frozen=True)
class Standing:
    """In which standing a map is: status, as `check_status` of documents gives it, and supersession."""

    status: str = "draft"
    superseded: str = ""

    def banner(self, words: Words, released: Released) -> list[str]:
        """Sentences that stand in the map, as on every page of a document."""
        return banner_of(words, released, standing_of(self.status, self.superseded), self.superseded)

    def line(self, words: Words, title: str, released: Released) -> str:
        """Line that stands in the map: title, authority, status, edition and pack."""
        status = standing_of(self.status, self.superseded)
        return running_line(words, title, released.name, status, released.edition, released.pack_id)


@dataclass(frozen=True)
class _Recipe:
    """How one layer is drawn: from which indicator, and in which style; its words have its id."""

    indicator: str
    style: Callable[[str, Released, pd.DataFrame, Words], LayerStyle]
    chance: str = ""


def _three(title: str, released: Released, rows: pd.DataFrame, words: Words) -> LayerStyle:
    del rows
    above, close, below = (
        words("map_titles", one, authority=released.name) for one in ("above", "close", "below")
    )
    return three_classes(title, labels=(above, close, below), words=words)


def _graduated(title: str, released: Released, rows: pd.DataFrame, words: Words) -> LayerStyle:
    del released
    values = rows.loc[rows["status"] == "ok", "value"].to_numpy(dtype=float)
    return shares(title, _edges(values), mark_uncertain=True, words=words)


def _edges(values: np.ndarray) -> list[float]:
    """Five classes of equal width over round ends, so that a reader can name where each begins."""
    if values.size == 0:
        return [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    low, high = float(values.min()), float(values.max())
    for step in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2):
        first = np.floor(low / step + 1e-9) * step
        if first + 5 * step >= high - 1e-12:
            return [round(float(first + step * at), 6) for at in range(6)]
    return [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def _tenths(title: str, released: Released, rows: pd.DataFrame, words: Words) -> LayerStyle:
    del released, rows
    return deciles(title, words=words)


#: Layer id -> recipe, in the order of the map.
RECIPES: dict[str, _Recipe] = {
    "mis": _Recipe("mis_people_below_share", _three, chance=CHANCES["mis_people_below_share"]),
    "mis-share": _Recipe("mis_people_below_share", _graduated),
    "mis-children": _Recipe("mis_children_below_share", _graduated),
    "imd25": _Recipe("imd25_decile", _tenths),
    "idaci25": _Recipe("idaci25_rate", _graduated),
    "fuel-poverty": _Recipe("fuel_poverty_share", _graduated),
    "overcrowded": _Recipe("overcrowded_share", _graduated),
    "social-rented": _Recipe("tenure_social_share", _graduated),
    "private-rented": _Recipe("tenure_private_share", _graduated),
    "children": _Recipe("children_0_15_share", _graduated),
}
#: Lines of a pack that are not background -> what the map calls them in English.
LINE_LABELS = {"lcwip_lines": english()("places", "lcwip_lines")}
#: Points of a pack -> what the map calls them in English.
POINT_LABELS = {name: text for name, text in english().view("places").items() if name not in LINE_LABELS}
#: What a map shows when no layer is named. The graduated MIS layers are an officer's choice.
PUBLIC_LAYERS = tuple(name for name in RECIPES if name not in ("mis-share", "mis-children"))


def compose_map(
    released: Released,
    *,
    layers: Sequence[str] = (),
    geography: str = "lsoa21",
    basemap: Basemap | None = "drawn",
    words: Words | None = None,
    standing: Standing | None = None,
) -> str:
    """Make the interactive map of a pack as one HTML page.

    Parameters
    ----------
    released
        What may be shown, for the edition.
    layers
        Ids of `RECIPES`; by default those of the edition that the pack can draw.
    geography
        Which areas are coloured.
    basemap
        ``drawn``, ``online`` or None.
    words
        Of the page; English if left out.
    standing
        Status and supersession, as `standing_on` gives them; a draft if left out.

    Raises
    ------
    MapLayerError
        A layer that there is not, or whose figures the pack lacks.
    """
    words = words or load_words()
    made = choose_layers(released, layers, geography, words=words)
    title = words("map_titles", "page", authority=released.name)
    standing = standing or Standing()
    return build_map(
        [
            *made,
            *outlines(released, geography, words=words),
            *_lines(released, words),
            *points(released, words=words),
        ],
        title=title,
        caveats=caveats_of(released, made, words),
        places=_search(released, words),
        backdrop=backdrop_of(released),
        basemap=basemap,
        banner=standing.banner(words, released),
        running=standing.line(words, title, released),
        licences=[*backdrop_credits(released), credits_of(place_papers(released, "postcodes"))],
        words=words,
    )


def choose_layers(
    released: Released, layers: Sequence[str] = (), geography: str = "lsoa21", *, words: Words | None = None
) -> list[MapLayer]:
    """Make the layers that were asked for, or those of the edition that the pack can draw.

    Raises
    ------
    MapLayerError
        A layer that there is not, or whose figures the pack lacks; or there is nothing to draw.
    """
    asked = list(layers) or list(RECIPES if released.edition == "officer" else PUBLIC_LAYERS)
    unknown = [name for name in asked if name not in RECIPES]
    if unknown:
        raise MapLayerError(f'there is no layer "{unknown[0]}"; there are {", ".join(RECIPES)}')
    made = [
        layer for name in asked if (layer := area_layer(released, name, geography, words=words)) is not None
    ]
    lacking = [name for name in layers if name not in {layer.id for layer in made}]
    if lacking:
        raise MapLayerError(
            f'{released.name} has no figures for the layer "{lacking[0]}" on {geography}; '
            f"`fairplace sources` says what is missing"
        )
    if not made:
        raise MapLayerError(f"{released.name} has no figures to draw on {geography}")
    return made


def caveats_of(released: Released, layers: Sequence[MapLayer], words: Words) -> list[str]:
    """Write the sentences that must stand on a map of these layers."""
    caveats = required_words(released, words) if any(one.id.startswith("mis") for one in layers) else []
    return [*caveats, words("caveats", "imd")]


def required_words(released: Released, words: Words) -> list[str]:
    """Write the words that must stand with the standard: the district's figure, and what it is not."""
    mis = released.settings["mis"]
    district = next(key for key in released.geographies if key.startswith("lad"))
    whole = by_indicator(released.figures, released.authority, district).get("mis_people_below_share")
    said = []
    if whole is not None and whole["status"] == "ok":
        said.append(
            words(
                "required", "whole", authority=released.name, period=mis["period"],
                **{style: Number(whole, style).written(words) for style in ("in_ten", "value", "range")},
            )
        )  # fmt: skip
    return [
        *said,
        words("required", "modelled", period=mis["period"]),
        words("required", "place"),
        words("required", "not_poverty", derived=mis["derived_budgets"], types=mis["household_types"]),
    ]


def area_layer(
    released: Released, name: str, geography: str = "lsoa21", *, words: Words | None = None
) -> MapLayer | None:
    """Make one layer of the map, or None where the pack has no figures for it."""
    recipe, words = RECIPES[name], words or load_words()
    rows = _rows(released, recipe.indicator, geography)
    if rows.empty:
        return None
    chance = None
    if recipe.chance:
        chances = _rows(released, recipe.chance, geography)
        if chances.empty:
            return None
        chance = chances.set_index("code")["value"]
    first = rows.iloc[0].to_dict()
    source = released.sources.get(str(first["source"]))
    return MapLayer(
        name,
        words("layers", name),
        released.areas(geography),
        recipe.style(words("layer_titles", name, authority=released.name), released, rows, words),
        rows,
        chance=chance,
        # As documents write them: a counted share with one decimal, a modelled one as a whole number.
        decimals=None if first["unit"] != "share" else 0 if is_ours(first) else 1,
        period=", ".join(show_period(str(one), words) for one in rows["period"].unique() if one),
        source=_origin(first, source.title if source else "", words),
        licence=credits_of(
            [*figure_papers(released, str(rows["source"].iloc[0])), *area_papers(released, geography)]
        ),
        caveat=words("map_titles", "modelled") if name.startswith("mis") else "",
        shown=name == "mis",
    )


def _origin(figure: Mapping[str, Any], title: str, words: Words) -> str:
    """Name the source of a layer, and that its publisher modelled it; our own model's title says so."""
    if figure["basis"] != "modelled" or is_ours(figure):
        return title
    return ", ".join(one for one in (title, words("basis", "modelled")) if one)


def _rows(released: Released, indicator: str, geography: str) -> pd.DataFrame:
    figures = released.figures
    return figures[
        (figures["indicator"] == indicator) & (figures["geography"] == geography) & (figures["group"] == "")
    ]


def outlines(released: Released, geography: str, *, words: Words | None = None) -> list[MapLayer]:
    """Make the outlines of the larger areas that a reader knows by name."""
    words = words or load_words()
    return [
        MapLayer(
            f"outline-{key}",
            capital(words("map_titles", "outlines", kind=geography_label(key, words))),
            released.areas(key),
            single(
                capital(geography_label(key, words)),
                words("map_titles", "outline"),
                colour="#0b0c0c",
                dash="" if key.startswith("wd") else "long",
            ),
            kind="line",
            licence=credits_of(area_papers(released, key)),
            shown=key.startswith("wd"),
        )
        for key in released.geographies
        if key.startswith(("wd", "msoa")) and key != geography
    ]


def backdrop_of(released: Released) -> dict[str, gpd.GeoDataFrame]:
    """Give the drawn background of a pack: roads, rail, water and green, as far as it has them."""
    return {name: released.places("lines", name) for name in released.held("lines") if name in BACKDROP}


def backdrop_credits(released: Released) -> list[str]:
    """Name the sources of the drawn background."""
    return [credits_of(place_papers(released, name)) for name in sorted(backdrop_of(released))]


def _lines(released: Released, words: Words) -> list[MapLayer]:
    made = []
    dashes = cycle(("mixed", "dots"))
    for name in sorted(set(released.held("lines")) - set(BACKDROP)):
        frame = released.places("lines", name)
        label = words.called("places", name, name.replace("_", " ").capitalize())
        made.append(
            MapLayer(
                name.replace("_", "-"),
                label,
                frame.set_index("id") if "id" in frame else frame,
                single(label, label, colour="#7b2d8b", dash=next(dashes)),
                kind="line",
                licence=credits_of(place_papers(released, name)),
            )
        )
    return made


def points(released: Released, *, words: Words | None = None) -> list[MapLayer]:
    """Make a layer of each kind of public point."""
    words = words or load_words()
    colours = ("#1d70b8", "#00703c", "#912b88", "#b58840", "#d4351c", "#28a197")
    made = []
    for at, name in enumerate(sorted(set(released.held("points")) - {"postcodes", PEOPLE})):
        frame = released.places("points", name)
        label = words.called("places", name, name.replace("_", " ").capitalize())
        made.append(
            MapLayer(
                name.replace("_", "-"),
                label,
                frame.set_index("id"),
                single(label, label, colour=colours[at % len(colours)], mark=MARKS[at % len(MARKS)]),
                kind="point",
                licence=credits_of(place_papers(released, name)),
            )
        )
    return made


def _search(released: Released, words: Words) -> pd.DataFrame | None:
    if "postcodes" not in released.held("points"):
        return None
    frame = released.places("points", "postcodes")
    return pd.DataFrame(
        {
            "name": frame["id"],
            "kind": words("map_titles", "postcode"),
            "east": frame.geometry.x,
            "north": frame.geometry.y,
        }
    )
