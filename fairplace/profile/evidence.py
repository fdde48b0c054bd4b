"""The section of local evidence: register, audits, services, events, referrals, surveys, case studies.

Every number is a row of the released figures; names of places come from the public points. What an
authority does not hold is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import shapely

from fairplace.audits import AUDITED, BELOW, BELOW_SHARE, OF_STOCK
from fairplace.disclosure import Released
from fairplace.local_evidence import FEWEST_REPLIES
from fairplace.numbers import show_period
from fairplace.profile.model import Block, Bullets, Inline, Number, Paragraph, Section, Table
from fairplace.profile.register_rows import OWN_SOURCES, figure_of, how_known, no_gap, note_shares, periods
from fairplace.profile.words import Words, english, local_theme, sentence
from fairplace.register import PREFIX, PRINCIPLES


class _Rows:
    """Released figures of local files, found by area, indicator and group; the newest period first."""

    def __init__(self, released: Released) -> None:
        figures = released.figures
        own = figures[figures["source"].str.startswith(OWN_SOURCES)]
        taken = [figure_of(one) for one in released.settings.get("local", {}).get("register", [])]
        beside = figures[figures["indicator"].isin([*_BESIDE, *_ALSO, *taken])]
        beside = beside[~beside.index.isin(own.index)]
        both = pd.concat([own, beside]).sort_values("period", kind="stable")
        self.authority = released.authority
        self._held: dict[tuple[str, str, str], dict[str, Any]] = {
            (str(row["code"]), str(row["indicator"]), str(row["group"])): {str(k): v for k, v in row.items()}
            for row in both.to_dict("records")
        }

    def row(self, code: str, indicator: str, group: str = "") -> dict[str, Any] | None:
        return self._held.get((code, indicator, group))

    def number(
        self,
        code: str,
        indicator: str,
        group: str = "",
        *,
        style: str = "value",
        decimals: int | None = None,
        none: str = "[x]",
    ) -> Inline:
        """Give a number, or where there is no row the sign for missing, unless `none` is another."""
        found = self.row(code, indicator, group)
        return none if found is None else Number(found, style, decimals)

    def groups(self, indicator: str) -> list[str]:
        """List the groups of an indicator for the authority."""
        return sorted(g for c, i, g in self._held if c == self.authority and i == indicator and g)

    def period(self, indicator: str, words: Words, group: str = "") -> str:
        found = self.row(self.authority, indicator, group)
        return "" if found is None else show_period(str(found["period"]), words)


_BESIDE = ("mis_people_below_share", "fuel_poverty_share", "tenure_private_share", "tenure_social_share")


#: Published figures that a sentence of local evidence needs.
_ALSO = ("core20_people_share", "no_central_heating_share", "electric_heating_share")


def local_evidence(words: Words, released: Released, *, geography: str, code: str, area: str) -> Section:
    """Compose the section of local evidence for one area.

    Parameters
    ----------
    words
        Sentences, from ``words.toml``.
    released
        What may be shown, for the edition.
    geography, code, area
        Which area, and its name.

    Returns
    -------
    Section
        Without blocks where the pack holds nothing local.
    """
    rows = _Rows(released)
    local = released.settings.get("local", {})
    fill = {"area": area, "authority": released.name}
    shape = released.areas(geography).geometry[code]
    blocks: list[Block] = [
        *_register(words, rows, local.get("register", []), code, fill),
        *_audits(words, rows, released, geography, code, fill),
        *_energy(words, rows, code, fill),
        *_services(words, rows, released, geography, code, shape, fill),
        *_events(words, rows, geography, code, fill),
        *_survey(words, rows),
        *_referrals(words, rows, local.get("organisations", {})),
        *_routes(words, rows, geography, code, fill),
        *_core20(words, rows, geography, code, fill),
        *_plan(words, rows, geography, code, fill),
        *_cases(words, released, shape),
    ]
    return Section("evidence", words("evidence", "title"), blocks)


def _fill(words: Words, name: str, /, **fill: Inline) -> Paragraph:
    return sentence(words, "evidence", name, **fill)


def _head(words: Words, name: str, fill: Mapping[str, str]) -> list[str]:
    return words.lines("evidence", name, **fill)


def _title(words: Words, code: str) -> str:
    """Name a kind that a council's file gives by its code; a code of its own as far as it says itself."""
    return words.called("local_kinds", code, code.replace("_", " ").capitalize())


