"""The maps of a profile, drawn from released figures and shapes with the styles of the interactive map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle

import geopandas as gpd
import pandas as pd
import shapely

from fairplace.catchments import catchment_bands, walk_catchments
from fairplace.disclosure import Released
from fairplace.ground import released_layers
from fairplace.map_page import area_layer, backdrop_credits, backdrop_of
from fairplace.papers import area_papers, credits_of, place_papers
from fairplace.profile.maps import PACE, WALKED
from fairplace.profile.model import Drawing, Profile, capital
from fairplace.profile.words import planning_title
from geo.crs import BNG
from geo.source import Source
from maps.layer import MapLayer
from maps.palettes import QUALITATIVE, ink_on, spread
from maps.picture import Picture
from maps.sheet import PaperError
from maps.static import draw_inset, draw_map
from maps.style import PATTERNS, LayerStyle, MapClass, Pattern, single
from maps.words import Words

#: Hues of designations, each in the same four lightnesses: dark, middle, light and darkest.
_HUES = {
    "blue": ("#0072b2", "#56b4e9", "#bfe0f5", "#00314d"),
    "green": ("#007a59", "#5cc3a0", "#bfe6d8", "#00382a"),
    "orange": ("#b84f00", "#e8a13c", "#fbd9b5", "#512300"),
    "purple": ("#a8528a", "#dc9fc0", "#f2d3e3", "#47213a"),
}
#: Lightness and pattern of one designation after another; plain and light would look like nothing.
_LOOKS: tuple[tuple[int, Pattern], ...] = (
    *((level, PATTERNS[at % 6]) for at in range(18) if (level := (at // 6 + at) % 3) != 2 or at % 6),
    *((3, pattern) for pattern in PATTERNS),
)
#: Metres of ground around an area that a map of its designations shows.
AROUND = 400.0
#: Services that the map of walks marks, with their layer of points and kind.
_MARKED = (
    ("gp_practices", "gp", "gp"),
    ("pharmacies", "", "pharmacy"),
    ("schools", "primary", "primary_school"),
    ("services", "family_hub", "family_hub"),
    ("libraries", "", "library"),
)
#: Their colours: what stands on the darkest band comes first, and is light.
_MARKS = (QUALITATIVE[7], QUALITATIVE[1], QUALITATIVE[2], QUALITATIVE[3], QUALITATIVE[4])
_SMALL = "lsoa21"
#: Of the edge of the area, and of its ground on the cover.
_AREA = "#d4351c"


def where_map(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    """Draw the area among the wards of its district, with the edge of best fit where that is another."""
    words = profile.words
    base = _around(profile, released)
    overlays = [_outline(profile, released)]
    fitted = _best_fit(profile, released)
    if fitted is not None:
        overlays.insert(0, fitted)
    return _sheet(base, drawing, overlays, released, words)


def cover_map(profile: Profile, released: Released, drawing: Drawing) -> Picture:
    """Draw the area, filled in, within its district: small, for a cover, and without words."""
    around = _around(profile, released)
    layers = [replace(around, style=replace(around.style, outline_width=0.5))]
    if profile.code != released.authority:
        area = _outline(profile, released)
        layers.append(replace(area, kind="fill", style=replace(area.style, outline_width=0.5)))
        layers += _ring(area, around)
    return draw_inset(layers, title=drawing.caption, alt=drawing.alt)


def _ring(area: MapLayer, around: MapLayer) -> list[MapLayer]:
    """Give a ring about an area that is too small to be seen in its district; none about a larger one."""
    (west, south, east, north), whole = area.areas.total_bounds, around.areas.total_bounds
    large = max(whole[2] - whole[0], whole[3] - whole[1])
    if max(east - west, north - south) >= large / 12:
        return []
    ring = shapely.Point((west + east) / 2, (south + north) / 2).buffer(large / 14)
    frame = area.areas.assign(geometry=[ring]).set_geometry("geometry", crs=BNG)
    return [replace(area, id="ring", areas=frame)]


def _around(profile: Profile, released: Released) -> MapLayer:
    """Wards of the district, or its small areas where none are held, in one plain colour."""
    words = profile.words
    key = next((one for one in released.geographies if one.startswith("wd")), _SMALL)
    label = words("kinds", "wd" if key.startswith("wd") else "lsoa")
    style = LayerStyle(
        words("maps", "around"),
        (MapClass("all", capital(label), "#f1efe6"),),
        rule="single",
        outline="#5a5a5a",
        outline_width=0.9,
    )
    licence = credits_of(area_papers(released, key))
    return MapLayer(
        "areas", label, released.areas(key), style, labelled=key.startswith("wd"), licence=licence
    )


def mis_map(profile: Profile, released: Released, drawing: Drawing) -> Picture | None:
    """Draw three classes of the Minimum Income Standard; what is too close to call is hatched."""
    return _choropleth(profile, released, drawing, "mis")


def imd_map(profile: Profile, released: Released, drawing: Drawing) -> Picture | None:
    """Draw national deciles of the Index of Multiple Deprivation, with the lines of wards."""
    return _choropleth(profile, released, drawing, "imd25")


def _choropleth(profile: Profile, released: Released, drawing: Drawing, name: str) -> Picture | None:
    layer = area_layer(released, name, words=profile.words)
    if layer is None:
        return None
    over = [*_wards(profile, released), _outline(profile, released)]
    return _sheet(layer, drawing, over, released, profile.words)


def walk_map(profile: Profile, released: Released, drawing: Drawing) -> Picture | None:
    """Draw the ground within minutes on foot of a GP practice, along the streets, with the services."""
    catchments = walk_catchments(released, WALKED)
    if catchments.empty:
        return None
    words = profile.words
    bands = catchment_bands(released, catchments)
    limits = [f"{limit:g}" for limit in catchments["limit"]]
    within = [
        words("maps", "walk_within", limit=limit)
        if not before
        else words("maps", "walk_band", low=before, limit=limit)
        for before, limit in zip(["", *limits], limits, strict=False)
    ]
    beyond = words("maps", "walk_beyond", limit=limits[-1])
    # Nearest is darkest; a pattern on the middle band and the last keeps them apart in any colours.
    looks = zip(
        reversed(spread("sea", len(limits) + 2)[1:-1]), cycle((PATTERNS[0], PATTERNS[1])), strict=False
    )
    classes = tuple(
        MapClass(f"within-{limit}", label, colour, pattern)
        for (colour, pattern), limit, label in zip(looks, limits, within, strict=False)
    )
    style = LayerStyle(
        words("maps", "walk_title"),
        (*classes, MapClass("beyond", beyond, "#f7f7f5")),
        rule="codes",
        outline="#1a1a1a",
        outline_width=0.5,
        note=words("maps", "walk_note", pace=PACE),
    )
    bands.index = pd.Index(bands["band"])
    names = dict(zip([one.id for one in style.classes], [*within, beyond], strict=True))
    layer = MapLayer(
        "walks",
        words("maps", "walk_title"),
        gpd.GeoDataFrame({"name": bands["band"].map(names)}, geometry=bands.geometry, crs=BNG),
        style,
        pd.Series(bands.index, index=bands.index),
        licence=credits_of([] if released.street_source is None else [released.street_source]),
        caveat=words("maps", "walk_caveat", authority=released.name),
    )
    over = [*_wards(profile, released), _outline(profile, released), *_services(profile, released)]
    return _sheet(layer, drawing, over, released, words, counted=False)


def planning_map(profile: Profile, released: Released, drawing: Drawing) -> Picture | None:
    """Draw the designations on and around an area; lines and points are left to the table."""
    words = profile.words
    shape = released.areas(profile.geography).geometry[profile.code]
    window = shapely.box(*shapely.buffer(shape, AROUND).bounds)
    layers, features = released_layers(released)
    near = features[
        features.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
        & shapely.intersects(features.geometry.to_numpy(), window)
    ].reset_index(drop=True)
    papers = {str(one["id"]): one for one in layers}
    titles = [name for name in papers if (near["layer"] == name).any()]
    looks = zip(titles, designation_looks(titles), strict=True)
    classes = tuple(
        MapClass(
            f"layer-{at:02d}",
            planning_title(words, name, str(papers[name]["title"])),
            hue,
            pattern,
            ink_on(hue),
        )
        for at, (name, (hue, pattern)) in enumerate(looks)
    )
    nothing = MapClass("blank", words("maps", "planning_nothing"), "#f7f7f5")
    # The window itself lies under all (classes are drawn in order of id): an empty place is drawn as one.
    frame = gpd.GeoDataFrame(
        {"name": [words("maps", "planning_nothing"), *near["name"]]},
        geometry=[window, *shapely.intersection(near.geometry.to_numpy(), window)],
        crs=BNG,
        index=pd.Index([f"f{at}" for at in range(len(near) + 1)]),
    )
    ids = {name: f"layer-{at:02d}" for at, name in enumerate(titles)}
    kinds = pd.Series(["blank", *near["layer"].map(ids)], index=frame.index)
    style = LayerStyle(words("maps", "planning_title"), (*classes, nothing), rule="codes", outline="#1a1a1a")
    complete = {name: f"is_{str(one['completeness']).replace(' ', '_')}" for name, one in papers.items()}
    said = "; ".join(
        f"{planning_title(words, name, str(one['title']))}: {words('planning', complete[name])}"
        + (f", {one['edition']}" if one["edition"] else "")
        for name, one in papers.items()
        if one["held"]
    )
    named = [
        released.sources[key] for one in papers.values() if (key := str(one["source"])) in released.sources
    ]
    layer = MapLayer(
        "planning",
        words("maps", "planning_title"),
        frame,
        style,
        kinds,
        caveat=f"{words('maps', 'planning_caveat')} {said}.",
        licence=credits_of(named),
    )
    return _sheet(layer, drawing, [_outline(profile, released)], released, words, counted=False)


def designation_looks(layers: Sequence[str]) -> list[tuple[str, Pattern]]:
    """Give each planning layer a hue and a pattern that no other has, in grey either.

    Parameters
    ----------
    layers
        Ids, such as ``flood-risk-zone``. Water is blue and what grows green, as map readers expect.

    Returns
    -------
    list
        In their order; up to 23 differ in pattern or clearly in lightness, more in hue or pattern.
    """
    looks: list[tuple[str, Pattern]] = []
    greys: set[tuple[int, Pattern]] = set()
    for at, name in enumerate(layers):
        own = _family(name, at)
        every = [(family, *look) for family in (own, *_HUES) for look in _LOOKS]
        free = [one for one in every if (_HUES[one[0]][one[1]], one[2]) not in looks]
        family, level, pattern = next((one for one in free if one[1:] not in greys), free[0])
        greys.add((level, pattern))
        looks.append((_HUES[family][level], pattern))
    return looks


def _family(layer: str, at: int) -> str:
    if "flood" in layer or "water" in layer:
        return "blue"
    if any(word in layer for word in ("green", "wood", "park", "nature", "scientific", "landscape")):
        return "green"
    return ("orange", "purple")[at % 2]


def _sheet(
    layer: MapLayer,
    drawing: Drawing,
    overlays: Sequence[MapLayer],
    released: Released,
    words: Words,
    *,
    counted: bool = True,
) -> Picture:
    """Draw in the room between the margins of a document's page, where letters then keep their size."""
    draw = partial(
        draw_map,
        layer,
        title=drawing.caption,
        overlays=overlays,
        backdrop=backdrop_of(released),
        counted=counted,
        # A document is printed and shown at sizes of its own, where only the bar of the scale stays true.
        ratio=False,
        alt="" if counted else drawing.alt,
        licences=backdrop_credits(released),
        words=words,
    )
    try:
        return draw(paper="half page")
    except PaperError:
        # A long legend, in letters that can be read, takes a page.
        return draw(paper="page")


