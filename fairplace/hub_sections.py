"""The parts of a hub plan's note: every sentence and every cell, as text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from fairplace.hub_floors import modelled_measures
from fairplace.hub_models import AIMS, sentence
from fairplace.hubs import HubOption, HubPlan
from fairplace.numbers import show_number, two_figures

NOT_KNOWN = "not known"
#: Places that are named before the rest are counted.
NAMED = 10
#: A cell that is a number, with its unit and range.
_NUMBER = re.compile(r"(less than |more than )?[£+-]?\d[\d,.]*%?( \(.*\)| minutes)?")
#: What stands for a number that is missing, hidden or not applicable.
_NO_NUMBER = frozenset({NOT_KNOWN, "-", "[c]", "no plan without it"})


@dataclass(frozen=True)
class NoteTable:
    """A table as text; the first cell of each row names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column holds numbers, which stand to the right; the rest are words, to the left."""
        columns = list(zip(*self.rows, strict=True)) or [() for _ in self.columns]
        return tuple(
            place > 0
            and any(_NUMBER.fullmatch(cell) for cell in cells)
            and all(_NUMBER.fullmatch(cell) or cell in _NO_NUMBER for cell in cells)
            for place, cells in enumerate(columns)
        )


Written = tuple[list[str], list[NoteTable]]


def _question(plan: HubPlan, settings: Mapping[str, Any]) -> Written:
    asked = plan.question
    need = " and ".join(
        f"{show_number(share, 'share', decimals=0)} {_label(name, settings)}"
        for name, share in asked.need.items()
    )
    tasks = {
        "add": f"{asked.add} to add to the hubs that exist",
        "close": f"{asked.close} of the hubs that exist to close",
        "count": f"{asked.count} hubs altogether, wherever they are",
        "budget": f"new hubs for at most {_pounds(float(asked.budget or 0))}, those that exist staying open",
    }
    task = next(words for name, words in tasks.items() if getattr(asked, name) is not None)
    metres = (
        ""
        if asked.speed_kmh is None
        else (f" at {asked.speed_kmh:g} km/h, which is {asked.limit * asked.speed_kmh / 60:.2g} km of street")
    )
    now = int((plan.candidates["status"] == "existing").sum())
    sentences = [
        f"The question: {task}. The plan sought: {AIMS[asked.aim]}.",
        f"Need is {need}. A hub is within reach at {asked.limit:g} minutes or less{metres}, one way.",
        f"{sentence(asked.mode)}. {len(plan.candidates)} buildings compared; {now} of them are hubs now.",
    ]
    for ids, words in ((asked.keep, "kept open"), (asked.shut, "left out")):
        if ids:
            sentences.append(
                f"By instruction, {', '.join(_site(plan, one) for one in ids)}: {words} in every plan."
            )
    if asked.capacity:
        sentences.append(
            f"Each hub's places were counted: a place takes as many as it has "
            f"{_label(asked.loads, settings)}. The curve, the frontier and the minutes of no change leave "
            "places out of account."
        )
        sentences += _room(plan, settings)
    return sentences, []


def _room(plan: HubPlan, settings: Mapping[str, Any]) -> list[str]:
    """Say by how much the places of the best plan are too few, if they are, and who goes without."""
    asked, best = plan.question, plan.summary.iloc[1]
    people = plan.demand.loc[plan.options[1].minutes.index, asked.loads].astype(float)
    modelled = bool(modelled_measures([asked.loads], ()))
    total = two_figures(float(people.sum())) if modelled else float(people.sum())
    told = []
    if best["places"] < total:
        told.append(
            f"The hubs of the best plan have {best['places']:,.0f} places for {total:,.0f} "
            f"{_label(asked.loads, settings)}: {total - best['places']:,.0f} too few."
        )
    if plan.options[1].full.any():
        told.append(
            f"Under the best plan {show_share(best['full_share'])} of need has a way to a hub, but finds "
            "each full; it counts as not within reach, and is no lack of a way."
        )
    return told


def _options(plan: HubPlan, settings: Mapping[str, Any]) -> Written:
    names = ", ".join
    rows = [
        (
            one.label,
            names(_site(plan, site) for site in one.opened) or "none",
            names(_site(plan, site) for site in one.shut) or "none",
            show_share(row["need_share"]),
            _minutes(row["mean_minutes"]),
            _minutes(row["p95_minutes"]),
            _pounds(row["cost"]),
        )
        for one, (_, row) in zip(plan.options, plan.summary.iterrows(), strict=True)
    ]
    columns = (
        "Option",
        "Opens",
        "Closes",
        "Need within reach",
        "Mean minutes",
        "95 % go at most",
        "Cost of new sites",
    )
    measures = [name for name in plan.reach["measure"].unique() if name in plan.hubs]
    hubs = plan.hubs[plan.hubs["option"] == "1"]
    sites = tuple(
        (
            str(row["name"]),
            "hub now" if row["status"] == "existing" else "new",
            str(row["step_free"]),
            str(row["opening"]) or NOT_KNOWN,
            _count(row["capacity"]) if pd.notna(row["capacity"]) else NOT_KNOWN,
            *(_count(row[measure]) for measure in measures),
        )
        for _, row in hubs.iterrows()
    )
    whose = tuple(f"{sentence(_label(measure, settings))} whose hub it is" for measure in measures)
    heads = ("Hub", "Status", "Step-free", "Opening", "Places", *whose)
    near = len(plan.options) - 2
    share = show_number(plan.question.within, "share", decimals=0)
    if near and plan.complete:
        told = f"All {near} other plans within {share} of the best are listed."
    elif near:
        told = f"Other plans within {share} of the best: the first {near} are listed; there may be more."
    elif plan.complete:
        told = f"No other plan comes within {share} of the best."
    else:
        told = f"No other plan within {share} of the best was found among those tried."
    tables = [
        NoteTable("Options side by side", columns, tuple(rows)),
        NoteTable("Hubs of the plan that is best under these assumptions", heads, sites),
    ]
    return [_proof(plan.options[1]), told], tables


def _reach(plan: HubPlan, settings: Mapping[str, Any]) -> Written:
    tables = []
    for measure in plan.reach["measure"].unique():
        table = plan.reach[plan.reach["measure"] == measure]
        limits = list(table["limit"].unique())
        modelled = bool(table["low"].notna().any())
        rows = []
        for one in plan.options:
            cells = table[table["option"] == one.key].set_index("limit")
            rows.append((one.label, *(_share_of(cells.loc[limit]) for limit in limits)))
        what = " (modelled; 90 % model range in brackets)" if modelled else ""
        caption = f"Share of {_label(measure, settings)} with a hub within so many minutes{what}"
        tables.append(NoteTable(caption, ("Option", *(f"{limit:g} min" for limit in limits)), tuple(rows)))
    return ["Shares are of people, not of areas."], tables


def _change(plan: HubPlan, settings: Mapping[str, Any]) -> Written:
    everywhere = plan.gains[plan.gains["grouping"] == "all"]
    tables = []
    for measure in everywhere["measure"].unique():
        rows = []
        for one in plan.options[1:]:
            row = everywhere[(everywhere["option"] == one.key) & (everywhere["measure"] == measure)].iloc[0]
            rows.append((one.label, *(_count(row[side]) for side in ("gain", "lose", "same", "not_reached"))))
        caption = f"{sentence(_label(measure, settings))}: change from no change, a minute or more"
        tables.append(
            NoteTable(caption, ("Option", "Nearer", "Farther", "The same", "Not reached"), tuple(rows))
        )
    farther = plan.changes[plan.changes["result"].isin(["farther", "cut off", "no room"])].sort_values(
        "change", ascending=False
    )
    if len(farther):
        names = ", ".join(
            f"{row['name']} ({'no room' if row['result'] == 'no room' else _signed(row['change'])})"
            for _, row in farther.head(10).iterrows()
        )
        told = f"Under the best plan {len(farther)} places are farther from a hub. The most: {names}."
    else:
        told = "Under the best plan nobody is farther from a hub than now."
    hidden = (
        f"[c]: counts of 1 to {plan.hide_up_to} people are hidden, so is what a model says of too few, and "
        "what would give either away."
    )
    return [told, hidden], tables


def _equality(plan: HubPlan, settings: Mapping[str, Any]) -> Written:
    first = next(iter(plan.question.need))
    limit = f"{plan.question.limit:g} minutes"
    shown = plan.options[: min(len(plan.options), 4)]
    modelled = bool(plan.reach.loc[plan.reach["measure"] == first, "low"].notna().any())
    tables = []
    for grouping in plan.equity["grouping"].unique():
        table = plan.equity[(plan.equity["grouping"] == grouping) & (plan.equity["measure"] == first)]
        rows = []
        for group in table["group"].unique():
            cells = table[table["group"] == group].set_index("option")
            rows.append(
                (_area(str(group), settings), *(_cover_cell(cells.loc[one.key], modelled) for one in shown))
            )
        what = " (modelled)" if modelled else ""
        whom = f"Share of {_label(first, settings)}{what} within {limit}, with mean minutes"
        caption = f"{whom}, by {_label(grouping, settings)}"
        tables.append(NoteTable(caption, ("Group", *(one.label for one in shown)), tuple(rows)))
    told = (
        []
        if tables
        else ["The demand file names neither fifths of deprivation nor wards, so none are compared."]
    )
    best = plan.summary.iloc[1]
    if pd.notna(best["fifth_gap"]):
        before = plan.summary.iloc[0]["fifth_gap"]
        told.append(
            f"Cover of the most deprived fifth less that of the least: {_points(before)} now, "
            f"{_points(best['fifth_gap'])} under the best plan."
        )
    return told, tables


def _worst(plan: HubPlan, settings: Mapping[str, Any]) -> Written:
    rows = tuple(
        (_area(str(row["area"]), settings), _minutes(row["before"]), _minutes(row["after"]))
        for _, row in plan.worst.iterrows()
    )
    told = "The ten areas with the longest mean way now, and the ten under the best plan, worst after first."
    return [told], [NoteTable("Mean minutes to the nearest hub", ("Area", "Now", "Best plan"), rows)]


def _number(plan: HubPlan, _settings: Mapping[str, Any]) -> Written:
    sentences = []
    current = plan.curve[plan.curve["current"]]
    if len(current):
        row = current.iloc[0]
        sentences.append(f"Now: {int(row['hubs'])} hubs, {show_share(row['share'])} of need within reach.")
    for _, row in plan.curve[plan.curve["knee"]].iterrows():
        sentences.append(
            f"With {row['curve']}, the curve bends most at {int(row['hubs'])} hubs "
            f"({show_share(row['share'])} of need within reach); beyond it each further hub adds "
            "less than the average. The bend is no target."
        )
    tables = []
    for curve in plan.curve.loc[~plan.curve["current"], "curve"].unique():
        rows = tuple(
            (str(int(row["hubs"])), show_share(row["share"]), _minutes(row["mean_minutes"]))
            for _, row in plan.curve[plan.curve["curve"] == curve].iterrows()
        )
        caption = f"Need within reach by number of hubs: {curve}"
        tables.append(NoteTable(caption, ("Hubs", "Within reach", "Mean minutes"), rows))
    if len(plan.fewest):
        limit = f"{plan.question.limit:g} minutes"
        each = {1: f"A hub within {limit} of every place that can have one", 2: "The same with a second hub"}
        fewest = tuple(
            (
                str(row["choice"]),
                each[int(row["each"])],
                str(int(row["hubs"])) + ("" if row["proven"] else " (fewer may do: not proven)"),
                str(int(row["left_out"])),
            )
            for _, row in plan.fewest.iterrows()
        )
        columns = ("Choice", "So that there is", "Fewest hubs", "Places that cannot have it")
        tables.append(NoteTable("Fewest hubs for everybody who can be within reach", columns, fewest))
        for _, row in plan.fewest[(plan.fewest["each"] == 1) & (plan.fewest["left_out"] > 0)].iterrows():
            ids = str(row["left_out_ids"]).split("; ")
            sentences.append(
                f"Without any building within {limit}, {row['choice']}: "
                f"{name_places(plan.demand.loc[ids, 'name'])} ({len(ids)} places)."
            )
    return sentences, tables


def _balance(plan: HubPlan, _settings: Mapping[str, Any]) -> Written:
    tables = []
    no_fifths = not {"idaci_fifth", "imd_fifth"} & set(plan.demand)
    for trade in plan.frontier["trade"].unique() if len(plan.frontier) else []:
        table = plan.frontier[plan.frontier["trade"] == trade]
        rows = tuple(
            (
                str(row["names"]),
                _minutes(row["mean_minutes"]),
                _minutes(row["farthest_minutes"]),
                show_share(row["share"]),
                NOT_KNOWN if no_fifths else show_share(row["deprived_share"]),
            )
            for _, row in table.iterrows()
        )
        columns = ("Hubs", "Mean minutes", "Farthest", "Need within reach", "Of the most deprived fifth")
        tables.append(NoteTable(f"Trade by {trade}", columns, rows))
    told = (
        "No plan in one table is better than another in both of the things it trades; which trade is fair "
        "is a choice."
    )
    return [told], tables


def _robustness(plan: HubPlan, _settings: Mapping[str, Any]) -> Written:
    kinds = [name for name in plan.frequency if name not in ("id", "name", "status", "chosen")]
    listed = plan.frequency[plan.frequency["chosen"] | (plan.frequency["all"] > 0)]
    listed = listed.sort_values(["all", "id"], ascending=[False, True])
    rows = tuple(
        (
            str(row["name"]),
            "hub now" if row["status"] == "existing" else "new",
            "yes" if row["chosen"] else "no",
            *(show_number(row[kind], "share", decimals=0) if pd.notna(row[kind]) else "-" for kind in kinds),
        )
        for _, row in listed.iterrows()
    )
    columns = ("Site", "Status", "In the best plan", *(kind.capitalize() for kind in kinds))
    regret = plan.scenarios[(plan.scenarios["kind"] != "lost site") & plan.scenarios["regret"].notna()]
    counts = ", ".join(
        f"{count} of {kind}" for kind, count in plan.scenarios["kind"].value_counts(sort=False).items()
    )
    sentences = [f"The choice was made again in {len(plan.scenarios)} scenarios: {counts}."]
    solved = int((plan.scenarios["kind"] == "draw").sum())
    if 0 < solved < plan.draws_held:
        sentences.append(f"Of {plan.draws_held} draws {solved} were solved, because each counts places anew.")
    if len(regret):
        short = show_number(regret["regret"].max(), "share", modelled=plan.hold)
        sentences.append(
            f"In the worst of those in which no site is lost, the best plan falls {short} short of the plan "
            "that is best there."
        )
    lost = plan.scenarios[plan.scenarios["kind"] == "lost site"]
    tables = [NoteTable("How often each site is chosen", columns, rows)]
    if len(lost):
        losses = tuple(
            (
                _site(plan, row["scenario"].removeprefix("without ")),
                show_number(row["regret"], "share", modelled=plan.hold)
                if pd.notna(row["regret"])
                else "no plan without it",
            )
            for _, row in lost.iterrows()
        )
        caption = "If a hub of the best plan is lost and not replaced: shortfall against the best replacement"
        tables.append(NoteTable(caption, ("Lost", "Shortfall"), losses))
    return sentences, tables


def _method(plan: HubPlan, _settings: Mapping[str, Any]) -> Written:
    asked = plan.question
    way = (
        f"Seed {asked.seed}. Each place is one point; a family's own way may be shorter or longer. "
        f"{sentence(asked.mode)}."
    )
    # What the council's own times take in, it knows.
    other_ways = "" if asked.speed_kmh is None else "buses, cars, "
    left_out = (
        f"Left out: who would come, what a hub offers, opening hours, whether a way feels safe, {other_ways}"
        "and plans of neighbouring councils."
    )
    modelled = (
        "Children below the Minimum Income Standard are a model's estimate. It is used inside the "
        "calculation; no figure of it is given for a place smaller than it may be published for."
    )
    return [_proof(plan.options[1]), way, left_out, modelled], []


def _nothing(_plan: HubPlan, _settings: Mapping[str, Any]) -> Written:
    return [], []


#: Id of a part -> what writes its sentences and tables.
WRITERS: dict[str, Callable[[HubPlan, Mapping[str, Any]], Written]] = {
    "question": _question,
    "options": _options,
    "reach": _reach,
    "change": _change,
    "equality": _equality,
    "worst": _worst,
    "number": _number,
    "balance": _balance,
    "robustness": _robustness,
    "consultation": _nothing,
    "sufficiency": _nothing,
    "method": _method,
}


def _proof(option: HubOption) -> str:
    siting = option.siting
    if siting is None:
        return ""
    if siting.proven:
        return (
            f"Proven ({siting.method}, {siting.model}): under the same rules and numbers no plan is better."
        )
    return (
        f"Not proven ({siting.method}, {siting.model}): a better plan may exist, by at most "
        f"{show_number(siting.gap, 'share')} of what this one reaches."
    )


def name_places(names: Iterable[str]) -> str:
    """Name the first ten of some places, and say how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return f"{', '.join(listed[:NAMED])}{more}"