def _register(
    words: Words, rows: _Rows, register: Sequence[Mapping[str, Any]], code: str, fill: Mapping[str, str]
) -> list[Block]:
    blocks: list[Block] = []
    for principle in PRINCIPLES:
        listed = [one for one in register if one["principle"] == principle]
        table: list[list[Inline]] = []
        lacking, modelled = [], False
        ours: list[Mapping[str, Any] | None] = []
        for one in listed:
            name = f"{PREFIX}{one['id']}"
            shown = figure_of(one)
            found = rows.row(rows.authority, shown)
            if found is None:
                lacking.append(str(one["definition"]))
                continue
            ours += [found, rows.row(code, shown)]
            way = str(one["polarity"])
            better = (
                words("evidence", "register_better", way=words("evidence", f"register_{way}"))
                if way in ("low", "high")
                else ""
            )
            gap = _gap(rows, name) or no_gap(words, one, found) or "[z]"
            modelled |= gap == words("scorecard", "gap_modelled")
            table.append(
                [
                    f"{one['definition']}{how_known(words, one, found)}{better}",
                    _of_period(rows, code, shown, str(found["period"])),
                    rows.number(rows.authority, shown, style="with_range"),
                    rows.number(rows.authority, f"{name}_target"),
                    periods(words, str(found["period"]), gap.row if isinstance(gap, Number) else None),
                    gap,
                    show_period(str(one["next_update"]), words),
                ]
            )
        if not listed:
            continue
        head = _head(words, "register_head", fill)
        if code == rows.authority:  # the area is the authority: one column says it
            head, table = [head[0], *head[2:]], [[row[0], *row[2:]] for row in table]
        notes = [words("evidence", "register_missing", names="; ".join(lacking))] if lacking else []
        notes += [words("scorecard", "gap_modelled_why")] if modelled else []
        notes += note_shares(words, ours)
        blocks.append(
            Table(
                f"register-{principle}",
                words(
                    "evidence", "register", count=len(register), principle=principle,
                    name=_principle(words, principle, str(listed[0]["principle_name"])),
                ),
                head,
                table,
                notes,
            )
        )  # fmt: skip
    return blocks


def _principle(words: Words, number: int, name: str) -> str:
    """Name a principle in the words of the document; one that the council words itself stays as it is."""
    return words("principles", str(number)) if name == english()("principles", str(number)) else name


def _of_period(rows: _Rows, code: str, name: str, period: str) -> Inline:
    """Give an area's value, or the sign for none where its newest is of another period than the row's."""
    found = rows.row(code, name)
    if found is not None and str(found["period"]) != period:
        return "[x]"
    return rows.number(code, name, style="with_range")


def _gap(rows: _Rows, name: str) -> Number | None:
    """Of a rate the ratio of the two ends, of a share their difference."""
    ratio, slope = (rows.row(rows.authority, f"{name}{end}") for end in ("_ratio", "_slope"))
    return Number(ratio, "with_range", 2) if ratio else Number(slope, "with_range") if slope else None