def _outline(profile: Profile, released: Released) -> MapLayer:
    frame = gpd.GeoDataFrame(
        {"name": [profile.area]},
        geometry=[released.areas(profile.geography).geometry[profile.code]],
        index=[profile.code],
        crs=BNG,
    )
    style = single(profile.words("maps", "this_area"), profile.area, colour=_AREA)
    papers = [] if profile.geography == "area" else area_papers(released, profile.geography)
    return MapLayer("this-area", profile.area, frame, style, kind="line", licence=credits_of(papers))


def _wards(profile: Profile, released: Released) -> list[MapLayer]:
    key = next((one for one in released.geographies if one.startswith("wd")), None)
    if key is None:
        return []
    words = profile.words
    label = words("maps", "ward_lines")
    style = single(words("maps", "lines"), label, colour="#0b0c0c", width=1.2)
    licence = credits_of(area_papers(released, key))
    return [MapLayer("wards", label, released.areas(key), style, kind="line", licence=licence)]


def _best_fit(profile: Profile, released: Released) -> MapLayer | None:
    """Edge of the small areas that plain best fit would give to a ward, where that differs from its own."""
    if not profile.geography.startswith("wd"):
        return None
    crosswalk = released.crosswalk(_SMALL, profile.geography)
    if crosswalk.exact:
        return None
    heaviest = crosswalk.weights.sort_values(["weight", "target"], kind="stable").drop_duplicates(
        "origin", keep="last"
    )
    codes = heaviest.loc[heaviest["target"] == profile.code, "origin"]
    if codes.empty:
        return None
    words = profile.words
    label = words("maps", "best_fit")
    shape = shapely.union_all(released.areas(_SMALL).geometry[list(codes)].to_numpy())
    frame = gpd.GeoDataFrame({"name": [label]}, geometry=[shape], index=["best-fit"], crs=BNG)
    style = single(words("maps", "fit"), label, colour="#1d4f73", width=1.6, dash="long")
    licence = credits_of(area_papers(released, _SMALL))
    return MapLayer("best-fit", label, frame, style, kind="line", licence=licence)


