"""The sections about the place itself: in short, where, the standard, parts.

Nothing is calculated here and nothing is drawn: each number is a row of the released figures, each
sentence comes from ``words.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence

from fairplace.disclosure import Released
from fairplace.indicators import Indicator, load_indicators
from fairplace.map_page import RECIPES, area_layer
from fairplace.numbers import show_period
from fairplace.profile.charts import DOMAINS
from fairplace.profile.comparators import Comparator
from fairplace.profile.gaps import CHANCES, chance_of, find_gaps, flag, flag_words
from fairplace.profile.maps import WALKS
from fairplace.profile.model import Block, Bullets, Inline, Number, Paragraph, Section, Table
from fairplace.profile.place import AreaFigures, Place
from fairplace.profile.words import Words, capital, sentence


def summary(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    others: Sequence[Comparator],
) -> Section:
    """Compose the few sentences that stand first, each with its number, range and base."""
    sentences: list[Paragraph] = []
    unknown: list[str] = []
    residents, children = figures.number("residents"), figures.number("children_0_15")
    alone = "_alone" if place.code == released.authority else ""
    labels = {one.id: one.label for one in indicators}
    if residents and children and all(one.row["status"] == "ok" for one in (residents, children)):
        sentences.append(
            sentence(
                words,
                "summary",
                "people",
                area=place.name,
                residents=residents,
                children=children,
                period=show_period(str(residents.row["period"]), words),
            )
        )
    else:
        unknown.append(labels.get("residents", "residents"))
    plan = [
        ("mis", "mis_people_below_share", "share"),
        ("mis_children", "mis_children_below_share", "share"),
        ("gap", "mis_gap_weekly", "gap"),
        ("core20", "core20_people_share", "share"),
        ("fuel", "fuel_poverty_share", "share"),
    ]
    for name, indicator, blank in plan:
        here = figures.number(indicator, "with_range" if blank == "gap" else "value")
        there = figures.number(indicator, "with_range", there=True)
        if here is None or there is None or here.row["status"] != "ok":
            label = labels.get(indicator, indicator)
            unknown.append(
                words("compare", "modelled", label=label) if indicator.startswith("mis_") else label
            )
            continue
        fill: dict[str, Inline] = {
            blank: here,
            "range": Number(here.row, "range"),
            "in_ten": Number(here.row, "in_ten"),
            "base": Number(here.row, column="base", unit="people"),
            "comparator": there,
            "area": place.name,
            "lender": figures.lender,
            "authority": released.name,
            "period": show_period(str(here.row["period"]), words),
        }
        below = figures.number("mis_people_below", "with_range") if blank == "gap" else None
        if below is not None:
            # How many are short is modelled too, and has a range.
            fill["base"] = below
        copied = indicator.startswith("mis_") and here.row["basis"] == "copied"
        sentences.append(sentence(words, "summary", f"{name}{'_copied' if copied else alone}", **fill))
    sentences += _largest(words, released, place, figures, indicators, others)
    if unknown:
        sentences.append(sentence(words, "summary", "unknown", missing="; ".join(unknown)))
    return Section("summary", words("sections", "summary"), [Bullets(sentences), *required(words, released)])


def _largest(
    words: Words,
    released: Released,
    place: Place,
    figures: AreaFigures,
    indicators: Sequence[Indicator],
    others: Sequence[Comparator],
) -> list[Paragraph]:
    """Say the largest gap to the district and to England, each with its base, by the rule of the gaps."""
    beside = [] if place.code == released.authority else [(released.name, figures.there, True)]
    beside += [(one.label, one.figures, False) for one in others if one.level == "england"]
    said = []
    for label, there, district in beside:
        for gap in find_gaps(figures.own, there, indicators, district=district)[:1]:
            fill: dict[str, Inline] = {
                "authority": label,
                "indicator": gap.indicator.label,
                "share": Number(gap.here, "with_range"),
                "comparator": Number(gap.there, "with_range"),
                "base": Number(gap.here, column="base", unit=gap.indicator.count_unit),
                "unit": words.called("units", gap.indicator.count_unit, gap.indicator.count_unit),
                "basis": words("basis", str(gap.here["basis"])),
            }
            said.append(sentence(words, "summary", "largest", **fill))
    return said


def required(words: Words, released: Released) -> list[Block]:
    """Give the words that must stand wherever the standard does."""
    mis = released.settings.get("mis", {})
    if not mis:
        return []
    return [
        Paragraph([words("required", "modelled", period=mis["period"])], "required"),
        Paragraph([words("required", "place")], "required"),
        Paragraph(
            [words("required", "not_poverty", derived=mis["derived_budgets"], types=mis["household_types"])],
            "required",
        ),
    ]


def where(words: Words, released: Released, place: Place, figures: AreaFigures) -> Section:
    """Compose where the place is, and how well small areas fit it."""
    kind = words("kinds", place.kind)
    blocks: list[Block] = [
        sentence(
            words,
            "where",
            "sentence_alone" if place.code == released.authority else "sentence",
            area=place.name,
            kind=kind,
            code=place.code,
            authority=released.name,
        ),
    ]
    blocks.append(_sizes(words, released, place, figures))
    misfit = figures.number("best_fit_misfit_share")
    if misfit is not None and misfit.row["status"] == "ok" and place.kind == "wd":
        weights = released.crosswalk("lsoa21", place.geography).weight_source
        blocks.append(sentence(words, "caveats", "best_fit", misfit=misfit, weights=weights))
    return Section("where", words("sections", "where"), blocks)


#: How well whole small areas fit, which is nothing that a district has.
_FITS = ("best_fit_misfit_share", "best_fit_gained_share")
#: What the table of sizes shows, in order.
_SIZES = (
    "area_hectares", "residents", "households", "residents_per_hectare",
    "output_areas", "small_areas", "small_areas_whole", *_FITS,
)  # fmt: skip


def _sizes(words: Words, released: Released, place: Place, figures: AreaFigures) -> Table:
    """How large the place is, beside its district: the figures behind the map of where it is."""
    labels = {one.id: one.label for one in load_indicators(words)}
    rows: list[list[Inline]] = []
    for name in _SIZES:
        here, there = figures.number(name), figures.number(name, there=True)
        held = here or there
        # How many output areas a ward is made of is not known everywhere, and is not left out for that.
        if held is None or (here is None and name != "output_areas"):
            continue
        # A drawn area of shares of small areas is made of no whole output areas.
        row: list[Inline] = [labels[name], here or ("[z]" if place.kind == "area" else "[x]")]
        if place.code != released.authority:
            row.append(there or ("[z]" if name in _FITS else "[x]"))
        rows.append([*row, show_period(str(held.row["period"]), words)])
    head = [words("compare", "indicator"), place.name]
    head += [released.name] if place.code != released.authority else []
    caption = words("where", "caption", area=place.name)
    return Table("where-table", caption, [*head, words("where", "period")], rows)


_MIS_ROWS = (
    "mis_people_below_share",
    "mis_people_below",
    "mis_children_below_share",
    "mis_pensioners_below_share",
    "mis_households_below_share",
    "mis_people_below_90_share",
    "mis_people_below_75_share",
    "mis_people_below_50_share",
    "mis_depth",
    "mis_gap_weekly",
    "mis_shortfall_weekly",
)


def mis(
    words: Words, released: Released, place: Place, figures: AreaFigures, indicators: Sequence[Indicator]
) -> Section:
    """Compose the table of the Minimum Income Standard."""
    labels = {one.id: one.label for one in indicators}
    polarity = {one.id: one.polarity for one in indicators}
    # A district is not laid beside itself.
    alone = place.code == released.authority
    rows: list[list[Inline]] = []
    for name in _MIS_ROWS:
        here = figures.here.get(name)
        if here is None:
            continue
        there = figures.there.get(name)
        beside: list[Inline] = [Number(there), Number(there, "range")] if there else ["[z]", "[z]"]
        # Ranges of one estimate share most of their errors: only the draws tell an area from its district.
        chance = chance_of(name, figures.here)
        told = flag(here, there, chance) if there and chance is not None else "not_compared"
        beside.append(flag_words(words, told, polarity.get(name, "none")))
        own: list[Inline] = [labels.get(name, name), Number(here), Number(here, "range")]
        rows.append(own if alone else own + beside)
    if not rows:
        return Section("mis", words("sections", "mis"), [])
    share = figures.here["mis_people_below_share"]
    fill = {"area": place.name, "authority": released.name, "period": str(share["period"])}
    copied = "_copied" if share["basis"] == "copied" else ""
    whose = words("mis", "lender", lender=figures.lender) if copied else place.name
    head = words.lines("mis", "head", **fill | {"area": whose})
    head = head[:3] if alone else head
    caption = words("mis", f"caption{'_alone' if alone else copied}", lender=figures.lender, **fill)
    notes = [] if alone else [words("mis", "flags", authority=released.name)]
    blocks: list[Block] = [Table("mis-table", caption, head, rows, notes)]
    if share["reliability"]:
        said = words("mis", "reliability", area=whose, **{"class": share["reliability"]})
        blocks.append(Paragraph([said]))
    for name, indicator in (("above", "people"), ("children_above", "children")):
        above = figures.number(CHANCES[f"mis_{indicator}_below_share"])
        if above and above.row["status"] == "ok":
            given: dict[str, Inline] = {"authority": released.name, "probability": above}
            blocks.append(sentence(words, "mis", f"{name}{copied}", lender=figures.lender, **given))
    return Section("mis", words("sections", "mis"), blocks)


def small_areas(released: Released, place: Place) -> list[str]:
    """Codes of the LSOAs with residents in a place, in order of name; an LSOA is the one within itself."""
    names = released.areas("lsoa21")["name"]
    if place.kind == "area":
        figures = released.figures
        own = (figures["indicator"] == "share_inside") & (figures["group"] == place.code)
        codes = figures.loc[own & (figures["geography"] == "lsoa21"), "code"]
    elif place.kind in ("wd", "msoa", "lad"):
        weights = released.crosswalk("lsoa21", place.geography).weights
        codes = weights.loc[(weights["target"] == place.code) & (weights["weight"] > 0), "origin"]
    elif place.geography == "lsoa21":
        codes = [place.code]
    else:
        return []
    return sorted((str(one) for one in codes), key=lambda one: str(names[one]))


def _standing(words: Words, released: Released) -> dict[str, tuple[str, Inline]]:
    """Class of each small area on the map of the standard, and the probability that put it there."""
    layer = area_layer(released, "mis", words=words)
    if layer is None:
        return {}
    figures = released.figures
    rows = figures[(figures["geography"] == "lsoa21") & (figures["indicator"] == RECIPES["mis"].chance)]
    chances = {str(row["code"]): row for row in rows[rows["group"] == ""].to_dict("records")}
    said = layer.table(words)["class"]
    return {
        str(code): (text, Number(chances[code]) if code in chances else "[x]") for code, text in said.items()
    }


def parts(words: Words, released: Released, place: Place, inside: Sequence[str]) -> Section:
    """Compose the tables of the small areas within a place."""
    if not inside:
        return Section("parts", words("sections", "parts"), [])
    names = released.areas("lsoa21")["name"]
    shown = [
        name
        for name in ("residents", "mis_people_below_share", "imd25_decile", "fuel_poverty_share")
        if ((released.figures["indicator"] == name) & (released.figures["geography"] == "lsoa21")).any()
    ]
    labels = {
        one.id: words("compare", "modelled", label=one.label) if one.theme == "mis" else one.label
        for one in load_indicators(words)
    }
    small = released.figures[released.figures["geography"] == "lsoa21"]
    lookup = {
        (str(row["code"]), str(row["indicator"])): row
        for row in small[small["indicator"].isin(shown) & (small["group"] == "")].to_dict("records")
    }
    shares = {
        str(row["code"]): row
        for row in small[(small["indicator"] == "share_inside") & (small["group"] == place.code)].to_dict(
            "records"
        )
    }
    rows: list[list[Inline]] = []
    for code in inside:
        share: Inline = Number(shares[code]) if code in shares else words("parts", "whole")
        numbers: list[Inline] = [
            Number(lookup[code, name], "with_range") if (code, name) in lookup else "[x]" for name in shown
        ]
        rows.append([f"{names[code]} ({code})", share, *numbers])
    standing = _standing(words, released)
    if standing:
        rows = [[*row, *standing.get(code, ("[x]", "[x]"))] for code, row in zip(inside, rows, strict=True)]
    walks = {
        str(row["code"]): row
        for row in small[(small["indicator"] == WALKS[0]) & (small["group"] == WALKS[1])].to_dict("records")
    }
    if walks:
        rows = [
            [*row, Number(walks[code], decimals=0) if code in walks else "[x]"]
            for code, row in zip(inside, rows, strict=True)
        ]
    kind = words("kinds", "lsoa")
    table = Table(
        "parts-table",
        words("parts", "caption", kinds=words("kinds", "lsoas"), area=place.name),
        [
            capital(kind),
            words("parts", "share"),
            *(labels[name] for name in shown),
            *(
                [words("parts", one, authority=released.name) for one in ("class", "probability")]
                if standing
                else []
            ),
            *([words("maps", "walk_share")] if walks else []),
        ],
        rows,
    )
    # All of them where one is held, so that what is missing of the seven domains is seen to be missing.
    domains = DOMAINS if small["indicator"].isin(DOMAINS).any() else ()
    decile = {
        (str(row["code"]), str(row["indicator"])): row
        for row in small[small["indicator"].isin(domains) & (small["group"] == "")].to_dict("records")
    }
    strip = Table(
        "domains-table",
        words("parts", "domains", kinds=words("kinds", "lsoas"), area=place.name),
        [capital(kind), *(labels[name] for name in domains)],
        [
            [
                f"{names[code]} ({code})",
                *(Number(decile[code, name]) if (code, name) in decile else "[x]" for name in domains),
            ]
            for code in inside
        ],
    )
    return Section("parts", words("sections", "parts"), [table, strip] if domains else [table])