def _audits(
    words: Words, rows: _Rows, released: Released, geography: str, code: str, fill: Mapping[str, str]
) -> list[Block]:
    share = rows.row(rows.authority, BELOW_SHARE)
    if share is None:
        return []
    period = rows.period(BELOW_SHARE, words)
    blocks: list[Block] = [
        _fill(
            words, "audits_all", authority=fill["authority"], period=period,
            below=rows.number(rows.authority, BELOW), audited=rows.number(rows.authority, AUDITED),
            share=Number(share, "with_range", 2), stock=rows.number(rows.authority, OF_STOCK),
        )
    ]  # fmt: skip
    if code != rows.authority and rows.row(code, AUDITED) is not None:
        audited = rows.number(code, AUDITED)
        if rows.row(code, BELOW) is not None:
            stock, below = rows.number(code, OF_STOCK), rows.number(code, BELOW)
            blocks.append(
                _fill(
                    words, "audits_here", area=fill["area"], audited=audited, stock=stock, below=below,
                    period=period,
                )
            )  # fmt: skip
        else:
            blocks.append(
                _fill(words, "audits_only_count", area=fill["area"], audited=audited, period=period)
            )
    if str(share["interval"]):
        blocks.append(Paragraph([words("evidence", "audits_random", interval=share["interval"])]))
    else:
        blocks.append(Paragraph([words("evidence", "audits_sample")]))
    blocks += _by_group(words, rows, "homes_audited_band", "audits_bands", fill)
    if geography.startswith(("wd", "lad")):
        names = released.areas("wd25")["name"].sort_values()
        shown = names if code == rows.authority else names[names.index == code]
        table = [
            [
                str(name),
                *(rows.number(str(ward), one, style="with_range") for one in (AUDITED, BELOW, *_BESIDE)),
            ]
            for ward, name in shown.items()
        ]
        caption = words("evidence", "audits_beside", authority=fill["authority"])
        note = words("evidence", "audits_beside_note")
        periods = {"mis": _BESIDE[0], "fuel": _BESIDE[1], "tenure": _BESIDE[2]}
        held = {blank: rows.period(one, words) or "[x]" for blank, one in periods.items()}
        head = _head(words, "audits_beside_head", {**fill, "audits": period, **held})
        blocks.append(Table("audits-beside", caption, head, table, [note]))
    return blocks


def _energy(words: Words, rows: _Rows, code: str, fill: Mapping[str, str]) -> list[Block]:
    """Say how homes are heated, and the bands of their certificates."""
    blocks: list[Block] = []
    if rows.row(code, "no_central_heating_share") is not None:
        none = rows.number(code, "no_central_heating_share")
        electric = rows.number(code, "electric_heating_share")
        blocks.append(_fill(words, "heating", area=fill["area"], none=none, electric=electric))
    if rows.row(rows.authority, "certificates_below_c_share") is not None:
        whole = rows.number(rows.authority, "certificates_below_c_share")
        here = rows.number(code, "certificates_below_c_share")
        blocks.append(
            _fill(
                words, "certificates", area=fill["area"], here=here, authority=fill["authority"], whole=whole,
                period=rows.period("certificates_below_c_share", words),
            )
        )  # fmt: skip
        blocks += _by_group(words, rows, "certificates_band", "certificates_bands", fill)
        blocks.append(Paragraph([words("evidence", "own_shares")], "note"))
    return blocks


def _services(
    words: Words,
    rows: _Rows,
    released: Released,
    geography: str,
    code: str,
    shape: shapely.Geometry,
    fill: Mapping[str, str],
) -> list[Block]:
    if rows.row(rows.authority, "services") is None:
        return []
    blocks: list[Block] = []
    if geography.startswith(("wd", "lad")):
        kinds = [
            ("", words("evidence", "services_all")),
            *((k, _title(words, k)) for k in rows.groups("services")),
        ]
        table: list[list[Inline]] = [
            [label, rows.number(code, "services", kind), rows.number(rows.authority, "services", kind)]
            for kind, label in kinds
        ]
        caption = words("evidence", "services", period=rows.period("services", words), **fill)
        head = _head(words, "services_head", fill)
        if code == rows.authority:
            caption = words("evidence", "services_whole", period=rows.period("services", words), **fill)
            head, table = head[:2], [row[:2] for row in table]
        blocks.append(Table("services", caption, head, table))
    if rows.row(rows.authority, "services_jobs") is not None:
        places = rows.number(rows.authority, "services", "anchor_institution")
        jobs = rows.number(rows.authority, "services_jobs")
        period = rows.period("services_jobs", words)
        blocks.append(
            _fill(words, "anchors", authority=fill["authority"], places=places, jobs=jobs, period=period)
        )
        if geography.startswith("wd"):
            here = rows.number(code, "services_jobs")
            blocks.append(_fill(words, "anchors_here", area=fill["area"], jobs=here))
    if "services" in released.held("points") and code != rows.authority:
        points = released.places("points", "services")
        inside = points[shapely.intersects(shape, points.geometry.to_numpy())]
        names = sorted(inside["name"].astype(str))
        if names:
            blocks.append(
                Paragraph([words("evidence", "services_here", area=fill["area"], names="; ".join(names))])
            )
    return blocks