def _services(profile: Profile, released: Released) -> list[MapLayer]:
    """Services in one layer, each kind with its own shape and colour."""
    words = profile.words
    parts, classes = [], []
    named: list[Source] = []
    for at, (layer, kind, name) in enumerate(_MARKED):
        if layer not in released.held("points"):
            continue
        frame = released.places("points", layer)
        frame = frame[frame["kind"] == kind] if kind else frame
        if len(frame):
            parts.append(frame[["name", "geometry"]].assign(kind=name))
            named += place_papers(released, layer)
            classes.append(MapClass(name, words("services", name), _MARKS[at]))
    if not parts:
        return []
    joined = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=BNG)
    joined.index = pd.Index([f"s{at}" for at in range(len(joined))])
    style = LayerStyle(words("maps", "services"), tuple(classes), rule="codes")
    return [MapLayer("services", style.title, joined, style, joined["kind"],
                     kind="point", licence=credits_of(named))]  # fmt: skip


#: Kinds of drawing that are maps.
MAP_KINDS = ("where_map", "mis_map", "imd_map", "walk_map", "planning_map")


def map_papers(released: Released, kind: str, geography: str) -> list[Source]:
    """Give the sources of the boundaries, places, streets and background that a map draws."""
    ward = next((one for one in released.geographies if one.startswith("wd")), _SMALL)
    outlines = [ward, *([] if geography == "area" else [geography])]
    if kind in ("mis_map", "imd_map") or (kind == "where_map" and geography.startswith("wd")):
        outlines.append(_SMALL)
    found = [one for key in outlines for one in area_papers(released, key)]
    if kind == "walk_map":
        found += [] if released.street_source is None else [released.street_source]
        held = [layer for layer, _, _ in _MARKED if layer in released.held("points")]
        found += [one for layer in held for one in place_papers(released, layer)]
    return found + [one for name in sorted(backdrop_of(released)) for one in place_papers(released, name)]
