"""What a profile says: which figures and sentences, whatever form they will take.

Nothing is calculated here and nothing is drawn: each number is a row of the released figures, each
sentence comes from ``words.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairplace import __version__
from fairplace.disclosure import HIDE_UP_TO, Released
from fairplace.indicators import Indicator, load_indicators
from fairplace.numbers import show_period
from fairplace.profile.model import (
    Block,
    Bullets,
    Drawing,
    Inline,
    Number,
    Paragraph,
    Profile,
    Section,
    Table,
    section_numbers,
)
from fairplace.profile.words import Words, load_words
from geo.errors import UserError
from geo.figures import FIGURE_COLUMNS, FIGURE_KEY, tidy_figures
from geo.geography import Geography


class AreaNotFoundError(UserError, LookupError):
    """No area of the pack has that code or name."""


@dataclass(frozen=True)
class Place:
    """An area of a pack: its geography, code and name."""

    geography: str
    code: str
    name: str

    @property
    def kind(self) -> str:
        """Kind of area, without the vintage."""
        return "area" if self.geography == "area" else Geography.parse(self.geography).kind


def find_place(released: Released, text: str) -> Place:
    """Find an area of the pack by code, or by a name that only one area has.

    Raises
    ------
    AreaNotFoundError
        No area has it, or several do: they are listed with their vintage.
    """
    wanted = text.strip()
    found = []
    for key in released.geographies:
        names = released.areas(key)["name"]
        if wanted in names.index:
            return Place(key, wanted, str(names[wanted]))
        found += [Place(key, code, name) for code, name in names.items() if name.lower() == wanted.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{one.code} ({Geography.parse(one.geography).label})" for one in found)
        raise AreaNotFoundError(f'"{text}" is the name of {len(found)} areas: {listed}; give the code')
    raise AreaNotFoundError(
        f'"{text}" is not an area of {released.name}; give a code or name of '
        f"{', '.join(Geography.parse(key).label for key in released.geographies)}"
    )


def places_of(released: Released, geography: str) -> list[Place]:
    """Every area of a geography of the pack, in order of code.

    Raises
    ------
    AreaNotFoundError
        The pack has no such geography.
    """
    if geography not in released.geographies:
        raise AreaNotFoundError(
            f'{released.name} has no areas of "{geography}"; there are {", ".join(released.geographies)}'
        )
    names = released.areas(geography)["name"].sort_index()
    return [Place(geography, str(code), str(name)) for code, name in names.items()]


@dataclass(frozen=True)
class _Figures:
    """The released figures of the place and of its comparator, by indicator."""

    here: Mapping[str, Mapping[str, Any]]
    there: Mapping[str, Mapping[str, Any]]

    def number(self, name: str, style: str = "value", *, there: bool = False) -> Number | None:
        row = (self.there if there else self.here).get(name)
        return None if row is None else Number(row, style)


def _by_indicator(figures: pd.DataFrame, code: str, geography: str) -> dict[str, dict[str, Any]]:
    rows = figures[(figures["code"] == code) & (figures["geography"] == geography) & (figures["group"] == "")]
    return {str(row["indicator"]): row for row in rows.to_dict("records")}


def compose(
    released: Released, place: Place, *, status: str = "draft", words: Words | None = None
) -> Profile:
    """Compose the profile of an area.

    Parameters
    ----------
    released
        What may be shown, for the edition.
    place
        The area.
    status
        ``draft``, ``approved`` (with the approver's name) or ``superseded``.
    words
        Sentences; ours by default.
    """
    words = words or load_words()
    comparator = next(key for key in released.geographies if key.startswith("lad"))
    figures = _Figures(
        _by_indicator(released.figures, place.code, place.geography),
        _by_indicator(released.figures, released.authority, comparator),
    )
    indicators = load_indicators()
    title = words("title", "profile", area=place.name)
    sections = [
        _summary(words, released, place, figures),
        _where(words, released, place, figures),
        _mis(words, released, place, figures, indicators),
        _maps(words, released, place),
        _themes(words, released, place, figures, indicators),
        _parts(words, released, place),
        _caveats(words, released),
        _currency(words, released, figures),
        Section(
            "cite",
            words("sections", "cite"),
            [Paragraph([_cite(words, released, place, title)])],
        ),
    ]
    banner = []
    if released.fictional:
        banner.append(words("banner", "fictional", authority=released.name))
    if released.edition == "officer":
        banner.append(words("banner", "officer"))
    if status == "draft":
        banner.append(words("banner", "draft"))
    kept = [one for one in sections if one.blocks]
    return Profile(
        title=title,
        code=place.code,
        geography=place.geography,
        area=place.name,
        authority=released.name,
        edition=released.edition,
        status=status,
        pack_id=released.pack_id,
        banner=banner,
        sections=kept,
        figures=_used(kept),
        sources=released.sources,
        cite=_cite(words, released, place, title),
        language=words("language", "tag"),
    )


def _cite(words: Words, released: Released, place: Place, title: str) -> str:
    return words(
        "cite",
        "text",
        authority=released.name,
        title=title,
        geography=place.geography,
        pack_id=released.pack_id,
        version=__version__,
    )


def _used(sections: Sequence[Section]) -> pd.DataFrame:
    """Give the rows that the numbers of a document come from, each once."""
    rows = {
        tuple(str(number.row[name]) for name in FIGURE_KEY): number.row
        for number in section_numbers(sections)
    }
    return tidy_figures([pd.DataFrame([rows[key] for key in sorted(rows)], columns=list(FIGURE_COLUMNS))])


def _sentence(words: Words, section: str, name: str, /, **fill: Inline) -> Paragraph:
    """Fill a sentence whose blanks may be numbers, keeping the numbers as they are."""
    parts: list[Inline] = []
    rest = str(words.raw(section, name))
    while "{" in rest:
        before, _, after = rest.partition("{")
        blank, _, rest = after.partition("}")
        parts += [before, fill[blank]]
    parts.append(rest)
    return Paragraph([part for part in parts if part != ""])


def _summary(words: Words, released: Released, place: Place, figures: _Figures) -> Section:
    sentences: list[Paragraph] = []
    unknown: list[str] = []
    residents, children = figures.number("residents"), figures.number("children_0_15")
    if residents and children:
        sentences.append(
            _sentence(
                words,
                "summary",
                "people",
                area=place.name,
                residents=residents,
                children=children,
                period=show_period(str(residents.row["period"])),
            )
        )
    plan = [
        ("mis", "mis_people_below_share", "share"),
        ("mis_children", "mis_children_below_share", "share"),
        ("gap", "mis_gap_weekly", "gap"),
        ("core20", "core20_people_share", "share"),
        ("fuel", "fuel_poverty_share", "share"),
    ]
    labels = {one.id: one.label for one in load_indicators()}
    for name, indicator, blank in plan:
        here = figures.number(indicator, "with_range" if blank == "gap" else "value")
        there = figures.number(indicator, "with_range", there=True)
        if here is None or there is None or here.row["status"] != "ok":
            unknown.append(labels.get(indicator, indicator).lower())
            continue
        fill: dict[str, Inline] = {
            blank: here,
            "range": Number(here.row, "range"),
            "in_ten": Number(here.row, "in_ten"),
            "comparator": there,
            "authority": released.name,
            "period": show_period(str(here.row["period"])),
        }
        sentences.append(_sentence(words, "summary", name, **fill))
    if unknown:
        sentences.append(_sentence(words, "summary", "unknown", missing="; ".join(unknown)))
    return Section("summary", words("sections", "summary"), [Bullets(sentences), *_required(words, released)])


def _required(words: Words, released: Released) -> list[Block]:
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


def _where(words: Words, released: Released, place: Place, figures: _Figures) -> Section:
    kind = words("kinds", place.kind)
    blocks: list[Block] = [
        _sentence(
            words, "where", "sentence", area=place.name, kind=kind, code=place.code, authority=released.name
        ),
    ]
    size = figures.number("area_hectares")
    if size is not None:
        blocks.append(_sentence(words, "where", "wide", hectares=size))
    misfit = figures.number("best_fit_misfit_share")
    if misfit is not None and place.kind == "wd":
        weights = released.crosswalk("lsoa21", place.geography).weight_source
        blocks.append(_sentence(words, "caveats", "best_fit", misfit=misfit, weights=weights))
    return Section("where", words("sections", "where"), blocks)


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


def _mis(
    words: Words, released: Released, place: Place, figures: _Figures, indicators: Sequence[Indicator]
) -> Section:
    labels = {one.id: one.label for one in indicators}
    rows: list[list[Inline]] = []
    for name in _MIS_ROWS:
        here = figures.here.get(name)
        if here is None:
            continue
        there = figures.there.get(name)
        rows.append(
            [
                labels.get(name, name),
                Number(here),
                Number(here, "range"),
                Number(there) if there else "[z]",
                Number(there, "range") if there else "",
            ]
        )
    if not rows:
        return Section("mis", words("sections", "mis"), [])
    share = figures.here["mis_people_below_share"]
    fill = {"area": place.name, "authority": released.name, "period": str(share["period"])}
    head = [text.format(**fill) for text in words.raw("mis", "head")]
    blocks: list[Block] = [Table("mis-table", words("mis", "caption", **fill), head, rows)]
    if share["reliability"]:
        blocks.append(Paragraph([words("mis", "reliability", **{"class": share["reliability"]})]))
    above = figures.number("mis_above_authority_probability")
    if above and above.row["status"] == "ok":
        blocks.append(_sentence(words, "mis", "above", authority=released.name, probability=above))
    return Section("mis", words("sections", "mis"), blocks)


def _maps(words: Words, released: Released, place: Place) -> Section:
    blocks: list[Block] = []
    for kind, indicator in (("mis_map", "mis_people_below_share"), ("imd_map", "imd25_decile")):
        rows = released.figures[
            (released.figures["indicator"] == indicator) & (released.figures["geography"] == "lsoa21")
        ]
        if rows.empty:
            continue
        blocks.append(
            Drawing(
                kind.replace("_", "-"),
                kind,
                words("maps", kind, authority=released.name, area=place.name, period=rows["period"].iloc[0]),
                words("maps", f"{kind}_alt", authority=released.name, area=place.name),
                {"indicator": indicator, "geography": "lsoa21", "place": place},
                "parts-table",
            )
        )
    return Section("maps", words("sections", "maps"), blocks)


def _themes(
    words: Words, released: Released, place: Place, figures: _Figures, indicators: Sequence[Indicator]
) -> Section:
    blocks: list[Block] = []
    fill = {"area": place.name, "authority": released.name}
    head = [text.format(**fill) for text in words.raw("indicators", "head")]
    themes = list(dict.fromkeys(one.theme for one in indicators if one.theme not in ("mis", "geography")))
    for theme in themes:
        rows: list[list[Inline]] = []
        for one in (one for one in indicators if one.theme == theme):
            here = figures.here.get(one.id)
            if here is None:
                continue
            there = figures.there.get(one.id)
            rows.append(
                [
                    one.label + (f" ({one.direction})" if one.direction else ""),
                    Number(here, "with_range"),
                    Number(here, column="count", unit=one.count_unit),
                    Number(here, column="base", unit=one.count_unit),
                    Number(there, "with_range") if there else "[z]",
                    words("basis", str(here["basis"])),
                    show_period(str(here["period"])),
                    released.sources[str(here["source"])].title
                    if here["source"] in released.sources
                    else str(here["source"]),
                ]
            )
        if rows:
            blocks.append(
                Table(
                    f"theme-{theme.replace('_', '-')}",
                    words("indicators", "caption", theme=words("themes", theme), **fill),
                    head,
                    rows,
                )
            )
    blocks.append(
        Paragraph(
            [
                f"{words('signs', 'title')}: "
                + "; ".join(words("signs", name) for name in ("missing", "suppressed", "not_applicable"))
                + "."
            ],
            "note",
        )
    )
    return Section("indicators", words("sections", "indicators"), blocks)


def _parts(words: Words, released: Released, place: Place) -> Section:
    if place.kind not in ("wd", "msoa", "lad"):
        return Section("parts", words("sections", "parts"), [])
    weights = released.crosswalk("lsoa21", place.geography).weights
    inside = weights[(weights["target"] == place.code) & (weights["weight"] > 0)]
    names = released.areas("lsoa21")["name"]
    shown = [
        name
        for name in ("residents", "mis_people_below_share", "imd25_decile", "fuel_poverty_share")
        if ((released.figures["indicator"] == name) & (released.figures["geography"] == "lsoa21")).any()
    ]
    labels = {one.id: one.label for one in load_indicators()}
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
    for code in sorted(inside["origin"], key=lambda one: str(names[one])):
        share: Inline = Number(shares[code]) if code in shares else words("parts", "whole")
        numbers: list[Inline] = [
            Number(lookup[code, name], "with_range") if (code, name) in lookup else "[x]" for name in shown
        ]
        rows.append([f"{names[code]} ({code})", share, *numbers])
    kind = words("kinds", "lsoa")
    table = Table(
        "parts-table",
        words("parts", "caption", kind=kind[0].upper() + kind[1:], area=place.name),
        [kind[0].upper() + kind[1:], words("parts", "share"), *(labels[name] for name in shown)],
        rows,
    )
    return Section("parts", words("sections", "parts"), [table])


def _caveats(words: Words, released: Released) -> Section:
    said: list[str] = []
    said += [words("caveats", name) for name in ("census", "imd", "rounding")]
    accuracy = released.settings.get("crs_accuracy")
    if accuracy:
        said.append(words("caveats", "coordinates", accuracy=accuracy))
    missing = released.settings.get("missing", [])
    if missing:
        said.append(words("caveats", "incomplete", missing="; ".join(missing)))
    if not released.held("networks"):
        said.append(words("caveats", "network"))
    said += released.notes
    return Section("caveats", words("sections", "caveats"), [Bullets([Paragraph([text]) for text in said])])


def _currency(words: Words, released: Released, figures: _Figures) -> Section:
    used = {str(row["source"]) for row in (*figures.here.values(), *figures.there.values())}
    rows: list[list[Inline]] = [
        [one.title, one.publisher, one.edition, show_period(one.period), one.licence]
        for key, one in sorted(released.sources.items())
        if key in used or one.attribution
    ]
    attributions = sorted({one.attribution for one in released.sources.values() if one.attribution})
    blocks: list[Block] = [
        Table("sources-table", words("currency", "caption"), list(words.raw("currency", "head")), rows),
        Paragraph([" ".join(attributions)], "note"),
    ]
    hidden = released.hidden.get("small numbers", 0)
    text = (
        words("suppression", "some", count=hidden, limit=HIDE_UP_TO)
        if hidden
        else words("suppression", "none")
    )
    blocks.append(Paragraph([text], "note"))
    return Section("currency", words("sections", "currency"), blocks)