def _events(words: Words, rows: _Rows, geography: str, code: str, fill: Mapping[str, str]) -> list[Block]:
    if rows.row(rows.authority, "events") is None:
        return []
    kinds = [("", words("evidence", "events_all")), *((k, _title(words, k)) for k in rows.groups("events"))]
    table = [
        [
            label,
            rows.number(rows.authority, "events", kind),
            # People are counted or attendances are, and where the one is the other does not apply.
            *(
                rows.number(rows.authority, one, kind, none="[z]")
                for one in ("event_people", "event_attendances")
            ),
        ]
        for kind, label in kinds
    ]
    caption = words("evidence", "events", authority=fill["authority"], period=rows.period("events", words))
    blocks: list[Block] = [Table("events", caption, _head(words, "events_head", fill), table)]
    if geography.startswith("wd"):
        events, people = rows.number(code, "events"), rows.number(code, "event_people")
        held = rows.row(code, "events")
        number = float(held["value"]) if held is not None and held["status"] == "ok" else float("nan")
        name = {0.0: "events_here_none", 1.0: "events_here_one"}.get(number, "events_here")
        period = rows.period("events", words)
        blocks.append(_fill(words, name, area=fill["area"], events=events, people=people, period=period))
    if rows.row(rows.authority, "event_different_people") is not None:
        different = rows.number(rows.authority, "event_different_people")
        came = rows.number(rows.authority, "event_attendances")
        blocks.append(_fill(words, "events_different", different=different, attendances=came))
    return [*blocks, *_by_group(words, rows, "event_people_by_fifth", "events_fifths", fill)]


def _core20(words: Words, rows: _Rows, geography: str, code: str, fill: Mapping[str, str]) -> list[Block]:
    blocks: list[Block] = []
    people = rows.row(rows.authority, "core20_people_share")
    if people is not None and rows.row(rows.authority, "core20_spending") is not None:
        live = Number(people, column="count", unit="people")
        spent = rows.number(rows.authority, "core20_spending")
        head = rows.number(rows.authority, "core20_spending_per_head", decimals=2)
        planned = rows.number(rows.authority, "core20_spending_planned")
        period = rows.period("core20_spending", words)
        blocks.append(
            _fill(
                words, "core20", people=live, authority=fill["authority"], spent=spent, head=head,
                planned=planned, period=period,
            )
        )  # fmt: skip
    groups = rows.groups("plus_group_people")
    if groups:
        table: list[list[Inline]] = [
            [
                _title(words, one),
                rows.number(code, "plus_group_people", one, none="[z]"),
                rows.number(rows.authority, "plus_group_people", one),
            ]
            for one in groups
        ]
        head_row = _head(words, "plus_head", fill)
        if code == rows.authority or not geography.startswith("wd"):
            head_row, table = [head_row[0], head_row[2]], [[row[0], row[2]] for row in table]
        caption = words(
            "evidence",
            "plus",
            authority=fill["authority"],
            period=rows.period("plus_group_people", words, groups[0]),
        )
        blocks.append(Table("plus-groups", caption, head_row, table, [words("evidence", "plus_note")]))
    return blocks


def _plan(words: Words, rows: _Rows, geography: str, code: str, fill: Mapping[str, str]) -> list[Block]:
    if rows.row(rows.authority, "plan_sites") is None:
        return []

    def of(where: str) -> dict[str, Inline]:
        names = {"sites": "plan_sites", "hectares": "plan_sites_hectares", "homes": "plan_sites_homes"}
        return {blank: rows.number(where, one) for blank, one in names.items()}

    blocks: list[Block] = [
        _fill(
            words,
            "plan",
            authority=fill["authority"],
            period=rows.period("plan_sites", words),
            **of(rows.authority),
        )
    ]
    if geography.startswith("wd"):
        blocks.append(_fill(words, "plan_here", area=fill["area"], **of(code)))
    return blocks