def _label(name: str, settings: Mapping[str, Any]) -> str:
    return str(settings.get("labels", {}).get(name, name.replace("_", " ")))


def _site(plan: HubPlan, one: str) -> str:
    return str(plan.candidates.loc[one, "name"])


def _area(code: str, settings: Mapping[str, Any]) -> str:
    """Name of a ward or an LSOA, with its code; the text as it is where it is neither."""
    name = settings.get("names", {}).get(code, "")
    return f"{name} ({code})" if name and name != code else code


def _minutes(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "-"


def _signed(value: float) -> str:
    return f"{value:+.1f} minutes" if math.isfinite(value) else "no way left"


def _points(value: float) -> str:
    return f"{100 * value:+.1f} percentage points" if math.isfinite(value) else NOT_KNOWN


def _count(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else "[c]"


def _pounds(value: float) -> str:
    return show_number(value, "GBP") if math.isfinite(value) else NOT_KNOWN


def show_share(value: float | None) -> str:
    """Text of a share of need; ``[c]`` where it is hidden, because it would be of too few."""
    return "[c]" if value is None or pd.isna(value) else show_number(value, "share")


def _share_of(row: Mapping[str, float]) -> str:
    if pd.isna(row["share"]):
        return "[c]" if row["total"] > 0 else NOT_KNOWN
    if pd.isna(row["low"]):
        return show_number(row["share"], "share")
    low, share, high = (show_number(row[key], "share", modelled=True) for key in ("low", "share", "high"))
    return f"{share} ({low} to {high})"


def _cover_cell(row: Mapping[str, float], modelled: bool) -> str:
    if pd.isna(row["share"]):
        return "[c]"
    mean = (
        f"{row['mean_minutes']:.0f}"
        if modelled and pd.notna(row["mean_minutes"])
        else _minutes(row["mean_minutes"])
    )
    return f"{show_number(row['share'], 'share', modelled=modelled)} ({mean} min)"