def _by_group(
    words: Words, rows: _Rows, indicator: str, sentence: str, fill: Mapping[str, str]
) -> list[Block]:
    """Give the authority's figure of each group in one sentence, which says that it is the authority's."""
    parts: list[Inline] = []
    period = ""
    for one in rows.groups(indicator):
        parts += [f"{'; ' if parts else ''}{one}: ", rows.number(rows.authority, indicator, one)]
        period = period or rows.period(indicator, words, one)
    if not parts:
        return []
    said = words.parts("evidence", sentence, **fill, period=period, fifths=parts)
    return [Paragraph([one for piece in said for one in (piece if isinstance(piece, list) else [piece])])]


def _routes(words: Words, rows: _Rows, geography: str, code: str, fill: Mapping[str, str]) -> list[Block]:
    if rows.row(rows.authority, "routes_km") is None:
        return []
    near = rows.number(rows.authority, "routes_people_near_share")
    km = rows.number(rows.authority, "routes_km")
    blocks: list[Block] = [
        _fill(
            words,
            "routes",
            km=km,
            authority=fill["authority"],
            near=near,
            period=rows.period("routes_km", words),
        )
    ]
    if geography.startswith("wd"):
        blocks.append(_fill(words, "routes_here", area=fill["area"], km=rows.number(code, "routes_km")))
    return [*blocks, *_by_group(words, rows, "routes_people_near_share", "routes_fifths", fill)]


def _survey(words: Words, rows: _Rows) -> list[Block]:
    found = rows.row(rows.authority, "survey_replies")
    if found is None:
        return []
    estates = rows.groups("survey_replies")
    names = sorted({i for c, i, g in rows._held if c == rows.authority and i.startswith("survey_") and not g})
    table: list[list[Inline]] = [
        [
            words("evidence", "survey_base"),
            *(rows.number(rows.authority, "survey_replies", one) for one in ("", *estates)),
        ]
    ]
    for name in names:
        if name != "survey_replies":
            label = _title(words, name.removeprefix("survey_"))
            table.append(
                [
                    label,
                    *(rows.number(rows.authority, name, one, style="with_range") for one in ("", *estates)),
                ]
            )
    head = [*words.lines("evidence", "survey_head"), *estates]
    caption = words("evidence", "survey", period=rows.period("survey_replies", words))
    notes = [words("evidence", "survey_sample", fewest=FEWEST_REPLIES), words("evidence", "own_shares")]
    return [Table("survey", caption, head, table, notes)]


def _referrals(words: Words, rows: _Rows, names: Mapping[str, str]) -> list[Block]:
    if rows.row(rows.authority, "referrals") is None:
        return []
    columns = (
        "referrals_sessions", "referrals", "referrals_attended", "referrals_attended_share",
        "referrals_new_share", "referrals_issues_per_attender", "referrals_gains_per_attender",
    )  # fmt: skip
    table: list[list[Inline]] = []
    for code in ("", *rows.groups("referrals")):
        label = words("evidence", "referrals_all") if not code else names.get(code, code)
        table.append(
            [label, *(rows.number(rows.authority, one, code, style="with_range") for one in columns)]
        )
    caption = words("evidence", "referrals", period=rows.period("referrals", words))
    note = words("evidence", "referrals_note")
    return [Table("referrals", caption, words.lines("evidence", "referrals_head"), table, [note])]


def _cases(words: Words, released: Released, shape: shapely.Geometry) -> list[Block]:
    if "case_studies" not in released.held("points"):
        return []
    points = released.places("points", "case_studies")
    inside = points[shapely.intersects(shape, points.geometry.to_numpy())]
    items = [
        Paragraph(
            [
                words(
                    "evidence", "cases", date=show_period(str(one["date"]), words), title=one["name"],
                    theme=local_theme(words, str(one["theme"])), principle=int(one["principle"]),
                    summary=one["summary"],
                )
            ]
        )
        for one in inside.sort_values("date", kind="stable").to_dict("records")
    ]  # fmt: skip
    return [Bullets(items)] if items else []
